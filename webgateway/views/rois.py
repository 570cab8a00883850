"""Regions of interest. Source: contract/webgateway.md, section 14.1."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from omeroweb.decorators import login_required
from omeroweb.errors import NotFound
from omeroweb.webgateway import shapes
from omeroweb.webgateway.queries import rois
from omeroweb.webgateway.responder import jsonp


@login_required()
@jsonp
def get_rois_json(
    request: HttpRequest, imageId: str, conn: Any = None, **kwargs: Any
) -> list[dict[str, Any]]:
    """Everybody's regions of an image."""
    return [shapes.roi(roi) for roi in rois.of_image(conn, int(imageId))]


@login_required()
@jsonp
def get_shape_json(
    request: HttpRequest, roiId: str, shapeId: str, conn: Any = None, **kwargs: Any
) -> dict[str, Any]:
    """One shape."""
    shape = rois.shape(conn, int(roiId), int(shapeId))
    if shape is None:
        raise NotFound(f"Shape:{shapeId} not found in Roi:{roiId}")
    return shapes.shapeMarshal(shape)
