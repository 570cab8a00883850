"""The panels on the right: details, hierarchy, preview, acquisition. Source: contract/webclient.md, section 15.

Templates get, besides what each docstring lists, the keys that `decorators.render_response` adds (`ome`, `ui`, …).
`manager` is a `controller.container.BaseContainer`; the objects in it are the wrappers of `webclient.wrappers`.
"""

from __future__ import annotations

import json
from typing import Any

import omero
from django.http import HttpRequest
from django.urls import reverse
from django.views.decorators.http import require_GET

from omeroweb.webclient.acquisition import acquisition_context
from omeroweb.webclient.controller.container import BaseContainer, ObjectNotFound
from omeroweb.webclient.decorators import login_required, object_errors, render_response
from omeroweb.webclient.parameters import InvalidParameter, get_int, parse_int
from omeroweb.webclient.queries import panels as queries
from omeroweb.webclient.views.shares import share_details

DETAIL_TYPES = ("project", "dataset", "image", "screen", "plate", "acquisition", "well", "tag", "tagset")


def load_manager(request: HttpRequest, conn: Any, c_type: str | None, c_id: str | None) -> BaseContainer:
    """The object of a panel's address; 404 when it is missing, 400 for a type without panels."""
    if c_type not in DETAIL_TYPES or c_id is None:
        raise InvalidParameter("c_type", "expected one of " + ", ".join(DETAIL_TYPES))
    index = get_int(request, "index", 0)
    if index < 0:
        raise InvalidParameter("index", "must not be negative")
    return BaseContainer(conn, index=index, **{c_type: parse_int("c_id", c_id)})


@require_GET
@login_required()
@render_response()
@object_errors
def load_metadata_details(
    request: HttpRequest,
    c_type: str | None = None,
    c_id: str | None = None,
    conn: Any = None,
    share_id: str | None = None,
    **kwargs: Any,
) -> dict[str, Any]:
    """General tab: `webclient/annotations/metadata_general.html`.

    Context: `manager` (its `image`, `dataset`, … , `well`, `tag`, `obj_type`, `obj_id`, `obj_name`, `canAnnotate`,
    `canEdit`, `getPermsCss`, `getWellSampleImage`, `external_info`), `annotationCounts` (`TagAnnotation
    FileAnnotation CommentAnnotation LongAnnotation MapAnnotation OtherAnnotation`), `tableCountsOnParents`,
    `figScripts` (list of `{id, name, enabled, tooltip}`), `canExportAsJpg`, `canDownload`, `webclient_path`,
    `insight_ns` (tags only), `share` (in a share only), and for project, screen and plate `childCount`
    (datasets, plates, wells).
    """
    if c_type in ("share", "discussion"):
        return share_details(conn, c_type, parse_int("c_id", c_id))
    manager = load_manager(request, conn, c_type, c_id)
    image = manager.getWellSampleImage()
    context: dict[str, Any] = {
        "manager": manager,
        "template": "webclient/annotations/metadata_general.html",
        "webclient_path": reverse("webindex"),
        "annotationCounts": queries.annotation_counts(conn, c_type, [manager.obj_id]),
        "tableCountsOnParents": queries.count_tables_on_parents(conn, c_type, manager.obj_id),
        "figScripts": queries.figure_scripts(conn, c_type, image),
        "canExportAsJpg": queries.can_export_as_jpg(conn, request, image),
        "canDownload": image is not None and queries.can_download(image),
    }
    if c_type in ("tag", "tagset"):
        context["insight_ns"] = omero.constants.metadata.NSINSIGHTTAGSET
    if c_type in queries.COUNTED_CHILDREN:
        context["childCount"] = queries.count_children(conn, c_type, manager.obj_id)
    if share_id is not None:
        context["share"] = share_id
    return context


@require_GET
@login_required()
@render_response()
@object_errors
def load_metadata_hierarchy(
    request: HttpRequest, c_type: str, c_id: str, conn: Any = None, share_id: str | None = None, **kwargs: Any
) -> dict[str, Any]:
    """Parents of an image or well: `webclient/annotations/metadata_hierarchy.html`.

    Context: `manager`, `hierarchy`: list of chains, outermost first, each a list of `{type, id, name}`
    (`project`/`dataset` or `screen`/`plate`); empty when the image is in no container.
    """
    manager = load_manager(request, conn, c_type, c_id)
    image = manager.getWellSampleImage()
    return {
        "manager": manager,
        "hierarchy": [] if image is None else queries.hierarchy(conn, image.getId()),
        "template": "webclient/annotations/metadata_hierarchy.html",
    }


@require_GET
@login_required()
@render_response()
@object_errors
def load_metadata_preview(
    request: HttpRequest, c_type: str, c_id: str, conn: Any = None, share_id: str | None = None, **kwargs: Any
) -> dict[str, Any]:
    """Preview tab: `webclient/annotations/metadata_preview.html`.

    Context: `manager`, `share_id`, `tiledImage` (boolean), `rdefs`: list of `{id, owner: {id, firstName, lastName},
    c: [channel…], model, current}`, one per owner, and `rdefsJson`: JSON list of `{id, owner, c, m}` where `c` is the
    settings query (`1|0:255$00FF00,…`).
    """
    if c_type not in ("image", "well"):
        raise InvalidParameter("c_type", "expected image or well")
    manager = load_manager(request, conn, c_type, c_id)
    image = manager.getWellSampleImage()
    if image is None:
        raise ObjectNotFound("Image", int(c_id))
    rdefs = queries.rendering_definitions(image)
    return {
        "manager": manager,
        "share_id": share_id,
        "rdefs": rdefs,
        "rdefsJson": json.dumps([queries.rdef_query(rdef) for rdef in rdefs]),
        "tiledImage": bool(rdefs and image.requiresPixelsPyramid()),
        "template": "webclient/annotations/metadata_preview.html",
    }


@require_GET
@login_required()
@render_response()
@object_errors
def load_metadata_acquisition(
    request: HttpRequest, c_type: str, c_id: str, conn: Any = None, share_id: str | None = None, **kwargs: Any
) -> dict[str, Any]:
    """Acquisition tab: `webclient/annotations/metadata_acquisition.html`.

    Context: `manager`, `share_id`, and the read-only forms of contract/webclient.md, section 15.5:
    `form_channels` (list of dicts), `form_microscope`, `form_instrument_objectives`, `form_objective`,
    `form_filters`, `form_dichroics`, `form_detectors`, `form_lasers`, `form_environment`, `form_stageLabel`.
    Every form is a list of `{name, label, value}` rows (see `acquisition.Row`), so a template needs one loop.
    """
    manager = load_manager(request, conn, c_type, c_id)
    image = manager.getWellSampleImage()
    context: dict[str, Any] = {} if image is None else acquisition_context(conn, image)
    return {
        **context,
        "manager": manager,
        "share_id": share_id,
        "template": "webclient/annotations/metadata_acquisition.html",
    }
