"""The server: one Ice object adapter with a tcp and a TLS endpoint, and what its services share.

Source: contract/server.md, sections 2.1, 5.2 and 5.3.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import Ice
import omero.api
import omero.columns
import omero.rtypes
from omero.ObjectFactoryRegistrar import registerObjectFactory

from .accounts import Accounts
from .commands.handle import forget_old
from .database import Database
from .display.luts import LutFolder
from .display.standard_luts import write_standard_luts
from .display.thumbnail_files import ThumbnailFiles
from .factory import Factory, factory_identity
from .files import FileStore
from .hql import Engine
from .model import bootstrap
from .parts import Parts
from .passwords import hash_password
from .pixels.zarr_store import ZarrPixelStore
from .router import ROUTER, SERVER, Router
from .scheduler import Scheduler
from .scripts.official import copy_official
from .scripts.repository import ScriptRepository
from .scripts.runner import ScriptRunner
from .services import STATELESS
from .services.base import Service, servant
from .sessions import Session, SessionManager
from .settings import TCP_PORT, TLS_PORT, Settings, StatePaths
from .tls import key_store

log = logging.getLogger(__name__)

MESSAGE_SIZE_MAX = 250_000
"""Largest message in kB, as clients configure it."""
DATABASE_URL = "omero.embedded.db.url"


class PortInUse(Exception):
    """An endpoint cannot be opened because something else listens there."""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where the server listens. Port 0 lets the system choose; `Server.tcp_port` and `tls_port` tell which."""

    host: str = "127.0.0.1"
    tcp_port: int = TCP_PORT
    tls_port: int = TLS_PORT


class _Answering(Ice.Object):
    """Stands behind the proxy whose endpoints clients take for their callback adapters; has no operations."""


class Server(Parts):
    """The embedded server. `start` opens the store and the endpoints, `stop` closes both."""

    def __init__(
        self, paths: StatePaths, endpoints: Endpoints | None = None, values: Mapping[str, str] | None = None
    ) -> None:
        self.paths = paths
        self.endpoints = endpoints or Endpoints()
        self.settings = Settings(values)
        self.services: dict[str, Service] = {name: service() for name, service in STATELESS.items()}
        self._factories: set[Factory] = set()
        self._lock = threading.Lock()
        self._stop_requested = threading.Event()
        self._stopped = threading.Event()
        self.communicator: Any = None
        self.adapter: Any = None
        self.tcp_port = 0
        self.tls_port = 0

    def is_new(self) -> bool:
        """The store holds nothing yet, so that a password for root is needed."""
        self._open_database()
        with self.database.read() as connection:
            return bootstrap.is_empty(connection)

    def prepare(self, root_password: str | None = None) -> None:
        """Create schema and first rows if the store is new. Raises ValueError when it is and no password is given."""
        if self.is_new():
            if not root_password:
                raise ValueError("a new server needs a password for root")
            with self.database.write() as connection:
                bootstrap.populate(connection, hash_password(root_password), self._repositories())
                self.database.continue_ids(connection)

    def _open_database(self) -> None:
        if not hasattr(self, "database"):
            self.paths.create()
            self.database = Database(self.settings.get(DATABASE_URL) or self.paths.database_url)
            bootstrap.migrate(self.database)

    def start(self, root_password: str | None = None) -> None:
        """Open store and endpoints and answer calls until `stop`.

        root_password: needed when `is_new()`. Raises PortInUse when an endpoint is taken, ValueError for a bad setting.
        """
        self.prepare(root_password)
        with self.database.read() as connection:
            for name, value in bootstrap.configuration(connection).items():
                self.settings.define(name, value)
        self.settings.define("omero.data.dir", str(self.paths.root))
        self._open_parts()
        try:
            self._open_endpoints()
        except BaseException:
            self.stop()
            raise

    def _repositories(self) -> dict[str, Path]:
        return {folder.name: folder for folder in (self.paths.managed, self.paths.files, self.paths.scripts)}

    def _open_parts(self) -> None:
        self.accounts = Accounts(self.database)
        self.hql = Engine(self.database)
        with self.database.read() as connection:
            uuids = bootstrap.repository_uuids(connection)
        self.files = FileStore(
            self.paths.files, {uuids[name]: folder for name, folder in self._repositories().items()}
        )
        self.pixels = ZarrPixelStore(self.paths.pixels)
        write_standard_luts(self.paths.scripts)
        copy_official(self.paths.scripts)
        self.luts = LutFolder(self.paths.scripts)
        self.scripts = ScriptRepository(self.paths.scripts, self.database)
        self.thumbnails = ThumbnailFiles(self.paths.thumbnails)
        self.scheduler = Scheduler()
        self.background = ThreadPoolExecutor(4, thread_name_prefix="background")
        self.command_pool = ThreadPoolExecutor(4, thread_name_prefix="command")
        self.sessions = SessionManager(self.database, self.accounts, self.settings, self._in_background)
        self.sessions.close_leftovers()
        self.script_runner = ScriptRunner(self)
        self.scheduler.every(self.settings.integer("omero.sessions.sweep"), self._sweep)

    def _sweep(self) -> None:
        """Close expired sessions and drop handles that nobody has asked for."""
        self.sessions.sweep()
        forget_old(self)

    def _in_background(self, action: Callable[[], None]) -> None:
        if self._stopped.is_set():
            action()
        else:
            self.background.submit(_logged, action)

    def _open_endpoints(self) -> None:
        self.communicator = Ice.initialize(self._initialisation())
        registerObjectFactory(self.communicator, None)
        for factory in (*omero.rtypes.ObjectFactories.values(), *omero.columns.ObjectFactories.values()):
            factory.register(self.communicator)
        host = self.endpoints.host
        text = f'tcp -h "{host}" -p {self.endpoints.tcp_port}:ssl -h "{host}" -p {self.endpoints.tls_port}'
        try:
            self.adapter = self.communicator.createObjectAdapterWithEndpoints("omero", text)
        except Ice.SocketException as error:
            raise PortInUse(
                f"cannot listen on {host}, ports {self.endpoints.tcp_port} and {self.endpoints.tls_port}: {error}"
            ) from error
        for endpoint in self.adapter.getEndpoints():
            info = endpoint.getInfo()
            if info.secure():
                self.tls_port = info.port
            else:
                self.tcp_port = info.port
        self.settings.define(
            "omero.router.insecure", f"OMERO.Glacier2/router:tcp -p {self.tcp_port} -h @omero.host@"
        )
        self.sessions.adapter = self.adapter
        self.router = Router(self, self.open_factory)
        self.adapter.add(self.router, ROUTER)
        self.adapter.add(_Answering(), SERVER)
        self.adapter.activate()
        log.info("listening on %s, tcp %d, TLS %d", host, self.tcp_port, self.tls_port)

    def _initialisation(self) -> Any:
        keys = key_store(self.paths.tls, self.endpoints.host)
        data = Ice.InitializationData()
        data.properties = Ice.createProperties()
        for name, value in {
            "Ice.ImplicitContext": "None",
            "Ice.MessageSizeMax": str(MESSAGE_SIZE_MAX),
            "Ice.ThreadPool.Server.Size": "8",
            "Ice.ThreadPool.Server.SizeMax": "50",
            "Ice.ThreadPool.Server.SizeWarn": "0",
            "Ice.ThreadPool.Client.Size": "2",
            "Ice.ThreadPool.Client.SizeMax": "8",
            "Ice.ACM.Server.Close": "0",
            "Ice.CacheMessageBuffers": "0",
            "Ice.Warn.Connections": "0",
            "Ice.Warn.Dispatch": "0",
            "Ice.Plugin.IceSSL": "IceSSL:createIceSSL",
            "IceSSL.CertFile": str(keys.path),
            "IceSSL.Password": keys.password,
            "IceSSL.VerifyPeer": "0",
            "IceSSL.Protocols": "TLS1_0,TLS1_1,TLS1_2",
        }.items():
            data.properties.setProperty(name, value)
        data.logger = _IceLogger()
        return data

    def open_factory(self, session: Session, client_uuid: str) -> tuple[Factory, Any]:
        """A service factory for one client, and its proxy."""
        factory = Factory(self, session, client_uuid, self.forget_factory)
        identity = factory_identity(client_uuid, session.uuid)
        ice_servant = servant(Factory, omero.api.ServiceFactory)(self, session, factory, identity.name)
        with self._lock:
            self._factories.add(factory)
        if self.adapter.find(identity) is not None:
            # The client joins again under its old id: its former factory is of no use any more.
            self.adapter.remove(identity)
        return factory, self.adapter.add(ice_servant, identity)

    def forget_factory(self, factory: Factory) -> None:
        """Take a client's factory off the adapter."""
        with self._lock:
            self._factories.discard(factory)
        try:
            self.adapter.remove(factory_identity(factory.client_uuid, factory.session.uuid))
        except (Ice.NotRegisteredException, Ice.ObjectAdapterDeactivatedException):
            log.debug("factory of %s was gone already", factory.client_uuid)

    def stop(self) -> None:
        """Close endpoints, sessions and store. May be called more than once."""
        if self._stopped.is_set():
            return
        self._stopped.set()
        if hasattr(self, "script_runner"):
            # Before the adapter waits for its calls: some of them wait for scripts.
            self.script_runner.stop()
        if self.adapter is not None:
            self.adapter.deactivate()
            self.adapter.waitForDeactivate()
        if hasattr(self, "sessions"):
            self.scheduler.stop()
            # Closing the sessions cancels their commands, so that the pool comes to an end.
            self.sessions.close_all()
            self.command_pool.shutdown(wait=True, cancel_futures=True)
            self.background.shutdown(wait=True)
        if self.communicator is not None:
            self.communicator.destroy()
        if hasattr(self, "database"):
            self.database.close()
        log.info("stopped")

    def request_stop(self) -> None:
        """Let `wait` return; safe to call from a signal handler."""
        self._stop_requested.set()

    def wait(self) -> None:
        """Block until `request_stop` is called."""
        self._stop_requested.wait()


def _logged(action: Callable[[], None]) -> None:
    try:
        action()
    except Exception:
        log.exception("background work failed")


class _IceLogger(Ice.Logger):
    """Sends what Ice has to say to the log of the server."""

    def __init__(self, prefix: str = "Ice") -> None:
        self._prefix = prefix
        self._log = logging.getLogger(prefix)

    def _print(self, message: str) -> None:
        self._log.info(message)

    def trace(self, category: str, message: str) -> None:
        self._log.debug("%s: %s", category, message)

    def warning(self, message: str) -> None:
        self._log.warning(message)

    def error(self, message: str) -> None:
        self._log.error(message)

    def getPrefix(self) -> str:
        return self._prefix

    def cloneWithPrefix(self, prefix: str) -> _IceLogger:
        return _IceLogger(prefix)
