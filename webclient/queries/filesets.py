"""Which images of a fileset an operation takes and which it leaves. Source: contract/webclient.md, section 14.5."""

from __future__ import annotations

from typing import Any

import omero

from omeroweb.webclient.queries.projection import rows

# Parameter → condition that selects the images which would go
GOING = {
    "Image": "image.id in (:ids)",
    "Dataset": "exists (select dlink.id from DatasetImageLink dlink where dlink.child.id = image.id"
    " and dlink.parent.id in (:ids))",
    "Project": "exists (select dlink.id from DatasetImageLink dlink join dlink.parent dataset"
    " join dataset.projectLinks plink where dlink.child.id = image.id and plink.parent.id in (:ids))",
}


def split_filesets(conn: Any, ids: dict[str, list[int]]) -> list[dict[str, Any]]:
    """`{id, attempted_iids, blocking_iids}` of the filesets that would lose only some of their images."""
    going: dict[int, set[int]] = {}
    for name, condition in GOING.items():
        if not ids.get(name):
            continue
        hql = f"select image.id, image.fileset.id from Image image where image.fileset is not null and {condition}"
        for image_id, fileset_id in rows(conn, hql, omero.sys.ParametersI().addIds(ids[name]), -1):
            going.setdefault(fileset_id, set()).add(image_id)
    if not going:
        return []
    staying: dict[int, set[int]] = {}
    hql = "select image.id, image.fileset.id from Image image where image.fileset.id in (:ids)"
    for image_id, fileset_id in rows(conn, hql, omero.sys.ParametersI().addIds(list(going)), -1):
        if image_id not in going[fileset_id]:
            staying.setdefault(fileset_id, set()).add(image_id)
    return [
        {
            "id": fileset_id,
            "attempted_iids": sorted(going[fileset_id]),
            "blocking_iids": sorted(staying[fileset_id]),
        }
        for fileset_id in sorted(staying)
    ]
