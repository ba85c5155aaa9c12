"""One pyparsing line grammar, executed as one compiled regular expression.

A grammar is declared in pyparsing because that is where it is readable and where it can say *what was expected*; it
is executed by `re` because that is some fifty times faster. `LineGrammar` translates, on first use, the fragment of
pyparsing in which the two have exactly the same meaning, and refuses (`NotCompilable`) everything else.

pyparsing is a PEG: an alternative once taken, a repetition once made, is never reconsidered. Every construct therefore
becomes an *atomic* group, ``(?>...)``; a possessive quantifier stands only on a single character class, never on a
group, which `re` gets wrong (python/cpython#101955, and python/cpython#106052 up to Python 3.11.4). Groups
are numbered, not named, because two alternatives may carry the same results name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from typing import NamedTuple, cast

import pyparsing as pp

from aksparse.errors import AksparseError


class NotCompilable(AksparseError):
    """The grammar uses a part of pyparsing that has no exact counterpart in a regular expression."""

    def __init__(self, element: pp.ParserElement, reason: str) -> None:
        super().__init__(f"{element}: {reason}")
        self.element = element
        self.reason = reason


class Refusal(NamedTuple):
    """Where and why pyparsing refused a line: the column counts from 1."""

    column: int
    message: str


class LineGrammar:
    """A pyparsing expression for one line of output, run by `re`.

    Args:
        expression: the grammar; each results name sits on a single token, a `Combine` or a choice of these.
        whole: whether the expression must match the whole line (`False`: a prefix, from any position).

    Raises:
        NotCompilable: on first use, when the expression leaves the supported fragment.
    """

    def __init__(self, expression: pp.ParserElement, *, whole: bool = True) -> None:
        self._given = expression
        self.whole = whole

    @cached_property
    def expression(self) -> pp.ParserElement:
        """The grammar, which leaves tabs as they are; a copy, made on first use, for it takes as long as making it."""
        return self._given.copy().parse_with_tabs()

    @cached_property
    def _compiled(self) -> tuple[re.Pattern[str], tuple[str, ...]]:
        return compile_line(self.expression, whole=self.whole)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The compiled pattern. `pattern.match(line).groups()` has one string per entry of `fields`."""
        return self._compiled[0]

    @cached_property
    def pattern_without_tabs(self) -> re.Pattern[str]:
        """The same pattern for lines without tabs: single characters in place of classes, which `re` finds faster."""
        source = self.pattern.pattern
        for general, without_tabs in (
            ("[\\t\\n\\r ]*+", " *+"),
            ("[^ \\t]", "[^ ]"),
            ("[^ ]++)(?![^ ])", "[^ ]++)"),  # after all that is not blank comes a blank, or the end
        ):
            source = source.replace(general, without_tabs)
        return re.compile(_BLANKS_BETWEEN.sub(" ++", source))

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """The results names in the order of the pattern's groups; a name may stand in several alternatives."""
        return self._compiled[1]

    def parse(self, text: str) -> dict[str, str] | None:
        """The named tokens of a line, or `None` when the grammar refuses it. A token that matched nothing is absent."""
        match = self.pattern.match(text)
        if match is None:
            return None
        return {name: token for name, token in zip(self.fields, match.groups(), strict=True) if token}

    def parse_with_pyparsing(self, text: str) -> dict[str, str] | None:
        """What `parse` returns, found by pyparsing itself: slow, and the definition of what is right."""
        try:
            result = self.expression.parse_string(text, parse_all=self.whole)
        except pp.ParseException:
            return None
        return {name: token for name, token in result.as_dict().items() if token}

    def refusal(self, text: str) -> Refusal | None:
        """Where pyparsing stops in a line and what it expected there; `None` when it accepts the line."""
        try:
            self.expression.parse_string(text, parse_all=self.whole)
        except pp.ParseException as error:
            rest = text[error.loc :]
            column = error.loc + len(rest) - len(rest.lstrip(" \t")) + 1
            found = repr(_shortened(rest.split(maxsplit=1)[0])) if rest.strip() else "end of line"
            expected = _in_words(error.msg[:1].lower() + error.msg[1:])
            return Refusal(column, f"{expected}, found {found}")
        return None


_ALTERNATIVES = re.compile(r"\{([^{}]+ \| [^{}]+)\}")


def _in_words(expected: str) -> str:
    """What pyparsing expected: alternatives that have no name, which it writes `{a | b}`, in words."""
    while (words := _ALTERNATIVES.sub(lambda found: found[1].replace(" | ", " or "), expected)) != expected:
        expected = words
    return expected


def _shortened(word: str) -> str:
    """A word for a message: JSON in one line, or a program, can be one word of any length."""
    return word if len(word) <= _LONGEST_WORD else f"{word[:_LONGEST_WORD]}..."


_LONGEST_WORD = 100


def compile_line(expression: pp.ParserElement, *, whole: bool = True) -> tuple[re.Pattern[str], tuple[str, ...]]:
    """Translate a pyparsing expression; returns the pattern and the results name of each of its groups.

    Raises:
        NotCompilable: the expression leaves the supported fragment.
    """
    translation = _Translation()
    source = translation.element(expression.streamline())
    if whole:
        # What the grammar skips last, and what pyparsing does before the end.
        skipped = _skip(expression.whiteChars if expression.skipWhitespace else "")
        source += skipped.removesuffix(_BLANKS) + _BLANKS + r"\Z"
    return re.compile(source), tuple(translation.fields)


_BLANKS = r"[\t\n\r ]*+"
# The end of a column and the blanks before the next, where that is a token of at least one character.
_BLANKS_BETWEEN = re.compile(r"\(\?!\[\^ \]\) \*\+(?=\((?:\[\^ \]\+\+|\[0-9\]\{1,))")


def _skip(white_chars: Iterable[str]) -> str:
    chars = "".join(repr(char)[1:-1] if char.isspace() else re.escape(char) for char in sorted(white_chars))
    return _atomic(f"[{chars}]*") if chars else ""


def _leading_white(e: pp.ParserElement) -> frozenset[str]:
    """The characters that an element skips before it matches, where its container leaves that to it."""
    if type(e) is pp.MatchFirst:
        # A choice skips nothing itself, its alternatives do; where they agree it may as well be done before them.
        whites = {_leading_white(alternative) for alternative in e.exprs}
        return whites.pop() if len(whites) == 1 else frozenset()
    return frozenset(e.whiteChars) if e.skipWhitespace and e.callPreparse else frozenset()


# A single character class, perhaps repeated: the one thing that a possessive quantifier does right in every release.
_CLASS, _QUANTIFIER = r"(?:\[\^?\]?(?:[^\]\\]|\\.)*\]|\.)", r"(?:[+*?]|\{[0-9]+(?:,[0-9]*)?\})"
_CHARACTERS = re.compile(rf"{_CLASS}(?P<quantifier>{_QUANTIFIER})?")
# Characters and possessive repeats of them: there is only one way to match these.
_ONE_WAY = re.compile(rf"(?:(?:{_CLASS}|\\[^a-zA-Z0-9]|[^][(){{}}|?*+.^$\\])(?:{_QUANTIFIER}\+)?)*")


def _atomic(pattern: str) -> str:
    """The pattern, never to be reconsidered once it has matched."""
    if match := _CHARACTERS.fullmatch(pattern):
        return pattern + ("+" if match["quantifier"] else "")
    return pattern if _ONE_WAY.fullmatch(pattern) else f"(?>{pattern})"


_LITERALS = {type(pp.Literal("x")), type(pp.Literal("")), pp.Literal}  # pyparsing has classes of its own for short ones
_NO_DEFAULT = pp.Opt("x").defaultValue


class _Translation:
    """One walk over an expression. It mirrors `ParserElement._parseNoCache`: skip white space, then match."""

    def __init__(self) -> None:
        self.fields: list[str] = []
        self.unnamed = 0  # depth of constructs whose results names pyparsing drops, repeats or keeps oddly
        self.combined = 0  # depth of Combines, whose token is the text itself only if all of it is in their tokens

    def element(self, e: pp.ParserElement, *, skip: bool = True, skipped: frozenset[str] = frozenset()) -> str:
        """The pattern of an element.

        Args:
            e: the element.
            skip: whether pyparsing lets this element skip white space; the first element of a sequence and the
                content of an enhancer do not, their container has done it.
            skipped: the characters already skipped at this position, which need not be skipped again.
        """
        if e.parseAction or e.ignoreExprs or e.failAction:
            raise NotCompilable(e, "parse actions, conditions and ignored expressions have no regular counterpart")
        white = _leading_white(e) if skip or type(e) is pp.MatchFirst else frozenset()
        prefix = ""
        if not white <= skipped:
            # From here on only these are known to be skipped: one of the others may follow the last of them.
            prefix, skipped = _skip(white), white
        if prefix and self.combined:
            raise NotCompilable(e, "white space skipped in a Combine is not in its token")
        if not e.resultsName:
            return prefix + self.body(e, skipped)
        if self.unnamed or not e.modalResults:
            raise NotCompilable(e, f"results name {e.resultsName!r} in a repeat, a lookahead or another named element")
        if not _is_single_token(e):
            raise NotCompilable(e, f"results name {e.resultsName!r} on more than one token")
        self.fields.append(e.resultsName)
        self.unnamed += 1
        captured = f"({self.body(e, skipped)})"
        self.unnamed -= 1
        return prefix + captured

    def body(self, e: pp.ParserElement, skipped: frozenset[str]) -> str:
        if type(e) in _LITERALS:
            return re.escape(cast("pp.Literal", e).match)
        if type(e) is pp.Keyword:
            return self.keyword(e)
        if type(e) is pp.Word or type(e) is pp.Char:
            return self.word(e)
        if type(e) is pp.Regex:
            return self.regex(e)
        if type(e) is pp.And and e.exprs:
            return self.sequence(e, skipped)
        if type(e) is pp.MatchFirst and e.exprs:
            return "(?>" + "|".join(self.element(x, skipped=skipped) for x in e.exprs) + ")"
        if type(e) is pp.Opt:
            if e.defaultValue is not _NO_DEFAULT:
                raise NotCompilable(e, "a default value is not in the text")
            return f"(?>{self.element(e.expr, skip=False, skipped=skipped)}|)"  # quicker than `?`
        if type(e) is pp.ZeroOrMore or type(e) is pp.OneOrMore:
            return self.repeat(e, "*" if type(e) is pp.ZeroOrMore else "+")
        if type(e) is pp.NotAny:
            return f"(?!{self.without_names(e.expr)})"
        if type(e) is pp.FollowedBy:
            return f"(?={self.without_names(e.expr)})"
        if type(e) is pp.Suppress and not self.combined:
            return self.without_names(e.expr, skip=False)
        if type(e) is pp.Combine:
            if not e.adjacent or e.joinString:
                raise NotCompilable(e, "a Combine that joins with something else is not the text itself")
            self.combined += 1
            combined = self.without_names(e.expr, skip=False)
            self.combined -= 1
            return f"(?>{combined})"
        raise NotCompilable(e, f"{type(e).__name__} is outside the supported fragment")

    def keyword(self, e: pp.Keyword) -> str:
        if e.caseless:
            raise NotCompilable(e, "a caseless keyword yields its own spelling, not the text")
        if not e.ident_chars:
            return re.escape(e.match)
        identifier = "[" + "".join(sorted(map(re.escape, e.ident_chars))) + "]"
        return f"(?<!{identifier}){re.escape(e.match)}(?!{identifier})"

    def word(self, e: pp.Word) -> str:
        if getattr(e, "re", None) is None:
            raise NotCompilable(e, "a Word that holds a blank is not run by re")
        return _atomic(e.reString)

    def regex(self, e: pp.Regex) -> str:
        if not isinstance(e.pattern, str) or e.re.flags != re.UNICODE or e.re.groups or e.asGroupList or e.asMatch:
            raise NotCompilable(e, "a Regex with groups or flags")
        return _atomic(e.pattern)

    def sequence(self, e: pp.And, skipped: frozenset[str]) -> str:
        first, *others = e.exprs
        parts, names = [], set[str]()
        for index, part in enumerate((first, *others)):
            start = len(self.fields)
            parts.append(self.element(part, skip=False, skipped=skipped) if index == 0 else self.element(part))
            added = set(self.fields[start:])
            if added & names:
                raise NotCompilable(e, f"results name {sorted(added & names)[0]!r} twice in one sequence")
            names |= added
        return "".join(parts)

    def repeat(self, e: pp.ZeroOrMore | pp.OneOrMore, quantifier: str) -> str:
        if e.not_ender is not None or e.max_count is not None:
            raise NotCompilable(e, "a repeat with stop_on or max")
        return f"(?>(?:{self.without_names(e.expr)}){quantifier})"

    def without_names(self, e: pp.ParserElement, *, skip: bool = True) -> str:
        self.unnamed += 1
        pattern = self.element(e, skip=skip)
        self.unnamed -= 1
        return pattern


def _is_single_token(e: pp.ParserElement) -> bool:
    if type(e) is pp.MatchFirst:
        # Each alternative must start where the capture starts: nothing left to skip inside it.
        return all(map(_is_single_token, e.exprs)) and len({_leading_white(x) for x in e.exprs}) == 1
    return isinstance(e, (pp.Literal, pp.Keyword, pp.Word, pp.Regex, pp.Combine))
