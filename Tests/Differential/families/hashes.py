"""Generators of hash commands. Fields come from few names, so that they meet; some hashes grow into tables."""

from dice import Dice

NAMES = [b"hash:%d" % n for n in range(6)]
FIELDS = [b"f%d" % n for n in range(10)] + [b"", b"\x00\xff", b"12345", b"-7", b"00", b"9223372036854775807"]


def key(dice: Dice) -> bytes:
    return dice.any_key() if dice.one_in(25) else dice.choice(NAMES)


def field(dice: Dice) -> bytes:
    if dice.one_in(60):
        return b"long" * dice.choice([16, 17, 70])
    return b"n%d" % dice.randint(0, 700) if dice.one_in(6) else dice.choice(FIELDS)


def value(dice: Dice) -> bytes:
    return dice.integer() if dice.one_in(3) else dice.value()


def pairs(dice: Dice, most: int = 5) -> list[bytes]:
    words = []
    for _ in range(dice.randint(1, most)):
        words += [field(dice), value(dice)]
    return words


def set_(dice: Dice) -> list[bytes]:
    words = pairs(dice)
    if dice.one_in(40):
        words.pop()
    return [dice.choice([b"HSET", b"HSET", b"HMSET"]), key(dice), *words]


def grow(dice: Dice) -> list[bytes]:
    """Many fields at once: past the limit of the packed encoding, or just below it."""
    first = dice.randint(0, 300)
    words = []
    for number in range(first, first + dice.choice([5, 100, 300, 511, 513])):
        words += [b"n%d" % number, b"%d" % (number * 31)]
    return [b"HSET", key(dice), *words]


def set_if_absent(dice: Dice) -> list[bytes]:
    return [b"HSETNX", key(dice), field(dice), value(dice)]


def on_field(dice: Dice) -> list[bytes]:
    return [dice.choice([b"HGET", b"HGET", b"HEXISTS", b"HSTRLEN"]), key(dice), field(dice)]


def on_fields(dice: Dice) -> list[bytes]:
    return [dice.choice([b"HMGET", b"HDEL"]), key(dice), *(field(dice) for _ in range(dice.randint(1, 6)))]


def whole(dice: Dice) -> list[bytes]:
    return [dice.choice([b"HGETALL", b"HKEYS", b"HVALS", b"HLEN", b"HLEN"]), key(dice)]


def increment(dice: Dice) -> list[bytes]:
    return [b"HINCRBY", key(dice), field(dice), dice.integer()]


def increment_float(dice: Dice) -> list[bytes]:
    return [b"HINCRBYFLOAT", key(dice), field(dice), dice.float()]


def random(dice: Dice) -> list[bytes]:
    words = [b"HRANDFIELD", key(dice)]
    if dice.one_in(2):
        words.append(dice.choice([b"0", b"1", b"-1", b"3", b"-3", b"1000", b"x", b"9223372036854775808"]))
        words += dice.choice([[], [], [b"WITHVALUES"], [b"withvalue"], [b"WITHVALUES", b"x"]])
    return words


def scan(dice: Dice) -> list[bytes]:
    options = dice.choice([[], [], [b"COUNT", b"1000"], [b"MATCH", b"f*"], [b"COUNT", b"0"], [b"COUNT"], [b"junk"]])
    return [b"HSCAN", key(dice), dice.choice([b"0", b"0", b"0", b"x"]), *options]


def life(dice: Dice) -> list[list[bytes]]:
    """A hash with a deadline, copied, renamed, emptied."""
    name, other = dice.sample(NAMES, 2)
    return [
        [b"DEL", name], [b"HSET", name, *pairs(dice)], [b"EXPIRE", name, dice.seconds()], [b"COPY", name, other],
        [b"OBJECT", b"ENCODING", other], [b"TTL", name], [b"RENAME", name, other], [b"TYPE", other],
        [b"HGETALL", other], [b"DEBUG", b"DIGEST-VALUE", other],
    ]


def encoding(dice: Dice) -> list[bytes]:
    return [b"OBJECT", b"ENCODING", key(dice)]


def remove(dice: Dice) -> list[bytes]:
    return [dice.choice([b"DEL", b"UNLINK"]), dice.choice(NAMES)]


GENERATORS = [
    (12, set_), (2, grow), (4, set_if_absent), (12, on_field), (8, on_fields), (6, whole), (6, increment),
    (4, increment_float), (3, random), (3, scan), (2, life), (3, encoding), (2, remove),
]
