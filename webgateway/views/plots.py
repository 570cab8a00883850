"""Split channels and line plots. Source: contract/webgateway.md, section 7."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from omero_rendering import encode_jpeg
from omeroweb.decorators import login_required
from omeroweb.errors import BadRequest
from omeroweb.webgateway import line_plots, rendering, split_channel
from omeroweb.webgateway.queries import limits
from omeroweb.webgateway.rendering import Picture
from omeroweb.webgateway.responder import jpeg_response
from omeroweb.webgateway.views.whole_planes import whole_plane

_PANEL_QUALITY = 0.9
_WIDEST_LINE = 1000


@login_required()
def render_split_channel(
    request: HttpRequest, iid: str, z: str, t: str, conn: Any = None, **kwargs: Any
) -> HttpResponseBase:
    """Every channel alone, and all together, as one JPEG."""
    picture = whole_plane(request, iid, z, t, conn)
    facts = picture.facts
    largest = limits.load(conn).download_pixels
    if facts.size_x * facts.size_y * (facts.size_c + 1) > largest:
        raise BadRequest(f"Image:{iid} is too large for a split view: more than {largest} pixels")
    asked = request.GET.get("q") not in (None, "") and picture.quality > 0
    picture = replace(picture, quality=picture.quality if asked else _PANEL_QUALITY)
    etag = f'"split-{picture.etag[1:]}'
    return jpeg_response(
        request, etag, lambda: encode_jpeg(split_channel.compose(conn, picture), picture.quality)
    )


@login_required()
def render_row_plot(
    request: HttpRequest, iid: str, z: str, t: str, y: str, w: str = "1", conn: Any = None, **kwargs: Any
) -> HttpResponseBase:
    """Profiles of a row as a GIF to lay over the picture."""
    return _plot(request, iid, z, t, "y", int(y), w, conn, line_plots.row_plot)


@login_required()
def render_col_plot(
    request: HttpRequest, iid: str, z: str, t: str, x: str, w: str = "1", conn: Any = None, **kwargs: Any
) -> HttpResponseBase:
    """Profiles of a column as a GIF to lay over the picture."""
    return _plot(request, iid, z, t, "x", int(x), w, conn, line_plots.column_plot)


def _plot(
    request: HttpRequest,
    iid: str,
    z: str,
    t: str,
    name: str,
    position: int,
    w: str,
    conn: Any,
    plot: Callable[[Any, Picture, int, int], bytes],
) -> HttpResponse:
    picture = whole_plane(request, iid, z, t, conn)
    size = picture.facts.size_y if name == "y" else picture.facts.size_x
    rendering.plane_number(name, position, size, 0)
    width = int(w) or 1
    if width > _WIDEST_LINE:
        raise BadRequest(f"w must lie in 1..{_WIDEST_LINE}, not {width}")
    return HttpResponse(plot(conn, picture, position, width), content_type="image/gif")
