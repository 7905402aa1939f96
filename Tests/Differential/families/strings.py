"""Generators of string commands."""

from dice import Dice, KEYS

SET_OPTIONS = [
    [b"NX"], [b"XX"], [b"GET"], [b"GET"], [b"KEEPTTL"],
    lambda dice: [dice.letter_case(b"EX"), dice.seconds()],
    lambda dice: [dice.letter_case(b"PX"), dice.milliseconds()],
    lambda dice: [dice.letter_case(b"EXAT"), dice.at_seconds()],
    lambda dice: [dice.letter_case(b"PXAT"), dice.at_milliseconds()],
]
WRONG_SET_OPTIONS = [[b"EX"], [b"PERSIST"], [b"junk"], [b""], [b"PXAT"]]
GETEX_OPTIONS = [[b"PERSIST"], *SET_OPTIONS[5:]]
LCS_OPTIONS = [
    [b"LEN"], [b"IDX"], [b"IDX"], [b"WITHMATCHLEN"],
    lambda dice: [dice.letter_case(b"MINMATCHLEN"), dice.integer()],
]


def set_(dice: Dice) -> list[bytes]:
    key = dice.any_key()
    options = SET_OPTIONS + WRONG_SET_OPTIONS if dice.one_in(15) else SET_OPTIONS
    return [b"SET", key, dice.value_for(key), *dice.some(options, 2)]


def plain_set(dice: Dice) -> list[bytes]:
    key = dice.any_key()
    return [b"SET", key, dice.value_for(key)]


def set_number(dice: Dice) -> list[bytes]:
    return [b"SET", dice.key(), b"%d" % dice.randint(-12000, 12000)]


def getex(dice: Dice) -> list[bytes]:
    options = GETEX_OPTIONS + WRONG_SET_OPTIONS if dice.one_in(15) else GETEX_OPTIONS
    return [b"GETEX", dice.any_key(), *dice.some(options, 1)]


def with_time(dice: Dice) -> list[bytes]:
    if dice.one_in(2):
        return [b"SETEX", dice.key(), dice.seconds(), dice.value()]
    return [b"PSETEX", dice.key(), dice.milliseconds(), dice.value()]


def on_key(dice: Dice) -> list[bytes]:
    name = dice.choice([b"GET", b"GET", b"GET", b"GETDEL", b"STRLEN", b"INCR", b"DECR"])
    return [name, dice.any_key()]


def on_key_and_value(dice: Dice) -> list[bytes]:
    key = dice.any_key()
    return [dice.choice([b"SETNX", b"GETSET", b"APPEND", b"APPEND"]), key, dice.value_for(key)]


def increment(dice: Dice) -> list[bytes]:
    return [dice.choice([b"INCRBY", b"DECRBY"]), dice.key(), dice.integer()]


def increment_float(dice: Dice) -> list[bytes]:
    return [b"INCRBYFLOAT", dice.key(), dice.float()]


def float_run(dice: Dice) -> list[list[bytes]]:
    """Several sums on one number: where rounding shows."""
    key = dice.key()
    sums = [[b"INCRBYFLOAT", key, dice.float()] for _ in range(dice.randint(2, 8))]
    return [[b"SET", key, dice.float()], *sums, [b"GET", key], [b"OBJECT", b"ENCODING", key]]


def integer_run(dice: Dice) -> list[list[bytes]]:
    key = dice.key()
    return [[b"SET", key, dice.integer()], *([*increment(dice)[:1], key, dice.integer()] for _ in range(4))]


def range_(dice: Dice) -> list[bytes]:
    return [dice.choice([b"GETRANGE", b"GETRANGE", b"SUBSTR"]), dice.any_key(), dice.index(), dice.index()]


def set_range(dice: Dice) -> list[bytes]:
    key = dice.any_key()
    return [b"SETRANGE", key, dice.offset(key, 1), dice.value()]


def mget(dice: Dice) -> list[bytes]:
    return [b"MGET", *dice.keys(1, 12)]


def mset(dice: Dice) -> list[bytes]:
    pairs = [word for key in dice.keys(1, 6) for word in (key, dice.value_for(key))]
    return [dice.choice([b"MSET", b"MSET", b"MSETNX"]), *pairs]


def lcs(dice: Dice) -> list[bytes]:
    return [b"LCS", dice.choice(KEYS), dice.choice(KEYS), *dice.some(LCS_OPTIONS, 3)]


def lcs_alike(dice: Dice) -> list[list[bytes]]:
    """Two values with much in common, so that the matches are long and many."""
    first, second = dice.choice(KEYS), dice.choice(KEYS)
    text = bytes(dice.choices(b"abc", k=dice.randint(0, 90)))
    other = bytearray(text)
    for _ in range(dice.randrange(8)):
        other.insert(dice.randrange(len(other) + 1), dice.choice(b"abcd"))
    return [[b"MSET", first, text, second, bytes(other)], [b"LCS", first, second, *dice.some(LCS_OPTIONS, 3)],
            [b"LCS", first, second, b"IDX", b"WITHMATCHLEN"]]


GENERATORS = [
    (8, set_), (6, plain_set), (2, set_number), (4, getex), (2, with_time), (12, on_key), (4, on_key_and_value),
    (4, increment), (3, increment_float), (1, float_run), (1, integer_run), (4, range_), (3, set_range), (3, mget),
    (3, mset), (1, lcs), (1, lcs_alike),
]
