#!/usr/bin/env python3
"""Append only files travel between Martlet and Debian's redis-server, and hold what was acknowledged when the server is
killed.

    Tests/Differential/logs.py [--seed N] [--rounds N] [--kills N] [--binary PATH] [--reference PATH]

Each round one server writes to several databases, rewrites its append only file now and then, and ends, gently or not;
the other starts on the same directory, must have the same digest of all data, writes on, and hands it back.
redis-check-aof must accept what Martlet wrote, and Martlet's own check what both wrote. Then Martlet is killed again
and again in the midst of writes, rewrites and snapshots: what comes back must be all that was acknowledged, and nothing
that was not sent, without a gap. Needs redis-server and redis-check-aof; nothing but Python's standard library.
"""

import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True  # no __pycache__ in the source tree

from files import DATABASES, Travel, argument_parser, run
from resp import Connection, encode
from servers import Server, ServerError, stop_all

FOREVER = 60


class Logs(Travel):
    def start_logging(self, label: str, *options: str) -> tuple[Server, Connection]:
        server = Server(label, self.binaries[label], [
            "--dir", self.directory, "--save", "", "--appendonly", "yes", "--enable-debug-command", "yes",
            "--auto-aof-rewrite-percentage", "0", *options])
        self.running = [server]
        connection = server.connect()
        limit = time.time() + FOREVER
        while connection.call(b"PING") != b"+PONG\r\n":  # it may be loading
            if time.time() > limit:
                raise ServerError(f"{label} does not come up")
            time.sleep(0.01)
        return server, connection

    def change(self, connection: Connection, count: int) -> None:
        """Changes that both servers log in their own words: deadlines, chances, transactions."""
        requests = []
        for _ in range(count):
            key, other = (b"c%d" % self.dice.randrange(12) for _ in range(2))
            number, time_ = b"%d" % self.dice.randrange(1000), b"%d" % self.dice.randrange(10**5, 10**9)
            requests += self.dice.choice([
                [[b"SELECT", self.dice.choice(DATABASES)]],
                [[b"SET", key, number, b"PX", time_]], [[b"SETEX", key, time_, self.dice.randbytes(30)]],
                [[b"SET", key, number, b"KEEPTTL"]], [[b"INCRBYFLOAT", key, b"0.1"]], [[b"APPEND", key, number]],
                [[b"GETEX", key, b"PX", time_]], [[b"EXPIRE", key, time_]], [[b"PERSIST", key]], [[b"EXPIRE", key, b"-1"]],
                [[b"HSET", key, number, number, b"f", b"1"]], [[b"HINCRBYFLOAT", key, b"f", b"0.3"]], [[b"HDEL", key, number]],
                [[b"SADD", key, number, b"a", b"b"]], [[b"SPOP", key]], [[b"SPOP", key, b"2"]], [[b"SMOVE", key, other, b"a"]],
                [[b"RENAME", key, other]], [[b"COPY", key, other, b"REPLACE"]], [[b"MOVE", key, b"3"]],
                [[b"MULTI"], [b"SET", key, number], [b"INCR", other], [b"DEL", b"none"], [b"EXEC"]],
                [[b"SWAPDB", b"0", b"3"]], [[b"DEL", key, other]], [[b"GETDEL", key]], [[b"SETRANGE", key, b"7", number]],
            ])
        connection.exchange([b"".join(map(encode, requests))], len(requests))

    def rewrite(self, connection: Connection) -> None:
        self.call(connection, b"BGREWRITEAOF")
        limit = time.time() + FOREVER
        while b"aof_rewrite_in_progress:1" in connection.call(b"INFO", b"persistence"):
            self.change(connection, 5)
            if time.time() > limit:
                raise ServerError("a rewrite does not end")
        self.expect(b"aof_last_bgrewrite_status:ok" in connection.call(b"INFO", b"persistence"), "a rewrite succeeds")

    def check(self, label: str, *program: str) -> None:
        manifest = f"{self.directory}/appendonlydir/appendonly.aof.manifest"
        done = subprocess.run([*program, manifest], capture_output=True, text=True, timeout=FOREVER)
        self.expect(done.returncode == 0 and "All AOF files and manifest are valid" in done.stdout,
                    f"{program[0]} on what {label} wrote: {done.stdout[-500:]}")

    def log_journey(self, source: str, target: str) -> None:
        policy = self.dice.choice(["always", "everysec", "no"])
        server, connection = self.start_logging(
            source, "--appendfsync", policy, "--aof-use-rdb-preamble", self.dice.choice(["yes", "no"]),
            "--aof-timestamp-enabled", self.dice.choice(["yes", "no"]))
        for _ in range(self.dice.randrange(1, 4)):
            self.fill(connection, self.dice.choice([1, 10, 40]))
            self.change(connection, 200)
            if self.dice.randrange(2) == 0:
                self.rewrite(connection)
        digest = self.digest(connection)
        if policy == "always" and self.dice.randrange(2) == 0:
            server.process.kill()
            server.process.wait()
        else:
            stop_all([server])
        self.check(source, self.binaries["martlet"], "--check-aof")
        if source == "martlet":
            self.check(source, "redis-check-aof")
        server, connection = self.start_logging(target)
        self.expect(self.digest(connection) == digest, f"{target} has what {source} logged")
        self.change(connection, 50)
        digest = self.digest(connection)
        stop_all([server])
        server, connection = self.start_logging(source)
        self.expect(self.digest(connection) == digest, f"{source} has what {target} logged")
        stop_all([server])

    # MARK: kills

    def kill(self, policy: str) -> None:
        """Transactions that count and leave a trace, sent many at a time; some background work; a kill."""
        options = ("--appendfsync", policy, "--aof-use-rdb-preamble", self.dice.choice(["yes", "no"]))
        server, connection = self.start_logging("martlet", *options)
        done = int(self.call(connection, b"GET", b"count") or b"0")
        first, acknowledged, sent = done, done, done
        wire = socket.socket(socket.AF_UNIX)
        wire.settimeout(FOREVER)
        wire.connect(server.address)
        until = time.time() + self.dice.random() * 0.3
        pending = b""
        while time.time() < until:
            count = self.dice.randrange(1, 30)
            batch = b""
            for number in range(sent + 1, sent + count + 1):
                batch += b"".join(map(encode, [
                    [b"MULTI"], [b"INCR", b"count"], [b"SET", b"trace:%d" % number, b"x" * self.dice.randrange(200)],
                    [b"EXEC"]]))
            sent += count
            wire.sendall(batch)
            wire.settimeout(0 if self.dice.randrange(3) == 0 else FOREVER)
            try:
                pending += wire.recv(1 << 16)
            except BlockingIOError:
                pass
            work = self.dice.randrange(40)
            if work < 2:
                connection.call([b"BGREWRITEAOF", b"BGSAVE"][work])
        server.process.kill()
        server.process.wait()
        wire.settimeout(FOREVER)
        try:
            while data := wire.recv(1 << 16):
                pending += data
        except OSError:
            pass
        wire.close()
        # Each transaction that was executed answers with its number.
        acknowledged += pending.count(b"*2\r\n:") if not pending.endswith(b"*2\r\n:") else pending.count(b"*2\r\n:") - 1
        server, connection = self.start_logging("martlet", *options)
        count = int(self.call(connection, b"GET", b"count") or b"0")
        lowest = acknowledged if policy == "always" else first
        self.expect(lowest <= count <= sent, f"{policy}: {first} before, {acknowledged} acknowledged, {sent} sent, {count} there")
        traces = self.call(connection, b"EXISTS", *(b"trace:%d" % number for number in range(1, count + 1)), b"none")
        self.expect(traces == count, f"{policy}: {traces} of {count} traces")
        beyond = self.call(connection, b"EXISTS", *(b"trace:%d" % number for number in range(count + 1, sent + 2)))
        self.expect(beyond == 0, f"{policy}: {beyond} traces beyond {count}")
        stop_all([server])


def main() -> int:
    parser = argument_parser(__doc__)
    parser.add_argument("--kills", type=int, default=20)
    arguments = parser.parse_args()

    def work(logs: Logs) -> None:
        for _ in range(arguments.rounds):
            logs.log_journey("martlet", "redis")
            logs.log_journey("redis", "martlet")
        shutil.rmtree(logs.directory)
        Path(logs.directory).mkdir()
        for number in range(arguments.kills):
            logs.kill(["always", "everysec", "no"][number % 3])

    return run(Logs, arguments, work)


if __name__ == "__main__":
    sys.exit(main())
