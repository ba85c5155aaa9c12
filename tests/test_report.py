"""Comparisons as people read them."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import get_args, get_type_hints

import attrs
import pytest
from rich.console import Console
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from aksparse import Comparison, build_wiring, compare, describe, load_capture
from aksparse.architecture.description import ASPECTS, Architecture
from aksparse.report import MOST_LINES, description_to_markdown, print_comparison, print_description, to_markdown
from aksparse.statement import _PARTS, Description, tell

CAPTURES = Path(__file__).parents[1] / "corpus/captures"
PAIRS = [("lab-kubenet", "lab-azure-cni"), ("kubenet", "azure-cni")]

every_pair = pytest.mark.parametrize(("left", "right"), PAIRS, ids=["labs", "published"])


class TextFile(SingleFileSnapshotExtension):
    """Snapshots that are read like the report itself."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"


class MarkdownFile(TextFile):
    file_extension = "md"


def compared(*paths: Path) -> Comparison:
    left, right = (describe(build_wiring(load_capture(path))) for path in paths)
    return compare(left, right)


def shipped(left: str, right: str) -> Comparison:
    return compared(CAPTURES / left, CAPTURES / right)


def mixed_page(directory: Path) -> Path:
    """A page that shows two clusters as one."""
    page = "```\naz aks create -g RG -n one --network-plugin azure\n```\n\n"
    page += f"```\nbrctl show\n{(CAPTURES / 'kubenet/brctl_show.txt').read_text()}```\n"
    path = directory / "page.md"
    path.write_text(page)
    return path


def printed(report: Comparison | Description, width: int = 80, *, terminal: bool = False) -> str:
    file = io.StringIO()
    console = Console(
        file=file,
        width=width,
        force_terminal=terminal or None,
        color_system="standard" if terminal else "auto",
        highlight=False,
    )
    if isinstance(report, Description):
        print_description(report, console)
    else:
        print_comparison(report, console)
    return file.getvalue()


@every_pair
def test_the_text_of_a_comparison_is_what_was_read_and_approved(
    left: str, right: str, snapshot: SnapshotAssertion
) -> None:
    assert printed(shipped(left, right)) == snapshot(extension_class=TextFile)


@every_pair
def test_the_markdown_of_a_comparison_is_what_was_read_and_approved(
    left: str, right: str, snapshot: SnapshotAssertion
) -> None:
    assert to_markdown(shipped(left, right)) == snapshot(extension_class=MarkdownFile)


@every_pair
def test_the_text_does_not_depend_on_the_width_of_the_terminal(left: str, right: str) -> None:
    comparison = shipped(left, right)
    assert printed(comparison, 20) == printed(comparison, 1000)


@every_pair
def test_there_are_colours_only_on_a_terminal(left: str, right: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    comparison = shipped(left, right)
    plain = printed(comparison)
    coloured = printed(comparison, 10_000, terminal=True)
    assert "\x1b" not in plain
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_there_are_no_colours_when_the_environment_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    coloured = printed(shipped(*PAIRS[0]), 200, terminal=True)
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]", coloured)


@every_pair
def test_both_forms_say_every_fact_with_its_evidence(left: str, right: str) -> None:
    comparison = shipped(left, right)
    text, markdown = printed(comparison), to_markdown(comparison)
    for aspect in comparison.aspects:
        assert aspect.title in text
        assert aspect.title in markdown
        for side in (aspect.left, aspect.right):
            said = side.summary or side.reason or ""
            assert said in text
            assert said.replace("*", r"\*") in markdown
            for line in side.evidence[:MOST_LINES]:
                shown = f"{line}  {line.text.expandtabs().strip()}"
                assert shown in text
                assert aspect.outcome != "differs" or shown in markdown
        if aspect.meaning:
            assert aspect.meaning in text
            assert aspect.meaning.replace("*", r"\*") in markdown


@every_pair
def test_the_differences_come_first_and_their_number_is_said(left: str, right: str) -> None:
    comparison = shipped(left, right)
    text = printed(comparison).splitlines()
    differences = len(comparison.having("differs"))
    assert text[1].startswith(f"{differences} differences, ")
    assert text[3] == "DIFFERENCES"
    assert text[5] == comparison.having("differs")[0].title


def test_one_difference_is_one_difference() -> None:
    comparison = shipped(*PAIRS[0])
    one = attrs.evolve(comparison, aspects=comparison.having("differs")[:1])
    assert printed(one).splitlines()[1] == "1 difference"


def test_what_is_left_out_of_the_evidence_is_counted() -> None:
    comparison = shipped(*PAIRS[0])
    (aspect,) = [aspect for aspect in comparison.aspects if aspect.name == "pod_addressing"]
    more = len(aspect.left.evidence) - MOST_LINES
    assert more > 0
    for form in (printed(comparison), to_markdown(comparison)):
        assert f"and {more} more lines" in form
        assert str(aspect.left.evidence[-1]) not in form.split("Pod addresses\n")[1].split("Address plan\n")[0]


@pytest.mark.parametrize("name", ["a|b", "a*b_c", "[bold]x", "`x`", "<script>", "a\\|b"])
def test_no_name_breaks_the_table_or_the_text(name: str) -> None:
    comparison = attrs.evolve(shipped(*PAIRS[1]), left=name)
    markdown = to_markdown(comparison)
    rows = [line for line in markdown.splitlines() if line.startswith("|")]
    assert len(rows) == len(comparison.aspects) + 2
    for row in rows:
        assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) == 5, row
    assert name in printed(comparison)


@every_pair
def test_the_markdown_is_a_title_a_table_and_a_section_per_difference(left: str, right: str) -> None:
    comparison = shipped(left, right)
    markdown = to_markdown(comparison)
    assert markdown.startswith(f"# {left} compared with {right}\n\n")
    sections = [line.removeprefix("## ") for line in markdown.splitlines() if line.startswith("## ")]
    contradicted = [a for a in comparison.aspects if any(s.evidence and not s.known for s in (a.left, a.right))]
    expected = {aspect.title for aspect in (*comparison.having("differs"), *contradicted)}
    assert sections == [aspect.title for aspect in comparison.aspects if aspect.title in expected]
    rows = [line for line in markdown.splitlines() if line.startswith("|")]
    assert rows[1] == "|---|---|---|---|"
    assert [row.split(" | ")[0].removeprefix("| ") for row in rows[2:]] == [a.title for a in comparison.aspects]
    assert "\n\n\n" not in markdown


def test_both_forms_show_the_lines_that_contradict_each_other(tmp_path: Path) -> None:
    comparison = compared(mixed_page(tmp_path), CAPTURES / "kubenet")
    for form in (printed(comparison), to_markdown(comparison)):
        assert "unknown: contradiction: no one mode shows " in form
        assert "page.md:2  az aks create -g RG -n one --network-plugin azure" in form
        assert "page.md:8  cbr0        8000.160c0cac5660  no           veth9423965c" in form


def test_both_forms_say_what_only_one_side_shows() -> None:
    comparison = shipped("kubenet", "azure-cni")
    assert "  note       known of kubenet alone: version\n" in printed(comparison)
    cells = "| docker 19.3.12 | docker (version not shown) | same; known of kubenet alone: version |"
    assert cells in to_markdown(comparison)


def field_names() -> dict[str, set[str]]:
    """By fact, the parts that are compared and have no name of their own."""
    hints = get_type_hints(Architecture)
    classes = {name: next(get_args(kind)[0] for kind in get_args(hints[name]) if get_args(kind)) for name in ASPECTS}
    return {
        name: {
            field.name
            for field in attrs.fields(cls)
            if not field.metadata.get("instance") and not field.metadata.get("version") and field.name != name
        }
        for name, cls in classes.items()
    }


def test_each_part_that_is_compared_has_words_and_no_word_is_of_none() -> None:
    words = {name: set(_PARTS.get(name, {})) for name in ASPECTS}
    assert words == field_names()
    assert _PARTS.keys() <= set(ASPECTS)


@every_pair
def test_no_report_shows_the_name_of_a_field(left: str, right: str) -> None:
    comparison = shipped(left, right)
    names = {part for parts in field_names().values() for part in parts if "_" in part}
    for form in (printed(comparison), to_markdown(comparison)):
        assert not [name for name in names if re.search(rf"\b{name}\b(?! =)", form)]


def test_a_part_of_ipv6_is_told_as_such_and_behind_those_of_ipv4() -> None:
    left, right = (
        describe(build_wiring(load_capture(CAPTURES.parent / f"modes/lab-{name}-dual")))
        for name in ("kubenet", "azure-overlay")
    )
    text = printed(compare(left, right))
    assert "prefix length of a pod's address: 24 -> 16; prefix length of a pod's address (IPv6): 64 -> 56\n" in text
    assert "nodes that the pod CIDR has room for (IPv6), " in text


def test_nothing_of_a_list_is_said_in_a_word() -> None:
    left, right = (
        describe(build_wiring(load_capture(CAPTURES.parent / f"modes/lab-azure-{name}"))) for name in ("npm", "cilium")
    )
    text = printed(compare(left, right))
    assert "plugins behind it: portmap -> none\n" in text


# One node.


def told(path: Path) -> Description:
    return tell(describe(build_wiring(load_capture(path))))


every_node = pytest.mark.parametrize("name", sorted(path.name for path in CAPTURES.iterdir()))


def test_the_text_of_a_description_is_what_was_read_and_approved(snapshot: SnapshotAssertion) -> None:
    assert printed(told(CAPTURES / "kubenet")) == snapshot(extension_class=TextFile)


def test_the_markdown_of_a_description_is_what_was_read_and_approved(snapshot: SnapshotAssertion) -> None:
    assert description_to_markdown(told(CAPTURES / "kubenet")) == snapshot(extension_class=MarkdownFile)


@every_node
def test_both_forms_of_a_description_say_every_fact_with_its_evidence(name: str) -> None:
    description = told(CAPTURES / name)
    text, markdown = printed(description), description_to_markdown(description)
    assert text == printed(description, 1000)
    assert re.sub(r"\x1b\[[0-9;]*m", "", printed(description, 1000, terminal=True)) == text
    for fact in description.facts:
        assert fact.title in text
        assert fact.title in markdown
        assert (fact.meaning is not None) == fact.fact.known
        for said in filter(None, (fact.fact.summary, fact.fact.reason, fact.meaning)):
            assert said in text
            assert said.replace("*", r"\*") in markdown
        for line in fact.fact.evidence[:MOST_LINES]:
            shown = f"{line}  {line.text.expandtabs().strip()}"
            assert shown in text
            assert shown in markdown
    assert "\n\n\n" not in text + markdown


def test_a_description_counts_what_is_known_and_ends_with_what_would_show_more() -> None:
    description = told(CAPTURES / "azure-cni")
    known = sum(fact.fact.known for fact in description.facts)
    lines = printed(description).splitlines()
    assert lines[:2] == ["azure-cni", f"{known} known, {len(ASPECTS) - known} unknown"]
    commands = lines[-1].removeprefix("Would show more: ").split(", ")
    assert set(commands) == {command for fact in description.facts for command in fact.fact.commands}
    # What is missing most: the node's own interfaces and routes.
    assert {"ip addr", "route -n"} <= set(commands[:3])


def test_contradictions_of_a_node_come_first(tmp_path: Path) -> None:
    description = told(mixed_page(tmp_path))
    assert description.contradictory
    text = printed(description).splitlines()
    assert text[1].startswith("2 contradictions, ")
    assert text[3:6] == ["CONTRADICTIONS", "", "Network mode"]
    assert text[6].startswith("  unknown: contradiction: no one mode shows ")
    assert "      page.md:2  az aks create -g RG -n one --network-plugin azure" in text


@pytest.mark.parametrize("width", [50, 80])
@pytest.mark.parametrize("report", [shipped("lab-kubenet", "lab-azure-cni"), told(CAPTURES / "kubenet")])
def test_a_terminal_gets_text_wrapped_beside_its_label(report: Comparison | Description, width: int) -> None:
    """Elsewhere each text is one line; the words are the same, and lines of evidence stay whole."""
    elsewhere = printed(report, width)
    on_terminal = re.sub(r"\x1b\[[0-9;]*m", "", printed(report, width, terminal=True))
    assert on_terminal.split() == elsewhere.split()
    whole = elsewhere.splitlines()
    wrapped = [line for line in on_terminal.splitlines() if line not in whole]
    assert wrapped
    assert all(len(line) <= width or len(re.split(r"\s{2,}", line.strip())[-1].split()) == 1 for line in wrapped)
    assert {line for line in whole if len(line) > width and re.search(r":\d+  ", line)} <= {*on_terminal.splitlines()}


def test_a_terminal_without_room_gets_text_all_the_same() -> None:
    comparison = shipped("lab-kubenet", "lab-azure-cni")
    on_terminal = re.sub(r"\x1b\[[0-9;]*m", "", printed(comparison, 1, terminal=True))
    assert on_terminal.split() == printed(comparison).split()


def test_yes_and_no_are_said_in_words() -> None:
    text = printed(shipped("lab-kubenet", "lab-azure-cni"))
    assert "the uplink is a port as well: no -> yes" in text
    assert not re.search(r"\b(?:True|False)\b", text)
