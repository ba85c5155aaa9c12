"""The virtual functions of an interface (SR-IOV), which `ip link` lists below it.

Format: `print_vfinfo` in `ip/ipaddress.c` of iproute2. The JSON also says what the text leaves out: rates of 0.
"""

from __future__ import annotations

import pyparsing as pp

from aksparse.iproute.links.options import Fields, merge, numbers, options, read_options, shaped, strings, switches
from aksparse.linere import LineGrammar
from aksparse.tokens import column, integer, rest_of_line, word

_address = pp.Regex(r"[0-9a-fA-F:]+").set_name("link-layer address")
_FUNCTION = LineGrammar(
    column(pp.Literal("vf"))
    + column(integer("vf"))
    + (
        pp.Literal("link/")
        + column(word.copy().leave_whitespace()("link_type"))
        + _address("address")
        + pp.Opt((pp.Literal("brd") | pp.Literal("peer")("peer")) + _address("broadcast"))
        | column(pp.Literal("MAC")) + _address("address")  # before iproute2 5.0
    )
    + pp.Opt(pp.Literal(",").leave_whitespace() + rest_of_line("settings"))
)
_VLAN = options(
    shaped("vlan protocol", r"[^ \t]+", lambda text: {"protocol": text}),
    numbers("vlan qos"),
)
_SETTINGS = options(
    shaped("tx rate", r"[0-9]{1,10} \(Mbps\)", lambda text: {"tx_rate": int(text.split()[0])}),
    shaped("max_tx_rate", r"[0-9]{1,10}Mbps", lambda text: {"rate": {"max_tx": int(text[:-4])}}),
    shaped("min_tx_rate", r"[0-9]{1,10}Mbps", lambda text: {"rate": {"min_tx": int(text[:-4])}}),
    shaped("spoof checking", r"on|off", lambda text: {"spoofchk": text == "on"}),
    shaped("NODE_GUID", r"[0-9a-f:]+", lambda text: {"node guid": text}),
    shaped("PORT_GUID", r"[0-9a-f:]+", lambda text: {"port guid": text}),
    strings("link-state:link_state"),
    switches("trust query_rss:query_rss_en"),
)


def read_function(line: str) -> Fields | None:
    """The line of a virtual function: its number and addresses, the VLANs it is in, and its settings.

    A setting that is not known is kept under `other`, as it stands.
    """
    found = _FUNCTION.parse(line)
    if found is None:
        return None
    function: Fields = {"vf": int(found.pop("vf"))}
    settings = found.pop("settings", "")
    if found.pop("peer", None):
        function["link_pointtopoint"] = True
    function |= found
    vlans: list[Fields] = []
    others = []
    for setting in filter(None, map(str.strip, settings.split(","))):
        vlan, other = read_options(_VLAN, setting), read_options(_SETTINGS, setting)
        if "other" not in vlan:
            if not vlans or vlan.keys() & vlans[-1].keys():
                vlans.append({})
            vlans[-1].update(vlan)
        elif "other" not in other:
            merge(function, other)
        else:
            others.append(setting)
    if vlans:
        function["vlan_list"] = vlans
    if others:
        function["other"] = ", ".join(others)
    return function
