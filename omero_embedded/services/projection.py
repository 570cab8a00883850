"""IProjection: projections along z as samples and as new images.

Source: contract/server.md, section 2.13; contract/rendering.md, section 5.4.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from omero_rendering import (
    PixelType,
    Projected,
    Projection,
    Window,
    encode_big_endian,
    pixel_type,
    project,
    projected_sections,
)

from .. import errors
from ..display.buffers import MAX_SAMPLES, check_section, open_buffer
from ..display.enumerations import value_of
from ..display.images import ImagePixels
from ..display.new_images import check_sizes, copy_image
from ..pixels.buffer import Array, PixelBuffer
from .base import Call, Service
from .pyramid import readable_pixels


class ProjectionService(Service):
    """Projects stacks."""

    def projectStack(
        self,
        call: Call,
        pixelsId: int,
        pixelsType: Any,
        algorithm: Any,
        timepoint: int,
        channelIndex: int,
        stepping: int,
        start: int,
        end: int,
    ) -> bytes:
        """One projected plane as big-endian samples; of the image's type unless another one is given."""
        image = readable_pixels(call, pixelsId)
        _check_channels(image, [channelIndex])
        check_section(image, 0, timepoint)
        type_ = _result_type(call, image, pixelsType)
        sections = _sections(image, algorithm, start, end, stepping)
        buffer = open_buffer(call, image)
        try:
            found = _project(image, buffer, type_, algorithm, channelIndex, timepoint, sections)
        finally:
            buffer.close()
        return encode_big_endian(found.plane, type_)

    def projectPixels(
        self,
        call: Call,
        pixelsId: int,
        pixelsType: Any,
        algorithm: Any,
        tStart: int,
        tEnd: int,
        channelList: Sequence[int],
        stepping: int,
        zStart: int,
        zEnd: int,
        name: str,
    ) -> int:
        """A new image of one section that holds the projections of channels and time points; returns its id."""
        image = readable_pixels(call, pixelsId)
        channels = list(channelList)
        if not channels:
            raise errors.api_usage("channels: at least one channel is needed")
        _check_channels(image, channels)
        check_section(image, 0, tStart)
        check_section(image, 0, tEnd)
        if tEnd < tStart:
            raise errors.api_usage(f"tEnd must be at least tStart {tStart}, not {tEnd}")
        type_ = _result_type(call, image, pixelsType)
        sections = _sections(image, algorithm, zStart, zEnd, stepping)
        sizes = (image.size_x, image.size_y, 1, len(channels), tEnd - tStart + 1)
        check_sizes(type_.name, sizes)
        planes: dict[tuple[int, int], Array] = {}
        statistics: list[Window | None] = []
        buffer = open_buffer(call, image)
        try:
            for index, channel in enumerate(channels):
                found = [
                    _project(image, buffer, type_, algorithm, channel, t, sections)
                    for t in range(tStart, tEnd + 1)
                ]
                planes |= {(index, t): projected.plane for t, projected in enumerate(found)}
                statistics.append(
                    Window(
                        min(projected.statistics.start for projected in found),
                        max(projected.statistics.end for projected in found),
                    )
                )
        finally:
            buffer.close()
        with call.write() as transaction:
            created = copy_image(
                transaction, call.server.pixels, image, type_.name, sizes, channels, statistics, name
            )
            target = call.server.pixels.open(created.pixels_id, writable=True)
            try:
                for (index, t), plane in planes.items():
                    target.write_tile(0, index, t, 0, 0, plane)
            finally:
                target.close()
        return created.image_id


def _check_channels(image: ImagePixels, channels: Sequence[int]) -> None:
    for channel in channels:
        if not 0 <= channel < len(image.channels):
            raise errors.api_usage(f"channel must lie in 0..{len(image.channels) - 1}, not {channel}")


def _result_type(call: Call, image: ImagePixels, given: Any) -> PixelType:
    return image.type if given is None else pixel_type(value_of(call, "PixelsType", given, "pixelsType"))


def _sections(image: ImagePixels, algorithm: Any, start: int, end: int, stepping: int) -> range:
    if image.size_x * image.size_y > MAX_SAMPLES:
        raise errors.api_usage(f"planes of {image.size_x} x {image.size_y} are too large to be projected")
    return projected_sections(Projection.from_code(algorithm.value), image.size_z, start, end, stepping)


def _project(
    image: ImagePixels,
    buffer: PixelBuffer,
    type_: PixelType,
    algorithm: Any,
    channel: int,
    t: int,
    sections: range,
) -> Projected:
    planes = (np.asarray(buffer.read_plane(z, channel, t)) for z in sections)
    return project(planes, (image.size_y, image.size_x), type_, Projection.from_code(algorithm.value))
