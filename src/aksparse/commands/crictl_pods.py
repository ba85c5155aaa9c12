"""`crictl pods`: the pod sandboxes of a node's container runtime.

Format: `cmd/crictl/sandbox.go` (`OutputPodSandboxes`) of cri-tools: a header and one line per sandbox with the columns
POD ID, CREATED, STATE, NAME, NAMESPACE, ATTEMPT and RUNTIME. Versions differ: the first column was called PODSANDBOX ID
or SANDBOX ID, RUNTIME was added, and the states were the words of the interface (`SANDBOX_READY`) before they were
`Ready`. The cells are read by their form, so that the header may be missing (`crictl pods | grep nginx`).

The names are those of `crictl pods -o json`, in snake case, where that has them. A sandbox holds the network namespace
of its pod; in most runtimes a pause container runs in it, which crictl does not list as a container.
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
class CriSandbox(Record):
    """One pod sandbox of the runtime.

    Attributes:
        id: the id, 13 digits or, with `--no-trunc`, 64.
        created: how long ago it was created, as printed.
        state: its state, as printed: `Ready` or `NotReady`, or `SANDBOX_READY` in older versions.
        name: the name of the pod.
        namespace: the namespace of the pod.
        attempt: how many times the sandbox was made anew.
        runtime_handler: the handler that runs it, `(default)` when none is named; absent when the column is missing.
    """

    id: str
    created: str
    state: str
    name: str
    namespace: str
    attempt: int
    runtime_handler: str | None = None

    @property
    def ready(self) -> bool:
        """Whether it is ready, in the words of any version."""
        return self.state in ("Ready", "SANDBOX_READY")


_HEADER = LineGrammar(
    header("(?:POD|PODSANDBOX|SANDBOX) ID", "CREATED", "STATE", "NAME", "NAMESPACE", "ATTEMPT")
    + pp.Opt(header("RUNTIME"))
)
_SANDBOX = LineGrammar(
    column(cri_id("id"))
    + column(time_ago("created"))
    + column(pp.Regex(r"Ready|NotReady|SANDBOX_(?:NOT)?READY").set_name("state of a sandbox")("state"))
    + column(word("name"))
    + column(word("namespace"))
    + column(integer("attempt"))
    + pp.Opt(column(word("runtime_handler")))
)
_new_sandbox = constructor(CriSandbox)


def _assemble(lines: Lines) -> Iterator[CriSandbox]:
    match = lines.matcher(_SANDBOX)
    for number, line in lines:
        if found := match(line):
            id_, created, state, name, namespace, attempt, runtime_handler = found.groups()
            lines.recorded(number)
            yield _new_sandbox(
                id=id_,
                created=created,
                state=state,
                name=name,
                namespace=namespace,
                attempt=int(attempt),
                runtime_handler=runtime_handler,
                origin=lines.source,
                line=number,
            )
        elif _HEADER.pattern.match(line):
            lines.ignore(number, "header")
        else:
            lines.refuse(number, _SANDBOX)


def _produced_by(argv: Sequence[str]) -> bool:
    return lists("pods", argv)


COMMAND = Command(
    name="crictl_pods",
    record=CriSandbox,
    assemble=_assemble,
    produced_by=_produced_by,
    signature=(_HEADER, _SANDBOX),
)
parse_crictl_pods = COMMAND.parse
