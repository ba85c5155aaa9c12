"""What becomes of a packet in the chains of a table.

Semantics: iptables(8), iptables-extensions(8). The rules of a chain are asked in order; the first that matches decides,
or hands the packet to another chain, which may hand it back. A match that depends on what a packet alone does not say
(a set, a rate, chance, a state of the connection) is neither yes nor no. Where it would decide, nothing is decided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

import attrs

from aksparse.netfilter.matches.kernel import AddrtypeMatch, ConntrackMatch, MarkMatch, SetMatch
from aksparse.netfilter.matches.packet import PortMatch
from aksparse.netfilter.matches.rates import NfacctMatch, RecentMatch, StatisticMatch
from aksparse.netfilter.rules import Chain, Match, Rule
from aksparse.netfilter.targets import ConnmarkOption, MarkOption

IPAddress = IPv4Address | IPv6Address


@attrs.frozen(kw_only=True)
class Packet:
    """The first packet of a connection.

    Attributes:
        source: where it comes from.
        destination: where it goes.
        protocol: its protocol.
        dport: its destination port.
        in_interface: the interface that it came in through; empty when the node itself sends it, absent if not known.
        out_interface: the interface that it leaves through; empty when it is for the node itself, absent if not known.
        mark: its mark.
        source_is_local: whether the node has its source address.
        destination_is_local: whether the node has its destination address.
    """

    source: IPAddress
    destination: IPAddress
    protocol: str = "tcp"
    dport: int | None = None
    in_interface: str | None = None
    out_interface: str | None = None
    mark: int = 0
    source_is_local: bool = False
    destination_is_local: bool = False


@attrs.frozen(kw_only=True)
class Verdict:
    """What becomes of a packet.

    Attributes:
        target: the target that decides, such as `MASQUERADE`; absent when no rule of the table decides.
        path: the rules that matched, the one that decides last.
        mark: the mark that the packet then has.
        open: the rule of which it cannot be told whether it matches, so that nothing is decided.
    """

    target: str | None = None
    path: tuple[Rule, ...] = ()
    mark: int = 0
    open: Rule | None = None


Guess = Callable[[Match], bool | None]
"""What is known of a match that the packet alone does not tell."""


def becomes(packet: Packet, chain: str, chains: Mapping[str, Chain], guess: Guess = lambda _: None) -> Verdict:
    """What becomes of a packet that enters a chain.

    Args:
        packet: the packet.
        chain: the name of the chain.
        chains: the chains of the table, by name.
        guess: what is known of the matches that the packet alone does not tell.
    """
    walk = _Walk(packet=packet, chains=chains, guess=guess)
    found = walk.through(chain, ())
    path = tuple(walk.path)
    if isinstance(found, str):
        return Verdict(target=found, path=path, mark=walk.mark)
    return Verdict(path=path, mark=walk.mark, open=found)


_STEPS = 100_000
"""How many rules are asked at most: a text may hold chains that no kernel would take, such as loops."""

_DECIDES = {"ACCEPT", "DROP", "DNAT", "SNAT", "MASQUERADE", "NETMAP", "REDIRECT"}
_GOES_ON = {"LOG", "NFLOG", "SET", "TEE"}


def _goes_on(rule: Rule) -> bool:
    """Whether the packet goes on as it is, matched or not."""
    if rule.target == "CONNMARK":
        changes = (option.operation for option in rule.target_options if isinstance(option, ConnmarkOption))
        return next(changes, "restore") != "restore"
    return rule.target in _GOES_ON


@attrs.define(kw_only=True)
class _Walk:
    packet: Packet
    chains: Mapping[str, Chain]
    guess: Guess
    mark: int = attrs.field(init=False)
    path: list[Rule] = attrs.field(init=False, factory=list)
    steps: int = attrs.field(init=False, default=0)

    def __attrs_post_init__(self) -> None:
        self.mark = self.packet.mark

    def through(self, name: str, above: tuple[str, ...]) -> str | Rule | None:
        """The target that decides, a rule that leaves it open, or `None` when the packet comes back."""
        for rule in self.chains[name].rules:
            self.steps += 1
            if self.steps > _STEPS:
                return rule
            matched = self.matches(rule)
            if matched is False or rule.target is None or _goes_on(rule) or (matched is None and self._harmless(rule)):
                continue
            if matched is None:
                return rule
            if rule.target == "RETURN":
                return None
            length = len(self.path)
            self.path.append(rule)
            if rule.target == "MARK":
                self._set_mark(rule)
            elif rule.target not in self.chains:
                return rule.target if rule.target in _DECIDES else rule
            elif rule.target in (*above, name):
                return rule
            else:
                found = self.through(rule.target, (*above, name))
                if found is not None or rule.goto:
                    return found
            if rule.target != "MARK":
                del self.path[length:]
        return None

    def _harmless(self, rule: Rule) -> bool:
        """Whether it does not matter if a rule matches, because it leads to a chain without rules."""
        return not rule.goto and rule.target in self.chains and not self.chains[str(rule.target)].rules

    def _set_mark(self, rule: Rule) -> None:
        for option in rule.target_options:
            if isinstance(option, MarkOption):
                self.mark = _marked(self.mark, option)

    def matches(self, rule: Rule) -> bool | None:
        """Whether a rule matches the packet; `None` when that cannot be told."""
        answers = [
            _negated("protocol" in rule.negated, rule.protocol in ("all", self.packet.protocol)),
            _negated("source" in rule.negated, _is_in(self.packet.source, rule.source)),
            _negated("destination" in rule.negated, _is_in(self.packet.destination, rule.destination)),
            _negated("in_interface" in rule.negated, _is_through(self.packet.in_interface, rule.in_interface)),
            _negated("out_interface" in rule.negated, _is_through(self.packet.out_interface, rule.out_interface)),
            None if rule.other else True,
            *(self.has(match) for match in rule.matches),
        ]
        return _all(answers)

    def has(self, match: Match) -> bool | None:
        packet = self.packet
        if isinstance(match, MarkMatch):
            mask = 0xFFFFFFFF if match.mask is None else match.mask
            return (self.mark & mask == match.value) != match.negated
        if isinstance(match, PortMatch):
            return _has_port(packet, match)
        if isinstance(match, AddrtypeMatch):
            return _all(
                [
                    _is_of_type(match.src_type, match.src_negated, packet.source_is_local),
                    _is_of_type(match.dst_type, match.dst_negated, packet.destination_is_local),
                ]
            )
        if isinstance(match, NfacctMatch):
            return True
        if isinstance(match, ConntrackMatch) and match == ConntrackMatch(ctstate=match.ctstate, negated=match.negated):
            return _negated("ctstate" in match.negated, "NEW" in match.ctstate)
        if isinstance(match, RecentMatch) and match.action == "SET":
            return True
        if isinstance(match, SetMatch | StatisticMatch):
            return self.guess(match)
        return None


def _all(answers: Iterable[bool | None]) -> bool | None:
    known = set(answers)
    return False if False in known else None if None in known else True


def _negated(negated: bool, answer: bool | None) -> bool | None:
    return None if answer is None else answer != negated


def _is_in(address: IPAddress, where: object) -> bool | None:
    """Whether an address is where a rule says; a name may stand for any address, but for `anywhere`."""
    if isinstance(where, IPv4Network | IPv6Network):
        return address in where
    return True if where == "anywhere" else None


def _is_through(interface: str | None, of_rule: str | None) -> bool | None:
    """Whether an interface is that of a rule; `azv+` is every name that begins so, and a listing may hide it."""
    if of_rule == "*":
        return True
    if interface is None or of_rule is None:
        return None
    return interface.startswith(of_rule[:-1]) if of_rule.endswith("+") else interface == of_rule


def _has_port(packet: Packet, match: PortMatch) -> bool | None:
    if match.sport or match.tcp_flags or match.tcp_option is not None:
        return None
    wanted = match.dport
    if wanted is None:
        return True
    if packet.dport is None or isinstance(wanted.first, str) or isinstance(wanted.last, str):
        return None
    return (wanted.first <= packet.dport <= wanted.last) != wanted.negated


def _is_of_type(types: tuple[str, ...], negated: bool, is_local: bool) -> bool | None:
    """Whether an address is of some types. Of two types only it is told which an address has."""
    if not types:
        return True
    if set(types) <= {"LOCAL"}:
        return is_local != negated
    return None


def _marked(mark: int, option: MarkOption) -> int:
    mask = 0xFFFFFFFF if option.mask is None else option.mask
    replaced = mark & ~mask ^ option.value
    return {
        "and": mark & option.value,
        "or": mark | option.value,
        "xor": mark ^ option.value,
    }.get(option.operation, replaced)
