"""What a fact about a node is: known, with the lines that prove it, or unknown, with what would show it.

Inside a value `None` means that this part is not known. Values say what a network engineer compares between two nodes:
roles ("the bridge", "the node's subnet"), not names. What belongs to this one node, such as its addresses, is in the
value too, marked as `INSTANCE`: it is shown, and not compared.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Any, Generic, TypeVar

import attrs

from aksparse.capture.model import Evidence

T = TypeVar("T")

INSTANCE = {"instance": True}
"""Metadata of a field that belongs to this one node and takes no part in a comparison."""


@attrs.frozen(kw_only=True)
class Known(Generic[T]):
    """A fact and the lines that prove it.

    Attributes:
        value: what is the case.
        evidence: the lines.
    """

    value: T
    evidence: tuple[Evidence, ...]


@attrs.frozen(kw_only=True)
class Unknown:
    """A fact that the capture does not show.

    Attributes:
        reason: why not.
        commands: the commands whose output would show it.
        evidence: the lines that contradict each other, if that is the reason.
        contradictory: whether that is the reason.
    """

    reason: str
    commands: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    contradictory: bool = False


Fact = Known[T] | Unknown


def instance(default: Any = None) -> Any:
    """A field of a value that belongs to this one node."""
    return attrs.field(default=default, metadata=INSTANCE)


def known(value: T, evidence: Iterable[Evidence]) -> Known[T]:
    """A fact, each line of its evidence once."""
    return Known(value=value, evidence=tuple(dict.fromkeys(evidence)))


def contradiction(reason: str, *evidence: Iterable[Evidence]) -> Unknown:
    """A fact that some lines say otherwise than others."""
    lines = chain.from_iterable(evidence)
    return Unknown(reason=f"contradiction: {reason}", evidence=tuple(dict.fromkeys(lines)), contradictory=True)


def count(items: Iterable[object], noun: str) -> str:
    """How many there are, such as `3 pod ports`."""
    number = len(tuple(items))
    return f"{number} {noun}{'' if number == 1 else 's'}"


def listing(items: Iterable[object]) -> str:
    """All of them, with commas between."""
    return ", ".join(map(str, items)) or "nothing"


def both(items: Iterable[object]) -> str:
    """All of them, with `and` before the last."""
    *others, last = [str(item) for item in items] or ["nothing"]
    return f"{', '.join(others)} and {last}" if others else last
