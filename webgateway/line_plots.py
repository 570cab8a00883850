"""Intensity profiles of a row or column as transparent pictures. Source: contract/webgateway.md, section 7.2."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from omero_rendering import Region, Window, scale_profile
from omero_rendering.line_plots import PLOTTED_TYPES
from omeroweb.errors import BadRequest
from omeroweb.webgateway.pixels import PixelSource
from omeroweb.webgateway.rendering import Picture

# Palette: transparent, black, white, then the channels.
_TRANSPARENT, _WHITE, _FIRST_CHANNEL = 0, 2, 3


def row_plot(conn: Any, picture: Picture, y: int, line_width: int) -> bytes:
    """GIF of the image's size: the row marked in white, and every active channel's profile rising from below."""
    facts = picture.facts
    region = Region(0, y, facts.size_x, 1)
    return _plot(conn, picture, region, line_width, along_x=True)


def column_plot(conn: Any, picture: Picture, x: int, line_width: int) -> bytes:
    """GIF of the image's size: the column marked in white, and profiles rising from the left."""
    facts = picture.facts
    region = Region(x, 0, 1, facts.size_y)
    return _plot(conn, picture, region, line_width, along_x=False)


def _plot(conn: Any, picture: Picture, region: Region, line_width: int, along_x: bool) -> bytes:
    facts, settings = picture.facts, picture.settings
    if facts.pixel_type.name not in PLOTTED_TYPES:
        raise BadRequest(f"Images of type {facts.pixel_type.name} have no line plots")
    width, height = facts.size_x, facts.size_y
    image = Image.new("P", (width, height), _TRANSPARENT)
    palette = [255, 255, 255, 0, 0, 0, 255, 255, 255]
    draw = ImageDraw.Draw(image)
    if along_x:
        draw.line([(0, region.y), (width - 1, region.y)], fill=_WHITE)
    else:
        draw.line([(region.x, 0), (region.x, height - 1)], fill=_WHITE)
    active = settings.active_channels
    lines = PixelSource(conn, facts).planes(active, picture.z, picture.t, region)
    for position, index in enumerate(active):
        palette += settings.channels[index].color.rgba[:3]
        limits = facts.channels[index].statistics or Window(
            facts.pixel_type.minimum, facts.pixel_type.maximum
        )
        length = height if along_x else width
        profile = scale_profile(lines[index].reshape(-1), facts.pixel_type, limits, length)
        if profile is None:
            continue
        # Values outside the window leave the picture; how far does not matter.
        values = np.clip(np.nan_to_num(profile), -length, 2 * length).astype(int).tolist()
        if along_x:
            points = [(at, height - 1 - value) for at, value in enumerate(values)]
        else:
            points = [(value, at) for at, value in enumerate(values)]
        draw.line(points, fill=_FIRST_CHANNEL + position, width=line_width)
    image.putpalette(palette)
    output = BytesIO()
    image.save(output, "GIF", transparency=_TRANSPARENT)
    return output.getvalue()
