"""What the checks of all modules use."""

import inspect
import time
from collections.abc import Callable
from typing import Any

import redis


def same(found: Any, wanted: Any) -> None:
    if found != wanted:
        raise AssertionError(f"found {found!r}, wanted {wanted!r}")


def wait_until(condition: Callable[[], bool], seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not true within {seconds} s: {inspect.getsource(condition).strip()}")
        time.sleep(0.01)


def error_of(call: Callable[[], Any]) -> str:
    try:
        call()
    except redis.ResponseError as error:
        return str(error)
    raise AssertionError("no error")


def server_version(r: redis.Redis) -> tuple[int, ...]:
    return tuple(int(part) for part in r.info("server")["redis_version"].split(".")[:2])
