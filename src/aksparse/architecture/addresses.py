"""Where the addresses of pods come from."""

from __future__ import annotations

from typing import Any, Literal

import attrs

from aksparse.architecture.fact import Fact, Unknown, contradiction, instance, known, listing
from aksparse.architecture.view import POD_LINKS, ROUTES, SETTINGS, VNET, NodeView
from aksparse.capture import Address, Evidence, Network


@attrs.frozen(kw_only=True)
class PodAddressing:
    """Where the addresses of pods come from.

    Attributes:
        source: `node subnet`, `another subnet of the VNet`, or `pod CIDR` when it is known to be apart from them.
        prefixlen: the length of the prefix of the pods' network, as a pod has it or else the node's route to its pods.
        pod_network: the network of the node's pods.
        node_subnet: the subnet of the node.
        addresses: the addresses of pods on the node.
    """

    source: Literal["node subnet", "another subnet of the VNet", "pod CIDR"]
    prefixlen: int | None = None
    pod_network: Network | None = instance()
    node_subnet: Network | None = instance()
    addresses: tuple[Address, ...] = instance(())

    def summary(self) -> str:
        if self.source == "node subnet":
            return f"the node's subnet {self.node_subnet}"
        network = self.pod_network or listing(self.addresses)
        return f"{self.source}: {network}, outside the node's subnet {self.node_subnet}"

    def meaning(self) -> str:
        return {
            "node subnet": "each pod uses up an address of the node's subnet, at which the VNet reaches it",
            "another subnet of the VNet": "each pod uses up an address of another subnet, at which the VNet reaches it",
            "pod CIDR": "pods use up no address of the VNet, which reaches them only by a route table or an overlay",
        }[self.source]


def pod_addressing(node: NodeView) -> Fact[PodAddressing]:
    pods = [pod for pod in node.wiring.pods if pod.address is not None]
    if not pods or node.subnet is None:
        missing = "no address of a pod is" if not pods else "the node's subnet is not"
        return Unknown(reason=f"{missing} in the capture", commands=POD_LINKS if not pods else ROUTES)
    subnet = node.subnet.value
    proof = tuple(dict.fromkeys(line for pod in pods for line in node.name_lines({str(pod.address): pod.records})))
    inside = {node.is_in(pod.address, subnet) for pod in pods}
    looked_into = [pod.address for pod in pods if pod.ifname is not None]
    if len(inside) == 2 and any(node.is_in(address, subnet) for address in looked_into):
        return contradiction(f"some pods are inside the node's subnet {subnet}, some outside", proof)
    if len(inside) == 2:
        reason = f"some pods have addresses of the node's subnet {subnet}, and may be on the network of their node"
        return Unknown(reason=reason, commands=("kubectl get nodes -o wide",), evidence=proof)
    route = node.pod_route
    if route and inside == {False} and not all(node.is_in(address, route.network) for address in looked_into):
        reason = f"the node routes {route.network} to its pods, and some have other addresses"
        return contradiction(reason, proof, node.cite(route))
    if inside == {True} and not looked_into and not node.wiring.nodes_known:
        reason = f"all pods have addresses of the node's subnet {subnet}, and may be on the network of their node"
        return Unknown(reason=reason, commands=("kubectl get nodes -o wide",), evidence=proof)
    network, of_network = pod_network(node)
    source, of_source = address_source(node, inside == {True})
    if source is None:
        reason = f"pods are outside the node's subnet {subnet}, and what is there is not in the capture"
        return Unknown(reason=reason, commands=(*VNET, *SETTINGS), evidence=proof)
    lengths = {pod.prefixlen for pod in pods if pod.prefixlen is not None} or (
        {route.network.prefixlen} if route else set()
    )
    value = PodAddressing(
        source=source,
        prefixlen=lengths.pop() if len(lengths) == 1 else None,
        pod_network=network,
        node_subnet=subnet,
        addresses=tuple(pod.address for pod in pods if pod.address is not None),
    )
    return known(value, (*proof, *of_network, *node.subnet.evidence, *of_source))


def address_source(node: NodeView, in_subnet: bool) -> tuple[Any, tuple[Evidence, ...]]:
    """What the pods' addresses are addresses of, and what shows it where the node's subnet does not."""
    addresses = [pod.address for pod in node.wiring.pods if pod.address is not None]
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
    """The network that the node routes to its pods' bridge; without such a route, the stated pod CIDR."""
    if node.pod_route is not None:
        return node.pod_route.network, node.cite(node.pod_route)
    stated = node.setting("pod_cidr")
    return (stated.value, stated.evidence) if stated else (None, ())
