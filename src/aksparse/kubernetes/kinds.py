"""The kinds of tables: by which columns each is known, and what its cells hold.

Format: `pkg/printers/internalversion/printers.go` of Kubernetes, of its versions 1.10 to 1.36, which makes the columns;
the header says which of them a table has. A custom resource may have the very columns of a built-in one: then the
command line, or the resource before the names, tells them apart, or the form of the cells. Failing all, it reads as
the built-in one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property

import attrs

from aksparse.kubernetes import cells
from aksparse.kubernetes import resources as r
from aksparse.kubernetes import workloads as w
from aksparse.kubernetes.cells import Column, age_column, count_column, name_column, text_column, typed_column
from aksparse.tokens import remember

_NAMED = {"NAME": name_column("name")}
_NAMESPACED = {"NAMESPACE": name_column("namespace"), **_NAMED}
# With `-A`, what has no namespace may still have the column, for the sake of others beside it or when it is watched.
_OF_CLUSTER = {"NAMESPACE": Column(cells.NOTHING, (), lambda _: (), empty=True), **_NAMED}
_LABELLED = {"LABELS": typed_column(cells.LABELS, "labels", cells.to_labels)}
_AGED = {"AGE": age_column("age")}
_WORKLOAD = {
    "CONTAINERS": typed_column(cells.ANY, "containers", cells.to_list),
    "IMAGES": typed_column(cells.ANY, "images", cells.to_list),
    "SELECTOR": Column(cells.SELECTOR, ("selector", "selector_expressions"), cells.to_requirements),
}
_LIST_OF_PODS = {name: count_column(name.lower().replace("-", "_")) for name in ("DESIRED", "CURRENT", "READY")}
_ROLLED_OUT = {"UP-TO-DATE": count_column("up_to_date"), "AVAILABLE": count_column("available")}
_READY_OF_DESIRED = {"READY": Column(cells.READY_PODS, ("ready", "desired"), cells.to_ready)}


@attrs.frozen(kw_only=True, eq=False)
class Kind:
    """One kind of table.

    Attributes:
        name: the kind of its records.
        record: the class of its records.
        begins: what its header begins with, after the namespace: one list of columns for each way to print it.
        columns: what its cells hold, by the name of the column.
        words: what the resource is called on the command line.
        telling: whether no other resource has these columns.
        wide: the columns that follow with `-o wide`: one list for each way that a version prints them.
    """

    name: str
    record: type[r.Resource]
    begins: tuple[str, ...]
    columns: dict[str, Column]
    words: frozenset[str]
    telling: bool = True
    wide: tuple[tuple[str, ...], ...] = ()

    @cached_property
    def beginnings(self) -> tuple[tuple[str, ...], ...]:
        return tuple(tuple(begin.split("|")) for begin in self.begins)

    def has_header(self, names: Sequence[str], *, certain: bool) -> bool:
        """Whether a table with these columns, NAMESPACE aside, may be of this kind.

        Args:
            names: the names of the columns.
            certain: whether it is known to be of this kind if it may be.
        """
        names = tuple(names)
        known = certain or self.telling or all(name in self.columns for name in names)
        return known and any(names[: len(begin)] == begin for begin in self.beginnings)

    @cached_property
    def shapes(self) -> tuple[tuple[str, ...], ...]:
        """The columns that its tables have, without and with `-o wide`."""
        return tuple((*begin, *wide) for begin in self.beginnings for wide in ((), *self.wide))

    @property
    def of_cluster(self) -> bool:
        """Whether its resources have no namespace."""
        return self.columns["NAMESPACE"] is _OF_CLUSTER["NAMESPACE"]

    def own(self, names: Sequence[str]) -> int:
        """How many of these columns, NAMESPACE aside, are its own; those of labels that were asked for follow."""
        return max((len(shape) for shape in self.shapes if tuple(names[: len(shape)]) == shape), default=0)


def _kind(
    name: str,
    record: type[r.Resource],
    begins: str | tuple[str, ...],
    columns: dict[str, Column],
    words: str,
    *,
    telling: bool = True,
    wide: str | tuple[str, ...] = (),
) -> Kind:
    return Kind(
        name=name,
        record=record,
        begins=_as_tuple(begins),
        columns={**columns, **_LABELLED},
        words=frozenset((name, *words.split())),
        telling=telling,
        wide=tuple(tuple(names.split("|")) for names in _as_tuple(wide)),
    )


def _as_tuple(texts: str | tuple[str, ...]) -> tuple[str, ...]:
    return (texts,) if isinstance(texts, str) else texts


_WIDE_WORKLOAD = "CONTAINERS|IMAGES|SELECTOR"
KINDS = {
    kind.name: kind
    for kind in (
        _kind(
            "pod",
            r.Pod,
            "NAME|READY|STATUS|RESTARTS|AGE",
            {
                **_NAMESPACED,
                "READY": Column(cells.READY, ("ready", "containers"), cells.to_ready),
                "STATUS": text_column("status"),
                "RESTARTS": Column(cells.RESTARTS, ("restarts", "last_restart"), cells.to_restarts),
                **_AGED,
                "IP": typed_column(cells.IP, "ip", cells.to_ip_or_none),
                "NODE": text_column("node"),
                "NOMINATED NODE": text_column("nominated_node"),
                "READINESS GATES": text_column("readiness_gates"),
            },
            "pods po",
            wide=("IP|NODE", "IP|NODE|NOMINATED NODE", "IP|NODE|NOMINATED NODE|READINESS GATES"),
        ),
        _kind(
            "node",
            r.Node,
            "NAME|STATUS|ROLES|AGE|VERSION",
            {
                **_OF_CLUSTER,
                "STATUS": Column(cells.NODE_STATUS, ("status",), cells.to_status, any_text=True),
                "ROLES": typed_column(cells.ANY, "roles", cells.to_list),
                **_AGED,
                "VERSION": text_column("version", cells.VERSION),
                "INTERNAL-IP": typed_column(cells.IP, "internal_ip", cells.to_node_ip),
                "EXTERNAL-IP": typed_column(cells.IP, "external_ip", cells.to_node_ip),
                "OS-IMAGE": text_column("os_image", cells.OS_IMAGE, absent="<unknown>"),
                "KERNEL-VERSION": text_column("kernel_version", cells.KERNEL, absent="<unknown>"),
                "CONTAINER-RUNTIME": text_column("container_runtime", absent="<unknown>"),
            },
            "nodes no",
            wide=(
                "INTERNAL-IP|EXTERNAL-IP|OS-IMAGE|KERNEL-VERSION|CONTAINER-RUNTIME",
                "EXTERNAL-IP|OS-IMAGE|KERNEL-VERSION|CONTAINER-RUNTIME",
            ),
        ),
        _kind(
            "service",
            r.Service,
            "NAME|TYPE|CLUSTER-IP|EXTERNAL-IP|PORT(S)|AGE",
            {
                **_NAMESPACED,
                "TYPE": text_column("type"),
                "CLUSTER-IP": Column(cells.CLUSTER_IP, ("cluster_ip", "headless"), cells.to_cluster_ip),
                "EXTERNAL-IP": Column(cells.ANY, ("external_ip", "external_ip_pending"), cells.to_external_ip),
                "PORT(S)": typed_column(cells.SERVICE_PORTS, "ports", cells.to_service_ports),
                **_AGED,
                "SELECTOR": typed_column(cells.LABELS, "selector", cells.to_selector_or_none),
            },
            "services svc",
            wide="SELECTOR",
        ),
        _kind(
            "endpointslice",
            r.EndpointSlice,
            "NAME|ADDRESSTYPE|PORTS|ENDPOINTS|AGE",
            {
                **_NAMESPACED,
                "ADDRESSTYPE": text_column("address_type", cells.ADDRESS_TYPE),
                "PORTS": Column(cells.LIST, ("ports", "more_ports"), cells.to_slice_ports),
                "ENDPOINTS": Column(cells.LIST, ("endpoints", "more_endpoints"), cells.to_slice_endpoints),
                **_AGED,
            },
            "endpointslices",
        ),
        _kind(
            "endpoints",
            r.Endpoints,
            "NAME|ENDPOINTS|AGE",
            {**_NAMESPACED, "ENDPOINTS": Column(cells.ENDPOINTS, ("endpoints", "more"), cells.to_endpoints), **_AGED},
            "ep",
            telling=False,
        ),
        _kind(
            "deployment",
            w.Deployment,
            ("NAME|READY|UP-TO-DATE|AVAILABLE|AGE", "NAME|DESIRED|CURRENT|UP-TO-DATE|AVAILABLE|AGE"),
            {
                **_NAMESPACED,
                **_READY_OF_DESIRED,
                "DESIRED": count_column("desired"),
                "CURRENT": count_column("current"),
                **_ROLLED_OUT,
                **_AGED,
                **_WORKLOAD,
            },
            "deployments deploy",
            wide=_WIDE_WORKLOAD,
        ),
        _kind(
            "daemonset",
            w.DaemonSet,
            "NAME|DESIRED|CURRENT|READY|UP-TO-DATE|AVAILABLE|NODE SELECTOR|AGE",
            {
                **_NAMESPACED,
                **_LIST_OF_PODS,
                **_ROLLED_OUT,
                "NODE SELECTOR": typed_column(cells.LABELS, "node_selector", cells.to_labels),
                **_AGED,
                **_WORKLOAD,
            },
            "daemonsets ds",
            wide=_WIDE_WORKLOAD,
        ),
        _kind(
            "replicaset",
            w.ReplicaSet,
            "NAME|DESIRED|CURRENT|READY|AGE",
            {**_NAMESPACED, **_LIST_OF_PODS, **_AGED, **_WORKLOAD},
            "replicasets rs",
            telling=False,
            wide=_WIDE_WORKLOAD,
        ),
        _kind(
            "statefulset",
            w.StatefulSet,
            ("NAME|READY|AGE", "NAME|DESIRED|CURRENT|AGE"),
            {
                **_NAMESPACED,
                **_READY_OF_DESIRED,
                "DESIRED": count_column("desired"),
                "CURRENT": count_column("current"),
                **_AGED,
                **{name: _WORKLOAD[name] for name in ("CONTAINERS", "IMAGES")},
            },
            "statefulsets sts",
            telling=False,
            wide="CONTAINERS|IMAGES",
        ),
        _kind(
            "job",
            w.Job,
            ("NAME|STATUS|COMPLETIONS|DURATION|AGE", "NAME|COMPLETIONS|DURATION|AGE"),
            {
                **_NAMESPACED,
                "STATUS": text_column("status"),
                "COMPLETIONS": Column(
                    cells.COMPLETIONS, ("succeeded", "completions", "parallelism"), cells.to_completions
                ),
                "DURATION": age_column("duration", empty=True),
                **_AGED,
                **_WORKLOAD,
            },
            "jobs",
            wide=_WIDE_WORKLOAD,
        ),
        _kind(
            "cronjob",
            w.CronJob,
            (
                "NAME|SCHEDULE|TIMEZONE|SUSPEND|ACTIVE|LAST SCHEDULE|AGE",
                "NAME|SCHEDULE|SUSPEND|ACTIVE|LAST SCHEDULE|AGE",
            ),
            {
                **_NAMESPACED,
                "SCHEDULE": text_column("schedule", cells.SCHEDULE),
                "TIMEZONE": text_column("timezone"),
                "SUSPEND": typed_column(cells.BOOLEAN, "suspend", "True".__eq__),
                "ACTIVE": count_column("active"),
                "LAST SCHEDULE": age_column("last_schedule", cells.DURATION_OR_NONE),
                **_AGED,
                **_WORKLOAD,
            },
            "cronjobs cj",
            wide=_WIDE_WORKLOAD,
        ),
        _kind(
            "event",
            r.Event,
            (
                "LAST SEEN|TYPE|REASON|OBJECT|MESSAGE",
                "LAST SEEN|TYPE|REASON|OBJECT|SUBOBJECT|SOURCE|MESSAGE",
                "LAST SEEN|FIRST SEEN|COUNT|NAME|KIND|SUBOBJECT|TYPE|REASON|SOURCE|MESSAGE",
                "LAST SEEN|TYPE|REASON|KIND|MESSAGE",
            ),
            {
                "NAMESPACE": name_column("namespace"),
                "LAST SEEN": Column(cells.LAST_SEEN, ("last_seen", "count", "over"), cells.to_last_seen),
                "FIRST SEEN": age_column("first_seen"),
                "COUNT": count_column("count"),
                "NAME": name_column("name"),
                "TYPE": text_column("type", cells.EVENT_TYPE),
                "REASON": text_column("reason"),
                "OBJECT": text_column("object", cells.OBJECT),
                "KIND": text_column("object", cells.OBJECT),
                "SUBOBJECT": text_column("subobject", cells.SUBOBJECT, empty=True),
                "SOURCE": text_column("source", cells.SOURCE, empty=True),
                "MESSAGE": text_column("message", cells.MESSAGE),
            },
            "events ev",
            wide="FIRST SEEN|COUNT|NAME",
        ),
        _kind(
            "ingress",
            r.Ingress,
            ("NAME|CLASS|HOSTS|ADDRESS|PORTS|AGE", "NAME|HOSTS|ADDRESS|PORTS|AGE"),
            {
                **_NAMESPACED,
                "CLASS": text_column("ingress_class"),
                "HOSTS": Column(cells.HOSTS, ("hosts", "more_hosts"), cells.to_hosts),
                "ADDRESS": typed_column(cells.ADDRESSES, "address", cells.to_addresses, empty=True),
                "PORTS": typed_column(cells.INGRESS_PORTS, "ports", cells.to_ingress_ports),
                **_AGED,
            },
            "ingresses ing",
        ),
        _kind(
            "namespace",
            r.Namespace,
            "NAME|STATUS|AGE",
            {**_OF_CLUSTER, "STATUS": text_column("status", cells.NAMESPACE_STATUS), **_AGED},
            "namespaces ns",
            telling=False,
        ),
        _kind(
            "configmap",
            r.ConfigMap,
            "NAME|DATA|AGE",
            {**_NAMESPACED, "DATA": count_column("data"), **_AGED},
            "configmaps cm",
            telling=False,
        ),
    )
}
_GROUPS = {"", "apps", "extensions", "batch", "networking.k8s.io", "discovery.k8s.io", "events.k8s.io"}


@remember
def kind_named(resource: str) -> Kind | None:
    """The kind of a resource as kubectl writes it: `po`, `pods`, `deployment.apps`, `cronjobs.v1.batch`."""
    word, _, group = resource.lower().partition(".")
    group = re.sub(r"^v[0-9](?:(?:alpha|beta)[0-9]+)?(?:\.|$)", "", group)
    return next((kind for kind in KINDS.values() if word in kind.words and group in _GROUPS), None)
