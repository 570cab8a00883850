"""Facts for the panels on the right. Source: contract/webclient.md, sections 15.2 to 15.4."""

from __future__ import annotations

from typing import Any

import omero
import omero.clients
from django.http import HttpRequest
from omero.rtypes import rstring

from omeroweb.webclient.queries.annotations import ANNOTATED, RATING, ancestors
from omeroweb.webclient.queries.projection import rows

ENTITIES = dict(ANNOTATED)
NO_COUNTS = {
    "TagAnnotation": 0,
    "FileAnnotation": 0,
    "CommentAnnotation": 0,
    "LongAnnotation": 0,
    "MapAnnotation": 0,
    "OtherAnnotation": 0,
}
LARGEST_EXPORT = 144_000_000
TABLE_MIMETYPE = "OMERO.tables"

FIGURE_SCRIPTS = (
    ("SplitView", "Split View Figure...", "/omero/figure_scripts/", "Split_View_Figure.py"),
    ("Thumbnail", "Thumbnail Figure...", "/omero/figure_scripts/", "Thumbnail_Figure.py"),
    ("MakeMovie", "Make Movie...", "/omero/export_scripts/", "Make_Movie.py"),
)

# Parameter → HQL counting the direct contents of one container
COUNTED_CHILDREN = {
    "project": "select count(link.id) from ProjectDatasetLink link where link.parent.id = :id",
    "screen": "select count(link.id) from ScreenPlateLink link where link.parent.id = :id",
    "plate": "select count(well.id) from Well well where well.plate.id = :id",
    "dataset": "select count(link.id) from DatasetImageLink link where link.parent.id = :id",
}


def count_children(conn: Any, c_type: str, object_id: int | None) -> int:
    params = omero.sys.ParametersI().addId(object_id)
    return int(rows(conn, COUNTED_CHILDREN[c_type], params, -1)[0][0])


def annotation_counts(conn: Any, c_type: str | None, ids: list[Any]) -> dict[str, int]:
    """Distinct annotations by class; types that cannot be annotated here have none."""
    entity = ENTITIES.get(c_type or "")
    return annotation_counts_of(conn, {entity: ids} if entity else {})


def annotation_counts_of(conn: Any, ids: dict[str, list[int]]) -> dict[str, int]:
    """The same over objects of several types; an annotation on two of them counts once."""
    counts = dict(NO_COUNTS)
    seen: set[int] = set()
    for entity, object_ids in ids.items():
        params = omero.sys.ParametersI().addIds(object_ids)
        hql = (
            f"select distinct ann.id, type(ann), ann.ns from {entity}AnnotationLink link join link.child ann"
            " where link.parent.id in (:ids)"
        )
        for annotation_id, kind, ns in rows(conn, hql, params, -1):
            if annotation_id in seen:
                continue
            seen.add(annotation_id)
            name = str(kind).rsplit(".", 1)[-1]
            if name not in counts or (name == "LongAnnotation" and ns != RATING):
                name = "OtherAnnotation"
            counts[name] += 1
    return counts


def count_tables_on_parents(conn: Any, c_type: str | None, object_id: int | None) -> int:
    """Number of OMERO.tables on the ancestors of an image or well."""
    if c_type not in ("image", "well") or object_id is None:
        return 0
    found: set[int] = set()
    for ancestor, below in ancestors(conn, {c_type: [object_id]}).items():
        params = omero.sys.ParametersI().addIds(list(below))
        params.add("mimetype", rstring(TABLE_MIMETYPE))
        hql = (
            f"select ann.id from {ENTITIES[ancestor]}AnnotationLink link join link.child ann join ann.file file"
            " where link.parent.id in (:ids) and file.mimetype = :mimetype"
        )
        found.update(row[0] for row in rows(conn, hql, params, -1))
    return len(found)


def figure_scripts(conn: Any, c_type: str | None, image: Any) -> list[dict[str, Any]]:
    """The publishing options: `{id, name, enabled, tooltip}`; enabled when suitable and installed."""
    params = omero.sys.ParametersI()
    params.add(
        "paths", omero.rtypes.rlist([rstring(path) for path in sorted({s[2] for s in FIGURE_SCRIPTS})])
    )
    installed = {
        (row[0], row[1])
        for row in rows(
            conn, "select file.path, file.name from OriginalFile file where file.path in (:paths)", params, -1
        )
    }
    scripts = []
    for script_id, name, path, file_name in FIGURE_SCRIPTS:
        suitable, tooltip = _suitable(script_id, c_type, image)
        available = (path, file_name) in installed
        if not available:
            tooltip = f"Script {path}{file_name} is not installed"
        scripts.append(
            {"id": script_id, "name": name, "enabled": bool(suitable and available), "tooltip": tooltip}
        )
    return scripts


def _suitable(script_id: str, c_type: str | None, image: Any) -> tuple[bool, str]:
    if script_id == "SplitView":
        suitable = image is not None and (image.getSizeC() or 0) > 1
        return suitable, "Create a figure of images, splitting their channels into separate views"
    if script_id == "Thumbnail":
        return c_type in (
            "image",
            "well",
            "dataset",
        ), "Export a figure of thumbnails, optionally sorted by tag"
    moving = image is not None and ((image.getSizeZ() or 0) > 1 or (image.getSizeT() or 0) > 1)
    return moving, "Create a movie of the image"


def can_export_as_jpg(conn: Any, request: HttpRequest, image: Any) -> bool:
    """Whether the plane is small enough for an export; objects without an image may always try."""
    if image is None:
        return True
    settings = request.session.get("server_settings") or {}
    limit = (settings.get("download_as") or {}).get("max_size", LARGEST_EXPORT)
    width, height = image.getSizeX(), image.getSizeY()
    if not width or not height:
        return False
    return int(width) * int(height) <= int(limit)


def can_download(image: Any) -> bool:
    """Whether the group's policy lets the user have the original files."""
    return bool(image.canDownload())


def original_files(conn: Any, image_ids: list[int]) -> dict[str, int]:
    """Number and total size of the images' original files, imported or archived."""
    fileset = conn.getFilesetFilesInfo(image_ids)
    archived = conn.getArchivedFilesInfo(image_ids)
    return {"count": fileset["count"] + archived["count"], "size": fileset["size"] + archived["size"]}


def hierarchy(conn: Any, image_id: int) -> list[list[dict[str, Any]]]:
    """Chains of parents, outermost first: screens and plates, then projects and datasets."""
    params = omero.sys.ParametersI().addId(image_id)
    plates = rows(
        conn,
        "select distinct screen.id, screen.name, plate.id, plate.name from WellSample ws join ws.well well"
        " join well.plate plate left outer join plate.screenLinks slink left outer join slink.parent screen"
        " where ws.image.id = :id",
        params,
        -1,
    )
    datasets = rows(
        conn,
        "select distinct project.id, project.name, dataset.id, dataset.name from DatasetImageLink dlink"
        " join dlink.parent dataset left outer join dataset.projectLinks plink"
        " left outer join plink.parent project where dlink.child.id = :id",
        params,
        -1,
    )
    chains = []
    for outer, inner, found in (("screen", "plate", plates), ("project", "dataset", datasets)):
        for outer_id, outer_name, inner_id, inner_name in sorted(
            found, key=lambda row: (row[2], row[0] or 0)
        ):
            chain = [{"type": inner, "id": inner_id, "name": inner_name}]
            if outer_id is not None:
                chain.insert(0, {"type": outer, "id": outer_id, "name": outer_name})
            chains.append(chain)
    return chains


def rendering_definitions(image: Any) -> list[dict[str, Any]]:
    """One definition per owner (the newest), as omero-py tells them, each with `current`; [] without pixels."""
    if image.getPixelsId() is None:
        return []
    current = image.getRenderingDefId()
    newest: dict[int, dict[str, Any]] = {}
    for rdef in image.getAllRenderingDefs():
        owner_id = rdef["owner"]["id"]
        if owner_id not in newest or rdef["id"] > newest[owner_id]["id"]:
            newest[owner_id] = rdef
    return [{**rdef, "current": rdef["id"] == current} for rdef in newest.values()]


def rdef_query(rdef: dict[str, Any]) -> dict[str, Any]:
    """A definition as a settings query: `{id, owner, c, m}`."""
    channels = []
    for number, channel in enumerate(rdef["c"], 1):
        active = "" if channel["active"] else "-"
        reverse = "r" if channel.get("inverted") else "-r"
        colour = channel.get("lut") or channel["color"]
        channels.append(f"{active}{number}|{channel['start']}:{channel['end']}{reverse}${colour}")
    return {
        "id": rdef["id"],
        "owner": rdef["owner"],
        "c": ",".join(channels),
        "m": "g" if rdef["model"] == "greyscale" else "c",
    }
