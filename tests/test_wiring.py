"""How the outputs of a node are joined, held against the files by readers of a few lines."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

from aksparse import Wiring
from aksparse.commands.docker_ps import Container
from aksparse.commands.kubectl_get import Pod
from aksparse.wiring.model import PodWiring, Table, naming
from tests.nodes import AT0, CAPTURES, wiring_of

LABS = [CAPTURES / "lab-azure-cni", CAPTURES / "lab-kubenet"]

every_lab = pytest.mark.parametrize("directory", LABS, ids=lambda path: path.name)
every_node = pytest.mark.parametrize("directory", [*LABS, AT0], ids=lambda path: path.name)


def nat_of(wiring: Wiring) -> Table:
    table = wiring.table("nat")
    assert table is not None
    return table


def write(directory: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        directory.joinpath(name).write_text(text)
    return directory


def links_in(text: str) -> dict[int, tuple[str, int | None]]:
    """Index to name and index of the peer, from `ip addr`."""
    found = re.findall(r"^(\d+): ([^@:\s]+)(?:@if(\d+))?:", text, re.MULTILINE)
    return {int(index): (name, int(peer) if peer else None) for index, name, peer in found}


def pairs_in(directory: Path) -> dict[str, str]:
    """Address of a pod to the name of its host link, by indexes both ways, from the files alone."""
    (file,) = [directory / name for name in ("ip_addr.txt", "at0_ip_addr.txt") if (directory / name).exists()]
    host = links_in(file.read_text())
    pairs = {}
    for file in sorted({*directory.glob("pod_*_ip_addr.txt"), *directory.glob("at0p*_ip_addr.txt")}):
        text = file.read_text()
        address = re.search(r"inet ([\d.]+)/\d+ (?:brd [\d.]+ )?scope global", text)
        ((index, (_, peer)),) = [(i, link) for i, link in links_in(text).items() if link[0] == "eth0"]
        assert address
        assert peer is not None
        name, back = host[peer]
        assert back == index
        pairs[address[1]] = name
    return pairs


# Pods.


@every_node
def test_each_pod_is_paired_with_the_host_link_whose_index_it_names_and_that_names_its_own(directory: Path) -> None:
    wiring = wiring_of(directory)
    expected = pairs_in(directory)
    assert len(expected) == 3
    assert {str(pod.address): pod.host_link for pod in wiring.pods} == expected
    for pod in wiring.pods:
        link = wiring.link(pod.host_link or "")
        assert link is not None
        assert (pod.host_ifindex, pod.ifindex) == (link.ifindex, link.link_index)


@every_lab
def test_each_pod_is_joined_from_process_to_container_to_pod_to_pause_container(directory: Path) -> None:
    wiring = wiring_of(directory)
    containers = (directory / "docker_ps.txt").read_text().splitlines()[1:]
    assert len(wiring.pods) == 3
    for pod in wiring.pods:
        (pid_file,) = [f for f in directory.glob("pod_*_docker_inspect.txt") if f.read_text().strip() == str(pod.pid)]
        manifest = (directory / "capture.toml").read_text()
        asked = re.search(rf'file = "{pid_file.name}"\nargv = .*"([0-9a-f]+)"\]', manifest)
        assert asked
        (line,) = [line for line in containers if line.startswith(asked[1])]
        _, _, pod_name, namespace, uid, _ = line.split()[-1].split("_")
        assert (pod.name, pod.namespace) == (pod_name, namespace)
        of_pod = [line for line in containers if uid in line]
        assert pod.containers == tuple(line.split()[0] for line in of_pod if "/pause" not in line)
        assert [pod.pause_container] == [line.split()[0] for line in of_pod if "/pause" in line]
        (row,) = [r for r in (directory / "kubectl_get_pods.txt").read_text().splitlines() if pod_name in r]
        assert str(pod.address) in row.split()


MODES = Path(__file__).parents[1] / "corpus/modes"


@pytest.mark.parametrize("directory", sorted(MODES.glob("lab-*")), ids=lambda path: path.name)
def test_each_pod_has_the_sandbox_and_containers_that_crictl_lists(directory: Path) -> None:
    containers = [line.split() for line in (directory / "crictl_ps.txt").read_text().splitlines()[1:]]
    sandboxes = [line.split() for line in (directory / "crictl_pods.txt").read_text().splitlines()[1:]]
    pods = wiring_of(directory).pods
    assert len(pods) == 3
    for pod in pods:
        (sandbox,) = [cells for cells in sandboxes if pod.name in cells]
        assert (pod.sandbox, pod.namespace) == (sandbox[0], sandbox[-3])
        assert pod.containers == tuple(cells[0] for cells in containers if cells[-1] == pod.name)
        assert len(pod.containers) == 1
        assert pod.pause_container is None
        assert None not in (pod.host_link, pod.ifindex, pod.pid)


PS = """\
CONTAINER     IMAGE         CREATED        STATE   NAME  ATTEMPT POD ID        POD
d20a600742393 acd2b9d0f0456 12 minutes ago Running web   0       aa28092c207f5 web-1
d20a600742394 acd2b9d0f0456 12 minutes ago Running proxy 0       aa28092c207f5 web-1
d20a600742395 acd2b9d0f0456 2 hours ago    Exited  web   0       aa28092c207f5 web-1
d20a600742396 acd2b9d0f0456 12 minutes ago Running web   0       bb28092c207f5 web-1
"""
PODS = """\
POD ID        CREATED        STATE    NAME  NAMESPACE ATTEMPT RUNTIME
aa28092c207f5 12 minutes ago Ready    web-1 shop      1       (default)
aa28092c207f6 3 hours ago    NotReady web-1 shop      0       (default)
bb28092c207f5 12 minutes ago Ready    web-1 test      0       (default)
"""
CRICTL = {"ps": PS, "pods": PODS}


@pytest.mark.parametrize(
    ("asked", "listings", "expected"),
    [
        ("inspect d20a600742393c0ffee", ["ps", "pods"], ("web-1", "shop")),
        ("inspectp aa28092c207f5c0ffee", ["ps", "pods"], ("web-1", "shop")),
        ("inspect d20a600742393c0ffee", ["ps"], ("web-1", None)),
        ("inspectp aa28092c207f5c0ffee", ["pods"], ("web-1", "shop")),
    ],
)
def test_a_process_is_joined_to_its_pod_through_crictl(
    asked: str, listings: list[str], expected: tuple[str, str | None], tmp_path: Path
) -> None:
    verb, id_ = asked.split()
    log = f"$ sudo crictl {verb} --output go-template --template '{{{{.info.pid}}}}' {id_}\n6502\n"
    log += f"$ sudo nsenter -t 6502 -n ip addr\n{POD}"
    log += "".join(f"$ sudo crictl {name}\n{CRICTL[name]}" for name in listings)
    (pod,) = wiring_of(write(tmp_path, {"log.txt": log})).pods
    assert (pod.name, pod.namespace, pod.sandbox) == (*expected, "aa28092c207f5")
    assert pod.containers == (("d20a600742393", "d20a600742394") if "ps" in listings else ())


def test_of_pods_of_one_name_the_namespace_decides_and_else_none_is_taken(tmp_path: Path) -> None:
    rows = "NAME READY STATUS RESTARTS AGE IP NODE NOMINATED NODE READINESS GATES\n"
    rows += "web-1 1/1 Running 0 5m 10.1.0.5 node-1 <none> <none>\n"
    log = f"$ crictl ps\n{PS}$ crictl pods\n{PODS}$ kubectl get pods{{}} -o wide\n"
    (pod,) = wiring_of(write(tmp_path, {"log.txt": log.format("") + rows})).pods
    assert (pod.sandbox, pod.containers) == (None, ())
    named = rows.replace("NAME READY", "NAMESPACE NAME READY").replace("web-1 1/1", "test web-1 1/1")
    (pod,) = wiring_of(write(tmp_path, {"log.txt": log.format(" -A") + named})).pods
    assert (pod.sandbox, pod.containers) == ("bb28092c207f5", ("d20a600742396",))


@every_lab
def test_a_pods_evidence_holds_the_lines_that_name_it(directory: Path) -> None:
    wiring = wiring_of(directory)
    for pod in wiring.pods:
        lines = {line.source.partition("/")[2]: line.text for line in wiring.capture.evidence(*pod.records)}
        text = "\n".join(line.text for line in wiring.capture.evidence(*pod.records))
        assert {"docker_ps.txt", "kubectl_get_pods.txt", "ip_addr.txt"} <= lines.keys()
        for word in (pod.name, str(pod.address), pod.host_link, str(pod.pid), str(pod.gateway)):
            assert str(word) in text


@every_lab
def test_pods_of_the_host_network_and_of_other_nodes_are_left_out(directory: Path) -> None:
    wiring = wiring_of(directory)
    node = wiring.node
    assert node is not None
    rows = (directory / "kubectl_get_pods.txt").read_text().splitlines()[1:]
    here = {row.split()[1] for row in rows if node.name in row.split() and str(node.internal_ip) not in row.split()}
    assert {pod.name for pod in wiring.pods} == here
    assert len(rows) > len(here) + 2
    assert not any("kube-proxy" in name for name in here)


def test_pods_of_the_host_network_are_left_out_when_only_their_node_is_listed() -> None:
    wiring = wiring_of(CAPTURES / "kubenet")
    assert "kube-proxy-2n62m" in {pod.name for pod in wiring.capture.records("kubectl_get", Pod)}
    assert [str(pod.address) for pod in wiring.pods] == ["10.100.1.18", "10.100.1.5", "10.100.1.3", "10.100.1.4"]


def test_a_pod_with_the_address_of_any_node_is_on_the_host_network(tmp_path: Path) -> None:
    source = CAPTURES / "kubenet"
    files = {name: (source / name).read_text() for name in ("kubectl_get_nodes.txt", "kubectl_get_pods.txt")}
    wiring = wiring_of(write(tmp_path, files))
    assert wiring.node is None
    assert "kube-proxy-2n62m" not in {pod.name for pod in wiring.pods}
    assert len(wiring.pods) == 4


@every_lab
def test_a_pod_with_an_address_of_the_node_itself_is_on_the_host_network(directory: Path, tmp_path: Path) -> None:
    names = ("ip_addr.txt", "kubectl_get_pods.txt")
    wiring = wiring_of(write(tmp_path, {name: (directory / name).read_text() for name in names}))
    listed = {pod.name for pod in wiring.capture.records("kubectl_get", Pod) if pod.ip in wiring.addresses}
    assert len(listed) == 1
    assert not listed & {pod.name for pod in wiring.pods}


def test_a_pod_whose_host_link_is_not_in_the_capture_keeps_the_index_it_names() -> None:
    (pod,) = wiring_of(CAPTURES / "azure-cni").pods
    assert (pod.ifindex, pod.ifname, pod.host_ifindex, pod.host_link, pod.bridge) == (14, "eth0", 15, None, None)
    assert (str(pod.address), pod.prefixlen, pod.pid) == ("10.220.2.13", 24, 6502)
    assert (pod.name, pod.namespace) == ("nginx-7cf567cc7-5pvnj", "default")
    assert (pod.containers, pod.pause_container) == (("8bdb2bd78165",), "1f840366a5ea")


def link(index: int, name: str, peer: int | None, more: str = "") -> str:
    at = "" if peer is None else f"@if{peer}"
    return (
        f"{index}: {name}{at}: <BROADCAST,UP,LOWER_UP> mtu 1500 qdisc noqueue {more}state UP group default\n"
        f"    link/ether 02:00:00:00:00:{index:02x} brd ff:ff:ff:ff:ff:ff link-netnsid 0\n"
    )


POD = (
    link(14, "eth0", 15) + "    inet 10.220.2.13/24 scope global eth0\n       valid_lft forever preferred_lft forever\n"
)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        (link(15, "azv1", 14), "azv1"),
        (link(15, "azv1", 14) + link(16, "azv2", 14), "azv1"),
        (link(15, "azv1", 13), None),
        (link(16, "azv1", 14), None),
        (link(15, "azv1", None), None),
        (link(2, "eth0", 15), None),
    ],
)
def test_only_two_links_that_name_each_other_are_a_pair(host: str, expected: str | None, tmp_path: Path) -> None:
    log = f"$ ip addr\n{host}$ nsenter -t 7 -n ip addr\n{POD}"
    (pod,) = wiring_of(write(tmp_path, {"log.txt": log})).pods
    assert pod.host_link == expected


# The node.


@every_lab
def test_the_bridges_and_their_ports_are_those_of_brctl_and_of_the_masters_of_links(directory: Path) -> None:
    wiring = wiring_of(directory)
    ports: dict[str, list[str]] = {}
    for line in (directory / "brctl_show.txt").read_text().splitlines()[1:]:
        if not line[0].isspace():
            name = line.split()[0]
        ports.setdefault(name, []).extend([line.split()[-1]] if len(line.split()) in (1, 4) else [])
    assert {bridge.name: list(bridge.ports) for bridge in wiring.bridges} == ports
    masters = re.findall(r"^\d+: ([^@:\s]+).* master (\S+)", (directory / "ip_addr.txt").read_text(), re.MULTILINE)
    assert len(masters) >= 3
    for port, master in masters:
        found = wiring.link(port)
        assert found is not None
        assert (found.master, found.master_known) == (master, True)
        assert port in ports[master]


@every_lab
def test_bridges_are_known_from_either_of_the_two_commands_alone(directory: Path, tmp_path: Path) -> None:
    both = {bridge.name: set(bridge.ports) for bridge in wiring_of(directory).bridges if bridge.ports}
    for file in ("brctl_show.txt", "ip_addr.txt"):
        only = tmp_path / file
        only.mkdir()
        alone = wiring_of(write(only, {file: (directory / file).read_text()}))
        assert alone.bridges_known
        assert {bridge.name: set(bridge.ports) for bridge in alone.bridges if bridge.ports} == both


BRIDGED = sorted(path for path in MODES.glob("*/bridge_link.txt") if path.read_text())


@pytest.mark.parametrize("listing", BRIDGED, ids=lambda path: path.parent.name)
def test_the_ports_of_bridges_are_the_same_from_each_of_three_commands(listing: Path, tmp_path: Path) -> None:
    found = []
    for name in ("bridge_link.txt", "brctl_show.txt", "ip_addr.txt"):
        only = tmp_path / name
        only.mkdir()
        wiring = wiring_of(write(only, {name: listing.with_name(name).read_text()}))
        assert wiring.bridges_known
        found.append({(bridge.name, port) for bridge in wiring.bridges for port in bridge.ports})
    assert len(found[0]) >= 3
    assert found[0] == found[1] == found[2]
    assert not [d for d in wiring_of(listing.parent).diagnostics if d.code == "second-output"]
    moved = listing.read_text().replace("master cni0", "master br9").replace("master cbr0", "master br9")
    if moved != listing.read_text():
        log = f"$ brctl show\n{listing.with_name('brctl_show.txt').read_text()}$ bridge link\n{moved}"
        (told,) = wiring_of(write(tmp_path, {"log.txt": log})).diagnostics
        assert told.code == "second-output"


def test_a_list_of_one_bridge_leaves_the_others_to_the_masters_of_links(tmp_path: Path) -> None:
    links = link(2, "eth0", None) + link(5, "veth1a", 3, "master cbr0 ") + link(6, "veth1b", 4, "master br7 ")
    shown = "bridge name\tbridge id\tSTP enabled\tinterfaces\nbr7\t\t8000.160c0cac5660\tno\t\tveth1b\n"
    for order in (f"$ brctl show br7\n{shown}$ ip addr\n{links}", f"$ ip addr\n{links}$ brctl show br7\n{shown}"):
        wiring = wiring_of(write(tmp_path, {"log.txt": order}))
        assert {bridge.name: bridge.ports for bridge in wiring.bridges} == {"br7": ("veth1b",), "cbr0": ("veth1a",)}
    alone = wiring_of(write(tmp_path, {"log.txt": f"$ brctl show br7\n{shown}"}))
    assert not alone.bridges_known


@pytest.mark.parametrize(
    ("name", "iface", "gateway"),
    [
        ("lab-kubenet", "eth0", "10.220.1.1"),
        ("lab-azure-cni", "azure0", "10.220.2.1"),
        ("kubenet", "eth0", "10.220.1.1"),
    ],
)
def test_the_uplink_is_eth0_whether_or_not_the_default_route_names_it(name: str, iface: str, gateway: str) -> None:
    wiring = wiring_of(CAPTURES / name)
    route = wiring.default_route
    assert route is not None
    assert (route.dev, str(route.gateway)) == (iface, gateway)
    assert wiring.uplink is not None
    assert wiring.uplink.ifname == "eth0"


def test_of_several_default_routes_the_one_with_the_lowest_metric_counts(tmp_path: Path) -> None:
    rows = [f"0.0.0.0  10.0.0.{n}  0.0.0.0  UG  {metric}  0  0 eth{n}\n" for n, metric in ((1, 200), (2, 100), (3, -1))]
    text = "Kernel IP routing table\nDestination Gateway Genmask Flags Metric Ref Use Iface\n" + "".join(rows)
    route = wiring_of(write(tmp_path, {"r.txt": text})).default_route
    assert route is not None
    assert route.dev == "eth2"


@every_lab
def test_the_default_gateway_of_each_pod_is_the_one_in_its_own_table(directory: Path) -> None:
    wiring = wiring_of(directory)
    manifest = (directory / "capture.toml").read_text()
    for pod in wiring.pods:
        file = re.search(rf'file = "(\S+)"\nargv = \["nsenter", "-t", "{pod.pid}", "-n", "route", "-n"\]', manifest)
        assert file
        default = re.search(r"^0\.0\.0\.0\s+(\S+)", (directory / file[1]).read_text(), re.MULTILINE)
        assert default
        assert str(pod.gateway) == default[1]


def test_only_pods_with_a_route_of_their_own_are_routed() -> None:
    assert [pod.routed for pod in wiring_of(AT0).pods] == [True] * 3
    assert [pod.routed for path in LABS for pod in wiring_of(path).pods] == [False] * 6


def test_docker0_is_a_bridge_and_leads_to_no_pod() -> None:
    for directory in LABS:
        wiring = wiring_of(directory)
        docker0 = wiring.bridge("docker0")
        assert docker0 is not None
        assert docker0.ports == ()
        assert "docker0" not in {pod.bridge for pod in wiring.pods}


@pytest.mark.parametrize(
    "line",
    [
        "kubectl exec nginx-7cf567cc7-5pvnj -- ip addr",
        "kubectl exec -it nginx -n default -- ip addr",
        "docker exec 8bdb2bd78165 ip addr",
        "sudo docker exec -it 8bdb2bd78165 ip addr",
        "sudo crictl exec 8bdb2bd78165 ip addr",
        "sudo nsenter -t 6502 -n ip addr",
        "sudo nsenter --target=6502 --net ip addr",
        "ip netns exec cni-1234 ip addr",
    ],
)
@pytest.mark.parametrize("host_too", [False, True])
def test_what_was_printed_inside_a_pod_is_never_taken_for_the_nodes(line: str, host_too: bool, tmp_path: Path) -> None:
    log = f"$ {line}\n{POD}" + (f"$ ip addr\n{link(2, 'eth0', 101)}" if host_too else "")
    wiring = wiring_of(write(tmp_path, {"log.txt": log}))
    assert [(link.ifname, link.ifindex) for link in wiring.links] == ([("eth0", 2)] if host_too else [])


@pytest.mark.parametrize("ifname", ["veth1180641f", "azv2940ba34862", "cali12345678901", "lxc0123456789ab"])
def test_the_host_links_of_network_plugins_are_told_by_their_names(ifname: str) -> None:
    prefix = naming(ifname)
    assert prefix
    assert ifname.startswith(prefix)


@pytest.mark.parametrize("ifname", ["eth0", "lo", "cbr0", "azure0", "docker0", "cilium_host", "tunl0", "flannel.1"])
def test_other_links_are_told_to_be_none_of_pods(ifname: str) -> None:
    assert naming(ifname) is None


# Services.


def rules_in(text: str) -> dict[str, list[str]]:
    """The rules of each chain, as text."""
    chains = {}
    for block in text.split("\n\n"):
        title, _, *rules = block.strip("\n").split("\n")
        chains[title.split()[1]] = rules
    return chains


@every_node
def test_every_service_is_followed_from_its_address_to_its_endpoints(directory: Path) -> None:
    wiring = wiring_of(directory)
    chains = rules_in(next(directory.glob("*iptables_t_nat_nvL.txt")).read_text())
    jumps = [rule for rule in chains["KUBE-SERVICES"] if re.search(r" KUBE-SVC-\w+ .*cluster IP", rule)]
    services = {service.chain: service for service in wiring.services}
    assert len(services) >= 4
    for jump in jumps:
        match = re.search(r"(KUBE-SVC-\w+) .* 0\.0\.0\.0/0 +([\d.]+) +/\* (\S+) cluster IP \*/ (\w+) dpt:(\d+)", jump)
        assert match
        chain, address, name, protocol, port = match.groups()
        service = services[chain]
        stated = (service.service, str(service.cluster_ip), service.protocol, service.port)
        assert stated == (name.removesuffix(":"), address, protocol, int(port))
        expected = []
        for rule in chains[chain]:
            to_endpoint = re.search(r"(KUBE-SEP-\w+) ", rule)
            if to_endpoint is None or "recent: CHECK" in rule:
                continue
            (dnat,) = [text for text in chains[to_endpoint[1]] if " DNAT " in text]
            to = re.search(r"to:([\d.]+):(\d+)", dnat)
            probability = re.search(r"probability ([\d.]+)", rule)
            assert to
            expected.append((to[1], int(to[2]), Decimal(probability[1]) if probability else None))
        found = [(str(e.address), e.port, e.probability) for e in service.endpoints]
        assert found == expected, service.service
        marks = [
            r
            for r in [*chains["KUBE-SERVICES"], *chains[chain]]
            if f"/* {name} cluster IP */" in r and "MARK-MASQ" in r
        ]
        unless = re.search(r"!([\d.]+/\d+) ", marks[0])
        assert unless
        assert str(service.masquerade_unless_from) == unless[1]


@every_lab
def test_a_mark_for_all_packets_to_a_service_is_no_condition(directory: Path, tmp_path: Path) -> None:
    nat = (directory / "iptables_t_nat_nL.txt").read_text()
    marking_all = re.sub(r"(KUBE-MARK-MASQ .*)!10\.\d+\.0\.0/16 ", r"\g<1> 0.0.0.0/0      ", nat)
    assert marking_all != nat
    services = wiring_of(write(tmp_path, {"nat.txt": marking_all})).services
    assert [service.masquerade_unless_from for service in services] == [None] * 4


@every_lab
def test_a_service_has_the_address_that_kubectl_lists(directory: Path) -> None:
    listed = {}
    for row in (directory / "kubectl_get_services.txt").read_text().splitlines()[1:]:
        namespace, name, _, address, *_ = row.split()
        listed[f"{namespace}/{name}"] = address
    services = wiring_of(directory).services
    assert {service.service.partition(":")[0] for service in services} == listed.keys()
    for service in services:
        assert str(service.cluster_ip) == listed[service.service.partition(":")[0]]


@every_lab
def test_the_chances_of_the_endpoints_of_a_service_are_equal(directory: Path) -> None:
    for service in wiring_of(directory).services:
        left, chances = Decimal(1), []
        for endpoint in service.endpoints:
            chance = left * (endpoint.probability if endpoint.probability is not None else 1)
            chances.append(chance)
            left -= chance
        assert left == 0
        assert max(chances) - min(chances) < Decimal("1e-8")


@every_lab
def test_the_listing_with_interfaces_is_used_where_there_are_two(directory: Path, tmp_path: Path) -> None:
    wiring = wiring_of(directory)
    nat = nat_of(wiring)
    assert nat.interfaces_listed
    assert {chain.origin.partition("/")[2] for chain in nat.chains} == {"iptables_t_nat_nvL.txt"}
    plain = wiring_of(write(tmp_path, {"nat.txt": (directory / "iptables_t_nat_nL.txt").read_text()}))
    assert not nat_of(plain).interfaces_listed
    assert [chain.name for chain in nat_of(plain).chains] == [chain.name for chain in nat.chains]
    assert [s.endpoints for s in plain.services] == [s.endpoints for s in wiring.services]


def test_another_table_than_nat_is_not_taken_for_it(tmp_path: Path) -> None:
    nat = (LABS[0] / "iptables_t_nat_nL.txt").read_text()
    for line in ("iptables -nL", "iptables -t filter -nL", "ip6tables -t nat -nL"):
        wiring = wiring_of(write(tmp_path, {"log.txt": f"$ {line}\n{nat}"}))
        assert wiring.table("nat") is None, line
    assert nat_of(wiring_of(write(tmp_path, {"log.txt": f"$ sudo iptables -t nat -nL\n{nat}"}))).whole


# Nothing.


def test_an_empty_capture_has_no_wiring(tmp_path: Path) -> None:
    wiring = wiring_of(tmp_path)
    assert (wiring.links, wiring.bridges, wiring.pods, wiring.services) == ((), (), (), ())
    assert wiring.uplink is None
    assert wiring.default_route is None
    assert not wiring.bridges_known


def test_the_same_pod_in_two_listings_is_one_pod(tmp_path: Path) -> None:
    listing = (LABS[0] / "kubectl_get_pods.txt").read_text()
    rows = [re.sub(r"^default +", "", row) for row in listing.splitlines() if row.startswith(("NAMESPACE", "default"))]
    one = "\n".join([rows[0].removeprefix("NAMESPACE     "), *rows[1:]]) + "\n"
    for order in (
        listing + "\n$ kubectl get pods -o wide\n" + one,
        one + "\n$ kubectl get pods -A -o wide\n" + listing,
    ):
        wiring = wiring_of(write(tmp_path, {"log.txt": order}))
        names = [pod.name for pod in wiring.pods]
        assert len(names) == len(set(names)) == 8


def test_a_container_that_docker_ps_does_not_list_is_still_joined_to_its_process(tmp_path: Path) -> None:
    line = "docker inspect --format '{{ .State.Pid }}' 8bdb2bd78165"
    log = f"$ {line}\n6502\n$ sudo nsenter -t 6502 -n ip addr\n{POD}"
    (pod,) = wiring_of(write(tmp_path, {"log.txt": log})).pods
    assert (pod.pid, pod.containers, pod.name) == (6502, ("8bdb2bd78165",), None)


def test_a_container_whose_labels_tell_its_pod_is_joined_without_a_listing(tmp_path: Path) -> None:
    document = (CAPTURES.parent / "commands/docker_inspect/crictl-container/input.txt").read_text()
    log = f"$ crictl inspect bee7eaecdbd57\n{document}$ sudo nsenter -t 6502 -n ip addr\n{POD}"
    (pod,) = wiring_of(write(tmp_path, {"log.txt": log})).pods
    assert (pod.pid, pod.name, pod.namespace) == (6502, "nginx-7cf567cc7-5pvnj", "default")
    assert [container[:13] for container in pod.containers] == ["bee7eaecdbd57"]


def test_a_pause_container_is_none_of_the_containers_of_its_pod(tmp_path: Path) -> None:
    document = (
        (CAPTURES.parent / "commands/docker_inspect/crictl-sandbox/input.txt").read_text().replace("6480", "6502")
    )
    log = f"$ crictl inspectp 2b6eedd752cd3\n{document}$ sudo nsenter -t 6502 -n ip addr\n{POD}"
    (pod,) = wiring_of(write(tmp_path, {"log.txt": log})).pods
    assert (pod.name, pod.containers, (pod.pause_container or "")[:13]) == (
        "nginx-7cf567cc7-5pvnj",
        (),
        "2b6eedd752cd3",
    )


@every_lab
def test_every_record_of_a_wiring_is_one_of_its_capture(directory: Path) -> None:
    wiring = wiring_of(directory)
    known = {id(record) for output in wiring.capture.outputs for record in output}
    known |= {id(rule) for chain in nat_of(wiring).chains for rule in chain.rules}
    parts: list[PodWiring | object] = [*wiring.pods, *wiring.links, *wiring.bridges, *wiring.services]
    records = [record for part in parts for record in getattr(part, "records", ())]
    assert len(records) > 30
    assert all(id(record) in known for record in records)
    assert len(wiring.capture.records("docker_ps", Container)) == 8


def test_a_list_of_interfaces_that_lacks_one_which_others_name_is_not_taken_to_be_of_all(tmp_path: Path) -> None:
    lo = "1: lo: <LOOPBACK,UP> mtu 65536 qdisc noqueue state UNKNOWN\n    link/loopback 00:00:00:00:00:00\n"
    routes = "$ ip route\ndefault via 10.0.0.1 dev eth0\n10.0.0.0/24 dev eth0\n"
    whole = wiring_of(write(tmp_path, {"log.txt": f"$ ip link\n{lo}{link(2, 'eth0', None)}{routes}"}))
    assert (whole.links_known, whole.bridges_known) == (True, True)
    cut = wiring_of(write(tmp_path, {"log.txt": f"$ ip link\n{lo}{routes}"}))
    assert (cut.links_known, cut.bridges_known) == (False, False)


def test_a_port_that_brctl_does_not_list_is_one_and_is_told(tmp_path: Path) -> None:
    shown = "bridge name\tbridge id\t\tSTP enabled\tinterfaces\ndocker0\t\t8000.160c0cac5660\tno\t\t\n"
    log = f"$ brctl show\n{shown}$ ip addr\n{link(2, 'eth0', None, 'master azure0 ')}"
    wiring = wiring_of(write(tmp_path, {"log.txt": log}))
    assert {bridge.name: bridge.ports for bridge in wiring.bridges} == {"docker0": (), "azure0": ("eth0",)}
    (told,) = wiring.diagnostics
    assert (told.code, told.line) == ("unlisted-port", 2)
    assert "eth0 is a port of azure0, which is not in it" in told.message
