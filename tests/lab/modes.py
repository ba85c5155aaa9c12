"""The network modes of the lab: one row of data each, and what the rows mean.

A row says what is on a node of that mode. `plan` makes addresses of it, `network` builds it, `rules` and `policies`
write its netfilter rules, `net.d` holds its CNI configuration.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto


class Attachment(Enum):
    """How a pod's link is connected on the node."""

    BRIDGE_PLUGIN = auto()  # a port of a bridge, put there by the CNI bridge plugin
    AZURE_BRIDGE = auto()  # a port of azure0, which also took over eth0 and its address
    ROUTED = auto()  # a route to the pod's address alone, and a gateway that is no real host
    PTP_PLUGIN = auto()  # the same with the node's address as gateway, made by the CNI ptp plugin


class Addressing(Enum):
    """Where pod addresses come from."""

    CLUSTER = auto()  # a /24 of the cluster's pod CIDR for each node
    BLOCK = auto()  # a /26 of it, as Calico's address management hands out
    SUBNET = auto()  # the subnet of the nodes
    POD_SUBNET = auto()  # a subnet of the VNet of their own


class Delivery(Enum):
    """Who brings a packet to a pod on another node."""

    PLATFORM = auto()  # the VNet knows every pod, or the network of pods of every node
    ROUTE_TABLE = auto()  # the VNet as well, told by an Azure route table that the user sees
    NODES = auto()  # the nodes have routes to each other's pods, next hop the other node
    VXLAN = auto()
    IPIP = auto()


@dataclass(frozen=True, kw_only=True)
class Tunnel:
    """The tunnel of an overlay; for VXLAN, its number and port."""

    name: str
    mtu: int
    vni: int = 0
    port: int = 0


FLANNEL_TUNNEL = Tunnel(name="flannel.1", mtu=1450, vni=1, port=8472)
VXLAN_TUNNEL = Tunnel(name="vxlan.calico", mtu=1450, vni=4096, port=4789)
IPIP_TUNNEL = Tunnel(name="tunl0", mtu=1480)


@dataclass(frozen=True, kw_only=True)
class Mode:
    """A network mode.

    Attributes:
        name: what its recording is called, after `lab-`.
        role: what a user would call the mode.
        by_hand: what a program that is in no package would have done, and the lab did instead.
        conf: the CNI configuration, a template in `net.d`, below the name of the mode or on its own.
        links: how the names of the pods' host links begin.
        azure: whether the nodes are Azure VMs; otherwise they are on one link with each other.
        bridge: the bridge of the pods.
        gateway: the address, of no real host, that is the gateway of pods without a bridge.
        fixed_neighbour: whether the pod is told the MAC address of that gateway; otherwise the node answers for it.
        link_mac: the MAC address of every host link, where they all have the same.
        route_protocol: who made the routes to local pods, as `ip route` says it.
        between_nodes: the same for the routes to pods on other nodes.
        masquerade: who writes the rules for packets to the outside.
        from_pods: how kube-proxy tells that a packet comes from a pod: by its `source`, by its `link`.
        policy: who enforces network policies.
        swift: the nat chain that azure-cns fills, for the platform's own addresses.
        docker: whether a docker0 is left over.
        route_n: whether `route -n` is recorded as well.
        agents: the pods on the network of the node.
    """

    name: str
    role: str
    by_hand: str
    conf: str
    attachment: Attachment
    addressing: Addressing
    delivery: Delivery
    links: str
    azure: bool = True
    bridge: str = ""
    gateway: str = ""
    fixed_neighbour: bool = False
    link_mac: str = ""
    route_protocol: str = ""
    between_nodes: str = ""
    tunnel: Tunnel | None = None
    mtu: int = 1500
    masquerade: str = "ip-masq-agent"
    from_pods: str = "source"
    policy: str = ""
    swift: str = ""
    families: tuple[int, ...] = (4,)
    docker: bool = False
    route_n: bool = False
    agents: tuple[str, ...] = ()

    @property
    def hides_pods(self) -> bool:
        """Whether pods on other nodes see the node's address: what the CNI plugins' own ipMasq does."""
        return self.masquerade == "plugin"

    @property
    def cilium(self) -> bool:
        """Whether Cilium forwards, so that there is no kube-proxy."""
        return self.policy == "cilium"


TRANSPARENT = Mode(
    name="azure-transparent",
    role="azure-transparent",
    by_hand="the links, routes and fixed neighbours that azure-vnet makes in transparent mode",
    conf="azure-transparent/10-azure.conflist",
    attachment=Attachment.ROUTED,
    addressing=Addressing.SUBNET,
    delivery=Delivery.PLATFORM,
    links="azv",
    link_mac="aa:aa:aa:aa:aa:aa",
    gateway="169.254.1.1",
    fixed_neighbour=True,
    route_protocol="static",
    docker=True,
    route_n=True,
    agents=("azure-ip-masq-agent", "kube-proxy"),
)
OVERLAY = replace(
    TRANSPARENT,
    name="azure-overlay",
    role="azure-overlay",
    conf="azure-overlay/15-azure-swift-overlay.conflist",
    addressing=Addressing.CLUSTER,
    from_pods="link",
    docker=False,
    agents=("azure-cns", "azure-ip-masq-agent", "kube-proxy"),
)
KUBENET = Mode(
    name="kubenet-containerd",
    role="kubenet",
    by_hand="",
    conf="kubenet-containerd/10-containerd-net.conflist",
    attachment=Attachment.BRIDGE_PLUGIN,
    addressing=Addressing.CLUSTER,
    delivery=Delivery.ROUTE_TABLE,
    links="veth",
    bridge="cbr0",
    route_n=True,
    agents=("azure-ip-masq-agent", "kube-proxy"),
)
CALICO_IPIP = Mode(
    name="calico-ipip",
    role="calico-ipip",
    by_hand=(
        "the links and routes of the calico plugin, the routes of BIRD, and the tunnel: the kernel had no ipip, so "
        "that tunl0 is a TUN device of the link type of one, behind which a program put packets into IP protocol 4"
    ),
    conf="calico/10-calico.conflist",
    attachment=Attachment.ROUTED,
    addressing=Addressing.BLOCK,
    delivery=Delivery.IPIP,
    tunnel=IPIP_TUNNEL,
    mtu=1480,
    links="cali",
    link_mac="ee:ee:ee:ee:ee:ee",
    gateway="169.254.1.1",
    azure=False,
    masquerade="calico",
    policy="calico",
    between_nodes="bird",
    route_n=True,
    agents=("calico-node", "kube-proxy"),
)
FLANNEL = Mode(
    name="flannel",
    role="flannel",
    by_hand="what the flannel plugin hands to the bridge plugin, and the tunnel and routes of flanneld",
    conf="flannel/10-flannel.conflist",
    attachment=Attachment.BRIDGE_PLUGIN,
    addressing=Addressing.CLUSTER,
    delivery=Delivery.VXLAN,
    tunnel=FLANNEL_TUNNEL,
    mtu=1450,
    links="veth",
    bridge="cni0",
    azure=False,
    masquerade="flanneld",
    route_n=True,
    agents=("kube-flannel-ds", "kube-proxy"),
)

AZURE_BRIDGE = Mode(
    name="azure-bridge",
    role="azure-bridge",
    by_hand="the bridge, the links and, with ebtables, the rewritten MAC addresses of azure-vnet in bridge mode",
    conf="azure-bridge/10-azure.conflist",
    attachment=Attachment.AZURE_BRIDGE,
    addressing=Addressing.SUBNET,
    delivery=Delivery.PLATFORM,
    links="azv",
    bridge="azure0",
    route_n=True,
    agents=("azure-ip-masq-agent", "kube-proxy"),
)
POD_SUBNET_MODE = replace(
    OVERLAY,
    name="azure-podsubnet",
    role="azure-podsubnet",
    conf="azure-podsubnet/10-azure.conflist",
    addressing=Addressing.POD_SUBNET,
    from_pods="source",
    swift="SWIFT",
)
AZURE_CILIUM = Mode(
    name="azure-cilium",
    role="azure-cilium",
    by_hand=(
        "the links and routes of Cilium; its eBPF programs, and with them the services, are missing, so that the "
        "routes of the kernel carry the packets"
    ),
    conf="azure-cilium/05-cilium.conflist",
    attachment=Attachment.ROUTED,
    addressing=Addressing.SUBNET,
    delivery=Delivery.PLATFORM,
    links="lxc",
    gateway="169.254.23.0",
    route_protocol="kernel",
    policy="cilium",
    swift="SWIFT-POSTROUTING",
    agents=("azure-cns", "azure-ip-masq-agent", "cilium"),
)
BRIDGE = Mode(
    name="bridge",
    role="bridge",
    by_hand="the routes to the pods of the other node",
    conf="bridge/10-bridge.conf",
    attachment=Attachment.BRIDGE_PLUGIN,
    addressing=Addressing.CLUSTER,
    delivery=Delivery.NODES,
    links="veth",
    bridge="cni0",
    azure=False,
    masquerade="plugin",
    route_n=True,
    agents=("kube-proxy",),
)
PTP = Mode(
    name="ptp",
    role="ptp",
    by_hand="the routes to the pods of the other node, as kindnetd makes them",
    conf="ptp/10-kindnet.conflist",
    attachment=Attachment.PTP_PLUGIN,
    addressing=Addressing.CLUSTER,
    delivery=Delivery.NODES,
    links="veth",
    azure=False,
    masquerade="kindnetd",
    agents=("kindnet", "kube-proxy"),
)
KUBENET_CALICO = Mode(
    name="kubenet-calico",
    role="kubenet-calico",
    by_hand="the links and routes of the calico plugin",
    conf="kubenet-calico/10-calico.conflist",
    attachment=Attachment.ROUTED,
    addressing=Addressing.CLUSTER,
    delivery=Delivery.ROUTE_TABLE,
    links="cali",
    link_mac="ee:ee:ee:ee:ee:ee",
    gateway="169.254.1.1",
    policy="calico",
    route_n=True,
    agents=("azure-ip-masq-agent", "calico-node", "kube-proxy"),
)

MODES = (
    TRANSPARENT,
    OVERLAY,
    KUBENET,
    FLANNEL,
    KUBENET_CALICO,
    AZURE_BRIDGE,
    replace(
        TRANSPARENT,
        name="azure-calico",
        role="azure-calico",
        policy="calico",
        docker=False,
        agents=(*TRANSPARENT.agents, "calico-node"),
    ),
    replace(
        TRANSPARENT,
        name="azure-npm",
        role="azure-npm",
        policy="npm",
        docker=False,
        agents=(*TRANSPARENT.agents, "azure-npm"),
    ),
    POD_SUBNET_MODE,
    AZURE_CILIUM,
    replace(AZURE_CILIUM, name="azure-overlay-cilium", role="azure-overlay-cilium", addressing=Addressing.CLUSTER),
    CALICO_IPIP,
    replace(
        CALICO_IPIP,
        name="calico-bgp",
        role="calico-bgp",
        by_hand="the links and routes of the calico plugin, and the routes of BIRD",
        delivery=Delivery.NODES,
        tunnel=None,
        mtu=1500,
    ),
    replace(
        CALICO_IPIP,
        name="calico-vxlan",
        role="calico-vxlan",
        by_hand="the links and routes of the calico plugin, and the tunnel and routes of felix",
        delivery=Delivery.VXLAN,
        tunnel=VXLAN_TUNNEL,
        mtu=1450,
        between_nodes="80",
    ),
    BRIDGE,
    PTP,
    replace(
        KUBENET,
        name="kubenet-dual",
        role="kubenet-dual",
        conf="kubenet-dual/10-containerd-net.conflist",
        families=(4, 6),
    ),
    replace(
        OVERLAY,
        name="azure-overlay-dual",
        role="azure-overlay-dual",
        conf="azure-overlay-dual/15-azure-swift-overlay-dualstack.conflist",
        families=(4, 6),
    ),
    replace(
        BRIDGE, name="bridge-ipv6", role="bridge-ipv6", conf="bridge-ipv6/10-bridge.conf", families=(6,), route_n=False
    ),
)
