"""Users, their privileges and passwords (contract/server.md, section 2.8)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from omero.rtypes import unwrap
from sqlalchemy import delete, insert, select

from ... import errors
from ...accounts import PRIVILEGE_PREFIX
from ...model.entities import MODEL
from ...model.tables import PASSWORD, map_table_of, table_of
from ...passwords import hash_password
from ...references import users_of
from ...security.context import GUEST_ID, PRIVILEGES, ROOT_ID, SYSTEM_GROUP, USER_GROUP
from ...transaction import Transaction, now
from ..base import Call, Service
from .groups import add_memberships, group_id_of, pairs, text
from .lookups import account_of, privilege_names
from .rights import require, require_not_above, require_or_leader

_OWN_FIELDS = ("firstName", "middleName", "lastName", "email", "institution")
_FIXED_USERS = (ROOT_ID, GUEST_ID)


class Users(Service):
    """Operations of IAdmin that change users."""

    def updateSelf(self, call: Call, experimenter: Any) -> None:
        """Change names, e-mail and institution of the caller's own account."""
        if call.context.sudoer_id is not None:
            require(call, "ModifyUser", "change the account in a session opened for another user")
        with call.write() as transaction:
            transaction.update("Experimenter", call.context.user_id, _own_fields(experimenter))

    def updateExperimenter(self, call: Call, experimenter: Any) -> None:
        """Change log-in name, names, e-mail and institution of a user."""
        account = account_of(call, experimenter)
        if account.id == call.context.user_id and not call.context.has("ModifyUser"):
            self.updateSelf(call, experimenter)
            return
        require(call, "ModifyUser", "change users")
        name = text(experimenter, "omeName", "experimenter") or account.name
        if name != account.name and account.id in _FIXED_USERS:
            raise errors.validation(f"experimenter.omeName: {account.name} cannot be renamed")
        with call.write() as transaction:
            if name != account.name:
                _check_free(transaction, name)
            transaction.update("Experimenter", account.id, {"omeName": name, **_own_fields(experimenter)})

    def updateExperimenterWithPassword(self, call: Call, experimenter: Any, password: Any) -> None:
        """As updateExperimenter, and set a password."""
        account = account_of(call, experimenter)
        with call.write() as transaction:
            self.updateExperimenter(call, experimenter)
            self._check_password_right(call, account)
            store_password(transaction, account.id, _password(password))

    def createExperimenter(self, call: Call, user: Any, defaultGroup: Any, groups: Sequence[Any]) -> int:
        """Create a user without password; returns the id."""
        return self._create(call, user, defaultGroup, groups, "")

    def createExperimenterWithPassword(
        self, call: Call, user: Any, password: Any, defaultGroup: Any, groups: Sequence[Any]
    ) -> int:
        """Create a user with a password; returns the id."""
        return self._create(call, user, defaultGroup, groups, _password(password))

    def createUser(self, call: Call, experimenter: Any, group: str) -> int:
        """Create a user in the named default group and in `user`."""
        found = call.server.accounts.group_named(group)
        if found is None:
            raise errors.api_usage(f"group: there is no group {group!r}")
        require_or_leader(call, "ModifyUser", [found.id], "create users")
        with call.write() as transaction:
            return _insert(transaction, experimenter, [found.id, USER_GROUP], "")

    def createSystemUser(self, call: Call, experimenter: Any) -> int:
        """Create an administrator with the caller's own privileges."""
        return self._create_administrator(call, experimenter, call.context.privileges, "")

    def createRestrictedSystemUser(self, call: Call, experimenter: Any, privileges: Sequence[Any]) -> int:
        """Create an administrator with some privileges only."""
        return self._create_administrator(call, experimenter, privilege_names(privileges), "")

    def createRestrictedSystemUserWithPassword(
        self, call: Call, experimenter: Any, privileges: Sequence[Any], password: Any
    ) -> int:
        """Create an administrator with some privileges only, and a password."""
        names = privilege_names(privileges)
        return self._create_administrator(call, experimenter, names, _password(password))

    def setAdminPrivileges(self, call: Call, user: Any, privileges: Sequence[Any]) -> None:
        """Grant an administrator exactly these privileges."""
        account = account_of(call, user)
        wanted = privilege_names(privileges)
        require(call, "ModifyUser", "change privileges")
        if account.id == ROOT_ID and wanted != PRIVILEGES:
            raise errors.api_usage("privileges: root keeps all of them")
        # Neither give what the caller lacks, nor take from somebody who has more.
        require_not_above(call, wanted | account.privileges, "change these privileges")
        with call.write() as transaction:
            config = map_table_of(MODEL["Experimenter"].properties["config"])
            rows = transaction.connection.execute(
                select(config.c.name, config.c.value)
                .where(config.c.owner_id == account.id)
                .order_by(config.c.position)
            )
            kept = [(row.name, row.value) for row in rows if not row.name.startswith(PRIVILEGE_PREFIX)]
            transaction.update("Experimenter", account.id, {"config": kept + _withheld(wanted)})

    def deleteExperimenter(self, call: Call, user: Any) -> None:
        """Remove a user to whom nothing belongs. Raises ValidationException otherwise."""
        account = account_of(call, user)
        require(call, "ModifyUser", "delete users")
        if account.id in _FIXED_USERS:
            raise errors.validation("user: root and guest cannot be deleted")
        maps = table_of("GroupExperimenterMap")
        with call.write() as transaction:
            memberships = transaction.connection.scalars(
                select(maps.c.id).where(maps.c.child == account.id)
            ).all()
            if memberships:
                transaction.delete("GroupExperimenterMap", memberships)
            transaction.connection.execute(delete(PASSWORD).where(PASSWORD.c.experimenter_id == account.id))
            for name, row, _ in users_of(transaction.connection, "Experimenter", [account.id]):
                raise errors.validation(f"user: {name} {row} belongs to it")
            transaction.delete("Experimenter", [account.id])

    def changePassword(self, call: Call, newPassword: Any) -> None:
        """Change the caller's own password. Raises SecurityViolation unless this session knows the old one."""
        _check_verified(call)
        with call.write() as transaction:
            store_password(transaction, call.context.user_id, _new_password(newPassword))

    def changePasswordWithOldPassword(self, call: Call, oldPassword: Any, newPassword: Any) -> None:
        """Change the caller's own password, showing the old one."""
        accounts = call.server.accounts
        account = accounts.account(call.context.user_id)
        found = None if account is None else accounts.credentials(account.name, ignore_case=False)
        old = unwrap(oldPassword) or ""
        if (
            account is None
            or found is None
            or not call.server.sessions.authenticator.check(account, old, found[1])
        ):
            raise errors.security("the old password is wrong")
        with call.write() as transaction:
            store_password(transaction, account.id, _new_password(newPassword))

    def changeUserPassword(self, call: Call, omeName: str, newPassword: Any) -> None:
        """Change another user's password."""
        accounts = call.server.accounts
        found = accounts.credentials(omeName, ignore_case=False)
        account = None if found is None else accounts.account(found[0])
        if account is None:
            raise errors.api_usage(f"omeName: there is no user {omeName!r}")
        _check_verified(call)
        self._check_password_right(call, account)
        with call.write() as transaction:
            store_password(transaction, account.id, _new_password(newPassword))

    def synchronizeLoginCache(self, call: Call) -> None:
        """Re-read users and groups."""
        call.server.accounts.invalidate()

    def _check_password_right(self, call: Call, account: Any) -> None:
        require(call, "ModifyUser", "change passwords")
        require_not_above(call, account.privileges, f"change the password of {account.name}")

    def _create(
        self, call: Call, user: Any, default_group: Any, groups: Sequence[Any] | None, password: str
    ) -> int:
        if default_group is None:
            raise errors.api_usage("defaultGroup: must be given")
        ids = [group_id_of(call, default_group), *(group_id_of(call, group) for group in groups or ())]
        if ids[0] == USER_GROUP and len(ids) == 1:
            raise errors.api_usage("defaultGroup: user is nobody's default group")
        require_or_leader(call, "ModifyUser", ids, "create users")
        if SYSTEM_GROUP in ids:
            require(call, "ModifyGroupMembership", "create administrators")
            require_not_above(call, PRIVILEGES, "create an administrator")
        with call.write() as transaction:
            return _insert(transaction, user, ids, password)

    def _create_administrator(
        self, call: Call, experimenter: Any, privileges: frozenset[str], password: str
    ) -> int:
        require(call, "ModifyUser", "create administrators")
        require(call, "ModifyGroupMembership", "create administrators")
        require_not_above(call, privileges, "create such an administrator")
        with call.write() as transaction:
            return _insert(
                transaction, experimenter, [SYSTEM_GROUP, USER_GROUP], password, _withheld(privileges)
            )


def store_password(transaction: Transaction, user_id: int, password: str) -> None:
    """Replace a user's password. Users without password are locked out unless they need none."""
    transaction.connection.execute(delete(PASSWORD).where(PASSWORD.c.experimenter_id == user_id))
    transaction.connection.execute(
        insert(PASSWORD), {"experimenter_id": user_id, "hash": hash_password(password), "changed": now()}
    )


def _insert(
    transaction: Transaction,
    experimenter: Any,
    groups: Sequence[int],
    password: str,
    config: Sequence[tuple[str, str]] = (),
) -> int:
    name = text(experimenter, "omeName", "experimenter")
    if not name or not name.strip():
        raise errors.validation("experimenter.omeName: must be given")
    _check_free(transaction, name)
    ldap = experimenter.ldap
    user_id = transaction.insert(
        "Experimenter",
        {
            "omeName": name,
            "ldap": bool(ldap.val) if ldap is not None else False,
            **_own_fields(experimenter),
            "config": [*pairs(experimenter), *config],
        },
    )
    add_memberships(transaction, user_id, groups)
    store_password(transaction, user_id, password)
    return user_id


def _own_fields(experimenter: Any) -> dict[str, Any]:
    return {field: text(experimenter, field, "experimenter") for field in _OWN_FIELDS}


def _withheld(privileges: frozenset[str]) -> list[tuple[str, str]]:
    return [(f"{PRIVILEGE_PREFIX}{name}", "false") for name in sorted(PRIVILEGES - privileges)]


def _check_free(transaction: Transaction, name: str) -> None:
    users = table_of("Experimenter")
    if transaction.connection.execute(select(users.c.id).where(users.c.omename == name)).first() is not None:
        raise errors.validation(f"experimenter.omeName: there is a user {name!r} already")


def _check_verified(call: Call) -> None:
    if not call.session.password_verified:
        raise errors.security("show the present password with setSecurityPassword first")


def _password(value: Any) -> str:
    password = unwrap(value)
    return "" if password is None else str(password)


def _new_password(value: Any) -> str:
    """A password to change to; an empty one would lock its owner out."""
    password = _password(value)
    if not password.strip():
        raise errors.api_usage("newPassword: must not be empty")
    return password
