"""The faster way of reading the rules of iptables-save reads what the general one reads."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING, Any

import pytest

from aksparse.commands import iptables_save
from aksparse.netfilter import saving
from aksparse.serialize import to_builtins
from tests.corpus import command_cases

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aksparse import Parsed

TEXTS = [case.text for case in command_cases("iptables_save")]
# What a rule may be made of, in its order here and in any other.
FRAGMENTS = (
    ("[1:2] ", "[1:2]", "", "", "[x:2] "),
    (
        "-A C",
        "-A  C",
        "-A C",
        "-A C",
        '-A "C"',
        "-A",
        "-A ",
        ":C - [0:0]",
        ": - [0:0]",
        ":C DROP [1:x]",
        ":C drop [1:2]",
    ),
    (" -s 10.0.0.1/32", " ! -s 10.0.0.1/32", " -s 10.0.0.0/8", " -s fd00::/32", " -s 10.0.0.300/32", " -s", "  ! "),
    (" -d 10.0.0.1/32", " ! -d 10.0.0.1/32", " -d 10.0.0.0/255.0.0.255", " -d fd00::1/128", " -d 10.0.0.0/33"),
    (" -i a-j", " ! -i eth0", " -i -A", " -o -j", " ! -o cbr0"),
    (" -p tcp", " ! -p 17", " -p -m", " -f"),
    (
        *(' -m comment --comment "one -j two"', " -m comment --comment word", " -m comment --comment -j"),
        *(
            ' -m comment --comment "-g"',
            r' -m comment --comment "a \" b"',
            r' -m comment --comment "\$"',
            ' -m comment --comment ""',
        ),
        *(' --comment "x"', ' -m comment --comment "x"y', ' -m comment "x"', ' -m comment --comment  "x"'),
    ),
    (
        *(" -m tcp --dport 80", " -m tcp", " -m tcp ! --dport 1:5", " -m tcp --dport 80 --sport 1"),
        *("  -m udp --dport 9", " -m udp --dport 65536000000000000000", " -m tcp --dport http", "-m tcp"),
    ),
    (
        *(" -m mark --mark 0x1/0x1", ' -m string --string "a b" --algo bm', " -m unknown -x 1", " -c 5 6"),
        ' -m comment --comment "2"',
    ),
    (" -j ACCEPT", " -g C", " -j C -j D", " -j", " -j  C", " -j DNAT", " -j LOG", " -j MARK", " -j ACCEPT "),
    (
        *(" --to-destination 10.0.0.1:80", " --to-destination 10.0.0.300:80", " --to-destination 10.0.0.1:99999"),
        *(
            " --to-destination 10.0.0.1",
            " --set-xmark 0x1/0x1",
            ' --log-prefix "a -j b"',
            " --to-destination :80",
            " --to-destination 10.0.0.1:800000",
            " ",
        ),
    ),
)


def lines() -> Iterator[str]:
    chance = random.Random("lines")
    for _ in range(4000):
        parts = [chance.choice(choices) for choices in FRAGMENTS if not chance.randrange(2) or "-A C" in choices]
        if not chance.randrange(5):
            chance.shuffle(parts)
        yield "".join(parts)


RANDOM = "\n".join(lines())


@pytest.mark.parametrize(
    "rule",
    [
        "-A INPUT -p tcp -s 10.0.0.0/8 -j ACCEPT",
        "-A INPUT -m tcp -p tcp --dport 22 -j ACCEPT",
        '-A INPUT -m comment --comment "x" ! -i lo -j ACCEPT',
        "-A INPUT --protocol tcp -j ACCEPT",
        "-A INPUT -j ACCEPT -s 10.0.0.0/8",
        "-A INPUT -j DROP ! -s 10.0.0.0/8 --opcode 1",
    ],
)
def test_a_rule_in_another_order_is_not_one_of_any_packet(rule: str) -> None:
    parsed = iptables_save.parse_iptables_save(rule, strict=False)
    assert not parsed.records
    assert [diagnostic.code for diagnostic in parsed.diagnostics] == ["unexpected-line"]


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ('-A INPUT -m comment --comment "default/x', "unexpected-line"),
        ('-A INPUT -m tcp --dport 1 -m comment --comment "x -j ACCEPT', "unexpected-line"),
        ('-A INPUT -j LOG --log-prefix "dropped: ', "bad-value"),
        (r'-A INPUT -j NFLOG --nflog-prefix "a\"', "bad-value"),
    ],
)
def test_a_rule_that_is_cut_within_quotation_marks_is_none(rule: str, code: str) -> None:
    parsed = iptables_save.parse_iptables_save(rule, strict=False)
    assert not parsed.records
    assert [diagnostic.code for diagnostic in parsed.diagnostics] == [code]


@pytest.mark.parametrize("comment", ["-m", "-j", "--comment", "!", '""'])
def test_a_comment_may_look_like_an_option_or_say_nothing(comment: str) -> None:
    ((rule,),) = (
        chain.rules
        for chain in iptables_save.parse_iptables_save(f"-A C -m comment --comment {comment} -m tcp --dport 80 -j X")
    )
    assert (rule.comment, rule.target, rule.other) == (comment.strip('"'), "X", None)
    assert [match.kind for match in rule.matches] == ["port"]


def test_a_match_whose_name_is_missing_is_kept_as_it_is() -> None:
    ((rule,),) = (chain.rules for chain in iptables_save.parse_iptables_save("-A C -m comment --comment a -m -j X"))
    assert (rule.comment, rule.target, rule.other) == ("a", "X", "-m")


def read(text: str) -> tuple[Any, ...]:
    parsed: Parsed[Any] = iptables_save.parse_iptables_save(text, strict=False)
    return to_builtins(parsed.records), to_builtins(parsed.diagnostics), parsed.ignored


def test_there_is_something_to_read() -> None:
    assert len(TEXTS) > 3
    assert 1000 < sum(len(chain["rules"]) for chain in read(RANDOM)[0]) < 3900


@pytest.mark.parametrize("text", [*TEXTS, RANDOM], ids=[*(str(n) for n in range(len(TEXTS))), "random"])
def test_rules_are_read_as_by_the_grammar(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    quickly = read(text)
    monkeypatch.setattr(iptables_save, "_read_quickly", iptables_save._read_each)
    assert read(text) == quickly


@pytest.mark.parametrize("text", [*TEXTS, RANDOM], ids=[*(str(n) for n in range(len(TEXTS))), "random"])
def test_ports_are_read_as_any_match(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    quickly = read(text)
    monkeypatch.setattr(saving, "_DPORT", re.compile("(?!)"))
    saving.read_saved_matches.cache_clear()
    assert read(text) == quickly
    saving.read_saved_matches.cache_clear()
