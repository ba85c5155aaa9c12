"""Random networks: links and addresses, and routes, rules and neighbours of every kind that `ip` can make."""

from __future__ import annotations

import random
from ipaddress import IPv4Network, IPv6Address, IPv6Network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.real.conftest import Namespace

# What the routes below lead through; the rest of a network is random.
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
addr add 2001:db8::1/64 dev v0 nodad
"""
NEXT_HOPS = """
nexthop add id 3 via 10.0.0.2 dev v0
nexthop add id 4 via 10.1.0.2 dev fifteen-letters
nexthop add id 5 group 3/4,7
nexthop add id 6 blackhole
"""
DEVICES = ("v0", "v1", "fifteen-letters")
Chance = random.Random


def more_links(chance: Chance) -> str:
    """Links beside those that the routes need, some down, some with addresses, which make routes and neighbours."""
    lines = []
    for number in range(chance.randint(0, 5)):
        name = chance.choice([f"d{number}", f"br{number}", f"azv{chance.getrandbits(44):011x}"])
        lines.append(f"link add {name} type {'bridge' if name.startswith('br') else f'veth peer name p{number}'}")
        if chance.random() < 0.8:
            lines.append(f"link set {name} up mtu {chance.choice([1280, 1500, 9000])}")
        for _ in range(chance.randint(0, 2)):
            lines.append(
                f"addr add 10.{chance.randint(2, 250)}.{chance.randint(0, 255)}.1/{chance.randint(8, 32)} dev {name}"
            )
        if chance.random() < 0.4:
            lines.append(f"addr add 2001:db8:{chance.getrandbits(16):x}::1/{chance.randint(32, 128)} dev {name} nodad")
    lines.append(f"link set v2 {chance.choice(['up', 'down'])}")
    return "\n".join(lines)


def maybe(chance: Chance, *choices: str) -> str:
    """One of the choices, or as often nothing at all."""
    return f" {chance.choice(choices)}" if chance.random() < 0.3 else ""


def gateway(chance: Chance) -> str:
    return chance.choice(
        [
            f"via 10.0.0.{chance.randint(2, 254)}",
            f"via 10.1.{chance.randint(1, 254)}.9 dev fifteen-letters",
            f"via 172.16.0.{chance.randint(1, 254)} dev v0 onlink",
            f"via inet6 fe80::{chance.randint(1, 65535):x} dev v0",
        ]
    )


def metrics(chance: Chance) -> str:
    number = chance.randint(1, 60000)
    return (
        maybe(chance, f"mtu {chance.randint(68, 9000)}", f"mtu lock {chance.randint(1280, 9000)}")
        + maybe(chance, f"advmss {number % 1400 + 40}", f"window {number}", f"initcwnd {number}", f"cwnd lock {number}")
        + maybe(chance, f"rtt {number}ms", f"rttvar {number % 4000}ms", f"rto_min {number % 900 + 1}ms")
        + maybe(chance, "features ecn", "quickack 1", "congctl reno", "hoplimit 7", "reordering 9", "initrwnd 11")
        + maybe(chance, "ssthresh 12", "fastopen_no_cookie 1")
    )


def ipv4_route(chance: Chance) -> str:
    network = IPv4Network((chance.getrandbits(32), chance.randint(0, 32)), strict=False)
    kind = chance.choice(["", "", "", "blackhole ", "unreachable ", "prohibit ", "throw ", "many", "nhid"])
    ways = {
        "": chance.choice([gateway(chance), f"dev {chance.choice(DEVICES)}"]),
        "many": " ".join(
            f"nexthop {gateway(chance)} weight {chance.randint(1, 256)}" for _ in range(chance.randint(2, 4))
        ),
        "nhid": f"nhid {chance.randint(3, 6)}",
    }
    way = ways.get(kind, "")
    settings = (
        maybe(chance, f"metric {chance.getrandbits(32)}")
        + maybe(chance, "proto bird", "proto static", "proto 77", "proto dhcp")
        + maybe(chance, f"table {chance.randint(256, 4294967295)}", "table 100", "table local")
        + (maybe(chance, "scope link", "scope host", "scope site", "scope 77") if "dev" in way else "")
        + maybe(chance, "src 10.0.0.1", "tos 0x10", "tos 8", "realm 7", "realms 3/4", "ttl-propagate enabled")
        + metrics(chance)
    )
    return f"route add {kind if kind not in ways else ''}{network}{settings} {way}"


def ipv6_route(chance: Chance) -> str:
    network = IPv6Network((chance.getrandbits(128), chance.randint(0, 128)), strict=False)
    if chance.random() < 0.1:
        network = IPv6Network((0xFFFF << 32 | chance.getrandbits(32), chance.randint(96, 128)), strict=False)
    hop, other = (f"via fe80::{chance.randint(1, 65535):x} dev {chance.choice(DEVICES)}" for _ in range(2))
    way = chance.choice([hop, f"dev {chance.choice(DEVICES)}", f"nexthop {hop} nexthop {other} weight 9", "", ""])
    kind = chance.choice(["blackhole ", "unreachable ", "prohibit ", "throw "]) if not way else ""
    settings = (
        maybe(chance, f"metric {chance.randint(1, 2**32 - 1)}", "from 2001:db8::/32")
        + maybe(chance, "proto bird", "proto ra", "proto 99", f"table {chance.randint(256, 4294967295)}")
        + maybe(chance, "pref low", "pref high", "src 2001:db8::1", f"expires {chance.randint(1000, 9000)}")
        + metrics(chance)
    )
    return f"-6 route add {kind}{network}{settings} {way}"


def rule(chance: Chance) -> str:
    family = chance.choice(["", "-6 "])
    networks = [
        str(IPv6Network((chance.getrandbits(128), chance.randint(1, 128)), strict=False))
        if family
        else str(IPv4Network((chance.getrandbits(32), chance.randint(1, 32)), strict=False))
        for _ in range(2)
    ]
    port = chance.randint(1, 30000)
    action = chance.choice(
        [
            *("lookup main", f"lookup {chance.randint(1, 2**32 - 1)}", "blackhole", "unreachable", "prohibit", "nop"),
            *(f"goto {chance.choice([32766, 40000])}", "l3mdev"),
        ]
    )
    return (
        f"{family}rule add{maybe(chance, 'not')}"
        + maybe(chance, f"from {networks[0]}")
        + maybe(chance, f"to {networks[1]}")
        + maybe(chance, f"fwmark {chance.getrandbits(32)}", f"fwmark {chance.getrandbits(8)}/{chance.getrandbits(32)}")
        + maybe(chance, "iif v0", "iif gone", "iif lo")
        + maybe(chance, "oif v1", "oif gone")
        + maybe(chance, f"uidrange {port}-{port + 9}", "tos 0x10", "tun_id 77")
        + maybe(chance, "ipproto tcp", "ipproto udp", "ipproto 250")
        + maybe(chance, f"sport {port}", f"sport {port}-{port + 5}")
        + maybe(chance, f"dport {port}", f"dport {port}-{port + 5}")
        + maybe(chance, "suppress_prefixlength 0", "suppress_ifgroup default", "realms 3/4", "realms 5", "protocol 99")
        + f" priority {chance.randint(1, 32765)} {action}"
    )


def neighbour(chance: Chance) -> str:
    family, address = chance.choice(
        [("", f"10.0.0.{chance.randint(2, 254)}"), ("-6 ", str(IPv6Address("2001:db8::") + chance.randint(2, 2**60)))]
    )
    lladdr = ":".join(f"{octet:02x}" for octet in (2, *chance.randbytes(5)))
    if chance.random() < 0.1:
        return f"{family}neigh add proxy {address} dev v0{maybe(chance, 'protocol zebra')}"
    state = chance.choice(["permanent", "noarp", "stale", "reachable", "failed", "delay", "none"])
    flags = maybe(chance, "router") + maybe(chance, "extern_learn") + maybe(chance, "protocol 99", "protocol bird")
    return f"{family}neigh add {address} dev {chance.choice(DEVICES)} lladdr {lladdr} nud {state}{flags}"


def build(namespace: Namespace, seed: int, makers: Mapping[Callable[[Chance], str], int]) -> None:
    """Make a network, and what the kernel takes of so many random commands of each kind."""
    chance = random.Random(seed)
    namespace.run("ip", "-batch", "-", text=LINKS + NEXT_HOPS)
    namespace.try_run("ip", "-force", "-batch", "-", text=more_links(chance))
    commands = [make(chance) for make, count in makers.items() for _ in range(count)]
    for family in ("-4", "-6"):
        batch = [command.removeprefix("-6 ") for command in commands if command.startswith("-6") == (family == "-6")]
        namespace.try_run("ip", family, "-force", "-batch", "-", text="\n".join(batch))
