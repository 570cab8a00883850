"""JobHandle: status and message of a job (contract/server.md, section 2.20)."""

from __future__ import annotations

from typing import Any

from omero.rtypes import rtime

from .. import errors
from ..model.entities import MODEL
from ..security.rights import rights
from ..transaction import now
from .base import Call, StatefulService

_ENDED = frozenset({"Finished", "Error", "Cancelled"})


class JobHandleService(StatefulService):
    """One job; `attach` chooses it."""

    def __init__(self) -> None:
        self._job_id: int | None = None

    def attach(self, call: Call, jobId: int) -> Any:
        """Choose the job; returns its status. Raises ApiUsageException when it is absent or unreadable."""
        self._job_id = None
        status = self._load(call, jobId).status
        self._job_id = jobId
        return status

    def getJob(self, call: Call) -> Any:
        """The job with its status."""
        return self._job(call)

    def jobStatus(self, call: Call) -> Any:
        """The status of the job."""
        return self._job(call).status

    def jobFinished(self, call: Call) -> Any:
        """When the job ended; null while it has not."""
        finished = self._job(call).finished
        return None if finished is None else rtime(finished.val)

    def jobMessage(self, call: Call) -> str:
        """The message of the job."""
        message: str = self._job(call).message.val
        return message

    def jobRunning(self, call: Call) -> bool:
        """The job runs now."""
        return self._status(call) == "Running"

    def jobError(self, call: Call) -> bool:
        """The job failed."""
        return self._status(call) == "Error"

    def setStatus(self, call: Call, status: str) -> str:
        """Change the status; returns the one before."""
        return self.setStatusAndMessage(call, status, None)

    def setMessage(self, call: Call, message: str) -> str:
        """Change the message; returns the one before."""
        before = self.jobMessage(call)
        self._update(call, {"message": message})
        return before

    def setStatusAndMessage(self, call: Call, status: str, message: Any) -> str:
        """Change the status, and the message unless it is null; returns the status before."""
        job = self._job(call)
        values: dict[str, Any] = {} if message is None else {"message": message.val}
        if status in _ENDED and job.finished is None:
            values["finished"] = now()
        elif status == "Running" and job.started is None:
            values["started"] = now()
        self._update(call, values, status)
        before: str = job.status.value.val
        return before

    def _update(self, call: Call, values: dict[str, Any], status: str | None = None) -> None:
        job = self._job(call)
        name = type(job).__name__.removesuffix("I")
        details = job.details
        if not rights(call.context, MODEL[name], details.owner.id.val, details.group.id.val).edit:
            raise errors.security(f"Job:{self._job_id} cannot be changed by user {call.context.user_name}")
        with call.write() as transaction:
            if status is not None:
                values = {**values, "status": transaction.enum_id("JobStatus", status)}
            transaction.update(name, job.id.val, values)

    def _status(self, call: Call) -> str:
        status: str = self._job(call).status.value.val
        return status

    def _job(self, call: Call) -> Any:
        if self._job_id is None:
            raise errors.api_usage("attach must be called first")
        return self._load(call, self._job_id)

    def _load(self, call: Call, job_id: int) -> Any:
        found = call.query("select j from Job j join fetch j.status where j.id = :id", id=job_id)
        if not found:
            raise errors.api_usage(f"jobId: Job:{job_id} does not exist or is not readable")
        return found[0]
