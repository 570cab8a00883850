"""Images that the server makes: from nothing, or with the metadata of another image.

Source: contract/server.md, sections 2.13 and 2.14; contract/model.md, section 8.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from omero_rendering import PIXEL_TYPE_NAMES, Window, pixel_type

from .. import errors
from ..model.entities import MODEL
from ..model.tables import table_of
from ..pixels.buffer import PixelBuffer, PixelStore
from ..security.rights import check_create, check_link
from ..transaction import Transaction, now
from .images import ImagePixels

BIT_DEPTHS = {"bit": 1, "int8": 8, "uint8": 8, "int16": 16, "uint16": 16, "int32": 32, "uint32": 32, "float": 32,
              "double": 64, "complex": 64, "double-complex": 128}  # fmt: skip
"""Bits per sample by type."""
MAX_IMAGE_SAMPLES = 1 << 40
NO_COLOR = -1
"""Stands for "no colour" among packed colours."""
UNMEASURED = Window(0.0, 1.0)
"""Statistics of an image that nobody measured yet; clients take a maximum of exactly 1 for missing."""

_KEPT = (
    "acquisitionDate",
    "imagingEnvironment",
    "objectiveSettings",
    "instrument",
    "stageLabel",
    "experiment",
)
_QUANTITIES = ("physicalSizeX", "physicalSizeY", "physicalSizeZ", "timeIncrement")
_COLORS = ("red", "green", "blue", "alpha")

Sizes = tuple[int, int, int, int, int]
"""x, y, z, c, t."""


@dataclass(frozen=True, slots=True)
class Created:
    """Ids of a new image; its samples are all 0."""

    image_id: int
    pixels_id: int


def check_sizes(type_name: str, sizes: Sizes) -> np.dtype[Any]:
    """Numpy type of a new image. Raises ApiUsageException naming the size or type that is impossible."""
    if type_name not in PIXEL_TYPE_NAMES:
        raise errors.api_usage(f"pixelsType: samples of type {type_name} cannot be stored")
    total = 1
    for axis, size in zip("XYZCT", sizes, strict=True):
        if size < 1:
            raise errors.api_usage(f"size{axis} must be at least 1, not {size}")
        total *= size
    if total > MAX_IMAGE_SAMPLES:
        raise errors.api_usage(f"{total} samples are more than an image can have")
    return pixel_type(type_name).dtype


def insert_image(
    transaction: Transaction,
    store: PixelStore,
    type_name: str,
    sizes: Sizes,
    colors: Sequence[int],
    name: str,
    description: str | None,
) -> Created:
    """An image from nothing; `colors` has a packed RGBA colour, or NO_COLOR, per channel.

    A colour without red, green and blue counts as none.
    """
    dtype = check_sizes(type_name, sizes)
    context = transaction.context
    check_create(context, MODEL["Image"], context.user_id, context.event_group())
    image_id = transaction.insert(
        "Image", {"name": name, "description": description, "acquisitionDate": now()}
    )
    pixels = {
        **_pixels_values(transaction, type_name, sizes),
        "significantBits": BIT_DEPTHS[type_name],
        "image": image_id,
        "image_index": 0,
    }
    pixels_id = transaction.insert("Pixels", pixels)
    for index, packed in enumerate(colors):
        shifts = zip(_COLORS, (24, 16, 8, 0), strict=True)
        components = {} if _invisible(packed) else {color: packed >> shift & 255 for color, shift in shifts}
        channel = {
            "pixels": pixels_id,
            "pixels_index": index,
            "logicalChannel": transaction.insert("LogicalChannel", {}),
            "statsInfo": _insert_statistics(transaction, UNMEASURED, None),
            **components,
        }
        transaction.insert("Channel", channel)
    _create_samples(store, pixels_id, dtype, sizes).close()
    return Created(image_id, pixels_id)


def _invisible(packed: int) -> bool:
    """No colour, or one that shows nothing: clients that know of no colours send the channels' numbers instead."""
    return 0 <= packed < 256 or packed == NO_COLOR


def copy_image(
    transaction: Transaction,
    store: PixelStore,
    source: ImagePixels,
    type_name: str,
    sizes: Sizes,
    channels: Sequence[int],
    statistics: Sequence[Window | None],
    name: str,
) -> Created:
    """An image with the metadata of another one, and some of its channels; an empty name is the source's.

    Raises SecurityViolation when the user may not create images there or refer to the source's instrument.
    """
    dtype = check_sizes(type_name, sizes)
    context = transaction.context
    check_create(context, MODEL["Image"], context.user_id, source.group_id)
    image_row = _row(transaction, "Image", source.image_id)
    kept = {prop: image_row[MODEL["Image"].properties[prop].column] for prop in _KEPT}
    logical_rows = [
        _row(transaction, "LogicalChannel", source.channels[channel].logical_channel_id)
        for channel in channels
    ]
    if any(kept[prop] is not None for prop in _KEPT[1:]) or any(map(_refers, logical_rows)):
        check_link(
            context,
            MODEL["Image"],
            context.user_id,
            source.group_id,
            MODEL["Instrument"],
            source.owner_id,
            source.group_id,
        )
    description = image_row["description"]
    image_id = transaction.insert(
        "Image",
        {**kept, "name": name or image_row["name"], "description": description},
        group=source.group_id,
    )
    pixels = {
        **_pixels_values(transaction, type_name, sizes),
        **_quantities("Pixels", _row(transaction, "Pixels", source.id), _QUANTITIES),
        "significantBits": source.significant_bits
        if type_name == source.type_name
        else BIT_DEPTHS[type_name],
        "methodology": name or None,
        "image": image_id,
        "image_index": 0,
    }
    pixels_id = transaction.insert("Pixels", pixels, group=source.group_id)
    for index, (channel, logical_row, measured) in enumerate(
        zip(channels, logical_rows, statistics, strict=True)
    ):
        row = source.channels[channel]
        components = dict(zip(_COLORS, row.color.rgba, strict=True)) if row.color else {}
        values = {
            "pixels": pixels_id,
            "pixels_index": index,
            "logicalChannel": _copy_logical_channel(transaction, logical_row, source.group_id),
            "statsInfo": _insert_statistics(transaction, measured, source.group_id) if measured else None,
            "lookupTable": row.lut,
            **components,
        }
        transaction.insert("Channel", values, group=source.group_id)
    _create_samples(store, pixels_id, dtype, sizes).close()
    return Created(image_id, pixels_id)


def _pixels_values(transaction: Transaction, type_name: str, sizes: Sizes) -> dict[str, Any]:
    return {
        **dict(zip(("sizeX", "sizeY", "sizeZ", "sizeC", "sizeT"), sizes, strict=True)),
        "pixelsType": transaction.enum_id("PixelsType", type_name),
        "dimensionOrder": transaction.enum_id("DimensionOrder", "XYZCT"),
        "sha1": "Pending...",
    }


def _insert_statistics(transaction: Transaction, measured: Window, group: int | None) -> int:
    values = {"globalMin": measured.start, "globalMax": measured.end}
    return transaction.insert("StatsInfo", values, group=group)


def _refers(logical_row: Any) -> bool:
    """A logical channel refers to other owned objects, such as a filter set."""
    properties = MODEL["LogicalChannel"].properties.values()
    return any(prop.kind == "reference" and logical_row[prop.column] is not None for prop in properties)


def _copy_logical_channel(transaction: Transaction, row: Any, group: int) -> int:
    properties = MODEL["LogicalChannel"].properties
    plain = {name: row[p.column] for name, p in properties.items() if p.columns and p.kind != "quantity"}
    measured = _quantities("LogicalChannel", row, [n for n, p in properties.items() if p.kind == "quantity"])
    return transaction.insert("LogicalChannel", {**plain, **measured}, group=group)


def _quantities(entity: str, row: Any, names: Sequence[str]) -> dict[str, Any]:
    values = {}
    for name in names:
        value, unit = MODEL[entity].properties[name].columns
        values[name] = None if row[value] is None else (row[value], row[unit])
    return values


def _row(transaction: Transaction, entity: str, row_id: int) -> Any:
    table = table_of(entity)
    return transaction.connection.execute(table.select().where(table.c.id == row_id)).mappings().one()


def _create_samples(store: PixelStore, pixels_id: int, dtype: np.dtype[Any], sizes: Sizes) -> PixelBuffer:
    """Make the samples before the rows are committed, so that no image exists without.

    What lies under a new id belongs to a transaction that was never committed.
    """
    store.delete(pixels_id)
    return store.create(pixels_id, dtype, *sizes)
