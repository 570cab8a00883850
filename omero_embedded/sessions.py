"""Live sessions: log-in, join, time-outs, reference counts, removal.

Sessions live in memory; each has a row in the store that says when it was opened and closed.
Source: contract/server.md, sections 2.2 and 2.3.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import Ice
from sqlalchemy import select, update

from . import errors
from .accounts import Account, Accounts
from .authentication import AccessDenied, Authenticator
from .contexts import default_group, resolve
from .database import Database
from .model.tables import table_of
from .security.context import CallContext
from .settings import Settings
from .transaction import now, system_context, writing

log = logging.getLogger(__name__)

SERVANT_LIMIT = 10_000
_CONTEXTS_PER_SESSION = 256
NODE_ID = 0


@dataclass(frozen=True, slots=True)
class Login:
    """What a client says about itself when it logs in."""

    group: str = ""
    event_type: str = "User"
    agent: str | None = None
    ip: str | None = None


@dataclass(slots=True)
class ActiveServant:
    """A servant of a session; `client` owns it when it goes with that client."""

    servant: Any
    client: str | None
    stateful: bool


@dataclass(eq=False)
class Session:
    """One live session. Times are milliseconds since 1970; `time_to_idle` and `time_to_live` 0 mean unlimited."""

    id: int
    uuid: str
    owner_id: int
    group_id: int
    event_type: str
    time_to_idle: int
    time_to_live: int
    started: int
    agent: str | None = None
    ip: str | None = None
    message: str | None = None
    sudoer_id: int | None = None
    allowed_groups: frozenset[int] | None = None
    password_verified: bool = False
    references: int = 1
    last_access: int = 0
    hits: int = 0
    running: int = 0
    closed: bool = False
    inputs: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    servants: dict[str, ActiveServant] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)
    _contexts: dict[tuple[str | None, str | None], CallContext] = field(default_factory=dict)
    _contexts_of: tuple[int, int] = (-1, -1)

    def is_expired(self, moment: int) -> bool:
        """Idle for too long (no call running), or alive for too long."""
        idle = self.time_to_idle > 0 and moment - self.last_access > self.time_to_idle
        return (idle and self.running == 0) or (
            self.time_to_live > 0 and moment - self.started > self.time_to_live
        )

    def context(self, accounts: Accounts, ctx: Mapping[str, str]) -> CallContext:
        """The effective user and group of a call in this session."""
        key = (ctx.get("omero.group"), ctx.get("omero.user"))
        state = (accounts.generation, self.group_id)
        with self.lock:
            if self._contexts_of != state:
                self._contexts = {}
                self._contexts_of = state
            found = self._contexts.get(key)
        if found is None:
            found = resolve(self, accounts, ctx)
            with self.lock:
                if self._contexts_of == state and len(self._contexts) < _CONTEXTS_PER_SESSION:
                    self._contexts[key] = found
        return found


class SessionManager:
    """Opens, finds and closes sessions, and keeps their servants on the object adapter."""

    def __init__(
        self,
        database: Database,
        accounts: Accounts,
        settings: Settings,
        background: Callable[[Callable[[], None]], None],
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._settings = settings
        self._background = background
        self.authenticator = Authenticator(database, accounts, settings)
        self._lock = threading.Lock()
        self._sessions: dict[str, Session] = {}
        self._closed_rows: list[int] = []
        self.adapter: Any = None

    def login(self, user: str, password: str, login: Login) -> Session:
        """Join the session whose uuid is given twice, or open a new one. Raises AccessDenied."""
        if self.find(password) is not None or self.find(user) is not None:
            if user != password:
                raise AccessDenied("A session is joined with its id as user and as password.")
            return self.join(user)
        account = self.authenticator.authenticate(user, password)
        group_id = self._login_group(account, login.group)
        session = self.open(account, group_id, login)
        session.password_verified = True
        return session

    def _login_group(self, account: Account, name: str) -> int:
        if name in ("", "user"):
            if account.default_group is None:
                raise AccessDenied(f"The account {account.name} has no default group.")
            return account.default_group
        group = self._accounts.group_named(name)
        if group is None:
            raise AccessDenied(f"There is no group {name}.")
        return group.id

    def open(
        self,
        account: Account,
        group_id: int | None,
        login: Login,
        *,
        time_to_idle: int | None = None,
        time_to_live: int | None = None,
        sudoer_id: int | None = None,
        allowed_groups: frozenset[int] | None = None,
    ) -> Session:
        """Open a session of an account and record it. Times in milliseconds; None: as configured."""
        moment = now()
        session = Session(
            id=-1,
            uuid=str(uuid.uuid4()),
            owner_id=account.id,
            group_id=default_group(account) if group_id is None else group_id,
            event_type=login.event_type or "User",
            time_to_idle=self._settings.integer("omero.sessions.timeout")
            if time_to_idle is None
            else time_to_idle,
            time_to_live=self._settings.integer("omero.sessions.maximum")
            if time_to_live is None
            else time_to_live,
            started=moment,
            agent=login.agent,
            ip=login.ip,
            message="Session opened by log-in" if sudoer_id is None else "Session opened for another user",
            sudoer_id=sudoer_id,
            allowed_groups=allowed_groups,
            last_access=moment,
        )
        with writing(self._database, system_context(self._accounts.levels())) as transaction:
            transaction.enum_id("EventType", session.event_type)
            session.id = transaction.insert(
                "Session",
                {
                    "node": NODE_ID,
                    "uuid": session.uuid,
                    "owner": session.owner_id,
                    "sudoer": sudoer_id,
                    "timeToIdle": session.time_to_idle,
                    "timeToLive": session.time_to_live,
                    "started": moment,
                    "message": session.message,
                    "defaultEventType": session.event_type,
                    "userAgent": session.agent,
                    "userIP": session.ip,
                },
            )
        with self._lock:
            self._sessions[session.uuid] = session
        log.info("session %d of %s opened (group %d)", session.id, account.name, session.group_id)
        return session

    def find(self, session_uuid: str) -> Session | None:
        """The live session of that uuid. An expired one is closed and not returned."""
        with self._lock:
            session = self._sessions.get(session_uuid)
        if session is not None and session.is_expired(now()):
            self.remove(session)
            return None
        return session

    def get(self, session_uuid: str) -> Session:
        """The live session of that uuid. Raises SessionTimeoutException on expiry, RemovedSessionException when gone."""
        with self._lock:
            session = self._sessions.get(session_uuid)
        if session is None:
            raise errors.removed_session("there is no such session")
        if session.is_expired(now()):
            self.remove(session)
            raise errors.session_timeout("the session has expired")
        return session

    def live(self) -> list[Session]:
        """All live sessions."""
        with self._lock:
            return list(self._sessions.values())

    def join(self, session_uuid: str) -> Session:
        """The live session with one more reference."""
        session = self.get(session_uuid)
        with session.lock:
            if session.closed:
                raise errors.removed_session("the session was closed")
            session.references += 1
            session.last_access = now()
        return session

    def detach(self, session: Session) -> int:
        """Take one reference away; returns how many are left."""
        with session.lock:
            session.references -= 1
            return session.references

    def enter(self, session: Session, *, quietly: bool = False) -> None:
        """A call in the session begins. Raises SessionTimeoutException or RemovedSessionException."""
        moment = now()
        if session.is_expired(moment):
            self.remove(session)
            raise errors.session_timeout("the session has expired")
        with session.lock:
            if session.closed:
                raise errors.removed_session("the session was closed")
            if not quietly:
                session.last_access = moment
                session.hits += 1
            session.running += 1

    def leave(self, session: Session, *, quietly: bool = False) -> None:
        """A call in the session ends."""
        with session.lock:
            session.running -= 1
            if not quietly:
                session.last_access = now()

    def activate(
        self, session: Session, servant: Any, name: str, *, client: str | None, stateful: bool
    ) -> Any:
        """Put a servant of the session on the adapter and return its proxy; replaces one of the same name."""
        identity = Ice.Identity(name, session.uuid)
        with session.lock:
            if session.closed:
                raise errors.removed_session("the session was closed")
            if len(session.servants) >= SERVANT_LIMIT:
                raise errors.over_usage(f"the session already has {SERVANT_LIMIT} services")
            if name in session.servants:
                self.adapter.remove(identity)
            session.servants[name] = ActiveServant(servant, client, stateful)
            return self.adapter.add(servant, identity)

    def proxy(self, session: Session, name: str) -> Any:
        """Untyped proxy of an active servant; None when there is none of that name."""
        with session.lock:
            if name not in session.servants:
                return None
        return self.adapter.createProxy(Ice.Identity(name, session.uuid))

    def deactivate(self, session: Session, name: str) -> ActiveServant | None:
        """Take a servant off the adapter; returns it, or None when it was gone already."""
        with session.lock:
            entry = session.servants.pop(name, None)
        if entry is not None:
            self._drop(Ice.Identity(name, session.uuid))
        return entry

    def leave_client(self, session: Session, client: str) -> None:
        """Take off the stateless servants of one client; the rest of the session lives on."""
        with session.lock:
            names = [
                name
                for name, entry in session.servants.items()
                if entry.client == client and not entry.stateful
            ]
            for name in names:
                del session.servants[name]
        for name in names:
            self._drop(Ice.Identity(name, session.uuid))

    def remove(self, session: Session) -> None:
        """Close a session: its servants go, its row is marked closed, its environment is forgotten."""
        with self._lock:
            self._sessions.pop(session.uuid, None)
        with session.lock:
            if session.closed:
                return
            session.closed = True
            servants = dict(session.servants)
            session.servants.clear()
            session.inputs.clear()
            session.outputs.clear()
        for name, entry in servants.items():
            self._drop(Ice.Identity(name, session.uuid))
            if entry.stateful:
                self._background(entry.servant.retire)
        with self._lock:
            self._closed_rows.append(session.id)
            first = len(self._closed_rows) == 1
        if first:
            self._background(self.record_closed)
        log.info("session %d closed", session.id)

    def _drop(self, identity: Ice.Identity) -> None:
        try:
            self.adapter.remove(identity)
        except (Ice.NotRegisteredException, Ice.ObjectAdapterDeactivatedException):
            # Somebody else took it off in the meantime, or the server is going down: gone is what was wanted.
            log.debug("servant %s was gone already", identity.name)

    def record_closed(self) -> None:
        """Mark the rows of closed sessions, all that have gathered in one transaction."""
        time.sleep(0.05)
        with self._lock:
            rows, self._closed_rows = self._closed_rows, []
        if rows:
            with writing(self._database, system_context(self._accounts.levels())) as transaction:
                transaction.update_where("Session", rows, {"closed": now()})

    def sweep(self) -> None:
        """Close every expired session."""
        moment = now()
        for session in self.live():
            if session.is_expired(moment):
                self.remove(session)

    def close_all(self) -> None:
        """Close every session: the server goes down."""
        for session in self.live():
            self.remove(session)
        self.record_closed()

    def close_leftovers(self) -> None:
        """Mark sessions that an earlier process left open, because it was killed."""
        sessions = table_of("Session")
        with self._database.write() as connection:
            open_rows = select(sessions.c.id).where(
                sessions.c.closed.is_(None), sessions.c.discriminator == "Session"
            )
            connection.execute(update(sessions).where(sessions.c.id.in_(open_rows)).values(closed=now()))
