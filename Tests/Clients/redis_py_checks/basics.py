"""Strings, bits, keys, expiry, pipelines, connections: what every program does first."""

import asyncio
import threading

import redis
import redis.asyncio

from .common import error_of, same, server_version, wait_until


def check_strings(r: redis.Redis) -> None:
    same(r.set("a", "1"), True)
    same(r.get("a"), b"1")
    same(r.get("missing"), None)
    same(r.set("a", "2", nx=True), None)
    same(r.set("a", "2", xx=True, get=True), b"1")
    same(r.mset({"a": 1, "b": 2, "c": b"\x00\xff"}), True)
    same(r.mget("a", "b", "missing", "c"), [b"1", b"2", None, b"\x00\xff"])
    same(r.msetnx({"a": 1, "z": 2}), False)
    same(r.incr("n"), 1)
    same(r.incrby("n", 41), 42)
    same(r.decr("n", 2), 40)
    same(r.incrbyfloat("n", 0.5), 40.5)
    same(r.append("a", "xyz"), 4)
    same(r.strlen("a"), 4)
    same(r.getrange("a", 1, 2), b"xy")
    same(r.setrange("a", 1, "-"), 4)
    same(r.getdel("a"), b"1-yz")
    same(r.getset("b", "3"), b"2")
    same(r.setnx("b", "4"), False)
    same(r.mset({"one": "ohmytext", "two": "mynewtext"}), True)
    same(r.lcs("one", "two"), b"mytext")
    same(r.lcs("one", "two", len=True), 6)


def check_large_values(r: redis.Redis) -> None:
    for size in (16_383, 16_385, 1_000_000, 5_000_000):
        value = bytes(range(256)) * (size // 256) + b"e"
        r.set("large", value)
        same(r.get("large") == value, True)
    same(r.unlink("large"), 1)


def check_bits(r: redis.Redis) -> None:
    same(r.setbit("bits", 7, 1), 0)
    same(r.getbit("bits", 7), 1)
    same(r.bitcount("bits"), 1)
    same(r.bitpos("bits", 1), 7)
    same(r.bitop("NOT", "other", "bits"), 1)
    same(r.get("other"), b"\xfe")
    same(r.bitfield("field").set("u8", 0, 255).incrby("u8", 0, 1, "SAT").get("u8", 0).execute(), [0, 255, 255])


def check_keys(r: redis.Redis) -> None:
    names = {b"key:%d" % n for n in range(500)}
    r.mset({name: "v" for name in names})
    r.set("other", "v")
    same(set(r.keys("key:*")), names)
    same(set(r.scan_iter(match="key:*", count=30)), names)
    same(len(set(r.scan_iter(_type="string"))), 501)
    same(r.dbsize(), 501)
    same(r.exists("other", "other", "missing"), 2)
    same(r.type("other"), b"string")
    same(r.rename("other", "moved"), True)
    same(r.renamenx("moved", "key:1"), False)
    same(r.copy("moved", "copied"), True)
    same(r.touch("moved", "copied", "missing"), 2)
    same(r.object("encoding", "moved"), b"embstr")
    same(r.randomkey() in names | {b"moved", b"copied"}, True)
    same(r.delete("moved", "missing"), 1)
    same(r.unlink(*names), 500)
    same(r.move("copied", 5), True)
    same(r.flushdb(), True)


def check_expiry(r: redis.Redis) -> None:
    now = r.time()[0]
    r.set("a", "1", ex=100)
    same(90 < r.ttl("a") <= 100, True)
    same(r.persist("a"), True)
    same(r.ttl("a"), -1)
    same(r.expire("a", 50, nx=True), True)
    same(r.expire("a", 40, gt=True), False)
    same(r.pexpireat("a", (now + 1000) * 1000), True)
    same(r.pexpiretime("a"), (now + 1000) * 1000)
    same(r.getex("a", persist=True), b"1")
    same(r.setex("b", 10, "2"), True)
    same(r.psetex("b", 20, "2"), True)
    wait_until(lambda: r.dbsize() == 1)
    same(r.get("b"), None)
    same(r.ttl("b"), -2)


def check_pipeline(r: redis.Redis) -> None:
    with r.pipeline(transaction=False) as pipe:
        for n in range(5000):
            pipe.set(f"k{n}", n)
            pipe.incr(f"k{n}")
        replies = pipe.execute()
    same(replies[1::2], [n + 1 for n in range(5000)])
    with r.pipeline(transaction=False) as pipe:
        replies = pipe.set("text", "x").incr("text").get("text").execute(raise_on_error=False)
    same([type(reply).__name__ for reply in replies], ["bool", "ResponseError", "bytes"])


def check_errors(r: redis.Redis) -> None:
    r.set("text", "x")
    same(error_of(lambda: r.incr("text")), "value is not an integer or out of range")
    same(error_of(lambda: r.execute_command("GET")), "wrong number of arguments for 'get' command")
    same(error_of(lambda: r.execute_command("NOSUCH", "a"))[:24], "unknown command 'NOSUCH'")
    same(r.ping(), True)


def check_connection(r: redis.Redis) -> None:
    same(r.echo("hello"), b"hello")
    with r.client() as one:
        same(one.client_setname("tester"), True)
        same(one.client_getname() in (b"tester", "tester"), True)
        number = one.client_id()
        same(number > 0, True)
        listed = [entry for entry in one.client_list() if int(entry["id"]) == number]
        same([entry["name"] for entry in listed], ["tester"])
        same(one.client_info()["name"], "tester")
    if server_version(r) >= (7, 2):
        with r.client() as one:
            same(one.client_setinfo("LIB-NAME", "checker"), True)
            same(one.client_info()["lib-name"], "checker")


def check_server(r: redis.Redis) -> None:
    r.set("a", 1, ex=100)
    info = r.info()
    same({"redis_version", "tcp_port", "connected_clients", "used_memory", "expired_keys"} <= set(info), True)
    same(info["db0"]["keys"], 1)
    same(r.config_get("databases"), {"databases": "16"})
    same(r.config_set("timeout", 0), True)
    same(r.command_count() > 50, True)
    same(r.command_getkeys("MSET", "a", 1, "b", 2) in (["a", "b"], [b"a", b"b"]), True)
    same("set" in r.command(), True)
    docs = r.execute_command("COMMAND DOCS", "get")
    same(b"get" in docs, True)
    same(r.swapdb(0, 3), True)
    same(r.dbsize(), 0)
    same(r.flushall(asynchronous=True), True)


def check_threads(r: redis.Redis) -> None:
    def work() -> None:
        for _ in range(100):
            r.incr("shared")

    threads = [threading.Thread(target=work) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    same(r.get("shared"), b"2000")


async def check_async_commands(r: "redis.asyncio.Redis") -> None:
    same(await r.set("a", "1", px=100_000), True)
    same(await r.get("a"), b"1")
    same(await asyncio.gather(*(r.incr("n") for _ in range(60))) != [], True)
    same(await r.get("n"), b"60")
    await r.mset({f"key:{n}": n for n in range(300)})
    same(len({key async for key in r.scan_iter(match="key:*", count=17)}), 300)
    async with r.pipeline(transaction=False) as pipe:
        for n in range(1000):
            pipe.get(f"key:{n}")
        replies = await pipe.execute()
    same(replies[:2] + replies[-1:], [b"0", b"1", None])
    try:
        await r.execute_command("INCR", "a", "b")
        raise AssertionError("no error")
    except redis.ResponseError as error:
        same(str(error), "wrong number of arguments for 'incr' command")
    large = b"x" * 3_000_000
    same(await r.set("large", large), True)
    same(await r.get("large") == large, True)
