"""The files of stored thumbnails, named after the ids of their Thumbnail rows."""

from __future__ import annotations

import os
import threading
from pathlib import Path

_PER_FOLDER = 1000


class ThumbnailFiles:
    """JPEG files by the id of the Thumbnail row."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, thumbnail_id: int) -> bytes | None:
        """The file's content; None when there is no such file."""
        try:
            return self._path(thumbnail_id).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, thumbnail_id: int, jpeg: bytes) -> None:
        """Store a file; readers see the old one or the new one, never a part."""
        path = self._path(thumbnail_id)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}.part")
        partial.write_bytes(jpeg)
        partial.replace(path)

    def size(self, thumbnail_id: int) -> int:
        """Bytes of a file; 0 when there is none."""
        try:
            return self._path(thumbnail_id).stat().st_size
        except FileNotFoundError:
            return 0

    def delete(self, thumbnail_id: int) -> None:
        """Remove a file; nothing happens when there is none."""
        self._path(thumbnail_id).unlink(missing_ok=True)

    def _path(self, thumbnail_id: int) -> Path:
        return self._folder / str(thumbnail_id // _PER_FOLDER) / f"{thumbnail_id}.jpg"
