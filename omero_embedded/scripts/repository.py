"""Official scripts and lookup tables: files below one folder, each with an OriginalFile row.

The folder is looked at when the server starts and when scripts are asked for: new files get a row, changed ones a new
hash, and rows of files that are gone are no longer listed. Source: contract/server.md, section 2.20.
"""

from __future__ import annotations

import logging
import os
import threading
import uuid
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select

from .. import errors
from ..checksums import DEFAULT_ALGORITHM, file_checksum
from ..database import Database
from ..model.details import SCRIPT_REPOSITORY
from ..model.tables import table_of
from ..security.context import USER_GROUP
from ..transaction import Transaction, system_context, writing

log = logging.getLogger(__name__)

MIME_TYPES = {
    ".py": "text/x-python",
    ".jy": "text/x-jython",
    ".m": "text/x-matlab",
    ".lut": "text/x-lut",
}
"""Kinds of files that are registered, by suffix."""
INERT = frozenset({"text/x-lut"})
"""Kinds that are listed by kind only: they cannot be run."""


@dataclass(frozen=True, slots=True)
class ScriptFile:
    """A registered file; `path` begins and ends with a slash."""

    id: int
    path: str
    name: str
    mimetype: str


class ScriptRepository:
    """The files below `folder` and their rows."""

    def __init__(self, folder: Path, database: Database) -> None:
        self._folder = folder
        self._database = database
        self._lock = threading.Lock()
        self._seen: dict[tuple[str, str], tuple[int, int]] = {}
        self._files: dict[tuple[str, str], ScriptFile] = {}

    def files(self) -> list[ScriptFile]:
        """What lies in the folder now, by path and name."""
        with self._lock:
            seen = self._look()
            if seen != self._seen:
                self._files = self._register(seen)
                self._seen = seen
            return [self._files[key] for key in sorted(self._files)]

    def text(self, file: ScriptFile) -> str:
        """Content of a script. Raises OSError when it is gone."""
        return self.read(file).decode("utf-8", errors="replace")

    def find(self, file_id: int) -> ScriptFile | None:
        """The registered file with that id."""
        return next((file for file in self.files() if file.id == file_id), None)

    def read(self, file: ScriptFile) -> bytes:
        """Content of a file. Raises OSError when it is gone."""
        return self._path(file.path, file.name).read_bytes()

    def add(self, path: str, content: bytes) -> int:
        """Put a new file at a path such as `/folder/name.py`; its id. Raises ApiUsageException for a bad or taken one."""
        parts = [part for part in path.replace("\\", "/").split("/") if part not in ("", ".")]
        if not parts or any(part.startswith(".") or "\0" in part for part in parts):
            raise errors.api_usage(f"path: {path!r} is no path of a script")
        if Path(parts[-1]).suffix not in MIME_TYPES:
            raise errors.api_usage(f"path: the name must end in one of {', '.join(sorted(MIME_TYPES))}")
        target = self._folder.joinpath(*parts)
        if target.exists():
            raise errors.api_usage(f"path: {path} exists already; use editScript to change it")
        target.parent.mkdir(parents=True, exist_ok=True)
        _write(target, content)
        wanted = f"/{'/'.join(parts)}"
        return next(file.id for file in self.files() if file.path + file.name == wanted)

    def replace(self, file: ScriptFile, content: bytes) -> None:
        """Change a file's content and its row."""
        _write(self._path(file.path, file.name), content)
        self.files()

    def _path(self, path: str, name: str) -> Path:
        return self._folder / path.strip("/") / name

    def _look(self) -> dict[tuple[str, str], tuple[int, int]]:
        """(size, time of change) by path and name; files and folders that begin with a dot do not count."""
        found = {}
        for path in self._folder.rglob("*"):
            inside = path.relative_to(self._folder)
            if path.suffix not in MIME_TYPES or any(part.startswith(".") for part in inside.parts):
                continue
            if path.is_file():
                status = path.stat()
                parent = inside.parent.as_posix()
                found["/" if parent == "." else f"/{parent}/", path.name] = status.st_size, status.st_mtime_ns
        return found

    def _register(self, seen: dict[tuple[str, str], tuple[int, int]]) -> dict[tuple[str, str], ScriptFile]:
        with self._database.read() as connection:
            known = _rows(connection)
        hashes = {key: file_checksum(self._folder / key[0].strip("/") / key[1]) for key in seen}
        changed = [key for key in seen if key not in known or known[key][1] != hashes[key]]
        if changed:
            with writing(self._database, system_context({}, USER_GROUP)) as transaction:
                known = _rows(transaction.connection)
                for key in changed:
                    self._write(transaction, key, known.get(key), seen[key], hashes[key])
                known = _rows(transaction.connection)
            log.info("registered %d files of the script repository", len(changed))
        return {
            key: ScriptFile(known[key][0], key[0], key[1], MIME_TYPES[Path(key[1]).suffix]) for key in seen
        }

    def _write(
        self,
        transaction: Transaction,
        key: tuple[str, str],
        row: tuple[int, str | None] | None,
        status: tuple[int, int],
        digest: str,
    ) -> None:
        size, changed_at = status
        values = {"size": size, "mtime": changed_at // 1_000_000, "hash": digest}
        if row is not None:
            transaction.update("OriginalFile", row[0], values)
            return
        transaction.insert(
            "OriginalFile",
            {
                **values,
                "path": key[0],
                "name": key[1],
                "repo": SCRIPT_REPOSITORY,
                "hasher": transaction.enum_id("ChecksumAlgorithm", DEFAULT_ALGORITHM),
                "mimetype": MIME_TYPES[Path(key[1]).suffix],
            },
            group=USER_GROUP,
        )


def _write(target: Path, content: bytes) -> None:
    """Write a file so that it is never seen half written."""
    unfinished = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    unfinished.write_bytes(content)
    os.replace(unfinished, target)


def _rows(connection: Connection) -> dict[tuple[str, str], tuple[int, str | None]]:
    """(id, hash) of the registered files by path and name."""
    files = table_of("OriginalFile")
    statement = select(files.c.id, files.c.path, files.c.name, files.c.hash).where(
        files.c.repo == SCRIPT_REPOSITORY
    )
    return {(row.path, row.name): (int(row.id), row.hash) for row in connection.execute(statement)}
