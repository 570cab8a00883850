"""Full-text search. Source: contract/webgateway.md, section 11."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from omeroweb.decorators import login_required
from omeroweb.errors import BadRequest
from omeroweb.webgateway import image_document
from omeroweb.webgateway.parameters import integer
from omeroweb.webgateway.queries import listings, search
from omeroweb.webgateway.responder import jsonp
from omeroweb.webgateway.views.image_data import preferences
from omeroweb.webgateway.views.listings import thumbnail_address

_EVERYWHERE = ("Project", "Dataset", "Image")


@login_required()
@jsonp
def search_json(request: HttpRequest, conn: Any = None, **kwargs: Any) -> Any:
    """Projects, datasets and images that match a text."""
    text = request.GET.get("text", "").strip()
    if not text:
        return []
    author = request.GET.get("author", "").strip()
    if author:
        text += f" author:{author}"
    only_images = request.GET.get("ctx") == "imgs"
    kinds = ("Image",) if only_images else _EVERYWHERE
    start, limit = integer(request, "start", 0) or 0, integer(request, "limit", 0) or 0
    for name, value in (("start", start), ("limit", limit)):
        if value < 0:
            raise BadRequest(f"{name} must be at least 0, not {value}")
    try:
        ids = {kind: search.found_ids(conn, kind, text) for kind in kinds}
    except search.CannotBeParsed:
        return HttpResponse('"parse exception"', status=400, content_type="text/javascript")
    if only_images and request.GET.get("grabData"):
        wanted = ids["Image"][start : start + limit if limit else None]
        return _documents(request, conn, wanted, request.GET.get("key"))
    with_parents = bool(request.GET.get("parents"))
    return [found for kind in kinds for found in _short_forms(conn, kind, ids[kind], with_parents)]


def _documents(request: HttpRequest, conn: Any, ids: list[int], key: str | None) -> list[Any]:
    kept = preferences(request, conn)
    documents = (image_document.document(conn, image_id, kept) for image_id in ids)
    return [image_document.part(found, key) for found in documents if found is not None]


def _short_forms(conn: Any, kind: str, ids: list[int], with_parents: bool) -> list[dict[str, Any]]:
    address = thumbnail_address()
    above = search.parents(conn, kind, ids) if with_parents else {}
    found = []
    for one in search.loaded(conn, kind, ids):
        short = listings.simple_image(one, address) if kind == "Image" else listings.simple(kind, one)
        if with_parents:
            short["parents"] = [
                listings.simple(parent_kind, parent) for parent_kind, parent in above[one.id.val]
            ]
        found.append(short)
    return found
