"""Rendering settings as JSON. Source: contract/webgateway.md, sections 12.1 and 12.3."""

from __future__ import annotations

from typing import Any

from omero.rtypes import unwrap

from omero_rendering import Color, Model, RenderingSettings
from omeroweb.webgateway.image_document import pixel_range
from omeroweb.webgateway.queries.rendering_defs import is_reversed


def definition(stored: Any) -> dict[str, Any]:
    """One user's settings, from a `RenderingDef` loaded with its channels."""
    owner = stored.details.owner
    return {
        "id": stored.id.val,
        "owner": {
            "id": owner.id.val,
            "firstName": unwrap(owner.firstName),
            "lastName": unwrap(owner.lastName),
        },
        "z": stored.defaultZ.val,
        "t": stored.defaultT.val,
        "model": stored.model.value.val,
        "c": [_channel(binding) for binding in stored.copyWaveRendering() if binding is not None],
    }


def _channel(binding: Any) -> dict[str, Any]:
    red, green, blue = (getattr(binding, name).val & 255 for name in ("red", "green", "blue"))
    inverted = is_reversed(binding)
    found = {
        "active": binding.active.val,
        "start": binding.inputStart.val,
        "end": binding.inputEnd.val,
        "color": _hex(Color(red, green, blue)),
        "inverted": inverted,
        "reverseIntensity": inverted,
        "family": binding.family.value.val,
        "coefficient": binding.coefficient.val,
        "rgb": {"red": red, "green": green, "blue": blue},
    }
    lut = unwrap(binding.lookupTable)
    if lut:
        found["lut"] = lut
    return found


def copied(settings: RenderingSettings) -> dict[str, Any]:
    """Settings in the form in which a page pastes them."""
    channels, maps = [], []
    for number, channel in enumerate(settings.channels, start=1):
        sign = "" if channel.active else "-"
        color = channel.lut or _hex(channel.color)
        channels.append(f"{sign}{number}|{float(channel.window.start)}:{float(channel.window.end)}${color}")
        maps.append(
            {
                "inverted": {"enabled": channel.reverse},
                "quantization": {"coefficient": channel.coefficient, "family": channel.family.value},
            }
        )
    low, high = pixel_range(settings.pixel_type)
    return {
        "c": ",".join(channels),
        "m": "color" if settings.model is Model.RGB else "greyscale",
        "pixel_range": f"{low}:{high}",
        "maps": maps,
    }


def _hex(color: Color) -> str:
    return f"{color.red:02X}{color.green:02X}{color.blue:02X}"
