"""Commands that change data on the server: submitted, waited for, or followed as jobs.

Source: contract/webclient.md, sections 6, 7 and 12; contract/server.md, sections 2.22 and 2.23.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import omero
import omero.clients
import omero.cmd
from omero.cmd.graphs import ChildOption

# Annotations that are shared by their nature: without the user's wish they outlive what they hang on.
SHARED_ANNOTATIONS = ["TagAnnotation", "TermAnnotation", "FileAnnotation"]


def delete_request(
    entity: str, ids: Iterable[int], *, contents: bool = True, annotations: bool = True
) -> omero.cmd.Delete2:
    """A delete command. contents: with what is inside; annotations: with tags and files that nothing else uses."""
    request = omero.cmd.Delete2(targetObjects={entity: list(ids)})
    excluded: list[str] = []
    if not annotations:
        excluded += SHARED_ANNOTATIONS
    if not contents:
        excluded += CONTENTS.get(entity, [])
    if excluded:
        request.childOptions = [ChildOption(excludeType=excluded)]
    return request


WAIT_SECONDS = 300.0
SHORTEST_PAUSE = 0.005
LONGEST_PAUSE = 0.25

CONTENTS = {
    "Project": ["Dataset", "Image"],
    "Dataset": ["Image"],
    "Screen": ["Plate"],
    "Plate": ["Image"],
}


def submit_and_wait(conn: Any, request: Any, timeout: float = WAIT_SECONDS) -> Any:
    """Run a command to its end and return its response.

    Raises omero.CmdError when it fails, omero.LockTimeout when it takes longer than `timeout` seconds.
    """
    handle = conn.c.sf.submit(request, conn.SERVICE_OPTS.copy())
    try:
        deadline = time.monotonic() + timeout
        pause = SHORTEST_PAUSE
        while (response := handle.getResponse()) is None:
            if time.monotonic() > deadline:
                raise omero.LockTimeout(
                    None, None, f"Command unfinished after {timeout} seconds", 5000, int(timeout)
                )
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
        if isinstance(response, omero.cmd.ERR):
            raise omero.CmdError(response)
        return response
    finally:
        handle.close()


def delete_and_wait(conn: Any, entity: str, ids: Iterable[int]) -> Any:
    """Delete objects of one type and wait for it. Raises omero.CmdError when the server refuses."""
    return submit_and_wait(conn, delete_request(entity, ids))


def submit(conn: Any, request: Any) -> str:
    """Start a command and leave it running. Returns its handle as text, which names the job."""
    handle = conn.c.sf.submit(request, conn.SERVICE_OPTS.copy())
    return str(handle)


def error_text(error: omero.cmd.ERR) -> str:
    """What a failed command says of itself."""
    message = getattr(error, "message", None) or (error.parameters or {}).get("message")
    return message or error.name or "Operation could not be completed successfully"
