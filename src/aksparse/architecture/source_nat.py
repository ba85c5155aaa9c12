"""What gets the node's address as its source on its way out."""

from __future__ import annotations

from typing import cast

import attrs

from aksparse.architecture.fact import Fact, Unknown, both, contradiction, instance, known, listing
from aksparse.architecture.view import NAT_TABLE, NodeView
from aksparse.capture import Network
from aksparse.netfilter.matches import AddrtypeMatch
from aksparse.netfilter.rules import Rule


@attrs.frozen(kw_only=True)
class SourceNat:
    """What gets the node's address as its source on its way out.

    Attributes:
        mechanism: who wrote the rule: `kubenet` or `ip-masq-agent`.
        exempt: the destinations that keep the pod's address, by role: `the pod CIDR`, `the VNet`, `the node subnet`,
            `the service CIDR`, `the node itself`; absent when the role of one of them is not known.
        marked_packets: whether what `KUBE-MARK-MASQ` marked is translated as well.
        networks: the networks behind these roles.
        other_rules: other rules that translate sources, such as Docker's for docker0.
        interfaces_shown: whether the listing showed the interfaces of the rules.
    """

    mechanism: str
    exempt: tuple[str, ...] | None = None
    marked_packets: bool | None = None
    networks: tuple[Network, ...] = instance(())
    other_rules: tuple[str, ...] = instance(())
    interfaces_shown: bool = instance(False)

    def summary(self) -> str:
        unseen = "" if self.interfaces_shown else " (a listing without -v hides interfaces)"
        if self.exempt is None:
            return f"by {self.mechanism}, for everything except traffic to {listing(self.networks)}{unseen}"
        exempt = f"{both(self.exempt)} ({listing(self.networks)})"
        return f"by {self.mechanism}, for everything except traffic to {exempt}{unseen}"

    def meaning(self) -> str:
        return (
            f"pods keep their own address towards {both(self.exempt or self.networks)} unless a service rule marks them"
        )


def source_nat(node: NodeView) -> Fact[SourceNat]:
    found: list[tuple[str, list[Network] | None, bool, list[Rule]]] = []
    marked: list[Rule] = []
    others: list[str] = []
    for rule in node.rules("POSTROUTING"):
        if rule.target == "KUBE-POSTROUTING":
            marked.append(rule)
        elif rule.target == "IP-MASQ-AGENT" and node.rules("IP-MASQ-AGENT"):
            exempt, agent_rules = returned_before_masquerade(node)
            found.append(("ip-masq-agent", exempt, _not_to_local(rule), [rule, *agent_rules]))
        elif rule.target == "MASQUERADE" and (rule.comment or "").startswith("kubenet:"):
            negated = "destination" in rule.negated and not isinstance(rule.destination, str)
            networks = [cast("Network", rule.destination)] if negated else []
            found.append(("kubenet", networks, _not_to_local(rule), [rule]))
        elif rule.target in ("MASQUERADE", "SNAT"):
            others.append(f"{rule.target} from {rule.source}")
    if len(found) > 1:
        names = " and of ".join(mechanism for mechanism, *_ in found)
        return contradiction(f"rules of {names}", node.cite(*(rule for *_, rules in found for rule in rules)))
    if not found:
        listed = node.wiring.chain("POSTROUTING") is not None
        reason = "no rule of kubenet or of ip-masq-agent is" if listed else "the nat table is not"
        return Unknown(reason=f"{reason} in the capture", commands=NAT_TABLE)
    ((mechanism, networks_or_none, to_local, rules),) = found
    if networks_or_none is None:
        reason = "IP-MASQ-AGENT has rules with conditions that are not compared"
        return Unknown(reason=reason, evidence=node.cite(*rules), commands=("iptables -t nat -nvL IP-MASQ-AGENT",))
    roles = [role for network in networks_or_none if (role := node.role(network))]
    exempt_roles = (*sorted({role.value for role in roles}), *(["the node's own addresses"] if to_local else []))
    value = SourceNat(
        mechanism=mechanism,
        exempt=exempt_roles if len(roles) == len(networks_or_none) else None,
        marked_packets=bool(marked) or None,
        networks=tuple(networks_or_none),
        other_rules=tuple(others),
        interfaces_shown=(table := node.wiring.table("nat")) is not None and table.interfaces_listed,
    )
    return known(value, (*node.cite(*marked, *rules), *(line for role in roles for line in role.evidence)))


def returned_before_masquerade(node: NodeView) -> tuple[list[Network] | None, list[Rule]]:
    """The destinations that IP-MASQ-AGENT leaves alone, and its rules up to the one that translates.

    `None` in place of the destinations when a rule has another condition, so that they are not the whole truth.
    """
    exempt: list[Network] = []
    rules: list[Rule] = []
    for rule in node.rules("IP-MASQ-AGENT"):
        rules.append(rule)
        if rule.target == "MASQUERADE":
            break
        plain = rule.protocol == "all" and not (rule.negated or rule.matches or rule.other)
        if rule.target != "RETURN" or not plain or isinstance(rule.destination, str) or not _anywhere(rule.source):
            return None, rules
        exempt.append(rule.destination)
    return exempt, rules


def _anywhere(address: object) -> bool:
    return not isinstance(address, str) and getattr(address, "prefixlen", None) == 0


def _not_to_local(rule: Rule) -> bool:
    return any(
        match.dst_negated and match.dst_type == ("LOCAL",) for match in rule.matches if isinstance(match, AddrtypeMatch)
    )
