"""Which command printed a text, told from the text alone.

Each command says of itself by what it is known: its `signature`, what it is `shown_by`, what only hints at it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from aksparse.command import Command, Parsed, registry, split_lines
from aksparse.diagnostics import Diagnostic, Severity
from aksparse.errors import ParseError
from aksparse.foreign import foreign, unread
from aksparse.linere import LineGrammar
from aksparse.terminal.noise import noise


def _first(texts: Sequence[str]) -> str | None:
    """The first line that is not noise; of nothing but noise, such as an error of the tool, the first with a word."""
    return next((text for text in texts if not noise(text)), None) or next(filter(str.strip, texts), None)


def recognise(texts: Sequence[str]) -> list[Command[Any]]:
    """The commands whose output may begin like these lines."""
    first = _first(texts)
    return [command for command in registry().values() if first is not None and _fits(command, first, texts)]


def recognises(command: Command[Any], texts: Sequence[str]) -> bool:
    """Whether the lines, of which the first that is not noise may say it all, are an output of this command."""
    first = _first(texts)
    return first is not None and _fits(command, first, texts)


def _fits(command: Command[Any], first: str, texts: Sequence[str]) -> bool:
    return _one_matches(command.signature, first) or command.shown_by(texts)


def _one_matches(grammars: Sequence[LineGrammar], text: str) -> bool:
    return any(grammar.pattern.match(text) for grammar in grammars)


_SOON = 100  # after so many lines at most, an output that lost its beginning has one that says what it is
_ENOUGH = 20  # lines show what they are the beginning of


def _of_one_output(texts: Sequence[str]) -> list[Command[Any]]:
    """The commands of which lines may be an output, one that lost its beginning, too."""
    if not all(map(noise, texts)) and ((found := recognise(texts)) or foreign(texts)):
        return found
    told: dict[str, Command[Any]] = {}
    for start in range(min(len(texts), _SOON)):
        if len(found := recognise(texts[start : start + _ENOUGH])) == 1:
            told[found[0].name] = found[0]
    return list(told.values())


def _read_by_its_hint(text: str, texts: Sequence[str], source: str) -> Parsed[Any] | None:
    """A text that says too little, as the output of the one command that prints such, with a reservation."""
    first = _first(texts)
    hinted = [command for command in registry().values() if first and _one_matches(command.hinted_by, first)]
    if len(hinted) != 1 or foreign(texts):
        return None
    parsed = hinted[0].parse(text, source=source, strict=False)
    message = f"nothing but its form says that this is the output of {parsed.command}; name the command to be sure"
    said = _about_the_text("assumed-command", message, source, texts, "warning")
    return attrs.evolve(parsed, diagnostics=(said, *parsed.diagnostics))


def parse_unnamed(text: str, *, source: str, strict: bool) -> Parsed[Any]:
    """Read the output of a command that is recognised from the text itself.

    Raises:
        ParseError: some line was not understood, or (strict or not) no command, or more than one, fits the text.
    """
    texts = split_lines(text)
    found = _of_one_output(texts)
    if len(found) == 1:
        return found[0].parse(text, source=source, strict=strict)
    if found:
        message = f"the text may be the output of {' or '.join(c.name for c in found)}; name the command"
        raise ParseError([_about_the_text("ambiguous-output", message, source, texts)])
    if _first(texts) is None:
        message = "there is no text: any command may have printed nothing; name the command"
        raise ParseError([_about_the_text("ambiguous-output", message, source, texts)])
    if parsed := _read_by_its_hint(text, texts, source):
        if strict and not parsed.understood:
            raise ParseError(parsed.diagnostics, parsed)
        return parsed
    message = f"{unread(texts)}; known are: {', '.join(registry())}"
    raise ParseError([_about_the_text("unrecognised-output", message, source, texts)])


def _about_the_text(
    code: str, message: str, source: str, texts: Sequence[str], severity: Severity = "error"
) -> Diagnostic:
    line, text = next(((n, t) for n, t in enumerate(texts, 1) if not noise(t)), (1, ""))
    return Diagnostic(code=code, severity=severity, message=message, source=source, line=line, column=1, text=text)
