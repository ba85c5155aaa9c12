"""Records the first node of each mode: what the tools print there, and a `capture.toml`.

    python tests/lab/dump.py OUTDIR [MODE...]

writes OUTDIR/lab-MODE for every mode of the table in `modes`, after its network was built and its traffic checked; the
shipped recordings are in corpus/modes.

Debian packages: iproute2 iptables ipset net-tools bridge-utils util-linux containernetworking-plugins
kubernetes-client. The kernel needs br_netfilter, vxlan and tun.
"""

from __future__ import annotations

import datetime
import json
import re
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import crictl
from modes import MODES, Attachment, Delivery, Mode
from namespaces import START_SECONDS, Lab, LabError, ip, run, run_in
from network import Network, RunningNode, build, configuration_text, settle
from plan import SERVICE_CIDR, SERVICES, VNET, Plan, cluster_ip, plan
from reach import Arrival, Reach
from record import Output, toml, version, write_outputs
from stubs import kubernetes_answers, kubernetes_api, node_row, pod_row, service_row
from tables import BUILT_IN

QUIET_SECONDS = 0.03
STUB = "printed by the lab"
AZURE_INFO = ("<none>", "Ubuntu 22.04.4 LTS", "5.15.0-1068-azure", "containerd://1.7.20-1")
PLAIN_INFO = ("<none>", "Debian GNU/Linux 12 (bookworm)", "6.1.0-26-amd64", "containerd://1.7.22")


def record_mode(mode: Mode, out: Path) -> list[Arrival]:
    """Build the network of a mode, check its traffic and write the capture of its first node below `out`."""
    with Lab() as lab, tempfile.TemporaryDirectory() as name:
        network = build(lab, plan(mode), Path(name))
        arrivals = Reach(network).check()
        settle(network)
        _forget_traffic(network)
        outputs = list(_outputs(network, Path(name)))
    directory = out / f"lab-{mode.name}"
    write_outputs(directory, outputs, _manifest(network.plan, outputs, arrivals))
    return arrivals


def _forget_traffic(network: Network) -> None:
    """Leave nothing in the node that depends on when the packets of the check went by."""
    node = network.nodes[0]
    pods = (pod for running in network.nodes for pod in running.pods)
    holders = [network.router, *(running.pid for running in network.nodes), *(pod.pid for pod in pods)]
    deadline = time.monotonic() + START_SECONDS
    while True:
        # Everywhere: who has just talked to the node asks some seconds later whether it is still there.
        for pid in holders:
            _age_neighbours(pid)
        for tool in ("iptables", "ip6tables"):
            for table in BUILT_IN:
                run_in(node.pid, [tool, "-t", table, "-Z"])
        time.sleep(QUIET_SECONDS)
        saved = run_in(node.pid, ["iptables-save", "-c"]) + run_in(node.pid, ["ip6tables-save", "-c"])
        if not re.search(rb"\[(?!0:0\])[0-9]+:[0-9]+\]", saved):
            return
        if time.monotonic() > deadline:
            raise LabError("the node does not become quiet")


def _age_neighbours(pid: int) -> None:
    """Make every neighbour STALE, as it becomes when nobody talks to it; forget those that only IPv6 itself made."""
    commands = []
    for entry in json.loads(run_in(pid, ["ip", "-j", "neigh"])):
        where = f"{entry['dst']} dev {entry['dev']}"
        if "PERMANENT" in entry["state"]:
            continue
        if "lladdr" in entry and not entry["dst"].startswith("fe80:"):
            commands.append(f"neigh replace {where} lladdr {entry['lladdr']} nud stale")
        else:
            commands.append(f"neigh del {where}")
    if commands:
        ip(pid, *commands)


# What is recorded.


def _outputs(network: Network, scratch: Path) -> Iterator[Output]:
    node = network.nodes[0]
    yield from _host_outputs(network.plan, node)
    yield from _pod_outputs(network.plan, node)
    yield Output("crictl_ps.txt", ["crictl", "ps"], STUB, crictl.ps(node.node))
    yield Output("crictl_pods.txt", ["crictl", "pods"], STUB, crictl.pods(node.node))
    yield from _kubectl_outputs(network.plan, scratch)


def _host_outputs(plan: Plan, node: RunningNode) -> Iterator[Output]:
    mode = plan.mode
    commands = ["ip addr", "ip -d link", "ip route", "ip rule", "ip neigh", "iptables -t nat -nvL", "iptables-save"]
    if 4 not in mode.families:
        commands.remove("ip route")
    if 6 in mode.families:
        commands += ["ip -6 route", "ip6tables -t nat -nvL", "ip6tables-save"]
    if mode.route_n:
        commands.append("route -n")
    if mode.bridge or mode.docker:
        commands += ["brctl show", "bridge link"]
    for command in commands:
        argv = command.split()
        yield Output(_file(argv), argv, version(argv[0]), run_in(node.pid, argv))
    conf = f"/etc/cni/net.d/{Path(mode.conf).name}"
    yield Output(Path(mode.conf).name, ["cat", conf], STUB, configuration_text(plan, node.node).encode())


def _file(argv: Sequence[str]) -> str:
    return re.sub(r"[^\w]+", "_", " ".join(argv)) + ".txt"


def _pod_outputs(plan: Plan, node: RunningNode) -> Iterator[Output]:
    for number, pod in enumerate(node.pods, start=1):
        routes = {4: "ip route", 6: "ip -6 route"}
        commands = ["ip addr", *(routes[family] for family in plan.mode.families), "ip neigh"]
        for command in commands:
            argv = command.split()
            typed = ["nsenter", "-t", str(crictl.pid(pod.pod)), "-n", *argv]
            text = run(["nsenter", "-t", str(pod.pid), "-n", *argv])
            yield Output(f"pod_{number}_{_file(argv)}", typed, version(argv[0]), text)


def _kubectl_outputs(plan: Plan, scratch: Path) -> Iterator[Output]:
    info = AZURE_INFO if plan.mode.azure else PLAIN_INFO
    answers = kubernetes_answers(
        [node_row(node.name, node.address, "<none>", "v1.29.7", info) for node in plan.nodes],
        [pod_row(pod, node.name) for node in plan.nodes for pod in node.all_pods],
        [
            service_row(s.namespace, s.name, cluster_ip(s, plan.mode.families[0]), s.ports, s.app, s.age)
            for s in SERVICES
        ],
    )
    with kubernetes_api(answers, scratch) as env:
        for resource in ("nodes", "pods", "services"):
            argv = ["kubectl", "get", resource, "-A", "-o", "wide"]
            yield Output(f"kubectl_get_{resource}.txt", argv, version("kubectl"), run(argv, env=env))


# The manifest.


def _manifest(plan: Plan, outputs: Sequence[Output], arrivals: Iterable[Arrival]) -> str:
    mode = plan.mode
    family = mode.families[0]
    lines = [
        *(f"# {arrival}" for arrival in arrivals),
        toml("role", mode.role),
        toml("node", plan.nodes[0].name),
        toml("description", _description(mode)),
        f"recorded = {datetime.datetime.now(datetime.UTC).date()}",
        "",
        "[network]",
    ]
    for (name, of_all), networks in _networks(plan).items():
        # Without a version of IP, a setting is that of the first that the mode has.
        lines += [toml(name, networks[0]), *([toml(of_all, networks)] if len(networks) > 1 else [])]
    lines.append(toml("dns_service_ip", cluster_ip(SERVICES[2], family)))
    if mode.delivery is Delivery.ROUTE_TABLE:
        for node in plan.nodes:
            for each in mode.families:
                lines += ["", "[[network.route_table]]", toml("address_prefix", node.pod_network(each))]
                lines.append(toml("next_hop_ip_address", str(node.of(each).ip)))
    for output in outputs:
        lines += ["", "[[outputs]]", toml("file", output.file)]
        lines += [toml("argv", list(output.argv)), toml("tool", output.tool)]
    return "\n".join(lines) + "\n"


def _networks(plan: Plan) -> dict[tuple[str, str], list[str]]:
    """The networks of each version of IP that the mode has, by the names of the setting of one and of that of all."""
    families = plan.mode.families
    found = {
        ("vnet", "vnet_prefixes"): [VNET[family] for family in families if plan.mode.azure],
        ("subnet", "subnet_prefixes"): [plan.subnet(family) for family in families],
        ("pod_cidr", "pod_cidrs"): [pods for family in families if (pods := plan.pod_cidr(family))],
        ("service_cidr", "service_cidrs"): [SERVICE_CIDR[family] for family in families],
    }
    return {names: networks for names, networks in found.items() if networks}


def _description(mode: Mode) -> str:
    """What is real, and what is not."""
    plugins = {
        Attachment.BRIDGE_PLUGIN: "the CNI plugins bridge and host-local",
        Attachment.PTP_PLUGIN: "the CNI plugins ptp and host-local",
    }.get(mode.attachment)
    by_plugins = (
        f"The pods' links are the work of {plugins}, renamed and with chosen MAC addresses. " if plugins else ""
    )
    by_hand = f"Made by hand, with ip and bridge: {mode.by_hand}. " if mode.by_hand else ""
    return (
        f"A node as in the mode {mode.role}, built in network namespaces. {by_plugins}{by_hand}"
        "The netfilter rules are written like those of the programs of the mode and loaded with iptables-restore; "
        "the traffic through them was checked, and the counters set to zero. eth0 is a veth to the lab's router. ip, "
        "bridge, brctl, route, iptables and kubectl are the real tools, the last one asking a stub server; the CNI "
        "configuration, the crictl tables and the process ids are the lab's own."
    )


def main() -> int:
    if len(sys.argv) < 2:
        print("usage: python tests/lab/dump.py OUTDIR [MODE...]", file=sys.stderr)
        return 2
    for mode in MODES:
        if mode.name in sys.argv[2:] or not sys.argv[2:]:
            for arrival in record_mode(mode, Path(sys.argv[1])):
                print(f"{mode.name}: {arrival}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
