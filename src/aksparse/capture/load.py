"""Captures from what people have: a directory, an archive, a terminal log, of one node or of a whole cluster.

Which command printed a file is said by `capture.toml`, by the file's name where it is one of a known layout, or by its
content. Files belong to the node whose `capture.toml` lies above them, or that the layout names, or, failing that, to
the directory they lie in. What only the cluster says, such as `kubectl get`, belongs to every node when it lies beside
them. A log that was written on several machines, as its prompts and command lines say, is of as many nodes.
"""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

import attrs

from aksparse.capture.archive import Dump, listed
from aksparse.capture.layouts import place
from aksparse.capture.manifest import read_manifest
from aksparse.capture.members import Limits, archive_stem
from aksparse.capture.model import MANIFEST, Capture, Manifest, NetworkSettings
from aksparse.capture.text import decode, undecodable
from aksparse.command import Parsed, split_lines
from aksparse.diagnostics import Diagnostic
from aksparse.errors import CaptureError
from aksparse.recognition import recognise
from aksparse.transcript.commandline import command_for, unwrap
from aksparse.transcript.read import read_transcript

NODE_SEPARATOR = "::"
_TOLD_ONE_BY_ONE = 20  # files of which nothing is recognised; more of them are told together


@attrs.frozen(kw_only=True)
class DumpFile:
    """One file of a dump, and what became of it.

    Attributes:
        path: its path in the dump.
        source: the name it has in evidence and diagnostics.
        layout: the name of the layout that has a file of this name.
        argv: the command line that printed it, as `capture.toml` or the layout says.
        read: whether it was read; files that a layout does not name are not.
        outputs: the outputs in it.
        diagnostics: what there is to say about it.
        lines: its text.
    """

    path: str
    source: str
    layout: str | None = None
    argv: tuple[str, ...] | None = None
    read: bool = False
    outputs: tuple[Parsed[Any], ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    lines: list[str] = attrs.field(factory=list, repr=False)

    @property
    def about_a_node(self) -> bool:
        """Whether something in it was printed on a node, and not by a client of the cluster."""
        return any(not _of_the_cluster(output.command) for output in self.outputs)


def _of_the_cluster(command: str) -> bool:
    return command.startswith(("kubectl_", "az_")) or command == "assignment"


@attrs.frozen(kw_only=True)
class ReadDump:
    """Everything that was read of a dump.

    Attributes:
        path: the directory or file.
        captures: one for each node.
        nodes: the names of the nodes, in the order of the captures; none of a dump of one node.
        files: every file, by path.
    """

    path: str
    captures: tuple[Capture, ...]
    nodes: tuple[str, ...]
    files: tuple[DumpFile, ...]


def load_capture(
    path: str | Path, *, name: str | None = None, limits: Limits | None = None, content: bytes | None = None
) -> Capture:
    """Read the capture of one node.

    Args:
        path: a directory (or the `capture.toml` in it), an archive, a terminal log or a Markdown page; where it holds
            several nodes, followed by `::` and the name of the node.
        name: what to call it in evidence; without a name, like the directory or file.
        limits: how much it may hold.
        content: what is in the archive, log or page, where it is not on disk; `path` is then no more than its name.

    Raises:
        CaptureError: it can't be read, its manifest is wrong, it has no such node, or several and none was named.
    """
    text, node = str(path), None
    if NODE_SEPARATOR in text and (content is not None or not Path(text).exists()):
        text, _, node = text.rpartition(NODE_SEPARATOR)
        name = name.rpartition(NODE_SEPARATOR)[0] or name if name else None
    dump = read_dump(text, name=name, limits=limits, content=content)
    if node is None:
        if len(dump.captures) == 1:
            return dump.captures[0]
        nodes = ", ".join(f"{text}{NODE_SEPARATOR}{known}" for known in dump.nodes)
        raise CaptureError(text, f"holds several nodes; name one of them: {nodes}")
    for known, capture in zip(dump.nodes or ("",), dump.captures, strict=True):
        if node in (known, capture.manifest.node):
            return capture
    (capture, *others) = dump.captures
    alone = "one alone, which needs no name" if capture.manifest.node is None else capture.manifest.node
    raise CaptureError(text, f"has no node {node}; it has {', '.join(dump.nodes) if others else alone}")


def load_captures(
    path: str | Path, *, name: str | None = None, limits: Limits | None = None, content: bytes | None = None
) -> tuple[Capture, ...]:
    """Read the captures of all nodes in a directory or archive.

    Args:
        path: the directory, archive or file.
        name: what to call it in evidence; without a name, like the directory or file.
        limits: how much it may hold.
        content: what is in the archive or file, where it is not on disk; `path` is then no more than its name.

    Raises:
        CaptureError: it can't be read, or a manifest is wrong.
    """
    return read_dump(path, name=name, limits=limits, content=content).captures


def read_dump(
    path: str | Path, *, name: str | None = None, limits: Limits | None = None, content: bytes | None = None
) -> ReadDump:
    """Read everything in a directory or archive, or a single file.

    Args:
        path: the directory, archive or file.
        name: what to call it in evidence; without a name, like the directory or file.
        limits: how much it may hold.
        content: what is in the archive or file, where it is not on disk; `path` is then no more than its name.

    Raises:
        CaptureError: it can't be read, or a manifest is wrong.
    """
    path = Path(path)
    if path.name == MANIFEST and content is None:
        path = path.parent
    return _Reader(Dump(path, limits, content), name).read()


class _Reader:
    """Reads a dump: first each file, then together what belongs to one node."""

    def __init__(self, dump: Dump, name: str | None) -> None:
        self.dump = dump
        self.name = name or dump.name
        self.places = {path: place(path) for path in dump.files}
        self.wanted = self.worth_reading()
        top = f"{dump.name}/"
        self.inside = top if all(file.startswith(top) for file in dump.files) else ""
        self.manifests: dict[str, Manifest] = {}
        self.entries: dict[tuple[str, str], tuple[str, ...]] = {}  # by the manifest's directory and the file
        self.files: dict[str, DumpFile] = {}

    def read(self) -> ReadDump:
        contents = dict(self.dump.read(self.wanted))
        for path in sorted(contents):
            if posixpath.basename(path) == MANIFEST:
                text = decode(contents[path])
                directory = posixpath.dirname(path)
                self.manifests[directory] = read_manifest(text, source=self.source(path))
                entries = reversed(self.manifests[directory].outputs)
                self.entries |= {(directory, entry.file): entry.argv for entry in entries}
                self.files[path] = self.file(path, read=True, lines=split_lines(text))
        for path in self.dump.files:
            if path not in self.files:
                self.files[path] = self.read_file(path, contents.pop(path, None))
        nodes = _by_host(self.nodes())
        several = len(nodes) > 1
        captures = tuple(self.capture(node, files, several=several) for node, files in nodes.items())
        files = tuple(self.files[path] for path in self.dump.files)
        return ReadDump(path=str(self.dump.path), captures=captures, nodes=tuple(nodes) if several else (), files=files)

    def worth_reading(self) -> set[str]:
        """The files that are read: in a layout whose files are known by name, only those of a command that is known."""
        known = {found.root.rstrip("/") for found in self.places.values() if found and found.layout.whole}
        described = {posixpath.dirname(path) for path in self.dump.files if posixpath.basename(path) == MANIFEST}
        return {
            path
            for path in self.dump.files
            if ((found := self.places[path]) and (found.argv is None or command_for(unwrap(found.argv))))
            or not any(directory in known for directory in _above(path))
            or any(directory in described for directory in _above(path))
        }

    def source(self, path: str) -> str:
        """The name of a file in evidence; the directory that is the whole dump counts as the dump."""
        if self.dump.single:
            return self.name
        return f"{self.name}/{path.removeprefix(self.inside)}"

    def file(self, path: str, **known: Any) -> DumpFile:
        found = self.places[path]
        return DumpFile(path=path, source=self.source(path), layout=found.layout.name if found else None, **known)

    def read_file(self, path: str, content: bytes | None) -> DumpFile:
        """The outputs in a file, and what there is to say about it."""
        if content is None:
            return self.file(path)
        text = decode(content)
        source = self.source(path)
        argv, said_by = self.argv(path)
        if argv is None:
            transcript = read_transcript(text, source=source)
            outputs, diagnostics = transcript.outputs, transcript.all_diagnostics
        else:
            outputs, diagnostics = _read_output(text, source, argv, said_by)
        diagnostics = (*undecodable(text, source), *diagnostics)
        return self.file(path, argv=argv, read=True, outputs=outputs, diagnostics=diagnostics, lines=split_lines(text))

    def argv(self, path: str) -> tuple[tuple[str, ...] | None, str]:
        """The command line that printed a file, and what says so."""
        directory = self.described_by(path)
        if directory is not None:
            file = posixpath.relpath(path, directory or ".")
            if (directory, file) in self.entries:
                return self.entries[directory, file], MANIFEST
        found = self.places[path]
        return (found.argv, f"its name in a dump of {found.layout.name}") if found else (None, "")

    def described_by(self, path: str) -> str | None:
        """The nearest directory above a file that has a `capture.toml`."""
        return next((directory for directory in _above(path) if directory in self.manifests), None)

    # Nodes.

    def nodes(self) -> dict[str, list[DumpFile]]:
        """The files of each node, by the node's name; what belongs to the cluster is among the files of each."""
        groups: dict[str, list[DumpFile]] = {}
        for path, file in self.files.items():
            groups.setdefault(self.group(path), []).append(file)
        top = groups.get("", [])
        named_below = any("/" in entry.file for entry in self.top_manifest().outputs)
        if named_below or any(file.about_a_node for file in top):
            # The top directory is that of a node; what lies below it is the node's as well.
            inside = [group for group in groups if not self.has_own_node(group)]
            groups = {"": [file for group in inside for file in groups[group]]} | {
                group: files for group, files in groups.items() if group not in inside
            }
        nodes = {
            group: files
            for group, files in groups.items()
            if self.has_own_node(group) or any(file.about_a_node for file in files)
        }
        if len(nodes) < 2:
            return {"": [self.files[path] for path in sorted(self.files)]}
        shared = [file for group, files in groups.items() if group not in nodes for file in files]
        names = _short_names(list(nodes), self.dump.name)
        return {names[group]: sorted([*files, *shared], key=lambda f: f.path) for group, files in sorted(nodes.items())}

    def group(self, path: str) -> str:
        """The directory, or the directory and node, whose files belong together; empty for the top directory."""
        top = self.top
        directory = self.described_by(path)
        if directory is not None and directory != top:
            return directory
        found = self.places[path]
        if found and (found.layout.whole or found.node):
            return f"{found.root}{found.node or ''}".rstrip("/") or "."
        for above in _above(path):
            if above in self.whole_roots:
                return above or "."
        inside = posixpath.relpath(path, top or ".")
        return posixpath.join(top, inside.partition("/")[0]) if "/" in inside else ""

    def has_own_node(self, group: str) -> bool:
        """Whether a group is that of a node by a `capture.toml` or by a layout, and not only by its directory."""
        return (group in self.manifests and group != self.top) or group in self.named_nodes

    @cached_property
    def whole_roots(self) -> set[str]:
        """The directories that are laid out as one whole, for one node."""
        places = (found for found in self.places.values() if found)
        return {found.root.rstrip("/") for found in places if found.layout.whole and not found.node}

    @cached_property
    def named_nodes(self) -> set[str]:
        """The groups of nodes that a layout names."""
        return {f"{found.root}{found.node}".rstrip("/") for found in self.places.values() if found and found.node}

    @cached_property
    def top(self) -> str:
        """The directory that all files lie in."""
        return posixpath.commonpath([posixpath.dirname(path) for path in self.dump.files or [""]])

    def top_manifest(self) -> Manifest:
        return self.manifests.get(self.top, Manifest())

    def capture(self, node: str, files: list[DumpFile], *, several: bool) -> Capture:
        """What the files of a node say together."""
        described = sorted({posixpath.dirname(f.path) for f in files} & self.manifests.keys(), key=len, reverse=True)
        diagnostics = [said for file in _told(files, self.name) for said in file]
        for directory in described:
            diagnostics += self.missing(directory)
        return Capture(
            name=f"{self.name}{NODE_SEPARATOR}{node}" if several else self.name,
            manifest=_merged([self.manifests[directory] for directory in described]),
            outputs=tuple(output for file in files for output in file.outputs),
            diagnostics=(*diagnostics, *self.dump.diagnostics, *self.unread(files)),
            texts={file.source: file.lines for file in files if file.read},
            manifests=tuple(self.source(posixpath.join(directory, MANIFEST)) for directory in described),
        )

    def missing(self, directory: str) -> Iterable[Diagnostic]:
        """The entries of a manifest for which there is no file."""
        for entry in self.manifests[directory].outputs:
            path = posixpath.normpath(posixpath.join(directory, entry.file))
            if path not in self.files:
                source = self.source(posixpath.join(directory, entry.file))
                yield _about_file("missing-file", f"{MANIFEST} names it, but it is not there", source)

    def unread(self, files: Collection[DumpFile]) -> Iterable[Diagnostic]:
        """One diagnostic for all the files that were not looked into."""
        unread = [file.path for file in files if not file.read and file.path not in self.wanted]
        if unread:
            are = "file is none" if len(unread) == 1 else "files are none"
            message = (
                f"{len(unread):,} {are} that aksparse knows in such a dump (`aksparse files` lists them): "
                f"{listed(unread)}"
            )
            yield _about_file("unread-files", message, self.name)


def _machine(output: Parsed[Any]) -> str | None:
    """The machine that an output is of, where that is known: a container that kubectl enters may be on any."""
    return None if (output.netns or "").startswith("kubectl ") else output.host


def _by_host(nodes: dict[str, list[DumpFile]]) -> dict[str, list[DumpFile]]:
    """The files of each node, parted where a log was written on several machines."""
    found: dict[str, list[DumpFile]] = {}
    for node, files in nodes.items():
        printed = [output for file in files for output in file.outputs if not _of_the_cluster(output.command)]
        hosts = sorted({host for output in printed if (host := _machine(output))})
        if len(hosts) < 2:
            found[node] = files
        for host in hosts if len(hosts) > 1 else ():
            found[f"{node}/{host}".lstrip("/")] = [_of_host(file, host) for file in files]
    return found


def _of_host(file: DumpFile, host: str) -> DumpFile:
    """A file of several machines with the outputs of one, and of the cluster."""
    outputs = [output for output in file.outputs if _of_the_cluster(output.command) or _machine(output) == host]
    unknown = [o for o in file.outputs if not _of_the_cluster(o.command) and _machine(o) is None]
    said = (
        Diagnostic(
            code="unknown-host",
            severity="warning",
            message="not used: the log is of several machines, and nothing says which one this is of",
            source=output.source,
            line=output.line,
        )
        for output in unknown
    )
    return attrs.evolve(file, outputs=tuple(outputs), diagnostics=(*file.diagnostics, *said))


def _read_output(
    text: str, source: str, argv: tuple[str, ...], said_by: str
) -> tuple[tuple[Parsed[Any], ...], tuple[Diagnostic, ...]]:
    """The output of one command line, and what there is to say about it."""
    invocation = unwrap(argv)
    command = command_for(invocation)
    if command is None:
        message = f"aksparse does not read what this command prints: {shlex.join(argv)}"
        return (), (_about_file("unread-file", message, source),)
    parsed = command.parse(text, source=source, strict=False, argv=invocation.argv)
    others = recognise(split_lines(text))
    if not parsed and not parsed.understood and others and command not in others:
        message = f"looks like the output of {others[0].name}, but {said_by} says {shlex.join(argv)}"
        return (), (_about_file("mislabelled-file", message, source),)
    return (attrs.evolve(parsed, pid=invocation.pid, netns=invocation.netns, host=invocation.host),), parsed.diagnostics


def _told(files: Collection[DumpFile], name: str) -> Iterable[tuple[Diagnostic, ...]]:
    """What there is to say about each file; where many hold nothing that is known, this is said once."""
    paths = [file.path for file in files if [d.code for d in file.diagnostics] == ["unrecognised-output"]]
    unknown = set(paths) if len(paths) > _TOLD_ONE_BY_ONE else set()
    for file in files:
        if file.path not in unknown:
            yield file.diagnostics
    if unknown:
        message = f"in {len(paths):,} files there is nothing that aksparse knows (`aksparse files` lists them): "
        yield (_about_file("unrecognised-files", message + listed(paths), name),)


def _about_file(code: str, message: str, source: str) -> Diagnostic:
    return Diagnostic(code=code, severity="warning", message=message, source=source, line=0)


def _above(path: str) -> Iterator[str]:
    """The directories that a path lies in, the nearest first; the last is the dump itself, without a name."""
    while path:
        path = path.rpartition("/")[0]
        yield path


def _merged(manifests: list[Manifest]) -> Manifest:
    """The manifest of a node, with the settings that only that of the cluster has."""
    if not manifests:
        return Manifest()
    network: dict[str, Any] = {}
    for manifest in manifests:
        for field in attrs.fields(NetworkSettings):
            value = getattr(manifest.network, field.name)
            if value is not None:
                network.setdefault(field.name, value)
    return attrs.evolve(manifests[0], network=NetworkSettings(**network))


def _short_names(groups: list[str], dump: str) -> dict[str, str]:
    """Names for groups: the fewest parts of their paths that tell them apart, without the suffixes of archives."""
    paths = {group: [archive_stem(part) for part in group.split("/")] if group else [dump] for group in groups}
    shared = 0
    while len({tuple(parts[: shared + 1]) for parts in paths.values()}) == 1:
        shared += 1
    for length in count(shared + 1):
        names = {group: "/".join(parts[shared:length]) or parts[-1] for group, parts in paths.items()}
        if len(set(names.values())) == len(names) or length > max(map(len, paths.values())):
            return names
    raise AssertionError
