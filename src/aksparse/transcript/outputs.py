"""What commands printed in a text: cut into outputs, each read by its command, or recognised from its content."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import attrs

from aksparse.command import Command, Parsed
from aksparse.diagnostics import Diagnostic, Severity
from aksparse.foreign import unread
from aksparse.recognition import recognise
from aksparse.terminal.noise import BANNER, noise
from aksparse.transcript.commandline import command_for, wrapper_of
from aksparse.transcript.sections import ONE_OF_SEVERAL, Section, is_first_link, sections
from aksparse.transcript.wrappers import Invocation

_FIRST_WINDOW = 16  # where outputs change with every line, so many are read for each


class Outputs:
    """The outputs found in a text, and what becomes of each line.

    Attributes:
        found: the outputs.
        diagnostics: what belongs to no output and was not understood, or not read.
        ignored: the lines set aside outside of outputs: number to name.
    """

    def __init__(self, texts: list[str], source: str) -> None:
        self.texts = texts
        self.source = source
        self.found: list[Parsed[Any]] = []
        self.diagnostics: list[Diagnostic] = []
        self.ignored: dict[int, str] = {}
        self.places: Counter[str] = Counter()  # how many places there are that go by one name

    def set_aside(self, numbers: Sequence[int], name: str) -> None:
        for number in numbers:
            self.ignored[number] = name if self.texts[number - 1].strip() else "blank"

    def read_output(self, numbers: range, ran: list[Invocation]) -> None:
        """Read the lines that commands printed, or that stand there without one."""
        rounds: dict[tuple[int, str], str] = {}
        for section in sections(self.texts, self.trimmed(numbers), ran):
            if section.among:
                among = " or of ".join(shlex.join(one.argv) for one in section.among)
                self.report(section.lines.start, "ambiguous-output", f"may be the output of {among}", "warning")
            self.read_section(self.trimmed(section.lines), self.told_apart(section, rounds))

    def told_apart(self, section: Section, rounds: dict[tuple[int, str], str]) -> Invocation | None:
        """What printed a section, in a place of its own name where a loop goes from one to the next."""
        one = section.by
        if one is None or not (one.loop or section.among):
            return one
        if section.among:
            rounds = {}

        def numbered(label: str | None) -> str | None:
            if not label:
                return label
            if (section.round, label) not in rounds:
                self.places[label] += 1
                number = self.places[label]
                rounds[section.round, label] = f"{label} ({number})" if number > 1 else label
            return rounds[section.round, label]

        host = numbered(one.host) if one.host and "$" in one.host else one.host
        return attrs.evolve(one, netns=numbered(one.netns), host=host)

    def trimmed(self, numbers: range) -> range:
        """The lines without blank ones at both ends, which are set aside."""
        while numbers and not self.texts[numbers.start - 1].strip():
            self.ignored[numbers.start] = "blank"
            numbers = numbers[1:]
        while numbers and not self.texts[numbers.stop - 2].strip():
            self.ignored[numbers.stop - 1] = "blank"
            numbers = numbers[:-1]
        return numbers

    def read_section(self, numbers: range, by: Invocation | None) -> None:
        """Read the lines that one command printed, or that stand there without one."""
        texts = [self.texts[number - 1] for number in numbers]
        if all(noise(text) for text in texts):
            self.ignored.update((number, noise(text) or "") for number, text in zip(numbers, texts, strict=True))
            return
        if by and by.argv[:1] in (("echo",), ("printf",)) and not recognise(texts[:1]):
            self.set_aside(numbers[:1], "echo")
            if len(numbers) > 1:
                self.read_section(self.trimmed(numbers[1:]), attrs.evolve(by, argv=()))
            return
        command = command_for(by) if by else None
        if by and command is None and not by.enters and (wrapper := wrapper_of(by)):
            by = attrs.evolve(by, netns=wrapper)  # what it does is not known: it may lead anywhere
        candidates = [command] if command else recognise(texts)
        if len(candidates) == 1:
            if command is None and (again := self.begins_again(candidates[0], numbers)):
                self.read_again(numbers, again, by)
            else:
                self.read_known(candidates[0], numbers, by)
            return
        later = next((k for k, text in enumerate(texts[1:], 1) if not candidates and len(recognise([text])) == 1), None)
        if later is not None:
            # Something else was printed before, such as by a script.
            self.read_section(self.trimmed(numbers[:later]), by)
            self.read_section(self.trimmed(numbers[later:]), attrs.evolve(by, argv=()) if by else None)
            return
        if candidates:
            self.set_aside(numbers[1:], "unread-output")
            names = " or ".join(candidate.name for candidate in candidates)
            self.report(numbers.start, "ambiguous-output", f"may be the output of {names}")
        elif (by and by.opens) or any(BANNER.match(text) for text in texts):
            self.set_aside(numbers, "login-banner")
        elif by and by.argv:
            self.set_aside(numbers, "unread-output")
            message = f"aksparse does not read what this command prints: {shlex.join(by.argv)}"
            self.report(numbers.start, "unread-output", message, "warning")
        else:
            self.set_aside(numbers[1:], "unread-output")
            self.report(numbers.start, "unrecognised-output", unread(texts))

    def begins_again(self, command: Command[Any], numbers: range) -> list[int]:
        """The numbers where a listing of interfaces begins anew, when nothing else stands between them."""
        if not is_first_link(self.texts[numbers.start - 1]):
            return []
        starts = [number for number in numbers if is_first_link(self.texts[number - 1])]
        parts = [range(start, stop) for start, stop in pairwise(starts)]
        whole = all(self.foreign(command, self.parsed(command, part, None)) is None for part in parts)
        return starts if len(starts) > 1 and whole else []

    def read_again(self, numbers: range, starts: list[int], by: Invocation | None) -> None:
        """Read listings of interfaces of which nothing says in which network namespaces they were made."""
        message = "the same is listed several times: nothing says in which network namespaces"
        self.report(numbers.start, "ambiguous-output", message, "warning")
        one = attrs.evolve(by or Invocation(argv=()), pid=None, netns=ONE_OF_SEVERAL, own=False, argv=(), loop=True)
        for start, stop in zip(starts, [*starts[1:], numbers.stop], strict=True):
            part = range(start, stop)
            self.read_section(self.trimmed(part), self.told_apart(Section(lines=part, by=one), {}))

    def read_known(self, command: Command[Any], numbers: range, by: Invocation | None) -> None:
        """Read the output of a command, as far as no line that it can't hold begins the output of another."""
        window = len(numbers)
        argv = by.argv or None if by else None
        while numbers:
            part = numbers[:window]
            parsed = self.parsed(command, part, argv)
            foreign = self.foreign(command, parsed)
            if foreign is None and len(part) < len(numbers):
                window *= 8
                continue
            if foreign is None or foreign[0] != numbers.start:
                parsed = parsed if foreign is None else self.parsed(command, range(numbers.start, foreign[0]), argv)
                self.found.append(attrs.evolve(parsed, pid=by.pid, netns=by.netns, host=by.host) if by else parsed)
            if foreign is None:
                return
            numbers, command = range(foreign[0], numbers.stop), foreign[1]
            argv, window = None, _FIRST_WINDOW

    def foreign(self, command: Command[Any], parsed: Parsed[Any]) -> tuple[int, Command[Any]] | None:
        """The first line that a command can't hold and that begins the output of exactly one other, and that one."""
        for diagnostic in parsed.diagnostics:
            if diagnostic.severity == "error" and diagnostic.line > 0:
                others = recognise([self.texts[diagnostic.line - 1]])
                if len(others) == 1 and others[0] != command:
                    return diagnostic.line, others[0]
        return None

    def parsed(self, command: Command[Any], numbers: range, argv: Sequence[str] | None) -> Parsed[Any]:
        return command.parse(
            "\n".join([*self.texts[numbers.start - 1 : numbers.stop - 1], ""]),
            source=self.source,
            strict=False,
            argv=argv,
            first_line=numbers.start,
        )

    def read_with(self, command: Command[Any], numbers: range, argv: Sequence[str] | None) -> None:
        self.found.append(self.parsed(command, numbers, argv))

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
