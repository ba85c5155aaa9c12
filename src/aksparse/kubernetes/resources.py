"""The records of what `kubectl get` lists: one class per resource, and one for all resources without a class.

Of each resource there is what its table shows. Ages and durations are rounded by the tool: `5d23h` up to 8 days, then
whole days. ``<none>`` is an absent value or an empty list.
"""

from __future__ import annotations

from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address
from typing import Literal

import attrs

from aksparse.records import Record


@attrs.define(kw_only=True)
class _Row(Record):
    """A row of a table.

    Attributes:
        labels: its labels, with `--show-labels`.
        columns: the cells of further columns by their header, such as those of the labels asked for with `-L`; when a
            header repeats, the later ones are numbered: `APP (2)`.
    """

    labels: dict[str, str] | None = None
    columns: dict[str, str] | None = None


@attrs.frozen(kw_only=True)
class Pod(_Row):
    """One pod.

    Attributes:
        kind: what the record is.
        namespace: its namespace, with `-A`.
        name: its name, unique in the namespace.
        ready: how many of its containers are ready.
        containers: how many containers it has.
        status: its phase, or why it is in it, such as `Running` or `CrashLoopBackOff`.
        restarts: how often its containers were started anew.
        last_restart: how long ago that was last, in seconds.
        age: how long ago it was created, in seconds; absent when unknown.
        ip: its address, with `-o wide`; absent when it has none yet.
        node: the node it runs on, with `-o wide`; absent when it has none yet.
        nominated_node: the node it may preempt others on, with `-o wide`.
        readiness_gates: how many of its readiness gates are open, as printed, with `-o wide`.
    """

    kind: Literal["pod"] = "pod"
    namespace: str | None = None
    name: str
    ready: int
    containers: int
    status: str
    restarts: int
    last_restart: timedelta | None = None
    age: timedelta | None = None
    ip: IPv4Address | IPv6Address | None = None
    node: str | None = None
    nominated_node: str | None = None
    readiness_gates: str | None = None


@attrs.frozen(kw_only=True)
class Node(_Row):
    """One node.

    Attributes:
        kind: what the record is.
        name: its name.
        status: its conditions, such as `Ready`, `NotReady`, `SchedulingDisabled`.
        roles: its roles.
        age: how long ago it joined, in seconds; absent when unknown.
        version: the version of its kubelet.
        internal_ip: its address in the cluster's network, with `-o wide`.
        external_ip: its address outside, with `-o wide`.
        os_image: its operating system, with `-o wide`.
        kernel_version: its kernel, with `-o wide`.
        container_runtime: its container runtime and version, as a URL, with `-o wide`.
    """

    kind: Literal["node"] = "node"
    name: str
    status: tuple[str, ...]
    roles: tuple[str, ...] = ()
    age: timedelta | None = None
    version: str
    internal_ip: IPv4Address | IPv6Address | None = None
    external_ip: IPv4Address | IPv6Address | None = None
    os_image: str | None = None
    kernel_version: str | None = None
    container_runtime: str | None = None


@attrs.frozen(kw_only=True)
class ServicePort:
    """One port of a service.

    Attributes:
        port: the port of the service.
        node_port: the port on every node.
        protocol: `TCP`, `UDP` or `SCTP`.
    """

    port: int
    node_port: int | None = None
    protocol: str


@attrs.frozen(kw_only=True)
class Service(_Row):
    """One service.

    Attributes:
        kind: what the record is.
        namespace: its namespace, with `-A`.
        name: its name, unique in the namespace.
        type: `ClusterIP`, `NodePort`, `LoadBalancer` or `ExternalName`.
        cluster_ip: its address in the service CIDR; absent when it has none.
        headless: whether it has no address on purpose (`None` in the table).
        external_ip: its addresses or names outside the cluster.
        external_ip_pending: whether it waits for an address outside the cluster.
        ports: its ports.
        age: how long ago it was created, in seconds; absent when unknown.
        selector: the labels of the pods behind it, with `-o wide`.
    """

    kind: Literal["service"] = "service"
    namespace: str | None = None
    name: str
    type: str
    cluster_ip: IPv4Address | IPv6Address | None = None
    headless: bool = False
    external_ip: tuple[IPv4Address | IPv6Address | str, ...] = ()
    external_ip_pending: bool = False
    ports: tuple[ServicePort, ...] = ()
    age: timedelta | None = None
    selector: dict[str, str] | None = None


@attrs.frozen(kw_only=True)
class Endpoint:
    """One address behind a service.

    Attributes:
        ip: the address.
        port: the port; absent when the service has none.
    """

    ip: IPv4Address | IPv6Address
    port: int | None = None


@attrs.frozen(kw_only=True)
class Endpoints(_Row):
    """The endpoints of one service.

    Attributes:
        kind: what the record is.
        namespace: its namespace, with `-A`.
        name: its name, which is the service's.
        endpoints: the addresses and ports; kubectl prints the first three.
        more: how many more there are that it does not print.
        age: how long ago it was created, in seconds; absent when unknown.
    """

    kind: Literal["endpoints"] = "endpoints"
    namespace: str | None = None
    name: str
    endpoints: tuple[Endpoint, ...] = ()
    more: int | None = None
    age: timedelta | None = None


@attrs.frozen(kw_only=True)
class EndpointSlice(_Row):
    """A part of the endpoints of one service.

    Attributes:
        kind: what the record is.
        namespace: its namespace, with `-A`.
        name: its name, unique in the namespace.
        address_type: `IPv4`, `IPv6` or `FQDN`.
        ports: the ports, by number, or by name where they have no number; `*` is every port.
        more_ports: how many more there are that kubectl does not print.
        endpoints: the addresses, or names where the type is `FQDN`.
        more_endpoints: how many more there are that kubectl does not print.
        age: how long ago it was created, in seconds; absent when unknown.
    """

    kind: Literal["endpointslice"] = "endpointslice"
    namespace: str | None = None
    name: str
    address_type: str
    ports: tuple[int | str, ...] = ()
    more_ports: int | None = None
    endpoints: tuple[IPv4Address | IPv6Address | str, ...] = ()
    more_endpoints: int | None = None
    age: timedelta | None = None


@attrs.define(kw_only=True)
class _Workload(_Row):
    """What runs pods: its containers and which pods are its own.

    Attributes:
        containers: the names of the containers, with `-o wide`.
        images: the images of the containers, with `-o wide`.
        selector: the labels that its pods have, with `-o wide`.
        selector_expressions: the other conditions for its pods' labels, as printed, such as `tier in (a,b)`.
    """

    containers: tuple[str, ...] | None = None
    images: tuple[str, ...] | None = None
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
class StatefulSet(_Workload):
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


@attrs.frozen(kw_only=True)
class Event(_Row):
    """One event, or several that are alike.

    Attributes:
        kind: what the record is.
        namespace: its namespace, with `-A`.
        last_seen: how long ago it was seen last, in seconds; absent when unknown.
        type: `Normal` or `Warning`.
        reason: why it happened, in one word.
        object: what it is about, as printed: `pod/NAME`, or its kind alone by servers before 1.14.
        subobject: the part of the object, with `-o wide`.
        source: what reports it, and on which node, with `-o wide`.
        message: what happened; a line break in it is in the text, too, if `kubectl events` printed it.
        first_seen: how long ago it was seen first, in seconds, with `-o wide`.
        count: how often it was seen, with `-o wide`, or where `kubectl events` says so.
        over: in how long it was seen so often, in seconds, where `kubectl events` says so.
        name: the name of the event itself, with `-o wide`.
    """

    kind: Literal["event"] = "event"
    namespace: str | None = None
    last_seen: timedelta | None = None
    type: str | None = None
    reason: str | None = None
    object: str
    subobject: str | None = None
    source: str | None = None
    message: str | None = None
    first_seen: timedelta | None = None
    count: int | None = None
    over: timedelta | None = None
    name: str | None = None


@attrs.frozen(kw_only=True)
class Namespace(_Row):
    """One namespace.

    Attributes:
        kind: what the record is.
        name: its name.
        status: `Active` or `Terminating`.
        age: how long ago it was created, in seconds; absent when unknown.
    """

    kind: Literal["namespace"] = "namespace"
    name: str
    status: str
    age: timedelta | None = None


@attrs.frozen(kw_only=True)
class ConfigMap(_Row):
    """One config map.

    Attributes:
        kind: what the record is.
        namespace: its namespace, with `-A`.
        name: its name, unique in the namespace.
        data: how many keys it has.
        age: how long ago it was created, in seconds; absent when unknown.
    """

    kind: Literal["configmap"] = "configmap"
    namespace: str | None = None
    name: str
    data: int
    age: timedelta | None = None


@attrs.frozen(kw_only=True)
class Ingress(_Row):
    """One ingress.

    Attributes:
        kind: what the record is.
        namespace: its namespace, with `-A`.
        name: its name, unique in the namespace.
        ingress_class: its class; absent when it has none, and from servers before 1.18.
        hosts: the hosts it serves; `*` is every host.
        more_hosts: how many more there are that kubectl does not print.
        address: its addresses or names outside the cluster.
        ports: the ports it listens on.
        age: how long ago it was created, in seconds; absent when unknown.
    """

    kind: Literal["ingress"] = "ingress"
    namespace: str | None = None
    name: str
    ingress_class: str | None = None
    hosts: tuple[str, ...]
    more_hosts: int | None = None
    address: tuple[IPv4Address | IPv6Address | str, ...] = ()
    ports: tuple[int, ...]
    age: timedelta | None = None


@attrs.frozen(kw_only=True)
class OtherResource(_Row):
    """One resource of any other kind, such as a custom one, or a row of columns chosen with `-o custom-columns`.

    All that the table says beside the name, the namespace, the age and the labels is in `columns`, as printed.

    Attributes:
        kind: what the record is.
        resource: the resource as the text names it before the name, such as `certificate.cert-manager.io`.
        namespace: its namespace, with `-A`.
        name: its name; absent when the columns were chosen without it.
        age: how long ago it was created, in seconds; absent when unknown.
    """

    kind: Literal["other"] = "other"
    resource: str | None = None
    namespace: str | None = None
    name: str | None = None
    age: timedelta | None = None


Resource = (
    Pod
    | Node
    | Service
    | Endpoints
    | EndpointSlice
    | Deployment
    | ReplicaSet
    | DaemonSet
    | StatefulSet
    | Job
    | CronJob
    | Event
    | Namespace
    | ConfigMap
    | Ingress
    | OtherResource
)
