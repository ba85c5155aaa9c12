"""The chains of iptables and their rules, as records: the same from a listing and from `iptables-save`.

Format: iptables(8). How each of the two forms is written: `aksparse.commands.iptables` and
`aksparse.commands.iptables_save`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import attrs

from aksparse.netfilter.matches import kernel, packet, rates
from aksparse.netfilter.targets import TargetOption
from aksparse.netfilter.values import Address
from aksparse.records import Record

Match = (
    packet.PortMatch
    | packet.MultiportMatch
    | kernel.AddrtypeMatch
    | rates.StatisticMatch
    | kernel.MarkMatch
    | kernel.ConntrackMatch
    | kernel.StateMatch
    | rates.RecentMatch
    | rates.NfacctMatch
    | packet.IcmpMatch
    | packet.IprangeMatch
    | kernel.ConnmarkMatch
    | kernel.SetMatch
    | kernel.PhysdevMatch
    | kernel.RpfilterMatch
    | packet.U32Match
    | rates.LimitMatch
    | rates.HashlimitMatch
    | packet.LengthMatch
    | packet.MacMatch
    | kernel.OwnerMatch
    | kernel.SocketMatch
    | packet.TtlMatch
    | packet.DscpMatch
    | packet.TosMatch
    | kernel.CgroupMatch
    | packet.BpfMatch
    | packet.SpiMatch
    | packet.StringMatch
    | rates.TimeMatch
    | rates.QuotaMatch
    | kernel.PolicyMatch
    | kernel.ClusterMatch
    | kernel.ConnlimitMatch
    | kernel.ConnbytesMatch
    | kernel.PkttypeMatch
    | kernel.RealmMatch
    | kernel.HelperMatch
    | packet.TcpmssMatch
    | kernel.IpvsMatch
    | packet.CommentMatch
)


@attrs.frozen(kw_only=True)
class Rule(Record):
    """One rule of a chain.

    Attributes:
        num: the position in the chain, with `--line-numbers`.
        pkts: the packets that matched, with `-v`.
        bytes: the bytes of these packets, with `-v`.
        counters_approximate: whether a counter is rounded; absent without `-v`.
        target: the target or chain; absent when the rule has none.
        goto: whether the chain is not returned from (`-g`).
        protocol: the protocol by name, `all` for any.
        opt: the fragment column: `--` any packet, `-f` further fragments only, `!f` heads and whole packets only;
            absent where an older ip6tables leaves it blank.
        in_interface: the incoming interface with `-v`, `*` for any.
        out_interface: the outgoing interface with `-v`, `*` for any.
        source: the source network; a name where the tool printed one.
        destination: the destination network; a name where the tool printed one.
        negated: which of protocol, in_interface, out_interface, source, destination mean everything else.
        comment: the comment, or the first of several; the others are among the matches.
        comment_ambiguous: whether the comment may have ended elsewhere, because it holds `*/`.
        matches: the typed matches of extensions, in order.
        target_options: the typed options of the target, in order.
        other: what is not typed, verbatim, from the first unknown word on.
    """

    num: int | None = None
    pkts: int | None = None
    bytes: int | None = None
    counters_approximate: bool | None = None
    target: str | None = None
    goto: bool = False
    protocol: str
    opt: str | None = None
    in_interface: str | None = None
    out_interface: str | None = None
    source: Address
    destination: Address
    negated: tuple[str, ...] = ()
    comment: str | None = None
    comment_ambiguous: bool = False
    matches: tuple[Match, ...] = ()
    target_options: tuple[TargetOption, ...] = ()
    other: str | None = None


@attrs.frozen(kw_only=True)
class Chain(Record):
    """One chain and its rules.

    Attributes:
        name: the name of the chain; absent where its title is not in the text, as when `grep` left only rules.
        table: the name of its table, where the text has it: `iptables-save` does.
        policy: what becomes of packets at its end, of a built-in chain.
        references: how many rules jump to it, of a user-defined chain.
        pkts: the packets that met the policy, with `-v`.
        bytes: the bytes of these packets, with `-v`.
        counters_approximate: whether a counter is rounded; absent without counters.
        rules: the rules, in order.
    """

    name: str | None = None
    table: str | None = None
    policy: str | None = None
    references: int | None = None
    pkts: int | None = None
    bytes: int | None = None
    counters_approximate: bool | None = None
    rules: tuple[Rule, ...] = ()


def tool_and_words(argv: Sequence[str]) -> tuple[str, Sequence[str]]:
    """The tool that a command line runs, which may be one of several in a program, and its words."""
    several = len(argv) > 1 and re.fullmatch("xtables-(?:nft|legacy)-multi", argv[0])
    return (argv[1], argv[2:]) if several else (argv[0], argv[1:])


_UNITS = {unit: 1000**power for power, unit in enumerate("KMGTPE", 1)}
NO_COUNTERS = (None, None, None)


def to_counters(pkts: str, bytes_: str) -> tuple[int, int, bool]:
    """The values of both counters, and whether one is rounded."""
    if pkts.isdigit() and bytes_.isdigit():
        return int(pkts), int(bytes_), False
    return _to_count(pkts), _to_count(bytes_), True


def _to_count(text: str) -> int:
    return int(text) if text.isdigit() else int(text[:-1]) * _UNITS[text[-1]]
