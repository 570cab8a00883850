"""Where an object sits in the tree, and the links to its parents. Source: contract/webclient.md, 5.11 and 5.12."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import omero
from django.conf import settings
from omero.rtypes import rlong, rstring

from omeroweb.webclient.queries.images import ORPHANED
from omeroweb.webclient.queries.projection import rows, where

Node = dict[str, Any]
TAGSET = omero.constants.metadata.NSINSIGHTTAGSET


@dataclass(frozen=True, slots=True)
class PathQuery:
    """Ids of the objects a path must lead through; the lowest one is the target."""

    experimenter: int | None = None
    project: int | None = None
    dataset: int | None = None
    image: int | None = None
    screen: int | None = None
    plate: int | None = None
    acquisition: int | None = None
    well: int | None = None
    roi: int | None = None
    shape: int | None = None
    group: int | None = None
    page_size: int | None = None


def find_paths(conn: Any, query: PathQuery) -> list[list[Node]]:
    """Paths from the experimenter down to the lowest object named, one per way through the containers."""
    if query.roi is not None or query.shape is not None:
        return _roi_paths(conn, query)
    if query.image is not None:
        return _image_paths(conn, query)
    for name, entity in (("dataset", "Dataset"), ("project", "Project")):
        if getattr(query, name) is not None:
            return _container_paths(conn, query, name, entity)
    if query.well is not None:
        return _well_paths(conn, query)
    for name, entity in (("acquisition", "PlateAcquisition"), ("plate", "Plate"), ("screen", "Screen")):
        if getattr(query, name) is not None:
            return _container_paths(conn, query, name, entity)
    if query.experimenter is not None:
        return [[{"type": "experimenter", "id": query.experimenter}]]
    return []


# Target: from clause, path columns below the experimenter, owner expression. Every join is an outer one, since a
# container may be missing on the way.
_CONTAINER_SOURCES: dict[str, tuple[str, tuple[tuple[str, str], ...], str]] = {
    "project": ("Project project", (("project", "project.id"),), "project.details.owner.id"),
    "screen": ("Screen screen", (("screen", "screen.id"),), "screen.details.owner.id"),
    "dataset": (
        "Dataset dataset left outer join dataset.projectLinks plink left outer join plink.parent project",
        (("project", "project.id"), ("dataset", "dataset.id")),
        "coalesce(powner.id, downer.id)",
    ),
    "plate": (
        "Plate plate left outer join plate.screenLinks slink left outer join slink.parent screen",
        (("screen", "screen.id"), ("plate", "plate.id")),
        "plate.details.owner.id",
    ),
    "acquisition": (
        "PlateAcquisition acquisition join acquisition.plate plate"
        " left outer join plate.screenLinks slink left outer join slink.parent screen",
        (("screen", "screen.id"), ("plate", "plate.id"), ("acquisition", "acquisition.id")),
        "coalesce(sowner.id, wowner.id, aowner.id)",
    ),
}
_OWNER_JOINS = {
    "dataset": " left outer join project.details.owner powner left outer join dataset.details.owner downer",
    "acquisition": (
        " left outer join screen.details.owner sowner left outer join plate.details.owner wowner"
        " left outer join acquisition.details.owner aowner"
    ),
}


def _filters(
    query: PathQuery, names: Iterable[str], owner: str
) -> tuple[list[str | None], omero.sys.ParametersI]:
    params = omero.sys.ParametersI()
    conditions: list[str | None] = []
    for name in names:
        value = getattr(query, name)
        if value is not None:
            conditions.append(f"{name}.id = :{name}")
            params.add(name, rlong(value))
    if query.experimenter is not None:
        conditions.append(f"{owner} = :experimenter")
        params.add("experimenter", rlong(query.experimenter))
    return conditions, params


def _container_paths(conn: Any, query: PathQuery, name: str, entity: str) -> list[list[Node]]:
    source, columns, owner = _CONTAINER_SOURCES[name]
    source += _OWNER_JOINS.get(name, "")
    names = [column for column, _ in columns]
    conditions, params = _filters(query, names, owner)
    selected = ", ".join(expression for _, expression in columns)
    hql = (
        f"select {owner}, {selected} from {source}{where(*conditions)}"
        f" order by {', '.join(expression for _, expression in columns)}"
    )
    paths = []
    for owner_id, *ids in rows(conn, hql, params, query.group):
        path: list[Node] = [{"type": "experimenter", "id": owner_id}]
        path += [
            {"type": kind, "id": value} for kind, value in zip(names, ids, strict=True) if value is not None
        ]
        if path not in paths:
            paths.append(path)
    return paths


_WELL_SOURCE = (
    "WellSample wellsample join wellsample.well well join well.plate plate"
    " left outer join wellsample.plateAcquisition acquisition"
    " left outer join plate.screenLinks slink left outer join slink.parent screen"
    " left outer join screen.details.owner sowner left outer join plate.details.owner wowner"
    " left outer join acquisition.details.owner aowner left outer join wellsample.details.owner fowner"
)
_WELL_OWNER = "coalesce(sowner.id, wowner.id, aowner.id, fowner.id)"


def _well_rows(conn: Any, query: PathQuery) -> list[list[Any]]:
    """Rows `owner, screen, plate, acquisition, well, well sample`, one per field and screen."""
    conditions, params = _filters(query, ("screen", "plate", "acquisition", "well"), _WELL_OWNER)
    if query.image is not None:
        conditions.append("wellsample.image.id = :image")
        params.add("image", rlong(query.image))
    hql = (
        f"select {_WELL_OWNER}, screen.id, plate.id, acquisition.id, well.id, wellsample.id"
        f" from {_WELL_SOURCE}{where(*conditions)}"
        " order by screen.id, plate.id, acquisition.id, well.id, wellsample.id"
    )
    return rows(conn, hql, params, query.group)


def _well_paths(conn: Any, query: PathQuery) -> list[list[Node]]:
    paths = []
    for owner_id, screen_id, plate_id, run_id, _, _ in _well_rows(conn, query):
        nodes = (("screen", screen_id), ("plate", plate_id), ("acquisition", run_id))
        paths.append(
            [{"type": "experimenter", "id": owner_id}]
            + [{"type": kind, "id": value} for kind, value in nodes if value is not None]
        )
    return paths


def _image_paths(conn: Any, query: PathQuery) -> list[list[Node]]:
    assert query.image is not None
    page_size = query.page_size or int(settings.PAGE)
    owner = "coalesce(powner.id, downer.id, iowner.id)"
    conditions, params = _filters(query, ("project", "dataset", "image"), owner)
    hql = (
        f"select {owner}, project.id, dataset.id, image.id, image.details.group.id from Image image"
        " left outer join image.datasetLinks dlink left outer join dlink.parent dataset"
        " left outer join dataset.projectLinks plink left outer join plink.parent project"
        " left outer join image.details.owner iowner left outer join dataset.details.owner downer"
        f" left outer join project.details.owner powner{where(*conditions)}"
        f" order by {owner}, project.id, dataset.id, image.id"
    )
    paths: list[list[Node]] = []
    without_parent: list[tuple[int, int]] = []
    for owner_id, project_id, dataset_id, image_id, group_id in rows(conn, hql, params, query.group):
        if dataset_id is None:
            without_parent.append((owner_id, group_id))
            continue
        path: list[Node] = [{"type": "experimenter", "id": owner_id}]
        if project_id is not None:
            path.append({"type": "project", "id": project_id})
        path.append(
            {"type": "dataset", "id": dataset_id, **_place_in_dataset(conn, dataset_id, image_id, page_size)}
        )
        path.append({"type": "image", "id": image_id})
        paths.append(path)
    if query.project is None and query.dataset is None:
        for owner_id, screen_id, plate_id, run_id, well_id, sample_id in _well_rows(conn, query):
            nodes = (
                ("screen", screen_id),
                ("plate", plate_id),
                ("acquisition", run_id),
                ("well", well_id),
                ("wellsample", sample_id),
                ("image", query.image),
            )
            paths.append(
                [{"type": "experimenter", "id": owner_id}]
                + [{"type": kind, "id": value} for kind, value in nodes if value is not None]
            )
    if not paths and _no_well_asked(query):
        for owner_id, group_id in without_parent:
            place = _place_among_orphans(conn, owner_id, group_id, query.image, page_size)
            paths.append(
                [
                    {"type": "experimenter", "id": owner_id},
                    {"type": "orphaned", "id": owner_id, **place},
                    {"type": "image", "id": query.image},
                ]
            )
    return paths


def _no_well_asked(query: PathQuery) -> bool:
    return all(value is None for value in (query.screen, query.plate, query.acquisition, query.well))


def _place_in_dataset(conn: Any, dataset_id: int, image_id: int, page_size: int) -> Node:
    """`childCount` of a dataset, and where an image is in it when it has more than a page."""
    params = omero.sys.ParametersI()
    params.add("dataset", rlong(dataset_id))
    hql = "select count(link.id) from DatasetImageLink link where link.parent.id = :dataset"
    count = rows(conn, hql, params, -1)[0][0]
    if count <= page_size:
        return {"childCount": count}
    source = "Image image join image.datasetLinks dlink where dlink.parent.id = :dataset"
    return {"childCount": count, **_position(conn, source, params, image_id, page_size, -1)}


def _place_among_orphans(conn: Any, owner_id: int, group_id: int, image_id: int, page_size: int) -> Node:
    params = omero.sys.ParametersI()
    params.add("owner", rlong(owner_id))
    source = f"Image image where image.details.owner.id = :owner and {ORPHANED}"
    count = rows(conn, f"select count(image.id) from {source}", params, group_id)[0][0]
    if count <= page_size:
        return {}
    return {"childCount": count, **_position(conn, source, params, image_id, page_size, group_id)}


def _position(
    conn: Any, source: str, params: omero.sys.ParametersI, image_id: int, page_size: int, group_id: int
) -> Node:
    """0-based index by name, and 1-based page: images before this one are counted, not listed."""
    name_rows = rows(
        conn,
        "select lower(image.name) from Image image where image.id = :image",
        omero.sys.ParametersI().add("image", rlong(image_id)),
        -1,
    )
    params.add("image", rlong(image_id))
    params.add("name", rstring(name_rows[0][0] or ""))
    before = "(lower(image.name) < :name or (lower(image.name) = :name and image.id < :image))"
    index = rows(conn, f"select count(image.id) from {source} and {before}", params, group_id)[0][0]
    return {"childIndex": index, "childPage": index // page_size + 1}


def _roi_paths(conn: Any, query: PathQuery) -> list[list[Node]]:
    image_id, roi_id = query.image, query.roi
    if query.shape is not None:
        image_id, roi_id = image_and_roi_of_shape(conn, query.shape)
    elif roi_id is not None:
        found = rows(
            conn,
            "select roi.image.id from Roi roi where roi.id = :id",
            omero.sys.ParametersI().addId(roi_id),
            -1,
        )
        image_id = found[0][0] if found else None
    if image_id is None or (query.image is not None and query.image != image_id):
        return []
    tail: list[Node] = [{"type": "roi", "id": roi_id}]
    if query.shape is not None:
        tail.append({"type": "shape", "id": query.shape})
    image_query = PathQuery(
        experimenter=query.experimenter,
        project=query.project,
        dataset=query.dataset,
        image=image_id,
        screen=query.screen,
        plate=query.plate,
        acquisition=query.acquisition,
        well=query.well,
        group=query.group,
        page_size=query.page_size,
    )
    return [path + [dict(node) for node in tail] for path in _image_paths(conn, image_query)]


def image_and_roi_of_shape(conn: Any, shape_id: int) -> tuple[int | None, int | None]:
    """The image and the ROI a shape belongs to."""
    found = rows(
        conn,
        "select roi.image.id, roi.id from Shape shape join shape.roi roi where shape.id = :id",
        omero.sys.ParametersI().addId(shape_id),
        -1,
    )
    return (found[0][0], found[0][1]) if found else (None, None)


def tag_paths(
    conn: Any,
    experimenter_id: int | None = None,
    tagset_id: int | None = None,
    tag_id: int | None = None,
    group_id: int | None = None,
) -> list[list[Node]]:
    """Paths to a tag through each of its sets, or to a tag set."""
    target = tagset_id if tag_id is None else tag_id
    if target is None:
        return []
    params = omero.sys.ParametersI().addId(target)
    owner = None
    if experimenter_id is not None:
        params.add("owner", rlong(experimenter_id))
        owner = "tag.details.owner.id = :owner"
    own = rows(
        conn,
        f"select tag.details.owner.id, tag.ns from TagAnnotation tag{where('tag.id = :id', owner)}",
        params,
        group_id,
    )
    if tag_id is None:
        sets = [row for row in own if row[1] == TAGSET]
        return [[{"type": "experimenter", "id": row[0]}, {"type": "tagset", "id": target}] for row in sets]
    set_filter = None
    if tagset_id is not None:
        params.add("set", rlong(tagset_id))
        set_filter = "tagset.id = :set"
    if owner:
        owner = "tagset.details.owner.id = :owner"
    params.add("setns", rstring(TAGSET))
    conditions = where("link.child.id = :id", "tagset.ns = :setns", set_filter, owner)
    hql = (
        "select tagset.details.owner.id, tagset.id from AnnotationAnnotationLink link join link.parent tagset"
        f"{conditions} order by tagset.id"
    )
    inside = rows(conn, hql, params, group_id)
    if inside:
        return [
            [
                {"type": "experimenter", "id": row[0]},
                {"type": "tagset", "id": row[1]},
                {"type": "tag", "id": tag_id},
            ]
            for row in inside
        ]
    if tagset_id is not None:
        return []
    return [[{"type": "experimenter", "id": row[0]}, {"type": "tag", "id": tag_id}] for row in own]


PARENT_TYPES = (
    ("image", "dataset", "DatasetImageLink"),
    ("dataset", "project", "ProjectDatasetLink"),
    ("plate", "screen", "ScreenPlateLink"),
)


def parent_links(conn: Any, ids: dict[str, list[int]]) -> list[dict[str, Any]]:
    """Links from the given images, datasets and plates to their parents."""
    found = []
    for child, parent, link in PARENT_TYPES:
        if not ids.get(child):
            continue
        hql = (
            f"select link.id, link.parent.id, link.child.id from {link} link"
            " where link.child.id in (:ids) order by link.id"
        )
        for link_id, parent_id, child_id in rows(conn, hql, omero.sys.ParametersI().addIds(ids[child]), -1):
            found.append(
                {
                    "id": link_id,
                    "parent": {"type": parent, "id": parent_id},
                    "child": {"type": child, "id": child_id},
                }
            )
    return found
