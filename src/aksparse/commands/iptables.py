"""`iptables -t nat -nL [CHAIN] [-v] [-x] [--line-numbers]`: the chains of a table and their rules.

Format: iptables(8) of netfilter, `iptables/iptables.c` (`print_firewall`, `print_header`), `iptables/nft-shared.c`, and
the `print` function of each extension in `extensions/`. A chain is a title line, a header, one line per rule, and a
blank line. The header tells which columns there are.

What the text hides or leaves open:

- Without `-v` there are no interface columns: `in_interface` and `out_interface` are absent, which does not mean any.
- Without `-x` counters above 99999 are rounded to K, M, G, T (powers of 1000): `counters_approximate`.
- A target may be empty (the rule only counts). It is recognised by the columns `prot opt` that follow.
- iptables 1.8.9 prints protocols as numbers, other releases as names: the well-known ones come out as names.
- A comment is printed raw. When it holds ``*/``, its end is a guess: the rule says so, and a diagnostic does.
- Extensions that are not typed here are kept verbatim in `other`, from the first unknown word on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network, IPv6Network
from socket import AF_INET, inet_pton
from typing import Any

import attrs
import pyparsing as pp

from aksparse.command import Command, Lines
from aksparse.linere import LineGrammar
from aksparse.netfilter import Match, TargetOption, read_commented_options, read_options
from aksparse.records import Record, constructor, drafter, finish
from aksparse.tokens import column, integer, remember, rest_of_line, to_network, word

Address = IPv4Network | IPv6Network | str


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
        opt: the fragment column: `--` any packet, `-f` further fragments only, `!f` heads and whole packets only.
        in_interface: the incoming interface with `-v`, `*` for any.
        out_interface: the outgoing interface with `-v`, `*` for any.
        source: the source network; a name where the tool printed one.
        destination: the destination network; a name where the tool printed one.
        negated: which of protocol, in_interface, out_interface, source, destination mean everything else.
        comment: the comment.
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
    opt: str
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
        name: the name of the chain.
        policy: what becomes of packets at its end, of a built-in chain.
        references: how many rules jump to it, of a user-defined chain.
        pkts: the packets that met the policy, with `-v`.
        bytes: the bytes of these packets, with `-v`.
        counters_approximate: whether a counter is rounded; absent without counters.
        rules: the rules, in order.
    """

    name: str
    policy: str | None = None
    references: int | None = None
    pkts: int | None = None
    bytes: int | None = None
    counters_approximate: bool | None = None
    rules: tuple[Rule, ...] = ()


_COUNTER = pp.Regex(r"[0-9]{1,18}[KMGTPE]?").set_name("counter")
_CHAIN = LineGrammar(
    column(pp.Literal("Chain"))
    + column(word("name"))
    + (
        column(pp.Literal("(policy"))
        + pp.Regex(r"[A-Z]+").set_name("policy")("policy")
        + pp.Opt(_COUNTER("pkts") + column(pp.Literal("packets,")) + _COUNTER("bytes") + "bytes")
        | pp.Literal("(") + column(integer("references")) + "references"
    )
    + ")"
)
_HEADER = LineGrammar(
    pp.Opt(column(pp.Literal("num")("num")))
    + pp.Opt(column(pp.Literal("pkts")("pkts")) + column(pp.Literal("bytes")))
    + column(pp.Literal("target"))
    + column(pp.Literal("prot"))
    + column(pp.Literal("opt"))
    + pp.Opt(column(pp.Literal("in")) + column(pp.Literal("out")))
    + column(pp.Literal("source"))
    + column(pp.Literal("destination"))
)
_PROT = pp.Regex(r"!?[a-z0-9-]+").set_name("protocol")
_OPT = pp.Regex(r"--|-f|!f").set_name("fragment option")
# A star ends the comment where a slash and a blank follow it.
_COMMENT = pp.Regex(r"/\* [^*]*+(?:\*(?!/(?:[ \t]|$))[^*]*+)*(?<= )\*/").set_name("comment")


_ABSENT = ~pp.Empty()  # what a column that the header does not name begins with


def _rule_grammar(*, num: bool, verbose: bool) -> LineGrammar:
    """The grammar of the rules below a header with these columns; its fields are the same for every header."""
    numbered = column(integer("num"))
    counters = column(_COUNTER("pkts")) + column(_COUNTER("bytes"))
    interfaces = column(word("in_interface")) + column(word("out_interface"))
    return LineGrammar(
        (numbered if num else pp.Opt(_ABSENT + numbered))
        + (counters if verbose else pp.Opt(_ABSENT + counters))
        # An empty target leaves only blanks: then the next two columns are prot and opt already.
        + pp.Opt(~(column(_PROT) + column(_OPT)) + column(word("target")))
        + column(_PROT("protocol"))
        + column(_OPT("opt"))
        + (interfaces if verbose else pp.Opt(_ABSENT + interfaces))
        + column(word("source"))
        + column(word("destination"))
        + pp.Opt(column(pp.Literal("[goto]")("goto")))
        + pp.Opt(_COMMENT("comment"))
        + rest_of_line.copy().leave_whitespace()("rest")  # its first blank may be part of the comment
    )


_RULES = {(num, verbose): _rule_grammar(num=num, verbose=verbose) for num in (False, True) for verbose in (False, True)}
_PROTOCOLS = {
    **{"0": "all", "1": "icmp", "2": "igmp", "4": "ipencap", "6": "tcp", "17": "udp", "41": "ipv6", "47": "gre"},
    **{"50": "esp", "51": "ah", "58": "ipv6-icmp", "132": "sctp", "136": "udplite"},
}


def _assemble(lines: Lines) -> Iterator[Chain]:
    recorded, origin, new_rule, make_chain = lines.recorded, lines.source, drafter(Rule), constructor(Chain)
    chain: dict[str, Any] | None = None  # the fields of the chain being read
    rules: list[Rule] = []
    grammar = _RULES[False, False]
    match, match_chain = map(lines.matcher, (grammar, _CHAIN))
    header = None  # its text; it repeats below every title
    headers = 0  # below the latest title; from the second on, the rules are of a chain whose title is missing
    for number, line in lines:
        if not line:
            lines.ignored[number] = "blank"
        elif line == header:
            lines.ignored[number] = "header"
            headers += 1
        elif found := match_chain(line):
            if chain is not None:
                yield make_chain(**chain, rules=tuple(rules))
            chain = _chain(*found.groups(), origin=origin, number=number)
            rules = []
            headers = 0
            recorded(number)
        elif chain is not None and headers < 2 and (found := match(line)):
            num, pkts, bytes_, target, prot, opt, in_, out, source, destination, goto, comment, rest = found.groups()
            try:
                negated: tuple[str, ...] = ()
                if "!" in line:
                    negated, prot, in_, out, source, destination = _negations(prot, in_, out, source, destination)
                options = read_options(rest) if "*/" not in rest else read_commented_options((comment or "") + rest)
                rule = new_rule()
                rule.num = int(num) if num else None
                rule.pkts, rule.bytes, rule.counters_approximate = _to_counters(pkts, bytes_) if pkts else _NO_COUNTERS
                rule.target, rule.goto = target, goto is not None
                rule.protocol, rule.opt = _PROTOCOLS.get(prot, prot), opt
                rule.in_interface, rule.out_interface = in_, out
                rule.source, rule.destination = _to_address(source), _to_address(destination)
                rule.negated = negated
                rule.matches, rule.target_options, rule.other, noted, ambiguous = options
                rule.comment = noted or (comment[3:-3] if comment else None)
                rule.comment_ambiguous = ambiguous
                rule.origin, rule.line = origin, number
            except ValueError as error:
                lines.bad_value(number, error)
                continue
            rules.append(finish(rule))
            recorded(number)
            chain["end_line"] = number
            if ambiguous:
                message = "the comment holds '*/', so where it ends is a guess"
                lines.report(number, "ambiguous-comment", message, line.index("*/") + 1, "warning")
        elif (columns := _HEADER.parse(line)) is not None:
            header = line
            headers += 1
            lines.ignore(number, "header")
            grammar = _RULES["num" in columns, "pkts" in columns]
            match = lines.matcher(grammar)
        elif (chain is None or headers > 1) and any(known.pattern.match(line) for known in _RULES.values()):
            lines.report(number, "orphan-line", "a rule without a chain above it", 1)
        else:
            lines.refuse(number, _CHAIN, _HEADER, grammar)
            if line.startswith("Chain"):
                headers = 2
    if chain is not None:
        yield make_chain(**chain, rules=tuple(rules))


def _chain(
    name: str,
    policy: str | None,
    pkts: str | None,
    bytes_: str | None,
    references: str | None,
    *,
    origin: str,
    number: int,
) -> dict[str, Any]:
    chain: dict[str, Any] = {"name": name, "origin": origin, "line": number, "end_line": number}
    if references:
        chain["references"] = int(references)
    else:
        chain["policy"] = policy
    if pkts and bytes_:
        chain["pkts"], chain["bytes"], chain["counters_approximate"] = _to_counters(pkts, bytes_)
    return chain


_UNITS = {unit: 1000**power for power, unit in enumerate("KMGTPE", 1)}


_NO_COUNTERS = (None, None, None)


def _to_counters(pkts: str, bytes_: str) -> tuple[int, int, bool]:
    """The values of both counters, and whether one is rounded."""
    if pkts[-1] not in _UNITS and bytes_[-1] not in _UNITS:
        return int(pkts), int(bytes_), False
    packet_count, byte_count = (
        int(text[:-1]) * _UNITS[text[-1]] if text[-1] in _UNITS else int(text) for text in (pkts, bytes_)
    )
    return packet_count, byte_count, True


@remember
def _to_address(text: str) -> Address:
    """The network of a source or destination column, or the name that stands there."""
    try:
        return IPv4Network(int.from_bytes(inet_pton(AF_INET, text), "big"))  # most often it is one host
    except OSError:
        pass
    if not _NUMERIC.fullmatch(text):
        return text
    if "." in text.partition("/")[2]:
        return text  # a mask with holes has no prefix length
    return to_network(text)


_NUMERIC = re.compile(r"[0-9./]+|[0-9a-fA-F:]*:[0-9a-fA-F:./]*")


def _negations(
    prot: str, in_: str | None, out: str | None, source: str, destination: str
) -> tuple[tuple[str, ...], str, str | None, str | None, str, str]:
    """The names of the columns that begin with `!`, and all of them without it."""
    columns = {
        "protocol": prot,
        "in_interface": in_,
        "out_interface": out,
        "source": source,
        "destination": destination,
    }
    negated = tuple(name for name, text in columns.items() if text and text[0] == "!")
    bare = {name: text[1:] if name in negated and text else text for name, text in columns.items()}
    return negated, *bare.values()  # type: ignore[return-value]


_FLAGS = re.compile(r"-[nvxL]+|--line-numbers|--numeric|--verbose|--exact|--list|[A-Za-z][\w-]*")


def _produced_by(argv: Sequence[str]) -> bool:
    words = list(argv[1:])
    if not re.fullmatch(r"ip6?tables(?:-nft|-legacy)?", argv[0]):
        return False
    if words[:1] in (["-t"], ["--table"]):
        del words[:2]
    elif words and re.match(r"-t[a-z]|--table=", words[0]):
        del words[0]
    lists = any(word == "--list" or re.fullmatch(r"-[nvx]*L[nvx]*", word) for word in words)
    return lists and all(_FLAGS.fullmatch(word) for word in words)


COMMAND = Command(name="iptables", record=Chain, assemble=_assemble, produced_by=_produced_by, signature=(_CHAIN,))
parse_iptables = COMMAND.parse
