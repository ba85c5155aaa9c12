"""How packets to a service get to a pod, and the addresses of services."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import attrs

from aksparse.architecture.fact import Fact, Known, Unknown, contradiction, count, instance, known, listing
from aksparse.architecture.modes import MODES
from aksparse.architecture.plugin import network_mode
from aksparse.architecture.versions import by_version, for_ipv6
from aksparse.architecture.view import NAT_TABLE, SETTINGS, NodeView
from aksparse.capture.model import Address, Network
from aksparse.commands.kubectl_get import Service
from aksparse.wiring.model import RefusedService, ServiceChain, naming


@attrs.frozen(kw_only=True)
class ServicePath:
    """How packets to a service get to a pod.

    Attributes:
        mechanism: who translates: `kube-proxy, iptables` or `Cilium, eBPF`.
        masquerade_unless_from: packets to a service from elsewhere are marked for source NAT (`KUBE-MARK-MASQ`), by
            role; `nowhere` when none is marked for where it comes from; absent when services differ or it is unknown.
        condition: the network or the interfaces behind that role.
        services: how many services there are.
        ipv6: the same of IPv6, where pods have addresses of both versions.
    """

    mechanism: str
    masquerade_unless_from: str | None = None
    condition: str | None = instance()
    services: int | None = instance()
    ipv6: ServicePath | Unknown | None = for_ipv6()

    def summary(self) -> str:
        if self.mechanism != KUBE_PROXY:
            return f"{self.mechanism}; iptables has no rule for a service"
        if self.masquerade_unless_from == NOWHERE:
            return f"{self.mechanism}; KUBE-MARK-MASQ for no packet because of where it comes from"
        if self.condition is None:
            return f"{self.mechanism}; the condition of KUBE-MARK-MASQ differs between services"
        role = f"{self.masquerade_unless_from} ({self.condition})" if self.masquerade_unless_from else self.condition
        return f"{self.mechanism}; KUBE-MARK-MASQ unless from {role}"

    def meaning(self) -> str:
        if self.mechanism != KUBE_PROXY:
            return "rules of iptables neither show nor change what becomes of packets to a service"
        if self.masquerade_unless_from == NOWHERE:
            return "an endpoint sees the client's own address wherever it comes from"
        if self.condition is None:
            return "which clients an endpoint sees under their own address depends on the service"
        if self.masquerade_unless_from == POD_LINKS:
            return "an endpoint sees the client's own address if that is a pod of the node that translates"
        return (
            f"an endpoint sees the client's own address if that is in {self.masquerade_unless_from or self.condition}"
        )


KUBE_PROXY, CILIUM = "kube-proxy, iptables", "Cilium, eBPF"
NOWHERE, POD_LINKS = "nowhere", "the node's own pods"


@attrs.frozen(kw_only=True)
class Services:
    """The services and their endpoints.

    Attributes:
        services: by name and port (`namespace/name:port`), its protocol, its port, how many endpoints it has, with what
            share of the packets, and for how long a client stays with one.
        addresses: the addresses of the endpoints.
        ipv6: the same of IPv6, where pods have addresses of both versions.
    """

    services: Mapping[str, str]
    addresses: tuple[str, ...] = instance(())
    ipv6: Services | Unknown | None = for_ipv6()

    def summary(self) -> str:
        empty = [name for name, what in self.services.items() if NO_ENDPOINT in what]
        without = f", {listing(empty)} without any" if empty else ""
        return f"{count(self.services, 'port')} of services, {count(self.addresses, 'endpoint')}{without}"

    def meaning(self) -> str:
        empty = [name for name, what in self.services.items() if NO_ENDPOINT in what]
        return f"packets to {listing(empty)} go nowhere" if empty else "each of these services leads to an endpoint"


@attrs.frozen(kw_only=True)
class ServiceAddresses:
    """The addresses of services.

    Attributes:
        service_cidr: the network of the services.
        dns_service_ip: the address of the cluster's DNS service.
        ipv6: the same of IPv6, where pods have addresses of both versions.
    """

    service_cidr: Network | None = None
    dns_service_ip: Address | None = None
    ipv6: ServiceAddresses | Unknown | None = for_ipv6()

    def summary(self) -> str:
        return f"services {self.service_cidr or 'not shown'}, DNS {self.dns_service_ip or 'not shown'}"

    def meaning(self) -> str:
        return f"clients find DNS at {self.dns_service_ip or 'an address not shown'}"


@by_version
def service_path(node: NodeView) -> Fact[ServicePath]:
    """Who translates the addresses of services, and for which clients it hides them: by the chains of the nat table."""
    services = node.wiring.services
    if not services:
        return _without_chains(node)
    conditions = {(service.masquerade_unless_from, service.masquerade_unless_in) for service in services}
    whole = _is_whole(node)
    if not whole:
        conditions.discard((None, None))
    if not conditions:
        return _cut(node)
    network, link = next(iter(conditions)) if len(conditions) == 1 else (None, None)
    role = node.role(network) if network is not None else None
    of_link = POD_LINKS if link is not None and naming(link) is not None else None
    unmarked = NOWHERE if conditions == {(None, None)} else None
    condition = network if network is not None else link
    value = ServicePath(
        mechanism=KUBE_PROXY,
        masquerade_unless_from=role.value if role else of_link or unmarked,
        condition=str(condition) if condition is not None else None,
        services=len(services) if whole else None,
    )
    proof = node.cite(*(record for service in services for record in service.records[:2]))
    return known(value, (*proof, *(role.evidence if role else ())))


_NO_CHAIN = "the nat table has no chain of a service"


def _is_whole(node: NodeView) -> bool:
    """Whether the nat table was listed as a whole: in a part of it, services, rules or endpoints may be missing."""
    table = node.wiring.table("nat", node.version)
    return table is not None and table.whole and all(service.whole for service in node.wiring.services)


def _cut(node: NodeView) -> Unknown:
    seen = [service.records[0] for service in node.wiring.services]
    reason = f"{count(seen, 'port')} of services are seen, and not all of the nat table is in the capture"
    return Unknown(reason=reason, commands=NAT_TABLE, evidence=node.cite(*seen))


def _without_chains(node: NodeView) -> Fact[ServicePath]:
    """No service has a chain: Cilium translates, where all of the nat table was listed in a mode that shows none."""
    mode, table = network_mode(node.whole), node.wiring.table("nat", node.version)
    if isinstance(mode, Known) and table is not None and table.whole and not MODES[mode.value.mode].shows["KUBE-SVC"]:
        chains = [chain for chain in table.chains if (chain.name or "").startswith("CILIUM_")]
        return known(ServicePath(mechanism=CILIUM), (*node.cite(*chains[:1]), *mode.evidence))
    hook = [rule for rule in node.rules("POSTROUTING") if rule.target == "KUBE-POSTROUTING"]
    if table is not None and table.whole:
        return Unknown(
            reason=f"{_NO_CHAIN}: it is not kube-proxy with iptables that translates",
            commands=SETTINGS,
            evidence=node.cite(*(hook or table.chains[:1])),
        )
    reason = (
        "KUBE-POSTROUTING alone does not show it (the kubelet makes it as well), and the service chains are not"
        if hook
        else "the chains of kube-proxy are not"
    )
    return Unknown(reason=f"{reason} in the capture", commands=NAT_TABLE, evidence=node.cite(*hook))


@by_version
def service_endpoints(node: NodeView) -> Fact[Services]:
    """What is behind each service: by its chain in the nat table, or by the rule that refuses its packets."""
    services = node.wiring.services
    path = service_path(node) if not services else None
    if isinstance(path, Known) and path.value.mechanism == CILIUM:
        reason = "services are in Cilium's maps of the kernel"
        return Unknown(reason=reason, commands=("cilium service list (which is not read)",), evidence=path.evidence)
    if not services:
        table = node.wiring.table("nat", node.version)
        if table is not None and table.whole:
            return Unknown(reason=_NO_CHAIN, evidence=node.cite(*table.chains[:1]))
        return Unknown(reason="the chains of services are not in the capture", commands=NAT_TABLE)
    if not _is_whole(node):
        return _cut(node)
    refused = node.wiring.refused
    told = {service.service: _told(service) for service in refused}
    told |= {service.service: _told(service) for service in services}
    addresses = tuple(
        f"{service.service} {endpoint.address}:{endpoint.port}"
        for service in services
        for endpoint in service.endpoints
    )
    proof = [
        record
        for service in services
        for record in (*service.records[:1], *service.records[len(service.records) - len(service.endpoints) :])
    ]
    proof += [record for service in refused for record in service.records]
    return known(Services(services=dict(sorted(told.items())), addresses=addresses), node.cite(*proof))


def _told(service: ServiceChain | RefusedService) -> str:
    where = f"{PROTOCOLS.get(service.protocol, service.protocol)} {service.port}"
    if isinstance(service, RefusedService):
        return f"{where}{NO_ENDPOINT}"
    shares = [endpoint.share for endpoint in service.endpoints]
    parts = [
        f"{where}: {count(shares, 'endpoint')}",
        *(["with shares that differ"] if shares and max(shares) - min(shares) > EVEN else []),
        *([f"a client stays with one for {service.affinity} s"] if service.affinity is not None else []),
    ]
    return ", ".join(parts)


NO_ENDPOINT = ": 0 endpoints"

EVEN = Decimal("0.001")
"""How far even shares may be apart: the kernel keeps 31 bits of a probability, and listings round."""

PROTOCOLS = {"6": "tcp", "17": "udp", "132": "sctp"}


@by_version
def service_addresses(node: NodeView) -> Fact[ServiceAddresses]:
    """The network of the services and the address of DNS: as stated, or by the chain or the row of `kube-dns`."""
    cidrs, dns = node.stated("service_cidr"), node.stated("dns_service_ip")
    for name, found in (("service CIDR", cidrs), ("DNS address", dns)):
        if len(found) > 1:
            return contradiction(f"several values for the {name}: {', '.join(map(str, found))}", *found.values())
    for service in node.wiring.services:
        if service.service.startswith("kube-system/kube-dns:") and service.cluster_ip is not None:
            dns[service.cluster_ip] = (*dns.get(service.cluster_ip, ()), *node.cite(*service.records[:1]))
    for row in node.capture.records("kubectl_get", Service):
        if (row.namespace, row.name) == ("kube-system", "kube-dns") and node.sees(row.cluster_ip):
            dns[row.cluster_ip] = (*dns.get(row.cluster_ip, ()), *node.cite(row))
    if not cidrs and not dns:
        commands = ("kubectl get services -A", *SETTINGS)
        return Unknown(reason="the addresses of services are not in the capture", commands=commands)
    if len(dns) > 1:
        return contradiction(f"several values for the DNS address: {', '.join(map(str, dns))}", *dns.values())
    value = ServiceAddresses(service_cidr=next(iter(cidrs), None), dns_service_ip=next(iter(dns), None))
    return known(value, [line for lines in (*cidrs.values(), *dns.values()) for line in lines])
