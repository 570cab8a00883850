"""Importing files: rows, pixel data, original files, and what failures leave behind (contract/model.md, 8 to 10)."""

from __future__ import annotations

import hashlib
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import omero
import pytest
import tifffile
from PIL import Image

from omero_embedded.demo import images, plates
from omero_embedded.importer import importing
from omero_embedded.importer.containers import Target
from omero_embedded.importer.conversion import Converter, Limits
from omero_embedded.importer.importing import Failure, Imported, Importer, expand, user_context

from .conftest import State

RANDOM = np.random.default_rng(0)


def write_tiff(path: Path, *shape: int, dtype: str = "uint16") -> np.ndarray:
    data = RANDOM.integers(0, 250, shape or (20, 30)).astype(dtype)
    tifffile.imwrite(path, data, photometric="minisblack", metadata=None)
    return data


def one(importer: Importer, path: Path, target: Target | None = None) -> Imported:
    (result,) = importer.import_files([path], target)
    assert isinstance(result, Imported), result
    return result


def write_ome(path: Path) -> np.ndarray:
    data = RANDOM.integers(5, 60000, (2, 3, 4, 20, 30)).astype("uint16")
    metadata = {
        "axes": "TCZYX", "PhysicalSizeX": 0.5, "PhysicalSizeXUnit": "µm", "TimeIncrement": 2.0,
        "Channel": {"Name": ["A", "B", "C"], "EmissionWavelength": [450, 520, 610],
                    "EmissionWavelengthUnit": ["nm"] * 3},
        "Plane": {"DeltaT": [float(n) for n in range(24)]},
    }  # fmt: skip
    tifffile.imwrite(path, data, metadata=metadata)
    return data


def test_an_ome_tiff_becomes_all_the_rows_that_clients_need(
    state: State, importer: Importer, tmp_path: Path
) -> None:
    data = write_ome(tmp_path / "a.ome.tif")
    imported = one(importer, tmp_path / "a.ome.tif")
    (image,) = state.rows("Image")
    assert imported.image_ids == (image["id"],)
    assert (image["name"], image["series"], image["archived"], image["partial"]) == (
        "a.ome.tif",
        0,
        False,
        False,
    )
    assert state.value("Format", image["format"]) == "OMETiff"
    assert image["fileset"] == imported.fileset_id
    (pixels,) = state.rows("Pixels")
    assert (pixels["image"], pixels["image_index"]) == (image["id"], 0)
    assert [pixels[f"size{axis}"] for axis in "tczyx"] == list(data.shape)
    assert state.value("PixelsType", pixels["pixelstype"]) == "uint16"
    assert pixels["sha1"] == hashlib.sha1(data.astype(">u2").tobytes()).hexdigest()
    assert (pixels["physicalsizex"], pixels["physicalsizexunit"]) == (0.5, "MICROMETER")
    assert (pixels["timeincrement"], pixels["timeincrementunit"]) == (2.0, "SECOND")
    channels = state.channels(pixels["id"])
    assert [channel["logical"]["name"] for channel in channels] == ["A", "B", "C"]
    assert [channel["logical"]["emissionwave"] for channel in channels] == [450, 520, 610]
    assert [(channel["red"], channel["green"], channel["blue"]) for channel in channels] == [
        (0, 0, 255), (0, 255, 0), (255, 0, 0),
    ]  # fmt: skip
    for index, channel in enumerate(channels):
        statistics = channel["statistics"]
        assert statistics["globalmin"] == data[:, index].min()
        assert statistics["globalmax"] == data[:, index].max()
    assert len(state.rows("PlaneInfo")) == 24
    buffer = state.pixels.open(pixels["id"])
    assert np.array_equal(buffer.read_plane(3, 2, 1), data[1, 2, 3])


def test_default_rendering_settings_are_stored(state: State, importer: Importer, tmp_path: Path) -> None:
    data = write_ome(tmp_path / "a.ome.tif")
    one(importer, tmp_path / "a.ome.tif")
    (definition,) = state.rows("RenderingDef")
    assert (definition["defaultz"], definition["defaultt"]) == (2, 0)
    assert state.value("RenderingModel", definition["model"]) == "rgb"
    bindings = state.rows("ChannelBinding", renderingdef=definition["id"])
    assert [binding["inputstart"] for binding in bindings] == [float(data[:, c].min()) for c in range(3)]
    assert [binding["active"] for binding in bindings] == [True] * 3


def test_the_original_file_is_kept_with_its_digest(state: State, importer: Importer, tmp_path: Path) -> None:
    write_tiff(tmp_path / "a.tif")
    imported = one(importer, tmp_path / "a.tif")
    fileset = state.row("Fileset", imported.fileset_id)
    (entry,) = state.rows("FilesetEntry")
    file = state.row("OriginalFile", entry["originalfile"])
    content = (tmp_path / "a.tif").read_bytes()
    assert (state.paths.managed / file["path"] / file["name"]).read_bytes() == content
    assert file["hash"] == hashlib.sha1(content).hexdigest()
    assert (file["size"], file["path"]) == (len(content), fileset["templateprefix"])
    assert file["path"].startswith("ann_")
    assert file["mimetype"] == "image/tiff"
    repository = state.rows("OriginalFile", mimetype="Repository", name=state.paths.managed.name)[0]
    assert file["repo"] == repository["hash"]
    assert entry["clientpath"] == str(tmp_path / "a.tif").lstrip("/")


def test_jobs_of_the_import_are_finished_and_keep_the_log(
    state: State, importer: Importer, tmp_path: Path
) -> None:
    write_tiff(tmp_path / "a.tif")
    one(importer, tmp_path / "a.tif")
    jobs = state.rows("Job")
    assert [job["discriminator"] for job in jobs] == ["UploadJob", "MetadataImportJob", "PixelDataJob"]
    assert {state.value("JobStatus", job["status"]) for job in jobs} == {"Finished"}
    assert [link["parent_index"] for link in state.rows("FilesetJobLink")] == [0, 1, 2]
    (log,) = state.rows("OriginalFile", mimetype="application/omero-log-file")
    assert "a.tif" in (state.paths.managed / log["path"] / log["name"]).read_text()


def test_everything_belongs_to_the_user_in_the_group(
    state: State, make_importer: Callable[..., Importer], tmp_path: Path
) -> None:
    write_ome(tmp_path / "a.ome.tif")
    one(make_importer("ann", "other"), tmp_path / "a.ome.tif", Target("d", "p"))
    context = user_context(state.database, "ann", "other")
    for name in ("Image", "Pixels", "Channel", "Fileset", "Job", "RenderingDef", "Dataset", "Project"):
        for row in state.rows(name):
            assert (row["owner_id"], row["group_id"]) == (context.user_id, context.group_id), name
    (event,) = {row["creation_id"] for row in state.rows("Image")}
    assert state.value("EventType", state.row("Event", event)["type"]) == "Import"


def test_a_single_channel_without_colour_is_grey(state: State, importer: Importer, tmp_path: Path) -> None:
    write_tiff(tmp_path / "a.tif")
    one(importer, tmp_path / "a.tif")
    (channel,) = state.rows("Channel")
    assert [channel[name] for name in ("red", "green", "blue", "alpha")] == [128, 128, 128, 255]


def test_pictures_get_named_colours_and_the_full_range(
    state: State, importer: Importer, tmp_path: Path
) -> None:
    Image.fromarray(RANDOM.integers(50, 90, (20, 30, 4)).astype("uint8")).save(tmp_path / "a.png")
    one(importer, tmp_path / "a.png")
    channels = state.channels(state.rows("Pixels")[0]["id"])
    assert [channel["logical"]["name"] for channel in channels] == ["Red", "Green", "Blue", "Alpha"]
    assert [channel["alpha"] for channel in channels] == [255, 255, 255, 0]
    assert {(c["statistics"]["globalmin"], c["statistics"]["globalmax"]) for c in channels} == {(0, 255)}
    logical = channels[0]["logical"]
    assert logical["samplesperpixel"] == 4
    assert state.value("PhotometricInterpretation", logical["photometricinterpretation"]) == "RGB"


def test_large_planes_get_a_pyramid(state: State, importer: Importer, tmp_path: Path) -> None:
    write_tiff(tmp_path / "a.tif", 3200, 3100, dtype="uint8")
    one(importer, tmp_path / "a.tif")
    assert len(state.pixels.open(state.rows("Pixels")[0]["id"]).level_sizes) == 4


def test_datasets_are_found_by_name_or_made(
    state: State, make_importer: Callable[..., Importer], tmp_path: Path
) -> None:
    for name in ("a.tif", "b.tif", "c.tif"):
        write_tiff(tmp_path / name)
    ann, ben = make_importer("ann"), make_importer("ben")
    one(ann, tmp_path / "a.tif", Target("d"))
    one(ann, tmp_path / "b.tif", Target("d"))
    one(ben, tmp_path / "c.tif", Target("d"))
    datasets = state.rows("Dataset")
    assert len(datasets) == 2
    assert len(state.rows("DatasetImageLink", parent=datasets[0]["id"])) == 2


def test_projects_hold_their_own_datasets(state: State, importer: Importer, tmp_path: Path) -> None:
    for name in ("a.tif", "b.tif", "c.tif"):
        write_tiff(tmp_path / name)
    one(importer, tmp_path / "a.tif", Target("d", "p"))
    one(importer, tmp_path / "b.tif", Target("d", "p"))
    one(importer, tmp_path / "c.tif", Target("d", "q"))
    assert (len(state.rows("Project")), len(state.rows("Dataset"))) == (2, 2)


def test_several_images_of_a_file_share_fileset_and_instrument(
    state: State, importer: Importer, tmp_path: Path
) -> None:
    path = tmp_path / "plate.ome.tif"
    images.plate("plate", 1).make(path)
    imported = one(importer, path)
    fields = plates.ROWS * plates.COLUMNS * plates.FIELDS
    assert len(imported.image_ids) == fields
    rows = state.rows("Image")
    assert rows[0]["name"] == "plate.ome.tif [Well A1, field 1]"
    assert [row["series"] for row in rows] == list(range(fields))
    assert {row["fileset"] for row in rows} == {imported.fileset_id}
    assert len(state.rows("Instrument")) == 1
    assert {row["instrument"] for row in rows} == {state.rows("Instrument")[0]["id"]}
    (plate,) = state.rows("Plate")
    assert (plate["rows"], plate["columns"]) == (8, 12)
    assert len(state.rows("Well", plate=plate["id"])) == 96
    assert len(state.rows("WellSample")) == fields
    (run,) = state.rows("PlateAcquisition")
    assert {row["plateacquisition"] for row in state.rows("WellSample")} == {run["id"]}
    assert len(state.rows("ScreenPlateLink")) == 1
    assert state.database.check_integrity() == []


BROKEN = {
    "empty.tif": b"",
    "garbage.tif": b"no TIFF at all",
    "cut.png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x0a\0\0\0\x0a\x08\x02\0\0\0",
    "text.jpg": b"hello",
    "a.docx": b"",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_named_and_the_others_go_on(
    state: State, importer: Importer, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_bytes(BROKEN[name])
    write_tiff(tmp_path / "good.tif")
    failure, imported = importer.import_files([tmp_path / name, tmp_path / "good.tif"])
    assert isinstance(failure, Failure)
    assert failure.path == tmp_path / name
    assert failure.reason
    assert "\n" not in failure.reason
    assert isinstance(imported, Imported)


@pytest.mark.parametrize("options", [{}, {"metadata": None}, {"ome": True}, {"imagej": True}], ids=str)
@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("kept", [0.3, 0.95])
def test_a_file_cut_short_leaves_nothing_behind(
    state: State,
    importer: Importer,
    tmp_path: Path,
    options: dict[str, Any],
    compression: str | None,
    kept: float,
) -> None:
    data = RANDOM.integers(0, 60000, (4, 200, 300)).astype("uint16")
    tifffile.imwrite(tmp_path / "a.tif", data, compression=compression, photometric="minisblack", **options)
    content = (tmp_path / "a.tif").read_bytes()
    (tmp_path / "a.tif").write_bytes(content[: int(len(content) * kept)])
    before = {
        name: len(state.rows(name)) for name in ("Image", "OriginalFile", "Fileset", "Dataset", "Event")
    }
    (failure,) = importer.import_files([tmp_path / "a.tif"], Target("d"))
    assert isinstance(failure, Failure)
    assert state.leftovers() == []
    assert {name: len(state.rows(name)) for name in before} == before


@pytest.mark.parametrize("seed", range(4))
def test_files_with_random_damage_fail_or_are_imported_and_leave_nothing_else(
    state: State, importer: Importer, tmp_path: Path, seed: int
) -> None:
    random = np.random.default_rng(seed)
    write_ome(tmp_path / "a.ome.tif")
    tifffile.imwrite(
        tmp_path / "b.tif",
        random.integers(0, 255, (70, 90, 3)).astype("uint8"),
        tile=(16, 16),
        compression="jpeg",
        photometric="rgb",
    )
    picture = Image.fromarray(random.integers(0, 255, (60, 70, 3)).astype("uint8"))
    for suffix in ("png", "jpg", "gif", "bmp"):
        picture.save(tmp_path / f"c.{suffix}")
    damaged = []
    for base in sorted(tmp_path.glob("[abc].*")):
        for number in range(4):
            content = bytearray(base.read_bytes())
            for position in random.integers(0, min(600, len(content)), 6):
                content[position] = random.integers(0, 256)
            path = tmp_path / f"damaged{number}-{base.name}"
            path.write_bytes(content)
            damaged.append(path)
    results = importer.import_files(damaged)
    imported = sum(len(result.image_ids) for result in results if isinstance(result, Imported))
    assert all("\n" not in result.reason for result in results if isinstance(result, Failure))
    assert len(state.rows("Image")) == imported
    assert len([path for path in state.paths.pixels.iterdir() if path.name != ".staging"]) == imported
    for waiting in (state.paths.pixels / ".staging", state.paths.managed / ".incoming"):
        assert list(waiting.glob("*")) == []
    assert state.database.check_integrity() == []


def test_a_failure_while_storing_undoes_files_and_rows(
    state: State, importer: Importer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tiff(tmp_path / "a.tif")

    def fail(*_: object) -> list[int]:
        raise OSError(28, "No space left on device")

    # A full disk cannot be had otherwise without harm to other processes.
    monkeypatch.setattr(importing, "insert_plates", fail)
    (failure,) = importer.import_files([tmp_path / "a.tif"], Target("d"))
    assert failure == Failure(tmp_path / "a.tif", "No space left on device")
    assert state.leftovers() == []
    assert state.rows("Image") == []


def test_values_that_the_model_refuses_fail_the_file_only(
    state: State, importer: Importer, tmp_path: Path
) -> None:
    xml = (
        '<OME><Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" SizeX="30" SizeY="20" '
        'SizeZ="1" SizeC="1" SizeT="1" SignificantBits="-3"><TiffData/></Pixels></Image></OME>'
    )
    data = RANDOM.integers(0, 9, (20, 30)).astype("uint16")
    tifffile.imwrite(tmp_path / "a.ome.tif", data, description=xml, metadata=None, ome=False)
    (failure,) = importer.import_files([tmp_path / "a.ome.tif"])
    assert isinstance(failure, Failure)
    assert "significantBits" in failure.reason
    assert state.leftovers() == []


def test_pixel_data_of_an_import_that_never_committed_are_replaced(
    state: State, importer: Importer, tmp_path: Path
) -> None:
    data = write_tiff(tmp_path / "a.tif")
    state.pixels.create(1, np.dtype("uint8"), 5, 5, 1, 1, 1)
    one(importer, tmp_path / "a.tif")
    assert state.rows("Pixels")[0]["id"] == 1
    fresh = type(state.pixels)(state.paths.pixels)
    assert np.array_equal(fresh.open(1).read_plane(0, 0, 0), data)


def test_missing_files_and_folders_without_images_are_told(
    state: State, importer: Importer, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    results = importer.import_files([tmp_path / "no.tif", tmp_path / "folder"])
    assert [str(result.reason) for result in results if isinstance(result, Failure)] == [
        "there is no such file",
        "it is no file",
    ]


def test_parts_of_an_ome_tiff_are_imported_once(state: State, importer: Importer, tmp_path: Path) -> None:
    parts = "".join(
        f'<TiffData IFD="0" FirstZ="{z}" PlaneCount="1"><UUID FileName="p{z}.ome.tif">urn:uuid:{z}</UUID></TiffData>'
        for z in range(2)
    )
    xml = (
        '<OME><Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" SizeX="30" SizeY="20" '
        f'SizeZ="2" SizeC="1" SizeT="1">{parts}</Pixels></Image></OME>'
    )
    for z in range(2):
        data = RANDOM.integers(0, 9, (20, 30)).astype("uint16")
        tifffile.imwrite(tmp_path / f"p{z}.ome.tif", data, description=xml, metadata=None, ome=False)
    results = importer.import_files(expand([tmp_path]))
    assert len(results) == 1
    assert len(state.rows("FilesetEntry")) == 2


def test_progress_ends_at_one_for_every_file(state: State, importer: Importer, tmp_path: Path) -> None:
    write_tiff(tmp_path / "a.tif")
    (tmp_path / "b.tif").write_bytes(b"")
    told: dict[Path, list[float]] = {}
    importer.import_files(
        [tmp_path / "a.tif", tmp_path / "b.tif"],
        progress=lambda path, fraction: told.setdefault(path, []).append(fraction),
    )
    assert {path.name: fractions[-1] for path, fractions in told.items()} == {"a.tif": 1.0, "b.tif": 1.0}
    assert all(fractions.count(1.0) == 1 for fractions in told.values())


@pytest.mark.parametrize(
    ("user", "group", "name"),
    [("nix", None, "user"), ("ann", "nix", "group"), ("ben", "other", "group"), ("nobody", None, "user")],
)
def test_unknown_users_and_groups_are_named(state: State, user: str, group: str | None, name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name}"):
        user_context(state.database, user, group)


def test_guest_may_not_import(state: State, make_importer: Callable[..., Importer]) -> None:
    with pytest.raises(omero.SecurityViolation):
        make_importer("guest")


def test_a_file_that_needs_too_much_memory_fails_alone(state: State, tmp_path: Path) -> None:
    Image.new("L", (40000, 20000)).save(tmp_path / "big.png", compress_level=1)
    write_tiff(tmp_path / "good.tif")
    context = user_context(state.database, "ann")
    with Converter(Limits(memory=400)) as converter:
        importer = Importer(state.paths, state.database, context, converter=converter)
        big, good = importer.import_files([tmp_path / "big.png", tmp_path / "good.tif"])
    assert isinstance(big, Failure)
    assert isinstance(good, Imported)


def test_a_reader_that_hangs_is_given_up(state: State, tmp_path: Path) -> None:
    write_tiff(tmp_path / "a.tif", 3000, 3000)
    with Converter(Limits(silence=0.01)) as converter:
        importer = Importer(
            state.paths, state.database, user_context(state.database, "ann"), converter=converter
        )
        (failure,) = importer.import_files([tmp_path / "a.tif"])
    assert isinstance(failure, Failure)
    assert "without progress" in failure.reason
    assert state.leftovers() == []


def test_a_process_that_is_killed_while_it_reads_leaves_nothing_behind(state: State, tmp_path: Path) -> None:
    write_tiff(tmp_path / "a.tif", 80, 1000, 1000)
    write_tiff(tmp_path / "b.tif")
    staging = state.paths.pixels / ".staging"
    with Converter() as converter:
        importer = Importer(
            state.paths, state.database, user_context(state.database, "ann"), converter=converter
        )

        def kill() -> None:
            """As soon as the first pixels of the first file are written."""
            while not (staging.exists() and any(staging.iterdir())):
                time.sleep(0.001)
            os.kill(converter._process.pid, signal.SIGKILL)

        killer = threading.Thread(target=kill, daemon=True)
        killer.start()
        failure, imported = importer.import_files([tmp_path / "a.tif", tmp_path / "b.tif"])
        killer.join(60)
    assert isinstance(failure, Failure)
    assert "signal 9" in failure.reason
    assert isinstance(imported, Imported)
    assert [path.name for path in state.paths.pixels.iterdir() if path.name != ".staging"] == ["1"]
    assert list((state.paths.pixels / ".staging").iterdir()) == []
