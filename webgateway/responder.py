"""What webgateway views are wrapped in: JSON and JSONP answers, picture answers.

Source: contract/webgateway.md, sections 2.3 and 3.4.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotModified
from django.utils.http import parse_etags

from omeroweb.errors import BadRequest
from omeroweb.httprsp import HttpJavascriptResponse, HttpJPEGResponse
from omeroweb.webgateway.rendering_query import require_settings

View = Callable[..., Any]

_CALLBACK = re.compile(r"[a-zA-Z_$][0-9a-zA-Z_$]*\Z")


def jsonp(view: View | None = None, *, compact: bool = False) -> Any:
    """Answer with the value that a view returns as JSON, or as a call of the query's `callback`.

    Responses pass through. Other views call with `_internal` or `_raw` and get the plain value. compact: no blanks
    after separators.
    """
    if view is None:
        return functools.partial(jsonp, compact=compact)

    @functools.wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        plain = kwargs.pop("_internal", False) or kwargs.pop("_raw", False)
        callback = None if plain or request is None else request.GET.get("callback")
        if callback is not None and not _CALLBACK.match(callback):
            raise BadRequest("Invalid callback")
        value = view(request, *args, **kwargs)
        if plain or isinstance(value, HttpResponseBase):
            return value
        if callback is not None:
            return HttpJavascriptResponse(f"{callback}({json.dumps(value)})")
        text = json.dumps(value, separators=(",", ":") if compact else None)
        return HttpResponse(text, content_type="application/json")

    wrapped.error_format = "json"  # type: ignore[attr-defined]
    return wrapped


def validate_rdef_query(view: View) -> View:
    """Refuse requests that do not spell out the settings of every channel."""

    @functools.wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        require_settings(request)
        return view(request, *args, **kwargs)

    return wrapped


def jpeg_response(request: HttpRequest, etag: str, make: Callable[[], bytes]) -> HttpResponseBase:
    """A picture that browsers may keep but must ask about; `make` is not called when theirs is still good.

    Who may see a picture can change at any time, so no cache may hand it out by itself.
    """
    candidates = parse_etags(request.headers.get("If-None-Match", ""))
    response: HttpResponseBase
    if etag in candidates or "*" in candidates:
        response = HttpResponseNotModified()
    else:
        response = HttpJPEGResponse(make())
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "private, no-cache"
    return response
