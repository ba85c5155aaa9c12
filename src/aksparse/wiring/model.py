"""What a node's wiring is made of. It names no command, and every part keeps the records it was made of."""

from __future__ import annotations

import re
from decimal import Decimal
from ipaddress import IPv4Interface, IPv6Interface

import attrs

from aksparse.capture import Address, Capture, Evidence, Network
from aksparse.commands.kubectl_get import Node
from aksparse.diagnostics import Diagnostic
from aksparse.netfilter.rules import Chain
from aksparse.records import Record

Interface = IPv4Interface | IPv6Interface


@attrs.frozen(kw_only=True)
class HostLink:
    """An interface of the node, as far as it is known.

    Attributes:
        ifname: its name.
        ifindex: its index.
        link_index: the index of its peer in another network namespace.
        master: the bridge it is a port of; absent when it is none, or when that is not known.
        master_known: whether it is known if it is a port of a bridge.
        addresses: its addresses with their networks.
        mtu: its MTU, in bytes.
        mac: its link-layer address.
        records: where this was read.
    """

    ifname: str
    ifindex: int | None = None
    link_index: int | None = None
    master: str | None = None
    master_known: bool = False
    addresses: tuple[Interface, ...] = ()
    mtu: int | None = None
    mac: str | None = None
    records: tuple[Record, ...] = ()


@attrs.frozen(kw_only=True)
class HostBridge:
    """A bridge of the node.

    Attributes:
        name: its name.
        ports: the names of its ports.
        records: where this was read.
    """

    name: str
    ports: tuple[str, ...]
    records: tuple[Record, ...]


@attrs.frozen(kw_only=True)
class HostRoute:
    """A route of the main routing table, of the node or of a pod.

    Attributes:
        network: the destination.
        gateway: the gateway; absent when the destination is on the link itself.
        dev: the interface that packets are sent through; absent when packets are not sent at all.
        metric: the preference; the least wins.
        kind: `unicast`, or what becomes of packets instead, such as `blackhole`.
        protocol: who made the route, such as `bird`; absent when the listing does not say.
        records: where this was read.
    """

    network: Network
    gateway: Address | None = None
    dev: str | None = None
    metric: int = 0
    kind: str = "unicast"
    protocol: str | None = None
    records: tuple[Record, ...] = ()

    @property
    def is_default(self) -> bool:
        """Whether it is for all destinations, through a gateway."""
        return self.network.prefixlen == 0 and self.gateway is not None

    @property
    def is_host(self) -> bool:
        """Whether it is for one address alone."""
        return self.network.prefixlen == self.network.max_prefixlen


@attrs.frozen(kw_only=True)
class Table:
    """A table of netfilter, as far as it was listed.

    Attributes:
        name: its name, such as `nat`.
        version: the version of IP that it is for.
        chains: its chains.
        whole: whether all of it was listed, so that a chain that is not here does not exist.
        interfaces_listed: whether the listing has the interfaces of the rules.
    """

    name: str
    version: int
    chains: tuple[Chain, ...]
    whole: bool
    interfaces_listed: bool

    def chain(self, name: str) -> Chain | None:
        """The chain of that name."""
        return next((chain for chain in self.chains if chain.name == name), None)


@attrs.frozen(kw_only=True)
class PodWiring:
    """A pod with its own network namespace, and how it is connected.

    Attributes:
        namespace: its namespace.
        name: its name.
        address: its address; of several, an IPv4 one.
        addresses: all its addresses.
        prefixlen: the prefix length of that address in the pod.
        containers: the ids of its containers.
        pause_container: the id of its pause container.
        pid: a process in its network namespace.
        ifname: its interface.
        ifindex: the index of its interface, in its own network namespace.
        mtu: the MTU of its interface, in bytes.
        host_ifindex: the index of the host link, which its interface names.
        host_link: the name of the host link.
        bridge: the bridge that the host link is a port of.
        routed: whether a route to this one address leads to the host link.
        default_route: its default route.
        records: where this was read.
    """

    namespace: str | None = None
    name: str | None = None
    address: Address | None = None
    addresses: tuple[Address, ...] = ()
    prefixlen: int | None = None
    containers: tuple[str, ...] = ()
    pause_container: str | None = None
    pid: int | None = None
    ifname: str | None = None
    ifindex: int | None = None
    mtu: int | None = None
    host_ifindex: int | None = None
    host_link: str | None = None
    bridge: str | None = None
    routed: bool = False
    default_route: HostRoute | None = None
    records: tuple[Record, ...] = ()

    @property
    def gateway(self) -> Address | None:
        """The gateway of its default route."""
        return self.default_route.gateway if self.default_route else None


@attrs.frozen(kw_only=True)
class Endpoint:
    """Where a service chain sends packets.

    Attributes:
        address: the address of the endpoint.
        port: its port.
        probability: the probability that a packet that gets to its rule is sent there; absent for the last.
        records: where this was read.
    """

    address: Address
    port: int | None = None
    probability: Decimal | None = None
    records: tuple[Record, ...] = attrs.field(default=(), eq=False, repr=False)


@attrs.frozen(kw_only=True)
class ServiceChain:
    """The path of a service through the nat table.

    Attributes:
        service: the service, as kube-proxy's comment names it: namespace/name:port.
        cluster_ip: its address.
        protocol: its protocol.
        port: its port.
        chain: its `KUBE-SVC` chain.
        masquerade_unless_from: packets from elsewhere than this network are marked for source NAT; absent when
            there is no such rule.
        endpoints: where packets are sent.
        affinity: for how many seconds a client is sent to the same endpoint; absent when it is not.
        records: where this was read.
    """

    service: str
    cluster_ip: Address | None
    protocol: str
    port: int | None
    chain: str
    masquerade_unless_from: Network | None
    endpoints: tuple[Endpoint, ...]
    affinity: int | None = None
    records: tuple[Record, ...]


@attrs.frozen(kw_only=True)
class Wiring:
    """How a node and its pods are connected.

    Attributes:
        capture: what was recorded.
        node: what the cluster says about this node.
        links: the node's interfaces.
        links_known: whether all interfaces were recorded, so that one that is not here does not exist.
        bridges: the node's bridges.
        bridges_known: whether the bridges were recorded, so that a bridge that is not here does not exist.
        routes: the node's routes.
        uplink: the node's physical interface.
        pods: the pods that run on the node with a network namespace of their own.
        tables: the tables of netfilter.
        services: the paths of the services.
        nodes_known: whether the addresses of nodes were recorded, so that a pod on the network of its node is known.
        diagnostics: outputs that were passed over because another speaks for the node.
    """

    capture: Capture
    node: Node | None = None
    links: tuple[HostLink, ...] = ()
    links_known: bool = False
    bridges: tuple[HostBridge, ...] = ()
    bridges_known: bool = False
    routes: tuple[HostRoute, ...] = ()
    uplink: HostLink | None = None
    pods: tuple[PodWiring, ...] = ()
    tables: tuple[Table, ...] = ()
    services: tuple[ServiceChain, ...] = ()
    nodes_known: bool = False
    diagnostics: tuple[Diagnostic, ...] = ()

    def link(self, ifname: str) -> HostLink | None:
        """The node's interface of that name."""
        return next((link for link in self.links if link.ifname == ifname), None)

    def bridge(self, name: str) -> HostBridge | None:
        """The node's bridge of that name."""
        return next((bridge for bridge in self.bridges if bridge.name == name), None)

    def table(self, name: str, version: int = 4) -> Table | None:
        """The table of netfilter of that name."""
        return next((table for table in self.tables if (table.name, table.version) == (name, version)), None)

    def chain(self, name: str, version: int = 4) -> Chain | None:
        """The chain of the nat table of that name."""
        table = self.table("nat", version)
        return table.chain(name) if table else None

    @property
    def addresses(self) -> set[Address]:
        """The addresses of the node's interfaces."""
        return {interface.ip for link in self.links for interface in link.addresses}

    @property
    def default_route(self) -> HostRoute | None:
        """The default route with the lowest metric; one of IPv4 before any of IPv6."""
        defaults = [route for route in self.routes if route.is_default]
        return min(defaults, key=lambda route: (route.network.version, route.metric), default=None)

    def evidence(self, *records: Record) -> tuple[Evidence, ...]:
        """The lines that records were read from."""
        return self.capture.evidence(*records)


_POD_LINK = re.compile(r"(veth|azv|cali|lxc|tap|gke)(?!br|_health)")


def naming(ifname: str) -> str | None:
    """The prefix by which a network plugin names the host links of pods; `None` for other interfaces."""
    found = _POD_LINK.match(ifname)
    return found[1] if found else None
