"""Image wrappers with the settings of a request. Source: contract/plugins.md, section 5.1."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from omero_rendering import Model
from omeroweb.webgateway import applied_settings, rendering
from omeroweb.webgateway.queries import rendering_defs, settings_changes
from omeroweb.webgateway.rendering_query import RenderingQuery, parameters


def _get_prepared_image(
    request: HttpRequest,
    iid: str | int,
    server_id: Any = None,
    conn: Any = None,
    saveDefs: bool = False,
    retry: bool = True,
) -> tuple[Any, str | None] | None:
    """An image wrapper that renders as the request says, and its `q` as text; None without such an image.

    saveDefs: also store the settings and default planes.
    """
    image = conn.getObject("Image", int(iid))
    if image is None:
        return None
    query = RenderingQuery.from_request(request, planes=saveDefs)
    facts = rendering.facts_of(conn, int(iid))
    base = rendering_defs.effective(conn, facts).settings
    if saveDefs:
        wanted = applied_settings.for_saving(base, query, facts.size_z, facts.size_t)
        settings_changes.save(conn, facts, wanted)
    wanted = applied_settings.for_rendering(base, query)
    if query.channels is not None:
        image.set_active_channels(
            [
                number if channel.active else -number
                for number, channel in enumerate(wanted.channels, start=1)
            ],
            [[channel.window.start, channel.window.end] for channel in wanted.channels],
            [
                channel.lut or "".join(f"{part:02X}" for part in channel.color.rgba)
                for channel in wanted.channels
            ],
            invertMaps=[channel.reverse for channel in wanted.channels],
        )
        for index, channel in enumerate(wanted.channels):
            if index + 1 in query.curves:
                image.setQuantizationMap(index, channel.family.value, channel.coefficient)
    if query.model is Model.GREYSCALE:
        image.setGreyscaleRenderingModel()
    elif query.model is Model.RGB:
        image.setColorRenderingModel()
    if query.projection is not None:
        image.setProjection(f"int{query.projection.algorithm.value}")
        if query.projection.start is not None and query.projection.end is not None:
            image.setProjectionRange(query.projection.start, query.projection.end)
    image.setInvertedAxis(query.invert_axis)
    return image, parameters(request).get("q")
