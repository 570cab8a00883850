"""Projections along z. Source: contract/rendering.md, section 5.4."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

import numpy as np

from omero_rendering.errors import RenderingError
from omero_rendering.pixel_types import Array, PixelType, pixel_type
from omero_rendering.settings import Window

_INT32_MIN, _INT32_MAX = -(2.0**31), 2.0**31 - 1
# What statistics start from; comparisons are strict, so they stay when no value is below or above.
_STATISTICS_START = (np.finfo(np.float64).max, np.nextafter(0.0, 1.0))


class Projection(str, Enum):
    """How sections become one; the integers are those of the service interface."""

    MAX = "max"
    MEAN = "mean"
    SUM = "sum"

    @classmethod
    def from_code(cls, code: int) -> Projection:
        """0 maximum, 1 mean, 2 sum. Raises RenderingError for other codes."""
        codes = (cls.MAX, cls.MEAN, cls.SUM)
        if not 0 <= code < len(codes):
            raise RenderingError(f"Unknown projection algorithm: {code}")
        return codes[code]


@dataclass(frozen=True, slots=True)
class Projected:
    """A projected plane of the image's own type, and the extremes of its values before conversion to that type."""

    plane: Array
    statistics: Window


def projected_sections(
    algorithm: Projection, size_z: int, start: int | None = None, end: int | None = None, stepping: int = 1
) -> range:
    """The sections that take part: mean and sum leave out the last one that was asked for.

    start and end are cut to the stack. Raises RenderingError when the stepping is not positive or start > end.
    """
    if stepping <= 0:
        raise RenderingError(f"stepping must be at least 1, not {stepping}")
    first = 0 if start is None else max(0, start)
    last = size_z - 1 if end is None else min(end, size_z - 1)
    if not 0 <= first <= last:
        raise RenderingError(f"projection from section {first} to {last} is not inside 0..{size_z - 1}")
    return range(first, last + 1 if algorithm is Projection.MAX else last, stepping)


def project(
    sections: Iterable[Array], shape: tuple[int, int], type_: PixelType, algorithm: Projection
) -> Projected:
    """Project sections, each (y, x) = shape, read one after another. No section at all is possible (mean and sum)."""
    count = 0
    values = np.zeros(shape, np.float64)
    for section in sections:
        count += 1
        if algorithm is Projection.MAX:
            np.fmax(values, section, out=values)
        else:
            values += section
    if algorithm is Projection.MEAN:
        with np.errstate(invalid="ignore"):
            values /= count
    np.minimum(values, pixel_type(type_.name).maximum, out=values)
    lowest, highest = _STATISTICS_START
    statistics = Window(
        float(np.fmin.reduce(values, axis=None, initial=lowest)),
        float(np.fmax.reduce(values, axis=None, initial=highest)),
    )
    return Projected(_convert(values, type_), statistics)


def _convert(values: Array, type_: PixelType) -> Array:
    if type_.is_float:
        return values.astype(type_.dtype)
    whole = np.clip(np.trunc(np.nan_to_num(values, nan=0.0)), _INT32_MIN, _INT32_MAX)
    converted: Array = whole.astype(np.int64).astype(type_.dtype)
    return converted
