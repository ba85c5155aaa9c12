"""Random links and addresses in network namespaces: the same for the same seed, on the same kernel.

What to do is worked out first and done by one `ip -batch` per namespace and stage. The kernel may refuse any of it (a
kind it lacks, a duplicate, a loop); what is there after each stage decides about the next.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tests.real.conftest import Namespace

# Nothing is sent by itself, so that counters come to rest; `$1` is how often an address is probed for.
QUIET = """
for place in default all; do
    cd /proc/sys/net/ipv6/conf/$place
    echo 0 > router_solicitations
    echo $1 > dad_transmits
    echo 3600000 > mldv2_unsolicited_report_interval
    echo 3600000 > mldv1_unsolicited_report_interval
done
"""
IP_BATCH = "ip -force -batch - 2>/dev/null\n"
TC_BATCH = 'printf "%s\\n" "$1" | tc -force -batch - 2>/dev/null\n'
LIST = "ip -j -d link"
MOVABLE = ("macvlan", "vxlan", "veth")
LETTERS = "abcxyzABC0123456789"
ODD = "._-+,=~^!?*()[]{}<>|&;$%'\"\\é"
LONGER_THAN_A_DAY = 90000


class Topology:
    """Namespaces side by side, and what random steps make of them."""

    def __init__(self, seed: int, namespaces: Sequence[Namespace]) -> None:
        self.random = random.Random(seed)
        self.namespaces = namespaces
        # The last "@" in the text separates a name from its link: a name with one needs a link, and must be no other's
        # link, not even seemingly: with `-6` the text shows a wrong name where the link is in another namespace.
        self.at_signs = self.one("", "@@@")
        self.names: set[str] = set()
        self.ports: set[str] = (
            set()
        )  # what may be put into a bridge: of two ends only one, lest packets go round for ever

    def build(self) -> None:
        for namespace in self.namespaces:
            probes = self.random.choice("001")
            links = [self.new_link() for _ in range(self.random.randint(3, 7))]
            kinds = self.do(namespace, QUIET + IP_BATCH + LIST, probes, lines=links)
            upper = [self.new_upper_link(list(kinds)) for _ in range(self.random.randint(1, 4)) if kinds]
            kinds = self.do(namespace, IP_BATCH + LIST, lines=upper)
            movable = [name for name, kind in kinds.items() if kind in MOVABLE]
            if movable and not self.at_signs and not self.random.randrange(3):
                there = self.random.choice(self.namespaces)
                self.do(
                    namespace, IP_BATCH + LIST, lines=[f"link set dev {self.random.choice(movable)} netns {there.name}"]
                )
        for namespace in self.namespaces:
            kinds = self.do(namespace, LIST)
            lines = [line for name, kind in kinds.items() for line in self.settings(name, kind, kinds)]
            lines += [self.address(self.random.choice([*kinds, "lo"])) for _ in range(self.random.randint(2, 10))]
            self.random.shuffle(lines)
            lines += [f"link set dev {name} up" for name in kinds if self.random.randrange(4)]
            qdiscs = [self.qdisc(name) for name in kinds if not self.random.randrange(4)]
            self.do(namespace, IP_BATCH + TC_BATCH + LIST, "\n".join(qdiscs), lines=lines)

    def do(self, namespace: Namespace, script: str, *arguments: str, lines: Iterable[str] = ()) -> dict[str, str]:
        """Run a script that ends with `LIST`; the links there are then, each with its kind."""
        printed = namespace.run("sh", "-c", script, "sh", *arguments, text=" \n".join((*lines, "")))
        links = [(link["ifname"], link.get("linkinfo", {})) for link in json.loads(printed)]
        return {name: linkinfo["info_kind"] for name, linkinfo in links if "info_kind" in linkinfo}

    def one(self, *choices: Any) -> Any:
        return self.random.choice(choices)

    def number(self, low: int, high: int) -> int:
        return self.random.choice((low, high, self.random.randint(low, high)))

    def some(self, *options: str) -> list[str]:
        """A few of the options, in any order."""
        return self.random.sample(options, self.random.choice((0, 0, 1, 2, min(4, len(options)))))

    def name(self, longest: int = 15, odd: str = ODD) -> str:
        characters = LETTERS + (odd if not self.random.randrange(3) else "")
        length = self.random.randint(0, longest - 2)
        name = "".join(self.random.choice(characters) for _ in range(length))
        while len(name.encode()) > longest - 1:
            name = name[:-1]
        name = self.random.choice("vwxyz") + name  # neither an option, nor a word of `ip`, nor `ifN`
        if name in self.names:
            return self.name(longest, odd)
        self.names.add(name)
        return name

    def mac(self) -> str:
        return "02:" + ":".join(f"{self.random.randrange(256):02x}" for _ in range(5))

    def ipv4(self) -> str:
        return ".".join(["10", *(str(self.random.randrange(256)) for _ in range(3))])

    def ipv6(self) -> str:
        return ":".join(["2001", "db8", *(f"{self.one(0, 0, 1, 0xABC):x}" for _ in range(6))])

    def new_link(self) -> str:
        there = self.random.choice(self.namespaces)
        far = "veth" if self.at_signs else "far veth"
        kind = self.one("veth", "veth", far, far, "bridge", "bridge", "vxlan", "tuntap", "ifb", "dummy")
        name = self.name()
        if kind != "bridge":
            self.ports.add(name)
        queues = " ".join(self.some("numtxqueues 3", "numrxqueues 2", f"index {self.number(100, 2**31 - 1)}"))
        if kind == "veth":
            return f"link add {queues} name {name} type veth peer name {self.name()}"
        if kind == "far veth":
            return f"link add {queues} name {name} type veth peer name {self.name()} netns {there.name}"
        if kind == "tuntap":
            owner = " ".join(self.some("user 1000", "group 100", "user 0", "pi", "vnet_hdr", "multi_queue"))
            return f"tuntap add dev {name} mode {self.one('tun', 'tap')} {owner}"
        if kind == "vxlan":
            return f"link add {queues} name {name} type vxlan {self.vxlan()}"
        return f"link add {queues} name {name} type {kind}"

    def vxlan(self, lower: str = "") -> str:
        if not self.random.randrange(6):
            return f"external dstport {self.number(1, 65535)} " + " ".join(self.some("gbp", "gpe", "vnifilter"))
        options = self.some(
            f"ttl {self.one('inherit', 'auto', 1, 255)}",
            f"tos {self.one('inherit', '0x10', '0xfc')}",
            f"df {self.one('set', 'unset', 'inherit')}",
            f"ageing {self.number(0, 10**9)}",
            f"maxaddress {self.number(1, 10**6)}",
            f"srcport {self.number(1, 1000)} {self.number(1000, 65535)}",
            *("nolearning", "proxy", "rsc", "l2miss", "l3miss", "gbp", "noudpcsum", "remcsumtx", "remcsumrx"),
            *("udp6zerocsumtx", "udp6zerocsumrx", "nolocalbypass"),
        )
        where = self.one(
            "",
            f"remote {self.ipv4()}",
            f"local {self.ipv4()}",
            f"remote {self.ipv6()} local {self.ipv6()} flowlabel {self.one('0x5', '0xfffff')}",
        )
        if lower:
            where = self.one(f"group 239.1.1.{self.number(0, 255)} dev {lower}", f"group ff05::1 dev {lower}")
        return f"id {self.number(0, 2**24 - 1)} dstport {self.number(1, 65535)} {where} {' '.join(options)}"

    def new_upper_link(self, lower: list[str]) -> str:
        kind = self.one("macvlan", "macvlan", "macvtap", "vxlan", "vlan", "ipvlan")
        name, below = self.name(odd=ODD + self.at_signs * (kind != "vxlan")), self.random.choice(lower)
        if kind == "vxlan":
            return f"link add name {name} type vxlan {self.vxlan(below)}"
        options = {
            "vlan": f"id {self.number(1, 4094)}",
            "ipvlan": f"mode {self.one('l2', 'l3', 'l3s')}",
        }.get(kind, f"mode {self.one('private', 'vepa', 'bridge', 'source', 'passthru')} {self.one('', 'nopromisc')}")
        return f"link add link {below} name {name} type {kind} {options}"

    def settings(self, name: str, kind: str, kinds: dict[str, str]) -> list[str]:
        settings = self.some(
            f"mtu {self.number(68, 9000)}",
            f"txqueuelen {self.number(0, 2**31 - 1)}",
            f"group {self.number(0, 2**31 - 1)}",
            f"address {self.mac()}",
            f"broadcast {self.mac()}",
            f"alias {self.alias()}",
            f"addrgenmode {self.one('none', 'eui64', 'random')}",
            f"mode {self.one('dormant', 'default')}",
            f"state {self.one('unknown', 'notpresent', 'down', 'lowerlayerdown', 'testing', 'dormant', 'up')}",
            f"gso_max_size {self.number(1, 65536)}",
            f"gso_max_segs {self.number(1, 65535)}",
            f"gro_max_size {self.number(1, 200000)}",
            *("promisc on", "allmulticast on", "multicast off", "arp off", "dynamic on", "trailers off"),
            f"protodown_reason {self.number(0, 31)} on",
            *("protodown on", "carrier off"),
        )
        lines = [f"link set dev {name} {setting}" for setting in settings]
        bridges = [other for other, of in kinds.items() if of == "bridge"]
        if bridges and name in self.ports and self.random.randrange(2):
            lines.append(f"link set dev {name} master {self.random.choice(bridges)}")
            lines += [f"link set dev {name} type bridge_slave {option}" for option in self.bridge_port(list(kinds))]
        if kind == "bridge":
            lines += [f"link set dev {name} type bridge {option}" for option in self.bridge()]
        if kind in ("macvlan", "macvtap"):
            lines += [f"link set dev {name} type {kind} macaddr add {self.mac()}" for _ in range(self.number(0, 3))]
            lines += [f"link set dev {name} type {kind} {o}" for o in self.some("bcqueuelen 5", "bclim 7", "bclim -1")]
        if not self.random.randrange(3):
            altnames = " ".join(f"altname {self.name(self.number(5, 120))}" for _ in range(self.number(1, 3)))
            lines.append(f"link property add dev {name} {altnames}")
        return lines

    def alias(self) -> str:
        words = [self.name(20) for _ in range(self.number(1, 6))]
        words += self.some("mtu", "altname", "inet", "", "", "veth", "RX:", "alias", "\\", "5:")
        self.random.shuffle(words)
        return "'" + " ".join(words).replace("'", "")[:200] + "'"

    def bridge(self) -> list[str]:
        return self.some(
            f"forward_delay {self.number(200, 3000)}",
            f"hello_time {self.number(100, 1000)}",
            f"max_age {self.number(600, 4000)}",
            f"ageing_time {self.number(0, 10**7)}",
            f"priority {self.number(0, 65535)}",
            f"group_fwd_mask {self.one('0x8', '0xfff8')}",
            "group_address 01:80:c2:00:00:0e",
            f"mcast_router {self.number(0, 2)}",
            f"mcast_hash_max {self.one(16, 1024)}",
            f"mcast_last_member_count {self.number(1, 100)}",
            f"mcast_last_member_interval {self.number(1, 10**6)}",
            f"mcast_querier_interval {self.number(1, 10**6)}",
            f"mcast_query_interval {self.number(100, 10**6)}",
            f"mcast_startup_query_count {self.number(0, 9)}",
            f"mcast_igmp_version {self.one(2, 3)}",
            f"mcast_mld_version {self.one(1, 2)}",
            f"fdb_max_learned {self.number(0, 10**6)}",
            f"vlan_default_pvid {self.number(0, 4094)}",
            f"vlan_protocol {self.one('802.1Q', '802.1ad')}",
            *("stp_state 1", "vlan_filtering 1", "vlan_stats_enabled 1", "mcast_snooping 0", "mcast_querier 1"),
            *("mcast_query_use_ifaddr 1", "mcast_stats_enabled 1", "nf_call_iptables 1", "nf_call_ip6tables 1"),
            *("nf_call_arptables 1", "no_linklocal_learn 1", "mcast_vlan_snooping 1"),
        )

    def bridge_port(self, names: list[str]) -> list[str]:
        switches = (
            *("hairpin", "guard", "root_block", "fastleave", "learning", "flood", "proxy_arp", "proxy_arp_wifi"),
            *("mcast_fast_leave", "mcast_flood", "bcast_flood", "mcast_to_unicast", "neigh_suppress", "vlan_tunnel"),
            *("isolated", "locked", "mab", "neigh_vlan_suppress"),
        )
        return self.some(
            *(f"{switch} {self.one('on', 'off')}" for switch in switches),
            f"state {self.number(0, 4)}",
            f"priority {self.number(0, 63)}",
            f"cost {self.number(1, 65535)}",
            f"mcast_router {self.number(0, 3)}",
            f"group_fwd_mask {self.one('0x8', '0xfff8', '0x4008')}",
            f"mcast_max_groups {self.number(0, 1000)}",
            f"backup_port {self.random.choice(names)}",
            f"backup_nhid {self.number(0, 9)}",
        )

    def address(self, link: str) -> str:
        if self.random.randrange(2):
            words, peer = self.ipv4_address(link)
        else:
            words, peer = self.ipv6_address()
        if not self.random.randrange(4):
            words = [words[0].partition("/")[0], "peer", peer, *words[1:]]
        valid = self.number(LONGER_THAN_A_DAY, 2**32 - 2)
        preferred = self.one(0, valid, self.random.randint(LONGER_THAN_A_DAY, valid))
        words += self.one([], [], ["noprefixroute"], ["valid_lft", str(valid), "preferred_lft", str(preferred)])
        words += self.one([], [], [], ["metric", str(self.number(1, 2**32 - 1))])
        return f"addr add {' '.join(words)} dev {link}"

    def ipv4_address(self, link: str) -> tuple[list[str], str]:
        words = [f"{self.ipv4()}/{self.number(0, 32)}"]
        if not self.random.randrange(6):
            words = [f"239.2.{self.number(0, 255)}.1/32", "autojoin"]
        words += self.one([], ["brd", "+"], ["brd", "-"], ["brd", self.ipv4()], ["broadcast", "255.255.255.255"])
        words += self.one([], [], ["label", f"{link}:{self.name(4)}"[:15]])
        words += self.one([], [], ["scope", "link"], ["scope", str(self.number(0, 255))])
        return words, self.one("10.3.3.3", "10.3.3.3/32", "10.3.3.3/7")

    def ipv6_address(self) -> tuple[list[str], str]:
        words = [
            f"{self.one(self.ipv6(), self.ipv6(), '::ffff:1.2.3.4', 'fe80::5:5', 'fec0::1')}/{self.number(1, 128)}"
        ]
        words += self.some("nodad", "home", "mngtmpaddr", "optimistic")
        return words, self.one("2001:db8:f::1", "2001:db8:f::1/128", "2001:db8:f::/7")

    def qdisc(self, link: str) -> str:
        kind = self.one(
            "root htb default 1",
            "root tbf rate 1mbit burst 32k latency 50ms",
            "root pfifo limit 9",
            "root bfifo",
            "root fq_codel",
            "root noqueue",
            "ingress",
            "clsact",
        )
        return f"qdisc replace dev {link} {kind}" if "root" in kind else f"qdisc add dev {link} {kind}"


def build(seed: int, make_namespace: Callable[[], Namespace], count: int) -> list[Namespace]:
    """So many namespaces with random links and addresses, some of them between two."""
    namespaces = [make_namespace() for _ in range(count)]
    Topology(seed, namespaces).build()
    return namespaces
