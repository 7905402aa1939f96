"""What a stream of single replies cannot show: whole SCAN iterations, keys that expire, connections that end,
authentication. A scenario takes the dice and the two servers, and yields (what, ours, theirs) to be compared."""

import time
from collections.abc import Iterator

from dice import Dice
from resp import Connection, encode
from servers import Server

Comparison = tuple[list[bytes], bytes, bytes]
Pair = tuple[Server, Server]

# Databases of the scenarios, apart from those that the random stream selects.
SCAN_DATABASE, EXPIRY_DATABASE, TRANSACTION_DATABASE = b"7", b"6", b"14"
# Sent after raw bytes: its answer shows that the server has done with them.
MARK = b"the-mark-at-the-end"
MARK_REQUEST = encode([b"ECHO", MARK])
MARK_REPLY = b"$%d\r\n%b\r\n" % (len(MARK), MARK)


def connect(pair: Pair, database: bytes) -> list[Connection]:
    connections = [server.connect() for server in pair]
    for connection in connections:
        connection.call(b"SELECT", database)
    return connections


def both(connections: list[Connection], command: list[bytes]) -> Comparison:
    ours, theirs = (connection.call(*command) for connection in connections)
    return command, ours, theirs


def scan(dice: Dice, pair: Pair) -> Iterator[Comparison]:
    """The same keys on both sides; every complete iteration returns the same set, whatever the options."""
    connections = connect(pair, SCAN_DATABASE)
    names = [b"scan:%d" % n for n in range(dice.choice([0, 1, 10, 100, 700, 3000]))]
    removed = dice.sample(names, len(names) // dice.choice([1, 2, 50]))
    fill = [encode([b"SET", name, b"v"]) for name in names] + [encode([b"DEL", name]) for name in removed]
    for connection in connections:
        connection.exchange([encode([b"FLUSHDB"]), b"".join(fill)], 1 + len(fill))
    for _ in range(4):
        options = []
        if dice.one_in(2):
            options += [b"COUNT", dice.choice([b"1", b"3", b"10", b"100", b"100000"])]
        if dice.one_in(3):
            options += [b"MATCH", dice.choice([b"scan:*", b"scan:1*", b"*", b"none*", b"scan:[0-4]?"])]
        if dice.one_in(3):
            options += [b"TYPE", dice.choice([b"string", b"STRING", b"list"])]
        ours, theirs = (iteration(connection, options) for connection in connections)
        yield [b"SCAN", b"0..0", *options], ours, theirs
    yield both(connections, [b"DBSIZE"])
    yield both(connections, [b"FLUSHDB"])
    close(connections)


def iteration(connection: Connection, options: list[bytes]) -> bytes:
    """All keys of one iteration, sorted; or a line saying that it has no end."""
    cursor, found = b"0", set()
    for _ in range(20_000):
        raw = connection.call(b"SCAN", cursor, *options)
        head, _, rest = raw.partition(b"\r\n")
        if head != b"*2":
            return raw
        lines = rest.split(b"\r\n")
        cursor = lines[1]
        found.update(lines[4::2])
        if cursor == b"0":
            return b" ".join(sorted(found - {b""}))
    return b"no end"


def expiry(dice: Dice, pair: Pair) -> Iterator[Comparison]:
    """Keys that are due in a moment, that moment, and then commands on them."""
    connections = connect(pair, EXPIRY_DATABASE)
    names = [b"e%d" % n for n in range(12)]
    yield both(connections, [b"DEBUG", b"SET-ACTIVE-EXPIRE", dice.choice([b"0", b"1"])])
    yield both(connections, [b"FLUSHDB"])
    for name in names:
        setter = dice.choice([
            [b"SET", name, b"5", b"PX", b"1"], [b"PSETEX", name, b"1", b"5"], [b"SET", name, b"5", b"PXAT", b"1"],
            [b"SET", name, b"5", b"EXAT", b"1"], [b"SET", name, b"5"],
        ])
        yield both(connections, setter)
    time.sleep(0.02)
    for name in names:
        other = dice.choice(names)
        yield both(connections, dice.choice([
            [b"GET", name], [b"EXISTS", name, name], [b"DEL", name], [b"INCR", name], [b"APPEND", name, b"6"],
            [b"SETNX", name, b"7"], [b"GETSET", name, b"8"], [b"TTL", name], [b"PERSIST", name], [b"TYPE", name],
            [b"RENAME", name, other], [b"RENAMENX", other, name], [b"COPY", name, other], [b"COPY", other, name],
            [b"EXPIRE", name, b"50000", b"NX"], [b"EXPIRE", name, b"50000", b"XX"], [b"GETEX", name, b"PERSIST"],
            [b"SET", name, b"1", b"XX", b"GET"], [b"SET", name, b"1", b"KEEPTTL"], [b"SETRANGE", name, b"1", b"x"],
            [b"TOUCH", name], [b"UNLINK", name], [b"GETDEL", name], [b"SETBIT", name, b"3", b"1"],
            [b"MOVE", name, b"7"], [b"OBJECT", b"ENCODING", name], [b"BITOP", b"NOT", other, name],
            [b"MSETNX", name, b"1"],
        ]))
    yield both(connections, [b"EXISTS", *names])
    for command in ([b"DBSIZE"], [b"KEYS", b"*"], [b"MGET", *names], [b"DEBUG", b"SET-ACTIVE-EXPIRE", b"1"]):
        yield both(connections, command)
    close(connections)


def bulk(*words: bytes) -> bytes:
    return encode(list(words))


WIRE = [
    # Errors that close the connection.
    b"*-1x\r\n", b"*3000000000\r\n", b"*1048577\r\n", b"*99999999999999999999\r\n", b"*x\r\n", b"* 1\r\n", b"*+1\r\n",
    b"*1\r\nfoo\r\n", b"*2\r\n$3\r\nGET\r\nx\r\n", b"*1\r\n$-1\r\n", b"*1\r\n$-10\r\n", b"*1\r\n$x\r\n", b"*1\r\n$\r\n",
    b"*1\r\n$2000000000\r\n", b"*1\r\n$536870913\r\n", b"*1\r\n$99999999999999999999\r\n", b"*1\r\n$ 4\r\nPING\r\n",
    b"*1\r\n:4\r\n", b"*1\r\n*1\r\n", b"*1\r\n\r\n",
    b'set "unbalanced\r\n', b"set 'unbalanced\r\n", b'get "a"b\r\n', b"get 'a'b\r\n", b'"\\', b"*1\r\n$4\r\n" * 2,
    bulk(b"PING") * 3 + b"*1\r\n!\r\n" + bulk(b"PING"),
    # Oddities that do not.
    b"\r\n", b"\n", b"\r\n\r\n", b"   \r\n", b"*0\r\n", b"*-1\r\n", b"*-10\r\n", b"*\r\n", b"PING\r\n", b"PING\n",
    b"  PING  \r\n", b"ping  'a b'\r\n", b'echo "\\x41\\n\\"\\\\\\q"\r\n', b"echo 'it\\'s \\n'\r\n", b"echo \xff\x80\r\n",
    b'echo ""\r\n', b"echo\ta\r\n", b"get \x00k\r\n", b'""\r\n', b"foo bar\r\n", b"*1\r\n$4\r\nPINGxx",
    b"*1\r\n$0\r\n\r\n", b"*01\r\n$04\r\nPING\r\n", b"*1\r\n$+4\r\nPING\r\n", b"*2\r\n$4\r\nECHO\r\n$2\r\n\r\n\r\n",
    b"PING\r\r\n", b"PING \r \r\n",
    # Ends asked for by the client.
    bulk(b"QUIT"), b"quit\r\n", bulk(b"QUIT") + bulk(b"SET", b"k1", b"after-quit") + bulk(b"GET", b"k1"),
    bulk(b"QUIT", b"x") + bulk(b"PING"), bulk(b"HELLO", b"3") + bulk(b"RESET") + bulk(b"GET", b"never-stored"),
    bulk(b"HELLO", b"3") + bulk(b"GET", b"never-stored") + bulk(b"HELLO", b"2") + bulk(b"GET", b"never-stored"),
    bulk(b"SHUTDOWN", b"junk"), bulk(b"SHUTDOWN", b"SAVE", b"NOSAVE"),
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n",
]
# Never a line's end: refused once 64 KB have come.
ENDLESS = [b"*" + b"1" * 70000, b"*1\r\n$" + b"1" * 70000, b"x" * 70000]
# Web requests: the connection is closed; whether an answer precedes that depends on how they arrive.
WEB = [b"POST / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"]


def wire(dice: Dice, pair: Pair) -> Iterator[Comparison]:
    """Raw bytes on fresh connections: what is answered, and whether the server closes."""
    for _ in range(6):
        payload = dice.choice(WIRE)
        if dice.one_in(4):
            payload = bulk(b"SET", b"k1", b"v") + payload
        if dice.one_in(6):
            payload = damaged(dice, bulk(b"ECHO", b"hello") * 2)
        yield answered(pair, dice.cut(payload) + [MARK_REQUEST], [b"(raw)", payload[:200]])
    endless = dice.choice(ENDLESS)
    yield answered(pair, dice.cut(endless), [b"(raw, endless)", endless[:50]])
    request = dice.choice(WEB)
    what, ours, theirs = answered(pair, [request], [b"(raw)", request])
    yield what, ours.endswith(b"(closed)") * b"closed", theirs.endswith(b"(closed)") * b"closed"


def damaged(dice: Dice, payload: bytes) -> bytes:
    data = bytearray(payload)
    data[dice.randrange(len(data))] = dice.choice(b"\r\n$*x0 9\x00")
    return bytes(data)


def answered(pair: Pair, chunks: list[bytes], what: list[bytes]) -> Comparison:
    answers = []
    for server in pair:
        connection = server.connect()
        data, closed = connection.conversation(list(chunks), MARK_REPLY)
        answers.append(masked_hello(data) + (b" (closed)" if closed else b" (open)"))
        connection.close()
    return what, answers[0], answers[1]


def masked_hello(data: bytes) -> bytes:
    """HELLO's reply names version and connection id, which are each server's own."""
    head, mark, rest = data.partition(b"version\r\n")
    if not mark:
        return data
    return head + masked_hello(rest[rest.index(b"$4\r\nmode"):])


def password(dice: Dice, pair: Pair) -> Iterator[Comparison]:
    """Servers with a password, as seen by connections that do not know it, learn it, or get it wrong."""
    secret = dice.choice([b"secret", b"a\x00b", b" ", b"x" * 600])
    masters = connect(pair, b"0")
    yield both(masters, [b"CONFIG", b"SET", b"requirepass", secret])
    attempts = [[b"GET", b"k1"], [b"PING"], [b"HELLO", b"3"], [b"HELLO", b"3", b"AUTH", b"default", b"wrong"],
                [b"AUTH", b"wrong"], [b"AUTH", b"default", b"wrong"], [b"AUTH", b"nobody", secret], [b"AUTH"],
                [b"AUTH", secret, secret, secret], [b"junk"], [b"GET"], [b"RESET"], [b"ECHO", b"x"], [b"COMMAND"],
                [b"CLIENT", b"ID"], [b"HELLO", b"9"], [b"HELLO", b"3", b"SETNAME", b"x"]]
    logins = [[b"AUTH", secret], [b"AUTH", b"default", secret], [b"HELLO", b"2", b"AUTH", b"default", secret],
              [b"HELLO", b"3", b"AUTH", b"default", secret, b"SETNAME", b"me"]]
    for _ in range(3):
        guests = [server.connect() for server in pair]
        for attempt in dice.sample(attempts, 5):
            yield both(guests, attempt)
        for command in (dice.choice(logins), [b"PING"], [b"CLIENT", b"GETNAME"], [b"RESET"], [b"PING"]):
            yield both(guests, command)
        close(guests)
    payload = dice.choice([b"*11\r\n", b"*10\r\n", b"*1\r\n$16385\r\n", b"*1\r\n$16384\r\n", b"QUIT\r\n"])
    yield answered(pair, [payload], [b"(raw, not logged in)", payload])
    yield both(masters, [b"CONFIG", b"GET", b"requirepass"])
    yield both(masters, [b"CONFIG", b"SET", b"requirepass", b""])
    close(masters)


def transactions(dice: Dice, pair: Pair) -> Iterator[Comparison]:
    """Two clients of each server: one queues and executes, the other gets in its way."""
    clients, rivals = connect(pair, TRANSACTION_DATABASE), connect(pair, TRANSACTION_DATABASE)
    yield both(clients, [b"FLUSHDB"])
    for _ in range(25):
        names = [b"t1", b"t2", b"t3"]
        if dice.one_in(2):
            yield both(clients, [b"WATCH", *dice.sample(names, dice.randint(1, 3))])
        for _ in range(dice.randint(0, 2)):
            yield both(rivals if dice.one_in(2) else clients, deed(dice, names))
        if dice.one_in(6):
            yield both(rivals, dice.choice([[b"FLUSHDB"], [b"SWAPDB", TRANSACTION_DATABASE, b"15"], [b"UNWATCH"]]))
        if dice.one_in(8):
            yield both(clients, dice.choice([[b"UNWATCH"], [b"EXEC"], [b"DISCARD"]]))
        yield both(clients, [b"MULTI"])
        for _ in range(dice.randint(0, 4)):
            command = deed(dice, names)
            if dice.one_in(12):
                command = dice.choice([[b"MULTI"], [b"WATCH", b"t1"], [b"nonsense"], [b"GET"], [b"SELECT", b"99"]])
            yield both(clients, command)
            if dice.one_in(6):
                yield both(rivals, deed(dice, names))
        yield both(clients, [dice.choice([b"EXEC", b"EXEC", b"EXEC", b"DISCARD", b"RESET"])])
        yield both(clients, [b"SELECT", TRANSACTION_DATABASE])
    yield both(clients, [b"DEBUG", b"DIGEST"])
    close(clients)
    close(rivals)


def deed(dice: Dice, names: list[bytes]) -> list[bytes]:
    name = dice.choice(names)
    return dice.choice([
        [b"SET", name, dice.value()], [b"GET", name], [b"DEL", name], [b"INCR", name], [b"HSET", name, b"f", b"v"],
        [b"HDEL", name, b"f"], [b"SADD", name, b"m"], [b"SREM", name, b"m"], [b"EXPIRE", name, b"1000"],
        [b"PERSIST", name], [b"RENAME", name, dice.choice(names)], [b"COPY", name, dice.choice(names), b"REPLACE"],
        [b"APPEND", name, b"x"], [b"MSET", name, b"1", dice.choice(names), b"2"], [b"EXISTS", *names],
    ])


def messages(dice: Dice, pair: Pair) -> Iterator[Comparison]:
    """A subscriber and a publisher of each server; keyspace events are on."""
    subscribers, publishers = connect(pair, b"0"), connect(pair, TRANSACTION_DATABASE)
    yield both(publishers, [b"FLUSHDB"])
    letters = dice.choice([b"KEA", b"KEA", b"Kg$", b"Eshx", b"KEn", b"KEAm", b""])
    yield both(publishers, [b"CONFIG", b"SET", b"notify-keyspace-events", letters])
    if dice.one_in(2):
        for connection in subscribers:
            connection.call(b"HELLO", b"3")
    yield heard(subscribers, [encode([b"PSUBSCRIBE", b"__key*@14__:*", b"c*"]), encode([b"SUBSCRIBE", b"c1", b"d"])])
    for _ in range(30):
        if dice.one_in(2):
            name = dice.choice([b"PUBLISH", b"PUBLISH", b"SPUBLISH"])
            yield both(publishers, [name, dice.choice([b"c1", b"c2", b"d", b"e"]), dice.value()])
        else:
            yield both(publishers, deed(dice, [b"t1", b"t2", b"t3"]))
        if dice.one_in(5):
            yield heard(subscribers, [])
    yield both(publishers, [b"PUBSUB", b"NUMSUB", b"c1", b"d", b"e"])
    yield both(publishers, [b"PUBSUB", b"NUMPAT"])
    yield heard(subscribers, [encode([b"SSUBSCRIBE", b"s1"])])
    yield both(publishers, [b"SPUBLISH", b"s1", b"x"])
    yield both(publishers, [b"PUBSUB", b"SHARDCHANNELS"])
    yield both(publishers, [b"PUBSUB", b"SHARDNUMSUB", b"s1", b"s2"])
    yield heard(subscribers, [encode([b"GET", b"t1"]), encode([b"UNSUBSCRIBE", b"d", b"none"])])
    yield heard(subscribers, [encode([b"UNSUBSCRIBE", b"c1"]), encode([b"PUNSUBSCRIBE", b"c*"])])
    yield heard(subscribers, [encode([b"PUNSUBSCRIBE"]), encode([b"SUNSUBSCRIBE"]), encode([b"UNSUBSCRIBE"])])
    yield both(publishers, [b"PUBSUB", b"CHANNELS"])
    yield both(publishers, [b"CONFIG", b"SET", b"notify-keyspace-events", b""])
    close(subscribers)
    close(publishers)


def tracking(dice: Dice, pair: Pair) -> Iterator[Comparison]:
    """A client that caches, in one of the modes, another that writes, and a third that may get the messages."""
    readers, writers, receivers = (connect(pair, TRANSACTION_DATABASE) for _ in range(3))
    yield both(writers, [b"FLUSHDB"])
    mode = dice.choice([[], [], [b"OPTIN"], [b"OPTOUT"], [b"BCAST"], [b"BCAST", b"PREFIX", b"t1", b"PREFIX", b"t2"]])
    redirect = dice.one_in(3)
    # With a reader of RESP3, Redis sends RESP3's null to a receiver of RESP2.
    for connection in [] if redirect else readers:
        connection.call(b"HELLO", b"3")
    if redirect:
        yield heard(receivers, [encode([b"SUBSCRIBE", b"__redis__:invalidate"])])
    # The receiver's number is each server's own.
    for reader, receiver, server in zip(readers, receivers, pair):
        words = [b"CLIENT", b"TRACKING", b"ON", *mode, *([b"NOLOOP"] if redirect else [])]
        if redirect:
            listed = server.connect().call(b"CLIENT", b"LIST", b"TYPE", b"PUBSUB").split(b"id=")[-1]
            words += [b"REDIRECT", listed.split(b" ")[0]]
        assert reader.call(*words) == b"+OK\r\n"
    for _ in range(30):
        name = dice.choice([b"t1", b"t2", b"t3", b"u"])
        if dice.one_in(3) and b"OPTIN" in mode:
            yield heard(readers, [encode([b"CLIENT", b"CACHING", b"YES"])])
        if dice.one_in(3) and b"OPTOUT" in mode:
            yield heard(readers, [encode([b"CLIENT", b"CACHING", b"NO"])])
        yield heard(readers, [encode(dice.choice([[b"GET", name], [b"MGET", name, b"t2"], [b"TYPE", name]]))])
        if not dice.one_in(3):
            yield both(writers, deed(dice, [b"t1", b"t2", b"t3"]))
        if dice.one_in(8):
            yield both(writers, [b"FLUSHDB"])
        yield heard(receivers if redirect else readers, [])
    yield heard(readers, [encode([b"CLIENT", b"TRACKING", b"OFF"]), encode([b"CLIENT", b"TRACKINGINFO"])])
    for connections in (readers, writers, receivers):
        close(connections)


def heard(connections: list[Connection], chunks: list[bytes]) -> Comparison:
    """What comes for the subscribers until the answer to a PING."""
    mark = encode([b"PING", MARK])
    ours, theirs = (connection.conversation([*chunks, mark], MARK + b"\r\n")[0] for connection in connections)
    return [b"(heard)", *chunks], ours, theirs


def close(connections: list[Connection]) -> None:
    for connection in connections:
        connection.close()


SCENARIOS = {
    "scan": scan, "expiry": expiry, "wire": wire, "password": password, "transactions": transactions,
    "messages": messages, "tracking": tracking,
}
