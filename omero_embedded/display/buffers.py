"""Pixel data for services: opening buffers, choosing levels, reading what a picture needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omero_rendering import ImageFacts, Region, RenderingError, RenderingSettings, default_settings, is_big

from .. import errors
from ..pixels.buffer import Array, PixelBuffer
from .images import ImagePixels, image_facts

if TYPE_CHECKING:
    from ..services.base import Call
    from ..settings import Settings

MAX_SAMPLES = 1 << 28
"""Samples of one channel that a single rendering call may read; larger pictures are asked for in tiles."""


def open_buffer(call: Call, image: ImagePixels, *, writable: bool = False) -> PixelBuffer:
    """The buffer of an image. Raises ResourceError when there are no pixel data."""
    try:
        return call.server.pixels.open(image.id, writable=writable)
    except FileNotFoundError as error:
        raise errors.resource(f"Pixels:{image.id} has no pixel data: {error}") from error


def requires_pyramid(settings: Settings, image: ImagePixels) -> bool:
    """The planes of the image are too large to be asked for whole (contract/rendering.md, section 5.3)."""
    return is_big(
        image.size_x,
        image.size_y,
        image.type,
        settings.integer("omero.pixeldata.max_plane_width"),
        settings.integer("omero.pixeldata.max_plane_height"),
        settings.flag("omero.pixeldata.max_plane_float_override"),
    )


def initial_settings(call: Call, image: ImagePixels, *, measure: bool = True) -> RenderingSettings:
    """Settings of an image that nobody changed; `measure` looks at the middle plane when statistics are missing."""
    facts: ImageFacts = image_facts(call.read, image)
    if not facts.channels:
        raise errors.validation(f"Pixels:{image.id} has no channels")
    if not measure or facts.channels[0].statistics is not None:
        return default_settings(facts)
    buffer = open_buffer(call, image)
    try:
        return default_settings(facts, buffer.read_plane)
    finally:
        buffer.close()


def check_section(image: ImagePixels, z: int, t: int) -> None:
    """Raise RenderingError naming the coordinate outside the image."""
    for name, value, size in (("z", z, image.size_z), ("t", t, image.size_t)):
        if not 0 <= value < size:
            raise RenderingError(f"{name} must lie in 0..{size - 1}, not {value}")


def read_region(
    buffer: PixelBuffer, settings: RenderingSettings, level: int, z: int, t: int, region: Region
) -> dict[int, Array]:
    """The planes that rendering a region needs, by channel; the region lies inside the level."""
    if region.width * region.height > MAX_SAMPLES:
        raise RenderingError(f"region of {region.width} x {region.height} is too large; ask for tiles")
    return {
        channel: buffer.read_tile(level, z, channel, t, region.x, region.y, region.width, region.height)
        for channel in settings.rendered_channels
    }
