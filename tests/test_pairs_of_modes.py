"""Every pair of recorded modes: what differs, what is the same and what stays unknown, from a table written by hand.

The table says of each recording how its network is built: what its lab did, and what the plugins of the mode do. From
two of its rows follows what a comparison has to say, part by part; that program and table agree for all pairs shows
that no difference is missed and none is made of mere names.
"""

from __future__ import annotations

from functools import cache
from itertools import combinations, product
from pathlib import Path
from typing import Any

import pytest

from aksparse import Architecture, Comparison, build_wiring, compare, describe, load_capture
from aksparse.architecture.description import ASPECTS

RECORDINGS = Path(__file__).parents[1] / "corpus/modes"

Row = dict[str, dict[str, Any] | None]
"""By fact, its parts; `None` is a fact that the recording cannot show."""


def row(base: Row, **changes: dict[str, Any] | None) -> Row:
    """A row like another but for some facts."""
    assert changes.keys() <= set(ASPECTS)
    return {**base, **changes}


def but(base: Row, fact: str, **parts: Any) -> dict[str, Any]:
    """The parts of a fact like those of another row but for some."""
    return {**(base[fact] or {}), **parts}


ONE_VERSION = {"node": 4, "pods": 4}  # ip6tables was not recorded, which would show services of IPv6
BOTH_VERSIONS = {"node": 46, "pods": 46, "services": 46}

# A subnet of 256 addresses, and a pod CIDR with 16 bits of which each node has 24.
PLAN_OF_POD_CIDR = {
    "addresses_per_pod": 0,
    "addresses_per_node": 1,
    "subnet_addresses": 251,
    "nodes_by_subnet": 251,
    "node_prefixlen": 24,
    "nodes_by_pod_cidr": 256,
    "conflicts": 0,
}
# How many addresses a node takes depends on how many pods it may run, which nobody stated.
PLAN_OF_SUBNET = {"addresses_per_pod": 1, "subnet_addresses": 251, "conflicts": 0}
PLAN_OF_POD_SUBNET = {
    "addresses_per_pod": 1,
    "addresses_per_node": 1,
    "subnet_addresses": 251,
    "nodes_by_subnet": 251,
    "conflicts": 0,
}
# Outside Azure nothing is said of what Azure keeps of a subnet.
PLAN_OUTSIDE_AZURE = {
    part: value for part, value in PLAN_OF_POD_CIDR.items() if part not in ("subnet_addresses", "nodes_by_subnet")
}
PLAN_OF_ROUTES = {**PLAN_OF_POD_CIDR, "nodes_by_route_table": 400}
PLAN_OF_BLOCKS = {"addresses_per_pod": 0, "addresses_per_node": 1, "conflicts": 0}

RULES_NOT_RECORDED = {"via": "uplink"}  # ip -6 rule
OWN, VNET, PODS, SERVICES = "the node itself", "the VNet", "all pods", "services"

KUBENET: Row = {
    "network_mode": {"mode": "kubenet"},
    "network_plugin": {"plugin": "kubenet", "chained": ["portmap"]},
    "network_policy": {"engine": "none"},
    "pod_attachment": {"kind": "bridge", "uplink_is_port": False},
    "host_link_naming": {"prefix": "veth"},
    "pod_addressing": {"source": "pod CIDR", "prefixlen": 24},
    "ip_families": ONE_VERSION,
    "address_plan": PLAN_OF_ROUTES,
    "node_address": {"held_by": "uplink", "uplink_is_bridge_port": False},
    "default_route": {"via": "uplink", "other_rules": []},
    "pod_gateway": {"kind": "bridge", "fixed_neighbour": False},
    "local_pods": {"kind": "one route to the bridge", "from_node": "bridge"},
    "remote_pods": {"kind": "route table", "carried_as": "it is", "from_node": "node"},
    "source_nat": {
        "mechanism": "ip-masq-agent",
        "exempt": {VNET, PODS, SERVICES, OWN},
        "marked_packets": True,
        "platform": False,
    },
    "service_path": {"mechanism": "kube-proxy", "masquerade_unless_from": "pod CIDR"},
    "services": {
        "default/kubernetes:https": 1,
        "default/nginx": 2,
        "kube-system/kube-dns:dns": 1,
        "kube-system/kube-dns:dns-tcp": 1,
    },
    "service_addresses": {"service_cidr": "10.0.0.0/16", "dns_service_ip": "10.0.0.10"},
    "pod_sandbox": None,  # crictl lists no pause containers
    "mtu": {"pod": 1500, "host_link": 1500, "uplink": 1500, "smallest": 1500},
    "container_runtime": {"name": "containerd", "version": "of Azure"},
    "kubernetes_version": {"version": "1.29.7"},
}
ROUTED: Row = {
    "pod_attachment": {"kind": "route", "uplink_is_port": False},
    "local_pods": {"kind": "a route to each pod", "from_node": "node"},
}
KUBENET_CALICO = row(
    KUBENET,
    **ROUTED,
    network_mode={"mode": "kubenet-calico"},
    network_policy={"engine": "calico"},
    host_link_naming={"prefix": "cali"},
    pod_addressing={"source": "pod CIDR", "prefixlen": 32},
    pod_gateway={"kind": "link-local", "fixed_neighbour": False},  # proxy ARP on the host links
)
AZURE_BRIDGE = row(
    KUBENET,
    network_mode={"mode": "azure-bridge"},
    network_plugin={"plugin": "azure", "chained": ["portmap"]},
    pod_attachment={"kind": "bridge", "uplink_is_port": True},
    host_link_naming={"prefix": "azv"},
    pod_addressing={"source": "node subnet", "prefixlen": 24},
    address_plan=PLAN_OF_SUBNET,
    node_address={"held_by": "bridge", "uplink_is_bridge_port": True},
    default_route={"via": "bridge", "other_rules": []},
    pod_gateway={"kind": "subnet", "fixed_neighbour": False},
    local_pods={"kind": "the subnet is on the bridge", "from_node": "node"},
    remote_pods={"kind": "VNet", "carried_as": "it is", "from_node": "node"},
    # The agent names the node subnet as well, which is part of the VNet.
    source_nat=but(KUBENET, "source_nat", exempt={VNET, SERVICES, OWN}),
    service_path={"mechanism": "kube-proxy", "masquerade_unless_from": "VNet"},
)
TRANSPARENT = row(
    AZURE_BRIDGE,
    **ROUTED,
    network_mode={"mode": "azure-transparent"},
    node_address={"held_by": "uplink", "uplink_is_bridge_port": False},
    default_route={"via": "uplink", "other_rules": []},
    pod_gateway={"kind": "link-local", "fixed_neighbour": True},
)
OVERLAY = row(
    TRANSPARENT,
    network_mode={"mode": "azure-overlay"},
    pod_addressing={"source": "pod CIDR", "prefixlen": 16},
    address_plan=PLAN_OF_POD_CIDR,
    remote_pods={"kind": "overlay of Azure", "from_node": "node"},
    source_nat=KUBENET["source_nat"],
    service_path={"mechanism": "kube-proxy", "masquerade_unless_from": "links of pods"},
)
POD_SUBNET = row(
    TRANSPARENT,
    network_mode={"mode": "azure-podsubnet"},
    pod_addressing={"source": "pod subnet", "prefixlen": 22},
    address_plan=PLAN_OF_POD_SUBNET,
    source_nat=but(TRANSPARENT, "source_nat", platform=True),
)
CILIUM = row(
    TRANSPARENT,
    network_mode={"mode": "azure-cilium"},
    network_plugin={"plugin": "azure", "chained": []},
    network_policy={"engine": "cilium"},
    host_link_naming={"prefix": "lxc"},
    default_route={"via": "uplink", "other_rules": ["the marks of Cilium's proxy"]},
    pod_addressing={"source": "node subnet", "prefixlen": 32},
    pod_gateway={"kind": "link-local", "fixed_neighbour": False},
    source_nat=but(TRANSPARENT, "source_nat", marked_packets=False, platform=True),
    service_path={"mechanism": "Cilium"},
    services=None,  # in maps of the kernel, which nothing recorded shows
)
CILIUM_OVERLAY = row(
    CILIUM,
    network_mode={"mode": "azure-overlay-cilium"},
    pod_addressing={"source": "pod CIDR", "prefixlen": 32},
    address_plan=PLAN_OF_POD_CIDR,
    remote_pods={"kind": "overlay of Azure", "from_node": "node"},
    source_nat=but(CILIUM, "source_nat", exempt={VNET, PODS, SERVICES, OWN}),
)
BRIDGE = row(
    KUBENET,
    network_mode={"mode": "bridge"},
    network_plugin={"plugin": "bridge", "chained": []},
    address_plan=PLAN_OUTSIDE_AZURE,
    remote_pods={"kind": "nodes route to each other", "carried_as": "it is", "from_node": "node"},
    # ipMasq spares the plugin's own network alone: pods on other nodes see the node.
    source_nat=but(KUBENET, "source_nat", mechanism="plugin", exempt={"pods of the node"}),
    container_runtime={"name": "containerd", "version": "of Debian"},
)
FLANNEL = row(
    BRIDGE,
    network_mode={"mode": "flannel"},
    network_plugin={"plugin": "flannel", "chained": ["portmap"]},
    remote_pods={"kind": "VXLAN", "carried_as": "UDP 8472", "from_node": "tunnel"},
    source_nat=but(BRIDGE, "source_nat", mechanism="flanneld", exempt={PODS}),
    mtu={"pod": 1450, "host_link": 1450, "uplink": 1500, "smallest": 1450},
)
PTP = row(
    row(BRIDGE, **ROUTED),
    network_mode={"mode": "ptp"},
    local_pods={"kind": "a route to each pod", "from_node": "link"},
    network_plugin={"plugin": "ptp", "chained": ["portmap"]},
    pod_gateway={"kind": "the other end of the link", "fixed_neighbour": False},
    source_nat=but(BRIDGE, "source_nat", mechanism="kindnetd", exempt={PODS, OWN}),
)
CALICO_BGP = row(
    BRIDGE,
    **ROUTED,
    network_mode={"mode": "calico-bgp"},
    network_plugin={"plugin": "calico", "chained": ["portmap"]},
    network_policy={"engine": "calico"},
    host_link_naming={"prefix": "cali"},
    pod_addressing={"source": "pod CIDR", "prefixlen": 32},
    address_plan=PLAN_OF_BLOCKS,  # a node may have several blocks
    pod_gateway={"kind": "link-local", "fixed_neighbour": False},
    source_nat=but(BRIDGE, "source_nat", mechanism="calico", exempt={"pools"}),
)


def of_both_versions(base: Row, **of_ipv6: dict[str, Any] | None) -> Row:
    """A row of a node that has IPv6 as well, and everything of it as of IPv4 but for some facts."""
    changes: Row = {
        fact: {**(base[fact] or {}), "ipv6": of_ipv6.get(fact, base[fact])} for fact in TOLD_OF_EACH_VERSION
    }
    return row(base, ip_families=BOTH_VERSIONS, **changes)


TOLD_OF_EACH_VERSION = (
    *("pod_addressing", "address_plan", "node_address", "default_route", "pod_gateway", "local_pods", "remote_pods"),
    *("source_nat", "service_path", "services", "service_addresses"),
)
# The lab has one service of IPv6, and no DNS.
SERVICES_OF_IPV6: Row = {
    "services": {"default/nginx": 2},
    "service_addresses": {"service_cidr": "of IPv6"},
}
PLAN_OF_IPV6 = {"addresses_per_pod": 0, "addresses_per_node": 1, "conflicts": 0}

TABLE = {
    "lab-kubenet-containerd": KUBENET,
    "lab-kubenet-dual": of_both_versions(
        row(KUBENET, address_plan={**PLAN_OF_ROUTES, "nodes_by_route_table": 200}),  # each node has two routes
        pod_addressing={"source": "pod CIDR", "prefixlen": 64},
        address_plan={**PLAN_OF_IPV6, "node_prefixlen": 64, "nodes_by_pod_cidr": 256, "nodes_by_route_table": 200},
        default_route=RULES_NOT_RECORDED,
        **SERVICES_OF_IPV6,
    ),
    "lab-kubenet-calico": KUBENET_CALICO,
    "lab-azure-bridge": AZURE_BRIDGE,
    "lab-azure-transparent": TRANSPARENT,
    "lab-azure-calico": row(TRANSPARENT, network_mode={"mode": "azure-calico"}, network_policy={"engine": "calico"}),
    "lab-azure-npm": row(TRANSPARENT, network_mode={"mode": "azure-npm"}, network_policy={"engine": "npm"}),
    "lab-azure-overlay": OVERLAY,
    "lab-azure-overlay-dual": of_both_versions(
        OVERLAY,
        pod_addressing={"source": "pod CIDR", "prefixlen": 56},
        default_route=RULES_NOT_RECORDED,
        address_plan=PLAN_OF_IPV6,  # which part of the pod CIDR a node gets, nobody stated
        **SERVICES_OF_IPV6,
    ),
    "lab-azure-podsubnet": POD_SUBNET,
    "lab-azure-cilium": CILIUM,
    "lab-azure-overlay-cilium": CILIUM_OVERLAY,
    "lab-bridge": BRIDGE,
    "lab-bridge-ipv6": row(
        BRIDGE,
        pod_addressing={"source": "pod CIDR", "prefixlen": 64},
        ip_families={"node": 6, "pods": 6, "services": 6},
        default_route=RULES_NOT_RECORDED,
        address_plan={**PLAN_OUTSIDE_AZURE, "node_prefixlen": 64},
        service_addresses={"service_cidr": "of IPv6", "dns_service_ip": "of IPv6"},
    ),
    "lab-flannel": FLANNEL,
    "lab-ptp": PTP,
    "lab-calico-bgp": CALICO_BGP,
    "lab-calico-ipip": row(
        CALICO_BGP,
        network_mode={"mode": "calico-ipip"},
        remote_pods={"kind": "IPIP", "carried_as": "protocol 4", "from_node": "tunnel"},
        mtu={"pod": 1480, "host_link": 1480, "uplink": 1500, "smallest": 1480},
    ),
    "lab-calico-vxlan": row(
        CALICO_BGP,
        network_mode={"mode": "calico-vxlan"},
        remote_pods={"kind": "VXLAN", "carried_as": "UDP 4789", "from_node": "tunnel"},
        mtu={"pod": 1450, "host_link": 1450, "uplink": 1500, "smallest": 1450},
    ),
}

Said = tuple[str, set[str], set[str]]
"""The outcome of a fact, the parts that differ, the parts that only one side shows."""


def expected(left: dict[str, Any] | None, right: dict[str, Any] | None) -> Said:
    """What follows from two entries of the table."""
    if left is None or right is None:
        outcomes = {(True, True): "unknown", (True, False): "unknown-left", (False, True): "unknown-right"}
        return outcomes[left is None, right is None], set(), set()
    left, right = of_versions(left, right), of_versions(right, left)
    changed = {part for part in left.keys() & right.keys() if left[part] != right[part]}
    return "differs" if changed else "same", changed, left.keys() ^ right.keys()


def of_versions(entry: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """The parts of an entry, those of IPv6 among them where both nodes have it."""
    of_ipv6 = entry.get("ipv6", {}) if "ipv6" in other else {}
    return {part: value for part, value in entry.items() if part != "ipv6"} | {
        f"ipv6.{part}": value for part, value in of_ipv6.items()
    }


@cache
def described(name: str) -> Architecture:
    return describe(build_wiring(load_capture(RECORDINGS / name)))


@cache
def compared(left: str, right: str) -> Comparison:
    return compare(described(left), described(right))


def said(comparison: Comparison) -> dict[str, Said]:
    return {
        aspect.name: (aspect.outcome, {change.part for change in aspect.changes}, set(aspect.not_compared))
        for aspect in comparison.aspects
    }


every_pair = pytest.mark.parametrize(("left", "right"), list(product(TABLE, TABLE)))


def test_the_table_has_every_recording_and_every_fact() -> None:
    assert TABLE.keys() == {path.name for path in RECORDINGS.iterdir()}
    for entry in TABLE.values():
        assert tuple(entry) == ASPECTS
    for one, other in combinations(TABLE.values(), 2):
        assert one != other


@every_pair
def test_a_comparison_says_what_the_table_says(left: str, right: str) -> None:
    rows = TABLE[left], TABLE[right]
    assert said(compared(left, right)) == {name: expected(rows[0][name], rows[1][name]) for name in ASPECTS}


MIRROR = {"unknown-left": "unknown-right", "unknown-right": "unknown-left"}


@pytest.mark.parametrize(("left", "right"), list(combinations(TABLE, 2)))
def test_swapping_the_sides_swaps_the_comparison(left: str, right: str) -> None:
    here, there = compared(left, right), compared(right, left)
    assert (here.left, here.right) == (there.right, there.left)
    for one, other in zip(here.aspects, there.aspects, strict=True):
        assert MIRROR.get(one.outcome, one.outcome) == other.outcome
        assert (one.left, one.right, one.not_compared) == (other.right, other.left, other.not_compared)
        assert [(c.part, c.left, c.right) for c in one.changes] == [(c.part, c.right, c.left) for c in other.changes]


@pytest.mark.parametrize("name", TABLE)
def test_a_recording_is_the_same_as_itself(name: str) -> None:
    assert compared(name, name).same
    assert {aspect.outcome for aspect in compared(name, name).aspects} <= {"same", "unknown"}


@every_pair
def test_what_differs_is_shown_by_lines_of_both_recordings(left: str, right: str) -> None:
    for aspect in compared(left, right).having("differs"):
        for side, name in ((aspect.left, left), (aspect.right, right)):
            assert side.evidence, aspect.name
            assert all(line.source.startswith(f"{name}/") for line in side.evidence)
        assert aspect.meaning
