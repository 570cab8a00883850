"""The JSON document about one image. Source: contract/webgateway.md, section 9."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotFound

from omeroweb import server_settings
from omeroweb.decorators import is_public_user, login_required
from omeroweb.webgateway import image_document
from omeroweb.webgateway.responder import jsonp


def preferences(request: HttpRequest | None, conn: Any) -> dict[str, Any]:
    """The server's client preferences: those that the browser's session keeps, else fresh ones."""
    kept = None if request is None else request.session.get("server_settings")
    return kept if kept is not None else server_settings.load(conn)


@login_required()
@jsonp
def imageData_json(
    request: HttpRequest, iid: str, key: str | None = None, conn: Any = None, **kwargs: Any
) -> Any:
    """Everything that a viewer needs to know before it asks for pictures, or one part of it."""
    found = image_document.document(
        conn, int(iid), preferences(request, conn), defaults=request.GET.get("getDefaults") == "true"
    )
    if found is None:
        if is_public_user(request):
            return HttpResponse(status=403)
        return HttpResponseNotFound(f"Image:{iid} not found")
    return image_document.part(found, key) if "size" in found else found
