"""The JSON document about one image that viewers start from. Source: contract/webgateway.md, section 9."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from omero_rendering import ChannelSettings, Model, PixelType, RenderingError, split_layout
from omeroweb.errors import BadRequest
from omeroweb.webgateway.pixels import PixelSource
from omeroweb.webgateway.queries import image_facts, image_meta, rendering_defs
from omeroweb.webgateway.queries.image_facts import Channel, ImageFacts
from omeroweb.webgateway.queries.image_meta import ImageMeta, Parent
from omeroweb.webgateway.queries.rendering_defs import StoredSettings

_MULTIPLE = Parent(0, "Multiple", "")


def document(
    conn: Any, image_id: int, preferences: Mapping[str, Any] | None = None, defaults: bool = False
) -> dict[str, Any] | None:
    """The document; None when the user sees no such image. A new dictionary at every call: callers add to it.

    preferences: the server's `omero.client.*` values, nested. defaults: initial settings instead of the stored ones.
    """
    meta = image_meta.load(conn, image_id)
    if meta is None:
        return None
    found = _about(meta)
    try:
        facts = image_facts.load(conn, image_id, fresh=True)
    except RenderingError:
        return found
    if facts is None:
        return found
    if defaults:
        source = PixelSource(conn, facts)
        settings = rendering_defs.initial(facts, source.plane)
        stored = StoredSettings(None, None, settings.model.value, settings)
    else:
        stored = rendering_defs.effective(conn, facts)
    viewer = (preferences or {}).get("viewer") or {}
    found.update(_geometry(facts))
    found.update(
        {
            "interpolate": viewer.get("interpolate_pixels", True) is not False,
            "size": {
                "width": facts.size_x,
                "height": facts.size_y,
                "z": facts.size_z,
                "t": facts.size_t,
                "c": facts.size_c,
            },
            "pixel_size": dict(zip("xyz", meta.pixel_sizes, strict=True)),
            "init_zoom": _initial_zoom(viewer.get("initial_zoom_level"), facts),
        }
    )
    if meta.magnification is not None:
        found["nominalMagnification"] = meta.magnification
    found.update(
        {
            "pixel_range": list(pixel_range(facts.pixel_type)),
            "channels": [
                channel_document(index, channel, settings_, facts.pixel_type)
                for index, (channel, settings_) in enumerate(
                    zip(facts.channels, stored.settings.channels, strict=True)
                )
            ],
            "split_channel": {
                "g": _split(Model.GREYSCALE, facts),
                "c": _split(Model.RGB, facts),
            },
            "rdefs": {
                "model": "color" if stored.settings.model is Model.RGB else "greyscale",
                "projection": "normal",
                "defaultZ": stored.settings.default_z,
                "defaultT": stored.settings.default_t,
                "invertAxis": False,
            },
        }
    )
    return found


def part(found: Mapping[str, Any], key: str | None) -> Any:
    """A value of the document by its dotted path; None for unknown names and empty objects.

    Raises BadRequest for a path into something that is no object.
    """
    value: Any = found
    for name in key.split(".") if key else ():
        if value is None:
            return None
        if not isinstance(value, Mapping):
            raise BadRequest(f"key {key!r} leads into a value that is no object")
        value = value.get(name)
    return None if value == {} else value


def channel_document(
    index: int, channel: Channel, settings: ChannelSettings, type_: PixelType
) -> dict[str, Any]:
    """One element of `channels`."""
    color = settings.color
    limits = channel.statistics
    found: dict[str, Any] = {
        "emissionWave": channel.emission,
        "label": channel.label(index),
        "color": f"{color.red:02X}{color.green:02X}{color.blue:02X}",
        "inverted": settings.reverse,
        "reverseIntensity": settings.reverse,
        "family": settings.family.value,
        "coefficient": settings.coefficient,
        "window": {
            "min": type_.minimum if limits is None else limits.start,
            "max": type_.maximum if limits is None else limits.end,
            "start": settings.window.start,
            "end": settings.window.end,
        },
        "active": settings.active,
    }
    if settings.lut:
        found["lut"] = settings.lut
    return found


def pixel_range(type_: PixelType) -> tuple[float, float]:
    """Smallest and largest value by the bytes of a sample; floats for signed types."""
    values = 2 ** (8 * type_.bytes_per_sample)
    if type_.signed:
        return -values / 2, values / 2 - 1
    return 0, values - 1


def _about(meta: ImageMeta) -> dict[str, Any]:
    dataset = meta.datasets[0] if len(meta.datasets) == 1 else _MULTIPLE
    project = meta.projects[0] if len(meta.projects) == 1 else _MULTIPLE
    rights = meta.permissions
    return {
        "id": meta.image_id,
        "meta": {
            "imageName": meta.name,
            "imageDescription": meta.description,
            "imageAuthor": meta.author,
            "imageArchived": meta.archived,
            "projectName": project.name,
            "projectId": project.id or None,
            "projectDescription": project.description,
            "datasetName": dataset.name,
            "datasetId": dataset.id or None,
            "datasetDescription": dataset.description,
            "wellSampleId": "",
            "wellId": meta.well_ids[0] if len(meta.well_ids) == 1 else "",
            "imageTimestamp": meta.timestamp,
            "imageId": meta.image_id,
            "pixelsType": meta.pixels_type,
        },
        "perms": {
            "canAnnotate": rights.canAnnotate(),
            "canEdit": rights.canEdit(),
            "canDelete": rights.canDelete(),
            "canLink": rights.canLink(),
        },
    }


def _geometry(facts: ImageFacts) -> dict[str, Any]:
    levels = facts.levels
    if len(levels) == 1:
        return {"tiles": False}
    return {
        "tiles": True,
        "tile_size": {"width": facts.tile_size[0], "height": facts.tile_size[1]},
        "levels": len(levels),
        "resolutions": {
            str(level): {"sizeX": width, "sizeY": height} for level, (width, height) in enumerate(levels)
        },
        "zoomLevelScaling": {str(level): width / facts.size_x for level, (width, _) in enumerate(levels)},
    }


def _split(model: Model, facts: ImageFacts) -> dict[str, int]:
    layout = split_layout(model, facts.size_c, facts.size_x, facts.size_y)
    return {
        "width": layout.width,
        "height": layout.height,
        "border": layout.border,
        "gridx": layout.columns,
        "gridy": layout.rows,
    }


def _initial_zoom(preference: Any, facts: ImageFacts) -> int:
    """The server's preferred zoom level; negative ones count from the smallest resolution."""
    zoom = preference if isinstance(preference, int) else 0
    return zoom + len(facts.levels) if zoom < 0 else zoom
