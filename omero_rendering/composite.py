"""Compositing: planes and settings to a picture, through one packed table per channel.

Quantisation, reversal, colour, alpha or lookup table are folded into one array that is indexed by the raw sample
and gives red, green and blue at once, in the bytes of a uint32; channels are then added byte by byte, saturating.
Work goes in strips small enough for the processor's cache. Source: contract/rendering.md, sections 4 and 7.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from omero_rendering import fused
from omero_rendering.codomain import ReverseIntensity, apply_maps
from omero_rendering.errors import RenderingError
from omero_rendering.luts import LookupTable
from omero_rendering.pixel_types import Array, PixelType
from omero_rendering.quantization import Steps, level_steps, level_table, unsigned_view
from omero_rendering.settings import ChannelSettings, Color, Model, Quantum, RenderingSettings

_STRIP_PIXELS = 1 << 16
# Red must be the first byte in memory, whatever the machine's byte order.
_SHIFTS = (0, 8, 16, 24) if sys.byteorder == "little" else (24, 16, 8, 0)
_NO_LUTS: Mapping[str, LookupTable] = {}

Shape = tuple[int, int]


def render(
    planes: Mapping[int, Array],
    settings: RenderingSettings,
    luts: Mapping[str, LookupTable] = _NO_LUTS,
    shape: Shape | None = None,
) -> Array:
    """Picture of raw planes: (y, x, 3) uint8, contiguous.

    planes: channel index to (y, x) array of the settings' pixel type; all of `settings.rendered_channels` must be
    there, others are ignored. `shape` is needed only when no channel is active, and gives a black picture.
    Raises RenderingError when a plane is missing, has another type or another shape.
    """
    return np.ascontiguousarray(render_rgbx(planes, settings, luts, shape)[..., :3])


def render_rgbx(
    planes: Mapping[int, Array],
    settings: RenderingSettings,
    luts: Mapping[str, LookupTable] = _NO_LUTS,
    shape: Shape | None = None,
) -> Array:
    """As `render`, but (y, x, 4) uint8 whose fourth byte is only a filler; saves one copy before encoding."""
    height, width = _shape(planes, settings, shape)
    return _composite(planes, settings, luts, height, width).view(np.uint8).reshape(height, width, 4)


def render_packed_int(
    planes: Mapping[int, Array],
    settings: RenderingSettings,
    luts: Mapping[str, LookupTable] = _NO_LUTS,
    shape: Shape | None = None,
) -> Array:
    """As `render`, but (y, x) int32 of the form 0xAARRGGBB, as rendering engines hand it out.

    The top byte is 255, in the greyscale model the channel's alpha; everything is 0 when no channel is active.
    """
    height, width = _shape(planes, settings, shape)
    rendered = settings.rendered_channels
    if not rendered:
        return np.zeros((height, width), np.int32)
    picture = _composite(planes, settings, luts, height, width).view(np.uint8).reshape(height, width, 4)
    alpha = 255 if settings.model is Model.RGB else settings.channels[rendered[0]].color.alpha
    packed = np.empty((height, width, 4), np.uint8)
    packed[..., 0] = picture[..., 2]
    packed[..., 1] = picture[..., 1]
    packed[..., 2] = picture[..., 0]
    packed[..., 3] = alpha
    return packed.view("<i4")[..., 0].astype(np.int32, copy=False)


def _shape(planes: Mapping[int, Array], settings: RenderingSettings, shape: Shape | None) -> Shape:
    expected = shape
    for index in settings.rendered_channels:
        try:
            plane = planes[index]
        except KeyError:
            raise RenderingError(f"the plane of active channel {index} is missing") from None
        if plane.ndim != 2:
            raise RenderingError(f"the plane of channel {index} must have two dimensions, not {plane.ndim}")
        if plane.dtype.newbyteorder("=") != settings.pixel_type.dtype:
            raise RenderingError(
                f"the plane of channel {index} has type {plane.dtype}, not {settings.pixel_type.dtype}"
            )
        found = (plane.shape[0], plane.shape[1])
        if expected is not None and found != expected:
            raise RenderingError(f"the plane of channel {index} has shape {found}, not {expected}")
        expected = found
    if expected is None:
        raise RenderingError("shape must be given when no channel is active")
    return expected


def _composite(
    planes: Mapping[int, Array],
    settings: RenderingSettings,
    luts: Mapping[str, LookupTable],
    height: int,
    width: int,
) -> Array:
    """(y, x) uint32 whose bytes in memory are red, green, blue, filler."""
    result = np.empty((height, width), np.uint32)
    rendered = settings.rendered_channels
    if not rendered or not result.size:
        result.fill(_pack(np.array([[0, 0, 0]]))[0])
        return result
    sources = [_Source(planes[index], settings, index, luts) for index in rendered]
    if fused.ready() and not settings.pixel_type.stepped:
        fused.composite(result, [(source.table, source.plane) for source in sources])
        return result
    combine = np.bitwise_or if _disjoint(sources) else _add_saturating
    rows = max(1, _STRIP_PIXELS // width)
    buffer = np.empty((min(rows, height), width), np.uint32)
    for top in range(0, height, rows):
        strip = result[top : top + rows]
        sources[0].take(top, strip)
        for source in sources[1:]:
            contribution = buffer[: len(strip)]
            source.take(top, contribution)
            combine(strip, contribution, strip)
    return result


class _Source:
    """One channel's plane and packed table."""

    def __init__(
        self, plane: Array, settings: RenderingSettings, index: int, luts: Mapping[str, LookupTable]
    ) -> None:
        type_, channel = settings.pixel_type, settings.channels[index]
        colors = _color_source(settings, channel, luts)
        self.plane = plane if type_.stepped else unsigned_view(plane)
        self.steps = _steps(type_, channel, settings.quantum) if type_.stepped else None
        self.table, self.brightest = _packed_table(
            type_,
            # Only what changes levels may be part of the key, or a change of colour would miss the cache.
            _level_key(channel),
            settings.quantum,
            channel.reverse,
            colors,
        )

    def take(self, top: int, out: Array) -> None:
        """Packed contributions of the rows from `top` on, as many as `out` has."""
        rows = self.plane[top : top + len(out)]
        index = rows if self.steps is None else self.steps.index(rows)
        np.take(self.table, index, out=out, mode="clip")


ColorSource = LookupTable | tuple[Color, bool] | None
"""Where a channel's colours come from: a table; a colour, and whether alpha counts; None for grey levels."""


def _color_source(
    settings: RenderingSettings, channel: ChannelSettings, luts: Mapping[str, LookupTable]
) -> ColorSource:
    if settings.model is Model.GREYSCALE:
        return None
    if channel.lut and channel.lut in luts:
        return luts[channel.lut]
    alpha_counts = any(settings.channels[index].color.alpha != 255 for index in settings.active_channels)
    return channel.color, alpha_counts


def _level_key(channel: ChannelSettings) -> ChannelSettings:
    """The channel with everything left out that does not change display levels."""
    return ChannelSettings(
        window=channel.window,
        family=channel.family,
        coefficient=channel.coefficient,
        noise_reduction=channel.noise_reduction,
        statistics=channel.statistics,
    )


def _steps(type_: PixelType, channel: ChannelSettings, quantum: Quantum) -> Steps:
    return level_steps(
        type_, channel.window, channel.family, channel.coefficient, channel.noise_reduction, quantum
    )


@lru_cache(maxsize=256)
def _packed_table(
    type_: PixelType, levels_of: ChannelSettings, quantum: Quantum, reverse: bool, colors: ColorSource
) -> tuple[Array, tuple[int, int, int]]:
    """Packed colours for every raw sample (or step), and the brightest value of each component in them."""
    if type_.stepped:
        levels = _steps(type_, levels_of, quantum).levels
    else:
        levels = level_table(
            type_,
            levels_of.window,
            levels_of.family,
            levels_of.coefficient,
            levels_of.noise_reduction,
            quantum,
            levels_of.statistics,
        )
    packed, brightest = _packed_colors(quantum, reverse, colors)
    return fused.look_up(packed, levels) if fused.ready() else packed.take(levels), brightest


@lru_cache(maxsize=256)
def _packed_colors(
    quantum: Quantum, reverse: bool, colors: ColorSource
) -> tuple[Array, tuple[int, int, int]]:
    """Packed colour of every display level: (256,) uint32, and the brightest value of each component."""
    levels = apply_maps(np.arange(256), [ReverseIntensity()] if reverse else [], quantum)
    if colors is None:
        components = levels[:, np.newaxis].repeat(3, axis=1)
    elif isinstance(colors, LookupTable):
        components = colors.colors[levels].astype(np.int64)
    else:
        color, alpha_counts = colors
        factors = np.array([color.red, color.green, color.blue]) / 255
        contributions = np.trunc(factors * levels[:, np.newaxis])
        if alpha_counts:
            alpha = np.float32(color.alpha) / np.float32(255)
            contributions = np.trunc(contributions.astype(np.float32) * alpha)
        components = contributions.astype(np.int64)
    red, green, blue = (int(value) for value in components.max(axis=0))
    return _pack(components), (red, green, blue)


def _pack(components: Array) -> Array:
    wide = components.astype(np.uint32)
    filler = np.uint32(255 << _SHIFTS[3])
    packed: Array = filler | wide[:, 0] << _SHIFTS[0] | wide[:, 1] << _SHIFTS[1] | wide[:, 2] << _SHIFTS[2]
    return packed


def _disjoint(sources: list[_Source]) -> bool:
    """True when every component comes from one channel at most, so that no sum can arise."""
    return all(sum(1 for source in sources if source.brightest[component]) <= 1 for component in range(3))


def _add_saturating(first: Array, second: Array, out: Array) -> None:
    """min(255, a + b) for every byte: a is cut to 255 - b, then b is added."""
    a, b, result = first.view(np.uint8), second.view(np.uint8), out.view(np.uint8)
    room = np.invert(b)
    np.minimum(a, room, out=result)
    np.add(result, b, out=result)
