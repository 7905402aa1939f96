"""Generators of what the commands about transactions, messages and tracking answer where nobody listens; the scenarios
have listeners."""

from dice import Dice


def publish(dice: Dice) -> list[bytes]:
    return [dice.choice([b"PUBLISH", b"SPUBLISH"]), dice.key(), dice.value()]


def pubsub(dice: Dice) -> list[bytes]:
    return [b"PUBSUB", *dice.choice([
        [b"CHANNELS"], [b"CHANNELS", dice.pattern()], [b"NUMSUB"], [b"NUMSUB", dice.key(), dice.key()], [b"NUMPAT"],
        [b"SHARDCHANNELS"], [b"SHARDNUMSUB", dice.key()], [b"CHANNELS", b"a", b"b"], [b"junk"], [b"NUMPAT", b"x"], [],
    ])]


def transaction(dice: Dice) -> list[list[bytes]]:
    """Commands whose replies have one order; what fails in the queue, and what fails when it runs."""
    inner = [
        dice.choice([
            [b"SET", dice.key(), dice.value()], [b"GET", dice.key()], [b"INCR", dice.key()], [b"DEL", dice.key()],
            [b"HSET", dice.key(), b"f", b"v"], [b"SADD", dice.key(), b"m"], [b"GET"], [b"WATCH", b"k"], [b"MULTI"],
            [b"EXPIRE", dice.key(), b"100000"], [b"nonsense"], [b"APPEND", dice.key(), b"x"], [b"PING"],
        ]) for _ in range(dice.randint(0, 6))
    ]
    return [[b"MULTI"], *inner, [dice.choice([b"EXEC", b"EXEC", b"EXEC", b"DISCARD"])]]


def astray(dice: Dice) -> list[bytes]:
    return dice.choice([
        [b"EXEC"], [b"DISCARD"], [b"UNWATCH"], [b"WATCH", dice.key()], [b"WATCH"], [b"EXEC", b"x"], [b"MULTI", b"x"],
    ])


def tracking(dice: Dice) -> list[bytes]:
    return [b"CLIENT", *dice.choice([
        [b"GETREDIR"], [b"TRACKINGINFO"], [b"TRACKING", b"OFF"], [b"TRACKING", b"junk"], [b"TRACKING"],
        [b"TRACKING", b"ON", b"PREFIX", b"a"], [b"TRACKING", b"ON", b"BCAST", b"OPTIN"],
        [b"TRACKING", b"ON", b"OPTIN", b"OPTOUT"], [b"TRACKING", b"ON", b"REDIRECT", b"x"],
        [b"TRACKING", b"ON", b"REDIRECT", b"999999999"], [b"TRACKING", b"ON", b"junk"],
        [b"TRACKING", b"ON", b"BCAST", b"PREFIX", b"a", b"PREFIX", b"ab"], [b"CACHING", b"YES"], [b"CACHING", b"junk"],
        [b"REPLY", b"junk"], [b"REPLY"], [b"REPLY", b"ON"],
    ])]


GENERATORS = [(4, publish), (3, pubsub), (4, transaction), (3, astray), (4, tracking)]
