"""`ip addr` says the same as `ip -j addr` of the same namespace, key by key."""

from __future__ import annotations

import json
import random
import shlex
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import pytest

from aksparse.commands.ip_addr import parse_ip_addr
from aksparse.serialize import to_builtins

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.real.conftest import Namespace

pytestmark = pytest.mark.real

SCENE = """
link set lo up
link add br0 type bridge
link add br1 type bridge stp_state 1
link add v0 type veth peer name v1
link add fifteen-letters type veth peer name 0
link add vx type vxlan id 42 dstport 4789 local 127.0.0.1
tuntap add tn mode tun
tuntap add tp mode tap
link set v0 master br0
link set vx master br1
link set v1 txqueuelen 77 mtu 1400 group 7 alias 'what a name'
link set v0 promisc on
link set br0 allmulticast on
link set br0 address 02:00:00:00:00:01
link property add dev v1 altname an-alternative-name-longer-than-fifteen-letters altname x2
link set v0 up
link set br0 up
link set v1 up
link set tn up
link add link v1 name mv type macvlan mode bridge
link add link v1 name we@ird type macvlan mode bridge
link set mv address 02:00:00:00:00:02
addr add 10.0.0.1/24 brd + dev v1 label v1:web
addr add 10.0.0.2/24 dev v1 valid_lft 1000 preferred_lft 500
addr add 10.0.0.3/24 dev v1 metric 50 noprefixroute
addr add 10.0.1.1/24 brd 10.0.1.77 dev br0
addr add 10.1.1.1 peer 10.1.1.2/32 dev v1 scope link
addr add 10.9.9.9/32 dev lo scope host
addr add 10.9.9.8/32 dev lo scope 77
addr add 239.1.1.1/32 dev v1 autojoin
addr add 10.2.0.1 peer 10.2.0.2 dev tn
addr add 2001:db8::1/64 dev v1 nodad
addr add 2001:db8::2/64 dev v1 home mngtmpaddr
addr add 2001:db8:1::2 peer 2001:db8:1::3/128 dev v1
addr add 2001:db8:1::5/64 dev v1 preferred_lft 0 valid_lft forever
addr add 2001:db8:1::6/64 dev v1 valid_lft 999 preferred_lft 99 noprefixroute
addr add ::ffff:1.2.3.4/128 dev v1
"""

# What a kernel or a tool may lack is left out of the scene where it does.
PERHAPS_LACKING = """
link add d0 type dummy
link add link v1 name v1.5 type vlan id 5
link add link d0 name iv type ipvlan mode l2
link add vrf0 type vrf table 10
link add bond0 type bond
link add gre1 type gre remote 192.0.2.1 local 192.0.2.2
link add sit1 type sit remote 192.0.2.1 local 192.0.2.2
link add tnl1 type ip6tnl remote 2001:db8::9 local 2001:db8::8
link add wg0 type wireguard
link add ifb7 type ifb
link add nk0 type netkit
link add link v1 name mt type macvtap mode bridge
link set mv protodown on
addr add 10.5.5.5/24 dev v1 proto 0x77
"""

# Text and JSON differ here, and so do our records and the JSON:
# - a link whose peer's namespace has a name has `link_netns`, where the JSON has the number of that namespace;
# - the JSON says `"link": null` for a tunnel bound to no link (`tunl0@NONE`), our record says nothing;
# - where there are none, the JSON has an empty list of flags or addresses.
# - an address stands for its value: one and the same may be written as ::ffff:1.2.3.4 and ::ffff:102:304.
# Two names can't be told from the text, so none of the kind is used here: a peer in the same namespace that is itself
# called `if5` reads as one in another; and `a@b` reads as a link `a` to `b`, unless another `@b` follows it.


def as_the_json_has_it(value: Any) -> Any:
    """Without absent values and empty lists, which the JSON has for some keys and the records have not."""
    if isinstance(value, dict):
        return {key: as_the_json_has_it(item) for key, item in value.items() if item not in (None, [], ())}
    if isinstance(value, list | tuple):
        return [as_the_json_has_it(item) for item in value]
    return value


def with_names(links: list[dict[str, Any]], names: dict[int, str]) -> list[dict[str, Any]]:
    """The JSON of links with the name of each peer's namespace in place of its number."""
    for link in links:
        if name := names.get(link.get("link_netnsid", -1)):
            del link["link_netnsid"]
            link["link_netns"] = name
    return links


def differences(ours: Any, theirs: Any, where: str = "") -> list[str]:
    """Every key whose value differs, and every key that only one side has."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return [
            found
            for key in sorted(ours.keys() | theirs.keys())
            for found in differences(ours.get(key, "nothing"), theirs.get(key, "nothing"), f"{where}.{key}")
        ]
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        pairs = enumerate(zip(ours, theirs, strict=True))
        return [found for i, (our, their) in pairs for found in differences(our, their, f"{where}[{i}]")]
    return [] if ours == theirs else [f"{where}: {ours!r}, but {theirs!r} in the JSON"]


def text_and_json(run: Callable[..., str]) -> tuple[str, list[dict[str, Any]]]:
    """Both outputs at one moment: lifetimes run and flags such as `tentative` go in between."""
    for _ in range(20):
        before, text, after = run("ip", "-j", "addr"), run("ip", "addr"), run("ip", "-j", "addr")
        if before == after:
            links: list[dict[str, Any]] = json.loads(after)
            for address in (address for link in links for address in link["addr_info"]):
                for key in {"local", "address", "broadcast", "anycast"} & address.keys():
                    address[key] = str(ip_address(address[key]))
            return text, links
    raise AssertionError("the namespace does not come to rest")


def assert_same(namespace: Namespace) -> list[dict[str, Any]]:
    text, links = text_and_json(namespace.run)
    listed = json.loads(namespace.run("ip", "-j", "netns", "list-id") or "[]")
    names = {entry["nsid"]: entry["name"] for entry in listed if "name" in entry}
    ours = as_the_json_has_it(to_builtins(list(parse_ip_addr(text))))
    assert differences(ours, as_the_json_has_it(with_names(links, names))) == []

    text, links = text_and_json(namespace.run_where_namespaces_have_no_names)
    ours = as_the_json_has_it(to_builtins(list(parse_ip_addr(text))))
    assert differences(ours, as_the_json_has_it(links)) == []
    assert isinstance(ours, list)
    return ours


def ip_lines(commands: str) -> list[list[str]]:
    return [shlex.split(line) for line in commands.splitlines() if line]


def test_every_kind_of_link_and_address_reads_as_in_the_json(make_namespace: Callable[[], Namespace]) -> None:
    namespace, elsewhere = make_namespace(), make_namespace()
    for words in ip_lines(SCENE):
        namespace.run("ip", *words)
    for words in ip_lines(PERHAPS_LACKING):
        namespace.try_run("ip", *words)
    namespace.run("ip", "link", "add", "to-there", "type", "veth", "peer", "name", "from-here")
    namespace.run("ip", "link", "set", "from-here", "netns", elsewhere.name)
    namespace.run("ip", "link", "add", "link", "v1", "name", "away", "type", "macvlan")
    namespace.run("ip", "link", "set", "away", "netns", elsewhere.name)

    links = assert_same(namespace)
    assert {key for link in links for key in link} >= {"link", "link_index", "master", "altnames", "link_netnsid"}
    keys = {key for link in links for address in link.get("addr_info", ()) for key in address}
    assert keys >= {"address", "broadcast", "metric", "secondary", "dynamic", "nodad", "autojoin", "deprecated", "home"}
    assert_same(elsewhere)


def test_the_namespace_of_a_peer_is_named_where_it_has_a_name(make_namespace: Callable[[], Namespace]) -> None:
    here, there = make_namespace(), make_namespace()
    here.run("ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1")
    here.run("ip", "link", "set", "v1", "netns", there.name)
    (link,) = (link for link in parse_ip_addr(here.run("ip", "addr")) if link.ifname == "v0")
    assert (link.link_netns, link.link_netnsid) == (there.name, None)
    text = here.run_where_namespaces_have_no_names("ip", "addr")
    (link,) = (link for link in parse_ip_addr(text) if link.ifname == "v0")
    assert (link.link_netns, link.link_netnsid) == (None, 0)


class RandomTopology:
    """Random links and addresses; what the kernel refuses (a duplicate, a loop) is left out."""

    def __init__(self, seed: int, namespaces: list[Namespace]) -> None:
        self.random = random.Random(seed)
        self.namespaces = namespaces
        self.links: list[list[str]] = [["lo"] for _ in namespaces]

    def build(self, steps: int) -> None:
        for number in range(steps):
            where = self.random.randrange(len(self.namespaces))
            step = self.random.choice([self.add_link, self.set_link, self.add_address, self.add_address])
            if number < 8:
                step = self.add_link
            step(where)

    def ip(self, where: int, *words: object) -> bool:
        return self.namespaces[where].try_run("ip", *map(str, words))

    def name(self) -> str:
        length = self.random.randint(1, 15)
        return "".join(self.random.choice("abcxyz0123456789._-") for _ in range(length)).replace("if", "")

    def any_link(self, where: int) -> str:
        return self.random.choice(self.links[where])

    def add_link(self, where: int) -> None:
        name, kind = self.name(), self.random.choice(["veth", "veth", "far veth", "bridge", "vxlan", "macvlan", "tap"])
        if kind in ("veth", "far veth"):
            peer, there = self.name(), where if kind == "veth" else self.random.randrange(len(self.namespaces))
            far = ("netns", self.namespaces[there].name) if there != where else ()
            if self.ip(where, "link", "add", "name", name, "type", "veth", "peer", "name", peer, *far):
                self.links[where].append(name)
                self.links[there].append(peer)
            return
        added = {
            "bridge": lambda: self.ip(where, "link", "add", "name", name, "type", "bridge"),
            "vxlan": lambda: self.ip(where, "link", "add", name, "type", "vxlan", "id", len(name), "dstport", 4789),
            "macvlan": lambda: self.ip(
                where, "link", "add", "link", self.any_link(where), "name", name, "type", "macvlan", "mode", "bridge"
            ),
            "tap": lambda: self.ip(where, "tuntap", "add", name, "mode", self.random.choice(["tap", "tun"])),
        }[kind]()
        if added:
            self.links[where].append(name)

    def set_link(self, where: int) -> None:
        other = self.any_link(where)
        setting = self.random.choice(
            [
                ("up",),
                ("down",),
                ("mtu", self.random.randint(68, 9000)),
                ("txqueuelen", self.random.randint(0, 5000)),
                ("group", self.random.randint(0, 9)),
                ("promisc", "on"),
                ("allmulticast", "on"),
                ("multicast", "off"),
                ("arp", "off"),
                ("master", other),
                ("alias", self.name()),
                ("address", "02:" + ":".join(f"{self.random.randrange(256):02x}" for _ in range(5))),
            ]
        )
        self.ip(where, "link", "set", "dev", self.any_link(where), *setting)
        if not self.random.randrange(3):
            self.ip(where, "link", "property", "add", "dev", self.any_link(where), "altname", self.name() * 3)

    def add_address(self, where: int) -> None:
        link, words = self.any_link(where), []
        four = ".".join(["10", *(str(self.random.randrange(256)) for _ in range(3))])
        six = ":".join(["2001", "db8", *(f"{self.random.choice([0, 0, 1, 0xABC]):x}" for _ in range(6))])
        if self.random.randrange(2):
            words = [f"{four}/{self.random.randint(1, 32)}"]
            words += self.random.choice([[], ["brd", "+"], ["brd", "10.1.2.3"], ["label", f"{link}:1"[:15]]])
            words += self.random.choice([[], [], ["metric", "7"], ["scope", "link"], ["scope", "99"]])
        else:
            words = [f"{six}/{self.random.randint(1, 128)}"]
            words += self.random.choice([[], ["nodad"], ["home"], ["mngtmpaddr"], ["optimistic"]])
        if not self.random.randrange(4):
            words = [words[0].partition("/")[0], "peer", "10.3.3.3/32" if "." in words[0] else "2001:db8:f::1/128"]
        words += self.random.choice([[], [], ["noprefixroute"], ["valid_lft", "9000", "preferred_lft", "0"]])
        self.ip(where, "addr", "add", *words, "dev", link)


@pytest.mark.parametrize("seed", range(25))
def test_a_random_topology_reads_as_in_the_json(seed: int, make_namespace: Callable[[], Namespace]) -> None:
    topology = RandomTopology(seed, [make_namespace(), make_namespace()])
    topology.build(40)
    links = [link for namespace in topology.namespaces for link in assert_same(namespace)]
    assert len(links) > 5
    assert sum(len(link.get("addr_info", ())) for link in links) > 3
