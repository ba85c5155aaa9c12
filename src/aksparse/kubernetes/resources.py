"""The records of what `kubectl get` lists: one class per resource, and one for all resources without a class."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address
from typing import Literal

import attrs

from aksparse.kubernetes.row import Row
from aksparse.kubernetes.workloads import CronJob, DaemonSet, Deployment, Job, ReplicaSet, StatefulSet


@attrs.frozen(kw_only=True)
class Pod(Row):
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
class Node(Row):
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
class Service(Row):
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
class Endpoints(Row):
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
class EndpointSlice(Row):
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


@attrs.frozen(kw_only=True)
class Event(Row):
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
class Namespace(Row):
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
class ConfigMap(Row):
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
class Ingress(Row):
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
class OtherResource(Row):
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
