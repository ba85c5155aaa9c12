"""The facts about the shipped nodes, and how they fare when evidence is taken away or contradicts itself."""

from __future__ import annotations

import re
import shutil
import tomllib
from ipaddress import IPv4Network
from itertools import combinations
from pathlib import Path
from typing import Any

import attrs
import pytest

from aksparse import Architecture, Capture, Known, Unknown, build_wiring, describe, load_capture
from aksparse.architecture.description import ASPECTS
from aksparse.architecture.marks import marks_of
from aksparse.architecture.view import NodeView

CAPTURES = Path(__file__).parents[1] / "corpus/captures"
COMMANDS = CAPTURES.parent / "commands"
AT0 = Path(__file__).parent / "data/at0"
NODES = [*sorted(CAPTURES.iterdir()), AT0]

KUBENET_ROUTES = (
    "Kernel IP routing table\n"
    "Destination     Gateway         Genmask         Flags Metric Ref    Use Iface\n"
    "0.0.0.0         10.220.1.1      0.0.0.0         UG    0      0        0 eth0\n"
    "10.100.1.0      0.0.0.0         255.255.255.0   U     0      0        0 cbr0\n"
    "10.220.1.0      0.0.0.0         255.255.255.0   U     0      0        0 eth0\n"
)
KUBENET_BRIDGES = "bridge name\tbridge id\t\tSTP enabled\tinterfaces\ncbr0\t\t8000.160c0cac5660\tno\t\tveth9423965c\n"


def described(path: Path) -> Architecture:
    return describe(build_wiring(load_capture(path)))


def load_from(directory: Path, log: str) -> Capture:
    file = directory / "node.log"
    file.write_text(log)
    return load_capture(file)


def from_log(directory: Path, log: str, name: str = "node.log") -> Architecture:
    file = directory / name
    file.write_text(log)
    return described(file)


def compared(value: Any) -> dict[str, Any]:
    """The known parts of a value that do not belong to the one node."""
    fields = [field for field in attrs.fields(type(value)) if not field.metadata.get("instance")]
    return {field.name: part for field in fields if (part := getattr(value, field.name)) is not None}


def summaries(architecture: Architecture) -> dict[str, str]:
    """Each known fact in words."""
    facts = {name: getattr(architecture, name) for name in ASPECTS}
    return {name: fact.value.summary() for name, fact in facts.items() if isinstance(fact, Known)}


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


# Taking evidence away.


def without(path: Path, gone: tuple[str, ...], to: Path) -> Path:
    """A copy of a capture without some files and their entries."""
    copy = to / path.name
    copy.mkdir(parents=True)
    head, *entries = (path / "capture.toml").read_text().split("\n[[outputs]]\n")
    kept = [entry for entry in entries if not any(f'file = "{file}"' in entry for file in gone)]
    (copy / "capture.toml").write_text("\n[[outputs]]\n".join([head, *kept]))
    for file in path.glob("*.txt"):
        if file.name not in gone:
            (copy / file.name).write_bytes(file.read_bytes())
    return copy


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


# Contradictions.


def test_a_page_that_mixes_two_clusters_is_told_to_contradict_itself(tmp_path: Path) -> None:
    page = "# Part 2\n\n```\naz aks create \\\n-g $RG \\\n--network-plugin azure\n```\n\n"
    for name, line in (
        ("azure-cni/docker_inspect.txt", "docker inspect --format '{{ .State.Pid }}' 8bdb2bd78165"),
        ("azure-cni/nsenter_ip_addr.txt", "sudo nsenter -t 6502 -n ip addr"),
        ("kubenet/brctl_show.txt", "brctl show"),
        ("kubenet/route_n.txt", "route -n"),
        ("kubenet/iptables_postrouting.txt", "iptables -t nat -nL POSTROUTING --line-numbers"),
        ("kubenet/kubectl_get_nodes.txt", "kubectl get nodes -o wide"),
        ("kubenet/kubectl_get_pods.txt", "kubectl get pods --all-namespaces -o wide"),
    ):
        page += f"```bash\n{line}\n{(CAPTURES / name).read_text()}```\n\n"
    architecture = from_log(tmp_path, page, "page.md")
    plugin, addressing = architecture.network_plugin, architecture.pod_addressing
    assert isinstance(plugin, Unknown)
    assert plugin.reason == (
        "contradiction: no one mode shows stated plugin azure "
        "(azure-bridge, azure-transparent, azure-calico, azure-npm ...) and bridge cbr0 (kubenet)"
    )
    texts = [line.text for line in plugin.evidence]
    assert texts[0] == "--network-plugin azure"
    assert any("cbr0" in text for text in texts)
    assert any("kubenet: SNAT" in text for text in texts)
    assert isinstance(addressing, Unknown)
    assert addressing.reason == (
        "contradiction: the node routes 10.100.1.0/24 to its pods, and some have other addresses"
    )
    assert any("10.220.2.13/24" in line.text for line in addressing.evidence)
    assert any("cbr0" in line.text for line in addressing.evidence)


def test_two_plugins_stated_in_one_capture_contradict_each_other(tmp_path: Path) -> None:
    (tmp_path / "capture.toml").write_text('[network]\nnetwork_plugin = "kubenet"\n')
    (tmp_path / "create.txt").write_text("az aks create -g RG -n one --network-plugin azure\n")
    fact = described(tmp_path).network_plugin
    assert isinstance(fact, Unknown)
    assert [line.text for line in fact.evidence] == [
        'network_plugin = "kubenet"',
        "az aks create -g RG -n one --network-plugin azure",
    ]


def azure_output(case: str) -> str:
    """What the Azure CLI prints, behind the command line that printed it."""
    directory = COMMANDS / case
    argv = tomllib.loads((directory / "provenance.toml").read_text())["argv"]
    return f"$ {' '.join(argv)}\n{(directory / 'input.txt').read_text()}"


@pytest.mark.parametrize("form", ["table", "json"])
def test_the_route_table_that_azure_prints_leads_to_pods_on_other_nodes(tmp_path: Path, form: str) -> None:
    routes = KUBENET_ROUTES.replace("10.100.1.0", "10.24.1.0")
    log = f"$ route -n\n{routes}$ brctl show\n{KUBENET_BRIDGES}"
    log += azure_output(f"az_route_table/kubenet-{form}") + azure_output("az_aks_show/kubenet-json")
    architecture = from_log(tmp_path, log)
    remote = architecture.remote_pods
    assert isinstance(remote, Known)
    assert remote.value.kind == "Azure route table"
    assert remote.value.routes == (
        "10.24.2.0/24 via 10.220.2.4",
        "10.24.0.0/24 via 10.220.2.5",
        "10.24.1.0/24 via 10.220.2.6",
    )
    assert len(remote.evidence) == (3 if form == "table" else 9)
    assert all(re.search(r"10\.2[24]|VirtualAppliance", line.text) for line in remote.evidence)
    services = architecture.service_addresses
    assert isinstance(services, Known)
    assert {'"serviceCidr": "10.10.0.0/24",', '"dnsServiceIp": "10.10.0.10",'} <= {
        line.text.strip() for line in services.evidence
    }


def test_what_azure_prints_of_a_cluster_states_its_plugin_and_contradicts_another(tmp_path: Path) -> None:
    log = azure_output("az_aks_show/overlay-dual-stack-json")
    fact = from_log(tmp_path, log).network_plugin
    assert '"networkPluginMode": "overlay",' in [line.text.strip() for line in fact.evidence]
    fact = from_log(tmp_path, f"{log}$ brctl show\n{KUBENET_BRIDGES}").network_plugin
    assert isinstance(fact, Unknown)
    assert fact.reason.startswith("contradiction: ")


def test_a_list_of_clusters_does_not_tell_which_one_a_node_is_in(tmp_path: Path) -> None:
    log = azure_output("az_aks_show/kubenet-json") + azure_output("az_aks_show/overlay-dual-stack-json")
    capture = NodeView(build_wiring(load_from(tmp_path, log)))
    assert capture.stated("network_plugin") == {}


def test_the_subnet_that_a_cluster_names_has_the_network_that_the_list_of_subnets_gives_it(tmp_path: Path) -> None:
    log = azure_output("az_aks_show/pod-subnet-json") + azure_output("az_subnet_list/json")
    node = NodeView(build_wiring(load_from(tmp_path, log)))
    found = {name: node.setting(name) for name in ("subnet", "pod_subnet", "max_pods", "pod_cidr")}
    assert {name: fact.value for name, fact in found.items() if fact} == {
        "subnet": IPv4Network("10.220.2.0/24"),
        "pod_subnet": IPv4Network("10.241.0.0/16"),
        "max_pods": 30,
    }
    texts = [line.text.strip() for line in found["pod_subnet"].evidence] if found["pod_subnet"] else []
    assert texts[0] == '"addressPrefix": "10.241.0.0/16",'
    assert texts[1].startswith('"podSubnetId": ')


def test_two_addresses_of_the_dns_service_contradict_each_other(tmp_path: Path) -> None:
    text = (CAPTURES / "lab-kubenet/iptables_t_nat_nL.txt").read_text()
    (tmp_path / "nat.txt").write_text(text)
    (tmp_path / "capture.toml").write_text('[network]\ndns_service_ip = "10.0.0.10"\n')
    fact = described(tmp_path).service_addresses
    assert isinstance(fact, Unknown)
    assert fact.reason == "contradiction: several values for the DNS address: 10.0.0.10, 10.200.0.10"
    assert len(fact.evidence) == 3


def pod(pid: int, index: int, address: str, gateway: str) -> str:
    return (
        f"$ nsenter -t {pid} -n ip addr\n"
        f"2: eth0@if{index}: <BROADCAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default\n"
        "    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff link-netnsid 0\n"
        f"    inet {address}/24 scope global eth0\n       valid_lft forever preferred_lft forever\n"
        f"$ nsenter -t {pid} -n route -n\nKernel IP routing table\n"
        "Destination     Gateway         Genmask         Flags Metric Ref    Use Iface\n"
        f"0.0.0.0         {gateway}      0.0.0.0         UG    0      0        0 eth0\n"
    )


def test_pods_inside_and_outside_the_nodes_subnet_contradict_each_other(tmp_path: Path) -> None:
    log = pod(10, 5, "10.220.1.9", "10.220.1.1") + pod(11, 6, "10.100.1.9", "10.100.1.1")
    architecture = from_log(tmp_path, f"{log}$ route -n\n{KUBENET_ROUTES}")
    addressing, gateway = architecture.pod_addressing, architecture.pod_gateway
    assert isinstance(addressing, Unknown)
    assert addressing.reason == ("contradiction: some pods are inside the node's subnet 10.220.1.0/24, some outside")
    assert isinstance(gateway, Unknown)
    assert gateway.reason == "contradiction: pods have different gateways"
    assert len(gateway.evidence) == 2


def test_a_pod_that_only_kubectl_lists_may_be_on_the_network_of_its_node(tmp_path: Path) -> None:
    pods = (CAPTURES / "kubenet/kubectl_get_pods.txt").read_text()
    fact = from_log(tmp_path, f"$ kubectl get pods -A -o wide\n{pods}$ route -n\n{KUBENET_ROUTES}").pod_addressing
    assert isinstance(fact, Unknown)
    assert "contradiction" not in fact.reason
    assert fact.commands == ("kubectl get nodes -o wide",)


def test_host_links_of_two_plugins_contradict_each_other(tmp_path: Path) -> None:
    bridges = KUBENET_BRIDGES + "\t\t\t\t\t\t\tazv2940ba34862\n"
    fact = from_log(tmp_path, f"$ brctl show\n{bridges}").host_link_naming
    assert isinstance(fact, Unknown)
    assert fact.reason == "contradiction: host links are named azv* and veth*"


# What is said and what is not.


def test_what_is_outside_the_nodes_subnet_may_be_inside_the_vnet(tmp_path: Path) -> None:
    copy = without(AT0, (), tmp_path)
    for file in copy.glob("*_*.txt"):
        file.write_text(re.sub(r"\b10\.220\.3\.(1[0-2])\b", r"10.244.0.\1", file.read_text()))
    said = summaries(described(copy))
    assert said["network_plugin"] == "azure"
    assert said["pod_attachment"] == "a route per pod to 3 host links"
    assert said["pod_addressing"].startswith("pod CIDR: ")
    assert said["remote_pods"] == "Azure CNI overlay"
    # Without the VNet, nothing says whether what is outside the node's subnet is still inside it.
    manifest = copy / "capture.toml"
    manifest.write_text(re.sub(r"(?m)^vnet = .*\n", "", manifest.read_text()))
    assert "pod_addressing" not in summaries(described(copy))


def test_a_network_without_a_stated_role_is_not_compared_by_its_address(tmp_path: Path) -> None:
    nat = (CAPTURES / "lab-azure-cni/iptables_t_nat_nvL.txt").read_text()
    architecture = from_log(tmp_path, f"$ iptables -t nat -nvL --line-numbers\n{nat}")
    assert isinstance(architecture.source_nat, Known)
    assert isinstance(architecture.service_path, Known)
    assert compared(architecture.source_nat.value) == {
        "mechanism": "ip-masq-agent",
        "marked_packets": True,
        "platform": False,
    }
    assert compared(architecture.service_path.value) == {"mechanism": "kube-proxy, iptables"}
    said = summaries(architecture)["source_nat"]
    assert said == "by ip-masq-agent, for everything except traffic to 10.220.0.0/16, 10.200.0.0/16"


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ('address_prefix = "0.0.0.0/0"\nnext_hop_ip_address = "10.220.9.4"', None),
        ('address_prefix = "192.168.0.0/16"\nnext_hop_ip_address = "10.220.9.4"', None),
        ('address_prefix = "10.100.1.0/24"\nnext_hop_ip_address = "10.220.1.4"', "Azure route table"),
    ],
)
def test_only_a_route_table_that_leads_to_pods_is_the_way_to_them(
    entry: str, expected: str | None, tmp_path: Path
) -> None:
    (tmp_path / "capture.toml").write_text(f"[[network.route_table]]\n{entry}\n")
    (tmp_path / "log.txt").write_text(f"$ brctl show\n{KUBENET_BRIDGES}$ route -n\n{KUBENET_ROUTES}")
    fact = described(tmp_path).remote_pods
    assert (fact.value.kind if isinstance(fact, Known) else None) == expected


def test_a_route_table_does_not_change_that_the_vnet_delivers_to_addresses_of_its_own(tmp_path: Path) -> None:
    copy = without(CAPTURES / "lab-azure-cni", (), tmp_path)
    table = '[[network.route_table]]\naddress_prefix = "0.0.0.0/0"\nnext_hop_ip_address = "10.220.9.4"\n'
    manifest = (copy / "capture.toml").read_text()
    (copy / "capture.toml").write_text(manifest.replace("[[outputs]]", f"{table}\n[[outputs]]", 1))
    assert summaries(described(copy))["remote_pods"] == "natively in the VNet"


def test_a_name_in_evidence_is_a_word_of_its_line(tmp_path: Path) -> None:
    ports = ("azv2940ba34862", "veth0a1b2c3d", "eth0")
    bridges = "bridge name\tbridge id\t\tSTP enabled\tinterfaces\nazure0\t\t8000.000d3a220204\tno\t\t"
    log = f"$ brctl show\n{bridges}" + "\n\t\t\t\t\t\t\t".join(ports)
    fact = from_log(tmp_path, f"{log}\n$ route -n\n{KUBENET_ROUTES.replace('eth0', 'azure0')}").node_address
    assert isinstance(fact, Known)
    words = {line.text.split()[-1] for line in fact.evidence}
    assert "eth0" in words
    assert "veth0a1b2c3d" not in words


def test_a_transcript_without_the_nodes_address_is_described_without_it(tmp_path: Path) -> None:
    architecture = from_log(tmp_path, f"$ brctl show\n{KUBENET_BRIDGES}$ route -n\n{KUBENET_ROUTES}")
    assert isinstance(architecture.node_address, Known)
    assert summaries(architecture)["node_address"] == "the address on eth0, the uplink; eth0 is not a bridge port"


def test_a_listing_without_interfaces_is_told_to_hide_them() -> None:
    lab = described(CAPTURES / "lab-kubenet")
    published = described(CAPTURES / "kubenet")
    assert isinstance(lab.source_nat, Known)
    assert isinstance(published.source_nat, Known)
    assert (lab.source_nat.value.interfaces_shown, published.source_nat.value.interfaces_shown) == (True, False)
    # One chain alone does not show whether there are rules for the platform in others.
    assert compared(lab.source_nat.value) == {**compared(published.source_nat.value), "platform": False}


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


# What only looks like something.


def test_a_virtual_function_makes_no_bridge_of_its_interface(tmp_path: Path) -> None:
    copy = without(CAPTURES / "lab-kubenet", (), tmp_path)
    vf = (
        "8: enP56478s1: <BROADCAST,MULTICAST,SLAVE,UP,LOWER_UP> mtu 1500 qdisc mq master eth0 state UP group default\n"
        "    link/ether 00:0d:3a:11:01:04 brd ff:ff:ff:ff:ff:ff\n"
    )
    with (copy / "ip_addr.txt").open("a") as file:
        file.write(vf)
    for gone in ((), ("brctl_show.txt",)):
        said = summaries(described(without(copy, gone, tmp_path / f"without-{len(gone)}")))
        assert said["node_address"] == "10.220.1.4 on eth0, the uplink; eth0 is not a bridge port"
        assert said["default_route"] == "via 10.220.1.1 dev eth0, the uplink"


def test_a_bridge_of_dockers_is_never_the_bridge_of_the_pods(tmp_path: Path) -> None:
    copy = without(CAPTURES / "lab-kubenet", (), tmp_path)
    shown = (copy / "brctl_show.txt").read_text().splitlines(keepends=True)
    shown.insert(1, "br-0a1b2c3d4e5f\t\t8000.024200000001\tno\t\tvethaaaaaaa\n")
    (copy / "brctl_show.txt").write_text("".join(shown))
    assert summaries(described(copy))["pod_attachment"] == "bridge cbr0 with 3 pod ports, without the uplink"


def test_pods_in_another_subnet_of_the_vnet_are_not_outside_of_it(tmp_path: Path) -> None:
    copy = without(AT0, (), tmp_path)
    assert 'vnet = "10.220.0.0/16"' in (copy / "capture.toml").read_text()
    for file in copy.glob("*_*.txt"):
        file.write_text(re.sub(r"\b10\.220\.3\.(1[0-2])\b", r"10.220.9.\1", file.read_text()))
    said = summaries(described(copy))
    assert said["pod_addressing"].startswith("another subnet of the VNet: ")
    assert said["remote_pods"] == "natively in the VNet"


def nat_rules(*rules: str) -> str:
    head = "target prot opt source destination\n"
    agent = "".join(f"{rule}\n" for rule in rules)
    return (
        f"$ iptables -t nat -nL\nChain POSTROUTING (policy ACCEPT)\n{head}"
        f"IP-MASQ-AGENT  all  --  0.0.0.0/0  0.0.0.0/0\n\nChain IP-MASQ-AGENT (1 references)\n{head}{agent}"
    )


def test_what_is_returned_after_the_masquerade_is_not_exempt(tmp_path: Path) -> None:
    log = nat_rules(
        "RETURN all -- 0.0.0.0/0 10.0.0.0/8",
        "MASQUERADE all -- 0.0.0.0/0 0.0.0.0/0",
        "RETURN all -- 0.0.0.0/0 172.16.0.0/12",
    )
    fact = from_log(tmp_path, log).source_nat
    assert isinstance(fact, Known)
    assert [str(network) for network in fact.value.networks] == ["10.0.0.0/8"]


def test_a_return_with_another_condition_is_not_taken_for_an_exemption(tmp_path: Path) -> None:
    fact = from_log(tmp_path, nat_rules("RETURN tcp -- 10.9.9.9 0.0.0.0/0", "MASQUERADE all -- 0.0.0.0/0 0.0.0.0/0"))
    assert isinstance(fact.source_nat, Unknown)
    assert "conditions" in fact.source_nat.reason


def test_chains_that_were_listed_apart_are_read_together(tmp_path: Path) -> None:
    log = nat_rules("RETURN all -- 0.0.0.0/0 10.0.0.0/8", "MASQUERADE all -- 0.0.0.0/0 0.0.0.0/0")
    apart = log.replace("\nChain IP-MASQ-AGENT", "$ iptables -t nat -nL IP-MASQ-AGENT\nChain IP-MASQ-AGENT")
    assert from_log(tmp_path, apart).source_nat.value.networks == from_log(tmp_path, log).source_nat.value.networks  # type: ignore[union-attr]


def test_a_shell_in_a_pod_is_not_the_node(tmp_path: Path) -> None:
    inside = (CAPTURES / "lab-azure-cni/pod_1_ip_addr.txt").read_text()
    routes = (CAPTURES / "lab-azure-cni/pod_1_route_n.txt").read_text()
    for enters in ("sudo nsenter -t 6502 -n", "kubectl exec -it nginx -- bash", "docker exec -it 8bdb2bd78165 sh"):
        log = f"user@node:~$ {enters}\nroot@node:/# ip addr\n{inside}root@node:/# route -n\n{routes}root@node:/# exit\n"
        architecture = from_log(tmp_path, log)
        assert isinstance(architecture.node_address, Unknown), enters
        assert isinstance(architecture.default_route, Unknown), enters
    one = from_log(tmp_path, f"$ kubectl exec nginx -- ip addr\n{inside}")
    assert isinstance(one.node_address, Unknown)


def test_different_mtus_of_pods_are_all_told(tmp_path: Path) -> None:
    copy = without(CAPTURES / "lab-kubenet", (), tmp_path)
    pod = copy / "pod_2_ip_addr.txt"
    pod.write_text(pod.read_text().replace("mtu 1500", "mtu 1400"))
    assert summaries(described(copy))["mtu"].startswith("pod 1400/1500, ")


def test_a_name_that_no_listing_has_is_reported(tmp_path: Path) -> None:
    copy = without(CAPTURES / "lab-kubenet", (), tmp_path)
    manifest = copy / "capture.toml"
    manifest.write_text(manifest.read_text().replace("vmss000000", "vmss00000X"))
    diagnostics = build_wiring(load_capture(copy)).diagnostics
    assert [diagnostic.code for diagnostic in diagnostics] == ["unlisted-node"]


LISTED = (
    "$ kubectl get pods -n kube-system -o wide\n"
    "NAME               READY   STATUS    RESTARTS   AGE     IP           NODE     NOMINATED NODE   READINESS GATES\n"
    "kube-proxy-2n62m   1/1     Running   0          5d23h   10.220.1.4   node-0   <none>           <none>\n"
    "kube-proxy-zc7d4   1/1     Running   0          5d23h   10.220.1.5   node-1   <none>           <none>\n"
)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("", "all pods have addresses of the node's subnet 10.220.1.0/24, and may be on the network of their node"),
        # Of another node than these two, or of the first, which tells its name.
        (
            "10.220.1.9",
            "all pods have addresses of the node's subnet 10.220.1.0/24, and may be on the network of their node",
        ),
        ("10.220.1.4", "no address of a pod is in the capture"),
    ],
)
def test_pods_on_the_network_of_their_node_have_no_addresses_of_their_own(
    address: str, reason: str, tmp_path: Path
) -> None:
    inet = f"inet {address}/24 brd 10.220.1.255 scope global eth0"
    line = f"2: eth0    {inet}\\       valid_lft forever preferred_lft forever\n"
    addresses = f"$ ip -o addr\n{line}" if address else ""
    facts = from_log(tmp_path, f"{addresses}$ route -n\n{KUBENET_ROUTES}$ brctl show\n{KUBENET_BRIDGES}{LISTED}")
    assert isinstance(facts.pod_addressing, Unknown)
    assert facts.pod_addressing.reason == reason
    assert isinstance(facts.remote_pods, Unknown)


def test_the_source_of_a_route_is_the_nodes_address(tmp_path: Path) -> None:
    routes = (
        "default via 10.220.1.1 dev eth0 proto dhcp src 10.220.1.4 metric 100\n"
        "10.100.1.0/24 dev cbr0 proto kernel scope link src 10.100.1.1\n"
        "10.220.1.0/24 dev eth0 proto kernel scope link src 10.220.1.4 metric 100\n"
    )
    facts = from_log(tmp_path, f"$ ip route\n{routes}$ brctl show\n{KUBENET_BRIDGES}{LISTED}")
    assert isinstance(facts.node_address, Known)
    assert facts.node_address.value.summary() == "10.220.1.4 on eth0, the uplink; eth0 is not a bridge port"
    assert "src 10.220.1.4" in facts.node_address.evidence[0].text
    assert isinstance(facts.pod_addressing, Unknown)
    assert facts.pod_addressing.reason == "no address of a pod is in the capture"


def test_the_mac_of_a_host_link_is_cited_where_it_stands(tmp_path: Path) -> None:
    first = "7: azv1@if2: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP mode DEFAULT group default"
    ether = "    link/ether aa:aa:aa:aa:aa:aa brd ff:ff:ff:ff:ff:ff link-netnsid 0"
    for argv, text, at in (("ip link", f"{first}\n{ether}", 3), ("ip -o link", f"{first}\\{ether}", 2)):
        node = NodeView(build_wiring(load_from(tmp_path, f"$ {argv}\n{text}\n")))
        mark = next(mark for mark in marks_of(node) if mark.kind == "MAC of host links")
        assert [line.line for line in mark.evidence] == [at], argv


def test_services_of_ipv6_alone_are_told_without_a_pod(tmp_path: Path) -> None:
    for name in ("ip6tables_save.txt", "kubectl_get_services.txt"):
        shutil.copy(CAPTURES.parent / "modes/lab-bridge-ipv6" / name, tmp_path)
    facts = described(tmp_path)
    assert isinstance(facts.service_path, Known)
    assert facts.service_path.value.condition == "fd12:3456:789a::/56"
    assert isinstance(facts.services, Known)
    assert facts.services.value.summary() == "4 ports of services, 5 endpoints"
    assert isinstance(facts.service_addresses, Known)
    assert str(facts.service_addresses.value.dns_service_ip) == "fd12:3456:789a:ff00::a"


@pytest.mark.parametrize(("other", "fixed"), [("PERMANENT", True), ("REACHABLE", None)])
def test_a_gateway_is_a_fixed_neighbour_when_it_is_one_of_all_pods(
    other: str, fixed: bool | None, tmp_path: Path
) -> None:
    copy = tmp_path / "lab-azure-transparent"
    shutil.copytree(CAPTURES.parent / "modes" / copy.name, copy)
    neighbours = copy / "pod_2_ip_neigh.txt"
    assert "PERMANENT" in neighbours.read_text()
    neighbours.write_text(neighbours.read_text().replace("PERMANENT", other))
    fact = described(copy).pod_gateway
    assert isinstance(fact, Known)
    assert fact.value.fixed_neighbour is fixed
    assert any(other in line.text for line in fact.evidence)
