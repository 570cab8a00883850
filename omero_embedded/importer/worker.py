"""The process that reads files of unknown origin: `python -m omero_embedded.importer.worker MEMORY`.

It takes one JSON line per file on standard input ({"path", "store", "owner"}) and answers with frames on standard output: eight
bytes of length and a pickled tuple, `("size", samples)`, `("progress", samples)`, and at last `("done", ConvertedFile)`
or `("failed", reason)`. A file that exhausts memory or crashes a library takes only this process with it.
"""

from __future__ import annotations

import json
import logging
import os
import pickle
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ..pixels.buffer import Array
from ..pixels.zarr_store import ZarrPixelStore
from .converted import FRAME, ConvertedFile, ConvertedImage
from .metadata import ImageMetadata
from .readers import Reader, UnreadableFile, reader_type

log = logging.getLogger(__name__)

STRIP_BYTES = 64 << 20
"""Samples that are read at once."""
_PROGRESS_SECONDS = 0.1

NUMPY_TYPES = {
    "bit": np.dtype(np.bool_),
    "float": np.dtype(np.float32),
    "double": np.dtype(np.float64),
    "complex": np.dtype(np.complex64),
    "double-complex": np.dtype(np.complex128),
}
"""Numpy type by value of PixelsType where the names differ."""


Send = Callable[[tuple[Any, ...]], None]


def convert(path: Path, store: ZarrPixelStore, send: Send) -> ConvertedFile:
    """Read a file and write its samples into the store. Raises what the reader raises; nothing is left behind then."""
    done: list[ConvertedImage] = []
    with reader_type(path).open(path) as reader:
        metadata = reader.metadata
        send(("size", sum(image.samples for image in metadata.images)))
        progress = _Progress(send)
        try:
            for index, image in enumerate(metadata.images):
                done.append(_convert_image(reader, index, image, store, progress))
        except BaseException:
            for converted in done:
                store.discard(converted.folder)
            raise
        return ConvertedFile(metadata, tuple(reader.files), tuple(done))


def _convert_image(
    reader: Reader, index: int, image: ImageMetadata, store: ZarrPixelStore, progress: _Progress
) -> ConvertedImage:
    dtype = NUMPY_TYPES.get(image.pixel_type) or np.dtype(image.pixel_type)
    sizes = (image.size_x, image.size_y, image.size_z, image.size_c, image.size_t)
    with store.stage(dtype, *sizes) as staged:
        rows = max(1, STRIP_BYTES // (image.size_x * dtype.itemsize))
        height = max(staged.strip_height, rows // staged.strip_height * staged.strip_height)

        def strips(z: int, c: int, t: int) -> Iterator[Array]:
            for y in range(0, image.size_y, height):
                strip = reader.read_rows(index, z, c, t, y, min(height, image.size_y - y))
                yield strip
                progress.add(strip.size)

        for t in range(image.size_t):
            for c in range(image.size_c):
                for z in range(image.size_z):
                    staged.write_plane(z, c, t, strips(z, c, t))
        return ConvertedImage(staged.folder, staged.finish())


class _Progress:
    """Tells how many samples were read, not more often than is useful."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._samples = 0
        self._told = time.monotonic()

    def add(self, samples: int) -> None:
        self._samples += samples
        now = time.monotonic()
        if now - self._told >= _PROGRESS_SECONDS:
            self._told = now
            self._send(("progress", self._samples))


def limit_memory(megabytes: int) -> None:
    """Refuse this process more memory than that; only where the system can."""
    try:
        import resource
    except ImportError:
        return
    size = megabytes << 20
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard != resource.RLIM_INFINITY:
        size = min(size, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (size, hard))


def reason_of(error: BaseException) -> str:
    """Why a file cannot be imported, in one line."""
    if isinstance(error, UnreadableFile):
        return str(error)
    if isinstance(error, MemoryError):
        return "it needs more memory than an import may use"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = " ".join(str(error).split())
    return f"it cannot be read: {text or type(error).__name__}"


def main() -> None:
    """Serve until standard input ends."""
    limit_memory(int(sys.argv[1]))
    # Libraries may print; only frames may reach the parent.
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)

    def send(message: tuple[Any, ...]) -> None:
        frame = pickle.dumps(message)
        output.write(FRAME.pack(len(frame)) + frame)
        output.flush()

    send(("ready",))
    for line in sys.stdin:
        request = json.loads(line)
        store = ZarrPixelStore(Path(request["store"]), cache_bytes=0, owner=request["owner"])
        try:
            message: tuple[Any, ...] = ("done", convert(Path(request["path"]), store, send))
        except Exception as error:
            # Whatever a reader stumbles over concerns this file only.
            log.exception("%s cannot be imported", request["path"])
            message = ("failed", reason_of(error))
        send(message)


if __name__ == "__main__":
    main()
