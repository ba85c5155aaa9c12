"""The rules and sets of those who enforce network policies: Calico's felix, Azure NPM, Cilium."""

from __future__ import annotations

from plan import Node, Plan
from tables import Tables


def add(tables: Tables, plan: Plan, node: Node, family: int) -> None:
    """Add the rules of the mode's policy engine."""
    del tables, plan, node, family


def sets(plan: Plan, node: Node) -> str:
    """The sets that they match, in `ipset restore` form."""
    del plan, node
    return ""
