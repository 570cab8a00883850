"""A store with two users, the state folder of a server around it, and an importer of one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from omero_embedded.database import Database
from omero_embedded.importer.conversion import Converter
from omero_embedded.importer.importing import Importer, user_context
from omero_embedded.model.bootstrap import migrate, populate
from omero_embedded.model.tables import table_of
from omero_embedded.pixels.zarr_store import ZarrPixelStore
from omero_embedded.settings import StatePaths
from omero_embedded.transaction import system_context, writing


@dataclass
class State:
    """What imports work on."""

    paths: StatePaths
    database: Database
    pixels: ZarrPixelStore

    def rows(self, entity: str, **where: Any) -> list[dict[str, Any]]:
        """Rows of an entity's table in order of their ids."""
        table = table_of(entity)
        statement = select(table).order_by(table.c.id)
        for column, value in where.items():
            statement = statement.where(table.c[column] == value)
        with self.database.read() as connection:
            return [dict(row) for row in connection.execute(statement).mappings()]

    def row(self, name: str, row_id: int) -> dict[str, Any]:
        """One row."""
        (found,) = self.rows(name, id=row_id)
        return found

    def value(self, enum: str, row_id: int) -> str:
        """Text of an enumeration's entry."""
        return str(self.row(enum, row_id)["value"])

    def channels(self, pixels_id: int) -> list[dict[str, Any]]:
        """Channels in order, each with its logical channel and statistics."""
        found = sorted(self.rows("Channel", pixels=pixels_id), key=lambda row: row["pixels_index"])
        return [
            {
                **row,
                "logical": self.row("LogicalChannel", row["logicalchannel"]),
                "statistics": None if row["statsinfo"] is None else self.row("StatsInfo", row["statsinfo"]),
            }
            for row in found
        ]

    def leftovers(self) -> list[str]:
        """Files and folders of pixel data and of the repository."""
        found = [path for path in self.paths.pixels.rglob("*") if path.name != ".staging"]
        found += [path for path in self.paths.managed.rglob("*") if path.name != ".incoming"]
        return [str(path) for path in found]


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    paths = StatePaths(tmp_path / "embedded")
    paths.create()
    database = Database(paths.database_url)
    migrate(database)
    folders = {folder.name: folder for folder in (paths.managed, paths.files, paths.scripts)}
    with database.write() as connection:
        populate(connection, "", folders)
    with writing(database, system_context({0: -120, 1: -52, 2: -120})) as transaction:
        groups = [
            transaction.insert("ExperimenterGroup", {"name": name, "permissions": level})
            for name, level in (("lab", "rwr---"), ("other", "rw----"))
        ]
        for user, member_of in (("ann", groups), ("ben", groups[:1]), ("nobody", [])):
            user_id = transaction.insert(
                "Experimenter", {"omeName": user, "firstName": user, "lastName": user}
            )
            for position, group in enumerate([*member_of, 1]):
                transaction.insert(
                    "GroupExperimenterMap",
                    {"parent": group, "child": user_id, "owner": False, "child_index": position},
                )
    yield State(paths, database, ZarrPixelStore(paths.pixels))
    database.close()


@pytest.fixture(scope="session")
def converter() -> Iterator[Converter]:
    """One reading process for all tests that do not look at the process itself."""
    with Converter() as found:
        yield found


@pytest.fixture
def make_importer(state: State, converter: Converter) -> Callable[..., Importer]:
    """`make_importer("ann", "lab")`: an importer of that user in that group."""

    def make(user: str = "ann", group: str | None = None) -> Importer:
        context = user_context(state.database, user, group)
        return Importer(state.paths, state.database, context, converter=converter)

    return make


@pytest.fixture
def importer(make_importer: Callable[..., Importer]) -> Importer:
    return make_importer()
