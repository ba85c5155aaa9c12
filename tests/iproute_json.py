"""What `ip -j` says, as the text of the same command says it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any

DETAILS = {"type": "unicast", "table": "main", "protocol": "boot", "scope": "global"}
# The JSON spreads what an encapsulation does over keys of its own, some of them twice in one object.
ENCAP_KEYS = {"mode", "segs"}

_IPV4_IN_IPV6 = re.compile(r"::(?:ffff:)?[0-9a-f.:]+")


def written_alike(text: str) -> str:
    """An address in which there is one of IPv4 may be written in two ways: here it is always the same."""
    address, slash, length = text.partition("/")
    return f"{ip_address(address)}{slash}{length}" if _IPV4_IN_IPV6.fullmatch(address) else text


def said_by_text(document: Any) -> Any:
    """The JSON with `true` for what is `null` there: the key alone says all."""
    if isinstance(document, str):
        return written_alike(document)
    if isinstance(document, dict):
        return {key: said_by_text(value) for key, value in document.items()}
    if isinstance(document, list):
        return [said_by_text(item) for item in document]
    return True if document is None else document


def said_by_text_of_rule(rule: Any) -> Any:
    """A rule of `ip -j rule`: the text has no mask that covers all bits, and what another mask cuts off as a number."""
    said = said_by_text(rule)
    masks = {"sport_mask": "0xffff", "dport_mask": "0xffff", "dscp_mask": "0x3f", "flowlabel_mask": "0xfffff"}
    said = {key: value for key, value in said.items() if masks.get(key) != value}
    if "dscp_mask" in said:
        said["dscp"] = f"{int(said['dscp']):#x}"
    return said


def judge_of_route(judge: Any, *, details: bool) -> Any:
    """A route of `ip -j route`; the text has some of its keys only with `-d`."""
    route = said_by_text(judge)
    hops = route.get("nexthops", ())
    for hop in (route, *hops):
        if "encap" in hop:
            for key in ENCAP_KEYS:
                hop.pop(key, None)
    for metrics in route.get("metrics", ()):
        for name in ("rtt", "rttvar", "rto_min"):
            if metrics.get(name, 0) >= 1000:
                metrics[name] = round(float(f"{metrics[name] / 1000:g}") * 1000)
    if not details:
        route = {key: value for key, value in route.items() if DETAILS.get(key) != value}
        route.pop("nh_info", None)
    return route


def without_text_only(route: Any) -> Any:
    """A record of `ip route` without what the JSON never says."""
    route = {key: value for key, value in route.items() if key != "encap_info"}
    if "metrics" in route:
        route["metrics"] = [{key: value for key, value in route["metrics"][0].items() if key != "lock"}]
    if "nexthops" in route:
        route["nexthops"] = [without_text_only(hop) for hop in route["nexthops"]]
    return route


def leaves(document: Any) -> list[str]:
    """Every value in a document as text, but for marks and what is off."""
    if isinstance(document, dict):
        return [leaf for value in document.values() for leaf in leaves(value)]
    if isinstance(document, list):
        return [leaf for item in document for leaf in leaves(item)]
    return [] if isinstance(document, bool) else [str(document)]


def assert_same_routes(records: Sequence[Any], judges: Sequence[Any], *, details: bool) -> None:
    """Every key and value of `ip -j route` is in the records, and nothing else but what the text alone says."""
    assert len(records) == len(judges)
    for record, judge in zip(records, judges, strict=True):
        expected, route = judge_of_route(judge, details=details), said_by_text(without_text_only(record))
        if "nh_info" in expected:
            words = set(route.pop("nh_info").replace("/", " ").replace(",", " ").split())
            assert set(leaves(expected.pop("nh_info"))) <= words
        if "encap" in expected:
            assert set(leaves(judge.get("segs", []))) <= set(record["encap_info"].split())
        assert route == expected
