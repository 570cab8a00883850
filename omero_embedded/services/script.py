"""IScript: listing and reading official scripts and lookup tables (contract/server.md, section 2.20)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..scripts.repository import INERT, ScriptFile
from .base import Call, Service


class ScriptService(Service):
    """Lists the script repository. Running, uploading and editing scripts is not offered."""

    def getScripts(self, call: Call) -> list[Any]:
        """Official scripts that can be run."""
        return _objects(call, (file for file in call.server.scripts.files() if file.mimetype not in INERT))

    def getScriptsByMimetype(self, call: Call, mimetype: str) -> list[Any]:
        """Official files of one kind, such as `text/x-lut`."""
        return _objects(call, (file for file in call.server.scripts.files() if file.mimetype == mimetype))

    def getUserScripts(self, call: Call, accepts: Any) -> list[Any]:
        """Scripts of users: none, since none can be uploaded."""
        return []

    def getScriptID(self, call: Call, path: str) -> int:
        """Id of the official script with that path; -1 when there is none."""
        wanted = f"/{path.lstrip('/')}"
        return next((file.id for file in call.server.scripts.files() if file.path + file.name == wanted), -1)

    def getScriptText(self, call: Call, scriptID: int) -> str:
        """Content of an official script; empty when there is none with that id."""
        for file in call.server.scripts.files():
            if file.id == scriptID and file.mimetype not in INERT:
                return call.server.scripts.text(file)
        return ""

    def canRunScript(self, call: Call, scriptID: int) -> bool:
        """Scripts cannot be run here."""
        return False


def _objects(call: Call, files: Iterable[ScriptFile]) -> list[Any]:
    """OriginalFile objects in the order of the files."""
    ids = [file.id for file in files]
    if not ids:
        return []
    found = {
        row._id.val: row for row in call.query("select f from OriginalFile f where f.id in (:ids)", ids=ids)
    }
    return [found[row_id] for row_id in ids if row_id in found]
