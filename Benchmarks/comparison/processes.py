"""The servers under measurement, pinned to one core, and what the kernel says about them."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

# Linux makes a process's clock of its number's complement and this (CPUCLOCK_SCHED); see clock_getcpuclockid(3).
CPU_CLOCK_OF_PROCESS = 2


class SetupError(Exception):
    """The comparison cannot run here; the text says why."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A fresh server on a loopback port. A context manager: leaving it ends the process."""

    def __init__(self, label: str, binary: str, options: list[str], core: int | None) -> None:
        path = shutil.which(binary)
        if path is None:
            raise SetupError(f"{label}: no executable {binary}")
        self.label = label
        self.port = free_port()
        self.directory = tempfile.mkdtemp(prefix="martlet-compare-")
        self.log = Path(self.directory) / "log"
        with self.log.open("wb") as sink:
            self.process = subprocess.Popen(
                [os.path.abspath(path), "--port", str(self.port), "--bind", "127.0.0.1", *options],
                cwd=self.directory, stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT,
                preexec_fn=None if core is None else lambda: os.sched_setaffinity(0, {core}))

    def __enter__(self) -> "Server":
        for _ in range(200):
            if self.process.poll() is None:
                try:
                    self.connect().close()
                    return self
                except OSError:
                    time.sleep(0.05)
        log = self.log.read_text(errors="replace")[-1000:]
        self.__exit__()
        raise SetupError(f"{self.label} did not start:\n{log}")

    def __exit__(self, *exception: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    def connect(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), 30)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def cpu_seconds(self) -> float:
        """User and system time of all threads so far, also of those that have ended. The process's own clock counts
        nanoseconds, /proc only hundredths of a second."""
        return time.clock_gettime(~self.process.pid << 3 | CPU_CLOCK_OF_PROCESS)

    def resident_bytes(self) -> int:
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise SetupError(f"{self.label} has ended")


class Contenders:
    """How to start each of the two."""

    def __init__(self, binary: str, reference: str, core: int) -> None:
        self.binary, self.reference, self.core = binary, reference, core

    def martlet(self, *options: str) -> Server:
        return Server("Martlet", self.binary, ["--save", "", *options], self.core)

    def redis(self, *options: str) -> Server:
        return Server("redis-server", self.reference, ["--save", "", *options], self.core)

    def martlet_path(self) -> str:
        return os.path.abspath(shutil.which(self.binary) or self.binary)

    def starters(self) -> list:
        return [self.redis, self.martlet]
