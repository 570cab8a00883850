"""Planes to pictures: contract/rendering.md, sections 3.2 and 4."""

from __future__ import annotations

import zlib
from base64 import b64decode
from itertools import product
from typing import Any

import numpy as np
import pytest

from omero_rendering import (
    ChannelSettings,
    Color,
    EmptyRegionError,
    LookupTable,
    Model,
    Region,
    RenderingError,
    RenderingSettings,
    Window,
    clip_region,
    lut_previews,
    parse_color,
    parse_lut,
    pixel_type,
    render,
    render_packed_int,
    render_rgbx,
    slice_plane,
    subsample,
)
from tests.omero_rendering.vectors import luts_of, settings_of, type_of, vectors


@vectors("render")
def test_planes_become_packed_picture(given: dict[str, Any], expected: dict[str, Any]) -> None:
    if "error" in expected:
        with pytest.raises(EmptyRegionError):
            _render_plane(given)
        return
    picture = _render_plane(given)
    assert f"{picture.shape[1]}x{picture.shape[0]}" == expected["dims"]
    assert [f"{pixel & 0xFFFFFFFF:08x}" for pixel in picture.ravel().tolist()] == expected["argb"]


@vectors("render_crc32")
def test_composite_has_checksum(given: dict[str, Any], expected: dict[str, Any]) -> None:
    settings, luts = settings_of(given), luts_of(given)
    planes = _generated_planes(given)
    rgb = render(planes, settings, luts)
    assert [bytes(pixel).hex() for pixel in rgb.reshape(-1, 3)[:8]] == expected["first_pixels"]
    assert f"{zlib.crc32(rgb.tobytes()):08x}" == expected["crc32"]
    assert np.array_equal(render_rgbx(planes, settings, luts)[..., :3], rgb)


@vectors("lut_file")
def test_lut_file_is_decoded(given: dict[str, Any], expected: dict[str, Any]) -> None:
    table = parse_lut("t.lut", b64decode(given["file_base64"]))
    if expected["reader"] in (None, "null"):
        assert table is None
    else:
        assert table is not None
        assert table.colors.T.tolist() == [expected["r"], expected["g"], expected["b"]]


@vectors("html_color")
def test_colour_text_is_parsed(given: dict[str, Any], expected: list[int] | None) -> None:
    color = parse_color(given["text"])
    assert (list(color.rgba) if color else None) == expected


def test_ragged_text_lut_is_refused() -> None:
    rows = ["1 2 3"] * 255 + ["1 2"]
    with pytest.raises(RenderingError, match="different lengths"):
        parse_lut("t.lut", "\n".join(rows).ljust(800).encode())


def test_truncated_nih_lut_is_refused() -> None:
    with pytest.raises(RenderingError, match="announces"):
        parse_lut("t.lut", b"ICOL" + bytes([0, 1, 1, 0]) + bytes(761))


def test_preview_has_ten_rows_per_table_and_a_fading_strip() -> None:
    grey = LookupTable("grey.lut", np.arange(256)[:, np.newaxis].repeat(3, 1))
    preview = lut_previews([grey, grey])
    assert preview.shape == (30, 256, 4)
    assert preview[9, 77].tolist() == [77, 77, 77, 255]
    assert preview[29, 0].tolist() == [0, 0, 0, 255]
    assert preview[29, 180].tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("name", "byte_order", "strided"),
    list(product(["int8", "uint16", "int16", "float"], "<>", [False, True])),
)
def test_layout_of_planes_does_not_matter(name: str, byte_order: str, strided: bool) -> None:
    type_ = pixel_type(name)
    plane = np.random.default_rng(3).integers(-100 if type_.signed else 0, 100, (40, 50)).astype(type_.dtype)
    other = plane.astype(type_.dtype.newbyteorder(byte_order))
    if strided:
        other = other.repeat(2, axis=1)[:, ::2]
    settings = RenderingSettings(type_, (ChannelSettings(Window(-50, 70), Color(200, 90, 30)),))
    assert np.array_equal(render({0: plane}, settings), render({0: other}, settings))


def test_picture_larger_than_a_strip_equals_its_parts() -> None:
    type_ = pixel_type("uint16")
    rng = np.random.default_rng(4)
    planes = {c: rng.integers(0, 65536, (700, 300), dtype=np.uint16) for c in range(4)}
    settings = RenderingSettings(
        type_,
        tuple(ChannelSettings(Window(100, 60000), Color(90 * c % 256, 255, 40, 255 - c)) for c in range(4)),
    )
    whole = render(planes, settings)
    part = render({c: plane[411:500, 7:200] for c, plane in planes.items()}, settings)
    assert np.array_equal(whole[411:500, 7:200], part)


def test_missing_plane_is_named() -> None:
    settings = RenderingSettings(pixel_type("uint8"), (ChannelSettings(Window(0, 255)),) * 2)
    with pytest.raises(RenderingError, match="channel 1 is missing"):
        render({0: np.zeros((2, 2), np.uint8)}, settings)


def test_plane_of_other_type_is_named() -> None:
    settings = RenderingSettings(pixel_type("uint8"), (ChannelSettings(Window(0, 255)),))
    with pytest.raises(RenderingError, match="channel 0 has type uint16"):
        render({0: np.zeros((2, 2), np.uint16)}, settings)


def test_planes_of_different_shape_are_refused() -> None:
    settings = RenderingSettings(pixel_type("uint8"), (ChannelSettings(Window(0, 255)),) * 2)
    with pytest.raises(RenderingError, match="channel 1 has shape"):
        render({0: np.zeros((2, 2), np.uint8), 1: np.zeros((2, 3), np.uint8)}, settings)


def test_no_active_channel_needs_a_shape_and_is_black() -> None:
    settings = RenderingSettings(pixel_type("uint8"), (ChannelSettings(Window(0, 255), active=False),))
    with pytest.raises(RenderingError, match="shape"):
        render({}, settings)
    assert render({}, settings, shape=(2, 3)).tolist() == np.zeros((2, 3, 3)).tolist()


def test_greyscale_asks_for_the_first_active_channel_only() -> None:
    channels = tuple(ChannelSettings(Window(0, 255), active=active) for active in (False, True, True))
    settings = RenderingSettings(pixel_type("uint8"), channels, Model.GREYSCALE)
    assert settings.rendered_channels == (1,)


def _render_plane(given: dict[str, Any]) -> np.ndarray:
    settings = settings_of(given)
    plane = given["plane"]
    slice_ = plane["slice"]
    position = plane[{"XY": "z", "XZ": "y", "ZY": "x"}[slice_]]
    planes = {}
    for channel in range(given["size_c"]):
        plane_of_channel = slice_plane(_stack(given, channel, plane["t"]), slice_, position)
        if "region" in plane:
            region = clip_region(Region(*plane["region"]), given["size_x"], given["size_y"])
            plane_of_channel = plane_of_channel[
                region.y : region.y + region.height, region.x : region.x + region.width
            ]
        planes[channel] = subsample(plane_of_channel, plane.get("stride", 0))
    return render_packed_int(planes, settings, luts_of(given), planes[0].shape)


def _stack(given: dict[str, Any], channel: int, t: int) -> np.ndarray:
    stack = np.zeros((given["size_z"], given["size_y"], given["size_x"]), type_of(given).dtype)
    for plane in given["planes"]:
        if plane["c"] == channel and plane["t"] == t:
            stack[plane["z"]] = np.array(plane["data"]).reshape(stack.shape[1:])
    return stack


def _generated_planes(given: dict[str, Any]) -> dict[int, np.ndarray]:
    generator, dtype = given["planes_generator"], type_of(given).dtype
    i = np.arange(given["size_x"] * given["size_y"], dtype=np.int64)
    return {
        c: ((31 * i * i + i * (7 + 13 * c) + 1009 * c) % generator["modulus"][c] + generator["offset"][c])
        .reshape(given["size_y"], given["size_x"])
        .astype(dtype)
        for c in range(given["size_c"])
    }
