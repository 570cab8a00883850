"""Groups, memberships and their owners (contract/server.md, sections 2.8 and 3.7)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import and_, or_, select, update

from ... import errors
from ...accounts import load_privileges
from ...model.entities import MODEL
from ...model.tables import TABLES, table_of
from ...references import users_of
from ...security.context import (
    GROUP_ANNOTATE,
    GROUP_READ,
    GROUP_WRITE,
    GUEST_GROUP,
    PRIVATE,
    ROOT_ID,
    SYSTEM_GROUP,
    USER_GROUP,
    format_permissions,
)
from ...transaction import Transaction
from ..base import Call, Service
from .lookups import account_of
from .rights import require, require_not_above, require_or_leader

_FIXED_GROUPS = (SYSTEM_GROUP, USER_GROUP, GUEST_GROUP)


class Groups(Service):
    """Operations of IAdmin that change groups and memberships."""

    def createGroup(self, call: Call, group: Any) -> int:
        """Create a group nobody is in; returns its id. Permissions default to private."""
        require(call, "ModifyGroup", "create groups")
        name = text(group, "name", "group")
        if not name:
            raise errors.validation("group.name: must be given")
        permissions = _permissions(group)
        with call.write() as transaction:
            _check_free(transaction, name)
            return transaction.insert(
                "ExperimenterGroup",
                {
                    "name": name,
                    "description": text(group, "description", "group"),
                    "ldap": bool(group.ldap.val) if group.ldap is not None else False,
                    "config": pairs(group),
                    "permissions": PRIVATE if permissions is None else permissions,
                },
            )

    def updateGroup(self, call: Call, group: Any) -> None:
        """Change name, description and, when given, level of a group."""
        group_id = _group_id(call, group)
        require_or_leader(call, "ModifyGroup", [group_id], "change the group")
        present = call.server.accounts.groups()[group_id]
        name = text(group, "name", "group") or present.name
        if name != present.name and (group_id in _FIXED_GROUPS or group_id == call.context.group_id):
            raise errors.validation(f"group.name: {present.name} cannot be renamed here")
        permissions = _permissions(group)
        with call.write() as transaction:
            if name != present.name:
                _check_free(transaction, name)
            values: dict[str, Any] = {"name": name, "description": text(group, "description", "group")}
            transaction.update("ExperimenterGroup", group_id, values)
            if permissions is not None and permissions != present.permissions:
                change_level(transaction, group_id, permissions)

    def changePermissions(self, call: Call, obj: Any, perms: Any) -> None:
        """Change the level of a group."""
        entity = None if obj is None else MODEL.find(obj.ice_id())
        if entity is None or entity.name != "ExperimenterGroup":
            raise errors.api_usage("obj: only groups have permissions of their own")
        if perms is None:
            raise errors.api_usage("perms: must be given")
        group_id = _group_id(call, obj)
        require_or_leader(call, "ModifyGroup", [group_id], "change the group's permissions")
        with call.write() as transaction:
            change_level(transaction, group_id, int(perms._perm1))

    def addGroups(self, call: Call, user: Any, groups: Sequence[Any]) -> None:
        """Make a user member of groups; existing memberships stay as they are."""
        account = account_of(call, user)
        ids = _group_ids(call, groups)
        require_or_leader(call, "ModifyGroupMembership", ids, "add members")
        if SYSTEM_GROUP in ids:
            require(call, "ModifyGroupMembership", "add administrators")
            with call.server.database.read() as connection:
                require_not_above(
                    call, load_privileges(connection, account.id), "make that user administrator"
                )
        with call.write() as transaction:
            add_memberships(transaction, account.id, ids)

    def removeGroups(self, call: Call, user: Any, groups: Sequence[Any]) -> None:
        """End memberships of a user."""
        account = account_of(call, user)
        ids = set(_group_ids(call, groups))
        require_or_leader(call, "ModifyGroupMembership", ids, "remove members")
        if account.id == ROOT_ID and ids & {SYSTEM_GROUP, USER_GROUP}:
            raise errors.validation("root stays in the groups system and user")
        if account.id == call.context.user_id and ids & {SYSTEM_GROUP, USER_GROUP}:
            raise errors.validation("nobody removes himself from the groups system and user")
        if SYSTEM_GROUP in ids:
            require_not_above(call, account.privileges, "remove that administrator")
        if not set(account.member_of) - ids - {USER_GROUP}:
            raise errors.validation("the user must stay in at least one group other than user")
        maps = table_of("GroupExperimenterMap")
        with call.write() as transaction:
            rows = transaction.connection.scalars(
                select(maps.c.id).where(maps.c.child == account.id, maps.c.parent.in_(ids))
            ).all()
            if rows:
                transaction.delete("GroupExperimenterMap", rows)
                order_memberships(transaction, account.id)

    def setDefaultGroup(self, call: Call, user: Any, group: Any) -> None:
        """Put a group the user is in to the front of the user's groups."""
        account = account_of(call, user)
        group_id = _group_id(call, group)
        if account.id != call.context.user_id:
            require(call, "ModifyUser", "change another user's default group")
        if group_id == USER_GROUP:
            raise errors.api_usage("group: user is nobody's default group")
        if group_id not in account.member_of:
            raise errors.api_usage(f"group: user {account.name} is no member of group {group_id}")
        with call.write() as transaction:
            order_memberships(transaction, account.id, first=group_id)

    def setGroupOwner(self, call: Call, group: Any, owner: Any) -> None:
        """Make a user owner of a group."""
        self._set_owners(call, group, [owner], True)

    def unsetGroupOwner(self, call: Call, group: Any, owner: Any) -> None:
        """Make an owner of a group an ordinary member."""
        self._set_owners(call, group, [owner], False)

    def addGroupOwners(self, call: Call, group: Any, owners: Sequence[Any]) -> None:
        """Make users owners of a group."""
        self._set_owners(call, group, owners, True)

    def removeGroupOwners(self, call: Call, group: Any, owners: Sequence[Any]) -> None:
        """Make owners of a group ordinary members."""
        self._set_owners(call, group, owners, False)

    def _set_owners(self, call: Call, group: Any, owners: Sequence[Any], is_owner: bool) -> None:
        group_id = _group_id(call, group)
        users = [account_of(call, owner) for owner in owners or ()]
        require_or_leader(call, "ModifyGroupMembership", [group_id], "change owners of the group")
        maps = table_of("GroupExperimenterMap")
        with call.write() as transaction:
            for account in users:
                if group_id not in account.member_of:
                    if not is_owner:
                        continue
                    if group_id == SYSTEM_GROUP:
                        require(call, "ModifyGroupMembership", "add administrators")
                    add_memberships(transaction, account.id, [group_id])
                rows = transaction.connection.scalars(
                    select(maps.c.id).where(maps.c.child == account.id, maps.c.parent == group_id)
                ).all()
                transaction.update_where("GroupExperimenterMap", rows, {"owner": is_owner})

    def deleteGroup(self, call: Call, group: Any) -> None:
        """Remove a group that holds nothing and nobody. Raises ValidationException otherwise."""
        require(call, "ModifyGroup", "delete groups")
        group_id = _group_id(call, group)
        if group_id in _FIXED_GROUPS:
            raise errors.validation("group: system groups cannot be deleted")
        with call.write() as transaction:
            _check_unused(transaction, group_id)
            for name, row, _ in users_of(transaction.connection, "ExperimenterGroup", [group_id]):
                raise errors.validation(f"group: it is used by {name} {row}")
            transaction.delete("ExperimenterGroup", [group_id])


def add_memberships(transaction: Transaction, user_id: int, groups: Iterable[int]) -> None:
    """Add the memberships that are missing, behind the present ones."""
    maps = table_of("GroupExperimenterMap")
    present = {
        row.parent: row.child_index
        for row in transaction.connection.execute(
            select(maps.c.parent, maps.c.child_index).where(maps.c.child == user_id)
        )
    }
    position = 1 + max((index for index in present.values() if index is not None), default=-1)
    new = [group for group in dict.fromkeys(groups) if group not in present]
    transaction.insert_many(
        "GroupExperimenterMap",
        [
            {"parent": group, "child": user_id, "owner": False, "child_index": position + offset}
            for offset, group in enumerate(new)
        ],
    )
    order_memberships(transaction, user_id)


def order_memberships(transaction: Transaction, user_id: int, *, first: int | None = None) -> None:
    """Number a user's memberships from 0, `first` in front; the group `user` is never the default group."""
    maps = table_of("GroupExperimenterMap")
    rows = transaction.connection.execute(
        select(maps.c.id, maps.c.parent, maps.c.child_index)
        .where(maps.c.child == user_id)
        .order_by(maps.c.child_index.nulls_last(), maps.c.id)
    ).all()
    ordered = sorted(rows, key=lambda row: row.parent != first) if first is not None else list(rows)
    if len(ordered) > 1 and ordered[0].parent == USER_GROUP:
        ordered[0], ordered[1] = ordered[1], ordered[0]
    for position, row in enumerate(ordered):
        if row.child_index != position:
            transaction.connection.execute(
                update(maps)
                .where(maps.c.id == row.id)
                .values(child_index=position, version=maps.c.version + 1)
            )
            transaction.log("UPDATE", MODEL["GroupExperimenterMap"], [row.id])


def change_level(transaction: Transaction, group_id: int, permissions: int) -> None:
    """Change a group's level.

    Raises SecurityViolation when links between different owners exist that the new level forbids.
    """
    groups = table_of("ExperimenterGroup")
    present = transaction.connection.scalar(select(groups.c.permissions).where(groups.c.id == group_id))
    if present == permissions:
        return
    if _narrows(int(present or 0), permissions):
        _check_links(transaction, group_id, permissions)
    write_level(transaction, group_id, permissions)


def write_level(transaction: Transaction, group_id: int, permissions: int) -> None:
    """Store a group's level on the group and on all rows of its data, without asking what the group holds."""
    groups = table_of("ExperimenterGroup")
    transaction.connection.execute(
        update(groups)
        .where(groups.c.id == group_id)
        .values(permissions=permissions, version=groups.c.version + 1)
    )
    for table in TABLES.values():
        if "group_id" in table.c:
            transaction.connection.execute(
                update(table).where(table.c.group_id == group_id).values(permissions=permissions)
            )
    transaction.log(f"CHMOD({format_permissions(permissions)})", MODEL["ExperimenterGroup"], [group_id])


def _narrows(present: int, permissions: int) -> bool:
    bits = GROUP_READ | GROUP_ANNOTATE | GROUP_WRITE
    return bool(present & bits & ~permissions)


def _check_links(transaction: Transaction, group_id: int, permissions: int) -> None:
    """Links to other users' objects that the new level would not allow to make stand in its way."""
    for entity in MODEL.values():
        if not entity.is_link or entity.is_global:
            continue
        needed = GROUP_ANNOTATE if entity.is_annotation_link else GROUP_WRITE
        if permissions & (needed | GROUP_WRITE):
            continue
        link = table_of(entity.name)
        for end in ("parent", "child"):
            target = TABLES[MODEL[str(entity.properties[end].target)].root].alias()
            if "owner_id" not in target.c:
                continue
            if entity.is_annotation_link and end == "child" and permissions & GROUP_READ:
                continue
            row = transaction.connection.execute(
                select(link.c.id)
                .join_from(link, target, link.c[end] == target.c.id)
                .where(and_(link.c.group_id == group_id, link.c.owner_id != target.c.owner_id))
                .limit(1)
            ).first()
            if row is not None:
                raise errors.security(
                    f"Cannot change permissions to {format_permissions(permissions)}: "
                    f"{entity.name} {row.id} links objects of different owners"
                )


def _check_unused(transaction: Transaction, group_id: int) -> None:
    for name, table in TABLES.items():
        if "group_id" in table.c:
            row = transaction.connection.execute(
                select(table.c.id).where(table.c.group_id == group_id).limit(1)
            ).first()
            if row is not None:
                raise errors.validation(f"group: it holds {name} {row.id}")
    events = table_of("Event")
    row = transaction.connection.execute(
        select(events.c.id).where(or_(events.c.experimentergroup == group_id)).limit(1)
    ).first()
    if row is not None:
        raise errors.validation(f"group: event {row.id} was recorded in it")


def _check_free(transaction: Transaction, name: str) -> None:
    groups = table_of("ExperimenterGroup")
    if transaction.connection.execute(select(groups.c.id).where(groups.c.name == name)).first() is not None:
        raise errors.validation(f"group.name: there is a group {name!r} already")


def text(obj: Any, field: str, argument: str) -> str | None:
    """A string property of an argument, None when unset. Raises ApiUsageException for a missing or unloaded argument."""
    if obj is None or not obj.isLoaded():
        raise errors.api_usage(f"{argument}: a loaded object is needed")
    value = getattr(obj, f"_{field}")
    return None if value is None else str(value.val)


def pairs(obj: Any) -> list[tuple[str, str]]:
    """The `config` map of a user or group."""
    return [(pair.name, pair.value) for pair in obj._config or () if pair is not None]


def _permissions(group: Any) -> int | None:
    details = group.details
    permissions = None if details is None else details.permissions
    return None if permissions is None else int(permissions._perm1)


def _group_id(call: Call, group: Any) -> int:
    if group is None or group.id is None:
        raise errors.api_usage("group: an ExperimenterGroup with an id is needed")
    group_id = int(group.id.val)
    if group_id not in call.server.accounts.groups():
        raise errors.api_usage(f"group: there is no group {group_id}")
    return group_id


def _group_ids(call: Call, groups: Sequence[Any] | None) -> list[int]:
    if not groups:
        raise errors.validation("groups: at least one is needed")
    return [_group_id(call, group) for group in groups]


group_id_of = _group_id
"""Id of a group argument. Raises ApiUsageException when it has none or there is no such group."""
