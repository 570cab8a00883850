"""Fixtures that all tests share: an embedded server in this process, users, groups and connected clients."""

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT_PASSWORD = "root of the tests"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class User:
    """A user made for a test. `group` is the default group's id."""

    id: int
    name: str
    password: str
    group: int


@dataclass
class RunningServer:
    """The embedded server of the tests; `server` is the object itself, for looking into it."""

    server: object
    omero_dir: Path
    host: str = "127.0.0.1"
    root_password: str = ROOT_PASSWORD
    _clients: list = field(default_factory=list)

    @property
    def tcp_port(self) -> int:
        return self.server.tcp_port

    @property
    def tls_port(self) -> int:
        return self.server.tls_port

    def client(self, *, secure: bool = True):
        """An omero.client that is not logged in yet; closed with the server unless somebody closes it before."""
        import omero.clients

        if secure:
            client = omero.client(self.host, self.tls_port)
        else:
            client = omero.client(f"tcp://{self.host}:{self.tcp_port}")
        self._clients.append(client)
        return client

    def close_clients(self) -> None:
        """Close every client that was made here."""
        import Ice

        for client in self._clients:
            # Some tests have ended the session already; the server stops right after.
            with suppress(Ice.Exception):
                client.closeSession()

    def login(
        self, user: str = "root", password: str | None = None, group: str | None = None, *, secure=True
    ):
        """A connected omero.client; the caller closes it."""
        client = self.client(secure=secure)
        if group is not None:
            client.getImplicitContext().put("omero.group", str(group))
        client.createSession(user, self.root_password if password is None else password)
        if group is not None:
            client.getImplicitContext().remove("omero.group")
        return client

    def gateway(self, user: str = "root", password: str | None = None, group: str | None = None):
        """A connected BlitzGateway; the caller closes it."""
        from omero.gateway import BlitzGateway

        connection = BlitzGateway(
            user,
            self.root_password if password is None else password,
            host=self.host,
            port=self.tls_port,
            secure=True,
            group=group,
        )
        assert connection.connect(), f"{user} cannot log in: {connection.getLastError()}"
        return connection


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """An embedded server with a fresh store, on ports of its own, for the whole test run.

    `OMERO_TEST_DB_URL` lets it use another store than SQLite.
    """
    from omero_embedded.server import Endpoints, Server
    from omero_embedded.settings import StatePaths

    omero_dir = tmp_path_factory.mktemp("omero")
    values = {"omero.security.login_failure_throttle_time": "300", "omero.sessions.sweep": "2"}
    url = os.environ.get("OMERO_TEST_DB_URL")
    if url:
        values["omero.embedded.db.url"] = url
    running = Server(StatePaths(omero_dir / "embedded"), Endpoints("127.0.0.1", 0, 0), values)
    running.start(ROOT_PASSWORD)
    shared = RunningServer(running, omero_dir)
    try:
        yield shared
        shared.close_clients()
    finally:
        running.stop()


@pytest.fixture
def closing() -> Iterator[ExitStack]:
    """What is put on this stack is closed after the test."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def login(server: RunningServer, closing: ExitStack) -> Callable:
    """`login(user, password, group=None)`: a connected omero.client, closed after the test."""

    def connect(user="root", password=None, group=None, *, secure=True):
        if isinstance(user, User):
            user, password = user.name, user.password
        client = server.login(user, password, group, secure=secure)
        closing.callback(client.closeSession)
        return client

    return connect


@pytest.fixture
def gateway(server: RunningServer, closing: ExitStack) -> Callable:
    """`gateway(user, password, group=None)`: a connected BlitzGateway, closed after the test."""

    def connect(user="root", password=None, group=None):
        if isinstance(user, User):
            user, password = user.name, user.password
        connection = server.gateway(user, password, group)
        closing.callback(connection.close)
        return connection

    return connect


@pytest.fixture
def root(login: Callable):
    """An omero.client of root."""
    return login()


@pytest.fixture
def root_gateway(gateway: Callable):
    """A BlitzGateway of root."""
    return gateway()


@pytest.fixture
def make_group(root) -> Callable[..., int]:
    """`make_group("rwra--")`: id of a new group of that level."""
    from omero.model import ExperimenterGroupI, PermissionsI
    from omero.rtypes import rbool, rstring

    def make(permissions: str = "rw----", name: str | None = None) -> int:
        group = ExperimenterGroupI()
        group.name = rstring(name or f"group-{os.getpid()}-{next(_numbers)}")
        group.ldap = rbool(False)
        group.details.permissions = PermissionsI(permissions)
        return root.sf.getAdminService().createGroup(group)

    return make


@pytest.fixture
def make_user(root, make_group: Callable[..., int]) -> Callable[..., User]:
    """`make_user(group, …, owner_of=[…], admin=False)`: a new user; without a group, one in a private group of his own."""
    from omero.model import ExperimenterGroupI, ExperimenterI
    from omero.rtypes import rbool, rstring

    def make(*groups: int, name: str | None = None, owner_of=(), admin: bool = False) -> User:
        admin_service = root.sf.getAdminService()
        member_of = list(groups) or ([] if admin else [make_group()])
        if admin:
            member_of.append(0)
        number = next(_numbers)
        user = ExperimenterI()
        user.omeName = rstring(name or f"user-{os.getpid()}-{number}")
        user.firstName, user.lastName = rstring("User"), rstring(str(number))
        user.ldap = rbool(False)
        password = f"secret {number}"
        user_id = admin_service.createExperimenterWithPassword(
            user,
            rstring(password),
            ExperimenterGroupI(member_of[0], False),
            [ExperimenterGroupI(group, False) for group in [*member_of[1:], 1]],
        )
        for group in owner_of:
            admin_service.setGroupOwner(ExperimenterGroupI(group, False), ExperimenterI(user_id, False))
        return User(user_id, user.omeName.val, password, member_of[0])

    return make
