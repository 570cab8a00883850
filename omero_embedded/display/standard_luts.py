"""Lookup tables that a new server begins with, computed from what their names say.

They carry the names under which clients and stored settings know such tables; further `.lut` files can be put beside
them. Source: contract/rendering.md, section 3.2.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from omero_rendering import LookupTable

from ..pixels.buffer import Array

FOLDER = "luts"
_LEVELS = np.arange(256)


def write_standard_luts(scripts: Path) -> None:
    """Write the tables below the script folder, unless its folder of tables exists: what was removed stays so."""
    folder = scripts / FOLDER
    if folder.exists():
        return
    partial = scripts / f".{FOLDER}.part"
    for name, table in _TABLES.items():
        path = partial / f"{name}.lut"
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_bytes(LookupTable(path.name, np.clip(np.rint(table()), 0, 255)).encode())
    partial.rename(folder)


def _grays() -> Array:
    return _columns(_LEVELS, _LEVELS, _LEVELS)


def _hilo() -> Array:
    """Grey, with the darkest level in blue and the brightest in red, to see what is cut off."""
    table = _grays()
    table[0] = (0, 0, 255)
    table[255] = (255, 0, 0)
    return table


def _bits_332() -> Array:
    """The bits of the level as red (3), green (3) and blue (2)."""
    return _columns((_LEVELS >> 5) * 255 / 7, (_LEVELS >> 2 & 7) * 255 / 7, (_LEVELS & 3) * 255 / 3)


def _spectrum() -> Array:
    """All hues once, at full saturation."""
    hue = _LEVELS * 6 / 256
    return _columns(*(np.clip(np.abs((hue + shift) % 6 - 3) - 1, 0, 1) * 255 for shift in (0, 4, 2)))


def _red_green() -> Array:
    """Green falling to black in the middle, then red rising."""
    return _columns(np.clip(2 * (_LEVELS - 128), 0, 255), np.clip(2 * (127 - _LEVELS), 0, 255), 0 * _LEVELS)


def _hot(red: int, green: int, blue: int) -> Callable[[], Array]:
    """From black over a colour, at two thirds, to white."""

    def table() -> Array:
        share = np.clip(_LEVELS / 170, 0, 1)
        rest = np.clip((_LEVELS - 170) / 85, 0, 1)
        return _columns(*(component * share + (255 - component) * rest for component in (red, green, blue)))

    return table


def _heat() -> Array:
    """Black body: red, then green, then blue come up one after another."""
    return _columns(*(np.clip(3 * _LEVELS - 255 * step, 0, 255) for step in range(3)))


def _blue_over_green() -> Array:
    """Green at the bottom rising, turning into blue at the top."""
    return _columns(
        0 * _LEVELS, np.clip(255 - np.abs(_LEVELS - 96) * 2.65, 0, 255), np.clip(2 * (_LEVELS - 128), 0, 255)
    )


def _columns(red: Array, green: Array, blue: Array) -> Array:
    return np.stack([red, green, blue], axis=1).astype(np.float64)


_TABLES: dict[str, Callable[[], Array]] = {
    "3-3-2_rgb": _bits_332,
    "fire": _heat,
    "grays": _grays,
    "red-green": _red_green,
    "spectrum": _spectrum,
    "wcif/cyan_hot": _hot(0, 255, 255),
    "wcif/green_fire_blue": _blue_over_green,
    "wcif/hilo": _hilo,
    "wcif/magenta_hot": _hot(255, 0, 255),
    "wcif/orange_hot": _hot(255, 128, 0),
    "wcif/red_hot": _hot(255, 0, 0),
    "wcif/yellow_hot": _hot(255, 255, 0),
}
