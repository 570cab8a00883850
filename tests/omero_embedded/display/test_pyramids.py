"""Images with resolution levels over Ice: contract/rendering.md, sections 5.2 and 5.3."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import omero
import pytest
from omero.romio import XY, PlaneDef, RegionDef
from omero.rtypes import rint
from PIL import Image

WIDTH, HEIGHT = 3400, 3100
TILE = 1024


@pytest.fixture(scope="module")
def plane() -> np.ndarray:
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    return ((x // 16 + y // 16) % 256).astype(np.uint8)


@pytest.fixture
def user(login: Callable, make_user: Callable) -> Any:
    return login(make_user())


@pytest.fixture
def pixels_id(user: Any, plane: np.ndarray) -> int:
    service = user.sf.getPixelsService()
    uint8 = user.sf.getTypesService().getEnumeration("PixelsType", "uint8")
    image_id = service.createImage(WIDTH, HEIGHT, 1, 1, [-1], uint8, "large", "")
    parameters = omero.sys.ParametersI().addId(image_id.val)
    found = user.sf.getQueryService().projection(
        "select p.id from Pixels p where p.image.id = :id", parameters
    )
    pixels_id = found[0][0].val
    service.setChannelGlobalMinMax(pixels_id, 0, 0.0, 255.0)
    store = user.sf.createRawPixelsStore()
    store.setPixelsId(pixels_id, False)
    for top in range(0, HEIGHT, TILE):
        for left in range(0, WIDTH, TILE):
            tile = plane[top : top + TILE, left : left + TILE]
            store.setTile(tile.tobytes(), 0, 0, 0, left, top, tile.shape[1], tile.shape[0])
    store.close()
    return pixels_id


def test_levels_are_listed_from_the_largest_and_chosen_from_the_smallest(
    user: Any, pixels_id: int, plane: np.ndarray
) -> None:
    store = user.sf.createRawPixelsStore()
    store.setPixelsId(pixels_id, False)
    assert store.requiresPixelsPyramid()
    sizes = [(level.sizeX, level.sizeY) for level in store.getResolutionDescriptions()]
    assert sizes[0] == (WIDTH, HEIGHT)
    assert sizes == sorted(sizes, reverse=True)
    assert store.getResolutionLevels() == len(sizes) > 1
    assert store.getResolutionLevel() == len(sizes) - 1
    full = np.frombuffer(store.getTile(0, 0, 0, 3300, 3000, 100, 100), np.uint8).reshape(100, 100)
    assert np.array_equal(full, plane[3000:3100, 3300:3400])
    store.setResolutionLevel(0)
    width, height = sizes[-1]
    smallest = np.frombuffer(store.getPlane(0, 0, 0), np.uint8)
    assert smallest.size == width * height
    with pytest.raises(omero.ApiUsageException, match="resolutionLevel"):
        store.setResolutionLevel(len(sizes))
    store.close()


def test_tiles_are_rendered_at_every_level(user: Any, pixels_id: int, plane: np.ndarray) -> None:
    engine = user.sf.createRenderingEngine()
    engine.lookupPixels(pixels_id)
    engine.resetDefaultSettings(True)
    engine.lookupRenderingDef(pixels_id)
    engine.load()
    sizes = [(level.sizeX, level.sizeY) for level in engine.getResolutionDescriptions()]
    assert tuple(engine.getTileSize()) == (512, 512)
    for number, (width, height) in enumerate(sizes):
        engine.setResolutionLevel(len(sizes) - 1 - number)
        jpeg = engine.renderCompressed(
            PlaneDef(XY, 0, 0, 0, 0, RegionDef(width - 100, height - 50, 512, 512), 0)
        )
        with Image.open(BytesIO(jpeg)) as picture:
            assert picture.size == (100, 50)
            step = 2**number
            expected = plane[HEIGHT - 50 * step :, WIDTH - 100 * step :].mean()
            assert abs(np.asarray(picture).mean() - expected) < 4
    engine.close()


def test_thumbnail_is_made_from_a_small_level(user: Any, pixels_id: int) -> None:
    store = user.sf.createThumbnailStore()
    jpeg = store.getThumbnailByLongestSideSet(rint(96), [pixels_id])[pixels_id]
    with Image.open(BytesIO(jpeg)) as picture:
        assert max(picture.size) in (95, 96)
    store.close()


def test_histogram_is_counted_on_a_level_that_is_not_too_large(user: Any, pixels_id: int) -> None:
    store = user.sf.createRawPixelsStore()
    store.setPixelsId(pixels_id, False)
    sizes = [(level.sizeX, level.sizeY) for level in store.getResolutionDescriptions()]
    counted = next(size for size in sizes if max(size) <= 3192)
    assert sum(store.getHistogram([0], 256, True, None)[0]) == counted[0] * counted[1]
    store.close()
