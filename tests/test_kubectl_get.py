"""`kubectl get`: the fast reading of pods is the general one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from aksparse.commands import kubectl_get
from aksparse.commands.kubectl_get import Pod, parse_kubectl_get
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
