"""What differs between two nodes, and what does not."""

from __future__ import annotations

import re
from itertools import pairwise, product
from pathlib import Path

import attrs
import pytest

from aksparse import Comparison, build_wiring, compare, describe, load_capture
from aksparse.architecture.description import ASPECTS
from tests.nodes import AT0, CAPTURES, described

NODES = {path.name: path for path in [*sorted(CAPTURES.iterdir()), AT0]}

every_node = pytest.mark.parametrize("name", NODES)
every_pair = pytest.mark.parametrize(("left", "right"), list(product(NODES, NODES)))

MIRROR = {"unknown-left": "unknown-right", "unknown-right": "unknown-left"}


def compared(left: str, right: str) -> Comparison:
    return compare(described(NODES[left]), described(NODES[right]))


def outcomes(comparison: Comparison) -> dict[str, str]:
    return {aspect.name: aspect.outcome for aspect in comparison.aspects}


# Kubenet against Azure CNI: the differences there are, and why.

DIFFERENCES = {
    # The user's choice, and the bridge and rules that only that plugin makes.
    "network_mode": {"mode": ("kubenet", "azure-bridge")},
    "network_plugin": {"plugin": ("kubenet", "azure")},
    # cbr0 is a segment of the node's own; azure0 has eth0 as a port, so pods are on the segment of the VNet.
    "pod_attachment": {"uplink_is_port": (False, True)},
    # kubenet names host links veth and eight digits, Azure CNI azv and eleven.
    "host_link_naming": {"prefix": ("veth", "azv")},
    # kubenet's pods have addresses of the pod CIDR, Azure CNI's addresses of the subnet.
    "pod_addressing": {"source": ("pod CIDR", "node subnet")},
    # kubenet's pods take none of the VNet's addresses, Azure CNI's one each.
    "address_plan": {"addresses_per_pod": (0, 1)},
    # azure0 took the address of eth0 over.
    "node_address": {"held_by": ("uplink", "bridge"), "uplink_is_bridge_port": (False, True)},
    # And the default route with it.
    "default_route": {"via": ("uplink", "bridge")},
    # cbr0 is the gateway of kubenet's pods; Azure CNI's use the gateway of the subnet.
    "pod_gateway": {"kind": ("the node's bridge", "the subnet's gateway")},
    # podCIDR/24 dev cbr0, against subnet dev azure0.
    "local_pods": {
        "kind": ("pod network on the bridge", "node subnet on the bridge"),
        "from_node": ("the bridge's address", "the node's address"),
    },
    # A route per node in Azure, against addresses that the VNet knows.
    "remote_pods": {"kind": ("Azure route table", "natively in the VNet")},
    # kubenet's rule exempts the pod CIDR, ip-masq-agent's the VNet and the service CIDR.
    "source_nat": {
        "exempt": (
            ["the pod CIDR", "the node's own addresses"],
            ["the VNet", "the service CIDR", "the node's own addresses"],
        ),
        "mechanism": ("kubenet", "ip-masq-agent"),
    },
    # kube-proxy's --cluster-cidr is the pod CIDR, or the VNet where pods have its addresses.
    "service_path": {"masquerade_unless_from": ("the pod CIDR", "the VNet")},
}

# Both labs have the same services, runtime and versions, and no tunnel that would take from the MTU.
SAME = ["ip_families", "services", "service_addresses", "pod_sandbox", "mtu", "container_runtime", "kubernetes_version"]


def test_a_kubenet_node_and_an_azure_cni_node_differ_in_this_and_nothing_else() -> None:
    comparison = compared("lab-kubenet", "lab-azure-cni")
    found = {
        aspect.name: {change.part: (change.left, change.right) for change in aspect.changes}
        for aspect in comparison.having("differs")
    }
    assert found == DIFFERENCES
    assert [aspect.name for aspect in comparison.having("same")] == SAME
    # No listing of the filter table shows whether anybody enforces policies.
    assert [aspect.name for aspect in comparison.having("unknown")] == ["network_policy"]
    assert len(DIFFERENCES) + len(SAME) + 1 == len(ASPECTS)
    assert not comparison.same


def test_the_published_pages_show_less_and_nothing_else() -> None:
    lab = outcomes(compared("lab-kubenet", "lab-azure-cni"))
    published = outcomes(compared("kubenet", "azure-cni"))
    for name, outcome in published.items():
        assert outcome == lab[name] or outcome.startswith("unknown"), name
    assert [name for name, outcome in published.items() if outcome == "differs"] == [
        "network_plugin",
        "pod_addressing",
        "address_plan",
        "remote_pods",
    ]


def test_a_published_node_and_its_rebuilt_lab_differ_nowhere() -> None:
    for published, lab in (("kubenet", "lab-kubenet"), ("azure-cni", "lab-azure-cni")):
        assert compared(published, lab).having("differs", "unknown-right") == ()


def test_bridge_mode_and_transparent_mode_of_azure_cni_differ_where_pods_are_attached() -> None:
    comparison = compared("lab-azure-cni", "at0")
    assert [aspect.name for aspect in comparison.having("differs")] == [
        "pod_attachment",
        "node_address",
        "default_route",
        "pod_gateway",
        "local_pods",
        "source_nat",  # this agent's list leaves the service CIDR out
        "service_addresses",  # another service CIDR was chosen
    ]


# What holds for all pairs.


@every_node
def test_a_node_differs_nowhere_from_itself(name: str) -> None:
    comparison = compared(name, name)
    assert set(outcomes(comparison).values()) <= {"same", "unknown"}
    assert comparison.same
    assert (comparison.left, comparison.right) == (f"{name} (left)", f"{name} (right)")


@every_pair
def test_swapping_the_sides_mirrors_the_comparison(left: str, right: str) -> None:
    one, other = compared(left, right), compared(right, left)
    assert one.same == other.same
    for here, there in zip(one.aspects, other.aspects, strict=True):
        assert MIRROR.get(here.outcome, here.outcome) == there.outcome
        assert (here.left, here.right) == (there.right, there.left)
        assert [(c.part, c.left, c.right) for c in here.changes] == [(c.part, c.right, c.left) for c in there.changes]
        assert here.not_compared == there.not_compared
        assert (here.meaning is None) == (there.meaning is None)


@every_pair
def test_a_comparison_has_all_facts_in_one_order_and_is_the_same_every_time(left: str, right: str) -> None:
    comparison = compared(left, right)
    assert tuple(aspect.name for aspect in comparison.aspects) == ASPECTS
    assert comparison == compared(left, right)
    for aspect in comparison.aspects:
        parts = [change.part for change in aspect.changes]
        assert parts == sorted(parts)
        assert aspect.title


@every_pair
def test_a_difference_says_what_where_and_what_it_means(left: str, right: str) -> None:
    comparison = compared(left, right)
    for aspect in comparison.aspects:
        if aspect.outcome != "differs":
            assert aspect.changes == ()
            assert aspect.meaning is None
            continue
        assert aspect.changes
        assert aspect.meaning is not None
        sentence = rf"On {re.escape(comparison.left)}, .+; on {re.escape(comparison.right)}, .+\."
        assert re.fullmatch(sentence, aspect.meaning)
        assert not re.search(r"\. ", aspect.meaning)
        for side, name in ((aspect.left, left), (aspect.right, right)):
            assert side.known
            assert side.evidence
            for line in side.evidence:
                directory, _, file = line.source.partition("/")
                assert directory == name
                lines = (NODES[name] / file).read_text(encoding="utf-8").splitlines()
                assert line.text == lines[line.line - 1].rstrip()


@every_pair
def test_what_one_side_does_not_show_is_no_difference(left: str, right: str) -> None:
    for aspect in compared(left, right).aspects:
        known = (aspect.left.known, aspect.right.known)
        assert (aspect.outcome in ("differs", "same")) <= (known == (True, True))
        assert (aspect.outcome == "unknown-left") == (known == (False, True))
        assert (aspect.outcome == "unknown-right") == (known == (True, False))
        assert not {change.part for change in aspect.changes} & set(aspect.not_compared)
        for side in (aspect.left, aspect.right):
            assert (side.summary is None) == (side.reason is not None) == (not side.known)


# Mere names.

RENAMED = {
    "lab-kubenet": {
        **{"veth1180641f": "vethffffffff", "vethb7d0a530": "veth00000001", "vethbe174216": "veth00000002"},
        **{"10.100.": "10.101.", "10.220.1.": "10.221.7.", "10.220.": "10.221."},
        "27511634-vmss000000": "11111111-vmss00000z",
    },
    "lab-azure-cni": {
        **{"azv2940ba34862": "azvffffffffff1", "azv9c2b8fff0a6": "azv00000000001", "azvf9171aff78b": "azv00000000002"},
        **{"10.220.2.13": "10.220.2.213", "10.220.2.9": "10.220.2.109", "10.220.2.21": "10.220.2.121"},
        "44430483-vmss000000": "11111111-vmss00000z",
    },
    "at0": {
        **{"azv0939df8498f": "azvffffffffff1", "azv74bd062328f": "azv00000000001"},
        **{"10.220.3.": "10.220.77.", "10.0.131.": "10.0.132."},
    },
}


@pytest.mark.parametrize("name", RENAMED)
def test_a_node_that_only_has_other_names_and_addresses_differs_nowhere(name: str, tmp_path: Path) -> None:
    changed = 0
    for file in NODES[name].iterdir():
        text = file.read_text(encoding="utf-8")
        renamed = re.sub(
            "|".join(rf"(?<![\d.]){re.escape(old)}(?:(?<=\.)|(?!\d))" for old in RENAMED[name]),
            lambda match: RENAMED[name][match[0]],
            text,
        )
        changed += renamed != text
        (tmp_path / file.name).write_text(renamed, encoding="utf-8")
    assert changed > 5
    capture = load_capture(tmp_path)
    assert capture.diagnostics == ()
    comparison = compare(described(NODES[name]), describe(build_wiring(capture)))
    assert [(aspect.name, aspect.changes) for aspect in comparison.having("differs")] == []
    assert outcomes(comparison) == outcomes(compared(name, name))


def test_the_order_of_interfaces_rules_of_services_and_pods_means_nothing(tmp_path: Path) -> None:
    path = NODES["lab-azure-cni"]
    for file in path.iterdir():
        text = file.read_text(encoding="utf-8")
        if file.name in ("kubectl_get_pods.txt", "docker_ps.txt", "kubectl_get_nodes.txt"):
            header, *rows = text.splitlines(keepends=True)
            text = header + "".join(reversed(rows))
        if file.name.endswith("nL.txt"):
            text = "\n\n".join(reversed(text.rstrip("\n").split("\n\n"))) + "\n"
        if file.name == "brctl_show.txt":
            head, first, *ports, docker = text.splitlines()
            names = [first.split("\t")[-1], *(port.strip() for port in ports)][::-1]
            first = "\t".join([*first.split("\t")[:-1], names[0]])
            text = "\n".join([head, docker, first, *("\t" * 7 + name for name in names[1:])]) + "\n"
        (tmp_path / file.name).write_text(text, encoding="utf-8")
    comparison = compare(described(path), described(tmp_path))
    assert {name for name, outcome in outcomes(comparison).items() if outcome != "same"} == {"network_policy"}


# One change at a time.


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("kubectl_get_nodes.txt", "v1.17.11", "v1.18.8", ["kubernetes_version"]),
        ("kubectl_get_nodes.txt", "docker://19.3.12", "docker://20.10.7", ["container_runtime"]),
        ("capture.toml", "10.200.0.10", "10.200.0.11", []),  # then two sources contradict each other
        ("capture.toml", "10.200.0.0/16", "10.200.0.0/18", ["service_addresses"]),
        ("pod_1_route_n.txt", "10.100.1.1 ", "10.100.1.9 ", []),
        ("iptables_t_nat_nvL.txt", "dst-type !LOCAL", "dst-type LOCAL", ["source_nat"]),
        ("ip_addr.txt", "mtu 1500 qdisc noqueue master cbr0", "mtu 1400 qdisc noqueue master cbr0", ["mtu"]),
    ],
)
def test_one_change_in_one_file_shows_where_it_belongs(
    file: str, old: str, new: str, expected: list[str], tmp_path: Path
) -> None:
    path = NODES["lab-kubenet"]
    for source in path.iterdir():
        text = source.read_text(encoding="utf-8")
        if source.name == file:
            assert old in text
            text = text.replace(old, new)
        (tmp_path / source.name).write_text(text, encoding="utf-8")
    comparison = compare(described(path), described(tmp_path))
    assert [aspect.name for aspect in comparison.having("differs")] == expected
    if not expected:
        assert len(comparison.having("unknown-right")) == 1


def test_the_outcomes_partition_the_facts() -> None:
    comparison = compared("kubenet", "azure-cni")
    groups = [comparison.having("differs"), comparison.having("same"), comparison.having("unknown")]
    groups += [comparison.having("unknown-left"), comparison.having("unknown-right")]
    assert sum(map(len, groups)) == len(ASPECTS)
    for group in groups:
        positions = [ASPECTS.index(aspect.name) for aspect in group]
        assert all(first < second for first, second in pairwise(positions))
    shown_alike = [aspect for aspect in comparison.having("same", "unknown") if not aspect.not_compared]
    assert attrs.evolve(comparison, aspects=tuple(shown_alike)).same
    assert not attrs.evolve(comparison, aspects=comparison.having("same", "unknown")).same
