"""A fact about a node as it is told: in words, and part by part as JSON has it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
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


def _summary(value: Any) -> str:
    other = of_ipv6(value)
    if other is None:
        return str(value.summary())
    if isinstance(other, Unknown):
        return f"{value.summary()}; IPv6 unknown: {other.reason}; would be shown by: {', '.join(other.commands)}"
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
