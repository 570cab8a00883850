"""What readers make of files of each kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from omero_embedded.importer.metadata import ImageMetadata
from omero_embedded.importer.readers import Reader, UnreadableFile, reader_type, tiff_pages
from omero_embedded.importer.readers.pictures import PictureReader
from omero_embedded.importer.readers.tiff import TiffReader

RANDOM = np.random.default_rng(0)


def whole(reader: Reader, index: int = 0) -> np.ndarray:
    """All samples (t, c, z, y, x), read in strips of 7 rows."""
    image = reader.metadata.images[index]

    def plane(z: int, c: int, t: int) -> np.ndarray:
        rows = range(0, image.size_y, 7)
        return np.concatenate([reader.read_rows(index, z, c, t, y, min(7, image.size_y - y)) for y in rows])

    return np.array(
        [
            [[plane(z, c, t) for z in range(image.size_z)] for c in range(image.size_c)]
            for t in range(image.size_t)
        ]
    )


def sizes(image: ImageMetadata) -> tuple[int, ...]:
    return image.size_t, image.size_c, image.size_z, image.size_y, image.size_x


def some(*shape: int, dtype: str = "uint16") -> np.ndarray:
    return (RANDOM.random(shape) * 200).astype(dtype)


@pytest.mark.parametrize(
    ("dtype", "name"),
    [
        ("int8", "int8"), ("uint8", "uint8"), ("int16", "int16"), ("uint16", "uint16"), ("int32", "int32"),
        ("uint32", "uint32"), ("float16", "float"), ("float32", "float"), ("float64", "double"), ("bool", "bit"),
    ],
)  # fmt: skip
def test_plain_tiff_of_every_type(tmp_path: Path, dtype: str, name: str) -> None:
    data = some(20, 30, dtype=dtype)
    tifffile.imwrite(tmp_path / "a.tif", data, photometric="minisblack")
    with TiffReader(tmp_path / "a.tif") as reader:
        assert reader.metadata.images[0].pixel_type == name
        assert np.array_equal(whole(reader)[0, 0, 0], data)


@pytest.mark.parametrize("dtype", ["int64", "uint64"])
def test_types_that_the_model_lacks_are_refused(tmp_path: Path, dtype: str) -> None:
    tifffile.imwrite(tmp_path / "a.tif", some(20, 30, dtype=dtype))
    with pytest.raises(UnreadableFile, match=dtype):
        TiffReader(tmp_path / "a.tif")


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize(
    "options",
    [{}, {"compression": "zlib"}, {"compression": "lzw", "predictor": True}, {"tile": (16, 16)}, {"rowsperstrip": 3},
     {"tile": (16, 32), "compression": "zstd"}, {"bigtiff": True}],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("large", [False, True])
def test_pages_of_every_layout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, byteorder: str, options: dict[str, Any], large: bool
) -> None:
    if large:
        monkeypatch.setattr(tiff_pages, "WHOLE_PAGE_BYTES", 0)
    data = some(50, 70)
    tifffile.imwrite(tmp_path / "a.tif", data, byteorder=byteorder, **options)
    with TiffReader(tmp_path / "a.tif") as reader:
        assert np.array_equal(whole(reader)[0, 0, 0], data)


@pytest.mark.parametrize("planarconfig", ["contig", "separate"])
@pytest.mark.parametrize("options", [{}, {"tile": (16, 16), "compression": "zlib"}], ids=str)
@pytest.mark.parametrize("large", [False, True])
def test_rgb_tiff_gives_three_channels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, planarconfig: str, options: dict[str, Any], large: bool
) -> None:
    if large:
        monkeypatch.setattr(tiff_pages, "WHOLE_PAGE_BYTES", 0)
    data = some(40, 50, 3, dtype="uint8")
    stored = data if planarconfig == "contig" else np.moveaxis(data, -1, 0)
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb", planarconfig=planarconfig, **options)
    with TiffReader(tmp_path / "a.tif") as reader:
        image = reader.metadata.images[0]
        assert image.is_graphics
        assert [channel.samples_per_pixel for channel in image.channels] == [3, 3, 3]
        assert np.array_equal(whole(reader)[0, :, 0], np.moveaxis(data, -1, 0))


def test_pages_of_a_plain_tiff_are_time_points(tmp_path: Path) -> None:
    data = some(5, 20, 30)
    tifffile.imwrite(tmp_path / "a.tif", data, photometric="minisblack", compression="zlib", metadata=None)
    with TiffReader(tmp_path / "a.tif") as reader:
        assert sizes(reader.metadata.images[0]) == (5, 1, 1, 20, 30)
        assert np.array_equal(whole(reader)[:, 0, 0], data)


def test_indexed_colours_are_expanded(tmp_path: Path) -> None:
    colormap = RANDOM.integers(0, 65535, (3, 256)).astype("uint16")
    data = some(20, 30, dtype="uint8")
    tifffile.imwrite(tmp_path / "a.tif", data, photometric="palette", colormap=colormap)
    with TiffReader(tmp_path / "a.tif") as reader:
        assert np.array_equal(whole(reader)[0, :, 0], (colormap >> 8)[:, data])


def test_white_is_the_largest_value(tmp_path: Path) -> None:
    data = some(20, 30, dtype="uint8")
    tifffile.imwrite(tmp_path / "a.tif", data, photometric="miniswhite")
    with TiffReader(tmp_path / "a.tif") as reader:
        assert np.array_equal(whole(reader)[0, 0, 0], 255 - data)


def test_resolution_in_centimetres_gives_the_pixel_size(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", some(9, 9), resolution=(20000, 40000), resolutionunit="CENTIMETER")
    with TiffReader(tmp_path / "a.tif") as reader:
        image = reader.metadata.images[0]
        assert image.physical_size_x == (pytest.approx(0.5), "MICROMETER")
        assert image.physical_size_y == (pytest.approx(0.25), "MICROMETER")


def test_resolution_for_printing_says_nothing(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", some(9, 9), resolution=(300, 300), resolutionunit="INCH")
    with TiffReader(tmp_path / "a.tif") as reader:
        assert reader.metadata.images[0].physical_size_x is None


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_imagej_hyperstack(tmp_path: Path, compression: str | None) -> None:
    data = some(2, 3, 4, 20, 30)
    luts = [np.zeros((3, 256), "uint8") for _ in range(4)]
    for index, lut in enumerate(luts):
        lut[index % 3] = np.arange(256)
    tifffile.imwrite(
        tmp_path / "a.tif", data, imagej=True, resolution=(4, 4), compression=compression,
        metadata={"axes": "TZCYX", "spacing": 0.7, "unit": "um", "finterval": 1.5, "mode": "composite", "LUTs": luts},
    )  # fmt: skip
    with TiffReader(tmp_path / "a.tif") as reader:
        image = reader.metadata.images[0]
        assert sizes(image) == (2, 4, 3, 20, 30)
        assert image.physical_size_x == (0.25, "MICROMETER")
        assert image.physical_size_z == (0.7, "MICROMETER")
        assert image.time_increment == (1.5, "SECOND")
        assert [channel.color for channel in image.channels][:2] == [(255, 0, 0, 255), (0, 255, 0, 255)]
        assert not image.is_graphics
        assert np.array_equal(whole(reader), np.swapaxes(data, 1, 2))


def test_ome_tiff_with_everything(tmp_path: Path) -> None:
    data = some(2, 3, 4, 20, 30)
    metadata = {
        "axes": "TCZYX", "Name": "my image", "Description": "about it", "AcquisitionDate": "2020-01-02T03:04:05Z",
        "SignificantBits": 12, "PhysicalSizeX": 500.0, "PhysicalSizeXUnit": "nm", "PhysicalSizeY": 0.25,
        "PhysicalSizeYUnit": "µm", "PhysicalSizeZ": 1.0, "TimeIncrement": 2.0, "TimeIncrementUnit": "min",
        "Channel": {"Name": ["A", "B", "C"], "EmissionWavelength": [450, 520, 610],
                    "EmissionWavelengthUnit": ["nm"] * 3, "Color": [-16776961, 16711935, 65535]},
        "Plane": {"DeltaT": [float(n) for n in range(24)], "ExposureTime": [10.0] * 24, "ExposureTimeUnit": ["ms"] * 24},
    }  # fmt: skip
    tifffile.imwrite(tmp_path / "a.ome.tif", data, metadata=metadata)
    with TiffReader(tmp_path / "a.ome.tif") as reader:
        assert reader.metadata.format == "OMETiff"
        (image,) = reader.metadata.images
        assert sizes(image) == data.shape
        assert (image.name, image.description, image.acquired) == ("my image", "about it", 1577934245000)
        assert image.physical_size_x == (500.0, "NANOMETER")
        assert image.physical_size_y == (0.25, "MICROMETER")
        assert image.time_increment == (2.0, "MINUTE")
        assert image.significant_bits == 12
        assert [channel.name for channel in image.channels] == ["A", "B", "C"]
        assert image.channels[1].emission == (520.0, "NANOMETER")
        assert [channel.color for channel in image.channels] == [
            (255, 0, 0, 255), (0, 255, 0, 255), (0, 0, 255, 255),
        ]  # fmt: skip
        assert len(image.planes) == 24
        assert image.planes[1].exposure == (10.0, "MILLISECOND")
        assert image.planes[1].delta_t == (1.0, "SECOND")
        assert np.array_equal(whole(reader), data)


@pytest.mark.parametrize("order", ["TCZYX", "TZCYX", "ZCTYX", "CZTYX", "ZTCYX", "CTZYX"])
def test_ome_tiff_in_every_dimension_order(tmp_path: Path, order: str) -> None:
    data = some(2, 3, 4, 8, 9)
    tifffile.imwrite(tmp_path / "a.ome.tif", data, metadata={"axes": order}, photometric="minisblack")
    with TiffReader(tmp_path / "a.ome.tif") as reader:
        assert np.array_equal(whole(reader), data.transpose([order.index(axis) for axis in "TCZYX"]))


def test_rgb_ome_tiff(tmp_path: Path) -> None:
    data = some(4, 20, 30, 3, dtype="uint8")
    tifffile.imwrite(tmp_path / "a.ome.tif", data, metadata={"axes": "ZYXS"}, photometric="rgb")
    with TiffReader(tmp_path / "a.ome.tif") as reader:
        (image,) = reader.metadata.images
        assert sizes(image) == (1, 3, 4, 20, 30)
        assert [channel.samples_per_pixel for channel in image.channels] == [3, 3, 3]
        assert np.array_equal(whole(reader)[0], data.transpose(3, 0, 1, 2))


def test_a_page_is_decoded_once_for_all_its_samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = some(3, 20, 30, 3, dtype="uint8")
    tifffile.imwrite(tmp_path / "a.ome.tif", data, metadata={"axes": "ZYXS"}, photometric="rgb")
    decoded: list[int] = []
    asarray = tifffile.TiffPage.asarray

    def count(page: Any, *arguments: Any, **options: Any) -> Any:
        decoded.append(page.index)
        return asarray(page, *arguments, **options)

    monkeypatch.setattr(tifffile.TiffPage, "asarray", count)
    with TiffReader(tmp_path / "a.ome.tif") as reader:
        for c in range(3):
            for y in range(0, 20, 5):
                reader.read_rows(0, 2, c, 0, y, 5)
    assert len(decoded) == 1


def test_ome_tiff_with_several_images(tmp_path: Path) -> None:
    first, second = some(2, 20, 30), some(3, 40, 10, dtype="uint8")
    with tifffile.TiffWriter(tmp_path / "a.ome.tif") as tiff:
        tiff.write(first, metadata={"axes": "ZYX", "Name": "one"}, photometric="minisblack")
        tiff.write(second, metadata={"axes": "CYX", "Name": "two"}, photometric="minisblack")
    with TiffReader(tmp_path / "a.ome.tif") as reader:
        assert [image.name for image in reader.metadata.images] == ["one", "two"]
        assert np.array_equal(whole(reader, 0)[0, 0], first)
        assert np.array_equal(whole(reader, 1)[0, :, 0], second)


def test_pyramids_are_read_at_full_size(tmp_path: Path) -> None:
    data = some(64, 96)
    with tifffile.TiffWriter(tmp_path / "a.ome.tif") as tiff:
        tiff.write(data, subifds=2, tile=(16, 16), metadata={"axes": "YX"})
        for step in (2, 4):
            tiff.write(data[::step, ::step], subfiletype=1, tile=(16, 16))
    with TiffReader(tmp_path / "a.ome.tif") as reader:
        (image,) = reader.metadata.images
        assert sizes(image) == (1, 1, 1, 64, 96)
        assert np.array_equal(whole(reader)[0, 0, 0], data)


def write_ome(path: Path, data: np.ndarray, tiff_data: str, size_z: int) -> None:
    xml = (
        '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0"><Pixels ID="Pixels:0" '
        f'DimensionOrder="XYZCT" Type="uint16" SizeX="30" SizeY="20" SizeZ="{size_z}" SizeC="1" SizeT="1">'
        f"{tiff_data}</Pixels></Image></OME>"
    )
    tifffile.imwrite(path, data, description=xml, metadata=None, ome=False, photometric="minisblack")


def test_ome_tiff_over_several_files(tmp_path: Path) -> None:
    data = some(2, 20, 30)
    parts = "".join(
        f'<TiffData IFD="0" FirstZ="{z}" PlaneCount="1"><UUID FileName="p{z}.ome.tif">urn:uuid:{z}</UUID></TiffData>'
        for z in range(2)
    )
    for z in range(2):
        write_ome(tmp_path / f"p{z}.ome.tif", data[z], parts, 2)
    with TiffReader(tmp_path / "p0.ome.tif") as reader:
        assert [path.name for path in reader.files] == ["p0.ome.tif", "p1.ome.tif"]
        assert np.array_equal(whole(reader)[0, 0], data)
    (tmp_path / "p1.ome.tif").unlink()
    with pytest.raises(UnreadableFile, match=r"p1\.ome\.tif.*missing"):
        TiffReader(tmp_path / "p0.ome.tif")


def test_a_renamed_ome_tiff_still_finds_its_own_pages(tmp_path: Path) -> None:
    data = some(2, 20, 30)
    write_ome(
        tmp_path / "new.ome.tif",
        data,
        '<TiffData IFD="0" PlaneCount="2"><UUID FileName="old.ome.tif">urn:uuid:1</UUID></TiffData>',
        2,
    )
    with TiffReader(tmp_path / "new.ome.tif") as reader:
        assert np.array_equal(whole(reader)[0, 0], data)


def test_planes_that_no_page_holds_are_black(tmp_path: Path) -> None:
    data = some(1, 20, 30)
    write_ome(tmp_path / "a.ome.tif", data, '<TiffData IFD="0" FirstZ="1" PlaneCount="1"/>', 3)
    with TiffReader(tmp_path / "a.ome.tif") as reader:
        planes = whole(reader)[0, 0]
        assert np.array_equal(planes[1], data[0])
        assert not planes[[0, 2]].any()


def test_pages_that_the_document_names_must_exist(tmp_path: Path) -> None:
    write_ome(tmp_path / "a.ome.tif", some(2, 20, 30), '<TiffData IFD="0" PlaneCount="5"/>', 5)
    with TiffReader(tmp_path / "a.ome.tif") as reader, pytest.raises(UnreadableFile, match="page 3"):
        whole(reader)


def test_sizes_of_document_and_pages_must_agree(tmp_path: Path) -> None:
    write_ome(tmp_path / "a.ome.tif", some(2, 25, 30), "<TiffData/>", 2)
    with pytest.raises(UnreadableFile, match="SizeY"):
        TiffReader(tmp_path / "a.ome.tif")


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "1", "LA", "CMYK"])
@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp"])
def test_pictures(tmp_path: Path, mode: str, suffix: str) -> None:
    picture = Image.fromarray(some(20, 30, 3, dtype="uint8")).convert(mode)
    path = tmp_path / f"a{suffix}"
    try:
        picture.save(path)
    except (OSError, ValueError):
        pytest.skip("Pillow does not write this combination")
    with PictureReader(path) as reader:
        expected = {"L": 1, "1": 1, "LA": 1, "RGBA": 4 if suffix == ".png" else 3}.get(mode, 3)
        image = reader.metadata.images[0]
        assert image.size_c == expected or (mode, suffix) == ("RGBA", ".bmp")
        with Image.open(path) as again:
            form = "L" if expected == 1 else "RGBA" if image.size_c == 4 else "RGB"
            samples = np.asarray(again.convert(form)).reshape(20, 30, -1)
        assert np.array_equal(whole(reader)[0, :, 0], np.moveaxis(samples, -1, 0))


@pytest.mark.parametrize("channels", [1, 3])
def test_png_of_16_bits_keeps_them(tmp_path: Path, channels: int) -> None:
    import imagecodecs

    data = RANDOM.integers(0, 65535, (20, 30, channels)).astype("uint16").squeeze()
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(data))
    with PictureReader(tmp_path / "a.png") as reader:
        assert reader.metadata.images[0].pixel_type == "uint16"
        assert np.array_equal(whole(reader)[0, :, 0], np.moveaxis(data.reshape(20, 30, channels), -1, 0))


def test_frames_of_a_gif_are_time_points(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (30, 20), (n * 60, 0, 0)) for n in range(4)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    with PictureReader(tmp_path / "a.gif") as reader:
        assert reader.metadata.images[0].size_t == 4


def test_unknown_suffixes_name_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"unknown format.*\.png.*\.tif"):
        reader_type(tmp_path / "a.docx")
