"""Generators of set commands. Members come from few, so that sets meet; some sets grow into tables."""

from dice import Dice

NAMES = [b"set:%d" % n for n in range(6)]
MEMBERS = [b"m%d" % n for n in range(8)] + [b"", b"\x00\xff", b"-7", b"00", b"9223372036854775807", b"70000"]


def key(dice: Dice) -> bytes:
    return dice.any_key() if dice.one_in(25) else dice.choice(NAMES)


def member(dice: Dice) -> bytes:
    if dice.one_in(80):
        return b"long" * dice.choice([16, 17, 70])
    return b"%d" % dice.randint(-30, 30) if dice.one_in(2) else dice.choice(MEMBERS)


def members(dice: Dice, most: int = 6) -> list[bytes]:
    return [member(dice) for _ in range(dice.randint(1, most))]


def add(dice: Dice) -> list[bytes]:
    return [b"SADD", key(dice), *members(dice)]


def add_integers(dice: Dice) -> list[bytes]:
    scale = dice.choice([1, 1000, 10**6, 10**12])
    return [b"SADD", key(dice), *(b"%d" % (dice.randint(-40, 40) * scale) for _ in range(dice.randint(1, 8)))]


def grow(dice: Dice) -> list[bytes]:
    first = dice.randint(0, 300)
    form = dice.choice([b"%d", b"n%d"])
    return [b"SADD", key(dice), *(form % n for n in range(first, first + dice.choice([5, 127, 129, 300, 513])))]


def remove(dice: Dice) -> list[bytes]:
    return [b"SREM", key(dice), *members(dice)]


def look(dice: Dice) -> list[bytes]:
    if dice.one_in(3):
        return [b"SMISMEMBER", key(dice), *members(dice)]
    return [b"SISMEMBER", key(dice), member(dice)]


def whole(dice: Dice) -> list[bytes]:
    return [dice.choice([b"SMEMBERS", b"SCARD"]), key(dice)]


def move(dice: Dice) -> list[bytes]:
    return [b"SMOVE", key(dice), key(dice), member(dice)]


def operation(dice: Dice) -> list[bytes]:
    return [dice.choice([b"SINTER", b"SUNION", b"SDIFF"]), *(key(dice) for _ in range(dice.randint(1, 4)))]


def store(dice: Dice) -> list[bytes]:
    name = dice.choice([b"SINTERSTORE", b"SUNIONSTORE", b"SDIFFSTORE"])
    return [name, *(key(dice) for _ in range(dice.randint(2, 4)))]


def count(dice: Dice) -> list[bytes]:
    keys = [key(dice) for _ in range(dice.randint(1, 3))]
    number = b"%d" % len(keys) if not dice.one_in(8) else dice.choice([b"0", b"-1", b"5", b"x"])
    options = dice.choice([[], [], [b"LIMIT", b"1"], [b"LIMIT", b"0"], [b"LIMIT", b"-1"], [b"LIMIT"], [b"junk", b"1"]])
    return [b"SINTERCARD", number, *keys, *options]


def random(dice: Dice) -> list[bytes]:
    words = [b"SRANDMEMBER", key(dice)]
    if dice.one_in(2):
        words.append(dice.choice([b"0", b"1", b"-1", b"3", b"-3", b"1000", b"x", b"9223372036854775808"]))
        words += dice.choice([[], [], [], [b"x"]])
    return words


def pop(dice: Dice) -> list[bytes]:
    """Only where there is nothing to pop: what is popped at random would leave the two sides apart."""
    name = b"no-such-set" if dice.one_in(2) else dice.choice([b"hash:0", b"hash:1"])
    return [b"SPOP", name, *dice.choice([[], [b"0"], [b"2"], [b"-1"], [b"x"], [b"1", b"1"]])]


def scan(dice: Dice) -> list[bytes]:
    options = dice.choice([[], [], [b"COUNT", b"1000"], [b"MATCH", b"m*"], [b"COUNT", b"0"], [b"COUNT"], [b"junk"]])
    return [b"SSCAN", key(dice), dice.choice([b"0", b"0", b"0", b"x"]), *options]


def life(dice: Dice) -> list[list[bytes]]:
    """A set with a deadline, copied and renamed."""
    name, other = dice.sample(NAMES, 2)
    return [
        [b"DEL", name], [b"SADD", name, *members(dice)], [b"EXPIRE", name, dice.seconds()], [b"COPY", name, other],
        [b"OBJECT", b"ENCODING", other], [b"TTL", name], [b"RENAME", name, other], [b"TYPE", other],
        [b"SMEMBERS", other], [b"DEBUG", b"DIGEST-VALUE", other],
    ]


def encoding(dice: Dice) -> list[bytes]:
    return [b"OBJECT", b"ENCODING", key(dice)]


GENERATORS = [
    (10, add), (6, add_integers), (2, grow), (6, remove), (8, look), (5, whole), (4, move), (6, operation), (5, store),
    (4, count), (3, random), (2, pop), (3, scan), (2, life), (3, encoding),
]
