"""`NAME="10.220.2.0/24"`: a shell variable that names a network.

Pages and scripts that make a cluster keep its networks in variables. The name is the writer's and means what the writer
meant; the record says no more than the text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network, IPv6Network

import attrs
import pyparsing as pp

from aksparse.command import Command, Lines
from aksparse.linere import LineGrammar
from aksparse.records import Record
from aksparse.tokens import to_network


@attrs.frozen(kw_only=True)
class NamedNetwork(Record):
    """A network and the name that somebody gave it.

    Attributes:
        name: the name of the variable.
        network: the network.
    """

    name: str
    network: IPv4Network | IPv6Network


_cidr = pp.Regex(r"[0-9a-fA-F.:]+/[0-9]{1,3}").leave_whitespace().set_name("network in CIDR notation")("network")
_ASSIGNMENT = LineGrammar(
    pp.Opt(pp.Keyword("export"))
    + pp.Regex(r"[A-Za-z_][A-Za-z0-9_]*").set_name("variable name")("name")
    + pp.Literal("=").leave_whitespace()
    + pp.MatchFirst(
        [
            pp.Literal(quote).leave_whitespace() + _cidr + pp.Literal(quote).leave_whitespace() if quote else _cidr
            for quote in ('"', "'", "")
        ]
    ).set_name("network in CIDR notation")
    + pp.Opt(pp.Regex(r"#.*").set_name("comment"))
)


def _assemble(lines: Lines) -> Iterator[NamedNetwork]:
    for number, line in lines:
        if found := _ASSIGNMENT.parse(line):
            try:
                network = to_network(found["network"])
            except ValueError as error:
                lines.bad_value(number, error)
                continue
            lines.recorded(number)
            yield NamedNetwork(name=found["name"], network=network, origin=lines.source, line=number)
        else:
            lines.refuse(number, _ASSIGNMENT)


def _produced_by(argv: Sequence[str]) -> bool:  # noqa: ARG001  (a shell prints nothing for an assignment)
    return False


COMMAND = Command(
    name="assignment",
    record=NamedNetwork,
    assemble=_assemble,
    produced_by=_produced_by,
    signature=(_ASSIGNMENT,),
)
parse_assignment = COMMAND.parse
