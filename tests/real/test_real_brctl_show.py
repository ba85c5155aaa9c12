"""`brctl show` says what `ip -j -d link` of the same namespace says about bridges and their ports."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from aksparse.commands.brctl_show import Bridge, parse_brctl_show

if TYPE_CHECKING:
    from tests.real.conftest import Namespace

pytestmark = pytest.mark.real


def bridges_of_ip(links: list[dict[str, Any]]) -> dict[str, tuple[str, bool, list[str]]]:
    """Id, spanning tree protocol and ports of each bridge."""
    bridges = {}
    for link in links:
        kind = link.get("linkinfo", {})
        if kind.get("info_kind") == "bridge":
            ports = sorted(port["ifname"] for port in links if port.get("master") == link["ifname"])
            data = kind["info_data"]
            priority, _, address = data["bridge_id"].partition(".")
            # Some releases of iproute2 leave out the leading zeros: 8000.2:0:0:0:0:1.
            bridge_id = f"{priority}.{''.join(octet.zfill(2) for octet in address.split(':'))}"
            bridges[link["ifname"]] = (bridge_id, bool(data["stp_state"]), ports)
    return bridges


def assert_same(namespace: Namespace) -> list[Bridge]:
    parsed = parse_brctl_show(namespace.run("brctl", "show"))
    ours = {bridge.name: (bridge.bridge_id, bridge.stp_enabled, sorted(bridge.interfaces)) for bridge in parsed}
    assert len(ours) == len(parsed)
    assert ours == bridges_of_ip(json.loads(namespace.run("ip", "-j", "-d", "link")))
    return list(parsed)


def test_bridges_with_and_without_ports_read_as_in_the_json(namespace: Namespace) -> None:
    for command in (
        "link add br0 type bridge",
        "link add fifteen-letters type bridge stp_state 1",
        "link add docker0 type bridge priority 10",
        "link add empty type bridge",
        "link add v0 type veth peer name v1",
        "link add v2 type veth peer name fifteen-letter_",
        "link add vx type vxlan id 4 dstport 4789",
        "link set v0 master br0",
        "link set v2 master br0",
        "link set fifteen-letter_ master fifteen-letters",
        "link set vx master docker0",
    ):
        namespace.run("ip", *command.split())
    bridges = assert_same(namespace)
    assert sorted(len(bridge.interfaces) for bridge in bridges) == [0, 1, 1, 2]
    assert {bridge.stp_enabled for bridge in bridges} == {True, False}


def test_no_bridges_are_no_records(namespace: Namespace) -> None:
    assert assert_same(namespace) == []


@pytest.mark.parametrize("seed", range(5))
def test_random_bridges_read_as_in_the_json(seed: int, namespace: Namespace) -> None:
    chance = random.Random(seed)
    bridges = [f"b{number}{'.@-x'[number % 4]}" for number in range(chance.randint(1, 6))]
    commands = [f"link add {b} type bridge stp_state {chance.randint(0, 1)}" for b in bridges]
    for number in range(chance.randint(0, 20)):
        commands.append(f"link add p{number} type veth peer name q{number}")
        commands.append(f"link set p{number} master {chance.choice(bridges)}")
    namespace.run("ip", "-batch", "-", text="\n".join(commands))
    assert len(assert_same(namespace)) == len(bridges)
