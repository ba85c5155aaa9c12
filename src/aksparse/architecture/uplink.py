"""The way out of the node and of a pod: who holds the address, the default routes, the MTUs."""

from __future__ import annotations

from typing import Literal

import attrs

from aksparse.architecture.fact import INSTANCE, Fact, Unknown, both, contradiction, instance, known, listing
from aksparse.architecture.versions import by_version, for_ipv6
from aksparse.architecture.view import HOST_LINKS, ROUTES, NodeView, once
from aksparse.capture.model import Address, Evidence
from aksparse.iproute.links.records import Link
from aksparse.wiring.model import PolicyRule


@attrs.frozen(kw_only=True)
class NodeAddress:
    """What holds the node's address.

    Attributes:
        held_by: `uplink` or `bridge`.
        uplink_is_bridge_port: whether the uplink is a port of a bridge.
        interface: the interface that holds the address.
        address: the address.
        uplink: the uplink.
        ipv6: the same of IPv6, where pods have addresses of both versions.
    """

    held_by: str
    uplink_is_bridge_port: bool | None = None
    interface: str | None = instance()
    address: Address | None = instance()
    uplink: str | None = instance()
    ipv6: NodeAddress | Unknown | None = for_ipv6()

    def summary(self) -> str:
        holder = f"{self.interface}, the {self.held_by}" if self.interface else f"the {self.held_by}"
        port = {True: f"; {self.uplink} is a bridge port", False: f"; {self.uplink} is not a bridge port", None: ""}
        return f"{self.address or 'an address that is not shown,'} on {holder}{port[self.uplink_is_bridge_port]}"

    def meaning(self) -> str:
        if self.held_by == "bridge":
            return f"{self.interface} has the node's address, and {self.uplink or 'the uplink'} has none of its own"
        return f"{self.interface} has the node's address itself"


@attrs.frozen(kw_only=True)
class DefaultRoute:
    """The node's default route.

    Attributes:
        via: what it leaves through: `uplink` or `bridge`; absent when it is not known if the interface is a bridge.
        other_rules: the rules of `ip rule` by which some packets are routed by other tables than all others are;
            absent when the rules were not listed.
        interface: the interface.
        gateway: the gateway.
        metric: the metric; absent when the listing leaves the metrics out.
        ipv6: the same of IPv6, where pods have addresses of both versions.
    """

    via: str | None = None
    other_rules: tuple[str, ...] | None = None
    interface: str = attrs.field(metadata=INSTANCE)
    gateway: Address | None = instance()
    metric: int | None = instance()
    ipv6: DefaultRoute | Unknown | None = for_ipv6()

    def summary(self) -> str:
        rules = f"; not for {listing(self.other_rules)}" if self.other_rules else ""
        role = f", the {self.via}" if self.via is not None else ""
        return f"via {self.gateway} dev {self.interface}{role}{rules}"

    def meaning(self) -> str:
        rules = f", but for {listing(self.other_rules)}" if self.other_rules else ""
        if self.via == "bridge":
            way = f"leaves through the bridge {self.interface}, and only then through its uplink"
        else:
            directly = " directly" if self.via is not None else ""
            way = f"leaves through {self.interface}{directly}"
        return f"what leaves the node {way}{rules}"


GatewayKind = Literal[
    "the node's bridge", "the subnet's gateway", "the node's end of the pod's link", "a link-local address"
]


@attrs.frozen(kw_only=True)
class PodGateway:
    """The default gateway of a pod.

    Attributes:
        kind: `the node's bridge`, `the subnet's gateway`, `the node's end of the pod's link`, `a link-local address`.
        fixed_neighbour: whether the pod was told the gateway's link-layer address once and for all, rather than asking.
        gateway: the gateway.
        ipv6: the same of IPv6, where pods have addresses of both versions.
    """

    kind: GatewayKind
    fixed_neighbour: bool | None = None
    gateway: Address = attrs.field(metadata=INSTANCE)
    ipv6: PodGateway | Unknown | None = for_ipv6()

    def summary(self) -> str:
        return f"{self.gateway}, {self.kind}{', a fixed neighbour' if self.fixed_neighbour else ''}"

    def meaning(self) -> str:
        return {
            "the node's bridge": "a pod sends what leaves its network to its node, which routes it",
            "the subnet's gateway": "a pod sends what leaves its network to the subnet's gateway, not to its node",
            "the node's end of the pod's link": "a pod sends everything to its node, which routes it",
            "a link-local address": f"a pod sends everything to its node, {self._found()}",
        }[self.kind]

    def _found(self) -> str:
        asked = "which answers for that address"
        fixed = "whose link-layer address it was given as a fixed neighbour"
        return {True: fixed, False: asked, None: "whichever way it finds that address"}[self.fixed_neighbour]


@attrs.frozen(kw_only=True)
class Mtu:
    """The MTUs on the way out of a pod, in bytes; several where interfaces of one kind differ.

    Attributes:
        pod: of the pods' interfaces.
        host_link: of the host links of pods.
        uplink: of the uplink.
        smallest: the smallest on the way out; absent when a part of the way is not known.
        bridge: of the bridge that the host links are ports of, if they are.
    """

    pod: tuple[int, ...] | None = None
    host_link: tuple[int, ...] | None = None
    uplink: tuple[int, ...] | None = None
    smallest: int | None = None
    bridge: tuple[int, ...] | None = instance()

    def _way(self) -> dict[str, tuple[int, ...]]:
        way = {"pod": self.pod, "host link": self.host_link, "bridge": self.bridge, "uplink": self.uplink}
        return {name: values for name, values in way.items() if values}

    def summary(self) -> str:
        return ", ".join(f"{name} {'/'.join(map(str, values))}" for name, values in self._way().items())

    def meaning(self) -> str:
        smallest = min(min(values) for values in self._way().values())
        outside = self.uplink is not None and smallest < min(self.uplink)
        taken = f", {min(self.uplink) - smallest} less than the uplink's" if self.uplink and outside else ""
        return f"the smallest MTU seen is {smallest} bytes{taken}"


@by_version
def node_address(node: NodeView) -> Fact[NodeAddress]:
    """Which interface has the node's address: that of the default route, by its addresses or the routes through it."""
    route = node.wiring.default_route
    holder = node.wiring.link(route.dev) if route is not None and route.dev else None
    address, evidence = node.address_of(holder)
    if address is None and route is not None and route.source is not None:
        address, evidence = route.source, node.cite(route)
    row = node.wiring.node
    if address is None and row is not None and node.sees(row.internal_ip):
        address, evidence = row.internal_ip, node.cite(row)
    if route is None or route.dev is None:
        return Unknown(reason="what holds the node's address is not in the capture", commands=("ip addr", "route -n"))
    if not node.wiring.bridges_known:
        return Unknown(reason=f"whether {route.dev} is a bridge is not in the capture", commands=HOST_LINKS)
    bridge = node.wiring.bridge(route.dev)
    uplink = node.wiring.uplink
    onlink = [
        r
        for r in node.wiring.routes
        if r.dev == route.dev and node.is_in(address or route.gateway, r.network) and r is not route
    ]
    if address is None and not onlink:
        return Unknown(reason="the node's address is not in the capture", commands=("ip addr",))
    value = NodeAddress(
        held_by="bridge" if bridge else "uplink",
        uplink_is_bridge_port=uplink.master is not None if uplink and uplink.master_known else None,
        interface=route.dev,
        address=address,
        uplink=uplink.ifname if uplink else None,
    )
    ports = node.name_lines({uplink.ifname: uplink.records}) if uplink and uplink.master else ()
    listed = node.cite(*(record for b in node.wiring.bridges for record in b.records[:1]))
    of_network = () if evidence and holder else node.cite(*onlink[:1])
    return known(value, (*evidence, *of_network, *node.cite(route), *ports, *listed))


@by_version
def default_route(node: NodeView) -> Fact[DefaultRoute]:
    """Which interface the node's default route leaves through, and for which packets `ip rule` has other tables."""
    route = node.wiring.default_route
    if route is None or route.dev is None:
        return Unknown(reason="no default route of the node is in the capture", commands=ROUTES)
    bridge = node.wiring.bridge(route.dev)
    no_bridge = "uplink" if node.wiring.bridges_known else None
    rules = [rule for rule in node.wiring.rules if rule.version == route.network.version]
    unusual = [rule for rule in rules if not rule.is_usual]
    # Without the first and the last of the kernel's own rules a listing may be cut: that it has no others says nothing.
    ends = {rule.priority for rule in rules} >= {0, _LAST_RULE[route.network.version]}
    value = DefaultRoute(
        via="bridge" if bridge else no_bridge,
        other_rules=tuple(map(_rule, unusual)) if unusual or ends else None,
        interface=route.dev,
        gateway=route.gateway,
        metric=route.metric,
    )
    of_rules = [record for rule in unusual for record in rule.records]
    return known(value, node.cite(route, *(bridge.records[:1] if bridge else ()), *of_rules))


_LAST_RULE = {4: 32767, 6: 32766}
"""The priority of the last rule that the kernel makes: for the table `default`, or, as IPv6 has none, for `main`."""


def _rule(rule: PolicyRule) -> str:
    return f"{rule.packets or 'all packets'} ({rule.action or f'table {rule.table}'})"


@by_version
def pod_gateway(node: NodeView) -> Fact[PodGateway]:
    """What the gateway of the pods' default routes is, when all pods have the same."""
    found = pod_gateways(node)
    if not found:
        return Unknown(reason="no route of a pod is in the capture", commands=("nsenter -t PID -n route -n",))
    if len(found) > 1:
        return contradiction("pods have different gateways", *(fact.evidence[:1] for fact in found))
    return found[0]


@once
def pod_gateways(node: NodeView) -> tuple[Fact[PodGateway], ...]:
    """What is known of each gateway that pods have: as a rule there is one."""
    gateways = dict.fromkeys(pod.gateway for pod in node.wiring.pods if pod.gateway is not None)
    return tuple(_pod_gateway(node, gateway) for gateway in gateways)


def _pod_gateway(node: NodeView, gateway: Address) -> Fact[PodGateway]:
    pods = [pod for pod in node.wiring.pods if pod.gateway == gateway]
    fixed, of_neighbour = _fixed_neighbour(node, gateway)
    proof = (*node.cite(*(pod.default_route for pod in pods if pod.default_route is not None)), *of_neighbour)
    kind, of_kind = _kind_of_gateway(node, gateway, {pod.host_link for pod in pods})
    if kind is None:
        reason = f"what has the gateway's address {gateway} is not in the capture"
        return Unknown(reason=reason, commands=("ip addr", "route -n"), evidence=proof)
    return known(PodGateway(kind=kind, fixed_neighbour=fixed, gateway=gateway), (*proof, *of_kind))


def _kind_of_gateway(
    node: NodeView, gateway: Address, host_links: set[str | None]
) -> tuple[GatewayKind | None, tuple[Evidence, ...]]:
    """What has the address of the gateway of the pods behind some host links, and the lines that say so."""
    bridge = node.wiring.link(node.pod_bridge.name) if node.pod_bridge else None
    default = node.wiring.default_route
    if bridge is not None and gateway in {interface.ip for interface in bridge.addresses}:
        return "the node's bridge", node.name_lines({str(gateway): bridge.records})
    # A link-local address is that of another host on each link.
    one_link = bridge is not None or not gateway.is_link_local
    if default is not None and gateway == default.gateway and one_link:
        return "the subnet's gateway", node.cite(default)
    for link in node.wiring.links:
        if link.ifname in host_links and gateway in {interface.ip for interface in link.addresses}:
            return "the node's end of the pod's link", node.name_lines({str(gateway): link.records})
    return "a link-local address" if gateway.is_link_local else None, ()


def _fixed_neighbour(node: NodeView, gateway: Address) -> tuple[bool | None, tuple[Evidence, ...]]:
    """Whether pods have the gateway as a fixed neighbour; `None` when none was listed, or they are not all alike."""
    entries = [entry for pod in node.wiring.pods for entry in pod.neighbours if entry.dst == gateway]
    if not entries:
        return None, ()
    fixed = {"PERMANENT" in (entry.state or ()): entry for entry in reversed(entries)}
    return True in fixed if len(fixed) == 1 else None, node.cite(*fixed.values())


def mtu(node: NodeView) -> Fact[Mtu]:
    """The MTUs by the listings of interfaces on the node and in pods, and by what the CNI configuration gives pods."""
    links: dict[str, list[Link]] = {
        "pod": [r for pod in node.wiring.pods for r in pod.records[:1] if isinstance(r, Link)],
        "host_link": [],
        "bridge": [],
        "uplink": [],
    }
    uplink, bridge = node.wiring.uplink, node.pod_bridge
    for link in node.wiring.links:
        for record in link.records:
            if not isinstance(record, Link):
                continue
            if uplink is not None and link.ifname == uplink.ifname:
                links["uplink"].append(record)
            elif bridge is not None and link.ifname == bridge.name:
                links["bridge"].append(record)
            elif node.leads_to_pod(link.ifname) and link.master != "docker0":
                links["host_link"].append(record)
    first = {name: {link.mtu: link for link in reversed(found) if link.mtu} for name, found in links.items()}
    proof = [link for by_mtu in first.values() for _, link in sorted(by_mtu.items())]
    configured, of_conf = _configured_mtu(node)
    if configured is not None and first["pod"].keys() - {configured}:
        given = both(sorted(first["pod"]))
        reason = f"the CNI configuration gives pods an MTU of {configured}, and they have {given}"
        return contradiction(reason, of_conf, node.cite(*first["pod"].values()))
    if not proof:
        return Unknown(reason="no MTU is in the capture", commands=("ip addr", "nsenter -t PID -n ip addr"))
    values = {name: tuple(sorted(by_mtu)) for name, by_mtu in first.items() if by_mtu}
    if configured is not None:
        values.setdefault("pod", (configured,))
    whole = {"pod", "host_link", "uplink"} <= values.keys()
    value = Mtu(**values, smallest=min(min(of_kind) for of_kind in values.values()) if whole else None)
    return known(value, (*node.cite(*proof), *of_conf))


def _configured_mtu(node: NodeView) -> tuple[int | None, tuple[Evidence, ...]]:
    """The MTU that the node's configuration gives pods; 0 leaves it to the plugin."""
    found = node.plugin.mtu if node.plugin else None
    return (found, node.conf_lines("mtu", str(found))) if found else (None, ())
