"""Joining everything that a capture holds."""

from __future__ import annotations

import attrs

from aksparse.capture.model import Capture
from aksparse.commands.kubectl_get import Node
from aksparse.wiring.cni import network_configuration
from aksparse.wiring.host import (
    contradicting_ports,
    host_bridges,
    host_links,
    lists_all_links,
    passed_over,
    uplink,
)
from aksparse.wiring.model import MAIN, Wiring
from aksparse.wiring.pods import node_name, node_not_listed, node_row, pods_on_the_node
from aksparse.wiring.routes import contradicting_routes, neighbours_in, policy_rules, routes_of, routing_tables
from aksparse.wiring.services import refused_services, services, stale_endpoints
from aksparse.wiring.tables import contradicting_tables, listings, tables


def build_wiring(capture: Capture) -> Wiring:
    """Join everything that a capture holds.

    Args:
        capture: what was recorded on one node, as `load_capture` reads it.

    Returns:
        The wiring. It reads nothing and raises nothing: what the capture does not show is empty or `None` in it.
    """
    routing = routing_tables(capture)
    routes = routes_of(routing)
    neighbours = neighbours_in(capture)
    bridges, bridges_known = host_bridges(capture)
    named = {
        **{neighbour.dev: neighbour for neighbour in neighbours if neighbour.dev is not None},
        **{port: bridge.records[0] for bridge in bridges for port in (bridge.name, *bridge.ports)},
        **{route.dev: route.records[0] for route in routes if route.dev is not None},
    }
    all_links = lists_all_links(capture, named)
    bridges_known = bridges_known or all_links
    found = listings(capture)
    listed = tables(found)
    followed = services(listed, capture)
    wiring = Wiring(
        capture=capture,
        links=host_links(capture, bridges, known=bridges_known),
        links_known=all_links,
        bridges=bridges,
        bridges_known=bridges_known,
        routes=tuple(route for route in routes if route.table == MAIN),
        other_routes=tuple(route for route in routes if route.table != MAIN),
        rules=policy_rules(capture),
        neighbours=neighbours,
        tables=listed,
        services=followed,
        refused=refused_services(listed),
        cni=network_configuration(capture),
        diagnostics=(
            *passed_over(capture),
            *contradicting_ports(capture),
            *contradicting_routes(routing),
            *contradicting_tables(found),
            *stale_endpoints(followed, capture),
            *node_not_listed(capture),
        ),
    )
    wiring = attrs.evolve(wiring, node=node_row(wiring))
    # By its addresses alone a node does not tell its pods on its own network from those of another node.
    of_this_node = bool(wiring.addresses) and node_name(wiring) is not None
    nodes_known = of_this_node or any(row.internal_ip for row in capture.records("kubectl_get", Node))
    wiring = attrs.evolve(wiring, nodes_known=nodes_known, pods=pods_on_the_node(wiring))
    return attrs.evolve(wiring, uplink=uplink(wiring))
