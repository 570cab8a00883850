"""The one place where exceptions become answers.

A view says how its errors look with the attribute `error_format`, which decorators such as `jsonp` set: "json" for
`{"message", "stacktrace"}`, or a function `(request, status, message) -> HttpResponse`; without it pages and plain
texts are sent. Source: contract/webgateway.md, sections 2.3 and 2.4; contract/config-cli-deploy.md, section 10.3.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import Ice
import omero.clients
from django.conf import settings
from django.core.exceptions import BadRequest as DjangoBadRequest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.utils.html import escape

from omeroweb.errors import NotFound, WebError
from omeroweb.feedback.views import handler404

logger = logging.getLogger(__name__)

# First match wins, so that subclasses stand before their bases.
STATUSES: tuple[tuple[type[BaseException], int], ...] = (
    (Http404, 404),
    (PermissionDenied, 403),
    (DjangoBadRequest, 400),
    (SuspiciousOperation, 400),
    (omero.SecurityViolation, 403),
    (omero.ApiUsageException, 400),
    (omero.OptimisticLockException, 409),
    (Ice.ConnectionRefusedException, 503),
    (Ice.DNSException, 503),
    (Ice.ConnectTimeoutException, 503),
)


# Ids are signed numbers of 64 bits.
LARGEST_ID = 2**63 - 1

# Statuses with a page of their own, shown to people who typed or followed an address; programs get the bare text.
PAGES = (400, 403)


def status_of(error: BaseException) -> int:
    """HTTP status of an exception; 500 when nobody expected it."""
    if isinstance(error, WebError):
        return error.status
    return next((status for kind, status in STATUSES if isinstance(error, kind)), 500)


def message_of(error: BaseException) -> str:
    """What may be told about an exception: no stack trace, no Ice dump."""
    if isinstance(error, WebError):
        return error.message
    if isinstance(error, Http404):
        return str(error.args[0]) if error.args else ""
    if isinstance(error, omero.ServerError):
        return error.message or type(error).__name__
    if isinstance(error, Ice.Exception):
        return f"Server error: {type(error).__name__}"
    return str(error)


def json_error(request: HttpRequest, status: int, message: str) -> HttpResponse:
    """The error body of the JSON endpoints. `stacktrace` is filled in debug mode only."""
    trace = traceback.format_exc() if settings.DEBUG else ""
    return JsonResponse({"message": message, "stacktrace": trace}, status=status)


class TypedErrors:
    """Middleware that answers for views which raised."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponseBase],
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
    ) -> HttpResponse | None:
        """404 for addresses with numbers that no id can have; on their way to the server they would do harm."""
        for name, value in kwargs.items():
            if isinstance(value, str) and value.isdecimal() and (len(value) > 40 or int(value) > LARGEST_ID):
                return self.process_exception(request, NotFound(f"{name} is too large: {value}"))
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """The answer for `error`; None hands unexpected ones to the 500 page."""
        status = status_of(error)
        if status >= 500:
            logger.error("%s failed: %s", request.path, type(error).__name__, exc_info=error)
        view = request.resolver_match.func if request.resolver_match else None
        error_format = getattr(view, "error_format", None)
        if error_format == "json":
            return json_error(request, status, message_of(error))
        if callable(error_format):
            return error_format(request, status, message_of(error))
        if status == 404:
            if settings.DEBUG and isinstance(error, Http404):
                return None
            return handler404(request, error)
        if status == 500:
            return None
        if status in PAGES and request.headers.get("Sec-Fetch-Mode") == "navigate":
            return render(request, f"{status}.html", {"error": message_of(error)}, status=status)
        return HttpResponse(escape(message_of(error)), status=status)
