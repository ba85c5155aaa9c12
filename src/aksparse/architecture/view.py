"""The questions that the facts about a node ask of its wiring."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network
from typing import Any, TypeGuard, TypeVar, cast

import attrs

from aksparse.architecture.azure import azure_routes, stated_by_azure
from aksparse.architecture.fact import Known
from aksparse.capture.model import Address, Evidence, Network, RouteTableEntry
from aksparse.commands.assignment import NamedNetwork
from aksparse.commands.az_aks_create import ClusterSettings
from aksparse.commands.cni_conf import CniPlugin
from aksparse.iproute.links.records import Link
from aksparse.netfilter.rules import Rule
from aksparse.records import Record
from aksparse.wiring.model import HostBridge, HostLink, HostRoute, Wiring, naming
from aksparse.wiring.versions import of_version

NAT_TABLE = ("iptables -t nat -nvL",)
HOST_LINKS = ("ip addr", "brctl show")
ROUTES = ("route -n",)
POD_LINKS = ("kubectl get pods -A -o wide", "nsenter -t PID -n ip addr")
ROUTE_TABLE = ("az network route-table route list -g GROUP --route-table-name TABLE",)
SETTINGS = ("az aks show -g GROUP -n CLUSTER",)
# What this prints is not read; what it says is written into the manifest.
VNET = ("az network vnet show -g GROUP -n VNET (for capture.toml)",)


_BEGINS, _IN_NAME = re.compile(r"(?<![\w.])(?=[^ ])"), re.compile(r"\w")
_OF_ALL_VERSIONS = {
    "vnet": "vnet_prefixes",
    "subnet": "subnet_prefixes",
    "pod_cidr": "pod_cidrs",
    "service_cidr": "service_cidrs",
}
"""Settings of one network, and those of all of them."""


A = TypeVar("A")


def once(ask: Callable[[NodeView], A]) -> Callable[[NodeView], A]:
    """A question that is asked of a node once, however many other questions need the answer."""

    def remembered(node: NodeView) -> A:
        if ask not in node.answers:
            node.answers[ask] = ask(node)
        return cast("A", node.answers[ask])

    return remembered


class NodeView:
    """A node, or what one version of IP has of it.

    Attributes:
        wiring: its wiring.
        capture: what was recorded.
        only: the version of IP; `None` for the node with all it has.
        whole: the node with all it has.
        answers: what was asked before, by the question.
    """

    def __init__(self, wiring: Wiring, only: int | None = None, whole: NodeView | None = None) -> None:
        self.wiring = wiring
        self.capture = wiring.capture
        self.only = only
        self.whole = whole or self
        self.answers: dict[object, Any] = {}
        self._of: dict[int, NodeView] = {}

    def of(self, version: int) -> NodeView:
        """What a version of IP has of the node."""
        if version not in self._of:
            self._of[version] = NodeView(of_version(self.wiring, version), version, self.whole)
        return self._of[version]

    def cite(self, *things: Record | HostRoute) -> tuple[Evidence, ...]:
        """The first line of each record, each line once: the line that names the thing."""
        records = (r for thing in things for r in ([thing] if isinstance(thing, Record) else thing.records))
        return tuple(dict.fromkeys(self.capture.line(record.origin, record.line) for record in records))

    def stated(self, name: str) -> dict[Any, tuple[Evidence, ...]]:
        """The values of a setting that the manifest and command lines state, with the lines that do."""
        found = {
            value: lines
            for value, lines in self.whole.stated_of_all(name).items()
            if self.only is None or getattr(value, "version", self.only) == self.only
        }
        for named in self.capture.records("assignment", NamedNetwork):
            if named.network in found:
                found[named.network] += self.cite(named)
        return found

    def stated_of_all(self, name: str) -> dict[Any, tuple[Evidence, ...]]:
        """The values of a setting, whichever version of IP they are of."""
        if name not in self.answers:
            self.answers[name] = self._stated(name)
        return dict(self.answers[name])

    def _stated(self, name: str) -> dict[Any, tuple[Evidence, ...]]:
        found: dict[Any, tuple[Evidence, ...]] = {}
        settings_of_manifest = self.capture.manifest.network
        value, plural = getattr(settings_of_manifest, name, None), _OF_ALL_VERSIONS.get(name, name)
        if value is not None:
            found[value] = (self.capture.setting("network", name),)
        for each in getattr(settings_of_manifest, plural, None) or () if plural != name else ():
            found.setdefault(each, (self.capture.setting("network", plural),))
        for settings in self.capture.records("az_aks_create", ClusterSettings):
            value = getattr(settings, name, None)
            if value is not None and "$" not in str(value):
                line = self.capture.line(settings.origin, settings.option_lines[name])
                found[value] = (*found.get(value, ()), line)
            for each in getattr(settings, plural, None) or () if plural != name else ():
                if "$" not in str(each):
                    line = self.capture.line(settings.origin, settings.option_lines[plural])
                    found[each] = (*found.get(each, ()), line)
        of_all = stated_by_azure(self.capture, plural) if plural != name else ()
        by_azure = (*stated_by_azure(self.capture, name), *((each, lines) for all_, lines in of_all for each in all_))
        for value, evidence in by_azure:
            found[value] = tuple(dict.fromkeys((*found.get(value, ()), *evidence)))
        return found

    def setting(self, name: str) -> Known[Any] | None:
        """The one value of a setting; `None` when none is stated, or several are for one version of IP."""
        found = self.stated(name)
        if len(found) > 1:
            found = {value: lines for value, lines in found.items() if getattr(value, "version", None) == self.version}
        return Known(value=next(iter(found)), evidence=found[next(iter(found))]) if len(found) == 1 else None

    @cached_property
    def own_address(self) -> Known[Address] | None:
        """The node's own address: that of the interface of its default route."""
        route = self.wiring.default_route
        address, evidence = self.address_of(self.wiring.link(route.dev) if route is not None and route.dev else None)
        return Known(value=address, evidence=evidence) if address is not None else None

    def sends_from(self, route: HostRoute | None) -> Known[Address] | None:
        """The address that the node's own packets by a route have; `None` when it is not in the capture.

        The kernel takes one of the interface that the route leaves through, and where that has none, one of another.
        """
        if route is None or route.dev is None:
            return None
        if route.source is not None:
            return Known(value=route.source, evidence=self.cite(route))
        link = self.wiring.link(route.dev)
        address, evidence = self.address_of(link)
        if address is not None:
            return Known(value=address, evidence=evidence)
        # Of the last interface that is listed, the addresses may be cut off.
        listed_whole = link is not None and (link.addresses or link is not self.wiring.links[-1])
        return self.own_address if listed_whole and self.wiring.links_known else None

    @cached_property
    def route_table(self) -> dict[RouteTableEntry, tuple[Evidence, ...]]:
        """The routes of the Azure route table of the node's subnet, with the lines that state them."""
        found: dict[RouteTableEntry, tuple[Evidence, ...]] = {}
        for index, entry in enumerate(self.capture.manifest.network.route_table or ()):
            keys = [field.name for field in attrs.fields(RouteTableEntry) if getattr(entry, field.name) is not None]
            found[entry] = tuple(self.capture.setting("network", "route_table", index, key) for key in keys)
        for entry, evidence in azure_routes(self.capture):
            found[entry] = (*found.get(entry, ()), *evidence)
        return {entry: lines for entry, lines in found.items() if self.only in (None, entry.address_prefix.version)}

    @cached_property
    def subnet(self) -> Known[Network] | None:
        """The node's subnet: stated, or that of the interface of its default route."""
        stated = self.setting("subnet")
        if stated is not None:
            return stated
        route = self.wiring.default_route
        if route is None:
            return None
        onlink = [
            other
            for other in self.wiring.routes
            if other.dev == route.dev
            and self.is_in(route.gateway, other.network)
            # An address of the link alone is in no subnet.
            and not other.network.is_link_local
        ]
        return Known(value=onlink[0].network, evidence=self.cite(onlink[0])) if onlink else None

    def is_node_network(self, network: Network) -> bool | None:
        """Whether a network is one of the node's subnet; `None` when neither that nor an address of it is known."""
        if self.subnet is not None:
            return _is_part(network, self.subnet.value)
        return self.own_address.value in network if self.own_address is not None else None

    def role(self, network: Network) -> Known[str] | None:
        """What a network is in this cluster, and the lines that say so; `None` when nothing does."""
        roles = {"pod_cidr": "pod CIDR", "vnet": "VNet", "subnet": "node subnet", "service_cidr": "service CIDR"}
        for name, role in roles.items():
            if network in self.stated(name):
                return Known(value=f"the {role}", evidence=self.stated(name)[network])
        if self.subnet and self.subnet.value == network:
            return Known(value="the node subnet", evidence=self.subnet.evidence)
        if network.prefixlen and any(self.is_in(pod.address, network) for pod in self.wiring.pods):
            return Known(value="a network with the node's pods in it", evidence=())
        return None

    @cached_property
    def pod_bridge(self) -> HostBridge | None:
        """The bridge that pods are connected to: one that a pod is paired with, one of a plugin's, or the only other.

        Docker's own bridges are none: the kubelet never uses them.
        """
        if self.whole is not self:
            return self.whole.pod_bridge
        bridges = [b for b in self.wiring.bridges if not re.fullmatch(r"docker[0-9]+|br-[0-9a-f]{12}", b.name)]
        paired = {pod.bridge for pod in self.wiring.pods}
        for found in (
            [bridge for bridge in bridges if bridge.name in paired],
            [bridge for bridge in bridges if self.plugin and bridge.name == self.plugin.bridge and bridge.ports],
            [bridge for bridge in bridges if bridge.name in ("cbr0", "azure0") and bridge.ports],
            [bridge for bridge in bridges if any(naming(port) is not None for port in bridge.ports)],
        ):
            if found:
                return found[0] if len(found) == 1 else None
        return None

    def sees(self, address: Address | None) -> TypeGuard[Address]:
        """Whether an address, if there is one, is of the version of IP that is looked at."""
        return address is not None and self.only in (None, address.version)

    def leads_to_pod(self, ifname: str) -> bool:
        return naming(ifname) is not None or ifname in self._host_links

    @cached_property
    def _host_links(self) -> set[str | None]:
        return {pod.host_link for pod in self.wiring.pods}

    @cached_property
    def pod_routes(self) -> list[HostRoute]:
        """The routes that lead to one pod each."""
        return [
            route
            for route in self.wiring.routes
            if route.is_host and route.gateway is None and route.dev is not None and self.leads_to_pod(route.dev)
        ]

    def name_lines(self, names: dict[str, tuple[Record, ...]]) -> tuple[Evidence, ...]:
        """The line in which each name stands."""
        alike: dict[int, list[str]] = {}  # the names that the same records have, as a bridge has many
        for name, records in names.items():
            alike.setdefault(id(records), []).append(name)
        lines: dict[str, tuple[Evidence, ...]] = {}
        for some in alike.values():
            lines |= self.lines_naming(some, names[some[0]])
        return tuple(dict.fromkeys(line for name in names for line in lines[name]))

    def lines_naming(self, names: Iterable[str], records: Iterable[Record]) -> dict[str, tuple[Evidence, ...]]:
        """The lines in which each of some names stands, of those that records were read from."""
        found: dict[str, dict[Evidence, None]] = {name: {} for name in names}
        lengths = {len(name) for name in found}
        for line in self.capture.evidence(*records):
            # "eth0" is no word of "veth0a1b2c3d", nor "10.0.0.1" of "10.0.0.10".
            for begins in _BEGINS.finditer(line.text):
                for length in lengths:
                    end = begins.start() + length
                    name = line.text[begins.start() : end]
                    if name in found and not _IN_NAME.match(line.text, end):
                        found[name][line] = None
        return {name: tuple(lines) for name, lines in found.items()}

    @cached_property
    def pod_route(self) -> HostRoute | None:
        """The route to the bridge of the node's pods."""
        bridge = self.pod_bridge
        return next(
            (
                route
                for route in self.wiring.routes
                if bridge is not None
                and route.dev == bridge.name
                and route.gateway is None
                and not route.is_host
                and route.network.prefixlen
                and not route.network.is_link_local
            ),
            None,
        )

    @staticmethod
    def is_in(address: Address | None, network: Network) -> bool:
        """Whether an address, if there is one, is in a network that is narrower than everything."""
        return address is not None and network.prefixlen > 0 and address in network

    def address_of(self, link: HostLink | None) -> tuple[Address | None, tuple[Evidence, ...]]:
        """The address that an interface holds, of the version of IP by which the node's pods are known first."""
        for record in link.records if link else ():
            for info in record.addr_info if isinstance(record, Link) else ():
                if info.local.version == self.version and info.scope == "global":
                    return info.local, self.cite(record, info)
        return None, ()

    @property
    def plugin(self) -> CniPlugin | None:
        """The plugin that connects pods: the first of the network's configuration; those behind it only add to it."""
        plugins = self.wiring.cni.plugins if self.wiring.cni else ()
        return next((plugin for plugin in plugins if plugin.type != "loopback"), None)

    @property
    def chained(self) -> tuple[CniPlugin, ...]:
        """The plugins behind the one that connects pods, in the order they run."""
        plugins = [plugin for plugin in self.wiring.cni.plugins if plugin.type != "loopback"] if self.wiring.cni else []
        return tuple(plugins[1:])

    def conf_lines(self, key: str, value: str) -> tuple[Evidence, ...]:
        """The lines of the network's configuration in which a key has a value; without such, its first line."""
        lines = self.capture.evidence(self.wiring.cni) if self.wiring.cni else ()
        pattern = re.compile(rf'"{re.escape(key)}"\s*:\s*"?{re.escape(value)}(?!\w)')
        return tuple(line for line in lines if pattern.search(line.text)) or lines[:1]

    @cached_property
    def pod_ranges(self) -> dict[Network, tuple[Evidence, ...]]:
        """The networks from which the node's own configuration hands out addresses to pods."""
        ipam = self.plugin.ipam if self.plugin else None
        if ipam is None or ipam.type != "host-local":
            return {}
        subnets = [ipam.subnet, *(one.subnet for choice in ipam.ranges for one in choice)]
        return {
            subnet: self.conf_lines("subnet", str(subnet))
            for subnet in subnets
            # A word stands for a network that a program puts there.
            if isinstance(subnet, IPv4Network | IPv6Network) and self.only in (None, subnet.version)
        }

    @cached_property
    def version(self) -> int:
        """The version of IP by which the node's pods are known first: 4 unless they, or else services, have only 6."""
        of_pods = {address.version for pod in self.wiring.pods for address in pod.addresses}
        return self.only or min(of_pods or self.versions, default=4)

    @cached_property
    def versions(self) -> set[int]:
        """The versions of IP that pods and services are seen to have."""
        return {
            *(address.version for pod in self.wiring.pods for address in pod.addresses),
            *(service.cluster_ip.version for service in self.wiring.services if service.cluster_ip is not None),
            *(network.version for network in self.stated("pod_cidr") if not isinstance(network, str)),
        }

    def rules(self, chain: str) -> tuple[Rule, ...]:
        """The rules of a chain of the nat table, for the version of IP by which pods are known first."""
        found = self.wiring.chain(chain, self.version)
        return found.rules if found else ()


def _is_part(network: Network, other: Network) -> bool:
    return network.version == other.version and network.subnet_of(other)  # type: ignore[arg-type]
