"""What the cells of the tables hold: what they look like, and the values they are read as.

The forms come from `pkg/printers/internalversion/printers.go` of Kubernetes; durations from `HumanDuration` and
selectors from `FormatLabelSelector` of `k8s.io/apimachinery`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address
from typing import Any, NamedTuple

import pyparsing as pp

from aksparse.kubernetes import resources as r
from aksparse.linere import LineGrammar
from aksparse.tokens import remember, to_duration, to_ip, to_repeated_ip

Value = Any


def _form(pattern: str, name: str) -> LineGrammar:
    return LineGrammar(pp.Regex(pattern).set_name(name))


ANY = _form(r"[^ \t]+", "word")
NOTHING = _form(r"(?!)", "nothing")
NAME = _form(r"[a-z0-9][a-z0-9.-]*", "name")
_AGE_PATTERN = r"(?:[0-9]+[ydhms])+|<unknown>|<invalid>"
AGE = _form(_AGE_PATTERN, "age")
LAST_SEEN = _form(rf"(?:{_AGE_PATTERN})(?: \(x[0-9]{{1,18}} over [0-9][0-9ydhms]*\))?", "time")
DURATION_OR_NONE = _form(rf"{_AGE_PATTERN}|<none>", "age or <none>")
COUNT = _form(r"[0-9]{1,18}", "number")
READY = _form(r"[0-9]{1,9}/[0-9]{1,9}", "ready containers")
READY_PODS = _form(r"[0-9]{1,9}/[0-9]{1,9}", "ready pods")
RESTARTS = _form(r"[0-9]{1,18}(?: \((?:[0-9][0-9ydhms]*|<invalid>) ago\))?", "restarts")
IP = _form(r"[0-9a-fA-F.:]{2,45}|<none>|<unknown>", "IP address")
CLUSTER_IP = _form(r"[0-9a-fA-F.:]{2,45}|<none>|None", "IP address")
SERVICE_PORTS = _form(r"<none>|[0-9]+(?::[0-9]+)?/[A-Z]+(?:,[0-9]+(?::[0-9]+)?/[A-Z]+)*", "ports")
NODE_STATUS = _form(r"(?:Ready|NotReady|Unknown)(?:,SchedulingDisabled)?", "status of a node")
VERSION = _form(r"v[0-9][^ \t]*", "version")
# Words up to the kernel version, which is the one with two dots before the URL of the runtime.
OS_IMAGE = _form(
    r"[^ \t]+(?:[ \t](?![^ \t]*[0-9]+\.[0-9]+\.[0-9]+[^ \t]*[ \t]+(?:\([^)]*\)[ \t]+)?[a-z-]+://)[^ \t]+)*",
    "operating system",
)
KERNEL = _form(r"[^ \t]+(?: \([^)]*\))?", "kernel version")
_LABEL = r"[A-Za-z0-9][\w./-]*=[\w.-]*"
LABELS = _form(rf"<none>|{_LABEL}(?:,{_LABEL})*", "labels")
_REQUIREMENT = r"!?[A-Za-z0-9][\w./-]*(?:!?=[\w.-]*| (?:in|notin) \([\w.,-]*\))?"
SELECTOR = _form(rf"<none>|<unset>|{_REQUIREMENT}(?:,{_REQUIREMENT})*", "selector")
_ENDPOINT = r"(?:\[[0-9a-fA-F:.]{2,45}\]|[0-9.]{7,15})(?::[0-9]{1,5})?|[0-9a-fA-F:]{2,45}"
ENDPOINTS = _form(rf"<none>|(?:{_ENDPOINT})(?:,(?:{_ENDPOINT}))*(?: \+ [0-9]{{1,18}} more\.\.\.)?", "endpoints")
LIST = _form(r"[^ \t]+(?: \+ [0-9]{1,18} more\.\.\.)?", "list")
ADDRESS_TYPE = _form(r"IPv4|IPv6|FQDN", "address type")
NAMESPACE_STATUS = _form(r"Active|Terminating", "status of a namespace")
EVENT_TYPE = _form(r"Normal|Warning", "type of event")
OBJECT = _form(r"[A-Za-z][\w.-]*(?:/[^ \t]*)?", "object")
SUBOBJECT = _form(r"[a-zA-Z]+(?:\.[\w\[\]]+)+(?:\{[^ \t]*\})?", "part of an object")
SOURCE = _form(r"[^ \t]+(?:(?<=,) [^ \t]+)?", "source")
MESSAGE = _form(r"[^ \t].*", "message")
# Five fields, or a name such as @hourly; a time zone may stand before them.
SCHEDULE = _form(r"(?:(?:CRON_)?TZ=[^ \t]+ )?(?:@[a-z]+(?: [0-9][0-9a-z.]*)?|[^ \t]+(?: [^ \t]+){4})", "schedule")
BOOLEAN = _form(r"True|False", "True or False")
COMPLETIONS = _form(r"[0-9]{1,18}/[0-9]{1,18}(?: of [0-9]{1,18})?", "completions")
HOSTS = _form(r"[\w.*,:-]+(?: \+ [0-9]{1,18} more\.\.\.)?|<none>", "hosts")
ADDRESSES = _form(r"(?:[0-9a-fA-F:.]{2,45}(?![^ \t,])|localhost(?![^ \t,])|[\w-]+\.[\w.-]+)(?:,[^ \t]+)*", "addresses")
INGRESS_PORTS = _form(r"[0-9]{1,5}(?:, [0-9]{1,5})*", "ports")


class Column(NamedTuple):
    """What the cells of a column hold.

    Attributes:
        form: what they look like.
        fields: the fields of the record that they fill.
        read: makes the values of these of a cell.
        any_text: whether their form is but a guess at where they end: in a well laid out table they hold any text.
        empty: whether they may be empty; the fields are absent then.
    """

    form: LineGrammar
    fields: tuple[str, ...]
    read: Callable[[str], tuple[Value, ...]]
    any_text: bool = False
    empty: bool = False

    def fits(self, cell: str, *, laid_out: bool = True) -> bool:
        """Whether a cell may be one of this column; in a well laid out table, any text may be."""
        if not cell:
            return self.empty
        return (laid_out and self.any_text) or self.form.pattern.match(cell) is not None


def typed_column(form: LineGrammar, field: str, convert: Callable[[str], Value], *, empty: bool = False) -> Column:
    """A column of one field, whose cells have a form of their own."""
    return Column(form, (field,), lambda cell: (convert(cell),), empty=empty)


def text_column(field: str, form: LineGrammar = ANY, *, empty: bool = False, absent: str = "<none>") -> Column:
    """A column of one field, whose cells may be any text; `absent` is none."""
    return Column(form, (field,), lambda cell: (None if cell == absent else cell,), any_text=True, empty=empty)


def name_column(field: str) -> Column:
    """A column of names, which are never absent."""
    return Column(ANY, (field,), lambda cell: (cell,), any_text=True)


def count_column(field: str) -> Column:
    """A column of whole numbers."""
    return typed_column(COUNT, field, int)


def age_column(field: str, form: LineGrammar = AGE, *, empty: bool = False) -> Column:
    """A column of durations, such as `3h5m`."""
    return typed_column(form, field, to_age, empty=empty)


def or_none(cell: str | None) -> str | None:
    """A text, or `<none>`."""
    return None if cell == "<none>" else cell


@remember
def to_age(text: str) -> timedelta | None:
    """A duration, such as `3h5m`, or a word for one that is not known."""
    return None if text in ("<unknown>", "<invalid>", "<none>") else to_duration(text)


def to_ip_or_none(cell: str) -> IPv4Address | IPv6Address | None:
    """An IP address, or a word in angle brackets."""
    return to_ip(cell) if cell[0] != "<" else None


@remember
def to_node_ip(cell: str) -> IPv4Address | IPv6Address | None:
    """An IP address of a node, which is that of many pods."""
    return to_ip_or_none(cell)


def to_ready(cell: str) -> tuple[int, int]:
    """`READY/ALL`."""
    ready, _, all_ = cell.partition("/")
    return int(ready), int(all_)


def to_restarts(cell: str) -> tuple[int, timedelta | None]:
    """`5`, or `5 (3h ago)`: how often, and how long ago the last time was."""
    number, _, last = cell.partition(" (")
    return int(number), to_age(last.removesuffix(" ago)")) if last else None


def to_status(cell: str) -> tuple[tuple[str, ...]]:
    """`Ready[,SchedulingDisabled...]`."""
    return (tuple(cell.split(",")),)


@remember
def to_list(cell: str) -> tuple[str, ...]:
    """`ITEM[,ITEM...]`, or a word for none."""
    return () if cell in ("<none>", "<unset>") else tuple(cell.split(","))


def to_cluster_ip(cell: str) -> tuple[IPv4Address | IPv6Address | None, bool]:
    """The address of a service; and whether it has none on purpose, which is written `None`."""
    return None if cell in ("None", "<none>") else to_ip(cell), cell == "None"


def to_address(text: str) -> IPv4Address | IPv6Address | str:
    """An address; a name, or an address of which the table shows but the beginning (`2603:1...`), as it stands."""
    if text.endswith("..."):
        return text
    return to_repeated_ip(text) if text.replace(".", "").isdecimal() or ":" in text else text


def to_addresses(cell: str) -> tuple[IPv4Address | IPv6Address | str, ...]:
    """`ADDRESS[,ADDRESS...]`, or a word in angle brackets for none."""
    return () if cell[0] == "<" else tuple(map(to_address, cell.split(",")))


@remember
def to_external_ip(cell: str) -> tuple[tuple[IPv4Address | IPv6Address | str, ...], bool]:
    """The addresses of a service outside of the cluster; and whether one is still to come."""
    return to_addresses(cell), cell == "<pending>"


@remember
def to_service_ports(cell: str) -> tuple[r.ServicePort, ...]:
    """`PORT[:NODE_PORT]/PROTOCOL[,...]`."""
    ports = []
    for part in to_list(cell):
        numbers, _, protocol = part.partition("/")
        port, _, node_port = numbers.partition(":")
        ports.append(r.ServicePort(port=int(port), node_port=int(node_port) if node_port else None, protocol=protocol))
    return tuple(ports)


def to_labels(cell: str) -> dict[str, str]:
    """`KEY=VALUE[,KEY=VALUE...]`, or `<none>`."""
    return {key: value for key, _, value in (part.partition("=") for part in to_list(cell))}


def to_selector_or_none(cell: str) -> dict[str, str] | None:
    """The labels that a selector asks for, if it asks for any."""
    return to_labels(cell) or None


_EQUAL = re.compile(r"[^!= ]+=[^=]*")


def to_requirements(cell: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """The labels that a selector asks for, and what else it asks for."""
    parts = [] if cell[0] == "<" else re.split(r",(?![^(]*\))", cell)
    equal = [part for part in parts if _EQUAL.fullmatch(part)]
    return to_labels(",".join(equal) or "<none>"), tuple(part for part in parts if part not in equal)


_MORE = re.compile(r"(.*) \+ ([0-9]+) more\.\.\.")


def with_more(cell: str) -> tuple[str, int | None]:
    """A list, and how many more are in it than were printed."""
    found = _MORE.fullmatch(cell)
    return (found[1], int(found[2])) if found else (cell, None)


def to_endpoints(cell: str) -> tuple[tuple[r.Endpoint, ...], int | None]:
    """`ADDRESS[:PORT][,...]`; and how many more there are."""
    text, more = with_more(cell)
    return tuple(map(to_endpoint, to_list(text))), more


def to_endpoint(text: str) -> r.Endpoint:
    """`ADDRESS[:PORT]`, where an IPv6 address with a port is in brackets."""
    if text.startswith("["):
        ip, _, port = text[1:].partition("]")
        return r.Endpoint(ip=to_ip(ip), port=int(port[1:]) if port else None)
    ip, _, port = text.partition(":") if text.count(":") == 1 else (text, "", "")
    return r.Endpoint(ip=to_ip(ip), port=int(port) if port else None)


def to_slice_ports(cell: str) -> tuple[tuple[int | str, ...], int | None]:
    """`PORT[,PORT...]`, numbers or names; and how many more there are."""
    text, more = with_more(cell)
    return tuple(int(port) if port.isdecimal() else port for port in to_list(text)), more


def to_slice_endpoints(cell: str) -> tuple[tuple[IPv4Address | IPv6Address | str, ...], int | None]:
    """`ADDRESS[,ADDRESS...]`; and how many more there are."""
    text, more = with_more(cell)
    return to_addresses(text), more


def to_hosts(cell: str) -> tuple[tuple[str, ...], int | None]:
    """`HOST[,HOST...]`; and how many more there are."""
    text, more = with_more(cell)
    return to_list(text), more


def to_ingress_ports(cell: str) -> tuple[int, ...]:
    """`PORT[, PORT...]`."""
    return tuple(map(int, cell.split(", ")))


def to_completions(cell: str) -> tuple[int, int | None, int | None]:
    """`0/3`; `1/1 of 2` when one is enough and two work at it."""
    succeeded, _, rest = cell.partition("/")
    _, _, parallelism = rest.partition(" of ")
    return int(succeeded), None if parallelism else int(rest), int(parallelism) if parallelism else None


def to_last_seen(cell: str) -> tuple[timedelta | None, int | None, timedelta | None]:
    """`5m`; of `kubectl events` also `2m28s (x204 over 134m)`."""
    last, _, repeated = cell.partition(" (x")
    count, _, over = repeated.removesuffix(")").partition(" over ")
    return to_age(last), int(count) if count else None, to_age(over) if over else None
