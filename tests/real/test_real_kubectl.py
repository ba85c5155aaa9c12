"""`kubectl get` prints tables of a server as the records say: every cell that the server sent is in its record."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from aksparse.commands.kubectl_get import Deployment, Job, OtherResource, Pod, parse_kubectl_get
from aksparse.kubernetes.request import read_request
from tests.real import kubectl_kinds as kinds
from tests.real.conftest import unavailable
from tests.real.kubectl_kinds import SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from stubs import Answers

pytestmark = pytest.mark.real

Row = tuple[dict[str, Any], list[str]]  # the metadata, and the cells

RESOURCES = {
    "pods": ("/api/v1", "v1", "Pod", "Name|Ready|Status|Restarts|Age", "IP|Node|Nominated Node|Readiness Gates"),
    "deployments": (
        *("/apis/apps/v1", "apps/v1", "Deployment", "Name|Ready|Up-to-date|Available|Age"),
        "Containers|Images|Selector",
    ),
    "jobs": (
        *("/apis/batch/v1", "batch/v1", "Job", "Name|Status|Completions|Duration|Age"),
        "Containers|Images|Selector",
    ),
    "widgets": ("/apis/example.com/v1", "example.com/v1", "Widget", "Name|Colour|Note|Age", "Last Words|Size"),
}
STATUSES = (
    *("Running", "Pending", "Completed", "CrashLoopBackOff", "Init:0/1", "Init:CrashLoopBackOff", "OOMKilled"),
    *("PodInitializing", "ContainerStatusUnknown", "Terminating", "ExitCode:137", "Signal:9", "Init:Signal:9"),
    *("NodeLost", "SchedulingGated", "Evicted", "OutOfcpu", "Unknown"),
)
WORDS = ("red", "<none>", "", "two words", "\u4f60\u597d", "Stra\u00dfe 5", "a,b", "x=y", "5 (3h ago)")


class Server:
    """A stub API server, and the real kubectl asking it."""

    def __init__(self, answers: Answers, environment: Mapping[str, str]) -> None:
        self.answers, self.environment = answers, {**os.environ, **environment}

    def kubectl(self, *arguments: str) -> str:
        done = subprocess.run(
            ("kubectl", *arguments), env=self.environment, capture_output=True, text=True, check=False, timeout=300
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def hold(self, name: str, rows: list[Row], watched: Sequence[Row] = ()) -> None:
        """Answer with a table of these metadata and cells, and with these changes when it is watched."""
        *_, plain, wide = RESOURCES[name]
        columns = [(column, 0) for column in plain.split("|")] + [(column, 1) for column in wide.split("|")]
        events = [{"type": "MODIFIED", "object": self.table(columns, [row])} for row in watched]
        self.answer(RESOURCES[name][0], name, self.table(columns, rows), events)

    def answer(self, path: str, name: str, table: Any, events: Any) -> None:
        for whole in (f"{path}/{name}", f"{path}/namespaces/default/{name}"):
            self.answers[whole] = table
            self.answers[f"{whole}?watch"] = events

    def table(self, columns: Sequence[tuple[str, int]], rows: list[Row]) -> dict[str, Any]:
        return {
            "kind": "Table",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": {"resourceVersion": "1"},
            "columnDefinitions": [
                {"name": column, "type": "string", "format": "name" * (column == "Name"), "priority": priority}
                for column, priority in columns
            ],
            "rows": [
                {"cells": cells}
                | {"object": {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata}}
                for metadata, cells in rows
            ],
        }


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if shutil.which("kubectl") is None:
        unavailable("kubectl is not installed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(Path(__file__).parents[1] / "lab"), *sys.path])
        from stubs import kubernetes_api
    directory = tmp_path_factory.mktemp("kubectl")
    answers: Answers = {"/api": {"kind": "APIVersions", "versions": ["v1"]}}
    served = [(path, version, name, kind, True) for name, (path, version, kind, *_) in RESOURCES.items()]
    served += [(each.path, each.group, each.name, each.kind, each.namespaced) for each in kinds.RESOURCES]
    groups: dict[str, dict[str, Any]] = {}
    for path, version, name, kind, namespaced in served:
        resource = {"name": name, "singularName": kind.lower(), "kind": kind, "namespaced": namespaced}
        resource["verbs"] = ["get", "list", "watch"]
        listed = cast(
            "Any", answers.setdefault(path, {"kind": "APIResourceList", "groupVersion": version, "resources": []})
        )
        listed["resources"].append(resource)
        if "/" in version:
            preferred = {"groupVersion": version, "version": version.partition("/")[2]}
            group = version.partition("/")[0]
            groups[group] = {"name": group, "versions": [preferred], "preferredVersion": preferred}
    answers["/apis"] = {"kind": "APIGroupList", "apiVersion": "v1", "groups": list(groups.values())}
    with kubernetes_api(answers, directory) as environment:
        yield Server(answers, environment)


def random_row(chance: random.Random, name: str) -> list[str]:
    """The cells of a row behind its name."""
    age = chance.choice(list(SECONDS))
    count, total = str(chance.randint(0, 12)), str(chance.randint(0, 12))
    workload = [
        chance.choice(("web", "fe,sidecar")),
        "nginx:1.19",
        chance.choice(("app=web", "<none>", "a=b,c in (d,e)")),
    ]
    if name == "pods":
        restarts = chance.choice((count, f"{count} ({chance.choice([*SECONDS, '<invalid>'])} ago)"))
        address = chance.choice(("<none>", f"10.1.{count}.{total}", f"fd00::{count}"))
        place = [
            address,
            chance.choice(("<none>", "aks-nodepool1-27511634-vmss000001")),
            "<none>",
            chance.choice(("<none>", "1/2")),
        ]
        return [f"{count}/{total}", chance.choice(STATUSES), restarts, age, *place]
    if name == "deployments":
        return [f"{count}/{total}", total, count, age, *workload]
    if name == "jobs":
        completions = chance.choice((f"{count}/{total}", f"{count}/1 of {total}"))
        return [chance.choice(("Complete", "Failed")), completions, chance.choice(("", age)), age, *workload]
    return [chance.choice(WORDS), chance.choice(WORDS), age, chance.choice(WORDS), chance.choice(WORDS)]


def assert_cells(record: Any, name: str, cells: list[str], *, wide: bool) -> None:
    """The record says what the cells say."""
    own, *rest = cells
    assert record.name == own
    if name == "pods":
        ready, status, restarts, age, *place = rest
        assert isinstance(record, Pod)
        assert (f"{record.ready}/{record.containers}", record.status) == (ready, status)
        count, _, last = restarts.partition(" (")
        assert record.restarts == int(count)
        known = last.removesuffix(" ago)").replace("<invalid>", "")
        assert record.last_restart == (seconds(known) if known else None)
        expected = [None if cell == "<none>" else cell for cell in place]
        assert [record.ip, record.node, record.nominated_node, record.readiness_gates] == (
            [ip_address(expected[0]) if expected[0] else None, *expected[1:]] if wide else [None] * 4
        )
    elif name == "deployments":
        ready, up_to_date, available, age, *workload = rest
        assert isinstance(record, Deployment)
        assert (f"{record.ready}/{record.desired}", str(record.up_to_date), str(record.available)) == (
            ready,
            up_to_date,
            available,
        )
        assert_workload(record, workload if wide else None)
    elif name == "jobs":
        status, completions, duration, age, *workload = rest
        assert isinstance(record, Job)
        printed = f"{record.succeeded}/{record.completions}"
        if record.parallelism is not None:
            printed = f"{record.succeeded}/1 of {record.parallelism}"
        assert (record.status, printed) == (status, completions)
        assert record.duration == (seconds(duration) if duration else None)
        assert_workload(record, workload if wide else None)
    else:
        colour, note, age, last_words, size = rest
        assert isinstance(record, OtherResource)
        expected_columns = {"COLOUR": colour, "NOTE": note}
        if wide:
            expected_columns |= {"LAST WORDS": last_words, "SIZE": size}
        assert (record.columns or {}).items() >= expected_columns.items()
    assert record.age == seconds(age)


def seconds(age: str) -> timedelta:
    return timedelta(seconds=SECONDS[age])


def assert_workload(record: Any, cells: list[str] | None) -> None:
    if cells is None:
        assert record.containers is record.images is record.selector is None
        return
    containers, images, selector = cells
    assert (",".join(record.containers), ",".join(record.images)) == (containers, images)
    terms = [f"{key}={value}" for key, value in record.selector.items()]
    assert (",".join([*terms, *record.selector_expressions]) or "<none>") == selector


def random_rows(chance: random.Random, name: str) -> list[Row]:
    rows = []
    for number in range(chance.randint(1, 12)):
        labels = {
            key: value
            for key, value in (("app", "web"), ("tier", "x-1"), ("example.com/node", "n"))
            if chance.random() < 0.6
        }
        own = f"{chance.choice(('a', 'b-long-name-of-it'))}-{number}"
        metadata = {"name": own, "namespace": chance.choice(("default", "kube-system")), "labels": labels}
        rows.append((metadata, [own, *random_row(chance, name)]))
    return rows


def assert_label_columns(record: Any, labels: dict[str, str], options: Sequence[str]) -> None:
    """What `-L` asks for is in columns of its own, even if one is called as a column of the kind is."""
    for key in ("tier", "example.com/node"):
        if f"-L{key}" in options:
            assert record.columns[key.rpartition("/")[2].upper()] == labels.get(key, "")


@pytest.mark.parametrize("name", RESOURCES)
def test_random_tables_read_as_the_server_sent_them(name: str, server: Server) -> None:
    chance = random.Random(name)
    for _ in range(36):
        rows = random_rows(chance, name)
        server.hold(name, rows)
        choices = ("-A", "--show-labels", "-owide", "-Ltier", "-Lexample.com/node", "--show-kind")
        options = [option for option in choices if chance.random() < 0.5]
        argv = ("get", name, *options)
        parsed = parse_kubectl_get(server.kubectl(*argv), argv=("kubectl", *argv))
        assert len(parsed) == len(rows)
        for record, (metadata, cells) in zip(cast("Any", parsed), rows, strict=True):
            assert_cells(record, name, cells, wide="-owide" in options)
            assert record.namespace == (metadata["namespace"] if "-A" in options else None)
            assert record.labels == (metadata["labels"] if "--show-labels" in options else None)
            assert_label_columns(record, metadata["labels"], options)


@pytest.mark.parametrize("name", ["pods", "deployments", "jobs"])
def test_rows_without_a_header_read_as_the_server_sent_them(name: str, server: Server) -> None:
    chance = random.Random(name)
    for _ in range(8):
        rows = random_rows(chance, name)
        server.hold(name, rows)
        choices = [(), ("-owide",), ("-A", "-owide"), ("-A", "--show-labels"), ("-owide", "--show-labels")]
        if name != "jobs":  # of which another cell may be empty, too: that it is either is not in the text
            choices.append(("-Ltier",))
        argv = ("get", name, "--no-headers", *chance.choice(choices))
        parsed = parse_kubectl_get(server.kubectl(*argv), argv=("kubectl", *argv))
        for record, (metadata, cells) in zip(cast("Any", parsed), rows, strict=True):
            assert_cells(record, name, cells, wide="-owide" in argv)
            assert record.labels == (metadata["labels"] if "--show-labels" in argv else None)
            assert_label_columns(record, metadata["labels"], argv)


@pytest.mark.parametrize("name", ["pods", "deployments", "jobs"])
def test_rows_that_drift_from_their_header_read_as_the_server_sent_them(name: str, server: Server) -> None:
    chance = random.Random(name)
    for _ in range(25):
        rows, changes = random_rows(chance, name), random_rows(chance, name)
        server.hold(name, rows, changes)
        argv = ("get", name, "--watch", *chance.choice(((), ("-owide",), ("-A", "-owide"), ("--output-watch-events",))))
        parsed = parse_kubectl_get(server.kubectl(*argv), argv=("kubectl", *argv))
        assert len(parsed) == len(rows) + len(changes)
        for number, (record, (_, cells)) in enumerate(zip(parsed, (*rows, *changes), strict=True)):
            assert_cells(record, name, cells, wide="-owide" in argv)
            if "--output-watch-events" in argv:
                assert cast("Any", record).columns == {"EVENT": "ADDED" if number < len(rows) else "MODIFIED"}


def test_several_resources_at_once_read_as_the_server_sent_them(server: Server) -> None:
    chance = random.Random("several")
    for _ in range(6):
        held = {name: random_rows(chance, name) for name in RESOURCES}
        for name, rows in held.items():
            server.hold(name, rows)
        argv = ("get", ",".join(RESOURCES), *chance.choice(((), ("-owide",), ("-A", "-owide"))))
        records = iter(parse_kubectl_get(server.kubectl(*argv), argv=("kubectl", *argv)))
        for name, rows in held.items():
            for _, cells in rows:
                assert_cells(next(records), name, cells, wide="-owide" in argv)
        assert next(records, None) is None


def random_cells(chance: random.Random, resource: kinds.Resource, name: str) -> list[str]:
    return [chance.choice(column.cells) if column.cells else name for column in resource.columns]


def held_of_every_kind(chance: random.Random, server: Server) -> dict[str, list[Row]]:
    held: dict[str, list[Row]] = {}
    for resource in kinds.RESOURCES:
        held[resource.name] = []
        for number in range(chance.randint(2, 6)):
            own = f"{chance.choice(('a', 'a-long.name-of-it'))}-{number}"
            metadata = {"name": own, "namespace": chance.choice(("default", "kube-system")), "labels": {"app": own}}
            if not resource.namespaced:
                del metadata["namespace"]
            held[resource.name].append((metadata, random_cells(chance, resource, own)))
        columns = [(column.name, int(column.wide)) for column in resource.columns]
        rows = held[resource.name]
        changes = [{"type": "MODIFIED", "object": server.table(columns, [row])} for row in rows]
        server.answer(resource.path, resource.name, server.table(columns, rows), changes)
    return held


def assert_row(record: Any, resource: kinds.Resource, row: Row, options: Sequence[str]) -> None:
    """The record says every cell again that was printed."""
    metadata, cells = row
    for column, cell in zip(resource.columns, cells, strict=True):
        if column.wide and "-owide" not in options:
            continue
        where = (resource.name, column.name, cell)
        if not column.cells:
            assert record.name == cell, where
        elif column.said:
            assert column.said(record) == cell.replace("<invalid>", "<unknown>"), where
        else:
            assert record.columns[column.name.upper()] == cell, where
    if "--show-labels" in options:
        assert record.labels == metadata["labels"]
    if resource.namespaced:
        assert record.namespace == (metadata["namespace"] if "-A" in options else None)


OPTIONS_OF_ALL = ((), ("-owide",), ("-A",), ("-A", "-owide", "--show-labels"), ("--show-labels",))


@pytest.mark.parametrize("options", OPTIONS_OF_ALL, ids=" ".join)
def test_every_kind_in_one_output_reads_as_the_server_sent_it(options: tuple[str, ...], server: Server) -> None:
    held = held_of_every_kind(random.Random(str(options)), server)
    argv = ("get", ",".join(held), *options)
    records = iter(parse_kubectl_get(server.kubectl(*argv), argv=("kubectl", *argv)))
    for resource in kinds.RESOURCES:
        for row in held[resource.name]:
            assert_row(next(records), resource, row, options)
    assert next(records, None) is None


@pytest.mark.parametrize("resource", kinds.RESOURCES, ids=lambda resource: resource.name)
def test_a_kind_that_is_watched_reads_as_the_server_sent_it(resource: kinds.Resource, server: Server) -> None:
    chance = random.Random(resource.name)
    rows = held_of_every_kind(chance, server)[resource.name]
    argv = ("get", resource.name, "-w", *chance.choice(OPTIONS_OF_ALL))
    parsed = parse_kubectl_get(server.kubectl(*argv), argv=("kubectl", *argv))
    for record, row in zip(parsed, [*rows, *rows], strict=True):
        assert_row(record, resource, row, argv)


CHOICES = {
    "NAME": ".metadata.name",
    "NAMESPACE": ".metadata.namespace",
    "POD IP": ".status.podIP",
    "images": ".spec.containers[*].image",
    "LABELS": ".metadata.labels",
    "Note": ".metadata.annotations.note",
    "AGE": ".metadata.creationTimestamp",
}
NOTES = ("one", "two words", "wide  gap", "a/b", "<none>", "NAME", "\u4f60\u597d", "x=y,z")


def random_pod(chance: random.Random, number: int) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": f"pod-{number}", "creationTimestamp": "2026-11-27T10:00:00Z"}
    if chance.random() < 0.7:
        metadata |= {"annotations": {"note": chance.choice(NOTES)}}
    images = chance.choice((["nginx"], ["mcr.microsoft.com/oss/pause:3.6", "nginx"]))
    status = chance.choice(({}, {"podIP": "10.1.2.3"}, {"podIP": "fd00::3"}))
    return {"kind": "Pod", "apiVersion": "v1", "metadata": metadata, "status": status} | {
        "spec": {"containers": [{"image": image} for image in images]}
    }


def cells_of_pod(pod: dict[str, Any]) -> dict[str, str]:
    """What is printed of a pod under each of the choices; but the labels, which it has not."""
    metadata = pod["metadata"]
    return {
        "NAME": metadata["name"],
        "NAMESPACE": "default",  # where the client asked for them
        "POD IP": pod["status"].get("podIP", "<none>"),
        "images": ",".join(container["image"] for container in pod["spec"]["containers"]),
        "LABELS": "<none>",
        "Note": metadata.get("annotations", {}).get("note", "<none>"),
        "AGE": metadata["creationTimestamp"],
    }


@pytest.mark.parametrize("headers", [True, False], ids=["headers", "no headers"])
def test_chosen_columns_read_as_the_server_sent_them(headers: bool, server: Server) -> None:
    chance = random.Random("chosen")
    for _ in range(20):
        pods = [random_pod(chance, number) for number in range(chance.randint(1, 6))]
        server.answer("/api/v1", "pods", {"kind": "PodList", "apiVersion": "v1", "items": pods}, [])
        names = chance.sample(list(CHOICES), chance.randint(1, len(CHOICES)))
        spec = ",".join(f"{name}:{CHOICES[name]}" for name in names)
        argv = ("get", "pods", "-o", f"custom-columns={spec}", *(() if headers else ("--no-headers",)))
        parsed = parse_kubectl_get(server.kubectl(*argv), argv=("kubectl", *argv))
        for record, pod in zip(cast("Any", parsed), pods, strict=True):
            cells = {name: cell for name, cell in cells_of_pod(pod).items() if name in names}
            assert record.name == cells.pop("NAME", None)
            assert record.namespace == cells.pop("NAMESPACE", None)
            assert record.labels == ({} if cells.pop("LABELS", None) else None)
            assert (record.columns or {}) == cells


def test_a_line_break_in_a_chosen_column_is_flagged(server: Server) -> None:
    pods = [random_pod(random.Random(number), number) for number in range(3)]
    pods[1]["metadata"]["annotations"] = {"note": "one\ntwo"}
    server.answer("/api/v1", "pods", {"kind": "PodList", "apiVersion": "v1", "items": pods}, [])
    argv = ("get", "pods", "-o", "custom-columns=NAME:.metadata.name,NOTE:.metadata.annotations.note,X:.x")
    parsed = parse_kubectl_get(server.kubectl(*argv), argv=("kubectl", *argv))
    assert [(diagnostic.code, diagnostic.line) for diagnostic in parsed.diagnostics] == [
        ("short-row", 3),
        ("short-row", 4),
    ]


def test_names_alone_read_as_the_server_sent_them(server: Server) -> None:
    pods = [random_pod(random.Random(number), number) for number in range(4)]
    server.answer("/api/v1", "pods", {"kind": "PodList", "apiVersion": "v1", "items": pods}, [])
    argv = ("get", "pods", "-o", "name")
    parsed = parse_kubectl_get(server.kubectl(*argv), argv=("kubectl", *argv))
    assert [(record.resource, record.name) for record in cast("Any", parsed)] == [
        ("pod", pod["metadata"]["name"]) for pod in pods
    ]


@pytest.mark.parametrize("page", ["options", "get --help", "events --help"])
def test_each_option_that_kubectl_explains_is_known_to_have_a_value_or_none(page: str) -> None:
    if shutil.which("kubectl") is None:
        unavailable("there is no kubectl")
    done = subprocess.run(("kubectl", *page.split()), capture_output=True, text=True, check=True)
    explained = re.findall(r"^    (?:(-[a-zA-Z]), )?(--[a-z-]+)=(.*):$", done.stdout, re.MULTILINE)
    options = [(name, default) for *names, default in explained for name in names if name and name != "--raw"]
    assert len(options) > 5
    for name, default in options:
        value = () if default in ("true", "false") else ("services",)
        request = read_request(("kubectl", name, *value, "get", "pods"))
        assert request is not None, name
        assert [kind.name for kind in request.kinds or ()] == ["pod"], name
