"""What a file's own format says about it, as key-value pairs for showing to people.

TIFF tags and texts of PNG, JPEG and the like; nothing here is interpreted, that is the importer's job.
Source: contract/server.md, section 2.22 (OriginalMetadataRequest).
"""

from __future__ import annotations

import enum
import io
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import tifffile
from PIL import ExifTags, Image, UnidentifiedImageError

Value = str | int | float
Pairs = dict[str, Value]

LONGEST = 10_000
"""Characters of one value that are kept."""
_LISTED = 32
"""Numbers of a list that are kept."""
_HIDDEN_TAGS = {"StripOffsets", "StripByteCounts", "TileOffsets", "TileByteCounts", "JPEGTables", "ColorMap"}
"""Tags that say where samples lie, not what they are."""


def read(path: Path, series: int) -> tuple[Pairs, Pairs]:
    """(pairs of the whole file, pairs of its image number `series`); empty for a kind of file that is not known."""
    try:
        with tifffile.TiffFile(path) as tiff:
            return _tiff(tiff, series)
    except (tifffile.TiffFileError, struct.error, ValueError):
        pass
    try:
        with Image.open(path) as picture:
            return _picture(picture)
    except (UnidentifiedImageError, Image.DecompressionBombError):
        return {}, {}


def _tiff(tiff: tifffile.TiffFile, series: int) -> tuple[Pairs, Pairs]:
    first: Any = tiff.pages.first
    whole = _tags(first)
    if not 0 <= series < len(tiff.series):
        return whole, {}
    chosen: Any = tiff.series[series]
    pairs: Pairs = {"Axes": str(chosen.axes), "Shape": " × ".join(str(size) for size in chosen.shape)}
    if chosen.name:
        pairs["Name"] = str(chosen.name)
    page: Any = chosen.keyframe
    return whole, {**pairs, **({} if page is first else _tags(page))}


def _tags(page: Any) -> Pairs:
    return {
        tag.name: shown
        for tag in page.tags
        if tag.name not in _HIDDEN_TAGS and (shown := _shown(tag.value)) is not None
    }


def _picture(picture: Image.Image) -> tuple[Pairs, Pairs]:
    pairs = _known(picture.info)
    exif = {ExifTags.TAGS.get(key, str(key)): value for key, value in picture.getexif().items()}
    size: Pairs = {"Width": picture.width, "Height": picture.height, "Mode": picture.mode}
    return {**pairs, **_known(exif)}, size


def _known(values: Mapping[Any, Any]) -> Pairs:
    return {str(key): shown for key, value in values.items() if (shown := _shown(value)) is not None}


def _shown(value: Any) -> Value | None:
    """A value as text or number; None for what people cannot read."""
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return value.strip("\0")[:LONGEST]
    if isinstance(value, (tuple, list)) and all(isinstance(one, (int, float)) for one in value):
        listed = ", ".join(str(one) for one in value[:_LISTED])
        return listed + (", …" if len(value) > _LISTED else "")
    return None


def parse(text: str) -> tuple[Pairs, Pairs]:
    """Pairs of an `original_metadata.txt`: `key=value` below `[GlobalMetadata]` and `[SeriesMetadata]`."""
    whole: Pairs = {}
    series: Pairs = {}
    target: Pairs | None = None
    for line in _lines(text):
        heading = line.strip()
        if heading.startswith("[") and heading.endswith("]"):
            target = {"[GlobalMetadata]": whole, "[SeriesMetadata]": series}.get(heading)
        elif target is not None and "=" in line:
            key, _, value = line.partition("=")
            target[key.strip()] = value.strip()[:LONGEST]
    return whole, series


def _lines(text: str) -> Iterable[str]:
    return (line.rstrip("\n") for line in io.StringIO(text))
