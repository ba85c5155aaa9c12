"""Network namespaces in which the real tools run."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import time
from typing import TYPE_CHECKING, NoReturn

import pytest

from aksparse.command import Command, Lines
from tests.engines import SecondEngine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
# No other run has namespaces of these names, nor left them behind.
_names = (f"aksparse-{os.getpid()}-{time.time_ns():x}-{number}" for number in itertools.count(1))
_second_engine = SecondEngine()


@pytest.fixture(autouse=True)
def both_engines(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever a test has parsed, pyparsing itself reads line by line as the compiled patterns do."""
    account = Command._account

    def noted(command: Command[object], lines: Lines) -> None:
        _second_engine.note(command.name, lines.texts)
        account(command, lines)

    monkeypatch.setattr(Command, "_account", noted)
    yield
    assert _second_engine.disagreements() == []


def unavailable(reason: str) -> NoReturn:
    """Skip, or fail where AKSPARSE_REQUIRE_REAL=1 says that everything must be there."""
    if os.environ.get("AKSPARSE_REQUIRE_REAL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def _call(argv: tuple[str, ...], *, text: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": _PATH, "LC_ALL": "C"}
    return subprocess.run(argv, input=text, capture_output=True, text=True, check=False, env=environment)


class Namespace:
    """A network namespace that `ip netns` knows by name; `/sys` in it is its own."""

    def __init__(self) -> None:
        self.name = next(_names)
        done = _call(("ip", "netns", "add", self.name))
        if done.returncode:
            unavailable(f"no network namespace can be made here: {done.stderr.strip()}")

    def run(self, *argv: str, text: str | None = None, exits_with: tuple[int, ...] = (0,)) -> str:
        """What a command prints in the namespace; it must succeed, which a few tools say otherwise than with 0."""
        done = self._call(argv, text)
        assert done.returncode in exits_with, f"{' '.join(argv)}: {done.stderr}"
        return done.stdout

    def try_run(self, *argv: str, text: str | None = None) -> bool:
        """Whether a command succeeds in the namespace."""
        return self._call(argv, text).returncode == 0

    def run_where_namespaces_have_no_names(self, *argv: str) -> str:
        """The same as `run`, for a command that is not to find the names that `ip netns` gave."""
        return self.run("sh", "-c", 'mount -t tmpfs tmpfs /run/netns && exec "$@"', "sh", *argv)

    def _call(self, argv: tuple[str, ...], text: str | None) -> subprocess.CompletedProcess[str]:
        if shutil.which(argv[0], path=_PATH) is None:
            unavailable(f"{argv[0]} is not installed")
        return _call(("ip", "netns", "exec", self.name, *argv), text=text)

    def delete(self) -> None:
        _call(("ip", "netns", "del", self.name))


@pytest.fixture
def make_namespace() -> Iterator[Callable[[], Namespace]]:
    """Makes network namespaces, which are gone after the test."""
    if os.geteuid() != 0:
        unavailable("only root can make network namespaces")
    if shutil.which("ip", path=_PATH) is None:
        unavailable("ip is not installed")
    made: list[Namespace] = []

    def make() -> Namespace:
        made.append(Namespace())
        return made[-1]

    yield make
    for namespace in made:
        namespace.delete()


@pytest.fixture
def namespace(make_namespace: Callable[[], Namespace]) -> Namespace:
    """One network namespace, gone after the test."""
    return make_namespace()
