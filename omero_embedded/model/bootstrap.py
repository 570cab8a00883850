"""The first rows of a new store: enumerations, system groups, root, guest, repositories.

Source: contract/model.md, section 4; `bootstrap.json` and `enums.json` beside this module.
"""

from __future__ import annotations

import json
import uuid
from importlib import resources
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, insert, select

from ..database import Database
from ..security.context import GLOBAL_ROW, ROOT_ID, USER_GROUP, parse_permissions
from ..transaction import now
from .details import SCRIPT_REPOSITORY
from .entities import MODEL
from .tables import CONFIGURATION, PASSWORD, table_of

DATABASE_UUID = "omero.db.uuid"
SCRIPTS = "scripts"
"""Name of the repository that holds official scripts."""


def _document(name: str) -> Any:
    return json.loads(resources.files(__package__).joinpath(name).read_text(encoding="utf-8"))


def migrate(database: Database) -> None:
    """Bring the schema to this version: creates it on an empty store."""
    config = Config()
    config.set_main_option("script_location", "omero_embedded:migrations")
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def is_empty(connection: Connection) -> bool:
    """The store has its tables but no rows yet."""
    return connection.execute(select(table_of("Experimenter").c.id).limit(1)).first() is None


def populate(connection: Connection, root_hash: str, repositories: dict[str, Path]) -> None:
    """Insert the rows that every store begins with.

    root_hash: stored form of root's password. repositories: folder per repository, by name.
    """
    document = _document("bootstrap.json")
    moment = now()
    _insert_enumerations(connection)
    _insert_accounts(connection, document)
    _insert_history(connection, document, moment)
    _insert_repositories(connection, repositories, moment)
    connection.execute(
        insert(PASSWORD),
        [
            {"experimenter_id": 0, "hash": root_hash, "changed": moment},
            {"experimenter_id": 1, "hash": "", "changed": moment},
        ],
    )
    connection.execute(insert(CONFIGURATION), [{"name": DATABASE_UUID, "value": str(uuid.uuid4())}])


def _insert_enumerations(connection: Connection) -> None:
    for name, enumeration in _document("enums.json")["enums"].items():
        properties = MODEL[name].properties
        connection.execute(
            insert(table_of(name)),
            [
                {
                    "id": entry["id"],
                    "permissions": GLOBAL_ROW,
                    **{properties[key].column: value for key, value in entry.items() if key in properties},
                }
                for entry in enumeration["values"]
            ],
        )


def original_enumeration(name: str) -> list[str]:
    """Values of an enumeration in a new store, in order."""
    enums = _document("enums.json")["enums"]
    return [entry["value"] for entry in enums[name]["values"]] if name in enums else []


def _insert_accounts(connection: Connection, document: Any) -> None:
    connection.execute(
        insert(table_of("Experimenter")),
        [
            {
                "id": row["id"],
                "permissions": GLOBAL_ROW,
                "version": 0,
                "omename": row["omeName"],
                "firstname": row["firstName"],
                "lastname": row["lastName"],
                "ldap": row["ldap"],
            }
            for row in document["experimenters"]
        ],
    )
    connection.execute(
        insert(table_of("ExperimenterGroup")),
        [
            {
                "id": row["id"],
                "permissions": parse_permissions(row["permissions"]),
                "version": 0,
                "name": row["name"],
                "ldap": row["ldap"],
            }
            for row in document["groups"]
        ],
    )
    connection.execute(
        insert(table_of("GroupExperimenterMap")),
        [
            {
                "id": row["id"],
                "permissions": GLOBAL_ROW,
                "version": 0,
                "parent": row["group"],
                "child": row["experimenter"],
                "child_index": row["child_index"],
                "owner": row["owner"],
            }
            for row in document["memberships"]
        ],
    )


def _insert_history(connection: Connection, document: Any, moment: int) -> None:
    connection.execute(
        insert(table_of("Node")),
        [
            {
                "id": row["id"],
                "permissions": GLOBAL_ROW,
                "version": 0,
                "uuid": row["uuid"],
                "conn": row["conn"],
                "up": moment,
                "down": moment,
            }
            for row in document["nodes"]
        ],
    )
    connection.execute(
        insert(table_of("Session")),
        [
            {
                "id": row["id"],
                "permissions": GLOBAL_ROW,
                "version": 0,
                "discriminator": "Session",
                "uuid": row["uuid"],
                "owner": row["owner"],
                "node": row["node"],
                "timetoidle": row["timeToIdle"],
                "timetolive": row["timeToLive"],
                "defaulteventtype": row["defaultEventType"],
                "started": moment,
                "closed": moment,
            }
            for row in document["sessions"]
        ],
    )
    connection.execute(
        insert(table_of("Event")),
        [
            {
                "id": row["id"],
                "permissions": GLOBAL_ROW,
                "status": row["status"],
                "time": moment,
                "experimenter": row["experimenter"],
                "experimentergroup": row["experimenterGroup"],
                "session": row["session"],
                "type": row["type"],
            }
            for row in document["events"]
        ],
    )
    connection.execute(
        insert(table_of("DBPatch")),
        [
            {
                "permissions": GLOBAL_ROW,
                "finished": moment,
                **{MODEL["DBPatch"].properties[key].column: value for key, value in row.items()},
            }
            for row in document["dbpatch"]
        ],
    )


def _insert_repositories(connection: Connection, repositories: dict[str, Path], moment: int) -> None:
    for name, folder in repositories.items():
        connection.execute(
            insert(table_of("OriginalFile")),
            {
                "permissions": GLOBAL_ROW,
                "version": 0,
                "owner_id": ROOT_ID,
                "group_id": USER_GROUP,
                "creation_id": 0,
                "update_id": 0,
                "path": f"{folder.parent}/",
                "name": name,
                "mimetype": "Repository",
                "hash": SCRIPT_REPOSITORY if name == SCRIPTS else str(uuid.uuid4()),
                "size": 0,
                "ctime": moment,
                "mtime": moment,
            },
        )


def configuration(connection: Connection) -> dict[str, str]:
    """Facts fixed for the life of the store, by name."""
    return {row.name: row.value for row in connection.execute(select(CONFIGURATION))}


def repository_uuids(connection: Connection) -> dict[str, str]:
    """UUID of each repository, by name."""
    files = table_of("OriginalFile")
    rows = connection.execute(select(files.c.name, files.c.hash).where(files.c.mimetype == "Repository"))
    return {row.name: row.hash for row in rows}
