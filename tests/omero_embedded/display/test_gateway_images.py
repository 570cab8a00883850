"""Images through omero-py's BlitzGateway, as OMERO.web uses it."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image

from omero_rendering import ChannelSettings, Color, RenderingSettings, Window, pixel_type, render


@pytest.fixture
def person(make_user: Callable) -> Any:
    return make_user()


@pytest.fixture
def image(gateway: Callable, login: Callable, person: Any, make_image: Callable, samples: np.ndarray) -> Any:
    made = make_image(login(person), "uint16", samples)
    found = gateway(person).getObject("Image", made.id)
    assert found is not None
    return found


def pixels_of(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.convert("RGB")).astype(int)


def test_facts_of_a_new_image(image: Any) -> None:
    assert (image.getSizeX(), image.getSizeY(), image.getSizeZ(), image.getSizeC(), image.getSizeT()) == (
        40,
        30,
        4,
        3,
        2,
    )
    assert image.getPixelsType() == "uint16"
    assert not image.requiresPixelsPyramid()
    channels = image.getChannels()
    assert [channel.getColor().getHtml() for channel in channels] == ["FF0000", "00FF00", "0000FF"]
    assert [channel.isActive() for channel in channels] == [True, True, True]
    assert channels[1].getWindowMin() <= channels[1].getWindowStart()
    assert not image.isGreyscaleRenderingModel()


def test_picture_is_close_to_the_rendered_planes(image: Any, samples: np.ndarray) -> None:
    colors = (Color(255, 0, 0), Color(0, 255, 0), Color(0, 0, 255))
    settings = RenderingSettings(
        pixel_type("uint16"),
        tuple(ChannelSettings(Window(samples[:, c].min(), samples[:, c].max()), colors[c]) for c in range(3)),
    )
    expected = render({c: samples[1, c, 2] for c in range(3)}, settings).astype(int)
    picture = pixels_of(image.renderImage(2, 1, compression=1.0))
    assert picture.shape == (30, 40, 3)
    assert abs(picture.mean() - expected.mean()) < 8


def test_channel_settings_are_saved(gateway: Callable, person: Any, image: Any) -> None:
    assert image.setActiveChannels(
        [1, -2, 3], [[100, 900], None, [5, 50]], ["FF8000", None, "00FFFF"], [True, None, False]
    )
    picture = pixels_of(image.renderImage(0, 0))
    assert image.saveDefaults()
    again = gateway(person).getObject("Image", image.getId())
    channels = again.getChannels()
    assert [channel.isActive() for channel in channels] == [True, False, True]
    assert (channels[0].getWindowStart(), channels[0].getWindowEnd()) == (100, 900)
    assert channels[0].getColor().getHtml() == "FF8000"
    assert [channel.isInverted() for channel in channels] == [True, False, False]
    assert np.array_equal(pixels_of(again.renderImage(0, 0)), picture)
    again.setGreyscaleRenderingModel()
    assert again.isGreyscaleRenderingModel()
    grey = pixels_of(again.renderImage(0, 0))
    assert np.array_equal(grey[..., 0], grey[..., 1])
    assert again.resetDefaults()
    assert [
        channel.isActive() for channel in gateway(person).getObject("Image", image.getId()).getChannels()
    ] == [True] * 3


def test_curves_can_be_changed(image: Any) -> None:
    image.setQuantizationMaps(
        [{"family": "polynomial", "coefficient": 0.5}, {"family": "linear"}, {"family": "logarithmic"}]
    )
    channels = image.getChannels()
    assert [channel.getFamily().val for channel in channels] == ["polynomial", "linear", "logarithmic"]
    assert channels[0].getCoefficient() == 0.5


def test_thumbnails_by_size_section_and_settings(image: Any) -> None:
    with Image.open(BytesIO(image.getThumbnail())) as picture:
        assert max(picture.size) == 64
    with Image.open(BytesIO(image.getThumbnail(size=(96,), direct=False))) as picture:
        assert picture.size == (96, 72)
    with Image.open(BytesIO(image.getThumbnail(size=(50, 40), z=1, t=1))) as picture:
        assert picture.size == (50, 40)


def test_thumbnails_of_many_images(
    gateway: Callable, login: Callable, person: Any, make_image: Callable, samples: np.ndarray
) -> None:
    images = [make_image(login(person), "uint16", samples[:1]) for _ in range(2)]
    found = gateway(person).getThumbnailSet([made.id for made in images], 64)
    assert sorted(found) == sorted(made.id for made in images)
    assert all(found.values())


def test_histogram_of_channels(image: Any, samples: np.ndarray) -> None:
    counts = image.getHistogram([0, 1], 8)
    assert {channel: sum(values) for channel, values in counts.items()} == {0: 1200, 1: 1200}


def test_raw_planes_and_tiles(image: Any, samples: np.ndarray) -> None:
    pixels = image.getPrimaryPixels()
    assert np.array_equal(pixels.getPlane(3, 2, 1), samples[1, 2, 3])
    assert np.array_equal(pixels.getTile(1, 0, 0, (4, 5, 6, 7)), samples[0, 0, 1, 5:12, 4:10])


def test_region_as_jpeg(image: Any) -> None:
    with Image.open(BytesIO(image.renderJpegRegion(0, 0, 10, 5, 20, 12))) as picture:
        assert picture.size == (20, 12)


def test_projection(image: Any) -> None:
    plane = pixels_of(image.renderImage(0, 0))
    image.setProjection("intmax")
    assert pixels_of(image.renderImage(0, 0)).mean() > plane.mean()


def test_all_settings_are_listed(image: Any) -> None:
    image.getChannels()
    definitions = image.getAllRenderingDefs()
    assert len(definitions) == 1
    assert definitions[0]["model"] == "rgb"
    assert [channel["color"] for channel in definitions[0]["c"]] == ["FF0000", "00FF00", "0000FF"]
