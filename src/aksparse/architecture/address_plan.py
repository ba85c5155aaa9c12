"""The address plan: how many addresses nodes and pods take, how many the networks have, and whether they overlap.

Azure keeps five addresses of every subnet for itself (the first four and the last). Azure CNI takes the addresses of
all the pods that a node may run from the node's subnet when the node starts; the other modes take one address a node. A
pod CIDR is divided among the nodes, a part of the same size for each; Azure CNI Overlay gives each node a /24. With a
subnet for pods, nodes take its addresses in batches of 16. With kubenet each node has a route for each version of IP in
the Azure route table, which has room for 400.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import ip_interface
from itertools import combinations

import attrs

from aksparse.architecture.addresses import PodAddressing, pod_addressing
from aksparse.architecture.fact import Fact, Known, Unknown, both, count, instance, known, listing
from aksparse.architecture.modes import MODES
from aksparse.architecture.plugin import network_mode, network_plugin
from aksparse.architecture.remote import is_for_pods, remote_pods
from aksparse.architecture.versions import by_version, for_ipv6
from aksparse.architecture.view import NodeView
from aksparse.capture.model import Evidence, Network

AZURE_RESERVED = 5
OVERLAY_PREFIXLEN = 24
BATCH = 16
ROUTES = 400


@attrs.frozen(kw_only=True)
class AddressPlan:
    """How many addresses nodes and pods take, and how many there are.

    Attributes:
        addresses_per_pod: how many addresses of the VNet, or of whatever network the nodes are in, a pod takes.
        addresses_per_node: how many addresses of the node subnet a node takes with all the pods that it may run; absent
            when it depends on how many these are, and that is not known.
        max_pods: how many pods a node may run.
        subnet_addresses: how many addresses the node subnet has, without the five that Azure keeps for itself.
        nodes_by_subnet: for how many nodes these are enough.
        pod_subnet_addresses: how many addresses the pods' own subnet has, without these five.
        nodes_by_pod_subnet: for how many nodes these are enough, with all the pods that they may run; absent when it is
            not known how many these are.
        node_prefixlen: the length of the prefix of the part of the pod CIDR that a node gets.
        nodes_by_pod_cidr: among how many nodes the pod CIDR can be divided.
        nodes_by_route_table: for how many nodes an Azure route table has room, where pods need one.
        conflicts: which networks overlap, or are not where they have to be, by their roles; absent when fewer than two
            networks are known.
        networks: the networks, each with its role.
        ipv6: the same of IPv6, where pods have addresses of both versions.
    """

    addresses_per_pod: int | None = None
    addresses_per_node: int | None = None
    max_pods: int | None = None
    subnet_addresses: int | None = None
    nodes_by_subnet: int | None = None
    pod_subnet_addresses: int | None = None
    nodes_by_pod_subnet: int | None = None
    node_prefixlen: int | None = None
    nodes_by_pod_cidr: int | None = None
    nodes_by_route_table: int | None = None
    conflicts: tuple[str, ...] | None = None
    networks: tuple[str, ...] = instance(())
    ipv6: AddressPlan | Unknown | None = for_ipv6()

    def summary(self) -> str:
        of_subnet = _limit(self.subnet_addresses, "the node subnet", self.nodes_by_subnet)
        of_pods = _limit(self.pod_subnet_addresses, "the pod subnet", self.nodes_by_pod_subnet)
        of_table = f"an Azure route table has routes for {self.nodes_by_route_table} nodes"
        share = f"the pods of a node get a /{self.node_prefixlen}" if self.node_prefixlen is not None else ""
        if self.nodes_by_pod_cidr is not None:
            share += f", of which the pod CIDR has {self.nodes_by_pod_cidr}"
        conflicts = [f"CONFLICT: {conflict}" for conflict in self.conflicts or ()]
        parts = list(filter(None, (*conflicts, self._taken(), of_subnet, of_pods, share)))
        parts += [of_table] if self.nodes_by_route_table in self._limits()[:1] else []
        return f"{'; '.join(parts) or 'no overlaps'} ({listing(self.networks)})"

    def _taken(self) -> str:
        pods = f"its {self.max_pods} pods" if self.max_pods is not None else "each pod it may run"
        if self.addresses_per_pod is None:
            return ""
        if self.addresses_per_pod == 0:
            return "a node takes 1 address of its subnet, and its pods none"
        if self.addresses_per_node == 1:
            return "a node takes 1 address of its subnet, and addresses of the pods' subnet by batches of 16"
        if self.addresses_per_node is None:
            return f"a node takes 1 address of its subnet, and 1 for {pods}"
        return f"a node takes {self.addresses_per_node} addresses of its subnet, with {pods}"

    def _limits(self) -> list[int]:
        """For how many nodes there is room, by what sets a limit; the narrowest first."""
        found = (self.nodes_by_subnet, self.nodes_by_pod_subnet, self.nodes_by_pod_cidr, self.nodes_by_route_table)
        return sorted(limit for limit in found if limit is not None)

    def meaning(self) -> str:
        if self.conflicts:
            return f"packets can go to the wrong network, because {both(self.conflicts)}"
        limits = self._limits()
        most = f"; there is room for {count(range(limits[0]), 'node')}" if limits else ""
        if self.addresses_per_pod is None:
            return f"what pods take of the nodes' network is not known{most}"
        if self.addresses_per_pod == 0:
            return f"each node needs one address of the node subnet, however many pods it runs{most}"
        if self.addresses_per_node == 1:
            return f"each node needs one address of the node subnet, and batches of 16 of the pods' subnet{most}"
        each = (
            f"{self.addresses_per_node} addresses of the node subnet"
            if self.addresses_per_node
            else "an address of the node subnet for itself and for every pod it may run"
        )
        return f"each node needs {each}, and an upgrade adds nodes{most}"


def _limit(addresses: int | None, subnet: str, nodes: int | None) -> str:
    if addresses is None:
        return ""
    return f"{subnet} has {_addresses(addresses)}" + (f", enough for {count(range(nodes), 'node')}" if nodes else "")


def _addresses(number: int) -> str:
    return f"{number} address{'' if number == 1 else 'es'}"


@by_version
def address_plan(node: NodeView) -> Fact[AddressPlan]:
    """How many addresses are needed and there are, and which networks collide: by those stated, routed or seen."""
    addressing = pod_addressing(node)
    networks = list(_networks(node))
    if isinstance(addressing, Unknown) and len(networks) < 2:
        return Unknown(reason=addressing.reason, commands=addressing.commands, evidence=addressing.evidence)
    per_pod, per_node, of_node = _taken(node, addressing)
    subnet, of_subnet = _usable(node, node.subnet)
    pod_subnet, of_pod_subnet = _usable(node, node.setting("pod_subnet"))
    prefixlen, nodes, of_pods = _shares(node)
    max_pods = node.setting("max_pods")
    conflicts, of_conflicts = _conflicts(node, networks, addressing)
    value = AddressPlan(
        addresses_per_pod=per_pod,
        addresses_per_node=per_node,
        max_pods=max_pods.value if max_pods else None,
        subnet_addresses=subnet,
        nodes_by_subnet=subnet // per_node if subnet is not None and per_node else None,
        pod_subnet_addresses=pod_subnet,
        nodes_by_pod_subnet=_by_batches(pod_subnet, max_pods.value) if pod_subnet is not None and max_pods else None,
        node_prefixlen=prefixlen,
        nodes_by_pod_cidr=nodes,
        nodes_by_route_table=_by_route_table(node),
        conflicts=conflicts if len(networks) > 1 else None,
        networks=tuple(f"{role} {network}" for role, network, _ in networks),
    )
    of_max_pods = max_pods.evidence if max_pods else ()
    of_sizes = (*of_max_pods, *of_subnet, *of_pod_subnet, *of_pods)
    return known(value, (*of_conflicts, *of_sizes, *_first_lines(networks), *of_node))


Named = tuple[str, Network, tuple[Evidence, ...]]
"""A network: its role, itself, and the lines that say so."""


def _first_lines(networks: Iterable[Named]) -> Iterator[Evidence]:
    for _, _, lines in networks:
        yield from lines[:1]


def _networks(node: NodeView) -> Iterator[Named]:
    roles = {
        "VNet": "vnet",
        "node subnet": "subnet",
        "pod subnet": "pod_subnet",
        "pod CIDR": "pod_cidr",
        "service CIDR": "service_cidr",
    }
    for role, setting in roles.items():
        for network, lines in node.stated(setting).items():
            if not isinstance(network, str):
                yield role, network, lines
    if not node.stated("subnet") and node.subnet is not None:
        yield "node subnet", node.subnet.value, node.subnet.evidence
    if not node.stated("pod_cidr") and node.pod_route is not None and _apart(node, node.pod_route.network):
        yield "pods of the node", node.pod_route.network, node.cite(node.pod_route)
    yield from _docker_bridge(node)


def _apart(node: NodeView, network: Network) -> bool:
    """Whether a network is known to be no part of the node's subnet."""
    return node.is_node_network(network) is False


def _docker_bridge(node: NodeView) -> Iterator[Named]:
    for text, lines in node.stated("docker_bridge_address").items():
        try:
            network = ip_interface(text).network
        except ValueError:
            continue
        if network.version == node.version:
            yield "Docker bridge", network, lines
    link = node.wiring.link("docker0")
    for interface in link.addresses if link is not None else ():
        if node.sees(interface.ip) and not interface.ip.is_link_local and link is not None:
            yield "Docker bridge", interface.network, node.name_lines({str(interface.ip): link.records})


def _taken(node: NodeView, addressing: Fact[PodAddressing]) -> tuple[int | None, int | None, tuple[Evidence, ...]]:
    """How many addresses of the nodes' network a pod takes, and a node with its pods."""
    if isinstance(addressing, Unknown):
        return None, None, ()
    if addressing.value.source == "pod CIDR":
        return 0, 1, addressing.evidence
    if addressing.value.source == "another subnet of the VNet":
        return 1, 1, addressing.evidence
    max_pods = node.setting("max_pods")
    return 1, 1 + max_pods.value if max_pods else None, addressing.evidence


def _usable(node: NodeView, subnet: Known[Network] | None) -> tuple[int | None, tuple[Evidence, ...]]:
    """How many addresses of a subnet Azure can give, where it is one of Azure's."""
    plugin = network_plugin(node.whole)
    azure = isinstance(plugin, Known) and plugin.value.plugin in ("azure", "kubenet")
    if subnet is None or subnet.value.version == 6 or not (azure or node.stated("vnet")):
        return None, ()
    return max(subnet.value.num_addresses - AZURE_RESERVED, 0), subnet.evidence


def _by_batches(addresses: int, max_pods: int) -> int:
    """For how many nodes a pod subnet is enough when each has as many pods as it may."""
    return addresses // (BATCH * max(1, -(-max_pods // BATCH)))


def _by_route_table(node: NodeView) -> int | None:
    """For how many nodes the Azure route table has room beside its other routes."""
    remote = remote_pods(node)
    if not isinstance(remote, Known) or remote.value.kind != "Azure route table":
        return None
    others = [entry for entry in node.whole.route_table if not is_for_pods(node.whole, entry.address_prefix)]
    return (ROUTES - len(others)) // max(1, len(node.whole.versions))


def _shares(node: NodeView) -> tuple[int | None, int | None, tuple[Evidence, ...]]:
    """The length of the prefix of each node's part of the pod CIDR, and how many such parts that has."""
    pod_cidr = node.setting("pod_cidr")
    for share, lines in _parts(node):
        if pod_cidr is None or isinstance(pod_cidr.value, str):
            return share, None, lines
        if 0 < pod_cidr.value.prefixlen <= share <= pod_cidr.value.max_prefixlen:
            return share, 2 ** (share - pod_cidr.value.prefixlen), (*lines, *pod_cidr.evidence)
    return None, None, ()


def _parts(node: NodeView) -> Iterator[tuple[int, tuple[Evidence, ...]]]:
    """The length of the prefix of the node's own part of the pod CIDR, by whatever shows it."""
    if node.pod_route is not None and _apart(node, node.pod_route.network):
        yield node.pod_route.network.prefixlen, node.cite(node.pod_route)
    pods = [pod.address for pod in node.wiring.pods if pod.address is not None]
    for network, lines in node.pod_ranges.items():
        if _apart(node, network):
            yield network.prefixlen, lines
    for entry, lines in node.route_table.items():
        if any(node.is_in(address, entry.address_prefix) for address in pods):
            yield entry.address_prefix.prefixlen, lines[:1]
    mode = network_mode(node.whole)
    if (
        node.version == 4
        and isinstance(mode, Known)
        and "overlay" in mode.value.mode
        and MODES[mode.value.mode].plugin == "azure"
    ):
        yield OVERLAY_PREFIXLEN, mode.evidence


_WITHIN = {
    frozenset(("VNet", "node subnet")),
    frozenset(("VNet", "pod subnet")),
    frozenset(("pod CIDR", "pods of the node")),
}
"""The roles of which one network is part of the other; all others must have no address in common."""


def _conflicts(
    node: NodeView, networks: list[Named], addressing: Fact[PodAddressing]
) -> tuple[tuple[str, ...], list[Evidence]]:
    """What overlaps, and the lines that show it. A pod CIDR is none where pods have addresses of the VNet."""
    in_vnet = isinstance(addressing, Known) and addressing.value.source != "pod CIDR"
    counted = [named for named in networks if not (in_vnet and named[0] == "pod CIDR")]
    found: dict[str, tuple[Evidence, ...]] = {}
    for (one, this, lines), (other, that, more) in combinations(counted, 2):
        apart = one != other and frozenset((one, other)) not in _WITHIN
        # What overlaps with the node subnet overlaps with its VNet as well.
        told = one == "node subnet" and f"VNet and {other} overlap" in found
        if apart and not told and this.version == that.version and this.overlaps(that):
            found[f"{one} and {other} overlap"] = (*lines[:1], *more[:1])
    for dns, lines in node.stated("dns_service_ip").items():
        services = [(network, more) for role, network, more in networks if role == "service CIDR"]
        if services and not isinstance(dns, str) and not any(dns in network for network, _ in services):
            found["the DNS address is outside the service CIDR"] = (*lines[:1], *services[0][1][:1])
    return tuple(found), [line for lines in found.values() for line in lines]
