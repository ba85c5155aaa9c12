"""What a directory, a manifest or a single file is read as."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from aksparse import Capture, CaptureError, build_wiring, load_capture
from aksparse.capture.manifest import read_manifest
from aksparse.capture.model import MANIFEST, NetworkSettings
from aksparse.command import registry

CAPTURES = Path(__file__).parents[1] / "corpus/captures"
NAMES = ["azure-cni", "kubenet", "lab-azure-cni", "lab-kubenet"]

ROUTES = """\
Kernel IP routing table
Destination     Gateway         Genmask         Flags Metric Ref    Use Iface
0.0.0.0         10.220.1.1      0.0.0.0         UG    0      0        0 eth0
"""
LOOPBACK = """\
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
"""
BRIDGES = "bridge name\tbridge id\t\tSTP enabled\tinterfaces\ndocker0\t\t8000.02427c2f9b1e\tno\t\t\n"


def write(directory: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        directory.joinpath(name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return directory


def entry(file: str, *argv: str) -> str:
    words = ", ".join(f'"{word}"' for word in argv)
    return f'[[outputs]]\nfile = "{file}"\nargv = [{words}]\n'


def found(capture: Capture) -> list[tuple[str, str, int]]:
    return [(output.source.partition("/")[2], output.command, len(output)) for output in capture.outputs]


def said(capture: Capture) -> list[tuple[str, str, str]]:
    return [(d.source.partition("/")[2], d.code, d.message) for d in capture.diagnostics]


# The shipped captures.


def test_the_captures_tested_here_are_those_that_are_shipped() -> None:
    assert sorted(path.name for path in CAPTURES.iterdir()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_capture_is_understood_to_the_last_line(name: str) -> None:
    capture = load_capture(CAPTURES / name)
    assert capture.name == name
    assert [str(diagnostic) for diagnostic in capture.diagnostics] == []
    assert list(build_wiring(capture).diagnostics) == []
    files = {file.name for file in (CAPTURES / name).iterdir()} - {MANIFEST}
    assert {file for file, _, records in found(capture) if records} == files


@pytest.mark.parametrize("name", NAMES)
def test_every_file_of_a_shipped_capture_but_an_assignment_has_an_entry(name: str) -> None:
    capture = load_capture(CAPTURES / name)
    unnamed = {output.source for output in capture.outputs if not output.argv}
    assert unnamed == ({"azure-cni/subnet.txt"} if name == "azure-cni" else set())


# Manifests.


MANIFEST_ERRORS = {
    "role = \n": "Invalid value",
    'rolle = "kubenet"\n': "unknown setting: rolle",
    '[network]\npod_cdir = "10.0.0.0/8"\n': "unknown setting: pod_cdir",
    '[network]\npod_cidr = "10.0.0.0/33"\n': "network.pod_cidr",
    '[network]\npod_cidr = "10.0.0.1/8"\n': "has host bits set",
    '[network]\ndns_service_ip = "10.0.0.300"\n': "network.dns_service_ip",
    "[network]\nsubnet = 10\n": "expected text, found 10",
    '[network]\nroute_table = "none"\n': "network.route_table",
    '[[network.route_table]]\nnext_hop_ip_address = "10.0.0.4"\n': "missing setting: address_prefix",
    "role = 1\n": "expected text, found 1",
    'recorded = "2026-01-01"\n': "expected date, found '2026-01-01'",
    '[[outputs]]\nfile = "a.txt"\n': "missing setting: argv",
    '[[outputs]]\nargv = ["route", "-n"]\n': "missing setting: file",
    '[[outputs]]\nfile = "a.txt"\nargv = [1]\n': "expected text, found 1",
    '[[outputs]]\nfile = "a.txt"\nargv = ["route"]\ntols = "x"\n': "unknown setting: tols",
    '[outputs]\nfile = "a.txt"\n': "outputs",
    "network = 3\n": "network",
}


@pytest.mark.parametrize("text", MANIFEST_ERRORS)
def test_a_wrong_manifest_is_refused_by_file_and_path(text: str, tmp_path: Path) -> None:
    with pytest.raises(CaptureError) as caught:
        load_capture(write(tmp_path, {MANIFEST: text}))
    error = caught.value
    assert error.source == f"{tmp_path.name}/{MANIFEST}"
    assert str(error).startswith(error.source)
    assert MANIFEST_ERRORS[text] in error.reason
    assert "Traceback" not in str(error)
    assert "\n" not in error.reason


def test_a_manifest_that_is_no_toml_is_refused_at_its_line() -> None:
    with pytest.raises(CaptureError) as caught:
        read_manifest('role = "kubenet"\n[network\n', source="x/capture.toml")
    assert caught.value.line == 2
    assert str(caught.value).startswith("x/capture.toml:2: ")


@pytest.mark.parametrize(("value", "reason"), [("[" * 3000, "nested too deep"), ("9" * 5000, "digits")])
def test_a_manifest_beyond_what_is_read_is_refused(value: str, reason: str) -> None:
    with pytest.raises(CaptureError, match=reason):
        read_manifest(f"role = {value}\n")


def test_every_wrong_setting_of_a_manifest_is_named_at_once() -> None:
    with pytest.raises(CaptureError) as caught:
        read_manifest('role = 1\n[network]\nvnet = "x"\nsubnet = "y"\n')
    for path in ("role", "network.vnet", "network.subnet"):
        assert path in caught.value.reason


def test_an_argv_is_a_list_and_not_a_line() -> None:
    with pytest.raises(CaptureError, match="argv"):
        read_manifest('[[outputs]]\nfile = "a.txt"\nargv = "route -n"\n')


def test_an_empty_manifest_says_nothing() -> None:
    assert attrs.asdict(read_manifest(""))["network"] == attrs.asdict(NetworkSettings())


# The lines of settings.


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every setting of a manifest that is a text of its own, with its path."""
    if attrs.has(type(value)):
        for field in attrs.fields(type(value)):
            yield from leaves(getattr(value, field.name), (*path, field.name))
    elif isinstance(value, tuple) and value and attrs.has(type(value[0])):
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    elif value is not None and not isinstance(value, tuple):
        yield path, str(value)


@pytest.mark.parametrize("name", NAMES)
def test_the_evidence_of_a_setting_is_the_line_that_sets_it(name: str) -> None:
    capture = load_capture(CAPTURES / name)
    settings = list(leaves(capture.manifest))
    lines = capture.texts[f"{name}/{MANIFEST}"]
    assert len(settings) > 8
    found_at = {path: capture.setting(*path) for path, _ in settings}
    for path, value in settings:
        line = found_at[path]
        assert (line.source, line.text) == (f"{name}/{MANIFEST}", lines[line.line - 1])
        key, _, written = line.text.partition(" = ")
        assert (key, written.strip('"')) == (str(path[-1]), value)
    assert len({line.line for line in found_at.values()}) == len(settings)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('[network]\nsubnet = "10.0.0.0/8"\n', 2),
        ('network.subnet = "10.0.0.0/8"\n', 1),
        ('# a comment\nnetwork = { subnet = "10.0.0.0/8" }\n', 2),
        ('role = "subnet = 1"\n[ network ]\n"subnet" = "10.0.0.0/8"\n', 3),
        ('[[outputs]]\nfile = "a"\nargv = ["a"]\n[network]\n# subnet = no\n  subnet="10.0.0.0/8"\n', 6),
    ],
)
def test_the_line_of_a_setting_is_found_in_every_way_to_write_toml(text: str, line: int, tmp_path: Path) -> None:
    capture = load_capture(write(tmp_path, {MANIFEST: text}))
    assert str(capture.manifest.network.subnet) == "10.0.0.0/8"
    assert capture.setting("network", "subnet").line == line


# The files of a directory.


def test_a_file_without_an_entry_is_recognised_from_its_content(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "a": ROUTES,
        "b.txt": f"$ sudo nsenter -t 7 -n ip addr\n{LOOPBACK}",
        "c.md": BRIDGES,
    }
    capture = load_capture(write(tmp_path, files))
    assert found(capture) == [("a", "route", 1), ("b.txt", "ip_addr", 1), ("c.md", "brctl_show", 1)]
    assert [output.pid for output in capture.outputs] == [None, 7, None]
    assert said(capture) == []


def test_a_file_without_an_entry_that_nothing_prints_is_reported(tmp_path: Path) -> None:
    capture = load_capture(write(tmp_path, {"notes.txt": "call me\n"}))
    assert [(d.source, d.code, d.line) for d in capture.diagnostics] == [
        (f"{tmp_path.name}/notes.txt", "unrecognised-output", 1)
    ]


def test_an_entry_decides_how_a_file_is_read(tmp_path: Path) -> None:
    capture = load_capture(write(tmp_path, {MANIFEST: entry("a.txt", "sudo", "route", "-n"), "a.txt": "odd\n"}))
    (output,) = capture.outputs
    assert (output.command, output.argv, len(output)) == ("route", ("route", "-n"), 0)
    assert {d.code for d in capture.diagnostics} == {"unexpected-line"}


def test_a_file_that_another_command_printed_is_reported_once_and_not_read(tmp_path: Path) -> None:
    capture = load_capture(write(tmp_path, {MANIFEST: entry("a.txt", "route", "-n"), "a.txt": LOOPBACK}))
    assert capture.outputs == ()
    message = "looks like the output of ip_addr, but capture.toml says route -n"
    assert said(capture) == [("a.txt", "mislabelled-file", message)]


def test_an_entry_without_a_file_is_reported(tmp_path: Path) -> None:
    capture = load_capture(write(tmp_path, {MANIFEST: entry("gone.txt", "route", "-n")}))
    assert said(capture) == [("gone.txt", "missing-file", "capture.toml names it, but it is not there")]


def test_a_file_of_a_command_that_is_not_read_is_reported(tmp_path: Path) -> None:
    capture = load_capture(
        write(tmp_path, {MANIFEST: entry("a.txt", "arp", "-n"), "a.txt": "? (1.2.3.4) at <incomplete>\n"})
    )
    message = "aksparse does not read what this command prints: arp -n"
    assert said(capture) == [("a.txt", "unread-file", message)]
    assert capture.outputs == ()


def test_an_entry_without_words_is_reported_like_a_command_that_is_not_read(tmp_path: Path) -> None:
    capture = load_capture(write(tmp_path, {MANIFEST: '[[outputs]]\nfile = "a.txt"\nargv = []\n', "a.txt": ROUTES}))
    assert [code for _, code, _ in said(capture)] == ["unread-file"]


def test_a_hidden_file_is_not_looked_at(tmp_path: Path) -> None:
    capture = load_capture(write(tmp_path, {".swp": "x\n", "a.txt": ROUTES}))
    assert found(capture) == [("a.txt", "route", 1)]
    assert said(capture) == []


@pytest.mark.parametrize(
    "content",
    [
        ROUTES.encode("utf-8-sig"),
        b"\xff\xfe" + ROUTES.encode("utf-16-le"),
        b"\xfe\xff" + ROUTES.encode("utf-16-be"),
        ROUTES.replace("\n", "\r\n").encode(),
        ROUTES.rstrip("\n").encode(),
    ],
    ids=["bom", "utf-16-le", "utf-16-be", "crlf", "no newline at the end"],
)
def test_text_is_read_in_every_encoding_that_a_terminal_saves(content: bytes, tmp_path: Path) -> None:
    capture = load_capture(write(tmp_path, {MANIFEST: entry("a.txt", "route", "-n"), "a.txt": content}))
    assert found(capture) == [("a.txt", "route", 1)]
    assert said(capture) == []
    (record,) = capture.outputs[0].records
    assert capture.evidence(record)[0].text == ROUTES.splitlines()[2]


def test_bytes_that_are_no_text_are_reported_and_the_rest_is_read(tmp_path: Path) -> None:
    content = ROUTES.encode() + "10.0.0.0 café\n".encode("latin-1")
    capture = load_capture(write(tmp_path, {"a.txt": content}))
    assert found(capture) == [("a.txt", "route", 1)]
    assert [code for _, code, _ in said(capture)] == ["undecodable-text", "unexpected-line"]


@pytest.mark.parametrize("content", [b"\x7fELF\x02\x01\x01\x00\x00\x00", bytes(range(256)), b"\x00" * 64])
def test_a_binary_file_is_reported_and_never_fails(content: bytes, tmp_path: Path) -> None:
    capture = load_capture(write(tmp_path, {"a.bin": content}))
    assert capture.outputs == ()
    assert {code for _, code, _ in said(capture)} & {"undecodable-text", "unrecognised-output"}


@pytest.mark.parametrize("content", [b"", b"\n", b"\n\n  \n"])
def test_an_empty_file_says_nothing_with_or_without_an_entry(content: bytes, tmp_path: Path) -> None:
    manifest = entry("a.txt", "ip", "addr")
    capture = load_capture(write(tmp_path, {MANIFEST: manifest, "a.txt": content, "b.txt": content}))
    assert [(file, records) for file, _, records in found(capture)] == [("a.txt", 0)]
    assert said(capture) == []
    assert build_wiring(capture).links == ()


def test_a_file_with_an_empty_namesake_of_its_command_speaks_for_the_node(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {MANIFEST: entry("a.txt", "ip", "addr"), "a.txt": "", "b.txt": LOOPBACK}
    wiring = build_wiring(load_capture(write(tmp_path, files)))
    assert [link.ifname for link in wiring.links] == ["lo"]


@pytest.mark.parametrize("name", NAMES)
def test_a_capture_is_the_same_wherever_its_directory_is(name: str, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(CAPTURES / name, tmp_path / name))
    assert load_capture(copy) == load_capture(str(CAPTURES / name) + "/")


# A single file.


def test_a_page_is_a_capture(tmp_path: Path) -> None:
    page = f"# A node\n\n```\n$ route -n\n{ROUTES}$ nsenter -t 5 -n ip addr\n{LOOPBACK}```\n"
    capture = load_capture(write(tmp_path, {"node.md": page}) / "node.md")
    assert capture.name == "node.md"
    assert [(o.source, o.command, o.pid) for o in capture.outputs] == [
        ("node.md", "route", None),
        ("node.md", "ip_addr", 5),
    ]
    (route,) = capture.outputs[0].records
    (evidence,) = capture.evidence(route)
    assert (str(evidence), evidence.text) == ("node.md:7", ROUTES.splitlines()[2])


def test_what_can_not_be_read_is_refused_by_its_path(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="No such file") as caught:
        load_capture(tmp_path / "gone")
    assert caught.value.source == str(tmp_path / "gone")


def test_the_outputs_of_a_capture_are_found_by_command() -> None:
    capture = load_capture(CAPTURES / "lab-kubenet")
    by_command = {name: list(capture.parsed(name)) for name in registry()}
    assert sum(map(len, by_command.values())) == len(capture.outputs)
    assert [o.pid is None for o in by_command["ip_addr"]].count(True) == 1
    assert len(by_command["iptables"]) == 2
