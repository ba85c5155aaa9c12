"""Records, comparisons and manifests as JSON: the one converter, and the JSON Schemas it keeps to.

In JSON an absent value has no key; addresses and networks are text, durations are seconds. Schemas are draft 2020-12,
made from the attrs classes: types from the annotations, titles and descriptions from the docstrings.
"""

from __future__ import annotations

import json
import re
import types
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from importlib.resources import files
from inspect import cleandoc
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin, get_type_hints

import attrs
import orjson
from cattrs.gen import make_dict_unstructure_fn, override
from cattrs.preconf.orjson import make_converter

from aksparse.architecture.description import Architecture
from aksparse.capture.model import Manifest, NetworkSettings, OutputEntry, RouteTableEntry
from aksparse.command import Parsed, registry
from aksparse.compare import Comparison
from aksparse.diagnostics import Diagnostic
from aksparse.errors import AksparseError
from aksparse.records import PROVENANCE, Record
from aksparse.statement import Description, tell

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

_TEXT = (IPv4Address, IPv6Address, IPv4Network, IPv6Network, Decimal)


def key_of(field: str) -> str:
    """The key of a field: a tool may use a word for it that Python keeps for itself (`from_`, `not_`)."""
    return field.removesuffix("_")


def _make_converter() -> Any:
    converter = make_converter()
    for kind in _TEXT:
        converter.register_unstructure_hook(kind, str)
    converter.register_unstructure_hook(timedelta, lambda value: int(value.total_seconds()))
    converter.register_unstructure_hook(date, date.isoformat)

    def of_class(kind: Any) -> Callable[[Any], Any]:
        cls = get_origin(kind) or kind
        names = {field.name for field in attrs.fields(cls)}
        changes = {name: override(rename=key_of(name)) for name in names if key_of(name) != name}
        if issubclass(cls, Record):
            changes |= {name: override(omit=True) for name in PROVENANCE if name in names}
        whole = make_dict_unstructure_fn(cls, converter, **changes)  # type: ignore[arg-type]
        return lambda value: {key: item for key, item in whole(value).items() if item is not None}

    converter.register_unstructure_hook_factory(attrs.has, of_class)
    converter.register_unstructure_hook(Architecture, lambda value: converter.unstructure(tell(value)))
    return converter


_converter = _make_converter()


def to_builtins(value: object) -> Any:
    """A record, or anything made of records, as dicts, lists, text, numbers and booleans.

    Records, a comparison and an architecture are as their schemas say, and as the command line prints them: what is
    absent has no key, addresses and networks are text, durations are seconds. A record does not say its lines, which
    `record.span` does.
    """
    return _converter.unstructure(value)


def to_json(value: object) -> str:
    """The same as `to_builtins`, as JSON text, indented by two."""
    builtins = to_builtins(value)
    try:
        return orjson.dumps(builtins, option=orjson.OPT_INDENT_2).decode()
    except orjson.JSONEncodeError:
        # A lone surrogate in the text has no UTF-8 form; JSON can escape it.
        return json.dumps(builtins, indent=2)


def output_to_builtins(parsed: Parsed[Any]) -> dict[str, Any]:
    """An output that was found in a transcript: what printed it, where it stands, its records and diagnostics."""
    return {
        "command": parsed.command,
        "argv": list(parsed.argv) if parsed.argv else None,
        "source": parsed.source,
        "line": parsed.line,
        **({"pid": parsed.pid} if parsed.pid is not None else {}),
        **({"netns": parsed.netns} if parsed.netns is not None else {}),
        **({"host": parsed.host} if parsed.host is not None else {}),
        "records": to_builtins(parsed.records),
        "diagnostics": to_builtins(parsed.diagnostics),
    }


class UnknownSchema(AksparseError):
    """A schema name that aksparse does not have.

    Attributes:
        name: the name asked for.
        known: the names there are.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.known = schema_names()
        super().__init__(f"no schema {name!r}; there are: {', '.join(self.known)}")


@cache
def _schema_files() -> Any:
    """Where the schemas are: in the package when it is installed, beside `src` in a checkout."""
    packaged = files("aksparse").joinpath("schemas")
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "schemas"


def schema_names() -> tuple[str, ...]:
    """The names of the schemas, in alphabetical order."""
    names = (file.name for file in _schema_files().iterdir())
    return tuple(sorted(name.removesuffix(".schema.json") for name in names if name.endswith(".schema.json")))


def schema_text(name: str) -> str:
    """The text of a schema.

    Raises:
        UnknownSchema: there is none of that name.
    """
    if name not in schema_names():
        raise UnknownSchema(name)
    return str(_schema_files().joinpath(f"{name}.schema.json").read_text(encoding="utf-8"))


def validate(document: object, name: str) -> Iterator[str]:
    """What is wrong with a JSON document by a schema: one line each, `PATH: what`, in the order of the paths.

    Raises:
        UnknownSchema: there is no schema of that name.
    """
    for error in _errors(document, name):
        yield f"{error.json_path}: {_in_json(error)}"


def _in_json(error: ValidationError) -> str:
    """What is wrong, with a value of a wrong type as JSON writes it: `null`, not `None`."""
    if error.validator != "type":
        return error.message
    value = json.dumps(error.instance)
    shown = value if len(value) <= _LONGEST_VALUE else f"{value[:_LONGEST_VALUE]}..."
    return f"{shown} is not of type {str(error.validator_value)!r}"


_LONGEST_VALUE = 80


def _errors(document: object, name: str) -> Iterator[ValidationError]:
    from jsonschema import Draft202012Validator  # it takes long to import, and only validation needs it

    validator = Draft202012Validator(json.loads(schema_text(name)), format_checker=Draft202012Validator.FORMAT_CHECKER)
    for error in sorted(
        validator.iter_errors(document),
        key=lambda error: [(str(part), 0) if isinstance(part, str) else ("", part) for part in error.path],
    ):
        yield from _causes(error)


def _causes(error: ValidationError) -> Iterator[ValidationError]:
    """The error itself; where no alternative fits, the errors of the one that fits best."""
    alternatives: dict[Any, list[ValidationError]] = {}
    for inner in error.context or ():
        alternatives.setdefault(inner.relative_schema_path[0], []).append(inner)
    if not alternatives:
        yield error
        return
    # A constant, such as the kind of a match, tells the alternatives apart.
    of_other_kind = [any(inner.validator == "const" for inner in errors) for errors in alternatives.values()]
    ranks = zip(of_other_kind, map(len, alternatives.values()), alternatives, strict=True)
    for inner in alternatives[min(ranks)[2]]:
        yield from _causes(inner)


def fitting_schemas(document: object) -> list[str]:
    """The names of the schemas that a document is valid by."""
    return [name for name in schema_names() if next(validate(document, name), None) is None]


def nearest_schema(document: object) -> str | None:
    """The name of the schema that is nearest to a document; `None` when none knows any of its keys.

    It is one of those that know the most of its keys, and of these the one by which least is wrong with it.
    """
    items = document if isinstance(document, list) else [document]
    keys = {key for item in items if isinstance(item, dict) for key in item}
    schemas = {name: json.loads(schema_text(name)) for name in schema_names()}
    known = {
        name: len(keys & _keys(schema.get("items", schema), schema))
        for name, schema in schemas.items()
        if (schema.get("type") == "array") == isinstance(document, list)
    }
    most = max(known.values())
    names = [name for name, number in known.items() if number == most > 0]
    if len(names) < 2:
        return names[0] if names else None
    return min(names, key=lambda name: (sum(map(_weight, _errors(document, name))), name))


def _keys(schema: dict[str, Any], whole: dict[str, Any]) -> set[str]:
    """The keys that the objects of a schema may have."""
    if "$ref" in schema:
        return _keys(whole["$defs"][schema["$ref"].rpartition("/")[2]], whole)
    return set(schema.get("properties", ())).union(*(_keys(inner, whole) for inner in schema.get("anyOf", ())))


def _weight(error: ValidationError) -> int:
    """How much is wrong: there is one error for all the keys that an object should not have."""
    if error.validator != "additionalProperties":
        return 1
    document: Any = error.instance
    schema: Any = error.schema
    return len(document.keys() - schema["properties"].keys())


# Making schemas.


def make_schemas() -> dict[str, dict[str, Any]]:
    """Every schema by name, made from the attrs classes."""
    schemas = {
        name: _document(name, command.title, {"type": "array", "items": {"class": command.record}})
        for name, command in registry().items()
    }
    schemas["architecture"] = _document("architecture", "The architecture of a node", {"class": Description})
    schemas["capture"] = _document("capture", "The content of capture.toml", {"class": Manifest})
    schemas["comparison"] = _document("comparison", "The comparison of two nodes", {"class": Comparison})
    schemas["diagnostics"] = _document(
        "diagnostics", "What was not understood", {"type": "array", "items": {"class": Diagnostic}}
    )
    schemas["outputs"] = _document("outputs", "The outputs in a transcript", _outputs())
    return schemas


def write_schemas(directory: Path) -> None:
    """Write every schema to a directory, as `NAME.schema.json`."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, schema in make_schemas().items():
        text = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        directory.joinpath(f"{name}.schema.json").write_text(text, encoding="utf-8")


def _document(name: str, title: str, schema: dict[str, Any]) -> dict[str, Any]:
    """A schema with its head, and at its end the definitions it refers to."""
    definitions = _Definitions()
    body = definitions.resolve(schema)
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:aksparse:{name}",
        "title": title.rstrip("."),
    }
    return {**head, **body, "$defs": dict(sorted(definitions.found.items()))}


def _outputs() -> dict[str, Any]:
    """What `aksparse parse auto` prints: one object per output, whose records depend on its command."""
    properties: dict[str, Any] = {
        "command": {"type": "string", "description": "the name of the command"},
        "argv": {
            "type": ["array", "null"],
            "items": {"type": "string"},
            "description": "the command line that printed the output; null when the text does not say",
        },
        "source": {"type": "string", "description": "the name of the text"},
        "line": {"type": "integer", "description": "the number of the first line, counted from 1"},
        "pid": {"type": "integer", "description": "the process in whose network namespace the command ran, if any"},
        "netns": {
            "type": "string",
            "description": "the network namespace or container it ran in, if any; `one of several` where that is open",
        },
        "host": {"type": "string", "description": "the machine it ran on, if a prompt or a command line names it"},
        "records": {"description": "the records, as the schema of the command says"},
        "diagnostics": {"type": "array", "items": {"class": Diagnostic}, "description": "what was not understood"},
    }
    branches = [
        {
            "if": {"properties": {"command": {"const": name}}},
            "then": {"properties": {"records": {"type": "array", "items": {"class": command.record}}}},
        }
        for name, command in registry().items()
    ]
    item = {
        "type": "object",
        "properties": {**properties, "command": {"enum": list(registry()), **properties["command"]}},
        "required": [name for name in properties if name not in ("pid", "netns", "host")],
        "additionalProperties": False,
        "allOf": branches,
    }
    return {"type": "array", "items": item}


class _Definitions:
    """Replaces classes in a schema by references, and defines each class once."""

    def __init__(self) -> None:
        self.found: dict[str, Any] = {}

    def resolve(self, schema: Any) -> Any:
        """The schema with every `{"class": C}` in it resolved."""
        if isinstance(schema, list):
            return [self.resolve(item) for item in schema]
        if not isinstance(schema, dict):
            return schema
        if "class" in schema:
            described = {key: value for key, value in schema.items() if key != "class"}
            return {**self.of(schema["class"]), **described}
        return {key: self.resolve(value) for key, value in schema.items()}

    def of(self, kind: Any) -> dict[str, Any]:
        """The schema of a type."""
        if kind in _SCHEMAS:
            return dict(_SCHEMAS[kind])
        if kind is Any:
            return {}
        if isinstance(kind, type) and attrs.has(kind):
            return self.reference(kind)
        origin, arguments = get_origin(kind), get_args(kind)
        if origin in (types.UnionType, Union):
            alternatives = [self.of(argument) for argument in arguments if argument is not types.NoneType]
            return alternatives[0] if len(alternatives) == 1 else {"anyOf": alternatives}
        if origin is Literal:
            return {"const": arguments[0]} if len(arguments) == 1 else {"enum": list(arguments)}
        if origin is tuple:
            return {"type": "array", "items": self.of(arguments[0])}
        if origin is dict:
            values = self.of(arguments[1])
            return {"type": "object", **({"additionalProperties": values} if values else {})}
        raise TypeError(f"no JSON Schema for {kind!r}")

    def reference(self, cls: type[Any]) -> dict[str, Any]:
        if cls.__name__ not in self.found:
            self.found[cls.__name__] = {}  # holds the place, should the class refer to itself
            self.found[cls.__name__] = self.of_class(cls)
        return {"$ref": f"#/$defs/{cls.__name__}"}

    def of_class(self, cls: type[Any]) -> dict[str, Any]:
        title, descriptions = _docstring(cls)
        hints = get_type_hints(cls)
        fields = [field for field in attrs.fields(cls) if not (issubclass(cls, Record) and field.name in PROVENANCE)]
        # A manifest is written by hand and may leave out what has a default; in output only what is absent is left out.
        needless = (None,) if cls not in _WRITTEN_BY_HAND else tuple(field.default for field in fields)
        return {
            "title": title.rstrip("."),
            "type": "object",
            "properties": {
                key_of(field.name): {**self.of(hints[field.name]), "description": descriptions[field.name]}
                for field in fields
            },
            "required": [
                key_of(field.name)
                for field in fields
                if field.default is attrs.NOTHING or field.default not in needless
            ],
            "additionalProperties": False,
        }


_NETWORK = {"type": "string", "pattern": "^[0-9a-f.:]+/[0-9]{1,3}$"}
_SCHEMAS: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    Decimal: {"type": "string", "pattern": r"^[0-9]+\.[0-9]+$"},
    timedelta: {"type": "integer", "minimum": 0},
    date: {"type": "string", "format": "date"},
    IPv4Address: {"type": "string", "format": "ipv4"},
    IPv6Address: {"type": "string", "format": "ipv6"},
    IPv4Network: _NETWORK,
    IPv6Network: _NETWORK,
}
_WRITTEN_BY_HAND = (Manifest, NetworkSettings, OutputEntry, RouteTableEntry)


def _docstring(cls: type[Any]) -> tuple[str, dict[str, str]]:
    """The first line of a class's docstring, and what its `Attributes:` section says of each field."""
    text = cleandoc(cls.__doc__ or "")
    descriptions: dict[str, str] = {}
    for base in cls.__mro__[:-1]:
        _, _, section = cleandoc(base.__doc__ or "").partition("Attributes:\n")
        for match in re.finditer(r"^    (\w+): (.*(?:\n        .*)*)", section, re.MULTILINE):
            descriptions.setdefault(match[1], re.sub(r"\s+", " ", match[2]).rstrip("."))
    return text.splitlines()[0], descriptions
