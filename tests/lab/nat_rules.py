"""The nat table of a node, in `iptables-restore` form.

Written as the programs of the time wrote it: kube-proxy of Kubernetes 1.17 (pkg/proxy/iptables),
the kubelet's kubenet plugin, dockerd, and ip-masq-agent.
"""

from __future__ import annotations

import base64
import hashlib
from ipaddress import IPv4Network

from scene import DOCKER_BRIDGE, SERVICE_CIDR, SERVICES, VNET, Cluster, Service, ServicePort

MASQUERADE_MARK = "0x00004000"


def _comment(text: str) -> str:
    return f'-m comment --comment "{text}"'


def chain_name(prefix: str, *parts: str) -> str:
    """kube-proxy's chain name: the first 16 base32 digits of a SHA-256."""
    digest = hashlib.sha256("".join(parts).encode()).digest()
    return f"{prefix}-{base64.b32encode(digest).decode()[:16]}"


def _port_name(service: Service, port: ServicePort) -> str:
    # Before Kubernetes 1.19 the colon is there even when the port has no name.
    return f"{service.namespace}/{service.name}:{port.name}"


class _Nat:
    """Chains and rules in the order they were added."""

    def __init__(self) -> None:
        self._chains = ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"]
        self._rules: list[str] = []

    def chain(self, *names: str) -> None:
        self._chains += names

    def rule(self, chain: str, *words: str) -> None:
        self._rules.append(" ".join(("-A", chain, *words)))

    def text(self) -> str:
        chains = [f":{c} {'-' if '-' in c or c == 'DOCKER' else 'ACCEPT'}" for c in self._chains]
        return "\n".join(["*nat", *chains, *self._rules, "COMMIT", ""])


def nat_table(cluster: Cluster) -> str:
    """The whole nat table of a node of the cluster."""
    nat = _Nat()
    _kube_proxy(nat, cluster)
    _docker(nat)
    if cluster.pod_cidr:
        _kubenet(nat, cluster.pod_cidr)
    else:
        _ip_masq_agent(nat)
    return nat.text()


def _kube_proxy(nat: _Nat, cluster: Cluster) -> None:
    nat.chain("KUBE-SERVICES", "KUBE-NODEPORTS", "KUBE-POSTROUTING")
    nat.chain("KUBE-MARK-MASQ", "KUBE-MARK-DROP", "KUBE-PROXY-CANARY", "KUBE-KUBELET-CANARY")
    portals = _comment("kubernetes service portals")
    nat.rule("PREROUTING", portals, "-j KUBE-SERVICES")
    nat.rule("OUTPUT", portals, "-j KUBE-SERVICES")
    nat.rule("POSTROUTING", _comment("kubernetes postrouting rules"), "-j KUBE-POSTROUTING")
    nat.rule("KUBE-MARK-DROP", "-j MARK --or-mark 0x00008000")
    nat.rule("KUBE-MARK-MASQ", f"-j MARK --or-mark {MASQUERADE_MARK}")
    marked = f"-m mark ! --mark {MASQUERADE_MARK}/{MASQUERADE_MARK}"
    nat.rule("KUBE-POSTROUTING", marked, "-j RETURN")
    nat.rule("KUBE-POSTROUTING", f"-j MARK --xor-mark {MASQUERADE_MARK}")
    snat = _comment("kubernetes service traffic requiring SNAT")
    nat.rule("KUBE-POSTROUTING", snat, "-j MASQUERADE --random-fully")
    for service in SERVICES:
        for port in service.ports:
            _service_port(nat, cluster, service, port)
    last = _comment("kubernetes service nodeports; NOTE: this must be the last rule in this chain")
    nat.rule("KUBE-SERVICES", last, "-m addrtype --dst-type LOCAL -j KUBE-NODEPORTS")


def _service_port(nat: _Nat, cluster: Cluster, service: Service, port: ServicePort) -> None:
    name = _port_name(service, port)
    svc = chain_name("KUBE-SVC", name, port.protocol)
    nat.chain(svc)
    match = (
        f'-m comment --comment "{name} cluster IP" -m {port.protocol} -p {port.protocol} '
        f"-d {service.cluster_ip}/32 --dport {port.number}"
    )
    # kube-proxy's --cluster-cidr: the pod CIDR for kubenet, the VNet for Azure CNI.
    cluster_cidr = cluster.pod_cidr or VNET
    nat.rule("KUBE-SERVICES", match, f"! -s {cluster_cidr} -j KUBE-MARK-MASQ")
    nat.rule("KUBE-SERVICES", match, f"-j {svc}")
    endpoints = cluster.endpoints(service)
    for left, address in zip(range(len(endpoints), 0, -1), endpoints, strict=True):
        endpoint = f"{address}:{port.number}"
        sep = chain_name("KUBE-SEP", name, port.protocol, endpoint)
        nat.chain(sep)
        share = f"-m statistic --mode random --probability {1 / left:.10f} " if left > 1 else ""
        nat.rule(svc, _comment(name), f"{share}-j {sep}")
        nat.rule(sep, _comment(name), f"-s {address}/32 -j KUBE-MARK-MASQ")
        protocol = f"-m {port.protocol} -p {port.protocol}"
        nat.rule(sep, _comment(name), protocol, f"-j DNAT --to-destination {endpoint}")


def _docker(nat: _Nat) -> None:
    nat.chain("DOCKER")
    nat.rule("PREROUTING", "-m addrtype --dst-type LOCAL -j DOCKER")
    nat.rule("OUTPUT", "! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER")
    nat.rule("POSTROUTING", f"-s {DOCKER_BRIDGE} ! -o docker0 -j MASQUERADE")
    nat.rule("DOCKER", "-i docker0 -j RETURN")


def _kubenet(nat: _Nat, pod_cidr: IPv4Network) -> None:
    nat.rule(
        "POSTROUTING",
        _comment("kubenet: SNAT for outbound traffic from cluster"),
        f"-m addrtype ! --dst-type LOCAL ! -d {pod_cidr} -j MASQUERADE",
    )


def _ip_masq_agent(nat: _Nat) -> None:
    nat.chain("IP-MASQ-AGENT")
    jump = _comment(
        "ip-masq-agent: ensure nat POSTROUTING directs all non-LOCAL destination traffic "
        "to our custom IP-MASQ-AGENT chain"
    )
    nat.rule("POSTROUTING", jump, "-m addrtype ! --dst-type LOCAL -j IP-MASQ-AGENT")
    local = _comment("ip-masq-agent: local traffic is not subject to MASQUERADE")
    for network in (VNET, SERVICE_CIDR):
        nat.rule("IP-MASQ-AGENT", f"-d {network}", local, "-j RETURN")
    outbound = _comment("ip-masq-agent: outbound traffic is subject to MASQUERADE (must be last in chain)")
    nat.rule("IP-MASQ-AGENT", outbound, "-j MASQUERADE")
