"""`ip route`: the routes of a namespace, of one routing table or of all.

Format: ip-route(8) of iproute2, `ip/iproute.c` (`print_route`), and busybox's `networking/libiproute/iproute.c`. One
route is a line: its type where it is not `unicast`, its destination, then keywords with values. Several next hops are
indented lines below it, or follow behind backslashes with `-o`. Names, values and the absence of keys follow
`ip -j route`, so that the tool's own JSON can judge.

What the text shows otherwise than the JSON:

- ``mtu lock 1400`` says that the kernel must not change the metric: `lock`, a key that the JSON never has.
- Times of a second and more come in seconds, with six digits (``rtt 1.5s``); here as in the JSON in milliseconds.
- What `encap` does is kept as it is printed, in `encap_info`; the JSON spreads it over keys of its own. The options
  of a tunnel (``geneve_opts`` and the like) begin a line, in which the rest of the route or of the next hop follows.
- `ip route get` adds a line that begins with `cache`, and with `-d` a route through a next hop object (`nhid`) has a
  line `nh_info`, kept as printed. With `-s` as well, later releases of iproute2 (such as 6.15) count the packets of
  each member of a group, in lines of their own; here they follow in `nh_info`.
- `blackhole`, `ecn` and the like are `null` in the JSON, and true here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from socket import AF_INET, inet_pton
from struct import Struct
from typing import Any

import attrs
import pyparsing as pp

from aksparse.command import Command, Lines
from aksparse.iproute.keywords import (
    Fields,
    Options,
    a_name,
    a_number,
    a_value,
    an_address,
    report_unknown,
    shows,
)
from aksparse.iproute.nexthops import HOP, METRICS, NEXT_HOP_OPTIONS, Flow, Metrics, NextHop, Via
from aksparse.linere import LineGrammar
from aksparse.records import Record, maker
from aksparse.tokens import (
    BadValue,
    as_ipv4,
    column,
    ip_address,
    remember,
    rest_of_line,
    signed_integer,
    to_ip,
    to_network,
    word,
)

IPAddress = IPv4Address | IPv6Address


@attrs.frozen(kw_only=True)
class IPRoute(Record):
    """One route, as `ip route` prints it.

    Attributes:
        type: the type of the route, such as `blackhole` or `local`, or its number; absent means `unicast`.
        dst: the destination: a network, the address of a host, or `default`.
        from_: the network or address that packets must come from.
        nhid: the number of the next hop object that the route uses.
        encap: the kind of encapsulation, such as `mpls` or `seg6`.
        encap_info: what the encapsulation does, as printed.
        tos: the type of service that the route is for, a name or a number in hexadecimal.
        gateway: the gateway.
        via: the gateway, when it is of another address family.
        dev: the interface that packets are sent through.
        table: the routing table, a name or a number; absent means the main one, or the one that was asked for.
        protocol: who made the route, such as `kernel`, `dhcp`, `bird`, or a number; absent means `boot`.
        scope: how far the destination is, such as `link` or `host`; absent means `global`.
        prefsrc: the source address to prefer.
        metric: the preference of the route; the least wins.
        flags: flags, such as `onlink`, `linkdown`, `dead`.
        mark: the mark of the packet that was asked for.
        flow: the realms.
        uid: the user who was asked for.
        cache: what the kernel did to the route that was asked for, such as `local` or `redirected`.
        expires: how long the route will last, in seconds; negative when it should be gone and is not yet.
        error: the error that packets meet, as the number of the kernel.
        users: how many use the route.
        used: how often the route was used.
        age: when the route was last used, in seconds before now.
        metrics: what the kernel is told about the path; one element, as in the JSON.
        iif: the interface that the packet that was asked for comes in through.
        pref: the preference of an IPv6 router: `low`, `medium` or `high`.
        nh_info: the next hop object that the route uses, as printed.
        nexthops: the next hops, where there are several.
        other: the rest, from the first keyword on that is not known.
    """

    type: str | None = None
    dst: str
    from_: str | None = None
    nhid: int | None = None
    encap: str | None = None
    encap_info: str | None = None
    tos: str | None = None
    gateway: IPAddress | None = None
    via: Via | None = None
    dev: str | None = None
    table: str | None = None
    protocol: str | None = None
    scope: str | None = None
    prefsrc: IPAddress | None = None
    metric: int | None = None
    flags: tuple[str, ...] = ()
    mark: int | None = None
    flow: Flow | None = None
    uid: int | None = None
    cache: tuple[str, ...] | None = None
    expires: int | None = None
    error: int | None = None
    users: int | None = None
    used: int | None = None
    age: int | None = None
    metrics: tuple[Metrics, ...] | None = None
    iif: str | None = None
    pref: str | None = None
    nh_info: str | None = None
    nexthops: tuple[NextHop, ...] | None = None
    other: str | None = None

    @property
    def network(self) -> IPv4Network | IPv6Network | None:
        """The destination as a network; `None` for a `default` that does not say of which address family it is."""
        if self.dst != "default":
            return to_network(self.dst)
        hops = self.nexthops or ()
        others = [self.prefsrc, self.gateway, *(hop.gateway for hop in hops)]
        if self.from_ is not None:
            others.append(to_network(self.from_).network_address)
        versions = {known.version for known in others if known is not None}
        if self.pref is not None or 6 in versions:
            return IPv6Network("::/0")
        # All IPv6 routes have a metric, and a scope only with `-d`; an IPv6 gateway of an IPv4 route is `via inet6`.
        vias = {via.family for via in (self.via, *(hop.via for hop in hops)) if via is not None}
        if 4 in versions or "inet6" in vias or self.metric is None or self.scope in ("link", "host", "nowhere"):
            return IPv4Network("0.0.0.0/0")
        return None


def _to_source(text: str) -> str:
    to_network(text)  # raises
    return text


def _to_seconds(text: str) -> int:
    return int(text.removesuffix("sec"))


_period = pp.Regex(r"[0-9]{1,10}sec").set_name("seconds")
_period_to_come = pp.Regex(r"-?[0-9]{1,10}sec").set_name("seconds")
_network = pp.Regex(r"(?:[0-9.]{7,15}|[0-9a-fA-F]*:[0-9a-fA-F:.]+)/[0-9]{1,3}").set_name("network")
_OPTIONS = Options(
    {
        **HOP,
        **METRICS,
        "from": a_value("from_", _network | ip_address, _to_source),
        "nhid": a_number("nhid"),
        "tos": a_name("tos"),
        "table": a_name("table"),
        "proto": a_name("protocol"),
        "scope": a_name("scope"),
        "src": an_address("prefsrc"),
        "metric": a_value("metric", signed_integer, lambda text: int(text) & 0xFFFFFFFF),  # busybox prints a sign
        "mark": a_value("mark", pp.Regex(r"0x[0-9a-f]{1,8}|[0-9]{1,10}").set_name("mark"), lambda text: int(text, 0)),
        "uid": a_number("uid"),
        "expires": a_value("expires", _period_to_come, _to_seconds),
        "error": a_value("error", pp.Regex(r"-?[0-9]{1,10}").set_name("error number"), int),
        "users": a_number("users"),
        "used": a_number("used"),
        "age": a_value("age", _period, _to_seconds),
        "iif": a_name("iif"),
        "pref": a_value("pref", pp.Regex(r"low|medium|high|[0-9]{1,3}").set_name("router preference")),
    }
)

_TYPES = (
    *("unicast", "local", "broadcast", "anycast", "multicast"),
    *("blackhole", "unreachable", "prohibit", "throw", "nat", "xresolve"),
)
_type = column(pp.Regex("|".join((*_TYPES, "[0-9]{1,2}"))).set_name("route type")("type"))  # numbers: with -N
_default = pp.Literal("default")
_destination = column((_default | _network | ip_address).set_name("destination")("dst"))
_ROUTE = LineGrammar(pp.Opt(_type) + _destination + _OPTIONS.expression)
# A route without anything behind its destination goes nowhere, or its next hops follow.
_named_type = column(pp.Regex("|".join(_TYPES)).set_name("route type")("type"))
_BARE_ROUTE = LineGrammar(_named_type + _destination | column((_default | _network)("dst")))
# What stands behind the interface is the same in many rows: it is cut out as one and read once.
_ROW = LineGrammar(
    pp.Opt(_type)
    + _destination
    + pp.Opt(column(pp.Literal("via")) + column(ip_address("gateway")))
    + pp.Opt(column(pp.Literal("dev")) + column(word("dev")))
    + rest_of_line("options")
)
_NEXT_HOP = LineGrammar(column(pp.Literal("nexthop")) + NEXT_HOP_OPTIONS.expression)
_NEXT_HOP_ROW = LineGrammar(column(pp.Literal("nexthop")) + rest_of_line("options"))
_CACHE = LineGrammar(
    column(pp.Literal("cache"))
    + pp.Opt(column(pp.Regex(r"<[^ \t>]*>").set_name("cache flags")("cache")))
    + rest_of_line("options")
)
_TUNNEL_OPTIONS = LineGrammar(
    column(pp.Regex(r"(?:geneve|vxlan|erspan)_opts [^ \t]+").set_name("options of a tunnel")("tunnel"))
    + rest_of_line("options")
)
_NH_INFO = LineGrammar(column(pp.Literal("nh_info")) + rest_of_line("nh_info"))
_NH_STATISTICS = LineGrammar(
    column(pp.Regex(r"stats:|id [0-9]+ packets [0-9]+(?: packets_hw [0-9]+)?").set_name("statistics")("statistics"))
)


_COMMON = ("table", "protocol", "scope", "prefsrc", "metric", "flags", "pref")
_make_route = maker(IPRoute, "origin", "line", "type", "dst", "gateway", "dev", *_COMMON)


@remember
def _read_options(text: str) -> tuple[tuple[Any, ...], Fields] | None:
    """What stands behind the interface: the fields in `_COMMON`, and those that few routes have."""
    if "\\" in text:
        return None
    fields = {"flags": (), **_finished(_OPTIONS.read(text))}
    return tuple(fields.pop(name, None) for name in _COMMON), fields


@remember
def _read_below(text: str) -> Fields | None:
    """What a line below a route says of it."""
    if found := _NEXT_HOP_ROW.pattern.match(text):
        return {"nexthops": (NextHop(**NEXT_HOP_OPTIONS.read(found[1])),)}
    if found := _CACHE.pattern.match(text):
        flags, rest = found.groups()
        return {**_finished(_OPTIONS.read(rest)), "cache": tuple(flags[1:-1].split(",")) if flags else ()}
    return _TUNNEL_OPTIONS.parse(text) or _NH_INFO.parse(text) or _NH_STATISTICS.parse(text)


def _finished(fields: Fields) -> Fields:
    """The fields with all metrics as one value."""
    return {**fields, "metrics": (Metrics(**fields["metrics"]),)} if "metrics" in fields else fields


def _with(fields: Fields, said: Fields) -> Fields:
    """The fields of a route and what one more line says of it, which may be one more next hop."""
    if "tunnel" in said:
        return _with_tunnel_options(fields, **said)
    if statistics := said.get("statistics"):
        if "nh_info" not in fields:
            raise BadValue(statistics, "a line nh_info above it")
        return {**fields, "nh_info": f"{fields['nh_info'].rstrip()} {statistics}"}
    if "nexthops" in said and "nexthops" in fields:
        said = {**said, "nexthops": fields["nexthops"] + said["nexthops"]}
        fields = {name: value for name, value in fields.items() if name != "nexthops"}
    if twice := fields.keys() & said.keys():
        raise BadValue(min(twice), f"{min(twice)} only once")
    return {**fields, **said}


def _with_tunnel_options(fields: Fields, tunnel: str, options: str = "") -> Fields:
    """The fields of a route that ended within its encapsulation, or whose last next hop did so, with the rest of it."""
    *hops, last = fields.get("nexthops", (None,))
    encap_info = last.encap_info if last else fields.get("encap_info")
    if encap_info is None:
        raise BadValue(tunnel, "an encapsulation above it")
    encap_info = f"{encap_info} {tunnel}"
    if last:
        said = NEXT_HOP_OPTIONS.read(options)
        return {**fields, "nexthops": (*hops, attrs.evolve(last, encap_info=encap_info, **said))}
    return {**fields, "encap_info": encap_info, **_finished(_OPTIONS.read(options))}


def _is_ipv4_destination(text: str) -> bool:
    """Whether a text is `default`, an address or a network of IPv4; making one of each would take its time."""
    try:
        if "/" not in text:
            return text == "default" or inet_pton(AF_INET, text) is not None
        address, _, length = text.partition("/")
        (number,) = _four_octets(inet_pton(AF_INET, address))
    except (OSError, ValueError):
        return False
    return length in _HOST_BITS and not number & _HOST_BITS[length]


_four_octets = Struct("!I").unpack
_HOST_BITS = {str(length): (1 << 32 - length) - 1 for length in range(33)}  # by the length of the network's prefix


class _Tails(dict[str, "tuple[Any, ...] | None"]):
    """The fields in `_COMMON`, by what stands behind the interface; `None` where a route has others as well."""

    def __missing__(self, text: str) -> tuple[Any, ...] | None:
        self[text] = common = None
        with suppress(BadValue):
            if (options := _read_options(text)) and not options[1]:
                self[text] = common = options[0]
        return common


class _Ways(dict[str, "tuple[str, tuple[Any, ...]] | None"]):
    """The interface and the fields in `_COMMON`, by what stands behind a gateway; `None` where there are others."""

    def __init__(self, tails: _Tails) -> None:
        self._tails = tails

    def __missing__(self, text: str) -> tuple[str, tuple[Any, ...]] | None:
        keyword, _, rest = text.partition(" ")
        dev, _, tail = rest.partition(" ")
        common = self._tails[tail] if keyword == "dev" else None
        self[text] = way = common and (dev, common)
        return way


def _lines_below(text: str) -> list[Fields]:
    """What lines below a route say of it; with `-o` there is a backslash where the next would begin."""
    below = [_read_below(line) for line in text.split("\\")]
    return [said for said in below if said] if all(below) else []


def _on_one_line(line: str) -> tuple[str, list[Fields]] | None:
    """With `-o`, the route and what the lines below it would say."""
    first, backslash, others = line.partition("\\")
    below = _lines_below(others) if backslash else []
    return (first, below) if below else None


def _assemble(lines: Lines) -> Iterator[IPRoute]:
    match, recorded, origin, tabs = lines.matcher(_ROW), lines.recorded, lines.source, lines.tabs
    tails = _Tails()
    ways = _Ways(tails)
    route: IPRoute | None = None
    more = _NOTHING  # what few routes have, and what the lines below this one say of it
    for number, line in lines:
        words = line.split(" ", 3)
        if len(words) == 4 and not tabs:
            # Most routes; here, for a call for each of them would be felt.
            dst, keyword, dev, rest = words
            common = gateway = None
            if keyword == "dev":
                common = tails[rest]
            elif keyword == "via" and (way := ways[rest]) and (gateway := as_ipv4(dev)):
                dev, common = way
            if common and dev and _is_ipv4_destination(dst):
                if route is not None:
                    yield _whole(route, more) if more else route
                table, protocol, scope, prefsrc, metric, flags, pref = common
                # fmt: off
                route = _make_route(
                    origin, number, None, dst, gateway, dev, table, protocol, scope, prefsrc, metric, flags, pref
                )
                # fmt: on
                more = _NOTHING
                recorded(number)
                continue
        try:
            if read := _read_route(lines, match, number, line):
                if route is not None:
                    yield _whole(route, more)
                route, more = read
            elif below := _lines_below(line):
                if route is None:
                    lines.report(number, "orphan-line", "a line about a route without a route above it", 1)
                    continue
                for said in below:
                    more = _with(more, said)
                more = {**more, "end_line": number}
                _warn(lines, number, *below)
            else:
                lines.refuse(number, _ROUTE, _NEXT_HOP, _CACHE)
                if number not in lines.ignored and route is not None:
                    # What follows may belong to the refused line.
                    yield _whole(route, more)
                    route = None
                continue
        except ValueError as error:
            lines.bad_value(number, error)
            if route is not None:
                yield _whole(route, more)
                route = None
            continue
        recorded(number)
    if route is not None:
        yield _whole(route, more)


def _whole(route: IPRoute, more: Fields) -> IPRoute:
    return attrs.evolve(route, **more) if more else route


def _read_route(lines: Lines, match: _Match, number: int, line: str) -> tuple[IPRoute, Fields] | None:
    """A route of any kind, and what it has that few have, or what the lines below it would say of it without `-o`."""
    below: list[Fields] = []
    found = match(line)
    options = _read_options(found[5]) if found else None
    if options is None and (joined := _on_one_line(line)):
        found, below = match(joined[0]), joined[1]
        options = _read_options(found[5]) if found else None
    if not found or not options:
        return None
    type_, dst, gateway, dev, _ = found.groups()
    common, more = options
    if not _is_ipv4_destination(dst):
        to_network(dst)  # raises
    made = _make_route(lines.source, number, type_, dst, to_ip(gateway) if gateway else None, dev, *common)
    if more:
        _check(made, more)
    for said in below:
        more = _with(more, said)
    if more:
        _warn(lines, number, options[1], *below)
    return made, more


_NOTHING: Fields = {}
_Match = Callable[[str], re.Match[str] | None]


def _check(route: IPRoute, more: Fields) -> None:
    """What few routes have must not contradict what most have."""
    for known, keyword, twins in ((route.dev, "dev", {"dev"}), (route.gateway, "via", {"gateway", "via"})):
        if known is not None and twins & more.keys():
            raise BadValue(keyword, f"{keyword} only once")
    if more.keys() == {"other"} and route == IPRoute(origin="", line=0, type=route.type, dst=route.dst):
        raise BadValue(more["other"].split()[0], "a keyword of a route")


def _warn(lines: Lines, number: int, *said: Fields) -> None:
    """Warn of keywords that are not known."""
    for fields in said:
        for other in (fields.get("other"), *(hop.other for hop in fields.get("nexthops", ()))):
            if other is not None:
                report_unknown(lines, number, other)


def _produced_by(argv: Sequence[str]) -> bool:
    return shows(argv, "route", verbs=("show", "list", "lst", "get"))


COMMAND = Command(
    name="ip_route",
    record=IPRoute,
    assemble=_assemble,
    produced_by=_produced_by,
    signature=(_ROUTE, _BARE_ROUTE),
)
parse_ip_route = COMMAND.parse
