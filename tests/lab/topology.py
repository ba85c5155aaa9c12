"""Builds the nodes of the docker era in network namespaces, with the kernel and the CNI plugins doing the work."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

from namespaces import START_SECONDS, Lab, LabError, cni_directory, ip, run_in
from nat_rules import nat_table
from scene import (
    CLUSTERS,
    DOCKER_BRIDGE,
    INTERNET,
    INTERNET_HOST,
    PLATFORM_ADDRESSES,
    Cluster,
    Node,
    Pod,
    first_host,
)

# Every gateway of an Azure VNet answers with this address.
GATEWAY_MAC = "12:34:56:78:9a:bc"
# The router's ends of the node links: far from the indexes inside a node, so that `eth0@if101` is
# not mistaken for the peer of a pod.
ROUTER_PORT_INDEX = 101


@dataclass(frozen=True)
class RunningPod:
    pod: Pod
    pause_pid: int  # holds the namespace, as the pause container does
    app_pid: int


@dataclass(frozen=True)
class RunningNode:
    node: Node
    pid: int
    pods: tuple[RunningPod, ...]


@dataclass(frozen=True)
class RunningCluster:
    cluster: Cluster
    nodes: tuple[RunningNode, ...]


@dataclass(frozen=True)
class Vnet:
    """The router of the virtual network, and the one host of the internet behind it."""

    router: int
    internet: int


def build_vnet(lab: Lab) -> Vnet:
    router, internet = lab.namespace(forward=True), lab.namespace()
    gateway = first_host(INTERNET)
    ip(
        router,
        f"link add internet type veth peer name eth0 netns {internet}",
        f"addr add {gateway}/{INTERNET.prefixlen} dev internet",
        "link set internet up",
    )
    ip(
        internet,
        f"addr add {INTERNET_HOST}/{INTERNET.prefixlen} dev eth0",
        "link set eth0 up",
        f"route add default via {gateway}",
    )
    return Vnet(router, internet)


def build_cluster(lab: Lab, vnet: Vnet, cluster: Cluster, scratch: Path) -> RunningCluster:
    """The subnet and its nodes with their pods, links, routes and rules."""
    subnet = cluster.subnet
    ip(
        vnet.router,
        f"link add {cluster.role} address {GATEWAY_MAC} type bridge",
        f"addr add {first_host(subnet)}/{subnet.prefixlen} dev {cluster.role}",
        f"link set {cluster.role} up",
    )
    nodes = []
    for number, node in enumerate(cluster.nodes):
        pid = _build_node(lab, vnet, cluster, node, number)
        if node.pod_cidr:
            pods = _kubenet_pods(lab, pid, node, node.pod_cidr, scratch / node.name)
            # The route table that AKS keeps for a kubenet subnet.
            ip(vnet.router, f"route add {node.pod_cidr} via {node.address}")
        else:
            pods = _azure_pods(lab, pid, cluster, node)
        run_in(pid, ["iptables-restore"], nat_table(cluster))
        nodes.append(RunningNode(node, pid, pods))
    for running in nodes:
        _wait_for_bridge(running.pid, "cbr0" if running.node.pod_cidr else "azure0")
    return RunningCluster(cluster, tuple(nodes))


def _wait_for_bridge(pid: int, bridge: str) -> None:
    """Until the bridge says UP: the kernel is up to a second late to note a carrier."""
    deadline = time.monotonic() + START_SECONDS
    while b"state UP" not in run_in(pid, ["ip", "link", "show", bridge]):
        if time.monotonic() > deadline:
            raise LabError(f"{bridge} does not come up")
        time.sleep(0.02)


def _build_node(lab: Lab, vnet: Vnet, cluster: Cluster, node: Node, number: int) -> int:
    pid = lab.namespace(forward=True)
    port = f"{cluster.role}-{number}"
    index = ROUTER_PORT_INDEX + CLUSTERS.index(cluster) * len(cluster.nodes) + number
    ip(
        vnet.router,
        f"link add {port} index {index} type veth peer name eth0 address {node.mac} netns {pid}",
        f"link set {port} master {cluster.role} up",
    )
    ip(
        pid,
        "link set eth0 up",
        "link add docker0 address 02:42:7c:2f:9b:1e type bridge",
        f"addr add {first_host(DOCKER_BRIDGE)}/{DOCKER_BRIDGE.prefixlen} brd + dev docker0",
        "link set docker0 up",
    )
    uplink = "eth0" if node.pod_cidr else "azure0"
    if uplink == "azure0":
        # Bridge mode: azure0 takes over the address of eth0, and eth0 becomes its port.
        ip(
            pid,
            f"link add azure0 address {node.mac} type bridge",
            "link set eth0 master azure0",
            "addr flush dev eth0",
            "link set azure0 up",
        )
    gateway = first_host(cluster.subnet)
    ip(
        pid,
        f"addr add {node.address}/{cluster.subnet.prefixlen} brd + dev {uplink}",
        f"route add default via {gateway} dev {uplink}",
        *(f"route add {address} via {gateway} dev {uplink}" for address in PLATFORM_ADDRESSES),
    )
    return pid


def _start_pod(lab: Lab, pod: Pod) -> RunningPod:
    pause_pid = lab.namespace()
    return RunningPod(pod, pause_pid, lab.process_in(pause_pid))


def _kubenet_pods(lab: Lab, node_pid: int, node: Node, pod_cidr: IPv4Network, ipam: Path) -> tuple[RunningPod, ...]:
    """Pods on cbr0, each put there by the CNI bridge plugin with the kubelet's configuration."""
    running = []
    for number, pod in enumerate(node.pods):
        started = _start_pod(lab, pod)
        veth = _cni_bridge_add(node_pid, started, pod_cidr, ipam)
        _set_mac(node_pid, veth, f"{node.mac[:-2]}{0x40 + number:02x}")
        running.append(started)
    mac = f"16:0c:0c:{node.mac[-8:]}"
    _set_mac(node_pid, "cbr0", mac)
    _drop_duplicates(node_pid, mac, pod_cidr)
    return tuple(running)


def _drop_duplicates(node_pid: int, mac: str, pod_cidr: IPv4Network) -> None:
    """The kubelet's KUBE-DEDUP: a promiscuous bridge sends what pods say to each other twice."""
    gateway = f"{first_host(pod_cidr)}/32"
    for rule in (
        "-N KUBE-DEDUP",
        "-A OUTPUT -j KUBE-DEDUP",
        f"-A KUBE-DEDUP -p IPv4 -s {mac} -o veth+ --ip-src {gateway} -j ACCEPT",
        f"-A KUBE-DEDUP -p IPv4 -s {mac} -o veth+ --ip-src {pod_cidr} -j DROP",
    ):
        run_in(node_pid, ["ebtables-nft", "-t", "filter", *rule.split()])


def _cni_bridge_add(node_pid: int, started: RunningPod, pod_cidr: IPv4Network, ipam: Path) -> str:
    """Attach the pod to cbr0; returns the name of its host link."""
    plugins = cni_directory()
    if plugins is None:
        raise LabError("no CNI plugins")
    configuration = {
        "cniVersion": "0.4.0",
        "name": "kubenet",
        "type": "bridge",
        "bridge": "cbr0",
        "mtu": 1500,
        "isGateway": True,
        "ipMasq": False,
        "hairpinMode": False,
        "promiscMode": True,
        "runtimeConfig": {"mac": started.pod.mac},
        "ipam": {
            "type": "host-local",
            "dataDir": str(ipam),
            "ranges": [[{"subnet": str(pod_cidr)}]],
            "routes": [{"dst": "0.0.0.0/0"}],
        },
    }
    answer = run_in(
        node_pid,
        [str(plugins / "bridge")],
        json.dumps(configuration),
        CNI_COMMAND="ADD",
        CNI_CONTAINERID=started.pod.uid,
        CNI_NETNS=f"/proc/{started.pause_pid}/ns/net",
        CNI_IFNAME="eth0",
        CNI_PATH=str(plugins),
    )
    result = json.loads(answer)
    address = str(result["ips"][0]["address"]).partition("/")[0]
    if address != started.pod.address:
        raise LabError(f"{started.pod.name}: host-local gave {address}")
    return str(next(i["name"] for i in result["interfaces"] if i["name"].startswith("veth")))


def _set_mac(pid: int, link: str, mac: str) -> None:
    # Down and up again, so that the IPv6 link-local address follows.
    ip(pid, f"link set {link} down", f"link set {link} address {mac}", f"link set {link} up")


def _azure_pods(lab: Lab, node_pid: int, cluster: Cluster, node: Node) -> tuple[RunningPod, ...]:
    """Pods on azure0, with addresses of the subnet, linked as Azure CNI does in bridge mode."""
    running = []
    for number, pod in enumerate(node.pods):
        started = _start_pod(lab, pod)
        mac = f"{node.mac[:-2]}{0x40 + number:02x}"
        ip(
            node_pid,
            f"link add {pod.azv} address {mac} type veth peer name {pod.azv}2 address {pod.mac}",
            f"link set {pod.azv} master azure0 up",
            f"link set {pod.azv} type bridge_slave hairpin on",
            f"link set {pod.azv}2 netns {started.pause_pid} name eth0",
        )
        ip(
            started.pause_pid,
            "link set eth0 up",
            f"addr add {pod.address}/{cluster.subnet.prefixlen} dev eth0",
            f"route add default via {first_host(cluster.subnet)} dev eth0",
        )
        running.append(started)
    return tuple(running)
