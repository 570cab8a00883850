"""The pixel store on disk."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import zarr

from omero_embedded.pixels import measures, pyramid
from omero_embedded.pixels.zarr_store import ZarrPixelStore

TYPES = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "float32", "float64"]


@pytest.fixture
def store(tmp_path: Path) -> ZarrPixelStore:
    return ZarrPixelStore(tmp_path / "pixels")


def strips(plane: np.ndarray, height: int = 512) -> list[np.ndarray]:
    return [plane[y : y + height] for y in range(0, len(plane), height)]


def stage(store: ZarrPixelStore, data: np.ndarray, pixels_id: int) -> tuple[str, tuple[object, ...]]:
    """Write data (t, c, z, y, x) as pixels; returns digest and extremes."""
    t, c, z, y, x = data.shape
    with store.stage(data.dtype, x, y, z, c, t) as image:
        for at in range(t):
            for ac in range(c):
                for az in range(z):
                    image.write_plane(az, ac, at, strips(data[at, ac, az]))
        found = image.finish()
    store.adopt(image.folder, pixels_id)
    return found.sha1, found.extremes


@pytest.mark.parametrize("dtype", TYPES)
def test_planes_come_back_as_they_were_written(store: ZarrPixelStore, dtype: str) -> None:
    data = (np.random.default_rng(0).random((2, 3, 4, 20, 30)) * 200 - 50).astype(dtype)
    stage(store, data, 7)
    buffer = store.open(7)
    assert buffer.dtype == np.dtype(dtype)
    assert (buffer.size_t, buffer.size_c, buffer.size_z, buffer.size_y, buffer.size_x) == data.shape
    assert np.array_equal(buffer.read_plane(3, 2, 1), data[1, 2, 3])
    assert np.array_equal(buffer.read_tile(0, 1, 0, 1, 5, 6, 7, 8), data[1, 0, 1, 6:14, 5:12])


def test_bit_images_hold_zeros_and_ones(store: ZarrPixelStore) -> None:
    data = np.eye(9, dtype=bool)[None, None, None]
    stage(store, data, 1)
    plane = store.open(1).read_plane(0, 0, 0)
    assert plane.dtype == np.uint8
    assert np.array_equal(plane, np.eye(9))


def test_big_endian_samples_are_stored_by_value(store: ZarrPixelStore) -> None:
    data = np.arange(12, dtype=">u2").reshape(1, 1, 1, 3, 4)
    stage(store, data, 1)
    assert np.array_equal(store.open(1).read_plane(0, 0, 0), data[0, 0, 0])


def test_the_digest_is_over_big_endian_planes_z_fastest(store: ZarrPixelStore) -> None:
    data = np.random.default_rng(0).integers(0, 60000, (2, 3, 4, 5, 6)).astype("uint16")
    sha1, _ = stage(store, data, 1)
    assert sha1 == hashlib.sha1(data.astype(">u2").tobytes()).hexdigest()
    assert measures.digest(store.open(1)) == sha1


def test_extremes_are_per_channel_over_all_planes(store: ZarrPixelStore) -> None:
    data = np.zeros((2, 2, 2, 4, 4), "int16")
    data[1, 0, 1, 2, 3], data[0, 1, 0, 1, 1] = 900, -7
    assert stage(store, data, 1)[1] == ((0, 900), (-7, 0))


def test_extremes_leave_out_what_is_not_finite(store: ZarrPixelStore) -> None:
    data = np.array([[[[[np.nan, 1, 2]]], [[[np.inf, np.nan, np.nan]]]]], "float32")
    assert stage(store, data, 1)[1] == ((1, 2), None)


def test_large_planes_get_a_pyramid(store: ZarrPixelStore) -> None:
    plane = np.random.default_rng(0).integers(0, 255, (3300, 3201)).astype("uint8")
    stage(store, plane[None, None, None], 1)
    buffer = store.open(1)
    assert buffer.level_sizes == ((3201, 3300), (1600, 1650), (800, 825), (400, 412))
    assert buffer.tile_size == (512, 512)
    expected = plane
    for level in range(4):
        assert np.array_equal(buffer.read_plane(0, 0, 0, level), expected)
        expected = pyramid.halve(expected)


def test_tiles_of_images_without_a_pyramid_are_whole_rows(store: ZarrPixelStore) -> None:
    assert store.create(1, np.dtype("uint16"), 2048, 2048, 1, 1, 1).tile_size == (2048, 256)
    assert store.create(2, np.dtype("uint8"), 100, 50, 1, 1, 1).tile_size == (100, 50)


def test_a_created_image_is_zero_and_takes_tiles(store: ZarrPixelStore) -> None:
    buffer = store.create(5, np.dtype("uint16"), 40, 30, 2, 2, 2)
    assert not buffer.read_plane(1, 1, 1).any()
    buffer.write_tile(1, 0, 1, 10, 20, np.full((5, 6), 77, ">u2"))
    buffer.close()
    plane = ZarrPixelStore(store.root).open(5).read_plane(1, 0, 1)
    assert plane[20:25, 10:16].min() == 77
    assert plane.sum() == 77 * 30


def test_what_is_written_is_seen_by_buffers_that_are_open(store: ZarrPixelStore) -> None:
    writer = store.create(5, np.dtype("uint8"), 40, 30, 1, 1, 1)
    reader = store.open(5)
    assert not reader.read_plane(0, 0, 0).any()
    writer.write_tile(0, 0, 0, 0, 0, np.ones((30, 40), "uint8"))
    assert reader.read_plane(0, 0, 0).all()


def test_flush_brings_coarser_levels_up_to_date(store: ZarrPixelStore) -> None:
    buffer = store.create(1, np.dtype("uint8"), 4001, 3999, 1, 1, 1)
    samples = np.random.default_rng(0).integers(0, 255, (1700, 1300)).astype("uint8")
    buffer.write_tile(0, 0, 0, 2701, 2299, samples)
    buffer.flush()
    expected = buffer.read_plane(0, 0, 0)
    for level in range(len(buffer.level_sizes)):
        assert np.array_equal(buffer.read_plane(0, 0, 0, level), expected)
        expected = pyramid.halve(expected)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ((1, 0, 0, 0, 0, 0, 1, 1), "level"),
        ((0, 2, 0, 0, 0, 0, 1, 1), "z"),
        ((0, 0, -1, 0, 0, 0, 1, 1), "c"),
        ((0, 0, 0, 9, 0, 0, 1, 1), "t"),
        ((0, 0, 0, 0, 9, 0, 2, 1), "x and width"),
        ((0, 0, 0, 0, 0, -1, 1, 1), "y and height"),
        ((0, 0, 0, 0, 0, 0, 0, 1), "width"),
    ],
)
def test_reading_outside_names_the_coordinate(
    store: ZarrPixelStore, arguments: tuple[int, ...], name: str
) -> None:
    buffer = store.create(1, np.dtype("uint8"), 10, 10, 2, 1, 1)
    with pytest.raises(ValueError, match=f"^{name}"):
        buffer.read_tile(*arguments)


def test_writing_needs_a_writable_buffer(store: ZarrPixelStore) -> None:
    store.create(1, np.dtype("uint8"), 10, 10, 1, 1, 1).close()
    with pytest.raises(ValueError, match="reading only"):
        store.open(1).write_tile(0, 0, 0, 0, 0, np.zeros((1, 1), "uint8"))


def test_absent_pixels_are_not_found(store: ZarrPixelStore) -> None:
    with pytest.raises(FileNotFoundError, match="Pixels:3"):
        store.open(3)


def test_an_image_is_created_once(store: ZarrPixelStore) -> None:
    store.create(1, np.dtype("uint8"), 10, 10, 1, 1, 1)
    with pytest.raises(FileExistsError, match="Pixels:1"):
        store.create(1, np.dtype("uint8"), 10, 10, 1, 1, 1)


def test_delete_removes_the_data_and_may_be_repeated(store: ZarrPixelStore) -> None:
    store.create(1, np.dtype("uint8"), 10, 10, 1, 1, 1)
    store.delete(1)
    store.delete(1)
    with pytest.raises(FileNotFoundError):
        store.open(1)
    assert [path.name for path in store.root.iterdir()] == [".staging"]


def test_an_interrupted_write_leaves_no_image(store: ZarrPixelStore) -> None:
    with pytest.raises(RuntimeError), store.stage(np.dtype("uint8"), 4, 4, 1, 1, 1) as image:
        image.write_plane(0, 0, 0, [np.zeros((4, 4), "uint8")])
        raise RuntimeError
    assert not any((store.root / ".staging").iterdir())


def test_missing_planes_are_noticed(store: ZarrPixelStore) -> None:
    with (
        pytest.raises(ValueError, match="1 of 2 planes"),
        store.stage(np.dtype("uint8"), 4, 4, 2, 1, 1) as image,
    ):
        image.write_plane(0, 0, 0, [np.zeros((4, 4), "uint8")])
        image.finish()


def test_zarr_opens_what_is_written(store: ZarrPixelStore) -> None:
    data = np.random.default_rng(0).integers(0, 60000, (1, 2, 3, 40, 50)).astype("uint16")
    stage(store, data, 1)
    group = zarr.open_group(store.path(1), mode="r")
    assert group.attrs["ome"]["version"] == "0.5"
    assert np.array_equal(group["0"][:], data)


def test_a_new_image_under_the_id_of_a_deleted_one_shows_nothing_of_it(store: ZarrPixelStore) -> None:
    first = store.create(1, np.dtype("uint8"), 10, 10, 1, 1, 1)
    first.write_tile(0, 0, 0, 0, 0, np.full((10, 10), 9, "uint8"))
    assert store.open(1).read_plane(0, 0, 0).all()
    store.delete(1)
    second = store.create(1, np.dtype("uint8"), 10, 10, 1, 1, 1)
    assert not second.read_plane(0, 0, 0).any()
    store.delete(1)
    third = store.create(1, np.dtype("uint16"), 20, 30, 1, 1, 2)
    assert third.dtype == np.uint16
    assert third.read_plane(0, 0, 1).shape == (30, 20)
    assert not third.read_plane(0, 0, 1).any()


def test_an_image_that_another_process_replaced_is_opened_anew(store: ZarrPixelStore) -> None:
    other = ZarrPixelStore(store.root)
    other.create(1, np.dtype("uint8"), 10, 10, 1, 1, 1).write_tile(0, 0, 0, 0, 0, np.ones((10, 10), "uint8"))
    assert store.open(1).read_plane(0, 0, 0).all()
    other.delete(1)
    other.create(1, np.dtype("uint16"), 20, 20, 1, 1, 1)
    assert store.open(1).read_plane(0, 0, 0).shape == (20, 20)
