"""Directories and archives, also such as were made to do harm: what is in them, and what is said about the rest."""

from __future__ import annotations

import gzip
import io
import os
import shutil
import socket
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aksparse import CaptureError, load_capture
from aksparse.capture.archive import Dump
from aksparse.capture.members import Limits

CAPTURES = Path(__file__).parents[1] / "corpus/captures"
TEXT = b"Kernel IP routing table\n"


def tar(path: Path, *members: tuple[str, bytes | dict[str, object]], mode: str = "w:gz") -> Path:
    """A tar archive; a member is a file, or whatever its attributes make it."""
    with tarfile.open(str(path), mode) as archive:  # type: ignore[call-overload]
        for name, content in members:
            member = tarfile.TarInfo(name)
            if isinstance(content, dict):
                for key, value in content.items():
                    setattr(member, key, value)
                archive.addfile(member)
            else:
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    return path


def zipped(path: Path, *members: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members:
            archive.writestr(member, content, zipfile.ZIP_DEFLATED)
    return path


def said(dump: Dump) -> list[str]:
    return [str(diagnostic) for diagnostic in dump.diagnostics]


def contents(dump: Dump) -> dict[str, bytes]:
    return dict(dump.read(dump.files))


# The same content in every form.


@pytest.mark.parametrize("name", ["kubenet", "lab-kubenet"])
@pytest.mark.parametrize("inside", [True, False], ids=["with its directory", "without"])
@pytest.mark.parametrize("suffix", [".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2", ".zip"])
def test_an_archive_is_the_same_capture_as_its_directory(name: str, inside: bool, suffix: str, tmp_path: Path) -> None:
    forms = {".tar": "tar", ".tar.gz": "gztar", ".tgz": "gztar", ".tar.xz": "xztar", ".tar.bz2": "bztar"}
    where = (CAPTURES, name) if inside else (CAPTURES / name, ".")
    made = Path(shutil.make_archive(str(tmp_path / "made"), forms.get(suffix, "zip"), *where))
    archive = made.rename(tmp_path / f"{name}{suffix}")
    assert load_capture(archive) == load_capture(CAPTURES / name)
    nameless = archive.rename(tmp_path / "dump")
    assert load_capture(nameless, name=name).outputs  # told by its first bytes


@pytest.mark.parametrize("pack", [gzip.compress, __import__("bz2").compress, __import__("lzma").compress])
def test_a_packed_file_is_the_same_capture_as_the_file(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    text = (CAPTURES / "lab-kubenet/route_n.txt").read_bytes()
    (tmp_path / "route.txt").write_bytes(text)
    (tmp_path / "route.txt.gz").write_bytes(pack(text))
    assert load_capture(tmp_path / "route.txt.gz") == load_capture(tmp_path / "route.txt")


def test_archives_in_a_directory_or_archive_are_read_and_those_in_them_are_not(tmp_path: Path) -> None:
    inner = tar(tmp_path / "inner.tar.gz", ("c.txt", TEXT)).read_bytes()
    middle = tar(tmp_path / "middle.tar.gz", ("b.txt", TEXT), ("inner.tar.gz", inner)).read_bytes()
    (tmp_path / "inner.tar.gz").unlink()
    outer = tar(tmp_path / "outer.tar.gz", ("a.txt", TEXT), ("middle.tar.gz", middle))
    message = "archives in an archive that lies in another are not read: middle.tar.gz/inner.tar.gz"
    dump = Dump(outer)
    assert contents(dump) == {"a.txt": TEXT, "middle.tar.gz/b.txt": TEXT}
    assert said(dump) == [f"outer: nested-archive: {message}"]
    outer.unlink()
    in_directory = Dump(tmp_path)
    assert contents(in_directory) == {"middle.tar.gz/b.txt": TEXT}
    assert said(in_directory) == [f"{tmp_path.name}: nested-archive: {message}"]


# Members that are no plain files under plain names.

UNSAFE = "unsafe-name: names that lead out of the dump are not read"
LINKS = "link-file: links are not followed"
SPECIAL = "special-file: devices, pipes and sockets are not opened"
ODD = "odd-name: names with characters that can't be shown are written with escapes"

HOSTILE: dict[str, tuple[tuple[str, bytes | dict[str, object]], str]] = {
    "parent": (("../../etc/cron.d/x", TEXT), f"{UNSAFE}: ../../etc/cron.d/x"),
    "parent in the middle": (("a/../../x", TEXT), f"{UNSAFE}: a/../../x"),
    "absolute": (("/etc/passwd", TEXT), f"{UNSAFE}: /etc/passwd"),
    "long": (("n" * 5000, TEXT), f"{UNSAFE}: {'n' * 60}...{'n' * 30}"),
    "symbolic link": (("link", {"type": tarfile.SYMTYPE, "linkname": "/etc/shadow"}), f"{LINKS}: link"),
    "hard link": (("link", {"type": tarfile.LNKTYPE, "linkname": "route.txt"}), f"{LINKS}: link"),
    "device": (("disk", {"type": tarfile.BLKTYPE, "devmajor": 8}), f"{SPECIAL}: disk"),
    "character device": (("zero", {"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 5}), f"{SPECIAL}: zero"),
    "pipe": (("pipe", {"type": tarfile.FIFOTYPE}), f"{SPECIAL}: pipe"),
    "newline": (("two\nlines", TEXT), f"{ODD}: two\\nlines"),
    "no utf-8": (("caf\udce9", TEXT), f"{ODD}: caf\\xe9"),
    "escape sequence": (("\x1b[2Jx", TEXT), f"{ODD}: \\x1b[2Jx"),
    "direction": (("txt.\u202egnp", TEXT), f"{ODD}: txt.\\u202egnp"),
    "twice": (("route.txt", TEXT), "duplicate-file: of files of the same name only the last is read: route.txt"),
    "twice in other words": (
        ("./route.txt", TEXT),
        "duplicate-file: of files of the same name only the last is read: route.txt",
    ),
}


@pytest.mark.parametrize("mode", ["w", "w:gz"])
@pytest.mark.parametrize("case", HOSTILE)
def test_a_member_that_is_no_plain_file_is_told_and_the_others_are_read(case: str, mode: str, tmp_path: Path) -> None:
    member, message = HOSTILE[case]
    dump = Dump(tar(tmp_path / "dump.tar", ("route.txt", b"first\n"), member, mode=mode))
    assert said(dump) == [f"dump: {message}"]
    read = contents(dump)
    assert read["route.txt"] == (TEXT if "twice" in case else b"first\n")
    odd = message.rpartition(": ")[2] if message.startswith("odd") else "route.txt"
    assert set(read) == {"route.txt", odd}
    assert [path.name for path in tmp_path.iterdir()] == ["dump.tar"]


def test_names_of_many_members_are_told_in_one_diagnostic(tmp_path: Path) -> None:
    links = [(f"link{n}", {"type": tarfile.SYMTYPE, "linkname": "x"}) for n in range(1234)]
    dump = Dump(tar(tmp_path / "dump.tgz", *links))  # type: ignore[arg-type]
    assert said(dump) == [f"dump: {LINKS}: link0, link1, link2, link3, link4 and 1,229 more"]


def test_a_zip_is_as_careful(tmp_path: Path) -> None:
    link, pipe = zipfile.ZipInfo("link"), zipfile.ZipInfo("pipe")
    link.external_attr, pipe.external_attr = (stat.S_IFLNK | 0o777) << 16, (stat.S_IFIFO | 0o600) << 16
    dump = Dump(
        zipped(
            tmp_path / "dump.zip",
            *((name, TEXT) for name in ("a.txt", "../x", "/abs", "dir\\b.txt", "C:\\x", "..\\..\\y")),
            *((link, b"/etc/shadow"), (pipe, b"")),
        )
    )
    assert said(dump) == [
        f"dump: {UNSAFE}: ../x, /abs, /x, ../../y",
        f"dump: {LINKS}: link",
        f"dump: {SPECIAL}: pipe",
    ]
    assert contents(dump) == {"a.txt": TEXT, "dir/b.txt": TEXT}


def test_an_encrypted_member_is_told(tmp_path: Path) -> None:
    path = zipped(tmp_path / "dump.zip", ("a.txt", TEXT))
    content = bytearray(path.read_bytes())
    content[6] |= 1  # the flags of the local header
    content[content.index(b"PK\x01\x02") + 8] |= 1  # and those in the directory
    path.write_bytes(content)
    assert said(Dump(path)) == ["dump: encrypted-file: encrypted files can't be read: a.txt"]


def test_links_and_pipes_in_a_directory_are_not_opened(tmp_path: Path) -> None:
    dump_directory = tmp_path / "dump"
    dump_directory.mkdir()
    (dump_directory / "a.txt").write_bytes(TEXT)
    (dump_directory / "link").symlink_to("/etc/passwd")
    (dump_directory / "above").symlink_to(tmp_path)
    os.mkfifo(dump_directory / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(dump_directory / "socket"))
    dump = Dump(dump_directory)
    assert contents(dump) == {"a.txt": TEXT}
    assert said(dump) == [f"dump: {LINKS}: above, link", f"dump: {SPECIAL}: pipe, socket"]


# Limits.


def refused(path: Path, **limits: int) -> str:
    with pytest.raises(CaptureError) as caught:
        contents(Dump(path, Limits(**limits)))
    assert caught.value.source == str(path)
    return caught.value.reason


@pytest.mark.parametrize("mode", ["w:gz", "w:xz", "w:bz2"])
def test_a_bomb_is_refused_by_ratio_and_by_size(mode: str, tmp_path: Path) -> None:
    bomb = tar(tmp_path / "bomb", ("zeros", bytes(40 * 2**20)), mode=mode)
    assert refused(bomb) == "unpacks to more than 200 times its size, at zeros; --max-ratio raises the limit"
    message = "unpacks to more than 1000000 bytes, at zeros; --max-size raises the limit"
    assert refused(bomb, size=10**6) == message
    assert len(contents(Dump(bomb, Limits(ratio=10**6)))["zeros"]) == 40 * 2**20


def test_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    bomb = zipped(tmp_path / "bomb.zip", *((f"{n}", bytes(2**22)) for n in range(9)))
    assert refused(bomb) == "unpacks to more than 200 times its size, at 4; --max-ratio raises the limit"
    assert refused(bomb, size=2**23) == "unpacks to more than 8388608 bytes, at 2; --max-size raises the limit"


def test_too_many_members_are_refused(tmp_path: Path) -> None:
    members = [(f"{n}", b"") for n in range(11)]
    for path in (tar(tmp_path / "a.tgz", *members), zipped(tmp_path / "a.zip", *members)):
        assert refused(path, files=10) == "holds more than 10 files; --max-files raises the limit"
        assert len(Dump(path, Limits(files=11)).files) == 11


def test_a_file_that_is_too_large_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    for path in (tar(tmp_path / "d.tgz", ("a", TEXT), ("b", bytes(101))), tmp_path / "d"):
        if path.is_dir():
            (path / "a").write_bytes(TEXT)
            (path / "b").write_bytes(bytes(101))
        dump = Dump(path, Limits(file_size=100))
        assert contents(dump) == {"a": TEXT}
        message = "files larger than 100 bytes are not read (--max-file-size raises the limit): b"
        assert said(dump) == [f"d: too-large: {message}"]


def test_a_header_that_would_fill_the_memory_is_not_read(tmp_path: Path) -> None:
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 2**30
    path = tmp_path / "dump.tar"
    path.write_bytes(
        tar(tmp_path / "a.tar", ("a.txt", TEXT), mode="w").read_bytes()[:1024] + header.tobuf() + bytes(2048)
    )
    dump = Dump(path)
    assert list(dump.files) == ["a.txt"]
    message = (
        "archives are damaged, and only read as far as they are not: dump behind a.txt: a header of 1073741824 bytes"
    )
    assert said(dump) == [f"dump: damaged-archive: {message}"]


# Damage.


def test_what_is_before_the_damage_is_read(tmp_path: Path) -> None:
    whole = tar(tmp_path / "a.tar", ("a.txt", TEXT), ("b.txt", bytes(5000)), mode="w").read_bytes()
    path = tmp_path / "dump.tar"
    damaged = "damaged-archive: archives are damaged, and only read as far as they are not: dump behind"
    path.write_bytes(whole[:3000])
    dump = Dump(path)
    assert contents(dump) == {"a.txt": TEXT}
    assert said(dump) == [
        "dump: unreadable-file: files are damaged or can't be read: b.txt",
        f"dump: {damaged} b.txt: unexpected end of data",
    ]
    path.write_bytes(whole[:1024] + b"x" * 512 + whole[1536:])
    assert said(Dump(path)) == [f"dump: {damaged} a.txt: no header of a member"]
    path.write_bytes(whole[:1024])
    assert said(Dump(path)) == [f"dump: {damaged} a.txt: it is cut off"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\x1f\x8b\x08\x00garbage", "is damaged: "),
        (b"PK\x03\x04garbage", "is damaged: File is not a zip file"),
        (b"\xfd7zXZ\x00garbage", "is damaged: "),
        (b"\x28\xb5\x2f\xfd....", "is packed by zstd, which is not read; unpack it first"),
        (b"7z\xbc\xaf\x27\x1c....", "is packed by 7z, which is not read; unpack it first"),
    ],
)
def test_what_is_no_archive_from_its_beginning_is_refused(content: bytes, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "dump"
    path.write_bytes(content)
    assert refused(path).startswith(reason)


def test_a_path_that_is_none_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path / "gone") == "No such file or directory"
    os.mkfifo(tmp_path / "pipe")
    assert refused(tmp_path / "pipe") == "is neither a file nor a directory"
    with pytest.raises(CaptureError, match="null"):
        Dump(Path("a\0b"))


_WHOLE: dict[str, bytes] = {}


def whole_archives(directory: Path) -> dict[str, bytes]:
    """A small archive of each kind, by its suffix."""
    if not _WHOLE:
        members = [("route.txt", TEXT * 20), ("dir/" + "n" * 120, TEXT), ("caf\u00e9", b"x" * 700)]
        for mode in ("w", "w:gz", "w:xz", "w:bz2"):
            _WHOLE[mode] = tar(directory / "a", *members, mode=mode).read_bytes()
        _WHOLE["zip"] = zipped(directory / "a", *members).read_bytes()
    return _WHOLE


@given(data=st.data())
@settings(
    max_examples=400, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_damage_makes_anything_but_an_error_or_a_diagnostic_come_out(data: st.DataObject, tmp_path: Path) -> None:
    whole = whole_archives(tmp_path)
    content = bytearray(whole[data.draw(st.sampled_from(sorted(whole)))])
    del content[data.draw(st.integers(0, len(content))) if data.draw(st.booleans()) else len(content) :]
    for place, value in data.draw(st.lists(st.tuples(st.integers(0, 12000), st.integers(0, 255)), max_size=6)):
        if content:
            content[place % len(content)] = value
    path = tmp_path / "dump"
    path.write_bytes(content)
    try:
        dump = Dump(path, Limits(size=10**7, files=100))
        read = contents(dump)
    except CaptureError:
        return
    assert set(read) <= set(dump.files)
    assert set(dump.files) - set(read) == set() or dump.diagnostics
