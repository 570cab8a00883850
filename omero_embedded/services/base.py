"""What every Ice service is made of: the call, the service, and the servant that Ice dispatches to.

A service is a plain class whose methods are the Slice operations, each taking the `Call` before the operation's
arguments. `servant` builds the Ice class: it answers AMD operations, translates exceptions, and answers operations
that the service lacks with ApiUsageException. Source: contract/server.md, sections 2.4, 5.2 and 5.3.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple

import Ice
import omero
from sqlalchemy import Connection

from .. import errors, shares
from ..accounts import ROOTS
from ..parts import Parts
from ..security.context import CallContext
from ..sessions import Session
from ..transaction import Transaction, writing
from ..translate import translate

log = logging.getLogger(__name__)

CLIENT_UUID = "omero.client.uuid"


class Call:
    """One dispatched operation: on whose behalf it runs, and its connection to the store.

    Use it as a context manager; at the end the read connection is given back.
    """

    def __init__(
        self, server: Parts, session: Session, ctx: Mapping[str, str], connection: Any = None
    ) -> None:
        self.server = server
        self.session = session
        self.ctx = ctx
        self.ice_connection = connection
        self._context: CallContext | None = None
        self._reading: AbstractContextManager[Connection] | None = None
        self._connection: Connection | None = None
        self._transaction: Transaction | None = None

    def __enter__(self) -> Call:
        return self

    def __exit__(self, *error: object) -> None:
        self.end_reading()

    @property
    def client_uuid(self) -> str:
        """The client's own id; names its stateless services."""
        return self.ctx.get(CLIENT_UUID, "")

    @property
    def context(self) -> CallContext:
        """Effective user and group. Raises SecurityViolation when the client may not use them."""
        if self._context is None:
            share = shares.requested(self.ctx)
            if share is None:
                self._context = self.session.context(self.server.accounts, self.ctx)
            else:
                # A share decides alone what is seen: group and user of the call do not count.
                context = self.session.context(self.server.accounts, {})
                with self.server.database.read() as connection:
                    self._context = shares.enter(connection, context, share)
        return self._context

    @property
    def read(self) -> Connection:
        """Connection of this call: the open transaction's inside `write()`, else one read transaction for the whole call."""
        if self._transaction is not None:
            return self._transaction.connection
        if self._connection is None:
            self._reading = self.server.database.read()
            self._connection = self._reading.__enter__()
        return self._connection

    def end_reading(self) -> None:
        """Give the read connection back; the next use of `read` sees the newest state."""
        if self._reading is not None:
            reading, self._reading, self._connection = self._reading, None, None
            reading.__exit__(None, None, None)

    @contextmanager
    def write(self, *, event_type: str | None = None) -> Iterator[Transaction]:
        """A transaction that commits at the end; inside another one of the same call, that one."""
        if self.context.shared is not None:
            raise errors.security("in the context of a share nothing may be changed")
        if self._transaction is not None:
            yield self._transaction
            return
        self.end_reading()
        accounts = self.server.accounts
        with writing(self.server.database, self.context, event_type=event_type) as transaction:
            self._transaction = transaction
            try:
                yield transaction
            finally:
                self._transaction = None
            if transaction.changed_roots & ROOTS:
                transaction.after_commit(accounts.invalidate)

    def part(self, ctx: Mapping[str, str]) -> Call:
        """A call with another context map inside this call's transaction: one request of a composite command."""
        part = Call(self.server, self.session, {**self.ctx, **ctx}, self.ice_connection)
        if self._transaction is not None:
            part._transaction = self._transaction.on_behalf_of(part.context)
        return part

    def query(
        self, hql: str, *, offset: int | None = None, limit: int | None = None, **parameters: Any
    ) -> list[Any]:
        """Ice objects that a query finds, readable by the call's user; parameters are plain Python values."""
        return self.server.hql.find_all(self.read, self.context, hql, parameters, offset, limit)

    def projection(
        self, hql: str, *, offset: int | None = None, limit: int | None = None, **parameters: Any
    ) -> list[list[Any]]:
        """Rows of RTypes that a query selects."""
        return self.server.hql.projection(self.read, self.context, hql, parameters, offset, limit)

    def rows(
        self, hql: str, *, offset: int | None = None, limit: int | None = None, **parameters: Any
    ) -> list[tuple[Any, ...]]:
        """Rows of plain Python values that a query selects."""
        return self.server.hql.rows(self.read, self.context, hql, parameters, offset, limit)

    def activate(self, service: Service, interface: Any, name: str, *, stateful: bool = True) -> Any:
        """Put a further servant of this session on the adapter and return its typed proxy.

        interface: the generated Ice class, such as `omero.grid.Table`. `stateful` servants outlive the client.
        """
        return activate(
            self.server, self.session, service, interface, name,
            client=None if stateful else self.client_uuid,
        )  # fmt: skip


class Service:
    """A stateless service: one object serves every session."""


class StatefulService(Service):
    """A service with state, made for one client; one call at a time.

    The group of the first call that names one stays the group of later calls that name none.
    """

    pinned_group: str | None = None

    def activate(self, call: Call) -> None:
        """Nothing to do: state stays in memory."""

    def passivate(self, call: Call) -> None:
        """Nothing to do: state stays in memory."""

    def getCurrentEventContext(self, call: Call) -> Any:
        """The context that the caller works in."""
        from .event_context import event_context

        return event_context(call)

    def close(self, call: Call) -> None:
        """Release what the service holds; also called, once, when the session goes away."""


class ServiceServant:
    """Ice side of one service in one session; mixed into the class that `servant` builds."""

    service: Service
    server: Parts
    session: Session
    name: str

    def __init__(self, server: Parts, session: Session, service: Service, name: str) -> None:
        self.server = server
        self.session = session
        self.service = service
        self.name = name
        self._lock = threading.RLock() if isinstance(service, StatefulService) else None
        self._retired = False

    def run(
        self, operation: str, method: Callable[..., Any], arguments: tuple[Any, ...], current: Any
    ) -> Any:
        """One call of an operation. Raises what the operation raises."""
        sessions, ctx = self.server.sessions, current.ctx
        quietly = ctx.get("quietly") == "true"
        sessions.enter(self.session, quietly=quietly)
        try:
            if self._lock is None:
                with Call(self.server, self.session, ctx, current.con) as call:
                    return method(self.service, call, *arguments)
            with self._lock:
                return self._run_stateful(operation, method, arguments, current)
        finally:
            sessions.leave(self.session, quietly=quietly)

    def _run_stateful(
        self, operation: str, method: Callable[..., Any], arguments: tuple[Any, ...], current: Any
    ) -> Any:
        service, ctx = self.service, current.ctx
        assert isinstance(service, StatefulService)
        if self._retired:
            raise Ice.ObjectNotExistException()
        if "omero.group" in ctx:
            if service.pinned_group is None:
                service.pinned_group = ctx["omero.group"]
        elif service.pinned_group is not None:
            ctx = {**ctx, "omero.group": service.pinned_group}
        with Call(self.server, self.session, ctx, current.con) as call:
            if operation == "close":
                self._retired = True
                self.server.sessions.deactivate(self.session, self.name)
            return method(service, call, *arguments)

    def retire(self) -> None:
        """Close the service because its session went away."""
        service = self.service
        if self._lock is None or not isinstance(service, StatefulService):
            return
        with self._lock:
            if self._retired:
                return
            self._retired = True
            try:
                with Call(self.server, self.session, {}) as call:
                    service.close(call)
            except Exception:
                log.exception("closing %s of session %d failed", self.name, self.session.id)


class _Operation(NamedTuple):
    """One Slice operation: answered asynchronously or not; `declares` says that it may raise `omero.ServerError`."""

    is_amd: bool
    declares: bool


_UNDECLARING = ("omero.cmd", "Glacier2")
"""Slice modules whose operations name no server errors in their signature."""


def _operations(interface: Any) -> dict[str, _Operation]:
    """Slice operations of a generated class, inherited ones too."""
    found: dict[str, _Operation] = {}
    for base in interface.__mro__:
        if base is object or base is Ice.Object:
            continue
        declares = base.__module__ not in _UNDECLARING
        for attribute, value in vars(base).items():
            if not callable(value) or attribute.startswith(("ice_", "__")):
                continue
            names = value.__code__.co_varnames[: value.__code__.co_argcount]
            if attribute.endswith("_async") and "_cb" in names:
                found.setdefault(attribute.removesuffix("_async"), _Operation(True, declares))
            elif names and names[-1] == "current":
                found.setdefault(attribute, _Operation(False, declares))
    return found


def _missing(operation: str) -> Callable[..., Any]:
    def unsupported(_service: Service, _call: Call, *_arguments: Any) -> Any:
        raise errors.api_usage(f"{operation} is not supported by this server")

    return unsupported


def _answer(error: Exception, label: str, operation: _Operation) -> Any:
    """The exception to send; where no server error is declared, an ended session is one whose objects are gone."""
    known = translate(error, label)
    gone = isinstance(known, omero.SessionException)
    return Ice.ObjectNotExistException() if gone and not operation.declares else known


def _asynchronous(
    name: str, label: str, operation: _Operation, method: Callable[..., Any]
) -> Callable[..., None]:
    def dispatch(self: ServiceServant, answer: Any, *arguments: Any) -> None:
        try:
            result = self.run(name, method, arguments[:-1], arguments[-1])
            answer.ice_response(result)
        except Exception as error:  # noqa: BLE001  every error must reach the client as an answer
            answer.ice_exception(_answer(error, label, operation))

    return dispatch


def _synchronous(
    name: str, label: str, operation: _Operation, method: Callable[..., Any]
) -> Callable[..., Any]:
    def dispatch(self: ServiceServant, *arguments: Any) -> Any:
        try:
            return self.run(name, method, arguments[:-1], arguments[-1])
        except Exception as error:
            raise _answer(error, label, operation) from error

    return dispatch


def _method(service_class: type[Service], operation: str) -> Callable[..., Any] | None:
    """The service's method for an operation; Python keywords (`and`) are spelt `_and` by Ice and `and_` here."""
    name = f"{operation[1:]}_" if operation.startswith("_") else operation
    for base in service_class.__mro__:
        if name in vars(base) and issubclass(base, Service):
            found: Callable[..., Any] = vars(base)[name]
            return found
    return None


_SERVANTS: dict[tuple[type[Service], Any], type[Any]] = {}


def servant(service_class: type[Service], interface: Any) -> type[Any]:
    """The Ice servant class that offers a service under a generated Ice class such as `omero.api.IQuery`.

    Its instances are made with (server, session, service, name).
    """
    known = _SERVANTS.get((service_class, interface))
    if known is not None:
        return known
    namespace: dict[str, Any] = {}
    for name, operation in _operations(interface).items():
        label = f"{interface.__name__}.{name}"
        method = _method(service_class, name) or _missing(label)
        build = _asynchronous if operation.is_amd else _synchronous
        namespace[f"{name}_async" if operation.is_amd else name] = build(name, label, operation, method)
    made = type(f"{service_class.__name__}Servant", (ServiceServant, interface), namespace)
    return _SERVANTS.setdefault((service_class, interface), made)


def proxy_class(interface: Any) -> Any:
    """The generated proxy class beside a generated Ice class."""
    module = sys.modules[interface.__module__]
    return getattr(module, f"{interface.__name__}Prx")


def activate(
    server: Parts, session: Session, service: Service, interface: Any, name: str, *, client: str | None
) -> Any:
    """Put a servant on the adapter and return its typed proxy; `client` owns it when given."""
    ice_servant = servant(type(service), interface)(server, session, service, name)
    base = server.sessions.activate(
        session, ice_servant, name, client=client, stateful=isinstance(service, StatefulService)
    )
    return proxy_class(interface).uncheckedCast(base)
