"""What stands around outputs: it is named and set aside, and is never a record, in any command's output."""

from __future__ import annotations

import attrs
import pytest

from aksparse import ParseError, parse, read_transcript, to_builtins
from aksparse.command import command_named, split_lines
from aksparse.terminal.noise import noise
from tests.corpus import CommandCase, command_cases

NOISE = {
    "prompt": [
        "azureuser@aks-nodepool1-27511634-vmss000000:~$ ",
        "[root@node ~]# ",
        "root@node:/# exit",
        "/ # ",
        "bash-5.1# ",
    ],
    "sudo-warning": ["sudo: unable to resolve host aks-1: Name or service not known"],
    "password-prompt": ["[sudo] password for azureuser: "],
    "command-not-found": [
        "-bash: brctl: command not found",
        "bash: line 3: brctl: command not found",
        "sh: 1: brctl: not found",
        "/bin/sh: brctl: not found",
        "zsh: command not found: brctl",
        "sudo: brctl: command not found",
        "nsenter: failed to execute brctl: No such file or directory",
        "Command 'brctl' not found, but can be installed with:",
        "bash: /usr/sbin/brctl: No such file or directory",
    ],
    "permission-denied": [
        "iptables v1.8.7 (nf_tables): Could not fetch rule set generation id: Permission denied (you must be root)",
        "bash: /etc/cni/net.d: Permission denied",
        "nsenter: cannot open /proc/1/ns/net: Permission denied",
        "Got permission denied while trying to connect to the Docker daemon socket at unix:///run/docker.sock: Get x",
        "error: You must be logged in to the server (Unauthorized)",
    ],
    "default-container": [
        'Defaulted container "nginx" out of: nginx, istio-proxy, init (init)',
        "Defaulting container name to nginx.",
    ],
    "kubectl-message": [
        'Error from server (NotFound): pods "nginx" not found',
        'Error from server (Forbidden): pods is forbidden: User "u" cannot list resource "pods"',
        "Unable to connect to the server: dial tcp: lookup x on 10.0.0.10:53: no such host",
        "The connection to the server localhost:8080 was refused - did you specify the right host or port?",
        'error: the server doesn\'t have a resource type "pos"',
        "Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
        "Warning: policy/v1beta1 PodSecurityPolicy is deprecated in v1.21+, unavailable in v1.25+",
        "command terminated with exit code 1",
        "If you don't see a command prompt, try pressing enter.",
        "Creating debugging pod node-debugger-aks-1-abcde with container debugger on node aks-1.",
    ],
    "log-message": [
        "W1127 08:00:00.000000   12345 loader.go:222] Config not found: /etc/kubernetes/admin.conf",
        "E1127 08:00:00.000000   12345 memcache.go:265] couldn't get current server API group list: Get x",
        "WARN[0000] runtime connect using default endpoints: [unix:///run/containerd/containerd.sock]",
        "FATA[0000] listing containers: rpc error: code = Unavailable",
        'time="2026-11-27T08:00:00Z" level=warning msg="image connect using default endpoints"',
    ],
    "docker-message": [
        "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
        "Error response from daemon: No such container: abc",
        "Emulate Docker CLI using podman. Create /etc/containers/nodocker to quiet msg.",
    ],
    "iptables-warning": [
        "# Warning: iptables-legacy tables present, use iptables-legacy to see them",
        "# Warning: iptables-legacy tables present, use iptables-legacy-save to see them",
    ],
    "tool-error": [
        "Another app is currently holding the xtables lock. Perhaps you want to use the -w option?",
        'Cannot open network namespace "blue": No such file or directory',
        'Device "eth9" does not exist.',
        'Object "x" is unknown, try "ip help".',
        "RTNETLINK answers: Operation not supported",
        "Dump terminated",
        "iptables: No chain/target/match by that name.",
        "modprobe: FATAL: Module ip_tables not found in directory /lib/modules/5.15.0",
        "Error: ipv4: FIB table does not exist.",
    ],
    "ssh-message": [
        "Warning: Permanently added '10.220.1.4' (ED25519) to the list of known hosts.",
        "Connection to 10.220.1.4 closed.",
        "Pseudo-terminal will not be allocated because stdin is not a terminal.",
    ],
    "shell-message": [
        "bash: warning: setlocale: LC_ALL: cannot change locale (en_US.UTF-8)",
        "bash: cannot set terminal process group (-1): Inappropriate ioctl for device",
        "bash: no job control in this shell",
        "^C",
        "logout",
        "[1]+  Done                    sleep 1",
    ],
    "script": [
        'Script started on 2026-11-27 07:56:12+00:00 [TERM="xterm"]',
        'Script done on 2026-11-27 07:56:12+00:00 [COMMAND_EXIT_CODE="0"]',
    ],
    "date": ["Fri Nov 27 08:19:33 UTC 2026", "2026-11-27T08:19:33+00:00"],
    "elision": [". . .", "...", "…"],
}
LINES = [line for lines in NOISE.values() for line in lines]
CASES = [case for case in command_cases() if case.command not in ("az_aks_create", "assignment")]
UNDERSTOOD = [
    (number, case)
    for number, case in enumerate(CASES)
    if not any(diagnostic["severity"] == "error" for diagnostic in case.expected["diagnostics"])
]


@pytest.mark.parametrize("name", NOISE)
def test_noise_has_a_name(name: str) -> None:
    assert {noise(line) for line in NOISE[name]} == {name}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_no_line_of_a_record_is_noise(case: CommandCase) -> None:
    lines = split_lines(case.text)
    assert [lines[number - 1] for number in case.parsed.recorded if noise(lines[number - 1])] == []


# A route that was got goes on in the next line, and so does the message of an event.
CLOSED = {
    *("ip_route/get", "ip_route/get-local", "ip_route/get-on-the-way", "ip_route/get-statistics"),
    "kubectl_get/events-message-of-two-lines",
}


@pytest.mark.parametrize(("number", "case"), UNDERSTOOD, ids=[str(case) for _, case in UNDERSTOOD])
def test_noise_in_an_output_changes_no_record(number: int, case: CommandCase) -> None:
    lines = split_lines(case.text)
    places = [0, len(lines) // 2, len(lines)]
    for said in LINES[number % 8 :: 8]:
        for place in places if str(case) not in CLOSED else [0]:
            text = "".join(f"{line}\n" for line in [*lines[:place], said, *lines[place:]])
            parsed = command_named(case.command).parse(text, strict=False, argv=case.provenance["argv"])
            assert (said, to_builtins(parsed.records)) == (said, case.expected["records"])
            assert parsed.ignored.get(place + 1), said


@pytest.mark.parametrize(
    ("number", "case"),
    [(number, case) for number, case in enumerate(CASES) if not all(map(noise, split_lines(case.text)))],
    ids=lambda value: str(value) if isinstance(value, CommandCase) else "",
)
def test_noise_before_an_output_does_not_hide_whose_it_is(number: int, case: CommandCase) -> None:
    for said in LINES[number % 8 :: 8]:
        assert parse(f"{said}\n{case.text}", strict=False).command == case.command


def test_of_the_messages_of_two_tools_neither_is_taken_for_the_output() -> None:
    deprecated = "Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"
    failed = "read of forward table failed: No such device"
    assert noise(deprecated)
    assert noise(failed)
    with pytest.raises(ParseError) as caught:
        parse(f"{deprecated}\n{failed}\n", strict=False)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.message == "the text may be the output of kubectl_get or brctl_showmacs; name the command"


@pytest.mark.parametrize("name", sorted(set(NOISE) - {"prompt", "script", "iptables-warning"}))
def test_noise_instead_of_an_output_is_none(name: str) -> None:
    for line in NOISE[name]:
        transcript = read_transcript(f"user@host:~$ brctl show\n{line}\nuser@host:~$ exit\n")
        assert transcript.outputs == ()
        assert transcript.diagnostics == ()
        assert transcript.ignored == {1: "command", 2: name, 3: "command"}


def test_where_two_commands_fit_both_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    route = command_named("route")
    commands = {"other": attrs.evolve(route, name="other", produced_by=lambda _: False), "route": route}
    monkeypatch.setattr("aksparse.recognition.registry", lambda: commands)
    text = next(case.text for case in CASES if str(case) == "route/kubenet-node")
    with pytest.raises(ParseError) as caught:
        parse(f"-bash: brctl: command not found\n{text}")
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, diagnostic.line, diagnostic.text) == ("ambiguous-output", 2, split_lines(text)[0])
    assert diagnostic.message == "the text may be the output of other or route; name the command"
    transcript = read_transcript(f"user@host:~$ ./show-routes\n{text}")
    assert transcript.outputs == ()
    (diagnostic,) = transcript.diagnostics
    assert (diagnostic.code, diagnostic.line) == ("ambiguous-output", 2)
    assert diagnostic.message == "may be the output of other or route"
