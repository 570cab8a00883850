"""Opening and closing a server of one's own: first rows, endpoints, settings, state."""

import socket
import stat
from contextlib import contextmanager

import omero
import omero.clients
import pytest

from omero_embedded.server import Endpoints, PortInUse, Server
from omero_embedded.settings import Settings, StatePaths
from omero_embedded.tls import key_store


@contextmanager
def _running(folder, endpoints=None, values=None, password="x"):
    server = Server(StatePaths(folder / "embedded"), endpoints or Endpoints("127.0.0.1", 0, 0), values)
    server.start(password)
    try:
        yield server
    finally:
        server.stop()


def _log_in(server, host="127.0.0.1"):
    client = omero.client(host, server.tls_port)
    client.createSession("root", "x")
    return client


def test_second_start_keeps_everything(tmp_path):
    with _running(tmp_path) as server:
        client = _log_in(server)
        first = client.sf.getConfigService().getDatabaseUuid()
        client.closeSession()
    with _running(tmp_path, password=None) as server:
        client = _log_in(server)
        assert client.sf.getConfigService().getDatabaseUuid() == first
        client.closeSession()


def test_new_store_needs_a_password(tmp_path):
    server = Server(StatePaths(tmp_path / "embedded"), Endpoints("127.0.0.1", 0, 0))
    assert server.is_new()
    with pytest.raises(ValueError, match="password for root"):
        server.start()
    server.stop()


def test_first_rows_are_those_of_the_contract(tmp_path):
    with _running(tmp_path) as server:
        client = _log_in(server)
        query = client.sf.getQueryService()

        def ask(hql):
            return [[value.val for value in row] for row in query.projection(hql, None)]

        assert ask("select e.id, e.omeName from Experimenter e order by e.id") == [[0, "root"], [1, "guest"]]
        assert ask("select g.id, g.name from ExperimenterGroup g order by g.id") == [
            [0, "system"], [1, "user"], [2, "guest"],
        ]  # fmt: skip
        assert ask("select t.value from EventType t where t.id = 0") == [["Bootstrap"]]
        repositories = ask("select f.name, f.hash from OriginalFile f where f.mimetype = 'Repository'")
        assert sorted(name for name, _ in repositories) == ["ManagedRepository", "files", "scripts"]
        assert dict(repositories)["scripts"] == "ScriptRepo"
        client.closeSession()
    with _running(tmp_path) as server:
        assert server.database.check_integrity() == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_listens_where_told(tmp_path, host):
    with _running(tmp_path, Endpoints(host, 0, 0)) as server:
        with socket.create_connection((host, server.tcp_port), 2):
            pass
        with socket.create_connection((host, server.tls_port), 2):
            pass


def test_taken_port_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortInUse, match=str(port)), _running(tmp_path, Endpoints("127.0.0.1", port, 0)):
            pass


@pytest.mark.parametrize(
    "key", ["omero.sessions.timeout", "omero.sessions.sweep", "omero.security.ignore_case"]
)
def test_bad_setting_is_named(key):
    settings = Settings({key: "soon"})
    with pytest.raises(ValueError, match=key):
        settings.flag(key) if key.endswith("case") else settings.integer(key)


def test_stop_may_be_called_twice(tmp_path):
    with _running(tmp_path) as server:
        server.stop()


def test_state_is_readable_by_its_owner_only(tmp_path):
    with _running(tmp_path) as server:
        for folder in (server.paths.root, server.paths.tls, server.paths.files, server.paths.pixels):
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        for file in server.paths.tls.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_key_is_made_once(tmp_path):
    one = key_store(tmp_path, "example.org")
    content = one.path.read_bytes()
    assert key_store(tmp_path, "example.org") == one
    assert one.path.read_bytes() == content


@pytest.mark.parametrize(
    "key, public, secret",
    [
        ("omero.client.ui.anything", True, False),
        ("omero.router.insecure", True, False),
        ("omero.security.password_required", True, False),
        ("omero.security.ignore_case", False, False),
        ("omero.data.dir", False, False),
        ("omero.db.pass", False, True),
        ("omero.embedded.db.url", False, True),
        ("omero.mail.password", False, True),
        ("omero.web.secret_key", False, True),
    ],
)
def test_who_may_read_a_key(key, public, secret):
    settings = Settings({key: "value"})
    assert settings.is_public(key) is public
    assert Settings.is_secret(key) is secret


def test_configuration_values_are_shown_to_whom_they_concern(login, make_user):
    user, root = login(make_user()).sf.getConfigService(), login().sf.getConfigService()
    assert user.getConfigValue("omero.client.viewer.roi_limit") == "2000"
    assert root.getConfigValue("omero.data.dir")
    assert root.getConfigValue("omero.no.such.key") == ""
    for service, key in ((user, "omero.data.dir"), (root, "omero.db.pass"), (user, "omero.no.such.key")):
        with pytest.raises(omero.SecurityViolation):
            service.getConfigValue(key)
    assert set(user.getConfigValues("^omero.sessions")) < set(root.getConfigValues("^omero.s"))
    assert "omero.client.viewer.roi_limit" in user.getClientConfigDefaults()
    with pytest.raises(omero.ApiUsageException):
        root.getConfigValues("(")
