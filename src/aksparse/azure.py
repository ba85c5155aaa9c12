"""What the outputs of the Azure CLI have in common: a table, or a JSON document, of resources.

Format: `knack/output.py` of knack, which the Azure CLI prints with. ``-o json``, the default, is a list of objects or
one object, its keys in alphabetical order. ``-o table`` is a header, a ruler of hyphens and a row per object, its cells
aligned at the left. Columns are the values of an object that are neither lists nor objects nor null, under their keys
with a capital letter, unless the command has columns of its own.

Records have the keys in snake case as fields, whichever release spelled them (`dnsServiceIp`, `dnsServiceIP`). Keys
without a field, and values in JSON that are not what the field holds, are kept as they are in `other`; a key whose
value is null says as little as a cell that is empty, and is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network
from itertools import pairwise
from typing import Any, TypeVar

import pyparsing as pp

from aksparse.command import Lines
from aksparse.documents import Document, read_documents
from aksparse.linere import LineGrammar
from aksparse.terminal.noise import noise
from aksparse.tokens import BadValue, to_ip, to_network

R = TypeVar("R")
Members = dict[str, Any]
Network = IPv4Network | IPv6Network
Readers = Mapping[str, Callable[[Any], Any]]
"""For each field of a record, what makes its value; it raises `ValueError` for what the field does not hold."""


def a_text(value: Any) -> str:
    """A string; like all of these, it raises `ValueError` for anything else."""
    if not isinstance(value, str):
        raise ValueError(value)
    return value


def a_number(value: Any) -> int:
    """A whole number, and no switch."""
    if type(value) is not int:
        raise ValueError(value)
    return value


def a_switch(value: Any) -> bool:
    """True or false; a table spells it with a capital letter."""
    if value not in (True, False, "True", "False") or type(value) is int:
        raise ValueError(value)
    return value in (True, "True")


def an_address(value: Any) -> Any:
    """An IP address."""
    return to_ip(a_text(value))


def a_network(value: Any) -> Network:
    """A network with its prefix length."""
    if "/" not in a_text(value):
        raise ValueError(value)
    return to_network(value)


def a_prefix(value: Any) -> Network | str:
    """A network, or the tag of a service, such as `Storage.WestEurope`, which stands for networks."""
    return a_network(value) if "/" in a_text(value) else a_text(value)


def an_id(value: Any) -> str:
    """The id of another resource, which in JSON stands in an object, alone or with the group that is part of it."""
    said = {key: item for key, item in value.items() if item is not None} if isinstance(value, dict) else {}
    group, found = said.pop("resourceGroup", ""), a_text(said.pop("id", None))
    if said or a_text(group).lower() not in ("", *found.lower().split("/")):
        raise ValueError(value)
    return found


def a_list(read: Callable[[Any], R]) -> Callable[[Any], tuple[R, ...]]:
    """What reads a list, item by item."""

    def read_list(value: Any) -> tuple[R, ...]:
        if not isinstance(value, list):
            raise ValueError(value)
        return tuple(map(read, value))

    return read_list


def an_object(make: Callable[..., R], readers: Readers) -> Callable[[Any], R]:
    """What reads an object into a record, member by member."""

    def read_object(value: Any) -> R:
        if not isinstance(value, dict):
            raise ValueError(value)
        return make(**to_fields(value, readers))

    return read_object


_WORD_BEGINS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def _field(key: str) -> str:
    return _WORD_BEGINS.sub("_", key).lower()


def to_fields(members: Members, readers: Readers) -> Members:
    """The fields of a record, from the members of an object."""
    fields, other = {}, {}
    for key, value in members.items():
        if value is None:
            continue
        field = _field(key)
        try:
            if field not in readers or field in fields:
                raise ValueError(key)
            fields[field] = readers[field](value)
        except ValueError:
            other[key] = value
    return fields | ({"other": other} if other else {})


def _check_cells(cells: Members, readers: Readers) -> None:
    """A table says all as text: what is not what a field holds is no value of another type, but wrong."""
    for key, text in cells.items():
        read: Callable[[Any], Any] = readers.get(_field(key), a_text)
        try:
            read(text)
        except BadValue:
            raise
        except ValueError:
            raise BadValue(text, f"a value of {key}") from None


def header(*columns: str) -> LineGrammar:
    """A grammar of the headers of tables that have at least these columns."""
    required = "".join(rf"(?=(?:.* )?{column}(?: |$))" for column in columns)
    return LineGrammar(pp.Regex(rf"{required}[A-Z]\w*(?: +[A-Z]\w*)*").set_name(f"header with {', '.join(columns)}"))


_RULER = LineGrammar(pp.Regex(r"-{2,}(?: +-{2,})*").set_name("ruler"))


class _Table:
    """The columns of a table."""

    def __init__(self, titles: str) -> None:
        self.names = titles.split()
        self.starts = [found.start() for found in re.finditer(r"[^ ]+", titles)]

    def cells(self, row: str) -> Members | None:
        """The cells of a row that are not empty; `None` when it has not these columns.

        A page may have made one blank of many; then a row has as many words as there are columns, or it is refused.
        """
        if all(row[max(start - 1, 0) : start].isspace() or len(row) < start or not start for start in self.starts):
            texts = [row[start:end].strip() for start, end in zip(self.starts, [*self.starts[1:], None], strict=True)]
            if not any(" " in text for text in texts):
                return {name: text for name, text in zip(self.names, texts, strict=True) if text}
        words = row.split()
        return dict(zip(self.names, words, strict=True)) if len(words) == len(self.names) else None


def read_resources(
    lines: Lines, titles: LineGrammar, make: Callable[..., R], readers: Readers, required: str
) -> Iterator[R]:
    """The resources in an output, be it a table or JSON.

    Args:
        lines: the output.
        titles: what the header of the table is.
        make: the class of the records.
        readers: what its fields hold.
        required: the field without which an object or a row is no such resource.
    """

    def read(document: Document) -> R:
        if not isinstance(document.value, dict):
            raise ValueError(f"expected a resource with its {required}")
        return resource(document.value, document.first, document.last)

    def resource(members: Members, first: int, last: int | None = None) -> R:
        fields = to_fields(members, readers)
        if required not in fields:
            raise ValueError(f"expected a resource with its {required}")
        return make(**fields, origin=lines.source, line=first, end_line=last)

    first = next((text for text in lines.texts if not noise(text)), "")
    if first.lstrip()[:1] in ("[", "{"):
        yield from read_documents(lines, [number for number, _ in lines], read)
        return
    table: _Table | None = None
    for number, line in lines:
        if titles.pattern.match(line):
            table = _Table(line)
            lines.ignore(number, "header")
        elif table and _RULER.pattern.match(line):
            lines.ignore(number, "ruler")
        elif table and not noise(line) and (cells := table.cells(line)):
            try:
                _check_cells(cells, readers)
                record = resource(cells, number)
            except ValueError as error:
                lines.bad_value(number, error)
                continue
            lines.recorded(number)
            yield record
        elif table and not noise(line):
            lines.report(number, "unexpected-line", f"expected {len(table.names)} columns, found {line.strip()!r}", 1)
        else:
            lines.refuse(number, titles)


def shows(argv: Sequence[str], *words: str) -> bool:
    """Whether a command line lists or shows such resources, as a table or as JSON, and whole."""
    end = len(words) + 1
    if tuple(argv[:end]) != ("az", *words) or not {*argv[end : end + 1]} & {"list", "show"}:
        return False
    options = " ".join(argv).replace("=", " ").split()
    formats = {value for option, value in pairwise(options) if option in ("-o", "--output")}
    return "--query" not in options and formats <= {"json", "jsonc", "table"}


def is_document_with(texts: Sequence[str], *keys: str, without: str = "") -> bool:
    """Whether a text is a JSON document that has all these keys."""
    first = next((text.lstrip() for text in texts if not noise(text)), "")
    if first[:1] not in ("[", "{"):
        return False
    text = "".join(text for text in texts if not noise(text))
    return all(f'"{key}"' in text for key in keys) and not (without and f'"{without}"' in text)
