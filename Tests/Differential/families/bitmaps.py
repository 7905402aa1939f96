"""Generators of bitmap commands."""

from dice import Dice

TYPES = [b"u1", b"u2", b"u5", b"u7", b"u8", b"u9", b"u31", b"u32", b"u33", b"u63",
         b"i1", b"i2", b"i5", b"i8", b"i16", b"i31", b"i32", b"i63", b"i64", b"I8", b"U8"]
WRONG_TYPES = [b"u0", b"u64", b"i0", b"i65", b"x8", b"u", b"", b"8", b"u-1", b"i1.5"]


def setbit(dice: Dice) -> list[bytes]:
    key = dice.any_key()
    bit = dice.choice([b"2", b"-1", b"x", b""]) if dice.one_in(15) else dice.choice([b"0", b"1"])
    return [b"SETBIT", key, dice.offset(key, 8), bit]


def getbit(dice: Dice) -> list[bytes]:
    key = dice.any_key()
    return [b"GETBIT", key, dice.offset(key, 8)]


def unit(dice: Dice) -> list[bytes]:
    return [dice.letter_case(dice.choice([b"BIT", b"BYTE", b"BIT", b"BYTE", b"BITS"]))]


def range_(dice: Dice) -> list[bytes]:
    """No range, a start, a start and an end, or all with a unit."""
    words = [dice.index(), dice.index()][:dice.choice([0, 1, 2, 2, 2])]
    return words + unit(dice) if len(words) == 2 and dice.one_in(2) else words


def bitcount(dice: Dice) -> list[bytes]:
    return [b"BITCOUNT", dice.any_key(), *range_(dice)]


def bitpos(dice: Dice) -> list[bytes]:
    bit = dice.choice([b"2", b"x"]) if dice.one_in(20) else dice.choice([b"0", b"1"])
    return [b"BITPOS", dice.any_key(), bit, *range_(dice)]


def bitop(dice: Dice) -> list[bytes]:
    name = dice.letter_case(dice.choice([b"AND", b"OR", b"XOR", b"NOT", b"NOT", b"NAND"]))
    sources = dice.keys(1, 1 if name.upper() == b"NOT" and not dice.one_in(8) else 5)
    return [b"BITOP", name, dice.any_key(), *sources]


def field_type(dice: Dice) -> bytes:
    return dice.choice(WRONG_TYPES) if dice.one_in(30) else dice.choice(TYPES)


def field_offset(dice: Dice, key: bytes) -> bytes:
    return b"#%d" % dice.randrange(-1, 40) if dice.one_in(3) else dice.offset(key, 8)


def field_action(dice: Dice, key: bytes) -> list[bytes]:
    kind = dice.randrange(10)
    if kind < 3:
        return [b"GET", field_type(dice), field_offset(dice, key)]
    if kind < 6:
        return [dice.letter_case(b"SET"), field_type(dice), field_offset(dice, key), dice.integer()]
    if kind < 8:
        return [b"INCRBY", field_type(dice), field_offset(dice, key), dice.integer()]
    if kind < 9:
        return [b"OVERFLOW", dice.letter_case(dice.choice([b"WRAP", b"SAT", b"FAIL"]))]
    return dice.choice([[b"OVERFLOW", b"junk"], [b"OVERFLOW"], [b"junk"], [b"GET"], [b"SET", b"u8"], []])


def bitfield(dice: Dice) -> list[bytes]:
    key = dice.any_key()
    actions = [word for _ in range(dice.randrange(5)) for word in field_action(dice, key)]
    return [b"BITFIELD", key, *actions]


def bitfield_readonly(dice: Dice) -> list[bytes]:
    key = dice.any_key()
    if dice.one_in(5):
        return [b"BITFIELD_RO", key, *field_action(dice, key)]
    reads = [[b"GET", field_type(dice), field_offset(dice, key)] for _ in range(dice.randrange(4))]
    return [b"BITFIELD_RO", key, *(word for read in reads for word in read)]


GENERATORS = [(4, setbit), (3, getbit), (4, bitcount), (5, bitpos), (4, bitop), (6, bitfield), (2, bitfield_readonly)]
