"""IPixels: descriptions of pixels, stored rendering settings, new images (contract/server.md, section 2.14)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from omero.rtypes import rlong
from sqlalchemy import select

from .. import errors
from ..display.enumerations import entries, entry, value_of
from ..display.images import pixels_of_images
from ..display.new_images import BIT_DEPTHS, check_sizes, copy_image, insert_image
from ..display.own_settings import usable_definition
from ..model.entities import MODEL
from ..model.tables import table_of
from ..security.rights import rights
from .base import Call, Service
from .container import entity_named
from .pyramid import readable_pixels
from .rendering_settings import RENDERING_DEF, rendering_def
from .update import UpdateService

_DESCRIPTION = """select p from Pixels p join fetch p.pixelsType left outer join fetch p.channels c
    left outer join fetch c.statsInfo left outer join fetch c.logicalChannel l
    left outer join fetch l.photometricInterpretation left outer join fetch l.illumination
    left outer join fetch l.mode left outer join fetch l.contrastMethod where p.id = :id"""


class PixelsService(Service):
    """Describes pixels and makes images from nothing or from others."""

    def retrievePixDescription(self, call: Call, pixId: int) -> Any:
        """Pixels with type and channels; null when unreadable."""
        found = call.query(_DESCRIPTION, id=pixId)
        return found[0] if found else None

    def retrieveRndSettings(self, call: Call, pixId: int) -> Any:
        """The user's settings, else the owner's, else null."""
        definition = usable_definition(call, readable_pixels(call, pixId))
        return rendering_def(call, definition.id) if definition else None

    def retrieveRndSettingsFor(self, call: Call, pixId: int, userId: int) -> Any:
        """A user's newest settings; null when there are none."""
        found = self.retrieveAllRndSettings(call, pixId, userId)
        return found[0] if found else None

    def retrieveAllRndSettings(self, call: Call, pixId: int, userId: int) -> list[Any]:
        """Settings of the pixels by one user, or by all (userId -1), newest first."""
        by_user = "" if userId < 0 else "and r.details.owner.id = :user"
        values = {"id": pixId} if userId < 0 else {"id": pixId, "user": userId}
        found = call.query(f"{RENDERING_DEF} where r.pixels.id = :id {by_user}", **values)
        return sorted(found, key=lambda d: (d._details._updateEvent._id.val, d._id.val), reverse=True)

    def loadRndSettings(self, call: Call, renderingSettingsId: int) -> Any:
        """Settings by id; null when unreadable."""
        return rendering_def(call, renderingSettingsId)

    def saveRndSettings(self, call: Call, rndSettings: Any) -> None:
        """Store a RenderingDef with everything loaded behind it."""
        if rndSettings is None:
            raise errors.api_usage("rndSettings must not be null")
        UpdateService().saveObject(call, rndSettings)

    def getBitDepth(self, call: Call, type: Any) -> int:
        """Bits per sample of a type."""
        return BIT_DEPTHS[value_of(call, "PixelsType", type, "type")]

    def getEnumeration(self, call: Call, enumClass: str, value: str) -> Any:
        """One entry of an enumeration."""
        return entry(call, _enumeration(enumClass), value)

    def getAllEnumerations(self, call: Call, enumClass: str) -> list[Any]:
        """All entries of an enumeration."""
        return entries(call, _enumeration(enumClass))

    def createImage(
        self,
        call: Call,
        sizeX: int,
        sizeY: int,
        sizeZ: int,
        sizeT: int,
        channelList: Sequence[int],
        pixelsType: Any,
        name: str,
        description: str,
    ) -> Any:
        """An image full of zeros, one channel per entry of `channelList` (packed RGBA or -1); returns its id."""
        if not channelList:
            raise errors.validation("channelList must not be empty")
        type_name = value_of(call, "PixelsType", pixelsType, "pixelsType")
        sizes = (sizeX, sizeY, sizeZ, len(channelList), sizeT)
        check_sizes(type_name, sizes)
        with call.write() as transaction:
            created = insert_image(
                transaction, call.server.pixels, type_name, sizes, channelList, name, description or None
            )
        return rlong(created.image_id)

    def copyAndResizeImage(
        self,
        call: Call,
        imageId: int,
        sizeX: Any,
        sizeY: Any,
        sizeZ: Any,
        sizeT: Any,
        channelList: Sequence[int],
        methodology: str,
        copyStats: bool,
    ) -> Any:
        """A new image full of zeros with the metadata of another one, other sizes and some of its channels.

        Null sizes are those of the source, an empty channel list means all; `methodology` becomes the name.
        """
        pixels_id = pixels_of_images(call.read, call.context, [imageId]).get(imageId)
        if pixels_id is None:
            raise errors.validation(f"Image:{imageId} does not exist, cannot be read or has no pixels")
        source = readable_pixels(call, pixels_id)
        channels = list(channelList) or list(range(len(source.channels)))
        for channel in channels:
            if not 0 <= channel < len(source.channels):
                raise errors.api_usage(f"channelList: there is no channel {channel}")
        statistics = [source.channels[channel].statistics if copyStats else None for channel in channels]
        sizes = (
            _or(sizeX, source.size_x),
            _or(sizeY, source.size_y),
            _or(sizeZ, source.size_z),
            len(channels),
            _or(sizeT, source.size_t),
        )
        check_sizes(source.type_name, sizes)
        with call.write() as transaction:
            created = copy_image(
                transaction,
                call.server.pixels,
                source,
                source.type_name,
                sizes,
                channels,
                statistics,
                methodology,
            )
        return rlong(created.image_id)

    def setChannelGlobalMinMax(
        self, call: Call, pixelsId: int, channelIndex: int, min: float, max: float
    ) -> None:
        """Store the smallest and largest intensity of a channel."""
        image = readable_pixels(call, pixelsId)
        if not 0 <= channelIndex < len(image.channels):
            raise errors.api_usage(
                f"channelIndex must lie in 0..{len(image.channels) - 1}, not {channelIndex}"
            )
        if not rights(call.context, MODEL["Channel"], image.owner_id, image.group_id).edit:
            raise errors.security(f"user {call.context.user_name} may not change Pixels:{pixelsId}")
        channel = image.channels[channelIndex]
        values = {"globalMin": min, "globalMax": max}
        with call.write() as transaction:
            channels = table_of("Channel")
            statistics = transaction.connection.scalar(
                select(channels.c.statsinfo).where(channels.c.id == channel.id)
            )
            if statistics is None:
                created = transaction.insert("StatsInfo", values, owner=image.owner_id, group=image.group_id)
                transaction.update("Channel", channel.id, {"statsInfo": created})
            else:
                transaction.update("StatsInfo", statistics, values)


def _enumeration(name: str) -> str:
    entity = entity_named(name)
    if not entity.is_enum:
        raise errors.api_usage(f"enumClass: {name} is no enumeration")
    return entity.name


def _or(value: Any, default: int) -> int:
    return default if value is None else int(value.val)
