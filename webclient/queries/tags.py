"""Tags, tag sets and the data of the tagging dialog. Source: contract/webclient.md, sections 5.8 and 8.3."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import omero
from omero.rtypes import rlong, rstring

from omeroweb.webclient.parameters import EVERYBODY, Page
from omeroweb.webclient.queries.projection import maps, rows, where

TAGSET = omero.constants.metadata.NSINSIGHTTAGSET


def tags(
    conn: Any,
    *,
    group_id: int,
    owner_id: int,
    page: Page,
    tagset_id: int | None = None,
    orphaned: bool = False,
) -> list[list[Any]]:
    """Rows `id, text, description, owner id, permissions, namespace, tag count, image count`, by id.

    tagset_id: only the tags in that set. orphaned: only tags and sets that are in no set.
    """
    params = page.parameters()
    joins = ""
    conditions: list[str | None] = []
    if tagset_id is not None:
        joins = ", AnnotationAnnotationLink setlink"
        conditions.append("setlink.child.id = tag.id and setlink.parent.id = :tagset")
        params.add("tagset", rlong(tagset_id))
    elif orphaned:
        conditions.append(
            "not exists (select olink.id from AnnotationAnnotationLink olink join olink.parent oset"
            " where olink.child.id = tag.id and oset.ns = :setns)"
        )
        params.add("setns", rstring(TAGSET))
    if owner_id != EVERYBODY:
        conditions.append("tag.details.owner.id = :owner")
        params.add("owner", rlong(owner_id))
    hql = (
        "select new map(tag.id as id, tag.textValue as text, tag.description as description,"
        " tag.details.owner.id as ownerId, tag as tag_details_permissions, tag.ns as ns,"
        " (select count(slink.id) from AnnotationAnnotationLink slink join slink.child kid"
        " where slink.parent.id = tag.id and kid.class = TagAnnotation) as tagCount,"
        " (select count(ilink.id) from ImageAnnotationLink ilink where ilink.child.id = tag.id) as imageCount)"
        f" from TagAnnotation tag{joins}{where(*conditions)} order by tag.id"
    )
    keys = ("id", "text", "description", "ownerId", "tag_details_permissions", "ns", "tagCount", "imageCount")
    return [[row[key] for key in keys] for row in maps(conn, hql, params, group_id)]


def count_tags(conn: Any, group_id: int) -> int:
    return int(rows(conn, "select count(tag.id) from TagAnnotation tag", None, group_id)[0][0])


def dialog_tags(conn: Any, *, group_id: int, owner_id: int, page: Page) -> list[list[Any]]:
    """Rows `id, text, owner id, children` by id: 0 for a plain tag, the ids in it for a tag set."""
    found = _dialog_rows(
        conn, "tag.id, tag.textValue, tag.details.owner.id, tag.ns", group_id, owner_id, page
    )
    set_ids = [row[0] for row in found if row[3] == TAGSET]
    children: dict[int, list[int]] = defaultdict(list)
    if set_ids:
        hql = (
            "select link.parent.id, link.child.id from AnnotationAnnotationLink link join link.child kid"
            " where link.parent.id in (:ids) and kid.class = TagAnnotation order by link.child.id"
        )
        for set_id, tag_id in rows(conn, hql, omero.sys.ParametersI().addIds(set_ids), group_id):
            children[set_id].append(tag_id)
    return [[row[0], row[1], row[2], children[row[0]] if row[3] == TAGSET else 0] for row in found]


def dialog_descriptions(conn: Any, *, group_id: int, owner_id: int, page: Page) -> dict[int, str | None]:
    return dict(_dialog_rows(conn, "tag.id, tag.description", group_id, owner_id, page))


def dialog_owners(conn: Any, *, group_id: int, owner_id: int, page: Page) -> dict[int, str]:
    """Full names of the owners of the tags on a page."""
    columns = "tag.id, owner.id, owner.firstName, owner.lastName"
    found = _dialog_rows(conn, columns, group_id, owner_id, page, " join tag.details.owner owner")
    return {row[1]: f"{row[2]} {row[3]}" for row in found}


def _dialog_rows(
    conn: Any, columns: str, group_id: int, owner_id: int, page: Page, joins: str = ""
) -> list[list[Any]]:
    params = page.parameters()
    owner = None
    if owner_id != EVERYBODY:
        owner = "tag.details.owner.id = :owner"
        params.add("owner", rlong(owner_id))
    hql = f"select {columns} from TagAnnotation tag{joins}{where(owner)} order by tag.id"
    return rows(conn, hql, params, group_id)


def find_plain_tags(conn: Any, text: str, description: str | None) -> list[int]:
    """Ids of tags without a namespace that have exactly this text and description, oldest first."""
    params = omero.sys.ParametersI().addString("text", text)
    if description:
        same = "tag.description = :description"
        params.addString("description", description)
    else:
        same = "(tag.description is null or tag.description = '')"
    hql = (
        "select tag.id from TagAnnotation tag"
        f"{where('tag.textValue = :text', 'tag.ns is null', same)} order by tag.id"
    )
    return [row[0] for row in rows(conn, hql, params)]
