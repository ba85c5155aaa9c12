"""The network modes that a node can be in, and the marks that tell them apart: one table.

A mark is something seen on a node, of one of the kinds below. For each mode the table says which values of a kind it
can show; what it does not list, it cannot show, and of a kind that it does not name it can show anything. A mode is
possible if it can show every mark seen. Seen is also that something is not there, where all of it was listed: so a
mode that does not list `no` must show it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations

import attrs

from aksparse.capture.model import Evidence


@attrs.frozen(kw_only=True)
class Kind:
    """A kind of mark.

    Attributes:
        name: its name.
        commands: the commands whose output shows it.
        noun: what is there, or is not, for a reader; without one, its name.
        words: how a reader would say a value; without them, the value behind the noun.
    """

    name: str
    commands: tuple[str, ...]
    noun: str = attrs.field()
    words: str = attrs.field()

    @noun.default
    def _name(self) -> str:
        return self.name

    @words.default
    def _behind_the_noun(self) -> str:
        return f"{self.noun} {{}}"

    def said(self, value: str) -> str:
        """A value as a reader would say it, such as `no tunnel`."""
        if value == "yes":
            return self.noun
        return f"{value} {self.noun}" if value in ("no", "another") else self.words.format(value)


_LINKS = ("ip addr", "ip route")
_PODS = ("kubectl get pods -A -o wide", "kubectl get nodes -o wide", "ip route")
_RULES = ("iptables-save",)
_CONF = ("cat /etc/cni/net.d/*.conflist",)
_STATED = ("az aks show -g GROUP -n CLUSTER",)

KINDS = {
    kind.name: kind
    for kind in (
        Kind(name="host links", commands=_LINKS, words="host links {}*"),
        Kind(name="bridge", commands=("ip addr", "brctl show", "ip route")),
        Kind(name="uplink is its port", commands=("ip addr", "brctl show"), noun="uplink among the bridge's ports"),
        Kind(name="MAC of host links", commands=("ip addr",), words="host links with the MAC {}"),
        Kind(name="pod addresses", commands=(*_PODS, "az network vnet show -g GROUP -n VNET (for capture.toml)")),
        Kind(name="pod gateway", commands=("nsenter -t PID -n ip route",), words="{} as the pods' gateway"),
        Kind(name="tunnel", commands=("ip addr",)),
        Kind(name="cilium_host", commands=("ip addr",)),
        Kind(name="blackhole of a pod block", commands=("ip route",), noun="blackhole route of a pod block"),
        Kind(name="routes by", commands=("ip route",)),
        Kind(name="source NAT by", commands=_RULES),
        Kind(name="KUBE-MARK-MASQ", commands=_RULES),
        Kind(name="KUBE-SVC", commands=_RULES, noun="KUBE-SVC-* chains"),
        Kind(name="cali-*", commands=_RULES, noun="cali-* chains"),
        Kind(name="AZURE-NPM*", commands=_RULES, noun="AZURE-NPM* chains"),
        Kind(name="SWIFT", commands=_RULES, noun="chain SWIFT", words="chain {}"),
        Kind(name="CILIUM_*", commands=_RULES, noun="CILIUM_* chains"),
        Kind(name="CNI type", commands=_CONF),
        Kind(name="CNI mode", commands=_CONF),
        Kind(name="CNI bridge", commands=_CONF),
        Kind(name="CNI ipam", commands=_CONF),
        Kind(name="CNI ipam mode", commands=_CONF),
        Kind(name="CNI executionMode", commands=_CONF),
        Kind(name="stated plugin", commands=_STATED),
        Kind(name="stated plugin mode", commands=_STATED),
        Kind(name="stated policy", commands=_STATED),
        Kind(name="stated dataplane", commands=_STATED),
    )
}


@attrs.frozen(kw_only=True)
class Mode:
    """A network mode.

    Attributes:
        name: its name, such as `azure-overlay`.
        title: what it is called in a sentence.
        plugin: what connects the pods: `kubenet`, `azure`, `flannel`, `calico`, or the plain CNI plugin.
        means: how a packet travels, in a sentence without a subject to begin with.
        shows: by kind of mark, the values that it can show.
    """

    name: str
    title: str
    plugin: str
    means: str
    shows: Mapping[str, frozenset[str]]

    def can_show(self, kind: str, value: str) -> bool:
        """Whether a node in this mode can show a mark."""
        return kind not in self.shows or value in self.shows[kind]


IN_SUBNET = "in the node's subnet"
IN_VNET = "in another subnet of the VNet"
OUT_OF_SUBNET = "outside the node's subnet"
OUT_OF_VNET = "outside the VNet"

# What most modes have in common; a mode overrides what it shows otherwise.
_COMMON: dict[str, str] = {
    "uplink is its port": "no",
    "MAC of host links": "",
    "pod addresses": f"{OUT_OF_SUBNET}|{OUT_OF_VNET}",
    "tunnel": "no",
    "cilium_host": "no",
    "blackhole of a pod block": "no",
    "routes by": "",
    "KUBE-MARK-MASQ": "",
    "KUBE-SVC": "yes",
    "cali-*": "no",
    "AZURE-NPM*": "no",
    "SWIFT": "no",
    "CILIUM_*": "no",
    "CNI mode": "",
    "CNI ipam": "host-local",
    "CNI ipam mode": "",
    "CNI executionMode": "",
    "stated plugin": "none",
    "stated plugin mode": "",
    "stated policy": "none",
    "stated dataplane": "",
}
_ROUTED = {"bridge": "no", "pod gateway": "a link-local address", "CNI bridge": ""}
_KUBENET = {"source NAT by": "kubenet|ip-masq-agent", "stated plugin": "kubenet"}
_CALICO_LINKS = {
    **_ROUTED,
    "host links": "cali",
    "MAC of host links": "ee:ee:ee:ee:ee:ee",
    "cali-*": "yes",
    "CNI type": "calico",
}
_CALICO = {
    **_CALICO_LINKS,
    "blackhole of a pod block": "yes",
    "routes by": "bird",
    "source NAT by": "Calico",
    "CNI ipam": "calico-ipam",
    "stated policy": "none|calico",
}
_AZURE = {
    "host links": "azv",
    "source NAT by": "ip-masq-agent",
    "pod addresses": IN_SUBNET,
    "CNI type": "azure-vnet",
    "CNI ipam": "azure-vnet-ipam",
    "stated plugin": "azure",
    "stated dataplane": "azure",
}
_TRANSPARENT = {
    **_AZURE,
    **_ROUTED,
    "MAC of host links": "aa:aa:aa:aa:aa:aa",
    "CNI mode": "transparent",
}
# The same links with addresses of azure-cns; who enforces policies is told apart from the mode.
_AZURE_CNS = {
    **_TRANSPARENT,
    "KUBE-MARK-MASQ": "in !azv+",
    "cali-*": "yes|no",
    "AZURE-NPM*": "yes|no",
    "CNI ipam": "azure-cns",
    "stated policy": "none|azure|calico",
}
_CILIUM = {
    "host links": "lxc",
    "bridge": "no",
    "pod gateway": "a link-local address|another address",
    "cilium_host": "yes",
    "source NAT by": "ip-masq-agent",
    "KUBE-SVC": "",
    "SWIFT": "SWIFT-POSTROUTING|no",
    "CILIUM_*": "yes",
    "CNI type": "cilium-cni",
    "CNI bridge": "",
    "CNI ipam": "azure-ipam|azure-cns|delegated-plugin",
    "stated plugin": "azure",
    "stated policy": "none|cilium",
    "stated dataplane": "cilium",
}
_BRIDGE = {"host links": "veth", "pod gateway": "the node's bridge"}


def _values(text: str) -> frozenset[str]:
    return frozenset(filter(None, text.split("|")))


def _mode(name: str, title: str, plugin: str, means: str, *shown: Mapping[str, str], **more: str) -> Mode:
    cells: dict[str, str] = {**_COMMON}
    for part in (*shown, {key.replace("_", " "): value for key, value in more.items()}):
        cells.update(part)
    shows = {kind: _values(values) for kind, values in cells.items()}
    return Mode(name=name, title=title, plugin=plugin, means=means, shows=shows)


MODES = {
    mode.name: mode
    for mode in (
        _mode(
            "kubenet",
            "kubenet",
            "kubenet",
            "cbr0 connects the node's pods, which have addresses outside the VNet, and an Azure route table "
            "leads to them; "
            "AKS retires kubenet on 31 March 2028, and the way out is one upgrade of all node pools to "
            "Azure CNI Overlay",
            _BRIDGE,
            _KUBENET,
            bridge="cbr0",
            CNI_type="bridge",
            CNI_bridge="cbr0",
        ),
        _mode(
            "kubenet-calico",
            "kubenet with Calico",
            "kubenet",
            "Calico links each pod by itself, without cbr0, pods have addresses outside the VNet, and an "
            "Azure route table "
            "leads to them; AKS retires kubenet on 31 March 2028, and the way out is one upgrade of all node pools to "
            "Azure CNI Overlay",
            _CALICO_LINKS,
            _KUBENET,
            source_NAT_by="kubenet|ip-masq-agent|Calico",
            CNI_ipam="host-local",
            stated_policy="calico",
        ),
        _mode(
            "azure-bridge",
            "Azure CNI, bridge mode",
            "azure",
            "azure0 bridges pods into the VNet, and eth0 is one of its ports; newer releases of Azure CNI "
            "route to pods "
            "instead (transparent mode)",
            _AZURE,
            {"uplink is its port": "yes", "AZURE-NPM*": "yes|no", "stated policy": "none|azure"},
            bridge="azure0",
            pod_gateway="the subnet's gateway",
            CNI_mode="bridge",
            CNI_bridge="azure0",
        ),
        _mode(
            "azure-transparent",
            "Azure CNI, transparent mode, node subnet",
            "azure",
            "the node routes to each pod's address, which is one of the node's subnet and which the VNet knows",
            _TRANSPARENT,
        ),
        _mode(
            "azure-calico",
            "Azure CNI, transparent mode, node subnet, with Calico",
            "azure",
            "the node routes to each pod's address, one of the node's subnet, and Calico's rules stand on the way",
            _TRANSPARENT,
            {"cali-*": "yes"},
            stated_policy="calico",
        ),
        _mode(
            "azure-npm",
            "Azure CNI, transparent mode, node subnet, with Azure NPM",
            "azure",
            "the node routes to each pod's address, one of the node's subnet, and Azure NPM's rules stand on the way",
            _TRANSPARENT,
            {"AZURE-NPM*": "yes"},
            stated_policy="azure",
        ),
        _mode(
            "azure-overlay",
            "Azure CNI Overlay",
            "azure",
            "the node routes to each pod's address, which is outside the VNet, and Azure carries packets between nodes",
            _AZURE_CNS,
            {"pod addresses": f"{OUT_OF_SUBNET}|{OUT_OF_VNET}", "CNI ipam mode": "overlay|v4overlay|dualStackOverlay"},
            stated_plugin_mode="overlay",
        ),
        _mode(
            "azure-podsubnet",
            "Azure CNI, Pod Subnet",
            "azure",
            "the node routes to each pod's address, which is one of a subnet of the VNet that only pods use",
            _AZURE_CNS,
            {"pod addresses": f"{IN_VNET}|{OUT_OF_SUBNET}", "SWIFT": "SWIFT|SWIFT-POSTROUTING"},
            CNI_executionMode="v4swift",
        ),
        _mode(
            "azure-cilium",
            "Azure CNI powered by Cilium, node subnet",
            "azure",
            "Cilium's programs in the kernel forward packets and translate services, and pods have "
            "addresses of the node's "
            "subnet",
            _CILIUM,
            {"pod addresses": IN_SUBNET},
        ),
        _mode(
            "azure-podsubnet-cilium",
            "Azure CNI powered by Cilium, Pod Subnet",
            "azure",
            "Cilium's programs in the kernel forward packets and translate services, and pods have "
            "addresses of a subnet of "
            "the VNet that only they use",
            _CILIUM,
            {"pod addresses": f"{IN_VNET}|{OUT_OF_SUBNET}"},
        ),
        _mode(
            "azure-overlay-cilium",
            "Azure CNI Overlay powered by Cilium",
            "azure",
            "Cilium's programs in the kernel forward packets and translate services, pods have addresses "
            "outside the VNet, "
            "and Azure carries packets between nodes",
            _CILIUM,
            stated_plugin_mode="overlay",
        ),
        _mode(
            "flannel",
            "flannel",
            "flannel",
            "cni0 connects the node's pods, and flannel carries packets between nodes",
            _BRIDGE,
            {"source NAT by": "flanneld"},
            bridge="cni0",
            tunnel="flannel|no",
            CNI_type="flannel|bridge",
            CNI_bridge="cni0|cbr0",
        ),
        _mode(
            "calico-ipip",
            "Calico with IPIP",
            "calico",
            "the node routes to each pod's address, and to other nodes' pods through the IPIP tunnel tunl0",
            _CALICO,
            tunnel="tunl0",
        ),
        _mode(
            "calico-bgp",
            "Calico with BGP",
            "calico",
            "the node routes to each pod's address, and to other nodes' pods by routes learned over BGP, "
            "without a tunnel",
            _CALICO,
        ),
        _mode(
            "calico-vxlan",
            "Calico with VXLAN",
            "calico",
            "the node routes to each pod's address, and to other nodes' pods through the VXLAN tunnel vxlan.calico",
            _CALICO,
            tunnel="vxlan.calico",
        ),
        _mode(
            "bridge",
            "the plain CNI bridge plugin",
            "bridge",
            "a bridge connects the node's pods, and nothing on the node leads to pods of other nodes but plain routes",
            _BRIDGE,
            {
                "uplink is its port": "yes|no",
                "pod addresses": "|".join((IN_SUBNET, IN_VNET, OUT_OF_SUBNET, OUT_OF_VNET)),
            },
            {"source NAT by": "CNI plugin|ip-masq-agent"},
            bridge="cni0|another",
            pod_gateway="the node's bridge|the subnet's gateway",
            CNI_type="bridge",
            CNI_bridge="cni0|another",
            CNI_ipam="host-local|dhcp|static",
        ),
        _mode(
            "ptp",
            "the CNI ptp plugin",
            "ptp",
            "the node routes to each pod's address over a link of its own",
            {"source NAT by": "CNI plugin|kindnetd|ip-masq-agent"},
            host_links="veth",
            bridge="no",
            pod_gateway="the node's end of the pod's link",
            CNI_type="ptp",
            CNI_bridge="",
            CNI_ipam="host-local|dhcp|static",
        ),
    )
}


@attrs.frozen(kw_only=True)
class Mark:
    """A mark seen on a node.

    Attributes:
        kind: the name of its kind.
        value: what was seen; `no` where all of it was listed and it is not there.
        evidence: the lines in which it was seen.
    """

    kind: str
    value: str
    evidence: tuple[Evidence, ...]

    def __str__(self) -> str:
        return f"{self.kind}: {self.value}"


def in_words(mark: object) -> str:
    """A mark, or the text of one, as a reader would say it."""
    kind, _, value = str(mark).partition(": ")
    return KINDS[kind].said(value)


def possible_modes(marks: Iterable[Mark]) -> tuple[Mode, ...]:
    """The modes that can show all of these marks."""
    seen = tuple(marks)
    return tuple(mode for mode in MODES.values() if not excluding(mode, seen))


def excluding(mode: Mode, marks: Iterable[Mark]) -> tuple[Mark, ...]:
    """The marks that a mode cannot show."""
    return tuple(mark for mark in marks if not mode.can_show(mark.kind, mark.value))


def nearest(mode: Mode, marks: Iterable[Mark]) -> tuple[Mode, tuple[Mark, ...]]:
    """Of the other modes the one that the fewest marks exclude, and these marks."""
    seen = tuple(marks)
    others = [other for other in MODES.values() if other is not mode]
    found = min(others, key=lambda other: len(excluding(other, seen)))
    return found, excluding(found, seen)


def conflict(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    """The fewest of these marks that no one mode can show together."""
    seen = tuple(marks)
    for size in (1, 2, 3):
        for some in combinations(seen, size):
            if not possible_modes(some):
                return some
    return seen


def deciding(modes: Iterable[Mode], marks: Iterable[Mark]) -> tuple[str, ...]:
    """The commands that would show which of some modes it is: of kinds not seen yet, by which two of them differ."""
    seen = {mark.kind for mark in marks}
    pairs = list(combinations(modes, 2))
    kinds = [
        kind
        for name, kind in KINDS.items()
        if name not in seen and any(one.shows.get(name) != other.shows.get(name) for one, other in pairs)
    ]
    return tuple(dict.fromkeys(command for kind in kinds for command in kind.commands))


def marks_as_markdown() -> str:
    """The table of marks as Markdown: a row for each mode, with the marks in which it is not like most others."""
    rows = [["mode", "on the node", "in the CNI configuration"], ["---"] * 3]
    for mode in MODES.values():
        kinds = [kind for kind in mode.shows if not kind.startswith("stated ") and mode.shows[kind] != _USUAL.get(kind)]
        cells = (
            [kind for kind in KINDS if kind in kinds and kind.startswith("CNI ") == of_cni] for of_cni in (False, True)
        )
        rows.append([f"**{mode.name}**", *("; ".join(_cell(mode, kind) for kind in cell) for cell in cells)])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


_USUAL = {kind: _values(values) for kind, values in _COMMON.items()}


def _cell(mode: Mode, kind: str) -> str:
    values = mode.shows[kind]
    if values == {"yes", "no"}:
        words = "may be"
    else:
        words = " or ".join(sorted(values, key=lambda value: (value == "no", value))) or "none"
    return f"{kind}: {words}".replace("*", r"\*")
