"""Outputs that stand in the same dumps and pages, and that aksparse does not read: it says what they are.

Each is known by how it begins. Most are tables of other tools; some are other forms of what is read, such as JSON.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice

from aksparse.terminal.noise import noise

_LINES = 4  # so many tell: pretty JSON begins with a bracket, a brace and a key
_WIDTH = 300  # and so much of each: some of the patterns take the square of a line's length

_BEGINS = {
    "ip -j or bridge -j (what they print without -j is read)": (
        r'\[ ?\{ ?\n?\s*"(?:ifindex|ifname|type|dst|priority|mac|src|family|name|nsid|maddr|mdb|index|link)":'
    ),
    "docker ps --format json (the table is read)": r'\{"Command":',
    "podman ps --format json (the table is read)": r'\[\n?\s*\{\n?\s*"AutoRemove":',
    "crictl -o json (the table is read)": r'\{\n?\s*"(?:containers|items)": \[\n?\s*\{\n?\s*"id":',
    "kubectl get -o json (the table is read)": r'\{\n?\s*"apiVersion":',
    "kubectl get -o yaml (the table is read)": r"apiVersion: ",
    "kubectl describe": r"Name: +\S+\n(?:Namespace|Roles|Labels|Priority): ",
    "docker images": r"REPOSITORY +TAG +(?:DIGEST +)?IMAGE ID|IMAGE +TAG +IMAGE ID",
    "docker network ls": r"NETWORK ID +NAME +DRIVER",
    "ctr containers list": r"CONTAINER +IMAGE +RUNTIME",
    "ip maddress": r"[0-9]+:\t[^ \t\\\n]+(?: *\n|\\)\t(?:inet6?|link) ",
    "ip netconf": r"(?:inet6?|mpls) \S+ (?:forwarding|input) o(?:n|ff) ",
    "ip -br neigh (without -br it is read)": r"[0-9a-f.:]{2,45} +\S+ +(?:[0-9a-f]{2}:){5}[0-9a-f]{2} *(?:\n|$)",
    "bridge vlan": r"port[ \t]+vlan[- ]ids?(?:[ \t]|\n|$)",
    "bridge mdb": r"(?:[0-9]+: +)?(?:\S+ +\S+ +\S+ +(?:temp|permanent)\b|dev \S+ port \S+ grp )",
    "arp": r"Address +HWtype +HWaddress|\S+ \([0-9.]+\) at (?:[0-9a-f:]{17}|<incomplete>) ",
    "ifconfig": r"\S+: flags=[0-9]+<|\S+ +Link encap:",
    "route -C": r"Kernel IP routing cache",
    "netstat -i": r"Kernel Interface table",
    "netstat -g": r"IPv6/IPv4 Group Memberships",
    "netstat": r"Active (?:Internet|UNIX)",
    "ss": r"(?:Netid +)?State +Recv-Q +Send-Q +Local Address|Total: [0-9]+\nTCP: ",
    "conntrack -L": r"(?:ipv[46] +[0-9]+ +)?[a-z]+[a-z0-9]* +[0-9]+ +(?:[0-9]+ +)?(?:[A-Z_]+ +)?src=[0-9a-f.:]+ dst=",
    "conntrack -S": r"cpu=[0-9]+ +\tfound=",
    "ipset list": r"Name: \S+\nType: ",
    "ipset save": r"create \S+ (?:hash|bitmap|list):",
    "nft list ruleset": r"table (?:ip6?|inet|arp|bridge|netdev) \S+ \{",
    "ebtables -L": r"Bridge table: ",
    "tc": r"(?:qdisc|class) \S+ (?:[0-9a-f]+:\S*|0) (?:dev|root|parent) ",
    "ethtool": r"Settings for \S+:\n|driver: \S+\nversion: ",
    "cat /proc/net/route": r"Iface\tDestination\t",
    "cat /proc/net/arp": r"IP address +HW type ",
    "sysctl": r"(?:net|kernel|vm|fs)\.\S+ = ",
}
_KNOWN = [(name, re.compile(begins)) for name, begins in _BEGINS.items()]


def foreign(texts: Sequence[str]) -> str | None:
    """What prints text that begins like these lines, where that is known, and is none of aksparse's commands."""
    beginning = "\n".join(islice((text[:_WIDTH] for text in texts if not noise(text)), _LINES))
    return next((name for name, begins in _KNOWN if begins.match(beginning)), None)


def unread(texts: Sequence[str]) -> str:
    """Why these lines are not read: what they are, or that nothing is known of them."""
    if name := foreign(texts):
        return f"this looks like an output of {name}, which aksparse does not read"
    return "no known command prints text like this"
