"""omero-rois, omero2pandas: masks and tables that they write are read again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import omero2pandas
import omero_rois
import pandas
from omero.gateway import FileAnnotationWrapper
from omero.model import ImageI, RoiI

from .conftest import SIZE_X, SIZE_Y


def test_masks_of_a_label_image_come_back(image: Any, save: Callable[[Any], Any]) -> None:
    labels = np.zeros((SIZE_Y, SIZE_X), int)
    labels[2:6, 3:9], labels[10:20, 20:30] = 1, 2
    for mask in omero_rois.masks_from_label_image(labels, rgba=(255, 0, 0, 128), z=0, c=0, t=0):
        roi = RoiI()
        roi.setImage(ImageI(image.getId(), False))
        roi.addShape(mask)
        save(roi)
    masks = [shape for roi in image.getROIs(shapeType="Mask") for shape in roi.copyShapes()]
    found, _, _ = omero_rois.masks_to_labels(masks, (1, 1, 1, SIZE_Y, SIZE_X), {"T", "C", "Z"})
    assert (found[0, 0, 0] > 0).tolist() == (labels > 0).tolist()
    binary, _ = omero_rois.shape_to_binary_image(masks[0])
    assert int(binary.sum()) in (24, 100)


def test_data_frames_are_uploaded_asked_and_downloaded(conn: Any, image: Any, tmp_path: Path) -> None:
    frame = pandas.DataFrame({"label": ["a", "b", "c"], "area": [1.5, 2.5, 3.5], "count": [1, 2, 3]})
    annotation = omero2pandas.upload_table(frame, "measures", image.getId(), "Image", omero_connector=conn.c)
    of_it = {"annotation_id": annotation, "omero_connector": conn.c}
    assert tuple(omero2pandas.get_table_size(**of_it)) == (3, 3)
    assert list(omero2pandas.get_table_columns(**of_it)) == ["label", "area", "count"]
    pandas.testing.assert_frame_equal(omero2pandas.read_table(**of_it), frame, check_dtype=False)
    some = omero2pandas.read_table(**of_it, column_names=["area"], query="(count < 3)")
    assert some["area"].tolist() == [1.5, 2.5]
    path = tmp_path / "table.csv"
    omero2pandas.download_table(str(path), **of_it)
    assert pandas.read_csv(path)["count"].tolist() == [1, 2, 3]


def test_csv_files_are_read_and_downloaded(conn: Any, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("x,y\n1,2\n3,4\n")
    attached: FileAnnotationWrapper = conn.createFileAnnfromLocalFile(str(path), mimetype="text/csv")
    frame = omero2pandas.read_csv(annotation_id=attached.getId(), omero_connector=conn.c)
    assert frame["y"].tolist() == [2, 4]
    copy = tmp_path / "copy.csv"
    omero2pandas.download_csv(str(copy), annotation_id=attached.getId(), omero_connector=conn.c)
    assert copy.read_text() == path.read_text()
