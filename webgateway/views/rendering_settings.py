"""Listing, saving and resetting rendering settings. Source: contract/webgateway.md, sections 12.1, 12.2, 12.4, 12.5."""

from __future__ import annotations

import json
import logging
from typing import Any

import omero
from django.http import HttpRequest
from django.views.decorators.http import require_POST

from omeroweb.decorators import login_required
from omeroweb.errors import BadRequest
from omeroweb.webgateway import applied_settings, rdef_documents, rendering
from omeroweb.webgateway.parameters import integers_of_body
from omeroweb.webgateway.queries import (
    image_meta,
    rendering_defs,
    settings_changes,
    thumbnails,
)
from omeroweb.webgateway.rendering_query import RenderingQuery
from omeroweb.webgateway.responder import jsonp, validate_rdef_query
from omeroweb.webgateway.views.thumbnails import default_size

logger = logging.getLogger(__name__)


@login_required()
@jsonp
def get_image_rdefs_json(
    request: HttpRequest, img_id: str | None = None, conn: Any = None, **kwargs: Any
) -> dict[str, Any]:
    """Everybody's settings of an image."""
    pixels = thumbnails.pixels_of(conn, [int(img_id or 0)]).get(int(img_id or 0))
    if pixels is None:
        return {"error": f"No image with id {img_id}"}
    try:
        found = rendering_defs.all_definitions(conn, pixels.pixels_id)
    except omero.ServerError as error:
        logger.warning("No settings of image %s: %s", img_id, error.message)
        return {"error": "Failed to retrieve rdefs"}
    return {"rdefs": [rdef_documents.definition(stored) for stored in found]}


@require_POST
@login_required()
@jsonp
@validate_rdef_query
def save_image_rdef_json(request: HttpRequest, iid: str, conn: Any = None, **kwargs: Any) -> str:
    """Save the request's settings as the user's own. `"false"` when there is no such image."""
    image_id = int(iid)
    query = RenderingQuery.from_request(request, planes=True)
    allowed = settings_changes.may_annotate(conn, image_id)
    if allowed is None:
        return "false"
    facts = rendering.facts_of(conn, image_id)
    base = rendering_defs.effective(conn, facts).settings
    wanted = applied_settings.for_saving(base, query, facts.size_z, facts.size_t)
    if allowed:
        settings_changes.save(conn, facts, wanted)
        thumbnails.batch(conn, [facts.pixels_id], default_size(request))
    return "true"


@require_POST
@login_required()
@jsonp
def reset_rdef_json(
    request: HttpRequest, toOwners: bool = False, conn: Any = None, **kwargs: Any
) -> list[int]:
    """Reset the user's settings of many images to those of the import, or, `toOwners`, to the owners'."""
    ids = integers_of_body(request, "toids")
    if not ids:
        raise BadRequest("Need to specify objects in request, E.g. ?totype=dataset&toids=1&toids=2")
    name = request.POST.get("to_type", "image").lower()
    if name not in settings_changes.SETS:
        raise BadRequest(f"to_type must be one of {', '.join(settings_changes.SETS)}, not {name!r}")
    return settings_changes.reset(conn, settings_changes.SETS[name], ids, toOwners)


@login_required()
@jsonp
def list_compatible_imgs_json(request: HttpRequest, iid: str, conn: Any = None, **kwargs: Any) -> str:
    """JSON text of the ids of images that this one's settings fit, in the same project; `"false"` without image."""
    meta = image_meta.load(conn, int(iid))
    if meta is None:
        return "false"
    if len(meta.projects) != 1:
        raise BadRequest(f"Image:{iid} is not in exactly one project")
    return json.dumps(settings_changes.compatible_images(conn, meta.image_id, meta.projects[0].id))
