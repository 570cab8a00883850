"""Sample types: their ranges, their numpy types, and decoding of raw bytes.

Source: contract/rendering.md, sections 1.1 and 1.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np

from omero_rendering.errors import RenderingError

ByteOrder = Literal["big", "little"]
Array = np.ndarray[Any, np.dtype[Any]]

_INT32_RANGE = (-(2.0**31), 2.0**31 - 1)


@dataclass(frozen=True, slots=True)
class PixelType:
    """A sample type of an image, its range narrowed by the significant bits.

    `minimum` and `maximum` are the range that the quantiser knows; floating-point types have the range of int32.
    `stepped` types (32-bit and floating point) are quantised in steps, the others through a table.
    """

    name: str
    dtype: np.dtype[Any]
    bits: int
    signed: bool
    minimum: float
    maximum: float
    stepped: bool

    @property
    def bytes_per_sample(self) -> int:
        """Bytes of one decoded sample (1 for `bit`)."""
        return self.dtype.itemsize

    @property
    def is_float(self) -> bool:
        return self.dtype.kind == "f"


_TYPES: dict[str, tuple[str, int, bool, bool]] = {
    # name: numpy type, bits, signed, stepped
    "bit": ("u1", 1, False, False),
    "int8": ("i1", 8, True, False),
    "uint8": ("u1", 8, False, False),
    "int16": ("i2", 16, True, False),
    "uint16": ("u2", 16, False, False),
    "int32": ("i4", 32, True, True),
    "uint32": ("u4", 32, False, True),
    "float": ("f4", 32, True, True),
    "double": ("f8", 64, True, True),
}

PIXEL_TYPE_NAMES = tuple(_TYPES)
"""Names of the types that can be rendered."""


@lru_cache(maxsize=256)
def pixel_type(name: str, significant_bits: int | None = None) -> PixelType:
    """The sample type called `name` (any case), narrowed to `significant_bits`.

    Raises RenderingError for types that cannot be rendered (`complex`, `double-complex`, unknown names) and for
    significant bits below 1.
    """
    try:
        code, bits, signed, stepped = _TYPES[name.lower()]
    except KeyError:
        raise RenderingError(f"Unknown pixel type: {name!r}") from None
    dtype = np.dtype(code)
    if dtype.kind == "f":
        low, high = _INT32_RANGE
    else:
        if significant_bits is not None and significant_bits < 1:
            raise RenderingError(f"significant_bits must be at least 1, not {significant_bits}")
        effective = min(bits, significant_bits or bits)
        low, high = _integer_range(effective, signed)
    return PixelType(name.lower(), dtype, bits, signed, low, high, stepped)


def pixel_type_of(dtype: np.dtype[Any], significant_bits: int | None = None) -> PixelType:
    """The sample type that a numpy type stores. Raises RenderingError when there is none."""
    for name, (code, _, _, _) in _TYPES.items():
        if name != "bit" and np.dtype(code) == dtype.newbyteorder("="):
            return pixel_type(name, significant_bits)
    raise RenderingError(f"No pixel type for numpy type {dtype}")


def decode(
    raw: bytes | memoryview, type_: PixelType, byte_order: ByteOrder, count: int | None = None
) -> Array:
    """Samples from raw bytes: (n,), native byte order (a view when the order is native already).

    `bit` samples come most significant bit first, as 0 and 1; `count` cuts the padding of the last byte.
    Raises RenderingError when the bytes do not make whole samples.
    """
    if type_.name == "bit":
        return np.unpackbits(np.frombuffer(raw, np.uint8), count=count)
    if len(raw) % type_.dtype.itemsize:
        raise RenderingError(f"{len(raw)} bytes are not whole samples of {type_.name}")
    stored = type_.dtype.newbyteorder(">" if byte_order == "big" else "<")
    samples = np.frombuffer(raw, stored)
    if count is not None:
        samples = samples[:count]
    return samples.astype(type_.dtype, copy=False)


def encode_big_endian(samples: Array, type_: PixelType) -> bytes:
    """Samples as the raw-pixel API hands them out: row-major, big-endian; `bit` packed, first sample highest."""
    if type_.name == "bit":
        return np.packbits(samples != 0).tobytes()
    return np.ascontiguousarray(samples, type_.dtype.newbyteorder(">")).tobytes()


def _integer_range(bits: int, signed: bool) -> tuple[float, float]:
    if signed:
        return -(2.0 ** (bits - 1)), 2.0 ** (bits - 1) - 1
    return 0.0, 2.0**bits - 1
