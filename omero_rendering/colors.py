"""Channel colours: parsing, and the colour of a channel that has none.

Source: contract/rendering.md, sections 1.4 and 3.3.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from omero_rendering.settings import WHITE, Color

RED = Color(255, 0, 0)
GREEN = Color(0, 255, 0)
BLUE = Color(0, 0, 255)
_BY_INDEX = (RED, GREEN, BLUE)
_HEX = re.compile(r"[0-9a-fA-F]*\Z")


def parse_color(text: str) -> Color | None:
    """A colour as web clients write it: 3 or 4 hexadecimal digits, doubled, or 6 or 8; None for anything else."""
    if not _HEX.match(text):
        return None
    if len(text) in (3, 4):
        text = "".join(digit * 2 for digit in text)
    if len(text) == 6:
        text += "ff"
    return Color(*bytes.fromhex(text)) if len(text) == 8 else None


@dataclass(frozen=True, slots=True)
class ChannelOptics:
    """What is known about the light of a channel; wavelengths as numbers in whatever unit they are stored.

    `color` is the stored colour, None unless red, green, blue and alpha are all stored. The filter flags say that a
    filter with a cut-in wavelength exists; its value never decides a colour.
    """

    color: Color | None = None
    emission: float | None = None
    laser: float | None = None
    excitation: float | None = None
    emission_filter: bool = False

    @property
    def has_emission(self) -> bool:
        return self.emission is not None or self.emission_filter


def fallback_color(index: int, optics: ChannelOptics) -> Color:
    """Colour by wavelength, else the stored one, else by channel index.

    Settings put the stored colour first (`default_colors`); this routine alone does not.
    """
    for wavelength in (optics.emission, optics.laser, optics.excitation):
        if wavelength is not None:
            return _color_of_wavelength(wavelength)
    return optics.color or _BY_INDEX[index % 3]


def default_colors(channels: Sequence[ChannelOptics]) -> tuple[Color, ...]:
    """Initial colours of all channels of an image, white rule included."""
    colors = [optics.color or fallback_color(index, optics) for index, optics in enumerate(channels)]
    uncolored = [index for index, optics in enumerate(channels) if optics.color is None]
    without_emission = [index for index in uncolored if not channels[index].has_emission]
    if 0 < len(without_emission) < len(uncolored):
        for index in without_emission:
            colors[index] = WHITE
    return tuple(colors)


def _color_of_wavelength(wavelength: float) -> Color:
    if wavelength < 500:
        return BLUE
    return GREEN if wavelength < 560 else RED
