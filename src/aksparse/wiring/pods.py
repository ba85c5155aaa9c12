"""The pods of a node: listed by the cluster, looked into, or routed to, each with the host link it is paired with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from aksparse.capture.model import Address, Capture
from aksparse.command import Parsed
from aksparse.commands.kubectl_get import Node, Pod
from aksparse.diagnostics import Diagnostic
from aksparse.iproute.links.records import Link
from aksparse.records import Record
from aksparse.wiring.containers import Containers
from aksparse.wiring.model import MAIN, HostLink, HostRoute, PodWiring, Wiring, naming
from aksparse.wiring.outputs import OF_THE_NODE, Namespace, namespace_of
from aksparse.wiring.routes import neighbours_in, routes_of, routing_tables


def node_row(wiring: Wiring) -> Node | None:
    """This node's row: named in the manifest, or with an address of the uplink or its bridge."""
    nodes = wiring.capture.records("kubectl_get", Node)
    name = wiring.capture.manifest.node
    rows = [node for node in nodes if (node.name == name if name else node.internal_ip in wiring.addresses)]
    # The wide form says more.
    return max(rows, key=lambda node: node.internal_ip is not None, default=None)


def node_not_listed(capture: Capture) -> Iterator[Diagnostic]:
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


def node_name(wiring: Wiring) -> str | None:
    """This node's name: of its row, in the manifest, or where a pod with an address of the node is listed to be."""
    if wiring.node is not None:
        return wiring.node.name
    names = {row.node for row in wiring.capture.records("kubectl_get", Pod) if row.ip in wiring.addresses} - {None}
    return wiring.capture.manifest.node or (names.pop() if len(names) == 1 else None)


def pods_on_the_node(wiring: Wiring) -> tuple[PodWiring, ...]:
    """The pods that run on this node and not in its own network namespace."""
    name = node_name(wiring)
    of_nodes = {row.internal_ip for row in wiring.capture.records("kubectl_get", Node)} | wiring.addresses

    def elsewhere(pod: PodWiring) -> bool:
        rows = [record for record in pod.records if isinstance(record, Pod)]
        # The process of a pod that was entered is a process of this node, whatever a listing says.
        return pod.pid is None and any(name is not None and row.node not in (None, name) for row in rows)

    return tuple(
        pod
        for pod in _pods(wiring)
        if not elsewhere(pod)
        # What was looked into is the node's own namespace, or that of a pod on the node, whatever other nodes have.
        and (pod.address is None or pod.address not in (of_nodes if pod.ifname is None else wiring.addresses))
    )


def _pods(wiring: Wiring) -> Iterator[PodWiring]:
    """The pods whose network namespace was looked into, that a listing has, or a route leads to, each once."""
    rows, containers = _rows(wiring.capture), Containers(wiring.capture)
    by_address = {row.ip: key for key, row in rows.items() if row.ip is not None}
    seen: set[Any] = set()
    for output in _namespaces(wiring.capture):
        pod = _inside(wiring, containers, output)
        key = next((key for key in rows if key[1] == pod.name and key[0] in (pod.namespace, None)), None)
        key = key or next((by_address[address] for address in pod.addresses if address in by_address), None)
        if key is not None:
            seen.add(key)
            row = rows[key]
            pod = attrs.evolve(
                pod,
                name=pod.name or row.name,
                namespace=pod.namespace or row.namespace,
                records=(*pod.records, row),
            )
        seen.update(pod.addresses)
        yield _with_containers(containers, pod)
    routed = {route.network.network_address: route for route in wiring.routes if _leads_to_pod(route)}
    for key, row in rows.items():
        if key not in seen:
            seen.add(row.ip)
            pod = PodWiring(namespace=row.namespace, name=row.name, records=(row,))
            listed = _listed(wiring, pod, row.ip, routed.get(row.ip) if row.ip else None)
            yield _with_containers(containers, listed)
    for address, route in routed.items():
        if address not in seen:
            yield _listed(wiring, PodWiring(), address, route)


def _with_containers(containers: Containers, pod: PodWiring) -> PodWiring:
    """A pod with its containers, by its name where they are not known by a process."""
    if pod.containers or pod.sandbox:
        return pod
    fields, records = containers.of_pod(pod.namespace, pod.name)
    return attrs.evolve(pod, **{**fields, "name": pod.name}, records=(*pod.records, *records)) if fields else pod


def _rows(capture: Capture) -> dict[tuple[str | None, str], Pod]:
    """What listings say of each pod. A listing of one namespace does not name it; one of all may have the same pod."""
    rows = {(row.namespace, row.name): row for row in capture.records("kubectl_get", Pod)}
    named = {(row.name, row.ip) for row in rows.values() if row.namespace is not None}
    return {key: row for key, row in rows.items() if key[0] is not None or (row.name, row.ip) not in named}


def _leads_to_pod(route: HostRoute) -> bool:
    return route.is_host and route.gateway is None and naming(route.dev or "") is not None


def _listed(wiring: Wiring, pod: PodWiring, address: Address | None, route: HostRoute | None) -> PodWiring:
    """A pod that was not looked into: with its address and the route to it."""
    pod = attrs.evolve(pod, address=address, addresses=(address,) if address is not None else ())
    if route is None or route.dev is None:
        return pod
    link = wiring.link(route.dev)
    return attrs.evolve(
        pod,
        host_link=route.dev,
        bridge=link.master if link else None,
        routed=True,
        records=(*pod.records, *route.records),
    )


def _namespaces(capture: Capture) -> list[Parsed[Link]]:
    """For each network namespace that was looked into, the listing of its interfaces that says most."""
    found: dict[Namespace, Parsed[Link]] = {}
    for output in capture.parsed("ip_addr"):
        namespace = namespace_of(output)
        if namespace != OF_THE_NODE and (namespace not in found or _addresses(found[namespace]) < _addresses(output)):
            found[namespace] = output
    return list(found.values())


def _addresses(output: Parsed[Link]) -> int:
    return sum(len(link.addr_info) for link in output)


def _inside(wiring: Wiring, containers: Containers, output: Parsed[Link]) -> PodWiring:
    """A pod seen from its own network namespace."""
    records: list[Record] = []
    fields: dict[str, Any] = {"pid": output.pid, "netns": output.netns}
    link = next((link for link in output if link.link_index is not None), None)
    if link is not None:
        records.append(link)
        fields |= _own_interface(link)
    of_containers, listed = containers.of_process(output.pid)
    fields |= of_containers
    records += listed
    fields |= _own_routes(wiring.capture, namespace_of(output))
    records += [record for route in fields["routes"] if route.is_default for record in route.records]
    host = _host_link(wiring, link) if link else None
    if host is not None:
        fields |= {"host_link": host.ifname, "bridge": host.master}
        records += host.records
    routes = [r for r in wiring.routes if r.is_host and r.network.network_address in fields.get("addresses", ())]
    return PodWiring(**fields, routed=bool(routes), records=(*records, *(r for route in routes for r in route.records)))


def _own_interface(link: Link) -> dict[str, Any]:
    """A pod's interface, and its addresses: the first of IPv4, or else of IPv6, stands for all."""
    infos = sorted((info for info in link.addr_info if info.scope == "global"), key=lambda info: info.family)
    return {
        "ifname": link.ifname,
        "ifindex": link.ifindex,
        "mtu": link.mtu,
        "host_ifindex": link.link_index,
        "address": infos[0].local if infos else None,
        "addresses": tuple(info.local for info in infos),
        "prefixlen": infos[0].prefixlen if infos else None,
    }


def _own_routes(capture: Capture, namespace: Namespace) -> dict[str, Any]:
    """The routes and neighbours of a network namespace that was looked into."""
    routes = routes_of(routing_tables(capture, namespace))
    return {
        "routes": tuple(route for route in routes if route.table == MAIN),
        "neighbours": neighbours_in(capture, namespace),
    }


def _host_link(wiring: Wiring, inside: Link) -> HostLink | None:
    """The other end of a pod's interface: each names the other's index."""
    if inside.ifindex is None or inside.link_index is None:
        return None
    return next(
        (link for link in wiring.links if link.ifindex == inside.link_index and link.link_index == inside.ifindex),
        None,
    )
