"""The matches of how many packets there were, and when.

Format: iptables-extensions(8). What a match is called and what its options are called is what the fields are called.
"""

from __future__ import annotations

from decimal import Decimal
from ipaddress import IPv4Address, IPv6Address
from typing import Literal

import attrs


@attrs.frozen(kw_only=True)
class StatisticMatch:
    """The match of a share of the packets (`-m statistic`).

    Attributes:
        kind: which match this is.
        mode: `random` or `nth`.
        probability: the probability of a match in mode `random`, from 0 to 1.
        every: one packet in so many matches in mode `nth`.
        packet: the packet to begin with in mode `nth`; a listing hides 0.
        negated: whether all the other packets are meant.
    """

    kind: Literal["statistic"] = "statistic"
    mode: str
    probability: Decimal | None = None
    every: int | None = None
    packet: int | None = None
    negated: bool = False


@attrs.frozen(kw_only=True)
class RecentMatch:
    """The match of recently seen addresses (`-m recent`): kube-proxy's session affinity.

    Attributes:
        kind: which match this is.
        action: `SET`, `CHECK`, `UPDATE` or `REMOVE`.
        name: the name of the list.
        seconds: how recently the address must have been seen, in seconds.
        reap: whether older entries are dropped.
        hitcount: how often the address must have been seen.
        rttl: whether the TTL must be the same as before.
        side: which address is meant, `source` or `dest`.
        mask: the mask applied to the address.
        negated: whether addresses match that are not in the list.
    """

    kind: Literal["recent"] = "recent"
    action: str
    name: str
    seconds: int | None = None
    reap: bool = False
    hitcount: int | None = None
    rttl: bool = False
    side: str
    mask: IPv4Address | IPv6Address | None = None
    negated: bool = False


@attrs.frozen(kw_only=True)
class NfacctMatch:
    """The match that counts into an accounting object (`-m nfacct`).

    Attributes:
        kind: which match this is.
        name: the name of the accounting object.
    """

    kind: Literal["nfacct"] = "nfacct"
    name: str


@attrs.frozen(kw_only=True)
class LimitMatch:
    """The match of a limited rate (`-m limit`).

    Attributes:
        kind: which match this is.
        limit: the rate, such as `5/min`.
        limit_burst: how many packets may come at once.
    """

    kind: Literal["limit"] = "limit"
    limit: str
    limit_burst: int


@attrs.frozen(kw_only=True)
class HashlimitMatch:
    """The match of a rate for each source, destination or port (`-m hashlimit`).

    Attributes:
        kind: which match this is.
        upto: the rate up to which packets match.
        above: the rate above which packets match.
        burst: how many packets, or bytes, may come at once.
        mode: what has a rate of its own, such as `srcip`.
        name: the name of the table of rates; a listing hides it.
        htable_size: the number of buckets.
        htable_max: the greatest number of entries.
        htable_gcinterval: the milliseconds between two clean-ups.
        htable_expire: the milliseconds after which an idle entry goes.
        srcmask: the prefix length by which sources are grouped.
        dstmask: the prefix length by which destinations are grouped.
        rate_match: whether packets are classified by rate, not limited.
        rate_interval: the seconds over which the rate is measured.
    """

    kind: Literal["hashlimit"] = "hashlimit"
    upto: str | None = None
    above: str | None = None
    burst: str | None = None
    mode: tuple[str, ...] = ()
    name: str | None = None
    htable_size: int | None = None
    htable_max: int | None = None
    htable_gcinterval: int | None = None
    htable_expire: int | None = None
    srcmask: int | None = None
    dstmask: int | None = None
    rate_match: bool = False
    rate_interval: int | None = None


@attrs.frozen(kw_only=True)
class TimeMatch:
    """The match of the time of arrival (`-m time`).

    Attributes:
        kind: which match this is.
        timestart: the time of day from which it matches.
        timestop: the time of day until which it matches.
        monthdays: the days of the month.
        weekdays: the days of the week, such as `Mon`.
        datestart: the date and time from which it matches.
        datestop: the date and time until which it matches.
        kerneltz: whether times are in the time zone of the kernel, not UTC.
        contiguous: whether a time of day beyond midnight is one period.
    """

    kind: Literal["time"] = "time"
    timestart: str | None = None
    timestop: str | None = None
    monthdays: tuple[str, ...] = ()
    weekdays: tuple[str, ...] = ()
    datestart: str | None = None
    datestop: str | None = None
    kerneltz: bool = False
    contiguous: bool = False


@attrs.frozen(kw_only=True)
class QuotaMatch:
    """The match up to a number of bytes (`-m quota`).

    Attributes:
        kind: which match this is.
        quota: the bytes that are left.
        negated: whether it matches when none are left; a listing hides this.
    """

    kind: Literal["quota"] = "quota"
    quota: int
    negated: tuple[str, ...] = ()
