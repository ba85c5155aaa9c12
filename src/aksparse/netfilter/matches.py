"""The typed matches of iptables rules, as records.

Format: iptables-extensions(8). What a match is called and what its options are called is what the fields are called.
"""

from __future__ import annotations

from decimal import Decimal
from ipaddress import IPv4Address, IPv6Address
from typing import Literal

import attrs


@attrs.frozen(kw_only=True)
class PortRange:
    """A range of ports.

    Attributes:
        first: the first port.
        last: the last port, the same as the first for a single one.
        negated: whether every other port is meant.
    """

    first: int
    last: int
    negated: bool = False


@attrs.frozen(kw_only=True, weakref_slot=False)
class PortMatch:
    """The match of a transport protocol (`-m tcp`, `-m udp`, `-m sctp`).

    Attributes:
        kind: which match this is.
        protocol: the protocol.
        sport: the source ports (`--sport`).
        dport: the destination ports (`--dport`).
    """

    kind: Literal["port"] = "port"
    protocol: str
    sport: PortRange | None = None
    dport: PortRange | None = None


@attrs.frozen(kw_only=True)
class MultiportMatch:
    """The match of several ports at once (`-m multiport`).

    Attributes:
        kind: which match this is.
        direction: `sports`, `dports` or `ports` (either).
        ports: the ports.
    """

    kind: Literal["multiport"] = "multiport"
    direction: str
    ports: tuple[PortRange, ...]


@attrs.frozen(kw_only=True)
class AddrtypeMatch:
    """The match of the kernel's type of an address (`-m addrtype`).

    Attributes:
        kind: which match this is.
        src_type: types of the source address, such as `LOCAL`.
        src_negated: whether every other type of source address is meant.
        dst_type: types of the destination address.
        dst_negated: whether every other type of destination address is meant.
    """

    kind: Literal["addrtype"] = "addrtype"
    src_type: tuple[str, ...] = ()
    src_negated: bool = False
    dst_type: tuple[str, ...] = ()
    dst_negated: bool = False


@attrs.frozen(kw_only=True)
class StatisticMatch:
    """The match of a share of the packets (`-m statistic`).

    Attributes:
        kind: which match this is.
        mode: `random` or `nth`.
        probability: the probability of a match in mode `random`, from 0 to 1.
        every: one packet in so many matches in mode `nth`.
        packet: the packet to begin with in mode `nth`.
    """

    kind: Literal["statistic"] = "statistic"
    mode: str
    probability: Decimal | None = None
    every: int | None = None
    packet: int | None = None


@attrs.frozen(kw_only=True)
class MarkMatch:
    """The match of a packet's mark (`-m mark`).

    Attributes:
        kind: which match this is.
        value: the value the masked mark is compared with.
        mask: the mask; absent means all bits.
        negated: whether every other value is meant.
    """

    kind: Literal["mark"] = "mark"
    value: int
    mask: int | None = None
    negated: bool = False


@attrs.frozen(kw_only=True)
class ConntrackMatch:
    """The match of the connection tracking state (`-m conntrack --ctstate`).

    Attributes:
        kind: which match this is.
        ctstate: the states, such as `NEW`.
    """

    kind: Literal["conntrack"] = "conntrack"
    ctstate: tuple[str, ...]


@attrs.frozen(kw_only=True)
class RecentMatch:
    """The match of recently seen addresses (`-m recent`): kube-proxy's session affinity.

    Attributes:
        kind: which match this is.
        action: `SET`, `CHECK`, `UPDATE` or `REMOVE`.
        name: the name of the list.
        seconds: how recently the address must have been seen, in seconds.
        reap: whether older entries are dropped.
        side: which address is meant, `source` or `dest`.
        mask: the mask applied to the address.
    """

    kind: Literal["recent"] = "recent"
    action: str
    name: str
    seconds: int | None = None
    reap: bool = False
    side: str
    mask: IPv4Address | IPv6Address | None = None


@attrs.frozen(kw_only=True)
class NfacctMatch:
    """The match that counts into an accounting object (`-m nfacct`).

    Attributes:
        kind: which match this is.
        name: the name of the accounting object.
    """

    kind: Literal["nfacct"] = "nfacct"
    name: str


Match = (
    PortMatch | MultiportMatch | AddrtypeMatch | StatisticMatch | MarkMatch | ConntrackMatch | RecentMatch | NfacctMatch
)
