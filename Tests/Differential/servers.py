"""Starts the two servers, each in a directory of its own, and ends them."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import resp


class ServerError(Exception):
    """A server that is missing, does not start, or died; the text says which and shows the end of its log."""


def stop_all(servers: list["Server"]) -> None:
    """Ends all of them, also when one has not ended well, which is an error."""
    errors = []
    for server in servers:
        try:
            server.stop()
        except ServerError as error:
            errors.append(str(error))
    if errors:
        raise ServerError("\n".join(errors))


class Server:
    """A server process on a unix socket in a temporary directory."""

    def __init__(self, label: str, binary: str, options: list[str]) -> None:
        self.label = label
        path = shutil.which(binary)
        if path is None:
            raise ServerError(f"{label}: no executable {binary}")
        self.directory = Path(tempfile.mkdtemp(prefix=f"martlet-differential-{label}-"))
        self.address = str(self.directory / "socket")
        self.log = self.directory / "log"
        with self.log.open("wb") as sink:
            self.process = subprocess.Popen(
                [os.path.abspath(path), "--port", "0", "--unixsocket", self.address, *options],
                cwd=self.directory, stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT)
        try:
            self.wait_until_it_answers()
        except ServerError:
            self.process.kill()
            self.process.wait()
            shutil.rmtree(self.directory, ignore_errors=True)
            raise

    def wait_until_it_answers(self) -> None:
        for _ in range(200):
            if self.process.poll() is not None:
                raise ServerError(self.report("did not start"))
            try:
                connection = resp.Connection(self.address)
                connection.call(b"PING")
                connection.close()
                return
            except OSError:
                time.sleep(0.05)
        raise ServerError(self.report("does not answer"))

    def connect(self) -> resp.Connection:
        return resp.Connection(self.address)

    def is_alive(self) -> bool:
        return self.process.poll() is None

    def report(self, what: str) -> str:
        log = self.log.read_text(errors="replace")[-3000:]
        return f"{self.label} {what} (exit status {self.process.poll()}); end of its log:\n{log}"

    def stop(self) -> None:
        """Ends the process as an operator does. Anything but a quick exit with status 0 is an error."""
        status = self.process.poll()
        if status is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                status = self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        text = self.report("did not end well") if status != 0 else ""
        shutil.rmtree(self.directory, ignore_errors=True)
        if text:
            raise ServerError(text)
