"""Regions, tiles, slices and resolution levels. Source: contract/rendering.md, sections 5.1 to 5.3."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from omero_rendering.errors import EmptyRegionError, RenderingError
from omero_rendering.pixel_types import Array, PixelType

MAX_TILE_LENGTH = 1024
MAX_PLANE_SIDE = 3192

Slice = Literal["XY", "XZ", "ZY"]
_TILE = re.compile(
    r"\s*(-?\d{1,9})\s*,\s*(-?\d{1,9})\s*,\s*(-?\d{1,9})\s*(?:,\s*(-?\d{1,9})\s*,\s*(-?\d{1,9})\s*)?\Z"
)


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle of samples, in pixels of one resolution level."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile request: `level` counts from 0 = smallest; None for an image with a single level."""

    level: int | None
    region: Region


def clip_region(region: Region, size_x: int, size_y: int) -> Region:
    """The part of a region that can be rendered.

    A negative origin moves to 0 without shrinking the region; then width and height are cut at the right and bottom
    edges. Raises EmptyRegionError when nothing is left.
    """
    x, y = max(0, region.x), max(0, region.y)
    clipped = Region(x, y, min(region.width, size_x - x), min(region.height, size_y - y))
    if clipped.width <= 0 or clipped.height <= 0:
        raise EmptyRegionError(
            f"region {region.x},{region.y},{region.width},{region.height} lies outside the plane of {size_x} x {size_y}"
        )
    return clipped


def parse_tile(
    text: str,
    level_sizes: Sequence[tuple[int, int]],
    tile_size: tuple[int, int],
    max_tile_length: int = MAX_TILE_LENGTH,
) -> Tile:
    """The region that a web client's `tile=v,tx,ty[,w,h]` names.

    level_sizes: (width, height) of every level, full size first, as `v` counts. tile_size: the reader's (w, h), used
    without w,h and in place of values <= 0; longer sides than `max_tile_length` are cut to it.
    Raises RenderingError for malformed text and unknown levels, EmptyRegionError for a tile outside the level.
    """
    match = _TILE.match(text)
    if match is None:
        raise RenderingError(f"tile must have the form level,x,y[,width,height], not {text!r}")
    v, tile_x, tile_y = (int(match[group]) for group in (1, 2, 3))
    if not 0 <= v < len(level_sizes):
        raise RenderingError(f"tile level must lie in 0..{len(level_sizes) - 1}, not {v}")
    asked = (0, 0) if match[4] is None else (int(match[4]), int(match[5]))
    width, height = (
        min(side if side > 0 else usual, max_tile_length)
        for side, usual in zip(asked, tile_size, strict=True)
    )
    region = clip_region(Region(tile_x * width, tile_y * height, width, height), *level_sizes[v])
    return Tile(len(level_sizes) - 1 - v if len(level_sizes) > 1 else None, region)


def slice_plane(stack: Array, slice_: Slice, position: int) -> Array:
    """A plane of a stack of one channel and time point.

    stack: (z, y, x). XY at z: (y, x); XZ at y: (z, x); ZY at x: (y, z). Raises RenderingError outside the stack.
    """
    axis = {"XY": 0, "XZ": 1, "ZY": 2}[slice_]
    if not 0 <= position < stack.shape[axis]:
        raise RenderingError(f"{slice_} position must lie in 0..{stack.shape[axis] - 1}, not {position}")
    plane: Array = stack.take(position, axis) if slice_ != "XY" else stack[position]
    return plane.T if slice_ == "ZY" else plane


def subsample(plane: Array, stride: int) -> Array:
    """Every (stride + 1)-th sample in both directions, starting at 0; output size floor(size / (stride + 1))."""
    if stride < 0:
        raise RenderingError(f"stride must be at least 0, not {stride}")
    step = stride + 1
    height, width = plane.shape[0] // step, plane.shape[1] // step
    return plane[: height * step : step, : width * step : step]


def default_tile_size(size_x: int, size_y: int, type_: PixelType) -> tuple[int, int]:
    """Tile (width, height) of an image whose file has no tiles: whole rows of about one mebibyte."""
    return size_x, max(1, min(size_y, 1048576 // (size_x * type_.bytes_per_sample)))


def is_big(
    size_x: int,
    size_y: int,
    type_: PixelType,
    max_plane_width: int = MAX_PLANE_SIDE,
    max_plane_height: int = MAX_PLANE_SIDE,
    max_plane_float_override: bool = True,
) -> bool:
    """Whether an image needs a pyramid before it can be rendered; floating-point images never do by default."""
    if type_.is_float and max_plane_float_override:
        return False
    return size_x * size_y > max_plane_width * max_plane_height
