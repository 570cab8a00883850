"""Django, and browsers that are logged in to the embedded server of the tests."""

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import django
import pytest

os.environ.setdefault("OMERODIR", tempfile.mkdtemp(prefix="omero-web-tests-"))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "omeroweb.settings")
django.setup()

from django.test import Client, RequestFactory  # noqa: E402
from django.test.utils import setup_test_environment, teardown_test_environment  # noqa: E402

sys.path.insert(0, os.path.dirname(__file__))
from lab import Lab  # noqa: E402


@pytest.fixture(scope="session", autouse=True)
def django_test_environment():
    """Responses carry their templates and contexts."""
    try:
        setup_test_environment()
    except RuntimeError:
        yield
        return
    yield
    teardown_test_environment()


@pytest.fixture
def get():
    """`get("/x/?a=1")`: a GET request with a session dictionary."""

    def make(path: str = "/", **headers: Any):
        request = RequestFactory().get(path, **headers)
        request.session = SessionStub()
        return request

    return make


@pytest.fixture
def post():
    """`post("/x/", {...})`: a POST request with a session dictionary."""

    def make(path: str = "/", data: Any = None, **headers: Any):
        request = RequestFactory().post(path, data or {}, **headers)
        request.session = SessionStub()
        return request

    return make


class SessionStub(dict):
    """A session without a store: views ask it for nothing but keys and `modified`."""

    modified = False


@dataclass
class Browser:
    """A logged-in browser: JSON and forms below `/webclient/`."""

    client: Client
    user: Any
    history: list[str] = field(default_factory=list)

    def get(self, path: str, /, **params: Any):
        return self.client.get(f"/webclient/{path}", params)

    def json(self, path: str, /, **params: Any):
        response = self.get(path, **params)
        assert response.status_code == 200, (response.status_code, response.content[:2000])
        return response.json()

    def post(self, path: str, data: Any = None, **kwargs: Any):
        return self.client.post(f"/webclient/{path}", data or {}, **kwargs)

    def send(self, method: str, path: str, body: Any):
        """A request with a JSON body."""
        return self.client.generic(
            method, f"/webclient/{path}", json.dumps(body), content_type="application/json"
        )


@pytest.fixture
def browse(server, monkeypatch) -> Iterator[Callable[..., Browser]]:
    """`browse(user)`: a browser logged in as that user, or as root."""
    from django.conf import settings

    from omeroweb.pool import POOL
    from omeroweb.servers import all_servers

    monkeypatch.setattr(settings, "SERVER_LIST", [[server.host, server.tls_port, "tests"]])
    monkeypatch.setattr(settings, "CHECK_VERSION", False)
    all_servers.cache_clear()

    def login(user: Any = None) -> Browser:
        name = "root" if user is None else user.name
        password = server.root_password if user is None else user.password
        client = Client()
        response = client.post(
            "/webclient/login/", {"server": "1", "username": name, "password": password, "noredirect": "1"}
        )
        assert response.content == b"OK", response.content[:3000]
        return Browser(client, user)

    yield login
    POOL.clear()
    all_servers.cache_clear()


@pytest.fixture
def lab(login) -> Callable[..., Lab]:
    """`lab(user)`: makes objects as that user."""
    return lambda user: Lab(login(user))


@pytest.fixture
def ada(make_group, make_user):
    """A user in a read-annotate group."""
    return make_user(make_group("rwra--"))
