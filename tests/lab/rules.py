"""The netfilter rules of a node, in `iptables-restore` form.

As the programs write them: kube-proxy of Kubernetes 1.29 (pkg/proxy/iptables) and the kubelet, ip-masq-agent, flanneld,
kindnetd, azure-cns. Those of network policies are in `policies`.
"""

from __future__ import annotations

from dataclasses import dataclass

import policies
from modes import Addressing
from nat_rules import chain_name
from plan import POD_SUBNET, SERVICE_CIDR, SERVICES, SUBNET, VNET, Node, Plan, Service, cluster_ip, families_of
from scene import PLATFORM_ADDRESSES, ServicePort
from tables import Table, Tables, comment

MASQUERADE_MARK = "0x4000/0x4000"


@dataclass(frozen=True)
class NetfilterState:
    """What a node loads: the rules by family, and the sets that they match, in `ipset restore` form."""

    rules: dict[int, str]
    sets: str


def netfilter(plan: Plan, node: Node) -> NetfilterState:
    """The rules and sets of a node."""
    rules = {}
    for family in (4, 6):
        tables = Tables()
        if family in plan.mode.families:
            policies.add(tables, plan, node)
            if not plan.mode.cilium:
                _kube_proxy(tables, plan, family)
            _masquerade(tables, plan, node, family)
        _kubelet(tables)
        rules[family] = tables.text()
    return NetfilterState(rules, policies.sets(plan))


# The kubelet and kube-proxy.


def _kubelet(tables: Tables) -> None:
    tables.mangle.chain("KUBE-IPTABLES-HINT", "KUBE-KUBELET-CANARY")
    tables.nat.chain("KUBE-KUBELET-CANARY")
    tables.filter.chain("KUBE-FIREWALL", "KUBE-KUBELET-CANARY")
    tables.filter.rule("INPUT", "-j KUBE-FIREWALL")
    tables.filter.rule("OUTPUT", "-j KUBE-FIREWALL")


def _kube_proxy(tables: Tables, plan: Plan, family: int) -> None:
    _kube_proxy_filter(tables.filter, family)
    tables.mangle.chain("KUBE-PROXY-CANARY")
    nat = tables.nat
    nat.chain("KUBE-MARK-MASQ", "KUBE-NODEPORTS", "KUBE-POSTROUTING", "KUBE-PROXY-CANARY", "KUBE-SERVICES")
    portals = comment("kubernetes service portals")
    nat.rule("PREROUTING", portals, "-j KUBE-SERVICES")
    nat.rule("OUTPUT", portals, "-j KUBE-SERVICES")
    nat.rule("POSTROUTING", comment("kubernetes postrouting rules"), "-j KUBE-POSTROUTING")
    nat.rule("KUBE-MARK-MASQ", "-j MARK --or-mark 0x4000")
    nat.rule("KUBE-POSTROUTING", f"-m mark ! --mark {MASQUERADE_MARK} -j RETURN")
    nat.rule("KUBE-POSTROUTING", "-j MARK --xor-mark 0x4000")
    snat = comment("kubernetes service traffic requiring SNAT")
    nat.rule("KUBE-POSTROUTING", snat, "-j MASQUERADE --random-fully")
    for service in SERVICES:
        if family in families_of(service, plan.mode):
            for port in service.ports:
                _service_port(nat, plan, service, port, family)
    last = comment("kubernetes service nodeports; NOTE: this must be the last rule in this chain")
    nat.rule("KUBE-SERVICES", last, "-m addrtype --dst-type LOCAL -j KUBE-NODEPORTS")


def _kube_proxy_filter(table: Table, family: int) -> None:
    table.chain("KUBE-EXTERNAL-SERVICES", "KUBE-FIREWALL", "KUBE-FORWARD", "KUBE-NODEPORTS")
    table.chain("KUBE-PROXY-CANARY", "KUBE-PROXY-FIREWALL", "KUBE-SERVICES")
    new = "-m conntrack --ctstate NEW"
    firewall = comment("kubernetes load balancer firewall"), "-j KUBE-PROXY-FIREWALL"
    outside = comment("kubernetes externally-visible service portals"), "-j KUBE-EXTERNAL-SERVICES"
    portals = comment("kubernetes service portals"), "-j KUBE-SERVICES"
    table.rule("INPUT", new, *firewall)
    table.rule("INPUT", comment("kubernetes health check service ports"), "-j KUBE-NODEPORTS")
    table.rule("INPUT", new, *outside)
    table.rule("FORWARD", new, *firewall)
    table.rule("FORWARD", comment("kubernetes forwarding rules"), "-j KUBE-FORWARD")
    table.rule("FORWARD", new, *portals)
    table.rule("FORWARD", new, *outside)
    table.rule("OUTPUT", new, *firewall)
    table.rule("OUTPUT", new, *portals)
    if family == 4:
        table.rule(
            "KUBE-FIREWALL",
            "! -s 127.0.0.0/8 -d 127.0.0.0/8",
            comment("block incoming localnet connections"),
            "-m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP",
        )
    table.rule("KUBE-FORWARD", "-m conntrack --ctstate INVALID -j DROP")
    table.rule("KUBE-FORWARD", comment("kubernetes forwarding rules"), f"-m mark --mark {MASQUERADE_MARK} -j ACCEPT")
    established = comment("kubernetes forwarding conntrack rule"), "-m conntrack --ctstate RELATED,ESTABLISHED"
    table.rule("KUBE-FORWARD", *established, "-j ACCEPT")


def _service_port(nat: Table, plan: Plan, service: Service, port: ServicePort, family: int) -> None:
    name = f"{service.namespace}/{service.name}" + (f":{port.name}" if port.name else "")
    svc = chain_name("KUBE-SVC", name, port.protocol)
    nat.chain(svc)
    protocol = f"-p {port.protocol} -m {port.protocol}"
    match = (
        f'-d {cluster_ip(service, family)} {protocol} --dport {port.number} -m comment --comment "{name} cluster IP"'
    )
    nat.rule("KUBE-SERVICES", match, f"-j {svc}")
    nat.rule(svc, _not_from_pods(plan, family), match, "-j KUBE-MARK-MASQ")
    endpoints = plan.endpoints(service, family)
    for left, address in zip(range(len(endpoints), 0, -1), endpoints, strict=True):
        endpoint = f"{address}:{port.number}" if family == 4 else f"[{address}]:{port.number}"
        sep = chain_name("KUBE-SEP", name, port.protocol, endpoint)
        nat.chain(sep)
        share = f"-m statistic --mode random --probability {1 / left:.10f}" if left > 1 else ""
        nat.rule(svc, comment(f"{name} -> {endpoint}"), share, f"-j {sep}")
        nat.rule(sep, f"-s {address}", comment(name), "-j KUBE-MARK-MASQ")
        nat.rule(sep, protocol, comment(name), f"-j DNAT --to-destination {endpoint}")


def _not_from_pods(plan: Plan, family: int) -> str:
    """How kube-proxy is told to know what does not come from a pod."""
    if plan.mode.from_pods == "link":
        return f"! -i {plan.mode.links}+"
    # The pods' addresses of Azure CNI are addresses of the VNet.
    return f"! -s {plan.pod_cidr(family) or VNET[family]}"


# Packets to the outside.


def _masquerade(tables: Tables, plan: Plan, node: Node, family: int) -> None:
    mode, nat, pods = plan.mode, tables.nat, plan.pod_cidr(family)
    if mode.swift:
        _swift(nat, plan, node)
    if mode.masquerade == "ip-masq-agent":
        own = pods or (SUBNET[family] if mode.addressing is Addressing.SUBNET else None)
        exempt = [VNET[family], *([own] if own else []), SERVICE_CIDR[family]]
        _agent(nat, "ip-masq-agent", exempt, "IP-MASQ-AGENT")
    elif mode.masquerade == "kindnetd" and pods:
        _agent(nat, "kind-masq-agent", [pods], "KIND-MASQ-AGENT")
    elif mode.masquerade == "flanneld" and pods:
        _flannel(tables, pods, node.pod_network(family))


def _agent(nat: Table, name: str, exempt: list[str], chain: str) -> None:
    nat.chain(chain)
    jump = comment(
        f"{name}: ensure nat POSTROUTING directs all non-LOCAL destination traffic to our custom {chain} chain"
    )
    nat.rule("POSTROUTING", jump, f"-m addrtype ! --dst-type LOCAL -j {chain}")
    local = comment(f"{name}: local traffic is not subject to MASQUERADE")
    for network in exempt:
        nat.rule(chain, f"-d {network}", local, "-j RETURN")
    outbound = comment(f"{name}: outbound traffic is subject to MASQUERADE (must be last in chain)")
    nat.rule(chain, outbound, "-j MASQUERADE")


def _flannel(tables: Tables, pods: str, ours: str) -> None:
    forward = comment("flanneld forward")
    tables.filter.chain("FLANNEL-FWD")
    tables.filter.rule("FORWARD", forward, "-j FLANNEL-FWD")
    for direction in ("-s", "-d"):
        tables.filter.rule("FLANNEL-FWD", direction, pods, forward, "-j ACCEPT")
    nat = tables.nat
    nat.chain("FLANNEL-POSTRTG")
    masq = comment("flanneld masq")
    nat.rule("POSTROUTING", masq, "-j FLANNEL-POSTRTG")
    for match, verdict in (
        (f"-m mark --mark {MASQUERADE_MARK}", "RETURN"),
        (f"-s {ours} -d {pods}", "RETURN"),
        (f"-s {pods} -d {ours}", "RETURN"),
        (f"! -s {pods} -d {ours}", "RETURN"),
        (f"-s {pods} ! -d 224.0.0.0/4", "MASQUERADE --random-fully"),
        (f"! -s {pods} -d {pods}", "MASQUERADE --random-fully"),
    ):
        nat.rule("FLANNEL-POSTRTG", match, masq, f"-j {verdict}")


def _swift(nat: Table, plan: Plan, node: Node) -> None:
    """What azure-cns lets pods ask of the platform, with an address that the platform answers."""
    chain = plan.mode.swift
    nat.chain(chain)
    nat.rule("POSTROUTING", f"-j {chain}")
    dns, metadata = PLATFORM_ADDRESSES
    source = plan.pod_cidr(4) or (POD_SUBNET if plan.mode.addressing is Addressing.POD_SUBNET else SUBNET[4])
    own = node.platform_client
    for protocol in ("udp", "tcp"):
        to_dns = f"-s {source} -d {dns} -p {protocol} -m {protocol} --dport 53"
        nat.rule(chain, "-m addrtype ! --dst-type LOCAL", to_dns, f"-j SNAT --to-source {own}")
    to_metadata = f"-s {source} -d {metadata} -p tcp -m tcp --dport 80"
    nat.rule(chain, "-m addrtype ! --dst-type LOCAL", to_metadata, f"-j SNAT --to-source {node.of(4).ip}")
