"""RawFileStore: reading and writing the contents of original files (contract/server.md, section 2.18)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from omero.rtypes import rlong
from sqlalchemy import select

from .. import errors
from ..contents import content_values
from ..model.details import repository_kind
from ..model.entities import MODEL
from ..model.tables import table_of
from ..security.rights import read_condition, rights
from .base import Call, StatefulService

MAX_BLOCK = 128 << 20
"""Bytes that one call may read; more does not fit into a message together with its headers on every client."""


@dataclass(frozen=True, slots=True)
class _File:
    """The row that a store was set to, as it was then."""

    id: int
    repo: str | None
    owner_id: int
    group_id: int
    path: Path


class RawFileStoreService(StatefulService):
    """The content of one original file; `setFileId` chooses it."""

    def __init__(self) -> None:
        self._file: _File | None = None
        self._open: BinaryIO | None = None
        self._writable = False
        self._modified = False

    def setFileId(self, call: Call, fileId: int) -> None:
        """Choose the file. Raises ValidationException when it is absent or unreadable."""
        self._save(call)
        self._close_file()
        self._file = None
        table = table_of("OriginalFile")
        row = (
            call.read.execute(select(table).where(table.c.id == fileId, read_condition(call.context, table)))
            .mappings()
            .first()
        )
        if row is None:
            raise errors.validation(f"OriginalFile:{fileId} does not exist or is not readable")
        if row["mimetype"] in ("Directory", "Repository"):
            raise errors.api_usage(f"OriginalFile:{fileId} is a {row['mimetype']} and has no content")
        try:
            path = call.server.files.path(row["id"], row["repo"], row["path"], row["name"])
        except ValueError as error:
            raise errors.resource(str(error)) from error
        self._file = _File(row["id"], row["repo"], row["owner_id"], row["group_id"], path)

    def getFileId(self, call: Call) -> Any:
        """Id of the chosen file as RLong; null while there is none."""
        return None if self._file is None else rlong(self._file.id)

    def exists(self, call: Call) -> bool:
        """The content is there."""
        return self._chosen().path.is_file()

    def size(self, call: Call) -> int:
        """Bytes on disk; 0 for a file that has no content yet."""
        self._flush()
        try:
            return self._chosen().path.stat().st_size
        except FileNotFoundError:
            return 0

    def read(self, call: Call, position: int, length: int) -> bytes:
        """Exactly `length` bytes; zeros beyond the end."""
        _check_range(position, length)
        if length > MAX_BLOCK:
            raise errors.api_usage(f"length: at most {MAX_BLOCK} bytes can be read at once, not {length}")
        file = self._reading()
        file.seek(position)
        return file.read(length).ljust(length, b"\0")

    def write(self, call: Call, buf: Any, position: int, length: int) -> None:
        """Write the first `length` bytes of `buf` at a position. Raises SecurityViolation without the right to edit."""
        _check_range(position, length)
        content = buf if isinstance(buf, bytes) else bytes(buf)
        if length > len(content):
            raise errors.api_usage(f"length: buf holds {len(content)} bytes, not {length}")
        file = self._writing(call)
        file.seek(position)
        file.write(content[:length])
        self._modified = True

    def truncate(self, call: Call, length: int) -> bool:
        """Cut the content to `length` bytes; false, and nothing happens, when it is not longer than that."""
        if length < 0:
            raise errors.api_usage(f"length: must not be negative: {length}")
        if length >= self.size(call):
            self._check_edit(call)
            return False
        file = self._writing(call)
        file.truncate(length)
        self._modified = True
        return True

    def save(self, call: Call) -> Any:
        """Make the content durable and store size, hash and time; null when nothing was written."""
        self._chosen()
        if not self._save(call):
            return None
        return call.query(
            "select f from OriginalFile f left outer join fetch f.hasher where f.id = :id",
            id=self._chosen().id,
        )[0]

    def close(self, call: Call) -> None:
        """Save what was written and release the file."""
        try:
            self._save(call)
        finally:
            self._close_file()
            self._file = None

    def _save(self, call: Call) -> bool:
        if not self._modified or self._file is None:
            return False
        chosen = self._file
        self._flush()
        assert self._open is not None
        os.fsync(self._open.fileno())
        values = content_values(call.read, chosen.id, chosen.path)
        with call.write() as transaction:
            transaction.update("OriginalFile", chosen.id, values)
        self._modified = False
        return True

    def _chosen(self) -> _File:
        if self._file is None:
            raise errors.api_usage("setFileId must be called first")
        return self._file

    def _check_edit(self, call: Call) -> None:
        chosen = self._chosen()
        kind = repository_kind(chosen.repo)
        if not rights(
            call.context, MODEL["OriginalFile"], chosen.owner_id, chosen.group_id, repository=kind
        ).edit:
            raise errors.security(
                f"OriginalFile:{chosen.id} cannot be written by user {call.context.user_name}"
            )

    def _reading(self) -> BinaryIO:
        chosen = self._chosen()
        if self._open is None:
            try:
                self._open = chosen.path.open("rb")
            except FileNotFoundError:
                raise errors.resource(f"OriginalFile:{chosen.id} has no content") from None
        return self._open

    def _writing(self, call: Call) -> BinaryIO:
        self._check_edit(call)
        if self._open is None or not self._writable:
            self._close_file()
            path = self._chosen().path
            path.parent.mkdir(parents=True, exist_ok=True)
            # "r+b" needs an existing file and "w+b" would empty it.
            self._open = os.fdopen(
                os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600), "r+b"
            )
            self._writable = True
        return self._open

    def _flush(self) -> None:
        if self._open is not None and self._writable:
            self._open.flush()

    def _close_file(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None
        self._writable = False


def _check_range(position: int, length: int) -> None:
    for name, value in (("position", position), ("length", length)):
        if value < 0:
            raise errors.api_usage(f"{name}: must not be negative: {value}")
