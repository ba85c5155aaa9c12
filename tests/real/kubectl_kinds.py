"""Kinds of tables of an API server: their columns, cells that they may hold, and how a record says such a cell again.

Columns and cells: `pkg/printers/internalversion/printers.go` of Kubernetes; those of a custom resource are its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

SECONDS = {"5s": 5, "61s": 61, "3m20s": 200, "90m": 5400, "7h5m": 25500, "5d23h": 514800, "400d": 34560000, "3y7d": 0}
SECONDS["3y7d"] = (3 * 365 + 7) * 86400
_AGES = {timedelta(seconds=seconds): age for age, seconds in SECONDS.items()}


def said_age(age: timedelta | None) -> str:
    return "<unknown>" if age is None else _AGES[age]


class Column(NamedTuple):
    """A column: what its cells may be, and what a record says of one; without that it is kept as it stands."""

    name: str
    cells: Sequence[str]
    said: Callable[[Any], str] | None = None
    wide: bool = False


class Resource(NamedTuple):
    """A resource of an API server."""

    name: str
    group: str
    kind: str
    columns: tuple[Column, ...]
    namespaced: bool = True

    @property
    def path(self) -> str:
        return f"/apis/{self.group}" if "/" in self.group else f"/api/{self.group}"


def joined(items: Sequence[Any], more: int | None = None, empty: str = "<none>", separator: str = ",") -> str:
    text = separator.join(map(str, items)) or empty
    return text if more is None else f"{text} + {more} more..."


def labels(values: dict[str, str] | None) -> str:
    return joined([f"{key}={value}" for key, value in (values or {}).items()])


def requirements(record: Any) -> str:
    return joined([f"{key}={value}" for key, value in record.selector.items()] + list(record.selector_expressions))


def count(field: str) -> Callable[[Any], str]:
    return lambda record: str(getattr(record, field))


def or_none(field: str) -> Callable[[Any], str]:
    return lambda record: getattr(record, field) or "<none>"


NAME = Column("Name", ())
AGE = Column("Age", [*SECONDS, "<unknown>", "<invalid>"], lambda record: said_age(record.age))
NUMBERS = ("0", "1", "12", "300")
PAIRS = ("0/1", "1/1", "12/300")
CONTAINERS = Column("Containers", ["web", "fe,sidecar", "<none>"], lambda r: joined(r.containers), True)
IMAGES = Column("Images", ["nginx:1.19", "a.io/b@sha256:0a,c", "<none>"], lambda r: joined(r.images), True)
SELECTORS = ["app=web", "<none>", "a=b,c in (d,e)", "!x", "x,y notin (z)"]
SELECTOR = Column("Selector", SELECTORS, requirements, True)
DESIRED, CURRENT = Column("Desired", NUMBERS, count("desired")), Column("Current", NUMBERS, count("current"))
READY = Column("Ready", PAIRS, lambda r: f"{r.ready}/{r.desired}")
FREE = ("red", "<none>", "two words", "a,b", "x=y", "5 (3h ago)", "10Gi", "cpu: <unknown>/80%, memory: 5%/9%", "True")
IPS = ("10.224.0.4", "2001:db8::4", "<none>")


def said_cluster_ip(service: Any) -> str:
    return "None" if service.headless else str(service.cluster_ip or "<none>")


def said_external_ip(service: Any) -> str:
    return "<pending>" if service.external_ip_pending else joined(service.external_ip)


def said_port(port: Any) -> str:
    return f"{port.port}:{port.node_port}/{port.protocol}" if port.node_port else f"{port.port}/{port.protocol}"


def said_endpoint(endpoint: Any) -> str:
    host = f"[{endpoint.ip}]" if endpoint.ip.version == 6 and endpoint.port else str(endpoint.ip)
    return f"{host}:{endpoint.port}" if endpoint.port else host


def said_last_seen(event: Any) -> str:
    return said_age(event.last_seen)


RESOURCES = [
    Resource(
        "services",
        "v1",
        "Service",
        (
            *(NAME, Column("Type", ["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"], count("type"))),
            Column("Cluster-IP", ["10.0.0.1", "None", "<none>", "fd00::1"], said_cluster_ip),
            Column(
                "External-IP",
                [
                    "<none>",
                    "<pending>",
                    "20.1.2.3",
                    "20.1.2.3,2603:1...",
                    "20.103.120.3,...",
                    "a1b2c3d4.elb....",
                    "a.b.c",
                ],
                said_external_ip,
            ),
            Column(
                "Port(s)",
                ["<none>", "80/TCP", "80:30080/TCP,53:30053/UDP", "9/SCTP"],
                lambda service: joined(list(map(said_port, service.ports))),
            ),
            *(AGE, Column("Selector", ["app=web", "<none>", "a.b/c=d,e="], lambda r: labels(r.selector), True)),
        ),
    ),
    Resource(
        "nodes",
        "v1",
        "Node",
        (
            NAME,
            Column("Status", ["Ready", "NotReady,SchedulingDisabled", "Unknown"], lambda r: joined(r.status)),
            Column("Roles", ["<none>", "agent", "control-plane,worker"], lambda r: joined(r.roles)),
            *(AGE, Column("Version", ["v1.36.1", "v1.29.0-rc.1+k3s1"], count("version"))),
            Column("Internal-IP", IPS, lambda r: str(r.internal_ip or "<none>"), True),
            Column("External-IP", IPS, lambda r: str(r.external_ip or "<none>"), True),
            Column(
                "OS-Image",
                ["Ubuntu 22.04.5 LTS", "CBL-Mariner/Linux", "Windows Server 2022", "<unknown>"],
                lambda r: r.os_image or "<unknown>",
                True,
            ),
            Column(
                "Kernel-Version",
                ["5.15.0-1081-azure", "10.0.20348.2700", "<unknown>"],
                lambda r: r.kernel_version or "<unknown>",
                True,
            ),
            Column(
                "Container-Runtime",
                ["containerd://1.7.27-1", "docker://19.3.12", "<unknown>"],
                lambda r: r.container_runtime or "<unknown>",
                True,
            ),
        ),
        namespaced=False,
    ),
    Resource(
        "namespaces",
        "v1",
        "Namespace",
        (NAME, Column("Status", ["Active", "Terminating"], count("status")), AGE),
        False,
    ),
    Resource("configmaps", "v1", "ConfigMap", (NAME, Column("Data", NUMBERS, count("data")), AGE)),
    Resource(
        "endpoints",
        "v1",
        "Endpoints",
        (
            NAME,
            Column(
                "Endpoints",
                ["<none>", "10.1.1.1:80", "10.1.1.1:80,10.1.1.2:80,[fd00::1]:443 + 7 more...", "10.1.1.1"],
                lambda r: joined(list(map(said_endpoint, r.endpoints)), r.more),
            ),
            AGE,
        ),
    ),
    Resource(
        "endpointslices",
        "discovery.k8s.io/v1",
        "EndpointSlice",
        (
            *(NAME, Column("AddressType", ["IPv4", "IPv6", "FQDN"], count("address_type"))),
            Column(
                "Ports",
                ["<unset>", "80,443,8080 + 1 more...", "53"],
                lambda r: joined(r.ports, r.more_ports, "<unset>"),
            ),
            Column(
                "Endpoints",
                ["<unset>", "10.1.1.1", "10.1.1.1,10.1.1.2,10.1.1.3 + 97 more...", "fd00::1", "a.example"],
                lambda r: joined(r.endpoints, r.more_endpoints, "<unset>"),
            ),
            AGE,
        ),
    ),
    Resource(
        "daemonsets",
        "apps/v1",
        "DaemonSet",
        (
            *(NAME, DESIRED, CURRENT, Column("Ready", NUMBERS, count("ready"))),
            Column("Up-to-date", NUMBERS, count("up_to_date")),
            Column("Available", NUMBERS, count("available")),
            Column("Node Selector", ["<none>", "kubernetes.io/os=linux,a="], lambda r: labels(r.node_selector)),
            *(AGE, CONTAINERS, IMAGES, SELECTOR),
        ),
    ),
    Resource(
        "replicasets",
        "apps/v1",
        "ReplicaSet",
        (NAME, DESIRED, CURRENT, Column("Ready", NUMBERS, count("ready")), AGE, CONTAINERS, IMAGES, SELECTOR),
    ),
    Resource("statefulsets", "apps/v1", "StatefulSet", (NAME, READY, AGE, CONTAINERS, IMAGES)),
    Resource(
        "cronjobs",
        "batch/v1",
        "CronJob",
        (
            *(
                NAME,
                Column("Schedule", ["*/5 * * * *", "@hourly", "@every 1h30m", "TZ=CET 0 6 * * 1-5"], count("schedule")),
            ),
            Column("Timezone", ["<none>", "Europe/Berlin"], or_none("timezone")),
            Column("Suspend", ["True", "False"], count("suspend")),
            Column("Active", NUMBERS, count("active")),
            Column(
                "Last Schedule", ["<none>", *SECONDS], lambda r: said_age(r.last_schedule).replace("unknown", "none")
            ),
            *(AGE, CONTAINERS, IMAGES, SELECTOR),
        ),
    ),
    Resource(
        "ingresses",
        "networking.k8s.io/v1",
        "Ingress",
        (
            *(NAME, Column("Class", ["<none>", "nginx"], or_none("ingress_class"))),
            Column("Hosts", ["*", "a.io,b.io + 2 more...", "*.a.io"], lambda r: joined(r.hosts, r.more_hosts)),
            Column(
                "Address",
                ["", "localhost", "20.1.2.3", "20.1.2.3,2603:1...", "a.elb.io"],
                lambda r: joined(r.address, empty=""),
            ),
            Column("Ports", ["80", "80, 443"], lambda r: joined(r.ports, separator=", ")),
            AGE,
        ),
    ),
    Resource(
        "events",
        "v1",
        "Event",
        (
            Column("Last Seen", list(SECONDS), said_last_seen),
            Column("Type", ["Normal", "Warning"], count("type")),
            Column("Reason", ["BackOff", "FailedCreatePodSandBox"], count("reason")),
            Column("Object", ["pod/web-1", "node/aks-0", "widget.example.com/w"], count("object")),
            Column("Subobject", ["", "spec.containers{web}"], lambda r: r.subobject or "", True),
            Column("Source", ["", "kubelet, aks-0", "default-scheduler"], lambda r: r.source or "", True),
            Column("Message", ["Back-off restarting  failed container", "Pulled: 5 s (x2)", "x"], count("message")),
            Column("First Seen", list(SECONDS), lambda r: said_age(r.first_seen), True),
            *(Column("Count", NUMBERS, count("count"), True), NAME._replace(wide=True)),
        ),
    ),
    # These are read without a kind of their own: every cell is kept.
    Resource(
        "networkpolicies", "networking.k8s.io/v1", "NetworkPolicy", (NAME, Column("Pod-Selector", SELECTORS), AGE)
    ),
    Resource(
        "persistentvolumeclaims",
        "v1",
        "PersistentVolumeClaim",
        (
            *(
                NAME,
                Column("Status", ["Bound", "Pending"]),
                Column("Volume", ["", "pvc-0a1b"]),
                Column("Capacity", ["", "8Gi"]),
            ),
            *(Column("Access Modes", ["", "RWO", "RWO,RWX"]), Column("StorageClass", ["", "default"])),
            *(
                Column("VolumeAttributesClass", ["<unset>"]),
                AGE,
                Column("VolumeMode", ["Filesystem", "<unset>"], None, True),
            ),
        ),
    ),
    Resource(
        "persistentvolumes",
        "v1",
        "PersistentVolume",
        (
            *(NAME, Column("Capacity", ["8Gi"]), Column("Access Modes", ["RWO", "ROX,RWX"])),
            *(
                Column("Reclaim Policy", ["Delete"]),
                Column("Status", ["Bound", "Available"]),
                Column("Claim", ["", "d/data"]),
            ),
            *(Column("StorageClass", ["", "default"]), Column("Reason", ["", "Gone"]), AGE),
        ),
        namespaced=False,
    ),
    Resource(
        "horizontalpodautoscalers",
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        (
            *(NAME, Column("Reference", ["Deployment/web"])),
            Column("Targets", ["cpu: 5%/80%", "cpu: <unknown>/80%, memory: 5%/9% + 1 more...", "<none>"]),
            *(Column("MinPods", ["1", "<unset>"]), Column("MaxPods", NUMBERS), Column("Replicas", NUMBERS), AGE),
        ),
    ),
    Resource(
        "storageclasses",
        "storage.k8s.io/v1",
        "StorageClass",
        (NAME, Column("Provisioner", ["disk.csi.azure.com"]), Column("ReclaimPolicy", ["Delete", "Retain"]), AGE),
        namespaced=False,
    ),
    Resource(
        "rolebindings",
        "rbac.authorization.k8s.io/v1",
        "RoleBinding",
        (
            *(NAME, Column("Role", ["Role/web", "ClusterRole/system:node"]), AGE),
            Column("Users", ["", "system:a, system:b"], None, True),
            Column("Groups", ["", "system:masters"], None, True),
            Column("ServiceAccounts", ["", "kube-system/a, default/b"], None, True),
        ),
    ),
    Resource("leases", "coordination.k8s.io/v1", "Lease", (NAME, Column("Holder", ["aks-0_0a1b", ""]), AGE)),
    Resource(
        "secrets", "v1", "Secret", (NAME, Column("Type", ["Opaque", "kubernetes.io/tls"]), Column("Data", NUMBERS), AGE)
    ),
    Resource("serviceaccounts", "v1", "ServiceAccount", (NAME, Column("Secrets", NUMBERS), AGE)),
    Resource(
        "poddisruptionbudgets",
        "policy/v1",
        "PodDisruptionBudget",
        (
            *(NAME, Column("Min Available", ["1", "50%", "N/A"]), Column("Max Unavailable", ["N/A", "1"])),
            *(Column("Allowed Disruptions", NUMBERS), AGE),
        ),
    ),
    Resource(
        "clusterroles",
        "rbac.authorization.k8s.io/v1",
        "ClusterRole",
        (NAME, Column("Created At", ["2026-11-27T10:00:00Z"])),
        namespaced=False,
    ),
    Resource(
        "ciliumendpoints",
        "cilium.io/v2",
        "CiliumEndpoint",
        (
            *(NAME, Column("Security Identity", ["4", "12345"]), Column("Endpoint State", ["ready", ""])),
            *(Column("IPv4", ["10.1.1.1", ""]), Column("IPv6", ["", "fd00::1"])),
        ),
    ),
    Resource(
        "things", "example.com/v1", "Thing", (NAME, *(Column(f"Col {n}", FREE, None, n == 4) for n in range(5)), AGE)
    ),
]
