"""`ip neigh`: the neighbours of a namespace: the ARP table, and that of IPv6.

Format: ip-neighbour(8) of iproute2, `ip/ipneigh.c` (`print_neigh`). One neighbour is a line: its address, its
interface unless `dev` was asked for, its link-layer address if that is known, flags, with `-s` statistics, and its
state if it has one. Names, values and the absence of keys follow `ip -j neigh`, so that the tool's own JSON can judge;
flags are `null` there and true here. With `-br` a line has the address in 39 columns, the interface in 16, and the
link-layer address, without any keyword.
"""

from __future__ import annotations

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
    report_unknown,
    shows,
    without_brief,
)
from aksparse.linere import LineGrammar
from aksparse.records import Record
from aksparse.tokens import column, integer, ip_address, rest_of_line, to_ip, word


@attrs.frozen(kw_only=True)
class Neighbour(Record):
    """One neighbour, as `ip neigh` prints it.

    Attributes:
        dst: the address of the neighbour.
        dev: the interface that it is behind; absent when only the neighbours of one interface were asked for.
        lladdr: the link-layer address; absent when it is not known.
        router: it is a router.
        proxy: this host answers for it.
        managed: the kernel keeps the entry up to date by itself.
        extern_learn: the entry was learned by something else than the kernel.
        offload: the entry is in the hardware.
        refcnt: how many use the entry.
        used: when it was last used, in seconds before now.
        confirmed: when it was last confirmed, in seconds before now.
        updated: when it was last updated, in seconds before now.
        probes: how many times the neighbour was asked since it last answered.
        state: the states, nearly always one: `REACHABLE`, `STALE`, `FAILED`, `PERMANENT` ...
        protocol: who made the entry, such as `zebra`, or a number.
        other: the rest, from the first word on that is not known.
    """

    dst: IPv4Address | IPv6Address
    dev: str | None = None
    lladdr: str | None = None
    router: bool | None = None
    proxy: bool | None = None
    managed: bool | None = None
    extern_learn: bool | None = None
    offload: bool | None = None
    refcnt: int | None = None
    used: int | None = None
    confirmed: int | None = None
    updated: int | None = None
    probes: int | None = None
    state: tuple[str, ...] | None = None
    protocol: str | None = None
    other: str | None = None


_FLAGS = ("router", "proxy", "managed", "extern_learn", "offload")
_STATES = ("INCOMPLETE", "REACHABLE", "STALE", "DELAY", "PROBE", "FAILED", "NOARP", "PERMANENT")
_used = pp.Regex(r"[0-9]{1,10}/[0-9]{1,10}/[0-9]{1,10}").set_name("times used/confirmed/updated")
_glued = pp.Regex(r"[0-9]{1,10}/[0-9]{1,10}/[0-9]{1,10}probes").set_name("times used/confirmed/updated")


def _read_times(words: Words, fields: Fields) -> None:
    """`used 2/62/2probes 0`: the tool puts no blank before the next keyword."""
    text = words.popleft()
    if text.endswith("probes"):
        fields["probes"] = int(words.popleft())
    fields["used"], fields["confirmed"], fields["updated"] = map(int, text.removesuffix("probes").split("/"))


def _state(state: str) -> Option:
    def read(_: Words, fields: Fields) -> None:
        fields["state"] = (*fields.get("state", ()), state)

    return Option(None, read)


_SAID = {
    "lladdr": a_name("lladdr"),
    **{flag: a_flag(flag) for flag in _FLAGS},
    "ref": a_number("refcnt"),
    "used": Option(column(_glued) + column(integer) | column(_used), _read_times),
    "probes": a_number("probes"),
    **{state: _state(state) for state in _STATES},
}
_OPTIONS = Options({"dev": a_name("dev"), **_SAID, "proto": a_name("protocol")})
_dst = column(ip_address("dst"))
_NEIGHBOUR = LineGrammar(_dst + _OPTIONS.expression)
_NEIGHBOUR_ROW = LineGrammar(_dst + rest_of_line("options"))
# `10.0.0.1 dev eth0` may as well be a route.
_SIGNATURE = LineGrammar(
    _dst
    + pp.Opt(column(pp.Literal("dev")) + column(word))
    + pp.FollowedBy(Options(_SAID).expression)
    + _OPTIONS.expression
)

_padded = pp.Regex(r"(?=.{39} (?:[^ ]|$))[0-9a-f.:]{2,39}(?= )").set_name("IP address in 39 columns")("dst")
_lladdr = column(pp.Regex(r"[0-9a-f]{1,3}(?:[.:][0-9a-f]{1,3})*").set_name("link-layer address")("lladdr"))
_BRIEF = LineGrammar(
    _padded.leave_whitespace() + (pp.Opt(pp.Regex(r"[^ :]+(?=  )").set_name("interface")("dev")) + pp.Opt(_lladdr))
)


def _assemble(lines: Lines) -> Iterator[Neighbour]:
    for number, line in lines:
        try:
            fields = _read(line)
            if fields is None:
                lines.refuse(number, _NEIGHBOUR, _BRIEF)
                continue
            neighbour = Neighbour(origin=lines.source, line=number, **fields)
        except ValueError as error:
            lines.bad_value(number, error)
            continue
        if neighbour.other is not None:
            report_unknown(lines, number, neighbour.other)
        lines.recorded(number)
        yield neighbour


def _read(line: str) -> Fields | None:
    if brief := _BRIEF.parse(line):
        return {**brief, "dst": to_ip(brief["dst"])}
    found = _NEIGHBOUR_ROW.pattern.match(line)
    fields = _OPTIONS.read(found[2]) if found else {}
    return {"dst": to_ip(found[1]), **fields} if found and not fields.keys() <= {"other"} else None


def _produced_by(argv: Sequence[str]) -> bool:
    return shows(without_brief(argv), "neighbour", "neighbor")


COMMAND = Command(
    name="ip_neigh", record=Neighbour, assemble=_assemble, produced_by=_produced_by, signature=(_SIGNATURE, _BRIEF)
)
parse_ip_neigh = COMMAND.parse
