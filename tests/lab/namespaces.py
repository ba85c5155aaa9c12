"""Network namespaces that processes hold, and the tools run in them.

A namespace has no name: a sleeping process holds it. So nothing can collide with another run, and ending the processes
removes everything.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

CNI_DIRECTORIES = (Path("/usr/lib/cni"), Path("/opt/cni/bin"))
CLONE_NEWNET = 0x40000000
# Nothing here takes so long but on a machine that is busy otherwise.
START_SECONDS = 60.0
RUN_SECONDS = 120.0


class LabError(Exception):
    """The lab could not be built, or does not behave as the network it stands for."""


def search_path() -> str:
    """PATH with the system directories, which a user's own often lacks."""
    return os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/bin", "/sbin", "/bin"])


def run(argv: Sequence[str], stdin: str = "", env: dict[str, str] | None = None) -> bytes:
    """Run a command to its end and return its standard output."""
    environment = {"PATH": search_path(), "LC_ALL": "C", **(env or {})}
    done = subprocess.run(
        argv, input=stdin.encode(), capture_output=True, env=environment, timeout=RUN_SECONDS, check=False
    )
    if done.returncode != 0:
        output = (done.stdout + done.stderr).decode(errors="replace").strip()
        raise LabError(f"{' '.join(argv)}: exit {done.returncode}: {output}")
    return done.stdout


def run_in(pid: int, argv: Sequence[str], stdin: str = "", **env: str) -> bytes:
    """Run a command in the network and mount namespaces of a process."""
    return run(["nsenter", "-t", str(pid), "-n", "-m", *argv], stdin, env)


def ip(pid: int, *commands: str) -> None:
    """Run `ip` commands in the network namespace of a process."""
    run_in(pid, ["ip", "-batch", "-"], "\n".join(commands) + "\n")


def _setns(namespace: int) -> None:
    # os.setns came with Python 3.12.
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


@contextmanager
def inside(pid: int) -> Iterator[None]:
    """This thread in the network namespace of a process: sockets made here stay there."""
    namespace = Path("/proc", str(pid), "ns/net")
    with Path("/proc/thread-self/ns/net").open() as home, namespace.open() as there:
        _setns(there.fileno())
        try:
            yield
        finally:
            _setns(home.fileno())


class Closing(Protocol):
    """What has an end."""

    def close(self) -> None: ...


class Lab:
    """The processes that hold the namespaces; all of them end with the `with` block."""

    def __init__(self) -> None:
        self._processes: list[subprocess.Popen[bytes]] = []
        self._stack = ExitStack()

    def close_with(self, thing: Closing) -> None:
        """Close something before the namespaces end."""
        self._stack.callback(thing.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()

    def _sleep(self, *entering: str) -> int:
        # --pdeathsig: even if this program is killed, no namespace is left behind.
        command = ["setpriv", "--pdeathsig", "KILL", *entering]
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"PATH": search_path()},
        )
        self._processes.append(process)
        comm = Path("/proc", str(process.pid), "comm")
        deadline = time.monotonic() + START_SECONDS
        # The last thing it does is to sleep.
        while comm.read_text() != "sleep\n":
            if process.poll() is not None or time.monotonic() > deadline:
                raise LabError(f"{' '.join(command)}: no namespace")
            time.sleep(0.002)
        return process.pid

    def namespace(self, forward: bool = False) -> int:
        """A new network namespace; the process that holds it."""
        return self._configured(self._sleep("unshare", "--net", "sleep", "infinity"), forward)

    def machine(self) -> int:
        """A network namespace that forwards, with a /sys that shows it, and a /run/netns of its own."""
        mounts = "mount -t sysfs sysfs /sys && mount -t tmpfs tmpfs /run && mkdir /run/netns && exec sleep infinity"
        return self._configured(self._sleep("unshare", "--net", "--mount", "sh", "-c", mounts), forward=True)

    def process_in(self, pid: int) -> int:
        """A second process in the network namespace of a process."""
        return self._sleep("nsenter", "-t", str(pid), "-n", "sleep", "infinity")

    def _configured(self, pid: int, forward: bool) -> int:
        _prepare(pid, forward)
        ip(pid, "link set lo up")
        return pid


def _prepare(pid: int, forward: bool) -> None:
    values = {
        "ipv4/ip_forward": int(forward),
        "ipv6/conf/all/forwarding": int(forward),
        "bridge/bridge-nf-call-iptables": 1,
        "bridge/bridge-nf-call-ip6tables": 1,
    }
    for scope in ("all", "default"):
        values[f"ipv4/conf/{scope}/rp_filter"] = 0
        values[f"ipv4/conf/{scope}/send_redirects"] = 0
        # No waiting for duplicate address detection, so no address is recorded as tentative.
        values[f"ipv6/conf/{scope}/accept_dad"] = 0
        # Nobody advertises routers; asking for them makes neighbours at odd times.
        values[f"ipv6/conf/{scope}/router_solicitations"] = 0
    set_sysctls(pid, values)


def set_sysctls(pid: int, values: Mapping[str, int]) -> None:
    """Set those of the settings below `net` that this kernel has, in the network namespace of a process."""
    with inside(pid):
        for name, value in values.items():
            path = Path("/proc/sys/net", name)
            if path.exists():
                path.write_text(f"{value}\n")


def cni_directory() -> Path | None:
    """Where the CNI plugins are, if they are installed."""
    for directory in CNI_DIRECTORIES:
        if (directory / "bridge").exists() and (directory / "host-local").exists():
            return directory
    return None
