"""ISession: look up, open for others, close, and the session's environment (contract/server.md, section 2.3)."""

from __future__ import annotations

from typing import Any

import omero
import omero.model
from omero.rtypes import rint, rlong, rstring, rtime

from .. import errors
from ..accounts import Account
from ..authentication import AccessDenied
from ..security.context import CallContext
from ..sessions import NODE_ID, Login, Session
from ..transaction import system_context, writing
from .base import Call, Service

GROUP_SUDO = "openmicroscopy.org/security/group-sudo"


def session_object(session: Session) -> Any:
    """A live session as omero.model.Session; `details` holds owner and current group."""
    found = omero.model.SessionI(session.id, True)
    found.unloadCollections()
    found._version = rint(0)
    found._node = omero.model.NodeI(NODE_ID, False)
    found._uuid = rstring(session.uuid)
    found._owner = omero.model.ExperimenterI(session.owner_id, False)
    if session.sudoer_id is not None:
        found._sudoer = omero.model.ExperimenterI(session.sudoer_id, False)
    found._timeToIdle = rlong(session.time_to_idle)
    found._timeToLive = rlong(session.time_to_live)
    found._started = rtime(session.started)
    found._message = None if session.message is None else rstring(session.message)
    found._defaultEventType = rstring(session.event_type)
    found._userAgent = None if session.agent is None else rstring(session.agent)
    found._userIP = None if session.ip is None else rstring(session.ip)
    found._details._owner = omero.model.ExperimenterI(session.owner_id, False)
    found._details._group = omero.model.ExperimenterGroupI(session.group_id, False)
    return found


class SessionService(Service):
    """Sessions of the caller and, with the right to it, of others."""

    def getSession(self, call: Call, sessionUuid: str) -> Any:
        """The live session of that uuid. Raises SecurityViolation for others' sessions."""
        return session_object(self._visible(call, sessionUuid))

    def getReferenceCount(self, call: Call, sessionUuid: str) -> int:
        """How many clients have joined the session and not left."""
        return self._visible(call, sessionUuid).references

    def closeSession(self, call: Call, sess: Any) -> int:
        """Take one reference away. Returns what is left; -1 for an unknown session, -2 when this closed it."""
        if sess is None or sess.uuid is None:
            raise errors.api_usage("sess: a session with a uuid is needed")
        sessions = call.server.sessions
        session = sessions.find(sess.uuid.val)
        if session is None:
            return -1
        self._check_visible(call, session)
        remaining = sessions.detach(session)
        if remaining < 1:
            sessions.remove(session)
            return -2
        return remaining

    def createSession(self, call: Call, principal: Any, credentials: str) -> Any:
        """Log in as the principal. Raises SecurityViolation for wrong credentials."""
        name = _name(principal)
        try:
            session = call.server.sessions.login(name, credentials, self._login(call, principal))
        except AccessDenied as error:
            raise errors.security(str(error)) from error
        return session_object(session)

    def createUserSession(
        self, call: Call, timeToLiveMilliseconds: int, timeToIdleMilliseconds: int, defaultGroup: str
    ) -> Any:
        """A further session of the caller's own."""
        account = self._account(call, call.context.user_id)
        group = _group(call, account, defaultGroup)
        ttl, tti = self._capped(call, timeToLiveMilliseconds, timeToIdleMilliseconds)
        session = call.server.sessions.open(
            account,
            group,
            Login(agent=call.ctx.get("omero.agent"), ip=call.ctx.get("omero.ip")),
            time_to_live=ttl,
            time_to_idle=tti,
            sudoer_id=call.session.sudoer_id,
            allowed_groups=call.session.allowed_groups,
        )
        return session_object(session)

    def createSessionWithTimeout(self, call: Call, principal: Any, timeToLiveMilliseconds: int) -> Any:
        """A session for another user that lives so long and idles as configured."""
        idle = call.server.settings.integer("omero.sessions.timeout")
        return self.createSessionWithTimeouts(call, principal, timeToLiveMilliseconds, idle)

    def createSessionWithTimeouts(
        self, call: Call, principal: Any, timeToLiveMilliseconds: int, timeToIdleMilliseconds: int
    ) -> Any:
        """A session for another user. Milliseconds, 0 means unlimited.

        Raises SecurityViolation unless the caller holds the privilege Sudo or leads the group.
        """
        if timeToLiveMilliseconds < 0 or timeToIdleMilliseconds < 0:
            raise errors.api_usage("timeToLiveMilliseconds, timeToIdleMilliseconds: must not be negative")
        server, context = call.server, call.context
        name = _name(principal)
        found = server.accounts.credentials(
            name, ignore_case=server.settings.flag("omero.security.ignore_case")
        )
        if found is None:
            raise errors.security(f"principal.name: there is no user {name!r}")
        account = self._account(call, found[0])
        group = _group(call, account, principal.group)
        allowed = None
        if not context.has("Sudo"):
            allowed = _led_groups(call, context, account, group)
        real_user = context.sudoer_id if context.sudoer_id is not None else call.session.owner_id
        session = server.sessions.open(
            account,
            group,
            self._login(call, principal),
            time_to_live=timeToLiveMilliseconds,
            time_to_idle=timeToIdleMilliseconds,
            sudoer_id=real_user,
            allowed_groups=allowed,
        )
        if allowed is not None:
            self._note_allowed(call, session, allowed)
        return session_object(session)

    def getMyOpenSessions(self, call: Call) -> list[Any]:
        """The caller's live sessions."""
        return [session_object(session) for session in self._own(call)]

    def getMyOpenAgentSessions(self, call: Call, agent: str) -> list[Any]:
        """The caller's live sessions of one client program."""
        return [session_object(session) for session in self._own(call) if session.agent == agent]

    def getMyOpenClientSessions(self, call: Call) -> list[Any]:
        """The caller's live sessions of the program that asks."""
        return self.getMyOpenAgentSessions(call, call.session.agent or "")

    def getInput(self, call: Call, sess: str, key: str) -> Any:
        """An input value; null when nobody set it."""
        return self._visible(call, sess).inputs.get(key)

    def getInputs(self, call: Call, sess: str) -> dict[str, Any]:
        """All input values."""
        return dict(self._visible(call, sess).inputs)

    def getInputKeys(self, call: Call, sess: str) -> list[str]:
        """Names of all input values."""
        return sorted(self._visible(call, sess).inputs)

    def setInput(self, call: Call, sess: str, key: str, value: Any) -> None:
        """Set an input value; null removes it."""
        _set(self._visible(call, sess).inputs, key, value)

    def getOutput(self, call: Call, sess: str, key: str) -> Any:
        """An output value; null when nobody set it."""
        return self._visible(call, sess).outputs.get(key)

    def getOutputs(self, call: Call, sess: str) -> dict[str, Any]:
        """All output values."""
        return dict(self._visible(call, sess).outputs)

    def getOutputKeys(self, call: Call, sess: str) -> list[str]:
        """Names of all output values."""
        return sorted(self._visible(call, sess).outputs)

    def setOutput(self, call: Call, sess: str, key: str, value: Any) -> None:
        """Set an output value; null removes it."""
        _set(self._visible(call, sess).outputs, key, value)

    def _visible(self, call: Call, uuid: str) -> Session:
        session = call.server.sessions.get(uuid)
        self._check_visible(call, session)
        return session

    def _check_visible(self, call: Call, session: Session) -> None:
        if session is call.session:
            return
        real = call.session.sudoer_id if call.session.sudoer_id is not None else call.session.owner_id
        others = session.sudoer_id if session.sudoer_id is not None else session.owner_id
        if (
            real != others
            and session.owner_id != call.session.owner_id
            and not call.context.has("ReadSession")
        ):
            raise errors.security("the session belongs to another user")

    def _own(self, call: Call) -> list[Session]:
        return [
            session for session in call.server.sessions.live() if session.owner_id == call.session.owner_id
        ]

    def _account(self, call: Call, user_id: int) -> Account:
        account = call.server.accounts.account(user_id)
        if account is None:
            raise errors.security(f"there is no user {user_id}")
        return account

    def _login(self, call: Call, principal: Any) -> Login:
        return Login(
            group=principal.group or "",
            event_type=principal.eventType or "User",
            agent=call.ctx.get("omero.agent") or call.session.agent,
            ip=call.ctx.get("omero.ip") or call.session.ip,
        )

    def _capped(self, call: Call, live: int, idle: int) -> tuple[int, int]:
        settings = call.server.settings
        limits = (
            settings.integer("omero.sessions.max_user_time_to_live"),
            settings.integer("omero.sessions.max_user_time_to_idle"),
        )
        if live < 0 or idle < 0:
            raise errors.api_usage("timeToLiveMilliseconds, timeToIdleMilliseconds: must not be negative")
        capped = [
            min(value or limit, limit) if limit > 0 else value
            for value, limit in zip((live, idle), limits, strict=True)
        ]
        return capped[0], capped[1]

    def _note_allowed(self, call: Call, session: Session, allowed: frozenset[int]) -> None:
        """Record on the session's row which groups it is tied to."""
        context = system_context(call.server.accounts.levels())
        with writing(call.server.database, context) as transaction:
            note = transaction.insert(
                "CommentAnnotation",
                {"ns": GROUP_SUDO, "textValue": ",".join(str(group) for group in sorted(allowed))},
            )
            transaction.insert("SessionAnnotationLink", {"parent": session.id, "child": note})


def _name(principal: Any) -> str:
    if principal is None or not principal.name:
        raise errors.api_usage("principal.name: must be given")
    name: str = principal.name
    return name


def _group(call: Call, account: Account, name: str | None) -> int:
    if not name or name == "user":
        if account.default_group is None:
            raise errors.security(f"user {account.name} has no default group")
        return account.default_group
    group = call.server.accounts.group_named(name)
    if group is None:
        raise errors.api_usage(f"principal.group: there is no group {name!r}")
    if group.id not in account.member_of and not account.is_admin:
        raise errors.security(f"principal.group: user {account.name} is no member of group {name}")
    return group.id


def _led_groups(call: Call, context: CallContext, account: Account, group: int) -> frozenset[int]:
    """Groups that a leader's session for another user is tied to. Raises SecurityViolation for anybody else."""
    led = frozenset(context.leader_of) & frozenset(account.member_of)
    if call.session.allowed_groups is not None:
        led &= call.session.allowed_groups
    if group not in led:
        raise errors.security(f"user {context.user_name} may not open sessions for others in group {group}")
    return led


def _set(environment: dict[str, Any], key: str, value: Any) -> None:
    if value is None:
        environment.pop(key, None)
    else:
        environment[key] = value
