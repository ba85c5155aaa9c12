"""What gets the node's address as its source on its way out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import cast

import attrs

from aksparse.architecture.fact import Fact, Unknown, both, contradiction, instance, known, listing
from aksparse.architecture.translation import inside, is_translated, leaving, outside
from aksparse.architecture.versions import by_version, for_ipv6
from aksparse.architecture.view import NAT_TABLE, NodeView
from aksparse.capture.model import Evidence, Network
from aksparse.netfilter.matches.kernel import AddrtypeMatch
from aksparse.netfilter.packets import Verdict
from aksparse.netfilter.rules import Rule


@attrs.frozen(kw_only=True)
class SourceNat:
    """What gets the node's address as its source on its way out.

    Attributes:
        mechanism: who wrote the rules: `kubenet`, `ip-masq-agent`, `kindnetd`, `flanneld`, `Calico`, `the CNI plugin`;
            `nobody` when all of the table was listed and none of its rules translates them.
        exempt: the destinations that keep the pod's address, by role: `the pod CIDR`, `the VNet`, `the node subnet`,
            `the service CIDR`, `the node's own pods` ... without those inside another; absent when the role of one of
            them is not known.
        marked_packets: whether what `KUBE-MARK-MASQ` marked is translated as well.
        platform: whether packets to the DNS and metadata of Azure have rules of their own (`SWIFT`).
        networks: the networks behind these roles.
        other_rules: other rules that translate sources, such as Docker's for docker0.
        interfaces_shown: whether the listing showed the interfaces of the rules.
        ipv6: the same of IPv6, where pods have addresses of both versions.
    """

    mechanism: str
    exempt: tuple[str, ...] | None = None
    marked_packets: bool | None = None
    platform: bool | None = None
    networks: tuple[Network, ...] = instance(())
    other_rules: tuple[str, ...] = instance(())
    interfaces_shown: bool = instance(False)
    ipv6: SourceNat | Unknown | None = for_ipv6()

    def summary(self) -> str:
        if self.mechanism == NOBODY:
            return "by nobody: pods keep their addresses"
        unseen = "" if self.interfaces_shown else " (a listing without -v hides interfaces)"
        networks = f" (in the rules: {listing(self.networks)})" if self.networks else ""
        exempt = f"{both(self.exempt)}{networks}" if self.exempt is not None else listing(self.networks)
        return f"by {self.mechanism}, for everything except traffic to {exempt}{unseen}"

    def meaning(self) -> str:
        if self.mechanism == NOBODY:
            return "a pod keeps its address everywhere, unless a service rule marks it"
        kept = both(self.exempt or self.networks)
        unless = "" if self.marked_packets is False else " unless a service rule marks it"
        platform = ", and rules of their own translate what it asks Azure's DNS and metadata" if self.platform else ""
        return f"towards {kept} a pod keeps its address{unless}, elsewhere it has the node's{platform}"


@attrs.frozen(kw_only=True)
class _Translation:
    """Rules that translate the sources of pods.

    Attributes:
        mechanism: who wrote them.
        exempt: the destinations that they leave alone; absent when they have conditions that are not compared.
        words: destinations that have no network in the rules.
        rules: the rules.
    """

    mechanism: str
    exempt: tuple[Network, ...] | None
    words: tuple[str, ...] = ()
    rules: tuple[Rule, ...]


AGENTS = {"IP-MASQ-AGENT": "ip-masq-agent", "KIND-MASQ-AGENT": "kindnetd"}
_OF_CNI_PLUGIN = re.compile(r"CNI-[0-9a-f]{24}$")
_OWN_ADDRESSES = "the node's own addresses"
NOBODY = "nobody"
THE_VNET, OWN_PODS = "the VNet", "the node's own pods"


@by_version
def source_nat(node: NodeView) -> Fact[SourceNat]:
    """Who translates the sources of what pods send away, and for which destinations nobody does: by the nat table."""
    found = list(_translations(node)) or list(_by_others(node))
    table = node.wiring.table("nat", node.version)
    if len(found) > 1:
        names = " and of ".join(translation.mechanism for translation in found)
        return contradiction(f"rules of {names}", node.cite(*(rule for each in found for rule in each.rules)))
    rules = [rule for translation in found for rule in translation.rules]
    away = _leaving_for_outside(node, node.version)
    chain = table.chain("POSTROUTING") if table is not None and table.whole else None
    if chain is not None and table is not None and away is not None and is_translated(away) is False:
        nobody = SourceNat(mechanism=NOBODY, interfaces_shown=table.interfaces_listed)
        return known(nobody, node.cite(chain, *rules, *away.path))
    if not found:
        listed = bool(node.rules("POSTROUTING"))
        reason = "no rule that translates the sources of pods is" if listed else "the nat table is not"
        return Unknown(reason=f"{reason} in the capture", commands=NAT_TABLE)
    (translation,) = found
    if translation.exempt is None:
        reason = f"the rules of {translation.mechanism} have conditions that are not compared"
        return Unknown(reason=reason, evidence=node.cite(*translation.rules), commands=NAT_TABLE)
    if away is not None and is_translated(away) is False:
        reason = f"the rules of {translation.mechanism} never see what pods send away"
        return contradiction(reason, node.cite(*rules, *away.path))
    translation = attrs.evolve(translation, exempt=tuple(_still_exempt(node, translation.exempt)))
    marked = [rule for rule in node.rules("POSTROUTING") if rule.target == "KUBE-POSTROUTING"]
    platform = [rule for chain in ("SWIFT", "SWIFT-POSTROUTING") for rule in node.rules(chain) if rule.target == "SNAT"]
    otherwise = False if table is not None and table.whole else None
    exempt, of_roles = _roles(node, translation)
    value = SourceNat(
        mechanism=translation.mechanism,
        exempt=exempt,
        marked_packets=True if marked else otherwise,
        platform=True if platform else otherwise,
        networks=translation.exempt or (),
        other_rules=tuple(_other_rules(node)),
        interfaces_shown=table is not None and table.interfaces_listed,
    )
    return known(value, (*node.cite(*marked, *translation.rules, *platform), *of_roles))


def _roles(node: NodeView, translation: _Translation) -> tuple[tuple[str, ...] | None, list[Evidence]]:
    """What the exempt destinations are, and the lines that say so; those inside another add nothing to it."""
    networks = translation.exempt or ()
    widest = [network for network in networks if not any(_inside(network, other) for other in networks)]
    roles = {}
    evidence: list[Evidence] = []
    for network in widest:
        if node.pod_route is not None and network == node.pod_route.network and network not in node.stated("pod_cidr"):
            roles[network] = OWN_PODS
            evidence += node.cite(node.pod_route)
        elif role := node.role(network):
            roles[network] = role.value
            evidence += role.evidence
    if len(roles) < len(widest):
        return None, evidence
    return (*sorted(set(roles.values())), *translation.words), evidence


def _inside(network: Network, other: Network) -> bool:
    return network != other and network.version == other.version and network.subnet_of(other)  # type: ignore[arg-type]


def _leaving_for_outside(node: NodeView, version: int) -> Verdict | None:
    probe = outside(node, version)
    return leaving(node, probe) if probe is not None else None


def _still_exempt(node: NodeView, networks: Iterable[Network]) -> Iterator[Network]:
    """The destinations that no other rule translates for all that."""
    for network in networks:
        verdict = leaving(node, inside(network))
        if verdict is None or not is_translated(verdict):
            yield network


def _by_others(node: NodeView) -> Iterator[_Translation]:
    """What rules that nobody is known for translate: everything but the destinations named in them that they leave."""
    away = _leaving_for_outside(node, node.version)
    if away is None or not is_translated(away):
        return
    chains = ["POSTROUTING", *(rule.target or "" for rule in away.path)]
    named = dict.fromkeys(
        rule.destination
        for chain in chains
        for rule in node.rules(chain)
        if not isinstance(rule.destination, str) and not _anywhere(rule.destination)
    )
    exempt = []
    for network in named:
        verdict = leaving(node, inside(network))
        if verdict is not None and is_translated(verdict) is False:
            exempt.append(network)
    yield _Translation(mechanism=_writer(away), exempt=tuple(exempt), rules=away.path)


def _writer(verdict: Verdict) -> str:
    """Who wrote the rule that decides: known by the chain that it stands in, or by its comment."""
    chains = [rule.target or "" for rule in verdict.path[:-1]]
    comments = {"kubenet": "kubenet", "flanneld masq": "flanneld", "ip-masq-agent": "ip-masq-agent"}
    for chain in chains:
        if chain in AGENTS:
            return AGENTS[chain]
        if chain.startswith("cali-"):
            return "Calico"
        if _OF_CNI_PLUGIN.match(chain):
            return "the CNI plugin"
    comment = (verdict.path[-1].comment or "").partition(":")[0]
    return comments.get(comment) or f"rules of {chains[-1] if chains else 'POSTROUTING'}"


def _translations(node: NodeView) -> Iterator[_Translation]:
    for rule in node.rules("POSTROUTING"):
        target = rule.target or ""
        local = (_OWN_ADDRESSES,) if _not_to_local(rule) else ()
        if target in AGENTS and node.rules(target):
            exempt, agent_rules = returned_before_masquerade(node, target)
            yield _Translation(mechanism=AGENTS[target], exempt=exempt, words=local, rules=(rule, *agent_rules))
        elif target == "MASQUERADE" and (rule.comment or "").startswith("kubenet:"):
            negated = "destination" in rule.negated and not isinstance(rule.destination, str)
            networks = (cast("Network", rule.destination),) if negated else ()
            yield _Translation(mechanism="kubenet", exempt=networks, words=local, rules=(rule,))
    outgoing = [rule for rule in node.rules("cali-nat-outgoing") if rule.target == "MASQUERADE"]
    if outgoing:
        yield _Translation(mechanism="Calico", exempt=(), words=("Calico's address pools",), rules=tuple(outgoing))
    yield from _of_flannel(node)
    yield from _of_cni_plugin(node)


def _of_flannel(node: NodeView) -> Iterator[_Translation]:
    chains = ("FLANNEL-POSTRTG", "POSTROUTING")
    rules = [rule for chain in chains for rule in node.rules(chain) if rule.comment == "flanneld masq"]
    pods = [pod.address for pod in node.wiring.pods]
    of_pods = [rule for rule in rules if any(_comes_from(address, rule) for address in pods if address is not None)]
    translated = [rule for rule in of_pods if rule.target == "MASQUERADE"]
    if translated:
        before = of_pods[: of_pods.index(translated[0])]
        yield _Translation(
            mechanism="flanneld", exempt=tuple(dict.fromkeys(_unicast(before))), rules=(*before, translated[0])
        )


def _comes_from(address: object, rule: Rule) -> bool:
    """Whether a rule is for packets from an address, and says so."""
    source = rule.source
    return not isinstance(source, str) and not _anywhere(source) and (address in source) != ("source" in rule.negated)


def _of_cni_plugin(node: NodeView) -> Iterator[_Translation]:
    """What the reference plugins write with `ipMasq`: a chain for each pod."""
    rules: list[Rule] = []
    exempt: set[tuple[Network, ...]] = set()
    for jump in node.rules("POSTROUTING"):
        chain = node.rules(jump.target or "") if _OF_CNI_PLUGIN.match(jump.target or "") else ()
        if any(rule.target == "MASQUERADE" for rule in chain):
            rules += [jump, *chain]
            exempt.add(tuple(_unicast(rule for rule in chain if rule.target in ("ACCEPT", "RETURN"))))
    if rules:
        networks = exempt.pop() if len(exempt) == 1 else None
        yield _Translation(mechanism="the CNI plugin", exempt=networks, rules=tuple(rules))


def _unicast(rules: Iterable[Rule]) -> Iterator[Network]:
    """The destinations of rules; multicast leaves no link."""
    for rule in rules:
        if not isinstance(rule.destination, str) and not rule.destination.is_multicast:
            yield rule.destination


def _other_rules(node: NodeView) -> Iterator[str]:
    for rule in node.rules("POSTROUTING"):
        if rule.target in ("MASQUERADE", "SNAT") and not (rule.comment or "").startswith(("kubenet:", "flanneld")):
            yield f"{rule.target} from {rule.source}"


def returned_before_masquerade(node: NodeView, chain: str) -> tuple[tuple[Network, ...] | None, list[Rule]]:
    """The destinations that the chain of an agent leaves alone, and its rules up to the one that translates.

    `None` in place of the destinations when a rule has another condition, or the one that translates is not listed, so
    that they are not the whole truth.
    """
    exempt: list[Network] = []
    rules: list[Rule] = []
    for rule in node.rules(chain):
        rules.append(rule)
        if rule.target == "MASQUERADE":
            return tuple(exempt), rules
        plain = rule.protocol == "all" and not (rule.negated or rule.matches or rule.other)
        if rule.target != "RETURN" or not plain or isinstance(rule.destination, str) or not _anywhere(rule.source):
            return None, rules
        exempt.append(rule.destination)
    return None, rules


def _anywhere(address: object) -> bool:
    return not isinstance(address, str) and getattr(address, "prefixlen", None) == 0


def _not_to_local(rule: Rule) -> bool:
    return any(
        match.dst_negated and match.dst_type == ("LOCAL",) for match in rule.matches if isinstance(match, AddrtypeMatch)
    )
