"""A capture: what was recorded on one node.

Beside the outputs of commands it may hold, in `capture.toml`, what they do not say: which command line printed which
file, and the settings known from outside the node.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any, TypeVar

import attrs

from aksparse.command import Parsed
from aksparse.diagnostics import Diagnostic
from aksparse.records import Record

MANIFEST = "capture.toml"

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address
R = TypeVar("R", bound=Record)


@attrs.frozen(kw_only=True)
class RouteTableEntry:
    """One route of the Azure route table of the node's subnet.

    Attributes:
        address_prefix: the destination network.
        next_hop_ip_address: the address that Azure hands packets for it to, where the next hop is one.
        next_hop_type: the kind of next hop, such as `VirtualAppliance`, `VnetLocal` or `Internet`.
    """

    address_prefix: Network
    next_hop_ip_address: Address | None = None
    next_hop_type: str | None = None


@attrs.frozen(kw_only=True)
class NetworkSettings:
    """Settings that are known from outside the node. What is not known is left out.

    Attributes:
        network_plugin: `kubenet`, `azure` or `none`, as `az aks create` names them.
        network_plugin_mode: `overlay`, when pods have addresses of their own.
        network_policy: who enforces network policies.
        network_dataplane: `azure` or `cilium`.
        vnet: the address space of the virtual network.
        vnet_prefixes: all its address spaces, where it has several, such as one for each version of IP.
        subnet: the subnet of the nodes.
        subnet_prefixes: all its prefixes, where it has several.
        pod_subnet: the subnet of the pods, where they have one of their own.
        pod_cidr: the network of the pods of the whole cluster.
        pod_cidrs: these networks, where there is one for each version of IP.
        max_pods: how many pods a node may run.
        ip_families: the versions of IP that pods and services have: `IPv4`, `IPv6`.
        service_cidr: the network of the services.
        service_cidrs: these networks, where there is one for each version of IP.
        dns_service_ip: the address of the cluster's DNS service.
        route_table: the routes of the Azure route table of the subnet; empty when it has one without routes.
    """

    network_plugin: str | None = None
    network_plugin_mode: str | None = None
    network_policy: str | None = None
    network_dataplane: str | None = None
    vnet: Network | None = None
    vnet_prefixes: tuple[Network, ...] | None = None
    subnet: Network | None = None
    subnet_prefixes: tuple[Network, ...] | None = None
    pod_subnet: Network | None = None
    pod_cidr: Network | None = None
    pod_cidrs: tuple[Network, ...] | None = None
    max_pods: int | None = None
    ip_families: tuple[str, ...] | None = None
    service_cidr: Network | None = None
    service_cidrs: tuple[Network, ...] | None = None
    dns_service_ip: Address | None = None
    route_table: tuple[RouteTableEntry, ...] | None = None


@attrs.frozen(kw_only=True)
class OutputEntry:
    """Which command line printed a file.

    Attributes:
        file: the name of the file, in the directory of the capture.
        argv: the command line, as a list of words.
        tool: the version of the tool.
    """

    file: str
    argv: tuple[str, ...]
    tool: str | None = None


@attrs.frozen(kw_only=True)
class Manifest:
    """The content of `capture.toml`.

    Attributes:
        role: what the node is an example of, such as `kubenet`; a label, never a fact.
        node: the name of the node.
        description: where the capture comes from.
        recorded: when it was recorded.
        network: the settings known from outside the node.
        outputs: which command line printed which file.
    """

    role: str | None = None
    node: str | None = None
    description: str | None = None
    recorded: date | None = None
    network: NetworkSettings = NetworkSettings()
    outputs: tuple[OutputEntry, ...] = ()


@attrs.frozen(kw_only=True)
class Evidence:
    """A line that proves something.

    Attributes:
        source: the file, with the name of its capture.
        line: the number of the line, counted from 1.
        text: the line.
    """

    source: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.source}:{self.line}"


@attrs.frozen(kw_only=True)
class Capture:
    """Everything that is known of one node.

    Attributes:
        name: the name of the directory or file.
        manifest: the content of `capture.toml`, empty without one.
        outputs: the outputs, by file name and line.
        diagnostics: what was not understood, or not read.
        texts: the lines of each source.
        manifests: the sources of the manifest: the node's own, and that of the cluster.
    """

    name: str
    manifest: Manifest = Manifest()
    outputs: tuple[Parsed[Any], ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    texts: Mapping[str, list[str]] = attrs.field(factory=dict, repr=False)
    manifests: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing is known: no output was recognised, and the manifest says nothing."""
        return not self.outputs and self.manifest == Manifest()

    def parsed(self, command: str) -> Iterator[Parsed[Any]]:
        """The outputs of a command."""
        return (output for output in self.outputs if output.command == command)

    def records(self, command: str, kind: type[R]) -> list[R]:
        """The records of one kind in all outputs of a command."""
        return [record for output in self.parsed(command) for record in output if isinstance(record, kind)]

    def evidence(self, *records: Record) -> tuple[Evidence, ...]:
        """The lines that records were read from."""
        return tuple(
            self.line(record.origin, number)
            for record in records
            for number in range(record.line, record.span.end_line + 1)
        )

    def line(self, source: str, number: int) -> Evidence:
        """One line of a source."""
        return Evidence(source=source, line=number, text=self.texts[source][number - 1].rstrip())

    def setting(self, *path: str | int) -> Evidence:
        """The line of `capture.toml` that holds a setting, such as `network`, `subnet`."""
        lines = {source: _setting_line(self.texts[source], path) for source in self.manifests}
        source = next((source for source, line in lines.items() if line), self.manifests[0])
        return self.line(source, lines[source] or 1)


_TABLE = re.compile(r"\s*\[\[?([^\[\]=]+)\]")
_KEY = re.compile(r"\s*([\w.\"' -]+?)\s*=")


def _setting_line(lines: list[str], path: tuple[str | int, ...]) -> int:
    """The number of the line of a TOML text that sets a key, or the inline table around it; 0 when none does."""
    wanted = ".".join(part for part in path if isinstance(part, str))
    index = next((part for part in path if isinstance(part, int)), 0)
    table, nearest = "", 0
    entries = Counter({table: 1})
    for number, line in enumerate(lines, 1):
        if header := _TABLE.match(line):
            table = f"{_bare(header[1])}."
            entries[table] += 1
        elif found := _KEY.match(line):
            key = table + _bare(found[1])
            if key == wanted and entries[table] == index + 1:
                return number
            nearest = number if wanted.startswith(f"{key}.") else nearest
    return nearest


def _bare(key: str) -> str:
    """A key of TOML without quotes and blanks."""
    return re.sub(r"[\"' ]", "", key)
