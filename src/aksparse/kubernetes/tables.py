"""The tables that kubectl prints: which columns a header names, and which cells a row has under them.

Format: `k8s.io/cli-runtime` `printers/tableprinter.go` through `liggitt/tabwriter`: every cell but the last is padded
with blanks to the width of its column, which is that of the widest cell and three, and six at least. A column never
gets narrower again: where rows are printed one by one (`-w`), a wide cell moves those right of it, in its own row and
in all that follow. Widths count characters, however wide a terminal shows them.

So the header says where cells begin, and `split_by_position` follows the table as it widens. A table whose blanks a
page collapsed has lost that; then the form of the cells decides, by `row_grammar`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pyparsing as pp

from aksparse.linere import LineGrammar
from aksparse.tokens import column

PADDING = 3
_CELL = re.compile(r"[^ ]+(?: {1,2}[^ ]+)*")
_NAMES = re.compile(r"[^ ]+(?: [^ ]+)*")
_NAMES_OF_TWO_WORDS = re.compile(
    r"(?:LAST SEEN|FIRST SEEN|LAST SCHEDULE|NODE SELECTOR|NOMINATED NODE|READINESS GATES|CREATED AT"
    r"|ACCESS MODES|RECLAIM POLICY|STORAGE CLASS|POD SELECTOR|MIN AVAILABLE|MAX UNAVAILABLE|ALLOWED DISRUPTIONS"
    r"|SECURITY IDENTITY|ENDPOINT STATE)(?![^ ])|[^ ]+"
)

_FIRST_COLUMNS = pp.Regex(r"(?:EVENT[ \t]+)?(?:NAMESPACE[ \t]+)?(?:NAME|(?:LAST|FIRST)[ \t]+SEEN)").set_name("NAME")
_COLUMN_NAME = pp.Regex(r"[^ \ta-z]+").set_name("column name in capitals")
HEADER = LineGrammar(column(_FIRST_COLUMNS) + pp.ZeroOrMore(column(_COLUMN_NAME)))
TELLING_HEADER = LineGrammar(
    pp.FollowedBy(pp.Regex(r"(?:.*[ \t])?(?:AGE|CREATED[ \t]+AT|LAST[ \t]+SEEN)(?![^ \t])")) + HEADER.expression
)
"""A header that no other tool prints: kubectl tells an age of nearly everything."""


class Header(NamedTuple):
    """The columns of a table.

    Attributes:
        names: their names, in capitals.
        starts: where their cells begin; `None` when the blanks between them were collapsed.
    """

    names: tuple[str, ...]
    starts: tuple[int, ...] | None


def read_header(line: str) -> Header:
    """The columns that a header names."""
    if "\t" not in line and not re.search(r"[^ ] {2}", line.rstrip()):
        return Header(tuple(_NAMES_OF_TWO_WORDS.findall(line)), None)
    found = list(_NAMES.finditer(spread_tabs(line)))
    starts = None if "\t" in line else tuple(name.start() for name in found)
    return Header(tuple(name[0] for name in found), starts)


def find_header(line: str, names: Sequence[str]) -> Header | None:
    """The header of these columns, whose names may hold anything; `None` when the line is another."""
    starts, end = [], -PADDING
    for name in names:
        start = line.find(name, max(end, 0))
        if start < max(end + PADDING, 0) or line[max(end, 0) : start].strip():
            return None
        starts.append(start)
        end = start + len(name)
    return Header(tuple(names), tuple(starts)) if names and not line[end:].strip() else None


def spread_tabs(line: str) -> str:
    """A line in which tabs are as wide as what separates cells."""
    return line.replace("\t", " " * PADDING)


def split_by_position(line: str, starts: Sequence[int]) -> tuple[list[str], tuple[int, ...]] | None:
    """The cells of a row, and where the cells of the next row begin; `None` when the row is not laid out so."""
    cells, moved, shift = [], [], 0
    for start, end in zip(starts, (*starts[1:], None), strict=True):
        begin = start + shift
        moved.append(begin)
        cell = line[begin:] if end is None else line[begin : end + shift]
        if end is not None and line[end + shift - PADDING : end + shift].strip():
            wide = _CELL.match(line, begin)
            if wide is None or len(wide[0]) + PADDING <= end - start:
                return None
            cell = wide[0]
            shift += len(cell) + PADDING - (end - start)
        if cell[:1] == " " and not cell.isspace():
            return None
        cells.append(cell.rstrip())
    return (cells, tuple(moved)) if not line[: starts[0]].strip() else None


class Piece(NamedTuple):
    """What stands between two gaps of a row: one cell."""

    start: int
    text: str


def pieces_of(line: str) -> list[Piece]:
    """The cells of a row that are not empty."""
    return [Piece(cell.start(), cell[0]) for cell in _CELL.finditer(line)]


def placements(texts: Sequence[str], empty: Sequence[bool]) -> Iterator[list[str]]:
    """Every way to distribute texts over columns, in their order, leaving columns empty that may be so."""
    if not empty:
        if not texts:
            yield []
        return
    if texts:
        for cells in placements(texts[1:], empty[1:]):
            yield [texts[0], *cells]
    if empty[0] and len(texts) < len(empty):
        for cells in placements(texts, empty[1:]):
            yield ["", *cells]


def row_grammar(forms: Sequence[LineGrammar]) -> LineGrammar:
    """The grammar of rows whose cells have these forms: each is a token named `cell0`, `cell1` ..."""
    return LineGrammar(pp.And([column(form.expression(f"cell{number}")) for number, form in enumerate(forms)]))
