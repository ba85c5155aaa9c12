"""A line grammar means in `re` exactly what it means in pyparsing, or it is refused."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import hypothesis
import pyparsing as pp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import aksparse
from aksparse import linere
from aksparse.linere import LineGrammar, NotCompilable, Refusal
from aksparse.terminal.noise import noise
from aksparse.tokens import column, integer, ipv4, word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CORPUS = Path(__file__).parent.parent / "corpus"


# Random grammars, and texts that nearly match them


class Case(NamedTuple):
    expression: pp.ParserElement
    text: str


# Each pattern with texts that it matches; the first ones can't match nothing, as the content of a repeat must not.
_CONSUMING_REGEXES = {"a+": ("a", "aaa"), "ab|a": ("ab", "a"), "[^ \t]": ("b", "1"), "[ab]{1,2}": ("ab", "b")}
_REGEXES = {**_CONSUMING_REGEXES, "a?": ("", "a"), "(?=a)": ("",), "[ab]*": ("", "ba"), ".*": ("", "a b")}
_CONSUMING_KINDS = ("and", "and", "and", "first", "first", "combine", "more", "suppress", "column", "again")
_KINDS = (*_CONSUMING_KINDS, "opt", "opt", "zero", "not", "followed")
_OF_ONE: dict[str, Callable[[pp.ParserElement], pp.ParserElement]] = {
    "more": pp.OneOrMore,
    "zero": pp.ZeroOrMore,
    "suppress": pp.Suppress,
    "not": pp.NotAny,
    "followed": pp.FollowedBy,
}
_WHITES = (" ", "\t", " \t", "b", "-]^\\")


def _consuming_token(draw: st.DrawFn) -> pp.ParserElement:
    match draw(st.integers(0, 4)):
        case 0:
            return pp.Literal(draw(st.sampled_from(("a", "b", "ab", "ba", "[", "a b"))))
        case 1:
            ident_chars = draw(st.sampled_from((None, "^]b", "-")))
            return pp.Keyword(draw(st.sampled_from(("a", "ab", "a1"))), ident_chars=ident_chars)
        case 2:
            first, low = draw(st.sampled_from(("a", "ab", "b1", "^-]"))), draw(st.integers(1, 2))
            high = draw(st.sampled_from((0, 2, 3)))
            as_keyword = draw(st.booleans())
            return pp.Word(first, draw(st.sampled_from((None, "ab", "b1]"))), min=low, max=high, as_keyword=as_keyword)
        case 3:
            return pp.Char("ab")
        case _:
            return pp.Regex(draw(st.sampled_from(sorted(_CONSUMING_REGEXES))))


def _token(draw: st.DrawFn, *, consuming: bool) -> pp.ParserElement:
    if consuming or draw(st.booleans()):
        return _consuming_token(draw)
    return draw(st.sampled_from((pp.Regex(draw(st.sampled_from(sorted(_REGEXES)))), pp.Empty())))


class _Grammars:
    """Draws one expression; every results name is fresh, except that alternatives use the same ones."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.names = 0

    def expression(self, depth: int, *, named: bool = True, consuming: bool = False) -> pp.ParserElement:
        white = self.draw(st.integers(0, 11))
        e = self._expression(depth if self.draw(st.integers(0, 7)) else 0, named=named, consuming=consuming)
        if white == 0:
            # On a copy: elements such as `end_of_column` are shared.
            return e.copy().leave_whitespace(recursive=self.draw(st.booleans()))
        if white == 1:
            return e.copy().set_whitespace_chars(self.draw(st.sampled_from(_WHITES)))
        if white == 2:
            return e.copy().ignore_whitespace(recursive=self.draw(st.booleans()))
        return e

    def _expression(self, depth: int, *, named: bool, consuming: bool) -> pp.ParserElement:
        draw, depth = self.draw, depth - 1
        if depth < 0:
            return self.named(_token(draw, consuming=consuming), named=named)
        kind = draw(st.sampled_from(_CONSUMING_KINDS if consuming else _KINDS))
        if kind == "and":
            size = draw(st.integers(2, 3))
            first = draw(st.integers(0, size - 1))
            return pp.And(
                [self.expression(depth, named=named, consuming=consuming and i == first) for i in range(size)]
            )
        if kind == "first":
            if named and draw(st.booleans()):
                tokens = [_token(draw, consuming=consuming) for _ in range(draw(st.integers(1, 3)))]
                return self.named(pp.MatchFirst(tokens), named=named)
            start, end, alternatives = self.names, self.names, []
            for _ in range(draw(st.integers(1, 3))):
                self.names = start
                alternatives.append(self.expression(depth, named=named, consuming=consuming))
                end = max(end, self.names)
            self.names = end
            return pp.MatchFirst(alternatives)
        if kind == "combine":
            return self.named(pp.Combine(self.expression(depth, named=False, consuming=consuming)), named=named)
        if kind == "column":
            return column(self.expression(depth, named=named, consuming=consuming))
        if kind == "again":
            # What may have been eaten is wanted once more: where backtracking would show.
            e, greedy = self.expression(depth, named=False, consuming=True), (pp.Opt, pp.ZeroOrMore, pp.OneOrMore)
            return pp.And([draw(st.sampled_from(greedy))(e), e])
        if kind == "opt":
            return pp.Opt(self.expression(depth, named=named))
        # pyparsing itself never comes back from the repeat of something that matched nothing.
        return _OF_ONE[kind](self.expression(depth, named=False, consuming=consuming or kind in ("more", "zero")))

    def named(self, e: pp.ParserElement, *, named: bool) -> pp.ParserElement:
        if not named or not self.draw(st.booleans()):
            return e
        self.names += 1
        return e(f"n{self.names}")


def _sample(draw: st.DrawFn, e: pp.ParserElement) -> str:
    """A text that the expression would probably match."""
    blank = draw(st.sampled_from(("", "", " ", "\t", " \t ")))
    if isinstance(e, pp.And):
        return "".join(_sample(draw, part) for part in e.exprs)
    if isinstance(e, pp.MatchFirst):
        return _sample(draw, draw(st.sampled_from(e.exprs)))
    if isinstance(e, pp.NotAny | pp.FollowedBy):
        return ""
    if isinstance(e, pp.Opt | pp.ZeroOrMore | pp.OneOrMore):
        times = draw(st.integers(isinstance(e, pp.OneOrMore), 1 if isinstance(e, pp.Opt) else 2))
        return blank + "".join(_sample(draw, e.expr) for _ in range(times))
    if isinstance(e, pp.ParseElementEnhance):
        return blank + _sample(draw, e.expr)
    if isinstance(e, pp.Regex) and e.pattern in _REGEXES:
        return blank + draw(st.sampled_from(_REGEXES[e.pattern]))
    if isinstance(e, pp.Word):
        return blank + draw(st.text("".join(sorted(e.init_chars | e.bodyChars)), min_size=1, max_size=3))
    return blank + getattr(e, "match", "a")


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A grammar of the supported fragment and a text made for it, perhaps damaged."""
    expression = _Grammars(draw).expression(draw(st.integers(0, 3)))
    text = _sample(draw, expression)
    for _ in range(draw(st.integers(0, 2))):
        start = draw(st.integers(0, len(text)))
        end = start + draw(st.integers(0, 1))
        text = text[:start] + draw(st.sampled_from(("", "a", "b", " ", "\t", "\n", "1", "ab"))) + text[end:]
    return Case(expression, text)


def readings(expression: pp.ParserElement, text: str) -> list[tuple[dict[str, str] | None, dict[str, str] | None]]:
    """What `re` and what pyparsing make of a text: as a whole line, as a prefix, and where that prefix ends."""
    rest = pp.Regex(r"[\s\S]*").leave_whitespace()("rest")
    grammars = (
        LineGrammar(expression),
        LineGrammar(expression, whole=False),
        LineGrammar(expression + rest, whole=False),
    )
    return [(grammar.parse(text), grammar.parse_with_pyparsing(text)) for grammar in grammars]


def engines_agree(case: Case) -> bool:
    try:
        return all(by_re == by_pyparsing for by_re, by_pyparsing in readings(*case))
    except NotCompilable:
        return True  # a refusal is never wrong; another test counts them


@given(cases())
@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_grammar_of_the_fragment_reads_any_text_as_pyparsing_does(case: Case) -> None:
    assert engines_agree(case), readings(*case)


@pytest.mark.parametrize("kind", [pp.Opt, pp.MatchFirst, pp.ZeroOrMore, pp.OneOrMore])
def test_a_compiler_that_lets_one_construct_backtrack_is_caught(
    kind: type[pp.ParserElement], monkeypatch: pytest.MonkeyPatch
) -> None:
    faithful = linere._Translation.body

    def mutant(self: linere._Translation, e: pp.ParserElement, skipped: frozenset[str]) -> str:
        pattern = faithful(self, e, skipped)
        return pattern.replace("(?>", "(?:", 1) if type(e) is kind else pattern

    monkeypatch.setattr(linere._Translation, "body", mutant)
    assert a_counterexample_is_found()


def test_a_compiler_that_lets_tokens_backtrack_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linere, "_atomic", lambda pattern: f"(?:{pattern})")
    assert a_counterexample_is_found()


def a_counterexample_is_found() -> bool:
    thorough = settings(
        max_examples=5000, deadline=None, database=None, derandomize=True, phases=[hypothesis.Phase.generate]
    )
    try:
        hypothesis.find(cases(), lambda case: not engines_agree(case), settings=thorough)
    except hypothesis.errors.NoSuchExample:
        return False
    return True


def test_the_random_grammars_are_seldom_refused_and_their_texts_often_accepted() -> None:
    seen: list[str] = []

    @given(cases())
    @settings(max_examples=300, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    def look(case: Case) -> None:
        try:
            seen.append("refused" if LineGrammar(case.expression).parse(case.text) is None else "accepted")
        except NotCompilable:
            seen.append("not compilable")

    look()
    assert seen.count("not compilable") < len(seen) / 20
    assert seen.count("accepted") > len(seen) / 4
    assert seen.count("refused") > len(seen) / 4


# What has no exact counterpart

NAME_REPEATED = "in a repeat, a lookahead or another named element"
NAME_ON_MANY = "on more than one token"
OUTSIDE = "is outside the supported fragment"
ACTIONS = "parse actions, conditions and ignored expressions have no regular counterpart"


def a() -> pp.ParserElement:
    return pp.Literal("a")


def b() -> pp.ParserElement:
    return pp.Literal("b")


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        pytest.param(pp.ZeroOrMore(a()("x")), NAME_REPEATED, id="name in ZeroOrMore"),
        pytest.param(pp.OneOrMore(b() + a()("x")), NAME_REPEATED, id="name in OneOrMore"),
        pytest.param(pp.FollowedBy(a()("x")), NAME_REPEATED, id="name in a lookahead"),
        pytest.param(~a()("x") + b(), NAME_REPEATED, id="name in a negative lookahead"),
        pytest.param(pp.Suppress(a()("x")), NAME_REPEATED, id="name in a Suppress"),
        pytest.param(pp.Combine(a()("x") + b()), NAME_REPEATED, id="name in a Combine"),
        pytest.param((a()("x") | b())("y"), NAME_REPEATED, id="name in a named choice"),
        pytest.param(a()("x*"), NAME_REPEATED, id="name that collects"),
        pytest.param((a() + b())("x"), NAME_ON_MANY, id="name on an And"),
        pytest.param(pp.Opt(a())("x"), NAME_ON_MANY, id="name on an Opt"),
        pytest.param(pp.Suppress(a())("x"), NAME_ON_MANY, id="name on a Suppress"),
        pytest.param((a() + b() | a())("x"), NAME_ON_MANY, id="name on a choice with a sequence"),
        pytest.param((a() | b().leave_whitespace())("x"), NAME_ON_MANY, id="name on a choice that starts anywhere"),
        pytest.param(a()("x") + b()("x"), "'x' twice in one sequence", id="name twice in one sequence"),
        pytest.param(a()("x") + pp.Opt(b()("x")), "'x' twice in one sequence", id="name twice, once optional"),
        pytest.param(a().set_parse_action(lambda tokens: tokens[0].upper()), ACTIONS, id="parse action"),
        pytest.param(a() + b().add_condition(bool), ACTIONS, id="condition"),
        pytest.param(a().set_fail_action(lambda *_: None), ACTIONS, id="fail action"),
        pytest.param((a() + b()).ignore(pp.Literal("#")), ACTIONS, id="ignore"),
        pytest.param(a() - b(), OUTSIDE, id="-"),
        pytest.param(a() ^ b(), OUTSIDE, id="^"),
        pytest.param(a() & b(), OUTSIDE, id="&"),
        pytest.param(pp.Forward() << a(), OUTSIDE, id="Forward"),
        pytest.param(pp.SkipTo("b"), OUTSIDE, id="SkipTo"),
        pytest.param(a() + ... + b(), NAME_REPEATED, id="a + ... + b"),
        pytest.param(pp.Group(a()), OUTSIDE, id="Group"),
        pytest.param(pp.White(), OUTSIDE, id="White"),
        pytest.param(pp.PrecededBy(a()), ACTIONS, id="PrecededBy"),
        pytest.param(pp.LineStart() + a(), OUTSIDE, id="LineStart"),
        pytest.param(a() + pp.LineEnd(), OUTSIDE, id="LineEnd"),
        pytest.param(pp.NoMatch(), OUTSIDE, id="NoMatch"),
        pytest.param(pp.CharsNotIn("a"), OUTSIDE, id="CharsNotIn"),
        pytest.param(pp.QuotedString("'"), OUTSIDE, id="QuotedString"),
        pytest.param(pp.DelimitedList(a()), OUTSIDE, id="DelimitedList"),
        pytest.param(pp.CaselessLiteral("a"), OUTSIDE, id="CaselessLiteral"),
        pytest.param(pp.CaselessKeyword("a"), OUTSIDE, id="CaselessKeyword"),
        pytest.param(pp.Keyword("a", caseless=True), "caseless keyword", id="caseless Keyword"),
        pytest.param(pp.Word("a b"), "a Word that holds a blank", id="Word with a blank"),
        pytest.param(pp.Regex("(a)"), "groups or flags", id="Regex with a group"),
        pytest.param(pp.Regex("(?P<x>a)"), "groups or flags", id="Regex with a named group"),
        pytest.param(pp.Regex("a", re.IGNORECASE), "groups or flags", id="Regex with flags"),
        pytest.param(pp.Regex("(?i)a"), "groups or flags", id="Regex with flags in its text"),
        pytest.param(pp.Regex("a", as_match=True), "groups or flags", id="Regex as match"),
        pytest.param(pp.Regex("a", as_group_list=True), "groups or flags", id="Regex as group list"),
        pytest.param(pp.Opt(a(), default="b"), "default value", id="Opt with default"),
        pytest.param(pp.ZeroOrMore(a(), stop_on=b()), "stop_on or max", id="stop_on"),
        pytest.param(pp.OneOrMore(a(), max=2), "stop_on or max", id="repeat with max"),
        pytest.param(pp.Combine(a() + pp.Suppress(b())), OUTSIDE, id="Combine that leaves something out"),
        pytest.param(pp.Combine(a() + b()).ignore_whitespace(), "white space", id="Combine that skips white space"),
        pytest.param(pp.Combine(a() + b(), join_string="-"), "joins", id="Combine that joins"),
        pytest.param(pp.Combine(a() + b(), adjacent=False), "joins", id="Combine of tokens apart"),
    ],
)
@pytest.mark.parametrize("place", [lambda e: e, lambda e: b() + e, lambda e: pp.Opt(e | b())], ids=["", "after", "in"])
def test_what_has_no_exact_counterpart_is_refused(
    expression: pp.ParserElement, reason: str, place: Callable[[pp.ParserElement], pp.ParserElement]
) -> None:
    with pytest.raises(NotCompilable) as caught:
        LineGrammar(place(expression.copy())).parse("a")
    assert reason in caught.value.reason
    assert str(caught.value) == f"{caught.value.element}: {caught.value.reason}"


@pytest.mark.parametrize("expression", [pp.And([]), pp.MatchFirst([])], ids=["And", "MatchFirst"])
def test_a_container_of_nothing_is_refused(expression: pp.ParserElement) -> None:
    with pytest.raises(NotCompilable, match=OUTSIDE):
        LineGrammar(expression).parse("")


def test_a_refusal_to_compile_names_the_element_and_the_reason() -> None:
    with pytest.raises(NotCompilable) as caught:
        LineGrammar(a() + pp.OneOrMore(pp.Word("xy")("name"))).parse("a")
    assert str(caught.value) == "W:(xy): results name 'name' in a repeat, a lookahead or another named element"


# The grammars there are, on the recordings there are


def modules() -> Iterator[str]:
    for module in pkgutil.walk_packages(aksparse.__path__, "aksparse."):
        if not module.name.endswith("__main__"):
            yield module.name


def grammars_in(value: object) -> Iterator[LineGrammar]:
    if isinstance(value, LineGrammar):
        yield value
    elif isinstance(value, dict):
        yield from (grammar for item in value.values() for grammar in grammars_in(item))
    elif isinstance(value, list | tuple):
        yield from (grammar for item in value for grammar in grammars_in(item))


def all_grammars() -> dict[str, LineGrammar]:
    found: dict[int, tuple[str, LineGrammar]] = {}
    for name in modules():
        for variable, value in vars(importlib.import_module(name)).items():
            for number, grammar in enumerate(grammars_in(value)):
                found.setdefault(id(grammar), (f"{name}.{variable}[{number}]", grammar))
    return dict(found.values())


GRAMMARS = all_grammars()
LINES = sorted(
    {
        line
        for pattern in ("captures/**/*.txt", "commands/*/*/input.txt")
        for path in CORPUS.glob(pattern)
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines()
        if not noise(line)
    }
)


def test_there_are_grammars_of_every_command_and_recorded_lines_to_try_them_on() -> None:
    commands = {name.split(".")[2] for name in GRAMMARS if name.startswith("aksparse.commands.")}
    assert commands == {module.name for module in pkgutil.iter_modules(aksparse.commands.__path__)}
    assert any(name.startswith("aksparse.netfilter.") for name in GRAMMARS)
    assert len(LINES) > 100


@pytest.mark.parametrize("name", GRAMMARS)
def test_both_engines_read_every_recorded_line_alike(name: str) -> None:
    grammar = GRAMMARS[name]
    # A grammar for a part of a line is tried from every word on.
    texts = LINES if grammar.whole else WORDS_ON
    disagreed = [text for text in texts if grammar.parse(text) != grammar.parse_with_pyparsing(text)]
    assert disagreed == []


WORDS_ON = sorted({line[match.start() :] for line in LINES for match in re.finditer(r"(?<![^ ])[^ ]", line)})


@pytest.mark.parametrize("name", GRAMMARS)
def test_the_pattern_for_lines_without_tabs_reads_them_as_the_general_one(name: str) -> None:
    grammar = GRAMMARS[name]
    for line in {text.expandtabs() for text in LINES}:
        general, without_tabs = grammar.pattern.match(line), grammar.pattern_without_tabs.match(line)
        assert (general and (general.span(), general.groups())) == (
            without_tabs and (without_tabs.span(), without_tabs.groups())
        ), line


@pytest.mark.parametrize("name", GRAMMARS)
def test_a_line_is_refused_exactly_where_pyparsing_has_something_to_say(name: str) -> None:
    grammar = GRAMMARS[name]
    assert all((grammar.parse(line) is None) == (grammar.refusal(line) is not None) for line in LINES[::10])


# What a refusal says


def test_alternatives_without_a_name_are_told_in_words() -> None:
    number, address = pp.Word(pp.nums).set_name("number"), pp.Word(pp.hexnums + ":").set_name("address")
    grammar = LineGrammar(pp.Literal("via") + (address | (number | pp.Literal("*"))))
    assert grammar.refusal("via -") == Refusal(5, "expected address or number or '*', found '-'")


ROUTE = LineGrammar(
    column(ipv4("destination"))
    + column(pp.Word("UGH").set_name("flags")("flags"))
    + pp.Opt(column(pp.Literal("metric")) + column(integer("metric")))
    + column(word("iface"))
)


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        ("10.0.0.0  UG eth0", None),
        ("10.0.0.0  UG metric 5 eth0", None),
        ("", Refusal(1, "expected IPv4 address, found end of line")),
        ("default UG eth0", Refusal(1, "expected IPv4 address, found 'default'")),
        ("10.0.0.0  ug eth0", Refusal(11, "expected flags, found 'ug'")),
        ("10.0.0.0\tug eth0", Refusal(10, "expected flags, found 'ug'")),
        ("10.0.0.0 UGX eth0", Refusal(12, "expected end of column, found 'X'")),
        ("10.0.0.0 UG  ", Refusal(14, "expected word, found end of line")),
        ("10.0.0.0 UG eth0 lo", Refusal(18, "expected end of text, found 'lo'")),
    ],
)
def test_a_refusal_says_what_was_expected_and_where(line: str, refusal: Refusal | None) -> None:
    assert ROUTE.refusal(line) == refusal
    assert (ROUTE.parse(line) is None) == (refusal is not None)


def test_tokens_that_matched_nothing_are_absent() -> None:
    assert ROUTE.parse("10.0.0.0 UG eth0") == {"destination": "10.0.0.0", "flags": "UG", "iface": "eth0"}


def test_a_grammar_for_a_part_of_a_line_matches_from_any_position() -> None:
    grammar = LineGrammar(column(pp.Keyword("dpt")) + column(integer("port")), whole=False)
    match = grammar.pattern.match("tcp dpt 80 /* web */", 4)
    assert match is not None
    assert match.groups() == ("80",)


# What `re` must get right in every release of Python


@pytest.mark.parametrize("quantifier", ["*", "+", "?", "{2}", "{1,2}"])
def test_a_possessive_quantifier_on_a_character_class_is_its_atomic_group(quantifier: str) -> None:
    for frame in ("{}b", "(a)?{}(b)", "(?>(?:{}b)?)a", "(?>(?:x{})*)", "(?!{}b)a", "(?>y|({}))$"):
        possessive = re.compile(frame.format("[ab]" + quantifier + "+"))
        atomic = re.compile(frame.format(f"(?>[ab]{quantifier})"))
        for text in ("", "a", "b", "ab", "aab", "abab", "xab", "xaxb", "yab"):
            left, right = possessive.match(text), atomic.match(text)
            assert (left and (left.span(), left.groups())) == (right and (right.span(), right.groups()))


# Other libraries use pyparsing too

_SNAPSHOT = """
import importlib, json, sys
import pyparsing as pp

def state():
    kept = {**vars(pp.ParserElement), **{f"diag {k}": v for k, v in vars(pp.core.__diag__).items()}}
    return {name: (id(value), repr(value)) for name, value in kept.items() if name != "packrat_cache"}

before = state()
for name in json.loads(sys.argv[1]):
    importlib.import_module(name)
from aksparse.commands.route import parse_route
parse_route("0.0.0.0 10.0.0.1 0.0.0.0 UG 0 0 0 eth0")
after = state()
print(json.dumps(sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))))
"""


def test_importing_aksparse_changes_nothing_of_pyparsing_for_others() -> None:
    argv: list[Any] = [sys.executable, "-c", _SNAPSHOT, json.dumps(list(modules()))]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, env={"PYTHONPATH": ":".join(sys.path)})
    assert json.loads(done.stdout) == []
