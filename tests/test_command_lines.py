"""Which command a command line is one of: of `bridge` and `brctl`, of Azure, of containers."""

from __future__ import annotations

import pytest

from aksparse.capture.layouts import place
from aksparse.command import registry


def printed(line: list[str]) -> list[str]:
    """The commands that a command line is one of."""
    return [command.name for command in registry().values() if command.produced_by(line)]


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("bridge link", "bridge_link"),
        ("bridge -d link show dev veth0", "bridge_link"),
        ("bridge -s -s -d -o -c=always link show", "bridge_link"),
        ("bridge -n node1 l", "bridge_link"),
        ("bridge fdb", "bridge_fdb"),
        ("bridge -s -s -d -t fdb show", "bridge_fdb"),
        ("bridge -statistics fdb show br cbr0 brport veth0", "bridge_fdb"),
        ("bridge -netns node1 fdb list dev vxlan.calico", "bridge_fdb"),
        ("brctl show", "brctl_show"),
        ("brctl show cbr0 docker0", "brctl_show"),
        ("brctl showmacs cbr0", "brctl_showmacs"),
        ("brctl showstp cbr0", "brctl_showstp"),
        ("az network route-table route list -g rg --route-table-name rt -o table", "az_route_table"),
        ("az network route-table route list -g rg --route-table-name rt --output=json", "az_route_table"),
        ("az network vnet subnet show -g rg --vnet-name v -n s", "az_subnet_list"),
        ("az aks show -g rg -n c", "az_aks_show"),
        ("az aks list -o jsonc", "az_aks_show"),
        ("crictl -c /etc/crictl.yaml -r unix:///run/a -i unix:///run/b -t 5s -D ps -alrw", "crictl_ps"),
        (
            "crictl --config=c --runtime-endpoint a --image-endpoint b --timeout 5s --debug --enable-tracing ps",
            "crictl_ps",
        ),
        (
            "crictl ps --id a -i b --image c --label d=e -n 3 --name f -p g --pod h -s Exited --state Exited",
            "crictl_ps",
        ),
        ("crictl ps --all --latest --no-trunc --resolve-image-path --watch --output table -o=table", "crictl_ps"),
        ("crictl pods --namespace a --last 3", "crictl_pods"),
        ("podman container list --sync --pod --ns --external --noheading=true --sort names", "docker_ps"),
        ("podman --root a --runroot b --tmpdir c --url d --connection e --identity f --runtime g -r ps", "docker_ps"),
        ("podman --storage-driver a --cgroup-manager b --log-level c --remote --syslog --noout ps", "docker_ps"),
        (
            "nerdctl -n a --namespace b -a c --address d --snapshotter e --data-root f --debug-full container ls",
            "docker_ps",
        ),
        ("nerdctl container ps -lan 3", "docker_ps"),
        ("docker inspect --type container -f json web", "docker_inspect"),
        ("docker inspect --type=container -s web", "docker_inspect"),
        ("docker inspect --type container -f {{.State.Pid}} web", "docker_inspect"),
        ("crictl inspect -o json a", "docker_inspect"),
        ("crictl inspectp --output json a", "docker_inspect"),
        ("crictl inspect --output go-template --template {{.info.pid}} a", "docker_inspect"),
        *(
            (f"{tool} /etc/cni/net.d/10.conf", "cni_conf")
            for tool in ("cat", "head -50", "tail", "more", "less", "jq .")
        ),
        ("cat /tmp/10.conflist", "cni_conf"),
    ],
)
def test_a_command_line_is_that_of_one_command(line: str, command: str) -> None:
    assert printed(line.split()) == [command]


@pytest.mark.parametrize(
    "line",
    [
        "bridge -j link",
        "bridge -json fdb show",
        "bridge link set dev veth0 cost 4",
        "bridge fdb add 02:00:00:00:00:01 dev veth0",
        "bridge monitor link",
        "bridge vlan",
        "ip fdb",
        "brctl addbr cbr0",
        "brctl stp cbr0 on",
        "az network route-table route list -g rg --route-table-name rt -o tsv",
        "az network route-table route list -g rg --route-table-name rt --query [].name -o table",
        "az network route-table route create -g rg --route-table-name rt -n r",
        "az aks show -g rg -n c --query networkProfile",
        "az aks show -g rg -n c --output yaml",
        "az aks",
        "crictl ps -o json",
        "crictl ps --output=yaml",
        "crictl ps --quiet",
        "crictl --unheard-of ps",
        "crictl -c ps",
        "docker --unheard-of ps",
        "docker image ls",
        "docker container rm ls",
        "podman ps --format json",
        "docker inspect --type image web",
        "docker inspect -f {{.Id}} web",
        "docker inspect -o yaml web",
        "docker container stats inspect",
        "crictl stop inspect",
        "crictl inspect -o yaml a",
        "cat /etc/hosts",
        "cat /etc/cni/net.d/10.conf /etc/hosts",
        "cat 10.conflist",
        "grep x /etc/cni/net.d/10.conf",
    ],
)
def test_a_command_line_that_prints_something_else_is_that_of_none(line: str) -> None:
    assert printed(line.split()) == []


@pytest.mark.parametrize(
    ("file", "command"),
    [
        ("brctl_show", "brctl_show"),
        ("brctl_showstp_cbr0", "brctl_showstp"),
        ("bridge_-s_-s_-d_link_show", "bridge_link"),
        ("bridge_-s_-s_-d_-t_fdb_show", "bridge_fdb"),
    ],
)
def test_a_file_of_a_sosreport_is_named_after_its_command_line(file: str, command: str) -> None:
    found = place(f"sosreport-node1-2024/sos_commands/networking/{file}")
    assert found is not None
    assert found.argv is not None
    assert printed(list(found.argv)) == [command]
