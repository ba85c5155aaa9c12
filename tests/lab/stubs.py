"""Just enough of two servers for the real `docker` and `kubectl` clients to print the lab's nodes.

The Docker Engine API on a unix socket (docs.docker.com/reference/api/engine) and the Kubernetes API
on the loopback, which answers `get` with tables printed by the server, as a real one does since
1.15 (kubernetes.io/docs/reference/using-api/api-concepts, "Receiving resources as Tables").
"""

from __future__ import annotations

import hashlib
import json
import re
import socketserver
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Protocol

from scene import SERVICES, App, Cluster, ServicePort
from topology import RunningNode

# Newer than docker 19.03, because newer clients refuse to speak to that one.
DOCKER_API_VERSION = "1.44"
PAUSE_IMAGE = "mcr.microsoft.com/oss/kubernetes/pause:1.3.1"
NODE_INFO = (
    "<none>",
    "Ubuntu 16.04.7 LTS",
    "4.15.0-1096-azure",
    "docker://19.3.12",
)
# So many connections may wait to be accepted; a unix socket refuses the next one.
WAITING = 128

Answers = dict[str, object]


class _Handler(BaseHTTPRequestHandler):
    """Answers a path with what the server holds for it."""

    protocol_version = "HTTP/1.1"
    server: _Server | _UnixServer

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        watched = "watch=true" in query.split("&")
        body = self.server.answers(f"{path}?watch" if watched else path)
        status = 404 if body is None else 200
        said = body if watched and isinstance(body, list) else [body if body is not None else {"message": "not found"}]
        data = "\n".join(map(json.dumps, said)).encode()
        self.send_response(status)
        self.send_header("Api-Version", DOCKER_API_VERSION)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    do_HEAD = do_GET

    def address_string(self) -> str:
        return "client"  # a unix socket has no address to print

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class _Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """No `HTTPServer`, which asks for the name of its own address: where no name server answers, that takes long."""

    daemon_threads = True
    request_queue_size = WAITING

    def __init__(self, answers: Answers) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self._answers = answers

    def answers(self, path: str) -> object:
        return self._answers.get(path)


class _UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = WAITING

    def __init__(self, path: Path, listed: list[Answers], inspected: dict[str, Answers]) -> None:
        super().__init__(str(path), _Handler)
        self._listed = listed
        self._inspected = inspected

    def answers(self, path: str) -> object:
        path = re.sub(r"^/v\d+\.\d+", "", path)
        if path == "/_ping":
            return "OK"
        if path == "/containers/json":
            return self._listed
        return self._inspected.get(path)


@contextmanager
def _serving(server: socketserver.BaseServer) -> Iterator[None]:
    # A short poll: the default of half a second is what shutdown would wait for.
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass(frozen=True)
class Container:
    """A docker container of a pod, and the process it stands for."""

    name: str
    image: str
    command: str
    seconds: int
    up: str
    pid: int

    @property
    def id(self) -> str:
        return hashlib.sha256(self.name.encode()).hexdigest()

    @property
    def short_id(self) -> str:
        """What `docker ps` prints."""
        return self.id[:12]

    def listed(self) -> Answers:
        return {
            "Id": self.id,
            "Names": [f"/{self.name}"],
            "Image": self.image,
            "ImageID": f"sha256:{hashlib.sha256(self.image.encode()).hexdigest()}",
            "Command": self.command,
            "Created": int(time.time()) - self.seconds,
            "Ports": [],
            "Labels": {},
            "State": "running",
            "Status": f"Up {self.up}",
            "HostConfig": {"NetworkMode": "none"},
            "NetworkSettings": {"Networks": {}},
            "Mounts": [],
        }

    def inspected(self) -> Answers:
        return {
            "Id": self.id,
            "Name": f"/{self.name}",
            "Image": f"sha256:{hashlib.sha256(self.image.encode()).hexdigest()}",
            "State": {"Status": "running", "Running": True, "Pid": self.pid},
            "Config": {"Image": self.image},
        }


def containers_of(node: RunningNode) -> list[Container]:
    """The node's containers as docker lists them: the newest first, each before its pause."""
    pods = [(p.pod, p.app_pid, p.pause_pid) for p in node.pods]
    pods.append((node.node.kube_proxy, node.pid, node.pid))
    pods.sort(key=lambda item: item[0].app.seconds)
    made = []
    for pod, app_pid, pause_pid in pods:
        up = "26 minutes" if pod.app.age == "26m" else "5 days"
        # The kubelet starts an image by its digest, which docker ps leaves out.
        image = f"{pod.app.image}@sha256:{hashlib.sha256(pod.app.image.encode()).hexdigest()}"
        app, pause = pod.container_name(pod.app.name), pod.container_name("POD")
        seconds = pod.app.seconds
        made.append(Container(app, image, pod.app.command, seconds, up, app_pid))
        made.append(Container(pause, PAUSE_IMAGE, "/pause", seconds, up, pause_pid))
    return made


@contextmanager
def docker_engine(node: RunningNode, directory: Path) -> Iterator[dict[str, str]]:
    """A stub engine for the node; yields the environment of a client."""
    containers = containers_of(node)
    inspected = {f"/containers/{id_}/json": c.inspected() for c in containers for id_ in (c.id, c.short_id)}
    with docker_engine_of([c.listed() for c in containers], directory, inspected) as environment:
        yield environment


@contextmanager
def docker_engine_of(
    listed: list[Answers], directory: Path, inspected: dict[str, Answers] | None = None
) -> Iterator[dict[str, str]]:
    """A stub engine that lists these containers; yields the environment of a client."""
    socket_path = directory / "docker.sock"
    with _serving(_UnixServer(socket_path, listed, inspected or {})):
        yield {"DOCKER_HOST": f"unix://{socket_path}", "DOCKER_CONFIG": str(directory)}


@contextmanager
def kubernetes_api(answers: Answers, directory: Path) -> Iterator[dict[str, str]]:
    """A stub API server; yields the environment of a client."""
    server = _Server(answers)
    configuration = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "lab",
        "clusters": [{"name": "lab", "cluster": {"server": f"http://127.0.0.1:{server.server_address[1]}"}}],
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "lab"}}],
        "users": [{"name": "lab", "user": {}}],
    }
    path = directory / "kubeconfig"
    path.write_text(json.dumps(configuration))
    with _serving(server):
        yield {"KUBECONFIG": str(path), "HOME": str(directory)}


Row = tuple[str, list[str]]  # the namespace, and the cells


class Listed(Protocol):
    """A pod, as far as a listing tells of it."""

    @property
    def name(self) -> str: ...
    @property
    def app(self) -> App: ...
    @property
    def address(self) -> str: ...


def node_row(name: str, address: str, roles: str, version: str, info: Sequence[str]) -> Row:
    return "", [name, "Ready", roles, "5d23h", version, address, *info]


def pod_row(pod: Listed, node: str) -> Row:
    cells = [pod.name, "1/1", "Running", "0", pod.app.age, pod.address, node, "<none>", "<none>"]
    return pod.app.namespace, cells


def service_row(
    namespace: str, name: str, cluster_ip: str, ports: Sequence[ServicePort], app: App | None, age: str
) -> Row:
    said = ",".join(f"{p.number}/{p.protocol.upper()}" for p in ports)
    return namespace, [name, "ClusterIP", cluster_ip, "<none>", said, age, app.labels if app else "<none>"]


def cluster_answers(cluster: Cluster) -> Answers:
    """What the API server of a cluster of the docker era answers."""
    return kubernetes_answers(
        [node_row(node.name, node.address, "agent", "v1.17.11", NODE_INFO) for node in cluster.nodes],
        [pod_row(pod, node.name) for node in cluster.nodes for pod in (*node.pods, node.kube_proxy)],
        [service_row(s.namespace, s.name, s.cluster_ip, s.ports, s.app, s.age) for s in SERVICES],
    )


def kubernetes_answers(nodes: list[Row], pods: list[Row], services: list[Row]) -> Answers:
    """What an API server answers that has these nodes, pods and services."""
    resources = [
        {"name": name, "singularName": "", "kind": kind, "namespaced": kind != "Node"} | {"verbs": ["get", "list"]}
        for name, kind in (("nodes", "Node"), ("pods", "Pod"), ("services", "Service"))
    ]
    node_details = "Internal-IP|External-IP|OS-Image|Kernel-Version|Container-Runtime"
    return {
        "/api": {"kind": "APIVersions", "versions": ["v1"]},
        "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": []},
        "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": resources},
        "/api/v1/nodes": _table("Name|Status|Roles|Age|Version", node_details, nodes),
        "/api/v1/pods": _table(
            "Name|Ready|Status|Restarts|Age",
            "IP|Node|Nominated Node|Readiness Gates",
            sorted(pods, key=lambda row: (row[0], row[1][0])),
        ),
        "/api/v1/services": _table("Name|Type|Cluster-IP|External-IP|Port(s)|Age", "Selector", services),
    }


def _table(columns: str, wide: str, rows: list[Row]) -> Answers:
    """A Table; the wide columns have priority 1, which `-o wide` asks for."""
    names = [(name, 0) for name in columns.split("|")]
    names += [(name, 1) for name in wide.split("|")]
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {},
        "columnDefinitions": [
            {
                "name": name,
                "type": "string",
                "format": "name" if name == "Name" else "",
                "description": "",
                "priority": priority,
            }
            for name, priority in names
        ],
        "rows": [{"cells": cells, "object": _metadata(ns, cells[0])} for ns, cells in rows],
    }


def _metadata(namespace: str, name: str) -> Answers:
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata}
