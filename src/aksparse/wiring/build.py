"""Joining everything that a capture holds."""

from __future__ import annotations

import attrs

from aksparse.capture import Capture
from aksparse.commands.kubectl_get import Node
from aksparse.wiring.host import host_bridges, host_links, host_routes, passed_over, uplink
from aksparse.wiring.model import Wiring
from aksparse.wiring.pods import node_not_listed, node_row, pods_on_the_node
from aksparse.wiring.services import services
from aksparse.wiring.tables import tables


def build_wiring(capture: Capture) -> Wiring:
    """Join everything that a capture holds."""
    bridges, bridges_known = host_bridges(capture)
    links, links_known = host_links(capture, bridges, known=bridges_known)
    listed = tables(capture)
    wiring = Wiring(
        capture=capture,
        links=links,
        links_known=links_known,
        bridges=bridges,
        bridges_known=bridges_known,
        routes=host_routes(capture),
        tables=listed,
        services=services(listed),
        diagnostics=(*passed_over(capture), *node_not_listed(capture)),
    )
    node = node_row(wiring)
    nodes_known = bool(wiring.addresses) or any(row.internal_ip for row in capture.records("kubectl_get", Node))
    wiring = attrs.evolve(wiring, nodes_known=nodes_known, node=node, pods=pods_on_the_node(wiring, node))
    return attrs.evolve(wiring, uplink=uplink(wiring))
