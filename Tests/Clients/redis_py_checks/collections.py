"""Hashes with deadlines for fields, and sets."""

import redis
import redis.asyncio

from .common import error_of, same, wait_until


def check_hashes(r: redis.Redis) -> None:
    same(r.hset("h", mapping={"name": "ada", "visits": 1, "bin": b"\x00\xff"}), 3)
    same(r.hset("h", "name", "eve"), 0)
    same(r.hget("h", "name"), b"eve")
    same(r.hmget("h", "name", "missing", "bin"), [b"eve", None, b"\x00\xff"])
    same(r.hgetall("h"), {b"name": b"eve", b"visits": b"1", b"bin": b"\x00\xff"})
    same(r.hincrby("h", "visits", 41), 42)
    same(r.hincrbyfloat("h", "visits", 0.5), 42.5)
    same((r.hlen("h"), r.hexists("h", "name"), r.hstrlen("h", "name")), (3, True, 3))
    same(sorted(r.hkeys("h")), [b"bin", b"name", b"visits"])
    same(len(r.hvals("h")), 3)
    same(r.hsetnx("h", "name", "x") in (0, False), True)
    same(r.hdel("h", "bin", "missing"), 1)
    same(r.hrandfield("h") in (b"name", b"visits"), True)
    same(sorted(r.hrandfield("h", 5)), [b"name", b"visits"])
    same(len(r.hrandfield("h", -7, withvalues=True)) in (7, 14), True)
    r.hset("large", mapping={f"field:{n}": n for n in range(1000)})
    same(dict(r.hscan_iter("large", count=50)), {b"field:%d" % n: b"%d" % n for n in range(1000)})
    same(len(list(r.hscan_iter("large", match="field:99*", no_values=True))), 11)
    same((r.object("encoding", "h"), r.object("encoding", "large")), (b"listpack", b"hashtable"))
    r.set("text", "x")
    same(error_of(lambda: r.hget("text", "f")), "WRONGTYPE Operation against a key holding the wrong kind of value")


def check_field_deadlines(r: redis.Redis) -> None:
    now = r.time()[0]
    r.hset("h", mapping={name: "v" for name in "abcdef"})
    same(r.hexpire("h", 100, "a", "missing"), [1, -2])
    same(r.hpexpire("h", 100_000, "b", nx=True), [1])
    same(r.hpexpire("h", 200_000, "b", nx=True), [0])
    same(r.hexpireat("h", now + 1000, "c"), [1])
    same(r.hpexpireat("h", (now + 1000) * 1000, "d"), [1])
    same(90 < r.httl("h", "a")[0] <= 100 and 90_000 < r.hpttl("h", "b")[0] <= 100_000, True)
    same(r.hexpiretime("h", "c", "e"), [now + 1000, -1])
    same(r.hpexpiretime("h", "d"), [(now + 1000) * 1000])
    same(r.hpersist("h", "a", "e"), [1, -1])
    same(r.hexpire("h", 0, "f"), [2])
    same(r.hlen("h"), 5)
    same(r.object("encoding", "h"), b"listpackex")
    same(r.hgetex("h", "a", "b", persist=True), [b"v", b"v"])
    same(r.httl("h", "a", "b"), [-1, -1])
    same(r.hsetex("h", mapping={"x": "1", "y": "2"}, px=30), 1)
    same(r.hgetdel("h", "c", "missing"), [b"v", None])
    wait_until(lambda: r.hlen("h") == 4)
    same(r.hmget("h", "x", "y"), [None, None])
    same(r.httl("missing", "a"), [-2])


def check_sets(r: redis.Redis) -> None:
    same(r.sadd("numbers", *range(5)), 5)
    same(r.object("encoding", "numbers"), b"intset")
    same(r.sadd("s", "a", "b", "c", "a"), 3)
    same((r.scard("s"), r.sismember("s", "a") in (1, True)), (3, True))
    same([bool(x) for x in r.smismember("s", ["a", "x"])], [True, False])
    same(set(r.smembers("s")), {b"a", b"b", b"c"})
    same(r.sadd("t", "b", "c", "d"), 3)
    same((set(r.sinter("s", "t")), set(r.sunion("s", "t")), set(r.sdiff("s", "t"))),
         ({b"b", b"c"}, {b"a", b"b", b"c", b"d"}, {b"a"}))
    same((r.sinterstore("u", "s", "t"), r.sunionstore("v", "s", "t"), r.sdiffstore("w", "s", "t")), (2, 4, 1))
    same((r.sintercard(2, ["s", "t"]), r.sintercard(2, ["s", "t"], limit=1)), (2, 1))
    same(bool(r.smove("s", "t", "a")), True)
    same(r.srem("t", "a", "x"), 1)
    same(r.srandmember("s") in (b"b", b"c"), True)
    same(len(r.srandmember("s", -10)), 10)
    same(set(r.spop("v", 4)), {b"a", b"b", b"c", b"d"})
    same(r.exists("v"), 0)
    r.sadd("large", *(f"member:{n}" for n in range(1000)))
    same(len(set(r.sscan_iter("large", count=70))), 1000)
    same(r.spop("large") is not None, True)


def check_dump(r: redis.Redis) -> None:
    r.hset("h", mapping={"a": 1, "b": "x" * 100})
    payload = r.dump("h")
    same(r.restore("copy", 0, payload), b"OK")
    same(r.hgetall("copy"), r.hgetall("h"))
    same(error_of(lambda: r.restore("copy", 0, payload)), "BUSYKEY Target key name already exists.")
    same(r.restore("copy", 100_000, payload, replace=True), b"OK")
    same(r.pttl("copy") > 90_000, True)
    same(error_of(lambda: r.restore("other", 0, payload[:-1] + b"?")), "DUMP payload version or checksum are wrong")
    same(r.memory_usage("h") > 100, True)


async def check_async_collections(r: "redis.asyncio.Redis") -> None:
    same(await r.hset("h", mapping={"a": 1, "b": 2}), 2)
    same(await r.hgetall("h"), {b"a": b"1", b"b": b"2"})
    same(await r.hexpire("h", 100, "a"), [1])
    same(await r.sadd("s", "x", "y"), 2)
    same(set(await r.smembers("s")), {b"x", b"y"})
    same({key async for key in r.sscan_iter("s")}, {b"x", b"y"})
