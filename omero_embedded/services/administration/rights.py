"""Who may change users, groups and memberships (contract/server.md, sections 2.8 and 3.4)."""

from __future__ import annotations

from collections.abc import Iterable

from ... import errors
from ...security.context import USER_GROUP, CallContext
from ..base import Call


def require(call: Call, privilege: str, what: str) -> CallContext:
    """The call's context. Raises SecurityViolation unless the caller holds the privilege."""
    context = call.context
    if not context.has(privilege):
        raise errors.security(f"user {context.user_name} may not {what}: privilege {privilege} is needed")
    return context


def require_or_leader(call: Call, privilege: str, groups: Iterable[int], what: str) -> None:
    """Raise SecurityViolation unless the caller holds the privilege or leads all the groups (but `user`)."""
    context = call.context
    if context.has(privilege):
        return
    named = [group for group in groups if group != USER_GROUP]
    if named and all(context.leads(group) for group in named):
        return
    raise errors.security(
        f"user {context.user_name} may not {what}: privilege {privilege} or leading the group is needed"
    )


def require_not_above(call: Call, privileges: frozenset[str], what: str) -> None:
    """Raise SecurityViolation when the caller would give away or act on privileges that he lacks."""
    beyond = privileges - call.context.privileges
    if beyond:
        raise errors.security(f"user {call.context.user_name} may not {what}: it holds {sorted(beyond)[0]}")
