"""Django, configured for tests: a base directory of its own, and the embedded server of the tests."""

import os
import tempfile
from collections.abc import Callable, Iterator

import django
import pytest

os.environ.setdefault("OMERODIR", tempfile.mkdtemp(prefix="omero-web-tests-"))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "omeroweb.settings")
django.setup()


@pytest.fixture
def site(server, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The web site, set to the embedded server of the tests."""
    from django.conf import settings

    from omeroweb.pool import POOL
    from omeroweb.servers import all_servers

    monkeypatch.setattr(settings, "SERVER_LIST", [[server.host, server.tls_port, "tests"]])
    all_servers.cache_clear()
    yield
    POOL.clear()
    all_servers.cache_clear()


@pytest.fixture
def log_in(site: None, server) -> Callable:
    """`log_in(user=None)`: a browser with a session of that user, or of root."""
    from django.test import Client

    def log_in(user=None) -> Client:
        client = Client()
        name = "root" if user is None else user.name
        password = server.root_password if user is None else user.password
        response = client.post(
            "/webclient/login/", {"server": 1, "username": name, "password": password, "noredirect": "1"}
        )
        assert response.content == b"OK", response.content[:2000]
        return client

    return log_in
