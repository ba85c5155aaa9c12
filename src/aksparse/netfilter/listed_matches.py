"""How a listing prints matches.

Format: the `print` function of each match in `extensions/` of iptables. The tokens of a grammar have the names of the
fields of the record.
"""

from __future__ import annotations

import re

import pyparsing as pp

from aksparse.netfilter.matches import kernel, packet, rates
from aksparse.netfilter.options import (
    HEX,
    LONG,
    MASKED,
    NEGATED,
    NUMBER_RANGE,
    Options,
    Tokens,
    flag,
    flag_not,
    glued,
    mark_of,
    option,
    perhaps,
    perhaps_not,
    phrase,
)
from aksparse.netfilter.values import PROTOCOLS, build, to_ports, unquoted
from aksparse.tokens import column, end_of_column, integer, word

_port = pp.Regex(r"!?[^ \t:!]+(?::[^ \t:!]+)?").set_name("port or port range")
_types = pp.Regex(r"!?[A-Z_]+(?:,[A-Z_]+)*").set_name("types")
_ports = pp.Regex(r"[^ \t,:!]+(?:[:,][^ \t,:!]+)*").set_name("ports")
_names = pp.Regex(r"[A-Za-z_-]+(?:,[A-Za-z_-]+)*").set_name("names")
_quoted_text = pp.Regex(r'(?:[^"\\]|\\.)*').set_name("text")


_date = pp.Regex(r"[0-9]+(?:-[0-9]+){2} [0-9]+(?::[0-9]+){2}").set_name("date and time")
# The length of the header is printed right behind it.
_spi = pp.Regex(r"[0-9]{1,18}(?::[0-9]{1,18})?(?=length:|[ \t]|$)").set_name("index or range")
_MASKED = HEX("value") + pp.Opt(pp.Literal("/").leave_whitespace() + glued(HEX, "mask"))


def _ports_of(direction: str) -> pp.ParserElement:
    return pp.Opt(pp.Regex(rf"{direction[0]}pts?:").set_name(f"{direction[0]}pt:") + column(glued(_port, direction)))


def _multiport(tokens: Tokens) -> packet.MultiportMatch:
    ports = tuple(map(to_ports, tokens["ports"].split(",")))
    return packet.MultiportMatch(direction=tokens["direction"], ports=ports, negated="negated" in tokens)


def _addrtype(tokens: Tokens) -> kernel.AddrtypeMatch:
    src, dst = tokens.get("src", ""), tokens.get("dst", "")
    return kernel.AddrtypeMatch(
        src_type=tuple(src.lstrip("!").split(",")) if src else (),
        src_negated=src.startswith("!"),
        dst_type=tuple(dst.lstrip("!").split(",")) if dst else (),
        dst_negated=dst.startswith("!"),
        limit_iface_in="limit_iface_in" in tokens,
        limit_iface_out="limit_iface_out" in tokens,
    )


def _icmp(tokens: Tokens) -> packet.IcmpMatch:
    if tokens.get("any"):
        return packet.IcmpMatch(type="any", negated="negated" in tokens)
    return build(packet.IcmpMatch, tokens)


def _limit(tokens: Tokens) -> rates.LimitMatch | rates.HashlimitMatch:
    if "limit" in tokens:
        return build(rates.LimitMatch, tokens)
    return build(
        rates.HashlimitMatch, {**tokens, **({"mode": tokens["mode"].replace("-", ",")} if "mode" in tokens else {})}
    )


def _bpf(tokens: Tokens) -> packet.BpfMatch:
    return build(packet.BpfMatch, {name: token.rstrip(",\0") for name, token in tokens.items()})


def _string(tokens: Tokens) -> packet.StringMatch:
    text = unquoted(f'"{tokens.pop("text")}"')
    field = "hex_string" if re.fullmatch(r"\|(?:[0-9a-f]{2})+\|", text) else "string"
    if tokens.pop("negated", None):
        tokens[f"not_{field}"] = "!"
    return build(packet.StringMatch, {**tokens, field: text})


def _time(tokens: Tokens) -> rates.TimeMatch:
    tokens = {name: token.replace(" ", "T") for name, token in tokens.items()}
    if "monthdays" in tokens:
        tokens["monthdays"] = re.sub("[a-z]+", "", tokens["monthdays"])
    if "utc" not in tokens:
        tokens["kerneltz"] = "kerneltz"
    return build(rates.TimeMatch, tokens)


def _policy(tokens: Tokens) -> kernel.PolicyMatch:
    elements = [text for text in re.split(r" ?\[[0-9]+\] ", tokens.get("elements", "")) if text]
    return kernel.PolicyMatch(
        dir=tokens["dir"], pol=tokens["pol"], strict="strict" in tokens, elements=tuple(map(_with_protocol, elements))
    )


def _with_protocol(element: str) -> str:
    return re.sub(r"(?<=\bproto )([0-9]+)", lambda found: PROTOCOLS.get(found[1], found[1]), element)


def _connlimit(tokens: Tokens) -> kernel.ConnlimitMatch:
    bound = "above" if tokens["operator"] == ">" else "upto"
    return build(kernel.ConnlimitMatch, {**tokens, bound: tokens["limit"]})


LISTED_MATCHES: Options = {
    **option(
        "tcp udp sctp",
        column(pp.Regex(r"tcp|udp|sctp")("protocol"))
        + _ports_of("sport")
        + _ports_of("dport")
        + pp.Opt(
            pp.Literal("option=")
            + pp.Opt(glued(pp.Literal("!"), "not_tcp_option"))
            + column(glued(integer, "tcp_option"))
        )
        + pp.Opt(pp.Literal("flags:") + column(glued(pp.Regex(r"!?[0-9A-Zx,]+/[0-9A-Zx,]+"), "tcp_flags"))),
        packet.PortMatch,
    ),
    **option(
        "multiport",
        phrase("multiport") + column(pp.Regex(r"[sd]?ports")("direction")) + NEGATED + column(_ports("ports")),
        _multiport,
    ),
    **option(
        "icmp icmptype ipv6-icmp ipv6-icmptype",
        column(pp.Literal("icmptype")) + column(pp.Literal("255")("any")) + ~pp.Literal("code ")
        | column(pp.Regex(r"(?:ipv6-)?icmptype")) + column(integer("type")) + perhaps("code", "code", integer)
        | column(pp.Regex(r"(?:ipv6-)?icmp"))
        + NEGATED
        + (
            column(pp.Literal("type")) + column(integer("type")) + perhaps("code", "code", integer)
            | column(pp.Regex(r"[a-z][a-z0-9-]*")("type"))
        ),
        _icmp,
    ),
    **option(
        "source destination",
        pp.Opt(phrase("source IP range") + mark_of("src_range") + column(word("src_range")))
        + pp.Opt(phrase("destination IP range") + mark_of("dst_range") + column(word("dst_range"))),
        packet.IprangeMatch,
    ),
    **option(
        "ADDRTYPE",
        phrase("ADDRTYPE match")
        + perhaps("src-type", "src", _types)
        + perhaps("dst-type", "dst", _types)
        + flag("limit-in", "limit_iface_in")
        + flag("limit-out", "limit_iface_out"),
        _addrtype,
    ),
    **option(
        "statistic",
        phrase("statistic mode")
        + (
            column(pp.Literal("random")("mode"))
            + NEGATED
            + column(pp.Literal("probability"))
            + column(pp.Regex(r"[01]\.[0-9]{1,20}").set_name("probability")("probability"))
            | column(pp.Literal("nth")("mode"))
            + NEGATED
            + column(pp.Literal("every"))
            + column(integer("every"))
            + perhaps("packet", "packet", integer)
        ),
        rates.StatisticMatch,
    ),
    **option("mark", phrase("mark match") + NEGATED + _MASKED + end_of_column, kernel.MarkMatch),
    **option("connmark", phrase("connmark match") + NEGATED + _MASKED + end_of_column, kernel.ConnmarkMatch),
    **option(
        "ctstate ctproto ctorigsrc ctorigdst ctreplsrc ctrepldst ctorigsrcport ctorigdstport ctreplsrcport"
        " ctrepldstport ctstatus ctexpire ctdir",
        perhaps_not("ctstate", "ctstate", _types)
        + perhaps_not("ctproto", "ctproto")
        + perhaps_not("ctorigsrc", "ctorigsrc")
        + perhaps_not("ctorigdst", "ctorigdst")
        + perhaps_not("ctreplsrc", "ctreplsrc")
        + perhaps_not("ctrepldst", "ctrepldst")
        + perhaps_not("ctorigsrcport", "ctorigsrcport", NUMBER_RANGE)
        + perhaps_not("ctorigdstport", "ctorigdstport", NUMBER_RANGE)
        + perhaps_not("ctreplsrcport", "ctreplsrcport", NUMBER_RANGE)
        + perhaps_not("ctrepldstport", "ctrepldstport", NUMBER_RANGE)
        + perhaps_not("ctstatus", "ctstatus", _types)
        + perhaps_not("ctexpire", "ctexpire", NUMBER_RANGE)
        + perhaps("ctdir", "ctdir", pp.Regex("ORIGINAL|REPLY")),
        kernel.ConntrackMatch,
        negatable=True,
    ),
    **option("state", mark_of("state") + phrase("state") + column(_types("state")), kernel.StateMatch, negatable=True),
    **option(
        "recent",
        NEGATED
        + phrase("recent:")
        + column(pp.Regex(r"SET|CHECK|UPDATE|REMOVE")("action"))
        + perhaps("seconds:", "seconds", integer)
        + flag("reap", "reap")
        + perhaps("hit_count:", "hitcount", integer)
        + flag("TTL-Match", "rttl")
        + phrase("name:")
        + column(word("name"))
        + phrase("side:")
        + column(pp.Regex(r"source|dest")("side"))
        + perhaps("mask:", "mask"),
        rates.RecentMatch,
        negatable=True,
    ),
    **option("nfacct-name", phrase("nfacct-name") + column(word("name")), rates.NfacctMatch),
    **option(
        "match-set",
        mark_of("match_set")
        + phrase("match-set")
        + column(word("match_set"))
        + column(pp.Regex("(?:src|dst)(?:,(?:src|dst))*")("flags"))
        + flag("return-nomatch", "return_nomatch")
        + flag_not("update-counters", "update_counters")
        + flag_not("update-subcounters", "update_subcounters")
        + perhaps_not("packets-eq", "packets_eq", LONG)
        + perhaps("packets-lt", "packets_lt", LONG)
        + perhaps("packets-gt", "packets_gt", LONG)
        + perhaps_not("bytes-eq", "bytes_eq", LONG)
        + perhaps("bytes-lt", "bytes_lt", LONG)
        + perhaps("bytes-gt", "bytes_gt", LONG),
        kernel.SetMatch,
        negatable=True,
    ),
    **option(
        "PHYSDEV",
        phrase("PHYSDEV match")
        + flag_not("--physdev-is-in", "physdev_is_in")
        + perhaps_not("--physdev-in", "physdev_in")
        + flag_not("--physdev-is-out", "physdev_is_out")
        + perhaps_not("--physdev-out", "physdev_out")
        + flag_not("--physdev-is-bridged", "physdev_is_bridged"),
        kernel.PhysdevMatch,
    ),
    **option(
        "rpfilter",
        phrase("rpfilter")
        + flag("loose", "loose")
        + flag("validmark", "validmark")
        + flag("accept-local", "accept_local")
        + flag("invert", "invert"),
        kernel.RpfilterMatch,
    ),
    **option(
        "u32",
        phrase("u32") + mark_of("u32") + pp.Literal('"') + glued(pp.Regex(r'[^"]+'), "u32") + column(pp.Literal('"')),
        packet.U32Match,
    ),
    **option(
        "limit",
        phrase("limit: avg") + column(word("limit")) + phrase("burst") + column(integer("limit_burst"))
        | pp.Literal("limit:")
        + (perhaps("above", "above") + perhaps("up to", "upto"))
        + perhaps("burst", "burst")
        + perhaps("mode", "mode", pp.Regex("[a-z]+(?:-[a-z]+)*"))
        + perhaps("htable-size", "htable_size", integer)
        + perhaps("htable-max", "htable_max", integer)
        + perhaps("htable-gcinterval", "htable_gcinterval", integer)
        + perhaps("htable-expire", "htable_expire", integer)
        + perhaps("srcmask", "srcmask", integer)
        + perhaps("dstmask", "dstmask", integer)
        + flag("rate-match", "rate_match")
        + perhaps("rate-interval", "rate_interval", integer),
        _limit,
    ),
    **option("length", phrase("length") + mark_of("length") + column(NUMBER_RANGE("length")), packet.LengthMatch),
    **option("MAC", pp.Literal("MAC") + mark_of("mac_source") + column(word("mac_source")), packet.MacMatch),
    **option(
        "owner",
        pp.Opt(
            mark_of("socket_exists")
            + column(pp.Literal("owner"))
            + column(pp.Literal("socket")("socket_exists"))
            + phrase("exists")
        )
        + perhaps_not("owner UID match", "uid_owner")
        + perhaps_not("owner GID match", "gid_owner")
        + pp.Opt(column(pp.Literal("incl.")("suppl_groups")) + phrase("suppl. groups")),
        kernel.OwnerMatch,
        negatable=True,
    ),
    **option(
        "socket",
        phrase("socket")
        + flag("--transparent", "transparent")
        + flag("--nowildcard", "nowildcard")
        + flag("--restore-skmark", "restore_skmark"),
        kernel.SocketMatch,
    ),
    **option(
        "tos",
        phrase("tos")
        + pp.Literal("match")
        + NEGATED
        + (column(MASKED("tos")) | column(pp.Regex("[A-Z][A-Za-z-]+")("name"))),
        packet.TosMatch,
    ),
    **option(
        "cgroup",
        phrase("cgroup")
        + (mark_of("cgroup") + column(integer("cgroup")) | mark_of("path") + column(pp.Regex("/[^ ]*")("path"))),
        kernel.CgroupMatch,
    ),
    **option(
        "match",
        phrase("match bpf")
        + (
            phrase("pinned") + column(word("object_pinned"))
            | column(pp.Regex(r"[0-9]+(?: [0-9]+){3}(?:,[0-9]+(?: [0-9]+){3})*,?\0?")("bytecode"))
        ),
        _bpf,
    ),
    **option(
        "esp ah",
        column(pp.Regex("esp|ah")("protocol"))
        + pp.Opt(pp.Regex("spis?:") + pp.Opt(glued(pp.Literal("!"), "not_spi")) + glued(_spi, "spi"))
        + pp.Opt(pp.Literal("length:") + pp.Opt(glued(pp.Literal("!"), "not_ahlen")) + column(glued(integer, "ahlen")))
        + flag("reserved", "ahres"),
        packet.SpiMatch,
    ),
    **option(
        "STRING",
        phrase("STRING match")
        + NEGATED
        + pp.Literal('"')
        + glued(_quoted_text, "text")
        + column(pp.Literal('"'))
        + phrase("ALGO name")
        + column(word("algo"))
        + perhaps("FROM", "from_offset", integer)
        + perhaps("TO", "to_offset", integer)
        + flag("ICASE", "icase"),
        _string,
    ),
    **option(
        "TIME",
        phrase("TIME")
        + pp.Opt(phrase("from") + column(word("timestart")) + phrase("to") + column(word("timestop")))
        + perhaps("on", "weekdays", pp.Regex("[A-Z][a-z]+(?:,[A-Z][a-z]+)*"))
        + perhaps("on", "monthdays", pp.Regex("[0-9]+[a-z]+(?:,[0-9]+[a-z]+)*"))
        + perhaps("starting from", "datestart", _date)
        + perhaps("until date", "datestop", _date)
        + flag("UTC", "utc")
        + flag("contiguous", "contiguous"),
        _time,
    ),
    **option("quota", phrase("quota:") + column(LONG("quota")) + phrase("bytes"), rates.QuotaMatch),
    **option(
        "policy",
        phrase("policy match dir")
        + column(word("dir"))
        + phrase("pol")
        + column(word("pol"))
        + flag("strict", "strict")
        + pp.Opt(
            column(
                pp.Regex(
                    r"(?:\[0\] )?(?:! )?(?:reqid|spi|proto|mode|tunnel-dst|tunnel-src) [^ ]+"
                    r"(?: (?:\[[0-9]+\] )?(?:! )?(?:reqid|spi|proto|mode|tunnel-dst|tunnel-src) [^ ]+)*"
                )("elements")
            )
        ),
        _policy,
    ),
    **option(
        "cluster",
        phrase("cluster")
        + mark_of("local_nodemask")
        + pp.Literal("node_mask=")
        + column(glued(HEX, "local_nodemask"))
        + pp.Literal("total_nodes=")
        + column(glued(integer, "total_nodes"))
        + pp.Literal("hash_seed=")
        + column(glued(HEX, "hash_seed")),
        kernel.ClusterMatch,
    ),
    **option(
        "#conn",
        phrase("#conn")
        + pp.Regex("src|dst")("side")
        + pp.Literal("/").leave_whitespace()
        + column(glued(integer, "mask"))
        + column(pp.Regex("<=|>")("operator"))
        + column(integer("limit")),
        _connlimit,
    ),
    **option(
        "connbytes",
        NEGATED
        + phrase("connbytes")
        + LONG("first")
        + pp.Opt(pp.Literal(":").leave_whitespace() + glued(LONG, "last"))
        + end_of_column
        + phrase("connbytes mode")
        + column(word("mode"))
        + phrase("connbytes direction")
        + column(word("dir")),
        kernel.ConnbytesMatch,
        negatable=True,
    ),
    **option(
        "PKTTYPE",
        phrase("PKTTYPE")
        + (column(pp.Literal("=")) | column(pp.Literal("!=")("not_pkt_type")))
        + column(word("pkt_type")),
        kernel.PkttypeMatch,
    ),
    **option("realm", mark_of("realm") + phrase("realm") + column(MASKED("realm")), kernel.RealmMatch, negatable=True),
    **option(
        "helper",
        phrase("helper match")
        + mark_of("helper")
        + pp.Literal('"')
        + glued(pp.Regex('(?:[^"]|"(?! |$|match bpf ))+'), "helper")
        + column(pp.Literal('"')),
        kernel.HelperMatch,
    ),
    **option(
        "ipvs vproto vaddr vport vdir vmethod vportctl",
        flag_not("ipvs", "ipvs")
        + perhaps_not("vproto", "vproto", integer)
        + perhaps_not("vaddr", "vaddr")
        + perhaps_not("vport", "vport", integer)
        + perhaps_not("vdir", "vdir", pp.Regex("ORIGINAL|REPLY"))
        + perhaps_not("vmethod", "vmethod", pp.Regex("GATE|IPIP|MASQ"))
        + perhaps_not("vportctl", "vportctl", integer),
        kernel.IpvsMatch,
        negatable=True,
    ),
    **option("tcpmss", phrase("tcpmss match") + mark_of("mss") + column(NUMBER_RANGE("mss")), packet.TcpmssMatch),
}
