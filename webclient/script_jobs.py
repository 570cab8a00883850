"""Scripts as jobs of a browser session: started, polled, and their results told.

Source: contract/webclient.md, section 12.1; contract/plugins.md, section 5.5; contract/server.md, section 2.20.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any

import Ice
import omero
import omero.clients
import omero.gateway
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from omero.rtypes import RListI, RMapI, RObjectI, unwrap

from omeroweb.webclient import jobs
from omeroweb.webclient.queries.projection import rows

logger = logging.getLogger(__name__)

NO_PROCESSOR = "no processor available"
# Outputs that belong to the job itself, not to its results
OWN_OUTPUTS = ("Message", "stdout", "stderr")
FILE_TYPES = {"image/png": "png", "image/jpeg": "jpeg", "text/plain": "text"}


def run_script(
    request: HttpRequest, conn: Any, sId: int, inputMap: Mapping[str, Any], scriptName: str = "Script"
) -> dict[str, Any]:
    """Start a script and remember it as a job: `{"jobId", "status"}`, on failure `{"status", "error"}`."""
    try:
        process = conn.getScriptService().runScript(int(sId), dict(inputMap), None, conn.SERVICE_OPTS)
    except omero.ResourceError as error:
        return _not_started(request, scriptName, NO_PROCESSOR, "No Processor Available", error.message)
    except omero.ServerError as error:
        return _not_started(request, scriptName, jobs.FAILED, error.message or type(error).__name__)
    job_id = str(process)
    jobs.register(request, job_id, "script", job_name=scriptName)
    return {"jobId": job_id, "status": jobs.IN_PROGRESS}


def _not_started(
    request: HttpRequest, name: str, status: str, error: str, message: str | None = None
) -> dict[str, Any]:
    job_id = str(time.time())
    jobs.register(request, job_id, "script", job_name=name)
    jobs.store(request)[job_id].update(status=status, Message=message or error)
    return {"status": status, "error": error}


def update(conn: Any, job_id: str, job: jobs.Job) -> bool:
    """Look at one script. True when it has ended; return code and results are then in the job."""
    try:
        process = omero.grid.ScriptProcessPrx.checkedCast(conn.c.ic.stringToProxy(job_id))
        code = None if process is None else process.poll()
    except (Ice.ObjectNotExistException, Ice.ProxyParseException, Ice.EndpointParseException):
        process = None
    if process is None:
        job.update(status=jobs.FAILED, Message="No process found for job")
        return True
    if code is None:
        return False
    job.update(status=jobs.FINISHED, returncode=code.val)
    if code.val != 0:
        job["Message"] = f"Script exited with failure. (returncode={code.val})"
    try:
        outputs = process.getResults(0, conn.SERVICE_OPTS)
    except (omero.ServerError, Ice.ObjectNotExistException) as error:
        logger.warning("no results of %s: %s", job.get("job_name"), error)
        job["Message"] = "Failed to get results"
        return True
    job["results"] = {name: told(conn, value) for name, value in outputs.items() if name not in OWN_OUTPUTS}
    for name in ("stdout", "stderr"):
        if name in outputs:
            job[name] = outputs[name].val.id.val
    if "Message" in outputs:
        job["Message"] = unwrap(outputs["Message"])
    try:
        process.close(False)
    except (omero.ServerError, Ice.ObjectNotExistException) as error:
        logger.info("process of %s was closed before: %s", job.get("job_name"), type(error).__name__)
    return True


def told(conn: Any, value: Any) -> Any:
    """One output as JSON: plain values as they are, OMERO objects as `{id, type, browse_url, name}`."""
    if isinstance(value, RObjectI):
        return None if value.val is None else object_dict(conn, value.val)
    if isinstance(value, RListI):
        return [told(conn, item) for item in value.val]
    if isinstance(value, RMapI):
        return {key: told(conn, item) for key, item in value.val.items()}
    return unwrap(value)


def object_dict(conn: Any, obj: Any) -> dict[str, Any]:
    """An OMERO object of a script's outputs; pictures and texts among file annotations can be shown at once."""
    kind = type(obj).__name__.removesuffix("I")
    object_id = obj.id.val
    result: dict[str, Any] = {"id": object_id, "type": kind, "name": None}
    shown: tuple[str, int] | None = (kind.lower(), object_id)
    if kind == "FileAnnotation":
        shown = _annotated(conn, object_id)
        hql = "select file.id, file.name, file.mimetype from FileAnnotation ann join ann.file file where ann.id = :id"
        for file_id, name, mimetype in rows(conn, hql, omero.sys.ParametersI().addId(object_id), -1):
            result["name"] = name
            if mimetype in FILE_TYPES:
                result.update(fileType=FILE_TYPES[mimetype], fileId=file_id)
    elif obj.loaded:
        result["name"] = unwrap(getattr(obj, "name", None))
    elif kind.lower() in omero.gateway.KNOWN_WRAPPERS:
        wrapper = conn.getObject(kind, object_id)
        result["name"] = None if wrapper is None else wrapper.getName()
    if shown is not None:
        page = reverse("load_template", args=["userdata"])
        result["browse_url"] = f"{page}?{urlencode({'show': f'{shown[0]}-{shown[1]}'})}"
    return result


def _annotated(conn: Any, annotation_id: int) -> tuple[str, int] | None:
    """The project, dataset or image that a file annotation hangs on."""
    for kind in ("Project", "Dataset", "Image"):
        hql = (
            f"select link.parent.id from {kind}AnnotationLink link where link.child.id = :id order by link.id"
        )
        found = rows(conn, hql, omero.sys.ParametersI().addId(annotation_id).page(0, 1), -1)
        if found:
            return kind.lower(), found[0][0]
    return None
