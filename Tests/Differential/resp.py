"""A tiny RESP client that keeps replies as the bytes they came in."""

import select
import socket
from typing import Any

LINE_TYPES = b"+-:_,#("
BULK_TYPES = b"$=!"
LIST_TYPES = b"*~>"
PAIR_TYPES = b"%|"


def encode(arguments: list[bytes]) -> bytes:
    parts = [b"*%d\r\n" % len(arguments)]
    for argument in arguments:
        parts.append(b"$%d\r\n%b\r\n" % (len(argument), argument))
    return b"".join(parts)


def frame_end(data: bytes, start: int) -> int:
    """The offset after the reply that begins at `start`, or -1 when it is not complete."""
    newline = data.find(b"\r\n", start)
    if newline < 0:
        return -1
    kind, position = data[start], newline + 2
    if kind in LINE_TYPES:
        return position
    count = int(data[start + 1:newline])
    if count < 0:
        return position
    if kind in BULK_TYPES:
        end = position + count + 2
        return end if end <= len(data) else -1
    if kind in PAIR_TYPES:
        count *= 2
    elif kind not in LIST_TYPES:
        raise ValueError(f"no RESP reply begins with {data[start:start + 20]!r}")
    for _ in range(count):
        position = frame_end(data, position)
        if position < 0:
            return -1
    return frame_end(data, position) if kind == PAIR_TYPES[1] else position


def decode(frame: bytes) -> Any:
    """A reply as Python values: bytes, int, None, list; errors and simple strings stay bytes with their mark."""
    return decode_at(frame, 0)[0]


def decode_at(data: bytes, start: int) -> tuple[Any, int]:
    newline = data.index(b"\r\n", start)
    kind, text, position = data[start], data[start + 1:newline], newline + 2
    if kind == ord(":"):
        return int(text), position
    if kind == ord("_"):
        return None, position
    if kind in LINE_TYPES:
        return data[start:newline], position
    count = int(text)
    if count < 0:
        return None, position
    if kind in BULK_TYPES:
        return data[position:position + count], position + count + 2
    items = []
    for _ in range(count * 2 if kind in PAIR_TYPES else count):
        item, position = decode_at(data, position)
        items.append(item)
    return items, position


class Connection:
    """One client connection to one server."""

    def __init__(self, address: str | tuple[str, int], timeout: float = 300) -> None:
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        self.socket.connect(address)
        if family == socket.AF_INET:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.timeout = timeout
        self.received = b""

    def close(self) -> None:
        self.socket.close()

    def call(self, *arguments: bytes) -> bytes:
        return self.exchange([encode(list(arguments))], 1)[0]

    def exchange(self, chunks: list[bytes], count: int) -> list[bytes]:
        """Sends the chunks and collects `count` replies, reading while it still sends, so that neither side waits."""
        chunks = chunks[::-1]
        frames: list[bytes] = []
        while True:
            frames += self.take_frames(count - len(frames))
            if len(frames) == count and not chunks:
                return frames
            self.step(chunks)

    def step(self, chunks: list[bytes]) -> None:
        """One wait: sends what the socket takes of the last chunk, receives what has arrived."""
        readable, writable, _ = select.select([self.socket], [self.socket] if chunks else [], [], self.timeout)
        if not readable and not writable:
            raise TimeoutError(f"no answer within {self.timeout} s; so far {self.received[-200:]!r}")
        if writable:
            sent = self.socket.send(chunks[-1])
            if sent < len(chunks[-1]):
                chunks[-1] = chunks[-1][sent:]
            else:
                chunks.pop()
        if readable:
            data = self.socket.recv(1 << 18)
            if not data:
                raise ConnectionError(f"the server closed the connection after {self.received[-200:]!r}")
            self.received += data

    def take_frames(self, most: int) -> list[bytes]:
        frames, position = [], 0
        while len(frames) < most and position < len(self.received):
            end = frame_end(self.received, position)
            if end < 0:
                break
            frames.append(self.received[position:end])
            position = end
        self.received = self.received[position:]
        return frames

    def conversation(self, chunks: list[bytes], sentinel: bytes, quiet: float = 0.4) -> tuple[bytes, bool]:
        """Sends raw bytes and collects what comes back until the server closes, `sentinel` ends the answer, or
        nothing more comes for `quiet` seconds. Returns the bytes and whether the server closed."""
        collected = self.received
        self.received = b""
        try:
            for chunk in chunks:
                self.socket.sendall(chunk)
        except (BrokenPipeError, ConnectionResetError):
            pass  # closed while we still sent: its answer can be read nevertheless
        self.socket.settimeout(quiet)
        while not (sentinel and collected.endswith(sentinel)):
            try:
                data = self.socket.recv(1 << 18)
            except TimeoutError:
                return collected, False
            except ConnectionResetError:
                data = b""
            if not data:
                return collected, True
            collected += data
        return collected, False
