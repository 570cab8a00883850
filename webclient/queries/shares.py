"""Existing shares: lists and members. Source: contract/webclient.md, sections 5.10 and 11."""

from __future__ import annotations

from typing import Any

from omero.rtypes import rlong

from omeroweb.webclient.parameters import EVERYBODY, Page
from omeroweb.webclient.queries.projection import rows, where


def shares(conn: Any, member_id: int, owner_id: int, page: Page, with_items: bool) -> list[list[Any]]:
    """Rows `id, owner id, item count, start (ms), time to live (ms), active`, by id.

    with_items: shares proper, which have at least one item; otherwise discussions, which have none.
    """
    params = page.parameters()
    joins = ""
    member = owner = None
    if member_id != EVERYBODY:
        joins = ", ShareMember mem"
        member = "mem.parent.id = share.id and mem.child.id = :member"
        params.add("member", rlong(member_id))
    if owner_id != EVERYBODY:
        owner = "share.owner.id = :owner"
        params.add("owner", rlong(owner_id))
    items = "share.itemCount > 0" if with_items else "share.itemCount = 0"
    hql = (
        "select share.id, share.owner.id, share.itemCount, share.started, share.timeToLive, share.active"
        f" from Share share{joins}{where(items, member, owner)} order by share.id"
    )
    return rows(conn, hql, params, -1)


def image_ids(conn: Any, share_id: int) -> list[int]:
    """Ids of the images in a share, as they were put into it."""
    contents = conn.getShareService().getContents(int(share_id))
    return [item.id.val for item in contents if type(item).__name__ == "ImageI"]
