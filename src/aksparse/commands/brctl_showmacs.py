"""`brctl showmacs BRIDGE`: the addresses that a bridge knows, and the port that each is behind.

Format: brctl(8) of bridge-utils, `brctl/brctl_cmd.c` (`br_cmd_showmacs`): a header, then one line per address with the
columns port no, mac addr, is local? and ageing timer. The output does not say which bridge it is of; the command line
does, where it is known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

import attrs
import pyparsing as pp

from aksparse.command import Command, Lines
from aksparse.linere import LineGrammar
from aksparse.records import Record
from aksparse.tokens import column, rest_of_line


@attrs.frozen(kw_only=True)
class BridgeAddress(Record):
    """An address that a bridge knows.

    Attributes:
        bridge: the bridge, as named on the command line; absent when that is not known.
        port_no: the number of the port that the address is behind.
        mac_addr: the address.
        is_local: whether it is an address of the port itself.
        ageing_timer: the time since it was last seen, in seconds; 0 for an address that does not age.
    """

    bridge: str | None = None
    port_no: int
    mac_addr: str
    is_local: bool
    ageing_timer: Decimal


_HEADER = LineGrammar(pp.And([column(pp.Literal(name)) for name in "port no mac addr is local? ageing timer".split()]))
_NO_BRIDGE = LineGrammar(pp.Literal("read of forward table failed:") + rest_of_line("error"))
_ADDRESS = LineGrammar(
    column(pp.Regex(r"[0-9]{1,9}").set_name("number of a port")("port_no"))
    + column(pp.Regex(r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}").set_name("link-layer address")("mac_addr"))
    + column(pp.Regex(r"yes|no").set_name("yes or no")("is_local"))
    + column(pp.Regex(r"[0-9]{1,9}\.[0-9]{2}").set_name("time in seconds")("ageing_timer"))
)


def _assemble(lines: Lines) -> Iterator[BridgeAddress]:
    bridge = lines.argv[2] if len(lines.argv) == 3 else None
    match = lines.matcher(_ADDRESS)
    for number, line in lines:
        if found := match(line):
            port_no, mac_addr, is_local, ageing_timer = found.groups()
            lines.recorded(number)
            yield BridgeAddress(
                bridge=bridge,
                port_no=int(port_no),
                mac_addr=mac_addr,
                is_local=is_local == "yes",
                ageing_timer=Decimal(ageing_timer),
                origin=lines.source,
                line=number,
            )
        elif _HEADER.pattern.match(line):
            lines.ignore(number, "header")
        else:
            lines.refuse(number, _ADDRESS)


def _produced_by(argv: Sequence[str]) -> bool:
    return list(argv[:2]) == ["brctl", "showmacs"]


COMMAND = Command(
    name="brctl_showmacs",
    record=BridgeAddress,
    assemble=_assemble,
    produced_by=_produced_by,
    signature=(_HEADER, _NO_BRIDGE),
)
parse_brctl_showmacs = COMMAND.parse
