"""Transactions, messages to many subscribers, and expired events on time. The load is made here, because
redis-benchmark can make none of them."""

import random
import select
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

from .collections import LARGEST_RATIO, PIPELINE, send
from .load import command
from .processes import Contenders, Server, SetupError
from .rounds import Rounds, on_fresh_pairs
from .rows import Row, Size

CLIENTS = 50
SUBSCRIBERS = 100
EVENT_CHANNEL = b"__keyevent@0__:expired"
# An event that is later is counted as not delivered.
LATEST_EVENT = 10.0


def receive(connection: socket.socket, missing: int) -> None:
    while missing > 0:
        data = connection.recv(min(missing, 1 << 18))
        if not data:
            raise SetupError("the server closed a connection")
        missing -= len(data)


# MARK: Transactions


def transactions(contenders: Contenders, size: Size) -> Iterator[Row]:
    """MULTI, five commands, EXEC; sixteen transactions in a pipeline, fifty clients."""
    rounds: Rounds[float] = Rounds()
    on_fresh_pairs(contenders, size, lambda servers: rounds.alternate(
        size.rounds, lambda index: transaction_cost(servers[index], size.transactions)))
    yield rounds.row(f"MULTI/EXEC of 5 commands, pipeline {PIPELINE}: server CPU per transaction", "us",
                     largest_ratio=LARGEST_RATIO)


def transaction(number: int) -> bytes:
    key = b"%05d" % number
    return b"".join([
        command(b"MULTI"), command(b"SET", b"string:" + key, b"v" * 64), command(b"GET", b"string:" + key),
        command(b"HSET", b"hash:" + key, b"last_seen", b"2026-11-21T05:10:00"), command(b"SADD", b"set:" + key, b"a"),
        command(b"EXPIRE", b"hash:" + key, b"1000"), command(b"EXEC")])


def transaction_cost(server: Server, count: int) -> float:
    dice = random.Random(1)
    batches = [b"".join(transaction(dice.randrange(10_000)) for _ in range(PIPELINE)) for _ in range(2000)]
    # +OK, five times +QUEUED, and the array of +OK, a string of 64 bytes, and three integers.
    reply = PIPELINE * (5 + 5 * 9 + 4 + 5 + 71 + 3 * 4)
    with ExitStack() as stack:
        clients = [stack.enter_context(server.connect()) for _ in range(CLIENTS)]
        before = server.cpu_seconds()
        done = 0
        while done < count:
            for client in clients:
                client.sendall(dice.choice(batches))
            for client in clients:
                receive(client, reply)
            done += len(clients) * PIPELINE
        return (server.cpu_seconds() - before) / done * 1e6


# MARK: Publishing


def publish(contenders: Contenders, size: Size) -> Iterator[Row]:
    """One publisher, sixteen messages of 64 bytes in a pipeline, a hundred subscribers that read all of them. Nearly
    all of it is the kernel's work, on both cores at once, which scatters most: twice as many rounds as elsewhere."""
    rounds: Rounds[float] = Rounds()
    on_fresh_pairs(contenders, size, lambda servers: rounds.alternate(
        2 * size.rounds, lambda index: publication_cost(servers[index], size.publications)))
    yield rounds.row(f"PUBLISH to {SUBSCRIBERS} subscribers, pipeline {PIPELINE}: server CPU per message", "us",
                     largest_ratio=LARGEST_RATIO)


def publication_cost(server: Server, count: int) -> float:
    batch = command(b"PUBLISH", b"news", b"v" * 64) * PIPELINE
    message = len(command(b"message", b"news", b"v" * 64)) * PIPELINE
    with ExitStack() as stack:
        subscribers = [stack.enter_context(server.connect()) for _ in range(SUBSCRIBERS)]
        for subscriber in subscribers:
            subscriber.sendall(command(b"SUBSCRIBE", b"news"))
            receive(subscriber, len(command(b"subscribe", b"news")) + 4)
        publisher = stack.enter_context(server.connect())
        before = server.cpu_seconds()
        for _ in range(count // PIPELINE):
            publisher.sendall(batch)
            receive(publisher, PIPELINE * len(b":%d\r\n" % SUBSCRIBERS))
            for subscriber in subscribers:
                receive(subscriber, message)
        return (server.cpu_seconds() - before) / (count // PIPELINE * PIPELINE) * 1e6


# MARK: Expired events


def expired_events(contenders: Contenders, size: Size) -> Iterator[Row]:
    """Of many keys with deadlines a few are due within five seconds; how late comes the event of each?"""
    lags = []
    for start in contenders.starters():
        with start() as server:
            lags.append(sorted(event_lags(server, size)))
    name = f"expired events among {size.due_keys:,} volatile keys"
    delivered = [sum(lag < LATEST_EVENT for lag in side) / len(side) * 100 for side in lags]
    yield Row(f"{name}: delivered within {LATEST_EVENT:.0f} s", *delivered, "%", smaller_is_better=False)
    for share in (50, 99):
        values = [side[len(side) * share // 100] * 1000 for side in lags]
        yield Row(f"{name}: lag, p{share} (what is not delivered counts as {LATEST_EVENT:.0f} s)", *values, "ms",
                  largest_value=100 if share == 99 else None)


def event_lags(server: Server, size: Size) -> list[float]:
    dice = random.Random(1)
    with server.connect() as connection, server.connect() as listener:
        connection.sendall(command(b"CONFIG", b"SET", b"notify-keyspace-events", b"Ex"))
        receive(connection, len(b"+OK\r\n"))
        listener.sendall(command(b"SUBSCRIBE", EVENT_CHANNEL))
        receive(listener, len(command(b"subscribe", EVENT_CHANNEL)) + 4)
        for first in range(0, size.due_keys - size.watched_keys, 500):
            send(connection, [command(b"SET", b"key:%d" % number, b"v", b"EX", b"100000")
                              for number in range(first, first + 500)])
        begin = time.time() + 1
        due = {b"due:%d" % number: begin + dice.random() * 5 for number in range(size.watched_keys)}
        send(connection, [command(b"SET", key, b"v", b"PXAT", b"%d" % int(at * 1000)) for key, at in due.items()])
        return [min(lag, LATEST_EVENT) for lag in collect(listener, due)]


def collect(listener: socket.socket, due: dict[bytes, float]) -> list[float]:
    """The lag of each key's event; those that have not come by then count as the longest."""
    missing, lags, text = dict(due), [], b""
    end = max(due.values()) + LATEST_EVENT
    while missing and time.time() < end:
        if not select.select([listener], [], [], 0.1)[0]:
            continue
        text += listener.recv(1 << 16)
        now = time.time()
        *complete, text = text.split(b"\r\n")
        for line in complete:
            if line in missing:
                # The deadline was rounded down to a millisecond.
                lags.append(max(0.0, now - missing.pop(line)))
    return lags + [LATEST_EVENT] * len(missing)
