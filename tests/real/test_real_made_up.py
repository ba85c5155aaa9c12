"""The tools' texts say what their JSON says of links, routes and neighbours that no kernel here can have.

The tools print what the kernel tells them: here they are told what was made up at random.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from aksparse import (
    Parsed,
    parse_bridge_fdb,
    parse_bridge_link,
    parse_ip_addr,
    parse_ip_neigh,
    parse_ip_route,
    parse_ip_rule,
    to_builtins,
)
from tests.iproute_json import assert_same_routes, said_by_text, said_by_text_of_rule
from tests.real.conftest import unavailable
from tests.real.made_up import MadeUp
from tests.real.test_real_ip_addr import judged

pytestmark = pytest.mark.real

Printed = Callable[[str, bytes], tuple[str, list[dict[str, Any]]]]
"""A command line and what the kernel answers: the text, and the same as JSON."""


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Printed:
    directory = tmp_path_factory.mktemp("answers")
    if shutil.which("cc") is None:
        unavailable("there is no C compiler")
    library, answers = directory / "answers.so", directory / "answers"
    source = Path(__file__).with_name("answers.c")
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", library, source], check=True)
    environment = {**os.environ, "LC_ALL": "C", "LD_PRELOAD": str(library), "ANSWERS": str(answers)}

    def say(command: str, messages: bytes) -> tuple[str, list[dict[str, Any]]]:
        answers.write_bytes(messages)
        tool, *words = command.split()
        if shutil.which(tool) is None:
            unavailable(f"{tool} is not installed")
        # There is no JSON of busybox.
        judge = ["ip", "-j", *words[1:]] if tool == "busybox" else [tool, "-j", *words]
        text, document = (
            subprocess.run(argv, capture_output=True, text=True, check=True, env=environment).stdout
            for argv in ([tool, *words], judge)
        )
        return text, json.loads(document or "[]")

    return say


LINKS = (
    *(
        "-d link",
        "-s -s -d link",
        "-o -d -s link",
        "-d addr",
        "-s addr",
        "-4 addr",
        "-6 -d addr",
        "-o addr",
        "-o -d link",
    ),
    *("-br link", "-br addr", "-N -d link", "-d -d link", "-4 -d link"),
)
ROUTES = [
    f"{family} {options} route show table all" for family in ("-4", "-6") for options in ("", "-d", "-o", "-s -d", "-N")
]
RULES = ("-4 rule", "-6 -d rule", "-4 -N rule", "-6 -o rule")
NEIGHBOURS = (
    "neigh show nud all",
    "-s neigh show nud all",
    "-d -s -o neigh show nud all",
    "-4 -N neigh",
    "-br neigh show nud all",
)
ENTRIES = ("fdb show", "-s fdb show", "-d -o fdb show")
PORTS = ("link", "-d link", "-d -o link")


def records(parse: Callable[[str], Parsed[Any]], text: str) -> list[dict[str, Any]]:
    read: list[dict[str, Any]] = said_by_text(to_builtins(parse(text).records))
    return read


@pytest.mark.parametrize("seed", range(28))
def test_links_made_up_read_as_in_the_json(seed: int, printed: Printed) -> None:
    made = MadeUp(seed)
    links = [made.plain_link(1, "lo"), made.plain_link(2, "eth0"), *(made.link(index) for index in range(3, 11))]
    addresses = [made.address(index) for index in range(1, 11) for _ in range(made.random.randrange(3))]
    for form in made.random.sample(LINKS, 4):
        text, document = printed(f"ip {form}", b"".join(links + addresses))
        assert judged(form, text, document, {}) == []


@pytest.mark.parametrize("seed", range(14))
def test_routes_rules_and_neighbours_made_up_read_as_in_the_json(seed: int, printed: Printed) -> None:
    made = MadeUp(seed)
    links = made.ways()
    for form in made.random.sample(ROUTES, 2):
        text, document = printed(f"ip {form}", links + b"".join(made.route() for _ in range(20)))
        assert_same_routes(records(parse_ip_route, text), document, details="-d" in form)
    form = made.random.choice(RULES)
    text, document = printed(f"ip {form}", links + b"".join(made.rule() for _ in range(20)))
    assert records(parse_ip_rule, text) == [said_by_text_of_rule(rule) for rule in document]
    form = made.random.choice(NEIGHBOURS)
    text, document = printed(f"ip {form}", links + b"".join(made.neighbour() for _ in range(20)))
    assert records(parse_ip_neigh, text) == said_by_text(document)


@pytest.mark.parametrize("seed", range(7))
def test_entries_and_ports_made_up_read_as_in_the_json(seed: int, printed: Printed) -> None:
    made = MadeUp(seed)
    links = made.ways()
    form = made.random.choice(ENTRIES)
    text, document = printed(f"bridge {form}", links + b"".join(made.entry() for _ in range(20)))
    entries = [{key: value for key, value in entry.items() if (key, value) != ("state", "")} for entry in document]
    assert records(parse_bridge_fdb, text) == said_by_text(entries)
    form = made.random.choice(PORTS)
    text, document = printed(f"bridge {form}", b"".join(made.bridge_port(index) for index in range(1, 12)))
    assert records(parse_bridge_link, text) == said_by_text(document)


# busybox prints less than iproute2; of what it prints, these are the same as there. Flags come below.
IN_BUSYBOX = {
    "addr": "ifindex ifname mtu qdisc master link_type address broadcast",
    "link": "ifindex ifname mtu qdisc master link_type address broadcast",
    "route": "type dst gateway dev scope prefsrc metric iif",
    "rule": "priority src srclen dst dstlen fwmark fwmask iif suppress_prefixlen",
    "neigh": "dst dev lladdr router proxy",
}
IN_ADDRESSES_OF_BUSYBOX = "family local address prefixlen broadcast anycast scope label"
UNNAMED = {
    **{0x100: "PROMISC", 0x200: "ALLMULTI", 0x400: "MASTER", 0x800: "SLAVE", 0x4: "DEBUG", 0x8000: "DYNAMIC"},
    **{0x4000: "AUTOMEDIA", 0x2000: "PORTSEL", 0x20: "NOTRAILERS", 0x20000: "DORMANT", 0x40000: "ECHO"},
}


def flags_of_busybox(flags: list[str]) -> set[str]:
    """The flags, by name: busybox has names for some."""
    number = int(flags[-1], 16) if re.fullmatch("[0-9a-f]+", flags[-1]) else 0
    assert not number & ~sum(UNNAMED)
    named = flags[:-1] if number else flags
    return {*named, *(name for flag, name in UNNAMED.items() if number & flag)}


def link_layer_of_busybox(record: dict[str, Any], judge: dict[str, Any]) -> dict[str, Any]:
    """A type that busybox has no name for is a number there, and addresses of tunnels in IPv6 are octets."""
    said = {"link_type": record["link_type"]} if record["link_type"].startswith("[") else {}
    if judge["link_type"] in ("tunnel6", "gre6"):
        addresses = {key: ip_address(judge[key]) for key in {"address", "broadcast"} & judge.keys()}
        said |= {key: address.packed.hex(":") for key, address in addresses.items()}
    return said


def part(record: dict[str, Any], keys: str) -> dict[str, Any]:
    return {key: record[key] for key in keys.split() if key in record}


@pytest.mark.parametrize("seed", range(8))
def test_busybox_says_of_what_is_made_up_what_the_json_says(seed: int, printed: Printed) -> None:
    made = MadeUp(seed)
    links = made.ways()
    link_messages = links + b"".join(made.link(index) for index in range(3, 11))
    addresses = b"".join(made.address(index) for index in range(1, 11) for _ in range(2))
    for form, messages, parse in (
        (made.random.choice(("addr", "-4 addr", "-6 addr")), link_messages + addresses, parse_ip_addr),
        (made.random.choice(("link", "-o link")), link_messages, parse_ip_addr),
        ("route show table all", links + b"".join(made.route() for _ in range(20)), parse_ip_route),
        ("rule", links + b"".join(made.rule() for _ in range(20)), parse_ip_rule),
        ("neigh show nud all", links + b"".join(made.neighbour() for _ in range(20)), parse_ip_neigh),
    ):
        text, document = printed(f"busybox ip {form}", messages)
        ours = records(parse, text)
        keys = next(keys for name, keys in IN_BUSYBOX.items() if name in form)
        assert len(ours) == len(document) > 0
        for record, judge in zip(ours, said_by_text(document), strict=True):
            if "link_type" in record and "mtu" in keys:
                judge |= link_layer_of_busybox(record, judge)
            assert part(record, keys) == part(judge, keys)
            if "flags" in record and "mtu" in keys:
                assert flags_of_busybox(record["flags"]) == set(judge["flags"])
            assert [part(address, IN_ADDRESSES_OF_BUSYBOX) for address in record.get("addr_info", ())] == [
                part(address, IN_ADDRESSES_OF_BUSYBOX) for address in judge.get("addr_info", ())
            ]
