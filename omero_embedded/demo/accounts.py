"""Groups and users of the demonstration: a read-only and a private group, two members."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from ..accounts import load_groups
from ..database import Database
from ..model.tables import table_of
from ..security.context import ROOT_ID, USER_GROUP
from ..services.administration.groups import add_memberships, order_memberships
from ..services.administration.users import store_password
from ..transaction import Transaction, system_context, writing

PASSWORD_VARIABLE = "OMERO_DEMO_PASSWORD"
OPEN_GROUP = "Open lab"
PRIVATE_GROUP = "Private lab"


@dataclass(frozen=True, slots=True)
class _Person:
    name: str
    first: str
    last: str


ADA = _Person("demo-ada", "Ada", "Bright")
BEN = _Person("demo-ben", "Ben", "Stain")
_GROUPS = (
    (OPEN_GROUP, "rwr---", "Read-only group: members see each other's data"),
    (PRIVATE_GROUP, "rw----", "Private group: members see their own data"),
)


def make_accounts(database: Database, say: Callable[[str], None]) -> None:
    """Make what is missing of groups, users and memberships.

    Both users get the password of the environment variable OMERO_DEMO_PASSWORD, else a generated one that is told once.
    Root becomes a member of the open group, which becomes the one root begins in.
    """
    with database.read() as connection:
        levels = {group.id: group.permissions for group in load_groups(connection).values()}
    with writing(database, system_context(levels)) as transaction:
        groups = {name: _group(transaction, name, level, description) for name, level, description in _GROUPS}
        made = [person for person in (ADA, BEN) if _user(transaction.connection, person.name) is None]
        password = os.environ.get(PASSWORD_VARIABLE) or secrets.token_urlsafe(9)
        for person in made:
            user_id = transaction.insert(
                "Experimenter",
                {"omeName": person.name, "firstName": person.first, "lastName": person.last, "ldap": False},
            )
            add_memberships(transaction, user_id, [*groups.values(), USER_GROUP])
            store_password(transaction, user_id, password)
            if person is ADA:
                _make_owner(transaction, user_id, groups[OPEN_GROUP])
        if not _is_member(transaction.connection, ROOT_ID, groups[OPEN_GROUP]):
            add_memberships(transaction, ROOT_ID, [groups[OPEN_GROUP]])
            order_memberships(transaction, ROOT_ID, first=groups[OPEN_GROUP])
    if made:
        names = " and ".join(person.name for person in made)
        if os.environ.get(PASSWORD_VARIABLE):
            say(f"Users {names}, password as in {PASSWORD_VARIABLE}")
        else:
            say(f"Users {names}, password (shown this once): {password}")


def _group(transaction: Transaction, name: str, level: str, description: str) -> int:
    table = table_of("ExperimenterGroup")
    found = transaction.connection.scalar(select(table.c.id).where(table.c.name == name))
    if found is not None:
        return int(found)
    values: Mapping[str, object] = {
        "name": name,
        "permissions": level,
        "description": description,
        "ldap": False,
    }
    return transaction.insert("ExperimenterGroup", values)


def _user(connection: Connection, name: str) -> int | None:
    table = table_of("Experimenter")
    found = connection.scalar(select(table.c.id).where(table.c.omename == name))
    return None if found is None else int(found)


def _is_member(connection: Connection, user_id: int, group_id: int) -> bool:
    maps = table_of("GroupExperimenterMap")
    found = select(maps.c.id).where(maps.c.child == user_id, maps.c.parent == group_id)
    return connection.scalar(found) is not None


def _make_owner(transaction: Transaction, user_id: int, group_id: int) -> None:
    maps = table_of("GroupExperimenterMap")
    transaction.connection.execute(
        update(maps).where(maps.c.child == user_id, maps.c.parent == group_id).values(owner=True)
    )
