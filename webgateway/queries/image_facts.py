"""What is known about an image's planes, settings apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import omero
from omero.rtypes import unwrap

from omero_rendering import ChannelFacts, ChannelOptics, Color, PixelType, Window, pixel_type
from omero_rendering import ImageFacts as RenderedFacts
from omeroweb.webgateway.remembered import Remembered

# The server is asked so often whether a session may still read an image.
REVALIDATE_SECONDS = 60.0
_seen = Remembered(REVALIDATE_SECONDS)
_geometries = Remembered(3600.0)

_PIXELS = """
    select p from Pixels p
    join fetch p.image i
    join fetch p.pixelsType
    left outer join fetch p.channels c
    left outer join fetch c.statsInfo
    left outer join fetch c.logicalChannel lc
    where i.id = :id
    order by p.id
"""


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel's own facts. name and wavelengths (nm, as stored) are those of its logical channel."""

    name: str | None
    emission: float | None
    excitation: float | None
    color: Color | None
    lut: str | None
    statistics: Window | None

    def label(self, index: int) -> str:
        """Name for people: the name, else the emission wavelength, else the 0-based index."""
        if self.name is not None and self.name.strip():
            return self.name
        if self.emission is not None:
            return str(int(self.emission)) if self.emission.is_integer() else str(self.emission)
        return str(index)


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """An image's planes: sizes in pixels, sections, channels and time points.

    version changes when the pixels object does. levels: (width, height) of every resolution, full size first.
    tile_size: (width, height) in which the server likes to be asked.
    """

    server_id: int
    image_id: int
    pixels_id: int
    version: int
    group_id: int
    owner_id: int
    pixel_type: PixelType
    size_z: int
    size_t: int
    channels: tuple[Channel, ...]
    levels: tuple[tuple[int, int], ...]
    tile_size: tuple[int, int]

    @property
    def size_x(self) -> int:
        return self.levels[0][0]

    @property
    def size_y(self) -> int:
        return self.levels[0][1]

    @property
    def size_c(self) -> int:
        return len(self.channels)

    @property
    def rendered(self) -> RenderedFacts:
        """The same for the rendering engine's initial settings."""
        return RenderedFacts(
            pixel_type=self.pixel_type,
            size_x=self.size_x,
            size_y=self.size_y,
            size_z=self.size_z,
            size_t=self.size_t,
            channels=tuple(
                ChannelFacts(
                    statistics=channel.statistics,
                    optics=ChannelOptics(channel.color, channel.emission, None, channel.excitation),
                    lut=channel.lut,
                )
                for channel in self.channels
            ),
        )


def group_context(conn: Any, group_id: int) -> Any:
    """Call context of `conn` inside one group, for services that do not work across groups."""
    context = conn.SERVICE_OPTS.copy()
    context.setOmeroGroup(group_id)
    return context


def load(conn: Any, image_id: int, fresh: bool = False) -> ImageFacts | None:
    """Facts of an image that the connection's user may see; None when there is none.

    Remembered per OMERO session for a minute at most, so that a right taken away is noticed; `fresh` asks the server
    in any case, for those who show names that may just have been changed.
    Raises RenderingError for pixel types that cannot be rendered.
    """
    session = (conn.server_id, conn._sessionUuid, conn.SERVICE_OPTS.getOmeroShare(), image_id)
    facts: ImageFacts | None = None if fresh else _seen.get(session)
    if facts is not None:
        return facts
    facts = _load(conn, image_id)
    if facts is None:
        _seen.drop(session)
    else:
        _seen.put(session, facts)
    return facts


def _load(conn: Any, image_id: int) -> ImageFacts | None:
    params = omero.sys.ParametersI().addId(image_id)
    found = conn.getQueryService().findAllByQuery(_PIXELS, params, conn.SERVICE_OPTS)
    if not found:
        return None
    pixels = found[0]
    significant = unwrap(pixels.significantBits)
    if significant is not None and significant < 1:
        significant = None
    type_ = pixel_type(pixels.pixelsType.value.val, significant)
    group_id = pixels.details.group.id.val
    version = pixels.details.updateEvent.id.val if pixels.details.updateEvent is not None else 0
    levels, tile_size = _geometry(conn, pixels, version, group_id)
    return ImageFacts(
        server_id=conn.server_id,
        image_id=image_id,
        pixels_id=pixels.id.val,
        version=version,
        group_id=group_id,
        owner_id=pixels.details.owner.id.val,
        pixel_type=type_,
        size_z=pixels.sizeZ.val,
        size_t=pixels.sizeT.val,
        channels=tuple(_channel(channel) for channel in pixels.copyChannels() if channel is not None),
        levels=levels,
        tile_size=tile_size,
    )


def _channel(channel: Any) -> Channel:
    logical = channel.logicalChannel
    rgba = [unwrap(getattr(channel, name)) for name in ("red", "green", "blue", "alpha")]
    statistics = channel.statsInfo
    return Channel(
        name=None if logical is None else unwrap(logical.name),
        emission=None if logical is None or logical.emissionWave is None else logical.emissionWave.getValue(),
        excitation=None
        if logical is None or logical.excitationWave is None
        else logical.excitationWave.getValue(),
        color=None if None in rgba else Color(*(value & 255 for value in rgba)),
        lut=unwrap(channel.lookupTable) or None,
        statistics=None if statistics is None else Window(statistics.globalMin.val, statistics.globalMax.val),
    )


_Geometry = tuple[tuple[tuple[int, int], ...], tuple[int, int]]


def _geometry(conn: Any, pixels: Any, version: int, group_id: int) -> _Geometry:
    """Sizes of the resolution levels, full size first, and the tile size. Shared between sessions."""
    key = (conn.server_id, pixels.id.val, version)
    geometry = _geometries.get(key)
    if geometry is not None:
        return geometry
    context = group_context(conn, group_id)
    store = conn.c.sf.createRawPixelsStore(context)
    try:
        store.setPixelsId(pixels.id.val, False, context)
        descriptions = store.getResolutionDescriptions(context)
        levels = tuple((level.sizeX, level.sizeY) for level in descriptions)
        width, height = store.getTileSize(context)
    finally:
        store.close(context)
    geometry = (levels or ((pixels.sizeX.val, pixels.sizeY.val),), (int(width), int(height)))
    _geometries.put(key, geometry)
    return geometry
