"""Odd ends of what `brctl` prints."""

from __future__ import annotations

from aksparse.commands.brctl_show import parse_brctl_show
from aksparse.commands.brctl_showmacs import parse_brctl_showmacs


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
