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
from typing import Any

import pyparsing as pp

from aksparse.command import Command, Lines
from aksparse.linere import LineGrammar
from aksparse.netfilter.listing import read_commented_options, read_options
from aksparse.netfilter.rules import NO_COUNTERS, PROTOCOLS, Chain, Rule, to_address, to_counters
from aksparse.records import constructor, drafter, finish
from aksparse.tokens import column, integer, rest_of_line, word

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
                rule.pkts, rule.bytes, rule.counters_approximate = to_counters(pkts, bytes_) if pkts else NO_COUNTERS
                rule.target, rule.goto = target, goto is not None
                rule.protocol, rule.opt = PROTOCOLS.get(prot, prot), opt
                rule.in_interface, rule.out_interface = in_, out
                rule.source, rule.destination = to_address(source), to_address(destination)
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
        chain["pkts"], chain["bytes"], chain["counters_approximate"] = to_counters(pkts, bytes_)
    return chain


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
