"""Addresses that nodes and pods take, limits that prefixes set, networks that overlap, and the versions of IP."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from aksparse import Known, Unknown, compare
from aksparse.architecture.address_plan import AddressPlan
from aksparse.architecture.families import IpFamilies
from tests.nodes import described

CORPUS = Path(__file__).parents[1] / "corpus"
KUBENET = CORPUS / "modes/lab-kubenet-containerd"
TRANSPARENT = CORPUS / "modes/lab-azure-transparent"
OVERLAY = CORPUS / "modes/lab-azure-overlay"
POD_SUBNET = CORPUS / "modes/lab-azure-podsubnet"
DUAL = CORPUS / "modes/lab-kubenet-dual"


def with_settings(node: Path, directory: Path, **settings: str) -> Path:
    """A copy of a recording whose manifest states other settings, as TOML writes them; an empty one is taken out."""
    copy = Path(shutil.copytree(node, directory / node.name))
    manifest = copy / "capture.toml"
    text = manifest.read_text(encoding="utf-8")
    for name, value in settings.items():
        text = re.sub(rf"(?m)^{name} = .*\n", "", text)
        if value:
            text = text.replace("[network]\n", f"[network]\n{name} = {value}\n", 1)
    manifest.write_text(text, encoding="utf-8")
    return copy


def plan(path: Path) -> AddressPlan:
    fact = described(path).address_plan
    assert isinstance(fact, Known)
    assert fact.evidence
    return fact.value


def families(path: Path) -> IpFamilies:
    fact = described(path).ip_families
    assert isinstance(fact, Known)
    return fact.value


# The figures that Azure's documentation gives for a /24: 251 nodes with kubenet, 8 with Azure CNI and 30 pods each.


def test_kubenet_takes_one_address_a_node_and_a_24_of_the_pod_cidr() -> None:
    found = plan(KUBENET)
    assert (found.addresses_per_pod, found.addresses_per_node) == (0, 1)
    assert (found.subnet_addresses, found.nodes_by_subnet) == (251, 251)
    assert (found.node_prefixlen, found.nodes_by_pod_cidr) == (24, 256)
    assert found.conflicts == ()


def test_azure_cni_takes_the_addresses_of_all_pods_a_node_may_run(tmp_path: Path) -> None:
    found = plan(with_settings(TRANSPARENT, tmp_path, max_pods="30"))
    assert (found.addresses_per_pod, found.addresses_per_node, found.max_pods) == (1, 31, 30)
    assert (found.subnet_addresses, found.nodes_by_subnet) == (251, 8)
    assert "8 nodes" in found.summary()
    assert "each node needs 31 addresses" in found.meaning()


def test_how_many_pods_a_node_may_run_is_not_guessed() -> None:
    found = plan(TRANSPARENT)
    assert (found.addresses_per_pod, found.subnet_addresses) == (1, 251)
    assert (found.addresses_per_node, found.max_pods, found.nodes_by_subnet) == (None, None, None)


def test_the_command_that_made_the_cluster_says_how_many_pods_a_node_may_run(tmp_path: Path) -> None:
    copy = with_settings(TRANSPARENT, tmp_path, subnet='"10.220.0.0/22"')
    (copy / "create.txt").write_text("az aks create -n c --network-plugin azure --max-pods 110\n")
    found = plan(copy)
    assert (found.addresses_per_node, found.subnet_addresses, found.nodes_by_subnet) == (111, 1019, 9)
    fact = described(copy).address_plan
    assert any("--max-pods 110" in line.text for line in fact.evidence)


def test_an_overlay_divides_the_pod_cidr_into_24s(tmp_path: Path) -> None:
    found = plan(with_settings(OVERLAY, tmp_path, pod_cidr='"10.244.0.0/18"'))
    assert (found.addresses_per_pod, found.addresses_per_node) == (0, 1)
    assert (found.node_prefixlen, found.nodes_by_pod_cidr, found.nodes_by_subnet) == (24, 64, 251)
    assert "room for 64 nodes" in found.meaning()


def test_with_a_subnet_of_their_own_pods_take_no_address_of_the_nodes_subnet(tmp_path: Path) -> None:
    found = plan(with_settings(POD_SUBNET, tmp_path, pod_subnet='"10.220.8.0/22"', max_pods="250"))
    assert (found.addresses_per_pod, found.addresses_per_node) == (1, 1)
    assert (found.subnet_addresses, found.nodes_by_subnet, found.pod_subnet_addresses) == (251, 251, 1019)
    # 250 pods take 16 batches of 16.
    assert found.nodes_by_pod_subnet == 3
    assert "room for 3 nodes" in found.meaning()


@pytest.mark.parametrize(("max_pods", "nodes"), [("16", 63), ("17", 31), ("30", 31), ("250", 3)])
def test_a_pod_subnet_is_taken_by_batches_of_16(max_pods: str, nodes: int, tmp_path: Path) -> None:
    found = plan(with_settings(POD_SUBNET, tmp_path, pod_subnet='"10.220.8.0/22"', max_pods=max_pods))
    assert found.nodes_by_pod_subnet == nodes


def test_an_azure_route_table_has_room_for_400_routes_one_a_node_and_version_of_ip(tmp_path: Path) -> None:
    found = plan(with_settings(KUBENET, tmp_path, pod_cidr='"10.244.0.0/14"', subnet='"10.220.0.0/22"'))
    assert (found.nodes_by_pod_cidr, found.nodes_by_subnet, found.nodes_by_route_table) == (1024, 1019, 400)
    assert "room for 400 nodes" in found.meaning()
    assert plan(DUAL).nodes_by_route_table == 200
    assert plan(OVERLAY).nodes_by_route_table is None


def test_another_route_in_the_table_takes_the_room_of_a_node(tmp_path: Path) -> None:
    copy = with_settings(KUBENET, tmp_path)
    with (copy / "capture.toml").open("a") as manifest:
        manifest.write('[[network.route_table]]\naddress_prefix = "0.0.0.0/0"\nnext_hop_ip_address = "10.220.9.4"\n')
    assert plan(copy).nodes_by_route_table == 399


def test_the_azure_route_table_shows_what_part_of_the_pod_cidr_a_node_has() -> None:
    found = plan(CORPUS / "modes/lab-kubenet-calico")
    assert (found.node_prefixlen, found.nodes_by_pod_cidr) == (24, 256)


def test_the_configuration_of_host_local_shows_it_too() -> None:
    found = plan(CORPUS / "modes/lab-ptp")
    assert (found.node_prefixlen, found.nodes_by_pod_cidr) == (24, 256)
    # These nodes are in no VNet: nothing is said of what Azure keeps of a subnet.
    assert (found.addresses_per_pod, found.subnet_addresses) == (0, None)


def test_parts_of_an_ipv6_pod_cidr_are_counted_as_well() -> None:
    found = plan(CORPUS / "modes/lab-bridge-ipv6")
    assert (found.node_prefixlen, found.nodes_by_pod_cidr) == (64, 256)


@pytest.mark.parametrize(
    ("node", "settings", "conflicts"),
    [
        (KUBENET, {"vnet": '"10.0.0.0/8"'}, ("VNet and pod CIDR overlap", "VNet and service CIDR overlap")),
        (KUBENET, {"service_cidr": '"10.244.128.0/17"', "dns_service_ip": ""}, ("pod CIDR and service CIDR overlap",)),
        (KUBENET, {"service_cidr": '"10.220.0.0/25"', "dns_service_ip": ""}, ("VNet and service CIDR overlap",)),
        (
            KUBENET,
            {"vnet": "", "service_cidr": '"10.220.0.0/25"', "dns_service_ip": ""},
            ("node subnet and service CIDR overlap",),
        ),
        (KUBENET, {"service_cidr": '"10.1.0.0/16"'}, ("the DNS address is outside the service CIDR",)),
        (
            TRANSPARENT,
            {"service_cidr": '"172.17.0.0/16"', "dns_service_ip": ""},
            ("service CIDR and Docker bridge overlap",),
        ),
        # Of pods that have addresses of the VNet, the pod CIDR is the VNet.
        (TRANSPARENT, {"pod_cidr": '"10.220.0.0/16"'}, ()),
        (POD_SUBNET, {"pod_subnet": '"10.220.0.128/25"'}, ("node subnet and pod subnet overlap",)),
        (POD_SUBNET, {"pod_subnet": '"10.220.8.0/22"'}, ()),
    ],
)
def test_networks_that_overlap_are_told_with_their_lines(
    node: Path, settings: dict[str, str], conflicts: tuple[str, ...], tmp_path: Path
) -> None:
    copy = with_settings(node, tmp_path, **settings)
    found = plan(copy)
    assert found.conflicts == conflicts
    assert all(f"CONFLICT: {conflict}" in found.summary() for conflict in conflicts)
    evidence = {line.text for line in described(copy).address_plan.evidence}
    for name, value in settings.items():
        assert not value or not conflicts or f"{name} = {value}" in evidence


def test_a_conflict_is_told_even_when_nothing_else_is_known(tmp_path: Path) -> None:
    (tmp_path / "capture.toml").write_text('[network]\nvnet = "10.0.0.0/8"\nservice_cidr = "10.0.0.0/16"\n')
    assert plan(tmp_path).conflicts == ("VNet and service CIDR overlap",)


def test_one_network_alone_is_no_plan(tmp_path: Path) -> None:
    (tmp_path / "capture.toml").write_text('[network]\nvnet = "10.0.0.0/8"\n')
    fact = described(tmp_path).address_plan
    assert isinstance(fact, Unknown)
    assert fact.commands


def test_a_comparison_shows_the_numbers_side_by_side(tmp_path: Path) -> None:
    left, right = described(KUBENET), described(with_settings(TRANSPARENT, tmp_path, max_pods="30"))
    (aspect,) = (aspect for aspect in compare(left, right).aspects if aspect.name == "address_plan")
    assert {change.part: (change.left, change.right) for change in aspect.changes} == {
        "addresses_per_node": (1, 31),
        "addresses_per_pod": (0, 1),
        "nodes_by_subnet": (251, 8),
    }
    assert set(aspect.not_compared) == {"max_pods", "node_prefixlen", "nodes_by_pod_cidr", "nodes_by_route_table"}


# Versions of IP.


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("lab-kubenet-containerd", ("IPv4", "IPv4", None)),
        ("lab-kubenet-dual", ("dual stack", "dual stack", "dual stack")),
        ("lab-azure-overlay-dual", ("dual stack", "dual stack", "dual stack")),
        ("lab-bridge-ipv6", ("IPv6", "IPv6", "IPv6")),
    ],
)
def test_the_versions_of_ip_are_those_of_the_addresses(name: str, expected: tuple[str | None, ...]) -> None:
    found = families(CORPUS / "modes" / name)
    assert (found.node, found.pods, found.services) == expected


def test_a_listing_of_one_version_does_not_show_that_there_is_no_other(tmp_path: Path) -> None:
    copy = Path(shutil.copytree(DUAL, tmp_path / "node"))
    for file in copy.glob("*ip_addr.txt"):
        blocks = [line for line in file.read_text().splitlines(keepends=True) if not line.lstrip().startswith("inet6")]
        file.write_text("".join(line for line in blocks if "valid_lft" not in line))
    text = re.sub(r"(?m)^\w+_(prefixes|cidrs) = .*\n", "", (copy / "capture.toml").read_text())
    (copy / "capture.toml").write_text(text.replace('"ip", "addr"', '"ip", "-4", "addr"'))
    for file in copy.glob("ip6tables*"):
        file.unlink()
    assert isinstance(described(copy).ip_families, Unknown)


def test_what_is_stated_counts_and_must_not_be_contradicted(tmp_path: Path) -> None:
    found = families(with_settings(KUBENET, tmp_path / "one", ip_families='["IPv4"]'))
    assert (found.pods, found.services) == ("IPv4", "IPv4")
    contradicted = described(with_settings(DUAL, tmp_path / "other", ip_families='["IPv4"]')).ip_families
    assert isinstance(contradicted, Unknown)
    assert contradicted.contradictory
    assert any("fd12:" in line.text for line in contradicted.evidence)
    assert any("ip_families" in line.text for line in contradicted.evidence)
