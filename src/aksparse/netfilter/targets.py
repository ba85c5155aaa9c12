"""The typed options of the targets of iptables rules, as records.

Format: iptables-extensions(8).
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Literal

import attrs


@attrs.frozen(kw_only=True, weakref_slot=False)
class ToOption:
    """Where DNAT, SNAT or NETMAP translate to (`--to-destination`, `--to-source`, `--to`).

    Attributes:
        kind: which option this is.
        address: the address, or the first of a range; absent when only the port is translated.
        last_address: the last address of a range.
        network: the network that NETMAP maps to.
        port: the port, or the first of a range.
        last_port: the last port of a range.
    """

    kind: Literal["to"] = "to"
    address: IPv4Address | IPv6Address | None = None
    last_address: IPv4Address | IPv6Address | None = None
    network: IPv4Network | IPv6Network | None = None
    port: int | None = None
    last_port: int | None = None


@attrs.frozen(kw_only=True)
class PortsOption:
    """The ports that MASQUERADE or REDIRECT translate to (`--to-ports`).

    Attributes:
        kind: which option this is.
        first: the first port.
        last: the last port, the same as the first for a single one.
    """

    kind: Literal["ports"] = "ports"
    first: int
    last: int


@attrs.frozen(kw_only=True)
class NatFlag:
    """A flag of a translating target.

    Attributes:
        kind: which option this is.
        flag: `random` (`--random`), `random-fully` or `persistent`.
    """

    kind: Literal["flag"] = "flag"
    flag: str


@attrs.frozen(kw_only=True)
class MarkOption:
    """How MARK changes the mark of a packet.

    Attributes:
        kind: which option this is.
        operation: `set`, `xset`, `and`, `or` or `xor`.
        value: the operand.
        mask: the bits that `set` and `xset` clear first; absent means all.
    """

    kind: Literal["mark"] = "mark"
    operation: str
    value: int
    mask: int | None = None


@attrs.frozen(kw_only=True)
class RejectOption:
    """What REJECT answers with.

    Attributes:
        kind: which option this is.
        reject_with: the kind of answer, such as `icmp-port-unreachable`.
    """

    kind: Literal["reject"] = "reject"
    reject_with: str


TargetOption = ToOption | PortsOption | NatFlag | MarkOption | RejectOption
