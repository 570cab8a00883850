"""What the row of an original file says about its content: size, time of change, hash (contract/server.md, section 4)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from . import errors
from .checksums import file_checksum
from .model.tables import table_of
from .transaction import now


def content_values(connection: Connection, file_id: int, path: Path) -> dict[str, Any]:
    """Values of size, mtime and, when the row names an algorithm, hash for the content at `path` as it is now.

    Raises ApiUsageException for an algorithm that is not supported, OSError when there is no content.
    """
    table, algorithms = table_of("OriginalFile"), table_of("ChecksumAlgorithm")
    algorithm = connection.scalar(
        select(algorithms.c.value).join(table, table.c.hasher == algorithms.c.id).where(table.c.id == file_id)
    )
    values: dict[str, Any] = {"size": path.stat().st_size, "mtime": now()}
    if algorithm is not None:
        try:
            values["hash"] = file_checksum(path, algorithm)
        except ValueError as error:
            raise errors.api_usage(f"hasher: {error}") from error
    return values
