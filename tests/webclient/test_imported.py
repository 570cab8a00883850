"""Panels of an image with pixels, channels, original files and settings."""

import json

import numpy as np
import pytest
from PIL import Image

from omero_embedded.importer.importing import Imported, Importer, user_context
from omero_embedded.settings import StatePaths


@pytest.fixture
def own(lab, ada):
    return lab(ada)


@pytest.fixture
def browser(browse, ada):
    return browse(ada)


@pytest.fixture(scope="session")
def picture(tmp_path_factory):
    """A small colour picture."""
    y, x = np.mgrid[0:90, 0:120]
    colours = np.stack([x * 2, y * 2, (x + y)], axis=-1).astype(np.uint8)
    path = tmp_path_factory.mktemp("pictures") / "small, one.png"
    Image.fromarray(colours).save(path)
    return path


@pytest.fixture
def image(server, ada, picture):
    """Id of the imported picture."""
    database = server.server.database
    paths = StatePaths(server.omero_dir / "embedded")
    with Importer(paths, database, user_context(database, ada.name)) as importer:
        (result,) = importer.import_files([picture])
    assert isinstance(result, Imported), result
    return result.image_ids[0]


def test_details_show_the_facts(browser, image):
    response = browser.get(f"metadata_details/image/{image}/")
    text = response.content.decode()
    assert response.status_code == 200
    assert "120 x 90" in text
    assert "uint8" in text
    assert response.context["canExportAsJpg"] is True
    assert response.context["canDownload"] is True
    scripts = {script["id"]: script["enabled"] for script in response.context["figScripts"]}
    assert set(scripts) == {"SplitView", "Thumbnail", "MakeMovie"}


def test_preview_tells_the_settings(browser, image, ada):
    response = browser.get(f"metadata_preview/image/{image}/")
    assert response.status_code == 200
    (rdef,) = json.loads(response.context["rdefsJson"])
    assert rdef["owner"]["id"] == ada.id
    assert rdef["m"] == "c"
    assert [channel.partition("|")[0] for channel in rdef["c"].split(",")] == ["1", "2", "3"]
    assert response.context["rdefs"][0]["current"] is True
    assert response.context["tiledImage"] is False


def test_acquisition_names_the_channels(browser, image):
    response = browser.get(f"metadata_acquisition/image/{image}/")
    assert response.status_code == 200
    channels = response.context["form_channels"]
    assert len(channels) == 3
    rows = {row.name: row.value for row in channels[0]["form"]}
    assert rows["excitationWave"] == "N/A"
    assert rows["illumination"] == "Not set"


def test_thumbnails_are_pictures(browser, image):
    assert browser.get(f"render_thumbnail/{image}/").content[:2] == b"\xff\xd8"
    (data,) = browser.json("get_thumbnails/", id=image).values()
    assert data.startswith("data:image/jpeg;base64,")


def test_the_tree_knows_the_fileset_and_the_sizes(browser, image, ada):
    browser.get("get_thumbnails/", id=image)
    params = {"orphaned": "true", "experimenter_id": ada.id, "sizeXYZ": "true", "thumbVersion": "true"}
    (entry,) = browser.json("api/images/", **params)["images"]
    assert (entry["id"], entry["sizeX"], entry["sizeY"]) == (image, 120, 90)
    assert isinstance(entry["filesetId"], int)


def test_original_metadata_can_be_read_and_downloaded(browser, image):
    assert browser.get(f"load_original_metadata/{image}/").status_code == 200
    response = browser.get(f"download_orig_metadata/{image}/")
    lines = response.content.decode().splitlines()
    assert lines[0] == "[Global Metadata]"
    assert "[Series Metadata]" in lines
    assert response["Content-Disposition"] == "attachment; filename=Original_Metadata.txt"


def test_channels_are_named(browser, image):
    answer = browser.post(f"edit_channel_names/{image}/", {"channel0": "DAPI", "channel2": "x" * 300}).json()
    assert answer == {
        "channelNames": {"channel0": "DAPI", "channel2": "x" * 255},
        "imageCount": 1,
        "updateCount": 1,
    }
    assert "DAPI" in browser.get(f"metadata_details/image/{image}/").content.decode()


def test_channels_of_a_whole_dataset_are_named(browser, own, image):
    dataset = own.dataset()
    own.link("DatasetImageLink", "Dataset", dataset, "Image", image)
    data = {"channel0": "A", "confirm_apply": "true", "parentId": f"dataset-{dataset}"}
    answer = browser.post(f"edit_channel_names/{image}/", data).json()
    assert (answer["imageCount"], answer["updateCount"]) == (1, 1)


@pytest.mark.parametrize("parent", ["", "screen-1", "dataset-999999"])
def test_channels_need_a_parent_to_be_named_for_all(browser, image, parent):
    data = {"channel0": "A", "confirm_apply": "true", "parentId": parent}
    answer = browser.post(f"edit_channel_names/{image}/", data).json()
    assert answer == {"error": "No parent found to apply Channel Names"}


def test_a_channel_that_does_not_exist_is_named(browser, image):
    response = browser.post(f"edit_channel_names/{image}/", {"channel7": "A"})
    assert (response.status_code, b"channel7" in response.content) == (400, True)


def test_the_download_page_lists_the_files(browser, image):
    response = browser.get("download_placeholder/", ids=f"image-{image}")
    assert response.status_code == 200
    ((file,),) = response.context["fileLists"]
    assert file["name"] == "small, one.png"
    assert response.context["filesTotalSize"] == file["size"] > 0
    export = browser.get("download_placeholder/", ids=f"image-{image}", format="png", name="../x")
    assert (export.context["fileCount"], export.context["defaultName"]) == (1, "x")


@pytest.mark.parametrize(
    ("query", "status"), [({}, 404), ({"ids": "image-1", "format": "bmp"}, 400), ({"ids": "x"}, 400)]
)
def test_downloads_of_nothing_are_refused(browser, query, status):
    assert browser.get("download_placeholder/", **query).status_code == status


def test_the_viewer_opens(browser, image):
    response = browser.get(f"img_detail/{image}/")
    assert response.status_code == 200
    assert response.context["viewport_server"] == "/webclient"
    assert browser.get("img_detail/999999/").status_code == 404


def test_settings_are_copied_and_pasted(browser, image, server, ada, picture):
    database = server.server.database
    paths = StatePaths(server.omero_dir / "embedded")
    with Importer(paths, database, user_context(database, ada.name)) as importer:
        (result,) = importer.import_files([picture])
    other = result.image_ids[0]
    settings = "1|10:99$FF0000,2|0:255$00FF00,3|0:255$0000FF"
    saved = browser.post(f"saveImgRDef/{image}/?c={settings}&m=c")
    assert (saved.status_code, saved.json()) == (200, "true")
    assert browser.json("copyImgRDef/", fromid=image) is True
    pasted = browser.post("copyImgRDef/", {"toids": [other], "to_type": "image"}).json()
    assert pasted["true"] == [other]
    (rdef,) = json.loads(browser.get(f"metadata_preview/image/{other}/").context["rdefsJson"])
    assert rdef["c"].startswith("1|10.0:99.0")


def test_no_attached_ome_tiff(browser, image):
    assert browser.json(f"ome_tiff_info/{image}/") == {}


def test_an_imported_image_is_deleted_with_its_files(browser, own, image):
    browser.post("action/deletemany/", {"image": [image]})
    for _ in range(100):
        if browser.json("activities_json/")["inprogress"] == 0:
            break
    assert own.find("select i.id from Image i where i.id = :id", id=image) == []


def test_acquisition_tells_the_instrument(browser, own, image):
    import omero
    from omero.rtypes import rdouble, rstring

    laser = omero.model.LaserI()
    laser.model, laser.type = rstring("Argon"), own.enumeration("LaserType", "Gas")
    laser.laserMedium = own.enumeration("LaserMedium", "Ar")
    laser.wavelength = omero.model.LengthI(488, omero.model.enums.UnitsLength.NANOMETER)
    detector = omero.model.DetectorI()
    detector.gain, detector.type = rdouble(2.5), own.enumeration("DetectorType", "PMT")
    objective = omero.model.ObjectiveI()
    objective.lensNA = rdouble(1.4)
    objective.immersion, objective.correction = (
        own.enumeration("Immersion", "Oil"),
        own.enumeration("Correction", "PlanApo"),
    )
    instrument = omero.model.InstrumentI()
    instrument.addLightSource(laser)
    instrument.addDetector(detector)
    instrument.addObjective(objective)
    instrument = own.save(instrument)
    query = own.client.sf.getQueryService()
    loaded = query.findByQuery("select i from Image i where i.id = :id", omero.sys.ParametersI().addId(image))
    loaded.instrument = omero.model.InstrumentI(instrument.id.val, False)
    environment = omero.model.ImagingEnvironmentI()
    environment.humidity = rdouble(0.425)
    loaded.imagingEnvironment = environment
    own.save(loaded)

    response = browser.get(f"metadata_acquisition/image/{image}/")
    assert response.status_code == 200
    (light,) = response.context["form_lasers"]
    rows = {row.name: (row.label, row.value) for row in light["form"]}
    assert light["title"] == "Laser"
    assert rows["lstype"] == ("Type", "Gas")
    assert rows["wavelength"] == ("Wavelength (nm)", "488.0")
    (objective_rows,) = response.context["form_instrument_objectives"]
    assert {row.name: row.value for row in objective_rows}["immersion"] == "Oil"
    (detector_rows,) = response.context["form_detectors"]
    assert {row.name: row.value for row in detector_rows}["gain"] == "2.5"
    assert {row.name: row.value for row in response.context["form_environment"]}["humidity"] == "43"
