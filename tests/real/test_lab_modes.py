"""The lab of the network modes, built anew: where its packets go, and that its shipped recordings are still true."""

from __future__ import annotations

import os
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aksparse import Known, build_wiring, describe, load_capture

pytestmark = pytest.mark.real

CAPTURES = Path(__file__).parents[2] / "corpus/modes"
LAB = Path(__file__).parents[1] / "lab"

# The source address that the other end sees, of packets from the pod `toolbox` to a pod of its node, to one of the
# other node, and to the outside, and from its node to a pod of its own, and to one of the other node.
SEEN = {
    "azure-transparent": ("10.220.0.7", "10.220.0.7", "10.220.0.4", "10.220.0.4", "10.220.0.4"),
    "azure-overlay": ("10.244.0.4", "10.244.0.4", "10.220.0.4", "10.220.0.4", "10.220.0.4"),
    "kubenet-containerd": ("10.244.0.4", "10.244.0.4", "10.220.0.4", "10.244.0.1", "10.220.0.4"),
    "flannel": ("10.244.0.4", "10.244.0.4", "10.240.0.4", "10.244.0.1", "10.244.0.0"),
    "kubenet-calico": ("10.244.0.4", "10.244.0.4", "10.220.0.4", "10.220.0.4", "10.220.0.4"),
    "azure-bridge": ("10.220.0.7", "10.220.0.7", "10.220.0.4", "10.220.0.4", "10.220.0.4"),
    "azure-calico": ("10.220.0.7", "10.220.0.7", "10.220.0.4", "10.220.0.4", "10.220.0.4"),
    "azure-npm": ("10.220.0.7", "10.220.0.7", "10.220.0.4", "10.220.0.4", "10.220.0.4"),
    "azure-podsubnet": ("10.220.8.7", "10.220.8.7", "10.220.0.4", "10.220.0.4", "10.220.0.4"),
    "azure-cilium": ("10.220.0.7", "10.220.0.7", "10.220.0.4", "10.220.0.4", "10.220.0.4"),
    "azure-overlay-cilium": ("10.244.0.4", "10.244.0.4", "10.220.0.4", "10.220.0.4", "10.220.0.4"),
    "calico-ipip": ("192.168.235.196", "192.168.235.196", "10.240.0.4", "10.240.0.4", "192.168.235.192"),
    "calico-bgp": ("192.168.235.196", "192.168.235.196", "10.240.0.4", "10.240.0.4", "10.240.0.4"),
    "calico-vxlan": ("192.168.235.196", "192.168.235.196", "10.240.0.4", "10.240.0.4", "192.168.235.192"),
    "bridge": ("10.244.0.4", "10.240.0.4", "10.240.0.4", "10.244.0.1", "10.240.0.4"),
    "ptp": ("10.244.0.4", "10.244.0.4", "10.240.0.4", "10.244.0.1", "10.240.0.4"),
    "kubenet-dual": (
        "10.244.0.4 fd12:3456:789a::4",
        "10.244.0.4 fd12:3456:789a::4",
        "10.220.0.4 fd00:db8:220::4",
        "10.244.0.1 fd12:3456:789a::1",
        "10.220.0.4 fd00:db8:220::4",
    ),
    "azure-overlay-dual": (
        "10.244.0.4 fd12:3456:789a::4",
        "10.244.0.4 fd12:3456:789a::4",
        "10.220.0.4 fd00:db8:220::4",
        "10.220.0.4 fd00:db8:220::4",
        "10.220.0.4 fd00:db8:220::4",
    ),
    "bridge-ipv6": (
        "fd12:3456:789a::4",
        "fd00:db8:240::4",
        "fd00:db8:240::4",
        "fd12:3456:789a::1",
        "fd00:db8:240::4",
    ),
}
TO_POD, TO_OTHER_POD, TO_OUTSIDE = "pod to pod, same node", "pod to pod, other node", "pod to outside"
FROM_NODE, FROM_OTHER_NODE = "node to pod, same node", "node to pod, other node"


@pytest.fixture(scope="module", autouse=True)
def lab() -> Iterator[None]:
    """The modules of the lab can be imported, and the lab be built."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(LAB), *sys.path])
        import record

        if lacking := record.missing():
            reason = f"the lab can't be built here without {', '.join(lacking)}"
            if os.environ.get("AKSPARSE_REQUIRE_REAL") == "1":
                pytest.fail(reason)
            pytest.skip(reason)
        yield


@pytest.fixture(scope="module", params=list(SEEN))
def recorded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path, list[Any]]:
    """A mode, its recording of just now, and the connections through it."""
    import dump
    from modes import MODES

    name = request.param
    directory = tmp_path_factory.mktemp(name)
    arrivals = dump.record_mode(next(mode for mode in MODES if mode.name == name), directory)
    return name, directory / f"lab-{name}", list(arrivals)


def test_every_mode_is_told_what_to_show_here() -> None:
    from modes import MODES

    assert [mode.name for mode in MODES] == list(SEEN)
    assert all((CAPTURES / f"lab-{name}").is_dir() for name in SEEN)


def test_packets_arrive_with_the_source_address_that_the_mode_gives_them(recorded: tuple[str, Path, list[Any]]) -> None:
    name, _, arrivals = recorded
    from_pod = {a.what: {x.source for x in arrivals if (x.what, x.client) == (a.what, "toolbox")} for a in arrivals}
    from_node = {a.what: {x.source for x in arrivals if x.what == a.what} for a in arrivals}
    sources = (
        *(from_pod[what] for what in (TO_POD, TO_OTHER_POD, TO_OUTSIDE)),
        *(from_node[what] for what in (FROM_NODE, FROM_OTHER_NODE)),
    )
    assert sources == tuple(set(addresses.split()) for addresses in SEEN[name])


def test_the_shipped_recording_is_what_the_tools_print_today(recorded: tuple[str, Path, list[Any]]) -> None:
    name, new, _ = recorded
    kept = CAPTURES / f"lab-{name}"
    entries, kept_entries = (
        {entry["file"]: entry for entry in tomllib.loads((directory / "capture.toml").read_text())["outputs"]}
        for directory in (new, kept)
    )
    assert {file: entry["argv"] for file, entry in entries.items()} == {
        file: entry["argv"] for file, entry in kept_entries.items()
    }
    # Another version of a tool may print other words.
    same_tool = [file for file, entry in entries.items() if entry["tool"] == kept_entries[file]["tool"]]
    assert "crictl_ps.txt" in same_tool
    for file in same_tool:
        assert comparable(file, new / file) == comparable(file, kept / file), file


def test_every_file_is_read_and_no_line_is_left_over(recorded: tuple[str, Path, list[Any]]) -> None:
    _, directory, _ = recorded
    capture = load_capture(directory)
    assert [str(diagnostic) for diagnostic in capture.diagnostics] == []
    assert len(capture.outputs) == len(list(directory.iterdir())) - 1
    assert {o.command for o in capture.outputs} >= {
        *("ip_addr", "ip_route", "ip_rule", "ip_neigh", "iptables", "iptables_save"),
        *("crictl_ps", "crictl_pods", "kubectl_get"),
    }


def test_the_mode_that_was_built_is_told(recorded: tuple[str, Path, list[Any]]) -> None:
    _, directory, _ = recorded
    wiring = build_wiring(load_capture(directory))
    assert wiring.diagnostics == ()
    fact = describe(wiring).network_mode
    assert isinstance(fact, Known)
    assert str(wiring.capture.manifest.role) in {fact.value.mode + more for more in ("", "-dual", "-ipv6")}


# What of a recording the kernel leaves to chance: timers and counters. A node tells now and then which multicast groups
# it is in, also when nobody talks to it.
CHANCE = re.compile(
    r"(?<=_timer) +[0-9.]+"
    r"|(?<=\[)[0-9]+:[0-9]+(?=\])"
    r"|^ *[0-9]+[KMG]? +[0-9]+[KMG]? (?=.* {2})| [0-9]+ packets, [0-9]+ bytes(?=\))"
)


def comparable(file: str, path: Path) -> list[str]:
    """The lines of an output, without the time they were printed and what of them the kernel leaves to chance."""
    lines = [CHANCE.sub("", line) for line in path.read_text().splitlines() if not line.startswith("# ")]
    # Neighbours are in no order, and the routes of IPv6 to the same network in that in which the links came up.
    return sorted(lines) if "neigh" in file or "6_route" in file else lines


# That the checks of the traffic can fail.


def sabotage(mode_name: str, *, pid_of: str, argv: list[str], message: str, patience: float = 30) -> None:
    """Build a mode, run a command in one of its namespaces, and see the check of the traffic fail."""
    import tempfile

    import network
    from modes import MODES
    from namespaces import Lab, LabError, run_in
    from plan import plan
    from reach import Reach

    mode = next(mode for mode in MODES if mode.name == mode_name)
    with Lab() as lab, tempfile.TemporaryDirectory() as scratch:
        built = network.build(lab, plan(mode), Path(scratch))
        run_in(built.router if pid_of == "router" else built.nodes[0].pid, argv)
        with pytest.raises(LabError, match=message):
            Reach(built, patience).check()


def test_without_masquerading_the_outside_sees_a_pod() -> None:
    rule = ["iptables", "-t", "nat", "-F", "IP-MASQ-AGENT"]
    seen = "pod to outside: .* seen from 10.244.0.2; expected .* to see 10.220.0.4"
    sabotage("azure-overlay", pid_of="node", argv=rule, message=seen)


def test_without_the_route_table_no_pod_reaches_another_node() -> None:
    route = ["ip", "route", "del", "10.244.1.0/24"]
    sabotage(
        "kubenet-containerd",
        pid_of="router",
        argv=route,
        message="pod to pod, other node: .* (timed out|unreachable|No route)",
    )


def test_without_the_tunnel_no_pod_reaches_another_node() -> None:
    argv = ["ip", "link", "set", "flannel.1", "down"]
    sabotage("flannel", pid_of="node", argv=argv, message="pod to pod, other node", patience=2)


def test_a_tunnel_that_is_gone_around_is_seen_on_the_wire() -> None:
    around = ["ip", "route", "replace", "10.244.1.0/24", "via", "10.240.0.5", "dev", "eth0"]
    sabotage("flannel", pid_of="node", argv=around, message="'udp', .* is not among .*'tcp'")


def test_a_service_without_one_of_its_endpoints_is_noticed() -> None:
    chain = "KUBE-SVC-2CMXP7HKUVJN7L6M"  # default/nginx
    argv = ["iptables", "-t", "nat", "-D", chain, "2"]
    sabotage("azure-transparent", pid_of="node", argv=argv, message="pod to service nginx: of .* only")
