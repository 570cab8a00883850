"""Writing rows: details, events and event logs are filled in one place.

Every change of the store goes through a `Transaction`: it records one Event per writing call and one EventLog per changed
row, fills owner, group, permissions and versions, and keeps map properties in their own tables.
Source: contract/server.md, sections 2.11 and 4.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from . import errors
from .database import Database
from .model.entities import MODEL, Entity, Property
from .model.tables import map_table_of, table_of
from .search.changes import Changes
from .security.context import GLOBAL_ROW, PRIVILEGES, ROOT_ID, USER_GROUP, CallContext, parse_permissions

Quantity = tuple[float, str]
"""Value and Slice enumerator of its unit, such as (0.5, "MICROMETER")."""

UNLOGGED = ("Event", "EventLog")
_CHUNK = 500


def now() -> int:
    """Milliseconds since 1970-01-01T00:00Z."""
    return time.time_ns() // 1_000_000


def integrity_error(error: IntegrityError) -> Any:
    """A violated constraint of the database as ValidationException."""
    return errors.validation(f"constraint violated: {error.orig}")


class Transaction:
    """One write transaction on behalf of a call's user.

    Values are given by property name: plain Python values; ids for references; (value, unit) for quantities; lists of
    (name, value) pairs for maps. Extra keys name columns of list positions, such as `image_index`.
    """

    def __init__(
        self, connection: Connection, context: CallContext, *, event_type: str | None = None
    ) -> None:
        self.connection = connection
        self.context = context
        self._event_type = event_type or context.event_type
        self._event_id: int | None = None
        self._after_commit: list[Callable[[], None]] = []
        self._on_failure: list[Callable[[], None]] = []
        self._pending_logs: list[dict[str, Any]] = []
        self._enum_ids: dict[tuple[str, str], int] = {}
        self.changed_roots: set[str] = set()
        self._documents = Changes(connection)

    @property
    def event_id(self) -> int:
        """Id of this transaction's event; recorded on first use."""
        if self._event_id is None:
            types = table_of("EventType")
            type_id = self.connection.scalar(select(types.c.id).where(types.c.value == self._event_type))
            if type_id is None:
                raise errors.validation(f"unknown event type {self._event_type!r}")
            self._event_id = self._execute_insert(
                "Event",
                {
                    "time": now(),
                    "experimenter": self.context.user_id,
                    "experimentergroup": self.context.event_group(),
                    "type": type_id,
                    "session": self.context.session_id,
                    "permissions": GLOBAL_ROW,
                },
            )
        return self._event_id

    def on_behalf_of(self, context: CallContext) -> Transaction:
        """The same transaction, its event included, in another context: one request of a composite command."""
        part = Transaction(self.connection, context, event_type=self._event_type)
        part._event_id = self.event_id
        part._after_commit = self._after_commit
        part._on_failure = self._on_failure
        part._pending_logs = self._pending_logs
        part.changed_roots = self.changed_roots
        part._documents = self._documents
        return part

    def after_commit(self, action: Callable[[], None]) -> None:
        """Run `action` once the changes are durable: removal of files, refresh of sessions."""
        self._after_commit.append(action)

    def on_failure(self, action: Callable[[], None]) -> None:
        """Run `action` when the changes are given up: removal of files that were made for them."""
        self._on_failure.append(action)

    def failed(self) -> None:
        """Run what waited for a failure; called while other writers still wait, so that ids are not used again yet."""
        for action in reversed(self._on_failure):
            action()

    def finish(self) -> None:
        """Write the collected event logs and search documents; called before the commit."""
        self._documents.flush()
        if self._pending_logs:
            self.connection.execute(insert(table_of("EventLog")), self._pending_logs)
            self._pending_logs.clear()

    def committed(self) -> None:
        """Run the actions that waited for the commit."""
        for action in self._after_commit:
            action()

    def log(self, action: str, entity: Entity, ids: Iterable[int]) -> None:
        """Record an action (INSERT, UPDATE, DELETE, CHMOD(...)) on rows."""
        self.changed_roots.add(entity.root)
        if entity.name in UNLOGGED:
            return
        event = self.event_id
        self._pending_logs += [
            {
                "entityid": row,
                "entitytype": entity.fqn,
                "action": action,
                "event": event,
                "permissions": GLOBAL_ROW,
            }
            for row in ids
        ]

    def insert(
        self, name: str, values: Mapping[str, Any], *, owner: int | None = None, group: int | None = None
    ) -> int:
        """Insert one row and return its id. Raises ValidationException when a required property is missing."""
        return self.insert_many(name, [values], owner=owner, group=group)[0]

    def insert_many(
        self,
        name: str,
        rows: Sequence[Mapping[str, Any]],
        *,
        owner: int | None = None,
        group: int | None = None,
    ) -> list[int]:
        """Insert rows of one entity and return their ids in order. A row may name `owner_id`, `group_id`, `external_id`."""
        entity = MODEL[name]
        if entity.abstract:
            raise errors.validation(f"{name} is abstract and cannot be stored")
        if not rows:
            return []
        system = self._system_columns(entity, owner, group)
        prepared = []
        for values in rows:
            row = {**system, **self._columns(entity, values, inserting=True)}
            if "group_id" in row and "permissions" not in values:
                row["permissions"] = self.context.level(row["group_id"])
            prepared.append(row)
        ids = self._insert_rows(name, prepared)
        for prop in entity.properties.values():
            if prop.kind == "map":
                self._insert_pairs(
                    prop, [(row, values.get(prop.name)) for row, values in zip(ids, rows, strict=True)]
                )
        self._documents.note(entity, ids)
        self.log("INSERT", entity, ids)
        return ids

    def update(self, name: str, row_id: int, values: Mapping[str, Any]) -> None:
        """Change properties of one row; raises its version and sets its update event."""
        self.update_where(name, [row_id], values)

    def update_where(
        self, name: str, ids: Sequence[int], values: Mapping[str, Any], *, bulk: bool = False
    ) -> None:
        """Change the same properties of several rows. `bulk` leaves version and update event alone (chgrp, chown)."""
        entity = MODEL[name]
        table = table_of(name)
        columns = self._columns(entity, values, inserting=False)
        if not bulk and not entity.immutable:
            columns["version"] = table.c.version + 1
            if entity.is_owned:
                columns["update_id"] = self.event_id
        for chunk in _chunks(ids):
            if columns:
                try:
                    self.connection.execute(update(table).where(table.c.id.in_(chunk)).values(columns))
                except IntegrityError as error:
                    raise integrity_error(error) from error
        for prop in entity.properties.values():
            if prop.kind == "map" and prop.name in values:
                pairs = map_table_of(prop)
                for chunk in _chunks(ids):
                    self.connection.execute(delete(pairs).where(pairs.c.owner_id.in_(chunk)))
                self._insert_pairs(prop, [(row, values[prop.name]) for row in ids])
        if not bulk:
            self._documents.note(entity, ids)
        self.log("UPDATE", entity, ids)

    def delete(self, name: str, ids: Sequence[int]) -> None:
        """Delete rows and the pairs of their maps; what refers to them must go in the same transaction."""
        entity = MODEL[name]
        table = table_of(name)
        self._documents.note(entity, ids)
        maps = {
            prop.declared_by + prop.name: prop
            for member in MODEL.hierarchy(entity.root)
            for prop in member.own_properties
            if prop.kind == "map"
        }
        for chunk in _chunks(ids):
            for prop in maps.values():
                pairs = map_table_of(prop)
                self.connection.execute(delete(pairs).where(pairs.c.owner_id.in_(chunk)))
            try:
                self.connection.execute(delete(table).where(table.c.id.in_(chunk)))
            except IntegrityError as error:
                raise integrity_error(error) from error
        self.log("DELETE", entity, ids)

    def enum_id(self, name: str, value: str, *, create: bool = False) -> int:
        """Id of the enumeration entry `value`. Raises ValidationException when there is none and `create` is false."""
        known = self._enum_ids.get((name, value))
        if known is not None:
            return known
        table = table_of(name)
        found = self.connection.scalar(select(table.c.id).where(table.c.value == value))
        if found is None and not create:
            raise errors.validation(f"{name} has no entry {value!r}")
        entry = self.insert(name, {"value": value}) if found is None else int(found)
        self._enum_ids[name, value] = entry
        return entry

    def next_position(self, name: str, prop: Property, owner_id: int) -> int:
        """First free list position behind the members of an ordered collection of `name`'s row `owner_id`."""
        table = table_of(prop.element)
        inverse = MODEL[prop.element].properties[str(prop.inverse)].column
        position = table.c[str(prop.index_column)]
        last = self.connection.scalar(select(func.max(position)).where(table.c[inverse] == owner_id))
        return 0 if last is None else int(last) + 1

    def _system_columns(self, entity: Entity, owner: int | None, group: int | None) -> dict[str, Any]:
        columns: dict[str, Any] = {"permissions": GLOBAL_ROW}
        if len(MODEL.hierarchy(entity.root)) > 1:
            columns["discriminator"] = entity.name
        if not entity.immutable:
            columns["version"] = 0
        if entity.is_owned:
            group_id = group if group is not None else self.context.group_id
            if group_id < 0:
                group_id = self.context.event_group()
            event = self.event_id
            columns |= {
                "owner_id": owner if owner is not None else self.context.user_id,
                "group_id": group_id,
                "creation_id": event,
            }
            if not entity.immutable:
                columns["update_id"] = event
        return columns

    def _columns(self, entity: Entity, values: Mapping[str, Any], *, inserting: bool) -> dict[str, Any]:
        columns: dict[str, Any] = {}
        table = table_of(entity.name)
        for name, value in values.items():
            prop = entity.properties.get(name)
            if prop is None:
                if name == "permissions" and isinstance(value, str):
                    value = parse_permissions(value)
                if name not in table.c:
                    raise errors.validation(f"{entity.name} has no property {name!r}")
                columns[name] = value
            elif prop.columns:
                columns |= _stored(entity, prop, value)
        if inserting:
            for prop in entity.properties.values():
                if prop.columns and columns.get(prop.columns[0]) is None:
                    columns |= _required(entity, prop)
        return columns

    def _insert_rows(self, name: str, rows: list[dict[str, Any]]) -> list[int]:
        if len(rows) == 1:
            return [self._execute_insert(name, rows[0])]
        table = table_of(name)
        names = {key for row in rows for key in row}
        uniform = [{key: row.get(key) for key in names} for row in rows]
        statement = insert(table).returning(table.c.id, sort_by_parameter_order=True)
        try:
            return [int(row[0]) for row in self.connection.execute(statement, uniform)]
        except IntegrityError as error:
            raise integrity_error(error) from error

    def _execute_insert(self, name: str, columns: Mapping[str, Any]) -> int:
        try:
            result = self.connection.execute(insert(table_of(name)), dict(columns))
        except IntegrityError as error:
            raise integrity_error(error) from error
        assert result.inserted_primary_key is not None
        return int(result.inserted_primary_key[0])

    def _insert_pairs(
        self, prop: Property, owners: Sequence[tuple[int, Iterable[tuple[Any, Any]] | None]]
    ) -> None:
        rows = [
            {"owner_id": owner, "position": position, "name": name, "value": value}
            for owner, pairs in owners
            for position, (name, value) in enumerate(pairs or ())
        ]
        if rows:
            self.connection.execute(insert(map_table_of(prop)), rows)


def _required(entity: Entity, prop: Property) -> dict[str, Any]:
    if prop.default is not None:
        return {prop.columns[0]: prop.default}
    if entity.name == "Image" and prop.name == "series":
        return {prop.column: 0}
    if not prop.nullable:
        raise errors.validation(f"{entity.name}.{prop.name} must be set")
    return {}


def _stored(entity: Entity, prop: Property, value: Any) -> dict[str, Any]:
    """Column values of one property. Raises ValidationException when a check of the model fails."""
    if prop.kind == "quantity":
        if value is None:
            return dict.fromkeys(prop.columns)
        number, unit = value
        _check(entity, prop, number)
        return dict(zip(prop.columns, (number, unit), strict=True))
    if value is None and not prop.nullable and prop.default is None:
        raise errors.validation(f"{entity.name}.{prop.name} must be set")
    if value is None and prop.default is not None:
        value = prop.default
    if prop.type == "string_list" and value is not None:
        value = json.dumps(list(value))
    _check(entity, prop, value)
    return {prop.column: value}


def _check(entity: Entity, prop: Property, value: Any) -> None:
    if prop.check is None or value is None:
        return
    for condition in prop.check.split(" and "):
        operator, bound = condition.split()
        if not _COMPARE[operator](value, float(bound)):
            raise errors.validation(f"{entity.name}.{prop.name} must be {prop.check}, not {value}")


_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
    "<=": lambda value, bound: value <= bound,
}


def _chunks(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    return (ids[start : start + _CHUNK] for start in range(0, len(ids), _CHUNK))


def system_context(levels: Mapping[int, int], group_id: int = USER_GROUP) -> CallContext:
    """Context of the server's own work: root, with every right."""
    return CallContext(
        user_id=ROOT_ID,
        user_name="root",
        group_id=group_id,
        session_id=0,
        session_uuid="0",
        event_type="Internal",
        is_admin=True,
        privileges=PRIVILEGES,
        member_of=(0, 1),
        leader_of=frozenset({0}),
        levels=levels,
    )


@contextmanager
def writing(
    database: Database, context: CallContext, *, event_type: str | None = None
) -> Iterator[Transaction]:
    """A transaction that commits at the end and then runs what waited for the commit; any exception rolls it back.

    Raises ValidationException when the commit finds a violated constraint, such as a reference to a deleted row.
    """
    transaction: Transaction | None = None
    try:
        with database.write() as connection:
            transaction = Transaction(connection, context, event_type=event_type)
            try:
                yield transaction
                transaction.finish()
            except BaseException:
                transaction.failed()
                raise
    except IntegrityError as error:
        raise integrity_error(error) from error
    transaction.committed()
