"""SharedResources: repositories; tables and processors are not offered (contract/server.md, section 2.19)."""

from __future__ import annotations

from typing import Any

import omero.grid

from .base import Call, Service


class SharedResourcesService(Service):
    """What the sessions of this server share."""

    def areTablesEnabled(self, call: Call) -> bool:
        """False: this server keeps no tables."""
        return False

    def repositories(self, call: Call) -> Any:
        """The repositories; their proxies are null, since files are not listed or uploaded through them."""
        found = call.query(
            "select f from OriginalFile f where f.mimetype = :kind order by f.id", kind="Repository"
        )
        return omero.grid.RepositoryMap(found, [None] * len(found))
