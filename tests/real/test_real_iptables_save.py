"""A listing and `iptables-save` of the same table give the same rules, but for what a listing hides.

The rules are random and use every extension that has a type, nft and legacy, IPv4 and IPv6. What the kernel at hand
can't load is left out, and a warning names it.
"""

from __future__ import annotations

import random
import re
import warnings
from typing import TYPE_CHECKING, Any, get_args

import attrs
import pytest

from aksparse.commands import iptables, iptables_save
from aksparse.commands.iptables import parse_iptables
from aksparse.commands.iptables_save import parse_iptables_save
from aksparse.netfilter import listing
from aksparse.netfilter.matches.packet import CommentMatch
from aksparse.netfilter.matches.rates import HashlimitMatch, QuotaMatch, StatisticMatch, TimeMatch
from aksparse.netfilter.rules import Match
from aksparse.netfilter.targets import CtOption, TargetOption

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aksparse.linere import LineGrammar
    from aksparse.netfilter.rules import Chain, Rule
    from tests.real.conftest import Namespace

pytestmark = [pytest.mark.real, pytest.mark.filterwarnings("default:.*can't load")]

LISTINGS = ("-nL", "-nvL", "-nvxL", "-nL --line-numbers", "-nvxL --line-numbers")
RULES = 140  # in each of the 16 tables that are made

# One option a line; {a,b} is one of these, an exclamation mark before {!} negates at random. The protocol they need
# stands first.
MATCHES = """
tcp -m tcp {!}--dport {80,1:5,1024:65535}
tcp -m tcp {!}--sport {80,1:5} {!}--dport 443
tcp -m tcp {!}--tcp-flags {FIN_SYN_RST_ACK SYN,SYN_ACK ACK,ALL NONE}
tcp -m tcp --sport 80 {!}--tcp-option {5,8}
udp -m udp {!}--sport {53,1:1023} --dport 53
sctp -m sctp {!}--dport {99,1:9}
tcp -m multiport {!}--{dports,sports,ports} {80,80_443,80_1000:2000}
icmp -m icmp {!}--icmp-type {8,3/4,40}
icmp -m icmp --icmp-type any
icmp6 -m icmp6 {!}--icmpv6-type {128,1/4,200}
4 -m iprange {!}--src-range 10.0.0.1-10.0.0.9
4 -m iprange {!}--src-range 10.0.0.1-10.0.0.9 {!}--dst-range 1.2.3.4-1.2.3.5
6 -m iprange {!}--dst-range fe80::1-fe80::9
* -m addrtype {!}--src-type {LOCAL,UNICAST_BROADCAST}
* -m addrtype --src-type LOCAL {!}--dst-type {LOCAL,MULTICAST}
* -m addrtype --dst-type LOCAL --limit-iface-{in,out}
* -m statistic --mode random {!}--probability 0.{1,33333,5}
* -m statistic --mode nth {!}--every 3 --packet {0,1}
* -m mark {!}--mark {0x1,0x4000/0x4000,0x0/0xff}
* -m connmark {!}--mark {0x1,0x4000/0x4000}
* -m conntrack {!}--ctstate {NEW,RELATED_ESTABLISHED,INVALID,DNAT}
* -m conntrack --ctstate NEW {!}--ctproto {6,17} {!}--ctstatus {ASSURED,EXPECTED_CONFIRMED}
4 -m conntrack {!}--ctorigsrc 10.0.0.0/8 {!}--ctorigdst 10.0.0.1 --ctrepldst 1.2.3.4 --ctdir {ORIGINAL,REPLY}
6 -m conntrack {!}--ctorigdst fe80::/64 --ctorigdstport {80,1:5} {!}--ctexpire 10:20
6 -m conntrack {!}--ctreplsrc fe80::/64 {!}--ctorigsrcport {80,1:5} {!}--ctreplsrcport 9 {!}--ctrepldstport 7
* -m state {!}--state {NEW,RELATED_ESTABLISHED,UNTRACKED}
* -m recent {!}--rcheck --seconds 10800 --reap --name AFFINITY --rsource
* -m recent --update --seconds 10 --hitcount 4 --rttl --name OTHER --rdest
* -m recent --{set,remove} --name AFFINITY --rsource
4 -m set {!}--match-set aksparse4 src
4 -m set --match-set aksparse4 dst --return-nomatch {!}--update-counters --packets-gt 5
4 -m set --match-set aksparse4 src {!}--update-subcounters {!}--packets-eq 3 --bytes-{lt,gt} 5
6 -m set {!}--match-set aksparse6 dst
* -m physdev {!}--physdev-in {eth0,veth+} {!}--physdev-is-bridged
* -m physdev --physdev-is-in
* -m u32 {!}--u32 {0x0>>0x16&0x3c@0x4=0x1:0x5,6&0xFF=0x1:0x6&&4=0}
* -m limit --limit {5/min,10/sec} --limit-burst {5,9}
* -m hashlimit --hashlimit-{upto,above} 10/sec --hashlimit-mode srcip_dstport --hashlimit-name aksparse
* -m hashlimit --hashlimit-upto 10/sec --hashlimit-mode srcip --hashlimit-srcmask 24 --hashlimit-name a
* -m hashlimit --hashlimit-above 5/min --hashlimit-mode dstip --hashlimit-dstmask 16 --hashlimit-name b
* -m hashlimit --hashlimit-upto 9/min --hashlimit-burst 9 --hashlimit-htable-size 64 --hashlimit-name c
* -m hashlimit --hashlimit-upto 8/min --hashlimit-htable-max 99 --hashlimit-htable-expire 5000 --hashlimit-name d
* -m hashlimit --hashlimit-upto 7/min --hashlimit-htable-gcinterval 500 --hashlimit-name e
* -m length {!}--length {10,10:20}
* -m mac {!}--mac-source 00:11:22:33:44:55
* -m owner {!}--uid-owner {0,5-99} {!}--gid-owner 5
* -m owner {!}--socket-exists
* -m owner --gid-owner 5 --suppl-groups
* -m ttl {!}--ttl-eq 5
* -m ttl --ttl-{gt,lt} 5
* -m hl {!}--hl-eq 5
* -m hl --hl-{gt,lt} 5
* -m dscp {!}--dscp {46,0}
* -m tos {!}--tos {0x10,0x10/0xf0}
* -m cgroup {!}--cgroup 7
esp -m esp {!}--espspi {500,1:5}
esp -m esp
ah -m ah {!}--ahspi {500,1:5}
* -m string {!}--string {abc,ab_cd,a\\\\b\\"c,match_bpf_1} --algo {bm,kmp} --to 100
* -m string {!}--hex-string |0a0b| --algo bm --from 10 --icase
* -m time --timestart 08:00 --timestop 17:00 --weekdays {Mon,Mon_Tue}
* -m time --datestart 2020-01-01T00:00:00 --datestop 2030-01-01T00:00:00 --kerneltz
* -m time --monthdays 1_2_23 --contiguous --timestart 23:00 --timestop 01:00
* -m quota {!}--quota {1000,18446744073709551615}
* -m policy --dir in --pol {ipsec,none}
* -m policy --dir {in,out} --pol ipsec {!}--reqid 5 {!}--proto esp {!}--mode tunnel
* -m policy --dir in --pol ipsec --strict --reqid 5 --next {!}--reqid 6 --spi 0x7
4 -m policy --dir in --pol ipsec --strict --reqid 5 --proto esp --mode tunnel --tunnel-src 1.2.3.4 --tunnel-dst 5.6.7.8
* -m cluster --cluster-total-nodes 2 {!}--cluster-local-node 1 --cluster-hash-seed 0xdead
* -m connlimit --connlimit-{above,upto} 3 --connlimit-mask 24 --connlimit-{saddr,daddr}
* -m connbytes {!}--connbytes {10:20,10:,9000000000000000000:} --connbytes-dir {both,reply} --connbytes-mode bytes
* -m pkttype {!}--pkt-type {broadcast,unicast}
* -m realm {!}--realm {5,0x5/0xff}
* -m helper {!}--helper {ftp,ftp-21,a\\"b}
* -m ipvs {!}--ipvs
* -m ipvs {!}--vproto 6 {!}--vport 80 --vdir {ORIGINAL,REPLY} {!}--vmethod {GATE,MASQ}
4 -m ipvs {!}--vaddr 10.0.0.0/8 --vportctl 21
tcp -m tcpmss {!}--mss {100,100:200}
* -m bpf --bytecode 4,48_0_0_9,21_0_1_6,6_0_0_1,6_0_0_0
* -m nfacct --nfacct-name aksparse
* -m socket --transparent --nowildcard --restore-skmark
* -m comment --comment {word,default/kubernetes:https,it's,--comment,-m,a/b_-j_c}
* -m comment --comment {cali:hash,word} -m comment --comment {Allow_it,-m}
"""
TARGETS = {
    "mangle": """
* -j MARK --set-xmark {0x4000/0x4000,0x1/0xffffffff,0x0/0xff,0x10/0xff,0x12/0x0}
* -j CONNMARK --set-xmark {0x4000/0x4000,0x10/0xff}
* -j CONNMARK --{save,restore}-mark --nfmask {0xff,0xffffffff} --ctmask 0xff
* -j TTL --ttl-{set,inc,dec} 6
* -j HL --hl-{set,inc,dec} 6
* -j DSCP --set-dscp 46
* -j TOS --set-tos {0x10,0x10/0x3f}
* -j CLASSIFY --set-class {1:a,ffff:1}
tcp -m tcp --tcp-flags SYN_RST SYN -j TCPMSS {--clamp-mss-to-pmtu,--set-mss 1400}
tcp -j TPROXY --on-port 15001 --tproxy-mark 0x1/0xf
4tcp -j TPROXY --on-port 15001 --on-ip 10.0.0.1 --tproxy-mark 0x1/0xf
4 -j TEE --gateway 1.2.3.4
4 -j TEE --gateway 1.2.3.4 --oif eth0
* -j CHECKSUM --checksum-fill
4 -j SET --{add,del}-set aksparse4 src
4 -j SET --add-set aksparse4 dst --exist --timeout 5
4 -j SET --map-set aksparse4 src --map-{mark,prio,queue}
""",
    "filter": """
* -j REJECT
tcp -j REJECT --reject-with tcp-reset
* -j LOG
* -j LOG --log-prefix {dropped:_,--DROP--,say_\\"no\\",--log-uid} --log-level {4,7} --log-uid
* -j LOG --log-tcp-sequence --log-ip-options --log-macdecode
* -j NFLOG --nflog-group {1,5} --nflog-prefix {word,a_b,--nflog-size,a\\"b_\\\\_c}
* -j NFQUEUE --queue-num 3 --queue-bypass
* -j NFLOG --nflog-group 1 --nflog-size 64 --nflog-threshold 5
* -j NFQUEUE --queue-balance 0:3 --queue-cpu-fanout
* -j {ACCEPT,DROP,RETURN,num,target,Chain}
* -g {num,target}
""",
    "nat": """
4tcp -j DNAT --to-destination {10.0.0.5,10.0.0.5:8080,10.0.0.5-10.0.0.9:10-20,10.0.0.5:1-9/4}
4tcp -j DNAT --to-destination 10.0.0.5 --random --persistent
6tcp -j DNAT --to-destination {fe80::1,[fe80::1]:8080,[fe80::1-fe80::9]:1-5}
4tcp -j SNAT --to-source {1.2.3.4,1.2.3.4-1.2.3.9:5-6} --random-fully
* -j MASQUERADE --random-fully
tcp -j MASQUERADE --to-ports {1024,1024-65535}
tcp -j REDIRECT --to-ports {80,80-90} --random
4 -j NETMAP --to 10.7.0.0/16
6 -j NETMAP --to fe80::/64
""",
    "raw": """
* -j CT --notrack
* -j CT --zone {5,mark}
* -j CT --zone-{orig,reply} {5,mark}
tcp -j CT --helper ftp
* -j CT --ctevents new_destroy --expevents new
* -j NOTRACK
* -m rpfilter --loose --validmark
* -m rpfilter --accept-local --invert
* -j TRACE
""",
}
PROTOCOLS = {"icmp6": "ipv6-icmp"}


def drawn(chance: random.Random, template: str) -> str:
    """An option with each choice made; in its values an underscore stands for a comma, or for a blank in a text."""
    text = ""
    while "{" in template:
        before, _, rest = template.partition("{")
        choices, _, template = rest.partition("}")
        text += before + (chance.choice(("", "! ")) if choices == "!" else chance.choice(choices.split(",")))
    words = (text + template).split(" ")
    texts = ("--log-prefix", "--nflog-prefix", "--helper", "--string", "--u32", "--comment", "--bytecode")
    return " ".join(
        f'"{word.replace("_", " ")}"' if before in texts else word.replace("_", ",") if before != "-m" else word
        for before, word in zip(["", *words], words, strict=False)
    )


def of_family(template: str, family: str) -> tuple[str, str] | None:
    """The protocol that an option needs and the option, if it is one of this family."""
    needs, _, option = template.partition(" ")
    if needs[:1] in "46":
        if needs[0] != family:
            return None
        needs = needs[1:]
    if (family == "4" and (needs == "icmp6" or "--hl-" in option)) or (
        family == "6" and (needs == "icmp" or "--ttl-" in option)
    ):
        return None
    return PROTOCOLS.get(needs, needs.strip("*")), option


def options(text: str, family: str) -> list[tuple[str, str]]:
    return [found for line in text.strip().split("\n") if (found := of_family(line, family))]


def rule_of(chance: random.Random, protocol: str, parts: Iterable[str], family: str) -> str:
    words = ["-A CHECKED"]
    network = "10.{}.0.0/16" if family == "4" else "fd00:{}::/32"
    for flag in ("-s", "-d"):
        if not chance.randrange(3):
            words.append(f"{chance.choice(('', '! '))}{flag} {network.format(chance.randrange(200))}")
    for flag in ("-i", "-o"):
        if not chance.randrange(4):
            words.append(f"{chance.choice(('', '! '))}{flag} {chance.choice(('eth0', 'azv+', 'if0'))}")
    return " ".join([*words, *([f"-p {protocol}"] if protocol else []), *parts])


def loadable(namespace: Namespace, tool: str, table: str, found: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Of these options, those that the kernel at hand can load."""
    kept: list[tuple[str, str]] = []
    lacking: list[tuple[str, str]] = []
    for protocol, template in found:
        option = drawn(random.Random(0), template)
        rules = f"*{table}\n:PROBE - [0:0]\n:num - [0:0]\n:target - [0:0]\n:Chain - [0:0]\n"
        rules += f"-A PROBE {f'-p {protocol} ' if protocol else ''}{option}\nCOMMIT\n"
        (kept if namespace.try_run(f"{tool}-restore", text=rules) else lacking).append((protocol, template))
    assert [option for _, option in lacking if not PERHAPS_LACKING.search(option)] == []
    if lacking:
        warnings.warn(f"{tool} -t {table} can't load: {'; '.join(option for _, option in lacking)}", stacklevel=2)
    return kept


# What a kernel may lack, or a family of IP has not; every other option has to be loaded.
PERHAPS_LACKING = re.compile(r"-m (?:nfacct|bpf|socket|realm|cgroup|cluster|set|physdev|ipvs) |BROADCAST|-j SET ")


SAVED_OTHERWISE = {"cluster"}  # with other options than it is set by


def kinds_of(rules: Iterable[Rule]) -> set[str]:
    return {part.kind for rule in rules for part in (*rule.matches, *rule.target_options)}


def test_every_type_of_option_is_drawn() -> None:
    chance = random.Random(0)
    templates = [line.partition(" ")[2] for text in (MATCHES, *TARGETS.values()) for line in text.strip().split("\n")]
    text = "\n".join(f"-A CHECKED {drawn(chance, template)}" for template in templates)
    (chain,) = parse_iptables_save(text)
    typed = {attrs.fields(cls).kind.default for cls in (*get_args(Match), *get_args(TargetOption))}
    assert typed - kinds_of(chain.rules) == SAVED_OTHERWISE


def fit(protocol: str, needs: str) -> bool:
    return not protocol or needs in ("", protocol)


def random_rules(chance: random.Random, matches: Any, targets: Any, family: str) -> list[str]:
    """Rules with each of these options at least once."""
    rules: list[str] = []
    for number in range(RULES):
        needs, match = matches[number % len(matches)]
        fitting = [target for target in targets if fit(needs, target[0]) or fit(target[0], needs)]
        protocol, target = fitting[number % len(fitting)] if number < len(matches) else targets[number % len(targets)]
        others = chance.sample(matches, chance.randint(0, 3))
        picked: dict[str, str] = {}
        for needs, match in ((needs, match), *others):  # noqa: B020
            if fit(protocol, needs):
                protocol = needs or protocol
                # A listing does not tell where one of these ends and another begins.
                name = match.split()[1]
                picked.setdefault("conntrack" if name == "state" else name, drawn(chance, match))
        rules.append(rule_of(chance, protocol, [*picked.values(), drawn(chance, target)], family))
    return rules


# What the listing of a rule hides

NO_COLUMNS: dict[str, Any] = {"num": None, "pkts": None, "bytes": None, "counters_approximate": None}


def as_listed(rule: Rule, flags: str) -> Rule:
    """A saved rule without what its listing hides."""
    hidden: dict[str, Any] = {**NO_COLUMNS, "matches": tuple(map(match_as_listed, rule.matches))}
    if "v" not in flags:
        negated = tuple(name for name in rule.negated if not name.endswith("_interface"))
        hidden |= {"in_interface": None, "out_interface": None, "negated": negated}
    if rule.target == "NOTRACK":  # is listed as the option of CT that it is
        hidden |= {"target": "CT", "target_options": (CtOption(notrack=True),)}
    if CommentMatch in map(type, rule.matches):  # a comment may hold what stands between two
        hidden |= {"comment_ambiguous": True}
    return attrs.evolve(rule, **hidden)


def match_as_listed(match: Any) -> Any:
    match match:
        case StatisticMatch(packet=0):
            return attrs.evolve(match, packet=None)
        case HashlimitMatch():
            return attrs.evolve(match, name=None)
        case TimeMatch(datestop="2038-01-19T03:14:07"):  # the end of time
            return attrs.evolve(match, datestop=None)
        case QuotaMatch():
            return attrs.evolve(match, negated=())
    return match


def rules_of(chains: Iterable[Chain], *, columns: bool = True) -> list[Rule]:
    (chain,) = (chain for chain in chains if chain.name == "CHECKED")
    return list(chain.rules) if columns else [attrs.evolve(rule, **NO_COLUMNS) for rule in chain.rules]


def assert_engines_agree(text: str, grammar: LineGrammar) -> None:
    for line in text.splitlines():
        assert grammar.parse(line) == grammar.parse_with_pyparsing(line)


def assert_engines_agree_on_options(text: str) -> None:
    for line in text.splitlines():
        for word in re.finditer(r"(?<= )#?[A-Za-z][A-Za-z0-9-]*", line):
            if word[0] in listing._OPTIONS:
                grammar = listing._OPTIONS[word[0]].grammar
                assert grammar.parse(line[word.start() :]) == grammar.parse_with_pyparsing(line[word.start() :])


@pytest.mark.parametrize("table", TARGETS)
@pytest.mark.parametrize("family", ["4", "6"])
@pytest.mark.parametrize("backend", ["nft", "legacy"])
def test_a_listing_and_the_save_file_give_the_same_rules(
    namespace: Namespace, backend: str, family: str, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = f"{'ip' if family == '4' else 'ip6'}tables-{backend}"
    argv = [tool]
    namespace.try_run("ipset", "create", "aksparse4", "hash:ip", "counters", "timeout", "0")
    namespace.try_run("ipset", "create", "aksparse6", "hash:ip", "family", "inet6")
    matches = loadable(namespace, tool, table, options(MATCHES, family))
    targets = loadable(namespace, tool, table, options(TARGETS[table], family))
    assert 40 < len(matches) + len(targets) <= RULES
    chance = random.Random(f"{family} {table}")
    rules = random_rules(chance, matches, targets, family)
    head = f"*{table}\n:CHECKED - [0:0]\n:num - [0:0]\n:target - [0:0]\n:Chain - [0:0]\n"
    namespace.run(f"{tool}-restore", text=head + "\n".join(rules) + "\nCOMMIT\n")
    text = namespace.run(f"{tool}-save", "-c", "-t", table)
    saved = parse_iptables_save(text)
    assert_engines_agree(text, iptables_save._RULE)
    with monkeypatch.context() as patch:
        patch.setattr(iptables_save, "_read_quickly", iptables_save._read_each)
        assert parse_iptables_save(text) == saved
    expected = rules_of(saved)
    assert len(expected) == RULES
    assert [rule for rule in expected if rule.other] == []
    assert all(chain.table == table for chain in saved)
    for flags in ("-S", "-vS"):
        listed = parse_iptables_save(namespace.run(tool, "-t", table, flags), argv=argv)
        assert rules_of(listed, columns=False) == rules_of(saved, columns=False)
    for flags in LISTINGS:
        text = namespace.run(tool, "-t", table, *flags.split())
        chains = parse_iptables(text, argv=argv)
        if flags == "-nvxL":
            assert_engines_agree(text, iptables._RULES[False, True])
            assert_engines_agree_on_options(text)
        assert {diagnostic.code for diagnostic in chains.diagnostics} <= {"ambiguous-comment"}
        for rule, setting in zip(rules_of(chains, columns=False), expected, strict=True):
            assert rule == as_listed(setting, flags)


def test_a_protocol_has_one_name_whether_it_is_printed_as_a_number_or_not(namespace: Namespace) -> None:
    rules = "".join(f"-A CHECKED -p {number}\n" for number in range(1, 143))
    namespace.run("iptables-nft-restore", text=f"*filter\n:CHECKED - [0:0]\n{rules}COMMIT\n")
    saved, listed = (
        [rule.protocol for chain in parsed if chain.name == "CHECKED" for rule in chain.rules]
        for parsed in (
            parse_iptables_save(namespace.run("iptables-nft-save")),
            parse_iptables(namespace.run("iptables-nft", "-nL")),
        )
    )
    assert len(saved) == len(listed) == 142
    named = [(name, found) for name, found in zip(saved, listed, strict=True) if not found.isdecimal()]
    assert len(named) > 20
    assert [(name, found) for name, found in named if name != found] == []
