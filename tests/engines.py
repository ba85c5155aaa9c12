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

LINES_OF_A_TEST = 1000
ALIKE = 5
"""So many lines are compared in which a grammar finds the same parts, so many that begin alike and that it refuses."""


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
    """Collects the lines that a test gives to the parsers, and knows of which kinds enough have been compared."""

    def __init__(self) -> None:
        self.lines: dict[str, set[str]] = {}
        self.compared = Counter[tuple[object, ...]]()

    def note(self, command: str, texts: Sequence[str]) -> None:
        self.lines.setdefault(command, set()).update(texts)

    def disagreements(self) -> list[tuple[str, str]]:
        """The noted lines, or a sample of many, that the engines read differently, each with its command."""
        noted, self.lines = self.lines, {}
        chance = random.Random(0)
        return [
            (command, text)
            for command, lines in noted.items()
            for line in chance.sample(sorted(lines), min(len(lines), LINES_OF_A_TEST))
            for grammar in grammars_of(command)
            for text in ([line] if grammar.whole else _parts(line, chance))
            if self.is_news(grammar, text) and grammar.parse(text) != grammar.parse_with_pyparsing(text)
        ]

    def is_news(self, grammar: LineGrammar, text: str) -> bool:
        match = grammar.pattern.match(text)
        found = tuple(group is None for group in match.groups()) if match else text.lstrip()[:2]
        self.compared[grammar, found] += 1
        return self.compared[grammar, found] <= ALIKE


def _parts(line: str, chance: random.Random) -> Iterator[str]:
    """Where a grammar for a part of a line may begin: at a few words."""
    words = [match.start() for match in re.finditer(r"(?<![^ ])[^ ]", line)]
    for start in chance.sample(words, min(len(words), 3)):
        yield line[start:]
