"""ScriptProcess: what a client holds of a running script (contract/server.md, section 2.20)."""

from __future__ import annotations

import uuid
from typing import Any

import Ice
import omero.grid
from omero.rtypes import rint

from .. import errors
from ..scripts.runner import ScriptRun
from .base import Call, Service, servant

CATEGORY = "ProcessCallback"
"""Category of the identity, by which the web site knows jobs that are scripts."""
RESULTS_WAIT = 5
CALLBACK_TIMEOUT = 5000
"""Milliseconds until a client that does not take a callback in is given up."""


class ScriptProcess(Service):
    """One script job. Operations may run side by side: `cancel` must not wait for `wait`."""

    def __init__(self, run: ScriptRun, identity: Ice.Identity) -> None:
        self._run = run
        self._identity = identity

    @classmethod
    def offer(cls, call: Call, run: ScriptRun) -> Any:
        """Put a servant for the run on the adapter and return its proxy."""
        identity = Ice.Identity(str(uuid.uuid4()), CATEGORY)
        process = cls(run, identity)
        made = servant(cls, omero.grid.ScriptProcess)(call.server, call.session, process, identity.name)
        return omero.grid.ScriptProcessPrx.uncheckedCast(call.server.adapter.add(made, identity))

    def poll(self, call: Call) -> Any:
        """The return code; null while the script runs or its results are being stored."""
        return rint(self._run.code) if self._run.finished.is_set() else None

    def wait(self, call: Call) -> int:
        """The return code, once the script has ended."""
        self._run.finished.wait()
        assert self._run.code is not None
        return self._run.code

    def cancel(self, call: Call) -> bool:
        """Ask the script to end; true when it has ended."""
        return self._run.cancel()

    def kill(self, call: Call) -> bool:
        """End the script; true when it has ended."""
        return self._run.kill()

    def shutdown(self, call: Call) -> None:
        """Ask the script to end, and end it when it does not."""
        if not self._run.cancel():
            self._run.kill()

    def registerCallback(self, call: Call, callback: Any) -> None:
        """Tell `callback` when the script ends, over the connection it was registered on."""
        if callback is None:
            raise errors.api_usage("cb: must not be null")
        identity = callback.ice_getIdentity()
        proxy = call.ice_connection.createProxy(identity)
        one_way = omero.grid.ProcessCallbackPrx.uncheckedCast(
            proxy.ice_oneway().ice_invocationTimeout(CALLBACK_TIMEOUT)
        )
        self._run.add_callback((identity.category, identity.name, call.ice_connection.toString()), one_way)

    def unregisterCallback(self, call: Call, callback: Any) -> None:
        """Forget a callback of this connection."""
        identity = callback.ice_getIdentity()
        self._run.remove_callback((identity.category, identity.name, call.ice_connection.toString()))

    def getJob(self, call: Call) -> Any:
        """The ScriptJob with status and files."""
        with call.part({"omero.group": "-1"}) as part:
            found = part.query(
                "select j from ScriptJob j join fetch j.status left outer join fetch j.originalFileLinks l"
                " left outer join fetch l.child where j.id = :id",
                id=self._run.job_id,
            )
        if not found:
            raise errors.api_usage(f"ScriptJob:{self._run.job_id} was deleted")
        return found[0]

    def getResults(self, call: Call, waitSecs: int) -> dict[str, Any]:
        """Outputs of the script, and its files `stdout` and `stderr`. Raises ApiUsageException while it runs."""
        if not 0 <= waitSecs <= RESULTS_WAIT:
            raise errors.api_usage(f"waitSecs: must be between 0 and {RESULTS_WAIT}")
        if not self._run.finished.wait(waitSecs):
            raise errors.api_usage("the script has not finished yet")
        return dict(self._run.results)

    def setMessage(self, call: Call, message: str) -> str:
        """Change the message of the job; returns the one before."""
        before: str = self.getJob(call).message.val
        with call.write() as transaction:
            transaction.update("ScriptJob", self._run.job_id, {"message": message})
        return before

    def close(self, call: Call, detach: bool) -> None:
        """Forget this process; without `detach` a script that still runs is ended."""
        if not detach and not self._run.finished.is_set():
            self._run.kill()
        call.server.script_runner.forget(self._run)
        try:
            call.server.adapter.remove(self._identity)
        except Ice.NotRegisteredException:
            # Another client closed it at the same moment.
            return
