"""IScript: listing, reading, changing and running scripts; lookup tables (contract/server.md, section 2.20)."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import omero
import omero.cmd
import omero.model
from omero.rtypes import rlong, rstring
from sqlalchemy import select

from .. import errors
from ..checksums import DEFAULT_ALGORITHM
from ..commands import CommandError, Progress, find
from ..contents import content_values
from ..model.details import repository_kind
from ..model.entities import MODEL
from ..model.tables import table_of
from ..scripts.repository import INERT, MIME_TYPES, ScriptFile
from ..scripts.runner import no_processor
from ..security.rights import Rights, read_condition, rights
from .base import Call, Service
from .script_process import ScriptProcess

PYTHON = "text/x-python"
OF_USERS = "omero.embedded.scripts.of_users"
RUNNABLE = tuple(sorted(set(MIME_TYPES.values()) - INERT))
MAX_TEXT = 4 << 20
"""Bytes of a script."""


class _Silent(Progress):
    def step(self, done: int, total: int) -> None:
        """Nobody listens."""


@dataclass(frozen=True, slots=True)
class _Script:
    """A script that the caller may read. `official` is its entry in the repository; `path` where a user's one lies."""

    id: int
    name: str
    mimetype: str
    owner_id: int
    group_id: int
    repo: str | None
    official: ScriptFile | None
    path: Path | None


class ScriptService(Service):
    """Scripts of the repository and of users. Those of users run only when the configuration allows it."""

    def getScripts(self, call: Call) -> list[Any]:
        """Official scripts that can be run."""
        return _objects(call, call.server.scripts.files(), RUNNABLE)

    def getScriptsByMimetype(self, call: Call, mimetype: str) -> list[Any]:
        """Official files of one kind, such as `text/x-lut`."""
        return _objects(call, call.server.scripts.files(), (mimetype,))

    def getUserScripts(self, call: Call, accepts: Sequence[Any] | None) -> list[Any]:
        """Scripts of the given users and groups; without any, those of the current group."""
        users, groups = _accepted(accepts)
        part = call.part({"omero.group": "-1"}) if users or groups else call
        conditions: list[str] = []
        parameters: dict[str, Any] = {}
        if users:
            conditions.append("f.details.owner.id in (:users)")
            parameters["users"] = users
        if groups:
            conditions.append("f.details.group.id in (:groups)")
            parameters["groups"] = groups
        where = f" and ({' or '.join(conditions)})" if conditions else ""
        with part:
            return part.query(
                f"select f from OriginalFile f where f.repo is null and f.mimetype in (:kinds){where} order by f.id",
                kinds=list(RUNNABLE),
                **parameters,
            )

    def getScriptID(self, call: Call, path: str) -> int:
        """Id of the official script with that path; -1 when there is none."""
        wanted = f"/{path.lstrip('/')}"
        return next((file.id for file in call.server.scripts.files() if file.path + file.name == wanted), -1)

    def getScriptText(self, call: Call, scriptID: int) -> str | None:
        """Content of a script; null when there is none with that id that the caller may read."""
        script = _find(call, scriptID)
        if script is None or script.mimetype in INERT:
            return None
        return _content(call, script).decode("utf-8", errors="replace")

    def uploadScript(self, call: Call, path: str, scriptText: str) -> int:
        """Store a script of the user. Raises ValidationException, and stores nothing, when it cannot be parsed."""
        content = _encoded(scriptText)
        folder, _, name = path.rpartition("/")
        kind = MIME_TYPES.get(Path(name).suffix, PYTHON)
        if not name or kind in INERT:
            raise errors.api_usage(f"path: {path!r} is no path of a script")
        if kind == PYTHON and _runs_users(call):
            call.server.script_runner.parse(call, content)
        file = omero.model.OriginalFileI()
        file.path, file.name = rstring(f"{folder}/"), rstring(name)
        file.mimetype, file.size = rstring(kind), rlong(0)
        file.hasher = omero.model.ChecksumAlgorithmI()
        file.hasher.value = rstring(DEFAULT_ALGORITHM)
        with call.write():
            saved = call.server.services["IUpdate"].saveAndReturnObject(call, file)
            file_id = int(saved.id.val)
            _store(call, file_id, call.server.files.path(file_id, None, None, name), content)
        return file_id

    def uploadOfficialScript(self, call: Call, path: str, scriptText: str) -> int:
        """Put a new file into the script repository; only for administrators that may."""
        if not call.context.has("WriteScriptRepo"):
            raise errors.security(
                "only administrators with the privilege WriteScriptRepo upload official scripts"
            )
        return call.server.scripts.add(path, _encoded(scriptText))

    def editScript(self, call: Call, fileObject: Any, scriptText: str) -> None:
        """Change a script. Raises ValidationException, and changes nothing, when the new text cannot be parsed."""
        if fileObject is None or fileObject.id is None:
            raise errors.api_usage("fileObject: an OriginalFile with an id is needed")
        script = _existing(call, fileObject.id.val)
        if not _rights(call, script).edit:
            raise errors.security(f"OriginalFile:{script.id} cannot be changed by {call.context.user_name}")
        content = _encoded(scriptText)
        if script.mimetype == PYTHON and (script.official or _runs_users(call)):
            call.server.script_runner.parse(call, content)
        if script.official is not None:
            call.server.scripts.replace(script.official, content)
            return
        assert script.path is not None
        with call.write():
            _store(call, script.id, script.path, content)

    def deleteScript(self, call: Call, scriptID: int) -> None:
        """Delete a script. Raises ApiUsageException when there is none, SecurityViolation without the right."""
        script = _existing(call, scriptID)
        if not _rights(call, script).delete:
            raise errors.security(f"OriginalFile:{scriptID} cannot be deleted by {call.context.user_name}")
        request = omero.cmd.Delete2(targetObjects={"OriginalFile": [scriptID]})
        command = find(request)
        assert command is not None
        part = call.part({"omero.group": "-1"})
        try:
            with part, part.write() as transaction:
                # Jobs that have run the script belong to whoever ran it; they outlive it.
                _unlink_jobs(transaction, scriptID)
                command.run(part, request, _Silent())
        except CommandError as error:
            raise errors.security(error.message) from error

    def getParams(self, call: Call, scriptID: int) -> Any:
        """The script's parameters; null when there is none with that id that the caller may read."""
        script = _find(call, scriptID)
        if script is None:
            return None
        return _params(call, script, _content(call, script))

    def runScript(self, call: Call, scriptID: int, inputs: dict[str, Any] | None, waitSecs: Any) -> Any:
        """Start a script as the caller; returns its ScriptProcess."""
        script = _existing(call, scriptID)
        content = _content(call, script)
        params = _params(call, script, content)
        run = call.server.script_runner.run(call, script.id, script.name, content, params, inputs or {})
        return ScriptProcess.offer(call, run)

    def canRunScript(self, call: Call, scriptID: int) -> bool:
        """The caller may run that script here."""
        script = _find(call, scriptID)
        return script is not None and _refusal(call, script) is None

    def validateScript(self, call: Call, job: Any, accepts: Any) -> Any:
        """The one script file of a job. Raises ApiUsageException when it has none or several."""
        if job is None or job.id is None:
            raise errors.api_usage("j: a job with an id is needed")
        with call.part({"omero.group": "-1"}) as part:
            found = part.query(
                "select f from JobOriginalFileLink l join l.child f where l.parent.id = :id and f.mimetype in (:kinds)",
                id=job.id.val,
                kinds=list(RUNNABLE),
            )
        if len(found) != 1:
            raise errors.api_usage(f"j: Job:{job.id.val} has {len(found)} scripts, not one")
        return found[0]


def _runs_users(call: Call) -> bool:
    return call.server.settings.flag(OF_USERS)


def _refusal(call: Call, script: _Script) -> str | None:
    """Why the server does not run a script, if so."""
    if script.mimetype != PYTHON:
        return f"{script.mimetype} is not run by this server"
    if script.official is None and not _runs_users(call):
        return f"scripts of users are not run by this server, see {OF_USERS}"
    return None


def _params(call: Call, script: _Script, content: bytes) -> Any:
    refusal = _refusal(call, script)
    if refusal is not None:
        raise no_processor(refusal)
    digest = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    return call.server.script_runner.params(call, script.id, digest, content)


def _find(call: Call, script_id: int) -> _Script | None:
    table = table_of("OriginalFile")
    official = call.server.scripts.find(script_id)
    context = call.part({"omero.group": "-1"}).context
    row = (
        call.read.execute(select(table).where(table.c.id == script_id, read_condition(context, table)))
        .mappings()
        .first()
    )
    if row is None or row["mimetype"] not in MIME_TYPES.values() or (official is None and row["repo"]):
        return None
    path = None if official else call.server.files.path(row["id"], None, row["path"], row["name"])
    return _Script(
        row["id"], row["name"], row["mimetype"], row["owner_id"], row["group_id"], row["repo"], official, path
    )


def _existing(call: Call, script_id: int) -> _Script:
    script = _find(call, script_id)
    if script is None:
        raise errors.api_usage(f"there is no script with the id {script_id}")
    return script


def _rights(call: Call, script: _Script) -> Rights:
    context = call.part({"omero.group": "-1"}).context
    kind = repository_kind(script.repo)
    return rights(context, MODEL["OriginalFile"], script.owner_id, script.group_id, repository=kind)


def _content(call: Call, script: _Script) -> bytes:
    if script.official is not None:
        return call.server.scripts.read(script.official)
    assert script.path is not None
    try:
        if script.path.stat().st_size > MAX_TEXT:
            raise errors.api_usage(f"OriginalFile:{script.id} is too large for a script")
        return script.path.read_bytes()
    except FileNotFoundError:
        raise errors.resource(f"OriginalFile:{script.id} has no content") from None


def _encoded(text: str) -> bytes:
    content = text.encode("utf-8")
    if not content.strip() or len(content) > MAX_TEXT:
        raise errors.api_usage(f"scriptText: must not be empty, and at most {MAX_TEXT} bytes long")
    return content


def _store(call: Call, file_id: int, path: Path, content: bytes) -> None:
    """Write a user's script and what its row says of it, in the open transaction."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.new")
    unfinished.write_bytes(content)
    os.replace(unfinished, path)
    with call.write() as transaction:
        transaction.update("OriginalFile", file_id, content_values(call.read, file_id, path))


def _unlink_jobs(transaction: Any, script_id: int) -> None:
    links = table_of("JobOriginalFileLink")
    ids = list(transaction.connection.scalars(select(links.c.id).where(links.c.child == script_id)))
    if ids:
        transaction.delete("JobOriginalFileLink", ids)


def _accepted(accepts: Sequence[Any] | None) -> tuple[list[int], list[int]]:
    """Ids of users and of groups."""
    users, groups = [], []
    for one in accepts or ():
        if isinstance(one, omero.model.Experimenter) and one.id is not None:
            users.append(one.id.val)
        elif isinstance(one, omero.model.ExperimenterGroup) and one.id is not None:
            groups.append(one.id.val)
        else:
            raise errors.api_usage("acceptsList: must hold Experimenters and ExperimenterGroups with ids")
    return users, groups


def _objects(call: Call, files: Iterable[ScriptFile], kinds: Sequence[str]) -> list[Any]:
    """OriginalFile objects in the order of the files; a file whose row was given another kind is left out."""
    ids = [file.id for file in files if file.mimetype in kinds]
    if not ids:
        return []
    found = {
        row._id.val: row for row in call.query("select f from OriginalFile f where f.id in (:ids)", ids=ids)
    }
    return [found[row_id] for row_id in ids if row_id in found and found[row_id].mimetype.val in kinds]
