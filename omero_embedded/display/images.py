"""Facts about the pixels of images, read in few statements for many images at once.

Plain values instead of Ice objects: every rendering call needs them, and no client sees them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, or_, select

from omero_rendering import ChannelFacts, ChannelOptics, Color, ImageFacts, PixelType, Window, pixel_type

from ..model.tables import table_of
from ..security.context import CallContext
from ..security.rights import read_condition

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """One channel; `color` is None unless all four components are stored, `emission` a bare number in its own unit."""

    id: int
    logical_channel_id: int
    statistics: Window | None
    color: Color | None
    lut: str | None
    emission: float | None
    excitation: float | None


@dataclass(frozen=True, slots=True)
class ImagePixels:
    """A Pixels row and its channels in order; sizes in pixels, sections, channels and time points."""

    id: int
    image_id: int
    owner_id: int
    group_id: int
    type_name: str
    significant_bits: int | None
    size_x: int
    size_y: int
    size_z: int
    size_c: int
    size_t: int
    channels: tuple[ChannelRow, ...]

    @property
    def type(self) -> PixelType:
        """Sample type. Raises RenderingError for complex types."""
        return pixel_type(self.type_name, self.significant_bits)


def load_pixels(connection: Connection, context: CallContext, ids: Iterable[int]) -> dict[int, ImagePixels]:
    """Pixels that the user may read, by id; ids of others are missing in the result."""
    wanted = sorted(set(ids))
    found: dict[int, ImagePixels] = {}
    for start in range(0, len(wanted), _CHUNK):
        found |= _load_chunk(connection, context, wanted[start : start + _CHUNK])
    return found


def pixels_of_images(
    connection: Connection, context: CallContext, image_ids: Iterable[int]
) -> dict[int, int]:
    """Id of the first Pixels of each readable image, by image id."""
    pixels = table_of("Pixels")
    found: dict[int, int] = {}
    wanted = sorted(set(image_ids))
    for start in range(0, len(wanted), _CHUNK):
        statement = (
            select(pixels.c.image, pixels.c.id)
            .where(pixels.c.image.in_(wanted[start : start + _CHUNK]), read_condition(context, pixels))
            .order_by(pixels.c.image, pixels.c.image_index.desc())
        )
        found |= {int(image): int(row) for image, row in connection.execute(statement)}
    return found


def _load_chunk(connection: Connection, context: CallContext, ids: list[int]) -> dict[int, ImagePixels]:
    pixels, types = table_of("Pixels"), table_of("PixelsType")
    statement = (
        select(pixels, types.c.value.label("type_name"))
        .join(types, types.c.id == pixels.c.pixelstype)
        .where(pixels.c.id.in_(ids), read_condition(context, pixels))
    )
    rows = connection.execute(statement).mappings().all()
    channels = _load_channels(connection, [row["id"] for row in rows])
    return {
        row["id"]: ImagePixels(
            id=row["id"],
            image_id=row["image"],
            owner_id=row["owner_id"],
            group_id=row["group_id"],
            type_name=row["type_name"],
            significant_bits=row["significantbits"],
            size_x=row["sizex"],
            size_y=row["sizey"],
            size_z=row["sizez"],
            size_c=row["sizec"],
            size_t=row["sizet"],
            channels=tuple(channels[row["id"]]),
        )
        for row in rows
    }


def _load_channels(connection: Connection, ids: list[int]) -> dict[int, list[ChannelRow]]:
    channels, logical, statistics = table_of("Channel"), table_of("LogicalChannel"), table_of("StatsInfo")
    statement = (
        select(
            channels,
            logical.c.emissionwave,
            logical.c.excitationwave,
            statistics.c.globalmin,
            statistics.c.globalmax,
        )
        .join(logical, logical.c.id == channels.c.logicalchannel)
        .outerjoin(statistics, statistics.c.id == channels.c.statsinfo)
        .where(channels.c.pixels.in_(ids))
        .order_by(channels.c.pixels, channels.c.pixels_index)
    )
    found: dict[int, list[ChannelRow]] = defaultdict(list)
    for row in connection.execute(statement).mappings():
        components = [row[name] for name in ("red", "green", "blue", "alpha")]
        measured = row["globalmin"] is not None and row["globalmax"] is not None
        found[row["pixels"]].append(
            ChannelRow(
                id=row["id"],
                logical_channel_id=row["logicalchannel"],
                statistics=Window(row["globalmin"], row["globalmax"]) if measured else None,
                color=None if None in components else Color(*(_component(value) for value in components)),
                lut=row["lookuptable"],
                emission=row["emissionwave"],
                excitation=row["excitationwave"],
            )
        )
    return found


def _component(value: int) -> int:
    return min(255, max(0, value))


def image_facts(connection: Connection, pixels: ImagePixels) -> ImageFacts:
    """What initial settings are made from; looks up light sources and filters too."""
    logical_ids = [channel.logical_channel_id for channel in pixels.channels]
    lasers = _laser_wavelengths(connection, logical_ids)
    filtered = _with_emission_filter(connection, logical_ids)
    channels = tuple(
        ChannelFacts(
            statistics=channel.statistics,
            optics=ChannelOptics(
                color=channel.color,
                emission=channel.emission,
                laser=lasers.get(channel.logical_channel_id),
                excitation=channel.excitation,
                emission_filter=channel.logical_channel_id in filtered,
            ),
            lut=channel.lut,
        )
        for channel in pixels.channels
    )
    return ImageFacts(pixels.type, pixels.size_x, pixels.size_y, pixels.size_z, pixels.size_t, channels)


def _laser_wavelengths(connection: Connection, logical_ids: list[int]) -> dict[int, float]:
    logical, light, source = table_of("LogicalChannel"), table_of("LightSettings"), table_of("Laser")
    statement = (
        select(logical.c.id, source.c.wavelength)
        .join(light, light.c.id == logical.c.lightsourcesettings)
        .join(source, source.c.id == light.c.lightsource)
        .where(
            logical.c.id.in_(logical_ids), source.c.discriminator == "Laser", source.c.wavelength.is_not(None)
        )
    )
    return {int(row[0]): float(row[1]) for row in connection.execute(statement)}


def _with_emission_filter(connection: Connection, logical_ids: list[int]) -> set[int]:
    """Logical channels with an emission filter that has a cut-in wavelength, in light path or filter set."""
    logical, filters, ranges = table_of("LogicalChannel"), table_of("Filter"), table_of("TransmittanceRange")
    path_link, set_link = table_of("LightPathEmissionFilterLink"), table_of("FilterSetEmissionFilterLink")
    statement = (
        select(logical.c.id)
        .outerjoin(path_link, path_link.c.parent == logical.c.lightpath)
        .outerjoin(set_link, set_link.c.parent == logical.c.filterset)
        .join(filters, or_(filters.c.id == path_link.c.child, filters.c.id == set_link.c.child))
        .join(ranges, ranges.c.id == filters.c.transmittancerange)
        .where(logical.c.id.in_(logical_ids), ranges.c.cutin.is_not(None))
    )
    return {int(row[0]) for row in connection.execute(statement)}
