"""Generators of connection commands. None of them ends the connection: that is for the scenarios."""

from dice import Dice


def ping(dice: Dice) -> list[bytes]:
    return [b"PING", *([dice.value()] if dice.one_in(2) else [])]


def echo(dice: Dice) -> list[bytes]:
    return [b"ECHO", dice.long_value() if dice.one_in(10) else dice.value()]


def hello(dice: Dice) -> list[bytes]:
    return [b"HELLO", *dice.choice([
        [], [b"2"], [b"3"], [b"2"], [b"3"], [b"1"], [b"4"], [b"abc"], [b""], [b"3", b"SETNAME", b"someone"],
        [b"2", b"SETNAME", b"with space"], [b"3", b"AUTH", b"default", b""], [b"3", b"AUTH", b"nobody", b"x"],
        [b"3", b"AUTH", b"default"], [b"3", b"junk"], [b"2", b"SETNAME"], [b"3", b"setname", b""],
    ])]


def auth(dice: Dice) -> list[bytes]:
    return [b"AUTH", *dice.choice([[b"x"], [b"default", b"x"], [b"nobody", b"x"], [b"a", b"b", b"c"], []])]


def client(dice: Dice) -> list[bytes]:
    return [b"CLIENT", *dice.choice([
        [b"ID"], [b"GETNAME"], [b"GETNAME"], [b"SETNAME", b"someone"], [b"SETNAME", b""], [b"setname", b"with space"],
        [b"SETNAME", b"line\nbreak"], [b"SETNAME", b"\xc3\xa9"], [b"SETNAME"], [b"GETNAME", b"x"], [b"junk"],
        [b"junk", b"x"], [b"ID", b"x"], [b"LIST"], [b"LIST", b"TYPE", b"normal"], [b"LIST", b"TYPE", b"junk"],
        [b"LIST", b"ID", b"999999"], [b"LIST", b"ID", b"x"], [b"LIST", b"junk"], [b"INFO"], [b""],
    ])]


def client_alone(dice: Dice) -> list[bytes]:
    return [b"CLIENT"]


def reset(dice: Dice) -> list[bytes]:
    return [b"RESET"]


def unknown(dice: Dice) -> list[bytes]:
    name = dice.choice([b"foo", b"GETT", b"", b"get\r\nx", b"\xff\x00", b"x" * 200, b"'quoted'", b"%s%n", b"set "])
    return [name, *(dice.choice([dice.value(), b"y" * 150, b"a\r\nb\n"]) for _ in range(dice.randrange(5)))]


GENERATORS = [(4, ping), (2, echo), (2, hello), (1, auth), (3, client), (0.2, client_alone), (0.5, reset), (2, unknown)]
