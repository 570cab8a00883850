"""Users, groups and memberships as the server needs them on every call: small cached snapshots of the store.

Source: contract/server.md, sections 2.3 (context refresh), 2.8 and 3.4.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from .database import Database
from .model.entities import MODEL
from .model.tables import PASSWORD, map_table_of, table_of
from .security.context import PRIVILEGES, ROOT_ID, SYSTEM_GROUP, USER_GROUP

ROOTS = frozenset({"Experimenter", "ExperimenterGroup", "GroupExperimenterMap"})
"""Hierarchy roots whose change makes the snapshots stale."""

PRIVILEGE_PREFIX = "AdminPrivilege:"


@dataclass(frozen=True, slots=True)
class Group:
    """One group and its level."""

    id: int
    name: str
    permissions: int


@dataclass(frozen=True, slots=True)
class Account:
    """One user: `member_of` in the user's order, the default group first; `privileges` empty unless administrator."""

    id: int
    name: str
    member_of: tuple[int, ...]
    leader_of: frozenset[int]
    privileges: frozenset[str]

    @property
    def is_admin(self) -> bool:
        """Member of the group `system`."""
        return SYSTEM_GROUP in self.member_of

    @property
    def is_active(self) -> bool:
        """Member of the group `user`: may log in."""
        return USER_GROUP in self.member_of

    @property
    def default_group(self) -> int | None:
        """First group other than `user`."""
        return next((group for group in self.member_of if group != USER_GROUP), None)


class Accounts:
    """Reads accounts from the store and keeps them until `invalidate` is called."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self.generation = 0
        self._groups: Mapping[int, Group] | None = None
        self._levels: Mapping[int, int] = {}
        self._accounts: dict[int, Account] = {}

    def invalidate(self) -> None:
        """Forget everything: some user, group or membership has changed."""
        with self._lock:
            self.generation += 1
            self._groups = None
            self._accounts = {}

    def refresh(self, user_id: int) -> None:
        """Read one account and the groups again; forget everything if they differ from what is kept."""
        with self._database.read() as connection:
            account, groups = load_account(connection, user_id), load_groups(connection)
        with self._lock:
            fresh = self._groups == groups and self._accounts.get(user_id, account) == account
        if not fresh:
            self.invalidate()

    def groups(self) -> Mapping[int, Group]:
        """All groups by id."""
        with self._lock:
            groups, generation = self._groups, self.generation
        if groups is not None:
            return groups
        with self._database.read() as connection:
            groups = load_groups(connection)
        with self._lock:
            if generation == self.generation:
                self._groups = groups
                self._levels = {group.id: group.permissions for group in groups.values()}
        return groups

    def levels(self) -> Mapping[int, int]:
        """Permissions number of every group."""
        groups = self.groups()
        with self._lock:
            if self._groups is groups:
                return self._levels
        return {group.id: group.permissions for group in groups.values()}

    def group_named(self, name: str) -> Group | None:
        """The group of that name."""
        return next((group for group in self.groups().values() if group.name == name), None)

    def account(self, user_id: int) -> Account | None:
        """The account of that id; None when there is none."""
        with self._lock:
            if user_id in self._accounts:
                return self._accounts[user_id]
            generation = self.generation
        with self._database.read() as connection:
            account = load_account(connection, user_id)
        with self._lock:
            # An absent one may be made by another process at any moment.
            if generation == self.generation and account is not None:
                self._accounts[user_id] = account
        return account

    def credentials(self, name: str, *, ignore_case: bool) -> tuple[int, str | None] | None:
        """Id and stored hash (None: locked) of the user of that name."""
        users = table_of("Experimenter")
        column = func.lower(users.c.omename) if ignore_case else users.c.omename
        query = (
            select(users.c.id, PASSWORD.c.hash)
            .join_from(users, PASSWORD, PASSWORD.c.experimenter_id == users.c.id, isouter=True)
            .where(column == (name.lower() if ignore_case else name))
        )
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return None if row is None else (int(row[0]), row[1])


def load_groups(connection: Connection) -> dict[int, Group]:
    """All groups by id."""
    table = table_of("ExperimenterGroup")
    rows = connection.execute(select(table.c.id, table.c.name, table.c.permissions).order_by(table.c.id))
    return {row.id: Group(row.id, row.name, row.permissions) for row in rows}


def load_account(connection: Connection, user_id: int) -> Account | None:
    """One account, read from the store."""
    users, maps = table_of("Experimenter"), table_of("GroupExperimenterMap")
    name = connection.scalar(select(users.c.omename).where(users.c.id == user_id))
    if name is None:
        return None
    memberships = connection.execute(
        select(maps.c.parent, maps.c.owner)
        .where(maps.c.child == user_id)
        .order_by(maps.c.child_index.nulls_last(), maps.c.id)
    ).all()
    member_of = tuple(row.parent for row in memberships)
    return Account(
        id=user_id,
        name=name,
        member_of=_default_first(member_of),
        leader_of=frozenset(row.parent for row in memberships if row.owner),
        privileges=load_privileges(connection, user_id) if SYSTEM_GROUP in member_of else frozenset(),
    )


def _default_first(member_of: tuple[int, ...]) -> tuple[int, ...]:
    """The group `user` is nobody's default group, wherever the list puts it."""
    if len(member_of) > 1 and member_of[0] == USER_GROUP:
        return (member_of[1], USER_GROUP, *member_of[2:])
    return member_of


def load_privileges(connection: Connection, user_id: int) -> frozenset[str]:
    """Privileges that an administrator's `config` does not withhold; root holds all."""
    if user_id == ROOT_ID:
        return PRIVILEGES
    config = map_table_of(MODEL["Experimenter"].properties["config"])
    rows = connection.execute(
        select(config.c.name, config.c.value).where(
            config.c.owner_id == user_id, config.c.name.startswith(PRIVILEGE_PREFIX, autoescape=True)
        )
    )
    withheld = {row.name.removeprefix(PRIVILEGE_PREFIX) for row in rows if row.value != "true"}
    return PRIVILEGES - withheld
