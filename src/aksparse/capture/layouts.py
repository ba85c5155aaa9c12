"""The layouts of dumps: which file name means that which command printed the file, and on which node.

The layouts themselves are data, in `layouts.toml`.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files

import attrs

from aksparse.transcript.commandline import command_for, unwrap

_FIELD = re.compile(r"\{(\w+)\}")
_NUMBERED = re.compile(r"(.+)\.[0-9]{1,2}")


@attrs.frozen(kw_only=True)
class Place:
    """What the name of a file says.

    Attributes:
        layout: the layout that has a file of this name.
        root: the directory that is laid out so, with a slash at its end; empty for the dump itself.
        node: the node, where a part of the name is its name.
        argv: the command line that printed the file; absent when the file itself tells.
    """

    layout: Layout
    root: str
    node: str | None
    argv: tuple[str, ...] | None


@attrs.frozen(kw_only=True)
class Layout:
    """How one tool lays out its dumps.

    Attributes:
        name: the name of the tool.
        whole: whether all files worth reading are known by name, so that the others are not looked into.
        blank: what stands for the blanks of a command line in a file name.
        files: patterns of file names, and the command line that each means; the first that fits counts.
    """

    name: str
    whole: bool
    blank: str
    files: tuple[tuple[re.Pattern[str], str | None], ...]

    def find(self, path: str) -> Place | None:
        """What the layout says about a file, if it has one of this name."""
        for pattern, command_line in self.files:
            if found := pattern.fullmatch(path):
                return Place(
                    layout=self,
                    root=found["root"],
                    node=found.groupdict().get("node"),
                    argv=self._argv(command_line, found) if command_line else None,
                )
        return None

    def _argv(self, command_line: str, found: re.Match[str]) -> tuple[str, ...]:
        words: list[str] = []
        for word in command_line.split():
            if word == "{words}":
                words += found["words"].split(self.blank)
            else:
                words.append(_FIELD.sub(lambda field: found[field[1]], word))
        return _without_number(tuple(words))


def _without_number(argv: tuple[str, ...]) -> tuple[str, ...]:
    """A command line without the number that sos puts behind a file name which it has had before."""
    if (numbered := _NUMBERED.fullmatch(argv[-1])) and not command_for(unwrap(argv)):
        return (*argv[:-1], numbered[1])
    return argv


@cache
def layouts() -> tuple[Layout, ...]:
    """Every layout that is known."""
    text = files("aksparse.capture").joinpath("layouts.toml").read_text(encoding="utf-8")
    return read_layouts(text)


def read_layouts(text: str) -> tuple[Layout, ...]:
    """Read layouts from a text like that of `layouts.toml`."""
    return tuple(
        Layout(
            name=layout["name"],
            whole=layout["whole"],
            blank=layout.get("blank", "_"),
            files=tuple((_pattern(row["path"]), row.get("argv")) for row in layout["files"]),
        )
        for layout in tomllib.loads(text)["layout"]
    )


def _pattern(path: str) -> re.Pattern[str]:
    """A pattern of file names: `{name}` is a part of a name, the same wherever it stands twice."""
    pattern, end, known = "", 0, set()
    for field in _FIELD.finditer(path):
        name = field[1]
        pattern += re.escape(path[end : field.start()])
        pattern += f"(?P={name})" if name in known else f"(?P<{name}>[^/]+?)"
        known.add(name)
        end = field.end()
    return re.compile(f"(?P<root>(?:.*/)?){pattern}{re.escape(path[end:])}")


def place(path: str) -> Place | None:
    """What the known layouts say about a file; the first that has one of this name counts."""
    return next((found for layout in layouts() if (found := layout.find(path))), None)
