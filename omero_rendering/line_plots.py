"""Intensity profiles along a row or column. Source: contract/rendering.md, section 5.6."""

from __future__ import annotations

import numpy as np

from omero_rendering.errors import RenderingError
from omero_rendering.pixel_types import Array, PixelType
from omero_rendering.settings import Window

PLOTTED_TYPES = ("int8", "uint8", "int16", "uint16", "float")


def scale_profile(samples: Array, type_: PixelType, limits: Window, length: int) -> Array | None:
    """Heights of a profile: (n,) float64, for a plot `length` pixels high.

    samples: (n,) raw. limits: the channel's window minimum and maximum. Division is by the maximum, not by the
    interval. None when the maximum is 0: such channels are skipped. Raises RenderingError for types without plots.
    """
    if type_.name not in PLOTTED_TYPES:
        raise RenderingError(f"line plots of {type_.name} samples are not supported")
    if limits.end == 0:
        return None
    factor = 1 / limits.end * (length - 1)
    return (samples.astype(np.float64) - limits.start) * factor
