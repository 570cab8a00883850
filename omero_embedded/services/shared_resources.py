"""SharedResources: repositories and tables (contract/server.md, section 2.19)."""

from __future__ import annotations

import uuid
from typing import Any

import omero.grid
import omero.model
from omero.rtypes import rlong, rstring

from .. import errors
from ..checksums import DEFAULT_ALGORITHM
from ..scripts.runner import no_processor
from .base import Call, Service
from .table import TableService

TABLE_MIMETYPE = "OMERO.tables"


class SharedResourcesService(Service):
    """What the sessions of this server share."""

    def areTablesEnabled(self, call: Call) -> bool:
        """Always: tables are kept by this process."""
        return True

    def newTable(self, call: Call, repoId: int, path: str) -> Any:
        """A new table in a new file of the current group; `repoId` is not used: table files are plain files."""
        if not path:
            raise errors.api_usage("path: must not be empty")
        file = omero.model.OriginalFileI()
        file.name = file.path = rstring(path)
        file.mimetype = rstring(TABLE_MIMETYPE)
        file.size = rlong(0)
        file.hasher = omero.model.ChecksumAlgorithmI()
        file.hasher.value = rstring(DEFAULT_ALGORITHM)
        saved = call.server.services["IUpdate"].saveAndReturnObject(call, file)
        return self.openTable(call, saved)

    def openTable(self, call: Call, file: Any) -> Any:
        """The table in a file. Raises ValidationException for one without id, ApiUsageException for an absent one."""
        if file is None or file.id is None:
            raise errors.validation("file: an OriginalFile with an id is needed")
        name = f"{uuid.uuid4()}omero.grid.Table"
        service = TableService(call, file.id.val, name)
        try:
            return call.activate(service, omero.grid.Table, name)
        except BaseException:
            service.close(call)
            raise

    def acquireProcessor(self, call: Call, job: Any, seconds: int) -> Any:
        """Refused: scripts run through IScript.runScript only."""
        raise no_processor("jobs are started with IScript.runScript")

    def repositories(self, call: Call) -> Any:
        """The repositories; their proxies are null, since files are not listed or uploaded through them."""
        found = call.query(
            "select f from OriginalFile f where f.mimetype = :kind order by f.id", kind="Repository"
        )
        return omero.grid.RepositoryMap(found, [None] * len(found))
