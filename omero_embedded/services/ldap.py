"""ILdap: this server takes no accounts from LDAP (contract/server.md, section 2.13)."""

from __future__ import annotations

from typing import Any, NoReturn

from .. import errors
from .base import Call, Service


class LdapService(Service):
    """Says that LDAP is off."""

    def getSetting(self, call: Call) -> bool:
        """False: LDAP is off."""
        return False

    def discover(self, call: Call) -> NoReturn:
        """Refused."""
        _disabled()

    def discoverGroups(self, call: Call) -> NoReturn:
        """Refused."""
        _disabled()

    def createUser(self, call: Call, username: str) -> NoReturn:
        """Refused."""
        _disabled()

    def findDN(self, call: Call, username: str) -> NoReturn:
        """Refused."""
        _disabled()

    def findGroupDN(self, call: Call, groupname: str) -> NoReturn:
        """Refused."""
        _disabled()

    def setDN(self, call: Call, experimenterID: Any, dn: str) -> NoReturn:
        """Refused."""
        _disabled()


def _disabled() -> NoReturn:
    raise errors.api_usage("LDAP is disabled on this server")
