"""Facts that are asked once for each version of IP that pods or services have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import attrs

from aksparse.architecture.fact import Fact, Known, Unknown, contradiction, known
from aksparse.architecture.view import NodeView, once

T = TypeVar("T")

_OF_IPV6 = {
    "iptables -t nat -nvL": "ip6tables -t nat -nvL",
    "iptables-save": "ip6tables-save",
    "route -n": "ip -6 route",
    "ip route": "ip -6 route",
    "nsenter -t PID -n route -n": "nsenter -t PID -n ip -6 route",
}
"""What shows of IPv6 what another command shows of IPv4."""


def for_ipv6() -> Any:
    """The same value for IPv6, in a value for IPv4; what is unknown of it; absent when a node has one version alone."""
    return attrs.field(default=None, metadata={"version": 6})


def by_version(ask: Callable[[NodeView], Fact[T]]) -> Callable[[NodeView], Fact[T]]:
    """A question about one version of IP as one about a node: first of IPv4, where pods have both."""

    def ask_for_both(node: NodeView) -> Fact[T]:
        if node.only is not None:
            return ask(node)
        first = ask(node.of(node.version))
        if not node.versions and isinstance(first, Unknown):
            # Nothing says which version pods have: the node itself may have only the other.
            other = ask(node.of(6))
            return other if isinstance(other, Known) else first
        if {4, 6} - node.versions:
            return first
        second = _of_ipv6(ask(node.of(6)))
        if isinstance(first, Unknown):
            return _with_ipv6(first, second)
        if isinstance(second, Unknown) and second.contradictory:
            return contradiction(f"{second.reason.removeprefix('contradiction: ')} (IPv6)", second.evidence)
        value: Any = first.value
        of_ipv6 = second.value if isinstance(second, Known) else second
        return known(attrs.evolve(value, ipv6=of_ipv6), (*first.evidence, *second.evidence))

    return once(ask_for_both)


def _with_ipv6(first: Unknown, second: Fact[Any]) -> Unknown:
    """What is unknown of IPv4, and what is known of IPv6 for all that: that is no answer for IPv4."""
    if isinstance(second, Unknown):
        return first
    reason = f"{first.reason}; of IPv6 it is: {second.value.summary()}"
    return attrs.evolve(first, reason=reason, evidence=(*first.evidence, *second.evidence))


def _of_ipv6(fact: Fact[T]) -> Fact[T]:
    if isinstance(fact, Known):
        return fact
    return attrs.evolve(fact, commands=tuple(_OF_IPV6.get(command, command) for command in fact.commands))
