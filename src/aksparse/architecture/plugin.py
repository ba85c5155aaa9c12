"""Which network mode a node is in, which plugin connects its pods, and who enforces network policies."""

from __future__ import annotations

import attrs

from aksparse.architecture.fact import Fact, Unknown, both, contradiction, instance, known
from aksparse.architecture.marks import marks_of
from aksparse.architecture.modes import (
    MODES,
    Mark,
    Mode,
    conflict,
    deciding,
    excluding,
    in_words,
    nearest,
    possible_modes,
)
from aksparse.architecture.view import NodeView, once
from aksparse.capture.model import Evidence


@attrs.frozen(kw_only=True)
class NetworkMode:
    """The network mode of a node.

    Attributes:
        mode: its name, such as `azure-overlay`.
        marks: what was seen that decides it.
        next_mode: the mode that would be the next nearest.
        excluded_by: what was seen that excludes that one.
    """

    mode: str
    marks: tuple[str, ...] = instance(())
    next_mode: str | None = instance()
    excluded_by: tuple[str, ...] = instance(())

    def summary(self) -> str:
        seen = both(map(in_words, self.excluded_by))
        return f"{MODES[self.mode].title}; the nearest other mode, {self.next_mode}, is ruled out by {seen}"

    def meaning(self) -> str:
        return MODES[self.mode].means


@attrs.frozen(kw_only=True)
class NetworkPlugin:
    """What connects the pods.

    Attributes:
        plugin: `kubenet`, `azure`, `flannel`, `calico`, `bridge` or `ptp`.
        chained: the plugins that the CNI configuration has behind it, such as `portmap`, which forwards the ports of
            the node that pods ask for; absent when the configuration is not known.
    """

    plugin: str
    chained: tuple[str, ...] | None = None

    def summary(self) -> str:
        return f"{self.plugin}, with {both(self.chained)} behind it" if self.chained else self.plugin

    def meaning(self) -> str:
        connects = {
            "kubenet": "kubenet connects the pods",
            "azure": "Azure CNI connects the pods",
            "calico": "Calico connects the pods",
        }.get(self.plugin, f"the CNI plugin {self.plugin} connects the pods")
        if self.chained is None:
            return connects
        ports = "portmap forwards" if "portmap" in self.chained else "no plugin of its configuration forwards"
        return f"{connects}, and {ports} the ports of the node that they ask for"


@attrs.frozen(kw_only=True)
class NetworkPolicy:
    """Who enforces network policies.

    Attributes:
        engine: `calico`, `azure` (Azure NPM), `cilium` or `none`.
    """

    engine: str

    def summary(self) -> str:
        return self.engine

    def meaning(self) -> str:
        return {
            "none": "nothing that is known here enforces network policies, which then have no effect",
            "azure": "Azure NPM enforces network policies with chains and sets of its own",
            "calico": "Calico enforces network policies in its cali-* chains",
            "cilium": "Cilium enforces network policies in the kernel's programs, without rules of iptables",
        }.get(self.engine, f"{self.engine} enforces network policies")


@once
def network_mode(node: NodeView) -> Fact[NetworkMode]:
    """The one mode that can show every mark of the node."""
    marks = marks_of(node)
    modes = possible_modes(marks)
    if not modes:
        return _conflicting(marks)
    if len(modes) > 1:
        names = " or ".join(mode.name for mode in modes)
        reason = f"cannot tell: {names}" if marks else "nothing in the capture shows the network mode"
        return Unknown(reason=reason, commands=deciding(modes, marks), evidence=_lines(_telling(modes, marks)))
    (mode,) = modes
    other, excluded_by = nearest(mode, marks)
    telling = _telling(modes, marks)
    value = NetworkMode(
        mode=mode.name,
        marks=tuple(map(str, telling)),
        next_mode=other.name,
        excluded_by=tuple(map(str, excluded_by)),
    )
    return known(value, _first_lines((*telling, *excluded_by)))


def _telling(modes: tuple[Mode, ...], marks: tuple[Mark, ...]) -> tuple[Mark, ...]:
    """The marks that exclude any mode at all; the rest says nothing."""
    others = [mode for mode in MODES.values() if mode not in modes]
    return tuple(mark for mark in marks if any(excluding(other, [mark]) for other in others))


def _lines(marks: tuple[Mark, ...]) -> tuple[Evidence, ...]:
    return tuple(dict.fromkeys(line for mark in marks for line in mark.evidence))


def _first_lines(marks: tuple[Mark, ...]) -> tuple[Evidence, ...]:
    """One line for each mark: the facts that the marks are of cite the rest."""
    return tuple(dict.fromkeys(line for mark in marks for line in mark.evidence[:1]))


def _conflicting(marks: tuple[Mark, ...]) -> Unknown:
    sides = conflict(marks)
    if len(sides) == 1:
        return Unknown(reason=f"no mode that is known here shows {in_words(sides[0])}", evidence=sides[0].evidence)
    words = [f"{in_words(mark)} ({_modes(possible_modes([mark]))})" for mark in sides]
    more = tuple(mark for mark in marks if not possible_modes([sides[0], mark]))
    return contradiction(f"no one mode shows {both(words)}", _lines((*sides, *more)))


def _modes(modes: tuple[Mode, ...]) -> str:
    names = [mode.name for mode in modes]
    return "no mode" if not names else ", ".join(names[:4]) + (" ..." if len(names) > 4 else "")


@once
def network_plugin(node: NodeView) -> Fact[NetworkPlugin]:
    """The plugin that all modes have which can show every mark of the node."""
    marks = marks_of(node)
    modes = possible_modes(marks)
    if not modes:
        return _conflicting(marks)
    plugins = {mode.plugin for mode in modes}
    if len(plugins) == 1:
        chained = tuple(plugin.type for plugin in node.chained)
        value = NetworkPlugin(plugin=plugins.pop(), chained=chained if node.plugin is not None else None)
        of_chained = [line for name in chained for line in node.conf_lines("type", name)]
        return known(value, (*_first_lines(_telling(modes, marks)), *of_chained))
    reason = f"cannot tell: {' or '.join(sorted(plugins))}" if marks else "nothing names the network plugin"
    return Unknown(reason=reason, commands=deciding(modes, marks))


_CONFIGURED = {"calico": "calico", "cilium-cni": "cilium"}
"""Plugins that enforce network policies as well."""

_ENGINES = {"cali-*": "calico", "AZURE-NPM*": "azure", "CILIUM_*": "cilium"}


def network_policy(node: NodeView) -> Fact[NetworkPolicy]:
    """The engine whose chains are there, or that is stated."""
    marks = marks_of(node)
    seen: dict[str, list[Mark]] = {}
    absent = [mark for mark in marks if mark.kind in _ENGINES and mark.value == "no"]
    for mark in marks:
        if mark.kind in _ENGINES and mark.value == "yes":
            seen.setdefault(_ENGINES[mark.kind], []).append(mark)
        if mark.kind == "stated policy":
            seen.setdefault(mark.value, []).append(mark)
    if len(seen) > 1 and seen.keys() != {"none", "cilium"}:
        return contradiction(f"signs of {both(sorted(seen))}", *(_lines(tuple(found)) for found in seen.values()))
    if seen:
        engine = max(seen, key=lambda name: name != "none")
        missing = [mark for mark in absent if _ENGINES[mark.kind] == engine]
        if missing:
            return contradiction(f"{engine} is stated, and its chains are not there", _lines((*seen[engine], *missing)))
        return known(NetworkPolicy(engine=engine), _lines(tuple(seen[engine])))
    configured = [mark for mark in marks if mark.kind == "CNI type" and mark.value in _CONFIGURED]
    if configured and not [mark for mark in absent if _ENGINES[mark.kind] == _CONFIGURED[configured[0].value]]:
        return known(NetworkPolicy(engine=_CONFIGURED[configured[0].value]), configured[0].evidence)
    if {mark.kind for mark in absent} == _ENGINES.keys():
        return known(NetworkPolicy(engine="none"), _lines(tuple(absent)))
    return Unknown(reason="who enforces network policies is not in the capture", commands=("iptables-save",))
