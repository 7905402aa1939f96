"""Load on a server: redis-benchmark for throughput, a pipelining loader for filling, a probe for the longest reply."""

import csv
import gc
import io
import socket
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass

from .processes import Server, SetupError

VALUE_BYTES = 64


@dataclass
class Throughput:
    """One run of redis-benchmark and what it cost the server."""

    cpu_microseconds: float
    requests_per_second: float
    p99_milliseconds: float


def benchmark(
    server: Server, test: str, pipeline: int, requests: int, keys: int, clients: int = 50
) -> Throughput:
    """Runs redis-benchmark's `test`; it inherits this process's core."""
    return run_benchmark(server, ["-t", test, "-d", str(VALUE_BYTES)], pipeline, requests, keys, clients)


def benchmark_command(server: Server, words: list[str], pipeline: int, requests: int, keys: int) -> Throughput:
    """The same for any command; each __rand_int__ in it is a number below `keys`."""
    return run_benchmark(server, words, pipeline, requests, keys)


def run_benchmark(
    server: Server, tail: list[str], pipeline: int, requests: int, keys: int, clients: int = 50
) -> Throughput:
    before = server.cpu_seconds()
    done = subprocess.run(
        ["redis-benchmark", "-p", str(server.port), "-n", str(requests), "-c", str(clients), "-P", str(pipeline),
         "-r", str(keys), "--csv", *tail], capture_output=True, text=True, timeout=3600)
    cpu = server.cpu_seconds() - before
    # The first line holds the headings.
    rows = [row for row in csv.reader(io.StringIO(done.stdout)) if len(row) > 6][1:]
    if not rows:
        raise SetupError(f"redis-benchmark gave no result against {server.label}: {done.stdout} {done.stderr}")
    return Throughput(cpu / requests * 1e6, float(rows[0][1]), float(rows[0][6]))


def command(*words: bytes) -> bytes:
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)


def fill(server: Server, keys: Iterable[bytes], options: tuple[bytes, ...] = ()) -> int:
    """Stores a 64-byte value under each key, 500 commands at a time; returns how many."""
    value = b"v" * VALUE_BYTES
    tail = b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in (value, *options))
    head = b"*%d\r\n$3\r\nSET\r\n" % (3 + len(options))
    count, batch = 0, []
    with server.connect() as connection:
        for key in keys:
            batch.append(b"%b$%d\r\n%b\r\n%b" % (head, len(key), key, tail))
            if len(batch) == 500:
                count += exchange(connection, batch)
                batch = []
        return count + exchange(connection, batch)


def exchange(connection: socket.socket, batch: list[bytes], reply_bytes: int = len(b"+OK\r\n")) -> int:
    """Sends the commands, each of which answers with so many bytes."""
    connection.sendall(b"".join(batch))
    missing = reply_bytes * len(batch)
    while missing > 0:
        data = connection.recv(1 << 16)
        if not data or b"-" in data:
            raise SetupError(f"loading failed: {data[:200]!r}")
        missing -= len(data)
    return len(batch)


@dataclass
class Probe:
    """What one connection saw that asked about a thousand times a second: seconds until the database was empty
    after `due`, and the longest reply before and since."""

    gone_seconds: float
    longest_before: float
    longest_since: float


def probe_until_empty(server: Server, due: float, limit: float) -> Probe:
    """PING every millisecond, and DBSIZE instead in every tenth, from half a second before `due`."""
    ping, size = command(b"PING"), command(b"DBSIZE")
    before = since = 0.0
    gone, turn = None, 0
    time.sleep(max(0.0, due - 0.5 - time.time()))
    gc.disable()
    try:
        with server.connect() as connection:
            while gone is None or time.time() < due + gone + 0.2:
                started = time.perf_counter()
                connection.sendall(size if turn % 10 == 0 else ping)
                reply = connection.recv(100)
                elapsed = time.perf_counter() - started
                now = time.time()
                if now < due:
                    before = max(before, elapsed)
                else:
                    since = max(since, elapsed)
                if gone is None and reply == b":0\r\n" and now >= due:
                    gone = now - due
                if now > due + limit:
                    gone = gone if gone is not None else limit
                    break
                turn += 1
                time.sleep(max(0.0, 0.001 - elapsed))
    finally:
        gc.enable()
    return Probe(gone, before, since)
