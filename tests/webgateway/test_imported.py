"""Images that were imported: pyramids, tiles of every level, original files. contract/webgateway.md, 4.2, 9, 17."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import omero
import pytest
from django.test import Client
from PIL import Image

from omeroweb.pool import POOL
from omeroweb.webgateway import pixels as pixels_module

SIZE = (3600, 3300)


@pytest.fixture(scope="session")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A smooth greyscale picture that is large enough for a pyramid."""
    x, y = np.meshgrid(np.arange(SIZE[0]), np.arange(SIZE[1]))
    values = ((np.sin(x / 200) + np.cos(y / 150)) * 60 + 128).astype(np.uint8)
    path = tmp_path_factory.mktemp("pictures") / "large one.png"
    Image.fromarray(values).save(path, compress_level=1)
    return path


@pytest.fixture
def imported(server: Any, user: Any, picture: Path) -> int:
    """Id of the image that the picture became."""
    from omero_embedded.importer.importing import Imported, Importer, user_context
    from omero_embedded.settings import StatePaths

    database = server.server.database
    paths = StatePaths(server.omero_dir / "embedded")
    with Importer(paths, database, user_context(database, user.name)) as importer:
        (result,) = importer.import_files([picture])
    assert isinstance(result, Imported), result
    return result.image_ids[0]


def test_tiles_of_every_level_are_those_of_the_servers_own_engine(
    browser: Client, imported: int, login: Callable[..., Any], user: Any, closing: Any
) -> None:
    found = browser.get(f"/webgateway/imgData/{imported}/").json()
    assert found["tiles"] is True
    assert found["levels"] == len(found["resolutions"]) > 1
    assert found["resolutions"]["0"] == {"sizeX": SIZE[0], "sizeY": SIZE[1]}
    assert found["zoomLevelScaling"]["0"] == 1.0
    engine = login(user).sf.createRenderingEngine()
    closing.callback(engine.close)
    pixels_id = engine_pixels(login(user), imported)
    engine.lookupPixels(pixels_id)
    engine.lookupRenderingDef(pixels_id)
    engine.load()
    for level in range(found["levels"]):
        engine.setResolutionLevel(found["levels"] - 1 - level)
        for column, row in ((0, 0), (1, 1), (2, 0)):
            path = f"/webgateway/render_image_region/{imported}/0/0/?tile={level},{column},{row},256,200"
            response = browser.get(path)
            size = found["resolutions"][str(level)]
            if column * 256 >= size["sizeX"] or row * 200 >= size["sizeY"]:
                assert response.status_code == 404
                continue
            definition = omero.romio.PlaneDef()
            definition.slice, definition.z, definition.t = omero.romio.XY, 0, 0
            width = min(256, size["sizeX"] - column * 256)
            height = min(200, size["sizeY"] - row * 200)
            definition.region = omero.romio.RegionDef(column * 256, row * 200, width, height)
            assert response.content == engine.renderCompressed(definition), (level, column, row)


def engine_pixels(client: Any, image_id: int) -> int:
    params = omero.sys.ParametersI().addId(image_id)
    rows = client.sf.getQueryService().projection("select p.id from Pixels p where p.image.id = :id", params)
    return int(rows[0][0].val)


def test_a_region_of_a_pyramid_is_at_full_size(
    browser: Client, imported: int, picture: Path, pixels_of: Callable[..., np.ndarray]
) -> None:
    path = f"/webgateway/render_image_region/{imported}/0/0/?region=1500,1400,700,600&c=1|0:255$FFF&m=g&q=1"
    shown = pixels_of(browser.get(path))[..., 0].astype(int)
    original = np.asarray(Image.open(picture))[1400:2000, 1500:2200]
    assert np.abs(shown - original).max() <= 4


def test_the_second_look_at_a_tile_reads_nothing(
    browser: Client, imported: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/webgateway/render_image_region/{imported}/0/0/?tile=0,3,2,256,256&c=1|0:{{}}$FFF&m=g"
    first = browser.get(path.format(200))

    def read(*args: Any) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr(pixels_module.PixelSource, "_read", read)
    second = browser.get(path.format(100))
    assert second.status_code == 200
    assert second.content != first.content


@pytest.mark.parametrize(
    ("query", "status", "text"),
    [
        ("tile=-1,0,0", 400, "Invalid resolution level -1 &lt; 0"),
        ("tile=99,0,0", 400, "number of available levels"),
        ("tile=0,99,99", 404, ""),
        (f"region=0,0,{SIZE[0]},{SIZE[1]}", 400, "region is too large"),
    ],
)
def test_impossible_tiles_are_refused(
    browser: Client, imported: int, query: str, status: int, text: str
) -> None:
    response = browser.get(f"/webgateway/render_image_region/{imported}/0/0/?{query}")
    assert response.status_code == status
    assert text in response.content.decode()


def test_a_large_plane_is_rendered_whole(
    browser: Client, imported: int, pixels_of: Callable[..., np.ndarray]
) -> None:
    assert pixels_of(browser.get(f"/webgateway/render_image/{imported}/0/0/")).shape[:2] == SIZE[::-1]


def test_a_large_image_has_thumbnail_and_histogram(
    browser: Client, imported: int, pixels_of: Callable[..., np.ndarray]
) -> None:
    shown = pixels_of(browser.get(f"/webgateway/render_thumbnail/{imported}/"))
    assert max(shown.shape[:2]) == 96
    assert shown.std() > 10
    counts = browser.get(f"/webgateway/histogram_json/{imported}/channel/0/").json()["data"]
    assert 0 < sum(counts) < SIZE[0] * SIZE[1]


def test_the_original_file_comes_back_unchanged(browser: Client, imported: int, picture: Path) -> None:
    response = browser.get(f"/webgateway/archived_files/download/{imported}/")
    assert response["Content-Disposition"] == "attachment; filename=large_one.png"
    assert int(response["Content-Length"]) == picture.stat().st_size
    content = b"".join(response.streaming_content)
    response.close()
    assert content == picture.read_bytes()


def test_the_original_file_has_paths(browser: Client, imported: int) -> None:
    found = browser.get(f"/webgateway/original_file_paths/{imported}/").json()
    assert found["repo"][0].endswith("large one.png")
    assert found["client"][0].endswith("large one.png")
    assert found["fileset"]["id"] > 0


def test_a_download_that_is_given_up_gives_its_connection_back(browser: Client, imported: int) -> None:
    response = browser.get(f"/webgateway/archived_files/download/{imported}/")
    before = len(POOL)
    next(iter(response.streaming_content))
    response.close()
    assert len(POOL) == before + 1
    again = browser.get(f"/webgateway/imgData/{imported}/id/")
    assert again.json() == imported
