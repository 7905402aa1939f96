"""Many connections: what an idle one costs in memory, and what the active ones cost among ten thousand."""

import multiprocessing
import resource
import time
from collections.abc import Iterator
from contextlib import ExitStack
from multiprocessing.connection import Connection

from . import strings
from .load import Throughput, fill
from .processes import Contenders, Server, SetupError
from .rounds import Rounds
from .rows import Row, Size


def idle(contenders: Contenders, size: Size) -> Iterator[Row]:
    """Resident memory per connection that has sent one PING and then nothing."""
    values = []
    for start in contenders.starters():
        with start() as server, ExitStack() as stack:
            fill(server, [b"warm"])
            values.append(memory_of(server, size.connections, stack))
    yield Row(f"memory per idle connection ({size.connections} of them)", *values, "bytes")


def memory_of(server: Server, count: int, stack: ExitStack) -> float:
    """Of each of so many silent clients, which stay for as long as `stack`."""
    empty = server.resident_bytes()
    stack.enter_context(SilentClients(server, count))
    time.sleep(1)
    return (server.resident_bytes() - empty) / count


def crowd(contenders: Contenders, size: Size) -> Iterator[Row]:
    """Very many connected clients, of which one in a hundred is active: GET, the others silent."""
    active = max(1, size.crowd // 100)
    name = f"{size.crowd:,} connected, {active} active"
    cases: dict[int, Rounds[Throughput]] = {1: Rounds(), 16: Rounds()}
    memories: list[float] = []
    with ExitStack() as stack:
        servers = [stack.enter_context(start("--maxclients", str(size.crowd + 100))) for start in contenders.starters()]
        for server in servers:
            fill(server, strings.KEYS)
            memories.append(memory_of(server, size.crowd - active, stack))
        for depth, rounds in cases.items():
            rounds.alternate(size.pairs * size.rounds, lambda index: strings.run(
                servers[index], "get", depth, size, clients=active))
    for depth, rounds in cases.items():
        yield from strings.rows(f"{name}: GET, pipeline {depth}", rounds, None)
    yield Row(f"{name}: memory per connection", *memories, "bytes")


class SilentClients:
    """Connections that have sent one PING and then nothing, in a process of their own, because the descriptors of one
    are not enough for those of two servers. A context manager: leaving it ends them."""

    def __init__(self, server: Server, count: int) -> None:
        # A server, which holds a process, cannot be handed over in another way.
        context = multiprocessing.get_context("fork")
        self.line, theirs = context.Pipe()
        self.process = context.Process(target=stay_connected, args=(server, count, theirs), daemon=True)
        self.process.start()
        theirs.close()

    def __enter__(self) -> "SilentClients":
        try:
            problem = self.line.recv()
        except EOFError:
            problem = "the process of the silent clients has ended"
        if problem:
            self.__exit__()
            raise SetupError(problem)
        return self

    def __exit__(self, *exception: object) -> None:
        self.line.close()
        self.process.terminate()
        self.process.join()


def stay_connected(server: Server, count: int, line: Connection) -> None:
    """Connects, says so, or what is wrong, and stays until it is ended."""
    with ExitStack() as stack:
        try:
            allow_descriptors(count)
            for _ in range(count):
                connection = stack.enter_context(server.connect())
                connection.sendall(b"PING\r\n")
                if connection.recv(100) != b"+PONG\r\n":
                    raise SetupError(f"{server.label} refused a connection")
        except (OSError, ValueError, SetupError) as error:
            line.send(str(error))
            return
        line.send(None)
        time.sleep(3600)


def allow_descriptors(count: int) -> None:
    """So many connections, and what the process has besides."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + 200
    if soft != resource.RLIM_INFINITY and soft < wanted:
        # Above the hard limit only who administers the machine may go.
        most = hard if hard == resource.RLIM_INFINITY else max(hard, wanted)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
        except ValueError:
            raise SetupError(f"{wanted} descriptors are needed, and {hard} are allowed (ulimit -Hn)") from None
