"""Options: words, each with a value or without, in any order, as `ip -d` prints what a link or a part of it is set to.

A table of options says for each word what its value looks like, and which key and value it is in the JSON.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import pyparsing as pp

from aksparse.linere import LineGrammar
from aksparse.tokens import column, ip_address, ipv4, ipv6, long_integer, to_ip, word

Fields = dict[str, Any]
"""Keys of the JSON with their values."""

WORD = re.compile(r"[ \t]*([^ \t]+)")


class _Option(NamedTuple):
    """A word, the value behind it, if it has one, and what the two say."""

    word: str
    value: pp.ParserElement | None
    fields: Callable[[str], Fields]

    def expression(self, name: str) -> pp.ParserElement:
        if self.value is None:
            return column(pp.Literal(self.word)(name))
        value = column(self.value(name))
        return column(pp.Literal(self.word)) + value if self.word else value


class Options(NamedTuple):
    """The options that a line may hold: a grammar for any one of them, and what each says."""

    grammar: LineGrammar
    fields: tuple[Callable[[str], Fields], ...]

    def read(self, text: str, position: int) -> tuple[Fields, int] | None:
        """What the option at a position says, and where it ends."""
        found = self.grammar.pattern.match(text, position)
        if found is None:
            return None
        number = found.lastindex or 0
        return self.fields[number - 1](found[number]), found.end()


_Group = list[_Option]


def options(*groups: _Group) -> Options:
    """One set of all the options of some groups."""
    options = [option for group in groups for option in group]
    choice = pp.MatchFirst([option.expression(f"option {number}") for number, option in enumerate(options)])
    return Options(LineGrammar(choice, whole=False), tuple(option.fields for option in options))


def _setter(key: str, convert: Callable[[str], Any]) -> Callable[[str], Fields]:
    outer, dot, inner = key.partition(".")
    if dot:
        return lambda text: {outer: {inner: convert(text)}}
    return lambda text: {key: convert(text)}


# Options are written as the words of the text, each with its key where the JSON has another: `port_id:id`.


def valued(words: str, value: pp.ParserElement, convert: Callable[[str], Any]) -> _Group:
    """Options with a value of one type behind them."""
    named = (pair.partition(":") for pair in words.split())
    return [_Option(text, value, _setter(key or text, convert)) for text, _, key in named]


def numbers(words: str) -> _Group:
    """Options with a whole number."""
    return valued(words, long_integer, int)


def strings(words: str) -> _Group:
    """Options with a word."""
    return valued(words, word, str)


def switches(words: str) -> _Group:
    """Options that are `on` or `off`."""
    return valued(words, pp.Regex(r"on|off"), lambda text: text == "on")


def timers(words: str) -> _Group:
    """Options in seconds and hundredths."""
    return valued(words, pp.Regex(r"[0-9]{1,9}\.[0-9]{2}"), float)


def addresses(words: str) -> _Group:
    """Options with an IP address, or `any`."""
    return valued(words, ip_address, to_ip) + valued(words, pp.Literal("any"), str)


def addresses_by_family(words: str) -> _Group:
    """Options whose key says whether the address is an IPv6 address."""
    return valued(words, ipv4, to_ip) + valued(" ".join(f"{name}:{name}6" for name in words.split()), ipv6, to_ip)


def address_lists(words: str) -> _Group:
    """Options with IP addresses, with commas between them."""
    return valued(words, word, lambda text: [to_ip(item) for item in text.split(",")])


def flags(words: str, value: bool = True) -> _Group:
    """Words that stand alone."""
    named = (pair.partition(":") for pair in words.split())
    return [_Option(text, None, _setter(key or text, lambda _: value)) for text, _, key in named]


def yes_or_no(words: str) -> _Group:
    """Words that stand alone, or with a `no` before them."""
    negated = " ".join(f"no{named if ':' in named else f'{named}:{named}'}" for named in words.split())
    return flags(words) + flags(negated, False)


def phrase(text: str, fields: Fields) -> _Group:
    """Words that say something of their own."""
    return [_Option(text, None, lambda _: fields)]


def shaped(text: str, shape: str, fields: Callable[[str], Fields]) -> _Group:
    """A word with a value of its own shape."""
    return [_Option(text, pp.Regex(shape), fields)]


def merge(fields: Fields, more: Fields) -> None:
    """Add to the fields some more, which may belong into an object among them."""
    for key, value in more.items():
        if isinstance(value, dict):
            fields[key] = {**fields.get(key, {}), **value}
        else:
            fields[key] = value


def read_options(known: Options, text: str) -> Fields:
    """What a text of options says; words that are not known are kept under `other`."""
    fields: Fields = {}
    others: list[str] = []
    position = 0
    while position < len(text):
        if read := known.read(text, position):
            merge(fields, read[0])
            position = read[1]
        elif unknown := WORD.match(text, position):
            others.append(unknown[1])
            position = unknown.end()
        else:
            break
    return {**fields, "other": " ".join(others)} if others else fields
