"""How packets to a service get to a pod, and the addresses of services."""

from __future__ import annotations

import attrs

from aksparse.architecture.fact import Fact, Unknown, contradiction, instance, known
from aksparse.architecture.view import NAT_TABLE, SETTINGS, NodeView
from aksparse.capture import Address, Network
from aksparse.commands.kubectl_get import Service


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
    network: Network | None = instance()
    services: int | None = instance()

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


def service_path(node: NodeView) -> Fact[ServicePath]:
    services = node.wiring.services
    if not services:
        hook = [rule for rule in node.rules("POSTROUTING") if rule.target == "KUBE-POSTROUTING"]
        reason = (
            "KUBE-POSTROUTING alone does not show it (the kubelet makes it as well), and the service chains are not"
            if hook
            else "the chains of kube-proxy are not"
        )
        return Unknown(reason=f"{reason} in the capture", commands=NAT_TABLE, evidence=node.cite(*hook))
    networks = {service.masquerade_unless_from for service in services}
    network = next(iter(networks)) if len(networks) == 1 else None
    role = node.role(network) if network is not None else None
    unmarked = "anywhere" if networks == {None} else None
    value = ServicePath(
        mechanism="kube-proxy, iptables",
        masquerade_unless_from=role.value if role else unmarked,
        network=network,
        services=len(services),
    )
    proof = node.cite(*(record for service in services for record in service.records[:2]))
    return known(value, (*proof, *(role.evidence if role else ())))


def service_addresses(node: NodeView) -> Fact[ServiceAddresses]:
    cidrs, dns = node.stated("service_cidr"), node.stated("dns_service_ip")
    for name, found in (("service CIDR", cidrs), ("DNS address", dns)):
        if len(found) > 1:
            return contradiction(f"several values for the {name}: {', '.join(map(str, found))}", *found.values())
    for service in node.wiring.services:
        if service.service.startswith("kube-system/kube-dns:") and service.cluster_ip is not None:
            dns[service.cluster_ip] = (*dns.get(service.cluster_ip, ()), *node.cite(*service.records[:1]))
    for row in node.capture.records("kubectl_get", Service):
        if (row.namespace, row.name) == ("kube-system", "kube-dns") and row.cluster_ip is not None:
            dns[row.cluster_ip] = (*dns.get(row.cluster_ip, ()), *node.cite(row))
    if not cidrs and not dns:
        commands = ("kubectl get services -A", *SETTINGS)
        return Unknown(reason="the addresses of services are not in the capture", commands=commands)
    if len(dns) > 1:
        return contradiction(f"several values for the DNS address: {', '.join(map(str, dns))}", *dns.values())
    value = ServiceAddresses(service_cidr=next(iter(cidrs), None), dns_service_ip=next(iter(dns), None))
    return known(value, [line for lines in (*cidrs.values(), *dns.values()) for line in lines])
