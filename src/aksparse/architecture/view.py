"""The questions that the facts about a node ask of its wiring."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

import attrs

from aksparse.architecture.azure import azure_routes, stated_by_azure
from aksparse.architecture.fact import Known
from aksparse.capture import Address, Evidence, Network, RouteTableEntry
from aksparse.commands.assignment import NamedNetwork
from aksparse.commands.az_aks_create import ClusterSettings
from aksparse.commands.cni_conf import CniPlugin
from aksparse.links.records import Link
from aksparse.netfilter.rules import Rule
from aksparse.records import Record
from aksparse.wiring.model import HostBridge, HostLink, HostRoute, Wiring, naming

NAT_TABLE = ("iptables -t nat -nvL",)
HOST_LINKS = ("ip addr", "brctl show")
ROUTES = ("route -n",)
POD_LINKS = ("kubectl get pods -A -o wide", "nsenter -t PID -n ip addr")
ROUTE_TABLE = ("az network route-table route list -g GROUP --route-table-name TABLE",)
SETTINGS = ("az aks show -g GROUP -n CLUSTER",)
# What this prints is not read; what it says is written into the manifest.
VNET = ("az network vnet show -g GROUP -n VNET (for capture.toml)",)


class NodeView:
    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring
        self.capture = wiring.capture

    def cite(self, *things: Record | HostRoute) -> tuple[Evidence, ...]:
        """The first line of each record, each line once: the line that names the thing."""
        records = (r for thing in things for r in ([thing] if isinstance(thing, Record) else thing.records))
        return tuple(dict.fromkeys(self.capture.line(record.origin, record.line) for record in records))

    def stated(self, name: str) -> dict[Any, tuple[Evidence, ...]]:
        """The values of a setting that the manifest and command lines state, with the lines that do."""
        found: dict[Any, tuple[Evidence, ...]] = {}
        value = getattr(self.capture.manifest.network, name, None)
        if value is not None:
            found[value] = (self.capture.setting("network", name),)
        for settings in self.capture.records("az_aks_create", ClusterSettings):
            value = getattr(settings, name, None)
            if value is not None and "$" not in str(value):
                line = self.capture.line(settings.origin, settings.option_lines[name])
                found[value] = (*found.get(value, ()), line)
        for value, evidence in stated_by_azure(self.capture, name):
            found[value] = tuple(dict.fromkeys((*found.get(value, ()), *evidence)))
        for named in self.capture.records("assignment", NamedNetwork):
            if named.network in found:
                found[named.network] += self.cite(named)
        return found

    def setting(self, name: str) -> Known[Any] | None:
        """The one value of a setting; `None` when none is stated, or several are."""
        found = self.stated(name)
        return Known(value=next(iter(found)), evidence=found[next(iter(found))]) if len(found) == 1 else None

    @cached_property
    def route_table(self) -> dict[RouteTableEntry, tuple[Evidence, ...]]:
        """The routes of the Azure route table of the node's subnet, with the lines that state them."""
        found: dict[RouteTableEntry, tuple[Evidence, ...]] = {}
        for index, entry in enumerate(self.capture.manifest.network.route_table or ()):
            keys = [field.name for field in attrs.fields(RouteTableEntry) if getattr(entry, field.name) is not None]
            found[entry] = tuple(self.capture.setting("network", "route_table", index, key) for key in keys)
        for entry, evidence in azure_routes(self.capture):
            found[entry] = (*found.get(entry, ()), *evidence)
        return found

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
            other for other in self.wiring.routes if other.dev == route.dev and self.is_in(route.gateway, other.network)
        ]
        return Known(value=onlink[0].network, evidence=self.cite(onlink[0])) if onlink else None

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

    def leads_to_pod(self, ifname: str) -> bool:
        return naming(ifname) is not None or ifname in {pod.host_link for pod in self.wiring.pods}

    @property
    def pod_routes(self) -> list[HostRoute]:
        """The routes that lead to one pod each."""
        return [
            route
            for route in self.wiring.routes
            if route.is_host and route.gateway is None and route.dev is not None and self.leads_to_pod(route.dev)
        ]

    def name_lines(self, names: dict[str, tuple[Record, ...]]) -> tuple[Evidence, ...]:
        """The line in which each name stands."""
        lines = [
            line
            for name, records in names.items()
            for line in self.capture.evidence(*records)
            # "eth0" is no word of "veth0a1b2c3d", nor "10.0.0.1" of "10.0.0.10".
            if re.search(rf"(?<![\w.]){re.escape(name)}(?![\w])", line.text)
        ]
        return tuple(dict.fromkeys(lines))

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
            ),
            None,
        )

    @staticmethod
    def is_in(address: Address | None, network: Network) -> bool:
        """Whether an address, if there is one, is in a network that is narrower than everything."""
        return address is not None and network.prefixlen > 0 and address in network

    def address_of(self, link: HostLink | None) -> tuple[Address | None, tuple[Evidence, ...]]:
        """The IPv4 address that an interface holds."""
        for record in link.records if link else ():
            for info in record.addr_info if isinstance(record, Link) else ():
                if info.family == "inet" and info.scope == "global":
                    return info.local, self.cite(record, info)
        return None, ()

    @property
    def plugin(self) -> CniPlugin | None:
        """The plugin that connects pods: the first of the network's configuration; those behind it only add to it."""
        plugins = self.wiring.cni.plugins if self.wiring.cni else ()
        return next((plugin for plugin in plugins if plugin.type != "loopback"), None)

    def conf_lines(self, key: str, value: str) -> tuple[Evidence, ...]:
        """The lines of the network's configuration in which a key has a value; without such, its first line."""
        lines = self.capture.evidence(self.wiring.cni) if self.wiring.cni else ()
        pattern = re.compile(rf'"{re.escape(key)}"\s*:\s*"{re.escape(value)}"')
        return tuple(line for line in lines if pattern.search(line.text)) or lines[:1]

    @cached_property
    def version(self) -> int:
        """The version of IP by which the node's pods are known first: 4 unless they have addresses of 6 alone."""
        versions = {address.version for pod in self.wiring.pods for address in pod.addresses}
        return min(versions, default=4)

    def rules(self, chain: str) -> tuple[Rule, ...]:
        """The rules of a chain of the nat table, for the version of IP by which pods are known first."""
        found = self.wiring.chain(chain, self.version)
        return found.rules if found else ()
