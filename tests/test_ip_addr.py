"""`ip addr`: the pattern for the commonest lines is only faster than the grammars that define the format."""

from __future__ import annotations

import re
from typing import Any

import pyparsing as pp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aksparse.command import Parsed
from aksparse.commands import ip_addr
from aksparse.commands.ip_addr import parse_ip_addr
from aksparse.iproute.links import details
from aksparse.iproute.links.lines import ROWS
from aksparse.linere import LineGrammar
from tests.corpus import CORPUS, command_cases

ANY_LINE = LineGrammar(pp.Regex(r"[^\n]*\n").leave_whitespace(), whole=False)
TEXTS = [
    *(case.text for case in command_cases("ip_addr")),
    *(path.read_text(encoding="utf-8") for path in sorted(CORPUS.glob("captures/*/*ip_addr*.txt"))),
]
LINES = [text.splitlines() for text in TEXTS]
# What the pattern must leave to the grammars, or read as they do.
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


BEFORE = ["1: lo: <UP> mtu 65536", "    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00"]
LIFETIMES = "       valid_lft forever preferred_lft forever"
AFTER = [
    [],
    ["1x@host:~$ ", "    inet 10.0.0.2/24 scope global eth0", LIFETIMES],
    ["    inet 10.0.0.2/24 scope global eth0", LIFETIMES],
    ["    inet 10.0.0.2/24 scope global eth0", "       valid_lft 5sec preferred_lft 1sec"],
    ["3: b: <UP> mtu 9"],
    ["33"],
    [""],
]


def read(lines: list[str]) -> Parsed[Any]:
    return parse_ip_addr("\n".join(lines), strict=False)


def read_by_the_grammars(lines: list[str]) -> Parsed[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ip_addr, "ROWS", ANY_LINE)
        return read(lines)


def all_of(parsed: Parsed[Any]) -> tuple[Any, ...]:
    spans = [(link.span, [address.span for address in link.addr_info]) for link in parsed]
    return parsed.records, spans, parsed.diagnostics, parsed.ignored, parsed.recorded


@pytest.mark.parametrize("lines", LINES, ids=lambda lines: lines[0][:40])
def test_the_commonest_lines_of_recordings_are_read_as_the_grammars_read_them(lines: list[str]) -> None:
    assert all_of(read(lines)) == all_of(read_by_the_grammars(lines))


@pytest.mark.parametrize("line", UNUSUAL)
def test_unusual_lines_are_read_as_the_grammars_read_them(line: str) -> None:
    for after in AFTER:
        for lines in ([*BEFORE, line, LIFETIMES, *after], [line, BEFORE[1], *after], [*BEFORE, *after, line]):
            assert all_of(read(lines)) == all_of(read_by_the_grammars(lines))


@st.composite
def damaged(draw: st.DrawFn) -> list[str]:
    """Some lines of a recording, of which some are damaged."""
    recording = draw(st.sampled_from(LINES))
    start = draw(st.integers(0, len(recording) - 1))
    lines = recording[start : start + draw(st.integers(1, 16))]
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(lines) - 1))
        line = lines[place]
        column = draw(st.integers(0, len(line)))
        piece = draw(st.sampled_from(("", "", " ", "\t", "\n", ":", "@", "/", "0", "a", "if3", " proto", " dynamic ")))
        lines[place] = line[:column] + piece + line[column + draw(st.integers(0, 2)) :]
    return lines


@given(damaged())
@settings(max_examples=1000, deadline=None)
def test_damaged_lines_are_read_as_the_grammars_read_them(lines: list[str]) -> None:
    assert all_of(read(lines)) == all_of(read_by_the_grammars(lines))


def matches_of_many_lines(text: str) -> list[re.Match[str]]:
    return [match for match in ROWS.pattern.finditer(text) if match[0].count("\n") > 1]


def test_the_commonest_lines_are_in_nearly_every_recording() -> None:
    assert sum(bool(matches_of_many_lines(text)) for text in TEXTS) > len(TEXTS) * 0.6


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:40])
def test_both_engines_find_the_commonest_lines(text: str) -> None:
    for match in matches_of_many_lines(text):
        here = text[match.start() :]
        assert ROWS.parse(here) == ROWS.parse_with_pyparsing(here)


def test_every_kind_whose_settings_are_known_stands_in_a_case() -> None:
    links = [link.linkinfo for case in command_cases("ip_addr") for link in case.parsed if link.linkinfo]
    settled = {link.info_kind for link in links if link.info_data}
    settled |= {f"{link.info_slave_kind}_slave" for link in links if link.info_slave_data}
    assert settled >= {*details._KINDS, *details._SAME_OPTIONS}


def test_what_a_kind_says_on_several_lines_is_all_in_one_place() -> None:
    can = (
        "2: can0: <NOARP> mtu 16\n    link/can promiscuity 0 \n    can state STOPPED \n\t  bitrate 5 sample-point 0.8\n"
    )
    (link,) = parse_ip_addr(f"{can}\t  tq 25 sjw 1\n\t  mcp: sjw 1..4\n\t  clock 8 numtxqueues 1 \n")
    assert link.linkinfo
    assert link.linkinfo.info_data == {
        "state": "STOPPED",
        "bittiming": {"bitrate": 5, "sample_point": "0.8", "tq": 25, "sjw": 1},
        "clock": 8,
    }
    assert (link.linkinfo.info_other, link.num_tx_queues) == ("mcp: sjw 1..4", 1)


def test_counters_that_the_tool_rounded_are_told_and_not_guessed() -> None:
    head = "2: eth0: <UP> mtu 1500\n    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff\n"
    received = "    RX:  bytes packets errors dropped  missed   mcast           \n"
    parsed = parse_ip_addr(f"{head}{received}         12.3M   45.6k      0       0       0       0 \n", strict=False)
    (diagnostic,) = parsed.diagnostics
    assert (diagnostic.code, diagnostic.line, diagnostic.severity) == ("rounded-counters", 4, "error")
    assert parsed[0].stats64 is None
