"""What the host links of pods are connected to, how they are named, and how the host reaches its pods."""

from __future__ import annotations

import attrs

from aksparse.architecture.fact import Fact, Unknown, contradiction, count, instance, known, listing
from aksparse.architecture.versions import by_version, for_ipv6
from aksparse.architecture.view import HOST_LINKS, ROUTES, NodeView
from aksparse.capture.model import Evidence, Network
from aksparse.records import Record
from aksparse.wiring.model import HostRoute, naming

OWN = "the node's address"


@attrs.frozen(kw_only=True)
class PodAttachment:
    """What the host links of pods are connected to.

    Attributes:
        kind: `bridge`, when they are ports of one, or `route`, when a route leads to each.
        uplink_is_port: whether the uplink is a port of the same bridge, or where there is none, of any.
        bridge: the name of the bridge.
        ports: the names of the ports that lead to pods.
    """

    kind: str
    uplink_is_port: bool | None = None
    bridge: str | None = instance()
    ports: tuple[str, ...] = instance(())

    def summary(self) -> str:
        if self.kind == "route":
            return f"a route per pod to {count(self.ports, 'host link')}"
        uplink = {True: ", and the uplink", False: ", without the uplink", None: ""}[self.uplink_is_port]
        return f"bridge {self.bridge} with {count(self.ports, 'pod port')}{uplink}"

    def meaning(self) -> str:
        if self.kind == "route":
            return "each pod is alone on its link, and the host routes even between its own pods"
        return {
            True: f"pods and the uplink are ports of {self.bridge}, which forwards frames between them",
            False: f"pods are ports of {self.bridge}, and the host routes between it and the uplink",
            None: f"pods of the node are ports of one bridge, {self.bridge}",
        }[self.uplink_is_port]


@attrs.frozen(kw_only=True)
class HostLinkNaming:
    """How the host links of pods are named.

    Attributes:
        prefix: what every name begins with.
        names: the names.
    """

    prefix: str
    names: tuple[str, ...] = instance(())

    def summary(self) -> str:
        return f"{self.prefix}*, such as {self.names[0]}"

    def meaning(self) -> str:
        return f"rules and monitoring that select pod links by name have to match {self.prefix}*"


@attrs.frozen(kw_only=True)
class LocalPods:
    """How the host reaches the pods on it.

    Attributes:
        kind: `pod network on the bridge`, `node subnet on the bridge` or `host route per pod`.
        from_node: what the node's own packets to its pods, such as probes, have as their source: `the node's address`,
            `the bridge's address` or `the address of the pod's link`.
        routes: the networks of these routes.
        interface: the interface of the route, when it is one.
        ipv6: the same of IPv6, where pods have addresses of both versions.
    """

    kind: str
    from_node: str | None = None
    routes: tuple[Network, ...] = instance(())
    interface: str | None = instance()
    ipv6: LocalPods | Unknown | None = for_ipv6()

    def summary(self) -> str:
        where = f" dev {self.interface}" if self.interface else ""
        source = f"; the node's own packets have {self.from_node}" if self.from_node not in (None, OWN) else ""
        return f"{self.kind}: {listing(self.routes)}{where}{source}"

    def meaning(self) -> str:
        means = {
            "pod network on the bridge": "one route covers all pods of the node, whichever come and go",
            "node subnet on the bridge": "pods and nodes are in one network, and no route tells them apart",
        }.get(self.kind, "the routing table changes with every pod that starts or ends")
        seen = f", and pods see what the node itself sends under {self.from_node}"
        return f"{means}{seen if self.from_node not in (None, OWN) else ''}"


def pod_attachment(node: NodeView) -> Fact[PodAttachment]:
    """What connects the pods to the node: the bridge that their links are ports of, or else a route to each pod."""
    bridge = node.pod_bridge
    if bridge is not None:
        ports = tuple(port for port in bridge.ports if node.leads_to_pod(port))
        evidence = node.capture.evidence(*bridge.records) if len(bridge.records) == 1 else node.cite(*bridge.records)
        uplink = node.wiring.uplink
        value = PodAttachment(
            kind="bridge",
            uplink_is_port=uplink.ifname in bridge.ports if uplink is not None else None,
            bridge=bridge.name,
            ports=ports,
        )
        return known(value, evidence)
    routes = node.pod_routes
    if routes:
        # Of a pod with addresses of both versions there are two routes to one link.
        names = tuple(dict.fromkeys(route.dev for route in routes if route.dev))
        uplink = node.wiring.uplink
        of_bridge = False if uplink is not None and uplink.master_known and uplink.master is None else None
        of_uplink = uplink.records[:1] if uplink is not None and of_bridge is not None else ()
        value = PodAttachment(kind="route", uplink_is_port=of_bridge, ports=names)
        return known(value, node.cite(*routes, *of_uplink))
    if node.wiring.bridges_known or node.wiring.routes:
        return Unknown(
            reason="neither a bridge port nor a route leads to a pod: the node may have no pods",
            commands=(*HOST_LINKS, *ROUTES),
        )
    return Unknown(reason="the node's own interfaces are not in the capture", commands=(*HOST_LINKS, *ROUTES))


def host_link_naming(node: NodeView) -> Fact[HostLinkNaming]:
    """What the names of the pods' host links begin with: those of the bridge's ports or of the routes to pods."""
    bridge = node.pod_bridge
    names: dict[str, tuple[Record, ...]] = {}
    if bridge is not None:
        names = {port: bridge.records for port in bridge.ports if naming(port)}
    for route in node.pod_routes:
        names[str(route.dev)] = route.records
    for link in node.wiring.links:
        if link.ifname in names:
            names[link.ifname] = link.records
    prefixes = sorted({str(naming(name)) for name in names if naming(name)})
    if not prefixes:
        return Unknown(reason="no host link of a pod is in the capture", commands=("ip addr", "route -n"))
    evidence = node.name_lines(names)
    if len(prefixes) > 1:
        return contradiction(f"host links are named {' and '.join(f'{p}*' for p in prefixes)}", evidence)
    return known(HostLinkNaming(prefix=prefixes[0], names=tuple(names)), evidence)


@by_version
def local_pods(node: NodeView) -> Fact[LocalPods]:
    """How the node routes to its own pods: by a route to each, or the route to the network on their bridge."""
    routes = node.pod_routes
    if routes:
        networks = tuple(route.network for route in routes)
        from_node, of_source = _source_to_pods(node, routes, "the address of the pod's link")
        value = LocalPods(kind="host route per pod", from_node=from_node, routes=networks)
        return known(value, (*node.cite(*routes), *of_source))
    bridge = node.pod_bridge
    routes = [
        route
        for route in node.wiring.routes
        if bridge is not None
        and (route.dev, route.gateway) == (bridge.name, None)
        and not (route.network.is_link_local or route.network.is_multicast)
    ]
    in_subnet = [node.is_node_network(route.network) for route in routes]
    if bridge is None or not routes or None in in_subnet:
        missing = "the node's subnet" if bridge is not None and routes else "a route to the node's pods"
        return Unknown(reason=f"{missing} is not in the capture", commands=(*ROUTES, *HOST_LINKS))
    kind = "node subnet" if any(in_subnet) else "pod network"
    to_pods = [route for route in routes if not route.is_host]
    from_node, of_source = _source_to_pods(node, to_pods, "the bridge's address")
    networks = tuple(route.network for route in routes)
    value = LocalPods(kind=f"{kind} on the bridge", from_node=from_node, routes=networks, interface=bridge.name)
    of_subnet = node.subnet.evidence if node.subnet is not None else ()
    return known(value, (*node.cite(*routes), *node.cite(*bridge.records[:1]), *of_source, *of_subnet))


def _source_to_pods(node: NodeView, routes: list[HostRoute], of_link: str) -> tuple[str | None, tuple[Evidence, ...]]:
    """What the node's own packets by some routes have as their source, where it is the same for all."""
    sources = [node.sends_from(route) for route in routes]
    own = node.own_address
    roles = {
        None if source is None or own is None else OWN if source.value == own.value else of_link for source in sources
    }
    role = roles.pop() if len(roles) == 1 else None
    return role, sources[0].evidence if role is not None and sources[0] is not None else ()
