"""The containers of a node and the pods that they are part of, whichever runtime's client listed them."""

from __future__ import annotations

from typing import Any

from aksparse.capture.model import Capture
from aksparse.commands.crictl_pods import CriSandbox
from aksparse.commands.crictl_ps import CriContainer
from aksparse.commands.docker_inspect import ContainerPid
from aksparse.commands.docker_ps import Container
from aksparse.records import Record

Found = tuple[dict[str, Any], list[Record]]


def of_process(capture: Capture, pid: int | None) -> Found:
    """What is known of the pod that a process runs in: fields of its wiring, and where they were read."""
    fields: dict[str, Any] = {}
    records: list[Record] = []
    for found in capture.records("docker_inspect", ContainerPid):
        if pid is not None and found.pid == pid and found.container is not None:
            of_pod, of_records = _of_id(capture, found.container)
            fields |= _of_document(found) | of_pod if of_records else of_pod | _of_document(found)
            records += [found, *of_records]
    return fields, records


def of_pod(capture: Capture, namespace: str | None, name: str | None) -> Found:
    """What is known of the containers of a pod by its name."""
    if name is None:
        return {}, []
    containers = capture.records("docker_ps", Container)
    for container in containers:
        labels = container.kubernetes
        if labels is not None and labels.pod == name and namespace in (labels.namespace, None):
            return _of_docker(container, containers), [container]
    sandboxes = [
        sandbox
        for sandbox in capture.records("crictl_pods", CriSandbox)
        if sandbox.ready and sandbox.name == name and namespace in (sandbox.namespace, None)
    ]
    if len(sandboxes) == 1:
        return _of_sandbox(capture, sandboxes[0].id)
    ids = {
        container.pod_sandbox_id
        for container in _cri_containers(capture)
        if container.pod == name
        and container.running
        and {namespace, container.namespace} & {None, container.namespace}
    } - {None}
    return _of_sandbox(capture, str(ids.pop())) if len(ids) == 1 and not sandboxes else ({}, [])


def _of_id(capture: Capture, asked: str) -> Found:
    """The pod of a container or sandbox by its id, or by as much of it as a listing shows."""
    containers = capture.records("docker_ps", Container)
    for container in containers:
        if _same(container.id, asked):
            return _of_docker(container, containers), [container]
    for sandbox in capture.records("crictl_pods", CriSandbox):
        if _same(sandbox.id, asked):
            return _of_sandbox(capture, sandbox.id)
    for cri_container in _cri_containers(capture):
        if _same(cri_container.id, asked):
            sandbox_id = cri_container.pod_sandbox_id
            of_pod = _of_sandbox(capture, sandbox_id) if sandbox_id else ({"containers": (cri_container.id,)}, [])
            return of_pod[0], list(dict.fromkeys([*of_pod[1], cri_container]))
    return {"containers": (asked,)}, []


def _same(id_: str | None, other: str) -> bool:
    """Whether two ids are the same, of which one may be cut."""
    return bool(id_) and (str(id_).startswith(other) or other.startswith(str(id_)))


def _of_document(found: ContainerPid) -> dict[str, Any]:
    """The pod of a container that tells it itself; it is one of the pod's containers, unless that is its pause."""
    name = found.kubernetes
    if name is None:
        return {}
    fields = {"name": name.pod, "namespace": name.namespace}
    return fields | {"containers": (), "pause_container": found.container} if found.pause else fields


def _of_docker(container: Container, containers: list[Container]) -> dict[str, Any]:
    """The pod of a container that Docker runs, and its pause container."""
    name = container.kubernetes
    if name is None:
        return {"containers": (container.id,) if container.id else ()}
    same_pod = [c for c in containers if c.kubernetes and c.kubernetes.pod_identity == name.pod_identity]
    return {
        "name": name.pod,
        "namespace": name.namespace,
        "containers": tuple(c.id for c in same_pod if c.id and not c.pause),
        "pause_container": next((c.id for c in same_pod if c.pause), None),
    }


def _of_sandbox(capture: Capture, id_: str) -> Found:
    """The pod of a sandbox of a runtime that crictl speaks to, and its running containers."""
    containers = [c for c in _cri_containers(capture) if c.running and _same(c.pod_sandbox_id, id_)]
    sandboxes = [s for s in capture.records("crictl_pods", CriSandbox) if _same(s.id, id_)]
    named: list[tuple[str | None, str | None]] = [(c.pod, c.namespace) for c in containers]
    named += [(s.name, s.namespace) for s in sandboxes]
    fields = {
        "name": next((name for name, _ in named if name not in (None, "unknown")), None),
        "namespace": next((namespace for _, namespace in named if namespace not in (None, "unknown")), None),
        "containers": tuple(c.id for c in containers),
        "sandbox": sandboxes[0].id if sandboxes else id_,
    }
    return fields, [*sandboxes, *containers]


def _cri_containers(capture: Capture) -> list[CriContainer]:
    return capture.records("crictl_ps", CriContainer)
