"""The exceptions of aksparse. Each carries data, not only text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aksparse.diagnostics import Diagnostic


class AksparseError(Exception):
    """Base of every exception that aksparse raises on purpose."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickles the data as it is; by default the message would be taken for the arguments."""
        return _same_error, (type(self), self.args), vars(self)


def _same_error(kind: type[AksparseError], arguments: tuple[object, ...]) -> AksparseError:
    return kind.__new__(kind, *arguments)


class ParseError(AksparseError):
    """Some input was not understood.

    Attributes:
        diagnostics: every diagnostic of the input, warnings included, in line order.
        parsed: the best-effort `Parsed` (what `strict=False` returns), or `None` when no command was recognised.
    """

    def __init__(self, diagnostics: Sequence[Diagnostic], parsed: Any = None) -> None:
        self.diagnostics = tuple(diagnostics)
        self.parsed = parsed
        errors = [d for d in self.diagnostics if d.severity == "error"]
        more = f"\n({len(errors) - 1} more)" if len(errors) > 1 else ""
        super().__init__(errors[0].render() + more if errors else "nothing was understood")


class CaptureError(AksparseError):
    """A capture, a manifest or another file that can't be used.

    Attributes:
        source: the file or directory.
        line: the line in it, counted from 1, or `None`.
        reason: what is wrong with it.
    """

    def __init__(self, source: str, reason: str, line: int | None = None) -> None:
        self.source = source
        self.line = line
        self.reason = reason
        super().__init__(f"{source}{f':{line}' if line else ''}: {reason}")
