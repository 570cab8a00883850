"""Running scripts: sub-sessions, jobs, limits, results (contract/server.md, section 2.20)."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import Ice
import omero
import omero.grid
import omero.model
import omero.scripts
from omero.rtypes import robject
from sqlalchemy import select

from .. import errors
from ..checksums import DEFAULT_ALGORITHM, file_checksum
from ..model.tables import table_of
from ..sessions import Login, Session
from ..transaction import Transaction, now, system_context, writing
from .process import ScriptSubprocess, remove_leftovers

if TYPE_CHECKING:
    from ..parts import Parts
    from ..services.base import Call

log = logging.getLogger(__name__)

TIMEOUT = "omero.scripts.timeout"
LIMIT = "omero.embedded.scripts.processes"
PARSE_TIMEOUT = "omero.embedded.scripts.parse_timeout"
PARSED = "omero.scripts.parse"
EVENT_TYPE = "Processing"
AGENT = "OMERO.scripts"
TERMINATION = 5.0
"""Seconds that a script has to end when it is asked to, before it is killed."""
KEEP_FINISHED = 4 * 3600.0
"""Seconds that results are kept when nobody closes the process."""
_EVERY_HOST = ("", "0.0.0.0", "::", "0:0:0:0:0:0:0:0")


def no_processor(message: str) -> Any:
    """No script can be run now; clients know it by the first words of the message."""
    error = omero.NoProcessorAvailable()
    error.message = f"No processor available: {message}"
    error.serverExceptionClass = "ome.conditions.NoProcessorAvailable"
    error.serverStackTrace = error.message
    error.processorCount = 0
    return error


class ScriptRun:
    """One running or finished script job. `finished` is set when results and status are stored."""

    def __init__(
        self, runner: ScriptRunner, session: Session, job_id: int, params: Any, process: ScriptSubprocess
    ) -> None:
        self._runner = runner
        self.session = session
        self.job_id = job_id
        self.params = params
        self._process = process
        self._lock = threading.Lock()
        self._callbacks: dict[tuple[str, str, str], Any] = {}
        self.stopped_by: str | None = None
        self.finished = threading.Event()
        self.finished_at = 0.0
        self.code: int | None = None
        self.results: dict[str, Any] = {}

    def watch(self, seconds: float) -> None:
        """Wait for the end, at most that long, and store what came out. Runs on a thread of its own."""
        reason = None
        code = self._process.wait(seconds)
        if code is None:
            reason = f"The script was stopped after {seconds:.0f} s"
            self._process.kill()
            code = self._process.wait(TERMINATION)
        if code is None:
            log.error("script of job %d does not end", self.job_id)
            code = -1
        try:
            self._store(code, reason)
        except Exception:
            log.exception("results of job %d are not stored", self.job_id)
        finally:
            self._runner.server.sessions.remove(self.session)
            self._process.remove()
            self.code = code
            self.finished_at = time.monotonic()
            self._runner.ended()
            self.finished.set()
        log.info("script of job %d ended with %d", self.job_id, code)
        self._notify(code)

    def _store(self, code: int, reason: str | None) -> None:
        status = "Cancelled" if self.stopped_by else "Finished" if code == 0 else "Error"
        results = dict(self.session.outputs)
        server = self._runner.server
        context = self.session.context(server.accounts, {})
        with writing(server.database, context, event_type=EVENT_TYPE) as transaction:
            for name, path, kind in (
                ("stdout", self._process.out, self.params.stdoutFormat),
                ("stderr", self._process.err, self.params.stderrFormat),
            ):
                if kind and path.stat().st_size:
                    file_id = self._upload(transaction, name, path, kind)
                    results.setdefault(name, robject(omero.model.OriginalFileI(file_id, False)))
            values: dict[str, Any] = {
                "status": transaction.enum_id("JobStatus", status),
                "finished": now(),
            }
            if reason:
                values["message"] = reason
            transaction.update("ScriptJob", self.job_id, values)
        self.results = results

    def _upload(self, transaction: Transaction, name: str, path: Path, kind: str) -> int:
        file_id = transaction.insert(
            "OriginalFile",
            {
                "path": "",
                "name": name,
                "size": path.stat().st_size,
                "mtime": now(),
                "hash": file_checksum(path),
                "hasher": transaction.enum_id("ChecksumAlgorithm", DEFAULT_ALGORITHM),
                "mimetype": kind,
            },
        )
        target = self._runner.server.files.path(file_id, None, "", name)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        transaction.insert("JobOriginalFileLink", {"parent": self.job_id, "child": file_id})
        return file_id

    def cancel(self) -> bool:
        """Ask the script to end; true when it has ended."""
        return self._stop("cancel", self._process.terminate)

    def kill(self) -> bool:
        """End the script; true when it has ended."""
        return self._stop("kill", self._process.kill)

    def _stop(self, how: str, stop: Callable[[], None]) -> bool:
        if not self.finished.is_set():
            self.stopped_by = how
            stop()
        return self.finished.wait(TERMINATION)

    def add_callback(self, key: tuple[str, str, str], proxy: Any) -> None:
        """Tell this proxy when the script ends."""
        with self._lock:
            self._callbacks[key] = proxy

    def remove_callback(self, key: tuple[str, str, str]) -> None:
        """Forget a callback."""
        with self._lock:
            self._callbacks.pop(key, None)

    def _notify(self, code: int) -> None:
        with self._lock:
            proxies = list(self._callbacks.values())
        for proxy in proxies:
            try:
                if self.stopped_by == "cancel":
                    proxy.processCancelled(True)
                elif self.stopped_by == "kill":
                    proxy.processKilled(True)
                else:
                    proxy.processFinished(code)
            except Ice.Exception as error:
                log.info("a callback of job %d is gone: %s", self.job_id, type(error).__name__)


class ScriptRunner:
    """Starts scripts, at most a given number at once, and keeps their runs until somebody closes them."""

    def __init__(self, server: Parts) -> None:
        self.server = server
        self.folder = server.paths.root / "processes"
        self._lock = threading.Lock()
        self._running = 0
        self._runs: set[ScriptRun] = set()
        self._parsers: set[ScriptSubprocess] = set()
        self._parsing = threading.BoundedSemaphore(2)
        self._params: dict[tuple[int, str], Any] = {}
        self._stopped = False
        self._clean_up()

    def _clean_up(self) -> None:
        """Remove folders, and end jobs, of scripts that an earlier process left when it was killed."""
        removed = remove_leftovers(self.folder)
        jobs, states = table_of("ScriptJob"), table_of("JobStatus")
        with self.server.database.read() as connection:
            left = [
                int(row.id)
                for row in connection.execute(
                    select(jobs.c.id)
                    .join(states, jobs.c.status == states.c.id)
                    .where(jobs.c.discriminator == "ScriptJob", states.c.value.in_(("Submitted", "Running")))
                )
            ]
        if left:
            self._fail_jobs(left, "The server was stopped while the script ran")
        if left or removed:
            log.warning(
                "a stopped server had left %d script jobs and %d folders of scripts; ended and removed them",
                len(left),
                removed,
            )

    def _fail_jobs(self, job_ids: list[int], message: str) -> None:
        with writing(self.server.database, system_context(self.server.accounts.levels())) as transaction:
            values = {
                "status": transaction.enum_id("JobStatus", "Error"),
                "message": message,
                "finished": now(),
            }
            transaction.update_where("ScriptJob", job_ids, values)

    def run(
        self, call: Call, script_id: int, name: str, text: bytes, params: Any, inputs: Mapping[str, Any]
    ) -> ScriptRun:
        """Start a script as the call's user.

        Raises NoProcessorAvailable when as many scripts run as may, ValidationException for inputs that do not fit.
        """
        given = checked_inputs(params, inputs)
        self._take_slot()
        try:
            timeout = self.server.settings.integer(TIMEOUT)
            session = self._open_session(call, timeout)
            job_id = None
            try:
                session.inputs.update(given)
                job_id = self._insert_job(session, script_id, name)
                process = ScriptSubprocess(
                    self.folder,
                    text,
                    {**self._properties(session), "omero.job": str(job_id)},
                    self.server.paths.root.parent,
                )
            except BaseException as error:
                if job_id is not None:
                    self._fail_jobs([job_id], f"The script could not be started: {error}")
                self.server.sessions.remove(session)
                raise
        except BaseException:
            self.ended()
            raise
        run = ScriptRun(self, session, job_id, params, process)
        with self._lock:
            self._runs = {other for other in self._runs if not _is_old(other)} | {run}
            stopped = self._stopped
        log.info("script %s of job %d started by %s", name, job_id, call.context.user_name)
        threading.Thread(
            target=run.watch, args=(timeout / 1000,), name=f"script of job {job_id}", daemon=True
        ).start()
        if stopped:
            run.kill()
        return run

    def forget(self, run: ScriptRun) -> None:
        """Nobody asks for this run any more."""
        with self._lock:
            self._runs.discard(run)

    def ended(self) -> None:
        """One script fewer runs."""
        with self._lock:
            self._running -= 1

    def params(self, call: Call, script_id: int, digest: str | None, text: bytes) -> Any:
        """The script's JobParams, from running it in parse mode. Raises ValidationException with what it wrote."""
        key = (script_id, digest or "")
        with self._lock:
            known = self._params.get(key) if digest else None
        if known is not None:
            return known
        found = self.parse(call, text)
        if digest:
            with self._lock:
                self._params = {
                    other: value for other, value in self._params.items() if other[0] != script_id
                } | {key: found}
        return found

    def parse(self, call: Call, text: bytes) -> Any:
        """Run a script in parse mode. Raises ValidationException with what it wrote when it tells no parameters."""
        seconds = self.server.settings.integer(PARSE_TIMEOUT) / 1000
        if not self._parsing.acquire(timeout=seconds):
            raise no_processor("too many scripts are being looked at")
        try:
            session = self._open_session(call, int(seconds * 2000))
            try:
                return self._parse(session, text, seconds)
            finally:
                self.server.sessions.remove(session)
        finally:
            self._parsing.release()

    def _parse(self, session: Session, text: bytes, seconds: float) -> Any:
        properties = {**self._properties(session), PARSED: "true"}
        process = ScriptSubprocess(self.folder, text, properties, self.server.paths.root.parent)
        try:
            with self._lock:
                self._parsers.add(process)
                stopped = self._stopped
            if stopped:
                process.kill()
            code = process.wait(seconds)
            if code is None:
                process.kill()
                process.wait(TERMINATION)
                raise errors.validation(f"the script told no parameters within {seconds:.0f} s")
            told = session.outputs.get(PARSED)
            params = getattr(told, "val", None)
            if not isinstance(params, omero.grid.JobParams):
                raise errors.validation(f"the script cannot be parsed: {process.text()}")
            return params
        finally:
            with self._lock:
                self._parsers.discard(process)
            process.remove()

    def stop(self) -> None:
        """Kill what runs, and wait until it is recorded."""
        with self._lock:
            self._stopped = True
            runs, parsers = list(self._runs), list(self._parsers)
        for process in parsers:
            process.kill()
        for run in runs:
            run.kill()

    def _take_slot(self) -> None:
        limit = self.server.settings.integer(LIMIT)
        with self._lock:
            if self._stopped or self._running >= limit:
                raise no_processor(f"{self._running} scripts are running, and no more may")
            self._running += 1

    def _open_session(self, call: Call, milliseconds: int) -> Session:
        account = self.server.accounts.account(call.session.owner_id)
        if account is None:
            raise errors.removed_session("the user no longer exists")
        group_id = call.context.group_id
        return self.server.sessions.open(
            account,
            group_id if group_id >= 0 else call.session.group_id,
            Login(event_type=EVENT_TYPE, agent=AGENT, ip=call.session.ip),
            time_to_idle=0,
            time_to_live=milliseconds,
            sudoer_id=call.session.sudoer_id,
            allowed_groups=call.session.allowed_groups,
        )

    def _properties(self, session: Session) -> dict[str, str]:
        info = next(
            info
            for info in (endpoint.getInfo() for endpoint in self.server.adapter.getEndpoints())
            if not info.secure()
        )
        host = "127.0.0.1" if info.host in _EVERY_HOST else info.host
        return {
            "omero.user": session.uuid,
            "omero.pass": session.uuid,
            "omero.host": host,
            "Ice.Default.Router": f'OMERO.Glacier2/router:tcp -p {info.port} -h "{host}"',
        }

    def _insert_job(self, session: Session, script_id: int, name: str) -> int:
        context = session.context(self.server.accounts, {})
        group = self.server.accounts.groups().get(context.group_id)
        moment = now()
        with writing(self.server.database, context, event_type=EVENT_TYPE) as transaction:
            job_id = transaction.insert(
                "ScriptJob",
                {
                    "username": context.user_name,
                    "groupname": group.name if group else str(context.group_id),
                    "type": "Script",
                    "message": "",
                    "description": name,
                    "status": transaction.enum_id("JobStatus", "Running"),
                    "submitted": moment,
                    "scheduledFor": moment,
                    "started": moment,
                },
            )
            transaction.insert("JobOriginalFileLink", {"parent": job_id, "child": script_id})
        return job_id


def checked_inputs(params: Any, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs with defaults filled in. Raises ValidationException naming every input that does not fit."""
    given = {
        key: param.prototype
        for key, param in (params.inputs or {}).items()
        if param.useDefault and key not in inputs
    } | dict(inputs)
    try:
        wrong = omero.scripts.validate_inputs(params, given)
    except (TypeError, AttributeError) as error:
        wrong = f"an input has the wrong type: {error}"
    if wrong:
        raise errors.validation(f"inputs: {wrong.strip()}")
    return given


def _is_old(run: ScriptRun) -> bool:
    return 0 < run.finished_at < time.monotonic() - KEEP_FINISHED
