"""Responses and request facts that many views share. Source: contract/plugins.md, section 5.6."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseServerError


def is_ajax(request: HttpRequest) -> bool:
    """Whether a page's script sent the request, by the header that jQuery sets."""
    return request.headers.get("X-Requested-With") == "XMLHttpRequest"


class HttpJPEGResponse(HttpResponse):
    """A JPEG file."""

    def __init__(self, content: bytes, **kwargs: Any) -> None:
        super().__init__(content, content_type="image/jpeg", **kwargs)


class HttpJavascriptResponse(HttpResponse):
    """JavaScript text, e.g. JSON wrapped in a callback."""

    def __init__(self, content: str | bytes, **kwargs: Any) -> None:
        super().__init__(content, content_type="application/javascript", **kwargs)


class HttpJavascriptResponseServerError(HttpResponseServerError):
    """JavaScript text with status 500."""

    def __init__(self, content: str | bytes, **kwargs: Any) -> None:
        super().__init__(content, content_type="text/javascript", **kwargs)
