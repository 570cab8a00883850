"""Duplicate: copy objects with all that hangs on them (contract/server.md, section 2.23)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import omero
import omero.cmd
from sqlalchemy import select

from ..model.entities import MODEL, Entity
from ..model.tables import table_of
from ..references import Referrer
from ..security.rights import CHOWN_TARGETS, check_create, check_link
from ..services.base import Call
from . import Command, CommandError, Progress, command, rules
from .closure import Closure, GraphFailure, Member, chunks, entity_name
from .graph import child_options, targets_of
from .row_copies import RowCopies

STEPS = 4
TARGETS = tuple(name for name in CHOWN_TARGETS if name not in ("RenderingDef", "Thumbnail", "Job", "Link"))
"""Classes that Duplicate takes as targets."""

DUPLICATE, REFERENCE, IGNORE = "typesToDuplicate", "typesToReference", "typesToIgnore"


class TypeChoices:
    """What a request says of classes: the choice for the nearest superclass that it names counts."""

    def __init__(self, request: Any) -> None:
        self._named: dict[str, str] = {}
        for choice in (DUPLICATE, REFERENCE, IGNORE):
            for name in getattr(request, choice) or ():
                known = self._named.setdefault(entity_name(name), choice)
                if known != choice:
                    raise GraphFailure(f"{name} is named in {known} and in {choice}")

    def of(self, name: str) -> str | None:
        """DUPLICATE, REFERENCE, IGNORE or None for the default."""
        current: str | None = name
        while current is not None:
            if current in self._named:
                return self._named[current]
            current = MODEL[current].superclass
        return self._named.get("Link") if MODEL[name].is_link else None

    def classes(self, *choices: str) -> frozenset[str]:
        """Concrete classes for which one of `choices` counts."""
        return frozenset(
            entity.name
            for entity in MODEL.values()
            if not entity.abstract and self.of(entity.name) in choices
        )


@dataclass
class Original(Closure):
    """What is duplicated together: the closure of a deletion, for which being allowed to read is enough."""

    choices: TypeChoices = field(kw_only=True)

    def _choose_parts(
        self, referrer: Referrer, ids: Sequence[int], owners: Mapping[int, int | None]
    ) -> list[Member]:
        if referrer.prop.declared_by == "RenderingDef":
            ids = self._settings_for_caller(ids)
        return [member for member in self._read(referrer.root, ids) if self._readable(member)]

    def _settings_for_caller(self, ids: Sequence[int]) -> list[int]:
        """For each image the caller's newest settings, else those of its owner; all copies become the caller's."""
        settings, pixels = table_of("RenderingDef"), table_of("Pixels")
        best: dict[int, tuple[bool, int, int]] = {}
        for chunk in chunks(ids):
            statement = (
                select(settings.c.id, settings.c.pixels, settings.c.owner_id, settings.c.update_id, pixels.c.owner_id)
                .join_from(settings, pixels, settings.c.pixels == pixels.c.id)
                .where(settings.c.id.in_(chunk))
            )  # fmt: skip
            for row_id, pixels_id, owner, update, pixels_owner in self.connection.execute(statement):
                own = owner == self.context.user_id
                if own or owner == pixels_owner:
                    best[pixels_id] = max(best.get(pixels_id, (False, -1, -1)), (own, update, row_id))
        return sorted(row_id for _, _, row_id in best.values())

    def _choose(self, root: str, waiting: Mapping[int, set[int | None]]) -> list[Member]:
        chosen = {member.id: member for member in super()._choose(root, waiting)}
        for member in self._read(root, sorted(waiting)):
            if self.choices.of(member.name) == DUPLICATE and self._readable(member):
                chosen.setdefault(member.id, member)
        return list(chosen.values())

    def _follows(self, member: Member, owners: set[int | None]) -> bool:
        return self._readable(member) and (
            member.name not in rules.SAME_OWNER
            or member.ns in rules.FOLLOWING_NAMESPACES
            or owners == {member.owner}
        )

    def _check_tags(self, root: str, members: Sequence[Member]) -> None:
        """Nothing is taken from where a tag is used."""

    def check(self) -> None:
        """Raise GraphFailure when a fileset would be split or a copy may not be linked to what is not copied."""
        if self.choices.of("Fileset") not in (REFERENCE, IGNORE):
            self._check_filesets()
        for root in [root for root, members in self.members.items() if members and MODEL[root].is_link]:
            self._check_links(root)

    def _check_links(self, root: str) -> None:
        """New links to what stays need the rights that saving such a link needs."""
        entity, table = MODEL[root], table_of(root)
        for end in ("parent", "child"):
            target_root = MODEL[str(entity.properties[end].target)].root
            inside = self.members[target_root]
            for chunk in chunks(sorted(self.members[root])):
                statement = select(table.c[end]).where(table.c.id.in_(chunk)).distinct()
                staying = [row[0] for row in self.connection.execute(statement) if row[0] not in inside]
                for target in self._read(target_root, staying):
                    if target.name in self.unwanted or MODEL[target.name].is_global:
                        continue
                    self._check_link(root, target)

    def _check_link(self, root: str, target: Member) -> None:
        user = self.context.user_id
        try:
            check_link(
                self.context, MODEL[root], user, int(target.group or 0),
                MODEL[target.name], target.owner, target.group,
            )  # fmt: skip
        except omero.SecurityViolation as error:
            raise GraphFailure(
                f"{root}: the copy cannot be linked to {target.name}[{target.id}]: {error.message}"
            ) from error

    @property
    def unwanted(self) -> frozenset[str]:
        """Classes that copies do not refer to."""
        return self.choices.classes(IGNORE)

    def without(self, root: str, ids: Sequence[int]) -> set[int]:
        """Those objects that copies shall not refer to."""
        if not any(name in self.unwanted for name in MODEL[root].concrete):
            return set()
        return {member.id for member in self._read(root, ids) if member.name in self.unwanted}


@command(omero.cmd.Duplicate)
class Duplicate(Command):
    """Copies the targets into the current group as the caller's own; `dryRun` tells which objects would be copied."""

    def writes(self, request: Any) -> bool:
        """A dry run changes nothing."""
        return not request.dryRun

    def steps(self, request: Any) -> int:
        """Always the same."""
        return STEPS

    def run(self, call: Call, request: Any, progress: Progress) -> Any:
        """Ids of the copies by qualified class name. Raises CommandError when a rule forbids the copy."""
        try:
            original = _plan(call, request)
            progress.step(1, STEPS)
            original.check()
            group = _group(call, original)
        except GraphFailure as error:
            raise CommandError("graph-fail", str(error), graph=True) from error
        progress.step(2, STEPS)
        if request.dryRun:
            return omero.cmd.DuplicateResponse(duplicates=original.by_class())
        with call.write() as transaction:
            copies = RowCopies(call, transaction, original.members, group, original.without)
            transaction.on_failure(copies.discard)
            try:
                made = copies.copy()
            except GraphFailure as error:
                raise CommandError("graph-fail", str(error), graph=True) from error
            progress.step(3, STEPS)
        return omero.cmd.DuplicateResponse(duplicates={MODEL[name].fqn: ids for name, ids in made.items()})


def _plan(call: Call, request: Any) -> Original:
    choices = TypeChoices(request)
    original = Original(
        call.read,
        call.context,
        options=child_options(request),
        ignored=choices.classes(REFERENCE, IGNORE) | {"Thumbnail"},
        choices=choices,
    )
    original.add_targets(targets_of(request, _legal))
    return original


def _legal(target: Entity) -> bool:
    return any(target.is_a(legal) for legal in TARGETS)


def _group(call: Call, original: Original) -> int:
    """Group of the copies: the current one, which must hold the targets. Raises SecurityViolation for strangers."""
    context = call.context
    groups = {original.members[root][row_id].group for root, row_id in original.targets & _present(original)}
    if context.group_id >= 0:
        groups.add(context.group_id)
    if len(groups) > 1:
        raise GraphFailure(
            f"the targets must be in the current group, not in groups {sorted(map(str, groups))}"
        )
    group = int(next(iter(groups), None) or context.event_group())
    for name in original.by_name():
        if MODEL[name].is_owned:
            check_create(context, MODEL[name], context.user_id, group)
    return group


def _present(original: Original) -> set[tuple[str, int]]:
    return {(root, row_id) for root, members in original.members.items() for row_id in members}
