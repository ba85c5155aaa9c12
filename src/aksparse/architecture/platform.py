"""What runs the pods: their sandboxes, the container runtime, the version of Kubernetes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs

from aksparse.architecture.fact import Fact, Known, Unknown, both, contradiction, instance, known, listing
from aksparse.architecture.view import NodeView
from aksparse.capture.model import Evidence
from aksparse.commands.docker_inspect import ContainerPid
from aksparse.commands.docker_ps import Container
from aksparse.commands.kubectl_get import Node


@attrs.frozen(kw_only=True)
class PodSandbox:
    """What holds a pod's network namespace.

    Attributes:
        held_by: `pause container`.
        images: the images of these containers.
    """

    held_by: str
    images: tuple[str, ...] = instance(())

    def summary(self) -> str:
        return f"{self.held_by}: {listing(self.images)}"

    def meaning(self) -> str:
        return f"a {self.held_by} keeps the pod's network namespace while its containers restart"


@attrs.frozen(kw_only=True)
class ContainerRuntime:
    """The container runtime of the node.

    Attributes:
        name: its name, such as `docker` or `containerd`.
        version: its version.
    """

    name: str
    version: str | None = None

    def summary(self) -> str:
        return f"{self.name} {self.version or '(version not shown)'}"

    def meaning(self) -> str:
        return f"containers are listed with {'docker' if self.name == 'docker' else 'crictl'} ps"


@attrs.frozen(kw_only=True)
class KubernetesVersion:
    """The version of the node's kubelet.

    Attributes:
        version: the version.
    """

    version: str

    def summary(self) -> str:
        return self.version

    def meaning(self) -> str:
        return f"the node's kubelet is {self.version}"


_INSPECT = "crictl inspectp POD-ID"


def pod_sandbox(node: NodeView) -> Fact[PodSandbox]:
    """A pause container is known by its listing or its document; that there is a sandbox is no proof of one."""
    listed = [(c, c.image) for c in node.capture.records("docker_ps", Container) if c.pause]
    inspected = [
        (found, found.image)
        for found in node.capture.records("docker_inspect", ContainerPid)
        # Without one, the runtime keeps the namespaces by itself, and has no process to tell of.
        if found.pause and found.image and found.pid != 0
    ]
    pauses = [*listed, *inspected]
    if pauses:
        images = tuple(dict.fromkeys(image for _, image in pauses if image))
        value = PodSandbox(held_by="pause container", images=images)
        return known(value, node.cite(*(record for record, _ in pauses)))
    runtime = container_runtime(node)
    if isinstance(runtime, Known) and runtime.value.name == "docker":
        return Unknown(reason="no pause container is in the capture", commands=("docker ps",))
    if isinstance(runtime, Known) or _of_crictl(node):
        reason = "crictl lists sandboxes, and not what holds their network namespace"
        return Unknown(reason=reason, commands=(_INSPECT,))
    return Unknown(reason="no pause container is in the capture", commands=("docker ps", _INSPECT))


def container_runtime(node: NodeView) -> Fact[ContainerRuntime]:
    """The runtime by the node's row in a listing of nodes, or by who lists or describes the kubelet's containers."""
    row = node.wiring.node
    seen = dict(_runtimes(node))
    if row is not None and row.container_runtime:
        name, _, version = row.container_runtime.partition("://")
        others = {other: lines for other, lines in seen.items() if other != name}
        if others:
            reason = f"the node's runtime is {name}, and {both(others)} has containers of the kubelet"
            return contradiction(reason, node.cite(row), *others.values())
        return known(ContainerRuntime(name=name, version=version or None), node.cite(row))
    if len(seen) > 1:
        return contradiction(f"{both(seen)} have containers of the kubelet", *seen.values())
    for name, lines in seen.items():
        return known(ContainerRuntime(name=name), lines)
    listed = _of_crictl(node)
    reason = "crictl lists containers of containerd and of CRI-O alike" if listed else "the container runtime is not"
    return Unknown(
        reason=reason if listed else f"{reason} in the capture",
        commands=("kubectl get nodes -o wide", *(("crictl inspect CONTAINER-ID",) if listed else ())),
    )


def _of_crictl(node: NodeView) -> bool:
    return any(output.command in ("crictl_ps", "crictl_pods") for output in node.capture.outputs)


_OF_CLIENTS = {"docker": "docker", "nerdctl": "containerd"}
"""The runtimes whose containers a client lists."""

_OF_ANNOTATIONS = {"io.kubernetes.cri-o.": "cri-o", "io.kubernetes.cri.": "containerd"}
"""The runtimes that write annotations with these prefixes, by the names that kubectl has for them."""


def _runtimes(node: NodeView) -> Iterator[tuple[str, tuple[Evidence, ...]]]:
    """The runtimes that have containers of the kubelet: other containers may be there for themselves."""
    of_kubelet = [c for c in node.capture.records("docker_ps", Container) if c.kubernetes is not None or c.pause]
    for client, runtime in _OF_CLIENTS.items():
        listed = [container for container in of_kubelet if (container.tool or "docker") == client]
        if listed:
            yield runtime, node.cite(*listed)
    for output in node.capture.parsed("docker_inspect"):
        for found in output:
            annotations = _annotations(found.document)
            for prefix, runtime in _OF_ANNOTATIONS.items():
                lines = [line for line in node.capture.evidence(found) if prefix in line.text]
                if any(key.startswith(prefix) for key in annotations) and lines:
                    yield runtime, tuple(lines)
            if found.kubernetes is not None and output.argv and output.argv[0] in _OF_CLIENTS and found.document:
                yield _OF_CLIENTS[output.argv[0]], node.cite(found)


def _annotations(document: object) -> Iterable[str]:
    """The annotations that a runtime gave a container, in what it tells of itself."""
    for key in ("info", "runtimeSpec", "annotations"):
        document = document.get(key) if isinstance(document, dict) else None
    return document if isinstance(document, dict) else ()


def kubernetes_version(node: NodeView) -> Fact[KubernetesVersion]:
    """The version of the kubelet in the node's row of a listing of nodes."""
    row = node.wiring.node
    if row is None:
        if node.capture.records("kubectl_get", Node):
            return Unknown(reason="which of the listed nodes this is, is not in the capture", commands=("ip addr",))
        return Unknown(reason="no listing of nodes is in the capture", commands=("kubectl get nodes -o wide",))
    return known(KubernetesVersion(version=row.version), node.cite(row))
