"""GET and SET: CPU per command, throughput and p99 by pipeline depth."""

from collections.abc import Iterator

from .load import Throughput, benchmark, fill
from .processes import Contenders, Server
from .rounds import Rounds, on_fresh_pairs
from .rows import Row, Size

KEYS = [b"key:%012d" % number for number in range(100_000)]
# Largest ratio of CPU per command, by pipeline depth.
CPU_TARGETS = {1: 1.0, 16: 0.6, 64: None}
# Commands per second that any server here exceeds roughly: only sets how long a round takes.
EXPECTED_RATE = {1: 90_000, 16: 600_000, 64: 900_000}


def throughput(contenders: Contenders, size: Size) -> Iterator[Row]:
    """GET and SET at three pipeline depths: both servers run side by side, the one not measured is idle."""
    cases: dict[tuple[str, int], Rounds[Throughput]] = {
        (test, depth): Rounds() for test in ("get", "set") for depth in CPU_TARGETS}

    def measure(servers: list[Server]) -> None:
        for server in servers:
            fill(server, KEYS)
        for (test, depth), rounds in cases.items():
            rounds.alternate(size.rounds, lambda index: run(servers[index], test, depth, size))

    on_fresh_pairs(contenders, size, measure)
    for (test, depth), rounds in cases.items():
        yield from rows(f"{test.upper()}, pipeline {depth}", rounds, CPU_TARGETS[depth])


def run(server: Server, test: str, depth: int, size: Size, clients: int = 50) -> Throughput:
    """One round of redis-benchmark's `test`."""
    return benchmark(server, test, depth, int(EXPECTED_RATE[depth] * size.seconds), len(KEYS), clients)


def rows(name: str, rounds: Rounds[Throughput], target: float | None) -> Iterator[Row]:
    yield rounds.row(f"{name}: server CPU per command", "us", lambda run: run.cpu_microseconds, largest_ratio=target)
    yield rounds.row(f"{name}: commands per second", "/s", lambda run: run.requests_per_second,
                     smaller_is_better=False)
    yield rounds.row(f"{name}: p99", "ms", lambda run: run.p99_milliseconds)
