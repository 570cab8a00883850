"""RenderingEngine: pictures of one image with one user's settings (contract/server.md, section 2.15)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import omero.romio

from omero_rendering import (
    DEFAULT_QUALITY,
    Projection,
    Region,
    RenderingError,
    RenderingSettings,
    clip_region,
    encode_jpeg,
    project,
    projected_sections,
    render_packed_int,
    render_rgbx,
    subsample,
)

from .. import errors
from ..display.buffers import MAX_SAMPLES, check_section, initial_settings, read_region
from ..display.definitions import (
    Definition,
    check_may_create,
    compatible,
    definition_by_id,
    insert_definition,
    may_update,
    pixels_of_definition,
    update_definition,
)
from ..display.images import ImagePixels
from ..display.own_settings import store_own, usable_definition
from ..pixels.buffer import Array
from .base import Call
from .pyramid import readable_pixels
from .rendering_settings_state import RenderingSettingsState

_XY = omero.romio.XY
_XZ = omero.romio.XZ


class RenderingEngine(RenderingSettingsState):
    """Renders planes, regions and projections.

    Order of calls: `lookupPixels`, then `lookupRenderingDef` or `loadRenderingDef`, then `load`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.definition: Definition | None = None
        self.chosen = False
        self.quality = DEFAULT_QUALITY

    def lookupPixels(self, call: Call, pixelsId: int) -> None:
        """Choose the image. Raises ValidationException when it cannot be read."""
        image = readable_pixels(call, pixelsId)
        self.release()
        self.image, self.definition, self.settings, self.chosen = image, None, None, False

    def lookupRenderingDef(self, call: Call, pixelsId: int) -> bool:
        """Take the user's settings, else those of the image's owner; false when there are neither."""
        image = self._looked_up()
        if image.id != pixelsId:
            image = readable_pixels(call, pixelsId)
        self.definition, self.chosen = usable_definition(call, image), False
        self.settings = self.definition.settings if self.definition else None
        return self.definition is not None

    def loadRenderingDef(self, call: Call, renderingDefId: int) -> None:
        """Take certain settings. Raises ValidationException when they are unreadable or do not fit the image."""
        image = self._looked_up()
        source_id = pixels_of_definition(call.read, call.context, renderingDefId)
        if source_id is None:
            raise errors.validation(f"RenderingDef:{renderingDefId} does not exist or cannot be read")
        source = readable_pixels(call, source_id)
        definition = (
            definition_by_id(call.read, call.context, renderingDefId, image, source)
            if compatible(source, image)
            else None
        )
        if definition is None:
            raise errors.validation(f"RenderingDef:{renderingDefId} does not fit Pixels:{image.id}")
        self.definition, self.chosen, self.settings = definition, True, definition.settings

    def load(self, call: Call) -> None:
        """Open the pixel data."""
        image = self._looked_up()
        if self.settings is None:
            raise errors.api_usage("no rendering settings: call lookupRenderingDef or loadRenderingDef first")
        self.open(call, image)

    def getRenderingDefId(self, call: Call) -> int:
        """Id of the settings."""
        if self.definition is None:
            raise errors.api_usage("no rendering settings are loaded")
        return self.definition.id

    def getPixels(self, call: Call) -> Any:
        """The Pixels object with type and channels."""
        image = self._looked_up()
        found = call.query(
            """select p from Pixels p join fetch p.pixelsType left outer join fetch p.channels c
            left outer join fetch c.statsInfo left outer join fetch c.logicalChannel where p.id = :id""",
            id=image.id,
        )
        if not found:
            raise errors.validation(f"Pixels:{image.id} does not exist any more")
        return found[0]

    def saveCurrentSettings(self, call: Call) -> None:
        """Store the settings: in place when they are one's own or were chosen by id, else as new own ones."""
        settings, image = self.current(), self._looked_up()
        definition = self.definition
        if definition is not None and self.chosen:
            if not may_update(call.context, definition):
                raise errors.security(
                    f"user {call.context.user_name} may not change RenderingDef:{definition.id}"
                )
            with call.write() as transaction:
                update_definition(transaction, definition, settings)
            self.loadRenderingDef(call, definition.id)
        else:
            store_own(call, image, settings)
            self.lookupRenderingDef(call, image.id)

    def saveAsNewSettings(self, call: Call) -> int:
        """Store the settings as further own ones and return their id."""
        settings, image = self.current(), self._looked_up()
        check_may_create(call.context, image)
        with call.write() as transaction:
            definition_id = insert_definition(transaction, image, settings)
        self.lookupRenderingDef(call, image.id)
        return definition_id

    def resetDefaultSettings(self, call: Call, save: bool) -> int:
        """Compute initial settings and return the id of the settings in use; `save` stores them as one's own."""
        image = self._looked_up()
        if save and not self.chosen:
            store_own(call, image, initial_settings(call, image))
            self.lookupRenderingDef(call, image.id)
        else:
            self.current()
            self.settings = initial_settings(call, image)
        return self.getRenderingDefId(call)

    def setCompressionLevel(self, call: Call, percentage: float) -> None:
        """Quality of later JPEGs, 0..1."""
        if math.isnan(percentage):
            raise errors.api_usage("percentage must be a number")
        self.quality = percentage

    def getCompressionLevel(self, call: Call) -> float:
        """Quality of JPEGs."""
        return self.quality

    def renderCompressed(self, call: Call, _def: Any) -> bytes:
        """A plane or region as JPEG."""
        settings, planes, shape = self._planes(_def)
        return encode_jpeg(render_rgbx(planes, settings, call.server.luts, shape), self.quality)

    def renderAsPackedInt(self, call: Call, _def: Any) -> list[int]:
        """A plane or region as numbers 0xAARRGGBB, row by row."""
        settings, planes, shape = self._planes(_def)
        numbers: list[int] = render_packed_int(planes, settings, call.server.luts, shape).ravel().tolist()
        return numbers

    def render(self, call: Call, _def: Any) -> Any:
        """A plane or region as three bands."""
        settings, planes, shape = self._planes(_def)
        picture = render_rgbx(planes, settings, call.server.luts, shape)
        bands = [np.ascontiguousarray(picture[..., band]).tobytes() for band in range(3)]
        return omero.romio.RGBBuffer(bands, shape[1], shape[0])

    def renderProjectedCompressed(
        self, call: Call, algorithm: Any, timepoint: int, stepping: int, start: int, end: int
    ) -> bytes:
        """A projection as JPEG, at full size."""
        settings, planes, shape = self._projected(algorithm, timepoint, stepping, start, end)
        return encode_jpeg(render_rgbx(planes, settings, call.server.luts, shape), self.quality)

    def renderProjectedAsPackedInt(
        self, call: Call, algorithm: Any, timepoint: int, stepping: int, start: int, end: int
    ) -> list[int]:
        """A projection as numbers 0xAARRGGBB, row by row."""
        settings, planes, shape = self._projected(algorithm, timepoint, stepping, start, end)
        numbers: list[int] = render_packed_int(planes, settings, call.server.luts, shape).ravel().tolist()
        return numbers

    def _looked_up(self) -> ImagePixels:
        if self.image is None:
            raise errors.api_usage("no pixels are chosen: call lookupPixels first")
        return self.image

    def _planes(self, definition: Any) -> tuple[RenderingSettings, dict[int, Array], tuple[int, int]]:
        """What a PlaneDef asks for: settings, planes by channel, and (height, width)."""
        settings = self.current()
        if definition is None:
            raise errors.api_usage("def: a PlaneDef is needed")
        if definition.slice != _XY:
            planes, shape = self._side_planes(settings, definition)
            return settings, planes, shape
        image, buffer = self.opened()
        check_section(image, definition.z, definition.t)
        width, height = buffer.level_sizes[self.level]
        region = Region(0, 0, width, height)
        if definition.region is not None:
            asked = definition.region
            region = clip_region(Region(asked.x, asked.y, asked.width, asked.height), width, height)
        planes = read_region(buffer, settings, self.level, definition.z, definition.t, region)
        shape = (region.height, region.width)
        if definition.stride:
            planes = {channel: subsample(plane, definition.stride) for channel, plane in planes.items()}
            shape = (region.height // (definition.stride + 1), region.width // (definition.stride + 1))
        if 0 in shape:
            raise RenderingError(
                f"stride {definition.stride} leaves nothing of {region.width} x {region.height}"
            )
        return settings, planes, shape

    def _side_planes(
        self, settings: RenderingSettings, definition: Any
    ) -> tuple[dict[int, Array], tuple[int, int]]:
        """Planes along z: (z, x) at a y for XZ, (y, z) at an x for ZY."""
        image, buffer = self.opened()
        check_section(image, 0, definition.t)
        horizontal = definition.slice == _XZ
        name, position, size = (
            ("y", definition.y, image.size_y) if horizontal else ("x", definition.x, image.size_x)
        )
        if not 0 <= position < size:
            raise RenderingError(f"{name} must lie in 0..{size - 1}, not {position}")
        box = (0, position, image.size_x, 1) if horizontal else (position, 0, 1, image.size_y)
        planes = {}
        for channel in settings.rendered_channels:
            lines = [
                buffer.read_tile(0, z, channel, definition.t, *box).reshape(-1) for z in range(image.size_z)
            ]
            planes[channel] = np.stack(lines, axis=0 if horizontal else 1)
        return planes, (image.size_z, image.size_x) if horizontal else (image.size_y, image.size_z)

    def _projected(
        self, algorithm: Any, t: int, stepping: int, start: int, end: int
    ) -> tuple[RenderingSettings, dict[int, Array], tuple[int, int]]:
        settings = self.current()
        image, buffer = self.opened()
        check_section(image, 0, t)
        shape = (image.size_y, image.size_x)
        if image.size_x * image.size_y > MAX_SAMPLES:
            raise RenderingError(f"planes of {image.size_x} x {image.size_y} are too large to be projected")
        how = Projection.from_code(algorithm.value)
        sections = projected_sections(how, image.size_z, start, end, stepping)
        planes = {
            channel: project(
                (buffer.read_plane(z, channel, t) for z in sections), shape, image.type, how
            ).plane
            for channel in settings.rendered_channels
        }
        return settings, planes, shape
