"""The command line, in this process and as a process of its own."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from aksparse import __version__
from aksparse.architecture.description import ASPECTS
from aksparse.cli import main
from aksparse.command import registry
from aksparse.serialize import schema_names, validate

ROOT = Path(__file__).parents[1]
CAPTURES = ROOT / "corpus/captures"
KUBENET, AZURE = CAPTURES / "lab-kubenet", CAPTURES / "lab-azure-cni"

ROUTES = """\
Kernel IP routing table
Destination     Gateway         Genmask         Flags Metric Ref    Use Iface
0.0.0.0         10.220.1.1      0.0.0.0         UG    0      0        0 eth0
"""


def run(*arguments: str | Path, stdin: str | bytes = "") -> Result:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments], input=stdin)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def process(*arguments: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-c", "from aksparse.cli import main; main(prog_name='aksparse')"]
    return subprocess.run([*command, *map(str, arguments)], input=stdin, capture_output=True, check=False, timeout=60)


def problems(result: Result, schema: str) -> list[str]:
    return list(validate(json.loads(result.stdout), schema))


# parse


@pytest.mark.parametrize(
    ("command", "file"),
    [
        ("ip_addr", KUBENET / "ip_addr.txt"),
        ("route", KUBENET / "route_n.txt"),
        ("brctl_show", KUBENET / "brctl_show.txt"),
        ("iptables", KUBENET / "iptables_t_nat_nvL.txt"),
        ("docker_ps", KUBENET / "docker_ps.txt"),
        ("docker_inspect", KUBENET / "pod_1_docker_inspect.txt"),
        ("kubectl_get", KUBENET / "kubectl_get_pods.txt"),
        ("az_aks_create", CAPTURES / "azure-cni/az_aks_create.txt"),
        ("assignment", CAPTURES / "azure-cni/subnet.txt"),
    ],
)
def test_every_command_prints_records_that_its_schema_knows(command: str, file: Path) -> None:
    by_name = run("parse", command, file)
    piped = run("parse", command, stdin=file.read_bytes())
    dashed = run("parse", command, "-", stdin=file.read_bytes())
    assert (by_name.exit_code, by_name.stderr) == (0, "")
    assert by_name.stdout == piped.stdout == dashed.stdout
    assert json.loads(by_name.stdout)
    assert problems(by_name, command) == []


def test_all_commands_are_tested_here_and_listed() -> None:
    listed = run("commands")
    assert listed.exit_code == 0
    assert [line.split()[0] for line in listed.stdout.splitlines()] == list(registry())
    assert all(len(line.split(maxsplit=1)[1]) > 20 for line in listed.stdout.splitlines())


def test_parse_auto_prints_an_object_for_each_output_of_a_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        f"Text.\n\n```\n$ sudo route -n\n{ROUTES}$ brctl show\n{(KUBENET / 'brctl_show.txt').read_text()}```\n"
    )
    result = run("parse", "auto", page)
    assert (result.exit_code, result.stderr) == (0, "")
    assert problems(result, "outputs") == []
    outputs = json.loads(result.stdout)
    assert [(output["command"], output["argv"], output["line"]) for output in outputs] == [
        ("route", ["route", "-n"], 5),
        ("brctl_show", ["brctl", "show"], 9),
    ]
    assert {output["source"] for output in outputs} == {str(page)}


@pytest.mark.parametrize("file", sorted(CAPTURES.glob("*/*.txt")), ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_parse_auto_prints_what_the_schema_of_outputs_knows(file: Path) -> None:
    result = run("parse", "auto", file)
    assert problems(result, "outputs") == []
    # A process id alone does not say that it is one.
    assert result.exit_code == (1 if "inspect" in file.name else 0)


def test_what_is_not_understood_is_told_on_standard_error_by_line_and_column() -> None:
    result = run("parse", "route", stdin=f"{ROUTES}10.0.0.0 nonsense\n")
    assert result.exit_code == 1
    assert len(json.loads(result.stdout)) == 1
    (line,) = result.stderr.splitlines()
    source, number, column, code, message = line.split(":", 4)
    assert (source, number, column, code) == ("-", "4", "18", " unexpected-line")
    assert message.startswith(" expected ")


def test_parse_auto_tells_what_it_does_not_read_and_still_succeeds() -> None:
    result = run("parse", "auto", stdin=f"$ arp -n\n? (10.0.0.1) at <incomplete>\n$ route -n\n{ROUTES}")
    assert result.exit_code == 0
    assert result.stderr == "-:2:1: unread-output: aksparse does not read what this command prints: arp -n\n"
    assert len(json.loads(result.stdout)) == 1


@pytest.mark.parametrize("command", ["auto", "route"])
def test_nothing_is_an_empty_list(command: str) -> None:
    result = run("parse", command)
    assert (result.exit_code, json.loads(result.stdout), result.stderr) == (0, [], "")


@pytest.mark.parametrize(
    "line", ["ip addr", "ip -d -4 a", "sudo nsenter -t 42 -n ip addr show eth0", "ip addr | grep -v azv 2>/dev/null"]
)
def test_a_command_may_be_named_by_its_command_line(line: str) -> None:
    named, told = (run("parse", name, KUBENET / "ip_addr.txt") for name in ("ip_addr", line))
    assert (told.exit_code, told.stderr) == (0, "")
    assert json.loads(told.stdout) == json.loads(named.stdout) != []


@pytest.mark.parametrize("line", ["ip frobnicate", "uname -a", "ip 'addr", "ip -j addr", "ip addr; ip route"])
def test_a_command_line_that_is_not_read_is_trouble(line: str) -> None:
    result = run("parse", line, KUBENET / "ip_addr.txt")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"aksparse: what {line!r} prints is not read; read are: {', '.join(registry())}\n"


@pytest.mark.parametrize(
    ("name", "meant"),
    [("ip-addr", "ip_addr"), ("IP_ADDR", "ip_addr"), ("rout", "route?)"), ("iptable", "iptables")],
)
def test_a_name_that_is_nearly_right_is_told_the_right_one(name: str, meant: str) -> None:
    result = run("parse", name, stdin=ROUTES)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"aksparse: no command {name!r} (did you mean {meant}")


def test_a_file_in_the_place_of_a_command_is_told_as_such() -> None:
    file = KUBENET / "route_n.txt"
    result = run("parse", file)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        f"aksparse: {file}: is a file, and no command; name the command that printed it, or `auto`, before it\n"
    )


def test_output_of_another_command_is_told_as_such() -> None:
    result = run("parse", "route", KUBENET / "ip_addr.txt")
    assert (result.exit_code, json.loads(result.stdout)) == (1, [])
    told = f"aksparse: {KUBENET / 'ip_addr.txt'}: looks like the output of ip_addr, not route"
    assert result.stderr.splitlines()[-1] == told
    assert "looks like" not in run("parse", "route", stdin="no output of anything\n").stderr


def test_output_of_a_command_that_is_not_read_is_told_as_such() -> None:
    result = run("parse", "docker_ps", stdin="REPOSITORY   TAG       IMAGE ID       CREATED       SIZE\n")
    told = "aksparse: -: this looks like an output of docker images, which aksparse does not read"
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (1, told)


def test_a_word_of_any_length_does_not_fill_the_screen() -> None:
    result = run("parse", "ip_addr", stdin="[" + '{"ifindex":1},' * 1000 + "]\n")
    assert len(result.stderr.splitlines()[0]) < 200


@pytest.mark.parametrize(("suffix", "pack"), [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)])
def test_a_packed_file_is_read_like_the_file(suffix: str, pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    file = tmp_path / f"routes.txt.{suffix}"
    file.write_bytes(pack(ROUTES.encode()))
    assert run("parse", "route", file).stdout == run("parse", "route", stdin=ROUTES).stdout
    assert [output["source"] for output in json.loads(run("parse", "auto", file).stdout)] == [str(file)]


@pytest.mark.parametrize(("suffix", "pack"), [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)])
def test_of_a_packed_file_that_is_cut_the_whole_lines_before_the_cut_are_read(
    suffix: str, pack: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    # bzip2 packs blocks of 900 kB, of which the first has to be whole.
    rows = "".join(
        f"10.{n // 65536}.{n // 256 % 256}.{n % 256} 0.0.0.0 255.255.255.255 U 0 0 0 e{n}\n" for n in range(40_000)
    )
    packed = pack((ROUTES + rows).encode())
    file = tmp_path / f"routes.txt.{suffix}"
    file.write_bytes(packed[: len(packed) - len(packed) // 8])
    result = run("parse", "route", file)
    assert result.exit_code == 1
    assert result.stderr == (
        f"{file}: damaged-file: the packed file is damaged or cut off; only what lies before that is read\n"
    )
    records = json.loads(result.stdout)
    assert len(records) > 1000
    assert records == json.loads(run("parse", "route", stdin=ROUTES + rows).stdout)[: len(records)]


def test_an_archive_of_files_is_none_to_parse(tmp_path: Path) -> None:
    archive = shutil.make_archive(str(tmp_path / "node"), "gztar", KUBENET)
    result = run("parse", "route", archive)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"aksparse: {archive}: is an archive; `aksparse files` lists")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize(
    "arguments", [("parse", "route", KUBENET / "route_n.txt"), ("compare", KUBENET, AZURE), ("--help",)]
)
def test_a_full_disk_is_trouble_and_said_in_one_line(arguments: tuple[str | Path, ...]) -> None:
    command = [sys.executable, "-m", "aksparse", *map(str, arguments)]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (2, b"aksparse: standard output: No space left on device\n")


def test_an_unknown_command_is_trouble_and_the_known_ones_are_named() -> None:
    result = run("parse", "ifconfig", stdin="x")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"aksparse: no command 'ifconfig'; there are: {', '.join(registry())}\n"


@pytest.mark.parametrize("command", ["auto", "route"])
def test_a_file_that_can_not_be_read_is_trouble(command: str, tmp_path: Path) -> None:
    gone = run("parse", command, tmp_path / "gone")
    assert (gone.exit_code, gone.stdout) == (2, "")
    assert gone.stderr == f"aksparse: {tmp_path / 'gone'}: No such file or directory\n"
    directory = run("parse", command, tmp_path)
    assert (directory.exit_code, directory.stdout) == (2, "")
    assert directory.stderr == f"aksparse: {tmp_path}: Is a directory\n"


@pytest.mark.parametrize(
    "content",
    [
        ROUTES.encode("utf-8-sig"),
        ROUTES.encode("utf-16"),
        ROUTES.encode("utf-16-le"),
        ROUTES.encode("utf-16-be"),
        ROUTES.replace("\n", "\r\n").encode(),
    ],
    ids=["bom", "utf-16", "utf-16-le", "utf-16-be", "crlf"],
)
def test_standard_input_is_read_like_a_file(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "routes.txt"
    file.write_bytes(content)
    assert run("parse", "route", stdin=content).stdout == run("parse", "route", file).stdout
    assert len(json.loads(run("parse", "route", stdin=content).stdout)) == 1


@pytest.mark.parametrize("arguments", [("parse", "route"), ("validate", "-"), ("describe", "-"), ("files", "-")])
def test_standard_input_that_is_closed_is_trouble(arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)  # as Python has it of a closed one
    with pytest.raises(SystemExit) as ended:
        main([*arguments])
    assert ended.value.code == 2


def test_standard_input_that_is_no_utf_8_is_read_as_far_as_it_goes() -> None:
    done = process("parse", "route", stdin=ROUTES.encode() + b"10.0.0.0 caf\xe9\n")
    assert done.returncode == 1
    assert len(json.loads(done.stdout)) == 1
    told, line = done.stderr.splitlines()
    assert told == b"-: undecodable-text: some bytes are not UTF-8 text"
    assert line.startswith(b"-:4:13: unexpected-line: ")


def test_output_is_utf_8_whatever_the_input(tmp_path: Path) -> None:
    file = tmp_path / "ps.txt"
    shutil.copy(CAPTURES / "azure-cni/docker_ps.txt", file)
    done = process("parse", "docker_ps", file)
    assert done.returncode == 0
    assert [record["command_truncated"] for record in json.loads(done.stdout.decode("utf-8"))] == [True, False]


@pytest.mark.parametrize("arguments", [("parse", "docker_ps"), ("describe", "--format", "json"), ("describe",)])
def test_a_terminal_that_can_not_show_a_character_is_no_trouble(arguments: tuple[str, ...], tmp_path: Path) -> None:
    listing = "CONTAINER ID   IMAGE   COMMAND     CREATED      STATUS      PORTS   NAMES\n"
    name = "k8s_POD_a_b_0f1e2d3c-96c8-5504-aba7-54f2a4b146e9_0"
    listing += f'c24da8dfe398   pause   "/pause…"   2 days ago   Up 2 days           {name}\n'
    file = tmp_path / "docker_ps.txt"
    file.write_text(listing, encoding="utf-8")
    command = [sys.executable, "-m", "aksparse", *arguments, str(file)]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = subprocess.run(command, capture_output=True, check=False, timeout=60, env=environment)
    assert (done.returncode, done.stderr) == (0, b"")
    if arguments == ("describe",):
        assert b'"/pause\\u2026"' in done.stdout
    else:
        assert json.loads(done.stdout.decode("utf-8"))
        assert "/pause" in done.stdout.decode("utf-8")


# describe


@pytest.mark.parametrize("name", [path.name for path in sorted(CAPTURES.iterdir())])
def test_describe_prints_json_that_its_schema_knows(name: str) -> None:
    result = run("describe", CAPTURES / name, "--format", "json")
    assert (result.exit_code, result.stderr) == (0, "")
    assert problems(result, "architecture") == []
    document = json.loads(result.stdout)
    assert document["name"] == name
    assert [fact["name"] for fact in document["facts"]] == list(ASPECTS)
    assert run("validate", "--schema", "architecture", stdin=result.stdout).exit_code == 0


def test_describe_tells_the_mode_and_why_it_is_no_other() -> None:
    document = json.loads(run("describe", KUBENET, "--format", "json").stdout)
    mode = document["facts"][0]
    assert (mode["name"], mode["fact"]["value"]["mode"]) == ("network_mode", "kubenet")
    assert mode["fact"]["value"]["excluded_by"]
    assert "bridge: cbr0" in mode["fact"]["value"]["marks"]
    assert any("cbr0" in line["text"] for line in mode["fact"]["evidence"])


def test_describe_prints_text_markdown_or_json_of_the_same_node() -> None:
    document = json.loads(run("describe", KUBENET, "--format", "json").stdout)
    text = run("describe", KUBENET).stdout
    markdown = run("describe", KUBENET, "--format", "markdown").stdout
    assert text == run("describe", KUBENET, "--format", "text").stdout
    for fact in document["facts"]:
        says = fact["fact"]["summary" if fact["fact"]["known"] else "reason"]
        assert says in text
        assert says.replace("*", r"\*") in markdown
    assert "\x1b" not in text + markdown


def test_describe_reads_one_node_of_an_archive_of_several(tmp_path: Path) -> None:
    for name in ("kubenet", "azure-cni"):
        shutil.copytree(CAPTURES / name, tmp_path / "dump" / name)
    archive = shutil.make_archive(str(tmp_path / "dump"), "gztar", tmp_path, "dump")
    result = run("describe", f"{archive}::kubenet", "--format", "json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["facts"][1]["fact"]["value"] == {"plugin": "kubenet"}
    several = run("describe", archive)
    assert several.exit_code == 2
    assert "kubenet" in several.stderr
    few = run("describe", archive, "--max-files", "3")
    assert few.exit_code == 2


def test_describe_of_a_node_that_contradicts_itself_shows_it_and_exits_with_1(tmp_path: Path) -> None:
    log = tmp_path / "node.log"
    log.write_text(
        f"$ az aks create -n one --network-plugin azure\n$ brctl show\n{(KUBENET / 'brctl_show.txt').read_text()}"
    )
    result = run("describe", log)
    assert result.exit_code == 1
    assert "\nCONTRADICTIONS\n" in result.stdout


def packed(directory: Path, names: tuple[str, ...]) -> bytes:
    """An archive of some captures."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as file:
        for name in names:
            file.add(directory / name, name)
    return archive.getvalue()


def test_standard_input_is_a_log_or_an_archive_like_any_other(tmp_path: Path) -> None:
    log = b"node:/# brctl show\n" + (KUBENET / "brctl_show.txt").read_bytes()
    (tmp_path / "stdin").write_bytes(log)
    of_file, piped = run("describe", tmp_path / "stdin"), run("describe", "-", stdin=log)
    assert (piped.exit_code, piped.stdout, piped.stderr) == (0, of_file.stdout, of_file.stderr)
    assert "\n      stdin:3  cbr0" in piped.stdout
    archive = packed(CAPTURES, ("lab-kubenet",))
    assert "\n      stdin/lab-kubenet/brctl_show.txt:2  cbr0" in run("describe", "-", stdin=archive).stdout
    assert run("files", "-", stdin=log).stdout == "stdin\tbrctl_show\n"


def test_both_sides_of_a_comparison_may_be_nodes_of_standard_input() -> None:
    archive = packed(CAPTURES, ("lab-kubenet", "lab-azure-cni"))
    sides = ("/dev/stdin::lab-kubenet", "/dev/stdin::lab-azure-cni")
    compared = run("compare", *sides, "--format", "json", stdin=archive)
    named = run("compare", KUBENET, AZURE, "--format", "json")
    outcomes = [[a["outcome"] for a in json.loads(done.stdout)["aspects"]] for done in (compared, named)]
    assert outcomes[0] == outcomes[1]
    assert json.loads(compared.stdout)["left"] == "stdin::lab-kubenet"
    several = run("describe", "-", stdin=archive)
    assert (several.exit_code, several.stdout) == (2, "")
    assert all(side in several.stderr for side in sides)


@pytest.mark.parametrize("command", ["describe", "files"])
def test_an_empty_name_is_not_the_directory_at_hand(command: str) -> None:
    result = run(command, "")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.endswith("the name of a file or directory is empty\n")


@pytest.mark.parametrize(
    ("capture", "has"),
    [(KUBENET, "aks-nodepool1-27511634-vmss000000"), (KUBENET / "route_n.txt", "one alone, which needs no name")],
)
def test_a_node_that_a_dump_of_one_node_does_not_have_is_trouble(capture: Path, has: str) -> None:
    result = run("describe", f"{capture}::nosuch")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"aksparse: {capture}: has no node nosuch; it has {has}\n"


def test_describe_of_nothing_is_trouble(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing\n")
    result = run("describe", tmp_path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines()[-1] == f"aksparse: {tmp_path}: nothing in it was recognised"


# compare


def test_compare_exits_with_0_when_nothing_differs_and_1_when_something_does() -> None:
    assert run("compare", KUBENET, KUBENET).exit_code == 0
    assert run("compare", KUBENET, AZURE).exit_code == 1
    # Known on one side only is no sameness either.
    assert run("compare", CAPTURES / "kubenet", KUBENET).exit_code == 1


@pytest.mark.parametrize("right", [path.name for path in sorted(CAPTURES.iterdir())])
def test_compare_prints_json_that_its_schema_knows(right: str) -> None:
    result = run("compare", KUBENET, CAPTURES / right, "--format", "json")
    assert result.stderr == ""
    assert problems(result, "comparison") == []
    document = json.loads(result.stdout)
    assert [aspect["name"] for aspect in document["aspects"]] == list(ASPECTS)
    differs = any(aspect["outcome"] not in ("same", "unknown") for aspect in document["aspects"])
    assert result.exit_code == int(differs)


def test_compare_prints_text_markdown_or_json_of_the_same_comparison() -> None:
    document = json.loads(run("compare", KUBENET, AZURE, "--format", "json").stdout)
    text = run("compare", KUBENET, AZURE).stdout
    markdown = run("compare", KUBENET, AZURE, "--format", "markdown").stdout
    assert text == run("compare", KUBENET, AZURE, "--format", "text").stdout
    for aspect in document["aspects"]:
        says = aspect["left"]["summary" if aspect["left"]["known"] else "reason"]
        assert says in text
        assert says.replace("*", r"\*") in markdown
    assert "\x1b" not in text + markdown


def test_compare_is_the_same_every_time_in_every_process() -> None:
    first, second = (process("compare", KUBENET, AZURE, "--format", "json") for _ in range(2))
    assert first.returncode == second.returncode == 1
    assert first.stdout == second.stdout


def test_compare_tells_what_was_not_understood_on_standard_error(tmp_path: Path) -> None:
    copy = Path(shutil.copytree(KUBENET, tmp_path / "node"))
    with (copy / "route_n.txt").open("a") as file:
        file.write("no route\n")
    (copy / "pod_1_route_n.txt").unlink()
    result = run("compare", copy, AZURE)
    assert result.exit_code == 1
    lines = result.stderr.splitlines()
    assert lines[0].startswith("node/route_n.txt:9:9: unexpected-line: ")
    assert lines[1] == "node/pod_1_route_n.txt: missing-file: capture.toml names it, but it is not there"
    assert len(lines) == 2


def test_two_archives_of_the_same_name_are_told_apart_in_evidence(tmp_path: Path) -> None:
    for side, form in (("before", "gztar"), ("after", "zip")):
        (tmp_path / side).mkdir()
        shutil.make_archive(str(tmp_path / side / "node"), form, AZURE)
    before, after = tmp_path / "before/node.tar.gz", tmp_path / "after/node.zip"
    comparison = json.loads(run("compare", before, after, "--format", "json").stdout)
    assert (comparison["left"], comparison["right"]) == (str(before), str(after))
    for side, path in (("left", before), ("right", after)):
        sources = {line["source"] for aspect in comparison["aspects"] for line in aspect[side]["evidence"]}
        assert sources
        assert all(source.startswith(f"{path}/") for source in sources)


@pytest.mark.skipif(not shutil.which("setpriv") or os.geteuid() != 0, reason="only root can become nobody")
@pytest.mark.parametrize("command", ["describe", "files", "parse"])
def test_what_may_not_be_read_is_trouble_whatever_the_command(command: str, tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0)
    arguments = [command, *(["auto"] if command == "parse" else []), str(tmp_path / "closed/x.log")]
    nobody = ["setpriv", "--reuid=65534", "--clear-groups", sys.executable]
    if subprocess.run([*nobody, "-c", "import aksparse"], capture_output=True, check=False).returncode != 0:
        pytest.skip("nobody may not run this Python")
    done = subprocess.run(
        [*nobody, "-m", "aksparse", *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"aksparse: {tmp_path / 'closed/x.log'}: Permission denied\n"


def test_compare_of_what_is_not_there_is_trouble(tmp_path: Path) -> None:
    result = run("compare", KUBENET, tmp_path / "gone")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"aksparse: {tmp_path / 'gone'}: No such file or directory\n"


def test_a_wrong_manifest_is_trouble_and_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "capture.toml").write_text('[network]\nsubnt = "10.0.0.0/8"\n')
    result = run("compare", KUBENET, tmp_path)
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"aksparse: {tmp_path.name}/capture.toml: unknown setting: subnt")


def test_a_terminal_log_is_compared_like_a_directory(tmp_path: Path) -> None:
    log = tmp_path / "node.log"
    log.write_text(f"$ brctl show\n{(KUBENET / 'brctl_show.txt').read_text()}$ route -n\n{ROUTES}")
    result = run("compare", log, AZURE, "--format", "json")
    outcomes = {aspect["name"]: aspect["outcome"] for aspect in json.loads(result.stdout)["aspects"]}
    assert outcomes["pod_attachment"] == "differs"
    assert outcomes["mtu"] == "unknown-left"


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_a_reader_that_goes_away_is_no_error(form: str) -> None:
    command = f"{sys.executable} -c 'from aksparse.cli import main; main()'"
    # Twice, so that there is more than a pipe holds.
    line = f"{command} compare {KUBENET} {AZURE} --format {form} | head -n 1"
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {line}"], capture_output=True, check=False, timeout=60)
    assert done.stderr == b""
    assert len(done.stdout.splitlines()) == 1


def test_a_reader_that_goes_away_leaves_the_exit_code_of_a_tool_that_is_told_so() -> None:
    command = [sys.executable, "-m", "aksparse", "commands"]
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, check=False, timeout=60)
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_reader_that_goes_away_from_much_output_is_no_error(tmp_path: Path) -> None:
    rows = "".join(f"10.{n // 256}.{n % 256}.0 0.0.0.0 255.255.255.0 U 0 0 0 eth0\n" for n in range(20_000))
    (tmp_path / "routes.txt").write_text(ROUTES + rows)
    command = f"{sys.executable} -c 'from aksparse.cli import main; main()' parse route {tmp_path / 'routes.txt'}"
    done = subprocess.run(["bash", "-c", f"{command} | head -n 1"], capture_output=True, check=False, timeout=60)
    assert (done.stdout, done.stderr) == (b"[\n", b"")


# schema and validate


def test_schema_lists_the_names_one_a_line_and_prints_each() -> None:
    listed = run("schema")
    names = listed.stdout.splitlines()
    assert (listed.exit_code, tuple(names)) == (0, schema_names())
    assert set(names) == {*registry(), "architecture", "capture", "comparison", "diagnostics", "outputs"}
    for name in names:
        printed = run("schema", name)
        assert printed.exit_code == 0
        assert printed.stdout == (ROOT / f"schemas/{name}.schema.json").read_text(encoding="utf-8")


def test_an_unknown_schema_is_trouble_and_the_known_ones_are_named() -> None:
    for arguments in (["schema", "nosuch"], ["validate", "--schema", "nosuch", "-"]):
        result = run(*arguments, stdin="[]")
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr == f"aksparse: no schema 'nosuch'; there are: {', '.join(schema_names())}\n"


@pytest.mark.parametrize("path", sorted(CAPTURES.iterdir()), ids=lambda path: path.name)
def test_validate_accepts_the_shipped_manifests(path: Path) -> None:
    for options in ([], ["--schema", "capture"]):
        result = run("validate", path / "capture.toml", *options)
        assert (result.exit_code, result.output) == (0, "")


def test_validate_accepts_what_was_printed() -> None:
    parsed = run("parse", "ip_addr", KUBENET / "ip_addr.txt")
    compared = run("compare", KUBENET, AZURE, "--format", "json")
    for printed in (parsed, compared):
        result = run("validate", stdin=printed.stdout)
        assert (result.exit_code, result.output) == (0, "")


@pytest.mark.parametrize(
    ("document", "schema", "told"),
    [
        ([{"destination": "0.0.0.0"}], "route", "$[0]: 'flags' is a required property"),
        ({"left": "a", "right": "b"}, "comparison", "$: 'aspects' is a required property"),
        ([{"ifname": "lo", "mtu": None}], "ip_addr", "$[0].mtu: null is not of type 'integer'"),
    ],
)
def test_of_a_document_that_fits_no_schema_it_is_told_what_the_nearest_lacks(
    document: Any, schema: str, told: str
) -> None:
    result = run("validate", stdin=json.dumps(document))
    assert result.exit_code == 1
    assert f"-: {told}  (schema {schema})" in result.stdout.splitlines()
    assert result.stderr == f"aksparse: -: fits no schema; the nearest is {schema}\n"


@pytest.mark.parametrize("document", [{"a": 1}, [{"a": 1}], None, 3, "text"])
def test_a_document_that_is_nothing_of_aksparse_is_near_no_schema(document: Any) -> None:
    result = run("validate", stdin=json.dumps(document))
    assert (result.exit_code, result.stderr) == (1, "")
    assert result.stdout == "-: $: fits no schema, and has no key that one of them knows\n"


def test_what_is_wrong_is_told_in_the_order_of_the_list() -> None:
    records = json.loads(run("parse", "ip_addr", KUBENET / "ip_addr.txt").stdout) * 3
    result = run("validate", "--schema", "ip_addr", stdin=json.dumps([{**record, "mtu": "1500"} for record in records]))
    paths = [line.split(": ")[1] for line in result.stdout.splitlines()]
    assert len(paths) > 10
    assert paths == [f"$[{number}].mtu" for number in range(len(records))]


def test_a_manifest_may_come_from_standard_input_or_have_any_name(tmp_path: Path) -> None:
    text = '[network]\nsubnet = "10.220.1.7/24"\n'
    (tmp_path / "settings.toml").write_text(text)
    piped = run("validate", "--schema", "capture", stdin=text)
    named = run("validate", tmp_path / "settings.toml")
    assert (piped.exit_code, named.exit_code) == (1, 1)
    assert "10.220.1.7/24 has host bits set" in piped.stdout
    assert piped.stdout.removeprefix("-") == named.stdout.removeprefix(str(tmp_path / "settings.toml"))
    assert run("validate", "--schema", "capture", stdin='{"role": "kubenet"}').exit_code == 0


def test_validate_tells_by_path_what_is_wrong_with_a_manifest(tmp_path: Path) -> None:
    file = tmp_path / "capture.toml"
    file.write_text('[network]\nsubnet = 10\n[[outputs]]\nfile = "a.txt"\n')
    result = run("validate", file)
    assert (result.exit_code, result.stderr) == (1, "")
    assert result.stdout.splitlines() == [
        f"{file}: $.network.subnet: 10 is not of type 'string'  (schema capture)",
        f"{file}: $.outputs[0]: 'argv' is a required property  (schema capture)",
    ]


def broken(document: Any, *path: str | int) -> Any:
    """The document with a wrong value at a path."""
    inner = document
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = {"wrong": True}
    return document


@pytest.mark.parametrize(
    ("schema", "path", "told"),
    [
        ("ip_addr", (1, "mtu"), "$[1].mtu"),
        ("ip_addr", (0, "addr_info", 0, "local"), "$[0].addr_info[0].local"),
    ],
)
def test_validate_tells_by_path_what_is_wrong_with_records(schema: str, path: tuple[Any, ...], told: str) -> None:
    document = broken(json.loads(run("parse", schema, KUBENET / "ip_addr.txt").stdout), *path)
    for options in ([], ["--schema", schema]):
        result = run("validate", *options, stdin=json.dumps(document))
        assert result.exit_code == 1
        assert result.stdout.startswith(f"-: {told}: ")


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("x.json", '{\n"a" 1}', ":2:5: not JSON: "),
        ("x.json", "", ":1:1: not JSON: "),
        ("x.toml", "a = ", ": not TOML: "),
    ],
)
def test_validate_of_what_is_neither_json_nor_toml_is_trouble(name: str, text: str, told: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_text(text)
    result = run("validate", file)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"aksparse: {file}{told}")
    assert len(result.stderr.splitlines()) == 1


# The rest.


def test_the_version_is_that_of_the_package() -> None:
    result = run("--version")
    assert (result.exit_code, result.stdout) == (0, f"aksparse, version {__version__}\n")


@pytest.mark.parametrize("command", [[], *([name] for name in main.commands)])
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_every_command_explains_itself(command: list[str], option: str) -> None:
    result = run(*command, option)
    assert result.exit_code == 0
    assert result.stdout.startswith("Usage: ")
    assert "..." not in result.stdout.replace("[ARGS]...", "")
    assert "\\b" not in result.stdout


def test_help_shows_the_command_lines_of_collect_as_the_script_does() -> None:
    script, told = run("collect").stdout, run("collect", "--help").stdout
    (there,) = re.findall(r"kubectl debug node/NODE (.*) -- ", script)
    assert f"      kubectl debug node/NODE {there} -- \\\n          chroot /host sh -s -- - > node.tar.gz\n" in told


@pytest.mark.parametrize(
    "arguments", [["nosuch"], ["compare"], ["compare", "x"], ["parse"], ["compare", "--format", "x", "a", "b"]]
)
def test_a_wrong_command_line_is_trouble(arguments: list[str]) -> None:
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Usage: " in result.stderr


def test_the_program_is_installed_under_its_name() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert scripts == {"aksparse": "aksparse.cli:main"}
    done = process("commands")
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_packed_file_that_holds_too_much_is_refused_with_what_to_do(tmp_path: Path) -> None:
    packed = tmp_path / "routes.txt.gz"
    packed.write_bytes(gzip.compress(b"0" * 100_000_000))
    result = run("parse", "route", packed)
    assert result.exit_code == 2
    assert result.stderr == f"aksparse: {packed}: is damaged, or holds far more than its size says; unpack it first\n"
