"""`route` and `netstat -r` say what `/proc/net/route`, `/proc/net/ipv6_route` and `ip -j route` say of a namespace.

What the text hides, and no record can have: of several next hops of an IPv4 route all but the first; the type of a
reject route; the table, the source and the protocol of a route; a source network (the tools print neither `from` nor
its length); with `-e` the metric, otherwise the sizes; with `-ee` all letters of an interface but six; in busybox also
whether an IPv6 route expires, and which gateway and interface a reject route has not.
"""

from __future__ import annotations

import json
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import TYPE_CHECKING, Any, NamedTuple

import attrs
import pytest

from aksparse.commands.route import Route, parse_route
from tests.real.random_routes import LINKS, build, ipv4_route, ipv6_route

if TYPE_CHECKING:
    from tests.real.conftest import Namespace

pytestmark = pytest.mark.real

ROUTES = """
route add default via 10.0.0.2
route add default via 10.0.0.3 metric 100
route add default dev fifteen-letters metric 4294967295
route add 0.0.0.0/1 via 10.0.0.2
route add 10.5.0.0/16 via 10.0.0.2 metric 2147483647
route add 10.5.0.0/16 via 10.0.0.2 metric 2147483648
route add blackhole 10.7.0.0/16
route add unreachable 10.8.0.0/16
route add prohibit 10.8.1.0/24 metric 5
route add throw 10.8.2.0/24
route add 10.9.9.9/32 via 10.0.0.7
route add 10.9.9.10/32 dev fifteen-letters
route add 10.10.0.0/16 nexthop via 10.0.0.2 nexthop via 10.1.0.9
route add 10.11.0.0/16 via 10.0.0.2 proto static mtu 1400 advmss 1300 window 9000 rtt 300ms
route add 10.12.0.0/16 via inet6 fe80::1 dev v0
route add local 10.13.0.0/16 dev lo table main
route add 10.14.0.0/16 via 10.0.0.2 tos 0x10
route add broadcast 10.15.0.0/32 dev v0 table main
route add multicast 224.0.0.0/4 dev v0
route add ::ffff:0:0/96 via fe80::1 dev v0
route add ::ffff:1.2.3.0/120 via fe80::1 dev v0
link set v2 down
"""
USED, SIZES = ("metric", "ref", "use"), ("mss", "window", "irtt")
IPV4 = {
    "route -n": USED,
    "netstat -rne": USED,
    "route -ne": SIZES,
    "netstat -rn": SIZES,
    "route -nee": USED + SIZES,
    "netstat -nree": USED + SIZES,
    "busybox route -n": USED,
    "busybox netstat -rn": SIZES,
}
IPV6 = ("route -6n", "netstat -6rn", "route -n --inet6 -ee", "busybox route -n -A inet6")
KERNEL = ("cat /proc/net/route", "cat /proc/net/ipv6_route")
JUDGES = ("ip -j -d route", "ip -j -6 -d route show table all")


class Row(NamedTuple):
    """A route as all three sources can tell it."""

    network: IPv4Network | IPv6Network
    gateway: IPv4Address | IPv6Address | str | None
    flags: str
    metric: int
    mss: int
    window: int
    iface: str | None


def printed(namespace: Namespace) -> dict[str, str]:
    """What each command prints of the same routes: the kernel says the same before as after them."""
    commands = (*KERNEL, *IPV4, *IPV6, *JUDGES, *KERNEL)
    # net-tools exits with 1 when there is no route.
    script = "\n".join(f"{command}; printf '\\0'" for command in commands)
    for _ in range(20):
        outputs = namespace.run("sh", "-c", script).split("\0")[:-1]
        if outputs[:2] == outputs[-2:]:
            return dict(zip(commands, outputs, strict=True))
    pytest.fail("the kernel never stood still")


def signed(metric: int) -> int:
    """net-tools reads the kernel's unsigned metric as a signed number."""
    return metric - (1 << 32) if metric >= 1 << 31 else metric


def letters(bits: int, names: dict[int, str]) -> str:
    return "".join(letter for bit, letter in names.items() if bits & bit)


_IPV4_FLAGS = {0x200: "!", 0x1: "U", 0x2: "G", 0x4: "H", 0x8: "R", 0x10: "D", 0x20: "M", 0x40000: "A"}
_IPV6_FLAGS = {0x200: "!", 0x1: "U", 0x2: "G", 0x4: "H", 0x10: "D", 0x40000: "A", 0x400000: "e", 0x200000: "n"}


def routes_of_proc(text: str) -> list[Route]:
    """The records that /proc/net/route gives: hexadecimal numbers in the byte order of the host."""
    routes = []
    for number, line in enumerate(text.splitlines()[1:], 3):
        iface, destination, gateway, flags, *numbers = line.split()
        address, via, mask = (
            IPv4Address(int(text, 16).to_bytes(4, "little")) for text in (destination, gateway, numbers[3])
        )
        ref, use, metric, mss, window, irtt = (int(text) for text in numbers[:3] + numbers[4:])
        routes.append(
            Route(
                origin="<text>",
                line=number,
                destination=address,
                gateway=via,
                genmask=mask,
                flags=letters(int(flags, 16), _IPV4_FLAGS),
                metric=signed(metric),
                ref=ref,
                use=use,
                mss=mss,
                window=window,
                irtt=irtt,
                iface=iface,
            )
        )
    return routes


def routes_of_proc6(text: str) -> list[Route]:
    """The records that /proc/net/ipv6_route gives."""
    routes = []
    for number, line in enumerate(text.splitlines(), 3):
        destination, length, _, _, gateway, *numbers, iface = line.split()
        metric, ref, use, flags = (int(text, 16) for text in numbers)
        routes.append(
            Route(
                origin="<text>",
                line=number,
                destination=IPv6Address(int(destination, 16)),
                prefixlen=int(length, 16),
                gateway=IPv6Address(int(gateway, 16)),
                flags=letters(flags, _IPV6_FLAGS),
                metric=signed(metric),
                ref=ref,
                use=use,
                iface=iface,
            )
        )
    return routes


def as_told(route: Route, command: str) -> dict[str, Any]:
    """The fields of a route of the kernel as a command prints them."""
    fields = attrs.asdict(route, recurse=False)
    hidden = {*USED, *SIZES} - {*IPV4[command]}
    if "!" in route.flags:
        fields["flags"] = route.flags.replace("U", "")
        if not command.startswith("busybox"):
            hidden |= {"gateway", "ref", *SIZES, "iface"}
    elif {"metric", "mss"} <= {*IPV4[command]} and route.iface and len(route.iface) >= 6:
        fields |= {"iface": route.iface[:6], "truncated": ("iface",)}
    return {name: None if name in hidden else value for name, value in fields.items()}


def fields_of(text: str) -> list[dict[str, Any]]:
    return [attrs.asdict(route, recurse=False) for route in parse_route(text)]


def rows_of_ip(routes: list[dict[str, Any]]) -> list[Row]:
    """The rows that the kernel makes of the routes that `ip -j -d route` shows."""
    rows = []
    for route in routes:
        if route["type"] in ("broadcast", "multicast", "anycast"):
            continue  # not in /proc/net/route
        network = IPv4Network("0.0.0.0/0" if route["dst"] == "default" else route["dst"])
        first = route.get("nexthops", [route])[0]  # of several, the tools see the first
        up = "!U" if route["type"] in ("unreachable", "prohibit") else "U"
        flags = up + ("G" if {"gateway", "via"} & first.keys() else "") + ("H" if network.prefixlen == 32 else "")
        metrics = route.get("metrics", [{}])[0]
        mss = metrics["advmss"] + 40 if "advmss" in metrics else 0
        gateway, metric = IPv4Address(first.get("gateway", 0)), signed(route.get("metric", 0))
        rows.append(Row(network, gateway, flags, metric, mss, metrics.get("window", 0), first.get("dev", "*")))
    return rows


def ways_of_ip6(routes: list[dict[str, Any]]) -> set[tuple[object, ...]]:
    """Where the routes lead that `ip -j -6 -d route show table all` shows: every next hop has a row."""
    return {
        (
            ip_network("::/0" if route["dst"] == "default" else route["dst"]),
            IPv6Address(hop.get("gateway", "::")),
            signed(route["metric"]),
            hop.get("dev", route.get("dev")),
        )
        for route in routes
        for hop in route.get("nexthops", [route])
    }


def assert_same(namespace: Namespace) -> tuple[list[Route], list[Route]]:
    """Every form of every tool says the same as the kernel, in every field."""
    outputs = printed(namespace)
    routes = routes_of_proc(outputs[KERNEL[0]])
    for command in IPV4:
        assert fields_of(outputs[command]) == [as_told(route, command) for route in routes], command
    rows = [Row(*map(route.__getattribute__, Row._fields)) for route in routes]
    assert sorted(map(repr, rows)) == sorted(map(repr, rows_of_ip(json.loads(outputs[JUDGES[0]] or "[]"))))
    routes6 = routes_of_proc6(outputs[KERNEL[1]])
    for command in IPV6:
        busybox = command.startswith("busybox")
        told = [attrs.evolve(route, flags=route.flags.replace("e", "")) for route in routes6] if busybox else routes6
        assert list(parse_route(outputs[command])) == told, command
    ways = {(route.network, route.gateway, route.metric, route.iface) for route in routes6}
    end_of_table = (IPv6Network("::/0"), IPv6Address("::"), -1, "lo")
    assert ways - {end_of_table} == ways_of_ip6(json.loads(outputs[JUDGES[1]] or "[]")) - {end_of_table}
    return routes, routes6


def test_every_kind_of_route_reads_as_the_kernel_has_it(namespace: Namespace) -> None:
    namespace.run("ip", "-batch", "-", text=LINKS + ROUTES)
    routes, _ = assert_same(namespace)
    assert {route.iface for route in routes} == {"v0", "fifteen-letters", "lo", "*"}
    assert {route.flags for route in routes} == {"U", "UG", "UH", "UGH", "!U"}
    assert {(1340, 9000, 300)} < {(route.mss, route.window, route.irtt) for route in routes}
    assert sum(route.network == IPv4Network("0.0.0.0/0") for route in routes) == 3


def test_a_table_without_routes_has_no_records(namespace: Namespace) -> None:
    routes, _ = assert_same(namespace)
    assert routes == []


@pytest.mark.parametrize("seed", range(60))
def test_a_random_table_reads_as_the_kernel_has_it(seed: int, namespace: Namespace) -> None:
    build(namespace, seed, {ipv4_route: 150, ipv6_route: 60})
    routes, routes6 = assert_same(namespace)
    assert len(routes) > 40
    assert len(routes6) > 40
