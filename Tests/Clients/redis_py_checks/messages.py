"""Pub/Sub: channels, patterns, shard channels, threads and tasks that listen, and keyspace events."""

import asyncio
import threading

import redis
import redis.asyncio

from .common import same, wait_until


def next_message(pubsub: redis.client.PubSub, kind: str) -> dict:
    """The next message of a kind; what comes ahead of it must be nothing."""
    for _ in range(3000):
        message = pubsub.get_message(timeout=0.1)
        if message is not None:
            same(message["type"], kind)
            return message
    raise AssertionError(f"no {kind}")


def check_channels(r: redis.Redis) -> None:
    with r.pubsub() as listener:
        listener.subscribe("news", "sport")
        same([next_message(listener, "subscribe")["data"] for _ in range(2)], [1, 2])
        listener.psubscribe("n*")
        same(next_message(listener, "psubscribe")["data"], 3)
        same(r.publish("news", b"\x00\xff"), 2)
        message = next_message(listener, "message")
        same((message["channel"], message["data"]), (b"news", b"\x00\xff"))
        same(next_message(listener, "pmessage")["pattern"], b"n*")
        same(sorted(r.pubsub_channels()), [b"news", b"sport"])
        same(r.pubsub_numsub("news", "none"), [(b"news", 1), (b"none", 0)])
        same(r.pubsub_numpat(), 1)
        listener.ping()
        next_message(listener, "pong")
        listener.unsubscribe()
        same(sorted(next_message(listener, "unsubscribe")["channel"] for _ in range(2)), [b"news", b"sport"])
        same(r.publish("news", "x"), 1)


def check_shard_channels(r: redis.Redis) -> None:
    with r.pubsub() as listener:
        listener.ssubscribe("orders")
        next_message(listener, "ssubscribe")
        same(r.spublish("orders", "one"), 1)
        message = None
        for _ in range(100):
            message = message or listener.get_message(timeout=0.1)
        same(message and message["type"] in ("smessage", "message"), True)
        same(r.pubsub_shardchannels(), [b"orders"])


def check_listening_thread(r: redis.Redis) -> None:
    received: list[bytes] = []
    done = threading.Event()

    def handle(message: dict) -> None:
        received.append(message["data"])
        if len(received) == 1000:
            done.set()

    listener = r.pubsub(ignore_subscribe_messages=True)
    listener.subscribe(work=handle)
    wait_until(lambda: r.pubsub_numsub("work")[0][1] == 1 or listener.get_message(timeout=0.01) is None and False)
    thread = listener.run_in_thread(sleep_time=0.01)
    try:
        with r.pipeline(transaction=False) as pipe:
            for n in range(1000):
                pipe.publish("work", n)
            pipe.execute()
        same(done.wait(300), True)
        same(received, [b"%d" % n for n in range(1000)])
    finally:
        thread.stop()
        thread.join(5)


def check_keyspace_events(r: redis.Redis) -> None:
    same(r.config_set("notify-keyspace-events", "Egx$hs"), True)
    try:
        same(r.config_get("notify-keyspace-events"), {"notify-keyspace-events": "g$shxE"})
        with r.pubsub(ignore_subscribe_messages=True) as listener:
            listener.psubscribe("__keyevent@0__:*")
            wait_until(lambda: r.pubsub_numpat() == 1)
            r.set("k", "v", px=20)
            r.hset("h", "f", "v")
            r.sadd("s", "m")
            r.delete("h")
            events = []
            wait_until(lambda: collect(listener, events) >= 6)
            # It is over when its time has come, whatever has been done by then.
            events.remove(("expired", b"k"))
            same(events, [("set", b"k"), ("expire", b"k"), ("hset", b"h"), ("sadd", b"s"), ("del", b"h")])
    finally:
        r.config_set("notify-keyspace-events", "")


def collect(listener: redis.client.PubSub, events: list) -> int:
    message = listener.get_message(timeout=0.05)
    if message is not None:
        events.append((message["channel"].decode().removeprefix("__keyevent@0__:"), message["data"]))
    return len(events)


async def check_async_messages(r: "redis.asyncio.Redis") -> None:
    async with r.pubsub() as listener:
        await listener.subscribe("a")
        await listener.psubscribe("b*")
        async with asyncio.timeout(300):
            seen = []
            async for message in listener.listen():
                seen.append((message["type"], message["data"]))
                if len(seen) == 2:
                    same(await r.publish("a", "1"), 1)
                    same(await r.publish("bb", "2"), 1)
                if len(seen) == 4:
                    break
        same(seen, [("subscribe", 1), ("psubscribe", 2), ("message", b"1"), ("pmessage", b"2")])
