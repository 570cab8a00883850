"""The Glacier2 router that clients log in through; it routes nothing, since all servants live here.

Source: contract/server.md, sections 2.1 and 2.2.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import Glacier2
import Ice
import omero

from . import errors
from .authentication import AccessDenied
from .factory import Factory
from .parts import Parts
from .services.base import CLIENT_UUID
from .sessions import Login, Session

log = logging.getLogger(__name__)

ROUTER = Ice.Identity("router", "OMERO.Glacier2")
SERVER = Ice.Identity("server", "OMERO.Glacier2")
IDLE_SECONDS = 600


@dataclass(eq=False)
class Client:
    """One connection: the category of its callbacks and the factory it opened."""

    category: str = field(default_factory=lambda: uuid.uuid4().hex)
    factory: Factory | None = None


class _Gone(Ice.ConnectionCallback):
    """Hears when a connection is lost."""

    def __init__(self, closed: Callable[[], object]) -> None:
        self._closed = closed

    def closed(self, connection: Any) -> None:
        """The transport is gone, with or without a farewell."""
        self._closed()

    def heartbeat(self, connection: Any) -> None:
        """The client is alive; nothing to do."""


class Router(Glacier2.Router):
    """Opens and closes the sessions of connections."""

    def __init__(self, server: Parts, open_factory: Callable[[Session, str], tuple[Factory, Any]]) -> None:
        self._server = server
        self._open_factory = open_factory
        self._lock = threading.Lock()
        self._clients: dict[str, Client] = {}

    def getClientProxy(self, current: Any = None) -> Any:
        """Null: clients use the router's own endpoints for every proxy."""
        return None

    def getServerProxy(self, current: Any = None) -> Any:
        """Its endpoints become those of the client's callback adapter."""
        return self._server.adapter.createProxy(SERVER)

    def addProxies(self, proxies: Any, current: Any = None) -> list[Any]:
        """Nothing is kept, nothing is evicted."""
        return []

    def getCategoryForClient(self, current: Any = None) -> str:
        """Category under which the connection's callbacks are registered."""
        with self._lock:
            client = self._clients.get(_key(current.con))
        return client.category if client is not None else uuid.uuid4().hex

    def getSessionTimeout(self, current: Any = None) -> int:
        """Seconds after which an idle session ends; 0: never."""
        return self._server.settings.integer("omero.sessions.timeout") // 1000

    def getACMTimeout(self, current: Any = None) -> int:
        """0: connections are not closed for being idle."""
        return 0

    def createSession_async(self, answer: Any, user: str, password: str, current: Any = None) -> None:
        """Log in, or join the session whose uuid is given as both user and password."""
        try:
            answer.ice_response(self._open(user, password, current))
        except AccessDenied as error:
            log.info("log-in of %r refused: %s", user[:40] if user != password else "a session", error)
            refusal = Glacier2.PermissionDeniedException(str(error))
            if error.delay:
                self._server.scheduler.later(error.delay, lambda: answer.ice_exception(refusal))
            else:
                answer.ice_exception(refusal)
        except Glacier2.CannotCreateSessionException as error:
            answer.ice_exception(error)
        except Exception as error:
            expected = isinstance(error, omero.ServerError)
            log.log(logging.INFO if expected else logging.ERROR, "log-in failed", exc_info=not expected)
            reason = getattr(error, "message", "") or str(error)
            answer.ice_exception(omero.WrappedCreateSessionException(reason, False, 0, type(error).__name__))

    def _open(self, user: str, password: str, current: Any) -> Any:
        ctx, connection = current.ctx, current.con
        client_uuid = ctx.get(CLIENT_UUID)
        if not client_uuid:
            raise errors.api_usage("omero.client.uuid: the context of createSession must carry it")
        key = _key(connection)
        with self._lock:
            known = self._clients.get(key)
            if known is not None and known.factory is not None:
                raise Glacier2.CannotCreateSessionException("this connection has a session already")
        login = Login(
            group=ctx.get("omero.group", ""),
            event_type=ctx.get("omero.event") or "User",
            agent=ctx.get("omero.agent"),
            ip=ctx.get("omero.ip") or _address(connection),
        )
        session = self._server.sessions.login(user, password, login)
        factory, proxy = self._open_factory(session, client_uuid)
        with self._lock:
            self._clients[key] = Client(factory=factory)
        connection.setCallback(_Gone(partial(self._leave, key)))
        return Glacier2.SessionPrx.uncheckedCast(proxy)

    def createSessionFromSecureConnection_async(self, answer: Any, current: Any = None) -> None:
        """Refused: nobody is known by certificate."""
        answer.ice_exception(Glacier2.PermissionDeniedException("log in with user name and password"))

    def refreshSession_async(self, answer: Any, current: Any = None) -> None:
        """Reset the idle clock of the connection's session."""
        with self._lock:
            client = self._clients.get(_key(current.con))
        if client is None or client.factory is None:
            answer.ice_exception(Glacier2.SessionNotExistException())
            return
        try:
            session = client.factory.session
            self._server.sessions.enter(session)
            self._server.sessions.leave(session)
            answer.ice_response()
        except omero.ServerError:
            answer.ice_exception(Glacier2.SessionNotExistException())

    def destroySession(self, current: Any = None) -> None:
        """The connection's client goes."""
        if not self._leave(_key(current.con)):
            raise Glacier2.SessionNotExistException

    def _leave(self, key: str) -> bool:
        with self._lock:
            client = self._clients.pop(key, None)
        if client is None or client.factory is None:
            return False
        client.factory.leave()
        return True


def _key(connection: Any) -> str:
    """Both addresses of a connection: unique while it lives (connection objects themselves cannot be hashed)."""
    return str(connection.toString())


def _address(connection: Any) -> str | None:
    """The client's address as the connection tells it."""
    info = connection.getInfo()
    while info is not None:
        address = getattr(info, "remoteAddress", "")
        if address:
            return str(address)
        info = getattr(info, "underlying", None)
    return None
