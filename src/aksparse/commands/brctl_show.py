"""`brctl show [BRIDGE...]`: the bridges of a namespace and their ports.

Format: brctl(8) of bridge-utils, `brctl/brctl_cmd.c` (`br_cmd_show`) and `brctl_disp.c`: a header, then for each bridge
a line with its name, id, whether the spanning tree protocol is on, and its first port; every further port stands alone
on a line of its own, indented. The tool separates with tabs, pages that quote it often with blanks. A bridge that
vanished while it was listed has ``can't get info`` and the reason in place of the rest. busybox prints the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import attrs
import pyparsing as pp

from aksparse.command import Command, Lines
from aksparse.linere import LineGrammar
from aksparse.records import Record
from aksparse.tokens import column, rest_of_line, word


@attrs.frozen(kw_only=True)
class Bridge(Record):
    """One bridge and its ports.

    Attributes:
        name: the name of the bridge.
        bridge_id: its priority and address as the tool prints them, such as `8000.160c0cac5660`.
        stp_enabled: whether the spanning tree protocol is on.
        interfaces: the names of its ports.
        error: why the tool could not tell more about the bridge.
    """

    name: str
    bridge_id: str | None = None
    stp_enabled: bool | None = None
    interfaces: tuple[str, ...] = ()
    error: str | None = None


_HEADER = LineGrammar(
    pp.And([column(pp.Literal(name)) for name in "bridge name bridge id STP enabled interfaces".split()])
)
_BRIDGE = LineGrammar(
    column(pp.Regex(r"[^ \t]+").leave_whitespace().set_name("bridge name")("name"))
    + (
        column(pp.Regex(r"[0-9a-f]{4}\.[0-9a-f]{12}").set_name("bridge id")("bridge_id"))
        + column(pp.Regex(r"yes|no").set_name("yes or no")("stp_enabled"))
        + pp.Opt(column(word("interface")))
        | pp.Literal("can't get info") + rest_of_line("error")
    ).set_name("bridge id")
)
_PORT = LineGrammar(pp.Regex(r"[ \t]+").leave_whitespace().set_name("indentation") + column(word("interface")))


def _assemble(lines: Lines) -> Iterator[Bridge]:
    bridge: dict[str, Any] | None = None
    for number, line in lines:
        if _HEADER.pattern.match(line):
            lines.ignore(number, "header")
            continue
        if found := _BRIDGE.parse(line):
            if bridge is not None:
                yield Bridge(**bridge)
            port = found.pop("interface", None)
            stp = found.pop("stp_enabled", None)
            bridge = {
                **found,
                "stp_enabled": None if stp is None else stp == "yes",
                "interfaces": (port,) if port else (),
                "origin": lines.source,
                "line": number,
            }
        elif bridge is not None and (found := _PORT.parse(line)):
            bridge["interfaces"] += (found["interface"],)
        elif _PORT.parse(line):
            lines.report(number, "orphan-line", "a port without a bridge above it", len(line) - len(line.lstrip()) + 1)
            continue
        else:
            lines.refuse(number, _BRIDGE, _PORT)
            if bridge is not None and number not in lines.ignored and line[0] not in " \t":
                yield Bridge(**bridge)
                bridge = None  # the ports that follow may be another bridge's
            continue
        lines.recorded(number)
        bridge["end_line"] = number
    if bridge is not None:
        yield Bridge(**bridge)


def _produced_by(argv: Sequence[str]) -> bool:
    return list(argv[:2]) == ["brctl", "show"]


COMMAND = Command(
    name="brctl_show", record=Bridge, assemble=_assemble, produced_by=_produced_by, signature=(_HEADER, _BRIDGE)
)
parse_brctl_show = COMMAND.parse
