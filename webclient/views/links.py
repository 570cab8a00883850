"""Linking and unlinking by JSON. Source: contract/webclient.md, section 6."""

from __future__ import annotations

from typing import Any

import omero
from django.http import HttpRequest, HttpResponse, JsonResponse

from omeroweb.webclient.commands import error_text
from omeroweb.webclient.decorators import login_required
from omeroweb.webclient.linking import ParentNotFound, create_links, parse_links, remove_links
from omeroweb.webclient.parameters import json_body


@login_required()
def api_links(request: HttpRequest, conn: Any = None, **kwargs: Any) -> HttpResponse:
    """POST creates links, DELETE removes them; both take `{parent_type: {parent_id: {child_type: [ids]}}}`."""
    if request.method not in ("POST", "DELETE"):
        answer = JsonResponse({"Error": "Need to POST or DELETE JSON data to update links"}, status=405)
        answer["Allow"] = "POST, DELETE"
        return answer
    links = parse_links(json_body(request))
    if request.method == "POST":
        try:
            return JsonResponse({"success": create_links(conn, links)})
        except ParentNotFound as error:
            return JsonResponse({"error": str(error)}, status=404)
    try:
        return JsonResponse({"success": True, **remove_links(conn, links)})
    except omero.CmdError as error:
        return JsonResponse({"error": error_text(error.err)}, status=403)
