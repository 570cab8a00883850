"""Settings of an open RenderingEngine: what clients read and change before they save."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import omero.model
import omero.romio
from omero.rtypes import rint

from omero_rendering import ChannelSettings, Color, Family, Model, Quantum, RenderingSettings, Window

from .. import errors
from ..display.buffers import check_section
from ..display.enumerations import entries, entry, value_of
from .base import Call
from .pyramid import PyramidService


class RenderingSettingsState(PyramidService):
    """The part of RenderingEngine that gets and sets settings; nothing is stored by it."""

    def __init__(self) -> None:
        super().__init__()
        self.settings: RenderingSettings | None = None

    def current(self) -> RenderingSettings:
        """The settings that are in force. Raises ApiUsageException before `load`."""
        self.opened()
        if self.settings is None:
            raise errors.api_usage("no rendering settings are loaded: call lookupRenderingDef and load first")
        return self.settings

    def channel(self, w: int) -> ChannelSettings:
        """Settings of one channel. Raises ApiUsageException for an unknown one."""
        channels = self.current().channels
        if not 0 <= w < len(channels):
            raise errors.api_usage(f"channel must lie in 0..{len(channels) - 1}, not {w}")
        return channels[w]

    def change(self, w: int, **changes: Any) -> None:
        """Change settings of one channel."""
        self.channel(w)
        self.settings = self.current().with_channel(w, **changes)

    def getModel(self, call: Call) -> Any:
        """The rendering model."""
        return entry(call, "RenderingModel", self.current().model.value)

    def setModel(self, call: Call, model: Any) -> None:
        """Change the rendering model; what is not `rgb` renders as greyscale."""
        value = value_of(call, "RenderingModel", model, "model")
        self.settings = replace(self.current(), model=Model.named(value))

    def getAvailableModels(self, call: Call) -> list[Any]:
        """All rendering models."""
        return entries(call, "RenderingModel")

    def getAvailableFamilies(self, call: Call) -> list[Any]:
        """All curve families."""
        return entries(call, "Family")

    def getDefaultZ(self, call: Call) -> int:
        """The section that opens first."""
        return self.current().default_z

    def getDefaultT(self, call: Call) -> int:
        """The time point that opens first."""
        return self.current().default_t

    def setDefaultZ(self, call: Call, z: int) -> None:
        """Choose the section that opens first."""
        check_section(self.opened()[0], z, 0)
        self.settings = replace(self.current(), default_z=z)

    def setDefaultT(self, call: Call, t: int) -> None:
        """Choose the time point that opens first."""
        check_section(self.opened()[0], 0, t)
        self.settings = replace(self.current(), default_t=t)

    def getQuantumDef(self, call: Call) -> Any:
        """The interval of display levels and the bit resolution, as an object without id."""
        quantum = self.current().quantum
        found = omero.model.QuantumDefI()
        found._cdStart, found._cdEnd = rint(quantum.start), rint(quantum.end)
        found._bitResolution = rint(quantum.bit_resolution)
        return found

    def setQuantumStrategy(self, call: Call, bitResolution: int) -> None:
        """Change the bit resolution, 2^n - 1."""
        current = self.current()
        self.settings = replace(current, quantum=replace(current.quantum, bit_resolution=bitResolution))

    def setCodomainInterval(self, call: Call, start: int, end: int) -> None:
        """Change the interval of display levels."""
        current = self.current()
        self.settings = replace(current, quantum=Quantum(start, end, current.quantum.bit_resolution))

    def setQuantizationMap(
        self, call: Call, w: int, family: Any, coefficient: float, noiseReduction: bool
    ) -> None:
        """Change a channel's curve."""
        named = Family.named(value_of(call, "Family", family, "family"))
        self.change(w, family=named, coefficient=coefficient, noise_reduction=noiseReduction)

    def getChannelFamily(self, call: Call, w: int) -> Any:
        """A channel's curve family."""
        return entry(call, "Family", self.channel(w).family.value)

    def getChannelCurveCoefficient(self, call: Call, w: int) -> float:
        """Exponent of a channel's curve."""
        return self.channel(w).coefficient

    def getChannelNoiseReduction(self, call: Call, w: int) -> bool:
        """Noise reduction of a channel is on."""
        return self.channel(w).noise_reduction

    def getChannelStats(self, call: Call, w: int) -> list[float]:
        """Smallest and largest intensity of a channel over the whole image, else those of the type."""
        type_ = self.opened()[0].type
        statistics = self.channel(w).statistics or Window(type_.minimum, type_.maximum)
        return [statistics.start, statistics.end]

    def setChannelWindow(self, call: Call, w: int, start: float, end: float) -> None:
        """Change a channel's input window; it is kept as asked for, even where rendering cuts it."""
        self.change(w, window=Window(start, end))

    def getChannelWindowStart(self, call: Call, w: int) -> float:
        """Start of a channel's input window."""
        return self.channel(w).window.start

    def getChannelWindowEnd(self, call: Call, w: int) -> float:
        """End of a channel's input window."""
        return self.channel(w).window.end

    def setRGBA(self, call: Call, w: int, red: int, green: int, blue: int, alpha: int) -> None:
        """Change a channel's colour."""
        self.change(w, color=Color(red, green, blue, alpha))

    def getRGBA(self, call: Call, w: int) -> list[int]:
        """A channel's colour."""
        return list(self.channel(w).color.rgba)

    def setActive(self, call: Call, w: int, active: bool) -> None:
        """Show or hide a channel."""
        self.change(w, active=active)

    def isActive(self, call: Call, w: int) -> bool:
        """A channel is shown."""
        return self.channel(w).active

    def setChannelLookupTable(self, call: Call, w: int, lookup: str) -> None:
        """Give a channel a lookup table; empty text removes it, unknown names are ignored when rendering."""
        self.change(w, lut=lookup or None)

    def getChannelLookupTable(self, call: Call, w: int) -> str:
        """Name of a channel's lookup table; empty without one."""
        return self.channel(w).lut or ""

    def addCodomainMapToChannel(self, call: Call, mapCtx: Any, w: int) -> None:
        """Reverse a channel's intensities."""
        _check_reverse(mapCtx)
        self.change(w, reverse=True)

    def removeCodomainMapFromChannel(self, call: Call, mapCtx: Any, w: int) -> None:
        """Show a channel's intensities as they are; nothing happens when they are not reversed."""
        _check_reverse(mapCtx)
        self.change(w, reverse=False)

    def addCodomainMap(self, call: Call, mapCtx: Any) -> None:
        """Reverse all channels."""
        self._every_channel(lambda w: self.addCodomainMapToChannel(call, mapCtx, w))

    def updateCodomainMap(self, call: Call, mapCtx: Any) -> None:
        """As adding: the only map has no parameters."""
        self.addCodomainMap(call, mapCtx)

    def removeCodomainMap(self, call: Call, mapCtx: Any) -> None:
        """Show all channels as they are."""
        self._every_channel(lambda w: self.removeCodomainMapFromChannel(call, mapCtx, w))

    def getCodomainMapContext(self, call: Call, w: int) -> list[Any]:
        """A ReverseIntensityContext when a channel is reversed, else nothing."""
        if not self.channel(w).reverse:
            return []
        context = omero.model.ReverseIntensityContextI()
        context._reverse = omero.rtypes.rbool(True)
        return [context]

    def isPixelsTypeSigned(self, call: Call) -> bool:
        """Samples can be negative."""
        return self.opened()[0].type.signed

    def getPixelsTypeLowerBound(self, call: Call, w: int) -> float:
        """Smallest value that a sample can have."""
        self.channel(w)
        return self.opened()[0].type.minimum

    def getPixelsTypeUpperBound(self, call: Call, w: int) -> float:
        """Largest value that a sample can have."""
        self.channel(w)
        return self.opened()[0].type.maximum

    def _every_channel(self, action: Callable[[int], None]) -> None:
        for w in range(len(self.current().channels)):
            action(w)


def _check_reverse(mapCtx: Any) -> None:
    if not isinstance(mapCtx, omero.romio.ReverseIntensityMapContext):
        raise errors.api_usage("mapCtx: ReverseIntensityMapContext is the only codomain map")
