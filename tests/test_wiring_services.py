"""The services of a node, held against what the cluster's API server lists of the same services."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

from aksparse import Known, Unknown, Wiring, build_wiring, describe, load_capture
from aksparse.wiring.model import ServiceChain

KUBE_PROXY = Path(__file__).parent / "data/kube-proxy"
MODES = Path(__file__).parents[1] / "corpus/modes"
SAVED = (KUBE_PROXY / "iptables_save.txt").read_text()


def rows(name: str) -> list[list[str]]:
    return [line.split() for line in (KUBE_PROXY / f"kubectl_get_{name}.txt").read_text().splitlines()[1:]]


def of(wiring: Wiring) -> dict[tuple[str, int], ServiceChain]:
    return {(service.service, service.cluster_ip.version): service for service in wiring.services if service.cluster_ip}


def slices() -> dict[tuple[str, int], tuple[set[str], set[str]]]:
    """The endpoints and ports of each service and version of IP."""
    found = {}
    for namespace, name, kind, ports, endpoints, _ in rows("endpointslices"):
        service = name if name == "kubernetes" else name.rpartition("-")[0]
        if endpoints != "<unset>":
            found[f"{namespace}/{service}", int(kind[-1])] = (set(endpoints.split(",")), set(ports.split(",")))
    return found


@pytest.fixture(scope="module")
def wiring() -> Wiring:
    return build_wiring(load_capture(KUBE_PROXY))


def test_every_service_leads_to_the_endpoints_that_its_slices_list_in_equal_shares(wiring: Wiring) -> None:
    listed = slices()
    saved = SAVED + (KUBE_PROXY / "ip6tables_save.txt").read_text()
    jumps = re.findall(r"^-A KUBE-SERVICES .* cluster IP\" .*-j (KUBE-SVC-\S+)", saved, re.MULTILINE)
    assert sorted(service.chain for service in wiring.services) == sorted(jumps)
    assert len(jumps) == 20
    for (name, version), service in of(wiring).items():
        addresses, ports = listed[name.partition(":")[0], version]
        assert {str(endpoint.address) for endpoint in service.endpoints} == addresses, name
        assert {str(endpoint.port) for endpoint in service.endpoints} <= ports, name
        assert len(service.endpoints) == len(addresses)
        for endpoint in service.endpoints:
            assert abs(endpoint.share * len(addresses) - 1) < Decimal("0.00001")
    assert not wiring.diagnostics


def test_every_service_has_the_row_addresses_and_ports_that_kubectl_lists(wiring: Wiring) -> None:
    told: dict[str, set[str]] = {}
    for service in wiring.services:
        assert service.row is not None
        name = service.service.partition(":")[0]
        protocol = service.protocol.upper()
        node_port = f":{service.node_port}" if service.node_port else ""
        told.setdefault(name, set()).add(f"{service.port}{node_port}/{protocol}")
    for namespace, name, _, address, external, ports, _ in rows("services"):
        found = [service for service in wiring.services if service.service.partition(":")[0] == f"{namespace}/{name}"]
        if not found:
            continue
        assert told[f"{namespace}/{name}"] == set(ports.split(","))
        assert address in {str(service.cluster_ip) for service in found}
        numbers = [word for word in external.split(",") if re.fullmatch(r"[0-9.]+", word)]
        assert all([str(outside) for outside in service.external] == numbers for service in found)
        assert {service.row.name for service in found if service.row} == {name}


def test_a_service_without_a_chain_is_headless_or_refused(wiring: Wiring) -> None:
    followed = {service.service.partition(":")[0] for service in wiring.services}
    refused = {service.service.partition(":")[0] for service in wiring.refused}
    assert not followed & refused
    rest = {f"{row[0]}/{row[1]}" for row in rows("services")} - followed - refused
    assert rest == {"default/ext", "default/headless"}
    by_name = {service.service: service for service in wiring.refused}
    assert by_name["default/no-endpoints"].target == "REJECT"
    local = by_name["ns-with-a-rather-long-name-for-column-width/svc-local"]
    assert (local.target, str(local.cluster_ip), local.port) == ("DROP", "10.0.7.38", 80)


def test_the_services_fact_tells_each_service_by_name_and_the_refused_ones_too(wiring: Wiring) -> None:
    fact = describe(wiring).services
    assert isinstance(fact, Known)
    told = fact.value.services
    assert told["default/sticky"] == "tcp 80: 3 endpoints, a client stays with one for 600 s"
    assert told["kube-system/kube-dns:dns"] == "udp 53: 2 endpoints"
    assert told["default/no-endpoints"] == "tcp 81: 0 endpoints"
    names = {service.service for service in wiring.services} | {service.service for service in wiring.refused}
    assert told.keys() == {name for name in names if name != "web/v6"}
    assert not [name for name in told if "KUBE-" in name]
    assert "default/no-endpoints has no endpoints" in "".join(line.text for line in fact.evidence)


def test_session_affinity_is_that_of_the_sticky_service_alone(wiring: Wiring) -> None:
    assert {service.service: service.affinity for service in wiring.services if service.affinity is not None} == {
        "default/sticky": 600
    }


@pytest.mark.parametrize("listing", ["endpoints", "endpointslices"])
def test_an_endpoint_that_the_cluster_no_longer_has_is_reported(listing: str, tmp_path: Path) -> None:
    tmp_path.joinpath("iptables_save.txt").write_text(SAVED)
    text = (KUBE_PROXY / f"kubectl_get_{listing}.txt").read_text()
    without = "\n".join(
        line.replace("10.100.1.6", "10.100.1.9") if "prometheus" in line else line for line in text.splitlines()
    )
    tmp_path.joinpath("listing.txt").write_text(without + "\n")
    (found,) = build_wiring(load_capture(tmp_path)).diagnostics
    assert (found.code, found.severity) == ("stale-endpoint", "warning")
    assert found.message == "monitoring/prometheus leads to 10.100.1.6, which is no endpoint of it in the cluster"
    assert "--to-destination 10.100.1.6:9090" in str(found.text)


def test_endpoints_that_kubectl_does_not_print_are_not_taken_for_gone(wiring: Wiring) -> None:
    """`10.100.1.7:443,10.100.2.5:443,10.100.1.7:80 + 1 more...`"""
    assert [row for row in rows("endpoints") if "more..." in row]
    assert {str(e.address) for s in wiring.services if "lb-hostname" in s.service for e in s.endpoints} == {
        "10.100.1.7",
        "10.100.2.5",
    }
    assert not [found for found in wiring.diagnostics if found.code == "stale-endpoint"]


def test_shares_are_those_of_all_connections_not_of_those_that_reach_a_rule(tmp_path: Path) -> None:
    changed = SAVED.replace("--probability 0.33333333349", "--probability 0.20000000019")
    assert changed != SAVED
    tmp_path.joinpath("saved.txt").write_text(changed)
    sticky = of(build_wiring(load_capture(tmp_path)))["default/sticky", 4]
    assert [endpoint.share for endpoint in sticky.endpoints] == [Decimal("0.2"), Decimal("0.4"), Decimal("0.4")]


def test_services_of_both_versions_of_ip_have_one_name() -> None:
    wiring = build_wiring(load_capture(MODES / "lab-kubenet-dual"))
    found = of(wiring)
    assert found["default/nginx", 4].chain == found["default/nginx", 6].chain
    assert {len(found["default/nginx", version].endpoints) for version in (4, 6)} == {2}


def test_a_service_whose_address_is_listed_by_a_name_has_none(tmp_path: Path) -> None:
    log = (
        "$ iptables -t nat -L\n"
        "Chain KUBE-SERVICES (2 references)\n"
        "target     prot opt source               destination         \n"
        "KUBE-SVC-NPX46M4PTMTKRN6Y  tcp  --  anywhere             kubernetes.default.svc  "
        "/* default/kubernetes:https cluster IP */ tcp dpt:443\n"
        "\n"
        "Chain KUBE-SVC-NPX46M4PTMTKRN6Y (1 references)\n"
        "target     prot opt source               destination         \n"
    )
    tmp_path.joinpath("node.log").write_text(log)
    (service,) = build_wiring(load_capture(tmp_path)).services
    assert (service.service, service.cluster_ip, service.port) == ("default/kubernetes:https", None, 443)


def test_a_nat_table_without_chains_of_services_says_that_it_is_not_iptables_that_translates(tmp_path: Path) -> None:
    table = "\n".join(f"Chain {chain} (policy ACCEPT)" for chain in ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"))
    (tmp_path / "log.txt").write_text(f"$ iptables -t nat -nvL\n{table}\n")
    facts = describe(build_wiring(load_capture(tmp_path)))
    assert isinstance(facts.service_path, Unknown)
    assert facts.service_path.reason == (
        "the nat table has no chain of a service: it is not kube-proxy with iptables that translates"
    )
    assert isinstance(facts.services, Unknown)
    assert facts.services.reason == "the nat table has no chain of a service"
    asked = {*facts.service_path.commands, *facts.services.commands}
    assert "iptables -t nat -nvL" not in asked
    assert [line.line for line in facts.services.evidence] == [2]
