"""Resolution levels: how many an image has, how large they are, and how one is made from the next finer one.

Source: contract/rendering.md, sections 5.2 and 5.3.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .buffer import Array

PYRAMID_AREA = 3072 * 3072
"""Planes with more samples than this get coarser levels; below the 3192 × 3192 from which services demand them."""
SMALLEST_LEVEL = 512
"""The coarsest level is the first whose longer side is not longer than this."""

_WIDER = {
    np.dtype(np.int8): np.int16,
    np.dtype(np.uint8): np.uint16,
    np.dtype(np.int16): np.int32,
    np.dtype(np.uint16): np.uint32,
    np.dtype(np.int32): np.int64,
    np.dtype(np.uint32): np.uint64,
}


def level_sizes(width: int, height: int) -> tuple[tuple[int, int], ...]:
    """(width, height) of every level, full size first; each is half the one before, rounded down."""
    sizes = [(width, height)]
    if width * height > PYRAMID_AREA:
        while max(sizes[-1]) > SMALLEST_LEVEL:
            sizes.append((max(1, sizes[-1][0] // 2), max(1, sizes[-1][1] // 2)))
    return tuple(sizes)


def halve(samples: Array) -> Array:
    """Mean of every 2 × 2 samples: (y, x) to (y // 2, x // 2), same type; integers are rounded.

    A trailing odd row or column is left out; a side of length 1 stays.
    """
    height, width = samples.shape
    rows = samples[: height // 2 * 2] if height > 1 else samples.repeat(2, axis=0)
    both = rows[:, : width // 2 * 2] if width > 1 else rows.repeat(2, axis=1)
    wide: Any = _WIDER.get(samples.dtype, samples.dtype)
    upper = np.add(both[0::2, 0::2], both[0::2, 1::2], dtype=wide)
    lower = np.add(both[1::2, 0::2], both[1::2, 1::2], dtype=wide)
    total = np.add(upper, lower, out=upper)
    if samples.dtype.kind in "iu":
        total += wide(2)
        total >>= wide(2)
    else:
        total /= 4
    return total.astype(samples.dtype)


class LevelCascade:
    """Makes all levels of one plane from strips of its rows, given from top to bottom.

    `write(level, y, rows)` is called with strips (height, width) that start at multiples of `strip_height` and have that
    height, the last one apart. At most two strips per level are held at a time.
    """

    def __init__(
        self,
        sizes: tuple[tuple[int, int], ...],
        strip_height: int,
        write: Callable[[int, int, Array], None],
    ) -> None:
        self._sizes = sizes
        self._strip_height = strip_height
        self._write = write
        self._pending: list[list[Array]] = [[] for _ in sizes]
        self._waiting = [0] * len(sizes)
        self._written = [0] * len(sizes)

    def feed(self, rows: Array, level: int = 0) -> None:
        """The next rows of a level (height, width)."""
        height = self._sizes[level][1]
        room = height - self._written[level] - self._waiting[level]
        rows = rows[:room]
        if len(rows):
            self._pending[level].append(rows)
            self._waiting[level] += len(rows)
        while self._waiting[level] >= self._strip_height or (
            self._waiting[level] and self._written[level] + self._waiting[level] == height
        ):
            self._emit(level)

    def _emit(self, level: int) -> None:
        pending = self._pending[level]
        joined = pending[0] if len(pending) == 1 else np.concatenate(pending)
        strip, rest = joined[: self._strip_height], joined[self._strip_height :]
        self._pending[level] = [rest] if len(rest) else []
        self._waiting[level] = len(rest)
        self._write(level, self._written[level], strip)
        self._written[level] += len(strip)
        if level + 1 < len(self._sizes):
            # A strip height that is even keeps pairs of rows together; only a last single row can be left over.
            self.feed(halve(strip), level + 1)
