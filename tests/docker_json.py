"""Containers as the clients' own JSON says them, to compare records with."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from typing import Any

from aksparse.commands.docker_ps import Container
from aksparse.containers.cells import Port

USUAL = ("ID", "Image", "Command", "RunningFor", "Status", "Ports", "Names")


def columns_of(argv: Sequence[str]) -> set[str]:
    """The keys of `docker ps --format '{{json .}}'` for which a command line prints a column."""
    chosen = [word for word in argv if word.startswith("table ")]
    if chosen:
        return set(re.findall(r"\{\{ *\.(\w+) *\}\}", chosen[0]))
    if any(re.fullmatch("-[aq]*q[aq]*", word) for word in argv):
        return {"ID"}
    return {*USUAL, "Size"} if any(re.fullmatch("-[as]*s[as]*", word) for word in argv) else set(USUAL)


def as_docker_json(container: Container) -> dict[str, str]:
    """The columns that a record was made from, as docker's JSON has them; the command without quotes."""
    found: dict[str, str | None] = {
        "ID": container.id,
        "Image": container.image,
        "Command": None if container.command is None else container.command + "…" * bool(container.command_truncated),
        "CreatedAt": container.created_at,
        "RunningFor": container.running_for,
        "Status": container.status,
        "State": container.state,
        "Size": container.size,
        "Ports": None if container.ports is None else ", ".join(map(port_text, container.ports)),
        "Names": joined(container.names),
        "Labels": joined(container.labels and [f"{key}={value}" for key, value in container.labels.items()]),
        "Mounts": joined(container.mounts),
        "Networks": joined(container.networks),
        "LocalVolumes": None if container.local_volumes is None else str(container.local_volumes),
    }
    return {key: text for key, text in found.items() if text is not None}


def said_by_docker(judge: dict[str, Any], columns: set[str]) -> dict[str, str]:
    """What docker's JSON says in some columns, in the same way."""
    said = {key: judge[key] for key in columns}
    if "Command" in said:
        said["Command"] = ast.literal_eval(said["Command"])  # Go's escapes are also Python's
    if "Ports" in said:
        said["Ports"] = re.sub(r"[\[\]]", "", said["Ports"])  # around IPv6 addresses, in newer clients
    return said


def joined(texts: Any) -> str | None:
    return None if texts is None else ",".join(texts)


def port_text(port: Port) -> str:
    private = f"{port.private_port}{f'-{port.private_last_port}' if port.private_last_port else ''}/{port.type}"
    if port.public_port is None:
        return private
    return f"{port.ip}:{port.public_port}{f'-{port.public_last_port}' if port.public_last_port else ''}->{private}"
