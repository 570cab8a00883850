"""`omero embedded import` beside a running server, and what clients see of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from omero_embedded.importer import command
from omero_embedded.settings import StatePaths


@pytest.fixture
def values(server: Any) -> dict[str, str]:
    return {"omero.embedded.db.url": str(server.server.database.url.render_as_string(hide_password=False))}


@pytest.fixture
def image(tmp_path: Path) -> tuple[Path, np.ndarray]:
    data = np.random.default_rng(0).integers(0, 60000, (2, 3, 4, 20, 30)).astype("uint16")
    path = tmp_path / f"{tmp_path.name}.ome.tif"
    tifffile.imwrite(path, data, metadata={"axes": "TCZYX", "Channel": {"Name": ["A", "B", "C"]}})
    return path, data


def test_clients_see_an_image_at_once(
    server: Any,
    values: dict[str, str],
    image: tuple[Path, np.ndarray],
    make_user: Callable[..., Any],
    gateway: Callable[..., Any],
) -> None:
    path, data = image
    user = make_user()
    connection = gateway(user)
    said: list[str] = []
    failures = command.import_files(
        StatePaths(server.omero_dir / "embedded"),
        values,
        [str(path)],
        project="my project/my dataset",
        user=user.name,
        say=said.append,
    )
    assert failures == 0
    (line,) = said
    image_id = int(line.rpartition(":")[2])
    found = connection.getObject("Image", image_id)
    assert found.getName() == path.name
    assert found.getParent().getName() == "my dataset"
    assert found.getParent().getParent().getName() == "my project"
    assert [channel.getLabel() for channel in found.getChannels()] == ["A", "B", "C"]
    plane = found.getPrimaryPixels().getPlane(3, 2, 1)
    assert np.array_equal(plane, data[1, 2, 3])
    assert found.getThumbnail() is not None
    (file,) = found.getImportedImageFiles()
    assert b"".join(file.getFileInChunks()) == path.read_bytes()
    assert file.hash == hashlib.sha1(path.read_bytes()).hexdigest()


def test_deleting_the_image_removes_pixel_data_and_files(
    server: Any,
    values: dict[str, str],
    image: tuple[Path, np.ndarray],
    make_user: Callable[..., Any],
    gateway: Callable[..., Any],
) -> None:
    user = make_user()
    connection = gateway(user)
    paths = StatePaths(server.omero_dir / "embedded")
    said: list[str] = []
    command.import_files(paths, values, [str(image[0])], user=user.name, say=said.append)
    image_id = int(said[0].rpartition(":")[2])
    found = connection.getObject("Image", image_id)
    pixels_id = found.getPixelsId()
    folder = paths.managed / f"{user.name}_{user.id}"
    assert (paths.pixels / str(pixels_id)).is_dir()
    assert [path.name for path in folder.rglob("*.tif")] == [image[0].name]
    connection.deleteObjects("Image", [image_id], wait=True)
    assert connection.getObject("Image", image_id) is None
    assert not (paths.pixels / str(pixels_id)).exists()
    assert list(folder.rglob("*.tif")) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"user": "nobody at all"}, "user: there is no user 'nobody at all'"),
        ({"group": "no group"}, "group: there is no group 'no group'"),
        ({"project": "no slash"}, "--project: 'no slash' is not NAME/DATASET"),
        ({"project": "p/"}, "dataset: the name must not be empty"),
        ({"dataset": " "}, "dataset: the name must not be empty"),
        ({"user": "guest"}, "guest"),
    ],
)
def test_bad_options_are_named(
    server: Any, values: dict[str, str], image: tuple[Path, np.ndarray], options: dict[str, str], message: str
) -> None:
    paths = StatePaths(server.omero_dir / "embedded")
    with pytest.raises(ValueError, match=message):
        command.import_files(paths, values, [str(image[0])], **options)


def test_bad_limits_are_named(values: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"omero\.embedded\.import\.memory"):
        command.limits({**values, "omero.embedded.import.memory": "lots"})


def test_a_store_that_does_not_exist_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="start the server first"):
        command.import_files(StatePaths(tmp_path / "embedded"), {}, ["a.tif"])
    assert not (tmp_path / "embedded").exists()


def test_failures_are_counted_and_told(
    server: Any, values: dict[str, str], image: tuple[Path, np.ndarray], tmp_path: Path
) -> None:
    (tmp_path / "bad.tif").write_bytes(b"bad")
    said: list[str] = []
    paths = StatePaths(server.omero_dir / "embedded")
    assert command.import_files(paths, values, [str(tmp_path / "bad.tif")], say=said.append) == 1
    assert said[0].startswith(f"not imported: {tmp_path / 'bad.tif'}: ")
