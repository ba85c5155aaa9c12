"""What is read takes time in proportion to its size: lines without end, and texts of many lines."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from aksparse.command import recognise, split_lines
from aksparse.commands.az_aks_create import parse_az_aks_create
from aksparse.terminal.noise import noise
from aksparse.terminal.prompts import headline, named, typed

_LONG = 7_900  # lines that are longer are not looked at by all that is tried here


def seconds(read: Callable[[str], object], text: str) -> float:
    started = time.process_time()
    read(text)
    return time.process_time() - started


def options(text: str) -> object:
    return parse_az_aks_create(text, strict=False)


LINES: list[tuple[Callable[[str], object], str, str, str]] = [
    (noise, "", "@", ""),
    (noise, "", "a@", ": Permission"),
    (headline, "--- bridge ", "-", " a"),
    (headline, "## Big", " ", "Picture"),
    (headline, "## Big ", "#", "a"),
    (headline, "<< a ", ">", "b"),
    (headline, ">> a", " ", "b"),
    (named, "--- a", " ", "bridge ---"),
    (named, "Every 2.0s: a", " ", "b"),
    (typed, "└", "─", "a"),
    (typed, "PS", "PS", "@a$ b"),
    (split_lines, "a", "\r", "b"),
    (options, "", "a", '--dns-service-ip "10.200.0.10" \\'),
    (lambda text: recognise([text]), "", "a@", ""),
]


@pytest.mark.parametrize(("read", "before", "part", "behind"), LINES)
def test_a_line_four_times_as_long_takes_no_sixteen_times_as_long(
    read: Callable[[str], object], before: str, part: str, behind: str
) -> None:
    short, long = (f"{before}{part * (length // len(part))}{behind}" for length in (_LONG // 4, _LONG))
    read(short)
    assert min(seconds(read, long) for _ in range(3)) < 8 * min(seconds(read, short) for _ in range(3)) + 0.04
