"""What becomes of packets in recorded tables, judged by the traffic that was sent through the same tables.

Each recording of a mode says in `capture.toml` who asked whom, and with which address the asked one saw it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import attrs
import pytest

from aksparse import Known, Unknown, Wiring, build_wiring, describe, load_capture, parse_iptables, parse_iptables_save
from aksparse.architecture.source_nat import SourceNat
from aksparse.capture.model import Address
from aksparse.netfilter.matches.kernel import SetMatch
from aksparse.netfilter.matches.rates import StatisticMatch
from aksparse.netfilter.packets import Packet, Verdict, becomes
from aksparse.netfilter.rules import Match
from aksparse.netfilter.targets import ToOption
from aksparse.tokens import to_ip
from aksparse.wiring.model import HostRoute

MODES = Path(__file__).parents[1] / "corpus/modes"
RECORDINGS = sorted(MODES.glob("lab-*"))
ASKED = re.compile(r"# ([^:]+): (\S+) asked (\S+)/(tcp|udp)/(\d+), seen (?:at (\S+) )?from (\S+)$", re.MULTILINE)


class Asked(NamedTuple):
    kind: str
    asker: str
    asked: Address
    protocol: str
    port: int
    seen_at: Address
    seen_from: Address


def traffic(directory: Path) -> list[Asked]:
    text = (directory / "capture.toml").read_text()
    found = []
    for kind, asker, asked, protocol, port, at, source in ASKED.findall(text):
        found.append(Asked(kind, asker, to_ip(asked), protocol, int(port), to_ip(at or asked), to_ip(source)))
    return found


@cache
def wiring_of(directory: Path) -> Wiring:
    return build_wiring(load_capture(directory))


def route_to(wiring: Wiring, address: Address) -> HostRoute:
    fitting = [r for r in wiring.routes if r.network.version == address.version and address in r.network]
    return max(fitting, key=lambda route: (route.network.prefixlen, -(route.metric or 0)))


def address_on(wiring: Wiring, route: HostRoute, version: int) -> Address:
    """The address that the node itself sends from by a route."""
    if route.source is not None:
        return route.source
    link = wiring.link(route.dev or "")
    found = [interface.ip for interface in link.addresses if interface.version == version] if link else []
    found = [address for address in found if not address.is_link_local]
    if found:
        return found[0]
    default = next(r for r in wiring.routes if r.is_default and r.network.version == version)
    return next(
        interface.ip
        for link in wiring.links
        if link.ifname == default.dev
        for interface in link.addresses
        if interface.version == version and not interface.ip.is_link_local
    )


def outcomes(wiring: Wiring, packet: Packet, chain: str) -> Iterator[Verdict]:
    """What can become of a packet, as chance has it."""
    table = wiring.table("nat", packet.source.version)
    assert table is not None
    chains = {chain.name: chain for chain in table.chains if chain.name}
    pods = wiring.capture.manifest.network.pod_cidr
    for luck in (True, False):

        def guess(match: Match, luck: bool = luck) -> bool | None:
            if isinstance(match, StatisticMatch):
                return luck
            if isinstance(match, SetMatch) and match.match_set in ("cali40masq-ipam-pools", "cali40all-ipam-pools"):
                assert pods is not None
                address = packet.source if match.flags == ("src",) else packet.destination
                return (address in pods) != bool(match.negated)
            return None

        yield becomes(packet, chain, chains, guess)


def to_of(verdict: Verdict) -> Address:
    (option,) = [option for option in verdict.path[-1].target_options if isinstance(option, ToOption)]
    assert option.address is not None
    return option.address


def arrives(wiring: Wiring, asked: Asked) -> set[tuple[Address, Address]]:
    """With which destination and source a packet leaves the node."""
    version = asked.asked.version
    of_node = asked.kind.startswith("node")
    pods = {pod.name: pod for pod in wiring.pods}
    pod = None if of_node else pods[asked.asker]
    route = route_to(wiring, asked.asked)
    own = {interface.ip for link in wiring.links for interface in link.addresses}
    source = (
        next(address for address in pod.addresses if address.version == version)
        if pod is not None
        else address_on(wiring, route, version)
    )
    packet = Packet(
        source=source,
        destination=asked.asked,
        protocol=asked.protocol,
        dport=asked.port,
        in_interface="" if pod is None else pod.bridge or pod.host_link,
        out_interface=route.dev if of_node else None,
        source_is_local=of_node,
        destination_is_local=asked.asked in own,
    )
    found = set()
    for first in outcomes(wiring, packet, "OUTPUT" if of_node else "PREROUTING"):
        assert first.open is None
        destination = to_of(first) if first.target == "DNAT" else packet.destination
        out = route_to(wiring, destination)
        leaving = attrs.evolve(
            packet,
            destination=destination,
            in_interface=None,
            out_interface=out.dev,
            mark=first.mark,
            destination_is_local=destination in own,
        )
        for last in outcomes(wiring, leaving, "POSTROUTING"):
            assert last.open is None
            if last.target == "MASQUERADE":
                found.add((destination, address_on(wiring, out, version)))
            else:
                found.add((destination, to_of(last) if last.target == "SNAT" else source))
    return found


def asked_of(directory: Path) -> list[Asked]:
    """What the node and its own pods asked; of the other node there are no rules."""
    wiring = wiring_of(directory)
    askers = {wiring.capture.manifest.node, *(pod.name for pod in wiring.pods)}
    return [asked for asked in traffic(directory) if asked.asker in askers]


@pytest.mark.parametrize("directory", RECORDINGS, ids=lambda path: path.name)
def test_every_packet_that_was_seen_arrives_as_the_recorded_tables_have_it(directory: Path) -> None:
    asked = asked_of(directory)
    assert len(asked) >= 9
    for each in asked:
        ways = arrives(wiring_of(directory), each)
        assert (each.seen_at, each.seen_from) in ways, each
        assert "service" in each.kind or len(ways) == 1


@pytest.mark.parametrize("directory", RECORDINGS, ids=lambda path: path.name)
def test_the_source_nat_that_is_told_is_the_one_that_was_seen(directory: Path) -> None:
    wiring = wiring_of(directory)
    fact = describe(wiring).source_nat
    assert isinstance(fact, Known)
    of_node = {interface.ip for link in wiring.links for interface in link.addresses}
    versions = sorted({asked.asked.version for asked in asked_of(directory)})
    for version, told in zip(versions, (fact.value, fact.value.ipv6), strict=False):
        assert isinstance(told, SourceNat)
        seen = {"outside": 0, "exempt": 0}
        for asked in (asked for asked in asked_of(directory) if asked.asked.version == version):
            exempt = [network for network in told.networks if asked.asked in network]
            if asked.kind == "pod to outside":
                assert not exempt
                assert asked.seen_from in of_node
                seen["outside"] += 1
            elif asked.kind.startswith("pod to pod") and exempt:
                assert asked.seen_from not in of_node
                seen["exempt"] += 1
        assert seen["outside"] >= 3
        assert seen["exempt"] or not told.networks or "bridge" in directory.name


@pytest.mark.parametrize("directory", RECORDINGS, ids=lambda path: path.name)
def test_the_source_that_is_told_of_the_nodes_own_packets_is_the_one_that_was_seen(directory: Path) -> None:
    wiring = wiring_of(directory)
    own = wiring.link(str(wiring.default_route.dev if wiring.default_route else ""))
    links = {
        "the node's address": [own],
        "the bridge's address": [wiring.link(name) for name in ("cbr0", "cni0")],
        "the tunnel's address": [wiring.link(name) for name in ("tunl0", "flannel.1", "vxlan.calico")],
        "the address of the pod's link": [wiring.link(str(pod.host_link)) for pod in wiring.pods],
    }
    addresses = {
        role: {interface.ip for link in found if link is not None for interface in link.addresses}
        for role, found in links.items()
    }
    architecture = describe(wiring)
    facts = {"node to pod, same node": architecture.local_pods, "node to pod, other node": architecture.remote_pods}
    kinds = set()
    for asked in asked_of(directory):
        if asked.kind in facts:
            fact = facts[asked.kind]
            assert isinstance(fact, Known)
            told: Any = fact.value if asked.asked.version == 4 or "ipv6" in directory.name else fact.value.ipv6
            assert [role for role in addresses if asked.seen_from in addresses[role]] == [told.from_node]
            kinds.add(asked.kind)
    assert kinds == set(facts)


HEAD = "*nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n"
MARK = "-A POSTROUTING -j MARK --set-xmark 0x4000/0x4000"
CLEARED = "-A POSTROUTING -j MARK --set-xmark 0x4000/0x0"
MARKED = "-A POSTROUTING -m mark --mark 0x4000/0x4000 -j MASQUERADE"
ALL = "-A POSTROUTING -j MASQUERADE"


def verdict_of(*rules: str, dport: int | None = 80) -> Verdict:
    """What becomes of a packet from 10.244.0.7 to 10.9.0.1, tcp 80, through eth0."""
    names = {rule.split()[1] for rule in rules} - {"POSTROUTING"}
    kept = [rule for rule in rules if not rule.startswith("-N ")]
    text = HEAD + "".join(f":{name} - [0:0]\n" for name in sorted(names)) + "".join(f"{rule}\n" for rule in kept)
    chains = {chain.name: chain for chain in parse_iptables_save(text + "COMMIT\n") if chain.name}
    packet = Packet(source=to_ip("10.244.0.7"), destination=to_ip("10.9.0.1"), dport=dport, out_interface="eth0")
    return becomes(packet, "POSTROUTING", chains)


@pytest.mark.parametrize(
    ("rules", "target"),
    [
        ([ALL], "MASQUERADE"),
        (["-A POSTROUTING -d 10.0.0.0/8 -j RETURN", ALL], None),
        (["-A POSTROUTING ! -d 10.0.0.0/8 -j MASQUERADE"], None),
        (["-A POSTROUTING -s 10.244.0.0/16 ! -o docker0 -j MASQUERADE"], "MASQUERADE"),
        (["-A POSTROUTING -o eth+ -j MASQUERADE"], "MASQUERADE"),
        (["-A POSTROUTING -o azv+ -j MASQUERADE"], None),
        (["-A POSTROUTING -p udp -j MASQUERADE"], None),
        (["-A POSTROUTING -p tcp -m tcp --dport 443 -j MASQUERADE"], None),
        (["-A POSTROUTING -p tcp -m tcp --dport 1:99 -j MASQUERADE"], "MASQUERADE"),
        (["-A POSTROUTING -p tcp -m tcp ! --dport 80 -j MASQUERADE"], None),
        (["-A POSTROUTING -m addrtype ! --dst-type LOCAL -j MASQUERADE"], "MASQUERADE"),
        (["-A POSTROUTING -m addrtype --src-type LOCAL -j MASQUERADE"], None),
        # A chain that returns goes on behind the rule that led to it; with -g, behind the one before.
        (["-A POSTROUTING -j A", ALL, "-A A -j RETURN", "-A A -j ACCEPT"], "MASQUERADE"),
        (["-A POSTROUTING -g A", ALL, "-A A -d 10.9.9.9/32 -j ACCEPT"], None),
        (["-A POSTROUTING -j A", "-A A -j B", "-A A -j SNAT --to-source 1.2.3.4", "-A B -j RETURN"], "SNAT"),
        # A mark that is set is seen by the rules behind, until it is cleared.
        ([MARK, MARKED], "MASQUERADE"),
        ([MARK, MARK, MARKED], "MASQUERADE"),
        ([MARK, CLEARED, MARKED], None),
        ([MARKED], None),
        ([MARK, "-A POSTROUTING -m mark ! --mark 0x4000/0x4000 -j MASQUERADE"], None),
        (["-A POSTROUTING -m mark --mark 0x0 -j MASQUERADE"], "MASQUERADE"),
        (
            ["-A POSTROUTING -j MARK --set-xmark 0x3/0x3", "-A POSTROUTING -m mark --mark 0x3 -j MASQUERADE"],
            "MASQUERADE",
        ),
        ([MARK, "-A POSTROUTING -j MARK --set-xmark 0x0/0xffffff00", MARKED], None),
        ([MARK, "-A POSTROUTING -j MARK --set-xmark 0x1/0xffffffff", MARKED], None),
        ([MARK, "-A POSTROUTING -j MARK --set-xmark 0x1/0xff", MARKED], "MASQUERADE"),
        # What a target only notes, or does to the connection, is nothing to the packet.
        (["-A POSTROUTING -j LOG", "-A POSTROUTING -j NFLOG", ALL], "MASQUERADE"),
        (["-A POSTROUTING -m statistic --mode nth --every 2 --packet 0 -j CONNMARK --save-mark", ALL], "MASQUERADE"),
        (["-A POSTROUTING -j TEE --gateway 10.0.0.9", "-A POSTROUTING -j SET --add-set seen src", ALL], "MASQUERADE"),
        (["-A POSTROUTING -j NETMAP --to 10.7.0.0/16"], "NETMAP"),
        # The packet is the first of its connection.
        (["-A POSTROUTING -m conntrack --ctstate NEW,RELATED -j MASQUERADE"], "MASQUERADE"),
        (["-A POSTROUTING -m conntrack --ctstate ESTABLISHED -j ACCEPT", ALL], "MASQUERADE"),
        (["-A POSTROUTING -m conntrack ! --ctstate INVALID -j MASQUERADE"], "MASQUERADE"),
        (["-A POSTROUTING -m nfacct --nfacct-name packets -j MASQUERADE"], "MASQUERADE"),
        (["-A POSTROUTING -m recent --set --name A --mask 255.255.255.255 --rsource -j MASQUERADE"], "MASQUERADE"),
        (["-A POSTROUTING -s 10.0.0.0/16 -j ACCEPT", ALL], "MASQUERADE"),
        # A chain without rules is left as it was entered, but for one that is gone to.
        (["-A POSTROUTING -m set --match-set pods src -j A", ALL, "-N A"], "MASQUERADE"),
        (["-A POSTROUTING -g A", ALL, "-N A"], None),
    ],
)
def test_the_first_rule_that_matches_decides(rules: list[str], target: str | None) -> None:
    found = verdict_of(*rules)
    assert (found.target, found.open) == (target, None)


@pytest.mark.parametrize(
    "rules",
    [
        ["-A POSTROUTING -m set --match-set pods src -j MASQUERADE"],
        ["-A POSTROUTING -m statistic --mode random --probability 0.5 -j MASQUERADE"],
        ['-A POSTROUTING -m u32 --u32 "0x0=0x1" -j ACCEPT', ALL],
        ["-A POSTROUTING -j A", "-A A -j B", "-A B -j A"],
        ["-A POSTROUTING -m set --match-set pods src -g A", ALL, "-N A"],
        ["-A POSTROUTING -i cbr0 -j ACCEPT", ALL],
        ["-A POSTROUTING -s pods.example -j ACCEPT", ALL],
        ["-A POSTROUTING -p tcp -m tcp --sport 99 -j ACCEPT", ALL],
        ["-A POSTROUTING -p tcp -m tcp --tcp-flags SYN,ACK SYN -j ACCEPT", ALL],
        ["-A POSTROUTING -p tcp -m tcp --tcp-option 5 -j ACCEPT", ALL],
        ["-A POSTROUTING -p tcp -m tcp --dport http -j ACCEPT", ALL],
        ["-A POSTROUTING -p tcp -m tcp --dport 1:http -j ACCEPT", ALL],
        ["-A POSTROUTING -m addrtype --dst-type BROADCAST -j ACCEPT", ALL],
        ["-A POSTROUTING -m conntrack --ctstate NEW --ctproto 6 -j ACCEPT", ALL],
        ["-A POSTROUTING -m recent --rcheck --name A --mask 255.255.255.255 --rsource -j ACCEPT", ALL],
        ["-A POSTROUTING -m unheard-of --of -j ACCEPT", ALL],
        ["-A POSTROUTING -j UNHEARD", ALL],
        ["-A POSTROUTING -j NFQUEUE --queue-num 1", ALL],
        ["-A POSTROUTING -j CONNMARK --restore-mark", MARKED],
    ],
)
def test_what_a_packet_alone_does_not_tell_leaves_it_open(rules: list[str]) -> None:
    found = verdict_of(*rules)
    assert found.target is None
    assert found.open is not None


def test_a_port_that_is_not_known_leaves_a_rule_for_ports_open() -> None:
    rule = "-A POSTROUTING -p tcp -m tcp --dport 80 -j ACCEPT"
    assert verdict_of(rule, dport=None).open is not None
    assert verdict_of("-A POSTROUTING -p tcp -m tcp -j ACCEPT", dport=None).target == "ACCEPT"


def test_names_and_interfaces_that_a_listing_does_not_show_leave_it_open() -> None:
    packet = Packet(source=to_ip("10.244.0.7"), destination=to_ip("10.9.0.1"), out_interface="eth0")
    found = []
    for columns in ("* * anywhere anywhere", "* * node-1 anywhere", "anywhere anywhere"):
        head = "in out source" if columns.startswith("*") else "source"
        text = f"Chain X (policy ACCEPT)\n{'pkts bytes ' * ('in' in head)}target prot opt {head} destination\n"
        (chain,) = parse_iptables(f"{text}{'0 0 ' * ('in' in head)}ACCEPT all -- {columns}")
        found.append(becomes(packet, "X", {"X": chain}).target)
    assert found == ["ACCEPT", None, None]


def test_chains_that_fan_out_without_end_are_left_open() -> None:
    rules = ["-A POSTROUTING -j C0"]
    for depth in range(40):
        rules += [f"-A C{depth} -j C{depth + 1}"] * 2
    assert verdict_of(*rules, "-A C40 -d 1.1.1.1/32 -j ACCEPT").open is not None


AGENT = '-A POSTROUTING -m comment --comment "ip-masq-agent'


def source_nat_with(directory: Path, *rules: str, agent: bool = True) -> Known[SourceNat] | Unknown:
    """The source NAT of a node of kubenet, with more rules before those of its agent, or in their place."""
    source = MODES / "lab-kubenet-containerd"
    for name in ("ip_addr.txt", "ip_route.txt", "capture.toml", "pod_1_ip_addr.txt"):
        directory.joinpath(name).write_text((source / name).read_text())
    lines = (source / "iptables_save.txt").read_text().splitlines()
    at = next(index for index, line in enumerate(lines) if line.startswith(AGENT))
    kept = [line for line in lines[at:] if agent or "IP-MASQ-AGENT" not in line]
    directory.joinpath("iptables_save.txt").write_text("\n".join([*lines[:at], *rules, *kept]) + "\n")
    return describe(build_wiring(load_capture(directory))).source_nat


def test_a_rule_before_the_agents_that_translates_leaves_less_exempt(tmp_path: Path) -> None:
    fact = source_nat_with(tmp_path, "-A POSTROUTING -d 10.220.0.0/16 -j MASQUERADE")
    assert isinstance(fact, Known)
    assert [str(network) for network in fact.value.networks] == ["10.244.0.0/16", "10.0.0.0/16"]
    assert fact.value.exempt == ("the pod CIDR", "the service CIDR", "the node's own addresses")


def test_a_rule_before_the_agents_that_accepts_all_leaves_nothing_translated(tmp_path: Path) -> None:
    fact = source_nat_with(tmp_path, "-A POSTROUTING -s 10.244.0.0/16 -j ACCEPT")
    assert isinstance(fact, Known)
    assert (fact.value.mechanism, fact.value.networks) == ("nobody", ())
    assert "-s 10.244.0.0/16 -j ACCEPT" in fact.evidence[-1].text


def test_without_any_rule_for_it_nothing_is_translated_if_all_was_listed(tmp_path: Path) -> None:
    fact = source_nat_with(tmp_path, agent=False)
    assert isinstance(fact, Known)
    assert fact.value.mechanism == "nobody"
    saved = tmp_path / "iptables_save.txt"
    saved.write_text(saved.read_text().replace("COMMIT", "#"))
    assert isinstance(describe(build_wiring(load_capture(tmp_path))).source_nat, Unknown)


def test_a_listing_without_interfaces_does_not_show_that_nothing_is_translated(tmp_path: Path) -> None:
    """`-o lo -j RETURN` looks as if it were for all packets."""
    fact = source_nat_with(tmp_path, "-A POSTROUTING -o lo -j RETURN")
    assert isinstance(fact, Known)
    assert fact.value.mechanism == "ip-masq-agent"
    listing = (MODES / "lab-kubenet-containerd/iptables_t_nat_nvL.txt").read_text()
    plain = re.sub(r"^ *(?:pkts +bytes|\d+ +\d+) (.{10,}?) (?:in +out|\* +\*) +", r"\1 ", listing, flags=re.MULTILINE)
    plain = plain.replace("KUBE-POSTROUTING  0", "RETURN  0    --  0.0.0.0/0  0.0.0.0/0\nKUBE-POSTROUTING  0", 1)
    (tmp_path / "iptables_save.txt").unlink()
    (tmp_path / "iptables_t_nat_nL.txt").write_text(plain)
    wiring = build_wiring(load_capture(tmp_path))
    table = wiring.table("nat")
    assert table is not None
    assert (table.whole, table.interfaces_listed) == (True, False)
    fact = describe(wiring).source_nat
    assert isinstance(fact, Known)
    assert fact.value.mechanism == "ip-masq-agent"


def test_rules_of_a_chain_that_nobody_is_known_for_are_followed(tmp_path: Path) -> None:
    own = ["-A POSTROUTING -j OWN-NAT", "-A OWN-NAT -d 10.244.0.0/16 -j RETURN", "-A OWN-NAT -j MASQUERADE"]
    fact = source_nat_with(tmp_path, *own, agent=False)
    assert isinstance(fact, Known)
    assert (fact.value.mechanism, fact.value.exempt) == ("rules of OWN-NAT", ("the pod CIDR",))
    assert "-A OWN-NAT -j MASQUERADE" in {line.text for line in fact.evidence}
