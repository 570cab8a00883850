"""Original files and attachments as streams. Source: contract/webclient.md, section 17.1."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase
from django.views.decorators.http import require_GET

from omeroweb.decorators import ConnCleaningHttpResponse
from omeroweb.webclient.decorators import login_required
from omeroweb.webclient.parameters import parse_int

BLOCK = 1024 * 1024


def file_stream(conn: Any, file_id: int, size: int) -> Iterator[bytes]:
    """The file's bytes, block by block."""
    store = conn.createRawFileStore()
    try:
        store.setFileId(file_id, conn.SERVICE_OPTS)
        for offset in range(0, size, BLOCK):
            yield store.read(offset, min(BLOCK, size - offset))
    finally:
        store.close()


def attachment_name(name: str) -> str:
    """A name for the header: one line, no characters that end the value."""
    return name.replace(" ", "_").replace(",", ".").replace("\r", "_").replace("\n", "_").replace('"', "_")


def stream(conn: Any, original: Any, content_type: str, name: str | None = None) -> ConnCleaningHttpResponse:
    """An answer that streams an original file, as a download when it is given a name."""
    size = int(original.getSize() or 0)
    response = ConnCleaningHttpResponse(file_stream(conn, original.getId(), size), content_type=content_type)
    response.conn = conn
    response["Content-Length"] = str(size)
    if name is not None:
        response["Content-Disposition"] = f"attachment; filename={attachment_name(name)}"
    return response


def load_file(conn: Any, file_id: str | None) -> Any:
    """The original file, across groups. 404 when it is missing."""
    original = None
    if file_id is not None:
        conn.SERVICE_OPTS.setOmeroGroup(-1)
        original = conn.getObject("OriginalFile", parse_int("fileId", file_id))
    if original is None:
        raise Http404(f"Original File does not exist (id:{file_id}).")
    return original


def mimetype_of(original: Any) -> str:
    """What browsers are told; Python sources are shown as text."""
    mimetype = original.getMimetype() or "application/octet-stream"
    return "text/plain" if mimetype == "text/x-python" else str(mimetype)


@require_GET
@login_required(doConnectionCleanup=False)
def get_original_file(
    request: HttpRequest, fileId: str | None = None, download: bool = False, conn: Any = None, **kwargs: Any
) -> HttpResponseBase:
    """An original file as it is."""
    original = load_file(conn, fileId)
    response = stream(conn, original, mimetype_of(original), original.getName() if download else None)
    # Whatever people have uploaded is shown as what it says it is, and never runs in this site's name.
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox"
    return response


@require_GET
@login_required(doConnectionCleanup=False)
def download_annotation(
    request: HttpRequest, annId: str, conn: Any = None, **kwargs: Any
) -> HttpResponseBase:
    """The file of a file annotation, as a download."""
    annotation = conn.getObject("FileAnnotation", parse_int("annId", annId))
    if annotation is None:
        raise Http404(f"FileAnnotation does not exist (id:{annId}).")
    original = annotation.getFile()
    return stream(conn, original, "application/force-download", original.getName() or "file")
