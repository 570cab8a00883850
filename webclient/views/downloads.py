"""The page before a download, and what an image's OME-TIFF attachment is. Source: contract/webclient.md, 13.4 and 17.3."""

from __future__ import annotations

import os
from datetime import datetime, timezone
from typing import Any

import omero
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.timesince import timesince
from django.views.decorators.http import require_GET
from omero.rtypes import rstring

from omeroweb.webclient.decorators import login_required, object_errors, render_response
from omeroweb.webclient.parameters import InvalidParameter, parse_int, parse_references
from omeroweb.webclient.queries.downloads import file_lists
from omeroweb.webclient.queries.projection import rows

FORMATS = ("jpeg", "png", "tif")


@require_GET
@login_required()
@render_response()
@object_errors
def download_placeholder(request: HttpRequest, conn: Any = None, **kwargs: Any) -> dict[str, Any]:
    """Page that starts a download: `webclient/annotations/download_placeholder.html`.

    Context: `url` (where the download is), `query` (its parameters, encoded), `defaultName`, `fileCount`; for original
    files also `fileLists` (per fileset or image a list of `{id, name, size}`), `filesTotalSize` and, when the total is
    beyond it, `downloadTooLarge` (the limit in bytes).
    """
    references = parse_references("ids", request.GET.get("ids", ""))
    if not references:
        raise Http404("No IDs specified. Need to use '?ids=image-1|image-2'")
    wanted_format = request.GET.get("format")
    name = os.path.basename(request.GET.get("name", "").replace("\\", "/"))
    query = [(kind, str(object_id)) for kind, object_id in references]
    context: dict[str, Any] = {"template": "webclient/annotations/download_placeholder.html"}
    if wanted_format is not None:
        if wanted_format not in FORMATS:
            raise InvalidParameter("format", "expected one of " + ", ".join(FORMATS))
        query.append(("format", wanted_format))
        return {
            **context,
            "url": reverse("download_as"),
            "query": urlencode(query),
            "defaultName": name or f"Export_as_{wanted_format}",
            "fileCount": len(references),
        }
    image_ids = [object_id for kind, object_id in references if kind == "image"]
    lists = file_lists(conn, image_ids)
    if not lists:
        raise Http404("No images found.")
    total = sum(file["size"] for files in lists for file in files)
    context |= {
        "url": reverse("archived_files"),
        "query": urlencode(query),
        "defaultName": name or "OriginalFileDownload",
        "fileLists": lists,
        "fileCount": sum(map(len, lists)),
        "filesTotalSize": total,
    }
    if total > settings.MAXIMUM_MULTIFILE_DOWNLOAD_ZIP_SIZE:
        context["downloadTooLarge"] = settings.MAXIMUM_MULTIFILE_DOWNLOAD_ZIP_SIZE
    return context


@require_GET
@login_required()
def ome_tiff_info(request: HttpRequest, imageId: str, conn: Any = None, **kwargs: Any) -> HttpResponse:
    """The newest OME-TIFF attached to an image, `{}` when there is none."""
    params = omero.sys.ParametersI().addId(parse_int("imageId", imageId))
    params.add("ns", rstring(omero.constants.namespaces.NSOMETIFF))
    hql = (
        "select ann.id, event.time from ImageAnnotationLink link join link.child ann"
        " join ann.details.creationEvent event where link.parent.id = :id and ann.ns = :ns order by ann.id desc"
    )
    found = rows(conn, hql, params.page(0, 1), -1)
    if not found:
        return JsonResponse({})
    annotation_id, created = found[0]
    moment = datetime.fromtimestamp(created / 1000, timezone.utc)
    return JsonResponse(
        {
            "created": moment.strftime("%Y-%m-%d %H:%M:%S"),
            "ago": timesince(moment).split(",")[0],
            "id": annotation_id,
            "download": reverse("download_annotation", args=[annotation_id]),
        }
    )
