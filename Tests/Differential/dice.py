"""Random keys, values, numbers and options for the command generators.

Nothing made here may depend on the moment at which a server executes it: relative expiry times are hours away or
not positive, absolute ones lie in another century or in the past.
"""

import random

KEYS = [*(b"k%d" % n for n in range(12)),
        b"", b"\x00\x01", b"k\r\n1", "\u00e9t\u00e9".encode(), b"K1", b"x" * 300, b"12"]
# Keys whose values may be long. Commands that cost time or memory by the length do not use them.
LONG_KEYS = [b"long0", b"long1", b"long2"]
DATABASES = [b"0", b"1", b"2", b"15"]

INTEGERS = [
    b"0", b"1", b"-1", b"9", b"10", b"42", b"100", b"9998", b"9999", b"10000", b"-10000",
    b"2147483647", b"2147483648", b"-2147483648", b"4294967295", b"4294967296",
    b"9223372036854775806", b"9223372036854775807", b"-9223372036854775807", b"-9223372036854775808",
]
NOT_INTEGERS = [
    b"", b"abc", b"1.5", b" 1", b"1 ", b"+1", b"01", b"-0", b"0x10", b"1e3", b"--1", b"-", b"1\x00",
    b"9223372036854775808", b"-9223372036854775809", b"18446744073709551615", b"99999999999999999999999999",
]
# For whole arguments replaced at random: no number in here makes a server allocate much or a key expire soon.
JUNK = [
    b"-1", b"0", b"8589934592", b"9223372036854775807", b"9223372036854775808", b"-9223372036854775808",
    b"", b"abc", b"1.5", b" 1", b"+1", b"01", b"\xff\xfe", b"*", b"NX", b"GET", b"a\r\nb",
]
# Every name under which something may be stored: a mutated command takes its key from JUNK.
ALL_KEYS = [*KEYS, *LONG_KEYS, *JUNK]
FLOATS = [
    b"0", b"1", b"-1", b"0.1", b"0.2", b"-0.3", b"1.5", b"3.0", b"3.0e3", b"5.0e-3", b"1e17", b"-1e17", b"1e-17",
    b"123456789.123456789", b"0.00000000000000001", b"99999999999999999999", b"1e300", b"-1e300", b".5", b"5.",
    b"17179869184.5", b"-0", b"-0.0", b"1E5", b"0x1p3", b"0x10",
]
NOT_FLOATS = [b"", b"abc", b"nan", b"inf", b"+inf", b"-inf", b"infinity", b" 1", b"1 ", b"1.2.3", b"1e", b"1e5000"]
FUTURE_SECONDS = [4102444800, 4102444801, 4102450000, 5000000000, 32503680000]
PAST_SECONDS = [1, 1000, 1000000000]
BAD_TIMES = NOT_INTEGERS + [b"9223372036854775807", b"-9223372036854775808", b"10000000000000000", b"-1"]
LENGTHS = [1, 2, 3, 7, 8, 9, 19, 20, 21, 43, 44, 45, 63, 64, 65, 100, 200, 511, 512, 513]


class Dice(random.Random):
    """Seeded randomness with the words of the commands."""

    def one_in(self, sides: int) -> bool:
        return self.randrange(sides) == 0

    def key(self) -> bytes:
        return self.choice(KEYS)

    def any_key(self) -> bytes:
        return self.choice(LONG_KEYS) if self.one_in(12) else self.key()

    def keys(self, least: int = 1, most: int = 5) -> list[bytes]:
        return [self.any_key() for _ in range(self.randint(least, most))]

    def database(self) -> bytes:
        return self.choice([b"16", b"-1", b"abc", b"", b"99999999999"]) if self.one_in(12) else self.choice(DATABASES)

    def value(self) -> bytes:
        kind = self.randrange(10)
        if kind < 3:
            return self.choice(INTEGERS)
        if kind == 3:
            return b"%d" % self.randint(-20000, 20000)
        if kind == 4:
            return self.choice(NOT_INTEGERS + FLOATS)
        if kind == 5:
            return self.randbytes(self.choice(LENGTHS))
        if kind == 6:
            return self.choice([b"", b"\x00", b"\r\n", b"$5\r\nhello\r\n"])
        return bytes(self.choices(b"abcdef01", k=self.choice(LENGTHS)))

    def long_value(self) -> bytes:
        return self.randbytes(self.choice([1000, 4096, 16383, 16384, 16385, 32767, 32768, 33000, 70000]))

    def value_for(self, key: bytes) -> bytes:
        return self.long_value() if key in LONG_KEYS and not self.one_in(3) else self.value()

    def integer(self) -> bytes:
        kind = self.randrange(8)
        if kind == 0:
            return self.choice(NOT_INTEGERS)
        return self.choice(INTEGERS) if kind < 3 else b"%d" % self.randint(-300, 300)

    def float(self) -> bytes:
        kind = self.randrange(10)
        if kind == 0:
            return self.choice(NOT_FLOATS)
        if kind < 5:
            return self.choice(FLOATS)
        digits = self.randint(0, 15)
        return b"%.*f" % (digits, self.uniform(-1, 1) * 10 ** self.randint(0, 12))

    def index(self) -> bytes:
        """For ranges: mostly near the lengths of values, negative too."""
        return self.integer() if self.one_in(6) else b"%d" % self.randint(-70, 70)

    def offset(self, key: bytes, scale: int) -> bytes:
        """For writes at a position: small, or far beyond every limit; nothing in between is ever allocated."""
        if self.one_in(12):
            return self.choice([b"-1", b"8589934592", b"9223372036854775807", b"4294967296", *NOT_INTEGERS])
        return b"%d" % (self.randrange(20000 * scale) if key in LONG_KEYS else self.randrange(100 * scale))

    def seconds(self) -> bytes:
        return self.choice(BAD_TIMES + [b"0"]) if self.one_in(5) else b"%d" % self.randint(20_000, 10**8)

    def milliseconds(self) -> bytes:
        return self.choice(BAD_TIMES + [b"0"]) if self.one_in(5) else b"%d" % self.randint(20_000_000, 10**11)

    def at_seconds(self) -> bytes:
        kind = self.randrange(12)
        if kind == 0:
            return self.choice(BAD_TIMES)
        return b"%d" % self.choice(PAST_SECONDS if kind == 1 else FUTURE_SECONDS)

    def at_milliseconds(self) -> bytes:
        kind = self.randrange(12)
        if kind == 0:
            return self.choice(BAD_TIMES)
        return b"%d" % (self.choice(PAST_SECONDS if kind == 1 else FUTURE_SECONDS) * 1000 + self.randrange(3))

    def pattern(self) -> bytes:
        return self.choice([
            b"*", b"k*", b"k?", b"k[0-5]", b"k[^0-5]", b"k[5-0]", b"k[13", b"[", b"k\\1", b"\\", b"", b"*1*", b"K*",
            b"?", b"??", b"x*x", b"*\r*", b"\x00*", b"k[\\1]", b"k**", b"[k]1", b"long[0-9]", b"*[", b"k[^", b"k[a-",
        ])

    def letter_case(self, word: bytes) -> bytes:
        kind = self.randrange(6)
        return word.lower() if kind == 0 else word.title() if kind == 1 else word

    def some(self, choices: list, most: int) -> list[bytes]:
        """Up to `most` options, one after the other, in any order, the same one twice too. A choice is an option's
        words, or a function of the dice that gives them."""
        words: list[bytes] = []
        for _ in range(self.choice([0] * most + list(range(1, most + 1)))):
            choice = self.choice(choices)
            words += choice(self) if callable(choice) else [self.letter_case(word) for word in choice]
        return words

    def mutated(self, command: list[bytes]) -> list[bytes]:
        """The command with one thing wrong, or only different."""
        command = list(command)
        place = self.randrange(len(command))
        kind = self.randrange(5)
        if kind == 0 and place > 0:  # the name stays: CLIENT INFO must not become INFO
            del command[place]
        elif kind == 1:
            command.insert(place + 1, self.choice(JUNK))
        elif kind == 2:
            command.append(self.choice(command))
        elif kind == 3 and place > 0:
            command[place] = self.choice(JUNK)
        else:
            command[0] = self.letter_case(command[0])
        return command

    def cut(self, data: bytes) -> list[bytes]:
        """The bytes in pieces: usually one, sometimes a few, now and then very many."""
        kind = self.randrange(10)
        if kind < 5 or len(data) < 2:
            return [data]
        pieces = self.randint(2, 6) if kind < 9 else min(len(data), 200)
        cuts = sorted({0, len(data), *(self.randrange(1, len(data)) for _ in range(pieces))})
        return [data[start:end] for start, end in zip(cuts, cuts[1:])]
