"""Initial settings: contract/rendering.md, sections 1.4 and 1.5."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from omero_rendering import (
    ChannelFacts,
    ChannelOptics,
    Color,
    ImageFacts,
    Model,
    Window,
    copy_settings,
    default_settings,
    fallback_color,
    pixel_type,
    reset_windows,
)
from tests.omero_rendering.vectors import statistics_of, type_of, vectors


@vectors("default_color")
def test_channel_without_settings_gets_colour(given: dict[str, Any], expected: list[int]) -> None:
    assert list(fallback_color(given["index"], _optics(given)).rgba) == expected


@vectors("default_settings")
def test_image_gets_initial_settings(given: dict[str, Any], expected: dict[str, Any]) -> None:
    values = np.array(given.get("middle_plane_values", []), type_of(given).dtype)
    asked: list[tuple[int, int, int]] = []

    def read_plane(z: int, c: int, t: int) -> np.ndarray:
        asked.append((z, c, t))
        return values

    settings = default_settings(_image(given), read_plane)
    quantum = settings.quantum
    assert {
        "model": settings.model.value,
        "default_z": settings.default_z,
        "default_t": settings.default_t,
        "quantum": {
            "cd_start": quantum.start,
            "cd_end": quantum.end,
            "bit_resolution": quantum.bit_resolution,
        },
        "channels": [
            {
                "family": channel.family.value,
                "coefficient": channel.coefficient,
                "noise_reduction": channel.noise_reduction,
                "active": channel.active,
                "window_start": channel.window.start,
                "window_end": channel.window.end,
                "rgba": list(channel.color.rgba),
                "spatial": ["reverse"] if channel.reverse else [],
            }
            for channel in settings.channels
        ],
    } == expected
    middle = ((given["size_z"] - 1) // 2, 0, (given["size_t"] - 1) // 2)
    assert asked == ([middle] if "middle_plane_values" in given else [])


def test_original_settings_never_read_pixels() -> None:
    image = ImageFacts(pixel_type("uint16", 12), 10, 10, 1, 1, (ChannelFacts(),))
    assert default_settings(image).channels[0].window == Window(0, 4095)


def test_reset_of_windows_leaves_the_rest() -> None:
    facts = ChannelFacts(statistics=Window(5, 5), optics=ChannelOptics(color=Color(1, 2, 3)))
    image = ImageFacts(pixel_type("uint16"), 10, 10, 1, 1, (facts, ChannelFacts()))
    settings = default_settings(image).with_channel(0, window=Window(7, 9), reverse=True)
    reset = reset_windows(settings)
    assert [channel.window for channel in reset.channels] == [Window(5, 5), Window(0, 65535)]
    assert reset.channels[0].reverse
    assert reset.channels[0].color == Color(1, 2, 3)


def test_pasted_settings_keep_statistics_and_sections_of_the_target() -> None:
    image = ImageFacts(pixel_type("uint8"), 10, 10, 20, 1, (ChannelFacts(Window(0, 9)),) * 2)
    source = replace(
        default_settings(image).with_channel(1, reverse=True, window=Window(1, 2)), model=Model.GREYSCALE
    )
    small = ImageFacts(pixel_type("uint8"), 10, 10, 4, 1, (ChannelFacts(Window(0, 200)),) * 2)
    pasted = copy_settings(source, default_settings(small), 4, 1)
    assert pasted.model is Model.GREYSCALE
    assert pasted.channels[1].reverse
    assert pasted.channels[1].window == Window(1, 2)
    assert pasted.channels[1].statistics == Window(0, 200)
    assert pasted.default_z == 2


def _optics(given: dict[str, Any]) -> ChannelOptics:
    return ChannelOptics(
        color=Color(*given["rgba"]) if given.get("rgba") else None,
        emission=given.get("emission"),
        laser=given.get("laser"),
        excitation=given.get("excitation"),
        emission_filter="emission_filter" in given,
    )


def _image(given: dict[str, Any]) -> ImageFacts:
    return ImageFacts(
        pixel_type=type_of(given),
        size_x=given.get("size_x", 512),
        size_y=given.get("size_y", 512),
        size_z=given["size_z"],
        size_t=given["size_t"],
        channels=tuple(
            ChannelFacts(statistics_of(channel), _optics(channel)) for channel in given["channels"]
        ),
    )
