"""Codomain maps: what happens to display levels between quantisation and colour.

Settings can store reverse intensity only (`ChannelSettings.reverse`); the other two maps are part of the engine's
vocabulary but no client reaches them. Source: contract/rendering.md, section 3.1.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from omero_rendering.pixel_types import Array
from omero_rendering.settings import FULL_QUANTUM, Quantum


@dataclass(frozen=True, slots=True)
class ReverseIntensity:
    """v -> end - v; not start + end - v."""

    def apply(self, levels: Array, quantum: Quantum) -> Array:
        return quantum.end - levels


@dataclass(frozen=True, slots=True)
class ContrastStretching:
    """Two straight pieces through (x_start, y_start) and (x_end, y_end); from x_end upward the codomain's start."""

    x_start: int
    y_start: int
    x_end: int
    y_end: int

    def apply(self, levels: Array, quantum: Quantum) -> Array:
        rise = (self.y_start - quantum.start) / (self.x_start - quantum.start)
        lower = rise * (levels - quantum.start) + quantum.start
        upper = (self.y_end - self.y_start) / (self.x_end - self.x_start) * (
            levels - self.x_start
        ) + self.y_start
        stretched = np.where(levels < self.x_start, lower, upper)
        return np.where(levels >= self.x_end, quantum.start, np.trunc(stretched)).astype(levels.dtype)


@dataclass(frozen=True, slots=True)
class PlaneSlicing:
    """Singles out one bit plane; the rest becomes `lower` and `upper` when `constant`, and stays otherwise."""

    previous: int
    selected: int
    constant: bool
    lower: int
    upper: int

    def apply(self, levels: Array, quantum: Quantum) -> Array:
        if self.constant:
            sliced = np.where(levels < self.selected, self.lower, self.selected)
            return np.where(levels > self.selected + 1, self.upper, sliced)
        return np.where((levels > self.previous) & (levels <= self.selected), self.selected, levels)


CodomainMap = ReverseIntensity | ContrastStretching | PlaneSlicing


def apply_maps(levels: Array, maps: Iterable[CodomainMap], quantum: Quantum = FULL_QUANTUM) -> Array:
    """Display levels after a chain of maps: same shape, int64.

    A second map of a kind replaces the first in place. Without maps the levels pass unchanged; with any, they are
    first clamped to the codomain interval.
    """
    chain = {type(map_): map_ for map_ in maps}
    result = levels.astype(np.int64)
    if chain:
        result = np.clip(result, quantum.start, quantum.end)
    for map_ in chain.values():
        result = map_.apply(result, quantum)
    return result
