"""The closure of a deletion: everything that goes along with the targets, and what stands in the way.

Parts follow at once; shared children are candidates that follow as soon as nobody outside keeps them. Ids are read in
chunks, so memory grows with the number of ids, not with rows. Source: contract/server.md, section 2.23.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from ..model.details import repository_kind
from ..model.entities import MODEL
from ..model.tables import table_of
from ..references import Referrer
from ..security.context import SYSTEM_GROUP, USER_GROUP, CallContext
from ..security.rights import Rights, rights
from ..transaction import Transaction
from . import rules

CHUNK = 500


class GraphFailure(Exception):
    """A rule of the graph is violated; the message tells which object is in the way."""


@dataclass(frozen=True, slots=True)
class ChildOption:
    """Which linked children are taken along even if shared, or never (contract/server.md, section 2.23)."""

    include: tuple[str, ...]
    exclude: tuple[str, ...]
    include_ns: tuple[str, ...]
    exclude_ns: tuple[str, ...]

    @classmethod
    def of(cls, option: Any) -> ChildOption:
        """Read an Ice ChildOption. Raises GraphFailure when it names no or an unknown type."""
        names = {
            key: tuple(getattr(option, key) or ())
            for key in ("includeType", "excludeType", "includeNs", "excludeNs")
        }
        if not names["includeType"] and not names["excludeType"]:
            raise GraphFailure("childOptions: an option must include or exclude a type")
        if names["includeNs"] and names["excludeNs"]:
            raise GraphFailure("childOptions: includeNs and excludeNs cannot both be given")
        return cls(
            tuple(entity_name(name) for name in names["includeType"]),
            tuple(entity_name(name) for name in names["excludeType"]),
            names["includeNs"],
            names["excludeNs"] or tuple(rules.FOLLOWING_NAMESPACES) * (not names["includeNs"]),
        )

    def verdict(self, member: Member) -> bool | None:
        """True: take it along; False: leave it; None: this option does not apply."""
        if MODEL[member.name].root == "Annotation":
            if self.include_ns and member.ns not in self.include_ns:
                return None
            if self.exclude_ns and member.ns in self.exclude_ns:
                return None
        entity = MODEL[member.name]
        if any(entity.is_a(name) for name in self.include):
            return True
        if any(entity.is_a(name) for name in self.exclude):
            return False
        return None


def entity_name(name: str) -> str:
    """Simple name of a class given by simple or qualified name. Raises GraphFailure for an unknown one."""
    entity = MODEL.find(name)
    if entity is None:
        raise GraphFailure(f"unknown class {name!r}")
    return entity.name


@dataclass(frozen=True, slots=True)
class Member:
    """One object of the graph: its concrete class and what its rights depend on."""

    name: str
    id: int
    owner: int | None
    group: int | None
    ns: str | None = None
    repo: str | None = None
    mimetype: str | None = None


@dataclass
class Closure:
    """What a deletion takes along: members by hierarchy root and id; `cleared` are references to be set to null.

    Moves and gifts, which derive from it, put into `dropped` what they have to delete on the way.
    """

    connection: Connection
    context: CallContext
    options: Sequence[ChildOption] = ()
    ignored: frozenset[str] = frozenset()
    members: dict[str, dict[int, Member]] = field(default_factory=lambda: defaultdict(dict))
    targets: set[tuple[str, int]] = field(default_factory=set)
    cleared: dict[Referrer, list[int]] = field(default_factory=dict)
    dropped: Closure | None = field(default=None, init=False)
    _candidates: dict[str, dict[int, set[int | None]]] = field(default_factory=lambda: defaultdict(dict))
    _left: set[tuple[str, int]] = field(default_factory=set)

    # -- growing --------------------------------------------------------------------------------------------------

    def add_targets(self, targets: Mapping[str, Sequence[int]]) -> None:
        """Begin with the objects of the request. Raises GraphFailure for an absent or unreadable one."""
        for name, ids in targets.items():
            entity = MODEL[entity_name(name)]
            found = {member.id: member for member in self._read(entity.root, sorted(set(ids)))}
            for row_id in ids:
                member = found.get(row_id)
                if member is None or not MODEL[member.name].is_a(entity.name) or not self._readable(member):
                    raise GraphFailure(f"cannot find {entity.name}[{row_id}]")
                self.targets.add((entity.root, row_id))
            self._check_tags(entity.root, list(found.values()))
            self._grow(entity.root, list(found.values()))
        self._settle()

    def _grow(self, root: str, members: Sequence[Member]) -> None:
        """Take members in, with all their parts, and note what is to be considered."""
        stack: list[tuple[str, Sequence[Member]]] = [(root, members)]
        while stack:
            root, members = stack.pop()
            fresh = {
                m.id: m for m in members if m.id not in self.members[root] and m.name not in self.ignored
            }
            if not fresh:
                continue
            self.members[root].update(fresh)
            ids = sorted(fresh)
            self._consider_references(root, fresh)
            self._consider_contents(root, fresh)
            for referrer in rules.parts(root):
                inside = self.members[referrer.root]
                pairs = [(user, target) for user, target in self._users(referrer, ids) if user not in inside]
                if pairs:
                    owners = {user: fresh[target].owner for user, target in pairs}
                    stack.append((referrer.root, self._choose_parts(referrer, sorted(owners), owners)))

    def include(self, root: str, members: Sequence[Member]) -> None:
        """Take further members in, with what goes along."""
        self._grow(root, members)
        self._settle()

    def drop(self, root: str, members: Sequence[Member]) -> None:
        """Have objects deleted on the way, with what goes along."""
        if self.dropped is None:
            self.dropped = Closure(self.connection, self.context)
        self.dropped.include(root, members)

    def dropped_by_class(self) -> dict[str, list[int]]:
        """Ids of what is deleted on the way, as responses carry them."""
        return {} if self.dropped is None else self.dropped.by_class()

    def _choose_parts(
        self, referrer: Referrer, ids: Sequence[int], owners: Mapping[int, int | None]
    ) -> list[Member]:
        """Parts with a nullable reference stay behind, cleared, when the user may not delete them.

        owners: for each part, who owns the object that it is part of.
        """
        members = list(self._read(referrer.root, ids))
        if not referrer.prop.nullable or referrer.prop.declared_by == "FileAnnotation":
            return members
        kept = [member for member in members if not self.rights(member).delete]
        self.cleared.setdefault(referrer, []).extend(member.id for member in kept)
        return [member for member in members if self.rights(member).delete]

    def _consider_references(self, root: str, fresh: Mapping[int, Member]) -> None:
        table = table_of(root)
        for prop in rules.considered(root):
            column = table.c[prop.column]
            target = MODEL[str(prop.target)].root
            for chunk in chunks(sorted(fresh)):
                statement = select(table.c.id, column).where(table.c.id.in_(chunk), column.is_not(None))
                for row_id, target_id in self.connection.execute(statement):
                    self._candidates[target].setdefault(target_id, set()).add(fresh[row_id].owner)

    def _consider_contents(self, root: str, fresh: Mapping[int, Member]) -> None:
        for name in rules.contents(root):
            link = table_of(name)
            target = MODEL[str(MODEL[name].properties["child"].target)].root
            for chunk in chunks(sorted(fresh)):
                statement = select(link.c.parent, link.c.child).where(link.c.parent.in_(chunk))
                for parent, child in self.connection.execute(statement):
                    if name == "AnnotationAnnotationLink" and self._is_tag_set(fresh[parent]):
                        continue
                    self._candidates[target].setdefault(child, set()).add(fresh[parent].owner)

    def _is_tag_set(self, member: Member) -> bool:
        return member.name == "TagAnnotation"

    def _settle(self) -> None:
        """Take candidates in until nothing changes."""
        changed = True
        while changed:
            changed = False
            for root in list(self._candidates):
                waiting = {
                    row_id: owners
                    for row_id, owners in self._candidates[root].items()
                    if row_id not in self.members[root] and (root, row_id) not in self._left
                }
                chosen = self._choose(root, waiting) if waiting else []
                if chosen:
                    self._grow(root, chosen)
                    changed = True

    def _choose(self, root: str, waiting: Mapping[int, set[int | None]]) -> list[Member]:
        """Candidates that follow now: forced by an option, or kept by nobody outside."""
        kept = self._kept(root, sorted(waiting))
        chosen = []
        for member in self._read(root, sorted(waiting)):
            verdict = next((v for option in self.options if (v := option.verdict(member)) is not None), None)
            if verdict is False or member.name in self.ignored:
                self._left.add((root, member.id))
            elif verdict is True or (member.id not in kept and self._follows(member, waiting[member.id])):
                chosen.append(member)
        return chosen

    def _follows(self, member: Member, owners: set[int | None]) -> bool:
        if member.name in rules.REGARDLESS:
            return True
        if (
            member.name in rules.SAME_OWNER
            and member.ns not in rules.FOLLOWING_NAMESPACES
            and owners != {member.owner}
        ):
            return False
        return self.rights(member).delete

    def _kept(self, root: str, ids: Sequence[int]) -> set[int]:
        """Those of `ids` that somebody outside the closure keeps."""
        kept: set[int] = set()
        for referrer in rules.keepers(root):
            inside = self.members[referrer.root]
            kept.update(target for user, target in self._users(referrer, ids) if user not in inside)
        return kept

    # -- checking -------------------------------------------------------------------------------------------------

    def check(self) -> None:
        """Raise GraphFailure when a right is missing, a fileset would be split or something stays that needs a member."""
        for root, members in self.members.items():
            for member in members.values():
                self._check_right(root, member)
        self._check_filesets()
        for root in [root for root, members in self.members.items() if members]:
            self._check_users(root, sorted(self.members[root]))

    def _check_right(self, root: str, member: Member) -> None:
        entity = MODEL[member.name]
        if (root, member.id) not in self.targets and (entity.is_link or member.name in rules.REGARDLESS):
            return
        if member.name == "FileAnnotation" and self._file_goes(member):
            return
        if not self.rights(member).delete:
            raise GraphFailure(f"not permitted to delete {member.name}[{member.id}]")

    def _file_goes(self, annotation: Member) -> bool:
        table = table_of("Annotation")
        file_id = self.connection.scalar(select(table.c.file).where(table.c.id == annotation.id))
        return ("OriginalFile", file_id) in self.targets

    def _check_filesets(self) -> None:
        """Images of one fileset go together or not at all."""
        image = table_of("Image")
        going = self.members.get("Image", {})
        for chunk in chunks(sorted(going)):
            filesets = (
                select(image.c.fileset).where(image.c.id.in_(chunk), image.c.fileset.is_not(None)).distinct()
            )
            for row_id, fileset in self.connection.execute(
                select(image.c.id, image.c.fileset).where(image.c.fileset.in_(filesets))
            ):
                if row_id not in going:
                    raise GraphFailure(
                        f"fileset split: Fileset[{fileset}] also holds Image[{row_id}], which would stay"
                    )

    def _check_users(self, root: str, ids: Sequence[int], *, verb: str = "deleted") -> None:
        for referrer in rules.others(root):
            inside = self.members[referrer.root]
            outside = [(user, target) for user, target in self._users(referrer, ids) if user not in inside]
            if not outside:
                continue
            user, target = outside[0]
            name = f"{referrer.prop.declared_by}[{user}]"
            if not referrer.prop.nullable:
                raise GraphFailure(
                    f"{root}[{target}] cannot be {verb}: {name} uses it as {referrer.prop.name}"
                )
            for member in self._read(referrer.root, [user for user, _ in outside]):
                if MODEL[member.name].is_owned and not self.rights(member).edit:
                    raise GraphFailure(
                        f"{root}[{target}] cannot be {verb}: {name} refers to it and may not be edited"
                    )
            self.cleared.setdefault(referrer, []).extend(user for user, _ in outside)

    def _check_targets(self, root: str) -> None:
        """What members refer to comes along, is visible everywhere, or is let go; else raise GraphFailure."""
        ids = sorted(self.members[root])
        table = table_of(root)
        for referrer in rules.references(root):
            prop, target_root = referrer.prop, MODEL[str(referrer.prop.target)].root
            column, inside = table.c[prop.column], self.members[target_root]
            staying: dict[int, list[int]] = defaultdict(list)
            for chunk in chunks(ids):
                for row_id, target in self.connection.execute(
                    select(table.c.id, column).where(table.c.id.in_(chunk), column.is_not(None))
                ):
                    if target not in inside:
                        staying[target].append(row_id)
            for member in self._read(target_root, sorted(staying)):
                if member.group in (SYSTEM_GROUP, USER_GROUP):
                    continue
                if not prop.nullable or rules.is_inseparable(prop):
                    user = f"{prop.declared_by}[{staying[member.id][0]}]"
                    raise GraphFailure(
                        f"{user} cannot be moved: its {prop.name} {member.name}[{member.id}] would stay"
                    )
                self.cleared.setdefault(Referrer(root, prop), []).extend(staying[member.id])

    def _torn_links(self, root: str, links: Mapping[int, Member]) -> list[int]:
        """Those links of which one end stays; global ends count as coming along."""
        table = table_of(root)
        torn: set[int] = set()
        for end in ("parent", "child"):
            target = MODEL[str(MODEL[root].properties[end].target)]
            if target.is_global:
                continue
            inside = self.members[target.root]
            for chunk in chunks(sorted(links)):
                rows = self.connection.execute(select(table.c.id, table.c[end]).where(table.c.id.in_(chunk)))
                torn.update(link_id for link_id, target_id in rows if target_id not in inside)
        return sorted(torn)

    def _check_tags(self, root: str, members: Sequence[Member]) -> None:
        """A tag on objects that the user may not delete stays."""
        tags = [member.id for member in members if member.name == "TagAnnotation"]
        if root != "Annotation" or not tags:
            return
        for referrer in rules.keepers("Annotation"):
            entity = MODEL[referrer.prop.declared_by]
            if not entity.is_annotation_link:
                continue
            link = table_of(entity.name)
            parents = select(link.c.parent).where(link.c.child.in_(tags)).distinct()
            parent_root = MODEL[str(entity.properties["parent"].target)].root
            for member in self._read(parent_root, [row[0] for row in self.connection.execute(parents)]):
                if not self.rights(member).delete:
                    raise GraphFailure(
                        f"the tag is used on {member.name}[{member.id}], which may not be deleted"
                    )

    # -- reading --------------------------------------------------------------------------------------------------

    def rights(self, member: Member) -> Rights:
        """What the user may do to a member."""
        return rights(
            self.context,
            MODEL[member.name],
            member.owner,
            member.group,
            repository=repository_kind(member.repo) if member.name == "OriginalFile" else None,
            is_directory=member.mimetype == "Directory",
        )

    def _readable(self, member: Member) -> bool:
        return member.owner is None or self.context.can_read(member.owner, int(member.group or 0))

    def _read(self, root: str, ids: Sequence[int]) -> Iterator[Member]:
        table = table_of(root)
        wanted = {"discriminator", "owner_id", "group_id", "ns", "repo", "mimetype"} & set(table.c.keys())
        for chunk in chunks(ids):
            statement = select(table.c.id, *(table.c[name] for name in wanted)).where(table.c.id.in_(chunk))
            for row in self.connection.execute(statement).mappings():
                yield Member(
                    row.get("discriminator", root),
                    row["id"],
                    row.get("owner_id"),
                    row.get("group_id"),
                    row.get("ns"),
                    row.get("repo"),
                    row.get("mimetype"),
                )

    def _users(self, referrer: Referrer, ids: Sequence[int]) -> Iterator[tuple[int, int]]:
        """(referring id, id referred to) pairs."""
        table = table_of(referrer.root)
        column = table.c[referrer.prop.column]
        for chunk in chunks(ids):
            for row in self.connection.execute(select(table.c.id, column).where(column.in_(chunk))):
                yield row[0], row[1]

    def by_name(self) -> dict[str, list[int]]:
        """Ids of all members by simple class name."""
        found: dict[str, list[int]] = defaultdict(list)
        for members in self.members.values():
            for member in members.values():
                found[member.name].append(member.id)
        return {name: sorted(ids) for name, ids in found.items()}

    def by_class(self) -> dict[str, list[int]]:
        """Ids of all members by qualified class name, as responses carry them."""
        return {MODEL[name].fqn: ids for name, ids in self.by_name().items()}

    def clear_references(self, transaction: Transaction) -> None:
        """Set the references to null that would dangle."""
        for referrer, ids in self.cleared.items():
            by_name: dict[str, list[int]] = defaultdict(list)
            for member in self._read(referrer.root, sorted(set(ids))):
                by_name[member.name].append(member.id)
            for name, members in by_name.items():
                transaction.update_where(name, members, {referrer.prop.name: None}, bulk=True)


def chunks(ids: Iterable[int]) -> Iterator[list[int]]:
    """Ids in lists of a size that one statement takes."""
    several = list(ids)
    for start in range(0, len(several), CHUNK):
        yield several[start : start + CHUNK]
