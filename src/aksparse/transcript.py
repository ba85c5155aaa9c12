"""A terminal log or a Markdown page: the command outputs in it.

A page's outputs stand in fenced code blocks; a log is one block. In a block stand command lines (with a prompt or
without), comments, and what the commands printed. A command line says which command printed what follows; what follows
no known command line is recognised from its content.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from aksparse.command import Command, Parsed, noise, recognise, registry, split_lines
from aksparse.diagnostics import Diagnostic, Severity


@attrs.frozen(kw_only=True)
class Invocation:
    """A command line without what wraps it.

    Attributes:
        argv: the command and its arguments, without `sudo`, `nsenter` and the like.
        pid: the process whose network namespace `nsenter -t PID -n` enters; absent when it enters none, or that of
            process 1, which is the node's own.
        netns: the name of the network namespace that `ip netns exec` enters, or the container that an `exec` enters.
        filtered: whether a pipe may have changed the output other than by leaving lines out.
    """

    argv: tuple[str, ...]
    pid: int | None = None
    netns: str | None = None
    filtered: bool = False

    @property
    def enters(self) -> bool:
        """Whether it only opens a shell in another network namespace."""
        return (self.pid is not None or self.netns is not None) and (not self.argv or self.argv[0] in _SHELLS)


_WRAPPERS = {"sudo", "time", "nice", "nohup", "stdbuf", "env", "command", "nsenter", "chroot"}
_VALUED_OPTIONS = {"sudo": {"-u", "-g"}, "nsenter": {"-t", "--target", "-S", "-G"}}
_CONTAINER_TOOLS = {"kubectl", "docker", "crictl", "nerdctl", "podman"}
_SHELLS = {"sh", "bash", "ash", "dash", "zsh"}
_LINE_FILTERS = {"grep", "egrep", "fgrep", "head", "tail", "tee", "less", "more", "cat", "sort", "uniq"}


def unwrap(argv: Sequence[str]) -> Invocation:
    """The command that a command line runs, and in which network namespace."""
    words = list(argv)
    pid: int | None = None
    netns: str | None = None
    while words:
        name = words[0].rpartition("/")[2]
        if name in _WRAPPERS:
            options, words = _options_of(name, words[1:])
            if name == "nsenter":
                pid, netns = _entered(options)
            elif name == "chroot":
                words = words[1:]
        elif name == "ip" and words[1:3] == ["netns", "exec"]:
            pid, netns, words = None, "".join(words[3:4]), words[4:]
        elif name in _CONTAINER_TOOLS and words[1:2] == ["exec"]:
            pid, (netns, words) = None, _exec(name, words[2:])
        elif re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*=.*", words[0]):
            words = words[1:]
        else:
            break
    if words:
        words[0] = words[0].rpartition("/")[2]
    return Invocation(argv=tuple(words), pid=pid, netns=netns)


def _exec(tool: str, words: list[str]) -> tuple[str, list[str]]:
    """The container that `kubectl exec`, `docker exec` or `crictl exec` enters, and the command in it."""
    container = ""
    while words and not container:
        word = words.pop(0)
        if word in ("-n", "--namespace", "-c", "--container", "-u", "-w", "-e") and words:
            words.pop(0)
        elif not word.startswith("-"):
            container = word
    while words and words[0].startswith("-") and tool == "kubectl":
        option = words.pop(0)
        if option in ("-n", "--namespace", "-c", "--container") and words:
            words.pop(0)
    return f"{tool} exec {container}", words


def _options_of(wrapper: str, words: list[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """A wrapper's options with their values, and the words behind them."""
    options = []
    while words and words[0].startswith("-"):
        option = words.pop(0)
        if option == "--":
            break
        name, _, value = option.partition("=")
        if not value and name in _VALUED_OPTIONS.get(wrapper, ()) and words:
            value = words.pop(0)
        elif not value and not name.startswith("--"):
            name, value = name[:2], name[2:]
        options.append((name, value))
    return options, words


def _entered(options: list[tuple[str, str]]) -> tuple[int | None, str | None]:
    """The process, or the name, of the network namespace that `nsenter` enters; see nsenter(1)."""
    target = next((value for name, value in options if name in ("-t", "--target")), "")
    for name, file in options:
        if name in ("-n", "--net") and "/" in file:
            process = re.fullmatch(r"/proc/([0-9]+)/ns/net", file)
            target = process[1] if process else target
            if not process:
                return None, file.rpartition("/")[2]
        elif name not in ("-n", "--net", "-a", "--all"):
            continue
        return (int(target) if target.isdecimal() and target != "1" else None), None
    return None, None


def invocation(command_line: str) -> Invocation | None:
    """Read a command line with its pipes and redirections; `None` when it is not one."""
    try:
        lexer = shlex.shlex(command_line, posix=True, punctuation_chars="|;&<>")
        lexer.whitespace_split = True
        words = list(lexer)
    except ValueError:
        return None
    stages: list[list[str]] = [[]]
    redirected = False
    for word in words:
        if word in ("|", "|&", "&&", ";", "||"):
            stages.append([])
            redirected = False
        elif re.fullmatch(r"[<>&]+", word):
            redirected = True
        elif redirected:
            redirected = False
        else:
            stages[-1].append(word)
    found = unwrap([word for word in stages[0] if not (word == "2" and ">" in command_line)])
    filters = [unwrap(stage).argv[:1] for stage in stages[1:]]
    return attrs.evolve(found, filtered=any(not stage or stage[0] not in _LINE_FILTERS for stage in filters))


def command_for(found: Invocation) -> Command[Any] | None:
    """The command that reads what an invocation prints."""
    if not found.argv or found.filtered:
        return None
    return next((command for command in registry().values() if command.produced_by(found.argv)), None)


@attrs.frozen(kw_only=True)
class Transcript:
    """The outputs in a text.

    Attributes:
        source: the name of the text.
        outputs: what was read, in the order of the text.
        diagnostics: what belongs to no output and was not understood, or not read.
        ignored: the lines set aside outside of outputs: number to name (`prose`, `command`, `comment` ...).
    """

    source: str
    outputs: tuple[Parsed[Any], ...]
    diagnostics: tuple[Diagnostic, ...]
    ignored: Mapping[int, str] = attrs.field(repr=False)

    @property
    def all_diagnostics(self) -> tuple[Diagnostic, ...]:
        """The diagnostics of the text and of its outputs, in line order."""
        diagnostics = [*self.diagnostics, *(d for output in self.outputs for d in output.diagnostics)]
        return tuple(sorted(diagnostics, key=lambda d: (d.line, d.column, d.code)))


def read_transcript(text: str, *, source: str = "<text>") -> Transcript:
    """Find and read the command outputs in a terminal log, a Markdown page, or a file that holds one output.

    Args:
        text: the text.
        source: its name, for evidence and diagnostics.
    """
    reader = _Reader(split_lines(_COLOUR.sub("", text)), source)
    for block in reader.blocks():
        reader.read_block(block)
    return Transcript(
        source=source,
        outputs=tuple(reader.outputs),
        diagnostics=tuple(reader.diagnostics),
        ignored=reader.ignored,
    )


_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_FENCE = re.compile(r"[ \t]*(?P<fence>`{3,}(?=[^`]*$)|~{3,})(?P<info>.*)")
_PROMPT = re.compile(
    r"(?:[\w.-]+@[\w.-]+:[^ ]*[$#]|\[[^\]]+\][$#]|[\w.-]+:[^ ]+[$#]|/[\w./-]* [$#]|PS [^>]*>|[$>#%])"
    r" +(?P<command>[^ ].*)"
)
_ASSIGNMENT = re.compile(r"(?:export +)?[A-Za-z_][A-Za-z0-9_]*=(?P<value>.*)")
# Without a prompt a line is a command when it begins with the name of a tool that people type into such logs.
_TOOLS = {
    *("ip", "route", "brctl", "iptables", "ip6tables", "iptables-save", "ip6tables-save", "bridge", "arp", "netstat"),
    *("ifconfig", "ping", "conntrack", "ss", "tcpdump", "traceroute", "curl", "nslookup", "dig", "ethtool", "sysctl"),
    *("docker", "crictl", "nerdctl", "podman", "kubectl", "az", "helm", "apt", "apt-get", "ssh", "scp", "cat", "ls"),
    *(
        "cd",
        "echo",
        "exit",
        "logout",
        *_SHELLS,
        "hostname",
        "uname",
        "systemctl",
        "journalctl",
        "lsmod",
        "nft",
        "ipset",
    ),
}


_TYPED_IN = {"az_aks_create", "assignment"}  # these read what was typed, not what was printed


class _Reader:
    """One pass over the lines of a text."""

    def __init__(self, texts: list[str], source: str) -> None:
        self.texts = texts
        self.source = source
        self.outputs: list[Parsed[Any]] = []
        self.diagnostics: list[Diagnostic] = []
        self.ignored: dict[int, str] = {}
        self.entered: Invocation | None = None  # what opened the shell that the commands are typed in

    def blocks(self) -> Iterator[range]:
        """The line numbers of each block; sets aside what stands around fenced ones."""
        fences = list(self.fences())
        if not fences:
            yield range(1, len(self.texts) + 1)
            return
        end = 0
        for start, stop in zip(fences[::2], [*fences[1::2], len(self.texts) + 1], strict=False):
            self.set_aside(range(end + 1, start), "prose")
            self.ignored[start] = "fence"
            yield range(start + 1, stop)
            if stop <= len(self.texts):
                self.ignored[stop] = "fence"
            end = stop
        self.set_aside(range(end + 1, len(self.texts) + 1), "prose")

    def fences(self) -> Iterator[int]:
        """The numbers of the lines that open and close fenced blocks, in turn, as CommonMark has them."""
        opened = ""
        for number, text in enumerate(self.texts, 1):
            if not (fence := _FENCE.match(text)):
                continue
            if not opened:
                opened = fence["fence"]
                yield number
            elif fence["fence"].startswith(opened) and not fence["info"].strip():
                opened = ""
                yield number

    def set_aside(self, numbers: Sequence[int], name: str) -> None:
        for number in numbers:
            self.ignored[number] = name if self.texts[number - 1].strip() else "blank"

    def read_block(self, block: range) -> None:
        """Split a block at its command lines, comments and assignments, and read what is between them."""
        printed_by: Invocation | None = None
        start = number = block.start
        while number < block.stop:
            lines = self.command_lines(number, block.stop)
            if lines:
                self.read_output(range(start, number), printed_by)
                printed_by = self.read_command(lines)
                number = start = lines.stop
            else:
                number += 1
        self.read_output(range(start, block.stop), printed_by)

    def command_lines(self, number: int, stop: int) -> range | None:
        """The lines of the command, comment or assignment that begins at a line; `None` when none does."""
        text = self.texts[number - 1]
        if noise(text) not in (None, "prompt"):
            return None
        if not (self.typed(number) or text.startswith("#") or _ASSIGNMENT.fullmatch(text.strip())):
            return None
        end = number
        while self.texts[end - 1].endswith("\\") and end + 1 < stop:
            end += 1
        return range(number, end + 1)

    def typed(self, number: int) -> str | None:
        """The command that was typed in a line, without its prompt."""
        text = self.texts[number - 1].strip()
        prompt = _PROMPT.fullmatch(text)
        command = prompt["command"] if prompt else text
        if prompt and text[0] not in "#>":
            return command
        # "# ip addr" is root's prompt, or a comment that begins with the name of a tool: what follows decides.
        found = invocation(command.removesuffix("\\"))
        if found is None or not (found.enters or (found.argv and found.argv[0] in _TOOLS)):
            return None
        if not prompt:
            # "bridge name  bridge id ..." begins with the name of a tool as well.
            printed = any(candidate.name not in _TYPED_IN for candidate in recognise([text]))
            return None if printed else command
        expected, below = command_for(found), self.texts[number : number + 1]
        return command if expected and below and expected.recognises(below) else None

    def read_command(self, numbers: range) -> Invocation | None:
        """Set a command aside, or read what it says itself; returns what prints the following lines."""
        first = self.texts[numbers.start - 1]
        typed = self.typed(numbers.start)
        if typed is None:
            if first.startswith("#"):
                self.set_aside(numbers, "comment")
            elif not self.read_with(registry()["assignment"], numbers, (), lenient=True):
                self.set_aside(numbers, "assignment")
            return None
        following = [self.texts[number - 1].strip().removesuffix("\\") for number in numbers[1:]]
        found = invocation(" ".join([typed.removesuffix("\\"), *following]))
        if found is not None and found.argv[:3] == ("az", "aks", "create"):
            self.read_with(registry()["az_aks_create"], numbers, found.argv)
            return None
        self.set_aside(numbers, "command")
        if found is not None and found.enters:
            self.entered = found
        elif found is not None and found.argv[:1] in (("exit",), ("logout",)):
            self.entered = None
        elif found is not None and self.entered is not None and found.pid is None and found.netns is None:
            return attrs.evolve(found, pid=self.entered.pid, netns=self.entered.netns)
        return found

    def read_output(self, numbers: range, printed_by: Invocation | None) -> None:
        """Read the lines that a command printed, or that stand there without one."""
        while numbers and not self.texts[numbers.start - 1].strip():
            self.ignored[numbers.start] = "blank"
            numbers = numbers[1:]
        while numbers and not self.texts[numbers.stop - 2].strip():
            self.ignored[numbers.stop - 1] = "blank"
            numbers = numbers[:-1]
        if not numbers:
            return
        texts = [self.texts[number - 1] for number in numbers]
        if all(noise(text) for text in texts):
            self.ignored.update((number, noise(text) or "") for number, text in zip(numbers, texts, strict=True))
            return
        command = command_for(printed_by) if printed_by else None
        candidates = [command] if command else recognise(texts)
        if len(candidates) == 1:
            self.read_with(candidates[0], numbers, printed_by.argv if printed_by else None, printed_by)
            return
        later = next((k for k, text in enumerate(texts[1:], 1) if not candidates and len(recognise([text])) == 1), None)
        if later is not None:
            # Something else was printed before, such as by `hostname; route -n`.
            self.read_output(numbers[:later], printed_by)
            self.read_output(numbers[later:], attrs.evolve(printed_by, argv=()) if printed_by else None)
            return
        self.set_aside(numbers[1:], "unread-output")
        if candidates:
            names = " or ".join(candidate.name for candidate in candidates)
            self.report(numbers.start, "ambiguous-output", f"may be the output of {names}")
        elif printed_by and printed_by.argv:
            self.set_aside(numbers[:1], "unread-output")
            message = f"aksparse does not read what this command prints: {shlex.join(printed_by.argv)}"
            self.report(numbers.start, "unread-output", message, "warning")
        else:
            self.report(numbers.start, "unrecognised-output", "no known command prints text like this")

    def read_with(
        self,
        command: Command[Any],
        numbers: range,
        argv: Sequence[str] | None,
        printed_by: Invocation | None = None,
        *,
        lenient: bool = False,
    ) -> bool:
        """Read lines as the output of a command; lenient: only when it understands them."""
        parsed = command.parse(
            "".join(f"{self.texts[number - 1]}\n" for number in numbers),
            source=self.source,
            strict=False,
            argv=argv,
            first_line=numbers.start,
        )
        if lenient and not parsed.understood:
            return False
        if printed_by is not None:
            parsed = attrs.evolve(parsed, pid=printed_by.pid, netns=printed_by.netns)
        self.outputs.append(parsed)
        return True

    def report(self, number: int, code: str, message: str, severity: Severity = "error") -> None:
        self.diagnostics.append(
            Diagnostic(
                code=code,
                severity=severity,
                message=message,
                source=self.source,
                line=number,
                column=1,
                text=self.texts[number - 1],
            )
        )
