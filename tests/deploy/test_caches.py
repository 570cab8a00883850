"""Caches and sessions in real memcached and Redis servers. Source: contract/config-cli-deploy.md, 9.3 and 10.1."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from django.utils.module_loading import import_string

from omeroweb.cache_backends import lasting
from omeroweb.properties.parsers import parse_caches

from .conftest import Installation, free_port

# As administrators of 5.1 typed it.
LITERAL = (
    '{"default": { "BACKEND": "django.core.cache.backends.memcached.MemcachedCache", '
    '"LOCATION": "127.0.0.1:11211", "TIMEOUT": "86400" } }'
)
MEMCACHED = "django.core.cache.backends.memcached.MemcachedCache"
REDIS = "django.core.cache.backends.redis.RedisCache"


def start(kind: str, port: int) -> subprocess.Popen[bytes]:
    """A cache server that answers."""
    path = shutil.which("memcached" if kind == MEMCACHED else "redis-server")
    assert path, "apt-get install memcached redis-server"
    if kind == MEMCACHED:
        command = [path, "-u", "nobody", "-l", "127.0.0.1", "-p", str(port)]
    else:
        command = [path, "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return process
        except OSError:
            assert time.monotonic() < deadline, f"{command[0]} does not answer"
            time.sleep(0.05)


def end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


@pytest.fixture
def cache_server() -> Iterator[Callable[[str, int], subprocess.Popen[bytes]]]:
    """`cache_server(backend, port)`: a running server, stopped after the test."""
    with ExitStack() as stack:

        def run(kind: str, port: int) -> subprocess.Popen[bytes]:
            process = start(kind, port)
            stack.callback(end, process)
            return process

        yield run


def cache(kind: str, port: int) -> Any:
    address = f"127.0.0.1:{port}" if kind == MEMCACHED else f"redis://127.0.0.1:{port}/0"
    row = lasting({"default": {"BACKEND": kind, "LOCATION": address, "TIMEOUT": "86400"}})["default"]
    return import_string(row.pop("BACKEND"))(row.pop("LOCATION"), row)


def test_the_literal_setting_of_5_1_is_accepted() -> None:
    row = parse_caches(LITERAL)["default"]
    assert import_string(row["BACKEND"])(row["LOCATION"], row).default_timeout == 86400


@pytest.mark.parametrize("text", ["[]", '{"default": 1}', '{"default": {}}'])
def test_what_is_no_cache_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="BACKEND"):
        parse_caches(text)


@pytest.mark.parametrize("kind", [MEMCACHED, REDIS])
def test_a_cache_keeps_and_forgets(kind: str, cache_server: Any) -> None:
    port = free_port()
    cache_server(kind, port)
    one = cache(kind, port)
    one.set("a", {"b": [1, "ü"]})
    assert one.get("a") == {"b": [1, "ü"]}
    assert one.add("a", 2) is False or not one.add("a", 2)
    assert one.add("c", 3)
    assert one.get_many(["a", "c", "d"]) == {"a": {"b": [1, "ü"]}, "c": 3}
    assert one.incr("c", 2) == 5
    assert one.delete("c") is True
    assert one.delete("c") is False
    assert one.get("c", "none") == "none"
    one.set("a", 1, timeout=0)
    assert one.get("a") is None


@pytest.mark.parametrize("kind", [MEMCACHED, REDIS])
def test_a_dead_cache_is_an_empty_one(kind: str, cache_server: Any) -> None:
    port = free_port()
    process = cache_server(kind, port)
    one = cache(kind, port)
    one.set("a", 1)
    end(process)
    assert one.get("a", "nothing") == "nothing"
    one.set("a", 2)
    assert not one.add("b", 1)
    assert one.get_many(["a", "b"]) == {}
    assert not one.delete("a")


@pytest.mark.timeout(120)
def test_sessions_in_memcached_outlive_the_site(
    installation: Installation, server: Any, cache_server: Any
) -> None:
    import json

    from .browser import Visitor, wait_for

    port = free_port()
    process = cache_server(MEMCACHED, port)
    installation.configure(
        caches=LITERAL.replace("11211", str(port)),
        session_engine="django.contrib.sessions.backends.cache",
        server_list=json.dumps([["127.0.0.1", server.tls_port, "tests"]]),
    )
    assert "[OK]\nStarting" in installation.omero("web", "start").stdout
    url = f"http://127.0.0.1:{installation.port}"
    wait_for(f"{url}/webclient/login/")
    visitor = Visitor(url)
    visitor.log_in("root", server.root_password)
    visitor.get("/webclient/")
    assert installation.omero("web", "restart").returncode == 0
    wait_for(f"{url}/webclient/login/")
    visitor.get("/webclient/")
    end(process)
    asked_again = visitor.http.get(f"{url}/webclient/", timeout=60, allow_redirects=False)
    assert asked_again.status_code == 302
    assert wait_for(f"{url}/webclient/login/").status_code == 200
