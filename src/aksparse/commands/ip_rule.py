"""`ip rule`: the rules by which the kernel chooses a routing table.

Format: ip-rule(8) of iproute2, `ip/iprule.c` (`print_rule`). One rule is a line: its priority, `not` where it is for
everything else, then keywords with values. Names, values and the absence of keys follow `ip -j rule`, so that the
tool's own JSON can judge; what is `null` there (`not`, `nop`, `iif_detached` ...) is true here. The text has a mask of
ports, `dscp` or `flowlabel` only where it does not cover all bits, and such a `dscp` only as a number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
    report_unknown,
    shows,
)
from aksparse.linere import LineGrammar
from aksparse.records import Record
from aksparse.tokens import column, integer, ip_address, long_integer, remember, rest_of_line, to_ip, to_network, word


@attrs.frozen(kw_only=True)
class IPRule(Record):
    """One rule of the routing policy, as `ip rule` prints it.

    Attributes:
        priority: the priority; the kernel looks at the rules in ascending order.
        not_: the rule is for all packets but those it describes.
        src: the source address or network, without its length; `all` means any.
        srclen: the length of the source network, in bits.
        dst: the destination address or network, without its length.
        dstlen: the length of the destination network, in bits.
        tos: the type of service, a name or a number in hexadecimal.
        fwmark: the mark of the packet, in hexadecimal.
        fwmask: the mask of the mark, in hexadecimal; absent means all bits.
        iif: the interface that the packet comes in through.
        iif_detached: there is no such interface now.
        oif: the interface that the socket of the packet is bound to.
        oif_detached: there is no such interface now.
        l3mdev: the table is the one of the VRF that the packet belongs to.
        uid_start: the first of the users that the rule is for.
        uid_end: the last of them.
        ipproto: the protocol, a name or `ipproto-` and a number.
        sport: the source port.
        sport_start: the first source port.
        sport_end: the last source port.
        sport_mask: the mask of the source port, in hexadecimal; absent means all bits.
        dport: the destination port.
        dport_start: the first destination port.
        dport_end: the last destination port.
        dport_mask: the mask of the destination port, in hexadecimal; absent means all bits.
        dscp: the differentiated services code point, a name or a number.
        dscp_mask: the mask of the code point, in hexadecimal; absent means all bits.
        flowlabel: the flow label of IPv6, in hexadecimal.
        flowlabel_mask: the mask of the flow label, in hexadecimal; absent means all bits.
        tun_id: the number of the tunnel that the packet came through.
        table: the routing table to look into, a name or a number.
        suppress_prefixlen: routes with prefixes up to this length are passed over.
        suppress_ifgroup: routes through interfaces of this group are passed over.
        flow_from: the source realm of packets.
        flow_to: the destination realm of packets.
        nat_gateway: the address that the source address becomes.
        masquerade: the source address becomes the one of the interface.
        goto: the priority of the rule to go on with.
        unresolved: there is no such rule now.
        nop: the rule does nothing.
        action: what happens to the packet, such as `blackhole` or `unreachable`, or its number.
        protocol: who made the rule, such as `kernel`, or a number.
        other: the rest, from the first keyword on that is not known.
    """

    priority: int
    not_: bool | None = None
    src: str
    srclen: int | None = None
    dst: str | None = None
    dstlen: int | None = None
    tos: str | None = None
    fwmark: str | None = None
    fwmask: str | None = None
    iif: str | None = None
    iif_detached: bool | None = None
    oif: str | None = None
    oif_detached: bool | None = None
    l3mdev: bool | None = None
    uid_start: int | None = None
    uid_end: int | None = None
    ipproto: str | None = None
    sport: int | None = None
    sport_start: int | None = None
    sport_end: int | None = None
    sport_mask: str | None = None
    dport: int | None = None
    dport_start: int | None = None
    dport_end: int | None = None
    dport_mask: str | None = None
    dscp: str | None = None
    dscp_mask: str | None = None
    flowlabel: str | None = None
    flowlabel_mask: str | None = None
    tun_id: int | None = None
    table: str | None = None
    suppress_prefixlen: int | None = None
    suppress_ifgroup: str | None = None
    flow_from: str | None = None
    flow_to: str | None = None
    nat_gateway: str | None = None
    masquerade: bool | None = None
    goto: int | None = None
    unresolved: bool | None = None
    nop: bool | None = None
    action: str | None = None
    protocol: str | None = None
    other: str | None = None


def _network_option(field: str, length: str) -> Option:
    def read(words: Words, fields: Fields) -> None:
        text = words.popleft()
        if text != "all":
            to_network(text)  # raises
        fields[field], slash, bits = text.partition("/")
        if slash:
            fields[length] = int(bits)

    return Option(column(_network), read)


def _interface_option(field: str) -> Option:
    def read(words: Words, fields: Fields) -> None:
        fields[field] = words.popleft()
        if words and words[0] == "[detached]":
            words.popleft()
            fields[f"{field}_detached"] = True

    return Option(column(word) + pp.Opt(column(pp.Literal("[detached]"))), read)


def _port_option(field: str) -> Option:
    def read(words: Words, fields: Fields) -> None:
        text, slash, mask = words.popleft().partition("/")
        first, dash, last = text.partition("-")
        if dash:
            fields[f"{field}_start"], fields[f"{field}_end"] = int(first), int(last)
        else:
            fields[field] = int(first, 16 if slash else 10)
        if slash:
            fields[f"{field}_mask"] = mask

    return Option(column(_ports), read)


def _masked_option(field: str, mask_field: str, value: pp.ParserElement) -> Option:
    def read(words: Words, fields: Fields) -> None:
        fields[field], slash, mask = words.popleft().partition("/")
        if slash:
            fields[mask_field] = mask

    return Option(column(value), read)


def _action_option(action: str) -> Option:
    def read(_: Words, fields: Fields) -> None:
        fields["action"] = action

    return Option(None, read)


def _read_table(words: Words, fields: Fields) -> None:
    if words[0] == "[l3mdev-table]":
        words.popleft()
        fields["l3mdev"] = True
    else:
        fields["table"] = words.popleft()


def _read_users(words: Words, fields: Fields) -> None:
    first, _, last = words.popleft().partition("-")
    fields["uid_start"], fields["uid_end"] = int(first), int(last)


def _read_realms(words: Words, fields: Fields) -> None:
    source, slash, destination = words.popleft().partition("/")
    if slash:
        fields["flow_from"] = source
    fields["flow_to"] = destination if slash else source


def _read_goto(words: Words, fields: Fields) -> None:
    fields["goto"] = int(words.popleft())
    if words and words[0] == "[unresolved]":
        words.popleft()
        fields["unresolved"] = True


_network = (pp.Literal("all") | pp.Regex(r"(?:[0-9.]{7,15}|[0-9a-fA-F]*:[0-9a-fA-F:.]+)(?:/[0-9]{1,3})?")).set_name(
    "network"
)
_hexadecimal = r"0(?:x[0-9a-f]{1,4})?"
_ports = pp.Regex(rf"{_hexadecimal}/{_hexadecimal}|[0-9]{{1,5}}(?:-[0-9]{{1,5}})?").set_name("port or port range")
_mark = pp.Regex(r"(?:0x)?[0-9a-f]{1,8}(?:/(?:0x)?[0-9a-f]{1,8})?").set_name("mark")
_ACTIONS = (
    *("blackhole", "unreachable", "prohibit", "throw", "unicast", "none", "local", "broadcast", "anycast", "multicast"),
    *("nat", "xresolve"),
)
_OPTIONS = Options(
    {
        "from": _network_option("src", "srclen"),
        "to": _network_option("dst", "dstlen"),
        "tos": a_name("tos"),
        "fwmark": _masked_option("fwmark", "fwmask", _mark),
        "iif": _interface_option("iif"),
        "oif": _interface_option("oif"),
        "uidrange": Option(column(pp.Regex(r"[0-9]{1,10}-[0-9]{1,10}").set_name("range of users")), _read_users),
        "ipproto": a_name("ipproto"),
        "sport": _port_option("sport"),
        "dport": _port_option("dport"),
        "dscp": _masked_option("dscp", "dscp_mask", word),
        "flowlabel": _masked_option("flowlabel", "flowlabel_mask", _mark),
        "tun_id": a_value("tun_id", long_integer, int),
        "lookup": Option(column(word), _read_table),
        "suppress_prefixlength": a_number("suppress_prefixlen"),
        "suppress_ifgroup": a_name("suppress_ifgroup"),
        "realms": Option(column(word), _read_realms),
        "map-to": a_value("nat_gateway", ip_address, lambda text: str(to_ip(text))),
        "masquerade": a_flag("masquerade"),
        "goto": Option(column(integer) + pp.Opt(column(pp.Literal("[unresolved]"))), _read_goto),
        "nop": a_flag("nop"),
        **{action: _action_option(action) for action in (*_ACTIONS, *"06789")},  # -N prints their numbers
        "proto": a_name("protocol"),
    }
)
_priority = pp.Regex(r"[0-9]{1,10}").set_name("priority")("priority") + column(pp.Literal(":").leave_whitespace())
_not = pp.Opt(column(pp.Literal("not")("not_")))
_from = pp.FollowedBy(column(pp.Literal("from")))
_RULE = LineGrammar(_priority + _not + _from + _OPTIONS.expression)
_RULE_ROW = LineGrammar(_priority + _not + _from + rest_of_line("options"))


@remember
def _read_options(text: str) -> Fields:
    """What stands behind the priority."""
    return _OPTIONS.read(text)


def _assemble(lines: Lines) -> Iterator[IPRule]:
    for number, line in lines:
        try:
            found = _RULE_ROW.pattern.match(line)
            if found is None:
                lines.refuse(number, _RULE)
                continue
            priority, not_, options = found.groups()
            rule = IPRule(
                priority=int(priority),
                not_=True if not_ else None,
                origin=lines.source,
                line=number,
                **_read_options(options),
            )
        except ValueError as error:
            lines.bad_value(number, error)
            continue
        if rule.other is not None:
            report_unknown(lines, number, rule.other)
        lines.recorded(number)
        yield rule


def _produced_by(argv: Sequence[str]) -> bool:
    return shows(argv, "rule", least=2)


COMMAND = Command(name="ip_rule", record=IPRule, assemble=_assemble, produced_by=_produced_by, signature=(_RULE,))
parse_ip_rule = COMMAND.parse
