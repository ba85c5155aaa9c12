"""The statistics of an interface, which `-s` adds: names of counters on one line, their counts on the next.

Format: `print_stats64` and `print_vf_stats64` in `ip/ipaddress.c` of iproute2.
"""

from __future__ import annotations

import pyparsing as pp

from aksparse.linere import LineGrammar
from aksparse.tokens import column, long_integer

_COUNTER_NAMES = {
    **{"mcast": "multicast", "missed": "missed_errors", "overrun": "over_errors", "carrier": "carrier_errors"},
    **{"collsns": "collisions", "length": "length_errors", "crc": "crc_errors", "frame": "frame_errors"},
    **{"fifo": "fifo_errors", "aborted": "aborted_errors", "window": "window_errors", "heartbt": "heartbeat_errors"},
    "transns": "carrier_changes",
    "bcast": "broadcast",
    "heartbeat": "heartbeat_errors",  # in older releases
}
_COUNTERS = LineGrammar(
    pp.Regex(r"RX|TX").set_name("RX or TX")("direction")
    + pp.Opt(pp.Literal("errors"))
    + pp.Literal(":").leave_whitespace()
    + pp.Regex(r"[a-z]+(?:[ \t]+[a-z]+)*").set_name("names of counters")("names")
)
_COUNTS = LineGrammar(pp.OneOrMore(column(long_integer)))
ROUNDED_COUNTS = LineGrammar(pp.OneOrMore(column(pp.Regex(r"[0-9]+(?:\.[0-9]+)?[kMGTPE]?i?").set_name("count"))))
"""Counts with `-h`."""


def read_counter_names(line: str) -> tuple[str, list[str]] | None:
    """A line that names counters: whether they are of what was received, `rx`, or transmitted, `tx`; and their keys."""
    found = _COUNTERS.parse(line)
    if found is None:
        return None
    return found["direction"].lower(), [_COUNTER_NAMES.get(name, name) for name in found["names"].split()]


def read_counts(line: str, names: list[str]) -> dict[str, int] | None:
    """The line below, which has a count for each of the names."""
    if _COUNTS.pattern.match(line) and len(counts := line.split()) == len(names):
        return dict(zip(names, map(int, counts), strict=True))
    return None
