"""Samples to display levels: contract/rendering.md, sections 1.1, 1.2, 2 and 3.1."""

from __future__ import annotations

import zlib
from base64 import b64decode
from typing import Any

import numpy as np
import pytest

from omero_rendering import (
    ChannelSettings,
    Quantum,
    RenderingError,
    Window,
    decode,
    encode_big_endian,
    pixel_type,
)
from omero_rendering.codomain import ContrastStretching, PlaneSlicing, ReverseIntensity, apply_maps
from omero_rendering.quantization import quantize
from tests.omero_rendering.vectors import channel_of, numbers, quantum_of, type_of, vectors


@vectors("pixel_range")
def test_type_has_its_range(given: dict[str, Any], expected: list[float]) -> None:
    type_ = type_of(given)
    assert [type_.minimum, type_.maximum] == expected


@vectors("decode")
def test_bytes_become_samples(given: dict[str, Any], expected: list[float]) -> None:
    samples = decode(
        b64decode(given["bytes_base64"]), type_of(given), given["byte_order"], given.get("count")
    )
    assert samples.astype(float).tolist() == expected


@pytest.mark.parametrize(
    "name", ["bit", "int8", "uint8", "int16", "uint16", "int32", "uint32", "float", "double"]
)
def test_big_endian_bytes_come_back_unchanged(name: str) -> None:
    type_ = pixel_type(name)
    samples = np.array([0, 1, 1, 0, 1, 0, 0, 1, 1, 1], type_.dtype)
    assert decode(encode_big_endian(samples, type_), type_, "big", 10).tolist() == samples.tolist()


@vectors("quantize")
def test_sample_becomes_level(given: dict[str, Any], expected: Any) -> None:
    if isinstance(expected, dict):
        with pytest.raises(RenderingError):
            _levels(given)
    else:
        assert _levels(given).tolist() == expected


@vectors("lut_crc32")
def test_whole_table_has_checksum(given: dict[str, Any], expected: dict[str, Any]) -> None:
    type_ = type_of(given)
    samples = np.arange(type_.minimum, type_.maximum + 1).astype(type_.dtype)
    levels = quantize(samples, type_, channel_of(given), quantum_of(given))
    assert len(levels) == expected["length"]
    assert int(levels.sum(dtype=np.int64)) == expected["sum"]
    assert f"{zlib.crc32(levels.tobytes()):08x}" == expected["crc32"]


@vectors("codomain")
def test_codomain_maps_change_levels(given: dict[str, Any], expected: list[int]) -> None:
    kinds = {
        "reverse": ReverseIntensity,
        "contrast_stretching": ContrastStretching,
        "plane_slicing": PlaneSlicing,
    }
    maps = [
        kinds[map_["type"]](**{name: value for name, value in map_.items() if name != "type"})
        for map_ in given["maps"]
    ]
    assert apply_maps(np.array(given["values"]), maps, quantum_of(given)).tolist() == expected


def test_unusable_quantum_is_refused() -> None:
    with pytest.raises(RenderingError, match="codomain interval"):
        Quantum(200, 100)


def test_window_that_is_not_a_number_means_the_whole_range() -> None:
    type_ = pixel_type("uint8")
    levels = quantize(np.array([0, 128, 255], np.uint8), type_, ChannelSettings(Window(float("nan"), 3)))
    assert levels.tolist() == [0, 128, 255]


def test_byte_order_of_samples_does_not_matter() -> None:
    type_ = pixel_type("int16")
    samples = np.array([-32768, -1, 0, 1, 32767], np.int16)
    channel = ChannelSettings(Window(-100, 100))
    swapped = samples.astype(">i2")
    assert quantize(swapped, type_, channel).tolist() == quantize(samples, type_, channel).tolist()


def _levels(given: dict[str, Any]) -> np.ndarray:
    type_, channel, quantum = type_of(given), channel_of(given), quantum_of(given)
    levels = quantize(numbers(given["values"]).astype(type_.dtype), type_, channel, quantum)
    return apply_maps(levels, [ReverseIntensity()] if channel.reverse else [], quantum)
