"""Thumbnails made by the OMERO server. Source: contract/webgateway.md, section 5; contract/server.md, section 2.17."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import omero
from omero.rtypes import rint, unwrap

from omeroweb.webgateway.queries.image_facts import group_context

logger = logging.getLogger(__name__)

# What a server raises when an image has no picture to give.
FAILURES = (
    omero.ApiUsageException,
    omero.InternalException,
    omero.ResourceError,
    omero.SecurityViolation,
    omero.ValidationException,
)

_PIXELS = """
    select p.image.id, p.id, p.details.group.id from Pixels p
    where p.image.id in (:ids) order by p.id desc
"""


@dataclass(frozen=True, slots=True)
class ThumbnailSize:
    """Longest side, or width and height, in pixels."""

    width: int
    height: int | None = None


@dataclass(frozen=True, slots=True)
class ThumbnailPixels:
    """The pixels object of an image, and its group."""

    pixels_id: int
    group_id: int


def pixels_of(conn: Any, image_ids: Iterable[int]) -> dict[int, ThumbnailPixels]:
    """Pixels of those images that the user may see, by image id."""
    ids = sorted(set(image_ids))
    if not ids:
        return {}
    params = omero.sys.ParametersI().addIds(ids)
    rows = conn.getQueryService().projection(_PIXELS, params, conn.SERVICE_OPTS)
    return {image: ThumbnailPixels(pixels, group) for image, pixels, group in map(unwrap, rows)}


def batch(conn: Any, pixels_ids: Iterable[int], longest_side: int) -> dict[int, bytes]:
    """JPEGs by pixels id, from the server's own cache where it has them; images without a picture are left out."""
    store = conn.c.sf.createThumbnailStore(conn.SERVICE_OPTS)
    try:
        pictures = store.getThumbnailByLongestSideSet(rint(longest_side), list(pixels_ids), conn.SERVICE_OPTS)
    finally:
        store.close(conn.SERVICE_OPTS)
    return {pixels_id: bytes(picture) for pixels_id, picture in pictures.items() if picture}


def single(
    conn: Any,
    pixels: ThumbnailPixels,
    size: ThumbnailSize,
    plane: tuple[int, int] | None = None,
    definition_id: int | None = None,
) -> bytes:
    """A JPEG rendered for this call. plane: (z, t), None for the stored default. definition_id: settings to use.

    Raises what the server raises (`FAILURES`) when it cannot.
    """
    context = group_context(conn, pixels.group_id)
    store = conn.c.sf.createThumbnailStore(context)
    try:
        if not store.setPixelsId(pixels.pixels_id, context):
            store.resetDefaults(context)
            store.setPixelsId(pixels.pixels_id, context)
        if definition_id is not None:
            store.setRenderingDefId(definition_id, context)
        width = rint(size.width)
        height = None if size.height is None else rint(size.height)
        if plane is None:
            if height is None:
                picture = store.getThumbnailByLongestSideDirect(width, context)
            else:
                picture = store.getThumbnailDirect(width, height, context)
        elif height is None:
            picture = store.getThumbnailForSectionByLongestSideDirect(*plane, width, context)
        else:
            picture = store.getThumbnailForSectionDirect(*plane, width, height, context)
    finally:
        store.close(context)
    return bytes(picture)
