"""What the names and the cells of containers say, and what says nothing."""

from __future__ import annotations

import re

import attrs
import pytest

from aksparse import ParseError, parse, parse_cni_conf, parse_crictl_pods, parse_docker_inspect, parse_docker_ps
from aksparse.containers.cells import read_command
from aksparse.containers.kubelet import name_of_kubelet
from tests.corpus import command_cases


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("k8s_web_web-1_default_0af1_12", ("web", "web-1", "default", "0af1", 12)),
        ("k8s://default/web-1/web", ("web", "web-1", "default", None, None)),
        ("k8s://default/web-1", ("POD", "web-1", "default", None, None)),
    ],
)
def test_a_name_that_the_kubelet_made_tells_its_parts(name: str, parts: tuple[str | int | None, ...]) -> None:
    found = name_of_kubelet(name)
    assert found is not None
    assert (found.container, found.pod, found.namespace, found.uid, found.attempt) == parts
    assert found.pod_identity == (parts[2], parts[1], parts[3])


@pytest.mark.parametrize(
    "name",
    [
        *("web", "k8s_web_web-1_default_0af1", "k8s_web_web-1_default_0af1_x", "k8s_web_web-1_default_0af1_1_1"),
        *("k8s://default", "k8s://default//web", "k8s:///web-1", "k8s://a/b/c/d", "k9s://default/web-1"),
    ],
)
def test_another_name_tells_none(name: str) -> None:
    assert name_of_kubelet(name) is None


@pytest.mark.parametrize(
    ("cell", "command"),
    [
        (r'"\a\b\f\n\r\t\v\\\"\'"', "\a\b\f\n\r\t\v\\\"'"),
        (r'"\x01\u4f60\U0001f600\U0010ffff"', "\x01\u4f60\U0001f600\U0010ffff"),
        (r'"\U00110000"', r"\U00110000"),
        ('""', ""),
    ],
)
def test_a_quoted_command_is_read_as_go_quotes_it(cell: str, command: str) -> None:
    assert read_command(cell, cut=True, dots=False) == (command, False)


def columns(*rows: str, width: int = 20) -> str:
    """A table with columns of one width."""
    return "".join("".join(cell.ljust(width) for cell in row.split("|")).rstrip() + "\n" for row in rows)


def of(command: str) -> str:
    return next(case.text for case in command_cases("docker_ps") if case.path.name == command)


@pytest.mark.parametrize("case", ["client-28-all", "kubelet-names"])
def test_a_listing_whose_blanks_a_page_collapsed_says_the_same_but_for_the_client(case: str) -> None:
    whole = parse_docker_ps(of(case))
    collapsed = parse(re.sub(" {2,}", " ", of(case)))
    assert len(whole) > 3
    assert [attrs.evolve(container, tool="docker") for container in collapsed] == list(whole)


@pytest.mark.parametrize(
    ("row", "tool"),
    [
        (
            '0123456789ab   nginx     "nginx"   2 hours ago   Up 2 hours             web       1.1kB (virtual 2MB)',
            "docker",
        ),
        (
            '0123456789ab    nginx    "nginx"    2 hours ago    Up 2 hours             web      1.1kB (virtual 2MB)',
            "nerdctl",
        ),
        ('0123456789ab nginx "nginx" 2 hours ago Up 2 hours web 1.1kB (virtual 2MB)', None),
        ("0123456789ab  nginx  nginx -g x  2 hours ago  Up 2 hours  80/tcp  web", "podman"),
    ],
)
def test_a_row_alone_tells_its_client_by_its_layout(row: str, tool: str | None) -> None:
    (container,) = parse_docker_ps(row)
    assert (container.id, container.tool, container.names) == ("0123456789ab", tool, ("web",))


@pytest.mark.parametrize(
    ("cell", "command"),
    [("0123456789abcd...", ("0123456789abcd...", False)), ("0123456789abcdefg...", ("0123456789abcdefg", True))],
)
def test_a_command_of_that_width_that_an_old_client_cut_ends_with_dots(cell: str, command: tuple[str, bool]) -> None:
    quoted = f'"{cell}"'
    text = f"CONTAINER ID        COMMAND                  NAMES\n0123456789ab        {quoted:22}   web\n"
    (container,) = parse_docker_ps(text)
    assert (container.command, container.command_truncated) == command


def test_a_status_that_says_nothing_known_leaves_the_state_that_a_column_says() -> None:
    (container,) = parse_docker_ps(columns("CONTAINER ID|STATE|STATUS", "0123456789ab|running|strange", width=15))
    assert (container.state, container.status) == ("running", "strange")


@pytest.mark.parametrize(
    "header", ["CONTAINER ID|STATE", "CREATED AT|STATE", "RUNNING FOR|STATE", "IMAGE|NAMES", "STATE|NAMES"]
)
def test_a_row_without_what_every_container_has_is_none(header: str) -> None:
    parsed = parse_docker_ps(columns(header, "|web" if header.endswith("NAMES") else "|running"), strict=False)
    assert not parsed.records
    assert [diagnostic.line for diagnostic in parsed.diagnostics if diagnostic.severity == "error"] == [2]


def test_documents_may_stand_on_one_line_and_hold_anything() -> None:
    text = '[{"Id": "a", "State": {"Pid": "5"}, "NetworkSettings": {"Networks": []}, "Config": {"Labels": {"b": 1}}}]'
    (container,) = parse_docker_inspect(text)
    assert (container.container, container.pid, container.networks, container.labels) == ("a", None, None, None)
    parsed = parse_docker_inspect('{"status": {"id": "a"}}', strict=False)
    assert [diagnostic.message for diagnostic in parsed.diagnostics] == [
        "expected a container: an object with Id and State, or with the status of one"
    ]


@pytest.mark.parametrize(
    ("state", "ready"), [("Ready", True), ("SANDBOX_READY", True), ("NotReady", False), ("SANDBOX_NOTREADY", False)]
)
def test_a_sandbox_is_ready_in_the_words_of_any_version(state: str, ready: bool) -> None:
    (sandbox,) = parse_crictl_pods(f"0123456789abc   2 hours ago   {state}   web   default   0")
    assert sandbox.ready is ready


@pytest.mark.parametrize(
    "title", ["==> /etc/cni/net.d/10.conflist <==", "/etc/cni/net.d/10.conflist:", "/etc/cni/net.d/10.conflist"]
)
def test_a_configuration_is_of_the_file_that_stands_above_it(title: str) -> None:
    (conf,) = parse_cni_conf(f'{title}\n{{"cniVersion": "1.0.0", "name": "a", "type": "bridge"}}')
    assert (conf.file, conf.plugins[0].type) == ("/etc/cni/net.d/10.conflist", "bridge")


@pytest.mark.parametrize("text", ['{"type": "bridge", "name": "a"}', '{"cniVersion": "1.0.0"}', '{"plugins": []}'])
def test_an_object_without_all_that_a_configuration_has_is_not_taken_for_one(text: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse(text)
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == ["unrecognised-output"]
