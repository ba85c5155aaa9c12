"""A node described, or two compared, for people: on a terminal, or as Markdown. Nothing is decided here."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

from rich.console import Console
from rich.text import Text

from aksparse.capture.model import Evidence
from aksparse.compare import Aspect, Comparison, Outcome
from aksparse.statement import IPV6, DescribedFact, Description, Statement, part_in_words, shown_by

MOST_LINES = 6
"""How many lines of evidence are shown for one side; the JSON has all."""
_NARROWEST = 30  # columns for the text beside a label, on however narrow a terminal

_SECTIONS: tuple[tuple[str, tuple[Outcome, ...]], ...] = (
    ("Differences", ("differs",)),
    ("Known on one side only", ("unknown-left", "unknown-right")),
    ("The same", ("same",)),
    ("Unknown on both sides", ("unknown",)),
)

_OUTCOMES: dict[Outcome, str] = {
    "differs": "differs",
    "same": "same",
    "unknown-left": "known on the right only",
    "unknown-right": "known on the left only",
    "unknown": "unknown",
}


def _headline(comparison: Comparison) -> str:
    counts = [(len(comparison.having(*outcomes)), title[0].lower() + title[1:]) for title, outcomes in _SECTIONS]
    return ", ".join(
        f"{count} {'difference' if (count, title) == (1, 'differences') else title}" for count, title in counts if count
    )


def _unknown(side: Statement) -> str:
    return f"unknown: {side.reason}{shown_by(side.commands)}"


def _changes(aspect: Aspect) -> str:
    def text(value: object) -> str:
        if isinstance(value, bool):
            return "yes" if value else "no"
        return (", ".join(map(str, value)) or "none") if isinstance(value, list) else str(value)

    return "; ".join(
        f"{part_in_words(aspect.name, change.part)}: {text(change.left)} -> {text(change.right)}"
        for change in sorted(aspect.changes, key=lambda change: change.part.startswith(IPV6))
    )


def _one_side_only(comparison: Comparison, aspect: Aspect) -> str:
    """Which parts are known of which side alone."""
    told = []
    for name, side in ((comparison.left, aspect.left), (comparison.right, aspect.right)):
        found = [part for part in aspect.not_compared if _has(side.value or {}, part)]
        if found:
            told.append(f"known of {name} alone: {', '.join(part_in_words(aspect.name, part) for part in found)}")
    return "; ".join(told)


def _has(value: dict[str, Any], part: str) -> bool:
    if part.startswith(IPV6):
        return part.removeprefix(IPV6) in value.get("ipv6", {})
    return part in value


def _lines(side: Statement) -> tuple[tuple[Evidence, ...], str]:
    """The lines of evidence to show, and what is left out."""
    more = len(side.evidence) - MOST_LINES
    return side.evidence[:MOST_LINES], f"and {more} more line{'' if more == 1 else 's'}" if more > 0 else ""


def print_comparison(comparison: Comparison, console: Console) -> None:
    """Print a comparison on a terminal, or without colours where there is none."""
    console.print(Text(f"{comparison.left} | {comparison.right}", style="bold"), soft_wrap=True)
    console.print(_headline(comparison), highlight=False, soft_wrap=True)
    for title, outcomes in _SECTIONS:
        aspects = comparison.having(*outcomes)
        if aspects:
            _print_section(title, (line for aspect in aspects for line in _aspect_lines(comparison, aspect)), console)


_Line = tuple[Text, Text | None]
"""A label, and the text beside it; without such text, a line that stays as it is."""


def _print_section(title: str, lines: Iterable[_Line], console: Console) -> None:
    console.print()
    console.print(Text(title.upper(), style="bold cyan"), soft_wrap=True)
    for label, text in lines:
        if text is None:
            console.print(label, soft_wrap=True)
        else:
            _print_beside(label, text, console)


def _print_beside(label: Text, text: Text, console: Console) -> None:
    """Text beside its label: wrapped there on a terminal, one line elsewhere, as programs that search lines want it."""
    lines = [text.plain]
    if console.is_terminal:
        width = max(console.width - len(label), _NARROWEST)
        lines = textwrap.wrap(text.plain, width, break_long_words=False, break_on_hyphens=False)
    for line in lines:
        console.print(Text.assemble(label, (line, text.style)), soft_wrap=True)
        label = Text(" " * len(label))


def _aspect_lines(comparison: Comparison, aspect: Aspect) -> Iterator[_Line]:
    yield Text(""), None
    yield Text(aspect.title, style="bold"), None
    width = max(len(comparison.left), len(comparison.right), len("differs"))
    for name, side in ((comparison.left, aspect.left), (comparison.right, aspect.right)):
        yield Text(f"  {name:{width}}  ", style="green"), _said(side)
        yield from _evidence_lines(side, width)
    for label, text in (
        ("differs", _changes(aspect)),
        ("means", aspect.meaning),
        ("check", aspect.to_check),
        ("note", _one_side_only(comparison, aspect)),
    ):
        if text:
            yield Text(f"  {label:{width}}  ", style="magenta"), Text(text)


def _said(side: Statement) -> Text:
    return Text(side.summary or "") if side.known else Text(_unknown(side), style="yellow")


def _evidence_lines(side: Statement, width: int) -> Iterator[_Line]:
    evidence, more = _lines(side)
    for line in evidence:
        yield Text(f"  {'':{width}}    {line}  {line.text.expandtabs().strip()}", style="dim"), None
    if more:
        yield Text(f"  {'':{width}}    {more}", style="dim"), None


def print_description(description: Description, console: Console) -> None:
    """Print the architecture of a node on a terminal, or without colours where there is none."""
    console.print(Text(description.name, style="bold"), soft_wrap=True)
    console.print(_count(description), highlight=False, soft_wrap=True)
    for title, facts in _kinds(description):
        if facts:
            _print_section(title, (line for fact in facts for line in _fact_lines(fact)), console)
    if description.commands:
        console.print()
        _print_beside(Text("Would show more: ", style="bold"), Text(", ".join(description.commands)), console)


def _kinds(description: Description) -> tuple[tuple[str, tuple[DescribedFact, ...]], ...]:
    """The facts in the order in which they are worth reading."""
    facts = description.facts
    return (
        ("Contradictions", tuple(told for told in facts if told.fact.contradiction)),
        ("Known", tuple(told for told in facts if told.fact.known)),
        ("Unknown", tuple(told for told in facts if not (told.fact.known or told.fact.contradiction))),
    )


def _count(description: Description) -> str:
    counts = [(len(facts), title.lower()) for title, facts in _kinds(description) if facts]
    return ", ".join(
        f"{count} {'contradiction' if (count, title) == (1, 'contradictions') else title}" for count, title in counts
    )


def _fact_lines(told: DescribedFact) -> Iterator[_Line]:
    yield Text(""), None
    yield Text(told.title, style="bold"), None
    yield Text("  "), _said(told.fact)
    yield from _evidence_lines(told.fact, 0)
    if told.meaning:
        yield Text("  means  ", style="magenta"), Text(told.meaning)


def description_to_markdown(description: Description) -> str:
    """The architecture of a node as Markdown: a table of what is known, a list of what is not, and the evidence."""
    facts = [(told.title, told.fact, told.meaning or "") for told in description.facts]
    rows = [f"| {title} | {_cell(fact.summary or '')} | {_cell(means)} |" for title, fact, means in facts if fact.known]
    unknown = [f"- {title}: {_cell(_unknown(fact))}" for title, fact, _ in facts if not fact.known]
    parts = [
        f"# {_cell(description.name)}\n\n{_count(description)}.\n",
        "\n".join(["| | | means |", "|---|---|---|", *rows, ""]),
        *(["\n".join([*unknown, ""])] if unknown else []),
        *(f"## {title}\n\n{_said_in_markdown(None, fact)}" for title, fact, _ in facts if fact.evidence),
    ]
    return "\n".join(parts)


def to_markdown(comparison: Comparison) -> str:
    """A comparison as Markdown: a table of all facts, then differences and contradictions with their evidence."""
    parts = [
        f"# {comparison.left} compared with {comparison.right}\n\n{_headline(comparison)}.\n",
        _table(comparison),
        *(
            _markdown_section(comparison, aspect)
            for aspect in comparison.aspects
            if aspect.outcome == "differs"
            or any(not side.known and side.evidence for side in (aspect.left, aspect.right))
        ),
    ]
    return "\n".join(parts)


def _table(comparison: Comparison) -> str:
    rows = [f"| | {_cell(comparison.left)} | {_cell(comparison.right)} | |", "|---|---|---|---|"]
    for aspect in comparison.aspects:
        cells = [_cell(side.summary or "") if side.known else "*unknown*" for side in (aspect.left, aspect.right)]
        outcome = "; ".join(filter(None, (_OUTCOMES[aspect.outcome], _cell(_one_side_only(comparison, aspect)))))
        rows.append(f"| {aspect.title} | {cells[0]} | {cells[1]} | {outcome} |")
    unknown = [
        f"- {aspect.title}, {_cell(name)}: {_cell(_unknown(side))}"
        for aspect in comparison.aspects
        for name, side in ((comparison.left, aspect.left), (comparison.right, aspect.right))
        if not side.known
    ]
    return "\n".join([*rows, "", *unknown, ""] if unknown else [*rows, ""])


def _cell(text: str) -> str:
    """Text that stays text in a Markdown table."""
    return "".join(f"\\{char}" if char in r"\|*_`<>[]" else char for char in text)


def _markdown_section(comparison: Comparison, aspect: Aspect) -> str:
    lines = [f"## {aspect.title}\n"]
    if aspect.meaning:
        lines.append(f"{_cell(aspect.meaning)}\n")
    if aspect.to_check:
        lines.append(f"From {_cell(comparison.left)} to {_cell(comparison.right)}: {_cell(aspect.to_check)}\n")
    sides = ((comparison.left, aspect.left), (comparison.right, aspect.right))
    return "\n".join([*lines, *(_said_in_markdown(name, side) for name, side in sides)])


def _said_in_markdown(name: str | None, side: Statement) -> str:
    """What is said, for whom where that is to be told, and the lines that prove it."""
    evidence, more = _lines(side)
    proof = "\n".join(f"    {line}  {line.text.expandtabs().strip()}" for line in evidence)
    says = (side.summary if side.known else _unknown(side)) or ""
    of_whom = f"{_cell(name)}: " if name is not None else ""
    return "\n".join(
        [f"{of_whom}{_cell(says)}\n", *([f"{proof}\n"] if proof else []), *([f"({more})\n"] if more else [])]
    )
