"""What may wrap a command, and where it leads to: on which machine, and in which network namespace, the command runs.

The wrappers are those of a shell, util-linux, iproute2, OpenSSH, the tools of containers and Azure; each option that
takes a value is listed, for the word behind it is none of the command.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise

import attrs


@attrs.frozen(kw_only=True)
class Invocation:
    """A command line without what wraps it.

    Attributes:
        argv: the command and its arguments, without `sudo`, `nsenter` and the like.
        pid: the process whose network namespace `nsenter -t PID -n` enters; absent when it enters none, or that of
            process 1, which is the node's own.
        netns: what the network namespace that it enters goes by: its name, the container that an `exec` enters, the
            words of a wrapper that is not known and may lead anywhere, or that it is one of several.
        own: whether it comes back to the network namespace that is the node's own.
        host: the machine that `ssh` or `kubectl debug node/` goes to; absent when it goes to none.
        filtered: whether a pipe may have changed the output other than by leaving lines out.
        opens: whether it opens a shell, in which the following commands are typed.
        loop: whether it runs any number of times, on what the text does not say.
    """

    argv: tuple[str, ...]
    pid: int | None = None
    netns: str | None = None
    own: bool = False
    host: str | None = None
    filtered: bool = False
    opens: bool = False
    loop: bool = False

    @property
    def enters(self) -> bool:
        """Whether it says itself in which network namespace it runs."""
        return self.own or self.pid is not None or self.netns is not None

    def within(self, outer: Invocation) -> Invocation:
        """This command, run where another one leads to."""
        host = self.host or outer.host
        if self.enters or self.host:
            return attrs.evolve(self, host=host)
        return attrs.evolve(self, pid=outer.pid, netns=outer.netns, own=outer.own, host=host)


_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
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
WRAPPERS = frozenset({*_PLAIN_WRAPPERS, *_LINE_WRAPPERS, *_CONTAINER_TOOLS, *_ALIASES})
"""The words that a wrapped command may begin with."""
SHELLS = {"sh", "bash", "ash", "dash", "zsh", "fish", "ksh", "su", "sudo"}
EVERY_NETNS = "each one"


def taken_off(words: list[str], variables: Mapping[str, str], where: Invocation) -> tuple[Invocation, list[str] | str]:
    """What the first of some words wraps, and where that leads to.

    Args:
        words: the words of a command.
        variables: the values of shell variables, as far as they are known.
        where: where the words run.

    Returns:
        Where what is wrapped runs; and its words, or the line that a shell is given: the same words where the first
        wraps nothing.
    """
    name = tool_of(words[0])
    if name in ("ip", "bridge", "tc"):
        return _of_iproute(words, variables) or (where, words)
    if name in ("bash", "sh", "ash", "dash", "zsh", "su", "script"):
        return where, _line_of_shell(words) or words
    if name == "az":
        return where, _line_of_azure(words) or words
    if name in _CONTAINER_TOOLS:
        entered, inside = _container(_file_name(words[0]), words[1:], variables) or (None, words)
        return (entered.within(where), inside if inside or entered.opens else words) if entered else (where, words)
    if name not in _PLAIN_WRAPPERS and name not in _LINE_WRAPPERS:
        return where, words
    options, inner = _options_of(name, words[1:])
    where = _led_to(name, options, inner, variables, where)
    inner = inner[_OPERANDS.get(name, 0) :]
    if name in _LINE_WRAPPERS and inner:
        return where, " ".join(inner[inner[0] == "--" :])
    return where, inner


def tool_of(word: str) -> str:
    """The name of the tool that a word runs."""
    name = _file_name(word)
    return _ALIASES.get(name, name)


def with_values(text: str, variables: Mapping[str, str]) -> str:
    """A text with the values of the variables in it, as far as they are known."""
    return _VARIABLE.sub(lambda found: variables.get(found[1] or found[2], found[0]), text)


def _file_name(word: str) -> str:
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
            name = with_values("".join(words[options + 1 : options + 2]), variables)
            return Invocation(argv=(), netns=name or "?"), words
        options += 1
    if words[0] != "bridge" and words[options : options + 2] == ["netns", "exec"]:
        every = any(option != "-" and "-all".startswith(option) for option in words[1:options])
        inside = words[options + 2 :]
        if every:
            return Invocation(argv=(), netns=EVERY_NETNS), inside
        return Invocation(argv=(), netns=with_values("".join(inside[:1]), variables) or "?"), inside[1:]
    return None


def _led_to(
    name: str, options: list[tuple[str, str]], words: list[str], variables: Mapping[str, str], where: Invocation
) -> Invocation:
    """Where a wrapper leads to from somewhere."""
    if name == "ssh" and words:
        return Invocation(argv=(), host=with_values(words[0], variables).rpartition("@")[2])
    if name == "unshare" and any(option in ("-n", "--net") for option, _ in options):
        return attrs.evolve(where, pid=None, netns="unshare", own=False)
    return _entered(options, variables, where) if name == "nsenter" else where


def _entered(options: list[tuple[str, str]], variables: Mapping[str, str], where: Invocation) -> Invocation:
    """The process, or the name, of the network namespace that `nsenter` enters; see nsenter(1)."""
    target = next((value for name, value in options if name in ("-t", "--target")), "")
    for name, file in options:
        if name in ("-n", "--net") and "/" in file:
            process = re.fullmatch(r"/proc/([^/]+)/ns/net", file)
            if not process:
                return attrs.evolve(where, pid=None, netns=file.rpartition("/")[2] or "?", own=False)
            target = process[1]
        elif name not in ("-n", "--net", "-a", "--all"):
            continue
        target = with_values(target, variables)
        if target == "1":
            # The processes that a container shares with a node are those of the node that it is on.
            return attrs.evolve(where, pid=None, netns=None, own=True, host=where.host or _node_of(where.netns))
        if target.isdecimal():
            return attrs.evolve(where, pid=int(target), netns=None, own=False)
        # Such as `$PID`: some other than the node's.
        return attrs.evolve(where, pid=None, netns=target or None, own=False)
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
    entered, words = (with_values(words[0], variables), words[1:]) if words else ("", [])
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
