"""Intensity histogram of a plane. Source: contract/webgateway.md, section 15; contract/rendering.md, section 5.6."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase, JsonResponse

from omero_rendering import histogram
from omeroweb.decorators import login_required
from omeroweb.errors import BadRequest, NotFound
from omeroweb.webgateway import rendering
from omeroweb.webgateway.parameters import integer
from omeroweb.webgateway.pixels import PixelSource
from omeroweb.webgateway.queries import limits
from omeroweb.webgateway.queries.image_facts import ImageFacts
from omeroweb.webgateway.queries.limits import Limits

DEFAULT_BINS = 256
MOST_BINS = 65536


@login_required()
def histogram_json(
    request: HttpRequest, iid: str, theC: str, conn: Any = None, **kwargs: Any
) -> HttpResponseBase:
    """Counts of one channel's plane between the channel's global minimum and maximum."""
    facts = rendering.facts_of(conn, int(iid))
    z, t = integer(request, "theZ", 0) or 0, integer(request, "theT", 0) or 0
    bins = integer(request, "bins", DEFAULT_BINS) or DEFAULT_BINS
    for name, value, size in (
        ("theZ", z, facts.size_z),
        ("theT", t, facts.size_t),
        ("theC", int(theC), facts.size_c),
    ):
        if not 0 <= value < size:
            raise NotFound(f"{name} must lie in 0..{size - 1}, not {value}")
    if bins < 0:
        bins = DEFAULT_BINS
    if bins > MOST_BINS:
        raise BadRequest(f"bins must lie in 1..{MOST_BINS}, not {bins}")
    level = countable_level(facts, limits.load(conn))
    if level is None:
        return JsonResponse(
            {"error": "The image has no resolution level small enough for a histogram"}, status=400
        )
    channel = int(theC)
    plane = PixelSource(conn, facts).planes((channel,), z, t, level=level)[channel]
    counts = histogram(plane, bins, facts.channels[channel].statistics).counts
    return JsonResponse({"data": [int(count) for count in counts]})


def countable_level(facts: ImageFacts, largest: Limits) -> int | None:
    """The largest resolution level (0 = full size) that fits the server's plane limits."""
    if len(facts.levels) == 1:
        return 0
    return next(
        (
            level
            for level, (width, height) in enumerate(facts.levels)
            if width <= largest.max_plane_width and height <= largest.max_plane_height
        ),
        None,
    )
