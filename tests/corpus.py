"""The corpus: inputs, what is expected of them, and where they come from.

    corpus/commands/COMMAND/CASE/           input.txt, expected.json, provenance.toml, perhaps oracle.json or .jsonl
    corpus/transcripts/CASE/                input.md or input.txt, expected.json, provenance.toml
    corpus/captures/NAME/                   capture.toml and the outputs of one node
    corpus/comparisons/LEFT--RIGHT/         expected.json

`bless.py` writes the expected.json of all; `test_corpus.py` holds the library to them.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from aksparse import Parsed, Transcript, build_wiring, compare, describe, load_capture, read_transcript, to_builtins
from aksparse.command import command_named
from aksparse.serialize import output_to_builtins

CORPUS = Path(__file__).parent.parent / "corpus"
WIDTH = 120


@dataclass(frozen=True)
class Case:
    """A directory of the corpus that has an expected.json."""

    path: Path

    def __str__(self) -> str:
        return str(self.path.relative_to(CORPUS)).removeprefix("commands/")

    @property
    def expected_file(self) -> Path:
        return self.path / "expected.json"

    @property
    def expected(self) -> Any:
        return json.loads(self.expected_file.read_text(encoding="utf-8"))

    @property
    def actual(self) -> Any:
        raise TypeError(f"{type(self).__name__} reads nothing")

    @staticmethod
    def diagnostics(document: Any) -> list[dict[str, Any]]:
        """The diagnostics in an expected or actual document."""
        inner = (diagnostic for output in document.get("outputs", ()) for diagnostic in output["diagnostics"])
        return [*document.get("diagnostics", ()), *inner]


@dataclass(frozen=True)
class InputCase(Case):
    """A case that is one text."""

    @cached_property
    def input_file(self) -> Path:
        (file,) = self.path.glob("input.*")
        return file

    @cached_property
    def text(self) -> str:
        return self.input_file.read_bytes().decode()

    @cached_property
    def provenance(self) -> dict[str, Any]:
        return tomllib.loads((self.path / "provenance.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class CommandCase(InputCase):
    """The output of one command."""

    @property
    def command(self) -> str:
        return self.path.parent.name

    @cached_property
    def parsed(self) -> Parsed[Any]:
        command = command_named(self.command)
        return command.parse(self.text, source=self.input_file.name, strict=False, argv=self.provenance["argv"])

    @property
    def actual(self) -> Any:
        return {
            "records": to_builtins(self.parsed.records),
            "diagnostics": to_builtins(self.parsed.diagnostics),
            "ignored": _by_line(self.parsed.ignored),
        }

    @cached_property
    def oracle(self) -> Any:
        """What the tool itself prints of the same as JSON: a document, or a list of the lines of a .jsonl file."""
        (file,) = self.path.glob("oracle.*")
        text = file.read_text(encoding="utf-8")
        return json.loads(text) if file.suffix == ".json" else [json.loads(line) for line in text.splitlines()]


@dataclass(frozen=True)
class TranscriptCase(InputCase):
    """A terminal log or a Markdown page."""

    @cached_property
    def transcript(self) -> Transcript:
        return read_transcript(self.text, source=self.input_file.name)

    @property
    def actual(self) -> Any:
        return {
            "outputs": [output_to_builtins(output) for output in self.transcript.outputs],
            "diagnostics": to_builtins(self.transcript.diagnostics),
            "ignored": _by_line(self.transcript.ignored),
        }


@dataclass(frozen=True)
class ComparisonCase(Case):
    """The comparison of two captures of the corpus."""

    @property
    def actual(self) -> Any:
        left, right = (
            describe(build_wiring(load_capture(CORPUS / "captures" / name))) for name in self.path.name.split("--")
        )
        return to_builtins(compare(left, right))


def command_cases(command: str = "*") -> list[CommandCase]:
    return [CommandCase(path.parent) for path in sorted(CORPUS.glob(f"commands/{command}/*/input.txt"))]


def transcript_cases() -> list[TranscriptCase]:
    return [TranscriptCase(path.parent) for path in sorted(CORPUS.glob("transcripts/*/input.*"))]


def comparison_cases() -> list[ComparisonCase]:
    return [ComparisonCase(path) for path in sorted(CORPUS.glob("comparisons/*--*"))]


def all_cases() -> list[Case]:
    return [*command_cases(), *transcript_cases(), *comparison_cases()]


def cases_with_oracle(command: str) -> list[CommandCase]:
    return [case for case in command_cases(command) if any(case.path.glob("oracle.*"))]


def _by_line(ignored: Any) -> dict[str, str]:
    return {str(number): name for number, name in sorted(ignored.items())}


def render(document: Any, indent: int = 0, used: int = 0) -> str:
    """JSON to be read and compared by people: whatever fits in one line stands in one line."""
    line = json.dumps(document, ensure_ascii=False)
    if len(line) + used <= WIDTH or not isinstance(document, dict | list) or not document:
        return line
    inner = indent + 2
    if isinstance(document, dict):
        keys = [json.dumps(key, ensure_ascii=False) + ": " for key in document]
        items: Iterable[tuple[str, Any]] = zip(keys, document.values(), strict=True)
    else:
        items = (("", item) for item in document)
    body = ",\n".join(f"{' ' * inner}{key}{render(item, inner, inner + len(key) + 1)}" for key, item in items)
    opening, closing = "{}" if isinstance(document, dict) else "[]"
    return f"{opening}\n{body}\n{' ' * indent}{closing}"
