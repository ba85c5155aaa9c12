"""Rows as records: of a table with a header, and of rows that lost theirs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, cached_property
from typing import Any, NamedTuple, cast

from aksparse.kubernetes.cells import AGE, ANY, LABELS, NAME, Column, to_age, to_labels
from aksparse.kubernetes.kinds import KINDS, Kind, kind_named
from aksparse.kubernetes.resources import OtherResource, Resource
from aksparse.kubernetes.tables import (
    Header,
    pieces_of,
    placements,
    row_grammar,
    split_by_position,
    spread_tabs,
)
from aksparse.linere import LineGrammar
from aksparse.records import constructor

_MANY = 4  # columns that may be empty: beyond, there are too many ways to tell which of them are


class Table:
    """The columns of a table, and how the rows below its header are read.

    Args:
        header: its columns.
        kind: its kind; `None` where the records are `OtherResource`s.
    """

    def __init__(self, header: Header, kind: Kind | None) -> None:
        self.names = header.names
        self.starts = header.starts
        self.kind = kind
        known = kind.columns if kind else {}
        self.columns = tuple(
            known.get(name) if name not in header.names[:number] else None for number, name in enumerate(header.names)
        )

    @cached_property
    def grammar(self) -> LineGrammar:
        """The grammar of its rows where the blanks do not tell the cells: what is wrong with a row, too."""
        return _grammar(self.columns)

    @cached_property
    def may_be_empty(self) -> list[bool]:
        """Which of its columns may have empty cells."""
        return [column is None or column.empty for column in self.columns]

    def read(self, text: str, **provenance: Any) -> Resource | None:
        """The record of a row; `None` when the line is none.

        Raises:
            ValueError: a cell of the right form has no meaning.
        """
        cells = self.split(text)
        return None if cells is None else self.make(cells, **provenance)

    def make(self, cells: Sequence[str], **provenance: Any) -> Resource:
        """The record of the cells of a row."""
        return make_record(self.kind, self.names, self.columns, cells, **provenance)

    def split(self, line: str) -> list[str] | None:
        """The cells of a row: by their position, by the gaps between them, or by their form."""
        text = spread_tabs(line)
        if self.starts and (found := split_by_position(text, self.starts)) and self.fits(found[0]):
            cells, self.starts = found
            return cells
        pieces = pieces_of(text)
        cells = [piece.text for piece in pieces]
        if len(pieces) == len(self.columns) and self.fits(cells):
            self.starts = tuple(piece.start for piece in pieces) if self.starts else None
            return cells
        if 1 < len(pieces) < len(self.columns) and sum(self.may_be_empty) <= _MANY:
            found_ways = [way for way in placements(cells, self.may_be_empty) if self.fits(way)]
            if len(found_ways) == 1:
                return found_ways[0]
        # In a row that has gaps, a blank is no gap: only strict forms can tell where a cell ends.
        if len(pieces) <= 1 or (self.kind and self.kind.telling and None not in self.columns):
            match = self.grammar.pattern.match(" ".join(text.split()))
            return list(match.groups()) if match else None
        return None

    def fits(self, cells: Sequence[str], *, laid_out: bool = True) -> bool:
        """Whether the cells may be those of a row; of a well laid out one, or only by their form."""
        if self.kind is None:
            return bool(cells[self.names.index("NAME")]) if "NAME" in self.names else any(cells)
        return all(
            column is None or column.fits(cell, laid_out=laid_out)
            for column, cell in zip(self.columns, cells, strict=True)
        )


@cache
def _grammar(columns: tuple[Column | None, ...]) -> LineGrammar:
    return row_grammar([column.form if column else ANY for column in columns])


def make_record(
    kind: Kind | None,
    names: Sequence[str],
    columns: Sequence[Column | None],
    cells: Sequence[str],
    **provenance: Any,
) -> Resource:
    """The record of a row; of another kind than the columns when the resource before its name is."""
    resource, slash, name = dict(zip(names, cells, strict=True)).get("NAME", "").rpartition("/")
    if kind is None or (slash and kind_named(resource) is not kind):
        return _make_other(names, cells, **provenance)
    fields: dict[str, Any] = {"name": name} if slash else {}
    others: dict[str, str] = {}
    for column_name, column, cell in zip(names, columns, cells, strict=True):
        if column is None:
            _add(others, column_name, cell)
        elif cell:
            for field, value in zip(column.fields, column.read(cell), strict=True):
                fields.setdefault(field, value) if field == "name" else fields.update({field: value})
    make = cast("Any", constructor(cast("type[Any]", kind.record)))
    made: Resource = make(**fields, columns=others or None, **provenance)
    return made


def _add(columns: dict[str, str], name: str, cell: str) -> None:
    """Keep a cell by the name of its column; names may repeat, as with `-L app -L example.com/app`."""
    number, key = 1, name
    while key in columns:
        number += 1
        key = f"{name} ({number})"
    columns[key] = cell


def _make_other(names: Sequence[str], cells: Sequence[str], **provenance: Any) -> OtherResource:
    fields: dict[str, Any] = {}
    others: dict[str, str] = {}
    for name, cell in zip(names, cells, strict=True):
        if name == "NAME" and "name" not in fields and cell:
            resource, _, fields["name"] = cell.rpartition("/")
            fields["resource"] = resource or None
        elif name == "NAMESPACE" and "namespace" not in fields and cell:
            fields["namespace"] = cell
        elif name == "AGE" and "age" not in fields and AGE.pattern.match(cell):
            fields["age"] = to_age(cell)
        elif name == "LABELS" and "labels" not in fields and LABELS.pattern.match(cell):
            fields["labels"] = to_labels(cell)
        else:
            _add(others, name, cell)
    return _new_other(**fields, columns=others or None, **provenance)


_new_other = constructor(OtherResource)


def choose_kind(header: Header, kinds: Sequence[Kind] | None, first_row: str | None) -> Kind | None:
    """The kind of a table.

    Args:
        header: its columns.
        kinds: the kinds that the command line asks for; `None` when it does not say.
        first_row: the line below the header: a table that others may print alike is of a kind if its first row is.
    """
    names = tuple(name for name in header.names if name not in ("EVENT", "NAMESPACE"))
    kinds = _before_name((first_row or "").split()) or kinds
    for kind in KINDS.values() if kinds is None else kinds:
        without_namespace = "NAMESPACE" in header.names and not kind.columns["NAMESPACE"].fields
        if kind.has_header(names, certain=kinds is not None and len(kinds) == 1) and (
            (kind.telling and not without_namespace)
            or first_row is None
            or Table(header, kind).split(first_row) is not None
        ):
            return kind
    return None


def _before_name(texts: Sequence[str]) -> list[Kind]:
    """The kind that a row says before its name, as in `pod/web`, when several are printed."""
    return [kind for text in texts[:2] if "/" in text and (kind := kind_named(text.partition("/")[0]))][:1]


# Without a header.

_TELLING = ("pod", "node", "service", "event")  # the kinds whose rows look like no other's


class Headless(NamedTuple):
    """What a row without a header may be."""

    table: Table
    cells: list[str]


def headless(line: str, kinds: Sequence[Kind] | None) -> list[Headless]:
    """Every kind and set of columns that a row fits; one is the answer, several or none are no answer."""
    texts = [piece.text for piece in pieces_of(spread_tabs(line))]
    candidates = _before_name(texts) or (kinds if kinds is not None else [KINDS[name] for name in _TELLING])
    return [
        Headless(table, cells)
        for kind in candidates
        for table in _tables_of(kind)
        if (cells := _cells_of(table, texts, line)) is not None
    ]


@cache
def _tables_of(kind: Kind) -> tuple[Table, ...]:
    namespaces = ((), ("NAMESPACE",)) if "NAMESPACE" in kind.columns else ((),)
    return tuple(Table(Header((*namespace, *shape), None), kind) for namespace in namespaces for shape in kind.shapes)


def _cells_of(table: Table, texts: list[str], line: str) -> list[str] | None:
    if len(texts) > 1:
        ways = [way for way in placements(texts, table.may_be_empty) if table.fits(way, laid_out=False)]
        cells = ways[0] if len(ways) == 1 else None
    else:
        match = table.grammar.pattern.match(line)
        cells = list(match.groups()) if match else None
    if cells is None:
        return None
    plain = [cell.rpartition("/")[2] for name, cell in zip(table.names, cells, strict=True) if name in _NAMED_BY]
    return cells if all(NAME.pattern.match(name) for name in plain) else None


_NAMED_BY = ("NAME", "NAMESPACE")
