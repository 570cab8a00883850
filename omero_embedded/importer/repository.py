"""Original files in the managed repository: `<user>_<id>/yyyy-mm/dd/HH-MM-SS.mmm/` (contract/server.md, section 2.21)."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from uuid import uuid4

from ..checksums import BLOCK, DEFAULT_ALGORITHM, checksum
from ..pixels.zarr_buffer import sync_folder
from ..pixels.zarr_store import LEFTOVER_AGE

INCOMING = ".incoming"
"""Folder of copies whose import is not committed yet."""

_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A copy in the repository. `source` is where it came from, times are milliseconds since 1970."""

    source: Path
    name: str
    size: int
    sha1: str
    modified: int


def safe_name(name: str) -> str:
    """A file name that every file system takes."""
    return _UNSAFE.sub("_", name).rstrip(". ") or "_"


class ManagedRepository:
    """The folder of imported files; `uuid` is the `repo` value of its rows."""

    def __init__(self, root: Path, uuid: str) -> None:
        self.root = root
        self.uuid = uuid

    def new_folder(self, user_name: str, user_id: int, moment: int) -> str:
        """Create the folder of one import; returns its path below the root, with a trailing slash."""
        while True:
            at = datetime.fromtimestamp(moment / 1000, timezone.utc)
            stamp = f"{at:%H-%M-%S}.{at.microsecond // 1000:03d}"
            prefix = f"{safe_name(user_name)}_{user_id}/{at:%Y-%m}/{at:%d}/{stamp}/"
            try:
                (self.root / prefix).mkdir(mode=0o700, parents=True)
                return prefix
            except FileExistsError:
                moment += 1

    def new_incoming(self) -> Path:
        """Create a folder to collect the copies of one import in, until `publish`."""
        folder = self.root / INCOMING / uuid4().hex
        folder.mkdir(mode=0o700, parents=True)
        return folder

    def store(self, incoming: Path, source: Path) -> StoredFile:
        """Copy a file into a folder of `new_incoming`, durably."""
        name = safe_name(source.name)
        sha1, size = checksum(DEFAULT_ALGORITHM), 0
        with source.open("rb") as original, (incoming / name).open("xb") as copy:
            while block := original.read(BLOCK):
                sha1.update(block)
                copy.write(block)
                size += len(block)
            copy.flush()
            os.fsync(copy.fileno())
        modified = round(source.stat().st_mtime * 1000)
        return StoredFile(source, name, size, sha1.hexdigest(), modified)

    def write_log(self, incoming: Path, prefix: str, text: str) -> StoredFile:
        """Write the log of an import beside its copies; `publish` puts it beside the import's folder."""
        path = _log_of(incoming)
        content = text.encode()
        with path.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        sha1 = checksum(DEFAULT_ALGORITHM)
        sha1.update(content)
        name = _log_of(self.root / prefix).name
        return StoredFile(path, name, len(content), sha1.hexdigest(), round(path.stat().st_mtime * 1000))

    def publish(self, incoming: Path, prefix: str) -> None:
        """Move copies and log to the import's own folder, which is empty so far."""
        folder = self.root / prefix
        sync_folder(incoming)
        folder.rmdir()
        incoming.rename(folder)
        _log_of(incoming).rename(_log_of(folder))
        sync_folder(folder.parent)

    def remove_leftovers(self, age: float = LEFTOVER_AGE) -> None:
        """Remove copies of imports that were interrupted more than `age` seconds ago."""
        for path in (self.root / INCOMING).glob("*"):
            with contextlib.suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > age:
                    _remove(path)

    def discard(self, incoming: Path, prefix: str) -> None:
        """Remove an import's copies, folder and log, and the folders above that become empty by it."""
        folder = self.root / prefix
        for path in (incoming, _log_of(incoming), folder, _log_of(folder)):
            _remove(path)
        for parent in (incoming.parent, *folder.parents):
            if parent == self.root:
                break
            with contextlib.suppress(OSError):
                parent.rmdir()


def _log_of(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.log")


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
