"""What a user may do to an object: restriction flags, conditions for queries, rights to save and link.

Source: contract/server.md, sections 3.2 to 3.6; contract/hql.md, section 3.10.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Alias, BindParameter, ColumnElement, Table, bindparam, or_, true

from .. import errors
from ..model.entities import MODEL, Entity
from .context import (
    GROUP_ANNOTATE,
    GROUP_READ,
    GROUP_WRITE,
    PRIVATE,
    SYSTEM_GROUP,
    USER_ANNOTATE,
    USER_GROUP,
    USER_READ,
    USER_WRITE,
    WORLD_ANNOTATE,
    WORLD_READ,
    WORLD_WRITE,
    CallContext,
)
from .unindexed import Unindexed

CHGRP_TARGETS = ("Instrument", "Annotation", "Dataset", "Project", "Folder", "Image", "OriginalFile", "RenderingDef",
                 "Thumbnail", "Experiment", "Fileset", "Job", "Roi", "Plate", "Screen", "Link")  # fmt: skip
CHOWN_TARGETS = (*CHGRP_TARGETS, "Reagent")
"""Classes that may be moved or given, besides (for chown) all links (contract/server.md, section 2.23)."""

_READ = {"user": USER_READ, "group": GROUP_READ, "world": WORLD_READ}
_ANNOTATE = {"user": USER_ANNOTATE, "group": GROUP_ANNOTATE, "world": WORLD_ANNOTATE}
_WRITE = {"user": USER_WRITE, "group": GROUP_WRITE, "world": WORLD_WRITE}
_RIGHTS = {"read": _READ, "annotate": _ANNOTATE, "write": _WRITE}


class Rights(NamedTuple):
    """What the user of a call may do to one object; the order is that of the restriction flags on the wire."""

    link: bool
    edit: bool
    delete: bool
    annotate: bool
    chgrp: bool
    chown: bool

    @property
    def restrictions(self) -> list[bool]:
        """Flags of `Permissions._restrictions`: true means disallowed."""
        return [not right for right in self]


NO_RIGHTS = Rights(False, False, False, False, False, False)


def write_privilege(entity: Entity, repository: str | None = None) -> str | None:
    """Privilege with which an administrator creates and edits others' objects of a class; None: any administrator.

    `repository` tells where a file lives: None for plain files, `managed` or `script`.
    """
    if entity.name == "OriginalFile":
        return {"managed": "WriteManagedRepo", "script": "WriteScriptRepo"}.get(repository or "", "WriteFile")
    if not entity.is_global:
        return "WriteOwned"
    return _SYSTEM_PRIVILEGES.get(entity.name)


def delete_privilege(entity: Entity, repository: str | None = None) -> str | None:
    """Privilege with which an administrator deletes others' objects of a class; None: any administrator."""
    if entity.name == "OriginalFile":
        return {"managed": "DeleteManagedRepo", "script": "DeleteScriptRepo"}.get(
            repository or "", "DeleteFile"
        )
    if not entity.is_global:
        return "DeleteOwned"
    return _SYSTEM_PRIVILEGES.get(entity.name)


_SYSTEM_PRIVILEGES = {
    "Experimenter": "ModifyUser",
    "ExperimenterGroup": "ModifyGroup",
    "GroupExperimenterMap": "ModifyGroupMembership",
}


def _holds(context: CallContext, privilege: str | None) -> bool:
    return context.is_admin and (privilege is None or context.has(privilege))


def _by_role(context: CallContext, level: int, owner: int | None, group: int | None, right: str) -> bool:
    """Some role of the user (world, owner, member) has the right in a group of that level."""
    bits = _RIGHTS[right]
    return bool(
        level & bits["world"]
        or (owner is not None and owner == context.user_id and level & bits["user"])
        or (group is not None and context.is_member(group) and level & bits["group"])
    )


def graph_critical(context: CallContext, group_id: int | None) -> bool:
    """A private group that the user sees into only as administrator or leader."""
    if group_id is None or group_id == USER_GROUP:
        return False
    private = not context.level(group_id) & (GROUP_READ | WORLD_READ)
    return private and (context.is_admin or context.leads(group_id))


def rights(
    context: CallContext,
    entity: Entity,
    owner_id: int | None,
    group_id: int | None,
    *,
    repository: str | None = None,
    is_directory: bool = False,
) -> Rights:
    """What the user may do to an object of `entity` with that owner and group (None for global types).

    Source: contract/server.md, section 3.5, step by step.
    """
    if context.shared is not None and entity.is_owned:
        return NO_RIGHTS
    chgrp = (
        entity.is_owned
        and _legal(entity, CHGRP_TARGETS)
        and (context.has("Chgrp") or owner_id == context.user_id)
    )
    chown = (
        entity.is_owned
        and (_legal(entity, CHOWN_TARGETS) or entity.is_link)
        and (context.has("Chown") or (group_id is not None and context.leads(group_id)))
    )
    common_space = group_id == USER_GROUP and not is_directory
    barred = (
        entity.is_owned
        and not common_space
        and graph_critical(context, group_id)
        and owner_id != context.user_id
    )
    if context.is_full_admin:
        return Rights(not barred, True, True, not barred, chgrp, chown)
    if context.is_guest and entity.is_owned:
        return NO_RIGHTS
    level = PRIVATE if common_space else context.level(group_id) if group_id is not None else 0
    may_write = _holds(context, write_privilege(entity, repository))
    may_delete = _holds(context, delete_privilege(entity, repository))
    leads = group_id is not None and context.leads(group_id)
    write = leads or (entity.is_owned and _by_role(context, level, owner_id, group_id, "write"))
    annotate = leads or (entity.is_owned and _by_role(context, level, owner_id, group_id, "annotate"))
    open_space = group_id in (SYSTEM_GROUP, USER_GROUP) and not is_directory
    link = not barred and (may_write or entity.is_global or write or open_space)
    annotates = not barred and (may_write or entity.is_global or annotate or open_space)
    return Rights(link, may_write or write, may_delete or write, annotates, chgrp, chown)


def _legal(entity: Entity, targets: tuple[str, ...]) -> bool:
    return any(entity.is_a(target) for target in targets)


def read_condition(context: CallContext, table: Table | Any) -> ColumnElement[bool]:
    """Condition on the rows of an owned entity's table that the user may read (contract/hql.md, section 3.10)."""
    owner, group = Unindexed(table.c.owner_id), Unindexed(table.c.group_id)
    if context.shared is not None:
        # Written out, for a store takes a limited number of parameters.
        ids: BindParameter[Any] = bindparam("shared", sorted(context.shared.get(_root_of(table), ())), unique=True, expanding=True,
                        literal_execute=True)  # fmt: skip
        return or_(table.c.id.in_(ids), group == USER_GROUP)
    if context.group_id >= 0:
        level = context.level(context.group_id)
        sees_all = (
            bool(level & (GROUP_READ | WORLD_READ)) or context.is_admin or context.leads(context.group_id)
        )
        in_group = group == context.group_id
        return or_(in_group if sees_all else in_group & (owner == context.user_id), group == USER_GROUP)
    if context.is_admin:
        return true()
    return or_(owner == context.user_id, group.in_(context.readable_groups))


_ROOTS = {root.lower(): root for root in MODEL.roots}


def _root_of(table: Table | Any) -> str:
    """Hierarchy root of a table or of an alias of it."""
    plain: Any = table.original if isinstance(table, Alias) else table
    return _ROOTS[plain.name]


def check_create(context: CallContext, entity: Entity, owner_id: int, group_id: int) -> None:
    """Raise SecurityViolation unless the user may create an owned object there (contract/server.md, section 3.6)."""
    if context.shared is not None:
        raise errors.security("in the context of a share nothing may be created")
    if context.is_guest:
        raise errors.security(f"guest may not create a {entity.name}")
    privileged = _holds(context, write_privilege(entity))
    if owner_id != context.user_id and not privileged:
        raise errors.security(f"user {context.user_name} may not create a {entity.name} for user {owner_id}")
    level = context.level(group_id)
    needed = "write"
    if entity.is_annotation_link:
        needed = "annotate"
    elif (
        entity.name in ("RenderingDef", "Thumbnail", "QuantumDef", "ChannelBinding")
        or entity.root == "CodomainMapContext"
    ):
        needed = "read"
    if not (context.is_member(group_id) or privileged or level & _RIGHTS[needed]["world"]):
        raise errors.security(
            f"user {context.user_name} is no member of group {group_id} and may not create there"
        )


DISPLAY = frozenset(
    {"RenderingDef", "QuantumDef", "ChannelBinding", "ProjectionDef", *MODEL["CodomainMapContext"].concrete}
)


def check_link(
    context: CallContext,
    source: Entity,
    source_owner: int,
    source_group: int,
    target: Entity,
    target_owner: int | None,
    target_group: int | None,
) -> None:
    """Raise unless an object of `source` may refer to the object of `target` (contract/server.md, section 3.6)."""
    if target.is_global or target_group is None or target_group == SYSTEM_GROUP:
        return
    if target_group == USER_GROUP and source_group != USER_GROUP:
        return
    if target_group != source_group:
        raise errors.group_security(
            f"MIXED GROUP: {source.name} of group {source_group} cannot refer to {target.name} of group {target_group}"
        )
    if target_owner == context.user_id and source_owner == context.user_id:
        return
    if target_owner != source_owner and graph_critical(context, target_group):
        raise errors.read_only_group_security(
            f"{source.name} of user {source_owner} cannot refer to {target.name} of user {target_owner} in a private group"
        )
    if context.leads(target_group) or _holds(context, write_privilege(source)):
        return
    if source.is_annotation_link or (source.name == "Roi" and target.name == "Image"):
        needed = "annotate"
    elif (
        source.name in DISPLAY
        or target.name in DISPLAY
        or (source.name == "Thumbnail" and target.name == "Pixels")
    ):
        needed = "read"
    else:
        needed = "write"
    if not _by_role(context, context.level(target_group), target_owner, target_group, needed):
        raise errors.security(
            f"cannot link {source.name} to {target.name} of user {target_owner}: no right to {needed} it"
        )
