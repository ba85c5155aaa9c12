"""IP-in-IP (RFC 2003) between nodes whose kernel has no tunnel of that kind."""

from __future__ import annotations

import fcntl
import os
import select
import socket
import struct
import threading
from collections.abc import Mapping
from ipaddress import IPv4Address, ip_address, ip_network

from namespaces import inside, ip
from plan import Plan

# From <linux/if_tun.h> and <linux/if_arp.h>.
TUNSETIFF = 0x400454CA
TUNSETLINK = 0x400454CD
IFF_TUN = 0x0001
IFF_NO_PI = 0x1000
ARPHRD_TUNNEL = 768
PACKET_BYTES = 65536
POLL_SECONDS = 0.05


class Wrapper:
    """The tunnel devices of all nodes of a plan, and the thread that carries their packets."""

    def __init__(self, plan: Plan, pids: Mapping[int, int]) -> None:
        self._blocks = {ip_network(node.pod_networks[0]): node.address for node in plan.nodes}
        self._ends = {number: self._open(plan, number, pid) for number, pid in pids.items()}
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        self._thread.join()
        for device, outer in self._ends.values():
            os.close(device)
            outer.close()

    @staticmethod
    def _open(plan: Plan, number: int, pid: int) -> tuple[int, socket.socket]:
        tunnel, node = plan.mode.tunnel, plan.nodes[number]
        assert tunnel
        with inside(pid):
            device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", tunnel.name.encode(), IFF_TUN | IFF_NO_PI))
            fcntl.ioctl(device, TUNSETLINK, ARPHRD_TUNNEL)
            outer = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_IPIP)
        outer.bind((node.address, 0))
        ip(
            pid,
            f"link set {tunnel.name} mtu {tunnel.mtu} multicast off addrgenmode none",
            f"link set {tunnel.name} txqueuelen 1000",
            f"addr add {node.tunnel_address}/32 dev {tunnel.name}",
            f"link set {tunnel.name} up",
        )
        for other in plan.nodes:
            if other is not node:
                route = f"{other.pod_networks[0]} via {other.address} dev {tunnel.name} onlink"
                ip(pid, f"route add {route} proto {plan.mode.between_nodes}")
        return device, outer

    def _carry(self) -> None:
        while not self._closing.is_set():
            watched = [end for ends in self._ends.values() for end in ends]
            ready = set(select.select(watched, [], [], POLL_SECONDS)[0])
            for device, outer in self._ends.values():
                if device in ready:
                    packet = os.read(device, PACKET_BYTES)
                    if node := self._node_of(ip_address(packet[16:20])):
                        outer.sendto(packet, (node, 0))
                if outer in ready:
                    packet = outer.recv(PACKET_BYTES)
                    os.write(device, packet[(packet[0] & 0x0F) * 4 :])

    def _node_of(self, address: object) -> str | None:
        assert isinstance(address, IPv4Address)
        return next((node for block, node in self._blocks.items() if address in block), None)
