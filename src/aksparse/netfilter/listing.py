"""The options of rules in a listing: what matches and targets print behind the columns.

Format: the `print` function of each extension in `extensions/` of iptables; see also iptables-extensions(8). An option
begins with a word of its own (`tcp`, `ADDRTYPE`, `to:` ...), which decides how the rest is read: `listed_matches` and
`listed_targets` say how. From the first word on that is none of these, the text is kept verbatim.
"""

from __future__ import annotations

import re
from typing import Any, get_args

from aksparse.netfilter.listed_matches import LISTED_MATCHES
from aksparse.netfilter.listed_targets import DESTINATION, LISTED_TARGETS, to_destination
from aksparse.netfilter.matches.packet import CommentMatch
from aksparse.netfilter.rules import Match
from aksparse.netfilter.targets import TargetOption
from aksparse.tokens import remember

_OPTIONS = {**LISTED_MATCHES, **LISTED_TARGETS}
# iptables 1.8.7 prints no blank behind MAC.
_KEYWORD = re.compile(r"(?:! )?#?(?:MAC(?=[0-9A-F]{2}:)|[A-Za-z][A-Za-z0-9-]*)")
_TARGET_OPTIONS = get_args(TargetOption)

Options = tuple[tuple[Match, ...], tuple[TargetOption, ...], str | None, str | None, bool]
"""What follows the destination column of a rule: the typed matches, in order; the typed options of the target, in
order; the text from the first unknown word on; the comment; whether that may have ended elsewhere."""

NO_OPTIONS: Options = (), (), None, None, False


def read_options(text: str) -> Options:
    """Read the options of a rule, which may hold a comment among them."""
    # Where packets are sent differs from rule to rule; what is before it is the same in many.
    if "to:" in text and (found := DESTINATION.pattern.match(text)):
        transport, address, port = found.groups()
        if option := to_destination(address, port):
            return _read_repeated_options(transport)[0] if transport else (), (option,), None, None, False
    return _read_repeated_options(text)


@remember
def _read_repeated_options(text: str) -> Options:
    matches: list[Any] = []
    target_options: list[Any] = []
    text = _set_apart(text.strip(" "))
    position = 0
    while position < len(text):
        if text.startswith("/* ", position):
            more, more_of_target, other, comment, ambiguous = read_commented_options(text[position:])
            return (*matches, *more), (*target_options, *more_of_target), other, comment, ambiguous
        found = _read_option(text, position)
        if found is None:
            return tuple(matches), tuple(target_options), text[position:], None, False
        option, position = found
        (target_options if isinstance(option, _TARGET_OPTIONS) else matches).append(option)
    return tuple(matches), tuple(target_options), None, None, False


_UNSET = re.compile(r"(?<=[^ ])match bpf (?=pinned /|[0-9]+(?: [0-9]+){3})")


def _set_apart(text: str) -> str:
    """The options before a comment, where the one that is printed without a blank before it has got one."""
    if "match bpf " not in text:
        return text
    before, comment, behind = text.partition("/* ")
    return _UNSET.sub(" match bpf ", before) + comment + behind


def _read_option(text: str, position: int) -> tuple[Match | TargetOption, int] | None:
    """The option at a position, and the position of the next."""
    keyword = _KEYWORD.match(text, position)
    if keyword is None or keyword[0] not in _OPTIONS:
        return None
    found = _OPTIONS[keyword[0]].match(text, position)
    if not found or not found[0]:
        return None
    end = found.end()
    while text[end : end + 1] == " ":
        end += 1
    return _made(keyword[0], found.groups()), end


@remember
def _made(keyword: str, tokens: tuple[str | None, ...]) -> Match | TargetOption:
    """The record of an option, which mostly stands in other rules as well."""
    return _OPTIONS[keyword].read(tokens)


def read_commented_options(text: str) -> Options:
    """Read a comment, or options and a comment, where it is open where the comment ends.

    A comment is printed raw and ends at some ``*/``. Where there are several, the end is chosen after which everything
    can be typed, the last such if there are more, and the choice is marked as a guess. It is of two comments where the
    next begins at once.
    """
    if not text.startswith("/* "):
        return read_options(text)
    ends = [match.end() for match in re.finditer(r" \*/(?= |$|match bpf )", text)]
    readings = [(text[3 : end - 3], read_options(text[end:])) for end in reversed(ends)]
    if not readings:
        return (), (), text, None, False
    comment, rest = next((reading for reading in readings if reading[1][2] is None), readings[-1])
    matches, target_options, other, second_comment, _ = rest
    if second_comment is not None:
        # Which of the matches stand between the comments is not known any more.
        matches, target_options, other = (), (), text[len(comment) + 6 :].strip(" ")
    comment, *others = comment.split(" */ /* ")
    matches = (*(CommentMatch(comment=other_comment) for other_comment in others), *matches)
    return matches, target_options, other, comment, len(readings) > 1
