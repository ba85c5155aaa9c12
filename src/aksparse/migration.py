"""What to check or do when a node that is as one becomes as another: what a difference means for a migration.

The sentences follow from the two values of a fact. Of what AKS does they say one thing alone: that its upgrade off
kubenet leads to Azure CNI Overlay, reimages all node pools at once, and cannot be taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from aksparse.architecture.address_plan import AddressPlan
from aksparse.architecture.addresses import PodAddressing
from aksparse.architecture.attachment import HostLinkNaming, LocalPods, PodAttachment
from aksparse.architecture.fact import Unknown
from aksparse.architecture.families import DUAL, IpFamilies
from aksparse.architecture.modes import MODES
from aksparse.architecture.platform import ContainerRuntime
from aksparse.architecture.plugin import NetworkMode, NetworkPolicy
from aksparse.architecture.remote import RemotePods
from aksparse.architecture.services import CILIUM, ServiceAddresses, ServicePath
from aksparse.architecture.source_nat import OWN_PODS, THE_VNET, SourceNat
from aksparse.architecture.uplink import DefaultRoute, Mtu, NodeAddress, PodGateway

Sentences = Iterator[str]

_REIMAGED = "it reimages all node pools at once, and there is no way back"


def _mode(left: NetworkMode, right: NetworkMode) -> Sentences:
    before, after = MODES[left.mode], MODES[right.mode]
    if after.plugin != "azure":
        return
    overlay = "overlay" in after.name
    if before.plugin == "kubenet" and overlay:
        yield f"AKS makes this change by an upgrade; {_REIMAGED}"
    elif before.plugin == "kubenet":
        yield "the upgrade off kubenet leads to Azure CNI Overlay: plan another cluster for this, or ask AKS for a way"
    elif before.plugin == "azure":
        yield "ask the documentation of AKS whether it makes this change in place, and what becomes of the nodes"


def _policy(left: NetworkPolicy, right: NetworkPolicy) -> Sentences:
    if right.engine == "none":
        yield "network policies stay in the cluster and lose their effect, so that what they forbade is allowed"
    elif left.engine == "none":
        yield "policies that were written and had no effect get one: read kubectl get networkpolicies -A before"
    else:
        yield "test what each policy allows and forbids: two engines need not make the same of it"
    if left.engine == "calico" and right.engine != "none":
        yield "policies of Calico's own kinds (projectcalico.org) are enforced no longer"
    if right.engine == "cilium" and left.engine != "cilium":
        yield "check policies with an ipBlock: Cilium knows pods and nodes by what they are, not by their addresses"


_NF_CALL = "net.bridge.bridge-nf-call-iptables"


def _attachment(left: PodAttachment, right: PodAttachment) -> Sentences:
    if left.kind == "bridge" and right.kind == "route":
        yield f"there is no {left.bridge} to capture on or to set up any more: capture on the link of a pod"
    elif left.kind == "route" and right.kind == "bridge":
        yield f"traffic between pods of a node crosses {right.bridge}: iptables sees it where {_NF_CALL} is 1"
    elif right.uplink_is_port and not left.uplink_is_port:
        yield f"pods are on the link of the VNet: iptables sees their packets where {_NF_CALL} is 1"


def _naming(left: HostLinkNaming, right: HostLinkNaming) -> Sentences:
    yield f"rules, captures and monitoring that select {left.prefix}* must select {right.prefix}*"


def _addressing(left: PodAddressing, right: PodAddressing) -> Sentences:
    if left.source == right.source:
        return
    if right.source == "pod CIDR":
        yield "hosts of the VNet and of peered networks no longer reach a pod by its address: give them a service"
        yield "rules of firewalls and network security groups for addresses of pods lose their effect"
    elif left.source == "pod CIDR":
        yield "firewalls, network security groups and peered networks see the addresses of pods: allow these"
        yield "what allowed a node's address for its pods has to allow their subnet"
    else:
        yield "rules of firewalls and network security groups have to name the other subnet for pods"


def _families(left: IpFamilies, right: IpFamilies) -> Sentences:
    if DUAL in (right.pods, right.node) and DUAL not in (left.pods, left.node):
        yield "routes, exemptions, and rules of firewalls and network security groups are needed for IPv6 as well"
    elif left.pods is not None and right.pods is not None and left.pods != right.pods:
        yield f"clients and DNS records have to do with {right.pods} where they had {left.pods}"


def _plan(left: AddressPlan, right: AddressPlan) -> Sentences:
    for conflict in sorted(set(right.conflicts or ()) - set(left.conflicts or ())):
        yield f"choose other networks, because {conflict}"
    if right.addresses_per_pod == 1 and left.addresses_per_pod == 0:
        if right.addresses_per_node == 1:
            yield "the pods' subnet must have room for the pods of all nodes, which take it in batches of 16 addresses"
        else:
            each = right.addresses_per_node or "1 + max pods"
            yield f"the subnet must have {each} addresses for each node, those that an upgrade adds included"
    if right.addresses_per_pod == 0 and left.addresses_per_pod == 1:
        yield "the subnet gets the addresses of pods back"
        yield "the pod CIDR must overlap with no network that pods or nodes talk to, peered ones included"
    if right.node_prefixlen is not None and left.node_prefixlen is None and right.nodes_by_pod_cidr is not None:
        yield f"the pod CIDR has room for {right.nodes_by_pod_cidr} nodes, each with a /{right.node_prefixlen}"
    nodes = (left.nodes_by_subnet, right.nodes_by_subnet)
    if nodes[0] is not None and nodes[1] is not None and nodes[1] < nodes[0]:
        yield f"the subnet has room for {nodes[1]} nodes instead of {nodes[0]}"


def _node_address(left: NodeAddress, right: NodeAddress) -> Sentences:
    if left.held_by != right.held_by:
        yield f"what is bound to {left.interface} on the node has to be bound to {right.interface}"


def _default_route(left: DefaultRoute, right: DefaultRoute) -> Sentences:
    if set(right.other_rules or ()) - set(left.other_rules or ()):
        yield "look into the tables that ip rule names (ip route show table all): some packets take another way"
    if None not in (left.via, right.via) and left.via != right.via:
        yield f"rules for what leaves through {left.interface} have to name {right.interface}"


def _gateway(left: PodGateway, right: PodGateway) -> Sentences:
    if right.kind == "a link-local address" and left.kind != right.kind:
        yield f"what asks {right.gateway}, the gateway of pods, learns nothing of the node: ask the node's own address"
    elif right.kind == "the subnet's gateway":
        yield "the node's routes are not asked for what pods send outside"


def _local_pods(left: LocalPods, right: LocalPods) -> Sentences:
    if right.kind == "host route per pod" and left.kind != right.kind:
        yield "the routing table has a route for each pod: a missing one, not a bridge, is what cuts a pod off"
    if None not in (left.from_node, right.from_node) and left.from_node != right.from_node:
        yield f"probes and what else the node sends its pods come from {right.from_node}: allow that in policies"


_PORTS = {"IPIP tunnel": "IP protocol 4", "VXLAN tunnel": "the UDP port of VXLAN (ip -d link shows it)"}


def _remote(left: RemotePods, right: RemotePods) -> Sentences:
    if left.kind == "Azure route table" and right.kind != left.kind:
        yield "the Azure route table is needed for pods no longer: remove their routes when the last such node is gone"
        yield "keep the table itself where it has other routes, such as one to a firewall"
    if right.kind == "Azure route table" and left.kind != right.kind:
        yield "the subnet needs a route table with a route to the pods of each node"
    if right.kind == "Azure CNI overlay" and left.kind != right.kind:
        yield "check that network security groups allow the pod CIDR, from nodes and from itself"
    if right.kind == "natively in the VNet" and left.kind != right.kind:
        yield "network security groups of the subnet see packets between pods under the pods' own addresses"
    if left.kind in _PORTS and right.kind != left.kind:
        yield f"between nodes nothing needs {left.carried_as or _PORTS[left.kind]} any more"
    if right.kind in _PORTS and (right.kind != left.kind or right.carried_as != left.carried_as):
        carried = right.carried_as or _PORTS[right.kind]
        yield f"firewalls and network security groups must allow {carried} between nodes"
    if None not in (left.from_node, right.from_node) and left.from_node != right.from_node:
        yield f"what allows nodes to pods by {left.from_node} has to allow {right.from_node}"


def _source_nat(left: SourceNat, right: SourceNat) -> Sentences:
    if left.exempt is not None and right.exempt is not None:
        shown, hidden = set(right.exempt) - set(left.exempt), set(left.exempt) - set(right.exempt)
        if THE_VNET in shown:
            yield "nodes no longer hide pods from the VNet: where it reaches pods, allow their addresses there"
        if THE_VNET in hidden:
            yield "hosts of the VNet see the node's address in place of a pod's"
        if OWN_PODS in shown:
            yield "pods on other nodes see the node's address in place of a pod's"
        if OWN_PODS in hidden:
            yield "pods on other nodes see a pod's own address, and policies can tell pods apart by it"
    if right.mechanism == "ip-masq-agent" and left.mechanism != right.mechanism:
        yield "further exemptions go into the ConfigMap of ip-masq-agent"


def _service_path(left: ServicePath, right: ServicePath) -> Sentences:
    if right.mechanism == CILIUM and left.mechanism != right.mechanism:
        yield "what reads or changes the KUBE-* chains finds none: services are in Cilium's maps (cilium service list)"
    elif left.mechanism == CILIUM and right.mechanism != left.mechanism:
        yield "services are in the KUBE-* chains of iptables, and in none of Cilium's maps"
    elif left.masquerade_unless_from != right.masquerade_unless_from:
        yield "check services that tell clients apart by their address: which ones keep it changes"


def _service_addresses(left: ServiceAddresses, right: ServiceAddresses) -> Sentences:
    if left.dns_service_ip != right.dns_service_ip and None not in (left.dns_service_ip, right.dns_service_ip):
        yield f"what has {left.dns_service_ip} as its DNS server by configuration has to ask {right.dns_service_ip}"
    if left.service_cidr != right.service_cidr and None not in (left.service_cidr, right.service_cidr):
        yield "services get other addresses: clients must find them by name"


def _mtu(left: Mtu, right: Mtu) -> Sentences:
    if left.smallest is None or right.smallest is None or left.smallest == right.smallest:
        return
    if right.smallest < left.smallest:
        yield f"packets of more than {right.smallest} bytes no longer fit: check what sets an MTU or MSS of its own"
    else:
        yield "check that ICMP about packets too big gets back to pods from VPNs and tunnels on the way"


def _runtime(left: ContainerRuntime, right: ContainerRuntime) -> Sentences:
    if left.name == "docker" != right.name:
        yield "what uses Docker's socket or the docker command on the node has to use crictl"


_SENTENCES: dict[str, Callable[[Any, Any], Sentences]] = {
    "network_mode": _mode,
    "network_policy": _policy,
    "pod_attachment": _attachment,
    "host_link_naming": _naming,
    "pod_addressing": _addressing,
    "ip_families": _families,
    "address_plan": _plan,
    "node_address": _node_address,
    "default_route": _default_route,
    "pod_gateway": _gateway,
    "local_pods": _local_pods,
    "remote_pods": _remote,
    "source_nat": _source_nat,
    "service_path": _service_path,
    "service_addresses": _service_addresses,
    "mtu": _mtu,
    "container_runtime": _runtime,
}


def to_check(name: str, left: Any, right: Any) -> str | None:
    """What to check or do when the value of a fact goes from the left one to the right one; `None` for nothing."""
    sentences = list(_SENTENCES[name](left, right)) if name in _SENTENCES else []
    of_ipv6 = getattr(left, "ipv6", None), getattr(right, "ipv6", None)
    if name in _SENTENCES and None not in of_ipv6 and not any(isinstance(other, Unknown) for other in of_ipv6):
        more = (f"for IPv6, {sentence}" for sentence in _SENTENCES[name](*of_ipv6) if sentence not in sentences)
        sentences += more
    return " ".join(f"{sentence[0].upper()}{sentence[1:]}." for sentence in sentences) or None
