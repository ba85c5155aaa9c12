"""`docker inspect --format '{{ .State.Pid }}' CONTAINER...`: the process id of containers.

Format: docker-inspect(1) of the Docker CLI: with this template one number per container named on the command line, in
that order. The number alone does not say whose it is: that, and that it is a process id at all, is in the command line.
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
        container: the name or id given on the command line; absent when that is not known.
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


_TEMPLATE = re.compile(r"\{\{ *\.State\.Pid *\}\}")


def _containers(argv: Sequence[str]) -> list[str]:
    words = list(argv)
    options = words[words.index("inspect") + 1 :] if "inspect" in words else []
    return [word for word in options if word and word[0] != "-" and "{" not in word]


def _produced_by(argv: Sequence[str]) -> bool:
    words = list(argv)
    if words[:2] != ["docker", "inspect"] and words[:3] != ["docker", "container", "inspect"]:
        return False
    options = [word for word in words if word.startswith("-")]
    templates = [word.partition("=")[2] or word for word in words if "{" in word]
    return len(options) == len(templates) == 1 and bool(_TEMPLATE.fullmatch(templates[0]))


COMMAND = Command(name="docker_inspect", record=ContainerPid, assemble=_assemble, produced_by=_produced_by)
parse_docker_inspect = COMMAND.parse
