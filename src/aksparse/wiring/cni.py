"""The network configuration that the container runtime of a node uses."""

from __future__ import annotations

from pathlib import PurePosixPath

from aksparse.capture.model import Capture
from aksparse.commands.cni_conf import CniConf
from aksparse.wiring.outputs import outputs_in


def network_configuration(capture: Capture) -> CniConf | None:
    """The configuration of the pods' network: the first by the name of its file, as the runtimes choose it.

    `None` when there are several, and the name of one is not known. That of the loopback interface is none.
    """
    confs = [
        conf
        for output in outputs_in(capture, "cni_conf")
        for conf in output
        if any(plugin.type != "loopback" for plugin in conf.plugins)
    ]
    if len(confs) > 1 and not all(conf.file for conf in confs):
        return None
    return min(confs, key=lambda conf: PurePosixPath(conf.file or "").name, default=None)
