"""Whole clusters, and the dumps of other tools, laid out with outputs of the corpus."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from aksparse import Capture, CaptureError, build_wiring, load_capture, load_captures
from aksparse.capture.layouts import place
from aksparse.capture.members import Limits
from aksparse.cli import main

CAPTURES = Path(__file__).parents[1] / "corpus/captures"
KUBENET = CAPTURES / "lab-kubenet"


def lay_out(directory: Path, files: dict[str, str]) -> Path:
    """Files of the lab's kubenet node under other names."""
    for name, source in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source if "\n" in source else (KUBENET / source).read_text())
    return directory


def outputs(capture: Capture) -> list[tuple[str, tuple[str, ...] | None, str | None, int]]:
    return [(output.command, output.argv, output.netns, len(output)) for output in capture.outputs]


# Layouts.


def test_a_sosreport_is_read_by_its_file_names_and_the_rest_is_counted(tmp_path: Path) -> None:
    ns = "sos_commands/networking/namespaces/blue/ip_netns_exec_blue_"
    files = {
        "sos_commands/networking/ip_address": "ip_addr.txt",
        "sos_commands/networking/route_-n": "route_n.txt",
        "sos_commands/networking/iptables_-t_nat_-nvL": "iptables_t_nat_nL.txt",
        "sos_commands/networking/plotnetcfg": "x\n",
        f"{ns}ip_address_show": "pod_1_ip_addr.txt",
        **{f"var/log/messages-{n}": "noise\n" for n in range(300)},
    }
    capture = load_capture(lay_out(tmp_path / "sosreport-x", files))
    assert outputs(capture) == [
        ("ip_addr", ("ip", "address"), None, 7),
        ("iptables", ("iptables", "-t", "nat", "-nvL"), None, 24),
        ("ip_addr", ("ip", "address", "show"), "blue", 2),
        ("route", ("route", "-n"), None, 6),
    ]
    (unread,) = (d for d in capture.diagnostics if d.code == "unread-files")
    assert unread.message == (
        "301 files are none that aksparse knows in such a dump (`aksparse files` lists them): "
        "sos_commands/networking/plotnetcfg, var/log/messages-0, var/log/messages-1, var/log/messages-10, "
        "var/log/messages-100 and 296 more"
    )
    assert len(build_wiring(capture).links) == 7


@pytest.mark.parametrize(
    ("path", "layout", "node", "argv"),
    [
        ("x/sos_commands/firewall_tables/iptables_-vnxL", "sosreport", None, "iptables -vnxL"),
        (
            "sos_commands/networking/ip_netns_exec_my_ns_ip_address_show",
            "sosreport",
            None,
            "ip netns exec my_ns ip address show",
        ),
        ("a/etc/cni/net.d/10-azure.conflist", "files of the node", None, "cat /etc/cni/net.d/10-azure.conflist"),
        ("diagnostics/ipv4_addr", "calicoctl node diags", None, "ip -4 addr"),
        ("diagnostics/ipv4_tables", "calicoctl node diags", None, "iptables-save -c"),
        ("cilium-bugtool-1/cmd/iptables-save--c.md", "cilium-bugtool", None, None),
        ("ip-resources.txt", "retina", None, None),
        ("q/host_network_logs/ip-address-node-a.example.log", "must-gather", "node-a.example", "ip address"),
        ("node-a/collectors/iptables/iptables", "aks-periscope", "node-a", "iptables -t nat -L"),
    ],
)
def test_a_file_name_of_a_known_layout_says_what_printed_the_file(
    path: str, layout: str, node: str | None, argv: str | None
) -> None:
    found = place(path)
    assert found is not None
    assert (found.layout.name, found.node, found.argv) == (layout, node, tuple(argv.split()) if argv else None)


def test_a_page_of_cilium_bugtool_is_read(tmp_path: Path) -> None:
    page = f"# ip a\n\n```\n{(KUBENET / 'ip_addr.txt').read_text()}```\n"
    capture = load_capture(lay_out(tmp_path / "bugtool", {"cmd/ip-a.md": page, "cmd/ps.md": "# ps\n\nx\n"}))
    assert [(output.command, len(output)) for output in capture.outputs] == [("ip_addr", 7)]
    assert [d.code for d in capture.diagnostics] == ["unread-files"]


def test_the_nodes_of_a_must_gather_are_told_apart_by_file_name(tmp_path: Path) -> None:
    names = {f"q/host_network_logs/ip-address-{node}.log": "ip_addr.txt" for node in ("node-a", "node-b")}
    dump = lay_out(tmp_path / "must-gather", names)
    assert [(c.name.partition("::")[2][-6:], len(c.outputs)) for c in load_captures(dump)] == [
        ("node-a", 1),
        ("node-b", 1),
    ]


# Clusters.


@pytest.fixture
def cluster(tmp_path: Path) -> Path:
    """Two nodes, and beside them what the cluster says."""
    directory = tmp_path / "cluster"
    for node, source in (("one", "lab-kubenet"), ("two", "lab-azure-cni")):
        shutil.copytree(CAPTURES / source, directory / node, ignore=shutil.ignore_patterns("kubectl_*"))
    for file in KUBENET.glob("kubectl_*"):
        shutil.copy(file, directory)
    return directory


def test_each_node_of_a_cluster_is_a_capture_with_what_the_cluster_says(cluster: Path) -> None:
    one, two = load_captures(cluster)
    assert (one.name, two.name) == ("cluster::one", "cluster::two")
    assert load_capture(f"{cluster}::one") == one
    assert load_capture(f"{cluster}::aks-nodepool1-44430483-vmss000000") == two
    for capture, source in ((one, "one/route_n.txt"), (two, "two/route_n.txt")):
        assert f"cluster/{source}" in capture.texts
        assert "cluster/kubectl_get_nodes.txt" in capture.texts
        assert len(list(capture.parsed("kubectl_get"))) == 3
    assert not any(source.startswith("cluster/two/") for source in one.texts)
    alone, together = build_wiring(load_capture(KUBENET)), build_wiring(one)
    assert [(p.name, p.host_link) for p in together.pods] == [(p.name, p.host_link) for p in alone.pods]


@pytest.mark.parametrize("form", ["zip", "gztar"])
def test_a_cluster_in_an_archive_and_nodes_in_archives_are_the_same(cluster: Path, form: str, tmp_path: Path) -> None:
    archive = shutil.make_archive(str(tmp_path / "packed/cluster"), form, tmp_path, "cluster")
    assert load_captures(archive) == load_captures(cluster)
    of_archives = tmp_path / "archives"
    for node in ("one", "two"):
        shutil.make_archive(str(of_archives / node), form, cluster / node)
    assert [c.name for c in load_captures(of_archives)] == ["archives::one", "archives::two"]


def test_the_settings_of_the_cluster_are_those_of_a_node_that_says_nothing_else(cluster: Path) -> None:
    (cluster / "capture.toml").write_text('[network]\nservice_cidr = "10.9.0.0/16"\nnetwork_policy = "calico"\n')
    one, _ = load_captures(cluster)
    assert (str(one.manifest.network.service_cidr), one.manifest.network.network_policy) == ("10.200.0.0/16", "calico")
    assert one.setting("network", "service_cidr").source == "cluster/one/capture.toml"
    assert str(one.setting("network", "network_policy")) == "cluster/capture.toml:3"


def test_one_of_several_nodes_must_be_named(cluster: Path) -> None:
    with pytest.raises(CaptureError) as caught:
        load_capture(cluster)
    assert caught.value.reason == f"holds several nodes; name one of them: {cluster}::one, {cluster}::two"
    with pytest.raises(CaptureError) as caught:
        load_capture(f"{cluster}::three")
    assert str(caught.value) == f"{cluster}: has no node three; it has one, two"


def test_the_command_line_compares_and_lists_the_nodes_of_a_cluster(cluster: Path) -> None:
    compared = CliRunner().invoke(main, ["compare", f"{cluster}::one", f"{cluster}::two"])
    assert compared.exit_code == 1
    assert compared.stdout.startswith("cluster::one | cluster::two\n")
    listed = CliRunner().invoke(main, ["files", str(cluster)])
    assert listed.exit_code == 0
    lines = listed.stdout.splitlines()
    assert "kubectl_get_nodes.txt\t*\tkubectl_get" in lines
    assert "one/route_n.txt\tone\troute" in lines
    assert "two/capture.toml\ttwo\tsettings" in lines


def test_a_file_that_is_too_large_is_told_once(tmp_path: Path) -> None:
    """It is one that aksparse knows: only what is none of these is counted as such."""
    root = lay_out(tmp_path, {"sos_commands/networking/ip_-d_address": "x\n" * 1000, "sos_commands/other/notes": "y\n"})
    capture = load_capture(root, limits=Limits(file_size=1000))
    told = {said.code: said.message for said in capture.diagnostics}
    assert told["too-large"].endswith(": sos_commands/networking/ip_-d_address")
    assert told["unread-files"].startswith("1 file is none that aksparse knows in such a dump")
    assert told["unread-files"].endswith(": sos_commands/other/notes")
