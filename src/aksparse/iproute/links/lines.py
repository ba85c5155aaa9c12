"""The lines of a listing of interfaces: the interface, its link layer, its names, its addresses and their lifetimes.

Format: `print_linkinfo` and `print_addrinfo` in `ip/ipaddress.c` of iproute2.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import pyparsing as pp

from aksparse.iproute.links.xdp import attachment, read_attachment
from aksparse.linere import LineGrammar
from aksparse.tokens import (
    column,
    end_of_column,
    integer,
    ip_address,
    remember,
    rest_of_line,
    signed_integer,
    to_ip,
    word,
)

Fields = tuple[tuple[str, Any], ...]
"""Names of fields with their values."""

FOREVER = 0xFFFFFFFF


def option(keyword: str, value: pp.ParserElement) -> pp.ParserElement:
    """A keyword with its value, or neither."""
    return pp.Opt(column(pp.Literal(keyword)) + column(value))


# A name may hold "@": the last one separates it from the link, which has the form ifN when it is in another namespace.
_ifname = pp.Regex(r"[^ \t]+(?=@[^ \t@]+:[ \t])|[^ \t]+(?=:[ \t])").set_name("interface name")
peer = pp.Literal("@").leave_whitespace() + pp.Regex(r"[^ \t@:]+").leave_whitespace().set_name("link name")("link")
# Reasons to keep a link down are printed without a blank before them where the link is not kept down.
_glued = pp.FollowedBy(pp.Regex(r"protodown_reason <").leave_whitespace())


def _last(token: pp.ParserElement) -> pp.ParserElement:
    """A token that may be the last before the reasons."""
    return token + (end_of_column | _glued)


_netns = pp.Regex(r"[^ \t]+?(?=protodown_reason <)|[^ \t]+").set_name("word")
_state = (
    pp.Opt(
        column(pp.Literal("link-netnsid")) + _last((integer | "unknown")("link_netnsid"))
        | column(pp.Literal("link-netns")) + _last(_netns("link_netns"))
    )
    + pp.Opt(column(pp.Literal("protodown")("proto_down")) + column(pp.Literal("on")))
    + option("protodown_reason", pp.Regex(r"<[^> \t]*>")("proto_down_reason"))
)

interface = (
    pp.Regex(r"[0-9]{1,10}").set_name("interface index")("ifindex")
    + ":"
    + _ifname("ifname")
    + pp.Opt(peer)
    + column(pp.Literal(":").leave_whitespace())
)
_settings = (
    column(pp.Regex(r"<[A-Z0-9a-f_,-]*>").set_name("flags in angle brackets")("flags"))
    + option("mtu", integer("mtu"))
    + pp.Opt(column(attachment("xdp")))
    + option("qdisc", word("qdisc"))
    + option("master", word("master"))
    + option("state", word("operstate"))
    + option("mode", word("linkmode"))
    + option("group", word("group"))
    + pp.Opt(column(pp.Literal("qlen")) + _last(signed_integer("txqlen")))
    + _state
)
LINK = LineGrammar(interface + _settings)
_SETTINGS = LineGrammar(_settings)
hardware_address = pp.Regex(r"[0-9a-fA-F:.*]+").set_name("link-layer address")
LINK_LAYER = LineGrammar(
    pp.Literal("link/")
    + column(pp.Regex(r"[^ \t]+").leave_whitespace().set_name("link type")("link_type"))
    + pp.Opt(_last(hardware_address("address")))
    + pp.Opt(
        column(pp.Literal("brd")) + _last(hardware_address("broadcast"))
        | column(pp.Literal("peer")("peer")) + _last(hardware_address("broadcast"))
    )
    + pp.Opt(column(pp.Literal("permaddr")) + _last(hardware_address("permaddr")))
    + _state
    + pp.Opt(pp.Regex(r"promiscuity .*").set_name("details")("details"))
)
_FLAGS = (
    *("secondary", "temporary", "nodad", "optimistic", "dadfailed", "home", "deprecated", "tentative"),
    *("mngtmpaddr", "noprefixroute", "autojoin", "stable-privacy", "dynamic"),
)
_flag = rf"(?:{'|'.join(_FLAGS)}|flags [0-9a-f]+)"
_flags = pp.Regex(rf"(?:{_flag}(?:[ \t]+|$))+").set_name("address flags")
# The label of an IPv4 address is always there and always last: an interface may be called `dynamic`.
_flags_before_label = pp.Regex(rf"(?:{_flag}[ \t]+(?=[^ \t]))+").set_name("address flags")
slash = pp.Literal("/").leave_whitespace().set_name("/prefix length")
_local = ip_address("local") + pp.Opt(column(pp.Literal("peer")) + ip_address("address")) + slash
prefixlen = column(pp.Regex(r"[0-9]{1,3}").leave_whitespace().set_name("prefix length")("prefixlen"))


def _scope(flags: pp.ParserElement) -> pp.ParserElement:
    return (
        prefixlen
        + option("metric", integer("metric"))
        + option("brd", ip_address("broadcast"))
        + option("any", ip_address("anycast"))
        + column(pp.Literal("scope"))
        + column(word("scope"))
        + pp.Opt(flags("flags"))
        + option("proto", word("protocol"))
    )


ADDRESS = LineGrammar(
    column(pp.Literal("inet6")("family")) + _local + _scope(_flags)
    | column(pp.Literal("inet").set_name("inet or inet6")("family"))
    + _local
    + _scope(_flags_before_label)
    + pp.Opt(column(word("label")))
)
_SCOPE = LineGrammar(
    prefixlen + option("brd", ip_address("broadcast")) + column(pp.Literal("scope")) + column(word("scope"))
)
_lifetime = pp.Regex(r"forever|[0-9]{1,10}sec").set_name("lifetime")
LIFETIMES = LineGrammar(
    column(pp.Literal("valid_lft"))
    + column(_lifetime("valid"))
    + column(pp.Literal("preferred_lft"))
    + column(_lifetime("preferred"))
)
ALTNAME = LineGrammar(column(pp.Literal("altname")) + column(word("altname")))
# An alias may begin with blanks.
ALIAS = LineGrammar(pp.Regex(r"alias[ \t]").set_name("alias") + rest_of_line.copy().leave_whitespace()("ifalias"))

# Nearly every link is printed in the same few lines: `ROWS` matches all of them at once, or else an address with its
# lifetimes, or any other line. What tells one link from another is cut out; the rest, which many share, is read once.
# It reads nothing that the grammars above would read otherwise, only faster.
_name = pp.Regex(r"[^ \t\n@:]+")
_hexadecimal = pp.Regex(r"[0-9a-f:]+")
_lifetimes_row = "\n       valid_lft forever preferred_lft forever\n"
_inet_row = (
    "    inet "
    + pp.Regex(r"[0-9.]{7,15}")("inet")
    + "/"
    + pp.Regex(r"[^\n]* ")("inet_scope")
    + pp.Regex(r"[^ \t\n]+")("label")
    + _lifetimes_row
)
_inet6_row = (
    "    inet6 " + pp.Regex(r"[0-9a-f:.]{2,45}")("inet6") + "/" + pp.Regex(r"[^\n]*")("inet6_scope") + _lifetimes_row
)
_link_rows = (
    pp.Regex(r"[0-9]{1,10}")("ifindex")
    + ": "
    + _name("ifname")
    + pp.Regex(r"(?:@[^ \t\n@:]+)?: [^\n]*")("settings")
    + "\n    link/"
    + pp.Regex(r"[^ \t\n]+")("link_type")
    + " "
    + _hexadecimal("address")
    + " brd "
    + _hexadecimal("broadcast")
    + pp.Opt(" link-netnsid " + pp.Regex(r"[0-9]{1,18}")("link_netnsid"))
    + "\n"
    + pp.Opt(_inet_row)
    + pp.Opt(_inet6_row)
    + pp.Regex(r"(?=[0-9]{1,10}: |\Z)")
)
ROWS = LineGrammar(
    (_link_rows | _inet_row | _inet6_row | pp.Regex(r"[^\n]*\n")).leave_whitespace(),
    whole=False,
)
LAST_OF_LINK = ROWS.fields.index("inet6_scope") + 1


# busybox prints flags that it has no names for as one number, right behind the last name.
_HEXADECIMAL = re.compile(r"(?<=[A-Z])(?=[0-9a-f]+[,>])")
_SETTINGS_OF_ALL = ("flags", "mtu", "qdisc", "master", "operstate", "linkmode", "group", "txqlen")


def read_link(line: str) -> Fields | None:
    """The first line of an interface."""
    found = LINK.parse(line)
    if found is None:
        return None
    ifindex, ifname = int(found.pop("ifindex")), found.pop("ifname")
    link, link_index = to_peer(found.pop("link", "NONE"))
    peer = (("link", link), ("link_index", link_index))
    return ("ifindex", ifindex), ("ifname", ifname), *peer, *to_link_fields(found)


@remember
def read_rest_of_link(text: str) -> tuple[Any, ...] | None:
    """From the end of the name to the end of the first line: `link`, `link_index`, and `_SETTINGS_OF_ALL`.

    There may be others, or the text may be none: then it is for the grammars to read.
    """
    peer, _, settings = text.partition(": ")
    read = _read_settings(settings)
    return (*(to_peer(peer[1:]) if peer else (None, None)), *read) if read else None


@remember
def _read_settings(text: str) -> tuple[Any, ...] | None:
    found = _SETTINGS.parse(text)
    return _only(to_link_fields(found), _SETTINGS_OF_ALL) if found else None


def _only(fields: Fields, names: Sequence[str]) -> tuple[Any, ...] | None:
    """The values of these fields, if there are no others."""
    values = dict(fields)
    wanted = tuple(values.pop(name, None) for name in names)
    return None if values else wanted


def to_link_fields(found: dict[str, str]) -> Fields:
    """The fields of a link, from the words of its first lines."""
    fields: dict[str, Any] = {**found}
    if "flags" in found:
        fields["flags"] = (
            tuple(_HEXADECIMAL.sub(",", found["flags"])[1:-1].split(",")) if found["flags"] != "<>" else ()
        )
    if fields.pop("peer", None):
        fields["link_pointtopoint"] = True
    if "proto_down_reason" in found:
        fields["proto_down_reason"] = tuple(found["proto_down_reason"][1:-1].split(","))
    if "xdp" in found:
        fields["xdp"] = read_attachment(found["xdp"])
    if "proto_down" in found:
        fields["proto_down"] = True
    fields |= {name: int(found[name]) for name in ("mtu", "txqlen") if name in found}
    if "link_netnsid" in found:
        fields["link_netnsid"] = -1 if found["link_netnsid"] == "unknown" else int(found["link_netnsid"])
    return tuple(fields.items())


@remember
def to_peer(text: str) -> tuple[str | None, int | None]:
    """What the name after the ``@`` says, `link` and `link_index`: in another namespace a link has no name here."""
    if text.startswith("if") and text[2:].isdecimal() and len(text) <= 12:
        return None, int(text[2:])
    return (text if text != "NONE" else None), None


def read_address(line: str) -> Fields | None:
    """An address, without its lifetimes."""
    found = ADDRESS.parse(line)
    return to_address_fields(found) if found else None


@remember
def read_rest_of_address(text: str) -> tuple[int, IPv4Address | IPv6Address | None, str]:
    """From the prefix length on: the length, the broadcast address and the scope.

    Raises:
        ValueError: there is more in the text, or less.
    """
    found = _SCOPE.parse(text)
    if found is None:
        raise ValueError(text)
    return int(found["prefixlen"]), to_ip(found["broadcast"]) if "broadcast" in found else None, found["scope"]


def to_address_fields(found: dict[str, str]) -> Fields:
    """The fields of an address, from the words of its line."""
    fields: dict[str, Any] = {**found, **_to_address_flags(found.get("flags", ""))}
    fields.pop("flags", None)
    fields |= {name: int(found[name]) for name in ("prefixlen", "metric") if name in found}
    fields |= {name: to_ip(found[name]) for name in ("local", "address", "broadcast", "anycast") if name in found}
    return tuple(fields.items())


def _to_address_flags(text: str) -> dict[str, Any]:
    words = iter(text.split())
    return dict(("ifa_flags", next(words)) if name == "flags" else (name.replace("-", "_"), True) for name in words)


@remember
def read_lifetimes(line: str) -> tuple[int, int] | None:
    """Valid and preferred lifetime, in seconds."""
    found = LIFETIMES.pattern.match(line)
    if found is None:
        return None
    valid, preferred = (FOREVER if text == "forever" else int(text.removesuffix("sec")) for text in found.groups())
    return valid, preferred
