"""`route -n`: the kernel's IPv4 routing table.

Format: route(8) of net-tools, `lib/inet_gr.c` (`INET_rprint`): a title, a header, then one line per route with the
columns Destination, Gateway, Genmask, Flags, Metric, Ref, Use, Iface. Names and order follow the header.

Two rows look different. A reject route (`unreachable`, `prohibit`) has no gateway and no interface: net-tools prints
`-` for both and for the reference count. A blackhole route belongs to no interface, and the kernel names it `*`.
The kernel's metric is unsigned; net-tools prints it signed, so that large metrics come out negative. They are kept
as printed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network

import attrs
import pyparsing as pp

from aksparse.command import Command, Lines
from aksparse.linere import LineGrammar
from aksparse.records import Record, maker
from aksparse.tokens import BadValue, column, columns, integer, ipv4, remember, signed_integer, to_ipv4, word


@attrs.frozen(kw_only=True)
class Route(Record):
    """One route of the kernel's table, as `route -n` prints it.

    Attributes:
        destination: the destination network or host.
        gateway: the gateway; 0.0.0.0 means none, absent on a reject route.
        genmask: the netmask of the destination: 255.255.255.255 for a host, 0.0.0.0 for the default route.
        flags: the route's flags, such as `UG`: U up, H host, G gateway, R reinstate, D, M by redirect, A addrconf,
            C cache, ! reject.
        metric: the distance to the target, as printed (net-tools prints large metrics as negative numbers).
        ref: the number of references (always 0 with today's kernels); absent on a reject route.
        use: the count of lookups of the route.
        iface: the interface that packets are sent through; `*` on a blackhole route, absent on a reject route.
    """

    destination: IPv4Address
    gateway: IPv4Address | None = None
    genmask: IPv4Address
    flags: str
    metric: int
    ref: int | None = None
    use: int
    iface: str | None = None

    @property
    def network(self) -> IPv4Network:
        """The destination with its mask. A reader of routes wants this; the tool prints the two apart."""
        return IPv4Network((int(self.destination), str(self.genmask)))


_NETMASKS = {
    str(network.netmask): (network.netmask, int(network.hostmask))
    for network in (IPv4Network((0, length)) for length in range(33))
}

_TITLE = LineGrammar(pp.Literal("Kernel IP routing table"))
_HEADER = LineGrammar(
    pp.And([column(pp.Literal(name)) for name in "Destination Gateway Genmask Flags Metric Ref Use Iface".split()])
)
_destination = column(ipv4("destination"))
_shared = (
    column((ipv4 | "-")("gateway"))
    + column(ipv4("genmask"))
    + column(pp.Word("UHGRDMACI!").set_name("route flags")("flags"))
    + column(signed_integer("metric"))
    + column((integer | "-")("ref"))
    + column(integer("use"))
)
_iface = column(word("iface"))
_ROUTE = LineGrammar(_destination + _shared + _iface)
# The columns between are the same in many rows: they are cut out as one and read once. `_ROUTE` says what is wrong.
_ROW = LineGrammar(_destination + columns(6)("shared") + _iface)
_SHARED = LineGrammar(_shared)


_Shared = tuple[IPv4Address | None, IPv4Address, int, str, int, int | None, int]


@remember
def _read_shared(text: str) -> _Shared | None:
    """Gateway, netmask, the bits that a destination must not have, flags, metric, ref and use."""
    found = _SHARED.pattern.match(text)
    if found is None:
        return None
    gateway, genmask, flags, metric, ref, use = found.groups()
    if genmask not in _NETMASKS:
        raise BadValue(genmask, "netmask with its one bits first")
    mask, host_bits = _NETMASKS[genmask]
    return (
        None if gateway == "-" else to_ipv4(gateway),
        mask,
        host_bits,
        flags,
        int(metric),
        None if ref == "-" else int(ref),
        int(use),
    )


_make_route = maker(
    Route,
    *("destination", "gateway", "genmask", "flags", "metric", "ref", "use", "iface", "origin", "line"),
)


def _assemble(lines: Lines) -> Iterator[Route]:
    match, recorded, origin = lines.matcher(_ROW), lines.recorded, lines.source
    for number, line in lines:
        found = match(line) or match(" ".join(line.split()))
        try:
            if found and (shared := _read_shared(found[2])):
                gateway, genmask, host_bits, flags, metric, ref, use = shared
                address = to_ipv4(found[1])
                if host_bits and int(address) & host_bits:
                    raise BadValue(found[1], f"destination without bits outside its mask {genmask}")
                iface = found[3]
                recorded(number)
                yield _make_route(
                    address,
                    gateway,
                    genmask,
                    flags,
                    metric,
                    ref,
                    use,
                    None if iface == "-" else iface,
                    origin,
                    number,
                )
            elif _TITLE.pattern.match(line):
                lines.ignore(number, "title")
            elif _HEADER.pattern.match(line):
                lines.ignore(number, "header")
            else:
                lines.refuse(number, _ROUTE)
        except ValueError as error:
            lines.bad_value(number, error)


def _produced_by(argv: Sequence[str]) -> bool:
    return argv[0] == "route" and all(option.startswith("-") and set(option) <= set("-nv") for option in argv[1:])


COMMAND = Command(name="route", record=Route, assemble=_assemble, produced_by=_produced_by, signature=(_TITLE, _HEADER))
parse_route = COMMAND.parse
