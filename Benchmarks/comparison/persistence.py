"""Saving, loading and logging: how long they take, what clients notice of them, and what memory they need."""

import gc
import random
import re
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from .load import command, exchange, run_benchmark
from .processes import Server, SetupError
from .rows import Row

VALUE = b"v" * 100
DEPTH = 16


class Keeper:
    """How to start each of the two on the directory that it keeps its data in. Neither is bound to a core: a forked
    child or a thread that writes would share it."""

    def __init__(self, binary: str, reference: str) -> None:
        self.binaries = {"redis-server": reference, "Martlet": binary}

    def start(self, label: str, *options: str) -> Server:
        return Server(label, self.binaries[label], ["--save", "", "--enable-debug-command", "yes", *options], None)


LABELS = ["redis-server", "Martlet"]


def call(server: Server, *words: str) -> str:
    """One command whose reply is a line or one bulk string."""
    with server.connect() as connection:
        connection.settimeout(600)
        connection.sendall(command(*(word.encode() for word in words)))
        reply = b""
        while b"\r\n" not in reply:
            reply += connection.recv(1 << 16)
        if reply.startswith(b"$"):
            head, _, body = reply.partition(b"\r\n")
            while len(body) < int(head[1:]) + 2:
                body += connection.recv(1 << 16)
            return body[:-2].decode()
        if reply.startswith(b"-"):
            raise SetupError(f"{server.label}: {reply!r}")
        return reply.decode().strip()


def info(server: Server, name: str) -> str:
    return re.search(rf"^{name}:(.*?)\r?$", call(server, "INFO", "everything"), re.MULTILINE)[1]


@dataclass(frozen=True)
class Load:
    """The command that writes element `number`, and how long its reply is, new element or not."""

    write: Callable[[int], bytes]
    reply_bytes: int


STRINGS = Load(lambda number: command(b"SET", b"key:%012d" % number, VALUE, b"EX", b"100000"), len(b"+OK\r\n"))
ONE_HASH = Load(lambda number: command(b"HSET", b"hash", b"field:%012d" % number, VALUE), len(b":1\r\n"))


def fill(server: Server, keys: int, load: Load = STRINGS) -> None:
    batch = []
    with server.connect() as connection:
        for number in range(keys):
            batch.append(load.write(number))
            if len(batch) == 500:
                exchange(connection, batch, load.reply_bytes)
                batch = []
        exchange(connection, batch, load.reply_bytes)


class Writer:
    """One connection that writes 16 commands at a time and notes how long their replies take."""

    def __init__(self, server: Server, keys: int, seed: int, load: Load) -> None:
        dice = random.Random(seed)
        self.connection = server.connect()
        self.batches = [b"".join(load.write(dice.randrange(keys)) for _ in range(DEPTH)) for _ in range(2000)]
        self.reply_bytes = load.reply_bytes * DEPTH

    def run(self, is_over: Callable[[], bool]) -> list[float]:
        """Until `is_over`, which is asked now and then, says so; milliseconds of each exchange."""
        times, missing, connection = [], self.reply_bytes, self.connection
        gc.disable()
        try:
            while True:
                for index, batch in enumerate(self.batches):
                    started = time.perf_counter()
                    connection.sendall(batch)
                    left = missing
                    while left > 0:
                        left -= len(connection.recv(1024))
                    times.append((time.perf_counter() - started) * 1000)
                    if index % 100 == 0 and is_over():
                        return times
        finally:
            gc.enable()

    def longest(self, seconds: float) -> float:
        """The longest exchange of so many seconds in which nothing else happens."""
        until = time.time() + seconds
        return max(self.run(lambda: time.time() > until))

    def through(self, server: Server, request: str, field: str) -> list[float]:
        """Asks for a save and writes until INFO's `field` says that it is over."""
        call(server, request)
        return self.run(lambda: info(server, field) == "0")


class MemoryWatch(threading.Thread):
    """The most memory that the process and its children have of their own while this runs."""

    def __init__(self, process: int) -> None:
        super().__init__(daemon=True)
        self.process, self.ends = process, threading.Event()
        self.before = self.own()
        self.most = self.before

    def own(self) -> int:
        total = 0
        for process in [self.process, *children(self.process)]:
            try:
                text = Path(f"/proc/{process}/smaps_rollup").read_text()
            except OSError:
                continue
            # A page that parent and child share is counted by halves, one that was copied for each.
            total += int(re.search(r"^Pss:\s+(\d+)", text, re.MULTILINE)[1]) * 1024
        return total

    def run(self) -> None:
        while not self.ends.wait(0.05):
            self.most = max(self.most, self.own())

    def growth(self) -> float:
        self.ends.set()
        self.join()
        return (self.most - self.before) / (1 << 20)


def children(process: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except OSError:
        return []


def quantile(times: list[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


# MARK: what clients notice

def during(keeper: Keeper, keys: int, rounds: int, what: str, request: str, field: str, options: tuple[str, ...] = (),
           load: Load = STRINGS) -> Iterator[Row]:
    longest, usual, p999, growth, took = ({label: [] for label in LABELS} for _ in range(5))
    for number in range(rounds):
        for label in LABELS if number % 2 == 0 else reversed(LABELS):
            with keeper.start(label, *options) as server:
                fill(server, keys, load)
                writer = Writer(server, keys, number, load)
                noise = writer.longest(2)
                began = time.time()
                times = writer.through(server, request, field)
                took[label].append(time.time() - began)
                usual[label].append(max(noise, writer.longest(2)))
                # Once more for the memory: to read it takes the kernel some milliseconds of the server's time.
                watch = MemoryWatch(server.process.pid)
                watch.start()
                writer.through(server, request, field)
                growth[label].append(watch.growth())
                longest[label].append(max(times))
                p999[label].append(quantile(times, 0.999))

    def medians(values: dict[str, list[float]]) -> list[float]:
        return [statistics.median(values[label]) for label in LABELS]

    pauses = {label: [max(0.0, most - noise) for most, noise in zip(longest[label], usual[label])]
              for label in LABELS}
    yield Row(f"{what}: longest reply time without it", *medians(usual), "ms")
    yield Row(f"{what}: longest reply time during it", *medians(longest), "ms")
    yield Row(f"{what}: longest pause over the noise", *medians(pauses), "ms", largest_value=2)
    yield Row(f"{what}: p99.9 of the reply time during it", *medians(p999), "ms")
    yield Row(f"{what}: growth of memory", *medians(growth), "MB", largest_value=64)
    yield Row(f"{what} under this load: time", *medians(took), "s")


def snapshots(keeper: Keeper, keys: int, rounds: int) -> Iterator[Row]:
    return during(keeper, keys, rounds, "BGSAVE", "BGSAVE", "rdb_bgsave_in_progress")


def one_large_hash(keeper: Keeper, keys: int, rounds: int) -> Iterator[Row]:
    """All data is one hash, and all writes go to it."""
    return during(keeper, keys, rounds, "BGSAVE of one hash", "BGSAVE", "rdb_bgsave_in_progress",
                  load=ONE_HASH)


def rewrites(keeper: Keeper, keys: int, rounds: int) -> Iterator[Row]:
    return during(keeper, keys, rounds, "BGREWRITEAOF", "BGREWRITEAOF", "aof_rewrite_in_progress",
                  ("--appendonly", "yes", "--auto-aof-rewrite-percentage", "0"))


# MARK: how long it takes

def saving_and_loading(keeper: Keeper, keys: int, rounds: int) -> Iterator[Row]:
    saved, loaded = ({label: [] for label in LABELS} for _ in range(2))
    servers = {label: keeper.start(label) for label in LABELS}
    try:
        for server in servers.values():
            server.__enter__()
            fill(server, keys)
        for number in range(rounds):
            for label in LABELS if number % 2 == 0 else reversed(LABELS):
                began = time.perf_counter()
                call(servers[label], "SAVE")
                saved[label].append(time.perf_counter() - began)
        for number in range(rounds):
            for label in LABELS if number % 2 == 0 else reversed(LABELS):
                loaded[label].append(loading_time(keeper, label, servers[label].directory, "DB loaded from disk"))
    finally:
        for server in servers.values():
            server.__exit__()
    yield Row("SAVE: time", *(statistics.median(saved[label]) for label in LABELS), "s", largest_ratio=1.0)
    yield Row("loading a snapshot: time", *(statistics.median(loaded[label]) for label in LABELS), "s",
              largest_ratio=0.7)


def loading_time(keeper: Keeper, label: str, directory: str, words: str, *options: str) -> float:
    """Starts a second server on the directory; what it says in its log."""
    with keeper.start(label, "--dir", directory, *options) as server:
        for _ in range(6000):
            found = re.search(words + r".*: ([0-9.]+) seconds", server.log.read_text(errors="replace"))
            if found:
                return float(found[1])
            time.sleep(0.01)
    raise SetupError(f"{label} does not say how long loading took")


def replaying(keeper: Keeper, keys: int, rounds: int) -> Iterator[Row]:
    """Loading an append only file that holds commands only."""
    loaded = {label: [] for label in LABELS}
    options = ("--appendonly", "yes", "--auto-aof-rewrite-percentage", "0")
    with keeper.start("redis-server", *options) as server:
        fill(server, keys)
        call(server, "CONFIG", "SET", "appendfsync", "always")
        for number in range(rounds):
            for label in LABELS if number % 2 == 0 else reversed(LABELS):
                loaded[label].append(
                    loading_time(keeper, label, server.directory, "DB loaded from append only file", *options))
    yield Row("replaying an append only file: time", *(statistics.median(loaded[label]) for label in LABELS), "s")


# MARK: writing under each policy

POLICIES = {"no append only file": None, "appendfsync no": "no", "appendfsync everysec": "everysec",
            "appendfsync always": "always"}


def logging(keeper: Keeper, keys: int, rounds: int) -> Iterator[Row]:
    """All servers at once, one of them busy at a time, so that whatever else the machine does meets all policies."""
    words = ["SET", "key:__rand_int__", VALUE.decode(), "EX", "100000"]
    rates: dict[tuple[str, str], list[float]] = {}
    costs: dict[str, list[float]] = {label: [] for label in LABELS}
    single: dict[str, list[float]] = {label: [] for label in LABELS}
    with ExitStack() as stack:
        servers = {}
        for policy, value in POLICIES.items():
            options = ("--appendonly", "yes", "--auto-aof-rewrite-percentage", "0", "--appendfsync", value) \
                if value else ()
            for label in LABELS:
                servers[policy, label] = stack.enter_context(keeper.start(label, *options))
                run_benchmark(servers[policy, label], words, DEPTH, keys // 2, keys)
        for number in range(2 * rounds + 1):
            for side in servers if number % 2 == 0 else reversed(servers):
                count = keys // 4 if side[0].endswith("always") else keys
                rates.setdefault(side, []).append(
                    run_benchmark(servers[side], words, DEPTH, count, keys).requests_per_second)
            for label in LABELS if number % 2 == 0 else reversed(LABELS):
                single[label].append(
                    run_benchmark(servers["appendfsync always", label], words, 1, keys // 50, keys)
                    .requests_per_second)
        # The cost is small beside what the machine does from second to second: runs side by side are compared, each
        # kind once first and once last.
        without, with_log = "no append only file", "appendfsync everysec"
        for number in range(2 * rounds + 1):
            for label in LABELS:
                outer, inner = (without, with_log) if number % 2 == 0 else (with_log, without)
                times = {without: 0.0, with_log: 0.0}
                for policy in [outer, inner, inner, outer]:
                    times[policy] += 1 / run_benchmark(
                        servers[policy, label], words, DEPTH, keys, keys).requests_per_second
                costs[label].append((1 - times[without] / times[with_log]) * 100)
    medians = {side: statistics.median(values) for side, values in rates.items()}
    for policy in POLICIES:
        yield Row(f"SET, pipeline {DEPTH}, {policy}: commands per second", *(medians[policy, label] for label in LABELS),
                  "/s", smaller_is_better=False)
    yield Row("cost of everysec, pipeline 16", *(statistics.median(costs[label]) for label in LABELS), "%",
              largest_value=15)
    yield Row("SET, always, 50 clients: time per command", *(1e6 / statistics.median(single[label])
                                                            for label in LABELS), "us", largest_ratio=1.0)


MEASUREMENTS = {
    "snapshots": snapshots, "one-hash": one_large_hash, "rewrites": rewrites, "saving": saving_and_loading, "replaying": replaying,
    "logging": logging,
}
