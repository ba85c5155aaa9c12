"""What tools print that aksparse does not read is no output of a command: it is told what it is."""

from __future__ import annotations

import shutil
from itertools import product
from typing import TYPE_CHECKING

import pytest

from aksparse import ParseError, parse
from tests.real.conftest import unavailable

if TYPE_CHECKING:
    from tests.real.conftest import Namespace

pytestmark = pytest.mark.real

SCENE = """
link add br0 type bridge
link add v0 type veth peer name v1
link set v0 master br0
link set lo up
link set br0 up
link set v0 up
link set v1 up
addr add 10.0.0.1/24 dev v1
addr add 10.0.0.9/24 dev v1
addr add 2001:db8::1/64 dev v1 nodad
route add 10.1.0.0/16 via 10.0.0.2
neigh add 10.0.0.2 lladdr 02:00:00:00:00:02 dev v1
neigh add 2001:db8::2 lladdr 02:00:00:00:00:03 dev v1
"""
PRINTED = {
    "ip -j": ("addr", "link", "route", "-4 rule", "neigh", "-p addr", "-p route", "-d link", "-s neigh"),
    "bridge -j": ("link", "fdb", "-p fdb"),
    "ip": ("maddr", "-o maddr", "-6 maddr", "-4 maddr", "netconf", "-4 netconf"),
    "arp": ("-n", "-e", "-a", "-an"),
    "ifconfig": ("-a", "v1"),
    "netstat": ("-an", "-tlnp", "-i", "-ie", "-g", "-lnx", "-rCn"),
    "route": ("-C", "-Cn", "-6Cn"),
    "ss": ("-tlnp", "-an", "-s", "-ntu"),
    "tc": ("qdisc", "-s qdisc"),
    "conntrack": ("-S",),
    "ipset": ("list", "save"),
    "ebtables-nft": ("-L", "-t nat -L"),
    "ebtables-nft-save": ("",),
    "arptables-nft": ("-L", "-nvL --line-numbers", "-L INPUT"),
    "arptables-nft-save": ("",),
    "nft": ("list ruleset",),
    "sysctl": ("net.ipv4.conf", "net.ipv4.ip_forward"),
    "cat": ("/proc/net/route", "/proc/net/arp"),
    "busybox": ("arp -a", "ifconfig", "netstat -an"),
}
# By which name it is told, where that is not the name of the tool.
TOLD = {
    **{("ip", "maddr"): "ip maddress", ("ip", "-o maddr"): "ip maddress", ("netstat", "-rCn"): "route -C"},
    **{("ebtables-nft-save", ""): "ebtables", ("arptables-nft-save", ""): "arptables"},
    **dict.fromkeys(product(["ebtables-nft"], ["-L", "-t nat -L"]), "ebtables"),
    **dict.fromkeys(product(["arptables-nft"], ["-L", "-nvL --line-numbers", "-L INPUT"]), "arptables"),
    **{("busybox", "arp -a"): "arp", ("busybox", "ifconfig"): "ifconfig", ("busybox", "netstat -an"): "netstat"},
}


@pytest.mark.parametrize("tool", PRINTED)
def test_an_output_that_is_not_read_is_named(tool: str, namespace: Namespace) -> None:
    program, *options = tool.split()
    if shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin") is None:
        unavailable(f"{program} is not installed")
    namespace.run("ip", "-batch", "-", text=SCENE)
    namespace.try_run("ipset", "create", "some-set", "hash:ip")
    namespace.try_run("iptables-nft", "-t", "nat", "-A", "POSTROUTING", "-j", "MASQUERADE")
    namespace.try_run("ebtables-nft", "-A", "FORWARD", "-p", "IPv4", "-j", "ACCEPT")
    namespace.try_run("arptables-nft", "-A", "INPUT", "-s", "10.0.0.9", "-j", "DROP")
    for words in PRINTED[tool]:
        text = namespace.run(program, *options, *words.split(), exits_with=(0, 1))
        assert text.strip(), words
        with pytest.raises(ParseError) as caught:
            parse(text)
        (diagnostic,) = caught.value.diagnostics
        assert diagnostic.code == "unrecognised-output"
        assert diagnostic.message.startswith("this looks like an output of ")
        assert TOLD.get((tool, words), tool) in diagnostic.message.partition(", which aksparse does not read")[0], words


def test_what_can_not_be_made_here_is_named() -> None:
    """The kernel or the tools at hand may have none of these: they are as manuals and pages show them."""
    for name, text in (
        (
            "conntrack -L",
            "tcp      6 431982 ESTABLISHED src=10.244.0.5 dst=10.0.0.1 sport=4763 dport=443 src=10.224.0.4 [ASSURED]\n",
        ),
        ("conntrack -L", "udp      17 29 src=10.244.0.5 dst=10.0.0.10 sport=4763 dport=53 [UNREPLIED] use=1\n"),
        ("kubectl get -o yaml", "apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Pod\n"),
        ("kubectl get -o json", '{\n    "apiVersion": "v1",\n    "items": [\n'),
        ("kubectl describe", "Name:         web-1\nNamespace:    default\n"),
        ("docker images", "REPOSITORY   TAG       IMAGE ID       CREATED        SIZE\n"),
        ("bridge vlan", "port              vlan-id  \nv0                1 PVID Egress Untagged\n"),
        ("bridge vlan", "port\tvlan ids\nv0\t 1 PVID Egress Untagged\n"),
    ):
        with pytest.raises(ParseError) as caught:
            parse(text)
        assert f"this looks like an output of {name}" in caught.value.diagnostics[0].message
