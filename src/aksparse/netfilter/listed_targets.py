"""How a listing prints the options of targets.

Format: the `print` function of each target in `extensions/` of iptables. The tokens of a grammar have the names of the
fields of the record. Where a match and a target begin with the same word, the match stands here too.
"""

from __future__ import annotations

import pyparsing as pp

from aksparse.linere import LineGrammar
from aksparse.netfilter import targets
from aksparse.netfilter.matches.packet import DscpMatch, TtlMatch
from aksparse.netfilter.options import (
    HEX,
    MASKED,
    NUMBER_RANGE,
    Options,
    Tokens,
    flag,
    glued,
    mark_of,
    option,
    perhaps,
    phrase,
)
from aksparse.netfilter.values import build, unquoted
from aksparse.records import maker
from aksparse.tokens import as_ipv4, column, end_of_column, integer, ipv4, to_ip, to_network, word

_make_to = maker(targets.ToOption, "address", "last_address", "port", "last_port", "base_port")


def _to(tokens: Tokens) -> targets.ToOption:
    return _translation(*map(tokens.get, ("address", "last_address", "length", "port", "last_port", "base_port")))


def _translation(
    address: str | None,
    last_address: str | None,
    length: str | None,
    port: str | None,
    last_port: str | None,
    base_port: str | None,
) -> targets.ToOption:
    """Where packets are sent, from the tokens of `to:` in the order of its grammar."""
    if length:
        return targets.ToOption(network=to_network((address or "").strip("[]") + length))
    return _make_to(
        to_ip(address.strip("[]")) if address else None,
        to_ip(last_address.strip("[]")) if last_address else None,
        int(port) if port else None,
        int(last_port) if last_port else None,
        int(base_port) if base_port else None,
    )


def _ports(tokens: Tokens) -> targets.PortsOption:
    first, _, last = tokens["ports"].partition("-")
    return targets.PortsOption(first=int(first), last=int(last or first))


def _connmark(tokens: Tokens) -> targets.ConnmarkOption:
    if "both" in tokens:
        return build(targets.ConnmarkOption, {**tokens, "nfmask": tokens["both"], "ctmask": tokens["both"]})
    return build(targets.ConnmarkOption, tokens)


_LOG_FLAGS = ("tcp-sequence", "tcp-options", "ip-options", "uid", "macdecode")


def _log(tokens: Tokens) -> targets.LogOption:
    bits = int(tokens.get("bits", "0"))
    named = set(tokens.get("named", "").split())
    # The bit of `uid` is 8, that of `macdecode` 32; 16 is in use by nothing that iptables can set.
    flags = [name for name, bit in zip(_LOG_FLAGS, (1, 2, 4, 8, 32), strict=True) if bits & bit or name in named]
    return build(targets.LogOption, {**tokens, **({"flags": ",".join(flags)} if flags else {})})


def _nflog(tokens: Tokens) -> targets.NflogOption:
    return build(targets.NflogOption, {name: unquoted(token) for name, token in tokens.items()})


def _ttl(tokens: Tokens) -> TtlMatch | targets.TtlOption:
    if "operator" not in tokens:
        return targets.TtlOption(operation=tokens["operation"][:3], value=int(tokens["value"]))
    operator = {"==": "eq", "!=": "eq", "<": "lt", ">": "gt"}[tokens["operator"]]
    return TtlMatch(operator=operator, value=int(tokens["value"]), negated=tokens["operator"] == "!=")


def _dscp(tokens: Tokens) -> DscpMatch | targets.DscpOption:
    return build(targets.DscpOption, tokens) if "set_dscp" in tokens else build(DscpMatch, tokens)


def _classify(tokens: Tokens) -> targets.ClassifyOption:
    return targets.ClassifyOption(major=int(tokens["major"], 16), minor=int(tokens["minor"], 16))


_port = pp.Regex(r"[0-9]{1,5}")
_port_span = pp.Regex(r"[0-9]{1,5}(?:-[0-9]{1,5})?").set_name("port or port range")
_host4 = r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}"
_host6 = r"[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}(?:[0-9.]{6,})?"
_host = pp.Regex(rf"{_host4}|\[?{_host6}\]?")
_MASKED = HEX("value") + pp.Opt(pp.Literal("/").leave_whitespace() + glued(HEX, "mask"))
_CLASS = pp.Regex(r"[0-9a-fA-F]{1,4}")


def to_grammar() -> pp.ParserElement:
    """`ADDRESS[-ADDRESS][:PORT[-PORT[/PORT]]]` or `NETWORK/LENGTH`; before a port IPv6 addresses have brackets."""
    return (
        pp.Opt(
            glued(_host, "address")
            + pp.Opt(
                pp.Literal("-").leave_whitespace() + glued(_host, "last_address")
                | glued(pp.Regex(r"/[0-9]{1,3}"), "length")
            )
        )
        + pp.Opt(
            pp.Literal(":").leave_whitespace()
            + glued(_port, "port")
            + pp.Opt(
                pp.Literal("-").leave_whitespace()
                + glued(_port, "last_port")
                + pp.Opt(pp.Literal("/").leave_whitespace() + glued(_port, "base_port"))
            )
        )
        + end_of_column
    )


LISTED_TARGETS: Options = {
    **option("to", pp.Literal("to:") + to_grammar(), _to),
    **option("masq", phrase("masq ports:") + column(_port_span("ports")), _ports),
    **option("redir", phrase("redir ports") + column(_port_span("ports")), _ports),
    **option(
        "random random-fully persistent", column(pp.Regex("random-fully|random|persistent")("flag")), targets.NatFlag
    ),
    **option(
        "MARK",
        phrase("MARK") + column(pp.Regex("set|xset|and|or|xor")("operation")) + _MASKED + end_of_column,
        targets.MarkOption,
    ),
    **option(
        "CONNMARK",
        phrase("CONNMARK")
        + (
            column(pp.Regex("set|xset|and|or|xor")("operation")) + _MASKED + end_of_column
            | column(pp.Literal("save")("operation"))
            + perhaps("mask", "both", HEX)
            + perhaps("nfmask", "nfmask", HEX)
            + pp.Opt(phrase("ctmask") + pp.Literal("~") + column(glued(HEX, "ctmask")))
            | column(pp.Literal("restore")("operation"))
            + perhaps("mask", "both", HEX)
            + perhaps("ctmask", "ctmask", HEX)
            + pp.Opt(phrase("nfmask") + pp.Literal("~") + column(glued(HEX, "nfmask")))
        ),
        _connmark,
    ),
    **option("reject-with", phrase("reject-with") + column(word("reject_with")), targets.RejectOption),
    **option(
        "add-set del-set map-set",
        pp.Regex("add|del|map")("operation")
        + column(pp.Literal("-set").leave_whitespace())
        + column(word("set"))
        + column(pp.Regex("(?:src|dst)(?:,(?:src|dst))*")("flags"))
        + flag("exist", "exist")
        + perhaps("timeout", "timeout", integer)
        + flag("map-mark", "map_mark")
        + flag("map-prio", "map_prio")
        + flag("map-queue", "map_queue"),
        targets.SetOption,
    ),
    **option(
        "LOG",
        phrase("LOG")
        + perhaps("flags", "bits", integer)
        + phrase("level")
        + column(word("level"))
        + pp.Opt(column(pp.Regex(rf"(?:{'|'.join(_LOG_FLAGS)})(?: (?:{'|'.join(_LOG_FLAGS)}))*")("named")))
        # The prefix is printed raw, to the end of the line.
        + pp.Opt(
            phrase("prefix")
            + pp.Literal('"')
            + glued(pp.Regex(r'(?:[^"]|"(?! *$))*').set_name("prefix"), "prefix")
            + column(pp.Literal('"'))
        ),
        _log,
    ),
    **option(
        "nflog-prefix nflog-group nflog-range nflog-size nflog-threshold",
        perhaps("nflog-prefix", "prefix", pp.Regex(r'"(?:[^"\\]|\\.)*"|[^ "]+').set_name("prefix"))
        + perhaps("nflog-group", "group", integer)
        + perhaps("nflog-range", "range", integer)
        + perhaps("nflog-size", "size", integer)
        + perhaps("nflog-threshold", "threshold", integer),
        _nflog,
    ),
    **option(
        "NFQUEUE",
        phrase("NFQUEUE")
        + (perhaps("num", "num", integer) + perhaps("balance", "balance", NUMBER_RANGE))
        + flag("bypass", "bypass")
        + flag("cpu-fanout", "cpu_fanout"),
        targets.NfqueueOption,
    ),
    **option(
        "CT",
        phrase("CT")
        + flag("notrack", "notrack")
        + perhaps("helper", "helper")
        + perhaps("timeout", "timeout")
        + perhaps("ctevents", "ctevents")
        + perhaps("expevents", "expevents")
        + perhaps("zone-orig", "zone_orig")
        + perhaps("zone-reply", "zone_reply")
        + perhaps("zone", "zone"),
        targets.CtOption,
    ),
    **option("NOTRACK", column(pp.Literal("NOTRACK")("notrack")), targets.CtOption),
    **option(
        "TPROXY",
        phrase("TPROXY redirect")
        + pp.Regex(r"[0-9a-fA-F.:]+(?=:[0-9]+(?![^ ]))").set_name("IP address")("on_ip")
        + pp.Literal(":").leave_whitespace()
        + column(glued(integer, "on_port"))
        + phrase("mark")
        + column(MASKED("tproxy_mark")),
        targets.TproxyOption,
    ),
    **option(
        "TCPMSS",
        phrase("TCPMSS")
        + (
            column(pp.Literal("clamp")("clamp_mss_to_pmtu")) + phrase("to PMTU")
            | phrase("set") + column(integer("set_mss"))
        ),
        targets.TcpmssOption,
    ),
    **option(
        "TTL HL",
        column(pp.Regex("TTL|HL"))
        + (
            phrase("match")
            + column(pp.Regex("TTL|HL"))
            + column(pp.Regex("==|!=|<|>")("operator"))
            + column(integer("value"))
            | column(pp.Literal("set")("operation")) + phrase("to") + column(integer("value"))
            | column(pp.Regex("(?:in|de)crement")("operation")) + phrase("by") + column(integer("value"))
        ),
        _ttl,
    ),
    **option(
        "DSCP",
        phrase("DSCP")
        + (phrase("match") + mark_of("dscp") + column(HEX("dscp")) | phrase("set") + column(HEX("set_dscp"))),
        _dscp,
    ),
    **option(
        "TOS",
        phrase("TOS")
        + pp.Regex("set|and|or|xor")("operation")
        + (_MASKED + end_of_column | column(pp.Regex("[A-Z][A-Za-z-]+")("name"))),
        targets.TosOption,
    ),
    **option(
        "CLASSIFY",
        phrase("CLASSIFY set") + _CLASS("major") + pp.Literal(":").leave_whitespace() + column(glued(_CLASS, "minor")),
        _classify,
    ),
    **option(
        "TEE",
        phrase("TEE")
        + pp.Literal("gw:")
        + column(glued(word, "gateway"))
        + pp.Opt(pp.Literal("oif=") + column(glued(word, "oif"))),
        targets.TeeOption,
    ),
    **option("CHECKSUM", phrase("CHECKSUM") + column(pp.Literal("fill")("checksum_fill")), targets.ChecksumOption),
}

DESTINATION = LineGrammar(
    pp.Opt(column(pp.Regex(r"tcp|udp|sctp")("transport")))
    + pp.Literal("to:")
    + glued(ipv4, "address")
    + pp.Literal(":").leave_whitespace()
    + glued(pp.Regex(r"[0-9]{1,5}").set_name("port"), "port")
)
"""What most rules with `to:` have, as a whole."""


def to_destination(address: str, port: str) -> targets.ToOption | None:
    """What `to:ADDRESS:PORT` says, the form that most rules have; `None` when it is no address."""
    value = as_ipv4(address)
    return _make_to(value, None, int(port), None, None) if value else None
