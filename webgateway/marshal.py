"""Dictionaries that plug-ins make from OMERO objects. Source: contract/plugins.md, 5.2; contract/webgateway.md, 20."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from omero.rtypes import unwrap

from omeroweb import server_settings
from omeroweb.webgateway import image_document
from omeroweb.webgateway.shapes import (
    points_string_to_XY_list,
    rgb_int2css,
    rgb_int2rgba,
    shapeMarshal,
    stringToSvg,
    xy_list_to_bbox,
)

__all__ = [
    "channelMarshal",
    "eventContextMarshal",
    "imageMarshal",
    "points_string_to_XY_list",
    "rgb_int2css",
    "rgb_int2rgba",
    "shapeMarshal",
    "stringToSvg",
    "xy_list_to_bbox",
]

_CONTEXT_KEYS = (
    "shareId",
    "sessionId",
    "sessionUuid",
    "userId",
    "userName",
    "sudoerId",
    "sudoerName",
    "groupId",
    "groupName",
    "isAdmin",
    "eventId",
    "eventType",
    "memberOfGroups",
    "leaderOfGroups",
    "adminPrivileges",
)


def imageMarshal(image: Any, key: str | None = None, request: HttpRequest | None = None) -> Any:
    """The `imgData` document of an image wrapper, or one part of it; a new dictionary each time."""
    conn = image._conn
    kept = None if request is None else request.session.get("server_settings")
    defaults = request is not None and request.GET.get("getDefaults") == "true"
    preferences = server_settings.load(conn) if kept is None else kept
    found = image_document.document(conn, image.getId(), preferences, defaults)
    return found if found is None or "size" not in found else image_document.part(found, key)


def channelMarshal(channel: Any) -> dict[str, Any]:
    """One channel wrapper with its rendering settings."""
    found = {
        "emissionWave": channel.getEmissionWave(),
        "label": channel.getLabel(),
        "color": channel.getColor().getHtml(),
        "inverted": channel.isInverted(),
        "reverseIntensity": channel.isInverted(),
        "family": unwrap(channel.getFamily()),
        "coefficient": unwrap(channel.getCoefficient()),
        "window": {
            "min": channel.getWindowMin(),
            "max": channel.getWindowMax(),
            "start": channel.getWindowStart(),
            "end": channel.getWindowEnd(),
        },
        "active": channel.isActive(),
    }
    lut = channel.getLut()
    if lut:
        found["lut"] = lut
    return found


def eventContextMarshal(event_context: Any) -> dict[str, Any]:
    """What the server says about a session; keys that it leaves out are left out here."""
    found = {name: getattr(event_context, name) for name in _CONTEXT_KEYS if hasattr(event_context, name)}
    permissions = getattr(event_context, "groupPermissions", None)
    if permissions is not None:
        found["groupPermissions"] = str(permissions)
    return found
