"""The records of the resources that run pods: deployments, sets and jobs."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

import attrs

from aksparse.kubernetes.row import Row


@attrs.frozen(kw_only=True)
class _OfContainers(Row):
    """What runs containers.

    Attributes:
        containers: the names of the containers, with `-o wide`.
        images: the images of the containers, with `-o wide`.
    """

    containers: tuple[str, ...] | None = None
    images: tuple[str, ...] | None = None


@attrs.frozen(kw_only=True)
class _Workload(_OfContainers):
    """What runs pods and says which are its own.

    Attributes:
        selector: the labels that its pods have, with `-o wide`.
        selector_expressions: the other conditions for its pods' labels, as printed, such as `tier in (a,b)`.
    """

    selector: dict[str, str] | None = None
    selector_expressions: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Deployment(_Workload):
    """One deployment.

    Attributes:
        kind: what the record is.
        namespace: its namespace, with `-A`.
        name: its name, unique in the namespace.
        ready: how many of its pods are ready; servers before 1.15 do not say.
        desired: how many pods it shall have.
        current: how many pods it has; only servers before 1.15 say.
        up_to_date: how many of its pods have its newest template.
        available: how many of its pods have been ready for long enough.
        age: how long ago it was created, in seconds; absent when unknown.
    """

    kind: Literal["deployment"] = "deployment"
    namespace: str | None = None
    name: str
    ready: int | None = None
    desired: int
    current: int | None = None
    up_to_date: int
    available: int
    age: timedelta | None = None


@attrs.frozen(kw_only=True)
class ReplicaSet(_Workload):
    """One replica set.

    Attributes:
        kind: what the record is.
        namespace: its namespace, with `-A`.
        name: its name, unique in the namespace.
        desired: how many pods it shall have.
        current: how many pods it has.
        ready: how many of them are ready.
        age: how long ago it was created, in seconds; absent when unknown.
    """

    kind: Literal["replicaset"] = "replicaset"
    namespace: str | None = None
    name: str
    desired: int
    current: int
    ready: int
    age: timedelta | None = None


@attrs.frozen(kw_only=True)
class DaemonSet(_Workload):
    """One daemon set.

    Attributes:
        kind: what the record is.
        namespace: its namespace, with `-A`.
        name: its name, unique in the namespace.
        desired: how many nodes shall run its pod.
        current: how many nodes run it.
        ready: on how many nodes it is ready.
        up_to_date: on how many nodes it has the newest template.
        available: on how many nodes it has been ready for long enough.
        node_selector: the labels of the nodes that shall run it.
        age: how long ago it was created, in seconds; absent when unknown.
    """

    kind: Literal["daemonset"] = "daemonset"
    namespace: str | None = None
    name: str
    desired: int
    current: int
    ready: int
    up_to_date: int
    available: int
    node_selector: dict[str, str]
    age: timedelta | None = None


@attrs.frozen(kw_only=True)
class StatefulSet(_OfContainers):
    """One stateful set.

    Attributes:
        kind: what the record is.
        namespace: its namespace, with `-A`.
        name: its name, unique in the namespace.
        ready: how many of its pods are ready; servers before 1.14 do not say.
        desired: how many pods it shall have.
        current: how many pods it has; only servers before 1.14 say.
        age: how long ago it was created, in seconds; absent when unknown.
    """

    kind: Literal["statefulset"] = "statefulset"
    namespace: str | None = None
    name: str
    ready: int | None = None
    desired: int
    current: int | None = None
    age: timedelta | None = None


@attrs.frozen(kw_only=True)
class Job(_Workload):
    """One job.

    Attributes:
        kind: what the record is.
        namespace: its namespace, with `-A`.
        name: its name, unique in the namespace.
        status: what became of it, such as `Complete`, `Failed` or `Suspended`; servers before 1.31 do not say.
        succeeded: how many of its pods have succeeded.
        completions: how many shall succeed; absent when one that succeeds ends the job.
        parallelism: how many pods work at once, where kubectl prints it in place of the completions.
        duration: how long it ran, or has run, in seconds; absent when it has not started.
        age: how long ago it was created, in seconds; absent when unknown.
    """

    kind: Literal["job"] = "job"
    namespace: str | None = None
    name: str
    status: str | None = None
    succeeded: int
    completions: int | None = None
    parallelism: int | None = None
    duration: timedelta | None = None
    age: timedelta | None = None


@attrs.frozen(kw_only=True)
class CronJob(_Workload):
    """One cron job.

    Attributes:
        kind: what the record is.
        namespace: its namespace, with `-A`.
        name: its name, unique in the namespace.
        schedule: when it starts a job, in the words of crontab(5).
        timezone: the time zone of the schedule; absent when it is the controller's.
        suspend: whether it is suspended.
        active: how many of its jobs run.
        last_schedule: how long ago it started one, in seconds; absent when never.
        age: how long ago it was created, in seconds; absent when unknown.
    """

    kind: Literal["cronjob"] = "cronjob"
    namespace: str | None = None
    name: str
    schedule: str
    timezone: str | None = None
    suspend: bool
    active: int
    last_schedule: timedelta | None = None
    age: timedelta | None = None
