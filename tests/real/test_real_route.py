"""`route -n` says what `/proc/net/route` and `ip -j route` of the same namespace say."""

from __future__ import annotations

import json
import random
from ipaddress import IPv4Address, IPv4Network, IPv6Address
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from aksparse.commands.route import Route, parse_route

if TYPE_CHECKING:
    from tests.real.conftest import Namespace

pytestmark = pytest.mark.real

LINKS = """
link set lo up
link add v0 type veth peer name v1
link add fifteen-letters type veth peer name v2
link set v0 up
link set v1 up
link set fifteen-letters up
link set v2 up
addr add 10.0.0.1/24 dev v0
addr add 10.1.0.1/16 dev fifteen-letters
"""
ROUTES = """
default via 10.0.0.2
default via 10.0.0.3 metric 100
default dev fifteen-letters metric 4294967295
0.0.0.0/1 via 10.0.0.2
10.5.0.0/16 via 10.0.0.2 metric 2147483647
10.5.0.0/16 via 10.0.0.2 metric 2147483648
blackhole 10.7.0.0/16
unreachable 10.8.0.0/16
prohibit 10.8.1.0/24 metric 5
throw 10.8.2.0/24
10.9.9.9/32 via 10.0.0.7
10.9.9.10/32 dev fifteen-letters
10.10.0.0/16 nexthop via 10.0.0.2 nexthop via 10.1.0.9
10.11.0.0/16 via 10.0.0.2 proto static mtu 1400 advmss 1300
10.12.0.0/16 via inet6 fe80::1 dev v0
local 10.13.0.0/16 dev lo table main
10.14.0.0/16 via 10.0.0.2 tos 0x10
broadcast 10.15.0.0/32 dev v0 table main
multicast 224.0.0.0/4 dev v0
"""


class Row(NamedTuple):
    """A route as all three sources can tell it."""

    network: IPv4Network
    gateway: IPv4Address | None
    flags: str
    metric: int
    iface: str | None


def to_row(route: Route) -> Row:
    assert isinstance(route.network, IPv4Network)
    assert not isinstance(route.gateway, str | IPv6Address)
    assert route.metric is not None
    return Row(route.network, route.gateway, route.flags, route.metric, route.iface)


def signed(metric: int) -> int:
    """net-tools reads the kernel's unsigned metric as a signed number."""
    return metric - (1 << 32) if metric >= 1 << 31 else metric


_KERNEL_FLAGS = {0x1: "U", 0x2: "G", 0x4: "H", 0x8: "R", 0x10: "D", 0x20: "M", 0x40000: "A"}
_REJECT = 0x200


def rows_of_proc(text: str) -> list[Row]:
    """The rows of /proc/net/route: hexadecimal numbers in the byte order of the host."""
    rows = []
    for line in text.splitlines()[1:]:
        iface, destination, gateway, flags, _, _, metric, mask, *_ = line.split()
        address, via, netmask = (
            IPv4Address(int(number, 16).to_bytes(4, "little")) for number in (destination, gateway, mask)
        )
        network, bits = IPv4Network(f"{address}/{netmask}"), int(flags, 16)
        if bits & _REJECT:
            rows.append(Row(network, None, "!" + "H" * bool(bits & 0x4), signed(int(metric)), None))
        else:
            letters = "".join(letter for bit, letter in _KERNEL_FLAGS.items() if bits & bit)
            rows.append(Row(network, via, letters, signed(int(metric)), iface))
    return rows


def rows_of_ip(routes: list[dict[str, Any]]) -> list[Row]:
    """The rows that net-tools makes of the routes that `ip -j -d route` shows."""
    rows = []
    for route in routes:
        if route["type"] in ("broadcast", "multicast", "anycast"):
            continue  # not in /proc/net/route
        network = IPv4Network("0.0.0.0/0" if route["dst"] == "default" else route["dst"])
        first = route.get("nexthops", [route])[0]  # of several, net-tools sees the first
        host = "H" if network.prefixlen == 32 else ""
        metric = signed(route.get("metric", 0))
        if route["type"] in ("unreachable", "prohibit"):
            rows.append(Row(network, None, "!" + host, metric, None))
        else:
            flags = "U" + ("G" if {"gateway", "via"} & first.keys() else "") + host
            rows.append(Row(network, IPv4Address(first.get("gateway", 0)), flags, metric, first.get("dev", "*")))
    return rows


def assert_same(namespace: Namespace) -> list[Route]:
    # net-tools exits with 1 when there is no route.
    parsed = parse_route(namespace.run("route", "-n", exits_with=(0, 1)))
    rows = [to_row(route) for route in parsed]
    assert rows == rows_of_proc(namespace.run("cat", "/proc/net/route"))
    assert sorted(map(repr, rows)) == sorted(
        map(repr, rows_of_ip(json.loads(namespace.run("ip", "-j", "-d", "route"))))
    )
    assert {route.use for route in parsed} <= {0}
    assert all(route.ref == (None if "!" in route.flags else 0) for route in parsed)
    return list(parsed)


def add_links(namespace: Namespace) -> None:
    for line in LINKS.split("\n")[1:-1]:
        namespace.run("ip", *line.split())


def test_every_kind_of_route_reads_as_the_kernel_has_it(namespace: Namespace) -> None:
    add_links(namespace)
    for line in ROUTES.split("\n")[1:-1]:
        namespace.run("ip", "route", "add", *line.split())
    namespace.run("ip", "link", "set", "v2", "down")
    routes = assert_same(namespace)
    assert {route.iface for route in routes} == {"v0", "fifteen-letters", "lo", "*", None}
    assert {route.flags for route in routes} == {"U", "UG", "UH", "UGH", "!"}
    assert sum(route.network == IPv4Network("0.0.0.0/0") for route in routes) == 3


def test_a_table_without_routes_has_no_records(namespace: Namespace) -> None:
    assert assert_same(namespace) == []


@pytest.mark.parametrize("seed", range(10))
def test_a_random_table_reads_as_the_kernel_has_it(seed: int, namespace: Namespace) -> None:
    add_links(namespace)
    chance, commands = random.Random(seed), []
    for _ in range(200):
        network = IPv4Network((chance.getrandbits(32), chance.randint(0, 32)), strict=False)
        way = chance.choice(
            [
                f"{network} via 10.0.0.{chance.randint(2, 254)}",
                f"{network} via 10.1.{chance.randint(1, 254)}.1 dev fifteen-letters",
                f"{network} dev {chance.choice(['v0', 'v1', 'fifteen-letters'])}",
                f"{chance.choice(['blackhole', 'unreachable', 'prohibit', 'throw'])} {network}",
            ]
        )
        metric = chance.choice(["", "", f" metric {chance.getrandbits(32)}", f" metric {chance.randint(0, 999)}"])
        commands.append(f"route add {way}{metric}")
    namespace.try_run("ip", "-force", "-batch", "-", text="\n".join(commands))
    assert len(assert_same(namespace)) > 100
