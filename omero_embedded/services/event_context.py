"""The EventContext that tells a client who and where it is (contract/server.md, section 2.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import omero
import omero.sys
from omero.model import PermissionsI

from ..parts import Parts
from ..security.context import PRIVATE
from ..sessions import Session

if TYPE_CHECKING:
    from .base import Call


def event_context(call: Call) -> Any:
    """The effective user, group, memberships and privileges of a call."""
    context = call.context
    accounts = call.server.accounts
    groups = accounts.groups()
    group = groups.get(context.group_id)
    sudoer = None if context.sudoer_id is None else accounts.account(context.sudoer_id)
    permissions = PermissionsI()
    permissions._perm1 = group.permissions if group else PRIVATE
    permissions._restrictions = [False] * 6
    return omero.sys.EventContext(
        shareId=context.share_id,
        sessionId=context.session_id,
        sessionUuid=context.session_uuid,
        userId=context.user_id,
        userName=context.user_name,
        sudoerId=None if sudoer is None else omero.rtypes.rlong(sudoer.id),
        sudoerName=None if sudoer is None else omero.rtypes.rstring(sudoer.name),
        groupId=context.group_id,
        groupName=group.name if group else "",
        isAdmin=context.is_admin,
        adminPrivileges=sorted(context.privileges),
        eventId=-1,
        eventType=context.event_type,
        memberOfGroups=list(context.member_of),
        leaderOfGroups=sorted(context.leader_of),
        groupPermissions=permissions,
    )


def context_of_session(server: Parts, session: Session, *, reduced: bool) -> Any:
    """The context of a live session as others see it; `reduced` tells no more than who and in which group."""
    account = server.accounts.account(session.owner_id)
    group = server.accounts.groups().get(session.group_id)
    context = omero.sys.EventContext(
        userId=session.owner_id,
        userName=account.name if account else "",
        groupId=session.group_id,
        groupName=group.name if group else "",
        isAdmin=bool(account and account.is_admin),
        shareId=-1,
        eventId=-1,
        adminPrivileges=[],
        memberOfGroups=[],
        leaderOfGroups=[],
    )
    if not reduced and account is not None:
        context.sessionId = session.id
        context.sessionUuid = session.uuid
        context.eventType = session.event_type
        context.memberOfGroups = list(account.member_of)
        context.leaderOfGroups = sorted(account.leader_of)
        context.adminPrivileges = sorted(account.privileges)
    return context
