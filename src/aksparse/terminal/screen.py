"""The lines of a text as a terminal shows them.

What is typed into a terminal is edited there, what full-screen programs draw is placed there; a recording, such as
script(1) makes, holds the control sequences that did it (ECMA-48, and xterm's control sequences). The lines are found
by following them on a page that is as long as it takes: what scrolls away or is cleared stays above, and only what gets
overwritten is gone.
"""

from __future__ import annotations

import re

_COLOUR = re.compile(r"\x1b\[[0-9;]*m(?:\x1b\[K)?")  # grep erases the rest of the line with each colour
_STARTED = re.compile(r"Script started on .*?COLUMNS=\"(?P<columns>[0-9]+)\" LINES=\"(?P<lines>[0-9]+)\"")
_ROW = re.compile(r"\x1b\[(?P<row>[0-9]{1,3})(?:;[0-9]*)?[Hd]")
_PIECE = re.compile(
    r"\x1b\[(?P<parameters>[0-?]*)(?P<middle>[ -/]*)(?P<final>[@-~])"
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?"
    r"|\x1b(?P<middle_of_escape>[ -/]*)(?P<escape>[0-~]?)"
    r"|(?P<control>[\x07\b\t\r\x0e\x0f])"
    r"|(?P<shown>[^\x1b\x07\b\t\r\x0e\x0f]+)"
)
_RETURNS = re.compile(r"\r+\n?")
_CONTROL = re.compile(r"[\x1b\x07\b\r\x0e\x0f]")
_NO_MARGIN = 1 << 30
_FURTHEST = 1000  # columns or rows that a control sequence may skip
_ALWAYS_ALLOWED = 10_000  # rows that a text may fill by skipping


def shown_lines(text: str) -> list[str]:
    """The lines of a text, without their ends and colours, and with what control sequences did to them.

    A line keeps the number that it has in the text, unless a full-screen program drew more lines than it wrote.
    """
    return _without_last_end(shown_text(text).split("\n"))


def shown_text(text: str) -> str:
    """The same lines as one text: mostly the text itself."""
    if "\x1b" in text:
        text = _COLOUR.sub("", text)
    if "\x1b" in text or "\b" in text or "\x07" in text:
        return "".join(f"{line}\n" for line in _Page(text).lines())
    if "\r" in text:
        text = _RETURNS.sub(_line_ends, text.replace("\r\n", "\n"))
    return text


def _line_ends(returns: re.Match[str]) -> str:
    """Those of what returns stand for: of one line before a line feed, and otherwise of a line each."""
    found = returns[0]
    return "\n" if found[-1] == "\n" else "\n" * len(found)


def _without_last_end(lines: list[str]) -> list[str]:
    if lines[-1] == "":
        lines.pop()
    return lines


class _Page:
    """A terminal's screen, and all that was on it before: rows, and a cursor."""

    def __init__(self, text: str) -> None:
        self.written = _without_last_end(text.split("\n"))
        self.last_row = len(self.written) + len(text) // 10 + _ALWAYS_ALLOWED
        started = _STARTED.match(text)
        self.width = int(started["columns"]) or _NO_MARGIN if started else _NO_MARGIN
        self.height = (
            int(started["lines"]) if started else max((int(m["row"]) for m in _ROW.finditer(text)), default=24)
        )
        self.rows = [""]
        self.continues: set[int] = set()  # the rows that are the rest of the row above
        self.stamps = [0]  # the number of the line of the text that first wrote on a row
        self.row = self.column = self.top = self.number = 0
        self.kept = (0, 0)
        self.full_screen = False

    def lines(self) -> list[str]:
        for number, line in enumerate(self.written, 1):
            if number > 1:
                self.feed()
            self.number = number
            self.write(line)
        lines: list[str] = []
        for row, shown in enumerate(self.rows):
            if row in self.continues and lines:
                lines[-1] += shown
                continue
            lines += [""] * (self.stamps[row] - 1 - len(lines))
            lines.append(shown)
        lines += [""] * (len(self.written) - len(lines))
        while len(lines) > len(self.written) and not lines[-1]:
            lines.pop()
        return lines

    def feed(self) -> None:
        if not self.full_screen:
            self.column = 0
        self.go_to(self.row + 1)
        if not self.rows[self.row]:
            self.continues.discard(self.row)
        if self.row >= self.top + self.height:
            self.top = self.row - self.height + 1

    def go_to(self, row: int) -> None:
        self.row = min(max(self.top if self.full_screen else 0, row), self.last_row)
        more = self.row + 1 - len(self.rows)
        if more > 0:
            self.rows += [""] * more
            self.stamps += [0] * more

    def write(self, line: str) -> None:
        if not _CONTROL.search(line):
            self.show(line)
            return
        for piece in _PIECE.finditer(line):
            if shown := piece["shown"]:
                self.show(shown)
            elif control := piece["control"]:
                self.obey(control)
            elif piece["final"]:
                self.move(piece["final"], piece["parameters"], piece["middle"])
            elif not piece["middle_of_escape"]:
                self.escape(piece["escape"])

    def show(self, text: str) -> None:
        while text:
            if self.column >= self.width:
                self.go_to(self.row + 1)
                self.continues.add(self.row)
                self.column = 0
            part, text = text[: self.width - self.column], text[self.width - self.column :]
            if not self.rows[self.row]:
                self.stamps[self.row] = self.number
            row = self.rows[self.row].ljust(self.column)
            self.rows[self.row] = row[: self.column] + part + row[self.column + len(part) :]
            self.column += len(part)

    def obey(self, control: str | None) -> None:
        if control == "\r":
            self.column = 0
        elif control == "\b":
            self.column = max(0, min(self.column, self.width - 1) - 1)
        elif control == "\t":
            if self.full_screen:
                self.column += 8 - self.column % 8
            else:
                self.show("\t")

    def escape(self, final: str | None) -> None:
        if final == "7":
            self.kept = (self.row, self.column)
        elif final == "8":
            self.go_to(self.kept[0])
            self.column = self.kept[1]
        elif final == "M":
            self.go_to(self.row - 1)
        elif final == "c":
            self.new_screen()

    def new_screen(self) -> None:
        """Clear the screen: what was on it stays above."""
        while len(self.rows) > self.top and not self.rows[-1]:
            self.rows.pop()
            self.stamps.pop()
        self.top = self.row = len(self.rows)
        self.continues -= {self.top}
        self.go_to(self.top)

    def move(self, final: str, parameters: str, middle: str) -> None:
        """Obey a control sequence; those that change nothing about what is shown are passed over."""
        if parameters[:1] in ("?", ">", "<", "="):
            if final in "hl" and set(parameters[1:].split(";")) & {"47", "1047", "1049"}:
                self.switch(full_screen=final == "h")
            return
        if middle:
            return
        numbers = [min(int(number or 0), _FURTHEST) for number in re.findall(r"[0-9]{0,9}", parameters)]
        first = numbers[0]
        second = next((min(int(n), _FURTHEST) for n in re.findall(r";([0-9]{1,9})", parameters)[:1]), 1)
        row, step = self.rows[self.row], max(first, 1)
        column = min(self.column, self.width - 1)
        match final:
            case "A" | "F":
                self.go_to(max(self.row - step, self.top))
            case "B" | "E":
                self.go_to(min(self.row + step, max(self.row, self.top + self.height - 1)))
            case "C" | "a":
                self.column = min(column + step, self.width - 1)
            case "D":
                self.column = max(column - step, 0)
            case "G" | "`":
                self.column = step - 1
            case "d":
                self.go_to(self.top + step - 1)
            case "H" | "f":
                self.go_to(self.top + step - 1)
                self.column = max(second, 1) - 1
            case "J":
                self.erase_screen(first)
            case "K":
                self.rows[self.row] = {0: row[:column], 1: " " * (column + 1) + row[column + 1 :]}.get(first, "")
            case "P":
                self.rows[self.row] = row[:column] + row[column + step :]
            case "@":
                self.rows[self.row] = row[:column] + " " * step + row[column:] if row[column:] else row
            case "X":
                self.rows[self.row] = row[:column] + " " * len(row[column : column + step]) + row[column + step :]
            case "b":
                self.show(row[column - 1 : column] * step)
        if final in "EF":
            self.column = 0

    def erase_screen(self, what: int) -> None:
        if what in (2, 3) or (what == 0 and (self.row, self.column) == (self.top, 0)):
            at = self.row - self.top
            self.new_screen()
            self.go_to(self.top + at)
        elif what == 0:
            self.rows[self.row] = self.rows[self.row][: self.column]
            self.rows[self.row + 1 :] = [""] * len(self.rows[self.row + 1 :])
            self.continues -= set(range(self.row + bool(self.column), len(self.rows)))

    def switch(self, *, full_screen: bool) -> None:
        """To the screen of a full-screen program, or back."""
        if full_screen or self.full_screen:
            self.new_screen()
            self.column = 0
        self.full_screen = full_screen
