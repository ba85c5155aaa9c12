"""`kubectl get`: the fast reading of pods is the general one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from aksparse import parse
from aksparse.commands import kubectl_get
from aksparse.commands.kubectl_get import Pod, parse_kubectl_get
from aksparse.kubernetes.tables import find_header
from tests.corpus import command_cases

if TYPE_CHECKING:
    from aksparse import Parsed

CELLS = (
    *("0/1", "12/12", "Running", "Init:0/1", "0", "5", "5 (3h2m ago)", "5 (x ago)", "(3h ago)", "61s", "5d23h", "34"),
    *("<none>", "<unknown>", "<invalid>", "<pending>", "10.1.2.3", "10.1.2.300", "fd00::1", "pod/a", "aks-vmss000000"),
    *("a", "\u4f60\u597d", "\t", "-", "1/x", "99999999999999999999", ""),
)
PODS = sorted(
    {
        line
        for case in command_cases("kubectl_get")
        for pod in case.parsed
        if isinstance(pod, Pod)
        for line in case.text.splitlines()[pod.line - 1 : pod.line]
    }
)
HEADERS = (
    "NAME READY STATUS RESTARTS AGE",
    "NAMESPACE NAME READY STATUS RESTARTS AGE",
    "NAME READY STATUS RESTARTS AGE IP NODE",
    "NAMESPACE NAME READY STATUS RESTARTS AGE IP NODE NOMINATED NODE READINESS GATES",
)


@st.composite
def rows(draw: st.DrawFn) -> str:
    """A row of a pod in which some cells were replaced, doubled or left out."""
    cells = draw(st.sampled_from(PODS)).split()
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(cells)))
        cells[place : place + draw(st.integers(0, 1))] = [draw(st.sampled_from(CELLS))]
    return draw(st.sampled_from((" ", "   ", "  \t "))).join(cells)


def read_generally(text: str) -> Parsed[Any]:
    """Read with the general grammar alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kubectl_get, "_FAST_POD_ROWS", dict.fromkeys(kubectl_get._FAST_POD_ROWS, kubectl_get._NO_ROW))
        return parse_kubectl_get(text, strict=False)


def test_there_are_rows_of_pods() -> None:
    assert len(PODS) > 100


@given(st.sampled_from(HEADERS), st.lists(st.sampled_from(PODS) | rows(), max_size=4))
@example(HEADERS[2], ["nginx 1/1 Running 0 61s <other> node"])
@example(HEADERS[0], ["nginx 1/1 Running 0 <other>"])
@settings(max_examples=1500, deadline=None, suppress_health_check=list(HealthCheck))
def test_pods_are_read_fast_as_the_general_grammar_reads_them(header: str, lines: list[str]) -> None:
    text = "\n".join([header, *lines])
    parsed, expected = parse_kubectl_get(text, strict=False), read_generally(text)
    assert parsed == expected
    assert (parsed.ignored, parsed.recorded) == (expected.ignored, expected.recorded)


def test_what_may_be_the_labels_of_a_service_is_taken_for_its_selector_with_a_reservation() -> None:
    row = "web   ClusterIP   10.0.0.1   <none>   80/TCP   5d   app=web"
    parsed = parse_kubectl_get(row)
    assert [(diagnostic.code, diagnostic.severity) for diagnostic in parsed.diagnostics] == [
        ("assumed-column", "warning")
    ]
    wide, labelled = (
        parse_kubectl_get(row, argv=("kubectl", "get", "svc", "--no-headers", option))
        for option in ("-owide", "--show-labels")
    )
    assert list(wide) == list(parsed)
    assert (labelled[0].labels, wide.diagnostics, labelled.diagnostics) == ({"app": "web"}, (), ())


def row_of(line: str, *words: str) -> Any:
    """The record of a row without a header."""
    (record,) = parse_kubectl_get(line, argv=("kubectl", "get", *words, "--no-headers") if words else None)
    return record


def test_a_row_without_a_header_is_one_of_the_columns_that_were_asked_for() -> None:
    pod = row_of("kube-system   web   1/1   Running   0   5d")
    assert (pod.kind, pod.namespace, pod.name) == ("pod", "kube-system", "web")
    node = row_of("aks-1   Ready   agent   5d   v1.30.1", "nodes", "-A")
    assert (node.kind, node.name) == ("node", "aks-1")
    pod = row_of(
        "ADDED   web   1/1   Running   0   5d   blue", "pods", "-wL", "example.com/colour", "--output-watch-events"
    )
    assert (pod.name, pod.columns) == ("web", {"EVENT": "ADDED", "COLOUR": "blue"})
    event = row_of("5m    Warning   BackOff   pod/web   Back-off restarting failed container", "events")
    assert (event.type, event.object) == ("Warning", "pod/web")


@pytest.mark.parametrize("case", ["nodes", "nodes-wide", "services", "pods", "pods-wide", "pods-all-namespaces"])
def test_rows_are_recognised_without_their_header(case: str) -> None:
    (found,) = (found for found in command_cases("kubectl_get") if found.path.name == case)
    _, *rows = found.text.splitlines()
    parsed = parse("\n".join(rows), strict=False)
    assert parsed.command == "kubectl_get"
    assert list(parsed) == list(found.parsed)


def test_a_table_is_of_its_kind_whatever_stands_in_its_first_row() -> None:
    parsed = parse_kubectl_get(f"{HEADERS[1]}\ndefault web\ndefault   web   1/1   Running   0   5d", strict=False)
    assert [record.kind for record in parsed] == ["pod"]
    assert [diagnostic.line for diagnostic in parsed.diagnostics] == [2]


def test_cells_behind_a_wide_one_are_told_by_where_they_stand() -> None:
    cells = (("a", "x", (7, 9, 7)), ("a-very-long-name", "", (19, 9, 7)), ("b", "", (19, 9, 7)))
    rows = [f"{name:{at}}{'red':{colour}}{note:{last}}5d" for name, note, (at, colour, last) in cells]
    parsed = parse_kubectl_get("\n".join(("NAME   COLOUR   NOTE   AGE", *rows)))
    assert [record.columns for record in parsed] == [
        {"COLOUR": "red", "NOTE": "x"},
        {"COLOUR": "red", "NOTE": ""},
        {"COLOUR": "red", "NOTE": ""},
    ]


@pytest.mark.parametrize(
    ("line", "starts"),
    [
        *(("NAME   TWO WORDS", (0, 7)), ("  NAME      TWO WORDS ", (2, 12)), ("NAME  TWO WORDS", None)),
        *(("X NAME   TWO WORDS", None), ("NAME   X TWO WORDS", None), ("NAME   TWO WORDS X", None), ("NAME", None)),
    ],
)
def test_a_header_of_chosen_columns_has_them_all_and_no_others(line: str, starts: tuple[int, ...] | None) -> None:
    header = find_header(line, ("NAME", "TWO WORDS"))
    assert (header and header.starts) == starts


def test_the_name_of_a_chosen_column_may_have_a_blank() -> None:
    argv = ("kubectl", "get", "pods", "-o", "custom-columns=POD NAME:.metadata.name")
    parsed = parse_kubectl_get("POD NAME\nweb-1\nweb-2\n", argv=argv)
    assert [record.columns for record in parsed] == [{"POD NAME": "web-1"}, {"POD NAME": "web-2"}]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("I1127 17:05:24.000000   12345 request.go:697] Waited for 1.1s due to throttling", "client-log"),
        ("Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice", "deprecation"),
        ("No resources found in default namespace.", "no-resources"),
    ],
)
def test_what_kubectl_says_beside_its_tables_is_set_aside_by_name(line: str, name: str) -> None:
    assert parse_kubectl_get(f"{line}\n{HEADERS[0]}\nweb   1/1   Running   0   5d").ignored[1] == name
