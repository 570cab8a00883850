"""The published test vectors (data/rendering-vectors.json), and builders from their fields to our types."""

from __future__ import annotations

import json
from base64 import b64decode
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from omero_rendering import (
    ChannelSettings,
    Color,
    Family,
    LookupTable,
    Model,
    PixelType,
    Quantum,
    RenderingSettings,
    Window,
    parse_lut,
    pixel_type,
)

_FILE = Path(__file__).parent / "data" / "rendering-vectors.json"


@lru_cache(maxsize=1)
def _vectors() -> list[dict[str, Any]]:
    return json.loads(_FILE.read_text())["vectors"]


def vectors(kind: str) -> Any:
    """Decorator: the test runs once for every vector of a kind, as arguments `given` and `expected`."""
    chosen = [vector for vector in _vectors() if vector["kind"] == kind]
    assert chosen, f"no vectors of kind {kind}"
    return pytest.mark.parametrize(
        ("given", "expected"),
        [pytest.param(vector["input"], vector["expected"], id=vector["id"]) for vector in chosen],
    )


def numbers(values: list[Any]) -> np.ndarray:
    """NaN and the infinities are strings in the file."""
    return np.array([float(value) for value in values])


def type_of(given: dict[str, Any]) -> PixelType:
    return pixel_type(given["pixels_type"], given.get("significant_bits"))


def quantum_of(given: dict[str, Any]) -> Quantum:
    return Quantum(given.get("cd_start", 0), given.get("cd_end", 255), given.get("bit_resolution", 255))


def statistics_of(given: dict[str, Any]) -> Window | None:
    low, high = given.get("global_min"), given.get("global_max")
    return None if low is None or high is None else Window(low, high)


def channel_of(given: dict[str, Any]) -> ChannelSettings:
    return ChannelSettings(
        window=Window(given["window_start"], given["window_end"]),
        color=Color(*given.get("rgba", (255, 255, 255, 255))),
        active=given.get("active", True),
        family=Family.named(given.get("family", "linear")),
        coefficient=given.get("coefficient", 1.0),
        noise_reduction=given.get("noise_reduction", False),
        reverse=given.get("reverse", False),
        lut=given.get("lut"),
        statistics=statistics_of(given),
    )


def settings_of(given: dict[str, Any]) -> RenderingSettings:
    return RenderingSettings(
        pixel_type=type_of(given),
        channels=tuple(channel_of(channel) for channel in given["channels"]),
        model=Model.named(given["model"]),
        quantum=quantum_of(given),
    )


def luts_of(given: dict[str, Any]) -> dict[str, LookupTable]:
    tables = {name: parse_lut(name, b64decode(text)) for name, text in given.get("luts", {}).items()}
    return {name: table for name, table in tables.items() if table is not None}
