"""The demonstration: complete after one run, unchanged by a second one, and within a minute."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import func, select

from omero_embedded.database import Database
from omero_embedded.demo import histology, images, making, plates
from omero_embedded.demo.cells import Culture
from omero_embedded.importer.importing import user_context
from omero_embedded.model.bootstrap import migrate, populate
from omero_embedded.model.tables import TABLES, table_of
from omero_embedded.security.rights import read_condition
from omero_embedded.settings import StatePaths


class Demo:
    """A state folder with the demonstration in it."""

    def __init__(self, root: Path) -> None:
        self.paths = StatePaths(root / "embedded")
        self.paths.create()
        self.database = Database(self.paths.database_url)
        migrate(self.database)
        self.said: list[str] = []
        self.seconds = 0.0
        folders = (self.paths.managed, self.paths.files, self.paths.scripts)
        with self.database.write() as connection:
            populate(connection, "", {folder.name: folder for folder in folders})

    def make(self) -> list[str]:
        said: list[str] = []
        making.make(self.paths, {}, said.append)
        return said

    def counts(self) -> dict[str, int]:
        """Rows per table."""
        with self.database.read() as connection:
            return {
                name: int(connection.scalar(select(func.count()).select_from(table)) or 0)
                for name, table in TABLES.items()
            }

    def names(self, entity: str, user: str, group: str) -> list[Any]:
        """Names of the objects that a user sees in a group."""
        table = table_of(entity)
        context = user_context(self.database, user, group)
        statement = select(table.c.name).where(
            table.c.group_id == context.group_id, read_condition(context, table)
        )
        with self.database.read() as connection:
            return sorted(connection.scalars(statement))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    made = Demo(tmp_path_factory.mktemp("demo"))
    times = os.times()
    before = times.user + times.system + times.children_user + times.children_system
    made.said = made.make()
    used = os.times()
    # Of the processors, not of the clock: other tests may keep the machine busy.
    made.seconds = used.user + used.system + used.children_user + used.children_system - before
    yield made
    made.database.close()


pytestmark = pytest.mark.slow


def test_it_is_made_within_a_minute(demo: Demo) -> None:
    assert demo.seconds < 60


def test_a_second_run_adds_nothing(demo: Demo) -> None:
    before = demo.counts()
    assert demo.make() == ["The demonstration is complete already"]
    assert demo.counts() == before


def test_the_password_is_told_once(demo: Demo) -> None:
    assert "password" in demo.said[0]
    assert not any("password" in line for line in demo.make())


def test_the_store_is_sound(demo: Demo) -> None:
    assert demo.database.check_integrity() == []


def test_members_see_each_others_data_in_the_open_group_only(demo: Demo) -> None:
    assert {"Shared by Ada", "Shared by Ben"} <= set(demo.names("Dataset", "demo-ada", "Open lab"))
    assert demo.names("Dataset", "demo-ada", "Private lab") == ["Private to Ada"]
    assert demo.names("Dataset", "demo-ben", "Private lab") == ["Private to Ben"]
    assert demo.names("Dataset", "root", "Private lab") == ["Private to Ada", "Private to Ben"]


def test_there_is_a_plate_a_pyramid_and_a_time_series(demo: Demo) -> None:
    counts = demo.counts()
    assert (counts["Plate"], counts["Well"], counts["WellSample"]) == (1, 96, 192)
    pixels = table_of("Pixels")
    with demo.database.read() as connection:
        sizes = {
            tuple(row)
            for row in connection.execute(
                select(pixels.c.sizex, pixels.c.sizey, pixels.c.sizez, pixels.c.sizec, pixels.c.sizet)
            )
        }
    assert (8192, 8192, 1, 3, 1) in sizes
    assert (512, 512, 7, 3, 6) in sizes


def test_there_are_annotations_and_regions(demo: Demo) -> None:
    counts = demo.counts()
    assert counts["Annotation"] > 10
    assert counts["Roi"] >= 10
    assert counts["Shape"] > 50


def test_cells_look_different_in_every_channel_and_move() -> None:
    culture = Culture(1, 128, 3, 4)
    first, later = culture.stack(0), culture.stack(4)
    assert first.shape == (3, 3, 128, 128)
    assert first.dtype == np.uint16
    correlation = np.corrcoef(first.reshape(3, -1))
    assert correlation[0, 1] < 0.9
    assert not np.array_equal(first, later)


def test_the_same_seed_gives_the_same_file(tmp_path: Path) -> None:
    for name in ("a.tif", "b.tif"):
        images.time_series("cells", 1, 96, 2, 2, 3).make(tmp_path / name)
    assert (tmp_path / "a.tif").read_bytes() == (tmp_path / "b.tif").read_bytes()


def test_a_slide_is_tissue_on_bright_glass() -> None:
    slide = histology.slide(6, 1024)
    assert slide[:8, :8].min() > 235
    assert slide[450:550, 450:550].mean() < 220


def test_the_dose_moves_the_protein_into_the_nucleus() -> None:
    assert plates.dose(0) == 0
    responses = [plates.response(column) for column in range(plates.COLUMNS)]
    assert responses == sorted(responses)
    assert responses[0] < 0.1 < 0.85 < responses[-1]
