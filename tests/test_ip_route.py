"""The fast readings of `ip route` are those of its general grammar."""

from __future__ import annotations

from itertools import cycle, product

import pytest

from aksparse import parse_ip_route
from aksparse.commands import ip_route

DESTINATIONS = (
    *("10.0.0.7", "10.0.0.0/8", "0.0.0.0/0", "default", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.300"),
    *("10.0.0.07", "10.0.0", "::1", "fe80::/64", "", "local", "blackhole 10.0.0.7"),
)
GATEWAYS = ("", "via 10.0.0.1 ", "via 10.0.0.300 ", "via fe80::1 ", "via inet6 fe80::1 ", "via  10.0.0.1 ", "via dev ")
INTERFACES = ("dev azv0 ", "dev azv0", "dev  azv0 ", "dev a\tb ", "dev ", "", "nhid 3 ", "dev a dev b ")
TAILS = (
    *("", "scope link ", " proto kernel  scope link  src 10.0.0.1 ", "proto bird onlink ", "mtu lock 1400 "),
    *(
        "metric 5 colour blue",
        "src x",
        "dev b",
        "via 10.0.0.1",
        "\\\tnexthop via 10.0.0.1 dev a weight 1 ",
        "\\    cache ",
    ),
)
BELOW = ("", "\n    cache ", "\n\tnexthop dev a weight 1 ")


@pytest.mark.parametrize("destination", DESTINATIONS)
def test_a_route_in_few_looks_reads_as_in_many(destination: str) -> None:
    for (gateway, interface, tail), below in zip(product(GATEWAYS, INTERFACES, TAILS), cycle(BELOW), strict=False):
        text = f"{destination} {gateway}{interface}{tail}{below}\n10.9.9.9 dev last \n"
        fast = parse_ip_route(text, strict=False)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ip_route._Tails, "__missing__", lambda *_: None)
            general = parse_ip_route(text, strict=False)
        assert fast == general, text


def test_usual_routes_are_read_in_few_looks() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ip_route, "_read_route", None)
        assert len(parse_ip_route("default via 10.0.0.1 dev eth0 proto dhcp \n10.0.0.7 dev azv0 scope link \n")) == 2


@pytest.mark.parametrize("length", range(33))
def test_a_destination_has_no_bits_outside_its_network(length: int) -> None:
    address = f"255.255.255.255/{length}"
    assert parse_ip_route(f"{address} dev eth0", strict=False).understood == (length == 32)
    assert parse_ip_route(f"0.0.0.0/{length} dev eth0")[0].dst == f"0.0.0.0/{length}"


def test_busybox_prints_large_metrics_with_a_sign() -> None:
    (first, second) = parse_ip_route(
        "default via 10.0.0.2 dev v0  metric -1 \n10.9.0.0/16 via 10.0.0.3 dev v0  metric -2147483648 \n"
    )
    assert (first.metric, second.metric) == (4294967295, 2147483648)
