"""Dumps as the tools lay them out, made of outputs of the corpus: each output is found, under its own command."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from aksparse import to_builtins
from aksparse.capture.layouts import layouts
from aksparse.capture.load import read_dump
from tests.corpus import CORPUS, CommandCase


@attrs.frozen
class File:
    """A file of a dump: the outputs of cases of the corpus, each with the command line that the layout names."""

    outputs: tuple[tuple[str, str], ...]
    netns: str | None = None
    node: str | None = None

    @property
    def cases(self) -> list[tuple[tuple[str, ...], CommandCase]]:
        return [(tuple(line.split()), CommandCase(CORPUS / "commands" / name)) for line, name in self.outputs]

    def text(self, path: str) -> str:
        if path.endswith(".md"):
            return "".join(f"# {line}\n\n```\n{case.text}```\n\n" for line, (_, case) in self.titled())
        if path in ("ip-resources.txt", "iptables-rules.txt"):
            summary = "".join(f"/usr/sbin/{line}(what it shows)\n" for line, _ in self.titled())
            return f"Summary:\n\n{summary}\nExecute:\n\n" + "".join(
                f"/usr/sbin/{line}\n\n{case.text}\n\n" for line, (_, case) in self.titled()
            )
        return "".join(case.text for _, case in self.cases)

    def titled(self) -> Iterator[tuple[str, tuple[tuple[str, ...], CommandCase]]]:
        return ((line, case) for (line, _), case in zip(self.outputs, self.cases, strict=True))


def one(line: str, case: str, **where: str) -> File:
    return File(((line, case),), **where)


NETWORKING = "sos_commands/networking"
SOS = {
    f"{NETWORKING}/ip_-d_address": one("ip -d address", "ip_addr/zoo-details"),
    f"{NETWORKING}/ip_-o_addr": one("ip -o addr", "ip_addr/zoo-one-line"),
    f"{NETWORKING}/ip_-s_-d_link": one("ip -s -d link", "ip_addr/every-kind"),
    f"{NETWORKING}/ip_address": one("ip address", "ip_addr/kubenet-node"),
    f"{NETWORKING}/ip_route_show_table_all": one("ip route show table all", "ip_route/zoo-all-tables"),
    f"{NETWORKING}/ip_-6_route_show_table_all": one(
        "ip -6 route show table all", "ip_route/azure-transparent-node-ipv6"
    ),
    f"{NETWORKING}/ip_-4_rule": one("ip -4 rule", "ip_rule/zoo"),
    f"{NETWORKING}/ip_-s_-s_neigh_show": one("ip -s -s neigh show", "ip_neigh/every-state-statistics"),
    f"{NETWORKING}/ip_neigh_show_nud_noarp": one("ip neigh show nud noarp", "ip_neigh/zoo"),
    f"{NETWORKING}/route_-n": one("route -n", "route/zoo"),
    f"{NETWORKING}/iptables_-t_nat_-nvL": one("iptables -t nat -nvL", "iptables/zoo-verbose"),
    f"{NETWORKING}/ip6tables_-t_nat_-nvL": one("ip6tables -t nat -nvL", "iptables/ip6tables-nat"),
    f"{NETWORKING}/bridge_-s_-s_-d_link_show": one("bridge -s -s -d link show", "bridge_link/details"),
    f"{NETWORKING}/bridge_-s_-s_-d_-t_fdb_show": one("bridge -s -s -d -t fdb show", "bridge_fdb/bridges-and-tunnels"),
    f"{NETWORKING}/ip_netns_exec_my_ns_ip_address_show": one("ip address show", "ip_addr/kubenet-pod", netns="my_ns"),
    f"{NETWORKING}/ip_netns_exec_blue_iptables-save": one(
        "iptables-save", "iptables_save/zoo-nat-counters", netns="blue"
    ),
    f"{NETWORKING}/ip_netns_exec_blue_iptables_-t_nat_-nvL": one(
        "iptables -t nat -nvL", "iptables/zoo-verbose", netns="blue"
    ),
    f"{NETWORKING}/ip_netns_exec_blue_netstat_-rn": one("netstat -rn", "route/numbers-busybox", netns="blue"),
    f"{NETWORKING}/ip_netns_exec_blue_route_-n": one("route -n", "route/kubenet-pod", netns="blue"),
    f"{NETWORKING}/namespaces/red/ip_netns_exec_red_ip_-d_address_show": one(
        "ip -d address show", "ip_addr/docker-container-two-networks", netns="red"
    ),
    f"{NETWORKING}/namespaces/red/ip_route": one("ip route", "ip_route/zoo", netns="red"),
    "sos_commands/firewall_tables/iptables_-vnxL": one("iptables -vnxL", "iptables/zoo-exact-numbered"),
    "sos_commands/iptables/iptables_-t_nat_-nvL": one("iptables -t nat -nvL", "iptables/zoo-verbose"),
    # The second file of the same name in a directory.
    f"{NETWORKING}/ip_-d_address.1": one("ip -d address", "ip_addr/docker-container-two-networks"),
    f"{NETWORKING}/brctl_showstp_br.1": one("brctl showstp br.1", "brctl_showstp/no-ports"),
    # Names of older versions.
    f"{NETWORKING}/ip_neigh_show": one("ip neigh show", "ip_neigh/zoo"),
    f"{NETWORKING}/ip_-s_link": one("ip -s link", "ip_addr/every-kind"),
    f"{NETWORKING}/brctl_show": one("brctl show", "brctl_show/kubenet-node"),
    f"{NETWORKING}/brctl_showstp_br1": one("brctl showstp br1", "brctl_showstp/no-ports"),
    f"{NETWORKING}/netstat_-rn": one("netstat -rn", "route/numbers-busybox"),
    f"{NETWORKING}/ip_netns_exec_cni-5a1c_ip_route_show_table_all": one(
        "ip route show table all", "ip_route/zoo-all-tables", netns="cni-5a1c"
    ),
    "sos_commands/kubernetes/pods/kubectl_get_--all-namespaces_true_pods": one(
        "kubectl get --all-namespaces pods", "kubectl_get/pods-all-namespaces"
    ),
    "sos_commands/docker/containers/docker_inspect_2b6eedd752cd": one(
        "docker inspect 2b6eedd752cd", "docker_inspect/documents-of-a-pod"
    ),
    "sos_commands/podman/containers/podman_inspect_web": one("podman inspect web", "docker_inspect/podman-document"),
    "sos_commands/crio/pods/crictl_inspectp_2b6eedd752cd3": one(
        "crictl inspectp 2b6eedd752cd3", "docker_inspect/crictl-sandbox"
    ),
    "sos_commands/crio/containers/crictl_inspect_bee7eaecdbd57": one(
        "crictl inspect bee7eaecdbd57", "docker_inspect/crictl-container"
    ),
    "sos_commands/kubernetes/kubectl_get_namespaces": one("kubectl get namespaces", "kubectl_get/namespaces"),
    "sos_commands/docker/docker_ps_-a": one("docker ps -a", "docker_ps/client-28-all"),
    "sos_commands/podman/podman_ps_-a": one("podman ps -a", "docker_ps/podman-all"),
    "sos_commands/crio/crictl_pods": one("crictl pods", "crictl_pods/runtime"),
    "sos_commands/containerd/crictl_ps_-a": one("crictl ps -a", "crictl_ps/published-created"),
    "etc/cni/net.d/10-containerd-net.conflist": one(
        "cat /etc/cni/net.d/10-containerd-net.conflist", "cni_conf/published-containerd"
    ),
}
INSIGHTS = {
    "insights_commands/ip_addr": one("ip addr", "ip_addr/kubenet-node"),
    "insights_commands/ip_route_show_table_all": one("ip route show table all", "ip_route/zoo-all-tables"),
    "insights_commands/ip_-4_neighbor_show_nud_all": one("ip -4 neighbor show nud all", "ip_neigh/every-state"),
    "insights_commands/iptables-save": one("iptables-save", "iptables_save/zoo-nat-counters"),
    "insights_commands/brctl_show": one("brctl show", "brctl_show/kubenet-node"),
    "insights_commands/podman_ps_--all_--no-trunc": one("podman ps --all --no-trunc", "docker_ps/podman-all"),
}
CALICO = {
    "diagnostics/ipv4_addr": one("ip -4 addr", "ip_addr/kubenet-node-ipv4-only"),
    "diagnostics/ipv6_addr": one("ip -6 addr", "ip_addr/kubenet-node-ipv6-only"),
    "diagnostics/ipv4_link": one("ip -4 link", "ip_addr/kubenet-node-links"),
    "diagnostics/ipv4_route": one("ip -4 route", "ip_route/azure-transparent-node"),
    "diagnostics/ipv6_route": one("ip -6 route", "ip_route/azure-transparent-node-ipv6"),
    "diagnostics/ipv4_rule": one("ip -4 rule", "ip_rule/zoo"),
    "diagnostics/ipv6_rule": one("ip -6 rule", "ip_rule/every-kind"),
    "diagnostics/ipv4_tables": one("iptables-save -c", "iptables_save/zoo-nat-counters"),
    "diagnostics/ipv6_tables": one("ip6tables-save -c", "iptables_save/ip6tables-nat"),
}
PAGES = {
    "ip a": "ip_addr/kubenet-node",
    "ip -d a": "ip_addr/zoo-details",
    "ip addr": "ip_addr/zoo",
    "ip r": "ip_route/kubenet-node",
    "ip -4 r": "ip_route/zoo",
    "ip -6 r": "ip_route/azure-transparent-node-ipv6",
    "ip route show table all": "ip_route/zoo-all-tables",
    "ip -4 route show table 999": "ip_route/one-table",
    "ip -6 route show table all": "ip_route/azure-transparent-node-ipv6",
    "ip -d -s l": "ip_addr/every-kind",
    "ip -4 n": "ip_neigh/zoo",
    "ip -6 n": "ip_neigh/kubenet-node",
    "ip rule": "ip_rule/zoo",
    "ip -6 rule": "ip_rule/kubenet-node",
    "ip --details rule": "ip_rule/every-kind-details",
    "iptables-save -c": "iptables_save/zoo-nat-counters",
    "iptables -t nat -nvL": "iptables/zoo-verbose",
    "ip6tables-save -c": "iptables_save/ip6tables-nat",
}
CILIUM = {f"cmd/{line.replace(' ', '-')}.md": one(line, case) for line, case in PAGES.items()}
RETINA = {
    "ip-resources.txt": File(
        (
            ("ip -d addr show", "ip_addr/zoo-details"),
            ("ip neighbor show", "ip_neigh/zoo"),
            ("ip rule list", "ip_rule/zoo"),
            ("ip route show table all", "ip_route/zoo-all-tables"),
        )
    ),
    "iptables-rules.txt": File(
        (
            ("iptables-save -c", "iptables_save/zoo-nat-counters"),
            ("iptables -vnx -L -t nat", "iptables/zoo-exact-numbered"),
            ("iptables -vn -L -t nat", "iptables/zoo-verbose"),
        )
    ),
}


def of_nodes(files: dict[str, tuple[str, str]]) -> dict[str, File]:
    """The files of two nodes, whose name is part of the path."""
    return {
        path.format(node=node): one(line, case, node=node)
        for node in ("aks-1.example", "aks-2.example")
        for path, (line, case) in files.items()
    }


MUST_GATHER = of_nodes(
    {
        "q/host_network_logs/ip-address-{node}.log": ("ip address", "ip_addr/kubenet-node"),
        "q/host_network_logs/ip-addr-{node}.log": ("ip addr", "ip_addr/zoo"),
        "q/host_network_logs/ip-link-{node}.log": ("ip link", "ip_addr/zoo-links"),
        "q/host_network_logs/ip-route-{node}.log": ("ip route", "ip_route/zoo"),
        "q/host_network_logs/ip-rule-{node}.log": ("ip rule", "ip_rule/zoo"),
        "q/host_network_logs/ip-neigh-{node}.log": ("ip neigh", "ip_neigh/zoo"),
        "q/host_network_logs/iptables-save-{node}.log": ("iptables-save", "iptables_save/zoo-nat-counters"),
        "q/host_network_logs/iptables-nat-{node}.log": ("iptables -t nat -nvL", "iptables/zoo-verbose"),
    }
)
PERISCOPE = of_nodes(
    {
        "{node}/collectors/iptables/iptables": ("iptables -t nat -L", "iptables/ptp-node-names"),
        "{node}/collector_iptables/iptables": ("iptables -t nat -L", "iptables/ptp-node-names"),
        "{node}/iptables/iptables": ("iptables -t nat -L", "iptables/ptp-node-names"),
    }
)
DUMPS = {
    "sosreport": SOS,
    "insights-client": INSIGHTS,
    "calicoctl node diags": CALICO,
    "cilium-bugtool": CILIUM,
    "retina": RETINA,
    "must-gather": MUST_GATHER,
    "aks-periscope": PERISCOPE,
}
FORMS = {"directory": "", ".tar": "tar", ".tar.gz": "gztar", ".tar.xz": "xztar", ".zip": "zip"}
Found = tuple[str, str, tuple[str, ...] | None, str | None, object]


def lay_out(directory: Path, files: dict[str, File], form: str) -> Path:
    for name, file in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.text(name).encode())
    if not FORMS[form]:
        return directory
    return Path(
        shutil.make_archive(
            str(directory.parent / "packed" / directory.name), FORMS[form], directory.parent, directory.name
        )
    )


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("layout", DUMPS)
def test_every_output_of_a_dump_is_found_with_its_command_line_and_records(
    layout: str, form: str, tmp_path: Path
) -> None:
    files = DUMPS[layout]
    expected: list[Found] = []
    for name, file in files.items():
        expected += [(name, case.command, argv, file.netns, case.expected["records"]) for argv, case in file.cases]
    dump = read_dump(lay_out(tmp_path / "dump", files, form))
    outputs = (output for file in dump.files for output in file.outputs)
    found: list[Found] = [
        (output.source.removeprefix("dump/"), output.command, output.argv, output.netns, to_builtins(output.records))
        for output in outputs
    ]
    assert sorted(found, key=repr) == sorted(expected, key=repr)
    assert {file.layout for file in dump.files} - {"files of the node"} == {layout}
    assert {f.node for f in files.values()} - {None} == set(dump.nodes)
    codes = {diagnostic.code for capture in dump.captures for diagnostic in capture.diagnostics}
    assert codes <= {d["code"] for f in files.values() for _, case in f.cases for d in case.expected["diagnostics"]}


def test_every_row_of_the_table_of_layouts_says_what_a_file_of_these_dumps_is() -> None:
    unused = []
    for layout in layouts():
        names = [name for files in DUMPS.values() for name in files]
        rows = [next((pattern for pattern, _ in layout.files if pattern.fullmatch(name)), None) for name in names]
        unused += [pattern.pattern for pattern, _ in layout.files if pattern not in rows]
    assert unused == []
