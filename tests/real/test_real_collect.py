"""The script that `aksparse collect` prints, run by every shell on nodes of the lab, and its archive read back."""

from __future__ import annotations

import os
import re
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

from aksparse import Wiring, build_wiring, load_capture, to_builtins
from aksparse.cli import main
from tests.corpus import CORPUS, CommandCase
from tests.real.conftest import unavailable

pytestmark = pytest.mark.real

LAB = Path(__file__).parents[1] / "lab"
SHELLS = [("sh",), ("dash",), ("bash", "--posix"), ("busybox", "sh")]


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
    return subprocess.run(argv, capture_output=True, env=environment, cwd=directory, timeout=600, check=False)


def wired(wiring: Wiring) -> tuple[object, ...]:
    """What a wiring says, without where it was read."""
    links = sorted((link.ifname, link.ifindex, link.master, link.addresses, link.mtu) for link in wiring.links)
    pods = sorted((pod.name, pod.address, pod.pid, pod.host_link, pod.bridge, pod.gateway) for pod in wiring.pods)
    services = sorted((service.service, service.protocol, service.endpoints) for service in wiring.services)
    bridges = sorted((bridge.name, sorted(bridge.ports)) for bridge in wiring.bridges)
    # Also what only `ip route` lists is collected.
    usual = (route for route in wiring.routes if route.table in (None, "main") and route.network.version == 4)
    routes = sorted({(str(route.network), str(route.gateway), str(route.dev)) for route in usual})
    return links, bridges, routes, pods, services, wiring.node


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
        argv, capture_output=True, env={**environment, "TMPDIR": str(work)}, cwd=work, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr
    assert b"outputs are missing; capture.toml says why" in done.stderr
    capture = load_capture(work / "node.tar.gz")
    notes = [line for line in capture.texts[capture.manifests[0]] if line.startswith("# not recorded: ")]
    for missing in ("brctl show: brctl", "docker ps: docker", "crictl pods: crictl", "kubectl get: kubectl"):
        assert f"# not recorded: {missing} is not installed" in notes
    assert {output.command for output in capture.outputs} >= {"ip_addr", "route"}


def test_a_tool_that_hangs_or_a_node_that_is_slow_ends_the_recording_all_the_same(
    script: Path, lab: tuple[Any, Path, dict[str, str]], tmp_path: Path
) -> None:
    node, _, environment = lab
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "brctl").write_text("#!/bin/sh\nexec sleep 60\n")
    (tools / "docker").write_text("#!/bin/sh\nexec sleep 60\n")
    for tool in tools.iterdir():
        tool.chmod(0o755)
    hanging = {**environment, "PATH": f"{tools}:{environment['PATH']}", "COLLECT_SECONDS_EACH": "2"}
    done = collect(script, "hung.tar.gz", node, hanging, ("sh",), tmp_path)
    assert done.returncode == 0, done.stderr
    capture = load_capture(tmp_path / "hung.tar.gz")
    notes = [line for line in capture.texts[capture.manifests[0]] if line.startswith("# not recorded: ")]
    assert {"# not recorded: brctl show: exit 124: ", "# not recorded: docker ps: exit 124: "} <= set(notes)
    assert {output.command for output in capture.outputs} >= {"ip_addr", "ip_route", "iptables_save"}
    done = collect(script, "slow.tar.gz", node, {**environment, "COLLECT_SECONDS": "0"}, ("sh",), tmp_path)
    assert done.returncode == 0, done.stderr
    slow = load_capture(tmp_path / "slow.tar.gz")
    assert slow.outputs == ()
    assert "# not recorded: ip addr: no time is left" in slow.texts[slow.manifests[0]]


CRICTL = """#!/bin/sh
here=$(dirname "$0")
case "$*" in
    pods | ps) cat "$here/$1.txt" ;;
    'pods -q') cut -d ' ' -f 1 "$here/pods.txt" | tail -n +2 ;;
    'inspectp --output go-template --template {{.info.pid}} '*) sed -n "s/^${6} //p" "$here/pids.txt" ;;
    --version) echo 'crictl version v1.31.1' ;;
    *) echo "unexpected: $*" >&2 && exit 1 ;;
esac
"""


@pytest.mark.parametrize("shell", [("dash",), ("busybox", "sh")], ids=" ".join)
def test_on_a_node_of_containerd_the_network_of_each_sandbox_is_recorded(
    shell: tuple[str, ...], script: Path, lab: tuple[Any, Path, dict[str, str]], tmp_path: Path
) -> None:
    node, _, environment = lab
    sandboxes, containers = (
        CommandCase(CORPUS / "commands" / name) for name in ("crictl_pods/runtime", "crictl_ps/pods")
    )
    ids = [record.id for record in sandboxes.parsed]
    # One that is not ready has no process.
    ready = [record.id for record in sandboxes.parsed if record.state == "Ready"][: len(node.pods)]
    pids = dict(zip(ready, (pod.pause_pid for pod in node.pods), strict=False))
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "pods.txt").write_text(sandboxes.text)
    (tools / "ps.txt").write_text(containers.text)
    (tools / "pids.txt").write_text("".join(f"{sandbox} {pids.get(sandbox, 0)}\n" for sandbox in ids))
    (tools / "crictl").write_text(CRICTL)
    (tools / "crictl").chmod(0o755)
    work = tmp_path / "work"
    work.mkdir()
    search = environment["PATH"].partition(":")[2]
    done = collect(script, "node.tar.gz", node, {"PATH": f"{tools}:{search}"}, shell, work)
    assert done.returncode == 0, done.stderr
    capture = load_capture(work / "node.tar.gz")
    assert [to_builtins(parsed.records) for parsed in capture.parsed("crictl_pods")] == [sandboxes.expected["records"]]
    assert [to_builtins(parsed.records) for parsed in capture.parsed("crictl_ps")] == [containers.expected["records"]]
    known = {record.container: record.pid for parsed in capture.parsed("docker_inspect") for record in parsed}
    assert known == {sandbox: pids.get(sandbox, 0) for sandbox in ids}
    assert len(pids) > 1
    for pid in pids.values():
        inside = {output.command for output in capture.outputs if output.pid == pid}
        assert inside == {"ip_addr", "route", "ip_route", "ip_neigh"}
        listed = subprocess.run(
            ["nsenter", "-t", str(pid), "-n", "ip", "-4", "-o", "addr"], capture_output=True, check=True
        )
        (links,) = (output for output in capture.parsed("ip_addr") if output.pid == pid)
        addresses = {str(address.local) for link in links for address in link.addr_info if address.family == "inet"}
        assert addresses == set(re.findall(r"inet ([0-9.]+)/", listed.stdout.decode()))
    assert {output.pid for output in capture.outputs} == {None, *pids.values()}
    notes = [line for line in capture.texts[capture.manifests[0]] if line.startswith("# not recorded: ")]
    assert any(
        note.startswith("# not recorded: docker ps: exit 1: Cannot connect to the Docker daemon") for note in notes
    )


@pytest.mark.parametrize("shell", [("dash",), ("busybox", "sh")], ids=" ".join)
def test_everything_that_is_read_of_a_node_is_collected(
    shell: tuple[str, ...], script: Path, lab: tuple[Any, Path, dict[str, str]], tmp_path: Path
) -> None:
    node, _, environment = lab
    neighbour = "ip neigh replace 10.220.1.77 lladdr 02:00:00:00:00:77 dev eth0 nud permanent"
    subprocess.run(["nsenter", "-t", str(node.pid), "-n", *neighbour.split()], check=True)
    configured = CommandCase(CORPUS / "commands/cni_conf/published-containerd")
    configuration = tmp_path / "cni/net.d/10-containerd-net.conflist"
    configuration.parent.mkdir(parents=True)
    configuration.write_text(configured.text)
    here = tmp_path / "collect.sh"
    here.write_text(script.read_text().replace("/etc/cni/net.d/", f"{configuration.parent}/"))
    done = collect(here, "node.tar.gz", node, environment, shell, tmp_path)
    assert done.returncode == 0, done.stderr
    capture = load_capture(tmp_path / "node.tar.gz")
    (conf,) = (record for parsed in capture.parsed("cni_conf") for record in parsed)
    assert {**to_builtins(conf), "file": None} == {**configured.expected["records"][0], "file": None}
    recorded = {shlex.join(output.argv or ()): output for output in capture.outputs if output.pid is None}
    for line in (
        *("ip addr", "ip -d link", "route -n", "ip route show table all", "ip -6 route show table all", "ip rule"),
        *("ip -6 rule", "ip neigh", "brctl show", "bridge link", "bridge fdb", "iptables-save -c", "ip6tables-save -c"),
        "iptables -w -t nat -nvL --line-numbers",
    ):
        assert recorded[line].understood
        assert recorded[line].records or line == "ip6tables-save -c", line
