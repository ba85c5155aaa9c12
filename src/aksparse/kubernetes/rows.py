"""Rows as records: of a table with a header, and of rows that lost theirs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, cached_property
from typing import Any, NamedTuple, cast

from aksparse.kubernetes.cells import AGE, ANY, LABELS, NAME, Column, or_none, to_age, to_labels
from aksparse.kubernetes.kinds import KINDS, Kind, kind_named
from aksparse.kubernetes.request import Request
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
        chosen: whether the columns were chosen on the command line, so that any cell may stand under NAME.
    """

    def __init__(self, header: Header, kind: Kind | None, *, chosen: bool = False) -> None:
        self.names = header.names
        self.starts = header.starts
        self.kind = kind
        self.chosen = chosen
        self.columns = _columns_of(kind, header.names) if kind else (None,) * len(header.names)

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
        if self.chosen:
            return _make_other(self.names, cells, _AS_IT_IS, **provenance)
        return _make_record(self.kind, self.names, self.columns, cells, **provenance)

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


_BEFORE = ("EVENT", "NAMESPACE")


def _columns_of(kind: Kind, names: Sequence[str]) -> tuple[Column | None, ...]:
    """The columns of a kind under these names; what `-L` adds is none of them, whatever it is called."""
    before = len([name for name in names[:2] if name in _BEFORE])
    own = before + kind.own(names[before:])
    last = len(names) - 1
    return tuple(
        kind.columns.get(name) if number < own or (name == "LABELS" and number == last) else None
        for number, name in enumerate(names)
    )


@cache
def _grammar(columns: tuple[Column | None, ...]) -> LineGrammar:
    return row_grammar([column.form if column else ANY for column in columns])


def _make_record(
    kind: Kind | None,
    names: Sequence[str],
    columns: Sequence[Column | None],
    cells: Sequence[str],
    **provenance: Any,
) -> Resource:
    """The record of a row; of another kind than the columns when the resource before its name is."""
    resource, slash, name = dict(zip(names, cells, strict=True)).get("NAME", "").rpartition("/")
    if kind is None or (slash and kind_named(resource) is not kind):
        return _make_other(names, cells, _RESOURCE_AND_NAME, **provenance)
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


# A resource may stand before a name; behind that of a storage class, that it is the default one.
_RESOURCE_AND_NAME = re.compile(r"(?:([a-z][a-z0-9]*(?:\.[a-z0-9.-]+)?)/)?([^ /]+)(?: \(default\))?")
_AS_IT_IS = re.compile(r"(?!)")


def _make_other(
    names: Sequence[str], cells: Sequence[str], parts_of_name: re.Pattern[str], **provenance: Any
) -> OtherResource:
    fields: dict[str, Any] = {}
    others: dict[str, str] = {}
    for name, cell in zip(names, cells, strict=True):
        if name == "NAME" and "name" not in fields and cell:
            parts = parts_of_name.fullmatch(cell)
            fields["resource"], fields["name"] = parts.groups() if parts else (None, or_none(cell))
            if cell.endswith(" (default)"):
                _add(others, name, cell)
        elif name == "NAMESPACE" and "namespace" not in fields and cell:
            fields["namespace"] = or_none(cell)
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
    names = tuple(name for name in header.names if name not in _BEFORE)
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


def headless(line: str, request: Request | None) -> list[Headless]:
    """Every kind and set of columns that a row fits; one is the answer, several or none are no answer."""
    texts = [piece.text for piece in pieces_of(spread_tabs(line))]
    kinds = request.kinds if request else None
    candidates = _before_name(texts) or (kinds if kinds is not None else [KINDS[name] for name in _TELLING])
    # Labels look like the selector of a service: without a command line they are not expected there.
    labelled = request is None and "=" in "".join(texts[-1:])
    return [
        Headless(table, cells)
        for kind in candidates
        for table in _tables_of(kind, request, labelled=labelled and kind.name != "service")
        if (cells := _cells_of(table, texts, line)) is not None
    ]


@cache
def _tables_of(kind: Kind, request: Request | None, *, labelled: bool) -> tuple[Table, ...]:
    """The tables of a kind, with the columns that a command line asks for, or any that it may have without one."""
    namespaces: tuple[tuple[str, ...], ...] = ((), ("NAMESPACE",))
    more: tuple[tuple[str, ...], ...] = ((), ("LABELS",)) if labelled else ((),)
    shapes = kind.shapes
    if request:
        wide = request.wide and bool(kind.wide)
        shapes = tuple(shape for shape in shapes if (shape not in kind.beginnings) == wide)
        namespaces, more = (request.before,), (request.more,)
        if kind.of_cluster:
            namespaces = (*namespaces, tuple(name for name in request.before if name != "NAMESPACE"))
    return tuple(
        Table(Header((*namespace, *shape, *labels), None), kind)
        for namespace in namespaces
        for shape in shapes
        for labels in more
    )


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
