"""The inputs of the bench: what a node of a large, busy cluster prints, in the exact layout of the tools.

Nothing is read from anywhere: a seeded generator writes the same text in every run. As in life, what names one thing
(a pod, its address, a chain) occurs once or a few times, and what there are few of (masks, flags, nodes) repeats.
"""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple

_ANY = "0.0.0.0/0"
_PODS = int(IPv4Address("10.128.0.0"))  # a /9: every address of a pod is in it
_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_SAFE = "bcdfghjklmnpqrstvwxz2456789"  # what Kubernetes makes up names of
_APPS = "api auth billing cart catalog checkout feed gateway ingest ledger mail orders payments search session".split()
_PARTS = "backend cache consumer db exporter frontend proxy queue scheduler worker".split()


class Output(NamedTuple):
    """The text of one command, and how many records are in it."""

    text: str
    records: int


def _random_name(rng: random.Random, alphabet: str, length: int) -> str:
    return "".join(rng.choices(alphabet, k=length))


def _pod_addresses(rng: random.Random, count: int) -> list[str]:
    return [str(IPv4Address(_PODS + offset)) for offset in rng.sample(range(1 << 23), count)]


# route -n: lib/inet_gr.c of net-tools. The kernel lists routes by destination.


def route_n(size: int) -> Output:
    """A node with a route for every pod and one for the range of every other node: `size` routes in all."""
    rng = random.Random("route -n")
    routes = [(0, "10.224.0.1", "0.0.0.0", "UG", 100, "eth0")]
    for host in ("168.63.129.16", "169.254.169.254"):
        routes.append((int(IPv4Address(host)), "10.224.0.1", "255.255.255.255", "UGH", 100, "eth0"))
    nodes = size // 10
    for node in range(nodes):
        gateway = f"10.224.{node // 250}.{4 + node % 250}"
        routes.append((_PODS + (node << 8), gateway, "255.255.255.0", "UG", 0, "eth0"))
    for offset in rng.sample(range(nodes << 8, 1 << 23), size - len(routes)):
        routes.append((_PODS + offset, "0.0.0.0", "255.255.255.255", "UH", 0, f"azv{rng.getrandbits(44):011x}"))
    lines = ["Kernel IP routing table", "Destination     Gateway         Genmask         Flags Metric Ref    Use Iface"]
    for destination, gateway, genmask, flags, metric, iface in sorted(routes):
        address = str(IPv4Address(destination))
        lines.append(f"{address:<15} {gateway:<15} {genmask:<15} {flags:<5} {metric:<6} {0:<2} {0:>7} {iface}")
    return Output("\n".join(lines) + "\n", len(routes))


# ip route: ip/iproute.c of iproute2. Every row ends with a blank.


def ip_route(size: int) -> Output:
    """The same node as `ip route` shows it, with what a daemon of Calico adds: `size` routes in all."""
    rng = random.Random("ip route")
    own = "dev eth0 proto dhcp src 10.224.0.4 metric 100"
    lines = [f"default via 10.224.0.1 {own}"]
    routes = [
        (int(IPv4Address("10.224.0.0")), f"/16 {own.replace('dhcp', 'kernel scope link')}"),
        *((int(IPv4Address(host)), f" via 10.224.0.1 {own}") for host in ("168.63.129.16", "169.254.169.254")),
        (_PODS, "/26 proto bird"),
    ]
    nodes = size // 10
    for node in range(1, nodes):
        gateway = f"10.224.{node // 250}.{4 + node % 250}"
        routes.append((_PODS + (node << 8), f"/24 via {gateway} dev eth0 proto bird"))
    for offset in rng.sample(range(nodes << 8, 1 << 23), size - 1 - len(routes)):
        routes.append((_PODS + offset, f" dev azv{rng.getrandbits(44):011x} scope link"))
    for destination, rest in sorted(routes):
        kind = "blackhole " if " dev " not in rest else ""
        lines.append(f"{kind}{IPv4Address(destination)}{rest}")
    return Output(" \n".join(lines) + " \n", size)


# ip addr: ip/ipaddress.c of iproute2. Some columns are followed by a blank where nothing comes after them.


def ip_addr(size: int) -> Output:
    """A node with `size` interfaces, nearly all the ends of pods' links: plain, transparent (azv), with an address."""
    rng = random.Random("ip addr")
    lines = [
        "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000",
        "    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00",
        *_address("inet 127.0.0.1/8 scope host lo"),
        *_address("inet6 ::1/128 scope host "),
        "2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP group default qlen 1000",
        "    link/ether 00:0d:3a:11:00:04 brd ff:ff:ff:ff:ff:ff",
        *_address("inet 10.224.0.4/16 brd 10.224.255.255 scope global eth0"),
        *_address("inet6 fe80::20d:3aff:fe11:4/64 scope link "),
        "3: cbr0: <BROADCAST,MULTICAST,PROMISC,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default qlen 1000",
        "    link/ether 46:ee:22:65:05:e4 brd ff:ff:ff:ff:ff:ff",
        *_address("inet 10.244.1.1/24 brd 10.244.1.255 scope global cbr0"),
        *_address("inet6 fe80::44ee:22ff:fe65:5e4/64 scope link "),
    ]
    records = 9
    ifindex = 3
    for netnsid, address in enumerate(_pod_addresses(rng, size - 3)):
        ifindex += rng.choice((1, 1, 1, 2, 5))  # pods come and go, indexes are not used again
        kind = rng.choice(("veth", "veth", "azv", "with address"))
        lines += _pod_link(rng, kind, ifindex, netnsid, address)
        records += 3 if kind == "with address" else 2
    return Output("\n".join(lines) + "\n", records)


def _pod_link(rng: random.Random, kind: str, ifindex: int, netnsid: int, address: str) -> Iterator[str]:
    mac = 0xAAAAAAAAAAAA if kind == "azv" else (rng.getrandbits(48) | 2 << 40) & ~(1 << 40)
    name = f"azv{rng.getrandbits(44):011x}" if kind == "azv" else f"veth{rng.getrandbits(32):08x}"
    master = "master cbr0 " if kind == "veth" else ""
    octets = ":".join(f"{octet:02x}" for octet in mac.to_bytes(6, "big"))
    flags = "<BROADCAST,MULTICAST,UP,LOWER_UP>"
    yield f"{ifindex}: {name}@if{rng.choice('23')}: {flags} mtu 1500 qdisc noqueue {master}state UP group default "
    yield f"    link/ether {octets} brd ff:ff:ff:ff:ff:ff link-netnsid {netnsid}"
    if kind == "with address":
        yield from _address(f"inet {address}/32 scope global {name}")
    yield from _address(f"inet6 {_link_local(mac)}/64 scope link ")


def _address(text: str) -> tuple[str, str]:
    return f"    {text}", "       valid_lft forever preferred_lft forever"


def _link_local(mac: int) -> IPv6Address:
    """The address that the kernel derives from a hardware address (EUI-64)."""
    interface = (mac >> 24 << 40 | 0xFFFE << 24 | mac & 0xFFFFFF) ^ 2 << 56
    return IPv6Address(0xFE80 << 112 | interface)


# iptables -t nat -nvL --line-numbers: iptables/nft-shared.c and iptables.c; the rules are those of kube-proxy. Chains
# come in alphabetical order behind the built-in ones.


class _Rule(NamedTuple):
    target: str
    options: str = ""
    protocol: int = 0
    source: str = _ANY
    destination: str = _ANY


_Chains = dict[str, list[_Rule]]


def iptables_nat(services: int) -> Output:
    """The nat table of a node in a cluster with so many services, each with up to six endpoints."""
    return _nat_table(*_nat_chains(services))


def _nat_chains(services: int) -> tuple[random.Random, _Chains]:
    rng = random.Random("iptables")
    chains: _Chains = {name: [] for name in ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING")}
    chains["PREROUTING"] = chains["OUTPUT"] = [_Rule("KUBE-SERVICES", "/* kubernetes service portals */")]
    chains["POSTROUTING"] = [_Rule("KUBE-POSTROUTING", "/* kubernetes postrouting rules */")]
    made: _Chains = {
        "KUBE-MARK-MASQ": [_Rule("MARK", "MARK or 0x4000")],
        "KUBE-NODEPORTS": [],
        "KUBE-POSTROUTING": [
            _Rule("RETURN", "mark match ! 0x4000/0x4000"),
            _Rule("MARK", "MARK xor 0x4000"),
            _Rule("MASQUERADE", "/* kubernetes service traffic requiring SNAT */ random-fully"),
        ],
        "KUBE-PROXY-CANARY": [],
        "KUBE-SERVICES": [],
    }
    for number in range(services):
        _add_service(rng, made, number)
    rng.shuffle(made["KUBE-SERVICES"])
    last = "/* kubernetes service nodeports; NOTE: this must be the last rule in this chain */"
    made["KUBE-SERVICES"].append(_Rule("KUBE-NODEPORTS", f"{last} ADDRTYPE match dst-type LOCAL"))
    return rng, chains | dict(sorted(made.items()))


def _add_service(rng: random.Random, chains: _Chains, number: int) -> None:
    port_name, protocol, port = rng.choice((("http", 6, 80), ("https", 6, 443), ("grpc", 6, 9090), ("dns", 17, 53)))
    comment = f"team-{number % 97}/{rng.choice(_APPS)}-{rng.choice(_PARTS)}-{number}:{port_name}"
    transport = "udp" if protocol == 17 else "tcp"
    key = _random_name(rng, _BASE32, 16)
    cluster_ip = f"10.0.{number // 250}.{1 + number % 250}"
    portal = _Rule(f"KUBE-SVC-{key}", f"/* {comment} cluster IP */ {transport} dpt:{port}", protocol, _ANY, cluster_ip)
    chains["KUBE-SERVICES"].append(portal)
    balance = [portal._replace(target="KUBE-MARK-MASQ", source="!10.128.0.0/9")]
    endpoints = _pod_addresses(rng, rng.choice((1, 1, 2, 2, 2, 3, 3, 6)))
    for index, address in enumerate(endpoints):
        endpoint, separate = f"KUBE-SEP-{_random_name(rng, _BASE32, 16)}", f"{address}:8080"
        share = f" statistic mode random probability {1 / (len(endpoints) - index):.11f}"
        arrow = f"/* {comment} -> {separate} */"
        balance.append(_Rule(endpoint, arrow + (share if index < len(endpoints) - 1 else "")))
        chains[endpoint] = [
            _Rule("KUBE-MARK-MASQ", f"/* {comment} */", source=address),
            _Rule("DNAT", f"/* {comment} */ {transport} to:{separate}", protocol),
        ]
    chains[f"KUBE-SVC-{key}"] = balance
    if number % 4 == 0:
        _expose(chains, number, key, comment, protocol)


def _expose(chains: _Chains, number: int, key: str, comment: str, protocol: int) -> None:
    """Make a service reachable from outside, on a port of every node and on a load balancer."""
    transport = "udp" if protocol == 17 else "tcp"
    external, node_port = f"KUBE-EXT-{key}", f"/* {comment} */ {transport} dpt:{30000 + number % 2768}"
    public = f"20.50.{number // 250}.{1 + number % 250}"
    balancer = _Rule(external, f"/* {comment} loadbalancer IP */ {transport} dpt:443", protocol, _ANY, public)
    chains["KUBE-SERVICES"].append(balancer)
    accounted = f"{node_port} nfacct-name  localhost_nps_accepted_pkts"
    chains["KUBE-NODEPORTS"] += [
        _Rule(external, accounted, protocol, _ANY, "127.0.0.0/8"),
        _Rule(external, node_port, protocol),
    ]
    chains[external] = [
        _Rule("KUBE-MARK-MASQ", f"/* masquerade traffic for {comment} external destinations */"),
        _Rule(f"KUBE-SVC-{key}"),
    ]


def _nat_table(rng: random.Random, chains: _Chains) -> Output:
    references = Counter(rule.target for rules in chains.values() for rule in rules)
    lines = []
    for name, rules in chains.items():
        built_in = "KUBE" not in name
        about = "policy ACCEPT 0 packets, 0 bytes" if built_in else f"{references[name]} references"
        lines += [
            f"Chain {name} ({about})",
            "num   pkts bytes target     prot opt in     out     source               destination         ",
            *(_nat_rule(rng, number, rule) for number, rule in enumerate(rules, 1)),
            "",
        ]
    return Output("\n".join(lines[:-1]) + "\n", len(chains) + sum(map(len, chains.values())))


def _nat_rule(rng: random.Random, number: int, rule: _Rule) -> str:
    packets = 0 if rng.random() < 0.5 else int(10 ** rng.uniform(0, 6))
    counters = f"{_counter(packets)} {_counter(packets * rng.randint(52, 80))}"
    source, destination = (text if text[0] == "!" else f" {text}" for text in (rule.source, rule.destination))
    options = f" {rule.options}" if rule.options else ""
    columns = f"{rule.target:<9}  {rule.protocol:<4} --  {'*':<6} {'*':<6} {source:<20} {destination:<20} "
    return f"{number:<4} {counters} {columns}{options}"


def _counter(value: int) -> str:
    """A counter in five columns: rounded when it is longer (`print_num` of libxtables)."""
    unit = ""
    for larger in "KMG":
        if value <= (99999 if not unit else 9999):
            break
        value, unit = (value + 500) // 1000, larger
    return f"{value:>4}{unit}" if unit else f"{value:>5}"


# iptables-save -t nat: iptables/iptables-save.c and nft-shared.c. An option is written as it is set.

_COMMENT = re.compile(r"/\* (.*) \*/ ?")
_AS_SET = (
    (re.compile(r"^(tcp|udp)"), r"-m \1"),
    (re.compile(r"dpt:"), "--dport "),
    (re.compile(r"statistic mode (\w+) probability"), r"-m statistic --mode \1 --probability"),
    (re.compile(r"mark match !"), "-m mark ! --mark"),
    (re.compile(r"ADDRTYPE match"), "-m addrtype"),
    (re.compile(r"dst-type|random-fully"), r"--\g<0>"),
    (re.compile(r"nfacct-name "), "-m nfacct --nfacct-name"),
    (re.compile(r"MARK or (\w+)"), r"--set-xmark \1/\1"),
    (re.compile(r"MARK xor (\w+)"), r"--set-xmark \1/0x0"),
    (re.compile(r"to:"), "--to-destination "),
)
_OF_TARGET = re.compile(r"--(?:random-fully|set-xmark|to-destination)")


def iptables_save(services: int) -> Output:
    """The table of `iptables_nat`, as it is saved."""
    _, chains = _nat_chains(services)
    rules = [_saved_rule(name, rule) for name, rules in chains.items() for rule in rules]
    lines = [
        "# Generated by iptables-save v1.8.9 (nf_tables) on Thu Nov 26 09:15:02 2026",
        "*nat",
        *(f":{name} {'-' if 'KUBE' in name else 'ACCEPT'} [0:0]" for name in chains),
        *rules,
        "COMMIT",
        "# Completed on Thu Nov 26 09:15:02 2026",
    ]
    return Output("\n".join(lines) + "\n", len(chains) + len(rules))


def _saved_rule(chain: str, rule: _Rule) -> str:
    words = [f"-A {chain}"]
    for option, network in (("-s", rule.source), ("-d", rule.destination)):
        if network != _ANY:
            negation = "! " if network[0] == "!" else ""
            words.append(f"{negation}{option} {network.lstrip('!')}{'' if '/' in network else '/32'}")
    if rule.protocol:
        words.append(f"-p {({6: 'tcp', 17: 'udp'})[rule.protocol]}")
    options = rule.options
    if comment := _COMMENT.match(options):
        words.append(f'-m comment --comment "{comment[1]}"')
        options = options[comment.end() :]
    for listed, saved in _AS_SET:
        options = listed.sub(saved, options)
    of_target = _OF_TARGET.search(options)
    start = of_target.start() if of_target else len(options)
    return " ".join(filter(None, [*words, options[:start].strip(), f"-j {rule.target}", options[start:]]))


# kubectl get pods -A -o wide: the table printer of k8s.io/cli-runtime. Columns are as wide as their widest cell and
# three blanks; the last one is not padded.

_POD_COLUMNS = "NAMESPACE|NAME|READY|STATUS|RESTARTS|AGE|IP|NODE|NOMINATED NODE|READINESS GATES".split("|")
_STATUSES = ["Completed", "CrashLoopBackOff", "ContainerCreating", "Error", "ImagePullBackOff", "Init:0/1", "Pending"]


def kubectl_get_pods(size: int) -> Output:
    """The pods of a whole cluster, `size` of them."""
    rng = random.Random("kubectl")
    nodes = [f"aks-nodepool{1 + node // 900}-27511634-vmss{node % 900:06}" for node in range(max(size // 90, 1))]
    rows = sorted(_pod(rng, address, rng.choice(nodes)) for address in _pod_addresses(rng, size))
    rows.insert(0, _POD_COLUMNS)
    widths = [max(map(len, column)) + 3 for column in zip(*rows, strict=True)]
    widths[-1] = 0
    lines = ["".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) for row in rows]
    return Output("\n".join(lines) + "\n", size)


def _pod(rng: random.Random, address: str, node: str) -> list[str]:
    set_hash, suffix = _random_name(rng, _SAFE, rng.choice((9, 10, 10))), _random_name(rng, _SAFE, 5)
    name = f"{rng.choice(_APPS)}-{rng.choice(_PARTS)}-{set_hash}-{suffix}"
    containers = rng.choice((1, 1, 1, 2, 2, 3))
    status = "Running" if rng.random() < 0.95 else rng.choice(_STATUSES)
    ready = containers if status == "Running" else 0
    age = int(10 ** rng.uniform(1.5, 7.7))
    restarts = 0 if rng.random() < 0.7 else rng.randint(1, 60)
    restarted = f"{restarts} ({_duration(int(10 ** rng.uniform(0, math.log10(age))))} ago)" if restarts else "0"
    started = status not in ("Pending", "ContainerCreating")
    return [
        *(f"team-{rng.randrange(97)}", name, f"{ready}/{containers}", status, restarted, _duration(age)),
        *(address if started else "<none>", "<none>" if status == "Pending" else node, "<none>", "<none>"),
    ]


def _duration(seconds: int) -> str:
    """`HumanDuration` of k8s.io/apimachinery, up to two years."""
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 120:
        return f"{seconds}s"
    if minutes < 10:
        return f"{minutes}m{seconds % 60}s" if seconds % 60 else f"{minutes}m"
    if hours < 3:
        return f"{minutes}m"
    if hours < 8:
        return f"{hours}h{minutes % 60}m" if minutes % 60 else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    if days < 8:
        return f"{days}d{hours % 24}h" if hours % 24 else f"{days}d"
    return f"{days}d"


# docker ps -a: cli/command/formatter/container.go of the Docker CLI. The other half of the containers are pauses.

_CONTAINER_COLUMNS = "CONTAINER ID|IMAGE|COMMAND|CREATED|STATUS|PORTS|NAMES".split("|")
_AGES = ["26 minutes", "About an hour", "5 hours", "23 hours", "2 days", "6 days", "3 weeks", "2 months"]
_PAUSE = ["mcr.microsoft.com/oss/kubernetes/pause:3.6", '"/pause"']


def docker_ps(size: int) -> Output:
    """The containers of a host, `size` of them."""
    rng = random.Random("docker")
    images = [
        [f"{rng.choice(_APPS)}.azurecr.io/{part}:v1.{minor}", _command(rng)] for part in _PARTS for minor in range(9)
    ]
    rows = [_container(rng, images) for _ in range(size // 2)]
    table = [_CONTAINER_COLUMNS, *(row for pair in rows for row in pair)]
    widths = [max(map(len, column)) + 3 for column in zip(*table, strict=True)]
    widths[-1] = 0
    lines = ["".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) for row in table]
    return Output("\n".join(lines) + "\n", len(table) - 1)


def _command(rng: random.Random) -> str:
    program = f"/{rng.choice(_APPS)}-{rng.choice(_PARTS)}"
    return f'"{program[:19]}\u2026"' if len(program) > 16 else f'"{program} -v"'


def _container(rng: random.Random, images: list[list[str]]) -> tuple[list[str], list[str]]:
    """A container of a pod, and its pause container."""
    pod = f"{rng.choice(_APPS)}-{rng.choice(_PARTS)}-{_random_name(rng, _SAFE, 10)}-{_random_name(rng, _SAFE, 5)}"
    uid = f"{rng.getrandbits(32):08x}-{rng.getrandbits(16):04x}-4{rng.getrandbits(12):03x}-a{rng.getrandbits(12):03x}"
    of_pod = f"{pod}_team-{rng.randrange(97)}_{uid}-{rng.getrandbits(48):012x}"
    age = rng.choice(_AGES)
    status = f"Up {age}" if rng.random() < 0.95 else f"Exited ({rng.choice((0, 1, 137))}) {rng.choice(_AGES)} ago"
    port = rng.randrange(30000, 32768)
    published = f"0.0.0.0:{port}->{rng.choice((80, 8080))}/tcp, :::{port}->80/tcp" if rng.random() < 0.1 else ""
    rows = []
    for (image, command), name, ports in (rng.choice(images), "app", published), (_PAUSE, "POD", ""):
        full_name = f"k8s_{name}_{of_pod}_{rng.choice((0, 0, 0, 1, 7))}"
        rows.append([f"{rng.getrandbits(48):012x}", image, command, f"{age} ago", status, ports, full_name])
    return rows[0], rows[1]
