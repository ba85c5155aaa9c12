"""The table of network modes: which marks leave which modes, and what the shipped nodes are told to be."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterable
from itertools import combinations
from pathlib import Path
from typing import Any

import attrs
import pytest

from aksparse import Known, Parsed, Unknown, build_wiring, describe, load_capture
from aksparse.architecture.marks import marks_of
from aksparse.architecture.modes import KINDS, MODES, Mark, conflict, deciding, marks_as_markdown, possible_modes
from aksparse.architecture.view import NodeView
from aksparse.capture.model import Capture, NetworkSettings

CORPUS = Path(__file__).parents[1] / "corpus"
CAPTURES = CORPUS / "captures"
AT0 = Path(__file__).parent / "data/at0"
ROLES = {"azure-cni": "azure-bridge"}
"""What a manifest may call a mode otherwise than the table does."""
LABS = sorted([*CAPTURES.glob("lab-*"), *CORPUS.glob("modes/lab-*")])


def mark(kind: str, value: str) -> Mark:
    assert kind in KINDS
    return Mark(kind=kind, value=value, evidence=())


def names(*marks: tuple[str, str]) -> list[str]:
    return [mode.name for mode in possible_modes([mark(*pair) for pair in marks])]


def test_every_mode_speaks_of_known_kinds_and_differs_from_every_other() -> None:
    for mode in MODES.values():
        assert mode.shows.keys() <= KINDS.keys()
    for one, other in combinations(MODES.values(), 2):
        assert one.shows != other.shows, (one.name, other.name)
        assert deciding((one, other), ())


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ([("bridge", "cbr0")], ["kubenet"]),
        ([("bridge", "azure0")], ["azure-bridge"]),
        ([("host links", "lxc"), ("pod addresses", "in the node's subnet")], ["azure-cilium"]),
        ([("host links", "lxc"), ("pod addresses", "outside the VNet")], ["azure-overlay-cilium"]),
        (
            [("host links", "lxc"), ("pod addresses", "outside the node's subnet")],
            ["azure-podsubnet-cilium", "azure-overlay-cilium"],
        ),
        ([("host links", "azv"), ("bridge", "no"), ("SWIFT", "SWIFT")], ["azure-podsubnet"]),
        ([("host links", "azv"), ("pod addresses", "outside the VNet")], ["azure-overlay"]),
        (
            [("host links", "azv"), ("bridge", "no"), ("pod addresses", "in the node's subnet"), ("cali-*", "yes")],
            ["azure-calico"],
        ),
        (
            [("host links", "azv"), ("AZURE-NPM*", "yes"), ("pod addresses", "in the node's subnet")],
            ["azure-bridge", "azure-npm"],
        ),
        ([("bridge", "cni0")], ["flannel", "bridge"]),
        ([("bridge", "cni0"), ("tunnel", "flannel")], ["flannel"]),
        ([("bridge", "cni0"), ("source NAT by", "CNI plugin")], ["bridge"]),
        ([("host links", "veth"), ("bridge", "no")], ["ptp"]),
        ([("host links", "cali"), ("tunnel", "tunl0")], ["calico-ipip"]),
        ([("host links", "cali"), ("tunnel", "vxlan.calico")], ["calico-vxlan"]),
        ([("host links", "cali"), ("tunnel", "no"), ("routes by", "bird")], ["calico-bgp"]),
        ([("host links", "cali"), ("source NAT by", "ip-masq-agent")], ["kubenet-calico"]),
        ([("bridge", "cbr0"), ("host links", "azv")], []),
    ],
)
def test_marks_leave_these_modes(marks: list[tuple[str, str]], expected: list[str]) -> None:
    assert names(*marks) == expected


def test_a_conflict_is_the_fewest_marks_that_exclude_each_other() -> None:
    marks = [mark("KUBE-SVC", "yes"), mark("bridge", "cbr0"), mark("SWIFT", "no"), mark("host links", "azv")]
    assert [str(found) for found in conflict(marks)] == ["bridge: cbr0", "host links: azv"]


@pytest.mark.parametrize("path", LABS, ids=lambda path: path.name)
def test_the_mode_told_is_the_one_that_was_built(path: Path) -> None:
    capture = load_capture(path)
    role = role_of(capture)
    wiring = build_wiring(capture)
    assert role in {mode.name for mode in possible_modes(marks_of(NodeView(wiring)))}
    fact = describe(wiring).network_mode
    assert isinstance(fact, Known)
    assert fact.value.mode == role
    assert fact.value.next_mode in MODES
    assert fact.value.excluded_by
    assert fact.evidence


def role_of(capture: Capture) -> str:
    """The mode that a recording was built in. Which versions of IP there are is another question than the mode."""
    role = str(capture.manifest.role).removesuffix("-dual").removesuffix("-ipv6")
    return ROLES.get(role, role)


@pytest.mark.parametrize("path", sorted(CORPUS.glob("modes/lab-*")), ids=lambda path: path.name)
def test_every_file_of_a_recording_is_read_and_no_line_is_left_over(path: Path) -> None:
    capture = load_capture(path)
    assert [str(diagnostic) for diagnostic in capture.diagnostics] == []
    assert len(capture.outputs) == len(list(path.iterdir())) - 1
    assert build_wiring(capture).diagnostics == ()


def told(capture: Capture, outputs: Iterable[Parsed[Any]], *, settings: bool) -> str | None:
    """The mode that is told from some of the outputs of a capture, with the settings of its manifest or without."""
    network = capture.manifest.network if settings else NetworkSettings()
    manifest = attrs.evolve(capture.manifest, network=network)
    fact = describe(build_wiring(attrs.evolve(capture, outputs=tuple(outputs), manifest=manifest))).network_mode
    if isinstance(fact, Known):
        return fact.value.mode
    assert "contradiction" not in fact.reason
    assert "no mode" not in fact.reason
    return None


@pytest.mark.parametrize("path", LABS, ids=lambda path: path.name)
def test_with_an_output_missing_the_mode_is_right_or_not_told(path: Path) -> None:
    capture = load_capture(path)
    role = role_of(capture)
    modes = [
        told(capture, [output for output in capture.outputs if output is not missing], settings=settings)
        for missing in capture.outputs
        for settings in (True, False)
    ]
    assert set(modes) <= {role, None}
    assert role in modes


@pytest.mark.parametrize("path", LABS, ids=lambda path: path.name)
def test_from_any_few_outputs_the_mode_is_right_or_not_told(path: Path) -> None:
    capture = load_capture(path)
    choose = random.Random(path.name)
    some = [choose.sample(capture.outputs, choose.randint(2, len(capture.outputs) - 2)) for _ in range(25)]
    few = [[output] for output in capture.outputs] + some
    modes = {told(capture, outputs, settings=settings) for outputs in few for settings in (True, False)}
    assert modes <= {role_of(capture), None}


VF = """\
9: enP53091s1: <BROADCAST,MULTICAST,SLAVE,UP,LOWER_UP> mtu 1500 qdisc mq master eth0 state UP group default qlen 1000
    link/ether 60:45:bd:12:34:56 brd ff:ff:ff:ff:ff:ff
    altname enP53091p0s2
"""


@pytest.mark.parametrize("path", LABS, ids=lambda path: path.name)
def test_a_virtual_function_that_accelerates_the_uplink_is_neither_bond_nor_bridge(path: Path, tmp_path: Path) -> None:
    accelerated = tmp_path / path.name
    shutil.copytree(path, accelerated)
    listing = accelerated / "ip_addr.txt"
    listing.write_text(listing.read_text() + VF)
    plain, found = (build_wiring(load_capture(each)) for each in (path, accelerated))
    assert found.link("enP53091s1") is not None
    assert [(bridge.name, bridge.ports) for bridge in found.bridges] == [(b.name, b.ports) for b in plain.bridges]
    assert found.bridge("eth0") is None
    assert found.uplink is not None
    assert plain.uplink is not None
    assert (found.uplink.ifname, found.uplink.master) == (plain.uplink.ifname, plain.uplink.master)
    for aspect in ("network_mode", "node_address", "default_route", "pod_attachment", "host_link_naming"):
        before, after = (getattr(describe(wiring), aspect) for wiring in (plain, found))
        assert isinstance(before, Known)
        assert before.value == after.value


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ('{"cniVersion": "1", "plugins": [{"type": "azure-vnet", "mode": "transparent"}]}', "CNI mode", "transparent"),
        ('{"cniVersion": "1", "plugins": [{"type": "bridge", "bridge": "br7"}]}', "CNI bridge", "another"),
        ('{"cniVersion": "1", "type": "ptp", "ipam": {"type": "whereabouts"}}', "CNI type", "ptp"),
        ('{"cniVersion": "1", "plugins": [{"type": "multus", "ipam": {"type": "dhcp"}}]}', "CNI ipam", "dhcp"),
    ],
)
def test_a_network_configuration_shows_marks(text: str, kind: str, value: str, tmp_path: Path) -> None:
    tmp_path.joinpath("10-net.conflist").write_text(text)
    marks = {found.kind: found for found in marks_of(NodeView(build_wiring(load_capture(tmp_path))))}
    assert marks[kind].value == value
    assert marks[kind].evidence[0].text == text
    assert ("CNI type" in marks) == ("multus" not in text)
    assert "whereabouts" not in {found.value for found in marks.values()}


def test_the_configuration_that_counts_is_the_first_by_name(tmp_path: Path) -> None:
    files = {
        "10-azure.conflist": '{"cniVersion": "1", "plugins": [{"type": "azure-vnet"}]}',
        "05-cilium.conflist": '{"cniVersion": "1", "plugins": [{"type": "cilium-cni"}]}',
        "00-loopback.conf": '{"cniVersion": "1", "type": "loopback"}',
    }
    log = "".join(f"$ cat /etc/cni/net.d/{name}\n{text}\n" for name, text in files.items())
    tmp_path.joinpath("log.txt").write_text(log)
    wiring = build_wiring(load_capture(tmp_path))
    assert wiring.cni is not None
    assert [plugin.type for plugin in wiring.cni.plugins] == ["cilium-cni"]


def test_a_plugin_that_no_mode_has_leaves_no_mode(tmp_path: Path) -> None:
    tmp_path.joinpath("10-aws.conflist").write_text('{"cniVersion": "1", "plugins": [{"type": "aws-cni"}]}')
    fact = describe(build_wiring(load_capture(tmp_path))).network_mode
    assert isinstance(fact, Unknown)
    assert fact.reason == "no mode that is known here shows CNI type aws-cni"
    assert len(fact.evidence) == 1


def test_without_the_filter_table_azure_npm_cannot_be_excluded() -> None:
    fact = describe(build_wiring(load_capture(AT0))).network_mode
    assert isinstance(fact, Unknown)
    assert fact.reason == "cannot tell: azure-transparent or azure-npm"
    assert "iptables-save" in fact.commands


def test_the_table_in_readme_is_the_table_of_marks() -> None:
    table = marks_as_markdown()
    head, _, *rows = table.splitlines()
    assert head == "| mode | on the node | in the CNI configuration |"
    assert [row.split("**")[1] for row in rows] == list(MODES)
    assert len({row.split("**")[2] for row in rows}) == len(MODES)
    assert f"\n\n{table}\n" in (CORPUS.parent / "README.md").read_text(encoding="utf-8")
