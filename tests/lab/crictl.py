"""What crictl would print of a node of a plan.

There is no crictl in the lab; this sets its tables as the client does (sigs.k8s.io/cri-tools, cmd/crictl: Go's
text/tabwriter with columns at least 20 wide and 3 blanks apart).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from plan import Agent, Node, Pod

ID_DIGITS = 13
CREATED = {"12m": "12 minutes ago", "26m": "26 minutes ago", "5d23h": "5 days ago"}


def _id(*parts: str) -> str:
    return hashlib.sha256("/".join(parts).encode()).hexdigest()[:ID_DIGITS]


def container_id(pod: Pod | Agent) -> str:
    """The id of the one container of a pod."""
    return _id("container", pod.uid)


def pid(pod: Pod) -> int:
    """The process id of that container, of those that a node may have."""
    return 2000 + int(pod.uid[:4], 16) % 30000


def _pods(node: Node) -> list[Pod | Agent]:
    """The newest first."""
    return sorted(node.all_pods, key=lambda pod: pod.app.seconds)


def ps(node: Node) -> bytes:
    """`crictl ps`."""
    header = ["CONTAINER", "IMAGE", "CREATED", "STATE", "NAME", "ATTEMPT", "POD ID", "POD"]
    rows = [
        [
            container_id(pod),
            _id("image", pod.app.image),
            CREATED[pod.app.age],
            "Running",
            pod.app.name,
            "0",
            _id("pod", pod.uid),
            pod.name,
        ]
        for pod in _pods(node)
    ]
    return _table([header, *rows])


def pods(node: Node) -> bytes:
    """`crictl pods`."""
    header = ["POD ID", "CREATED", "STATE", "NAME", "NAMESPACE", "ATTEMPT", "RUNTIME"]
    rows = [
        [_id("pod", pod.uid), CREATED[pod.app.age], "Ready", pod.name, pod.app.namespace, "0", "(default)"]
        for pod in _pods(node)
    ]
    return _table([header, *rows])


def _table(rows: Sequence[Sequence[str]]) -> bytes:
    widths = [max(20, max(map(len, column)) + 3) for column in zip(*rows, strict=True)]
    # The last column is as wide as it is.
    widths[-1] = 0
    lines = ("".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "".join(f"{line}\n" for line in lines).encode()
