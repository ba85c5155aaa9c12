"""The second engine on what real tools print: pyparsing itself reads each kind of line as the compiled pattern does."""

from __future__ import annotations

import importlib
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from types import ModuleType

from aksparse.linere import LineGrammar
from tests.test_linere import grammars_in

ALIKE = 5
"""So many lines that begin alike and that a grammar refuses are compared; of those that it reads, all."""


def modules_of(command: str) -> list[str]:
    """The module of a command, and the modules of ours that it is made of."""
    found = [f"aksparse.commands.{command}"]
    for name in found:
        for value in vars(importlib.import_module(name)).values():
            other = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
            if isinstance(other, str) and re.match(r"aksparse\.(?!commands$)", other) and other not in found:
                found.append(other)
    return found


@cache
def grammars_of(command: str) -> tuple[LineGrammar, ...]:
    modules = map(importlib.import_module, modules_of(command))
    return tuple(
        {grammar: None for module in modules for value in vars(module).values() for grammar in grammars_in(value)}
    )


class SecondEngine:
    """Collects the lines that a test gives to the parsers, and knows which have been compared."""

    def __init__(self) -> None:
        self.lines: dict[str, set[str]] = {}
        self.compared: dict[str, set[str]] = {}
        self.refused = Counter[tuple[LineGrammar, str]]()

    def note(self, command: str, texts: Sequence[str]) -> None:
        self.lines.setdefault(command, set()).update(texts)

    def disagreements(self) -> list[tuple[str, str]]:
        """The lines noted since the last time that the engines read differently, each with its command."""
        noted, self.lines = self.lines, {}
        chance = random.Random(0)
        found = []
        for command, lines in noted.items():
            compared = self.compared.setdefault(command, set())
            for line in sorted(lines - compared):
                parts = [*_parts(line, chance)]
                for grammar in grammars_of(command):
                    for text in [line] if grammar.whole else parts:
                        if self.is_worth_it(grammar, text) and grammar.parse(text) != grammar.parse_with_pyparsing(
                            text
                        ):
                            found.append((command, text))
            compared |= lines
        return found

    def is_worth_it(self, grammar: LineGrammar, text: str) -> bool:
        if grammar.pattern.match(text):
            return True
        begin = (grammar, text.lstrip()[:2])
        self.refused[begin] += 1
        return self.refused[begin] <= ALIKE


def _parts(line: str, chance: random.Random) -> Iterator[str]:
    """Where a grammar for a part of a line may begin: at a few words."""
    words = [match.start() for match in re.finditer(r"(?<![^ ])[^ ]", line)]
    for start in chance.sample(words, min(len(words), 3)):
        yield line[start:]
