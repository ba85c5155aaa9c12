"""What all records have in common: they are frozen attrs classes that know where they were read."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, ParamSpec, TypeVar, cast

import attrs

from aksparse.diagnostics import Span

P = ParamSpec("P")
R = TypeVar("R", bound=attrs.AttrsInstance)

PROVENANCE = ("origin", "line", "end_line", "option_lines")
"""Fields of records that say where they were read. They are not in the JSON, which says what the text says."""


@attrs.define(kw_only=True)
class Record:
    """A record read from text. Where it was read takes no part in comparing records.

    Attributes:
        origin: the name of the text.
        line: the number of the record's first line, counted from 1.
        end_line: the number of its last line; absent when it has only one.
    """

    origin: str = attrs.field(eq=False, repr=False)
    line: int = attrs.field(eq=False, repr=False)
    end_line: int | None = attrs.field(default=None, eq=False, repr=False)

    @property
    def span(self) -> Span:
        """Where the record was read."""
        return Span(self.origin, self.line, self.end_line or self.line)


def constructor(cls: Callable[P, R]) -> Callable[P, R]:
    """A function that makes the same records from the same arguments as the class itself, in half the time.

    The `__init__` of a frozen attrs class goes through `object.__setattr__` for every field, which takes longer than
    reading the line did. This fills a draft, which is not frozen, and then makes it an instance of the class.

    Raises:
        TypeError: a field has a factory, a converter or a validator, which this would not run.
    """
    return cast("Callable[P, R]", _constructor(cast("Any", cls)))


@cache
def _constructor(record: type[Any]) -> Callable[..., Any]:
    parameters, assignments = _body(record)
    names = {"draft": _twin(record), "record": record, **_defaults(record)}
    source = (
        f"def make(*, {parameters}):\n    made = draft()\n{assignments}    made.__class__ = record\n    return made\n"
    )
    exec(source, names)  # noqa: S102  (attrs makes its own __init__ the same way)
    return cast("Callable[..., Any]", names["make"])


@cache
def drafter(cls: type[R]) -> Callable[[], Any]:
    """A function that makes drafts of a record: not frozen, to be filled field by field; fields have their defaults.

    `finish` makes a draft a record. This is for what several lines say together, and for records of many fields, which
    `constructor` makes slowly: Python takes time in the square of the number of keywords to match them.

    Args:
        cls: the class of the record.

    Raises:
        TypeError: a field has a factory, a converter or a validator, which this would not run.
    """
    named = [field.name for field in attrs.fields(cls) if field.default is not attrs.NOTHING]
    assignments = "".join(f"    made.{name} = default_{name}\n" for name in named)
    scope = {"draft": _twin(cls), **_defaults(cls)}
    exec(f"def make():\n    made = draft()\n{assignments}    return made\n", scope)  # noqa: S102
    return cast("Callable[[], Any]", scope["make"])


def maker(cls: type[R], *names: str) -> Callable[..., R]:
    """A function that makes records from the values of these fields, given in this order; other fields are defaults.

    It is the fastest way to make a record: Python takes time to match keywords, and a draft fills some fields twice.

    Raises:
        TypeError: a field has a factory, a converter or a validator, or one without a default is not among the names.
    """
    defaults = _defaults(cls)
    fields = attrs.fields(cls)
    if left_out := {field.name for field in fields if field.default is attrs.NOTHING} - set(names):
        raise TypeError(f"{cls.__name__} needs {', '.join(sorted(left_out))}")
    values = {field.name: field.name if field.name in names else _default(field) for field in fields}
    assignments = "".join(f"    made.{name} = {value}\n" for name, value in values.items())
    scope = {"draft": _twin(cls), "record": cls, **defaults}
    body = f"    made = draft()\n{assignments}    made.__class__ = record\n    return made\n"
    exec(f"def make({', '.join(names)}):\n{body}", scope)  # noqa: S102
    return cast("Callable[..., R]", scope["make"])


def _default(field: attrs.Attribute[Any]) -> str:
    """How a function names a default: most are constants, which Python need not look up."""
    return repr(field.default) if field.default in (None, False, True, ()) else f"default_{field.name}"


def finish(draft: Any) -> Any:
    """Make a draft the record that it is a draft of; from here on it is frozen."""
    draft.__class__ = draft.record
    return draft


def _twin(record: type[R]) -> type[Any]:
    """A class of the same slots that is not frozen: its instances may become instances of the record class.

    Python lets them quickly, without a look at each slot, since it adds none to those of the record class.
    """
    of_object = {name: getattr(object, name) for name in ("__init__", "__setattr__", "__delattr__")}
    return type(record.__name__, (record,), {"__slots__": (), "record": record, **of_object})


def _defaults(record: type[R]) -> dict[str, Any]:
    for field in attrs.fields(record):
        if isinstance(field.default, attrs.Factory) or field.converter or field.validator:  # type: ignore[arg-type]
            raise TypeError(f"{record.__name__}.{field.name} has a factory, a converter or a validator")
    return {f"default_{field.name}": field.default for field in attrs.fields(record)}


def _body(record: type[R]) -> tuple[str, str]:
    """The parameters of a function that fills a record, and its assignments."""
    fields = attrs.fields(record)
    parameters = ", ".join(
        field.name if field.default is attrs.NOTHING else f"{field.name}=default_{field.name}" for field in fields
    )
    return parameters, "".join(f"    made.{field.name} = {field.name}\n" for field in fields)
