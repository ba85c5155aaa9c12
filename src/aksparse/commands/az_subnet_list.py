"""`az network vnet subnet list`: the subnets of an Azure virtual network.

Format: az-network-vnet-subnet(1) of the Azure CLI, as a table (`-o table`) or as JSON; the objects are those of
`Microsoft.Network/virtualNetworks/subnets`. What both forms have in common with other commands is in `aksparse.azure`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network, IPv6Network
from typing import Any

import attrs

from aksparse.azure import (
    a_list,
    a_network,
    a_switch,
    a_text,
    an_id,
    header,
    is_document_with,
    read_resources,
    shows,
)
from aksparse.command import Command, Lines
from aksparse.records import Record


@attrs.frozen(kw_only=True)
class AzureSubnet(Record):
    """One subnet of an Azure virtual network.

    Attributes:
        name: the name of the subnet.
        address_prefix: its network; absent when it has several.
        address_prefixes: its networks, when it has several (JSON only).
        route_table: the id of its route table (JSON only).
        network_security_group: the id of its network security group (JSON only).
        nat_gateway: the id of its NAT gateway (JSON only).
        default_outbound_access: whether its hosts reach the internet by default.
        private_endpoint_network_policies: whether network policies count for private endpoints.
        private_link_service_network_policies: whether network policies count for private link services.
        provisioning_state: whether Azure has made it so, such as `Succeeded`.
        resource_group: its resource group.
        id: the id of the subnet (JSON only).
        etag: its version (JSON only).
        type: the type of the resource (JSON only).
        other: what else is said of it, as it stands.
    """

    name: str
    address_prefix: IPv4Network | IPv6Network | None = None
    address_prefixes: tuple[IPv4Network | IPv6Network, ...] | None = None
    route_table: str | None = None
    network_security_group: str | None = None
    nat_gateway: str | None = None
    default_outbound_access: bool | None = None
    private_endpoint_network_policies: str | None = None
    private_link_service_network_policies: str | None = None
    provisioning_state: str | None = None
    resource_group: str | None = None
    id: str | None = None
    etag: str | None = None
    type: str | None = None
    other: dict[str, Any] | None = None


_READERS = {
    **dict.fromkeys(("name", "provisioning_state", "resource_group", "id", "etag", "type"), a_text),
    **dict.fromkeys(("private_endpoint_network_policies", "private_link_service_network_policies"), a_text),
    **dict.fromkeys(("route_table", "network_security_group", "nat_gateway"), an_id),
    "address_prefix": a_network,
    "address_prefixes": a_list(a_network),
    "default_outbound_access": a_switch,
}
_HEADER = header("Name", "PrivateEndpointNetworkPolicies")


def _assemble(lines: Lines) -> Iterator[AzureSubnet]:
    return read_resources(lines, _HEADER, AzureSubnet, _READERS, "name")


def _produced_by(argv: Sequence[str]) -> bool:
    return shows(argv, "network", "vnet", "subnet")


def _shown_by(texts: Sequence[str]) -> bool:
    return is_document_with(texts, "name", "privateEndpointNetworkPolicies", without="subnets")


COMMAND = Command(
    name="az_subnet_list",
    record=AzureSubnet,
    assemble=_assemble,
    produced_by=_produced_by,
    signature=(_HEADER,),
    shown_by=_shown_by,
)
parse_az_subnet_list = COMMAND.parse
