"""The faster ways of reading a listing of iptables read what the general ones read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
        "1     999K    1G DNAT      !6    -f  *      *       0.0.0.0/0  0.0.0.0/0  to:[fd00::1]:80-90",
    )
]


def read(text: str) -> tuple[Any, ...]:
    parsed: Parsed[Any] = iptables.parse_iptables(text, strict=False)
    return to_builtins(parsed.records), to_builtins(parsed.diagnostics), parsed.ignored


def test_there_is_something_to_read() -> None:
    assert len(TEXTS) > 10


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
