"""Handlers of the root URLconf: pages for 404 and 500, and the answer to a failed cross-site check.

Source: contract/webadmin.md, section 12; contract/config-cli-deploy.md, section 10.3.
"""

from __future__ import annotations

import logging
import sys

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from omeroweb.httprsp import is_ajax

logger = logging.getLogger(__name__)


def handler404(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Page for unknown addresses; empty for background requests."""
    if is_ajax(request):
        return HttpResponse(status=404)
    return render(request, "404.html", status=404)


def handler500(request: HttpRequest) -> HttpResponse:
    """Page for unexpected errors. The trace is in the log; the browser learns the kind of error and where."""
    error = sys.exc_info()[1]
    kind = type(error).__name__ if error is not None else "Error"
    summary = f"{kind} at {request.method} {request.path}"
    if is_ajax(request):
        return HttpResponse(summary, status=500, content_type="text/plain; charset=utf-8")
    if settings.FEEDBACK_ERROR_ENABLED:
        return render(request, "500.html", {"error": summary}, status=500)
    return render(request, "500-nosubmit.html", {"error500": summary}, status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> JsonResponse:
    """403 for a request without a valid cross-site token."""
    return JsonResponse({"message": f"CSRF Failed: {reason}"}, status=403)
