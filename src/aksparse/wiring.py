"""The wiring of a node: what the outputs of different commands say together.

Only this module joins commands. The result names no command: a pod's interface, the host link it is paired with, the
bridge that is a port of or the route that leads to it, the uplink, the routes, the service chains. Every part keeps the
records it was made of, and so the lines that prove it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from ipaddress import IPv4Interface, IPv4Network, IPv6Interface, ip_interface
from typing import Any, TypeVar

import attrs

from aksparse.capture import Address, Capture, Evidence
from aksparse.command import Parsed
from aksparse.commands.brctl_show import Bridge
from aksparse.commands.docker_inspect import ContainerPid
from aksparse.commands.docker_ps import Container
from aksparse.commands.ip_addr import AddrInfo, Link
from aksparse.commands.kubectl_get import Node, Pod
from aksparse.commands.route import Route
from aksparse.diagnostics import Diagnostic
from aksparse.netfilter.matches import PortMatch, RecentMatch, StatisticMatch
from aksparse.netfilter.rules import Chain, Rule
from aksparse.netfilter.targets import ToOption
from aksparse.records import Record

Interface = IPv4Interface | IPv6Interface
R = TypeVar("R", bound=Record)


@attrs.frozen(kw_only=True)
class HostLink:
    """An interface of the node, as far as it is known.

    Attributes:
        ifname: its name.
        ifindex: its index.
        link_index: the index of its peer in another network namespace.
        master: the bridge it is a port of; absent when it is none, or when that is not known.
        master_known: whether it is known if it is a port of a bridge.
        addresses: its addresses with their networks.
        mtu: its MTU, in bytes.
        records: where this was read.
    """

    ifname: str
    ifindex: int | None = None
    link_index: int | None = None
    master: str | None = None
    master_known: bool = False
    addresses: tuple[Interface, ...] = ()
    mtu: int | None = None
    records: tuple[Record, ...] = ()


@attrs.frozen(kw_only=True)
class HostBridge:
    """A bridge of the node.

    Attributes:
        name: its name.
        ports: the names of its ports.
        records: where this was read.
    """

    name: str
    ports: tuple[str, ...]
    records: tuple[Record, ...]


@attrs.frozen(kw_only=True)
class PodWiring:
    """A pod with its own network namespace, and how it is connected.

    Attributes:
        namespace: its namespace.
        name: its name.
        address: its address.
        prefixlen: the prefix length of that address in the pod.
        containers: the ids of its containers.
        pause_container: the id of its pause container.
        pid: a process in its network namespace.
        ifname: its interface.
        ifindex: the index of its interface, in its own network namespace.
        mtu: the MTU of its interface, in bytes.
        host_ifindex: the index of the host link, which its interface names.
        host_link: the name of the host link.
        bridge: the bridge that the host link is a port of.
        routed: whether a route to this one address leads to the host link.
        gateway: the gateway of its default route.
        records: where this was read.
    """

    namespace: str | None = None
    name: str | None = None
    address: Address | None = None
    prefixlen: int | None = None
    containers: tuple[str, ...] = ()
    pause_container: str | None = None
    pid: int | None = None
    ifname: str | None = None
    ifindex: int | None = None
    mtu: int | None = None
    host_ifindex: int | None = None
    host_link: str | None = None
    bridge: str | None = None
    routed: bool = False
    gateway: Address | None = None
    records: tuple[Record, ...] = ()


@attrs.frozen(kw_only=True)
class Endpoint:
    """Where a service chain sends packets.

    Attributes:
        address: the address of the endpoint.
        port: its port.
        probability: the probability that a packet that gets to its rule is sent there; absent for the last.
    """

    address: Address
    port: int | None = None
    probability: Decimal | None = None


@attrs.frozen(kw_only=True)
class ServiceChain:
    """The path of a service through the nat table.

    Attributes:
        service: the service, as kube-proxy's comment names it: namespace/name:port.
        cluster_ip: its address.
        protocol: its protocol.
        port: its port.
        chain: its `KUBE-SVC` chain.
        masquerade_unless_from: packets from elsewhere than this network are marked for source NAT; absent when
            there is no such rule.
        endpoints: where packets are sent.
        records: where this was read.
    """

    service: str
    cluster_ip: Address | None
    protocol: str
    port: int | None
    chain: str
    masquerade_unless_from: IPv4Network | None
    endpoints: tuple[Endpoint, ...]
    records: tuple[Record, ...]


@attrs.frozen(kw_only=True)
class Wiring:
    """How a node and its pods are connected.

    Attributes:
        capture: what was recorded.
        node: what the cluster says about this node.
        links: the node's interfaces.
        bridges: the node's bridges.
        bridges_known: whether the bridges were recorded, so that a bridge that is not here does not exist.
        routes: the node's routes.
        uplink: the node's physical interface.
        pods: the pods that run on the node with a network namespace of their own.
        chains: the chains of the nat table, from the listing that says most.
        interfaces_listed: whether that listing has the interfaces of the rules.
        services: the paths of the services.
        nodes_known: whether the addresses of nodes were recorded, so that a pod on the network of its node is known.
        diagnostics: outputs that were passed over because another speaks for the node.
    """

    capture: Capture
    node: Node | None = None
    links: tuple[HostLink, ...] = ()
    bridges: tuple[HostBridge, ...] = ()
    bridges_known: bool = False
    routes: tuple[Route, ...] = ()
    uplink: HostLink | None = None
    pods: tuple[PodWiring, ...] = ()
    chains: tuple[Chain, ...] = ()
    interfaces_listed: bool = False
    services: tuple[ServiceChain, ...] = ()
    nodes_known: bool = False
    diagnostics: tuple[Diagnostic, ...] = ()

    def link(self, ifname: str) -> HostLink | None:
        """The node's interface of that name."""
        return next((link for link in self.links if link.ifname == ifname), None)

    def bridge(self, name: str) -> HostBridge | None:
        """The node's bridge of that name."""
        return next((bridge for bridge in self.bridges if bridge.name == name), None)

    @property
    def addresses(self) -> set[Address]:
        """The addresses of the node's interfaces."""
        return {interface.ip for link in self.links for interface in link.addresses}

    @property
    def default_route(self) -> Route | None:
        """The default route with the lowest metric."""
        defaults = [route for route in self.routes if route.network.prefixlen == 0 and "G" in route.flags]
        return min(defaults, key=lambda route: route.metric % 2**32, default=None)

    def chain(self, name: str) -> Chain | None:
        """The chain of the nat table of that name."""
        return next((chain for chain in self.chains if chain.name == name), None)

    def evidence(self, *records: Record) -> tuple[Evidence, ...]:
        """The lines that records were read from."""
        return self.capture.evidence(*records)


def build_wiring(capture: Capture) -> Wiring:
    """Join everything that a capture holds."""
    host_links = _host_records(capture, "ip_addr", Link)
    host_bridges = _host_records(capture, "brctl_show", Bridge)
    routes = _host_records(capture, "route", Route)
    bridges = _bridges(host_bridges, host_links)
    links = _links(host_links, bridges, known=bool(host_links or host_bridges))
    chains = tuple(_nat_table(capture))
    wiring = Wiring(
        capture=capture,
        links=links,
        bridges=bridges,
        bridges_known=bool(host_links or host_bridges),
        routes=tuple(routes),
        chains=chains,
        interfaces_listed=any(rule.in_interface for chain in chains for rule in chain.rules),
        services=tuple(_services(chains)),
        diagnostics=(*_passed_over(capture), *_node_not_listed(capture)),
    )
    pods = tuple(_pods(wiring))
    wiring = attrs.evolve(wiring, uplink=_uplink(wiring, {pod.host_link for pod in pods}))
    node = _node(wiring)
    nodes_known = bool(wiring.addresses) or any(row.internal_ip for row in capture.records("kubectl_get", Node))
    return attrs.evolve(wiring, nodes_known=nodes_known, node=node, pods=tuple(_on_this_node(pods, node, wiring)))


_OF_THE_NODE = (None, None)


def _namespace(output: Parsed[Any]) -> tuple[int | None, str | None]:
    """The network namespace that a command entered, by a process in it or by its name."""
    return output.pid, output.netns


def _host_outputs(capture: Capture, command: str) -> list[Parsed[Any]]:
    """The outputs of a command that ran on the node itself: in no pod, through no `kubectl exec`."""
    return [
        output
        for output in capture.parsed(command)
        if _namespace(output) == _OF_THE_NODE
        and not (output.argv and output.argv[0] in ("kubectl", "docker", "crictl"))
    ]


def _host_records(capture: Capture, command: str, kind: type[R]) -> list[R]:
    """The records of the one output that speaks for the node: not empty, with a known command line, the longest."""
    outputs = [output for output in _host_outputs(capture, command) if len(output)]
    output = max(outputs, key=lambda o: (o.argv is not None, len(o)), default=None)
    return [record for record in output or () if isinstance(record, kind)]


def _passed_over(capture: Capture) -> Iterator[Diagnostic]:
    """Outputs that might speak for the node as well, and say something else than the one that was chosen."""
    for command, kind in (("ip_addr", Link), ("brctl_show", Bridge), ("route", Route)):
        chosen = _host_records(capture, command, kind)
        for output in _host_outputs(capture, command):
            if len(output) and list(output) != chosen:
                message = (
                    f"not used: {chosen[0].span} says something else, and only one {command} can be the node's own"
                )
                yield Diagnostic(
                    code="second-output", severity="warning", message=message, source=output.source, line=output.line
                )


def _node_not_listed(capture: Capture) -> Iterator[Diagnostic]:
    """The manifest may name a node that no listing has: then nothing in the listings is taken to be of this node."""
    nodes = capture.records("kubectl_get", Node)
    name = capture.manifest.node
    if name is not None and nodes and name not in {node.name for node in nodes}:
        line = capture.setting("node")
        message = f"no listing of nodes has {name}; they have {', '.join(sorted({node.name for node in nodes}))}"
        yield Diagnostic(
            code="unlisted-node",
            severity="warning",
            message=message,
            source=line.source,
            line=line.line,
            text=line.text,
        )


def _nat_table(capture: Capture) -> Iterator[Chain]:
    """The chains of the nat table, each from the listing that says most of it: with interfaces, with most rules."""
    listed: dict[str, list[tuple[bool, int, Chain]]] = {}
    for output in filter(_is_nat_table, _host_outputs(capture, "iptables")):
        with_interfaces = any(rule.in_interface for chain in output for rule in chain.rules)
        for chain in output:
            listed.setdefault(chain.name, []).append((with_interfaces, len(chain.rules), chain))
    for listings in listed.values():
        yield max(listings, key=lambda listing: listing[:2])[2]


def _is_nat_table(output: Parsed[Chain]) -> bool:
    """Whether a listing is of the IPv4 nat table: by its command line, else by the chains that only others have."""
    if output.argv:
        return not output.argv[0].startswith("ip6") and any(word.endswith("nat") for word in output.argv[1:])
    return not {"FORWARD"} & {chain.name for chain in output}


def _bridges(shown: Iterable[Bridge], links: Iterable[Link]) -> tuple[HostBridge, ...]:
    """The bridges that `brctl show` lists; without it, those that interfaces name as their master.

    The master of a `SLAVE` is no bridge, but a bond, or the interface that a virtual function accelerates.
    """
    ports: dict[str, list[str]] = {}
    records: dict[str, list[Record]] = {}
    for bridge in shown:
        ports[bridge.name] = list(bridge.interfaces)
        records[bridge.name] = [bridge]
    for link in links if not ports else ():
        if link.master is not None and "SLAVE" not in link.flags:
            ports.setdefault(link.master, []).append(link.ifname)
            records.setdefault(link.master, []).append(link)
    return tuple(HostBridge(name=name, ports=tuple(ports[name]), records=tuple(records[name])) for name in ports)


def _links(shown: Iterable[Link], bridges: Iterable[HostBridge], *, known: bool) -> tuple[HostLink, ...]:
    """The interfaces that `ip addr` lists, and those that are only known as ports."""
    masters = {port: bridge for bridge in bridges for port in bridge.ports}
    links = [
        HostLink(
            ifname=link.ifname,
            ifindex=link.ifindex,
            link_index=link.link_index,
            master=masters[link.ifname].name if link.ifname in masters else None,
            master_known=True,
            addresses=tuple(_interface(address) for address in link.addr_info),
            mtu=link.mtu,
            records=(link,),
        )
        for link in shown
    ]
    names = {link.ifname for link in links}
    links += [
        HostLink(ifname=port, master=bridge.name, master_known=known, records=bridge.records)
        for port, bridge in masters.items()
        if port not in names
    ]
    return tuple(links)


def _interface(address: AddrInfo) -> Interface:
    return ip_interface((address.local, address.prefixlen))


def _uplink(wiring: Wiring, pod_links: set[str | None]) -> HostLink | None:
    """The interface of the default route; where that is a bridge, its port that leads to no pod."""
    route = wiring.default_route
    if route is None or route.iface is None:
        return wiring.link("eth0")
    bridge = wiring.bridge(route.iface)
    if bridge is None:
        known = wiring.link(route.iface)
        return known or HostLink(ifname=route.iface, master_known=wiring.bridges_known, records=(route,))
    outside = [port for port in bridge.ports if port not in pod_links and naming(port) is None]
    return wiring.link(outside[0]) if len(outside) == 1 else None


_POD_LINK_PREFIXES = ("veth", "azv", "cali", "lxc", "tap", "gke")


def naming(ifname: str) -> str | None:
    """The prefix by which a network plugin names the host links of pods; `None` for other interfaces."""
    return next((prefix for prefix in _POD_LINK_PREFIXES if ifname.startswith(prefix)), None)


def _node(wiring: Wiring) -> Node | None:
    """This node's row: named in the manifest, or with an address of the uplink or its bridge."""
    nodes = wiring.capture.records("kubectl_get", Node)
    name = wiring.capture.manifest.node
    rows = [node for node in nodes if (node.name == name if name else node.internal_ip in wiring.addresses)]
    # The wide form says more.
    return max(rows, key=lambda node: node.internal_ip is not None, default=None)


def _on_this_node(pods: Iterable[PodWiring], node: Node | None, wiring: Wiring) -> Iterator[PodWiring]:
    """The pods that run on this node and not in its own network namespace."""
    name = node.name if node else wiring.capture.manifest.node
    of_nodes = {row.internal_ip for row in wiring.capture.records("kubectl_get", Node)} | wiring.addresses
    for pod in pods:
        rows = [record for record in pod.records if isinstance(record, Pod)]
        elsewhere = any(name is not None and row.node is not None and row.node != name for row in rows)
        if not elsewhere and (pod.address is None or pod.address not in of_nodes):
            yield pod


def _pods(wiring: Wiring) -> Iterator[PodWiring]:
    """The pods that `kubectl get pods` lists or whose network namespace was looked into, each once."""
    capture = wiring.capture
    rows = {(row.namespace, row.name): row for row in capture.records("kubectl_get", Pod)}
    named = {(row.name, row.ip) for row in rows.values() if row.namespace is not None}
    # A listing of one namespace does not name it; the same pod may be in a listing of all.
    rows = {key: row for key, row in rows.items() if key[0] is not None or (row.name, row.ip) not in named}
    by_address = {row.ip: key for key, row in rows.items() if row.ip is not None}
    containers = capture.records("docker_ps", Container)
    seen = set()
    for output in capture.parsed("ip_addr"):
        if _namespace(output) == _OF_THE_NODE:
            continue
        pod = _inside(wiring, output, containers)
        key = next((key for key in rows if key[1] == pod.name and key[0] in (pod.namespace, None)), None)
        key = key or (by_address.get(pod.address) if pod.address else None)
        if key is not None:
            seen.add(key)
            row = rows[key]
            pod = attrs.evolve(
                pod,
                name=pod.name or row.name,
                namespace=pod.namespace or row.namespace,
                records=(*pod.records, row),
            )
        yield pod
    for key, row in rows.items():
        if key not in seen:
            yield PodWiring(namespace=row.namespace, name=row.name, address=row.ip, records=(row,))


def _inside(wiring: Wiring, output: Parsed[Link], containers: list[Container]) -> PodWiring:
    """A pod seen from its own network namespace."""
    capture = wiring.capture
    records: list[Record] = []
    fields: dict[str, Any] = {"pid": output.pid}
    link = next((link for link in output if link.link_index is not None), None)
    if link is not None:
        records.append(link)
        address = next((info for info in link.addr_info if info.scope == "global"), None)
        fields |= {
            "ifname": link.ifname,
            "ifindex": link.ifindex,
            "mtu": link.mtu,
            "host_ifindex": link.link_index,
            "address": address.local if address else None,
            "prefixlen": address.prefixlen if address else None,
        }
    for pid in capture.records("docker_inspect", ContainerPid):
        if pid.pid == output.pid and pid.container is not None:
            records.append(pid)
            found = [c for c in containers if c.id.startswith(pid.container) or pid.container.startswith(c.id)]
            fields |= _of_container(found[0], containers) if found else {"containers": (pid.container,)}
            records += found[:1]
    default = next(
        (
            route
            for routes in capture.parsed("route")
            if _namespace(routes) == _namespace(output)
            for route in routes
            if route.network.prefixlen == 0
        ),
        None,
    )
    if default is not None:
        fields["gateway"] = default.gateway
        records.append(default)
    host = _host_link(wiring, link) if link else None
    if host is not None:
        fields |= {"host_link": host.ifname, "bridge": host.master}
        records += host.records
    routes = [r for r in wiring.routes if r.network.prefixlen == 32 and r.destination == fields.get("address")]
    return PodWiring(**fields, routed=bool(routes), records=(*records, *routes))


def _of_container(container: Container, containers: list[Container]) -> dict[str, Any]:
    """The pod of a container, and its pause container."""
    name = container.kubernetes
    if name is None:
        return {"containers": (container.id,)}
    same_pod = [c for c in containers if c.kubernetes and c.kubernetes.uid == name.uid]
    return {
        "name": name.pod,
        "namespace": name.namespace,
        "containers": tuple(c.id for c in same_pod if not c.pause),
        "pause_container": next((c.id for c in same_pod if c.pause), None),
    }


def _host_link(wiring: Wiring, inside: Link) -> HostLink | None:
    """The other end of a pod's interface: each names the other's index."""
    return next(
        (link for link in wiring.links if link.ifindex == inside.link_index and link.link_index == inside.ifindex),
        None,
    )


def _services(chains: tuple[Chain, ...]) -> Iterator[ServiceChain]:
    """Follow KUBE-SERVICES -> KUBE-SVC-* -> KUBE-SEP-* -> DNAT."""
    by_name = {chain.name: chain for chain in chains}
    entry = by_name.get("KUBE-SERVICES")
    for rule in entry.rules if entry else ():
        chain = by_name.get(rule.target or "")
        if chain is None or not chain.name.startswith("KUBE-SVC-"):
            continue
        port = next((match.dport.first for match in rule.matches if isinstance(match, PortMatch) and match.dport), None)
        # Older kube-proxy marks in KUBE-SERVICES before the jump, newer in the service's own chain.
        marks = [
            mark
            for mark in (*entry.rules, *chain.rules)  # type: ignore[union-attr]
            if mark.target == "KUBE-MARK-MASQ"
            and mark.destination == rule.destination
            and mark.matches == rule.matches
            and "source" in mark.negated
        ]
        endpoints = list(_endpoints(chain, by_name))
        yield ServiceChain(
            service=(rule.comment or rule.target or "").removesuffix(" cluster IP"),
            cluster_ip=rule.destination.network_address if not isinstance(rule.destination, str) else None,
            protocol=rule.protocol,
            port=port,
            chain=chain.name,
            masquerade_unless_from=next((m.source for m in marks if isinstance(m.source, IPv4Network)), None),
            endpoints=tuple(endpoint for endpoint, _ in endpoints),
            records=(rule, *marks[:1], *(record for _, record in endpoints)),
        )


def _endpoints(chain: Chain, by_name: dict[str, Chain]) -> Iterator[tuple[Endpoint, Rule]]:
    for jump in chain.rules:
        target = by_name.get(jump.target or "")
        if target is None or not target.name.startswith("KUBE-SEP-"):
            continue
        if any(isinstance(match, RecentMatch) for match in jump.matches):
            continue  # session affinity: the rules below lead to the same endpoints
        for rule in target.rules:
            to = next((option for option in rule.target_options if isinstance(option, ToOption)), None)
            if rule.target == "DNAT" and to is not None and to.address is not None:
                statistic = next((match for match in jump.matches if isinstance(match, StatisticMatch)), None)
                probability = statistic.probability if statistic else None
                yield Endpoint(address=to.address, port=to.port, probability=probability), rule
