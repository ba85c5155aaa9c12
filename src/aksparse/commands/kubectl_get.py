"""`kubectl get`: what the cluster says about its pods, nodes, services and any other resource.

Format: `pkg/printers/internalversion/printers.go` of Kubernetes makes the columns, `k8s.io/cli-runtime`
`printers/tableprinter.go` sets them. The header decides which columns a row has, whatever the version: see
`aksparse.kubernetes`. Of several resources at once (`kubectl get all`) kubectl prints one table each, and the resource
before the name: `deployment.apps/NAME`.

Rows without a header (`--no-headers`, or `grep` took it) are read when the command line, the resource before the name,
or the form of all cells leaves one kind and one set of columns only; otherwise they are reported. With `-o name` each
line is a name. Columns that were chosen with `-o custom-columns` are those of the command line, or stand in capitals.

`kubectl events` prints a message as it is, line breaks and all: a line that is no row, below an event, is the rest of
its message, and a warning says that this is a guess.

What kubectl says beside the tables is set aside by name: deprecations, that there are no resources, errors of the
server (with a warning, for then a part of the answer is missing).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from copy import copy
from itertools import takewhile

import attrs
import pyparsing as pp

from aksparse.command import Command, Lines
from aksparse.kubernetes.cells import or_none, to_age, to_ready
from aksparse.kubernetes.kinds import KINDS, kind_named
from aksparse.kubernetes.request import read_request
from aksparse.kubernetes.resources import (
    ConfigMap,
    Endpoints,
    EndpointSlice,
    Event,
    Ingress,
    Namespace,
    Node,
    OtherResource,
    Pod,
    Resource,
    Service,
    ServicePort,
)
from aksparse.kubernetes.rows import Table, choose_kind, headless
from aksparse.kubernetes.tables import HEADER, TELLING_HEADER, Header, find_header, read_header
from aksparse.kubernetes.workloads import CronJob, DaemonSet, Deployment, Job, ReplicaSet, StatefulSet
from aksparse.linere import LineGrammar
from aksparse.records import maker
from aksparse.terminal.noise import noise
from aksparse.tokens import column, columns, remember, rest_of_line, to_ip, word

__all__ = [
    "COMMAND",
    "ConfigMap",
    "CronJob",
    "DaemonSet",
    "Deployment",
    "EndpointSlice",
    "Endpoints",
    "Event",
    "Ingress",
    "Job",
    "Namespace",
    "Node",
    "OtherResource",
    "Pod",
    "ReplicaSet",
    "Resource",
    "Service",
    "ServicePort",
    "StatefulSet",
    "parse_kubectl_get",
]

_NO_RESOURCES = LineGrammar(pp.Regex(r"No resources found(?: in [^ ]+ namespace)?\.?"))
_DEPRECATION = LineGrammar(pp.Regex(r"Warning: .* is deprecated in v[0-9].*"))
_SERVER_ERROR = LineGrammar(
    pp.Regex(
        r"Error from server(?: \([A-Za-z]+\))?: .*|error: .*|Unable to connect to the server: .*"
        r"|The connection to the server [^ ]+ was refused.*"
    )
)
_CLIENT_LOG = LineGrammar(pp.Regex(r"[IWEF][0-9]{4} [0-9:.]{8,} +[0-9]+ [\w.-]+:[0-9]+\] .*"))

_SAID_BESIDE = {
    "no-resources": _NO_RESOURCES,
    "deprecation": _DEPRECATION,
    "client-log": _CLIENT_LOG,
    "server-error": _SERVER_ERROR,
}

# Of pods there are many: the usual tables of theirs are read with one pattern each.

_ABSENT = ~pp.Empty()  # what a column that the header does not name begins with
_NO_ROW = LineGrammar(_ABSENT)
_POD_STATE = LineGrammar(
    column(pp.Regex(r"[0-9]{1,9}/[0-9]{1,9}")("ready"))
    + column(word("status"))
    + column(pp.Regex(r"[0-9]{1,18}")("restarts"))
)
_POD_PLACE = LineGrammar(column(word("node")) + column(word("nominated_node")) + column(word("readiness_gates")))


def _when(present: bool, cells: pp.ParserElement) -> pp.ParserElement:
    """Cells that a row has when the header has their columns; the fields of the grammar are the same without."""
    return cells if present else pp.Opt(_ABSENT + cells)


_plain = pp.Regex(r"[^ \t/<]++(?![^ \t])").set_name("name")


def _fast_pod_row(*, namespaced: bool, wide: bool) -> LineGrammar:
    """Rows of pods that are not several kinds' in one output. The columns' form is left to what makes values of them.

    Many pods share their state, and many their place: these are cut out as one and read once.
    """
    return LineGrammar(
        pp.FollowedBy(pp.Regex(r"[^ \t]").leave_whitespace()).leave_whitespace()
        + _when(namespaced, column(_plain("namespace")))
        + column(_plain("name"))
        + columns(3)("state")
        + pp.Opt(pp.Literal("(") + word("last_restart") + column(pp.Literal("ago)")))
        + column(pp.Regex(r"[0-9][^ \t]*")("age"))
        + _when(wide, column(word("ip")) + rest_of_line("place"))
    )


_POD = KINDS["pod"]
_FAST_POD_ROWS = {
    (*(("NAMESPACE",) if namespaced else ()), *shape): _fast_pod_row(namespaced=namespaced, wide=len(shape) > 5)
    for namespaced in (False, True)
    for shape in (_POD.shapes[0], _POD.shapes[-1])
}
_make_pod = maker(
    Pod,
    *("namespace", "name", "ready", "containers", "status", "restarts", "last_restart", "age", "ip"),
    *("node", "nominated_node", "readiness_gates", "origin", "line"),
)


@remember
def _read_pod_state(text: str) -> tuple[int, int, str | None, int]:
    """The columns from READY to RESTARTS."""
    if match := _POD_STATE.pattern.match(text):
        ready, status, restarts = match.groups()
        return *to_ready(ready), or_none(status), int(restarts)
    raise ValueError(text)


@remember
def _read_pod_place(text: str | None) -> tuple[str | None, str | None, str | None]:
    """The columns from NODE to READINESS GATES; there are none without `-o wide`."""
    if text is None:
        return None, None, None
    if match := _POD_PLACE.pattern.match(text):
        node, nominated_node, readiness_gates = match.groups()
        return or_none(node), or_none(nominated_node), or_none(readiness_gates)
    raise ValueError(text)


def _assemble(lines: Lines) -> Iterator[Resource]:
    recorded, origin = lines.recorded, lines.source
    reader = _Reader(lines)
    pods = lines.matcher(_NO_ROW)
    for number, line in lines:
        try:
            if found := pods(line):
                namespace, name, state, last_restart, age, ip, place = found.groups()
                ready, containers, status, restarts = _read_pod_state(state)
                node, nominated_node, readiness_gates = _read_pod_place(place)
                pod = _make_pod(
                    namespace,
                    name,
                    ready,
                    containers,
                    status,
                    restarts,
                    to_age(last_restart) if last_restart else None,
                    to_age(age),
                    to_ip(ip) if ip and ip != "<none>" else None,
                    node,
                    nominated_node,
                    readiness_gates,
                    origin,
                    number,
                )
                recorded(number)
                yield pod
                continue
        except ValueError:
            pass  # the general grammar says what is wrong
        try:
            if (resource := reader.read(number, line)) is not None:
                recorded(number)
                yield resource
            else:
                pods = lines.matcher(reader.fast)
        except ValueError as error:
            lines.bad_value(number, error)


class _Reader:
    """Reads line after line, one table after the other."""

    def __init__(self, lines: Lines) -> None:
        self.lines = lines
        self.request = read_request(lines.argv)
        self.kinds = self.request.kinds if self.request else None
        self.continued_to = 0  # the last line of the message being read
        self.table = self.without_any_header()

    def without_any_header(self) -> Table | None:
        """The table of rows that have no header, when the command line names all their columns."""
        request = self.request
        if (request and request.output == "name") or (request is None and _only_names(self.lines.texts)):
            return Table(Header(("NAME",), None), None)
        if request and request.chosen_columns and not request.headers:
            return Table(Header(request.chosen_columns, None), None, chosen=True)
        return None

    @property
    def fast(self) -> LineGrammar:
        """The grammar of rows that need no second look."""
        if self.table is None or self.table.kind is not _POD:
            return _NO_ROW
        return _FAST_POD_ROWS.get(self.table.names, _NO_ROW)

    def read(self, number: int, line: str) -> Resource | None:
        """The record of a line, or `None` when it is accounted for otherwise."""
        lines = self.lines
        if HEADER.pattern.match(line) or self.begins_chosen_columns(line):
            self.begin_table(number, line)
        elif name := self.said_beside(number, line):
            lines.ignore(number, name)
        elif self.table is None:
            return self.without_header(number, line)
        elif number <= self.continued_to:
            lines.recorded(number)
            lines.report(number, "continued-message", "taken for the rest of the message above", 1, "warning")
        elif noise(line) or (row := self.table.read(line, origin=lines.source, line=number)) is None:
            lines.refuse(number, self.table.grammar)
        else:
            if self.table.chosen and self.table.starts and len(line) < self.table.starts[-1]:
                lines.report(number, "short-row", "a cell may have a line break in it", 1, "warning")
            return self.with_whole_message(row) if isinstance(row, Event) else row
        return None

    def with_whole_message(self, event: Event) -> Event:
        """The event, with the lines of its message that stand below its row."""
        below = self.lines.texts[event.line - self.lines.first + 1 :]
        rest = list(takewhile(self.is_no_row, below)) if self.table and self.table.names[-1] == "MESSAGE" else []
        if not rest or event.message is None:
            return event
        self.continued_to = event.line + len(rest)
        return attrs.evolve(event, message="\n".join((event.message, *rest)), end_line=self.continued_to)

    def is_no_row(self, line: str) -> bool:
        said = any(grammar.pattern.match(line) for grammar in (HEADER, *_SAID_BESIDE.values()))
        return not (said or noise(line)) and (self.table is None or copy(self.table).split(line) is None)

    def begins_chosen_columns(self, line: str) -> bool:
        return self.request is not None and self.request.chosen and self.table is None and not noise(line)

    def begin_table(self, number: int, line: str) -> None:
        if self.request and self.request.chosen:
            header = find_header(line, self.request.chosen_columns) or read_header(line)
            self.table = Table(header, None, chosen=True)
        else:
            header = read_header(line)
            below = self.lines.texts[number - self.lines.first + 1 :][:20]
            first_row = next((text for text in below if not noise(text)), None)
            self.table = Table(header, choose_kind(header, self.kinds, first_row))
        if self.table.kind is None and header.starts is None and len(header.names) > 1 and "\t" not in line:
            said = "the blanks are lost: in which column a cell is, is a guess where one is empty or has words"
            self.lines.report(number, "collapsed-table", said, 1, "warning")
        self.lines.ignore(number, "header")

    def said_beside(self, number: int, line: str) -> str | None:
        """The name under which a line is ignored that kubectl prints beside its tables."""
        name = next((name for name, grammar in _SAID_BESIDE.items() if grammar.pattern.match(line)), None)
        if name == "server-error":
            self.lines.report(number, name, "kubectl did not get all it asked for", 1, "warning")
        return name

    def without_header(self, number: int, line: str) -> Resource | None:
        lines = self.lines
        found = [] if noise(line) else headless(line, self.request)
        rows = [each.table.make(each.cells, origin=lines.source, line=number) for each in found]
        if rows and all(row == rows[0] for row in rows):
            if self.request is None and isinstance(rows[0], Service) and rows[0].selector:
                lines.report(number, "assumed-column", "taken for the selector: it may be the labels", 1, "warning")
            return rows[0]
        if found:
            kinds = " or ".join(sorted({each.table.kind.name for each in found if each.table.kind}))
            lines.report(number, "orphan-line", f"a row without a header above it, of {kinds}", 1)
        else:
            lines.refuse(number, HEADER)
        return None


def _produced_by(argv: Sequence[str]) -> bool:
    request = read_request(argv)
    return request is not None and (request.output in ("", "wide", "name") or request.chosen)


_TELLING_ROWS = tuple(
    Table(Header((*namespace, *KINDS[name].shapes[number], *labels), None), KINDS[name]).grammar
    for name, number in (("pod", 0), ("pod", 3), ("node", 0), ("node", 1), ("service", 0), ("service", 1))
    for namespace in ((), ("NAMESPACE",))
    for labels in ((), ("LABELS",))
    if not (namespace and name == "node") and not (labels and name == "service")
)
_NAME_ALONE = re.compile(r"([a-z][a-z.0-9]*)/[a-z0-9][a-z0-9.-]*")


def _only_names(texts: Sequence[str]) -> bool:
    """Whether there is nothing but names, each behind its kind, as with `-o name`."""
    names = 0
    for text in texts:
        if (name := _NAME_ALONE.fullmatch(text.strip())) and kind_named(name[1]):
            names += 1
        elif not noise(text):
            return False
    return names > 0


COMMAND: Command[Resource] = Command(
    name="kubectl_get",
    record=Resource,  # type: ignore[arg-type]
    assemble=_assemble,
    produced_by=_produced_by,
    signature=(TELLING_HEADER, _NO_RESOURCES, _DEPRECATION, *_TELLING_ROWS),
    shown_by=_only_names,
)
parse_kubectl_get = COMMAND.parse
