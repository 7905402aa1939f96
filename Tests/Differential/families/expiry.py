"""Generators of commands that set or read the time at which a key expires."""

from dice import Dice

CONDITIONS = [[b"NX"], [b"XX"], [b"GT"], [b"LT"]]
READERS = [b"TTL", b"PTTL", b"EXPIRETIME", b"PEXPIRETIME"]


def conditions(dice: Dice) -> list[bytes]:
    return dice.some(CONDITIONS + [[b"junk"], [b""]] if dice.one_in(15) else CONDITIONS, 2)


def expire(dice: Dice) -> list[bytes]:
    return [b"EXPIRE", dice.any_key(), dice.seconds(), *conditions(dice)]


def pexpire(dice: Dice) -> list[bytes]:
    return [b"PEXPIRE", dice.any_key(), dice.milliseconds(), *conditions(dice)]


def expireat(dice: Dice) -> list[bytes]:
    return [b"EXPIREAT", dice.any_key(), dice.at_seconds(), *conditions(dice)]


def pexpireat(dice: Dice) -> list[bytes]:
    return [b"PEXPIREAT", dice.any_key(), dice.at_milliseconds(), *conditions(dice)]


def read(dice: Dice) -> list[bytes]:
    return [dice.choice(READERS), dice.any_key()]


def persist(dice: Dice) -> list[bytes]:
    return [b"PERSIST", dice.any_key()]


def set_and_read(dice: Dice) -> list[list[bytes]]:
    """An absolute time comes back as it was set, in both units."""
    key, at = dice.key(), dice.at_milliseconds()
    return [[b"SET", key, dice.value()], [b"PEXPIREAT", key, at, *conditions(dice)],
            *([reader, key] for reader in READERS)]


GENERATORS = [(4, expire), (3, pexpire), (5, expireat), (5, pexpireat), (5, read), (2, persist), (2, set_and_read)]
