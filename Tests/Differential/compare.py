"""When two replies count as equal: byte for byte, but for the commands in RULES, each with its reason.

A rule is a function of the command, Martlet's reply and redis-server's, all as bytes. What differs on purpose from
7.0.15 (Martlet follows 7.4) is in here too: this is the one list of known differences.
"""

from typing import Any, Callable

from resp import decode

Rule = Callable[[list[bytes], bytes, bytes], bool]

# How far two servers' clocks may be apart for one command: the second one gets it after the first one's answer.
SECONDS_APART = 20


def same_kind(command: list[bytes], ours: bytes, theirs: bytes) -> bool:
    """Both nil, or both a reply of one type; errors are equal."""
    return ours[:1] == theirs[:1] != b"-" and is_nil(ours) == is_nil(theirs)


def is_nil(reply: bytes) -> bool:
    return reply in (b"$-1\r\n", b"*-1\r\n", b"_\r\n")


def close_seconds(command: list[bytes], ours: bytes, theirs: bytes) -> bool:
    return close_numbers(ours, theirs, SECONDS_APART)


def close_milliseconds(command: list[bytes], ours: bytes, theirs: bytes) -> bool:
    return close_numbers(ours, theirs, SECONDS_APART * 1000)


def close_idle_seconds(command: list[bytes], ours: bytes, theirs: bytes) -> bool:
    """In Redis all keys that hold the same number below 10,000 share one object and its access clock, so that a key
    that has just been set may look idle for as long as nobody has read that number."""
    both_are_times = ours[:1] == theirs[:1] == b":"
    return close_seconds(command, ours, theirs) or (both_are_times and 0 <= decode(ours) < decode(theirs))


def close_numbers(ours: bytes, theirs: bytes, apart: int) -> bool:
    if ours[:1] != b":" or theirs[:1] != b":":
        return ours == theirs
    first, second = decode(ours), decode(theirs)
    return first == second if min(first, second) < 0 else abs(first - second) <= apart


def unordered(command: list[bytes], ours: bytes, theirs: bytes) -> bool:
    first, second = decode(ours), decode(theirs)
    if not isinstance(first, list) or not isinstance(second, list):
        return ours == theirs
    return ours[:1] == theirs[:1] and sorted(first) == sorted(second)


def unordered_pairs(command: list[bytes], ours: bytes, theirs: bytes) -> bool:
    first, second = decode(ours), decode(theirs)
    if not isinstance(first, list) or not isinstance(second, list):
        return ours == theirs
    return ours[:1] == theirs[:1] and pairs(first) == pairs(second)


def pairs(items: list) -> list[tuple]:
    return sorted(zip(items[::2], items[1::2]))


def hello(command: list[bytes], ours: bytes, theirs: bytes) -> bool:
    first, second = decode(ours), decode(theirs)
    if not isinstance(first, list) or not isinstance(second, list):
        return ours == theirs
    names = first[::2] == second[::2]
    own = {b"version", b"id"}
    return ours[:1] == theirs[:1] and names and all(
        first[n + 1] == second[n + 1] for n in range(0, len(first), 2) if first[n] not in own)


def command_info(command: list[bytes], ours: bytes, theirs: bytes) -> bool:
    first, second = decode(ours), decode(theirs)
    if not isinstance(first, list) or not isinstance(second, list):
        return ours == theirs
    return list(map(described, first)) == list(map(described, second))


def described(entry: Any) -> Any:
    """One command's entry with its sets in order and without its subcommands."""
    if not isinstance(entry, list):
        return entry
    name, arity, flags, first, last, step, categories, hints, specs = entry[:9]
    return (name, arity, sorted(flags), first, last, step, sorted(categories), sorted(hints), list(map(ordered, specs)))


def ordered(value: Any) -> Any:
    """Nested maps and sets (lists by now) in one order, whatever they hold."""
    return sorted((ordered(item) for item in value), key=repr) if isinstance(value, list) else value


def bit_range(command: list[bytes], ours: bytes, theirs: bytes) -> bool:
    checked = ours[:1] == b"-" and (theirs in (b":0\r\n", b":-1\r\n") or theirs.startswith(b"-WRONGTYPE"))
    return ours == theirs or checked


def sub_expiry(command: list[bytes], ours: bytes, theirs: bytes) -> bool:
    return keyspace(ours) == keyspace(theirs)


def keyspace(reply: bytes) -> list[list[bytes]]:
    lines = [line for line in decode(reply).split(b"\r\n") if b"keys=" in line]
    return [line.split(b",")[:2] for line in lines]


def whole_scan(command: list[bytes], ours: bytes, theirs: bytes) -> bool:
    """A packed value comes whole, in its order; of a table each server shows what its cursor says."""
    first, second = decode(ours), decode(theirs)
    if not isinstance(first, list) or not isinstance(second, list):
        return ours == theirs
    # A cursor that no scan gave is a place like any other, and another one in each server's table.
    is_step = first[0] != b"0" or second[0] != b"0" or command[2] != b"0"
    return is_step or sorted(first[1]) == sorted(second[1])


def encoding(command: list[bytes], ours: bytes, theirs: bytes) -> bool:
    return decode(ours) in (b"listpack", b"intset") and decode(theirs) == b"hashtable"


def digests(command: list[bytes], ours: bytes, theirs: bytes) -> bool:
    """A key whose time is over counts until it is removed, which is sooner on one side; its digest is then zeros."""
    first, second = decode(ours), decode(theirs)
    if not isinstance(first, list) or not isinstance(second, list) or len(first) != len(second):
        return False
    none = b"+" + b"0" * 40
    return all(one == other or none in (one, other) for one, other in zip(first, second))


def memory_usage(command: list[bytes], ours: bytes, theirs: bytes) -> bool:
    """Redis tells the size of a key whose time is over until it comes round to removing it."""
    is_gone = ours in (b"$-1\r\n", b"_\r\n") and theirs[:1] == b":"
    return is_gone or same_kind(command, ours, theirs)


# By command name, or name and subcommand, in capitals.
RULES: dict[bytes, tuple[Rule, str]] = {
    b"TTL": (close_seconds, "depends on the moment of the call"),
    b"EXPIRETIME": (close_seconds, "relative times are turned into absolute ones at the moment of the call"),
    b"PTTL": (close_milliseconds, "depends on the moment of the call"),
    b"PEXPIRETIME": (close_milliseconds, "relative times are turned into absolute ones at the moment of the call"),
    b"OBJECT IDLETIME": (close_idle_seconds, "depends on the moment of the call, and shared numbers share it"),
    b"OBJECT REFCOUNT": (same_kind, "says how an implementation shares small integers; Redis forgets it on COPY"),
    b"OBJECT HELP": (same_kind, "explains in each server's own words"),
    b"TIME": (same_kind, "is the clock"),
    b"KEYS": (unordered, "the order is the hash table's"),
    b"SCAN": (same_kind, "one step shows some keys; the scenario compares whole iterations"),
    b"HGETALL": (unordered_pairs, "the order is the hash table's"),
    b"HKEYS": (unordered, "the order is the hash table's"),
    b"HVALS": (unordered, "the order is the hash table's"),
    b"HRANDFIELD": (same_kind, "random"),
    b"HSCAN": (whole_scan, "one step of a table shows some fields, in its order"),
    b"SMEMBERS": (unordered, "the order is the hash table's"),
    b"SINTER": (unordered, "the order is the hash table's"),
    b"SUNION": (unordered, "the order is the hash table's"),
    b"SDIFF": (unordered, "the order is the hash table's"),
    b"SRANDMEMBER": (same_kind, "random"),
    b"SSCAN": (whole_scan, "one step of a table shows some members, in its order"),
    b"OBJECT ENCODING": (encoding, "since 7.2 small sets are listpacks; SDIFFSTORE may leave a table of integers"),
    b"DEBUG DIGEST-VALUE": (digests, "a key whose time is over may be gone on one side already"),
    b"DUMP": (same_kind, "compression and order are each server's own; exchange.py restores them"),
    b"MEMORY USAGE": (memory_usage, "is each server's own, and a key whose time is over may be gone already"),
    b"MEMORY HELP": (same_kind, "explains in each server's own words"),
    b"RANDOMKEY": (same_kind, "random"),
    b"CLIENT ID": (same_kind, "counts connections"),
    b"CLIENT INFO": (same_kind, "describes the connection; 7.4 has more fields"),
    b"CLIENT LIST": (same_kind, "describes the connections; 7.4 has more fields"),
    b"HELLO": (hello, "version and connection id are each server's own"),
    b"CONFIG GET": (unordered_pairs, "the order of several parameters is the hash table's"),
    b"COMMAND INFO": (command_info, "flags, categories and hints are sets; subcommands are those that exist"),
    b"BITCOUNT": (bit_range, "since 7.2 the range is checked before the key"),
    b"BITPOS": (bit_range, "since 7.2 the range is checked before the key"),
    b"INFO KEYSPACE": (sub_expiry, "avg_ttl depends on the moment; 7.4 adds subexpiry"),
}


def equal(command: list[bytes], ours: bytes, theirs: bytes) -> bool:
    if ours == theirs:
        return True
    if not command:
        return False
    words = [word.upper() for word in command[:2]]
    rule = RULES.get(b" ".join(words)) or RULES.get(words[0])
    return rule is not None and rule[0](command, ours, theirs)
