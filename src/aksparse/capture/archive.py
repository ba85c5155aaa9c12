"""A dump as it comes: a directory, an archive or a single file, seen as a list of named files.

An archive or a directory may hold archives, as the dump of a cluster holds one per node, but these may not hold others.
Names are made safe to show, and what is left out is told in diagnostics.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Iterator
from functools import partial
from pathlib import Path

from aksparse.capture.members import (
    DAMAGE,
    Budget,
    Directory,
    Entry,
    Limits,
    SingleFile,
    Source,
    archive_stem,
    is_archive_name,
    read_up_to,
    reason,
    shown,
    source_at,
    source_of,
)
from aksparse.diagnostics import Diagnostic
from aksparse.errors import CaptureError

_LONGEST_NAME = 4096  # PATH_MAX of Linux
_PROBLEMS = {
    "unsafe-name": "names that lead out of the dump are not read",
    "odd-name": "names with characters that can't be shown are written with escapes",
    "duplicate-file": "of files of the same name only the last is read",
    "link-file": "links are not followed",
    "special-file": "devices, pipes and sockets are not opened",
    "encrypted-file": "encrypted files can't be read",
    "too-large": "files larger than {limits.file_size} bytes are not read (--max-file-size raises the limit)",
    "unreadable-file": "files are damaged or can't be read",
    "nested-archive": "archives in an archive that lies in another are not read",
    "damaged-archive": "archives are damaged, and only read as far as they are not",
}
_NAMED = 5  # how many files a diagnostic names


class Dump:
    """The files of a directory or archive, or a single file.

    Attributes:
        path: the directory or file.
        name: its name; that of an archive without the suffix.
        files: the names of the files that can be read, sorted.

    Args:
        path: the directory or file.
        limits: how much it may hold.
        content: what is in the file, where it is not on disk.

    Raises:
        CaptureError: it can't be read, holds more than it may, or is damaged from its beginning.
    """

    def __init__(self, path: Path, limits: Limits | None = None, content: bytes | None = None) -> None:
        self.path = path
        self.limits = limits or Limits()
        self._content = content
        self._problems: dict[str, list[str]] = {}
        self._source = source_at(path) if content is None else source_of(partial(io.BytesIO, content), str(path))
        self._places: dict[str, int] = {}
        self.name = path.resolve().name if content is None else path.name
        if not isinstance(self._source, Directory):
            self.name = archive_stem(self.name)
        for place, (name, _) in enumerate(self._files(self._note)):
            if name in self._places:
                self._note("duplicate-file", name)
            self._places[name] = place
        self.files = tuple(sorted(self._places))
        if not self.files and "damaged-archive" in self._problems:
            raise CaptureError(str(path), f"is damaged: {self._problems['damaged-archive'][0].partition(': ')[2]}")

    @property
    def single(self) -> bool:
        """Whether it is one file and no archive; it may be packed."""
        return isinstance(self._source, SingleFile)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What was left out, and why; complete when everything has been read."""
        return tuple(
            Diagnostic(
                code=code,
                severity="warning",
                message=f"{meaning.format(limits=self.limits)}: {listed(self._problems[code])}",
                source=self.name,
                line=0,
            )
            for code, meaning in _PROBLEMS.items()
            if code in self._problems
        )

    def read(self, names: Collection[str]) -> Iterator[tuple[str, bytes]]:
        """The contents of some of the files, in the order in which they are stored.

        Raises:
            CaptureError: the archive unpacks to more than it may.
        """
        wanted = {self._places[name] for name in names}
        for place, (name, entry) in enumerate(self._files(_keep_quiet)):
            if place not in wanted:
                continue
            try:
                with entry.open() as file:
                    content = read_up_to(file, self.limits.file_size + 1)
            except DAMAGE:
                self._note("unreadable-file", name)
                continue
            if len(content) > self.limits.file_size:
                self._note("too-large", name)
            elif len(content) < entry.size:
                self._note("unreadable-file", name)
            else:
                yield name, content

    def _note(self, code: str, name: str) -> None:
        self._problems.setdefault(code, []).append(name)

    def _files(self, note: Callable[[str, str], None]) -> Iterator[tuple[str, Entry]]:
        packed = 0 if self._content is None else len(self._content)
        if self._content is None and not isinstance(self._source, Directory):
            packed = self.path.stat().st_size
        budget = Budget(str(self.path), self.limits, packed)
        yield from self._files_of(self._source, "", budget, note)

    def _files_of(
        self, source: Source, above: str, budget: Budget, note: Callable[[str, str], None]
    ) -> Iterator[tuple[str, Entry]]:
        """The files of a directory or archive, and those of archives in it, under names that are safe to show."""
        last = "its beginning"
        try:
            for entry in source.entries(budget):
                last = entry.name
                budget.count_member(entry.name, 0 if isinstance(source, Directory) else entry.size)
                name = above + (_safe_name(entry.name) or "")
                if entry.kind == "directory" or _is_hidden(name):
                    continue
                if name == above:
                    note("unsafe-name", above + shown(last))
                    continue
                if name != above + _plain_name(entry.name):
                    note("odd-name", name)
                if entry.kind != "file":
                    note(f"{entry.kind}-file", name)
                elif not is_archive_name(name):
                    yield name, entry
                elif above:
                    note("nested-archive", name)
                else:
                    yield from self._files_in(entry, name, budget, note)
        except DAMAGE as error:
            note("damaged-archive", f"{above.rstrip('/') or self.name} behind {shown(last)}: {reason(error)}")

    def _files_in(
        self, entry: Entry, name: str, budget: Budget, note: Callable[[str, str], None]
    ) -> Iterator[tuple[str, Entry]]:
        """The files in an archive that lies in a directory or archive."""
        open_archive = entry.open
        try:
            if isinstance(self._source, Directory):
                budget.packed += entry.size
            else:
                with entry.open() as file:
                    content = read_up_to(file, self.limits.file_size + 1)
                if len(content) > self.limits.file_size:
                    note("too-large", name)
                    return
                open_archive = partial(io.BytesIO, content)
            source = source_of(open_archive, name)
        except CaptureError as error:
            note("damaged-archive", f"{name} {error.reason}")
            return
        except DAMAGE:
            note("unreadable-file", name)
            return
        if isinstance(source, SingleFile):
            yield name, next(source.entries(budget))
        else:
            yield from self._files_of(source, f"{name}/", budget, note)


def listed(names: Collection[str]) -> str:
    """Some names for a message: the first ones, and how many there are more."""
    first = ", ".join(list(names)[:_NAMED])
    return first + (f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else "")


def _plain_name(name: str) -> str:
    """A name without the parts that mean nothing: `./a//b` is `a/b`."""
    return "/".join(part for part in name.split("/") if part not in ("", "."))


def _safe_name(name: str) -> str | None:
    """The name of a member as a path in the dump, escaped; `None` when it leads elsewhere or can't be a path."""
    plain = _plain_name(name)
    if name.startswith("/") or ".." in plain.split("/") or len(name) > _LONGEST_NAME or not plain:
        return None
    return "/".join(map(_escaped, plain.split("/")))


def _escaped(part: str) -> str:
    return part if part.isprintable() else shown(part)


def _is_hidden(name: str) -> bool:
    """Whether a file is one that editors, shells and the archivers of macOS keep for themselves."""
    return any(part.startswith(".") or part == "__MACOSX" for part in name.split("/"))


def _keep_quiet(code: str, name: str) -> None:
    """What is wrong was noted when the members were listed."""
