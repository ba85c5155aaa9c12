"""The marks of network modes that a node shows, each with the lines in which it was seen."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aksparse.architecture.attachment import pod_attachment
from aksparse.architecture.fact import Known
from aksparse.architecture.modes import IN_SUBNET, IN_VNET, MODES, OUT_OF_SUBNET, OUT_OF_VNET, Mark
from aksparse.architecture.source_nat import AGENTS
from aksparse.architecture.uplink import pod_gateways
from aksparse.architecture.view import NodeView, once
from aksparse.capture.model import Evidence
from aksparse.iproute.links.records import Link
from aksparse.netfilter.rules import Chain, Rule
from aksparse.wiring.model import HostLink, PodWiring, Table, naming

_OWN_NAMES = ("azv", "cali", "lxc")
"""Prefixes that only a network plugin gives; `veth` is what everything names its links."""

_BRIDGES = ("cbr0", "azure0", "cni0")
"""Names of bridges that only a network plugin gives."""


@once
def marks_of(node: NodeView) -> tuple[Mark, ...]:
    """Every mark that a node shows, each once."""
    parts = (
        _stated,
        _configuration,
        _bridges,
        _links,
        _macs,
        _pod_addresses,
        _gateway,
        _tunnels,
        _routes,
        _nat,
        _chains,
    )
    found: dict[tuple[str, str], Mark] = {}
    for part in parts:
        for kind, value, evidence in part(node):
            if evidence:
                found.setdefault((kind, value), Mark(kind=kind, value=value, evidence=evidence))
    return tuple(found.values())


Seen = Iterator[tuple[str, str, tuple[Evidence, ...]]]


def _pod_links(node: NodeView) -> dict[str, tuple[Evidence, ...]]:
    """The host links of pods, with the lines that name them: by their name, their bridge or a route to a pod."""
    found = {
        link.ifname: node.cite(*link.records[:1]) for link in node.wiring.links if naming(link.ifname) in _OWN_NAMES
    }
    bridge = node.pod_bridge
    ports = [port for port in bridge.ports if naming(port)] if bridge else []
    for port, lines in node.lines_naming(ports, bridge.records if bridge else ()).items():
        found.setdefault(port, lines)
    for route in node.pod_routes:
        found.setdefault(str(route.dev), node.cite(route))
    return found


def _links(node: NodeView) -> Seen:
    for name, evidence in _pod_links(node).items():
        prefix = naming(name)
        if prefix is not None:
            yield "host links", prefix, evidence


def _bridges(node: NodeView) -> Seen:
    for bridge in node.wiring.bridges:
        if bridge.name in _BRIDGES:
            yield "bridge", bridge.name, node.cite(*bridge.records[:1])
    for link in node.wiring.links:
        if link.ifname in _BRIDGES:
            yield "bridge", link.ifname, node.cite(*link.records[:1])
    bridge_of_pods = node.pod_bridge
    if bridge_of_pods is not None and bridge_of_pods.name not in _BRIDGES:
        yield "bridge", "another", node.cite(*bridge_of_pods.records[:1])
    if node.pod_routes:
        yield "bridge", "no", node.cite(*node.pod_routes)
    for link in node.wiring.links:
        if naming(link.ifname) in _OWN_NAMES and link.master_known and link.master is None:
            yield "bridge", "no", node.cite(*link.records[:1])
    attachment = pod_attachment(node)
    if isinstance(attachment, Known) and attachment.value.uplink_is_port is not None:
        yield "uplink is its port", "yes" if attachment.value.uplink_is_port else "no", attachment.evidence
    uplink = node.wiring.uplink
    if uplink is not None and uplink.master == "azure0":
        yield "uplink is its port", "yes", node.name_lines({uplink.ifname: uplink.records})


def _macs(node: NodeView) -> Seen:
    for link in node.wiring.links:
        if naming(link.ifname) in _OWN_NAMES and link.mac in ("aa:aa:aa:aa:aa:aa", "ee:ee:ee:ee:ee:ee"):
            yield "MAC of host links", link.mac, node.name_lines({link.mac: link.records[:1]})


def _pod_addresses(node: NodeView) -> Seen:
    for version in sorted(node.versions):
        yield from _pod_addresses_of(node.of(version))


def _pod_addresses_of(node: NodeView) -> Seen:
    subnet, vnet, pod_cidr = node.subnet, node.setting("vnet"), node.setting("pod_cidr")
    if subnet is None:
        return
    pods = [pod for pod in node.wiring.pods if pod.address is not None and _is_of_a_pod(node, pod)]
    places: dict[str, list[PodWiring]] = {}
    for pod in pods:
        if node.is_in(pod.address, subnet.value):
            place = IN_SUBNET
        elif vnet is not None:
            place = IN_VNET if node.is_in(pod.address, vnet.value) else OUT_OF_VNET
        elif pod_cidr is not None and node.is_in(pod.address, pod_cidr.value):
            place = OUT_OF_VNET
        else:
            place = OUT_OF_SUBNET
        places.setdefault(place, []).append(pod)
    for place, found in places.items() if len(places) == 1 else _surely(node, places):
        lines = [line for pod in found[:3] for line in node.name_lines({str(pod.address): pod.records})[:1]]
        more = vnet.evidence if vnet and place in (IN_VNET, OUT_OF_VNET) else ()
        yield "pod addresses", place, (*lines, *subnet.evidence, *more)


def _surely(node: NodeView, places: dict[str, list[PodWiring]]) -> Iterator[tuple[str, list[PodWiring]]]:
    """The places of pods that were looked into or are routed to: of a listing, some may be on their node's network.

    Those on the network of this node have an address of its subnet.
    """
    on_the_node = node.wiring.node is not None
    for place, pods in places.items():
        apart = place != IN_SUBNET and on_the_node
        found = [pod for pod in pods if apart or pod.ifname is not None or pod.routed]
        if found:
            yield place, found


def _is_of_a_pod(node: NodeView, pod: PodWiring) -> bool:
    """Whether an address is surely a pod's own; one of a listing may be that of its node."""
    return pod.ifname is not None or pod.routed or node.wiring.nodes_known


def _gateway(node: NodeView) -> Seen:
    for fact in pod_gateways(node):
        if isinstance(fact, Known):
            yield "pod gateway", fact.value.kind, fact.evidence


_TUNNELS = {"flannel": re.compile(r"flannel[.\d-]"), "vxlan.calico": re.compile(r"vxlan(-v6)?\.calico$")}


def _tunnels(node: NodeView) -> Seen:
    links = node.wiring.links
    names = {link.ifname for link in links}
    found = False
    for link in links:
        for name, pattern in _TUNNELS.items():
            if pattern.match(link.ifname):
                found = True
                yield "tunnel", name, node.cite(*link.records[:1])
        # The kernel makes a tunl0 that nobody asked for; one in use is up, and has an address.
        if link.ifname == "tunl0" and (link.addresses or _is_up(link)):
            found = True
            yield "tunnel", "tunl0", node.cite(*link.records[:1])
        if link.ifname == "cilium_vxlan":
            found = True
            yield "tunnel", "cilium_vxlan", node.cite(*link.records[:1])
        if link.ifname == "cilium_host":
            yield "cilium_host", "yes", node.cite(*link.records[:1])
    for route in node.wiring.routes:
        for name in ("tunl0", "flannel", "vxlan.calico"):
            if (route.dev or "") == name or (name == "flannel" and _TUNNELS[name].match(route.dev or "")):
                found = found or route.dev in names
                yield "tunnel", name, node.cite(route)
        if route.dev == "cilium_host":
            yield "cilium_host", "yes", node.cite(route)
    if node.wiring.links_known and _pod_links(node):
        proof = _first(links)
        if not found:
            yield "tunnel", "no", node.cite(*proof)
        if not any(link.ifname == "cilium_host" for link in links):
            yield "cilium_host", "no", node.cite(*proof)


def _is_up(link: HostLink) -> bool:
    return any("UP" in (record.flags or ()) for record in link.records if isinstance(record, Link))


def _first(links: tuple[HostLink, ...]) -> list[Link]:
    return [record for link in links[:1] for record in link.records if isinstance(record, Link)]


def _routes(node: NodeView) -> Seen:
    blackholes = [route for route in node.wiring.routes if route.kind == "blackhole" and not route.is_host]
    addresses = [pod.address for pod in node.wiring.pods]
    own = [route for route in blackholes if any(node.is_in(address, route.network) for address in addresses)]
    for route in node.wiring.routes:
        if route.protocol == "bird":
            yield "routes by", "bird", node.cite(route)
    if own:
        yield "blackhole of a pod block", "yes", node.cite(*own)
    elif node.pod_routes and not blackholes and node.wiring.default_route is not None:
        yield "blackhole of a pod block", "no", node.cite(*node.pod_routes[:1])


def _rules(node: NodeView) -> Iterator[tuple[Chain, Rule]]:
    for table in node.wiring.tables:
        for chain in table.chains:
            for rule in chain.rules:
                yield chain, rule


def _nat(node: NodeView) -> Seen:
    for chain, rule in _rules(node):
        comment = rule.comment or ""
        if comment.startswith("kubenet:"):
            yield "source NAT by", "kubenet", node.cite(rule)
        if rule.target in AGENTS:
            yield "source NAT by", AGENTS[rule.target], node.cite(rule)
        if chain.name == "cali-nat-outgoing" and rule.target == "MASQUERADE":
            yield "source NAT by", "Calico", node.cite(rule)
        if comment == "flanneld masq":
            yield "source NAT by", "flanneld", node.cite(rule)
        if re.fullmatch(r"CNI-[0-9a-f]{24}", rule.target or ""):
            yield "source NAT by", "CNI plugin", node.cite(rule)
        if (
            rule.target == "KUBE-MARK-MASQ"
            and (rule.in_interface or "").lstrip("!") == "azv+"
            and (chain.name or "").startswith("KUBE-SVC-")
        ):
            yield "KUBE-MARK-MASQ", "in !azv+", node.cite(rule)


_CHAINS = {
    "cali-*": (re.compile(r"cali-"), "nat"),
    "AZURE-NPM*": (re.compile(r"AZURE-NPM"), "filter"),
    "CILIUM_*": (re.compile(r"(?:OLD_)?CILIUM_"), "nat"),
}


def _chains(node: NodeView) -> Seen:
    tables = node.wiring.tables
    for kind, (pattern, home) in _CHAINS.items():
        chains = [chain for table in tables for chain in table.chains if pattern.match(chain.name or "")]
        if chains:
            yield kind, "yes", node.cite(*chains[:1])
        else:
            for table in _whole(node, home):
                yield kind, "no", node.cite(*table.chains[:1])
    for chain in (chain for table in tables for chain in table.chains):
        if (chain.name or "").startswith("KUBE-SVC-"):
            yield "KUBE-SVC", "yes", node.cite(chain)
    names = {chain.name: chain for table in tables if table.name == "nat" for chain in table.chains}
    swift = [name for name in ("SWIFT", "SWIFT-POSTROUTING") if name in names]
    for name in swift:
        yield "SWIFT", name, node.cite(names[name])
    if not swift:
        for table in _whole(node, "nat"):
            yield "SWIFT", "no", node.cite(*table.chains[:1])


def _whole(node: NodeView, name: str) -> list[Table]:
    """A table that was listed as a whole while Kubernetes used it: an empty one shows only that nothing runs yet."""
    names = (chain.name or "" for table in node.wiring.tables for chain in table.chains)
    used = any(name.startswith(("KUBE-", "CILIUM_")) for name in names)
    return [t for t in node.wiring.tables if used and t.whole and (t.name, t.version) == (name, 4)]


def _configuration(node: NodeView) -> Seen:
    """What the configuration of the network says; of values that no mode shows, only a type of plugin matters."""
    conf = node.wiring.cni
    plugin = node.plugin
    if conf is None or plugin is None:
        return
    ipam = plugin.ipam
    bridge = plugin.bridge if plugin.bridge in (None, *_BRIDGES) else "another"
    values = {
        "CNI mode": plugin.mode if plugin.type == "azure-vnet" else None,
        "CNI bridge": bridge,
        "CNI executionMode": plugin.execution_mode,
        "CNI ipam": ipam.type if ipam else None,
        "CNI ipam mode": ipam.mode if ipam else None,
    }
    if plugin.type not in _META_PLUGINS:
        yield "CNI type", plugin.type, node.conf_lines("type", plugin.type)
    for other in node.chained:
        # Such as cilium-cni behind azure-vnet: two that connect pods.
        if any(other.type in mode.shows["CNI type"] for mode in MODES.values()):
            yield "CNI type", other.type, node.conf_lines("type", other.type)
    for kind, value in values.items():
        if value is not None and any(value in mode.shows.get(kind, ()) for mode in MODES.values()):
            word = plugin.bridge if kind == "CNI bridge" else value
            yield kind, value, node.conf_lines(_KEYS[kind], str(word))


_META_PLUGINS = ("multus", "multus-shim")
"""Plugins that hand a pod on to others."""

_KEYS = {
    "CNI mode": "mode",
    "CNI bridge": "bridge",
    "CNI executionMode": "executionMode",
    "CNI ipam": "type",
    "CNI ipam mode": "mode",
}
_SETTINGS = {
    "network_plugin": "stated plugin",
    "network_plugin_mode": "stated plugin mode",
    "network_policy": "stated policy",
    "network_dataplane": "stated dataplane",
}


def _stated(node: NodeView) -> Seen:
    for name, kind in _SETTINGS.items():
        for value, evidence in node.stated(name).items():
            yield kind, value, evidence
