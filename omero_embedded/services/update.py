"""IUpdate: saving and deleting objects (contract/server.md, section 2.11)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from .. import errors
from ..model.details import repository_kind
from ..model.tables import table_of
from ..references import users_of
from ..save import Saver
from ..save.graph import entity_of, id_of
from ..search.documents import SEARCHED
from ..search.index import reindex
from ..security.rights import rights
from ..transaction import Transaction
from .base import Call, Service


class UpdateService(Service):
    """Saves graphs of objects, each call in one transaction."""

    def saveObject(self, call: Call, obj: Any) -> None:
        """Save one object with everything loaded behind it."""
        self.saveCollection(call, [obj])

    def saveCollection(self, call: Call, objs: Sequence[Any]) -> None:
        """Save several objects."""
        if objs:
            self._save(call, objs)

    def saveArray(self, call: Call, graph: Sequence[Any]) -> None:
        """Save several objects."""
        self.saveCollection(call, graph)

    def saveAndReturnObject(self, call: Call, obj: Any) -> Any:
        """Save one object and return it with id, version and details."""
        self._save(call, [obj])
        return obj

    def saveAndReturnArray(self, call: Call, graph: Sequence[Any]) -> list[Any]:
        """Save several objects and return them in order."""
        if graph:
            self._save(call, graph)
        return list(graph)

    def saveAndReturnIds(self, call: Call, graph: Sequence[Any]) -> list[int]:
        """Insert several objects and return their ids in order; objects that have an id are refused."""
        return self._save(call, graph, insert_only=True) if graph else []

    def deleteObject(self, call: Call, row: Any) -> None:
        """Delete exactly one row. Raises SecurityViolation without the right, ValidationException if it is in use."""
        if row is None or id_of(row) is None:
            raise errors.api_usage("deleteObject needs an object with an id")
        with call.write() as transaction:
            delete_row(transaction, row)

    def indexObject(self, call: Call, row: Any) -> None:
        """Bring the full-text index up to date for one object; administrators only."""
        if not call.context.is_admin:
            raise errors.security("indexObject is for administrators")
        if row is None or id_of(row) is None:
            raise errors.api_usage("indexObject needs an object with an id")
        entity = entity_of(row)
        if entity.name in SEARCHED:
            with call.write() as transaction:
                reindex(transaction.connection, entity.name, [int(id_of(row) or 0)])

    def _save(self, call: Call, objects: Sequence[Any], *, insert_only: bool = False) -> list[int]:
        with call.write() as transaction:
            return Saver(transaction).save(objects, insert_only=insert_only)


def delete_row(transaction: Transaction, ice: Any) -> None:
    """Delete the row of one Ice object, with the checks of `IUpdate.deleteObject`."""
    context = transaction.context
    entity, row_id = entity_of(ice), int(id_of(ice) or 0)
    table = table_of(entity.name)
    row = transaction.connection.execute(select(table).where(table.c.id == row_id)).mappings().first()
    if row is None:
        raise errors.validation(f"{entity.name}:{row_id} does not exist")
    may = rights(
        context,
        entity,
        row.get("owner_id"),
        row.get("group_id"),
        repository=repository_kind(row.get("repo")) if entity.name == "OriginalFile" else None,
        is_directory=entity.name == "OriginalFile" and row["mimetype"] == "Directory",
    )
    if not may.delete:
        raise errors.security(f"{entity.name}:{row_id} cannot be deleted by user {context.user_name}")
    for name, user, _ in users_of(transaction.connection, entity.root, [row_id]):
        raise errors.validation(f"{entity.name}:{row_id} is used by {name}:{user} and cannot be deleted")
    transaction.delete(entity.name, [row_id])
