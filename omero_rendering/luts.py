"""Lookup tables: `.lut` files and their previews. Source: contract/rendering.md, section 3.2."""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from omero_rendering.errors import RenderingError
from omero_rendering.pixel_types import Array

_HEADER = struct.Struct(">ihhhhqqi")
_ICOL = 1229147980
_RAW_SIZES = (0, 768, 970)
_SEPARATORS = re.compile(r"[^\x2b\x2d-\x7f]+")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?\Z")
_PREVIEW_ROWS = 10


@dataclass(frozen=True, slots=True)
class LookupTable:
    """256 colours; compared and hashed by name and content.

    `colors`: (256, 3) uint8, red, green, blue, read-only.
    """

    name: str
    colors: Array = field(compare=False, repr=False)
    digest: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        colors = np.array(self.colors, dtype=np.uint8)
        if colors.shape != (256, 3):
            raise RenderingError(f"lookup table {self.name!r} must have shape (256, 3), not {colors.shape}")
        colors.flags.writeable = False
        object.__setattr__(self, "colors", colors)
        object.__setattr__(self, "digest", hashlib.sha1(colors.tobytes(), usedforsecurity=False).digest())

    def encode(self) -> bytes:
        """The table as a raw `.lut` file: 256 reds, 256 greens, 256 blues."""
        return self.colors.T.tobytes()


def parse_lut(name: str, content: bytes) -> LookupTable | None:
    """The lookup table in a `.lut` file; None when the file holds none, so that the channel's colour is used.

    Raises RenderingError for a text file whose rows differ in length, and for an NIH header that announces more
    colours than there are.
    """
    size = len(content)
    if size > 768:
        colors = _parse_nih(content)
        if colors is not None:
            return LookupTable(name, colors)
    if size in _RAW_SIZES:
        raw = np.frombuffer(content or bytes(768), np.uint8, count=768)
        return LookupTable(name, raw.reshape(3, 256).T)
    if size > 768:
        return LookupTable(name, _parse_text(name, content))
    return None


def lut_previews(tables: Iterable[LookupTable]) -> Array:
    """Preview picture: (10 * (n + 1), 256, 4) uint8, ten rows per table, then the fading strip of web clients."""
    strips = [
        np.concatenate([table.colors, np.full((256, 1), 255, np.uint8)], axis=1)[np.newaxis].repeat(
            _PREVIEW_ROWS, 0
        )
        for table in tables
    ]
    fade = np.zeros((_PREVIEW_ROWS, 256, 4), np.uint8)
    fade[:, :180, 3] = np.linspace(255, 0, 180).astype(np.uint8)
    return np.concatenate([*strips, fade])


def _parse_nih(content: bytes) -> Array | None:
    magic, _version, count, _start, _end, _, _, _ = _HEADER.unpack_from(content)
    if magic != _ICOL:
        return None
    if not 0 < count <= 256 or len(content) < _HEADER.size + 3 * count:
        raise RenderingError(f"lookup table announces {count} colours in {len(content)} bytes")
    colors: Array = np.frombuffer(content, np.uint8, 3 * count, _HEADER.size).reshape(3, count).T
    if count == 256:
        return colors
    positions = np.arange(256) * (count / 256)
    before = np.trunc(positions).astype(np.intp)
    after = np.minimum(before + 1, count - 1)
    share = (positions - before)[:, np.newaxis]
    interpolated: Array = np.trunc((1 - share) * colors[before] + share * colors[after]).astype(np.uint8)
    return interpolated


def _parse_text(name: str, content: bytes) -> Array:
    lines = re.split(r"\r\n|\r|\n", content.decode("latin-1"))
    rows = [words for words in ([w for w in _SEPARATORS.split(line) if w] for line in lines) if words]
    if len({len(row) for row in rows}) > 1:
        raise RenderingError(f"lookup table {name!r} has rows of different lengths")
    numbers = [[_number(word) for word in row] for row in rows]
    if numbers and all(number is None for number in numbers[0]):
        numbers = numbers[1:]
    values = np.array([[0.0 if n is None else n for n in row] for row in numbers])
    if values.ndim != 2 or values.shape[1] not in (3, 4) or not 256 <= len(values) <= 258:
        return np.zeros((256, 3), np.uint8)
    if len(values) > 256:
        values = values[1:257]
    colors: Array = (np.trunc(values[:, -3:]).astype(np.int64) & 255).astype(np.uint8)
    return colors


def _number(word: str) -> float | None:
    return float(word) if _NUMBER.match(word) else None
