"""Which versions of IP the node, its pods and the services have."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from aksparse.architecture.fact import Fact, Unknown, contradiction, known, listing
from aksparse.architecture.view import NAT_TABLE, SETTINGS, NodeView
from aksparse.capture.model import Address, Evidence, Network
from aksparse.command import Parsed
from aksparse.commands.kubectl_get import Service
from aksparse.iproute.links.records import AddrInfo, Link
from aksparse.wiring.outputs import OF_THE_NODE, namespace_of, outputs_in

Seen = dict[int, list[Evidence]]
"""The lines in which each version of IP was seen."""

DUAL = "dual stack"


@attrs.frozen(kw_only=True)
class IpFamilies:
    """Which versions of IP are in use: `IPv4`, `IPv6` or `dual stack`.

    Attributes:
        node: of the addresses of the node; absent when not all of them were listed.
        pods: of the addresses of its pods; absent when only the first of each was listed, as by `kubectl get pods`.
        services: of the addresses of services; absent when those of only one version were listed.
    """

    node: str | None = None
    pods: str | None = None
    services: str | None = None

    def summary(self) -> str:
        parts = {name: value for name, value in attrs.asdict(self).items() if value}
        if len(parts) == 3 and len(set(parts.values())) == 1:
            return f"{self.node}: node, pods and services"
        return ", ".join(f"{name} {value}" for name, value in parts.items())

    def meaning(self) -> str:
        known = [value for value in attrs.astuple(self) if value]
        if DUAL in known:
            return "rules, routes, exemptions and firewalls are needed once for IPv4 and once for IPv6"
        if len(set(known)) == 1:
            return f"rules, routes, exemptions and firewalls are those of {known[0]} alone"
        return f"addresses are of {listing(sorted(set(known)))}, each with rules and routes of its own"


def ip_families(node: NodeView) -> Fact[IpFamilies]:
    """Which versions of IP are stated, or seen in listings of addresses, pods and services."""
    stated = {_version(name): lines for names, lines in node.stated("ip_families").items() for name in names}
    of_node, of_pods, of_services = _of_node(node), _of_pods(node), _of_services(node)
    for what, (seen, _) in (("a pod", of_pods), ("a service", of_services)):
        for version in seen.keys() - stated.keys() if stated else ():
            return contradiction(
                f"{what} has an IPv{version} address, which is not stated", seen[version], *stated.values()
            )
    parts = {"node": _told(*of_node)}
    for name, (seen, all_seen) in (("pods", of_pods), ("services", of_services)):
        parts[name] = _told(
            {version: list(lines) for version, lines in stated.items()} or seen, bool(stated) or all_seen
        )
    if not any(parts.values()):
        return Unknown(
            reason="whether there are addresses of both versions of IP is not in the capture",
            commands=("ip addr", "nsenter -t PID -n ip addr", *NAT_TABLE, "ip6tables -t nat -nvL", *SETTINGS),
        )
    found = {"node": of_node, "pods": of_pods, "services": of_services}
    proof = [line for name in parts if parts[name] for lines in found[name][0].values() for line in lines[:1]]
    return known(IpFamilies(**parts), (*proof, *(line for lines in stated.values() for line in lines)))


def _version(name: str) -> int:
    return int(name.removeprefix("IPv")) if name in ("IPv4", "IPv6") else 0


def _told(seen: Seen, all_seen: bool) -> str | None:
    """Both versions are both, whatever was not listed; one alone is the only one if everything was listed."""
    if len(seen) > 1:
        return DUAL
    return f"IPv{next(iter(seen))}" if seen and all_seen else None


def _of_node(node: NodeView) -> tuple[Seen, bool]:
    route = node.wiring.default_route
    holder = node.wiring.link(route.dev) if route is not None and route.dev else node.wiring.uplink
    records = [record for record in (holder.records if holder else ()) if isinstance(record, Link)]
    return _addresses(node, records), _unfiltered(outputs_in(node.capture, "ip_addr"))


def _of_pods(node: NodeView) -> tuple[Seen, bool]:
    outputs = [output for output in node.capture.parsed("ip_addr") if namespace_of(output) != OF_THE_NODE]
    origins = {output.source for output in outputs}
    inside = [r for pod in node.wiring.pods for r in pod.records if isinstance(r, Link) and r.origin in origins]
    seen = _addresses(node, inside)
    for pod in node.wiring.pods if inside else ():
        for address in pod.addresses:
            seen.setdefault(address.version, list(node.name_lines({str(address): pod.records})))
    for cidr, lines in node.stated("pod_cidr").items():
        if not isinstance(cidr, str):
            seen.setdefault(cidr.version, list(lines))
    return seen, _unfiltered(outputs)


def _addresses(node: NodeView, links: Iterable[Link]) -> Seen:
    """The versions of the addresses that others can reach."""
    seen: Seen = {}
    for link in links:
        for info in link.addr_info:
            if isinstance(info, AddrInfo) and info.scope == "global":
                seen.setdefault(info.local.version, []).extend(node.cite(info))
    return seen


_OF_ONE_FAMILY = {"-4", "-6", "-0", "-f", "-family", "--family"}


def _unfiltered(outputs: Iterable[Parsed[Link]]) -> bool:
    """Whether addresses of both versions were listed if there were any: some are, or the command line says so."""
    listed = list(outputs)
    families = {info.family for output in listed for link in output for info in link.addr_info}
    return {"inet", "inet6"} <= families or any(
        output.argv is not None and not _OF_ONE_FAMILY & set(output.argv) and "addr" in " ".join(output.argv)
        for output in listed
    )


def _of_services(node: NodeView) -> tuple[Seen, bool]:
    seen: Seen = {}

    def add(address: Address | Network | None, lines: Iterable[Evidence]) -> None:
        if address is not None:
            seen.setdefault(address.version, []).extend(lines)

    for service in node.wiring.services:
        add(service.cluster_ip, node.cite(*service.records[:1]))
    for row in node.capture.records("kubectl_get", Service):
        add(row.cluster_ip, node.cite(row))
    for cidr, lines in node.stated("service_cidr").items():
        add(cidr, lines)
    tables = [node.wiring.table("nat", version) for version in (4, 6)]
    return seen, all(table is not None and table.whole for table in tables)
