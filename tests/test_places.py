"""Where commands ran, in the forms that people type them: no output is taken to be of a place that is not its own."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from aksparse import read_transcript
from aksparse.capture.load import read_dump

NODE = "root@aks-1:/# "
LINKS = (
    "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000\n"
    "    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n"
)
ROUTES = "Kernel IP routing table\nDestination Gateway Genmask Flags Metric Ref Use Iface\n"
ROUTES += "10.0.0.0 0.0.0.0 255.0.0.0 U 0 0 0 eth0\n"
CHAIN = "Chain PREROUTING (policy ACCEPT)\ntarget     prot opt source               destination         \n\n"
NAMESPACES = "NAME STATUS AGE\ndefault Active 3d\n"
OUTPUTS = {"<links>": LINKS, "<routes>": ROUTES, "<chain>": CHAIN, "<namespaces>": NAMESPACES}


def session(*lines: str) -> str:
    """The lines of a session, with outputs in place of their names."""
    return "".join(OUTPUTS.get(line, f"{line}\n") for line in lines)


def places(text: str) -> list[str]:
    """For each output, its command line and where it ran."""
    found = []
    for output in read_transcript(text).outputs:
        where = [str(place) for place in (output.pid, output.netns) if place is not None] or ["node"]
        found.append(f"{shlex.join(output.argv) if output.argv else output.command} @ {where[0]}")
    return found


WRAPPED = {
    # The network namespace that a command line enters, however it says so.
    "nsenter --target 55 --net ip addr": "55",
    "sudo -iu root nsenter -at 55 ip addr": "55",
    "nsenter -n -t55 -- ip addr": "55",
    "nsenter --net=/var/run/netns/cni-1 ip addr": "cni-1",
    "nsenter -t `docker inspect -f '{{.State.Pid}}' x` -n ip addr": "`docker inspect -f {{.State.Pid}} x`",
    "nsenter -m -t 55 ip addr": "node",
    "ip netns exec blue ip addr": "blue",
    "ip -n blue addr": "blue",
    "ip -4 -netns blue addr": "blue",
    "unshare -n ip addr": "unshare",
    "kubectl exec web -- ip addr": "kubectl exec web",
    "kubectl exec -itn shop web -c app -- ip addr": "kubectl exec web",
    "kubectl exec deploy/web -it -- sh -c 'ip addr'": "kubectl exec deploy/web",
    "kubectl exec web -- nsenter -t 1 -n ip addr": "node",
    "kubectl debug -it web --image=netshoot --target=app -- ip addr": "kubectl debug web",
    "kubectl run -it --rm probe --image=busybox --restart=Never -- ip addr": "kubectl run probe",
    "kubectl debug node/aks-1 -it --image=busybox -- chroot /host ip addr": "node",
    "kubectl node-shell aks-1 -- ip addr": "node",
    "oc debug node/aks-1 -- chroot /host ip addr": "node",
    "docker exec -it -e A=b web ip addr": "docker exec web",
    "docker compose -f x.yml exec web ip addr": "docker exec web",
    "docker run --rm --net container:web netshoot ip addr": "docker exec web",
    "docker run --rm --network=host busybox ip addr": "node",
    "docker run --rm busybox ip addr": "docker run busybox",
    "crictl exec -i -t 4f2d ip addr": "crictl exec 4f2d",
    "nerdctl -n k8s.io exec 4f2d ip addr": "nerdctl exec 4f2d",
    "ctr -n k8s.io task exec --exec-id x 4f2d ip addr": "ctr exec 4f2d",
    "lxc exec c1 -- ip addr": "lxc exec c1",
    "chroot /host ip addr": "node",
    "ssh node -- sudo ip addr": "node",
    "ssh node 'sudo nsenter -t 55 -n ip addr'": "55",
    "az vmss run-command invoke -g g -n v --instance-id 0 --command-id RunShellScript --scripts 'ip addr'": "node",
    "watch -dn1 kubectl exec web -- ip addr": "kubectl exec web",
    "eval nsenter -t 55 -n ip addr": "55",
    "kubectl exec web -- ip addr | tee -a out.txt": "kubectl exec web",
    "kubectl exec -i web -- sh <<< 'ip addr'": "kubectl exec web",
    "echo 'ip addr' | nsenter -t 55 -n sh": "55",
}


@pytest.mark.parametrize("line", WRAPPED)
def test_a_command_line_says_in_which_network_namespace_it_runs(line: str) -> None:
    (place,) = places(session(f"{NODE}{line}", "<links>", NODE))
    assert place.partition(" @ ")[2] == WRAPPED[line]
    assert place.startswith(("ip addr @", "ip -n blue addr @", "ip -4 -netns blue addr @", "ip_addr @"))


SESSIONS: dict[str, tuple[tuple[str, ...], list[str]]] = {
    "a loop over what another command prints": (
        (f"{NODE}for p in $(docker ps -q); do nsenter -t $p -n ip addr; done", "<links>", "<links>"),
        ["ip addr @ $p", "ip addr @ $p (2)"],
    ),
    "a loop of which the second command goes with the first": (
        (
            f"{NODE}for p in $(pgrep pause); do nsenter -t $p -n ip addr; nsenter -t $p -n route -n; done",
            *("<links>", "<routes>", "<links>", "<routes>"),
        ),
        ["ip addr @ $p", "route -n @ $p", "ip addr @ $p (2)", "route -n @ $p (2)"],
    ),
    "a loop over chains": (
        (f"{NODE}for n in $(ip netns); do ip netns exec $n iptables -t nat -nL; done", "<chain>", "<chain>"),
        ["iptables -t nat -nL @ $n", "iptables -t nat -nL @ $n (2)"],
    ),
    "a loop over a list": (
        (
            f'{NODE}for p in 101 102; do echo "== $p"; nsenter -t $p -n ip addr; done',
            *("== 101", "nsenter: cannot open /proc/101/ns/net: No such file or directory", "== 102", "<links>"),
        ),
        ["ip addr @ 102"],
    ),
    "a loop over a list, of which one is gone": (
        (
            f"{NODE}for p in 101 102; do nsenter -t $p -n ip addr; done",
            *("nsenter: cannot open /proc/101/ns/net: No such file or directory", "<links>"),
        ),
        ["ip_addr @ one of several"],
    ),
    "a loop before the node's own": (
        (f"{NODE}for p in $(pgrep pause); do nsenter -t $p -n ip addr; done; ip addr", "<links>", "<links>"),
        ["ip_addr @ one of several", "ip_addr @ one of several (2)"],
    ),
    "a loop behind the node's own": (
        (f"{NODE}ip addr; for p in $(pgrep pause); do nsenter -t $p -n ip addr; done", "<links>", "<links>"),
        ["ip addr @ node", "ip addr @ $p"],
    ),
    "loops one after the other": (
        (
            *(f"{NODE}for p in $(pgrep pause); do nsenter -t $p -n ip addr; done", "<links>"),
            *(f"{NODE}for p in $(pgrep nginx); do nsenter -t $p -n ip addr; done", "<links>"),
        ),
        ["ip addr @ $p", "ip addr @ $p (2)"],
    ),
    "a loop that reads": (
        (f"{NODE}docker ps -q | while read id; do docker exec $id ip addr; done", "<links>", "<links>"),
        ["ip addr @ docker exec $id", "ip addr @ docker exec $id (2)"],
    ),
    "xargs": (
        (f"{NODE}pgrep pause | xargs -I{{}} nsenter -t {{}} -n ip addr", "<links>", "<links>"),
        ["ip addr @ {}", "ip addr @ {} (2)"],
    ),
    "a loop that goes on behind bash's second prompt": (
        (f"{NODE}for p in $(pgrep pause)", "> do", "> nsenter -t $p -n ip addr", "> done", "<links>"),
        ["ip addr @ $p"],
    ),
    "a loop in zsh": (
        ("me@mac ~ % for p in a b; do", "for> kubectl exec $p -- ip addr", "for> done", "<links>", "<links>"),
        ["ip addr @ kubectl exec a", "ip addr @ kubectl exec b"],
    ),
    "a loop in fish": (
        (
            "me@host ~> for p in a b",
            "               kubectl exec $p -- ip addr",
            "           end",
            "<links>",
            "<links>",
        ),
        ["ip addr @ kubectl exec a", "ip addr @ kubectl exec b"],
    ),
    "loops in PowerShell": (
        (
            *("PS C:\\> foreach ($p in $pods) { kubectl exec $p -- ip addr }", "<links>"),
            *("PS C:\\> kubectl get pods -o name | ForEach-Object { kubectl exec $_ -- ip addr }", "<links>"),
        ),
        ["ip addr @ kubectl exec $p", "ip addr @ kubectl exec $_"],
    ),
    "a loop without a prompt": (
        ("for p in $(docker ps -q); do", "  nsenter -t $p -n ip addr", "done", "<links>", "<links>"),
        ["ip addr @ $p", "ip addr @ $p (2)"],
    ),
    "a script that prints several": (
        (f"{NODE}./pods.sh", "<links>", "<links>"),
        ["ip_addr @ one of several", "ip_addr @ one of several (2)"],
    ),
    "a function": ((f"{NODE}podns 55 ip addr", "<links>"), ["podns 55 ip addr @ podns 55"]),
    "an alias and a variable": (
        (
            *(f"{NODE}alias pn='nsenter -t 55 -n'", f"{NODE}pn ip addr", "<links>"),
            *(f"{NODE}IN='nsenter -t 66 -n'", f"{NODE}$IN ip addr", "<links>"),
        ),
        ["ip addr @ 55", "ip addr @ 66"],
    ),
    "each network namespace that has a name": (
        (f"{NODE}ip -all netns exec ip addr", "", "netns: blue", "<links>", "", "netns: red", "<links>"),
        ["ip addr @ blue", "ip addr @ red"],
    ),
    "a here-document for a shell": (
        (
            *(f"{NODE}kubectl exec -i web -- sh <<'EOF'", "ip addr", "route -n", "EOF", "<links>", "<routes>"),
            *(f"{NODE}ip addr", "<links>"),
        ),
        ["ip addr @ kubectl exec web", "route -n @ kubectl exec web", "ip addr @ node"],
    ),
    "a here-document for a file": (
        (f"{NODE}cat <<EOF > x.sh", "> ip addr", "> EOF", f"{NODE}route -n", "<routes>"),
        ["route -n @ node"],
    ),
    "a shell that is not opened": (
        (
            *(f"{NODE}kubectl exec -it web -- sh", "error: unable to upgrade connection: container not found"),
            *(f"{NODE}ip addr", "<links>"),
        ),
        ["ip addr @ node"],
    ),
    "a container that goes on in the background": (
        (f"{NODE}docker run -d nginx", "0123456789abcdef", f"{NODE}ip addr", "<links>"),
        ["ip addr @ node"],
    ),
    "a line that goes on behind a backslash": (
        (f"{NODE}docker exec \\", "  web \\", "  ip addr", "<links>"),
        ["ip addr @ docker exec web"],
    ),
    "a line that goes on behind PowerShell's backtick": (
        (
            *("PS C:\\> kubectl exec `", ">>  web -- `", ">>  ip addr", "<links>"),
            *("PS C:\\> kubectl get ns", "<namespaces>"),
        ),
        ["ip addr @ kubectl exec web", "kubectl get ns @ node"],
    ),
    "a line that goes on behind cmd's caret": (
        ("C:\\>kubectl exec ^", "More? web -- ip addr", "<links>"),
        ["ip addr @ kubectl exec web"],
    ),
    "PuTTY's log": (
        (
            "=~=~=~=~=~=~=~=~=~=~=~= PuTTY log 2026.11.27 08:00:00 =~=~=~=~=~=~=~=~=~=~=~=",
            *('Using username "azureuser".', 'Authenticating with public key "rsa-key" from agent'),
            *("azureuser@aks-1:~$ ip addr", "<links>"),
        ),
        ["ip addr @ node"],
    ),
    "tmux": (
        ("[root@aks-1 /]# route -n", "<routes>", '[0] 0:bash*       "aks-1" 08:00 27-Nov-26'),
        ["route -n @ node"],
    ),
}


@pytest.mark.parametrize("name", SESSIONS)
def test_each_output_of_a_session_is_of_its_own_place(name: str) -> None:
    lines, expected = SESSIONS[name]
    text = session(*lines)
    assert places(text) == expected
    transcript = read_transcript(text)
    assert not [d for output in transcript.outputs for d in output.diagnostics]
    several = {d.code for d in transcript.diagnostics} & {"ambiguous-output"}
    assert bool(several) == any("one of several" in place for place in expected)


# Machines.


def hosts(text: str) -> list[tuple[str, str | None]]:
    return [(output.netns or output.command, output.host) for output in read_transcript(text).outputs]


def test_an_output_is_of_the_machine_that_the_prompt_names() -> None:
    text = session(f"{NODE}ip addr", "<links>", "[root@aks-2.example ~]# route -n", "<routes>", "$ kubectl get ns")
    assert hosts(text + NAMESPACES) == [("ip_addr", "aks-1"), ("route", "aks-2"), ("kubectl_get", None)]


def test_a_machine_that_ssh_calls_otherwise_is_the_one_of_its_own_prompt() -> None:
    text = session(
        *("me@mac:~$ ssh 10.240.0.4 ip addr", "<links>"),
        *("me@mac:~$ ssh azureuser@10.240.0.4", "Welcome to Ubuntu", "azureuser@aks-1:~$ route -n", "<routes>"),
        *("azureuser@aks-1:~$ docker exec -it web sh", "/ # ip addr", "<links>", "/ # exit"),
        *("azureuser@aks-1:~$ exit", "logout", "me@mac:~$ kubectl debug node/aks-2 -it --image=b", "/ # route -n"),
    )
    assert hosts(text + ROUTES) == [
        *(("ip_addr", "aks-1"), ("route", "aks-1"), ("docker exec web", "aks-1"), ("route", "aks-2")),
    ]


def test_a_loop_over_machines_goes_to_another_each_time() -> None:
    text = session("$ for n in $(cat nodes); do ssh $n ip addr; done", "<links>", "<links>")
    assert hosts(text) == [("ip_addr", "$n"), ("ip_addr", "$n (2)")]


def test_a_log_of_several_machines_is_of_as_many_nodes(tmp_path: Path) -> None:
    log = tmp_path / "session.log"
    log.write_text(
        session(
            *(f"{NODE}ip addr", "<links>", "root@aks-2:/# ip addr", "<links>", "me@mac:~$ kubectl get ns"),
            *("<namespaces>", "me@mac:~$ kubectl exec web -- ip addr", "<links>"),
        )
    )
    dump = read_dump(log)
    assert dump.nodes == ("aks-1", "aks-2")
    assert [[(o.command, o.host, o.line) for o in capture.outputs] for capture in dump.captures] == [
        [("ip_addr", node, line), ("kubectl_get", "mac", 8)] for node, line in (("aks-1", 2), ("aks-2", 5))
    ]
    assert [[(d.code, d.line) for d in capture.diagnostics] for capture in dump.captures] == [
        [("unknown-host", 11)]
    ] * 2


def test_containers_that_kubectl_enters_make_no_other_node(tmp_path: Path) -> None:
    log = tmp_path / "session.log"
    log.write_text(session("me@mac:~$ kubectl exec web -- ip addr", "<links>", f"{NODE}ip addr", "<links>"))
    (capture,) = read_dump(log).captures
    assert [output.netns for output in capture.outputs] == ["kubectl exec web", None]
