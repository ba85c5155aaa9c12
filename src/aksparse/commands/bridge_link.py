"""`bridge link`: the ports of the bridges of a namespace, and how each is set up.

Format: bridge(8) of iproute2, `bridge/link.c` (`print_linkinfo`, `print_protinfo`): one line per port, as `ip link`
begins it, then its bridge, its state and what it costs; with `-d` a second line of settings, which with `-o` stands
behind a backslash in the first. Their order differs among the releases and is not looked at. Releases before 4.16 print
the operational state of the interface before its flags, as in ``3: eth1 state UP : <BROADCAST>``.

Names, values and the absence of keys follow `bridge -j link`, so that the tool's own JSON can judge. A state without a
name is a number there, and stands here as it is printed, in parentheses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import attrs
import pyparsing as pp

from aksparse.command import Command, Lines
from aksparse.iproute.keywords import Fields, Option, Options, Words, a_name, a_number, report_unknown, shows
from aksparse.linere import LineGrammar
from aksparse.records import Record, constructor
from aksparse.tokens import column, integer, remember, rest_of_line, word


@attrs.frozen(kw_only=True)
class BridgePort(Record):
    """One port of a bridge, as `bridge link` prints it.

    Attributes:
        ifindex: the index of the interface, unique in its namespace.
        ifname: the name of the interface.
        operstate: the operational state of the interface, such as `UP` (old releases only).
        link: the name that the index of the peer or lower interface has in this namespace, or `if` and the index. The
            tool does not look whether the peer is in this namespace: `veth1@eth0` may be a link to another's `eth0`,
            or to anything else in another namespace that has the index of this `eth0`.
        flags: the interface flags, such as `UP`, `LOWER_UP`.
        mtu: the maximum transmission unit, in bytes.
        master: the bridge; absent for an interface that bridges by itself.
        state: what the spanning tree lets through: `disabled`, `listening`, `learning`, `forwarding` or `blocking`.
        priority: the priority of the port in the spanning tree.
        cost: the cost of the path through the port.
        hwmode: how an interface that bridges by itself does it: `VEB`, `VEPA` or a number.
        hairpin: whether packets may leave through the port they came in by (this and all below: `-d` only).
        guard: whether the port refuses the packets of the spanning tree protocol.
        root_block: whether the port may not become the root port.
        fastleave: whether the port leaves a multicast group at once.
        learning: whether the bridge learns addresses from what comes in by the port.
        learning_sync: whether addresses that the hardware has learned are given to the bridge.
        flood: whether packets to unknown addresses leave through the port.
        mcast_flood: whether multicast packets to unknown groups leave through the port.
        bcast_flood: whether broadcast packets leave through the port.
        mcast_router: whether a multicast router is behind the port: 0 no, 1 if one is heard, 2 yes, 3 for a while.
        mcast_to_unicast: whether multicast packets leave as unicast packets.
        neigh_suppress: whether the bridge answers for the neighbours that it knows.
        neigh_vlan_suppress: whether it does so in each VLAN as that VLAN is set up.
        vlan_tunnel: whether VLANs are mapped to tunnels.
        backup_port: the port that takes over when this one has no carrier.
        backup_nhid: the next hop that the packets then have.
        isolated: whether the port reaches only ports that are not isolated.
        locked: whether only known addresses may send through the port.
        mab: whether addresses that are refused for that are learned as locked.
        neigh_forward_grat: whether gratuitous ARP packets pass although the bridge answers for neighbours.
        mcast_n_groups: the number of multicast groups that the port is in.
        mcast_max_groups: the most it may be in; 0 is no limit.
        other: the rest, from the first word on that is not known.
    """

    ifindex: int
    ifname: str
    operstate: str | None = None
    link: str | None = None
    flags: tuple[str, ...]
    mtu: int | None = None
    master: str | None = None
    state: str | None = None
    priority: int | None = None
    cost: int | None = None
    hwmode: str | None = None
    hairpin: bool | None = None
    guard: bool | None = None
    root_block: bool | None = None
    fastleave: bool | None = None
    learning: bool | None = None
    learning_sync: bool | None = None
    flood: bool | None = None
    mcast_flood: bool | None = None
    bcast_flood: bool | None = None
    mcast_router: int | None = None
    mcast_to_unicast: bool | None = None
    neigh_suppress: bool | None = None
    neigh_vlan_suppress: bool | None = None
    vlan_tunnel: bool | None = None
    backup_port: str | None = None
    backup_nhid: int | None = None
    isolated: bool | None = None
    locked: bool | None = None
    mab: bool | None = None
    neigh_forward_grat: bool | None = None
    mcast_n_groups: int | None = None
    mcast_max_groups: int | None = None
    other: str | None = None


def _a_switch(field: str) -> Option:
    def read(words: Words, fields: Fields) -> None:
        fields[field] = words.popleft() == "on"

    return Option(column(pp.Regex(r"on|off").set_name("on or off")), read)


def _a_state(words: Words, fields: Fields) -> None:
    fields["state"] = words.popleft()


_state = pp.Regex(r"disabled|listening|learning|forwarding|blocking|\([0-9]{1,3}\)").set_name("state of a port")
_SWITCHES = (
    *("hairpin", "guard", "root_block", "fastleave", "learning", "learning_sync", "flood", "mcast_flood"),
    *("bcast_flood", "mcast_to_unicast", "neigh_suppress", "neigh_vlan_suppress", "vlan_tunnel", "isolated"),
    *("locked", "mab", "neigh_forward_grat"),
)
_DETAIL = {
    **{name: _a_switch(name) for name in _SWITCHES},
    **{name: a_number(name) for name in ("mcast_router", "backup_nhid", "mcast_n_groups", "mcast_max_groups")},
    "backup_port": a_name("backup_port"),
    "hwmode": a_name("hwmode"),  # of an interface that is a port as well
}
_SETTINGS = Options(
    {
        "mtu": a_number("mtu"),
        "master": a_name("master"),
        "state": Option(column(_state), _a_state),
        "priority": a_number("priority"),
        "cost": a_number("cost"),
        **_DETAIL,
    }
)
_DETAILS = Options(_DETAIL)
# A name may hold "@": the last one separates it from the link.
_colon = column(pp.Literal(":").leave_whitespace())
_link = pp.Regex(r"[^ \t@:]+").leave_whitespace().set_name("link name")("link")
_name = (
    pp.Regex(r"[^ \t]+(?=@[^ \t@]+:[ \t])|[^ \t]+(?=:[ \t])").set_name("interface name")("ifname")
    + pp.Opt(pp.Literal("@").leave_whitespace() + _link)
    + _colon
)
_old_name = (
    column(word("ifname"))
    + column(pp.Literal("state"))
    + column(pp.Regex(r"[A-Z]+").set_name("operational state")("operstate"))
    + (pp.Literal("@") + _link + _colon | column(pp.Literal(":")))
)
_begin = (
    pp.Regex(r"[0-9]{1,9}").set_name("interface index")("ifindex")
    + ":"
    + (_name | _old_name)
    + column(pp.Regex(r"<[A-Z0-9a-f_,-]*>").set_name("flags in angle brackets")("flags"))
)
_PORT_ROW = LineGrammar(_begin + rest_of_line("settings"))
_PORT = LineGrammar(_begin + _SETTINGS.expression)
_DETAILS_ROW = LineGrammar(
    pp.Regex(r"[ \t]+").leave_whitespace().set_name("indentation") + _DETAILS.expression + rest_of_line
)
# `ip link` has an operational state and no priority.
_SIGNATURE = LineGrammar(
    _begin
    + pp.Opt(column(pp.Literal("mtu")) + column(integer))
    + (
        pp.Opt(column(pp.Literal("master")) + column(word)) + column(pp.Literal("state")) + column(_state)
        | column(pp.Literal("hwmode")) + column(word)
    )
    + rest_of_line
)
_LINE_END = re.compile(r"(?<=[ \t])\\(?=[ \t]{2})")


def _assemble(lines: Lines) -> Iterator[BridgePort]:
    port: dict[str, Any] | None = None
    for number, line in lines:
        begins = _PORT_ROW.parse(line)
        try:
            if begins:
                if port is not None:
                    yield _make_port(**port)
                    port = None
                read = _read_port(begins)
                port = {**read, "origin": lines.source, "line": number}
            elif port is not None and _DETAILS_ROW.pattern.match(line):
                read = _read_details(line)
                if port.keys() & read.keys():
                    lines.report(number, "repeated-line", "settings of a port of which they were read before", 1)
                    continue
                port |= read
            else:
                lines.refuse(number, _PORT, _DETAILS_ROW)
                if port is not None and number not in lines.ignored and line[0] not in " \t":
                    yield _make_port(**port)
                    port = None  # the settings that follow may be another port's
                continue
        except ValueError as error:
            lines.bad_value(number, error)
            continue
        if "other" in read:
            report_unknown(lines, number, read["other"])
        lines.recorded(number)
        port["end_line"] = number
    if port is not None:
        yield _make_port(**port)


def _read_port(found: dict[str, str]) -> Fields:
    settings, flags = found.pop("settings", ""), found.pop("flags")
    return {**found, **_read_settings(settings), "ifindex": int(found["ifindex"]), "flags": _read_flags(flags)}


# Many ports are set up alike.
@remember
def _read_settings(text: str) -> Fields:
    return _SETTINGS.read(_LINE_END.sub(" ", text))


@remember
def _read_flags(text: str) -> tuple[str, ...]:
    return tuple(flag for flag in text[1:-1].split(",") if flag)


_read_details = remember(_DETAILS.read)
_make_port = constructor(BridgePort)


def _produced_by(argv: Sequence[str]) -> bool:
    return shows(argv, "link", tool="bridge")


COMMAND = Command(
    name="bridge_link", record=BridgePort, assemble=_assemble, produced_by=_produced_by, signature=(_SIGNATURE,)
)
parse_bridge_link = COMMAND.parse
