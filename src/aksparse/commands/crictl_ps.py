"""`crictl ps`: the containers of a node's container runtime, as the kubelet sees them.

Format: `cmd/crictl/container.go` (`OutputContainers`) of cri-tools: a header and one line per container with the
columns CONTAINER, IMAGE, CREATED, STATE, NAME, ATTEMPT, POD ID, POD and NAMESPACE. Versions differ: the first column
was called CONTAINER ID, the last three were added one after the other, and the states were the words of the interface
(`CONTAINER_RUNNING`) before they were `Running`. The cells are read by their form, so that the header may be missing
(`crictl ps | grep nginx`) and a page may have collapsed the blanks.

The names are those of `crictl ps -o json`, in snake case, where that has them; POD and NAMESPACE are labels there
(`io.kubernetes.pod.name`, `io.kubernetes.pod.namespace`). The image is an id cut like the container's, or with `-r` a
name. Pause containers are not in this list: crictl shows them as pods, see `crictl_pods`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs
import pyparsing as pp

from aksparse.command import Command, Lines
from aksparse.containers.crictl import cri_id, header, lists
from aksparse.linere import LineGrammar
from aksparse.records import Record, constructor
from aksparse.tokens import column, integer, time_ago, word


@attrs.frozen(kw_only=True)
class CriContainer(Record):
    """One container of the runtime.

    Attributes:
        id: the id, 13 digits or, with `--no-trunc`, 64.
        image: the id of its image, or with `-r` its name.
        created: how long ago it was created, as printed.
        state: its state, as printed: `Running`, or `CONTAINER_RUNNING` in older versions.
        name: the name of the container in its pod.
        attempt: how many times the container was started anew.
        pod_sandbox_id: the id of the pod's sandbox; absent when the column is missing.
        pod: the name of the pod, `unknown` when it has no such label; absent when the column is missing.
        namespace: the namespace of the pod, `unknown` when it has no such label; absent when the column is missing.
    """

    id: str
    image: str
    created: str
    state: str
    name: str
    attempt: int
    pod_sandbox_id: str | None = None
    pod: str | None = None
    namespace: str | None = None

    @property
    def running(self) -> bool:
        """Whether it runs, in the words of any version."""
        return self.state in ("Running", "CONTAINER_RUNNING")


_STATE = r"Created|Running|Exited|Unknown|CONTAINER_(?:CREATED|RUNNING|EXITED|UNKNOWN)"
_HEADER = LineGrammar(
    header("CONTAINER(?: ID)?", "IMAGE", "CREATED", "STATE", "NAME", "ATTEMPT")
    + pp.Opt(header("POD ID") + pp.Opt(header("POD") + pp.Opt(header("NAMESPACE"))))
)
_CONTAINER = LineGrammar(
    column(cri_id("id"))
    + column(word("image"))
    + column(time_ago("created"))
    + column(pp.Regex(_STATE).set_name("state of a container")("state"))
    + column(word("name"))
    + column(integer("attempt"))
    + pp.Opt(column(cri_id("pod_sandbox_id")) + pp.Opt(column(word("pod")) + pp.Opt(column(word("namespace")))))
)
_new_container = constructor(CriContainer)


def _assemble(lines: Lines) -> Iterator[CriContainer]:
    match = lines.matcher(_CONTAINER)
    for number, line in lines:
        if found := match(line):
            id_, image, created, state, name, attempt, pod_sandbox_id, pod, namespace = found.groups()
            lines.recorded(number)
            yield _new_container(
                id=id_,
                image=image,
                created=created,
                state=state,
                name=name,
                attempt=int(attempt),
                pod_sandbox_id=pod_sandbox_id,
                pod=pod,
                namespace=namespace,
                origin=lines.source,
                line=number,
            )
        elif _HEADER.pattern.match(line):
            lines.ignore(number, "header")
        else:
            lines.refuse(number, _CONTAINER)


def _produced_by(argv: Sequence[str]) -> bool:
    return lists("ps", argv)


COMMAND = Command(
    name="crictl_ps",
    record=CriContainer,
    assemble=_assemble,
    produced_by=_produced_by,
    signature=(_HEADER, _CONTAINER),
)
parse_crictl_ps = COMMAND.parse
