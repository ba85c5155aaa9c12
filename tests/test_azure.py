"""Values in the JSON of the Azure CLI that are what a field holds, and those that are kept as they are."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aksparse import ParseError, parse, parse_az_aks_create, parse_az_route_table, parse_az_subnet_list

GROUP = "/subscriptions/0/resourceGroups/RG-a/providers/Microsoft.Network/routeTables/t"


@pytest.mark.parametrize(("value", "read"), [(True, True), (False, False), (1, None), ("true", None), ([], None)])
def test_a_switch_is_true_or_false(value: Any, read: bool | None) -> None:
    (route,) = parse_az_route_table(json.dumps([{"name": "r", "hasBgpOverride": value, "etag": None}], indent=2))
    assert (route.has_bgp_override, route.other) == (read, {"hasBgpOverride": value} if read is None else None)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ({"id": GROUP}, True),
        ({"id": GROUP, "resourceGroup": "rg-A", "name": None}, True),
        ({"id": GROUP, "resourceGroup": "other"}, False),
        ({"id": GROUP, "name": "t"}, False),
        ({"id": 5}, False),
        ({"id": GROUP, "resourceGroup": 5}, False),
        (GROUP, False),
        ([GROUP], False),
    ],
)
def test_the_id_of_another_resource_stands_alone_or_with_its_group(value: Any, read: bool) -> None:
    (subnet,) = parse_az_subnet_list(json.dumps({"name": "s", "routeTable": value}, indent=2))
    assert (subnet.route_table, subnet.other) == ((GROUP, None) if read else (None, {"routeTable": value}))


@pytest.mark.parametrize(("text", "number"), [("30", 30), ("999999999", 999999999), ("1000000000", None), ("x", None)])
def test_the_number_of_pods_is_one_that_a_cluster_may_have(text: str, number: int | None) -> None:
    parsed = parse_az_aks_create(f"az aks create -g a -n b --max-pods {text}", strict=False)
    assert [settings.max_pods for settings in parsed] == ([number] if number else [])
    assert [found.message for found in parsed.diagnostics] == (
        [] if number else [f"expected number of pods, found {text!r}"]
    )


def test_another_command_of_azure_makes_no_cluster() -> None:
    with pytest.raises(ParseError) as caught:
        parse("az aks get-credentials -g a -n b")
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == ["unrecognised-output"]
