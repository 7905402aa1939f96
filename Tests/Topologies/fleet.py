"""Real servers in numbers: a primary with replicas and sentinels, a cluster, and the load that they are put under."""

import json
import random
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import redis

HOST = "127.0.0.1"
# Generous: a machine that does other things meanwhile is no failure.
PATIENCE = 900
# Milliseconds of silence from which others take a server for dead: while nobody is killed, and when somebody is. A slow
# machine lets one wait for seconds.
STALL, SILENCE = 60_000, 2_000


def expect(holds: bool, what: str) -> None:
    if not holds:
        raise AssertionError(f"does not hold: {what}")


def wait_until(what: str, condition: Callable[[], Any]) -> None:
    until = time.time() + PATIENCE
    while time.time() < until:
        try:
            if condition():
                return
        except (redis.RedisError, OSError):
            pass
        time.sleep(0.05)
    raise AssertionError(f"did not come to hold: {what}")


def free_ports(count: int, distance: int = 0) -> list[int]:
    """Ports that nobody listens on, nor on those `distance` above; below those that connections are made from."""
    found: list[int] = []
    while len(found) < count:
        port = random.randrange(10000, 22000)
        with socket.socket() as first, socket.socket() as second:
            try:
                first.bind((HOST, port))
                second.bind((HOST, port + distance if distance else 0))
            except OSError:
                continue
        if port not in found:
            found.append(port)
    return found


class Fleet:
    """Servers that end with the block."""

    def __init__(self, directory: Path, program: str = "redis-server") -> None:
        self.directory = directory
        self.program = program
        self.processes: dict[int, subprocess.Popen] = {}

    def start(self, port: int, *options: str, sentinel: str | None = None) -> None:
        place = self.directory / str(port)
        place.mkdir(exist_ok=True)
        words = [shutil.which(self.program) or self.program]
        if sentinel is not None:
            (place / "sentinel.conf").write_text(sentinel)
            words += [str(place / "sentinel.conf"), "--sentinel"]
        words += ["--port", str(port), "--bind", HOST, "--dir", str(place), "--logfile", str(place / "log"), *options]
        self.processes[port] = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        wait_until(f"{port} answers", lambda: self.client(port).ping())

    def client(self, port: int) -> redis.Redis:
        return redis.Redis(HOST, port, decode_responses=True, socket_timeout=300, protocol=2)

    def kill(self, port: int) -> None:
        self.processes[port].kill()
        self.processes[port].wait()

    def hang(self, port: int) -> None:
        """It keeps its connections, and the system takes more for it, but it says nothing."""
        self.processes[port].send_signal(signal.SIGSTOP)

    def go_on(self, port: int) -> None:
        self.processes[port].send_signal(signal.SIGCONT)

    def __exit__(self, *_: object) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait()


class Single(Fleet):
    def __enter__(self) -> "Single":
        self.port = free_ports(1)[0]
        self.start(self.port, "--save", "", "--requirepass", "se cret")
        return self

    def client(self, port: int) -> redis.Redis:
        return redis.Redis(HOST, port, password="se cret", socket_timeout=300, protocol=2)

    @property
    def url(self) -> str:
        return f"redis://:se%20cret@{HOST}:{self.port}/3"


class Narrow(Single):
    """A server of somebody else: sessions may use their own keys, and nothing that rules the server or describes it."""

    def __enter__(self) -> "Narrow":
        super().__enter__()
        client = super().client(self.port)
        client.execute_command("ACL", "SETUSER", "app", "on", ">pass", "~mt:*", "&*", "+@all", "-@dangerous", "-command")
        # Its owner has to switch on what tells of the end of sessions.
        client.config_set("notify-keyspace-events", "Exe")
        return self

    @property
    def url(self) -> str:
        return f"redis://app:pass@{HOST}:{self.port}"


class Durable(Single):
    """A server whose append only file survives it."""

    def __enter__(self) -> "Durable":
        self.port = free_ports(1)[0]
        self.run()
        return self

    def run(self) -> None:
        self.start(self.port, "--save", "", "--requirepass", "se cret", "--appendonly", "yes")

    def crash(self) -> None:
        self.kill(self.port)
        self.run()

    def keys_without_deadline(self) -> int:
        client = redis.Redis(HOST, self.port, db=3, password="se cret", socket_timeout=300, protocol=2)
        return sum(client.pttl(key) == -1 for key in client.scan_iter("*", count=1000))


class Sentinels(Fleet):
    NAME = "mymaster"

    def __enter__(self) -> "Sentinels":
        self.servers = free_ports(3)
        primary = self.servers[0]
        for port in self.servers:
            follows = ["--replicaof", HOST, str(primary)] if port != primary else []
            self.start(port, "--save", "", "--repl-diskless-sync-delay", "0", *follows)
        self.sentinels = free_ports(3)
        for port in self.sentinels:
            self.start(port, sentinel=f"sentinel monitor {self.NAME} {HOST} {primary} 2\n"
                                      f"sentinel down-after-milliseconds {self.NAME} {STALL}\n"
                                      f"sentinel failover-timeout {self.NAME} 10000\n")
        wait_until("all know each other", self.is_settled)
        return self

    @property
    def url(self) -> str:
        return self.url_with("reads=primary")

    def url_with(self, option: str) -> str:
        hosts = ",".join(f"{HOST}:{port}" for port in self.sentinels)
        return f"redis-sentinel://{hosts}?{option}#{self.NAME}"

    def is_settled(self) -> bool:
        return all(
            int(state["num-other-sentinels"]) == 2 and int(state["num-slaves"]) == 2
            for state in (self.client(port).sentinel_master(self.NAME) for port in self.sentinels)
        ) and all(self.client(port).info("replication")["role"] == "master"
                  or self.client(port).info("replication")["master_link_status"] == "up" for port in self.servers)

    def watch_closely(self, milliseconds: int = SILENCE) -> None:
        for sentinel in self.sentinels:
            self.client(sentinel).execute_command("SENTINEL", "SET", self.NAME, "down-after-milliseconds", milliseconds)

    def kill(self, port: int) -> None:
        self.watch_closely()
        super().kill(port)

    def hang(self, port: int) -> None:
        self.watch_closely()
        super().hang(port)

    def is_replica(self, port: int) -> bool:
        return self.client(port).info("replication")["role"] == "slave"

    def primary_port(self) -> int:
        return int(self.client(self.sentinels[0]).sentinel_get_master_addr_by_name(self.NAME)[1])

    def fail_over(self) -> None:
        self.client(self.sentinels[0]).execute_command("SENTINEL", "FAILOVER", self.NAME)

    def replica_reads(self) -> int:
        replicas = [port for port in self.servers if port != self.primary_port()]
        return sum(self.client(port).info("commandstats").get("cmdstat_get", {}).get("calls", 0) for port in replicas)


class Cluster(Fleet):
    """Three primaries, each with a replica."""

    def __enter__(self) -> "Cluster":
        self.ports = free_ports(6, distance=10000)
        for port in self.ports:
            self.start(port, "--cluster-enabled", "yes", "--cluster-node-timeout", str(STALL), "--save", "",
                       "--cluster-replica-validity-factor", "0",
                       "--cluster-config-file", "nodes.conf", "--repl-diskless-sync-delay", "0")
        subprocess.run(
            ["redis-cli", "--cluster", "create", *(f"{HOST}:{port}" for port in self.ports), "--cluster-replicas", "1",
             "--cluster-yes"], check=True, stdout=subprocess.DEVNULL)
        wait_until("the cluster is whole", lambda: all(self.knows_all(port) for port in self.ports))
        return self

    @property
    def url(self) -> str:
        return "redis-cluster://" + ",".join(f"{HOST}:{port}" for port in self.ports[:2])

    def knows_all(self, port: int) -> bool:
        info = self.client(port).execute_command("CLUSTER INFO")
        slots = self.client(port).execute_command("CLUSTER SLOTS")
        replication = self.client(port).info("replication")
        follows = replication["role"] == "master" or replication["master_link_status"] == "up"
        return follows and "ok" in str(info) and sum(len(one) - 3 for one in slots) >= 3

    def owners(self, asked: int | None = None) -> dict[int, tuple[str, int]]:
        """The first slot of each range, its primary's id and port."""
        alive = asked or next(port for port in self.ports if self.processes[port].poll() is None)
        rows = redis.Redis(HOST, alive, protocol=2).execute_command("CLUSTER SLOTS")
        return {slot: (row[2][2].decode(), row[2][1]) for row in rows for slot in range(row[0], row[1] + 1)}

    def keys_matching(self, pattern: str) -> list[str]:
        primaries = sorted({port for _, port in self.owners().values()})
        return [key for port in primaries for key in self.client(port).scan_iter(pattern, count=1000)]

    def move_slots(self, keys: list[str], count: int) -> int:
        """Each to another primary, key by key, as redis-cli does it."""
        owners = self.owners()
        nodes = {port: node for node, port in owners.values()}
        slots = list({self.client(self.ports[0]).execute_command("CLUSTER", "KEYSLOT", key) for key in keys})[:count]
        for slot in slots:
            node, port = owners[slot]
            target = random.choice([other for other in nodes if other != port])
            source, goal = self.client(port), self.client(target)
            goal.execute_command("CLUSTER", "SETSLOT", slot, "IMPORTING", node)
            source.execute_command("CLUSTER", "SETSLOT", slot, "MIGRATING", nodes[target])
            while found := source.execute_command("CLUSTER", "GETKEYSINSLOT", slot, 1):
                source.execute_command("MIGRATE", HOST, target, "", 0, 300_000, "KEYS", *found)
                time.sleep(0.02)
            for server in [goal, source, *(self.client(other) for other in nodes if other not in (port, target))]:
                server.execute_command("CLUSTER", "SETSLOT", slot, "NODE", nodes[target])
        return len(slots)

    def kill_a_primary(self) -> int:
        port = self.doomed_primary()
        self.kill(port)
        return port

    def hang_a_primary(self) -> int:
        port = self.doomed_primary()
        self.hang(port)
        return port

    def doomed_primary(self) -> int:
        """One whose silence the others will not bear for long."""
        port = random.choice(sorted({port for _, port in self.owners().values()}))
        for each in self.ports:
            self.client(each).config_set("cluster-node-timeout", SILENCE)
        return port

    def is_whole_without(self, dead: int) -> bool:
        alive = [port for port in self.ports if port != dead]
        return all("cluster_state:ok" in self.state(port)
                   and dead not in {owner for _, owner in self.owners(port).values()} for port in alive)

    def state(self, port: int) -> str:
        with socket.create_connection((HOST, port), timeout=300) as connection:
            connection.sendall(b"CLUSTER INFO\r\n")
            return connection.recv(1 << 16).decode()


class Load:
    """The program that keeps on writing; its last line so far. It waits for as long as a slow machine may need, or, if
    that is asked for, as the client does by default."""

    def __init__(self, programs: Path, url: str, tasks: int, kind: str = "counters", is_patient: bool = True) -> None:
        words = [str(programs / "martlet-client-load"), url, str(tasks), kind, *([] if is_patient else ["by-default"])]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.tasks = tasks
        self.last: dict[str, Any] = {}
        self.ended = threading.Event()
        threading.Thread(target=self.read, daemon=True).start()

    def __enter__(self) -> "Load":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()

    def read(self) -> None:
        for line in self.process.stdout:
            self.last = json.loads(line)
        self.ended.set()

    def until(self, what: str, condition: Callable[[dict[str, Any]], bool]) -> None:
        wait_until(what, lambda: self.process.poll() is None and self.last and condition(self.last))

    def runs_for_a_while(self) -> None:
        self.until("the load runs", lambda line: line["acknowledged"] > 1000 and line["messages"] > 0)

    def keys(self) -> list[str]:
        return [f"load:{{{task}-{number}}}" for task in range(self.tasks) for number in range(50)]

    def recovers(self, what: str, is_done: Callable[[], bool]) -> float:
        """Waits for the servers, then for the load to go on without errors; the seconds that both took."""
        began = time.time()
        wait_until(what, is_done)
        done = time.time()

        def goes_on() -> bool:
            before = dict(self.last)
            time.sleep(1)
            return (self.last["acknowledged"] > before["acknowledged"] + 100
                    and self.last["refused"] == before["refused"] and self.last["unknown"] == before["unknown"])

        wait_until(f"commands are acknowledged after {what}", goes_on)
        # The second in which all is well was looked at from its begin.
        well = max(done, time.time() - 1)
        print(f"  {what}: the servers took {done - began:.1f} s, the client {well - done:.1f} s more; "
              f"refused {self.last['refused']}, unknown {self.last['unknown']} {self.last['errors']}", flush=True)
        return well - began

    def goes_on_when(self, what: str, is_done: Callable[[], Any], count: int = 1000) -> None:
        """Waits for the servers, then for so many more to be acknowledged, whatever else fails."""
        wait_until(what, is_done)
        acknowledged = self.last["acknowledged"]
        self.until(f"commands are acknowledged after {what}", lambda line: line["acknowledged"] > acknowledged + count)

    def finish(self) -> dict[str, Any]:
        self.process.stdin.close()
        if not self.ended.wait(PATIENCE) or not self.last.get("isLast"):
            raise AssertionError(f"the load gave no verdict: {self.last}")
        return self.last
