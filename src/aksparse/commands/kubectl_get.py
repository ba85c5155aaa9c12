"""`kubectl get pods|nodes|services [-o wide] [-A]`: what the cluster says about its pods, nodes and services.

Format: `pkg/printers/internalversion/printers.go` of Kubernetes, which makes the columns, and `k8s.io/cli-runtime`
`printers/tableprinter.go`, which sets them three blanks apart. The header decides which columns a row has. The cells
are read by their form, not their position, so that a page that collapsed the blanks is read as well.

Of several resources at once (`kubectl get nodes,pods`) kubectl prints one table each, and the kind before the name:
`pod/NAME`. ``<none>`` is absent. Ages are rounded by the tool: `5d23h` up to 8 days, then whole days.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address
from typing import Literal, NamedTuple

import attrs
import pyparsing as pp

from aksparse.command import Command, Lines
from aksparse.linere import LineGrammar
from aksparse.records import Record, constructor, maker
from aksparse.tokens import column, columns, remember, rest_of_line, to_duration, to_ip, to_repeated_ip, word


@attrs.frozen(kw_only=True)
class Pod(Record):
    """One pod.

    Attributes:
        kind: what the record is.
        namespace: its namespace, with `-A`.
        name: its name, unique in the namespace.
        ready: how many of its containers are ready.
        containers: how many containers it has.
        status: its phase, or why it is in it, such as `Running` or `CrashLoopBackOff`.
        restarts: how often its containers were started anew.
        last_restart: how long ago that was last, in seconds.
        age: how long ago it was created, in seconds; absent when unknown.
        ip: its address, with `-o wide`; absent when it has none yet.
        node: the node it runs on, with `-o wide`; absent when it has none yet.
        nominated_node: the node it may preempt others on, with `-o wide`.
        readiness_gates: how many of its readiness gates are open, as printed, with `-o wide`.
    """

    kind: Literal["pod"] = "pod"
    namespace: str | None = None
    name: str
    ready: int
    containers: int
    status: str
    restarts: int
    last_restart: timedelta | None = None
    age: timedelta | None = None
    ip: IPv4Address | IPv6Address | None = None
    node: str | None = None
    nominated_node: str | None = None
    readiness_gates: str | None = None


@attrs.frozen(kw_only=True)
class Node(Record):
    """One node.

    Attributes:
        kind: what the record is.
        name: its name.
        status: its conditions, such as `Ready`, `NotReady`, `SchedulingDisabled`.
        roles: its roles.
        age: how long ago it joined, in seconds; absent when unknown.
        version: the version of its kubelet.
        internal_ip: its address in the cluster's network, with `-o wide`.
        external_ip: its address outside, with `-o wide`.
        os_image: its operating system, with `-o wide`.
        kernel_version: its kernel, with `-o wide`.
        container_runtime: its container runtime and version, as a URL, with `-o wide`.
    """

    kind: Literal["node"] = "node"
    name: str
    status: tuple[str, ...]
    roles: tuple[str, ...] = ()
    age: timedelta | None = None
    version: str
    internal_ip: IPv4Address | IPv6Address | None = None
    external_ip: IPv4Address | IPv6Address | None = None
    os_image: str | None = None
    kernel_version: str | None = None
    container_runtime: str | None = None


@attrs.frozen(kw_only=True)
class ServicePort:
    """One port of a service.

    Attributes:
        port: the port of the service.
        node_port: the port on every node.
        protocol: `TCP`, `UDP` or `SCTP`.
    """

    port: int
    node_port: int | None = None
    protocol: str


@attrs.frozen(kw_only=True)
class Service(Record):
    """One service.

    Attributes:
        kind: what the record is.
        namespace: its namespace, with `-A`.
        name: its name, unique in the namespace.
        type: `ClusterIP`, `NodePort`, `LoadBalancer` or `ExternalName`.
        cluster_ip: its address in the service CIDR; absent when it has none.
        headless: whether it has no address on purpose (`None` in the table).
        external_ip: its addresses or names outside the cluster.
        external_ip_pending: whether it waits for an address outside the cluster.
        ports: its ports.
        age: how long ago it was created, in seconds; absent when unknown.
        selector: the labels of the pods behind it, with `-o wide`.
    """

    kind: Literal["service"] = "service"
    namespace: str | None = None
    name: str
    type: str
    cluster_ip: IPv4Address | IPv6Address | None = None
    headless: bool = False
    external_ip: tuple[IPv4Address | IPv6Address | str, ...] = ()
    external_ip_pending: bool = False
    ports: tuple[ServicePort, ...] = ()
    age: timedelta | None = None
    selector: dict[str, str] | None = None


Resource = Pod | Node | Service


def _names(*names: str, field: str | None = None) -> pp.ParserElement:
    """The names of columns; the field says that the group of columns is there."""
    *others, last = [pp.Regex(name.replace(" ", " +")).set_name(name) for name in names]
    return pp.And([column(name) for name in (*others, last(field) if field else last)])


_HEADERS = {
    Pod: LineGrammar(
        pp.Opt(_names("NAMESPACE", field="namespaced"))
        + _names("NAME", "READY", "STATUS", "RESTARTS", "AGE")
        + pp.Opt(
            _names("IP", "NODE", field="wide") + pp.Opt(_names("NOMINATED NODE", "READINESS GATES", field="gates"))
        )
    ),
    Node: LineGrammar(
        _names("NAME", "STATUS", "ROLES", "AGE", "VERSION")
        + pp.Opt(_names("INTERNAL-IP", "EXTERNAL-IP", "OS-IMAGE", "KERNEL-VERSION", "CONTAINER-RUNTIME", field="wide"))
    ),
    Service: LineGrammar(
        pp.Opt(_names("NAMESPACE", field="namespaced"))
        + _names("NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", r"PORT\(S\)", "AGE")
        + pp.Opt(_names("SELECTOR", field="wide"))
    ),
}

_ABSENT = ~pp.Empty()  # what a column that the header does not name begins with
_age = pp.Regex(r"[0-9][0-9ydhms]*|<unknown>|<invalid>").set_name("age")
_ip = pp.Regex(r"[0-9a-fA-F.:]{2,45}|<none>|<unknown>").set_name("IP address")
# Words up to the kernel version, which is the one with two dots before the URL of the runtime.
_os_image = pp.Regex(
    r"[^ \t]+(?:[ \t](?![^ \t]*[0-9]+\.[0-9]+\.[0-9]+[^ \t]*[ \t]+(?:\([^)]*\)[ \t]+)?[a-z-]+://)[^ \t]+)*"
).set_name("operating system")


def _when(present: bool, cells: pp.ParserElement) -> pp.ParserElement:
    """Cells that a row has when the header has their columns; the fields of the grammar are the same without."""
    return cells if present else pp.Opt(_ABSENT + cells)


_pod_state = (
    column(pp.Regex(r"[0-9]{1,9}/[0-9]{1,9}").set_name("ready containers")("ready"))
    + column(word("status"))
    + column(pp.Regex(r"[0-9]{1,18}").set_name("restarts")("restarts"))
)
_pod_place = column(word("node")) + pp.Opt(column(word("nominated_node")) + column(word("readiness_gates")))
_POD_STATE, _POD_PLACE = LineGrammar(_pod_state), LineGrammar(_pod_place)


def _pod_row(*, namespaced: bool, wide: bool) -> LineGrammar:
    return LineGrammar(
        _when(namespaced, column(word("namespace")))
        + column(word("name"))
        + _pod_state
        + pp.Opt(pp.Literal("(") + _age("last_restart") + column(pp.Literal("ago)")))
        + column(_age("age"))
        + _when(wide, column(_ip("ip")) + _pod_place)
    )


def _fast_pod_row(*, namespaced: bool, wide: bool) -> LineGrammar:
    """Rows of pods that are not several kinds' in one output. The columns' form is left to what makes values of them.

    Many pods share their state, and many their place: these are cut out as one and read once.
    """
    return LineGrammar(
        _when(namespaced, column(word("namespace")))
        + pp.NotAny("pod/")
        + column(word("name"))
        + columns(3)("state")
        + pp.Opt(pp.Literal("(") + word("last_restart") + column(pp.Literal("ago)")))
        + column(word("age"))
        + _when(wide, column(word("ip")) + rest_of_line("place"))
    )


def _node_row(*, wide: bool) -> LineGrammar:
    return LineGrammar(
        column(word("name"))
        + column(word("status"))
        + column(word("roles"))
        + column(_age("age"))
        + column(word("version"))
        + _when(
            wide,
            column(_ip("internal_ip"))
            + column(_ip("external_ip"))
            + column(_os_image("os_image"))
            + column(pp.Regex(r"[^ \t]+(?: \([^)]*\))?").set_name("kernel version")("kernel_version"))
            + column(word("container_runtime")),
        )
    )


def _service_row(*, namespaced: bool, wide: bool) -> LineGrammar:
    return LineGrammar(
        _when(namespaced, column(word("namespace")))
        + column(word("name"))
        + column(word("type"))
        + column((_ip | "None")("cluster_ip"))
        + column(word("external_ip"))
        + column(
            pp.Regex(r"<none>|[0-9]+(?::[0-9]+)?/[A-Z]+(?:,[0-9]+(?::[0-9]+)?/[A-Z]+)*").set_name("ports")("ports")
        )
        + column(_age("age"))
        + _when(wide, column(word("selector")))
    )


_YES_NO = (False, True)
_POD_ROWS = {
    (namespaced, wide): _pod_row(namespaced=namespaced, wide=wide) for namespaced in _YES_NO for wide in _YES_NO
}
_FAST_POD_ROWS = {
    (namespaced, wide): _fast_pod_row(namespaced=namespaced, wide=wide) for namespaced in _YES_NO for wide in _YES_NO
}
_NODE_ROWS = {wide: _node_row(wide=wide) for wide in _YES_NO}
_SERVICE_ROWS = {
    (namespaced, wide): _service_row(namespaced=namespaced, wide=wide) for namespaced in _YES_NO for wide in _YES_NO
}
_NO_ROW = LineGrammar(_ABSENT)
_NO_RESOURCES = LineGrammar(pp.Regex(r"No resources found(?: in [^ ]+ namespace)?\.?"))


class _Table(NamedTuple):
    """How the rows below a header are read; `fast` is the grammar of the rows of pods that need no second look."""

    row: LineGrammar
    make: Callable[..., Resource]
    fast: LineGrammar


def _assemble(lines: Lines) -> Iterator[Resource]:
    recorded, origin = lines.recorded, lines.source
    table = _NO_TABLE
    pods, cells = lines.matcher(_NO_ROW), lines.matcher(_NO_ROW)
    for number, line in lines:
        try:
            if found := pods(line):
                # The same as _pod makes: of pods there are many, and a call of a function takes time.
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
                    _to_age(last_restart) if last_restart else None,
                    _to_age(age),
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
        found = cells(line) or cells(" ".join(line.split()))
        try:
            if found:
                resource = table.make(*found.groups(), origin=origin, number=number)
                recorded(number)
                yield resource
            elif header := _table(line):
                lines.ignore(number, "header")
                table = header
                pods, cells = lines.matcher(table.fast), lines.matcher(table.row)
            elif _NO_RESOURCES.pattern.match(line):
                lines.ignore(number, "no-resources")
            elif table is _NO_TABLE and any(grammar.pattern.match(line) for grammar in _ALL_ROWS):
                lines.report(number, "orphan-line", "a row without a header above it", 1)
            else:
                lines.refuse(number, *(_HEADERS.values() if table is _NO_TABLE else [table.row]))
        except ValueError as error:
            lines.bad_value(number, error)


_ALL_ROWS = (*_POD_ROWS.values(), *_NODE_ROWS.values(), *_SERVICE_ROWS.values())


_NO_TABLE = _Table(_NO_ROW, Node, _NO_ROW)


def _table(line: str) -> _Table | None:
    """How the rows below a header are read; `None` when the line is no header."""
    if (found := _HEADERS[Pod].parse(line)) is not None:
        shape = "namespaced" in found, "wide" in found
        return _Table(_POD_ROWS[shape], _pod, _FAST_POD_ROWS[shape])
    if (found := _HEADERS[Node].parse(line)) is not None:
        node_row = _NODE_ROWS["wide" in found]
        return _Table(node_row, _node, _NO_ROW)
    if (found := _HEADERS[Service].parse(line)) is not None:
        service_row = _SERVICE_ROWS["namespaced" in found, "wide" in found]
        return _Table(service_row, _service, _NO_ROW)
    return None


_make_node, _make_service = constructor(Node), constructor(Service)
_make_pod = maker(
    Pod,
    *("namespace", "name", "ready", "containers", "status", "restarts", "last_restart", "age", "ip"),
    *("node", "nominated_node", "readiness_gates", "origin", "line"),
)


def _pod(
    namespace: str | None,
    name: str,
    ready: str,
    status: str,
    restarts: str,
    last_restart: str | None,
    age: str,
    ip: str | None,
    node: str | None,
    nominated_node: str | None,
    readiness_gates: str | None,
    *,
    origin: str,
    number: int,
) -> Pod:
    return _make_pod(
        namespace,
        name.removeprefix("pod/"),
        *_to_pod_state(ready, status, restarts),
        _to_age(last_restart) if last_restart else None,
        _to_age(age),
        to_ip(ip) if ip and ip[0] != "<" else None,
        _or_none(node),
        _or_none(nominated_node),
        _or_none(readiness_gates),
        origin,
        number,
    )


def _to_pod_state(ready: str, status: str, restarts: str) -> tuple[int, int, str, int]:
    number, _, containers = ready.partition("/")
    return int(number), int(containers), status, int(restarts)


@remember
def _read_pod_state(text: str) -> tuple[int, int, str, int]:
    """The columns from READY to RESTARTS."""
    if match := _POD_STATE.pattern.match(text):
        return _to_pod_state(*match.groups())
    raise ValueError(text)


@remember
def _read_pod_place(text: str | None) -> tuple[str | None, str | None, str | None]:
    """The columns from NODE to READINESS GATES; there are none without `-o wide`."""
    if text is None:
        return None, None, None
    if match := _POD_PLACE.pattern.match(text):
        node, nominated_node, readiness_gates = match.groups()
        return _or_none(node), _or_none(nominated_node), _or_none(readiness_gates)
    raise ValueError(text)


def _node(
    name: str,
    status: str,
    roles: str,
    age: str,
    version: str,
    internal_ip: str | None,
    external_ip: str | None,
    os_image: str | None,
    kernel_version: str | None,
    container_runtime: str | None,
    *,
    origin: str,
    number: int,
) -> Node:
    return _make_node(
        name=name.removeprefix("node/"),
        status=tuple(status.split(",")),
        roles=() if roles == "<none>" else tuple(roles.split(",")),
        age=_to_age(age),
        version=version,
        internal_ip=to_ip(internal_ip) if internal_ip and internal_ip[0] != "<" else None,
        external_ip=to_ip(external_ip) if external_ip and external_ip[0] != "<" else None,
        os_image=_or_none(os_image),
        kernel_version=_or_none(kernel_version),
        container_runtime=_or_none(container_runtime),
        origin=origin,
        line=number,
    )


def _service(
    namespace: str | None,
    name: str,
    type_: str,
    cluster_ip: str,
    external_ip: str,
    ports: str,
    age: str,
    selector: str | None,
    *,
    origin: str,
    number: int,
) -> Service:
    return _make_service(
        namespace=namespace,
        name=name.removeprefix("service/"),
        type=type_,
        cluster_ip=None if cluster_ip in ("None", "<none>") else to_ip(cluster_ip),
        headless=cluster_ip == "None",
        external_ip=_to_external_ips(external_ip),
        external_ip_pending=external_ip == "<pending>",
        ports=_to_service_ports(ports),
        age=_to_age(age),
        selector=_to_selector(selector) if selector and selector != "<none>" else None,
        origin=origin,
        line=number,
    )


def _or_none(cell: str | None) -> str | None:
    return None if cell == "<none>" else cell


@remember
def _to_age(text: str) -> timedelta | None:
    return None if text in ("<unknown>", "<invalid>") else to_duration(text)


@remember
def _to_external_ips(text: str) -> tuple[IPv4Address | IPv6Address | str, ...]:
    if text[0] == "<":
        return ()
    return tuple(
        to_repeated_ip(part) if part.replace(".", "").isdecimal() or ":" in part else part for part in text.split(",")
    )


@remember
def _to_service_ports(text: str) -> tuple[ServicePort, ...]:
    if text == "<none>":
        return ()
    ports = []
    for part in text.split(","):
        numbers, _, protocol = part.partition("/")
        port, _, node_port = numbers.partition(":")
        ports.append(ServicePort(port=int(port), node_port=int(node_port) if node_port else None, protocol=protocol))
    return tuple(ports)


def _to_selector(text: str) -> dict[str, str]:
    return {key: value for key, _, value in (part.partition("=") for part in text.split(","))}


_RESOURCES = {"pod", "pods", "po", "node", "nodes", "no", "service", "services", "svc"}
_VALUED = {"-n", "--namespace", "-l", "--selector", "--context", "--kubeconfig", "--field-selector", "--sort-by"}


def _produced_by(argv: Sequence[str]) -> bool:
    words = list(argv)
    if words[0] not in ("kubectl", "k", "oc"):
        return False
    names = []
    skip = False
    for index, text in enumerate(words[1:], 1):
        if skip:
            skip = False
        elif text in _VALUED:
            skip = True
        elif text in ("-o", "--output"):
            skip = True
            if words[index + 1 : index + 2] != ["wide"]:
                return False
        elif text.startswith(("-o", "--output=")):
            if text not in ("-owide", "-o=wide", "--output=wide"):
                return False
        elif text in ("-w", "--watch", "--no-headers", "--show-labels", "-L"):
            return False
        elif not text.startswith("-"):
            names.append(text)
    return len(names) >= 2 and names[0] == "get" and set(names[1].split(",")) <= _RESOURCES


COMMAND: Command[Resource] = Command(
    name="kubectl_get",
    record=Resource,  # type: ignore[arg-type]
    assemble=_assemble,
    produced_by=_produced_by,
    signature=tuple(_HEADERS.values()),
)
parse_kubectl_get = COMMAND.parse
