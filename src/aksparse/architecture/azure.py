"""What the outputs of the Azure CLI state of the network that a node is part of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from aksparse.capture.model import Capture, Evidence, RouteTableEntry
from aksparse.commands.az_aks_show import ManagedCluster
from aksparse.commands.az_route_table import AzureRoute
from aksparse.commands.az_subnet_list import AzureSubnet
from aksparse.records import Record

Stated = tuple[Any, tuple[Evidence, ...]]
_SUBNETS = {"subnet": "vnet_subnet_id", "pod_subnet": "pod_subnet_id"}
_ROUTE_KEYS = ("address_prefix", "next_hop_ip_address", "next_hop_type")


def stated_by_azure(capture: Capture, name: str) -> Iterator[Stated]:
    """The values of a setting, one of `NetworkSettings`, and the lines that state them.

    A list of clusters states nothing: it does not tell which of them the node is in.
    """
    clusters = capture.records("az_aks_show", ManagedCluster)
    if len({cluster.id or cluster.name for cluster in clusters}) > 1:
        return
    for cluster in clusters:
        if name in _SUBNETS:
            yield from _subnets(capture, cluster, _SUBNETS[name])
        elif name == "max_pods":
            for pool in cluster.agent_pool_profiles or ():
                if pool.max_pods is not None:
                    yield pool.max_pods, _lines(capture, cluster, name, str(pool.max_pods))
        elif (value := getattr(cluster.network_profile, name, None)) is not None:
            yield value, _lines(capture, cluster, name)


def _subnets(capture: Capture, cluster: ManagedCluster, key: str) -> Iterator[Stated]:
    """The networks of the subnets that the pools of a cluster are in; the ids of subnets are in the JSON alone."""
    ids = {(getattr(pool, key) or "").lower() for pool in cluster.agent_pool_profiles or ()}
    for subnet in capture.records("az_subnet_list", AzureSubnet):
        if subnet.id is not None and subnet.id.lower() in ids and subnet.address_prefix is not None:
            of_cluster = _lines(capture, cluster, key, subnet.id)
            yield subnet.address_prefix, (*_lines(capture, subnet, "address_prefix"), *of_cluster)


def azure_routes(capture: Capture) -> Iterator[tuple[RouteTableEntry, tuple[Evidence, ...]]]:
    """The routes of the Azure route table to networks, and the lines that state them."""
    for route in capture.records("az_route_table", AzureRoute):
        if route.address_prefix is not None and not isinstance(route.address_prefix, str):
            entry = RouteTableEntry(**{key: getattr(route, key) for key in _ROUTE_KEYS})
            lines = (line for key in _ROUTE_KEYS for line in _lines(capture, route, key))
            yield entry, tuple(dict.fromkeys(lines))


def _lines(capture: Capture, record: Record, name: str, value: str = "") -> tuple[Evidence, ...]:
    """The lines of a record in which a key has a value; the first line of one that is a row of a table."""
    key = re.compile(rf'"{name.replace("_", "")}": *"?{re.escape(value)}', re.IGNORECASE)
    lines = capture.evidence(record)
    return tuple(line for line in lines if key.search(line.text)) or (lines if len(lines) == 1 else ())
