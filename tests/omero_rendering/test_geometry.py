"""Tiles, thumbnails, layouts, projections, histograms and files: contract/rendering.md, section 5."""

from __future__ import annotations

from base64 import b64decode
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image

from omero_rendering import (
    Model,
    Projection,
    RenderingError,
    Window,
    encode_jpeg,
    encode_png,
    histogram,
    parse_tile,
    pixel_type,
    project,
    projected_sections,
    quantization_tables,
    rendered_size,
    scale_picture,
    scale_profile,
    split_layout,
    stored_size,
    thumbnail_level,
)
from tests.omero_rendering.vectors import numbers, statistics_of, type_of, vectors


@vectors("tile_region")
def test_tile_text_names_a_region(given: dict[str, Any], expected: dict[str, Any]) -> None:
    sizes = [tuple(size) for size in given["level_sizes"]]
    if "http_status" in expected:
        with pytest.raises(RenderingError, match="tile"):
            parse_tile(given["tile"], sizes, tuple(given["tile_size"]))
        return
    tile = parse_tile(given["tile"], sizes, tuple(given["tile_size"]))
    region = tile.region
    assert {
        "engine_level": tile.level,
        "x": region.x,
        "y": region.y,
        "width": region.width,
        "height": region.height,
    } == expected


@pytest.mark.parametrize(
    "text", ["", "0", "0,1", "0,1,2,3", "a,0,0", "0,0,0,256,x", "-1,0,0", "1e9,0,0", "0,0,0,1,1,1"]
)
def test_malformed_tile_is_refused(text: str) -> None:
    with pytest.raises(RenderingError, match="tile"):
        parse_tile(text, [(600, 400)], (600, 400))


@vectors("thumbnail_size")
def test_thumbnail_has_size(given: dict[str, Any], expected: dict[str, Any]) -> None:
    stored = stored_size(given["size_x"], given["size_y"], given["longest_side"])
    assert list(stored) == expected["stored_size"]
    assert list(rendered_size((given["size_x"], given["size_y"]), stored)) == expected["jpeg_size"]


@vectors("scale")
def test_thumbnail_is_resampled(given: dict[str, Any], expected: list[str]) -> None:
    raw = np.frombuffer(bytes.fromhex("".join(given["rgb_hex"])), np.uint8)
    scaled = scale_picture(
        raw.reshape(given["height"], given["width"], 3), given["target_width"], given["target_height"]
    )
    assert [bytes(pixel).hex() for pixel in scaled.reshape(-1, 3)] == expected


def test_tiny_source_is_drawn_with_nearest_neighbours() -> None:
    picture = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    assert scale_picture(picture, 4, 4)[:, :, 0].tolist() == [[0, 0, 3, 3]] * 2 + [[6, 6, 9, 9]] * 2


def test_thumbnail_comes_from_the_first_level_that_is_small_enough() -> None:
    levels = [(4000, 3000), (2000, 1500), (500, 90), (60, 45)]
    assert thumbnail_level(levels, (96, 96)) == 2
    assert thumbnail_level(levels[:2], (96, 96)) == 1


@vectors("split_channel_dims")
def test_split_view_has_layout(given: dict[str, Any], expected: dict[str, Any]) -> None:
    for key, model in (("g", Model.GREYSCALE), ("c", Model.RGB)):
        layout = split_layout(model, given["size_c"], given["size_x"], given["size_y"], given["border"])
        assert {
            "width": layout.width,
            "height": layout.height,
            "border": layout.border,
            "gridx": layout.columns,
            "gridy": layout.rows,
        } == expected[key]


@vectors("pixel_line")
def test_profile_is_scaled(given: dict[str, Any], expected: list[list[float]]) -> None:
    samples = numbers(given["values"]).astype(type_of(given).dtype)
    profile = scale_profile(
        samples, type_of(given), Window(given["channel_min"], given["channel_max"]), given["range"]
    )
    assert profile is not None
    assert profile.tolist() == expected[0]


@vectors("histogram")
def test_samples_are_counted(given: dict[str, Any], expected: dict[str, Any]) -> None:
    samples = numbers(given["values"]).astype(type_of(given).dtype)
    counted = histogram(samples, given["bin_count"], statistics_of(given) if given["global_range"] else None)
    assert (counted.minimum, counted.maximum) == (expected["min"], expected["max"])
    assert counted.counts.tolist() == expected["bins"]


def test_bins_of_zero_mean_256() -> None:
    assert len(histogram(np.arange(5), 0).counts) == 256


@vectors("projection")
def test_stack_is_projected(given: dict[str, Any], expected: dict[str, Any]) -> None:
    type_, algorithm = type_of(given), Projection(given["algorithm"])
    stack = [numbers(section).astype(type_.dtype)[np.newaxis] for section in given["stack"]]
    sections = projected_sections(
        algorithm, len(stack), given["start"], given["end"], given.get("stepping", 1)
    )
    projected = project((stack[z] for z in sections), stack[0].shape, type_, algorithm)
    assert projected.plane.dtype == type_.dtype
    np.testing.assert_array_equal(projected.plane[0].astype(float), numbers(expected["values"]))
    assert projected.statistics == Window(expected["stats_min"], expected["stats_max"])


def test_projection_range_is_cut_to_the_stack() -> None:
    assert projected_sections(Projection.MAX, 5, -3, 99) == range(5)
    assert projected_sections(Projection.SUM, 5, -3, 99) == range(4)


def test_projection_without_stepping_is_refused() -> None:
    with pytest.raises(RenderingError, match="stepping"):
        projected_sections(Projection.MAX, 5, 0, 4, 0)


@vectors("jpeg")
def test_jpeg_equals_byte_for_byte(given: dict[str, Any], expected: dict[str, Any]) -> None:
    assert [list(table) for table in quantization_tables(given["quality"])] == [
        expected["luma_table"],
        expected["chroma_table"],
    ]
    picture = np.frombuffer(b64decode(given["rgb_base64"]), np.uint8).reshape(
        given["height"], given["width"], 3
    )
    assert encode_jpeg(picture, given["quality"]) == b64decode(expected["jpeg_base64"])


def test_fourth_byte_is_ignored_by_encoders() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (9, 7, 4), dtype=np.uint8)
    assert encode_jpeg(picture) == encode_jpeg(np.ascontiguousarray(picture[..., :3]))
    decoded = np.array(Image.open(BytesIO(encode_png(picture))))
    assert np.array_equal(decoded, picture[..., :3])


def test_wrong_picture_is_refused() -> None:
    with pytest.raises(RenderingError, match="picture"):
        encode_jpeg(np.zeros((0, 4, 3), np.uint8))


def test_float_maximum_projection_ignores_nan() -> None:
    stack = [np.array([[np.nan, 2.0]], np.float32), np.array([[1.0, np.nan]], np.float32)]
    projected = project(stack, (1, 2), pixel_type("float"), Projection.MAX)
    assert projected.plane.tolist() == [[1.0, 2.0]]
