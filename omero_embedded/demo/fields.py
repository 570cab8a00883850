"""Smooth random fields and soft shapes from which the demonstration images are made."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

Field = np.ndarray[Any, np.dtype[np.float32]]


def smooth(random: np.random.Generator, height: int, width: int, scale: float, stretch: float = 1.0) -> Field:
    """Random field (y, x) with mean 0 and deviation 1 whose blobs are about `scale` pixels high, `stretch` times as wide.

    Opposite edges fit together, so that copies can be laid side by side.
    """
    noise = random.standard_normal((height, width), dtype=np.float32)
    fy = np.fft.fftfreq(height).astype(np.float32)[:, np.newaxis] * scale
    fx = np.fft.rfftfreq(width).astype(np.float32)[np.newaxis] * scale * stretch
    spectrum = np.fft.rfft2(noise) * np.exp(-8 * (fy**2 + fx**2))
    field = np.fft.irfft2(spectrum, s=(height, width)).astype(np.float32)
    field -= field.mean()
    field /= max(float(field.std()), 1e-9)
    return field


def enlarge(field: Field, factor: int, rows: tuple[int, int], columns: tuple[int, int]) -> Field:
    """Part of a field enlarged `factor` times, by linear interpolation; rows and columns are (start, end)."""
    down, top, bottom = _weights(len(field), factor, *rows)
    across, left, right = _weights(field.shape[1], factor, *columns)
    return np.asarray(down @ field[top:bottom, left:right] @ across.T, dtype=np.float32)


def _weights(size: int, factor: int, start: int, end: int) -> tuple[Field, int, int]:
    """Share (position, source) of each source sample in each sample of the result; first source sample and end."""
    at = np.clip((np.arange(start, end) + 0.5) / factor - 0.5, 0, size - 1)
    first, last = int(at[0]), min(size, int(at[-1]) + 2)
    weights = np.maximum(0, 1 - np.abs(at[:, np.newaxis] - np.arange(first, last)))
    return np.asarray(weights, dtype=np.float32), first, last


def soft_step(distance: Field, width: float) -> Field:
    """From 1 where `distance` is well below 0 to 0 well above it, over about `width` pixels."""
    scaled = np.clip(distance / np.float32(width), -8, 8)
    return np.asarray(1 / (1 + np.exp(2 * scaled)), dtype=np.float32)


def ellipse_distance(
    ys: Field, xs: Field, y: float, x: float, radii: tuple[float, float], angle: float
) -> Field:
    """Distance to the outline of an ellipse in pixels, roughly; negative inside. radii: along and across `angle`."""
    cos, sin = np.cos(angle), np.sin(angle)
    along = ((xs - x) * cos + (ys - y) * sin) / radii[0]
    across = ((ys - y) * cos - (xs - x) * sin) / radii[1]
    return np.asarray((np.hypot(along, across) - 1) * min(radii), dtype=np.float32)


def spread(
    random: np.random.Generator, count: int, height: float, width: float, distance: float
) -> list[tuple[float, float]]:
    """Up to `count` points (y, x), no two nearer than `distance`."""
    points: list[tuple[float, float]] = []
    # Points by the square of side `distance` that they lie in: only neighbouring squares can hold one that is too near.
    squares: dict[tuple[int, int], list[tuple[float, float]]] = {}
    for y, x in random.uniform((0, 0), (height, width), (count * 30, 2)).tolist():
        row, column = int(y // distance), int(x // distance)
        near = [
            point
            for other in itertools.product((row - 1, row, row + 1), (column - 1, column, column + 1))
            for point in squares.get(other, ())
        ]
        if all((y - py) ** 2 + (x - px) ** 2 >= distance**2 for py, px in near):
            points.append((y, x))
            squares.setdefault((row, column), []).append((y, x))
            if len(points) == count:
                break
    return points


def photograph(random: np.random.Generator, light: Field, offset: float, read_noise: float) -> Field:
    """What a camera makes of `light` (photons): shot noise, read noise, offset."""
    noise = random.standard_normal(light.shape, dtype=np.float32)
    return np.asarray(light + noise * np.sqrt(light + np.float32(read_noise**2)) + offset, dtype=np.float32)


def to_uint16(values: Field) -> np.ndarray[Any, np.dtype[np.uint16]]:
    """Rounded and clipped to the range of 16-bit cameras."""
    return np.asarray(np.clip(values + np.float32(0.5), 0, 65535), dtype=np.uint16)
