"""Reading users, groups and privileges (contract/server.md, section 2.8).

Look-ups ignore the group of the call: users and groups are readable by everybody.
"""

from __future__ import annotations

from typing import Any

import omero
import omero.sys
from omero.rtypes import rlist
from sqlalchemy import select

from ... import errors
from ...model.details import repository_kind
from ...model.entities import MODEL
from ...model.tables import table_of
from ...security.context import (
    GUEST_GROUP,
    GUEST_ID,
    PRIVILEGES,
    ROOT_ID,
    SYSTEM_GROUP,
    USER_GROUP,
)
from ...security.rights import rights
from ..base import Call, Service
from ..event_context import event_context

EXPERIMENTER = (
    "select distinct e from Experimenter e "
    "left outer join fetch e.groupExperimenterMap m left outer join fetch m.parent "
)
GROUP = (
    "select distinct g from ExperimenterGroup g "
    "left outer join fetch g.groupExperimenterMap m left outer join fetch m.child "
)
GROUPS = (
    GROUP.rstrip() + " c left outer join fetch c.groupExperimenterMap cm left outer join fetch cm.parent "
)


class Lookups(Service):
    """Operations of IAdmin that change nothing."""

    def getEventContext(self, call: Call) -> Any:
        """Who the caller is and where; re-reads memberships and privileges first."""
        call.server.accounts.refresh(call.session.owner_id)
        return event_context(call)

    def getSecurityRoles(self, call: Call) -> Any:
        """Ids and names of the accounts and groups with a special meaning."""
        return omero.sys.Roles(
            rootId=ROOT_ID,
            rootName="root",
            systemGroupId=SYSTEM_GROUP,
            systemGroupName="system",
            userGroupId=USER_GROUP,
            userGroupName="user",
            guestId=GUEST_ID,
            guestName="guest",
            guestGroupId=GUEST_GROUP,
            guestGroupName="guest",
        )

    def getExperimenter(self, call: Call, id: int) -> Any:
        """A user with memberships and groups. Raises ApiUsageException when there is none."""
        return _one(call.query(EXPERIMENTER + "where e.id = :id", id=id), f"id: there is no user {id}")

    def lookupExperimenter(self, call: Call, name: str) -> Any:
        """The user of that name, with memberships and groups. Raises ApiUsageException when there is none."""
        condition = "where e.omeName = :name"
        if call.server.settings.flag("omero.security.ignore_case"):
            condition, name = "where lower(e.omeName) = :name", name.lower()
        return _one(call.query(EXPERIMENTER + condition, name=name), f"name: there is no user {name!r}")

    def lookupExperimenters(self, call: Call) -> list[Any]:
        """All users with memberships and groups."""
        return call.query(EXPERIMENTER)

    def getGroup(self, call: Call, id: int) -> Any:
        """A group with its members. Raises ApiUsageException when there is none."""
        return _one(call.query(GROUP + "where g.id = :id", id=id), f"id: there is no group {id}")

    def lookupGroup(self, call: Call, name: str) -> Any:
        """The group of that name, with its members. Raises ApiUsageException when there is none."""
        return _one(
            call.query(GROUP + "where g.name = :name", name=name), f"name: there is no group {name!r}"
        )

    def lookupGroups(self, call: Call) -> list[Any]:
        """All groups with their members and the members' groups."""
        return call.query(GROUPS)

    def containedExperimenters(self, call: Call, groupId: int) -> list[Any]:
        """Members of a group, with their memberships and groups."""
        condition = "where e.id in (select x.child.id from GroupExperimenterMap x where x.parent.id = :id)"
        return call.query(EXPERIMENTER + condition, id=groupId)

    def containedGroups(self, call: Call, experimenterId: int) -> list[Any]:
        """Groups of a user, with their members."""
        condition = "where g.id in (select x.parent.id from GroupExperimenterMap x where x.child.id = :id)"
        return call.query(
            GROUPS.replace(" left outer join fetch cm.parent", "") + condition, id=experimenterId
        )

    def getDefaultGroup(self, call: Call, experimenterId: int) -> Any:
        """The group that new sessions of the user work in. Raises ValidationException when there is none."""
        account = call.server.accounts.account(experimenterId)
        if account is None or account.default_group is None:
            raise errors.validation(f"experimenterId: user {experimenterId} has no default group")
        query = "select g from ExperimenterGroup g where g.id = :id"
        return _one(call.query(query, id=account.default_group), "the default group is gone")

    def getMemberOfGroupIds(self, call: Call, exp: Any) -> list[int]:
        """Ids of the user's groups, the default group first."""
        return list(account_of(call, exp).member_of)

    def getLeaderOfGroupIds(self, call: Call, exp: Any) -> list[int]:
        """Ids of the groups that the user owns."""
        return sorted(account_of(call, exp).leader_of)

    def canUpdate(self, call: Call, obj: Any) -> bool:
        """The caller may edit the object."""
        entity = None if obj is None else MODEL.find(obj.ice_id())
        if entity is None or obj.id is None:
            raise errors.api_usage("obj: a model object with an id is needed")
        table = table_of(entity.name)
        row = call.read.execute(select(table).where(table.c.id == obj.id.val)).mappings().first()
        if row is None:
            raise errors.api_usage(f"obj: there is no {entity.name} {obj.id.val}")
        owner, group = row.get("owner_id"), row.get("group_id")
        if entity.is_owned and not call.context.can_read(row["owner_id"], row["group_id"]):
            raise errors.security(f"{entity.name} {obj.id.val} may not be read")
        is_file = entity.name == "OriginalFile"
        return rights(
            call.context,
            entity,
            owner,
            row["id"] if entity.name == "ExperimenterGroup" else group,
            repository=repository_kind(row["repo"]) if is_file else None,
            is_directory=is_file and row["mimetype"] == "Directory",
        ).edit

    def getCurrentAdminPrivileges(self, call: Call) -> list[Any]:
        """Privileges of this session; empty unless the user is an administrator."""
        return privilege_objects(call, call.context.privileges)

    def getAdminPrivileges(self, call: Call, user: Any) -> list[Any]:
        """Privileges of a user; empty unless an administrator."""
        return privilege_objects(call, account_of(call, user).privileges)

    def getAdminsWithPrivileges(self, call: Call, privileges: Any) -> list[Any]:
        """Administrators who hold all of the privileges."""
        wanted = privilege_names(privileges)
        query = (
            EXPERIMENTER
            + "where e.id in (select x.child.id from GroupExperimenterMap x where x.parent.id = 0)"
        )
        return [admin for admin in call.query(query) if wanted <= account_of(call, admin).privileges]

    def lookupLdapAuthExperimenter(self, call: Call, id: int) -> str:
        """Empty: no account comes from LDAP."""
        account_by_id(call, id)
        return ""

    def lookupLdapAuthExperimenters(self, call: Call) -> Any:
        """Empty: no account comes from LDAP."""
        return rlist([])


def _one(found: list[Any], message: str) -> Any:
    if not found:
        raise errors.api_usage(message)
    return found[0]


def account_by_id(call: Call, user_id: int) -> Any:
    """The account. Raises ApiUsageException when there is none."""
    account = call.server.accounts.account(user_id)
    if account is None:
        raise errors.api_usage(f"there is no user {user_id}")
    return account


def account_of(call: Call, experimenter: Any) -> Any:
    """The account behind an Experimenter argument; the id is enough. Raises ApiUsageException when there is none."""
    if experimenter is None or experimenter.id is None:
        raise errors.api_usage("user: an Experimenter with an id is needed")
    return account_by_id(call, experimenter.id.val)


def privilege_names(privileges: Any) -> frozenset[str]:
    """Values of AdminPrivilege arguments. Raises ApiUsageException for an unknown one."""
    names = frozenset(
        privilege.value.val if privilege is not None and privilege.isLoaded() and privilege.value else ""
        for privilege in privileges or ()
    )
    unknown = names - PRIVILEGES
    if unknown:
        raise errors.api_usage(f"privileges: there is no privilege {sorted(unknown)[0]!r}")
    return names


def privilege_objects(call: Call, names: frozenset[str]) -> list[Any]:
    """AdminPrivilege entries for names, by id."""
    if not names:
        return []
    query = "select p from AdminPrivilege p where p.value in (:names) order by p.id"
    return call.query(query, names=sorted(names))
