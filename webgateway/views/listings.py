"""Containers, wells and plates as JSON. Source: contract/webgateway.md, section 10."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from omero.rtypes import unwrap

from omeroweb.decorators import login_required
from omeroweb.errors import BadRequest, NotFound
from omeroweb.webgateway.parameters import integer
from omeroweb.webgateway.plategrid import LAYOUTS, PlateGrid, letters
from omeroweb.webgateway.queries import limits, listings
from omeroweb.webgateway.responder import jsonp

# Positions in a well are signed numbers of 32 bits.
_LAST_FIELD = 2**31 - 1


def thumbnail_address(
    thumbprefix: str = "webgateway_render_thumbnail", urlprefix: Any = None, size: int | None = None
) -> Callable[[int], str]:
    """Function from image id to the address of its thumbnail. urlprefix: such a function, or the address's start."""
    if callable(urlprefix):
        return urlprefix
    if urlprefix is not None:
        return lambda image_id: f"{urlprefix}{image_id}/"
    if size is None:
        return lambda image_id: reverse(thumbprefix, args=(image_id,))
    return lambda image_id: reverse(thumbprefix, args=(image_id, size))


@login_required()
@jsonp
def listProjects_json(request: HttpRequest, conn: Any = None, **kwargs: Any) -> list[dict[str, Any]]:
    """All projects."""
    found = [listings.simple("Project", project) for project in listings.projects(conn)]
    return [{name: project[name] for name in ("id", "name", "description")} for project in found]


@login_required()
@jsonp
def projectDetail_json(request: HttpRequest, pid: str, conn: Any = None, **kwargs: Any) -> dict[str, Any]:
    """One project."""
    project = listings.project(conn, int(pid))
    if project is None:
        raise NotFound(f"Project:{pid} not found")
    return listings.simple("Project", project)


@login_required()
@jsonp
def listDatasets_json(
    request: HttpRequest, pid: str, conn: Any = None, **kwargs: Any
) -> list[dict[str, Any]]:
    """Datasets of a project; none for a project that is not there."""
    return [
        {**listings.simple("Dataset", dataset), "child_count": count}
        for dataset, count in listings.datasets(conn, int(pid))
    ]


@login_required()
@jsonp
def datasetDetail_json(request: HttpRequest, did: str, conn: Any = None, **kwargs: Any) -> dict[str, Any]:
    """One dataset."""
    dataset = listings.dataset(conn, int(did))
    if dataset is None:
        raise NotFound(f"Dataset:{did} not found")
    return listings.simple("Dataset", dataset)


@login_required()
@jsonp
def listImages_json(
    request: HttpRequest,
    did: str,
    conn: Any = None,
    thumbprefix: str = "webgateway_render_thumbnail",
    urlprefix: Any = None,
    **kwargs: Any,
) -> list[dict[str, Any]]:
    """Images of a dataset; with `tiled`, also their sizes and whether the server makes pyramids of such."""
    if listings.dataset(conn, int(did)) is None:
        raise NotFound(f"Dataset:{did} not found")
    address = thumbnail_address(thumbprefix, urlprefix)
    found = [listings.simple_image(image, address) for image in listings.images(conn, int(did))]
    if request.GET.get("tiled"):
        sizes = listings.sizes(conn, (image["id"] for image in found))
        largest = limits.load(conn).plane_pixels
        for image in found:
            width, height = sizes.get(image["id"], (0, 0))
            image.update(size={"width": width, "height": height}, tiled=width * height > largest)
    return found


@login_required()
@jsonp
def listWellImages_json(
    request: HttpRequest,
    did: str,
    conn: Any = None,
    thumbprefix: str = "webgateway_render_thumbnail",
    urlprefix: Any = None,
    **kwargs: Any,
) -> list[dict[str, Any]]:
    """Images of a well, without those of other runs when `run` names one."""
    well = listings.well(conn, int(did))
    if well is None:
        raise NotFound(f"Well:{did} not found")
    run = integer(request, "run")
    address = thumbnail_address(thumbprefix, urlprefix)
    found = []
    for sample in listings.samples(well):
        if run is not None and sample.run is not None and sample.run.id.val != run:
            continue
        image = listings.simple_image(sample.image, address)
        position = {
            axis: {"value": length.getValue(), "unit": str(length.getUnit())}
            for axis, length in (("x", sample.position_x), ("y", sample.position_y))
            if length is not None
        }
        if position:
            image["position"] = position
        if sample.run is not None:
            image["name"] = f"{image['name']} [Run: {run_name(sample.run)}]"
        found.append(image)
    return found


def run_name(run: Any) -> str:
    """Name of a plate acquisition: its own, else its times, else its id."""
    name = unwrap(run.name)
    if name:
        return str(name)
    start, end = unwrap(run.startTime), unwrap(run.endTime)
    if start and end:
        return " - ".join(str(datetime.fromtimestamp(time / 1000)) for time in (start, end))
    return f"Run {run.id.val}"


@login_required()
@jsonp
def wellData_json(
    request: HttpRequest,
    wid: str,
    conn: Any = None,
    thumbprefix: str = "webgateway_render_thumbnail",
    urlprefix: Any = None,
    **kwargs: Any,
) -> dict[str, Any]:
    """The first image of a well, and where the well is."""
    well = listings.well(conn, int(wid))
    if well is None:
        raise NotFound(f"Well:{wid} not found")
    samples = listings.samples(well)
    if not samples:
        raise NotFound(f"Well:{wid} has no image")
    found = listings.simple_image(samples[0].image, thumbnail_address(thumbprefix, urlprefix))
    plate = well.plate
    row, column = well.row.val, well.column.val
    found["wellPos"] = (
        f"{_place(row, unwrap(plate.rowNamingConvention) or 'letter')}"
        f"{_place(column, unwrap(plate.columnNamingConvention) or 'number')}"
    )
    found.update(plateId=plate.id.val, wellId=well.id.val)
    return found


def _place(index: int, convention: str) -> str:
    return letters(index) if convention == "letter" else str(index + 1)


@login_required()
@jsonp
def plateGrid_json(
    request: HttpRequest,
    pid: str,
    field: str | int = 0,
    acquisition: str | None = None,
    conn: Any = None,
    thumbprefix: str = "webgateway_render_thumbnail",
    urlprefix: Any = None,
    **kwargs: Any,
) -> dict[str, Any]:
    """One field of a plate as a grid."""
    size = integer(request, "size")
    if size is not None and size <= 0:
        raise BadRequest(f"size must be positive, not {size}")
    if int(field) > _LAST_FIELD:
        raise BadRequest(f"field must lie in 0..{_LAST_FIELD}, not {field}")
    layout = request.GET.get("layout", "")
    grid = PlateGrid(
        conn,
        int(pid),
        int(field),
        thumbnail_address(thumbprefix, urlprefix, size),
        layout if layout in LAYOUTS else settings.PLATE_LAYOUT,
        None if acquisition is None else int(acquisition),
    )
    if grid.plate is None:
        raise NotFound(f"Plate:{pid} not found")
    return grid.metadata
