"""From a browser's session to an OMERO session.

A `Connector` is what the browser's session remembers: the server and the key of an OMERO session, never a password.
Source: contract/config-cli-deploy.md, section 10.1; contract/webclient.md, sections 3.3 to 3.5.
"""

from __future__ import annotations

import logging
import re
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

import Ice
import omero.gateway
from django.http import HttpRequest

from omeroweb.errors import ServerUnavailable
from omeroweb.pool import GONE, POOL, PoolKey
from omeroweb.servers import Server, find_server
from omeroweb.user import UserProxy
from omeroweb.version import omeroweb_version

logger = logging.getLogger(__name__)

SESSION_KEY = "connector"


@dataclass(slots=True)
class Connector:
    """Server and OMERO session of one browser session. External services read its JSON form from the session store."""

    server_id: int
    is_secure: bool
    is_public: bool = False
    omero_session_key: str | None = None
    user_id: int | None = None

    @classmethod
    def from_session(cls, request: HttpRequest) -> Connector | None:
        """The connector that the browser's session holds."""
        return cls.from_dict(request.session.get(SESSION_KEY))

    @classmethod
    def from_dict(cls, stored: Any) -> Connector | None:
        """A connector from its JSON form; None for anything else."""
        if not isinstance(stored, MutableMapping) or find_server(stored.get("server_id")) is None:
            return None
        return cls(
            server_id=int(stored["server_id"]),
            is_secure=bool(stored.get("is_secure")),
            is_public=bool(stored.get("is_public")),
            omero_session_key=stored.get("omero_session_key"),
            user_id=stored.get("user_id"),
        )

    def to_session(self, request: HttpRequest) -> None:
        """Remember this connector in the browser's session. Written only when it differs from what is there."""
        stored = self.to_dict()
        if request.session.get(SESSION_KEY) != stored:
            request.session[SESSION_KEY] = stored

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        # Spelled out because every request asks: `dataclasses.asdict` copies in depth and takes 10 µs.
        return {
            "server_id": self.server_id,
            "is_secure": self.is_secure,
            "is_public": self.is_public,
            "omero_session_key": self.omero_session_key,
            "user_id": self.user_id,
        }

    @property
    def server(self) -> Server:
        server = find_server(self.server_id)
        if server is None:
            raise LookupError(f"No OMERO server with id {self.server_id}")
        return server

    def create_connection(
        self,
        useragent: str,
        username: str,
        password: str,
        is_public: bool = False,
        userip: str | None = None,
    ) -> Any | None:
        """Log in and return the connection; None when the server refuses.

        Raises ServerUnavailable when the server does not answer. On success the OMERO session's key is in this object.
        """
        self.is_public = is_public
        conn = self._gateway(useragent, username, password, userip)
        if not _connected(conn):
            return None
        self._remember(conn)
        assert self.omero_session_key is not None
        return POOL.adopt(PoolKey(self.server_id, self.omero_session_key, useragent), self._prepare(conn))

    def create_guest_connection(self, useragent: str, is_public: bool = False) -> Any | None:
        """A connection of the guest user, for questions before login. The caller closes it."""
        guest = "guest"
        conn = self._gateway(useragent, guest, guest, None)
        return self._prepare(conn) if _connected(conn) else None

    def join_connection(self, useragent: str, userip: str | None = None) -> Any | None:
        """A connection to the remembered OMERO session, from the pool if it has one; None when it is gone.

        Raises ServerUnavailable when the server does not answer.
        """
        key = self.omero_session_key
        if not key:
            return None

        def join() -> Any | None:
            conn = self._gateway(useragent, None, None, userip)
            if not _connected(conn, key):
                return None
            return self._prepare(conn)

        conn = POOL.acquire(PoolKey(self.server_id, key, useragent), join)
        if conn is not None and self.user_id is None:
            self.user_id = conn.getUserId()
        return conn

    def is_server_up(self, useragent: str) -> bool:
        """Whether the server accepts a guest and tells its version."""
        return self._server_version(useragent) is not None

    def check_version(self, useragent: str) -> bool:
        """Whether this OMERO.web fits the server's version; false also when the server does not answer."""
        version = self._server_version(useragent)
        return version is not None and compatible(omeroweb_version, version)

    def _server_version(self, useragent: str) -> str | None:
        try:
            conn = self.create_guest_connection(useragent)
            if conn is None:
                return None
            try:
                return str(conn.getConfigService().getVersion())
            finally:
                conn.close()
        except (ServerUnavailable, *GONE, Ice.LocalException) as error:
            logger.warning("Server %s does not answer: %s", self.server.label, error)
            return None

    def _gateway(self, useragent: str, username: str | None, password: str | None, userip: str | None) -> Any:
        # Looked up at call time: the webclient puts its own gateway class there.
        return omero.gateway.BlitzGateway(
            username,
            password,
            host=self.server.host,
            port=self.server.port,
            secure=True,
            anonymous=username is None,
            useragent=useragent,
            userip=userip,
        )

    def _prepare(self, conn: Any) -> Any:
        conn.server_id = self.server_id
        conn.user = UserProxy(conn)
        conn.user.logIn()
        return conn

    def _remember(self, conn: Any) -> None:
        self.omero_session_key = conn._sessionUuid
        self.user_id = conn.getUserId()


def _connected(conn: Any, session_uuid: str | None = None) -> bool:
    """Connect `conn`. Raises ServerUnavailable when nobody listens."""
    try:
        connected = bool(conn.connect(sUuid=session_uuid) if session_uuid else conn.connect())
    except (Ice.SyscallException, Ice.DNSException, Ice.TimeoutException) as error:
        raise ServerUnavailable from error
    if not connected:
        last = conn.getLastError() if hasattr(conn, "_last_error") else None
        if isinstance(last, (Ice.SocketException, Ice.DNSException, Ice.TimeoutException)):
            raise ServerUnavailable from last
    return connected


def compatible(web: str, server: str) -> bool:
    """Whether the versions fit: same major number and, for web 5.6 or newer, a server from 5.5 on; else same minor.

    Source: contract/webclient.md, section 3.3.
    """
    numbers = [re.match(r"(\d+)\.(\d+)", text) for text in (web, server)]
    if not all(numbers):
        return False
    (web_major, web_minor), (server_major, server_minor) = (
        tuple(map(int, match.groups())) for match in numbers if match is not None
    )
    if web_major != server_major:
        return False
    if (web_major, web_minor) >= (5, 6):
        return server_minor >= 5
    return web_minor == server_minor
