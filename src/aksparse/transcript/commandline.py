"""The commands that a command line runs, without what wraps them: which, how often, on which machine, in which network.

Lists and loops are those of a POSIX shell (POSIX.1-2017, Shell Command Language, 2.9), with what fish and PowerShell
have instead.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice, pairwise
from typing import Any

import attrs

from aksparse.command import Command, command_named, registry
from aksparse.transcript.shellwords import Stage, pipelines_of


@attrs.frozen(kw_only=True)
class Invocation:
    """A command line without what wraps it.

    Attributes:
        argv: the command and its arguments, without `sudo`, `nsenter` and the like.
        pid: the process whose network namespace `nsenter -t PID -n` enters; absent when it enters none, or that of
            process 1, which is the node's own.
        netns: what the network namespace that it enters goes by: its name, the container that an `exec` enters, the
            words of a wrapper that is not known and may lead anywhere, or that it is one of several; empty when it
            comes back to the node's own.
        host: the machine that `ssh` or `kubectl debug node/` goes to; absent when it goes to none.
        filtered: whether a pipe may have changed the output other than by leaving lines out.
        opens: whether it opens a shell, in which the following commands are typed.
        loop: whether it runs any number of times, on what the text does not say.
    """

    argv: tuple[str, ...]
    pid: int | None = None
    netns: str | None = None
    host: str | None = None
    filtered: bool = False
    opens: bool = False
    loop: bool = False

    @property
    def elsewhere(self) -> bool:
        """Whether it enters another network namespace."""
        return self.pid is not None or self.netns is not None

    def within(self, outer: Invocation) -> Invocation:
        """This command, run where another one leads to."""
        host = self.host or outer.host
        if self.elsewhere or self.host:
            return attrs.evolve(self, host=host)
        return attrs.evolve(self, pid=outer.pid, netns=outer.netns, host=host)


# Wrappers.

_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_RESERVED = {"do", "then", "else", "if", "{", "}", "!", "done", "fi", "elif", "end", "begin"}
_LOOPS = {"for", "while", "until", "select", "foreach", "ForEach-Object", "%"}

_VALUED_OPTIONS = {
    "sudo": "-u -g -h -p -U -C -T -r -t -D -R --user --group --host --prompt --chdir",
    "doas": "-u -C",
    "nsenter": "-t --target -S -G --setuid --setgid",
    "ctr": "-n --namespace -a --address --exec-id --fifo-dir --cwd --user --timeout",
    "compose": "-f --file -p --project-name --profile --env-file -e --env -u --user -w --workdir --index",
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
        " --overrides --restart --image-pull-policy -l --labels --port --pod-running-timeout"
    ),
    "docker": (
        "-H --host --context -c -u --user -w --workdir -e --env --env-file --name --net --network -v --volume"
        " --entrypoint --pid -p --publish -l --label --cap-add --mount -h --hostname -m --memory --ipc --runtime"
        " --namespace -n --address -a --detach-keys --timeout"
    ),
}
_VALUES = {tool: set(options.split()) for tool, options in _VALUED_OPTIONS.items()}
_OPTIONAL = {"nsenter": set("muinpCUTrw"), "unshare": set("muinpCUT")}  # a value can only be glued to these
_OPERANDS = {"timeout": 1, "chroot": 1, "ssh": 1, "taskset": 1, "chrt": 1, "flock": 1}
_PLAIN_WRAPPERS = {
    *("sudo", "doas", "time", "nice", "ionice", "nohup", "stdbuf", "unbuffer", "env", "command", "exec", "builtin"),
    *("nsenter", "chroot", "timeout", "strace", "xargs", "busybox", "toybox", "setsid", "winpty", "xtables-nft-multi"),
    *("xtables-legacy-multi", "unshare", "eval", "taskset", "chrt", "flock"),
}
_LINE_WRAPPERS = {"ssh", "watch"}  # these hand their arguments, joined by blanks, to a shell
_CONTAINER_TOOLS = {"kubectl", "docker", "crictl", "nerdctl", "podman", "ctr", "docker-compose", "lxc"}
_ALIASES = {"k": "kubectl", "oc": "kubectl", "kubecolor": "kubectl", "zgrep": "grep"}
SHELLS = {"sh", "bash", "ash", "dash", "zsh", "fish", "ksh", "su", "sudo"}
BEFORE_TOOLS = frozenset(
    {*_PLAIN_WRAPPERS, *_LINE_WRAPPERS, *_CONTAINER_TOOLS, *_RESERVED, *_LOOPS, *_ALIASES, *SHELLS, "[", "[[", "test"}
)
"""The words that a command line may begin with before it comes to a tool."""
_DEEPEST = 5
_LONGEST_LISTS = (100, 10, 3)  # of a loop, of one in that, and so on
_MOST_COMMANDS = 1000
EVERY_NETNS = "each one"


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
        name = _ALIASES.get(tool := _tool(words[0]), tool)
        inner: list[str] | str
        if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*=.*", words[0], re.DOTALL):
            words = words[1:]
            continue
        if name in ("ip", "bridge", "tc") and (entered := _of_iproute(words, variables)):
            where, inner = entered
            if inner == words:
                break
        elif name in ("bash", "sh", "ash", "dash", "zsh", "su", "script") and (line := _line_of_shell(words)):
            inner = line
        elif name in _PLAIN_WRAPPERS or name in _LINE_WRAPPERS:
            options, inner = _options_of(name, words[1:])
            where = _led_to(name, options, inner, variables, where)
            inner = inner[_OPERANDS.get(name, 0) :]
            if name in _LINE_WRAPPERS and inner:
                inner = " ".join(inner[inner[0] == "--" :])
        elif name == "az" and (line := _line_of_azure(words)):
            inner = line
        elif name in _CONTAINER_TOOLS and (container := _container(tool, words[1:], variables)):
            where, inner = container[0].within(where), container[1]
            if not inner and not container[0].opens:
                yield attrs.evolve(where, argv=tuple(words))
                return
        else:
            break
        wrapped = True
        if isinstance(inner, str):
            if depth < _DEEPEST:
                yield from (found.within(where) for found in _commands(inner, variables, depth + 1))
            return
        words = inner
    if words:
        tool = _tool(words[0])
        words = [_ALIASES.get(tool, tool), *words[1:]]
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


def _known(text: str, variables: Mapping[str, str]) -> str:
    """A text with the values of the variables in it, as far as they are known."""
    return _VARIABLE.sub(lambda found: variables.get(found[1] or found[2], found[0]), text)


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


def _line_of_azure(words: list[str]) -> str | None:
    """The command line that `az` has a node run."""
    if words[1:4] == ["aks", "command", "invoke"]:
        return _value_of(words, "--command", "-c")
    return _value_of(words, "--scripts") if words[2:4] == ["run-command", "invoke"] else None


def _options_of(wrapper: str, words: list[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """A wrapper's options with their values, and the words behind them."""
    options = []
    valued = _VALUES.get(wrapper, set())
    while words and words[0].startswith("-") and words[0] != "-":
        option, *words = words
        if option == "--":
            break
        if option.startswith("--"):
            name, _, value = option.partition("=")
            if not value and name in valued and words:
                value, *words = words
            options.append((name, value))
            continue
        for place, letter in enumerate(option[1:], 2):
            value = option[place:]
            if f"-{letter}" in valued:
                if not value and words:
                    value, *words = words
                options.append((f"-{letter}", value))
                break
            if letter in _OPTIONAL.get(wrapper, ()):
                options.append((f"-{letter}", value))
                break
            options.append((f"-{letter}", ""))
    return options, words


def _of_iproute(words: list[str], variables: Mapping[str, str]) -> tuple[Invocation, list[str]] | None:
    """The network namespace that `ip netns exec` or `ip -n` enters, and the command that is run in it; see ip(8)."""
    options = 1
    while options < len(words) and words[options].startswith("-"):
        option = words[options].lstrip("-")
        if option and "netns".startswith(option):
            name = _known("".join(words[options + 1 : options + 2]), variables)
            return Invocation(argv=(), netns=name or "?"), words
        options += 1
    if words[0] != "bridge" and words[options : options + 2] == ["netns", "exec"]:
        every = any(option != "-" and "-all".startswith(option) for option in words[1:options])
        inside = words[options + 2 :]
        if every:
            return Invocation(argv=(), netns=EVERY_NETNS), inside
        return Invocation(argv=(), netns=_known("".join(inside[:1]), variables) or "?"), inside[1:]
    return None


def _led_to(
    name: str, options: list[tuple[str, str]], words: list[str], variables: Mapping[str, str], where: Invocation
) -> Invocation:
    """Where a wrapper leads to from somewhere."""
    if name == "ssh" and words:
        return Invocation(argv=(), host=_known(words[0], variables).rpartition("@")[2])
    if name == "unshare" and any(option in ("-n", "--net") for option, _ in options):
        return attrs.evolve(where, pid=None, netns="unshare")
    return _entered(options, variables, where) if name == "nsenter" else where


def _entered(options: list[tuple[str, str]], variables: Mapping[str, str], where: Invocation) -> Invocation:
    """The process, or the name, of the network namespace that `nsenter` enters; see nsenter(1)."""
    target = next((value for name, value in options if name in ("-t", "--target")), "")
    for name, file in options:
        if name in ("-n", "--net") and "/" in file:
            process = re.fullmatch(r"/proc/([^/]+)/ns/net", file)
            if not process:
                return attrs.evolve(where, pid=None, netns=file.rpartition("/")[2])
            target = process[1]
        elif name not in ("-n", "--net", "-a", "--all"):
            continue
        target = _known(target, variables)
        if target == "1":
            # The processes that a container shares with a node are those of the node that it is on.
            return attrs.evolve(where, pid=None, netns="", host=where.host or _node_of(where.netns))
        if target.isdecimal():
            return attrs.evolve(where, pid=int(target), netns=None)
        return attrs.evolve(where, pid=None, netns=target or None)  # such as `$PID`: some other than the node's
    return where


def _node_of(container: str | None) -> str | None:
    return f"node of {container}" if container and container.startswith("kubectl ") else None


def _container(tool: str, words: list[str], variables: Mapping[str, str]) -> tuple[Invocation, list[str]] | None:
    """The container that `exec`, `run` or `debug` enters, and the command in it; `None` for another verb."""
    name = _ALIASES.get(tool, tool)
    kind = {"kubectl": "kubectl", "ctr": "ctr", "docker-compose": "compose"}.get(name, "docker")
    _, words = _options_of(kind, words)
    if words[:1] in (["container"], ["compose"], ["task"], ["tasks"], ["t"]):
        kind = words[0] if words[0] == "compose" else kind
        _, words = _options_of(kind, words[1:])
    verb, words = (words[0], words[1:]) if words else ("", [])
    if verb not in ({"exec", "run", "debug", "node-shell", "rsh"} if kind == "kubectl" else {"exec", "run"}):
        return None
    options, words = _options_of(kind, words)
    entered, words = (_known(words[0], variables), words[1:]) if words else ("", [])
    if kind == "kubectl" or words[:1] == ["--"]:
        more, words = _options_of(kind, words)
        options += more
    given = {option for option, _ in options}
    attached = bool(given & {"-i", "-t", "--stdin", "--tty", "--interactive"}) and not given & {"-d", "--detach"}
    where = Invocation(argv=(tool,), opens=attached or verb in ("node-shell", "rsh") or tool == "oc")
    if verb == "node-shell" or re.match(r"nodes?/", entered):
        return attrs.evolve(where, host=entered.rpartition("/")[2]), words
    if verb == "run" and kind != "kubectl":
        network = next((value for option, value in options if option in ("--net", "--network")), "")
        if network == "host":
            return where, words
        shared = network.partition("container:")[2]
        verb, entered = ("exec", shared) if shared else ("run", entered)
    return attrs.evolve(where, netns=f"{name} {verb} {entered}"), words


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
    said = _known(" ".join(words[1:]), variables) if words[0] in ("echo", "printf") else ""
    for stage in pipeline[1:]:
        filters = list(_unwrapped(list(stage.words), variables, depth))
        if stage.words[:1] in (["xargs"], ["parallel"]):
            found = [attrs.evolve(one, loop=True) for one in filters]
        elif any(one.opens or one.elsewhere or one.host for one in filters):
            found = [attrs.evolve(one, filtered=True) for one in _in_place(filters, said, variables, depth)]
        elif not (len(filters) == 1 and _leaves_lines_whole(filters[0])):
            found = [attrs.evolve(one, filtered=True) for one in found]
    if words[0] in ("echo", "printf"):
        found = [attrs.evolve(one, argv=tuple(_known(word, variables) for word in one.argv)) for one in found]
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
