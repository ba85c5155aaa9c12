"""The library reads every text of the corpus as it is written there, and as the tools' own JSON says."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from typing import Any

import attrs
import pytest

import aksparse
from aksparse import ParseError, parse
from aksparse.command import registry, split_lines
from aksparse.serialize import to_builtins, validate
from tests.bless import gained
from tests.corpus import (
    CORPUS,
    WIDTH,
    Case,
    CommandCase,
    ComparisonCase,
    InputCase,
    TranscriptCase,
    all_cases,
    cases_with_oracle,
    command_cases,
    comparison_cases,
    render,
    transcript_cases,
)
from tests.docker_json import as_docker_json, columns_of, port_text, said_by_docker
from tests.iproute_json import assert_same_routes, said_by_text, said_by_text_of_rule

INPUTS: list[InputCase] = [*command_cases(), *transcript_cases()]
NAMED = {str(case): case for case in command_cases()}


def by_name(cases: Sequence[Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=str)


# What is expected


def test_the_corpus_has_cases_of_every_kind() -> None:
    assert len(command_cases()) > 80
    assert len(transcript_cases()) >= 2
    assert {str(case) for case in comparison_cases()} >= {
        "comparisons/kubenet--azure-cni",
        "comparisons/lab-kubenet--lab-azure-cni",
        "comparisons/lab-kubenet--lab-kubenet",
    }
    assert sum(file.stat().st_size for file in CORPUS.rglob("*") if file.is_file()) < 4_000_000


@by_name(all_cases())
def test_a_case_is_read_as_expected(case: Case) -> None:
    assert case.actual == case.expected


@by_name(all_cases())
def test_an_expected_file_is_laid_out_as_bless_writes_it(case: Case) -> None:
    assert case.expected_file.read_text(encoding="utf-8") == render(case.expected) + "\n"


@by_name(command_cases())
def test_expected_records_and_diagnostics_are_valid_by_their_schemas(case: CommandCase) -> None:
    assert list(validate(case.expected["records"], case.command)) == []
    assert list(validate(case.expected["diagnostics"], "diagnostics")) == []


@by_name(transcript_cases())
def test_expected_outputs_are_valid_by_their_schema(case: TranscriptCase) -> None:
    assert list(validate(case.expected["outputs"], "outputs")) == []
    assert list(validate(case.expected["diagnostics"], "diagnostics")) == []


@by_name(comparison_cases())
def test_expected_comparisons_are_valid_by_their_schema(case: ComparisonCase) -> None:
    assert list(validate(case.expected, "comparison")) == []


# Where it comes from


@by_name(INPUTS)
def test_an_input_is_the_one_its_provenance_describes(case: InputCase) -> None:
    assert hashlib.sha256(case.input_file.read_bytes()).hexdigest() == case.provenance["sha256"]


@by_name(INPUTS)
def test_provenance_says_who_printed_it_and_where_it_is_from(case: InputCase) -> None:
    provenance = case.provenance
    required = {"kind", "from", "sha256"} | ({"argv", "tool"} if isinstance(case, CommandCase) else set())
    assert required <= provenance.keys() <= required | {"oracle"}
    assert provenance["kind"] in ("captured", "published", "synthetic")
    assert len(provenance["from"].split()) >= 3
    assert not re.search(r"(?:^| )/|[A-Z]:\\", provenance["from"])
    assert ("oracle" in provenance) == any(case.path.glob("oracle.*"))
    if isinstance(case, CommandCase):
        assert all(isinstance(word, str) for word in provenance["argv"])
        assert provenance["tool"]


@by_name([case for case in command_cases() if case.provenance["argv"]])
def test_the_command_line_of_a_case_is_one_of_its_command(case: CommandCase) -> None:
    assert [command.name for command in registry().values() if command.produced_by(case.provenance["argv"])] == [
        case.command
    ]


@pytest.mark.parametrize("command", sorted({case.command for case in command_cases()}))
def test_no_command_has_only_cases_made_by_hand(command: str) -> None:
    assert any(case.provenance["kind"] != "synthetic" for case in command_cases(command))


def published_on_the_page() -> list[CommandCase]:
    published = [case for case in command_cases() if case.provenance["kind"] == "published"]
    return [case for case in published if case.provenance["from"].startswith("AKS Networking Overview")]


def test_what_the_published_page_quotes_is_a_case_byte_for_byte() -> None:
    page = (CORPUS / "transcripts/aks-networking-part-2/input.md").read_bytes().split(b"\n")
    published = published_on_the_page()
    assert len(published) == 12
    for case in published:
        lines = re.fullmatch(r".*; lines? (\d+)(?: to (\d+))?", case.provenance["from"])
        assert lines is not None
        first, last = int(lines[1]), int(lines[2] or lines[1])
        assert case.input_file.read_bytes() == b"\n".join(page[first - 1 : last]) + b"\n"


# Recognition

EMPTY = {"brctl_show/azure-transparent-node-without-bridges"}


@by_name([case for name, case in NAMED.items() if name not in EMPTY])
def test_the_command_is_recognised_from_its_output(case: CommandCase) -> None:
    assert parse(case.text, strict=False).command == case.command


@pytest.mark.parametrize("name", sorted(EMPTY))
def test_no_output_at_all_may_be_of_any_command(name: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse(NAMED[name].text, strict=False)
    assert [(diagnostic.code, diagnostic.message) for diagnostic in caught.value.diagnostics] == [
        ("ambiguous-output", "there is no text: any command may have printed nothing; name the command")
    ]


@pytest.mark.parametrize("text", ["6502\n", "6502\n14140\n", "\n6502\n-1\n"])
def test_a_number_alone_is_taken_for_a_process_with_a_reservation(text: str) -> None:
    parsed = parse(text, strict=False)
    assert (parsed.command, parsed.diagnostics[0].severity, parsed.diagnostics[0].code) == (
        "docker_inspect",
        "warning",
        "assumed-command",
    )
    assert parsed.diagnostics[0].text == "6502"
    assert parsed[0].pid == 6502


@pytest.mark.parametrize("text", ["Linux node 5.15.0\n", "up 3 days\n", "6502 nginx\n", "nginx\n", "yes\n"])
def test_a_text_that_could_be_anything_is_not_guessed(text: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse(text, strict=False)
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == ["unrecognised-output"]


def test_a_beginning_that_says_nothing_leaves_two_outputs_in_doubt() -> None:
    both = f"???\n{NAMED['route/published'].text}{NAMED['ip_addr/published-in-pod'].text}"
    with pytest.raises(ParseError) as caught:
        parse(both, strict=False)
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, diagnostic.line) == ("ambiguous-output", 1)
    assert diagnostic.message == "the text may be the output of route or ip_addr; name the command"


@pytest.mark.parametrize("begin", [0, 0.1, 0.25, 0.5, 2 / 3, 0.9, 1], ids=str)
def test_an_output_without_its_beginning_is_never_taken_for_that_of_another_command(begin: float) -> None:
    wrong = []
    for name, case in NAMED.items():
        lines = split_lines(case.text)
        cut = lines[1:] if begin == 1 else lines[int(len(lines) * begin) :]
        try:
            found = parse("\n".join(cut), strict=False).command
        except ParseError as error:
            found = error.diagnostics[0].code
        known = {case.command, "unrecognised-output"} if any(map(str.strip, cut)) else {"ambiguous-output"}
        wrong += [(name, found)] if found not in known else []
    assert wrong == []


def has_errors(case: CommandCase) -> bool:
    return any(diagnostic["severity"] == "error" for diagnostic in case.expected["diagnostics"])


@by_name([case for case in command_cases() if has_errors(case)])
def test_a_text_that_is_not_all_understood_raises_with_the_rest_when_strict(case: CommandCase) -> None:
    with pytest.raises(ParseError) as caught:
        registry()[case.command].parse(case.text, source="input.txt", argv=case.provenance["argv"])
    assert caught.value.parsed == case.parsed
    assert caught.value.diagnostics == case.parsed.diagnostics


@by_name(command_cases())
def test_the_public_function_of_a_command_reads_the_same(case: CommandCase) -> None:
    function = getattr(aksparse, f"parse_{case.command}")
    more = {"argv": case.provenance["argv"]} if case.command in ("brctl_showmacs", "cni_conf", "docker_inspect") else {}
    parsed = function(case.text, source=case.input_file.name, strict=False, **more)
    assert (parsed.records, parsed.diagnostics) == (case.parsed.records, case.parsed.diagnostics)


# Variants of a text


@pytest.mark.parametrize(
    ("name", "same_as"),
    [
        ("ip_addr/crlf", "ip_addr/published-in-pod"),
        ("ip_addr/no-break-blanks", "ip_addr/published-in-pod"),
        ("ip_addr/noise", "ip_addr/published-in-pod"),
        ("route/crlf", "route/published"),
        ("route/noise", "route/published"),
        ("iptables/no-break-blanks", "iptables/published-postrouting"),
        ("iptables/ptp-node-1.8.11", "iptables/ptp-node"),
        ("kubectl_get/crlf", "kubectl_get/published-nodes"),
    ],
)
def test_line_ends_blanks_noise_and_versions_make_no_difference(name: str, same_as: str) -> None:
    assert NAMED[name].parsed.records == NAMED[same_as].parsed.records


@pytest.mark.parametrize("more", ["zoo-numbered", "zoo-verbose", "zoo-exact-numbered", "zoo-legacy"])
def test_more_columns_add_to_a_rule_and_change_nothing_else(more: str) -> None:
    added = {"num": None, "pkts": None, "bytes": None, "counters_approximate": None}
    interfaces = {"in_interface": None, "out_interface": None}
    for plain, chain in zip(NAMED["iptables/zoo"].parsed, NAMED[f"iptables/{more}"].parsed, strict=True):
        without = []
        for rule in chain.rules:
            negated = tuple(name for name in rule.negated if name not in interfaces)
            without.append(attrs.evolve(rule, **added, **interfaces, negated=negated))
        kept = attrs.evolve(chain, rules=tuple(without), pkts=None, bytes=None, counters_approximate=None)
        assert kept == plain


def test_the_kind_that_kubectl_puts_before_names_of_several_resources_is_not_part_of_them() -> None:
    several = NAMED["kubectl_get/several-resources-wide"].parsed
    alone = [
        record for view in ("nodes-wide", "services", "pods-wide") for record in NAMED[f"kubectl_get/{view}"].parsed
    ]
    assert [(record.kind, record.name) for record in several] == [(record.kind, record.name) for record in alone]


@by_name([case for case in command_cases("docker_inspect") if "{" in case.text and case.parsed.understood])
def test_a_document_of_a_container_is_in_its_record_whole(case: CommandCase) -> None:
    documents = json.loads(case.text)
    assert [container.document for container in case.parsed] == (
        documents if isinstance(documents, list) else [documents]
    )


# Seed document


def test_the_published_page_holds_what_a_reader_finds_in_it() -> None:
    (page,) = (case for case in transcript_cases() if case.path.name == "aks-networking-part-2")
    outputs = {(output.command, output.line): output for output in page.transcript.outputs}
    assert {place: len(output) for place, output in outputs.items()} == {
        ("az_aks_create", 28): 1,
        ("assignment", 54): 1,
        ("az_aks_create", 57): 1,
        ("kubectl_get", 69): 3,
        ("docker_ps", 78): 2,
        ("docker_inspect", 87): 1,
        ("ip_addr", 91): 2,
        ("brctl_show", 117): 1,
        ("route", 130): 6,
        ("iptables", 149): 1,
        ("kubectl_get", 173): 3,
        ("kubectl_get", 180): 5,
    }
    assert page.transcript.all_diagnostics == ()
    assert len(outputs["brctl_show", 117][0].interfaces) == 5
    assert len(outputs["iptables", 149][0].rules) == 3
    assert outputs["docker_inspect", 87][0].pid == 6502
    assert outputs["ip_addr", 91].pid == 6502
    settings = to_builtins(outputs["az_aks_create", 28][0])
    assert settings["network_plugin"] == "azure"
    assert settings["service_cidr"] == "10.200.0.0/16"
    assert settings["dns_service_ip"] == "10.200.0.10"


def test_each_published_case_is_what_the_page_yields_there() -> None:
    (page,) = (case for case in transcript_cases() if case.path.name == "aks-networking-part-2")
    published = published_on_the_page()
    found = [(output.command, output.records) for output in page.transcript.outputs]
    for case in published:
        assert (case.command, case.parsed.records) in found


# The tools' own JSON

# `ip -j -d addr` says more than `ip addr`: these keys stand in no line of the text.
ONLY_IN_IP_JSON = {
    *("promiscuity", "allmulti", "min_mtu", "max_mtu", "linkinfo", "num_tx_queues", "num_rx_queues"),
    *("gso_max_size", "gso_max_segs", "tso_max_size", "tso_max_segs", "gro_max_size"),
    *("gso_ipv4_max_size", "gro_ipv4_max_size", "ifalias"),
}


@by_name(cases_with_oracle("ip_addr"))
def test_ip_addr_agrees_with_ip_json_key_by_key(case: CommandCase) -> None:
    for record, judge in zip(to_builtins(case.parsed.records), case.oracle, strict=True):
        if "link_netns" in record:
            # Where the namespace has a name the text shows that in place of its number.
            del record["link_netns"], judge["link_netnsid"]
        left_out = set() if "-d" in case.provenance["argv"] else ONLY_IN_IP_JSON
        said = {key.replace("-", "_"): value for key, value in judge.items() if key not in left_out}
        assert record == {"addr_info": [], **said}


@by_name(cases_with_oracle("ip_route"))
def test_ip_route_agrees_with_ip_json_key_by_key(case: CommandCase) -> None:
    details = "-d" in case.provenance["argv"]
    assert_same_routes(to_builtins(case.parsed.records), case.oracle, details=details)


@by_name(cases_with_oracle("ip_rule"))
def test_ip_rule_agrees_with_ip_json_key_by_key(case: CommandCase) -> None:
    assert to_builtins(case.parsed.records) == [said_by_text_of_rule(judge) for judge in case.oracle]


@by_name(cases_with_oracle("ip_neigh"))
def test_ip_neigh_agrees_with_ip_json_key_by_key(case: CommandCase) -> None:
    assert to_builtins(case.parsed.records) == said_by_text(case.oracle)


@by_name([*cases_with_oracle("bridge_link"), *cases_with_oracle("bridge_fdb")])
def test_bridge_link_and_bridge_fdb_agree_with_bridge_json_key_by_key(case: CommandCase) -> None:
    # An entry that the bridge has learned has an empty state there, and none here.
    judge = [{key: value for key, value in entry.items() if (key, value) != ("state", "")} for entry in case.oracle]
    assert to_builtins(case.parsed.records) == judge


def by_client(client: str) -> list[CommandCase]:
    return [case for case in cases_with_oracle("docker_ps") if case.provenance["argv"][0] == client]


@by_name(by_client("docker"))
def test_docker_ps_agrees_with_the_clients_json(case: CommandCase) -> None:
    columns = columns_of(case.provenance["argv"])
    for container, judge in zip(case.parsed, case.oracle, strict=True):
        said = as_docker_json(container)
        if "State" not in columns:
            assert said.pop("State") == judge["State"]  # it follows from the status
        assert without_times(said) == without_times(said_by_docker(judge, columns))


def without_times(said: dict[str, str]) -> dict[str, str]:
    """The table and the JSON were asked for one after the other."""
    return {key: without_time(text) if key in ("RunningFor", "Status") else text for key, text in said.items()}


def without_time(text: str) -> str:
    return re.sub(r"(?:Less than a|About an?|[0-9]+) (?:second|minute)s?", "TIME", text)


@by_name(by_client("podman"))
def test_podman_ps_agrees_with_podmans_json(case: CommandCase) -> None:
    for container, judge in zip(case.parsed, case.oracle, strict=True):
        assert container.tool == "podman"
        assert judge["Id"].startswith(container.id)
        assert container.names == tuple(judge["Names"])
        if container.status is not None:
            status = judge["Status"] if container.labels is None else judge["Status"].removesuffix(" (starting)")
            assert without_time(container.status) == without_time(status)
        assert container.exit_code in (judge["ExitCode"], None)
        if container.state is not None:
            assert container.state == judge["State"]
        if container.image is not None:
            assert container.image == judge["Image"]
            agrees_with_arguments(container, judge["Command"] or [])
            assert [port_text(port) for port in container.ports] == [
                podmans_port(port) for port in judge["Ports"] or []
            ]
        if container.size is not None:
            assert container.pod == (judge["Pod"] or None)
            assert container.pod_name == ("pod1" if judge["Pod"] else None)  # the JSON had no names of pods
            assert container.pause == judge["IsInfra"]
        if container.labels is not None:
            assert container.labels == (judge["Labels"] or {})
            assert container.labels_ambiguous == any(" " in value for value in container.labels.values())
            assert container.mounts == tuple(judge["Mounts"])
            assert container.networks == tuple(judge["Networks"])


def agrees_with_arguments(container: Any, arguments: list[str]) -> None:
    """An infra container's own command is not in the table."""
    command = " ".join(arguments)
    if container.command is None:
        assert container.pause
    elif container.command_truncated:
        assert len(command) > len(container.command)
        assert command.encode()[:17].decode() == container.command
    else:
        assert command == container.command


def podmans_port(port: dict[str, Any]) -> str:
    last = f"-{port['host_port'] + port['range'] - 1}" if port["range"] > 1 else ""
    last_inside = f"-{port['container_port'] + port['range'] - 1}" if port["range"] > 1 else ""
    where = f"{port['host_ip'] or '0.0.0.0'}:{port['host_port']}{last}"
    return f"{where}->{port['container_port']}{last_inside}/{port['protocol']}"


@by_name(cases_with_oracle("kubectl_get"))
def test_kubectl_get_agrees_with_the_json_of_the_cluster(case: CommandCase) -> None:
    for record, judge in zip(to_builtins(case.parsed.records), case.oracle["items"], strict=True):
        assert record["kind"] == judge["kind"].lower()
        assert record["name"] == judge["metadata"]["name"]
        assert record.get("namespace") == judge["metadata"].get("namespace")
        {"pod": judge_pod, "node": judge_node, "service": judge_service}[record["kind"]](record, judge)


def judge_pod(pod: Any, judge: Any) -> None:
    containers = judge["status"].get("containerStatuses", [])
    initial = judge["status"].get("initContainerStatuses", []) if pod["status"].startswith("Init") else []
    assert pod.get("ip") == judge["status"].get("podIP")
    assert pod.get("node") == judge["spec"].get("nodeName")
    assert pod["restarts"] == sum(container["restartCount"] for container in initial or containers)
    assert pod["ready"] == sum(container["ready"] for container in containers)


def judge_node(node: Any, judge: Any) -> None:
    # kubectl shows the first address of a type.
    addresses = {address["type"]: address["address"] for address in reversed(judge["status"]["addresses"])}
    info = judge["status"]["nodeInfo"]
    assert node["internal_ip"] == addresses["InternalIP"]
    assert node.get("external_ip") == addresses.get("ExternalIP")
    assert node["version"] == info["kubeletVersion"]
    assert node["os_image"] == info["osImage"]
    assert node["kernel_version"] == f"{info['kernelVersion']} ({info['architecture']})"
    assert node["container_runtime"] == info["containerRuntimeVersion"]
    assert ("SchedulingDisabled" in node["status"]) == judge["spec"].get("unschedulable", False)


def judge_service(service: Any, judge: Any) -> None:
    spec = judge["spec"]
    assert service["type"] == spec["type"]
    assert service["headless"] == (spec.get("clusterIP") == "None")
    assert service.get("cluster_ip", "None" if service["headless"] else None) == spec.get("clusterIP")
    ports = [{key: port[name] for key, name in PORT_KEYS.items() if port.get(name)} for port in spec.get("ports", [])]
    assert service["ports"] == ports
    assert service.get("selector") == spec.get("selector")
    assert set(spec.get("externalIPs", [])) <= set(service["external_ip"])


PORT_KEYS = {"port": "port", "node_port": "nodePort", "protocol": "protocol"}


AZURE_TABLES = [
    ("az_aks_show/kubenet-table", "az_aks_show/kubenet-json"),
    ("az_route_table/every-next-hop-table", "az_route_table/every-next-hop-json"),
    ("az_route_table/kubenet-table", "az_route_table/kubenet-json"),
    ("az_subnet_list/table", "az_subnet_list/json"),
]


@pytest.mark.parametrize(("table", "document"), AZURE_TABLES)
def test_a_table_of_azure_says_what_the_json_of_the_same_says(table: str, document: str) -> None:
    rows, objects = to_builtins(NAMED[table].parsed.records), to_builtins(NAMED[document].parsed.records)
    assert rows
    for row, judge in zip(rows, objects, strict=True):
        assert row.items() <= judge.items()
        left_out = judge.keys() - row.keys() - {"id", "etag", "type", "other"}
        assert all(
            isinstance(judge[key], list | dict) or judge[key].startswith("/")
            for key in left_out - {"node_resource_group"}
        )


def test_every_oracle_has_been_asked() -> None:
    asked = {case.command for case in command_cases() if any(case.path.glob("oracle.*"))}
    assert asked == {
        "ip_addr",
        "ip_route",
        "ip_rule",
        "ip_neigh",
        "bridge_link",
        "bridge_fdb",
        "docker_ps",
        "kubectl_get",
    }
    assert len(cases_with_oracle("ip_addr")) >= 8
    assert len(by_client("docker")) >= 4
    assert len(by_client("podman")) >= 3
    assert len(cases_with_oracle("kubectl_get")) >= 3


# Blessing


def diagnostic(line: int, code: str, message: str = "") -> dict[str, Any]:
    return {"line": line, "code": code, "message": message}


@pytest.mark.parametrize(
    ("old", "new", "gains"),
    [
        ({}, {"diagnostics": [diagnostic(1, "a")]}, True),
        ({"diagnostics": [diagnostic(1, "a")]}, {"diagnostics": [diagnostic(1, "a", "other words")]}, False),
        ({"diagnostics": [diagnostic(1, "a")]}, {"diagnostics": [diagnostic(2, "a")]}, True),
        ({"diagnostics": [diagnostic(1, "a")]}, {"diagnostics": [diagnostic(1, "a"), diagnostic(1, "a")]}, True),
        ({"diagnostics": [diagnostic(1, "a")]}, {"diagnostics": []}, False),
        ({"outputs": []}, {"outputs": [{"diagnostics": [diagnostic(1, "a")]}]}, True),
    ],
)
def test_blessing_refuses_what_gains_a_diagnostic(old: Any, new: Any, gains: bool) -> None:
    assert bool(gained(old, new)) == gains


@by_name(all_cases())
def test_expected_files_keep_to_lines_a_reader_can_take_in(case: Case) -> None:
    lines = split_lines(case.expected_file.read_text(encoding="utf-8"))
    too_long = [line for line in lines if len(line) > WIDTH + 1 and re.match(r' *(?:"\w+": )?[\[{]', line)]
    assert too_long == []
