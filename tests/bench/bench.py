"""How fast aksparse reads large outputs: against jc, insights-core, ntc-templates and `str.split`, in one run.

Every parser gets the same text. A run is timed from the text to the finished result as in life: the garbage collector
is at work, and no cache remembers the run before, for a program reads an output once. The parsers take turns, round
after round, and a ratio is the median of the ratios within the rounds, so that a busy moment meets both sides of it. A
parser that would take too long gets the first lines of the text, and its row says so. It is a bench, not a test: it
fails only when aksparse or a competitor cannot read an input.
"""

# mypy: disable-error-code="import-not-found, import-untyped"

from __future__ import annotations

import argparse
import gc
import platform
import sys
import time
import tracemalloc
from collections.abc import Callable, Sequence
from functools import cache
from importlib.metadata import version
from statistics import median
from typing import Any, NamedTuple

from inputs import Output, docker_ps, ip_addr, ip_route, iptables_nat, iptables_save, kubectl_get_pods, route_n

from aksparse.command import Parsed
from aksparse.commands.docker_ps import parse_docker_ps
from aksparse.commands.ip_addr import parse_ip_addr
from aksparse.commands.ip_route import parse_ip_route
from aksparse.commands.iptables import parse_iptables
from aksparse.commands.iptables_save import parse_iptables_save
from aksparse.commands.kubectl_get import parse_kubectl_get
from aksparse.commands.route import parse_route

try:
    import jc
    from insights.core.context import Context
    from insights.parsers.ip import IpAddr
    from insights.parsers.iptables import IPTables
    from insights.parsers.route import Route
    from ntc_templates.parse import parse_output
except ImportError as error:
    print(f"{error}; the bench needs the competitors: pip install aksparse[bench]", file=sys.stderr)
    sys.exit(2)

FLOOR_LIMIT = 4.0  # times the floor
MEMORY_LIMIT, MANY_SERVICES = 2 / 3, 3_750  # times jc's; about 40,000 rules
SLOW, TOO_SLOW = 1.0, 20.0  # seconds for one run: fewer rounds; only the first lines
FIRST_LINES = 4_000


class Contender(NamedTuple):
    """A parser, and how many records are in its result."""

    name: str
    run: Callable[[str], Any]
    count: Callable[[Any], int] = len


class Bench(NamedTuple):
    """One command: the generated output, and who reads it.

    Attributes:
        title: the command line.
        make: generates its output.
        sizes: what it is given for a full and for a quick run.
        contenders: the parsers; aksparse and the floor first.
        rival: the one that aksparse must be `factor` times as fast as.
        limited: whether it must also keep within `FLOOR_LIMIT`.
    """

    title: str
    make: Callable[[int], Output]
    sizes: tuple[int, int]
    contenders: tuple[Contender, ...]
    rival: str
    factor: float
    limited: bool = True


class Row(NamedTuple):
    """What is measured of one parser; the times are in microseconds per line."""

    contender: Contender
    text: str
    lines: int
    whole: bool  # or only the first lines
    rounds: int
    records: int
    times: list[float]

    @property
    def name(self) -> str:
        return self.contender.name

    def ratio(self, other: Row) -> float:
        """How many times as long it takes as another; a slow parser has taken part in the first rounds only."""
        return median(mine / others for mine, others in zip(self.times, other.times, strict=False))


def split(text: str) -> list[list[str]]:
    """The floor: no parser in Python that looks at every word takes less."""
    return [line.split() for line in text.splitlines()]


def _jc(parser: str, count: Callable[[Any], int] = len) -> tuple[Contender, Contender]:
    return (
        Contender("jc", lambda text: jc.parse(parser, text, quiet=True), count),
        Contender("jc, raw", lambda text: jc.parse(parser, text, quiet=True, raw=True), count),
    )


def _insights(parser: Callable[[Context], Any], count: Callable[[Any], int]) -> Contender:
    return Contender("insights-core", lambda text: parser(Context(content=text.splitlines())), count)


def _ntc(command: str, count: Callable[[Any], int]) -> Contender:
    return Contender("ntc-templates", lambda text: parse_output("linux", command, text), count)


_FLOOR = Contender("floor: str.split", split)

BENCHES = (
    Bench(
        "route -n",
        route_n,
        (40_000, 10_000),
        (Contender("aksparse", parse_route), _FLOOR, *_jc("route"), _insights(Route, lambda table: len(table.data))),
        rival="jc",
        factor=1,
    ),
    Bench(
        "ip addr",
        ip_addr,
        (9_000, 2_200),
        (
            Contender("aksparse", parse_ip_addr, lambda links: sum(1 + len(link.addr_info) for link in links)),
            _FLOOR,
            _insights(IpAddr, lambda links: sum(1 + len(link) for link in links)),
            _ntc(
                "ip address show",
                lambda links: sum(1 + len(link["ip_addresses"]) + len(link["ipv6_addresses"]) for link in links),
            ),
        ),
        rival="insights-core",
        factor=4,
    ),
    Bench(
        "ip route",
        ip_route,
        (40_000, 10_000),
        (Contender("aksparse", parse_ip_route), _FLOOR, *_jc("ip_route")),
        rival="jc",
        factor=1,
        limited=False,
    ),
    Bench(
        "iptables -t nat -nvL --line-numbers",
        iptables_nat,
        (1_900, 450),
        (
            Contender("aksparse", parse_iptables, lambda chains: sum(1 + len(chain.rules) for chain in chains)),
            _FLOOR,
            *_jc("iptables", lambda chains: sum(1 + len(chain["rules"]) for chain in chains)),
        ),
        rival="jc",
        factor=1,
    ),
    Bench(
        "iptables-save -t nat",
        iptables_save,
        (2_800, 650),
        (
            Contender("aksparse", parse_iptables_save, lambda chains: sum(1 + len(chain.rules) for chain in chains)),
            _FLOOR,
            _insights(IPTables, lambda table: len(table.chains) + len(table.rules)),
        ),
        rival="insights-core",
        factor=1,
        limited=False,
    ),
    Bench(
        "kubectl get pods -A -o wide",
        kubectl_get_pods,
        (40_000, 10_000),
        (Contender("aksparse", parse_kubectl_get), _FLOOR, *_jc("asciitable")),
        rival="jc",
        factor=5,
    ),
    Bench(
        "docker ps -a",
        docker_ps,
        (40_000, 10_000),
        (Contender("aksparse", parse_docker_ps), _FLOOR, *_jc("asciitable")),
        rival="jc",
        factor=1,
        limited=False,
    ),
)


def warm_up(benches: Sequence[Bench], outputs: Sequence[Output]) -> None:
    """Let the parsers import and compile what they do on first use."""
    for bench, output in zip(benches, outputs, strict=True):
        for contender in bench.contenders:
            contender.run(beginning(output.text))
    caches()


@cache
def caches() -> list[Any]:
    """Every `lru_cache` of the parsers: the run before has left in them what there is in the text."""
    parsers = ("aksparse", "jc", "insights", "ntc_templates", "textfsm")
    functions = (value for value in gc.get_objects() if isinstance(value, type(caches)))
    return [function for function in functions if function.__module__.partition(".")[0] in parsers]


def beginning(text: str) -> str:
    return "".join(text.splitlines(keepends=True)[:FIRST_LINES])


def timed(contender: Contender, text: str) -> tuple[float, int]:
    """The seconds of processor time that one run took, and how many records it yielded."""
    for function in caches():
        function.cache_clear()
    gc.collect()
    start = time.process_time()
    result = contender.run(text)
    seconds = time.process_time() - start
    return seconds, contender.count(result)


def check(bench: Bench, output: Output) -> None:
    """Exit unless aksparse understands every line of the input."""
    contender = bench.contenders[0]
    parsed: Parsed[Any] = contender.run(output.text)
    if parsed.diagnostics:
        sys.exit(f"{bench.title}: the input is not understood\n{parsed.diagnostics[0].render()}")
    if (found := contender.count(parsed)) != output.records:
        sys.exit(f"{bench.title}: {found} records were read of {output.records}")


def prepare(contender: Contender, text: str, rounds: int) -> Row:
    """Decide from a run over the first lines how much a parser is given, and how often."""
    first = beginning(text)
    seconds, records = timed(contender, first)
    expected = seconds * text.count("\n") / first.count("\n")
    if whole := expected <= TOO_SLOW:
        records = timed(contender, text)[1]
    given = text if whole else first
    return Row(contender, given, given.count("\n"), whole, min(rounds, 5) if expected > SLOW else rounds, records, [])


def measure(bench: Bench, text: str, rounds: int) -> list[Row]:
    """Let the parsers of a command take turns."""
    rows = [prepare(contender, text, rounds) for contender in bench.contenders]
    for turn in range(rounds):
        for row in rows:
            if turn < row.rounds:
                row.times.append(timed(row.contender, row.text)[0] / row.lines * 1e6)
    return rows


def peak(contender: Contender, text: str) -> int:
    """The bytes that a run needs at its peak, beyond what there was before, its result included."""
    for function in caches():
        function.cache_clear()
    gc.collect()
    tracemalloc.start()
    result = contender.run(text)
    needed = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert result
    return needed


def measure_memory() -> str:
    """The memory for a listing of 40,000 rules, beside what jc needs for it: the target, with what was measured."""
    bench = next(bench for bench in BENCHES if bench.make is iptables_nat)
    output = bench.make(MANY_SERVICES)
    rules = sum(len(chain.rules) for chain in bench.contenders[0].run(output.text))
    needed, theirs = (
        peak(contender, output.text)
        for contender in (bench.contenders[0], next(c for c in bench.contenders if c.name == "jc"))
    )
    print(f"\n{bench.title}: {rules:,} rules, peak of memory: aksparse {needed / 1e6:.1f} MB, jc {theirs / 1e6:.1f} MB")
    share = needed / theirs
    target = f"at most {MEMORY_LIMIT:.2f}x the memory of jc"
    return f"  {bench.title:38}{target:38}{share:>6.2f}x  {'met' if share <= MEMORY_LIMIT else 'NOT met'}"


def show(bench: Bench, output: Output, rows: Sequence[Row]) -> None:
    aksparse, floor, *_ = rows
    print(f"\n{bench.title}: {output.text.count(chr(10)):,} lines, {output.records:,} records")
    print(f"  {'':18}{'us/line':>9}{'best':>9}{'x floor':>9}{'x aksparse':>12}{'records':>10}")
    for row in rows:
        times = f"{median(row.times):>9.2f}{min(row.times):>9.2f}{row.ratio(floor):>9.2f}{row.ratio(aksparse):>12.2f}"
        records = "" if row is floor else f"{row.records:>10,}"
        print(f"  {row.name:18}{times}{records}{_note(row, output)}")


def _note(row: Row, output: Output) -> str:
    if not row.whole:
        return f"  of the first {row.lines:,} lines"
    return "  NOT ALL RECORDS" if row.contender is not _FLOOR and row.records != output.records else ""


def verdicts(bench: Bench, rows: Sequence[Row]) -> list[str]:
    """The targets of a command, each with what was measured."""
    aksparse, floor, *_ = rows
    rival = next(row for row in rows if row.name == bench.rival)
    faster, times_floor = rival.ratio(aksparse), aksparse.ratio(floor)
    targets = [_verdict(bench, f"at least {bench.factor:g}x as fast as {bench.rival}", faster, faster >= bench.factor)]
    if bench.limited:
        targets.append(_verdict(bench, f"at most {FLOOR_LIMIT:g}x the floor", times_floor, times_floor <= FLOOR_LIMIT))
    return targets


def _verdict(bench: Bench, target: str, figure: float, met: bool) -> str:
    return f"  {bench.title:38}{target:38}{figure:>6.2f}x  {'met' if met else 'NOT met'}"


def main(arguments: Sequence[str] | None = None) -> None:
    options = argparse.ArgumentParser(description="Compare the speed of aksparse with that of other parsers.")
    options.add_argument("--quick", action="store_true", help="a quarter of the lines, fewer rounds")
    quick = options.parse_args(arguments).quick
    competitors = (f"{name} {version(name)}" for name in ("jc", "insights-core", "ntc-templates"))
    print(f"Python {platform.python_version()}, {', '.join(competitors)}")
    print("Medians of interleaved runs, in microseconds of processor time per line; less is faster.")
    outputs = [bench.make(bench.sizes[quick]) for bench in BENCHES]
    warm_up(BENCHES, outputs)
    targets = []
    for bench, output in zip(BENCHES, outputs, strict=True):
        check(bench, output)
        rows = measure(bench, output.text, 5 if quick else 21)
        show(bench, output, rows)
        targets += verdicts(bench, rows)
    targets.append(measure_memory())
    print("\nTargets:", *targets, sep="\n")


if __name__ == "__main__":
    main()
