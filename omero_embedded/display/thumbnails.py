"""Thumbnails: rendering them, and keeping them until settings change.

Source: contract/rendering.md, section 5.5; contract/server.md, section 2.17.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from omero_rendering import (
    Region,
    RenderingSettings,
    encode_jpeg,
    render,
    rendered_size,
    scale_picture,
    stored_size,
    thumbnail_level,
)

from ..model.tables import table_of
from ..transaction import Transaction
from .buffers import check_section, open_buffer, read_region
from .definitions import Definition
from .images import ImagePixels

if TYPE_CHECKING:
    from ..services.base import Call

MIME_TYPE = "image/jpeg"
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Size:
    """What a client asks for: a longest side, or exactly width and height."""

    width: int
    height: int | None = None

    def stored(self, image: ImagePixels) -> tuple[int, int]:
        """(width, height) as the Thumbnail row states it."""
        if self.height is None:
            return stored_size(image.size_x, image.size_y, self.width)
        return self.width, self.height


@dataclass(frozen=True, slots=True)
class ThumbnailRow:
    """A stored thumbnail. `update_id` is the id of its last event: larger means later."""

    id: int
    pixels_id: int
    owner_id: int
    update_id: int


def render_thumbnail(
    call: Call,
    image: ImagePixels,
    settings: RenderingSettings,
    size: Size,
    section: tuple[int, int] | None = None,
) -> bytes:
    """JPEG of a section (z, t), by default the one that opens first."""
    z, t = section or (settings.default_z, settings.default_t)
    check_section(image, z, t)
    buffer = open_buffer(call, image)
    try:
        stored = size.stored(image)
        level = thumbnail_level(buffer.level_sizes, stored)
        width, height = buffer.level_sizes[level]
        planes = read_region(buffer, settings, level, z, t, Region(0, 0, width, height))
    finally:
        buffer.close()
    picture = render(planes, settings, call.server.luts, (height, width))
    return encode_jpeg(scale_picture(picture, *rendered_size((width, height), stored)))


def find_thumbnails(call: Call, sizes: Mapping[int, tuple[int, int]]) -> dict[int, list[ThumbnailRow]]:
    """Stored thumbnails of everybody by pixels id, for the stored size that each Pixels id asks for; newest last."""
    table = table_of("Thumbnail")
    ids = sorted(sizes)
    found: dict[int, list[ThumbnailRow]] = {pixels_id: [] for pixels_id in ids}
    for start in range(0, len(ids), _CHUNK):
        statement = (
            select(
                table.c.id, table.c.pixels, table.c.owner_id, table.c.update_id, table.c.sizex, table.c.sizey
            )
            .where(table.c.pixels.in_(ids[start : start + _CHUNK]))
            .order_by(table.c.update_id, table.c.id)
        )
        for row in call.read.execute(statement):
            if (row.sizex, row.sizey) == sizes[row.pixels]:
                found[row.pixels].append(ThumbnailRow(row.id, row.pixels, row.owner_id, row.update_id))
    return found


def fresh_thumbnail(call: Call, definition: Definition, rows: Iterable[ThumbnailRow]) -> bytes | None:
    """The stored JPEG made with these settings since their last change, by the user or by the settings' owner."""
    for row in reversed(list(rows)):
        if (
            row.owner_id in (call.context.user_id, definition.owner_id)
            and row.update_id >= definition.update_id
        ):
            jpeg = call.server.thumbnails.read(row.id)
            if jpeg is not None:
                return jpeg
    return None


def stale_thumbnail(call: Call, rows: Iterable[ThumbnailRow]) -> bytes | None:
    """Any stored JPEG of another user, for users who may not store their own."""
    for row in reversed(list(rows)):
        if row.owner_id != call.context.user_id:
            jpeg = call.server.thumbnails.read(row.id)
            if jpeg is not None:
                return jpeg
    return None


def store_thumbnail(
    call: Call, transaction: Transaction, image: ImagePixels, stored: tuple[int, int], jpeg: bytes
) -> None:
    """Keep a JPEG as the user's thumbnail of that size; the version of an existing row rises."""
    table = table_of("Thumbnail")
    statement = select(table.c.id).where(
        table.c.pixels == image.id,
        table.c.owner_id == transaction.context.user_id,
        table.c.sizex == stored[0],
        table.c.sizey == stored[1],
    )
    thumbnail_id = transaction.connection.scalar(statement)
    if thumbnail_id is None:
        values = {"pixels": image.id, "mimeType": MIME_TYPE, "sizeX": stored[0], "sizeY": stored[1]}
        thumbnail_id = transaction.insert("Thumbnail", values, group=image.group_id)
    else:
        transaction.update("Thumbnail", int(thumbnail_id), {"mimeType": MIME_TYPE})
    call.server.thumbnails.write(int(thumbnail_id), jpeg)
