"""The facts about a node that are compared: what each can be, how it reads, and what it means.

A fact is `Known`, with a value and evidence, or `Unknown`, with the reason and the commands that would show it. Inside
a value `None` means that this part is not known. Values say what a network engineer compares between two nodes: roles
("the bridge", "the node's subnet"), not names. What belongs to this one node, such as its addresses, is in the value
too, marked as `INSTANCE`: it is shown, and not compared.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Generic, TypeVar

import attrs

from aksparse.capture import Address, Evidence, Network

T = TypeVar("T")

INSTANCE = {"instance": True}
"""Metadata of a field that belongs to this one node and takes no part in a comparison."""


@attrs.frozen(kw_only=True)
class Known(Generic[T]):
    """A fact and the lines that prove it.

    Attributes:
        value: what is the case.
        evidence: the lines.
    """

    value: T
    evidence: tuple[Evidence, ...]


@attrs.frozen(kw_only=True)
class Unknown:
    """A fact that the capture does not show.

    Attributes:
        reason: why not.
        commands: the commands whose output would show it.
        evidence: the lines that contradict each other, if that is the reason.
    """

    reason: str
    commands: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()


Fact = Known[T] | Unknown


def _instance(default: Any = None) -> Any:
    return attrs.field(default=default, metadata=INSTANCE)


@attrs.frozen(kw_only=True)
class NetworkPlugin:
    """Which network plugin connects the pods.

    Attributes:
        plugin: `kubenet` or `azure`.
        mode: `bridge`, `transparent` or `overlay`.
    """

    plugin: str
    mode: str | None = None

    def summary(self) -> str:
        return f"{self.plugin}, {self.mode} mode" if self.mode else f"{self.plugin}, mode not shown"

    def meaning(self) -> str:
        return {
            (
                "kubenet",
                "bridge",
            ): "kubenet makes a bridge of its own and gives pods addresses that Azure does not know",
            ("azure", "bridge"): "Azure CNI bridges pods into the VNet, so that Azure knows every pod's address",
            ("azure", "transparent"): "Azure CNI routes each pod's VNet address to its own host link",
            ("azure", "overlay"): "Azure CNI gives pods addresses of an overlay that the Azure network carries",
        }.get((self.plugin, self.mode or ""), f"{self.plugin} connects the pods, in a mode that is not shown")


@attrs.frozen(kw_only=True)
class PodAttachment:
    """What the host links of pods are connected to.

    Attributes:
        kind: `bridge`, when they are ports of one, or `route`, when a route leads to each.
        uplink_is_port: whether the uplink is a port of the same bridge.
        bridge: the name of the bridge.
        ports: the names of the ports that lead to pods.
    """

    kind: str
    uplink_is_port: bool | None = None
    bridge: str | None = _instance()
    ports: tuple[str, ...] = _instance(())

    def summary(self) -> str:
        if self.kind == "route":
            return f"a route per pod to {_count(self.ports, 'host link')}"
        uplink = {True: ", and the uplink", False: ", without the uplink", None: ""}[self.uplink_is_port]
        return f"bridge {self.bridge} with {_count(self.ports, 'pod port')}{uplink}"

    def meaning(self) -> str:
        if self.kind == "route":
            return "each pod is alone on its link, and the host routes even between its own pods"
        return {
            True: f"pods are on one layer 2 segment with the VNet, which {self.bridge} extends into the node",
            False: f"pods share a layer 2 segment of their own, and the host routes between {self.bridge} and the VNet",
            None: f"pods of the node share one layer 2 segment, the bridge {self.bridge}",
        }[self.uplink_is_port]


@attrs.frozen(kw_only=True)
class HostLinkNaming:
    """How the host links of pods are named.

    Attributes:
        prefix: what every name begins with.
        names: the names.
    """

    prefix: str
    names: tuple[str, ...] = _instance(())

    def summary(self) -> str:
        return f"{self.prefix}*, such as {self.names[0]}"

    def meaning(self) -> str:
        return f"rules and monitoring that select pod links by name have to match {self.prefix}*"


@attrs.frozen(kw_only=True)
class PodAddressing:
    """Where the addresses of pods come from.

    Attributes:
        source: `node subnet`, or `pod CIDR` when it lies outside the node's subnet.
        prefixlen: the length of the prefix of the pods' network, as a pod has it or else the node's route to its pods.
        pod_network: the network of the node's pods.
        node_subnet: the subnet of the node.
        addresses: the addresses of pods on the node.
    """

    source: str
    prefixlen: int | None = None
    pod_network: Network | None = _instance()
    node_subnet: Network | None = _instance()
    addresses: tuple[Address, ...] = _instance(())

    def summary(self) -> str:
        if self.source == "node subnet":
            return f"the node's subnet {self.node_subnet}"
        return f"pod CIDR {self.pod_network or 'not shown'}, outside the node's subnet {self.node_subnet}"

    def meaning(self) -> str:
        if self.source == "node subnet":
            return "every pod uses up an address of the subnet, and is reachable from the VNet under it"
        return "pods use up no address of the subnet, and the VNet can't reach them without help"


@attrs.frozen(kw_only=True)
class NodeAddress:
    """What holds the node's address.

    Attributes:
        held_by: `uplink` or `bridge`.
        uplink_is_bridge_port: whether the uplink is a port of a bridge.
        interface: the interface that holds the address.
        address: the address.
        uplink: the uplink.
    """

    held_by: str
    uplink_is_bridge_port: bool | None = None
    interface: str | None = _instance()
    address: Address | None = _instance()
    uplink: str | None = _instance()

    def summary(self) -> str:
        holder = f"{self.interface}, the {self.held_by}" if self.interface else f"the {self.held_by}"
        port = {True: f"; {self.uplink} is a bridge port", False: f"; {self.uplink} is no bridge port", None: ""}
        return f"{self.address or 'the address'} on {holder}{port[self.uplink_is_bridge_port]}"

    def meaning(self) -> str:
        if self.held_by == "bridge":
            return (
                f"{self.uplink or 'the uplink'} has no address of its own, {self.interface} has it and pods beside it"
            )
        return f"{self.interface} itself holds the node's address, and pods are behind it"


@attrs.frozen(kw_only=True)
class DefaultRoute:
    """The node's default route.

    Attributes:
        via: what it leaves through: `uplink` or `bridge`.
        interface: the interface.
        gateway: the gateway.
        metric: the metric.
    """

    via: str
    interface: str = _instance()
    gateway: Address | None = _instance()
    metric: int = _instance()

    def summary(self) -> str:
        return f"via {self.gateway} dev {self.interface}, the {self.via}"

    def meaning(self) -> str:
        if self.via == "bridge":
            return f"what leaves the node passes the bridge {self.interface}, and bridge netfilter with it"
        return f"what leaves the node is routed out of {self.interface} directly"


@attrs.frozen(kw_only=True)
class PodGateway:
    """The default gateway of a pod.

    Attributes:
        kind: `the node's bridge`, `the subnet's gateway` or `a link-local address`.
        gateway: the gateway.
    """

    kind: str
    gateway: Address = _instance()

    def summary(self) -> str:
        return f"{self.gateway}, {self.kind}"

    def meaning(self) -> str:
        return {
            "the node's bridge": "everything a pod sends is routed by its node first",
            "the subnet's gateway": "a pod sends to the VNet's gateway itself, its node only bridges",
        }.get(self.kind, "a pod sends everything to its node, which answers for that address")


@attrs.frozen(kw_only=True)
class LocalPods:
    """How the host reaches the pods on it.

    Attributes:
        kind: `pod network on the bridge`, `node subnet on the bridge` or `host route per pod`.
        routes: the networks of these routes.
        interface: the interface of the route, when it is one.
    """

    kind: str
    routes: tuple[Network, ...] = _instance(())
    interface: str | None = _instance()

    def summary(self) -> str:
        where = f" dev {self.interface}" if self.interface else ""
        return f"{self.kind}: {_list(self.routes)}{where}"

    def meaning(self) -> str:
        return {
            "pod network on the bridge": "one route covers all pods of the node, whichever come and go",
            "node subnet on the bridge": "pods and nodes are in one network, and no route tells them apart",
        }.get(self.kind, "the routing table changes with every pod that starts or ends")


@attrs.frozen(kw_only=True)
class RemotePods:
    """How pods on other nodes are reached.

    Attributes:
        kind: `Azure route table` or `natively in the VNet`.
        routes: the networks in the route table and their next hops, as `NETWORK via ADDRESS`.
    """

    kind: str
    routes: tuple[str, ...] = _instance(())

    def summary(self) -> str:
        return f"{self.kind}: {_list(self.routes)}" if self.routes else self.kind

    def meaning(self) -> str:
        if self.kind == "Azure route table":
            return "Azure forwards packets between pods by a route per node, and without that table they get lost"
        return "the VNet delivers packets between pods by their own addresses, with no route of the user's"


@attrs.frozen(kw_only=True)
class SourceNat:
    """What gets the node's address as its source on its way out.

    Attributes:
        mechanism: who wrote the rule: `kubenet` or `ip-masq-agent`.
        exempt: the destinations that keep the pod's address, by role: `the pod CIDR`, `the VNet`, `the node subnet`,
            `the service CIDR`, `the node itself`; absent when the role of one of them is not known.
        marked_packets: whether what `KUBE-MARK-MASQ` marked is translated as well.
        networks: the networks behind these roles.
        other_rules: other rules that translate sources, such as Docker's for docker0.
        interfaces_shown: whether the listing showed the interfaces of the rules.
    """

    mechanism: str
    exempt: tuple[str, ...] | None = None
    marked_packets: bool | None = None
    networks: tuple[Network, ...] = _instance(())
    other_rules: tuple[str, ...] = _instance(())
    interfaces_shown: bool = _instance(False)

    def summary(self) -> str:
        unseen = "" if self.interfaces_shown else " (a listing without -v hides interfaces)"
        if self.exempt is None:
            return f"by {self.mechanism}: all but to {_list(self.networks)}{unseen}"
        return f"by {self.mechanism}: all but to {_and(self.exempt)} ({_list(self.networks)}){unseen}"

    def meaning(self) -> str:
        return f"pods keep their own address only towards {_and(self.exempt or self.networks)}"


@attrs.frozen(kw_only=True)
class ServicePath:
    """How packets to a service get to a pod.

    Attributes:
        mechanism: who translates: `kube-proxy, iptables`.
        masquerade_unless_from: packets to a service from elsewhere are marked for source NAT (`KUBE-MARK-MASQ`), by
            role; absent when that is not known.
        network: that network.
        services: how many services there are.
    """

    mechanism: str
    masquerade_unless_from: str | None = None
    network: Network | None = _instance()
    services: int | None = _instance()

    def summary(self) -> str:
        if self.network is None:
            return f"{self.mechanism}; the condition of KUBE-MARK-MASQ is not one for all services"
        role = f"{self.masquerade_unless_from} ({self.network})" if self.masquerade_unless_from else self.network
        return f"{self.mechanism}; KUBE-MARK-MASQ unless from {role}"

    def meaning(self) -> str:
        if self.network is None:
            return f"{self.mechanism} sends packets to an endpoint"
        return f"an endpoint sees the client's own address if that is in {self.masquerade_unless_from or self.network}"


@attrs.frozen(kw_only=True)
class ServiceAddresses:
    """The addresses of services.

    Attributes:
        service_cidr: the network of the services.
        dns_service_ip: the address of the cluster's DNS service.
    """

    service_cidr: Network | None = None
    dns_service_ip: Address | None = None

    def summary(self) -> str:
        return f"services {self.service_cidr or 'not shown'}, DNS {self.dns_service_ip or 'not shown'}"

    def meaning(self) -> str:
        return f"clients find DNS at {self.dns_service_ip or 'an address not shown'}"


@attrs.frozen(kw_only=True)
class PodSandbox:
    """What holds a pod's network namespace.

    Attributes:
        held_by: `pause container`.
        images: the images of these containers.
    """

    held_by: str
    images: tuple[str, ...] = _instance(())

    def summary(self) -> str:
        return f"{self.held_by}: {_list(self.images)}"

    def meaning(self) -> str:
        return f"a {self.held_by} keeps the pod's network namespace while its containers restart"


@attrs.frozen(kw_only=True)
class Mtu:
    """The MTUs on the way out of a pod, in bytes.

    Attributes:
        pod: of a pod's interface.
        host_link: of the host links of pods.
        bridge: of the bridge they are ports of.
        uplink: of the uplink.
    """

    pod: int | None = None
    host_link: int | None = None
    bridge: int | None = None
    uplink: int | None = None

    def summary(self) -> str:
        parts = {name: value for name, value in attrs.asdict(self).items() if value is not None}
        return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in parts.items())

    def meaning(self) -> str:
        return f"a packet of up to {min(filter(None, attrs.astuple(self)))} bytes passes without being fragmented"


@attrs.frozen(kw_only=True)
class ContainerRuntime:
    """The container runtime of the node.

    Attributes:
        name: its name, such as `docker` or `containerd`.
        version: its version.
    """

    name: str
    version: str | None = None

    def summary(self) -> str:
        return f"{self.name} {self.version or '(version not shown)'}"

    def meaning(self) -> str:
        return f"containers are listed with {'docker' if self.name == 'docker' else 'crictl'} ps"


@attrs.frozen(kw_only=True)
class KubernetesVersion:
    """The version of the node's kubelet.

    Attributes:
        version: the version.
    """

    version: str

    def summary(self) -> str:
        return self.version

    def meaning(self) -> str:
        return f"the node's kubelet is {self.version}"


@attrs.frozen(kw_only=True)
class Architecture:
    """The facts about a node.

    Attributes:
        name: the name of the capture.
        network_plugin: which network plugin connects the pods.
        pod_attachment: what the host links of pods are connected to.
        host_link_naming: how the host links of pods are named.
        pod_addressing: where the addresses of pods come from.
        node_address: what holds the node's address.
        default_route: the node's default route.
        pod_gateway: the default gateway of a pod.
        local_pods: how the host reaches the pods on it.
        remote_pods: how pods on other nodes are reached.
        source_nat: what gets the node's address as its source.
        service_path: how packets to a service get to a pod.
        service_addresses: the addresses of services.
        pod_sandbox: what holds a pod's network namespace.
        mtu: the MTUs on the way out of a pod.
        container_runtime: the container runtime.
        kubernetes_version: the version of Kubernetes.
    """

    name: str
    network_plugin: Fact[NetworkPlugin]
    pod_attachment: Fact[PodAttachment]
    host_link_naming: Fact[HostLinkNaming]
    pod_addressing: Fact[PodAddressing]
    node_address: Fact[NodeAddress]
    default_route: Fact[DefaultRoute]
    pod_gateway: Fact[PodGateway]
    local_pods: Fact[LocalPods]
    remote_pods: Fact[RemotePods]
    source_nat: Fact[SourceNat]
    service_path: Fact[ServicePath]
    service_addresses: Fact[ServiceAddresses]
    pod_sandbox: Fact[PodSandbox]
    mtu: Fact[Mtu]
    container_runtime: Fact[ContainerRuntime]
    kubernetes_version: Fact[KubernetesVersion]


ASPECTS = tuple(field.name for field in attrs.fields(Architecture)[1:])
"""The names of the facts, in the order in which they are compared and shown."""


def _count(items: Iterable[object], noun: str) -> str:
    number = len(tuple(items))
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _list(items: Iterable[object]) -> str:
    return ", ".join(map(str, items)) or "nothing"


def _and(items: Iterable[object]) -> str:
    *others, last = [str(item) for item in items] or ["nothing"]
    return f"{', '.join(others)} and {last}" if others else last
