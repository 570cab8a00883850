"""Wells of a plate and the images in them. Source: contract/webgateway.md, section 10.2."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import omero
from omero.rtypes import rint, unwrap

_PLATE = "select p from Plate p where p.id = :id"
_WELLS = "select w.row, w.column from Well w where w.plate.id = :id"
_SAMPLES = """
    select w.id, w.row, w.column, index(ws), ws.image.id
    from Well w join w.wellSamples ws
    where w.plate.id = :id
"""
_OF_ACQUISITION = " and ws.plateAcquisition.id = :acquisition"
_IMAGES = """
    select i from Image i
    join fetch i.details.owner
    join fetch i.details.creationEvent
    where i.id in (:ids)
"""
_SIZE = "select p.sizeX, p.sizeY from Pixels p where p.image.id = :id order by p.id"
_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Field:
    """An image of a well. row, column: 0-based place of the well. position: index of the sample in the well."""

    well_id: int
    row: int
    column: int
    position: int
    image_id: int


def plate(conn: Any, plate_id: int) -> Any | None:
    """The plate; None when the user sees no such plate."""
    params = omero.sys.ParametersI().addId(plate_id)
    return conn.getQueryService().findByQuery(_PLATE, params, conn.SERVICE_OPTS)


def used_places(conn: Any, plate_id: int) -> list[tuple[int, int]]:
    """(row, column) of every well, 0-based."""
    params = omero.sys.ParametersI().addId(plate_id)
    rows = conn.getQueryService().projection(_WELLS, params, conn.SERVICE_OPTS)
    return [tuple(unwrap(row)) for row in rows]


def fields(conn: Any, plate_id: int, field: int, acquisition_id: int | None = None) -> list[Field]:
    """One image per well: the sample at index `field`, counted from the first sample of the acquisition if given."""
    params = omero.sys.ParametersI().addId(plate_id)
    hql = _SAMPLES
    if acquisition_id is None:
        params.add("field", rint(field))
        hql += " and index(ws) = :field"
    else:
        params.addLong("acquisition", acquisition_id)
        hql += _OF_ACQUISITION
    rows = conn.getQueryService().projection(hql + " order by w.id, index(ws)", params, conn.SERVICE_OPTS)
    by_well: dict[int, list[Field]] = {}
    for row in rows:
        found = Field(*unwrap(row))
        if found.image_id is not None:
            by_well.setdefault(found.well_id, []).append(found)
    if acquisition_id is None:
        return [samples[0] for samples in by_well.values()]
    return [
        sample
        for samples in by_well.values()
        for sample in samples
        if sample.position == samples[0].position + field
    ]


def images(conn: Any, image_ids: Iterable[int]) -> dict[int, Any]:
    """Images with owner and creation event, by id."""
    ids = sorted(set(image_ids))
    found: dict[int, Any] = {}
    for start in range(0, len(ids), _BATCH):
        params = omero.sys.ParametersI().addIds(ids[start : start + _BATCH])
        for image in conn.getQueryService().findAllByQuery(_IMAGES, params, conn.SERVICE_OPTS):
            found[image.id.val] = image
    return found


def image_size(conn: Any, image_id: int) -> tuple[int, int] | None:
    """Width and height in pixels."""
    params = omero.sys.ParametersI().addId(image_id)
    rows = conn.getQueryService().projection(_SIZE, params, conn.SERVICE_OPTS)
    return (rows[0][0].val, rows[0][1].val) if rows else None
