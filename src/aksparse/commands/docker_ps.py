"""`docker ps`: the containers of a Docker engine; `podman ps` and `nerdctl ps` print the same columns.

Format: docker-ps(1) of the Docker CLI, `cli/command/formatter/container.go`: a header and one line per container with
the columns CONTAINER ID, IMAGE, COMMAND, CREATED, STATUS, PORTS, NAMES and, with `-s`, SIZE. A format `table ...` may
choose any columns, in any order; with `-q` there are only ids. Record fields carry the names that
``--format '{{json .}}'`` uses, in snake case; a field is absent when its column is.

The rows of the usual columns are read by their form, so that the header may be missing (`docker ps | grep nginx`) and a
page may have collapsed the blanks. All other rows are cut where the header says: the columns are padded with blanks to
the widest cell (Go's text/tabwriter; docker's counts a wide character as two). By how much tells the client apart:
docker adds 3 blanks, and made columns at least 20 wide before 20.10; podman adds 2 (`cmd/podman/containers/ps.go`) and
nerdctl 4 (`cmd/nerdctl/container_list.go`). podman prints its command without quotes, and a line feed in it breaks the
table; its containers need no image, and then none is printed.

The command of docker and nerdctl is quoted as Go quotes strings, and without `--no-trunc` cut to 20 characters, the
last of them an ellipsis; a page that was decoded wrongly shows that as three other characters. Docker before 17.10, and
podman, put three dots there. Whether a command of just that width was cut or ends so itself is not in the text: it
counts as cut. The labels are printed without quotes, and where one has a comma in it they can be read in other ways.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import attrs
import pyparsing as pp

from aksparse.command import Command, Lines
from aksparse.containers.cells import (
    FILLER,
    Port,
    container_id,
    creation_time,
    ports,
    quoted_command,
    read_command,
    read_status,
    size,
    status,
    to_labels,
    to_list,
    to_mounts,
    to_ports,
    widened,
)
from aksparse.containers.clients import from_verb_on
from aksparse.containers.kubelet import PAUSE, KubernetesName, name_in_labels, name_of_kubelet
from aksparse.linere import LineGrammar
from aksparse.records import Record, constructor, maker
from aksparse.terminal.noise import noise
from aksparse.tokens import HUMAN_DURATION, column, integer, remember, time_ago, word


@attrs.frozen(kw_only=True)
class Container(Record):
    """One container.

    Attributes:
        id: the id, 12 digits or, with `--no-trunc`, 64.
        image: the image it was created from.
        command: the command it runs, as far as it is printed.
        command_truncated: whether the command was cut.
        running_for: how long ago it was created, as printed.
        created_at: when it was created, as printed.
        status: the status, as printed.
        state: `running`, `paused`, `restarting`, `exited`, `created`, `dead` or `removing`, and podman's others.
        exit_code: the exit code of its last run, when it has ended.
        health: `healthy`, `unhealthy` or `starting`, when it has a health check.
        ports: its ports.
        names: its name; with `--no-trunc` also the names that links give it.
        size: the size of its own layer and of all, as printed, with `-s`.
        labels: its labels.
        labels_ambiguous: whether a label has a comma in it, so that where one ends is a guess.
        mounts: the names of its volumes and the paths that are mounted; one that was cut ends with an ellipsis.
        networks: the networks it is attached to.
        local_volumes: the number of its volumes on this host.
        pid: its process id, with podman's `--namespace`.
        pod: the id of its pod, with podman's `--pod`.
        pod_name: the name of that pod.
        other: the columns without a field, by the names in the header, as they are.
        kubernetes: what the kubelet says of it, in its name or its labels.
        pause: whether it is the pause container of a pod; absent when no column would say it.
        tool: the client that printed it, when the layout tells: `docker`, `podman` or `nerdctl`.
    """

    id: str | None = None
    image: str | None = None
    command: str | None = None
    command_truncated: bool | None = None
    running_for: str | None = None
    created_at: str | None = None
    status: str | None = None
    state: str | None = None
    exit_code: int | None = None
    health: str | None = None
    ports: tuple[Port, ...] | None = None
    names: tuple[str, ...] | None = None
    size: str | None = None
    labels: dict[str, str] | None = None
    labels_ambiguous: bool | None = None
    mounts: tuple[str, ...] | None = None
    networks: tuple[str, ...] | None = None
    local_volumes: int | None = None
    pid: int | None = None
    pod: str | None = None
    pod_name: str | None = None
    other: dict[str, str] | None = None
    kubernetes: KubernetesName | None = None
    pause: bool | None = None
    tool: str | None = None


# Rows of the usual columns

_TOKENS: Mapping[str, pp.ParserElement] = {
    **{"id": container_id, "image": word, "command": quoted_command, "running_for": time_ago},
    **{"created_at": creation_time, "status": status, "state": word, "ports": ports, "names": word, "size": size},
    **{"local_volumes": integer, "pid": integer},
}


def _named(*fields: str) -> list[pp.ParserElement]:
    columns = [column(_TOKENS[field](field)) for field in fields]
    return [pp.Opt(cell) if field == "ports" else cell for field, cell in zip(fields, columns, strict=True)]


_USUAL = ("id", "image", "command", "running_for", "status", "ports", "names")
_ROW = LineGrammar(pp.And(_named(*_USUAL)))
_ROW_WITH_SIZE = LineGrammar(pp.And(_named(*_USUAL, "size")))
# Without quotes the command ends where two blanks and a time follow.
_unquoted = pp.Regex(rf'(?!{HUMAN_DURATION} ago  )[^ "].*?(?=  +{HUMAN_DURATION} ago  )').set_name("command")
_PODMAN_ROW = LineGrammar(
    pp.And(_named("id", "image"))
    + pp.Opt(_unquoted("command"))
    + pp.And(_named("running_for", "status", "ports", "names"))
    + pp.Opt(column(container_id("pod")) + column(word("pod_name")))
    + pp.Opt(column(size("size")))
)
_ID = LineGrammar(column(container_id("id")))

# Tables of any columns

_FIELDS = {
    **{"CONTAINER ID": "id", "IMAGE": "image", "COMMAND": "command", "CREATED": "running_for", "STATUS": "status"},
    **{"PORTS": "ports", "NAMES": "names", "SIZE": "size", "RUNNING FOR": "running_for", "CREATED AT": "created_at"},
    **{"STATE": "state", "LABELS": "labels", "MOUNTS": "mounts", "NETWORKS": "networks", "PID": "pid"},
    **{"LOCAL VOLUMES": "local_volumes", "EXIT CODE": "exit_code", "POD ID": "pod", "PODNAME": "pod_name"},
    **{
        name: name
        for name in "PLATFORM RUNTIME CGROUPNS IPC MNT NET PIDNS USERNS UTS RESTARTS EXITED NAMESPACES".split()
    },
    **{name: name for name in ("EXPOSED PORTS", "IMAGE ID", "IS INFRA", "AUTO REMOVE", "CID FILE")},
    **{name: name for name in ("EXITED AT", "STARTED AT", "<no value>")},
}
_FORMS = {field: LineGrammar(token) for field, token in _TOKENS.items() if field not in ("image", "state", "status")}
_FORMS["running_for"] = LineGrammar(time_ago | creation_time)  # podman has `{{.Created}}` in a column of this name, too
_NEVER_EMPTY = {"id", "image", "running_for", "created_at", "state"}
_GAP = 2
_BLANKS = " " * _GAP

# Words in capitals that name a column; a header has one that no other tool has.
_names = pp.Regex("|".join(sorted(_FIELDS, reverse=True)).replace(" ", "[ \t]+")).set_name("name of a column")
_HEADER = LineGrammar(
    pp.FollowedBy(pp.Regex(r"(?:.*[ \t])?(?:CONTAINER[ \t]+ID|NAMES|RUNNING[ \t]+FOR|LOCAL[ \t]+VOLUMES)(?![^ \t])"))
    + pp.OneOrMore(column(_names))
)
_WIDE_NAME = re.compile(r"[^ ]+(?: [^ ]+)*")
_NAME = re.compile(rf"(?:{'|'.join(sorted(_FIELDS, reverse=True))})(?![^ ])|[^ ]+")
_LABEL = re.compile(r"[a-z0-9][a-z0-9 ]*")  # what docker makes of the name of a label

# Where the second column begins, when the first holds the ids.
_QUOTING = {15: "docker", 20: "docker", 67: "docker", 16: "nerdctl", 68: "nerdctl"}
_TOOLS = {**_QUOTING, 14: "podman", 66: "podman"}
_OLD_LAYOUT = 20  # of docker before 20.10
_WHOLE = 65  # where it begins at least when the ids are whole
_CLIENTS = frozenset(_TOOLS.values())


class _Table(NamedTuple):
    """How rows are read: from the last header on, or without one.

    Attributes:
        fields: the fields of the columns, or the names of those that have no field.
        starts: where cells begin; none when that is not known.
        tool: the client that printed the table, when the layout tells.
        forms: the grammars of rows, whatever the layout.
    """

    fields: tuple[str, ...] = ()
    starts: tuple[int, ...] = ()
    tool: str | None = None
    forms: tuple[LineGrammar, ...] = ()

    def cells(self, line: str) -> dict[str, str] | None:
        """The cells of a row by their fields; `None` when it is no row of the table."""
        if not line.isascii() and FILLER not in line and (found := self._cut(widened(line))):
            return {field: cell.replace(FILLER, "") for field, cell in found.items()}
        if found := self._cut(line):
            return found
        for form in self.forms:
            if match := form.pattern.match(line):
                found = dict(zip(form.fields, (token or "" for token in match.groups()), strict=True))
                if form is _PODMAN_ROW and match.start(2) > match.end(1) + _GAP:  # there is no image
                    command = line[match.start(2) : max(match.end(2), match.end(3))]
                    found |= {"image": "", "command": command}
                return found
        return None

    def _cut(self, line: str) -> dict[str, str] | None:
        if not self.starts or line[: self.starts[0]].strip():
            return None
        found = {}
        for field, start, end in zip(self.fields, self.starts, (*self.starts[1:], None), strict=True):
            cell = line[start:end]
            if (end and line[end - _GAP : end].strip()) or (cell[:1] == " " and not cell.isspace()):
                return None
            if field == "names" and len(line) < start:
                return None  # rather cut than without a name, which few containers are
            found[field] = cell.rstrip()
        return found if all(self._fits(field, cell) for field, cell in found.items()) else None

    def _fits(self, field: str, cell: str) -> bool:
        """Whether a cell has the form that its column has."""
        if field == "command":
            return self.tool == "podman" or bool(_FORMS[field].pattern.match(cell))
        if not cell:
            return field not in _NEVER_EMPTY or (field == "image" and self.tool == "podman")
        return field not in _FORMS or bool(_FORMS[field].pattern.match(cell))


def _read_header(line: str) -> _Table | None:
    """The table that a header begins."""
    wide = "  " in line.strip()
    names = list((_WIDE_NAME if wide else _NAME).finditer(line))
    texts = [name[0] for name in names]
    labels = [text for text in texts if text not in _FIELDS]
    if len(labels) == len(texts) or not all(map(_LABEL.fullmatch, labels)) or len(set(texts)) < len(texts):
        return None
    fields = tuple(_FIELDS.get(text, text) for text in texts)
    starts = tuple(name.start() for name in names) if wide else ()
    tool = _TOOLS.get(starts[1]) if starts[1:] and texts[0] == "CONTAINER ID" else None
    return _Table(fields, starts, tool, _forms(fields, tool))


@remember
def _forms(fields: tuple[str, ...], tool: str | None) -> tuple[LineGrammar, ...]:
    """The grammars of rows with these columns, when the form of the cells tells them apart."""
    if fields == _USUAL and tool != "podman":
        return (_ROW,)
    if fields == (*_USUAL, "size") and tool != "podman":
        return (_ROW_WITH_SIZE,)
    if fields[: len(_USUAL)] == _USUAL:
        return (_PODMAN_ROW,)
    return (LineGrammar(pp.And(_named(*fields))),) if set(fields) <= _TOKENS.keys() else ()


# Most rows: what the columns from the image to the status say together repeats, and is read once.

_Shared = tuple[str, str, bool, str, str, str | None, int | None, str | None]
_Pieces = tuple[str, _Shared, str, str, int]
_SHARED = LineGrammar(pp.And(_named("image", "command", "running_for", "status")))
_START = LineGrammar(_ID.expression, whole=False)


@remember
def _read_shared(text: str, start: int) -> _Shared | None:
    """The fields in these columns, which start at a position of the line."""
    found = _SHARED.pattern.match(text)
    if found is None:
        return None
    image, command, running_for, status = found.groups()
    read = read_command(command, cut=start < _WHOLE, dots=start == _OLD_LAYOUT)
    return image, *read, running_for, status, *read_status(status)


def _by_position(table: _Table) -> Callable[[str], _Pieces | None]:
    """What cuts a row of the usual columns where the header says, unless there is anything unusual in it."""
    _, image, *_, ports, names = table.starts
    starts, are_ports = _START.pattern.match, _FORMS["ports"].pattern.match

    def cut(line: str) -> _Pieces | None:
        name, id_ = line[names:], starts(line)
        if not id_ or not name or " " in name or line[names - _GAP : names] != _BLANKS:
            return None
        shared, port = _read_shared(line[image:ports], image), line[ports:names].rstrip()
        if shared is None or not line[id_.end() : image].isspace() or (port and not are_ports(port)):
            return None
        return id_[1], shared, port, name, image

    return cut


def _by_form(match: Callable[[str], re.Match[str] | None]) -> Callable[[str], _Pieces | None]:
    """What finds the usual columns by their form."""

    def cut(line: str) -> _Pieces | None:
        if found := match(line):
            image, status = found.start(2), found.end(5)
            if shared := _read_shared(line[image:status], image):
                return found[1], shared, found[6] or "", found[7], image
        return None

    return cut


_make_container = maker(
    Container,
    *("id", "image", "command", "command_truncated", "running_for", "status", "state", "exit_code", "health", "ports"),
    *("names", "kubernetes", "pause", "tool", "origin", "line"),
)
_new_container = constructor(Container)


def _assemble(lines: Lines) -> Iterator[Container]:
    origin, recorded = lines.source, lines.recorded
    table = _Table(forms=(_ID,) if _only_ids(lines.texts) else (_ROW, _ROW_WITH_SIZE, _PODMAN_ROW))
    by_form = _by_form(lines.matcher(_ROW))
    cut, others = by_form, by_form
    for number, line in lines:
        try:
            if pieces := cut(line) or others(line):
                id_, shared, ports, names, start = pieces
                kubernetes = name_of_kubelet(names)
                container = _make_container(
                    id_,
                    *shared,
                    to_ports(ports),
                    tuple(names.split(",")),
                    kubernetes,
                    kubernetes is not None and kubernetes.container == PAUSE,
                    _QUOTING.get(start),
                    origin,
                    number,
                )
            elif header := _read_header(line):
                lines.ignore(number, "header")
                table = header
                others = by_form if table.forms[:1] == (_ROW,) else _nothing
                cut = _by_position(table) if others is by_form and table.starts and not lines.tabs else others
                continue
            elif not noise(line) and (cells := table.cells(line)):
                fields = _read(cells, old_layout=_OLD_LAYOUT in table.starts[1:2])
                tool = table.tool if table.fields else _tool(line, cells)
                container = _new_container(**fields, tool=tool, origin=origin, line=number)
            else:
                lines.refuse(number, *table.forms)
                continue
        except ValueError as error:
            lines.bad_value(number, error)
            continue
        recorded(number)
        yield container


def _nothing(_line: str) -> None:
    return None


def _only_ids(texts: Sequence[str]) -> bool:
    """Whether there is nothing but ids, as with `-q`."""
    ids = 0
    for text in texts:
        if _ID.pattern.match(text):
            ids += 1
        elif not noise(text):
            return False
    return ids > 0


def _tool(line: str, cells: Mapping[str, str]) -> str | None:
    """The client that printed a row without a header."""
    if "names" not in cells:
        return None
    start = re.match("[^ ]+ +", line)
    return _QUOTING.get(start.end() if start else 0) if cells.get("command", "")[:1] == '"' else "podman"


# Values

Fields = dict[str, Any]


def _read(cells: Mapping[str, str], *, old_layout: bool) -> Fields:
    """The fields of a container from its cells."""
    fields: Fields = {}
    other = {}
    for field, text in cells.items():
        if field in _READERS:
            fields.update(_READERS[field](text))
        elif field in _TEXTS:
            fields[field] = text or None
        else:
            other[field] = text
    if fields.get("command") is not None:
        fields["command"], fields["command_truncated"] = read_command(
            fields["command"], cut=len(fields.get("id") or "") <= _SHORT, dots=old_layout
        )
    if _FORMS["created_at"].pattern.match(fields.get("running_for") or ""):
        fields["created_at"] = fields.pop("running_for")
    if other:
        fields["other"] = other
    if "names" in fields or "labels" in fields:
        names = fields.get("names") or ()
        kubernetes = next(filter(None, map(name_of_kubelet, names)), None) or name_in_labels(fields.get("labels") or {})
        fields["kubernetes"] = kubernetes
        fields["pause"] = kubernetes.container == PAUSE if kubernetes else any(map(_INFRA.fullmatch, names))
    return fields


_TEXTS = {"id", "image", "command", "running_for", "created_at", "size", "pod", "pod_name"}
_INFRA = re.compile(r"[0-9a-f]{12}-infra")  # podman's, after the id of the pod
_SHORT = 12


def _label_fields(text: str) -> Fields:
    labels, guessed = to_labels(text)
    return {"labels": labels, "labels_ambiguous": guessed}


def _status_fields(text: str) -> Fields:
    state, exit_code, health = read_status(text)
    found = {"state": state, "exit_code": exit_code, "health": health}
    return {"status": text or None, **{field: value for field, value in found.items() if value is not None}}


def _state_fields(text: str) -> Fields:
    """What stands under STATE: podman shows the status under STATE."""
    return {"state": text} if re.fullmatch("[a-z]+", text) else _status_fields(text)


def _number(field: str) -> Callable[[str], Fields]:
    return lambda text: {field: int(text) if text else None}


_READERS: Mapping[str, Callable[[str], Fields]] = {
    "status": _status_fields,
    "state": _state_fields,
    "ports": lambda text: {"ports": to_ports(text)},
    "names": lambda text: {"names": tuple(text.split(",")) if text else ()},
    "labels": _label_fields,
    "mounts": lambda text: {"mounts": to_mounts(text)},
    "networks": lambda text: {"networks": to_list(text)},
    **{field: _number(field) for field in ("local_volumes", "pid", "exit_code")},
}


# The command line

_FLAGS = re.compile(
    r"-[aslqp]+|--(?:all|size|latest|no-trunc|quiet|pod|namespace|ns|external|sync|noheading)(?:=true|=false)?"
)
_LAST = re.compile(r"-[aslq]*n=?[0-9]+")
_VALUED = {"-n", "--last", "-f", "--filter", "--format", "--sort"}
_GLOBAL_FLAGS = {"-D", "--debug", "--tls", "--tlsverify", "-r", "--remote", "--syslog", "--noout", "--debug-full"}
_GLOBAL_VALUED = {
    *("-H", "--host", "-c", "--context", "--config", "-l", "--log-level", "--tlscacert", "--tlscert", "--tlskey"),
    *("--root", "--runroot", "--tmpdir", "--url", "--connection", "--identity", "--runtime", "--storage-driver"),
    *("--cgroup-manager", "-n", "--namespace", "-a", "--address", "--snapshotter", "--data-root"),
}


def _listing(argv: Sequence[str]) -> list[str] | None:
    """The options behind `docker [GLOBAL OPTIONS] ps`; `None` when it is another command line."""
    if argv[0] not in _CLIENTS:
        return None
    words = from_verb_on(argv, flags=_GLOBAL_FLAGS, valued=_GLOBAL_VALUED) or []
    if words[:1] == ["ps"]:
        return words[1:]
    return words[2:] if words[:1] == ["container"] and words[1:2] in (["ls"], ["list"], ["ps"]) else None


def _produced_by(argv: Sequence[str]) -> bool:
    rest = _listing(argv)
    if rest is None:
        return False
    while rest:
        option, is_set, value = rest.pop(0).partition("=")
        if option in _VALUED or re.fullmatch("-[aslq]+n", option):
            value = value if is_set else "".join(rest[:1])
            del rest[: not is_set]
            if option == "--format" and not value.startswith("table") and value != "wide":
                return False
        elif not _FLAGS.fullmatch(option + is_set + value) and not _LAST.fullmatch(option + is_set + value):
            return False
    return True


def _shown_by(texts: Sequence[str]) -> bool:
    """Whether the lines are short ids; whole ones may be sums, or the ids of anything."""
    if not _only_ids(texts):
        return False
    ids = [text for text in texts if not noise(text)]
    return all(len(text.split()[0]) == _SHORT for text in ids) and any(map(str.islower, ids))


COMMAND = Command(
    name="docker_ps",
    record=Container,
    assemble=_assemble,
    produced_by=_produced_by,
    signature=(_HEADER, _ROW, _ROW_WITH_SIZE, _PODMAN_ROW),
    shown_by=_shown_by,
)
parse_docker_ps = COMMAND.parse
