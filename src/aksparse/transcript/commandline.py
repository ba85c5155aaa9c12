"""The commands that a command line runs, without what wraps them: which, and how often.

Lists and loops are those of a POSIX shell (POSIX.1-2017, Shell Command Language, 2.9), with what fish and PowerShell
have instead.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

import attrs

from aksparse.command import Command, command_named, registry
from aksparse.transcript.shellwords import Stage, pipelines_of
from aksparse.transcript.wrappers import SHELLS, WRAPPERS, Invocation, taken_off, tool_of, with_values

_RESERVED = {"do", "then", "else", "if", "{", "}", "!", "done", "fi", "elif", "end", "begin"}
_LOOPS = {"for", "while", "until", "select", "foreach", "ForEach-Object", "%"}

BEFORE_TOOLS = frozenset({*WRAPPERS, *_RESERVED, *_LOOPS, *SHELLS, "[", "[[", "test"})
"""The words that a command line may begin with before it comes to a tool."""
_ASSIGNED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=.*", re.DOTALL)
_DEEPEST = 5
_LONGEST_LISTS = (100, 10, 3)  # of a loop, of one in that, and so on
_MOST_COMMANDS = 1000


def unwrap(argv: Sequence[str]) -> Invocation:
    """The command that words run, and in which network namespace; the words themselves where they run several."""
    found = list(_unwrapped(list(argv), {}, 0))
    return found[0] if len(found) == 1 else Invocation(argv=tuple(argv))


def _unwrapped(words: list[str], variables: Mapping[str, str], depth: int) -> Iterator[Invocation]:
    """What words run, without what wraps it, which is taken off one by one."""
    where = Invocation(argv=())
    wrapped = False
    if (expanded := _expanded(words, variables)) != words:
        # What is in it stands for no more words: a few that stand for each other often would be words without end.
        words, variables = expanded, {name: value for name, value in variables.items() if " " not in name + value}
    while words:
        if _ASSIGNED.fullmatch(words[0]):
            words = words[1:]
            continue
        where, inner = taken_off(words, variables, where)
        if inner == words:
            break
        wrapped = True
        if isinstance(inner, str):
            if depth < _DEEPEST:
                yield from (found.within(where) for found in _commands(inner, variables, depth + 1))
            return
        words = inner
    if words:
        words = [tool_of(words[0]), *words[1:]]
    opens = words[0] in SHELLS and all(word.startswith("-") for word in words[1:]) if words else wrapped
    yield attrs.evolve(where, argv=tuple(words), opens=opens and (where.opens or not where.argv))


def _expanded(words: list[str], variables: Mapping[str, str]) -> list[str]:
    """Words with what the first one stands for, as an alias or a variable of which the value is known."""
    if words:
        name = words[0]
        value = variables.get(f"alias {name}") or (variables.get(name.strip("${}")) if name[:1] == "$" else None)
        if value:
            return [*value.split(), *words[1:]]
    return words


_LINE_FILTERS = {
    *("grep", "egrep", "fgrep", "rg", "head", "tail", "tee", "less", "more", "most", "cat", "sort", "uniq", "sed"),
}
_REWRITING = {
    "grep": r"-(?!-)[a-zA-Z]*[nbcoHlLqZ]|--(?:line-number|count|only-matching|byte-offset|quiet|files-with.*)",
    "cat": r"-(?!-)[a-zA-Z]*[nbAETve]|--(?:number|show-.*)",
    "uniq": r"-(?!-)[a-zA-Z]*c|--count",
    "head": r"-(?:c.*)|--bytes.*",
    "tail": r"-(?:c.*)|--bytes.*",
}


def is_filter(stage: Invocation) -> bool:
    """Whether a command prints lines of what it is given, and leaves those whole."""
    if not stage.argv or stage.argv[0] not in _LINE_FILTERS:
        return False
    name, *words = stage.argv
    if name == "sed":
        scripts = [word for word in words if not word.startswith("-")]
        return "-n" in words and all(re.fullmatch(r"[0-9,$+~!]*p?|/[^/]*/p", script) for script in scripts[:1])
    pattern = _REWRITING.get({"egrep": "grep", "fgrep": "grep"}.get(name, name))
    return not (pattern and any(re.fullmatch(pattern, word) for word in words))


def commands_in(line: str, variables: Mapping[str, str] | None = None, document: str = "") -> list[Invocation] | None:
    """The commands that a line runs and that print to the terminal, in order; `None` when it is no command line.

    Args:
        line: the command line, with its pipes and redirections.
        variables: the values of shell variables, as far as they are known: which process `nsenter -t $PID` enters.
        document: the here-document that it reads.
    """
    if not variables and not document:
        found = _alone(line)
        return None if found is None else list(found)
    if pipelines_of(line) is None:
        return None
    return list(islice(_commands(line, variables or {}, 0, document), _MOST_COMMANDS))


@lru_cache(maxsize=1000)
def _alone(line: str) -> tuple[Invocation, ...] | None:
    """The commands of a line without variables, which is asked for more than once."""
    return None if pipelines_of(line) is None else tuple(islice(_commands(line, {}, 0), _MOST_COMMANDS))


def _commands(line: str, variables: Mapping[str, str], depth: int, document: str = "") -> Iterator[Invocation]:
    yield from _run(pipelines_of(line, document) or [], variables, depth)


def _run(pipelines: list[list[Stage]], variables: Mapping[str, str], depth: int) -> Iterator[Invocation]:
    """What pipelines run, that of a loop as often as is known."""
    at = 0
    while at < len(pipelines):
        pipeline = pipelines[at]
        at += 1
        words = _without_reserved(pipeline[0].words)
        loop = next((stage.words for stage in pipeline if _without_reserved(stage.words)[:1] in _OPENING), None)
        if loop is not None:
            end = _end_of_loop(pipelines, at)
            body, at = pipelines[at:end], end
            yield from _repeated(_without_reserved(loop), body, variables, depth)
        elif words and not pipeline[-1].silent and words[0] != "case":
            yield from _printed(pipeline, words, variables, depth)


_OPENING = [[word] for word in _LOOPS]


def _without_reserved(words: list[str]) -> list[str]:
    first = next((place for place, word in enumerate(words) if word not in _RESERVED), len(words))
    return words[first:-1] if words[-1:] == ["}"] else words[first:]


def _end_of_loop(pipelines: list[list[Stage]], start: int) -> int:
    """Where the loop that begins before some pipelines ends."""
    open_loops = 1
    for place in range(start, len(pipelines)):
        words = [stage.words[:1] for stage in pipelines[place]]
        open_loops += any(_without_reserved(stage.words)[:1] in _OPENING for stage in pipelines[place])
        open_loops -= words[0] in (["done"], ["end"])
        if not open_loops:
            return place
    return len(pipelines)


def _repeated(
    loop: list[str], body: list[list[Stage]], variables: Mapping[str, str], depth: int
) -> Iterator[Invocation]:
    """What a loop runs: for each word of a list, where the list is written out, or any number of times."""
    values = loop[3:] if loop[0] == "for" and loop[2:3] == ["in"] else []
    if loop[0] == "while" and depth < _DEEPEST:
        # What is in braces behind it is its body.
        body = [[Stage(words=loop[1:])], *body] if loop[1:2] not in ([":"], ["true"], ["read"]) else body
    elif loop[0] in ("foreach", "ForEach-Object", "%") and "{" in loop:
        body = [[Stage(words=loop[loop.index("{") + 1 :])], *body]
    if depth >= _DEEPEST:
        return
    written_out = values and not any(re.search(r"[$`*?\[{]", value) for value in values)
    if written_out and _is_soon_done(len(values), body, depth):
        for value in values:
            yield from _run(body, {**variables, loop[1]: value}, depth + 1)
        return
    unknown = {name: value for name, value in variables.items() if [name] != loop[1:2]}
    yield from (attrs.evolve(one, loop=True) for one in _run(body, unknown, depth + 1))


def _is_soon_done(times: int, body: list[list[Stage]], depth: int) -> bool:
    """Whether a loop is short enough to be followed through: loops in loops multiply."""
    return times <= dict(enumerate(_LONGEST_LISTS)).get(depth, 0) and times * len(body) <= _MOST_COMMANDS


def _printed(pipeline: list[Stage], words: list[str], variables: Mapping[str, str], depth: int) -> Iterator[Invocation]:
    """The commands whose output a pipeline prints."""
    found = _in_place(list(_unwrapped(words, variables, depth)), pipeline[0].given, variables, depth)
    said = with_values(" ".join(words[1:]), variables) if words[0] in ("echo", "printf") else ""
    for stage in pipeline[1:]:
        filters = list(_unwrapped(list(stage.words), variables, depth))
        if stage.words[:1] in (["xargs"], ["parallel"]):
            found = [attrs.evolve(one, loop=True) for one in filters]
        elif any(one.opens or one.enters or one.host for one in filters):
            found = [attrs.evolve(one, filtered=True) for one in _in_place(filters, said, variables, depth)]
        elif not (len(filters) == 1 and is_filter(filters[0])):
            found = [attrs.evolve(one, filtered=True) for one in found]
    if words[0] in ("echo", "printf"):
        found = [attrs.evolve(one, argv=tuple(with_values(word, variables) for word in one.argv)) for one in found]
    yield from found


def _in_place(found: list[Invocation], given: str | None, variables: Mapping[str, str], depth: int) -> list[Invocation]:
    """What a shell runs that is given its commands; a shell that is given any is not typed into."""
    if given is None or depth >= _DEEPEST:
        return found
    shells = [one for one in found if one.opens]
    ran = [one.within(shell) for shell in shells for one in _commands(given, variables, depth + 1)]
    return ran or [attrs.evolve(one, opens=False) for one in found]


def command_for(found: Invocation) -> Command[Any] | None:
    """The command that reads what an invocation prints."""
    if not found.argv or found.filtered:
        return None
    return next((command for command in registry().values() if command.produced_by(found.argv)), None)


def command_called(words: str) -> tuple[Command[Any], tuple[str, ...] | None]:
    """The command of a name such as `ip_addr`, or of a command line such as `ip -d addr`, and that command line.

    Raises:
        UnknownCommand: there is none.
    """
    if words not in registry():
        found = commands_in(words) or []
        if len(found) == 1 and (command := command_for(found[0])):
            return command, found[0].argv
    return command_named(words), None


def wrapper_of(found: Invocation) -> str | None:
    """The words before the command in a command line that begins with a wrapper that is not known."""
    for place in range(1, min(len(found.argv), 12)):
        if command_for(Invocation(argv=found.argv[place:])):
            return shlex.join(found.argv[:place])
    return None
