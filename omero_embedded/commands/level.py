"""Chmod2: change the level of a group, and delete what the new level forbids (contract/server.md, section 3.7)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import omero
import omero.cmd
from sqlalchemy import Connection, or_, select

from ..model.entities import MODEL
from ..model.tables import table_of
from ..references import referrers
from ..security.context import GROUP_READ, WORLD_READ, parse_permissions
from ..services.administration.groups import write_level
from ..services.base import Call
from . import CommandError, Progress, command, rules
from .closure import Closure, GraphFailure, Member
from .delete import carry_out
from .graph import STEPS, GraphCommand

_OTHERS = (("RenderingDef", "pixels", "Pixels"), ("Thumbnail", "pixels", "Pixels"), ("Roi", "image", "Image"))
"""What others may keep on an image that they see, and may not once they do not."""
_SHARED = ("Image.instrument", "Image.imagingEnvironment", "Image.stageLabel", "Image.experiment",
           "Channel.logicalChannel", "WellSample.image", "Well.plate")  # fmt: skip
"""References that must not cross owners in a private group."""


@command(omero.cmd.Chmod2)
class Chmod2(GraphCommand):
    """Changes the level of groups; towards private it deletes links and others' objects across owners."""

    def run(self, call: Call, request: Any, progress: Progress) -> Any:
        """The groups, and ids of deleted objects by class. Raises CommandError for bad permissions or groups."""
        try:
            level = parse_permissions(request.permissions or "")
        except ValueError as error:
            raise CommandError("bad-permissions", str(error), graph=True) from error
        groups = _groups(call, request)
        deleted: dict[str, list[int]] = {}
        for group_id in groups:
            closure = _forbidden(call, group_id, level)
            progress.step(2, STEPS)
            for name, ids in closure.by_class().items():
                deleted.setdefault(name, []).extend(ids)
            if not request.dryRun:
                with call.write() as transaction:
                    carry_out(call, transaction, closure, progress)
                    write_level(transaction, group_id, level)
        return omero.cmd.Chmod2Response(
            includedObjects={MODEL["ExperimenterGroup"].fqn: groups}, deletedObjects=deleted
        )


def _groups(call: Call, request: Any) -> list[int]:
    context = call.context
    groups: list[int] = []
    for name, ids in (request.targetObjects or {}).items():
        entity = MODEL.find(name)
        if entity is None or entity.name != "ExperimenterGroup":
            raise CommandError(
                "bad-target", f"{name} cannot be a target of Chmod2", {"target": name}, graph=True
            )
        groups += ids
    for group_id in groups:
        if group_id not in context.levels:
            raise CommandError("bad-group", f"there is no group {group_id}", graph=True)
        if not (context.leads(group_id) or context.has("ModifyGroup")):
            raise CommandError(
                "graph-fail", f"not permitted to change the level of group {group_id}", graph=True
            )
    return groups


def _forbidden(call: Call, group_id: int, level: int) -> Closure:
    """What a group may no longer hold. Raises CommandError when images use what others own."""
    closure = Closure(call.read, call.context)
    shared = GROUP_READ | WORLD_READ
    if level & shared or not call.context.level(group_id) & shared:
        return closure
    try:
        _check_shared(call.read, group_id)
    except GraphFailure as error:
        raise CommandError("graph-fail", str(error), graph=True) from error
    for name, prop, target in _OTHERS:
        closure.include(name, list(_across(call.read, name, prop, target, group_id)))
    for entity in MODEL.values():
        if entity.is_link and entity.is_owned:
            closure.include(entity.name, list(_links_across(call.read, entity.name, group_id)))
    closure.include("Annotation", list(_left_behind(call.read, closure)))
    return closure


def _check_shared(connection: Connection, group_id: int) -> None:
    for text in _SHARED:
        name, _, prop = text.partition(".")
        target = str(MODEL[name].properties[prop].target)
        for member in _across(connection, name, prop, target, group_id):
            raise GraphFailure(f"{name}[{member.id}] and its {prop} have different owners")


def _across(connection: Connection, name: str, prop: str, target: str, group_id: int) -> Iterator[Member]:
    """Objects of a class whose owner is not that of what they refer to."""
    table, other = table_of(name), table_of(target)
    column = table.c[MODEL[name].properties[prop].column]
    statement = (
        select(table.c.id, table.c.owner_id)
        .join_from(table, other, column == other.c.id)
        .where(table.c.group_id == group_id, table.c.owner_id != other.c.owner_id)
    )
    for row_id, owner in connection.execute(statement).all():
        yield Member(name, row_id, owner, group_id)


def _links_across(connection: Connection, name: str, group_id: int) -> Iterator[Member]:
    """Links of a class whose ends, or whose owner and ends, have different owners."""
    link = table_of(name)
    parent_class, child_class = (str(MODEL[name].properties[end].target) for end in ("parent", "child"))
    if MODEL[parent_class].is_global or MODEL[child_class].is_global:
        return
    parent, child = table_of(parent_class).alias(), table_of(child_class).alias()
    statement = (
        select(link.c.id, link.c.owner_id)
        .join(parent, parent.c.id == link.c.parent)
        .join(child, child.c.id == link.c.child)
        .where(
            link.c.group_id == group_id,
            or_(parent.c.owner_id != child.c.owner_id, link.c.owner_id != parent.c.owner_id),
        )
    )
    for row_id, owner in connection.execute(statement).all():
        yield Member(name, row_id, owner, group_id)


def _left_behind(connection: Connection, closure: Closure) -> Iterator[Member]:
    """Comments and the like that lose their last link."""
    annotation = table_of("Annotation")
    losing: set[int] = set()
    staying: set[int] = set()
    for referrer in referrers("Annotation"):
        entity = MODEL[referrer.prop.declared_by]
        if not entity.is_annotation_link or referrer.prop.name != "child":
            continue
        link = table_of(entity.name)
        going = closure.members.get(entity.name, {})
        losing |= _children(connection, link, sorted(going))
        rows = (
            connection.execute(select(link.c.id, link.c.child).where(link.c.child.in_(losing)))
            if losing
            else ()
        )
        staying |= {child for link_id, child in rows if link_id not in going}
    candidates = sorted(losing - staying)
    kinds = tuple(name for name in rules.REGARDLESS if MODEL[name].root == "Annotation")
    statement = select(
        annotation.c.id, annotation.c.discriminator, annotation.c.owner_id, annotation.c.group_id
    ).where(annotation.c.id.in_(candidates), annotation.c.discriminator.in_(kinds))
    for row_id, name, owner, group in connection.execute(statement).all():
        yield Member(name, row_id, owner, group)


def _children(connection: Connection, link: Any, ids: Sequence[int]) -> set[int]:
    return (
        {row[0] for row in connection.execute(select(link.c.child).where(link.c.id.in_(ids)))}
        if ids
        else set()
    )
