"""The details of an interface, as `ip -d` prints them: its limits and queues, its kind, and what the kind is set to.

Format: ip-link(8) of iproute2. `print_linkinfo` in `ip/ipaddress.c` prints what every link has; each kind prints its
own settings (`..._print_opt` in `ip/iplink_KIND.c` and `ip/link_KIND.c`): words, most of them with a value. Their order
differs among the releases and is not looked at. Keys and values are those of `ip -j -d`, where they are in the text; a
word that is not known here is kept as it stands.

What the text says otherwise than the JSON:

- ``ttl auto`` and ``ttl inherit`` of a tunnel are 0; of a `vxlan` or `geneve`, for which the JSON then has no key, the
  word ``inherit`` is kept.
- ``vnifilter`` of a `vxlan` is printed without a blank behind it.
- A `can` interface takes several lines; its limits (``mcp251x: tseg1 3..16 ...``) and its own statistics are kept as
  they stand. A controller that knows only some rates prints the one it has as others do: it is in `bittiming`, where
  the JSON has `bittiming_bitrate`.
- ``mcast_fast_leave`` of a bridge's port repeats ``fastleave``; the JSON leaves it out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pyparsing as pp

from aksparse.iproute.links.options import (
    WORD,
    Fields,
    Options,
    address_lists,
    addresses,
    addresses_by_family,
    flags,
    merge,
    numbers,
    options,
    phrase,
    shaped,
    strings,
    switches,
    timers,
    valued,
    yes_or_no,
)
from aksparse.linere import LineGrammar
from aksparse.tokens import column, rest_of_line, signed_integer, to_ip, word


def _between(text: str, opening: str = "<", closing: str = ">") -> str:
    return text[text.index(opening) + 1 : text.index(closing)]


def _to_port_range(text: str) -> Fields:
    low, high = map(int, text.split())
    return {"port_range": {"low": low, "high": high}}


def _to_map(key: str) -> Callable[[str], Fields]:
    def fields(text: str) -> Fields:
        pairs = (pair.split(":") for pair in _between(text, "{", "}").split())
        return {key: [{"from": int(before), "to": int(after)} for before, after in pairs]}

    return fields


def _to_macs(text: str) -> Fields:
    count, *macs = text.split()
    return {"macaddr_count": int(count[1:-1]), "macaddr_data": macs}


def _to_port_state(key: str) -> Callable[[str], Fields]:
    def fields(text: str) -> Fields:
        return {key: int(text.split()[0]), f"{key}_str": [name for name in _between(text).split(",") if name]}

    return fields


def _to_error_counters(text: str) -> Fields:
    _, sent, _, received = text.rstrip(")").split()
    return {"berr_counter": {"tx": int(sent), "rx": int(received)}}


def _to_prefix(key: str) -> Callable[[str], Fields]:
    def fields(text: str) -> Fields:
        address, _, length = text.partition("/")
        return {key: to_ip(address), f"{key}len": int(length)}

    return fields


_PORT_STATE = r"[0-9]{1,5} +(?:ad_(?:actor|partner)_oper_port_state_str )? *<[a-z_,]*>"
_FLAGS = shaped("", r"<[A-Z0-9_a-z,]*>", lambda text: {"flags": [flag for flag in text[1:-1].split(",") if flag]})
_QOS_MAP = r"\{ (?:[0-9]{1,10}:[0-9]{1,10} )*\}"

_COMMON = options(
    numbers("promiscuity allmulti minmtu:min_mtu maxmtu:max_mtu numtxqueues:num_tx_queues numrxqueues:num_rx_queues"),
    numbers("gso_max_size gso_max_segs tso_max_size tso_max_segs gro_max_size gso_ipv4_max_size gro_ipv4_max_size"),
    strings("addrgenmode:inet6_addr_gen_mode portname:phys_port_name portid:phys_port_id switchid:phys_switch_id"),
    strings("parentbus parentdev"),
    flags("netns-immutable:netns_immutable"),
    numbers("dpll-pin:dpll_pin"),
)
_TUNNEL = (
    flags("external"),
    valued("dev:link", word, str),
    numbers("ttl hoplimit:ttl"),
    phrase("ttl inherit", {"ttl": 0}),
    phrase("hoplimit inherit", {"ttl": 0}),
    phrase("tos inherit", {"tos": "0x1"}),
    phrase("fwmark inherit", {"ip6_tnl_f_use_orig_fwmark": True}),
    strings("tos fwmark ikey okey"),
    yes_or_no("pmtudisc"),
    strings("encap:encap.type"),
    phrase("encap-sport auto", {"encap": {"sport": 0}}),
    numbers("encap-sport:encap.sport encap-dport:encap.dport"),
    yes_or_no("encap-csum:encap.csum encap-csum6:encap.csum6 encap-remcsum:encap.remcsum"),
)
_TUNNEL_IPV6 = (
    phrase("encaplimit none", {"ip6_tnl_f_ign_encap_limit": True}),
    phrase("tclass inherit", {"ip6_tnl_f_use_orig_tclass": True}),
    phrase("flowlabel inherit", {"ip6_tnl_f_use_orig_flowlabel": True}),
    phrase("dscp inherit", {"ip6_tnl_f_rcv_dscp_copy": True}),
    numbers("encaplimit:encap_limit"),
    strings("tclass flowlabel"),
    flags("mip6:ip6_tnl_f_mip6_dev allow-localremote:ip6_tnl_f_allow_local_remote"),
)
_GRE = (
    addresses("remote local"),
    flags("ignore-df:ignore_df iseq oseq icsum ocsum"),
    numbers("erspan_index erspan_ver"),
    strings("erspan_dir erspan_hwid"),
)
# Who asks for members of multicast groups, as later releases of iproute2 (such as 6.15) tell.
_QUERIER = tuple(
    reader(f"mcast_querier_{family}_{name}:mcast_querier_state_{family}.mcast_querier_{family}_{name}")
    for family in ("ipv4", "ipv6")
    for reader, name in ((addresses, "addr"), (numbers, "port"), (strings, "other_timer"))
)
_KINDS: dict[str, Options] = {
    "bridge": options(
        numbers("forward_delay hello_time max_age ageing_time stp_state priority vlan_filtering vlan_default_pvid"),
        numbers("vlan_stats_enabled vlan_stats_per_port root_port root_path_cost topology_change"),
        numbers("topology_change_detected fdb_n_learned fdb_max_learned no_linklocal_learn mst_enabled"),
        numbers("mcast_snooping mcast_vlan_snooping mcast_router mcast_query_use_ifaddr mcast_querier"),
        numbers("mcast_hash_elasticity mcast_hash_max mcast_last_member_count:mcast_last_member_cnt"),
        numbers("mcast_startup_query_count:mcast_startup_query_cnt mcast_stats_enabled"),
        numbers("mcast_last_member_interval:mcast_last_member_intvl mcast_membership_interval:mcast_membership_intvl"),
        numbers("mcast_querier_interval:mcast_querier_intvl mcast_query_interval:mcast_query_intvl"),
        numbers("mcast_query_response_interval:mcast_query_response_intvl mcast_igmp_version mcast_mld_version"),
        numbers("mcast_startup_query_interval:mcast_startup_query_intvl"),
        numbers("nf_call_iptables nf_call_ip6tables nf_call_arptables"),
        numbers("mdb_offload_fail_notification"),
        strings("vlan_protocol bridge_id designated_root:root_id group_fwd_mask group_address:group_addr stp_mode"),
        timers("hello_timer tcn_timer topology_change_timer gc_timer"),
        *_QUERIER,
    ),
    "bridge_slave": options(
        shaped("state", r"\([0-9]{1,3}\)", lambda text: {"state_index": int(text[1:-1])}),
        strings("state port_id:id port_no:no designated_bridge:bridge_id designated_root:root_id"),
        strings("group_fwd_mask group_fwd_mask_str backup_port"),
        numbers("priority cost designated_port designated_cost topology_change_ack config_pending"),
        numbers("mcast_router:multicast_router mcast_n_groups mcast_max_groups backup_nhid"),
        switches("hairpin guard root_block fastleave learning flood proxy_arp proxy_arp_wifi mcast_fast_leave"),
        switches("mcast_flood bcast_flood mcast_to_unicast neigh_suppress neigh_vlan_suppress vlan_tunnel"),
        switches("isolated locked mab neigh_forward_grat"),
        timers("hold_timer message_age_timer forward_delay_timer"),
    ),
    "bond": options(
        strings("mode active_slave arp_validate arp_all_targets primary primary_reselect fail_over_mac"),
        strings("xmit_hash_policy lacp_active:ad_lacp_active lacp_rate:ad_lacp_rate ad_select ad_actor_system"),
        strings("ad_partner_mac:ad_info.partner_mac"),
        address_lists("arp_ip_target ns_ip6_target"),
        numbers("miimon updelay downdelay peer_notify_delay use_carrier arp_interval arp_missed_max resend_igmp"),
        numbers("num_grat_arp:num_peer_notif all_slaves_active min_links lp_interval packets_per_slave"),
        numbers("ad_aggregator:ad_info.aggregator ad_num_ports:ad_info.num_ports ad_actor_key:ad_info.actor_key"),
        numbers("ad_partner_key:ad_info.partner_key ad_actor_sys_prio ad_user_port_key tlb_dynamic_lb"),
        switches("coupled_control broadcast_neighbor lacp_strict"),
    ),
    "bond_slave": options(
        strings("state mii_status perm_hwaddr churn_actor_state churn_partner_state"),
        numbers("link_failure_count queue_id ad_aggregator_id actor_port_prio"),
        valued("prio", signed_integer, int),
        shaped("ad_actor_oper_port_state", _PORT_STATE, _to_port_state("ad_actor_oper_port_state")),
        shaped("ad_partner_oper_port_state", _PORT_STATE, _to_port_state("ad_partner_oper_port_state")),
    ),
    "vlan": options(
        strings("protocol"),
        numbers("id"),
        _FLAGS,
        shaped("ingress-qos-map", _QOS_MAP, _to_map("ingress_qos")),
        shaped("egress-qos-map", _QOS_MAP, _to_map("egress_qos")),
    ),
    "vxlan": options(
        flags("gbp gpe remcsumtx:remcsum_tx remcsumrx:remcsum_rx"),
        yes_or_no("external mcroute learning proxy rsc l2miss l3miss localbypass vnifilter udpcsum:udp_csum"),
        yes_or_no("udp6zerocsumtx:udp_zero_csum6_tx udp6zerocsumrx:udp_zero_csum6_rx"),
        yes_or_no("udp_csum udp_zero_csum6_tx udp_zero_csum6_rx remcsum_tx remcsum_rx"),  # since 6.2
        numbers("id dstport:port ttl ageing maxaddr:limit"),
        addresses_by_family("remote group local"),
        strings("dev:link df flowlabel:label reserved_bits"),
        shaped("srcport", r"[0-9]{1,5} +[0-9]{1,5}", _to_port_range),
        phrase("ttl auto", {"ttl": 0}),
        phrase("ttl inherit", {"ttl": "inherit"}),
        phrase("tos inherit", {"tos": "0x1"}),
        phrase("ageing none", {"ageing": 0}),
        shaped("vnifilterid", r"[0-9]{1,8}", lambda text: {"vnifilter": True, "id": int(text)}),  # as it is printed
        strings("tos"),
    ),
    "geneve": options(
        flags("external innerprotoinherit:inner_proto_inherit"),
        yes_or_no("udpcsum:udp_csum udp6zerocsumtx:udp_zero_csum6_tx udp6zerocsumrx:udp_zero_csum6_rx"),
        numbers("id dstport:port ttl"),
        addresses_by_family("remote local"),
        strings("df flowlabel:label"),
        phrase("ttl auto", {"ttl": 0}),
        phrase("ttl inherit", {"ttl": "inherit"}),
        phrase("tos inherit", {"tos": "0x1"}),
        strings("tos"),
    ),
    "macvlan": options(
        strings("mode"),
        flags("nopromisc nodst"),
        numbers("bcqueuelen usedbcqueuelen"),
        valued("bclim", signed_integer, int),
        shaped("remotes", r"\([0-9]{1,9}\)(?: +[0-9a-f:]{17})*", _to_macs),
    ),
    "ipvlan": options(strings("mode"), flags("private vepa bridge")),
    "tun": options(
        strings("type"),
        numbers("user group"),  # where they have no name
        strings("user group"),
        switches("pi vnet_hdr persist"),
        flags("multi_queue"),
        numbers("numqueues numdisabled"),
    ),
    "vrf": options(numbers("table")),
    "vrf_slave": options(numbers("table")),
    "ipip": options(
        addresses("remote local"),
        shaped("", r"ipip|ip6ip|mplsip|any", lambda text: {"proto": text}),
        flags("isatap"),
        shaped("6rd-prefix", r"[0-9a-f:.]{2,45}/[0-9]{1,3}", _to_prefix("prefix")),
        shaped("6rd-relay_prefix", r"[0-9.]{7,15}/[0-9]{1,2}", _to_prefix("relay_prefix")),
        *_TUNNEL,
    ),
    "ip6tnl": options(
        addresses("remote local"),
        shaped("", r"ipip6|ip6ip6|any", lambda text: {"proto": text}),
        *_TUNNEL_IPV6,
        *_TUNNEL,
    ),
    "gre": options(*_GRE, *_TUNNEL),
    "ip6gre": options(*_GRE, *_TUNNEL_IPV6, *_TUNNEL),
    "vti": options(addresses("remote local"), *_TUNNEL),
    "xfrm": options(flags("external"), strings("if_id")),
    "hsr": options(
        phrase("slave1 <none>", {}),
        phrase("slave2 <none>", {}),
        phrase("interlink <none>", {}),
        strings("slave1 slave2 supervision:supervision_addr interlink"),
        numbers("sequence:seq_nr proto version"),
    ),
    "netkit": options(
        strings("mode type policy scrub"),
        shaped("peer policy", r"[^ \t]+", lambda text: {"peer_policy": text}),
        shaped("peer scrub", r"[^ \t]+", lambda text: {"peer_scrub": text}),
    ),
    "amt": options(
        shaped("", r"gateway|relay", lambda text: {"mode": text}),
        numbers("gateway_port relay_port max_tunnels"),
        addresses("local remote discovery"),
        strings("dev:link"),
    ),
    "bareudp": options(numbers("dstport srcportmin"), strings("ethertype"), yes_or_no("multiproto")),
    "can": options(
        shaped("", r"<[A-Z0-9a-f,-]+>", lambda text: {"ctrlmode": text[1:-1].split(",")}),
        shaped("(berr-counter", r"tx [0-9]{1,9} rx [0-9]{1,9}\)", _to_error_counters),
        strings("state sample-point:bittiming.sample_point dsample-point:data_bittiming.sample_point"),
        numbers("restart-ms:restart_ms clock termination bitrate:bittiming.bitrate dbitrate:data_bittiming.bitrate"),
        *(
            numbers(f"{d}{name}:{group}.{name.replace('-', '_')}")
            for d, group in (("", "bittiming"), ("d", "data_bittiming"))
            for name in ("tq", "prop-seg", "phase-seg1", "phase-seg2", "sjw", "brp")
        ),
    ),
    "dsa": options(strings("conduit master")),
    "gtp": options(strings("role"), numbers("hsize restart_count")),
    "ipoib": options(strings("pkey:key mode umcast")),
    "macsec": options(
        strings("sci cipher:cipher_suite validate:validation offload"),
        numbers("icvlen:icv_len encodingsa:encoding_sa"),
        switches("protect encrypt send_sci:inc_sci end_station:es scb replay:replay_protect"),
        valued("window", signed_integer, int),
    ),
    "rmnet": options(numbers("mux_id"), _FLAGS),
    "wwan": options(numbers("linkid")),
    "ovpn": options(strings("mode")),
}
_SAME_OPTIONS = {
    **dict.fromkeys(("macvtap",), "macvlan"),
    **dict.fromkeys(("ipvtap",), "ipvlan"),
    **dict.fromkeys(("sit",), "ipip"),
    **dict.fromkeys(("gretap", "erspan"), "gre"),
    **dict.fromkeys(("ip6gretap", "ip6erspan"), "ip6gre"),
    **dict.fromkeys(("vti6",), "vti"),
}
# The kind of a link and its settings.
KIND = LineGrammar(column(pp.Regex(r"[a-z][a-z0-9_.-]*").set_name("kind of link")("kind")) + rest_of_line("settings"))


class Details(NamedTuple):
    """What one line says in detail.

    Attributes:
        of_kind: the settings of the kind.
        other_of_kind: what else stands where these are, as it stands there.
        of_link: the settings that every link has.
        other_of_link: what else stands among these.
    """

    of_kind: Fields
    other_of_kind: str | None
    of_link: Fields
    other_of_link: str | None


def read_details(text: str, kind: str = "") -> Details:
    """Read a line: first the settings of the kind, if any, then those of the link.

    Raises:
        BadValue: an address is none.
    """
    options = _KINDS.get(_SAME_OPTIONS.get(kind, kind))
    of_kind: Fields = {}
    of_link: Fields = {}
    others: tuple[list[str], list[str]] = ([], [])
    in_link = not kind
    position = 0
    while position < len(text):
        if not in_link and options and (read := options.read(text, position)):
            merge(of_kind, read[0])
        elif read := _COMMON.read(text, position):
            merge(of_link, read[0])
            in_link = True
        elif unknown := WORD.match(text, position):
            others[in_link].append(unknown[1])
            position = unknown.end()
            continue
        else:
            break
        position = read[1]
    return Details(of_kind, " ".join(others[0]) or None, of_link, " ".join(others[1]) or None)
