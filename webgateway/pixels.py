"""Raw planes and tiles of images, cached per process as native arrays.

What is cached is addressed by pixels, not by user; so a source is made from facts that the server gave out to the
user's own OMERO session within the last minute (`queries.image_facts`), never from an id alone.
Source: the project's architecture, "The way of a tile".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from django.conf import settings

from omero_rendering import Region, decode
from omeroweb.webgateway.byte_cache import ByteCache
from omeroweb.webgateway.queries.image_facts import ImageFacts, group_context

Array = np.ndarray[Any, np.dtype[Any]]

_DEFAULT_CACHE_BYTES = 256 * 1024 * 1024
# One answer of the server stays well below the size limit of Ice messages.
_MAX_ANSWER_BYTES = 16 * 1024 * 1024
_BLOCK_SIDE = 512
_SMALLEST_BLOCK, _LARGEST_BLOCK = 128, 1024


CACHE: ByteCache[Array] = ByteCache(
    getattr(settings, "WEBGATEWAY_RAW_CACHE_BYTES", _DEFAULT_CACHE_BYTES), lambda block: block.nbytes
)


class PixelSource:
    """Raw samples of one image for one connection.

    Blocks of a fixed grid are cached; what is missing is read in few large pieces, channels at the same time.
    """

    def __init__(self, conn: Any, facts: ImageFacts, cache: ByteCache[Array] = CACHE) -> None:
        self._conn = conn
        self.facts = facts
        self._cache = cache
        width, height = facts.tile_size
        fits = all(_SMALLEST_BLOCK <= side <= _LARGEST_BLOCK for side in (width, height))
        self._block = (width, height) if fits else (_BLOCK_SIDE, _BLOCK_SIDE)

    def plane(self, z: int, channel: int, t: int) -> Array:
        """A whole plane at full size: (y, x) of the image's type."""
        return self.planes((channel,), z, t)[channel]

    def planes(
        self, channels: Iterable[int], z: int, t: int, region: Region | None = None, level: int = 0
    ) -> dict[int, Array]:
        """Samples of several channels: channel → (y, x), read-only when they are a part of a cached block.

        region: inside the level (0 = full size); None for all of it.
        """
        width, height = self.facts.levels[level]
        region = region or Region(0, 0, width, height)
        columns = range(region.x // self._block[0], (region.x + region.width - 1) // self._block[0] + 1)
        rows = range(region.y // self._block[1], (region.y + region.height - 1) // self._block[1] + 1)
        found: dict[int, dict[tuple[int, int], Array]] = {}
        missing: dict[int, set[tuple[int, int]]] = {}
        for channel in channels:
            found[channel] = {}
            for row in rows:
                for column in columns:
                    block = self._cache.get(self._key(level, z, channel, t, column, row))
                    if block is None:
                        missing.setdefault(channel, set()).add((column, row))
                    else:
                        found[channel][column, row] = block
        if missing:
            self._read(missing, found, z, t, level)
        return {channel: self._assemble(blocks, region) for channel, blocks in found.items()}

    def _key(self, level: int, z: int, channel: int, t: int, column: int, row: int) -> tuple[int, ...]:
        facts = self.facts
        return (facts.server_id, facts.pixels_id, facts.version, level, z, channel, t, column, row)

    def _assemble(self, blocks: dict[tuple[int, int], Array], region: Region) -> Array:
        width, height = self._block
        if len(blocks) == 1:
            (((column, row), block),) = blocks.items()
            x, y = region.x - column * width, region.y - row * height
            return block[y : y + region.height, x : x + region.width]
        plane = np.empty((region.height, region.width), self.facts.pixel_type.dtype)
        for (column, row), block in blocks.items():
            left, top = column * width, row * height
            x0, x1 = max(region.x, left), min(region.x + region.width, left + block.shape[1])
            y0, y1 = max(region.y, top), min(region.y + region.height, top + block.shape[0])
            plane[y0 - region.y : y1 - region.y, x0 - region.x : x1 - region.x] = block[
                y0 - top : y1 - top, x0 - left : x1 - left
            ]
        return plane

    def _read(
        self,
        missing: dict[int, set[tuple[int, int]]],
        found: dict[int, dict[tuple[int, int], Array]],
        z: int,
        t: int,
        level: int,
    ) -> None:
        """Read the rectangle around each channel's missing blocks, in bands that fit into a message."""
        facts = self.facts
        size_x, size_y = facts.levels[level]
        width, height = self._block
        context = group_context(self._conn, facts.group_id)
        store = self._conn.c.sf.createRawPixelsStore(context)
        try:
            store.setPixelsId(facts.pixels_id, False, context)
            if len(facts.levels) > 1:
                store.setResolutionLevel(len(facts.levels) - 1 - level, context)
            pending = []
            for channel, blocks in missing.items():
                first_column, last_column = min(c for c, _ in blocks), max(c for c, _ in blocks)
                first_row, last_row = min(r for _, r in blocks), max(r for _, r in blocks)
                x0, x1 = first_column * width, min(size_x, (last_column + 1) * width)
                row_bytes = (x1 - x0) * height * facts.pixel_type.bytes_per_sample
                step = max(1, _MAX_ANSWER_BYTES // row_bytes)
                for row in range(first_row, last_row + 1, step):
                    y0, y1 = row * height, min(size_y, min(row + step, last_row + 1) * height)
                    call = store.begin_getTile(z, channel, t, x0, y0, x1 - x0, y1 - y0, _ctx=context)
                    pending.append((channel, x0, y0, x1 - x0, y1 - y0, call))
            for channel, x, y, w, h, call in pending:
                raw = store.end_getTile(call)
                band = decode(raw, facts.pixel_type, "big", w * h).reshape(h, w)
                for top in range(0, h, height):
                    for left in range(0, w, width):
                        column, row = (x + left) // width, (y + top) // height
                        if (column, row) not in missing[channel]:
                            continue
                        block = band[top : top + height, left : left + width].copy()
                        block.flags.writeable = False
                        self._cache.put(self._key(level, z, channel, t, column, row), block)
                        found[channel][column, row] = block
        finally:
            store.close(context)
