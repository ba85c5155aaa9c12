"""A command line as a shell takes it apart: pipelines, the commands in them, their words and redirections.

Read as a POSIX shell does (POSIX.1-2017, Shell Command Language, 2.2, 2.3 and 2.7).
"""

from __future__ import annotations

import re

import attrs

_LONGEST = 20_000
_TOKEN = re.compile(
    r"(?P<blank>[ \t\r]+|\\\n)"
    r"|(?P<comment>#[^\n]*)"
    r"|(?P<redirect>(?:[0-9]+|&)?(?:>>|>\||>&|<<<|<<-?|<>|<&|>|<)(?P<fd>&?[0-9-](?=[\s|;&<>()]|$))?)"
    r"|(?P<operator>\|\||\|&|&&|;;|[|&;()\n])"
    r"|(?P<word>(?:[^\s|;&<>()'\"\\$`]|\\.|'[^']*'|\"(?:[^\"\\]|\\.)*\""
    r"|\$\((?:[^()]|\([^()]*\))*\)|\$\{[^}\s]*\}|`[^`]*`|\$)+)",
    re.DOTALL,
)
_PIECE = re.compile(
    r"\\(?P<escaped>.)|'(?P<single>[^']*)'|\"(?P<double>(?:[^\"\\]|\\.)*)\"|(?P<rest>\$\(.*\)|[^\\'\"])", re.S
)


def unquoted(word: str) -> str:
    """A word without its quotes."""
    parts = []
    for piece in _PIECE.finditer(word):
        if piece["escaped"] is not None:
            parts.append(piece["escaped"])
        elif piece["single"] is not None:
            parts.append(piece["single"])
        elif piece["double"] is not None:
            parts.append(re.sub(r"\\([\"\\$`])", r"\1", piece["double"]))
        else:
            parts.append(piece["rest"])
    return "".join(parts)


@attrs.frozen
class Stage:
    """One command of a pipeline.

    Attributes:
        words: its words, without quotes and redirections.
        silent: whether what it prints goes to a file.
        given: what it reads instead of what is typed, as far as the text says it.
    """

    words: list[str]
    silent: bool = False
    given: str | None = None


@attrs.define
class _Stage:
    """A command that is being read."""

    words: list[str] = attrs.field(factory=list)
    silent: bool = False
    given: str | None = None


def pipelines_of(line: str, document: str = "") -> list[list[Stage]] | None:
    """The pipelines of a list of commands, each with its stages; `None` when a quote is not closed.

    Args:
        line: the list.
        document: the here-document that a command in it reads.
    """
    if len(line) > _LONGEST:
        return None
    pipelines = [[_Stage()]]
    at, redirected, here_string = 0, False, False
    while at < len(line):
        token = _TOKEN.match(line, at)
        if token is None:
            return None
        at = token.end()
        stage = pipelines[-1][-1]
        if token["redirect"]:
            redirected = not token["fd"]
            if token["redirect"].lstrip("0")[:2] in ("<", "<<"):
                stage.given = document if token["redirect"].lstrip("0") in ("<<", "<<-") else ""
            here_string = token["redirect"] == "<<<"
            stage.silent |= redirected and re.fullmatch(r"(?:1|&)?>[>|]?", token["redirect"]) is not None
        elif token["operator"] in ("|", "|&"):
            pipelines[-1].append(_Stage())
        elif token["operator"]:
            if token["operator"] != "\n" or stage.words:  # a pipe goes on in the next line
                pipelines.append([_Stage()])
        elif token["word"]:
            if not redirected:
                stage.words.append(unquoted(token["word"]))
            elif here_string:
                stage.given = unquoted(token["word"])
            elif token["word"] in ("/dev/tty", "/dev/stdout", "/dev/stderr"):
                stage.silent = False
            redirected = False
    return [
        [Stage(stage.words, stage.silent, stage.given) for stage in pipeline]
        for pipeline in pipelines
        if pipeline[0].words
    ]
