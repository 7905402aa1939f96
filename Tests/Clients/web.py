#!/usr/bin/env python3
"""Web frameworks keep their sessions and caches on the server: Flask-Session, cachelib, Django, FastAPI.

    Tests/Clients/web.py [--binary PATH] [--check NAME] [--documents DIR]

Needs: pip install redis flask flask-session cachelib msgspec django fastapi httpx. Each check is a function below, on
an empty server. With --documents, the Python programs in the documents 000* and 004* of that directory, which connect
to port 6379, are run as they stand there, too. Exit status 77: a package is missing, nothing was checked.
"""

import argparse
import json
import re
import secrets
import signal
import sys
import traceback
import warnings
from pathlib import Path
from typing import Any

sys.dont_write_bytecode = True  # no __pycache__ in the source tree

from server import DEFAULT_BINARY, Server

warnings.simplefilter("ignore")  # the packages' own business

try:
    import cachelib
    import django
    import fastapi
    import fastapi.testclient
    import flask
    import flask_session
    import redis
except ImportError as error:
    print(f"{error.name} is not installed\n0 passed, 0 failed, 1 skipped")
    sys.exit(77)


def same(found: Any, wanted: Any) -> None:
    if found != wanted:
        raise AssertionError(f"found {found!r}, wanted {wanted!r}")


# MARK: Flask and cachelib


def check_flask_session(r: redis.Redis) -> None:
    app = flask.Flask("shop")
    app.config.update(SESSION_TYPE="redis", SESSION_REDIS=r, SESSION_KEY_PREFIX="shop:", SECRET_KEY="secret",
                      SESSION_SERIALIZATION_FORMAT="json", PERMANENT_SESSION_LIFETIME=3600)
    flask_session.Session(app)

    @app.post("/add/<item>")
    def add(item: str) -> str:
        flask.session["items"] = [*flask.session.get("items", []), item]
        return ",".join(flask.session["items"])

    @app.post("/renew")
    def renew() -> str:
        app.session_interface.regenerate(flask.session)
        return "renewed"

    @app.post("/leave")
    def leave() -> str:
        flask.session.clear()
        return "left"

    ada, eve = app.test_client(), app.test_client()
    same(ada.post("/add/tea").text, "tea")
    same(ada.post("/add/milk").text, "tea,milk")
    same(eve.post("/add/salt").text, "salt")
    keys = r.keys("shop:*")
    same(len(keys), 2)
    same(all(3500 < r.ttl(key) <= 3600 for key in keys), True)
    same({json.loads(r.get(key))["items"][0] for key in keys}, {"tea", "salt"})
    ada.post("/renew")
    same(ada.post("/add/egg").text, "tea,milk,egg")
    same(len(r.keys("shop:*")), 2)
    ada.post("/leave")
    same(len(r.keys("shop:*")), 1)


def check_cachelib(r: redis.Redis) -> None:
    cache = cachelib.RedisCache(r, key_prefix="c:", default_timeout=100)
    same(cache.set("k", {"a": [1, 2]}), True)
    same(cache.get("k"), {"a": [1, 2]})
    same(cache.add("k", 1), False)
    same(cache.set_many({"x": 1, "y": 2}), ["x", "y"])
    same(cache.get_many("x", "y", "none"), [1, 2, None])
    same(cache.get_dict("x", "none"), {"x": 1, "none": None})
    same(cache.inc("x", 5), 6)
    same(cache.dec("x"), 5)
    same(bool(cache.has("x")), True)
    same(90 < r.ttl("c:k") <= 100, True)
    same(cache.delete("k"), True)
    same(len(cache.delete_many("x", "y")), 2)
    cache.set("last", 1)
    same(bool(cache.clear()), True)
    same(r.keys("c:*"), [])


# MARK: Django


def configure_django(r: redis.Redis) -> None:
    from django.conf import settings

    port = r.connection_pool.connection_kwargs["port"]
    settings.configure(
        CACHES={"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache",
                            "LOCATION": f"redis://127.0.0.1:{port}/1"}},
        SESSION_ENGINE="django.contrib.sessions.backends.cache", SECRET_KEY="secret", USE_TZ=True,
        INSTALLED_APPS=["django.contrib.sessions"])
    django.setup()


def check_django(r: redis.Redis) -> None:
    configure_django(r)
    check_django_cache(r)
    check_django_sessions()


def check_django_cache(r: redis.Redis) -> None:
    from django.core.cache import cache

    cache.set("k", {"n": 1}, timeout=100)
    same(cache.get("k"), {"n": 1})
    same(cache.add("k", 2), False)
    same(cache.get_or_set("other", lambda: "made", 50), "made")
    cache.set_many({"a": 1, "b": 2})
    same(cache.get_many(["a", "b", "none"]), {"a": 1, "b": 2})
    same((cache.incr("a"), cache.decr("b", 5)), (2, -3))
    same(cache.touch("k", 500), True)
    same(cache.has_key("k"), True)
    cache.set("version", "two", version=2)
    same((cache.get("version"), cache.get("version", version=2)), (None, "two"))
    same(cache.delete("k"), True)
    cache.delete_many(["a", "b"])
    cache.clear()
    same(cache.get("other"), None)


def check_django_sessions() -> None:
    from django.contrib.sessions.backends.cache import SessionStore

    session = SessionStore()
    session["user"] = 42
    session.set_expiry(300)
    session.create()
    key = session.session_key
    session.save()
    same(SessionStore(key)["user"], 42)
    session.cycle_key()
    same(session.session_key != key, True)
    same(SessionStore(session.session_key)["user"], 42)
    same(SessionStore().exists(key), False)
    session.flush()
    same(session.session_key, None)


# MARK: FastAPI


def check_fastapi(r: redis.Redis) -> None:
    """Log in, be known, log out: a string with a deadline for each session, a set of sessions for each user."""
    app = fastapi.FastAPI()

    @app.post("/login/{user}")
    def login(user: int, response: fastapi.Response) -> dict:
        token = secrets.token_urlsafe(32)
        r.setex(f"login:{token}", 600, json.dumps({"user": user}))
        r.sadd(f"login:user:{user}", token)
        r.expire(f"login:user:{user}", 600)
        response.set_cookie("token", token)
        return {"user": user}

    @app.get("/me")
    def me(token: str | None = fastapi.Cookie(default=None)) -> dict:
        data = r.get(f"login:{token}")
        if data is None:
            raise fastapi.HTTPException(status_code=401)
        r.expire(f"login:{token}", 600)
        return json.loads(data)

    @app.post("/logout/{user}")
    def logout(user: int) -> dict:
        tokens = [token.decode() for token in r.smembers(f"login:user:{user}")]
        for token in tokens:
            r.delete(f"login:{token}")
        r.delete(f"login:user:{user}")
        return {"ended": len(tokens)}

    clients = [fastapi.testclient.TestClient(app) for _ in range(3)]
    same(clients[0].get("/me").status_code, 401)
    same([client.post("/login/7").json() for client in clients], [{"user": 7}] * 3)
    same(clients[1].get("/me").json(), {"user": 7})
    same(r.scard("login:user:7"), 3)
    same(clients[0].post("/logout/7").json(), {"ended": 3})
    same([client.get("/me").status_code for client in clients], [401] * 3)


def check_sessions_in_json(r: redis.Redis) -> None:
    """A string of JSON for each of 10,000 sessions: made, renewed, changed with and without a new deadline, listed by
    SCAN, counted and ended by an administrator who knows no more than their prefix."""
    users = 100
    ids = [secrets.token_urlsafe(32) for _ in range(10_000)]
    for number, sid in enumerate(ids):
        same(r.setex(f"session:{sid}", 3600, json.dumps({"user_id": number % users, "visits": 0})), True)
    first = f"session:{ids[0]}"
    same(r.expire(first, 600), True)
    same((r.exists(first), r.exists("session:none"), r.expire("session:none", 600)), (1, 0, False))
    same(json.loads(r.get(first)), {"user_id": 0, "visits": 0})
    # Changed without a new deadline, then with one.
    left = r.ttl(first)
    same(0 < left <= 600, True)
    r.setex(first, left, json.dumps({"user_id": 0, "visits": 1}))
    same(r.ttl(first) <= 600, True)
    r.setex(first, 3600, json.dumps({"user_id": 0, "visits": 2}))
    same((r.ttl(first) > 600, json.loads(r.get(first))["visits"]), (True, 2))

    def listed() -> list[tuple[bytes, int, int]]:
        found, cursor = {}, 0
        while True:
            cursor, keys = r.scan(cursor, match="session:*", count=100)
            for key in keys:
                found[key] = (key, json.loads(r.get(key))["user_id"], r.ttl(key))
            if cursor == 0:
                return list(found.values())

    rows = listed()
    same({key for key, _, _ in rows}, {f"session:{sid}".encode() for sid in ids})
    same((len({user for _, user, _ in rows}), all(0 < ttl <= 3600 for _, _, ttl in rows)), (users, True))
    same(sum(r.delete(key) for key, user, _ in rows if user == 7), len(ids) // users)
    same((len(listed()), r.delete("session:none")), (len(ids) - len(ids) // users, 0))


def check_session_by_category(r: redis.Redis) -> None:
    """A session as one hash for each kind of data, each with its own deadline, written through a pipeline."""
    sid = secrets.token_hex(16)
    lifetimes = {"auth": 3600, "security": 3600, "translation": 1800, "ui": 86400, "stats": 86400}
    for kind, seconds in lifetimes.items():
        same(r.hset(f"session:{kind}:{sid}", mapping={"kind": kind, "usage_count": "0"}), 2)
        same(r.expire(f"session:{kind}:{sid}", seconds), True)
    pipe = r.pipeline()
    pipe.hset(f"session:translation:{sid}", mapping={"source_lang": "jp", "input_text": "\u3053\u3093\u306b\u3061\u306f"})
    pipe.expire(f"session:translation:{sid}", 1800)
    pipe.hincrby(f"session:stats:{sid}", "usage_count", 1)
    same(pipe.execute(), [2, True, 1])
    same(r.hgetall(f"session:translation:{sid}")[b"input_text"].decode(), "\u3053\u3093\u306b\u3061\u306f")
    same({key: r.ttl(key) > 1700 for key in r.scan_iter(match="session:*")},
         {f"session:{kind}:{sid}".encode(): True for kind in lifetimes})
    same({"keyspace", "memory", "clients", "stats"} >= {s for s in ("keyspace", "stats") if r.info(s)}, True)


# MARK: Programs from documents


def check_documents(directory: Path, r: redis.Redis) -> None:
    session_store, fastapi_program, admin = python_blocks(directory, "004", 3)
    names: dict[str, Any] = {}
    exec(session_store, names)
    program: dict[str, Any] = {}
    exec(fastapi_program, program)
    client = fastapi.testclient.TestClient(program["app"], base_url="https://testserver")
    same(client.get("/me").status_code, 401)
    same(client.post("/login").json()["user"]["username"], "alice")
    same(client.get("/me").json()["user"]["username"], "alice")
    names["store"].create({"user_id": 2})
    exec(admin, names)
    listing = names["SessionAdmin"](names["store"].r)
    same(len(listing.list_sessions()), 2)
    same((listing.get_active_users_count(), listing.revoke_all_sessions(2)), (2, 1))
    client.post("/logout")
    same(r.dbsize(), 0)
    check_category_document(directory)


def check_category_document(directory: Path) -> None:
    wanted = ("def generate_session_id", "TTL_STRATEGY =", "class LangPontSessionManager", "class SessionCreation",
              "class SessionUpdate", "class SessionMetrics")
    names: dict[str, Any] = {"redis_client": redis.Redis(decode_responses=True)}
    exec("import time\nfrom datetime import date, datetime\nimport secrets\n"
         "generate_secure_token = generate_csrf_token = secrets.token_hex", names)
    for block in python_blocks(directory, "000", 0):
        if any(text in block for text in wanted):
            # The configuration module that one of them imports is not part of the document.
            start = block.find("class LangPont") if "from config import" in block else 0
            exec(block[start:], names)
    user = {"username": "ada", "role": "admin", "id": 1, "daily_limit": 100}
    sid = names["SessionCreationStrategy"].create_user_session(user)
    names["SessionUpdateStrategy"].update_translation_session(sid, {"source_lang": "jp", "target_lang": "en"})
    names["SessionUpdateStrategy"].update_analysis_result(sid, "short")
    names["SessionUpdateStrategy"].update_analysis_result(sid, "long" * 400_000)
    manager = names["LangPontSessionManager"](names["redis_client"])
    same(manager.get_session_data(sid, "auth")["username"], "ada")
    same(manager.get_session_data(sid, "stats")["usage_count"], "1")
    manager.cleanup_expired_sessions()
    same(set(names["SessionMetrics"].collect_session_metrics()),
         {"timestamp", "active_sessions", "memory_usage", "connections", "operations"})


def python_blocks(directory: Path, prefix: str, most: int) -> list[str]:
    text = next(directory.glob(f"{prefix}*")).read_text(errors="replace")
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return blocks[:most] if most else blocks


# MARK: Running


CHECKS = [check_flask_session, check_cachelib, check_django, check_fastapi, check_sessions_in_json,
          check_session_by_category]


def run_check(check: Any, client: redis.Redis) -> bool:
    try:
        client.flushall()
        check(client)
        return True
    except Exception:
        print(f"FAILED: {getattr(check, '__name__', 'documents')}\n{traceback.format_exc(limit=-4)}", flush=True)
        return False


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=DEFAULT_BINARY)
    parser.add_argument("--check", default="", help="only the checks whose name contains this")
    parser.add_argument("--documents", type=Path)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # as an exception, so that the server is ended too
    results: list[bool] = []
    with Server(arguments.binary) as server:
        client = redis.Redis(port=server.port, protocol=2)
        results += [run_check(check, client) for check in CHECKS if arguments.check in check.__name__]
        client.close()
    if arguments.documents:
        with Server(arguments.binary, port=6379):
            client = redis.Redis()
            results.append(run_check(lambda r: check_documents(arguments.documents, r), client))
            client.close()
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
