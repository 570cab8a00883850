"""Original files in the managed repository: `<user>_<id>/yyyy-mm/dd/HH-MM-SS.mmm/` (contract/server.md, section 2.21)."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from ..checksums import BLOCK, DEFAULT_ALGORITHM, checksum
from ..pixels.zarr_buffer import sync_folder

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

    def store(self, prefix: str, source: Path, name: str | None = None) -> StoredFile:
        """Copy a file into an import's folder, durably."""
        name = safe_name(source.name if name is None else name)
        sha1, size = checksum(DEFAULT_ALGORITHM), 0
        with source.open("rb") as original, (self.root / prefix / name).open("xb") as copy:
            while block := original.read(BLOCK):
                sha1.update(block)
                copy.write(block)
                size += len(block)
            copy.flush()
            os.fsync(copy.fileno())
        sync_folder(self.root / prefix)
        modified = round(source.stat().st_mtime * 1000)
        return StoredFile(source, name, size, sha1.hexdigest(), modified)

    def write_log(self, prefix: str, text: str) -> StoredFile:
        """Write the log of an import beside its folder."""
        path = self.root / f"{prefix.rstrip('/')}.log"
        content = text.encode()
        with path.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        sync_folder(path.parent)
        sha1 = checksum(DEFAULT_ALGORITHM)
        sha1.update(content)
        return StoredFile(path, path.name, len(content), sha1.hexdigest(), round(path.stat().st_mtime * 1000))

    def discard(self, prefix: str) -> None:
        """Remove an import's folder and log, and the folders above that become empty by it."""
        folder = self.root / prefix
        shutil.rmtree(folder, ignore_errors=True)
        folder.with_name(f"{folder.name}.log").unlink(missing_ok=True)
        for parent in folder.parents:
            if parent == self.root:
                break
            with contextlib.suppress(OSError):
                parent.rmdir()
