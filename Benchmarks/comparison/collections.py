"""Hashes and sets: CPU per command at pipeline 16, and the memory of a login session."""

import time
from collections.abc import Iterator

from .load import Throughput, benchmark_command, command
from .processes import Contenders, Server, SetupError
from .rounds import Rounds, on_fresh_pairs
from .rows import Row, Size

KEYSPACE = 100_000
PIPELINE = 16
LARGEST_RATIO = 0.7
# What a login session holds: nine fields, about 220 bytes with their names.
SESSION = {
    "user_id": "10000", "username": "user000001", "email": "user000001@example.com",
    "created_at": "2026-11-21T05:00:00", "last_seen": "2026-11-21T05:10:00", "ip": "192.168.17.33",
    "user_agent": "Mozilla/5.0 (X11; Linux x86_64)", "csrf": "0123456789abcdef0123456789abcdef", "roles": "user,editor",
}
# Name, words for redis-benchmark, requests a second that any server here exceeds roughly.
COMMANDS = [
    ("HSET, 2 fields", ["hset", "login:__rand_int__", "last_seen", "2026-11-21T05:10:00", "visits", "17"], 400_000),
    ("HGET", ["hget", "session:__rand_int__", "username"], 600_000),
    ("HGETALL, 9 fields", ["hgetall", "session:__rand_int__"], 250_000),
    ("SADD", ["sadd", "user:__rand_int__", "session:__rand_int__"], 500_000),
]


def throughput(contenders: Contenders, size: Size) -> Iterator[Row]:
    """Both servers run side by side, the one not measured is idle."""
    cases: list[Rounds[Throughput]] = [Rounds() for _ in COMMANDS]

    def measure(servers: list[Server]) -> None:
        for server in servers:
            fill_sessions(server, KEYSPACE, None)
        for rounds, (_, words, rate) in zip(cases, COMMANDS):
            requests = int(rate * size.seconds)
            rounds.alternate(size.rounds, lambda index: benchmark_command(
                servers[index], words, PIPELINE, requests, KEYSPACE))

    on_fresh_pairs(contenders, size, measure)
    for rounds, (name, _, _) in zip(cases, COMMANDS):
        yield rounds.row(f"{name}, pipeline {PIPELINE}: server CPU per command", "us",
                         lambda run: run.cpu_microseconds, largest_ratio=LARGEST_RATIO)


def fill_sessions(server: Server, count: int, seconds: int | None) -> None:
    """Stores `count` login sessions, some hundred at a time; with a deadline if `seconds` are given."""
    with server.connect() as connection:
        batch: list[bytes] = []
        for number in range(count):
            # redis-benchmark writes numbers with twelve digits.
            key = b"session:%012d" % number
            words = [word.encode() for pair in SESSION.items() for word in pair]
            words[3] = b"user%06d" % number
            batch.append(command(b"HSET", key, *words))
            if seconds is not None:
                batch.append(command(b"EXPIRE", key, b"%d" % seconds))
            if len(batch) >= 400:
                send(connection, batch)
                batch = []
        send(connection, batch)


def send(connection, batch: list[bytes]) -> None:
    """Each of the commands answers with one line."""
    connection.sendall(b"".join(batch))
    missing = len(batch)
    while missing > 0:
        data = connection.recv(1 << 16)
        if not data or b"-" in data:
            raise SetupError(f"loading failed: {data[:200]!r}")
        missing -= data.count(b"\n")


def memory(contenders: Contenders, size: Size) -> Iterator[Row]:
    """Resident memory per login session with a deadline, over that of the empty server."""
    values = []
    for start in contenders.starters():
        with start() as server:
            fill_sessions(server, 1, None)
            empty = server.resident_bytes()
            fill_sessions(server, size.hashes, 100_000)
            time.sleep(1)
            values.append((server.resident_bytes() - empty) / size.hashes)
    yield Row("memory per login hash of nine fields with TTL", *values, "bytes", largest_ratio=0.75)
