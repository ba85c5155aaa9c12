"""The second engine, which watches the tests with real tools, sees what it is there to see."""

from __future__ import annotations

import re

import pytest

from tests.engines import SecondEngine, grammars_of
from tests.test_linere import GRAMMARS

ROW = "10.0.0.0        10.0.0.1        255.0.0.0       UG    0      0        0 eth0"


def test_every_grammar_of_outputs_is_one_of_a_command() -> None:
    commands = {name.split(".")[2] for name in GRAMMARS if name.startswith("aksparse.commands.")}
    of_commands = {grammar for command in commands for grammar in grammars_of(command)}
    assert [name for name, grammar in GRAMMARS.items() if grammar not in of_commands] == []


def test_a_pattern_that_reads_a_noted_line_otherwise_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    grammar = next(grammar for grammar in grammars_of("route") if grammar.whole and grammar.parse(ROW))
    engine = SecondEngine()
    engine.note("route", [ROW])
    assert engine.disagreements() == []
    monkeypatch.setitem(vars(grammar), "_compiled", (re.compile("(.*)"), ("destination",)))
    monkeypatch.setitem(vars(grammar), "pattern", re.compile("(.*)"))
    monkeypatch.setitem(vars(grammar), "fields", ("destination",))
    assert engine.disagreements() == []
    engine.note("route", [f"{ROW}1"])
    assert engine.disagreements() == [("route", f"{ROW}1")]
