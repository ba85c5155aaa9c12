"""What runs the pods: their sandboxes, the container runtime, the version of Kubernetes."""

from __future__ import annotations

import attrs

from aksparse.architecture.fact import Fact, Unknown, instance, known, listing
from aksparse.architecture.view import NodeView
from aksparse.commands.docker_ps import Container


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


def pod_sandbox(node: NodeView) -> Fact[PodSandbox]:
    pauses = [c for c in node.capture.records("docker_ps", Container) if c.pause]
    if not pauses:
        return Unknown(reason="no pause container is in the capture", commands=("docker ps",))
    images = tuple(dict.fromkeys(container.image for container in pauses if container.image))
    return known(PodSandbox(held_by="pause container", images=images), node.cite(*pauses))


_RUNTIMES = {"nerdctl": "containerd"}  # by their clients, where these are not called the same


def container_runtime(node: NodeView) -> Fact[ContainerRuntime]:
    row = node.wiring.node
    if row is not None and row.container_runtime:
        name, _, version = row.container_runtime.partition("://")
        return known(ContainerRuntime(name=name, version=version or None), node.cite(row))
    containers = node.capture.records("docker_ps", Container)
    if containers:
        tool = containers[0].tool or "docker"
        return known(ContainerRuntime(name=_RUNTIMES.get(tool, tool)), node.cite(*containers))
    return Unknown(reason="the container runtime is not in the capture", commands=("kubectl get nodes -o wide",))


def kubernetes_version(node: NodeView) -> Fact[KubernetesVersion]:
    row = node.wiring.node
    if row is None:
        return Unknown(reason="the node is in no listing of nodes", commands=("kubectl get nodes -o wide",))
    return known(KubernetesVersion(version=row.version), node.cite(row))
