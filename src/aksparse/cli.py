"""The command line: arguments in, exit code out."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click
from rich.console import Console

from aksparse import __version__
from aksparse.architecture.description import Architecture
from aksparse.architecture.description import describe as describe_wiring
from aksparse.capture.archive import Dump
from aksparse.capture.load import NODE_SEPARATOR, load_capture, read_dump
from aksparse.capture.manifest import read_manifest
from aksparse.capture.members import Limits, archive_stem, is_archive_name, unpacked_before_damage
from aksparse.capture.model import MANIFEST
from aksparse.capture.text import decode, read_text, undecodable
from aksparse.command import Command, UnknownCommand, registry, split_lines
from aksparse.compare import compare as compare_architectures
from aksparse.diagnostics import Diagnostic
from aksparse.errors import AksparseError, CaptureError
from aksparse.foreign import foreign, unread
from aksparse.recognition import recognise
from aksparse.report import description_to_markdown, print_comparison, print_description, to_markdown
from aksparse.serialize import (
    fitting_schemas,
    nearest_schema,
    output_to_builtins,
    schema_names,
    schema_text,
    to_json,
)
from aksparse.serialize import (
    validate as validate_document,
)
from aksparse.statement import tell
from aksparse.transcript.commandline import command_called
from aksparse.transcript.read import read_transcript
from aksparse.wiring.build import build_wiring

OK, NOT_ALL, TROUBLE = 0, 1, 2
NO_READER = 141
"""What a shell says of a tool whose reader went away (128 and the number of SIGPIPE): no answer of its own."""


class _Trouble(click.ClickException):
    """Something that makes an answer impossible."""

    exit_code = TROUBLE

    def show(self, file: object = None) -> None:  # noqa: ARG002
        click.echo(f"aksparse: {self.message}", err=True)


class _Group(click.Group):
    """Turns the errors that aksparse raises on purpose, and those of files and of standard output, into messages."""

    def main(self, *arguments: Any, **options: Any) -> Any:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):  # what a terminal of another encoding can't show is escaped
                stream.reconfigure(errors="backslashreplace")
        try:
            return super().main(*arguments, **options)
        except OSError as error:
            if error.filename is None:
                _drop_what_is_not_written()
            click.echo(f"aksparse: {error.filename or 'standard output'}: {error.strerror}", err=True)
            sys.exit(TROUBLE)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except AksparseError as error:
            raise _Trouble(str(error)) from None
        except BrokenPipeError:
            _drop_what_is_not_written()
            sys.exit(NO_READER)


def _drop_what_is_not_written() -> None:
    """Else the interpreter tries once more when it ends, and complains with a traceback."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="aksparse")
def main() -> None:
    """Read what a Kubernetes node says about its network, and compare two nodes.

    Exit codes: 0 everything understood, or the same; 1 something not understood, or different, or invalid;
    2 trouble: a file that can't be read, an unknown name; 141 what reads the output went away.
    """


class _Input(NamedTuple):
    """A text, its name, and what there is to say about the whole of it."""

    text: str
    source: str
    diagnostics: tuple[Diagnostic, ...]


def _standard_input() -> bytes:
    if sys.stdin is None:
        raise _Trouble("-: standard input is closed")
    return sys.stdin.buffer.read()


def _read(file: str) -> _Input:
    """The text of a file or of standard input."""
    damage: tuple[Diagnostic, ...] = ()
    if file == "-":
        text = decode(_standard_input())
    elif is_archive_name(file):
        content, damage = _unpacked(file)
        text = decode(content)
    else:
        text = read_text(Path(file))
    return _Input(text, file, (*damage, *undecodable(text, file)))


def _unpacked(file: str) -> tuple[bytes, tuple[Diagnostic, ...]]:
    """What is in a packed file, such as `routes.txt.gz`; of a damaged one, the whole lines before the damage."""
    content = None
    with contextlib.suppress(CaptureError):
        dump = Dump(Path(file))
        if not dump.single:
            message = "is an archive; `aksparse files` lists what is in it, `aksparse describe` reads it"
            raise _Trouble(f"{file}: {message}")
        content = next((content for _, content in dump.read(dump.files)), None)
    if content is not None:
        return content, ()
    before = unpacked_before_damage(Path(file).read_bytes())
    if not before:
        raise CaptureError(file, "is damaged, or holds far more than its size says; unpack it first")
    message = "the packed file is damaged or cut off; only what lies before that is read"
    return before, (Diagnostic(code="damaged-file", message=message, source=file, line=0),)


def _print_json(value: object) -> None:
    """In UTF-8, as RFC 8259 has it, whatever the terminal's encoding."""
    click.echo(f"{to_json(value)}\n".encode(), nl=False)


def _say(diagnostics: Iterable[Diagnostic]) -> None:
    for diagnostic in diagnostics:
        click.echo(str(diagnostic), err=True)


@main.command()
@click.argument("command", metavar="COMMAND|auto")
@click.argument("file", default="-")
def parse(command: str, file: str) -> None:
    """Print the records in the output of a command as JSON.

    COMMAND is a name that `aksparse commands` lists, or a command line such as "ip -d addr"; its output is read from
    FILE, or from standard input. With `auto`, every output in a terminal log or a Markdown page is found, and an object
    printed for each.

    What is not understood is told on standard error as SOURCE:LINE:COLUMN: CODE: MESSAGE, and the exit code is 1.
    """
    known, argv = (None, None) if command == "auto" else _called(command)
    text, source, about = _read(file)
    if known is None:
        transcript = read_transcript(text, source=source)
        diagnostics = transcript.all_diagnostics
        _print_json([output_to_builtins(output) for output in transcript.outputs])
    else:
        parsed = known.parse(text, source=source, strict=False, argv=argv)
        diagnostics = parsed.diagnostics
        _print_json(parsed.records)
    diagnostics = (*about, *diagnostics)
    _say(diagnostics)
    if known is not None and not parsed and not parsed.understood:
        _say_what_else(text, source, known)
    sys.exit(NOT_ALL if any(diagnostic.severity == "error" for diagnostic in diagnostics) else OK)


def _called(command: str) -> tuple[Command[Any], tuple[str, ...] | None]:
    """What reads the output of a command, unless it is a file that is named in its place."""
    try:
        return command_called(command)
    except UnknownCommand:
        if not Path(command).is_file():
            raise
    message = "is a file, and no command; name the command that printed it, or `auto`, before it"
    raise _Trouble(f"{command}: {message}")


def _say_what_else(text: str, source: str, known: Command[Any]) -> None:
    """Of a text in which nothing was understood: whose output it looks like."""
    texts = split_lines(text)
    others = [other.name for other in recognise(texts) if other is not known]
    if others:
        click.echo(f"aksparse: {source}: looks like the output of {' or '.join(others)}, not {known.name}", err=True)
    elif foreign(texts):
        click.echo(f"aksparse: {source}: {unread(texts)}", err=True)


_STDIN = "/dev/stdin"
"""What standard input goes by; with the name of a node behind it, `-` would look like an option."""


class _Given(NamedTuple):
    """A dump, perhaps with a node behind `::`, and what is in it where that comes from standard input."""

    path: str
    content: bytes | None = None


class _DumpName(click.ParamType[_Given]):
    """The name of a dump. Whether it can be read is found out, and told, where it is read."""

    name = "path"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> _Given:
        if not value:
            self.fail("the name of a file or directory is empty", param, ctx)  # it would mean the directory at hand
        dump, separator, node = value.partition(NODE_SEPARATOR)
        if dump not in ("-", _STDIN) or ctx is None:
            return _Given(value)
        if _STDIN not in ctx.meta:  # both sides of a comparison may be nodes of it
            ctx.meta[_STDIN] = _standard_input()
        return _Given(f"{_STDIN}{separator}{node}", ctx.meta[_STDIN])


_DUMP = _DumpName()
F = TypeVar("F", bound=Callable[..., object])


def _takes_dumps(function: F) -> F:
    """Gives a command the options that say how much a dump may hold."""
    for field, what in (
        ("ratio", "how many times its own size an archive may unpack to, above 16 MiB"),
        ("file_size", "how many bytes a file may have to be read"),
        ("files", "how many files a dump may hold"),
        ("size", "how many bytes an archive may unpack to"),
    ):
        default = getattr(Limits(), field)
        option = f"--max-{field.replace('_', '-')}"
        help_text = f"{what[0].upper()}{what[1:]}."
        function = click.option(
            option, f"max_{field}", type=click.IntRange(1), default=default, show_default=True, help=help_text
        )(function)
    return function


def _limits(options: Mapping[str, int]) -> Limits:
    return Limits(**{name.removeprefix("max_"): value for name, value in options.items()})


@main.command()
def collect() -> None:
    """Print a shell script that records a node.

    It records what aksparse reads, each pod's network namespace included, into one archive. On the node, as root:

    \b
        aksparse collect > collect.sh
        sh collect.sh node.tar.gz

    From elsewhere:

    \b
        aksparse collect |
        kubectl debug node/NODE -i --quiet --profile=sysadmin --image=busybox -- \\
            chroot /host sh -s -- - > node.tar.gz
    """  # noqa: D301  (click knows paragraphs that it may not wrap by a backspace)
    script = resources.files("aksparse.capture").joinpath("collect.sh")
    click.echo(script.read_bytes(), nl=False)


@main.command()
@click.argument("dump", type=_DUMP)
@_takes_dumps
def files(dump: _Given, **limits: int) -> None:
    """List the files of a dump, and what each is read as.

    DUMP is a directory, an archive or a file, or `-`, standard input. One line each: the file, the node where there are
    several (`*`: each), and the commands whose output it holds; `-` is a file that was not looked into.
    """
    found = read_dump(dump.path, limits=_limits(limits), content=dump.content)
    nodes: dict[str, list[str]] = {}
    for node, capture in zip(found.nodes, found.captures, strict=False):
        for source in capture.texts:
            nodes.setdefault(source, []).append(node)
    for file in found.files:
        commands = ", ".join(dict.fromkeys(output.command for output in file.outputs))
        if Path(file.path).name == MANIFEST:
            commands = "settings"
        about = nodes.get(file.source, ["-"])
        of_node = ["*" if len(about) > 1 else about[0]] if found.nodes else []
        columns = [file.path, *of_node, commands or ("nothing known" if file.read else "-")]
        click.echo("\t".join(columns))


def _architecture(dump: _Given, limits: Limits, name: str | None = None) -> Architecture:
    """What a dump shows; what was not understood in it is told."""
    wiring = build_wiring(load_capture(dump.path, name=name, limits=limits, content=dump.content))
    _say((*wiring.capture.diagnostics, *wiring.diagnostics))
    if wiring.capture.empty:
        raise _Trouble(f"{dump.path}: nothing in it was recognised")
    return describe_wiring(wiring)


def _name(dump: _Given) -> tuple[str, str]:
    """What a dump, and the node that is named in it, are called in evidence."""
    path, _, node = dump.path.partition(NODE_SEPARATOR)
    return archive_stem(Path(path).resolve().name), node


_prints_a_report = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
    help="What to print.",
)


@main.command()
@click.argument("dump", type=_DUMP)
@_prints_a_report
@_takes_dumps
def describe(dump: _Given, form: str, **limits: int) -> None:
    """Tell the network architecture of one node.

    DUMP is a directory, archive, terminal log or Markdown page, or `-`, standard input; of one that holds several
    nodes, DUMP::NODE is one. Each fact comes with the lines that prove it, or with the commands that would show it.

    Exits with 1 when lines of the dump contradict each other, otherwise with 0.
    """
    description = tell(_architecture(dump, _limits(limits)))
    if form == "json":
        _print_json(description)
    elif form == "markdown":
        click.echo(description_to_markdown(description))
    else:
        print_description(description, Console(highlight=False))
    sys.exit(NOT_ALL if description.contradictory else OK)


@main.command()
@click.argument("left", type=_DUMP)
@click.argument("right", type=_DUMP)
@_prints_a_report
@_takes_dumps
def compare(left: _Given, right: _Given, form: str, **limits: int) -> None:
    """Compare two nodes.

    LEFT and RIGHT are directories, archives, terminal logs or Markdown pages, or `-`, standard input; of one that
    holds several nodes, DUMP::NODE is one.

    Exits with 0 when nothing differs and nothing is known of one side only, otherwise with 1.
    """
    same_name = _name(left) == _name(right) and left != right
    comparison = compare_architectures(
        *(_architecture(dump, _limits(limits), dump.path if same_name else None) for dump in (left, right))
    )
    if form == "json":
        _print_json(comparison)
    elif form == "markdown":
        click.echo(to_markdown(comparison))
    else:
        print_comparison(comparison, Console(highlight=False))
    sys.exit(OK if comparison.same else NOT_ALL)


@main.command()
@click.argument("name", required=False)
def schema(name: str | None) -> None:
    """Print a JSON Schema, or the names of all.

    Without NAME, the names are printed, one a line.
    """
    click.echo("\n".join(schema_names()) if name is None else schema_text(name).rstrip("\n").encode())


@main.command()
@click.argument("file", default="-")
@click.option("--schema", "name", help="The schema to validate by; without it, the one that fits best.")
def validate(file: str, name: str | None) -> None:
    """Tell what is wrong with JSON or a capture.toml.

    FILE, or standard input, holds JSON that aksparse printed, or is a capture.toml. What is wrong is told by path, and
    the exit code is 1; of what is valid nothing is printed.
    """
    text, source, _ = _read(file)
    toml = source.endswith(".toml") or (name == "capture" and not text.lstrip().startswith("{"))
    document = _load(text, source, toml=toml)
    if name is None:
        name = "capture" if toml else _fitting(document, source)
    problems = list(validate_document(document, name))
    if toml and name == "capture" and not problems:
        problems = list(_problems_of_manifest(text))
    for problem in problems:
        click.echo(f"{source}: {problem}  (schema {name})")
    sys.exit(NOT_ALL if problems else OK)


def _fitting(document: object, source: str) -> str:
    """The schema that a document fits, or else the nearest, by which to tell what is wrong with it."""
    if fitting := fitting_schemas(document):
        return fitting[0]
    nearest = nearest_schema(document)
    if nearest is None:
        click.echo(f"{source}: $: fits no schema, and has no key that one of them knows")
        sys.exit(NOT_ALL)
    click.echo(f"aksparse: {source}: fits no schema; the nearest is {nearest}", err=True)
    return nearest


def _problems_of_manifest(text: str) -> Iterator[str]:
    """What a schema can't say, such as that a network has bits set behind its prefix."""
    try:
        read_manifest(text)
    except CaptureError as error:
        yield error.reason


def _load(text: str, source: str, *, toml: bool) -> object:
    try:
        if toml:
            return json.loads(json.dumps(tomllib.loads(text), default=str))
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise _Trouble(f"{source}:{error.lineno}:{error.colno}: not JSON: {error.msg}") from None
    except tomllib.TOMLDecodeError as error:
        raise _Trouble(f"{source}: not TOML: {error}") from None
    except RecursionError:
        raise _Trouble(f"{source}: nested too deep") from None
    except ValueError as error:  # such as a number of thousands of digits
        raise _Trouble(f"{source}: {error}") from None


@main.command()
def commands() -> None:
    """List the commands whose output is read."""
    width = max(map(len, registry()))
    for name, command in registry().items():
        click.echo(f"{name:{width}}  {command.title}")
