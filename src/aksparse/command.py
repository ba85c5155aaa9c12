"""What a command is, what parsing its output gives, and how the commands are found by name.

A module in `aksparse.commands` describes one command: its records, its line grammars, and a function that folds lines
into records. That function gets `Lines` and accounts for each: `recorded`, `ignore`d by name, or `refuse`d.
"""

from __future__ import annotations

import gc
import importlib
import pkgutil
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from functools import cache, cached_property, wraps
from inspect import cleandoc
from itertools import chain
from typing import Any, Generic, TypeVar, get_args, overload

import attrs

from aksparse import commands
from aksparse.diagnostics import Diagnostic, Severity
from aksparse.errors import AksparseError, ParseError
from aksparse.linere import LineGrammar, Refusal
from aksparse.terminal.noise import noise
from aksparse.terminal.screen import shown_lines, shown_text
from aksparse.tokens import BadValue

R = TypeVar("R")


def split_lines(text: str) -> list[str]:
    """The lines of a text as an editor numbers them and a terminal shows them; no-break spaces read as blanks."""
    return shown_lines(_with_blanks(text))


def _with_blanks(text: str) -> str:
    if not isinstance(text, str):
        decode = ": decode them first" if isinstance(text, bytes | bytearray) else ""
        raise TypeError(f"an output is read from its text, a str, not from {type(text).__name__}{decode}")
    return text.replace("\xa0", " ")


_PART = 1 << 16  # characters


class Lines:
    """The lines of one output, and what becomes of each."""

    def __init__(self, text: str, source: str, first: int = 1, argv: Sequence[str] = ()) -> None:
        self.source = source
        self.first = first
        self.argv = argv
        self.text = shown_text(_with_blanks(text))
        self.tabs = "\t" in text
        self._number: int | None = None  # of the lines, once known
        self.taken: list[int] = []
        self.ignored: dict[int, str] = {}
        self.diagnostics: list[Diagnostic] = []
        self.recorded: Callable[[int], None] = self.taken.append
        """Call with the number of a line that went into a record."""

    @cached_property
    def texts(self) -> list[str]:
        """All the lines; to iterate takes less memory."""
        return shown_lines(self.text)

    def __iter__(self) -> Iterator[tuple[int, str]]:
        parts = [self.texts] if "texts" in vars(self) else self._parts()
        return enumerate(chain.from_iterable(parts), self.first)

    def __len__(self) -> int:
        return len(self.texts) if self._number is None else self._number

    def _parts(self) -> Iterator[list[str]]:
        """The lines in lists of some, so that they need not be there all at once."""
        start = number = 0
        while (end := self.text.find("\n", start + _PART)) >= 0:
            part = self.text[start:end].split("\n")
            number += len(part)
            yield part
            start = end + 1
        part = shown_lines(self.text[start:])
        self._number = number + len(part)
        yield part

    def matcher(self, grammar: LineGrammar) -> Callable[[str], re.Match[str] | None]:
        """What matches a grammar against these lines."""
        return (grammar.pattern if self.tabs else grammar.pattern_without_tabs).match

    def ignore(self, number: int, name: str) -> None:
        """Set a line aside under a name, such as `header`."""
        self.ignored[number] = name

    def report(self, number: int, code: str, message: str, column: int = 0, severity: Severity = "error") -> None:
        """Say something about a line; with severity `error`, that it is in no record."""
        text = self.texts[number - self.first]
        self.diagnostics.append(
            Diagnostic(
                code=code,
                severity=severity,
                message=message,
                source=self.source,
                line=number,
                column=column,
                text=text,
            )
        )

    def refuse(self, number: int, *grammars: LineGrammar) -> None:
        """A line that none of the grammars took: noise is ignored by name, the rest reported where it went wrong."""
        text = self.texts[number - self.first]
        if name := noise(text):
            self.ignore(number, name)
            return
        refusals = [refusal for grammar in grammars if (refusal := grammar.refusal(text))]
        furthest = max(refusals, key=lambda refusal: refusal.column, default=Refusal(1, "unexpected line"))
        self.report(number, "unexpected-line", furthest.message, furthest.column)

    def bad_value(self, number: int, error: ValueError) -> None:
        """A line of the right shape that holds a value without meaning, unless it is noise."""
        text = self.texts[number - self.first]
        if name := noise(text):
            self.ignore(number, name)
            return
        column = text.find(error.text) + 1 if isinstance(error, BadValue) else 0
        self.report(number, "bad-value", str(error), column)


@attrs.frozen(kw_only=True)
class Parsed(Sequence[R]):
    """The records of one output: a sequence of them that also knows what else was in the text.

    Attributes:
        command: the name of the command, such as `ip_addr`.
        argv: the command line that printed the output, if known, without `sudo`, `nsenter` and the like.
        pid: the process in whose network namespace the command ran, if it entered one.
        netns: what the network namespace in which the command ran goes by, if it entered one of which no process is
            told: its name, the container, or the wrapper that was run. Where the text leaves open which it was, it is
            `one of several`, with a number behind it for each after the first.
        host: the machine on which the command ran, as a prompt, `ssh` or `kubectl debug node/` names it.
        source: the name of the input.
        line: the number of its first line, counted from 1.
        records: the records, in the order of the text.
        diagnostics: what was not understood, or only with a reservation, in line order.
        ignored: the lines set aside: number to name (`header`, `blank` ...).
        recorded: the numbers of the lines that are in a record.
    """

    command: str
    argv: tuple[str, ...] | None = None
    pid: int | None = None
    netns: str | None = None
    host: str | None = None
    source: str
    line: int = 1
    records: tuple[R, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    ignored: Mapping[int, str] = attrs.field(factory=dict, repr=False, hash=False)
    recorded: Sequence[int] = attrs.field(default=(), repr=False, hash=False)

    @overload
    def __getitem__(self, index: int) -> R: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[R, ...]: ...
    def __getitem__(self, index: int | slice) -> R | tuple[R, ...]:
        return self.records[index]

    def __len__(self) -> int:
        return len(self.records)

    @property
    def understood(self) -> bool:
        """Whether every line is in a record or ignored by name."""
        return not any(d.severity == "error" for d in self.diagnostics)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Records hold no cycles and all outlive the parse: looking for garbage meanwhile would find none.

    It would look again and again, though, for the collector starts with every so many new objects; that took a third of
    the time of a large output. Afterwards the records join the objects that have been looked at before, where the first
    look would put them: freezing and thawing does that in no time. It would thaw what a program froze for itself, so
    there it is left out.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        if not gc.get_freeze_count():
            gc.freeze()
            gc.unfreeze()
        gc.enable()


def _by_nothing(_texts: Sequence[str]) -> bool:
    return False


@attrs.frozen(kw_only=True, slots=False)
class Command(Generic[R]):
    """One command whose output aksparse reads.

    Attributes:
        name: its name in the API and on the command line.
        record: the class of its records.
        assemble: folds the lines of an output into records, accounting for each line.
        produced_by: whether a command line, without `sudo` and the like, prints this output.
        signature: grammars of the lines an output may begin with; how it is recognised without a command line.
        shown_by: whether lines show it as a whole, where the first says nothing, such as `{`.
        hinted_by: grammars of lines that say too little to find an output among others, such as a number alone.
    """

    name: str
    record: type[R]
    assemble: Callable[[Lines], Iterable[R]]
    produced_by: Callable[[Sequence[str]], bool]
    signature: tuple[LineGrammar, ...] = ()
    shown_by: Callable[[Sequence[str]], bool] = _by_nothing
    hinted_by: tuple[LineGrammar, ...] = ()

    def __attrs_post_init__(self) -> None:
        """Give `parse` a docstring of its own: `help(parse_route)` tells what is read, and the fields of a record."""
        parse = self.parse

        @wraps(parse)
        def documented(*args: Any, **kwargs: Any) -> Parsed[R]:
            return parse(*args, **kwargs)

        about = [sys.modules[self.assemble.__module__].__doc__, parse.__doc__]
        about += [f"{kind.__name__}: {kind.__doc__}" for kind in get_args(self.record) or (self.record,)]
        documented.__doc__ = "\n\n".join(cleandoc(text or "") for text in about)
        documented.__name__ = documented.__qualname__ = f"parse_{self.name}"
        vars(self)["parse"] = documented

    @property
    def title(self) -> str:
        """The first line of the module's docstring: the command and what its records are."""
        return (importlib.import_module(self.assemble.__module__).__doc__ or self.name).splitlines()[0]

    def parse(
        self,
        text: str,
        *,
        source: str = "<text>",
        strict: bool = True,
        argv: Sequence[str] | None = None,
        first_line: int = 1,
    ) -> Parsed[R]:
        """Read an output of this command. The public `parse_COMMAND` functions are this method of their command.

        Args:
            text: the output.
            source: its name, for evidence and diagnostics.
            strict: raise when a line was not understood; otherwise return the rest with diagnostics.
            argv: the command line that printed it, if known, as a list of words.
            first_line: the number of the text's first line in its source.

        Returns:
            The records: `help(parse_route)` tells the class of those of `route`, and its fields.

        Raises:
            ParseError: `strict` and some line was not understood; it carries all diagnostics and the rest, parsed.
            TypeError: the text is none, such as bytes, or `argv` is one text and no list of words.
        """
        if isinstance(argv, str):
            raise TypeError(f"argv is a list of words, such as {argv.split()}, not one text")
        lines = Lines(text, source, first_line, tuple(argv or ()))
        with _collector_paused():
            records = tuple(self.assemble(lines))
        self._account(lines)
        parsed = Parsed(
            command=self.name,
            argv=tuple(argv) if argv is not None else None,
            source=source,
            line=first_line,
            records=records,
            diagnostics=tuple(sorted(lines.diagnostics, key=lambda d: (d.line, d.column, d.code))),
            ignored=lines.ignored,
            recorded=lines.taken,
        )
        if strict and not parsed.understood:
            raise ParseError(parsed.diagnostics, parsed)
        return parsed

    def _account(self, lines: Lines) -> None:
        """Nothing vanishes: report what `assemble` neither recorded nor ignored nor refused."""
        refused = {d.line for d in lines.diagnostics if d.severity == "error"}
        if len(lines.taken) + len(lines.ignored) + len(refused) == len(lines):
            return
        known = refused | lines.ignored.keys() | set(lines.taken)
        for number, _ in lines:
            if number not in known:
                lines.report(number, "unaccounted-line", f"{self.name} passed over this line")


@cache
def registry() -> dict[str, Command[Any]]:
    """Every command by name, in alphabetical order: one per module of `aksparse.commands`."""
    names = sorted(module.name for module in pkgutil.iter_modules(commands.__path__))
    return {name: importlib.import_module(f"{commands.__name__}.{name}").COMMAND for name in names}


class UnknownCommand(AksparseError):
    """A command name that aksparse does not have.

    Attributes:
        name: the name asked for.
        known: the names there are.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.known = tuple(registry())
        if len(name.split()) > 1:
            message = f"what {name!r} prints is not read; read are"
        elif near := get_close_matches(name.lower().replace("-", "_"), self.known, cutoff=0.75):
            message = f"no command {name!r} (did you mean {' or '.join(near)}?); there are"
        else:
            message = f"no command {name!r}; there are"
        super().__init__(f"{message}: {', '.join(self.known)}")


def command_named(name: str) -> Command[Any]:
    """The command of that name.

    Raises:
        UnknownCommand: there is none.
    """
    try:
        return registry()[name]
    except KeyError:
        raise UnknownCommand(name) from None
