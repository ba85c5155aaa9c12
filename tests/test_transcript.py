"""What a terminal log or a Markdown page is split into."""

from __future__ import annotations

import time
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aksparse.command import split_lines
from aksparse.commands.az_aks_create import ClusterSettings
from aksparse.transcript import read
from aksparse.transcript.commandline import command_for, commands_in, unwrap
from aksparse.transcript.read import Transcript, read_transcript
from aksparse.transcript.wrappers import Invocation
from tests.corpus import TranscriptCase, transcript_cases

CAPTURES = Path(__file__).parents[1] / "corpus/captures"

ROUTES = """\
Kernel IP routing table
Destination     Gateway         Genmask         Flags Metric Ref    Use Iface
0.0.0.0         10.220.1.1      0.0.0.0         UG    0      0        0 eth0
"""
LOOPBACK = """\
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
"""
BRIDGES = """\
bridge name\tbridge id\t\tSTP enabled\tinterfaces
docker0\t\t8000.02427c2f9b1e\tno\t\t
"""
POSTROUTING = """\
Chain POSTROUTING (policy ACCEPT)
target     prot opt source               destination
MASQUERADE  all  --  172.17.0.0/16        0.0.0.0/0
"""


def found(text: str, source: str = "log.txt") -> list[tuple[str, int, int]]:
    """The outputs as command, first line and number of records."""
    return [(output.command, output.line, len(output)) for output in read_transcript(text, source=source).outputs]


def run_by(line: str) -> list[Invocation]:
    ran = commands_in(line)
    assert ran is not None
    return ran


def codes(transcript: Transcript) -> list[tuple[str, int]]:
    return [(diagnostic.code, diagnostic.line) for diagnostic in transcript.all_diagnostics]


def accounted(transcript: Transcript) -> list[int]:
    """Every line that is in a record, ignored by name or the subject of an error, sorted."""
    lines = [*transcript.ignored, *(d.line for d in transcript.diagnostics)]
    for output in transcript.outputs:
        lines += [*output.recorded, *output.ignored, *(d.line for d in output.diagnostics if d.severity == "error")]
    return sorted(lines)


# Command lines.


@pytest.mark.parametrize(
    "prompt",
    [
        "user@host:~$ ",
        "root@aks-nodepool1-27511634-vmss000000:/# ",
        "azureuser@aks-nodepool1:~/a.b$ ",
        "[user@host ~]$ ",
        "[root@host log]# ",
        "PS C:\\> ",
        "PS /home/user> ",
        "host:/tmp$ ",
        "$ ",
        "# ",
        "> ",
        "",
    ],
)
def test_a_command_behind_any_prompt_says_what_printed_the_output(prompt: str) -> None:
    transcript = read_transcript(f"{prompt}sudo route -n\n{ROUTES}")
    assert [(o.command, o.argv, o.line, len(o)) for o in transcript.outputs] == [("route", ("route", "-n"), 2, 1)]
    assert codes(transcript) == []
    assert transcript.ignored == {1: "command"}


def test_a_hash_before_a_tool_is_roots_prompt_only_when_the_tools_output_follows() -> None:
    prompt = read_transcript(f"# ip addr\n{LOOPBACK}")
    assert prompt.ignored == {1: "command"}
    assert prompt.outputs[0].argv == ("ip", "addr")
    comment = read_transcript(f"# ip addr shows the links\nip addr\n{LOOPBACK}")
    assert comment.ignored == {1: "comment", 2: "command"}
    other = read_transcript(f"# route -n\n{LOOPBACK}")
    assert other.ignored == {1: "comment"}
    assert [(o.command, o.argv) for o in other.outputs] == [("ip_addr", None)]


def test_a_comment_ends_the_output_above_it() -> None:
    assert found(f"ip addr\n{LOOPBACK}# and the routes\nroute -n\n{ROUTES}") == [("ip_addr", 2, 1), ("route", 6, 1)]


def test_two_commands_without_a_blank_between_them_have_an_output_each() -> None:
    text = f"user@host:~$ ip addr\n{LOOPBACK}user@host:~$ route -n\n{ROUTES}user@host:~$ brctl show\n{BRIDGES}"
    transcript = read_transcript(text)
    assert [(o.command, o.line, len(o)) for o in transcript.outputs] == [
        ("ip_addr", 2, 1),
        ("route", 5, 1),
        ("brctl_show", 9, 1),
    ]
    assert codes(transcript) == []


def test_a_last_prompt_without_a_command_is_noise() -> None:
    transcript = read_transcript(f"user@host:~$ route -n\n{ROUTES}user@host:~$ \n")
    assert codes(transcript) == []
    assert len(transcript.outputs[0]) == 1


@pytest.mark.parametrize(
    ("line", "argv", "pid"),
    [
        ("sudo ip addr", ("ip", "addr"), None),
        ("sudo -u root ip addr", ("ip", "addr"), None),
        ("sudo -E -- ip addr", ("ip", "addr"), None),
        ("/sbin/ip addr", ("ip", "addr"), None),
        ("LC_ALL=C ip addr", ("ip", "addr"), None),
        ("sudo LC_ALL=C ip addr", ("ip", "addr"), None),
        ("env LC_ALL=C ip addr", ("ip", "addr"), None),
        ("time ip addr", ("ip", "addr"), None),
        ("nsenter -t 6502 -n ip addr", ("ip", "addr"), 6502),
        ("sudo nsenter -t 6502 -n ip addr", ("ip", "addr"), 6502),
        ("sudo nsenter -n -t 6502 ip addr", ("ip", "addr"), 6502),
        ("nsenter --target=6502 --net ip addr", ("ip", "addr"), 6502),
        ("nsenter --target 6502 --net ip addr", ("ip", "addr"), 6502),
        ("nsenter -t6502 -n ip addr", ("ip", "addr"), 6502),
        ("nsenter -n -t 6502 -- ip addr", ("ip", "addr"), 6502),
        ("nsenter --net=/proc/6502/ns/net ip addr", ("ip", "addr"), 6502),
        ("nsenter -n/proc/6502/ns/net ip addr", ("ip", "addr"), 6502),
        ("nsenter -t 6502 -a ip addr", ("ip", "addr"), 6502),
        ("nsenter -t 6502 -m ip addr", ("ip", "addr"), None),
        ("nsenter -t 1 -m -u -i -n -p -- ip addr", ("ip", "addr"), None),
        ("chroot /host ip addr", ("ip", "addr"), None),
        ("sudo /usr/bin/nsenter -t 6502 -n /sbin/ip addr", ("ip", "addr"), 6502),
    ],
)
def test_what_wraps_a_command_is_taken_off(line: str, argv: tuple[str, ...], pid: int | None) -> None:
    found = unwrap(line.split())
    assert (found.argv, found.pid, found.netns or None) == (argv, pid, None)


@pytest.mark.parametrize("wrapper", ["nsenter -t 6502 -n", "sudo nsenter --target=6502 -n"])
def test_an_output_knows_the_process_whose_network_namespace_was_entered(wrapper: str) -> None:
    (output,) = read_transcript(f"$ {wrapper} ip addr\n{LOOPBACK}").outputs
    assert (output.command, output.argv, output.pid) == ("ip_addr", ("ip", "addr"), 6502)


@pytest.mark.parametrize(
    "line", ["ip netns exec blue ip addr", "sudo ip netns exec blue ip addr", "nsenter --net=/run/netns/blue ip addr"]
)
def test_a_command_in_a_named_network_namespace_is_still_that_command(line: str) -> None:
    (output,) = read_transcript(f"$ {line}\n{LOOPBACK}").outputs
    assert (output.command, output.argv, output.pid, output.netns) == ("ip_addr", ("ip", "addr"), None, "blue")


@pytest.mark.parametrize(
    "line",
    [
        "route -n | grep eth0",
        "route -n|grep eth0",
        "route -n | head -3",
        "route -n | grep -v docker | tail -n 4",
        "route -n | sort | uniq",
        "route -n | tee routes.txt",
        "route -n | sudo tee routes.txt",
        "route -n 2>/dev/null",
        "route -n 2> /dev/null",
        "route -n 2>&1",
        "route -n 2>&1 | less",
    ],
)
def test_what_only_leaves_lines_out_or_redirects_errors_is_still_the_commands_output(line: str) -> None:
    (parsed,) = run_by(line)
    assert parsed == Invocation(argv=("route", "-n"))
    command = command_for(parsed)
    assert command is not None
    assert command.name == "route"


@pytest.mark.parametrize(
    "line", ["route -n | awk '{print $1}'", "route -n | sed s/x/y/", "ip -j addr | jq .", "ip addr |"]
)
def test_a_pipe_that_may_rewrite_lines_leaves_the_command_open(line: str) -> None:
    (parsed,) = run_by(line)
    assert parsed.filtered
    assert command_for(parsed) is None


def test_the_output_of_a_rewriting_pipe_is_recognised_from_its_content_or_reported() -> None:
    intact = read_transcript(f"$ route -n | awk 1\n{ROUTES}")
    assert [(o.command, len(o)) for o in intact.outputs] == [("route", 1)]
    rewritten = read_transcript("$ route -n | awk '{print $1}'\n0.0.0.0\n10.100.1.0\n")
    assert rewritten.outputs == ()
    assert codes(rewritten) == [("unread-output", 2)]
    assert rewritten.all_diagnostics[0].message == "aksparse does not read what this command prints: route -n"


@pytest.mark.parametrize("line", ["cd /tmp && route -n", "date; route -n"])
def test_the_second_of_two_commands_on_a_line_is_recognised_from_its_output(line: str) -> None:
    assert found(f"$ {line}\n{ROUTES}") == [("route", 2, 1)]


def test_a_command_line_goes_on_behind_a_backslash() -> None:
    transcript = read_transcript(f"$ iptables -t nat \\\n    -nL \\\n    POSTROUTING\n{POSTROUTING}")
    (output,) = transcript.outputs
    assert output.argv == ("iptables", "-t", "nat", "-nL", "POSTROUTING")
    assert output.line == 4
    assert transcript.ignored == {1: "command", 2: "command", 3: "command"}


@pytest.mark.parametrize("line", ["", "   ", "echo 'unclosed", '"'])
def test_no_text_makes_reading_a_command_line_fail(line: str) -> None:
    assert not any(command_for(found) for found in commands_in(line) or ())


@given(st.text(alphabet="ab \"'|&;<>\\$#=-\t\n/ip routen", max_size=40))
@settings(deadline=None)
def test_reading_any_command_line_gives_words_or_none(line: str) -> None:
    assert all(isinstance(word, str) for found in commands_in(line) or () for word in found.argv)


# Pages.


@pytest.mark.parametrize("fence", ["```", "~~~", "```bash", "   ```"])
def test_only_fenced_blocks_of_a_page_are_read(fence: str) -> None:
    closing = fence.replace("bash", "")
    page = f"# Routes\n\nroute -n prints:\n\n{fence}\nroute -n\n{ROUTES}{closing}\n\nDone.\n"
    transcript = read_transcript(page, source="page.md")
    assert [(o.command, o.line, len(o)) for o in transcript.outputs] == [("route", 7, 1)]
    assert transcript.ignored == {
        **{1: "prose", 2: "blank", 3: "prose", 4: "blank", 5: "fence", 6: "command"},
        **{10: "fence", 11: "blank", 12: "prose"},
    }


def test_a_fence_that_is_not_closed_reaches_to_the_end() -> None:
    assert found(f"text\n```\nroute -n\n{ROUTES}", "page.md") == [("route", 4, 1)]


def test_a_block_in_one_kind_of_fence_may_hold_the_other() -> None:
    page = f"~~~\nroute -n\n{ROUTES}```\n~~~\n\nprose\n\n```\nip addr\n{LOOPBACK}```\n"
    transcript = read_transcript(page, source="page.md")
    assert [output.command for output in transcript.outputs] == ["route", "ip_addr"]
    assert [n for n, name in transcript.ignored.items() if name == "fence"] == [1, 7, 11, 15]


def test_a_shorter_fence_closes_no_longer_one() -> None:
    page = f"````\nroute -n\n{ROUTES}```\n````\nprose\n"
    assert read_transcript(page, source="page.md").ignored[8] == "prose"


def test_a_text_without_fences_is_read_whole_whatever_its_name() -> None:
    assert found(ROUTES, "page.md") == found(ROUTES) == [("route", 1, 1)]


def test_the_outputs_of_several_blocks_do_not_run_into_each_other() -> None:
    page = f"```\nroute -n\n```\nprose\n```\n{BRIDGES}```\n"
    assert found(page, "page.md") == [("brctl_show", 6, 1)]


# Outputs.


def test_an_output_keeps_the_blank_lines_inside_it() -> None:
    docker = "Chain DOCKER (2 references)\ntarget     prot opt source destination\n"
    text = f"$ iptables -t nat -nL\n\n{POSTROUTING}\n{docker}\n\n$ ip addr\n{LOOPBACK}"
    transcript = read_transcript(text)
    assert [(o.command, o.line, len(o)) for o in transcript.outputs] == [("iptables", 3, 2), ("ip_addr", 12, 1)]
    assert codes(transcript) == []


def test_the_output_of_a_command_that_is_not_read_is_reported_once_and_set_aside() -> None:
    transcript = read_transcript(
        f"$ arp -n\n? (10.0.0.1) at 12:34:56:78:9a:bc on eth0\n? (10.0.0.2) at <incomplete>\n$ route -n\n{ROUTES}"
    )
    assert codes(transcript) == [("unread-output", 2)]
    assert transcript.all_diagnostics[0].severity == "warning"
    assert transcript.ignored == {1: "command", 2: "unread-output", 3: "unread-output", 4: "command"}
    assert [o.command for o in transcript.outputs] == ["route"]


def test_text_of_no_known_command_is_an_error_at_its_first_line() -> None:
    transcript = read_transcript("\nsome words\nmore words\n")
    assert [str(d) for d in transcript.all_diagnostics] == [
        "<text>:2:1: unrecognised-output: no known command prints text like this"
    ]


def test_an_output_begins_behind_the_noise_and_says_where_it_was_noisy() -> None:
    text = f"$ sudo route -n\nsudo: unable to resolve host aks-1: Name or service not known\n{ROUTES}. . .\n"
    transcript = read_transcript(text)
    (output,) = transcript.outputs
    assert len(output) == 1
    assert output.ignored[2] == "sudo-warning"
    assert output.ignored[6] == "elision"
    assert codes(transcript) == []


def test_only_noise_is_no_output() -> None:
    transcript = read_transcript("$ sudo route -n\nsudo: unable to resolve host aks-1\n")
    assert transcript.outputs == ()
    assert codes(transcript) == []


def test_a_line_that_an_output_does_not_hold_is_reported_at_its_own_number() -> None:
    transcript = read_transcript(f"# 1\n# 2\nroute -n\n{ROUTES}no route at all\n", source="log.txt")
    (diagnostic,) = transcript.all_diagnostics
    assert (diagnostic.source, diagnostic.line, diagnostic.text) == ("log.txt", 7, "no route at all")


@pytest.mark.parametrize("directory", sorted(path for path in CAPTURES.iterdir() if path.name.startswith("lab-")))
def test_a_log_of_a_whole_recording_holds_the_outputs_of_its_files(directory: Path) -> None:
    files = [f for f in sorted(directory.glob("*.txt")) if "inspect" not in f.name]
    commands = {"ip_addr": "ip addr", "route_n": "route -n", "brctl": "brctl show", "docker_ps": "docker ps"}
    commands |= {"nL": "iptables -t nat -nL", "nvL": "iptables -t nat -nvL --line-numbers"}
    commands |= {"nodes": "kubectl get nodes -o wide", "pods": "kubectl get pods -A -o wide"}
    commands["services"] = "kubectl get services -A"
    log, expected = "", []
    for file in files:
        command = next(command for word, command in commands.items() if word in file.stem)
        text = file.read_text()
        expected.append((log.count("\n") + 2, text))
        log += f"user@host:~$ {command}\n{text}"
    transcript = read_transcript(log)
    lines = log.split("\n")
    assert len(expected) > 10
    assert codes(transcript) == []
    assert [o.line for o in transcript.outputs] == [line for line, _ in expected]
    for output, (line, text) in zip(transcript.outputs, expected, strict=True):
        alone = read_transcript(text).outputs[0]
        assert (output.command, output.records) == (alone.command, alone.records)
        assert [r.line - line + 1 for r in output.records] == [r.line for r in alone.records]
        assert all(lines[record.line - 1] for record in output.records)


# What was typed.


@pytest.mark.parametrize("name", ["VNET_CIDR", "_x1"])
@pytest.mark.parametrize(
    "form", ['{}="10.220.2.0/24"', "{}='10.220.2.0/24'", "{}=10.220.2.0/24", "export {}=10.220.2.0/24"]
)
def test_an_assignment_of_a_network_is_read_and_belongs_to_no_output(form: str, name: str) -> None:
    transcript = read_transcript(f"route -n\n{ROUTES}{form.format(name)}\n")
    assert [(o.command, len(o)) for o in transcript.outputs] == [("route", 1), ("assignment", 1)]
    (record,) = transcript.outputs[1].records
    assert (record.name, str(record.network), record.line) == (name, "10.220.2.0/24", 5)


@pytest.mark.parametrize(
    "line", ["RG=NetworkLab", "ID=$(az network vnet show --query \"subnets[?name=='x'].id\")", "X="]
)
def test_another_assignment_is_set_aside_by_name(line: str) -> None:
    transcript = read_transcript(f"{line}\nroute -n\n{ROUTES}")
    assert transcript.ignored == {1: "assignment", 2: "command"}
    assert codes(transcript) == []


AS_SETTINGS = [
    "az aks create -g RG -n one --network-plugin azure --service-cidr 10.200.0.0/16 --dns-service-ip 10.200.0.10",
    "az aks create -g=RG -n=one --network-plugin=azure --service-cidr=10.200.0.0/16 --dns-service-ip=10.200.0.10",
    """az aks create --resource-group RG --name one --network-plugin 'azure' --service-cidr "10.200.0.0/16" \\
--dns-service-ip '10.200.0.10'""",
    """az aks create --resource-group=RG --name=one \\
    --network-plugin=azure --service-cidrs "10.200.0.0/16" \\
    --dns-service-ip 10.200.0.10""",
    """$ az aks create \\
-g RG \\
-n one \\
--network-plugin azure \\
--service-cidr 10.200.0.0/16 \\
--dns-service-ip 10.200.0.10""",
    """user@host:~$ sudo az aks create -g RG -n one \\
 --network-plugin azure --service-cidr 10.200.0.0/16 --dns-service-ip 10.200.0.10""",
    """root@host:~# az aks create -g RG -n one --network-plugin azure --service-cidr 10.200.0.0/16 \\
 --dns-service-ip 10.200.0.10""",
]


@pytest.mark.parametrize("text", AS_SETTINGS)
def test_every_form_of_az_aks_create_says_the_same(text: str) -> None:
    transcript = read_transcript(text + "\n")
    assert codes(transcript) == []
    (record,) = transcript.outputs[0].records
    assert isinstance(record, ClusterSettings)
    stated = (record.resource_group, record.name, record.network_plugin, str(record.service_cidr))
    assert stated == ("RG", "one", "azure", "10.200.0.0/16")
    assert str(record.dns_service_ip) == "10.200.0.10"
    assert record.other == ()
    lines = text.split("\n")
    assert "10.200.0.0/16" in lines[record.option_lines["service_cidr"] - 1]
    assert "azure" in lines[record.option_lines["network_plugin"] - 1]


def test_variables_and_unknown_options_of_az_aks_create_are_kept_verbatim() -> None:
    text = "az aks create -g $RG -n one --vnet-subnet-id ${SUBNET} --max-pods 30 --service-cidr $CIDR --enable-x"
    (record,) = read_transcript(f"{text} --zones 1 2\n").outputs[0].records
    assert (record.resource_group, record.vnet_subnet_id, record.service_cidr) == ("$RG", "${SUBNET}", "$CIDR")
    assert record.max_pods == 30
    assert record.other == ("--enable-x", "--zones", "1", "2")


def test_options_of_az_aks_create_that_stand_alone_are_read() -> None:
    page = "```bash\n# CIDR Values from 'az aks create'\n--service-cidr \"10.200.0.0/16\"\n```\n"
    (record,) = read_transcript(page, source="page.md").outputs[0].records
    assert (str(record.service_cidr), record.line) == ("10.200.0.0/16", 3)


# Every text.

_PIECES = [
    *("user@host:~$ route -n", "# ip addr", "$ sudo nsenter -t 1 -n ip addr", "brctl show", "ip route | jq .", "X=1"),
    *("```", "~~~", "", "# a comment", "some words", "\t", "A=10.0.0.0/8", "az aks create \\", "-g x", "\\", ". . ."),
    *ROUTES.splitlines(),
    *LOOPBACK.splitlines(),
    *BRIDGES.splitlines(),
    *POSTROUTING.splitlines(),
]


@given(st.lists(st.sampled_from(_PIECES), max_size=30), st.sampled_from(["log.txt", "page.md"]))
@settings(max_examples=300, deadline=None)
def test_every_line_is_in_a_record_or_ignored_by_name_or_reported(pieces: list[str], source: str) -> None:
    text = "\n".join(pieces) + "\n"
    transcript = read_transcript(text, source=source)
    numbers = set(range(1, len(pieces) + 1 if pieces else 2))
    assert set(accounted(transcript)) == numbers


@given(st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_no_text_makes_reading_a_log_fail(text: str) -> None:
    assert read_transcript(text) == read_transcript(text)


_LINES = [*_PIECES, *(line for case in transcript_cases() for line in split_lines(case.text))]


def unhurried(text: str) -> Transcript:
    """What is read of a text when every line gets looked at."""
    with patch.object(read, "telling", lambda texts: range(len(texts))):
        return read_transcript(text)


@pytest.mark.parametrize("case", transcript_cases(), ids=str)
def test_nothing_is_missed_in_the_lines_that_are_passed_over(case: TranscriptCase) -> None:
    assert read_transcript(case.text) == unhurried(case.text)


@given(st.lists(st.tuples(st.sampled_from(_LINES), st.text("$#%> ~:@[]`=-+*({ab/0", max_size=5), st.integers(0, 30))))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_nothing_is_missed_in_any_lines(lines: list[tuple[str, str, int]]) -> None:
    text = "\n".join(line[:at] + spoilt + line[at:] for line, spoilt, at in lines)
    assert read_transcript(text) == unhurried(text)


def test_lines_without_end_and_documents_without_end_are_read_in_no_time() -> None:
    texts = ("a" * 5_000_000, "$ " * 2_000_000, "root@a:~# bash <<EOF\n" * 3000, "for p in a; do\n" * 2000)
    started = time.process_time()
    for text in texts:
        read_transcript(text)
    assert time.process_time() - started < 60


WRAPPED = (
    '{\n  "value": [\n    {\n      "code": "ProvisioningState/succeeded",\n      "level": "Info",\n'
    '      "message": "Enable succeeded: \\n[stdout]\\nKernel IP routing table\\n\\n[stderr]\\n"\n    }\n  ]\n}\n'
)
INVOKED = '{\n  "exitCode": 0,\n  "finishedAt": "2026-11-27T17:00:00+00:00",\n  "logs": "NAME\\nnginx\\n"\n}\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (WRAPPED, "az vmss run-command invoke -o json (with --query 'value[].message' -o tsv it is read)"),
        ("value:\n- code: ProvisioningState/succeeded\n", "az vmss run-command invoke -o json"),
        (INVOKED, "az aks command invoke -o json (without -o json it is read)"),
    ],
)
def test_an_output_that_azure_has_wrapped_is_told_with_the_way_to_have_it_unwrapped(text: str, told: str) -> None:
    (diagnostic,) = read_transcript(text).diagnostics
    assert (diagnostic.code, diagnostic.line) == ("unrecognised-output", 1)
    assert diagnostic.message.startswith(f"this looks like an output of {told}")


@pytest.mark.parametrize("of_node", ["node{} | CHANGED | rc=0 >>", "[{}] 17:10:01 [SUCCESS] azureuser@node{}"])
def test_what_stands_under_the_name_of_a_machine_is_of_that_machine(of_node: str) -> None:
    transcript = read_transcript("".join(f"{of_node.format(n, n)}\n{ROUTES}\n" for n in (1, 2)))
    assert [(output.host, output.line, len(output)) for output in transcript.outputs] == [
        ("node1", 2, 1),
        ("node2", 7, 1),
    ]
    assert not transcript.all_diagnostics


def test_of_text_under_the_name_of_a_machine_that_no_command_prints_that_is_said() -> None:
    assert codes(read_transcript("node1 | CHANGED | rc=0 >>\nnothing known\n")) == [("unrecognised-output", 2)]
