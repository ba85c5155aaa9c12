"""`bridge fdb`: the forwarding database of a namespace: which address is behind which port.

Format: bridge(8) of iproute2, `bridge/fdb.c` (`print_fdb`). One entry is a line: the address, its interface unless
`dev` or `brport` was asked for, where a tunnel sends its packets, with `-s` when it was last used and updated, flags,
the bridge that holds the entry, and its state if it has one. Names, values and the absence of keys follow
`bridge -j fdb`, so that the tool's own JSON can judge; a state that is not in the text is empty there and absent here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address

import attrs
import pyparsing as pp

from aksparse.command import Command, Lines
from aksparse.iproute.keywords import (
    Fields,
    Option,
    Options,
    Words,
    a_flag,
    a_name,
    a_number,
    a_value,
    an_address,
    report_unknown,
    shows,
)
from aksparse.linere import LineGrammar
from aksparse.records import Record, constructor
from aksparse.tokens import (
    BadValue,
    column,
    integer,
    ip_address,
    remember,
    rest_of_line,
    signed_integer,
    to_repeated_ip,
    word,
)


@attrs.frozen(kw_only=True)
class FdbEntry(Record):
    """One entry of the forwarding database, as `bridge fdb` prints it.

    Attributes:
        mac: the link-layer address.
        ifname: the port that it is behind; absent when only the entries of one interface were asked for.
        dst: the address of the tunnel's other end.
        vlan: the VLAN.
        port: the UDP port of the tunnel's other end, where it is not that of the interface.
        vni: the VXLAN network identifier that the packets get, where it is not that of the interface.
        src_vni: the VXLAN network identifier that the entry is of.
        viaIf: the interface through which the tunnel's other end is reached.
        viaIfIndex: the index of that interface, when it is in another namespace.
        nhid: the next hop object that says where the packets go.
        linkNetNsId: the number under which this namespace knows that other one.
        used: when the entry was last used, in seconds before now (`-s` only).
        updated: when it was last updated, in seconds before now (`-s` only).
        flags: `self` (the interface itself has the entry), `router`, `extern_learn`, `offload`, `sticky`, `locked`.
        activity_notify: whether somebody is told when the entry becomes active or inactive.
        inactive: whether the entry is inactive.
        master: the bridge that has the entry.
        state: `permanent`, `static`, `stale` or a number; an entry that the bridge has learned has none.
        other: the rest, from the first word on that is not known.
    """

    mac: str
    ifname: str | None = None
    dst: IPv4Address | IPv6Address | None = None
    vlan: int | None = None
    port: int | None = None
    vni: int | None = None
    src_vni: int | None = None
    viaIf: str | None = None  # noqa: N815
    viaIfIndex: int | None = None  # noqa: N815
    nhid: int | None = None
    linkNetNsId: int | None = None  # noqa: N815
    used: int | None = None
    updated: int | None = None
    flags: tuple[str, ...] = ()
    activity_notify: bool | None = None
    inactive: bool | None = None
    master: str | None = None
    state: str | None = None
    other: str | None = None


def _read_via(words: Words, fields: Fields) -> None:
    """`via ifindex 7` when the interface is in another namespace; else `via NAME`."""
    name = words.popleft()
    if name == "ifindex" and words and words[0].isdecimal():
        fields["viaIfIndex"] = int(words.popleft())
    else:
        fields["viaIf"] = name


def _read_times(words: Words, fields: Fields) -> None:
    fields["used"], fields["updated"] = map(int, words.popleft().split("/"))


def _flag(flag: str) -> Option:
    def read(_: Words, fields: Fields) -> None:
        fields["flags"] = (*fields.get("flags", ()), flag)

    return Option(None, read)


def _state(state: str) -> Option:
    def read(_: Words, fields: Fields) -> None:
        if "state" in fields:
            raise BadValue(state, "one state")
        fields["state"] = state

    return Option(None, read)


_times = pp.Regex(r"[0-9]{1,10}/[0-9]{1,10}").set_name("times used/updated")
_OPTIONS = Options(
    {
        "dev": a_name("ifname"),
        "dst": an_address("dst"),
        **{name: a_number(name) for name in ("vlan", "port", "vni", "src_vni")},
        "via": Option(column(pp.Literal("ifindex")) + column(integer) | column(word), _read_via),
        "nhid": a_number("nhid"),
        "link-netnsid": a_value("linkNetNsId", signed_integer, int),
        "used": Option(column(_times), _read_times),
        **{flag: _flag(flag) for flag in ("self", "router", "extern_learn", "offload", "sticky", "locked")},
        **{mark: a_flag(mark) for mark in ("activity_notify", "inactive")},
        "master": a_name("master"),
        **{state: _state(state) for state in ("permanent", "static", "stale")},
        **{f"state={number}": _state(number) for number in ("0", "0x1", "0x8", "0x10", "0x20")},
    }
)
_mac = column(pp.Regex(r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}").set_name("link-layer address")("mac"))
_ENTRY = LineGrammar(_mac + _OPTIONS.expression)
# Most entries begin so; what follows is the same in many of them, and is read once.
_ENTRY_ROW = LineGrammar(
    _mac
    + pp.Opt(column(pp.Literal("dev")) + column(word("ifname")))
    + pp.Opt(column(pp.Literal("dst")) + column(ip_address("dst")))
    + rest_of_line("options")
)
_read_options = remember(_OPTIONS.read)
_make_entry = constructor(FdbEntry)


def _assemble(lines: Lines) -> Iterator[FdbEntry]:
    match, recorded, origin = lines.matcher(_ENTRY_ROW), lines.recorded, lines.source
    for number, line in lines:
        try:
            fields = _read_row(match(line))
        except ValueError as error:
            lines.bad_value(number, error)
            continue
        if fields is None:
            lines.refuse(number, _ENTRY)
            continue
        if "other" in fields:
            report_unknown(lines, number, fields["other"])
        recorded(number)
        yield _make_entry(**fields, origin=origin, line=number)


def _read_row(found: re.Match[str] | None) -> Fields | None:
    """The fields of a row; `None` when it has an address and nothing more."""
    if found is None:
        return None
    mac, ifname, dst, options = found.groups()
    fields: Fields = {} if ifname is None else {"ifname": ifname}
    if dst is not None:
        fields["dst"] = to_repeated_ip(dst)
    read = _read_options(options)
    if fields.keys() & read.keys():
        raise BadValue(options, "dev and dst only once")
    return {"mac": mac, **fields, **read} if fields or read.keys() - {"other"} else None


def _produced_by(argv: Sequence[str]) -> bool:
    return shows(argv, "fdb", tool="bridge")


COMMAND = Command(name="bridge_fdb", record=FdbEntry, assemble=_assemble, produced_by=_produced_by, signature=(_ENTRY,))
parse_bridge_fdb = COMMAND.parse
