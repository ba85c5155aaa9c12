"""What a terminal shows of what was written to it."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aksparse.terminal.screen import shown_lines

SCRIPT = 'Script started on 2026-11-27 07:56:12+00:00 [TERM="xterm" COLUMNS="20" LINES="4"]\n'


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("", []),
        ("a\nb", ["a", "b"]),
        ("a\r\nb\r\r\n", ["a", "b"]),
        ("a\rb", ["a", "b"]),  # as old editors ended lines
        ("\x1b[31mred\x1b[0m\n", ["red"]),
        ("\x1b[01;31m\x1b[Kfound\x1b[m\x1b[K rest\n", ["found rest"]),
        ("\x1b]0;title\x07$ ls\r\n", ["$ ls"]),
        ("\x1b]0;title\x1b\\$ ls\r\n", ["$ ls"]),
        ("\x1b[?2004h$ ls\r\n\x1b[?2004l\rfile\r\n", ["$ ls", "file"]),
        ("$ ip adr\b\x1b[Kdr\r\n", ["$ ip addr"]),
        ("$ show\b\b\b\bbrctl show\r\n", ["$ brctl show"]),
        ("$ ipadr\x1b[3D\x1b[1@ \x1b[0m\x1b[2C\x1b[1@d\r\n", ["$ ip addr"]),
        ("abcdef\x1b[4D\x1b[2P\r\n", ["abef"]),
        ("abcdef\x1b[4D\x1b[2X\r\n", ["ab  ef"]),
        ("abc\x1b[1K\x1b[G123\r\n", ["123 "]),
        ("10%\r\x1b[K20%\r\n", ["20%"]),
        ("a\tb\x1b[0m\n", ["a\tb"]),
        ("one\ntwo\x1b[A\rONE\x1b[B\rTWO\n", ["ONE", "TWO"]),
        ("x\x1b[5by\n\x1b[mz\n", ["xxxxxxy", "z"]),
        ("before\n\x1b[H\x1b[2Jafter\n", ["before", "after"]),
        (
            "$ less\r\n\x1b[?1049h\x1b[H\x1b[2Jpage\x1b[2;3Hmore\x1b[?1049l$ exit\r\n",
            ["$ less", "page", "  more", "$ exit"],
        ),
        ("\x1b[", []),
        ("\x1b", []),
    ],
)
def test_lines_are_those_that_the_terminal_shows(written: str, shown: list[str]) -> None:
    lines = shown_lines(written)
    while lines and not lines[-1]:
        lines.pop()
    assert lines == shown


def test_a_line_that_wraps_is_one_line_and_can_be_edited_across_the_margin() -> None:
    typed = "$ ip route show tabel all\x1b[A\r\x1b[19Cle\r\n"
    assert shown_lines(SCRIPT + typed + "default\r\n")[1:] == ["$ ip route show table all", "default"]


@pytest.mark.parametrize("noise", ["\x1b[2004h", "\x1b[0m", "\x07", "\x1b(B", "\x1b=", "\x1b[?25l", "\x1b]0;x\x07"])
@given(text=st.lists(st.text(st.characters(exclude_categories=["C"]), max_size=60), max_size=8))
@settings(max_examples=40, deadline=None)
def test_what_shows_nothing_changes_no_line_and_no_number(noise: str, text: list[str]) -> None:
    plain = "".join(f"{line}\n" for line in text)
    assert shown_lines("".join(f"{noise}{line}{noise}\r\n" for line in text)) == shown_lines(plain)
    assert shown_lines(SCRIPT + "".join(f"{noise}{line}\r\n" for line in text))[1:] == shown_lines(plain)


CONTROLS = [
    "\x1b[A",
    "\x1b[9;9H",
    "\x1b[J",
    "\x1b[2J",
    "\x1b[K",
    "\x1b[?1049h",
    "\x1b[?1049l",
    "\b",
    "\r",
    "\n",
    "\t",
    "\x1b7",
]
CONTROLS += [
    "\x1b8",
    "\x1bM",
    "\x1bc",
    "\x1b[999999999d",
    "\x1b[3P",
    "\x1b[@",
    "\x1b[99b",
    "\x1b[;H",
    "\x1b[?1;x",
    "\x1b]",
    "ab",
    SCRIPT,
]


@example(["\x1b[?1049h", "0\t", "\x1b[99b"])
@given(st.lists(st.sampled_from(CONTROLS) | st.text(max_size=4), max_size=40))
@settings(max_examples=300, deadline=None)
def test_whatever_is_written_gives_lines_that_are_shown_as_they_are(pieces: list[str]) -> None:
    lines = shown_lines("".join(pieces))
    assert shown_lines("".join(f"{line}\n" for line in lines)) == lines


@pytest.mark.parametrize(
    "bomb", ["ab\x1b[1000B", "\x1b[999;1H\x1b[2J", "\x1b[2J\n\x1b[1000d", "\x1b[?1049h\x1b[900;1H"]
)
def test_few_bytes_make_no_endless_page(bomb: str) -> None:
    assert len(shown_lines(bomb * 2000)) < 2000 * len(bomb) + 11_000


def test_the_cursor_stays_on_the_screen_where_it_goes_down() -> None:
    assert shown_lines("\x1b[3;1Hc\x1b[1;1Ha\x1b[99Bb") == ["a", "", "cb"]
