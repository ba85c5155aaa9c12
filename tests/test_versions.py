"""What is told of IPv6 beside IPv4, of recordings of nodes that have both."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from functools import cache
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import attrs
import pytest

from aksparse import Known, Unknown, build_wiring, compare, load_capture
from aksparse.architecture.source_nat import SourceNat
from aksparse.statement import tell
from tests import nodes

MODES = Path(__file__).parents[1] / "corpus/modes"
DUAL = ("lab-kubenet-dual", "lab-azure-overlay-dual")

described = cache(nodes.described)


def copied(name: str, directory: Path, file: str, change: Callable[[str], str]) -> Path:
    """A copy of a recording in which a file has another text."""
    copy = Path(shutil.copytree(MODES / name, directory / name))
    text = (copy / file).read_text()
    assert change(text) != text
    (copy / file).write_text(change(text))
    return copy


def of_ipv6(fact: Any) -> Any:
    return getattr(fact.value, "ipv6", None) if isinstance(fact, Known) else None


@pytest.mark.parametrize("path", sorted(MODES.iterdir()), ids=lambda path: path.name)
def test_ipv6_is_told_by_itself_where_pods_have_it_beside_ipv4_and_only_there(path: Path) -> None:
    told = {name: of_ipv6(fact) for name, fact in attrs.asdict(described(path), recurse=False).items()}
    assert {name for name, value in told.items() if value is not None} == (
        set()
        if path.name not in DUAL
        else {
            *("pod_addressing", "address_plan", "node_address", "default_route", "pod_gateway", "local_pods"),
            *("remote_pods", "source_nat", "service_path", "services", "service_addresses"),
        }
    )
    assert not any(isinstance(value, Unknown) for value in told.values())


@pytest.mark.parametrize("name", DUAL)
def test_the_words_for_ipv6_have_no_address_of_ipv4_in_them(name: str) -> None:
    for told in tell(described(MODES / name)).facts:
        first, _, second = (told.fact.summary or "").partition("; IPv6: ")
        assert "::" not in first
        assert not re.search(r"\d+\.\d+\.\d+\.\d+", second)


@pytest.mark.parametrize("name", DUAL)
def test_the_exemptions_of_ipv6_are_those_of_its_own_table(name: str) -> None:
    fact = described(MODES / name).source_nat
    told = of_ipv6(fact)
    assert isinstance(told, SourceNat)
    assert told.networks == tuple(
        map(ip_network, ("fd00:db8:220::/48", "fd12:3456:789a::/56", "fd12:3456:789a:ff00::/108"))
    )
    assert told.exempt == ("the VNet", "the pod CIDR", "the service CIDR", "the node's own addresses")
    assert any(line.source.endswith("ip6tables_save.txt") for line in fact.evidence)


@pytest.mark.parametrize("name", DUAL)
def test_without_the_table_of_ipv6_its_source_nat_is_unknown_and_the_command_is_named(
    name: str, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(MODES / name, tmp_path / name))
    for file in copy.glob("ip6tables*"):
        file.unlink()
    told = of_ipv6(described(copy).source_nat)
    assert isinstance(told, Unknown)
    assert told.commands == ("ip6tables -t nat -nvL",)
    description = tell(described(copy))
    (fact,) = (fact for fact in description.facts if fact.name == "source_nat")
    assert fact.fact.known
    assert "IPv6 unknown: the nat table is not in the capture" in str(fact.fact.summary)
    assert "ip6tables -t nat -nvL" in description.commands
    (aspect,) = (a for a in compare(described(MODES / name), described(copy)).aspects if a.name == "source_nat")
    assert aspect.outcome == "same"
    assert "ipv6.mechanism" in aspect.not_compared


@pytest.mark.parametrize("name", DUAL)
def test_what_is_known_of_ipv6_alone_is_no_answer_for_ipv4(name: str, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(MODES / name, tmp_path / name))
    for file in copy.glob("iptables*"):
        file.unlink()
    fact = described(copy).source_nat
    assert isinstance(fact, Unknown)
    assert fact.reason.startswith("the nat table is not in the capture; of IPv6 it is: by ip-masq-agent, ")
    assert fact.commands == ("iptables -t nat -nvL",)
    assert any(line.source.endswith("ip6tables_save.txt") for line in fact.evidence)
    (aspect,) = (a for a in compare(described(MODES / name), described(copy)).aspects if a.name == "source_nat")
    assert aspect.outcome == "unknown-right"


def test_a_node_of_which_no_pod_is_known_may_have_ipv6_alone(tmp_path: Path) -> None:
    for name in ("ip_addr.txt", "ip_6_route.txt"):
        shutil.copy(MODES / "lab-bridge-ipv6" / name, tmp_path / name)
    fact = described(tmp_path).default_route
    assert isinstance(fact, Known)
    assert str(fact.value.gateway) == "fd00:db8:240::1"
    address = described(tmp_path).node_address
    assert isinstance(address, Known)
    assert str(address.value.address) == "fd00:db8:240::4"


def test_networks_of_ipv6_that_overlap_are_told(tmp_path: Path) -> None:
    copy = copied(
        "lab-kubenet-dual", tmp_path, "capture.toml", lambda text: text.replace("789a:ff00::/108", "789a:ff::/108", 1)
    )
    fact = described(copy).address_plan
    assert isinstance(fact, Known)
    assert fact.value.conflicts == ()
    assert of_ipv6(fact).conflicts == ("pod CIDR and service CIDR overlap",)
    aspects = compare(described(MODES / "lab-kubenet-dual"), described(copy)).having("differs")
    (aspect,) = (aspect for aspect in aspects if aspect.name == "address_plan")
    assert str(aspect.to_check).startswith("For IPv6, choose other networks, because pod CIDR and service CIDR overlap")


def test_a_difference_of_ipv6_alone_is_told_as_one(tmp_path: Path) -> None:
    name = "lab-kubenet-dual"
    copy = copied(name, tmp_path, "ip6tables_save.txt", lambda text: re.sub(r".*-d fd12:.*/56 .*RETURN\n", "", text))
    (copy / "ip6tables_t_nat_nvL.txt").unlink()
    (aspect,) = compare(described(MODES / name), described(copy)).having("differs")
    assert aspect.name == "source_nat"
    assert [(change.part, set(change.left) - set(change.right)) for change in aspect.changes] == [
        ("ipv6.exempt", {"the pod CIDR"})
    ]
    assert str(aspect.meaning).startswith("For IPv6, on lab-kubenet-dual (left), towards the VNet, the pod CIDR")
    # The other side does without the sentence about what pods of other nodes see: that is told of the node's own pods.
    assert aspect.to_check is None


def test_rules_of_ipv6_that_contradict_each_other_are_told_as_such(tmp_path: Path) -> None:
    rule = '-A POSTROUTING ! -d fd12:3456:789a::/56 -m comment --comment "kubenet: SNAT" -j MASQUERADE\n'
    copy = copied(
        "lab-kubenet-dual",
        tmp_path,
        "ip6tables_save.txt",
        lambda text: text.replace("-A IP-MASQ-AGENT -d fd00", rule + "-A IP-MASQ-AGENT -d fd00", 1),
    )
    (copy / "ip6tables_t_nat_nvL.txt").unlink()
    fact = described(copy).source_nat
    assert isinstance(fact, Unknown)
    assert fact.reason == "contradiction: rules of ip-masq-agent and of kubenet (IPv6)"


CLUSTER = """\
{
  "name": "one",
  "kubernetesVersion": "1.29.7",
  "agentPoolProfiles": [],
  "networkProfile": {
    "podCidr": "10.244.0.0/16",
    "podCidrs": [
      "10.244.0.0/16",
      "fd12:3456:789a::/56"
    ],
    "serviceCidr": "10.0.0.0/16",
    "serviceCidrs": [
      "10.0.0.0/16",
      "fd12:3456:789a:ff00::/108"
    ]
  }
}
"""
CREATED = (
    "az aks create -n one --pod-cidrs 10.244.0.0/16,fd12:3456:789a::/56 --service-cidrs 10.0.0.0/16,fd12:3456::/108\n"
)


@pytest.mark.parametrize("text", [CLUSTER, CREATED], ids=["az aks show", "az aks create"])
def test_what_azure_states_of_both_versions_is_told_of_each(text: str, tmp_path: Path) -> None:
    copy = copied(
        "lab-azure-overlay-dual", tmp_path, "capture.toml", lambda text: re.sub(r"(?s)(vnet = .*?)\n\n", "\n", text)
    )
    (copy / "az.txt").write_text(text)
    told = described(copy).pod_addressing
    assert isinstance(told, Known)
    assert (told.value.source, told.value.pod_network) == ("pod CIDR", ip_network("10.244.0.0/16"))
    fact = described(copy).service_addresses
    assert isinstance(fact, Known)
    assert fact.value.service_cidr == ip_network("10.0.0.0/16")
    assert of_ipv6(fact).service_cidr.version == 6
    assert any("az.txt" in line.source and re.search("service-?cidrs", line.text, re.I) for line in fact.evidence)


def test_a_pod_that_was_entered_by_its_process_is_on_the_node_whatever_a_listing_says(tmp_path: Path) -> None:
    name = "lab-azure-transparent"
    node = "aks-nodepool1-31718369-vmss000000"
    copy = copied(
        name, tmp_path, "kubectl_get_pods.txt", lambda text: text.replace(node, node.replace("000000", "000009"))
    )
    before, after = (build_wiring(load_capture(path)).pods for path in (MODES / name, copy))
    assert [pod.address for pod in after] == [pod.address for pod in before]
