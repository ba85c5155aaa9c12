"""What is read takes time in proportion to its size: lines without end, and texts of many lines."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from aksparse import build_wiring, compare, describe, load_capture, read_transcript
from aksparse.command import split_lines
from aksparse.commands.az_aks_create import parse_az_aks_create
from aksparse.recognition import recognise
from aksparse.terminal.noise import noise
from aksparse.terminal.prompts import headline, named, typed

_LONG = 7_900  # lines that are longer are not looked at by all that is tried here


def seconds(read: Callable[[str], object], text: str) -> float:
    started = time.process_time()
    read(text)
    return time.process_time() - started


def options(text: str) -> object:
    return parse_az_aks_create(text, strict=False)


LINES: list[tuple[Callable[[str], object], str, str, str]] = [
    (noise, "", "@", ""),
    (noise, "", "a@", ": Permission"),
    (headline, "--- bridge ", "-", " a"),
    (headline, "## Big", " ", "Picture"),
    (headline, "## Big ", "#", "a"),
    (headline, "<< a ", ">", "b"),
    (headline, ">> a", " ", "b"),
    (named, "--- a", " ", "bridge ---"),
    (named, "Every 2.0s: a", " ", "b"),
    (typed, "└", "─", "a"),
    (typed, "PS", "PS", "@a$ b"),
    (split_lines, "a", "\r", "b"),
    (options, "", "a", '--dns-service-ip "10.200.0.10" \\'),
    (lambda text: recognise([text]), "", "a@", ""),
]


@pytest.mark.parametrize(("read", "before", "part", "behind"), LINES)
def test_a_line_four_times_as_long_takes_no_sixteen_times_as_long(
    read: Callable[[str], object], before: str, part: str, behind: str
) -> None:
    short, long = (f"{before}{part * (length // len(part))}{behind}" for length in (_LONG // 4, _LONG))
    read(short)
    assert min(seconds(read, long) for _ in range(3)) < 8 * min(seconds(read, short) for _ in range(3)) + 0.04


def calls(run: Callable[[], object]) -> int:
    """How many functions are called, and generators asked: the same on any machine."""
    number = 0

    def count(_frame: Any, _event: str, _argument: Any) -> None:
        nonlocal number
        number += 1

    gc.disable()  # what is called when garbage is collected is no work of ours
    sys.setprofile(count)
    try:
        run()
    finally:
        sys.setprofile(None)
        gc.enable()
    return number


def node(directory: Path, pods: int) -> Path:
    """A node whose pods are on a bridge, with their containers, routes and addresses."""
    numbers = [(f"{number >> 8}.{number & 255}", f"{number:08x}") for number in range(2, pods + 2)]
    links = "".join(
        f"{index}: veth{name}@if3: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue master cbr0 state UP\n"
        f"    link/ether 02:00:{name[:2]}:{name[2:4]}:{name[4:6]}:{name[6:]} brd ff:ff:ff:ff:ff:ff link-netnsid 0\n"
        for index, (_, name) in enumerate(numbers, 3)
    )
    ports = "".join(f"\t\t\t\t\t\t\tveth{name}\n" for _, name in numbers)
    bridge = f"bridge name\tbridge id\t\tSTP enabled\tinterfaces\ncbr0\t\t8000.020000000001\tno\t\tdocker9\n{ports}"
    listed = "NAME  READY  STATUS  RESTARTS  AGE  IP  NODE\n" + "".join(
        f"p{name}  1/1  Running  0  5d  10.9.{address}  n1\n" for address, name in numbers
    )
    containers = "CONTAINER ID   IMAGE   COMMAND   CREATED   STATUS   PORTS   NAMES\n" + "".join(
        f'{name}abcd   nginx   "nginx"   2 days ago   Up 2 days             k8s_nginx_p{name}_default_{name}_0\n'
        for _, name in numbers
    )
    routes = "Kernel IP routing table\nDestination Gateway Genmask Flags Metric Ref Use Iface\n" + "".join(
        f"10.9.{address} 0.0.0.0 255.255.255.255 UH 0 0 0 other{name}\n" for address, name in numbers
    )
    directory.mkdir()
    texts = {"addr": links, "bridge": bridge, "pods": listed, "docker": containers, "route": routes}
    for file, text in texts.items():
        (directory / f"{file}.txt").write_text(text)
    return directory


@pytest.mark.parametrize("left_out", [(), ("addr.txt",), ("bridge.txt", "docker.txt")])
def test_a_node_of_four_times_as_many_pods_takes_four_times_the_work(left_out: tuple[str, ...], tmp_path: Path) -> None:
    work: list[int] = []
    for pods in (60, 60, 240):  # what is made on first use is not counted
        directory = node(tmp_path / str(len(work)), pods)
        for file in left_out:
            (directory / file).unlink()
        capture = load_capture(directory)
        assert not capture.diagnostics

        def described() -> None:
            architecture = describe(build_wiring(capture))  # noqa: B023
            compare(architecture, architecture)

        work.append(calls(described))
    assert work[2] < 5.5 * work[1]


_LOOPS = "".join(f"for v{depth} in {' '.join(map(str, range(60)))}; do " for depth in range(5))
BOMBS = [
    f"{_LOOPS}echo x > /dev/null; {'done; ' * 5}",
    f"alias a='watch {'a;' * 500}'\nroot@a:~# a",
    f"A='watch {'$A;' * 500}'\nroot@a:~# $A",
    f"echo {'$v x ' * 12}; ip a\n{'x ' * 60}y",
]


@pytest.mark.parametrize("line", BOMBS)
def test_a_command_line_that_stands_for_endless_ones_is_read_in_few_steps(line: str) -> None:
    text = f"root@a:~# {line}\nroot@a:~# ip link\n1: lo: <LOOPBACK,UP> mtu 65536\n"
    assert calls(lambda: read_transcript(text)) < 500_000
    assert [output.command for output in read_transcript(text).outputs] == ["ip_addr"]


@pytest.mark.parametrize(
    "text",
    [
        "10.0.0.0        0.0.0.0         255.255.0.0     U     0      0        0 eth0",
        "10.244.0.0/24 dev cbr0 proto kernel scope link",
        "-A KUBE-SERVICES -j KUBE-NODEPORTS",
        "nothing that any command prints",
    ],
)
def test_what_an_output_is_takes_no_look_at_all_of_it(text: str) -> None:
    _, few, many = [calls(partial(recognise, [text] * number)) for number in (20, 20, 2000)]
    assert many < few + 20
