"""`bridge` and `brctl` say what `bridge -j`, `ip -j -d link` and the kernel say of the same bridges."""

from __future__ import annotations

import json
import random
import shlex
import time
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from aksparse import (
    Parsed,
    parse,
    parse_brctl_show,
    parse_brctl_showmacs,
    parse_brctl_showstp,
    parse_bridge_fdb,
    parse_bridge_link,
    to_builtins,
)
from aksparse.commands.brctl_showstp import StpBridge

if TYPE_CHECKING:
    from tests.real.conftest import Namespace

pytestmark = pytest.mark.real
Chance = random.Random
Document = dict[str, Any]

# Words of the formats are names as good as others; so is a backslash, which stands for the end of a line with `-o`.
NAMES = (
    "self permanent dev master state used ifindex flags port (3) cost is\\ br.1 a-b fifteen-letters ageing no".split()
)
SWITCHES = (
    *("hairpin", "guard", "root_block", "fastleave", "learning", "flood", "mcast_flood", "bcast_flood"),
    *("mcast_to_unicast", "neigh_suppress", "isolated", "locked"),
)
BRIDGES = 42
SHORTEST_TIMER = 0.9  # seconds; none here is set to less than one


class Topology(NamedTuple):
    """Bridges and their ports, as commands that make them."""

    bridges: list[str]
    ports: list[str]
    links: list[str]
    settings: list[str]


def random_topology(seed: int, other: str) -> Topology:
    """Bridges with ports of three kinds, the peers of some of them in another namespace."""
    chance = random.Random(seed)
    names = chance.sample(NAMES, len(NAMES))
    bridges = [names.pop() if names and not number % 4 else f"br{number}" for number in range(BRIDGES)]
    ports: list[str] = []
    links, settings = ["link add e0 type veth peer name e1"], []
    for bridge in bridges:
        links.append(f"link add name {bridge} type bridge {random_bridge(chance)}")
        of_bridge: list[str] = []
        for _ in range(chance.randint(0, 4)):
            port = names.pop() if names and chance.random() < 0.2 else f"p{len(ports)}"
            links += random_port(chance, port, len(ports), other)
            links += [f"link set dev q{len(ports)} up"] * chance.randint(0, 1)
            links += [
                f"link set dev {port} master {bridge}",
                f"link set dev {port} {chance.choice(('up', 'up', 'down'))}",
            ]
            settings.append(f"link set dev {port} {random_settings(chance, of_bridge)}")
            settings += [f"fdb add {random_mac(chance)} dev {port} {random_entry(chance)}" for _ in range(2)]
            of_bridge.append(port)
            ports.append(port)
        links.append(f"link set dev {bridge} {chance.choice(('up', 'up', 'down'))}")
    return Topology(bridges, ports, links, settings)


def random_bridge(chance: Chance) -> str:
    return (
        f"stp_state {chance.randint(0, 1)} priority {chance.choice((0, 64, 32768, 65535))}"
        f" forward_delay {chance.randint(200, 3000)} hello_time {chance.randint(100, 1000)}"
        f" max_age {chance.randint(600, 4000)} ageing_time {chance.choice((0, 100, 30000, 123456))}"
    )


def random_port(chance: Chance, name: str, number: int, other: str) -> list[str]:
    kinds = (
        f"type veth peer name q{number}",
        f"type veth peer name q{number}",
        f"index {5000 + number} type veth peer name q{number} index {6000 + number} netns {other}",
        f"type vxlan id {1000 + number} dstport 4789 remote 10.0.0.{number % 250 + 1}",
        "type tap",
    )
    kind = chance.choice(kinds)
    return [f"tuntap add dev {name} mode tap" if kind == "type tap" else f"link add name {name} {kind}"]


def random_settings(chance: Chance, others: list[str]) -> str:
    settings = [f"{switch} {chance.choice(('on', 'off'))}" for switch in chance.sample(SWITCHES, chance.randint(0, 6))]
    settings += [f"cost {chance.randint(1, 65535)}", f"priority {chance.randint(0, 63)}"]
    settings += [f"mcast_router {chance.randint(0, 2)}"] * chance.randint(0, 1)
    settings += [f"backup_port {chance.choice(others)}"] * chance.randint(0, 1) if others else []
    return " ".join(settings)


def random_entry(chance: Chance) -> str:
    far = f"10.1.0.{chance.randint(1, 254)}"
    return chance.choice(
        (
            "master static",
            "master dynamic",
            "master permanent",
            "master static sticky",
            "master extern_learn",
            "self",
            f"self dst {far} static",
            f"self dst {far} port {chance.randint(1, 65535)} vni {chance.randint(1, 9999)} via e0",
            f"self dst {far} dynamic router extern_learn",
        )
    )


def random_mac(chance: Chance) -> str:
    return "02:" + ":".join(f"{chance.randint(0, 255):02x}" for _ in range(5))


def make(topology: Topology, namespace: Namespace) -> None:
    namespace.run("sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1")
    links = [command for command in topology.links if not command.startswith("tuntap")]
    taps = [command for command in topology.links if command.startswith("tuntap")]
    # Not every port has a peer here, and some settings do not suit their port; a backslash may not end a line.
    namespace.run("ip", "-force", "-batch", "-", text=" \n".join([*taps, *links, ""]), exits_with=(0, 1))
    namespace.run("bridge", "-force", "-batch", "-", text=" \n".join([*topology.settings, ""]), exits_with=(0, 1))


@pytest.mark.parametrize("seed", range(5))
def test_random_bridges_are_what_the_tools_json_and_the_kernel_say(
    seed: int, make_namespace: Callable[[], Namespace]
) -> None:
    bridges, other = make_namespace(), make_namespace()
    make(random_topology(seed, other.name), bridges)
    assert_bridge_link_says_what_its_json_says(bridges)
    assert_bridge_fdb_says_what_its_json_says(bridges)
    trees = assert_brctl_showstp_says_what_ip_json_says(bridges)
    assert len(trees) == BRIDGES
    assert {True, None} == {port.hairpin_mode for tree in trees for port in tree.ports}
    assert_brctl_showmacs_says_what_the_kernel_and_bridge_json_say(bridges)
    assert_brctl_show_of_named_bridges_says_what_it_says_of_all(bridges)


Said = Callable[[Iterable[Document]], list[Document]]


def printed(namespace: Namespace, *scripts: str) -> list[str]:
    """What each of these prints, one right behind the other."""
    return namespace.run("sh", "-ec", "".join(f"{script}; printf '\\0'; " for script in scripts)).split("\0")[:-1]


def documents_around(
    namespace: Namespace, argv: str, judge: str, said: Said
) -> tuple[list[Document], str, list[Document]]:
    """What a command prints, and the JSON of the same before and after, of a moment in which what is said stays so."""
    command, asked = (shlex.join(line.split()) for line in (argv, judge))
    for _ in range(20):
        first, text, last = printed(namespace, asked, command, asked)
        before, after = json.loads(first), json.loads(last)
        if said(before) == said(after):
            return before, text, after
    pytest.fail("the kernel never stood still")


# bridge


def said_of_ports(ports: Iterable[Document]) -> list[Document]:
    """What changes by itself is left out: a port listens, then learns, then forwards."""
    return [{key: value for key, value in port.items() if key != "state"} for port in ports]


def assert_bridge_link_says_what_its_json_says(bridges: Namespace) -> None:
    for options in ("", "-d ", "-s ", "-o -d ", "-c=always "):
        before, text, after = documents_around(
            bridges, f"bridge {options}link", f"bridge -j {options}link", said_of_ports
        )
        records = to_builtins(parse_bridge_link(text).records)
        assert len(records) > 40
        assert said_of_ports(records) == said_of_ports(before)
        for record, first, last in zip(records, before, after, strict=True):
            ways = (first["state"], last["state"]), ("listening", "forwarding")
            assert record["state"] in ways[0] or (record["state"] == "learning" and ways[0] == ways[1])
        assert parse(text).command == "bridge_link"


TIMES = ("used", "updated")


def said_of_entries(entries: Iterable[Document]) -> list[Document]:
    """Without times, which pass, and without the empty state of what was learned."""
    return [
        {key: value for key, value in entry.items() if key not in TIMES and (key, value) != ("state", "")}
        for entry in entries
    ]


def assert_same_entries(namespace: Namespace, options: str, words: str = "") -> Parsed[Any]:
    before, text, after = documents_around(
        namespace, f"bridge {options}fdb show {words}", f"bridge -j {options}fdb show {words}", said_of_entries
    )
    parsed = parse_bridge_fdb(text)
    records = to_builtins(parsed.records)
    assert said_of_entries(records) == said_of_entries(before)
    for record, first, last in zip(records, before, after, strict=True):
        assert record.keys() & {*TIMES} == first.keys() & {*TIMES} == last.keys() & {*TIMES}
        for name in record.keys() & {*TIMES}:
            # What was used in between is young again.
            assert first[name] <= record[name] <= last[name] or last[name] < first[name]
    return parsed


def assert_bridge_fdb_says_what_its_json_says(bridges: Namespace) -> None:
    for options in ("", "-s ", "-d ", "-o -s ", "-c=always "):
        assert len(assert_same_entries(bridges, options)) > 300
    ports = json.loads(bridges.run("bridge", "-j", "link"))
    for port in ports[:10]:
        entries = assert_same_entries(bridges, "-s ", f"dev {port['ifname']}")
        assert {entry.ifname for entry in entries} == {None}
        assert_same_entries(bridges, "", f"br {port['master']}")
    assert {"static", "permanent", None} <= {entry.state for entry in assert_same_entries(bridges, "")}


def test_an_entry_of_a_tunnel_through_another_namespace_and_one_by_next_hops(
    make_namespace: Callable[[], Namespace],
) -> None:
    namespace, other = make_namespace(), make_namespace()
    for command in (
        "link add e0 type veth peer name e1",
        "link set e0 up",
        "link add vx0 type vxlan id 7 dstport 4789 remote 10.0.0.9 dev e0",
        f"link set vx0 netns {other.name}",
    ):
        namespace.run("ip", *command.split())
    (entry,) = [entry for entry in assert_same_entries(other, "-s ") if entry.ifname == "vx0" and entry.dst]
    assert entry.viaIfIndex is not None
    assert entry.linkNetNsId is not None
    namespace.run("ip", "link", "add", "vx1", "type", "vxlan", "id", "8", "dstport", "4790")
    for command in ("id 10 via 10.0.0.8 fdb", "id 20 group 10 fdb"):
        namespace.run("ip", "nexthop", "add", *command.split())
    namespace.run("bridge", "fdb", "add", "02:00:00:00:00:01", "dev", "vx1", "nhid", "20", "self")
    assert 20 in {entry.nhid for entry in assert_same_entries(namespace, "")}


# brctl


def sections(namespace: Namespace, command: str, names: Iterable[str]) -> list[str]:
    """What a command of brctl prints of each of these bridges."""
    return printed(namespace, *(shlex.join(["brctl", command, name]) for name in names))


def bridge_id(text: str) -> str:
    """Some releases of iproute2 leave out the leading zeros: 8000.2:0:0:0:0:1."""
    priority, _, address = text.partition(".")
    return f"{priority}.{''.join(octet.zfill(2) for octet in address.split(':'))}"


def by_name(links: Iterable[Document]) -> dict[str, Document]:
    return {link["ifname"]: link for link in links}


def names_of_bridges(links: dict[str, Document]) -> list[str]:
    return sorted(name for name, link in links.items() if link.get("linkinfo", {}).get("info_kind") == "bridge")


SAME_OF_BRIDGE = {"root_port": "root_port", "path_cost": "root_path_cost"}
SECONDS_OF_BRIDGE = {
    **{name: name for name in ("max_age", "hello_time", "forward_delay", "ageing_time")},
    **{f"bridge_{name}": name for name in ("max_age", "hello_time", "forward_delay")},
}
TIMERS_OF_BRIDGE = ("hello_timer", "tcn_timer", "topology_change_timer", "gc_timer")
FLAGS_OF_BRIDGE = {"TOPOLOGY_CHANGE": "topology_change", "TOPOLOGY_CHANGE_DETECTED": "topology_change_detected"}
TIMERS_OF_PORT = ("message_age_timer", "forward_delay_timer", "hold_timer")
FLAGS_OF_PORT = {"CONFIG_PENDING": "config_pending", "TOPOLOGY_CHANGE_ACK": "topology_change_ack"}


def flags(data: Document, keys: dict[str, str]) -> tuple[str, ...]:
    return tuple(flag for flag, key in keys.items() if data[key])


def runs_as_in(timer: Decimal, before: float, after: float) -> bool:
    """Whether a timer stands where it may when it runs down from the one to the other, or down, up again and on."""
    low, high = round(after, 2) - 0.011, round(before, 2) + 0.011
    return low <= timer <= high if low <= high else bool(timer <= high or timer >= low)


def roots(lines: str) -> dict[str, str]:
    """The root of each bridge's tree, from the kernel: iproute2 6.1 prints the bridge's own id as `root_id`."""
    return {path.split("/")[4]: root for path, _, root in (line.partition(":") for line in lines.splitlines())}


class Moment(NamedTuple):
    """What is printed of some bridges, and what links and roots there are before and after."""

    texts: dict[str, str]
    links: tuple[dict[str, Document], dict[str, Document]]
    roots: tuple[dict[str, str], dict[str, str]]


def moments(namespace: Namespace, names: list[str]) -> Iterator[Moment]:
    """So many of the bridges at once that no timer runs down twice while they are listed."""
    judges = "ip -j -d link", "grep . /sys/class/net/*/bridge/root_id"
    waiting = [names]
    for _ in range(200):
        if not waiting:
            return
        some = waiting.pop()
        started = time.monotonic()
        commands = (shlex.join(["brctl", "showstp", name]) for name in some)
        links, known, *texts, links_after, known_after = printed(namespace, *judges, *commands, *judges)
        if time.monotonic() - started < SHORTEST_TIMER:
            around = by_name(json.loads(links)), by_name(json.loads(links_after))
            yield Moment(dict(zip(some, texts, strict=True)), around, (roots(known), roots(known_after)))
        else:
            half = (len(some) + 1) // 2
            waiting += [part for part in (some[:half], some[half:]) if part]
    pytest.fail("the machine is too slow to compare timers")


def assert_same_bridge(bridge: StpBridge, before: Document, after: Document) -> None:
    assert bridge.bridge_id == bridge_id(before["bridge_id"])
    for name, key in SAME_OF_BRIDGE.items():
        assert getattr(bridge, name) in (before[key], after[key]), name
    for name, key in SECONDS_OF_BRIDGE.items():
        assert getattr(bridge, name) * 100 in (before[key], after[key]), name
    for name in TIMERS_OF_BRIDGE:
        assert runs_as_in(getattr(bridge, name), before[name], after[name]), name
    assert bridge.flags in [
        tuple(flag for flag, key in FLAGS_OF_BRIDGE.items() if data[key]) for data in (before, after)
    ]


def assert_same_port(port: Any, before: Document, after: Document) -> None:
    assert port.port_no == int(before["no"], 16)
    assert int(port.port_id, 16) == int(before["id"], 16)
    assert port.path_cost == before["cost"]
    assert bool(port.hairpin_mode) == before["hairpin"]
    assert port.state in (before["state"], after["state"])
    assert port.designated_root in {bridge_id(data["root_id"]) for data in (before, after)}
    assert port.designated_bridge in {bridge_id(data["bridge_id"]) for data in (before, after)}
    assert int(port.designated_port, 16) in (before["designated_port"], after["designated_port"])
    assert port.designated_cost in (before["designated_cost"], after["designated_cost"])
    for name in TIMERS_OF_PORT:
        assert runs_as_in(getattr(port, name), before[name], after[name]), name
    assert port.flags in [flags(data, FLAGS_OF_PORT) for data in (before, after)]


def assert_brctl_showstp_says_what_ip_json_says(namespace: Namespace) -> list[StpBridge]:
    """`brctl showstp` of every bridge says what `ip -j -d link` says of it and of its ports."""
    names = names_of_bridges(by_name(json.loads(namespace.run("ip", "-j", "-d", "link"))))
    texts, trees = dict[str, str](), dict[str, StpBridge]()
    for moment in moments(namespace, names):
        texts |= moment.texts
        for name, text in moment.texts.items():
            assert parse(text).command == "brctl_showstp"
            (tree,) = parse_brctl_showstp(text)
            trees[name] = tree
            assert tree.name == name
            assert tree.designated_root in {known[name] for known in moment.roots}
            assert_same_bridge(tree, *(links[name]["linkinfo"]["info_data"] for links in moment.links))
            assert sorted(port.name for port in tree.ports) == sorted(
                port for port, link in moment.links[0].items() if link.get("master") == name
            )
            for port in tree.ports:
                assert_same_port(port, *(links[port.name]["linkinfo"]["info_slave_data"] for links in moment.links))
    assert list(parse_brctl_showstp("".join(texts.values()))) == list(trees.values())
    return [trees[name] for name in names]


def test_the_spanning_tree_of_two_bridges_with_two_links_between_them(namespace: Namespace) -> None:
    commands = [
        *("link add br0 type bridge stp_state 1", "link add br1 type bridge stp_state 1 priority 64"),
        *("link add a0 type veth peer name a1", "link add b0 type veth peer name b1"),
        *(f"link set {link}{end} master br{end}" for link in "ab" for end in "01"),
        *(f"link set {name} up" for name in ("br0", "br1", "a0", "a1", "b0", "b1")),
    ]
    namespace.run("ip", "-batch", "-", text="\n".join(commands))
    for _ in range(40):
        tree, root = assert_brctl_showstp_says_what_ip_json_says(namespace)
        if "blocking" in {port.state for port in tree.ports}:
            break
        namespace.run("sleep", "0.25")
    assert tree.designated_root == root.designated_root == root.bridge_id
    assert (tree.path_cost, root.path_cost, root.root_port) == (2, 0, 0)
    assert {port.state for port in tree.ports} == {"blocking", "listening"}
    assert {port.designated_bridge for port in (*tree.ports, *root.ports)} == {root.bridge_id}
    assert all(port.message_age_timer for port in tree.ports)


def forwarding_table(namespace: Namespace, bridge: str) -> dict[str, tuple[int, bool, float]]:
    """The kernel's own table: `struct __fdb_entry` of linux/if_bridge.h. Port, whether local, and age by address."""
    numbers = list(map(int, namespace.run("od", "-An", "-v", "-tu1", f"/sys/class/net/{bridge}/brforward").split()))
    table = {}
    for entry in (numbers[start : start + 16] for start in range(0, len(numbers), 16)):
        age = int.from_bytes(bytes(entry[8:12]), "little") / 100
        table[":".join(f"{octet:02x}" for octet in entry[:6])] = (entry[6] + (entry[12] << 8), bool(entry[7]), age)
    return table


def assert_brctl_showmacs_says_what_the_kernel_and_bridge_json_say(bridges: Namespace) -> None:
    links = by_name(json.loads(bridges.run("ip", "-j", "-d", "link")))
    names = names_of_bridges(links)
    read = 0
    for name, text in zip(names, sections(bridges, "showmacs", names), strict=True):
        for _ in range(20):  # an entry may go or come while the three are listed
            parsed = parse_brctl_showmacs(text, argv=("brctl", "showmacs", name))
            table = forwarding_table(bridges, name)
            known = json.loads(bridges.run("bridge", "-j", "fdb", "show", "br", name))
            fdb = {e["mac"]: e for e in known if e.get("master") == name and e["ifname"] != name}
            if {address.mac_addr for address in parsed} == table.keys() <= fdb.keys() and all(
                table[address.mac_addr][2] - 10 <= address.ageing_timer <= table[address.mac_addr][2]
                for address in parsed
            ):
                break
            text = bridges.run("brctl", "showmacs", name)
        else:
            raise AssertionError(f"twenty listings of {name} are not what the kernel and bridge -j say")
        assert parse(text).command == "brctl_showmacs"
        addresses = {address.mac_addr: address for address in parsed}
        assert len(addresses) == len(parsed)
        assert {mac: (a.port_no, a.is_local) for mac, a in addresses.items()} == {
            mac: (port, local) for mac, (port, local, _) in table.items()
        }
        # What has expired is still in the database for a while, and not in the two others.
        permanent = {mac for mac, entry in fdb.items() if entry["state"] == "permanent"}
        assert {mac for mac, address in addresses.items() if address.is_local} == permanent
        assert {address.bridge for address in parsed} <= {name}
        read += len(parsed)
    assert read > 100


def assert_brctl_show_of_named_bridges_says_what_it_says_of_all(bridges: Namespace) -> None:
    every = {bridge.name: bridge for bridge in parse_brctl_show(bridges.run("brctl", "show"))}
    names = sorted(every)[::3]
    text = bridges.run("sh", "-c", 'brctl show "$@" nope e0 2>&1', "sh", *names, exits_with=(0, 1))
    parsed = parse_brctl_show(text)
    assert list(parsed) == [every[name] for name in names]
    assert sorted(parsed.ignored.values()) == ["header", "no-bridge", "no-bridge"]
