"""A node's wiring as packets of one version of IP find it."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from aksparse.iproute.links.records import Link
from aksparse.wiring.model import PodWiring, Wiring


def of_version(wiring: Wiring, version: int) -> Wiring:
    """The routes, tables, services and pods that a version of IP has; interfaces have no version."""
    return attrs.evolve(
        wiring,
        routes=tuple(route for route in wiring.routes if route.network.version == version),
        other_routes=tuple(route for route in wiring.other_routes if route.network.version == version),
        rules=tuple(rule for rule in wiring.rules if rule.version == version),
        neighbours=tuple(entry for entry in wiring.neighbours if entry.dst.version == version),
        tables=tuple(table for table in wiring.tables if table.version == version),
        services=tuple(s for s in wiring.services if s.cluster_ip is None or s.cluster_ip.version == version),
        refused=tuple(s for s in wiring.refused if s.cluster_ip is None or s.cluster_ip.version == version),
        pods=tuple(_pods(wiring, version)),
    )


def _pods(wiring: Wiring, version: int) -> Iterator[PodWiring]:
    for pod in wiring.pods:
        addresses = tuple(address for address in pod.addresses if address.version == version)
        if not addresses and pod.addresses:
            continue
        lengths = {
            info.local: info.prefixlen
            for record in pod.records
            for info in (record.addr_info if isinstance(record, Link) else ())
        }
        yield attrs.evolve(
            pod,
            address=addresses[0] if addresses else None,
            addresses=addresses,
            prefixlen=lengths.get(addresses[0]) if addresses and pod.ifname is not None else None,
            routes=tuple(route for route in pod.routes if route.network.version == version),
            neighbours=tuple(entry for entry in pod.neighbours if entry.dst.version == version),
        )
