"""Histograms of one plane. Source: contract/rendering.md, section 5.6."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from omero_rendering.pixel_types import Array
from omero_rendering.settings import Window

DEFAULT_BINS = 256
MAX_SIDE = 3192
"""Histograms are counted on the largest resolution level with no side longer than this."""


@dataclass(frozen=True, slots=True)
class Histogram:
    """`counts` (bins,) int64 over the closed interval minimum..maximum."""

    minimum: float
    maximum: float
    counts: Array


def histogram(plane: Array, bins: int = DEFAULT_BINS, statistics: Window | None = None) -> Histogram:
    """Count the samples of a plane, any shape, in equal bins.

    The range is the channel's statistics, unless they are missing or end at exactly 1.0: then the plane's own. Values
    outside are not counted. bins <= 0 means 256.
    """
    bins = bins if bins > 0 else DEFAULT_BINS
    values = plane.reshape(-1).astype(np.float64)
    if statistics is None or statistics.end == 1.0:
        low, high = (
            (float(np.fmin.reduce(values)), float(np.fmax.reduce(values))) if values.size else (0.0, 0.0)
        )
    else:
        low, high = statistics.start, statistics.end
    values = values[(values >= low) & (values <= high)]
    width = (high - low) / bins
    if width > 0:
        index = np.minimum(((values - low) / width).astype(np.int64), bins - 1)
    else:
        index = np.zeros(values.shape, np.int64)
    return Histogram(low, high, np.bincount(index, minlength=bins))
