#!/usr/bin/env python3
"""Clients that misbehave: memory stays within what the configuration allows, and others are served.

Each case starts a server of its own, does harm, and looks at the memory that the process holds and at what another
client gets. No case asks how long anything takes.
"""
import argparse
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # no __pycache__ in the source tree

from server import eventually

MB = 1 << 20


class Server:
    def __init__(self, binary, *options):
        self.directory = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.directory.name, "socket")
        self.process = subprocess.Popen(
            [binary, "--port", "0", "--unixsocket", self.path, "--save", "", "--dir", self.directory.name, *options],
            stdout=open(os.path.join(self.directory.name, "log"), "w"))
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                if self.ask("PING") == b"+PONG\r\n":
                    return
            except OSError:
                time.sleep(0.02)
        raise SystemExit("the server did not start")

    def connect(self):
        client = socket.socket(socket.AF_UNIX)
        client.connect(self.path)
        client.settimeout(600)
        return client

    def ask(self, *words):
        """One command over a connection of its own; the first bytes of the reply."""
        with self.connect() as client:
            client.sendall(request(*words))
            return client.recv(1 << 16)

    def info(self, field):
        """A number that INFO shows, asked for by a client that is not let go for the size of the reply."""
        with self.connect() as client:
            client.sendall(request("CLIENT", "NO-EVICT", "ON") + request("INFO", "everything"))
            with client.makefile("rb") as replies:
                replies.readline()
                text = replies.read(int(replies.readline()[1:]))
        for line in text.split(b"\r\n"):
            if line.startswith(field.encode() + b":"):
                return int(line.split(b":")[1])
        raise KeyError(field)

    def resident(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
        raise KeyError("VmHWM")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)
        self.directory.cleanup()


def request(*words):
    words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


def send_until_dropped(client, block, limit):
    """Sends the block again and again and reads nothing; returns how many bytes the server took before it hung up."""
    sent = 0
    client.settimeout(600)
    try:
        while sent < limit:
            sent += client.send(block)
    except (BrokenPipeError, ConnectionResetError):
        return sent, True
    except socket.timeout:
        return sent, False
    return sent, False


def check(name, condition, detail):
    print(f"{'ok  ' if condition else 'FAIL'} {name}: {detail}")
    return bool(condition)


def unread_pipeline(binary):
    """A gigabyte of requests whose replies nobody reads."""
    results = []
    for options in (["--client-output-buffer-limit", "normal 32mb 0 0"], ["--maxmemory-clients", "32mb"]):
        with Server(binary, *options) as server:
            before = server.resident()
            server.ask("SET", "key", b"x" * 2000)
            with server.connect() as client:
                sent, dropped = send_until_dropped(client, request("GET", "key") * 3000, 1 << 30)
                growth = server.resident() - before
                alive = server.ask("PING") == b"+PONG\r\n"
            results.append(check(
                f"unread pipeline, {options[0][2:]}", dropped and alive and growth < 96 * MB,
                f"dropped {dropped} after {sent / MB:.1f} MB, the process grew by {growth / MB:.0f} MB"))
    return results


def large_replies_in_one_batch(binary):
    """Few bytes that ask for very much: the replies of one batch alone exceed the limit."""
    with Server(binary, "--maxmemory-clients", "32mb") as server:
        before = server.resident()
        for number in range(100):
            server.ask("HSET", "hash", *[part for field in range(100)
                                         for part in (f"{number}:{field}", b"v" * 1000)])
        grown = server.resident() - before
        with server.connect() as client:
            client.sendall(request("HGETALL", "hash") * 60)
            alive = server.ask("PING") == b"+PONG\r\n"
            growth = server.resident() - before - grown
            evicted = server.info("evicted_clients")
        return [check("large replies in one batch", alive and evicted == 1 and growth < 96 * MB,
                      f"evicted {evicted}, the process grew by {growth / MB:.0f} MB")]


def never_reads(binary):
    """A subscriber that never reads."""
    with Server(binary) as server:
        before = server.resident()
        with server.connect() as listener:
            listener.sendall(request("SUBSCRIBE", "news"))
            listener.recv(100)
            with server.connect() as publisher:
                for _ in range(100):
                    publisher.sendall(request("PUBLISH", "news", b"m" * MB))
                    if publisher.recv(100) == b":0\r\n":
                        break
            growth = server.resident() - before
            gone = server.info("pubsub_clients") == 0
        return [check("never reads", gone and growth < 96 * MB,
                      f"let go {gone}, the process grew by {growth / MB:.0f} MB with a limit of 32 MB")]


def announced_argument(binary):
    """An argument that is announced and never comes, by many clients."""
    with Server(binary) as server:
        before = server.resident()
        clients = []
        for _ in range(200):
            client = server.connect()
            client.sendall(b"*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$500000000\r\nx")
            clients.append(client)
        alive = server.ask("PING") == b"+PONG\r\n"
        growth = server.resident() - before
        for client in clients:
            client.close()
        return [check("announced arguments", alive and growth < 64 * MB,
                      f"200 times 500 MB announced, the process grew by {growth / MB:.0f} MB")]


def half_open_requests(binary):
    """Ten thousand clients that have sent half a request."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = min(10_000, hard - 200)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, count + 200)), hard))
    results = []
    with Server(binary, "--maxclients", str(count + 10)) as server:
        before = server.resident()
        clients = []
        for _ in range(count):
            client = server.connect()
            client.sendall(b"*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$1000\r\nabc")
            clients.append(client)
        for client in clients:
            client.sendall(b"def")
        growth = server.resident() - before
        connected = server.info("connected_clients")
        accounted = server.info("mem_clients_normal")
        results.append(check(
            "half-open requests", connected == count + 1 and growth < 25_000 * count,
            f"{connected} clients, {growth / count:.0f} bytes each, {accounted / count:.0f} by mem_clients_normal"))
        limit = accounted // 2
        server.ask("CONFIG", "SET", "maxmemory-clients", limit)
        # What is too much is let go when the turn ends.
        alive = server.ask("PING") == b"+PONG\r\n"
        left = server.info("connected_clients")
        # The client that asks has a reply of some kilobytes.
        within = server.info("mem_clients_normal") <= limit + 64 * 1024
        results.append(check("half-open requests, limited afterwards", alive and within and left < count,
                             f"{left} clients are left, within the limit {within}"))
        for client in clients:
            client.close()
    return results


def out_of_descriptors(binary):
    """More clients than the process may have descriptors: the log, a file, says so, and later clients are served."""
    with tempfile.TemporaryDirectory() as directory:
        log = os.path.join(directory, "log")
        with Server(binary, "--logfile", log) as server:
            in_use = len(os.listdir(f"/proc/{server.process.pid}/fd"))
            resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (in_use + 5, in_use + 5))
            clients = [server.connect() for _ in range(50)]
            told = eventually(lambda: "Too many open files" in open(log).read())
            for client in clients:
                client.close()
            served = eventually(lambda: server.ask("PING") == b"+PONG\r\n")
    return [check("out of descriptors", told and served, f"told {told}, served afterwards {served}")]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    binary = parser.parse_args().binary
    results = []
    for case in (unread_pipeline, large_replies_in_one_batch, never_reads, announced_argument, out_of_descriptors,
                 half_open_requests):
        results += case(binary)
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
