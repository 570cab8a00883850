"""Who may log in: password checks, locked and inactive accounts, throttling (contract/server.md, section 2.2)."""

from __future__ import annotations

from sqlalchemy import update

from .accounts import Account, Accounts
from .database import Database
from .model.tables import PASSWORD
from .passwords import LoginThrottle, PasswordChecker, hash_password, needs_rehash
from .security.context import GUEST_ID
from .settings import Settings


class AccessDenied(Exception):
    """A log-in was refused; the text is shown to the user. `delay`: seconds to wait before saying so."""

    def __init__(self, reason: str, delay: float = 0.0) -> None:
        super().__init__(reason)
        self.delay = delay


class Authenticator:
    """Compares what a client gives with the stored passwords."""

    def __init__(self, database: Database, accounts: Accounts, settings: Settings) -> None:
        self._database = database
        self._accounts = accounts
        self._settings = settings
        self._checker = PasswordChecker()
        self._throttle = LoginThrottle(
            settings.integer("omero.security.login_failure_throttle_count"),
            settings.integer("omero.security.login_failure_throttle_time"),
        )

    def authenticate(self, user: str, password: str) -> Account:
        """The account of that name whose password this is. Raises AccessDenied."""
        if "\0" in user:
            raise AccessDenied("Wrong user name or password.")
        ignore_case = self._settings.flag("omero.security.ignore_case")
        found = self._accounts.credentials(user, ignore_case=ignore_case)
        if found is None:
            self._checker.spend(password)
        account = self._accounts.account(found[0]) if found else None
        if found is None or account is None or not self.check(account, password, found[1]):
            raise AccessDenied("Wrong user name or password.", self._throttle.failed(user))
        if not account.is_active and account.id != GUEST_ID:
            raise AccessDenied(f"The account {user} is not active.")
        self._throttle.succeeded(user)
        return account

    def check(self, account: Account, password: str, stored: str | None) -> bool:
        """The password opens the account. Hashes of older schemes are replaced on success."""
        if stored is None:
            return False
        if not stored.strip():
            required = self._settings.flag("omero.security.password_required")
            return account.id == GUEST_ID or (not required and not account.is_admin)
        if not self._checker.matches(account.id, password, stored):
            return False
        if needs_rehash(stored):
            with self._database.write() as connection:
                connection.execute(
                    update(PASSWORD)
                    .where(PASSWORD.c.experimenter_id == account.id, PASSWORD.c.hash == stored)
                    .values(hash=hash_password(password))
                )
        return True
