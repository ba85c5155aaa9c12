"""What a migration is told to check, for each pair of recorded modes, and above all for the way off kubenet."""

from __future__ import annotations

import re
import shutil
from functools import cache
from itertools import product
from pathlib import Path

import pytest

from aksparse import Architecture, Comparison, build_wiring, compare, describe, load_capture

RECORDINGS = Path(__file__).parents[1] / "corpus/modes"
NAMES = sorted(path.name.removeprefix("lab-") for path in RECORDINGS.iterdir())

KUBENET = "kubenet-containerd"
OF_THE_VNET = ["azure-bridge", "azure-transparent", "azure-calico", "azure-npm", "azure-podsubnet", "azure-cilium"]
OVERLAYS = ["azure-overlay", "azure-overlay-cilium"]


@cache
def described(name: str) -> Architecture:
    return describe(build_wiring(load_capture(RECORDINGS / f"lab-{name}")))


def said(left: Architecture, right: Architecture) -> dict[str, str]:
    return {aspect.name: aspect.to_check for aspect in compare(left, right).aspects if aspect.to_check}


@cache
def advice(left: str, right: str) -> dict[str, str]:
    return said(described(left), described(right))


@pytest.mark.parametrize("mode", [*OF_THE_VNET, *OVERLAYS])
def test_the_way_off_kubenet_says_what_to_do_in_azure_and_on_the_node(mode: str) -> None:
    found = advice(KUBENET, mode)
    assert found["remote_pods"].startswith("The Azure route table is needed for pods no longer: ")
    assert "Keep the table itself where it has other routes" in found["remote_pods"]
    prefix = "lxc*" if "cilium" in mode else "azv*"
    assert found["host_link_naming"] == f"Rules, captures and monitoring that select veth* must select {prefix}."
    if mode in OVERLAYS:
        assert found["network_mode"].startswith("AKS makes this change by an upgrade; ")
        assert "no way back" in found["network_mode"]
        assert "allow the pod CIDR, from nodes and from itself" in found["remote_pods"]
        # Pods keep addresses of a pod CIDR: nothing is asked of the subnet or of firewalls.
        assert not {"address_plan", "pod_addressing"} & found.keys()
    else:
        assert "plan another cluster" in found["network_mode"]
        assert "see the addresses of pods: allow these" in found["pod_addressing"]
        assert "subnet" in found["address_plan"]


@pytest.mark.parametrize(
    ("left", "right", "fact", "words"),
    [
        ("azure-transparent", "azure-overlay", "pod_addressing", "no longer reach a pod by its address"),
        ("azure-transparent", "azure-overlay", "address_plan", "must overlap with no network"),
        ("azure-transparent", "azure-overlay", "address_plan", "room for 256 nodes, each with a /24"),
        ("azure-transparent", "azure-overlay", "network_mode", "whether it makes this change in place"),
        ("azure-overlay", "azure-transparent", "network_mode", "whether it makes this change in place"),
        (KUBENET, "azure-podsubnet", "address_plan", "in batches of 16 addresses"),
        ("kubenet-calico", "azure-overlay-cilium", "network_policy", "projectcalico.org"),
        ("azure-npm", "azure-cilium", "network_policy", "check policies with an ipBlock"),
        ("azure-calico", "azure-transparent", "network_policy", "lose their effect"),
        ("azure-transparent", "azure-calico", "network_policy", "kubectl get networkpolicies -A"),
        (KUBENET, "azure-cilium", "service_path", "cilium service list"),
        ("azure-bridge", "azure-transparent", "node_address", "bound to azure0 on the node has to be bound to eth0"),
        ("azure-bridge", "azure-transparent", "default_route", "leaves through azure0 have to name eth0"),
        (KUBENET, "azure-overlay-dual", "ip_families", "needed for IPv6 as well"),
        ("bridge", "bridge-ipv6", "ip_families", "IPv6 where they had IPv4"),
        ("flannel", "azure-overlay", "remote_pods", "nothing needs UDP port 8472 any more"),
        ("calico-ipip", "calico-vxlan", "remote_pods", "must allow UDP port 4789 between nodes"),
        ("flannel", "calico-vxlan", "remote_pods", "must allow UDP port 4789 between nodes"),
        ("calico-bgp", "calico-ipip", "remote_pods", "by the node's address has to allow the tunnel's address"),
        (KUBENET, "azure-overlay", "local_pods", "its pods come from the node's address"),
        (KUBENET, "azure-cilium", "default_route", "some packets take another way"),
        ("azure-transparent", "azure-bridge", "pod_attachment", "where net.bridge.bridge-nf-call-iptables is 1"),
        ("calico-bgp", "calico-vxlan", "mtu", "packets of more than 1450 bytes no longer fit"),
        ("calico-vxlan", "calico-bgp", "mtu", "check that ICMP about packets too big"),
        ("bridge", "ptp", "source_nat", "pods on other nodes see a pod's own address"),
        ("flannel", "bridge", "source_nat", "pods on other nodes see the node's address"),
        ("flannel", "azure-transparent", "source_nat", "allow their addresses there"),
        ("azure-overlay", KUBENET, "remote_pods", "needs a route table"),
    ],
)
def test_what_is_said(left: str, right: str, fact: str, words: str) -> None:
    assert words.lower() in advice(left, right)[fact].lower()


def with_setting(name: str, directory: Path, setting: str) -> Architecture:
    copy = Path(shutil.copytree(RECORDINGS / f"lab-{name}", directory / name))
    manifest = copy / "capture.toml"
    manifest.write_text(manifest.read_text().replace("[network]\n", f"[network]\n{setting}\n", 1))
    return describe(build_wiring(load_capture(copy)))


def test_the_subnet_needs_an_address_for_each_pod_that_a_node_may_run(tmp_path: Path) -> None:
    found = said(described(KUBENET), with_setting("azure-transparent", tmp_path, "max_pods = 30"))["address_plan"]
    assert "must have 31 addresses for each node, those that an upgrade adds included" in found
    assert "room for 8 nodes instead of 251" in found


def test_networks_that_come_to_overlap_are_named(tmp_path: Path) -> None:
    pod_subnet = 'pod_subnet = "10.220.0.128/25"'
    found = said(described(KUBENET), with_setting("azure-podsubnet", tmp_path, pod_subnet))["address_plan"]
    assert found.startswith("Choose other networks, because node subnet and pod subnet overlap.")


@pytest.mark.parametrize(("left", "right"), list(product(NAMES, NAMES)))
def test_only_a_difference_has_something_to_check_and_it_is_whole_sentences(left: str, right: str) -> None:
    comparison: Comparison = compare(described(left), described(right))
    for aspect in comparison.aspects:
        if aspect.to_check is None:
            continue
        assert aspect.outcome == "differs"
        assert re.fullmatch(r"([A-Z][^.]*(\.[^ .][^.]*)*\.( |$))+", aspect.to_check), aspect.to_check
        assert "None" not in aspect.to_check
    if "kubenet" in left and right.startswith("azure"):
        assert comparison.having("differs")[0].to_check
