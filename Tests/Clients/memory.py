#!/usr/bin/env python3
"""used_memory is what is allocated: for data of many kinds, within five per cent of what the allocators say."""
import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time

LARGEST_DIFFERENCE = 0.05


def request(*words):
    words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


class Server:
    def __init__(self, binary):
        self.directory = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.directory.name, "socket")
        self.process = subprocess.Popen(
            [binary, "--port", "0", "--unixsocket", self.path, "--save", "", "--dir", self.directory.name],
            stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while True:
            try:
                self.control = self.connect()
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise SystemExit("the server did not start")
                time.sleep(0.02)

    def connect(self):
        client = socket.socket(socket.AF_UNIX)
        client.connect(self.path)
        return client

    def run(self, commands, client=None):
        """Sends commands that answer one line each."""
        client = client or self.control
        with client.makefile("rb") as replies:
            for first in range(0, len(commands), 200):
                batch = commands[first:first + 200]
                client.sendall(b"".join(batch))
                for _ in batch:
                    assert not replies.readline().startswith(b"-")

    def figures(self):
        self.control.sendall(request("INFO", "memory"))
        with self.control.makefile("rb") as replies:
            text = replies.read(int(replies.readline()[1:]) + 2).decode()
        fields = dict(line.split(":", 1) for line in text.split("\r\n") if ":" in line)
        return int(fields["used_memory"]), int(fields["allocator_allocated"])

    def close(self):
        self.process.terminate()
        self.process.wait(30)


def strings(server):
    server.run([request("SET", f"key:{n}", "v" * (n % 200)) for n in range(200_000)])


def volatile(server):
    server.run([request("SET", f"key:{n}", "v" * 20, "EX", 1000 + n) for n in range(200_000)])


def large_strings(server):
    server.run([request("SET", f"key:{n}", b"v" * (1000 + 700 * (n % 100))) for n in range(2000)])


def small_hashes(server):
    server.run([request("HSET", f"user:{n}", *[x for f in range(8) for x in (f"field:{f}", f"value {n} {f}")])
                for n in range(50_000)])


def large_hash(server):
    for part in range(100):
        server.run([request("HSET", "hash", *[x for f in range(1000) for x in (f"field:{part}:{f}", f"value {f}")])])


def fields_with_deadlines(server):
    large_hash(server)
    for part in range(100):
        names = [f"field:{part}:{f}" for f in range(1000)]
        with server.control.makefile("rb") as replies:
            server.control.sendall(request("HEXPIRE", "hash", 1000 + part, "FIELDS", len(names), *names))
            for _ in range(int(replies.readline()[1:])):
                replies.readline()


def large_set(server):
    for part in range(200):
        server.run([request("SADD", "set", *[f"member:{part}:{m}" for m in range(1000)])])


def numbers(server):
    server.run([request("SET", f"n:{n}", n) for n in range(200_000)])


def half_deleted(server):
    strings(server)
    server.run([request("DEL", f"key:{n}") for n in range(0, 200_000, 2)])


def subscribers(server):
    clients = [server.connect() for _ in range(20)]
    for index, client in enumerate(clients):
        with client.makefile("rb") as replies:
            for first in range(0, 5000, 500):
                client.sendall(request("SUBSCRIBE", *[f"channel:{index}:{n}" for n in range(first, first + 500)]))
                for _ in range(500 * 6):
                    replies.readline()
    return clients


def trackers(server):
    server.run([request("SET", f"tracked:{n}", "v") for n in range(50_000)])
    client = server.connect()
    with client.makefile("rb") as replies:
        client.sendall(request("HELLO", "3") + request("CLIENT", "TRACKING", "ON"))
        while replies.readline() != b"+OK\r\n":
            pass
        for first in range(0, 50_000, 500):
            client.sendall(b"".join(request("GET", f"tracked:{n}") for n in range(first, first + 500)))
            for _ in range(500 * 2):
                replies.readline()
    return [client]


BIG = 10_000_000


def replies_begun(server, count, *words):
    """Clients whose reply has begun to come, and who read no further."""
    clients = [server.connect() for _ in range(count)]
    for client in clients:
        client.sendall(request(*words))
    for client in clients:
        client.recv(1)
    return clients


def unread_replies(server):
    server.run([request("SET", "big", b"v" * BIG)])
    return replies_begun(server, 40, "GET", "big")


def unread_replies_of_a_deleted_key(server):
    clients = unread_replies(server)
    server.control.sendall(request("DEL", "big"))
    assert server.control.recv(4) == b":1\r\n"
    return clients


def read_replies(server):
    for client in unread_replies(server):
        client.settimeout(60)
        left = BIG + len("$10000000\r\n\r\n") - 1
        while left > 0:
            left -= len(client.recv(1 << 20))


def unread_replies_of_many_keys(server):
    server.run([request("SET", f"key:{n}", b"v" * 20_000) for n in range(1000)])
    clients = [server.connect() for _ in range(20)]
    for client in clients:
        client.sendall(b"".join(request("GET", f"key:{n}") for n in range(1000)))
        client.recv(1)
    return clients


def unread_messages(server):
    clients = [server.connect() for _ in range(40)]
    for client in clients:
        client.sendall(request("SUBSCRIBE", "channel"))
        with client.makefile("rb") as replies:
            for _ in range(6):
                replies.readline()
    server.control.sendall(request("PUBLISH", "channel", b"v" * BIG))
    assert server.control.recv(5) == b":40\r\n"
    return clients


def copies(server):
    server.run([request("SET", "big", b"v" * BIG)] + [request("COPY", "big", f"copy:{n}") for n in range(40)])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    binary = os.path.abspath(parser.parse_args().binary)
    failed = 0
    cases = (strings, volatile, large_strings, small_hashes, large_hash, fields_with_deadlines, large_set, numbers,
             half_deleted, subscribers, trackers, unread_replies, unread_replies_of_a_deleted_key, read_replies,
             unread_replies_of_many_keys, unread_messages, copies)
    for case in cases:
        server = Server(binary)
        held = case(server)
        used, allocated = server.figures()
        difference = abs(used - allocated) / allocated
        is_right = difference <= LARGEST_DIFFERENCE
        failed += not is_right
        print(f"{'ok  ' if is_right else 'FAIL'} {case.__name__}: used_memory {used:,}, allocated {allocated:,}, "
              f"{100 * (used - allocated) / allocated:+.1f} %")
        server.close()
        del held
    print(f"{len(cases) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
