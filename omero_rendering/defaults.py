"""Initial rendering settings, resets, and copying. Source: contract/rendering.md, sections 1.4 and 1.5."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from omero_rendering.colors import ChannelOptics, default_colors
from omero_rendering.geometry import is_big
from omero_rendering.pixel_types import Array, PixelType
from omero_rendering.settings import FULL_QUANTUM, ChannelSettings, Model, RenderingSettings, Window

_EQUAL = 0.00001
_INITIALLY_ACTIVE = 3


@dataclass(frozen=True, slots=True)
class ChannelFacts:
    """What the image says about a channel, settings apart."""

    statistics: Window | None = None
    optics: ChannelOptics = field(default_factory=ChannelOptics)
    lut: str | None = None


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What the image says about its planes; sizes in pixels, sections and time points."""

    pixel_type: PixelType
    size_x: int
    size_y: int
    size_z: int
    size_t: int
    channels: tuple[ChannelFacts, ...]


ReadPlane = Callable[[int, int, int], Array]
"""(z, c, t) -> (y, x)."""


def default_settings(image: ImageFacts, read_plane: ReadPlane | None = None) -> RenderingSettings:
    """Settings of an image that nobody has changed yet ("reset defaults").

    `read_plane` reads the middle plane of every channel when statistics are missing and the image is not big; without
    it ("original settings") the type's range is used.
    """
    colors = default_colors([channel.optics for channel in image.channels])
    channels = tuple(
        ChannelSettings(
            window=window,
            color=color,
            active=index < _INITIALLY_ACTIVE,
            lut=facts.lut,
            statistics=facts.statistics,
        )
        for index, (facts, color, window) in enumerate(
            zip(image.channels, colors, _windows(image, read_plane), strict=True)
        )
    )
    return RenderingSettings(
        pixel_type=image.pixel_type,
        channels=channels,
        model=Model.RGB if 1 < len(channels) < 8 else Model.GREYSCALE,
        quantum=FULL_QUANTUM,
        default_z=image.size_z // 2,
        default_t=0,
    )


def reset_windows(settings: RenderingSettings) -> RenderingSettings:
    """The same settings with every window at the channel's statistics, else at the type's range."""
    full = Window(settings.pixel_type.minimum, settings.pixel_type.maximum)
    channels = tuple(replace(channel, window=channel.statistics or full) for channel in settings.channels)
    return replace(settings, channels=channels)


def copy_settings(
    source: RenderingSettings, target: RenderingSettings, size_z: int, size_t: int
) -> RenderingSettings:
    """Paste: the target image shown as the source is.

    Both need the same number of channels. Statistics stay the target's; default z and t are each taken only if they
    lie inside the target, whose sizes are given.
    """
    channels = tuple(
        replace(channel, statistics=own.statistics)
        for channel, own in zip(source.channels, target.channels, strict=True)
    )
    return replace(
        target,
        channels=channels,
        model=source.model,
        quantum=source.quantum,
        default_z=source.default_z if source.default_z < size_z else target.default_z,
        default_t=source.default_t if source.default_t < size_t else target.default_t,
    )


def _windows(image: ImageFacts, read_plane: ReadPlane | None) -> Sequence[Window]:
    type_ = image.pixel_type
    full = Window(type_.minimum, type_.maximum)
    measure = (
        read_plane is not None
        and image.channels
        and image.channels[0].statistics is None
        and not is_big(image.size_x, image.size_y, type_)
    )
    windows = []
    for index, facts in enumerate(image.channels):
        if facts.statistics is not None:
            flat = abs(facts.statistics.end - facts.statistics.start) < _EQUAL
            windows.append(full if flat else facts.statistics)
        elif measure and read_plane is not None:
            plane = read_plane((image.size_z - 1) // 2, index, (image.size_t - 1) // 2)
            windows.append(Window(float(plane.min()), float(plane.max())))
        else:
            windows.append(full)
    return windows
