"""The details of an interface, as `ip -d` prints them: its limits and queues, its kind, and what the kind is set to.

Format: ip-link(8) of iproute2. `print_linkinfo` in `ip/ipaddress.c` prints what every link has; each kind prints its
own settings (`..._print_opt` in `ip/iplink_KIND.c` and `ip/link_KIND.c`): words, most of them with a value. Their order
differs among the releases and is not looked at. Keys and values are those of `ip -j -d`, where they are in the text; a
word that is not known here is kept as it stands.

What the text says otherwise than the JSON:

- ``ttl auto`` and ``ttl inherit`` of a tunnel are 0; of a `vxlan` or `geneve`, for which the JSON then has no key, the
  word ``inherit`` is kept.
- ``vnifilter`` of a `vxlan` is printed without a blank behind it.
- ``mcast_fast_leave`` of a bridge's port repeats ``fastleave``; the JSON leaves it out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import pyparsing as pp

from aksparse.linere import LineGrammar
from aksparse.tokens import column, integer, ip_address, ipv4, ipv6, rest_of_line, signed_integer, to_ip, word

_Fields = dict[str, Any]


class _Option(NamedTuple):
    """A word, the value behind it, if it has one, and what the two say."""

    word: str
    value: pp.ParserElement | None
    fields: Callable[[str], _Fields]

    def expression(self, name: str) -> pp.ParserElement:
        if self.value is None:
            return column(pp.Literal(self.word)(name))
        value = column(self.value(name))
        return column(pp.Literal(self.word)) + value if self.word else value


class _Options(NamedTuple):
    """The options that a line may hold: a grammar for any one of them, and what each says."""

    grammar: LineGrammar
    fields: tuple[Callable[[str], _Fields], ...]

    def read(self, text: str, position: int) -> tuple[_Fields, int] | None:
        """What the option at a position says, and where it ends."""
        found = self.grammar.pattern.match(text, position)
        if found is None:
            return None
        number = found.lastindex or 0
        return self.fields[number - 1](found[number]), found.end()


_Group = list[_Option]


def _options(*groups: _Group) -> _Options:
    options = [option for group in groups for option in group]
    choice = pp.MatchFirst([option.expression(f"option {number}") for number, option in enumerate(options)])
    return _Options(LineGrammar(choice, whole=False), tuple(option.fields for option in options))


def _setter(key: str, convert: Callable[[str], Any]) -> Callable[[str], _Fields]:
    outer, dot, inner = key.partition(".")
    if dot:
        return lambda text: {outer: {inner: convert(text)}}
    return lambda text: {key: convert(text)}


# Options are written as the words of the text, each with its key where the JSON has another: `port_id:id`.


def _valued(words: str, value: pp.ParserElement, convert: Callable[[str], Any]) -> _Group:
    named = (pair.partition(":") for pair in words.split())
    return [_Option(text, value, _setter(key or text, convert)) for text, _, key in named]


def _numbers(words: str) -> _Group:
    return _valued(words, integer, int)


def _words(words: str) -> _Group:
    return _valued(words, word, str)


def _switches(words: str) -> _Group:
    return _valued(words, pp.Regex(r"on|off"), lambda text: text == "on")


def _timers(words: str) -> _Group:
    """Options in seconds and hundredths."""
    return _valued(words, pp.Regex(r"[0-9]{1,9}\.[0-9]{2}"), float)


def _addresses(words: str) -> _Group:
    return _valued(words, ip_address, to_ip) + _valued(words, pp.Literal("any"), str)


def _addresses_by_family(words: str) -> _Group:
    """Options whose key says whether the address is an IPv6 address."""
    return _valued(words, ipv4, to_ip) + _valued(" ".join(f"{name}:{name}6" for name in words.split()), ipv6, to_ip)


def _lists(words: str) -> _Group:
    return _valued(words, word, lambda text: [to_ip(item) for item in text.split(",")])


def _flags(words: str, value: bool = True) -> _Group:
    """Words that stand alone."""
    named = (pair.partition(":") for pair in words.split())
    return [_Option(text, None, _setter(key or text, lambda _: value)) for text, _, key in named]


def _yes_or_no(words: str) -> _Group:
    """Words that stand alone, or with a `no` before them."""
    negated = " ".join(f"no{named if ':' in named else f'{named}:{named}'}" for named in words.split())
    return _flags(words) + _flags(negated, False)


def _phrase(text: str, fields: _Fields) -> _Group:
    """Words that say something of their own."""
    return [_Option(text, None, lambda _: fields)]


def _shaped(text: str, shape: str, fields: Callable[[str], _Fields]) -> _Group:
    """A word with a value of its own shape."""
    return [_Option(text, pp.Regex(shape), fields)]


def _between(text: str, opening: str = "<", closing: str = ">") -> str:
    return text[text.index(opening) + 1 : text.index(closing)]


def _to_port_range(text: str) -> _Fields:
    low, high = map(int, text.split())
    return {"port_range": {"low": low, "high": high}}


def _to_map(key: str) -> Callable[[str], _Fields]:
    def fields(text: str) -> _Fields:
        pairs = (pair.split(":") for pair in _between(text, "{", "}").split())
        return {key: [{"from": int(before), "to": int(after)} for before, after in pairs]}

    return fields


def _to_macs(text: str) -> _Fields:
    count, *macs = text.split()
    return {"macaddr_count": int(count[1:-1]), "macaddr_data": macs}


def _to_port_state(key: str) -> Callable[[str], _Fields]:
    def fields(text: str) -> _Fields:
        return {key: int(text.split()[0]), f"{key}_str": [name for name in _between(text).split(",") if name]}

    return fields


def _to_prefix(key: str) -> Callable[[str], _Fields]:
    def fields(text: str) -> _Fields:
        address, _, length = text.partition("/")
        return {key: to_ip(address), f"{key}len": int(length)}

    return fields


_PORT_STATE = r"[0-9]{1,5} +<[a-z_,]*>"
_QOS_MAP = r"\{ (?:[0-9]{1,9}:[0-9]{1,9} )*\}"

_COMMON = _options(
    _numbers("promiscuity allmulti minmtu:min_mtu maxmtu:max_mtu numtxqueues:num_tx_queues numrxqueues:num_rx_queues"),
    _numbers("gso_max_size gso_max_segs tso_max_size tso_max_segs gro_max_size gso_ipv4_max_size gro_ipv4_max_size"),
    _words("addrgenmode:inet6_addr_gen_mode portname:phys_port_name portid:phys_port_id switchid:phys_switch_id"),
    _words("parentbus parentdev"),
)
_TUNNEL = (
    _flags("external"),
    _valued("dev:link", word, str),
    _numbers("ttl hoplimit:ttl"),
    _phrase("ttl inherit", {"ttl": 0}),
    _phrase("hoplimit inherit", {"ttl": 0}),
    _phrase("tos inherit", {"tos": "0x1"}),
    _phrase("fwmark inherit", {"ip6_tnl_f_use_orig_fwmark": True}),
    _words("tos fwmark ikey okey"),
    _yes_or_no("pmtudisc"),
    _words("encap:encap.type"),
    _phrase("encap-sport auto", {"encap": {"sport": 0}}),
    _numbers("encap-sport:encap.sport encap-dport:encap.dport"),
    _yes_or_no("encap-csum:encap.csum encap-csum6:encap.csum6 encap-remcsum:encap.remcsum"),
)
_TUNNEL_IPV6 = (
    _phrase("encaplimit none", {"ip6_tnl_f_ign_encap_limit": True}),
    _phrase("tclass inherit", {"ip6_tnl_f_use_orig_tclass": True}),
    _phrase("flowlabel inherit", {"ip6_tnl_f_use_orig_flowlabel": True}),
    _phrase("dscp inherit", {"ip6_tnl_f_rcv_dscp_copy": True}),
    _numbers("encaplimit:encap_limit"),
    _words("tclass flowlabel"),
    _flags("mip6:ip6_tnl_f_mip6_dev allow-localremote:ip6_tnl_f_allow_local_remote"),
)
_GRE = (
    _addresses("remote local"),
    _flags("ignore-df:ignore_df iseq oseq icsum ocsum"),
    _numbers("erspan_index erspan_ver"),
    _words("erspan_dir erspan_hwid"),
)
_KINDS: dict[str, _Options] = {
    "bridge": _options(
        _numbers("forward_delay hello_time max_age ageing_time stp_state priority vlan_filtering vlan_default_pvid"),
        _numbers("vlan_stats_enabled vlan_stats_per_port root_port root_path_cost topology_change"),
        _numbers("topology_change_detected fdb_n_learned fdb_max_learned no_linklocal_learn mst_enabled"),
        _numbers("mcast_snooping mcast_vlan_snooping mcast_router mcast_query_use_ifaddr mcast_querier"),
        _numbers("mcast_hash_elasticity mcast_hash_max mcast_last_member_count:mcast_last_member_cnt"),
        _numbers("mcast_startup_query_count:mcast_startup_query_cnt mcast_stats_enabled"),
        _numbers("mcast_last_member_interval:mcast_last_member_intvl mcast_membership_interval:mcast_membership_intvl"),
        _numbers("mcast_querier_interval:mcast_querier_intvl mcast_query_interval:mcast_query_intvl"),
        _numbers("mcast_query_response_interval:mcast_query_response_intvl mcast_igmp_version mcast_mld_version"),
        _numbers("mcast_startup_query_interval:mcast_startup_query_intvl"),
        _numbers("nf_call_iptables nf_call_ip6tables nf_call_arptables"),
        _words("vlan_protocol bridge_id designated_root:root_id group_fwd_mask group_address:group_addr"),
        _timers("hello_timer tcn_timer topology_change_timer gc_timer"),
    ),
    "bridge_slave": _options(
        _shaped("state", r"\([0-9]{1,3}\)", lambda text: {"state_index": int(text[1:-1])}),
        _words("state port_id:id port_no:no designated_bridge:bridge_id designated_root:root_id"),
        _words("group_fwd_mask group_fwd_mask_str backup_port"),
        _numbers("priority cost designated_port designated_cost topology_change_ack config_pending"),
        _numbers("mcast_router:multicast_router mcast_n_groups mcast_max_groups backup_nhid"),
        _switches("hairpin guard root_block fastleave learning flood proxy_arp proxy_arp_wifi mcast_fast_leave"),
        _switches("mcast_flood bcast_flood mcast_to_unicast neigh_suppress neigh_vlan_suppress vlan_tunnel"),
        _switches("isolated locked mab"),
        _timers("hold_timer message_age_timer forward_delay_timer"),
    ),
    "bond": _options(
        _words("mode active_slave arp_validate arp_all_targets primary primary_reselect fail_over_mac"),
        _words("xmit_hash_policy lacp_active:ad_lacp_active lacp_rate:ad_lacp_rate ad_select ad_actor_system"),
        _words("ad_partner_mac:ad_info.partner_mac"),
        _lists("arp_ip_target ns_ip6_target"),
        _numbers("miimon updelay downdelay peer_notify_delay use_carrier arp_interval arp_missed_max resend_igmp"),
        _numbers("num_grat_arp:num_peer_notif all_slaves_active min_links lp_interval packets_per_slave"),
        _numbers("ad_aggregator:ad_info.aggregator ad_num_ports:ad_info.num_ports ad_actor_key:ad_info.actor_key"),
        _numbers("ad_partner_key:ad_info.partner_key ad_actor_sys_prio ad_user_port_key tlb_dynamic_lb"),
    ),
    "bond_slave": _options(
        _words("state mii_status perm_hwaddr"),
        _numbers("link_failure_count queue_id ad_aggregator_id"),
        _valued("prio", signed_integer, int),
        _shaped("ad_actor_oper_port_state", _PORT_STATE, _to_port_state("ad_actor_oper_port_state")),
        _shaped("ad_partner_oper_port_state", _PORT_STATE, _to_port_state("ad_partner_oper_port_state")),
    ),
    "vlan": _options(
        _words("protocol"),
        _numbers("id"),
        _shaped("", r"<[A-Z0-9_a-z,]*>", lambda text: {"flags": [flag for flag in text[1:-1].split(",") if flag]}),
        _shaped("ingress-qos-map", _QOS_MAP, _to_map("ingress_qos")),
        _shaped("egress-qos-map", _QOS_MAP, _to_map("egress_qos")),
    ),
    "vxlan": _options(
        _flags("external proxy rsc l2miss l3miss gbp gpe remcsumtx:remcsum_tx remcsumrx:remcsum_rx mcroute"),
        _yes_or_no("learning localbypass vnifilter udpcsum:udp_csum udp6zerocsumtx:udp_zero_csum6_tx"),
        _yes_or_no("udp6zerocsumrx:udp_zero_csum6_rx"),
        _numbers("id dstport:port ttl ageing maxaddr:limit"),
        _addresses_by_family("remote group local"),
        _words("dev:link df flowlabel:label reserved_bits"),
        _shaped("srcport", r"[0-9]{1,5} +[0-9]{1,5}", _to_port_range),
        _phrase("ttl auto", {"ttl": 0}),
        _phrase("ttl inherit", {"ttl": "inherit"}),
        _phrase("tos inherit", {"tos": "0x1"}),
        _phrase("ageing none", {"ageing": 0}),
        _shaped("vnifilterid", r"[0-9]{1,8}", lambda text: {"vnifilter": True, "id": int(text)}),  # as it is printed
        _words("tos"),
    ),
    "geneve": _options(
        _flags("external innerprotoinherit:inner_proto_inherit"),
        _yes_or_no("udpcsum:udp_csum udp6zerocsumtx:udp_zero_csum6_tx udp6zerocsumrx:udp_zero_csum6_rx"),
        _numbers("id dstport:port ttl"),
        _addresses_by_family("remote"),
        _words("df flowlabel:label"),
        _phrase("ttl auto", {"ttl": 0}),
        _phrase("ttl inherit", {"ttl": "inherit"}),
        _phrase("tos inherit", {"tos": "0x1"}),
        _words("tos"),
    ),
    "macvlan": _options(
        _words("mode"),
        _flags("nopromisc nodst"),
        _numbers("bcqueuelen usedbcqueuelen"),
        _valued("bclim", signed_integer, int),
        _shaped("remotes", r"\([0-9]{1,9}\)(?: +[0-9a-f:]{17})*", _to_macs),
    ),
    "ipvlan": _options(_words("mode"), _flags("private vepa bridge")),
    "tun": _options(
        _words("type user group"),
        _switches("pi vnet_hdr persist"),
        _flags("multi_queue"),
        _numbers("numqueues numdisabled"),
    ),
    "vrf": _options(_numbers("table")),
    "vrf_slave": _options(_numbers("table")),
    "ipip": _options(
        _addresses("remote local"),
        _shaped("", r"ipip|ip6ip|mplsip|any", lambda text: {"proto": text}),
        _flags("isatap"),
        _shaped("6rd-prefix", r"[0-9a-f:.]{2,45}/[0-9]{1,3}", _to_prefix("prefix")),
        _shaped("6rd-relay_prefix", r"[0-9.]{7,15}/[0-9]{1,2}", _to_prefix("relay_prefix")),
        *_TUNNEL,
    ),
    "ip6tnl": _options(
        _addresses("remote local"),
        _shaped("", r"ipip6|ip6ip6|any", lambda text: {"proto": text}),
        *_TUNNEL_IPV6,
        *_TUNNEL,
    ),
    "gre": _options(*_GRE, *_TUNNEL),
    "ip6gre": _options(*_GRE, *_TUNNEL_IPV6, *_TUNNEL),
    "vti": _options(_addresses("remote local"), *_TUNNEL),
    "xfrm": _options(_flags("external"), _words("if_id")),
    "hsr": _options(
        _words("slave1 slave2 supervision:supervision_addr interlink"),
        _numbers("sequence:seq_nr proto version"),
    ),
    "netkit": _options(_words("mode type policy peer_policy scrub peer_scrub")),
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
_WORD = re.compile(r"[ \t]*([^ \t]+)")


class Details(NamedTuple):
    """What one line says in detail.

    Attributes:
        of_kind: the settings of the kind.
        other_of_kind: what else stands where these are, as it stands there.
        of_link: the settings that every link has.
        other_of_link: what else stands among these.
    """

    of_kind: _Fields
    other_of_kind: str | None
    of_link: _Fields
    other_of_link: str | None


def read_details(text: str, position: int = 0, kind: str = "") -> Details:
    """Read a line from a position on: first the settings of the kind, if any, then those of the link.

    Raises:
        BadValue: an address is none.
    """
    options = _KINDS.get(_SAME_OPTIONS.get(kind, kind))
    of_kind: _Fields = {}
    of_link: _Fields = {}
    others: tuple[list[str], list[str]] = ([], [])
    in_link = not kind
    while position < len(text):
        if not in_link and options and (read := options.read(text, position)):
            _merge(of_kind, read[0])
        elif read := _COMMON.read(text, position):
            _merge(of_link, read[0])
            in_link = True
        elif unknown := _WORD.match(text, position):
            others[in_link].append(unknown[1])
            position = unknown.end()
            continue
        else:
            break
        position = read[1]
    return Details(of_kind, " ".join(others[0]) or None, of_link, " ".join(others[1]) or None)


def _merge(fields: _Fields, more: _Fields) -> None:
    for key, value in more.items():
        if isinstance(value, dict):
            fields[key] = {**fields.get(key, {}), **value}
        else:
            fields[key] = value
