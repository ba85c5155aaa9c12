"""What a CNI configuration shows beside the mode: where pods get addresses from, their MTU, the plugins behind."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path

import pytest

from aksparse import Known, Unknown, build_wiring, describe, load_capture
from tests.nodes import described

MODES = Path(__file__).parents[1] / "corpus/modes"
KUBENET, PTP = MODES / "lab-kubenet-containerd", MODES / "lab-ptp"
OF_PODS = ("pod_*", "kubectl_get_pods.txt", "crictl*")


def changed(node: Path, directory: Path, change: Callable[[str], str], *without: str) -> Path:
    """A copy of a recording with another CNI configuration, and without some files."""
    copy = Path(shutil.copytree(node, directory / node.name))
    (conf,) = copy.glob("*.conf*")
    conf.write_text(change(conf.read_text()))
    for file in (file for pattern in without for file in copy.glob(pattern)):
        file.unlink()
    return copy


def as_it_is(text: str) -> str:
    return text


def test_a_node_without_pods_shows_where_they_would_get_addresses_from(tmp_path: Path) -> None:
    copy = changed(PTP, tmp_path, as_it_is, *OF_PODS, "ip_route.txt", "ip_addr.txt", "ip_d_link.txt")
    wiring = build_wiring(load_capture(copy))
    assert not wiring.pods
    fact = describe(wiring).pod_addressing
    assert isinstance(fact, Known)
    assert (fact.value.source, fact.value.prefixlen, fact.value.addresses) == ("pod CIDR", 24, ())
    assert fact.value.pod_network == ip_network("10.244.0.0/24")
    assert any('"subnet": "10.244.0.0/24"' in line.text for line in fact.evidence)


def test_a_range_in_the_nodes_subnet_is_told_as_such(tmp_path: Path) -> None:
    def in_subnet(text: str) -> str:
        return text.replace("10.244.0.0/24", "10.240.0.128/25")

    copy = changed(PTP, tmp_path, in_subnet, *OF_PODS, "ip_route.txt", "ip_addr.txt", "ip_d_link.txt")
    fact = describe(build_wiring(load_capture(copy))).pod_addressing
    assert isinstance(fact, Known)
    assert fact.value.source == "node subnet"


@pytest.mark.parametrize("node", [KUBENET, PTP], ids=lambda node: node.name)
def test_a_range_that_pods_do_not_have_addresses_of_is_a_contradiction(node: Path, tmp_path: Path) -> None:
    fact = described(changed(node, tmp_path, lambda text: text.replace("10.244.0.0/24", "10.99.0.0/24"))).pod_addressing
    assert isinstance(fact, Unknown)
    assert fact.contradictory
    assert fact.reason.startswith("contradiction: the CNI configuration gives pods addresses of 10.99.0.0/24, and ")
    assert any("10.99.0.0/24" in line.text for line in fact.evidence)
    assert any("10.244.0." in line.text for line in fact.evidence)


def test_the_range_of_ipv6_is_compared_with_addresses_of_ipv6(tmp_path: Path) -> None:
    node = MODES / "lab-kubenet-dual"
    fact = described(changed(node, tmp_path, lambda text: text.replace("789a::/64", "789b::/64"))).pod_addressing
    assert isinstance(fact, Unknown)
    assert fact.contradictory
    assert fact.reason.endswith("(IPv6)")


def test_a_word_in_place_of_a_network_shows_nothing() -> None:
    fact = described(MODES / "lab-kubenet-calico").pod_addressing
    assert isinstance(fact, Known)
    assert not any("usePodCidr" in line.text for line in fact.evidence)


def test_the_mtu_of_the_configuration_is_that_of_pods_that_were_not_looked_into(tmp_path: Path) -> None:
    copy = changed(KUBENET, tmp_path, as_it_is, "pod_*")
    fact = described(copy).mtu
    assert isinstance(fact, Known)
    assert (fact.value.pod, fact.value.smallest) == ((1500,), 1500)
    assert any(re.search(r'"mtu": *1500', line.text) for line in fact.evidence)


def test_an_mtu_that_pods_do_not_have_is_a_contradiction(tmp_path: Path) -> None:
    fact = described(changed(KUBENET, tmp_path, lambda text: text.replace('"mtu": 1500', '"mtu": 1400'))).mtu
    assert isinstance(fact, Unknown)
    assert fact.reason == "contradiction: the CNI configuration gives pods an MTU of 1400, and they have 1500"


def test_an_mtu_of_0_leaves_it_to_the_plugin() -> None:
    fact = described(MODES / "lab-calico-ipip").mtu
    assert isinstance(fact, Known)
    assert fact.value.pod == (1480,)


def test_the_plugins_behind_are_told_and_a_second_that_connects_pods_is_a_contradiction(tmp_path: Path) -> None:
    fact = described(MODES / "lab-azure-overlay").network_plugin
    assert isinstance(fact, Known)
    assert (fact.value.plugin, fact.value.chained) == ("azure", ("portmap",))
    assert any('"type": "portmap"' in line.text for line in fact.evidence)
    copy = changed(MODES / "lab-azure-overlay", tmp_path, lambda text: text.replace('"portmap",', '"cilium-cni",'))
    mode = described(copy).network_mode
    assert isinstance(mode, Unknown)
    assert mode.contradictory
    assert "cilium-cni" in mode.reason
