"""Resolution levels: contract/rendering.md, sections 5.2 and 5.3."""

from __future__ import annotations

import numpy as np
import pytest

from omero_embedded.pixels.pyramid import LevelCascade, halve, level_sizes


def test_planes_up_to_3072_squared_have_one_level() -> None:
    assert level_sizes(3072, 3072) == ((3072, 3072),)


def test_each_level_is_half_of_the_one_before_rounded_down() -> None:
    assert level_sizes(8193, 4001) == ((8193, 4001), (4096, 2000), (2048, 1000), (1024, 500), (512, 250))


def test_narrow_planes_never_lose_a_side() -> None:
    assert level_sizes(20_000_000, 1)[-1] == (305, 1)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint16", "int32", "uint32"])
def test_halving_averages_extreme_integers_without_overflow(dtype: str) -> None:
    info = np.iinfo(dtype)
    samples = np.array(
        [[info.max, info.max], [info.max, info.max], [info.min, info.min], [info.min, info.min]], dtype
    )
    assert halve(samples).tolist() == [[info.max], [info.min]]
    assert halve(samples).dtype == samples.dtype


def test_halving_rounds_integers() -> None:
    assert halve(np.array([[1, 2], [2, 2]], "uint8")).tolist() == [[2]]
    assert halve(np.array([[-1, -2], [-2, -2]], "int16")).tolist() == [[-2]]


def test_halving_keeps_floats() -> None:
    assert halve(np.array([[0.5, 1.0], [0, 0]], "float32")).tolist() == [[0.375]]


@pytest.mark.parametrize("feed_height", [1, 7, 512, 1000, 5000])
@pytest.mark.parametrize("height", [3073, 3584, 4096])
def test_a_cascade_of_strips_gives_the_levels_of_the_whole_plane(feed_height: int, height: int) -> None:
    sizes = ((40, height), (20, height // 2), (10, height // 4), (5, height // 8))
    plane = np.random.default_rng(1).integers(0, 60000, (height, 40)).astype("uint16")
    levels = [np.zeros((h, w), "uint16") for w, h in sizes]
    starts: list[int] = []

    def write(level: int, y: int, rows: np.ndarray) -> None:
        starts.append(y)
        levels[level][y : y + len(rows)] = rows

    cascade = LevelCascade(sizes, 512, write)
    for y in range(0, height, feed_height):
        cascade.feed(plane[y : y + feed_height])
    expected = plane
    for level in levels:
        assert np.array_equal(level, expected)
        expected = halve(expected)
    assert all(start % 512 == 0 for start in starts)
