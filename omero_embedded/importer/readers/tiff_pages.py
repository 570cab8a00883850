"""Rows of TIFF pages: whole small pages at once, large ones strip by strip."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import tifffile

from ...pixels.buffer import Array
from .reader import UnreadableFile

WHOLE_PAGE_BYTES = 512 << 20
"""Decoded pages up to this size are kept while their samples are asked for."""

_PIXEL_TYPES = {
    "bool": "bit",
    "int8": "int8",
    "uint8": "uint8",
    "int16": "int16",
    "uint16": "uint16",
    "int32": "int32",
    "uint32": "uint32",
    "float16": "float",
    "float32": "float",
    "float64": "double",
    "complex64": "complex",
    "complex128": "double-complex",
}


def pixel_type(dtype: np.dtype[Any]) -> str:
    """Value of the enumeration PixelsType. Raises UnreadableFile for types that it lacks."""
    try:
        return _PIXEL_TYPES[dtype.newbyteorder("=").name]
    except KeyError:
        raise UnreadableFile(f"samples of type {dtype.name} are not supported") from None


def samples_of(page: Any) -> int:
    """Channels that one page gives: samples per pixel, or three for a page of indexed colours."""
    return 3 if is_indexed(page) else int(page.samplesperpixel)


def is_indexed(page: Any) -> bool:
    """Samples are numbers of colours."""
    return bool(
        page.photometric == tifffile.PHOTOMETRIC.PALETTE
        and page.colormap is not None
        and page.samplesperpixel == 1
        and not page.parent.is_imagej
    )


def page_type(page: Any) -> np.dtype[Any]:
    """Type of what `PageRows.read` returns for a page. Raises UnreadableFile when it cannot be decoded."""
    if page.dtype is None:
        raise UnreadableFile(
            f"samples of {page.bitspersample} bits, format {page.sampleformat}, are not supported"
        )
    if is_indexed(page):
        return np.dtype(np.uint8)
    dtype = np.dtype(page.dtype)
    return np.dtype(np.float32) if dtype == np.float16 else dtype


class PageRows:
    """Reads rows of pages; remembers the page that was read last, since its samples are asked for one by one."""

    def __init__(self) -> None:
        self._key: Any = None
        self._decoded: Array | None = None

    def read(self, page: Any, sample: int, y: int, height: int) -> Array:
        """Samples (height, width) of rows y … y + height of one sample of a page."""
        if page.imagedepth > 1:
            raise UnreadableFile("pages with depth are not supported")
        raw = 0 if is_indexed(page) else sample
        rows = self._rows(page, raw, y, height)
        return _as_shown(page, rows, sample)

    def _rows(self, page: Any, sample: int, y: int, height: int) -> Array:
        if page.nbytes > WHOLE_PAGE_BYTES and page.dataoffsets:
            return _decode_rows(page, sample, y, height)
        # tifffile may make a new object each time it is asked for a page.
        key = id(page.parent), page.offset
        if self._key != key:
            self._key, self._decoded = None, None
            decoded = page.asarray()
            if page.samplesperpixel == 1:
                decoded = decoded.reshape(page.imagelength, page.imagewidth, 1)
            elif page.planarconfig == tifffile.PLANARCONFIG.SEPARATE:
                decoded = np.moveaxis(decoded, 0, -1)
            self._key, self._decoded = key, decoded
        assert self._decoded is not None
        return self._decoded[y : y + height, :, sample]

    def close(self) -> None:
        """Forget the page."""
        self._key, self._decoded = None, None


def _decode_rows(page: Any, sample: int, y: int, height: int) -> Array:
    """Decode only the tiles or strips that hold the rows."""
    separate = page.planarconfig == tifffile.PLANARCONFIG.SEPARATE and page.samplesperpixel > 1
    if page.is_tiled:
        across = -(-page.imagewidth // page.tilewidth)
        segment_height = page.tilelength
    else:
        across = 1
        segment_height = min(page.rowsperstrip, page.imagelength)
    down = -(-page.imagelength // segment_height)
    start = sample * across * down if separate else 0
    indices = [
        start + row * across + column
        for row in range(y // segment_height, (y + height - 1) // segment_height + 1)
        for column in range(across)
    ]
    options = {}
    if page.jpegtables is not None or page.compression in (6, 7, 34892, 33007):
        options = {"jpegtables": page.jpegtables, "jpegheader": page.jpegheader}
    result = np.zeros((height, page.imagewidth), page.dtype)
    segments = page.parent.filehandle.read_segments(
        [page.dataoffsets[index] for index in indices],
        [page.databytecounts[index] for index in indices],
        indices=indices,
    )
    with ThreadPoolExecutor(page.maxworkers or 1) as pool:
        for segment, position, shape in pool.map(lambda found: page.decode(*found, **options), segments):
            if segment is None:
                continue
            top, left = position[2], position[3]
            part = segment[0, : shape[1], : shape[2], 0 if separate else sample]
            first, last = max(top, y), min(top + shape[1], y + height)
            width = min(shape[2], page.imagewidth - left)
            if first < last and width > 0:
                result[first - y : last - y, left : left + width] = part[first - top : last - top, :width]
    return result


def _as_shown(page: Any, rows: Array, sample: int) -> Array:
    """Indexed colours as colours, white-is-zero samples with white as the largest value."""
    if is_indexed(page):
        colors = np.asarray(page.colormap)[sample]
        # The standard asks for 16-bit colours; some writers give 8-bit ones.
        shift = 8 if page.colormap.max() > 255 else 0
        shown: Array = (colors >> shift).astype(np.uint8)[rows]
        return shown
    if rows.dtype == np.float16:
        return rows.astype(np.float32)
    if page.photometric == tifffile.PHOTOMETRIC.MINISWHITE:
        if rows.dtype == np.bool_:
            return ~rows
        if rows.dtype.kind == "u":
            largest = rows.dtype.type((1 << page.bitspersample) - 1)
            inverted: Array = largest - rows
            return inverted
    return rows
