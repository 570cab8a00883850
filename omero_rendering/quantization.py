"""Quantisation: raw samples to display levels 0..255.

Types of up to 16 bits go through a table over every possible sample; 32-bit and floating-point types through
about 256 steps. All arithmetic is IEEE double precision in the order of contract/rendering.md, section 2, since
results are compared level by level: an algebraically equal rearrangement gives other roundings.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from omero_rendering.errors import RenderingError
from omero_rendering.pixel_types import Array, PixelType
from omero_rendering.settings import FULL_QUANTUM, ChannelSettings, Family, Quantum, Window

_NOISE_LOW, _NOISE_HIGH = 10, 245
_CURVE_BLOCK = 8192
"""Samples whose curve is computed together: few enough to stay in the processor's cache."""


@lru_cache(maxsize=512)
def level_table(
    type_: PixelType,
    window: Window,
    family: Family,
    coefficient: float,
    noise_reduction: bool,
    quantum: Quantum,
    statistics: Window | None,
) -> Array:
    """Display level of every bit pattern of a table type (up to 16 bits).

    Returns (256,) or (65536,) uint8, read-only, indexed by the sample's *unsigned view*.
    Raises RenderingError when the window starts above the type's maximum. Source: sections 2.5 and 3.
    """
    if type_.stepped:
        raise RenderingError(f"{type_.name} samples are quantised in steps, not through a table")
    curve = _Curve.of(type_, window, family, coefficient, noise_reduction, quantum, statistics)
    if curve.window.start > type_.maximum:
        raise RenderingError(
            f"window start {window.start} lies above the maximum of the type, {type_.maximum}"
        )
    low, high = int(type_.minimum), int(type_.maximum)
    # A whole number lies in start..end exactly when it lies between their ceilings.
    first = min(max(math.ceil(curve.window.start), low), high + 1)
    last = min(max(math.ceil(curve.window.end), first), high + 1)
    levels = np.empty(high - low + 1, np.uint8)
    levels[: first - low] = curve.low % 256
    for begin in range(first, last, _CURVE_BLOCK):
        end = min(begin + _CURVE_BLOCK, last)
        levels[begin - low : end - low] = curve.levels(np.arange(begin, end, dtype=np.float64))
    levels[last - low :] = curve.high % 256
    table = _spread(levels, type_, statistics)
    table.flags.writeable = False
    return table


@dataclass(frozen=True, slots=True)
class Steps:
    """Steps of a 32-bit or floating-point channel: `levels[index(samples)]` are the display levels.

    `levels` (n + 4,) uint8: below the start, at the start, steps 0..n, above the end. Source: section 2.6.
    """

    start: float
    end: float
    step: float
    count: int
    levels: Array

    def index(self, samples: Array) -> Array:
        """Position in `levels` of every sample, as intp; any shape, integer or float. NaN falls into step 0."""
        with np.errstate(all="ignore"):
            raw = samples.astype(np.float64)
            position = np.subtract(raw, self.start)
            np.divide(position, self.step, out=position)
            # NaN (also 0/0) must become step 0; fmax and fmin take the number, and truncation is toward zero.
            np.fmin(np.fmax(position, 0.0, out=position), float(self.count), out=position)
            index = position.astype(np.intp)
            index += 2
            # The order matters when the window is upside down: a sample below the start is never above the end.
            np.putmask(index, raw == self.start, 1)
            np.putmask(index, raw > self.end, self.count + 3)
            np.putmask(index, raw < self.start, 0)
        return index


@lru_cache(maxsize=512)
def level_steps(
    type_: PixelType,
    window: Window,
    family: Family,
    coefficient: float,
    noise_reduction: bool,
    quantum: Quantum,
) -> Steps:
    """Steps of a 32-bit or floating-point type; statistics play no part. Source: section 2.6."""
    curve = _Curve.of(type_, window, family, coefficient, noise_reduction, quantum, None)
    start, end = curve.window.start, curve.window.end
    count = quantum.end - quantum.start + 1
    step = abs(end - start) / count
    n = np.arange(count + 1, dtype=np.float64)
    middles = (start + (n - 1) * step + start + n * step) / 2
    representatives = np.concatenate(([start, start + step / 2], middles, [end]))
    levels = curve.levels(representatives)
    levels.flags.writeable = False
    return Steps(start, end, step, count, levels)


def quantize(
    samples: Array, type_: PixelType, channel: ChannelSettings, quantum: Quantum = FULL_QUANTUM
) -> Array:
    """Display levels of samples, before the codomain chain: same shape, uint8.

    samples: any shape, of the type's dtype (or values that it can hold). Source: section 2.
    """
    if type_.stepped:
        steps = level_steps(
            type_, channel.window, channel.family, channel.coefficient, channel.noise_reduction, quantum
        )
        return steps.levels[steps.index(samples)]
    table = level_table(
        type_,
        channel.window,
        channel.family,
        channel.coefficient,
        channel.noise_reduction,
        quantum,
        channel.statistics,
    )
    return table[unsigned_view(samples.astype(type_.dtype, copy=False))]


def unsigned_view(samples: Array) -> Array:
    """8- and 16-bit samples as unsigned integers of the same bits and byte order; no copy."""
    if samples.dtype.kind == "i":
        return samples.view(np.dtype(f"u{samples.dtype.itemsize}").newbyteorder(samples.dtype.byteorder))
    return samples


@dataclass(frozen=True, slots=True)
class _Curve:
    """The constants of section 2.3, and the curve of 2.4."""

    family: Family
    coefficient: float
    window: Window
    low: int
    high: int
    threshold_low: float
    threshold_high: float
    slope: float
    offset: float
    origin: float
    scale: float
    resolution_scale: float

    @classmethod
    def of(
        cls,
        type_: PixelType,
        window: Window,
        family: Family,
        coefficient: float,
        noise_reduction: bool,
        quantum: Quantum,
        statistics: Window | None,
    ) -> _Curve:
        k = np.float64(1.0 if family is Family.LINEAR else coefficient)
        lowest, highest = _extent(type_, statistics)
        window = _effective_window(type_, window)
        s, e = np.float64(window.start), np.float64(window.end)
        threshold_low = s if s <= lowest else np.float64(lowest)
        threshold_high = e if e >= highest else np.float64(highest)
        low, high = quantum.start, quantum.end
        with np.errstate(all="ignore"):
            if noise_reduction:
                tenth = (highest - lowest) / 10
                threshold_low = threshold_low + tenth
                threshold_high = threshold_high - tenth
                low, high = max(low, _NOISE_LOW), min(high, _NOISE_HIGH)
                base = s if s >= threshold_low else threshold_low
                top = threshold_high if e > threshold_high else e
                slope = np.float64(_NOISE_HIGH - _NOISE_LOW) / (top - base)
                offset = slope * base - _NOISE_LOW
            else:
                slope = np.float64(255) / (e - s)
                offset = slope * s - 0
            ends = _transform(np.array([0.0, 255.0]), family, k)
            scale = np.float64(quantum.bit_resolution) / (ends[1] - ends[0])
        resolution_scale = (quantum.end - quantum.start) / quantum.bit_resolution
        return cls(
            family,
            float(k),
            window,
            low,
            high,
            float(threshold_low),
            float(threshold_high),
            float(slope),
            float(offset),
            float(ends[0]),
            float(scale),
            resolution_scale,
        )

    def levels(self, samples: Array) -> Array:
        """Section 2.4 for (n,) float64: (n,) uint8, wrapped modulo 256."""
        with np.errstate(all="ignore"):
            value = self.slope * samples
            value -= self.offset
            np.putmask(value, samples > self.threshold_high, self.high)
            # Written as a negation because NaN counts as "not above".
            np.putmask(value, ~(samples > self.threshold_low), self.low)
            value = _transform(value, self.family, np.float64(self.coefficient))
            value -= self.origin
            value *= self.scale
            value = _java_round(value)
            if self.resolution_scale == 1:
                whole = value + self.low
            else:
                whole = _java_round(value * self.resolution_scale + self.low)
            # Clipping to 32 bits here covers the clipping to 64 bits after the first rounding.
            np.clip(whole, -(2.0**31), 2.0**31 - 1, out=whole)
            return (whole.astype(np.int32) & 255).astype(np.uint8)


def _transform(value: Array, family: Family, k: np.float64) -> Array:
    if family is Family.LINEAR:
        return value
    if family is Family.LOGARITHMIC:
        return np.log(np.where(value > 0, value, 1.0))
    powered = np.power(value, k)
    return powered if family is Family.POLYNOMIAL else np.exp(powered)


def _java_round(value: Array) -> Array:
    """Half up, exact for every double; NaN gives 0. Returns floats, and spoils what it is given."""
    rounded = np.floor(value)
    value -= rounded
    rounded += value >= 0.5
    np.putmask(rounded, np.isnan(rounded), 0.0)
    return rounded


def _valid(type_: PixelType, low: float, high: float) -> bool:
    """Section 2.1."""
    if type_.name == "bit" or not low <= high:
        return False
    return type_.is_float or high - low < 2.0**type_.bits


def _extent(type_: PixelType, statistics: Window | None) -> tuple[int, int]:
    """The integers m and M of section 2.2."""
    if type_.stepped:
        return 0, 0
    low = type_.minimum if statistics is None else statistics.start
    high = type_.maximum if statistics is None else statistics.end
    if np.isinf(high) or high > type_.maximum:
        high = type_.maximum
    if np.isinf(low) or low < type_.minimum:
        low = type_.minimum
    if not _valid(type_, low, high):
        low, high = type_.minimum, type_.maximum
    return int(np.clip(np.floor(low), -(2**31), 2**31 - 1)), int(np.clip(high, -(2**31), 2**31 - 1))


def _effective_window(type_: PixelType, window: Window) -> Window:
    """Section 2.2: the window that the quantiser uses for the one that was asked for."""
    if not _valid(type_, window.start, window.end):
        return Window(type_.minimum, type_.maximum)
    return Window(max(window.start, type_.minimum), min(window.end, type_.maximum))


def _spread(levels: Array, type_: PixelType, statistics: Window | None) -> Array:
    """From levels over [minimum, maximum] to a table over all bit patterns of the stored samples.

    Samples outside the range exist only with significant bits (and in `bit` planes). Source: end of section 2.5.
    """
    size = 2 ** (8 * type_.dtype.itemsize)
    if len(levels) == size:
        return np.roll(levels, size // 2) if type_.signed else levels
    samples = np.arange(size) - (size // 2 if type_.signed else 0)
    low, high = int(type_.minimum), int(type_.maximum)
    extent = type_.maximum - type_.minimum if statistics is None else statistics.end - statistics.start

    def rescaled(outside: Array, bound: int) -> Array:
        if extent == 0:
            return np.full_like(outside, bound)
        moved = np.trunc((type_.maximum - type_.minimum) / extent * (outside - type_.minimum))
        return np.clip(moved, -(2.0**31), 2.0**31 - 1).astype(outside.dtype)

    below = samples < low
    samples[below] = np.maximum(rescaled(samples[below], low), low)
    above = samples > high
    samples[above] = np.clip(rescaled(samples[above], high), low, high)
    table = levels[samples - low]
    return np.roll(table, size // 2) if type_.signed else np.ascontiguousarray(table)
