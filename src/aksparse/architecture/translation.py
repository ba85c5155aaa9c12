"""What the nat table does to the packets that a pod of the node sends away."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from aksparse.architecture.view import NodeView
from aksparse.capture.model import Address, Network
from aksparse.netfilter.matches.kernel import SetMatch
from aksparse.netfilter.packets import Packet, Verdict, becomes
from aksparse.netfilter.rules import Match
from aksparse.wiring.model import Table

# Addresses of documentation (RFC 5737, RFC 3849) and of public name servers: some are outside of every cluster.
_PROBES: dict[int, tuple[Address, ...]] = {
    4: tuple(map(IPv4Address, ("203.0.113.1", "198.51.100.1", "192.0.2.1", "9.9.9.9"))),
    6: tuple(map(IPv6Address, ("2001:db8:ffff::1", "2620:fe::fe", "2001:4860:4860::8888"))),
}


def is_translated(verdict: Verdict) -> bool | None:
    """Whether a packet gets another source; `None` when that is open."""
    return None if verdict.open is not None else verdict.target in ("MASQUERADE", "SNAT", "NETMAP")


def leaving(node: NodeView, destination: Address) -> Verdict | None:
    """What becomes of a pod's packet to an address; `None` when the pod or the nat table is not in the capture.

    A listing that hides the interfaces of rules says of no rule whether a packet matches it.
    """
    table = node.wiring.table("nat", destination.version)
    addresses = [address for pod in node.wiring.pods for address in pod.addresses]
    source = next((address for address in addresses if address.version == destination.version), None)
    if table is None or source is None or table.chain("POSTROUTING") is None:
        return None
    if not table.interfaces_listed and any(chain.rules for chain in table.chains):
        return None
    route = node.wiring.route_to(destination)
    packet = Packet(source=source, destination=destination, out_interface=route.dev if route else None)

    def guess(match: Match) -> bool | None:
        return _in_pools(node, packet, match) if isinstance(match, SetMatch) else None

    return becomes(packet, "POSTROUTING", {chain.name: chain for chain in table.chains if chain.name}, guess)


_POOLS = re.compile(r"cali[0-9]+(?:masq|all)-ipam-pools")


def _in_pools(node: NodeView, packet: Packet, match: SetMatch) -> bool | None:
    """Whether an address is in Calico's address pools: those of pods are, and with a pod CIDR others are not."""
    pods = node.setting("pod_cidr")
    address = packet.source if match.flags == ("src",) else packet.destination
    if not _POOLS.fullmatch(match.match_set):
        return None
    if any(address in pod.addresses for pod in node.wiring.pods) or (pods and node.is_in(address, pods.value)):
        return not match.negated
    return bool(match.negated) if pods is not None else None


def outside(node: NodeView, version: int) -> Address | None:
    """An address that no rule, no route and no setting speaks of."""
    table = node.wiring.table("nat", version)
    named = [*_destinations(table), *(route.network for route in node.wiring.routes)]
    for name in ("vnet", "subnet", "pod_cidr", "service_cidr"):
        named += node.stated(name)
    named = [network for network in named if network.prefixlen]
    return next((probe for probe in _PROBES[version] if not any(probe in network for network in named)), None)


def _destinations(table: Table | None) -> list[Network]:
    rules = [rule for chain in table.chains for rule in chain.rules] if table else []
    return [rule.destination for rule in rules if isinstance(rule.destination, IPv4Network | IPv6Network)]


def inside(network: Network) -> Address:
    """An address in a network; its first where it has others."""
    return network.network_address + (1 if network.prefixlen < network.max_prefixlen else 0)
