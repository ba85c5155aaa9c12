"""Real connections through a network that was built: who arrives where, with which source address, and how.

The source address is what the destination saw, and `how` what a sniffer saw on the uplink of the destination's node. A
recording is worth keeping only if these are those of a real node in the mode.
"""

from __future__ import annotations

import select
import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from ipaddress import ip_address

from modes import Delivery
from namespaces import LabError, inside
from network import Network, RunningNode, RunningPod
from plan import INTERNET_HOSTS, KUBE_DNS, KUBERNETES, NGINX, TOOLBOX, WEB, Service, cluster_ip, families_of
from scene import PLATFORM_ADDRESSES

FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}
ETH_P_ALL = 3
# So many that all endpoints of a service answer, but for one run in a million million.
TRIES = 40
# Many more than a connection has: a sniffer that hears other things is not listened to for ever.
MOST_PACKETS = 1000

Listeners = list[socket.socket]


@dataclass(frozen=True, order=True)
class Arrival:
    """A connection as its destination saw it."""

    what: str
    client: str
    asked: str
    server: str
    source: str

    def __str__(self) -> str:
        on = f" at {self.server}" if self.asked.partition("/")[0] != self.server else ""
        return f"{self.what}: {self.client} asked {self.asked}, seen{on} from {self.source}"


class Reach:
    """Checks a network; every connection that is not as the mode has it is an error."""

    def __init__(self, network: Network, patience: float = 30.0) -> None:
        self._network = network
        self._plan = network.plan
        self._patience = patience
        self._listeners: Listeners = []
        self.arrivals: list[Arrival] = []

    def check(self) -> list[Arrival]:
        """Connect pods, services, nodes and the outside.

        Raises:
            LabError: something does not arrive, or with another source address than the mode gives it.
        """
        with self._servers():
            for family in self._plan.mode.families:
                self._check_pods(family)
                self._check_outside(family)
                self._check_nodes(family)
                if not self._plan.mode.cilium:
                    self._check_services(family)
            if self._plan.mode.swift:
                self._check_platform()
        return sorted(set(self.arrivals))

    @contextmanager
    def _servers(self) -> Iterator[None]:
        """What nginx, coredns, the API server and a web site listen on."""
        outside = self._network.internet
        with ExitStack() as stack:
            for family in self._plan.mode.families:
                for node in self._network.nodes:
                    for pod in node.pods:
                        for protocol, port in pod.pod.app.ports:
                            self._listen(stack, pod.pid, str(pod.pod.of(family).ip), protocol, port)
                for port in (80, 443):
                    self._listen(stack, outside, INTERNET_HOSTS[family], "tcp", port)
            if self._plan.mode.swift:
                dns, metadata = PLATFORM_ADDRESSES
                self._listen(stack, outside, dns, "udp", 53)
                self._listen(stack, outside, dns, "tcp", 53)
                self._listen(stack, outside, metadata, "tcp", 80)
            yield

    def _listen(self, stack: ExitStack, pid: int, address: str, protocol: str, port: int) -> None:
        listener = stack.enter_context(self._socket(pid, address, protocol))
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        if protocol == "tcp":
            listener.listen()
        self._listeners.append(listener)

    def _socket(self, pid: int, address: str, protocol: str) -> socket.socket:
        kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
        with inside(pid):
            made = socket.socket(FAMILIES[ip_address(address).version], kind)
        made.settimeout(self._patience)
        return made

    def _connect(self, what: str, client: str, pid: int, address: str, port: int, protocol: str = "tcp") -> Arrival:
        """Connect from a namespace, and wait for the way back."""
        asked = f"{address}/{protocol}/{port}"
        with self._socket(pid, address, protocol) as connection:
            try:
                connection.connect((address, port))
                if protocol == "udp":
                    connection.send(b"?")
                ready, _, _ = select.select(self._listeners, [], [], self._patience)
                if not ready:
                    raise LabError(f"{what}: {client} asked {asked}, but reached nobody")
                source, server = _accept(ready[0])
                connection.recv(16)  # the answer, or the end of the connection
            except OSError as error:
                raise LabError(f"{what}: {client} asked {asked}: {error}") from error
        arrival = Arrival(what, client, asked, server, source)
        self.arrivals.append(arrival)
        return arrival

    def _expect(self, arrival: Arrival, source: str, servers: set[str]) -> None:
        if arrival.source != source or arrival.server not in servers:
            raise LabError(f"{arrival}; expected {sorted(servers)} to see {source}")

    # Pods.

    def _check_pods(self, family: int) -> None:
        """Pod to pod: its own address arrives, unless the mode hides it from other nodes."""
        here, there = self._network.nodes
        for one, other in ((here, here), (here, there), (there, here)):
            what = "pod to pod, same node" if one is other else "pod to pod, other node"
            for client in one.pods:
                for server in other.pods:
                    if server.pod.app is NGINX and server is not client:
                        address = str(server.pod.of(family).ip)
                        with self._sniffer(other, enabled=one is not other) as sniffer:
                            arrival = self._connect(what, client.pod.name, client.pid, address, 80)
                            self._expect(arrival, self._seen(one, client, other, family), {address})
                            self._check_wire(sniffer, one, client, other, server, family)

    def _seen(self, one: RunningNode, client: RunningPod, other: RunningNode, family: int) -> str:
        hidden = self._plan.mode.hides_pods and one is not other
        return str((one.node if hidden else client.pod).of(family).ip)

    @contextmanager
    def _sniffer(self, node: RunningNode, enabled: bool) -> Iterator[socket.socket | None]:
        if not enabled:
            yield None
            return
        with inside(node.pid):
            sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
        with sniffer:
            sniffer.bind(("eth0", ETH_P_ALL))
            sniffer.setblocking(False)
            yield sniffer

    def _check_wire(
        self,
        sniffer: socket.socket | None,
        one: RunningNode,
        client: RunningPod,
        other: RunningNode,
        server: RunningPod,
        family: int,
    ) -> None:
        """Between nodes: the packet of the pod as it is, or in another between the nodes."""
        if sniffer is None:
            return
        nodes = one.node.address, other.node.address
        source = self._seen(one, client, other, family)
        expected = {
            Delivery.VXLAN: ("udp", *nodes),
            Delivery.IPIP: ("ipip", *nodes),
        }.get(self._plan.mode.delivery, ("tcp", source, str(server.pod.of(family).ip)))
        seen = set(_packets(sniffer, self._plan.mode.tunnel.port if self._plan.mode.tunnel else 0))
        if expected not in seen:
            raise LabError(
                f"{client.pod.name} to {server.pod.name}: {expected} is not among {sorted(seen)} on the wire"
            )

    # Others.

    def _check_outside(self, family: int) -> None:
        """Pod to the outside: the address of its node arrives."""
        for node in self._network.nodes:
            for pod in node.pods:
                outside = INTERNET_HOSTS[family]
                arrival = self._connect("pod to outside", pod.pod.name, pod.pid, outside, 80)
                self._expect(arrival, str(node.node.of(family).ip), {outside})

    def _check_nodes(self, family: int) -> None:
        """Node to pod: an address of the node that is nearest to the pod arrives."""
        here, there = self._network.nodes
        for other in (here, there):
            for server in other.pods:
                if server.pod.app is NGINX:
                    what = "node to pod, same node" if other is here else "node to pod, other node"
                    address = str(server.pod.of(family).ip)
                    arrival = self._connect(what, here.node.name, here.pid, address, 80)
                    self._expect(arrival, self._plan.node_source(here.node, family, local=other is here), {address})

    def _check_services(self, family: int) -> None:
        """Pod and node to service: every endpoint is reached, by a pod as it would be without the service."""
        here = self._network.nodes[0]
        client = next(pod for pod in here.pods if pod.pod.app is TOOLBOX)
        for service in (WEB, KUBE_DNS, KUBERNETES):
            if family in families_of(service, self._plan.mode):
                for port in service.ports:
                    self._check_service(service, port.protocol, port.number, here, client, family)
        endpoints = set(self._plan.endpoints(WEB, family))
        reached = set()
        for _ in range(TRIES):
            arrival = self._connect("node to service", here.node.name, here.pid, cluster_ip(WEB, family), 80)
            self._expect(arrival, self._to_endpoint(here, None, arrival.server, family), endpoints)
            reached.add(arrival.server)
            if reached == endpoints:
                return
        raise LabError(f"node to service: of {sorted(endpoints)} only {sorted(reached)} were reached")

    def _check_service(
        self, service: Service, protocol: str, port: int, here: RunningNode, client: RunningPod, family: int
    ) -> None:
        endpoints = set(self._plan.endpoints(service, family))
        reached = set()
        for _ in range(TRIES):
            address = cluster_ip(service, family)
            arrival = self._connect("pod to service", client.pod.name, client.pid, address, port, protocol)
            self._expect(arrival, self._to_endpoint(here, client, arrival.server, family), endpoints)
            reached.add(arrival.server)
            if reached == endpoints:
                return
        raise LabError(f"pod to service {service.name}: of {sorted(endpoints)} only {sorted(reached)} were reached")

    def _to_endpoint(self, here: RunningNode, client: RunningPod | None, server: str, family: int) -> str:
        """The source address that an endpoint sees."""
        local = server in {str(pod.pod.of(family).ip) for pod in here.pods}
        if client is None:
            # Addressed to the service, and so given a source for the way that leads to no pod; then masqueraded.
            return self._plan.node_source(here.node, family, local=local)
        if server == INTERNET_HOSTS[family]:
            return str(here.node.of(family).ip)
        other = here if local else self._network.nodes[1]
        return self._seen(here, client, other, family)

    def _check_platform(self) -> None:
        """Pod to the platform: the address that azure-cns chose arrives."""
        dns, metadata = PLATFORM_ADDRESSES
        for node in self._network.nodes:
            for pod in node.pods:
                for protocol in ("udp", "tcp"):
                    arrival = self._connect("pod to platform", pod.pod.name, pod.pid, dns, 53, protocol)
                    self._expect(arrival, node.node.platform_client, {dns})
                arrival = self._connect("pod to platform", pod.pod.name, pod.pid, metadata, 80)
                self._expect(arrival, node.node.address, {metadata})


def _accept(listener: socket.socket) -> tuple[str, str]:
    """Who came to a listener, and the listener's own address; a datagram is answered."""
    server = str(listener.getsockname()[0])
    if listener.type == socket.SOCK_DGRAM:
        data, peer = listener.recvfrom(16)
        listener.sendto(data, peer)
    else:
        connection, peer = listener.accept()
        connection.close()
    return str(peer[0]), server


def _packets(sniffer: socket.socket, port: int) -> Iterator[tuple[str, str, str]]:
    """What came by: the outermost protocol, source and destination; UDP only if it is for the port."""
    protocols = {4: "ipip", 6: "tcp", 17: "udp"}
    for _ in range(MOST_PACKETS):
        try:
            packet = sniffer.recv(2048)
        except BlockingIOError:
            return
        if packet[0] >> 4 == 4:
            number, source, destination = packet[9], packet[12:16], packet[16:20]
            payload = packet[(packet[0] & 15) * 4 :]
        elif packet[0] >> 4 == 6:
            number, source, destination = packet[6], packet[8:24], packet[24:40]
            payload = packet[40:]
        else:
            continue
        if number == 17 and struct.unpack("!H", payload[2:4])[0] != port:
            continue
        if number in protocols:
            yield protocols[number], str(ip_address(source)), str(ip_address(destination))
