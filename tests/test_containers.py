"""What the names and the cells of containers say, and what says nothing."""

from __future__ import annotations

import pytest

from aksparse.containers.cells import read_command
from aksparse.containers.kubelet import name_of_kubelet


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
