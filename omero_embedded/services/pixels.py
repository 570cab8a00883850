"""IPixels: descriptions of pixels, stored rendering settings, new images (contract/server.md, section 2.14)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from omero.rtypes import rlong

from omero_rendering import PIXEL_TYPE_NAMES, pixel_type

from .. import errors
from ..display.enumerations import entries, entry, value_of
from ..display.images import ImagePixels
from ..display.own_settings import usable_definition
from ..model.entities import MODEL
from ..model.tables import table_of
from ..security.rights import check_create, rights
from ..transaction import Transaction, now
from .base import Call, Service
from .container import entity_named
from .pyramid import readable_pixels
from .rendering_settings import RENDERING_DEF, rendering_def
from .update import UpdateService

_DESCRIPTION = """select p from Pixels p join fetch p.pixelsType left outer join fetch p.channels c
    left outer join fetch c.statsInfo left outer join fetch c.logicalChannel l
    left outer join fetch l.photometricInterpretation left outer join fetch l.illumination
    left outer join fetch l.mode left outer join fetch l.contrastMethod where p.id = :id"""
_BIT_DEPTHS = {"bit": 1, "int8": 8, "uint8": 8, "int16": 16, "uint16": 16, "int32": 32, "uint32": 32, "float": 32,
               "double": 64, "complex": 64, "double-complex": 128}  # fmt: skip
_LARGEST = 1 << 40
"""Samples that a new image may have."""


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
        return _BIT_DEPTHS[value_of(call, "PixelsType", type, "type")]

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
        dtype = _checked(type_name, sizes)
        context = call.context
        check_create(context, MODEL["Image"], context.user_id, context.event_group())
        with call.write() as transaction:
            image_id = transaction.insert(
                "Image", {"name": name, "description": description or None, "acquisitionDate": now()}
            )
            pixels_id = transaction.insert(
                "Pixels",
                {
                    **_pixels_values(transaction, type_name, sizes),
                    "significantBits": _BIT_DEPTHS[type_name],
                    "image": image_id,
                    "image_index": 0,
                },
            )
            for index, packed in enumerate(channelList):
                _insert_channel(transaction, pixels_id, index, packed)
            _create_data(call, transaction, pixels_id, dtype, sizes)
        return rlong(image_id)

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
        images, pixels = table_of("Image"), table_of("Pixels")
        found = call.query("select i from Image i where i.id = :id", id=imageId)
        if not found:
            raise errors.validation(f"Image:{imageId} does not exist or cannot be read")
        source_id = call.rows("select p.id from Pixels p where p.image.id = :id order by p.id", id=imageId)
        if not source_id:
            raise errors.validation(f"Image:{imageId} has no pixels")
        source = readable_pixels(call, source_id[0][0])
        chosen = list(channelList) or list(range(source.size_c))
        for channel in chosen:
            if not 0 <= channel < source.size_c:
                raise errors.api_usage(f"channelList: there is no channel {channel}")
        sizes = (
            _or(sizeX, source.size_x),
            _or(sizeY, source.size_y),
            _or(sizeZ, source.size_z),
            len(chosen),
            _or(sizeT, source.size_t),
        )
        dtype = _checked(source.type_name, sizes)
        check_create(call.context, MODEL["Image"], call.context.user_id, source.group_id)
        with call.write() as transaction:
            image_row = _row(transaction, images, imageId)
            kept = (
                "acquisitionDate",
                "imagingEnvironment",
                "objectiveSettings",
                "instrument",
                "stageLabel",
                "experiment",
            )
            image_values = {name: image_row[MODEL["Image"].properties[name].column] for name in kept}
            new_image = transaction.insert(
                "Image",
                {
                    **image_values,
                    "name": methodology or image_row["name"],
                    "description": image_row["description"],
                },
                group=source.group_id,
            )
            pixels_row = _row(transaction, pixels, source.id)
            new_pixels = transaction.insert(
                "Pixels",
                {
                    **_pixels_values(transaction, source.type_name, sizes),
                    **_quantities(
                        "Pixels",
                        pixels_row,
                        ("physicalSizeX", "physicalSizeY", "physicalSizeZ", "timeIncrement"),
                    ),
                    "significantBits": source.significant_bits,
                    "methodology": methodology or None,
                    "image": new_image,
                    "image_index": 0,
                },
                group=source.group_id,
            )
            for index, channel in enumerate(chosen):
                _copy_channel(transaction, source, channel, new_pixels, index, with_statistics=copyStats)
            _create_data(call, transaction, new_pixels, dtype, sizes)
        return rlong(new_image)

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
            statistics = _row(transaction, table_of("Channel"), channel.id)["statsinfo"]
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


def _checked(type_name: str, sizes: Sequence[int]) -> np.dtype[Any]:
    if type_name not in PIXEL_TYPE_NAMES:
        raise errors.api_usage(f"pixelsType: samples of type {type_name} cannot be stored")
    total = 1
    for axis, size in zip("XYZCT", sizes, strict=True):
        if size < 1:
            raise errors.api_usage(f"size{axis} must be at least 1, not {size}")
        total *= size
    if total > _LARGEST:
        raise errors.api_usage(f"{total} samples are more than an image can have")
    return pixel_type(type_name).dtype


def _pixels_values(transaction: Transaction, type_name: str, sizes: Sequence[int]) -> dict[str, Any]:
    return {
        **dict(zip(("sizeX", "sizeY", "sizeZ", "sizeC", "sizeT"), sizes, strict=True)),
        "pixelsType": transaction.enum_id("PixelsType", type_name),
        "dimensionOrder": transaction.enum_id("DimensionOrder", "XYZCT"),
        "sha1": "Pending...",
    }


def _insert_channel(transaction: Transaction, pixels_id: int, index: int, packed: int) -> None:
    logical = transaction.insert("LogicalChannel", {})
    statistics = transaction.insert("StatsInfo", {"globalMin": 0.0, "globalMax": 1.0})
    colors: dict[str, Any] = {}
    if packed != -1:
        shifts = {"red": 24, "green": 16, "blue": 8, "alpha": 0}
        colors = {name: packed >> shift & 255 for name, shift in shifts.items()}
    transaction.insert(
        "Channel",
        {
            "pixels": pixels_id,
            "pixels_index": index,
            "logicalChannel": logical,
            "statsInfo": statistics,
            **colors,
        },
    )


def _copy_channel(
    transaction: Transaction,
    source: ImagePixels,
    channel: int,
    pixels_id: int,
    index: int,
    *,
    with_statistics: bool,
) -> None:
    row = source.channels[channel]
    logical_row = _row(transaction, table_of("LogicalChannel"), row.logical_channel_id)
    entity = MODEL["LogicalChannel"]
    plain = {
        name: logical_row[prop.column]
        for name, prop in entity.properties.items()
        if prop.columns and prop.kind != "quantity"
    }
    measured = _quantities(
        "LogicalChannel", logical_row, [n for n, p in entity.properties.items() if p.kind == "quantity"]
    )
    logical = transaction.insert("LogicalChannel", {**plain, **measured}, group=source.group_id)
    statistics = None
    if with_statistics and row.statistics is not None:
        statistics = transaction.insert(
            "StatsInfo",
            {"globalMin": row.statistics.start, "globalMax": row.statistics.end},
            group=source.group_id,
        )
    colors = dict(zip(("red", "green", "blue", "alpha"), row.color.rgba, strict=True)) if row.color else {}
    transaction.insert(
        "Channel",
        {
            "pixels": pixels_id,
            "pixels_index": index,
            "logicalChannel": logical,
            "statsInfo": statistics,
            "lookupTable": row.lut,
            **colors,
        },
        group=source.group_id,
    )


def _quantities(entity: str, row: Any, names: Sequence[str]) -> dict[str, Any]:
    values = {}
    for name in names:
        value, unit = MODEL[entity].properties[name].columns
        values[name] = None if row[value] is None else (row[value], row[unit])
    return values


def _row(transaction: Transaction, table: Any, row_id: int) -> Any:
    return transaction.connection.execute(table.select().where(table.c.id == row_id)).mappings().one()


def _create_data(
    call: Call, transaction: Transaction, pixels_id: int, dtype: np.dtype[Any], sizes: Sequence[int]
) -> None:
    """Make the data before the rows are committed, so that no image exists without."""
    call.server.pixels.create(pixels_id, dtype, *sizes).close()
