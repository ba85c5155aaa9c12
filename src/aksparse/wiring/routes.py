"""The routes of a network namespace, whichever command listed them, and the rules that choose between its tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import ip_network
from itertools import groupby
from typing import Any

import attrs

from aksparse.capture.model import Address, Capture, Network
from aksparse.command import Parsed
from aksparse.commands.ip_neigh import Neighbour
from aksparse.commands.ip_route import IPRoute
from aksparse.commands.ip_rule import IPRule
from aksparse.commands.route import Route
from aksparse.diagnostics import Diagnostic
from aksparse.iproute.nexthops import NextHop, Via
from aksparse.wiring.model import MAIN, Hop, HostRoute, PolicyRule
from aksparse.wiring.outputs import OF_THE_NODE, Namespace, complete, outputs_in, second_output

_ANYWHERE = {4: ip_network("0.0.0.0/0"), 6: ip_network("::/0")}
_TABLES = {"253": "default", "254": MAIN, "255": "local"}
_TYPES = {"2": "local", "3": "broadcast", "6": "blackhole", "7": "unreachable", "8": "prohibit", "9": "throw"}  # -N
_NOT_SENT = {"blackhole", "unreachable", "prohibit", "throw"}


@attrs.frozen(kw_only=True)
class Listing:
    """The routes of one table and one version of IP, as one output has them.

    Attributes:
        output: the output.
        whole: whether it has all of them, as far as it shows.
        metrics: whether it has their metrics; `route -e` and `netstat -r` leave them out.
        routes: the routes.
    """

    output: Parsed[Any]
    whole: bool
    metrics: bool
    routes: tuple[HostRoute, ...]

    @property
    def rank(self) -> tuple[object, ...]:
        """By what one is preferred to others: `ip route` knows more than `route`, such as who made a route."""
        from_ip_route = self.output.command == "ip_route"
        return self.output.argv is not None, self.whole, self.metrics, from_ip_route, len(self.routes)


Tables = dict[tuple[int, str], list[Listing]]


def routing_tables(capture: Capture, namespace: Namespace = OF_THE_NODE) -> Tables:
    """Every listing of each routing table, by version of IP and name; of several, the one to believe comes first."""
    found: Tables = {}
    for command in ("ip_route", "route"):
        for output in outputs_in(capture, command, namespace):
            for key, listing in _listings(output):
                found.setdefault(key, []).append(listing)
    return {key: sorted(found[key], key=lambda listing: listing.rank, reverse=True) for key in sorted(found)}


def routes_of(tables: Tables) -> tuple[HostRoute, ...]:
    """The routes of all tables, those of the main tables first."""
    keys = sorted(tables, key=lambda key: (key[1] != MAIN, key))
    return tuple(route for key in keys for route in tables[key][0].routes)


def _listings(output: Parsed[Any]) -> Iterator[tuple[tuple[int, str], Listing]]:
    asked = _asked(output.argv or ()) if output.command == "ip_route" else {}
    if asked is None:
        return
    routes = _from_ip_route(output, asked) if output.command == "ip_route" else _from_route(output)
    whole, metrics = complete(output) and not asked.keys() - {"table"}, True
    if output.command == "route":
        whole = whole and all(map(_addresses, output))
        metrics = all(route.metric is not None for route in output)
    by_table = sorted(routes, key=lambda route: (route.network.version, route.table))
    for key, of_table in groupby(by_table, key=lambda route: (route.network.version, route.table)):
        yield key, Listing(output=output, whole=whole, metrics=metrics, routes=tuple(of_table))


# `ip route`.

_VERBS = ("show", "list", "lst")


def _asked(argv: Sequence[str]) -> dict[str, str] | None:
    """What `ip route` was asked for, such as a table; `None` when it was asked where one packet goes."""
    words = [word for word in argv[1:] if not word.startswith("-")]
    words = words[next((i + 1 for i, word in enumerate(words) if "route".startswith(word)), len(words)) :]
    if words and any(verb.startswith(words[0]) for verb in _VERBS):
        words.pop(0)
    elif words and "get".startswith(words[0]):
        return None
    if len(words) % 2:
        words.insert(0, "to")
    return dict(zip(words[::2], words[1::2], strict=True))


def _from_ip_route(output: Parsed[IPRoute], asked: dict[str, str]) -> Iterator[HostRoute]:
    version = 6 if {"-6", "inet6"} & {*(output.argv or ())} or any(route.pref for route in output) else 4
    table = asked.get("table", MAIN)
    table = MAIN if table == "all" else table
    for route in output:
        kind = _TYPES.get(route.type or "", route.type) or "unicast"
        named = route.table or table
        yield HostRoute(
            network=route.network or _ANYWHERE[version],
            source_network=_network(route.from_),
            gateway=_gateway(route.gateway, route.via),
            # What was asked for is not printed in each line.
            dev=None if kind in _NOT_SENT else route.dev or asked.get("dev") or _common_dev(route.nexthops),
            hops=tuple(map(_hop, route.nexthops or ())),
            metric=route.metric or 0,
            kind=kind,
            table=_TABLES.get(named, named),
            protocol=route.protocol or asked.get("proto") or asked.get("protocol"),
            scope=route.scope,
            source=route.prefsrc,
            flags=route.flags,
            records=(route,),
        )


def _network(text: str | None) -> Network | None:
    return None if text is None or text in ("all", "default") else ip_network(text)


def _gateway(gateway: Address | None, via: Via | None) -> Address | None:
    return via.host if via is not None else gateway


def _hop(hop: NextHop) -> Hop:
    return Hop(gateway=_gateway(hop.gateway, hop.via), dev=hop.dev, weight=hop.weight)


def _common_dev(hops: Iterable[NextHop] | None) -> str | None:
    names = {hop.dev for hop in hops or ()}
    return names.pop() if len(names) == 1 else None


# `route`.


def _from_route(output: Parsed[Route]) -> Iterator[HostRoute]:
    for route in output:
        if (addresses := _addresses(route)) is None or not _is_of_main_table(route, addresses[0]):
            continue
        network, gateway = addresses
        metric = route.metric % 2**32 if route.metric is not None else None
        if "!" in route.flags or route.iface == "*":
            kind = "reject" if "!" in route.flags else "blackhole"
            yield HostRoute(network=network, kind=kind, metric=metric, records=(route,))
        else:
            yield HostRoute(
                network=network,
                gateway=gateway if "G" in route.flags else None,
                dev=route.iface,
                metric=metric,
                records=(route,),
            )


def _addresses(route: Route) -> tuple[Network, Address | None] | None:
    """The destination and the gateway, unless one is a name or something may be cut off."""
    if route.network is None or isinstance(route.gateway, str) or route.truncated:
        return None
    return route.network, route.gateway


def _is_of_main_table(route: Route, network: Network) -> bool:
    """The tools print the IPv6 routes of all tables: those to own addresses and groups, and the end of each table."""
    if network.version == 4:
        return True
    is_end = route.metric == -1 and network.prefixlen == 0
    return not network.is_multicast and ("n" not in route.flags or ("!" in route.flags and not is_end))


# What is passed over.


def contradicting_routes(tables: Tables) -> Iterator[Diagnostic]:
    """Listings that say something else than the one that is believed."""
    for chosen, *others in tables.values():
        if chosen.output.command == "route" and (named := [r for r in chosen.output if _addresses(r) is None]):
            message = "not used: a name stands for an address, or may be cut off; route -n shows all"
            source, line = chosen.output.source, named[0].line
            yield Diagnostic(code="route-by-name", severity="warning", message=message, source=source, line=line)
        for other in others:
            if not _agree(other, chosen):
                yield second_output(other.output, chosen.output, "routing table")


def _agree(other: Listing, chosen: Listing) -> bool:
    """Whether two listings can be of one table; of several next hops, `route` has the first alone."""
    metrics = other.metrics and chosen.metrics
    if not set(_ways(other, metrics)) <= set(_ways(chosen, metrics)):
        return False
    return not other.whole or {route.network for route in other.routes} >= {route.network for route in chosen.routes}


def _ways(listing: Listing, metrics: bool) -> Iterator[tuple[object, ...]]:
    for route in listing.routes:
        for hop in route.hops or (route,):
            gateway = hop.gateway if hop.gateway is None or hop.gateway.version == route.network.version else None
            yield route.network, gateway, hop.dev, route.metric if metrics else None, route.kind == "unicast"


# Rules and neighbours.


def policy_rules(capture: Capture) -> tuple[PolicyRule, ...]:
    """The rules by which the node chooses a routing table; of several listings for one version of IP, the longest."""
    found: dict[int, list[Parsed[IPRule]]] = {}
    for output in outputs_in(capture, "ip_rule"):
        found.setdefault(6 if "-6" in (output.argv or ()) else 4, []).append(output)
    return tuple(
        PolicyRule(
            priority=rule.priority,
            version=version,
            packets=_packets(rule),
            table=None if rule.table is None else _TABLES.get(rule.table, rule.table),
            action=rule.action or _action(rule),
            records=(rule,),
        )
        for version, outputs in sorted(found.items())
        for rule in max(outputs, key=len)
    )


def _packets(rule: IPRule) -> str | None:
    """Which packets a rule is for, and which routes of its table are passed over, in the words of the tool."""
    words = [
        "not" if rule.not_ else None,
        _prefixed("from", rule.src if rule.src != "all" else None, rule.srclen),
        _prefixed("to", rule.dst, rule.dstlen),
        _prefixed("tos", rule.tos),
        _prefixed("fwmark", rule.fwmark, rule.fwmask),
        _prefixed("iif", rule.iif),
        _prefixed("oif", rule.oif),
        "of a VRF" if rule.l3mdev else None,
        _ranged("uidrange", rule.uid_start, rule.uid_end),
        _prefixed("ipproto", rule.ipproto),
        _prefixed("sport", rule.sport, rule.sport_mask) or _ranged("sport", rule.sport_start, rule.sport_end),
        _prefixed("dport", rule.dport, rule.dport_mask) or _ranged("dport", rule.dport_start, rule.dport_end),
        _prefixed("tun_id", rule.tun_id),
        _prefixed("dscp", rule.dscp, rule.dscp_mask),
        _prefixed("flowlabel", rule.flowlabel, rule.flowlabel_mask),
        _prefixed("suppress_prefixlength", rule.suppress_prefixlen),
        _prefixed("suppress_ifgroup", rule.suppress_ifgroup),
    ]
    return " ".join(word for word in words if word) or None


def _action(rule: IPRule) -> str | None:
    """What becomes of packets where a rule names neither a table nor an action."""
    if rule.l3mdev:
        return "the table of the VRF"
    return "nop" if rule.nop else _prefixed("goto", rule.goto)


def _prefixed(word: str, value: object, more: object = None) -> str | None:
    if value is None:
        return None
    return f"{word} {value}" if more is None else f"{word} {value}/{more}"


def _ranged(word: str, first: int | None, last: int | None) -> str | None:
    return None if first is None else f"{word} {first}-{last}"


def neighbours_in(capture: Capture, namespace: Namespace = OF_THE_NODE) -> tuple[Neighbour, ...]:
    """The neighbours of a network namespace."""
    return tuple(record for output in outputs_in(capture, "ip_neigh", namespace) for record in output)
