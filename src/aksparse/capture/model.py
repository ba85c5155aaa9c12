"""A capture: what was recorded on one node.

Beside the outputs of commands it may hold, in `capture.toml`, what they do not say: which command line printed which
file, and the settings known from outside the node.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Any, TypeVar, get_args

import attrs
import cattrs

from aksparse.command import Parsed
from aksparse.diagnostics import Diagnostic
from aksparse.errors import CaptureError
from aksparse.records import Record

MANIFEST = "capture.toml"

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address
R = TypeVar("R", bound=Record)


@attrs.frozen(kw_only=True)
class RouteTableEntry:
    """One route of the Azure route table of the node's subnet.

    Attributes:
        address_prefix: the destination network.
        next_hop_ip_address: the address that Azure hands packets for it to, where the next hop is one.
        next_hop_type: the kind of next hop, such as `VirtualAppliance`, `VnetLocal` or `Internet`.
    """

    address_prefix: Network
    next_hop_ip_address: Address | None = None
    next_hop_type: str | None = None


@attrs.frozen(kw_only=True)
class NetworkSettings:
    """Settings that are known from outside the node. What is not known is left out.

    Attributes:
        network_plugin: `kubenet`, `azure` or `none`, as `az aks create` names them.
        network_plugin_mode: `overlay`, when pods have addresses of their own.
        network_policy: who enforces network policies.
        network_dataplane: `azure` or `cilium`.
        vnet: the address space of the virtual network.
        vnet_prefixes: all its address spaces, where it has several, such as one for each version of IP.
        subnet: the subnet of the nodes.
        subnet_prefixes: all its prefixes, where it has several.
        pod_subnet: the subnet of the pods, where they have one of their own.
        pod_cidr: the network of the pods of the whole cluster.
        pod_cidrs: these networks, where there is one for each version of IP.
        max_pods: how many pods a node may run.
        ip_families: the versions of IP that pods and services have: `IPv4`, `IPv6`.
        service_cidr: the network of the services.
        service_cidrs: these networks, where there is one for each version of IP.
        dns_service_ip: the address of the cluster's DNS service.
        route_table: the routes of the Azure route table of the subnet; empty when it has one without routes.
    """

    network_plugin: str | None = None
    network_plugin_mode: str | None = None
    network_policy: str | None = None
    network_dataplane: str | None = None
    vnet: Network | None = None
    vnet_prefixes: tuple[Network, ...] | None = None
    subnet: Network | None = None
    subnet_prefixes: tuple[Network, ...] | None = None
    pod_subnet: Network | None = None
    pod_cidr: Network | None = None
    pod_cidrs: tuple[Network, ...] | None = None
    max_pods: int | None = None
    ip_families: tuple[str, ...] | None = None
    service_cidr: Network | None = None
    service_cidrs: tuple[Network, ...] | None = None
    dns_service_ip: Address | None = None
    route_table: tuple[RouteTableEntry, ...] | None = None


@attrs.frozen(kw_only=True)
class OutputEntry:
    """Which command line printed a file.

    Attributes:
        file: the name of the file, in the directory of the capture.
        argv: the command line, as a list of words.
        tool: the version of the tool.
    """

    file: str
    argv: tuple[str, ...]
    tool: str | None = None


@attrs.frozen(kw_only=True)
class Manifest:
    """The content of `capture.toml`.

    Attributes:
        role: what the node is an example of, such as `kubenet`; a label, never a fact.
        node: the name of the node.
        description: where the capture comes from.
        recorded: when it was recorded.
        network: the settings known from outside the node.
        outputs: which command line printed which file.
    """

    role: str | None = None
    node: str | None = None
    description: str | None = None
    recorded: date | None = None
    network: NetworkSettings = NetworkSettings()
    outputs: tuple[OutputEntry, ...] = ()


@attrs.frozen(kw_only=True)
class Evidence:
    """A line that proves something.

    Attributes:
        source: the file, with the name of its capture.
        line: the number of the line, counted from 1.
        text: the line.
    """

    source: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.source}:{self.line}"


@attrs.frozen(kw_only=True)
class Capture:
    """Everything that is known of one node.

    Attributes:
        name: the name of the directory or file.
        manifest: the content of `capture.toml`, empty without one.
        outputs: the outputs, by file name and line.
        diagnostics: what was not understood, or not read.
        texts: the lines of each source.
        manifests: the sources of the manifest: the node's own, and that of the cluster.
    """

    name: str
    manifest: Manifest = Manifest()
    outputs: tuple[Parsed[Any], ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    texts: Mapping[str, list[str]] = attrs.field(factory=dict, repr=False)
    manifests: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing is known: no output was recognised, and the manifest says nothing."""
        return not self.outputs and self.manifest == Manifest()

    def parsed(self, command: str) -> Iterator[Parsed[Any]]:
        """The outputs of a command."""
        return (output for output in self.outputs if output.command == command)

    def records(self, command: str, kind: type[R]) -> list[R]:
        """The records of one kind in all outputs of a command."""
        return [record for output in self.parsed(command) for record in output if isinstance(record, kind)]

    def evidence(self, *records: Record) -> tuple[Evidence, ...]:
        """The lines that records were read from."""
        return tuple(
            self.line(record.origin, number)
            for record in records
            for number in range(record.line, record.span.end_line + 1)
        )

    def line(self, source: str, number: int) -> Evidence:
        """One line of a source."""
        return Evidence(source=source, line=number, text=self.texts[source][number - 1].rstrip())

    def setting(self, *path: str | int) -> Evidence:
        """The line of `capture.toml` that holds a setting, such as `network`, `subnet`."""
        lines = {source: _setting_line(self.texts[source], path) for source in self.manifests}
        source = next((source for source, line in lines.items() if line), self.manifests[0])
        return self.line(source, lines[source] or 1)


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


_converter = cattrs.Converter(forbid_extra_keys=True)


def _structure_union(union: Any, make: Callable[[str], object]) -> None:
    """Make the values of a union, or of the union with None: TOML has no null, so that None never has to be made."""
    _converter.register_structure_hook_func(
        lambda kind: set(get_args(kind)) - {type(None)} == set(get_args(union)),
        lambda value, _: make(_expect(str, value)),
    )


_structure_union(Address, ip_address)
_structure_union(Network, ip_network)
_converter.register_structure_hook(str, lambda value, _: _expect(str, value))
_converter.register_structure_hook(int, lambda value, _: _expect(int, value))
# A text is a sequence as well: `argv = "route -n"` would become one word per letter.
_converter.register_structure_hook_func(
    lambda kind: kind == tuple[str, ...],
    lambda value, _: tuple(_expect(str, word) for word in _expect(list, value)),
)
_converter.register_structure_hook(date, lambda value, _: _expect(date, value))


_KINDS: dict[type, str] = {str: "text", int: "a number"}


def _expect(kind: type, value: object) -> Any:
    if not isinstance(value, kind):
        raise ValueError(f"expected {_KINDS.get(kind, kind.__name__)}, found {value!r}")
    return value


def read_manifest(text: str, *, source: str = MANIFEST) -> Manifest:
    """Read the text of a `capture.toml`.

    Raises:
        CaptureError: it is not TOML, or says something that a manifest can't say.
    """
    try:
        return _converter.structure(tomllib.loads(text), Manifest)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line ([0-9]+)", str(error))
        raise CaptureError(source, str(error), int(line[1]) if line else None) from None
    except cattrs.BaseValidationError as error:
        message = "; ".join(cattrs.transform_error(error, path="manifest", format_exception=_format_exception))
        raise CaptureError(source, message) from None


def _format_exception(error: BaseException, kind: type | None) -> str:
    if isinstance(error, cattrs.ForbiddenExtraKeysError):
        return f"unknown setting: {', '.join(sorted(error.extra_fields))}"
    if isinstance(error, KeyError):
        return f"missing setting: {error.args[0]}"
    return str(error) if isinstance(error, ValueError) else cattrs.v.format_exception(error, kind)


_TABLE = re.compile(r"\s*\[\[?([^\[\]=]+)\]")
_KEY = re.compile(r"\s*([\w.\"' -]+?)\s*=")


def _setting_line(lines: list[str], path: tuple[str | int, ...]) -> int:
    """The number of the line of a TOML text that sets a key, or the inline table around it; 0 when none does."""
    wanted = ".".join(part for part in path if isinstance(part, str))
    index = next((part for part in path if isinstance(part, int)), 0)
    table, nearest = "", 0
    entries = Counter({table: 1})
    for number, line in enumerate(lines, 1):
        if header := _TABLE.match(line):
            table = f"{_bare(header[1])}."
            entries[table] += 1
        elif found := _KEY.match(line):
            key = table + _bare(found[1])
            if key == wanted and entries[table] == index + 1:
                return number
            nearest = number if wanted.startswith(f"{key}.") else nearest
    return nearest


def _bare(key: str) -> str:
    """A key of TOML without quotes and blanks."""
    return re.sub(r"[\"' ]", "", key)
