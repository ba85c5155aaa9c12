"""The options of rules in a listing: what matches and targets print behind the columns.

Format: the `print` function of each extension in `extensions/` of iptables; see also iptables-extensions(8). An option
begins with a word of its own (`tcp`, `ADDRTYPE`, `to:` ...), which decides how the rest is read: `listed_matches` and
`listed_targets` say how. From the first word on that is none of these, the text is kept verbatim.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple, get_args

from aksparse.linere import LineGrammar
from aksparse.netfilter.listed_matches import LISTED_MATCHES
from aksparse.netfilter.listed_targets import DESTINATION, LISTED_TARGETS, to_destination
from aksparse.netfilter.rules import Match
from aksparse.netfilter.targets import TargetOption
from aksparse.tokens import remember

_OPTIONS = {**LISTED_MATCHES, **LISTED_TARGETS}
_KEYWORD = re.compile(r"(?:! )?#?[A-Za-z][A-Za-z0-9-]*")
_Tokens = dict[str, str]

_TARGET_OPTIONS = get_args(TargetOption)


class Options(NamedTuple):
    """What follows the destination column of a rule.

    Attributes:
        matches: the typed matches, in order.
        target_options: the typed options of the target, in order.
        other: the text from the first unknown word on.
        comment: the comment.
        ambiguous: whether the comment may have ended elsewhere.
    """

    matches: tuple[Match, ...] = ()
    target_options: tuple[TargetOption, ...] = ()
    other: str | None = None
    comment: str | None = None
    ambiguous: bool = False


NO_OPTIONS = Options()


def read_options(text: str) -> Options:
    """Read the options of a rule, which may hold a comment among them."""
    # Where packets are sent differs from rule to rule; what is before it is the same in many.
    if "to:" in text and (found := DESTINATION.pattern.match(text)):
        transport, address, port = found.groups()
        if option := to_destination(address, port):
            return Options(_read_repeated_options(transport).matches if transport else (), (option,))
    return _read_repeated_options(text)


@remember
def _read_repeated_options(text: str) -> Options:
    matches: list[Any] = []
    target_options: list[Any] = []
    text = _set_apart(text.strip(" "))
    position = 0
    while position < len(text):
        if text.startswith("/* ", position):
            rest = read_commented_options(text[position:])
            return rest._replace(
                matches=(*matches, *rest.matches), target_options=(*target_options, *rest.target_options)
            )
        found = _read_option(text, position)
        if found is None:
            return Options(tuple(matches), tuple(target_options), text[position:])
        option, position = found
        (target_options if isinstance(option, _TARGET_OPTIONS) else matches).append(option)
    return Options(tuple(matches), tuple(target_options))


def _set_apart(text: str) -> str:
    """The options before a comment, where the one that is printed without a blank before it has got one."""
    before, comment, behind = text.partition("/* ")
    return re.sub("(?<=[^ ])match bpf ", " match bpf ", before) + comment + behind


def _read_option(text: str, position: int) -> tuple[Match | TargetOption, int] | None:
    """The option at a position, and the position of the next."""
    keyword = _KEYWORD.match(text, position)
    if keyword is None or keyword[0] not in _OPTIONS:
        return None
    found = _OPTIONS[keyword[0]][0].pattern.match(text, position)
    if not found or not found[0]:
        return None
    end = found.end()
    while text[end : end + 1] == " ":
        end += 1
    return _made(found[0]), end


@remember
def _made(option: str) -> Match | TargetOption:
    """The record of an option, which mostly stands in other rules as well."""
    keyword = _KEYWORD.match(option)
    assert keyword
    grammar, make = _OPTIONS[keyword[0]]
    found = grammar.pattern.match(option)
    assert found
    return make(_tokens(grammar, found))


def _tokens(grammar: LineGrammar, found: re.Match[str]) -> _Tokens:
    return {name: token for name, token in zip(grammar.fields, found.groups(), strict=True) if token}


def read_commented_options(text: str) -> Options:
    """Read a comment, or options and a comment, where it is open where the comment ends.

    A comment is printed raw and ends at some ``*/``. Where there are several, the end is chosen after which everything
    can be typed, the last such if there are more, and the choice is marked as a guess.
    """
    if not text.startswith("/* "):
        return read_options(text)
    ends = [match.end() for match in re.finditer(r" \*/(?= |$|match bpf )", text)]
    readings = [(text[3 : end - 3], read_options(text[end:])) for end in reversed(ends)]
    if not readings:
        return Options(other=text)
    comment, rest = next((reading for reading in readings if reading[1].other is None), readings[-1])
    if rest.comment is not None:
        # A rule here has one comment; a second one stays as it was printed.
        rest = Options(other=text[len(comment) + 6 :].strip(" "))
    return rest._replace(comment=comment, ambiguous=len(readings) > 1)
