"""The tables of netfilter on a node: the same from listings and from `iptables-save`."""

from __future__ import annotations

import re
from pathlib import Path

import attrs
import pytest

from aksparse import Wiring
from aksparse.netfilter.rules import Chain, Rule
from aksparse.wiring.model import Table
from tests.nodes import wiring_of

MODES = Path(__file__).parents[1] / "corpus/modes"
RECORDINGS = sorted(MODES.glob("lab-*"))
SAVES = sorted(MODES.glob("lab-*/ip*_save.txt"))

every_recording = pytest.mark.parametrize("directory", RECORDINGS, ids=lambda path: path.name)


def of_log(directory: Path, log: str) -> Wiring:
    directory.joinpath("log.txt").write_text(log)
    return wiring_of(directory)


def alone(directory: Path, name: str, log: str) -> Wiring:
    directory = directory / name
    directory.mkdir()
    return of_log(directory, log)


def nat_of(wiring: Wiring, version: int = 4) -> Table:
    table = wiring.table("nat", version)
    assert table is not None
    return table


def plain(rule: Rule) -> Rule:
    """A rule without what depends on the text that it stands in."""
    return attrs.evolve(
        rule,
        origin="",
        line=0,
        num=None,
        pkts=None,
        bytes=None,
        counters_approximate=None,
        comment_ambiguous=False,
    )


def chains_of(table: Table) -> dict[str, list[Rule]]:
    return {str(chain.name): [plain(rule) for rule in chain.rules] for chain in table.chains}


@pytest.mark.parametrize("saved", SAVES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_nat_is_the_same_from_a_listing_and_from_what_was_saved(saved: Path, tmp_path: Path) -> None:
    tool = saved.stem.removesuffix("_save")
    version = 6 if tool == "ip6tables" else 4
    listing = saved.with_name(f"{tool}_t_nat_nvL.txt")
    listed = alone(tmp_path, "listed", f"$ {tool} -t nat -nvL\n{listing.read_text()}")
    restored = alone(tmp_path, "saved", f"$ {tool}-save\n{saved.read_text()}")
    assert len(nat_of(listed, version).chains) == listing.read_text().count("Chain ")
    assert chains_of(nat_of(listed, version)) == chains_of(nat_of(restored, version))
    for table in (nat_of(listed, version), nat_of(restored, version)):
        assert table.whole
        assert table.interfaces_listed == any(chain.rules for chain in table.chains)
    assert [attrs.evolve(s, records=()) for s in listed.services] == [
        attrs.evolve(s, records=()) for s in restored.services
    ]
    jumps = re.findall(r"^-A KUBE-SERVICES .* -j (KUBE-SVC-\S+)$", saved.read_text(), re.MULTILINE)
    assert [service.chain for service in listed.services] == jumps


@every_recording
def test_every_table_that_was_saved_is_there_as_a_whole(directory: Path) -> None:
    wiring = wiring_of(directory)
    for version, name in ((4, "iptables_save.txt"), (6, "ip6tables_save.txt")):
        text = (directory / name).read_text() if (directory / name).exists() else ""
        saved = dict(re.findall(r"^\*(\w+)\n((?:.+\n)+?)COMMIT$", text, re.MULTILINE))
        assert {t.name for t in wiring.tables if t.version == version} == saved.keys()
        for table_name, lines in saved.items():
            table = wiring.table(table_name, version)
            assert table is not None
            assert table.whole
            names = re.findall(r"^:(\S+)", lines, re.MULTILINE)
            assert sorted(str(chain.name) for chain in table.chains) == sorted(names)
            assert sum(len(chain.rules) for chain in table.chains) == lines.count("\n-A ")
    assert not [found for found in wiring.diagnostics if found.code == "second-output"]


SAVED = (MODES / "lab-azure-npm/iptables_save.txt").read_text()


def test_a_saved_text_that_was_cut_is_not_whole(tmp_path: Path) -> None:
    cut = "\n".join(line for line in SAVED.splitlines() if line != "COMMIT" and not line.startswith("# Completed"))
    wiring = of_log(tmp_path, f"$ iptables-save\n{cut}\n")
    assert len(wiring.tables) == 3
    assert not any(table.whole for table in wiring.tables)


@pytest.mark.parametrize(
    ("argv", "name", "version"),
    [
        ("iptables -S", "filter", 4),
        ("iptables -t nat -S", "nat", 4),
        ("ip6tables -tmangle -S", "mangle", 6),
        ("iptables -S --table=raw", "raw", 4),
    ],
)
def test_rules_as_set_are_of_the_table_that_was_asked_for(argv: str, name: str, version: int, tmp_path: Path) -> None:
    wiring = of_log(tmp_path, f"$ {argv}\n-P PREROUTING ACCEPT\n-N A\n-A PREROUTING -j A\n")
    assert [(table.name, table.version, table.whole) for table in wiring.tables] == [(name, version, False)]


def test_a_listing_of_another_moment_is_reported(tmp_path: Path) -> None:
    listing = (MODES / "lab-azure-npm/iptables_t_nat_nvL.txt").read_text()
    other = re.sub(r"^.*IP-MASQ-AGENT .*!LOCAL.*\n", "", listing, flags=re.MULTILINE)
    assert other != listing
    assert not of_log(tmp_path, f"$ iptables-save\n{SAVED}$ iptables -t nat -nvL\n{other}").diagnostics
    other = listing.replace(" RETURN ", " ACCEPT ")
    (found,) = of_log(tmp_path, f"$ iptables-save\n{SAVED}$ iptables -t nat -nvL\n{other}").diagnostics
    assert found.code == "second-output"
    assert found.message.endswith("only one chain IP-MASQ-AGENT can be the node's own")


def test_a_chain_is_taken_from_the_text_that_says_most_of_it(tmp_path: Path) -> None:
    listing = (
        "Chain IP-MASQ-AGENT (1 references)\ntarget prot opt source destination\nRETURN all -- 0.0.0.0/0 10.0.0.0/8\n"
    )
    for log in (
        f"$ iptables-save\n{SAVED}$ iptables -t nat -nL IP-MASQ-AGENT\n{listing}",
        f"$ iptables -t nat -nL IP-MASQ-AGENT\n{listing}$ iptables-save\n{SAVED}",
    ):
        chain = nat_of(of_log(tmp_path, log)).chain("IP-MASQ-AGENT")
        assert isinstance(chain, Chain)
        assert [rule.target for rule in chain.rules] == ["RETURN", "RETURN", "RETURN", "MASQUERADE"]
