"""Exported files say and hold what the image does (contract/server.md, section 2.18)."""

from __future__ import annotations

import io
from typing import Any
from xml.etree import ElementTree

import numpy as np
import omero
import pytest
import tifffile
from omero.model import LengthI, PlaneInfoI, TimeI
from omero.model.enums import UnitsLength, UnitsTime
from omero.rtypes import rint, rstring

from omero_embedded.importer.command import import_files

OME = "{http://www.openmicroscopy.org/Schemas/OME/2016-06}"
SIZES = {"sizeZ": 3, "sizeC": 2, "sizeT": 4}


@pytest.fixture
def ann(make_user: Any, gateway: Any) -> Any:
    return gateway(make_user())


def make_image(
    gateway: Any, dtype: str = "uint16", name: str = "Zellen µ <1>", **sizes: int
) -> tuple[Any, Any]:
    """An image and its samples (t, c, z, y, x)."""
    sizes = sizes or SIZES
    shape = (sizes["sizeT"], sizes["sizeC"], sizes["sizeZ"], 20, 30)
    samples = np.random.default_rng(3).integers(0, 120, shape).astype(dtype)
    planes = (samples[t, c, z] for z in range(shape[2]) for c in range(shape[1]) for t in range(shape[0]))
    return gateway.createImageFromNumpySeq(planes, name, description="two\nlines", **sizes), samples


def export(gateway: Any, image_id: int, operation: str = "generateTiff") -> bytes:
    exporter = gateway.c.sf.createExporter()
    exporter.addImage(image_id)
    size = getattr(exporter, operation)()
    parts = []
    while sum(map(len, parts)) < size:
        parts.append(exporter.read(sum(map(len, parts)), 1 << 20))
    assert exporter.read(size, 10) == b""
    exporter.close()
    return b"".join(parts)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "float32", "float64"])
def test_samples_come_back(ann: Any, dtype: str) -> None:
    image, samples = make_image(ann, dtype)
    with tifffile.TiffFile(io.BytesIO(export(ann, image.id))) as tiff:
        assert tiff.is_ome and not tiff.is_bigtiff and len(tiff.pages) == 24
        assert tiff.series[0].axes == "TCZYX" and tiff.series[0].dtype == dtype
        assert np.array_equal(tiff.asarray(), samples)


def describe(gateway: Any, image: Any) -> None:
    """Give an image physical sizes, channels with names, colours and wavelengths, and the time of one plane."""
    update = gateway.getUpdateService()
    query = gateway.getQueryService()
    pixels = query.get("Pixels", image.getPrimaryPixels().id)
    pixels.physicalSizeX = LengthI(0.25, UnitsLength.MICROMETER)
    pixels.physicalSizeZ = LengthI(1.5, UnitsLength.MICROMETER)
    pixels.timeIncrement = TimeI(2.0, UnitsTime.SECOND)
    update.saveObject(pixels)
    for number, channel in enumerate(image.getChannels(noRE=True)):
        logical = query.get("LogicalChannel", channel.getLogicalChannel().id)
        logical.name = rstring(("DAPI", "GFP")[number])
        logical.emissionWave = LengthI((460.0, 520.5)[number], UnitsLength.NANOMETER)
        update.saveObject(logical)
        stored = query.get("Channel", channel.id)
        stored.red, stored.green, stored.blue, stored.alpha = (rint(value) for value in (255, number, 0, 255))
        update.saveObject(stored)
    plane = PlaneInfoI()
    plane.pixels = omero.model.PixelsI(pixels.id.val, False)
    plane.theZ, plane.theC, plane.theT = rint(1), rint(0), rint(2)
    plane.deltaT = TimeI(4.5, UnitsTime.SECOND)
    plane.positionX = LengthI(7.0, UnitsLength.REFERENCEFRAME)
    update.saveObject(plane)


def test_description_comes_back(ann: Any) -> None:
    image, _ = make_image(ann)
    describe(ann, image)
    with tifffile.TiffFile(io.BytesIO(export(ann, image.id))) as tiff:
        root = ElementTree.fromstring(tiff.ome_metadata)
    found = root.find(f"{OME}Image")
    assert found.get("Name") == "Zellen µ <1>" and found.findtext(f"{OME}Description") == "two\nlines"
    pixels = found.find(f"{OME}Pixels")
    assert {name: pixels.get(f"Size{name}") for name in "XYZCT"} == {
        "X": "30", "Y": "20", "Z": "3", "C": "2", "T": "4",
    }  # fmt: skip
    assert pixels.get("PhysicalSizeX") == "0.25" and pixels.get("PhysicalSizeXUnit") == "µm"
    assert pixels.get("PhysicalSizeY") is None and pixels.get("PhysicalSizeZ") == "1.5"
    assert pixels.get("TimeIncrement") == "2.0" and pixels.get("TimeIncrementUnit") == "s"
    channels = pixels.findall(f"{OME}Channel")
    assert [channel.get("Name") for channel in channels] == ["DAPI", "GFP"]
    assert [channel.get("EmissionWavelength") for channel in channels] == ["460.0", "520.5"]
    assert [int(channel.get("Color")) for channel in channels] == [-0xFFFF01, -0xFEFF01]
    (plane,) = pixels.findall(f"{OME}Plane")
    assert [plane.get(f"The{axis}") for axis in "ZCT"] == ["1", "0", "2"]
    assert plane.get("DeltaT") == "4.5" and plane.get("PositionXUnit") == "reference frame"


def test_xml_holds_metadata_only(ann: Any) -> None:
    image, _ = make_image(ann)
    root = ElementTree.fromstring(export(ann, image.id, "generateXml"))
    pixels = root.find(f"{OME}Image/{OME}Pixels")
    assert pixels.find(f"{OME}MetadataOnly") is not None and pixels.find(f"{OME}TiffData") is None


def test_export_of_the_gateway(ann: Any) -> None:
    image, samples = make_image(ann)
    size, chunks = image.exportOmeTiff(bufsize=1000)
    content = b"".join(chunks)
    assert len(content) == size
    assert np.array_equal(tifffile.imread(io.BytesIO(content)), samples)


def test_import_of_an_export_gives_the_same_image(
    ann: Any, root_gateway: Any, server: Any, tmp_path: Any
) -> None:
    image, samples = make_image(ann, name=f"exported {tmp_path.name}")
    describe(ann, image)
    path = tmp_path / f"{tmp_path.name}.ome.tiff"
    path.write_bytes(export(ann, image.id))
    failures = import_files(
        server.server.paths, server.server.settings, [str(path)], dataset="back", say=lambda _: None
    )
    assert failures == 0
    (back,) = root_gateway.getObjects("Image", attributes={"name": path.name})
    assert back.getPixelSizeX() == 0.25 and back.getPixelSizeZ() == 1.5
    assert [channel.getLabel() for channel in back.getChannels()] == ["DAPI", "GFP"]
    assert np.array_equal(back.getPrimaryPixels().getPlane(1, 1, 2), samples[2, 1, 1])


def test_calls_in_the_wrong_order_are_refused(ann: Any) -> None:
    image, _ = make_image(ann, sizeZ=1, sizeC=1, sizeT=1)
    exporter = ann.c.sf.createExporter()
    for call in (exporter.generateTiff, exporter.generateXml, lambda: exporter.read(0, 10)):
        with pytest.raises(omero.ApiUsageException):
            call()
    exporter.addImage(image.id)
    with pytest.raises(omero.ApiUsageException, match="one image"):
        exporter.addImage(image.id)
    exporter.generateXml()
    with pytest.raises(omero.ApiUsageException, match="already"):
        exporter.addImage(image.id)
    for position, size in ((0, (1 << 20) + 1), (-1, 10), (0, -1)):
        with pytest.raises(omero.ApiUsageException):
            exporter.read(position, size)
    exporter.close()


def test_foreign_and_absent_images_are_refused(ann: Any, make_user: Any, gateway: Any) -> None:
    image, _ = make_image(ann, sizeZ=1, sizeC=1, sizeT=1)
    exporter = gateway(make_user()).c.sf.createExporter()
    for image_id in (image.id, 987654321):
        with pytest.raises(omero.ValidationException):
            exporter.addImage(image_id)


def test_images_that_need_a_pyramid_are_refused(ann: Any) -> None:
    plane = np.zeros((3200, 3200), "uint8")
    image = ann.createImageFromNumpySeq(iter([plane]), "large")
    exporter = ann.c.sf.createExporter()
    exporter.addImage(image.id)
    with pytest.raises(omero.ApiUsageException, match="too large"):
        exporter.generateTiff()
    assert exporter.generateXml() > 0
