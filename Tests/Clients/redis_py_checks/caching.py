"""Client-side caching: redis-py's own cache on CLIENT TRACKING, which needs RESP3."""

import redis
from redis.cache import CacheConfig

from .common import same, wait_until


def check_client_side_cache(r: redis.Redis) -> None:
    options = dict(r.connection_pool.connection_kwargs)
    if options.get("protocol") != 3 or "path" in options:
        return
    pool = redis.ConnectionPool(**options, cache_config=CacheConfig())
    with redis.Redis.from_pool(pool) as cached:
        r.set("k", "old")
        same(cached.get("k"), b"old")
        same(cached.get("k"), b"old")
        same(cached.get_cache().size, 1)
        r.set("k", "new")
        wait_until(lambda: cached.get("k") == b"new")
        r.hset("h", "f", "1")
        same(cached.hget("h", "f"), b"1")
        r.hset("h", "f", "2")
        wait_until(lambda: cached.hget("h", "f") == b"2")
        r.flushall()
        wait_until(lambda: cached.get("k") is None)


def check_tracking_replies(r: redis.Redis) -> None:
    with r.client() as one:
        same(one.execute_command("CLIENT", "GETREDIR"), -1)
        same(one.execute_command("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "a:"), b"OK")
        same(one.execute_command("CLIENT", "TRACKING", "OFF"), b"OK")
