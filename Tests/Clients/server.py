"""Starts the server under test on a free loopback port and a unix socket, in a directory of its own."""

import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
DEFAULT_BINARY = str(ROOT / ".build/release/martlet-server")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def eventually(condition: Callable[[], bool]) -> bool:
    """Whether the condition comes to hold."""
    deadline = time.monotonic() + 600
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


class Server:
    """A running server; a context manager. Leaving it ends the server, which must then exit with status 0."""

    def __init__(self, binary: str, *options: str, port: int | None = None) -> None:
        path = shutil.which(binary)
        if path is None:
            raise FileNotFoundError(f"no executable {binary} (build it, or name one with --binary)")
        self.port = port or free_port()
        self.directory = Path(tempfile.mkdtemp(prefix="martlet-clients-"))
        self.socket = str(self.directory / "socket")
        self.log = self.directory / "log"
        with self.log.open("wb") as sink:
            self.process = subprocess.Popen(
                [str(Path(path).absolute()), "--port", str(self.port), "--unixsocket", self.socket, *options],
                cwd=self.directory, stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT)

    def __enter__(self) -> "Server":
        for _ in range(6000):
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                time.sleep(0.05)
        self.process.kill()
        self.process.wait()
        log = self.log.read_text(errors="replace")[-2000:]
        shutil.rmtree(self.directory, ignore_errors=True)
        raise RuntimeError(f"the server did not start; end of its log:\n{log}")

    def __exit__(self, *exception: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(300)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        log = self.log.read_text(errors="replace")[-2000:]
        shutil.rmtree(self.directory, ignore_errors=True)
        if status != 0:
            raise RuntimeError(f"the server ended with status {status}; end of its log:\n{log}")
