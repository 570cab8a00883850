"""ThumbnailStore: small JPEGs, stored and made anew (contract/server.md, section 2.17)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import omero

from omero_rendering import RenderingError, RenderingSettings
from omero_rendering.thumbnails import DEFAULT_SIDE

from .. import errors
from ..display.buffers import initial_settings
from ..display.definitions import (
    Definition,
    compatible,
    definition_by_id,
    insert_definition,
    own_definition,
    pixels_of_definition,
    usable_definitions,
)
from ..display.images import ImagePixels, load_pixels
from ..display.own_settings import may_create, store_own, usable_definition
from ..display.thumbnails import (
    Size,
    find_thumbnails,
    fresh_thumbnail,
    render_thumbnail,
    stale_thumbnail,
    store_thumbnail,
)
from ..security.rights import graph_critical
from .base import Call, StatefulService
from .pyramid import readable_pixels

log = logging.getLogger(__name__)

_LARGEST_SIDE = 8192


@dataclass(frozen=True, slots=True)
class _Rendered:
    """A new thumbnail that is to be stored, with the settings to be stored first when there were none."""

    image: ImagePixels
    stored: tuple[int, int]
    jpeg: bytes
    new_settings: RenderingSettings | None


class ThumbnailStore(StatefulService):
    """Thumbnails of one image, or of many at once."""

    def __init__(self) -> None:
        self.image: ImagePixels | None = None
        self.definition: Definition | None = None
        self.chosen = False

    def setPixelsId(self, call: Call, pixelsId: int) -> bool:
        """Choose the image; true when there are settings that the user can use."""
        image = readable_pixels(call, pixelsId)
        self.image, self.chosen = image, False
        self.definition = usable_definition(call, image)
        return self.definition is not None

    def isInProgress(self, call: Call) -> bool:
        """Pixel data are still being prepared; never here, where an import ends with them."""
        self._chosen_image()
        return False

    def setRenderingDefId(self, call: Call, renderingDefId: int) -> None:
        """Use certain settings. Raises ValidationException when they are unreadable or do not fit."""
        image = self._chosen_image()
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
        usual = usable_definition(call, image)
        self.definition = definition
        self.chosen = usual is None or usual.id != definition.id

    def getRenderingDefId(self, call: Call) -> int:
        """Id of the settings. Raises ApiUsageException when there are none."""
        self._chosen_image()
        if self.definition is None:
            raise errors.api_usage("there are no rendering settings")
        return self.definition.id

    def resetDefaults(self, call: Call) -> None:
        """Store initial settings as the user's own. Raises ApiUsageException where that is not possible."""
        image = self._chosen_image()
        if not may_create(call, image):
            raise errors.api_usage(
                f"user {call.context.user_name} may not have settings of Pixels:{image.id} in its group"
            )
        store_own(call, image, initial_settings(call, image))
        self.definition, self.chosen = usable_definition(call, image), False

    def getThumbnail(self, call: Call, sizeX: Any, sizeY: Any) -> bytes:
        """The stored thumbnail of exactly that size, made when there is none or settings are newer."""
        return self._stored(call, _exact(sizeX, sizeY))

    def getThumbnailWithoutDefault(self, call: Call, sizeX: Any, sizeY: Any) -> bytes:
        """As `getThumbnail`; there is no placeholder picture here that could be left out."""
        return self._stored(call, _exact(sizeX, sizeY))

    def getThumbnailByLongestSide(self, call: Call, size: Any) -> bytes:
        """The stored thumbnail with that longest side, made when there is none or settings are newer."""
        return self._stored(call, _longest(size))

    def getThumbnailDirect(self, call: Call, sizeX: Any, sizeY: Any) -> bytes:
        """A new thumbnail of exactly that size; nothing is stored."""
        return self._direct(call, _exact(sizeX, sizeY))

    def getThumbnailByLongestSideDirect(self, call: Call, size: Any) -> bytes:
        """A new thumbnail with that longest side; nothing is stored."""
        return self._direct(call, _longest(size))

    def getThumbnailForSectionDirect(self, call: Call, theZ: int, theT: int, sizeX: Any, sizeY: Any) -> bytes:
        """A new thumbnail of a section, of exactly that size."""
        return self._direct(call, _exact(sizeX, sizeY), (theZ, theT))

    def getThumbnailForSectionByLongestSideDirect(self, call: Call, theZ: int, theT: int, size: Any) -> bytes:
        """A new thumbnail of a section with that longest side."""
        return self._direct(call, _longest(size), (theZ, theT))

    def getThumbnailSet(
        self, call: Call, sizeX: Any, sizeY: Any, pixelsIds: Sequence[int]
    ) -> dict[int, bytes]:
        """Stored or new thumbnails of exactly that size for every id; empty where it fails."""
        return self._set(call, _exact(sizeX, sizeY), pixelsIds)

    def getThumbnailByLongestSideSet(
        self, call: Call, size: Any, pixelsIds: Sequence[int]
    ) -> dict[int, bytes]:
        """Stored or new thumbnails with that longest side for every id; empty where it fails."""
        return self._set(call, _longest(size), pixelsIds)

    def createThumbnail(self, call: Call, sizeX: Any, sizeY: Any) -> None:
        """Make and store a thumbnail when there is none or settings are newer."""
        self._stored(call, _exact(sizeX, sizeY))

    def createThumbnailsByLongestSideSet(self, call: Call, size: Any, pixelsIds: Sequence[int]) -> None:
        """Make and store thumbnails of many images."""
        self._set(call, _longest(size), pixelsIds)

    def thumbnailExists(self, call: Call, sizeX: Any, sizeY: Any) -> bool:
        """A thumbnail of that size is stored and newer than the settings."""
        image = self._chosen_image()
        if self.definition is None:
            return False
        rows = find_thumbnails(call, {image.id: _exact(sizeX, sizeY).stored(image)})[image.id]
        return fresh_thumbnail(call, self.definition, rows) is not None

    def _chosen_image(self) -> ImagePixels:
        if self.image is None:
            raise errors.api_usage("no pixels are chosen: call setPixelsId first")
        return self.image

    def _direct(self, call: Call, size: Size, section: tuple[int, int] | None = None) -> bytes:
        image = self._chosen_image()
        definition = self.definition
        settings = definition.settings if definition else self._missing_settings(call, image)
        return render_thumbnail(call, image, settings, size, section)

    def _missing_settings(self, call: Call, image: ImagePixels) -> RenderingSettings:
        if graph_critical(call.context, image.group_id) and image.owner_id != call.context.user_id:
            raise errors.resource(
                f"Pixels:{image.id} has no settings, and they cannot be made in a private group"
            )
        return initial_settings(call, image)

    def _stored(self, call: Call, size: Size) -> bytes:
        image = self._chosen_image()
        if self.chosen:
            # A thumbnail made with somebody's settings must not be stored as if made with the user's own.
            return self._direct(call, size)
        if self.definition is not None:
            # The user's settings may have changed since setPixelsId.
            self.definition = usable_definition(call, image)
        if self.definition is None:
            self._missing_settings(call, image)
        jpeg = _thumbnails(call, {image.id: image}, size, skip_failures=False)[image.id]
        if self.definition is None:
            self.definition = usable_definition(call, image)
        return jpeg

    def _set(self, call: Call, size: Size, pixels_ids: Sequence[int]) -> dict[int, bytes]:
        images = load_pixels(call.read, call.context, pixels_ids)
        return dict.fromkeys(pixels_ids, b"") | _thumbnails(call, images, size, skip_failures=True)


def _thumbnails(
    call: Call, images: dict[int, ImagePixels], size: Size, *, skip_failures: bool
) -> dict[int, bytes]:
    """Stored thumbnails where they are fresh, else new ones; new ones are stored, in one transaction, where permitted."""
    definitions = usable_definitions(call.read, call.context, images)
    stored = {pixels_id: size.stored(image) for pixels_id, image in images.items()}
    rows = find_thumbnails(call, stored)
    jpegs: dict[int, bytes] = {}
    new: list[_Rendered] = []
    for pixels_id, image in images.items():
        definition = definitions.get(pixels_id)
        permitted = may_create(call, image)
        jpeg = fresh_thumbnail(call, definition, rows[pixels_id]) if definition else None
        if jpeg is None and not permitted:
            jpeg = stale_thumbnail(call, rows[pixels_id])
        if jpeg is not None:
            jpegs[pixels_id] = jpeg
            continue
        try:
            settings = definition.settings if definition else initial_settings(call, image)
            jpeg = render_thumbnail(call, image, settings, size)
        except (omero.ServerError, RenderingError, OSError) as error:
            if not skip_failures:
                raise
            log.warning("no thumbnail of Pixels:%d: %s", pixels_id, getattr(error, "message", error))
            continue
        jpegs[pixels_id] = jpeg
        if permitted:
            new.append(_Rendered(image, stored[pixels_id], jpeg, None if definition else settings))
    if new:
        _store(call, new)
    return jpegs


def _store(call: Call, new: list[_Rendered]) -> None:
    with call.write() as transaction:
        for rendered in new:
            image = rendered.image
            if rendered.new_settings is not None and not own_definition(
                transaction.connection, call.context, image
            ):
                insert_definition(transaction, image, rendered.new_settings)
            store_thumbnail(call, transaction, image, rendered.stored, rendered.jpeg)


def _side(name: str, value: Any) -> int:
    if value is None:
        return DEFAULT_SIDE
    if not 0 < value.val <= _LARGEST_SIDE:
        raise errors.api_usage(f"{name} must lie in 1..{_LARGEST_SIDE}, not {value.val}")
    return int(value.val)


def _exact(size_x: Any, size_y: Any) -> Size:
    return Size(_side("sizeX", size_x), _side("sizeY", size_y))


def _longest(size: Any) -> Size:
    return Size(_side("size", size))
