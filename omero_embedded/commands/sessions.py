"""Requests about sessions (contract/server.md, section 2.22)."""

from __future__ import annotations

from typing import Any

import omero.cmd
from omero.rtypes import rlong, rtime

from ..security.context import CallContext
from ..services.base import Call
from ..services.event_context import context_of_session
from ..services.session import session_object
from . import Command, CommandError, Progress, command


def _may_see(context: CallContext, owner_id: int, sudoer_id: int | None) -> bool:
    mine = context.user_id if context.sudoer_id is None else context.sudoer_id
    return mine == (owner_id if sudoer_id is None else sudoer_id) or context.has("ReadSession")


@command(omero.cmd.UpdateSessionTimeoutRequest)
class UpdateSessionTimeout(Command):
    """Change how long a session may idle or live."""

    def run(self, call: Call, request: Any, progress: Progress) -> Any:
        """Non-administrators change their own sessions only and are capped at the configured maxima."""
        session = call.server.sessions.find(request.session)
        context = call.context
        if session is None:
            raise CommandError("no-session", f"session: there is no session {request.session!r}")
        if session.owner_id != context.user_id and not context.is_admin:
            raise CommandError("no-session", "session: it belongs to another user")
        changes = {}
        for name, value, limit_key in (
            ("timeToLive", request.timeToLive, "omero.sessions.max_user_time_to_live"),
            ("timeToIdle", request.timeToIdle, "omero.sessions.max_user_time_to_idle"),
        ):
            if value is None:
                continue
            wanted = int(value.val)
            if wanted < 0:
                raise CommandError("bad-init", f"{name}: must not be negative")
            limit = call.server.settings.integer(limit_key)
            if not context.is_admin:
                current = session.time_to_live if name == "timeToLive" else session.time_to_idle
                if wanted == 0 and current != 0:
                    raise CommandError("non-admin-disabling", f"{name}: only administrators may disable it")
                if limit > 0:
                    wanted = min(wanted, limit)
            changes[name] = wanted
        if not changes:
            raise CommandError("no-update-performed", "neither timeToLive nor timeToIdle is given")
        with call.write() as transaction:
            transaction.update("Session", session.id, changes)

            def apply() -> None:
                session.time_to_live = changes.get("timeToLive", session.time_to_live)
                session.time_to_idle = changes.get("timeToIdle", session.time_to_idle)

            transaction.after_commit(apply)
        return omero.cmd.OK()


@command(omero.cmd.CurrentSessionsRequest)
class CurrentSessions(Command):
    """All live sessions, as far as the caller may see them."""

    def writes(self, request: Any) -> bool:
        """Changes nothing."""
        return False

    def run(self, call: Call, request: Any, progress: Progress) -> Any:
        """Three parallel lists: sessions (null where hidden), contexts, usage."""
        response = omero.cmd.CurrentSessionsResponse([], [], [])
        for session in call.server.sessions.live():
            visible = _may_see(call.context, session.owner_id, session.sudoer_id)
            response.sessions.append(session_object(session) if visible else None)
            response.contexts.append(context_of_session(call.server, session, reduced=not visible))
            response.data.append(
                {"hitCount": rlong(session.hits), "lastAccessTime": rtime(session.last_access)}
            )
        return response
