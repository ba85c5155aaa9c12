"""Where the addresses of pods come from."""

from __future__ import annotations

from typing import Any, Literal

import attrs

from aksparse.architecture.fact import Fact, Unknown, both, contradiction, instance, known, listing
from aksparse.architecture.versions import by_version, for_ipv6
from aksparse.architecture.view import POD_LINKS, ROUTES, SETTINGS, VNET, NodeView
from aksparse.capture.model import Address, Evidence, Network


@attrs.frozen(kw_only=True)
class PodAddressing:
    """Where the addresses of pods come from.

    Attributes:
        source: `node subnet`, `another subnet of the VNet`, or `pod CIDR` when it is known to be apart from them.
        prefixlen: the length of the prefix of the pods' network, as a pod has it or else the node's route to its pods.
        pod_network: the network of the node's pods.
        node_subnet: the subnet of the node.
        addresses: the addresses of pods on the node.
        ipv6: the same of IPv6, where pods have addresses of both versions.
    """

    source: Literal["node subnet", "another subnet of the VNet", "pod CIDR"]
    prefixlen: int | None = None
    pod_network: Network | None = instance()
    node_subnet: Network | None = instance()
    addresses: tuple[Address, ...] = instance(())
    ipv6: PodAddressing | Unknown | None = for_ipv6()

    def summary(self) -> str:
        if self.source == "node subnet":
            return f"the node's subnet {self.node_subnet}"
        network = self.pod_network or listing(self.addresses)
        outside = f", outside the node's subnet {self.node_subnet}" if self.node_subnet is not None else ""
        return f"{self.source}: {network}{outside}"

    def meaning(self) -> str:
        means = {
            "node subnet": "each pod uses up an address of the node's subnet, at which others reach it",
            "another subnet of the VNet": "each pod uses up an address of another subnet, at which the VNet reaches it",
            "pod CIDR": "pods use up no address of the nodes' network, and are reached where a route leads to them",
        }[self.source]
        return means if self.prefixlen is None else f"{means}; the prefix of a pod's address is /{self.prefixlen}"


@by_version
def pod_addressing(node: NodeView) -> Fact[PodAddressing]:
    """Which network the pods' addresses are of: their listing against the node's subnet, routes and configuration."""
    pods = [pod for pod in node.wiring.pods if pod.address is not None]
    if not pods:
        return _by_configuration(node)
    route, subnet = node.pod_route, node.subnet.value if node.subnet else None
    inside: set[bool | None] = {node.is_node_network(route.network) if route is not None else None}
    if subnet is not None:
        inside = {node.is_in(pod.address, subnet) for pod in pods}
    if None in inside:
        return Unknown(reason="the node's subnet is not in the capture", commands=ROUTES)
    proof = tuple(dict.fromkeys(line for pod in pods for line in node.name_lines({str(pod.address): pod.records})))
    looked_into = [pod.address for pod in pods if pod.ifname is not None]
    if len(inside) == 2 and any(subnet and node.is_in(address, subnet) for address in looked_into):
        return contradiction(f"some pods are inside the node's subnet {subnet}, some outside", proof)
    if len(inside) == 2:
        reason = f"some pods have addresses of the node's subnet {subnet}, and may be on the network of their node"
        return Unknown(reason=reason, commands=("kubectl get nodes -o wide",), evidence=proof)
    if route and inside == {False} and not all(node.is_in(address, route.network) for address in looked_into):
        reason = f"the node routes {route.network} to its pods, and some have other addresses"
        return contradiction(reason, proof, node.cite(route))
    if misfit := _outside_the_ranges(node):
        return misfit
    if inside == {True} and not looked_into and not node.wiring.nodes_known:
        reason = f"all pods have addresses of the node's subnet {subnet}, and may be on the network of their node"
        return Unknown(reason=reason, commands=("kubectl get nodes -o wide",), evidence=proof)
    network, of_network = pod_network(node)
    addresses = [pod.address for pod in pods if pod.address is not None]
    source, of_source = address_source(node, addresses, in_subnet=inside == {True})
    if source is None:
        return _unknown_source(node, proof)
    lengths = {pod.prefixlen for pod in pods if pod.prefixlen is not None} or (
        {route.network.prefixlen} if route else set()
    )
    value = PodAddressing(
        source=source,
        prefixlen=lengths.pop() if len(lengths) == 1 else None,
        pod_network=network,
        node_subnet=subnet,
        addresses=tuple(addresses),
    )
    of_subnet = node.subnet.evidence if node.subnet else node.own_address.evidence if node.own_address else ()
    return known(value, (*proof, *of_network, *of_subnet, *of_source))


def _unknown_source(node: NodeView, proof: tuple[Evidence, ...]) -> Unknown:
    subnet = f" {node.subnet.value}" if node.subnet else ""
    reason = f"pods are outside the node's subnet{subnet}, and what is there is not in the capture"
    return Unknown(reason=reason, commands=(*VNET, *SETTINGS), evidence=proof)


def _outside_the_ranges(node: NodeView) -> Unknown | None:
    """Addresses of pods, or a route to them, that the plugin's configuration does not give them."""
    ranges = node.pod_ranges
    given = f"the CNI configuration gives pods addresses of {both(ranges)}"
    lines = [line for of_range in ranges.values() for line in of_range]
    if not ranges:
        return None
    if node.pod_route is not None and not any(node.pod_route.network.overlaps(one) for one in ranges):
        reason = f"{given}, and the node routes {node.pod_route.network} to them"
        return contradiction(reason, lines, node.cite(node.pod_route))
    for pod in node.wiring.pods:
        sure = pod.ifname is not None or pod.routed
        if pod.address is not None and sure and not any(node.is_in(pod.address, one) for one in ranges):
            reason = f"{given}, and {pod.name or 'a pod'} has {pod.address}"
            return contradiction(reason, lines, node.name_lines({str(pod.address): pod.records}))
    return None


def _by_configuration(node: NodeView) -> Fact[PodAddressing]:
    """Where pods would get addresses from, on a node of which no pod is known."""
    ranges, subnet = node.pod_ranges, node.subnet
    if not ranges or subnet is None:
        return Unknown(reason="no address of a pod is in the capture", commands=POD_LINKS)
    lines = tuple(line for of_range in ranges.values() for line in of_range)
    inside = {one.overlaps(subnet.value) for one in ranges}
    addresses = [one.network_address for one in ranges]
    source, of_source = address_source(node, addresses, in_subnet=inside == {True})
    if source is None:
        return _unknown_source(node, lines)
    network = next(iter(ranges)) if len(ranges) == 1 else None
    prefixlen = network.prefixlen if network is not None else None
    value = PodAddressing(source=source, prefixlen=prefixlen, pod_network=network, node_subnet=subnet.value)
    return known(value, (*lines, *subnet.evidence, *of_source))


def address_source(node: NodeView, addresses: list[Address], *, in_subnet: bool) -> tuple[Any, tuple[Evidence, ...]]:
    """What the pods' addresses are addresses of, and what shows it where the node's subnet does not."""
    if in_subnet:
        return "node subnet", ()
    # A network that the node routes to a bridge of its own is no subnet of the VNet, whatever addresses that has.
    if node.pod_route is not None:
        return "pod CIDR", node.cite(node.pod_route)
    vnet, pod_cidr = node.setting("vnet"), node.setting("pod_cidr")
    if vnet is not None and all(node.is_in(address, vnet.value) for address in addresses):
        return "another subnet of the VNet", vnet.evidence
    if vnet is not None and not any(node.is_in(address, vnet.value) for address in addresses):
        return "pod CIDR", vnet.evidence
    if pod_cidr is not None and all(node.is_in(address, pod_cidr.value) for address in addresses):
        return "pod CIDR", pod_cidr.evidence
    return None, ()


def pod_network(node: NodeView) -> tuple[Network | None, tuple[Evidence, ...]]:
    """The network that the node's pods get addresses of: of its bridge, its configuration, or the stated pod CIDR."""
    if node.pod_route is not None:
        return node.pod_route.network, node.cite(node.pod_route)
    if len(node.pod_ranges) == 1:
        return next(iter(node.pod_ranges.items()))
    stated = node.setting("pod_cidr")
    return (stated.value, stated.evidence) if stated else (None, ())
