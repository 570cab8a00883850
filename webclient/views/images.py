"""Thumbnails, planes and settings below the webclient's address. Source: contract/webclient.md, section 16.

The work is webgateway's; here its views get the webclient's default picture, and shares.
"""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from PIL import Image, ImageDraw

from omeroweb.webclient.decorators import login_required
from omeroweb.webgateway import views as webgateway

DEFAULT_SIZE = 96


@lru_cache(maxsize=32)
def default_thumbnail(size: tuple[int, ...] = (DEFAULT_SIZE,)) -> bytes:
    """Picture for images that have none (PNG): a crossed frame. size: width, or width and height."""
    width, height = size[0], size[-1]
    picture = Image.new("RGB", (width, height), (232, 235, 239))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, width - 1, height - 1), outline=(170, 178, 188))
    draw.line((0, 0, width - 1, height - 1), fill=(200, 206, 213))
    draw.line((0, height - 1, width - 1, 0), fill=(200, 206, 213))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def default_picture(size: tuple[int, ...] = (DEFAULT_SIZE,)) -> bytes:
    """Called by webgateway's thumbnail views instead of a 404."""
    return default_thumbnail(tuple(int(side) for side in size))


@login_required()
def image_viewer(
    request: HttpRequest, iid: str, conn: Any = None, share_id: str | None = None, **kwargs: Any
) -> HttpResponseBase:
    """The full viewer; `omero.web.viewer.view` may name another one."""
    server = reverse("webindex")
    if share_id is not None:
        server += share_id
    kwargs["viewport_server"] = server.rstrip("/")
    return webgateway.full_viewer(request, iid, conn=conn, **kwargs)
