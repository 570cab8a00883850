"""Original files behind images. Source: contract/webclient.md, section 17.3."""

from __future__ import annotations

from typing import Any

import omero

from omeroweb.webclient.queries.projection import rows


def file_lists(conn: Any, image_ids: list[int]) -> list[list[dict[str, Any]]]:
    """Per fileset, or per image without one, the files as `{id, name, size}`; [] when no image is found."""
    if not image_ids:
        return []
    params = omero.sys.ParametersI().addIds(image_ids)
    found = rows(
        conn, "select image.id, image.fileset.id from Image image where image.id in (:ids)", params, -1
    )
    lists: list[list[dict[str, Any]]] = []
    filesets = sorted({row[1] for row in found if row[1] is not None})
    if filesets:
        hql = (
            "select fse.fileset.id, file.id, file.name, file.size from FilesetEntry fse"
            " join fse.originalFile file where fse.fileset.id in (:ids) order by fse.fileset.id, file.id"
        )
        lists += _grouped(rows(conn, hql, omero.sys.ParametersI().addIds(filesets), -1))
    alone = [row[0] for row in found if row[1] is None]
    if alone:
        hql = (
            "select link.child.image.id, file.id, file.name, file.size from PixelsOriginalFileMap link"
            " join link.parent file where link.child.image.id in (:ids) order by link.child.image.id, file.id"
        )
        lists += _grouped(rows(conn, hql, omero.sys.ParametersI().addIds(alone), -1))
    return lists


def _grouped(found: list[list[Any]]) -> list[list[dict[str, Any]]]:
    groups: dict[int, list[dict[str, Any]]] = {}
    for group_id, file_id, name, size in found:
        groups.setdefault(group_id, []).append({"id": file_id, "name": name, "size": size or 0})
    return list(groups.values())
