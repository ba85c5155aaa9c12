"""The rules of `iptables-save`: what stands behind their columns, and their target.

Format: iptables-save(8); `save_rule` in `iptables/nft-shared.c` and `print_rule4` in `iptables/iptables.c`. Tails of
rules repeat, but for their comments, addresses and chains, which the grammar of a whole rule takes out: what is left is
read once.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from aksparse.netfilter.matches.packet import CommentMatch, PortMatch
from aksparse.netfilter.rules import Match
from aksparse.netfilter.saved_options import options_in, read_match, words_in
from aksparse.netfilter.saved_targets import read_target_options
from aksparse.netfilter.targets import TargetOption
from aksparse.netfilter.values import to_ports, unquoted
from aksparse.records import maker
from aksparse.tokens import remember

_make_port_match = maker(PortMatch, "protocol", "dport")


class SavedMatches(NamedTuple):
    """The matches of a rule.

    Attributes:
        matches: the typed ones, in order.
        other: the text of the others.
        comment: the comment, where it is among them.
    """

    matches: tuple[Match, ...] = ()
    other: str | None = None
    comment: str | None = None


NO_MATCHES = SavedMatches()
_DPORT = re.compile(r" ?-m (tcp|udp) --dport ([0-9]{1,5})(?= -m |$)")


@remember
def read_saved_matches(text: str) -> SavedMatches:
    """Read what stands between the columns and the target of a rule: `-m NAME [!] --OPTION VALUE ...`."""
    # The port is the one thing here that differs in many rules.
    if port := _DPORT.match(text):
        match = _make_port_match(port[1], to_ports(port[2]))
        rest = read_saved_matches(text[port.end() :]) if port.end() < len(text) else NO_MATCHES
        return SavedMatches((match, *rest.matches), rest.other, rest.comment)
    matches: list[Match] = []
    others: list[str] = []
    comment = None
    for part in _parts(words_in(text)):
        name = part[1] if part[0] == "-m" and len(part) > 1 else ""
        if name == "comment" and part[2:3] == ["--comment"] and len(part) == 4:
            if comment is None:
                comment = unquoted(part[3])
            else:
                matches.append(CommentMatch(comment=unquoted(part[3])))
        elif option := read_match(name, options_in(part[2:])) if name else None:
            matches.append(option)
        else:
            others.append(" ".join(part))
    return SavedMatches(tuple(matches), " ".join(others) or None, comment)


def _parts(words: list[str]) -> list[list[str]]:
    """The words of each match: a match begins at `-m`."""
    parts: list[list[str]] = []
    for position, word in enumerate(words):
        if (word == "-m" and words[max(position - 3, 0) : position] != ["-m", "comment", "--comment"]) or not parts:
            parts.append([])
        parts[-1].append(word)
    return parts


def read_saved_target(target: str, text: str) -> tuple[tuple[TargetOption, ...], str | None]:
    """The typed options of a target, and the text of what is not typed."""
    options = read_target_options(target, options_in(words_in(text)))
    return (options, None) if options is not None else ((), text.strip())


read_repeated_target = remember(read_saved_target)
