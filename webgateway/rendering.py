"""From a query to a picture: settings, raw samples, lookup tables, JPEG.

The only module that brings the rendering engine and an OMERO connection together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import omero
from django.conf import settings

from omero_rendering import (
    DEFAULT_QUALITY,
    LookupTable,
    Projection,
    Region,
    RenderingError,
    RenderingSettings,
    encode_jpeg,
    fused,
    project,
    projected_sections,
    render_rgbx,
)
from omeroweb.errors import BadRequest, NotFound
from omeroweb.version import omeroweb_version
from omeroweb.webgateway import applied_settings
from omeroweb.webgateway.byte_cache import ByteCache
from omeroweb.webgateway.pixels import PixelSource
from omeroweb.webgateway.queries import image_facts, rendering_defs
from omeroweb.webgateway.queries.image_facts import ImageFacts
from omeroweb.webgateway.queries.rendering_defs import StoredSettings
from omeroweb.webgateway.rendering_query import RenderingQuery, ZProjection

Array = np.ndarray[Any, np.dtype[Any]]

# Found by ETag, which only somebody gets as far as who may read the image now.
JPEGS: ByteCache[bytes] = ByteCache(getattr(settings, "WEBGATEWAY_JPEG_CACHE_BYTES", 64 * 1024 * 1024), len)


@dataclass(frozen=True)
class Picture:
    """What is to be rendered, fully decided, nothing read yet.

    region: inside the level, None for the whole plane. tables: lookup tables of the active channels by name.
    quality: of the JPEG, 0..1.
    """

    facts: ImageFacts
    settings: RenderingSettings
    tables: Mapping[str, LookupTable]
    z: int
    t: int
    level: int = 0
    region: Region | None = None
    projection: ZProjection | None = None
    quality: float = DEFAULT_QUALITY

    @cached_property
    def etag(self) -> str:
        """Strong validator of the JPEG: everything that decides its bytes."""
        facts = self.facts
        identity = (facts.server_id, facts.pixels_id, facts.version, facts.pixel_type, omeroweb_version)
        wanted = (self.z, self.t, self.level, self.region, self.projection, self.quality, self.settings)
        tables = sorted((name, table.digest) for name, table in self.tables.items())
        digest = hashlib.sha1(repr((identity, wanted, tables)).encode(), usedforsecurity=False).hexdigest()
        return f'"{digest}"'

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        if self.region is None:
            return self.facts.levels[self.level]
        return self.region.width, self.region.height


def facts_of(conn: Any, image_id: int) -> ImageFacts:
    """Facts of an image. Raises NotFound when the user sees none, or it cannot be rendered."""
    try:
        facts = image_facts.load(conn, image_id)
    except RenderingError as error:
        raise NotFound(str(error)) from error
    if facts is None:
        raise NotFound(f"Image:{image_id} not found")
    return facts


@contextmanager
def noticing_removal(conn: Any, facts: ImageFacts) -> Iterator[None]:
    """Turn the server's refusal into NotFound when the image is gone since its facts were read."""
    try:
        yield
    except (omero.ApiUsageException, omero.ValidationException, omero.SecurityViolation) as error:
        if image_facts.load(conn, facts.image_id, fresh=True) is None:
            raise NotFound(f"Image:{facts.image_id} not found") from error
        raise


def settings_for(conn: Any, facts: ImageFacts, query: RenderingQuery) -> StoredSettings:
    """The stored settings with the query's on top."""
    with noticing_removal(conn, facts):
        stored = rendering_defs.effective(conn, facts, stale=query.describes(facts.size_c))
    return replace(stored, settings=applied_settings.for_rendering(stored.settings, query))


def plane_number(name: str, value: str | int | None, size: int, default: int) -> int:
    """A 0-based plane of an image, `default` when there is none given. Raises BadRequest naming it."""
    if value is None:
        return default
    number = int(value)
    if not 0 <= number < size:
        raise BadRequest(f"{name} must lie in 0..{size - 1}, not {number}")
    return number


def render(conn: Any, picture: Picture) -> Array:
    """The picture: (y, x, 4) uint8, the fourth byte a filler. Raises BadRequest when the settings are unusable."""
    source = PixelSource(conn, picture.facts)
    channels = picture.settings.rendered_channels
    width, height = picture.size
    try:
        with noticing_removal(conn, picture.facts):
            if picture.projection is not None:
                planes = {c: projected(source, picture.projection, c, picture.t) for c in channels}
            else:
                planes = source.planes(channels, picture.z, picture.t, picture.region, picture.level)
        fused.prepare()
        return render_rgbx(planes, picture.settings, picture.tables, (height, width))
    except RenderingError as error:
        raise BadRequest(str(error)) from error


def jpeg(conn: Any, picture: Picture) -> bytes:
    """The picture as a JPEG file. Many people look at the same tiles, so that recent ones are kept."""
    etag = picture.etag
    content = JPEGS.get(etag)
    if content is None:
        try:
            content = encode_jpeg(render(conn, picture), picture.quality)
        except RenderingError as error:
            raise BadRequest(str(error)) from error
        JPEGS.put(etag, content)
    return content


def projected(source: PixelSource, wanted: ZProjection, channel: int, t: int) -> Array:
    """A projected plane at full size: (y, x) of the image's type. Raises RenderingError for an impossible range."""
    facts = source.facts
    algorithm: Projection = wanted.algorithm
    sections = projected_sections(algorithm, facts.size_z, wanted.start, wanted.end)
    planes = (source.plane(z, channel, t) for z in sections)
    return project(planes, (facts.size_y, facts.size_x), facts.pixel_type, algorithm).plane
