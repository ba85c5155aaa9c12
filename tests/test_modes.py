"""The table of network modes: which marks leave which modes, and what the shipped nodes are told to be."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest

from aksparse import Known, Unknown, build_wiring, describe, load_capture
from aksparse.architecture.marks import marks_of
from aksparse.architecture.modes import KINDS, MODES, Mark, conflict, deciding, marks_as_markdown, possible_modes
from aksparse.architecture.view import NodeView

CORPUS = Path(__file__).parents[1] / "corpus"
CAPTURES = CORPUS / "captures"
AT0 = Path(__file__).parent / "data/at0"
ROLES = {"azure-cni": "azure-bridge"}
"""What a manifest may call a mode otherwise than the table does."""
LABS = sorted([*CAPTURES.glob("lab-*"), *CORPUS.glob("modes/lab-*")])


def mark(kind: str, value: str) -> Mark:
    assert kind in KINDS
    return Mark(kind=kind, value=value, evidence=())


def names(*marks: tuple[str, str]) -> list[str]:
    return [mode.name for mode in possible_modes([mark(*pair) for pair in marks])]


def test_every_mode_speaks_of_known_kinds_and_differs_from_every_other() -> None:
    for mode in MODES.values():
        assert mode.shows.keys() <= KINDS.keys()
    for one, other in combinations(MODES.values(), 2):
        assert one.shows != other.shows, (one.name, other.name)
        assert deciding((one, other), ())


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ([("bridge", "cbr0")], ["kubenet"]),
        ([("bridge", "azure0")], ["azure-bridge"]),
        ([("host links", "lxc"), ("pod addresses", "in the node's subnet")], ["azure-cilium"]),
        ([("host links", "lxc"), ("pod addresses", "outside the VNet")], ["azure-overlay-cilium"]),
        (
            [("host links", "lxc"), ("pod addresses", "outside the node's subnet")],
            ["azure-podsubnet-cilium", "azure-overlay-cilium"],
        ),
        ([("host links", "azv"), ("bridge", "no"), ("SWIFT", "SWIFT")], ["azure-podsubnet"]),
        ([("host links", "azv"), ("pod addresses", "outside the VNet")], ["azure-overlay"]),
        (
            [("host links", "azv"), ("bridge", "no"), ("pod addresses", "in the node's subnet"), ("cali-*", "yes")],
            ["azure-calico"],
        ),
        (
            [("host links", "azv"), ("AZURE-NPM*", "yes"), ("pod addresses", "in the node's subnet")],
            ["azure-bridge", "azure-npm"],
        ),
        ([("bridge", "cni0")], ["flannel", "bridge"]),
        ([("bridge", "cni0"), ("tunnel", "flannel")], ["flannel"]),
        ([("bridge", "cni0"), ("source NAT by", "CNI plugin")], ["bridge"]),
        ([("host links", "veth"), ("bridge", "no")], ["ptp"]),
        ([("host links", "cali"), ("tunnel", "tunl0")], ["calico-ipip"]),
        ([("host links", "cali"), ("tunnel", "vxlan.calico")], ["calico-vxlan"]),
        ([("host links", "cali"), ("tunnel", "no"), ("routes by", "bird")], ["calico-bgp"]),
        ([("host links", "cali"), ("source NAT by", "ip-masq-agent")], ["kubenet-calico"]),
        ([("bridge", "cbr0"), ("host links", "azv")], []),
    ],
)
def test_marks_leave_these_modes(marks: list[tuple[str, str]], expected: list[str]) -> None:
    assert names(*marks) == expected


def test_a_conflict_is_the_fewest_marks_that_exclude_each_other() -> None:
    marks = [mark("KUBE-SVC", "yes"), mark("bridge", "cbr0"), mark("SWIFT", "no"), mark("host links", "azv")]
    assert [str(found) for found in conflict(marks)] == ["bridge: cbr0", "host links: azv"]


@pytest.mark.parametrize("path", LABS, ids=lambda path: path.name)
def test_the_mode_told_is_the_one_that_was_built(path: Path) -> None:
    capture = load_capture(path)
    # Which versions of IP there are is another question than the mode.
    role = str(capture.manifest.role).removesuffix("-dual").removesuffix("-ipv6")
    role = ROLES.get(role, role)
    wiring = build_wiring(capture)
    assert role in {mode.name for mode in possible_modes(marks_of(NodeView(wiring)))}
    fact = describe(wiring).network_mode
    assert isinstance(fact, Known)
    assert fact.value.mode == role
    assert fact.value.next_mode in MODES
    assert fact.value.excluded_by
    assert fact.evidence


def test_without_the_filter_table_azure_npm_cannot_be_excluded() -> None:
    fact = describe(build_wiring(load_capture(AT0))).network_mode
    assert isinstance(fact, Unknown)
    assert fact.reason == "cannot tell: azure-transparent or azure-npm"
    assert "iptables-save" in fact.commands


def test_the_table_for_the_docs_has_a_row_for_every_kind_and_a_column_for_every_mode() -> None:
    head, _, *rows = marks_as_markdown().splitlines()
    assert head.strip("| ").split(" | ") == ["mark", *MODES]
    assert len(rows) == len(KINDS)
    assert all(row.replace("\\|", "").count("|") == len(MODES) + 2 for row in rows)
