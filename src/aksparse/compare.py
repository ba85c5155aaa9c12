"""The comparison of two nodes: fact against fact, never row against row."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import attrs

from aksparse.architecture.description import ASPECTS, Architecture
from aksparse.architecture.fact import Fact, Known
from aksparse.migration import to_check
from aksparse.statement import IPV6, TITLES, Statement, of_ipv6, parts, statement

Outcome = Literal["differs", "same", "unknown-left", "unknown-right", "unknown"]


@attrs.frozen(kw_only=True)
class Change:
    """A part of a value that differs.

    Attributes:
        part: the part, such as `plugin`.
        left: what it is on the left; absent when it is only on the right.
        right: what it is on the right; absent when it is only on the left.
    """

    part: str
    left: Any = None
    right: Any = None


@attrs.frozen(kw_only=True)
class Aspect:
    """One fact on both sides.

    Attributes:
        name: the name of the fact.
        title: its title.
        outcome: `differs`, `same`, or on which side it is unknown.
        left: the fact on the left.
        right: the fact on the right.
        changes: which parts differ.
        not_compared: the parts that only one side shows.
        meaning: what the difference means, in one sentence.
        to_check: what to check or do when a node goes from what it is on the left to what it is on the right.
    """

    name: str
    title: str
    outcome: Outcome
    left: Statement
    right: Statement
    changes: tuple[Change, ...] = ()
    not_compared: tuple[str, ...] = ()
    meaning: str | None = None
    to_check: str | None = None


@attrs.frozen(kw_only=True)
class Comparison:
    """The comparison of two nodes.

    Attributes:
        left: the name of the capture on the left.
        right: the name of the capture on the right.
        aspects: the facts, always all and in the same order.
    """

    left: str
    right: str
    aspects: tuple[Aspect, ...]

    def having(self, *outcomes: Outcome) -> tuple[Aspect, ...]:
        """The facts with one of these outcomes."""
        return tuple(aspect for aspect in self.aspects if aspect.outcome in outcomes)

    @property
    def same(self) -> bool:
        """Whether nothing differs and nothing, not even a part, is known of one side only."""
        return all(a.outcome in ("same", "unknown") and not a.not_compared for a in self.aspects)


def compare(left: Architecture, right: Architecture) -> Comparison:
    """Compare two nodes, fact by fact.

    Args:
        left: the architecture of one node, as `describe` tells it: where both are one node over time, the earlier.
        right: that of the other.

    Returns:
        All facts, each with its outcome; `having("differs")` are the differences.
    """
    names = (left.name, right.name)
    if left.name == right.name:
        names = (f"{left.name} (left)", f"{right.name} (right)")
    return Comparison(
        left=names[0],
        right=names[1],
        aspects=tuple(_aspect(name, names, getattr(left, name), getattr(right, name)) for name in ASPECTS),
    )


def _aspect(name: str, sides: tuple[str, str], left: Fact[Any], right: Fact[Any]) -> Aspect:
    changes: tuple[Change, ...] = ()
    not_compared: tuple[str, ...] = ()
    meaning = advice = None
    outcome: Outcome
    if isinstance(left, Known) and isinstance(right, Known):
        comparable = [_comparable(fact.value, other.value) for fact, other in ((left, right), (right, left))]
        not_compared = tuple(sorted(comparable[0].keys() ^ comparable[1].keys()))
        common = [{part: side[part] for part in side if part not in not_compared} for side in comparable]
        changes = tuple(_changes(*common))
        outcome = "differs" if changes else "same" if any(common) or not not_compared else "unknown"
        if changes:
            advice = to_check(name, left.value, right.value)
            meaning = _meaning(sides, left.value, right.value, changes)
    elif isinstance(left, Known) or isinstance(right, Known):
        outcome = "unknown-right" if isinstance(left, Known) else "unknown-left"
    else:
        outcome = "unknown"
    return Aspect(
        name=name,
        title=TITLES[name],
        outcome=outcome,
        left=statement(left),
        right=statement(right),
        changes=changes,
        not_compared=not_compared,
        meaning=meaning,
        to_check=advice,
    )


def _comparable(value: Any, other: Any) -> dict[str, Any]:
    """The parts that are compared, those of IPv6 among them where both nodes have it, which is a fact of its own."""
    found = parts(value, instance=False)
    of_ipv6_alone = found.pop("ipv6", {})
    if of_ipv6(value) is not None and of_ipv6(other) is not None:
        found |= {f"{IPV6}{part}": what for part, what in of_ipv6_alone.items()}
    return found


def _meaning(sides: tuple[str, str], left: Any, right: Any, changes: Iterable[Change]) -> str:
    """What a difference means, told of IPv6 by itself where it means something else for it."""
    told: dict[tuple[str, str], str] = {}
    versions = {change.part.startswith(IPV6) for change in changes}
    for version in sorted(versions):
        one, other = (left.ipv6, right.ipv6) if version else (left, right)
        means = one.meaning(), other.meaning()
        words = f"{'for IPv6, on' if version else 'on'} {sides[0]}, {means[0]}; on {sides[1]}, {means[1]}."
        told.setdefault(means, words[0].upper() + words[1:])
    return " ".join(told.values())


def _changes(left: dict[str, Any], right: dict[str, Any]) -> Iterable[Change]:
    """What DeepDiff finds, by part. The order of a list of roles means nothing."""
    from deepdiff import DeepDiff  # it takes long to import, and only values that are known on both sides need it

    tree = DeepDiff(left, right, ignore_order=True, view="tree")
    found: dict[str, Change] = {}
    for level in (level for levels in tree.values() for level in levels):
        part = level.path(output_format="list")[0]
        found[part] = Change(part=part, left=left.get(part), right=right.get(part))
    return (found[part] for part in sorted(found))
