"""`az aks create ...`: the network settings of a cluster, as the command line that makes it states them.

Format: az-aks(1) of the Azure CLI. What is read is not an output but the command itself, with its continued lines; a
page may also quote some of its options alone. Values are typed where they can be; a shell variable stays as it is.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any

import attrs
import pyparsing as pp

from aksparse.command import Command, Lines
from aksparse.linere import LineGrammar
from aksparse.records import Record
from aksparse.tokens import BadValue, column, to_ip, to_network

Network = IPv4Network | IPv6Network | str


@attrs.frozen(kw_only=True)
class ClusterSettings(Record):
    """The settings of a cluster that a command line states. The fields are named like the options.

    Attributes:
        resource_group: the resource group.
        name: the name of the cluster.
        kubernetes_version: the version of Kubernetes.
        network_plugin: `kubenet`, `azure` or `none`.
        network_plugin_mode: `overlay`, when pods have addresses of their own.
        network_policy: who enforces network policies: `azure`, `calico`, `cilium` or `none`.
        network_dataplane: `azure` or `cilium`.
        vnet_subnet_id: the id of the subnet of the nodes, or the variable that holds it.
        pod_subnet_id: the id of the subnet of the pods, or the variable that holds it.
        pod_cidr: the network of the pods.
        pod_cidrs: the networks of the pods, where `--pod-cidrs` has several: one for each version of IP.
        service_cidr: the network of the services.
        service_cidrs: the networks of the services, where `--service-cidrs` has several.
        dns_service_ip: the address of the cluster's DNS service.
        docker_bridge_address: the address and network of docker0.
        max_pods: how many pods a node may run.
        outbound_type: how packets leave the cluster, such as `loadBalancer` or `userDefinedRouting`.
        other: the other options, verbatim.
        option_lines: the number of the line that each field was read from.
    """

    resource_group: str | None = None
    name: str | None = None
    kubernetes_version: str | None = None
    network_plugin: str | None = None
    network_plugin_mode: str | None = None
    network_policy: str | None = None
    network_dataplane: str | None = None
    vnet_subnet_id: str | None = None
    pod_subnet_id: str | None = None
    pod_cidr: Network | None = None
    pod_cidrs: tuple[Network, ...] | None = None
    service_cidr: Network | None = None
    service_cidrs: tuple[Network, ...] | None = None
    dns_service_ip: IPv4Address | IPv6Address | str | None = None
    docker_bridge_address: str | None = None
    max_pods: int | None = None
    outbound_type: str | None = None
    other: tuple[str, ...] = ()
    option_lines: Mapping[str, int] = attrs.field(factory=dict, eq=False, repr=False)


_FIELDS = {
    **{f"--{field.name.replace('_', '-')}": field.name for field in attrs.fields(ClusterSettings)[3:-2]},
    **{"-g": "resource_group", "-n": "name", "-k": "kubernetes_version"},
}

_COMMAND = LineGrammar(
    pp.And([column(pp.Literal(literal)) for literal in ("az", "aks", "create")]) + pp.Regex(r".*"),
)
_OPTION = LineGrammar(
    pp.Regex("|".join(sorted(filter(lambda option: len(option) > 2, _FIELDS), reverse=True))).set_name(
        "option of az aks create"
    )
    + pp.Regex(r"[ \t=].*").leave_whitespace()
)


def _assemble(lines: Lines) -> Iterator[ClusterSettings]:
    settings: dict[str, Any] = {}
    option_lines: dict[str, int] = {}
    other: list[str] = []
    pending: str | None = None
    numbers: list[int] = []
    for number, line in lines:
        if not line.strip():
            lines.ignore(number, "blank")
            continue
        try:
            words = shlex.split(_typed(line, first=not numbers), comments=True)
        except ValueError as error:
            lines.report(number, "unexpected-line", f"not a shell command: {str(error).lower()}", 1)
            continue
        try:
            read, unread, pending = _options(words, pending)
        except ValueError as error:
            lines.bad_value(number, error)
            pending = None
            continue
        settings |= read
        option_lines |= dict.fromkeys(read, number)
        other += unread
        lines.recorded(number)
        numbers.append(number)
    if pending is not None:
        other.append(pending)
    if numbers:
        yield ClusterSettings(
            **settings,
            other=tuple(other),
            option_lines=option_lines,
            origin=lines.source,
            line=numbers[0],
            end_line=numbers[-1],
        )


def _options(words: Sequence[str], pending: str | None) -> tuple[dict[str, object], list[str], str | None]:
    """What the words of a line set, those that are kept as they are, and the option whose value is the next word."""
    read: dict[str, object] = {}
    unread: list[str] = []
    for word in words:
        if pending is not None and not word.startswith("-"):
            read |= _read(_FIELDS[pending], word)
            pending = None
            continue
        if pending is not None:
            unread.append(pending)
        option, _, value = word.partition("=")
        field = _FIELDS.get(option)
        pending = option if field is not None and not value else None
        if field is None:
            unread.append(word)
        elif value:
            read |= _read(field, value)
    return read, unread, pending


_BEFORE_OPTIONS = re.compile(r".*?\baz +aks +create(?=[ \t]|$)")


def _typed(line: str, *, first: bool) -> str:
    """The options in a line: without the backslash at its end, and in the first line without prompt and command."""
    options = line.strip().removesuffix("\\")
    before = _BEFORE_OPTIONS.match(options) if first else None
    return options[before.end() :] if before else options


_PLURALS = {"pod_cidrs": "pod_cidr", "service_cidrs": "service_cidr"}


def _read(field: str, text: str) -> dict[str, object]:
    """The field that an option sets; of several values with commas between, the one for several."""
    if field in _PLURALS and "," in text:
        return {field: tuple(_to_value(_PLURALS[field], part) for part in text.split(","))}
    field = _PLURALS.get(field, field)
    return {field: _to_value(field, text)}


def _to_value(field: str, text: str) -> object:
    if "$" in text:
        return text
    if field in ("pod_cidr", "service_cidr"):
        return to_network(text)
    if field == "dns_service_ip":
        return to_ip(text)
    if field == "max_pods":
        if not text.isdecimal() or len(text) > 9:
            raise BadValue(text, "number of pods")
        return int(text)
    return text


def _produced_by(argv: Sequence[str]) -> bool:
    return list(argv[:3]) == ["az", "aks", "create"]


COMMAND = Command(
    name="az_aks_create",
    record=ClusterSettings,
    assemble=_assemble,
    produced_by=_produced_by,
    signature=(_COMMAND, _OPTION),
)
parse_az_aks_create = COMMAND.parse
