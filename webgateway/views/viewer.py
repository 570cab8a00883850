"""The image viewer's page, and "open with". Source: contract/webgateway.md, sections 18.1 and 18.3."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse

from omeroweb.decorators import login_required
from omeroweb.errors import NotFound
from omeroweb.servers import find_server
from omeroweb.version import omeroweb_buildyear
from omeroweb.webgateway.queries import rois
from omeroweb.webgateway.rendering_query import ChannelEntry, RenderingQuery, parameters
from omeroweb.webgateway.responder import jsonp
from omeroweb.webgateway.views.image_data import preferences

_PLAIN_OPTIONS = ("z", "t", "q", "m", "zm", "x", "y", "p")
_ROI_LIMIT = 2000


def options(request: HttpRequest) -> dict[str, Any]:
    """Rendering parameters of the page's own address, for the viewer to start with."""
    source = parameters(request)
    found: dict[str, Any] = {name: source[name] for name in _PLAIN_OPTIONS if name in source}
    if "c" in source:
        entries = RenderingQuery.parse({"c": source["c"]}).channels or ()
        found["c"] = [_option(entry) for entry in entries]
    return found


def _option(entry: ChannelEntry) -> dict[str, Any]:
    color = entry.lut
    if entry.color is not None:
        color = "".join(f"{part:02X}" for part in entry.color.rgba[:3])
    return {
        "a": entry.number,
        "i": entry.number if entry.active else -entry.number,
        "s": None if entry.window is None else entry.window.start,
        "e": None if entry.window is None else entry.window.end,
        "c": color,
    }


@login_required()
def full_viewer(request: HttpRequest, iid: str, conn: Any = None, **kwargs: Any) -> HttpResponseBase:
    """A page with one image. kwargs: `template`, `viewport_server`, `thumbprefix`."""
    image = conn.getObject("Image", int(iid))
    if image is None:
        raise NotFound(f"Image:{iid} not found")
    viewer = preferences(request, conn).get("viewer") or {}
    limit = viewer.get("roi_limit")
    context: dict[str, Any] = {
        "blitzcon": conn,
        "image": image,
        "object": f"image:{int(iid)}",
        "opts": options(request),
        "interpolate": viewer.get("interpolate_pixels", True) is not False,
        "build_year": omeroweb_buildyear,
        "roiLimit": limit if isinstance(limit, int) and limit > 0 else _ROI_LIMIT,
        "roiCount": rois.count(conn, int(iid)),
        "viewport_server": (kwargs.get("viewport_server") or reverse("webgateway")).rstrip("/"),
    }
    context.update(
        _sharing(request, int(iid), conn, kwargs.get("thumbprefix", "webgateway_render_thumbnail"))
    )
    return render(request, kwargs.get("template") or "webgateway/viewport/omero_image.html", context)


def _sharing(request: HttpRequest, image_id: int, conn: Any, thumbprefix: str) -> dict[str, Any]:
    """Names and addresses for social networks, when they are configured for the server."""
    server = find_server(conn.server_id)
    alias = None if server is None else server.alias
    found: dict[str, Any] = {
        "opengraph": settings.SHARING_OPENGRAPH.get(alias),
        "twitter": settings.SHARING_TWITTER.get(alias),
    }
    if any(found.values()):
        found["image_preview"] = request.build_absolute_uri(reverse(thumbprefix, args=(image_id,)))
        found["page_url"] = request.build_absolute_uri(reverse("webgateway_full_viewer", args=(image_id,)))
    return found


@jsonp
def open_with_options(request: HttpRequest, **kwargs: Any) -> dict[str, Any]:
    """What "Open with" offers, as configured."""
    return {"open_with_options": [_open_with(row) for row in settings.OPEN_WITH if len(row) > 1]}


def _open_with(row: list[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"id": row[0], "url": row[1]}
    try:
        found["url"] = reverse(row[1])
    except NoReverseMatch:
        found["url"] = row[1]
    details = row[2] if len(row) > 2 else {}
    for name in ("supported_objects", "target", "label"):
        if name in details:
            found[name] = details[name]
    if "script_url" in details:
        script = details["script_url"]
        found["script_url"] = script if script.startswith("http") else static(script)
    return found
