"""Regions of interest. Source: contract/webgateway.md, section 14.1."""

from __future__ import annotations

from typing import Any

import omero

_ROIS = """
    select distinct r from Roi r
    join fetch r.shapes s
    left outer join fetch s.transform
    where r.image.id = :id
    order by r.id
"""
_SHAPE = """
    select s from Shape s
    join fetch s.roi r
    left outer join fetch s.transform
    where s.id = :id and r.id = :roi
"""


def of_image(conn: Any, image_id: int) -> list[Any]:
    """Everybody's regions of an image, with shapes, by id."""
    params = omero.sys.ParametersI().addId(image_id)
    found = conn.getQueryService().findAllByQuery(_ROIS, params, conn.SERVICE_OPTS)
    return list({roi.id.val: roi for roi in found}.values())


def shape(conn: Any, roi_id: int, shape_id: int) -> Any | None:
    """One shape of a region."""
    params = omero.sys.ParametersI().addId(shape_id).addLong("roi", roi_id)
    return conn.getQueryService().findByQuery(_SHAPE, params, conn.SERVICE_OPTS)
