"""What proves a node's container runtime, and what holds the network namespaces of its pods."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from aksparse import Architecture, Known, Unknown
from tests.nodes import described

CORPUS = Path(__file__).parents[1] / "corpus"
INSPECTED = CORPUS / "commands/docker_inspect"
OVERLAY = CORPUS / "modes/lab-azure-overlay"


def session(directory: Path, *outputs: tuple[str, str]) -> Architecture:
    directory.mkdir(exist_ok=True)
    text = "".join(f"$ {command}\n{output}\n" for command, output in outputs)
    (directory / "log.txt").write_text(text, encoding="utf-8")
    return described(directory)


def inspected(name: str) -> str:
    return (INSPECTED / name / "input.txt").read_text(encoding="utf-8")


def test_a_sandbox_that_crictl_lists_does_not_show_a_pause_container() -> None:
    fact = described(OVERLAY).pod_sandbox
    assert isinstance(fact, Unknown)
    assert fact.reason == "crictl lists sandboxes, and not what holds their network namespace"
    assert fact.commands == ("crictl inspectp POD-ID",)


def test_a_sandbox_that_crictl_inspects_shows_its_pause_container_and_its_runtime(tmp_path: Path) -> None:
    copy = Path(shutil.copytree(OVERLAY, tmp_path / "node"))
    (copy / "sandbox.txt").write_text(f"$ crictl inspectp 2b6eedd752cd3\n{inspected('crictl-sandbox')}")
    fact = described(copy).pod_sandbox
    assert isinstance(fact, Known)
    assert (fact.value.held_by, fact.value.images) == ("pause container", ("registry.k8s.io/pause:3.9",))
    assert fact.evidence
    runtime = described(copy).container_runtime  # of the listing of nodes: both say the same
    assert isinstance(runtime, Known)
    assert (runtime.value.name, runtime.value.version) == ("containerd", "1.7.20-1")


def test_a_sandbox_without_a_process_has_no_pause_container(tmp_path: Path) -> None:
    text = inspected("crictl-sandbox").replace('"pid": 6480', '"pid": 0')
    assert isinstance(session(tmp_path, ("crictl inspectp 2b6eedd752cd3", text)).pod_sandbox, Unknown)


@pytest.mark.parametrize(
    ("command", "text", "runtime"),
    [
        ("crictl inspectp 2b6eedd752cd3", inspected("crictl-sandbox"), "containerd"),
        ("crictl inspect bee7eaecdbd57", inspected("crictl-container"), "containerd"),
        (
            "crictl inspect bee7eaecdbd57",
            inspected("crictl-container").replace("io.kubernetes.cri.", "io.kubernetes.cri-o."),
            "cri-o",
        ),
        ("docker inspect 2b6eedd752cd bee7eaecdbd5", inspected("documents-of-a-pod"), "docker"),
    ],
)
def test_what_a_runtime_tells_of_its_containers_shows_which_it_is(
    command: str, text: str, runtime: str, tmp_path: Path
) -> None:
    fact = session(tmp_path, (command, text)).container_runtime
    assert isinstance(fact, Known)
    assert (fact.value.name, fact.value.version) == (runtime, None)
    assert fact.evidence


def test_tables_of_crictl_do_not_show_whether_it_is_containerd_or_cri_o(tmp_path: Path) -> None:
    fact = session(tmp_path, ("crictl ps", (OVERLAY / "crictl_ps.txt").read_text())).container_runtime
    assert isinstance(fact, Unknown)
    assert fact.reason == "crictl lists containers of containerd and of CRI-O alike"
    assert fact.commands == ("kubectl get nodes -o wide", "crictl inspect CONTAINER-ID")


def test_nothing_is_said_of_crictl_where_it_was_not_asked(tmp_path: Path) -> None:
    node = session(tmp_path, ("ip addr", (OVERLAY / "ip_addr.txt").read_text()))
    assert node.container_runtime == Unknown(
        reason="the container runtime is not in the capture", commands=("kubectl get nodes -o wide",)
    )
    assert node.pod_sandbox == Unknown(
        reason="no pause container is in the capture", commands=("docker ps", "crictl inspectp POD-ID")
    )


def test_a_listing_of_nodes_does_not_show_which_of_them_the_node_is(tmp_path: Path) -> None:
    nodes = ("kubectl get nodes -o wide", (OVERLAY / "kubectl_get_nodes.txt").read_text())
    assert session(tmp_path / "a", nodes).kubernetes_version == Unknown(
        reason="which of the listed nodes this is, is not in the capture", commands=("ip addr",)
    )
    known = session(tmp_path / "b", nodes, ("ip addr", (OVERLAY / "ip_addr.txt").read_text())).kubernetes_version
    assert isinstance(known, Known)
    assert known.value.version == "v1.29.7"


def test_containers_of_docker_that_are_not_the_kubelets_show_nothing(tmp_path: Path) -> None:
    listing = (
        "CONTAINER ID   IMAGE     COMMAND                  CREATED         STATUS         PORTS     NAMES\n"
        '8bdb2bd78165   nginx     "/docker-entrypoint.…"   3 minutes ago   Up 3 minutes   80/tcp    web\n'
    )
    assert isinstance(session(tmp_path / "a", ("docker ps", listing)).container_runtime, Unknown)
    of_kubelet = listing.replace("web", "k8s_nginx_nginx-1_default_5f0e5d3c-41f5-4a5b-9a3c-0a3f4a5b6c7d_0")
    fact = session(tmp_path / "b", ("docker ps", of_kubelet)).container_runtime
    assert isinstance(fact, Known)
    assert fact.value.name == "docker"


def test_a_listing_of_the_cluster_and_one_of_containers_can_contradict_each_other(tmp_path: Path) -> None:
    copy = Path(shutil.copytree(CORPUS / "captures/lab-kubenet", tmp_path / "node"))
    nodes = copy / "kubectl_get_nodes.txt"
    assert "docker://" in nodes.read_text()
    nodes.write_text(nodes.read_text().replace("docker://", "containerd://"))
    fact = described(copy).container_runtime
    assert isinstance(fact, Unknown)
    assert fact.reason == "contradiction: the node's runtime is containerd, and docker has containers of the kubelet"
    assert len({line.source for line in fact.evidence}) == 2
