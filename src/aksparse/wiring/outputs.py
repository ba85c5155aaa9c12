"""Which outputs of a capture speak for which network namespace, and which of several is to be believed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from aksparse.capture.model import Capture
from aksparse.command import Parsed
from aksparse.diagnostics import Diagnostic

Namespace = tuple[int | None, str | None]
OF_THE_NODE: Namespace = (None, None)


def namespace_of(output: Parsed[Any]) -> Namespace:
    """The network namespace that a command entered, by a process in it or by its name."""
    return output.pid, output.netns


def outputs_in(capture: Capture, command: str, namespace: Namespace = OF_THE_NODE) -> list[Parsed[Any]]:
    """The outputs of a command that ran in a network namespace; unless another is named, on the node itself."""
    return [
        output
        for output in capture.parsed(command)
        if namespace_of(output) == namespace and not (output.argv and output.argv[0] in ("kubectl", "docker", "crictl"))
    ]


def complete(output: Parsed[Any]) -> bool:
    """Whether nothing of an output is missing, as far as it shows: no line cut out, none not understood."""
    return output.understood and not {"elision", "iptables-warning"} & set(output.ignored.values())


def speaking(outputs: Iterable[Parsed[Any]], rank: Callable[[Parsed[Any]], Any] = len) -> Parsed[Any] | None:
    """The one output that speaks for the node: not empty, with a known command line, the one that ranks highest."""
    found = [output for output in outputs if len(output)]
    return max(found, key=lambda output: (output.argv is not None, rank(output)), default=None)


def second_output(output: Parsed[Any], chosen: Parsed[Any], what: str) -> Diagnostic:
    """What is said of an output that might speak for the node as well, and says something else than the chosen one."""
    message = f"not used: {chosen[0].span} says something else, and only one {what} can be the node's own"
    return Diagnostic(code="second-output", severity="warning", message=message, source=output.source, line=output.line)
