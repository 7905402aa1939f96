"""Generators of server commands: COMMAND, CONFIG, DEBUG, INFO, TIME.

Only commands that Martlet has may be named to COMMAND; a later family of commands adds its names to COMMANDS.
"""

from dice import Dice

COMMANDS = """append bitcount bitfield bitfield_ro bitop bitpos copy dbsize decr decrby del echo exists expire expireat
expiretime flushall flushdb get getbit getdel getex getrange getset incr incrby incrbyfloat keys lcs mget move mset
msetnx persist pexpire pexpireat pexpiretime ping psetex pttl randomkey rename renamenx scan select set setbit setex
setnx setrange strlen substr swapdb time touch ttl type unlink auth hello quit reset object|encoding object|freq
object|idletime object|refcount client|id client|getname client|setname client|list client|info config|get config|set
""".split()
PARAMETERS = [b"timeout", b"tcp-keepalive", b"maxclients", b"databases", b"proto-max-bulk-len", b"requirepass",
              b"unixsocketperm"]
# `unixsocket` is not among them: redis-server does not let it change, here it may.
WRONG_SETTINGS = [
    [b"timeout", b"x"], [b"timeout", b"-1"], [b"junk", b"1"], [b"databases", b"3"], [b"timeout"], [b"port"],
    [b"timeout", b"0", b"TIMEOUT", b"0"], [b"timeout", b"0", b"junk", b"1"], [b"maxclients", b"0"],
    [b"proto-max-bulk-len", b"1"], [b"proto-max-bulk-len", b"1x"], [b"tcp-keepalive", b""], [b"timeout", b"0", b"x"],
    [b"", b""], [b"tcp-backlog", b"1"],
]


def command_info(dice: Dice) -> list[bytes]:
    names = [dice.choice(COMMANDS).encode() for _ in range(dice.randint(1, 3))]
    wrong = [b"junk", b"get|x", b"object|junk", b"config|get|x", b""]
    return [b"COMMAND", b"INFO", *names, *([dice.choice(wrong)] if dice.one_in(4) else [])]


def command_getkeys(dice: Dice) -> list[bytes]:
    call = dice.choice([
        [b"GET", b"a"], [b"SET", b"a", b"1"], [b"SET", b"a", b"1", b"GET"], [b"MSET", b"a", b"1", b"b", b"2"],
        [b"MGET", b"a", b"b", b"c"], [b"DEL", b"a", b"b"], [b"RENAME", b"a", b"b"], [b"COPY", b"a", b"b", b"DB", b"1"],
        [b"BITOP", b"AND", b"a", b"b", b"c"], [b"LCS", b"a", b"b", b"LEN"], [b"BITFIELD", b"a", b"GET", b"u8", b"0"],
        [b"BITFIELD", b"a", b"SET", b"u8", b"0", b"1"], [b"OBJECT", b"ENCODING", b"a"], [b"PING"], [b"junk", b"a"],
        [b"GET"], [b"MSET", b"a"], [b"TOUCH", b"a", b"a"], [b"KEYS", b"*"], [b"OBJECT", b"junk", b"a"], [b""],
        [b"EXPIRE", b"a", b"1"], [b"SETEX", b"a", b"1", b"v"], [b"GETEX", b"a"], [b"GETDEL", b"a"], [b"INCR", b"a"],
        [b"SETRANGE", b"a", b"0", b"x"], [b"PERSIST", b"a"], [b"MOVE", b"a", b"1"], [b"MSETNX", b"a", b"1"],
        [b"GETSET", b"a", b"1"], [b"UNLINK", b"a"], [b"EXISTS", b"a"], [b"STRLEN", b"a"], [b"TTL", b"a"],
    ])
    return [b"COMMAND", dice.choice([b"GETKEYS", b"GETKEYSANDFLAGS"]), *call]


def command_wrong(dice: Dice) -> list[bytes]:
    return [b"COMMAND", *dice.choice([
        [b"junk"], [b"COUNT", b"x"], [b"LIST", b"junk"], [b"LIST", b"FILTERBY", b"junk", b"x"],
        [b"LIST", b"FILTERBY", b"MODULE", b"none"], [b"LIST", b"FILTERBY", b"ACLCAT", b"none"],
        [b"LIST", b"FILTERBY", b"PATTERN", b"getra*"], [b"LIST", b"FILTERBY", b"PATTERN", b"none*"],
        [b"LIST", b"FILTERBY"], [b"GETKEYS"], [b"DOCS", b"junk"], [b"INFO", b"junk"], [b""],
    ])]


def config_get(dice: Dice) -> list[bytes]:
    names = [dice.letter_case(dice.choice(PARAMETERS)) for _ in range(dice.randint(1, 3))]
    return [b"CONFIG", dice.letter_case(b"GET"), *(names if dice.one_in(2) else names[:1])]


def config_wrong(dice: Dice) -> list[bytes]:
    return [b"CONFIG", *dice.choice([
        *([b"SET", *words] for words in WRONG_SETTINGS), [b"SET"], [b"GET"], [b"GET", b"junk"], [b"junk"], [b""],
        [b"junk", b"x", b"y"],
    ])]


def config_set(dice: Dice) -> list[list[bytes]]:
    name, value = dice.choice([
        (b"timeout", b"0"), (b"tcp-keepalive", b"300"), (b"tcp-keepalive", b"0"), (b"maxclients", b"5000"),
        (b"proto-max-bulk-len", b"512mb"), (b"proto-max-bulk-len", b"536870912"), (b"TIMEOUT", b"0"),
    ])
    return [[b"CONFIG", b"SET", name, value], [b"CONFIG", b"GET", name]]


def debug(dice: Dice) -> list[bytes]:
    return [b"DEBUG", *dice.choice([
        [b"PROTOCOL", dice.choice([b"string", b"integer", b"double", b"bignum", b"null", b"array", b"set", b"map",
                                   b"true", b"false", b"verbatim", b"attrib", b"junk"])],
        [b"SET-ACTIVE-EXPIRE", b"1"], [b"OBJECT", b"never-stored"], [b"SLEEP", b"0"], [b"DIGEST-VALUE"], [b"junk"],
        [b"SLEEP"], [b"junk", b"x"],
    ])]


def time(dice: Dice) -> list[bytes]:
    return [b"TIME", *([b"x"] if dice.one_in(8) else [])]


def few_or_many(dice: Dice) -> list[bytes]:
    return dice.choice([[b"FLUSHALL", b"junk"], [b"FLUSHDB", b"ASYNC", b"x"], [b"DBSIZE", b"x"], [b"SWAPDB", b"0"],
                        [b"INFO", b"junk"], [b"SELECT"], [b"MOVE", b"k1"], [b"ECHO"]])


GENERATORS = [
    (3, command_info), (3, command_getkeys), (1, command_wrong), (1, config_get), (1, config_wrong), (1, config_set),
    (2, debug), (0.5, time), (1, few_or_many),
]
