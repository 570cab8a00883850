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
_SHAPE_WITH_IMAGE = "select s from Shape s join fetch s.roi r join fetch r.image where s.id = :id"
_ROI_WITH_IMAGE = "select r from Roi r join fetch r.image left outer join fetch r.shapes where r.id = :id"


def of_image(conn: Any, image_id: int) -> list[Any]:
    """Everybody's regions of an image, with shapes, by id."""
    params = omero.sys.ParametersI().addId(image_id)
    found = conn.getQueryService().findAllByQuery(_ROIS, params, conn.SERVICE_OPTS)
    return list({roi.id.val: roi for roi in found}.values())


def shape(conn: Any, roi_id: int, shape_id: int) -> Any | None:
    """One shape of a region."""
    params = omero.sys.ParametersI().addId(shape_id).addLong("roi", roi_id)
    return conn.getQueryService().findByQuery(_SHAPE, params, conn.SERVICE_OPTS)


def count(conn: Any, image_id: int) -> int:
    """How many regions an image has."""
    params = omero.sys.ParametersI().addId(image_id)
    rows = conn.getQueryService().projection(
        "select count(r.id) from Roi r where r.image.id = :id", params, conn.SERVICE_OPTS
    )
    return int(rows[0][0].val)


def shape_with_image(conn: Any, shape_id: int) -> Any | None:
    """One shape with its region and the region's image."""
    params = omero.sys.ParametersI().addId(shape_id)
    return conn.getQueryService().findByQuery(_SHAPE_WITH_IMAGE, params, conn.SERVICE_OPTS)


def with_image(conn: Any, roi_id: int) -> Any | None:
    """One region with its shapes and image."""
    params = omero.sys.ParametersI().addId(roi_id)
    found = conn.getQueryService().findAllByQuery(_ROI_WITH_IMAGE, params, conn.SERVICE_OPTS)
    return found[0] if found else None
