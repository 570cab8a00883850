"""Images of TIFF files without OME-XML: plain and ImageJ TIFF, as tifffile groups their pages into series."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import numpy as np
import tifffile

from ...pixels.buffer import Array
from ..metadata import RGBA, ChannelMetadata, ImageMetadata, Quantity
from ..units import quantity
from .reader import UnreadableFile
from .tiff_pages import PageRows, is_indexed, page_type, pixel_type, samples_of

_PRINT_RESOLUTION = 25.0
"""Micrometres. Inches per pixel above this are about printing (1016 dpi and less) and say nothing of the specimen."""


class SeriesPlanes:
    """Where the planes of one series are. Axes other than Z and C count as time, one after the other."""

    def __init__(self, series: Any, rows: PageRows) -> None:
        self._series = series
        self._rows = rows
        keyframe = series.keyframe
        self.page = keyframe
        if keyframe.imagedepth > 1 or series.axes[-len(keyframe.axes) :] != keyframe.axes:
            raise UnreadableFile(f"planes in the order {series.axes} are not supported")
        leading = len(series.axes) - len(keyframe.axes)
        self._axes = series.axes[:leading]
        self._sizes = tuple(int(size) for size in series.shape[:leading])
        self.samples = samples_of(keyframe)
        self.size_z = self._size("Z")
        self.size_c = self._size("C") * self.samples
        self.size_t = int(np.prod([s for a, s in zip(self._axes, self._sizes, strict=True) if a not in "ZC"]))
        self._contiguous = self._map()

    def _size(self, axis: str) -> int:
        return self._sizes[self._axes.index(axis)] if axis in self._axes else 1

    def _map(self) -> Array | None:
        """The samples in the file, when they lie there one after the other and need no conversion."""
        series, page = self._series, self.page
        if series.dataoffset is None or is_indexed(page) or not page.is_memmappable:
            return None
        if page.photometric == tifffile.PHOTOMETRIC.MINISWHITE or page.dtype == np.float16:
            return None
        dtype = np.dtype(series.dtype).newbyteorder(page.parent.byteorder)
        mapped: Array = page.parent.filehandle.memmap_array(dtype, series.shape, series.dataoffset)
        return mapped

    def read_rows(self, z: int, c: int, t: int, y: int, height: int) -> Array:
        """Rows of one plane."""
        others = [size for axis, size in zip(self._axes, self._sizes, strict=True) if axis not in "ZC"]
        at = iter(np.unravel_index(t, others) if others else ())
        channel, sample = divmod(c, self.samples)
        index = tuple(z if axis == "Z" else channel if axis == "C" else int(next(at)) for axis in self._axes)
        if self._contiguous is not None:
            plane: Array = self._contiguous[index]
            if plane.ndim == 2:
                return plane[y : y + height]
            if self.page.axes.startswith("S"):
                return plane[sample, y : y + height]
            return plane[y : y + height, :, sample]
        number = int(np.ravel_multi_index(index, self._sizes)) if index else 0
        pages = self._series.pages
        if number >= len(pages):
            raise UnreadableFile(f"page {number + 1} of the series is missing")
        page = pages[number]
        if page is None:
            return np.zeros((height, self.page.imagewidth), page_type(self.page))
        return self._rows.read(page.aspage() if page.is_frame else page, sample, y, height)


def series_metadata(tiff: Any, series: Any, planes: SeriesPlanes, *, named: bool) -> ImageMetadata:
    """Facts of a series; `named` when the file has several."""
    page = planes.page
    dtype = page_type(page)
    imagej = tiff.imagej_metadata if tiff.is_imagej else None
    size_x, size_y = _pixel_size(page, imagej)
    bits = page.bitspersample if isinstance(page.bitspersample, int) else max(page.bitspersample)
    return ImageMetadata(
        name=series.name if named else None,
        pixel_type=pixel_type(dtype),
        size_x=page.imagewidth,
        size_y=page.imagelength,
        size_z=planes.size_z,
        size_c=planes.size_c,
        size_t=planes.size_t,
        channels=_channels(planes, imagej),
        description=_description(page, imagej),
        acquired=_acquired(page),
        significant_bits=bits if dtype.kind in "ui" and bits < dtype.itemsize * 8 else None,
        physical_size_x=size_x,
        physical_size_y=size_y,
        physical_size_z=_imagej_quantity(imagej, "spacing", "Length", "unit"),
        time_increment=_time_increment(imagej),
        is_graphics=imagej is None and planes.samples in (3, 4),
    )


def _channels(planes: SeriesPlanes, imagej: dict[str, Any] | None) -> tuple[ChannelMetadata, ...]:
    colors: list[RGBA | None] = [None] * planes.size_c
    if imagej is not None and imagej.get("mode") in ("composite", "color") and planes.samples == 1:
        tables = imagej.get("LUTs") or []
        for index, table in enumerate(tables[: planes.size_c]):
            red, green, blue = (int(value) for value in np.asarray(table)[:, -1])
            colors[index] = (red, green, blue, 255)
    return tuple(ChannelMetadata(color=color, samples_per_pixel=planes.samples) for color in colors)


def _description(page: Any, imagej: dict[str, Any] | None) -> str | None:
    if imagej is not None:
        info = imagej.get("Info")
        return str(info).strip() or None if info else None
    text = (page.description or "").strip("\0 \r\n\t")
    return None if text.startswith("{") or not text else text


def _acquired(page: Any) -> int | None:
    tag = page.tags.get("DateTime")
    if tag is None:
        return None
    try:
        found = datetime.strptime(str(tag.value).strip("\0 "), "%Y:%m:%d %H:%M:%S")
    except ValueError:
        return None
    return round(found.replace(tzinfo=timezone.utc).timestamp() * 1000)


def _pixel_size(page: Any, imagej: dict[str, Any] | None) -> tuple[Quantity | None, Quantity | None]:
    """Physical size of a pixel in x and y."""
    sizes: list[Quantity | None] = []
    for name in ("XResolution", "YResolution"):
        tag = page.tags.get(name)
        size = None
        if tag is not None:
            pixels, length = tag.value if isinstance(tag.value, tuple) else (tag.value, 1)
            if pixels and length:
                size = _in_units(page, imagej, length / pixels)
        sizes.append(size)
    return sizes[0], sizes[1]


def _in_units(page: Any, imagej: dict[str, Any] | None, length: float) -> Quantity | None:
    if imagej is not None:
        return quantity("Length", length, str(imagej.get("unit", "")))
    if page.resolutionunit == tifffile.RESUNIT.CENTIMETER:
        return length * 10_000, "MICROMETER"
    if page.resolutionunit == tifffile.RESUNIT.INCH and length * 25_400 < _PRINT_RESOLUTION:
        return length * 25_400, "MICROMETER"
    return None


def _imagej_quantity(imagej: dict[str, Any] | None, key: str, kind: str, unit_key: str) -> Quantity | None:
    if imagej is None or not isinstance(imagej.get(key), (int, float)) or imagej[key] <= 0:
        return None
    return quantity(kind, float(imagej[key]), str(imagej.get(unit_key, "")))


def _time_increment(imagej: dict[str, Any] | None) -> Quantity | None:
    if imagej is None or not isinstance(imagej.get("finterval"), (int, float)) or imagej["finterval"] <= 0:
        return None
    return quantity("Time", float(imagej["finterval"]), str(imagej.get("tunit") or "s"))
