"""The converters of tokens make what the constructors of `ipaddress` make, and refuse what they refuse."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address, ip_network
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aksparse.tokens import BadValue, to_ip, to_ipv4, to_network

texts = st.one_of(
    st.ip_addresses().map(str),
    st.integers(0, 2**128 - 1).map(lambda number: IPv6Address(number).exploded.upper()),
    st.tuples(st.ip_addresses().map(str), st.integers(0, 140)).map(lambda parts: f"{parts[0]}/{parts[1]}"),
    st.text("0123456789abcdef.:/ ", max_size=20),
    st.from_regex(r"[0-9]{1,4}(\.[0-9]{1,4}){2,4}(/[0-9]{1,3})?", fullmatch=True),
    st.text(max_size=8),
)


def constructed(make: Callable[[str], Any], text: str) -> Any:
    try:
        return make(text)
    except ValueError:
        return None


def converted(convert: Callable[[str], Any], text: str) -> Any:
    try:
        return convert(text)
    except BadValue:
        return None


def assert_alike(made: Any, expected: Any) -> None:
    """Alike in all that a caller can see."""
    assert made == expected
    assert type(made) is type(expected)
    if expected is None:
        return
    for look in (str, repr, hash, lambda value: pickle.loads(pickle.dumps(value))):
        assert look(made) == look(expected)


@given(texts)
@example("10.0.0.1")
@example("010.0.0.1")
@example("::ffff:1.2.3.4")
@example("1.2.3.4\x00")
@example("1.2.3")
def test_an_address_is_the_constructors(text: str) -> None:
    expected = constructed(ip_address, text) if "%" not in text else None
    assert_alike(converted(to_ip, text), expected)
    assert_alike(converted(to_ipv4, text), constructed(IPv4Address, text))


@given(texts)
@example("10.0.0.1")
@example("10.0.0.1/32")
@example("10.0.0.1/8")
@example("10.0.0.0/33")
@example("::1")
@example("10.0.0.0/٣")
def test_a_network_is_the_constructors(text: str) -> None:
    # The tools print prefix lengths, and a mask only where no length says the same: that is no network here.
    plain = "%" not in text and (not text.partition("/")[1] or text.partition("/")[2].isdecimal())
    expected = constructed(ip_network, text) if plain else None
    made = converted(to_network, text)
    assert_alike(made, expected)


@pytest.mark.parametrize("text", ["10.0.0.1", "255.255.255.255"])
def test_the_network_of_one_host_does_what_any_other_does(text: str) -> None:
    made, expected = to_network(text), IPv4Network(text)
    assert vars(made).keys() == vars(expected).keys()
    assert list(made.hosts()) == list(expected.hosts()) == [IPv4Address(text)]
    assert made.subnet_of(IPv4Network("0.0.0.0/0"))  # type: ignore[arg-type]
    assert (made.broadcast_address, made.hostmask, made.num_addresses) == (IPv4Address(text), IPv4Address(0), 1)
    assert IPv4Address(text) in made
    assert made.supernet().prefixlen == 31
    assert list(made) == [IPv4Address(text)]
