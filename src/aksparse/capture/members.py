"""What lies in a directory or archive, or in a packed file: its members, in order.

Archives are tar (plain, or packed by gzip, xz or bzip2) and zip, told by their first bytes; the formats are those of
tar(5), RFC 1952 and PKWARE's APPNOTE.TXT.

Whoever made an archive may have meant harm: nothing is written to disk, links are not followed, devices are not opened,
and what an archive unpacks to is counted against `Limits` while it is read.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import re
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any, Literal, Protocol, TypeVar, cast

import attrs

from aksparse.errors import CaptureError

_MIB = 2**20


@attrs.frozen(kw_only=True)
class Limits:
    """How much a dump may hold before it is taken to be made to do harm.

    Attributes:
        size: how many bytes an archive may unpack to.
        files: how many members it may have.
        ratio: how many times its own size it may unpack to; up to 16 MiB are always allowed.
        file_size: how many bytes a file may have to be read; larger ones are left out.
    """

    size: int = 2048 * _MIB
    files: int = 100_000
    ratio: int = 200
    file_size: int = 64 * _MIB


_ALWAYS_ALLOWED = 16 * _MIB
_LONGEST_HEADER = _MIB
CHUNK = 2**16

Kind = Literal["file", "directory", "link", "special", "encrypted", "unreadable"]
Open = Callable[[], AbstractContextManager[IO[bytes]]]

# What reading a damaged archive may raise: each layer of the standard library has its own way to say so.
DAMAGE = (
    *(tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(EOFError, OSError, ValueError, LookupError, ArithmeticError, RuntimeError, MemoryError),
)


@attrs.frozen(kw_only=True)
class Entry:
    """A member of an archive or directory.

    Attributes:
        name: its name there.
        kind: what it is.
        size: its size in bytes, as far as it is known before reading.
        open: opens it; only until the next entry is asked for.
    """

    name: str
    kind: Kind
    size: int
    open: Open


class Budget:
    """What an archive has unpacked to so far, against what it may.

    Args:
        source: the archive.
        limits: what it may.
        packed: its size, as a multiple of which it may unpack to no more than so much.
    """

    def __init__(self, source: str, limits: Limits, packed: int) -> None:
        self.source = source
        self.limits = limits
        self.packed = packed
        self.unpacked = 0
        self.announced = 0
        self.files = 0

    def count(self, size: int) -> None:
        """Count bytes that were unpacked."""
        self.unpacked += size
        self._check(self.unpacked)

    def count_member(self, name: str, size: int) -> None:
        """Count a member by the size it is said to have: it may get skipped without being unpacked."""
        self.files += 1
        if self.files > self.limits.files:
            raise CaptureError(self.source, f"holds more than {self.limits.files} files; --max-files raises the limit")
        self.announced += max(size, 0)
        self._check(self.announced, f", at {shown(name)}")

    def _check(self, size: int, where: str = "") -> None:
        limits = self.limits
        if size > limits.size:
            message = f"unpacks to more than {limits.size} bytes{where}; --max-size raises the limit"
        elif size > max(_ALWAYS_ALLOWED, self.packed * limits.ratio):
            message = f"unpacks to more than {limits.ratio} times its size{where}; --max-ratio raises the limit"
        else:
            return
        raise CaptureError(self.source, message)


class Source(Protocol):
    """What lists the members of a directory or archive, in the same order each time."""

    def entries(self, budget: Budget) -> Iterator[Entry]: ...


# Names.

_SUFFIX = re.compile(r"\.(?:tar(?:\.(?:gz|xz|bz2))?|t[gx]z|tbz2?|zip|gz|xz|bz2)$", re.IGNORECASE)


def is_archive_name(name: str) -> bool:
    """Whether a name ends like that of an archive or packed file."""
    return _SUFFIX.search(name) is not None


def archive_stem(name: str) -> str:
    """A name without the suffix of an archive."""
    return _SUFFIX.sub("", name) or name


def shown(name: str) -> str:
    """A name that can be shown anywhere: with escapes for what is no printable text, and not too long."""
    text = "".join(char if char.isprintable() else _escape(char) for char in name)
    return text if len(text) <= 100 else f"{text[:60]}...{text[-30:]}"


def _escape(char: str) -> str:
    if "\udc80" <= char <= "\udcff":
        return f"\\x{ord(char) - 0xDC00:02x}"  # a byte that was no UTF-8
    return char.encode("unicode_escape").decode()


def reason(error: BaseException) -> str:
    """What an exception says, in one line."""
    return shown(str(error)) or type(error).__name__


def read_up_to(file: IO[bytes], limit: int) -> bytes:
    """What is in a file, up to a limit."""
    parts = []
    while limit > 0 and (part := file.read(min(limit, CHUNK))):
        parts.append(part)
        limit -= len(part)
    return b"".join(parts)


_UNPACKERS: dict[bytes, Callable[[], Any]] = {
    b"\x1f\x8b": partial(zlib.decompressobj, wbits=31),
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7zXZ\x00": lzma.LZMADecompressor,
}
_STEP = 256  # packed bytes; these unpack to no more than some 260 thousand


def unpacked_before_damage(packed: bytes, limits: Limits | None = None) -> bytes:
    """The whole lines that a packed file, which is damaged or cut off, unpacks to before that; none of a whole one."""
    make = _by_magic(packed, _UNPACKERS)
    if make is None:
        return b""
    unpacker, parts, size = make(), [], 0
    try:
        for start in range(0, len(packed), _STEP):
            parts.append(unpacker.decompress(packed[start : start + _STEP]))
            size += len(parts[-1])
            if unpacker.eof or size > (limits or Limits()).file_size:
                return b""
    except DAMAGE:
        pass
    return b"".join(b"".join(parts).rpartition(b"\n")[:2])


# Sources.


def source_at(path: Path) -> Source:
    """The source that a path on disk is.

    Raises:
        CaptureError: it is none, or can't be read.
    """
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            return Directory(path)
        if not stat.S_ISREG(mode):
            raise CaptureError(str(path), "is neither a file nor a directory")
        return source_of(lambda: path.open("rb"), str(path))
    except OSError as error:
        raise CaptureError(str(path), error.strerror or "unreadable") from None
    except ValueError as error:
        raise CaptureError(shown(str(path)), str(error)) from None


_PACKINGS: dict[bytes, Callable[[IO[bytes]], IO[bytes]]] = {
    b"\x1f\x8b": lambda file: cast("IO[bytes]", gzip.GzipFile(fileobj=file)),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\x00": lzma.LZMAFile,
}
_UNREAD = {b"\x28\xb5\x2f\xfd": "zstd", b"7z\xbc\xaf\x27\x1c": "7z", b"Rar!\x1a\x07": "rar"}
T = TypeVar("T")


def source_of(open_packed: Open, name: str) -> Source:
    """The source that a file is, by its first bytes.

    Raises:
        CaptureError: it is damaged, or an archive of a kind that is not read.
    """
    with open_packed() as file:
        head = file.read(tarfile.BLOCKSIZE)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _Zip(open_packed)
    if kind := _by_magic(head, _UNREAD):
        raise CaptureError(name, f"is packed by {kind}, which is not read; unpack it first")
    unpack = _by_magic(head, _PACKINGS)
    if unpack is None:
        return _Tar(open_packed) if _begins_tar(head) else SingleFile(open_packed, name)
    open_unpacked = partial(_unpacked, open_packed, unpack)
    try:
        with open_unpacked() as file:
            head = file.read(tarfile.BLOCKSIZE)
    except DAMAGE as error:
        raise CaptureError(name, f"is damaged: {reason(error)}") from None
    return _Tar(open_unpacked) if _begins_tar(head) else SingleFile(open_unpacked, archive_stem(name))


def _by_magic(head: bytes, kinds: Mapping[bytes, T]) -> T | None:
    return next((kind for magic, kind in kinds.items() if head.startswith(magic)), None)


@contextmanager
def _unpacked(open_packed: Open, unpack: Callable[[IO[bytes]], IO[bytes]]) -> Iterator[IO[bytes]]:
    with open_packed() as packed, unpack(packed) as file:
        yield file


def _begins_tar(head: bytes) -> bool:
    try:
        tarfile.TarInfo.frombuf(head, "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return len(head) == tarfile.BLOCKSIZE and not head.strip(b"\0")  # an empty archive begins with its end
    except DAMAGE:
        return False
    return True


class Directory:
    """A directory on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def entries(self, budget: Budget) -> Iterator[Entry]:  # noqa: ARG002
        above = [""]
        while above:
            directory = above.pop()
            try:
                inside = sorted(os.scandir(self.path / directory), key=lambda found: found.name)
            except PermissionError:
                yield Entry(name=directory, kind="unreadable", size=0, open=partial(_open_file, self.path / directory))
                continue
            for found in inside:
                name = f"{directory}/{found.name}".lstrip("/")
                status = found.stat(follow_symlinks=False)
                kind = _kind_of(status.st_mode)
                if kind == "directory":
                    above.append(name)
                yield Entry(name=name, kind=kind, size=status.st_size, open=partial(_open_file, self.path / name))


def _kind_of(mode: int) -> Kind:
    if stat.S_ISREG(mode):
        return "file"
    if stat.S_ISDIR(mode):
        return "directory"
    return "link" if stat.S_ISLNK(mode) else "special"


def _open_file(path: Path) -> IO[bytes]:
    # Should it have become a link or a pipe meanwhile, this neither follows nor waits.
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")


class SingleFile:
    """One file, which may be packed."""

    def __init__(self, open_file: Open, name: str) -> None:
        self.open = open_file
        self.name = name.rpartition("/")[2]

    def entries(self, budget: Budget) -> Iterator[Entry]:
        yield Entry(name=self.name, kind="file", size=0, open=partial(_counted, self.open, budget))


@contextmanager
def _counted(open_file: Open, budget: Budget) -> Iterator[IO[bytes]]:
    with open_file() as file:
        yield cast("IO[bytes]", _Stream(file, budget))


class _Tar:
    """A tar archive, which may be packed."""

    def __init__(self, open_file: Open) -> None:
        self.open = open_file

    def entries(self, budget: Budget) -> Iterator[Entry]:
        with self.open() as file:
            stream = _Stream(file, budget)
            with tarfile.open(fileobj=cast("IO[bytes]", stream), mode="r:") as archive:
                while member := archive.next():
                    # They would be kept for `getmember`, however many and large they are.
                    archive.members = []  # type: ignore[attr-defined]
                    kind: Kind = "file" if member.isreg() else "directory" if member.isdir() else "special"
                    yield Entry(
                        name=member.name,
                        kind="link" if member.islnk() or member.issym() else kind,
                        size=member.size if member.isreg() else 0,
                        open=partial(_extracted, archive, member),
                    )
            # The end of an archive is a block of zeros; tarfile takes what is no header for the end as well.
            if len(stream.last) < tarfile.BLOCKSIZE:
                raise tarfile.ReadError("it is cut off")
            if stream.last.strip(b"\0"):
                raise tarfile.ReadError("no header of a member")


def _extracted(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    file = archive.extractfile(member)
    if file is None:
        raise tarfile.ReadError("no file")
    return file


class _Stream:
    """A file that is only read forwards and by small pieces, and counted."""

    def __init__(self, file: IO[bytes], budget: Budget) -> None:
        self.file = file
        self.budget = budget
        self.at = 0
        self.last = b""

    def tell(self) -> int:
        return self.at

    def seek(self, position: int) -> None:
        if position < self.at:
            raise tarfile.ReadError("a member that lies before the one before it")
        while self.at < position and self.read(min(position - self.at, CHUNK)):
            pass

    def read(self, size: int) -> bytes:
        if not 0 <= size <= _LONGEST_HEADER:
            raise tarfile.ReadError(f"a header of {size} bytes")
        self.last = self.file.read(size)
        self.at += len(self.last)
        self.budget.count(len(self.last))
        return self.last


class _Zip:
    """A zip archive."""

    def __init__(self, open_file: Open) -> None:
        self.open = open_file

    def entries(self, budget: Budget) -> Iterator[Entry]:
        longest = _LONGEST_HEADER + budget.limits.files * 128
        with (
            self.open() as file,
            zipfile.ZipFile(cast("IO[bytes]", _ByPieces(file, longest))) as archive,
        ):
            for member in archive.infolist():
                mode = member.external_attr >> 16
                kind = _kind_of(mode) if stat.S_IFMT(mode) else "file"
                if member.is_dir():
                    kind = "directory"
                elif kind == "file" and member.flag_bits & 1:
                    kind = "encrypted"
                yield Entry(
                    # Some archivers of Windows separate by `\\`, against the format's rules.
                    name=re.sub(r"^[A-Za-z]:(?=/)", "", member.filename.replace("\\", "/")),
                    kind=kind,
                    size=member.file_size,
                    open=partial(archive.open, member),
                )


class _ByPieces:
    """A file of which no piece is read that is longer than the longest directory of an archive may be."""

    def __init__(self, file: IO[bytes], longest: int) -> None:
        self.file = file
        self.longest = longest
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        if size > self.longest:
            raise zipfile.BadZipFile(f"a directory of {size} bytes")
        return self.file.read(size if size >= 0 else self.longest)
