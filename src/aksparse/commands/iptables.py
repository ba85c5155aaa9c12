"""`iptables -t nat -nL [CHAIN] [-v] [-x] [--line-numbers]`: the chains of a table and their rules.

Format: iptables(8) of netfilter, `iptables/iptables.c` (`print_firewall`, `print_header`), `iptables/nft-shared.c`, and
the `print` function of each extension in `extensions/`. A chain is a title line, a header, one line per rule, and a
blank line. The header tells which columns there are.

What the text hides or leaves open:

- Without `-v` there are no interface columns: `in_interface` and `out_interface` are absent, which does not mean any.
- Without `-x` counters above 99999 are rounded to K, M, G, T (powers of 1000): `counters_approximate`.
- A target may be empty (the rule only counts). It is recognised by the columns `prot opt` that follow.
- iptables 1.8.9 prints protocols as numbers, other releases as names: the well-known ones come out as names.
- A comment is printed raw. When it holds ``*/``, its end is a guess: the rule says so, and a diagnostic does. Two
  comments look the same, as Calico writes them: what begins again at once is taken for a second one.
- Extensions that are not typed here are kept verbatim in `other`, from the first unknown word on.
- Rules without a title above them, as `grep` leaves them, are of a chain without a name. Without a header, too, a rule
  has the most columns that it can be read with: counters and interfaces if it has them, and a number.
- ip6tables before 1.8.9 leaves the column `opt` blank. Its rules are told by their IPv6 addresses, or `anywhere`, or by
  a known protocol. iptables before 1.8.9 prints that column right behind the name of a protocol of five letters.
- Without `-n` there are names of hosts, ports, protocols and messages, and `anywhere`, which in ip6tables may be any
  network of the address `::`. A name stays; which number it stands for is a matter of the node.
- Two matches of one kind, such as two of `conntrack`, may read as one. A `string` match of the text `|0a|` looks like
  one in hexadecimal. A listing has no name of a hash limit, and no exclamation mark of a quota.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import pyparsing as pp

from aksparse.command import Command, Lines
from aksparse.linere import LineGrammar
from aksparse.netfilter.listing import NO_OPTIONS, read_commented_options, read_options
from aksparse.netfilter.rules import NO_COUNTERS, Chain, Rule, to_counters, tool_and_words
from aksparse.netfilter.values import PROTOCOLS, Address, to_address, to_repeated_address
from aksparse.records import maker
from aksparse.terminal.noise import noise
from aksparse.tokens import BadValue, column, columns, integer, remember, rest_of_line, word

_COUNTER = pp.Regex(r"[0-9]{1,18}+[KMGTPE]?+").set_name("counter")
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
_GLUED_OPT = r"(?:--|-f|!f)[ \t]"
_PROT_NAME = r"!?[A-Za-z0-9+/._-]+"
_PROT = pp.Regex(_PROT_NAME).set_name("protocol")
# Before 1.8.9 the column `opt` stands right behind a long name. What looks so is none where both columns follow.
_LONG_PROT = pp.Regex(
    rf"!?[A-Za-z0-9+/._-]{{5,}}?(?={_GLUED_OPT}(?![ \t]*{_PROT_NAME}[ \t]*{_GLUED_OPT}))|{_PROT_NAME}(?=[ \t])"
).set_name("protocol")
_OPT = pp.Regex(r"--|-f|!f").set_name("fragment option")
# A star ends the comment where a slash and a blank follow it.
_COMMENT = pp.Regex(r"/\* [^*]*+(?:\*(?!/(?:[ \t]|$|match bpf ))[^*]*+)*(?<= )\*/").set_name("comment")
_ABSENT = ~pp.Empty()  # what a column that the header does not name begins with
_SHAPES = [(True, True), (False, True), (True, False), (False, False)]


def _when(present: bool, cells: pp.ParserElement) -> pp.ParserElement:
    """Columns that a rule has when the header names them; the fields of the grammar are the same without."""
    return cells if present else pp.Opt(_ABSENT + cells)


_counters = column(_COUNTER("pkts")) + column(_COUNTER("bytes"))
_interfaces = column(word("in_interface")) + column(word("out_interface"))
_goto = pp.Opt(column(pp.Literal("[goto]")("goto")))
_networks = column(word("source")) + column(word("destination")) + _goto
_rest = rest_of_line.copy().leave_whitespace()("rest")  # its first blank may be part of the comment


def _rule_grammar(*, num: bool, verbose: bool) -> LineGrammar:
    """The grammar of the rules below a header with these columns."""
    return LineGrammar(
        _when(num, column(integer("num")))
        + _when(verbose, _counters)
        # An empty target leaves only blanks: then the next two columns are prot and opt already.
        + pp.Opt(~(_LONG_PROT + column(_OPT)) + column(word("target")))
        + _LONG_PROT("protocol")
        + column(_OPT("opt"))
        + _when(verbose, _interfaces)
        + _networks
        + pp.Opt(_COMMENT("comment"))
        + _rest
    )


# Without the column `opt` a rule is told by what its addresses look like.
_NETWORK6 = pp.Regex(r"!?(?:[0-9a-fA-F]*:[0-9a-fA-F:.]*(?:/[0-9]+)?|anywhere)").set_name("IPv6 network")


def _blank_grammar(*, num: bool, verbose: bool) -> LineGrammar:
    """The grammar of the rules of an ip6tables that leaves the column `opt` blank."""
    interfaces = column(word) + column(word) if verbose else pp.Empty()
    return LineGrammar(
        _when(num, column(integer("num")))
        + _when(verbose, _counters)
        + pp.Opt(~(column(_PROT) + interfaces + column(_NETWORK6)) + column(word("target")))
        + column(_PROT("protocol"))
        + pp.Opt(_ABSENT + column(_OPT("opt")))
        + _when(verbose, _interfaces)
        + column(_NETWORK6("source"))
        + column(_NETWORK6("destination"))
        + _goto
        + pp.Opt(_COMMENT("comment"))
        + _rest
    )


# Nor is it told so where both addresses have names: then by a protocol that is known, and the blanks behind it.
_KNOWN_PROT = pp.Regex(
    rf"!?(?:{'|'.join(sorted({*PROTOCOLS, *PROTOCOLS.values()}, reverse=True))})(?= {{3}})"
).set_name("known protocol")
_NAME6 = pp.Regex(r"!?(?![0-9./]+(?:[ \t]|$))[^ \t]+").set_name("IPv6 network or name")


def _named_grammar(*, num: bool, verbose: bool) -> LineGrammar:
    """The same grammar, for addresses that have names."""
    return LineGrammar(
        _when(num, column(integer("num")))
        + _when(verbose, _counters)
        + pp.Opt(~(_KNOWN_PROT + ~_KNOWN_PROT) + column(word("target")))
        + _KNOWN_PROT("protocol")
        + pp.Opt(_ABSENT + column(_OPT("opt")))
        + _when(verbose, _interfaces)
        + column(_NAME6("source"))
        + column(_NAME6("destination"))
        + _goto
        + pp.Opt(_COMMENT("comment"))
        + _rest
    )


# Most rules share the columns between target and source: these are cut out as one and read once. Most are of packets
# from anywhere to anywhere. A line for which that fails, such as one without a target, is read by the grammar above.
_ANYWHERE = pp.Regex(r"0\.0\.0\.0/0 ++0\.0\.0\.0/0|::/0 ++::/0").set_name("any network, twice")


def _row_grammar(*, num: bool, verbose: bool) -> LineGrammar:
    return LineGrammar(
        _when(num, column(integer("num")))
        + _when(verbose, _counters)
        + column(word("target"))
        + columns(4 if verbose else 2)("shared")
        + (column(_ANYWHERE("anywhere")) | column(word("source")) + column(word("destination")))
        + _goto
        + pp.Opt(pp.Regex(r"/\* [^*]*+(?<= )\*/").set_name("comment")("comment"))
        + _rest
    )


_RULES = {(num, verbose): _rule_grammar(num=num, verbose=verbose) for num, verbose in _SHAPES}
_BLANK = {(num, verbose): _blank_grammar(num=num, verbose=verbose) for num, verbose in _SHAPES}
_NAMED = {(num, verbose): _named_grammar(num=num, verbose=verbose) for num, verbose in _SHAPES}
_ROWS = {(num, verbose): _row_grammar(num=num, verbose=verbose) for num, verbose in _SHAPES}
_SHARED = {
    verbose: LineGrammar(~column(_OPT) + column(_PROT("protocol")) + column(_OPT("opt")) + _when(verbose, _interfaces))
    for verbose in (False, True)
}

_make_rule = maker(
    Rule,
    *("num", "pkts", "bytes", "counters_approximate", "target", "goto"),
    *("protocol", "opt", "in_interface", "out_interface", "source", "destination", "negated"),
    *("comment", "comment_ambiguous", "matches", "target_options", "other", "origin", "line"),
)
_make_chain = maker(
    Chain,
    *("name", "policy", "references", "pkts", "bytes", "counters_approximate"),
    *("rules", "origin", "line", "end_line"),
)


class _Columns(NamedTuple):
    """How the rules below a header are read.

    Attributes:
        rule: the grammar of a rule.
        blank: the grammar of one whose column `opt` is blank.
        named: the same where its addresses have names.
        row: the faster grammar of most.
        shared: the grammar of the columns that most rules share.
    """

    rule: LineGrammar
    blank: LineGrammar
    named: LineGrammar
    row: LineGrammar
    shared: LineGrammar


_COLUMNS = {
    shape: _Columns(_RULES[shape], _BLANK[shape], _NAMED[shape], _ROWS[shape], _SHARED[shape[1]]) for shape in _SHAPES
}
_One = Callable[[str | None, str | None], str | None]
_Title = tuple[str | None, ...]
_Read = Callable[[str, int], Rule | None]
_ANY, _ANY6 = map(to_repeated_address, ("0.0.0.0/0", "::/0"))
_NUMBERS = {str(number): number for number in range(1, 100)}  # those of most rules
_NO_TITLE: _Title = (None,) * 5
_Shared = tuple[str, str | None, str | None, str | None, tuple[str, ...]]


def _assemble(lines: Lines) -> Iterator[Chain]:
    recorded, ignored, origin = lines.recorded, lines.ignored, lines.source
    match_chain = lines.matcher(_CHAIN)
    title, first = _NO_TITLE, 0  # of the chain being read, and its first line
    rules: list[Rule] | None = None  # its rules; between chains there are none
    one = dict[str | None, str | None]().setdefault  # a chain's name stands in every rule that leads to it
    read, grammar = _reader_of_any(lines, one), _RULES[False, False]
    header = None  # its text; it repeats below every title
    below_header = False  # a second header is that of a chain whose title is missing

    for number, line in lines:
        try:
            if not line:
                ignored[number] = "blank"
            elif line == header and not below_header:
                ignored[number] = "header"
                below_header = True
            elif line[0] == "C" and (found := match_chain(line)):
                if rules is not None:
                    yield _to_chain(title, rules, origin, first, one)
                title, first, rules, below_header = found.groups(), number, [], False
                recorded(number)
            elif rule := read(line, number):
                if rules is None:
                    title, first, rules = _NO_TITLE, number, []
                rules.append(rule)
                recorded(number)
                if rule.comment_ambiguous:
                    message = "the comment holds '*/', so where it ends is a guess"
                    lines.report(number, "ambiguous-comment", message, line.index("*/") + 1, "warning")
            elif (names := _HEADER.parse(line)) is not None:
                if below_header and rules is not None:
                    yield _to_chain(title, rules, origin, first, one)
                    rules = None
                below_header = True
                lines.ignore(number, "header")
                if line != header:
                    columns_ = _COLUMNS["num" in names, "pkts" in names]
                    header, read, grammar = line, _reader(lines, columns_, one), columns_.rule
            else:
                lines.refuse(number, _CHAIN, _HEADER, grammar)
                if line.startswith("Chain"):
                    if rules is not None:
                        yield _to_chain(title, rules, origin, first, one)
                    rules, below_header = None, False
        except ValueError as error:
            lines.bad_value(number, error)
    if rules is not None:
        yield _to_chain(title, rules, origin, first, one)


def _to_chain(title: _Title, rules: list[Rule], origin: str, first: int, one: _One) -> Chain:
    name, policy, pkts, bytes_, references = title
    packet_count, byte_count, approximate = to_counters(pkts, bytes_) if pkts and bytes_ else NO_COUNTERS
    return _make_chain(
        one(name, name),
        policy,
        int(references) if references else None,
        packet_count,
        byte_count,
        approximate,
        tuple(rules),
        origin,
        first,
        rules[-1].line if rules else first,
    )


def _reader_of_any(lines: Lines, one: _One) -> _Read:
    """What reads a rule as long as there is no header to tell its columns: one with a network, not only names."""
    readers = [_reader(lines, columns_, one) for columns_ in _COLUMNS.values()]

    def read_any(line: str, number: int) -> Rule | None:
        rule = next(filter(None, (read(line, number) for read in readers)), None)
        return rule if rule and any(map(_is_network, (rule.source, rule.destination))) else None

    return read_any


def _is_network(address: Address) -> bool:
    return not isinstance(address, str) or re.fullmatch(r"anywhere|[0-9.]+/[0-9.]+", address) is not None


def _reader(lines: Lines, columns_: _Columns, one: _One) -> _Read:
    """What reads a rule; `one` gives one object for equal names."""
    match, match_row = map(lines.matcher, (columns_.rule, columns_.row))
    match_blank, match_named = map(lines.matcher, (columns_.blank, columns_.named))
    match_shared, origin = columns_.shared.pattern.match, lines.source
    read_shared = remember(lambda text: _to_shared(*found.groups()) if (found := match_shared(text)) else None)
    last_comment = None  # mostly the next rule has it as well

    def read(line: str, number: int) -> Rule | None:
        nonlocal last_comment
        shared = anywhere = None
        if found := match_row(line):
            num, pkts, bytes_, target, text, anywhere, source, destination, goto, comment, rest = found.groups()
            shared = read_shared(text)
        if shared is None:
            if not (found := match(line) or match_blank(line) or match_named(line)):
                return None
            anywhere = None
            num, pkts, bytes_, target, prot, opt, in_, out, source, destination, goto, comment, rest = found.groups()
            shared = _to_shared(prot, opt, in_, out)
        protocol, opt, in_interface, out_interface, negated = shared
        if pkts is None:
            packet_count, byte_count, approximate = NO_COUNTERS
        elif bytes_ == "0" == pkts:  # half of them, mostly
            packet_count, byte_count, approximate = 0, 0, False
        else:
            packet_count, byte_count, approximate = to_counters(pkts, bytes_)
        if anywhere:
            source = destination = _ANY if anywhere[0] == "0" else _ANY6
        else:
            source, destination, negated = _to_networks(source, destination, negated)
        if rest == " " or not rest:
            matches, target_options, other, noted, ambiguous = NO_OPTIONS
        elif "*/" in rest:
            matches, target_options, other, noted, ambiguous = read_commented_options((comment or "") + rest)
        else:
            matches, target_options, other, noted, ambiguous = read_options(rest)
        comment = noted or (comment[3:-3] if comment else None)
        last_comment = comment = last_comment if comment == last_comment else comment
        # fmt: off
        return _make_rule(
            _NUMBERS.get(num) or int(num) if num else None, packet_count, byte_count, approximate, one(target, target),
            goto is not None, protocol, opt, in_interface, out_interface, source, destination, negated,
            comment, ambiguous, matches, target_options, other, origin, number,
        )
        # fmt: on

    return read


def _to_networks(source: str, destination: str, negated: tuple[str, ...]) -> tuple[Address, Address, tuple[str, ...]]:
    if source[0] == "!":
        negated, source = (*negated, "source"), source[1:]
    if destination[0] == "!":
        negated, destination = (*negated, "destination"), destination[1:]
    return to_address(source), to_address(destination), negated


def _to_shared(prot: str, opt: str | None, in_: str | None, out: str | None) -> _Shared:
    """The protocol by name, the other columns, and the names of those that begin with `!`."""
    cells = {"protocol": prot, "in_interface": in_, "out_interface": out}
    negated = tuple(name for name, text in cells.items() if text and text[0] == "!")
    protocol, in_, out = (text[1:] if name in negated and text else text for name, text in cells.items())
    assert protocol is not None
    return PROTOCOLS.get(protocol, protocol), opt, in_, out, negated


# Long options may be cut short; a chain may be followed by the number of a rule.
_WORDS = re.compile(
    r"(?: -t ?[a-z]+| --table[ =][a-z]+| -[nvxLZ46]+| -[wW] ?[0-9]*| --wait(?:-interval)?(?:[ =][0-9]+)?"
    r"| --(?:lis?t?|line[a-z-]*|num[a-z]*|verb[a-z]*|exact|zero|ipv[46])| (?:-M|--modprobe)[ =][^ ]+"
    r"| [^ |<>&;-][^ |<>&;]*)*"
)
_LIST = re.compile(r" (?:--lis?t?|-[nvxZ46]*L[nvxZ46]*)(?= |$)")


def _produced_by(argv: Sequence[str]) -> bool:
    tool, words = tool_and_words(argv)
    if not re.fullmatch(r"ip6?tables(?:-nft|-legacy)?", tool):
        return False
    options = "".join(f" {word}" for word in words)
    return _LIST.search(options) is not None and _WORDS.fullmatch(options) is not None


# A line of no title that is blank, or a rule.
_OF_ARPTABLES = re.compile(r"\n(?=Chain |$)|(?:[0-9]+ )?(?:-[jiosd]|--[a-z0-9-]+) ")


def _shown_by(texts: Sequence[str]) -> bool:
    """Whether the first line is a title, below which arptables has no header, or a rule that `grep` left."""
    begins = next((position for position, text in enumerate(texts) if not noise(text)), len(texts))
    first, *others = texts[begins : begins + 3] or ("",)
    if _CHAIN.pattern.match(first):
        return not _OF_ARPTABLES.match("\n".join(others))
    return any(_is_rule_with_network(first, columns_) for columns_ in _COLUMNS.values())


def _is_rule_with_network(line: str, columns_: _Columns) -> bool:
    grammars = (columns_.rule, columns_.blank, columns_.named)
    if (found := next(filter(None, (grammar.parse(line) for grammar in grammars)), None)) is None:
        return False
    try:
        source, destination, _ = _to_networks(found["source"], found["destination"], ())
    except BadValue:
        return False
    return _is_network(source) or _is_network(destination)


COMMAND = Command(
    name="iptables",
    record=Chain,
    assemble=_assemble,
    produced_by=_produced_by,
    signature=(_HEADER,),
    shown_by=_shown_by,
)
parse_iptables = COMMAND.parse
