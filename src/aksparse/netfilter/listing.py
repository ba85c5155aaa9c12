"""The options of rules in a listing: what matches and targets print behind the columns.

Format: the `print` function of each extension in `extensions/` of iptables; see also iptables-extensions(8). An option
begins with a word of its own (`tcp`, `ADDRTYPE`, `to:` ...), which decides how the rest is read. From the first word on
that is none of these, the text is kept verbatim.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple, get_args

import pyparsing as pp

from aksparse.linere import LineGrammar
from aksparse.netfilter.matches import (
    AddrtypeMatch,
    ConntrackMatch,
    MarkMatch,
    Match,
    MultiportMatch,
    NfacctMatch,
    PortMatch,
    PortRange,
    RecentMatch,
    StatisticMatch,
)
from aksparse.netfilter.targets import MarkOption, NatFlag, PortsOption, RejectOption, TargetOption, ToOption
from aksparse.records import maker
from aksparse.tokens import BadValue, column, end_of_column, integer, remember, to_ip, to_ipv4, to_network, word

_make_port_match = maker(PortMatch, "protocol", "sport", "dport")
_make_to = maker(ToOption, "address", "last_address", "port", "last_port")

_KEYWORD = re.compile(r"[A-Za-z-]+")
_Tokens = dict[str, str]
_OPTIONS: dict[str, tuple[LineGrammar, Callable[[_Tokens], Match | TargetOption]]] = {}


def _option(*keywords: str, grammar: pp.ParserElement) -> Callable[[Any], Any]:
    """Register how the option that begins with one of these words is read."""

    def register(make: Callable[[_Tokens], Match | TargetOption]) -> Callable[[_Tokens], Match | TargetOption]:
        for keyword in keywords:
            _OPTIONS[keyword] = (LineGrammar(grammar, whole=False), make)
        return make

    return register


def _phrase(text: str) -> pp.ParserElement:
    return pp.And([column(pp.Literal(literal)) for literal in text.split()])


_port = pp.Regex(r"!?[0-9]{1,5}(?::[0-9]{1,5})?").set_name("port or port range")
_hex = pp.Regex(r"0x[0-9a-fA-F]{1,16}").set_name("hexadecimal number")
_types = pp.Regex(r"!?[A-Z]+(?:,[A-Z]+)*").set_name("address types")


@_option(
    "tcp",
    "udp",
    "sctp",
    grammar=column(pp.Regex(r"tcp|udp|sctp")("protocol"))
    + pp.Opt(pp.Regex(r"spts?:").set_name("spt:") + column(_port("sport").leave_whitespace()))
    + pp.Opt(pp.Regex(r"dpts?:").set_name("dpt:") + column(_port("dport").leave_whitespace()))
    # A port that stands there by name makes another condition of it.
    + ~pp.Regex(r"[sd]pts?:"),
)
def _port_match(tokens: _Tokens) -> PortMatch:
    return _make_port_match(tokens["protocol"], _to_ports(tokens.get("sport")), _to_ports(tokens.get("dport")))


@remember
def _to_ports(text: str | None) -> PortRange | None:
    if text is None:
        return None
    first, _, last = text.lstrip("!").partition(":")
    return PortRange(first=int(first), last=int(last or first), negated=text.startswith("!"))


@_option(
    "multiport",
    grammar=column(pp.Literal("multiport"))
    + column(pp.Regex(r"[sd]?ports")("direction"))
    + column(pp.Regex(r"[0-9]{1,5}(?:[:,][0-9]{1,5})*").set_name("ports")("ports")),
)
def _multiport_match(tokens: _Tokens) -> MultiportMatch:
    ports = tuple(port for text in tokens["ports"].split(",") if (port := _to_ports(text)))
    return MultiportMatch(direction=tokens["direction"], ports=ports)


@_option(
    "ADDRTYPE",
    grammar=_phrase("ADDRTYPE match")
    + pp.Opt(column(pp.Literal("src-type")) + column(_types("src")))
    + pp.Opt(column(pp.Literal("dst-type")) + column(_types("dst"))),
)
def _addrtype_match(tokens: _Tokens) -> AddrtypeMatch:
    src, dst = tokens.get("src", ""), tokens.get("dst", "")
    return AddrtypeMatch(
        src_type=tuple(src.lstrip("!").split(",")) if src else (),
        src_negated=src.startswith("!"),
        dst_type=tuple(dst.lstrip("!").split(",")) if dst else (),
        dst_negated=dst.startswith("!"),
    )


@_option(
    "statistic",
    grammar=_phrase("statistic mode")
    + (
        column(pp.Literal("random")("mode"))
        + column(pp.Literal("probability"))
        + column(pp.Regex(r"[01]\.[0-9]{1,20}").set_name("probability")("probability"))
        | column(pp.Literal("nth")("mode"))
        + column(pp.Literal("every"))
        + column(integer("every"))
        + pp.Opt(column(pp.Literal("packet")) + column(integer("packet")))
    ),
)
def _statistic_match(tokens: _Tokens) -> StatisticMatch:
    return StatisticMatch(
        mode=tokens["mode"],
        probability=Decimal(tokens["probability"]) if "probability" in tokens else None,
        every=int(tokens["every"]) if "every" in tokens else None,
        packet=int(tokens["packet"]) if "packet" in tokens else None,
    )


@_option(
    "mark",
    grammar=_phrase("mark match")
    + pp.Opt(column(pp.Literal("!")("negated")))
    + _hex("value")
    + pp.Opt(pp.Literal("/").leave_whitespace() + _hex("mask").leave_whitespace())
    + end_of_column,
)
def _mark_match(tokens: _Tokens) -> MarkMatch:
    mask = tokens.get("mask")
    return MarkMatch(value=int(tokens["value"], 16), mask=int(mask, 16) if mask else None, negated="negated" in tokens)


@_option("ctstate", grammar=column(pp.Literal("ctstate")) + column(_types("states")))
def _conntrack_match(tokens: _Tokens) -> ConntrackMatch:
    return ConntrackMatch(ctstate=tuple(tokens["states"].split(",")))


@_option(
    "recent",
    grammar=column(pp.Literal("recent:"))
    + column(pp.Regex(r"SET|CHECK|UPDATE|REMOVE")("action"))
    + pp.Opt(column(pp.Literal("seconds:")) + column(integer("seconds")))
    + pp.Opt(column(pp.Literal("reap")("reap")))
    + column(pp.Literal("name:"))
    + column(word("name"))
    + column(pp.Literal("side:"))
    + column(pp.Regex(r"source|dest")("side"))
    + pp.Opt(column(pp.Literal("mask:")) + column(word("mask"))),
)
def _recent_match(tokens: _Tokens) -> RecentMatch:
    return RecentMatch(
        action=tokens["action"],
        name=tokens["name"],
        seconds=int(tokens["seconds"]) if "seconds" in tokens else None,
        reap="reap" in tokens,
        side=tokens["side"],
        mask=to_ip(tokens["mask"]) if "mask" in tokens else None,
    )


@_option("nfacct-name", grammar=column(pp.Literal("nfacct-name")) + column(word("name")))
def _nfacct_match(tokens: _Tokens) -> NfacctMatch:
    return NfacctMatch(name=tokens["name"])


_to_port = pp.Literal(":").leave_whitespace() + pp.Regex(r"[0-9]{1,5}").leave_whitespace()("port")
_to_last_port = pp.Literal("-").leave_whitespace() + pp.Regex(r"[0-9]{1,5}").leave_whitespace()("last_port")
_to_host = pp.Regex(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}|\[[0-9a-fA-F:.]+\]|[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}")


@_option(
    "to",
    grammar=pp.Literal("to:")
    + pp.Opt(
        _to_host("address").leave_whitespace()
        + pp.Opt(
            pp.Literal("-").leave_whitespace() + _to_host("last_address").leave_whitespace()
            | pp.Regex(r"/[0-9]{1,3}").leave_whitespace()("length")
        )
    )
    + pp.Opt(_to_port + pp.Opt(_to_last_port))
    + end_of_column,
)
def _to_option(tokens: _Tokens) -> ToOption:
    return _translation(*map(tokens.get, ("address", "last_address", "length", "port", "last_port")))


def _translation(
    address: str | None, last_address: str | None, length: str | None, port: str | None, last_port: str | None
) -> ToOption:
    if length:
        return ToOption(network=to_network((address or "").strip("[]") + length))
    return _make_to(
        to_ip(address.strip("[]")) if address else None,
        to_ip(last_address.strip("[]")) if last_address else None,
        int(port) if port else None,
        int(last_port) if last_port else None,
    )


_TO, _ = _OPTIONS["to"]

_port_span = pp.Regex(r"[0-9]{1,5}(?:-[0-9]{1,5})?").set_name("port or port range")


@_option("masq", grammar=_phrase("masq ports:") + column(_port_span("ports")))
@_option("redir", grammar=_phrase("redir ports") + column(_port_span("ports")))
def _ports_option(tokens: _Tokens) -> PortsOption:
    first, _, last = tokens["ports"].partition("-")
    return PortsOption(first=int(first), last=int(last or first))


_NAT_FLAGS = ("random", "random-fully", "persistent")


@_option(*_NAT_FLAGS, grammar=column(pp.Regex("random-fully|random|persistent")("flag")))
def _nat_flag(tokens: _Tokens) -> NatFlag:
    return NatFlag(flag=tokens["flag"])


@_option(
    "MARK",
    grammar=column(pp.Literal("MARK"))
    + column(pp.Regex("set|xset|and|or|xor")("operation"))
    + _hex("value")
    + pp.Opt(pp.Literal("/").leave_whitespace() + _hex("mask").leave_whitespace())
    + end_of_column,
)
def _mark_option(tokens: _Tokens) -> MarkOption:
    mask = tokens.get("mask")
    return MarkOption(
        operation=tokens["operation"], value=int(tokens["value"], 16), mask=int(mask, 16) if mask else None
    )


@_option("reject-with", grammar=column(pp.Literal("reject-with")) + column(word("reject_with")))
def _reject_option(tokens: _Tokens) -> RejectOption:
    return RejectOption(reject_with=tokens["reject_with"])


_TARGET_OPTIONS = get_args(TargetOption)


class Options(NamedTuple):
    """What follows the destination column of a rule.

    Attributes:
        matches: the typed matches, in order.
        target_options: the typed options of the target, in order.
        other: the text from the first unknown word on.
        comment: the comment.
        ambiguous: whether the comment may have ended elsewhere.
    """

    matches: tuple[Match, ...] = ()
    target_options: tuple[TargetOption, ...] = ()
    other: str | None = None
    comment: str | None = None
    ambiguous: bool = False


NO_OPTIONS = Options()


def read_options(text: str) -> Options:
    """Read the options of a rule, which may hold a comment among them."""
    # Where packets are sent differs from rule to rule, and stands last; what is before it is the same in many.
    before, _, last = text.rpartition(" ")
    if last.startswith("to:") and (option := _read_destination(last)):
        options = _read_repeated_options(before)
        if options.other is None and options.comment is None:
            return Options(options.matches, (*options.target_options, option))
    return _read_repeated_options(text)


def _read_destination(text: str) -> ToOption | None:
    """What `to:` says: mostly `ADDRESS:PORT`, else what the grammar of the option reads."""
    address, _, port = text[3:].rpartition(":")
    if address and ":" not in address and _PORT.fullmatch(port):
        try:
            return _make_to(to_ipv4(address), None, int(port), None)
        except BadValue:
            pass  # a range of addresses, or none
    found = _TO.pattern.match(text)
    return _translation(*found.groups()) if found and found.end() == len(text) else None


_PORT = re.compile(r"[0-9]{1,5}")


@remember
def _read_repeated_options(text: str) -> Options:
    matches: list[Any] = []
    target_options: list[Any] = []
    text = text.strip(" ")
    position = 0
    while position < len(text):
        if text.startswith("/* ", position):
            rest = read_commented_options(text[position:])
            return rest._replace(
                matches=(*matches, *rest.matches), target_options=(*target_options, *rest.target_options)
            )
        found = _read_option(text, position)
        if found is None:
            return Options(tuple(matches), tuple(target_options), text[position:])
        option, position = found
        (target_options if isinstance(option, _TARGET_OPTIONS) else matches).append(option)
    return Options(tuple(matches), tuple(target_options))


def _read_option(text: str, position: int) -> tuple[Match | TargetOption, int] | None:
    """The option at a position, and the position of the next."""
    keyword = _KEYWORD.match(text, position)
    if keyword is None or keyword[0] not in _OPTIONS:
        return None
    grammar, make = _OPTIONS[keyword[0]]
    found = grammar.pattern.match(text, position)
    if found is None:
        return None
    end = found.end()
    while text[end : end + 1] == " ":
        end += 1
    return make(_tokens(grammar, found)), end


def _tokens(grammar: LineGrammar, found: re.Match[str]) -> _Tokens:
    return {name: token for name, token in zip(grammar.fields, found.groups(), strict=True) if token}


def read_commented_options(text: str) -> Options:
    """Read a comment, or options and a comment, where it is open where the comment ends.

    A comment is printed raw and ends at some ``*/``. Where there are several, the end is chosen after which everything
    can be typed, the last such if there are more, and the choice is marked as a guess.
    """
    if not text.startswith("/* "):
        return read_options(text)
    ends = [match.end() for match in re.finditer(r" \*/(?= |$)", text)]
    readings = [(text[3 : end - 3], read_options(text[end:])) for end in reversed(ends)]
    if not readings:
        return Options(other=text)
    comment, rest = next((reading for reading in readings if reading[1].other is None), readings[-1])
    if rest.comment is not None:
        # A rule here has one comment; a second one stays as it was printed.
        rest = Options(other=text[len(comment) + 6 :].strip(" "))
    return rest._replace(comment=comment, ambiguous=len(readings) > 1)
