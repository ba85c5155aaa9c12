"""The architecture of a node: each fact found in its wiring, with the lines that prove it, or unknown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any, TypeVar, cast

from aksparse.capture import Address, Evidence, Network
from aksparse.commands.assignment import NamedNetwork
from aksparse.commands.az_aks_create import ClusterSettings
from aksparse.commands.docker_ps import Container
from aksparse.commands.ip_addr import Link
from aksparse.commands.kubectl_get import Service
from aksparse.commands.route import Route
from aksparse.facts import (
    Architecture,
    ContainerRuntime,
    DefaultRoute,
    Fact,
    HostLinkNaming,
    Known,
    KubernetesVersion,
    LocalPods,
    Mtu,
    NetworkPlugin,
    NodeAddress,
    PodAddressing,
    PodAttachment,
    PodGateway,
    PodSandbox,
    RemotePods,
    ServiceAddresses,
    ServicePath,
    SourceNat,
    Unknown,
)
from aksparse.netfilter.matches import AddrtypeMatch
from aksparse.netfilter.rules import Rule
from aksparse.records import Record
from aksparse.wiring import HostBridge, HostLink, Wiring, naming

T = TypeVar("T")

_NAT_TABLE = ("iptables -t nat -nvL",)
_HOST_LINKS = ("ip addr", "brctl show")
_ROUTES = ("route -n",)
_POD_LINKS = ("kubectl get pods -A -o wide", "nsenter -t PID -n ip addr")
# What these print is not read; what they say is written into the manifest.
_ROUTE_TABLE = ("az network route-table route list -g GROUP --route-table-name TABLE (for capture.toml)",)
_SETTINGS = ("az aks show -g GROUP -n CLUSTER (for capture.toml)",)
_ROUTE_KEYS = ("address_prefix", "next_hop_ip_address", "next_hop_type")
_VNET = ("az network vnet show -g GROUP -n VNET (for capture.toml)",)


def describe(wiring: Wiring) -> Architecture:
    """What a node's wiring shows of its architecture."""
    node = _Node(wiring)
    return Architecture(
        name=wiring.capture.name,
        network_plugin=node.network_plugin(),
        pod_attachment=node.pod_attachment(),
        host_link_naming=node.host_link_naming(),
        pod_addressing=node.pod_addressing,
        node_address=node.node_address(),
        default_route=node.default_route(),
        pod_gateway=node.pod_gateway(),
        local_pods=node.local_pods(),
        remote_pods=node.remote_pods(),
        source_nat=node.source_nat(),
        service_path=node.service_path(),
        service_addresses=node.service_addresses(),
        pod_sandbox=node.pod_sandbox(),
        mtu=node.mtu(),
        container_runtime=node.container_runtime(),
        kubernetes_version=node.kubernetes_version(),
    )


class _Node:
    """The questions that are asked of one wiring. Each method answers one."""

    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring
        self.capture = wiring.capture

    def cite(self, *records: Record) -> tuple[Evidence, ...]:
        """The first line of each record, each line once: the line that names the thing."""
        return tuple(dict.fromkeys(self.capture.line(record.origin, record.line) for record in records))

    # What was said outside of the node, and what says the same on it.

    def stated(self, name: str) -> dict[Any, tuple[Evidence, ...]]:
        """The values of a setting that the manifest and command lines state, with the lines that do."""
        found: dict[Any, tuple[Evidence, ...]] = {}
        value = getattr(self.capture.manifest.network, name)
        if value is not None:
            found[value] = (self.capture.setting("network", name),)
        for settings in self.capture.records("az_aks_create", ClusterSettings):
            value = getattr(settings, name, None)
            if value is not None and "$" not in str(value):
                line = self.capture.line(settings.origin, settings.option_lines[name])
                found[value] = (*found.get(value, ()), line)
        for named in self.capture.records("assignment", NamedNetwork):
            if named.network in found:
                found[named.network] += self.cite(named)
        return found

    def setting(self, name: str) -> Known[Any] | None:
        """The one value of a setting; `None` when none is stated, or several are."""
        found = self.stated(name)
        return Known(value=next(iter(found)), evidence=found[next(iter(found))]) if len(found) == 1 else None

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
            if other.iface == route.iface and self.is_in(route.gateway, other.network)
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

    # The facts, in the order in which they are shown.

    def network_plugin(self) -> Fact[NetworkPlugin]:
        marks: dict[str, list[Evidence]] = {}
        for plugin, lines in self.stated("network_plugin").items():
            marks.setdefault(plugin, []).extend(lines)
        for bridge in self.wiring.bridges:
            if bridge.name in ("cbr0", "azure0"):
                plugin = "kubenet" if bridge.name == "cbr0" else "azure"
                marks.setdefault(plugin, []).extend(self.cite(*bridge.records[:1]))
        azv = [link.records[0] for link in self.wiring.links if naming(link.ifname) == "azv"]
        azv += [route for route in self.wiring.routes if naming(route.iface or "") == "azv"]
        marks.setdefault("azure", []).extend(self.cite(*azv[:1]))
        for rule in self.rules("POSTROUTING"):
            if (rule.comment or "").startswith("kubenet:"):
                marks.setdefault("kubenet", []).extend(self.cite(rule))
        marks = {plugin: evidence for plugin, evidence in marks.items() if evidence}
        if len(marks) == 1:
            ((plugin, evidence),) = marks.items()
            mode, proof = self.plugin_mode(plugin)
            policy, dataplane = self.setting("network_policy"), self.setting("network_dataplane")
            value = NetworkPlugin(
                plugin=plugin,
                mode=mode,
                network_policy=policy.value if policy else None,
                network_dataplane=dataplane.value if dataplane else None,
            )
            stated = [line for setting in (policy, dataplane) if setting for line in setting.evidence]
            return _known(value, (*evidence, *proof, *stated))
        if marks:
            return _contradiction(f"marks of {' and of '.join(sorted(marks))} in one capture", *marks.values())
        return Unknown(reason="nothing names the network plugin", commands=(*_HOST_LINKS, *_SETTINGS))

    def plugin_mode(self, plugin: str) -> tuple[str | None, tuple[Evidence, ...]]:
        stated = self.setting("network_plugin_mode")
        if stated is not None and plugin == "azure":
            return stated.value, stated.evidence
        attachment = self.pod_attachment()
        if isinstance(attachment, Unknown):
            return None, ()
        if attachment.value.kind == "bridge":
            return "bridge", attachment.evidence[:1]
        in_subnet = isinstance(self.pod_addressing, Known) and self.pod_addressing.value.source == "node subnet"
        return ("transparent", attachment.evidence[:1]) if plugin == "azure" and in_subnet else (None, ())

    def pod_attachment(self) -> Fact[PodAttachment]:
        bridge = self.pod_bridge
        if bridge is not None:
            ports = tuple(port for port in bridge.ports if self.leads_to_pod(port))
            evidence = (
                self.capture.evidence(*bridge.records) if len(bridge.records) == 1 else self.cite(*bridge.records)
            )
            uplink = self.wiring.uplink
            value = PodAttachment(
                kind="bridge",
                uplink_is_port=uplink.ifname in bridge.ports if uplink is not None else None,
                bridge=bridge.name,
                ports=ports,
            )
            return _known(value, evidence)
        routes = self.pod_routes
        if routes:
            names = tuple(route.iface for route in routes if route.iface)
            return _known(PodAttachment(kind="route", ports=names), self.cite(*routes))
        if self.wiring.bridges_known or self.wiring.routes:
            return Unknown(
                reason="neither a bridge port nor a route leads to a pod: the node may have no pods",
                commands=(*_HOST_LINKS, *_ROUTES),
            )
        return Unknown(reason="the node's own interfaces are not in the capture", commands=(*_HOST_LINKS, *_ROUTES))

    @cached_property
    def pod_bridge(self) -> HostBridge | None:
        """The bridge that pods are connected to: one that a pod is paired with, one of a plugin's, or the only other.

        Docker's own bridges are none: the kubelet never uses them.
        """
        bridges = [b for b in self.wiring.bridges if not re.fullmatch(r"docker[0-9]+|br-[0-9a-f]{12}", b.name)]
        paired = {pod.bridge for pod in self.wiring.pods}
        for found in (
            [bridge for bridge in bridges if bridge.name in paired],
            [bridge for bridge in bridges if bridge.name in ("cbr0", "azure0") and bridge.ports],
            [bridge for bridge in bridges if any(naming(port) is not None for port in bridge.ports)],
        ):
            if found:
                return found[0] if len(found) == 1 else None
        return None

    def leads_to_pod(self, ifname: str) -> bool:
        return naming(ifname) is not None or ifname in {pod.host_link for pod in self.wiring.pods}

    @property
    def pod_routes(self) -> list[Route]:
        """The routes that lead to one pod each."""
        return [
            route
            for route in self.wiring.routes
            if route.network.prefixlen == 32 and route.iface is not None and self.leads_to_pod(route.iface)
        ]

    def host_link_naming(self) -> Fact[HostLinkNaming]:
        bridge = self.pod_bridge
        names: dict[str, tuple[Record, ...]] = {}
        if bridge is not None:
            names = {port: bridge.records for port in bridge.ports if naming(port)}
        for route in self.pod_routes:
            names[str(route.iface)] = (route,)
        for link in self.wiring.links:
            if link.ifname in names:
                names[link.ifname] = link.records
        prefixes = sorted({str(naming(name)) for name in names if naming(name)})
        if not prefixes:
            return Unknown(reason="no host link of a pod is in the capture", commands=("ip addr", "route -n"))
        evidence = self.name_lines(names)
        if len(prefixes) > 1:
            return _contradiction(f"host links are named {' and '.join(f'{p}*' for p in prefixes)}", evidence)
        return _known(HostLinkNaming(prefix=prefixes[0], names=tuple(names)), evidence)

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
    def pod_addressing(self) -> Fact[PodAddressing]:
        pods = [pod for pod in self.wiring.pods if pod.address is not None]
        if not pods or self.subnet is None:
            missing = "no address of a pod is" if not pods else "the node's subnet is not"
            return Unknown(reason=f"{missing} in the capture", commands=_POD_LINKS if not pods else _ROUTES)
        subnet = self.subnet.value
        proof = tuple(dict.fromkeys(line for pod in pods for line in self.name_lines({str(pod.address): pod.records})))
        inside = {self.is_in(pod.address, subnet) for pod in pods}
        looked_into = [pod.address for pod in pods if pod.ifname is not None]
        if len(inside) == 2 and any(self.is_in(address, subnet) for address in looked_into):
            return _contradiction(f"some pods are inside the node's subnet {subnet}, some outside", proof)
        if len(inside) == 2:
            reason = f"some pods have addresses of the node's subnet {subnet}, and may be on the network of their node"
            return Unknown(reason=reason, commands=("kubectl get nodes -o wide",), evidence=proof)
        route = self.pod_route
        if route and inside == {False} and not all(self.is_in(address, route.network) for address in looked_into):
            reason = f"the node routes {route.network} to its pods, and some have other addresses"
            return _contradiction(reason, proof, self.cite(route))
        if inside == {True} and not looked_into and not self.wiring.nodes_known:
            reason = f"all pods have addresses of the node's subnet {subnet}, and may be on the network of their node"
            return Unknown(reason=reason, commands=("kubectl get nodes -o wide",), evidence=proof)
        network, of_network = self.pod_network()
        source, of_source = self.address_source(inside == {True})
        if source is None:
            reason = f"pods are outside the node's subnet {subnet}, and what is there is not in the capture"
            return Unknown(reason=reason, commands=(*_VNET, *_SETTINGS), evidence=proof)
        lengths = {pod.prefixlen for pod in pods if pod.prefixlen is not None} or (
            {route.network.prefixlen} if route else set()
        )
        value = PodAddressing(
            source=source,
            prefixlen=lengths.pop() if len(lengths) == 1 else None,
            pod_network=network,
            node_subnet=subnet,
            addresses=tuple(pod.address for pod in pods if pod.address is not None),
        )
        return _known(value, (*proof, *of_network, *self.subnet.evidence, *of_source))

    def address_source(self, in_subnet: bool) -> tuple[Any, tuple[Evidence, ...]]:
        """What the pods' addresses are addresses of, and what shows it where the node's subnet does not."""
        addresses = [pod.address for pod in self.wiring.pods if pod.address is not None]
        if in_subnet:
            return "node subnet", ()
        vnet, pod_cidr = self.setting("vnet"), self.setting("pod_cidr")
        if vnet is not None and all(self.is_in(address, vnet.value) for address in addresses):
            return "another subnet of the VNet", vnet.evidence
        if pod_cidr is not None and all(self.is_in(address, pod_cidr.value) for address in addresses):
            return "pod CIDR", pod_cidr.evidence
        # A network that the node routes to a bridge of its own is no subnet of the VNet.
        return ("pod CIDR", self.cite(self.pod_route)) if self.pod_route else (None, ())

    @cached_property
    def pod_route(self) -> Route | None:
        """The route to the bridge of the node's pods."""
        bridge = self.pod_bridge
        return next(
            (
                route
                for route in self.wiring.routes
                if bridge is not None and route.iface == bridge.name and 0 < route.network.prefixlen < 32
            ),
            None,
        )

    def pod_network(self) -> tuple[Network | None, tuple[Evidence, ...]]:
        """The network that the node routes to its pods' bridge; without such a route, the stated pod CIDR."""
        if self.pod_route is not None:
            return self.pod_route.network, self.cite(self.pod_route)
        stated = self.setting("pod_cidr")
        return (stated.value, stated.evidence) if stated else (None, ())

    def node_address(self) -> Fact[NodeAddress]:
        route = self.wiring.default_route
        holder = self.wiring.link(route.iface) if route is not None and route.iface else None
        address, evidence = self.address_of(holder)
        row = self.wiring.node
        if address is None and row is not None and row.internal_ip is not None:
            address, evidence = row.internal_ip, self.cite(row)
        if route is None or route.iface is None:
            return Unknown(
                reason="what holds the node's address is not in the capture", commands=("ip addr", "route -n")
            )
        if not self.wiring.bridges_known:
            return Unknown(reason=f"whether {route.iface} is a bridge is not in the capture", commands=_HOST_LINKS)
        bridge = self.wiring.bridge(route.iface)
        uplink = self.wiring.uplink
        onlink = [
            r
            for r in self.wiring.routes
            if r.iface == route.iface and self.is_in(address or route.gateway, r.network) and r is not route
        ]
        if address is None and not onlink:
            return Unknown(reason="the node's address is not in the capture", commands=("ip addr",))
        value = NodeAddress(
            held_by="bridge" if bridge else "uplink",
            uplink_is_bridge_port=uplink.master is not None if uplink and uplink.master_known else None,
            interface=route.iface,
            address=address,
            uplink=uplink.ifname if uplink else None,
        )
        ports = self.name_lines({uplink.ifname: uplink.records}) if uplink and uplink.master else ()
        listed = self.cite(*(record for b in self.wiring.bridges for record in b.records[:1]))
        return _known(value, (*evidence, *(() if evidence and holder else self.cite(*onlink[:1])), *ports, *listed))

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

    def default_route(self) -> Fact[DefaultRoute]:
        route = self.wiring.default_route
        if route is None or route.iface is None:
            return Unknown(reason="no default route of the node is in the capture", commands=_ROUTES)
        if not self.wiring.bridges_known:
            return Unknown(reason=f"whether {route.iface} is a bridge is not in the capture", commands=_HOST_LINKS)
        bridge = self.wiring.bridge(route.iface)
        value = DefaultRoute(
            via="bridge" if bridge else "uplink",
            interface=route.iface,
            gateway=route.gateway,
            metric=route.metric,
        )
        return _known(value, self.cite(route, *(bridge.records[:1] if bridge else ())))

    def pod_gateway(self) -> Fact[PodGateway]:
        pods = [pod for pod in self.wiring.pods if pod.gateway is not None]
        if not pods:
            return Unknown(reason="no route of a pod is in the capture", commands=("nsenter -t PID -n route -n",))
        routes = [record for pod in pods for record in pod.records if isinstance(record, Route)]
        proof = self.cite(*(route for route in routes if route.network.prefixlen == 0))
        gateways = {pod.gateway for pod in pods if pod.gateway is not None}
        if len(gateways) > 1:
            return _contradiction("pods have different gateways", proof)
        (gateway,) = gateways
        bridge = self.wiring.link(self.pod_bridge.name) if self.pod_bridge else None
        default = self.wiring.default_route
        if bridge is not None and gateway in {interface.ip for interface in bridge.addresses}:
            owner = self.name_lines({str(gateway): bridge.records})
            return _known(PodGateway(kind="the node's bridge", gateway=gateway), (*proof, *owner))
        if default is not None and gateway == default.gateway:
            return _known(PodGateway(kind="the subnet's gateway", gateway=gateway), (*proof, *self.cite(default)))
        if gateway.is_link_local:
            return _known(PodGateway(kind="a link-local address", gateway=gateway), proof)
        return Unknown(
            reason=f"what has the gateway's address {gateway} is not in the capture", commands=("ip addr", "route -n")
        )

    def local_pods(self) -> Fact[LocalPods]:
        routes = self.pod_routes
        if routes:
            networks = tuple(route.network for route in routes)
            return _known(LocalPods(kind="host route per pod", routes=networks), self.cite(*routes))
        bridge = self.pod_bridge
        routes = [r for r in self.wiring.routes if bridge is not None and r.iface == bridge.name and "G" not in r.flags]
        if bridge is None or not routes or self.subnet is None:
            missing = "the node's subnet" if bridge is not None and routes else "a route to the node's pods"
            return Unknown(reason=f"{missing} is not in the capture", commands=(*_ROUTES, *_HOST_LINKS))
        kind = "node subnet" if any(r.network == self.subnet.value for r in routes) else "pod network"
        value = LocalPods(kind=f"{kind} on the bridge", routes=tuple(r.network for r in routes), interface=bridge.name)
        return _known(value, self.cite(*routes))

    def remote_pods(self) -> Fact[RemotePods]:
        addressing = self.pod_addressing
        if isinstance(addressing, Known) and addressing.value.source == "node subnet":
            return _known(RemotePods(kind="natively in the VNet"), addressing.evidence)
        mode = self.setting("network_plugin_mode")
        if mode is not None and mode.value == "overlay":
            return _known(RemotePods(kind="Azure CNI overlay"), mode.evidence)
        if isinstance(addressing, Known) and addressing.value.source == "another subnet of the VNet":
            return _known(RemotePods(kind="natively in the VNet"), addressing.evidence)
        table = enumerate(self.capture.manifest.network.route_table or ())
        # A route table may as well be there for a firewall.
        entries = [(index, entry) for index, entry in table if self.is_for_pods(entry.address_prefix)]
        if entries:
            routes = tuple(f"{e.address_prefix} via {e.next_hop_ip_address or e.next_hop_type}" for _, e in entries)
            keys = [(i, key) for i, e in entries for key in _ROUTE_KEYS if getattr(e, key) is not None]
            evidence = [self.capture.setting("network", "route_table", index, key) for index, key in keys]
            return _known(RemotePods(kind="Azure route table", routes=routes), evidence)
        return Unknown(
            reason="the node's routes do not say it, and the Azure route table is not in the capture",
            commands=_ROUTE_TABLE,
        )

    def is_for_pods(self, network: Network) -> bool:
        """Whether a network is one of pods: part of a pod CIDR, or the one that the node routes to its own pods."""
        known = [*self.stated("pod_cidr"), *([self.pod_route.network] if self.pod_route else [])]
        return any(network.version == pods.version and network.subnet_of(pods) for pods in known)

    def rules(self, chain: str) -> tuple[Rule, ...]:
        found = self.wiring.chain(chain)
        return found.rules if found else ()

    def source_nat(self) -> Fact[SourceNat]:
        found: list[tuple[str, list[Network] | None, bool, list[Rule]]] = []
        marked: list[Rule] = []
        others: list[str] = []
        for rule in self.rules("POSTROUTING"):
            if rule.target == "KUBE-POSTROUTING":
                marked.append(rule)
            elif rule.target == "IP-MASQ-AGENT" and self.rules("IP-MASQ-AGENT"):
                exempt, agent_rules = self.returned_before_masquerade()
                found.append(("ip-masq-agent", exempt, _not_to_local(rule), [rule, *agent_rules]))
            elif rule.target == "MASQUERADE" and (rule.comment or "").startswith("kubenet:"):
                negated = "destination" in rule.negated and not isinstance(rule.destination, str)
                networks = [cast("Network", rule.destination)] if negated else []
                found.append(("kubenet", networks, _not_to_local(rule), [rule]))
            elif rule.target in ("MASQUERADE", "SNAT"):
                others.append(f"{rule.target} from {rule.source}")
        if len(found) > 1:
            names = " and of ".join(mechanism for mechanism, *_ in found)
            return _contradiction(f"rules of {names}", self.cite(*(rule for *_, rules in found for rule in rules)))
        if not found:
            listed = self.wiring.chain("POSTROUTING") is not None
            reason = "no rule of kubenet or of ip-masq-agent is" if listed else "the nat table is not"
            return Unknown(reason=f"{reason} in the capture", commands=_NAT_TABLE)
        ((mechanism, networks_or_none, to_local, rules),) = found
        if networks_or_none is None:
            reason = "IP-MASQ-AGENT has rules with conditions that are not compared"
            return Unknown(reason=reason, evidence=self.cite(*rules), commands=("iptables -t nat -nvL IP-MASQ-AGENT",))
        roles = [role for network in networks_or_none if (role := self.role(network))]
        exempt_roles = (*sorted({role.value for role in roles}), *(["the node's own addresses"] if to_local else []))
        value = SourceNat(
            mechanism=mechanism,
            exempt=exempt_roles if len(roles) == len(networks_or_none) else None,
            marked_packets=bool(marked) or None,
            networks=tuple(networks_or_none),
            other_rules=tuple(others),
            interfaces_shown=self.wiring.interfaces_listed,
        )
        return _known(value, (*self.cite(*marked, *rules), *(line for role in roles for line in role.evidence)))

    def returned_before_masquerade(self) -> tuple[list[Network] | None, list[Rule]]:
        """The destinations that IP-MASQ-AGENT leaves alone, and its rules up to the one that translates.

        `None` in place of the destinations when a rule has another condition, so that they are not the whole truth.
        """
        exempt: list[Network] = []
        rules: list[Rule] = []
        for rule in self.rules("IP-MASQ-AGENT"):
            rules.append(rule)
            if rule.target == "MASQUERADE":
                break
            plain = rule.protocol == "all" and not (rule.negated or rule.matches or rule.other)
            if rule.target != "RETURN" or not plain or isinstance(rule.destination, str) or not _anywhere(rule.source):
                return None, rules
            exempt.append(rule.destination)
        return exempt, rules

    def service_path(self) -> Fact[ServicePath]:
        services = self.wiring.services
        if not services:
            hook = [rule for rule in self.rules("POSTROUTING") if rule.target == "KUBE-POSTROUTING"]
            reason = (
                "KUBE-POSTROUTING alone does not show it (the kubelet makes it as well), and the service chains are not"
                if hook
                else "the chains of kube-proxy are not"
            )
            return Unknown(reason=f"{reason} in the capture", commands=_NAT_TABLE, evidence=self.cite(*hook))
        networks = {service.masquerade_unless_from for service in services}
        network = next(iter(networks)) if len(networks) == 1 else None
        role = self.role(network) if network is not None else None
        unmarked = "anywhere" if networks == {None} else None
        value = ServicePath(
            mechanism="kube-proxy, iptables",
            masquerade_unless_from=role.value if role else unmarked,
            network=network,
            services=len(services),
        )
        proof = self.cite(*(record for service in services for record in service.records[:2]))
        return _known(value, (*proof, *(role.evidence if role else ())))

    def service_addresses(self) -> Fact[ServiceAddresses]:
        cidrs, dns = self.stated("service_cidr"), self.stated("dns_service_ip")
        for name, found in (("service CIDR", cidrs), ("DNS address", dns)):
            if len(found) > 1:
                return _contradiction(f"several values for the {name}: {', '.join(map(str, found))}", *found.values())
        for service in self.wiring.services:
            if service.service.startswith("kube-system/kube-dns:") and service.cluster_ip is not None:
                dns[service.cluster_ip] = (*dns.get(service.cluster_ip, ()), *self.cite(*service.records[:1]))
        for row in self.capture.records("kubectl_get", Service):
            if (row.namespace, row.name) == ("kube-system", "kube-dns") and row.cluster_ip is not None:
                dns[row.cluster_ip] = (*dns.get(row.cluster_ip, ()), *self.cite(row))
        if not cidrs and not dns:
            commands = ("kubectl get services -A", *_SETTINGS)
            return Unknown(reason="the addresses of services are not in the capture", commands=commands)
        if len(dns) > 1:
            return _contradiction(f"several values for the DNS address: {', '.join(map(str, dns))}", *dns.values())
        value = ServiceAddresses(service_cidr=next(iter(cidrs), None), dns_service_ip=next(iter(dns), None))
        return _known(value, [line for lines in (*cidrs.values(), *dns.values()) for line in lines])

    def pod_sandbox(self) -> Fact[PodSandbox]:
        pauses = [c for c in self.capture.records("docker_ps", Container) if c.pause]
        if not pauses:
            return Unknown(reason="no pause container is in the capture", commands=("docker ps",))
        images = tuple(dict.fromkeys(container.image for container in pauses))
        return _known(PodSandbox(held_by="pause container", images=images), self.cite(*pauses))

    def mtu(self) -> Fact[Mtu]:
        links: dict[str, list[Link]] = {
            "pod": [r for pod in self.wiring.pods for r in pod.records[:1] if isinstance(r, Link)],
            "host_link": [],
            "bridge": [],
            "uplink": [],
        }
        uplink, bridge = self.wiring.uplink, self.pod_bridge
        for link in self.wiring.links:
            for record in link.records:
                if not isinstance(record, Link):
                    continue
                if uplink is not None and link.ifname == uplink.ifname:
                    links["uplink"].append(record)
                elif bridge is not None and link.ifname == bridge.name:
                    links["bridge"].append(record)
                elif self.leads_to_pod(link.ifname) and link.master != "docker0":
                    links["host_link"].append(record)
        first = {name: {link.mtu: link for link in reversed(found) if link.mtu} for name, found in links.items()}
        proof = [link for by_mtu in first.values() for _, link in sorted(by_mtu.items())]
        if not proof:
            return Unknown(reason="no MTU is in the capture", commands=("ip addr", "nsenter -t PID -n ip addr"))
        value = Mtu(**{name: tuple(sorted(by_mtu)) for name, by_mtu in first.items() if by_mtu})
        return _known(value, self.cite(*proof))

    def container_runtime(self) -> Fact[ContainerRuntime]:
        row = self.wiring.node
        if row is not None and row.container_runtime:
            name, _, version = row.container_runtime.partition("://")
            return _known(ContainerRuntime(name=name, version=version or None), self.cite(row))
        containers = self.capture.records("docker_ps", Container)
        if containers:
            return _known(ContainerRuntime(name="docker"), self.cite(*containers))
        return Unknown(reason="the container runtime is not in the capture", commands=("kubectl get nodes -o wide",))

    def kubernetes_version(self) -> Fact[KubernetesVersion]:
        row = self.wiring.node
        if row is None:
            return Unknown(reason="the node is in no listing of nodes", commands=("kubectl get nodes -o wide",))
        return _known(KubernetesVersion(version=row.version), self.cite(row))


def _anywhere(address: object) -> bool:
    return not isinstance(address, str) and getattr(address, "prefixlen", None) == 0


def _not_to_local(rule: Rule) -> bool:
    return any(
        match.dst_negated and match.dst_type == ("LOCAL",) for match in rule.matches if isinstance(match, AddrtypeMatch)
    )


def _known(value: T, evidence: Iterable[Evidence]) -> Known[T]:
    return Known(value=value, evidence=tuple(dict.fromkeys(evidence)))


def _contradiction(reason: str, *evidence: Iterable[Evidence]) -> Unknown:
    lines: Iterator[Evidence] = (line for part in evidence for line in part)
    return Unknown(reason=f"contradiction: {reason}", evidence=tuple(dict.fromkeys(lines)))
