"""What the kubelet and the runtimes write into the names and labels of containers, to know whose they are.

dockershim names a container ``k8s_CONTAINER_POD_NAMESPACE_UID_ATTEMPT`` (`pkg/kubelet/dockershim/naming.go` of
Kubernetes up to 1.23); its container `POD` is the pause container, which holds the pod's network namespace. A container
of containerd has no name: nerdctl shows ``k8s://NAMESPACE/POD/CONTAINER``, and ``k8s://NAMESPACE/POD`` for the pause
container. The labels are those of `pkg/kubelet/types/labels.go`; dockershim puts annotations among them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import attrs

from aksparse.records import maker

PAUSE = "POD"
"""The name of the pause container among those of a pod."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class KubernetesName:
    """What the kubelet says of a container in its name or its labels.

    Attributes:
        container: the name of the container in its pod; `POD` for the pause container.
        pod: the name of the pod.
        namespace: the namespace of the pod.
        uid: the unique id of the pod.
        attempt: how many times the container was started anew.
    """

    container: str
    pod: str
    namespace: str
    uid: str | None = None
    attempt: int | None = None

    @property
    def pod_identity(self) -> tuple[str, str, str | None]:
        """What containers of one pod have in common; a pod made anew may have the name of the old one."""
        return self.namespace, self.pod, self.uid


_make_name = maker(KubernetesName, "container", "pod", "namespace", "uid", "attempt")
_ATTEMPT = re.compile(r"[0-9]{1,9}")


def name_of_kubelet(name: str) -> KubernetesName | None:
    """The parts of a container's name, when the kubelet or nerdctl made it of them."""
    if name[:4] == "k8s_":
        parts = name.split("_")
        if len(parts) == 6 and _ATTEMPT.fullmatch(parts[5]):
            return _make_name(*parts[1:5], int(parts[5]))
    elif name[:6] == "k8s://":
        parts = name[6:].split("/")
        if len(parts) in (2, 3) and all(parts):
            return KubernetesName(container=(*parts, PAUSE)[2], pod=parts[1], namespace=parts[0])
    return None


_SANDBOX_TYPES = {"io.kubernetes.docker.type": "podsandbox", "io.cri-containerd.kind": "sandbox"}
_ATTEMPTS = ("annotation.io.kubernetes.container.restartCount", "io.kubernetes.container.restartCount")


def name_in_labels(labels: Mapping[str, str]) -> KubernetesName | None:
    """The same from the labels of a container."""
    pod, namespace = labels.get("io.kubernetes.pod.name"), labels.get("io.kubernetes.pod.namespace")
    container = labels.get("io.kubernetes.container.name")
    if any(labels.get(key) == value for key, value in _SANDBOX_TYPES.items()):
        container = PAUSE
    if not (pod and namespace and container):
        return None
    attempt = next((labels[key] for key in _ATTEMPTS if _ATTEMPT.fullmatch(labels.get(key, ""))), None)
    return KubernetesName(
        container=container,
        pod=pod,
        namespace=namespace,
        uid=labels.get("io.kubernetes.pod.uid"),
        attempt=None if attempt is None else int(attempt),
    )
