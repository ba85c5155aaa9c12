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
    encoding = next((encoding for mark, encoding in _MARKS if content.startswith(mark)), "utf-8")
    return content.decode(encoding, errors="replace")


def undecodable(text: str, source: str) -> tuple[Diagnostic, ...]:
    """What there is to say about a text in which bytes became U+FFFD."""
    if "\ufffd" not in text:
        return ()
    message = "some bytes are not UTF-8 text"
    return (Diagnostic(code="undecodable-text", severity="warning", message=message, source=source, line=0),)
