"""The script that `aksparse collect` prints, run by every shell on nodes of the lab, and its archive read back."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from aksparse import Wiring, build_wiring, load_capture
from aksparse.cli import main

pytestmark = pytest.mark.real

LAB = Path(__file__).parents[1] / "lab"
SHELLS = [("sh",), ("dash",), ("bash", "--posix"), ("busybox", "sh")]


def unavailable(reason: str) -> None:
    if os.environ.get("AKSPARSE_REQUIRE_REAL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    printed = CliRunner().invoke(main, ["collect"])
    assert printed.exit_code == 0
    path = tmp_path_factory.mktemp("script") / "collect.sh"
    path.write_text(printed.stdout)
    return path


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Path, dict[str, str]]]:
    """A running kubenet node, the capture that the lab makes of it directly, and the environment of its clients."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(LAB), *sys.path])
        import namespaces
        import record
        import scene
        import stubs
        import topology
    if lacking := record.missing():
        unavailable(f"the lab can't be built here without {', '.join(lacking)}")
    scratch = tmp_path_factory.mktemp("lab")
    cluster = scene.KUBENET
    with namespaces.Lab() as made:
        running = topology.build_cluster(made, topology.build_vnet(made), cluster, scratch)
        node = running.nodes[0]
        direct = scratch / "direct"
        outputs = list(record._outputs(running, scratch))
        record.write_outputs(direct, outputs, record._manifest(cluster, outputs))
        (scratch / "docker.sock").unlink(missing_ok=True)
        with (
            stubs.docker_engine(node, scratch) as docker,
            stubs.kubernetes_api(stubs.cluster_answers(cluster), scratch) as kubectl,
        ):
            # The stub of the API server listens outside of the node's network namespace.
            real = shutil.which("kubectl", path=namespaces.search_path())
            wrapper = scratch / "bin/kubectl"
            wrapper.parent.mkdir()
            wrapper.write_text(f'#!/bin/sh\nexec nsenter --net=/proc/{os.getpid()}/ns/net {real} "$@"\n')
            wrapper.chmod(0o755)
            environment = {**docker, **kubectl, "PATH": f"{wrapper.parent}:{namespaces.search_path()}"}
            yield node, direct, environment


def collect(
    script: Path, archive: str, node: Any, environment: dict[str, str], shell: tuple[str, ...], directory: Path
) -> subprocess.CompletedProcess[bytes]:
    """Run the script on a node: its network, its name, its /sys."""
    if shutil.which(shell[0]) is None:
        unavailable(f"{shell[0]} is not installed")
    command = shlex.join([*shell, str(script), archive])
    on_node = f"hostname {node.node.name} && mount -t sysfs sysfs /sys && exec {command}"
    argv = ["nsenter", "-t", str(node.pid), "-n", "unshare", "-m", "-u", "sh", "-c", on_node]
    environment = {**environment, "TMPDIR": str(directory)}
    return subprocess.run(argv, capture_output=True, env=environment, cwd=directory, timeout=120, check=False)


def wired(wiring: Wiring) -> tuple[object, ...]:
    """What a wiring says, without where it was read."""
    links = sorted((link.ifname, link.ifindex, link.master, link.addresses, link.mtu) for link in wiring.links)
    pods = sorted((pod.name, pod.address, pod.pid, pod.host_link, pod.bridge, pod.gateway) for pod in wiring.pods)
    services = sorted((service.service, service.protocol, service.endpoints) for service in wiring.services)
    bridges = sorted((bridge.name, sorted(bridge.ports)) for bridge in wiring.bridges)
    return links, bridges, wiring.routes, pods, services, wiring.node


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
def test_what_is_collected_says_the_same_as_what_was_recorded_directly(
    shell: tuple[str, ...], script: Path, lab: tuple[Any, Path, dict[str, str]], tmp_path: Path
) -> None:
    node, direct, environment = lab
    done = collect(script, "node.tar.gz", node, environment, shell, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == b""
    assert [path.name for path in tmp_path.iterdir()] == ["node.tar.gz"]
    capture = load_capture(tmp_path / "node.tar.gz")
    assert capture.manifest.node == node.node.name
    assert [d for d in capture.diagnostics if d.code in ("missing-file", "mislabelled-file")] == []
    collected, recorded = build_wiring(capture), build_wiring(load_capture(direct))
    assert len(collected.pods) == 3
    assert wired(collected) == wired(recorded)


def test_the_archive_may_go_to_standard_output(
    script: Path, lab: tuple[Any, Path, dict[str, str]], tmp_path: Path
) -> None:
    node, _, environment = lab
    done = collect(script, "-", node, environment, ("sh",), tmp_path)
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "out").write_bytes(done.stdout)
    with tarfile.open(tmp_path / "out") as archive:
        assert {name.partition("/")[0].split("-2")[0] for name in archive.getnames()} == {
            f"aksparse-{node.node.name.split('-2')[0]}"
        }
    assert load_capture(tmp_path / "out").manifest.node == node.node.name


def test_where_tools_are_missing_the_rest_is_recorded_and_the_manifest_says_what_is_not(
    script: Path, lab: tuple[Any, Path, dict[str, str]], tmp_path: Path
) -> None:
    node, _, _ = lab
    busybox = shutil.which("busybox")
    if busybox is None:
        unavailable("busybox is not installed")
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in (
        *("ip", "route", "hostname", "uname", "date", "mktemp", "rm", "mkdir", "cat", "head", "tail", "sed", "tr"),
        *("tar", "gzip", "grep", "readlink", "basename", "id", "timeout", "sh", "nsenter"),
    ):
        (tools / tool).symlink_to(str(busybox))
    text = script.read_text().replace("PATH=$PATH:", f"PATH={tools} IGNORED=")
    bare = tmp_path / "bare.sh"
    bare.write_text(text)
    environment = {"PATH": os.environ["PATH"]}
    work = tmp_path / "work"
    work.mkdir()
    # In a namespace of processes of its own there is only the node itself to look at.
    command = ["unshare", "--pid", "--fork", "--mount-proc", str(busybox), "sh", str(bare), "node.tar.gz"]
    argv = ["nsenter", "-t", str(node.pid), "-n", *command]
    done = subprocess.run(
        argv, capture_output=True, env={**environment, "TMPDIR": str(work)}, cwd=work, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert b"outputs are missing; capture.toml says why" in done.stderr
    capture = load_capture(work / "node.tar.gz")
    notes = [line for line in capture.texts[capture.manifests[0]] if line.startswith("# not recorded: ")]
    assert "# not recorded: brctl show: brctl is not installed" in notes
    assert {output.command for output in capture.outputs} >= {"ip_addr", "route"}
