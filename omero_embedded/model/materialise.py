"""Loading objects by id: one identity map for one reply.

A query gives ids; here they become rows, a few statements for each hierarchy, and rows become Ice objects that refer to
each other. Source: contract/hql.md, sections 3.4 and 5.2.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from omero.model import NamedValue
from omero.rtypes import rstring
from sqlalchemy import Connection, func, select

from .. import errors
from ..security.context import GUEST_ID, ROOT_ID, CallContext
from .details import DetailsBuilder
from .entities import MODEL, Entity, Property
from .ice import Recipe, fill, recipe, unloaded
from .tables import map_table_of, table_of

CHUNK = 500
Key = tuple[str, int]
"""Hierarchy root and id."""


@dataclass(slots=True)
class Membership:
    """Members of one fetched collection, by owner id, in order of appearance."""

    owner_root: str
    prop: Property
    members: dict[int, dict[int, None]] = field(default_factory=lambda: defaultdict(dict))


class Masking:
    """Which users' names the caller may not see (contract/model.md, section 7)."""

    def __init__(self, connection: Connection, context: CallContext | None) -> None:
        self._connection = connection
        self._context = context
        self._related: set[int] | None = None

    def hides_user(self, user_id: int) -> bool:
        """The caller has nothing to do with that user."""
        context = self._context
        if (
            context is None
            or context.is_admin
            or context.leader_of
            or user_id in (context.user_id, ROOT_ID, GUEST_ID)
        ):
            return False
        if self._related is None:
            maps = table_of("GroupExperimenterMap")
            rows = self._connection.execute(
                select(maps.c.child).where(maps.c.parent.in_(context.open_groups))
            )
            self._related = {row[0] for row in rows}
        return user_id not in self._related

    def mask(self, prop: Property, row_id: int, value: Any) -> Any:
        """The value of a masked property as the caller sees it."""
        if value is None or prop.masked is None or self._context is None:
            return value
        if prop.declared_by == "Experimenter":
            return prop.masked["as"] if self.hides_user(row_id) else value
        if prop.declared_by == "Session":
            mine = value == self._context.session_uuid or row_id in self._own_sessions()
            return value if mine or self._context.has("ReadSession") else prop.masked["as"]
        return value if self._context.has("ReadSession") else prop.masked["as"]

    def _own_sessions(self) -> set[int]:
        context = self._context
        assert context is not None
        sessions = table_of("Session")
        found = self._connection.execute(select(sessions.c.id).where(sessions.c.owner == context.user_id))
        return {row[0] for row in found}


class Materialiser:
    """Builds the objects of one reply, for the user of `context`."""

    def __init__(self, connection: Connection, context: CallContext) -> None:
        self._connection = connection
        self._context = context
        self._objects: dict[Key, Any] = {}
        self._rows: dict[Key, Mapping[str, Any]] = {}
        self._wanted: dict[str, set[int]] = defaultdict(set)
        self._classes: dict[Key, str] = {}
        self._maps: dict[tuple[str, str], dict[int, list[Any]]] = {}
        self._details = DetailsBuilder(context, self._reference)
        self.masking = Masking(connection, context)

    def want(self, entity: Entity, ids: Iterable[int]) -> None:
        """Have these objects loaded by the next `load`."""
        self._wanted[entity.root].update(ids)

    def objects(self, entity_name: str, ids: Iterable[int]) -> dict[int, Any]:
        """Loaded objects by id; absent ones are missing."""
        several = list(ids)
        root = MODEL[entity_name].root
        self.want(MODEL[entity_name], several)
        self.load([])
        return {row_id: self._objects[root, row_id] for row_id in several if (root, row_id) in self._objects}

    def get(self, root: str, row_id: int) -> Any:
        """An object that was loaded; unloaded or null otherwise."""
        return self._objects.get((root, row_id))

    def load(self, memberships: Sequence[Membership]) -> None:
        """Load all wanted objects, their always loaded references and maps, and wire the collections."""
        fresh: list[Key] = []
        while True:
            pending = {
                root: [row_id for row_id in sorted(ids) if (root, row_id) not in self._rows]
                for root, ids in self._wanted.items()
            }
            self._wanted = defaultdict(set)
            if not any(pending.values()):
                break
            for root, ids in pending.items():
                fresh += self._read(root, ids)
            self._want_always_loaded(fresh)
        self._learn_classes(fresh)
        self._read_maps(fresh)
        for key in fresh:
            self._build(key)
        for membership in memberships:
            self._wire(membership)

    # -- reading --------------------------------------------------------------------------------------------------

    def _read(self, root: str, ids: Sequence[int]) -> list[Key]:
        table = table_of(root)
        found = []
        owned = MODEL[root].is_owned
        for chunk in _chunks(ids):
            result = self._connection.execute(select(table).where(table.c.id.in_(chunk)))
            columns = tuple(result.keys())
            for values in result:
                row = dict(zip(columns, values, strict=True))
                key = (root, row["id"])
                if owned and not self._context.sees(root, row["id"], row["owner_id"], row["group_id"]):
                    raise errors.security(f"Cannot read {row.get('discriminator', root)}:{row['id']}")
                self._rows[key] = row
                self._classes[key] = row.get("discriminator", root)
                found.append(key)
        return found

    def _want_always_loaded(self, keys: Iterable[Key]) -> None:
        for key in keys:
            row = self._rows[key]
            for prop in _always_loaded(self._classes[key]):
                target = row[prop.column]
                if target is not None:
                    self._wanted[MODEL[str(prop.target)].root].add(target)

    def _learn_classes(self, keys: Iterable[Key]) -> None:
        """Concrete classes of references to hierarchies that are not loaded themselves."""
        unknown: dict[str, set[int]] = defaultdict(set)
        for key in keys:
            row = self._rows[key]
            for column, root in _polymorphic(self._classes[key]):
                target = row[column]
                if target is not None and (root, target) not in self._classes:
                    unknown[root].add(target)
        for root, ids in unknown.items():
            table = table_of(root)
            for chunk in _chunks(sorted(ids)):
                for row_id, name in self._connection.execute(
                    select(table.c.id, table.c.discriminator).where(table.c.id.in_(chunk))
                ):
                    self._classes[root, row_id] = name

    def _read_maps(self, keys: Iterable[Key]) -> None:
        owners: dict[tuple[str, str], tuple[Property, list[int]]] = {}
        for key in keys:
            for _, prop in recipe(self._classes[key]).maps:
                owners.setdefault((prop.declared_by, prop.name), (prop, []))[1].append(key[1])
        for name, (prop, ids) in owners.items():
            pairs = map_table_of(prop)
            found = self._maps.setdefault(name, defaultdict(list))
            for chunk in _chunks(ids):
                statement = (
                    select(pairs.c.owner_id, pairs.c.name, pairs.c.value)
                    .where(pairs.c.owner_id.in_(chunk))
                    .order_by(pairs.c.owner_id, pairs.c.position)
                )
                for owner, pair_name, value in self._connection.execute(statement):
                    found[owner].append(NamedValue(pair_name, value))

    # -- building -------------------------------------------------------------------------------------------------

    def _reference(self, name: str, row_id: int) -> Any:
        """The object that stands for a row: loaded if this reply loads it, else unloaded."""
        root = MODEL[name].root
        key = (root, row_id)
        found = self._objects.get(key)
        if found is None:
            concrete = self._classes.get(key, name)
            found = self._objects[key] = unloaded(concrete, row_id)
        return found

    def _build(self, key: Key) -> None:
        root, row_id = key
        row = self._rows[key]
        how = recipe(self._classes[key])
        target = self._reference(root, row_id)
        if self._stays_unloaded(how.entity, row):
            return
        fill(target, how, row, self._reference)
        for attribute, prop in how.maps:
            setattr(target, attribute, self._maps[prop.declared_by, prop.name].get(row_id, []))
        target._details = self._details_of(how, row)
        self._mask(how, target, row)

    def _details_of(self, how: Recipe, row: Mapping[str, Any]) -> Any:
        entity = how.entity
        file = entity.name == "OriginalFile"
        owned = entity.is_owned
        return self._details.build(
            entity,
            permissions=row["permissions"],
            owner_id=row["owner_id"] if owned else None,
            group_id=row["group_id"] if owned else None,
            creation_id=row["creation_id"] if owned else None,
            update_id=row["update_id"] if owned and not entity.immutable else None,
            external_id=row["external_id"],
            repo=row["repo"] if file else None,
            mimetype=row["mimetype"] if file else None,
        )

    def _stays_unloaded(self, entity: Entity, row: Mapping[str, Any]) -> bool:
        """Nodes, and sessions of others, show their id only."""
        if entity.root not in ("Node", "Session"):
            return False
        if entity.name == "Node":
            return True
        context = self._context
        own = row.get("owner") == context.user_id or row.get("sudoer") == context.user_id
        return not own and not context.is_admin

    def _mask(self, how: Recipe, target: Any, row: Mapping[str, Any]) -> None:
        if how.entity.name not in ("Experimenter", "Session"):
            return
        for prop in how.entity.properties.values():
            if prop.masked is not None:
                shown = self.masking.mask(prop, row["id"], row[prop.column])
                setattr(target, prop.field, None if shown is None else rstring(shown))

    def _wire(self, membership: Membership) -> None:
        """Fill one fetched collection of every owner; ordered ones by list position, gaps as nulls."""
        prop, root = membership.prop, MODEL[membership.prop.element].root
        for owner_id, members in membership.members.items():
            owner = self._objects.get((membership.owner_root, owner_id))
            if owner is None:
                continue
            if prop.index_column:
                values = self._in_positions(prop.index_column, root, members)
            else:
                values = [self._objects[root, member] for member in sorted(members)]
            setattr(owner, prop.field, values)
            setattr(owner, prop.loaded_field, True)

    def _in_positions(self, column: str, root: str, members: Iterable[int]) -> list[Any]:
        placed: dict[int, Any] = {}
        homeless = []
        for member in members:
            position = self._rows[root, member][column]
            if position is None or position in placed:
                homeless.append(self._objects[root, member])
            else:
                placed[position] = self._objects[root, member]
        values = [placed.get(position) for position in range(max(placed, default=-1) + 1)]
        return values + homeless

    def count_members(self, owner: Entity, ids: Sequence[int], prop: Property) -> None:
        """Fill the count-per-owner map of a link collection."""
        members = table_of(prop.element)
        inverse = members.c[MODEL[prop.element].properties[str(prop.inverse)].column]
        found: dict[int, dict[int, int]] = {row_id: {} for row_id in ids}
        for chunk in _chunks(ids):
            statement = (
                select(inverse, members.c.owner_id, func.count())
                .where(inverse.in_(chunk))
                .group_by(inverse, members.c.owner_id)
            )
            for owner_id, user_id, count in self._connection.execute(statement):
                found[owner_id][user_id] = count
        for row_id, counts in found.items():
            target = self._objects.get((owner.root, row_id))
            if target is not None:
                setattr(target, f"_{prop.name}CountPerOwner", counts)


_ALWAYS: dict[str, tuple[Property, ...]] = {}
_POLYMORPHIC: dict[str, tuple[tuple[str, str], ...]] = {}


def _always_loaded(name: str) -> tuple[Property, ...]:
    found = _ALWAYS.get(name)
    if found is None:
        found = tuple(p for p in MODEL[name].properties.values() if p.is_to_one and p.always_loaded)
        _ALWAYS[name] = found
    return found


def _polymorphic(name: str) -> tuple[tuple[str, str], ...]:
    """Columns of references to hierarchies, with their roots."""
    found = _POLYMORPHIC.get(name)
    if found is None:
        found = tuple(
            (p.column, MODEL[str(p.target)].root)
            for p in MODEL[name].properties.values()
            if p.is_to_one and len(MODEL.hierarchy(MODEL[str(p.target)].root)) > 1
        )
        _POLYMORPHIC[name] = found
    return found


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]
