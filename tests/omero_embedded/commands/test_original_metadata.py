"""What files say about themselves (contract/server.md, section 2.22, OriginalMetadataRequest)."""

import numpy as np
import omero
import omero.cmd
import pytest
import tifffile
from omero.model import FileAnnotationI, ImageAnnotationLinkI, ImageI, OriginalFileI
from omero.rtypes import rstring, unwrap
from PIL import Image, PngImagePlugin

from omero_embedded import original_metadata
from omero_embedded.importer.command import import_files


@pytest.fixture
def imported(server, tmp_path, root):
    """`imported(path)`: id of the only image of a file that root imports."""

    def run(path):
        failures = import_files(
            server.server.paths, server.server.settings, [str(path)], dataset=path.name, say=lambda _: None
        )
        assert failures == 0
        rows = root.sf.getQueryService().projection(
            f"select i.id from Image i where i.name = '{path.name}' order by i.id desc", None
        )
        return rows[0][0].val

    return run


def _ask(client, image: int):
    callback = client.submit(
        omero.cmd.OriginalMetadataRequest(imageId=image), loops=100, ms=100, failonerror=False
    )
    response = callback.getResponse()
    callback.close(True)
    return response


def test_tags_of_a_tiff(imported, root, tmp_path):
    path = tmp_path / "tagged.tif"
    tifffile.imwrite(path, np.zeros((3, 32, 32), "uint16"), photometric="minisblack", software="a microscope")
    response = _ask(root, imported(path))
    assert response.filesetId.val > 0
    assert response.fileAnnotationId is None
    whole = unwrap(response.globalMetadata)
    assert whole["Software"] == "a microscope"
    assert whole["ImageWidth"] == 32
    assert whole["Compression"] == "NONE"
    assert "StripOffsets" not in whole
    assert unwrap(response.seriesMetadata)["Shape"] == "3 × 32 × 32"


def test_texts_of_a_png(imported, root, tmp_path):
    path = tmp_path / "texts.png"
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Author", "Ada")
    Image.fromarray(np.zeros((20, 30, 3), "uint8")).save(path, pnginfo=texts)
    response = _ask(root, imported(path))
    assert unwrap(response.globalMetadata)["Author"] == "Ada"
    assert unwrap(response.seriesMetadata)["Width"] == 30


def test_gateway_lists_pairs(imported, root_gateway, tmp_path):
    path = tmp_path / "for-the-gateway.tif"
    tifffile.imwrite(path, np.zeros((8, 8), "uint8"), software="s")
    annotation, whole, series = root_gateway.getObject("Image", imported(path)).loadOriginalMetadata()
    assert annotation is None
    assert ("Software", "s") in whole
    assert series


def test_attached_text_of_an_older_import(root):
    update, store = root.sf.getUpdateService(), root.sf.createRawFileStore()
    text = b"[GlobalMetadata]\nLens=Plan Apo\n[SeriesMetadata]\nGain=5 = high\nno pair\n"
    file = OriginalFileI()
    file.name, file.path = rstring("original_metadata.txt"), rstring("/")
    file = update.saveAndReturnObject(file)
    store.setFileId(file.id.val)
    store.write(text, 0, len(text))
    store.close()
    image = ImageI()
    image.name = rstring("old")
    link, annotation = ImageAnnotationLinkI(), FileAnnotationI()
    annotation.ns = rstring("openmicroscopy.org/omero/import/companionFile")
    annotation.file = OriginalFileI(file.id.val, False)
    link.parent, link.child = image, annotation
    link = update.saveAndReturnObject(link)
    response = _ask(root, link.parent.id.val)
    assert response.filesetId is None
    assert response.fileAnnotationId.val == link.child.id.val
    assert unwrap(response.globalMetadata) == {"Lens": "Plan Apo"}
    assert unwrap(response.seriesMetadata) == {"Gain": "5 = high"}


def test_absent_or_unreadable_image_is_an_error(root, login, make_user):
    assert _ask(root, 987654).name == "bad-init"
    image = ImageI()
    image.name = rstring("private")
    owner = login(make_user())
    image = owner.sf.getUpdateService().saveAndReturnObject(image)
    assert isinstance(_ask(login(make_user()), image.id.val), omero.cmd.ERR)
    assert not isinstance(_ask(owner, image.id.val), omero.cmd.ERR)


def test_unknown_kind_of_file_says_nothing(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("nothing to see")
    assert original_metadata.read(path, 0) == ({}, {})


def test_series_beyond_the_file_has_no_pairs(tmp_path):
    path = tmp_path / "one.tif"
    tifffile.imwrite(path, np.zeros((8, 8), "uint8"))
    assert original_metadata.read(path, 7)[1] == {}
