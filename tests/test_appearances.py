"""What the facts leave unsaid, and what only looks like something."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from aksparse import Known, Unknown, build_wiring, load_capture
from aksparse.architecture.marks import marks_of
from aksparse.architecture.view import NodeView
from tests.nodes import (
    AT0,
    CAPTURES,
    KUBENET_BRIDGES,
    KUBENET_ROUTES,
    compared,
    described,
    from_log,
    load_from,
    summaries,
    without,
)

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
    assert summaries(architecture)["node_address"] == (
        "an address that is not shown, on eth0, the uplink; eth0 is not a bridge port"
    )


def test_a_listing_without_interfaces_is_told_to_hide_them() -> None:
    lab = described(CAPTURES / "lab-kubenet")
    published = described(CAPTURES / "kubenet")
    assert isinstance(lab.source_nat, Known)
    assert isinstance(published.source_nat, Known)
    assert (lab.source_nat.value.interfaces_shown, published.source_nat.value.interfaces_shown) == (True, False)
    # One chain alone does not show whether there are rules for the platform in others.
    assert compared(lab.source_nat.value) == {**compared(published.source_nat.value), "platform": False}


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
