"""What speaks for the node itself: its interfaces and bridges."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_interface
from typing import Any

from aksparse.capture.model import Capture
from aksparse.command import Parsed
from aksparse.commands.brctl_show import Bridge
from aksparse.commands.bridge_link import BridgePort
from aksparse.diagnostics import Diagnostic
from aksparse.iproute.links.records import Link
from aksparse.records import Record
from aksparse.wiring.model import HostBridge, HostLink, Wiring, naming
from aksparse.wiring.outputs import complete, outputs_in, second_output, speaking

# Interfaces.


def _links_output(capture: Capture) -> Parsed[Link] | None:
    return speaking(outputs_in(capture, "ip_addr"), lambda links: (any(link.addr_info for link in links), len(links)))


def host_links(capture: Capture, bridges: Iterable[HostBridge], *, known: bool) -> tuple[HostLink, ...]:
    """The interfaces that `ip addr` lists, and those that are only known as ports."""
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
    return tuple(links)


def lists_all_links(capture: Capture, named: Mapping[str, Record]) -> bool:
    """Whether an output has all interfaces, those among them that other outputs name."""
    output = _links_output(capture)
    return output is not None and _lists_all(output) and named.keys() <= {link.ifname for link in output}


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
    """The bridges that `brctl show` lists, or interfaces name as their master; and whether these are all.

    The master of a `SLAVE` is no bridge, but a bond, or the interface that a virtual function accelerates; nor is a
    `MASTER` one, but a bond or a VRF.
    """
    shown = speaking(outputs_in(capture, "brctl_show"), _shows_all)
    ports: dict[str, list[str]] = {}
    records: dict[str, list[Record]] = {}
    for bridge in shown or ():
        if bridge.error is None:
            ports[bridge.name] = list(bridge.interfaces)
            records[bridge.name] = [bridge]
    all_shown = shown is not None and _shows_all(shown)[0]
    shown_ports = {port for ports_of_one in ports.values() for port in ports_of_one}
    for port in _listed_ports(capture):
        if port.ifname in shown_ports or port.master is None:
            continue
        if port.ifname not in ports.setdefault(port.master, []):
            ports[port.master].append(port.ifname)
            records.setdefault(port.master, []).append(port)
    bridges = (HostBridge(name=name, ports=tuple(ports[name]), records=tuple(records[name])) for name in ports)
    return tuple(bridges), all_shown or _lists_all_ports(capture)


def _listed_ports(capture: Capture) -> list[BridgePort | Link]:
    """The ports of bridges, one by one, as other listings than `brctl show` have them."""
    links = _links_output(capture) or ()
    masters = {link.ifname for link in links if "MASTER" in (link.flags or ())}
    ports = speaking(outputs_in(capture, "bridge_link")) or ()
    listed = [*ports, *(link for link in links if "SLAVE" not in (link.flags or ()))]
    return [port for port in listed if port.master is not None and port.master not in masters]


def _lists_all_ports(capture: Capture) -> bool:
    output = speaking(outputs_in(capture, "bridge_link"))
    return output is not None and complete(output) and "dev" not in (output.argv or ())


def _shows_all(output: Parsed[Bridge]) -> tuple[bool, int]:
    """Whether `brctl show` was asked for all bridges and has its first line, and how many it has."""
    asked = len(output.argv or ()) <= 2 and complete(output) and "header" in output.ignored.values()
    return asked, len(output)


def uplink(wiring: Wiring) -> HostLink | None:
    """The interface of the default route; where that is a bridge, its port that leads to no pod.

    A default route with next hops on several interfaces has no such one.
    """
    route = wiring.default_route
    if route is None:
        return wiring.link("eth0")
    if route.dev is None:
        return None
    bridge = wiring.bridge(route.dev)
    if bridge is None:
        known = wiring.link(route.dev)
        return known or HostLink(ifname=route.dev, master_known=wiring.bridges_known, records=route.records)
    pod_links = {pod.host_link for pod in wiring.pods}
    outside = [port for port in bridge.ports if port not in pod_links and naming(port) is None]
    return wiring.link(outside[0]) if len(outside) == 1 else None


# What is passed over.


def contradicting_ports(capture: Capture) -> Iterator[Diagnostic]:
    """Listings of the ports of bridges that say something else than the list of all bridges."""
    shown = speaking(outputs_in(capture, "brctl_show"), _shows_all)
    if shown is None or not _shows_all(shown)[0]:
        return
    ports = {(port, bridge.name) for bridge in shown for port in bridge.interfaces}
    for output in outputs_in(capture, "bridge_link"):
        if complete(output) and {(port.ifname, port.master) for port in output if port.master} != ports:
            yield second_output(output, shown, "list of ports")
    missing = [
        port for port in _listed_ports(capture) if isinstance(port, Link) and (port.ifname, port.master) not in ports
    ]
    if missing:
        message = (
            f"{missing[0].span} says that {missing[0].ifname} is a port of {missing[0].master}, which is not in it"
        )
        yield Diagnostic(
            code="unlisted-port", severity="warning", message=message, source=shown.source, line=shown.line
        )


def passed_over(capture: Capture) -> Iterator[Diagnostic]:
    """Outputs that might speak for the node as well, and say something else than the one that was chosen."""
    for command, chosen in (
        ("ip_addr", _links_output(capture)),
        ("brctl_show", speaking(outputs_in(capture, "brctl_show"))),
    ):
        for output in outputs_in(capture, command):
            if chosen is not None and len(output) and not _agree(output, chosen):
                yield second_output(output, chosen, command)


def _agree(output: Parsed[Any], chosen: Parsed[Any]) -> bool:
    """Whether two outputs can be of one node: the interfaces of `ip link` are those of `ip addr` without addresses."""
    if list(output) == list(chosen):
        return True
    if not all(isinstance(record, Link) for record in (*output, *chosen)):
        return False
    links = {link.ifname: link for link in chosen}
    if _lists_all(output) and _lists_all(chosen) and len(output) != len(chosen):
        return False
    return all(link.ifname in links and _same_link(link, links[link.ifname]) for link in output)


def _same_link(link: Link, chosen: Link) -> bool:
    addresses = {(info.local, info.prefixlen) for info in chosen.addr_info}
    return (link.ifindex, link.address, link.link_index) == (chosen.ifindex, chosen.address, chosen.link_index) and {
        (info.local, info.prefixlen) for info in link.addr_info
    } <= addresses
