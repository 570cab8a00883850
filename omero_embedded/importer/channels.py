"""Colours and names that channels get at import (contract/rendering.md, section 1.4, last paragraph)."""

from __future__ import annotations

from omero_rendering import ChannelOptics, Color, default_colors

from .metadata import ImageMetadata

_GREY = Color(128, 128, 128)
_GRAPHICS_NAMES = ("Red", "Green", "Blue", "Alpha")
_TRANSPARENT = Color(0, 0, 0, 0)

FULL_RANGE_FORMATS = frozenset({"JPEG", "APNG", "BMP", "GIF", "TiffDelegate", "AVI"})
"""Formats of ordinary pictures: their 8-bit samples are said to span 0 to 255 whatever they are (section 1.3)."""


def channel_colors(image: ImageMetadata) -> list[Color]:
    """Colour to store per channel."""
    read = [None if channel.color is None else Color(*channel.color) for channel in image.channels]
    if len(read) == 1:
        return [read[0] or _GREY]
    if image.is_graphics:
        colors = list(default_colors([ChannelOptics()] * min(3, len(read))))
        return [*colors, *([_TRANSPARENT] * (len(read) - len(colors)))]
    optics = [
        ChannelOptics(
            color=color,
            emission=None if channel.emission is None else channel.emission[0],
            excitation=None if channel.excitation is None else channel.excitation[0],
        )
        for channel, color in zip(image.channels, read, strict=True)
    ]
    return list(default_colors(optics))


def channel_names(image: ImageMetadata) -> list[str | None]:
    """Name to store per channel."""
    if image.is_graphics and len(image.channels) > 1:
        return [*_GRAPHICS_NAMES[: len(image.channels)], *([None] * (len(image.channels) - 4))]
    return [channel.name for channel in image.channels]


def extremes(
    format_: str, image: ImageMetadata, measured: tuple[tuple[float, float] | None, ...]
) -> list[tuple[float, float] | None]:
    """Statistics to store per channel: (globalMin, globalMax)."""
    if format_ in FULL_RANGE_FORMATS and image.pixel_type == "uint8":
        return [(0.0, 255.0)] * image.size_c
    return list(measured)
