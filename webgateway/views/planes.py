"""Rendered planes, tiles and regions. Source: contract/webgateway.md, section 4."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase

from omero_rendering import DEFAULT_QUALITY
from omeroweb.decorators import login_required
from omeroweb.errors import BadRequest
from omeroweb.webgateway import regions, rendering
from omeroweb.webgateway.queries import limits, luts
from omeroweb.webgateway.rendering import Picture
from omeroweb.webgateway.rendering_query import RenderingQuery
from omeroweb.webgateway.responder import jpeg_response, validate_rdef_query


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


@login_required()
def render_image(
    request: HttpRequest,
    iid: str,
    z: str | None = None,
    t: str | None = None,
    conn: Any = None,
    **kwargs: Any,
) -> HttpResponseBase:
    """A whole plane as JPEG."""
    picture = whole_plane(request, iid, z, t, conn)
    return jpeg_response(request, picture.etag, lambda: rendering.jpeg(conn, picture))


@login_required()
def render_image_region(
    request: HttpRequest, iid: str, z: str, t: str, conn: Any = None, **kwargs: Any
) -> HttpResponseBase:
    """A tile of a resolution level, or a region at full size, as JPEG."""
    query = RenderingQuery.from_request(request)
    facts = rendering.facts_of(conn, int(iid))
    wanted = regions.parse(request.GET, facts, limits.load(conn))
    settings = rendering.settings_for(conn, facts, query).settings
    picture = Picture(
        facts,
        settings,
        luts.for_settings(conn, settings),
        rendering.plane_number("z", z, facts.size_z, 0),
        rendering.plane_number("t", t, facts.size_t, 0),
        wanted.level,
        wanted.region,
        quality=DEFAULT_QUALITY if query.quality is None else query.quality,
    )
    return jpeg_response(request, picture.etag, lambda: rendering.jpeg(conn, picture))


render_image_rdef = login_required()(validate_rdef_query(render_image))
render_image_region_rdef = login_required()(validate_rdef_query(render_image_region))
