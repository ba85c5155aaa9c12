"""Places in the input, and what there is to say about them."""

from __future__ import annotations

from typing import Literal, NamedTuple

import attrs


class Span(NamedTuple):
    """The lines of a source that a record was read from; lines count from 1 and `end_line` is included.

    Attributes:
        source: the name of the input: a file's path, or what the caller named it.
        line: the first line.
        end_line: the last line; the same as `line` for a record of one line.
    """

    source: str
    line: int
    end_line: int

    def __str__(self) -> str:
        return f"{self.source}:{self.line}"


Severity = Literal["error", "warning"]


@attrs.frozen(kw_only=True)
class Diagnostic:
    """One thing to say about one line of input.

    Attributes:
        code: what kind of thing, as a stable word, such as `unexpected-line`.
        severity: `error` when the line is in no record; `warning` when it is, with a reservation.
        message: what is wrong, and what was expected.
        source: the name of the input.
        line: the line, counted from 1; 0, and not printed, when the whole input is meant.
        column: the column in that line, counted from 1; 0 when the whole line is meant.
        text: the line itself.
    """

    code: str
    severity: Severity = "error"
    message: str
    source: str
    line: int
    column: int = 0
    text: str = ""

    def __str__(self) -> str:
        place = f":{self.line}:{self.column}" if self.line else ""
        return f"{self.source}{place}: {self.code}: {self.message}"

    def render(self) -> str:
        """The diagnostic, the line and a caret under the column."""
        if not self.line:
            return str(self)
        # Tabs stay tabs in the margin, so that the caret lands under its column on any terminal.
        margin = "".join("\t" if char == "\t" else " " for char in self.text[: max(self.column - 1, 0)])
        caret = f"\n    {margin}^" if self.column else ""
        return f"{self}\n    {self.text}{caret}"
