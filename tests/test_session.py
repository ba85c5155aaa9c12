"""Sessions put together from outputs of the corpus, each under a command line: they are cut into just these again."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aksparse import read_transcript, to_builtins
from aksparse.command import split_lines
from tests.corpus import CommandCase, command_cases

# What comes before a command line, in the shells and tools that people use.
PROMPTS = (
    *("user@host:~$ ", "root@aks-nodepool1-27511634-vmss000000:/# ", "[root@node ~]# ", "[user@host log]$ ", "$ "),
    *("/ # ", "~ $ ", "/var/log # ", "bash-5.1# ", "sh-4.4$ ", "host:/tmp$ ", "root [ /var/log ]# ", "user [ ~ ]$ "),
    *("aks-node-0% ", "aks-node-0# ", "user@mac ~ % ", "➜  ~ ", "➜  deploy git:(main) ✗ ", "❯ ", "└─$ ", "PS C:\\> "),
    *(
        "PS /home/user> ",
        "C:\\Users\\user>",
        "(venv) user@host:~/a (main)$ ",
        "12:01:02 user@host:~$ ",
        "user@host ~> ",
    ),
    *("[2026-11-27 12:01:02] root@node:/# ", "(⎈|aks:default) user@host:~$ ", "root@node(pts/1):~# ", "user@host> "),
    *(
        "\x1b[?2004h\x1b]0;root@node: /\x07\x1b[01;32mroot@node\x1b[00m:\x1b[01;34m/\x1b[00m# ",
        "\x1b[1m[root@x y]#\x1b[0m ",
    ),
)
HEADLINES = (
    *("==> {} <==", "=== {} ===", "===== {}", "### {}", "--- {} ---", "## `{}`", "+ {}", "Command: {}", "*** {} ***"),
    *("Running: {}", ">>> {} <<<", "++ {}", "== Output of {}: ==", "Every 2.0s: {}    node: Fri Nov 27 08:00:00 2026"),
)
WRAPPERS: tuple[Callable[[str], str], ...] = (
    lambda line: line,
    lambda line: f"sudo {line}",
    lambda line: f"sudo nsenter -t 1 -m -u -i -n -p -- {line}",
    lambda line: f"chroot /host {line}",
    lambda line: f"kubectl debug node/aks-1 -it --image=busybox -- chroot /host {line}",
    lambda line: f"bash -c {shlex.quote(line)}",
    lambda line: f"ssh -i key azureuser@10.220.1.4 {shlex.quote(line)}",
    lambda line: f"{line} 2>/dev/null | tee out.txt",
    lambda line: f"{line} | less",
    lambda line: f"LC_ALL=C timeout 10 {line}",
)


# What is said between outputs.
NOISE = (
    *("", "", "", "\n", "-bash: brctl: command not found\n", "bash: line 3: route: command not found\n"),
    *('Error from server (Forbidden): pods is forbidden: User "x" cannot list resource "pods"\n', "^C\n"),
    "W1127 08:00:00.000000   12345 loader.go:222] Config not found: /etc/kubernetes/admin.conf\n",
    "WARN[0000] runtime connect using default endpoints: [unix:///run/containerd/containerd.sock]\n",
)
OF_OUTPUTS = {"header", "title", "blank", "table", "commit", "no-resources", "broken-json"}


def stands_alone(case: CommandCase) -> bool:
    """Whether a case is what a command line printed, without what a session has around it."""
    printed = case.command not in TYPED and case.provenance["argv"] and case.text
    return bool(printed) and set(case.parsed.ignored.values()) <= OF_OUTPUTS


TYPED = ("az_aks_create", "assignment")
CASES = [case for case in command_cases() if stands_alone(case)]


def test_most_of_the_corpus_is_part_of_these_sessions() -> None:
    assert len(CASES) > 0.85 * len([case for case in command_cases() if case.command not in TYPED])


@dataclass
class Session:
    """A text, and what is to be found in it: command, argv, line of the first record, records."""

    text: str = ""
    expected: list[tuple[str, tuple[str, ...], int, object]] = field(default_factory=list)
    commands: set[int] = field(default_factory=set)

    def run(self, case: CommandCase, form: str = "{}", wrap: Callable[[str], str] = WRAPPERS[0]) -> None:
        line = form.replace("{}", wrap(shlex.join(case.provenance["argv"])))
        self.commands.add(self.text.count("\n") + 1)
        self.text += f"{line}\n"
        first = min((record.line for record in case.parsed), default=1) + self.text.count("\n")
        self.expected.append((case.command, tuple(case.provenance["argv"]), first, case.expected["records"]))
        self.text += "".join(f"{text}\n" for text in split_lines(case.text))

    def found(self) -> list[tuple[str, tuple[str, ...] | None, int, object]]:
        transcript = read_transcript(self.text)
        assert self.commands <= transcript.ignored.keys()
        return [
            (output.command, output.argv, output[0].line if output else output.line, to_builtins(output.records))
            for output in transcript.outputs
        ]


def form_of(prompt: str) -> str:
    return prompt if "{}" in prompt else prompt + "{}"


STYLES = [*PROMPTS, *HEADLINES]


@pytest.mark.parametrize("number", range(len(STYLES)), ids=STYLES)
def test_outputs_are_found_below_their_command_lines_in_every_style(number: int) -> None:
    session = Session()
    for case in CASES[number % 4 :: 4]:
        session.run(case, form_of(STYLES[number]))
    assert session.found() == session.expected


@pytest.mark.parametrize("number", range(len(WRAPPERS)))
def test_outputs_are_found_below_their_command_lines_however_these_are_wrapped(number: int) -> None:
    session = Session()
    for case in CASES[number % 3 :: 3]:
        session.run(case, PROMPTS[number] + "{}", WRAPPERS[number])
    assert session.found() == session.expected


@given(
    cases=st.lists(st.tuples(st.sampled_from(CASES), st.sampled_from(WRAPPERS), st.sampled_from(NOISE)), max_size=6),
    prompt=st.sampled_from(STYLES),
    ends=st.sampled_from(("\n", "\r\n", "\r\r\n")),
)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_any_session_is_cut_into_its_outputs(
    cases: list[tuple[CommandCase, Callable[[str], str], str]], prompt: str, ends: str
) -> None:
    session = Session()
    for case, wrap, said in cases:
        session.run(case, form_of(prompt), wrap)
        session.text += said
    session.text = session.text.replace("\n", ends)
    assert session.found() == session.expected


# What a session has besides.

LOOPBACK = (
    "1: lo: <LOOPBACK,UP> mtu 65536 qdisc noqueue state UNKNOWN group default\n    link/loopback 00:00:00:00:00:00\n"
)
ROUTES = "Kernel IP routing table\nDestination Gateway Genmask Flags Metric Ref Use Iface\n"
ROUTES += "10.0.0.0 0.0.0.0 255.0.0.0 U 0 0 0 e\n"
BRIDGES = "bridge name\tbridge id\t\tSTP enabled\tinterfaces\ndocker0\t\t8000.02427c2f9b1e\tno\t\t\n"


def places(text: str) -> list[tuple[str, str, int | None, str | None, int]]:
    """Each output's command line, process, network namespace and first line."""
    outputs = read_transcript(text).outputs
    return [(o.command, shlex.join(o.argv or ()), o.pid, o.netns, o.line) for o in outputs]


def test_each_command_of_a_list_has_its_output() -> None:
    line = "hostname; ip addr && echo '-- routes' && route -n; brctl show 2>/dev/null || bridge link"
    assert places(f"user@host:~$ {line}\nnode\n{LOOPBACK}-- routes\n{ROUTES}{BRIDGES}") == [
        ("ip_addr", "ip addr", None, None, 3),
        ("route", "route -n", None, None, 6),
        ("brctl_show", "brctl show", None, None, 9),
    ]


def test_the_outputs_of_one_command_run_twice_are_told_apart_by_their_first_words_or_not_at_all() -> None:
    again = "nsenter -t 5 -n ip addr; nsenter -t 6 -n ip addr"
    assert places(f"$ {again}\n{LOOPBACK}{LOOPBACK}") == [
        ("ip_addr", "ip addr", 5, None, 2),
        ("ip_addr", "ip addr", 6, None, 4),
    ]
    transcript = read_transcript(f"$ {again}\n{LOOPBACK}")
    assert [(output.argv, output.pid, output.netns) for output in transcript.outputs] == [
        (None, None, "one of several")
    ]
    assert [diagnostic.code for diagnostic in transcript.diagnostics] == ["ambiguous-output"]


def test_commands_in_a_shell_that_was_opened_run_in_its_network_namespace_until_it_is_left() -> None:
    text = (
        f"root@node:/# kubectl exec -it web -- sh\n/ # ip addr\n{LOOPBACK}/ # route -n\n{ROUTES}"
        f"root@node:/# ip addr\n{LOOPBACK}"
        f"root@node:/# nsenter -t 7 -n\nroot@node:/# ip addr\n{LOOPBACK}"
        f"root@node:/# sudo -i\nroot@node:~# route -n\n{ROUTES}"
        f"root@node:~# exit\nlogout\nroot@node:/# route -n\n{ROUTES}"
        f"root@node:/# exit\nexit\nroot@node:/# route -n\n{ROUTES}"
    )
    assert [(command, pid, netns) for command, _, pid, netns, _ in places(text)] == [
        ("ip_addr", None, "kubectl exec web"),
        ("route", None, "kubectl exec web"),
        ("ip_addr", None, None),
        ("ip_addr", 7, None),
        ("route", 7, None),
        ("route", 7, None),
        ("route", None, None),
    ]


def test_a_process_that_a_variable_names_is_that_of_the_assignment_and_never_the_node() -> None:
    known = f"$ PID=6502\n$ nsenter -t $PID -n ip addr\n{LOOPBACK}"
    assert places(known) == [("ip_addr", "ip addr", 6502, None, 3)]
    assert places(f"$ nsenter -t ${{X}} -n ip addr\n{LOOPBACK}") == [("ip_addr", "ip addr", None, "${X}", 2)]


def test_outputs_without_command_lines_are_cut_where_the_next_begins() -> None:
    assert places(LOOPBACK + ROUTES + BRIDGES + LOOPBACK) == [
        ("ip_addr", "", None, None, 1),
        ("route", "", None, None, 3),
        ("brctl_show", "", None, None, 6),
        ("ip_addr", "", None, None, 8),
    ]


@pytest.mark.parametrize(
    "above", ["# ip addr", "## `ip addr`", "The output of `ip addr` is:", "**ip addr**", "- `ip addr`:"]
)
def test_the_heading_of_a_fenced_block_says_what_was_run(above: str) -> None:
    assert places(f"{above}\n\n```\n{LOOPBACK}```\n") == [("ip_addr", "ip addr", None, None, 4)]


def test_a_login_banner_is_set_aside() -> None:
    banner = (
        "Welcome to Ubuntu 22.04.4 LTS (GNU/Linux 5.15.0-1060-azure x86_64)\n\n * Support: https://x\nLast login: Fri\n"
    )
    transcript = read_transcript(f"$ ssh azureuser@10.220.1.4\n{banner}azureuser@node:~$ route -n\n{ROUTES}")
    assert [output.line for output in transcript.outputs] == [7]
    assert transcript.diagnostics == ()
    assert {transcript.ignored[n] for n in (2, 4, 5)} == {"login-banner"}
