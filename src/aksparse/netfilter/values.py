"""The values in the options of iptables rules, and a match or a target option from their text.

Both forms of a rule say the same, a listing in the words of the extension's `print` function, `iptables-save` in
options; once its words have the names of the fields, `build` makes the record from either.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from functools import cache, reduce
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from operator import or_
from types import NoneType
from typing import Any, TypeVar, get_args, get_type_hints

import attrs

from aksparse.records import constructor, maker
from aksparse.tokens import BadValue, as_host_network, remember, to_ip, to_network

Address = IPv4Network | IPv6Network | str
T = TypeVar("T", bound=attrs.AttrsInstance)


@attrs.frozen(kw_only=True)
class PortRange:
    """A range of ports.

    Attributes:
        first: the first port; a name where the tool printed one.
        last: the last port, the same as the first for a single one.
        negated: whether every other port is meant.
    """

    first: int | str
    last: int | str
    negated: bool = False


@attrs.frozen(kw_only=True)
class NumberRange:
    """A range of numbers.

    Attributes:
        first: the first number.
        last: the last number, the same as the first for a single one.
    """

    first: int
    last: int


@attrs.frozen(kw_only=True)
class AddressRange:
    """A range of addresses.

    Attributes:
        first: the first address.
        last: the last address.
    """

    first: IPv4Address | IPv6Address
    last: IPv4Address | IPv6Address


@attrs.frozen(kw_only=True)
class Masked:
    """A number of which some bits count.

    Attributes:
        value: the number.
        mask: the bits that count; absent means all.
    """

    value: int
    mask: int | None = None


@attrs.frozen(kw_only=True)
class TcpFlags:
    """Which flags of a TCP segment are looked at, and which of these must be set.

    Attributes:
        mask: the flags that are looked at, such as `SYN`.
        comp: those that must be set.
        negated: whether every other combination is meant.
    """

    mask: tuple[str, ...]
    comp: tuple[str, ...]
    negated: bool = False


_make_port_range = maker(PortRange, "first", "last", "negated")


def to_int(text: str) -> int:
    """A decimal number, or a hexadecimal one that begins with 0x."""
    return int(text, 16) if text[:2] in ("0x", "0X") else int(text)


def to_decimal(text: str) -> Decimal:
    """A number with a point."""
    try:
        return Decimal(text)
    except InvalidOperation:
        raise BadValue(text, "number") from None


def to_number_or_name(text: str) -> int | str:
    """A port or a protocol, as a number or by its name."""
    return int(text) if text.isdecimal() and text.isascii() else text


@remember
def to_ports(text: str) -> PortRange:
    """`[!]FIRST[:LAST]`."""
    first, _, last = text.lstrip("!").partition(":")
    lowest = to_number_or_name(first)
    return _make_port_range(lowest, to_number_or_name(last) if last else lowest, text[0] == "!")


def to_number_range(text: str) -> NumberRange:
    """`FIRST[:LAST]`."""
    first, _, last = text.partition(":")
    return NumberRange(first=to_int(first), last=to_int(last or first))


def to_address_range(text: str) -> AddressRange:
    """`FIRST-LAST`."""
    first, _, last = text.partition("-")
    return AddressRange(first=to_ip(first), last=to_ip(last or first))


def to_masked(text: str) -> Masked:
    """`VALUE[/MASK]`."""
    value, _, mask = text.partition("/")
    return Masked(value=to_int(value), mask=to_int(mask) if mask else None)


_TCP_FLAGS = ("FIN", "SYN", "RST", "PSH", "ACK", "URG")


def to_tcp_flags(text: str) -> TcpFlags:
    """`[!]MASK/COMP`, each a number or names."""
    mask, _, comp = text.lstrip("!").partition("/")
    return TcpFlags(mask=_flags(mask), comp=_flags(comp), negated=text.startswith("!"))


def _flags(text: str) -> tuple[str, ...]:
    if text == "NONE":
        return ()
    if not text.startswith("0x"):
        return to_words(text)
    bits = int(text, 16)
    if bits >= 1 << len(_TCP_FLAGS):
        raise BadValue(text, "flags of TCP")
    return tuple(name for bit, name in enumerate(_TCP_FLAGS) if bits >> bit & 1)


def to_address(text: str) -> Address:
    """The network of a source or destination column, or the name that stands there."""
    # The address of one host stands in few rules; other networks and names stand in many.
    if "/" in text or not text[0].isdigit():
        return to_repeated_address(text)
    # Else it may be a name that begins with a digit, or an IPv6 address.
    return as_host_network(text) or to_repeated_address(text)


@remember
def to_repeated_address(text: str) -> Address:
    """The network, or the name, of a column that has the same in many rules."""
    try:
        return to_network(text)
    except BadValue:
        # A mask with holes has no prefix length.
        if _NUMERIC.fullmatch(text) and "." not in text.partition("/")[2]:
            raise
        return text


_NUMERIC = re.compile(r"[0-9./]+|[0-9a-fA-F:]*:[0-9a-fA-F:./]*")


_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def unquoted(word: str) -> str:
    """A word without the quotation marks around it, and without the backslashes that are within such."""
    if word[:1] != '"':
        return word
    if (quoted := _QUOTED.fullmatch(word)) is None:
        raise BadValue(word, "closing quotation mark")
    return _ESCAPED.sub(r"\1", quoted[1])


def to_ip_or_name(text: str) -> IPv4Address | IPv6Address | str:
    """An address, or the name that stands in its place."""
    try:
        return to_ip(text)
    except BadValue:
        if _NUMERIC.fullmatch(text):
            raise
        return text


def to_words(text: str) -> tuple[str, ...]:
    """`WORD[,WORD...]`."""
    return tuple(text.split(","))


_CONVERTERS: dict[Any, Callable[[str], Any]] = {
    int: to_int,
    int | str: to_number_or_name,
    str: str,
    bool: bool,
    Decimal: to_decimal,
    tuple[str, ...]: to_words,
    IPv4Address | IPv6Address: to_ip,
    IPv4Address | IPv6Address | str: to_ip_or_name,
    Address: to_address,
    PortRange: to_ports,
    NumberRange: to_number_range,
    AddressRange: to_address_range,
    Masked: to_masked,
    TcpFlags: to_tcp_flags,
}


@cache
def _converters(cls: type[Any]) -> dict[str, Callable[[str], Any]]:
    """How the text of each field becomes its value, by the field's type."""
    return {
        name: _CONVERTERS[_without_none(hint)]
        for name, hint in get_type_hints(cls).items()
        if name not in ("kind", "negated")
    }


def _without_none(hint: Any) -> Any:
    kinds = get_args(hint)
    return reduce(or_, [kind for kind in kinds if kind is not NoneType]) if NoneType in kinds else hint


def build(cls: Callable[..., T], tokens: dict[str, str]) -> T:
    """The record of a class from the text of its fields.

    A token `not_FIELD` says that this field is negated, the token `negated` that the whole match is.
    """
    converters = _converters(cls)
    fields = {name: converters[name](token) for name, token in tokens.items() if name in converters}
    if len(fields) < len(tokens) and (
        negated := "negated" in tokens or tuple(name for name in converters if f"not_{name}" in tokens)
    ):
        fields["negated"] = negated
    return constructor(cls)(**fields)


@cache
def builder(cls: type[T], fields: tuple[str, ...]) -> Callable[[Sequence[str | None]], T]:
    """What `build` does, for tokens in the order of these fields; one that is not there is `None`."""

    def build_named(tokens: Sequence[str | None]) -> T:
        return build(cls, {name: token for name, token in zip(fields, tokens, strict=True) if token})

    converters = _converters(cls)
    values = [(index, name) for index, name in enumerate(fields) if name in converters]
    if len(set(fields)) < len(fields):
        return build_named  # a field may come from more than one token
    make = maker(cls, *(name for _, name in values))
    steps = [(index, converters[name], getattr(attrs.fields(cls), name).default) for index, name in values]
    negations = [index for index, name in enumerate(fields) if name not in converters]

    def build_in_order(tokens: Sequence[str | None]) -> T:
        if any(tokens[index] for index in negations):
            return build_named(tokens)
        return make(*[convert(token) if (token := tokens[index]) else default for index, convert, default in steps])

    return build_in_order


_NUMBERED = {
    **{1: "icmp", 2: "igmp", 3: "ggp", 4: "ipencap", 6: "tcp", 8: "egp", 17: "udp", 33: "dccp", 41: "ipv6"},
    **{43: "ipv6-route", 44: "ipv6-frag", 46: "rsvp", 47: "gre", 50: "esp", 51: "ah", 58: "ipv6-icmp"},
    **{59: "ipv6-nonxt", 60: "ipv6-opts", 88: "eigrp", 89: "ospf", 94: "ipip", 97: "etherip", 103: "pim"},
    **{108: "ipcomp", 112: "vrrp", 115: "l2tp", 132: "sctp", 135: "mobility-header", 136: "udplite"},
}
# Listings before 1.8.9 print these names where the rules of `-S` have the others.
_OTHER_NAMES = {"icmpv6": "ipv6-icmp", "ipv6-mh": "mobility-header", "mh": "mobility-header"}
PROTOCOLS = {"0": "all", **{str(number): name for number, name in _NUMBERED.items()}, **_OTHER_NAMES}
"""The names of protocols as /etc/protocols has them, by number and by other names."""
