"""The lab, built anew: its traffic, and what is recorded of it against the shipped recordings."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from aksparse import Comparison, build_wiring, compare, describe, load_capture

pytestmark = pytest.mark.real

CAPTURES = Path(__file__).parents[2] / "corpus/captures"
LAB = Path(__file__).parents[1] / "lab"
SIDES = ("lab-kubenet", "lab-azure-cni")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with both nodes, recorded just now."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(LAB), *sys.path])
        import record
    if lacking := record.missing():
        reason = f"the lab can't be built here without {', '.join(lacking)}"
        if os.environ.get("AKSPARSE_REQUIRE_REAL") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    directory = tmp_path_factory.mktemp("recorded")
    record.record(directory)
    return directory


def compared(directory: Path) -> Comparison:
    left, right = (describe(build_wiring(load_capture(directory / side))) for side in SIDES)
    return compare(left, right)


def without_names(summary: str | None) -> str:
    """A summary without what a CNI plugin or a tool's version picks at random."""
    return re.sub(r"\b(veth|azv)[0-9a-f]{6,}", r"\1*", summary or "")


@pytest.mark.parametrize("side", SIDES)
def test_what_the_tools_print_today_is_understood_to_the_last_line(recorded: Path, side: str) -> None:
    capture = load_capture(recorded / side)
    assert [str(diagnostic) for diagnostic in capture.diagnostics] == []
    assert list(build_wiring(capture).diagnostics) == []
    assert {o.source for o in capture.outputs} == {o.source for o in load_capture(CAPTURES / side).outputs}


@pytest.mark.parametrize("side", SIDES)
def test_every_pod_of_the_new_lab_is_paired_with_its_host_link(recorded: Path, side: str) -> None:
    new, kept = (build_wiring(load_capture(directory / side)).pods for directory in (recorded, CAPTURES))
    assert len(new) == 3
    for pod, shipped in zip(new, kept, strict=True):
        assert pod.host_link
        assert (pod.name, pod.address, pod.bridge) == (shipped.name, shipped.address, shipped.bridge)


def test_the_new_lab_differs_in_what_the_shipped_one_differs_in(recorded: Path) -> None:
    def said(comparison: Comparison) -> list[tuple[Any, ...]]:
        return [
            (
                aspect.name,
                aspect.outcome,
                aspect.changes,
                aspect.not_compared,
                without_names(aspect.left.summary),
                without_names(aspect.right.summary),
            )
            for aspect in comparison.aspects
        ]

    assert said(compared(recorded)) == said(compared(CAPTURES))
