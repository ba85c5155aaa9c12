"""Which of several commands printed which lines, where all were run from one command line.

It is told by how outputs begin. Where that leaves it open, a section says which commands it may be of: that an output
is of another network namespace than it is said to be would be worse than not to know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from aksparse.command import Command
from aksparse.recognition import recognises
from aksparse.transcript.commandline import command_for
from aksparse.transcript.wrappers import Invocation

ONE_OF_SEVERAL = "one of several"


@attrs.frozen(kw_only=True)
class Section:
    """Lines that one command printed.

    Attributes:
        lines: their numbers.
        by: the command; without argv where it is not known, and absent where nothing is.
        round: how often a loop had come to its end before.
        among: those commands that may have printed it, where there are several.
    """

    lines: range
    by: Invocation | None
    round: int = 0
    among: tuple[Invocation, ...] = ()


def sections(texts: Sequence[str], lines: range, ran: Sequence[Invocation]) -> list[Section]:
    """What each of the commands of one command line printed.

    Args:
        texts: all lines of a text.
        lines: the numbers, from 1, of those that the commands printed.
        ran: the commands, in the order in which they ran.
    """
    if not lines or (len(ran) < 2 and not any(one.loop for one in ran)):
        return [Section(lines=lines, by=ran[0] if ran else None)]
    return list(_Cutter(texts, ran).sections(lines))


def _place(one: Invocation) -> tuple[int | None, str | None, bool, str | None]:
    return one.pid, one.netns, one.own, one.host


def somewhere(commands: Sequence[Invocation]) -> Invocation:
    """An unknown command, where all of some commands ran, or in one of several places."""
    if len({_place(one) for one in commands}) == 1:
        return attrs.evolve(commands[0], argv=(), filtered=False, opens=False)
    hosts = {one.host for one in commands}
    return Invocation(argv=(), netns=ONE_OF_SEVERAL, host=hosts.pop() if len(hosts) == 1 else ONE_OF_SEVERAL)


class _Cutter:
    def __init__(self, texts: Sequence[str], ran: Sequence[Invocation]) -> None:
        self.texts = texts
        self.ran = ran
        self.readers = [command_for(one) for one in ran]
        self.echoes = [_echoed(one) for one in ran]

    def sections(self, lines: range) -> Iterator[Section]:
        found = [*self.in_turn(lines)]
        for section in found:
            if section.by is None:
                yield attrs.evolve(section, by=somewhere(self.ran))
            elif (reader := command_for(section.by)) is None or self.certain(reader, found):
                yield section
            else:
                yield from self.divided(section, reader, found)

    def in_turn(self, lines: range) -> Iterator[Section]:
        """Sections as the commands take turns: each begins with a line that its command may begin with."""
        start, current, round_ = lines.start, None if self.readers[0] else 0, 0
        last = -1
        for number in lines:
            text = self.texts[number - 1]
            again = current is not None and _begins_again(text, self.texts[start - 1])
            following = self.following(text, last, current, again=again)
            if following is None:
                continue
            if number > start:
                yield self.section(range(start, number), current, round_)
            round_ += following <= last
            start, current, last = number, following, following
        yield self.section(range(start, lines.stop), current, round_)

    def section(self, lines: range, place: int | None, round_: int) -> Section:
        return Section(lines=lines, by=self.ran[place] if place is not None else None, round=round_)

    def following(self, text: str, last: int, current: int | None, *, again: bool) -> int | None:
        """The command whose output begins with a line: one of those that come later, or once more in a loop."""
        reader = self.readers[current] if current is not None else None
        later = list(range(last + 1, len(self.ran)))
        begins: dict[str, bool] = {}  # a line that a command may begin with is one for all that print alike
        for place in later + [place for place in range(last + 1) if self.ran[place].loop]:
            candidate, echo = self.readers[place], self.echoes[place]
            if echo and _is_echo(text, echo):
                return place
            if candidate is None:
                continue
            if candidate.name not in begins:
                begins[candidate.name] = recognises(candidate, [text])
            if not begins[candidate.name]:
                continue
            if candidate != reader or (again and self.ran[place].loop):
                return place
        return None

    def certain(self, reader: Command[Any], found: Sequence[Section]) -> bool:
        """Whether it is known which of the commands that print alike printed which section."""
        alike = [place for place, other in enumerate(self.readers) if other == reader]
        if len({_place(self.ran[place]) for place in alike}) == 1 and len(alike) == 1:
            return True
        if any(self.ran[place].loop for place in alike):
            # One that runs once is told apart where it runs before the loop.
            return not any(self.ran[place].loop for place in alike[:-1])
        anchors = [echo for echo in self.echoes if echo]
        anchored = bool(anchors) and len(set(anchors)) == len(anchors)
        shown = [section for section in found if section.by and section.by.argv[:1] in (("echo",), ("printf",))]
        if anchored and len(shown) == len(anchors):
            return True
        return len(alike) == sum(section.by is not None and command_for(section.by) == reader for section in found)

    def divided(self, section: Section, reader: Command[Any], found: Sequence[Section]) -> Iterator[Section]:
        """The outputs of commands that print alike: each begins with the same word, or it is not known whose it is."""
        lines = section.lines
        alike = [one for one, other in zip(self.ran, self.readers, strict=True) if other == reader]
        others = [other for other in found if other.by and command_for(other.by) == reader]
        if len(others) == 1 and not any(one.loop for one in alike):
            first = self.texts[lines.start - 1]
            starts = [n for n in lines if self.texts[n - 1] == first]
            if len(starts) != len(alike):
                word = first.split()[0]
                starts = [n for n in lines if self.texts[n - 1].split()[:1] == [word]]
            if len(starts) == len(alike):
                for start, stop, one in zip(starts, [*starts[1:], lines.stop], alike, strict=True):
                    yield Section(lines=range(start, stop), by=one)
                return
        yield attrs.evolve(section, by=somewhere(alike), among=tuple(alike))


_FIRST_LINK = re.compile(r"1: [^ ]+: <")


def is_first_link(text: str) -> bool:
    """Whether a line is that of interface 1, with which each listing of interfaces begins."""
    return text.startswith("1: ") and _FIRST_LINK.match(text) is not None


def _begins_again(text: str, first: str) -> bool:
    """Whether a line is the first one of an output of which that is the first line, once more."""
    return text == first or (is_first_link(text) and is_first_link(first))


def _echoed(one: Invocation) -> tuple[str, ...] | None:
    """The parts of what `echo` or `printf` prints, between which stands anything that is not known."""
    if one.argv[:1] not in (("echo",), ("printf",)):
        return None
    words = [word for word in one.argv[1:] if word not in ("-e", "-n", "-ne", "-en")]
    if one.argv[0] == "printf":
        words = words[:1]
    said = re.sub(r"^(?:\\n|\n)+|(?:\\n|\n)+$", "", " ".join(words))
    parts = re.split(r"\$\w+|\$\{[^}]*\}|\$\([^)]*\)|`[^`]*`|%[sd]", said)
    return tuple(parts) if "".join(parts).strip() else None


def _is_echo(text: str, parts: tuple[str, ...]) -> bool:
    """Whether a text has these parts in their order, the first at its beginning and the last at its end."""
    first, *inner = parts
    if not inner:
        return text == first
    last = inner.pop()
    at, end = len(first), len(text) - len(last)
    for part in inner:
        if (found := text.find(part, at, end)) < 0:
            return False
        at = found + len(part)
    return at <= end and text.startswith(first) and text.endswith(last)
