"""RawPixelsStore over Ice: contract/server.md, section 2.16."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
import omero
import pytest

TYPES = {
    "bit": np.uint8,
    "int8": np.int8,
    "uint8": np.uint8,
    "int16": np.int16,
    "uint16": np.uint16,
    "int32": np.int32,
    "uint32": np.uint32,
    "float": np.float32,
    "double": np.float64,
}


@pytest.fixture
def user(login: Callable, make_user: Callable) -> Any:
    return login(make_user())


@pytest.fixture
def store(user: Any) -> Any:
    store = user.sf.createRawPixelsStore()
    yield store
    store.close()


@pytest.mark.parametrize("type_name", TYPES)
def test_samples_of_every_type_come_back_big_endian(
    user: Any, store: Any, make_image: Callable, type_name: str
) -> None:
    dtype = np.dtype(TYPES[type_name])
    if type_name == "bit":
        samples = np.random.default_rng(1).integers(0, 2, (1, 1, 1, 8, 16), dtype=np.uint8)
    elif dtype.kind == "f":
        samples = np.random.default_rng(1).normal(0, 1e6, (1, 1, 1, 8, 16)).astype(dtype)
    else:
        limits = np.iinfo(dtype)
        samples = np.random.default_rng(1).integers(
            limits.min, limits.max, (1, 1, 1, 8, 16), dtype, endpoint=True
        )
    image = make_image(user, type_name, samples)
    store.setPixelsId(image.pixels_id, False)
    plane = store.getPlane(0, 0, 0)
    if type_name == "bit":
        assert plane == np.packbits(samples).tobytes()
    else:
        assert np.array_equal(np.frombuffer(plane, dtype.newbyteorder(">")), samples.ravel())
    assert store.getByteWidth() == dtype.itemsize
    assert store.isSigned() == (dtype.kind in "if")
    assert store.isFloat() == (dtype.kind == "f")


def test_tiles_rows_columns_and_blocks_are_parts_of_the_planes(
    user: Any, store: Any, make_image: Callable, samples: np.ndarray
) -> None:
    image = make_image(user, "uint16", samples)
    store.setPixelsId(image.pixels_id, False)

    def received(raw: bytes, *shape: int) -> np.ndarray:
        return np.frombuffer(raw, ">u2").reshape(shape)

    plane = samples[1, 2, 3]
    assert np.array_equal(received(store.getTile(3, 2, 1, 5, 7, 11, 13), 13, 11), plane[7:20, 5:16])
    assert np.array_equal(received(store.getRow(4, 3, 2, 1), 40), plane[4])
    assert np.array_equal(received(store.getCol(6, 3, 2, 1), 30), plane[:, 6])
    assert np.array_equal(received(store.getStack(2, 1), 4, 30, 40), samples[1, 2])
    assert np.array_equal(received(store.getTimepoint(1), 3, 4, 30, 40), samples[1])
    block = store.getHypercube([1, 2, 0, 1, 0], [20, 9, 4, 2, 2], [3, 2, 2, 1, 1])
    assert np.array_equal(received(block, 2, 2, 2, 5, 7), samples[0:2, 1:3, 0:4:2, 2:11:2, 1:21:3])


@pytest.mark.parametrize(
    "tile", [(0, 0, 0, -1, 0, 4, 4), (0, 0, 0, 38, 0, 4, 4), (0, 0, 0, 0, 0, 0, 4), (9, 0, 0, 0, 0, 4, 4)]
)
def test_tile_outside_is_refused(
    user: Any, store: Any, make_image: Callable, samples: np.ndarray, tile: tuple[int, ...]
) -> None:
    image = make_image(user, "uint16", samples)
    store.setPixelsId(image.pixels_id, False)
    with pytest.raises(omero.ApiUsageException):
        store.getTile(*tile)


def test_calls_before_pixels_are_chosen_are_refused(store: Any) -> None:
    with pytest.raises(omero.ApiUsageException, match="setPixelsId"):
        store.getPlane(0, 0, 0)


def test_unreadable_pixels_are_refused(
    user: Any, login: Callable, make_user: Callable, make_image: Callable, samples: np.ndarray
) -> None:
    image = make_image(user, "uint16", samples)
    stranger = login(make_user()).sf.createRawPixelsStore()
    with pytest.raises(omero.ValidationException):
        stranger.setPixelsId(image.pixels_id, False)
    stranger.close()


def test_saving_computes_the_digest_over_all_planes(
    server: Any, user: Any, store: Any, make_image: Callable, samples: np.ndarray
) -> None:
    image = make_image(user, "uint16", samples)
    store.setPixelsId(image.pixels_id, False)
    store.setRow(samples[0, 0, 0, 0].astype(">u2").tobytes(), 0, 0, 0, 0)
    assert store.calculateMessageDigest() == hashlib.sha1(samples.astype(">u2").tobytes()).digest()


def test_samples_of_wrong_length_are_refused(
    user: Any, store: Any, make_image: Callable, samples: np.ndarray
) -> None:
    image = make_image(user, "uint16", samples)
    store.setPixelsId(image.pixels_id, False)
    with pytest.raises(omero.ApiUsageException, match="bytes"):
        store.setPlane(b"1234", 0, 0, 0)


def test_members_of_a_read_only_group_cannot_write(
    login: Callable, make_group: Callable, make_user: Callable, make_image: Callable, samples: np.ndarray
) -> None:
    group = make_group("rwr---")
    owner, member = login(make_user(group)), login(make_user(group))
    image = make_image(owner, "uint16", samples)
    store = member.sf.createRawPixelsStore()
    store.setPixelsId(image.pixels_id, False)
    with pytest.raises(omero.SecurityViolation):
        store.setPlane(samples[0, 0, 0].tobytes(), 0, 0, 0)
    store.close()


def test_histogram_counts_one_plane_over_the_range_of_the_channel(
    user: Any, store: Any, make_image: Callable, samples: np.ndarray
) -> None:
    image = make_image(user, "uint16", samples)
    store.setPixelsId(image.pixels_id, False)
    counts = store.getHistogram([0, 2], 16, True, None)
    assert sorted(counts) == [0, 2]
    channel = samples[:, 2].astype(float)
    expected, _ = np.histogram(samples[0, 2, 0], 16, (channel.min(), channel.max()))
    assert counts[2] == expected.tolist()


def test_histogram_can_be_of_a_region(
    user: Any, store: Any, make_image: Callable, samples: np.ndarray
) -> None:
    image = make_image(user, "uint16", samples)
    store.setPixelsId(image.pixels_id, False)
    plane = omero.romio.PlaneDef(omero.romio.XY, 0, 0, 2, 1, omero.romio.RegionDef(3, 4, 10, 6), 0)
    assert sum(store.getHistogram([1], 8, False, plane)[1]) == 60


def test_a_small_image_has_one_level(
    user: Any, store: Any, make_image: Callable, samples: np.ndarray
) -> None:
    image = make_image(user, "uint16", samples)
    store.setPixelsId(image.pixels_id, False)
    assert store.getResolutionLevels() == 1
    assert [(level.sizeX, level.sizeY) for level in store.getResolutionDescriptions()] == [(40, 30)]
    store.setResolutionLevel(0)
    assert not store.requiresPixelsPyramid()
    assert store.getTileSize() == [40, 30]
