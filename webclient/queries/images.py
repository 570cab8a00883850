"""Images of the tree: of a dataset, orphaned, tagged. Source: contract/webclient.md, section 5.6.

A page is one sorted projection; sizes and thumbnail versions of its images follow in one query each, so a page
costs the same whatever the dataset holds besides.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import omero.sys
from omero.rtypes import rlong

from omeroweb.webclient.parameters import EVERYBODY, Page
from omeroweb.webclient.queries.projection import maps, rows, where
from omeroweb.webgateway.remembered import Remembered

ORPHANED = (
    "not exists (select odil.id from DatasetImageLink odil where odil.child = image.id)"
    " and not exists (select ows.id from WellSample ows where ows.image = image.id)"
)

# Written so that the server can walk all images in the order of their names and stop when the page is full.
IN_DATASET = (
    "exists (select dlink.id from DatasetImageLink dlink where dlink.child.id = image.id"
    " and dlink.parent.id = :dataset)"
)
LARGE = 4000
_large = Remembered(seconds=60)


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """Which optional facts a listing carries."""

    pixels: bool = False
    date: bool = False
    thumb_version: bool = False


def images(
    conn: Any,
    *,
    page: Page,
    group_id: int = -1,
    owner_id: int = EVERYBODY,
    dataset_id: int | None = None,
    orphaned: bool = False,
    tag_id: int | None = None,
    ids: Iterable[int] | None = None,
    facts: ImageFacts = ImageFacts(),
) -> list[dict[str, Any]]:
    """Maps `id archived name ownerId image_details_permissions filesetId`, by name.

    facts.date adds `date` and `acqDate` (ms), facts.pixels `sizeX sizeY sizeZ sizeT` (None without pixels),
    facts.thumb_version `thumbVersion` (None without a thumbnail of the current user).
    """
    params = page.parameters()
    joins = ""
    conditions: list[str | None] = []
    if dataset_id is not None:
        params.add("dataset", rlong(dataset_id))
        if not page.whole and is_large(conn, dataset_id):
            conditions.append(IN_DATASET)
        else:
            joins = " join image.datasetLinks dlink"
            conditions.append("dlink.parent.id = :dataset")
    elif orphaned:
        conditions.append(ORPHANED)
    if tag_id is not None:
        joins += " join image.annotationLinks alink"
        conditions.append("alink.child.id = :tag")
        params.add("tag", rlong(tag_id))
    if ids is not None:
        conditions.append("image.id in (:ids)")
        params.addIds(list(ids))
    if owner_id != EVERYBODY:
        # In an arithmetic expression the owner does not tempt the server to leave the order of the names.
        walks = IN_DATASET in conditions or ORPHANED in conditions
        conditions.append(f"image.details.owner.id{' + 0' if walks else ''} = :owner")
        params.add("owner", rlong(owner_id))
    dates = ", image.acquisitionDate as acqDate" if facts.date else ""
    hql = (
        "select new map(image.id as id, image.archived as archived, image.name as name,"
        " image.details.owner.id as ownerId, image as image_details_permissions,"
        f" image.fileset.id as filesetId{dates})"
        f" from Image image{joins}{where(*conditions)} order by lower(image.name), image.id"
    )
    found = maps(conn, hql, params, group_id)
    image_ids = [image["id"] for image in found]
    if facts.pixels and image_ids:
        sizes = pixel_sizes(conn, image_ids)
        for image in found:
            size = sizes.get(image["id"], (None, None, None, None))
            image.update(zip(("sizeX", "sizeY", "sizeZ", "sizeT"), size, strict=True))
    if facts.date and image_ids:
        times = import_times(conn, image_ids)
        for image in found:
            image["date"] = times.get(image["id"])
    if facts.thumb_version and image_ids:
        versions = thumbnail_versions(conn, image_ids)
        for image in found:
            image["thumbVersion"] = versions.get(image["id"])
    return found


def is_large(conn: Any, dataset_id: int) -> bool:
    """Whether a dataset has so many images that walking all images by name beats sorting those of the dataset.

    Only a matter of speed, so the answer is kept for a minute.
    """
    key = (conn.host, conn.port, dataset_id)
    known = _large.get(key)
    if known is None:
        params = omero.sys.ParametersI().page(LARGE, 1)
        params.add("dataset", rlong(dataset_id))
        hql = "select link.id from DatasetImageLink link where link.parent.id = :dataset"
        known = bool(rows(conn, hql, params, -1))
        _large.put(key, known)
    return bool(known)


def import_times(conn: Any, image_ids: list[int]) -> dict[int, int]:
    """When each image was imported, in milliseconds."""
    hql = (
        "select image.id, event.time from Image image join image.details.creationEvent event"
        " where image.id in (:ids)"
    )
    return {row[0]: row[1] for row in rows(conn, hql, omero.sys.ParametersI().addIds(image_ids), -1)}


def pixel_sizes(conn: Any, image_ids: list[int]) -> dict[int, tuple[int, int, int, int]]:
    """Sizes x, y, z, t of the first pixels of each image."""
    hql = (
        "select pix.image.id, pix.sizeX, pix.sizeY, pix.sizeZ, pix.sizeT from Pixels pix"
        " where pix.image.id in (:ids) order by pix.id desc"
    )
    params = omero.sys.ParametersI().addIds(image_ids)
    return {row[0]: (row[1], row[2], row[3], row[4]) for row in rows(conn, hql, params, -1)}


def thumbnail_versions(conn: Any, image_ids: list[int]) -> dict[int, int]:
    """Version of the newest thumbnail that the current user owns, for the images that have one."""
    hql = (
        "select pix.image.id, thumb.version from Thumbnail thumb join thumb.pixels pix"
        " where thumb.details.owner.id = :me and pix.image.id in (:ids) order by thumb.id"
    )
    params = omero.sys.ParametersI().addIds(image_ids)
    params.add("me", rlong(conn.getUserId()))
    return {row[0]: row[1] for row in rows(conn, hql, params, -1) if row[1] is not None}


def count_orphaned(conn: Any, group_id: int, owner_id: int) -> int:
    """Number of images in no dataset and in no well."""
    params = omero.sys.ParametersI()
    owner = None
    if owner_id != EVERYBODY:
        owner = "image.details.owner.id = :owner"
        params.add("owner", rlong(owner_id))
    hql = f"select count(image.id) from Image image{where(ORPHANED, owner)}"
    return int(rows(conn, hql, params, group_id)[0][0])
