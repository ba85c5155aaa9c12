"""`cat /etc/cni/net.d/10-azure.conflist`: which network plugins a node runs for its pods, and how.

Format: the CNI specification (containernetworking/cni, `SPEC.md`, section 1): a JSON object that is either a list of
plugins (`.conflist`) or the configuration of one (`.conf`). Plugins add keys of their own: the keys of `bridge`, `ptp`
and `host-local` are in the documentation of the reference plugins (cni.dev/plugins), those of `azure-vnet` in
`cni/netconfig.go` of Azure/azure-container-networking. The names are those of the files, in snake case.

Keys without a field, and values that are not of the field's type, are kept as they are in `other`. Several files may
follow each other (`cat *`), each under a line with its name (`tail -n +1 *`). A configuration is one record from its
first to its last line, whatever the layout of the JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any

import attrs
import pyparsing as pp

from aksparse.command import Command, Lines
from aksparse.documents import Document, read_documents
from aksparse.linere import LineGrammar
from aksparse.records import Record
from aksparse.terminal.noise import noise
from aksparse.tokens import BadValue, to_ip, to_network

Address = IPv4Address | IPv6Address | str
Network = IPv4Network | IPv6Network | str


@attrs.frozen(kw_only=True)
class CniRange:
    """A range of addresses that pods get theirs from.

    Attributes:
        subnet: the network; as text when it is a word, such as `usePodCidr`, that a program puts a network for.
        range_start: the first address.
        range_end: the last address.
        gateway: the gateway of the pods.
        other: the keys without a field, as they are.
    """

    subnet: Network | None = None
    range_start: Address | None = None
    range_end: Address | None = None
    gateway: Address | None = None
    other: dict[str, Any] | None = None


@attrs.frozen(kw_only=True)
class CniRoute:
    """A route that pods get.

    Attributes:
        dst: the destination.
        gw: the gateway; absent when it is that of the range.
        other: the keys without a field, as they are.
    """

    dst: Network | None = None
    gw: Address | None = None
    other: dict[str, Any] | None = None


@attrs.frozen(kw_only=True)
class CniIpam:
    """Where pods get their addresses from.

    Attributes:
        type: the plugin that hands them out, such as `host-local`, `azure-vnet-ipam` or `azure-cns`.
        mode: the mode of `azure-cns`, such as `overlay` or `v4overlay`.
        subnet: the network of `host-local` in its older, flat form.
        range_start: the first address, in that form.
        range_end: the last address, in that form.
        gateway: the gateway of the pods, in that form.
        ranges: the ranges of `host-local`: from each set a pod gets one address.
        routes: the routes that pods get.
        other: the keys without a field, as they are.
    """

    type: str | None = None
    mode: str | None = None
    subnet: Network | None = None
    range_start: Address | None = None
    range_end: Address | None = None
    gateway: Address | None = None
    ranges: tuple[tuple[CniRange, ...], ...] = ()
    routes: tuple[CniRoute, ...] = ()
    other: dict[str, Any] | None = None


@attrs.frozen(kw_only=True)
class CniPlugin:
    """One plugin of a configuration.

    Attributes:
        type: the name of the plugin's program, such as `bridge`, `azure-vnet`, `portmap`.
        bridge: the bridge that pods are ports of.
        mode: how `azure-vnet` attaches pods: `bridge` or `transparent`; the mode of `macvlan` or `ipvlan`.
        execution_mode: the execution mode of `azure-vnet`, such as `v4swift`.
        master: the host's interface that pods' interfaces are made from.
        mtu: the MTU of the pods' interfaces.
        is_gateway: whether the bridge gets an address and is the pods' gateway.
        is_default_gateway: whether it is their default gateway.
        ip_masq: whether the plugin masquerades what leaves for outside.
        promisc_mode: whether the bridge is promiscuous.
        hairpin_mode: whether a port may send back what it received.
        ipam: where pods get their addresses from.
        other: the keys without a field, as they are.
    """

    type: str
    bridge: str | None = None
    mode: str | None = None
    execution_mode: str | None = None
    master: str | None = None
    mtu: int | None = None
    is_gateway: bool | None = None
    is_default_gateway: bool | None = None
    ip_masq: bool | None = None
    promisc_mode: bool | None = None
    hairpin_mode: bool | None = None
    ipam: CniIpam | None = None
    other: dict[str, Any] | None = None


@attrs.frozen(kw_only=True)
class CniConf(Record):
    """One network configuration.

    Attributes:
        file: the file it stands in; absent when neither the text nor the command line says it.
        cni_version: the version of the specification that it follows.
        name: the name of the network.
        disable_check: whether the runtime is not to ask the plugins for their state.
        plugins: the plugins in the order they run; of a `.conf` the one plugin.
        other: the keys of a list of plugins that have no field, as they are.
    """

    file: str | None = None
    cni_version: str | None = None
    name: str | None = None
    disable_check: bool | None = None
    plugins: tuple[CniPlugin, ...]
    other: dict[str, Any] | None = None


Members = dict[str, Any]


def _take(members: Members, **keys: type) -> Members:
    """The values of keys, each of its type, by the names of their fields; they are taken out of the members."""
    fields = {}
    for field, kind in keys.items():
        first, *others = field.split("_")
        key = first + "".join(map(str.title, others))
        if type(members.get(key)) is kind:
            fields[field] = members.pop(key)
    return fields


def _take_parsed(members: Members, to_value: Callable[[str], Any], *keys: str) -> Members:
    """The same of texts that are to be addresses or networks, but may be words that stand for one."""
    return {key: _or_text(to_value, text) for key, text in _take(members, **dict.fromkeys(keys, str)).items()}


def _or_text(to_value: Callable[[str], Any], text: str) -> Any:
    try:
        return to_value(text)
    except BadValue:
        return text


def _rest(members: Members) -> Members:
    return {"other": members} if members else {}


def _range_fields(members: Members) -> Members:
    addresses = _take_parsed(members, to_ip, "range_start", "range_end", "gateway")
    return _take_parsed(members, to_network, "subnet") | addresses


def _range(members: Members) -> CniRange:
    fields = _range_fields(members)
    return CniRange(**fields, **_rest(members))


def _route(members: Members) -> CniRoute:
    fields = _take_parsed(members, to_network, "dst") | _take_parsed(members, to_ip, "gw")
    return CniRoute(**fields, **_rest(members))


def _are_objects(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _ipam(members: Members) -> CniIpam:
    fields = _take(members, type=str, mode=str) | _range_fields(members)
    if _are_objects(members.get("routes")):
        fields["routes"] = tuple(map(_route, members.pop("routes")))
    if isinstance(members.get("ranges"), list) and all(map(_are_objects, members["ranges"])):
        fields["ranges"] = tuple(tuple(map(_range, ranges)) for ranges in members.pop("ranges"))
    return CniIpam(**fields, **_rest(members))


_PLUGIN: Mapping[str, type] = {
    **dict.fromkeys(("type", "bridge", "mode", "execution_mode", "master"), str),
    "mtu": int,
    **dict.fromkeys(("is_gateway", "is_default_gateway", "ip_masq", "promisc_mode", "hairpin_mode"), bool),
}


def _plugin(members: Any) -> CniPlugin:
    if not isinstance(members, dict) or not isinstance(members.get("type"), str):
        raise ValueError("expected a CNI plugin: an object with its type")
    fields = _take(members, **_PLUGIN)
    if isinstance(members.get("ipam"), dict):
        fields["ipam"] = _ipam(members.pop("ipam"))
    return CniPlugin(**fields, **_rest(members))


def _fields(members: Any) -> Members:
    """The fields of a configuration."""
    if not isinstance(members, dict) or not members.keys() & {"plugins", "type"}:
        raise ValueError("expected a CNI configuration: an object with plugins or the type of one")
    fields = _take(members, cni_version=str, name=str, disable_check=bool)
    if isinstance(members.get("plugins"), list):
        plugins = tuple(map(_plugin, members.pop("plugins")))
        return {**fields, "plugins": plugins, **_rest(members)}
    return {**fields, "plugins": (_plugin(members),)}


_HEADLINE = LineGrammar(
    pp.Literal("==>") + pp.Regex(r"[^ \t]+")("file") + pp.Literal("<==")
    | pp.Regex(r"[^ \t{}\[\]\",]*\.(?:conflist|conf|json)(?=:?[ \t]*\Z)")("file") + pp.Opt(pp.Literal(":"))
)


def _assemble(lines: Lines) -> Iterator[CniConf]:
    headline, file = 0, _only_file(lines.argv)
    numbers: list[int] = []
    for number, line in lines:
        if (found := _HEADLINE.parse(line)) is None:
            numbers.append(number)
            continue
        yield from _confs(lines, headline, numbers, file)
        headline, file, numbers = number, found["file"], []
    yield from _confs(lines, headline, numbers, file)


def _confs(lines: Lines, headline: int, numbers: Sequence[int], file: str | None) -> Iterator[CniConf]:
    """The configurations in the lines of one file; a line with its name is part of the first."""

    def read(document: Document) -> CniConf:
        return CniConf(
            **_fields(document.value), file=file, origin=lines.source, line=document.first, end_line=document.last
        )

    for conf in read_documents(lines, numbers, read):
        if headline:
            lines.recorded(headline)
            conf, headline = attrs.evolve(conf, line=headline), 0
        yield conf
    if headline:
        lines.ignore(headline, "headline")


def _only_file(argv: Sequence[str]) -> str | None:
    """The file that a command line reads, when it is only one."""
    files = [word for word in argv[1:] if not word.startswith("-")]
    return files[0] if len(files) == 1 and not set(files[0]) & set("*?[") else None


_READERS = {"cat", "head", "tail", "more", "less", "jq"}


def _produced_by(argv: Sequence[str]) -> bool:
    if argv[0] not in _READERS:
        return False
    files = [word for word in argv[1:] if not word.startswith("-") and "/" in word]
    return bool(files) and all("/cni/net.d/" in file or file.endswith(".conflist") for file in files)


def _shown_by(texts: Sequence[str]) -> bool:
    """Whether an object that begins the text has the keys of a configuration."""
    first = next((text for text in texts if not noise(text) and not _HEADLINE.pattern.match(text)), "")
    if first.lstrip()[:1] != "{":
        return False
    text = "".join(text for text in texts if not noise(text) and not _HEADLINE.pattern.match(text))
    return '"cniVersion"' in text and ('"plugins"' in text or '"type"' in text)


COMMAND = Command(name="cni_conf", record=CniConf, assemble=_assemble, produced_by=_produced_by, shown_by=_shown_by)
parse_cni_conf = COMMAND.parse
