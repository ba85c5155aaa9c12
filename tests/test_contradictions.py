"""Statements about a node that contradict each other are told as contradictions, and never averaged."""

from __future__ import annotations

import re
import tomllib
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from aksparse import Known, Unknown, build_wiring
from aksparse.architecture.view import NodeView
from tests.corpus import CORPUS
from tests.nodes import (
    CAPTURES,
    KUBENET_BRIDGES,
    KUBENET_ROUTES,
    described,
    from_log,
    load_from,
)


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
    directory = CORPUS / "commands" / case
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
