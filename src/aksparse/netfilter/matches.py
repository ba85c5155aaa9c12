"""The typed matches of iptables rules, as records.

Format: iptables-extensions(8). What a match is called and what its options are called is what the fields are called.
"""

from __future__ import annotations

from decimal import Decimal
from ipaddress import IPv4Address, IPv6Address
from typing import Literal

import attrs

from aksparse.netfilter.values import Address, AddressRange, Masked, NumberRange, PortRange, TcpFlags


@attrs.frozen(kw_only=True, weakref_slot=False)
class PortMatch:
    """The match of a transport protocol (`-m tcp`, `-m udp`, `-m sctp`).

    Attributes:
        kind: which match this is.
        protocol: the protocol.
        sport: the source ports (`--sport`).
        dport: the destination ports (`--dport`).
        tcp_flags: the flags of TCP (`--tcp-flags`, `--syn`).
        tcp_option: the number of an option of TCP (`--tcp-option`).
        negated: `tcp_option` where every segment without the option is meant.
    """

    kind: Literal["port"] = "port"
    protocol: str
    sport: PortRange | None = None
    dport: PortRange | None = None
    tcp_flags: TcpFlags | None = None
    tcp_option: int | None = None
    negated: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class MultiportMatch:
    """The match of several ports at once (`-m multiport`).

    Attributes:
        kind: which match this is.
        direction: `sports`, `dports` or `ports` (either).
        ports: the ports.
        negated: whether every other port is meant.
    """

    kind: Literal["multiport"] = "multiport"
    direction: str
    ports: tuple[PortRange, ...]
    negated: bool = False


@attrs.frozen(kw_only=True)
class AddrtypeMatch:
    """The match of the kernel's type of an address (`-m addrtype`).

    Attributes:
        kind: which match this is.
        src_type: types of the source address, such as `LOCAL`.
        src_negated: whether every other type of source address is meant.
        dst_type: types of the destination address.
        dst_negated: whether every other type of destination address is meant.
        limit_iface_in: whether only addresses of the incoming interface count.
        limit_iface_out: whether only addresses of the outgoing interface count.
    """

    kind: Literal["addrtype"] = "addrtype"
    src_type: tuple[str, ...] = ()
    src_negated: bool = False
    dst_type: tuple[str, ...] = ()
    dst_negated: bool = False
    limit_iface_in: bool = False
    limit_iface_out: bool = False


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
    """The match of the connection that a packet is part of (`-m conntrack`).

    Attributes:
        kind: which match this is.
        ctstate: the states of the connection, such as `NEW`.
        ctproto: the protocol of the connection, by name or number.
        ctorigsrc: the source of its first packet.
        ctorigdst: the destination of its first packet.
        ctreplsrc: the source of the replies.
        ctrepldst: the destination of the replies.
        ctorigsrcport: the source port of its first packet.
        ctorigdstport: the destination port of its first packet.
        ctreplsrcport: the source port of the replies.
        ctrepldstport: the destination port of the replies.
        ctstatus: what has become of the connection, such as `ASSURED`.
        ctexpire: the seconds until it is forgotten.
        ctdir: the direction of the packet, `ORIGINAL` or `REPLY`.
        negated: which of these mean everything else.
    """

    kind: Literal["conntrack"] = "conntrack"
    ctstate: tuple[str, ...] = ()
    ctproto: str | None = None
    ctorigsrc: Address | None = None
    ctorigdst: Address | None = None
    ctreplsrc: Address | None = None
    ctrepldst: Address | None = None
    ctorigsrcport: NumberRange | None = None
    ctorigdstport: NumberRange | None = None
    ctreplsrcport: NumberRange | None = None
    ctrepldstport: NumberRange | None = None
    ctstatus: tuple[str, ...] = ()
    ctexpire: NumberRange | None = None
    ctdir: str | None = None
    negated: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class StateMatch:
    """The match of the state of the connection (`-m state`), the elder of conntrack.

    Attributes:
        kind: which match this is.
        state: the states, such as `NEW`.
        negated: which of these mean everything else.
    """

    kind: Literal["state"] = "state"
    state: tuple[str, ...] = ()
    negated: tuple[str, ...] = ()


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
class IcmpMatch:
    """The match of the type of an ICMP or ICMPv6 message (`-m icmp`, `-m icmp6`).

    Attributes:
        kind: which match this is.
        type: the type; a name where the tool printed one, `any` for any.
        code: the code; absent means any.
        negated: whether every other type is meant.
    """

    kind: Literal["icmp"] = "icmp"
    type: int | str
    code: int | None = None
    negated: bool = False


@attrs.frozen(kw_only=True)
class IprangeMatch:
    """The match of a range of addresses (`-m iprange`).

    Attributes:
        kind: which match this is.
        src_range: the source addresses.
        dst_range: the destination addresses.
        negated: which of these mean everything else.
    """

    kind: Literal["iprange"] = "iprange"
    src_range: AddressRange | None = None
    dst_range: AddressRange | None = None
    negated: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class ConnmarkMatch:
    """The match of the mark of the connection (`-m connmark`).

    Attributes:
        kind: which match this is.
        value: the value the masked mark is compared with.
        mask: the mask; absent means all bits.
        negated: whether every other value is meant.
    """

    kind: Literal["connmark"] = "connmark"
    value: int
    mask: int | None = None
    negated: bool = False


@attrs.frozen(kw_only=True)
class SetMatch:
    """The match of an ipset (`-m set`).

    Attributes:
        kind: which match this is.
        match_set: the name of the set.
        flags: which side of the packet each dimension of the set is, `src` or `dst`.
        return_nomatch: whether entries marked `nomatch` match.
        update_counters: whether the option on the counters of the entry is given (negated: they stay).
        update_subcounters: the same for the counters of the entry in a set that is a member.
        packets_eq: the number of packets that the entry must have counted.
        packets_lt: the number that it must have counted fewer packets than.
        packets_gt: the number that it must have counted more packets than.
        bytes_eq: the number of bytes that the entry must have counted.
        bytes_lt: the number that it must have counted fewer bytes than.
        bytes_gt: the number that it must have counted more bytes than.
        negated: which of these mean everything else.
    """

    kind: Literal["set"] = "set"
    match_set: str
    flags: tuple[str, ...] = ()
    return_nomatch: bool = False
    update_counters: bool = False
    update_subcounters: bool = False
    packets_eq: int | None = None
    packets_lt: int | None = None
    packets_gt: int | None = None
    bytes_eq: int | None = None
    bytes_lt: int | None = None
    bytes_gt: int | None = None
    negated: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class PhysdevMatch:
    """The match of the ports of a bridge that a packet comes in and goes out by (`-m physdev`).

    Attributes:
        kind: which match this is.
        physdev_in: the port by which it came in.
        physdev_out: the port by which it goes out.
        physdev_is_in: whether it came in by a bridge.
        physdev_is_out: whether it goes out by a bridge.
        physdev_is_bridged: whether it is bridged, not routed.
        negated: which of these mean everything else.
    """

    kind: Literal["physdev"] = "physdev"
    physdev_in: str | None = None
    physdev_out: str | None = None
    physdev_is_in: bool = False
    physdev_is_out: bool = False
    physdev_is_bridged: bool = False
    negated: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class RpfilterMatch:
    """The test of the reverse path (`-m rpfilter`).

    Attributes:
        kind: which match this is.
        loose: whether any interface will do.
        validmark: whether the mark takes part in finding the route.
        accept_local: whether packets from local addresses are let through.
        invert: whether packets match that fail the test.
    """

    kind: Literal["rpfilter"] = "rpfilter"
    loose: bool = False
    validmark: bool = False
    accept_local: bool = False
    invert: bool = False


@attrs.frozen(kw_only=True)
class U32Match:
    """The match of bytes anywhere in a packet (`-m u32`).

    Attributes:
        kind: which match this is.
        u32: the test, in the language of the match.
        negated: which of these mean everything else.
    """

    kind: Literal["u32"] = "u32"
    u32: str
    negated: tuple[str, ...] = ()


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
class LengthMatch:
    """The match of the length of a packet (`-m length`).

    Attributes:
        kind: which match this is.
        length: the bytes from the header of layer 3 on.
        negated: which of these mean everything else.
    """

    kind: Literal["length"] = "length"
    length: NumberRange
    negated: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class MacMatch:
    """The match of the hardware address that a packet comes from (`-m mac`).

    Attributes:
        kind: which match this is.
        mac_source: the address.
        negated: which of these mean everything else.
    """

    kind: Literal["mac"] = "mac"
    mac_source: str
    negated: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class OwnerMatch:
    """The match of the process that sent a packet (`-m owner`).

    Attributes:
        kind: which match this is.
        socket_exists: whether the socket must be there.
        uid_owner: the user, or a range of users: numbers, or a name where the tool printed one.
        gid_owner: the group, or a range of groups.
        suppl_groups: whether further groups of the process count.
        negated: which of these mean everything else.
    """

    kind: Literal["owner"] = "owner"
    socket_exists: bool = False
    uid_owner: str | None = None
    gid_owner: str | None = None
    suppl_groups: bool = False
    negated: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class SocketMatch:
    """The match of packets that an open socket waits for (`-m socket`).

    Attributes:
        kind: which match this is.
        transparent: whether only transparent sockets count.
        nowildcard: whether sockets bound to any address count.
        restore_skmark: whether the packet gets the mark of the socket.
    """

    kind: Literal["socket"] = "socket"
    transparent: bool = False
    nowildcard: bool = False
    restore_skmark: bool = False


@attrs.frozen(kw_only=True)
class TtlMatch:
    """The match of the hops that a packet has left (`-m ttl`, `-m hl`).

    Attributes:
        kind: which match this is.
        operator: `eq`, `lt` or `gt`.
        value: the hops.
        negated: whether every other number is meant.
    """

    kind: Literal["ttl"] = "ttl"
    operator: str
    value: int
    negated: bool = False


@attrs.frozen(kw_only=True)
class DscpMatch:
    """The match of the class of service (`-m dscp`).

    Attributes:
        kind: which match this is.
        dscp: the six bits of the class.
        negated: which of these mean everything else.
    """

    kind: Literal["dscp"] = "dscp"
    dscp: int
    negated: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class TosMatch:
    """The match of the type of service (`-m tos`).

    Attributes:
        kind: which match this is.
        tos: the value, and the bits that count.
        name: its name, where the tool printed that.
        negated: whether every other type is meant.
    """

    kind: Literal["tos"] = "tos"
    tos: Masked | None = None
    name: str | None = None
    negated: bool = False


@attrs.frozen(kw_only=True)
class CgroupMatch:
    """The match of the control group that sent a packet (`-m cgroup`).

    Attributes:
        kind: which match this is.
        cgroup: its class ID.
        path: its path.
        negated: which of these mean everything else.
    """

    kind: Literal["cgroup"] = "cgroup"
    cgroup: int | None = None
    path: str | None = None
    negated: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class BpfMatch:
    """The match by a program (`-m bpf`).

    Attributes:
        kind: which match this is.
        bytecode: the instructions of a classic program, each as `CODE JT JF K`.
        object_pinned: the path at which the program is pinned.
    """

    kind: Literal["bpf"] = "bpf"
    bytecode: tuple[str, ...] = ()
    object_pinned: str | None = None


@attrs.frozen(kw_only=True)
class SpiMatch:
    """The match of the security parameter index of IPsec (`-m esp`, `-m ah`).

    Attributes:
        kind: which match this is.
        protocol: `esp` or `ah`.
        spi: the index; absent means any.
        ahlen: the length of the header.
        ahres: whether the reserved field must be zero.
        negated: which of these mean everything else.
    """

    kind: Literal["spi"] = "spi"
    protocol: str
    spi: NumberRange | None = None
    ahlen: int | None = None
    ahres: bool = False
    negated: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class StringMatch:
    """The match of text in a packet (`-m string`).

    Attributes:
        kind: which match this is.
        string: the text.
        hex_string: the text, with bytes in hexadecimal between bars.
        algo: the way to search, `bm` or `kmp`.
        from_offset: the byte to search from (`--from`).
        to_offset: the byte to search to (`--to`).
        icase: whether case makes no difference.
        negated: which of these mean everything else.
    """

    kind: Literal["string"] = "string"
    string: str | None = None
    hex_string: str | None = None
    algo: str
    from_offset: int | None = None
    to_offset: int | None = None
    icase: bool = False
    negated: tuple[str, ...] = ()


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


@attrs.frozen(kw_only=True)
class PolicyMatch:
    """The match of the IPsec policy of a packet (`-m policy`).

    Attributes:
        kind: which match this is.
        dir: `in` or `out`.
        pol: `ipsec` or `none`.
        strict: whether the whole policy must be as described.
        elements: the options of each element, as they were printed.
    """

    kind: Literal["policy"] = "policy"
    dir: str
    pol: str
    strict: bool = False
    elements: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class ClusterMatch:
    """The match of the share of a node in a cluster (`-m cluster`).

    Attributes:
        kind: which match this is.
        local_nodemask: the numbers of the nodes, one bit each.
        total_nodes: the number of nodes.
        hash_seed: the seed of the hash.
        negated: which of these mean everything else.
    """

    kind: Literal["cluster"] = "cluster"
    local_nodemask: int
    total_nodes: int
    hash_seed: int
    negated: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class ConnlimitMatch:
    """The match of the number of connections of one network (`-m connlimit`).

    Attributes:
        kind: which match this is.
        upto: the number up to which it matches.
        above: the number above which it matches.
        mask: the prefix length of the networks.
        side: which address counts, `src` or `dst`.
    """

    kind: Literal["connlimit"] = "connlimit"
    upto: int | None = None
    above: int | None = None
    mask: int
    side: str


@attrs.frozen(kw_only=True)
class ConnbytesMatch:
    """The match of what a connection has transferred (`-m connbytes`).

    Attributes:
        kind: which match this is.
        first: the least.
        last: the most; absent means without limit.
        mode: what is counted, `packets`, `bytes` or `avgpkt`.
        dir: in which direction, `original`, `reply` or `both`.
        negated: whether everything outside the range is meant.
    """

    kind: Literal["connbytes"] = "connbytes"
    first: int
    last: int | None = None
    mode: str
    dir: str
    negated: bool = False


@attrs.frozen(kw_only=True)
class PkttypeMatch:
    """The match of the kind of receiver in layer 2 (`-m pkttype`).

    Attributes:
        kind: which match this is.
        pkt_type: `unicast`, `broadcast` or `multicast`.
        negated: which of these mean everything else.
    """

    kind: Literal["pkttype"] = "pkttype"
    pkt_type: str
    negated: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class RealmMatch:
    """The match of the realm of a route (`-m realm`).

    Attributes:
        kind: which match this is.
        realm: the realm, and the bits that count.
        negated: which of these mean everything else.
    """

    kind: Literal["realm"] = "realm"
    realm: Masked
    negated: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class HelperMatch:
    """The match of connections that a helper has found (`-m helper`).

    Attributes:
        kind: which match this is.
        helper: the name of the helper, perhaps with a port.
        negated: which of these mean everything else.
    """

    kind: Literal["helper"] = "helper"
    helper: str
    negated: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class TcpmssMatch:
    """The match of the greatest segment that TCP offers (`-m tcpmss`).

    Attributes:
        kind: which match this is.
        mss: the sizes.
        negated: which of these mean everything else.
    """

    kind: Literal["tcpmss"] = "tcpmss"
    mss: NumberRange
    negated: tuple[str, ...] = ()


Match = (
    PortMatch
    | MultiportMatch
    | AddrtypeMatch
    | StatisticMatch
    | MarkMatch
    | ConntrackMatch
    | StateMatch
    | RecentMatch
    | NfacctMatch
    | IcmpMatch
    | IprangeMatch
    | ConnmarkMatch
    | SetMatch
    | PhysdevMatch
    | RpfilterMatch
    | U32Match
    | LimitMatch
    | HashlimitMatch
    | LengthMatch
    | MacMatch
    | OwnerMatch
    | SocketMatch
    | TtlMatch
    | DscpMatch
    | TosMatch
    | CgroupMatch
    | BpfMatch
    | SpiMatch
    | StringMatch
    | TimeMatch
    | QuotaMatch
    | PolicyMatch
    | ClusterMatch
    | ConnlimitMatch
    | ConnbytesMatch
    | PkttypeMatch
    | RealmMatch
    | HelperMatch
    | TcpmssMatch
)
