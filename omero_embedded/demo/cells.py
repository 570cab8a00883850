"""A living cell culture in three channels: nuclei, actin filaments and vesicles, as a z-stack over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .fields import Field, ellipse_distance, photograph, smooth, soft_step, spread, to_uint16

CHANNELS = ("DAPI", "Phalloidin-AF568", "GFP-LAMP1")
_REACH = 92
"""Half the side of the square that a cell is drawn in, in pixels."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell. Positions in pixels, z in sections; velocity in pixels per time point."""

    y: float
    x: float
    z: float
    angle: float
    nucleus: tuple[float, float]
    body: tuple[float, float]
    velocity: tuple[float, float]
    brightness: float
    vesicles: Any
    phase: float

    def at(self, t: int) -> tuple[float, float]:
        """Position (y, x) of the nucleus at a time point."""
        return self.y + self.velocity[0] * t, self.x + self.velocity[1] * t


class Culture:
    """A field of cells that drift; `stack` gives the planes of one time point."""

    def __init__(self, seed: int, size: int, sections: int, count: int) -> None:
        self.size = size
        self.sections = sections
        self._random = np.random.default_rng(seed)
        self._texture = smooth(self._random, 256, 256, 9)
        self._illumination = _vignette(size)
        self.cells = [self._cell(y, x) for y, x in spread(self._random, count, size, size, 66)]

    def _cell(self, y: float, x: float) -> Cell:
        random = self._random
        long = random.uniform(17, 24)
        vesicles = random.normal(0, 1, (random.integers(18, 46), 3))
        return Cell(
            y=y,
            x=x,
            z=self.sections / 2 + random.normal(0, self.sections / 10),
            angle=random.uniform(0, np.pi),
            nucleus=(long, long * random.uniform(0.62, 0.85)),
            body=(long * random.uniform(2.4, 3.2), long * random.uniform(1.3, 1.9)),
            velocity=(random.normal(0, 1.6), random.normal(0, 1.6)),
            brightness=random.uniform(0.7, 1.25),
            vesicles=vesicles,
            phase=random.uniform(0, 2 * np.pi),
        )

    def stack(self, t: int) -> np.ndarray[Any, np.dtype[np.uint16]]:
        """Planes (c, z, y, x) of a time point."""
        light = np.zeros((3, self.sections, self.size, self.size), np.float32)
        for cell in self.cells:
            self._draw(light, cell, t)
        light *= self._illumination
        light[0] += 12
        light[1] += 18
        light[2] += 10
        bleaching = np.float32(0.985**t)
        planes = np.empty(light.shape, np.uint16)
        for c, gain in enumerate((9.0, 6.0, 8.0)):
            shot = photograph(self._random, light[c] * bleaching, 0, 1.5)
            planes[c] = to_uint16(shot * np.float32(gain) + 100)
        return planes

    def _draw(self, light: Field, cell: Cell, t: int) -> None:
        cy, cx = cell.at(t)
        top, left = int(cy) - _REACH, int(cx) - _REACH
        y0, x0 = max(0, top), max(0, left)
        y1, x1 = min(self.size, top + 2 * _REACH), min(self.size, left + 2 * _REACH)
        if y0 >= y1 or x0 >= x1:
            return
        ys, xs = np.mgrid[y0:y1, x0:x1].astype(np.float32)
        grain = self._texture[(ys.astype(int) + int(cell.phase * 40)) % 256, xs.astype(int) % 256]
        turn = cell.angle + 0.05 * np.sin(cell.phase + t / 2)
        nucleus = ellipse_distance(ys, xs, cy, cx, cell.nucleus, turn)
        body = ellipse_distance(ys, xs, cy, cx, cell.body, turn) + grain * 3
        fibres = self._fibres(ys - np.float32(cy), xs - np.float32(cx), cell, t, grain)
        place = (slice(y0, y1), slice(x0, x1))
        for z in range(self.sections):
            depth = (z - cell.z) / (self.sections * 0.28)
            blur = 1.2 + 3.0 * abs(depth)
            height = max(0.0, 1 - depth**2 * 0.55)
            inner = soft_step(nucleus + np.float32((1 - height) * cell.nucleus[1]), blur)
            light[0, z][place] += inner * (1 + 0.28 * grain) * np.float32(110 * cell.brightness * height)
            # Stress fibres lie near the cover glass, below the nucleus.
            glass = np.exp(-(((z - 0.28 * self.sections) / (0.3 * self.sections)) ** 2))
            mask = soft_step(body, blur + 1)
            edge = np.exp(-((body / np.float32(2.2 + blur)) ** 2))
            actin = mask * (fibres * np.float32(95 * glass) + np.float32(16 * glass + 4)) + edge * np.float32(
                60 * glass
            )
            light[1, z][place] += actin * np.float32(cell.brightness)
            light[2, z][place] += mask * np.float32(3 * height)
        self._draw_vesicles(light[2], cell, t, turn)

    def _fibres(self, dy: Field, dx: Field, cell: Cell, t: int, grain: Field) -> Field:
        """Bundles along the long axis of the cell, bent a little; 0 to 1."""
        cos, sin = np.float32(np.cos(cell.angle)), np.float32(np.sin(cell.angle))
        along, across = dx * cos + dy * sin, dy * cos - dx * sin
        bent = across + 0.0022 * along**2 * np.float32(np.sin(cell.phase)) + 1.3 * grain
        wave = np.cos(bent * np.float32(2 * np.pi / 7.5) + np.float32(cell.phase + 0.15 * t))
        return np.asarray(np.maximum(wave, 0) ** 6 * (0.65 + 0.35 * np.cos(along / 11)), dtype=np.float32)

    def _draw_vesicles(self, light: Field, cell: Cell, t: int, turn: float) -> None:
        """Spots around the nucleus that jump about from one time point to the next."""
        cy, cx = cell.at(t)
        jitter = np.random.default_rng((int(cell.phase * 1e6), t)).normal(0, 2.2, cell.vesicles.shape)
        for index, (a, b, c) in enumerate(cell.vesicles):
            distance = cell.nucleus[0] * 1.05 + 7 * abs(a)
            direction = turn + np.pi * b
            y = cy + distance * np.sin(direction) + jitter[index, 0]
            x = cx + distance * np.cos(direction) + jitter[index, 1]
            z = cell.z + 0.16 * self.sections * c
            top, left = round(y) - 4, round(x) - 4
            if not (top >= 0 and top + 9 <= self.size and left >= 0 and left + 9 <= self.size):
                continue
            ys, xs = np.mgrid[top : top + 9, left : left + 9].astype(np.float32)
            squared = (ys - np.float32(y)) ** 2 + (xs - np.float32(x)) ** 2
            for section in range(self.sections):
                defocus = abs(section - z)
                if defocus < 3:
                    sigma = 1.25 + 0.5 * defocus
                    peak = 150 * cell.brightness / sigma**2
                    light[section, top : top + 9, left : left + 9] += np.exp(
                        -squared / np.float32(2 * sigma**2)
                    ) * np.float32(peak)


def _vignette(size: int) -> Field:
    """Illumination that falls off towards the corners."""
    axis = np.linspace(-1, 1, size, dtype=np.float32)
    return np.asarray(1 - 0.22 * (axis[:, np.newaxis] ** 2 + axis**2) / 2, dtype=np.float32)
