"""A command line as it is typed, and the commands that it runs, without what wraps them.

Read as a POSIX shell does (POSIX.1-2017, Shell Command Language, 2.2 and 2.9), as far as one line goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import attrs

from aksparse.command import Command, registry


@attrs.frozen(kw_only=True)
class Invocation:
    """A command line without what wraps it.

    Attributes:
        argv: the command and its arguments, without `sudo`, `nsenter` and the like.
        pid: the process whose network namespace `nsenter -t PID -n` enters; absent when it enters none, or that of
            process 1, which is the node's own.
        netns: the name of the network namespace that `ip netns exec` enters, or the container that an `exec` enters.
        filtered: whether a pipe may have changed the output other than by leaving lines out.
        opens: whether it opens a shell, in which the following commands are typed.
    """

    argv: tuple[str, ...]
    pid: int | None = None
    netns: str | None = None
    filtered: bool = False
    opens: bool = False


# Words.

_LONGEST = 20_000
_TOKEN = re.compile(
    r"(?P<blank>[ \t\n]+|\\\n)"
    r"|(?P<comment>#.*)"
    r"|(?P<redirect>(?:[0-9]+|&)?(?:>>|>\||>&|<<<|<<-?|<>|<&|>|<)(?P<fd>&?[0-9-](?=[\s|;&<>()]|$))?)"
    r"|(?P<operator>\|\||\|&|&&|;;|[|&;()])"
    r"|(?P<word>(?:[^\s|;&<>()'\"\\$`]|\\.|'[^']*'|\"(?:[^\"\\]|\\.)*\""
    r"|\$\((?:[^()]|\([^()]*\))*\)|\$\{[^}\s]*\}|`[^`]*`|\$)+)",
    re.DOTALL,
)
_PIECE = re.compile(
    r"\\(?P<escaped>.)|'(?P<single>[^']*)'|\"(?P<double>(?:[^\"\\]|\\.)*)\"|(?P<rest>\$\(.*\)|[^\\'\"])", re.S
)
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_RESERVED = {"do", "then", "else", "if", "while", "until", "{", "}", "!", "done", "fi", "elif"}


def _unquoted(word: str) -> str:
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


@attrs.define
class _Stage:
    """One command of a pipeline."""

    words: list[str] = attrs.field(factory=list)
    silent: bool = False  # what it prints goes to a file


def _pipelines(line: str) -> list[list[_Stage]] | None:
    """The pipelines of a list of commands, each with its stages; `None` when a quote is not closed."""
    if len(line) > _LONGEST:
        return None
    pipelines = [[_Stage()]]
    at, redirected = 0, False
    while at < len(line):
        token = _TOKEN.match(line, at)
        if token is None:
            return None
        at = token.end()
        stage = pipelines[-1][-1]
        if token["redirect"]:
            redirected = not token["fd"]
            stage.silent |= redirected and re.fullmatch(r"(?:1|&)?>[>|]?", token["redirect"]) is not None
        elif token["operator"] in ("|", "|&"):
            pipelines[-1].append(_Stage())
        elif token["operator"]:
            pipelines.append([_Stage()])
        elif token["word"]:
            if not redirected:
                stage.words.append(_unquoted(token["word"]))
            elif token["word"] in ("/dev/tty", "/dev/stdout", "/dev/stderr"):
                stage.silent = False
            redirected = False
    return [pipeline for pipeline in pipelines if pipeline[0].words]


# Wrappers.

_VALUED_OPTIONS = {
    "sudo": "-u -g -h -p -U -C -T -r -t -D -R --user --group --host --prompt --chdir",
    "doas": "-u -C",
    "nsenter": "-t --target -S -G --setuid --setgid",
    "nice": "-n",
    "ionice": "-c -n",
    "timeout": "-k -s --kill-after --signal",
    "watch": "-n --interval",
    "stdbuf": "-i -o -e",
    "env": "-u -C",
    "su": "-s -g -G -w --shell --group",
    "ssh": "-i -l -p -o -F -J -L -R -D -b -c -E -m -e -I -O -Q -S -W -w -B",
    "xargs": "-n -I -P -L -d -a -s -E",
    "strace": "-e -o -p -s",
    "kubectl": (
        "-n --namespace -c --container --context --kubeconfig --cluster --user --as --token -s --server"
        " --image --profile --target --copy-to --env --custom --request-timeout --timeout -f --filename"
    ),
    "docker": (
        "-H --host --context -c -u --user -w --workdir -e --env --env-file --name --net --network -v --volume"
        " --entrypoint --pid -p --publish -l --label --cap-add --mount -h --hostname -m --memory --ipc --runtime"
        " --namespace -n --address -a --detach-keys --timeout"
    ),
}
_VALUES = {tool: set(options.split()) for tool, options in _VALUED_OPTIONS.items()}
_OPERANDS = {"timeout": 1, "chroot": 1, "ssh": 1}
_PLAIN_WRAPPERS = {
    *("sudo", "doas", "time", "nice", "ionice", "nohup", "stdbuf", "unbuffer", "env", "command", "exec", "builtin"),
    *("nsenter", "chroot", "timeout", "strace", "xargs", "busybox", "toybox", "setsid", "winpty", "xtables-nft-multi"),
    *("xtables-legacy-multi", "unshare"),
}
_LINE_WRAPPERS = {"ssh", "watch"}  # these hand their arguments, joined by blanks, to a shell
_CONTAINER_TOOLS = {"kubectl", "docker", "crictl", "nerdctl", "podman"}
_ALIASES = {"k": "kubectl", "oc": "kubectl", "kubecolor": "kubectl", "zgrep": "grep"}
SHELLS = {"sh", "bash", "ash", "dash", "zsh", "fish", "ksh", "su", "sudo"}
_DEEPEST = 5

_Where = tuple[int | None, str | None]  # the process or the name of the network namespace that is entered


def unwrap(argv: Sequence[str]) -> Invocation:
    """The command that words run, and in which network namespace; the words themselves where they run several."""
    found = list(_unwrapped(list(argv), {}, 0))
    return found[0] if len(found) == 1 else Invocation(argv=tuple(argv))


def _unwrapped(words: list[str], variables: Mapping[str, str], depth: int) -> Iterator[Invocation]:
    where: _Where = (None, None)
    wrapped = False
    while words:
        name = _ALIASES.get(tool := _tool(words[0]), tool)
        inner: list[str] | str
        if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*=.*", words[0], re.DOTALL):
            words = words[1:]
            continue
        if name == "ip" and words[1:3] == ["netns", "exec"]:
            where, inner = (None, "".join(words[3:4])), words[4:]
        elif name in ("bash", "sh", "ash", "dash", "zsh", "su", "script") and (line := _line_of_shell(words)):
            inner = line
        elif name in _PLAIN_WRAPPERS or name in _LINE_WRAPPERS:
            options, inner = _options_of(name, words[1:])
            inner = inner[_OPERANDS.get(name, 0) :]
            if name == "nsenter" and (entered := _entered(options, variables)):
                where = entered
            if name in _LINE_WRAPPERS and inner:
                inner = " ".join(inner)
        elif (
            name == "az"
            and (line := _value_of(words, "--command", "-c"))
            and words[1:4] == ["aks", "command", "invoke"]
        ):
            inner = line
        elif name in _CONTAINER_TOOLS and (entered_container := _container(name, words[1:])):
            where, inner = entered_container
        else:
            break
        wrapped = True
        if isinstance(inner, str):
            if depth < _DEEPEST:
                for found in _commands(inner, variables, depth + 1):
                    outside = found.pid is None and found.netns is None
                    yield attrs.evolve(found, pid=where[0], netns=where[1]) if outside else found
            return
        words = inner
    if words:
        tool = _tool(words[0])
        words = [_ALIASES.get(tool, tool), *words[1:]]
    opens = words[0] in SHELLS and all(word.startswith("-") for word in words[1:]) if words else wrapped
    yield Invocation(argv=tuple(words), pid=where[0], netns=where[1], opens=opens)


def _tool(word: str) -> str:
    return re.split(r"[/\\]", word)[-1].removesuffix(".exe")


def _line_of_shell(words: list[str]) -> str | None:
    """The command line that a shell is given to run, as in `bash -c LINE`."""
    for option, value in pairwise(words):
        if re.fullmatch(r"-[a-z]*c|--command", option):
            return value
    return next((word.partition("=")[2] for word in words[1:] if word.startswith("--command=")), None)


def _value_of(words: list[str], *options: str) -> str | None:
    for word, value in zip(words, [*words[1:], ""], strict=True):
        name, equals, attached = word.partition("=")
        if name in options:
            return attached if equals else value
    return None


def _options_of(wrapper: str, words: list[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """A wrapper's options with their values, and the words behind them."""
    options = []
    valued = _VALUES.get(wrapper, set())
    while words and words[0].startswith("-") and words[0] != "-":
        option, *words = words
        if option == "--":
            break
        name, _, value = option.partition("=")
        if not value and name in valued and words:
            value, *words = words
        elif not value and not name.startswith("--"):
            name, value = name[:2], name[2:]
        options.append((name, value))
    return options, words


def _entered(options: list[tuple[str, str]], variables: Mapping[str, str]) -> _Where | None:
    """The process, or the name, of the network namespace that `nsenter` enters; see nsenter(1)."""
    target = next((value for name, value in options if name in ("-t", "--target")), "")
    for name, file in options:
        if name in ("-n", "--net") and "/" in file:
            process = re.fullmatch(r"/proc/([^/]+)/ns/net", file)
            if not process:
                return None, file.rpartition("/")[2]
            target = process[1]
        elif name not in ("-n", "--net", "-a", "--all"):
            continue
        target = _VARIABLE.sub(lambda found: variables.get(found[1] or found[2], found[0]), target)
        if target.isdecimal():
            return (int(target) if target != "1" else None), None
        return None, target or None  # such as `$PID`: some other namespace than the node's
    return None


def _container(tool: str, words: list[str]) -> tuple[_Where, list[str]] | None:
    """The container that `exec`, `run` or `debug` enters, and the command in it; `None` for another verb."""
    kind = "kubectl" if tool == "kubectl" else "docker"
    _, words = _options_of(kind, words)
    if words[:1] == ["container"]:
        words = words[1:]
    verb, words = (words[0], words[1:]) if words else ("", [])
    if verb not in ("exec", "debug", "run") or (verb == "debug") != (verb == "debug" and tool == "kubectl"):
        return None
    options, words = _options_of(kind, words)
    name, words = (words[0], words[1:]) if words else ("", [])
    if tool == "kubectl":
        more, words = _options_of(kind, words)
        options += more
    if verb == "debug" and re.match(r"nodes?/", name):
        return (None, None), words
    if verb == "run":
        if tool == "kubectl":
            return None
        network = next((value for option, value in options if option in ("--net", "--network")), "")
        if network == "host":
            return (None, None), words
        shared = network.partition("container:")[2]
        return (None, f"{tool} exec {shared}" if shared else f"{tool} run {name}"), words
    return (None, f"{tool} {verb} {name}"), words


# Lists of commands.

_LINE_FILTERS = {
    "grep",
    "egrep",
    "fgrep",
    "rg",
    "head",
    "tail",
    "tee",
    "less",
    "more",
    "most",
    "cat",
    "sort",
    "uniq",
    "sed",
}
_REWRITING = {
    "grep": r"-(?!-)[a-zA-Z]*[nbcoHlLqZ]|--(?:line-number|count|only-matching|byte-offset|quiet|files-with.*)",
    "cat": r"-(?!-)[a-zA-Z]*[nbAETve]|--(?:number|show-.*)",
    "uniq": r"-(?!-)[a-zA-Z]*c|--count",
    "head": r"-(?:c.*)|--bytes.*",
    "tail": r"-(?:c.*)|--bytes.*",
}


def _leaves_lines_whole(stage: Invocation) -> bool:
    """Whether a filter only leaves lines out."""
    if not stage.argv or stage.argv[0] not in _LINE_FILTERS:
        return False
    name, *words = stage.argv
    if name == "sed":
        scripts = [word for word in words if not word.startswith("-")]
        return "-n" in words and all(re.fullmatch(r"[0-9,$+~!]*p?|/[^/]*/p", script) for script in scripts[:1])
    pattern = _REWRITING.get({"egrep": "grep", "fgrep": "grep"}.get(name, name))
    return not (pattern and any(re.fullmatch(pattern, word) for word in words))


def is_filter(found: Invocation) -> bool:
    """Whether a command prints lines of what it is given."""
    return _leaves_lines_whole(found)


def commands_in(line: str, variables: Mapping[str, str] | None = None) -> list[Invocation] | None:
    """The commands that a line runs and that print to the terminal, in order; `None` when it is no command line.

    Args:
        line: the command line, with its pipes and redirections.
        variables: the values of shell variables, as far as they are known: which process `nsenter -t $PID` enters.
    """
    known = variables or {}
    return None if _pipelines(line) is None else list(_commands(line, known, 0))


def _commands(line: str, variables: Mapping[str, str], depth: int) -> Iterator[Invocation]:
    for pipeline in _pipelines(line) or ():
        words = list(pipeline[0].words)
        while words and words[0] in _RESERVED:
            del words[0]
        if not words or words[0] in ("for", "case", "select"):
            continue
        if pipeline[-1].silent:
            continue
        found = list(_unwrapped(words, variables, depth))
        for stage in pipeline[1:]:
            filters = list(_unwrapped(list(stage.words), variables, depth))
            if stage.words[:1] == ["xargs"]:
                found = filters
            elif not (len(filters) == 1 and _leaves_lines_whole(filters[0])):
                found = [attrs.evolve(one, filtered=True) for one in found]
        yield from found


def command_for(found: Invocation) -> Command[Any] | None:
    """The command that reads what an invocation prints."""
    if not found.argv or found.filtered:
        return None
    return next((command for command in registry().values() if command.produced_by(found.argv)), None)
