"""From a session and the context map of one call to the effective user, group and rights.

Source: contract/server.md, sections 2.3 (sudo, context refresh) and 2.4.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from . import errors
from .accounts import Account, Accounts
from .security.context import ALL_GROUPS, USER_GROUP, WORLD_READ, CallContext

GROUP_KEY = "omero.group"
USER_KEY = "omero.user"


class SessionFacts(Protocol):
    """What this module needs to know of a session."""

    id: int
    uuid: str
    owner_id: int
    sudoer_id: int | None
    group_id: int
    event_type: str
    allowed_groups: frozenset[int] | None


def resolve(session: SessionFacts, accounts: Accounts, ctx: Mapping[str, str]) -> CallContext:
    """The context of a call. Raises SecurityViolation when user or group may not be taken."""
    account = _account(accounts, session.owner_id)
    privileges = account.privileges
    member_of, leader_of = account.member_of, account.leader_of
    if session.sudoer_id is not None:
        sudoer = _account(accounts, session.sudoer_id)
        privileges = privileges & sudoer.privileges
        if "Sudo" not in sudoer.privileges:
            member_of = tuple(group for group in member_of if group in sudoer.member_of)
            leader_of = leader_of & sudoer.leader_of
    is_admin = account.is_admin and (session.sudoer_id is None or bool(privileges))
    user_id, user_name = account.id, account.name
    requested_user = _number(ctx.get(USER_KEY))
    if requested_user is not None and requested_user != user_id:
        if not is_admin:
            raise errors.security(f"omero.user: only administrators may act as user {requested_user}")
        other = accounts.account(requested_user)
        if other is None:
            raise errors.security(f"omero.user: there is no user {requested_user}")
        user_id, user_name = other.id, other.name
        member_of, leader_of = other.member_of, other.leader_of
        privileges = privileges & other.privileges
        is_admin = other.is_admin
        acting_admin = True
    else:
        acting_admin = is_admin
    levels = accounts.levels()
    if (_number(ctx.get(GROUP_KEY)) or 0) not in (*levels, ALL_GROUPS):
        # Another process, such as an import, may have made the group.
        accounts.refresh(session.owner_id)
        levels = accounts.levels()
    group_id = _group(session, ctx, member_of, levels, acting_admin)
    return CallContext(
        user_id=user_id,
        user_name=user_name,
        group_id=group_id,
        session_id=session.id,
        session_uuid=session.uuid,
        event_type=session.event_type,
        is_admin=is_admin,
        privileges=privileges if is_admin else frozenset(),
        member_of=member_of,
        leader_of=leader_of,
        levels=levels,
        sudoer_id=session.sudoer_id,
    )


def _group(
    session: SessionFacts,
    ctx: Mapping[str, str],
    member_of: tuple[int, ...],
    levels: Mapping[int, int],
    is_admin: bool,
) -> int:
    requested = _number(ctx.get(GROUP_KEY))
    group_id = session.group_id if requested is None else requested
    if session.allowed_groups is not None and group_id not in session.allowed_groups:
        raise errors.security(f"this session may only use the groups {sorted(session.allowed_groups)}")
    if group_id < 0:
        return ALL_GROUPS
    if group_id not in levels:
        raise errors.security(f"omero.group: there is no group {group_id}")
    if group_id not in member_of and not is_admin and not levels[group_id] & WORLD_READ:
        raise errors.security(f"omero.group: the user is no member of group {group_id}")
    return group_id


def _number(text: str | None) -> int | None:
    """The id in a context value; what is no 64-bit number is ignored, as the contract says of unparsable text."""
    try:
        number = int(text) if text else None
    except ValueError:
        return None
    return number if number is not None and -(2**63) <= number < 2**63 else None


def _account(accounts: Accounts, user_id: int) -> Account:
    account = accounts.account(user_id)
    if account is None:
        raise errors.removed_session(f"user {user_id} of this session no longer exists")
    return account


def default_group(account: Account) -> int:
    """Group that a new session of the account works in. Raises SecurityViolation when it has none but `user`."""
    group = account.default_group
    if group is None:
        raise errors.security(f"user {account.name} has no default group")
    return group


__all__ = ["GROUP_KEY", "USER_GROUP", "USER_KEY", "default_group", "resolve"]
