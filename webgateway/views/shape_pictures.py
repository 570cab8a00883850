"""Pictures of regions of interest. Source: contract/webgateway.md, section 6."""

from __future__ import annotations

import hashlib
from io import BytesIO
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from omero.rtypes import unwrap
from PIL import Image

from omero_rendering import encode_jpeg
from omeroweb.decorators import login_required
from omeroweb.errors import NotFound
from omeroweb.webgateway import rendering, roi_thumbnails
from omeroweb.webgateway.queries import limits, luts, rendering_defs, rois
from omeroweb.webgateway.rendering import Picture
from omeroweb.webgateway.rendering_query import RenderingQuery
from omeroweb.webgateway.responder import jpeg_response

_QUALITY = 0.9


@login_required()
def render_roi_thumbnail(
    request: HttpRequest, roiId: str, conn: Any = None, **kwargs: Any
) -> HttpResponseBase:
    """The shape that stands for a region, with its surroundings."""
    roi = rois.with_image(conn, int(roiId))
    if roi is None:
        raise NotFound(f"Roi:{roiId} not found")
    facts = rendering.facts_of(conn, roi.image.id.val)
    stored = rendering_defs.effective(conn, facts).settings
    shape = roi_thumbnails.choose([shape for shape in roi.copyShapes() if shape is not None], stored)
    if shape is None:
        raise NotFound(f"Roi:{roiId} has no shapes")
    return _picture(request, conn, roi.image.id.val, shape)


@login_required()
def render_shape_thumbnail(
    request: HttpRequest, shapeId: str, conn: Any = None, **kwargs: Any
) -> HttpResponseBase:
    """A shape with its surroundings."""
    shape = rois.shape_with_image(conn, int(shapeId))
    if shape is None:
        raise NotFound(f"Shape:{shapeId} not found")
    return _picture(request, conn, shape.roi.image.id.val, shape)


@login_required()
def render_shape_mask(
    request: HttpRequest, shapeId: str, conn: Any = None, **kwargs: Any
) -> HttpResponseBase:
    """A mask as PNG, transparent where it is not set."""
    shape = rois.shape_with_image(conn, int(shapeId))
    if shape is None:
        raise NotFound(f"Shape:{shapeId} not found")
    output = BytesIO()
    Image.fromarray(roi_thumbnails.mask_picture(shape)).save(output, "PNG")
    return HttpResponse(output.getvalue(), content_type="image/png")


def _picture(request: HttpRequest, conn: Any, image_id: int, shape: Any) -> HttpResponseBase:
    facts = rendering.facts_of(conn, image_id)
    settings = rendering.settings_for(conn, facts, RenderingQuery.from_request(request)).settings
    z, t = unwrap(shape.theZ), unwrap(shape.theT)
    base = Picture(
        facts,
        settings,
        luts.for_settings(conn, settings),
        min(settings.default_z if z is None else z, facts.size_z - 1),
        min(settings.default_t if t is None else t, facts.size_t - 1),
        quality=_QUALITY,
    )
    color = request.GET.get("color", "fff")
    drawn = roi_thumbnails.draw(conn, base, shape, color, limits.load(conn))
    jpeg = encode_jpeg(drawn, _QUALITY)
    return jpeg_response(request, f'"{hashlib.sha1(jpeg, usedforsecurity=False).hexdigest()}"', lambda: jpeg)
