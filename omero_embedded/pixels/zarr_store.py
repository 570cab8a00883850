"""All pixel data of the server: one OME-Zarr image per Pixels row, in a folder named after its id.

New images are written below `.staging` and renamed into place when they are complete and durable, so that a folder with
an id never holds half an image. Removed ones are renamed away first.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
import time
import uuid
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import tensorstore

from .staging import StagedImage, sync_tree
from .zarr_buffer import Layout, ZarrBuffer, create_group, open_group, sync_folder

CACHE_BYTES = 512 << 20
"""Decoded chunks that are kept in memory."""
LEFTOVER_AGE = 7 * 24 * 3600.0
"""Seconds after which nothing can still be working on a staged image."""
_OPEN_IMAGES = 256
"""Images whose arrays stay open."""


_Identity = tuple[int, int, int]


def _identity(folder: Path) -> _Identity:
    """What tells an image from an earlier or later one in the same folder. Raises FileNotFoundError without one."""
    status = (folder / "zarr.json").stat()
    return status.st_dev, status.st_ino, status.st_mtime_ns


def _share(source: str, target: str) -> None:
    """Hard-link a chunk; copy it where that cannot be done. Descriptions are copied, for an image's identity is theirs."""
    if Path(source).name != "zarr.json":
        try:
            os.link(source, target)
        except OSError:
            pass
        else:
            return
    shutil.copyfile(source, target)


class ZarrPixelStore:
    """Pixel data below one folder; see `PixelStore`. Safe for use by several threads.

    Several processes may use the same folder as long as only one writes to an image that another has open.
    """

    def __init__(self, root: Path, *, cache_bytes: int = CACHE_BYTES, owner: str = "") -> None:
        """`owner` marks what this object stages, for `remove_leftovers_of`."""
        self.root = Path(root)
        self._owner = owner
        self._context = tensorstore.Context({"cache_pool": {"total_bytes_limit": cache_bytes}})
        self._lock = threading.Lock()
        self._arrays: OrderedDict[int, tuple[_Identity, list[Any]]] = OrderedDict()

    def path(self, pixels_id: int) -> Path:
        """Folder of an image."""
        return self.root / str(int(pixels_id))

    def exists(self, pixels_id: int) -> bool:
        """There are data of these pixels."""
        return (self.path(pixels_id) / "zarr.json").is_file()

    def open(self, pixels_id: int, *, writable: bool = False) -> ZarrBuffer:
        """The buffer of existing data. Raises FileNotFoundError when there are none."""
        pixels_id = int(pixels_id)
        folder = self.path(pixels_id)
        try:
            identity = _identity(folder)
            with self._lock:
                known = self._arrays.get(pixels_id)
                if known is not None:
                    self._arrays.move_to_end(pixels_id)
            if known is not None and known[0] == identity:
                arrays = known[1]
            else:
                arrays = open_group(folder, self._context)
                with self._lock:
                    self._arrays[pixels_id] = identity, arrays
                    while len(self._arrays) > _OPEN_IMAGES:
                        self._arrays.popitem(last=False)
        except FileNotFoundError:
            raise FileNotFoundError(f"there are no pixel data of Pixels:{pixels_id}") from None
        return ZarrBuffer(f"Pixels:{pixels_id}", arrays, writable=writable)

    def create(
        self,
        pixels_id: int,
        dtype: np.dtype[Any],
        size_x: int,
        size_y: int,
        size_z: int,
        size_c: int,
        size_t: int,
    ) -> ZarrBuffer:
        """A writable buffer full of zeros. Raises FileExistsError when there are data already."""
        target = self.path(pixels_id)
        if target.exists():
            raise FileExistsError(f"there are pixel data of Pixels:{pixels_id} already")
        layout = Layout(np.dtype(dtype), size_x, size_y, size_z, size_c, size_t)
        folder = self._new_staging_folder()
        try:
            create_group(folder, layout, self._context)
            sync_tree(folder)
            folder.rename(target)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        sync_folder(self.root)
        return self.open(pixels_id, writable=True)

    def stage(
        self, dtype: np.dtype[Any], size_x: int, size_y: int, size_z: int, size_c: int, size_t: int
    ) -> StagedImage:
        """A new image that has no id yet; fill it, `finish` it, then `adopt` its folder."""
        layout = Layout(np.dtype(dtype), size_x, size_y, size_z, size_c, size_t)
        return StagedImage(self._new_staging_folder(), layout)

    def adopt(self, folder: Path, pixels_id: int) -> None:
        """Give a finished staged image its id.

        Call this inside the transaction that inserted the Pixels row: data found under the id then belong to a
        transaction that never was committed, and are removed.
        """
        target = self.path(pixels_id)
        if target.exists():
            self.delete(pixels_id)
        folder.rename(target)
        sync_folder(self.root)

    def size_on_disk(self, pixels_id: int) -> int:
        """Bytes that the data take; 0 when there are none."""
        total = 0
        for parent, _, files in os.walk(self.path(pixels_id)):
            for name in files:
                with contextlib.suppress(FileNotFoundError):
                    total += os.stat(os.path.join(parent, name)).st_size
        return total

    def duplicate(self, pixels_id: int, copy_id: int) -> None:
        """Give the new pixels `copy_id` a copy of the data; nothing happens when there are none.

        Chunks are hard links where the file system has them: they are only ever replaced, never changed in place.
        """
        if not self.exists(pixels_id):
            return
        folder = self._new_staging_folder()
        try:
            shutil.copytree(self.path(pixels_id), folder, copy_function=_share, dirs_exist_ok=True)
            sync_tree(folder)
            self.adopt(folder, copy_id)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def delete(self, pixels_id: int) -> None:
        """Remove the data; nothing happens when there are none."""
        with self._lock:
            self._arrays.pop(int(pixels_id), None)
        doomed = self._staging_root() / f"deleted-{uuid.uuid4().hex}"
        with contextlib.suppress(FileNotFoundError):
            self.path(pixels_id).rename(doomed)
            sync_folder(self.root)
            shutil.rmtree(doomed)

    def discard(self, folder: Path) -> None:
        """Remove a staged image that will not be adopted."""
        shutil.rmtree(folder, ignore_errors=True)

    def remove_leftovers(self, age: float = LEFTOVER_AGE) -> None:
        """Remove what imports and deletions that were interrupted more than `age` seconds ago left behind."""
        for folder in self._staging_root().iterdir():
            with contextlib.suppress(FileNotFoundError):
                if time.time() - folder.stat().st_mtime > age:
                    shutil.rmtree(folder)

    def remove_leftovers_of(self, owner: str) -> None:
        """Remove what a process that has ended had staged under that mark."""
        for folder in self._staging_root().glob(f"{owner}-*"):
            shutil.rmtree(folder, ignore_errors=True)

    def _staging_root(self) -> Path:
        folder = self.root / ".staging"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _new_staging_folder(self) -> Path:
        folder = self._staging_root() / f"{self._owner}-{uuid.uuid4().hex}"
        folder.mkdir()
        return folder
