"""Real connections through the lab: who arrives with which source address.

The lab is worth recording only if its packets go where those of a real node go. The connections
also make the packet counters of the recorded rules say something.
"""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from namespaces import LabError, inside
from scene import INTERNET_HOST, KUBE_DNS, KUBERNETES, NGINX, NGINX_SERVICE, first_host
from topology import RunningCluster, RunningNode, RunningPod, Vnet

TIMEOUT = 30.0

Listeners = list[socket.socket]


def _socket_in(pid: int, protocol: str) -> socket.socket:
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    with inside(pid):
        made = socket.socket(socket.AF_INET, kind)
    made.settimeout(TIMEOUT)
    return made


def _listen(pid: int, address: str, protocol: str, port: int) -> socket.socket:
    listener = _socket_in(pid, protocol)
    # Connections of the cluster before may still be closing.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, port))
    if protocol == "tcp":
        listener.listen()
    return listener


@contextmanager
def _servers(vnet: Vnet, running: RunningCluster) -> Iterator[Listeners]:
    """What nginx, coredns, the API server and a web site listen on."""
    with ExitStack() as stack:
        listeners = [
            stack.enter_context(_listen(p.app_pid, p.pod.address, protocol, port))
            for node in running.nodes
            for p in node.pods
            for protocol, port in p.pod.app.ports
        ]
        listeners += [stack.enter_context(_listen(vnet.internet, INTERNET_HOST, "tcp", port)) for port in (80, 443)]
        yield listeners


def _arrival(listener: socket.socket) -> tuple[str, str]:
    """Who came to a listener, and the listener's own address; a datagram is answered."""
    server = str(listener.getsockname()[0])
    if listener.type == socket.SOCK_DGRAM:
        data, peer = listener.recvfrom(16)
        listener.sendto(data, peer)
    else:
        connection, peer = listener.accept()
        connection.close()
    return str(peer[0]), server


def _connect(listeners: Listeners, pid: int, address: str, port: int, protocol: str = "tcp") -> tuple[str, str]:
    """Connect from a namespace; returns the source address seen and the address that saw it."""
    with _socket_in(pid, protocol) as client:
        try:
            client.connect((address, port))
            if protocol == "udp":
                client.send(b"?")
            ready, _, _ = select.select(listeners, [], [], TIMEOUT)
            if not ready:
                raise LabError(f"{address}:{port}/{protocol}: nobody was reached")
            seen = _arrival(ready[0])
            client.recv(16)  # the answer, or the end of the connection: the way back works
        except OSError as error:
            raise LabError(f"{address}:{port}/{protocol}: {error}") from error
    return seen


def _expect(what: str, seen: tuple[str, str], source: set[str], server: set[str]) -> None:
    if seen[0] not in source or seen[1] not in server:
        raise LabError(f"{what}: {seen[1]} saw {seen[0]}, expected {sorted(server)} to see {sorted(source)}")


def check_traffic(vnet: Vnet, running: RunningCluster) -> None:
    """Connect pods, services and the internet; a source address that is not right is an error."""
    with _servers(vnet, running) as listeners:
        first, second = running.nodes
        for one, other in ((first, first), (first, second), (second, first)):
            _check_pods(listeners, one, other)
        for node in running.nodes:
            for pod in node.pods:
                _check_outbound(listeners, node, pod)
        _check_services(listeners, running)


def _check_pods(listeners: Listeners, one: RunningNode, other: RunningNode) -> None:
    """Pod to pod: the pod's own address arrives."""
    for pod in one.pods:
        for nginx in other.pods:
            if nginx.pod.app is NGINX and nginx is not pod:
                seen = _connect(listeners, pod.app_pid, nginx.pod.address, 80)
                _expect("pod to pod", seen, {pod.pod.address}, {nginx.pod.address})


def _check_outbound(listeners: Listeners, node: RunningNode, pod: RunningPod) -> None:
    """Pod to the internet and to the API server: the node's address arrives."""
    for address, port in ((INTERNET_HOST, 80), (KUBERNETES.cluster_ip, 443)):
        seen = _connect(listeners, pod.app_pid, address, port)
        _expect("pod to internet", seen, {node.node.address}, {INTERNET_HOST})


def _check_services(listeners: Listeners, running: RunningCluster) -> None:
    """Pod to service: unchanged source. Node to service: an address of the node."""
    node = running.nodes[0]
    nginx = set(running.cluster.endpoints(NGINX_SERVICE))
    coredns = set(running.cluster.endpoints(KUBE_DNS))
    of_node = {node.node.address}
    if node.node.pod_cidr:
        of_node.add(first_host(node.node.pod_cidr))
    for pod in node.pods:
        # Not to a service the pod itself may answer: that is another way, the hairpin.
        service, targets = (KUBE_DNS, coredns) if pod.pod.app is NGINX else (NGINX_SERVICE, nginx)
        for port in service.ports * 4:
            seen = _connect(listeners, pod.app_pid, service.cluster_ip, port.number, port.protocol)
            _expect("pod to service", seen, {pod.pod.address}, targets)
    for _ in range(4):
        seen = _connect(listeners, node.pid, NGINX_SERVICE.cluster_ip, 80)
        _expect("node to service", seen, of_node, nginx)
