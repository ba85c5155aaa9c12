"""The XDP programs of an interface.

Format: `ip/iplink_xdp.c` and `bpf_dump_prog_info` of iproute2. The first line of the interface tells how a program is
attached; `ip addr` adds its identifier, `ip link` and `-d` tell more of each program in a line of its own.
"""

from __future__ import annotations

import pyparsing as pp

from aksparse.iproute.links.options import Fields, numbers, options, phrase, read_options, strings
from aksparse.linere import LineGrammar
from aksparse.tokens import rest_of_line

_MODES = {"xdp": 1, "xdpdrv": 1, "xdpgeneric": 2, "xdpoffload": 3, "xdpmulti": 4}  # `XDP_ATTACHED_...` of the kernel
_MULTI = 4

attachment = pp.Regex(r"xdp(?:generic|offload|multi|\[[0-9]{1,3}\])?(?:/id:[0-9]{1,10})?").set_name("XDP mode")
_PROGRAM = LineGrammar(
    pp.Literal("prog/")
    + pp.Regex(r"xdp(?:generic|drv|offload)?(?= )").leave_whitespace().set_name("XDP mode")("mode")
    + rest_of_line("program")
)
_ABOUT = options(numbers("id load_time created_by_uid btf_id"), strings("name tag"), phrase("jited", {"jited": 1}))


def read_attachment(text: str) -> Fields:
    """How a program is attached, such as `xdpgeneric/id:5`; the mode is a number, as in the JSON."""
    mode, _, identifier = text.partition("/id:")
    number = int(mode[4:-1]) if mode.endswith("]") else _MODES[mode]
    return with_program({"mode": number}, "xdp", {"id": int(identifier)}) if identifier else {"mode": number}


def read_program(line: str) -> tuple[str, Fields] | None:
    """A line about a program: how it is attached where there are several, and the program."""
    found = _PROGRAM.parse(line)
    return (found["mode"], read_options(_ABOUT, found.get("program", ""))) if found else None


def with_program(attached: Fields, mode: str, program: Fields) -> Fields:
    """What is known of the attachment of programs, and of one program more, or more of the same.

    The program of an interface is the one attached, unless there are several: then each has its mode.
    """
    if mode == "xdp":
        attached = {**attached, "prog": program}
        if attached["mode"] == _MULTI:
            return attached
    number = attached["mode"] if mode == "xdp" else _MODES[mode]
    others = [each for each in attached.get("attached", ()) if each["mode"] != number]
    return {**attached, "attached": [*others, {"mode": number, "prog": program}]}
