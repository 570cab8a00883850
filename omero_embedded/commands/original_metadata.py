"""OriginalMetadataRequest: what an image's file says about itself (contract/server.md, section 2.22)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import omero.cmd
from omero.rtypes import rdouble, rlong, rstring
from sqlalchemy import select

from .. import original_metadata
from ..model.tables import table_of
from ..services.base import Call
from . import Command, CommandError, Progress, command

COMPANION = "openmicroscopy.org/omero/import/companionFile"
FILE_NAME = "original_metadata.txt"


@command(omero.cmd.OriginalMetadataRequest)
class OriginalMetadata(Command):
    """Reads the file of the image's fileset, or the text that older imports attached."""

    all_groups = True

    def writes(self, request: Any) -> bool:
        """Changes nothing."""
        return False

    def run(self, call: Call, request: Any, progress: Progress) -> Any:
        """Two maps of RTypes. Raises CommandError when the image is absent or unreadable."""
        images = call.rows(
            "select i.series, f.id from Image i left outer join i.fileset f where i.id = :id",
            id=request.imageId,
        )
        if not images:
            raise CommandError("bad-init", f"imageId: there is no readable image {request.imageId}")
        series, fileset = images[0]
        response = omero.cmd.OriginalMetadataResponse(None, None, {}, {})
        if fileset is not None:
            response.filesetId = rlong(fileset)
            pairs = self._of_fileset(call, fileset, series or 0)
        else:
            file_annotation, pairs = self._of_companion(call, request.imageId)
            response.fileAnnotationId = None if file_annotation is None else rlong(file_annotation)
        response.globalMetadata, response.seriesMetadata = (
            {key: _rtype(value) for key, value in part.items()} for part in pairs
        )
        return response

    def _of_fileset(self, call: Call, fileset: int, series: int) -> tuple[Any, Any]:
        for file_id, repo, path, name in _entries(call, fileset):
            on_disk = call.server.files.path(file_id, repo, path, name)
            if on_disk.is_file():
                return original_metadata.read(on_disk, series)
        return {}, {}

    def _of_companion(self, call: Call, image: int) -> tuple[int | None, tuple[Any, Any]]:
        found = call.rows(
            "select a.id, f.id from ImageAnnotationLink l join l.child a, FileAnnotation fa join fa.file f "
            "where fa.id = a.id and l.parent.id = :id and fa.ns = :ns and f.name = :name order by a.id",
            id=image,
            ns=COMPANION,
            name=FILE_NAME,
        )
        if not found:
            return None, ({}, {})
        annotation, file_id = found[0]
        path: Path = call.server.files.path(file_id, None, None, FILE_NAME)
        if not path.is_file():
            return annotation, ({}, {})
        return annotation, original_metadata.parse(path.read_text(encoding="utf-8", errors="replace"))


def _entries(call: Call, fileset: int) -> list[Any]:
    """(id, repo, path, name) of a fileset's files, in order. The caller has seen that the fileset may be read."""
    entry, file = table_of("FilesetEntry"), table_of("OriginalFile")
    return list(
        call.read.execute(
            select(file.c.id, file.c.repo, file.c.path, file.c.name)
            .join_from(entry, file, entry.c.originalfile == file.c.id)
            .where(entry.c.fileset == fileset)
            .order_by(entry.c.fileset_index, entry.c.id)
        )
    )


def _rtype(value: Any) -> Any:
    if isinstance(value, bool):
        return rstring("true" if value else "false")
    if isinstance(value, int) and -(2**63) <= value < 2**63:
        return rlong(value)
    if isinstance(value, float):
        return rdouble(value)
    return rstring(str(value))
