"""The compiled path of compositing gives the bytes of the numpy path: contract/rendering.md, sections 4 and 7."""

from __future__ import annotations

import subprocess
import sys
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given as from_strategy
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from omero_rendering import (
    ChannelSettings,
    Color,
    Family,
    Model,
    RenderingError,
    RenderingSettings,
    Window,
    composite,
    fused,
    pixel_type,
    render_packed_int,
    render_rgbx,
)
from tests.omero_rendering import test_composite
from tests.omero_rendering.vectors import vectors

pytest.importorskip("numba")

TYPES = ("int8", "uint8", "int16", "uint16", "int32", "float")


@pytest.fixture(autouse=True, scope="module")
def kernels() -> Iterator[None]:
    """The kernels, ready, and not left behind for tests of the numpy path."""
    before = fused._kernels, fused._started
    assert fused.prepare(wait=True)
    yield
    fused._kernels, fused._started = before


def by_numpy(planes: dict[int, np.ndarray], settings: RenderingSettings) -> np.ndarray:
    kernels, fused._kernels = fused._kernels, None
    try:
        return render_rgbx(planes, settings)
    finally:
        fused._kernels = kernels


def random_planes(type_name: str, channels: int, shape: tuple[int, int], seed: int) -> dict[int, np.ndarray]:
    rng = np.random.default_rng(seed)
    dtype = pixel_type(type_name).dtype
    if dtype.kind == "f":
        return {c: rng.normal(100, 400, shape).astype(dtype) for c in range(channels)}
    limits = np.iinfo(dtype)
    return {c: rng.integers(limits.min, limits.max, shape, dtype, endpoint=True) for c in range(channels)}


@vectors("render")
def test_vector_planes_become_packed_picture(given: dict[str, Any], expected: dict[str, Any]) -> None:
    assert fused.ready()
    test_composite.test_planes_become_packed_picture(given, expected)


@vectors("render_crc32")
def test_vector_composite_has_checksum(given: dict[str, Any], expected: dict[str, Any]) -> None:
    assert fused.ready()
    test_composite.test_composite_has_checksum(given, expected)


@st.composite
def channel_settings(draw: st.DrawFn) -> ChannelSettings:
    start = draw(st.one_of(st.integers(-300, 120), st.integers(-300, 40000)))
    byte = st.integers(0, 255)
    return ChannelSettings(
        Window(start, start + draw(st.integers(0, 50000))),
        Color(draw(byte), draw(byte), draw(byte), draw(st.sampled_from((255, 255, 128, 0)))),
        family=draw(st.sampled_from(Family)),
        coefficient=draw(st.sampled_from((0.5, 1.0, 2.0))),
        noise_reduction=draw(st.booleans()),
        reverse=draw(st.booleans()),
        active=draw(st.booleans()),
    )


@hypothesis_settings(max_examples=300, deadline=None)
@from_strategy(
    st.sampled_from(TYPES),
    st.lists(channel_settings(), min_size=1, max_size=7),
    st.sampled_from(Model),
    st.tuples(st.integers(1, 70), st.integers(1, 90)),
    st.integers(0, 1000),
)
def test_any_settings_give_the_same_bytes_both_ways(
    type_name: str,
    channels: list[ChannelSettings],
    model: Model,
    shape: tuple[int, int],
    seed: int,
) -> None:
    channels = [*channels[:-1], ChannelSettings(Window(0, 100), Color(200, 190, 180))]
    settings = RenderingSettings(pixel_type(type_name), tuple(channels), model)
    planes = random_planes(type_name, len(channels), shape, seed)
    try:
        expected = by_numpy(planes, settings)
    except RenderingError:
        with pytest.raises(RenderingError):
            render_rgbx(planes, settings)
        return
    assert np.array_equal(render_rgbx(planes, settings), expected)


@pytest.mark.parametrize("channels", range(1, 7))
@pytest.mark.parametrize("shape", [(700, 500), (1, 70000), (70000, 1), (256, 256)])
def test_planes_larger_than_a_strip_give_the_same_bytes(channels: int, shape: tuple[int, int]) -> None:
    colors = [Color(255 - 30 * c, 90 + 20 * c, 160) for c in range(channels)]
    settings = RenderingSettings(
        pixel_type("uint16"), tuple(ChannelSettings(Window(50, 60000), color) for color in colors)
    )
    planes = random_planes("uint16", channels, shape, channels)
    assert zlib.crc32(render_rgbx(planes, settings)) == zlib.crc32(by_numpy(planes, settings))


def test_any_layout_of_planes_in_memory_will_do() -> None:
    settings = RenderingSettings(
        pixel_type("int16"),
        tuple(ChannelSettings(Window(-20000, 20000), Color(120, 130, 140)) for _ in range(3)),
    )
    (plane,) = random_planes("int16", 1, (60, 80), 5).values()
    misaligned = np.frombuffer(b"x" + plane.tobytes(), np.int16, plane.size, 1).reshape(plane.shape)
    wide = np.repeat(plane, 2, axis=1)[:, ::2]
    assert not misaligned.flags.aligned
    for other in (misaligned, wide, np.asfortranarray(plane), plane.astype(">i2"), plane[::-1][::-1]):
        assert np.array_equal(other, plane)
        given = render_rgbx({0: other, 1: plane, 2: other}, settings)
        assert np.array_equal(given, by_numpy({0: plane, 1: plane, 2: plane}, settings))


def test_tables_made_both_ways_are_the_same() -> None:
    settings = RenderingSettings(
        pixel_type("int16"), (ChannelSettings(Window(-321, 4321), Color(250, 20, 99), reverse=True),)
    )
    planes = random_planes("int16", 1, (64, 64), 8)
    composite._packed_table.cache_clear()
    compiled = render_rgbx(planes, settings)
    composite._packed_table.cache_clear()
    kernels, fused._kernels = fused._kernels, None
    try:
        assert np.array_equal(compiled, render_rgbx(planes, settings))
    finally:
        fused._kernels = kernels


def test_packed_integers_are_the_same_both_ways() -> None:
    settings = RenderingSettings(
        pixel_type("uint8"), tuple(ChannelSettings(Window(0, 255), Color(250, 20 * c, 99)) for c in range(4))
    )
    planes = random_planes("uint8", 4, (33, 41), 3)
    picture = by_numpy(planes, settings).astype(np.int64)
    packed = (255 << 24) | picture[..., 0] << 16 | picture[..., 1] << 8 | picture[..., 2]
    assert np.array_equal(render_packed_int(planes, settings), packed.astype(np.uint32).view(np.int32))


def test_nothing_is_compiled_unless_asked() -> None:
    program = (
        "import sys, numpy as np, omero_rendering as r\n"
        "s = r.RenderingSettings(r.pixel_type('uint8'), (r.ChannelSettings(r.Window(0, 255), r.WHITE),))\n"
        "r.render({0: np.zeros((4, 4), np.uint8)}, s)\n"
        "sys.exit('numba' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_without_numba_numpy_renders() -> None:
    program = (
        "import sys, numpy as np, omero_rendering as r\n"
        "sys.modules['numba'] = None\n"
        "assert r.fused.prepare(wait=True) is False\n"
        "s = r.RenderingSettings(r.pixel_type('uint8'), (r.ChannelSettings(r.Window(0, 255), r.WHITE),))\n"
        "assert r.render({0: np.full((4, 4), 255, np.uint8)}, s).min() == 255\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
