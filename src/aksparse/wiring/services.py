"""The services of a node: each followed through the nat table, from its address to its endpoints, and by its name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from aksparse.capture.model import Address, Capture
from aksparse.commands.kubectl_get import Service
from aksparse.diagnostics import Diagnostic
from aksparse.kubernetes.resources import Endpoints, EndpointSlice
from aksparse.netfilter.matches.packet import PortMatch
from aksparse.netfilter.matches.rates import RecentMatch, StatisticMatch
from aksparse.netfilter.rules import Chain, Rule
from aksparse.netfilter.targets import ToOption
from aksparse.wiring.model import Endpoint, RefusedService, ServiceChain, Table

Chains = dict[str, Chain]

_DIRECTLY = (" cluster IP",)
_FROM_OUTSIDE = (" external IP", " loadbalancer IP", " load balancer IP")
_REFUSED = (" has no endpoints", " has no local endpoints")


def services(tables: Iterable[Table], capture: Capture) -> tuple[ServiceChain, ...]:
    """The services of all nat tables."""
    nat = [table for table in tables if table.name == "nat"]
    rows = {(row.namespace, row.name): row for row in capture.records("kubectl_get", Service)}
    return tuple(service for table in nat for service in _services(_by_name(table), rows))


def _by_name(table: Table) -> Chains:
    return {chain.name: chain for chain in table.chains if chain.name}


def refused_services(tables: Iterable[Table]) -> tuple[RefusedService, ...]:
    """The services to which packets are refused, because nothing is behind them."""
    return tuple(
        RefusedService(
            service=name,
            cluster_ip=_address(rule),
            protocol=rule.protocol,
            port=_port(rule),
            target=rule.target or "",
            records=(rule,),
        )
        for table in tables
        if table.name == "filter"
        for rule in _rules("KUBE-SERVICES", _by_name(table))
        if (name := _name(rule, _REFUSED)) is not None
    )


def _name(rule: Rule, endings: tuple[str, ...]) -> str | None:
    """The service that a comment names: namespace/name:port."""
    comment = rule.comment or ""
    ending = next((ending for ending in endings if comment.endswith(ending)), None)
    # Some versions of kube-proxy end the name of a port without a name with its colon.
    return None if ending is None else comment.removesuffix(ending).removesuffix(":")


def _rules(name: str, chains: Chains) -> tuple[Rule, ...]:
    return chains[name].rules if name in chains else ()


def _port(rule: Rule) -> int | None:
    ports = (match.dport.first for match in rule.matches if isinstance(match, PortMatch) and match.dport)
    return next((port for port in ports if isinstance(port, int)), None)


def _address(rule: Rule) -> Address | None:
    return None if isinstance(rule.destination, str) else rule.destination.network_address


def _services(chains: Chains, rows: dict[tuple[str | None, str], Service]) -> Iterator[ServiceChain]:
    """Follow KUBE-SERVICES -> KUBE-SVC-*, or KUBE-SVL-* for endpoints of the node alone -> KUBE-SEP-* -> DNAT."""
    entry = _rules("KUBE-SERVICES", chains)
    marking: dict[object, list[Rule]] = {}
    for rule in entry:
        if rule.target == "KUBE-MARK-MASQ":
            marking.setdefault(rule.destination, []).append(rule)
    node_ports = {rule.comment: _port(rule) for rule in _rules("KUBE-NODEPORTS", chains)}
    external = _external(entry)
    for rule in entry:
        target = rule.target or ""
        chain = chains.get(target)
        if chain is None or not target.startswith(("KUBE-SVC-", "KUBE-SVL-")):
            continue
        # Older kube-proxy marks in KUBE-SERVICES before the jump, newer in the service's own chain.
        marks = [
            mark
            for mark in (*marking.get(rule.destination, ()), *chain.rules)
            if mark.target == "KUBE-MARK-MASQ" and mark.destination == rule.destination and mark.matches == rule.matches
        ]
        unless_from = [mark.source for mark in marks if "source" in mark.negated and not isinstance(mark.source, str)]
        unless_in = [
            mark.in_interface.lstrip("!") for mark in marks if "in_interface" in mark.negated and mark.in_interface
        ]
        endpoints = tuple(_endpoints(chain, chains))
        name = _name(rule, _DIRECTLY) or rule.comment or target
        yield ServiceChain(
            service=name,
            cluster_ip=_address(rule),
            protocol=rule.protocol,
            port=_port(rule),
            node_port=node_ports.get(name),
            external=tuple(external.get((name, _port(rule)), ())),
            chain=target,
            masquerade_unless_from=next(iter(unless_from), None),
            masquerade_unless_in=next(iter(unless_in), None),
            endpoints=endpoints,
            affinity=_affinity(chain),
            whole=bool(chain.rules) and len(endpoints) == len(_jumps_to_endpoints(chain)),
            records=(rule, *marks[:1], *(record for endpoint in endpoints for record in endpoint.records)),
            row=_row(name, rows),
        )


def _external(entry: Iterable[Rule]) -> dict[tuple[str, int | None], list[Address]]:
    """The addresses outside the cluster at which the port of a service is reached."""
    found: dict[tuple[str, int | None], list[Address]] = {}
    for rule in entry:
        name, address = _name(rule, _FROM_OUTSIDE), _address(rule)
        if name is not None and address is not None:
            found.setdefault((name, _port(rule)), []).append(address)
    return found


def _row(name: str, rows: dict[tuple[str | None, str], Service]) -> Service | None:
    """The row of a service in a listing; one of a single namespace does not name it."""
    namespace, _, rest = name.partition("/")
    key = rest.partition(":")[0]
    return rows.get((namespace, key)) or rows.get((None, key))


def _affinity(chain: Chain) -> int | None:
    """For how long a client goes to the endpoint it went to before: the age that its entry may have."""
    seen = (match for rule in chain.rules for match in rule.matches if isinstance(match, RecentMatch))
    return next((match.seconds for match in seen if match.seconds is not None), None)


def _jumps_to_endpoints(chain: Chain) -> list[Rule]:
    """The rules of a service's chain that lead to its endpoints; those of session affinity lead to the same ones."""
    return [
        rule
        for rule in chain.rules
        if (rule.target or "").startswith("KUBE-SEP-")
        and not any(isinstance(match, RecentMatch) for match in rule.matches)
    ]


def _endpoints(chain: Chain, chains: Chains) -> Iterator[Endpoint]:
    left = Decimal(1)
    for jump in _jumps_to_endpoints(chain):
        statistic = next((match for match in jump.matches if isinstance(match, StatisticMatch)), None)
        probability = statistic.probability if statistic else None
        share = left * (1 if probability is None else probability)
        left -= share
        for rule in _rules(jump.target or "", chains):
            to = next((option for option in rule.target_options if isinstance(option, ToOption)), None)
            if rule.target == "DNAT" and to is not None and to.address is not None:
                yield Endpoint(
                    address=to.address,
                    port=to.port,
                    probability=probability,
                    share=round(share, _DIGITS),
                    records=(rule,),
                )


_DIGITS = 6
"""The kernel keeps 31 bits of a probability, and a listing prints eleven digits of it."""


# What the cluster says of the endpoints.

Listed = dict[tuple[str | None, str], set[tuple[Address | str, int | None]]]


def stale_endpoints(chains: Iterable[ServiceChain], capture: Capture) -> Iterator[Diagnostic]:
    """Endpoints that a service's chain sends packets to and that no listing of the cluster has."""
    listed = _listed(capture)
    for service in chains:
        namespace, _, rest = service.service.partition("/")
        name = rest.partition(":")[0]
        known = listed.get((namespace, name)) or listed.get((None, name)) or set()
        # Old-style endpoints are of one version of IP alone.
        versions = {address.version for address, _ in known if not isinstance(address, str)}
        for endpoint in service.endpoints:
            ways = {(endpoint.address, endpoint.port), (endpoint.address, None)}
            if endpoint.address.version in versions and not ways & known:
                rule = endpoint.records[0]
                yield Diagnostic(
                    code="stale-endpoint",
                    severity="warning",
                    message=f"{service.service} leads to {endpoint.address}, which is no endpoint of it in the cluster",
                    source=rule.origin,
                    line=rule.line,
                    text=capture.line(rule.origin, rule.line).text,
                )


def _listed(capture: Capture) -> Listed:
    """The endpoints of each service of which a listing has them all; slices do not say which port is whose."""
    found: Listed = {}
    for row in capture.records("kubectl_get", Endpoints):
        if not row.more:
            ways = {(endpoint.ip, endpoint.port) for endpoint in row.endpoints}
            found.setdefault((row.namespace, row.name), set()).update(ways)
    cut = set()
    for part in capture.records("kubectl_get", EndpointSlice):
        # A slice is called like its service, and a random end; the first of `kubernetes` has none.
        for name in (part.name, part.name.rpartition("-")[0]):
            found.setdefault((part.namespace, name), set()).update((address, None) for address in part.endpoints)
            if part.more_endpoints:
                cut.add((part.namespace, name))
    return {key: ways for key, ways in found.items() if key not in cut}
