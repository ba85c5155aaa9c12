"""`constructor(cls)` makes the records that the class itself makes."""

from __future__ import annotations

import importlib
import itertools
import pickle
import pkgutil
import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aksparse import commands
from aksparse.iproute.links.records import LinkInfo
from aksparse.records import PROVENANCE, Record, constructor, maker

# Any value may be a setting; a few kinds of them are enough.
_settings = st.none() | st.dictionaries(st.text(), st.booleans() | st.integers() | st.text())
st.register_type_strategy(LinkInfo, st.builds(LinkInfo, info_data=_settings, info_slave_data=_settings))


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hypothesis.strategies import SearchStrategy


def record_classes(command: str) -> list[type[Record]]:
    values = vars(importlib.import_module(f"{commands.__name__}.{command}")).values()
    return [value for value in values if isinstance(value, type) and issubclass(value, Record) and value is not Record]


def is_plain(cls: type[Record]) -> bool:
    """Whether the `__init__` of a class does nothing but fill its fields: all that a constructor does."""
    hooks = any(hasattr(cls, f"__attrs_{when}_init__") for when in ("pre", "post"))
    return not hooks and not any(
        field.converter or field.validator or type(field.default) is type(attrs.Factory(dict))
        for field in attrs.fields(cls)
    )


def holds_json(cls: type[Record]) -> bool:
    """Whether a field keeps JSON as it is, which may be anything: no strategy draws that."""
    return any("Any" in str(hint) for hint in get_type_hints(cls).values())


RECORDS_OF = {module.name: record_classes(module.name) for module in pkgutil.iter_modules(commands.__path__)}
RECORDS = list(dict.fromkeys(itertools.chain(*RECORDS_OF.values())))
PLAIN_RECORDS = [cls for cls in RECORDS if is_plain(cls) and not holds_json(cls)]
every_plain_record = pytest.mark.parametrize("cls", PLAIN_RECORDS, ids=lambda cls: f"{cls.__module__}.{cls.__name__}")

# Not a number is not equal to itself; that is no question of constructors.
st.register_type_strategy(Decimal, st.decimals(allow_nan=False))


def arguments(cls: type[Record]) -> SearchStrategy[dict[str, Any]]:
    """Arguments of every type a field allows; those with a default are sometimes left out."""
    hints = get_type_hints(cls)
    fields = {field.name: st.from_type(hints[field.name]) for field in attrs.fields(cls)}
    required = {name for name in fields if attrs.fields_dict(cls)[name].default is attrs.NOTHING}
    return st.fixed_dictionaries(
        {name: strategy for name, strategy in fields.items() if name in required},
        optional={name: strategy for name, strategy in fields.items() if name not in required},
    )


def hash_of(record: Record) -> int | str:
    try:
        return hash(record)
    except TypeError as error:
        return str(error)


def test_every_command_has_records() -> None:
    assert RECORDS_OF
    assert all(RECORDS_OF.values())


@every_plain_record
@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_constructor_makes_the_record_that_the_class_makes(cls: type[Record], data: st.DataObject) -> None:
    given_arguments = data.draw(arguments(cls))
    expected, made = cls(**given_arguments), constructor(cls)(**given_arguments)
    assert type(made) is cls
    assert made == expected
    assert repr(made) == repr(expected)
    assert hash_of(made) == hash_of(expected)
    assert attrs.asdict(made) == attrs.asdict(expected)
    assert made.span == expected.span
    assert attrs.evolve(made, line=7) == expected
    copied = pickle.loads(pickle.dumps(made))
    assert (type(copied), copied, attrs.asdict(copied)) == (cls, made, attrs.asdict(made))
    for field in attrs.fields(cls):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(made, field.name, None)
    with pytest.raises((AttributeError, attrs.exceptions.FrozenInstanceError)):
        made.nonsense = 1  # type: ignore[attr-defined]


@every_plain_record
@given(data=st.data())
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_maker_makes_the_record_that_the_class_makes(cls: type[Record], data: st.DataObject) -> None:
    given_arguments = data.draw(arguments(cls))
    names = data.draw(st.permutations(list(given_arguments)))
    expected, made = cls(**given_arguments), maker(cls, *names)(*(given_arguments[name] for name in names))
    assert type(made) is cls
    assert made == expected
    assert attrs.asdict(made) == attrs.asdict(expected)
    assert (made.origin, made.line, made.end_line) == (expected.origin, expected.line, expected.end_line)


@every_plain_record
def test_a_maker_is_told_every_field_that_a_record_needs(cls: type[Record]) -> None:
    needed = [field.name for field in attrs.fields(cls) if field.default is attrs.NOTHING]
    with pytest.raises(TypeError, match=rf"{cls.__name__} needs {min(needed[1:])}"):
        maker(cls, needed[0])


@every_plain_record
def test_a_constructor_wants_the_arguments_that_the_class_wants(cls: type[Record]) -> None:
    makers: tuple[Callable[..., Record], ...] = (cls, constructor(cls))
    for make in makers:
        with pytest.raises(TypeError, match=r"missing .* required keyword-only argument"):
            make(origin="x")
        with pytest.raises(TypeError, match="unexpected keyword argument 'nonsense'"):
            make(origin="x", line=1, nonsense=2)
        with pytest.raises(TypeError, match="positional argument"):
            make("x")


@every_plain_record
def test_where_a_record_was_read_takes_no_part_in_comparing(cls: type[Record]) -> None:
    fields = attrs.fields_dict(cls)
    assert [
        name
        for name in PROVENANCE
        if name in fields and (fields[name].eq is not False or fields[name].repr is not False)
    ] == []


def test_a_record_that_needs_more_than_its_fields_filled_has_no_constructor() -> None:
    wronged = [
        cls for cls in RECORDS if cls not in PLAIN_RECORDS and hasattr(sys.modules[cls.__module__], "constructor")
    ]
    assert wronged == []


def parts(hint: Any) -> Iterator[type]:
    """The classes of records in a type, and those in their fields."""
    for inner in get_args(hint):
        yield from parts(inner)
    if attrs.has(hint) and isinstance(hint, type):
        yield hint
        for field in get_type_hints(hint).values():
            yield from parts(field)


CLASSES = list(dict.fromkeys(part for record in RECORDS for part in parts(record)))


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: f"{cls.__module__}.{cls.__name__}")
def test_what_a_text_does_not_say_has_no_default_but_absence(cls: type) -> None:
    hints = get_type_hints(cls)
    for field in attrs.fields(cls):
        if field.name == "kind" and field.default is not attrs.NOTHING:
            assert get_args(hints["kind"]) == (field.default,)
        elif not isinstance(field.default, type(attrs.Factory(dict))):
            assert field.default in (attrs.NOTHING, None, False, ()), field.name


def test_the_parts_of_records_are_found() -> None:
    assert len(CLASSES) > 100
