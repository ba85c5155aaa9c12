"""JSON documents in the lines of an output: one, or several one after the other, whole or broken.

RFC 8259 defines the format. What it leaves to the reader is refused here where a value would be lost in a record or in
its JSON: a name that stands twice in an object, a number beyond what a float holds, nesting without end.
"""

from __future__ import annotations

import json
import math
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

from aksparse.command import Lines
from aksparse.terminal.noise import noise
from aksparse.tokens import BadValue

R = TypeVar("R")
_DEEPEST = 100
_BLANK = re.compile(r"[ \t\n\r]*")


class Document(NamedTuple):
    """A JSON value and the numbers of its first and its last line."""

    value: Any
    first: int
    last: int


class _Broken(Exception):
    """What is wrong with a document, and the position where it breaks."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


def read_documents(lines: Lines, numbers: Sequence[int], read: Callable[[Document], R]) -> Iterator[R]:
    """What a function reads in the documents in some lines; all these lines are accounted for.

    A list is read as the documents in it. Where a document breaks, or the function does not take it (`ValueError`), one
    line is reported and the others of the document are ignored as `broken-json`.
    """
    kept = []
    for number in numbers:
        if name := noise(lines.texts[number - lines.first]):
            lines.ignore(number, name)
        else:
            kept.append(number)
    text = _Text([lines.texts[number - lines.first] for number in kept])
    position = text.next(0)
    while position < len(text.all):
        first = text.line(position)
        try:
            found, end = text.documents(position)
            made = [read(Document(value, kept[top], kept[bottom])) for value, top, bottom in found]
        except _Broken as error:
            last = text.end_of_broken(first, text.line(error.position))
            at, code = min(error.position, text.end(last)), "bad-json"
            message = str(error)
        except ValueError as error:
            last, code, message = text.line(end - 1), "bad-value", str(error)
            at = max(position, text.all.find(error.text, position, end)) if isinstance(error, BadValue) else position
        else:
            of_documents = {index for _, top, bottom in found for index in range(top, bottom + 1)}
            for index in range(first, text.line(end - 1) + 1):
                if index in of_documents:
                    lines.recorded(kept[index])
                else:
                    lines.ignore(kept[index], "bracket")
            yield from made
            position = text.next(end)
            continue
        broken = text.line(at)
        for index in range(first, last + 1):
            if index != broken:
                lines.ignore(kept[index], "broken-json")
        lines.report(kept[broken], code, message, at - text.starts[broken] + 1)
        position = text.next(text.end(last))


class _Text:
    """Lines as one text, and what is where in it."""

    def __init__(self, texts: list[str]) -> None:
        self.texts = texts
        self.all = "\n".join(texts)
        self.starts = [0]
        for text in texts:
            self.starts.append(self.starts[-1] + len(text) + 1)

    def line(self, position: int) -> int:
        """The index of the line that a position is in; the end of a line is in it."""
        return min(bisect_right(self.starts, position), len(self.texts)) - 1

    def end(self, index: int) -> int:
        """The position of the end of a line."""
        return self.starts[index] + len(self.texts[index])

    def next(self, position: int) -> int:
        """The position of the next character that is not blank."""
        blank = _BLANK.match(self.all, position)
        return blank.end() if blank else position

    def documents(self, start: int) -> tuple[list[tuple[Any, int, int]], int]:
        """The values from a position on that share lines, with their first and last line, and where they end."""
        found: list[tuple[Any, int, int]] = []
        position = start
        while True:
            if self.all[position : position + 1] == "[":
                position = self.elements(position, found)
            elif self.all[position : position + 1] == "{":
                position = self.value(position, found)
            else:
                raise _Broken(f"expected a JSON document, found {self.word(position)}", position)
            end, position = position, self.next(position)
            if position == len(self.all) or self.line(position) > self.line(end - 1):
                return found, end

    def elements(self, start: int, found: list[tuple[Any, int, int]]) -> int:
        """Read a list; returns where it ends."""
        position = self.next(start + 1)
        if self.all[position : position + 1] == "]":
            return position + 1
        while True:
            position = self.next(self.value(position, found))
            match self.all[position : position + 1]:
                case "]":
                    return position + 1
                case ",":
                    position = self.next(position + 1)
                case _:
                    raise _Broken(f"expected ',' or ']', found {self.word(position)}", position)

    def value(self, start: int, found: list[tuple[Any, int, int]]) -> int:
        """Read one value; returns where it ends."""
        refused: list[str] = []

        def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
            read = dict(pairs)
            if len(read) < len(pairs):
                names = [name for name, _ in pairs]
                refused.append(f"{next(name for name in names if names.count(name) > 1)!r} stands twice in one object")
            return read

        def number(text: str) -> float:
            if not math.isfinite(value := float(text)):
                refused.append(f"expected number, found {text}")
            return value

        decoder = json.JSONDecoder(object_pairs_hook=members, parse_float=number, parse_constant=number)
        try:
            value, end = decoder.raw_decode(self.all, start)
            too_deep = _depth(value) > _DEEPEST
        except json.JSONDecodeError as error:
            message = error.msg.replace("Expecting", "expected")
            raise _Broken(f"{message[:1].lower()}{message[1:]}, found {self.word(error.pos)}", error.pos) from None
        except RecursionError:
            value, end, too_deep = None, start + 1, True
        except ValueError as error:
            raise _Broken(str(error), start) from None
        if too_deep:
            refused.append(f"nested more than {_DEEPEST} deep")
        if refused:
            raise _Broken(refused[0], start)
        found.append((value, self.line(start), self.line(end - 1)))
        return int(end)

    def word(self, position: int) -> str:
        """What stands at a position, for a message."""
        rest = self.all[position : self.end(self.line(position))].split(maxsplit=1)
        return repr(rest[0]) if rest else "end of line"

    def end_of_broken(self, first: int, broken: int) -> int:
        """The last line of a document that breaks in a line: before the next, which begins at the left margin."""
        if broken == first and self.texts[first].lstrip()[:1] not in ("{", "["):
            return first
        for index in range(max(broken, first + 1), len(self.texts)):
            if self.texts[index][:1] in ("{", "["):
                return index - 1
            if self.texts[index][:1] in ("}", "]"):
                return index
        return len(self.texts) - 1


def _depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, inner), default=0)
