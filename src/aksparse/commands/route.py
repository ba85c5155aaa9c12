"""`route` and `netstat -r`: the kernel's routing table, of IPv4 or IPv6.

Format: route(8) and netstat(8) of net-tools, `lib/inet_gr.c` and `lib/inet6_gr.c`, and busybox's
`networking/route.c`: a title, a header, then one line per route. The header says which columns there are: those of
`route -n`, of `route -e` (which `netstat -r` prints unless it is told `-e`), of `-ee`, or of IPv6. Names follow the
header; where that of IPv6 has other words for the same (Next Hop, Flag, Met, If), the names are those of IPv4.

What stands in the columns:

- Without `-n` the tools print names where they find some. `default` and `*` are their words for 0.0.0.0, `[::]` for
  the same in IPv6: these are read as addresses. Other names are kept as names; of IPv4 only 15 letters are printed.
- With `-ee` only six letters of an interface are printed. What may be cut off is named in `truncated`.
- A reject route (`unreachable`, `prohibit`) has no gateway and no interface: net-tools prints `-` for both and for what
  else it has not, busybox 0.0.0.0 and `*`. A blackhole route belongs to no interface, and the kernel names it `*`.
- The kernel's metric is unsigned; the tools print it signed, so that large metrics come out negative. They are kept
  as printed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any, NamedTuple

import attrs
import pyparsing as pp

from aksparse.command import Command, Lines
from aksparse.linere import LineGrammar
from aksparse.records import Record, maker
from aksparse.tokens import BadValue, as_ipv4, column, integer, ipv4, signed_integer, to_ip, to_ipv4, word

Address = IPv4Address | IPv6Address


@attrs.frozen(kw_only=True)
class Route(Record):
    """One route of the kernel's table, as `route` or `netstat -r` prints it.

    Attributes:
        destination: the destination network or host; a name, if the tool printed one.
        prefixlen: the length of the destination's prefix; IPv6 only.
        gateway: the gateway, or its name; 0.0.0.0 or :: means none, absent on a reject route.
        genmask: the netmask of the destination: 255.255.255.255 for a host, 0.0.0.0 for the default route; IPv4 only.
        flags: the route's flags, such as `UG`: U up, H host, G gateway, R reinstate, D, M by redirect, A addrconf,
            C cache, ! reject; of IPv6 also e expires, n no next hop.
        metric: the distance to the target, as printed (the tools print large metrics as negative numbers).
        ref: the number of references (of IPv4 always 0 with today's kernels); absent on a reject route.
        use: the count of lookups of the route.
        mss: the maximum segment size of TCP connections over the route; 0 means the default.
        window: the window size of TCP connections over the route; 0 means the default.
        irtt: the initial round trip time, in milliseconds; 0 means the default.
        iface: the interface that packets are sent through; `*` on a blackhole route, absent on a reject route.
        truncated: the names of the fields whose end the tool may have cut off.
    """

    destination: IPv4Address | IPv6Address | str
    prefixlen: int | None = None
    gateway: IPv4Address | IPv6Address | str | None = None
    genmask: IPv4Address | None = None
    flags: str
    metric: int | None = None
    ref: int | None = None
    use: int | None = None
    mss: int | None = None
    window: int | None = None
    irtt: int | None = None
    iface: str | None = None
    truncated: tuple[str, ...] | None = None

    @property
    def network(self) -> IPv4Network | IPv6Network | None:
        """The destination with its mask, which the tools print apart; `None` where they print a name instead."""
        if isinstance(self.destination, IPv4Address):
            return IPv4Network((int(self.destination), str(self.genmask)))
        if isinstance(self.destination, IPv6Address):
            return IPv6Network((int(self.destination), self.prefixlen))
        return None


_NETMASKS = {
    str(network.netmask): (network.netmask, int(network.hostmask))
    for network in (IPv4Network((0, length)) for length in range(33))
}

_name = pp.Regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]*|\*").set_name("IPv4 address or name")
_name6 = pp.Regex(r"[A-Za-z0-9_:\[][A-Za-z0-9_.:\[\]-]*").set_name("IPv6 address or name")
_numbers = {name: column((integer | "-")(name)) for name in ("ref", "use", "mss", "window", "irtt")}
_iface = column(word("iface"))
_destination = column(_name("destination"))
_gateway = column((_name | "-")("gateway"))
_way = column(ipv4("genmask")) + column(pp.Word("UHGRDMACI!").set_name("route flags")("flags"))
_used = column(signed_integer("metric")) + _numbers["ref"] + _numbers["use"]
_sizes = _numbers["mss"] + _numbers["window"] + _numbers["irtt"]
_destination6 = (
    _name6("destination") + pp.Literal("/").leave_whitespace() + column(integer("prefixlen").leave_whitespace())
)
_way6 = column(_name6("gateway")) + column(pp.Regex(r"[A-Za-z!]+").set_name("route flags")("flags"))


def _words(text: str) -> LineGrammar:
    return LineGrammar(pp.And([column(pp.Literal(name)) for name in text.split()]))


class _Layout(NamedTuple):
    """The columns of a table.

    Attributes:
        headers: what its header may be.
        row: a row.
        middle: what stands between gateway and interface, where this is the last column.
    """

    headers: tuple[LineGrammar, ...]
    row: LineGrammar
    middle: LineGrammar | None = None


_TITLE = LineGrammar(pp.Literal("Kernel") + (pp.Literal("IPv6") | "IP") + pp.Literal("routing table"))
_PLAIN = _Layout(
    (_words("Destination Gateway Genmask Flags Metric Ref Use Iface"),),
    LineGrammar(_destination + _gateway + _way + _used + _iface),
    LineGrammar(_way + _used),
)
_SIZES = _Layout(
    (_words("Destination Gateway Genmask Flags MSS Window irtt Iface"),),
    LineGrammar(_destination + _gateway + _way + _sizes + _iface),
    LineGrammar(_way + _sizes),
)
_BOTH = _Layout(
    (_words("Destination Gateway Genmask Flags Metric Ref Use Iface MSS Window irtt"),),
    LineGrammar(_destination + _gateway + _way + _used + _iface + _sizes),
)
_IPV6 = _Layout(
    (
        _words("Destination Next Hop Flag Met Ref Use If"),
        _words("Destination Next Hop Flags Metric Ref Use Iface"),  # busybox
    ),
    LineGrammar(_destination6 + _way6 + _used + _iface),
)
_LAYOUTS = (_PLAIN, _SIZES, _BOTH, _IPV6)
_HEADERS = [header for layout in _LAYOUTS for header in layout.headers]
_IPV4_ROWS = [layout.row for layout in _LAYOUTS if layout is not _IPV6]
_IPV6_ROW = LineGrammar(  # what other tools print as well, were its addresses names
    column(pp.Regex(r"[0-9a-f:.\[]*:[0-9a-f:.\]]*/[0-9]{1,3}"))
    + column(pp.Regex(r"[0-9a-f:.\[]*:[0-9a-f:.\]]*"))
    + column(pp.Regex(r"[A-Za-z!]+"))
    + _used
    + _iface
)

_Said = tuple[Address | str | int | None, ...]
_make_route = maker(
    Route,
    *("origin", "line", "destination", "iface"),
    *("gateway", "genmask", "flags", "metric", "ref", "use", "mss", "window", "irtt", "prefixlen", "truncated"),
)


def _to_ipv4(text: str) -> IPv4Address | str:
    if text in ("default", "*"):
        return IPv4Address(0)
    return to_ipv4(text) if _DIGITS.fullmatch(text) else text


def _to_ipv6(text: str) -> Address | str:
    if text == "[::]":
        return IPv6Address(0)
    if _DIGITS.fullmatch(text):
        return IPv6Address(_IPV4_MAPPED + int(to_ipv4(text)))  # net-tools leaves out the ::ffff: before it
    return to_ip(text) if _HEXADECIMAL.fullmatch(text) else text


_IPV4_MAPPED = int(IPv6Address("::ffff:0.0.0.0"))
_DIGITS = re.compile(r"[0-9.]+")
_HEXADECIMAL = re.compile(r"[0-9a-fA-F:.]*:[0-9a-fA-F:.]*")


def _read_middle(columns: Mapping[str, str]) -> tuple[int, _Said]:
    """The bits that a destination must not have, and what stands between gateway and interface."""
    mask, host_bits = None, 0
    if genmask := columns.get("genmask"):
        if genmask not in _NETMASKS:
            raise BadValue(genmask, "netmask with its one bits first")
        mask, host_bits = _NETMASKS[genmask]
    numbers = (columns.get(name, "-") for name in ("metric", *_numbers))
    return host_bits, (mask, columns["flags"], *(None if number == "-" else int(number) for number in numbers))


def _read_row(columns: Mapping[str, str], origin: str, number: int) -> Route:
    host_bits, middle = _read_middle(columns)
    text, gateway, iface = columns["destination"], columns["gateway"], columns["iface"]
    to_address: Callable[[str], Address | str] = _to_ipv4
    prefixlen = None
    if "prefixlen" in columns:
        to_address, prefixlen = _to_ipv6, int(columns["prefixlen"])
        if prefixlen > 128:
            raise BadValue(columns["prefixlen"], "length of an IPv6 prefix")
        host_bits = (1 << 128 - prefixlen) - 1
    destination = to_address(text)
    if not isinstance(destination, str) and int(destination) & host_bits:
        raise BadValue(text, f"destination without bits outside its mask {columns.get('genmask', prefixlen)}")
    return _make_route(
        origin,
        number,
        destination,
        None if iface == "-" else iface,
        None if gateway == "-" else to_address(gateway),
        *middle,
        prefixlen,
        _truncated(columns),
    )


def _truncated(columns: Mapping[str, str]) -> tuple[str, ...] | None:
    """The fields whose end may be cut off: they are as long as the tool prints them at most."""
    names = [name for name in ("destination", "gateway") if not _DIGITS.fullmatch(columns[name])]
    if "genmask" in columns:
        cut = [name for name in names if len(columns[name]) >= 15]
    else:
        cut = [name for name in names if "[...]" in columns[name]]
    if columns.keys() >= {"metric", "mss"} and len(columns["iface"]) >= 6:
        cut.append("iface")
    return tuple(cut) or None


class _Middles(dict[str, "tuple[int, _Said] | None"]):
    """What stands between gateway and interface, by its text: there are few, and each is read once."""

    def __init__(self, grammar: LineGrammar) -> None:
        self._grammar = grammar

    def __missing__(self, text: str) -> tuple[int, _Said] | None:
        middle = None
        if columns := self._grammar.parse(text):
            with suppress(BadValue):
                middle = _read_middle(columns)
        self[text] = middle
        return middle


class _Betweens(dict[str, "tuple[Any, ...] | None"]):
    """What stands between destination and interface, by its text; `None` where all of the row must be looked at."""

    def __init__(self, layout: _Layout | None) -> None:
        self._middles = _Middles(layout.middle) if layout and layout.middle else None

    def __missing__(self, text: str) -> tuple[Any, ...] | None:
        between = None
        gateway, _, rest = text.lstrip(" ").partition(" ")
        if self._middles is not None and (middle := self._middles[rest]):
            address = as_ipv4(gateway)
            if address is not None or gateway == "-":
                host_bits, said = middle
                between = (host_bits, address, *said)
        self[text] = between
        return between


def _assemble(lines: Lines) -> Iterator[Route]:
    recorded, origin = lines.recorded, lines.source
    table = _Table(lines)
    betweens = table.betweens
    for number, line in lines:
        destination, _, rest = line.partition(" ")
        between, _, iface = rest.rpartition(" ")
        if iface and (known := betweens[between]) and (address := as_ipv4(destination)):
            host_bits, gateway, genmask, flags, metric, ref, use, mss, window, irtt = known
            if not (host_bits and int(address) & host_bits):
                recorded(number)
                through = None if iface == "-" else iface
                # fmt: off
                yield _make_route(
                    origin, number, address, through,
                    gateway, genmask, flags, metric, ref, use, mss, window, irtt, None, None,
                )
                # fmt: on
                continue
        if route := table.read(number, line):
            recorded(number)
            yield route
        betweens = table.betweens


class _Table:
    """The table that is being read, and its layout, as soon as that is known."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._layout = _layout_printed_by(lines.argv)
        self._assumed = False
        self.betweens = self._of_layout()

    def _of_layout(self) -> _Betweens:
        return _Betweens(None if self._lines.tabs else self._layout)

    def read(self, number: int, line: str) -> Route | None:
        """Account for a line that is no usual row."""
        layout = self._layout or self._layout_of_row(number, line)
        try:
            if layout and (columns := layout.row.parse(line)):
                return _read_row(columns, self._lines.source, number)
        except ValueError as error:
            self._lines.bad_value(number, error)
            return None
        if _TITLE.pattern.match(line):
            self._lines.ignore(number, "title")
        elif layout := next((one for one in _LAYOUTS if any(h.pattern.match(line) for h in one.headers)), None):
            self._lines.ignore(number, "header")
            self._layout = layout
            self.betweens = self._of_layout()
        else:
            self._lines.refuse(number, *(one.row for one in ([self._layout] if self._layout else _LAYOUTS)))
        return None

    def _layout_of_row(self, number: int, line: str) -> _Layout | None:
        """The layout of a row without a header above it and without a known command line."""
        layout = next((layout for layout in _LAYOUTS if layout.row.pattern.match(line)), None)
        if layout is not _PLAIN:
            return layout
        cells = (line[:16], line[16:32], line[32:48], line[48:54])
        if all(cell[-1:] == " " and len(cell.split()) == 1 for cell in cells):
            # Metric begins where its column does, MSS ends where its column does.
            return _SIZES if line[54] == " " else _PLAIN
        if not self._assumed:
            self._assumed = True
            message = "without a header the numbers are taken for those of route -n: Metric, Ref and Use"
            self._lines.report(number, "assumed-columns", message, severity="warning")
        return _PLAIN


_LETTERS = {
    **{"--numeric": "n", "--numeric-hosts": "n", "--extend": "e", "--verbose": "v", "--fib": "F", "--symbolic": "N"},
    **{"--route": "r", "--wide": "W", "--continuous": "c", "--inet": "4", "--inet6": "6"},
}


def _letters(argv: Sequence[str]) -> str | None:
    """The options of a command line that lists routes, each as its letter."""
    if not argv or argv[0] not in ("route", "netstat"):
        return None
    words, letters = iter(argv[1:]), ""
    for option in words:
        short, a, family = option[1:].partition("A")
        if option.startswith("--"):
            letters += _LETTERS.get(option, "?")
        elif option.startswith("-"):
            letters += short + (_LETTERS.get(f"--{family or next(words, '')}", "?") if a else "")
        else:
            return None
    known, needed = ("nevFN46", "") if argv[0] == "route" else ("nevFN46rWc", "r")
    return letters if set(needed) <= set(letters) <= set(known) else None


def _layout_printed_by(argv: Sequence[str]) -> _Layout | None:
    letters = _letters(argv)
    if letters is None or {"4", "6"} <= set(letters):
        return None
    if "6" in letters:
        return _IPV6
    plain, extended = (_PLAIN, _SIZES) if argv[0] == "route" else (_SIZES, _PLAIN)
    return (plain, extended, _BOTH)[min(letters.count("e"), 2)]


def _produced_by(argv: Sequence[str]) -> bool:
    return _letters(argv) is not None


COMMAND = Command(
    name="route",
    record=Route,
    assemble=_assemble,
    produced_by=_produced_by,
    signature=(_TITLE, *_HEADERS, *_IPV4_ROWS, _IPV6_ROW),
)
parse_route = COMMAND.parse
