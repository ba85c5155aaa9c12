"""`ip addr` says the same as `ip -j addr` of the same namespace, key by key."""

from __future__ import annotations

import ctypes
import json
import os
import platform
import re
import shlex
import struct
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from aksparse.commands.ip_addr import parse_ip_addr
from aksparse.serialize import to_builtins
from tests.iproute_json import written_alike
from tests.real.conftest import unavailable
from tests.real.topologies import build

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

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

FORMS = (
    *("addr", "-4 addr", "-6 addr", "-s addr", "-s -s addr", "-d addr", "-s -d addr", "-d -s -s addr"),
    *("-o addr", "-o -4 addr", "-o -d -s addr", "-br addr", "-br -4 addr", "-br -6 addr"),
    *("link", "-s link", "-s -s link", "-d link", "-s -s -d link", "-o link", "-o -s link", "-o -d -s -s link"),
    "-br link",
)
LISTING = "".join(f"ip {form}; printf '\\0'; ip -j {form}; printf '\\0'; " for form in FORMS)

# Where text and JSON differ, by the words of the form; all else is equal, every key and value.
# - Any: where there are none, the JSON has an empty list or object, and `"link": null` for a tunnel bound to no link.
# - Any: a link whose peer's namespace has a name has `link_netns`, where the JSON has the number of that namespace.
# - Any: an address stands for its value: one and the same may be written as ::ffff:1.2.3.4 and ::ffff:102:304.
# - Any: a key with a hyphen, `stable-privacy` or `netns-immutable`, is a field with an underscore.
# - `-o addr`: the JSON says the interface in each address, and has no link around it.
# - `-4`, `-6`: an unknown link of index N is called `ifN` in the JSON, as in the text.
# - `-br`: the family of an address is seen from it; the JSON does not say it.
# - `-s`, but not twice: the JSON counts `over_errors` where the text counts `missed_errors`.
# - `addr` without `-d`: of an XDP program the text has only the identifier, and nothing where there are several.
# - `-d`: timers run on from one listing to the next.
# - `-d`: the text does not say these, and says one thing twice:
ONLY_IN_JSON: dict[str, Any] = {
    **{"info_data.multi_queue": False, "info_data.df": "unset", "info_data.learning": True, "info_data.pmtudisc": True},
    # Of a VXLAN, later releases say in the text what is not as usual.
    **dict.fromkeys(("info_data.udp_csum", "info_data.localbypass"), True),
    **{f"info_data.{name}": False for name in ("external", "rsc", "proxy", "l2miss", "l3miss", "mcroute")},
    **{f"info_data.{name}": False for name in ("udp_zero_csum6_tx", "udp_zero_csum6_rx", "remcsum_tx", "remcsum_rx")},
}
ONLY_IN_TEXT: dict[str, set[Any]] = {
    **{"info_slave_data.mcast_fast_leave": {True, False}, "info_data.ttl": {"inherit"}},
    "info_data.arp_validate": {"none"},  # `null` in the JSON
    **{"info_data.gbp": {True}, "info_data.gpe": {True}},  # `null` in the JSON of later releases
}
# Two names can't be told from the text, so none of the kind is used here: a peer in the same namespace that is itself
# called `if5` reads as one in another; and `a@b` reads as a link `a` to `b`, unless another `@b` follows it.


def said_by_text(form: str, links: list[dict[str, Any]], names: dict[int, str]) -> list[dict[str, Any]]:
    """The JSON of a form as the text says it, but for `ONLY_IN_JSON`."""
    words = form.split()
    if "-o" in words and "addr" in words:
        links = [
            {"ifindex": link["addr_info"][0]["index"], "ifname": link["addr_info"][0]["dev"], **link}
            for link in links
            if link.get("addr_info")
        ]
    for link in links:
        if "netns-immutable" in link:
            link["netns_immutable"] = link.pop("netns-immutable")
        if name := names.get(link.get("link_netnsid", -1)):
            del link["link_netnsid"]
            link["link_netns"] = name
        if {"-4", "-6"} & set(words) and re.fullmatch("if[0-9]+", link.get("link") or ""):
            link["link_index"] = int(link.pop("link")[2:])
        if "xdp" in link and "addr" in words and "-d" not in words:
            link["xdp"] = without_details(link["xdp"])
        for address in link.get("addr_info", ()):
            for key in {"index", "dev"} & address.keys():
                del address[key]
            if "stable-privacy" in address:
                address["stable_privacy"] = address.pop("stable-privacy")
            if "-br" in words:
                address["family"] = "inet6" if ":" in address["local"] else "inet"
    return [link for link in links if link]


def without_details(xdp: dict[str, Any]) -> dict[str, Any]:
    several = xdp["mode"] == 4
    attached = [{"mode": each["mode"], "prog": {"id": each["prog"]["id"]}} for each in xdp["attached"] if not several]
    return {"mode": xdp["mode"], **({"prog": {"id": xdp["prog"]["id"]}} if "prog" in xdp else {}), "attached": attached}


def without_nothing(value: Any) -> Any:
    """Without absent values and empty lists and objects, which the JSON has for some keys and the records have not."""
    if isinstance(value, str):
        return written_alike(value)
    if isinstance(value, dict):
        items = {key: without_nothing(item) for key, item in value.items()}
        return {key: item for key, item in items.items() if item not in (None, [], (), {})}
    if isinstance(value, list | tuple):
        return [without_nothing(item) for item in value]
    return value


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
    if where.endswith("_timer") and isinstance(ours, float) and isinstance(theirs, float) and abs(ours - theirs) < 1:
        return []
    return [] if ours == theirs else [f"{where}: {ours!r}, but {theirs!r} in the JSON"]


def is_known(form: str, difference: str) -> bool:
    where, _, values = difference.partition(": ")
    if form.split().count("-s") == 1 and where.endswith(("rx.over_errors", "rx.missed_errors")):
        return True
    key = ".".join(where.split(".")[-2:])
    said_by_json_only = key in ONLY_IN_JSON and values == f"'nothing', but {ONLY_IN_JSON[key]!r} in the JSON"
    said_by_text_only = any(values == f"{value!r}, but 'nothing' in the JSON" for value in ONLY_IN_TEXT.get(key, ()))
    return said_by_json_only or said_by_text_only


def judged(form: str, text: str, links: list[dict[str, Any]], names: dict[int, str]) -> list[str]:
    """What differs between a text and the JSON of the same form, and what was not understood."""
    parsed = parse_ip_addr(text, strict=False)
    ours, theirs = (without_nothing(x) for x in (to_builtins(list(parsed)), said_by_text(form, links, names)))
    differing = [f"ip {form}: {found}" for found in differences(ours, theirs) if not is_known(form, found)]
    return [*(diagnostic.render() for diagnostic in parsed.diagnostics), *differing]


def all_forms(namespace: Namespace, *, named: bool) -> list[tuple[str, str, list[dict[str, Any]]]]:
    """Every form with its text and its JSON; `named`: where the namespaces of peers have names."""
    run = namespace.run if named else namespace.run_where_namespaces_have_no_names
    printed = run("sh", "-c", LISTING).split("\0")
    return [
        (form, text, json.loads(links)) for form, text, links in zip(FORMS, printed[::2], printed[1::2], strict=False)
    ]


def assert_same(namespace: Namespace, *, named: bool) -> list[dict[str, Any]]:
    """Every form says the same in text and JSON; both are of one moment only when nothing happens in between."""
    listed = json.loads(namespace.run("ip", "-j", "netns", "list-id") or "[]") if named else []
    names = {entry["nsid"]: entry["name"] for entry in listed if "name" in entry}
    differing, agreed = [""], set[str]()
    for attempt in range(10):
        time.sleep(attempt / 10)
        listings = all_forms(namespace, named=named)
        differing = []
        for form, text, links in listings:
            if form not in agreed:
                found = judged(form, text, links, names)
                differing += found
                agreed |= set() if found else {form}
        if not differing:
            break
    assert differing == []
    return next(to_builtins(list(parse_ip_addr(text))) for form, text, _ in listings if form == "-d -s -s addr")


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

    assert_same(namespace, named=True)
    links = assert_same(namespace, named=False)
    assert {key for link in links for key in link} >= {"link", "link_index", "master", "altnames", "link_netnsid"}
    keys = {key for link in links for address in link["addr_info"] for key in address}
    assert keys >= {"address", "broadcast", "metric", "secondary", "dynamic", "nodad", "autojoin", "deprecated", "home"}
    assert_same(elsewhere, named=False)


def test_the_namespace_of_a_peer_is_named_where_it_has_a_name(make_namespace: Callable[[], Namespace]) -> None:
    here, there = make_namespace(), make_namespace()
    here.run("ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1")
    here.run("ip", "link", "set", "v1", "netns", there.name)
    (link,) = (link for link in parse_ip_addr(here.run("ip", "addr")) if link.ifname == "v0")
    assert (link.link_netns, link.link_netnsid) == (there.name, None)
    text = here.run_where_namespaces_have_no_names("ip", "addr")
    (link,) = (link for link in parse_ip_addr(text) if link.ifname == "v0")
    assert (link.link_netns, link.link_netnsid) == (None, 0)


PROG_LOAD, OBJ_PIN, PROG_TYPE_XDP, SYS_BPF = 5, 6, 6, {"x86_64": 321, "aarch64": 280}
RETURN_PASS = bytes.fromhex("b700000002000000 9500000000000000")  # r0 = XDP_PASS; exit


@pytest.fixture
def xdp_program(tmp_path: Path) -> Iterator[Path]:
    """A program that lets every packet pass, where `ip` finds it."""
    number, libc = SYS_BPF.get(platform.machine()), ctypes.CDLL(None, use_errno=True)
    mounted = subprocess.run(["mount", "-t", "bpf", "bpf", tmp_path], capture_output=True, check=False)
    if number is None or mounted.returncode:
        unavailable("no file system for BPF programs can be mounted here")
    instructions, licence, name = (
        ctypes.create_string_buffer(x) for x in (RETURN_PASS, b"GPL", str(tmp_path / "pass").encode())
    )
    load = struct.pack(
        "IIQQIIQII16s", PROG_TYPE_XDP, 2, *map(ctypes.addressof, (instructions, licence)), 0, 0, 0, 0, 0, b"lets_pass"
    )
    try:
        program = libc.syscall(number, PROG_LOAD, load, len(load))
        pin = struct.pack("QII", ctypes.addressof(name), max(program, 0), 0)
        if program < 0 or libc.syscall(number, OBJ_PIN, pin, len(pin)):
            unavailable(f"no BPF program can be loaded here: {os.strerror(ctypes.get_errno())}")
        os.close(program)
        yield tmp_path / "pass"
    finally:
        subprocess.run(["umount", tmp_path], check=False)


def test_xdp_programs_read_as_in_the_json(make_namespace: Callable[[], Namespace], xdp_program: Path) -> None:
    namespace = make_namespace()
    for words in ip_lines("link add v0 type veth peer name v1\nlink add v2 type veth peer name v3\nlink set v3 up"):
        namespace.run("ip", *words)
    namespace.run("ip", "link", "set", "dev", "v0", "xdpgeneric", "pinned", str(xdp_program))
    namespace.run("ip", "link", "set", "dev", "v1", "xdp", "pinned", str(xdp_program))
    namespace.try_run("ip", "link", "set", "dev", "v1", "xdpgeneric", "pinned", str(xdp_program))
    attached = {link["ifname"]: link["xdp"] for link in assert_same(namespace, named=False) if "xdp" in link}
    assert attached.keys() == {"v0", "v1"}


@pytest.mark.parametrize("seed", range(20))
def test_random_topologies_read_as_in_the_json(seed: int, make_namespace: Callable[[], Namespace]) -> None:
    namespaces = build(seed, make_namespace, 10)
    links = [link for namespace in namespaces for link in assert_same(namespace, named=bool(seed % 2))]
    assert len({link["linkinfo"]["info_kind"] for link in links if "linkinfo" in link}) >= 4
    assert len({key for link in links for address in link["addr_info"] for key in address}) >= 12
