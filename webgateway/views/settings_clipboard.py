"""Copying rendering settings from image to image through the browser's session.

Source: contract/webgateway.md, section 12.3.
"""

from __future__ import annotations

import contextlib
import json
from typing import Any

from django.http import HttpRequest, HttpResponseNotAllowed

from omeroweb.decorators import login_required
from omeroweb.errors import BadRequest
from omeroweb.webgateway import applied_settings, rdef_documents, rendering
from omeroweb.webgateway.parameters import whole_number
from omeroweb.webgateway.queries import image_facts, rendering_defs, settings_changes
from omeroweb.webgateway.queries.image_facts import ImageFacts
from omeroweb.webgateway.rendering_query import RenderingQuery
from omeroweb.webgateway.responder import jsonp

_FIELDS = ("c", "pixel_range", "m", "z", "t")


def settings_of(request: HttpRequest) -> dict[str, Any] | None:
    """The settings that a request carries, as the session keeps them; None without `c`."""
    found: dict[str, Any] = {}
    for name in _FIELDS:
        value = request.GET.get(name, request.POST.get(name))
        if value is not None:
            found[name] = value
    if "c" not in found:
        return None
    maps = request.GET.get("maps", request.POST.get("maps"))
    if maps is not None:
        # Maps that are not JSON are left out; the channels are worth pasting without them.
        with contextlib.suppress(ValueError):
            found["maps"] = json.loads(maps)
    image_id = request.GET.get("imageId", request.POST.get("imageId"))
    if image_id is not None:
        found["imageId"] = whole_number("imageId", image_id)
    return found


@login_required()
@jsonp
def copy_image_rdef_json(request: HttpRequest, conn: Any = None, **kwargs: Any) -> Any:
    """Remember an image or settings to copy, or (POST with `toids`) apply them."""
    from_id = request.GET.get("fromid")
    to_ids = request.POST.getlist("toids")
    found = settings_of(request)
    if from_id is not None and not to_ids:
        request.session["fromid"] = str(whole_number("fromid", from_id))
        request.session.pop("rdef", None)
        return True
    if found is not None and (request.method == "GET" or request.POST.get("store")):
        request.session["rdef"] = found
        request.session.pop("fromid", None)
        return True
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    return _apply(request, conn, from_id, found, to_ids)


def _apply(
    request: HttpRequest, conn: Any, from_id: str | None, found: dict[str, Any] | None, to_ids: list[str]
) -> Any:
    try:
        targets = [whole_number("toids", text) for text in to_ids]
    except BadRequest:
        return False
    kind = settings_changes.SETS.get(request.POST.get("to_type", ""), "Image")
    if kind not in ("Dataset", "Plate", "PlateAcquisition"):
        kind = "Image"
    if from_id is None:
        from_id = request.session.get("fromid")
    settings = None
    if from_id is None:
        settings = found or request.session.get("rdef")
        if settings is None:
            return False
        for name in ("imageId", "m"):
            if name not in settings:
                raise BadRequest(f"{name} is missing in the copied settings")
        from_id = settings["imageId"]
    if not targets:
        return False
    source_id = whole_number("fromid", from_id)
    allowed = settings_changes.may_annotate(conn, source_id)
    if not allowed:
        return False
    facts = rendering.facts_of(conn, source_id)
    if settings is None:
        result = settings_changes.copy(conn, facts, kind, targets)
    else:
        keep = kind == "Image" and source_id not in targets
        result = _apply_settings(conn, facts, settings, kind, targets, restore=keep)
    return {"true": result[True], "false": result[False]}


def _apply_settings(
    conn: Any, facts: ImageFacts, found: dict[str, Any], kind: str, targets: list[int], restore: bool
) -> dict[bool, list[int]]:
    """Save settings on their image, copy them from there, and put the image's former settings back if asked to."""
    source = {name: str(value) for name, value in found.items() if name in _FIELDS}
    source["m"] = source["m"][:1]
    if "maps" in found:
        source["maps"] = json.dumps(found["maps"])
    query = RenderingQuery.parse(source, planes=True)
    former = rendering_defs.effective(conn, facts).settings
    settings_changes.save(conn, facts, applied_settings.for_saving(former, query, facts.size_z, facts.size_t))
    try:
        return settings_changes.copy(conn, facts, kind, targets)
    finally:
        if restore:
            settings_changes.save(conn, facts, former)


@login_required()
@jsonp
def get_image_rdef_json(request: HttpRequest, conn: Any = None, **kwargs: Any) -> dict[str, Any]:
    """What is remembered for pasting: settings, or those of the remembered image."""
    found = request.session.get("rdef")
    from_id = request.session.get("fromid")
    if found is None and from_id is not None:
        facts = image_facts.load(conn, int(from_id))
        if facts is not None:
            found = rdef_documents.copied(rendering_defs.effective(conn, facts).settings)
    return {"rdef": found}
