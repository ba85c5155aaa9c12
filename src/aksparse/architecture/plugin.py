"""Which network plugin connects the pods."""

from __future__ import annotations

import attrs

from aksparse.architecture.addresses import pod_addressing
from aksparse.architecture.attachment import pod_attachment
from aksparse.architecture.fact import Fact, Known, Unknown, contradiction, known
from aksparse.architecture.view import HOST_LINKS, SETTINGS, NodeView
from aksparse.capture import Evidence
from aksparse.wiring.model import naming


@attrs.frozen(kw_only=True)
class NetworkPlugin:
    """Which network plugin connects the pods.

    Attributes:
        plugin: `kubenet` or `azure`.
        mode: `bridge`, `transparent` or `overlay`.
        network_policy: who enforces network policies, as stated for the cluster.
        network_dataplane: `azure` or `cilium`, as stated for the cluster.
    """

    plugin: str
    mode: str | None = None
    network_policy: str | None = None
    network_dataplane: str | None = None

    def summary(self) -> str:
        parts = [self.plugin, f"{self.mode} mode" if self.mode else "mode not shown"]
        parts += [f"network policy {self.network_policy}"] if self.network_policy else []
        parts += [f"dataplane {self.network_dataplane}"] if self.network_dataplane else []
        return ", ".join(parts)

    def meaning(self) -> str:
        known = {
            ("kubenet", "bridge"): "kubenet makes a bridge of its own and gives pods addresses outside the VNet",
            ("azure", "bridge"): "Azure CNI bridges pods into the VNet and gives them addresses of it",
            ("azure", "transparent"): "Azure CNI routes each pod's VNet address to the pod's own host link",
            ("azure", "overlay"): "Azure CNI gives pods addresses of an overlay that the Azure network carries",
        }
        return known.get((self.plugin, self.mode or ""), f"{self.plugin} connects the pods; its mode is not shown")


def network_plugin(node: NodeView) -> Fact[NetworkPlugin]:
    marks: dict[str, list[Evidence]] = {}
    for plugin, lines in node.stated("network_plugin").items():
        marks.setdefault(plugin, []).extend(lines)
    for bridge in node.wiring.bridges:
        if bridge.name in ("cbr0", "azure0"):
            plugin = "kubenet" if bridge.name == "cbr0" else "azure"
            marks.setdefault(plugin, []).extend(node.cite(*bridge.records[:1]))
    azv = [link.records[0] for link in node.wiring.links if naming(link.ifname) == "azv"]
    azv += [route.records[0] for route in node.wiring.routes if naming(route.dev or "") == "azv"]
    marks.setdefault("azure", []).extend(node.cite(*azv[:1]))
    for rule in node.rules("POSTROUTING"):
        if (rule.comment or "").startswith("kubenet:"):
            marks.setdefault("kubenet", []).extend(node.cite(rule))
    marks = {plugin: evidence for plugin, evidence in marks.items() if evidence}
    if len(marks) == 1:
        ((plugin, evidence),) = marks.items()
        mode, proof = plugin_mode(node, plugin)
        policy, dataplane = node.setting("network_policy"), node.setting("network_dataplane")
        value = NetworkPlugin(
            plugin=plugin,
            mode=mode,
            network_policy=policy.value if policy else None,
            network_dataplane=dataplane.value if dataplane else None,
        )
        stated = [line for setting in (policy, dataplane) if setting for line in setting.evidence]
        return known(value, (*evidence, *proof, *stated))
    if marks:
        return contradiction(f"marks of {' and of '.join(sorted(marks))} in one capture", *marks.values())
    return Unknown(reason="nothing names the network plugin", commands=(*HOST_LINKS, *SETTINGS))


def plugin_mode(node: NodeView, plugin: str) -> tuple[str | None, tuple[Evidence, ...]]:
    stated = node.setting("network_plugin_mode")
    if stated is not None and plugin == "azure":
        return stated.value, stated.evidence
    attachment = pod_attachment(node)
    if isinstance(attachment, Unknown):
        return None, ()
    if attachment.value.kind == "bridge":
        return "bridge", attachment.evidence[:1]
    addressing = pod_addressing(node)
    in_subnet = isinstance(addressing, Known) and addressing.value.source == "node subnet"
    return ("transparent", attachment.evidence[:1]) if plugin == "azure" and in_subnet else (None, ())
