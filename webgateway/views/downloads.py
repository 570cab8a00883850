"""Original files and rendered pictures as downloads. Source: contract/webgateway.md, section 17."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from functools import partial
from io import BytesIO
from typing import IO, Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseForbidden
from PIL import Image

from omeroweb.decorators import ConnCleaningHttpResponse, login_required
from omeroweb.errors import BadRequest, NotFound
from omeroweb.webgateway import archives, rendering
from omeroweb.webgateway.parameters import get_longs
from omeroweb.webgateway.queries import image_meta, original_files
from omeroweb.webgateway.queries.original_files import FileSet
from omeroweb.webgateway.responder import jsonp
from omeroweb.webgateway.views.whole_planes import whole_plane

_DOWNLOAD = "application/force-download"
_NOTHING = "No images or wells specified in request. Use ?image=123 or ?well=123"
_FORMATS = {"jpeg": "JPEG", "png": "PNG", "tif": "TIFF"}


def requested_images(request: HttpRequest, iid: str | None, conn: Any) -> list[int]:
    """Image ids of the path, of `image`, or of `well` and `index`. Raises BadRequest when there are none."""
    if iid is not None:
        return [int(iid)]
    ids = get_longs(request, "image")
    if ids:
        return ids
    wells = get_longs(request, "well")
    if not wells:
        raise BadRequest(_NOTHING)
    index = request.GET.get("index", "")
    usable = index.isascii() and index.isdecimal() and len(index) < 10
    return original_files.images_of_wells(conn, wells, int(index) if usable else 0)


def attachment(response: HttpResponseBase, name: str, size: int) -> HttpResponseBase:
    """Make a response a download of `size` bytes."""
    response.headers["Content-Disposition"] = f"attachment; filename={archives.header_name(name)}"
    response.headers["Content-Length"] = str(size)
    return response


def file_pieces(file: IO[bytes]) -> Iterator[bytes]:
    """Content of an open temporary file, which is closed, hence removed, at its end."""
    with file:
        while piece := file.read(settings.CHUNK_SIZE):
            yield piece


@login_required(doConnectionCleanup=False)
def archived_files(
    request: HttpRequest, iid: str | None = None, conn: Any = None, **kwargs: Any
) -> HttpResponseBase:
    """The files that images were imported from: the file itself, or a zip of several."""
    ids = requested_images(request, iid, conn)
    images = original_files.of_images(conn, ids)
    if not images:
        raise NotFound(f"Cannot download archived file because Images not found (ids: {ids})")
    if any(image.restricted for image in images):
        return HttpResponse(status=404)
    sets: list[FileSet] = list(
        {image.files.fileset_id or -image.image_id: image.files for image in images if image.files}.values()
    )
    members = archives.layout(sets)
    if not members:
        raise NotFound("Tried downloading archived files from image with no files archived.")
    if len(members) == 1:
        ((_, file),) = members
        stream = ConnCleaningHttpResponse(
            original_files.chunks(conn, file, settings.CHUNK_SIZE), content_type=_DOWNLOAD
        )
        stream.conn = conn
        return attachment(stream, file.name, file.size)
    total = sum(file.size for _, file in members)
    largest = settings.MAXIMUM_MULTIFILE_DOWNLOAD_ZIP_SIZE
    if total > largest:
        return HttpResponseForbidden(
            f"Total size of files {total} is larger than {largest}. Try requesting fewer files."
        )
    target = tempfile.TemporaryFile(suffix=".zip")  # noqa: SIM115 - the response closes it
    archives.write(
        target,
        ((name, partial(original_files.chunks, conn, file, settings.CHUNK_SIZE)) for name, file in members),
    )
    name = archives.zip_name(request.GET.get("zipname") or images[-1].name, (member for member, _ in members))
    return _stream_file(target, name, conn)


@login_required()
@jsonp
def original_file_paths(request: HttpRequest, iid: str, conn: Any = None, **kwargs: Any) -> dict[str, Any]:
    """Where an image's files lie on the server, and where they came from."""
    images = original_files.of_images(conn, [int(iid)])
    if not images:
        raise NotFound(f"Image:{iid} not found")
    files = images[0].files
    if files is None or files.fileset_id is None:
        return {}
    return {
        "repo": [file.path + file.name for file in files.files],
        "client": [file.client_path for file in files.files],
        "fileset": {"id": files.fileset_id},
    }


@login_required(doConnectionCleanup=False)
def download_as(
    request: HttpRequest, iid: str | None = None, conn: Any = None, **kwargs: Any
) -> HttpResponseBase:
    """Rendered planes: one as a picture, several as a zip."""
    ids = list(dict.fromkeys(requested_images(request, iid, conn)))
    chosen = request.GET.get("format", "png")
    if chosen not in _FORMATS:
        chosen = "png"
    names = {image_id: meta.name for image_id in ids if (meta := image_meta.load(conn, image_id))}
    if not names:
        found = [str(image_id) for image_id in ids]
        raise NotFound(f"Cannot download as {chosen}. Images (ids: {found}) not found.")
    if len(ids) == 1:
        return single_picture(request, ids[0], None, None, conn)
    extension = f".{chosen}"
    entries = archives.unique(
        os.path.splitext(os.path.basename(names[image_id]))[0] + extension for image_id in names
    )
    target = tempfile.TemporaryFile(suffix=".zip")  # noqa: SIM115 - the response closes it
    archives.write(
        target,
        (
            (entry, partial(_plain_picture, image_id, chosen, conn))
            for entry, image_id in zip(entries, list(names), strict=True)
        ),
    )
    name = archives.zip_name(request.GET.get("zipname") or f"Download_as_{chosen}", ())
    return _stream_file(target, name, conn)


def single_picture(
    request: HttpRequest, iid: str | int, z: str | None, t: str | None, conn: Any
) -> HttpResponse:
    """One rendered plane as a download. Without `format` it is a JPEG, and so it is for unknown ones."""
    meta = image_meta.load(conn, int(iid))
    if meta is None:
        raise NotFound(f"Image:{iid} not found")
    wanted = request.GET.get("format", "jpeg")
    jpeg = rendering.jpeg(conn, whole_plane(request, iid, z, t, conn))
    content = converted(jpeg, wanted)
    response = HttpResponse(content, content_type=_DOWNLOAD)
    attachment(response, f"{meta.name}.{wanted}", len(content))
    return response


def converted(jpeg: bytes, wanted: str) -> bytes:
    """A JPEG as a file of another format; unchanged for JPEG and unknown formats."""
    if _FORMATS.get(wanted, "JPEG") == "JPEG":
        return jpeg
    output = BytesIO()
    Image.open(BytesIO(jpeg)).save(output, _FORMATS[wanted])
    return output.getvalue()


def _plain_picture(image_id: int, chosen: str, conn: Any) -> Iterator[bytes]:
    """A plane with its stored settings, as the only piece of a zip's member."""
    request = HttpRequest()
    request.method = "GET"
    yield converted(rendering.jpeg(conn, whole_plane(request, image_id, None, None, conn)), chosen)


def _stream_file(file: IO[bytes], name: str, conn: Any) -> HttpResponseBase:
    size = file.tell()
    file.seek(0)
    stream = ConnCleaningHttpResponse(file_pieces(file), content_type=_DOWNLOAD)
    stream.conn = conn
    return attachment(stream, name, size)
