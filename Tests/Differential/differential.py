#!/usr/bin/env python3
"""Sends the same random commands to Martlet and to Debian's redis-server and compares the replies, byte for byte.

    Tests/Differential/differential.py [--seed N] [--count N] [--family NAME]... [--binary PATH] [--reference PATH]

Commands come in blocks: each block on a connection in RESP2 or RESP3, pipelined, cut at random places, some of them
wrong on purpose. After each block the databases' digests are compared. Between blocks run scenarios (SCAN, expiry,
protocol errors, passwords). The known differences, with reasons, are the table RULES in compare.py; the commands are
in families/. Needs Debian's redis-server; nothing but Python's standard library.
"""

import argparse
import random
import signal
import sys
from collections import deque
from pathlib import Path

sys.dont_write_bytecode = True  # no __pycache__ in the source tree

import compare
from dice import ALL_KEYS, DATABASES, Dice
from families import FAMILIES
from resp import Connection, encode
from scenarios import SCENARIOS
from servers import Server, ServerError

ROOT = Path(__file__).resolve().parent.parent.parent
SCENARIO_PERIOD = 8  # a scenario after every so many blocks
HISTORY = 3000
# Commands that are sent only as generated: an argument replaced or left out would stop or stall a server, change its
# limits, make it send messages between replies or take something out at random, or ask for all that it knows, which
# differs.
NEVER_MUTATED = {b"CLIENT", b"CONFIG", b"COMMAND", b"DEBUG", b"INFO", b"SPOP"}
# Commands that may change any key: shown with every mismatch.
SWEEPING = {b"FLUSHALL", b"FLUSHDB", b"SELECT", b"SWAPDB", b"RESET", b"HELLO"}


class Run:
    """One comparison of two servers."""

    def __init__(self, arguments: argparse.Namespace, pair: tuple[Server, Server]) -> None:
        self.seed: int = arguments.seed
        self.pair = pair
        self.most_mismatches: int = arguments.mismatches
        self.dice = Dice(arguments.seed)
        chosen = arguments.family or list(FAMILIES)
        generators = [pair for name in chosen for pair in FAMILIES[name]]
        self.weights = [weight for weight, _ in generators]
        self.generators = [generator for _, generator in generators]
        self.history: deque[list[bytes]] = deque(maxlen=HISTORY)
        self.passed = self.failed = self.sent = 0
        self.controls = [server.connect() for server in pair]

    def run(self, count: int) -> None:
        block = 0
        while self.sent < count and self.failed < self.most_mismatches:
            self.run_block()
            self.check_databases()
            if block % SCENARIO_PERIOD == 0:
                self.run_scenario(list(SCENARIOS)[block // SCENARIO_PERIOD % len(SCENARIOS)])
            block += 1
            if block % 100 == 0:
                print(f"  {self.sent} commands sent", flush=True)

    def run_block(self) -> None:
        """A connection's life: some pipelines, each sent to both servers."""
        connections = [server.connect() for server in self.pair]
        if self.dice.one_in(2):
            self.judge([b"HELLO", b"3"], *(connection.call(b"HELLO", b"3") for connection in connections))
        self.sync_selection(connections)
        for _ in range(self.dice.randint(1, 5)):
            commands = self.pipeline(self.dice.choice([1, 2, 10, 40, 150]))
            wire = b"".join(self.encoded(command) for command in commands)
            chunks = self.dice.cut(wire)
            ours, theirs = (connection.exchange(chunks, len(commands)) for connection in connections)
            self.sent += len(commands)
            for command, *replies in zip(commands, ours, theirs):
                self.history.append(command)
                if not self.judge(command, *replies):
                    self.level()
                    break
        for connection in connections:
            connection.close()

    def sync_selection(self, connections: list[Connection]) -> None:
        database = self.dice.choice(DATABASES)
        self.history.append([b"SELECT", database])
        for connection in connections:
            connection.call(b"SELECT", database)

    def pipeline(self, length: int) -> list[list[bytes]]:
        commands: list[list[bytes]] = []
        while len(commands) < length:
            made = self.dice.choices(self.generators, self.weights)[0](self.dice)
            for command in made if isinstance(made[0], list) else [made]:
                mutable = command[0].upper() not in NEVER_MUTATED and self.dice.one_in(12)
                commands.append(self.dice.mutated(command) if mutable else command)
        return [command for command in commands if command]

    def encoded(self, command: list[bytes]) -> bytes:
        """As an array; now and then as an inline request, which is the same command."""
        if self.dice.one_in(10) and command[0] and sum(map(len, command)) < 10_000:
            return b" ".join(quoted(word) for word in command) + self.dice.choice([b"\r\n", b"\n"])
        return encode(command)

    def check_databases(self) -> None:
        """Touches all keys, so that expired ones are gone on both sides, and compares what is left."""
        for database in DATABASES:
            for connection in self.controls:
                connection.call(b"SELECT", database)
                connection.call(b"EXISTS", *ALL_KEYS)
        for command in ([b"DEBUG", b"DIGEST"], [b"INFO", b"keyspace"]):
            if not self.judge(command, *(connection.call(*command) for connection in self.controls)):
                self.level()
                return

    def run_scenario(self, name: str) -> None:
        for command, ours, theirs in SCENARIOS[name](self.dice, self.pair):
            self.sent += 1
            self.history.append(command)
            self.judge(command, ours, theirs)

    def level(self) -> None:
        """After a mismatch: both servers empty, so that the next one is another one."""
        for connection in self.controls:
            connection.call(b"FLUSHALL")

    def judge(self, command: list[bytes], ours: bytes, theirs: bytes) -> bool:
        if compare.equal(command, ours, theirs):
            self.passed += 1
            return True
        self.failed += 1
        print(f"\nMISMATCH {self.failed} at command {self.sent} of seed {self.seed}\n  {shown(command)}")
        for server, reply in zip(self.pair, (ours, theirs)):
            print(f"  {server.label + ':':15} {cut(reply, 600)!r}")
        print("  before, on the same keys:")
        for earlier in self.related(command):
            print(f"    {shown(earlier)}")
        sys.stdout.flush()
        return False

    def related(self, command: list[bytes], most: int = 15) -> list[list[bytes]]:
        names = {word for word in command[1:] if word in ALL_KEYS}
        found = [earlier for earlier in self.history if len(earlier) < len(ALL_KEYS)]
        found = [earlier for earlier in found
                 if not names or earlier[0].upper() in SWEEPING or names.intersection(earlier[1:])]
        return found[-most:]


def quoted(word: bytes) -> bytes:
    if word and all(33 <= byte < 127 and byte not in b"\"'\\" for byte in word):
        return word
    return b'"' + b"".join(b"\\x%02x" % byte for byte in word) + b'"'


def shown(command: list[bytes]) -> str:
    return " ".join(repr(cut(word, 120))[1:] for word in command)


def cut(data: bytes, most: int) -> bytes:
    return data if len(data) <= most else data[:most] + b"... (%d bytes)" % len(data)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=str(ROOT / ".build/release/martlet-server"))
    parser.add_argument("--reference", default="redis-server")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--count", type=int, default=100_000, help="commands to send")
    parser.add_argument("--family", action="append", choices=sorted(FAMILIES), help="only these (may be repeated)")
    parser.add_argument("--mismatches", type=int, default=10, help="stop after so many")
    return parser.parse_args()


def compare_servers(arguments: argparse.Namespace, servers: list[Server]) -> Run | None:
    """Starts both servers into `servers` and runs; None when one of them does not even start."""
    run = None
    try:
        servers.append(Server("martlet", arguments.binary, ["--enable-debug-command", "yes"]))
        servers.append(Server("redis-server", arguments.reference,
                              ["--enable-debug-command", "yes", "--save", "", "--appendonly", "no"]))
        run = Run(arguments, (servers[0], servers[1]))
        run.run(arguments.count)
    except (ServerError, OSError, ValueError) as error:
        print(f"\nFAILED with seed {arguments.seed}: {type(error).__name__}: {error}")
        if run is not None:
            run.failed += 1
            print("  the last commands:")
            for command in list(run.history)[-5:]:
                print(f"    {shown(command)}")
    return run


def main() -> int:
    arguments = parse_arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # as an exception, so that the servers are ended too
    print(f"seed {arguments.seed}, {arguments.count} commands", flush=True)
    servers: list[Server] = []
    ended_badly = 0
    try:
        run = compare_servers(arguments, servers)
    finally:
        for server in servers:
            try:
                server.stop()
            except ServerError as error:
                ended_badly += 1
                print(f"\n{error}")
    passed, failed = (run.passed, run.failed + ended_badly) if run else (0, 1 + ended_badly)
    if failed:
        print(f"again with: --seed {arguments.seed} --count {arguments.count}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
