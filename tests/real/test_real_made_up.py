"""The tools' texts say what their JSON says of links, routes and neighbours that no kernel here can have.

The tools print what the kernel tells them: here they are told what was made up at random.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aksparse import (
    Parsed,
    parse_bridge_fdb,
    parse_bridge_link,
    parse_ip_neigh,
    parse_ip_route,
    parse_ip_rule,
    to_builtins,
)
from tests.iproute_json import assert_same_routes, said_by_text, said_by_text_of_rule
from tests.real.conftest import unavailable
from tests.real.made_up import MadeUp
from tests.real.test_real_ip_addr import judged

pytestmark = pytest.mark.real

Printed = Callable[[str, bytes], tuple[str, list[dict[str, Any]]]]
"""A command line and what the kernel answers: the text, and the same as JSON."""


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Printed:
    directory = tmp_path_factory.mktemp("answers")
    if shutil.which("cc") is None:
        unavailable("there is no C compiler")
    library, answers = directory / "answers.so", directory / "answers"
    source = Path(__file__).with_name("answers.c")
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", library, source], check=True)
    environment = {**os.environ, "LC_ALL": "C", "LD_PRELOAD": str(library), "ANSWERS": str(answers)}

    def say(command: str, messages: bytes) -> tuple[str, list[dict[str, Any]]]:
        answers.write_bytes(messages)
        tool, *words = command.split()
        if shutil.which(tool) is None:
            unavailable(f"{tool} is not installed")
        text, document = (
            subprocess.run([tool, *options, *words], capture_output=True, text=True, check=True, env=environment).stdout
            for options in ((), ("-j",))
        )
        return text, json.loads(document or "[]")

    return say


LINKS = (
    *(
        "-d link",
        "-s -s -d link",
        "-o -d -s link",
        "-d addr",
        "-s addr",
        "-4 addr",
        "-6 -d addr",
        "-o addr",
        "-o -d link",
    ),
    *("-br link", "-br addr", "-N -d link", "-d -d link", "-4 -d link"),
)
ROUTES = [
    f"{family} {options} route show table all" for family in ("-4", "-6") for options in ("", "-d", "-o", "-s -d", "-N")
]
RULES = ("-4 rule", "-6 -d rule", "-4 -N rule", "-6 -o rule")
NEIGHBOURS = ("neigh show nud all", "-s neigh show nud all", "-d -s -o neigh show nud all", "-4 -N neigh")
ENTRIES = ("fdb show", "-s fdb show", "-d -o fdb show")
PORTS = ("link", "-d link", "-d -o link")


def records(parse: Callable[[str], Parsed[Any]], text: str) -> list[dict[str, Any]]:
    read: list[dict[str, Any]] = to_builtins(parse(text).records)
    return read


@pytest.mark.parametrize("seed", range(28))
def test_links_made_up_read_as_in_the_json(seed: int, printed: Printed) -> None:
    made = MadeUp(seed)
    links = [made.plain_link(1, "lo"), made.plain_link(2, "eth0"), *(made.link(index) for index in range(3, 11))]
    addresses = [made.address(index) for index in range(1, 11) for _ in range(made.random.randrange(3))]
    for form in made.random.sample(LINKS, 4):
        text, document = printed(f"ip {form}", b"".join(links + addresses))
        assert judged(form, text, document, {}) == []


@pytest.mark.parametrize("seed", range(14))
def test_routes_rules_and_neighbours_made_up_read_as_in_the_json(seed: int, printed: Printed) -> None:
    made = MadeUp(seed)
    links = made.plain_link(1, "lo") + made.plain_link(2, "eth0")
    for form in made.random.sample(ROUTES, 2):
        text, document = printed(f"ip {form}", links + b"".join(made.route() for _ in range(20)))
        assert_same_routes(records(parse_ip_route, text), document, details="-d" in form)
    form = made.random.choice(RULES)
    text, document = printed(f"ip {form}", links + b"".join(made.rule() for _ in range(20)))
    assert records(parse_ip_rule, text) == [said_by_text_of_rule(rule) for rule in document]
    form = made.random.choice(NEIGHBOURS)
    text, document = printed(f"ip {form}", links + b"".join(made.neighbour() for _ in range(20)))
    assert records(parse_ip_neigh, text) == said_by_text(document)


@pytest.mark.parametrize("seed", range(7))
def test_entries_and_ports_made_up_read_as_in_the_json(seed: int, printed: Printed) -> None:
    made = MadeUp(seed)
    links = made.plain_link(1, "lo") + made.plain_link(2, "eth0")
    form = made.random.choice(ENTRIES)
    text, document = printed(f"bridge {form}", links + b"".join(made.entry() for _ in range(20)))
    entries = [{key: value for key, value in entry.items() if (key, value) != ("state", "")} for entry in document]
    assert records(parse_bridge_fdb, text) == said_by_text(entries)
    form = made.random.choice(PORTS)
    text, document = printed(f"bridge {form}", b"".join(made.bridge_port(index) for index in range(1, 12)))
    assert records(parse_bridge_link, text) == document
