"""Which command lines print what `bridge` and `brctl` print, and what Azure's do."""

from __future__ import annotations

import pytest

from aksparse.capture.layouts import place
from aksparse.command import registry
from aksparse.commands.brctl_show import parse_brctl_show
from aksparse.commands.brctl_showmacs import parse_brctl_showmacs


def printed(line: list[str]) -> list[str]:
    """The commands that a command line is one of."""
    return [command.name for command in registry().values() if command.produced_by(line)]


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("bridge link", "bridge_link"),
        ("bridge -d link show dev veth0", "bridge_link"),
        ("bridge -s -s -d -o -c=always link show", "bridge_link"),
        ("bridge -n node1 l", "bridge_link"),
        ("bridge fdb", "bridge_fdb"),
        ("bridge -s -s -d -t fdb show", "bridge_fdb"),
        ("bridge -statistics fdb show br cbr0 brport veth0", "bridge_fdb"),
        ("bridge -netns node1 fdb list dev vxlan.calico", "bridge_fdb"),
        ("brctl show", "brctl_show"),
        ("brctl show cbr0 docker0", "brctl_show"),
        ("brctl showmacs cbr0", "brctl_showmacs"),
        ("brctl showstp cbr0", "brctl_showstp"),
        ("az network route-table route list -g rg --route-table-name rt -o table", "az_route_table"),
        ("az network route-table route list -g rg --route-table-name rt --output=json", "az_route_table"),
        ("az network vnet subnet show -g rg --vnet-name v -n s", "az_subnet_list"),
        ("az aks show -g rg -n c", "az_aks_show"),
        ("az aks list -o jsonc", "az_aks_show"),
    ],
)
def test_a_command_line_is_that_of_one_command(line: str, command: str) -> None:
    assert printed(line.split()) == [command]


@pytest.mark.parametrize(
    "line",
    [
        "bridge -j link",
        "bridge -json fdb show",
        "bridge link set dev veth0 cost 4",
        "bridge fdb add 02:00:00:00:00:01 dev veth0",
        "bridge monitor link",
        "bridge vlan",
        "ip fdb",
        "brctl addbr cbr0",
        "brctl stp cbr0 on",
        "az network route-table route list -g rg --route-table-name rt -o tsv",
        "az network route-table route list -g rg --route-table-name rt --query [].name -o table",
        "az network route-table route create -g rg --route-table-name rt -n r",
        "az aks show -g rg -n c --query networkProfile",
        "az aks show -g rg -n c --output yaml",
        "az aks",
    ],
)
def test_a_command_line_that_prints_something_else_is_that_of_none(line: str) -> None:
    assert printed(line.split()) == []


@pytest.mark.parametrize(
    ("file", "command"),
    [
        ("brctl_show", "brctl_show"),
        ("brctl_showstp_cbr0", "brctl_showstp"),
        ("bridge_-s_-s_-d_link_show", "bridge_link"),
        ("bridge_-s_-s_-d_-t_fdb_show", "bridge_fdb"),
    ],
)
def test_a_file_of_a_sosreport_is_named_after_its_command_line(file: str, command: str) -> None:
    found = place(f"sosreport-node1-2024/sos_commands/networking/{file}")
    assert found is not None
    assert found.argv is not None
    assert printed(list(found.argv)) == [command]


def test_the_bridge_of_a_name_that_a_file_name_has_cut_into_words_is_not_known() -> None:
    text = "port no\tmac addr\t\tis local?\tageing timer\n  1\t02:00:00:00:00:01\tno\t\t   0.00\n"
    (known,) = parse_brctl_showmacs(text, argv=("brctl", "showmacs", "cbr0"))
    (unknown,) = parse_brctl_showmacs(text, argv=("brctl", "showmacs", "br", "lan"))
    assert (known.bridge, unknown.bridge) == ("cbr0", None)


def test_a_complaint_between_a_bridge_and_its_ports_does_not_part_them() -> None:
    (bridge,) = (
        parsed := parse_brctl_show(
            "cbr0\t\t8000.160c0cac5660\tno\t\tveth1\nbridge x does not exist!\n\t\t\t\t\t\t\tveth2\n"
        )
    )
    assert bridge.interfaces == ("veth1", "veth2")
    assert parsed.ignored == {2: "no-bridge"}
