"""The plate in the centre panel. Source: contract/webclient.md, section 15.7."""

from __future__ import annotations

from typing import Any

import omero
from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.views.decorators.http import require_GET

from omeroweb.webclient.controller.container import BaseContainer
from omeroweb.webclient.decorators import login_required, object_errors, render_response
from omeroweb.webclient.parameters import InvalidParameter, get_int, parse_int, parse_references
from omeroweb.webclient.queries.projection import rows


class WellIndexForm(forms.Form):
    """Choice of the field that the grid shows."""

    def __init__(self, fields: range, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(index, f"Field#{number}") for number, index in enumerate(fields, 1)]
        self.fields["index"] = forms.ChoiceField(choices=choices)


def field_range(conn: Any, plate_id: int, run_id: int | None) -> range:
    """Indices of the fields that wells of a plate, or of one run of it, have."""
    params = omero.sys.ParametersI().addId(plate_id)
    run = ""
    if run_id is not None:
        params.addLong("run", run_id)
        run = " and ws.plateAcquisition.id = :run"
    hql = (
        "select min(index(ws)), max(index(ws)) from Well well join well.wellSamples ws"
        f" where well.plate.id = :id{run}"
    )
    first, last = rows(conn, hql, params, -1)[0]
    return range(0) if last is None else range(int(first), int(last) + 1)


@require_GET
@login_required()
@render_response()
@object_errors
def load_plate(
    request: HttpRequest,
    o1_type: str | None = None,
    o1_id: str | None = None,
    conn: Any = None,
    **kwargs: Any,
) -> dict[str, Any]:
    """Frame of the plate grid: `webclient/data/plate.html`.

    Context: `manager` (`getPlateId`, `plate` or `acquisition`), `index` (shown field), `form_well_index` (select
    `index`; None without fields), `baseurl` (webgateway's address without the last slash), `thumbnails_batch`,
    `isLeader`, `select_wells` (ids joined by commas), `acquisition` (id, for runs).
    """
    if o1_type not in ("plate", "acquisition") or o1_id is None:
        raise InvalidParameter("o1_type", "expected plate or acquisition with an id")
    object_id = parse_int("o1_id", o1_id)
    manager = BaseContainer(conn, **{o1_type: object_id})
    run_id = object_id if o1_type == "acquisition" else None
    fields = field_range(conn, manager.getPlateId() or 0, run_id)
    index = get_int(request, "index", fields.start)
    if fields and index not in fields:
        index = fields.start
    wells = [ref for ref in parse_references("show", request.GET.get("show", "")) if ref[0] == "well"]
    context: dict[str, Any] = {
        "template": "webclient/data/plate.html",
        "manager": manager,
        "index": index,
        "form_well_index": WellIndexForm(fields, initial={"index": index}) if fields else None,
        "baseurl": reverse("webgateway").rstrip("/"),
        "thumbnails_batch": settings.THUMBNAILS_BATCH,
        "isLeader": conn.isLeader(),
        "select_wells": ",".join(str(well_id) for _, well_id in wells),
    }
    if run_id is not None:
        context["acquisition"] = run_id
    return context
