#!/usr/bin/env python3
"""Replays what session stores send, on Martlet and on Debian's redis-server, and compares the replies.

    Tests/Traces/replay.py [--binary PATH] [--reference PATH] [--verbose] [TRACE]...

A trace is a text file, one step a line:

    web> SET k v EX 60          connection `web`, which is opened when it is first named, sends a command
    events<                     connection `events` must have got a message, which is compared, too
    pause 40                    milliseconds
    ! scripts: web> EVAL ...    a command that Martlet does not have yet, and what it belongs to

Words are quoted as at redis-cli's prompt. {s+60} and {ms+60000} are times from now, the same for both servers. Replies
are equal byte for byte, but for the rules of Tests/Differential/compare.py (order of hash tables, clocks) and those
below. A listed command that Martlet has by now is an error. Needs Debian's redis-server.
"""

import argparse
import re
import sys
import time
from dataclasses import dataclass
from pathlib import Path

sys.dont_write_bytecode = True  # no __pycache__ in the source tree
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Differential"))

import compare
from resp import Connection, decode
from servers import Server, ServerError, stop_all

ROOT = HERE.parent.parent
OPTIONS = ["--save", "", "--enable-debug-command", "yes"]
# Replies that say who the server is: the kind of reply is compared.
OWN_WORDS = {b"HELLO", b"CLIENT ID", b"INFO", b"ROLE"}
# Redis 7.0.15 does not know these yet; Martlet must not refuse them.
NEWER = {b"CLIENT SETINFO"}
ESCAPES = {"n": b"\n", "r": b"\r", "t": b"\t"}


@dataclass
class Step:
    line: int
    kind: str  # send, receive, pause, not-yet
    connection: str = ""
    words: tuple[bytes, ...] = ()
    milliseconds: int = 0


class TraceError(Exception):
    """A line that is no step."""


def parse(path: Path, now: float) -> list[Step]:
    steps = []
    for number, text in enumerate(path.read_text().splitlines(), 1):
        text = text.strip()
        if not text or text.startswith("#"):
            continue
        kind = "send"
        if match := re.match(r"! [^:]+: (.*)", text):
            kind, text = "not-yet", match[1]
        if match := re.match(r"pause (\d+)$", text):
            steps.append(Step(number, "pause", milliseconds=int(match[1])))
        elif match := re.match(r"([\w-]+)<$", text):
            steps.append(Step(number, "receive", match[1]))
        elif match := re.match(r"([\w-]+)> (.*)", text):
            steps.append(Step(number, kind, match[1], tuple(words(with_times(match[2], now)))))
        else:
            raise TraceError(f"{path.name}:{number}: {text}")
    return steps


def with_times(text: str, now: float) -> str:
    text = re.sub(r"\{s([+-]\d+)\}", lambda match: str(int(now) + int(match[1])), text)
    return re.sub(r"\{ms([+-]\d+)\}", lambda match: str(int(now * 1000) + int(match[1])), text)


def words(text: str) -> list[bytes]:
    found = re.findall(r'"((?:[^"\\]|\\.)*)"|(\S+)', text)
    return [plain.encode() if plain else unescaped(quoted) for quoted, plain in found]


def unescaped(text: str) -> bytes:
    result = b""
    for hexadecimal, escaped, plain in re.findall(r"\\x([0-9a-fA-F]{2})|\\(.)|([^\\]+)", text):
        if hexadecimal:
            result += bytes([int(hexadecimal, 16)])
        else:
            result += ESCAPES.get(escaped, escaped.encode()) if escaped else plain.encode()
    return result


class Replay:
    """One trace on two servers."""

    def __init__(self, servers: list[Server], name: str, verbose: bool) -> None:
        self.servers, self.name, self.verbose = servers, name, verbose
        self.connections: dict[str, list[Connection]] = {}
        self.passed = self.failed = self.later = 0

    def connection(self, name: str) -> list[Connection]:
        if name not in self.connections:
            self.connections[name] = [server.connect() for server in self.servers]
        return self.connections[name]

    def run(self, steps: list[Step]) -> None:
        for pair in [self.connection("the replay itself")]:
            for connection in pair:
                connection.call(b"FLUSHALL")
                connection.call(b"CONFIG", b"SET", b"notify-keyspace-events", b"")
        for step in steps:
            match step.kind:
                case "pause": time.sleep(step.milliseconds / 1000)
                case "receive": self.receive(step)
                case "not-yet": self.check_absent(step)
                case _: self.send(step)
        for pair in self.connections.values():
            for connection in pair:
                connection.close()

    def send(self, step: Step) -> None:
        ours, theirs = (connection.call(*step.words) for connection in self.connection(step.connection))
        self.judge(step, list(step.words), ours, theirs)

    def receive(self, step: Step) -> None:
        ours, theirs = (connection.exchange([], 1)[0] for connection in self.connection(step.connection))
        self.judge(step, [], ours, theirs)

    def judge(self, step: Step, command: list[bytes], ours: bytes, theirs: bytes) -> None:
        names = {b" ".join(word.upper() for word in command[:count]) for count in (1, 2)}
        if names & NEWER:
            good = ours[:1] != b"-"
        elif names & OWN_WORDS:
            good = ours == theirs or ours[:1] == theirs[:1] != b"-"
        else:
            good = ours == theirs if not command else compare.equal(command, ours, theirs)
        if good:
            self.passed += 1
        else:
            self.failed += 1
        if self.verbose or not good:
            print(f"{'ok' if good else 'FAILED'}: {self.name}:{step.line} {step.connection}: {command!r}\n"
                  f"  martlet {ours[:500]!r}\n  redis   {theirs[:500]!r}", flush=True)

    def check_absent(self, step: Step) -> None:
        """A command that is listed as not yet there must not be there."""
        known = decode(self.connection("the replay itself")[0].call(b"COMMAND", b"INFO", step.words[0]))
        if known == [None]:
            self.later += 1
        else:
            self.failed += 1
            print(f"FAILED: {self.name}:{step.line}: {step.words[0]!r} exists by now; replay it", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("traces", nargs="*", type=Path, metavar="TRACE")
    parser.add_argument("--binary", default=str(ROOT / ".build/release/martlet-server"))
    parser.add_argument("--reference", default="redis-server")
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    traces = arguments.traces or sorted(HERE.glob("*.trace"))
    servers: list[Server] = []
    passed = failed = 0
    try:
        servers.append(Server("martlet", arguments.binary, OPTIONS))
        servers.append(Server("redis", arguments.reference, OPTIONS))
        for path in traces:
            replay = Replay(servers, path.name, arguments.verbose)
            replay.run(parse(path, time.time()))
            print(f"{path.stem:28} {replay.passed:3} equal {replay.failed:3} differ {replay.later:3} not yet", flush=True)
            passed, failed = passed + replay.passed, failed + replay.failed
    except (ServerError, TraceError, OSError) as error:
        print(f"error: {error}")
        failed += 1
    finally:
        stop_all(servers)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
