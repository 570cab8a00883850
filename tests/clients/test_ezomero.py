"""ezomero: everything it posts can be got again, filtered and linked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ezomero
import numpy as np
import pandas
import pytest
from ezomero import rois
from omero.model import ImageI, PlateAcquisitionI, PlateI, WellI, WellSampleI
from omero.rtypes import rint, rstring

SAMPLES = np.arange(2 * 3 * 12 * 10, dtype=np.uint16).reshape(1, 2, 3, 12, 10).transpose(4, 3, 1, 2, 0)
"""(x, y, z, c, t)."""


@pytest.fixture
def posted(conn: Any) -> dict[str, int]:
    """Ids of a project, a dataset in it and an image in that."""
    project = ezomero.post_project(conn, "study", description="of cells")
    dataset = ezomero.post_dataset(conn, "cells", project_id=project, description="all of them")
    image = ezomero.post_image(conn, SAMPLES, "one.tiff", description="an array", dataset_id=dataset)
    return {"project": project, "dataset": dataset, "image": image}


@pytest.fixture
def plate(conn: Any, posted: dict[str, int]) -> dict[str, int]:
    """Ids of a plate with a run and one well with the posted image."""
    plate, run, well, sample = PlateI(), PlateAcquisitionI(), WellI(), WellSampleI()
    plate.name, run.name, well.row, well.column = rstring("plate"), rstring("run"), rint(0), rint(3)
    plate.addPlateAcquisition(run)
    sample.image, sample.plateAcquisition = ImageI(posted["image"], False), run
    well.addWellSample(sample)
    plate.addWell(well)
    saved = conn.getUpdateService().saveAndReturnObject(plate)
    (saved_well,), (saved_run,) = saved.copyWells(), saved.copyPlateAcquisitions()
    return {"plate": saved.id.val, "run": saved_run.id.val, "well": saved_well.id.val}


def test_posted_image_is_got_in_each_order(conn: Any, posted: dict[str, int]) -> None:
    image, samples = ezomero.get_image(conn, posted["image"])
    assert image.getName() == "one.tiff"
    np.testing.assert_array_equal(samples, SAMPLES.transpose(4, 2, 1, 0, 3))
    _, samples = ezomero.get_image(conn, posted["image"], xyzct=True)
    np.testing.assert_array_equal(samples, SAMPLES)
    _, samples = ezomero.get_image(conn, posted["image"], dim_order="ctzyx")
    np.testing.assert_array_equal(samples, SAMPLES.transpose(3, 4, 2, 1, 0))
    _, part = ezomero.get_image(
        conn, posted["image"], start_coords=(2, 3, 1, 0, 0), axis_lengths=(4, 5, 1, 2, 1), xyzct=True
    )
    np.testing.assert_array_equal(part, SAMPLES[2:6, 3:8, 1:2, 0:2])
    _, padded = ezomero.get_image(
        conn, posted["image"], start_coords=(8, 0, 0, 0, 0), axis_lengths=(4, 2, 1, 1, 1), pad=True
    )
    assert padded.shape == (1, 1, 2, 4, 1)
    assert ezomero.get_image(conn, posted["image"], no_pixels=True)[1] is None
    assert len(ezomero.get_pyramid_levels(conn, posted["image"])) == 1


def test_images_are_made_from_others(conn: Any, posted: dict[str, int]) -> None:
    copy = ezomero.post_image(
        conn, SAMPLES[:, :, :1, 1:2], "part", source_image_id=posted["image"], channel_list=[1]
    )
    np.testing.assert_array_equal(ezomero.get_image(conn, copy, xyzct=True)[1], SAMPLES[:, :, :1, 1:2])
    flat = ezomero.post_image(conn, np.ones((1, 1, 2, 5, 7), np.float32), "other order", dim_order="tczyx")
    assert ezomero.get_image(conn, flat)[1].shape == (1, 2, 5, 7, 1)


def test_ids_are_got_by_container(conn: Any, posted: dict[str, int], plate: dict[str, int]) -> None:
    image = [posted["image"]]
    assert ezomero.get_project_ids(conn) == [posted["project"]]
    assert ezomero.get_dataset_ids(conn, project=posted["project"]) == [posted["dataset"]]
    assert ezomero.get_dataset_ids(conn) == []
    assert ezomero.get_image_ids(conn, dataset=posted["dataset"]) == image
    assert ezomero.get_image_ids(conn, project=posted["project"]) == image
    assert ezomero.get_image_ids(conn, plate=plate["plate"]) == image
    assert ezomero.get_image_ids(conn, well=plate["well"]) == image
    assert ezomero.get_image_ids(conn, plate_acquisition=plate["run"]) == image
    orphan = ezomero.post_image(conn, SAMPLES, "orphan")
    assert ezomero.get_image_ids(conn) == [orphan]


def test_screens_and_plates_are_linked_and_got(
    conn: Any, plate: dict[str, int], posted: dict[str, int]
) -> None:
    screen = ezomero.post_screen(conn, "screen", description="of plates")
    assert ezomero.get_screen_ids(conn) == [screen]
    assert ezomero.get_plate_ids(conn) == [plate["plate"]]
    ezomero.link_plates_to_screen(conn, [plate["plate"]], screen)
    assert ezomero.get_plate_ids(conn, screen=screen) == [plate["plate"]]
    assert ezomero.get_plate_ids(conn) == []
    assert ezomero.get_well_ids(conn, screen=screen) == [plate["well"]]
    assert ezomero.get_well_ids(conn, plate=plate["plate"]) == [plate["well"]]
    assert ezomero.get_well_id(conn, plate["plate"], row=0, column=3) == plate["well"]
    assert ezomero.get_plate_acquisition_ids(conn, screen=screen) == [plate["run"]]
    assert ezomero.get_plate_acquisition_ids(conn, plate=plate["plate"]) == [plate["run"]]


def test_map_annotations_are_posted_got_and_changed(conn: Any, posted: dict[str, int]) -> None:
    pairs = {"gene": "tp53", "dose": ["1", "2"]}
    annotation = ezomero.post_map_annotation(conn, "Image", posted["image"], pairs, "test.ns")
    assert ezomero.get_map_annotation(conn, annotation) == pairs
    assert ezomero.get_map_annotation_ids(conn, "Image", posted["image"], ns="test.ns") == [annotation]
    assert ezomero.get_map_annotation_ids(conn, "Image", posted["image"], ns="other") == []
    assert ezomero.get_image_ids(conn, annotation=annotation) == [posted["image"]]
    ezomero.put_map_annotation(conn, annotation, {"gene": "brca1"}, ns="new.ns")
    assert ezomero.get_map_annotation(conn, annotation) == {"gene": "brca1"}
    assert ezomero.filter_by_kv(conn, [posted["image"]], "gene", "brca1") == [posted["image"]]
    assert ezomero.filter_by_kv(conn, [posted["image"]], "gene", "tp53") == []


def test_comments_tags_and_files(conn: Any, posted: dict[str, int], tmp_path: Path) -> None:
    from omero.gateway import TagAnnotationWrapper

    image = posted["image"]
    comment = ezomero.post_comment_annotation(conn, "Image", image, "well done", ns="c")
    assert ezomero.get_comment_annotation(conn, comment) == "well done"
    assert ezomero.get_comment_annotation_ids(conn, "Image", image) == [comment]
    tag = TagAnnotationWrapper(conn)
    tag.setValue("good")
    tag.save()
    conn.getObject("Image", image).linkAnnotation(tag)
    assert ezomero.get_tag_ids(conn, "Image", image) == [tag.getId()]
    assert ezomero.get_tag(conn, tag.getId()) == "good"
    assert ezomero.filter_by_tag_value(conn, [image], "good") == [image]
    path = tmp_path / "notes.txt"
    path.write_text("a few notes")
    attached = ezomero.post_file_annotation(conn, str(path), "f", object_type="Image", object_id=image)
    assert ezomero.get_file_annotation_ids(conn, "Image", image) == [attached]
    folder = tmp_path / "again"
    folder.mkdir()
    got = ezomero.get_file_annotation(conn, attached, folder_path=str(folder))
    assert Path(got).read_text() == "a few notes"


def test_rois_of_each_shape_come_back(conn: Any, posted: dict[str, int]) -> None:
    colour = (255, 10, 0, 200)
    shapes = [
        rois.Point(x=1.0, y=2.0, z=0, c=0, t=0, label="p"),
        rois.Line(x1=0.0, y1=1.0, x2=2.0, y2=3.0, stroke_width=2.0),
        rois.Rectangle(x=1.0, y=1.0, width=3.0, height=4.0, fill_color=colour, stroke_color=colour),
        rois.Ellipse(x=4.0, y=5.0, x_rad=1.0, y_rad=2.0),
        rois.Polygon(points=[(0.0, 0.0), (4.0, 0.0), (4.0, 4.0)]),
        rois.Polyline(points=[(0.0, 0.0), (5.0, 5.0)]),
        rois.Label(x=2.0, y=3.0, label="here", fontSize=12.0),
    ]
    roi = ezomero.post_roi(conn, posted["image"], shapes, name="all", description="of them")
    assert ezomero.get_roi_ids(conn, posted["image"]) == [roi]
    ids = ezomero.get_shape_ids(conn, roi)
    got = [ezomero.get_shape(conn, shape) for shape in ids]
    assert sorted(type(s).__name__ for s in got) == sorted(type(s).__name__ for s in shapes)
    box = next(s for s in got if isinstance(s, rois.Rectangle))
    assert (box.x, box.width, box.fill_color) == (1.0, 3.0, colour)
    polygon = next(s for s in got if isinstance(s, rois.Polygon))
    assert polygon.points == shapes[4].points


def test_tables_come_back_as_data_frames(conn: Any, posted: dict[str, int]) -> None:
    frame = pandas.DataFrame({"name": ["a", "b"], "area": [1.5, 2.5], "count": [1, 2], "ok": [True, False]})
    annotation = ezomero.post_table(conn, frame, "Image", posted["image"], title="measures")
    got = ezomero.get_table(conn, annotation)[list(frame.columns)]
    pandas.testing.assert_frame_equal(got, frame, check_dtype=False)


def test_links_and_descriptions_are_put(conn: Any, posted: dict[str, int]) -> None:
    dataset = ezomero.post_dataset(conn, "second")
    ezomero.link_images_to_dataset(conn, [posted["image"]], dataset)
    ezomero.link_datasets_to_project(conn, [dataset], posted["project"])
    assert ezomero.get_image_ids(conn, dataset=dataset) == [posted["image"]]
    assert sorted(ezomero.get_dataset_ids(conn, project=posted["project"])) == [posted["dataset"], dataset]
    ezomero.put_description(conn, "Dataset", dataset, "told later")
    assert conn.getObject("Dataset", dataset).getDescription() == "told later"


def test_names_of_users_and_groups_give_ids(conn: Any, member: Any) -> None:
    group = conn.getGroupFromContext().getName()
    assert ezomero.get_group_id(conn, group) == member.group
    assert ezomero.get_user_id(conn, member.name) == member.id
    assert ezomero.get_group_id(conn, "no such group") is None
    assert ezomero.set_group(conn, member.group) is True


def test_imported_image_tells_its_files(server: Any, conn: Any, member: Any, tmp_path: Path) -> None:
    from PIL import Image

    from omero_embedded.importer.importing import Imported, Importer, user_context
    from omero_embedded.settings import StatePaths

    path = tmp_path / "photo.png"
    Image.new("L", (20, 10), 7).save(path)
    database = server.server.database
    with Importer(
        StatePaths(server.omero_dir / "embedded"), database, user_context(database, member.name)
    ) as importer:
        (result,) = importer.import_files([path])
    assert isinstance(result, Imported)
    (image,) = result.image_ids
    (kept,) = ezomero.get_original_filepaths(conn, image)
    assert kept.endswith("/photo.png")
    (sent,) = ezomero.get_original_filepaths(conn, image, fpath="client")
    assert sent.endswith("photo.png")
    assert ezomero.get_series_index(conn, image) == 0
    assert ezomero.filter_by_filename(conn, [image], "photo.png") == [image]


def test_own_connection_and_printed_lists(
    server: Any, member: Any, closing: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    conn = ezomero.connect(
        user=member.name, password=member.password, group="", host=server.host, port=server.tls_port,
        secure=True,
    )  # fmt: skip
    closing.callback(conn.close)
    project = ezomero.post_project(conn, "printed project")
    dataset = ezomero.post_dataset(conn, "printed dataset", project_id=project)
    pairs = ezomero.post_map_annotation(conn, "Dataset", dataset, {"key": "printed value"}, "n")
    ezomero.print_projects(conn)
    ezomero.print_datasets(conn, project=project)
    ezomero.print_groups(conn)
    ezomero.print_map_annotation(conn, pairs)
    out = capsys.readouterr().out
    for text in ("printed project", "printed dataset", "printed value"):
        assert text in out
