"""What a node's wiring is made of. It names no command, and every part keeps the records it was made of."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from functools import cached_property
from ipaddress import IPv4Interface, IPv6Interface

import attrs

from aksparse.capture.model import Address, Capture, Network
from aksparse.commands.cni_conf import CniConf
from aksparse.commands.ip_neigh import Neighbour
from aksparse.commands.kubectl_get import Node, Service
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


MAIN = "main"
"""The routing table that is looked into unless a rule says otherwise."""


@attrs.frozen(kw_only=True)
class Hop:
    """One of several next hops of a route.

    Attributes:
        gateway: the gateway.
        dev: the interface that packets are sent through.
        weight: how large a share of the packets it gets, compared with the others.
    """

    gateway: Address | None = None
    dev: str | None = None
    weight: int | None = None


@attrs.frozen(kw_only=True)
class HostRoute:
    """A route of the node or of a pod.

    Attributes:
        network: the destination.
        source_network: the network that packets must come from; absent when the route is for all packets.
        gateway: the gateway; absent when the destination is on the link itself, or there are several next hops.
        dev: the interface that packets are sent through; absent when packets are not sent at all, or through several.
        hops: the next hops, where there are several.
        metric: the preference; the least wins; absent when the listing leaves the metrics out.
        kind: `unicast`, or what becomes of packets instead, such as `blackhole`.
        table: the name or number of its routing table.
        protocol: who made the route, such as `bird`; absent when the listing does not say.
        scope: how far the destination is, such as `link`; absent when the listing does not say.
        source: the source address to prefer.
        flags: flags, such as `onlink` or `linkdown`.
        records: where this was read.
    """

    network: Network
    source_network: Network | None = None
    gateway: Address | None = None
    dev: str | None = None
    hops: tuple[Hop, ...] = ()
    metric: int | None = None
    kind: str = "unicast"
    table: str = MAIN
    protocol: str | None = None
    scope: str | None = None
    source: Address | None = None
    flags: tuple[str, ...] = ()
    records: tuple[Record, ...] = ()

    @property
    def is_default(self) -> bool:
        """Whether it is for all packets to all destinations, through a gateway."""
        gateways = {self.gateway, *(hop.gateway for hop in self.hops)} - {None}
        return self.network.prefixlen == 0 and self.source_network is None and bool(gateways)

    @property
    def is_host(self) -> bool:
        """Whether it is for one address alone."""
        return self.network.prefixlen == self.network.max_prefixlen


@attrs.frozen(kw_only=True)
class PolicyRule:
    """A rule by which the node chooses a routing table.

    Attributes:
        priority: its priority; the kernel looks at the rules in ascending order.
        version: the version of IP that it is for.
        packets: which packets it is for, and which routes of the table are passed over, in the words of `ip rule`;
            absent when it is for all.
        table: the name or number of the table that it looks into.
        action: what becomes of packets instead, such as `unreachable`.
        records: where this was read.
    """

    priority: int
    version: int
    packets: str | None = None
    table: str | None = None
    action: str | None = None
    records: tuple[Record, ...] = ()

    @property
    def is_usual(self) -> bool:
        """Whether it is one of the three that every node has: for all packets, into a table of the kernel's own."""
        return self.packets is None and self.table in ("local", MAIN, "default")


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
        pause_container: the id of its pause container, where Docker lists it.
        sandbox: the id of its sandbox, where crictl lists it.
        pid: a process in its network namespace.
        netns: the name of its network namespace.
        ifname: its interface.
        ifindex: the index of its interface, in its own network namespace.
        mtu: the MTU of its interface, in bytes.
        host_ifindex: the index of the host link, which its interface names.
        host_link: the name of the host link.
        bridge: the bridge that the host link is a port of.
        routed: whether a route to this one address leads to the host link.
        routes: the routes of its main table.
        neighbours: its neighbours: whom it knows the link-layer address of.
        records: where this was read.
    """

    namespace: str | None = None
    name: str | None = None
    address: Address | None = None
    addresses: tuple[Address, ...] = ()
    prefixlen: int | None = None
    containers: tuple[str, ...] = ()
    pause_container: str | None = None
    sandbox: str | None = None
    pid: int | None = None
    netns: str | None = None
    ifname: str | None = None
    ifindex: int | None = None
    mtu: int | None = None
    host_ifindex: int | None = None
    host_link: str | None = None
    bridge: str | None = None
    routed: bool = False
    routes: tuple[HostRoute, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    records: tuple[Record, ...] = ()

    @property
    def default_route(self) -> HostRoute | None:
        """Its default route with the lowest metric; one of IPv4 before any of IPv6."""
        return _default_of(self.routes)

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
        share: its share of the new connections, of all of them 1.
        records: where this was read.
    """

    address: Address
    port: int | None = None
    probability: Decimal | None = None
    share: Decimal = Decimal(1)
    records: tuple[Record, ...] = attrs.field(default=(), eq=False, repr=False)


@attrs.frozen(kw_only=True)
class ServiceChain:
    """The path of a service through the nat table.

    Attributes:
        service: the service, as kube-proxy's comment names it: namespace/name:port.
        cluster_ip: its address.
        protocol: its protocol.
        port: its port.
        node_port: the port at which every node takes packets for it.
        external: the addresses outside the cluster at which it is reached.
        chain: its `KUBE-SVC` chain, or its `KUBE-SVL` chain when only endpoints on the node count.
        masquerade_unless_from: packets from elsewhere than this network are marked for source NAT; absent when
            there is no such rule.
        masquerade_unless_in: packets that come in through other interfaces than these are marked for source NAT, such
            as `azv+`; absent when there is no such rule.
        endpoints: where packets are sent.
        affinity: for how many seconds a client is sent to the same endpoint; absent when it is not.
        whole: whether none of its endpoints is missing, as far as its chains show.
        records: where this was read.
        row: its row in a listing of the cluster's services.
    """

    service: str
    cluster_ip: Address | None
    protocol: str
    port: int | None
    node_port: int | None = None
    external: tuple[Address, ...] = ()
    chain: str
    masquerade_unless_from: Network | None
    masquerade_unless_in: str | None = None
    endpoints: tuple[Endpoint, ...]
    affinity: int | None = None
    whole: bool = True
    records: tuple[Record, ...]
    row: Service | None = None


@attrs.frozen(kw_only=True)
class RefusedService:
    """A service to which packets are refused, because nothing is behind it.

    Attributes:
        service: the service, as kube-proxy's comment names it: namespace/name:port.
        cluster_ip: its address.
        protocol: its protocol.
        port: its port.
        target: what becomes of packets: `REJECT`, or `DROP` when only endpoints on other nodes are behind it.
        records: where this was read.
    """

    service: str
    cluster_ip: Address | None
    protocol: str
    port: int | None
    target: str
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
        routes: the node's routes of the main table.
        other_routes: its routes of other tables.
        rules: the rules by which it chooses a table.
        neighbours: its neighbours: whom it knows the link-layer address of.
        uplink: the node's physical interface.
        pods: the pods that run on the node with a network namespace of their own.
        tables: the tables of netfilter.
        services: the paths of the services.
        refused: the services to which packets are refused.
        cni: the network configuration that the container runtime uses.
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
    other_routes: tuple[HostRoute, ...] = ()
    rules: tuple[PolicyRule, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    uplink: HostLink | None = None
    pods: tuple[PodWiring, ...] = ()
    tables: tuple[Table, ...] = ()
    services: tuple[ServiceChain, ...] = ()
    refused: tuple[RefusedService, ...] = ()
    cni: CniConf | None = None
    nodes_known: bool = False
    diagnostics: tuple[Diagnostic, ...] = ()

    def link(self, ifname: str) -> HostLink | None:
        """The node's interface of that name."""
        return self._links_by_name.get(ifname)

    @cached_property
    def _links_by_name(self) -> dict[str, HostLink]:
        return {link.ifname: link for link in reversed(self.links)}

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
        """The addresses of the node's interfaces, and those that its routes prefer as a source: only its own can be."""
        of_routes = {route.source for route in (*self.routes, *self.other_routes) if route.source is not None}
        return {interface.ip for link in self.links for interface in link.addresses} | of_routes

    @property
    def default_route(self) -> HostRoute | None:
        """The default route with the lowest metric; one of IPv4 before any of IPv6."""
        return _default_of(self.routes)

    def route_to(self, address: Address) -> HostRoute | None:
        """The route of the main table that a packet to an address takes: the narrowest, of these the preferred one."""
        fitting = [
            route
            for route in self.routes
            if route.source_network is None and route.network.version == address.version and address in route.network
        ]
        return min(fitting, key=lambda route: (-route.network.prefixlen, route.metric or 0), default=None)


def _default_of(routes: Iterable[HostRoute]) -> HostRoute | None:
    defaults = [route for route in routes if route.is_default]
    return min(defaults, key=lambda route: (route.network.version, route.metric or 0), default=None)


_POD_LINK = re.compile(r"(veth|azv|cali|lxc|tap|gke)(?!br|_health)")


def naming(ifname: str) -> str | None:
    """The prefix by which a network plugin names the host links of pods; `None` for other interfaces."""
    found = _POD_LINK.match(ifname)
    return found[1] if found else None
