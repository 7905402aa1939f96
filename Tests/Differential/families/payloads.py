"""Generators of DUMP, RESTORE and MEMORY. That payloads of all kinds travel both ways is shown by exchange.py; here it
is about options, errors, and what stands at the key before."""

from dice import Dice

# Of Redis 7.0.15: strings, hashes, sets; then one broken, one of a later version, one without anything.
PAYLOADS = [bytes.fromhex(text) for text in [
    "00c0010a002678e7b6d10111fc", "00c2701101000a0001a408fe953095a5", "000568656c6c6f0a006372df766534200a",
    "00c30940c8016161e0bb000161610a001f99f72e01b20de3", "0401016601760a00adf24356b1860efc",
    "0b180400000004000000fbffffff0100000002000000e09304000a0085663c444c155562", "020101610a006296e97e44d21a6d",
    "00c0020a002678e7b6d10111fc", "00c0010d002678e7b6d10111fc", "",
]]
NAMES = [b"payload:%d" % n for n in range(4)]


def key(dice: Dice) -> bytes:
    return dice.key() if dice.one_in(4) else dice.choice(NAMES)


def restore(dice: Dice) -> list[bytes]:
    relative = dice.one_in(2)
    time = dice.choice([b"0", dice.milliseconds() if relative else dice.at_milliseconds()])
    options = dice.some([
        [b"REPLACE"], [b"REPLACE"], [b"IDLETIME", b"100000"], [b"IDLETIME", b"-1"], [b"IDLETIME"],
        [b"FREQ", b"10"], [b"FREQ", b"256"], [b"FREQ", b"x"], [b"junk"],
    ], 3)
    if not relative:
        options.append(b"ABSTTL")
    elif time == b"9223372036854775807":
        # In Redis the sum overflows and the key is taken for expired; Martlet refuses it.
        time = b"0"
    if len(time) == 4:
        # Without ABSTTL, which may be lost, it would be a second.
        time = b"1000000"
    payload = dice.choice(PAYLOADS)
    if b"100000" in options and payload[:2] == b"\x00\xc0":
        # In Redis all keys with the same small number share its idle time.
        payload = PAYLOADS[2]
    return [b"RESTORE", key(dice), time, payload, *options]


def dump(dice: Dice) -> list[bytes]:
    return [b"DUMP", key(dice)]


def look(dice: Dice) -> list[bytes]:
    name = key(dice)
    return dice.choice([[b"TYPE", name], [b"TTL", name], [b"OBJECT", b"ENCODING", name], [b"EXISTS", name]])


def memory(dice: Dice) -> list[bytes]:
    return [b"MEMORY", *dice.choice([
        [b"USAGE", key(dice)], [b"USAGE", key(dice), b"SAMPLES", b"0"], [b"USAGE", key(dice), b"SAMPLES", b"-1"],
        [b"USAGE", key(dice), b"SAMPLES"], [b"USAGE", key(dice), b"junk", b"1"], [b"USAGE"],
        [b"USAGE", key(dice), b"SAMPLES", b"x"], [b"junk"], [b"HELP"],
    ])]


GENERATORS = [(8, restore), (3, dump), (4, look), (2, memory)]
