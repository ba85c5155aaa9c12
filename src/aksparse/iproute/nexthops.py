"""The next hops of routes and the metrics of their paths, as `ip route` prints them.

Format: ip-route(8) of iproute2, `ip/iproute.c` (`print_rta_multipath`, `print_rta_metrics`). Names follow
`ip -j route`.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import attrs
import pyparsing as pp

from aksparse.iproute.keywords import Fields, Option, Options, Words, a_name, a_number
from aksparse.tokens import column, integer, ip_address, to_ip, word

IPAddress = IPv4Address | IPv6Address


@attrs.frozen(kw_only=True)
class Via:
    """A gateway of another address family than the route.

    Attributes:
        family: its address family, such as `inet6`.
        host: its address.
    """

    family: str
    host: IPAddress


@attrs.frozen(kw_only=True)
class Flow:
    """The realms of a route, which traffic can be classified by.

    Attributes:
        from_: the source realm, a name or a number.
        to: the destination realm, a name or a number.
    """

    from_: str | None = None
    to: str


@attrs.frozen(kw_only=True)
class Metrics:
    """What the kernel is told about the path of a route.

    Attributes:
        mtu: the maximum transmission unit, in bytes.
        window: the largest window to advertise, in bytes.
        rtt: the initial estimate of the round trip time, in milliseconds.
        rttvar: the initial estimate of its variance, in milliseconds.
        ssthresh: the initial slow start threshold, in segments.
        cwnd: the largest congestion window, in segments.
        advmss: the maximum segment size to advertise, in bytes.
        reordering: how far packets may be out of order before one is taken for lost.
        hoplimit: the hop limit of packets sent.
        initcwnd: the initial congestion window, in segments.
        ecn: explicit congestion notification is on.
        tcp_usec_ts: TCP timestamps count microseconds.
        features: the features, in hexadecimal, if there are others.
        rto_min: the least retransmission timeout, in milliseconds.
        initrwnd: the initial receive window, in segments.
        quickack: whether acknowledgements are sent without delay: 1 or 0.
        congestion: the congestion control algorithm.
        fastopen_no_cookie: whether TCP fast open works without a cookie: 1 or 0.
        lock: the names of the metrics that the kernel must not change.
    """

    mtu: int | None = None
    window: int | None = None
    rtt: int | None = None
    rttvar: int | None = None
    ssthresh: int | None = None
    cwnd: int | None = None
    advmss: int | None = None
    reordering: int | None = None
    hoplimit: int | None = None
    initcwnd: int | None = None
    ecn: bool | None = None
    tcp_usec_ts: bool | None = None
    features: str | None = None
    rto_min: int | None = None
    initrwnd: int | None = None
    quickack: int | None = None
    congestion: str | None = None
    fastopen_no_cookie: int | None = None
    lock: tuple[str, ...] | None = None


@attrs.frozen(kw_only=True)
class NextHop:
    """One of several next hops of a route.

    Attributes:
        encap: the kind of encapsulation.
        encap_info: what the encapsulation does, as printed.
        gateway: the gateway.
        via: the gateway, when it is of another address family.
        flow: the realms.
        dev: the interface that packets are sent through.
        weight: how large a share of the packets it gets, compared with the others.
        flags: flags, such as `onlink`, `linkdown`, `dead`.
        other: the rest, from the first keyword on that is not known.
    """

    encap: str | None = None
    encap_info: str | None = None
    gateway: IPAddress | None = None
    via: Via | None = None
    flow: Flow | None = None
    dev: str | None = None
    weight: int | None = None
    flags: tuple[str, ...] = ()
    other: str | None = None


_FLAGS = (
    *("dead", "onlink", "pervasive", "offload", "trap", "notify", "linkdown", "unresolved"),
    *("rt_offload", "rt_trap", "rt_offload_failed"),
)


def _flag(flag: str) -> Option:
    def read(_: Words, fields: Fields) -> None:
        fields["flags"] = (*fields.get("flags", ()), flag)

    return Option(None, read)


def _read_via(words: Words, fields: Fields) -> None:
    if words[0] in _FAMILIES:
        fields["via"] = Via(family=words.popleft(), host=to_ip(words.popleft()))
    else:
        fields["gateway"] = to_ip(words.popleft())


def _read_realms(words: Words, fields: Fields) -> None:
    source, slash, destination = words.popleft().partition("/")
    fields["flow"] = Flow(from_=source, to=destination) if slash else Flow(to=source)


def _read_encap(words: Words, fields: Fields) -> None:
    fields["encap"] = words.popleft()
    info = []
    while words and words[0] not in ("via", "dev"):
        info.append(words.popleft())
    fields["encap_info"] = " ".join(info) or None


def _metric(field: str, value: pp.ParserElement, convert: Callable[[str], Any]) -> Option:
    def read(words: Words, metrics: Fields) -> None:
        metrics[field] = convert(words.popleft())

    return _lockable(field, column(value), read)


def _lockable(field: str, value: pp.ParserElement, read_value: Callable[[Words, Fields], None]) -> Option:
    """A metric, which may be locked."""

    def read(words: Words, fields: Fields) -> None:
        metrics = fields.setdefault("metrics", {})
        if words and words[0] == "lock":
            words.popleft()
            metrics["lock"] = (*metrics.get("lock", ()), field)
        read_value(words, metrics)

    return Option(pp.Opt(column(pp.Literal("lock"))) + value, read)


def _read_features(words: Words, metrics: Fields) -> None:
    while words and words[0] in _FEATURES:
        metrics[words.popleft()] = True
    if words and words[0].startswith("0x"):
        metrics["features"] = words.popleft()


def _to_milliseconds(text: str) -> int:
    return int(text.removesuffix("ms")) if text.endswith("ms") else int(Decimal(text.removesuffix("s")) * 1000)


_FAMILIES = ("inet6", "inet", "mpls", "link")
_time = pp.Regex(r"[0-9]{1,10}ms|[0-9]{1,10}(?:\.[0-9]{1,9})?(?:e\+[0-9]{1,2})?s").set_name("time in ms or s")
HOP: dict[str, Option] = {
    # The words of an encapsulation are also keywords of routes, but for the two that follow it.
    "encap": Option(column(word) + pp.ZeroOrMore(~column(pp.Literal("via") | "dev") + column(word)), _read_encap),
    "via": Option(
        pp.Opt(column(pp.Regex("|".join(_FAMILIES)).set_name("address family"))) + column(ip_address), _read_via
    ),
    "dev": a_name("dev"),
    "realm": Option(column(word), _read_realms),
    "realms": Option(column(word), _read_realms),
    **{flag: _flag(flag) for flag in _FLAGS},
}
_NUMBERS = (
    *("mtu", "window", "ssthresh", "cwnd", "advmss", "reordering", "hoplimit", "initcwnd", "initrwnd", "quickack"),
    "fastopen_no_cookie",
)
_FEATURES = ("ecn", "tcp_usec_ts")
_features = pp.ZeroOrMore(column(pp.Literal("ecn") | "tcp_usec_ts")) + pp.Opt(
    column(pp.Regex(r"0x[0-9a-f]{1,8}").set_name("features"))
)
METRICS: dict[str, Option] = {
    **{keyword: _metric(keyword, integer, int) for keyword in _NUMBERS},
    **{keyword: _metric(keyword, _time, _to_milliseconds) for keyword in ("rtt", "rttvar", "rto_min")},
    "congctl": _metric("congestion", word, str),
    "features": _lockable("features", _features, _read_features),
}
NEXT_HOP_OPTIONS = Options({**HOP, "weight": a_number("weight")})
