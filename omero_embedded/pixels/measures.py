"""What is measured over all samples of an image: extremes of channels, and the digest of its planes.

Source: contract/rendering.md, section 1.3; contract/model.md, section 8.
"""

from __future__ import annotations

import hashlib

import numpy as np

from .buffer import Array, PixelBuffer

_STRIP_SAMPLES = 1 << 24


class Extremes:
    """Smallest and largest finite sample seen so far; None before the first one."""

    def __init__(self) -> None:
        self.minimum: float | None = None
        self.maximum: float | None = None

    def add(self, samples: Array) -> None:
        """Take more samples into account; NaN and infinities do not count."""
        if samples.size == 0:
            return
        low, high = samples.min(), samples.max()
        if samples.dtype.kind == "f" and not (np.isfinite(low) and np.isfinite(high)):
            finite = samples[np.isfinite(samples)]
            if finite.size == 0:
                return
            low, high = finite.min(), finite.max()
        self.minimum = float(low) if self.minimum is None else min(self.minimum, float(low))
        self.maximum = float(high) if self.maximum is None else max(self.maximum, float(high))


def big_endian_bytes(samples: Array) -> memoryview:
    """The samples as natively stored planes hold them: big-endian, rows from top to bottom."""
    return np.ascontiguousarray(samples, dtype=samples.dtype.newbyteorder(">")).data.cast("B")


def digest(buffer: PixelBuffer) -> str:
    """SHA-1 (hexadecimal) over all full-size planes, big-endian; z runs fastest, then c, then t."""
    sha1 = hashlib.sha1(usedforsecurity=False)
    height = max(1, _STRIP_SAMPLES // buffer.size_x)
    for t in range(buffer.size_t):
        for c in range(buffer.size_c):
            for z in range(buffer.size_z):
                for y in range(0, buffer.size_y, height):
                    rows = min(height, buffer.size_y - y)
                    sha1.update(big_endian_bytes(buffer.read_tile(0, z, c, t, 0, y, buffer.size_x, rows)))
    return sha1.hexdigest()
