"""BlitzGateway: images, pixels, channels, rendering settings, thumbnails and export."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import omero
import pytest
from PIL import Image

from .conftest import SIZE_C, SIZE_T, SIZE_X, SIZE_Y, SIZE_Z, plane


def test_image_made_from_arrays_tells_its_sizes(conn: Any, image: Any) -> None:
    found = conn.getObject("Image", image.getId())
    sizes = [found.getSizeZ(), found.getSizeC(), found.getSizeT(), found.getSizeY(), found.getSizeX()]
    assert sizes == [SIZE_Z, SIZE_C, SIZE_T, SIZE_Y, SIZE_X]
    assert found.getPixelsType() == "uint16"
    assert found.getDescription() == "made from arrays"
    assert found.getPrimaryPixels().getId() == found.getPixelsId()
    assert found.requiresPixelsPyramid() is False
    assert found.getAcquisitionDate() is not None
    assert found.countArchivedFiles() == found.countImportedImageFiles() == found.countFilesetFiles() == 0
    assert found.getFileset() is None
    assert found.getROICount() == 0


def test_planes_and_tiles_are_the_arrays_sent(image: Any) -> None:
    pixels = image.getPrimaryPixels()
    places = [(z, c, t) for z in range(SIZE_Z) for c in range(SIZE_C) for t in range(SIZE_T)]
    for place, found in zip(places, pixels.getPlanes(places), strict=True):
        np.testing.assert_array_equal(found, plane(*place))
    np.testing.assert_array_equal(pixels.getPlane(1, 0, 1), plane(1, 0, 1))
    tile = pixels.getTile(0, 1, 1, (3, 5, 10, 7))
    np.testing.assert_array_equal(tile, plane(0, 1, 1)[5:12, 3:13])
    tiles = list(pixels.getTiles([(0, 0, 0, (0, 0, 4, 4)), (1, 1, 1, None)]))
    assert [t.shape for t in tiles] == [(4, 4), (SIZE_Y, SIZE_X)]
    assert pixels.get_numpy_type() == np.uint16
    assert list(pixels.copyPlaneInfo()) == []


@pytest.mark.parametrize("kind", ["uint8", "int8", "int16", "uint32", "int32", "float32", "float64"])
def test_images_of_every_sample_type(conn: Any, kind: str) -> None:
    sent = np.arange(-20, 44).reshape(8, 8).astype(kind)
    image = conn.createImageFromNumpySeq(iter([sent]), kind)
    assert image.getPixelsType() == {"float32": "float", "float64": "double"}.get(kind, kind)
    np.testing.assert_array_equal(image.getPrimaryPixels().getPlane(), sent)
    assert Image.open(io.BytesIO(image.renderJpeg(0, 0))).size == (8, 8)


def test_image_made_from_another_takes_its_channels(conn: Any, image: Any) -> None:
    conn.setChannelNames("Image", [image.getId()], {1: "DAPI", 2: "GFP"})
    planes = (plane(0, c, 0) for c in (0, 1))
    copy = conn.createImageFromNumpySeq(planes, "copy", 1, 2, 1, sourceImageId=image.getId())
    assert conn.getObject("Image", copy.getId()).getChannelLabels() == ["DAPI", "GFP"]
    one = conn.createImageFromNumpySeq(
        iter([plane(0, 1, 0)]), "one", sourceImageId=image.getId(), channelList=[1]
    )
    assert conn.getObject("Image", one.getId()).getChannelLabels() == ["GFP"]


def test_channel_names_are_set_for_a_whole_dataset(conn: Any, hierarchy: dict[str, Any]) -> None:
    result = conn.setChannelNames("Dataset", [hierarchy["dataset"].getId()], {1: "red", 2: "green"})
    assert result == {"imageCount": 1, "updateCount": 1}
    found = conn.getObject("Image", hierarchy["image"].getId())
    assert [c.getLabel() for c in found.getChannels()] == ["red", "green"]


def test_channels_tell_windows_and_colours(image: Any) -> None:
    first, second = image.getChannels()
    assert (first.getWindowMin(), first.getWindowMax()) == (0, 5261)
    assert first.getWindowStart() < first.getWindowEnd() <= 5261
    assert first.isActive()
    assert first.getColor().getHtml() != second.getColor().getHtml()
    assert first.getLut() in (None, "")
    assert not first.isReverseIntensity()
    assert first.getFamily().getValue() == "linear"
    assert first.getCoefficient() == 1.0
    assert first.getEmissionWave() is None
    assert [c.getLabel() for c in image.getChannels(noRE=True)] == ["0", "1"]


def test_settings_are_changed_rendered_and_saved(conn: Any, image: Any) -> None:
    assert image.setActiveChannels([1, -2], [(0, 3000), None], ["FF0000", None], reverseMaps=[True, None])
    image.setGreyscaleRenderingModel()
    assert image.isGreyscaleRenderingModel()
    image.setColorRenderingModel()
    image.setDefaultZ(1)
    image.setDefaultT(1)
    image.setQuantizationMap(0, "polynomial", 2.0)
    assert image.saveDefaults()
    again = conn.getObject("Image", image.getId())
    first, second = again.getChannels()
    assert (first.getWindowStart(), first.getWindowEnd()) == (0, 3000)
    assert (first.isActive(), second.isActive()) == (True, False)
    assert first.getColor().getHtml() == "FF0000"
    assert first.isReverseIntensity()
    assert (first.getFamily().getValue(), first.getCoefficient()) == ("polynomial", 2.0)
    assert (again.getDefaultZ(), again.getDefaultT()) == (1, 1)
    assert again.getRenderingModel().getValue() == "rgb"
    (definition,) = again.getAllRenderingDefs()
    assert definition["c"][0]["end"] == 3000
    assert again.resetDefaults()
    assert conn.getObject("Image", image.getId()).getChannels()[1].isActive()


def test_red_channel_renders_red(image: Any) -> None:
    image.set_active_channels([1], [(0, 261)], ["FF0000"])
    picture = np.asarray(image.renderImage(0, 0))
    assert picture.shape == (SIZE_Y, SIZE_X, 3)
    assert picture[-1, -1, 0] > 240
    assert picture[..., 1:].max() < 40
    region = Image.open(io.BytesIO(image.renderJpegRegion(0, 0, 4, 4, 10, 6)))
    assert region.size == (10, 6)
    assert image.renderBirdsEyeView(16)


def test_projections_are_rendered(image: Any) -> None:
    assert "intmax" in image.getProjections()
    image.setProjection("intmax")
    image.setProjectionRange(0, 1)
    assert image.getProjection() == "intmax"
    assert Image.open(io.BytesIO(image.renderJpeg(0, 0))).size == (SIZE_X, SIZE_Y)


def test_split_channels_and_line_plots(image: Any) -> None:
    split = image.renderSplitChannelImage(0, 0)
    assert split.size[0] >= SIZE_X * 2
    assert image.splitChannelDims()["c"]["width"] > 0
    assert Image.open(io.BytesIO(image.renderRowLinePlotGif(0, 0, 3))).format == "GIF"
    assert Image.open(io.BytesIO(image.renderColLinePlotGif(0, 0, 3))).format == "GIF"
    (row,) = image.getRow(0, 0, 5, channels=[0])
    line = plane(0, 0, 0)[5] - image.getChannels()[0].getWindowMin()
    np.testing.assert_allclose(row, line / line.max() * (max(row)), rtol=1e-9)
    assert len(image.getCol(0, 0, 7, channels=[1])[0]) == SIZE_Y


def test_histogram_counts_every_sample(image: Any) -> None:
    counts = image.getHistogram([0, 1], 16, globalRange=False)
    assert sorted(counts) == [0, 1]
    assert [sum(counts[c]) for c in (0, 1)] == [SIZE_X * SIZE_Y] * 2
    assert all(len(counts[c]) == 16 for c in counts)


def test_thumbnails_have_the_size_asked_for(conn: Any, image: Any) -> None:
    assert Image.open(io.BytesIO(image.getThumbnail(size=(16,)))).size == (16, 12)
    assert Image.open(io.BytesIO(image.getThumbnail(size=(20, 20)))).size == (20, 20)
    thumbnails = conn.getThumbnailSet([image.getId()], 24)
    assert Image.open(io.BytesIO(thumbnails[image.getId()])).size == (24, 18)


def test_settings_are_pasted_to_other_images(conn: Any, image: Any, make_image: Callable[..., Any]) -> None:
    image.setActiveChannels([2], [(5, 500)], ["00FF00"])
    image.saveDefaults()
    target = make_image("target")
    done = conn.applySettingsToSet(image.getId(), "Image", [target.getId()])
    assert done[True] == [target.getId()]
    channels = conn.getObject("Image", target.getId()).getChannels()
    assert [c.isActive() for c in channels] == [False, True]
    assert (channels[1].getWindowStart(), channels[1].getWindowEnd()) == (5, 500)


def test_rendering_choices_are_enumerated(image: Any) -> None:
    assert {f.getValue() for f in image.getFamilies().values()} >= {"linear", "polynomial"}
    assert {m.getValue() for m in image.getRenderingModels()} >= {"rgb", "greyscale"}
    assert image.getPixelRange() == (0, 65535)
    assert image.getZoomLevelScaling() is None


def test_ome_tiff_is_exported(image: Any, tmp_path: Path) -> None:
    import tifffile

    path = tmp_path / "exported.ome.tiff"
    size, chunks = image.exportOmeTiff(bufsize=4000)
    path.write_bytes(b"".join(chunks))
    assert path.stat().st_size == size
    stack = tifffile.imread(path)
    assert sorted(stack.shape) == sorted([SIZE_Z, SIZE_C, SIZE_T, SIZE_Y, SIZE_X])


def test_pixel_sizes_carry_units(conn: Any, image: Any, save: Callable[[Any], Any]) -> None:
    pixels = conn.getQueryService().get("Pixels", image.getPixelsId(), conn.SERVICE_OPTS)
    pixels.setPhysicalSizeX(omero.model.LengthI(250.0, omero.model.enums.UnitsLength.NANOMETER))
    save(pixels)
    again = conn.getObject("Image", image.getId())
    assert again.getPixelSizeX() == 250.0
    assert again.getPixelSizeX(units=True).getUnit() == omero.model.enums.UnitsLength.NANOMETER
    assert again.getPixelSizeX(units="MICROMETER").getValue() == pytest.approx(0.25)


def test_images_without_acquisition_metadata_say_so(image: Any) -> None:
    assert image.getInstrument() is None
    assert image.getObjectiveSettings() is None
    assert image.getImagingEnvironment() is None
    assert image.getStageLabel() is None
    assert image.loadOriginalMetadata() == (None, [], [])
    assert image.simpleMarshal()["name"] == "five dimensions"
