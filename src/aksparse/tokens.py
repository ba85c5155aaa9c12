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
ipv4 = pp.Regex(r"[0-9.]{7,15}").set_name("IPv4 address")
ipv6 = pp.Regex(r"[0-9a-fA-F:][0-9a-fA-F:.]{1,44}").set_name("IPv6 address")
ip_address = (ipv4 | ipv6).set_name("IP address")
rest_of_line = pp.Regex(r".*").set_name("rest of the line")


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


def to_ipv4(text: str) -> IPv4Address:
    try:
        return IPv4Address(int.from_bytes(inet_pton(AF_INET, text), "big"))
    except OSError:
        raise BadValue(text, "IPv4 address") from None


def to_ip(text: str) -> IPv4Address | IPv6Address:
    try:
        if ":" not in text:
            return IPv4Address(int.from_bytes(inet_pton(AF_INET, text), "big"))
        return IPv6Address(int.from_bytes(inet_pton(AF_INET6, text), "big"))
    except OSError:
        raise BadValue(text, "IPv6 address" if ":" in text else "IPv4 address") from None


# Dumps repeat some columns' values many times, and equal immutable values may be one object. A column whose values
# rarely repeat (the address of a pod, the destination of a route) is faster without.
remember = lru_cache(maxsize=1 << 13)
to_repeated_ip = remember(to_ip)


def to_network(text: str) -> IPv4Network | IPv6Network:
    """A network from `ADDRESS[/LENGTH]`; an address alone is the network of that one host."""
    address, slash, length = text.partition("/")
    try:
        value = to_ip(address)
        if slash and not _PREFIX_LENGTH.fullmatch(length):
            raise ValueError(length)
        if isinstance(value, IPv4Address):
            return IPv4Network((int(value), int(length or 32)))
        return IPv6Network((int(value), int(length or 128)))
    except ValueError:
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
