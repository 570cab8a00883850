"""What a picture is rendered with: plain values, hashable, so that they can key caches.

Source: contract/rendering.md, sections 1.4, 2 and 4.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from omero_rendering.errors import RenderingError
from omero_rendering.pixel_types import PixelType

BIT_RESOLUTIONS = (1, 3, 7, 15, 31, 63, 127, 255)


class Family(str, Enum):
    """The curve between raw intensities and display levels."""

    LINEAR = "linear"
    POLYNOMIAL = "polynomial"
    EXPONENTIAL = "exponential"
    LOGARITHMIC = "logarithmic"

    @classmethod
    def named(cls, name: str) -> Family:
        """Raises RenderingError when there is no such family."""
        try:
            return cls(name)
        except ValueError:
            raise RenderingError(f"Unsupported family: {name!r}") from None


class Model(str, Enum):
    """How channels become one picture."""

    GREYSCALE = "greyscale"
    RGB = "rgb"

    @classmethod
    def named(cls, name: str) -> Model:
        """The model that is rendered for a stored value: everything but `rgb` renders as greyscale."""
        return cls.RGB if name == cls.RGB.value else cls.GREYSCALE


@dataclass(frozen=True, slots=True)
class Window:
    """An interval of raw intensities: a channel's input window, or its measured minimum and maximum.

    Any numbers are accepted, and kept as given; the quantiser uses the type's range for a window upside down,
    too wide for the type, or not a number.
    """

    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Color:
    """A channel's colour, components 0..255. Alpha is a factor on the intensity, not transparency."""

    red: int
    green: int
    blue: int
    alpha: int = 255

    def __post_init__(self) -> None:
        for name in ("red", "green", "blue", "alpha"):
            if not 0 <= getattr(self, name) <= 255:
                raise RenderingError(f"{name} must lie in 0..255, not {getattr(self, name)}")

    @property
    def rgba(self) -> tuple[int, int, int, int]:
        return self.red, self.green, self.blue, self.alpha


WHITE = Color(255, 255, 255)


@dataclass(frozen=True, slots=True)
class Quantum:
    """The interval of display levels (codomain), and the bit resolution inside it."""

    start: int = 0
    end: int = 255
    bit_resolution: int = 255

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end <= 255:
            raise RenderingError(
                f"codomain interval must satisfy 0 <= start < end <= 255, not {self.start}, {self.end}"
            )
        if self.bit_resolution not in BIT_RESOLUTIONS:
            raise RenderingError(f"Unsupported bit resolution: {self.bit_resolution}")


FULL_QUANTUM = Quantum()
"""All 256 display levels, at full resolution."""


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """How one channel is shown.

    `lut` is the base name of a lookup table (`cool.lut`); when it is unknown the colour is used.
    `statistics` are the channel's measured minimum and maximum over all planes, None when never measured.
    """

    window: Window
    color: Color = WHITE
    active: bool = True
    family: Family = Family.LINEAR
    coefficient: float = 1.0
    noise_reduction: bool = False
    reverse: bool = False
    lut: str | None = None
    statistics: Window | None = None

    def __post_init__(self) -> None:
        if self.family is not Family.LINEAR and not 0 < self.coefficient < math.inf:
            raise RenderingError(f"Unsupported curve coefficient: {self.coefficient}")


@dataclass(frozen=True, slots=True)
class RenderingSettings:
    """Everything that turns the raw planes of an image into a picture.

    `channels` has one entry per channel of the image, in index order. `default_z` and `default_t` say which
    plane opens first; rendering itself is given its planes.
    """

    pixel_type: PixelType
    channels: tuple[ChannelSettings, ...]
    model: Model = Model.RGB
    quantum: Quantum = FULL_QUANTUM
    default_z: int = 0
    default_t: int = 0

    @property
    def active_channels(self) -> tuple[int, ...]:
        """Indices of the active channels."""
        return tuple(index for index, channel in enumerate(self.channels) if channel.active)

    @property
    def rendered_channels(self) -> tuple[int, ...]:
        """Indices of the channels whose planes `render` needs: greyscale shows the first active one only."""
        active = self.active_channels
        return active if self.model is Model.RGB else active[:1]

    def with_channel(self, index: int, **changes: Any) -> RenderingSettings:
        """The same settings with one channel changed. Raises RenderingError for an unknown channel."""
        if not 0 <= index < len(self.channels):
            raise RenderingError(f"channel must lie in 0..{len(self.channels) - 1}, not {index}")
        channels = list(self.channels)
        channels[index] = replace(channels[index], **changes)
        return replace(self, channels=tuple(channels))
