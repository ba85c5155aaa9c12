"""`az network route-table route list`: the routes of an Azure route table.

Format: az-network-route-table-route(1) of the Azure CLI, as a table (`-o table`) or as JSON; the objects are those of
`Microsoft.Network/routeTables/routes`. What both forms have in common with other commands is in `aksparse.azure`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any

import attrs

from aksparse.azure import (
    a_prefix,
    a_switch,
    a_text,
    an_address,
    header,
    is_document_with,
    read_resources,
    shows,
)
from aksparse.command import Command, Lines
from aksparse.records import Record


@attrs.frozen(kw_only=True)
class AzureRoute(Record):
    """One route of an Azure route table.

    Attributes:
        name: the name of the route.
        address_prefix: the destination network, or the tag of a service, such as `Storage.WestEurope`.
        next_hop_type: where packets go: `VirtualAppliance`, `VnetLocal`, `Internet`, `VirtualNetworkGateway` or `None`.
        next_hop_ip_address: the address of the virtual appliance.
        has_bgp_override: whether the route overrides routes learned by BGP.
        provisioning_state: whether Azure has made it so, such as `Succeeded`.
        resource_group: the resource group of the table.
        id: the id of the route (JSON only).
        etag: its version (JSON only).
        type: the type of the resource (JSON only).
        other: what else is said of it, as it stands.
    """

    name: str
    address_prefix: IPv4Network | IPv6Network | str | None = None
    next_hop_type: str | None = None
    next_hop_ip_address: IPv4Address | IPv6Address | None = None
    has_bgp_override: bool | None = None
    provisioning_state: str | None = None
    resource_group: str | None = None
    id: str | None = None
    etag: str | None = None
    type: str | None = None
    other: dict[str, Any] | None = None


_READERS = {
    **dict.fromkeys(("name", "next_hop_type", "provisioning_state", "resource_group", "id", "etag", "type"), a_text),
    "address_prefix": a_prefix,
    "next_hop_ip_address": an_address,
    "has_bgp_override": a_switch,
}
_HEADER = header("AddressPrefix", "NextHopType")


def _assemble(lines: Lines) -> Iterator[AzureRoute]:
    return read_resources(lines, _HEADER, AzureRoute, _READERS, "name")


def _produced_by(argv: Sequence[str]) -> bool:
    return shows(argv, "network", "route-table", "route")


def _shown_by(texts: Sequence[str]) -> bool:
    return is_document_with(texts, "addressPrefix", "nextHopType", without="routes")


COMMAND = Command(
    name="az_route_table",
    record=AzureRoute,
    assemble=_assemble,
    produced_by=_produced_by,
    signature=(_HEADER,),
    shown_by=_shown_by,
)
parse_az_route_table = COMMAND.parse
