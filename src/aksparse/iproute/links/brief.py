"""The lines of `-br` and `-o`.

Format: `print_linkinfo_brief` and `print_addrinfo` in `ip/ipaddress.c` of iproute2.
"""

from __future__ import annotations

import re

import pyparsing as pp

from aksparse.iproute.links.lines import (
    Fields,
    hardware_address,
    interface,
    option,
    peer,
    prefixlen,
    slash,
    to_address_fields,
    to_link_fields,
    to_peer,
)
from aksparse.linere import LineGrammar
from aksparse.tokens import column, integer, ip_address, word

_DEVICE = pp.Regex(r"[0-9]{1,10}").set_name("interface index")("ifindex") + ":" + column(word("ifname"))
# With `-o` a link or an address is one line, in which a backslash stands for the end of a line.
DEVICE_BEFORE_ADDRESS = LineGrammar(_DEVICE + pp.FollowedBy(pp.Regex(r"inet6?[ \t]")), whole=False)
LINE_END = re.compile(r"\\(?= {4})")
ONE_LINE = LineGrammar(
    _DEVICE + pp.Regex(r"inet6?[ \t][^\\/]*/.*").set_name("address")
    | interface + pp.Regex(r"<[A-Z0-9a-f_,-]*> .*\\ {4}link/.*").set_name("rest of the line")
)
# With `-br` a link is one line that begins with its name.
_brief_address = r"[0-9a-f.:]{2,45}(?: peer [0-9a-f.:]{2,45})?/[0-9]{1,3}(?: metric [0-9]{1,10})?(?:[ \t]+|$)"
BRIEF = LineGrammar(
    pp.Regex(r"[^ \t]+(?=@[^ \t@]+[ \t])|[^ \t]+(?=[ \t])").set_name("interface name")("ifname")
    + pp.Opt(peer)
    + column(
        pp.Regex(r"UNKNOWN|NOTPRESENT|DOWN|LOWERLAYERDOWN|TESTING|DORMANT|UP").set_name("operational state")(
            "operstate"
        )
    )
    + (
        pp.Opt(column(hardware_address("address")))
        + column(pp.Regex(r"<[A-Z0-9a-f_,-]*>").set_name("flags in angle brackets")("flags"))
        | pp.Regex(rf"(?:{_brief_address})*").set_name("addresses")("addresses")
    )
)
_BRIEF_ADDRESS = LineGrammar(
    ip_address("local")
    + pp.Opt(column(pp.Literal("peer")) + ip_address("address"))
    + slash
    + prefixlen
    + option("metric", integer("metric")),
    whole=False,
)


def read_brief(line: str) -> Fields | None:
    """A line of `-br`; its last field holds the fields of its addresses."""
    found = BRIEF.parse(line)
    if found is None:
        return None
    link, link_index = to_peer(found.pop("link", "NONE"))
    text, addresses = found.pop("addresses", ""), []
    for item in re.finditer(_brief_address, text):
        address: dict[str, str] = _BRIEF_ADDRESS.parse(item[0]) or {}
        addresses.append((("family", "inet6" if ":" in address["local"] else "inet"), *to_address_fields(address)))
    return ("link", link), ("link_index", link_index), *to_link_fields(found), ("addresses", addresses)
