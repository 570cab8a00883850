"""The server's errors as Ice exceptions, every field filled (contract/server.md, section 2.6)."""

from __future__ import annotations

import traceback
from typing import Any

import omero


def _error(slice_class: type[Exception], condition: str, message: str) -> Any:
    return slice_class("".join(traceback.format_stack(limit=8)[:-2]), f"ome.conditions.{condition}", message)


def api_usage(message: str) -> Any:
    """An invalid argument, an absent object, a wrong order of calls."""
    return _error(omero.ApiUsageException, "ApiUsageException", message)


def query_error(message: str) -> Any:
    """A query that cannot be parsed or bound."""
    return _error(omero.QueryException, "QueryException", message)


def over_usage(message: str) -> Any:
    """A limit of the server is exceeded: time of a query, number of servants."""
    return _error(omero.OverUsageException, "OverUsageException", message)


def validation(message: str) -> Any:
    """A constraint of the store is violated."""
    return _error(omero.ValidationException, "ValidationException", message)


def optimistic_lock(message: str) -> Any:
    """The object was changed by somebody else since it was read."""
    return _error(omero.OptimisticLockException, "OptimisticLockException", message)


def security(message: str) -> Any:
    """Not permitted, or the object exists but is not readable."""
    return _error(omero.SecurityViolation, "SecurityViolation", message)


def group_security(message: str) -> Any:
    """Objects of two groups would be linked."""
    return _error(omero.GroupSecurityViolation, "GroupSecurityViolation", message)


def read_only_group_security(message: str) -> Any:
    """An administrator or leader would link foreign data in a private group."""
    return _error(omero.ReadOnlyGroupSecurityViolation, "ReadOnlyGroupSecurityViolation", message)


def permission_mismatch(message: str) -> Any:
    """A new object names permissions other than its group's."""
    return _error(
        omero.PermissionMismatchGroupSecurityViolation, "PermissionMismatchGroupSecurityViolation", message
    )  # fmt: skip


def resource(message: str) -> Any:
    """Trouble with files or other resources of the server."""
    return _error(omero.ResourceError, "ResourceError", message)


def internal(message: str) -> Any:
    """Anything unforeseen."""
    return _error(omero.InternalException, "InternalException", message)


def session_timeout(message: str) -> Any:
    """The session is over its time to live or idle time."""
    return _error(omero.SessionTimeoutException, "SessionTimeoutException", message)


def removed_session(message: str) -> Any:
    """The session no longer exists."""
    return _error(omero.RemovedSessionException, "RemovedSessionException", message)
