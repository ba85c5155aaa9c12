"""The fast readings of `ip route` are those of its general grammar."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aksparse import parse_ip_route
from aksparse.commands import ip_route

TAILS = (
    "",
    "scope link ",
    "proto bird scope link src 10.0.0.1 ",
    "mtu lock 1400 ",
    "metric 5 colour blue",
    "src x",
    "dev b",
)
octets = st.integers(0, 300).map(str) | st.sampled_from(("00", "01", "1a", ""))
addresses = st.lists(octets, min_size=3, max_size=5).map(".".join)


@given(addresses, st.sampled_from(("dev", "dev ", "via", "dev dev")), st.sampled_from(TAILS))
def test_a_route_to_a_host_reads_as_any_other(address: str, word: str, tail: str) -> None:
    line = f"{address} {word} azv0 {tail}"
    fast = parse_ip_route(line, strict=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ip_route, "_HOST_ROW", ip_route._BARE_ROUTE)
        general = parse_ip_route(line, strict=False)
    assert (fast.records, fast.diagnostics) == (general.records, general.diagnostics)


@pytest.mark.parametrize("length", range(33))
def test_a_destination_has_no_bits_outside_its_network(length: int) -> None:
    address = f"255.255.255.255/{length}"
    assert parse_ip_route(f"{address} dev eth0", strict=False).understood == (length == 32)
    assert parse_ip_route(f"0.0.0.0/{length} dev eth0")[0].dst == f"0.0.0.0/{length}"
