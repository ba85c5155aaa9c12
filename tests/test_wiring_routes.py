"""The routes, rules and neighbours of a node, from either of the commands that list them."""

from __future__ import annotations

from pathlib import Path

import pytest

from aksparse import Capture, Known, Wiring, describe
from aksparse.wiring.model import Hop, HostRoute
from tests.nodes import wiring_of

MODES = Path(__file__).parents[1] / "corpus/modes"
BOTH = sorted(path.parent for path in MODES.glob("*/route_n.txt"))


def of_log(directory: Path, log: str) -> Wiring:
    directory.joinpath("log.txt").write_text(log)
    return wiring_of(directory)


def ways(wiring: Wiring) -> set[tuple[object, ...]]:
    """Where packets go, as `route -n` can say it."""
    return {
        (r.network, r.gateway, r.dev, r.metric, r.kind == "unicast") for r in wiring.routes if r.network.version == 4
    }


@pytest.mark.parametrize("directory", BOTH, ids=lambda path: path.name)
def test_the_two_commands_that_list_routes_give_the_same_routes(directory: Path, tmp_path: Path) -> None:
    found = []
    for name in ("route_n", "ip_route"):
        only = tmp_path / name
        only.mkdir()
        only.joinpath(f"{name}.txt").write_text((directory / f"{name}.txt").read_text())
        found.append(wiring_of(only))
    assert len(ways(found[0])) >= 5
    assert ways(found[0]) == ways(found[1])
    both = wiring_of(directory)
    assert not [d for d in both.diagnostics if d.code == "second-output"]
    assert {record.origin.partition("/")[2] for route in both.routes for record in route.records} <= {
        "ip_route.txt",
        "ip_6_route.txt",
    }


@pytest.mark.parametrize("change", ["row dropped", "gateway changed", "row added"])
def test_a_second_listing_that_says_something_else_is_reported_and_not_used(change: str, tmp_path: Path) -> None:
    source = MODES / "lab-calico-ipip"
    rows = (source / "route_n.txt").read_text().splitlines(keepends=True)
    if change == "row dropped":
        del rows[-1]
    elif change == "row added":
        rows.append(rows[-1].replace("192.168.235.", "192.168.236."))
    else:
        rows[2] = rows[2].replace("10.240.0.1 ", "10.240.0.9 ")
    log = f"$ ip route\n{(source / 'ip_route.txt').read_text()}$ route -n\n{''.join(rows)}"
    wiring = of_log(tmp_path, log)
    (found,) = wiring.diagnostics
    assert (found.code, found.line) == ("second-output", 11)
    assert found.message.startswith(f"not used: {tmp_path.name}/log.txt:2 says something else")
    assert str(wiring.default_route and wiring.default_route.gateway) == "10.240.0.1"


def test_a_listing_of_some_routes_does_not_contradict_that_of_all_and_is_not_preferred(tmp_path: Path) -> None:
    text = (MODES / "lab-calico-ipip/ip_route.txt").read_text()
    bird = "".join(line.replace("proto bird ", "") for line in text.splitlines(keepends=True) if "bird" in line)
    assert len(bird.splitlines()) == 2
    for log in (
        f"$ ip route\n{text}$ ip route show proto bird\n{bird}",
        f"$ ip route list proto bird\n{bird}$ ip route\n{text}",
    ):
        wiring = of_log(tmp_path, log)
        assert not wiring.diagnostics
        assert len(wiring.routes) == len(text.splitlines())
    alone = of_log(tmp_path, f"$ ip route show proto bird\n{bird}")
    assert {route.protocol for route in alone.routes} == {"bird"}


ALL = """\
$ ip route show table all
default table 2004 via 10.0.0.9 dev eth1 proto static
local 10.5.0.0/24 dev lo table 2005 proto static scope host
default proto static metric 20
\tnexthop via 10.0.0.1 dev eth0 weight 1
\tnexthop via 10.0.1.1 dev eth1 weight 3
default via 10.0.0.7 dev eth0 src 10.0.0.4 metric 30 onlink linkdown
10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.4
10.0.1.0/24 via inet6 fe80::1 dev eth1
unreachable 10.9.0.0/16 metric 5
blackhole 10.8.0.0/16 proto bird
local 10.0.0.4 dev eth0 table local proto kernel scope host src 10.0.0.4
2001:db8::/64 dev eth0 proto kernel metric 256 pref medium
default via fe80::1 dev eth0 proto ra metric 1024 pref medium
multicast ff00::/8 dev eth0 table local proto kernel metric 256 pref medium
"""


def test_routes_of_all_tables_and_types_are_told_apart(tmp_path: Path) -> None:
    wiring = of_log(tmp_path, ALL)
    by_network: dict[str, list[HostRoute]] = {}
    for route in wiring.routes:
        by_network.setdefault(str(route.network), []).append(route)
    several, one = by_network["0.0.0.0/0"]
    assert [(str(hop.gateway), hop.dev, hop.weight) for hop in several.hops] == [
        ("10.0.0.1", "eth0", 1),
        ("10.0.1.1", "eth1", 3),
    ]
    assert (several.gateway, several.dev, several.metric, several.is_default) == (None, None, 20, True)
    assert wiring.default_route is several
    assert (str(one.gateway), one.metric, str(one.source), one.flags) == (
        "10.0.0.7",
        30,
        "10.0.0.4",
        ("onlink", "linkdown"),
    )
    (link,) = by_network["10.0.0.0/24"]
    assert (link.gateway, link.scope, link.protocol) == (None, "link", "kernel")
    (other_family,) = by_network["10.0.1.0/24"]
    assert str(other_family.gateway) == "fe80::1"
    assert [(by_network[n][0].kind, by_network[n][0].dev) for n in ("10.9.0.0/16", "10.8.0.0/16")] == [
        ("unreachable", None),
        ("blackhole", None),
    ]
    assert [str(route.gateway) for route in by_network["::/0"]] == ["fe80::1"]
    assert {route.table for route in wiring.routes} == {"main"}
    assert [(route.table, str(route.network), route.kind) for route in wiring.other_routes] == [
        ("2004", "0.0.0.0/0", "unicast"),
        ("2005", "10.5.0.0/24", "local"),
        ("local", "10.0.0.4/32", "local"),
        ("local", "ff00::/8", "multicast"),
    ]


def test_a_default_route_over_several_interfaces_has_no_one_uplink(tmp_path: Path) -> None:
    assert of_log(tmp_path, ALL).uplink is None
    same = ALL.replace("dev eth1 weight", "dev eth0 weight")
    wiring = of_log(tmp_path, same)
    assert wiring.uplink is not None
    assert wiring.uplink.ifname == "eth0"
    assert wiring.default_route is not None
    assert wiring.default_route.hops[1] == Hop(gateway=wiring.default_route.hops[1].gateway, dev="eth0", weight=3)


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        ("ip route show table 100", [("100", "eth0")]),
        ("ip route list table main", [("main", "eth0")]),
        ("ip ro ls t 254", [("main", "eth0")]),
        ("ip route get 10.0.0.1", []),
    ],
)
def test_routes_are_of_the_table_that_was_asked_for(argv: str, expected: list[tuple[str, str]], tmp_path: Path) -> None:
    wiring = of_log(tmp_path, f"$ {argv}\n10.0.0.1 via 10.0.0.2 dev eth0\n")
    assert [(route.table, route.dev) for route in (*wiring.routes, *wiring.other_routes)] == expected


def test_an_interface_that_was_asked_for_is_that_of_each_route(tmp_path: Path) -> None:
    wiring = of_log(tmp_path, "$ ip route show dev cbr0\n10.244.0.0/24 proto kernel scope link src 10.244.0.1\n")
    assert [route.dev for route in wiring.routes] == ["cbr0"]


def test_a_default_route_for_some_sources_only_is_not_the_nodes(tmp_path: Path) -> None:
    text = "default from 2001:db8::/64 via fe80::1 dev eth0 metric 10 pref medium\n"
    wiring = of_log(tmp_path, f"$ ip -6 route\n{text}default via fe80::2 dev eth0 metric 20 pref medium\n")
    assert wiring.default_route is not None
    assert str(wiring.default_route.gateway) == "fe80::2"


@pytest.mark.parametrize("enter", ["nsenter -t 7 -n", "ip netns exec cni-1"])
def test_the_default_route_of_a_pod_is_read_from_ip_route_in_its_namespace(enter: str, tmp_path: Path) -> None:
    link = (
        "3: eth0@if15: <BROADCAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default\n"
        "    link/ether 02:00:00:00:00:0e brd ff:ff:ff:ff:ff:ff link-netnsid 0\n"
        "    inet 10.244.0.7/32 scope global eth0\n       valid_lft forever preferred_lft forever\n"
    )
    log = (
        f"$ {enter} ip addr\n{link}"
        f"$ {enter} ip route\ndefault via 169.254.1.1 dev eth0\n169.254.1.1 dev eth0 scope link\n"
        f"$ {enter} ip neigh\n169.254.1.1 dev eth0 lladdr aa:aa:aa:aa:aa:aa PERMANENT\n"
        "$ ip route\ndefault via 10.0.0.1 dev eth0\n"
    )
    wiring = of_log(tmp_path, log)
    (pod,) = wiring.pods
    assert str(pod.gateway) == "169.254.1.1"
    assert [str(route.network) for route in pod.routes] == ["0.0.0.0/0", "169.254.1.1/32"]
    assert [(str(n.dst), n.state) for n in pod.neighbours] == [("169.254.1.1", ("PERMANENT",))]
    assert str(wiring.default_route and wiring.default_route.gateway) == "10.0.0.1"
    assert "default via 169.254.1.1" in "\n".join(line.text for line in wiring.capture.evidence(*pod.records))


def test_rules_say_which_packets_look_into_which_table() -> None:
    cilium = wiring_of(MODES / "lab-azure-cilium")
    assert [(r.priority, r.packets, r.table) for r in cilium.rules if not r.is_usual] == [
        (9, "fwmark 0x200/0xf00", "2004")
    ]
    assert len(cilium.rules) == 4
    assert all(rule.is_usual for rule in wiring_of(MODES / "lab-calico-bgp").rules)


def test_the_fixed_neighbours_of_transparent_mode_are_those_of_its_pods() -> None:
    for name, expected in (("lab-azure-transparent", {"169.254.1.1"}), ("lab-calico-bgp", set())):
        wiring = wiring_of(MODES / name)
        assert len(wiring.pods) == 3
        for pod in wiring.pods:
            assert {str(n.dst) for n in pod.neighbours if n.state == ("PERMANENT",)} == expected


ROUTES = Path(__file__).parents[1] / "corpus/commands/route"


def test_routes_by_name_are_reported_and_not_used(tmp_path: Path) -> None:
    wiring = of_log(tmp_path, f"$ route\n{(ROUTES / 'names/input.txt').read_text()}")
    assert {str(route.network) for route in wiring.routes} == {
        *("10.10.0.0/16", "10.11.0.0/16", "10.224.0.0/16", "10.244.1.8/32")
    }
    (found,) = wiring.diagnostics
    assert (found.code, found.line) == ("route-by-name", 4)


def test_a_listing_without_metrics_contradicts_none_with_them(tmp_path: Path) -> None:
    with_metrics, without = ((ROUTES / name / "input.txt").read_text() for name in ("zoo", "zoo-extended"))
    wiring = of_log(tmp_path, f"$ route -ne\n{without}$ route -n\n{with_metrics}")
    assert wiring.diagnostics == ()
    assert {route.metric for route in wiring.routes} == {0, 100, 2**32 - 16769024}


@pytest.mark.parametrize(("command", "case", "metric"), [("route -ne", "zoo-extended", None), ("route -n", "zoo", 100)])
def test_a_metric_that_is_not_listed_is_not_known(command: str, case: str, metric: int | None, tmp_path: Path) -> None:
    bridges = "$ brctl show\nbridge name\tbridge id\t\tSTP enabled\tinterfaces\ndocker0\t\t8000.0242e5e5f8f7\tno\t\t\n"
    wiring = of_log(tmp_path, f"{bridges}$ {command}\n{(ROUTES / case / 'input.txt').read_text()}")
    fact = describe(wiring).default_route
    assert isinstance(fact, Known)
    assert fact.value.metric == metric


def test_the_ipv6_routes_of_a_node_are_those_of_its_main_table(tmp_path: Path) -> None:
    wiring = of_log(tmp_path, f"$ route -6 -n\n{(ROUTES / 'ipv6-busybox/input.txt').read_text()}")
    found = {str(route.network): route.kind for route in wiring.routes}
    links = ("2001:db8::/64", "2001:db8:1::7/128", "2001:db8:1:2:3:4:5:8/128", "fe80::/64", "::/0")
    beyond = ("2001:db8:2::/48", "2001:db8:3::/64")
    assert found == {**dict.fromkeys((*links, *beyond), "unicast"), "2001:db8:4::/48": "reject"}


def test_types_and_tables_by_number_are_those_by_name(tmp_path: Path) -> None:
    text = (ROUTES.parent / "ip_route/numbers/input.txt").read_text()
    wiring = of_log(tmp_path, f"$ ip -N -4 route show table all\n{text}")
    assert {str(route.network): route.kind for route in wiring.routes} == {
        **{"0.0.0.0/0": "unicast", "10.224.0.0/16": "unicast"},
        **{"10.10.0.0/16": "unreachable", "10.244.1.0/26": "blackhole"},
    }


@pytest.mark.parametrize(
    ("rule", "packets"),
    [
        ("not from all fwmark 0xca6c lookup 100", "not fwmark 0xca6c"),
        ("from all tos 0x10 lookup 100", "tos 0x10"),
        ("from all iif eth1 lookup 100", "iif eth1"),
        ("from all lookup [l3mdev-table]", "of a VRF"),
        ("from all uidrange 1000-1999 lookup 100", "uidrange 1000-1999"),
        ("from all ipproto tcp sport 1024-2048 dport 443 lookup 100", "ipproto tcp sport 1024-2048 dport 443"),
        ("from 10.0.0.0/8 to 10.1.0.0/16 lookup 100", "from 10.0.0.0/8 to 10.1.0.0/16"),
        ("from all lookup 100", None),
    ],
)
def test_a_rule_for_some_packets_is_not_told_to_be_for_all(rule: str, packets: str | None, tmp_path: Path) -> None:
    (found,) = of_log(tmp_path, f"$ ip rule\n100:\t{rule}\n").rules
    assert found.packets == packets
    assert not found.is_usual
    assert (found.table, found.action) in (("100", None), (None, "the table of the VRF"))


KERNELS_OWN = "0:\tfrom all lookup local\n32766:\tfrom all lookup main\n32767:\tfrom all lookup default\n"
ONE_ROUTE = "$ ip route\ndefault via 10.0.0.1 dev eth0\n"


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        (KERNELS_OWN, ()),
        (KERNELS_OWN[len("0:\tfrom all lookup local\n") :], None),
        (KERNELS_OWN[: -len("32767:\tfrom all lookup default\n")], None),
        ("9:\tfrom all fwmark 0x200/0xf00 lookup 2004\n", ("fwmark 0x200/0xf00 (table 2004)",)),
        ("9:\tfrom all lookup main suppress_prefixlength 0\n", ("suppress_prefixlength 0 (table main)",)),
    ],
)
def test_that_there_are_no_other_rules_is_told_of_all_rules_alone(
    rules: str, told: tuple[str, ...] | None, tmp_path: Path
) -> None:
    fact = describe(of_log(tmp_path, f"{ONE_ROUTE}$ ip rule\n{rules}")).default_route
    assert isinstance(fact, Known)
    assert fact.value.other_rules == told


def test_a_default_route_is_told_when_it_is_not_known_if_it_leads_to_a_bridge(tmp_path: Path) -> None:
    fact = describe(of_log(tmp_path, ONE_ROUTE)).default_route
    assert isinstance(fact, Known)
    assert (fact.value.via, fact.value.summary()) == (None, "via 10.0.0.1 dev eth0")
    assert fact.value.meaning() == "what leaves the node leaves through eth0"


def test_a_capture_is_joined_before_it_is_described() -> None:
    with pytest.raises(TypeError, match="as build_wiring makes one of a capture, not Capture"):
        describe(Capture(name="node"))  # type: ignore[arg-type]
