"""The tables of netfilter on a node, each chain from the listing that says most of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from aksparse.capture import Capture
from aksparse.command import Parsed
from aksparse.netfilter.rules import Chain
from aksparse.wiring.host import complete, host_outputs
from aksparse.wiring.model import Table

_BUILT_IN = {
    "nat": {"PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"},
    "filter": {"INPUT", "FORWARD", "OUTPUT"},
    "mangle": {"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"},
    "raw": {"PREROUTING", "OUTPUT"},
}


def tables(capture: Capture) -> tuple[Table, ...]:
    """Every table that was listed, of both versions of IP."""
    listings: dict[tuple[str, int], list[tuple[tuple[Chain, ...], bool]]] = {}
    for output in host_outputs(capture, "iptables"):
        name = _table_of(output)
        if name is not None:
            found = (tuple(output), _whole(name, output) and complete(output))
            listings.setdefault((name, _version(output)), []).append(found)
    return tuple(_table(name, version, found) for (name, version), found in listings.items())


def _table(name: str, version: int, listings: Iterable[tuple[tuple[Chain, ...], bool]]) -> Table:
    chains = tuple(_chains(listing for listing, _ in listings))
    return Table(
        name=name,
        version=version,
        chains=chains,
        whole=any(whole for _, whole in listings),
        interfaces_listed=any(rule.in_interface for chain in chains for rule in chain.rules),
    )


def _chains(listings: Iterable[tuple[Chain, ...]]) -> Iterator[Chain]:
    """Each chain from the listing that has interfaces, and most rules."""
    listed: dict[str, list[tuple[bool, int, Chain]]] = {}
    for chains in listings:
        with_interfaces = any(rule.in_interface for chain in chains for rule in chain.rules)
        for chain in chains:
            listed.setdefault(chain.name, []).append((with_interfaces, len(chain.rules), chain))
    for found in listed.values():
        yield max(found, key=lambda listing: listing[:2])[2]


def _version(output: Parsed[Any]) -> int:
    return 6 if output.argv and output.argv[0].startswith("ip6") else 4


def _table_of(output: Parsed[Chain]) -> str | None:
    """The table of a listing: by its command line, else by its built-in chains."""
    if output.argv:
        options = iter(output.argv[1:])
        for option in options:
            if option in ("-t", "--table"):
                return next(options, None)
            if option.startswith(("-t", "--table=")):
                return option.removeprefix("--table=").removeprefix("-t")
        return "filter"
    names = {chain.name for chain in output}
    if "FORWARD" in names:
        return "mangle" if "PREROUTING" in names else "filter"
    return "raw" if names and names == _BUILT_IN["raw"] else "nat"


def _whole(name: str, output: Parsed[Chain]) -> bool:
    """Whether every built-in chain is there. Debian's kernel lists nat's INPUT, others may not."""
    return _BUILT_IN.get(name, {""}) - {"INPUT"} <= {chain.name for chain in output}
