"""Annotations of objects, by link. Source: contract/webclient.md, section 8.1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import omero
from omero.rtypes import rlong, rstring

from omeroweb.webclient.parameters import InvalidParameter, Page
from omeroweb.webclient.queries.projection import context, rows, where

RATING = omero.constants.metadata.NSINSIGHTRATING
COMPANION_FILE = omero.constants.namespaces.NSCOMPANIONFILE

# Type parameter of the tree's JSON: condition on the annotation `ann`
TYPE_CONDITIONS = {
    "tag": "ann.class = TagAnnotation",
    "file": "ann.class = FileAnnotation",
    "comment": "ann.class = CommentAnnotation",
    "map": "ann.class = MapAnnotation",
    "rating": "(ann.class = LongAnnotation and ann.ns = :rating)",
    "custom": (
        "ann.class != TagAnnotation and ann.class != FileAnnotation and ann.class != CommentAnnotation"
        " and ann.class != MapAnnotation and (ann.class != LongAnnotation or ann.ns is null or ann.ns != :rating)"
    ),
}

# In the order in which links are listed: (parameter, entity)
ANNOTATED = (
    ("project", "Project"),
    ("dataset", "Dataset"),
    ("image", "Image"),
    ("screen", "Screen"),
    ("plate", "Plate"),
    ("acquisition", "PlateAcquisition"),
    ("well", "Well"),
)


@dataclass(frozen=True, slots=True)
class AnnotationQuery:
    """Which annotations of which objects: ids by parameter name, kind and namespace None for all."""

    ids: dict[str, list[int]]
    kind: str | None
    ns: str | None
    group_id: int
    page: Page


def annotation_links(conn: Any, query: AnnotationQuery) -> list[Any]:
    """Loaded links with annotation, file, owners, creation events and parent, in the order of the contract."""
    links: list[Any] = []
    for name, entity in ANNOTATED:
        if query.ids.get(name):
            links += _links_of(conn, query, entity, query.ids[name])
    return links


def _links_of(conn: Any, query: AnnotationQuery, entity: str, ids: list[int]) -> list[Any]:
    params = query.page.parameters()
    params.addIds(ids)
    conditions: list[str | None] = ["parent.id in (:ids)"]
    if query.kind:
        if query.kind not in TYPE_CONDITIONS:
            raise InvalidParameter("type", "expected one of " + ", ".join(TYPE_CONDITIONS))
        conditions.append(TYPE_CONDITIONS[query.kind])
        if ":rating" in TYPE_CONDITIONS[query.kind]:
            params.add("rating", rstring(RATING))
    if query.ns is not None:
        conditions.append("ann.ns = :ns")
        params.add("ns", rstring(query.ns))
    plate = " left outer join fetch parent.plate plate" if entity == "Well" else ""
    hql = (
        f"select link from {entity}AnnotationLink link join fetch link.details.creationEvent"
        " join fetch link.details.owner join fetch link.parent parent join fetch link.child ann"
        " join fetch ann.details.owner join fetch ann.details.creationEvent"
        f" left outer join fetch ann.file file{plate}{where(*conditions)} order by ann.ns, link.id"
    )
    return list(conn.getQueryService().findAllByQuery(hql, params, context(conn, query.group_id)))


# Ancestors: requested type → (ancestor type, HQL yielding ancestor id and requested id)
_LINEAGE: dict[str, tuple[tuple[str, str], ...]] = {
    "image": (
        (
            "dataset",
            "select link.parent.id, link.child.id from DatasetImageLink link where link.child.id in (:ids)",
        ),
        (
            "project",
            "select plink.parent.id, link.child.id from DatasetImageLink link join link.parent dataset"
            " join dataset.projectLinks plink where link.child.id in (:ids)",
        ),
        ("well", "select ws.well.id, ws.image.id from WellSample ws where ws.image.id in (:ids)"),
        (
            "acquisition",
            "select ws.plateAcquisition.id, ws.image.id from WellSample ws"
            " where ws.image.id in (:ids) and ws.plateAcquisition.id is not null",
        ),
        (
            "plate",
            "select well.plate.id, ws.image.id from WellSample ws join ws.well well where ws.image.id in (:ids)",
        ),
        (
            "screen",
            "select slink.parent.id, ws.image.id from WellSample ws join ws.well well join well.plate plate"
            " join plate.screenLinks slink where ws.image.id in (:ids)",
        ),
    ),
    "well": (
        ("plate", "select well.plate.id, well.id from Well well where well.id in (:ids)"),
        (
            "screen",
            "select slink.parent.id, well.id from Well well join well.plate plate"
            " join plate.screenLinks slink where well.id in (:ids)",
        ),
    ),
    "acquisition": (
        ("plate", "select run.plate.id, run.id from PlateAcquisition run where run.id in (:ids)"),
        (
            "screen",
            "select slink.parent.id, run.id from PlateAcquisition run join run.plate plate"
            " join plate.screenLinks slink where run.id in (:ids)",
        ),
    ),
    "plate": (
        (
            "screen",
            "select link.parent.id, link.child.id from ScreenPlateLink link where link.child.id in (:ids)",
        ),
    ),
    "dataset": (
        (
            "project",
            "select link.parent.id, link.child.id from ProjectDatasetLink link where link.child.id in (:ids)",
        ),
    ),
}


def ancestors(conn: Any, ids: dict[str, list[int]]) -> dict[str, dict[int, list[tuple[str, int]]]]:
    """Ancestor type → ancestor id → requested (type, id) pairs below it."""
    lineage: dict[str, dict[int, list[tuple[str, int]]]] = {}
    for name, requested in ids.items():
        for ancestor, hql in _LINEAGE.get(name, ()):
            if not requested:
                continue
            for ancestor_id, child_id in rows(conn, hql, omero.sys.ParametersI().addIds(requested), -1):
                below = lineage.setdefault(ancestor, {}).setdefault(ancestor_id, [])
                if (name, child_id) not in below:
                    below.append((name, child_id))
    return lineage


def names_of(conn: Any, ids: dict[str, list[int]]) -> dict[tuple[str, int], str | None]:
    """Names of objects by (parameter, id); wells are missing, they have none."""
    names: dict[tuple[str, int], str | None] = {}
    for name, entity in ANNOTATED:
        if name != "well" and ids.get(name):
            hql = f"select obj.id, obj.name from {entity} obj where obj.id in (:ids)"
            for object_id, text in rows(conn, hql, omero.sys.ParametersI().addIds(ids[name]), -1):
                names[(name, object_id)] = text
    return names


def linked_by_me(conn: Any, entity: str, ids: list[int], kind: str) -> list[list[Any]]:
    """Rows `object id, annotation id, link id` of annotations of a kind that the current user has linked."""
    params = omero.sys.ParametersI().addIds(ids)
    params.add("me", rlong(conn.getUserId()))
    hql = (
        f"select link.parent.id, ann.id, link.id from {entity}AnnotationLink link join link.child ann"
        f" where link.parent.id in (:ids) and link.details.owner.id = :me and {TYPE_CONDITIONS[kind]}"
        " order by ann.id, link.id"
    )
    return rows(conn, hql, params)


def attachable_files(
    conn: Any, linked_to: dict[str, list[int]], only_mine: bool, limit: int
) -> tuple[int, list[list[Any]]]:
    """File annotations that are not yet on all of the objects: (number of all, rows `id, file name, file size`).

    Companion files and users' photos are left out. Sorted by file name, newest first among equals.
    """
    params = omero.sys.ParametersI()
    params.addString("companion", COMPANION_FILE)
    params.addString("photo", omero.constants.namespaces.NSEXPERIMENTERPHOTO)
    conditions: list[str | None] = ["(ann.ns is null or (ann.ns != :companion and ann.ns != :photo))"]
    if only_mine:
        conditions.append("ann.details.owner.id = :me")
    missing = []
    for entity, ids in linked_to.items():
        name = f"ids{entity}"
        params.addLongs(name, ids)
        params.addLong(f"count{entity}", len(ids))
        mine = " and link.details.owner.id = :me" if only_mine else ""
        missing.append(
            f"(select count(distinct link.parent.id) from {entity}AnnotationLink link"
            f" where link.child.id = ann.id and link.parent.id in (:{name}){mine}) < :count{entity}"
        )
    if only_mine:
        params.add("me", rlong(conn.getUserId()))
    conditions.append(f"({' or '.join(missing)})")
    source = f"from FileAnnotation ann join ann.file file{where(*conditions)}"
    total = rows(conn, f"select count(ann.id) {source}", params)[0][0]
    hql = f"select ann.id, file.name, file.size {source} order by lower(file.name), ann.id desc"
    return int(total), rows(conn, hql, params.page(0, limit))
