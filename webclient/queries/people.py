"""Groups and users. Source: contract/webclient.md, sections 5.1 and 5.2."""

from __future__ import annotations

from typing import Any

import omero.sys
from omero.rtypes import rlong, rstring

from omeroweb.webclient.parameters import EVERYBODY, Page
from omeroweb.webclient.queries.projection import rows

USER_GROUP = "user"


def groups(conn: Any, member_id: int, page: Page) -> list[list[Any]]:
    """Rows `id, name, permissions`, without the group `user`, by lower-case name."""
    params = page.parameters()
    params.add("excluded", rstring(USER_GROUP))
    member = ""
    if member_id != EVERYBODY:
        member = (
            " and exists (select map.id from GroupExperimenterMap map"
            " where map.parent = grp.id and map.child.id = :member)"
        )
        params.add("member", rlong(member_id))
    hql = (
        "select grp.id, grp.name, grp.details.permissions from ExperimenterGroup grp"
        f" where grp.name != :excluded{member} order by lower(grp.name), grp.id"
    )
    return rows(conn, hql, params, -1)


def experimenters(conn: Any, group_id: int, page: Page) -> list[list[Any]]:
    """Rows `id, login name, first name, last name`, of a group or of all, by login name."""
    params = page.parameters()
    member = ""
    if group_id != -1:
        member = (
            " where exists (select map.id from GroupExperimenterMap map"
            " where map.child = person.id and map.parent.id = :gid)"
        )
        params.add("gid", rlong(group_id))
    hql = (
        "select person.id, person.omeName, person.firstName, person.lastName from Experimenter person"
        f"{member} order by lower(person.omeName), person.id"
    )
    return rows(conn, hql, params, -1)


def experimenter(conn: Any, experimenter_id: int) -> list[Any] | None:
    """The same row of one user; None when there is no such user."""
    hql = (
        "select person.id, person.omeName, person.firstName, person.lastName from Experimenter person"
        " where person.id = :id"
    )
    found = rows(conn, hql, omero.sys.ParametersI().addId(experimenter_id), -1)
    return found[0] if found else None


def share_a_group(conn: Any, experimenter_id: int) -> bool:
    """Whether the current user and another one meet in any group but `user`."""
    params = omero.sys.ParametersI()
    params.add("me", rlong(conn.getUserId()))
    params.add("other", rlong(experimenter_id))
    params.add("excluded", rstring(USER_GROUP))
    hql = (
        "select count(mine.id) from GroupExperimenterMap mine where mine.child.id = :me"
        " and mine.parent.name != :excluded and exists (select theirs.id from GroupExperimenterMap theirs"
        " where theirs.parent.id = mine.parent.id and theirs.child.id = :other)"
    )
    return bool(rows(conn, hql, params, -1)[0][0])
