"""Scripts of the package omero-scripts, run on an image as users run them (contract/server.md, check 9 of 5.4)."""

import time

import numpy as np
import pytest
from omero.rtypes import rbool, rlist, rlong, rstring


def run(connection, path, inputs):
    """Outputs of a script that ended well."""
    service = connection.getScriptService()
    process = service.runScript(service.getScriptID(path), inputs, None, connection.SERVICE_OPTS)
    limit = time.monotonic() + 120
    while process.poll() is None:
        assert time.monotonic() < limit, f"{path} does not end"
        time.sleep(0.2)
    results = process.getResults(0)
    told = ""
    if "stderr" in results:
        file = connection.getObject("OriginalFile", results["stderr"].val.id.val)
        told = b"".join(file.getFileInChunks()).decode()
    assert process.poll().val == 0, told
    process.close(False)
    return results


@pytest.fixture
def connection(gateway, make_user):
    return gateway(make_user())


@pytest.fixture
def image(connection):
    planes = [np.full((32, 40), 20 * z + 100 * c, np.uint8) for z in range(2) for c in range(2)]
    dataset = connection.getObject("Dataset", new_dataset(connection))
    return connection.createImageFromNumpySeq(
        iter(planes), "scripted", sizeZ=2, sizeC=2, sizeT=1, dataset=dataset._obj
    )


def new_dataset(connection):
    from omero.model import DatasetI

    dataset = DatasetI()
    dataset.name = rstring("scripted")
    return connection.getUpdateService().saveAndReturnObject(dataset).id.val


def of_image(image):
    return {"Data_Type": rstring("Image"), "IDs": rlist([rlong(image.getId())])}


CASES = [
    ("/omero/figure_scripts/Thumbnail_Figure.py", {}, "File_Annotation"),
    ("/omero/export_scripts/Batch_Image_Export.py", {"Format": rstring("PNG")}, "File_Annotation"),
    (
        "/omero/export_scripts/Batch_Image_Export.py",
        {"Format": rstring("OME-TIFF"), "Export_Merged_Image": rbool(True)},
        "File_Annotation",
    ),
    ("/omero/util_scripts/Channel_Offsets.py", {"Channel_1_X_shift": rlong(1)}, "Image"),
]


@pytest.mark.parametrize(("path", "inputs", "output"), CASES)
def test_official_scripts_come_to_results(connection, image, path, inputs, output):
    results = run(connection, path, {**of_image(image), **inputs})
    assert output in results, results.get("Message")
    assert results[output].val.id.val > 0


def test_images_are_combined(connection, image):
    other = connection.createImageFromNumpySeq(
        iter([np.zeros((32, 40), np.uint8)] * 4), "scripted too", sizeZ=2, sizeC=2, sizeT=1
    )
    inputs = {
        "Data_Type": rstring("Image"),
        "IDs": rlist([rlong(image.getId()), rlong(other.getId())]),
        "Dimension_1": rstring("Time"),
    }
    results = run(connection, "/omero/util_scripts/Combine_Images.py", inputs)
    made = connection.getObject("Image", results["Combined_Image"].val.id.val)
    assert made is not None
