"""Eviction: how well the policies choose, and what a write costs that has to make room."""

import bisect
import itertools
import random
import time
from collections.abc import Iterator

from .load import VALUE_BYTES, Throughput, benchmark, command, fill
from .processes import Contenders, Server
from .rounds import Rounds, on_fresh_pairs
from .rows import Row, Size

SEED = 20_261_121
KEYSPACE = 100_000
# How many keys fit: the limit of each server is what it uses with so many.
CAPACITY = 20_000
# Exponent of the distribution of requests over keys (Zipf).
SKEW = 1.0
BATCH = 100
WRITTEN_KEYS = 1_000_000


def choices(contenders: Contenders, size: Size) -> Iterator[Row]:
    """A cache of which a fifth fits: what share of the reads finds its key, in the second half of the run. Both servers
    hold the same number of keys and get the same requests at the same pace."""
    for policy in ("allkeys-lru", "allkeys-lfu"):
        shares = []
        for start in contenders.starters():
            with start() as server:
                limit_to_capacity(server, policy)
                shares.append(100 * hit_share(server, size.cached_requests, size.cached_seconds))
        yield Row(f"reads that hit, {policy}, {CAPACITY:,} of {KEYSPACE:,} keys fit", *shares, "%",
                  smallest_ratio=0.99, smaller_is_better=False)


def costs(contenders: Contenders, size: Size) -> Iterator[Row]:
    """SET of random keys at the limit: nearly each one evicts another key."""
    rounds: Rounds[Throughput] = Rounds()

    def measure(servers: list[Server]) -> None:
        for server in servers:
            limit_to_capacity(server, "allkeys-lru", keys=WRITTEN_KEYS // 10)
        rounds.alternate(size.rounds, lambda index: benchmark(
            servers[index], "set", 16, int(400_000 * size.seconds), WRITTEN_KEYS))

    on_fresh_pairs(contenders, size, measure)
    yield rounds.row("SET at the limit of memory, allkeys-lru, pipeline 16: server CPU per command", "us",
                     lambda run: run.cpu_microseconds, largest_ratio=1.0)


def limit_to_capacity(server: Server, policy: str, keys: int = CAPACITY) -> None:
    fill(server, (b"key:%012d" % number for number in range(keys)))
    with server.connect() as connection, connection.makefile("rb") as replies:
        connection.sendall(command(b"INFO", b"memory"))
        text = replies.read(int(replies.readline()[1:]) + 2)
        used = next(line for line in text.split(b"\r\n") if line.startswith(b"used_memory:")).split(b":")[1]
        for name, value in ((b"maxmemory-policy", policy.encode()), (b"maxmemory", used)):
            connection.sendall(command(b"CONFIG", b"SET", name, value))
            replies.readline()


def hit_share(server: Server, requests: int, seconds: float) -> float:
    dice = random.Random(SEED)
    weights = list(itertools.accumulate(1 / (rank + 1) ** SKEW for rank in range(KEYSPACE)))
    ranks = list(range(KEYSPACE))
    dice.shuffle(ranks)
    hits = reads = 0
    value = b"v" * VALUE_BYTES
    began = time.monotonic()
    with server.connect() as connection, connection.makefile("rb") as replies:
        for done in range(0, requests, BATCH):
            keys = [b"key:%012d" % ranks[bisect.bisect_left(weights, dice.random() * weights[-1])]
                    for _ in range(BATCH)]
            connection.sendall(b"".join(command(b"GET", key) for key in keys))
            missing = []
            for key in keys:
                count = int(replies.readline()[1:])
                if count < 0:
                    missing.append(key)
                else:
                    replies.read(count + 2)
            if done >= requests // 2:
                reads += len(keys)
                hits += len(keys) - len(missing)
            connection.sendall(b"".join(command(b"SET", key, value) for key in missing))
            for _ in missing:
                replies.readline()
            # The clocks of both servers tell seconds, so the pace matters and has to be the same.
            time.sleep(max(0.0, began + seconds * (done + BATCH) / requests - time.monotonic()))
    return hits / reads
