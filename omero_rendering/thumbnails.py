"""Thumbnails: their sizes, the level they are made from, and their resampling.

Everything runs in single precision in a fixed order, since sizes and pixels are compared with existing ones.
Source: contract/rendering.md, section 5.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from omero_rendering.errors import RenderingError
from omero_rendering.pixel_types import Array

WEB_SIDE = 96
DEFAULT_SIDE = 48
_LOBES = np.float32(3)
_SMALLEST = 3
_BLOCK = 1024
"""Values of a line that are worked on together, so that the lines of one output sample stay in the cache."""


def stored_size(size_x: int, size_y: int, longest_side: int) -> tuple[int, int]:
    """(width, height) that the record of a thumbnail by longest side states.

    The shorter side of a very long image may be 0; the picture itself is never below 3 pixels.
    Raises RenderingError when the longest side is not positive.
    """
    if longest_side <= 0:
        raise RenderingError(f"thumbnail side must be at least 1, not {longest_side}")
    side = np.float32(longest_side)
    if size_x > size_y:
        return longest_side, int(np.float32(size_y) * (side / np.float32(size_x)))
    return int(np.float32(size_x) * (side / np.float32(size_y))), longest_side


def rendered_size(source: tuple[int, int], stored: tuple[int, int]) -> tuple[int, int]:
    """(width, height) of the picture: often one pixel smaller than stored, by truncation in single precision."""
    width, height = (
        max(_SMALLEST, int(np.float32(side) * (np.float32(wanted) / np.float32(side))))
        for side, wanted in zip(source, stored, strict=True)
    )
    return width, height


def thumbnail_level(level_sizes: Sequence[tuple[int, int]], stored: tuple[int, int]) -> int:
    """Which level a thumbnail is made from, as an index into `level_sizes` (full size first)."""
    for index, (width, height) in enumerate(level_sizes):
        if width <= stored[0] or height <= stored[1]:
            return index
    return len(level_sizes) - 1


def scale_picture(picture: Array, width: int, height: int) -> Array:
    """Resample a picture as thumbnails are: (y, x, 3) uint8 to (height, width, 3) uint8.

    Sources with a side below 3 pixels are drawn with nearest neighbours.
    """
    source_height, source_width = picture.shape[:2]
    if min(source_height, source_width) < _SMALLEST:
        rows = np.arange(height) * source_height // height
        columns = np.arange(width) * source_width // width
        return np.ascontiguousarray(picture[rows][:, columns])
    horizontal = _scale_first_axis(picture.transpose(1, 0, 2), width)
    return _scale_first_axis(horizontal.transpose(1, 0, 2), height)


def _scale_first_axis(picture: Array, length: int) -> Array:
    """(n, m, 3) uint8 to (length, m, 3) uint8, taps accumulated in order."""
    taps = _taps(picture.shape[0], length)
    most = max(len(weights) for _, weights in taps)
    lines = np.ascontiguousarray(picture).reshape(picture.shape[0], -1)
    result = np.empty((length, lines.shape[1]), np.uint8)
    for left in range(0, lines.shape[1], _BLOCK):
        block = lines[:, left : left + _BLOCK].astype(np.float32)
        total = np.empty((length, block.shape[1]), np.float32)
        products = np.empty((most, block.shape[1]), np.float32)
        for index, (sources, weights) in enumerate(taps):
            product = products[: len(weights)]
            np.multiply(block[sources], weights, out=product)
            # Over the first axis numpy adds one line after the other, which is the order that is wanted.
            np.add.reduce(product, axis=0, out=total[index])
        total += np.float32(0.5)
        np.clip(total, 0, 255, out=total)
        result[:, left : left + _BLOCK] = total.astype(np.uint8)
    return result.reshape(length, *picture.shape[1:])


@lru_cache(maxsize=64)
def _taps(n: int, m: int) -> tuple[tuple[slice | Array, Array], ...]:
    """For every one of m output samples: its source samples, in order, and their weights (taps, 1) float32."""
    one_half = np.float32(0.5)
    scale = np.float32(m) / np.float32(n)
    centres = np.arange(m, dtype=np.float32) / scale + one_half / scale
    if m < n:
        width = _LOBES / scale
        norm = np.float32(1.0 / (np.ceil(width) / _LOBES))
    else:
        width, norm = _LOBES, np.float32(1)
    first = np.floor(centres - width).astype(np.int64)
    last = np.ceil(centres + width).astype(np.int64)
    positions = first[np.newaxis] + np.arange(int((last - first).max()) + 1)[:, np.newaxis]
    weights = _lanczos((centres[np.newaxis] - positions.astype(np.float32)) * norm)
    mirrored = np.where(positions < 0, -positions, positions)
    mirrored = np.where(positions >= n, 2 * n - 1 - positions, mirrored)
    outside = (positions > last[np.newaxis]) | (mirrored < 0) | (mirrored >= n)
    weights = np.where(outside, np.float32(0), weights)
    total = np.zeros(m, np.float32)
    for row in weights:
        total += row
    weights = (weights / total).astype(np.float32)
    return tuple(_used_taps(mirrored[:, index], weights[:, index]) for index in range(m))


def _used_taps(sources: Array, weights: Array) -> tuple[slice | Array, Array]:
    """Without the zero weights; a slice, which numpy reads without copying, wherever nothing is mirrored."""
    used = weights != 0
    sources, weights = sources[used], np.ascontiguousarray(weights[used, np.newaxis])
    if np.all(np.diff(sources) == 1):
        return slice(int(sources[0]), int(sources[-1]) + 1), weights
    return sources, weights


def _lanczos(x: Array) -> Array:
    with np.errstate(all="ignore"):
        angle = (np.float32(np.pi) * x).astype(np.float32)
        value = (_sinc(angle) * _sinc((angle / _LOBES).astype(np.float32))).astype(np.float32)
    value = np.where(np.abs(x) < _LOBES, value, np.float32(0))
    return np.where(x == 0, np.float32(1), value).astype(np.float32)


def _sinc(angle: Array) -> Array:
    return (np.sin(angle.astype(np.float64)).astype(np.float32) / angle).astype(np.float32)
