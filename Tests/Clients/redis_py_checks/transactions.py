"""MULTI and EXEC as pipelines use them, WATCH with its retry loop, connection pools, handshakes."""

import threading

import redis
import redis.asyncio

from .common import error_of, same


def check_transaction(r: redis.Redis) -> None:
    with r.pipeline(transaction=True) as pipe:
        same(pipe.set("a", 1).incr("a").hset("h", "f", "v").sadd("s", 1, 2).execute(), [True, 2, 1, 2])
    r.set("text", "x")
    with r.pipeline(transaction=True) as pipe:
        replies = pipe.incr("text").set("b", 1).execute(raise_on_error=False)
    same([type(reply).__name__ for reply in replies], ["ResponseError", "bool"])
    with r.pipeline(transaction=True) as pipe:
        try:
            pipe.set("c", 1).execute_command("NOSUCH").execute()
            raise AssertionError("no error")
        except redis.ResponseError as error:
            same("unknown command" in str(error), True)
    same(r.exists("c"), 0)


def check_watch_retry(r: redis.Redis) -> None:
    """Writers that all read, add one, and write: nothing gets lost."""
    r.set("n", 0)

    threads = [threading.Thread(target=lambda: [increment(r) for _ in range(50)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    same(r.get("n"), b"200")


def increment(r: redis.Redis) -> None:
    def body(pipe: redis.client.Pipeline) -> None:
        value = int(pipe.get("n") or 0)
        pipe.multi()
        pipe.set("n", value + 1)

    r.transaction(body, "n")


def check_watch_error(r: redis.Redis) -> None:
    r.set("k", 1)
    with r.pipeline() as pipe:
        pipe.watch("k")
        r.set("k", 2)
        pipe.multi()
        pipe.get("k")
        try:
            pipe.execute()
            raise AssertionError("no WatchError")
        except redis.WatchError:
            pass
        pipe.watch("k")
        pipe.unwatch()
        r.set("k", 3)
        pipe.multi()
        same(pipe.get("k").execute(), [b"3"])


def check_blocking_pool(r: redis.Redis) -> None:
    options = r.connection_pool.connection_kwargs
    kind = r.connection_pool.connection_class
    pool = redis.BlockingConnectionPool(max_connections=3, timeout=300, connection_class=kind, **options)
    client = redis.Redis(connection_pool=pool)
    try:
        threads = [threading.Thread(target=lambda: [client.incr("n") for _ in range(50)]) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        same(client.get("n"), b"600")
    finally:
        pool.disconnect()


def check_handshake(r: redis.Redis) -> None:
    """What newest clients ask for on connecting; an error must leave the connection as it was."""
    with r.client() as one:
        same(error_of(lambda: one.execute_command("CLIENT", "MAINT_NOTIFICATIONS", "ON"))[:18], "unknown subcommand")
        same(one.ping(), True)
        info = one.client_info()
        same((info["lib-name"][:8], info["lib-ver"]), ("redis-py", redis.__version__))


async def check_async_transaction(r: "redis.asyncio.Redis") -> None:
    async with r.pipeline(transaction=True) as pipe:
        same(await pipe.set("a", 1).incr("a").execute(), [True, 2])
    async with r.pipeline(transaction=True) as pipe:
        await pipe.watch("a")
        await r.set("a", 9)
        pipe.multi()
        pipe.get("a")
        try:
            await pipe.execute()
            raise AssertionError("no WatchError")
        except redis.WatchError:
            pass
