"""A small store: two users in a read-annotate, a read-only and a private group."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from omero_embedded.accounts import load_account, load_groups
from omero_embedded.database import Database
from omero_embedded.model.bootstrap import migrate, populate
from omero_embedded.security.context import CallContext
from omero_embedded.transaction import system_context, writing


@dataclass
class Store:
    """The database and the ids of what it begins with."""

    database: Database
    groups: dict[str, int]
    users: dict[str, int]

    def context(self, user: str, group: str | int) -> CallContext:
        """A context as a session of that user would give."""
        with self.database.read() as connection:
            account = load_account(connection, self.users[user])
            levels = {g.id: g.permissions for g in load_groups(connection).values()}
        assert account is not None
        return CallContext(
            user_id=account.id,
            user_name=account.name,
            group_id=group if isinstance(group, int) else self.groups[group],
            session_id=0,
            session_uuid="0",
            event_type="User",
            is_admin=account.is_admin,
            privileges=account.privileges,
            member_of=account.member_of,
            leader_of=account.leader_of,
            levels=levels,
        )


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """URL of an empty PostgreSQL database."""
    from .postgresql import cluster

    with cluster() as url:
        yield url


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    database = Database(f"sqlite:///{tmp_path / 'db.sqlite'}")
    migrate(database)
    with database.write() as connection:
        populate(connection, "", {})
    groups: dict[str, int] = {"user": 1}
    users = {"root": 0}
    with writing(database, system_context({0: -120, 1: -52, 2: -120})) as transaction:
        for name, level in (("annotate", "rwra--"), ("readonly", "rwr---"), ("private", "rw----")):
            groups[name] = transaction.insert("ExperimenterGroup", {"name": name, "permissions": level})
        for name in ("ann", "ben"):
            users[name] = transaction.insert(
                "Experimenter", {"omeName": name, "firstName": name, "lastName": name}
            )
            for position, group in enumerate(("annotate", "readonly", "private", "user")):
                transaction.insert(
                    "GroupExperimenterMap",
                    {"parent": groups[group], "child": users[name], "owner": False, "child_index": position},
                )
    yield Store(database, groups, users)
    database.close()


@pytest.fixture
def save(store: Store) -> Callable[..., object]:
    from omero_embedded.save import Saver

    def run(user: str, group: str | int, *objects: object) -> list[int]:
        with writing(store.database, store.context(user, group)) as transaction:
            return Saver(transaction).save(objects)

    return run
