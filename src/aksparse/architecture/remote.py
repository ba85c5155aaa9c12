"""How pods on other nodes are reached."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

import attrs

from aksparse.architecture.addresses import pod_addressing
from aksparse.architecture.attachment import OWN
from aksparse.architecture.fact import Fact, Known, Unknown, instance, known, listing
from aksparse.architecture.modes import MODES
from aksparse.architecture.plugin import network_mode
from aksparse.architecture.versions import by_version, for_ipv6
from aksparse.architecture.view import ROUTE_TABLE, NodeView
from aksparse.capture.model import Address, Evidence, Network
from aksparse.wiring.model import HostRoute
from aksparse.wiring.outputs import outputs_in

RemoteKind = Literal[
    "Azure route table",
    "natively in the VNet",
    "Azure CNI overlay",
    "routes between the nodes",
    "IPIP tunnel",
    "VXLAN tunnel",
]

PLAIN = "packets of pods"

_TUNNELS: tuple[tuple[RemoteKind, re.Pattern[str]], ...] = (
    ("IPIP tunnel", re.compile(r"tunl0$")),
    ("VXLAN tunnel", re.compile(r"flannel[.\d-]|vxlan(-v6)?\.calico$")),
)


@attrs.frozen(kw_only=True)
class RemotePods:
    """How pods on other nodes are reached.

    Attributes:
        kind: what carries packets from node to node.
        carried_as: what the network between the nodes sees: `packets of pods`, `IP protocol 4`, `UDP port 8472` ...;
            absent where a tunnel's port was not listed, and for what Azure does by itself.
        from_node: what the node's own packets to them have as their source: `the node's address` or
            `the tunnel's address`.
        routes: the routes that lead to pods, as `NETWORK via ADDRESS`.
        ipv6: the same of IPv6, where pods have addresses of both versions.
    """

    kind: RemoteKind
    carried_as: str | None = None
    from_node: str | None = None
    routes: tuple[str, ...] = instance(())
    ipv6: RemotePods | Unknown | None = for_ipv6()

    def summary(self) -> str:
        carried = f" ({self.carried_as})" if self.carried_as not in (None, PLAIN) else ""
        routes = f": {listing(self.routes)}" if self.routes else ""
        source = f"; the node's own packets have {self.from_node}" if self.from_node not in (None, OWN) else ""
        return f"{self.kind}{carried}{routes}{source}"

    def meaning(self) -> str:
        means = {
            "Azure route table": "each node's pods need a route in the Azure route table, or packets to them are lost",
            "natively in the VNet": "the VNet delivers packets between pods itself, and needs no route table for it",
            "Azure CNI overlay": "Azure carries packets between pods of different nodes without a route table",
            "routes between the nodes": "each node routes to the pods of the others, which must be on one link with it",
            "IPIP tunnel": "the network between the nodes sees only nodes' packets, of IP protocol 4, 20 bytes longer",
            "VXLAN tunnel": f"the network between the nodes sees only nodes' packets, of {self.carried_as or 'UDP'}, "
            "50 bytes longer",
        }[self.kind]
        seen = f"; pods see what a node itself sends under {self.from_node}"
        return f"{means}{seen if self.from_node not in (None, OWN) else ''}"


@by_version
def remote_pods(node: NodeView) -> Fact[RemotePods]:
    """How the node reaches pods of other nodes: by its routes, or by what the pods' addresses and the mode imply."""
    addressing = pod_addressing(node)
    found = _by_tunnel(node) or _by_nodes(node)
    if found is not None:
        return found
    if isinstance(addressing, Known) and addressing.value.source == "node subnet":
        return _from_the_node(node, RemotePods(kind="natively in the VNet"), addressing.evidence)
    stated = node.setting("network_plugin_mode")
    if stated is not None and stated.value == "overlay":
        return _from_the_node(node, RemotePods(kind="Azure CNI overlay"), stated.evidence)
    if isinstance(addressing, Known) and addressing.value.source == "another subnet of the VNet":
        return _from_the_node(node, RemotePods(kind="natively in the VNet"), addressing.evidence)
    mode = network_mode(node.whole)
    if isinstance(mode, Known) and "overlay" in mode.value.mode and MODES[mode.value.mode].plugin == "azure":
        return _from_the_node(node, RemotePods(kind="Azure CNI overlay"), mode.evidence)
    return _by_azure(node)


def _by_tunnel(node: NodeView) -> Fact[RemotePods] | None:
    for kind, pattern in _TUNNELS:
        routes = [route for route in _to_networks(node) if pattern.match(route.dev or "")]
        if routes:
            carried, of_port = ("IP protocol 4", ()) if kind == "IPIP tunnel" else _port(node, routes[0].dev)
            source = node.sends_from(routes[0])
            from_node = None if source is None else OWN if _is_own(node, source) else "the tunnel's address"
            value = RemotePods(kind=kind, carried_as=carried, from_node=from_node, routes=_told(routes))
            return known(value, (*node.cite(*routes), *of_port, *(source.evidence if source else ())))
    return None


def _port(node: NodeView, tunnel: str | None) -> tuple[str | None, tuple[Evidence, ...]]:
    """The UDP port of a VXLAN tunnel, which only `ip -d` shows."""
    for output in outputs_in(node.capture, "ip_addr"):
        for link in output:
            data = (link.linkinfo.info_data if link.linkinfo else None) or {}
            if link.ifname == tunnel and "port" in data:
                lines = node.capture.evidence(link)
                return f"UDP port {data['port']}", tuple(
                    line for line in lines if f"dstport {data['port']} " in line.text
                )
    return None, ()


def _from_the_node(node: NodeView, value: RemotePods, evidence: Iterable[Evidence]) -> Known[RemotePods]:
    """Pods that the node reaches by the way out that everything takes."""
    source = node.sends_from(node.wiring.default_route)
    own = source is not None and _is_own(node, source)
    carried = None if value.kind == "Azure CNI overlay" else PLAIN
    told = attrs.evolve(value, carried_as=carried, from_node=OWN if own else None)
    return known(told, (*evidence, *(source.evidence if source is not None and own else ())))


def _is_own(node: NodeView, source: Known[Address]) -> bool:
    return node.own_address is not None and source.value == node.own_address.value


def _by_nodes(node: NodeView) -> Fact[RemotePods] | None:
    """Routes to networks of pods through other hosts of the node's own subnet than its gateway."""
    default = node.wiring.default_route
    uplink, gateway = (default.dev, default.gateway) if default is not None else (None, None)
    routes = [
        route
        for route in _to_networks(node)
        if route.dev == uplink
        and route.gateway not in (None, gateway)
        and (route.protocol == "bird" or is_for_pods(node, route.network))
    ]
    value = RemotePods(kind="routes between the nodes", routes=_told(routes))
    return _from_the_node(node, value, node.cite(*routes)) if routes else None


def _to_networks(node: NodeView) -> list[HostRoute]:
    """The routes to networks through a gateway."""
    return [
        route
        for route in node.wiring.routes
        if route.gateway is not None and route.network.prefixlen and not route.is_host
    ]


def _told(routes: list[HostRoute]) -> tuple[str, ...]:
    return tuple(f"{route.network} via {route.gateway} dev {route.dev}" for route in routes)


def _by_azure(node: NodeView) -> Fact[RemotePods]:
    # A route table may as well be there for a firewall.
    entries = {entry: lines for entry, lines in node.route_table.items() if is_for_pods(node, entry.address_prefix)}
    if entries:
        routes = tuple(f"{e.address_prefix} via {e.next_hop_ip_address or e.next_hop_type}" for e in entries)
        evidence = [line for lines in entries.values() for line in lines]
        return _from_the_node(node, RemotePods(kind="Azure route table", routes=routes), evidence)
    return Unknown(
        reason="the node's routes do not say it, and the Azure route table is not in the capture",
        commands=ROUTE_TABLE,
    )


def is_for_pods(node: NodeView, network: Network) -> bool:
    """Whether a network is one of pods: part of a pod CIDR, or the one that the node routes to its own pods."""
    known = [*node.stated("pod_cidr"), *([node.pod_route.network] if node.pod_route else [])]
    return any(network.version == pods.version and network.subnet_of(pods) for pods in known)
