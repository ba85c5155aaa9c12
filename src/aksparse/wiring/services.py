"""The services of a node: each followed through the nat table, from its address to its endpoints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aksparse.netfilter.matches import PortMatch, RecentMatch, StatisticMatch
from aksparse.netfilter.rules import Chain
from aksparse.netfilter.targets import ToOption
from aksparse.wiring.model import Endpoint, ServiceChain, Table


def services(tables: Iterable[Table]) -> tuple[ServiceChain, ...]:
    """The services of all nat tables."""
    nat = [table for table in tables if table.name == "nat"]
    return tuple(service for table in nat for service in _services({chain.name: chain for chain in table.chains}))


def _services(chains: dict[str, Chain]) -> Iterator[ServiceChain]:
    """Follow KUBE-SERVICES -> KUBE-SVC-* -> KUBE-SEP-* -> DNAT."""
    entry = chains["KUBE-SERVICES"].rules if "KUBE-SERVICES" in chains else ()
    for rule in entry:
        chain = chains.get(rule.target or "")
        if chain is None or not chain.name.startswith("KUBE-SVC-"):
            continue
        ports = (match.dport.first for match in rule.matches if isinstance(match, PortMatch) and match.dport)
        port = next((port for port in ports if isinstance(port, int)), None)
        # Older kube-proxy marks in KUBE-SERVICES before the jump, newer in the service's own chain.
        marks = [
            mark
            for mark in (*entry, *chain.rules)
            if mark.target == "KUBE-MARK-MASQ" and mark.destination == rule.destination and mark.matches == rule.matches
        ]
        unless_from = [mark.source for mark in marks if "source" in mark.negated and not isinstance(mark.source, str)]
        unless_in = [
            mark.in_interface.lstrip("!") for mark in marks if "in_interface" in mark.negated and mark.in_interface
        ]
        endpoints = tuple(_endpoints(chain, chains))
        yield ServiceChain(
            service=(rule.comment or rule.target or "").removesuffix(" cluster IP"),
            cluster_ip=None if isinstance(rule.destination, str) else rule.destination.network_address,
            protocol=rule.protocol,
            port=port,
            chain=chain.name,
            masquerade_unless_from=next(iter(unless_from), None),
            masquerade_unless_in=next(iter(unless_in), None),
            endpoints=endpoints,
            affinity=_affinity(chain),
            records=(rule, *marks[:1], *(record for endpoint in endpoints for record in endpoint.records)),
        )


def _affinity(chain: Chain) -> int | None:
    """For how long a client goes to the endpoint it went to before: the age that its entry may have."""
    seen = (match for rule in chain.rules for match in rule.matches if isinstance(match, RecentMatch))
    return next((match.seconds for match in seen if match.seconds is not None), None)


def _endpoints(chain: Chain, chains: dict[str, Chain]) -> Iterator[Endpoint]:
    for jump in chain.rules:
        target = chains.get(jump.target or "")
        if target is None or not target.name.startswith("KUBE-SEP-"):
            continue
        if any(isinstance(match, RecentMatch) for match in jump.matches):
            continue  # session affinity: the rules below lead to the same endpoints
        for rule in target.rules:
            to = next((option for option in rule.target_options if isinstance(option, ToOption)), None)
            if rule.target == "DNAT" and to is not None and to.address is not None:
                statistic = next((match for match in jump.matches if isinstance(match, StatisticMatch)), None)
                probability = statistic.probability if statistic else None
                yield Endpoint(address=to.address, port=to.port, probability=probability, records=(rule,))
