"""Generators of generic commands that do not deal with time."""

from dice import ALL_KEYS, Dice

COPY_OPTIONS = [[b"REPLACE"], lambda dice: [dice.letter_case(b"DB"), dice.database()]]
SCAN_OPTIONS = [
    lambda dice: [b"COUNT", dice.choice([b"0", b"-1", b"x", b""])],
    lambda dice: [b"MATCH"], lambda dice: [b"TYPE"], lambda dice: [b"junk", b"1"],
]
OBJECT = [b"ENCODING", b"ENCODING", b"ENCODING", b"REFCOUNT", b"IDLETIME", b"FREQ"]


def several(dice: Dice) -> list[bytes]:
    return [dice.choice([b"DEL", b"UNLINK", b"EXISTS", b"EXISTS", b"TOUCH"]), *dice.keys(1, 6)]


def one(dice: Dice) -> list[bytes]:
    return [dice.choice([b"TYPE", b"PERSIST", b"EXISTS", b"DEL"]), dice.any_key()]


def rename(dice: Dice) -> list[bytes]:
    return [dice.choice([b"RENAME", b"RENAMENX"]), dice.any_key(), dice.any_key()]


def copy(dice: Dice) -> list[bytes]:
    return [b"COPY", dice.any_key(), dice.any_key(), *dice.some(COPY_OPTIONS, 2)]


def move(dice: Dice) -> list[bytes]:
    return [b"MOVE", dice.any_key(), dice.database()]


def select(dice: Dice) -> list[bytes]:
    return [b"SELECT", dice.database()]


def keys(dice: Dice) -> list[bytes]:
    return [b"KEYS", dice.pattern()]


def random_key(dice: Dice) -> list[bytes]:
    return [b"RANDOMKEY"]


def database_size(dice: Dice) -> list[list[bytes]]:
    """Keys that are past their time are counted until they are touched; so all are touched first."""
    return [[b"EXISTS", *ALL_KEYS], [b"DBSIZE"]]


def object_(dice: Dice) -> list[bytes]:
    return [b"OBJECT", dice.letter_case(dice.choice(OBJECT)), dice.any_key()]


def object_wrong(dice: Dice) -> list[bytes]:
    return [b"OBJECT", *dice.choice([[b"junk"], [b"junk", b"k1"], [b"ENCODING"], [b"HELP"], [b"HELP", b"x"],
                                     [b"ENCODING", b"k1", b"k2"], [b""]])]


def scan_wrong(dice: Dice) -> list[bytes]:
    cursor = dice.choice([b"abc", b"1.5", b" 0", b"18446744073709551616", b"0x1"])
    if dice.one_in(2):
        return [b"SCAN", cursor, *dice.some(SCAN_OPTIONS, 1)]
    option = dice.choice(SCAN_OPTIONS)(dice)
    return [b"SCAN", b"0", *option]


def flush(dice: Dice) -> list[bytes]:
    name = b"FLUSHALL" if dice.one_in(4) else b"FLUSHDB"
    return [name, *dice.choice([[], [], [b"ASYNC"], [b"SYNC"], [b"async"], [b"junk"], [b"ASYNC", b"SYNC"]])]


def swap(dice: Dice) -> list[bytes]:
    return [b"SWAPDB", dice.database(), dice.database()]


def digest_value(dice: Dice) -> list[bytes]:
    return [b"DEBUG", dice.letter_case(b"DIGEST-VALUE"), *dice.keys(1, 3)]


GENERATORS = [
    (6, several), (4, one), (4, rename), (4, copy), (2, move), (1, select), (2, keys), (1, random_key),
    (1, database_size), (5, object_), (1, object_wrong), (1, scan_wrong), (0.25, flush), (0.3, swap), (1, digest_value),
]
