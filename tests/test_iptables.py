"""The faster ways of reading a listing of iptables read what the general ones read, and so do rules alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import pyparsing as pp
import pytest

from aksparse.commands import iptables
from aksparse.linere import LineGrammar
from aksparse.netfilter import listing
from aksparse.serialize import to_builtins
from tests.corpus import command_cases

if TYPE_CHECKING:
    from aksparse import Parsed

TEXTS = [case.text for case in command_cases("iptables")]
SHIFTED = [  # what stands in a row where the faster grammar expects another column
    "Chain X (1 references)\n"
    "num   pkts bytes target     prot opt in     out     source               destination         \n"
    f"{row}\n"
    for row in (
        "1        0     0            0    --  *      *       0.0.0.0/0            0.0.0.0/0           ",
        "1        0     0            6    --  !eth0  *       0.0.0.0/0  0.0.0.0/0  tcp dpt:80",
        "1        0     0 tcp        6    --  *      *      !10.0.0.0/8          !0.0.0.0/0            to:10.0.0.1:80",
        "1        0     0 --         6    --  *      *       0.0.0.0/0            0.0.0.0/0           [goto]  ",
        "1    \t 0     0\tRETURN  all\t--  *      *       0.0.0.0/0            0.0.0.0/0           ",
        "1        0     0 DNAT       6    --  *      *       0.0.0.0/0  0.0.0.0/0  /* a */ tcp to:1.2.3.4",
        "1        0     0 DNAT       6    --  *      *       0.0.0.0/0  0.0.0.0/0  strange to:1.2.3.4:5",
        "1        0     0 DNAT       6    --  *      *       0.0.0.0/0  0.0.0.0/0  tcp to:1.2.3.4:5 random",
        "1        0     0 DNAT       6    --  *      *       0.0.0.0/0            0.0.0.0/0  tcp to:1.2.3.400",
        "1        0     0            udplite--  *      *       0.0.0.0/0            0.0.0.0/0",
        "1        0     0 ends-in--  udplite-f  *      *       0.0.0.0/0            0.0.0.0/0           [goto] ",
        "1        0     0 ends-in---  tcp  --  *      *       0.0.0.0/0            0.0.0.0/0",
        "1        0     0 DROP      !mobility-header-f  *      *       0.0.0.0/0            0.0.0.0/0  ",
        "1     999K    1G DNAT      !6    -f  *      *       0.0.0.0/0  0.0.0.0/0  to:[fd00::1]:80-90",
    )
]


def read(text: str) -> tuple[Any, ...]:
    parsed: Parsed[Any] = iptables.parse_iptables(text, strict=False)
    return to_builtins(parsed.records), to_builtins(parsed.diagnostics), parsed.ignored


def test_there_is_something_to_read() -> None:
    assert len(TEXTS) > 10
    assert len(TEXTS) - len(TOLD_ALONE) == 1


@pytest.mark.parametrize("text", [*TEXTS, *SHIFTED])
def test_rows_are_read_as_rules(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    quickly = read(text)
    nothing = LineGrammar(~pp.Empty())
    slow = {shape: columns._replace(row=nothing) for shape, columns in iptables._COLUMNS.items()}
    monkeypatch.setattr(iptables, "_COLUMNS", slow)
    assert read(text) == quickly


@pytest.mark.parametrize("text", [*TEXTS, *SHIFTED])
def test_the_last_option_is_read_as_any_other(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    quickly = read(text)
    monkeypatch.setattr(iptables, "read_options", listing._read_repeated_options)
    assert read(text) == quickly


@pytest.mark.parametrize(
    ("row", "fields"),
    [
        ("           udplite--  anywhere             anywhere            ", (None, "udplite", "--")),
        ("DROP      !ipencap-f  anywhere             anywhere            ", ("DROP", "ipencap", "-f")),
        ("ends-in--  tcp  --  anywhere             anywhere            ", ("ends-in--", "tcp", "--")),
        ("ends-in--  ipcomp--  anywhere             anywhere            [goto] ", ("ends-in--", "ipcomp", "--")),
    ],
)
def test_a_long_name_of_a_protocol_touches_the_next_column(row: str, fields: tuple[str | None, ...]) -> None:
    ((rule,),) = (chain.rules for chain in iptables.parse_iptables(row))
    assert (rule.target, rule.protocol, rule.opt) == fields


def rules_of(text: str) -> list[Any]:
    return [rule for chain in iptables.parse_iptables(text, strict=False) for rule in chain.rules]


# Rules whose addresses have names alone are told by their columns: those need a header.
TOLD_ALONE = [
    text
    for text in TEXTS
    if all(any(map(iptables._is_network, (rule.source, rule.destination))) for rule in rules_of(text))
]


@pytest.mark.parametrize("text", TOLD_ALONE)
def test_rules_alone_are_read_as_below_their_titles_and_headers(text: str) -> None:
    rules = rules_of(text)
    lines = text.splitlines()
    alone = iptables.parse_iptables("\n".join(lines[rule.line - 1] for rule in rules))
    assert [chain.name for chain in alone] == ([None] if rules else [])
    assert [rule for chain in alone for rule in chain.rules] == rules
    assert not alone.ignored


@pytest.mark.parametrize("text", TOLD_ALONE)
def test_rules_below_titles_alone_are_read_as_below_headers(text: str) -> None:
    parsed = iptables.parse_iptables(text, strict=False)
    taken = [line for number, line in enumerate(text.splitlines(), 1) if number in parsed.recorded]
    titles = [line for line in taken if iptables._CHAIN.parse(line)]
    without_headers = iptables.parse_iptables("\n".join(taken))
    if len(titles) == len(parsed):
        assert without_headers.records == parsed.records


def test_a_blank_column_hides_nothing_else() -> None:
    cases = {case.path.name: case.text for case in command_cases("iptables")}
    rules, blank = rules_of(cases["ip6tables-nat"]), rules_of(cases["ip6tables-blank-opt"])
    assert [attrs.evolve(rule, opt=None) for rule in rules] == blank
    assert len(rules) > 10


@pytest.mark.parametrize(
    ("row", "fields"),
    [
        ("           all      ::/0                 ::/0", (None, "all", None)),
        ("ACCEPT     all      anywhere             anywhere             ctstate NEW", ("ACCEPT", "all", None)),
        ("    0     0            tcp      *      eth0    !fd00::/8            ::/0", (None, "tcp", "eth0")),
        (
            "12       1G    5K LOG        icmpv6    lo     *       fe80::1              ::/0  LOG flags 0 level 4",
            ("LOG", "ipv6-icmp", "*"),
        ),
        ("ACCEPT     all      dead                 anywhere            ", ("ACCEPT", "all", None)),
        ("9        0     0            udplite    any    eth0    anywhere             gw6", (None, "udplite", "eth0")),
    ],
)
def test_a_rule_of_an_older_ip6tables(row: str, fields: tuple[str | None, ...]) -> None:
    ((rule,),) = (chain.rules for chain in iptables.parse_iptables(row))
    assert (rule.target, rule.protocol, rule.out_interface) == fields
    assert rule.opt is rule.other is None


@pytest.mark.parametrize(
    ("row", "fields"),
    [
        ("           all      gw6                  localhost6          ", (None, "all", "gw6", "localhost6")),
        (
            "ACCEPT     tcp     !gw6                  10host               tcp dpt:80",
            ("ACCEPT", "tcp", "gw6", "10host"),
        ),
        (
            "tcp        tcp      gw6                 !localhost6           tcp dpt:80",
            ("tcp", "tcp", "gw6", "localhost6"),
        ),
        ("LOG        mobility-header    gw6        fe80h  LOG level warn", ("LOG", "mobility-header", "gw6", "fe80h")),
    ],
)
def test_names_in_a_rule_of_an_older_ip6tables(row: str, fields: tuple[str | None, ...]) -> None:
    header = "Chain X (1 references)\ntarget     prot opt source               destination         \n"
    ((rule,),) = (chain.rules for chain in iptables.parse_iptables(header + row))
    assert (rule.target, rule.protocol, rule.source, rule.destination) == fields
    assert rule.opt is rule.other is None
    parsed = iptables.parse_iptables(f"{header}all the best of luck", strict=False)
    assert [diagnostic.line for diagnostic in parsed.diagnostics] == [3]


def test_matches_between_two_comments_are_kept_as_they_are_where_an_end_is_not_known() -> None:
    row = "DROP  tcp  --  0.0.0.0/0  10.0.0.0/8  /* a */ tcp dpt:80 /* b */ strange"
    ((rule,),) = (chain.rules for chain in iptables.parse_iptables(row))
    assert (rule.comment, rule.matches, rule.other) == ("a", (), "tcp dpt:80 /* b */ strange")


def test_a_chain_may_have_more_rules_than_most() -> None:
    head = "Chain X (1 references)\nnum  target     prot opt source               destination         \n"
    rows = "".join(f"{number}    ACCEPT     all  --  0.0.0.0/0  0.0.0.0/0\n" for number in range(1, 1002))
    assert [rule.num for rule in rules_of(head + rows)] == [*range(1, 1002)]


@pytest.mark.parametrize(
    "words",
    [
        *(
            "-nL INPUT 3",
            "-4 -nL",
            "--ipv6 -L",
            "-L -Z",
            "-w 5 -nvL",
            "-W 100000 -w -nL",
            "--table=nat -L",
            "-tnat -nL",
        ),
        *(
            "--wait -nL",
            "--wait=5 -L",
            "-nL --exact --verbose --zero",
            "--list INPUT --numeric",
            "--line -nL",
            "-nL cali-pi-_x 1",
            "--modprobe=/sbin/modprobe -nL",
            "-vnxL",
        ),
    ],
)
def test_a_command_line_that_lists(words: str) -> None:
    assert iptables.COMMAND.produced_by(["iptables", *words.split()])
    assert iptables.COMMAND.produced_by(["xtables-nft-multi", "ip6tables-nft", *words.split()])


@pytest.mark.parametrize("words", ["-N L", "-D INPUT 3", "-A INPUT -j L", "-S", "-nL -S", "-L -t", "", "-nL | grep L"])
def test_a_command_line_that_lists_nothing(words: str) -> None:
    assert not iptables.COMMAND.produced_by(["iptables", *words.split()])
    assert not iptables.COMMAND.produced_by(["xtables-nft-multi"])


@pytest.mark.parametrize(
    "row",
    [
        "a b c d",
        "all the best anywhere else",
        "::1 is a word",
        "DNAT all -- here",
        "++ pgrep -f 'sleep 7000'",
        "a b -- c d",
    ],
)
def test_a_sentence_is_no_rule(row: str) -> None:
    parsed = iptables.parse_iptables(row, strict=False)
    assert [diagnostic.code for diagnostic in parsed.diagnostics] == ["unexpected-line"]


def test_the_address_of_a_mac_match_may_stand_right_behind_its_keyword() -> None:
    """As iptables 1.8.7 prints it, and a later release."""
    row = "    0     0 ACCEPT  all  --  *  *  0.0.0.0/0  0.0.0.0/0  MAC{}00:11:22:33:44:55 owner UID match 5"
    old, new = (iptables.parse_iptables(row.format(blank))[0].rules[0] for blank in ("", " "))
    assert [match.kind for match in old.matches] == ["mac", "owner"]
    assert old == new
