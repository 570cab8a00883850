"""The user of a connection, as views and plug-ins ask about it. Source: contract/webgateway.md, section 20."""

from __future__ import annotations

from typing import Any


class UserProxy:
    """Attached to connections as `conn.user`; asks the server only when something is wanted."""

    def __init__(self, conn: Any) -> None:
        self._conn = conn
        self.loggedIn = False

    def logIn(self) -> None:
        """Mark the connection as belonging to somebody who logged in."""
        self.loggedIn = True

    def isAdmin(self) -> bool:
        return bool(self._conn.isAdmin())

    def canBeAdmin(self) -> bool:
        return bool(self._conn.canBeAdmin())

    def getId(self) -> int:
        return int(self._conn.getUserId())

    def getName(self) -> str:
        return str(self._conn.getUser().omeName)

    def getFirstName(self) -> str:
        return str(self._conn.getUser().firstName or self.getName())
