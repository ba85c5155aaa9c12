"""In which shell commands were typed: on which machine, and in which network namespace, they ran therefore."""

from __future__ import annotations

import re
from collections.abc import Sequence

import attrs

from aksparse.terminal.prompts import host_of
from aksparse.transcript.wrappers import Invocation

_NOT_OPENED = re.compile(r"(?:[Ee]rror|OCI runtime exec failed|unable to |nsenter: |ssh: |chroot: |sudo: a )")


@attrs.define
class _Shell:
    """A shell that was opened from another one."""

    opened_by: Invocation
    prompt_outside: str
    first_line: int
    prompt: str | None = None


class Shells:
    """The shells that are open, each in the one before.

    Attributes:
        hosts: by what `ssh` called them, the names that machines have in their own prompts.

    Args:
        texts: the lines of the text.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = texts
        self.open: list[_Shell] = []
        self.hosts: dict[str, str] = {}

    def obey(self, lines: range, prompt: str, ran: list[Invocation]) -> list[Invocation]:
        """What was run in which shell; opens and leaves shells.

        Args:
            lines: the numbers of the lines of a command line.
            prompt: the prompt that it was typed at; empty where there is none.
            ran: the commands in it.
        """
        host = host_of(prompt)
        if prompt and self.open:
            self.leave(lines.start, prompt, host)
        if [one.argv[:1] for one in ran] in ([("exit",)], [("logout",)]):
            if self.open:
                self.open.pop()
            return []
        place = self.open[-1].opened_by if self.open else Invocation(argv=())
        if host and not place.enters:
            place = attrs.evolve(place, host=host)
        ran = [one.within(place) for one in ran]
        if ran and ran[-1].opens:
            self.open.append(_Shell(ran[-1], prompt, lines.stop))
        return ran

    def leave(self, number: int, prompt: str, host: str | None) -> None:
        """Leave the innermost shell where a prompt says that it is no longer there."""
        shell = self.open[-1]
        if shell.prompt is not None:
            if prompt == shell.prompt_outside != shell.prompt:
                self.open.pop()  # it was left without a word, by the end of its input
            return
        said = self.texts[shell.first_line - 1 : number - 1]
        if prompt == shell.prompt_outside and any(_NOT_OPENED.match(text) for text in said):
            self.open.pop()
            return
        shell.prompt = prompt
        if host and shell.opened_by.host and not shell.opened_by.enters:
            self.hosts.setdefault(shell.opened_by.host, host)
