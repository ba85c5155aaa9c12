"""Outputs of two nodes in one capture, and lines of two outputs in one: never is a mode told that neither node is in.

Pages that show two clusters as one exist. What is told of such a mixture is a contradiction, that it cannot be told, or
a mode that everything in the mixture allows.
"""

from __future__ import annotations

import random
from collections import Counter
from functools import cache
from itertools import permutations
from pathlib import Path
from typing import Any

import attrs
import pytest

from aksparse import Known, Parsed, Unknown, Wiring, build_wiring, load_capture
from aksparse.architecture.fact import Fact
from aksparse.architecture.marks import marks_of
from aksparse.architecture.modes import possible_modes
from aksparse.architecture.plugin import NetworkMode, network_mode
from aksparse.architecture.view import NodeView
from aksparse.capture.model import Capture, Manifest
from aksparse.command import registry

RECORDINGS = {path.name: path for path in sorted((Path(__file__).parents[1] / "corpus/modes").iterdir())}
MIXTURES = 6
"""How many mixtures of two recordings are tried, for each pair in each order."""


@cache
def recording(name: str) -> Capture:
    """A recording without what its manifest states, which would tell the mode or the node of a mixture by itself."""
    capture = load_capture(RECORDINGS[name])
    return attrs.evolve(capture, manifest=Manifest(role=capture.manifest.role))


def mode_of(name: str) -> str:
    """The mode that a recording was built in. Which versions of IP there are is another question."""
    return str(recording(name).manifest.role).removesuffix("-dual").removesuffix("-ipv6")


def told(capture: Capture, outputs: tuple[Parsed[Any], ...]) -> Fact[NetworkMode]:
    fact = network_mode(NodeView(wired(capture, outputs)))
    if isinstance(fact, Unknown):
        assert fact.contradictory or fact.commands or "no mode that is known" in fact.reason
        assert not fact.contradictory or len(fact.evidence) > 1
    return fact


def wired(capture: Capture, outputs: tuple[Parsed[Any], ...]) -> Wiring:
    return build_wiring(attrs.evolve(capture, outputs=outputs))


def named(fact: Fact[NetworkMode]) -> str | None:
    return fact.value.mode if isinstance(fact, Known) else None


def slot_of(output: Parsed[Any]) -> str:
    """What an output is of, on whichever node; what one look shows in several forms or files is of one node."""
    for slot, commands in (("configuration", ("cni_conf",)), ("netfilter", ("iptables", "iptables_save"))):
        if output.command in commands:
            return slot
    return output.source.partition("/")[2].replace("ip_6_route", "ip_route")


@pytest.mark.parametrize("left", RECORDINGS)
def test_of_outputs_of_two_nodes_no_mode_is_told_that_some_of_them_exclude(left: str) -> None:
    outcomes: Counter[str] = Counter()
    choose = random.Random(left)
    for right in RECORDINGS:
        if mode_of(right) == mode_of(left):
            continue
        sides = recording(left), recording(right)
        both = attrs.evolve(sides[0], texts={**sides[0].texts, **sides[1].texts})
        for _ in range(MIXTURES):
            slots = sorted({slot_of(output) for side in sides for output in side.outputs})
            of_left = set(choose.sample(slots, choose.randint(1, len(slots) - 1)))
            parts = (
                tuple(output for output in sides[0].outputs if slot_of(output) in of_left),
                tuple(output for output in sides[1].outputs if slot_of(output) not in of_left),
            )
            found = told(both, parts[0] + parts[1])
            outcomes["contradiction" if isinstance(found, Unknown) and found.contradictory else "other"] += 1
            if named(found) is None:
                continue
            assert connected(str(named(found))) in {connected(mode_of(name)) for name in (left, right)}, right
            if any(diagnostic.code == "second-output" for diagnostic in wired(both, parts[0] + parts[1]).diagnostics):
                continue  # one of them was not used, and that was said
            for part in parts:
                allowed = {mode.name for mode in possible_modes(marks_of(NodeView(wired(both, part))))}
                assert named(found) in allowed, (right, sorted(of_left))
    assert outcomes["contradiction"] > sum(outcomes.values()) / 4


@pytest.mark.parametrize("left", RECORDINGS)
def test_of_lines_of_two_outputs_in_one_no_third_way_to_connect_pods_is_told(left: str) -> None:
    choose = random.Random(left)
    for right in choose.sample([name for name in RECORDINGS if mode_of(name) != mode_of(left)], 5):
        sides = recording(left), recording(right)
        outputs = tuple(merged(output, sides[1], choose) for output in sides[0].outputs)
        texts = {output.source: output_lines(output) for output in outputs}
        both = attrs.evolve(sides[0], texts={**sides[0].texts, **texts})
        found = named(told(both, outputs))
        assert found is None or connected(found) in (connected(mode_of(left)), connected(mode_of(right))), right


def connected(mode: str) -> str:
    """The mode without who enforces policies: their chains may be those of the other recording."""
    return {"azure-calico": "azure-transparent", "azure-npm": "azure-transparent"}.get(mode, mode)


MERGED: dict[str, list[str]] = {}


def output_lines(output: Parsed[Any]) -> list[str]:
    return MERGED[output.source]


def merged(output: Parsed[Any], other: Capture, choose: random.Random) -> Parsed[Any]:
    """An output with the lines of the same output of another recording behind it, or some lines of both in turn."""
    lines = list(recording(output.source.partition("/")[0]).texts[output.source])
    source = output.source.replace(output.source.partition("/")[0], other.name, 1)
    more = other.texts.get(source, [])
    cut = choose.randint(0, len(lines)), choose.randint(0, len(more))
    text = lines[: cut[0]] + more[: cut[1]] + lines[cut[0] :]
    MERGED[output.source] = text
    return read(output, text)


def read(output: Parsed[Any], lines: list[str]) -> Parsed[Any]:
    parsed = registry()[output.command].parse("\n".join(lines), source=output.source, strict=False)
    return attrs.evolve(parsed, argv=output.argv, pid=output.pid, netns=output.netns)


def test_every_pair_of_modes_is_mixed() -> None:
    pairs = [(left, right) for left, right in permutations(RECORDINGS, 2) if mode_of(left) != mode_of(right)]
    assert len(pairs) * MIXTURES > 1800
