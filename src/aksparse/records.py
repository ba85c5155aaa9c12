"""What all records have in common: they are frozen attrs classes that know where they were read."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import attrs

from aksparse.diagnostics import Span

P = ParamSpec("P")
R = TypeVar("R", bound="Record")

PROVENANCE = ("origin", "line", "end_line")


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
    reading the line did. This fills an instance of a twin class with the same slots, which is not frozen, and then
    makes it an instance of the class.

    Raises:
        TypeError: a field has a factory, a converter or a validator, which this would not run.
    """
    record = cast("type[R]", cls)
    slots = [slot for slot in vars(record)["__slots__"] if slot != "__weakref__"]
    twin = type(record.__name__, record.__bases__, {"__slots__": slots, "__init__": object.__init__})
    names: dict[str, object] = {"twin": twin, "record": record}
    parameters = []
    for field in attrs.fields(record):
        if isinstance(field.default, attrs.Factory) or field.converter or field.validator:  # type: ignore[arg-type]
            raise TypeError(f"{record.__name__}.{field.name} has a factory, a converter or a validator")
        parameters.append(field.name)
        if field.default is not attrs.NOTHING:
            parameters[-1] += f"=default_{field.name}"
            names[f"default_{field.name}"] = field.default
    assignments = "".join(f"    made.{field.name} = {field.name}\n" for field in attrs.fields(record))
    exec(  # noqa: S102  (attrs makes its own __init__ the same way)
        f"def make(*, {', '.join(parameters)}):\n    made = twin()\n{assignments}"
        "    made.__class__ = record\n    return made\n",
        names,
    )
    return cast("Callable[P, R]", names["make"])
