"""One image on disk: an OME-Zarr 0.5 group with one five-dimensional array (t, c, z, y, x) per resolution level.

Chunks hold a part of one plane, at most 512 × 512 samples, so that a tile needs few of them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorstore

from .buffer import Array
from .pyramid import halve, level_sizes

CHUNK = 512
"""Longest side of a chunk, in samples; also the tile size of images with a pyramid."""
MAX_CHUNKS_IN_FOLDER = 20_000
OME_ZARR_VERSION = "0.5"
_UNTILED_BYTES = 1 << 20
"""Bytes of a tile of images without a pyramid: whole rows (contract/rendering.md, section 5.2)."""

_TYPES = {
    "int8": "int8",
    "uint8": "uint8",
    "int16": "int16",
    "uint16": "uint16",
    "int32": "int32",
    "uint32": "uint32",
    "float32": "float32",
    "float64": "float64",
    "complex64": "complex64",
    "complex128": "complex128",
    "bool": "uint8",
}
"""Type on disk by numpy type; `bit` samples are stored one per byte."""

AXES = (
    {"name": "t", "type": "time"},
    {"name": "c", "type": "channel"},
    {"name": "z", "type": "space"},
    {"name": "y", "type": "space"},
    {"name": "x", "type": "space"},
)


@dataclass(frozen=True, slots=True)
class Layout:
    """Type and sizes of an image: pixels, sections, channels, time points."""

    dtype: np.dtype[Any]
    size_x: int
    size_y: int
    size_z: int
    size_c: int
    size_t: int

    def __post_init__(self) -> None:
        for name in ("size_x", "size_y", "size_z", "size_c", "size_t"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        if self.dtype.newbyteorder("=").name not in _TYPES:
            raise ValueError(f"dtype: samples of type {self.dtype} cannot be stored")

    @property
    def stored_dtype(self) -> np.dtype[Any]:
        """Numpy type of the samples on disk, native byte order."""
        return np.dtype(_TYPES[self.dtype.newbyteorder("=").name])


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable. Does nothing where folders cannot be opened (Windows)."""
    if os.name != "posix":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def create_group(folder: Path, layout: Layout, context: Any) -> list[Any]:
    """Write the metadata of an image full of zeros into an empty folder and return its open arrays, one per level."""
    sizes = level_sizes(layout.size_x, layout.size_y)
    datasets = [
        {
            "path": str(level),
            "coordinateTransformations": [
                {
                    "type": "scale",
                    "scale": [1.0, 1.0, 1.0, layout.size_y / height, layout.size_x / width],
                }
            ],
        }
        for level, (width, height) in enumerate(sizes)
    ]
    attributes = {
        "ome": {"version": OME_ZARR_VERSION, "multiscales": [{"axes": list(AXES), "datasets": datasets}]}
    }
    arrays = [_create_array(folder / str(level), layout, size, context) for level, size in enumerate(sizes)]
    group = {"zarr_format": 3, "node_type": "group", "attributes": attributes}
    (folder / "zarr.json").write_text(json.dumps(group, indent=1), encoding="utf-8")
    return arrays


def _create_array(folder: Path, layout: Layout, size: tuple[int, int], context: Any) -> Any:
    width, height = size
    item = layout.stored_dtype.itemsize
    chunks = layout.size_t * layout.size_c * layout.size_z * -(-height // CHUNK) * -(-width // CHUNK)
    # One folder for all chunks as long as they are not too many for one: nested ones take long to make durable.
    separator = "." if chunks <= MAX_CHUNKS_IN_FOLDER else "/"
    blosc = {"cname": "lz4", "clevel": 5, "shuffle": "shuffle", "typesize": item, "blocksize": 0}
    spec = {
        "driver": "zarr3",
        "kvstore": {"driver": "file", "path": f"{folder}/"},
        "metadata": {
            "shape": [layout.size_t, layout.size_c, layout.size_z, height, width],
            "data_type": layout.stored_dtype.name,
            "chunk_grid": {
                "name": "regular",
                "configuration": {"chunk_shape": [1, 1, 1, min(CHUNK, height), min(CHUNK, width)]},
            },
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": separator}},
            "codecs": [
                {"name": "bytes", "configuration": {"endian": "little"}},
                {"name": "blosc", "configuration": blosc},
            ],
            "fill_value": [0.0, 0.0] if layout.stored_dtype.kind == "c" else 0,
            "dimension_names": ["t", "c", "z", "y", "x"],
        },
    }
    return tensorstore.open(spec, create=True, context=context).result()


def open_group(folder: Path, context: Any) -> list[Any]:
    """The arrays of an image, one per level, full size first. Raises FileNotFoundError, ValueError for foreign data."""
    document = json.loads((folder / "zarr.json").read_text(encoding="utf-8"))
    try:
        datasets = document["attributes"]["ome"]["multiscales"][0]["datasets"]
        paths = [dataset["path"] for dataset in datasets]
    except (KeyError, IndexError, TypeError) as error:
        raise ValueError(f"{folder} is no OME-Zarr {OME_ZARR_VERSION} image") from error
    futures = [
        tensorstore.open(
            {
                "driver": "zarr3",
                "kvstore": {"driver": "file", "path": f"{folder / path}/"},
                # Not before this call: the same path may have held another image, long deleted.
                "recheck_cached_metadata": "open",
                "recheck_cached_data": "open",
            },
            open=True,
            context=context,
        )
        for path in paths
    ]
    return [future.result() for future in futures]


class ZarrBuffer:
    """The planes of one image; see `PixelBuffer`. Reading is thread-safe, writing is for one thread at a time."""

    def __init__(self, name: str, arrays: Sequence[Any], *, writable: bool) -> None:
        self._name = name
        self._arrays = tuple(arrays)
        self._writable = writable
        self._shape: tuple[int, ...] = tuple(arrays[0].shape)
        self._dtype: np.dtype[Any] = np.dtype(arrays[0].dtype.numpy_dtype)
        self._level_sizes = tuple((int(array.shape[4]), int(array.shape[3])) for array in arrays)
        self._changed: dict[tuple[int, int, int], tuple[int, int, int, int]] = {}
        self._closed = False

    @property
    def size_t(self) -> int:
        """Time points."""
        return self._shape[0]

    @property
    def size_c(self) -> int:
        """Channels."""
        return self._shape[1]

    @property
    def size_z(self) -> int:
        """Sections."""
        return self._shape[2]

    @property
    def size_y(self) -> int:
        """Rows of a plane."""
        return self._shape[3]

    @property
    def size_x(self) -> int:
        """Columns of a plane."""
        return self._shape[4]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the samples, native byte order."""
        return self._dtype

    @property
    def level_sizes(self) -> tuple[tuple[int, int], ...]:
        """(width, height) per level, full size first."""
        return self._level_sizes

    @property
    def tile_size(self) -> tuple[int, int]:
        """Chunks of a pyramid; whole rows of up to 1 MiB without one."""
        if len(self._arrays) > 1:
            return CHUNK, CHUNK
        row = self.size_x * self._dtype.itemsize
        return self.size_x, max(1, min(self.size_y, _UNTILED_BYTES // row))

    def read_tile(self, level: int, z: int, c: int, t: int, x: int, y: int, width: int, height: int) -> Array:
        """Samples (height, width) of a rectangle inside the level. Raises ValueError naming what is outside."""
        self._check(z, c, t, x, y, width, height, level)
        region = self._arrays[level][t, c, z, y : y + height, x : x + width]
        samples: Array = region.read().result()
        return samples

    def read_plane(self, z: int, c: int, t: int, level: int = 0) -> Array:
        """A whole plane (y, x) of a level."""
        self._check_level(level)
        width, height = self._level_sizes[level]
        return self.read_tile(level, z, c, t, 0, 0, width, height)

    def write_tile(self, z: int, c: int, t: int, x: int, y: int, samples: Array) -> None:
        """Store samples (height, width) at full size; durable when this returns."""
        if not self._writable:
            raise ValueError(f"{self._name} is open for reading only")
        if samples.ndim != 2:
            raise ValueError(f"samples: two dimensions are needed, not {samples.ndim}")
        height, width = samples.shape
        self._check(z, c, t, x, y, width, height, 0)
        region = self._arrays[0][t, c, z, y : y + height, x : x + width]
        region.write(samples.astype(self._dtype, copy=False)).result()
        left, top, right, bottom = self._changed.get((z, c, t), (x, y, x + width, y + height))
        self._changed[z, c, t] = min(left, x), min(top, y), max(right, x + width), max(bottom, y + height)

    def flush(self) -> None:
        """Make coarser levels agree with what was written to the full size."""
        while self._changed:
            (z, c, t), rectangle = self._changed.popitem()
            for level in range(1, len(self._arrays)):
                rectangle = self._refresh(level, z, c, t, rectangle)

    def _refresh(
        self, level: int, z: int, c: int, t: int, rectangle: tuple[int, int, int, int]
    ) -> tuple[int, int, int, int]:
        """Make the part of a level anew that `rectangle` of the finer one covers; returns that part."""
        width, height = self._level_sizes[level]
        left, top = min(rectangle[0] // 2, width - 1), min(rectangle[1] // 2, height - 1)
        right = min(width, max(left + 1, (rectangle[2] + 1) // 2))
        bottom = min(height, max(top + 1, (rectangle[3] + 1) // 2))
        fine_width, fine_height = self._level_sizes[level - 1]
        source, target = self._arrays[level - 1][t, c, z], self._arrays[level][t, c, z]
        for y in range(top // CHUNK * CHUNK, bottom, CHUNK):
            for x in range(left // CHUNK * CHUNK, right, CHUNK):
                x_end, y_end = min(x + CHUNK, width), min(y + CHUNK, height)
                finer = source[2 * y : min(2 * y_end, fine_height), 2 * x : min(2 * x_end, fine_width)]
                target[y:y_end, x:x_end].write(halve(finer.read().result())).result()
        return left, top, right, bottom

    def close(self) -> None:
        """Flush what was written; the buffer cannot be used afterwards."""
        if not self._closed:
            self.flush()
            self._closed = True

    def _check_level(self, level: int) -> None:
        if self._closed:
            raise ValueError(f"{self._name} is closed")
        if not 0 <= level < len(self._arrays):
            raise ValueError(f"level must lie in 0..{len(self._arrays) - 1}, not {level}")

    def _check(self, z: int, c: int, t: int, x: int, y: int, width: int, height: int, level: int) -> None:
        self._check_level(level)
        for name, value, size in (("z", z, self.size_z), ("c", c, self.size_c), ("t", t, self.size_t)):
            if not 0 <= value < size:
                raise ValueError(f"{name} must lie in 0..{size - 1}, not {value}")
        level_width, level_height = self._level_sizes[level]
        for name, start, length, size in (
            ("x", x, width, level_width),
            ("y", y, height, level_height),
        ):
            side = "width" if name == "x" else "height"
            if length < 1:
                raise ValueError(f"{side} must be at least 1, not {length}")
            if start < 0 or start + length > size:
                raise ValueError(f"{name} and {side}: {start} + {length} is outside 0..{size}")
