"""The addresses and names of a cluster in a mode: two nodes, the pods on them, the services.

Everything that a plugin would choose at random is made of the names here, so that two recordings are the same.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv6Interface, ip_interface, ip_network

from modes import Addressing, Attachment, Mode
from namespaces import LabError
from scene import INTERNET_HOST, NGINX_SERVICE, App, ServicePort

DAY = 24 * 60 * 60
Interface = IPv4Interface | IPv6Interface

INTERNET_HOSTS = {4: INTERNET_HOST, 6: "2001:db8:113::10"}
INTERNET = {4: "203.0.113.1/24", 6: "2001:db8:113::1/64"}
VNET = {4: "10.220.0.0/16", 6: "fd00:db8:220::/48"}
SUBNET = {4: "10.220.0.0/24", 6: "fd00:db8:220::/64"}
POD_SUBNET = "10.220.8.0/22"
PLAIN_SUBNET = {4: "10.240.0.0/24", 6: "fd00:db8:240::/64"}
POD_CIDR = {4: "10.244.0.0/16", 6: "fd12:3456:789a::/56"}
CALICO_CIDR = "192.168.0.0/16"
CALICO_BLOCKS = ("192.168.235.192/26", "192.168.189.64/26")
SERVICE_CIDR = {4: "10.0.0.0/16", 6: "fd12:3456:789a:ff00::/108"}

NGINX = App(
    name="nginx",
    namespace="default",
    image="docker.io/library/nginx:1.27",
    command="",
    ports=(("tcp", 80),),
    labels="app=nginx",
    age="26m",
    seconds=26 * 60,
)
TOOLBOX = App(
    name="toolbox",
    namespace="default",
    image="docker.io/library/busybox:1.36",
    command="",
    ports=(),
    labels="run=toolbox",
    age="12m",
    seconds=12 * 60,
)
COREDNS = App(
    name="coredns",
    namespace="kube-system",
    image="mcr.microsoft.com/oss/kubernetes/coredns:v1.11.1",
    command="",
    ports=(("udp", 53), ("tcp", 53)),
    labels="k8s-app=kube-dns",
    age="5d23h",
    seconds=6 * DAY,
)
AGENT_NAMESPACES = {"kube-flannel-ds": "kube-flannel"}


@dataclass(frozen=True)
class Service:
    """A service; its endpoints are the pods of an app, or the API server."""

    namespace: str
    name: str
    number: int  # its place in the service CIDR
    ports: tuple[ServicePort, ...]
    app: App | None
    age: str


KUBERNETES = Service("default", "kubernetes", 1, (ServicePort("https", "tcp", 443),), None, "6d")
WEB = Service("default", "nginx", 0x640A, NGINX_SERVICE.ports, NGINX, "26m")
KUBE_DNS = Service(
    "kube-system",
    "kube-dns",
    10,
    (ServicePort("dns", "udp", 53), ServicePort("dns-tcp", "tcp", 53)),
    COREDNS,
    "6d",
)
SERVICES = (KUBERNETES, WEB, KUBE_DNS)


def digits(*parts: str) -> str:
    """Hexadecimal digits that stand for the parts."""
    return hashlib.sha1("/".join(parts).encode(), usedforsecurity=False).hexdigest()


def mac_of(*parts: str) -> str:
    """A locally administered MAC address."""
    text = digits("mac", *parts)
    return ":".join([f"{int(text[:2], 16) & 0xFC | 2:02x}", *(text[n : n + 2] for n in range(2, 12, 2))])


@dataclass(frozen=True, kw_only=True)
class Pod:
    """A pod with a network namespace of its own."""

    name: str
    app: App
    addresses: tuple[Interface, ...]
    mac: str
    link: str
    link_mac: str

    @property
    def address(self) -> str:
        """The one that kubectl shows."""
        return str(self.addresses[0].ip)

    @property
    def uid(self) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_DNS, self.name))

    @property
    def netns(self) -> str:
        """The name containerd gives the network namespace."""
        return f"cni-{uuid.uuid5(uuid.NAMESPACE_URL, self.name)}"

    def of(self, family: int) -> Interface:
        return of_family(self.addresses, family)


@dataclass(frozen=True, kw_only=True)
class Agent:
    """A pod on the network of its node."""

    name: str
    app: App
    address: str

    @property
    def uid(self) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_DNS, self.name))


@dataclass(frozen=True, kw_only=True)
class Node:
    """A node: its pods, and the networks their addresses are from, where those belong to the node alone."""

    name: str
    number: int
    addresses: tuple[Interface, ...]
    mac: str
    pods: tuple[Pod, ...]
    agents: tuple[Agent, ...]
    pod_networks: tuple[str, ...]
    platform_client: str  # the address with which its pods ask the platform

    @property
    def address(self) -> str:
        return str(self.addresses[0].ip)

    def of(self, family: int) -> Interface:
        return of_family(self.addresses, family)

    @property
    def all_pods(self) -> tuple[Pod | Agent, ...]:
        return (*self.pods, *self.agents)

    def pod_network(self, family: int) -> str:
        return next(network for network in self.pod_networks if ip_network(network).version == family)

    @property
    def tunnel_address(self) -> str:
        """The address of its end of the tunnel."""
        return str(ip_network(self.pod_networks[0]).network_address)


def of_family(addresses: tuple[Interface, ...], family: int) -> Interface:
    return next(address for address in addresses if address.version == family)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A cluster in a mode."""

    mode: Mode
    nodes: tuple[Node, Node]

    def subnet(self, family: int) -> str:
        return (SUBNET if self.mode.azure else PLAIN_SUBNET)[family]

    def gateway(self, family: int) -> str:
        """The router of the subnet."""
        if family == 6 and self.mode.azure:
            return "fe80::1234:5678:9abc"
        return str(ip_network(self.subnet(family))[1])

    def pod_cidr(self, family: int) -> str | None:
        """The network of all pods, if they have one to themselves."""
        if self.mode.addressing is Addressing.BLOCK:
            return CALICO_CIDR
        return POD_CIDR[family] if self.mode.addressing is Addressing.CLUSTER else None

    def endpoints(self, service: Service, family: int) -> list[str]:
        """The addresses behind a service."""
        if service.app is None:
            return [INTERNET_HOSTS[family]]  # the API server of AKS is a public address
        return [str(pod.of(family).ip) for pod in self.pods if pod.app is service.app]

    def node_source(self, node: Node, family: int, *, local: bool) -> str:
        """The address with which a node asks a pod, of its own or of the other node."""
        if local and self.mode.attachment in (Attachment.BRIDGE_PLUGIN, Attachment.PTP_PLUGIN):
            return str(ip_network(node.pod_network(family))[1])
        if self.mode.tunnel and not local:
            return node.tunnel_address
        return str(node.of(family).ip)

    @property
    def pods(self) -> Iterator[Pod]:
        return (pod for node in self.nodes for pod in node.pods)


def cluster_ip(service: Service, family: int) -> str:
    return str(ip_network(SERVICE_CIDR[family])[service.number])


def families_of(service: Service, mode: Mode) -> tuple[int, ...]:
    """The families of a service: only the one of the lab itself asks for more than the cluster's first."""
    return mode.families if service is WEB else mode.families[:1]


def plan(mode: Mode) -> Plan:
    """The cluster of a mode."""
    first, second = (_node(mode, number) for number in range(2))
    return Plan(mode=mode, nodes=(first, second))


_POD_NAMES = (
    (("coredns-7b9fc4d6b8-v2dxq", COREDNS), ("nginx-6c8f7b9d5-4kq7z", NGINX), ("toolbox", TOOLBOX)),
    (("nginx-6c8f7b9d5-tm9ws", NGINX),),
)


def _node(mode: Mode, number: int) -> Node:
    name = f"aks-nodepool1-31718369-vmss00000{number}" if mode.azure else f"worker-{number}"
    # A node of the node-subnet modes holds its own address and one for each pod it may run.
    host = 4 + number * (31 if mode.addressing is Addressing.SUBNET else 1)
    subnet = SUBNET if mode.azure else PLAIN_SUBNET
    addresses = tuple(_interface(subnet[family], host) for family in mode.families)
    return Node(
        name=name,
        number=number,
        addresses=addresses,
        mac=("00:0d:3a" if mode.azure else "52:54:00") + f":{0x1A + number:02x}:2b:0{4 + number}",
        pods=tuple(_pod(mode, number, name, app, position) for position, (name, app) in enumerate(_POD_NAMES[number])),
        agents=tuple(_agent(agent, number, str(addresses[0].ip)) for agent in mode.agents),
        pod_networks=_pod_networks(mode, number),
        platform_client=_platform_client(mode, number, str(addresses[0].ip)),
    )


def _interface(network: str, host: int) -> Interface:
    whole = ip_network(network)
    return ip_interface(f"{whole[host]}/{whole.prefixlen}")


def _pod_networks(mode: Mode, number: int) -> tuple[str, ...]:
    if mode.addressing is Addressing.BLOCK:
        return (CALICO_BLOCKS[number],)
    if mode.addressing is Addressing.CLUSTER:
        lengths = {4: 24, 6: 64}
        return tuple(
            str(list(ip_network(POD_CIDR[family]).subnets(new_prefix=lengths[family]))[number])
            for family in mode.families
        )
    return ()


def _pod(mode: Mode, number: int, name: str, app: App, position: int) -> Pod:
    link = _link_name(mode, f"{app.namespace}.{name}")
    return Pod(
        name=name,
        app=app,
        addresses=tuple(_pod_address(mode, number, position, family) for family in mode.families),
        mac=mac_of(mode.name, name),
        link=link,
        link_mac=mode.link_mac or mac_of(mode.name, link),
    )


def _pod_address(mode: Mode, number: int, position: int, family: int) -> Interface:
    address = _given_address(mode, number, position, family)
    return ip_interface(f"{address.ip}/{address.max_prefixlen}") if mode.links in ("cali", "lxc") else address


def _given_address(mode: Mode, number: int, position: int, family: int) -> Interface:
    if mode.addressing is Addressing.SUBNET:
        return _interface(SUBNET[family], 5 + number * 31 + position)
    if mode.addressing is Addressing.POD_SUBNET:
        # The first of 16 is the one that azure-cns keeps for itself.
        return _interface(POD_SUBNET, 5 + number * 16 + position)
    networks = _pod_networks(mode, number)
    # host-local begins with the second address; the first is the bridge's or the node's.
    address = _interface(next(n for n in networks if ip_network(n).version == family), 2 + position)
    # azure-cns tells the length of the whole network of pods.
    return ip_interface(f"{address.ip}/{ip_network(POD_CIDR[family]).prefixlen}") if mode.links == "azv" else address


def _platform_client(mode: Mode, number: int, node: str) -> str:
    """What azure-cns has its pods' questions to the platform come from."""
    if mode.addressing is Addressing.POD_SUBNET:
        return str(ip_network(POD_SUBNET)[4 + number * 16])
    return node if mode.addressing is Addressing.SUBNET else str(ip_network(_pod_networks(mode, number)[0])[0])


def _link_name(mode: Mode, pod: str) -> str:
    lengths = {"azv": 11, "cali": 11, "veth": 8, "lxc": 12}
    if mode.links not in lengths:
        raise LabError(f"{mode.links}: no such links")
    return mode.links + digits(pod)[: lengths[mode.links]]


def _agent(name: str, number: int, address: str) -> Agent:
    suffix = "".join(
        "bcdfghjklmnpqrstvwxz2456789"[int(digits(name, str(number))[n : n + 2], 16) % 27] for n in range(0, 10, 2)
    )
    namespace = AGENT_NAMESPACES.get(name, "kube-system")
    app = App(name, namespace, f"mcr.microsoft.com/oss/{name}", "", (), f"k8s-app={name}", "5d23h", 6 * DAY)
    return Agent(name=f"{name}-{suffix}", app=app, address=address)
