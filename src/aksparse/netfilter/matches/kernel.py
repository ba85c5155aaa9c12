"""The matches of what the kernel knows of a packet: its connection, mark, way, sets and socket.

Format: iptables-extensions(8). What a match is called and what its options are called is what the fields are called.
"""

from __future__ import annotations

from typing import Literal

import attrs

from aksparse.netfilter.values import Address, Masked, NumberRange


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
class IpvsMatch:
    """The match of a connection of the kernel's load balancer (`-m ipvs`): Docker's swarm and kube-router write it.

    Attributes:
        kind: which match this is.
        ipvs: whether the packet must belong to such a connection.
        vproto: the number of the protocol of the virtual service.
        vaddr: its address; a name where the tool printed one.
        vport: its port.
        vdir: the direction, `ORIGINAL` or `REPLY`.
        vmethod: how packets are sent on, `GATE`, `IPIP` or `MASQ`.
        vportctl: the port of the connection that controls this one.
        negated: which of these mean everything else.
    """

    kind: Literal["ipvs"] = "ipvs"
    ipvs: bool = False
    vproto: int | None = None
    vaddr: Address | None = None
    vport: int | None = None
    vdir: str | None = None
    vmethod: str | None = None
    vportctl: int | None = None
    negated: tuple[str, ...] = ()
