"""Builds a plan in network namespaces: the VNet or the link between nodes, the nodes, their pods.

The CNI plugins that are in a package do their work themselves, with the node's own configuration. What other programs
do, `ip` does here.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from string import Template
from typing import Any

from ipip import Wrapper
from modes import Addressing, Attachment, Delivery, Tunnel
from namespaces import START_SECONDS, Lab, LabError, cni_directory, ip, run_in, set_sysctls
from plan import INTERNET, INTERNET_HOSTS, POD_SUBNET, Node, Plan, Pod, mac_of
from rules import netfilter
from scene import DOCKER_BRIDGE, PLATFORM_ADDRESSES, first_host

CONFIGURATIONS = Path(__file__).parent / "net.d"
# Whoever asks for an address of an Azure VNet is told this one.
GATEWAY_MAC = "12:34:56:78:9a:bc"
# The router's ends of the node links: far from the indexes inside a node, so that `eth0@if101` is
# not mistaken for the peer of a pod.
ROUTER_PORT_INDEX = 101


@dataclass(frozen=True)
class RunningPod:
    pod: Pod
    pid: int


@dataclass(frozen=True)
class RunningNode:
    node: Node
    pid: int
    pods: tuple[RunningPod, ...]


@dataclass(frozen=True)
class Network:
    """A plan that runs."""

    plan: Plan
    router: int
    internet: int
    nodes: tuple[RunningNode, ...]


def build(lab: Lab, plan: Plan, scratch: Path) -> Network:
    """Build a plan; a directory is needed for what the plugins keep."""
    router, internet = lab.namespace(forward=True), lab.namespace()
    _build_internet(plan, router, internet)
    nodes = tuple(
        RunningNode(node, lab.machine(), tuple(RunningPod(pod, lab.namespace()) for pod in node.pods))
        for node in plan.nodes
    )
    network = Network(plan, router, internet, nodes)
    _build_underlay(network)
    for running in nodes:
        _name_namespaces(running)
        _build_uplink(plan, running)
        _attach_pods(plan, running, scratch)
        _build_routes(plan, running)
        _load_rules(plan, running)
    if plan.mode.delivery is Delivery.IPIP:
        lab.close_with(Wrapper(plan, {running.node.number: running.pid for running in nodes}))
    return network


def _build_internet(plan: Plan, router: int, internet: int) -> None:
    ip(router, f"link add internet type veth peer name eth0 netns {internet}", "link set internet up")
    ip(internet, "link set eth0 up")
    for family in plan.mode.families:
        gateway, _, length = INTERNET[family].partition("/")
        ip(router, f"addr add {gateway}/{length} dev internet")
        ip(
            internet,
            f"addr add {INTERNET_HOSTS[family]}/{length} dev eth0",
            f"route add default via {gateway}",
        )
    for address in PLATFORM_ADDRESSES if plan.mode.azure else ():
        ip(internet, f"addr add {address}/32 dev lo")
        ip(router, f"route add {address} via {INTERNET_HOSTS[4]}")


# The network between the nodes.


def _build_underlay(network: Network) -> None:
    if network.plan.mode.azure:
        _build_vnet(network)
    else:
        _build_link(network)


def _ports(network: Network) -> Iterator[tuple[str, RunningNode]]:
    for running in network.nodes:
        node = running.node
        port = f"node{node.number}"
        ip(
            network.router,
            f"link add {port} index {ROUTER_PORT_INDEX + node.number} type veth "
            f"peer name eth0 address {node.mac} netns {running.pid}",
        )
        yield port, running


def _build_vnet(network: Network) -> None:
    """A router that stands for the VNet: it answers for every address, and knows which node has it."""
    plan, router = network.plan, network.router
    if 4 in plan.mode.families:
        ip(router, f"addr add {plan.gateway(4)}/32 dev lo")
    for port, running in _ports(network):
        ip(router, f"link set {port} address {GATEWAY_MAC} addrgenmode none", f"link set {port} up")
        set_sysctls(router, {f"ipv4/conf/{port}/proxy_arp": 1, f"ipv4/neigh/{port}/proxy_delay": 0})
        for family in plan.mode.families:
            address = running.node.of(family).ip
            if family == 6:
                ip(router, f"addr add {plan.gateway(6)}/64 dev {port}")
            ip(
                router,
                f"route add {address} dev {port}",
                *(
                    f"route add {target} via {address} dev {port} onlink"
                    for target in _delivered(plan, running.node, family)
                ),
            )


def _delivered(plan: Plan, node: Node, family: int) -> Iterable[str]:
    """The addresses, besides its own, for which the VNet brings packets to a node."""
    if plan.mode.addressing is Addressing.CLUSTER:
        return [node.pod_network(family)]
    addresses = [str(pod.of(family).ip) for pod in node.pods]
    return addresses if node.platform_client == node.address else [*addresses, node.platform_client]


def _build_link(network: Network) -> None:
    """One link with all nodes and their router on it."""
    ip(network.router, f"link add lan address {mac_of('router')} type bridge", "link set lan up")
    for family in network.plan.mode.families:
        length = ip_network(network.plan.subnet(family)).prefixlen
        ip(network.router, f"addr add {network.plan.gateway(family)}/{length} dev lan")
    for port, _ in _ports(network):
        ip(network.router, f"link set {port} master lan up")


# A node.


def _name_namespaces(running: RunningNode) -> None:
    """Name the namespaces of the pods where `ip` finds the names, as containerd does."""
    names = [
        f"touch /run/netns/{p.pod.netns} && mount --bind /proc/{p.pid}/ns/net /run/netns/{p.pod.netns}"
        for p in running.pods
    ]
    run_in(running.pid, ["sh", "-ec", "\n".join(names)])


def _build_uplink(plan: Plan, running: RunningNode) -> None:
    """The interface that holds the node's address, with what DHCP told."""
    node, pid, uplink = running.node, running.pid, "eth0"
    ip(pid, "link set eth0 up")
    if plan.mode.docker:
        ip(
            pid,
            "link add docker0 address 02:42:7c:2f:9b:1e type bridge",
            f"addr add {first_host(DOCKER_BRIDGE)}/{DOCKER_BRIDGE.prefixlen} brd + dev docker0",
            "link set docker0 up",
        )
    if plan.mode.attachment is Attachment.AZURE_BRIDGE:
        uplink = plan.mode.bridge
        ip(
            pid,
            f"link add {uplink} address {node.mac} type bridge",
            f"link set eth0 master {uplink}",
            f"link set {uplink} up",
        )
    for family in plan.mode.families:
        address, gateway = node.of(family), plan.gateway(family)
        if family == 6:
            # Azure's DHCP gives one address and no network.
            length = address.max_prefixlen if plan.mode.azure else address.network.prefixlen
            ip(
                pid,
                f"addr add {address.ip}/{length} dev {uplink}",
                f"route add default via {gateway} dev {uplink} proto ra metric 100",
            )
            continue
        learnt = f"dev {uplink} proto dhcp src {address.ip} metric 100"
        ip(
            pid,
            f"addr add {address} metric 100 brd + dev {uplink}",
            f"route add default via {gateway} {learnt}",
            f"route add {gateway} scope link {learnt}",
            *(f"route add {a} via {gateway} {learnt}" for a in PLATFORM_ADDRESSES if plan.mode.azure),
        )


def _build_routes(plan: Plan, running: RunningNode) -> None:
    """The routes to pods on other nodes, and the tunnel they go through."""
    mode, node, pid = plan.mode, running.node, running.pid
    protocol = f" proto {mode.between_nodes}" if mode.between_nodes else ""
    if mode.addressing is Addressing.BLOCK:
        ip(pid, f"route add blackhole {node.pod_networks[0]}{protocol}")
    if mode.addressing is Addressing.POD_SUBNET:
        ip(pid, f"route add {POD_SUBNET} via {plan.gateway(4)} dev eth0")
    if mode.cilium:
        _build_cilium(mode.gateway, node, pid)
    others = [other for other in plan.nodes if other is not node]
    if mode.delivery is Delivery.NODES:
        for other in others:
            for family in mode.families:
                ip(pid, f"route add {other.pod_network(family)} via {other.of(family).ip} dev eth0{protocol}")
    if mode.tunnel and mode.delivery is Delivery.VXLAN:
        _build_vxlan(mode.tunnel, running, others, protocol)


def _build_vxlan(tunnel: Tunnel, running: RunningNode, others: list[Node], protocol: str) -> None:
    node, pid, name = running.node, running.pid, tunnel.name
    ip(
        pid,
        f"link add {name} mtu {tunnel.mtu} address {mac_of(name, node.name)} type vxlan id {tunnel.vni} "
        f"local {node.address} dev eth0 dstport {tunnel.port} nolearning",
        f"addr add {node.tunnel_address}/32 dev {name}",
        f"link set {name} up",
    )
    for other in others:
        mac = mac_of(name, other.name)
        ip(
            pid,
            f"neigh add {other.tunnel_address} lladdr {mac} dev {name} nud permanent",
            f"route add {other.pod_networks[0]} via {other.tunnel_address} dev {name} onlink{protocol}",
        )
        run_in(pid, ["bridge", "fdb", "append", mac, "dev", name, "dst", other.address, "self", "permanent"])


def _build_cilium(gateway: str, node: Node, pid: int) -> None:
    """The pair of links of the host, and the rules for packets to and from the proxy."""
    ip(
        pid,
        f"link add cilium_net address {mac_of('cilium_net', node.name)} type veth "
        f"peer name cilium_host address {mac_of('cilium_host', node.name)}",
        "link set cilium_net up",
        "link set cilium_host up",
        f"addr add {gateway}/32 dev cilium_host",
        "route add local default dev lo table 2004",
        "rule add pref 9 fwmark 0x200/0xf00 lookup 2004",
        "rule add pref 100 lookup local",
        "rule del pref 0",
    )


def _load_rules(plan: Plan, running: RunningNode) -> None:
    found = netfilter(plan, running.node)
    if found.sets:
        run_in(running.pid, ["ipset", "restore"], found.sets)
    for family, text in found.rules.items():
        run_in(running.pid, ["iptables-restore" if family == 4 else "ip6tables-restore", "--noflush"], text)


# Pods.


def _attach_pods(plan: Plan, running: RunningNode, scratch: Path) -> None:
    attachment = plan.mode.attachment
    for started in running.pods:
        if attachment is Attachment.ROUTED:
            _attach_routed(plan, running, started)
        elif attachment is Attachment.AZURE_BRIDGE:
            _attach_to_azure0(plan, running, started)
        else:
            _attach_with_plugin(plan, running, started, scratch / running.node.name)
    if attachment is Attachment.BRIDGE_PLUGIN:
        mac = mac_of(plan.mode.bridge, running.node.name)
        _set_mac(running.pid, plan.mode.bridge, mac)
        if "promiscMode" in configuration_text(plan, running.node):
            _drop_duplicates(running, mac)


def _attach_routed(plan: Plan, running: RunningNode, started: RunningPod) -> None:
    mode, pod, pid = plan.mode, started.pod, started.pid
    protocol = f" proto {mode.route_protocol}" if mode.route_protocol else ""
    ip(
        running.pid,
        f"link add {pod.link} mtu {mode.mtu} address {pod.link_mac} type veth "
        f"peer name eth0 mtu {mode.mtu} address {pod.mac} netns {pid}",
        f"link set {pod.link} up",
    )
    set_sysctls(running.pid, {f"ipv4/conf/{pod.link}/proxy_arp": 1, f"ipv4/neigh/{pod.link}/proxy_delay": 0})
    ip(pid, "link set eth0 up")
    for address in pod.addresses:
        gateway = mode.gateway if address.version == 4 else plan.gateway(6)
        ip(running.pid, f"route add {address.ip} dev {pod.link}{protocol}")
        ip(pid, f"addr add {address} dev eth0")
        if address.network.prefixlen < address.max_prefixlen:
            # azure-vnet does so: everything goes through the gateway.
            ip(pid, f"route del {address.network} dev eth0")
        ip(pid, f"route add {gateway} dev eth0", f"route add default via {gateway} dev eth0")
        if mode.fixed_neighbour:
            ip(pid, f"neigh add {gateway} lladdr {pod.link_mac} dev eth0 nud permanent")


def _attach_to_azure0(plan: Plan, running: RunningNode, started: RunningPod) -> None:
    """A port of azure0, whose frames the VNet only sees with the MAC address of the node."""
    pod, pid, bridge = started.pod, started.pid, plan.mode.bridge
    ip(
        running.pid,
        f"link add {pod.link} address {pod.link_mac} type veth peer name eth0 address {pod.mac} netns {pid}",
        f"link set {pod.link} master {bridge} up",
        f"link set {pod.link} type bridge_slave hairpin on",
    )
    address = pod.of(4)
    ip(
        pid,
        "link set eth0 up",
        f"addr add {address} dev eth0",
        f"route add default via {plan.gateway(4)} dev eth0",
    )
    rule = f"-A PREROUTING -p IPv4 -i eth0 --ip-dst {address.ip} -j dnat --to-dst {pod.mac} --dnat-target ACCEPT"
    run_in(running.pid, ["ebtables-nft", "-t", "nat", *rule.split()])


def configuration_text(plan: Plan, node: Node) -> str:
    """The CNI configuration of a node."""
    networks = {f"pod_network_{family}": node.pod_network(family) for family in plan.mode.families if node.pod_networks}
    template = Template((CONFIGURATIONS / plan.mode.conf).read_text())
    return template.substitute(networks, node=node.name)


def _plugin_configuration(plan: Plan, node: Node) -> dict[str, Any]:
    """What the runtime hands to the first plugin."""
    conf: dict[str, Any] = json.loads(configuration_text(plan, node))
    if "plugins" in conf:
        conf = {"cniVersion": conf["cniVersion"], "name": conf["name"], **conf["plugins"][0]}
    return _delegate(plan, node, conf) if conf["type"] == "flannel" else conf


def _delegate(plan: Plan, node: Node, conf: dict[str, Any]) -> dict[str, Any]:
    """What the flannel plugin makes of its own configuration, for the plugin that it calls."""
    return {
        "cniVersion": conf["cniVersion"],
        "name": conf["name"],
        "type": "bridge",
        "bridge": plan.mode.bridge,
        **conf["delegate"],
        "ipMasq": False,
        "isGateway": True,
        "mtu": plan.mode.mtu,
        "ipam": {
            "type": "host-local",
            "ranges": [[{"subnet": node.pod_network(4)}]],
            "routes": [{"dst": plan.pod_cidr(4)}],
        },
    }


def _attach_with_plugin(plan: Plan, running: RunningNode, started: RunningPod, kept: Path) -> None:
    pod = started.pod
    plugins = cni_directory()
    if plugins is None:
        raise LabError("no CNI plugins")
    conf = _plugin_configuration(plan, running.node)
    conf["ipam"]["dataDir"] = str(kept)
    answer = run_in(
        running.pid,
        [str(plugins / conf["type"])],
        json.dumps(conf),
        CNI_COMMAND="ADD",
        CNI_CONTAINERID=pod.uid,
        CNI_NETNS=f"/proc/{started.pid}/ns/net",
        CNI_IFNAME="eth0",
        CNI_PATH=str(plugins),
        PATH="/usr/sbin:/usr/bin:/sbin:/bin",
    )
    result = json.loads(answer)
    addresses = [str(given["address"]) for given in result["ips"]]
    if addresses != [str(address) for address in pod.addresses]:
        raise LabError(f"{pod.name}: host-local gave {addresses}")
    link = next(str(i["name"]) for i in result["interfaces"] if i["name"].startswith("veth"))
    _set_mac(started.pid, "eth0", pod.mac)
    _set_mac(running.pid, link, pod.link_mac)
    ip(running.pid, f"link set {link} name {pod.link}")


def _set_mac(pid: int, link: str, mac: str) -> None:
    """Give a link, while it is up and so keeps its routes, a MAC address and the IPv6 address that is made of it."""
    ip(pid, f"link set {link} address {mac}", f"addr flush dev {link} scope link")
    for way in (1, 0):  # not made, made of the MAC address
        set_sysctls(pid, {f"ipv6/conf/{link}/addr_gen_mode": way})


def _drop_duplicates(running: RunningNode, mac: str) -> None:
    """A promiscuous bridge sends what pods say to each other twice, but for such rules of AKS."""
    network = ip_network(running.node.pod_network(4))
    chain = "AKS-DEDUP-PROMISC"
    for rule in (
        f"-N {chain}",
        f"-A {chain} -p IPv4 -s {mac} -o veth+ --ip-src {network[1]}/32 -j ACCEPT",
        f"-A {chain} -p IPv4 -s {mac} -o veth+ --ip-src {network} -j DROP",
        f"-A OUTPUT -j {chain}",
    ):
        run_in(running.pid, ["ebtables-nft", "-t", "filter", *rule.split()])


def settle(network: Network) -> None:
    """Wait until the recorded node and its pods say that their links are up: the kernel may note it a second late."""
    node = network.nodes[0]
    deadline = time.monotonic() + START_SECONDS
    while waiting := [link for pid in (node.pid, *(pod.pid for pod in node.pods)) for link in _unsettled(pid)]:
        if time.monotonic() > deadline:
            raise LabError(f"{waiting} do not come up")
        time.sleep(0.02)


def _unsettled(pid: int) -> Iterator[str]:
    """The links that are not yet in the state that they will be in: docker0, to which nothing is linked, is down."""
    for link in json.loads(run_in(pid, ["ip", "-j", "-d", "link"])):
        state = "DOWN" if link["ifname"] == "docker0" else "UP"
        if link.get("linkinfo", {}).get("info_kind") in ("veth", "bridge") and link["operstate"] != state:
            yield str(link["ifname"])
