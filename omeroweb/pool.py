"""Connections of this process to OMERO sessions, kept between requests.

Joining an OMERO session costs a new Ice communicator and several round trips; so a connection that a request gives
back waits here for the next request of the same OMERO session. A connection serves one thread at a time.
Source: the project's architecture, "The way of a request".
"""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import Ice
import omero

logger = logging.getLogger(__name__)

IDLE_SECONDS = 300.0
MAX_IDLE = 64
# An OMERO session that was seen alive so recently is not asked again.
TRUST_SECONDS = 10.0

# What a call on a connection raises when its OMERO session or the server is gone.
GONE = (
    Ice.ObjectNotExistException,
    Ice.ConnectionLostException,
    Ice.ConnectionRefusedException,
    Ice.CommunicatorDestroyedException,
    Ice.ConnectTimeoutException,
    Ice.UnknownException,
    Ice.CloseConnectionException,
    omero.SessionException,
    omero.ClientError,
)


@dataclass(frozen=True, slots=True)
class PoolKey:
    """What two requests must share to use the same connection."""

    server_id: int
    session_uuid: str
    useragent: str


@dataclass(slots=True)
class Lease:
    """A pooled connection's papers, kept at the connection as `_lease`.

    seen: monotonic time at which the OMERO session was last known to live. context: call context of a fresh
    connection, restored when the connection comes back.
    """

    key: PoolKey
    seen: float
    context: dict[str, str]
    returned: float = 0.0
    out: bool = field(default=True)


def is_alive(conn: Any) -> bool:
    """Ask the server whether the connection's OMERO session still exists. One round trip."""
    if conn.c is None or conn.c.sf is None:
        return False
    try:
        conn.c.sf.ice_ping()
        conn.c.sf.getAdminService().getEventContext()
    except (*GONE, Ice.LocalException) as error:
        logger.debug("OMERO session is gone: %s", type(error).__name__)
        return False
    return True


class ConnectionPool:
    """Idle connections by OMERO session, bounded in number and age. Thread-safe."""

    def __init__(
        self,
        idle_seconds: float = IDLE_SECONDS,
        max_idle: int = MAX_IDLE,
        trust_seconds: float = TRUST_SECONDS,
    ) -> None:
        self._idle_seconds = idle_seconds
        self._max_idle = max_idle
        self._trust_seconds = trust_seconds
        # Least recently returned first. Each value is a stack: the warmest connection is handed out next.
        self._idle: OrderedDict[PoolKey, list[Any]] = OrderedDict()
        self._lock = threading.Lock()
        self._sweeper: threading.Thread | None = None

    def acquire(self, key: PoolKey, join: Callable[[], Any | None]) -> Any | None:
        """A connection to the OMERO session of `key`: an idle one that still lives, else what `join` returns.

        None when the OMERO session cannot be joined.
        """
        while (conn := self._take(key)) is not None:
            lease: Lease = conn._lease
            now = time.monotonic()
            if now - lease.seen < self._trust_seconds:
                return conn
            if is_alive(conn):
                lease.seen = now
                # The next question about user, rights or groups is answered anew.
                conn._ctx = None
                conn._user = None
                return conn
            self._retire([conn])
        conn = join()
        return None if conn is None else self.adopt(key, conn)

    def adopt(self, key: PoolKey, conn: Any) -> Any:
        """Make a connection that was created elsewhere one of the pool's; it is handed out at once."""
        conn._lease = Lease(key, time.monotonic(), dict(conn.c.getImplicitContext().getContext()))
        return conn

    def release(self, conn: Any) -> None:
        """Take back a connection; its stateful services are closed and its call context is as at the start.

        A connection of somebody else's making, or one that its user has closed, is closed and forgotten. Giving a
        connection back twice does nothing.
        """
        lease: Lease | None = getattr(conn, "_lease", None)
        if lease is None:
            if conn.c is not None:
                conn.close(hard=False)
            return
        if not lease.out:
            return
        lease.out = False
        if conn.c is None:
            return
        try:
            _reset(conn, lease)
        except (*GONE, Ice.LocalException) as error:
            logger.debug("Connection dropped: %s", type(error).__name__)
            self._retire([conn])
            return
        lease.returned = time.monotonic()
        with self._lock:
            self._idle.setdefault(lease.key, []).append(conn)
            self._idle.move_to_end(lease.key)
            surplus = self._surplus()
            self._start_sweeper()
        self._retire(surplus)

    def discard(self, conn: Any) -> None:
        """Close a connection that turned out to be broken instead of keeping it."""
        lease: Lease | None = getattr(conn, "_lease", None)
        if lease is not None:
            lease.out = False
        self._retire([conn])

    def forget(self, session_uuid: str) -> None:
        """Close all idle connections of an OMERO session, e.g. after a logout."""
        with self._lock:
            gone = [
                conn
                for key in [key for key in self._idle if key.session_uuid == session_uuid]
                for conn in self._idle.pop(key)
            ]
        self._retire(gone)

    def clear(self) -> None:
        """Close all idle connections."""
        with self._lock:
            gone = [conn for conns in self._idle.values() for conn in conns]
            self._idle.clear()
        self._retire(gone)

    def __len__(self) -> int:
        with self._lock:
            return sum(map(len, self._idle.values()))

    def _take(self, key: PoolKey) -> Any | None:
        with self._lock:
            conns = self._idle.get(key)
            if not conns:
                return None
            conn = conns.pop()
            if not conns:
                del self._idle[key]
        conn._lease.out = True
        return conn

    def _surplus(self) -> list[Any]:
        """Remove what is beyond the limits. The caller holds the lock."""
        now = time.monotonic()
        surplus = []
        for key in list(self._idle):
            old = [conn for conn in self._idle[key] if now - conn._lease.returned > self._idle_seconds]
            surplus += old
            self._idle[key] = [conn for conn in self._idle[key] if conn not in old]
            if not self._idle[key]:
                del self._idle[key]
        count = sum(map(len, self._idle.values()))
        while count > self._max_idle:
            key, conns = next(iter(self._idle.items()))
            surplus.append(conns.pop(0))
            if not conns:
                del self._idle[key]
            count -= 1
        return surplus

    def _start_sweeper(self) -> None:
        if self._sweeper is None or not self._sweeper.is_alive():
            self._sweeper = threading.Thread(target=self._sweep, name="connection-pool", daemon=True)
            self._sweeper.start()

    def _sweep(self) -> None:
        """Close connections that nobody has used for long; ends when none is left."""
        while True:
            time.sleep(min(self._idle_seconds, 60.0))
            with self._lock:
                surplus = self._surplus()
                if not self._idle:
                    self._sweeper = None
            self._retire(surplus)
            if self._sweeper is None:
                return

    @staticmethod
    def _retire(conns: list[Any]) -> None:
        for conn in conns:
            if conn.c is None:
                continue
            try:
                _close_services(conn, conn.c.getStatefulServices())
            except (*GONE, Ice.LocalException) as error:
                logger.debug("Services of a dropped connection are gone: %s", type(error).__name__)
            try:
                conn.close(hard=False)
            except (*GONE, Ice.LocalException) as error:
                logger.debug("Closing a dropped connection: %s", type(error).__name__)


def _reset(conn: Any, lease: Lease) -> None:
    """Bring a connection back to the state of a fresh one. No round trip unless services were opened."""
    opened = list(conn._tracked_services)
    if opened:
        proxies = [conn.c.ic.stringToProxy(name) for name in opened]
        _close_services(
            conn, [omero.api.StatefulServiceInterfacePrx.uncheckedCast(proxy) for proxy in proxies]
        )
        for wrapper in conn._proxies.values():
            if str(wrapper._obj) in opened:
                wrapper._obj = None
            wrapper.untaint()
        conn._tracked_services.clear()
    conn.c.getImplicitContext().setContext(dict(lease.context))
    conn.setDefaultOmeroGroup(None)
    conn.setDefaultOmeroUser(None)
    conn.SERVICE_OPTS = conn.createServiceOptsDict()
    conn._lastGroupId = None


def _close_services(conn: Any, services: list[Any]) -> None:
    for service in services:
        try:
            service.close()
        except Ice.ObjectNotExistException:
            logger.debug("Service %s was closed already", service)


POOL = ConnectionPool()
atexit.register(POOL.clear)
