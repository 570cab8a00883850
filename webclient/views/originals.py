"""Original metadata and channel names. Source: contract/webclient.md, sections 7.6 and 15.6."""

from __future__ import annotations

import re
from typing import Any

import omero
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET, require_POST

from omeroweb.webclient.decorators import login_required, object_errors, render_response
from omeroweb.webclient.parameters import InvalidParameter, parse_int, parse_references
from omeroweb.webclient.queries.projection import rows

LONGEST_NAME = 255
CHANNEL_FIELD = re.compile(r"^channel(\d{1,6})$")


def load_image(conn: Any, image_id: str) -> Any:
    image = conn.getObject("Image", parse_int("imageId", image_id))
    if image is None:
        raise Http404(f"Image {image_id} not found")
    return image


def metadata_lists(image: Any) -> tuple[list[tuple[str, Any]], list[tuple[str, Any]]]:
    """(global, series) pairs of key and value, sorted by lower-case key."""
    found = image.loadOriginalMetadata()
    if found is None:
        return [], []
    return list(found[1]), list(found[2])


@require_GET
@login_required()
@render_response()
@object_errors
def load_original_metadata(
    request: HttpRequest, imageId: str, conn: Any = None, share_id: str | None = None, **kwargs: Any
) -> dict[str, Any] | HttpResponse:
    """What the file's format said of the image: `webclient/annotations/original_metadata.html`.

    Context: `imageId`, `global_metadata`, `series_metadata` (lists of (key, value)), `original_metadata` (None).
    """
    image = load_image(conn, imageId)
    try:
        global_metadata, series_metadata = metadata_lists(image)
    except omero.LockTimeout:
        return HttpResponse("LockTimeout", status=408)
    return {
        "template": "webclient/annotations/original_metadata.html",
        "imageId": image.getId(),
        "original_metadata": None,
        "global_metadata": global_metadata,
        "series_metadata": series_metadata,
    }


@require_GET
@login_required()
def download_orig_metadata(
    request: HttpRequest, imageId: str, conn: Any = None, **kwargs: Any
) -> HttpResponse:
    """The same as a text file."""
    global_metadata, series_metadata = metadata_lists(load_image(conn, imageId))
    lines = ["[Global Metadata]"]
    lines += [f"{key}={value}" for key, value in global_metadata]
    lines.append("[Series Metadata]")
    lines += [f"{key}={value}" for key, value in series_metadata]
    response = HttpResponse("\n".join(lines), content_type="application/force-download")
    response["Content-Disposition"] = "attachment; filename=Original_Metadata.txt"
    return response


@require_POST
@login_required()
def edit_channel_names(request: HttpRequest, imageId: str, conn: Any = None, **kwargs: Any) -> HttpResponse:
    """Name the channels of an image, or of all images of its parent with as many channels."""
    image = load_image(conn, imageId)
    size_c = image.getSizeC()
    names: dict[int, str] = {}
    for field, value in request.POST.items():
        match = CHANNEL_FIELD.match(field)
        if match is not None:
            index = int(match[1])
            if size_c is None or index >= size_c:
                raise InvalidParameter(field, f"the image has {size_c or 0} channels")
            names[index + 1] = str(value)[:LONGEST_NAME]
    if not names:
        raise InvalidParameter("channel0", "missing")
    kind, ids, count = "Image", [image.getId()], None
    if "confirm_apply" in request.POST:
        parents = parse_references("parentId", request.POST.get("parentId", ""))
        if len(parents) != 1 or parents[0][0] not in ("dataset", "plate"):
            return JsonResponse({"error": "No parent found to apply Channel Names"})
        kind, ids, count = parents[0][0].title(), [parents[0][1]], size_c
        if not holds_image(conn, kind, ids[0]):
            return JsonResponse({"error": "No parent found to apply Channel Names"})
    counts = conn.setChannelNames(kind, ids, names, channelCount=count)
    return JsonResponse(
        {"channelNames": {f"channel{number - 1}": name for number, name in names.items()}, **counts}
    )


def holds_image(conn: Any, kind: str, object_id: int) -> bool:
    """Whether the dataset or plate has any image."""
    hql = {
        "Dataset": "select count(link.id) from DatasetImageLink link where link.parent.id = :id",
        "Plate": "select count(ws.id) from WellSample ws where ws.well.plate.id = :id",
    }[kind]
    return bool(rows(conn, hql, omero.sys.ParametersI().addId(object_id), -1)[0][0])
