"""Table: rows of typed columns in one original file (contract/server.md, section 2.19)."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import omero.cmd
import omero.grid
from sqlalchemy import select

from .. import errors
from ..commands import Progress, find
from ..contents import content_values
from ..model.details import repository_kind
from ..model.entities import MODEL
from ..model.tables import table_of
from ..security.rights import read_condition, rights
from ..tables.storage import TableStorage
from ..transaction import Transaction, system_context, writing
from .base import Call, StatefulService


class _Silent(Progress):
    def step(self, done: int, total: int) -> None:
        """Nobody listens."""


class TableService(StatefulService):
    """One client's hold on a table. Who may write was decided when it was opened."""

    def __init__(self, call: Call, file_id: int, name: str) -> None:
        """Raises ApiUsageException when the file is absent or no plain one, SecurityViolation when it is unreadable."""
        table = table_of("OriginalFile")
        row = call.read.execute(select(table).where(table.c.id == file_id)).mappings().first()
        if row is None:
            raise errors.api_usage(f"OriginalFile:{file_id} does not exist")
        readable = select(table.c.id).where(table.c.id == file_id, read_condition(call.context, table))
        if call.read.scalar(readable) is None:
            raise errors.security(f"OriginalFile:{file_id} is not readable")
        if row["repo"] is not None:
            raise errors.api_usage(f"OriginalFile:{file_id} lies in a repository and is no table")
        self._name = name
        self._file_id, self._group_id = file_id, int(row["group_id"])
        self._can_write = rights(
            call.context,
            MODEL["OriginalFile"],
            row["owner_id"],
            row["group_id"],
            repository=repository_kind(None),
        ).edit
        self._path = call.server.files.path(file_id, None, row["path"], row["name"])
        if not self._can_write and not (self._path.is_file() and self._path.stat().st_size):
            raise errors.validation(f"OriginalFile:{file_id} has no content yet")
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = call.query(
            "select f from OriginalFile f left outer join fetch f.hasher where f.id = :id", id=file_id
        )[0]
        self._storage: TableStorage | None = TableStorage(self._path, call.server.adapter)

    def getOriginalFile(self, call: Call) -> Any:
        """The file, as it was when the table was opened."""
        return self._file

    def getHeaders(self, call: Call) -> list[Any]:
        """The columns without values."""
        return self._opened().headers()

    def getNumberOfRows(self, call: Call) -> int:
        """Number of rows."""
        return self._opened().rows()

    def getWhereList(
        self,
        call: Call,
        condition: str,
        variables: Mapping[str, Any] | None,
        start: int,
        stop: int,
        step: int,
    ) -> list[int]:
        """Numbers of the rows that fulfil a condition."""
        return self._opened().where(condition, variables, start, stop, step)

    def readCoordinates(self, call: Call, rowNumbers: Sequence[int]) -> Any:
        """All columns of some rows."""
        return self._opened().read_coordinates(rowNumbers, call.ctx)

    def read(self, call: Call, colNumbers: Sequence[int], start: int, stop: int) -> Any:
        """A range of rows of some columns."""
        return self._opened().read(colNumbers, start, stop, call.ctx)

    def slice(self, call: Call, colNumbers: Sequence[int], rowNumbers: Sequence[int]) -> Any:
        """Some rows of some columns; none named are all."""
        return self._opened().slice(colNumbers, rowNumbers, call.ctx)

    def initialize(self, call: Call, cols: Sequence[Any]) -> None:
        """Create the columns of a new table."""
        self._writing().initialize(cols)

    def addColumn(self, call: Call, col: Any) -> int:
        """Refused: a table keeps the columns that it was created with."""
        self._writing()
        raise errors.api_usage("col: columns cannot be added to a table that exists")

    def addData(self, call: Call, cols: Sequence[Any]) -> None:
        """Append rows."""
        self._writing().append(cols)

    def update(self, call: Call, modifiedData: Any) -> None:
        """Overwrite values of some rows; null changes nothing."""
        storage = self._writing()
        if modifiedData is not None:
            storage.update(modifiedData)

    def getMetadata(self, call: Call, key: str) -> Any:
        """One value; null when there is none."""
        return self._opened().metadata().get(key)

    def getAllMetadata(self, call: Call) -> dict[str, Any]:
        """All values by key."""
        return self._opened().metadata()

    def setMetadata(self, call: Call, key: str, value: Any) -> None:
        """Set one value."""
        self._writing().set_metadata({key: value})

    def setAllMetadata(self, call: Call, values: Mapping[str, Any]) -> None:
        """Replace all values."""
        self._writing().set_metadata(values or {}, replace=True)

    def delete(self, call: Call) -> None:
        """Close the table and delete the file with what hangs on it."""
        self._writing().release()
        self._storage = None
        call.server.sessions.deactivate(call.session, self._name)
        request = omero.cmd.Delete2(targetObjects={"OriginalFile": [self._file_id]})
        command = find(request)
        assert command is not None
        part = call.part({"omero.group": "-1"})
        with part, part.write():
            command.run(part, request, _Silent())

    def close(self, call: Call) -> None:
        """Release the file and record size and hash of what was written."""
        storage, self._storage = self._storage, None
        if storage is None:
            return
        modified = storage.modified
        closed = storage.release()
        if not modified:
            return
        if self._can_write:
            self._record(call, call.write)
        elif closed:
            # The last reader closes what a writer has left open: the server records it on its own account.
            context = system_context(call.server.accounts.levels(), self._group_id)
            self._record(call, lambda: writing(call.server.database, context))

    def _record(self, call: Call, write: Any) -> None:
        with self._path.open("rb") as content:
            os.fsync(content.fileno())
        values = content_values(call.read, self._file_id, self._path)
        call.end_reading()
        transaction: Transaction
        with write() as transaction:
            transaction.update("OriginalFile", self._file_id, values)

    def _opened(self) -> TableStorage:
        if self._storage is None:
            raise errors.api_usage("the table is closed")
        return self._storage

    def _writing(self) -> TableStorage:
        if not self._can_write:
            raise errors.security(f"OriginalFile:{self._file_id} cannot be written by this user")
        return self._opened()
