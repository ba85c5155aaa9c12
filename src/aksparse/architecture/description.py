"""All facts about a node, in the order in which they are compared and shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from aksparse.architecture.address_plan import AddressPlan, address_plan
from aksparse.architecture.addresses import PodAddressing, pod_addressing
from aksparse.architecture.attachment import (
    HostLinkNaming,
    LocalPods,
    PodAttachment,
    host_link_naming,
    local_pods,
    pod_attachment,
)
from aksparse.architecture.fact import Fact, Unknown
from aksparse.architecture.families import IpFamilies, ip_families
from aksparse.architecture.platform import (
    ContainerRuntime,
    KubernetesVersion,
    PodSandbox,
    container_runtime,
    kubernetes_version,
    pod_sandbox,
)
from aksparse.architecture.plugin import (
    NetworkMode,
    NetworkPlugin,
    NetworkPolicy,
    network_mode,
    network_plugin,
    network_policy,
)
from aksparse.architecture.remote import RemotePods, remote_pods
from aksparse.architecture.services import (
    ServiceAddresses,
    ServicePath,
    Services,
    service_addresses,
    service_endpoints,
    service_path,
)
from aksparse.architecture.source_nat import SourceNat, source_nat
from aksparse.architecture.uplink import (
    DefaultRoute,
    Mtu,
    NodeAddress,
    PodGateway,
    default_route,
    mtu,
    node_address,
    pod_gateway,
)
from aksparse.architecture.view import NodeView
from aksparse.command import Parsed
from aksparse.wiring.model import Wiring
from aksparse.wiring.outputs import OF_THE_NODE, complete, namespace_of


@attrs.frozen(kw_only=True)
class Architecture:
    """The facts about a node.

    Attributes:
        name: the name of the capture.
        network_mode: the network mode.
        network_plugin: what connects the pods.
        network_policy: who enforces network policies.
        pod_attachment: what the host links of pods are connected to.
        host_link_naming: how the host links of pods are named.
        pod_addressing: where the addresses of pods come from.
        ip_families: which versions of IP are in use.
        address_plan: how many addresses nodes and pods take, and how many there are.
        node_address: what holds the node's address.
        default_route: the node's default route.
        pod_gateway: the default gateway of a pod.
        local_pods: how the host reaches the pods on it.
        remote_pods: how pods on other nodes are reached.
        source_nat: what gets the node's address as its source.
        service_path: how packets to a service get to a pod.
        services: the services, and how many endpoints each has.
        service_addresses: the addresses of services.
        pod_sandbox: what holds a pod's network namespace.
        mtu: the MTUs on the way out of a pod.
        container_runtime: the container runtime.
        kubernetes_version: the version of Kubernetes.
    """

    name: str
    network_mode: Fact[NetworkMode]
    network_plugin: Fact[NetworkPlugin]
    network_policy: Fact[NetworkPolicy]
    pod_attachment: Fact[PodAttachment]
    host_link_naming: Fact[HostLinkNaming]
    pod_addressing: Fact[PodAddressing]
    ip_families: Fact[IpFamilies]
    address_plan: Fact[AddressPlan]
    node_address: Fact[NodeAddress]
    default_route: Fact[DefaultRoute]
    pod_gateway: Fact[PodGateway]
    local_pods: Fact[LocalPods]
    remote_pods: Fact[RemotePods]
    source_nat: Fact[SourceNat]
    service_path: Fact[ServicePath]
    services: Fact[Services]
    service_addresses: Fact[ServiceAddresses]
    pod_sandbox: Fact[PodSandbox]
    mtu: Fact[Mtu]
    container_runtime: Fact[ContainerRuntime]
    kubernetes_version: Fact[KubernetesVersion]


ASPECTS = tuple(field.name for field in attrs.fields(Architecture)[1:])
"""The names of the facts, in the order in which they are compared and shown."""


def describe(wiring: Wiring) -> Architecture:
    """What a node's wiring shows of its architecture.

    Args:
        wiring: how the node and its pods are connected, as `build_wiring` joins it.

    Returns:
        The facts, each `Known` (`value`, `evidence`) or `Unknown` (`reason`, `commands`).

    Raises:
        TypeError: it is no wiring, such as a capture that is not joined yet.
    """
    if not isinstance(wiring, Wiring):
        raise TypeError(f"describe takes a wiring, as build_wiring makes one of a capture, not {type(wiring).__name__}")
    node = NodeView(wiring)
    told = Architecture(
        name=wiring.capture.name,
        network_mode=network_mode(node),
        network_plugin=network_plugin(node),
        network_policy=network_policy(node),
        pod_attachment=pod_attachment(node),
        host_link_naming=host_link_naming(node),
        pod_addressing=pod_addressing(node),
        ip_families=ip_families(node),
        address_plan=address_plan(node),
        node_address=node_address(node),
        default_route=default_route(node),
        pod_gateway=pod_gateway(node),
        local_pods=local_pods(node),
        remote_pods=remote_pods(node),
        source_nat=source_nat(node),
        service_path=service_path(node),
        services=service_endpoints(node),
        service_addresses=service_addresses(node),
        pod_sandbox=pod_sandbox(node),
        mtu=mtu(node),
        container_runtime=container_runtime(node),
        kubernetes_version=kubernetes_version(node),
    )
    listed = [output.argv for output in wiring.capture.outputs if output.argv and _is_whole(output)]
    facts: dict[str, Any] = {name: _without_listed(getattr(told, name), listed) for name in ASPECTS}
    return attrs.evolve(told, **facts)


def _is_whole(output: Parsed[Any]) -> bool:
    printed = len(output) > 0 or "header" in output.ignored.values()
    return printed and namespace_of(output) == OF_THE_NODE and complete(output)


def _without_listed(fact: Fact[Any], listed: Sequence[Sequence[str]]) -> Fact[Any]:
    """A fact that names no command to run whose output is there and did not show it."""
    if isinstance(fact, Unknown):
        commands = (command for command in fact.commands if not any(_says_no_less(argv, command) for argv in listed))
        return attrs.evolve(fact, commands=tuple(commands))
    if isinstance(getattr(fact.value, "ipv6", None), Unknown):
        return attrs.evolve(fact, value=attrs.evolve(fact.value, ipv6=_without_listed(fact.value.ipv6, listed)))
    return fact


_NO_LESS = {*("-d", "-s", "-c", "-w", "-A", "-x", "--line-numbers"), *("show", "list", "table", "all")}
"""Words of command lines by which tools print no less than without them."""


def _says_no_less(argv: Sequence[str], command: str) -> bool:
    tool, *words = command.split()
    return argv[0] == tool and set(words) <= set(argv[1:]) and set(argv[1:]) <= {*words, *_NO_LESS}
