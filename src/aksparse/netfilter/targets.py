"""The typed options of the targets of iptables rules, as records.

Format: iptables-extensions(8).
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Literal

import attrs

from aksparse.netfilter.values import Masked, NumberRange


@attrs.frozen(kw_only=True, weakref_slot=False)
class ToOption:
    """Where DNAT, SNAT or NETMAP translate to (`--to-destination`, `--to-source`, `--to`).

    Attributes:
        kind: which option this is.
        address: the address, or the first of a range; absent when only the port is translated.
        last_address: the last address of a range.
        network: the network that NETMAP maps to.
        port: the port, or the first of a range.
        last_port: the last port of a range.
        base_port: the first port of the range that is shifted to this one.
    """

    kind: Literal["to"] = "to"
    address: IPv4Address | IPv6Address | None = None
    last_address: IPv4Address | IPv6Address | None = None
    network: IPv4Network | IPv6Network | None = None
    port: int | None = None
    last_port: int | None = None
    base_port: int | None = None


@attrs.frozen(kw_only=True)
class PortsOption:
    """The ports that MASQUERADE or REDIRECT translate to (`--to-ports`).

    Attributes:
        kind: which option this is.
        first: the first port.
        last: the last port, the same as the first for a single one.
    """

    kind: Literal["ports"] = "ports"
    first: int
    last: int


@attrs.frozen(kw_only=True)
class NatFlag:
    """A flag of a translating target.

    Attributes:
        kind: which option this is.
        flag: `random` (`--random`), `random-fully` or `persistent`.
    """

    kind: Literal["flag"] = "flag"
    flag: str


@attrs.frozen(kw_only=True)
class MarkOption:
    """How MARK changes the mark of a packet.

    Attributes:
        kind: which option this is.
        operation: `set`, `xset`, `and`, `or` or `xor`.
        value: the operand.
        mask: the bits that `set` and `xset` clear first; absent means all.
    """

    kind: Literal["mark"] = "mark"
    operation: str
    value: int
    mask: int | None = None


@attrs.frozen(kw_only=True)
class RejectOption:
    """What REJECT answers with.

    Attributes:
        kind: which option this is.
        reject_with: the kind of answer, such as `icmp-port-unreachable`.
    """

    kind: Literal["reject"] = "reject"
    reject_with: str


@attrs.frozen(kw_only=True)
class ConnmarkOption:
    """How CONNMARK changes the mark of the connection, or copies it.

    Attributes:
        kind: which option this is.
        operation: `set`, `xset`, `and`, `or` or `xor`; `save` the mark of the packet, or `restore` it.
        value: the operand of what is neither `save` nor `restore`.
        mask: the bits that `xset` clears first.
        nfmask: the bits of the mark of the packet that `save` and `restore` copy; absent means all.
        ctmask: the bits of the mark of the connection that they copy to or from; absent means all.
    """

    kind: Literal["connmark"] = "connmark"
    operation: str
    value: int | None = None
    mask: int | None = None
    nfmask: int | None = None
    ctmask: int | None = None


@attrs.frozen(kw_only=True)
class SetOption:
    """How SET changes an ipset.

    Attributes:
        kind: which option this is.
        operation: `add`, `del` or `map`.
        set: the name of the set.
        flags: which side of the packet each dimension of the set is, `src` or `dst`.
        exist: whether an entry that is there gets a new timeout.
        timeout: the seconds after which the entry goes.
        map_mark: whether the packet gets the mark of the entry.
        map_prio: whether it gets its priority.
        map_queue: whether it gets its queue.
    """

    kind: Literal["set"] = "set"
    operation: str
    set: str
    flags: tuple[str, ...] = ()
    exist: bool = False
    timeout: int | None = None
    map_mark: bool = False
    map_prio: bool = False
    map_queue: bool = False


@attrs.frozen(kw_only=True)
class LogOption:
    """What LOG writes.

    Attributes:
        kind: which option this is.
        level: the level of the message; a name where the tool printed one.
        prefix: what it begins with.
        flags: what it says more: `tcp-sequence`, `tcp-options`, `ip-options`, `uid`, `macdecode`.
    """

    kind: Literal["log"] = "log"
    level: int | str
    prefix: str | None = None
    flags: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class NflogOption:
    """What NFLOG hands over to a program.

    Attributes:
        kind: which option this is.
        prefix: what the message begins with.
        group: the netlink group.
        range: the bytes to copy (`--nflog-range`).
        size: the bytes to copy.
        threshold: how many packets are collected before they are handed over.
    """

    kind: Literal["nflog"] = "nflog"
    prefix: str | None = None
    group: int | None = None
    range: int | None = None
    size: int | None = None
    threshold: int | None = None


@attrs.frozen(kw_only=True)
class NfqueueOption:
    """The queue in which NFQUEUE puts packets.

    Attributes:
        kind: which option this is.
        num: its number.
        balance: the queues of which one is chosen.
        bypass: whether packets pass when no program listens.
        cpu_fanout: whether the processor chooses the queue.
    """

    kind: Literal["nfqueue"] = "nfqueue"
    num: int | None = None
    balance: NumberRange | None = None
    bypass: bool = False
    cpu_fanout: bool = False


@attrs.frozen(kw_only=True)
class CtOption:
    """What CT does with the connection of a packet.

    Attributes:
        kind: which option this is.
        notrack: whether it is not tracked.
        helper: the helper that it gets.
        timeout: the policy of timeouts that it gets.
        zone: the zone that it is in, a number or `mark`.
        zone_orig: the zone of its first direction.
        zone_reply: the zone of the replies.
        ctevents: the events that are reported of it.
        expevents: the events that are reported of the connections it expects.
    """

    kind: Literal["ct"] = "ct"
    notrack: bool = False
    helper: str | None = None
    timeout: str | None = None
    zone: str | None = None
    zone_orig: str | None = None
    zone_reply: str | None = None
    ctevents: tuple[str, ...] = ()
    expevents: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class TproxyOption:
    """Where TPROXY hands packets to.

    Attributes:
        kind: which option this is.
        on_ip: the address of the socket; the unspecified one for that of the interface.
        on_port: its port; 0 for that of the packet.
        tproxy_mark: the mark that the packet gets.
    """

    kind: Literal["tproxy"] = "tproxy"
    on_ip: IPv4Address | IPv6Address
    on_port: int
    tproxy_mark: Masked


@attrs.frozen(kw_only=True)
class TcpmssOption:
    """What TCPMSS makes of the greatest segment that TCP offers.

    Attributes:
        kind: which option this is.
        set_mss: the size.
        clamp_mss_to_pmtu: whether it follows from the MTU of the path.
    """

    kind: Literal["tcpmss"] = "tcpmss"
    set_mss: int | None = None
    clamp_mss_to_pmtu: bool = False


@attrs.frozen(kw_only=True)
class TtlOption:
    """What TTL or HL makes of the hops that a packet has left.

    Attributes:
        kind: which option this is.
        operation: `set`, `inc` or `dec`.
        value: the number.
    """

    kind: Literal["ttl"] = "ttl"
    operation: str
    value: int


@attrs.frozen(kw_only=True)
class DscpOption:
    """The class of service that DSCP gives a packet.

    Attributes:
        kind: which option this is.
        set_dscp: the six bits of the class.
    """

    kind: Literal["dscp"] = "dscp"
    set_dscp: int


@attrs.frozen(kw_only=True)
class TosOption:
    """How TOS changes the type of service.

    Attributes:
        kind: which option this is.
        operation: `set`, `and`, `or` or `xor`.
        value: the operand.
        mask: the bits that are cleared first.
        name: the name of the type, where the tool printed that.
    """

    kind: Literal["tos"] = "tos"
    operation: str
    value: int | None = None
    mask: int | None = None
    name: str | None = None


@attrs.frozen(kw_only=True)
class ClassifyOption:
    """The class of traffic control that CLASSIFY gives a packet.

    Attributes:
        kind: which option this is.
        major: the first number of the class.
        minor: the second number.
    """

    kind: Literal["classify"] = "classify"
    major: int
    minor: int


@attrs.frozen(kw_only=True)
class TeeOption:
    """Where TEE sends a copy of a packet.

    Attributes:
        kind: which option this is.
        gateway: the gateway that gets it; a name where the tool printed one.
        oif: the interface by which it goes.
    """

    kind: Literal["tee"] = "tee"
    gateway: IPv4Address | IPv6Address | str
    oif: str | None = None


@attrs.frozen(kw_only=True)
class ChecksumOption:
    """What CHECKSUM does.

    Attributes:
        kind: which option this is.
        checksum_fill: whether the checksum is computed.
    """

    kind: Literal["checksum"] = "checksum"
    checksum_fill: bool = False


TargetOption = (
    ToOption
    | PortsOption
    | NatFlag
    | MarkOption
    | RejectOption
    | ConnmarkOption
    | SetOption
    | LogOption
    | NflogOption
    | NfqueueOption
    | CtOption
    | TproxyOption
    | TcpmssOption
    | TtlOption
    | DscpOption
    | TosOption
    | ClassifyOption
    | TeeOption
    | ChecksumOption
)
