"""The measurements. Each takes the two contenders and gives rows of the table."""

import re
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from . import clients, collections, eviction, messages, strings
from .load import Probe, fill, probe_until_empty
from .processes import Contenders, Server, SetupError
from .rows import Row, Size


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
    for _ in range(size.pairs * size.rounds):
        done = subprocess.run([program, "in-process-get", str(size.local_calls)], capture_output=True, text=True)
        print(f"  {done.stdout.strip() or done.stderr.strip()}")
        figures = dict(re.findall(r"(\w+)=([0-9.]+)", done.stdout))
        if done.returncode != 0 or not {"blocking", "async"} <= set(figures):
            raise SetupError(f"{program.name} in-process-get did not print its two figures")
        runs.append(figures)
    for form in ("blocking", "async"):
        value = statistics.median(float(figures[form]) for figures in runs)
        yield Row(f"in-process GET, loop at rest, {form}", None, value, "us", largest_value=1.5)


MEASUREMENTS: dict[str, Callable[[Contenders, Size], Iterator[Row]]] = {
    "throughput": strings.throughput,
    "collections": collections.throughput,
    "transactions": messages.transactions,
    "publish": messages.publish,
    "memory": memory,
    "hash-memory": collections.memory,
    "connections": clients.idle,
    "crowd": clients.crowd,
    "eviction-choices": eviction.choices,
    "eviction-costs": eviction.costs,
    "in-process": in_process,
    "expiry": expiry,
    "events": messages.expired_events,
}
