"""Records two AKS-like nodes, one kubenet and one Azure CNI, with the real tools.

    python tests/lab/record.py OUTDIR

builds both clusters in network namespaces, checks that their traffic goes as it would on AKS, and
writes OUTDIR/lab-kubenet and OUTDIR/lab-azure-cni: one file per output and a `capture.toml`.
`docker` and `kubectl` are the real clients too, but of stub servers that know the lab's pods.

Debian packages: iproute2 iptables net-tools bridge-utils util-linux containernetworking-plugins
docker-cli (or docker.io) kubernetes-client. The kernel needs br_netfilter.
"""

from __future__ import annotations

import datetime
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from namespaces import Lab, cni_directory, run, run_in, search_path
from scene import CLUSTERS, DNS_SERVICE_IP, SERVICE_CIDR, VNET, Cluster
from stubs import cluster_answers, containers_of, docker_engine, kubernetes_api
from topology import RunningCluster, RunningNode, build_cluster, build_vnet
from traffic import check_traffic

TOOLS = (
    *("ip", "route", "brctl", "bridge", "docker", "kubectl"),
    *("iptables", "iptables-save", "iptables-restore", "ip6tables", "ip6tables-save", "ip6tables-restore"),
    *("ebtables-nft", "ipset"),
    *("nsenter", "unshare", "setpriv", "mount", "sleep"),
)
VERSION_FLAGS = {
    "ip": ["-V"],
    "route": ["-V"],
    "brctl": ["--version"],
    "iptables": ["-V"],
    "docker": ["--version"],
    "kubectl": ["version", "--client"],
    "bridge": ["-V"],
    "ip6tables": ["-V"],
    "iptables-save": ["-V"],
    "ip6tables-save": ["-V"],
}


@dataclass(frozen=True)
class Output:
    """One recorded output: its file, the command as typed on the node, and who printed it."""

    file: str
    argv: Sequence[str]
    tool: str
    text: bytes


def missing() -> list[str]:
    """What this machine lacks to record; empty when it can."""
    lacking = [] if os.geteuid() == 0 else ["root"]
    lacking += [tool for tool in TOOLS if shutil.which(tool, path=search_path()) is None]
    if not Path("/dev/net/tun").exists():
        lacking.append("/dev/net/tun")
    if cni_directory() is None:
        lacking.append("CNI plugins bridge and host-local")
    if not Path("/proc/sys/net/bridge/bridge-nf-call-iptables").exists():
        lacking.append("kernel module br_netfilter")
    if not lacking and subprocess.run(["unshare", "--net", "true"], check=False).returncode != 0:
        lacking.append("permission to make network namespaces")
    return lacking


def record(out: Path) -> None:
    """Build both clusters and write the capture of the first node of each below `out`."""
    with Lab() as lab, tempfile.TemporaryDirectory() as name:
        vnet = build_vnet(lab)
        for cluster in CLUSTERS:
            scratch = Path(name, cluster.role)
            scratch.mkdir()
            running = build_cluster(lab, vnet, cluster, scratch)
            check_traffic(vnet, running)
            outputs = list(_outputs(running, scratch))
            write_outputs(out / f"lab-{cluster.role}", outputs, _manifest(cluster, outputs))


def _outputs(running: RunningCluster, scratch: Path) -> Iterator[Output]:
    node = running.nodes[0]
    yield from _host_outputs(node)
    yield from _pod_outputs(node)
    yield from _docker_outputs(node, scratch)
    yield from _kubectl_outputs(running.cluster, scratch)


def _host_outputs(node: RunningNode) -> Iterator[Output]:
    for file, argv in (
        ("ip_addr.txt", ["ip", "addr"]),
        ("route_n.txt", ["route", "-n"]),
        ("iptables_t_nat_nL.txt", ["iptables", "-t", "nat", "-nL"]),
        ("iptables_t_nat_nvL.txt", ["iptables", "-t", "nat", "-nvL", "--line-numbers"]),
    ):
        yield Output(file, argv, version(argv[0]), run_in(node.pid, argv))
    # brctl reads sysfs, which shows the namespace it was mounted in.
    with_sysfs = ["unshare", "-m", "sh", "-c", "mount -t sysfs sysfs /sys && exec brctl show"]
    text = run_in(node.pid, with_sysfs)
    yield Output("brctl_show.txt", ["brctl", "show"], version("brctl"), text)


def _pod_outputs(node: RunningNode) -> Iterator[Output]:
    for number, pod in enumerate(node.pods, start=1):
        enter = ["nsenter", "-t", str(pod.app_pid), "-n"]
        for file, argv in (("ip_addr", ["ip", "addr"]), ("route_n", ["route", "-n"])):
            command = [*enter, *argv]
            yield Output(f"pod_{number}_{file}.txt", command, version(argv[0]), run(command))


def _docker_outputs(node: RunningNode, scratch: Path) -> Iterator[Output]:
    ids = {c.pid: c.short_id for c in containers_of(node)}
    with docker_engine(node, scratch) as env:
        argv = ["docker", "ps"]
        yield Output("docker_ps.txt", argv, version("docker"), run(argv, env=env))
        for number, pod in enumerate(node.pods, start=1):
            argv = ["docker", "inspect", "--format", "{{ .State.Pid }}", ids[pod.app_pid]]
            file = f"pod_{number}_docker_inspect.txt"
            yield Output(file, argv, version("docker"), run(argv, env=env))


def _kubectl_outputs(cluster: Cluster, scratch: Path) -> Iterator[Output]:
    with kubernetes_api(cluster_answers(cluster), scratch) as env:
        for resource, options in (
            ("nodes", ["-o", "wide"]),
            ("pods", ["-A", "-o", "wide"]),
            ("services", ["-A"]),
        ):
            argv = ["kubectl", "get", resource, *options]
            file = f"kubectl_get_{resource}.txt"
            yield Output(file, argv, version("kubectl"), run(argv, env=env))


@functools.cache
def version(tool: str) -> str:
    """The first line of what the tool's version flag prints."""
    argv = [tool, *VERSION_FLAGS[tool]]
    # Not `run`: some versions of route end this with an error status.
    done = subprocess.run(argv, capture_output=True, text=True, env={"PATH": search_path()}, check=False)
    return (done.stdout or done.stderr).splitlines()[0].removeprefix("ip utility, ")


def write_outputs(directory: Path, outputs: Sequence[Output], manifest: str) -> None:
    """Write the outputs and their manifest, in place of what an earlier run left."""
    if directory.exists():
        shutil.rmtree(directory)
    directory.mkdir(parents=True)
    for output in outputs:
        (directory / output.file).write_bytes(output.text)
    (directory / "capture.toml").write_text(manifest)


def toml(name: str, value: str | Sequence[str]) -> str:
    """A line of a manifest."""
    # A JSON string, or a list of them, is the same in TOML.
    return f"{name} = {json.dumps(value)}"


def _manifest(cluster: Cluster, outputs: Sequence[Output]) -> str:
    description = (
        f"An AKS-like {cluster.role} node of the docker era, built in network namespaces and "
        "recorded with the real tools; its eth0 is a veth to the lab's router, and docker and "
        "kubectl asked stub servers."
    )
    lines = [
        toml("role", cluster.role),
        toml("node", cluster.nodes[0].name),
        toml("description", description),
        f"recorded = {datetime.datetime.now(datetime.UTC).date()}",
        "",
        "[network]",
        toml("network_plugin", cluster.network_plugin),
        toml("vnet", str(VNET)),
        toml("subnet", str(cluster.subnet)),
    ]
    if cluster.pod_cidr:
        lines.append(toml("pod_cidr", str(cluster.pod_cidr)))
    lines += [toml("service_cidr", str(SERVICE_CIDR)), toml("dns_service_ip", DNS_SERVICE_IP)]
    for node in cluster.nodes:
        if node.pod_cidr:
            lines += ["", "[[network.route_table]]"]
            lines.append(toml("address_prefix", str(node.pod_cidr)))
            lines.append(toml("next_hop_ip_address", node.address))
    for output in outputs:
        lines += ["", "[[outputs]]", toml("file", output.file)]
        lines += [toml("argv", list(output.argv)), toml("tool", output.tool)]
    return "\n".join(lines) + "\n"


def main() -> int:
    if len(sys.argv) != 2:
        print("usage: python tests/lab/record.py OUTDIR", file=sys.stderr)
        return 2
    lacking = missing()
    if lacking:
        print(f"cannot record, missing: {', '.join(lacking)}", file=sys.stderr)
        return 1
    record(Path(sys.argv[1]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
