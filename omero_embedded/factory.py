"""The service factory: what a client holds of its session (contract/server.md, section 2.5)."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import Ice
import omero.api
import omero.constants as names
import omero.grid
import omero.model

from . import errors
from .commands.handle import Handle
from .parts import Parts
from .security.context import GUEST_ID
from .services import STATEFUL
from .services.base import Call, Service, StatefulService, activate, proxy_class
from .sessions import Session

log = logging.getLogger(__name__)

_GUEST_SERVICES = frozenset({"IAdmin", "IConfig", "ISession"})

_STATELESS_GETTERS = {
    "getAdminService": ("IAdmin", names.ADMINSERVICE),
    "getConfigService": ("IConfig", names.CONFIGSERVICE),
    "getContainerService": ("IContainer", names.CONTAINERSERVICE),
    "getLdapService": ("ILdap", names.LDAPSERVICE),
    "getMetadataService": ("IMetadata", names.METADATASERVICE),
    "getPixelsService": ("IPixels", names.PIXELSSERVICE),
    "getProjectionService": ("IProjection", names.PROJECTIONSERVICE),
    "getQueryService": ("IQuery", names.QUERYSERVICE),
    "getRenderingSettingsService": ("IRenderingSettings", names.RENDERINGSETTINGS),
    "getRepositoryInfoService": ("IRepositoryInfo", names.REPOSITORYINFO),
    "getRoiService": ("IRoi", names.ROISERVICE),
    "getScriptService": ("IScript", names.SCRIPTSERVICE),
    "getSessionService": ("ISession", names.SESSIONSERVICE),
    "getShareService": ("IShare", names.SHARESERVICE),
    "getTimelineService": ("ITimeline", names.TIMELINESERVICE),
    "getTypesService": ("ITypes", names.TYPESSERVICE),
    "getUpdateService": ("IUpdate", names.UPDATESERVICE),
    "sharedResources": ("SharedResources", names.SHAREDRESOURCES),
}
_STATEFUL_CREATORS = {
    "createExporter": ("Exporter", names.EXPORTERSERVICE),
    "createJobHandle": ("JobHandle", names.JOBHANDLE),
    "createRawFileStore": ("RawFileStore", names.RAWFILESTORE),
    "createRawPixelsStore": ("RawPixelsStore", names.RAWPIXELSSTORE),
    "createRenderingEngine": ("RenderingEngine", names.RENDERINGENGINE),
    "createSearchService": ("Search", names.SEARCH),
    "createThumbnailStore": ("ThumbnailStore", names.THUMBNAILSTORE),
}
_BY_CONSTANT = {constant: interface for interface, constant in _STATELESS_GETTERS.values()}
_CREATED_BY_CONSTANT = {constant: interface for interface, constant in _STATEFUL_CREATORS.values()}


def _interface(name: str) -> Any:
    return getattr(omero.grid if name == "SharedResources" else omero.api, name)


class Unsupported(Service):
    """A stateless service of which this server offers no operation."""


class UnsupportedStateful(StatefulService):
    """A stateful service of which this server offers only what every stateful service has."""


class Factory(Service):
    """The service factory of one client in one session."""

    def __init__(
        self, server: Parts, session: Session, client_uuid: str, forget: Callable[[Factory], None]
    ) -> None:
        self.server = server
        self.session = session
        self.client_uuid = client_uuid
        self.detach_on_destroy = False
        self._forget = forget
        self._destroyed = False

    def stateless(self, call: Call, interface: str, constant: str) -> Any:
        """Proxy of this client's stateless service; made on first use."""
        if call.session.owner_id == GUEST_ID and interface not in _GUEST_SERVICES:
            raise errors.security(f"guest may not use {interface}")
        name = f"{self.client_uuid}{constant}"
        existing = self.server.sessions.proxy(self.session, name)
        if existing is not None:
            return proxy_class(_interface(interface)).uncheckedCast(existing)
        service = self.server.services.get(interface) or Unsupported()
        return activate(
            self.server, self.session, service, _interface(interface), name, client=self.client_uuid
        )

    def create(self, call: Call, interface: str, constant: str) -> Any:
        """Proxy of a new stateful service."""
        if call.session.owner_id == GUEST_ID:
            raise errors.security(f"guest may not use {interface}")
        service = STATEFUL.get(interface, UnsupportedStateful)()
        name = f"{uuid.uuid4()}{constant}"
        return activate(self.server, self.session, service, _interface(interface), name, client=None)

    def getByName(self, call: Call, name: str) -> Any:
        """A stateless service by its constant, or any active servant by its identity name."""
        existing = self.server.sessions.proxy(self.session, name)
        if existing is not None:
            return omero.api.ServiceInterfacePrx.uncheckedCast(existing)
        if name in _BY_CONSTANT:
            proxy = self.stateless(call, _BY_CONSTANT[name], name)
            return omero.api.ServiceInterfacePrx.uncheckedCast(proxy)
        raise errors.api_usage(f"name: there is no service {name!r}")

    def createByName(self, call: Call, name: str) -> Any:
        """A new stateful service by its constant."""
        if name not in _CREATED_BY_CONSTANT:
            raise errors.api_usage(f"name: there is no stateful service {name!r}")
        return self.create(call, _CREATED_BY_CONSTANT[name], name)

    def activeServices(self, call: Call) -> list[str]:
        """Identity names of all servants of the session."""
        with self.session.lock:
            return sorted(self.session.servants)

    def setCallback(self, call: Call, callback: Any) -> None:
        """Accepted and not used: this server never calls a client on its own account."""

    def subscribe(self, call: Call, topic: str, proxy: Any) -> None:
        """Accepted for public topics, on which this server publishes nothing."""
        if not topic.startswith("/public/"):
            raise errors.api_usage("topicName: only topics under /public/ can be subscribed to")

    def keepAlive(self, call: Call, proxy: Any) -> bool:
        """Reset the idle clock; true when the proxy's servant is alive."""
        return proxy is not None and self._is_alive(proxy)

    def keepAllAlive(self, call: Call, proxies: Sequence[Any]) -> int:
        """A number whose bit i is set when proxy i is gone; -1 for an empty list."""
        if not proxies:
            return -1
        return sum(
            1 << i for i, proxy in enumerate(proxies[:63]) if proxy is None or not self._is_alive(proxy)
        )

    def _is_alive(self, proxy: Any) -> bool:
        identity = proxy.ice_getIdentity()
        return identity.category == self.session.uuid and identity.name in self.session.servants

    def detachOnDestroy(self, call: Call) -> None:
        """Leave the session open when this client goes."""
        self.detach_on_destroy = True

    def closeOnDestroy(self, call: Call) -> None:
        """Close the session when this client goes and nobody else uses it."""
        self.detach_on_destroy = False

    def destroy(self, call: Call) -> None:
        """This client goes."""
        self.leave()

    def leave(self) -> None:
        """Detach from the session; close it when it is to be closed and this was its last client."""
        if self._destroyed:
            return
        self._destroyed = True
        sessions = self.server.sessions
        self._forget(self)
        remaining = sessions.detach(self.session)
        if not self.detach_on_destroy and remaining < 1:
            sessions.remove(self.session)
        else:
            sessions.leave_client(self.session, self.client_uuid)

    def setSecurityContext(self, call: Call, target: Any) -> Any:
        """Change the session's group; returns the previous one."""
        if not isinstance(target, omero.model.ExperimenterGroup) or target.id is None:
            raise errors.api_usage("obj: an ExperimenterGroup with an id is needed")
        session = self.session
        group_id = target.id.val
        # Resolving checks that the group exists and that the user may use it.
        call.session.context(self.server.accounts, {"omero.group": str(group_id)})
        with session.lock:
            stateful = [name for name, entry in session.servants.items() if _blocks_switch(entry.servant)]
            if stateful:
                raise errors.security(f"close the stateful services first: {', '.join(stateful)}")
            if session.running > 1:
                raise errors.security("another call is running in this session")
            previous, session.group_id = session.group_id, group_id
        return omero.model.ExperimenterGroupI(previous, False)

    def getSecurityContexts(self, call: Call) -> list[Any]:
        """The groups that the session can be set to."""
        return [omero.model.ExperimenterGroupI(group, False) for group in call.context.member_of]

    def setSecurityPassword(self, call: Call, password: str) -> None:
        """Show that the caller knows the account's password."""
        account = self.server.accounts.account(self.session.owner_id)
        if account is not None:
            found = self.server.accounts.credentials(account.name, ignore_case=False)
            if found and self.server.sessions.authenticator.check(account, password, found[1]):
                self.session.password_verified = True
                return
        raise errors.security("wrong password")

    def submit(self, call: Call, request: Any) -> Any:
        """Start a command; null for an unknown one."""
        return Handle.start(call, request)


def _blocks_switch(servant: Any) -> bool:
    return isinstance(servant.service, StatefulService) and not isinstance(servant.service, Handle)


def _getter(interface: str, constant: str) -> Callable[[Factory, Call], Any]:
    def get(self: Factory, call: Call) -> Any:
        return self.stateless(call, interface, constant)

    get.__doc__ = f"This client's {interface}."
    return get


def _creator(interface: str, constant: str) -> Callable[[Factory, Call], Any]:
    def create(self: Factory, call: Call) -> Any:
        return self.create(call, interface, constant)

    create.__doc__ = f"A new {interface}."
    return create


for _name, _what in _STATELESS_GETTERS.items():
    setattr(Factory, _name, _getter(*_what))
for _name, _what in _STATEFUL_CREATORS.items():
    setattr(Factory, _name, _creator(*_what))


def factory_identity(client_uuid: str, session_uuid: str) -> Ice.Identity:
    """Identity under which a client finds its factory; clients read both halves of it."""
    return Ice.Identity(session_uuid, f"session-{client_uuid}")
