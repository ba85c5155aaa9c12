"""The pyparsing terminals that several commands share, and the conversion of their text into values.

Terminals are for reading: they say what a column holds. Values are made by the converters below, which raise
`BadValue` when a text has the right shape and no meaning (`10.0.0.300`).
"""

from __future__ import annotations

import re
from datetime import timedelta
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from socket import AF_INET, AF_INET6, inet_pton
from struct import Struct
from types import MethodType

import pyparsing as pp

# A column ends at a blank or at the end of the line; pyparsing alone would read "UGX" as "UG" and go on at the "X".
end_of_column = (~pp.Regex(r"[^ \t]").leave_whitespace()).set_name("end of column")


def column(token: pp.ParserElement) -> pp.ParserElement:
    """The token, followed by a blank or the end of the line."""
    return token + end_of_column


def columns(number: int) -> pp.ParserElement:
    """So many columns as one token, with the blanks behind them: what many lines share and need be read only once."""
    return pp.Regex(r"[^ ]++ ++" * number).set_name(f"{number} columns")


word = pp.Regex(r"[^ \t]+").set_name("word")
# 18 digits are more than any tool prints and always fit the 64-bit integers of JSON.
integer = pp.Regex(r"[0-9]{1,18}").set_name("integer")
signed_integer = pp.Regex(r"-?[0-9]{1,18}").set_name("integer")
# Counters of 64 bits have up to 20 digits: some drivers count below 0.
long_integer = pp.Regex(r"-?[0-9]{1,20}").set_name("integer")
ipv4 = pp.Regex(r"[0-9.]{7,15}").set_name("IPv4 address")
ipv6 = pp.Regex(r"[0-9a-fA-F:][0-9a-fA-F:.]{1,44}").set_name("IPv6 address")
ip_address = (ipv4 | ipv6).set_name("IP address")
rest_of_line = pp.Regex(r".*").set_name("rest of the line")
# A duration as the container tools round it, all by the same library (docker/go-units, `HumanDuration`).
HUMAN_DURATION = r"(?:Less than a second|About an? (?:minute|hour)|[0-9]+ (?:second|minute|hour|day|week|month|year)s?)"
time_ago = pp.Regex(rf"{HUMAN_DURATION} ago").set_name("time since creation")


class BadValue(ValueError):
    """A text with the right shape and no meaning.

    Attributes:
        text: the text as it stands in the line.
        expected: what it should be.
    """

    def __init__(self, text: str, expected: str) -> None:
        super().__init__(f"expected {expected}, found {text!r}")
        self.text = text
        self.expected = expected


def _ipv4(text: str) -> IPv4Address:
    address = _new_ipv4(IPv4Address)
    (address._ip,) = _four_octets(inet_pton(AF_INET, text))  # type: ignore[attr-defined]
    return address


def _ipv6(text: str) -> IPv6Address:
    high, low = _sixteen_octets(inet_pton(AF_INET6, text))
    address = _new_ipv6(IPv6Address)
    address._ip, address._scope_id = high << 64 | low, None  # type: ignore[attr-defined]
    return address


def _alone(address: IPv4Address) -> list[IPv4Address]:
    return [address]


def _ipv4_host(text: str) -> IPv4Network:
    network, address = _new_ipv4_network(IPv4Network), _new_ipv4(IPv4Address)
    (address._ip,) = _four_octets(inet_pton(AF_INET, text))  # type: ignore[attr-defined]
    network.network_address, network.netmask, network._prefixlen = address, _ONE_HOST, 32  # type: ignore[attr-defined]
    network.hosts = MethodType(_alone, address)  # type: ignore[method-assign]
    return network


# The constructors look at what they are given, which takes twice as long as all else here; a text that the system took
# for an address needs no second look. Where a later Python keeps its addresses otherwise, the constructors are used.
_new_ipv4, _new_ipv6, _new_ipv4_network = IPv4Address.__new__, IPv6Address.__new__, IPv4Network.__new__
_four_octets, _sixteen_octets = Struct("!I").unpack, Struct("!QQ").unpack
_ONE_HOST = IPv4Address(0xFFFFFFFF)
_known_inside = (
    IPv4Address.__slots__ == ("_ip", "__weakref__")
    and IPv6Address.__slots__ == ("_ip", "_scope_id", "__weakref__")
    and vars(IPv4Network(0)).keys() == {"network_address", "netmask", "_prefixlen", "hosts"}
)
if not _known_inside:
    _ipv4, _ipv6, _ipv4_host = IPv4Address, IPv6Address, IPv4Network  # type: ignore[assignment]


def to_ipv4(text: str) -> IPv4Address:
    """An IPv4 address; raises `BadValue` for anything else."""
    try:
        return _ipv4(text)
    except (OSError, ValueError):
        raise BadValue(text, "IPv4 address") from None


def as_ipv4(text: str) -> IPv4Address | None:
    """The address, if the text is one."""
    try:
        return _ipv4(text)
    except (OSError, ValueError):
        return None


def to_ip(text: str) -> IPv4Address | IPv6Address:
    """An IPv4 or, where there is a colon, an IPv6 address; raises `BadValue` for anything else."""
    try:
        return _ipv6(text) if ":" in text else _ipv4(text)
    except (OSError, ValueError):
        raise BadValue(text, "IPv6 address" if ":" in text else "IPv4 address") from None


# Dumps repeat some columns' values many times, and equal immutable values may be one object. A column whose values
# rarely repeat (the address of a pod, the destination of a route) is faster without.
remember = lru_cache(maxsize=1 << 13)
to_repeated_ip = remember(to_ip)


def as_host_network(text: str) -> IPv4Network | None:
    """The network of one host from its IPv4 address, if the text is one."""
    try:
        return _ipv4_host(text)
    except (OSError, ValueError):
        return None


def to_network(text: str) -> IPv4Network | IPv6Network:
    """A network from `ADDRESS[/LENGTH]`; an address alone is the network of that one host."""
    try:
        if "/" not in text and ":" not in text:
            return _ipv4_host(text)
        address, slash, length = text.partition("/")
        value = to_ip(address)
        if slash and not _PREFIX_LENGTH.fullmatch(length):
            raise ValueError(length)
        if isinstance(value, IPv4Address):
            return IPv4Network((int(value), int(length or 32)))
        return IPv6Network((int(value), int(length or 128)))
    except (OSError, ValueError):
        raise BadValue(text, "network in CIDR notation") from None


_PREFIX_LENGTH = re.compile(r"[0-9]{1,3}")
_DURATION = re.compile(r"(?:([0-9]{1,7})y)?(?:([0-9]{1,7})d)?(?:([0-9]{1,9})h)?(?:([0-9]{1,9})m)?(?:([0-9]{1,9})s)?")


@remember
def to_duration(text: str) -> timedelta:
    """A duration as Kubernetes prints it, such as `5d23h`, `90m` or `3y12d` (a year has 365 days)."""
    match = _DURATION.fullmatch(text)
    if match is None or not text:
        raise BadValue(text, "duration such as 5d23h")
    years, days, hours, minutes, seconds = (int(group or 0) for group in match.groups())
    try:
        return timedelta(days=365 * years + days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError:
        raise BadValue(text, "duration such as 5d23h") from None
