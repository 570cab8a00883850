"""Listings, plates, regions of interest and downloads over HTTP. contract/webgateway.md, sections 6, 10, 14, 17."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import omero
import pytest
from django.test import Client
from omero.model import (
    DatasetI,
    EllipseI,
    ImageI,
    LabelI,
    MaskI,
    PlateAcquisitionI,
    PlateI,
    PolygonI,
    ProjectDatasetLinkI,
    ProjectI,
    RectangleI,
    RoiI,
    WellI,
    WellSampleI,
)
from omero.rtypes import rdouble, rint, rstring


@pytest.fixture
def conn(gateway: Callable[..., Any], user: Any) -> Any:
    """A connection of `user`."""
    return gateway(user)


def store(conn: Any, thing: Any) -> Any:
    return conn.getUpdateService().saveAndReturnObject(thing, conn.SERVICE_OPTS)


@pytest.fixture
def project(conn: Any) -> Any:
    found = ProjectI()
    found.name, found.description = rstring("Spindle"), rstring("mitosis")
    return store(conn, found)


@pytest.fixture
def dataset(conn: Any, project: Any) -> Any:
    found = DatasetI()
    found.name = rstring("Controls")
    found = store(conn, found)
    link = ProjectDatasetLinkI()
    link.parent, link.child = ProjectI(project.id.val, False), DatasetI(found.id.val, False)
    store(conn, link)
    return found


@pytest.fixture
def images(
    conn: Any, dataset: Any, user: Any, make_image: Callable[..., Any], samples: np.ndarray
) -> list[Any]:
    wrapper = conn.getObject("Dataset", dataset.id.val)
    return [make_image(user, samples[:1, :, :1], name, dataset=wrapper) for name in ("b, one", "A")]


def test_projects_and_datasets_are_listed(
    browser: Client, project: Any, dataset: Any, images: list[Any]
) -> None:
    listed = browser.get("/webgateway/proj/list/").json()
    assert {"id": project.id.val, "name": "Spindle", "description": "mitosis"} in listed
    detail = browser.get(f"/webgateway/proj/{project.id.val}/detail/").json()
    assert detail == {"type": "Project", "id": project.id.val, "name": "Spindle", "description": "mitosis"}
    assert browser.get(f"/webgateway/proj/{project.id.val}/children/").json() == [
        {"type": "Dataset", "id": dataset.id.val, "name": "Controls", "description": "", "child_count": 2}
    ]
    assert browser.get(f"/webgateway/dataset/{dataset.id.val}/detail/").json()["name"] == "Controls"


def test_images_of_a_dataset_are_listed_by_name(browser: Client, dataset: Any, images: list[Any]) -> None:
    first, second = browser.get(f"/webgateway/dataset/{dataset.id.val}/children/?tiled=1").json()
    assert (first["name"], second["name"]) == ("A", "b, one")
    assert first["thumb_url"] == f"/webgateway/render_thumbnail/{images[1].id}/"
    assert (first["size"], first["tiled"]) == ({"width": 80, "height": 60}, False)
    assert isinstance(first["date"], float)


def test_images_know_their_containers(browser: Client, project: Any, dataset: Any, images: list[Any]) -> None:
    meta = browser.get(f"/webgateway/imgData/{images[0].id}/meta/").json()
    assert (meta["projectName"], meta["projectId"]) == ("Spindle", project.id.val)
    assert (meta["datasetName"], meta["datasetId"]) == ("Controls", dataset.id.val)


def test_compatible_images_are_those_with_the_same_channels(browser: Client, images: list[Any]) -> None:
    assert browser.get(f"/webgateway/compatImgRDef/{images[0].id}/").json() == f"[{images[1].id}]"


@pytest.mark.parametrize(
    "path",
    [
        "proj/999999/detail/",
        "dataset/999999/detail/",
        "dataset/999999/children/",
        "well/999999/children/",
        "wellData/999999/",
        "plate/999999/",
        "original_file_paths/999999/",
    ],
)
def test_unknown_containers_are_not_found(browser: Client, path: str) -> None:
    response = browser.get("/webgateway/" + path)
    assert response.status_code == 404
    assert "999999" in response.json()["message"]


@pytest.fixture
def plate(conn: Any, images: list[Any]) -> dict[str, Any]:
    """A plate with well B3 (two fields) and C5 (one field), the latter in no run."""
    found = PlateI()
    found.name = rstring("screen plate")
    run = PlateAcquisitionI()
    run.name = rstring("day 1")
    wells = []
    for row, column, fields in ((1, 2, 2), (2, 4, 1)):
        well = WellI()
        well.row, well.column = rint(row), rint(column)
        for field in range(fields):
            sample = WellSampleI()
            sample.image = ImageI(images[field].id, False)
            sample.posX = omero.model.LengthI(1.5 + field, "REFERENCEFRAME")
            if fields == 2 and field == 1:
                run.addWellSample(sample)
            well.addWellSample(sample)
        found.addWell(well)
        wells.append(well)
    found.addPlateAcquisition(run)
    saved = store(conn, found)
    query = "select w from Well w join fetch w.wellSamples where w.plate.id = :id order by w.row"
    params = omero.sys.ParametersI().addId(saved.id.val)
    wells = conn.getQueryService().findAllByQuery(query, params, conn.SERVICE_OPTS)
    run_id = (
        conn.getQueryService()
        .projection("select r.id from PlateAcquisition r where r.plate.id = :id", params, conn.SERVICE_OPTS)[
            0
        ][0]
        .val
    )
    wells = list({well.id.val: well for well in wells}.values())
    return {"id": saved.id.val, "wells": [well.id.val for well in wells], "run": run_id}


def test_a_plate_is_a_grid(browser: Client, plate: dict[str, Any], images: list[Any]) -> None:
    found = browser.get(f"/webgateway/plate/{plate['id']}/?size=48").json()
    assert (len(found["grid"]), len(found["grid"][0])) == (8, 12)
    cell = found["grid"][1][2]
    assert (cell["id"], cell["wellId"], cell["field"]) == (images[0].id, plate["wells"][0], 0)
    assert cell["thumb_url"] == f"/webgateway/render_thumbnail/{images[0].id}/48/"
    assert isinstance(cell["date"], int)
    assert (found["rowlabels"][1], found["collabels"][2]) == ("B", 3)
    assert found["image_sizes"] == [{"x": 80, "y": 60, "image_id": images[0].id}]


def test_a_plate_shrinks_to_the_used_wells(browser: Client, plate: dict[str, Any]) -> None:
    found = browser.get(f"/webgateway/plate/{plate['id']}/?layout=shrink").json()
    assert (found["rowlabels"], found["collabels"]) == (["B", "C"], [3, 4, 5])
    found = browser.get(f"/webgateway/plate/{plate['id']}/?layout=trim").json()
    assert (found["rowlabels"], found["collabels"]) == (["A", "B", "C"], [1, 2, 3, 4, 5])


def test_fields_count_in_the_well_or_in_the_run(
    browser: Client, plate: dict[str, Any], images: list[Any]
) -> None:
    second = browser.get(f"/webgateway/plate/{plate['id']}/1/").json()["grid"]
    assert second[1][2]["id"] == images[1].id
    assert second[2][4] is None
    of_run = browser.get(f"/webgateway/plate/{plate['id']}/0/{plate['run']}/").json()["grid"]
    assert of_run[1][2]["id"] == images[1].id


def test_images_of_a_well_have_runs_and_positions(browser: Client, plate: dict[str, Any]) -> None:
    path = f"/webgateway/well/{plate['wells'][0]}/children/"
    first, second = browser.get(path).json()
    assert first["position"] == {"x": {"value": 1.5, "unit": "REFERENCEFRAME"}}
    assert second["name"].endswith(" [Run: day 1]")
    assert len(browser.get(f"{path}?run=999999").json()) == 1
    assert browser.get(f"{path}?run=x").status_code == 400


def test_a_well_knows_its_place(browser: Client, plate: dict[str, Any], images: list[Any]) -> None:
    found = browser.get(f"/webgateway/wellData/{plate['wells'][0]}/").json()
    assert (found["wellPos"], found["plateId"], found["id"]) == ("B3", plate["id"], images[0].id)


@pytest.fixture
def roi(conn: Any, image: Any) -> Any:
    found = RoiI()
    found.image = ImageI(image.id, False)
    rectangle = RectangleI()
    for name, value in (("x", 10), ("y", 12), ("width", 30), ("height", 20)):
        setattr(rectangle, name, rdouble(value))
    rectangle.theZ, rectangle.theT = rint(1), rint(0)
    polygon = PolygonI()
    polygon.points = rstring("1,2 30,4 20,40")
    mask = MaskI()
    for name, value in (("x", 0), ("y", 0), ("width", 5), ("height", 3)):
        setattr(mask, name, rdouble(value))
    mask.setBytes(np.packbits(np.eye(3, 5, dtype=np.uint8).reshape(-1)).tobytes())
    for shape in (rectangle, polygon, mask, EllipseI(), LabelI()):
        if isinstance(shape, EllipseI):
            for name, value in (("x", 40), ("y", 30), ("radiusX", 9), ("radiusY", 5)):
                setattr(shape, name, rdouble(value))
        if isinstance(shape, LabelI):
            shape.x, shape.y, shape.textValue = rdouble(3), rdouble(4), rstring("<b>")
        found.addShape(shape)
    return store(conn, found)


def test_regions_are_listed_with_their_shapes(browser: Client, image: Any, roi: Any) -> None:
    (found,) = browser.get(f"/webgateway/get_rois_json/{image.id}/").json()
    assert found["id"] == roi.id.val
    kinds = [shape["type"] for shape in found["shapes"]]
    assert sorted(kinds) == ["Ellipse", "Label", "Mask", "Polygon", "Rectangle"]
    assert kinds[-1] == "Rectangle"
    polygon = next(shape for shape in found["shapes"] if shape["type"] == "Polygon")
    assert polygon["points"] == "M 1 2 L 30 4 L 20 40 z"
    one = browser.get(f"/webgateway/get_shape_json/{roi.id.val}/{polygon['id']}/").json()
    assert one == polygon


def test_images_without_regions_have_none(browser: Client, image: Any) -> None:
    assert browser.get(f"/webgateway/get_rois_json/{image.id}/").json() == []
    assert browser.get("/webgateway/get_rois_json/999999/").json() == []


def test_shapes_have_pictures(
    browser: Client, image: Any, roi: Any, pixels_of: Callable[..., np.ndarray]
) -> None:
    assert pixels_of(browser.get(f"/webgateway/render_roi_thumbnail/{roi.id.val}")).shape[1] == 250
    (found,) = browser.get(f"/webgateway/get_rois_json/{image.id}/").json()
    for shape in found["shapes"]:
        response = browser.get(f"/webgateway/render_shape_thumbnail/{shape['id']}/?color=f00")
        assert response.status_code == 200, shape
        assert pixels_of(response).shape == (166, 250, 3)


def test_a_mask_is_transparent_where_it_is_not_set(
    browser: Client, image: Any, roi: Any, pixels_of: Callable[..., np.ndarray]
) -> None:
    (found,) = browser.get(f"/webgateway/get_rois_json/{image.id}/").json()
    mask = next(shape for shape in found["shapes"] if shape["type"] == "Mask")
    picture = pixels_of(browser.get(f"/webgateway/render_shape_mask/{mask['id']}/"))
    assert picture.shape == (3, 5, 4)
    assert picture[1, 1].tolist() == [255, 255, 0, 255]
    assert picture[0, 1, 3] == 0
    other = next(shape for shape in found["shapes"] if shape["type"] == "Label")
    assert browser.get(f"/webgateway/render_shape_mask/{other['id']}/").status_code == 404


def test_split_channels_and_line_plots_are_drawn(
    browser: Client, image: Any, pixels_of: Callable[..., np.ndarray]
) -> None:
    split = pixels_of(browser.get(f"/webgateway/render_split_channel/{image.id}/0/0/"))
    assert split.shape == (126, 166, 3)
    for path in ("render_row_plot/{id}/0/0/30/", "render_col_plot/{id}/0/0/40/2/"):
        response = browser.get("/webgateway/" + path.format(id=image.id))
        assert response["Content-Type"] == "image/gif"
        assert pixels_of(response).shape == (60, 80)
    assert browser.get(f"/webgateway/render_row_plot/{image.id}/0/0/60/").status_code == 400


def test_the_viewer_has_a_page(browser: Client, image: Any) -> None:
    response = browser.get(f"/webgateway/img_detail/{image.id}/?c=1|0:9$F00,-2&m=c&z=2")
    assert response.status_code == 200
    assert f'data-image="{image.id}"' in response.content.decode()
    assert browser.get("/webgateway/img_detail/999999/").status_code == 404


def test_a_picture_is_downloaded(browser: Client, images: list[Any]) -> None:
    response = browser.get(f"/webgateway/download_as/?image={images[0].id}&format=png")
    assert response["Content-Disposition"] == "attachment; filename=b._one.png"
    assert response.content[:4] == b"\x89PNG"
    assert int(response["Content-Length"]) == len(response.content)


def test_several_pictures_are_downloaded_as_a_zip(browser: Client, images: list[Any]) -> None:
    query = "&".join(f"image={image.id}" for image in images)
    response = browser.get(f"/webgateway/download_as/?{query}&format=jpeg&zipname=my pictures")
    assert response["Content-Disposition"] == "attachment; filename=my_pictures.zip"
    content = b"".join(response.streaming_content)
    response.close()
    assert sorted(zipfile.ZipFile(io.BytesIO(content)).namelist()) == ["A.jpeg", "b, one.jpeg"]


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("download_as/", 400, "No images or wells specified in request"),
        ("download_as/?image=999999", 404, ""),
        ("download_as/?image=x", 400, "image must be a whole number"),
        ("archived_files/download/", 400, "No images or wells specified in request"),
        ("archived_files/download/999999/", 404, ""),
        ("archived_files/download/{id}/", 404, ""),
    ],
)
def test_impossible_downloads_say_why(browser: Client, image: Any, path: str, status: int, text: str) -> None:
    response = browser.get("/webgateway/" + path.format(id=image.id))
    assert response.status_code == status
    assert text in response.content.decode()


def test_an_image_without_a_fileset_has_no_paths(browser: Client, image: Any) -> None:
    assert browser.get(f"/webgateway/original_file_paths/{image.id}/").json() == {}


def test_administrators_work_as_somebody_else(
    log_in: Callable[..., Client], user: Any, make_user: Any
) -> None:
    admin = log_in()
    assert f"su to {user.name}" in admin.get(f"/webgateway/su/{user.name}/").content.decode()
    assert admin.post(f"/webgateway/su/{user.name}/").json() is True
    assert admin.session["connector"]["user_id"] == user.id
    assert admin.get("/webclient/keepalive_ping/").content == b"OK"
    assert admin.get(f"/webgateway/su/{user.name}/").status_code == 404


def test_nobody_can_be_an_unknown_user(log_in: Callable[..., Client]) -> None:
    response = log_in().post("/webgateway/su/nobody-at-all/")
    assert response.status_code == 404
    assert "nobody-at-all" in response.json()["message"]
