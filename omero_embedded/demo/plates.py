"""Images of a small screen: cells in which a protein moves into the nucleus, the more the higher the dose."""

from __future__ import annotations

from typing import Any

import numpy as np

from .fields import Field, ellipse_distance, photograph, smooth, soft_step, spread, to_uint16

ROWS = 8
COLUMNS = 12
FIELDS = 2
SIZE = 256
CHANNELS = ("Hoechst", "GFP-FOXO3a")
CONTROL_COLUMNS = (0, 11)
"""The first column got nothing, the last one the highest dose."""


def dose(column: int) -> float:
    """Micromoles per litre that a column got."""
    if column == CONTROL_COLUMNS[0]:
        return 0.0
    return float(10.0 * 2.0 ** (column - (COLUMNS - 1)))


def response(column: int) -> float:
    """Share of the protein that is in the nucleus, 0 to 1."""
    amount = dose(column)
    return 0.08 + 0.84 * amount / (amount + 0.35)


def field_of_view(
    seed: int, row: int, column: int, field: int, texture: Field
) -> np.ndarray[Any, np.dtype[np.uint16]]:
    """Planes (c, y, x) of one field of one well; `texture` as `grain` gives it."""
    random = np.random.default_rng((seed, row, column, field))
    light = np.zeros((2, SIZE, SIZE), np.float32)
    light[0] += 8
    light[1] += 10
    count = int(26 * (1 - 0.45 * dose(column) / 10) + random.normal(0, 2.5))
    for y, x in spread(random, max(4, count), SIZE, SIZE, 25):
        _draw(random, light, y, x, response(column), texture)
    planes = [photograph(random, plane, 0, 1.5) * np.float32(8) + 100 for plane in light]
    return to_uint16(np.stack(planes))


def grain(seed: int) -> Field:
    """Texture that all cells of a plate are cut from."""
    return smooth(np.random.default_rng(seed), SIZE, SIZE, 6)


def _draw(
    random: np.random.Generator, light: Field, y: float, x: float, share: float, texture: Field
) -> None:
    reach = 30
    y0, y1 = max(0, int(y) - reach), min(SIZE, int(y) + reach)
    x0, x1 = max(0, int(x) - reach), min(SIZE, int(x) + reach)
    ys, xs = np.mgrid[y0:y1, x0:x1].astype(np.float32)
    angle, long = random.uniform(0, np.pi), random.uniform(7.5, 10)
    nucleus = soft_step(ellipse_distance(ys, xs, y, x, (long, long * random.uniform(0.7, 0.95)), angle), 1.1)
    spots = texture[y0:y1, x0:x1]
    body = soft_step(
        ellipse_distance(ys, xs, y, x, (long * 2.4, long * 1.6), angle) + spots * np.float32(2), 1.8
    )
    bright = np.float32(random.uniform(0.75, 1.25))
    inside = float(np.clip(share + random.normal(0, 0.08), 0.02, 0.98))
    light[0, y0:y1, x0:x1] += nucleus * (1 + np.float32(0.2) * spots) * 90 * bright
    light[1, y0:y1, x0:x1] += (
        nucleus * np.float32(110 * inside) + body * (1 - nucleus) * np.float32(60 * (1 - inside))
    ) * (bright * (1 + np.float32(0.15) * spots))
