"""The measurements. Each takes the two contenders and gives rows of the table; both are measured in alternating
rounds, so that whatever else the machine does meets both, and medians are compared."""

import re
import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from . import collections, eviction, messages
from .load import Probe, Throughput, benchmark, fill, probe_until_empty
from .processes import Contenders, Server, SetupError
from .rows import Row, Size

KEYSPACE = 100_000


# Largest ratio of CPU per command, by pipeline depth.
CPU_TARGETS = {1: 1.0, 16: 0.6, 64: None}
# Commands per second that any server here exceeds roughly: only sets how long a round takes.
EXPECTED_RATE = {1: 90_000, 16: 600_000, 64: 900_000}


def throughput(contenders: Contenders, size: Size) -> Iterator[Row]:
    """GET and SET at three pipeline depths: both servers run side by side, the one not measured is idle."""
    keys = [b"key:%012d" % number for number in range(KEYSPACE)]
    with ExitStack() as stack:
        servers = [stack.enter_context(start()) for start in contenders.starters()]
        for server in servers:
            fill(server, keys)
        for test in ("get", "set"):
            for depth, target in CPU_TARGETS.items():
                runs = rounds(servers, test, depth, size)
                yield from throughput_rows(f"{test.upper()}, pipeline {depth}", runs, target)


def rounds(servers: list[Server], test: str, depth: int, size: Size) -> list[list[Throughput]]:
    """The runs of each server: one after the other, the order turned round after each round; the first, which warms
    up, is short and not counted."""
    requests = int(EXPECTED_RATE[depth] * size.seconds)
    runs: list[list[Throughput]] = [[], []]
    for server in servers:
        benchmark(server, test, depth, requests // 10, KEYSPACE)
    for number in range(size.rounds):
        for index in ((0, 1) if number % 2 == 0 else (1, 0)):
            runs[index].append(benchmark(servers[index], test, depth, requests, KEYSPACE))
    return runs


def throughput_rows(name: str, runs: list[list[Throughput]], target: float | None) -> Iterator[Row]:
    def medians(value: Callable[[Throughput], float]) -> list[float]:
        return [statistics.median(map(value, side)) for side in runs]

    yield Row(f"{name}: server CPU per command", *medians(lambda run: run.cpu_microseconds), "us",
              largest_ratio=target)
    yield Row(f"{name}: commands per second", *medians(lambda run: run.requests_per_second), "/s",
              smaller_is_better=False)
    yield Row(f"{name}: p99", *medians(lambda run: run.p99_milliseconds), "ms")


def memory(contenders: Contenders, size: Size) -> Iterator[Row]:
    """Resident memory per key of 24 bytes with a value of 64, over that of the empty server."""
    for name, options, target in (("no TTL", (), None), ("with TTL", (b"EX", b"100000"), 0.75)):
        values = []
        for start in contenders.starters():
            with start() as server:
                fill(server, [b"warm"])
                empty = server.resident_bytes()
                count = fill(server, (b"key:%020d" % number for number in range(size.stored_keys)), options)
                time.sleep(1)
                values.append((server.resident_bytes() - empty) / count)
        yield Row(f"memory per key, {name}", *values, "bytes", largest_ratio=target)


def connections(contenders: Contenders, size: Size) -> Iterator[Row]:
    """Resident memory per connection that has sent one PING and then nothing."""
    count = allow_descriptors(size.connections)
    values = []
    for start in contenders.starters():
        with start() as server, ExitStack() as stack:
            fill(server, [b"warm"])
            empty = server.resident_bytes()
            connect(server, count, stack)
            time.sleep(1)
            values.append((server.resident_bytes() - empty) / count)
    yield Row(f"memory per idle connection ({count} of them)", *values, "bytes")


def crowd(contenders: Contenders, size: Size) -> Iterator[Row]:
    """Very many connected clients, of which one in a hundred is active: GET, the others silent."""
    count = allow_descriptors(size.crowd)
    active = max(1, count // 100)
    name = f"{count:,} connected, {active} active"
    runs: dict[int, list[list[Throughput]]] = {1: [[], []], 16: [[], []]}
    memories: list[float] = []
    keys = [b"key:%012d" % number for number in range(KEYSPACE)]
    for index, start in enumerate((contenders.redis, contenders.martlet)):
        with start("--maxclients", str(count + active + 100)) as server, ExitStack() as stack:
            fill(server, keys)
            empty = server.resident_bytes()
            connect(server, count - active, stack)
            memories.append((server.resident_bytes() - empty) / (count - active))
            for depth, sides in runs.items():
                requests = int(EXPECTED_RATE[depth] * size.seconds)
                for _ in range(size.rounds):
                    sides[index].append(benchmark(server, "get", depth, requests, KEYSPACE, clients=active))
    for depth, sides in runs.items():
        yield from throughput_rows(f"{name}: GET, pipeline {depth}", sides, None)
    yield Row(f"{name}: memory per connection", *memories, "bytes")


def allow_descriptors(count: int) -> int:
    """How many connections this process may have, `count` if it can be done."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = count if hard == resource.RLIM_INFINITY else min(count, hard - 200)
    wanted = count + 200
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return count


def connect(server: Server, count: int, stack: ExitStack) -> None:
    """Connections that have sent one PING and then nothing."""
    for _ in range(count):
        connection = stack.enter_context(server.connect())
        connection.sendall(b"PING\r\n")
        if connection.recv(100) != b"+PONG\r\n":
            raise SetupError(f"{server.label} refused a connection")


def expiry_of(start: Callable[[], Server], count: int) -> Probe:
    """With as much time for loading the keys as the machine needs before they are due."""
    for patience in (1, 3, 9, 27):
        with start() as server:
            due = time.time() + patience * (2 + count / 40_000)
            fill(server, (b"key:%020d" % number for number in range(count)), (b"PXAT", b"%d" % int(due * 1000)))
            if time.time() < due - 0.5:
                return probe_until_empty(server, due, limit=30)
    raise SetupError("the machine is too slow to load the keys before they are due")


def expiry(contenders: Contenders, size: Size) -> Iterator[Row]:
    """Many keys due in the same instant: until none is left, and the longest reply in the meantime."""
    sides: list[list] = [[], []]
    for _ in range(size.expiry_rounds):
        for side, start in zip(sides, contenders.starters()):
            side.append(expiry_of(start, size.due_keys))
    name = f"{size.due_keys} keys due at once"
    gone = [statistics.median(probe.gone_seconds for probe in side) for side in sides]
    longest = [statistics.median(probe.longest_since * 1000 for probe in side) for side in sides]
    before = [statistics.median(probe.longest_before * 1000 for probe in side) for side in sides]
    yield Row(f"{name}: until all are gone", *gone, "s", largest_value=2)
    yield Row(f"{name}: longest reply meanwhile", *longest, "ms", largest_value=10)
    yield Row(f"{name}: longest reply before", *before, "ms")


def in_process(contenders: Contenders, size: Size) -> Iterator[Row]:
    """GET without a socket: measured by the package's own benchmark program, which prints microseconds per call as
    `blocking=N async=N`."""
    program = Path(contenders.martlet_path()).with_name("martlet-benchmarks")
    if not program.exists():
        print(f"  in-process GET is left out: no {program.name} beside the server")
        return
    runs = []
    for _ in range(size.rounds):
        done = subprocess.run([program, "in-process-get", "200000"], capture_output=True, text=True)
        print(f"  {done.stdout.strip() or done.stderr.strip()}")
        figures = dict(re.findall(r"(\w+)=([0-9.]+)", done.stdout))
        if done.returncode != 0 or not {"blocking", "async"} <= set(figures):
            raise SetupError(f"{program.name} in-process-get did not print its two figures")
        runs.append(figures)
    for form in ("blocking", "async"):
        value = statistics.median(float(figures[form]) for figures in runs)
        yield Row(f"in-process GET, loop at rest, {form}", None, value, "us", largest_value=1.5)


MEASUREMENTS: dict[str, Callable[[Contenders, Size], Iterator[Row]]] = {
    "throughput": throughput,
    "collections": collections.throughput,
    "transactions": messages.transactions,
    "publish": messages.publish,
    "memory": memory,
    "hash-memory": collections.memory,
    "connections": connections,
    "crowd": crowd,
    "eviction-choices": eviction.choices,
    "eviction-costs": eviction.costs,
    "in-process": in_process,
    "expiry": expiry,
    "events": messages.expired_events,
}
