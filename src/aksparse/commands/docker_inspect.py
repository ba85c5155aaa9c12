"""`docker inspect --format '{{ .State.Pid }}' CONTAINER...`: the process id of containers.

Format: docker-inspect(1) of the Docker CLI: with this template one number per container named on the command line, in
that order. The number alone does not say whose it is: that, and that it is a process id at all, is in the command line.
podman and nerdctl take the same template. crictl prints the same for
`crictl inspect --output go-template --template '{{.info.pid}}' CONTAINER...`, and with `inspectp` for pod sandboxes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import attrs
import pyparsing as pp

from aksparse.command import Command, Lines
from aksparse.linere import LineGrammar
from aksparse.records import Record
from aksparse.tokens import column


@attrs.frozen(kw_only=True)
class ContainerPid(Record):
    """The process id of a container's first process, as the host sees it.

    Attributes:
        pid: the process id; 0 when the container does not run.
        container: the name or id given on the command line, with `inspectp` that of a pod sandbox; absent when that is
            not known.
    """

    pid: int
    container: str | None = None


_PID = LineGrammar(column(pp.Regex(r"[0-9]{1,10}").set_name("process id")("pid")))


def _assemble(lines: Lines) -> Iterator[ContainerPid]:
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
_GO_TEMPLATES = {("-o", "go-template"), ("--output", "go-template")}


def _words(argv: Sequence[str]) -> list[str]:
    """The words behind `inspect` or `inspectp`, without the option that tells crictl that a template follows."""
    at = next((index for index, word in enumerate(argv) if word in ("inspect", "inspectp")), len(argv))
    words = list(argv[at + 1 :])
    if argv[0] != "crictl":
        return words
    kept = []
    while words:
        if tuple(words[:2]) in _GO_TEMPLATES:
            del words[:2]
        elif words[0].partition("=")[::2] == ("--output", "go-template"):
            del words[0]
        else:
            kept.append(words.pop(0))
    return kept


def _containers(argv: Sequence[str]) -> list[str]:
    return [word for word in (_words(argv) if argv else ()) if word and word[0] != "-" and "{" not in word]


def _produced_by(argv: Sequence[str]) -> bool:
    words = list(argv)
    verbs = {"inspect", "inspectp"} if words[0] == "crictl" else {"inspect"}
    if words[0] not in _TEMPLATES or (not verbs & {*words[1:2]} and words[1:3] != ["container", "inspect"]):
        return False
    rest = _words(argv)
    options = [word for word in rest if word.startswith("-")]
    templates = [word.partition("=")[2] or word for word in rest if "{" in word]
    return len(options) == len(templates) == 1 and bool(_TEMPLATES[words[0]].fullmatch(templates[0]))


COMMAND = Command(name="docker_inspect", record=ContainerPid, assemble=_assemble, produced_by=_produced_by)
parse_docker_inspect = COMMAND.parse
