"""`route` and `netstat -r` in all their forms say the same of the same routes, fast or not."""

from __future__ import annotations

from ipaddress import IPv6Network
from itertools import product
from typing import Any

import pytest

from aksparse import parse_route, to_builtins
from aksparse.commands import route
from tests.corpus import command_cases

CASES = {case.path.name: case for case in command_cases("route")}
HEADERS = [CASES[name].text.splitlines()[1] for name in ("zoo", "zoo-extended")]

USUAL = ("10.0.0.7", "10.0.0.1", "255.255.255.255", "UGH", "100", "0", "7", "azv0123456789a")
# What else may stand in each column, right and wrong.
UNUSUAL = (
    ("10.0.0.8", "10.0.0.300", "10.0.0.08", "default", "pods", "*", "-", "", "10.0.0", "::"),
    ("-", "*", "default", "gateway.interna", "_gateway", "10.0.0.300", "10.0.0.1.1", "", "::"),
    ("255.255.255.0", "255.255.255.248", "0.0.0.0", "255.0.255.0", "255.255.255", "default", ""),
    ("U", "!", "!H", "UGX", ""),
    *[("-", "-1", "0", "x", str(10**17), str(10**19), "1.5", "")] * 3,
    ("eth0", "-", "*", "a b", "a\tb", "", "0"),
)


def fields(name: str, *without: str) -> list[dict[str, Any]]:
    records = to_builtins(CASES[name].parsed.records)
    return [{key: value for key, value in record.items() if key not in without} for record in records]


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("blank", [" ", "  ", "\t"])
def test_a_row_in_few_looks_reads_as_in_many(header: str, blank: str) -> None:
    for column, cells in enumerate(UNUSUAL):
        for cell, end in product((USUAL[column], *cells), ("", " ")):
            row = (*USUAL[:column], cell, *USUAL[column + 1 :])
            text = f"{header}\n{blank.join(row)}{end}\n"
            fast = parse_route(text, strict=False)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(route._Betweens, "__missing__", lambda *_: None)
                general = parse_route(text, strict=False)
            assert fast == general


def test_usual_rows_are_read_in_few_looks() -> None:
    header, row = HEADERS[0], CASES["kubenet-node"].text.splitlines()[2]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(route, "_read_row", None)
        assert len(parse_route(f"{header}\n{row}")) == 1


def test_every_form_of_a_table_has_the_same_routes() -> None:
    both = fields("zoo-extended-twice")
    sizes, used = {"mss", "window", "irtt"}, {"metric", "ref", "use"}
    cut = [index for index, record in enumerate(both) if record.get("truncated")]
    assert [both[index].pop("truncated") for index in cut] == [["iface"], ["iface"]]
    for name, without in (("zoo", sizes), ("zoo-extended", used)):
        whole = fields(name)
        for index in cut:
            assert (both[index]["iface"], whole[index]["iface"]) == ("a-15-c", "a-15-char-iface")
            whole[index]["iface"] = both[index]["iface"]
        assert whole == [{key: record[key] for key in record if key not in without} for record in both]


def test_names_and_numbers_are_of_the_same_routes() -> None:
    named, sizes = fields("names"), fields("names-netstat")
    common = ("destination", "gateway", "genmask", "flags", "iface", "truncated")
    assert [[r.get(key) for key in common] for r in named] == [[r.get(key) for key in common] for r in sizes]
    busybox = fields("numbers-busybox")
    assert [r["genmask"] for r in named] == [r["genmask"] for r in busybox]
    numbered = {r["destination"] for r in busybox}
    assert {r["destination"] for r in named} - numbered == {"pods", "pod-7", "link-local"}


def test_the_words_for_an_address_of_zeros_are_that_address() -> None:
    for name in ("names", "names-netstat", "names-busybox"):
        default, *_ = CASES[name].parsed
        assert str(default.network) == "0.0.0.0/0"
        assert {str(record.gateway) for record in CASES[name].parsed if record.flags == "UH"} == {"0.0.0.0"}
    named = [record.network for record in CASES["names-ipv6"].parsed if record.network is not None]
    numbered = [record.network for record in CASES["ipv6-busybox"].parsed]
    assert len(named) == len(numbered) - 2
    assert set(map(str, named)) == set(map(str, numbered)) - {"::1/128", "2001:db8:1::7/128"}


ROW = "10.244.0.0      10.224.0.5      255.255.0.0     UG    "


@pytest.mark.parametrize(
    ("argv", "line", "said", "warned"),
    [
        ((), f"{ROW}100    0        7 eth0", {"metric": 100, "ref": 0, "use": 7}, False),
        ((), f"{ROW} 1400 100        7 eth0", {"mss": 1400, "window": 100, "irtt": 7}, False),
        ((), "10.244.0.0 10.224.0.5 255.255.0.0 UG 100 0 7 eth0", {"metric": 100, "ref": 0, "use": 7}, True),
        (
            ("route", "-n"),
            "10.244.0.0 10.224.0.5 255.255.0.0 UG 100 0 7 eth0",
            {"metric": 100, "ref": 0, "use": 7},
            False,
        ),
        (
            ("netstat", "-r", "-n"),
            "10.244.0.0 10.224.0.5 255.255.0.0 UG 100 0 7 eth0",
            {"mss": 100, "window": 0, "irtt": 7},
            False,
        ),
        (
            ("netstat", "-nre"),
            "10.244.0.0 10.224.0.5 255.255.0.0 UG 100 0 7 eth0",
            {"metric": 100, "ref": 0, "use": 7},
            False,
        ),
    ],
)
def test_without_a_header_the_command_line_or_the_place_tells_what_the_numbers_are(
    argv: tuple[str, ...], line: str, said: dict[str, int], warned: bool
) -> None:
    parsed = parse_route(line, argv=argv)
    (record,) = to_builtins(parsed.records)
    numbers = ("metric", "ref", "use", "mss", "window", "irtt")
    assert {key: record[key] for key in numbers if key in record} == said
    assert [d.code for d in parsed.diagnostics] == ["assumed-columns"] * warned


@pytest.mark.parametrize("length", range(129))
def test_an_ipv6_destination_has_no_bits_outside_its_prefix(length: int) -> None:
    row = f"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/{length} :: U 256 1 0 eth0"
    assert parse_route(row, strict=False).understood == (length == 128)
    assert parse_route(f"::/{length} :: U 256 1 0 eth0")[0].network == IPv6Network(f"::/{length}")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("::/129 :: U 256 1 0 eth0", "expected length of an IPv6 prefix, found '129'"),
        ("10.0.0.0/8 :: U 256 1 0 eth0", "expected destination without bits outside its mask 8, found '10.0.0.0'"),
        ("fe80::1::/64 :: U 256 1 0 eth0", "expected IPv6 address, found 'fe80::1::'"),
        ("::/0 :: U many 1 0 eth0", "expected integer, found 'many'"),
    ],
)
def test_what_is_wrong_with_an_ipv6_row_is_said(row: str, message: str) -> None:
    parsed = parse_route(f"Destination Next Hop Flag Met Ref Use If\n{row}", strict=False)
    assert [d.message for d in parsed.diagnostics] == [message]


@pytest.mark.parametrize(
    "line",
    [
        "route -n",
        "route -een",
        "route -n --inet6",
        "route --numeric --extend",
        "route -4",
        "route -A inet6 -n",
        "route -nA inet",
        "route -nAinet6",
        "netstat -rn",
        "netstat --route --numeric",
        "netstat -6 -rnW",
        "netstat -nr",
    ],
)
def test_the_spellings_of_its_command_lines(line: str) -> None:
    assert route.COMMAND.produced_by(line.split())


@pytest.mark.parametrize(
    "line", ["route -C", "route add default gw 10.0.0.1", "route -A ipx", "netstat -n", "netstat -i", "route -V"]
)
def test_the_same_programs_print_other_things_as_well(line: str) -> None:
    assert not route.COMMAND.produced_by(line.split())


def test_an_ipv4_mapped_address_is_printed_as_the_one_in_it() -> None:
    """As net-tools 2.10 prints the routes to ::ffff:10.1.2.0/120 and to ::ffff:0:0/96."""
    rows = ("10.1.2.0/120  ::  U  1024 1  0 v0", "0.0.0.0/96  fe80::1  UG  1024 2  0 v0")
    routes = parse_route("\n".join(("Destination  Next Hop  Flag Met Ref Use If", *rows)))
    assert [route.network for route in routes] == [IPv6Network("::ffff:10.1.2.0/120"), IPv6Network("::ffff:0:0/96")]
