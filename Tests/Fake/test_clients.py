"""Two foreign clients against a fake that goes wrong on purpose: redis-py with its retries, and redis-cli."""

import subprocess

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry


def retrying(martlet, retries: int, **options) -> redis.Redis:
    return martlet.client(retry=Retry(NoBackoff(), retries), **options)


def test_keys_live_by_the_fakes_clock(martlet):
    client = martlet.client()
    martlet.freeze()
    client.set("session", "ann", ex=60)
    martlet.advance(59)
    assert client.get("session") == "ann" and client.ttl("session") == 1
    martlet.advance(2)
    assert client.get("session") is None


def test_each_test_has_a_new_fake(martlet):
    assert martlet.client().dbsize() == 0
    assert martlet.received("SET") == []


def test_expired_events_come_in_order(martlet):
    client = martlet.client()
    client.config_set("notify-keyspace-events", "Ex")
    martlet.freeze()
    messages = client.pubsub(ignore_subscribe_messages=True)
    messages.subscribe("__keyevent@0__:expired")
    messages.get_message(timeout=120)
    for number in (3, 1, 2):
        client.set(f"key:{number}", "", ex=number)
    martlet.advance(10)
    assert [messages.get_message(timeout=120)["data"] for _ in range(3)] == ["key:1", "key:2", "key:3"]
    client.config_set("notify-keyspace-events", "")


@pytest.mark.parametrize("effect", [("CUT", "BEFORE"), ("CUT", "AFTER"), ("HALF",), ("ERROR", "LOADING wait")])
def test_redis_py_tries_again(martlet, effect):
    client = retrying(martlet, 3)
    client.set("a", "1")
    number = martlet.fault(*effect, "TIMES", 2, "ON", "GET")
    assert client.get("a") == "1"
    assert len(martlet.received("GET", "a")) == 3
    [report] = martlet.control.execute_command("FAKE", "FAULTS")
    assert report["id"] == number and report["fired"] == 2 and report["active"] == 1


def test_redis_py_gives_up(martlet):
    client = retrying(martlet, 1)
    martlet.fault("CUT", "BEFORE", "ON", "INCR*")
    with pytest.raises(redis.ConnectionError):
        client.incr("n")
    # That is what redis-py makes of incr.
    assert len(martlet.received("INCRBY", "n")) == 2
    assert client.get("n") is None


@pytest.mark.parametrize("text, kind", [
    ("READONLY You can't write against a read only replica.", redis.exceptions.ReadOnlyError),
    ("OOM command not allowed when used memory > 'maxmemory'.", redis.exceptions.OutOfMemoryError),
    ("NOAUTH Authentication required.", redis.exceptions.AuthenticationError),
    ("ERR of my own", redis.ResponseError),
])
def test_redis_py_knows_the_errors(martlet, text, kind):
    client = retrying(martlet, 0)
    martlet.fault("ERROR", text, "TIMES", 1, "ON", "SET", "user:*")
    client.set("other", "1")
    with pytest.raises(kind):
        client.set("user:1", "1")
    assert client.set("user:1", "1") is True


def test_a_late_reply_is_a_timeout(martlet):
    client = retrying(martlet, 0, socket_timeout=5)
    client.ping()
    martlet.fault("DELAY", 60_000, "TIMES", 1, "ON", "SET")
    with pytest.raises(redis.TimeoutError):
        client.set("a", "1")
    assert client.get("a") == "1"


def test_nobody_is_let_in(martlet):
    number = martlet.fault("CONNECTIONS")
    with pytest.raises(redis.ConnectionError):
        retrying(martlet, 0).ping()
    martlet.control.execute_command("FAKE", "CLEAR", number)
    assert retrying(martlet, 0).ping()


def test_a_full_disk(martlet):
    number = martlet.fault("DISK")
    with pytest.raises(redis.ResponseError):
        martlet.client().save()
    martlet.control.execute_command("FAKE", "CLEAR", number)
    assert martlet.client().save()


def cli(martlet, *words: str) -> subprocess.CompletedProcess:
    return subprocess.run(["redis-cli", "-e", "-s", martlet.socket, *words], capture_output=True, text=True)


def test_redis_cli_tells_errors(martlet):
    martlet.fault("ERROR", "LOADING wait", "TIMES", 1, "ON", "GET")
    failed = cli(martlet, "GET", "a")
    assert "LOADING wait" in failed.stdout + failed.stderr and failed.returncode == 1
    assert cli(martlet, "SET", "a", "1").stdout == "OK\n"


@pytest.mark.parametrize("effect", [("CUT", "BEFORE"), ("CUT", "AFTER"), ("HALF",)])
def test_redis_cli_notices_a_cut(martlet, effect):
    martlet.client().set("a", "1")
    # It tries a second time by itself.
    martlet.fault(*effect, "ON", "GET")
    failed = cli(martlet, "GET", "a")
    assert failed.returncode != 0 and "1" not in failed.stdout
    assert len(martlet.received("GET", "a")) >= 1


def test_redis_cli_steers_the_fake(martlet):
    martlet.freeze()
    martlet.client().set("a", "1", px=500)
    assert int(cli(martlet, "FAKE", "ADVANCE", "501").stdout) > 0
    assert cli(martlet, "EXISTS", "a").stdout == "0\n"
    assert "ADVANCE <milliseconds>" in cli(martlet, "FAKE", "HELP").stdout
