"""Projects, datasets, images and wells in their short form. Source: contract/webgateway.md, section 10."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import omero
from omero.rtypes import unwrap

from omeroweb.webgateway.queries.image_meta import full_name

_PROJECTS = "select p from Project p order by lower(p.name), p.id"
_PROJECT = "select p from Project p where p.id = :id"
_DATASET = "select d from Dataset d where d.id = :id"
_DATASETS = """
    select d from ProjectDatasetLink l join l.child d where l.parent.id = :id order by lower(d.name), d.id
"""
_CHILD_COUNTS = """
    select l.parent.id, count(l.id) from DatasetImageLink l where l.parent.id in (:ids) group by l.parent.id
"""
_IMAGE_PARTS = """
    join fetch i.details.owner
    join fetch i.details.creationEvent
"""
_IMAGES = f"""
    select i from Image i {_IMAGE_PARTS}
    where i.id in (select l.child.id from DatasetImageLink l where l.parent.id = :id)
    order by lower(i.name), i.id
"""
_SIZES = "select p.image.id, p.sizeX, p.sizeY from Pixels p where p.image.id in (:ids)"
_WELL = """
    select w from Well w
    join fetch w.plate
    left outer join fetch w.wellSamples ws
    left outer join fetch ws.plateAcquisition
    left outer join fetch ws.image i
    left outer join fetch i.details.owner
    left outer join fetch i.details.creationEvent
    where w.id = :id
"""


@dataclass(frozen=True, slots=True)
class Sample:
    """A well sample with an image."""

    image: Any
    run: Any | None
    position_x: Any | None
    position_y: Any | None


def project(conn: Any, project_id: int) -> Any | None:
    return _find(conn, _PROJECT, project_id)


def projects(conn: Any) -> list[Any]:
    """All projects that the user may see, by name."""
    return _all(conn, _PROJECTS, None)


def dataset(conn: Any, dataset_id: int) -> Any | None:
    return _find(conn, _DATASET, dataset_id)


def datasets(conn: Any, project_id: int) -> list[tuple[Any, int]]:
    """Datasets of a project by name, each with its number of images."""
    found = _all(conn, _DATASETS, project_id)
    if not found:
        return []
    params = omero.sys.ParametersI().addIds([dataset.id.val for dataset in found])
    rows = conn.getQueryService().projection(_CHILD_COUNTS, params, conn.SERVICE_OPTS)
    counts = {row[0].val: row[1].val for row in rows}
    return [(dataset, counts.get(dataset.id.val, 0)) for dataset in found]


def images(conn: Any, dataset_id: int) -> list[Any]:
    """Images of a dataset by name, with owner and creation event."""
    return _all(conn, _IMAGES, dataset_id)


def sizes(conn: Any, image_ids: Iterable[int]) -> dict[int, tuple[int, int]]:
    """Width and height in pixels by image id."""
    ids = list(image_ids)
    if not ids:
        return {}
    rows = conn.getQueryService().projection(_SIZES, omero.sys.ParametersI().addIds(ids), conn.SERVICE_OPTS)
    return {image: (x, y) for image, x, y in map(unwrap, rows)}


def well(conn: Any, well_id: int) -> Any | None:
    """A well with plate, samples, runs and images."""
    return _find(conn, _WELL, well_id)


def samples(well_: Any) -> list[Sample]:
    """Samples of a loaded well that have an image, in order."""
    return [
        Sample(sample.image, sample.plateAcquisition, sample.posX, sample.posY)
        for sample in well_.copyWellSamples()
        if sample is not None and sample.image is not None
    ]


def simple(kind: str, found: Any) -> dict[str, Any]:
    """The short form of any named object."""
    return {
        "type": kind,
        "id": found.id.val,
        "name": unwrap(found.name),
        "description": unwrap(found.description) or "",
    }


def image_date(image: Any) -> int:
    """Seconds since 1970 at which an image was acquired, else imported."""
    acquired = unwrap(image.acquisitionDate) or 0
    return int((acquired if acquired > 0 else unwrap(image.details.creationEvent.time)) // 1000)


def simple_image(image: Any, thumbnail_address: Callable[[int], str] | None = None) -> dict[str, Any]:
    """The short form of an image that was loaded with owner and creation event."""
    found = simple("Image", image)
    found["author"] = full_name(image.details.owner)
    found["date"] = float(image_date(image))
    if thumbnail_address is not None:
        found["thumb_url"] = thumbnail_address(image.id.val)
    return found


def _find(conn: Any, hql: str, id_: int) -> Any | None:
    found = _all(conn, hql, id_)
    return found[0] if found else None


def _all(conn: Any, hql: str, id_: int | None) -> list[Any]:
    params = omero.sys.ParametersI()
    if id_ is not None:
        params.addId(id_)
    found = conn.getQueryService().findAllByQuery(hql, params, conn.SERVICE_OPTS)
    return list({one.id.val: one for one in found}.values())
