"""The text of a file, whatever wrote it."""

from __future__ import annotations

from pathlib import Path

from aksparse.diagnostics import Diagnostic
from aksparse.errors import CaptureError

_MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))


def read_text(path: Path) -> str:
    """The text of a file.

    Raises:
        CaptureError: the file can't be read.
    """
    try:
        return decode(path.read_bytes())
    except OSError as error:
        raise CaptureError(str(path), error.strerror or "unreadable") from None


def decode(content: bytes) -> str:
    """The text in bytes: UTF-8, or UTF-16 as PowerShell writes it; what is neither becomes U+FFFD."""
    encoding = next((encoding for mark, encoding in _MARKS if content.startswith(mark)), None)
    return content.decode(encoding or _without_mark(content[:_BEGINNING]), errors="replace")


_BEGINNING = 1000  # bytes tell


def _without_mark(beginning: bytes) -> str:
    """The encoding of a text without a mark: in UTF-16, one byte of nearly every character of an output is zero."""
    even, odd = (beginning[start::2].count(0) for start in (0, 1))
    if max(even, odd) * 2 > len(beginning) * _NEARLY_EVERY and not min(even, odd):
        return "utf-16-le" if odd else "utf-16-be"
    return "utf-8"


_NEARLY_EVERY = 0.8


def undecodable(text: str, source: str) -> tuple[Diagnostic, ...]:
    """What there is to say about a text in which bytes became U+FFFD."""
    if "\ufffd" not in text:
        return ()
    message = "some bytes are not UTF-8 text"
    return (Diagnostic(code="undecodable-text", severity="warning", message=message, source=source, line=0),)
