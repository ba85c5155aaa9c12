"""The containers of a node and the pods that they are part of, whichever runtime's client listed them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

from aksparse.capture.model import Capture
from aksparse.commands.crictl_pods import CriSandbox
from aksparse.commands.crictl_ps import CriContainer
from aksparse.commands.docker_inspect import ContainerPid
from aksparse.commands.docker_ps import Container
from aksparse.records import Record

Found = tuple[dict[str, Any], list[Record]]
R = TypeVar("R", bound=Record)


class Containers:
    """The containers and sandboxes of a capture, by their pods and ids."""

    def __init__(self, capture: Capture) -> None:
        self.documents = capture.records("docker_inspect", ContainerPid)
        docker = capture.records("docker_ps", Container)
        running = [container for container in capture.records("crictl_ps", CriContainer) if container.running]
        sandboxes = capture.records("crictl_pods", CriSandbox)
        self.docker = _ById(docker, lambda container: container.id)
        self.sandboxes = _ById(sandboxes, lambda sandbox: sandbox.id)
        self.cri = _ById(capture.records("crictl_ps", CriContainer), lambda container: container.id)
        self.running = _ById(running, lambda container: container.pod_sandbox_id)
        self.docker_of = _grouped(docker, lambda container: container.kubernetes.pod if container.kubernetes else None)
        self.running_of = _grouped(running, lambda container: container.pod)
        self.ready_of = _grouped([s for s in sandboxes if s.ready], lambda sandbox: sandbox.name)

    def of_process(self, pid: int | None) -> Found:
        """What is known of the pod that a process runs in: fields of its wiring, and where they were read."""
        fields: dict[str, Any] = {}
        records: list[Record] = []
        for found in self.documents:
            if pid is not None and found.pid == pid and found.container is not None:
                of_pod, of_records = self.of_id(found.container)
                fields |= _of_document(found) | of_pod if of_records else of_pod | _of_document(found)
                records += [found, *of_records]
        return fields, records

    def of_pod(self, namespace: str | None, name: str | None) -> Found:
        """What is known of the containers of a pod by its name."""
        if name is None:
            return {}, []
        for container in self.docker_of.get(name, ()):
            labels = container.kubernetes
            if labels is not None and namespace in (labels.namespace, None):
                return self.of_docker(container), [container]
        sandboxes = [sandbox for sandbox in self.ready_of.get(name, ()) if namespace in (sandbox.namespace, None)]
        if len(sandboxes) == 1:
            return self.of_sandbox(sandboxes[0].id)
        ids = {
            container.pod_sandbox_id
            for container in self.running_of.get(name, ())
            if {namespace, container.namespace} & {None, container.namespace}
        } - {None}
        return self.of_sandbox(str(ids.pop())) if len(ids) == 1 and not sandboxes else ({}, [])

    def of_id(self, asked: str) -> Found:
        """The pod of a container or sandbox by its id, or by as much of it as a listing shows."""
        for container in self.docker.like(asked):
            return self.of_docker(container), [container]
        for sandbox in self.sandboxes.like(asked):
            return self.of_sandbox(sandbox.id)
        for cri_container in self.cri.like(asked):
            sandbox_id = cri_container.pod_sandbox_id
            of_pod = self.of_sandbox(sandbox_id) if sandbox_id else ({"containers": (cri_container.id,)}, [])
            return of_pod[0], list(dict.fromkeys([*of_pod[1], cri_container]))
        return {"containers": (asked,)}, []

    def of_docker(self, container: Container) -> dict[str, Any]:
        """The pod of a container that Docker runs, and its pause container."""
        name = container.kubernetes
        if name is None:
            return {"containers": (container.id,) if container.id else ()}
        same_name = self.docker_of.get(name.pod, ())
        same_pod = [c for c in same_name if c.kubernetes and c.kubernetes.pod_identity == name.pod_identity]
        return {
            "name": name.pod,
            "namespace": name.namespace,
            "containers": tuple(c.id for c in same_pod if c.id and not c.pause),
            "pause_container": next((c.id for c in same_pod if c.pause), None),
        }

    def of_sandbox(self, id_: str) -> Found:
        """The pod of a sandbox of a runtime that crictl speaks to, and its running containers."""
        containers, sandboxes = self.running.like(id_), self.sandboxes.like(id_)
        named: list[tuple[str | None, str | None]] = [(c.pod, c.namespace) for c in containers]
        named += [(s.name, s.namespace) for s in sandboxes]
        fields = {
            "name": next((name for name, _ in named if name not in (None, "unknown")), None),
            "namespace": next((namespace for _, namespace in named if namespace not in (None, "unknown")), None),
            "containers": tuple(c.id for c in containers),
            "sandbox": sandboxes[0].id if sandboxes else id_,
        }
        return fields, [*sandboxes, *containers]


def _grouped(records: Iterable[R], key: Callable[[R], str | None]) -> dict[str, list[R]]:
    groups: dict[str, list[R]] = {}
    for record in records:
        if (name := key(record)) is not None:
            groups.setdefault(name, []).append(record)
    return groups


_BEGINNING = 12  # characters of an id: listings show at least so many


class _ById(Generic[R]):
    """Records by an id of theirs, of which they or whoever asks may know the beginning only."""

    def __init__(self, records: Sequence[R], id_of: Callable[[R], str | None]) -> None:
        self.records = records
        self.id_of = id_of
        self.begin = _grouped(records, lambda record: (id_of(record) or "")[:_BEGINNING] or None)
        self.cut = any(len(beginning) < _BEGINNING for beginning in self.begin)

    def like(self, asked: str) -> list[R]:
        """The records whose id is the one asked for, as far as both are known."""
        some = self.records if self.cut or len(asked) < _BEGINNING else self.begin.get(asked[:_BEGINNING], ())
        return [record for record in some if _same(self.id_of(record), asked)]


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
