"""The whole plane that a request asks for. Source: contract/webgateway.md, section 4.1."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from omero_rendering import DEFAULT_QUALITY
from omeroweb.errors import BadRequest
from omeroweb.webgateway import rendering
from omeroweb.webgateway.queries import limits, luts
from omeroweb.webgateway.rendering import Picture
from omeroweb.webgateway.rendering_query import RenderingQuery


def whole_plane(request: HttpRequest, iid: str | int, z: str | None, t: str | None, conn: Any) -> Picture:
    """The plane that a request asks for. Raises BadRequest for planes too large to be rendered whole."""
    query = RenderingQuery.from_request(request)
    facts = rendering.facts_of(conn, int(iid))
    largest = limits.load(conn).download_pixels
    if facts.size_x * facts.size_y > largest:
        raise BadRequest(f"Image:{iid} is too large to be rendered whole: more than {largest} pixels")
    settings = rendering.settings_for(conn, facts, query).settings
    return Picture(
        facts,
        settings,
        luts.for_settings(conn, settings),
        rendering.plane_number("z", z, facts.size_z, settings.default_z),
        rendering.plane_number("t", t, facts.size_t, settings.default_t),
        projection=query.projection,
        quality=DEFAULT_QUALITY if query.quality is None else query.quality,
    )
