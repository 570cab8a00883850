"""Rendered planes, tiles and regions. Source: contract/webgateway.md, section 4."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase

from omero_rendering import DEFAULT_QUALITY
from omeroweb.decorators import login_required
from omeroweb.webgateway import regions, rendering
from omeroweb.webgateway.queries import limits, luts
from omeroweb.webgateway.rendering import Picture
from omeroweb.webgateway.rendering_query import RenderingQuery
from omeroweb.webgateway.responder import jpeg_response, validate_rdef_query
from omeroweb.webgateway.views.downloads import single_picture
from omeroweb.webgateway.views.whole_planes import whole_plane


@login_required()
def render_image(
    request: HttpRequest,
    iid: str,
    z: str | None = None,
    t: str | None = None,
    conn: Any = None,
    download: bool = False,
    **kwargs: Any,
) -> HttpResponseBase:
    """A whole plane as JPEG, or, with `download`, as a file to keep."""
    if download:
        return single_picture(request, iid, z, t, conn)
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
