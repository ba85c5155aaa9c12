"""The command lines of the clients of container engines: docker, podman, nerdctl and crictl."""

from __future__ import annotations

from collections.abc import Collection, Sequence


def from_verb_on(argv: Sequence[str], *, flags: Collection[str], valued: Collection[str]) -> list[str] | None:
    """The words of a command line behind the client's own options; `None` when one of these is not known.

    Args:
        argv: the command line.
        flags: the client's own options that have no value.
        valued: those that have one, be it behind `=` or as the next word.
    """
    words = list(argv[1:])
    while words and words[0].startswith("-"):
        option, is_set, _ = words.pop(0).partition("=")
        if option in valued:
            del words[: not is_set]
        elif option not in flags:
            return None
    return words
