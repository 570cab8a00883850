"""The fixture of the conformance cases, loaded into SQLite and PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert

from omero_embedded.database import Database
from omero_embedded.model.entities import MODEL
from omero_embedded.model.tables import METADATA, map_table_of, table_of
from omero_embedded.model.units import enumerator
from omero_embedded.security.context import GLOBAL_ROW, PRIVILEGES, CallContext, parse_permissions

DOCUMENT = json.loads((Path(__file__).parent / "data" / "hql-cases.json").read_text(encoding="utf-8"))
FIXTURE = DOCUMENT["fixture"]
LEVELS = {
    FIXTURE["groups"][name]: parse_permissions(text) for name, text in FIXTURE["group_permissions"].items()
}
SPECIAL = {"@", "owner", "group", "ev", "owner_flag", "owner_ref", "permissions"}


def _columns(name: str, row: dict[str, Any]) -> dict[str, Any]:
    entity = MODEL[name]
    columns: dict[str, Any] = {"id": int(row["@"].partition(":")[2]), "permissions": GLOBAL_ROW}
    if len(MODEL.hierarchy(entity.root)) > 1:
        columns["discriminator"] = name
    if not entity.immutable:
        columns["version"] = 0
    if entity.is_owned:
        group = FIXTURE["groups"][row["group"]]
        columns |= {
            "owner_id": FIXTURE["users"][row["owner"]],
            "group_id": group,
            "creation_id": row["ev"],
            "permissions": LEVELS[group],
        }
        if not entity.immutable:
            columns["update_id"] = row["ev"]
    if name == "ExperimenterGroup":
        columns["permissions"] = parse_permissions(row["permissions"])
    if "owner_flag" in row:
        columns["owner"] = row["owner_flag"]
    if "owner_ref" in row:
        columns["owner"] = row["owner_ref"]
    for key, value in row.items():
        prop = entity.properties.get(key)
        if prop is None or (key in SPECIAL and entity.is_owned):
            if key not in SPECIAL:
                columns[key] = value
        elif prop.kind == "quantity":
            if value is not None:
                columns |= dict(
                    zip(prop.columns, (value[0], enumerator(str(prop.unit_type), value[1])), strict=True)
                )
        elif prop.columns and key not in SPECIAL:
            columns[prop.column] = value
    return columns


def load_fixture(connection: Connection) -> None:
    """Insert every row of the fixture with its given id."""
    for row in FIXTURE["rows"]:
        name = row["@"].partition(":")[0]
        entity = MODEL[name]
        table = table_of(name)
        columns = _columns(name, row)
        for column in table.c:
            # The fixture leaves out what the queries do not need.
            if not column.nullable and column.server_default is None and columns.get(column.name) is None:
                columns[column.name] = _something(column)
        connection.execute(insert(table), columns)
        for prop in entity.properties.values():
            if prop.kind == "map" and row.get(prop.name):
                pairs = [
                    {"owner_id": columns["id"], "position": position, "name": key, "value": value}
                    for position, (key, value) in enumerate(row[prop.name])
                ]
                connection.execute(insert(map_table_of(prop)), pairs)


def _something(column: Any) -> Any:
    if column.foreign_keys:
        return 0
    return {"BOOLEAN": False, "BIGINT": 0, "INTEGER": 0}.get(str(column.type), "")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('hql') / 'db.sqlite'}"
    else:
        url = request.getfixturevalue("postgresql_url")
    database = Database(url)
    with database.write() as connection:
        METADATA.drop_all(connection)
        METADATA.create_all(connection)
        if database.dialect == "postgresql":
            connection.exec_driver_sql("set session_replication_role = replica")
        else:
            connection.exec_driver_sql("pragma defer_foreign_keys = on")
        load_fixture(connection)
        if database.dialect == "postgresql":
            connection.exec_driver_sql("set session_replication_role = origin")
    yield database
    database.close()


@pytest.fixture
def context() -> Callable[[str, str | int], CallContext]:
    def make(user: str, group: str | int) -> CallContext:
        user_id = FIXTURE["users"][user]
        maps = [
            row
            for row in FIXTURE["rows"]
            if row["@"].startswith("GroupExperimenterMap") and row["child"] == user_id
        ]
        maps.sort(key=lambda row: row["child_index"])
        is_admin = user in FIXTURE["admins"]
        return CallContext(
            user_id=user_id,
            user_name=user,
            group_id=group if isinstance(group, int) else FIXTURE["groups"][group],
            session_id=0,
            session_uuid="s0",
            event_type="User",
            is_admin=is_admin,
            privileges=PRIVILEGES if is_admin else frozenset(),
            member_of=tuple(row["parent"] for row in maps),
            leader_of=frozenset(row["parent"] for row in maps if row["owner_flag"]),
            levels=LEVELS,
        )

    return make
