"""`docker ps` prints random containers as the records say, judged by the client's own JSON and by what the engine told.

The real client asks a stub of the engine's API, for formatting is the client's work. What no table tells, so that it is
not asked for: the keys `Platform` and the fields of `{{json .}}` without a column in the view; which comma in the
labels separates two of them (`labels_ambiguous`, unless the value itself goes on like a label, `a=b,c=d`); whether a
command that is as wide as a cut one and ends with an ellipsis was cut; blanks at the end of a label; line feeds
and tabs in labels and mounts, which break the table. The order of labels and networks is the client's whim.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from aksparse import ParseError, parse
from aksparse.command import split_lines
from aksparse.commands.docker_ps import COMMAND, Container, parse_docker_ps
from tests.docker_json import as_docker_json, columns_of, said_by_docker
from tests.real.conftest import unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.real

COUNT = 240
COLUMNS = (
    *("ID", "Image", "Command", "CreatedAt", "RunningFor", "Ports", "State", "Status", "Size", "Names", "Labels"),
    *("Mounts", "LocalVolumes", "Networks"),
)
VIEWS = (
    ("-a",),
    ("-a", "--no-trunc"),
    ("-as",),
    ("-a", "-s", "--no-trunc"),
    ("-q", "-a"),
    ("-aq", "--no-trunc"),
)
TIMES = (
    *("Less than a second", "1 second", "59 seconds", "About a minute", "2 minutes", "About an hour", "23 hours"),
    *("2 days", "13 days", "2 weeks", "11 months", "5 years"),
)
STATES = {
    "running": ("Up {}", "Up {} (healthy)", "Up {} (unhealthy)", "Up {} (health: starting)"),
    "paused": ("Up {} (Paused)",),
    "restarting": ("Restarting ({}) {} ago",),
    "exited": ("Exited ({}) {} ago",),
    "created": ("Created",),
    "dead": ("Dead",),
    "removing": ("Removal In Progress",),
}
ADDRESSES = ("", "0.0.0.0", "127.0.0.1", "10.240.0.4", "::", "::1", "fd00::1:2")
WORDS = (
    *("sh", "-c", "nginx", "'daemon off;'", '"quoted"', "a\\b", "\t", "\n", "\x1b[0m", "\x7f", "  ", "{{.ID}}"),
    *("\u00e9", "\u65e5\u672c\u8a9e", "\u2713", "\u200b", "\U0001f600", "\u2026", "...", "2 days ago", "Up 2 days"),
)
IMAGES = ("nginx", "mcr.microsoft.com/oss/kubernetes/pause:3.6", "localhost:5000/a/b:v1", "")
VALUES = ("", "b", "two words", "x=y", '{"k": "v", "l": [1, 2]}', "a,b", " x", "\u65e5\u672c", "/path/*:ro", "it's")
KEYS = ("team", "com.docker.compose.project", "io.kubernetes.pod.name", "a_b-c", "maintainer", "org/x")


def random_container(chance: random.Random, number: int) -> dict[str, Any]:
    """What the engine tells of a container."""
    state = chance.choice(list(STATES))
    status = chance.choice(STATES[state])
    if "({})" in status:
        status = status.replace("{}", str(chance.choice((0, 1, 137, 255, -1, 3221225786))), 1)
    unit = chance.choice((60, 3600, 86400, 7 * 86400, 31 * 86400, 366 * 86400))
    image_id = f"sha256:{chance.getrandbits(256):064x}"
    image = chance.choice((*IMAGES, image_id, f"nginx@{image_id}"))
    names = [f"/{random_name(chance, number)}"]
    if chance.random() < 0.2:
        names.append(f"/linked{number}/alias")
    return {
        "Id": f"{chance.getrandbits(256):064x}",
        "Names": names,
        "Image": image,
        "ImageID": image_id,
        "Command": random_command(chance),
        # Well inside the minute, the hour ... that the client rounds to, for it is asked twice.
        "age": unit * chance.randint(2, 9) + unit // 6,
        "Ports": [random_port(chance) for _ in range(chance.choice((0, 0, 1, 2, 6)))],
        "SizeRw": chance.choice((0, 1, 1023, 3_070_000, 12_345_678_901)),
        "SizeRootFs": chance.choice((0, 1, 1_980_000, 5_000_000_000_000)),
        "Labels": {key: chance.choice(VALUES) for key in chance.sample(KEYS, chance.choice((0, 0, 1, 2, 4)))},
        "State": state,
        "Status": status.format(chance.choice(TIMES)),
        "HostConfig": {"NetworkMode": "default"},
        "NetworkSettings": {"Networks": {name: {} for name in chance.sample(("bridge", "host", "app_net", "v6"), 2)}},
        "Mounts": [random_mount(chance) for _ in range(chance.choice((0, 0, 1, 3)))],
    }


def random_name(chance: random.Random, number: int) -> str:
    uid = f"{chance.getrandbits(32):08x}-0000-4000-8000-{chance.getrandbits(48):012x}"
    kubelet = f"k8s_{chance.choice(('POD', 'nginx'))}_web-{number}_{chance.choice(('default', 'kube-system'))}_{uid}_3"
    return chance.choice((f"web{number}", f"a.b-c_d.{number}", kubelet, "n" * 100 + str(number)))


def random_command(chance: random.Random) -> str:
    width = chance.choice((17, 18, 19, 20, 21, 22, 80))
    if chance.random() < 0.3:
        return ("/bin/sh -c " + "x" * 80)[:width] + chance.choice(("", "\u2026", "...", "\u65e5"))
    return " ".join(chance.choices(WORDS, k=chance.randint(0, 8)))


def random_port(chance: random.Random) -> dict[str, Any]:
    private = chance.randint(1, 65535)
    port = {"PrivatePort": private, "Type": chance.choice(("tcp", "udp", "sctp"))}
    if chance.random() < 0.7:
        port["IP"] = chance.choice(ADDRESSES)
        port["PublicPort"] = chance.choice((private, chance.randint(1, 65535)))
    return port


def random_mount(chance: random.Random) -> dict[str, Any]:
    name = chance.choice(("data", "anonymous-" + "0" * 64, "vol.1", "\u65e5\u672c" * 8, "fifteen-letters"))
    if chance.random() < 0.5:
        return {"Type": "volume", "Name": name, "Source": f"/var/lib/docker/volumes/{name}", "Driver": "local"}
    return {"Type": "bind", "Source": f"/srv/{name}", "Destination": "/mnt"}


def clients() -> list[str]:
    """Every docker client there is: distributions and Docker itself install theirs in different places."""
    places = os.environ.get("PATH", "").split(":")
    found = [Path(place, "docker") for place in dict.fromkeys(places)]
    return list(dict.fromkeys(str(path.resolve()) for path in found if os.access(path, os.X_OK)))


class Engine:
    """Random containers, and what a client prints of them."""

    def __init__(self, client: str, containers: list[dict[str, Any]], environment: dict[str, str]) -> None:
        self.client, self.containers, self.environment = client, containers, {**os.environ, **environment}
        self.make_anew()

    def ps(self, *options: str) -> str:
        done = subprocess.run(
            (self.client, "ps", *options),
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def make_anew(self) -> None:
        """Every container is as old as at first."""
        now = int(time.time())
        for container in self.containers:
            container["Created"] = now - container["age"]

    def judges(self, view: tuple[str, ...]) -> list[dict[str, Any]]:
        options = [option for option in view if option in ("-s", "-as", "--no-trunc")]
        return [json.loads(line) for line in split_lines(self.ps("-a", *options, "--format", "{{json .}}"))]


@pytest.fixture(scope="module", params=clients() or [""], ids=lambda client: client or "no client")
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    if not request.param:
        unavailable("docker is not installed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(Path(__file__).parents[1] / "lab"), *sys.path])
        from stubs import docker_engine_of
    chance = random.Random(f"docker {COUNT}")
    containers = [random_container(chance, number) for number in range(COUNT)]
    with docker_engine_of(containers, tmp_path_factory.mktemp("docker")) as environment:
        yield Engine(request.param, containers, environment)


def random_views() -> list[tuple[str, ...]]:
    chance = random.Random(7)
    tables = []
    for _ in range(14):
        columns = chance.sample(COLUMNS, chance.randint(1, 8))
        text = "table " + "\\t".join(f"{{{{.{column}}}}}" for column in columns)
        tables.append(("-a", *("--no-trunc",) * chance.randint(0, 1), "--format", text))
    return tables


@pytest.mark.parametrize("view", [*VIEWS, *random_views()], ids=" ".join)
def test_every_key_and_value_is_the_clients_own(engine: Engine, view: tuple[str, ...]) -> None:
    engine.make_anew()
    text = engine.ps(*view)
    columns = columns_of(("docker", "ps", *view))
    parsed = parse_docker_ps(text)
    assert (len(parsed), list(parsed.ignored.values())) == (COUNT, [] if columns == {"ID"} else ["header"])
    whole = "--no-trunc" in view
    for container, judge, truth in zip(parsed, engine.judges(view), engine.containers, strict=True):
        said = as_docker_json(container)
        assert container.state == (truth["State"] if columns & {"Status", "State"} else None)
        if "State" not in columns:
            said.pop("State", None)
        assert in_order(said) == in_order(said_by_docker(judge, columns))
        assert_command(container, truth["Command"], whole=whole)
        assert_labels(container, truth["Labels"])
        assert_ports(container, truth["Ports"])
        if "Mounts" in columns and not whole:
            assert [mount.endswith("\u2026") for mount in container.mounts or ()] == [
                width(mount.get("Name") or mount["Source"]) > 15 for mount in truth["Mounts"]
            ]


def in_order(said: dict[str, str]) -> dict[str, Any]:
    """The labels and networks in some order."""
    return {key: sorted(text.split(",")) if key in ("Labels", "Networks") else text for key, text in said.items()}


def width(text: str) -> int:
    return len(text) + sum(char in "\u65e5\u672c" for char in text)


def assert_command(container: Container, command: str, *, whole: bool) -> None:
    if container.command is None:
        return
    if not container.command_truncated:
        assert container.command == command
        return
    assert not whole
    assert command.startswith(container.command)
    assert command != container.command


def assert_labels(container: Container, labels: dict[str, str]) -> None:
    """No value of these goes on like a label, so that where a comma is in one, all are right, and flagged."""
    if container.labels is not None:
        assert container.labels == labels
        assert container.labels_ambiguous == any("," in value for value in labels.values())


def assert_ports(container: Container, ports: list[dict[str, Any]]) -> None:
    """The ports are those of the engine; a range is several of them."""
    if container.ports is None:
        return
    found = set()
    for port in container.ports:
        for step in range((port.private_last_port or port.private_port) - port.private_port + 1):
            public = None if port.public_port is None else port.public_port + (port.public_last_port is not None) * step
            found.add((str(port.ip or ""), public, port.private_port + step, port.type))
    assert found == {
        # The client does not show that a port is published when no address is told with it.
        (port.get("IP", ""), port["PublicPort"] if port.get("IP") else None, port["PrivatePort"], port["Type"])
        for port in ports
    }


def test_what_only_docker_prints_is_recognised(engine: Engine) -> None:
    for view in VIEWS[:-1]:  # whole ids alone may be anything's
        assert parse(engine.ps(*view)).command == "docker_ps"


def test_what_docker_prints_as_json_is_named(engine: Engine) -> None:
    with pytest.raises(ParseError) as caught:
        parse(engine.ps("-a", "--format", "{{json .}}"))
    assert "an output of docker ps --format json (the table is read)" in caught.value.diagnostics[0].message


@pytest.mark.parametrize(("page", "where"), [("--help", 0), ("ps --help", 1)])
def test_each_option_that_docker_explains_is_known_to_have_a_value_or_none(page: str, where: int) -> None:
    if shutil.which("docker") is None:
        unavailable("there is no docker")
    done = subprocess.run(("docker", *page.split()), capture_output=True, text=True, check=True)
    explained = re.findall(r"^ +(?:(-[a-zA-Z]), )?(--[a-z-]+)( [a-z]+)?(?:  .*)?$", done.stdout, re.MULTILINE)
    options = [(name, bool(kind)) for *names, kind in explained for name in names if name]
    assert len(options) > 8
    for name, valued in options:
        words = ["ps"]
        words[where:where] = [name, *(["table"] if valued else [])]
        assert COMMAND.produced_by(["docker", *words]) == (name not in ("--version", "-v", "--help")), name
        if valued:
            assert not COMMAND.produced_by(["docker", *words[:where], name, "table", "more", *words[where:]])
