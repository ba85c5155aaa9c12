"""`brctl showstp BRIDGE`: the spanning tree of a bridge, as the bridge and each of its ports see it.

Format: brctl(8) of bridge-utils, `brctl/brctl_disp.c` (`br_dump_bridge_info`) and `brctl_cmd.c` (`dump_port_info`): a
block for the bridge, then one for each port. A block begins with a name at the left margin, behind which a port has its
number in parentheses; each line below holds one or two labels with their values, and blank lines stand between. Fields
are named like the labels. The tool reads sysfs, where the bridge's own times (`bridge max age` and so on) are not to be
found: it repeats those of the root. busybox prints the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import attrs
import pyparsing as pp

from aksparse.command import Command, Lines
from aksparse.linere import LineGrammar
from aksparse.records import Record
from aksparse.terminal.noise import noise
from aksparse.tokens import column, integer


@attrs.frozen(kw_only=True)
class StpPort(Record):
    """A port of a bridge in the spanning tree.

    Attributes:
        name: the name of the port.
        port_no: the number of the port.
        port_id: its priority and number as the tool prints them, such as `8001`.
        state: `disabled`, `listening`, `learning`, `forwarding` or `blocking`.
        designated_root: the id of the bridge that the port takes for the root.
        path_cost: the cost of the path through the port.
        designated_bridge: the id of the bridge by which the port's network reaches the root.
        message_age_timer: the time that the last message of the root still counts, in seconds.
        designated_port: the port of that bridge.
        forward_delay_timer: the time until the port changes its state, in seconds.
        designated_cost: the cost of the path from that bridge to the root.
        hold_timer: the time until the port may send its next message, in seconds.
        flags: `CONFIG_PENDING`, `TOPOLOGY_CHANGE_ACK`.
        hairpin_mode: that packets may leave through the port they came in by; printed only when they may.
    """

    name: str
    port_no: int
    port_id: str | None = None
    state: str | None = None
    designated_root: str | None = None
    path_cost: int | None = None
    designated_bridge: str | None = None
    message_age_timer: Decimal | None = None
    designated_port: str | None = None
    forward_delay_timer: Decimal | None = None
    designated_cost: int | None = None
    hold_timer: Decimal | None = None
    flags: tuple[str, ...] | None = None
    hairpin_mode: bool | None = None


@attrs.frozen(kw_only=True)
class StpBridge(Record):
    """A bridge in the spanning tree, with its ports.

    Attributes:
        name: the name of the bridge.
        bridge_id: its priority and address as the tool prints them, such as `8000.160c0cac5660`.
        designated_root: the id of the bridge that it takes for the root.
        root_port: the number of the port by which it reaches the root; 0 when it is the root.
        path_cost: the cost of the path to the root.
        max_age: how long a message of the root counts, in seconds.
        hello_time: how often the root sends messages, in seconds.
        forward_delay: how long a port listens, and how long it learns, before it forwards, in seconds.
        bridge_max_age: `max_age` once more.
        bridge_hello_time: `hello_time` once more.
        bridge_forward_delay: `forward_delay` once more.
        ageing_time: how long an address is kept that was not seen again, in seconds.
        hello_timer: the time until the next message, in seconds.
        tcn_timer: the time until the next notification of a topology change, in seconds.
        topology_change_timer: the time until a topology change is over, in seconds.
        gc_timer: the time until old addresses are next thrown away, in seconds.
        flags: `TOPOLOGY_CHANGE`, `TOPOLOGY_CHANGE_DETECTED`.
        ports: its ports.
    """

    name: str
    bridge_id: str | None = None
    designated_root: str | None = None
    root_port: int | None = None
    path_cost: int | None = None
    max_age: Decimal | None = None
    hello_time: Decimal | None = None
    forward_delay: Decimal | None = None
    bridge_max_age: Decimal | None = None
    bridge_hello_time: Decimal | None = None
    bridge_forward_delay: Decimal | None = None
    ageing_time: Decimal | None = None
    hello_timer: Decimal | None = None
    tcn_timer: Decimal | None = None
    topology_change_timer: Decimal | None = None
    gc_timer: Decimal | None = None
    flags: tuple[str, ...] | None = None
    ports: tuple[StpPort, ...] = ()


_id = pp.Regex(r"[0-9a-f]{4}\.[0-9a-f]{12}").set_name("bridge id")
_port_id = pp.Regex(r"[0-9a-f]{4}").set_name("port id")
_time = pp.Regex(r"[0-9]{1,9}\.[0-9]{2}").set_name("time in seconds")
_state = pp.Regex(r"disabled|listening|learning|forwarding|blocking").set_name("state of a port")
_flags = pp.Regex(r"[A-Z_]+(?:[ \t]+[A-Z_]+)*").set_name("flags")


def _rows(*rows: dict[str, pp.ParserElement]) -> LineGrammar:
    """One of these lines, each of which holds these labels and values."""
    cells = [
        [column(pp.Literal(label)) + column(value(label.replace(" ", "_"))) for label, value in row.items()]
        for row in rows
    ]
    flags = column(pp.Literal("flags")("has_flags")) + pp.Opt(column(_flags("flags")))
    indentation = pp.Regex(r"[ \t]+").leave_whitespace().set_name("indentation")
    return LineGrammar(indentation + pp.MatchFirst([*(pp.And(row) for row in cells), flags]).set_name("label"))


_name = pp.Regex(r"[^ \t]+").leave_whitespace().set_name("name")("name")
_BRIDGE = LineGrammar(column(_name))
_PORT = LineGrammar(column(_name) + column(pp.Regex(r"\([0-9]{1,9}\)").set_name("number of the port")("port_no")))
_OF_BRIDGE = _rows(
    {"bridge id": _id},
    {"designated root": _id},
    {"root port": integer, "path cost": integer},
    {"max age": _time, "bridge max age": _time},
    {"hello time": _time, "bridge hello time": _time},
    {"forward delay": _time, "bridge forward delay": _time},
    {"ageing time": _time},
    {"hello timer": _time, "tcn timer": _time},
    {"topology change timer": _time, "gc timer": _time},
)
_OF_PORT = _rows(
    {"port id": _port_id, "state": _state},
    {"designated root": _id, "path cost": integer},
    {"designated bridge": _id, "message age timer": _time},
    {"designated port": _port_id, "forward delay timer": _time},
    {"designated cost": integer, "hold timer": _time},
    {"hairpin mode": integer},
)
_NUMBERS = {"root_port", "path_cost", "designated_cost"}
_TIMES = ("timer", "time", "age", "delay")


def _to_fields(found: dict[str, str]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, text in found.items():
        if name in _NUMBERS:
            fields[name] = int(text)
        elif name == "hairpin_mode":
            fields[name] = text != "0"
        elif name == "has_flags":
            fields["flags"] = tuple(found.get("flags", "").split())
        elif name != "flags":
            fields[name] = Decimal(text) if name.endswith(_TIMES) else text
    return fields


class _Tree:
    """A bridge and its ports while their lines are read."""

    def __init__(self, bridge: dict[str, Any]) -> None:
        self.bridge = bridge
        self.ports: list[dict[str, Any]] = []

    @property
    def block(self) -> dict[str, Any]:
        """What the next line is about."""
        return self.ports[-1] if self.ports else self.bridge

    def finish(self) -> StpBridge:
        return StpBridge(**self.bridge, ports=tuple(StpPort(**port) for port in self.ports))


def _assemble(lines: Lines) -> Iterator[StpBridge]:
    tree: _Tree | None = None
    grammar: LineGrammar | None = None  # what the lines of the block are; unknown below a line that begins none
    for number, line in lines:
        begin = {"origin": lines.source, "line": number}
        if noise(line):
            lines.refuse(number)
            continue
        if found := grammar and grammar.parse(line):
            assert tree is not None
            fields = _to_fields(found)
            if fields.keys() & tree.block.keys():
                lines.report(number, "repeated-line", "a line of a block that has such a line above", 1)
                continue
            tree.block.update(fields)
        elif found := _PORT.parse(line):
            if tree is None:
                lines.report(number, "orphan-line", "a port without a bridge above it", 1)
                continue
            grammar = _OF_PORT
            tree.ports.append({**begin, "name": found["name"], "port_no": int(found["port_no"][1:-1])})
        elif (found := _BRIDGE.parse(line)) and _begins_bridge(lines, number):
            if tree is not None:
                yield tree.finish()
            grammar = _OF_BRIDGE
            tree = _Tree({**begin, "name": found["name"]})
        else:
            lines.refuse(number, grammar or _BRIDGE)
            if line[0] not in " \t":
                grammar = None
            continue
        lines.recorded(number)
        tree.bridge["end_line"] = tree.block["end_line"] = number
    if tree is not None:
        yield tree.finish()


def _begins_bridge(lines: Lines, number: int) -> bool:
    """Whether the line below a name is about a bridge: a name alone may be anything."""
    below = lines.texts[number - lines.first + 1 :][:1]
    return bool(below and _OF_BRIDGE.pattern.match(below[0]))


def _produced_by(argv: Sequence[str]) -> bool:
    return list(argv[:2]) == ["brctl", "showstp"]


def _shown_by(texts: Sequence[str]) -> bool:
    first = [text for text in texts[:20] if not noise(text)][:2]
    return len(first) == 2 and bool(_BRIDGE.pattern.match(first[0]) and _OF_BRIDGE.pattern.match(first[1]))


COMMAND = Command(
    name="brctl_showstp", record=StpBridge, assemble=_assemble, produced_by=_produced_by, shown_by=_shown_by
)
parse_brctl_showstp = COMMAND.parse
