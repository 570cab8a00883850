"""Thumbnails as pictures and as data addresses in JSON. Source: contract/webgateway.md, section 5."""

from __future__ import annotations

import base64
import hashlib
import logging
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from omeroweb.decorators import login_required
from omeroweb.errors import BadRequest, NotFound
from omeroweb.httprsp import HttpJPEGResponse
from omeroweb.webgateway import rendering
from omeroweb.webgateway.parameters import get_longs, integer
from omeroweb.webgateway.queries import limits, rendering_defs, thumbnails
from omeroweb.webgateway.queries.thumbnails import ThumbnailSize
from omeroweb.webgateway.responder import jpeg_response, jsonp

logger = logging.getLogger(__name__)

DEFAULT_SIZE = 96


def default_size(request: HttpRequest) -> int:
    """Longest side when the request names none: the server's preference."""
    preference = (request.session.get("server_settings") or {}).get("browser", {}).get("thumb_default_size")
    try:
        size = int(preference or 0)
    except (TypeError, ValueError):
        size = 0
    return size if size > 0 else DEFAULT_SIZE


def picture(request: HttpRequest, image_id: int, w: str | None, h: str | None, conn: Any) -> bytes | None:
    """A thumbnail's JPEG; None when there is no such image, or no picture of it.

    Raises BadRequest for malformed or too large sizes and planes.
    """
    usual = default_size(request)
    size = ThumbnailSize(usual if w is None else int(w), None if h is None else int(h))
    largest = limits.load(conn).max_plane_width
    for name, value in (("w", size.width), ("h", size.height)):
        if value is not None and not 0 < value <= largest:
            raise BadRequest(f"{name} must lie in 1..{largest}, not {value}")
    z, t, definition_id = (integer(request, name) for name in ("z", "t", "rdefId"))
    pixels = thumbnails.pixels_of(conn, [image_id]).get(image_id)
    if pixels is None:
        return None
    try:
        if size == ThumbnailSize(usual) and z is None and t is None and definition_id is None:
            return thumbnails.batch(conn, [pixels.pixels_id], usual).get(pixels.pixels_id)
        plane = None if z is None and t is None else _plane(conn, image_id, z, t)
        return thumbnails.single(conn, pixels, size, plane, definition_id)
    except thumbnails.FAILURES as error:
        logger.warning("No thumbnail of image %s: %s", image_id, error.message)
        return None


def _plane(conn: Any, image_id: int, z: int | None, t: int | None) -> tuple[int, int]:
    facts = rendering.facts_of(conn, image_id)
    stored = rendering_defs.effective(conn, facts).settings
    return (
        rendering.plane_number("z", z, facts.size_z, stored.default_z),
        rendering.plane_number("t", t, facts.size_t, stored.default_t),
    )


def data_address(jpeg: bytes) -> str:
    """A JPEG as an address that pages can show without another request."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode("ascii")


@login_required()
def render_thumbnail(
    request: HttpRequest,
    iid: str,
    w: str | None = None,
    h: str | None = None,
    conn: Any = None,
    _defcb: Callable[..., bytes] | None = None,
    **kwargs: Any,
) -> HttpResponseBase:
    """A thumbnail as JPEG. _defcb: what to show when there is none, called with `size=(w,)` or `(w, h)`."""
    jpeg = picture(request, int(iid), w, h, conn)
    if jpeg is None:
        if _defcb is None:
            raise NotFound(f"No thumbnail of Image:{iid}")
        width = default_size(request) if w is None else int(w)
        return HttpJPEGResponse(_defcb(size=(width,) if h is None else (width, int(h))))
    etag = f'"{hashlib.sha1(jpeg, usedforsecurity=False).hexdigest()}"'
    return jpeg_response(request, etag, lambda: jpeg)


@login_required()
def render_birds_eye_view(
    request: HttpRequest, iid: str, size: str | None = None, conn: Any = None, **kwargs: Any
) -> HttpResponseBase:
    """The whole image, small, for the viewer's overview."""
    return render_thumbnail(request, iid, w=size, conn=conn)


@login_required()
@jsonp
def get_thumbnail_json(
    request: HttpRequest,
    iid: str,
    w: str | None = None,
    h: str | None = None,
    conn: Any = None,
    _defcb: Callable[..., bytes] | None = None,
    **kwargs: Any,
) -> str:
    """A thumbnail as a data address."""
    jpeg = picture(request, int(iid), w, h, conn)
    if jpeg is None:
        if _defcb is None:
            raise NotFound("Failed to render thumbnail")
        width = default_size(request) if w is None else int(w)
        jpeg = _defcb(size=(width,) if h is None else (width, int(h)))
    return data_address(jpeg)


@login_required()
@jsonp
def get_thumbnails_json(
    request: HttpRequest, w: str | None = None, conn: Any = None, **kwargs: Any
) -> dict[int, str | None] | HttpResponse:
    """Data addresses of several thumbnails by image id; null where there is none."""
    ids = list(dict.fromkeys(get_longs(request, "id")))
    if not ids:
        return {}
    if len(ids) > settings.THUMBNAILS_BATCH:
        return HttpResponse(
            f"Max {settings.THUMBNAILS_BATCH} thumbnails at a time.",
            status=400,
            content_type="text/javascript",
        )
    if len(ids) == 1:
        jpeg = picture(request, ids[0], w, None, conn)
        return {ids[0]: None if jpeg is None else data_address(jpeg)}
    size = default_size(request) if w is None else int(w)
    largest = limits.load(conn).max_plane_width
    if not 0 < size <= largest:
        raise BadRequest(f"w must lie in 1..{largest}, not {size}")
    pixels = thumbnails.pixels_of(conn, ids)
    jpegs = thumbnails.batch(conn, [found.pixels_id for found in pixels.values()], size) if pixels else {}
    by_image = {image: jpegs.get(found.pixels_id) for image, found in pixels.items()}
    return {image: data_address(jpeg) if (jpeg := by_image.get(image)) else None for image in ids}
