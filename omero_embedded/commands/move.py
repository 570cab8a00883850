"""Chgrp2: move objects with all that hangs on them to another group (contract/server.md, section 2.23)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import omero
import omero.cmd

from ..model.entities import MODEL, Entity
from ..references import Referrer
from ..security.context import GROUP_READ, WORLD_READ
from ..security.rights import CHGRP_TARGETS
from ..services.base import Call
from ..transaction import Transaction
from . import CommandError, Progress, command, rules
from .closure import Closure, GraphFailure, Member
from .delete import carry_out
from .graph import STEPS, GraphCommand, child_options, targets_of

DISPLAY = frozenset({"RenderingDef", "Thumbnail", "Roi"})
"""What others keep on an image that they see: it cannot follow into a private group."""


@dataclass
class Move(Closure):
    """What moves together. `dropped` is deleted on the way: links with one end outside, what a private group bars."""

    destination: int = -1

    @property
    def to_private(self) -> bool:
        """Members of the destination do not see each other's data."""
        return not self.context.level(self.destination) & (GROUP_READ | WORLD_READ)

    def _choose_parts(
        self, referrer: Referrer, ids: Sequence[int], owners: Mapping[int, int | None]
    ) -> list[Member]:
        members = list(self._read(referrer.root, ids))
        if not self.to_private or referrer.prop.declared_by not in DISPLAY:
            return members
        barred = [member for member in members if member.owner != owners[member.id]]
        self.drop(referrer.root, barred)
        return [member for member in members if member.owner == owners[member.id]]

    def _follows(self, member: Member, owners: set[int | None]) -> bool:
        entity = MODEL[member.name]
        if entity.root == "Annotation":
            if self.to_private and owners != {member.owner}:
                if member.name in rules.REGARDLESS:
                    self.drop("Annotation", [member])
                return False
            return (
                member.name not in rules.SAME_OWNER
                or owners == {member.owner}
                or member.ns in rules.FOLLOWING_NAMESPACES
            )
        if owners == {member.owner}:
            return True
        return not self.to_private and (self.rights(member).chgrp or self.rights(member).delete)

    def check(self) -> None:
        """Raise GraphFailure when something may not move, or would be torn from what stays."""
        self._separate_links()
        for root, members in self.members.items():
            for member in members.values():
                self._check_move(root, member)
        self._check_filesets()
        for root in [root for root, members in self.members.items() if members]:
            self._check_users(root, sorted(self.members[root]), verb="moved")
            self._check_targets(root)

    def _separate_links(self) -> None:
        """Links move when both ends do; otherwise they are deleted."""
        for root in [root for root in self.members if MODEL[root].is_link]:
            torn = self._torn_links(root, self.members[root])
            for link_id in torn:
                self.drop(root, [self.members[root].pop(link_id)])

    def _check_move(self, root: str, member: Member) -> None:
        entity = MODEL[member.name]
        follows = entity.is_link or member.name in rules.REGARDLESS
        if self.context.has("Chgrp") or (follows and (root, member.id) not in self.targets):
            return
        if member.owner != self.context.user_id:
            raise GraphFailure(f"not permitted to move {member.name}[{member.id}] of another user")


@command(omero.cmd.Chgrp2)
class Chgrp2(GraphCommand):
    """Moves the targets to a group, or tells with `dryRun` what would move and what would be lost."""

    def run(self, call: Call, request: Any, progress: Progress) -> Any:
        """Ids of moved and of deleted objects by class. Raises CommandError when a rule forbids the move."""
        _check_destination(call, request.groupId)
        try:
            move = Move(
                call.read,
                call.context,
                options=child_options(request),
                destination=request.groupId,
            )
            move.add_targets(targets_of(request, _is_movable))
            progress.step(1, STEPS)
            move.check()
        except GraphFailure as error:
            raise CommandError("graph-fail", str(error), graph=True) from error
        progress.step(2, STEPS)
        response = omero.cmd.Chgrp2Response(
            includedObjects=move.by_class(),
            deletedObjects=move.dropped_by_class(),
        )
        if not request.dryRun:
            with call.write() as transaction:
                _carry_out(call, transaction, move, progress)
        return response


def _check_destination(call: Call, group_id: int) -> None:
    context = call.context
    if group_id not in context.levels:
        raise CommandError("bad-group", f"groupId: there is no group {group_id}", graph=True)
    if not (context.is_member(group_id) or context.has("Chgrp")):
        raise CommandError("not-in-group", f"the user is no member of group {group_id}", graph=True)


def _is_movable(target: Entity) -> bool:
    return any(target.is_a(legal) for legal in CHGRP_TARGETS)


def _carry_out(call: Call, transaction: Transaction, move: Move, progress: Progress) -> None:
    if move.dropped is not None:
        carry_out(call, transaction, move.dropped, progress)
    move.clear_references(transaction)
    group = move.destination
    values = {"group_id": group, "permissions": move.context.level(group)}
    for name, ids in move.by_name().items():
        transaction.update_where(name, ids, values, bulk=True)
    progress.step(4, STEPS)
