"""`docker inspect CONTAINER...`: the process id of containers, and with it whatever else the runtime knows of them.

Format: docker-inspect(1) of the Docker CLI: a JSON list with an object for each container, as the Engine API has it
(docs.docker.com/reference/api/engine, `ContainerInspect`); podman and nerdctl print the same with other keys among
them. `crictl inspect` and `crictl inspectp` print the answers `ContainerStatus` and `PodSandboxStatus` of the container
runtime interface (k8s.io/cri-api) under `status`, and under `info` what the runtime adds, such as the process id.

With `--format '{{ .State.Pid }}'` there is one number per container named on the command line, in that order. The
number alone does not say whose it is: that, and that it is a process id at all, is in the command line. crictl prints
the same for `crictl inspect --output go-template --template '{{.info.pid}}' CONTAINER...`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address
from itertools import pairwise
from typing import Any

import attrs
import pyparsing as pp

from aksparse.command import Command, Lines
from aksparse.containers.kubelet import PAUSE, KubernetesName, name_in_labels, name_of_kubelet
from aksparse.documents import Document, read_documents
from aksparse.linere import LineGrammar
from aksparse.records import Record
from aksparse.terminal.noise import noise
from aksparse.tokens import BadValue, column, to_ip


@attrs.frozen(kw_only=True)
class ContainerNetwork:
    """A network of the engine that a container is attached to.

    Attributes:
        name: the name of the network.
        ip_address: the IPv4 address in it.
        global_ipv6_address: the IPv6 address in it.
        mac_address: the MAC address of the container's interface.
    """

    name: str
    ip_address: IPv4Address | IPv6Address | None = None
    global_ipv6_address: IPv4Address | IPv6Address | None = None
    mac_address: str | None = None


@attrs.frozen(kw_only=True)
class ContainerPid(Record):
    """The process id of a container's or a pod sandbox's first process, as the host sees it, and what else is told.

    Attributes:
        pid: the process id; 0 when the container does not run; absent when a document does not tell it.
        container: the id, or the name or id given on the command line; absent when that is not known.
        name: the name of the container; of a pod sandbox, the name of the pod.
        image: the image it was created from, by its name.
        state: its state: `running`, or `CONTAINER_RUNNING`, `SANDBOX_READY` of crictl.
        network_mode: how Docker connects it: a network, `none`, `host`, or `container:` and the one whose network it
            shares.
        netns: the path of its network namespace.
        networks: the networks of the engine that it is attached to.
        ip: the address of the pod, of a pod sandbox.
        additional_ips: its addresses of the other family.
        sandbox_id: the id of the pod sandbox that it is part of.
        labels: its labels.
        kubernetes: what the kubelet says of it, in its labels or its name.
        pause: whether it is the pause container of a pod, or a pod sandbox.
        document: the document, as it is.
    """

    pid: int | None = None
    container: str | None = None
    name: str | None = None
    image: str | None = None
    state: str | None = None
    network_mode: str | None = None
    netns: str | None = None
    networks: tuple[ContainerNetwork, ...] | None = None
    ip: IPv4Address | IPv6Address | None = None
    additional_ips: tuple[IPv4Address | IPv6Address, ...] | None = None
    sandbox_id: str | None = None
    labels: dict[str, str] | None = None
    kubernetes: KubernetesName | None = None
    pause: bool | None = None
    document: dict[str, Any] | None = None


# Documents

Fields = dict[str, Any]


class _At:
    """A JSON value, and what is in it where one expects it; what is of another type is as good as absent."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __getitem__(self, key: str) -> _At:
        return _At(self.value.get(key) if isinstance(self.value, dict) else None)

    @property
    def text(self) -> str | None:
        return self.value if isinstance(self.value, str) and self.value else None

    @property
    def number(self) -> int | None:
        return self.value if type(self.value) is int else None

    @property
    def address(self) -> IPv4Address | IPv6Address | None:
        try:
            return to_ip(self.value) if self.text else None
        except BadValue:
            return None

    @property
    def items(self) -> list[Any]:
        return self.value if isinstance(self.value, list) else []

    @property
    def texts(self) -> dict[str, str] | None:
        if not isinstance(self.value, dict) or not all(isinstance(text, str) for text in self.value.values()):
            return None
        return self.value


def _of_engine(document: _At) -> Fields:
    """The fields in what Docker, podman or nerdctl print of a container."""
    config, network = document["Config"], document["NetworkSettings"]
    name = (document["Name"].text or "").removeprefix("/") or None
    labels = config["Labels"].texts
    kubernetes = name_in_labels(labels or {}) or name_of_kubelet(name or "")
    infra = document["IsInfra"].value
    return {
        "pid": document["State"]["Pid"].number,
        "container": document["Id"].text,
        "name": name,
        "image": config["Image"].text or document["ImageName"].text,
        "state": document["State"]["Status"].text,
        "network_mode": document["HostConfig"]["NetworkMode"].text,
        "netns": network["SandboxKey"].text,
        "networks": _networks(network["Networks"]),
        "sandbox_id": document["Pod"].text,
        "labels": labels,
        "kubernetes": kubernetes,
        "pause": kubernetes.container == PAUSE if kubernetes else infra if isinstance(infra, bool) else None,
    }


def _networks(found: _At) -> tuple[ContainerNetwork, ...] | None:
    if not isinstance(found.value, dict):
        return None
    return tuple(
        ContainerNetwork(
            name=name,
            ip_address=found[name]["IPAddress"].address,
            global_ipv6_address=found[name]["GlobalIPv6Address"].address,
            mac_address=found[name]["MacAddress"].text,
        )
        for name in found.value
    )


def _of_runtime(document: _At) -> Fields:
    """The fields in what crictl prints of a container or a pod sandbox."""
    status, info = document["status"], document["info"]
    metadata, network = status["metadata"], status["network"]
    labels = status["labels"].texts
    sandbox = metadata["namespace"].text is not None
    return {
        "pid": info["pid"].number,
        "container": status["id"].text,
        "name": metadata["name"].text,
        "image": status["image"]["image"].text or info["image"].text,
        "state": status["state"].text,
        "netns": _network_namespace(info["runtimeSpec"]["linux"]["namespaces"]),
        "ip": network["ip"].address,
        "additional_ips": _additional(network["additionalIps"]),
        "sandbox_id": info["sandboxID"].text,
        "labels": labels,
        "kubernetes": _kubernetes(metadata, labels or {}, sandbox=sandbox),
        "pause": sandbox,
    }


def _network_namespace(namespaces: _At) -> str | None:
    paths = [_At(item)["path"].text for item in namespaces.items if _At(item)["type"].text == "network"]
    return paths[0] if paths else None


def _additional(found: _At) -> tuple[IPv4Address | IPv6Address, ...] | None:
    if not isinstance(found.value, list):
        return None
    return tuple(address for item in found.items if (address := _At(item)["ip"].address))


def _kubernetes(metadata: _At, labels: Mapping[str, str], *, sandbox: bool) -> KubernetesName | None:
    """What the labels and the metadata say: these have the attempt, and of a sandbox all of it."""
    attempt = metadata["attempt"].number
    pod, namespace = metadata["name"].text, metadata["namespace"].text
    if sandbox and pod and namespace:
        uid = metadata["uid"].text
        return KubernetesName(container=PAUSE, pod=pod, namespace=namespace, uid=uid, attempt=attempt)
    found = name_in_labels(labels)
    return attrs.evolve(found, attempt=attempt) if found and attempt is not None else found


def _read(document: Document, lines: Lines) -> ContainerPid:
    at = _At(document.value)
    if at["State"].value is not None and at["Id"].text:
        fields = _of_engine(at)
    elif at["status"]["id"].text and at["status"]["metadata"].value is not None:
        fields = _of_runtime(at)
    else:
        raise ValueError("expected a container: an object with Id and State, or with the status of one")
    return ContainerPid(
        **fields, document=document.value, origin=lines.source, line=document.first, end_line=document.last
    )


# Numbers

_PID = LineGrammar(column(pp.Regex(r"[0-9]{1,10}").set_name("process id")("pid")))


def _are_documents(texts: Sequence[str]) -> bool:
    first = next((text for text in texts if not noise(text)), "")
    return first.lstrip()[:1] in ("[", "{")


def _assemble(lines: Lines) -> Iterator[ContainerPid]:
    if _are_documents(lines.texts):
        numbers = range(lines.first, lines.first + len(lines.texts))
        yield from read_documents(lines, numbers, lambda document: _read(document, lines))
        return
    pids: list[tuple[int, int]] = []
    for number, line in lines:
        if found := _PID.parse(line):
            lines.recorded(number)
            pids.append((number, int(found["pid"])))
        else:
            lines.refuse(number, _PID)
    containers: Sequence[str | None] = _containers(lines.argv)
    if len(containers) != len(pids):
        # A container that is gone prints no number, so that which number is whose would be a guess.
        containers = [None] * len(pids)
    for (number, pid), container in zip(pids, containers, strict=True):
        yield ContainerPid(pid=pid, container=container, origin=lines.source, line=number)


_TEMPLATES = {
    **dict.fromkeys(("docker", "podman", "nerdctl"), re.compile(r"\{\{ *\.State\.Pid *\}\}")),
    "crictl": re.compile(r"\{\{ *\.info\.pid *\}\}"),
}
# What adds nothing: that a template follows, and that a container is meant.
_IDLE = {("-o", "go-template"), ("--output", "go-template"), ("--type", "container")}


def _words(argv: Sequence[str]) -> list[str]:
    """The words behind `inspect` or `inspectp`, without the options that add nothing."""
    at = next((index for index, word in enumerate(argv) if word in ("inspect", "inspectp")), len(argv))
    words = list(argv[at + 1 :])
    kept = []
    while words:
        if tuple(words[:2]) in _IDLE:
            del words[:2]
        elif words[0].partition("=")[::2] in _IDLE:
            del words[0]
        else:
            kept.append(words.pop(0))
    return kept


def _containers(argv: Sequence[str]) -> list[str]:
    return [word for word in (_words(argv) if argv else ()) if word and word[0] != "-" and "{" not in word]


_FLAGS = re.compile(r"-[sqlD]|--(?:size|latest|quiet)|-(?:o|-output)(?:=json)?|-f|--format")
_VALUED = {"-o", "--output", "-f", "--format"}
_VALUES = {"json", "{{json .}}", "{{ json . }}"}


def _produced_by(argv: Sequence[str]) -> bool:
    words = list(argv)
    verbs = {"inspect", "inspectp"} if words[0] == "crictl" else {"inspect"}
    if words[0] not in _TEMPLATES or (not verbs & {*words[1:2]} and words[1:3] != ["container", "inspect"]):
        return False
    rest = _words(argv)
    options = [word for word in rest if word.startswith("-")]
    templates = [word.partition("=")[2] or word for word in rest if "{" in word]
    if len(options) == len(templates) == 1 and _TEMPLATES[words[0]].fullmatch(templates[0]):
        return True
    valued = [(option, value) for option, value in pairwise(rest) if option in _VALUED]
    return (
        set(templates) <= _VALUES
        and all(map(_FLAGS.fullmatch, options))
        and all(value in _VALUES for _, value in valued)
    )


def _shown_by(texts: Sequence[str]) -> bool:
    """Whether documents have the keys of a container, and a process id among them."""
    if not _are_documents(texts):
        return False
    keys = set(re.findall(r'"(\w+)"[ \t]*:', "\n".join(texts)))
    return {"Id", "State", "Pid", "Config"} <= keys or {"status", "info", "metadata", "pid"} <= keys


COMMAND = Command(
    name="docker_inspect",
    record=ContainerPid,
    assemble=_assemble,
    produced_by=_produced_by,
    shown_by=_shown_by,
    hinted_by=(_PID,),
)
parse_docker_inspect = COMMAND.parse
