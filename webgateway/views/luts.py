"""Lookup tables and their previews. Source: contract/webgateway.md, section 13."""

from __future__ import annotations

import hashlib
from io import BytesIO
from typing import Any

import numpy as np
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from PIL import Image

from omero_rendering import LookupTable, lut_previews
from omeroweb.decorators import login_required
from omeroweb.webgateway.queries import luts
from omeroweb.webgateway.responder import jsonp

GRADIENT = "gradient.png"

# Rows of the shipped picture `webgateway/img/luts_10.png`, which older clients address by index.
_SHIPPED_ORDER = (
    "N:16_colors 3-3-2_rgb N:5_ramps N:6_shades N:blue_orange_icb N:brgbcmyw N:cool W:cyan_hot N:edges fire N:gem"
    " glasbey glasbey_inverted glow grays W:green_fire_blue W:hilo W:ica W:ica2 W:ica3 ice W:magenta_hot"
    " W:orange_hot N:phase physics J:pup_br J:pup_nr W:rainbow_rgb red-green W:red_hot N:royal N:sepia N:smart"
    " spectrum N:thal N:thallium thermal N:unionjack W:yellow_hot"
)
_FOLDERS = {"N": "ncsa_paledit/", "W": "wcif/", "J": "janelia/", "": ""}


def _shipped(entry: str) -> str:
    folder, _, name = entry.rpartition(":")
    return f"/luts/{_FOLDERS[folder]}{name}.lut"


PNG_LUTS = (*(_shipped(entry) for entry in _SHIPPED_ORDER.split()), GRADIENT)


@login_required(omero_group=None)
@jsonp
def listLuts_json(request: HttpRequest, conn: Any = None, **kwargs: Any) -> dict[str, Any]:
    """All lookup tables of the server; their colours too with `rgb=true`."""
    with_colors = request.GET.get("rgb") == "true"
    files = luts.files(conn)
    listed = []
    for index, file in enumerate(files):
        entry: dict[str, Any] = {
            "id": file.id,
            "path": file.path,
            "name": file.name,
            "size": file.size,
            "png_index": PNG_LUTS.index(file.full_name) if file.full_name in PNG_LUTS else -1,
            "png_index_new": index,
        }
        if with_colors:
            table = luts.table(conn, file)
            entry["rgb"] = [] if table is None else table.colors.tolist()
        listed.append(entry)
    return {
        "luts": listed,
        "png_luts": list(PNG_LUTS),
        "png_luts_new": [*(file.full_name for file in files), GRADIENT],
    }


@login_required(omero_group=None)
def luts_png(request: HttpRequest, conn: Any = None, **kwargs: Any) -> HttpResponse:
    """A preview of all lookup tables, ten rows each, then a fading strip."""
    files = luts.files(conn)
    paths = "\n".join(file.full_name for file in files)
    key = f"luts_png-{hashlib.sha1(paths.encode(), usedforsecurity=False).hexdigest()}"
    picture = None if request.GET.get("cached") == "false" else cache.get(key)
    if picture is None:
        tables = (luts.table(conn, file) or _white(file.name) for file in files)
        output = BytesIO()
        Image.fromarray(lut_previews(tables), "RGBA").save(output, "PNG")
        picture = output.getvalue()
        cache.set(key, picture, None)
    return HttpResponse(picture, content_type="image/png")


def _white(name: str) -> LookupTable:
    """What stands for a table that cannot be read."""
    return LookupTable(name, np.full((256, 3), 255, np.uint8))
