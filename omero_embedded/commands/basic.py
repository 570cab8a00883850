"""DoAll, Save, Timing, ListRequests and RawAccessRequest (contract/server.md, section 2.22)."""

from __future__ import annotations

import time
from typing import Any

import omero.api
import omero.cmd
import omero.grid

from ..services.base import Call
from . import Cancelled, Command, CommandError, Progress, command, find, requests
from .handle import context_of, failure


class _Part(Progress):
    """Progress of one request within a composite one."""

    def __init__(self, whole: Progress, offset: int, total: int) -> None:
        self._whole = whole
        self._offset = offset
        self._total = total

    def step(self, done: int, total: int) -> None:
        self._whole.step(min(self._offset + done, self._total), self._total)


@command(omero.cmd.DoAll)
class DoAll(Command):
    """Several requests, one after the other, in one transaction: all succeed or none does."""

    def writes(self, request: Any) -> bool:
        """Any of its requests writes."""
        return any(found.writes(part) for part in request.requests or () if (found := find(part)))

    def steps(self, request: Any) -> int:
        """The sum of its requests' steps."""
        return max(1, sum(found.steps(part) for part in request.requests or () if (found := find(part))))

    def run(self, call: Call, request: Any, progress: Progress) -> Any:
        """The responses in order. The first failing request's error is the error of the whole."""
        total, done = self.steps(request), 0
        contexts = request.contexts or []
        response = omero.cmd.DoAllRsp([], [])
        for position, part in enumerate(request.requests or ()):
            found = find(part)
            if found is None:
                raise CommandError(
                    "bad-request", "a request of the list cannot be executed", {"subrequest": str(position)}
                )
            ctx = dict(call.ctx)
            if position < len(contexts):
                ctx |= contexts[position]
            try:
                with call.part(context_of(found, ctx)) as part_call:
                    answer = found.run(part_call, part, _Part(progress, done, total))
            except Cancelled:
                raise
            except Exception as error:
                raise _of_part(part, error, position) from error
            response.responses.append(answer)
            response.status.append(_done(part, found))
            done += found.steps(part)
            progress.step(done, total)
        return response


def _of_part(request: Any, error: Exception, position: int) -> CommandError:
    """The failure of a composite request is that of its part."""
    response = failure(request, error)
    whole = CommandError(response.name, response.parameters["message"], {"subrequest": str(position)})
    whole.response = response
    return whole


def _done(request: Any, found: Command) -> Any:
    steps = found.steps(request)
    return omero.cmd.Status(
        category=request.ice_id(),
        name="",
        flags=[omero.cmd.State.SUCCESS],
        parameters={},
        currentStep=steps,
        steps=steps,
        stepStartTimes=[],
        stepStopTimes=[],
    )


@command(omero.api.Save)
class Save(Command):
    """Save one object graph, as IUpdate.saveAndReturnObject does."""

    def run(self, call: Call, request: Any, progress: Progress) -> Any:
        """The saved object."""
        if request.obj is None:
            raise CommandError("bad-init", "obj: must not be null")
        service = call.server.services["IUpdate"]
        saved = service.saveAndReturnObject(call, request.obj)
        return omero.api.SaveRsp(saved)


@command(omero.cmd.Timing)
class Timing(Command):
    """Waits: for trying out callbacks and cancelling."""

    def writes(self, request: Any) -> bool:
        """Changes nothing."""
        return False

    def steps(self, request: Any) -> int:
        """As many as asked for."""
        return max(1, int(request.steps))

    def run(self, call: Call, request: Any, progress: Progress) -> Any:
        """Sleep once per step. Raises CommandError for more than five minutes in all."""
        steps, pause = request.steps, request.millisPerStep / 1000
        if steps < 0 or pause < 0 or steps * pause > 300:
            raise CommandError(
                "bad-init", "steps, millisPerStep: at most five minutes in all, nothing negative"
            )
        for step in range(steps):
            time.sleep(pause)
            progress.step(step + 1, steps)
        return omero.cmd.OK()


@command(omero.cmd.ListRequests)
class ListRequests(Command):
    """Which requests there are."""

    def writes(self, request: Any) -> bool:
        """Changes nothing."""
        return False

    def run(self, call: Call, request: Any, progress: Progress) -> Any:
        """An empty request of each kind."""
        return omero.cmd.ListRequestsRsp(list=requests())


@command(omero.grid.RawAccessRequest)
class RawAccess(Command):
    """Direct work on files of a repository: refused, since rows and files would come apart."""

    def writes(self, request: Any) -> bool:
        """Changes nothing."""
        return False

    def run(self, call: Call, request: Any, progress: Progress) -> Any:
        """Always raises CommandError."""
        if not call.context.is_admin:
            raise CommandError("no-permissions", "only administrators may submit RawAccessRequest")
        raise CommandError("unsupported", f"command: {request.command!r} is not supported by this server")
