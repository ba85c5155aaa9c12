"""The tables of netfilter on a node, each chain from the output that says most of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv6Address, IPv6Network
from itertools import groupby
from typing import Any

import attrs

from aksparse.capture.model import Capture
from aksparse.command import Parsed
from aksparse.diagnostics import Diagnostic
from aksparse.netfilter.rules import Chain
from aksparse.wiring.model import Table
from aksparse.wiring.outputs import complete, outputs_in, second_output

_BUILT_IN = {
    "nat": {"PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"},
    "filter": {"INPUT", "FORWARD", "OUTPUT"},
    "mangle": {"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"},
    "raw": {"PREROUTING", "OUTPUT"},
    "security": {"INPUT", "FORWARD", "OUTPUT"},
}


_TARGETS = {
    *("ACCEPT", "DROP", "QUEUE", "RETURN"),
    *("AUDIT", "CHECKSUM", "CLASSIFY", "CLUSTERIP", "CONNMARK", "CONNSECMARK", "CT", "DNAT", "DNPT", "DSCP", "ECN"),
    *("HL", "HMARK", "IDLETIMER", "LED", "LOG", "MARK", "MASQUERADE", "NETMAP", "NFLOG", "NFQUEUE", "NOTRACK"),
    *("RATEEST", "REDIRECT", "REJECT", "SECMARK", "SET", "SNAT", "SNPT", "SYNPROXY", "TCPMSS", "TCPOPTSTRIP", "TEE"),
    *("TOS", "TPROXY", "TRACE", "TTL", "ULOG"),
}
"""The targets of iptables(8) and iptables-extensions(8) that are no chains."""


@attrs.frozen(kw_only=True)
class Listing:
    """A table, as far as one output has it.

    Attributes:
        output: the output.
        chains: the chains.
        whole: whether all of the table is there, as far as it shows.
    """

    output: Parsed[Any]
    chains: tuple[Chain, ...]
    whole: bool

    @property
    def has_interfaces(self) -> bool:
        """Whether it has the interfaces of the rules."""
        return any(rule.in_interface for chain in self.chains for rule in chain.rules)


Listings = dict[tuple[str, int], list[Listing]]


def listings(capture: Capture) -> Listings:
    """The listings of each table, by its name and the version of IP."""
    found: Listings = {}
    for output in outputs_in(capture, "iptables"):
        name = _table_of(output)
        if name is not None:
            _add(found, name, output, tuple(output), complete(output))
    for output in outputs_in(capture, "iptables_save"):
        ignored = Counter(output.ignored.values())
        ended = complete(output) and ignored["table"] == ignored["commit"]
        for named, chains in groupby(output, key=lambda chain: chain.table):
            name = named or _table_asked(output.argv or ())
            if name is not None:
                _add(found, name, output, tuple(chains), ended)
    return found


def _add(found: Listings, name: str, output: Parsed[Any], chains: tuple[Chain, ...], ended: bool) -> None:
    whole = ended and _has_built_in(name, chains) and _hangs_together(chains)
    found.setdefault((name, _version(output, chains)), []).append(Listing(output=output, chains=chains, whole=whole))


def tables(found: Listings) -> tuple[Table, ...]:
    """Every table that was listed, of both versions of IP."""
    return tuple(
        Table(
            name=name,
            version=version,
            chains=tuple(_chains(of_table)),
            whole=any(listing.whole for listing in of_table),
            interfaces_listed=any(listing.has_interfaces for listing in of_table),
        )
        for (name, version), of_table in found.items()
    )


def _chains(of_table: Iterable[Listing]) -> Iterator[Chain]:
    """Each chain from the listing that has the same rules of it as one of the whole table, and says most of them.

    A listing has interfaces or hides them; `iptables-save` knows where comments end.
    """
    whole: dict[str, list[object]] = {}
    listed: dict[str, list[tuple[bool, bool, bool, int, bool, Chain]]] = {}
    ordered = sorted(of_table, key=lambda listing: not listing.whole)
    for listing in ordered:
        saved = listing.output.command == "iptables_save"
        for chain in listing.chains:
            if chain.name is None:
                yield chain
                continue
            targets = [(rule.target, rule.target_options) for rule in chain.rules]
            if listing.whole:
                whole.setdefault(chain.name, []).append(targets)
            agrees = targets in whole.get(chain.name, [targets])
            rank = (agrees, listing.has_interfaces, listing.whole, len(targets), saved, chain)
            listed.setdefault(chain.name, []).append(rank)
    for found in listed.values():
        yield max(found, key=lambda ranked: ranked[:5])[5]


def contradicting_tables(found: Listings) -> Iterator[Diagnostic]:
    """Listings of one table that cannot be of the same moment: the same chain has other rules."""
    for of_table in found.values():
        first, *others = sorted(of_table, key=lambda listing: sum(len(c.rules) for c in listing.chains), reverse=True)
        names = {chain.name: chain for chain in first.chains if chain.name}
        for other in others:
            for chain in other.chains:
                if chain.name in names and not _is_part(chain, names[chain.name]):
                    yield second_output(other.output, first.output, f"chain {chain.name}")
                    break


def _is_part(chain: Chain, whole: Chain) -> bool:
    """Whether rules lead to the same targets as some of a chain do, in the same order."""
    targets = iter([rule.target for rule in whole.rules])
    return all(rule.target in targets for rule in chain.rules)


def _version(output: Parsed[Any], chains: Iterable[Chain]) -> int:
    if output.argv:
        return 6 if output.argv[0].startswith("ip6") else 4
    addresses = (rule.destination for chain in chains for rule in chain.rules)
    return 6 if any(isinstance(address, IPv6Address | IPv6Network) for address in addresses) else 4


def _table_of(output: Parsed[Chain]) -> str | None:
    """The table of a listing: by its command line, else by its built-in chains."""
    if output.argv:
        return _table_asked(output.argv)
    names = {chain.name for chain in output}
    if "FORWARD" in names:
        return "mangle" if "PREROUTING" in names else "filter"
    return "raw" if names and names == _BUILT_IN["raw"] else "nat"


def _table_asked(argv: Sequence[str]) -> str | None:
    """The table that a command line names."""
    options = iter(argv[1:])
    for option in options:
        if option in ("-t", "--table"):
            return next(options, None)
        if option.startswith(("-t", "--table=")):
            return option.removeprefix("--table=").removeprefix("-t")
    return "filter"


def _hangs_together(chains: Sequence[Chain]) -> bool:
    """Whether no rule or title is missed: each chain has its title, and as many rules lead to it as that says.

    `iptables-save` does not say how many: there some rule leads to each chain that has rules. The chain that marks
    packets to be dropped is there before anything leads to it.
    """
    jumps = Counter(rule.target for chain in chains for rule in chain.rules)
    if jumps.keys() - {chain.name for chain in chains} - _TARGETS - {None}:
        return False
    for chain in chains:
        if chain.rules and chain.line == chain.rules[0].line:
            return False
        if chain.references is not None and chain.references != jumps[chain.name]:
            return False
        alone = chain.references is None and chain.policy is None and not jumps[chain.name]
        if alone and any(rule.target != "MARK" for rule in chain.rules):
            return False
    return True


def _has_built_in(name: str, chains: Iterable[Chain]) -> bool:
    """Whether every built-in chain is there. Debian's kernel lists nat's INPUT, others may not."""
    return _BUILT_IN.get(name, {""}) - {"INPUT"} <= {chain.name for chain in chains}
