"""A stained tissue section (haematoxylin and eosin): stroma, glands with lumens, nuclei."""

from __future__ import annotations

from typing import Any

import numpy as np

from .fields import Field, ellipse_distance, enlarge, smooth, soft_step, spread

Picture = np.ndarray[Any, np.dtype[np.uint8]]

_HAEMATOXYLIN = np.array([0.65, 0.70, 0.29], np.float32)
_EOSIN = np.array([0.07, 0.99, 0.11], np.float32)
"""Optical densities of red, green and blue light per unit of stain (Ruifrok and Johnston 2001)."""


def stains(random: np.random.Generator, size: int, glands: int, nuclei: int) -> tuple[Field, Field]:
    """Amounts of haematoxylin and eosin (y, x); opposite edges fit together."""
    fibres = smooth(random, size, size, 9, 5)
    eosin = np.asarray(
        0.34 + 0.07 * fibres + 0.05 * smooth(random, size, size, 60) + 0.03 * smooth(random, size, size, 3),
        dtype=np.float32,
    )
    haematoxylin = np.asarray(0.06 + 0.012 * smooth(random, size, size, 14), dtype=np.float32)
    occupied: list[tuple[float, float, float]] = []
    for y, x in spread(random, glands, size, size, size / max(2.0, glands**0.5) * 0.62):
        radius = random.uniform(38, 74)
        occupied.append((y, x, radius))
        _draw_gland(random, haematoxylin, eosin, y, x, radius)
    centres = np.array(occupied)
    for y, x in spread(random, nuclei, size, size, 13):
        if np.any(np.hypot(centres[:, 0] - y, centres[:, 1] - x) < centres[:, 2] * 1.15):
            continue
        radii = (random.uniform(5.5, 9.5), random.uniform(2.6, 4.2))
        _draw_nucleus(random, haematoxylin, y, x, radii, random.normal(0, 0.35))
    return haematoxylin, eosin


def _draw_gland(
    random: np.random.Generator, haematoxylin: Field, eosin: Field, y: float, x: float, radius: float
) -> None:
    """A ring of tall cells around a pale lumen, nuclei at the outer side."""
    size = len(eosin)
    reach = int(radius * 1.6) + 12
    rows, columns, ys, xs = _around(size, y, x, reach)
    angle, flat = random.uniform(0, np.pi), random.uniform(0.66, 1.0)
    bumps = np.float32(random.uniform(2, 5)) * np.sin(
        np.arctan2(ys - np.float32(y), xs - np.float32(x)) * random.integers(3, 6)
    )
    outer = ellipse_distance(ys, xs, y, x, (radius, radius * flat), angle) + bumps
    lumen = soft_step(outer + np.float32(radius * 0.52), 2.0)
    wall = soft_step(outer, 2.0) * (1 - lumen)
    place = np.ix_(rows, columns)
    eosin[place] = eosin[place] * (1 - wall - lumen) + wall * np.float32(0.42) + lumen * np.float32(0.04)
    haematoxylin[place] = haematoxylin[place] * (1 - lumen) + wall * np.float32(0.10)
    count = int(radius * 0.62)
    for index in range(count):
        turn = 2 * np.pi * index / count + random.normal(0, 0.03)
        inside = 0.83 + random.normal(0, 0.025)
        along, across = radius * inside * np.cos(turn), radius * flat * inside * np.sin(turn)
        ny = y + along * np.sin(angle) + across * np.cos(angle)
        nx = x + along * np.cos(angle) - across * np.sin(angle)
        towards = np.arctan2(ny - y, nx - x)
        _draw_nucleus(random, haematoxylin, ny, nx, (random.uniform(5.2, 6.6), 3.3), towards)


def _draw_nucleus(
    random: np.random.Generator,
    haematoxylin: Field,
    y: float,
    x: float,
    radii: tuple[float, float],
    angle: float,
) -> None:
    size = len(haematoxylin)
    rows, columns, ys, xs = _around(size, y, x, int(max(radii)) + 4)
    inner = soft_step(ellipse_distance(ys, xs, y, x, radii, angle), 0.9)
    grain = random.random(inner.shape, dtype=np.float32)
    stain = np.float32(random.uniform(0.62, 1.0)) * (np.float32(0.8) + np.float32(0.35) * grain)
    place = np.ix_(rows, columns)
    haematoxylin[place] += inner * stain


def _around(size: int, y: float, x: float, reach: int) -> tuple[Any, Any, Field, Field]:
    """Indices, wrapped at the edges, and coordinates of a square around a point."""
    ys, xs = np.arange(int(y) - reach, int(y) + reach + 1), np.arange(int(x) - reach, int(x) + reach + 1)
    grid = np.meshgrid(ys.astype(np.float32), xs.astype(np.float32), indexing="ij")
    return ys % size, xs % size, grid[0], grid[1]


def picture(haematoxylin: Field, eosin: Field) -> Picture:
    """Light (y, x, rgb) that passes the stained section."""
    result = np.empty((*eosin.shape, 3), np.uint8)
    for index in range(3):
        density = haematoxylin * (_HAEMATOXYLIN[index] * np.float32(1.45)) + eosin * (
            _EOSIN[index] * np.float32(1.05)
        )
        result[..., index] = np.clip(np.float32(246) * np.exp(-density), 0, 255)
    return result


def section(seed: int, size: int) -> Picture:
    """A field of view of `size` × `size` pixels."""
    random = np.random.default_rng(seed)
    area = (size / 1024) ** 2
    return picture(*stains(random, size, int(26 * area), int(1900 * area)))


def slide(seed: int, size: int) -> Picture:
    """A whole slide of `size` × `size` pixels: pieces of tissue on clear glass."""
    random = np.random.default_rng(seed)
    block = min(2048, size)
    haematoxylin, eosin = stains(random, block, 84, 5600)
    coarse = 16
    low = size // coarse
    axis = np.linspace(-1, 1, low, dtype=np.float32)
    distance = np.hypot(axis[:, np.newaxis] * 1.15, axis * 1.0) - 0.74
    outline = distance + 0.09 * smooth(random, low, low, 46) + 0.02 * smooth(random, low, low, 9)
    fat = smooth(random, low, low, 26)
    tissue = soft_step(outline, 0.006) * soft_step(fat - 1.35, 0.12)
    amounts = tissue * (1 + 0.16 * smooth(random, low, low, 70))
    result = np.full((size, size, 3), 246, np.uint8)
    for y in range(0, size, 512):
        for x in range(0, size, 512):
            amount = enlarge(amounts, coarse, (y, y + 512), (x, x + 512))
            if amount.max() < 0.002:
                continue
            part = np.s_[y % block : y % block + 512, x % block : x % block + 512]
            result[y : y + 512, x : x + 512] = picture(haematoxylin[part] * amount, eosin[part] * amount)
    return result
