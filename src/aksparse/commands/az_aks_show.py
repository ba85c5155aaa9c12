"""`az aks show` and `az aks list`: clusters of the Azure Kubernetes Service, their network and their node pools.

Format: az-aks(1) of the Azure CLI, as JSON or as a table (`-o table`), which says little; the objects are those of
`Microsoft.ContainerService/managedClusters`. What both forms have in common with other commands is in `aksparse.azure`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any

import attrs

from aksparse.azure import (
    a_list,
    a_network,
    a_number,
    a_text,
    an_address,
    an_object,
    header,
    is_document_with,
    read_resources,
    shows,
)
from aksparse.command import Command, Lines
from aksparse.records import Record


@attrs.frozen(kw_only=True)
class NetworkProfile:
    """The network of a cluster.

    Attributes:
        network_plugin: `kubenet`, `azure` or `none`.
        network_plugin_mode: `overlay`, when pods have addresses of their own.
        network_policy: who enforces network policies: `azure`, `calico` or `cilium`.
        network_dataplane: `azure` or `cilium`.
        pod_cidr: the network of the pods.
        pod_cidrs: the networks of the pods, one for each version of IP.
        service_cidr: the network of the services.
        service_cidrs: the networks of the services, one for each version of IP.
        dns_service_ip: the address of the cluster's DNS service.
        docker_bridge_cidr: the address and network of docker0 (old releases only).
        ip_families: the versions of IP.
        outbound_type: how packets leave the cluster, such as `loadBalancer` or `userDefinedRouting`.
        load_balancer_sku: the kind of load balancer, `standard` or `basic`.
        other: what else is said of it, as it stands.
    """

    network_plugin: str | None = None
    network_plugin_mode: str | None = None
    network_policy: str | None = None
    network_dataplane: str | None = None
    pod_cidr: IPv4Network | IPv6Network | None = None
    pod_cidrs: tuple[IPv4Network | IPv6Network, ...] | None = None
    service_cidr: IPv4Network | IPv6Network | None = None
    service_cidrs: tuple[IPv4Network | IPv6Network, ...] | None = None
    dns_service_ip: IPv4Address | IPv6Address | None = None
    docker_bridge_cidr: str | None = None
    ip_families: tuple[str, ...] | None = None
    outbound_type: str | None = None
    load_balancer_sku: str | None = None
    other: dict[str, Any] | None = None


@attrs.frozen(kw_only=True)
class AgentPool:
    """A pool of nodes.

    Attributes:
        name: the name of the pool.
        mode: `System`, `User` or `Gateway`.
        count: the number of its nodes.
        max_pods: how many pods a node may run.
        vm_size: the size of its virtual machines.
        os_type: `Linux` or `Windows`.
        os_sku: the distribution, such as `Ubuntu`.
        orchestrator_version: the version of Kubernetes that it is to have.
        current_orchestrator_version: the version of Kubernetes that it has.
        node_image_version: the image of its nodes.
        vnet_subnet_id: the id of the subnet of the nodes.
        pod_subnet_id: the id of the subnet of the pods.
        other: what else is said of it, as it stands.
    """

    name: str | None = None
    mode: str | None = None
    count: int | None = None
    max_pods: int | None = None
    vm_size: str | None = None
    os_type: str | None = None
    os_sku: str | None = None
    orchestrator_version: str | None = None
    current_orchestrator_version: str | None = None
    node_image_version: str | None = None
    vnet_subnet_id: str | None = None
    pod_subnet_id: str | None = None
    other: dict[str, Any] | None = None


@attrs.frozen(kw_only=True)
class ManagedCluster(Record):
    """A cluster of the Azure Kubernetes Service.

    Attributes:
        name: the name of the cluster.
        location: the region.
        resource_group: the resource group of the cluster.
        node_resource_group: the resource group of what the cluster is made of (JSON only).
        kubernetes_version: the version of Kubernetes that it is to have.
        current_kubernetes_version: the version of Kubernetes that it has.
        provisioning_state: whether Azure has made it so, such as `Succeeded`.
        fqdn: the name of its API server; in a table the private name when there is no other.
        private_fqdn: the private name of its API server (JSON only).
        network_profile: its network (JSON only).
        agent_pool_profiles: its pools of nodes (JSON only).
        id: the id of the cluster (JSON only).
        type: the type of the resource (JSON only).
        other: what else is said of it, as it stands.
    """

    name: str
    location: str | None = None
    resource_group: str | None = None
    node_resource_group: str | None = None
    kubernetes_version: str | None = None
    current_kubernetes_version: str | None = None
    provisioning_state: str | None = None
    fqdn: str | None = None
    private_fqdn: str | None = None
    network_profile: NetworkProfile | None = None
    agent_pool_profiles: tuple[AgentPool, ...] | None = None
    id: str | None = None
    type: str | None = None
    other: dict[str, Any] | None = None


_NETWORK = {
    **dict.fromkeys(("network_plugin", "network_plugin_mode", "network_policy", "network_dataplane"), a_text),
    **dict.fromkeys(("docker_bridge_cidr", "outbound_type", "load_balancer_sku"), a_text),
    **dict.fromkeys(("pod_cidr", "service_cidr"), a_network),
    **dict.fromkeys(("pod_cidrs", "service_cidrs"), a_list(a_network)),
    "ip_families": a_list(a_text),
    "dns_service_ip": an_address,
}
_POOL = {
    **dict.fromkeys(("name", "mode", "vm_size", "os_type", "os_sku", "node_image_version"), a_text),
    **dict.fromkeys(("orchestrator_version", "current_orchestrator_version"), a_text),
    **dict.fromkeys(("vnet_subnet_id", "pod_subnet_id"), a_text),
    **dict.fromkeys(("count", "max_pods"), a_number),
}
_CLUSTER = {
    **dict.fromkeys(("name", "location", "resource_group", "node_resource_group", "provisioning_state"), a_text),
    **dict.fromkeys(("kubernetes_version", "current_kubernetes_version", "fqdn", "private_fqdn", "id", "type"), a_text),
    "network_profile": an_object(NetworkProfile, _NETWORK),
    "agent_pool_profiles": a_list(an_object(AgentPool, _POOL)),
}
_HEADER = header("Name", "Location", "ResourceGroup", "KubernetesVersion")


def _assemble(lines: Lines) -> Iterator[ManagedCluster]:
    return read_resources(lines, _HEADER, ManagedCluster, _CLUSTER, "name")


def _produced_by(argv: Sequence[str]) -> bool:
    return shows(argv, "aks")


def _shown_by(texts: Sequence[str]) -> bool:
    return is_document_with(texts, "agentPoolProfiles", "networkProfile", "kubernetesVersion")


COMMAND = Command(
    name="az_aks_show",
    record=ManagedCluster,
    assemble=_assemble,
    produced_by=_produced_by,
    signature=(_HEADER,),
    shown_by=_shown_by,
)
parse_az_aks_show = COMMAND.parse
