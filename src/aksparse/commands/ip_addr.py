"""`ip addr`: the network interfaces of a namespace and their addresses.

Format: ip-address(8) of iproute2, `ip/ipaddress.c` (`print_linkinfo`, `print_addrinfo`). One interface is a line that
begins with its index, then indented lines: `link/TYPE`, `altname`, and for each address `inet` or `inet6` followed by
its lifetimes. Names, values and the absence of keys follow `ip -j addr`, so that the tool's own JSON can judge.

What the text shows otherwise than the JSON:

- ``eth0@if15`` has a peer in another namespace: `link_index`; ``veth0@veth1`` in this one: `link`. A name may itself
  hold an ``@``; the last one separates.
- ``link-netns NAME`` stands in place of ``link-netnsid N`` when the peer's namespace has a name: `link_netns`, a key
  that the JSON never has.
- With `-4` or `-6` there are no `link/TYPE` lines: `link-netns` ends the first line of the interface, and with `-6` the
  name after the ``@`` is wrong where the peer is in another namespace (its index, looked up in this one).
- ``forever`` is 4294967295, as in the JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from aksparse.command import Command, Lines
from aksparse.iproute.keywords import shows, without_brief
from aksparse.iproute.links.brief import BRIEF, DEVICE_BEFORE_ADDRESS, LINE_END, ONE_LINE, read_brief
from aksparse.iproute.links.counters import ROUNDED_COUNTS, read_counter_names, read_counts
from aksparse.iproute.links.details import KIND, read_details
from aksparse.iproute.links.lines import (
    ADDRESS,
    ALIAS,
    ALTNAME,
    FOREVER,
    LAST_OF_LINK,
    LIFETIMES,
    LINK,
    LINK_LAYER,
    ROWS,
    Fields,
    read_address,
    read_lifetimes,
    read_link,
    read_rest_of_address,
    read_rest_of_link,
    to_link_fields,
)
from aksparse.iproute.links.options import merge
from aksparse.iproute.links.records import AddrInfo, Link, LinkInfo
from aksparse.iproute.links.virtual_functions import read_function
from aksparse.iproute.links.xdp import read_program, with_program
from aksparse.records import drafter, finish, maker
from aksparse.terminal.noise import noise
from aksparse.tokens import to_ip

_INDENTED = re.compile(r"[ \t]+(?![0-9]+:)")
_CONTINUED = re.compile(r" {6,}(?=[a-z])|\t +(?=[^ ])")

_make_link = maker(
    Link,
    *("ifindex", "ifname", "link", "link_index", "flags", "mtu", "qdisc", "master", "operstate", "linkmode", "group"),
    *("txqlen", "link_type", "address", "broadcast", "link_netnsid", "addr_info", "origin", "line", "end_line"),
)
_make_address = maker(
    AddrInfo,
    *("family", "local", "prefixlen", "broadcast", "scope", "label", "valid_life_time", "preferred_life_time"),
    *("origin", "line", "end_line"),
)


def _assemble(lines: Lines) -> Iterator[Link]:
    reader = _Reader(lines)
    yield from reader.read()
    if reader.link is not None:
        yield reader.finished()


class _Reader:
    """Folds lines into links.

    Attributes:
        done: the links that are complete.
        link: a draft of the interface being read.
        addresses: its addresses.
        drafts: those of them that are drafts.
        address: the latest of these, until its lifetimes are known.
        linkinfo: what is known of its kind.
        details_follow: whether the next line may tell its kind, or more of it.
        counters: where the counts on the next line belong: `rx` or `tx`, and the names of the counters.
        last: the number of its last line.
    """

    def __init__(self, lines: Lines) -> None:
        self.lines = lines
        self.done: list[Link] = []
        self.link: Any = None
        self.addresses: list[Any] = []
        self.drafts: list[Any] = []
        self.address: Any = None
        self.linkinfo: dict[str, Any] = {}
        self.details_follow = False
        self.counters: tuple[str, list[str]] | None = None
        self.last = 0

    def read(self) -> Iterator[Link]:
        """The links that are complete; the last one is left in `link`."""
        if not self.lines.texts:
            return
        number, taken, origin = self.lines.first, self.lines.taken, self.lines.source
        for rows in ROWS.pattern.finditer("\n".join((*self.lines.texts, ""))):
            if rows.lastindex is None:
                self.read_line(number, rows[0][:-1])
                number += 1
            elif rows.lastindex <= LAST_OF_LINK and (link := _read_link_rows(rows.groups(), origin, number)):
                if self.link is not None:
                    yield self.finished()
                yield link
                after = (link.end_line or number) + 1
                taken += range(number, after)
                number = after
            elif rows.lastindex > LAST_OF_LINK and self.add_address_rows(number, rows.groups()):
                taken += number, number + 1
                number += 2
            else:
                for line in rows[0][:-1].split("\n"):
                    self.read_line(number, line)
                    number += 1
            if self.done:
                yield from self.done
                self.done.clear()

    def add_address_rows(self, number: int, groups: tuple[Any, ...]) -> bool:
        """The commonest rows of an address: whether they could be read as such, and there is a link."""
        if self.link is None:
            return False
        inet, inet_rest, label, inet6, inet6_rest = groups[LAST_OF_LINK:]
        family, local, rest = ("inet", inet, inet_rest) if inet else ("inet6", inet6, inet6_rest)
        try:
            self.addresses.append(_read_address_rows(family, local, rest, label, self.lines.source, number))
        except ValueError:
            return False
        self.address, self.counters, self.details_follow, self.last = None, None, False, number + 1
        return True

    def finished(self) -> Link:
        """The link, complete; nothing is left of it here."""
        link = self.link
        link.addr_info = tuple(self.addresses)
        for draft in self.drafts:
            finish(draft)
        if self.linkinfo:
            link.linkinfo = LinkInfo(**self.linkinfo)
        if self.last > link.line:
            link.end_line = self.last
        self.link = self.address = self.counters = None
        self.addresses, self.drafts, self.linkinfo, self.details_follow = [], [], {}, False
        made: Link = finish(link)
        return made

    def begin(self, number: int, fields: Fields) -> None:
        if self.link is not None:
            self.done.append(self.finished())
        self.link = drafter(Link)()
        self.link.origin, self.link.line = self.lines.source, number
        _fill(self.link, fields)

    def add_address(self, number: int, fields: Fields) -> None:
        self.address = drafter(AddrInfo)()
        self.address.origin, self.address.line = self.lines.source, number
        _fill(self.address, fields)
        self.addresses.append(self.address)
        self.drafts.append(self.address)

    def orphan(self, number: int, what: str) -> bool:
        self.lines.report(number, "orphan-line", f"{what} above {'it' if what[0] == 'a' else 'them'}", 1)
        return False

    def read_line(self, number: int, line: str) -> None:
        """Any line."""
        try:
            if self.takes(number, line):
                self.lines.recorded(number)
                self.last = number
        except ValueError as error:
            self.lines.bad_value(number, error)
            self.address = None  # lifetimes that follow may belong to this line

    def takes(self, number: int, line: str) -> bool:
        """Whether a line went into the link."""
        link, counters, details_follow = self.link, self.counters, self.details_follow
        self.counters, self.details_follow = None, False
        if "\\" in line and ONE_LINE.pattern.match(line):
            return self.read_one_line(number, line)
        if fields := read_link(line):
            self.begin(number, fields)
        elif fields := read_address(line):
            self.address = None
            if link is None:
                return self.orphan(number, "an address without an interface")
            self.add_address(number, fields)
        elif lifetimes := read_lifetimes(line):
            if self.address is None:
                return self.orphan(number, "lifetimes without an address")
            self.address.valid_life_time, self.address.preferred_life_time = lifetimes
            self.address.end_line = number
            self.address = None
        elif found := LINK_LAYER.parse(line):
            if link is None or link.link_type is not None:
                return self.orphan(number, "a link layer without an interface")
            if details := found.pop("details", None):
                self.add_details(details)
                self.details_follow = True
            _fill(link, to_link_fields(found))
        elif altname := ALTNAME.parse(line):
            if link is None:
                return self.orphan(number, "a name without an interface")
            link.altnames = (*(link.altnames or ()), altname["altname"])
        elif link is not None and link.ifalias is None and (alias := ALIAS.parse(line)):
            link.ifalias = alias["ifalias"]
        elif link is not None and (names := read_counter_names(line)):
            self.counters = names
        elif counters is not None and (counts := read_counts(line, counters[1])):
            self.add_counts(counters[0], counts)
        elif counters is not None and ROUNDED_COUNTS.pattern.match(line):
            self.lines.report(number, "rounded-counters", "ip -h rounds its counters: they are read without -h", 1)
            return False
        elif link is not None and (function := read_function(line)):
            link.vfinfo_list = (*(link.vfinfo_list or ()), function)
        elif link is not None and link.xdp and (program := read_program(line)):
            link.xdp = with_program(link.xdp, *program)
        elif fields := read_brief(line):
            *of_link, (_, addresses) = fields
            self.begin(number, tuple(of_link))
            for address in addresses:
                self.add_address(number, address)
        elif details_follow and _INDENTED.match(line) and not noise(line) and self.read_kind(line):
            self.details_follow = True
        else:
            self.refuse(number, line)
            if self.lines.ignored.get(number, "blank") != "blank":
                self.counters, self.details_follow = counters, details_follow  # they go on behind a message
            return False
        return True

    def add_counts(self, direction: str, counts: dict[str, int]) -> None:
        """Counts of the link, or of the virtual function above them; what these transmit has names of its own."""
        link = self.link
        if link.vfinfo_list is None:
            link.stats64 = link.stats64 or {}
            link.stats64.setdefault(direction, {}).update(counts)
            return
        if direction == "tx":
            counts = {name if name == "dropped" else f"tx_{name}": count for name, count in counts.items()}
        link.vfinfo_list[-1].setdefault("stats", {})[direction] = counts

    def refuse(self, number: int, line: str) -> None:
        self.lines.refuse(number, LINK, LINK_LAYER, ADDRESS, LIFETIMES, ALTNAME, ALIAS)
        if number not in self.lines.ignored:
            # What follows may belong to the refused line: to an address, or to another interface.
            self.address = None
            if self.link is not None and not _INDENTED.match(line):
                self.done.append(self.finished())

    def read_kind(self, line: str) -> bool:
        """The line of a kind, or one that continues it."""
        if continued := _CONTINUED.match(line):
            kind, position = self.linkinfo.get("info_kind", ""), continued.end()
        elif found := KIND.pattern.match(line):
            kind, position = found[1], found.start(2)
            self.linkinfo["info_slave_kind" if kind.endswith("_slave") else "info_kind"] = kind.removesuffix("_slave")
        else:
            return False
        self.add_details(line[position:], kind)
        return True

    def add_details(self, text: str, kind: str = "") -> None:
        details = read_details(text, kind=kind)
        prefix = "info_slave" if kind.endswith("_slave") else "info"
        if details.of_kind:
            merge(self.linkinfo.setdefault(f"{prefix}_data", {}), details.of_kind)
        if details.other_of_kind:
            known = self.linkinfo.get(f"{prefix}_other")
            self.linkinfo[f"{prefix}_other"] = f"{known} {details.other_of_kind}" if known else details.other_of_kind
        _fill(self.link, tuple(details.of_link.items()))
        if details.other_of_link:
            known = self.link.other
            self.link.other = f"{known} {details.other_of_link}" if known else details.other_of_link

    def read_one_line(self, number: int, line: str) -> bool:
        """A line of `-o`: its parts are read as the lines they stand for, all of them or none."""
        inner = _Reader(Lines(line, self.lines.source, number))
        device = DEVICE_BEFORE_ADDRESS.pattern.match(line)
        begin = device.end() if device else 0
        if device:
            inner.begin(number, (("ifindex", int(device[1])), ("ifname", device[2])))
        first, *others = LINE_END.split(line[begin:])
        parts = [" " * begin + first, *others]
        for part in parts:
            inner.read_line(number, part)
        if inner.lines.diagnostics or inner.lines.ignored or inner.done or inner.link is None:
            self.lines.diagnostics += inner.lines.diagnostics[:1]
            if not inner.lines.diagnostics:
                self.lines.refuse(number, ONE_LINE)
            return False
        link = self.link
        same = link is not None and (link.ifindex, link.ifname) == (inner.link.ifindex, inner.link.ifname)
        if device and same and link.flags is None:
            self.addresses += inner.addresses
            self.drafts += inner.drafts
            return True
        if link is not None:
            self.done.append(self.finished())
        self.link, self.addresses, self.drafts, self.linkinfo = (
            inner.link,
            inner.addresses,
            inner.drafts,
            inner.linkinfo,
        )
        return True


def _read_link_rows(groups: tuple[Any, ...], origin: str, line: int) -> Link | None:
    """The link in the commonest rows, unless there is more to it than these show."""
    ifindex, ifname, text, link_type, address, broadcast, netnsid, inet, inet_rest, label, inet6, inet6_rest = groups[
        :12
    ]
    settings = read_rest_of_link(text)
    if settings is None:
        return None
    last = line + 1
    addresses: tuple[AddrInfo, ...] = ()
    try:
        if inet:
            addresses = (_read_address_rows("inet", inet, inet_rest, label, origin, last + 1),)
            last += 2
        if inet6:
            addresses += (_read_address_rows("inet6", inet6, inet6_rest, None, origin, last + 1),)
            last += 2
    except ValueError:
        return None
    link, link_index, flags, mtu, qdisc, master, operstate, linkmode, group, txqlen = settings
    return _make_link(
        int(ifindex),
        ifname,
        link,
        link_index,
        flags,
        mtu,
        qdisc,
        master,
        operstate,
        linkmode,
        group,
        txqlen,
        link_type,
        address,
        broadcast,
        int(netnsid) if netnsid else None,
        addresses,
        origin,
        line,
        last,
    )


def _read_address_rows(family: str, local: str, text: str, label: str | None, origin: str, line: int) -> AddrInfo:
    """The address in the commonest rows.

    Raises:
        ValueError: there is more to it than these show, or a value without meaning.
    """
    prefixlen, broadcast, scope = read_rest_of_address(text)
    return _make_address(
        family, to_ip(local), prefixlen, broadcast, scope, label, FOREVER, FOREVER, origin, line, line + 1
    )


def _fill(draft: Any, fields: Fields) -> None:
    for name, value in fields:
        setattr(draft, name, value)


def _produced_by(argv: Sequence[str]) -> bool:
    return shows(without_brief(argv), "address", "link")


COMMAND = Command(
    name="ip_addr",
    record=Link,
    assemble=_assemble,
    produced_by=_produced_by,
    signature=(LINK, ONE_LINE, BRIEF),
)
parse_ip_addr = COMMAND.parse
