"""Every listing of a table gives the same rules, and they are the rules that `iptables-save` shows."""

from __future__ import annotations

import random
import re
import shlex
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from aksparse.commands.iptables import parse_iptables
from aksparse.netfilter.rules import Chain, Rule
from aksparse.serialize import to_builtins

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.real.conftest import Namespace

pytestmark = pytest.mark.real

NAT = r"""
[7:420] -A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SVC-ABC
[123456789:98765432101] -A PREROUTING -i eth0 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.5:8080
[99999:100000] -A PREROUTING ! -i eth+ ! -s 10.0.0.0/8 ! -d 10.1.0.0/16 ! -p udp -j tcp
[100499:9999499] -A PREROUTING -p udp -m udp --sport 1:1023 ! --dport 53 -j REDIRECT --to-ports 5353-5400
[100500:9999500] -A PREROUTING -p udp -m udp ! --sport 1:1023 --dport 53 -j REDIRECT --to-ports 5353 --random
-A PREROUTING -p tcp -m multiport --dports 80,443,8000:8080 -j DNAT --to-destination 10.0.0.5-10.0.0.9:10-20 --random
-A PREROUTING -p tcp -j DNAT --to-destination 10.0.0.5-10.0.0.9 --persistent
-A PREROUTING -p tcp -m multiport --sports 80 -j tcp
-A PREROUTING -p tcp -m multiport --ports 80,81 -j tcp
-A PREROUTING -p tcp -m multiport ! --dports 80,81 -j tcp
-A PREROUTING -m addrtype --dst-type LOCAL -j KUBE-SVC-ABC
-A PREROUTING -m addrtype ! --src-type LOCAL,UNICAST ! --dst-type BROADCAST -j tcp
-A PREROUTING -m addrtype --src-type LOCAL --limit-iface-in -j tcp
-A KUBE-SVC-ABC -m comment --comment "default/x:https" -m statistic --mode random --probability 0.33332999982 -j tcp
-A KUBE-SVC-ABC -m statistic --mode random --probability 1 -j tcp
-A KUBE-SVC-ABC -m statistic --mode random ! --probability 0.5 -j tcp
-A KUBE-SVC-ABC -m statistic --mode nth --every 3 --packet 1 -j tcp
-A KUBE-SVC-ABC -m statistic --mode nth --every 3 --packet 0 -j tcp
-A KUBE-SVC-ABC -m statistic --mode nth ! --every 3 --packet 0 -j tcp
-A KUBE-SVC-ABC -m mark --mark 0x4000/0x4000 -j RETURN
-A KUBE-SVC-ABC -m mark ! --mark 0x1 -j RETURN
-A KUBE-SVC-ABC -m mark ! --mark 0x1/0xff -m addrtype --dst-type LOCAL -j RETURN
-A KUBE-SVC-ABC -m conntrack --ctstate NEW,RELATED -j tcp
-A KUBE-SVC-ABC -m conntrack ! --ctstate INVALID -j tcp
-A KUBE-SVC-ABC -m conntrack --ctstate DNAT -j tcp
-A KUBE-SVC-ABC -m conntrack --ctproto 6 --ctorigdst 10.0.0.0/8 -j tcp
-A KUBE-SVC-ABC -m state --state NEW -j tcp
-A KUBE-SVC-ABC -m recent --rcheck --seconds 10800 --reap --name SEP-X --mask 255.255.255.255 --rsource -j tcp
-A KUBE-SVC-ABC -m recent --set --name SEP-X --mask 255.255.255.255 --rsource
-A KUBE-SVC-ABC -m recent --update --seconds 10 --name D --mask 255.255.255.0 --rdest -j tcp
-A KUBE-SVC-ABC -m recent --update --seconds 10 --hitcount 4 --name D --mask 255.255.255.0 --rdest -j tcp
-A KUBE-SVC-ABC -m recent --remove --name D --rdest -j tcp
-A KUBE-SVC-ABC -m recent ! --rcheck --name D --rdest -j tcp
-A KUBE-SVC-ABC -j MARK --set-xmark 0x4000/0x4000
-A KUBE-SVC-ABC -j MARK --set-mark 0x1
-A KUBE-SVC-ABC -j MARK --and-mark 0xffff
-A KUBE-SVC-ABC -j MARK --xor-mark 0x12
-A KUBE-SVC-ABC -j MARK --set-mark 0x10/0xff
-A KUBE-SVC-ABC -j MARK --set-xmark 0x0/0xffffffff
-A KUBE-SVC-ABC -g tcp
-A KUBE-SVC-ABC -m comment --comment "gone" -g tcp
-A KUBE-SVC-ABC -f -j tcp
-A KUBE-SVC-ABC ! -f -j tcp
-A KUBE-SVC-ABC -p tcp
-A KUBE-SVC-ABC
-A KUBE-SVC-ABC -p tcp -m tcp -j tcp
-A KUBE-SVC-ABC -s 10.0.0.0/255.0.255.0 -j tcp
-A KUBE-SVC-ABC -p icmp -m icmp --icmp-type 8 -j tcp
-A KUBE-SVC-ABC -p 200 -j tcp
-A KUBE-SVC-ABC -p 99 -j tcp
-A KUBE-SVC-ABC -p esp -j a-chain-name-of-28-character
-A KUBE-SVC-ABC -p sctp -m sctp --dport 99 -j tcp
-A KUBE-SVC-ABC -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j tcp
-A KUBE-SVC-ABC -p tcp -m tcp --dport 9 --tcp-flags FIN,SYN,RST,ACK SYN -j tcp
-A KUBE-SVC-ABC -p tcp -m tcp --tcp-option 5 -j tcp
-A KUBE-SVC-ABC -m mac --mac-source 00:11:22:33:44:55 -j tcp
-A KUBE-SVC-ABC -m limit --limit 5/min -j LOG --log-prefix "some * prefix: "
-A KUBE-SVC-ABC -m comment --comment "with \"quotes\" and 'these'  two blanks, a \\ and an !" -j tcp
-A KUBE-SVC-ABC -m comment --comment "tcp dpt:80 to:10.0.0.1" -j tcp
-A KUBE-SVC-ABC -p tcp -m comment --comment "tricky */ end" -m tcp --dport 80 -j tcp
-A KUBE-SVC-ABC -p tcp -m tcp --dport 80 -m comment --comment "behind" -j DNAT --to-destination 10.0.0.1
-A POSTROUTING -o eth0 -s 10.244.0.0/24 ! -d 10.0.0.0/8 -m addrtype ! --dst-type LOCAL -j MASQUERADE --random-fully
-A POSTROUTING ! -o eth0 -p tcp -j MASQUERADE --to-ports 1024-65535
-A POSTROUTING -p tcp -j MASQUERADE --to-ports 1024 --random
-A POSTROUTING -s 10.0.0.1/32 -j SNAT --to-source 1.2.3.4
-A POSTROUTING -s 10.0.0.1/32 -p tcp -j SNAT --to-source 1.2.3.4-1.2.3.9:5-6 --random-fully --persistent
-A POSTROUTING -p tcp -j SNAT --to-source :5-6
-A POSTROUTING -p tcp -j SNAT --to-source :5
-A POSTROUTING -s 10.0.0.1/32 -j NETMAP --to 10.7.0.0/16
"""
FILTER = """
-A INPUT -j REJECT --reject-with icmp-port-unreachable
-A INPUT -p tcp -m comment --comment "no endpoints" -m addrtype --dst-type LOCAL -j REJECT --reject-with tcp-reset
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -i cbr0 ! -o cbr0 -j DROP
-A OUTPUT -p udp -m multiport --sports 53,5353 -j ACCEPT
"""
# What a kernel may lack is left out of the table where it does.
PERHAPS_LACKING = """
-A KUBE-SVC-ABC -m nfacct --nfacct-name packets -j tcp
-A KUBE-SVC-ABC -p sctp -m sctp --sport 1:2 -m comment --comment "after" -j tcp
-A KUBE-SVC-ABC -m physdev --physdev-is-bridged -j ACCEPT
-A KUBE-SVC-ABC -m set --match-set some-set src -j tcp
-A KUBE-SVC-ABC -m cgroup --cgroup 7 -j tcp
"""

CHAINS = {
    "nat": ":PREROUTING ACCEPT [12:3456]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [12345678:98765432101]\n"
    ":POSTROUTING ACCEPT [0:0]\n:KUBE-SVC-ABC - [0:0]\n:tcp - [0:0]\n:a-chain-name-of-28-character - [0:0]\n",
    "filter": ":INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [5:500]\n",
}
KINDS = {
    "nat": {"port", "multiport", "addrtype", "statistic", "mark", "conntrack", "recent", "to", "ports", "flag"},
    "filter": {"multiport", "addrtype", "conntrack", "reject"},
}
LISTINGS = {
    flags: flags.split()
    for flags in ("-nL", "-nvL", "-nvxL", "-nL --line-numbers", "-nvL --line-numbers", "-nvxL --line-numbers")
}


def load(namespace: Namespace, backend: str, table: str, rules: str) -> None:
    text = f"*{table}\n{CHAINS[table]}{rules.strip()}\nCOMMIT\n"
    namespace.run(f"iptables-{backend}-restore", "-c", text=text)


def list_chains(namespace: Namespace, backend: str, table: str, flags: str) -> list[Chain]:
    text = namespace.run(f"iptables-{backend}", "-t", table, *LISTINGS[flags])
    parsed = parse_iptables(text)
    assert parsed.understood
    return list(parsed)


# An independent reader of iptables-save


class Option(NamedTuple):
    """One option of a rule with its values, such as `--dport 80`."""

    name: str
    values: list[str]
    negated: bool


class SavedRule(NamedTuple):
    """A rule as `iptables-save -c` has it: what is before the first `-m` or `-j`, each `-m`, and the target."""

    pkts: int
    bytes: int
    basic: dict[str, Option]
    matches: list[tuple[str, list[Option]]]
    target: list[Option]


def read_save(text: str) -> tuple[dict[str, list[SavedRule]], dict[str, tuple[str, int, int]]]:
    """The rules and the policy with its counters of each chain."""
    rules: dict[str, list[SavedRule]] = {}
    policies = {}
    for line in text.splitlines():
        if line.startswith(":"):
            name, policy, counters = line[1:].split()
            pkts, bytes_ = counters.strip("[]").split(":")
            policies[name], rules[name] = (policy, int(pkts), int(bytes_)), []
        elif line.startswith("["):
            counters, rule = line.split(" ", 1)
            # iptables escapes the apostrophe inside quotation marks; a shell would not.
            _, chain, *words = shlex.split(rule.replace("\\'", "'"))
            pkts, bytes_ = counters.strip("[]").split(":")
            rules[chain].append(saved_rule(int(pkts), int(bytes_), words))
    return rules, policies


def saved_rule(pkts: int, bytes_: int, words: list[str]) -> SavedRule:
    rule = SavedRule(pkts, bytes_, {}, [], [])
    for option in options_in(words):
        if option.name == "-m":
            rule.matches.append((option.values[0], []))
        elif option.name in ("-j", "-g") or rule.target:
            rule.target.append(option)
        elif option.name.startswith("--"):
            rule.matches[-1][1].append(option)
        else:
            rule.basic[option.name] = option
    return rule


def options_in(words: list[str]) -> Iterator[Option]:
    negated, current = False, None
    for word in words:
        quoted_value = current is not None and current.name in ("--comment", "--log-prefix") and not current.values
        if quoted_value and current:
            current.values.append(word)
        elif word == "!":
            negated = True
        elif re.match(r"--?[a-z]", word):
            if current:
                yield current
            current, negated = Option(word, [], negated), False
        elif current:
            current.values.append(word)
    if current:
        yield current


# What the records should say of a saved rule

Values = dict[str, Any]


def expected_rule(saved: SavedRule) -> Values:
    """The columns of a rule as the save file tells them; its options are the matter of test_real_iptables_save."""
    columns = {"protocol": "-p", "in_interface": "-i", "out_interface": "-o", "source": "-s", "destination": "-d"}
    values = {
        **{"protocol": "all", "in_interface": "*", "out_interface": "*"},
        **{"source": "0.0.0.0/0", "destination": "0.0.0.0/0"},
        **{column: saved.basic[flag].values[0] for column, flag in columns.items() if flag in saved.basic},
    }
    fragments = saved.basic.get("-f")
    comments = [options[0].values[0] for name, options in saved.matches if name == "comment"]
    return {
        **values,
        "negated": [column for column, flag in columns.items() if flag in saved.basic and saved.basic[flag].negated],
        "opt": "--" if fragments is None else "!f" if fragments.negated else "-f",
        **({"target": saved.target[0].values[0]} if saved.target else {}),
        "goto": bool(saved.target) and saved.target[0].name == "-g",
        **({"comment": comments[0]} if comments else {}),
    }


def as_values(rule: Rule) -> Values:
    """A record as plain values: what the save file can tell of it."""
    values: Values = to_builtins(rule)
    kept = ("num", "pkts", "bytes", "counters_approximate", "comment_ambiguous", "other", "matches", "target_options")
    return {key: value for key, value in values.items() if key not in kept}


def rounded(count: int) -> int:
    """A counter as iptables rounds it without `-x` (`xtables_print_num`)."""
    if count <= 99999:
        return count
    unit, count = 1000, (count + 500) // 1000
    while count > 9999 and unit < 1000**4:
        unit, count = unit * 1000, (count + 500) // 1000
    return count * unit


def assert_same(namespace: Namespace, backend: str, table: str) -> list[Rule]:
    """Every listing against the save file; returns the rules with all columns."""
    saved_rules, policies = read_save(namespace.run(f"iptables-{backend}-save", "-c", "-t", table))
    for flags in LISTINGS:
        chains = list_chains(namespace, backend, table, flags)
        assert {chain.name: len(chain.rules) for chain in chains} == {n: len(rules) for n, rules in saved_rules.items()}
        for chain in chains:
            assert chain.name
            policy, pkts, bytes_ = policies[chain.name]
            assert chain.policy == (None if policy == "-" else policy)
            if "v" in flags and chain.policy:
                count = int if "x" in flags else rounded
                assert (chain.pkts, chain.bytes) == (count(pkts), count(bytes_))
            jumps = sum(bool(r.target) and r.target[0].values[0] == chain.name for s in saved_rules.values() for r in s)
            assert chain.references == (jumps if policy == "-" else None)
            for number, (rule, saved) in enumerate(zip(chain.rules, saved_rules[chain.name], strict=True), 1):
                assert_same_rule(rule, saved, flags, number)
    return [rule for chain in list_chains(namespace, backend, table, "-nvxL") for rule in chain.rules]


def assert_same_rule(rule: Rule, saved: SavedRule, flags: str, number: int) -> None:
    expected = expected_rule(saved)
    if "v" not in flags:
        hidden = ("in_interface", "out_interface")
        expected["negated"] = [column for column in expected["negated"] if column not in hidden]
        expected = {key: value for key, value in expected.items() if key not in hidden}
        assert (rule.pkts, rule.bytes, rule.counters_approximate) == (None, None, None)
    else:
        count = int if "x" in flags else rounded
        assert (rule.pkts, rule.bytes) == (count(saved.pkts), count(saved.bytes))
        assert rule.counters_approximate is ("x" not in flags and max(saved.pkts, saved.bytes) > 99999)
    assert rule.num == (number if "--line-numbers" in flags else None)
    assert as_values(rule) == expected, saved
    assert rule.other is None, saved


backends = pytest.mark.parametrize("backend", ["nft", "legacy"])


@backends
@pytest.mark.parametrize(("table", "rules"), [("nat", NAT), ("filter", FILTER)], ids=["nat", "filter"])
def test_every_listing_of_a_table_gives_the_saved_rules(
    namespace: Namespace, backend: str, table: str, rules: str
) -> None:
    load(namespace, backend, table, rules)
    for rule in PERHAPS_LACKING.split("\n")[1:-1] if table == "nat" else ():
        namespace.try_run(f"iptables-{backend}", "-t", "nat", *shlex.split(rule))
    records = assert_same(namespace, backend, table)
    kinds = {part.kind for rule in records for part in (*rule.matches, *rule.target_options)}
    assert kinds >= KINDS[table]


@backends
def test_a_second_comment_is_never_taken_for_sure(namespace: Namespace, backend: str) -> None:
    load(namespace, backend, "nat", '-A tcp -m comment --comment "one" -m mark --mark 0x1 -m comment --comment "two"')
    parsed = parse_iptables(namespace.run(f"iptables-{backend}", "-t", "nat", "-nL", "tcp"))
    ((rule,),) = [chain.rules for chain in parsed]
    assert rule.comment_ambiguous
    assert [diagnostic.code for diagnostic in parsed.diagnostics] == ["ambiguous-comment"]


def random_rule(chance: random.Random) -> str:
    """A rule of parts that go together; no chain jumps to it, so that any target may stand in it."""
    words = []
    for flag, value in (
        ("-s", f"10.{chance.randrange(256)}.0.0/{chance.choice([16, 20, 24, 32])}"),
        ("-d", f"10.{chance.randrange(256)}.1.7/32"),
        ("-i", chance.choice(["eth0", "eth+", "veth0123456789a", "if0", "all"])),
        ("-o", chance.choice(["cbr0", "tcp", "--", "x!"][:2])),
    ):
        if not chance.randrange(3):
            words.append(f"{chance.choice(['', '', '! '])}{flag} {value}")
    protocol = chance.choice(["", "", "tcp", "udp", "icmp", "sctp"])
    if protocol:
        words.append(f"-p {protocol}")
    parts = [
        "-m mark --mark 0x8000/0x8000",
        "-m addrtype ! --dst-type LOCAL",
        "-m addrtype --src-type LOCAL",
        "-m conntrack --ctstate NEW,ESTABLISHED",
        f"-m statistic --mode random --probability 0.{chance.randint(1, 99999):05d}",
        f"-m comment --comment {shlex.quote(random_comment(chance))}".replace("'", '"'),
    ]
    if protocol in ("tcp", "udp", "sctp"):
        parts.append(f"-m {protocol} --dport {chance.randint(0, 65535)}")
        parts.append(f"-m {protocol} ! --sport {chance.randint(0, 1000)}:{chance.randint(1001, 65535)}")
        parts.append(f"-m multiport --dports {chance.randint(1, 100)},{chance.randint(101, 65535)}")
    words += chance.sample(parts, chance.randint(0, 3))
    targets = ["-j ACCEPT", "-j tcp", "-g tcp", "-j MARK --set-xmark 0x4000/0x4000", "-j RETURN", ""]
    targets += [
        f"-j DNAT --to-destination 10.9.{chance.randrange(256)}.1",
        "-j MASQUERADE",
        "-j MASQUERADE --random-fully",
    ]
    if protocol in ("tcp", "udp"):
        port = chance.randint(1, 60000)
        targets.append(f"-j DNAT --to-destination 10.9.9.9:{port}")
        targets.append(f"-j MASQUERADE --to-ports {port}-{port + chance.randint(1, 99)}")
        targets.append(f"-j REDIRECT --to-ports {port}")
    return " ".join(["-A KUBE-SVC-ABC", *words, chance.choice(targets)])


def random_comment(chance: random.Random) -> str:
    words = ["kube-system/dns:tcp", "tcp", "dpt:80", "->", "to:1.2.3.4", "*", "/*", "!", "0x1", "mark match", "[goto]"]
    return " ".join(chance.sample(words, chance.randint(1, 6)))


@backends
@pytest.mark.parametrize("seed", range(6))
def test_random_rules_read_as_they_are_saved(namespace: Namespace, backend: str, seed: int) -> None:
    chance = random.Random(seed)
    load(namespace, backend, "nat", "\n".join(random_rule(chance) for _ in range(150)))
    assert len(assert_same(namespace, backend, "nat")) == 150


# Names, which a listing prints without `-n`: those of hosts, services and protocols are in these files.

HOSTS = {
    "iptables": {"localhost": "127.0.0.1", "gw-1.example.com": "10.7.0.1", "4host": "10.7.0.2", "_odd": "10.7.0.3"},
    "ip6tables": {"localhost": "::1", "dead": "2001:db8::1", "fe80host": "2001:db8::2", "gw6.example.com": "fe80::9"},
}
NETWORKS = {  # a network has the name of the host that has its address
    "pods": "10.244.0.0",
    "9net": "10.9.0.0",
}
SERVICES = {"odd.name+1": 42, "x_y": 43, "3com-tsmux": 106, "UPPER": 443, "http-alt": 8080, "ssh": 22}
PROTOCOLS = {"3pc": 34, "tp++": 39, "a/n": 107, "BBN-RCC-MON": 10, "ipcomp": 108}
MESSAGES = {
    "iptables": {"echo-request": {"type": 8}, "host-unreachable": {"type": 3, "code": 1}},
    "ip6tables": {"echo-request": {"type": 128}, "port-unreachable": {"type": 1, "code": 4}},
}
LEVELS = {
    "emerg": 0,
    "panic": 0,
    "alert": 1,
    "crit": 2,
    "err": 3,
    "error": 3,
    "warn": 4,
    "warning": 4,
    "notice": 5,
    "info": 6,
    "debug": 7,
}
TYPES_OF_SERVICE = {"Minimize-Delay": 16, "Maximize-Throughput": 8, "Minimize-Cost": 2, "Normal-Service": 0}
FILES = {
    "hosts": "".join(f"{address} {name}\n" for hosts in (*HOSTS.values(), NETWORKS) for name, address in hosts.items()),
    "services": "".join(f"{name} {port}/{p}\n" for name, port in SERVICES.items() for p in ("tcp", "udp", "sctp")),
    "protocols": "".join(f"{name} {number} {name}\n" for name, number in PROTOCOLS.items()),
    "passwd": "root:x:0:0::/:/bin/sh\n",
    "group": "root:x:0:\n",
    "nsswitch.conf": "".join(f"{names}: files\n" for names in ("hosts", "services", "protocols", "passwd", "group")),
}
NAMED = {
    "iptables": r"""
-s 127.0.0.1/32 ! -d 127.0.0.1/32 -p icmp -m icmp --icmp-type 8 -m comment --comment "anywhere http" -j named
-p icmp -m icmp --icmp-type 3/1 -j named
-m conntrack --ctstate NEW --ctorigsrc 10.7.0.1 --ctorigdst 10.244.0.0/16 --ctrepldst 10.7.0.3
-s 10.0.0.0/255.0.255.0 -o lo -p sctp -m sctp --sport 22
""",
    "ip6tables": r"""
-s ::1/128 ! -d ::1/128 -p ipv6-icmp -m icmp6 --icmpv6-type 128 -j named
-p ipv6-icmp -m icmp6 --icmpv6-type 1/4 -j named
-m conntrack --ctstate NEW --ctorigsrc 2001:db8::1 ! --ctorigdst 2001:db8::/32
""",
}
OPTIONS = (
    "",
    "-p tcp -m tcp --dport {0}",
    "-p udp -m udp --sport {0} ! --dport {1}",
    "-p tcp -m tcp --dport {0}:{1} --tcp-flags SYN,ACK SYN",
    "-p tcp -m multiport --dports {0},{1}",
    "-p tcp -m multiport ! --ports 1,{0}:{1}",
    "-p {2}",
    "! -p {2}",
    "-m conntrack --ctorigdstport {0}",
    "-m tos --tos {3}",
    "-m tos ! --tos 0x12/0xff",
    "-m dscp --dscp 46",
)
TARGETS = {
    "filter": ("", "-j named", "-g named", "-j REJECT", "-j LOG --log-level {4} --log-uid --log-prefix 'no: '"),
    "nat": ("-j named", "-p tcp -j REDIRECT --to-ports 42"),
    "mangle": ("-j named", "-j TOS --set-tos {3}", "-j TEE --gateway {5}", "-j LOG --log-prefix 'uid: '"),
    "raw": ("-g named", "-j CT --notrack"),
    "security": ("-j named", "-m owner --uid-owner 0 ! --gid-owner 0"),
}


def named_rule(chance: random.Random, tool: str, table: str) -> str:
    hosts = [f"{address}/{32 if tool == 'iptables' else 128}" for address in HOSTS[tool].values()]
    networks = [f"{address}/16" for address in NETWORKS.values()] if tool == "iptables" else ["2001:db8::/32"]
    words = [
        f"{chance.choice(('', '! '))}{flag} {chance.choice((*hosts, *networks))}"
        for flag in ("-s", "-d")
        if chance.randrange(2)
    ]
    option, target = chance.choice(OPTIONS), chance.choice(TARGETS[table])
    if target.startswith("-p tcp"):  # the protocol is that of the option, if it has one
        option, target = chance.choice((("", target), (OPTIONS[1], target.removeprefix("-p tcp "))))
    values = (
        *sorted(chance.sample([*SERVICES.values(), 1025, 40000], 2)),
        chance.choice([*PROTOCOLS.values(), 47, 200]),
        chance.choice([*TYPES_OF_SERVICE]),
        chance.randrange(8),
        chance.choice([*HOSTS[tool].values()]),
    )
    return " ".join(("-A CHECKED", *words, option, target)).format(*values).replace("'", '"')


def in_numbers(value: Any, tool: str) -> Any:
    """What a listing without `-n` says, as the one with `-n` says it."""
    if isinstance(value, list):
        return [in_numbers(item, tool) for item in value]
    if not isinstance(value, dict):
        return value
    everywhere, length = ("0.0.0.0/0", 32) if tool == "iptables" else ("::/0", 128)
    addresses = {
        "anywhere": everywhere,
        **{name: f"{address}/{length}" for name, address in HOSTS[tool].items()},
        **{f"{name}/16": f"{address}/16" for name, address in NETWORKS.items()},
    }
    known: dict[str, dict[Any, Any]] = {
        **dict.fromkeys(("source", "destination", "ctorigsrc", "ctorigdst", "ctreplsrc", "ctrepldst"), addresses),
        **{key: {"any": "*"} for key in ("in_interface", "out_interface")},
        **dict.fromkeys(("first", "last"), SERVICES),
        **{key: {"root": "0"} for key in ("uid_owner", "gid_owner")},
        "gateway": HOSTS[tool],
        "protocol": {name: str(number) for name, number in PROTOCOLS.items() if name != "ipcomp"},
        "level": LEVELS,
    }
    document = {
        key: known[key].get(item, item) if key in known else in_numbers(item, tool) for key, item in value.items()
    }
    match document:
        case {"kind": "icmp", "type": kind}:
            document |= MESSAGES[tool].get(str(kind), {})
        case {"kind": "tos", "name": str(name), "operation": _}:
            document |= {"value": TYPES_OF_SERVICE[name], "mask": 0x3F}
            del document["name"]
        case {"kind": "tos", "name": str(name)}:
            document["tos"] = {"value": TYPES_OF_SERVICE[name], "mask": 0x3F}
            del document["name"]
    return document


@backends
@pytest.mark.parametrize("tool", ["iptables", "ip6tables"])
def test_names_stand_for_the_numbers_of_the_same_rules(
    namespace: Namespace, backend: str, tool: str, tmp_path: Path
) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    in_etc = ("sh", "-c", 'mount -t tmpfs tmpfs /etc && cp "$0"/* /etc && exec "$@"', str(tmp_path))
    chance = random.Random(tool)
    seen = set[str]()
    for table in TARGETS:
        rules = [f"-A CHECKED {rule}" for rule in NAMED[tool].strip().split("\n")]
        rules += [f"-A CHECKED -p {number}" for number in PROTOCOLS.values()]
        rules += [named_rule(chance, tool, table) for _ in range(40)]
        head = f"*{table}\n:OUTPUT ACCEPT [7:420]\n:CHECKED - [0:0]\n:named - [0:0]"
        namespace.run(f"{tool}-{backend}-restore", text="\n".join((head, *rules, "COMMIT\n")))
        for flags in ("-L", "-vL --line-numbers"):
            command = (*in_etc, f"{tool}-{backend}", "-t", table, *flags.split())
            named, numbered = (
                to_builtins(list(parse_iptables(namespace.run(*command, *more)))) for more in ([], ["-n"])
            )
            for chain, numbers in zip(named, numbered, strict=True):
                for rule, numbered_rule in zip(chain["rules"], numbers["rules"], strict=True):
                    assert "other" not in rule
                    assert in_numbers(rule, tool) == numbered_rule
            seen |= set(re.findall(r"'([^']+?)(?:/16)?'", str(named)))
    hosts = HOSTS[tool].keys() | (NETWORKS.keys() if tool == "iptables" else set())
    assert seen >= hosts | SERVICES.keys() | PROTOCOLS.keys() | TYPES_OF_SERVICE.keys() | {"root", "anywhere"}
    assert len(seen & LEVELS.keys()) > 1
