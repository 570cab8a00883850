"""Statistics of the samples in a shape, one strip of rows after the other (contract/server.md, section 2.19)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .pixels.buffer import Array, PixelBuffer
from .shapes import Raster

_STRIP_SAMPLES = 1 << 22


@dataclass
class Moments:
    """Count, extremes, mean and squared deviations of samples, gathered in parts."""

    count: int = 0
    minimum: float = math.inf
    maximum: float = -math.inf
    mean: float = 0.0
    squares: float = 0.0

    def add(self, samples: Array) -> None:
        """Take samples (n,) in."""
        if not samples.size:
            return
        values = samples.astype(np.float64)
        self.minimum = min(self.minimum, float(values.min()))
        self.maximum = max(self.maximum, float(values.max()))
        mean = float(values.mean())
        squares = float(np.square(values - mean).sum())
        total, shift = self.count + values.size, mean - self.mean
        self.squares += squares + shift * shift * self.count * values.size / total
        self.mean += shift * values.size / total
        self.count = total

    @property
    def total(self) -> float:
        """Sum of all samples."""
        return self.mean * self.count

    @property
    def deviation(self) -> float:
        """Standard deviation of a sample; 0 for less than two."""
        return math.sqrt(self.squares / (self.count - 1)) if self.count > 1 else 0.0


def measure(buffer: PixelBuffer, raster: Raster, z: int, t: int, channels: Sequence[int]) -> list[Moments]:
    """Statistics of the pixels of a shape on one section and time point, per channel."""
    found = [Moments() for _ in channels]
    x, top, width, height = raster.region
    if not width or not height:
        return found
    rows = max(1, _STRIP_SAMPLES // width)
    for y in range(top, top + height, rows):
        strip = min(rows, top + height - y)
        inside = raster.inside(x, y, width, strip)
        for moments, c in zip(found, channels, strict=True):
            moments.add(buffer.read_tile(0, z, c, t, x, y, width, strip)[inside])
    return found
