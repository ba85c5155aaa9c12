"""With fewer outputs, or fewer lines of one, a node is told less of, or the same, and never anything else."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from aksparse import Parsed, Unknown, build_wiring, describe, load_capture
from aksparse.architecture.description import ASPECTS
from aksparse.architecture.fact import Fact
from aksparse.capture.model import Capture, Network, NetworkSettings
from aksparse.command import command_named
from aksparse.wiring.outputs import namespace_of

CORPUS = Path(__file__).parents[1] / "corpus"
CAPTURES = sorted([*CORPUS.glob("modes/*"), *CORPUS.glob("captures/*")])
FEW = 4
"""How many times some outputs are left of each capture, beside every one left out once."""

CUTS = 8
"""How many times an output of each capture loses its beginning or its end."""

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
                assert not told_otherwise(aspect, fact, whole[aspect]), sorted(output.source for output in outputs)


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name)
def test_with_fewer_lines_nothing_else_is_told(path: Path) -> None:
    capture = load_capture(path)
    whole = facts(capture, capture.outputs)
    choose = random.Random(capture.name)
    for _ in range(CUTS):
        command = choose.choice(sorted({output.command for output in capture.outputs}))
        output = choose.choice(list(capture.parsed(command)))
        at = choose.randint(1, max(1, len(capture.texts[output.source]) - 1))
        kept = choose.choice((slice(at), slice(at, None)))
        cut = with_lines(capture, output, kept, alone=choose.random() < 0.5)
        for aspect, fact in facts(cut, cut.outputs).items():
            assert not told_otherwise(aspect, fact, whole[aspect]), (output.source, kept)


@pytest.mark.parametrize(
    ("path", "file", "kept"),
    [
        ("modes/lab-flannel", "iptables_t_nat_nvL.txt", slice(13)),  # POSTROUTING has its title, and rules no more
        ("captures/lab-azure-cni", "iptables_t_nat_nvL.txt", slice(17)),
        ("modes/lab-azure-bridge", "iptables_t_nat_nvL.txt", slice(19)),  # IP-MASQ-AGENT, some of it
        ("modes/lab-azure-overlay", "iptables_t_nat_nvL.txt", slice(92)),  # a service, without its endpoints
        ("captures/lab-azure-cni", "iptables_t_nat_nvL.txt", slice(106)),
        ("modes/lab-azure-overlay", "iptables_t_nat_nvL.txt", slice(76)),  # one service, of four
        ("modes/lab-azure-cilium", "iptables_t_nat_nvL.txt", slice(28)),  # before Cilium's own chains
        ("modes/lab-azure-cilium", "iptables_t_nat_nvL.txt", slice(34)),  # before the chain SWIFT-POSTROUTING
        ("modes/lab-azure-overlay", "iptables_save.txt", slice(89)),  # services without the rules that mark packets
        ("modes/lab-azure-bridge", "ip_addr.txt", slice(5)),  # before the bridge, which the default route names
        ("modes/lab-flannel", "ip_addr.txt", slice(22)),  # before the tunnel, which routes name
        ("modes/lab-flannel", "ip_addr.txt", slice(32)),  # before the address of the tunnel
        ("modes/lab-azure-bridge", "ip_route.txt", slice(2, None)),  # one address of the subnet, behind the bridge
        ("captures/lab-azure-cni", "route_n.txt", slice(3, None)),  # the subnet, without the default route through it
    ],
)
def test_of_a_listing_without_its_beginning_or_end_nothing_is_told_as_absent(path: str, file: str, kept: slice) -> None:
    capture = load_capture(CORPUS / path)
    (output,) = [output for output in capture.outputs if output.source.endswith(f"/{file}")]
    for settings in (capture.manifest.network, NetworkSettings()):
        stated = attrs.evolve(capture, manifest=attrs.evolve(capture.manifest, network=settings))
        whole = facts(stated, stated.outputs)
        for alone in (False, True):
            cut = with_lines(stated, output, kept, alone=alone)
            for aspect, fact in facts(cut, cut.outputs).items():
                assert not told_otherwise(aspect, fact, whole[aspect]), (alone, settings)


@pytest.mark.parametrize(
    ("file", "missing"),
    [
        ("iptables_t_nat_nvL.txt", slice(68, 72)),  # the title of a chain, and rules on both sides
        ("iptables_save.txt", slice(55, 57)),  # a chain is led to, and has no title
        ("iptables_save.txt", slice(74, 78)),  # the rules of endpoints, whose chains have titles
        ("iptables_save.txt", slice(66, 70)),  # the rules that lead to chains
        ("iptables_save.txt", slice(40, 94)),  # the end of a table and the beginning of the next
    ],
)
def test_of_a_table_with_a_hole_nothing_is_told_as_absent(file: str, missing: slice) -> None:
    capture = load_capture(CORPUS / "modes/lab-kubenet-containerd")
    whole = facts(capture, capture.outputs)
    (output,) = [output for output in capture.outputs if output.source.endswith(f"/{file}")]
    lines = capture.texts[output.source]
    cut = with_text(capture, output, [*lines[: missing.start], *lines[missing.stop :]], alone=True)
    told = facts(cut, cut.outputs)
    assert isinstance(told["services"], Unknown)
    for aspect, fact in told.items():
        assert not told_otherwise(aspect, fact, whole[aspect])


SAYING_THE_SAME = ({"ip_addr", "brctl_show", "bridge_link"}, {"ip_route", "route"}, {"iptables", "iptables_save"})


def with_lines(capture: Capture, output: Parsed[Any], kept: slice, *, alone: bool) -> Capture:
    return with_text(capture, output, capture.texts[output.source][kept], alone=alone)


def with_text(capture: Capture, output: Parsed[Any], lines: list[str], *, alone: bool) -> Capture:
    """A capture with other lines of an output; alone, where no other output says what this one might."""
    text = "".join(f"{line}\n" for line in lines)
    again = command_named(output.command).parse(text, source=output.source, strict=False, argv=output.argv)
    again = attrs.evolve(again, pid=output.pid, netns=output.netns, host=output.host)
    alike = next((commands for commands in SAYING_THE_SAME if output.command in commands), {output.command})
    outputs = [
        again if other is output else other
        for other in capture.outputs
        if other is output or not (alone and other.command in alike and namespace_of(other) == namespace_of(output))
    ]
    return attrs.evolve(capture, outputs=tuple(outputs), texts={**capture.texts, output.source: lines})


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


def told_otherwise(aspect: str, fact: Fact[Any], whole: Fact[Any]) -> list[tuple[str, object, object]]:
    """What a fact says that the whole capture does not, by the names of the parts of its value."""
    if isinstance(fact, Unknown):
        return []
    assert fact.evidence
    if isinstance(whole, Unknown):
        return [(aspect, fact.value, whole.reason)]
    # Where nothing is left of IPv4, what is told is of IPv6.
    versions = [whole.value, getattr(whole.value, "ipv6", None)]
    found = [list(differences(aspect, fact.value, value)) for value in versions if type(value) is type(fact.value)]
    return min(found, key=len)


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
