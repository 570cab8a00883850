"""Name, owner, parents, rights and physical facts of one image. Source: contract/webgateway.md, section 9."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import omero
from omero.rtypes import unwrap

_IMAGE = """
    select i from Image i
    join fetch i.details.owner
    join fetch i.details.creationEvent
    left outer join fetch i.pixels p
    left outer join fetch p.pixelsType
    left outer join fetch i.objectiveSettings os
    left outer join fetch os.objective
    where i.id = :id
"""
_DATASETS = """
    select d.id, d.name, d.description from DatasetImageLink l join l.parent d where l.child.id = :id order by d.id
"""
_PROJECTS = """
    select distinct p.id, p.name, p.description from ProjectDatasetLink l join l.parent p
    where l.child.id in (select dl.parent.id from DatasetImageLink dl where dl.child.id = :id) order by p.id
"""
_WELLS = "select ws.well.id from WellSample ws where ws.image.id = :id"

_MICROMETER = "MICROMETER"
# Units whose size nobody knows.
_UNPHYSICAL = ("PIXEL", "REFERENCEFRAME")


@dataclass(frozen=True, slots=True)
class Parent:
    """A container of an image."""

    id: int
    name: str
    description: str


@dataclass(frozen=True, slots=True)
class ImageMeta:
    """Facts for people. timestamp: whole seconds since 1970; pixel sizes in micrometres.

    permissions: the server's answer to what the user may do with the image.
    """

    image_id: int
    name: str
    description: str
    author: str
    archived: bool
    timestamp: float
    pixels_type: str | None
    pixel_sizes: tuple[float | None, float | None, float | None]
    magnification: float | None
    datasets: tuple[Parent, ...]
    projects: tuple[Parent, ...]
    well_ids: tuple[int, ...]
    permissions: Any


def load(conn: Any, image_id: int) -> ImageMeta | None:
    """Facts of an image that the user may see."""
    params = omero.sys.ParametersI().addId(image_id)
    query, options = conn.getQueryService(), conn.SERVICE_OPTS
    found = query.findAllByQuery(_IMAGE, params, options)
    if not found:
        return None
    image = found[0]
    pixels = next((pixels for pixels in image.copyPixels() if pixels is not None), None)
    acquired = unwrap(image.acquisitionDate) or 0
    imported = unwrap(image.details.creationEvent.time)
    return ImageMeta(
        image_id=image_id,
        name=unwrap(image.name) or "",
        description=unwrap(image.description) or "",
        author=full_name(image.details.owner),
        archived=bool(unwrap(image.archived)),
        timestamp=float((acquired if acquired > 0 else imported) // 1000),
        pixels_type=None if pixels is None else pixels.pixelsType.value.val,
        pixel_sizes=(None, None, None)
        if pixels is None
        else (
            micrometres(pixels.physicalSizeX),
            micrometres(pixels.physicalSizeY),
            micrometres(pixels.physicalSizeZ),
        ),
        magnification=_magnification(image),
        datasets=_parents(query.projection(_DATASETS, params, options)),
        projects=_parents(query.projection(_PROJECTS, params, options)),
        well_ids=tuple(row[0].val for row in query.projection(_WELLS, params, options)),
        permissions=image.details.permissions,
    )


def full_name(owner: Any) -> str:
    """`First Last` of an experimenter, or the login name."""
    name = " ".join(text for text in (unwrap(owner.firstName), unwrap(owner.lastName)) if text)
    return name or unwrap(owner.omeName)


def micrometres(length: Any) -> float | None:
    """A length in micrometres; None when it is unset or in a unit without a physical size."""
    if length is None or length.getUnit().name in _UNPHYSICAL:
        return None
    return float(omero.model.LengthI(length, _MICROMETER).getValue())


def _magnification(image: Any) -> float | None:
    settings = image.objectiveSettings
    objective = None if settings is None else settings.objective
    return None if objective is None else unwrap(objective.nominalMagnification)


def _parents(rows: Any) -> tuple[Parent, ...]:
    parents = {row[0].val: Parent(row[0].val, unwrap(row[1]) or "", unwrap(row[2]) or "") for row in rows}
    return tuple(parents.values())
