"""The facts about a node that are compared: what each can be, how it reads, and what it means.

A fact is `Known`, with a value and evidence, or `Unknown`, with the reason and the commands that would show it. Inside
a value `None` means that this part is not known. Values say what a network engineer compares between two nodes: roles
("the bridge", "the node's subnet"), not names. What belongs to this one node, such as its addresses, is in the value
too, marked as `INSTANCE`: it is shown, and not compared.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Generic, Literal, TypeVar

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
        network_policy: who enforces network policies, as stated for the cluster.
        network_dataplane: `azure` or `cilium`, as stated for the cluster.
    """

    plugin: str
    mode: str | None = None
    network_policy: str | None = None
    network_dataplane: str | None = None

    def summary(self) -> str:
        parts = [self.plugin, f"{self.mode} mode" if self.mode else "mode not shown"]
        parts += [f"network policy {self.network_policy}"] if self.network_policy else []
        parts += [f"dataplane {self.network_dataplane}"] if self.network_dataplane else []
        return ", ".join(parts)

    def meaning(self) -> str:
        known = {
            ("kubenet", "bridge"): "kubenet makes a bridge of its own and gives pods addresses outside the VNet",
            ("azure", "bridge"): "Azure CNI bridges pods into the VNet and gives them addresses of it",
            ("azure", "transparent"): "Azure CNI routes each pod's VNet address to the pod's own host link",
            ("azure", "overlay"): "Azure CNI gives pods addresses of an overlay that the Azure network carries",
        }
        return known.get((self.plugin, self.mode or ""), f"{self.plugin} connects the pods; its mode is not shown")


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
    names: tuple[str, ...] = _instance(())

    def summary(self) -> str:
        return f"{self.prefix}*, such as {self.names[0]}"

    def meaning(self) -> str:
        return f"rules and monitoring that select pod links by name have to match {self.prefix}*"


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
    pod_network: Network | None = _instance()
    node_subnet: Network | None = _instance()
    addresses: tuple[Address, ...] = _instance(())

    def summary(self) -> str:
        if self.source == "node subnet":
            return f"the node's subnet {self.node_subnet}"
        network = self.pod_network or _list(self.addresses)
        return f"{self.source}: {network}, outside the node's subnet {self.node_subnet}"

    def meaning(self) -> str:
        return {
            "node subnet": "each pod uses up an address of the node's subnet, at which the VNet reaches it",
            "another subnet of the VNet": "each pod uses up an address of another subnet, at which the VNet reaches it",
            "pod CIDR": "pods use up no address of the VNet, which reaches them only by a route table or an overlay",
        }[self.source]


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
        port = {True: f"; {self.uplink} is a bridge port", False: f"; {self.uplink} is not a bridge port", None: ""}
        return f"{self.address or 'the address'} on {holder}{port[self.uplink_is_bridge_port]}"

    def meaning(self) -> str:
        if self.held_by == "bridge":
            return f"{self.interface} has the node's address, and {self.uplink or 'the uplink'} has none of its own"
        return f"{self.interface} has the node's address itself"


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
            return f"what leaves the node leaves through the bridge {self.interface}, and only then through its uplink"
        return f"what leaves the node leaves through {self.interface} directly"


@attrs.frozen(kw_only=True)
class PodGateway:
    """The default gateway of a pod.

    Attributes:
        kind: `the node's bridge`, `the subnet's gateway` or `a link-local address`.
        gateway: the gateway.
    """

    kind: Literal["the node's bridge", "the subnet's gateway", "a link-local address"]
    gateway: Address = _instance()

    def summary(self) -> str:
        return f"{self.gateway}, {self.kind}"

    def meaning(self) -> str:
        return {
            "the node's bridge": "a pod sends what leaves its network to its node, which routes it",
            "the subnet's gateway": "a pod sends what leaves its network to the subnet's gateway, not to its node",
            "a link-local address": "a pod sends everything to its node, which answers ARP for that address",
        }[self.kind]


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
        kind: `Azure route table`, `natively in the VNet` or `Azure CNI overlay`.
        routes: the routes that lead to pods, as `NETWORK via ADDRESS`.
    """

    kind: Literal["Azure route table", "natively in the VNet", "Azure CNI overlay"]
    routes: tuple[str, ...] = _instance(())

    def summary(self) -> str:
        return f"{self.kind}: {_list(self.routes)}" if self.routes else self.kind

    def meaning(self) -> str:
        return {
            "Azure route table": "each node's pods need a route in the Azure route table, or packets to them are lost",
            "natively in the VNet": "the VNet delivers packets between pods itself, and needs no route table for it",
            "Azure CNI overlay": "Azure carries packets between pods of different nodes without a route table",
        }[self.kind]


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
            return f"by {self.mechanism}, for everything except traffic to {_list(self.networks)}{unseen}"
        exempt = f"{_and(self.exempt)} ({_list(self.networks)})"
        return f"by {self.mechanism}, for everything except traffic to {exempt}{unseen}"

    def meaning(self) -> str:
        return (
            f"pods keep their own address towards {_and(self.exempt or self.networks)} unless a service rule marks them"
        )


@attrs.frozen(kw_only=True)
class ServicePath:
    """How packets to a service get to a pod.

    Attributes:
        mechanism: who translates: `kube-proxy, iptables`.
        masquerade_unless_from: packets to a service from elsewhere are marked for source NAT (`KUBE-MARK-MASQ`), by
            role; `anywhere` when none is marked for its source; absent when services differ or it is not known.
        network: that network.
        services: how many services there are.
    """

    mechanism: str
    masquerade_unless_from: str | None = None
    network: Network | None = _instance()
    services: int | None = _instance()

    def summary(self) -> str:
        if self.masquerade_unless_from == "anywhere":
            return f"{self.mechanism}; KUBE-MARK-MASQ regardless of the source: never"
        if self.network is None:
            return f"{self.mechanism}; the condition of KUBE-MARK-MASQ differs between services"
        role = f"{self.masquerade_unless_from} ({self.network})" if self.masquerade_unless_from else self.network
        return f"{self.mechanism}; KUBE-MARK-MASQ unless from {role}"

    def meaning(self) -> str:
        if self.masquerade_unless_from == "anywhere":
            return "an endpoint sees the client's own address wherever it comes from"
        if self.network is None:
            return "which clients an endpoint sees under their own address depends on the service"
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
    """The MTUs on the way out of a pod, in bytes; several where interfaces of one kind differ.

    Attributes:
        pod: of the pods' interfaces.
        host_link: of the host links of pods.
        bridge: of the bridge they are ports of.
        uplink: of the uplink.
    """

    pod: tuple[int, ...] | None = None
    host_link: tuple[int, ...] | None = None
    bridge: tuple[int, ...] | None = None
    uplink: tuple[int, ...] | None = None

    def summary(self) -> str:
        parts = {name: values for name, values in attrs.asdict(self).items() if values}
        return ", ".join(f"{name.replace('_', ' ')} {'/'.join(map(str, values))}" for name, values in parts.items())

    def meaning(self) -> str:
        return f"the smallest MTU seen is {min(min(values) for values in attrs.astuple(self) if values)} bytes"


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
