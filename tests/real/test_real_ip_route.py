"""`ip route`, `ip rule` and `ip neigh` say what `ip -j` says of the same namespace under the same options."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from ipaddress import IPv4Network, IPv6Network
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from aksparse import Parsed, parse_ip_neigh, parse_ip_route, parse_ip_rule, to_builtins
from tests.iproute_json import assert_same_routes, said_by_text, said_by_text_of_rule
from tests.real.random_routes import LINKS, build, ipv4_route, ipv6_route, neighbour, rule

if TYPE_CHECKING:
    from tests.real.conftest import Namespace

pytestmark = pytest.mark.real

Form = tuple[str, ...]
Objects = list[dict[str, Any]]

# Under these options of ip, in these families and with these words all is listed that there is.
ROUTES: list[Form] = [
    (*family, *options, "route", "show", "table", "all")
    for family, options in product((("-4",), ("-6",)), ((), ("-d",), ("-o",), ("-s",), ("-d", "-s", "-o"), ("-N",)))
]
RULES: list[Form] = [
    (*family, *options, "rule") for family, options in product((("-4",), ("-6",)), ((), ("-d",), ("-o",), ("-N",)))
]
NEIGHBOURS: list[Form] = [
    *(("neigh",), ("-s", "neigh"), ("-d", "-s", "-o", "neigh"), ("-4", "-o", "neigh"), ("-6", "-d", "neigh")),
    *(("neigh", "show", "nud", "all"), ("neigh", "show", "dev", "v0"), ("-s", "neigh", "show", "nud", "permanent")),
    *(("neigh", "show", "proxy"), ("-br", "neigh"), ("-br", "neigh", "show", "nud", "all", "dev", "v0")),
]
SEEDS = range(200)
TIMES = ("used", "confirmed", "updated", "expires")  # in seconds


def without_times(judges: Objects) -> Objects:
    return [{key: value for key, value in judge.items() if key not in TIMES} for judge in judges]


def told_twice(namespace: Namespace, forms: Sequence[Form]) -> dict[Form, tuple[str, Objects, Objects]]:
    """Each form as text, and the JSON of the same before and after it, which are the same but for times."""
    found: dict[Form, tuple[str, Objects, Objects]] = {}
    left = list(forms)
    for _ in range(20):
        script = "\n".join(
            f"ip {options} {' '.join(form)}; printf '\\0'" for form in left for options in ("-j", "", "-j")
        )
        outputs = namespace.run("sh", "-c", script).split("\0")[:-1]
        for form, first, text, last in zip(left, *(outputs[start::3] for start in range(3)), strict=True):
            before, after = (json.loads(printed or "[]") for printed in (first, last))
            if without_times(before) == without_times(after):
                found[form] = (text, before, after)
        left = [form for form in left if form not in found]
        if not left:
            return found
    pytest.fail("the kernel never stood still")


def records_of(parse: Callable[[str], Parsed[Any]], text: str) -> Objects:
    parsed = parse(text)
    assert parsed.diagnostics == ()
    records: Objects = said_by_text(to_builtins(parsed.records))
    return records


def judges_of(records: Objects, before: Objects, after: Objects) -> Objects:
    """The JSON at the moment of the records: a time lies between that before and that after it."""
    return [
        first
        | {
            name: record[name]
            for name in TIMES
            if name in first and name in record and sorted((first[name], record[name], last[name]))[1] == record[name]
        }
        for record, first, last in zip(records, before, after, strict=True)
    ]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_network_reads_as_the_tool_has_it(seed: int, namespace: Namespace) -> None:
    build(namespace, seed, {ipv4_route: 60, ipv6_route: 40, rule: 60, neighbour: 40})
    # All forms in turn: each is judged in dozens of networks.
    routes = [ROUTES[(seed + step) % len(ROUTES)] for step in (0, 3, 6)]
    rules = [RULES[(seed + step) % len(RULES)] for step in (0, 5)]
    neighbours = [NEIGHBOURS[(seed + step) % len(NEIGHBOURS)] for step in (0, 4)]
    found = told_twice(namespace, [*routes, ("route",), *rules, *neighbours])
    for form, (text, judges, after) in found.items():
        if "neigh" in form:
            records = records_of(parse_ip_neigh, text)
            assert records == said_by_text(judges_of(records, judges, after))
        elif "rule" in form:
            assert len(judges) > 10
            assert records_of(parse_ip_rule, text) == [said_by_text_of_rule(judge) for judge in judges]
        else:
            assert len(judges) > (30 if "all" in form else 5)
            records = records_of(parse_ip_route, text)
            assert_same_routes(records, judges_of(records, judges, after), details="-d" in form)
    assert sum(len(judges) for _, judges, _ in found.values()) > 200


def test_the_network_of_a_default_route_is_of_its_family(namespace: Namespace) -> None:
    namespace.run("ip", "-batch", "-", text=LINKS)
    namespace.run("ip", "-batch", "-", text="route add default via 10.0.0.2\nroute add unreachable default metric 9\n")
    namespace.run("ip", "-6", "route", "add", "default", "via", "fe80::1", "dev", "v0")
    four, six = (
        [route.network for route in parse_ip_route(namespace.run("ip", family, "route")) if route.dst == "default"]
        for family in ("-4", "-6")
    )
    assert four == [IPv4Network("0.0.0.0/0"), None]
    assert six == [IPv6Network("::/0")]
