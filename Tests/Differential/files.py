#!/usr/bin/env python3
"""Snapshot files travel between Martlet and Debian's redis-server, and hold the state of the moment of BGSAVE.

    Tests/Differential/files.py [--seed N] [--rounds N] [--binary PATH] [--reference PATH]

Each round fills several databases of one server with random values of all encodings, saves, lets the other server load
the file, compares the digests of all data, and goes back the same way. redis-check-rdb must accept what Martlet wrote.
Then Martlet saves in the background while it is written to, is killed, and must come back as it was when it began.
Needs redis-server, redis-cli and redis-check-rdb; nothing but Python's standard library.
"""

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.dont_write_bytecode = True  # no __pycache__ in the source tree

from exchange import Values
from resp import Connection, decode, encode
from servers import Server, ServerError, stop_all

ROOT = Path(__file__).resolve().parent.parent.parent
DATABASES = [b"0", b"3", b"15"]


class Travel:
    def __init__(self, arguments: argparse.Namespace, directory: str) -> None:
        self.dice = random.Random(arguments.seed)
        self.values = Values(self.dice)
        self.directory = directory
        self.binaries = {"martlet": arguments.binary, "redis": arguments.reference}
        self.checks, self.failures = 0, 0
        self.running: list[Server] = []

    def expect(self, condition: bool, text: str) -> None:
        self.checks += 1
        if not condition:
            self.failures += 1
            print(f"failed: {text}", flush=True)

    def start(self, label: str) -> tuple[Server, Connection]:
        # With a save point, so that the end saves, too; none is ever reached.
        options = ["--dir", self.directory, "--save", "3600 1000000", "--enable-debug-command", "yes"]
        server = Server(label, self.binaries[label], options)
        self.running = [server]
        connection = server.connect()
        while connection.call(b"PING") != b"+PONG\r\n":  # it may be loading
            time.sleep(0.01)
        return server, connection

    @staticmethod
    def call(connection: Connection, *words: bytes) -> object:
        return decode(connection.call(*words))

    def digest(self, connection: Connection) -> object:
        return self.call(connection, b"DEBUG", b"DIGEST")

    def fill(self, connection: Connection, keys: int) -> None:
        requests = []
        for database in DATABASES:
            requests.append([b"SELECT", database])
            for _ in range(keys):
                key = self.dice.choice([b"k%d" % self.dice.randrange(keys), self.dice.randbytes(5), b"\r\n"])
                command = self.values.command()
                command[1] = key
                requests += [[b"DEL", key], command]
                if self.dice.randrange(3) == 0:
                    requests.append([b"PEXPIRE", key, b"%d" % self.dice.randrange(10**6, 10**10)])
        replies = connection.exchange([b"".join(map(encode, requests))], len(requests))
        errors = [reply for reply in replies if reply[:1] == b"-"]
        self.expect(not errors, f"filling: {errors[:1]}")

    def fill_small(self, connection: Connection, keys: int) -> None:
        """Many keys, so that a background save takes many turns."""
        for first in range(0, keys, 1000):
            requests = [encode([b"SET", b"small:%d" % n, b"value %d" % n]) for n in range(first, first + 1000)]
            connection.exchange([b"".join(requests)], len(requests))

    def journey(self, source: str, target: str) -> None:
        server, connection = self.start(source)
        self.fill(connection, self.dice.choice([1, 10, 60]))
        digest = self.digest(connection)
        self.expect(self.call(connection, b"SAVE") == b"+OK", f"{source} saves")
        stop_all([server])
        if source == "martlet":
            done = subprocess.run(["redis-check-rdb", f"{self.directory}/dump.rdb"], capture_output=True, text=True)
            self.expect(done.returncode == 0, f"redis-check-rdb: {done.stdout[-500:]}")
        server, connection = self.start(target)
        self.expect(self.digest(connection) == digest, f"{target} has what {source} saved")
        stop_all([server])

    def background(self) -> None:
        """The state of the moment, although the server is written to; the kill loses what came after."""
        server, connection = self.start("martlet")
        self.fill(connection, 20)
        self.fill_small(connection, 60_000)
        digest = self.digest(connection)
        self.expect(self.call(connection, b"BGSAVE") == b"+Background saving started", "BGSAVE begins")
        while b"rdb_bgsave_in_progress:1" in connection.call(b"INFO", b"persistence"):
            self.fill(connection, 3)
            if self.dice.randrange(20) == 0:
                self.call(connection, *self.dice.choice([[b"FLUSHDB"], [b"SWAPDB", b"0", b"3"], [b"SWAPDB", b"3", b"7"]]))
        self.expect(b"rdb_last_bgsave_status:ok" in connection.call(b"INFO", b"persistence"), "BGSAVE succeeds")
        server.process.kill()
        server.process.wait()
        shutil.rmtree(server.directory, ignore_errors=True)
        server, connection = self.start("martlet")
        self.expect(self.digest(connection) == digest, "the file holds the state of the moment of BGSAVE")
        self.call(connection, b"FLUSHALL")
        self.call(connection, b"SAVE")
        stop_all([server])


def argument_parser(description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--binary", default=str(ROOT / ".build/release/martlet-server"))
    parser.add_argument("--reference", default="redis-server")
    return parser


def run(kind: type[Travel], arguments: argparse.Namespace, work: Callable[[Travel], None]) -> int:
    """Does the work in a directory of its own; returns the exit status."""
    print(f"seed {arguments.seed}")
    directory = tempfile.mkdtemp(prefix="martlet-files-")
    travel = kind(arguments, directory)
    try:
        work(travel)
    except (ServerError, OSError) as error:
        print(f"error: {error}")
        travel.failures += 1
    finally:
        for server in travel.running:
            server.process.kill()
        shutil.rmtree(directory, ignore_errors=True)
    print(f"{travel.checks - travel.failures} passed, {travel.failures} failed")
    return 1 if travel.failures else 0


def main() -> int:
    arguments = argument_parser(__doc__).parse_args()

    def work(travel: Travel) -> None:
        for _ in range(arguments.rounds):
            travel.journey("martlet", "redis")
            travel.journey("redis", "martlet")
        for _ in range(arguments.rounds):
            travel.background()

    return run(Travel, arguments, work)


if __name__ == "__main__":
    sys.exit(main())
