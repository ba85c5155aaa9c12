"""The options of rules in the form of `iptables-save`, and the matches among them.

Format: the `save` function of each extension in `extensions/` of iptables; see also iptables-extensions(8). An
extension is named by `-m` or `-j`, its options begin with two hyphens, and a value with blanks stands between quotation
marks. Most options have the name of a field of the record; what goes by another name or has to be put otherwise, so
that a rule reads as its listing does, is said here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from aksparse.netfilter.matches import kernel, packet, rates
from aksparse.netfilter.rules import Match
from aksparse.netfilter.values import PROTOCOLS, build, to_ports, unquoted


class SavedOption(NamedTuple):
    """One option of an extension.

    Attributes:
        name: its name without the hyphens.
        values: its values, without quotation marks.
        negated: whether an exclamation mark stands before it.
        text: the option as it was printed.
    """

    name: str
    values: tuple[str, ...]
    negated: bool
    text: str


_SavedOptions = list[SavedOption]
_Tokens = dict[str, str]


class Untyped(Exception):
    """An extension has an option that has no place in its record."""


_TEXTS = ("--log-prefix", "--nflog-prefix")  # their value may look like an option
_WORD = re.compile(r' *("(?:[^"\\]|\\.)*"|[^ ]+)', re.DOTALL)


def words_in(text: str) -> list[str]:
    """The words of a rule; what stands between quotation marks is one, and keeps them."""
    return _WORD.findall(text)


def options_in(words: list[str]) -> _SavedOptions:
    """The options of one extension."""
    options: _SavedOptions = []
    start = 0
    for end in range(1, len(words) + 1):
        if end < len(words) and not _begins_option(words, end):
            continue
        part = words[start:end]
        negated = part[0] == "!"
        name, *values = part[negated:]
        options.append(SavedOption(name.removeprefix("--"), tuple(map(unquoted, values)), negated, " ".join(part)))
        start = end
    return options


def _begins_option(words: list[str], position: int) -> bool:
    """Whether an option begins here: at its name, or at the exclamation mark before it."""
    word = words[position]
    if words[position - 1] in _TEXTS:
        return False
    if word == "!":
        return position + 1 < len(words) and words[position + 1].startswith("--")
    return word.startswith("--") and words[position - 1] != "!"


def tokens_of(cls: type[Any], options: _SavedOptions, prefix: str = "") -> _Tokens:
    """The options by the names of fields, as `build` takes them.

    Raises:
        Untyped: there is no such field.
    """
    tokens: _Tokens = {}
    for option in options:
        field = option.name.removeprefix(prefix).replace("-", "_")
        if field not in cls.__annotations__ or field in tokens:
            raise Untyped
        tokens[field] = " ".join(option.values) or option.name
        if option.negated:
            tokens[f"not_{field}"] = "!"
    return tokens


def _plain(cls: type[Any], prefix: str = "") -> Callable[[_SavedOptions], Any]:
    """An extension whose options are the fields of the record."""
    return lambda options: build(cls, tokens_of(cls, options, prefix))


def _whole(cls: type[Any], prefix: str = "") -> Callable[[_SavedOptions], Any]:
    """The same where an exclamation mark negates the whole match."""

    def read(options: _SavedOptions) -> Any:
        tokens = tokens_of(cls, options, prefix)
        negated = {name for name in tokens if name.startswith("not_")}
        kept = {name: token for name, token in tokens.items() if name not in negated}
        return build(cls, {**kept, **({"negated": "!"} if negated else {})})

    return read


def _port(protocol: str) -> Callable[[_SavedOptions], packet.PortMatch]:
    def read(options: _SavedOptions) -> packet.PortMatch:
        tokens = {"protocol": protocol}
        for option in options:
            mark = "!" if option.negated else ""
            match option.name, option.values:
                case ("sport" | "dport") as side, (ports,):
                    tokens[side] = mark + ports
                case "tcp-flags", (mask, comp):
                    tokens["tcp_flags"] = f"{mark}{mask}/{comp}"
                case "tcp-option", (number,):
                    tokens["tcp_option"] = number
                    if mark:
                        tokens["not_tcp_option"] = mark
                case _:
                    raise Untyped
        return build(packet.PortMatch, tokens)

    return read


def _multiport(options: _SavedOptions) -> packet.MultiportMatch:
    (option,) = options
    ports = tuple(map(to_ports, option.values[0].split(",")))
    return packet.MultiportMatch(direction=option.name, ports=ports, negated=option.negated)


def _icmp(options: _SavedOptions) -> packet.IcmpMatch:
    (option,) = options
    kind, _, code = option.values[0].partition("/")
    return build(
        packet.IcmpMatch,
        {"type": kind, **({"code": code} if code else {}), **({"negated": "!"} if option.negated else {})},
    )


def _addrtype(options: _SavedOptions) -> kernel.AddrtypeMatch:
    tokens = tokens_of(kernel.AddrtypeMatch, options)
    for side in ("src", "dst"):
        if tokens.pop(f"not_{side}_type", None):
            tokens[f"{side}_negated"] = "!"
    return build(kernel.AddrtypeMatch, tokens)


def _mark(cls: type[Any]) -> Callable[[_SavedOptions], Any]:
    def read(options: _SavedOptions) -> Any:
        (option,) = options
        return build(cls, {**masked(option.values[0]), **({"negated": "!"} if option.negated else {})})

    return read


def masked(text: str) -> _Tokens:
    """`VALUE[/MASK]`, in two fields."""
    value, _, mask = text.partition("/")
    return {"value": value, **({"mask": mask} if mask else {})}


def _recent(options: _SavedOptions) -> rates.RecentMatch:
    tokens: _Tokens = {}
    actions = {"set": "SET", "rcheck": "CHECK", "update": "UPDATE", "remove": "REMOVE"}
    for option in options:
        if option.name in actions:
            tokens["action"] = actions[option.name]
            if option.negated:
                tokens["negated"] = "!"
        elif option.name in ("rsource", "rdest"):
            tokens["side"] = option.name[1:]
        else:
            tokens |= tokens_of(rates.RecentMatch, [option])
    return build(rates.RecentMatch, tokens)


def _set(options: _SavedOptions) -> kernel.SetMatch:
    first, *others = options
    name, flags = first.values
    tokens = {"match_set": name, "flags": flags, **({"not_match_set": "!"} if first.negated else {})}
    return build(kernel.SetMatch, {**tokens, **tokens_of(kernel.SetMatch, others)})


def _limit(options: _SavedOptions) -> rates.LimitMatch:
    # A burst of 5 is not saved.
    return build(rates.LimitMatch, {"limit_burst": "5", **tokens_of(rates.LimitMatch, options)})


def _ttl(options: _SavedOptions) -> packet.TtlMatch:
    (option,) = options
    return packet.TtlMatch(operator=option.name[-2:], value=int(option.values[0]), negated=option.negated)


def _tos(options: _SavedOptions) -> packet.TosMatch:
    (option,) = options
    return build(packet.TosMatch, {"tos": option.values[0], **({"negated": "!"} if option.negated else {})})


def _bpf(options: _SavedOptions) -> packet.BpfMatch:
    (option,) = options
    text = option.values[0].rstrip("\0")
    if option.name == "object-pinned":
        return packet.BpfMatch(object_pinned=text)
    return build(packet.BpfMatch, {"bytecode": text.partition(",")[2]})  # the number of instructions comes first


def _spi(protocol: str) -> Callable[[_SavedOptions], packet.SpiMatch]:
    names = {f"{protocol}spi": "spi"}

    def read(options: _SavedOptions) -> packet.SpiMatch:
        renamed = [option._replace(name=names.get(option.name, option.name)) for option in options]
        return build(packet.SpiMatch, {"protocol": protocol, **tokens_of(packet.SpiMatch, renamed)})

    return read


def _string(options: _SavedOptions) -> packet.StringMatch:
    names = {"from": "from-offset", "to": "to-offset"}
    return build(
        packet.StringMatch,
        tokens_of(
            packet.StringMatch, [option._replace(name=names.get(option.name, option.name)) for option in options]
        ),
    )


def _policy(options: _SavedOptions) -> kernel.PolicyMatch:
    elements: list[list[str]] = [[]]
    known = {}
    for option in options:
        if option.name in ("dir", "pol"):
            known[option.name] = option.values[0]
        elif option.name == "next":
            elements.append([])
        elif option.name != "strict":
            values = [PROTOCOLS.get(value, value) if option.name == "proto" else value for value in option.values]
            elements[-1].append(" ".join([*(["!"] if option.negated else []), option.name, *values]))
    strict = any(option.name == "strict" for option in options)
    return kernel.PolicyMatch(
        dir=known["dir"], pol=known["pol"], strict=strict, elements=tuple(" ".join(part) for part in elements if part)
    )


def _connlimit(options: _SavedOptions) -> kernel.ConnlimitMatch:
    sides = {"connlimit-saddr": "src", "connlimit-daddr": "dst"}
    (side,) = (option for option in options if option.name in sides)
    others = [option for option in options if option is not side]
    return build(
        kernel.ConnlimitMatch, {"side": sides[side.name], **tokens_of(kernel.ConnlimitMatch, others, "connlimit-")}
    )


def _connbytes(options: _SavedOptions) -> kernel.ConnbytesMatch:
    first, *others = options
    least, _, most = first.values[0].partition(":")
    tokens = {"first": least, **({"last": most} if most else {}), **({"negated": "!"} if first.negated else {})}
    return build(kernel.ConnbytesMatch, {**tokens, **tokens_of(kernel.ConnbytesMatch, others, "connbytes-")})


_SAVED_MATCHES: dict[str, Callable[[_SavedOptions], Match]] = {
    **{protocol: _port(protocol) for protocol in ("tcp", "udp", "sctp")},
    "multiport": _multiport,
    "icmp": _icmp,
    "icmp6": _icmp,
    "iprange": _plain(packet.IprangeMatch),
    "addrtype": _addrtype,
    "statistic": _whole(rates.StatisticMatch),
    "mark": _mark(kernel.MarkMatch),
    "connmark": _mark(kernel.ConnmarkMatch),
    "conntrack": _plain(kernel.ConntrackMatch),
    "state": _plain(kernel.StateMatch),
    "recent": _recent,
    "nfacct": _plain(rates.NfacctMatch, "nfacct-"),
    "set": _set,
    "physdev": _plain(kernel.PhysdevMatch),
    "rpfilter": _plain(kernel.RpfilterMatch),
    "u32": _plain(packet.U32Match),
    "limit": _limit,
    "hashlimit": _plain(rates.HashlimitMatch, "hashlimit-"),
    "length": _plain(packet.LengthMatch),
    "mac": _plain(packet.MacMatch),
    "owner": _plain(kernel.OwnerMatch),
    "socket": _plain(kernel.SocketMatch),
    "ttl": _ttl,
    "hl": _ttl,
    "dscp": _plain(packet.DscpMatch),
    "tos": _tos,
    "cgroup": _plain(kernel.CgroupMatch),
    "bpf": _bpf,
    "esp": _spi("esp"),
    "ah": _spi("ah"),
    "string": _string,
    "time": _plain(rates.TimeMatch),
    "quota": _plain(rates.QuotaMatch),
    "policy": _policy,
    "cluster": _plain(kernel.ClusterMatch, "cluster-"),
    "connlimit": _connlimit,
    "connbytes": _connbytes,
    "pkttype": _plain(kernel.PkttypeMatch),
    "realm": _plain(kernel.RealmMatch),
    "helper": _plain(kernel.HelperMatch),
    "ipvs": _plain(kernel.IpvsMatch),
    "tcpmss": _plain(packet.TcpmssMatch),
}


def read_match(name: str, options: _SavedOptions) -> Match | None:
    """The record of a match, or `None` when it or one of its options is not typed."""
    try:
        return _SAVED_MATCHES[name](options)
    except (Untyped, TypeError, KeyError, IndexError, ValueError):
        return None
