"""What RenderingEngine and RawPixelsStore share: a pixel buffer and its resolution levels.

Clients number levels from 0 = smallest in `setResolutionLevel`, but list them from 0 = largest in
`getResolutionDescriptions`. Source: contract/server.md, section 2.15.
"""

from __future__ import annotations

from typing import Any

import omero.api

from .. import errors
from ..display.buffers import open_buffer, requires_pyramid
from ..display.images import ImagePixels, load_pixels
from ..pixels.buffer import PixelBuffer
from .base import Call, StatefulService


def readable_pixels(call: Call, pixels_id: int) -> ImagePixels:
    """Facts about pixels. Raises ValidationException when they do not exist or cannot be read."""
    image = load_pixels(call.read, call.context, [pixels_id]).get(pixels_id)
    if image is None:
        raise errors.validation(f"Pixels:{pixels_id} does not exist or cannot be read")
    return image


class PyramidService(StatefulService):
    """Stateful service on the pixels of one image. `level` counts from 0 = full size."""

    def __init__(self) -> None:
        self.image: ImagePixels | None = None
        self.buffer: PixelBuffer | None = None
        self.level = 0

    def open(self, call: Call, image: ImagePixels, *, writable: bool = False) -> PixelBuffer:
        """Open the buffer of an image in place of the one that was open."""
        self.release()
        self.image = image
        self.buffer = open_buffer(call, image, writable=writable)
        self.level = 0
        return self.buffer

    def release(self) -> None:
        """Close the buffer, if one is open."""
        if self.buffer is not None:
            buffer, self.buffer = self.buffer, None
            buffer.close()

    def close(self, call: Call) -> None:
        """Close the buffer."""
        self.release()

    def opened(self) -> tuple[ImagePixels, PixelBuffer]:
        """The image and its buffer. Raises ApiUsageException when none is open."""
        if self.image is None or self.buffer is None:
            raise errors.api_usage("no pixels are loaded: call setPixelsId, or lookupPixels and load, first")
        return self.image, self.buffer

    def requiresPixelsPyramid(self, call: Call) -> bool:
        """Planes are so large that they are to be asked for in tiles."""
        image, _ = self.opened()
        return requires_pyramid(call.server.settings, image)

    def getResolutionLevels(self, call: Call) -> int:
        """Number of resolution levels; 1 without a pyramid."""
        return len(self.opened()[1].level_sizes)

    def getResolutionDescriptions(self, call: Call) -> list[Any]:
        """Sizes of all levels, full size first."""
        return [
            omero.api.ResolutionDescription(width, height) for width, height in self.opened()[1].level_sizes
        ]

    def getResolutionLevel(self, call: Call) -> int:
        """The current level, 0 = smallest."""
        return len(self.opened()[1].level_sizes) - 1 - self.level

    def setResolutionLevel(self, call: Call, resolutionLevel: int) -> None:
        """Choose a level, 0 = smallest."""
        count = len(self.opened()[1].level_sizes)
        if not 0 <= resolutionLevel < count:
            raise errors.api_usage(f"resolutionLevel must lie in 0..{count - 1}, not {resolutionLevel}")
        self.level = count - 1 - resolutionLevel

    def getTileSize(self, call: Call) -> list[int]:
        """Width and height of the tiles that are best asked for."""
        return list(self.opened()[1].tile_size)
