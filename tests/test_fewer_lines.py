"""With fewer outputs a node is told less of, or the same, and never anything else."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from aksparse import Known, Parsed, Unknown, build_wiring, describe, load_capture
from aksparse.architecture.description import ASPECTS
from aksparse.architecture.fact import Fact
from aksparse.capture.model import Capture, Network, NetworkSettings

CORPUS = Path(__file__).parents[1] / "corpus"
CAPTURES = sorted([*CORPUS.glob("modes/*"), *CORPUS.glob("captures/*")])
FEW = 8
"""How many times some outputs are left of each capture, beside every one left out once."""

FREE = {("network_mode", "next_mode"), ("network_mode", "excluded_by")}
"""What is relative to all that is known: which of the other modes is the nearest, and what excludes that one."""


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name)
def test_with_fewer_outputs_nothing_else_is_told(path: Path) -> None:
    capture = load_capture(path)
    for settings in (capture.manifest.network, NetworkSettings()):
        stated = attrs.evolve(capture, manifest=attrs.evolve(capture.manifest, network=settings))
        whole = facts(stated, stated.outputs)
        for outputs in some_of(stated, half=settings == NetworkSettings()):
            left = {output.source for output in outputs} | set(stated.manifests)
            for aspect, fact in facts(stated, outputs).items():
                assert {line.source for line in fact.evidence} <= left
                if isinstance(fact, Known):
                    assert fact.evidence
                    wrong = list(told_otherwise(aspect, fact, whole[aspect]))
                    assert not wrong, (sorted(output.source for output in outputs), wrong)


def some_of(capture: Capture, *, half: bool) -> Iterator[list[Parsed[Any]]]:
    """Some of the outputs: each left out once (of the settings' two cases in one of them), and a few chosen."""
    choose = random.Random(f"{capture.name} {half}")
    for number, missing in enumerate(capture.outputs):
        if number % 2 == half:
            yield [output for output in capture.outputs if output is not missing]
    for _ in range(FEW // 2):
        chosen = choose.sample(range(len(capture.outputs)), choose.randint(1, len(capture.outputs) - 1))
        yield [capture.outputs[index] for index in sorted(chosen)]


def facts(capture: Capture, outputs: Iterable[Parsed[Any]]) -> dict[str, Fact[Any]]:
    told = describe(build_wiring(attrs.evolve(capture, outputs=tuple(outputs))))
    return {aspect: getattr(told, aspect) for aspect in ASPECTS}


def told_otherwise(aspect: str, fact: Known[Any], whole: Fact[Any]) -> Iterator[tuple[str, object, object]]:
    """What a fact says that the whole capture does not, by the names of the parts of its value."""
    if isinstance(whole, Unknown):
        yield aspect, fact.value, whole.reason
        return
    # Where nothing is left of IPv4, what is told is of IPv6.
    versions = [whole.value, getattr(whole.value, "ipv6", None)]
    found = [list(differences(aspect, fact.value, value)) for value in versions if type(value) is type(fact.value)]
    yield from min(found, key=len)


def differences(aspect: str, value: Any, whole: Any) -> Iterator[tuple[str, object, object]]:
    for field in attrs.fields(type(value)):
        part, other = getattr(value, field.name), getattr(whole, field.name)
        if attrs.has(type(part)) and type(part) is type(other):
            yield from differences(aspect, part, other)
        elif not (isinstance(part, Unknown) or (aspect, field.name) in FREE or allows(field.name, part, other)):
            yield f"{aspect}.{field.name}", part, other


def allows(name: str, part: Any, whole: Any) -> bool:
    """Whether one part of a value is known to be the same, or says less."""
    if part is None or part == whole:
        return True
    if name == "pod_network":
        return within(whole, part)  # the pod CIDR, of which the node has a part
    if name == "exempt":
        return bool(part == ("a network with the node's pods in it",))  # the node's own pods: their route says so
    if name == "interfaces_shown":
        return part is False
    if isinstance(part, tuple):
        return isinstance(whole, tuple) and set(part) <= set(whole)
    return False


def within(network: Network | None, wider: Network) -> bool:
    return network is not None and network.version == wider.version and network.network_address in wider
