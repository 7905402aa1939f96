#!/usr/bin/env python3
"""Types at redis-cli's prompt through a pseudo terminal and looks for help and hints, which it gets from COMMAND DOCS.

    Tests/Clients/prompt.py PORT        prints `all as expected`, or what was missing
"""

import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios
import time

# What is typed, and what must then appear on the screen. After a command the next prompt, too: what is typed before
# it stands there is thrown away when the terminal's mode changes.
PROMPT = r".*\d+> $"
SESSION = [
    ("set k1 hello\r", r"OK" + PROMPT),
    ("get k1\r", r'"hello"' + PROMPT),
    ("help get\r", r"summary:.*since:.*1\.0\.0.*group:.*string" + PROMPT),
    ("help @string\r", r"APPEND key value.*SUBSTR" + PROMPT),
    ("set ", r"key value"),
    ("k1 v ex", r"EX|NX"),
    ("\x15incrby ", r"key increment"),
    ("\x15hset ", r"key field value"),
    ("\x15multi\r", r"OK.*\(TX\)> $"),
    ("get k1\r", r"QUEUED.*\(TX\)> $"),
    ("exec\r", r'1\) "hello"' + PROMPT),
    ("\x15ge\t", r"GE[A-Z]+ key"),
    ("\x15quit\r", r""),
]


def read_until(screen: int, pattern: str, seconds: float = 120) -> str:
    """The text that came, without colours and cursor movements, once it matches or the time is over."""
    text, end = "", time.monotonic() + seconds
    while time.monotonic() < end and not (pattern and re.search(pattern, text, re.DOTALL)):
        if not select.select([screen], [], [], 0.1)[0]:
            continue
        try:
            data = os.read(screen, 65536)
        except OSError:
            break
        if not data:
            break
        text += re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", data.decode(errors="replace"))
    return text


def main() -> int:
    child, screen = pty.fork()
    if child == 0:
        os.environ.update(TERM="xterm", HOME="/nonexistent")
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))  # or it asks the terminal, and waits
        os.execvp("redis-cli", ["redis-cli", "-p", sys.argv[1]])
    missing = []
    read_until(screen, r"\d+> ")
    for typed, pattern in SESSION:
        os.write(screen, typed.encode())
        text = read_until(screen, pattern)
        if pattern and not re.search(pattern, text, re.DOTALL):
            missing.append(f"after {typed!r}: wanted {pattern}, found {text[-400:]!r}")
    os.close(screen)
    os.waitpid(child, 0)
    print("\n".join(missing) if missing else "all as expected")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
