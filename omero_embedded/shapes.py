"""Which pixels lie in a shape: rectangles, ellipses, polygons and masks (contract/server.md, section 2.19).

A pixel belongs to a shape when its centre does: pixel (0, 0) covers 0..1, so its centre is (0.5, 0.5).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
IDENTITY = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


class Outline(Protocol):
    """The inside of a shape in its own coordinates."""

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """(left, top, right, bottom)."""
        ...

    def contains(self, x: Array, y: Array) -> Array:
        """True for points inside; x, y: float64 of one shape."""
        ...


@dataclass(frozen=True)
class Box:
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        return self.x, self.y, self.x + self.width, self.y + self.height

    def contains(self, x: Array, y: Array) -> Array:
        inside: Array = (x >= self.x) & (x < self.x + self.width) & (y >= self.y) & (y < self.y + self.height)
        return inside


@dataclass(frozen=True)
class Oval:
    """An ellipse around (x, y)."""

    x: float
    y: float
    radius_x: float
    radius_y: float

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        return self.x - self.radius_x, self.y - self.radius_y, self.x + self.radius_x, self.y + self.radius_y

    def contains(self, x: Array, y: Array) -> Array:
        inside: Array = ((x - self.x) / self.radius_x) ** 2 + ((y - self.y) / self.radius_y) ** 2 <= 1
        return inside


@dataclass(frozen=True)
class Outlined:
    """A polygon with corners (n, 2), closed by itself; inside is what an odd number of edges separates from outside."""

    corners: Array

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        (left, top), (right, bottom) = self.corners.min(axis=0), self.corners.max(axis=0)
        return float(left), float(top), float(right), float(bottom)

    def contains(self, x: Array, y: Array) -> Array:
        inside = np.zeros(np.broadcast(x, y).shape, bool)
        for (x0, y0), (x1, y1) in zip(self.corners, np.roll(self.corners, -1, axis=0), strict=True):
            if y0 != y1:
                crosses = (y0 > y) != (y1 > y)
                inside ^= crosses & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
        return inside


@dataclass(frozen=True)
class Stencil:
    """A mask: `cells` (height, width) of bool, with its corner at (x, y)."""

    x: float
    y: float
    cells: Array

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        height, width = self.cells.shape
        return self.x, self.y, self.x + width, self.y + height

    def contains(self, x: Array, y: Array) -> Array:
        x, y = np.broadcast_arrays(x, y)
        columns, rows = np.floor(x - self.x).astype(np.int64), np.floor(y - self.y).astype(np.int64)
        height, width = self.cells.shape
        known = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
        found: Array = known & self.cells[np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)]
        return found


def outline(shape: Any) -> Outline | None:
    """The inside of a loaded Ice shape; None for shapes without area. Raises ValueError when its numbers are bad."""
    kind = type(shape).__name__.removesuffix("I")
    if kind == "Rectangle":
        box = Box(*_numbers(shape, "x", "y", "width", "height"))
        return box if box.width > 0 and box.height > 0 else None
    if kind == "Ellipse":
        oval = Oval(*_numbers(shape, "x", "y", "radiusX", "radiusY"))
        return oval if oval.radius_x > 0 and oval.radius_y > 0 else None
    if kind == "Polygon":
        return _polygon("" if shape.points is None else shape.points.val)
    if kind == "Mask":
        return _mask(shape)
    return None


def _numbers(shape: Any, *names: str) -> list[float]:
    values = [getattr(shape, name) for name in names]
    if any(value is None or not math.isfinite(value.val) for value in values):
        raise ValueError(f"Shape:{shape.id.val} lacks one of {', '.join(names)}")
    return [float(value.val) for value in values]


def _polygon(points: str) -> Outlined | None:
    # Some clients wrap the list: points[1,2 3,4] points1[...].
    listed = re.search(r"points\[([^\]]*)\]", points)
    numbers = [float(text) for text in _NUMBER.findall(listed.group(1) if listed else points)]
    if len(numbers) < 6 or len(numbers) % 2:
        return None
    return Outlined(np.array(numbers).reshape(-1, 2))


def _mask(shape: Any) -> Stencil | None:
    x, y, wide, high = _numbers(shape, "x", "y", "width", "height")
    width, height = round(wide), round(high)
    if width <= 0 or height <= 0:
        return None
    packed = np.frombuffer(bytes(shape.bytes or b""), np.uint8)
    if packed.size * 8 < width * height:
        raise ValueError(f"Shape:{shape.id.val} has {packed.size} bytes for {width} x {height} bits")
    bits = np.unpackbits(packed, count=width * height)
    return Stencil(x, y, bits.reshape(height, width).astype(bool))


@dataclass(frozen=True)
class Raster:
    """The pixels of a shape within an image of `width` by `height`; matrix: a00, a10, a01, a11, a02, a12."""

    outline: Outline
    matrix: tuple[float, ...]
    width: int
    height: int

    @property
    def region(self) -> tuple[int, int, int, int]:
        """(x, y, width, height) of the part of the image that the shape can touch; width or height 0 outside."""
        a00, a10, a01, a11, a02, a12 = self.matrix
        left, top, right, bottom = self.outline.bounds
        corners = [(x, y) for x in (left, right) for y in (top, bottom)]
        xs = [a00 * x + a01 * y + a02 for x, y in corners]
        ys = [a10 * x + a11 * y + a12 for x, y in corners]
        x0, y0 = (math.floor(min(max(min(values), 0.0), limit)) for values, limit in self._axes(xs, ys))
        x1, y1 = (math.ceil(max(min(max(values), limit), 0.0)) for values, limit in self._axes(xs, ys))
        return x0, y0, max(0, x1 - x0), max(0, y1 - y0)

    def _axes(self, xs: list[float], ys: list[float]) -> tuple[tuple[list[float], int], ...]:
        return (xs, self.width), (ys, self.height)

    def inside(self, x: int, y: int, width: int, height: int) -> Array:
        """(height, width) bool: pixels of a rectangle that lie in the shape. Raises ValueError for a flat transform."""
        a00, a10, a01, a11, a02, a12 = self.matrix
        determinant = a00 * a11 - a01 * a10
        if not math.isfinite(determinant) or determinant == 0:
            raise ValueError("the transform of a shape leaves no area")
        px = (np.arange(x, x + width) + 0.5 - a02)[np.newaxis, :]
        py = (np.arange(y, y + height) + 0.5 - a12)[:, np.newaxis]
        return self.outline.contains((a11 * px - a01 * py) / determinant, (a00 * py - a10 * px) / determinant)
