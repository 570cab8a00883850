"""Jobs of the session: what runs, what ended, how. Source: contract/webclient.md, section 12."""

from __future__ import annotations

from typing import Any

import Ice
import omero
import omero.clients
import omero.cmd
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_http_methods

from omeroweb.webclient import jobs, script_jobs
from omeroweb.webclient.decorators import login_required, render_response
from omeroweb.webclient.parameters import InvalidParameter, json_body


@require_http_methods(["GET", "DELETE"])
@login_required()
@render_response()
def activities(request: HttpRequest, conn: Any = None, **kwargs: Any) -> dict[str, Any] | HttpResponse:
    """GET: the list, `webclient/activities/activitiesContent.html`. DELETE: cancel a command.

    Context: `sizeOfJobs`, `jobs` (newest first, each with its facts plus `id`, `key`, `new`), `inprogress`,
    `new_results`, `new_errors`, `failure`. With `jobId` the answer is JSON about that one handle.
    """
    if request.method == "DELETE":
        return cancel(request, conn)
    if request.GET.get("jobId"):
        return poll(conn, request.GET["jobId"])
    ended = jobs.update(request, conn, {"script": script_jobs.update})
    listed = [
        {**job, "id": jobs.html_id(job_id), "key": job_id, "new": job_id in ended}
        for job_id, job in jobs.newest_first(request)
    ]
    running, failed = jobs.counts(request)
    return {
        "template": "webclient/activities/activitiesContent.html",
        "sizeOfJobs": len(listed),
        "jobs": listed,
        "inprogress": running,
        "new_results": len(ended),
        "new_errors": sum(job["new"] and bool(job.get("error")) for job in listed) > 0,
        "failure": failed,
    }


@require_http_methods(["GET", "DELETE"])
@login_required()
def activities_json(request: HttpRequest, conn: Any = None, **kwargs: Any) -> HttpResponse:
    """The same as JSON: every job under its key, and the numbers `inprogress`, `failure`, `jobs`."""
    if request.method == "DELETE":
        return cancel(request, conn)
    if request.GET.get("jobId"):
        return poll(conn, request.GET["jobId"])
    jobs.update(request, conn, {"script": script_jobs.update})
    running, failed = jobs.counts(request)
    stored = jobs.store(request)
    return JsonResponse({**stored, "inprogress": running, "failure": failed, "jobs": len(stored)})


def poll(conn: Any, job_id: str) -> HttpResponse:
    """State of a handle that no job of the session stands for."""
    handle = jobs.handle_of(conn, job_id)
    if handle is None:
        return JsonResponse({"finished": True})
    try:
        response = handle.getResponse()
        status = jobs.status_dict(handle.getStatus())
        if response is None:
            return JsonResponse({"finished": False, "status": status})
        handle.close()
    except Ice.ObjectNotExistException:
        return JsonResponse({"finished": True})
    answer: dict[str, Any] = {"finished": True, "status": status}
    if isinstance(response, omero.cmd.ERR):
        parameters = response.parameters or {}
        answer["error"] = response.name
        answer["report"] = ", ".join(f"{key}: {value}" for key, value in parameters.items())
    return JsonResponse(answer)


def cancel(request: HttpRequest, conn: Any) -> HttpResponse:
    """Stop the command named in the JSON body."""
    body = json_body(request)
    job_id = body.get("jobId") if isinstance(body, dict) else None
    if not isinstance(job_id, str):
        raise InvalidParameter("jobId", "missing")
    handle = jobs.handle_of(conn, job_id)
    if handle is None:
        return JsonResponse({"jobId": job_id, "status": None})
    try:
        status = jobs.status_dict(handle.getStatus())
        handle.cancel()
    except Ice.ObjectNotExistException:
        return JsonResponse({"jobId": job_id, "status": None})
    except omero.LockTimeout:
        pass  # The command did not stop at once; it will, or it ends by itself.
    return JsonResponse({"jobId": job_id, "status": status})


@require_http_methods(["GET", "POST"])
@login_required()
def activities_update(
    request: HttpRequest, action: str | None = None, conn: Any = None, **kwargs: Any
) -> HttpResponse:
    """Forget one job (`jobKey`), or, with `clean/`, all that have ended."""
    stored = jobs.store(request)
    job_key = request.POST.get("jobKey")
    if job_key is not None:
        removed = stored.pop(job_key, None) is not None
        request.session.modified = True
        return JsonResponse({"removed": removed})
    if action == "clean" and request.method == "POST":
        for job_id in [key for key, job in stored.items() if job.get("status") != jobs.IN_PROGRESS]:
            del stored[job_id]
        request.session.modified = True
    return HttpResponse("OK")
