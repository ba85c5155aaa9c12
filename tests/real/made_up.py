"""Messages of a kernel, made up at random: links of every kind, addresses, routes, rules, neighbours.

The kernel at hand may lack a kind of link, a feature or a device; its tools print all of them when they are told of
them. Numbers of attributes and their values are those of the kernel's headers `linux/if_link.h`, `linux/if_tunnel.h`,
`linux/rtnetlink.h`, `linux/fib_rules.h`, `linux/neighbour.h`, `linux/if_addr.h`.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable

NEW_LINK, NEW_ADDRESS, NEW_ROUTE, NEW_NEIGHBOUR, NEW_RULE = 16, 20, 24, 28, 32
INET, BRIDGE, INET6 = 2, 7, 10
NESTED = 0x8000


def attribute(number: int, *parts: bytes) -> bytes:
    data = b"".join(parts)
    return struct.pack("HH", 4 + len(data), number) + data + bytes(-len(data) % 4)


def message(kind: int, header: bytes, *attributes: bytes) -> bytes:
    data = b"".join((header, *attributes))
    return struct.pack("IHHII", 16 + len(data), kind, 0, 0, 0) + data


def u8(number: int) -> bytes:
    return struct.pack("B", number & 0xFF)


def u16(number: int) -> bytes:
    return struct.pack("H", number & 0xFFFF)


def u32(number: int) -> bytes:
    return struct.pack("I", number & 0xFFFFFFFF)


def be16(number: int) -> bytes:
    return struct.pack(">H", number)


def be32(number: int) -> bytes:
    return struct.pack(">I", number)


def name(text: str) -> bytes:
    return text.encode() + b"\0"


# The settings of each kind of link, in the order of their numbers, which begin with 1: what each holds, as the methods
# of `MadeUp` make it, with `+` where the tool relies on it, or `-` where it prints none.
KINDS = {
    "bridge": "n n n n n n flag ethertype n +id8 +id8 n n flag flag n n n n mac - n flag flag flag n n n n n n n n n n"
    " flag flag flag n - flag flag n n flag switches - n n three",
    "bond": "bond_mode n n n n n n addresses n n n n mac n n n n n n n n n ad_info n n mac n n n n addresses6"
    " flag flag flag",
    "vlan": "n vlan_flags qos qos ethertype",
    "vxlan": "+id ipv4 n ipv4 n n flag n n ports flag flag flag flag port ipv6 ipv6 flag flag flag flag flag - - flag"
    " n - flag three - flag - eight flag",
    "macvlan": "macvlan_mode flag - - macs n n n n",
    "ipvlan": "three three",
    "tun": "n n +one_or_two flag flag flag flag n n",
    "vrf": "n",
    "ipip": "n ipv4 ipv4 n n - - - proto flag +ipv6 +ipv4 +length +length3 +three +n +port +port flag n",
    "ip6tnl": "n ipv6 ipv6 n - n flow bits8 proto6 - - - - - +three +n +port +port flag n",
    "gre": "n gre_flags gre_flags n n ipv4 ipv4 n n flag - - - +three +n +port +port flag flag n n three n n",
    "ip6gre": "n gre_flags gre_flags n n ipv6 ipv6 n - - n flow bits8 +three +n +port +port flag - n n three n n",
    "vti": "n n n ipv4 ipv4 n",
    "vti6": "n n n ipv6 ipv6 n",
    "xfrm": "n n flag",
    "hsr": "n n n mac n n n n",
    "netkit": "- flag netkit_policy netkit_policy three n n",
    "amt": "flag port port n ipv4 ipv4 ipv4 n",
    "bareudp": "port mpls n flag",
    "dsa": "n",
    "gtp": "- - n flag - n",
    "ipoib": "n flag flag",
    "macsec": "eight - n8 cipher n n flag flag flag flag flag flag three - three",
    "rmnet": "n n",
    "wwan": "n",
    "ovpn": "flag",
    "geneve": "+id ipv4 n n port flag ipv6 flag flag flag n flag three flag - - ipv4 ipv6",
}
KINDS |= {"macvtap": KINDS["macvlan"], "ipvtap": KINDS["ipvlan"], "sit": KINDS["ipip"], "ip6gretap": KINDS["ip6gre"]}
KINDS |= {"gretap": KINDS["gre"], "erspan": KINDS["gre"], "ip6erspan": KINDS["ip6gre"]}
KINDS |= dict.fromkeys(("team", "netdevsim", "nlmon", "dummy", "wireguard", "ifb", "virt_wifi", "vcan"), "")
# Words of the formats are names as good as others.
NAMES = (
    *(
        "eth0.100",
        "a:b",
        "br-5f2c9a1e0b7d",
        "fifteen-letters",
        "0",
        "1500",
        "0x10",
        "10.0.0.1",
        "fe80::1",
        "dev",
        "via",
    ),
    *(
        "all",
        "default",
        "unreachable",
        "nexthop",
        "master",
        "state",
        "link",
        "inet",
        "mtu",
        "UP",
        "none",
        "if5",
        "metric",
    ),
)
# Types of hardware whose addresses are Ethernet's, IP addresses, something else, or none.
HARDWARE = {
    **{1: "mac", 772: "mac", 519: "nothing", 65534: "nothing", 65535: "mac", 32: "guid", 512: "nothing", 801: "mac"},
    **{768: "ipv4", 776: "ipv4", 778: "ipv4", 769: "ipv6", 823: "ipv6", 280: "nothing", 820: "eight", 9999: "mac"},
}
PORTS = {
    "bond": "flag link_state n mac n n8 bits8 bits8 n n three three",
    "bridge": "+port_state +n +n flag flag flag flag flag flag flag flag flag id8 id8 n n n n flag flag n n n - three -"
    " flag flag flag flag n flag flag n - - n n flag n flag",
    "vrf": "n",
    "team": "",
}


class MadeUp:
    """Messages at random: the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    # What an attribute may hold

    def n(self) -> bytes:
        """A number, of as many bytes as anybody reads."""
        return u32(self.number()) + bytes(12)

    def number(self) -> int:
        return self.random.choice(
            (0, 1, 2, 7, 255, 256, 65535, 2**31 - 1, self.random.getrandbits(16), self.random.getrandbits(31))
        )

    def one(self, *numbers: int) -> bytes:
        return u32(self.random.choice(numbers)) + bytes(12)

    def flag(self) -> bytes:
        return self.one(0, 1)

    def three(self) -> bytes:
        return self.one(0, 1, 2)

    def one_or_two(self) -> bytes:
        return self.one(1, 2)

    def n8(self) -> bytes:
        return self.one(0, 5, 255)

    def bits8(self) -> bytes:
        return u8(self.random.getrandbits(8)) + bytes(3)

    def id(self) -> bytes:
        return u32(self.random.getrandbits(24))

    def id8(self) -> bytes:
        return bytes((0x80, 0)) + self.mac()

    def eight(self) -> bytes:
        return self.random.randbytes(8)

    def mac(self) -> bytes:
        return b"\x02" + self.random.randbytes(5)

    def nothing(self) -> bytes:
        return b""

    def guid(self) -> bytes:
        return self.random.randbytes(20)

    def macs(self) -> bytes:
        return b"".join(attribute(4, self.mac()) for _ in range(self.random.randrange(3)))

    def ipv4(self) -> bytes:
        return self.random.choice((bytes(4), b"\x0a" + self.random.randbytes(3)))

    def ipv6(self) -> bytes:
        return self.random.choice(
            (
                *(bytes(16), b"\x20\x01\x0d\xb8" + self.random.randbytes(12), b"\xfe\x80" + bytes(13) + b"\1"),
                bytes(10) + b"\xff\xff" + self.random.randbytes(4),
            )
        )

    def addresses(self) -> bytes:
        return b"".join(
            attribute(number, b"\x0a" + self.random.randbytes(3)) for number in range(self.random.randrange(3))
        )

    def addresses6(self) -> bytes:
        return b"".join(
            attribute(number, b"\xfd" + self.random.randbytes(15)) for number in range(self.random.randrange(3))
        )

    def port(self) -> bytes:
        return be16(self.random.randrange(1, 65536))

    def ports(self) -> bytes:
        return self.port() + self.port()

    def length(self) -> bytes:
        return self.one(0, 16, 64)

    def length3(self) -> bytes:
        return self.one(0, 8, 32)

    def flow(self) -> bytes:
        return be32(self.random.getrandbits(28))

    def proto(self) -> bytes:
        return self.one(0, 4, 41, 137)

    def proto6(self) -> bytes:
        return self.one(0, 4, 41)

    def gre_flags(self) -> bytes:
        return be16(self.random.choice((0, 0x1000, 0x2000, 0x8000, 0xB000)))

    def vlan_flags(self) -> bytes:
        return u32(self.random.getrandbits(5)) + u32(0xFFFFFFFF)

    def qos(self) -> bytes:
        return b"".join(attribute(1, u32(level), self.n()) for level in range(self.random.randrange(3)))

    def ethertype(self) -> bytes:
        return be16(self.random.choice((0x8100, 0x88A8)))

    def mpls(self) -> bytes:
        return be16(self.random.choice((0x8847, 0x0800, 0x86DD)))

    def cipher(self) -> bytes:
        return struct.pack("Q", self.random.choice((0x0080020001000001, 0x0080C20001000002)))

    def switches(self) -> bytes:
        """Several in one number, and which of them there are."""
        return u32(self.random.getrandbits(4)) + u32(15)

    def bond_mode(self) -> bytes:
        return self.one(*range(7))

    def ad_info(self) -> bytes:
        return b"".join((*(attribute(number, u16(self.number())) for number in range(1, 5)), attribute(5, self.mac())))

    def macvlan_mode(self) -> bytes:
        return self.one(1, 2, 4, 8, 16)

    def netkit_policy(self) -> bytes:
        return u32(self.random.choice((0, 2)))

    def link_state(self) -> bytes:
        return self.one(*range(4))

    def port_state(self) -> bytes:
        return self.one(*range(5))

    # Parts of messages

    def maybe(self, number: int, *parts: bytes, chance: float = 0.5) -> bytes:
        return attribute(number, *parts) if self.random.random() < chance else b""

    def settings(self, shapes: str) -> bytes:
        """Most of the settings of a kind, or few."""
        chance = self.random.choice((0.2, 0.7, 1))
        made = b""
        for number, shape in enumerate(shapes.split(), 1):
            if shape != "-" and (shape.startswith("+") or self.random.random() < chance):
                make: Callable[[], bytes] = getattr(self, shape.removeprefix("+"))
                made += attribute(number, make())
        return made

    def function(self, number: int) -> bytes:
        """A virtual function."""
        this, off_or_on = u32(number), (0, 1, 0xFFFFFFFF)
        vlan = this + u32(self.random.choice((7, 100))) + u32(self.random.choice((0, 3))) + self.ethertype() + bytes(2)
        counters = b"".join(attribute(counter, self.counter()) for counter in (0, 1, 2, 3, 4, 5, 7, 8))
        return attribute(
            1,
            attribute(1, this, self.mac(), bytes(26)),
            attribute(2, this, bytes(8)),
            attribute(3, this, u32(self.random.choice((0, 1000)))),
            attribute(12, self.maybe(1, vlan)),
            attribute(13, b"\xff" * 6, bytes(26)),
            self.maybe(4, this, u32(self.random.choice(off_or_on))),
            self.maybe(5, this, u32(self.random.randrange(3))),
            self.maybe(6, this, u32(10), u32(20)),
            self.maybe(7, this, u32(self.random.choice(off_or_on))),
            self.maybe(8, counters),
            self.maybe(9, this, u32(self.random.choice(off_or_on))),
            self.maybe(10, this, bytes(4), self.eight()),
            self.maybe(11, this, bytes(4), self.eight()),
        )

    def counter(self) -> bytes:
        return struct.pack("Q", self.random.choice((0, 1, self.number(), 2**63 - 1, 2**64 - 1)))

    # Messages

    def ways(self) -> bytes:
        """The links that routes lead through, one of them with an odd name."""
        return self.plain_link(1, "lo") + self.plain_link(2, self.random.choice(("eth0", *NAMES)))

    def plain_link(self, index: int, called: str) -> bytes:
        header = struct.pack("HHiII", 0, 1, index, 0x1043, 0)
        return message(
            NEW_LINK, header, attribute(3, name(called)), attribute(16, u8(6)), attribute(23, self.counter() * 25)
        )

    def link(self, index: int) -> bytes:
        kind, master = self.random.choice(sorted(KINDS)), self.random.choice((None, None, *PORTS))
        info = attribute(1, name(kind)) + attribute(2, self.settings(KINDS[kind]))
        if master:
            info += attribute(4, name(master)) + attribute(5, self.settings(PORTS[master]))
        functions = [self.function(number) for number in range(self.random.choice((0, 0, 0, 0, 2)))]
        hardware = self.random.choice((1, 1, 1, *HARDWARE))
        make: Callable[[], bytes] = getattr(self, HARDWARE[hardware])
        address = make()
        called = self.random.choice((f"x{index}", f"x{index}", f"{self.random.choice(NAMES)}{index}"[-15:]))
        attributes = [
            attribute(3, name(called)),
            attribute(4, u32(self.random.randint(0, 2**31 - 1))),
            attribute(16, u8(self.random.randrange(7))),
            attribute(23, *(self.counter() for _ in range(25))),
            attribute(30, self.n()),
            attribute(18, info),
            *(address and (self.maybe(1, address, chance=0.9), self.maybe(2, make(), chance=0.8))),
            *(address and (self.maybe(54, self.random.choice((address, make()))),)),
            self.maybe(6, name("noqueue")),
            self.maybe(10, u32(1), chance=0.3),
            self.maybe(5, u32(self.random.randrange(3)), chance=0.3),
            self.maybe(37, u32(self.random.choice((0, 3, -1))), chance=0.2),
            self.maybe(17, u8(self.random.randrange(2))),
            self.maybe(13, self.n()),
            self.maybe(27, self.n()),
            attribute(39, u8(self.random.randrange(2))),
            self.maybe(55, attribute(1, u32(255)), attribute(2, u32(self.random.randrange(256))), chance=0.3),
            self.maybe(65, attribute(1, self.n()), chance=0.2),
            self.maybe(67, self.flag(), chance=0.2),
            *(
                self.maybe(number, self.n(), chance=0.8)
                for number in (63, 64, 61, 50, 51, 31, 32, 41, 40, 59, 60, 58, 35)
            ),
            self.maybe(38, name("p0s1"), chance=0.2),
            self.maybe(34, self.random.randbytes(3), chance=0.2),
            self.maybe(36, self.random.randbytes(6), chance=0.2),
            self.maybe(57, name("pci"), chance=0.2),
            self.maybe(56, name("0000:00:03.0"), chance=0.2),
            self.maybe(20, name(self.random.choice(("what a name", "alias", "x\\ y"))), chance=0.2),
            self.maybe(26, attribute(INET6, attribute(8, u8(self.random.randrange(5))))),
            self.maybe(52, attribute(53, name(f"another-name-of-{index}")), chance=0.3),
        ]
        if functions:
            attributes += [attribute(21, u32(len(functions))), attribute(22, *functions)]
        flags = self.random.choice((0x1043, 0x11043, 0x1003, self.random.getrandbits(19)))
        return message(NEW_LINK, struct.pack("HHiII", 0, hardware, index, flags, 0), *attributes)

    def bridge_port(self, index: int) -> bytes:
        return message(
            NEW_LINK,
            struct.pack("HHiII", BRIDGE, 1, index, 0x11043, 0),
            attribute(3, name(f"p{index}")),
            attribute(4, u32(1500)),
            self.maybe(10, u32(1)),
            attribute(12 | NESTED, self.settings(PORTS["bridge"])),
            self.maybe(26, attribute(0, u16(1)), attribute(1, u16(self.random.randrange(4)))),
        )

    def address(self, index: int) -> bytes:
        family = self.random.choice((INET, INET6))
        local, other, bits = self.network(family), self.network(family), 32 if family == INET else 128
        flags = self.random.getrandbits(12)
        lifetimes = [self.random.choice((100, 2**32 - 1)), self.random.choice((0, 50, 2**32 - 1))]
        return message(
            NEW_ADDRESS,
            struct.pack("BBBBI", family, self.random.randint(0, bits), flags & 255, self.scope(), index),
            attribute(1, self.random.choice((local, local, other))),
            attribute(2, local),
            attribute(3, name(self.random.choice(("eth0", "eth0:x", "dynamic")))) if family == INET else b"",
            self.maybe(4, other) if family == INET else b"",
            self.maybe(5, other, chance=0.1),
            attribute(6, *map(u32, lifetimes), bytes(8)),
            attribute(8, u32(flags)),
            self.maybe(9, self.n(), chance=0.3),
            self.maybe(11, u8(self.random.choice((1, 2, 3, 200))), chance=0.3),
        )

    def scope(self) -> int:
        return self.random.choice((0, 0, 77, 200, 253, 254, 255))

    def network(self, family: int, length: int | None = None) -> bytes:
        """An address; what is behind the prefix is 0."""
        octets = self.random.choice((self.random.randbytes(4), b"\x0a\0\0\1"))
        if family == INET6:
            mapped, compatible = bytes(10) + b"\xff\xff", bytes(12)
            octets = self.random.choice((*[b"\xfd" + self.random.randbytes(11)] * 6, mapped, compatible)) + octets
        bits = 8 * len(octets)
        number = int.from_bytes(octets, "big")
        if length is not None:
            number = number >> bits - length << bits - length
        return number.to_bytes(bits // 8, "big")

    def prefix(self, family: int) -> int:
        bits = 32 if family == INET else 128
        return self.random.choice((0, 8, bits, self.random.randint(0, bits)))

    def metrics(self) -> bytes:
        times = (1000, 7999, 8000, 12345, 123456, 1000000)
        numbers = [
            self.maybe(metric, u32(self.random.choice((self.number(), *times))), chance=0.25)
            for metric in range(3, 18)
            if metric != 16
        ]
        return b"".join(
            (
                attribute(2, self.n()),
                *numbers,
                self.maybe(16, name("reno"), chance=0.2),
                self.maybe(1, u32(0x1234), chance=0.2),
            )
        )

    def flags(self) -> int:
        """Flags of a next hop: `dead`, `onlink`, `offload` and so on."""
        return sum(flag for flag in (1, 2, 4, 8, 16, 32, 64) if self.random.random() < 0.15)

    def hops(self, family: int) -> bytes:
        made = b""
        for _ in range(self.random.randint(1, 3)):
            gateway = self.maybe(5, self.network(family), chance=0.8) + self.maybe(11, u32(0x30004), chance=0.2)
            weight, index = self.random.randrange(256), self.random.choice((1, 2, 99))
            made += struct.pack("HBBi", 8 + len(gateway), self.flags(), weight, index) + gateway
        return made

    def route(self) -> bytes:
        family = self.random.choice((INET, INET6))
        length, table = self.prefix(family), self.random.choice((254, 254, 255, 253, 100, 2**31))
        scope = self.scope() if family == INET else 0
        kind, protocol = (
            self.random.choice((1, 1, 1, 1, *range(2, 13))),
            self.random.choice((0, 2, 3, 4, 12, 16, 186, 77)),
        )
        flags = self.flags() + self.random.choice((0, 0, 0x100, 0x4000, 0x8000, 0x20000000))
        cached = (0, 1, self.random.choice((0, 360000, 9900, -1200)), self.random.choice((0, -113)), 1, 0, 0, 0)
        source = self.prefix(family) if not self.random.randrange(6) else 0
        way = [self.maybe(5, self.network(family)), self.maybe(4, u32(self.random.choice((1, 2, 99))), chance=0.8)]
        if not self.random.randrange(6):
            way = [attribute(9, self.hops(family))]
        elif family == INET and not self.random.randrange(8):
            way = [attribute(18, u16(INET6), self.network(INET6))]
        return message(
            NEW_ROUTE,
            struct.pack(
                "BBBBBBBBI",
                family,
                length,
                source,
                self.random.choice((0, 0, 16, 255)),
                min(table, 252),
                protocol,
                scope,
                kind,
                flags,
            ),
            attribute(1, self.network(family, length)) if length else b"",
            attribute(2, self.network(family, source)) if source else b"",
            *way,
            attribute(15, u32(table)),
            self.maybe(7, self.network(family), chance=0.3),
            self.maybe(6, self.n()),
            self.maybe(11, u32(self.random.choice((5, 0x30004))), chance=0.1),
            self.maybe(16, self.n(), chance=0.1),
            self.maybe(25, self.n(), chance=0.1),
            self.maybe(12, *map(u32, cached)),
            self.maybe(8, self.metrics(), chance=0.3),
            self.maybe(20, u8(self.random.choice((0, 1, 3)))) if family == INET6 else b"",
        )

    def rule(self) -> bytes:
        family = self.random.choice((INET, INET6))
        source, destination = self.prefix(family), self.prefix(family)
        table, action = (
            self.random.choice((253, 254, 255, 100, 2**31)),
            self.random.choice((0, 1, 1, 1, 2, 3, 6, 7, 8)),
        )
        port = self.random.randrange(1, 65536)
        flags = sum(flag for flag in (2, 8, 16) if self.random.random() < 0.15)
        return message(
            NEW_RULE,
            struct.pack(
                "BBBBBBBBI",
                family,
                destination,
                source,
                self.random.choice((0, 0, 16, 255)),
                min(table, 252),
                0,
                0,
                action,
                flags,
            ),
            attribute(1, self.network(family, destination)) if destination else b"",
            attribute(2, self.network(family, source)) if source else b"",
            attribute(4, u32(100)) if action == 2 else b"",
            attribute(6, self.n()),
            attribute(15, u32(table)),
            self.maybe(3, name(self.random.choice(("eth0", "lo", "to", "lookup", "not", "x@y"))), chance=0.3),
            self.maybe(17, name("fifteen-letters"), chance=0.3),
            self.maybe(10, self.n(), chance=0.4),
            self.maybe(16, self.n(), chance=0.3),
            self.maybe(11, u32(self.random.choice((5, 0x30004))), chance=0.2),
            self.maybe(12, struct.pack(">Q", self.random.choice((1, 2**40, 2**64 - 1))), chance=0.2),
            self.maybe(13, u32(self.random.choice((0, 5, -1))), chance=0.3),
            self.maybe(14, u32(self.random.choice((0, 8, -1))), chance=0.3),
            self.maybe(20, self.n(), self.n()[:4], chance=0.2),
            self.maybe(21, u8(self.random.choice((0, 2, 4, 186, 99))), chance=0.7),
            self.maybe(22, u8(self.random.choice((1, 6, 17, 132, 250))), chance=0.3),
            self.maybe(23, u16(port), u16(65535), chance=0.3),
            self.maybe(24, u16(port), u16(port), chance=0.3),
            self.maybe(25, u8(self.random.randrange(64)), chance=0.2),
            *self.random.choice(((), (attribute(26, be32(self.random.getrandbits(20))), attribute(27, be32(0xFFFFF))))),
        )

    def times(self) -> list[bytes]:
        return [u32(self.random.choice((0, 100, 6200, self.number()))) for _ in range(4)]

    def neighbour(self) -> bytes:
        family, state = self.random.choice((INET, INET6)), self.random.choice((0, 1, 2, 4, 8, 16, 32, 64, 128, 0x84))
        flags = sum(flag for flag in (8, 16, 32, 128) if self.random.random() < 0.2)
        address = self.random.randbytes(self.random.choice((4, 6, 6, 6, 16, 20)))
        return message(
            NEW_NEIGHBOUR,
            struct.pack("IiHBB", family, self.random.choice((1, 2, 99)), state, flags, 1),
            attribute(1, self.network(family)),
            self.maybe(2, address, chance=0.8),
            attribute(3, *self.times()),
            attribute(4, self.n()),
            self.maybe(12, u8(self.random.choice((2, 16, 186, 99))), chance=0.3),
            self.maybe(15, u32(1), chance=0.2),
        )

    def entry(self) -> bytes:
        """An entry of a forwarding database."""
        flags, state = (
            sum(flag for flag in (2, 16, 32, 64, 128) if self.random.random() < 0.2),
            self.random.choice((0, 2, 4, 32, 64, 128)),
        )
        return message(
            NEW_NEIGHBOUR,
            struct.pack("IiHBB", BRIDGE, self.random.choice((1, 2, 99)), state, flags, 1),
            attribute(2, self.mac()),
            self.maybe(1, self.network(self.random.choice((INET, INET6))), chance=0.4),
            attribute(3, *self.times()),
            self.maybe(5, u16(self.random.randrange(4096)), chance=0.3),
            self.maybe(6, self.port(), chance=0.2),
            self.maybe(7, self.n(), chance=0.2),
            self.maybe(8, u32(self.random.choice((1, 2))), chance=0.2),
            self.maybe(9, u32(self.random.choice((1, 2, 99))), chance=0.4),
            self.maybe(10, u32(self.random.randrange(9)), chance=0.1),
            self.maybe(11, self.n(), chance=0.2),
            self.maybe(13, self.n(), chance=0.1),
            self.maybe(14, attribute(1, u8(self.random.randrange(4))), chance=0.2),
            self.maybe(15, u32(1), chance=0.1),
        )
