"""Lookup tables that the server knows: `.lut` files below the script folder (contract/rendering.md, section 3.2)."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from omero_rendering import LookupTable, RenderingError, parse_lut

log = logging.getLogger(__name__)

_SCAN_INTERVAL = 2.0
"""Seconds after which a new file is noticed."""


class LutFolder(Mapping[str, LookupTable]):
    """Lookup tables by base name; files are read when they are first asked for, and again when they change.

    With equal base names the path that sorts last wins. Files without a usable table are left out and logged.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._tables: dict[Path, tuple[int, LookupTable | None]] = {}
        self._paths: dict[str, Path] = {}
        self._scanned = float("-inf")

    def __getitem__(self, name: str) -> LookupTable:
        with self._lock:
            self._scan()
            table = self._read(self._paths[name])
        if table is None:
            raise KeyError(name)
        return table

    def __contains__(self, name: object) -> bool:
        with self._lock:
            self._scan()
            path = self._paths.get(name) if isinstance(name, str) else None
            return path is not None and self._read(path) is not None

    def __iter__(self) -> Iterator[str]:
        with self._lock:
            self._scan()
            return iter([name for name, path in self._paths.items() if self._read(path) is not None])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _scan(self) -> None:
        """List the files, at most once in a while: rendering asks for names all the time."""
        if time.monotonic() - self._scanned > _SCAN_INTERVAL:
            self._paths = {path.name: path for path in sorted(self._folder.rglob("*.lut")) if path.is_file()}
            self._scanned = time.monotonic()

    def _read(self, path: Path) -> LookupTable | None:
        try:
            changed = path.stat().st_mtime_ns
            known = self._tables.get(path)
            if known is None or known[0] != changed:
                known = changed, parse_lut(path.name, path.read_bytes())
                self._tables[path] = known
        except (OSError, RenderingError) as error:
            log.warning("lookup table %s cannot be used: %s", path, error)
            known = 0, None
        return known[1]
