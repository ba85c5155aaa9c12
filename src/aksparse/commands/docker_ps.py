"""`docker ps`: the containers of a Docker engine.

Format: docker-ps(1) of the Docker CLI, `cli/command/formatter/container.go`: a header and one line per container with
the columns CONTAINER ID, IMAGE, COMMAND, CREATED, STATUS, PORTS, NAMES and, with `-s`, SIZE. The columns are read by
their form, not their position, so that the header may be missing (`docker ps | grep nginx`). Record fields carry the
names that ``--format '{{json .}}'`` uses, in lower case.

The command is quoted as Go quotes strings, and without `--no-trunc` cut to 20 characters, the last of them an ellipsis.
A page that was decoded wrongly shows that ellipsis as three other characters.

The kubelet names its containers ``k8s_CONTAINER_POD_NAMESPACE_UID_ATTEMPT``; the container named `POD` is the pause
container, which holds the pod's network namespace.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address

import attrs
import pyparsing as pp

from aksparse.command import Command, Lines
from aksparse.linere import LineGrammar
from aksparse.records import Record
from aksparse.tokens import HUMAN_DURATION, column, remember, time_ago, to_ip, word


@attrs.frozen(kw_only=True)
class Port:
    """A port or a range of ports of a container, and where the host publishes it.

    Attributes:
        ip: the host address it is published on; absent when it is not published.
        public_port: the port on the host, or the first of a range.
        public_last_port: the last port of a range on the host.
        private_port: the port in the container, or the first of a range.
        private_last_port: the last port of a range in the container.
        type: the protocol: `tcp`, `udp` or `sctp`.
    """

    ip: IPv4Address | IPv6Address | None = None
    public_port: int | None = None
    public_last_port: int | None = None
    private_port: int
    private_last_port: int | None = None
    type: str


@attrs.frozen(kw_only=True)
class KubernetesName:
    """What the kubelet writes into a container's name.

    Attributes:
        container: the name of the container in its pod; `POD` for the pause container.
        pod: the name of the pod.
        namespace: the namespace of the pod.
        uid: the unique id of the pod.
        attempt: how many times the container was started anew.
    """

    container: str
    pod: str
    namespace: str
    uid: str
    attempt: int


@attrs.frozen(kw_only=True)
class Container(Record):
    """One container.

    Attributes:
        id: the id, 12 digits or, with `--no-trunc`, 64.
        image: the image it was created from.
        command: the command it runs, as far as it is printed.
        command_truncated: whether the command was cut.
        running_for: how long ago it was created, as printed.
        status: the status, as printed.
        state: `running`, `paused`, `restarting`, `exited`, `created`, `dead` or `removing`.
        exit_code: the exit code of its last run, when it has ended.
        health: `healthy`, `unhealthy` or `starting`, when it has a health check.
        ports: its ports.
        names: its name; with `--no-trunc` also the names that links give it.
        size: the size of its own layer and of all, as printed, with `-s`.
        kubernetes: the parts of its name, when the kubelet made it.
        pause: whether it is the pause container of a pod.
    """

    id: str
    image: str
    command: str
    command_truncated: bool
    running_for: str
    status: str
    state: str
    exit_code: int | None = None
    health: str | None = None
    ports: tuple[Port, ...] = ()
    names: tuple[str, ...]
    size: str | None = None
    kubernetes: KubernetesName | None = None
    pause: bool = False


_port = r"(?:[0-9a-fA-F.:\[\]]+:)?[0-9]+(?:-[0-9]+)?(?:->[0-9]+(?:-[0-9]+)?)?/(?:tcp|udp|sctp)"

_HEADER = LineGrammar(
    pp.And([column(pp.Literal(name)) for name in "CONTAINER ID IMAGE COMMAND CREATED STATUS PORTS NAMES".split()])
    + pp.Opt(column(pp.Literal("SIZE")))
)
_CONTAINER = LineGrammar(
    column(pp.Regex(r"[0-9a-f]{64}|[0-9a-f]{12}").set_name("container id")("id"))
    + column(word("image"))
    + column(pp.Regex(r'"(?:[^"\\]|\\.)*"').set_name("quoted command")("command"))
    + column(time_ago("running_for"))
    + column(
        pp.Regex(
            rf"Up {HUMAN_DURATION}(?: \((?:healthy|unhealthy|health: starting|Paused)\))?"
            rf"|(?:Exited|Restarting) \([0-9]{{1,9}}\) {HUMAN_DURATION} ago"
            r"|Created|Dead|Removal In Progress"
        ).set_name("status")("status")
    )
    + pp.Opt(column(pp.Regex(rf"{_port}(?:, {_port})*").set_name("ports")("ports")))
    + column(word("names"))
    + pp.Opt(column(pp.Regex(r"[0-9.]+[kMGTP]?B(?: \(virtual [0-9.]+[kMGTP]?B\))?").set_name("size")("size")))
)


def _assemble(lines: Lines) -> Iterator[Container]:
    for number, line in lines:
        if found := _CONTAINER.parse(line):
            try:
                container = _container(found, lines.source, number)
            except ValueError as error:
                lines.bad_value(number, error)
                continue
            lines.recorded(number)
            yield container
        elif _HEADER.pattern.match(line):
            lines.ignore(number, "header")
        else:
            lines.refuse(number, _CONTAINER)


def _container(found: dict[str, str], origin: str, number: int) -> Container:
    command, truncated = _unquote(found["command"])
    state, exit_code, health = _read_status(found["status"])
    kubernetes = _kubernetes_name(found["names"])
    return Container(
        id=found["id"],
        image=found["image"],
        command=command,
        command_truncated=truncated,
        running_for=found["running_for"],
        status=found["status"],
        state=state,
        exit_code=exit_code,
        health=health,
        ports=tuple(_to_port(port) for port in found["ports"].split(", ")) if "ports" in found else (),
        names=tuple(found["names"].split(",")),
        size=found.get("size"),
        kubernetes=kubernetes,
        pause=kubernetes is not None and kubernetes.container == "POD",
        origin=origin,
        line=number,
    )


_ELLIPSES = ("…", "…".encode().decode("cp1252"), "…".encode().decode("latin-1"))
_ESCAPE = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|(.))")
_ESCAPED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


@remember
def _unquote(text: str) -> tuple[str, bool]:
    """The string that Go printed quoted, without the ellipsis, and whether there was one."""
    command = _ESCAPE.sub(_unescape, text[1:-1])
    for ellipsis in _ELLIPSES:
        if command.endswith(ellipsis):
            return command.removesuffix(ellipsis), True
    return command, False


def _unescape(match: re.Match[str]) -> str:
    digits = match[1] or match[2] or match[3]
    if digits is None:
        return _ESCAPED.get(match[4], match[4])
    return chr(int(digits, 16)) if int(digits, 16) <= 0x10FFFF else match[0]


_STATES = {"Up": "running", "Exited": "exited", "Restarting": "restarting", "Removal": "removing"}


@remember
def _read_status(text: str) -> tuple[str, int | None, str | None]:
    """State, exit code and health, from a status such as `Up 2 hours (healthy)`."""
    first, _, rest = text.partition(" ")
    in_brackets = rest[rest.find("(") + 1 : rest.find(")")] if "(" in rest else ""
    if first == "Up":
        state = "paused" if in_brackets == "Paused" else "running"
        return state, None, in_brackets.removeprefix("health: ") if state == "running" and in_brackets else None
    return _STATES.get(first, first.lower()), int(in_brackets) if in_brackets else None, None


_PORT = re.compile(
    r"(?:(?:(?P<ip>[^-]+):)?(?P<public>[0-9]{1,5})(?:-(?P<public_last>[0-9]{1,5}))?->)?"
    r"(?P<private>[0-9]{1,5})(?:-(?P<private_last>[0-9]{1,5}))?/(?P<type>[a-z]+)"
)


@remember
def _to_port(text: str) -> Port:
    match = _PORT.fullmatch(text)
    if match is None:
        raise ValueError(f"expected port, found {text!r}")
    numbers = {name: int(match[name]) if match[name] else None for name in ("public", "public_last", "private_last")}
    return Port(
        ip=to_ip(match["ip"].strip("[]")) if match["ip"] else None,
        public_port=numbers["public"],
        public_last_port=numbers["public_last"],
        private_port=int(match["private"]),
        private_last_port=numbers["private_last"],
        type=match["type"],
    )


def _kubernetes_name(name: str) -> KubernetesName | None:
    parts = name.split("_")
    if len(parts) != 6 or parts[0] != "k8s" or not re.fullmatch(r"[0-9]{1,9}", parts[5]):
        return None
    _, container, pod, namespace, uid, attempt = parts
    return KubernetesName(container=container, pod=pod, namespace=namespace, uid=uid, attempt=int(attempt))


_OPTIONS = re.compile(r"-[aslq]+|--all|--size|--latest|--no-trunc|-n=?\d*|--last=?\d*|\d+")


def _produced_by(argv: Sequence[str]) -> bool:
    words = list(argv)
    if words[:2] != ["docker", "ps"] and words[:3] != ["docker", "container", "ls"]:
        return False
    options = words[2:] if words[1] == "ps" else words[3:]
    filters = {index + 1 for index, option in enumerate(options) if option in ("-f", "--filter")}
    return all(
        index in filters or option in ("-f", "--filter") or option.startswith("--filter=") or _OPTIONS.fullmatch(option)
        for index, option in enumerate(options)
    ) and not any(re.fullmatch(r"-[asl]*q[asl]*", option) for option in options)


COMMAND = Command(
    name="docker_ps",
    record=Container,
    assemble=_assemble,
    produced_by=_produced_by,
    signature=(_HEADER, _CONTAINER),
)
parse_docker_ps = COMMAND.parse
