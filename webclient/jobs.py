"""Jobs of a browser session: commands and scripts that run on the server, by their handle.

The session's `callback` dictionary maps a handle's text to the job's facts. Source: contract/webclient.md, section 12.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

import Ice
import omero
import omero.clients
import omero.cmd
from django.http import HttpRequest

from omeroweb.webclient.commands import error_text

KEPT = 200
IN_PROGRESS = "in progress"
FINISHED = "finished"
FAILED = "failed"

Job = dict[str, Any]
# Looks at one job: (connection, key, job) → whether it has ended
Update = Callable[[Any, str, Job], bool]


def store(request: HttpRequest) -> dict[str, Job]:
    """The session's jobs, by handle."""
    jobs: dict[str, Job] = request.session.setdefault("callback", {})
    return jobs


def register(request: HttpRequest, job_id: str, job_type: str, **facts: Any) -> None:
    """Remember a running job."""
    store(request)[job_id] = {
        "job_type": job_type,
        "status": IN_PROGRESS,
        "start_time": str(datetime.now()),
        **facts,
    }
    request.session.modified = True


def newest_first(request: HttpRequest) -> list[tuple[str, Job]]:
    return sorted(store(request).items(), key=lambda item: item[1].get("start_time", ""), reverse=True)


def trim(request: HttpRequest) -> None:
    """Forget all but the most recent jobs."""
    jobs = store(request)
    if len(jobs) > KEPT:
        for job_id, _ in newest_first(request)[KEPT:]:
            del jobs[job_id]
        request.session.modified = True


def handle_of(conn: Any, job_id: str) -> Any:
    """The command's handle; None when the server no longer has it, or the text names none."""
    try:
        proxy = conn.c.ic.stringToProxy(job_id)
        if proxy is None:
            return None
        return omero.cmd.HandlePrx.checkedCast(proxy)
    except (
        Ice.ObjectNotExistException,
        Ice.ProxyParseException,
        Ice.EndpointParseException,
        Ice.IdentityParseException,
    ):
        return None


def unfinished(request: HttpRequest) -> Iterator[tuple[str, Job]]:
    for job_id, job in store(request).items():
        if job.get("status") == IN_PROGRESS:
            yield job_id, job


def update(request: HttpRequest, conn: Any, others: Mapping[str, Update]) -> set[str]:
    """Ask the server about every unfinished job. Returns the keys of those that ended just now.

    others: how to look at jobs that are no commands, by job type.
    """
    trim(request)
    ended = set()
    for job_id, job in unfinished(request):
        look = others.get(job["job_type"], update_command)
        if look(conn, job_id, job):
            ended.add(job_id)
    if ended:
        request.session.modified = True
    return ended


def update_command(conn: Any, job_id: str, job: Job) -> bool:
    """Look at one command's handle. True when the command has ended; its outcome is then in the job."""
    handle = handle_of(conn, job_id)
    if handle is None:
        if job["job_type"] in ("chgrp", "chown"):
            return False
        job.update(status=FINISHED)
        return True
    try:
        response = handle.getResponse()
        if response is None:
            status = handle.getStatus()
            if status is not None:
                job.update(currentStep=status.currentStep, steps=status.steps)
            return False
        handle.close()
    except Ice.ObjectNotExistException:
        response = omero.cmd.OK()
    if isinstance(response, omero.cmd.ERR):
        job.update(status=FAILED, error=1)
        job["dreport" if job["job_type"] == "delete" else "report"] = error_text(response)
    else:
        job.update(status=FINISHED)
    return True


def html_id(job_id: str) -> str:
    """The part of a handle that can be an element's id."""
    name = job_id.split(" ", 1)[0]
    return re.sub(r"[^A-Za-z0-9_-]", "_", name.rsplit("/", 1)[-1])


def counts(request: HttpRequest) -> tuple[int, int]:
    """(running, failed)"""
    jobs = store(request).values()
    running = sum(job.get("status") == IN_PROGRESS for job in jobs)
    failed = sum(job.get("status") == FAILED or bool(job.get("error")) for job in jobs)
    return running, failed


def status_dict(status: Any) -> dict[str, Any]:
    """Progress of a command, as the dry-run poll tells it."""
    return {
        "currentStep": status.currentStep,
        "steps": status.steps,
        "startTime": status.startTime,
        "stopTime": status.stopTime,
    }
