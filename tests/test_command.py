"""A parse leaves the garbage collector as it found it."""

from __future__ import annotations

import gc
import sys
from typing import TYPE_CHECKING

import pytest

from aksparse import parse_route

if TYPE_CHECKING:
    from collections.abc import Iterator

ROUTES = "0.0.0.0 10.0.0.1 0.0.0.0 UG 0 0 0 eth0\n10.0.0.0 0.0.0.0 255.255.255.0 U 0 0 0 eth0\n"


@pytest.fixture(autouse=True)
def _collector() -> Iterator[None]:
    yield
    gc.unfreeze()
    gc.enable()


def test_records_join_the_objects_that_were_looked_at() -> None:
    gc.unfreeze()
    routes = parse_route(ROUTES)
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
    if sys.version_info < (3, 14):  # there the generations are others
        old = {id(thing) for thing in gc.get_objects(generation=2)}
        assert {id(route) for route in routes} <= old


def test_what_a_program_froze_stays_frozen() -> None:
    gc.freeze()
    frozen = gc.get_freeze_count()
    parse_route(ROUTES)
    assert gc.isenabled()
    assert gc.get_freeze_count() == frozen


def test_a_collector_that_is_off_stays_off() -> None:
    gc.disable()
    parse_route(ROUTES)
    assert not gc.isenabled()
