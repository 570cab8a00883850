"""The Handle of a submitted command: background work, state, callbacks (contract/server.md, section 2.22)."""

from __future__ import annotations

import logging
import threading
import time
import traceback
import uuid
from collections.abc import Callable
from typing import Any

import Ice
import omero.cmd

from ..parts import Parts
from ..services.base import Call, StatefulService, activate
from ..transaction import now
from ..translate import translate
from . import Cancelled, Command, CommandError, Progress, find

log = logging.getLogger(__name__)

CANCEL_WAIT = 5.0
"""Seconds that `cancel` waits for the work to stop."""
CALLBACK_STEPS = 10
CALLBACK_TIMEOUT = 5000
"""Milliseconds until a client that does not take a callback in is given up."""


KEEP_FINISHED = 4 * 3600.0
"""Seconds that a finished command's handle is kept when no client closes it."""


def context_of(command: Command, ctx: dict[str, str]) -> dict[str, str]:
    """The context map that a command runs with: that of the submit call, or all groups."""
    return {**ctx, "omero.group": "-1"} if command.all_groups else ctx


def failure(request: Any, error: BaseException) -> Any:
    """The ERR (or GraphException) that tells why a request failed."""
    category = request.ice_id() if request is not None else ""
    if isinstance(error, CommandError):
        if error.response is not None:
            return error.response
        parameters = {"message": error.message, "stacktrace": "", **error.parameters}
        if error.graph:
            return omero.cmd.GraphException(category, error.name, parameters, error.message)
        return omero.cmd.ERR(category, error.name, parameters)
    if isinstance(error, Cancelled):
        return omero.cmd.ERR(
            category, "cancel-called", {"message": "the command was cancelled", "stacktrace": ""}
        )
    known = translate(error, category.rpartition("::")[2])
    message = getattr(known, "message", "") or str(known)
    return omero.cmd.ERR(
        category,
        "run-fail",
        {"message": message, "stacktrace": "".join(traceback.format_exception(error))},
    )


def forget_old(server: Parts) -> None:
    """Take handles off the adapter that finished long ago: not every client closes them."""
    limit = time.monotonic() - KEEP_FINISHED
    for session in server.sessions.live():
        with session.lock:
            handles = [(name, entry.servant.service) for name, entry in session.servants.items()]
        for name, service in handles:
            if isinstance(service, Handle) and 0 < service.finished_at < limit:
                server.sessions.deactivate(session, name)


class _HandleProgress(Progress):
    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._announced = 0

    def step(self, done: int, total: int) -> None:
        self._handle.check_cancelled()
        self._handle.stepped(done, total)
        share = CALLBACK_STEPS * done // max(total, 1)
        if share > self._announced:
            self._announced = share
            self._handle.notify("step", done, total)


class Handle(StatefulService):
    """One submitted request and its state; lives until it is closed or its session ends."""

    def __init__(self, server: Parts, request: Any, command: Command) -> None:
        self._server = server
        self._request = request
        self._command = command
        self._state = threading.Condition()
        self._callbacks: dict[tuple[str, str, str], tuple[str, Any]] = {}
        self._cancelled = False
        self._response: Any = None
        self._started = now()
        self._stopped = 0
        self._steps = command.steps(request)
        self._current_step = 0
        self._step_starts = [self._started]
        self._step_stops: list[int] = []
        self._flags: list[Any] = []
        self._parameters: dict[str, str] = {}
        self.finished_at = 0.0

    @classmethod
    def start(cls, call: Call, request: Any) -> Any:
        """Begin the work in the background and return the handle's proxy; null for an unknown request."""
        command = find(request)
        if command is None:
            return None
        # Fails here, not in the background, when the client may not use the group it asks for.
        ctx = context_of(command, dict(call.ctx))
        handle = cls(call.server, request, command)
        name = f"{uuid.uuid4()}-{request.ice_id().rpartition('::')[2]}"
        proxy = activate(call.server, call.session, handle, omero.cmd.Handle, name, client=None)
        call.server.command_pool.submit(handle.work, Call(call.server, call.session, ctx))
        return proxy

    def work(self, call: Call) -> None:
        """Carry the request out; runs on a background worker."""
        try:
            self.check_cancelled()
            with call:
                response = self._execute(call)
        except Exception as error:  # noqa: BLE001  every error must become the command's response
            response = failure(self._request, error)
            if isinstance(error, CommandError):
                self._parameters.update(error.parameters)
        self._finish(response)

    def _execute(self, call: Call) -> Any:
        progress = _HandleProgress(self)
        if not self._command.writes(self._request):
            return self._command.run(call, self._request, progress)
        with call.write():
            response = self._command.run(call, self._request, progress)
            # Last moment at which a cancel still undoes everything.
            self.check_cancelled()
        return response

    def _finish(self, response: Any) -> None:
        failed = isinstance(response, omero.cmd.ERR)
        with self._state:
            self._stopped = now()
            self._step_stops.append(self._stopped)
            if failed:
                self._flags.append(omero.cmd.State.FAILURE)
                if response.name == "cancel-called":
                    self._flags.append(omero.cmd.State.CANCELLED)
            else:
                self._flags.append(omero.cmd.State.SUCCESS)
                self._current_step = self._steps
            self._response = response
            self.finished_at = time.monotonic()
            self._state.notify_all()
        if failed:
            log.info("%s failed: %s %s", response.category, response.name, response.parameters.get("message"))
        self.notify("finished", response, self.status())

    def check_cancelled(self) -> None:
        """Raises Cancelled when the client has asked to stop."""
        if self._cancelled:
            raise Cancelled

    def stepped(self, done: int, total: int) -> None:
        """Record that `done` of `total` steps are complete."""
        with self._state:
            moment = now()
            if done > self._current_step:
                self._step_stops.append(moment)
                self._step_starts.append(moment)
            self._current_step, self._steps = done, total

    def status(self) -> Any:
        """A snapshot of the state; no field is null."""
        with self._state:
            return omero.cmd.Status(
                source=None,
                category=self._request.ice_id(),
                name=getattr(self._response, "name", "") or "",
                flags=list(self._flags),
                parameters=dict(self._parameters),
                currentStep=self._current_step,
                steps=self._steps,
                startTime=self._started,
                stepStartTimes=list(self._step_starts),
                stepStopTimes=list(self._step_stops),
                stopTime=self._stopped,
            )

    def notify(self, operation: str, *arguments: Any) -> None:
        """Call every registered callback, one way; those whose client has gone are forgotten."""
        with self._state:
            callbacks = list(self._callbacks.items())
        for key, (label, proxy) in callbacks:
            call: Callable[..., Any] = getattr(proxy, operation)
            try:
                call(*arguments)
            except Ice.Exception as error:
                log.info("callback %s is gone: %s", label, type(error).__name__)
                with self._state:
                    self._callbacks.pop(key, None)

    # Operations of omero.cmd.Handle

    def addCallback(self, call: Call, callback: Any) -> None:
        """Tell `callback` about progress and end, over the connection it was registered on."""
        identity = callback.ice_getIdentity()
        proxy = call.ice_connection.createProxy(identity)
        one_way = omero.cmd.CmdCallbackPrx.uncheckedCast(
            proxy.ice_oneway().ice_invocationTimeout(CALLBACK_TIMEOUT)
        )
        key = (identity.category, identity.name, call.ice_connection.toString())
        with self._state:
            self._callbacks[key] = (identity.name, one_way)

    def removeCallback(self, call: Call, callback: Any) -> None:
        """Forget a callback of this connection."""
        identity = callback.ice_getIdentity()
        with self._state:
            self._callbacks.pop((identity.category, identity.name, call.ice_connection.toString()), None)

    def getRequest(self, call: Call) -> Any:
        """The request as submitted."""
        return self._request

    def getResponse(self, call: Call) -> Any:
        """The response; null until the work is finished."""
        with self._state:
            return self._response

    def getStatus(self, call: Call) -> Any:
        """State, times and steps."""
        return self.status()

    def cancel(self, call: Call) -> bool:
        """Stop before anything is committed; false when the work was finished already.

        Raises LockTimeout when the work does not stop within five seconds.
        """
        with self._state:
            if self._response is not None:
                return False
            self._cancelled = True
            if not self._state.wait_for(lambda: self._response is not None, CANCEL_WAIT):
                message = f"the command did not stop within {CANCEL_WAIT:.0f} s"
                raise omero.LockTimeout(
                    message, "ome.conditions.LockTimeout", message, 1000, int(CANCEL_WAIT)
                )
            return omero.cmd.State.CANCELLED in self._flags

    def close(self, call: Call) -> None:
        """Forget this handle; unfinished work is cancelled."""
        self._cancelled = True
        with self._state:
            self._callbacks.clear()
