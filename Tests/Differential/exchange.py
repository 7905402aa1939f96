#!/usr/bin/env python3
"""Values travel between Martlet and Debian's redis-server as DUMP payloads, and broken payloads do no harm.

    Tests/Differential/exchange.py [--seed N] [--count N] [--binary PATH] [--reference PATH]

Each round makes a random value (strings, hashes, sets of all encodings) on one server, restores its DUMP on the other
and compares the digests and what DUMP gives back; old encodings that no server writes any more (ziplist, zipmap) are
built here. Then payloads of all kinds are broken in one place, given a right checksum again, and restored on Martlet,
which must refuse them or come to a value that can be read, and live.
Needs Debian's redis-server; nothing but Python's standard library.
"""

import argparse
import random
import struct
import sys
from pathlib import Path

sys.dont_write_bytecode = True  # no __pycache__ in the source tree

from resp import Connection, decode
from servers import Server, ServerError, stop_all

ROOT = Path(__file__).resolve().parent.parent.parent
LIMITS = [b"hash-max-listpack-entries", b"hash-max-listpack-value", b"set-max-intset-entries"]
DEFAULTS = {b"hash-max-listpack-entries": b"128", b"hash-max-listpack-value": b"64", b"set-max-intset-entries": b"512"}
BREAKS_PER_PAYLOAD = 40


def crc64(data: bytes) -> int:
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x95AC9329AC4BC9B5 if crc & 1 else 0)
    return crc


def sealed(body: bytes, version: int = 10) -> bytes:
    body += struct.pack("<H", version)
    return body + struct.pack("<Q", crc64(body))


def length(count: int) -> bytes:
    if count < 64:
        return bytes([count])
    return struct.pack(">H", 0x4000 | count) if count < 1 << 14 else b"\x80" + struct.pack(">I", count)


class Values:
    """Random values, as commands and in the old encodings."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice

    def word(self) -> bytes:
        dice = self.dice
        match dice.randrange(8):
            case 0 | 1:
                bits = dice.choice([1, 7, 8, 12, 13, 15, 16, 24, 31, 32, 40, 63])
                return b"%d" % (dice.choice([1, -1]) * dice.getrandbits(bits))
            case 2:
                return dice.choice([b"", b"-0", b"007", b"+1", b"1.5", b" 1", b"9223372036854775808", b"\x00\xff\r\n"])
            case 3:
                return dice.choice([b"ab", b"a", b"abc", b"hello "]) * dice.choice([1, 10, 40, 500])
            case _:
                return dice.randbytes(dice.choice([1, 2, 5, 20, 62, 63, 64, 65, 127, 128, 300, 5000]))

    def words(self) -> list[bytes]:
        count = self.dice.choice([1, 2, 3, 9, 30, 127, 128, 129, 300])
        return list({self.word() for _ in range(count)})

    def integers(self) -> list[bytes]:
        bits = self.dice.choice([3, 15, 31, 63])
        count = self.dice.choice([1, 5, 100, 511, 512, 513])
        return list({b"%d" % (self.dice.getrandbits(bits) - (1 << bits - 1)) for _ in range(count)})

    def command(self) -> list[bytes]:
        match self.dice.randrange(4):
            case 0:
                return [b"SET", b"k", self.word()]
            case 1:
                return [b"HSET", b"k", *(word for field in self.words() for word in (field, self.word()))]
            case 2:
                return [b"SADD", b"k", *self.words()]
            case _:
                return [b"SADD", b"k", *self.integers()]

    def old(self) -> bytes:
        """A payload in an encoding of the past: ziplist or zipmap hash."""
        pairs = [(field, self.word()) for field in self.words()[:100]]
        flat = [word for pair in pairs for word in pair]
        if self.dice.randrange(2):
            return sealed(b"\x0d" + self.string(ziplist(flat)), 6)
        return sealed(b"\x09" + self.string(zipmap(pairs)), 3)

    @staticmethod
    def string(data: bytes) -> bytes:
        return length(len(data)) + data


def ziplist(words: list[bytes]) -> bytes:
    body, before, last = b"", 0, 10
    for word in words:
        entry = bytes([before]) if before < 254 else b"\xfe" + struct.pack("<I", before)
        number = int(word) if len(word) < 20 and word.lstrip(b"-").isdigit() else None
        if number is not None and b"%d" % number == word and -(1 << 63) <= number < 1 << 63:
            entry += ziplist_integer(number)
        elif len(word) < 64:
            entry += bytes([len(word)]) + word
        elif len(word) < 1 << 14:
            entry += struct.pack(">H", 0x4000 | len(word)) + word
        else:
            entry += b"\x80" + struct.pack(">I", len(word)) + word
        last = 10 + len(body)
        body += entry
        before = len(entry)
    return struct.pack("<IIH", 11 + len(body), last, len(words)) + body + b"\xff"


def ziplist_integer(number: int) -> bytes:
    if 0 <= number <= 12:
        return bytes([0xF1 + number])
    for head, width in ((0xFE, 1), (0xC0, 2), (0xF0, 3), (0xD0, 4), (0xE0, 8)):
        if -(1 << 8 * width - 1) <= number < 1 << 8 * width - 1:
            return bytes([head]) + number.to_bytes(width, "little", signed=True)
    raise ValueError(number)


def zipmap(pairs: list[tuple[bytes, bytes]]) -> bytes:
    def head(count: int) -> bytes:
        return bytes([count]) if count < 254 else b"\xfe" + struct.pack("<I", count)

    body = b"".join(head(len(f)) + f + head(len(v)) + b"\x00" + v for f, v in pairs)
    return bytes([min(len(pairs), 254)]) + body + b"\xff"


class Exchange:
    def __init__(self, seed: int, ours: Server, theirs: Server) -> None:
        self.dice = random.Random(seed)
        self.values = Values(self.dice)
        self.server = ours
        self.ours, self.theirs = ours.connect(), theirs.connect()
        self.failures: list[str] = []
        self.checks = 0

    def expect(self, condition: bool, text: str) -> None:
        self.checks += 1
        if not condition:
            self.failures.append(text)
            print(f"failed: {text}", flush=True)

    @staticmethod
    def call(connection: Connection, *words: bytes) -> object:
        return decode(connection.call(*words))

    def digest(self, connection: Connection) -> object:
        return self.call(connection, b"DEBUG", b"DIGEST-VALUE", b"k")

    def set_limits(self, connection: Connection) -> None:
        for name in LIMITS:
            value = self.dice.choice([DEFAULTS[name], b"0", b"10", b"1000"])
            self.call(connection, b"CONFIG", b"SET", name, value)

    def travel(self, source: Connection, target: Connection, way: str) -> None:
        self.set_limits(source)
        self.set_limits(target)
        command = self.values.command()
        for connection in (source, target):
            self.call(connection, b"DEL", b"k")
        self.call(source, *command)
        payload = self.call(source, b"DUMP", b"k")
        assert isinstance(payload, bytes)
        self.restore(source, target, payload, f"{way}: {command!r}"[:2000])

    def restore(self, source: Connection, target: Connection, payload: bytes, what: str) -> None:
        ttl = self.dice.choice([b"0", b"100000"])
        reply = self.call(target, b"RESTORE", b"k", ttl, payload, b"REPLACE")
        self.expect(reply == b"+OK", f"RESTORE answers {reply!r} to {payload.hex()[:200]} from {what}")
        if ttl != b"0":
            self.call(source, b"PEXPIRE", b"k", ttl)
        digests = self.digest(source), self.digest(target)
        self.expect(digests[0] == digests[1], f"digests {digests} of {what}")
        back = self.call(target, b"DUMP", b"k")
        assert isinstance(back, bytes)
        reply = self.call(source, b"RESTORE", b"back", b"0", back, b"REPLACE")
        self.expect(reply == b"+OK", f"the way back answers {reply!r} to {back.hex()[:200]} of {what}")

    def old_encoding(self) -> None:
        payload = self.values.old()
        for connection in (self.ours, self.theirs):
            self.set_limits(connection)
            reply = self.call(connection, b"RESTORE", b"k", b"0", payload, b"REPLACE")
            self.expect(reply == b"+OK", f"{reply!r} to the old encoding {payload.hex()}")
        digests = self.digest(self.ours), self.digest(self.theirs)
        self.expect(digests[0] == digests[1], f"digests {digests} of the old encoding {payload.hex()}")

    def break_one(self) -> None:
        """A payload of either server or of the past, broken in many ways."""
        source = self.dice.choice([self.ours, self.theirs])
        self.set_limits(source)
        self.call(source, b"DEL", b"k")
        self.call(source, *self.values.command())
        if source is self.ours and self.dice.randrange(2):
            fields = [b"%d" % n for n in range(3)]
            self.call(source, b"HPEXPIRE", b"k", b"1000000", b"FIELDS", b"3", *fields)
            names = self.call(source, b"HKEYS", b"k")
            if isinstance(names, list):
                self.call(source, b"HPEXPIRE", b"k", b"1000000", b"FIELDS", b"1", names[0])
        payload = self.values.old() if self.dice.randrange(4) == 0 else self.call(source, b"DUMP", b"k")
        assert isinstance(payload, bytes)
        self.set_limits(self.ours)
        version = struct.unpack("<H", payload[-10:-8])[0]
        for _ in range(BREAKS_PER_PAYLOAD):
            broken = sealed(self.broken(payload[:-10]), self.dice.choice([version, version, 12, 80]))
            reply = self.call(self.ours, b"RESTORE", b"broken", b"0", broken, b"REPLACE")
            self.expect(reply in (b"+OK", b"-ERR Bad data format"), f"{reply!r} to {broken.hex()}")
            self.look(broken)

    def broken(self, body: bytes) -> bytes:
        data = bytearray(body)
        # Heads and ends are where the lengths stand.
        for _ in range(self.dice.choice([1, 1, 1, 2, 5])):
            place = self.dice.choice([self.dice.randrange(len(data)), self.dice.randrange(min(len(data), 24)), -1])
            match self.dice.randrange(5):
                case 0:
                    data[place] ^= 1 << self.dice.randrange(8)
                case 1:
                    data[place] = self.dice.choice([0, 1, 0x7F, 0x80, 0x81, 0xC3, 0xF0, 0xFE, 0xFF])
                case 2 if len(data) > 2:
                    del data[place:]
                case 3:
                    data[place:place] = self.dice.randbytes(self.dice.choice([1, 4, 8]))
                case _:
                    data[place] = self.dice.randrange(256)
            data = data or bytearray(b"\x00")
        return bytes(data)

    def look(self, payload: bytes) -> None:
        """Whatever became of the payload, all of it can be read and changed."""
        for command in ([b"DEBUG", b"DIGEST"], [b"HGETALL", b"broken"], [b"SMEMBERS", b"broken"], [b"DUMP", b"broken"],
                        [b"HSET", b"broken", b"f", b"v"], [b"SADD", b"broken", b"m"], [b"HDEL", b"broken", b"f"]):
            try:
                self.ours.call(*command)
            except (OSError, ValueError) as error:
                alive = "lives" if self.server.is_alive() else "is dead"
                what = f"{command!r} after the payload {payload.hex()}"
                raise ServerError(f"{what}: {error}; the server {alive}") from error
        self.call(self.ours, b"DEL", b"broken")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--count", type=int, default=200, help="values that travel each way")
    parser.add_argument("--binary", default=str(ROOT / ".build/release/martlet-server"))
    parser.add_argument("--reference", default="redis-server")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}")
    options = ["--save", "", "--enable-debug-command", "yes"]
    servers: list[Server] = []
    try:
        servers.append(Server("martlet", arguments.binary, options))
        servers.append(Server("redis", arguments.reference, options))
        exchange = Exchange(arguments.seed, *servers)
        for _ in range(arguments.count):
            exchange.travel(exchange.theirs, exchange.ours, "from Redis")
            exchange.travel(exchange.ours, exchange.theirs, "to Redis")
            exchange.old_encoding()
            if len(exchange.failures) > 10:
                break
        for _ in range(arguments.count // 4):
            exchange.break_one()
    except ServerError as error:
        print(f"error: {error}\n{servers[0].report('was asked') if servers else ''}")
        return 1
    finally:
        stop_all(servers)
    print(f"{exchange.checks - len(exchange.failures)} passed, {len(exchange.failures)} failed")
    return 1 if exchange.failures else 0


if __name__ == "__main__":
    sys.exit(main())
