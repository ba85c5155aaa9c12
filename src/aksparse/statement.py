"""A fact about a node as it is told: in words, and part by part as JSON has it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from aksparse.architecture.description import ASPECTS, Architecture
from aksparse.architecture.fact import Fact, Unknown
from aksparse.capture.model import Evidence

TITLES = {
    "network_mode": "Network mode",
    "network_plugin": "Network plugin",
    "network_policy": "Network policy",
    "pod_attachment": "Pod attachment",
    "host_link_naming": "Host link naming",
    "pod_addressing": "Pod addresses",
    "ip_families": "IP families",
    "address_plan": "Address plan",
    "node_address": "Node address",
    "default_route": "Default route",
    "pod_gateway": "Default gateway of a pod",
    "local_pods": "Route to local pods",
    "remote_pods": "Routing to pods on other nodes",
    "source_nat": "Source NAT",
    "service_path": "Service translation",
    "services": "Services",
    "service_addresses": "Service addresses",
    "pod_sandbox": "Pod sandbox",
    "mtu": "MTU",
    "container_runtime": "Container runtime",
    "kubernetes_version": "Kubernetes version",
}

_PARTS = {
    "network_mode": {"mode": "mode"},
    "network_plugin": {"plugin": "plugin", "chained": "plugins behind it"},
    "network_policy": {"engine": "enforced by"},
    "pod_attachment": {"kind": "pods are attached by a", "uplink_is_port": "the uplink is a port as well"},
    "host_link_naming": {"prefix": "names begin with"},
    "pod_addressing": {"source": "taken from", "prefixlen": "prefix length of a pod's address"},
    "ip_families": {"node": "of the node", "pods": "of pods", "services": "of services"},
    "address_plan": {
        "addresses_per_pod": "addresses of the nodes' network for each pod",
        "addresses_per_node": "addresses of the node subnet for each node",
        "max_pods": "most pods of a node",
        "subnet_addresses": "addresses in the node subnet",
        "nodes_by_subnet": "nodes that the node subnet has room for",
        "pod_subnet_addresses": "addresses in the pods' subnet",
        "nodes_by_pod_subnet": "nodes that the pods' subnet has room for",
        "node_prefixlen": "prefix length of a node's part of the pod CIDR",
        "nodes_by_pod_cidr": "nodes that the pod CIDR has room for",
        "nodes_by_route_table": "nodes that an Azure route table has room for",
        "conflicts": "networks in conflict",
    },
    "node_address": {"held_by": "held by the", "uplink_is_bridge_port": "the uplink is a bridge port"},
    "default_route": {"via": "leaves through the", "other_rules": "rules that lead to other tables"},
    "pod_gateway": {"kind": "gateway", "fixed_neighbour": "a fixed neighbour of the pod"},
    "local_pods": {"kind": "reached by", "from_node": "source of the node's own packets"},
    "remote_pods": {
        "kind": "carried by",
        "carried_as": "what the network between nodes sees",
        "from_node": "source of the node's own packets",
    },
    "source_nat": {
        "mechanism": "rules of",
        "exempt": "a pod keeps its address towards",
        "marked_packets": "also of what service rules mark",
        "platform": "rules of their own for Azure's DNS and metadata",
    },
    "service_path": {"mechanism": "translated by", "masquerade_unless_from": "KUBE-MARK-MASQ unless from"},
    "service_addresses": {"service_cidr": "services", "dns_service_ip": "DNS"},
    "pod_sandbox": {"held_by": "held by"},
    "mtu": {"pod": "pod", "host_link": "host link", "uplink": "uplink", "smallest": "smallest on the way out"},
    "container_runtime": {"name": "runtime", "version": "version"},
    "kubernetes_version": {"version": "version"},
}
"""What the parts of facts are for a reader; those that have names of their own, such as services, are not here."""

IPV6 = "ipv6."
"""What the name of a part begins with that is one of IPv6."""


def part_in_words(fact: str, part: str) -> str:
    """A part of a fact as a reader would say it."""
    of_either = part.removeprefix(IPV6)
    words = _PARTS.get(fact, {}).get(of_either, of_either)
    return f"{words} (IPv6)" if part.startswith(IPV6) else words


@attrs.frozen(kw_only=True)
class Statement:
    """A fact about a node.

    Attributes:
        known: whether the capture shows it.
        summary: what is the case, in words; absent when unknown.
        value: what is the case, part by part; a part that is not known has no key; absent when unknown.
        reason: why it is unknown.
        contradiction: whether it is unknown because lines contradict each other.
        commands: the commands whose output would show it, or would show of IPv6 what is known of IPv4.
        evidence: the lines that prove it, or that contradict each other.
    """

    known: bool
    summary: str | None = None
    value: dict[str, Any] | None = None
    reason: str | None = None
    contradiction: bool = False
    commands: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()


@attrs.frozen(kw_only=True)
class DescribedFact:
    """A fact about a node, with its name and what it means.

    Attributes:
        name: the name of the fact.
        title: its title.
        fact: what is the case.
        meaning: what it means for packets, in words; absent when unknown.
    """

    name: str
    title: str
    fact: Statement
    meaning: str | None = None


@attrs.frozen(kw_only=True)
class Description:
    """The architecture of a node, told.

    Attributes:
        name: the name of the capture.
        facts: the facts, always all and in the same order.
    """

    name: str
    facts: tuple[DescribedFact, ...]

    @property
    def contradictory(self) -> bool:
        """Whether lines of the capture contradict each other."""
        return any(told.fact.contradiction for told in self.facts)

    @property
    def commands(self) -> tuple[str, ...]:
        """The commands whose output would show what is unknown, those first that would show the most of it."""
        asked = Counter(command for told in self.facts for command in told.fact.commands)
        return tuple(command for command, _ in asked.most_common())


def tell(architecture: Architecture) -> Description:
    """The architecture of a node, fact by fact."""
    return Description(
        name=architecture.name,
        facts=tuple(_described(name, getattr(architecture, name)) for name in ASPECTS),
    )


def _described(name: str, fact: Fact[Any]) -> DescribedFact:
    meaning = None if isinstance(fact, Unknown) else _meaning(fact.value)
    return DescribedFact(name=name, title=TITLES[name], fact=statement(fact), meaning=meaning)


def statement(fact: Fact[Any]) -> Statement:
    """A fact in words and parts."""
    if isinstance(fact, Unknown):
        return Statement(
            known=False,
            reason=fact.reason,
            contradiction=fact.contradictory,
            commands=fact.commands,
            evidence=fact.evidence,
        )
    other = of_ipv6(fact.value)
    return Statement(
        known=True,
        summary=_summary(fact.value),
        value=parts(fact.value, instance=True),
        commands=other.commands if isinstance(other, Unknown) else (),
        evidence=fact.evidence,
    )


def of_ipv6(value: Any) -> Any:
    """The same value for IPv6, what is unknown of it, or `None`."""
    return getattr(value, "ipv6", None)


def shown_by(commands: Sequence[str]) -> str:
    """What is said behind a reason for not knowing: which commands would tell, if any."""
    return f"; would be shown by: {', '.join(commands)}" if commands else ""


def _summary(value: Any) -> str:
    other = of_ipv6(value)
    if other is None:
        return str(value.summary())
    if isinstance(other, Unknown):
        return f"{value.summary()}; IPv6 unknown: {other.reason}{shown_by(other.commands)}"
    return f"{value.summary()}; IPv6: {other.summary()}"


def _meaning(value: Any) -> str:
    other = of_ipv6(value)
    if other is None or isinstance(other, Unknown) or other.meaning() == value.meaning():
        return str(value.meaning())
    return f"{value.meaning()}; with IPv6, {other.meaning()}"


def parts(value: Any, *, instance: bool) -> dict[str, Any]:
    """The known parts of a value as JSON has them, with or without what belongs to the one node.

    What is told by name, such as of services, is a part for each name; what is told of IPv6 is a part with parts.
    """
    found: dict[str, Any] = {}
    for field in attrs.fields(type(value)):
        part = getattr(value, field.name)
        if field.metadata.get("version"):
            if part is not None and not isinstance(part, Unknown):
                found["ipv6"] = parts(part, instance=instance)
        elif isinstance(part, Mapping):
            found |= part
        elif part is not None and (instance or not field.metadata.get("instance")):
            found[field.name] = _plain(part)
    return found


def _plain(part: object) -> Any:
    if isinstance(part, tuple):
        return [_plain(item) for item in part]
    return part if isinstance(part, bool | int | str) else str(part)
