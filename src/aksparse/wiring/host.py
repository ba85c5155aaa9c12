"""What speaks for the node itself: its interfaces, bridges and routes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from ipaddress import ip_interface
from typing import Any

from aksparse.capture import Capture
from aksparse.command import Parsed
from aksparse.commands.brctl_show import Bridge
from aksparse.commands.ip_addr import Link
from aksparse.commands.route import Route
from aksparse.diagnostics import Diagnostic
from aksparse.wiring.model import HostBridge, HostLink, HostRoute, Wiring, naming

Namespace = tuple[int | None, str | None]
OF_THE_NODE: Namespace = (None, None)


def namespace_of(output: Parsed[Any]) -> Namespace:
    """The network namespace that a command entered, by a process in it or by its name."""
    return output.pid, output.netns


def host_outputs(capture: Capture, command: str) -> list[Parsed[Any]]:
    """The outputs of a command that ran on the node itself: in no pod, through no `kubectl exec`."""
    return [
        output
        for output in capture.parsed(command)
        if namespace_of(output) == OF_THE_NODE
        and not (output.argv and output.argv[0] in ("kubectl", "docker", "crictl"))
    ]


def complete(output: Parsed[Any]) -> bool:
    """Whether nothing of an output is missing, as far as it shows: no line cut out, none not understood."""
    return output.understood and not {"elision", "iptables-warning"} & set(output.ignored.values())


def _speaking(outputs: Iterable[Parsed[Any]], rank: Callable[[Parsed[Any]], Any] = len) -> Parsed[Any] | None:
    """The one output that speaks for the node: not empty, with a known command line, the one that ranks highest."""
    found = [output for output in outputs if len(output)]
    return max(found, key=lambda output: (output.argv is not None, rank(output)), default=None)


# Interfaces.


def _links_output(capture: Capture) -> Parsed[Link] | None:
    return _speaking(host_outputs(capture, "ip_addr"), lambda links: (any(map(_addresses, links)), len(links)))


def _addresses(link: Link) -> object:
    return link.addr_info


def host_links(capture: Capture, bridges: Iterable[HostBridge], *, known: bool) -> tuple[tuple[HostLink, ...], bool]:
    """The interfaces that `ip addr` lists, and those that are only known as ports; and whether these are all."""
    masters = {port: bridge for bridge in bridges for port in bridge.ports}
    output = _links_output(capture)
    links = [
        HostLink(
            ifname=link.ifname,
            ifindex=link.ifindex,
            link_index=link.link_index,
            master=masters[link.ifname].name if link.ifname in masters else None,
            master_known=True,
            addresses=tuple(ip_interface((info.local, info.prefixlen)) for info in link.addr_info),
            mtu=link.mtu,
            mac=link.address,
            records=(link,),
        )
        for link in output or ()
    ]
    names = {link.ifname for link in links}
    links += [
        HostLink(ifname=port, master=bridge.name, master_known=known, records=bridge.records)
        for port, bridge in masters.items()
        if port not in names
    ]
    return tuple(links), output is not None and _lists_all(output)


_OF_ALL = {"address", "addr", "a", "link", "l", "show", "list", "ls", "-d", "-details", "-s", "-o", "-c"}


def _lists_all(output: Parsed[Link]) -> bool:
    """Whether an output has all interfaces: by its command line, else by having some of every kind."""
    if not complete(output) or "lo" not in {link.ifname for link in output}:
        return False
    if output.argv:
        return set(output.argv[1:]) <= _OF_ALL
    families = {info.family for link in output for info in link.addr_info}
    return len(families) > 1 or not all(link.addr_info for link in output)


def host_bridges(capture: Capture) -> tuple[tuple[HostBridge, ...], bool]:
    """The bridges that `brctl show` lists, or else those that interfaces name as their master; and whether it is known.

    The master of a `SLAVE` is no bridge, but a bond, or the interface that a virtual function accelerates.
    """
    shown, links = _speaking(host_outputs(capture, "brctl_show")), _links_output(capture)
    ports: dict[str, list[str]] = {}
    records: dict[str, list[Bridge | Link]] = {}
    for bridge in shown or ():
        ports[bridge.name] = list(bridge.interfaces)
        records[bridge.name] = [bridge]
    for link in links or () if not ports else ():
        if link.master is not None and "SLAVE" not in (link.flags or ()):
            ports.setdefault(link.master, []).append(link.ifname)
            records.setdefault(link.master, []).append(link)
    bridges = (HostBridge(name=name, ports=tuple(ports[name]), records=tuple(records[name])) for name in ports)
    return tuple(bridges), shown is not None or links is not None


def uplink(wiring: Wiring) -> HostLink | None:
    """The interface of the default route; where that is a bridge, its port that leads to no pod."""
    route = wiring.default_route
    if route is None or route.dev is None:
        return wiring.link("eth0")
    bridge = wiring.bridge(route.dev)
    if bridge is None:
        known = wiring.link(route.dev)
        return known or HostLink(ifname=route.dev, master_known=wiring.bridges_known, records=route.records)
    pod_links = {pod.host_link for pod in wiring.pods}
    outside = [port for port in bridge.ports if port not in pod_links and naming(port) is None]
    return wiring.link(outside[0]) if len(outside) == 1 else None


# Routes.


def host_routes(capture: Capture) -> tuple[HostRoute, ...]:
    """The routes of the node's main table."""
    output = _speaking(host_outputs(capture, "route"))
    return tuple(to_routes(output or ()))


def to_routes(records: Iterable[Route]) -> Iterator[HostRoute]:
    """Routes, whichever command listed them."""
    for route in records:
        if route.iface == "*" or "!" in route.flags:
            kind = "blackhole" if route.iface == "*" else "reject"
            yield HostRoute(network=route.network, kind=kind, metric=route.metric % 2**32, records=(route,))
        else:
            yield HostRoute(
                network=route.network,
                gateway=route.gateway if "G" in route.flags else None,
                dev=route.iface,
                metric=route.metric % 2**32,
                records=(route,),
            )


# What is passed over.


def passed_over(capture: Capture) -> Iterator[Diagnostic]:
    """Outputs that might speak for the node as well, and say something else than the one that was chosen."""
    for command, chosen in (
        ("ip_addr", _links_output(capture)),
        ("brctl_show", _speaking(host_outputs(capture, "brctl_show"))),
        ("route", _speaking(host_outputs(capture, "route"))),
    ):
        for output in host_outputs(capture, command):
            if chosen is not None and len(output) and not _agree(output, chosen):
                message = (
                    f"not used: {chosen[0].span} says something else, and only one {command} can be the node's own"
                )
                yield Diagnostic(
                    code="second-output", severity="warning", message=message, source=output.source, line=output.line
                )


def _agree(output: Sequence[Any], chosen: Sequence[Any]) -> bool:
    """Whether two outputs can be of one node: the interfaces of `ip link` are those of `ip addr` without addresses."""
    if list(output) == list(chosen):
        return True
    if not all(isinstance(record, Link) for record in (*output, *chosen)):
        return False
    links = {link.ifname: link for link in chosen}
    return all(link.ifname in links and _same_link(link, links[link.ifname]) for link in output)


def _same_link(link: Link, chosen: Link) -> bool:
    addresses = {(info.local, info.prefixlen) for info in chosen.addr_info}
    return (link.ifindex, link.address, link.link_index) == (chosen.ifindex, chosen.address, chosen.link_index) and {
        (info.local, info.prefixlen) for info in link.addr_info
    } <= addresses
