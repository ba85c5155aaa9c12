"""The words that options of a listed rule are made of: what `listed_matches` and `listed_targets` build on."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import pyparsing as pp

from aksparse.linere import LineGrammar
from aksparse.netfilter.rules import Match
from aksparse.netfilter.targets import TargetOption
from aksparse.netfilter.values import builder
from aksparse.tokens import column, word

Tokens = dict[str, str]
Make = Callable[[Tokens], Match | TargetOption]


class Option:
    """How an option is read.

    Args:
        grammar: the whole option.
        make: makes the record from the tokens of the grammar; or its class, whose fields have the names of the tokens.
    """

    def __init__(self, grammar: LineGrammar, make: Make | type[Any]) -> None:
        self.grammar = grammar
        self.make = make

    @cached_property
    def match(self) -> Callable[[str, int], re.Match[str] | None]:
        return self.grammar.pattern.match

    @cached_property
    def read(self) -> Callable[[Sequence[str | None]], Match | TargetOption]:
        """Makes the record from the groups of a match."""
        make, fields = self.make, self.grammar.fields
        if isinstance(make, type):
            return builder(make, fields)
        return lambda groups: make({name: token for name, token in zip(fields, groups, strict=True) if token})


Options = dict[str, Option]


def option(keywords: str, grammar: pp.ParserElement, make: Make | type[Any], *, negatable: bool = False) -> Options:
    """How an option is read that begins with one of these words.

    Args:
        keywords: the words, separated by blanks.
        grammar: the whole option.
        make: makes the record from the tokens of the grammar; or its class, whose fields have the names of the tokens.
        negatable: whether the word may have an exclamation mark before it.
    """
    read = Option(LineGrammar(grammar, whole=False), make)
    prefixes = ("", "! ") if negatable else ("",)
    return {f"{prefix}{keyword}": read for keyword in keywords.split() for prefix in prefixes}


def phrase(text: str) -> pp.ParserElement:
    """Words that stand there as they are."""
    return pp.And([column(pp.Literal(literal)) for literal in text.split()])


def mark_of(field: str) -> pp.ParserElement:
    """An exclamation mark, perhaps, that negates a field."""
    return pp.Opt(pp.Literal("!")(f"not_{field}"))


NEGATED = pp.Opt(pp.Literal("!")("negated"))


def perhaps(words: str, field: str, token: pp.ParserElement = word) -> pp.ParserElement:
    """Words and the value of a field, where they are there."""
    return pp.Opt(phrase(words) + column(token(field)))


def perhaps_not(words: str, field: str, token: pp.ParserElement = word) -> pp.ParserElement:
    """The same, with an exclamation mark before them where the field is negated."""
    return pp.Opt(mark_of(field) + phrase(words) + column(token(field)))


def flag(text: str, field: str) -> pp.ParserElement:
    """A word that is there or not."""
    return pp.Opt(column(pp.Literal(text)(field)))


def flag_not(text: str, field: str) -> pp.ParserElement:
    """The same, perhaps with an exclamation mark before it."""
    return pp.Opt(mark_of(field) + column(pp.Literal(text)(field)))


def glued(token: pp.ParserElement, field: str) -> pp.ParserElement:
    """A token right behind the one before."""
    return token(field).leave_whitespace()


HEX = pp.Regex(r"0x[0-9a-fA-F]{1,16}").set_name("hexadecimal number")
LONG = pp.Regex(r"[0-9]{1,20}").set_name("integer")  # of 64 bits
MASKED = pp.Regex(r"0x[0-9a-fA-F]{1,16}(?:/0x[0-9a-fA-F]{1,16})?").set_name("number/mask")
NUMBER_RANGE = pp.Regex(r"[0-9]{1,18}(?::[0-9]{1,18})?").set_name("number or range")
