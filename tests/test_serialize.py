"""Records as JSON, and the schemas they keep to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from ipaddress import IPv4Address, IPv4Network, IPv6Address
from pathlib import Path
from typing import Any

import attrs
import pytest
from jsonschema import Draft202012Validator

from aksparse import Parsed, build_wiring, compare, describe, load_capture, parse_docker_ps, parse_kubectl_get
from aksparse.capture.model import Manifest
from aksparse.command import registry
from aksparse.diagnostics import Diagnostic
from aksparse.records import PROVENANCE, Record
from aksparse.serialize import (
    UnknownSchema,
    fitting_schemas,
    make_schemas,
    nearest_schema,
    output_to_builtins,
    schema_names,
    schema_text,
    to_builtins,
    to_json,
    validate,
    write_schemas,
)
from aksparse.statement import tell
from tests.corpus import command_cases

ROOT = Path(__file__).parents[1]
CAPTURES = ROOT / "corpus/captures"
NAMES = sorted(path.name for path in CAPTURES.iterdir())


def corpus_inputs() -> list[tuple[str, Path]]:
    """Every input of the corpus with its command."""
    return [(path.parents[1].name, path) for path in sorted(ROOT.glob("corpus/commands/*/*/input.txt"))]


def outputs(name: str) -> tuple[Parsed[Any], ...]:
    return load_capture(CAPTURES / name).outputs


def records(value: Any) -> Iterator[Record]:
    """A record and all that are in it."""
    if isinstance(value, Record):
        yield value
    if attrs.has(type(value)):
        for field in attrs.fields(type(value)):
            yield from records(getattr(value, field.name))
    elif isinstance(value, tuple):
        for item in value:
            yield from records(item)


def keys(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
        for item in value.values():
            yield from keys(item)
    elif isinstance(value, list):
        for item in value:
            yield from keys(item)


# Records.


def test_the_corpus_has_inputs_for_every_command() -> None:
    assert {command for command, _ in corpus_inputs()} == registry().keys()


@pytest.mark.parametrize(
    ("command", "path"), corpus_inputs(), ids=lambda part: getattr(part, "parent", part).__str__()[-40:]
)
def test_every_record_of_the_corpus_is_the_same_after_json_and_keeps_to_its_schema(command: str, path: Path) -> None:
    text = path.read_bytes().decode("utf-8", errors="replace")
    parsed = registry()[command].parse(text, strict=False)
    builtins = to_builtins(parsed.records)
    assert json.loads(to_json(parsed.records)) == builtins
    assert list(validate(builtins, command)) == []
    assert list(validate(to_builtins(parsed.diagnostics), "diagnostics")) == []
    assert list(validate([output_to_builtins(parsed)], "outputs")) == []
    assert None not in [value for record in builtins for value in record.values()]
    assert not set(keys(builtins)) & set(PROVENANCE)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_absent_has_no_key_and_what_is_there_has_one(name: str) -> None:
    count = 0
    for output in outputs(name):
        for record, document in zip(output.records, to_builtins(output.records), strict=True):
            fields = {field.name for field in attrs.fields(type(record))} - set(PROVENANCE)
            assert document.keys() == {field for field in fields if getattr(record, field) is not None}
            count += 1
    assert count > 5


def test_values_are_text_numbers_and_lists_that_a_reader_can_turn_back() -> None:
    (links,) = [o for o in outputs("lab-kubenet") if o.source.endswith("/ip_addr.txt")]
    for link, document in zip(links, to_builtins(links.records), strict=True):
        for info, address in zip(link.addr_info, document["addr_info"], strict=True):
            kind = IPv4Address if info.family == "inet" else IPv6Address
            assert kind(address["local"]) == info.local
        assert (document["ifindex"], document["flags"]) == (link.ifindex, list(link.flags))
    (route, *_) = to_builtins(next(o for o in outputs("kubenet") if o.command == "route").records)
    assert IPv4Network((route["destination"], route["genmask"])) == IPv4Network("0.0.0.0/0")


def test_durations_are_seconds() -> None:
    text = "NAME  READY  STATUS  RESTARTS  AGE\nnginx  1/1  Running  5 (3h ago)  5d23h\n"
    (pod,) = to_builtins(parse_kubectl_get(text).records)
    assert (pod["age"], pod["last_restart"]) == (5 * 86400 + 23 * 3600, 3 * 3600)


@pytest.mark.parametrize("surrogate", ["\ud800", "x\udfffy"], ids=["alone", "between letters"])
def test_a_lone_surrogate_in_a_text_becomes_an_escape(surrogate: str) -> None:
    line = f'8bdb2bd78165  nginx{surrogate}  "/run"  2 days ago  Up 2 days  web\n'
    (container,) = parse_docker_ps(line)
    text = to_json(container)
    assert json.loads(text)["image"] == f"nginx{surrogate}"
    assert text.isascii()
    diagnostic = Diagnostic(code="x", message=surrogate, source="s", line=1)
    assert json.loads(to_json([diagnostic]))[0]["message"] == surrogate


def test_json_is_indented_by_two_and_the_same_with_and_without_escapes() -> None:
    (container,) = parse_docker_ps('8bdb2bd78165  nginx  "/docker-entrypoint.…"  2 days ago  Up 2 days  web\n')
    text = to_json(container)
    assert text.startswith('{\n  "id": "8bdb2bd78165",\n')
    assert json.dumps(json.loads(text), indent=2) == text


@pytest.mark.parametrize("name", NAMES)
def test_the_outputs_of_a_capture_keep_to_the_schema_of_outputs(name: str) -> None:
    document = [output_to_builtins(output) for output in outputs(name)]
    assert list(validate(document, "outputs")) == []
    assert json.loads(to_json(document)) == document


@pytest.mark.parametrize("right", NAMES)
@pytest.mark.parametrize("left", NAMES)
def test_a_comparison_is_the_same_after_json_and_keeps_to_its_schema(left: str, right: str) -> None:
    comparison = compare(*(describe(build_wiring(load_capture(CAPTURES / name))) for name in (left, right)))
    document = to_builtins(comparison)
    assert json.loads(to_json(comparison)) == document
    assert list(validate(document, "comparison")) == []
    assert "comparison" in fitting_schemas(document)


@pytest.mark.parametrize("name", NAMES)
def test_a_description_is_the_same_after_json_and_keeps_to_its_schema(name: str) -> None:
    description = tell(describe(build_wiring(load_capture(CAPTURES / name))))
    document = to_builtins(description)
    assert json.loads(to_json(description)) == document
    assert fitting_schemas(document) == ["architecture"]


@pytest.mark.parametrize("name", NAMES)
def test_a_manifest_keeps_to_its_schema(name: str) -> None:
    manifest: Manifest = load_capture(CAPTURES / name).manifest
    document = to_builtins(manifest)
    assert list(validate(document, "capture")) == []
    assert json.loads(to_json(manifest)) == document


def test_every_record_knows_where_it_was_read_and_its_json_does_not_say() -> None:
    found = [record for name in NAMES for output in outputs(name) for record in records(output.records)]
    assert len(found) > 300
    for record in found:
        assert record.origin
        assert record.line >= 1
        assert PROVENANCE[0] not in to_builtins(record)


# Schemas.


def test_the_schemas_in_the_repository_are_those_that_the_classes_make(tmp_path: Path) -> None:
    write_schemas(tmp_path)
    made = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    kept = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "schemas").iterdir()}
    assert made.keys() == kept.keys()
    for name in made:
        assert made[name] == kept[name], name
    assert len(kept) == len(registry()) + 5


@pytest.mark.parametrize("name", sorted(make_schemas()))
def test_every_schema_is_one_and_describes_every_field(name: str) -> None:
    schema = json.loads(schema_text(name))
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:aksparse:{name}"
    assert schema["title"]
    for definition in schema["$defs"].values():
        assert definition["title"]
        assert definition["additionalProperties"] is False
        for field, described in definition["properties"].items():
            assert described["description"], field
    used = set(re.findall(r"#/\$defs/(\w+)", schema_text(name)))
    assert used == schema["$defs"].keys()


def test_the_records_of_an_output_have_their_type_beside_what_they_are() -> None:
    """Ajv, which is strict by default, refuses a schema that has `items` without the type that it is about."""
    branches = json.loads(schema_text("outputs"))["items"]["allOf"]
    assert {branch["then"]["properties"]["records"].get("type") for branch in branches} == {"array"}


def test_an_unknown_schema_is_refused_and_the_known_ones_are_named() -> None:
    with pytest.raises(UnknownSchema) as caught:
        schema_text("../capture")
    assert (caught.value.name, caught.value.known) == ("../capture", schema_names())
    with pytest.raises(UnknownSchema):
        list(validate([], "nosuch"))


# Documents that a hand has broken.


def whole(schema: str) -> Any:
    """A document that is right by a schema."""
    if schema == "capture":
        return to_builtins(load_capture(CAPTURES / "lab-kubenet").manifest)
    if schema == "comparison":
        nodes = (describe(build_wiring(load_capture(CAPTURES / name))) for name in ("kubenet", "lab-azure-cni"))
        return to_builtins(compare(*nodes))
    if schema == "architecture":
        return to_builtins(tell(describe(build_wiring(load_capture(CAPTURES / "kubenet")))))
    if schema == "outputs":
        return [output_to_builtins(output) for output in outputs("lab-kubenet")]
    if schema == "diagnostics":
        return to_builtins(registry()["route"].parse("no route\n", strict=False).diagnostics)
    captured = (output for name in reversed(NAMES) for output in outputs(name) if output.command == schema)
    return to_builtins(next(captured, command_cases(schema)[0].parsed).records)


GONE = object()

BROKEN: list[tuple[str, tuple[str | int, ...], object, str, str]] = [
    ("ip_addr", (1, "mtu"), "1500", "$[1].mtu", "is not of type 'integer'"),
    ("ip_addr", (0, "ifname"), GONE, "$[0]", "'ifname' is a required property"),
    ("ip_addr", (0, "speed"), 10, "$[0]", "'speed' was unexpected"),
    ("ip_addr", (0, "addr_info", 0, "local"), "10.0.0.300", "$[0].addr_info[0].local", "is not a"),
    ("ip_route", (0, "dst"), GONE, "$[0]", "'dst' is a required property"),
    ("ip_rule", (0, "priority"), "0", "$[0].priority", "is not of type 'integer'"),
    ("ip_neigh", (0, "dst"), "node-1", "$[0].dst", "is not"),
    ("route", (0, "genmask"), "default", "$[0].genmask", "is not a 'ipv4'"),
    ("route", (0, "metric"), None, "$[0].metric", "is not of type 'integer'"),
    ("brctl_show", (0, "stp_enabled"), "no", "$[0].stp_enabled", "is not of type 'boolean'"),
    ("brctl_show", (0, "interfaces", 0), 1, "$[0].interfaces[0]", "is not of type 'string'"),
    ("brctl_showmacs", (0, "ageing_timer"), 1.5, "$[0].ageing_timer", "is not of type 'string'"),
    ("brctl_showstp", (0, "ports"), {}, "$[0].ports", "is not of type 'array'"),
    ("bridge_fdb", (0, "mac"), GONE, "$[0]", "'mac' is a required property"),
    ("bridge_link", (0, "cost"), "2", "$[0].cost", "is not of type 'integer'"),
    ("iptables", (0, "rules", 0, "protocol"), GONE, "$[0].rules[0]", "'protocol' is a required property"),
    ("iptables", (0, "rules", 0, "comment"), 7, "$[0].rules[0].comment", "is not of type 'string'"),
    ("cni_conf", (0, "plugins", 0, "ip_masq"), "no", "$[0].plugins[0].ip_masq", "is not of type 'boolean'"),
    ("iptables_save", (0, "table"), 7, "$[0].table", "is not of type 'string'"),
    ("crictl_ps", (0, "attempt"), "0", "$[0].attempt", "is not of type 'integer'"),
    ("crictl_pods", (0, "namespace"), GONE, "$[0]", "'namespace' is a required property"),
    ("docker_ps", (0, "kubernetes", "attempt"), "0", "$[0].kubernetes.attempt", "is not of type 'integer'"),
    ("kubectl_get", (0, "age"), -1, "$[0].age", "is less than the minimum"),
    ("kubectl_get", (0, "kind"), "pot", "$[0]", ""),
    ("docker_inspect", (0, "pid"), 1.5, "$[0].pid", "is not of type 'integer'"),
    ("az_aks_create", (0, "max_pods"), "30", "$[0].max_pods", "is not of type 'integer'"),
    ("az_aks_show", (0, "network_profile", "pod_cidr"), "10", "$[0].network_profile.pod_cidr", "does not match"),
    ("az_route_table", (0, "next_hop_ip_address"), "10.0.0", "$[0].next_hop_ip_address", "is not a"),
    ("az_subnet_list", (0, "name"), GONE, "$[0]", "'name' is a required property"),
    ("assignment", (0, "network"), "10.0.0.0", "$[0].network", "does not match"),
    ("capture", ("network", "pod_cidr"), "10", "$.network.pod_cidr", "does not match"),
    ("capture", ("outputs", 0, "argv"), "route -n", "$.outputs[0].argv", "is not of type 'array'"),
    ("capture", ("network", "route_table", 0, "address_prefix"), GONE, "$.network.route_table[0]", "required"),
    ("architecture", ("facts", 0, "fact", "known"), "yes", "$.facts[0].fact.known", "is not of type 'boolean'"),
    ("architecture", ("facts", 1, "title"), GONE, "$.facts[1]", "'title' is a required property"),
    ("comparison", ("aspects", 0, "outcome"), "other", "$.aspects[0].outcome", "is not one of"),
    ("comparison", ("aspects", 0, "left", "evidence", 0, "line"), "7", "$.aspects[0].left.evidence[0].line", "integer"),
    ("comparison", ("left",), GONE, "$", "'left' is a required property"),
    ("outputs", (0, "command"), "ifconfig", "$[0].command", "is not one of"),
    ("outputs", (0, "records"), {}, "$[0].records", "is not of type 'array'"),
    ("diagnostics", (0, "severity"), "fatal", "$[0].severity", "is not one of"),
]


def breaking(document: Any, path: tuple[str | int, ...], value: object) -> Any:
    *outer, last = path
    inner = document = deepcopy(document)
    for part in outer:
        inner = inner[part]
    if value is GONE:
        del inner[last]
    else:
        inner[last] = value
    return document


def test_a_document_of_every_schema_is_broken() -> None:
    assert {schema for schema, *_ in BROKEN} == set(schema_names())


@pytest.mark.parametrize(("schema", "path", "value", "told", "what"), BROKEN)
def test_what_is_wrong_is_told_by_path(
    schema: str, path: tuple[str | int, ...], value: object, told: str, what: str
) -> None:
    document = whole(schema)
    assert list(validate(document, schema)) == []
    problems = list(validate(breaking(document, path, value), schema))
    assert len(problems) == 1
    where, _, message = problems[0].partition(": ")
    assert where.startswith(told) if not what else where == told
    assert what in message


@pytest.mark.parametrize("schema", schema_names())
def test_the_nearest_schema_of_a_document_is_its_own_even_when_it_is_a_little_wrong(schema: str) -> None:
    document = whole(schema)
    if schema not in ("assignment", "docker_inspect", "az_aks_create", "iptables_save"):
        assert nearest_schema(document) == schema
    assert schema in fitting_schemas(document)
    for name, path, value, _, what in BROKEN:
        if name == schema and what and schema not in ("assignment", "docker_inspect", "az_aks_create", "iptables_save"):
            assert nearest_schema(breaking(document, path, value)) == schema


def test_records_of_an_output_are_held_to_the_schema_of_their_command() -> None:
    document = whole("outputs")
    (index,) = [
        i
        for i, output in enumerate(document)
        if output["source"].endswith("/route_n.txt") and "pod" not in output["source"]
    ]
    (problem,) = validate(breaking(document, (index, "records", 0, "gateway"), 1), "outputs")
    assert problem.startswith(f"$[{index}].records[0].gateway: ")
