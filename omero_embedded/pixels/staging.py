"""Writing a new image fast: strips of rows in, all levels, statistics and digest out.

Nothing is durable before `finish`, which makes the whole folder so.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections import deque
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import tensorstore

from .buffer import Array
from .measures import Extremes, big_endian_bytes
from .pyramid import LevelCascade, level_sizes
from .zarr_buffer import CHUNK, Layout, create_group, sync_folder

_IN_FLIGHT_BYTES = 256 << 20
"""Samples that may wait to be compressed and written."""


_FILES_PER_POOL = 32
"""Files from which on making them durable side by side is faster."""


@dataclass(frozen=True, slots=True)
class ImageMeasures:
    """What was measured while an image was written.

    sha1: digest over all planes. extremes: (minimum, maximum) per channel, None where no sample is finite.
    """

    sha1: str
    extremes: tuple[tuple[float, float] | None, ...]


def sync_tree(folder: Path) -> None:
    """Make all files below a folder, and their names, durable."""
    folders, files = [folder], []
    for parent, names, leaves in os.walk(folder):
        folders += [Path(parent, name) for name in names]
        files += [Path(parent, name) for name in leaves]
    if len(files) < _FILES_PER_POOL:
        for file in files:
            _sync_file(file)
    else:
        with ThreadPoolExecutor(8) as pool:
            for _ in pool.map(_sync_file, files):
                pass
    for path in folders:
        sync_folder(path)


def _sync_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class StagedImage:
    """An image being written in a folder of its own; give planes in the order z, then c, then t.

    As a context manager it removes the folder when an exception leaves the block.
    """

    def __init__(self, folder: Path, layout: Layout) -> None:
        self.folder = folder
        self.layout = layout
        context = tensorstore.Context({"file_io_sync": False})
        self._arrays = create_group(folder, layout, context)
        self._sizes = level_sizes(layout.size_x, layout.size_y)
        self._sha1 = hashlib.sha1(usedforsecurity=False)
        self._extremes = [Extremes() for _ in range(layout.size_c)]
        self._planes = 0
        self._writes: deque[tuple[Any, int]] = deque()
        self._in_flight = 0

    def __enter__(self) -> StagedImage:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.discard()

    @property
    def strip_height(self) -> int:
        """Rows per strip at which writing is best."""
        return min(CHUNK, self.layout.size_y)

    def write_plane(self, z: int, c: int, t: int, strips: Iterable[Array]) -> None:
        """Write one plane, given as strips (height, size_x) from top to bottom.

        Raises ValueError when the plane is out of order or the strips do not make a plane.
        """
        layout = self.layout
        expected = (t * layout.size_c + c) * layout.size_z + z
        if expected != self._planes:
            raise ValueError(f"plane z={z} c={c} t={t} is out of order")
        self._planes += 1

        def write(level: int, y: int, rows: Array) -> None:
            self._start_write(self._arrays[level][t, c, z, y : y + len(rows)], rows)

        cascade = LevelCascade(self._sizes, CHUNK, write)
        rows = 0
        for strip in strips:
            if strip.ndim != 2 or strip.shape[1] != layout.size_x:
                raise ValueError(f"strips must be {layout.size_x} samples wide, not of shape {strip.shape}")
            samples = strip.astype(layout.stored_dtype, copy=False)
            self._sha1.update(big_endian_bytes(samples))
            self._extremes[c].add(samples)
            cascade.feed(samples)
            rows += len(strip)
        if rows != layout.size_y:
            raise ValueError(f"plane z={z} c={c} t={t} has {rows} rows instead of {layout.size_y}")

    def _start_write(self, region: Any, rows: Array) -> None:
        self._writes.append((region.write(rows), rows.nbytes))
        self._in_flight += rows.nbytes
        while self._in_flight > _IN_FLIGHT_BYTES:
            self._finish_write()

    def _finish_write(self) -> None:
        future, size = self._writes.popleft()
        future.result()
        self._in_flight -= size

    def finish(self) -> ImageMeasures:
        """Make everything durable. Raises ValueError when planes are missing."""
        layout = self.layout
        planes = layout.size_z * layout.size_c * layout.size_t
        if self._planes != planes:
            raise ValueError(f"{self._planes} of {planes} planes were written")
        while self._writes:
            self._finish_write()
        sync_tree(self.folder)
        return ImageMeasures(
            self._sha1.hexdigest(),
            tuple(
                None if e.minimum is None or e.maximum is None else (e.minimum, e.maximum)
                for e in self._extremes
            ),
        )

    def discard(self) -> None:
        """Remove the folder."""
        while self._writes:
            self._writes.popleft()[0].result()
        shutil.rmtree(self.folder, ignore_errors=True)
