"""Chown2: give objects with all that hangs on them to another user (contract/server.md, section 2.23)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import omero
import omero.cmd
from sqlalchemy import select

from ..model.entities import MODEL, Entity
from ..model.tables import table_of
from ..references import Referrer
from ..security.context import GROUP_ANNOTATE, GROUP_READ, GROUP_WRITE, WORLD_READ
from ..security.rights import CHOWN_TARGETS
from ..services.base import Call
from ..transaction import Transaction
from . import CommandError, Progress, command
from .closure import Closure, GraphFailure, Member, chunks
from .delete import carry_out
from .graph import STEPS, GraphCommand, child_options, targets_of

_DISPLAY = ("RenderingDef", "Thumbnail")


@dataclass
class Gift(Closure):
    """What is given together. `dropped` holds links that cannot stay: across owners, or a second one of its kind."""

    new_owner: int = -1

    def _is_private(self, group_id: int | None) -> bool:
        return group_id is not None and not self.context.level(group_id) & (GROUP_READ | WORLD_READ)

    def _choose_parts(
        self, referrer: Referrer, ids: Sequence[int], owners: Mapping[int, int | None]
    ) -> list[Member]:
        """Settings and thumbnails stay with their owners except in private groups; so do others' regions."""
        members = list(self._read(referrer.root, ids))
        if referrer.prop.declared_by in _DISPLAY:
            return [member for member in members if self._is_private(member.group)]
        if referrer.prop.declared_by == "Roi":
            return [member for member in members if member.owner == owners[member.id]]
        return members

    def _follows(self, member: Member, owners: set[int | None]) -> bool:
        return owners == {member.owner}

    def check(self) -> None:
        """Raise GraphFailure when something may not be given; decide which links go along, stay or are deleted."""
        for root, members in self.members.items():
            for member in members.values():
                self._check_gift(root, member)
        self._check_filesets()
        for root in [root for root in self.members if MODEL[root].is_link]:
            self._decide_links(root)

    def _check_gift(self, root: str, member: Member) -> None:
        if MODEL[member.name].is_link and (root, member.id) not in self.targets:
            return
        may = self.rights(member)
        if not self.context.has("Chown") and not (may.delete and self.context.leads(int(member.group or 0))):
            raise GraphFailure(f"not permitted to give {member.name}[{member.id}]")

    def _decide_links(self, root: str) -> None:
        """Links between two given objects go along; across owners the level of the group decides."""
        links = self.members[root]
        torn = [link_id for link_id in self._torn_links(root, links) if (root, link_id) not in self.targets]
        for link_id in torn:
            link = links.pop(link_id)
            level = self.context.level(int(link.group or 0))
            annotation = MODEL[root].is_annotation_link
            stays = bool(level & GROUP_WRITE) or (annotation and bool(level & (GROUP_ANNOTATE | GROUP_READ)))
            if not stays:
                self.drop(root, [link])
        for link_id in self._doubled_links(root, sorted(links)):
            self.drop(root, [links.pop(link_id)])

    def _doubled_links(self, root: str, ids: Sequence[int]) -> list[int]:
        """Links of which the new owner already has one, or would get two."""
        table = table_of(root)
        if MODEL[root].is_global:
            return []
        doubled, seen = [], set()
        for chunk in chunks(ids):
            statement = select(table.c.id, table.c.parent, table.c.child).where(table.c.id.in_(chunk))
            for link_id, parent, child in list(self.connection.execute(statement)):
                there = select(table.c.id).where(
                    table.c.parent == parent, table.c.child == child, table.c.owner_id == self.new_owner,
                    table.c.id != link_id,
                )  # fmt: skip
                if (parent, child) in seen or self.connection.execute(there).first() is not None:
                    doubled.append(link_id)
                seen.add((parent, child))
        return doubled


@command(omero.cmd.Chown2)
class Chown2(GraphCommand):
    """Gives the targets to a user, or tells with `dryRun` what would be given and what would be lost."""

    def run(self, call: Call, request: Any, progress: Progress) -> Any:
        """Ids of given and of deleted objects by class. Raises CommandError when a rule forbids it."""
        try:
            gift = Gift(
                call.read,
                call.context,
                options=child_options(request),
                new_owner=request.userId,
            )
            gift.add_targets(_targets(call, request))
            _check_new_owner(call, gift)
            progress.step(1, STEPS)
            gift.check()
        except GraphFailure as error:
            raise CommandError("graph-fail", str(error), graph=True) from error
        progress.step(2, STEPS)
        response = omero.cmd.Chown2Response(
            includedObjects=gift.by_class(),
            deletedObjects=gift.dropped_by_class(),
        )
        if not request.dryRun:
            with call.write() as transaction:
                _carry_out(call, transaction, gift, progress)
        return response


def _is_givable(target: Entity) -> bool:
    return (target.is_link and target.is_owned) or any(target.is_a(legal) for legal in CHOWN_TARGETS)


def _targets(call: Call, request: Any) -> dict[str, list[int]]:
    targets = targets_of(request, _is_givable)
    users = list(request.targetUsers or ())
    if users:
        for root in {MODEL[name].root for name in CHOWN_TARGETS if name != "Link"}:
            table = table_of(root)
            statement = select(table.c.id).where(table.c.owner_id.in_(users))
            if not call.context.has("Chown"):
                statement = statement.where(table.c.group_id.in_(sorted(call.context.leader_of)))
            targets.setdefault(root, []).extend(row[0] for row in call.read.execute(statement))
    return targets


def _check_new_owner(call: Call, gift: Gift) -> None:
    """The new owner exists and is a member of every group whose data he is given."""
    account = call.server.accounts.account(gift.new_owner)
    if account is None:
        raise CommandError("graph-fail", f"userId: there is no user {gift.new_owner}", graph=True)
    groups = {member.group for members in gift.members.values() for member in members.values()}
    missing = sorted(group for group in groups if group is not None and group not in account.member_of)
    if missing and not call.context.has("Chown"):
        raise CommandError(
            "graph-fail", f"user {gift.new_owner} is no member of group {missing[0]}", graph=True
        )


def _carry_out(call: Call, transaction: Transaction, gift: Gift, progress: Progress) -> None:
    if gift.dropped is not None:
        carry_out(call, transaction, gift.dropped, progress)
    for name, ids in gift.by_name().items():
        transaction.update_where(name, ids, {"owner_id": gift.new_owner}, bulk=True)
    progress.step(4, STEPS)
