"""Exceptions of Python, SQLAlchemy and omero-py as the Ice exceptions that clients know.

An exception that is no declared Ice user exception would reach clients as `Ice.UnknownException`, which they take for a
broken connection. Source: contract/server.md, sections 2.6 and 5.3.
"""

from __future__ import annotations

import logging
from typing import Any

import Ice
import omero
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError

from . import errors

log = logging.getLogger(__name__)


def translate(error: BaseException, operation: str) -> Any:
    """The exception to send for `error`, raised while `operation` ran. What is unforeseen is logged with its traceback."""
    if isinstance(error, omero.ServerError):
        return _filled(error)
    if isinstance(error, (Ice.UserException, Ice.RequestFailedException)):
        return error
    if isinstance(error, omero.ClientError):
        return errors.api_usage(f"{operation}: the argument is not loaded as far as needed: {error}")
    if isinstance(error, IntegrityError):
        return errors.validation(f"constraint violated: {error.orig}")
    if isinstance(error, OperationalError) and "locked" in str(error.orig):
        return _try_again(operation)
    if isinstance(error, SQLAlchemyError):
        log.error("%s failed in the database", operation, exc_info=error)
        return errors.internal(f"{operation}: the database failed: {error}")
    if isinstance(error, OSError):
        log.error("%s failed", operation, exc_info=error)
        return errors.resource(f"{operation}: {error.strerror or error}")
    if isinstance(error, ValueError):
        log.warning("%s refused", operation, exc_info=error)
        return errors.api_usage(f"{operation}: {error}")
    if isinstance(error, MemoryError):
        return errors.resource(f"{operation}: not enough memory")
    log.error("%s failed", operation, exc_info=error)
    return errors.internal(f"{operation}: {type(error).__name__}: {error}")


def _filled(error: Any) -> Any:
    """No field may be null: clients concatenate them."""
    error.message = error.message or type(error).__name__
    error.serverStackTrace = error.serverStackTrace or error.message
    error.serverExceptionClass = error.serverExceptionClass or f"ome.conditions.{type(error).__name__}"
    return error


def _try_again(operation: str) -> Any:
    message = f"{operation}: another writer holds the database, try again"
    return omero.TryAgain(message, "ome.conditions.TryAgain", message, 1000)
