"""ITypes: enumerations (contract/server.md, section 2.13)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from omero.rtypes import rstring
from sqlalchemy import select

from .. import errors
from ..model.bootstrap import original_enumeration
from ..model.entities import MODEL, Entity, ice_class
from ..model.tables import table_of
from ..references import users_of
from .base import Call, Service

ENUMERATIONS = tuple(sorted(entity.name for entity in MODEL.values() if entity.is_enum))


class TypesService(Service):
    """Reads enumerations; administrators change them."""

    def allEnumerations(self, call: Call, type: str) -> list[Any]:
        """All entries of an enumeration by id."""
        entity = _enumeration(type)
        return call.query(f"select e from {entity.name} e order by e.id")

    def getEnumeration(self, call: Call, type: str, value: str) -> Any:
        """The entry of that value. Raises ApiUsageException when there is none."""
        entity = _enumeration(type)
        found = call.query(f"select e from {entity.name} e where e.value = :value", value=value)
        if not found:
            raise errors.api_usage(f"value: {entity.name} has no entry {value!r}")
        return found[0]

    def getEnumerationTypes(self, call: Call) -> list[str]:
        """Class names of all enumerations."""
        return list(ENUMERATIONS)

    def getAnnotationTypes(self, call: Call) -> list[str]:
        """Class names of all kinds of annotation."""
        return list(MODEL["Annotation"].concrete)

    def getEnumerationsWithEntries(self, call: Call) -> dict[str, list[Any]]:
        """All entries of all enumerations, by class name."""
        return {name: self.allEnumerations(call, name) for name in ENUMERATIONS}

    def getOriginalEnumerations(self, call: Call) -> list[Any]:
        """The entries of a new server, without ids."""
        entries = []
        for name in ENUMERATIONS:
            for value in original_enumeration(name):
                entry = ice_class(name)()
                entry._value = rstring(value)
                entries.append(entry)
        return entries

    def createEnumeration(self, call: Call, newEnum: Any) -> Any:
        """Add an entry; an existing one of that value is returned."""
        entity, value = _entry(newEnum)
        _require_admin(call)
        with call.write() as transaction:
            transaction.enum_id(entity.name, value, create=True)
        return self.getEnumeration(call, entity.name, value)

    def updateEnumeration(self, call: Call, oldEnum: Any) -> Any:
        """Change the value of one entry."""
        entity, value = _entry(oldEnum)
        self.updateEnumerations(call, [oldEnum])
        return self.getEnumeration(call, entity.name, value)

    def updateEnumerations(self, call: Call, oldEnums: Sequence[Any]) -> None:
        """Change the values of entries, found by id; entries without id are added."""
        _require_admin(call)
        with call.write() as transaction:
            for enum in oldEnums:
                entity, value = _entry(enum)
                if enum.id is None:
                    transaction.enum_id(entity.name, value, create=True)
                else:
                    transaction.update(entity.name, enum.id.val, {"value": value})

    def deleteEnumeration(self, call: Call, oldEnum: Any) -> None:
        """Remove an entry. Raises ValidationException while something uses it."""
        _require_admin(call)
        entity = _entity_of(oldEnum)
        if oldEnum.id is None:
            raise errors.api_usage("oldEnum: has no id")
        with call.write() as transaction:
            _delete_unused(transaction, entity, [oldEnum.id.val])

    def resetEnumerations(self, call: Call, enumClass: str) -> None:
        """Bring back the entries of a new server; others go unless they are used."""
        _require_admin(call)
        entity = _enumeration(enumClass)
        wanted = original_enumeration(entity.name)
        table = table_of(entity.name)
        with call.write() as transaction:
            present = {
                row.value: row.id for row in transaction.connection.execute(select(table.c.id, table.c.value))
            }
            _delete_unused(
                transaction, entity, [row for value, row in present.items() if value not in wanted]
            )
            for value in wanted:
                if value not in present:
                    transaction.insert(entity.name, {"value": value})


def _enumeration(name: str) -> Entity:
    entity = MODEL.find(name or "")
    if entity is None or not entity.is_enum:
        raise errors.api_usage(f"type: {name!r} is no enumeration")
    return entity


def _entity_of(enum: Any) -> Entity:
    if enum is None:
        raise errors.api_usage("the enumeration is null")
    return _enumeration(enum.ice_id())


def _entry(enum: Any) -> tuple[Entity, str]:
    entity = _entity_of(enum)
    if not enum.isLoaded() or enum.value is None or not enum.value.val:
        raise errors.api_usage(f"{entity.name}.value: must be set")
    return entity, enum.value.val


def _require_admin(call: Call) -> None:
    if not call.context.is_admin:
        raise errors.security("only administrators may change enumerations")


def _delete_unused(transaction: Any, entity: Entity, ids: Sequence[int]) -> None:
    for user, user_id, row in users_of(transaction.connection, entity.name, ids):
        raise errors.validation(f"{entity.name} {row} is used by {user} {user_id}")
    if ids:
        transaction.delete(entity.name, ids)
