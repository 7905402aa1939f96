#!/usr/bin/env python3
"""redis-py against the server: sync and asyncio, RESP2 and RESP3, its own parsers and hiredis, TCP and unix socket.

    Tests/Clients/redis_py.py [--binary PATH] [--check NAME]

Needs: pip install redis hiredis (without hiredis its rounds are counted as skipped). Each check is a function in
redis_py_checks/; it gets a client, on an empty server, in every combination. Exit status 77: redis-py is not installed, nothing was checked.
"""

import argparse
import asyncio
import inspect
import signal
import sys
import traceback
from collections.abc import Callable
from typing import Any

sys.dont_write_bytecode = True  # no __pycache__ in the source tree

from server import DEFAULT_BINARY, Server

try:
    import redis
    import redis.asyncio
    from redis import _parsers as parsers
except ImportError:
    print("redis-py is not installed (pip install redis hiredis)\n0 passed, 0 failed, 1 skipped")
    sys.exit(77)

from redis_py_checks import basics, caching, collections, messages, transactions

MODULES = [basics, collections, transactions, messages, caching]


def parser_classes(is_async: bool) -> list[tuple[str, int, type]]:
    """RESP version and parser of each round."""
    prefix = "_Async" if is_async else "_"
    own = [("own parser", number, getattr(parsers, f"{prefix}RESP{number}Parser")) for number in (2, 3)]
    if not getattr(redis.utils, "HIREDIS_AVAILABLE", False):
        return own
    return own + [("hiredis", number, getattr(parsers, f"{prefix}HiredisParser")) for number in (2, 3)]


def run_check(check: Callable, parser: type, protocol: int, server: Server, unix: bool) -> None:
    """One check on an empty server, with a client of its own."""
    options: dict[str, Any] = {"protocol": protocol, "parser_class": parser, "socket_timeout": 300}
    is_async = inspect.iscoroutinefunction(check)
    module = redis.asyncio if is_async else redis
    if unix:
        options.update(path=server.socket, connection_class=module.UnixDomainSocketConnection)
    else:
        options.update(host="127.0.0.1", port=server.port)
    if is_async:
        asyncio.run(with_async_client(check, options))
        return
    client = redis.Redis(connection_pool=redis.ConnectionPool(**options))
    try:
        client.flushall()
        check(client)
    finally:
        client.connection_pool.disconnect()


async def with_async_client(check: Callable, options: dict[str, Any]) -> None:
    client = redis.asyncio.Redis(connection_pool=redis.asyncio.ConnectionPool(**options))
    try:
        await client.flushall()
        await check(client)
    finally:
        await client.connection_pool.disconnect()


def run_all(checks: list[Callable], server: Server) -> tuple[int, int]:
    passed = failed = 0
    for check in checks:
        is_async = inspect.iscoroutinefunction(check)
        for name, protocol, parser in parser_classes(is_async):
            for unix in (False, True):
                label = f"{check.__name__[6:]}, RESP{protocol}, {name}, {'unix socket' if unix else 'TCP'}"
                try:
                    run_check(check, parser, protocol, server, unix)
                    passed += 1
                except Exception:
                    failed += 1
                    print(f"FAILED: {label}\n{traceback.format_exc(limit=-3)}", flush=True)
    return passed, failed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=DEFAULT_BINARY)
    parser.add_argument("--check", help="only the checks whose name contains this")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # as an exception, so that the server is ended too
    checks = [value for module in MODULES for name, value in vars(module).items() if name.startswith("check_")]
    checks = [check for check in checks if not arguments.check or arguments.check in check.__name__]
    try:
        with Server(arguments.binary) as server:
            passed, failed = run_all(checks, server)
    except (OSError, RuntimeError) as error:
        print(f"error: {error}")
        print("0 passed, 1 failed")
        return 1
    skipped = 0 if getattr(redis.utils, "HIREDIS_AVAILABLE", False) else len(checks) * 4
    print(f"redis-py {redis.__version__}: {passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
