"""Projects, datasets, screens, plates and acquisitions of the tree. Source: contract/webclient.md, section 5."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from omero.rtypes import rlong

from omeroweb.webclient.parameters import EVERYBODY, Page
from omeroweb.webclient.queries.projection import maps, where


@dataclass(frozen=True, slots=True)
class Kind:
    """A container type: its children are counted over `count_from` rows whose `count_by` is the container."""

    entity: str
    count_from: str
    count_by: str
    parent_link: str | None


PROJECT = Kind("Project", "ProjectDatasetLink", "parent", None)
DATASET = Kind("Dataset", "DatasetImageLink", "parent", "ProjectDatasetLink")
SCREEN = Kind("Screen", "ScreenPlateLink", "parent", None)
PLATE = Kind("Plate", "PlateAcquisition", "plate", "ScreenPlateLink")


def containers(
    conn: Any,
    kind: Kind,
    *,
    group_id: int,
    owner_id: int,
    page: Page,
    parent_id: int | None = None,
    orphaned: bool = False,
    tag_id: int | None = None,
) -> list[list[Any]]:
    """Rows `id, name, owner id, permissions, child count`, by name.

    parent_id: only children of that container. orphaned: only those that are in no container at all.
    tag_id: only those that carry that tag.
    """
    params = page.parameters()
    joins = ""
    conditions: list[str | None] = []
    if parent_id is not None:
        joins = f" join obj.{PARENT_LINKS[kind.entity]} plink"
        conditions.append("plink.parent.id = :parent")
        params.add("parent", rlong(parent_id))
    elif orphaned:
        conditions.append(
            f"not exists (select olink.id from {kind.parent_link} olink where olink.child = obj.id)"
        )
    if tag_id is not None:
        joins += " join obj.annotationLinks alink"
        conditions.append("alink.child.id = :tag")
        params.add("tag", rlong(tag_id))
    if owner_id != EVERYBODY:
        conditions.append("obj.details.owner.id = :owner")
        params.add("owner", rlong(owner_id))
    hql = (
        "select new map(obj.id as id, obj.name as name, obj.details.owner.id as ownerId,"
        " obj as obj_details_permissions,"
        f" (select count(child.id) from {kind.count_from} child where child.{kind.count_by} = obj.id) as childCount)"
        f" from {kind.entity} obj{joins}{where(*conditions)} order by lower(obj.name), obj.id"
    )
    return [
        [row["id"], row["name"], row["ownerId"], row["obj_details_permissions"], row["childCount"]]
        for row in maps(conn, hql, params, group_id)
    ]


PARENT_LINKS = {"Dataset": "projectLinks", "Plate": "screenLinks"}


def plate_acquisitions(conn: Any, plate_id: int, page: Page) -> list[list[Any]]:
    """Rows `id, name, owner id, permissions, start, end` (times in ms) of a plate's runs, by id, in any group."""
    params = page.parameters()
    params.add("plate", rlong(plate_id))
    hql = (
        "select new map(run.id as id, run.name as name, run.details.owner.id as ownerId,"
        " run as run_details_permissions, run.startTime as startTime, run.endTime as endTime)"
        " from PlateAcquisition run where run.plate.id = :plate order by run.id"
    )
    return [_run_row(row) for row in maps(conn, hql, params, -1)]


def tagged_acquisitions(
    conn: Any, tag_id: int, *, group_id: int, owner_id: int, page: Page
) -> list[list[Any]]:
    """The same rows for the runs that carry a tag, by name."""
    params = page.parameters()
    params.add("tag", rlong(tag_id))
    owner = None
    if owner_id != EVERYBODY:
        owner = "run.details.owner.id = :owner"
        params.add("owner", rlong(owner_id))
    hql = (
        "select new map(run.id as id, run.name as name, run.details.owner.id as ownerId,"
        " run as run_details_permissions, run.startTime as startTime, run.endTime as endTime)"
        " from PlateAcquisition run join run.annotationLinks alink"
        f"{where('alink.child.id = :tag', owner)} order by lower(run.name), run.id"
    )
    return [_run_row(row) for row in maps(conn, hql, params, group_id)]


def tagged_wells(conn: Any, tag_id: int, *, group_id: int, page: Page) -> list[dict[str, Any]]:
    """Maps `id ownerId well_details_permissions plateId plateName row column rowNaming columnNaming`."""
    params = page.parameters()
    params.add("tag", rlong(tag_id))
    hql = (
        "select new map(well.id as id, well.details.owner.id as ownerId, well as well_details_permissions,"
        " plate.id as plateId, plate.name as plateName, well.row as row, well.column as column,"
        " plate.rowNamingConvention as rowNaming, plate.columnNamingConvention as columnNaming)"
        " from Well well join well.plate plate join well.annotationLinks alink"
        " where alink.child.id = :tag order by well.row, well.column, well.id"
    )
    return maps(conn, hql, params, group_id)


def _run_row(row: dict[str, Any]) -> list[Any]:
    return [
        row["id"],
        row["name"],
        row["ownerId"],
        row["run_details_permissions"],
        row["startTime"],
        row["endTime"],
    ]
