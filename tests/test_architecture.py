"""The facts about the shipped nodes, and how they fare when evidence is taken away."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import pytest

from aksparse import Known, Unknown, build_wiring, describe, load_capture
from aksparse.architecture.description import ASPECTS
from tests.nodes import (
    CAPTURES,
    KUBENET_BRIDGES,
    KUBENET_ROUTES,
    NODES,
    compared,
    described,
    from_log,
    summaries,
    without,
)

OF_KUBENET = (
    "a node takes 1 address of its subnet, and its pods none; the node subnet has 251 addresses, enough for 251 nodes; "
    "the pods of a node get a /24, of which the pod CIDR has 256"
)
OF_AZURE_CNI = "a node takes 1 address of its subnet, and 1 for each pod it may run; the node subnet has 251 addresses"
BESIDE = "service CIDR 10.200.0.0/16, Docker bridge 172.17.0.0/16"

# The shipped nodes: what is the case, and words that the evidence has to contain.

FACTS: dict[str, dict[str, tuple[str, list[str]]]] = {
    "lab-kubenet": {
        "network_mode": (
            (
                "kubenet; the nearest other mode, flannel, is ruled out by stated plugin kubenet, bridge cbr0 "
                "and source NAT by kubenet"
            ),
            ["cbr0", "kubenet: SNAT for outbound traffic", "network_plugin"],
        ),
        "network_plugin": ("kubenet", ['"kubenet"', "cbr0", "kubenet: SNAT for outbound traffic"]),
        "pod_attachment": (
            "bridge cbr0 with 3 pod ports, without the uplink",
            ["cbr0", "veth1180641f", "vethb7d0a530", "vethbe174216"],
        ),
        "host_link_naming": ("veth*, such as veth1180641f", ["veth1180641f", "vethb7d0a530", "vethbe174216"]),
        "pod_addressing": (
            "pod CIDR: 10.100.1.0/24, outside the node's subnet 10.220.1.0/24",
            ["10.100.1.2/24", "10.100.1.3/24", "10.100.1.4/24", "10.220.1.0/24", "cbr0"],
        ),
        "ip_families": ("node IPv4, pods IPv4", ["10.220.1.4/24", "10.100.1.2/24"]),
        "address_plan": (
            f"{OF_KUBENET} (VNet 10.220.0.0/16, node subnet 10.220.1.0/24, pod CIDR 10.100.0.0/16, {BESIDE})",
            ['subnet = "10.220.1.0/24"', "cbr0", "pod_cidr", "service_cidr", "172.17.0.1/16"],
        ),
        "node_address": (
            "10.220.1.4 on eth0, the uplink; eth0 is not a bridge port",
            ["eth0", "10.220.1.4/24", "cbr0"],
        ),
        "default_route": ("via 10.220.1.1 dev eth0, the uplink", ["0.0.0.0 ", "10.220.1.1", "eth0"]),
        "pod_gateway": (
            "10.100.1.1, the node's bridge",
            ["0.0.0.0 ", "10.100.1.1/24 brd 10.100.1.255 scope global cbr0"],
        ),
        "local_pods": (
            "pod network on the bridge: 10.100.1.0/24 dev cbr0; the node's own packets have the bridge's address",
            ["10.100.1.0 ", "255.255.255.0", "cbr0", "inet 10.100.1.1/24"],
        ),
        "remote_pods": (
            "Azure route table: 10.100.1.0/24 via 10.220.1.4, 10.100.2.0/24 via 10.220.1.5",
            ["10.100.1.0/24", "10.220.1.4", "10.100.2.0/24", "10.220.1.5"],
        ),
        "source_nat": (
            (
                "by kubenet, for everything except traffic to the pod CIDR and the node's own addresses "
                "(in the rules: 10.100.0.0/16)"
            ),
            ["kubenet: SNAT for outbound traffic", "!10.100.0.0/16", "dst-type !LOCAL", "KUBE-POSTROUTING", "pod_cidr"],
        ),
        "service_path": (
            "kube-proxy, iptables; KUBE-MARK-MASQ unless from the pod CIDR (10.100.0.0/16)",
            ["KUBE-SVC-", "KUBE-MARK-MASQ", "!10.100.0.0/16", "pod_cidr"],
        ),
        "services": (
            "4 ports of services, 8 endpoints",
            ["default/nginx: cluster IP", "tcp to:", "kube-system/kube-dns:dns"],
        ),
        "service_addresses": (
            "services 10.200.0.0/16, DNS 10.200.0.10",
            ["service_cidr", "dns_service_ip", "kube-system/kube-dns:dns cluster IP"],
        ),
        "pod_sandbox": ("pause container: mcr.microsoft.com/oss/kubernetes/pause:1.3.1", ["/pause", "k8s_POD_"]),
        "mtu": (
            "pod 1500, host link 1500, bridge 1500, uplink 1500",
            ["eth0@if5: ", "vethb7d0a530@if2: ", "cbr0: ", "eth0@if101: ", "mtu 1500"],
        ),
        "container_runtime": ("docker 19.3.12", ["docker://19.3.12", "aks-nodepool1-27511634-vmss000000"]),
        "kubernetes_version": ("v1.17.11", ["v1.17.11", "aks-nodepool1-27511634-vmss000000"]),
    },
    "lab-azure-cni": {
        "network_mode": (
            (
                "Azure CNI, bridge mode; the nearest other mode, azure-transparent, is ruled out by bridge azure0, "
                "uplink among the bridge's ports and the subnet's gateway as the pods' gateway"
            ),
            ["azure0", "azv", "eth0", "10.220.2.1"],
        ),
        "network_plugin": ("azure", ['"azure"', "azure0", "azv"]),
        "pod_attachment": (
            "bridge azure0 with 3 pod ports, and the uplink",
            ["azure0", "azv2940ba34862", "azv9c2b8fff0a6", "azvf9171aff78b", "eth0"],
        ),
        "host_link_naming": ("azv*, such as azv2940ba34862", ["azv2940ba34862", "azv9c2b8fff0a6", "azvf9171aff78b"]),
        "pod_addressing": (
            "the node's subnet 10.220.2.0/24",
            ["10.220.2.9/24", "10.220.2.13/24", "10.220.2.21/24", 'subnet = "10.220.2.0/24"'],
        ),
        "ip_families": ("node IPv4, pods IPv4", ["10.220.2.4/24", "10.220.2.9/24"]),
        "address_plan": (
            f"{OF_AZURE_CNI} (VNet 10.220.0.0/16, node subnet 10.220.2.0/24, {BESIDE})",
            ['subnet = "10.220.2.0/24"', "10.220.2.9/24", "service_cidr", "172.17.0.1/16"],
        ),
        "node_address": (
            "10.220.2.4 on azure0, the bridge; eth0 is a bridge port",
            ["10.220.2.4/24", "azure0", "eth0@if103", "master azure0"],
        ),
        "default_route": ("via 10.220.2.1 dev azure0, the bridge", ["10.220.2.1", "azure0", "8000.000d3a220204"]),
        "pod_gateway": ("10.220.2.1, the subnet's gateway", ["10.220.2.1", "azure0", "eth0"]),
        "local_pods": (
            "node subnet on the bridge: 10.220.2.0/24 dev azure0",
            ["10.220.2.0 ", "255.255.255.0", "azure0"],
        ),
        "remote_pods": ("natively in the VNet", ["10.220.2.9/24", 'subnet = "10.220.2.0/24"']),
        "source_nat": (
            (
                "by ip-masq-agent, for everything except traffic to the VNet, the service CIDR and "
                "the node's own addresses "
                "(in the rules: 10.220.0.0/16, 10.200.0.0/16)"
            ),
            ["IP-MASQ-AGENT", "RETURN", "10.220.0.0/16", "10.200.0.0/16", "dst-type !LOCAL", "vnet", "service_cidr"],
        ),
        "service_path": (
            "kube-proxy, iptables; KUBE-MARK-MASQ unless from the VNet (10.220.0.0/16)",
            ["KUBE-SVC-", "KUBE-MARK-MASQ", "!10.220.0.0/16", "vnet"],
        ),
        "services": (
            "4 ports of services, 8 endpoints",
            ["default/nginx: cluster IP", "tcp to:", "kube-system/kube-dns:dns"],
        ),
        "service_addresses": (
            "services 10.200.0.0/16, DNS 10.200.0.10",
            ["service_cidr", "dns_service_ip", "kube-dns"],
        ),
        "pod_sandbox": ("pause container: mcr.microsoft.com/oss/kubernetes/pause:1.3.1", ["/pause", "k8s_POD_"]),
        "mtu": (
            "pod 1500, host link 1500, bridge 1500, uplink 1500",
            ["eth0@if6: ", "azv9c2b8fff0a6@if5: ", "azure0: ", "eth0@if103: "],
        ),
        "container_runtime": ("docker 19.3.12", ["docker://19.3.12"]),
        "kubernetes_version": ("v1.17.11", ["v1.17.11"]),
    },
    "kubenet": {
        "network_mode": (
            "kubenet; the nearest other mode, kubenet-calico, is ruled out by bridge cbr0 and host links veth*",
            ["cbr0", "veth9423965c"],
        ),
        "network_plugin": ("kubenet", ['"kubenet"', "cbr0", "kubenet: SNAT for outbound traffic"]),
        "pod_attachment": (
            "bridge cbr0 with 5 pod ports, without the uplink",
            ["cbr0", "veth9423965c", "vethd3b9c108"],
        ),
        "host_link_naming": ("veth*, such as veth9423965c", ["veth9423965c", "vetha1065ff2", "vethd3b9c108"]),
        "pod_addressing": (
            "pod CIDR: 10.100.1.0/24, outside the node's subnet 10.220.1.0/24",
            ["10.100.1.18", "10.100.1.5 ", "10.100.1.3 ", "10.100.1.4 ", "10.220.1.0", "cbr0"],
        ),
        "address_plan": (
            f"{OF_KUBENET} (pod CIDR 10.100.0.0/16, node subnet 10.220.1.0/24)",
            ["10.220.1.0 ", "cbr0", "pod_cidr"],
        ),
        "node_address": (
            "10.220.1.4 on eth0, the uplink; eth0 is not a bridge port",
            ["10.220.1.4", "10.220.1.0", "cbr0"],
        ),
        "default_route": ("via 10.220.1.1 dev eth0, the uplink", ["0.0.0.0 ", "10.220.1.1", "eth0"]),
        "local_pods": ("pod network on the bridge: 10.100.1.0/24 dev cbr0", ["10.100.1.0 ", "cbr0"]),
        "remote_pods": ("Azure route table: 10.100.1.0/24 via 10.220.1.4", ["10.100.1.0/24", "10.220.1.4"]),
        "source_nat": (
            (
                "by kubenet, for everything except traffic to the pod CIDR and the node's own addresses "
                "(in the rules: 10.100.0.0/16) "
                "(a listing without -v hides interfaces)"
            ),
            ["kubenet: SNAT for outbound traffic", "!10.100.0.0/16", "dst-type !LOCAL"],
        ),
        "container_runtime": ("docker 19.3.12", ["docker://19.3.12"]),
        "kubernetes_version": ("v1.17.11", ["v1.17.11", "vmss000000"]),
    },
    "azure-cni": {
        "network_plugin": ("azure", ["--network-plugin azure"]),
        "pod_addressing": (
            "the node's subnet 10.220.2.0/24",
            ["10.220.2.13/24", 'subnet = "10.220.2.0/24"', "AZURECNI"],
        ),
        "ip_families": ("pods IPv4", ["10.220.2.13/24"]),
        "address_plan": (
            f"{OF_AZURE_CNI} (node subnet 10.220.2.0/24, service CIDR 10.200.0.0/16)",
            ['AZURECNI_AKS_CIDR="10.220.2.0/24"', "--service-cidr"],
        ),
        "remote_pods": ("natively in the VNet", ["10.220.2.13/24", 'subnet = "10.220.2.0/24"']),
        "service_addresses": (
            "services 10.200.0.0/16, DNS 10.200.0.10",
            ["--service-cidr", "10.200.0.0/16", "--dns-service-ip", "10.200.0.10"],
        ),
        "pod_sandbox": ("pause container: mcr.microsoft.com/oss/kubernetes/pause:1.3.1", ["1f840366a5ea", "/pause"]),
        "mtu": ("pod 1500", ["14: eth0@if15: ", "mtu 1500"]),
        "container_runtime": ("docker (version not shown)", ["8bdb2bd78165"]),
        "kubernetes_version": ("v1.17.11", ["v1.17.11", "vmss000000"]),
    },
    # Transparent mode: no bridge, a host route per pod, pods inside the node's subnet, 169.254.1.1 as their gateway.
    "at0": {
        "network_plugin": ("azure", ["azv0939df8498f"]),
        "pod_attachment": (
            "a route per pod to 3 host links",
            ["10.220.3.10 ", "10.220.3.11 ", "10.220.3.12 ", "UH", "azv"],
        ),
        "host_link_naming": ("azv*, such as azv0939df8498f", ["azv0939df8498f", "azv74bd062328f", "azvdff819294cc"]),
        "pod_addressing": ("the node's subnet 10.220.3.0/24", ["10.220.3.10/24", "10.220.3.11/24", "10.220.3.12/24"]),
        "ip_families": ("node IPv4, pods IPv4", ["10.220.3.4/24", "10.220.3.10/24"]),
        "address_plan": (
            f"{OF_AZURE_CNI} (VNet 10.220.0.0/16, node subnet 10.220.3.0/24)",
            ["10.220.3.10/24", "10.220.3.0"],
        ),
        "node_address": ("10.220.3.4 on eth0, the uplink; eth0 is not a bridge port", ["10.220.3.4/24", "eth0@if8"]),
        "default_route": ("via 10.220.3.1 dev eth0, the uplink", ["10.220.3.1", "eth0"]),
        "pod_gateway": ("169.254.1.1, a link-local address", ["169.254.1.1", "eth0"]),
        "local_pods": (
            "host route per pod: 10.220.3.10/32, 10.220.3.11/32, 10.220.3.12/32",
            ["255.255.255.255", "azv"],
        ),
        "remote_pods": ("natively in the VNet", ["10.220.3.10/24"]),
        "source_nat": (
            (
                "by ip-masq-agent, for everything except traffic to the VNet and the node's own addresses "
                "(in the rules: 10.220.0.0/16)"
            ),
            ["IP-MASQ-AGENT", "RETURN", "10.220.0.0/16", "vnet"],
        ),
        "service_path": (
            "kube-proxy, iptables; KUBE-MARK-MASQ unless from the VNet (10.220.0.0/16)",
            ["KUBE-SVC-", "KUBE-MARK-MASQ", "!10.220.0.0/16"],
        ),
        "services": ("18 ports of services, 43 endpoints", ["default/nginx cluster IP", "DNAT"]),
        "service_addresses": ("services not shown, DNS 10.0.0.10", ["kube-system/kube-dns:dns cluster IP"]),
        "mtu": ("pod 1500, host link 1500, uplink 1500", ["eth0@if3: ", "azv0939df8498f@if2: ", "eth0@if8: "]),
    },
}


def test_the_facts_of_every_shipped_capture_are_spelled_out() -> None:
    assert FACTS.keys() == {path.name for path in NODES}


@pytest.mark.parametrize("path", NODES, ids=lambda path: path.name)
def test_the_facts_of_a_node_are_these_and_no_others(path: Path) -> None:
    assert summaries(described(path)) == {name: summary for name, (summary, _) in FACTS[path.name].items()}


@pytest.mark.parametrize(
    ("path", "name"),
    [(path, name) for path in NODES for name in FACTS[path.name]],
    ids=lambda part: getattr(part, "name", part),
)
def test_the_evidence_of_a_fact_is_lines_that_say_it(path: Path, name: str) -> None:
    fact = getattr(described(path), name)
    text = "\n".join(line.text for line in fact.evidence)
    for word in FACTS[path.name][name][1]:
        assert word in text, word
    assert len(set(fact.evidence)) == len(fact.evidence)
    for line in fact.evidence:
        directory, _, file = line.source.partition("/")
        assert directory == path.name
        lines = (path / file).read_text(encoding="utf-8").split("\n")
        assert line.text == lines[line.line - 1].rstrip()


def test_the_evidence_of_the_pods_addresses_is_of_those_pods_alone() -> None:
    fact = described(CAPTURES / "lab-azure-cni").pod_addressing
    assert isinstance(fact, Known)
    of_pods = [line for line in fact.evidence if "pod" in line.source]
    assert len(of_pods) == 6
    for line in of_pods:
        assert any(re.search(rf"\b{address}\b", line.text) for address in map(str, fact.value.addresses)), line


@pytest.mark.parametrize("path", NODES, ids=lambda path: path.name)
def test_every_unknown_fact_says_why_and_what_would_show_it(path: Path) -> None:
    architecture = described(path)
    for name in ASPECTS:
        fact = getattr(architecture, name)
        assert isinstance(fact, Known if name in FACTS[path.name] else Unknown), name
        if isinstance(fact, Unknown):
            assert fact.reason, name
            assert fact.commands or fact.reason.startswith("contradiction: "), name


@pytest.mark.parametrize("path", NODES, ids=lambda path: path.name)
def test_every_meaning_is_part_of_one_sentence(path: Path) -> None:
    architecture = described(path)
    for name in summaries(architecture):
        meaning = getattr(architecture, name).value.meaning()
        assert meaning
        assert "\n" not in meaning
        assert not re.search(r"\.( |$)", meaning), meaning
        assert "None" not in meaning
        assert "None" not in getattr(architecture, name).value.summary()


# Taking evidence away.


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("path", NODES, ids=lambda path: path.name)
def test_without_some_files_a_fact_stays_as_it_is_or_becomes_unknown(path: Path, count: int, tmp_path: Path) -> None:
    whole = described(path)
    names = sorted(file.name for file in path.glob("*.txt"))
    subsets = list(combinations(names, count))
    assert len(subsets) >= 5
    for number, gone in enumerate(subsets):
        capture = load_capture(without(path, gone, tmp_path / str(number)))
        assert [str(diagnostic) for diagnostic in capture.diagnostics] == []
        part = describe(build_wiring(capture))
        for name in ASPECTS:
            before, after = getattr(whole, name), getattr(part, name)
            if isinstance(after, Unknown):
                assert after.commands, (gone, name)
                assert "contradiction" not in after.reason, (gone, name)
                continue
            assert isinstance(before, Known), (gone, name)
            parts = compared(before.value)
            assert compared(after.value).items() <= parts.items(), (gone, name)


def test_an_empty_capture_knows_nothing_and_says_how_to_know_everything(tmp_path: Path) -> None:
    architecture = described(tmp_path)
    assert summaries(architecture) == {}
    for name in ASPECTS:
        assert getattr(architecture, name).commands, name


def test_a_node_without_pods_does_not_pretend_to_have_a_mode(tmp_path: Path) -> None:
    log = f"$ route -n\n{KUBENET_ROUTES.replace('cbr0', 'docker0')}$ brctl show\n" + KUBENET_BRIDGES.replace(
        "cbr0", "docker0"
    ).replace("veth9423965c", "")
    architecture = from_log(tmp_path, log)
    assert set(summaries(architecture)) == {"node_address", "default_route"}
    assert isinstance(architecture.pod_attachment, Unknown)
    assert "the node may have no pods" in architecture.pod_attachment.reason


def test_docker0_decides_nothing_even_with_containers_on_it(tmp_path: Path) -> None:
    bridges = KUBENET_BRIDGES.replace("cbr0", "docker0")
    architecture = from_log(tmp_path, f"$ brctl show\n{bridges}")
    assert isinstance(architecture.network_plugin, Unknown)
    assert isinstance(architecture.pod_attachment, Unknown)
    assert isinstance(architecture.host_link_naming, Unknown)
    both = from_log(
        tmp_path, f"$ brctl show\n{bridges}{KUBENET_BRIDGES.splitlines(keepends=True)[1].replace('942', '111')}"
    )
    assert summaries(both)["pod_attachment"] == "bridge cbr0 with 1 pod port"


def test_the_azure_platform_routes_decide_nothing(tmp_path: Path) -> None:
    log = KUBENET_ROUTES + "168.63.129.16 10.220.1.1 255.255.255.255 UGH 0 0 0 eth0\n"
    architecture = from_log(tmp_path, log)
    assert isinstance(architecture.pod_attachment, Unknown)
    assert isinstance(architecture.network_plugin, Unknown)


@pytest.mark.parametrize(
    ("command", "asked_again"),
    [
        ("ip addr", False),
        ("ip -d addr show", False),
        ("ip addr show dev lo", True),
        ("ip netns exec pod ip addr", True),
    ],
)
def test_a_command_that_did_not_show_a_fact_is_not_said_to_show_it(
    command: str, asked_again: bool, tmp_path: Path
) -> None:
    listing = (
        "1: lo: <LOOPBACK> mtu 65536 qdisc noop state DOWN group default qlen 1000\n"
        "    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n"
    )
    node = from_log(
        tmp_path, f"$ {command}\n{listing}$ brctl show\nbridge name\tbridge id\t\tSTP enabled\tinterfaces\n"
    )
    assert isinstance(node.pod_attachment, Unknown)
    assert ("ip addr" in node.pod_attachment.commands) is asked_again
    assert "brctl show" not in node.pod_attachment.commands
    assert "route -n" in node.pod_attachment.commands
