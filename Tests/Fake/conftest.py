"""A pytest fixture for tests of programs that use Redis: `martlet`, a fake that is as new for each test.

    MARTLET_SERVER=.build/release/martlet-server python3 -m pytest Tests/Fake

Copy this file beside tests of your own. One process serves all tests of a run; FAKE RESET makes it new again.
"""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis


class Martlet:
    """A fake and what steers it. Any client may be pointed at `socket`."""

    def __init__(self, socket: Path) -> None:
        self.socket = socket
        self.control = self.client(protocol=3)

    def client(self, **options: object) -> redis.Redis:
        return redis.Redis(unix_socket_path=str(self.socket), decode_responses=True, **options)

    def advance(self, seconds: float) -> None:
        """Turns the clock on; what comes due is done when this returns."""
        self.control.execute_command("FAKE", "ADVANCE", round(seconds * 1000))

    def freeze(self) -> None:
        self.control.execute_command("FAKE", "FREEZE")

    def fault(self, *words: object) -> int:
        """`fault("ERROR", "OOM none left", "TIMES", 1, "ON", "SET", "user:*")`, and more: see FAKE HELP."""
        return self.control.execute_command("FAKE", "FAULT", *words)

    def received(self, *words: str) -> list[list[str]]:
        """The commands received that begin with these words."""
        wanted = [word.upper() for word in words]
        return [command for command in self.control.execute_command("FAKE", "RECEIVED")
                if [word.upper() for word in command[:len(wanted)]] == wanted]

    def reset(self) -> None:
        self.control.execute_command("FAKE", "RESET")


@pytest.fixture(scope="session")
def martlet_process() -> Iterator[Martlet]:
    directory = Path(tempfile.mkdtemp(prefix="martlet-"))
    socket = directory / "socket"
    binary = os.environ.get("MARTLET_SERVER", "martlet-server")
    process = subprocess.Popen([binary, "--fake", "--port", "0", "--unixsocket", socket], cwd=directory,
                               stdout=subprocess.DEVNULL)
    try:
        martlet = Martlet(socket)
        for _ in range(500):
            try:
                martlet.control.ping()
                break
            except redis.ConnectionError:
                time.sleep(0.01)
        yield martlet
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def martlet(martlet_process: Martlet) -> Iterator[Martlet]:
    yield martlet_process
    martlet_process.reset()
