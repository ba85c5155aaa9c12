"""`ip addr`: the patterns for the commonest lines are only faster than the grammars that define the format."""

from __future__ import annotations

from typing import Any

import pyparsing as pp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aksparse.command import Parsed
from aksparse.commands import ip_addr
from aksparse.commands.ip_addr import parse_ip_addr
from aksparse.linere import LineGrammar
from tests.corpus import CORPUS, command_cases

NOTHING = LineGrammar(pp.Literal("\0"))
ROWS = ("_LINK_ROW", "_LINK_LAYER_ROW", "_ADDRESS_ROW")
TEXTS = [
    *(case.text for case in command_cases("ip_addr")),
    *(path.read_text(encoding="utf-8") for path in sorted(CORPUS.glob("captures/*/*ip_addr*.txt"))),
]
LINES = sorted({line for text in TEXTS for line in text.splitlines()})
# What the patterns must leave to the grammars, or read as they do.
UNUSUAL = [
    "2: a@b@c: <UP> mtu 1500",
    "2: a:b: <UP> mtu 1500",
    "2: a: b: <UP> mtu 1500",
    "2: a@NONE: <UP> mtu 1500",
    "2:  a@if5: <UP> mtu 1500",
    "2: a@if5 : <UP> mtu 1500",
    "2: \ta: <UP>\tmtu 1500",
    "2: a: <UP> mtu",
    "1234567890: a: <UP> mtu 1500",
    "    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff link-netnsid",
    "    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff link-netnsid 5 protodown on",
    "    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff link-netnsidx 5",
    "    link/ether  02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff",
    "    link/ether 02:00:00:00:00:01\tbrd ff:ff:ff:ff:ff:ff",
    "    link/ether 02:00:00:00:00:0G brd ff:ff:ff:ff:ff:ff",
    "    link/ brd 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff",
    "    inet 10.0.0.1/24 scope global dynamic",
    "    inet 10.0.0.1/24 scope global dynamic dynamic",
    "    inet 10.0.0.1/24 scope global dynamic eth0 ",
    "    inet 10.0.0.1/24 scope global proto",
    "    inet 10.0.0.1/24 scope global",
    "    inet 10.0.0.1/24 scope ",
    "    inet 10.0.0.1/2444 scope global eth0",
    "    inet 10.0.0.1/24 scope global eth 0",
    "    inet 10.0.0.1/24 brd 10.0.0.300 scope global eth0",
    "    inet 10.0.0.300/24 scope global eth0",
    "    inet fe80::1/64 scope link eth0",
    "    inet6 10.0.0.1/24 scope global",
    "    inet6 fe80::1/64 scope link dynamic",
    "    inet6 fe80::1/64 scope link  dynamic\t",
    "    inet6 fe80::1/64 scope link eth0",
    "    inet6 fe80::1/",
    "    inet 10.0.0.1/",
    "    inet6 fe80::g/64 scope link",
    "    inet6 fe80:::/64 scope link",
    "    inet6  fe80::1/64 scope link",
    "    inet6 fe80::1 peer fe80::2/64 scope link",
]


def read(lines: list[str]) -> Parsed[Any]:
    return parse_ip_addr("\n".join(lines), strict=False)


def read_by_the_grammars(lines: list[str]) -> Parsed[Any]:
    with pytest.MonkeyPatch.context() as patch:
        for row in ROWS:
            patch.setattr(ip_addr, row, NOTHING)
        return read(lines)


def all_of(parsed: Parsed[Any]) -> tuple[Any, ...]:
    spans = [(link.span, [address.span for address in link.addr_info]) for link in parsed]
    return parsed.records, spans, parsed.diagnostics, parsed.ignored, parsed.recorded


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:40])
def test_the_patterns_for_the_commonest_lines_read_recordings_as_the_grammars_do(text: str) -> None:
    assert all_of(read(text.splitlines())) == all_of(read_by_the_grammars(text.splitlines()))


@pytest.mark.parametrize("line", UNUSUAL)
def test_the_patterns_for_the_commonest_lines_read_unusual_lines_as_the_grammars_do(line: str) -> None:
    lines = ["1: lo: <UP> mtu 65536", line, "       valid_lft forever preferred_lft forever"]
    assert all_of(read(lines)) == all_of(read_by_the_grammars(lines))


@st.composite
def damaged_lines(draw: st.DrawFn) -> str:
    line = draw(st.sampled_from(LINES + UNUSUAL))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(line)))
        piece = draw(st.sampled_from(("", "", " ", "\t", ":", "@", "/", "0", "a", "f", "if3", " proto", " dynamic ")))
        line = line[:start] + piece + line[start + draw(st.integers(0, 2)) :]
    return line


@given(st.lists(damaged_lines(), max_size=6))
@settings(max_examples=500, deadline=None)
def test_the_patterns_for_the_commonest_lines_read_damaged_lines_as_the_grammars_do(lines: list[str]) -> None:
    assert all_of(read(lines)) == all_of(read_by_the_grammars(lines))


@pytest.mark.parametrize("row", ROWS)
def test_each_pattern_reads_lines_of_nearly_every_recording(row: str) -> None:
    matched = [any(map(getattr(ip_addr, row).pattern.match, text.splitlines())) for text in TEXTS]
    assert sum(matched) > len(TEXTS) * 0.7
