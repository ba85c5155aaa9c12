"""What `ip route`, `ip rule` and `ip neigh` have in common: keywords, most of them followed by a value.

Format: ip(8) of iproute2. The keywords come in an order that hardly varies; which there are does, from release to
release. They are therefore read in any order, and from the first word on that is none of them the text is kept as it
is. Field names are the keys of `ip -j`, which are mostly but not always the keywords.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import pyparsing as pp

from aksparse.command import Lines
from aksparse.linere import LineGrammar
from aksparse.tokens import BadValue, column, integer, ip_address, to_ip, word

Fields = dict[str, Any]
Words = deque[str]


class Option(NamedTuple):
    """How what follows a keyword is read.

    Attributes:
        value: the columns that follow, if any.
        read: takes it from the words of the line, and puts it into the fields of the record.
    """

    value: pp.ParserElement | None
    read: Callable[[Words, Fields], None]


def a_value(field: str, value: pp.ParserElement, convert: Callable[[str], Any] = str) -> Option:
    """A keyword followed by one word."""

    def read(words: Words, fields: Fields) -> None:
        fields[field] = convert(words.popleft())

    return Option(column(value), read)


def a_name(field: str) -> Option:
    """A keyword followed by a name, or by a number where there is no name for it."""
    return a_value(field, word)


def a_number(field: str) -> Option:
    """A keyword followed by a number."""
    return a_value(field, integer, int)


def an_address(field: str) -> Option:
    """A keyword followed by an IP address."""
    return a_value(field, ip_address, to_ip)


def a_flag(field: str) -> Option:
    """A keyword that says all there is to say."""

    def read(_: Words, fields: Fields) -> None:
        fields[field] = True

    return Option(None, read)


class Options:
    """The keywords of one kind of line.

    Attributes:
        expression: one or more of them, with their values.
    """

    def __init__(self, options: Mapping[str, Option]) -> None:
        self._options = options
        self.expression = pp.OneOrMore(
            pp.MatchFirst(
                [column(pp.Literal(keyword)) + (option.value or pp.Empty()) for keyword, option in options.items()]
            ).set_name("keyword")
        )
        self.grammar = LineGrammar(self.expression, whole=False)

    def read(self, text: str) -> Fields:
        """The fields that a text says; what begins with an unknown keyword is the field `other`.

        Raises:
            BadValue: a keyword is followed by something else than its value, or occurs twice.
        """
        found = self.grammar.pattern.match(text)
        end = found.end() if found else 0
        other = text[end:].strip()
        if (unread := _FIRST_TWO.match(other)) and unread[1] in self._options:
            raise BadValue(unread[0], f"a value that fits {unread[1]}")
        fields: Fields = {"other": other} if other else {}
        words, seen = deque(_WORD.findall(text[:end])), set[str]()
        while words:
            keyword = words.popleft()
            if keyword in seen:
                raise BadValue(keyword, f"{keyword} only once")
            seen.add(keyword)
            self._options[keyword].read(words, fields)
        return fields


_WORD = re.compile(r"[^ \t]+")
_FIRST_TWO = re.compile(r"([^ \t]+)(?:[ \t]+[^ \t]+)?")


def report_unknown(lines: Lines, number: int, other: str) -> None:
    """Warn of a text behind the keywords that are known, which a record keeps as `other`."""
    column = lines.texts[number - lines.first].find(other) + 1
    lines.report(number, "unknown-keyword", f"{other!r} is kept as it is printed", column, severity="warning")


# Options of ip itself that leave the form of its output as it is; those of the second kind have a value.
_SILENT = re.compile(
    r"-(?:[46]|d(?:etails)?|s(?:tat(?:s|istics)?)?|o(?:neline)?|c(?:olor)?(?:=\w+)?|[nN]umeric|N|h(?:uman(?:-readable)?)?"
    r"|iec|t(?:imestamp)?|a(?:ll)?)"
)
_BRIEF = re.compile(r"--?br(?:ief|ie|i)?")
_WITH_VALUE = re.compile(r"-(?:f(?:amily)?|n(?:etns)?|l(?:oops)?|rc(?:vbuf)?)")


def without_brief(argv: Sequence[str]) -> list[str]:
    """A command line without the option for short lines, which few commands of `ip` have."""
    return [word for word in argv if not _BRIEF.fullmatch(word)]


def shows(
    argv: Sequence[str],
    *objects: str,
    least: int = 1,
    verbs: Sequence[str] = ("show", "list", "lst"),
    tool: str = "ip",
) -> bool:
    """Whether a command line is one of `ip` that lists objects of a kind; its words may be abbreviated.

    Args:
        argv: the command line.
        objects: the names of the kind, such as `route`.
        least: how many letters of a name are enough.
        verbs: what it may be told to do with them; it lists them when it is told nothing.
        tool: another tool that takes such command lines.
    """
    words = iter(argv[1:])
    for option in words:
        if _WITH_VALUE.fullmatch(option):
            next(words, None)
        elif not option.startswith("-"):
            verb = next(words, "")
            return (
                argv[0] == tool
                and len(option) >= least
                and any(name.startswith(option) for name in objects)
                and any(name.startswith(verb) for name in verbs)
            )
        elif not _SILENT.fullmatch(option.replace("--", "-")):
            return False
    return False
