"""Files behind an image: ManageImageBinaries, FindPyramids and UsedFilesRequest (contract/server.md, section 2.22).

Pixel data lie in the server's own store together with their smaller copies, so there are never pyramid files.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import omero.cmd
from omero.rtypes import rlong
from sqlalchemy import select

from ..model.tables import table_of
from ..services.base import Call
from . import Command, CommandError, Progress, command
from .closure import Closure, GraphFailure
from .delete import carry_out
from .original_metadata import COMPANION, FILE_NAME

_COMPANION_SUFFIXES = frozenset({".txt", ".xml", ".ome", ".json", ".log", ".csv", ".ini", ".nd", ".scan"})
"""Files of a fileset that hold no samples."""


def _image(call: Call, image_id: int) -> tuple[int | None, list[int]]:
    """Fileset and Pixels ids of a readable image. Raises CommandError when there is none."""
    rows = call.rows(
        "select f.id, p.id from Image i left outer join i.fileset f left outer join i.pixels p where i.id = :id",
        id=image_id,
    )
    if not rows:
        raise CommandError("bad-image", f"imageId: there is no readable image {image_id}")
    return rows[0][0], [row[1] for row in rows if row[1] is not None]


def _archived(call: Call, pixels: list[int]) -> list[tuple[int, int]]:
    """(id, size) of the original files that were kept with pixels before there were filesets."""
    link, file = table_of("PixelsOriginalFileMap"), table_of("OriginalFile")
    statement = (
        select(file.c.id, file.c.size)
        .join_from(link, file, link.c.parent == file.c.id)
        .where(link.c.child.in_(pixels))
        .order_by(file.c.id)
    )
    return [(row[0], row[1] or 0) for row in call.read.execute(statement)]


@command(omero.cmd.ManageImageBinaries)
class ManageImageBinaries(Command):
    """Tells what an image takes on disk, and removes its thumbnails."""

    all_groups = True

    def writes(self, request: Any) -> bool:
        """Only thumbnails can be removed."""
        return bool(request.deleteThumbnails)

    def run(self, call: Call, request: Any, progress: Progress) -> Any:
        """Sizes in bytes. Raises CommandError when the image is absent, or its pixel data are to be taken away."""
        fileset, pixels = _image(call, request.imageId)
        if request.togglePixels:
            if fileset is None:
                raise CommandError("pixels-requires-fileset", "togglePixels: the image belongs to no fileset")
            raise CommandError("unsupported", "togglePixels: images are always read from the pixel store")
        table = table_of("Thumbnail")
        statement = select(table.c.id).where(table.c.pixels.in_(pixels))
        thumbnails = [row[0] for row in call.read.execute(statement)]
        if request.deleteThumbnails:
            self._delete(call, thumbnails, progress)
            thumbnails = []
        archived = _archived(call, pixels)
        sizes = [call.server.pixels.size_on_disk(row_id) for row_id in pixels]
        return omero.cmd.ManageImageBinariesResponse(
            filesetId=None if fileset is None else rlong(fileset),
            archivedFiles=[file_id for file_id, _ in archived],
            pixelsPresent=any(sizes),
            pyramidPresent=False,
            archivedSize=sum(size for _, size in archived),
            pixelSize=sum(sizes),
            pyramidSize=0,
            thumbnailSize=sum(call.server.thumbnails.size(row_id) for row_id in thumbnails),
        )

    def _delete(self, call: Call, thumbnails: list[int], progress: Progress) -> None:
        try:
            closure = Closure(call.read, call.context)
            closure.add_targets({"Thumbnail": thumbnails})
            closure.check()
        except GraphFailure as error:
            raise CommandError("graph-fail", str(error), graph=True) from error
        with call.write() as transaction:
            carry_out(call, transaction, closure, progress)


@command(omero.cmd.FindPyramids)
class FindPyramids(Command):
    """Lists pyramid files, for administrators."""

    all_groups = True

    def writes(self, request: Any) -> bool:
        """Changes nothing."""
        return False

    def run(self, call: Call, request: Any, progress: Progress) -> Any:
        """An empty list: this server keeps none. Raises CommandError for others than administrators."""
        if not call.context.is_admin:
            raise CommandError("no-permissions", "only administrators may search for pyramids")
        return omero.cmd.FindPyramidsResponse(pyramidFiles=[])


@command(omero.cmd.UsedFilesRequest)
class UsedFiles(Command):
    """Lists the original files behind an image."""

    all_groups = True

    def writes(self, request: Any) -> bool:
        """Changes nothing."""
        return False

    def run(self, call: Call, request: Any, progress: Progress) -> Any:
        """File ids; every file of a fileset counts for each of its images. Raises CommandError when the image is absent."""
        fileset, pixels = _image(call, request.imageId)
        if fileset is None:
            return self._of_old_image(call, request.imageId, pixels)
        binary: list[int] = []
        companion: list[int] = []
        for file_id, name in call.rows(
            "select f.id, f.name from FilesetEntry e join e.originalFile f where e.fileset.id = :id order by f.id",
            id=fileset,
        ):
            suffix = PurePosixPath(name or "").suffix.lower()
            (companion if suffix in _COMPANION_SUFFIXES else binary).append(file_id)
        return omero.cmd.UsedFilesResponse(
            binaryFilesThisSeries=binary,
            binaryFilesOtherSeries=[],
            companionFilesThisSeries=companion,
            companionFilesOtherSeries=[],
        )

    def _of_old_image(self, call: Call, image_id: int, pixels: list[int]) -> Any:
        attached = call.rows(
            "select f.id, f.name from ImageAnnotationLink l join l.child a, FileAnnotation fa join fa.file f "
            "where fa.id = a.id and l.parent.id = :id and fa.ns = :ns order by f.id",
            id=image_id,
            ns=COMPANION,
        )
        return omero.cmd.UsedFilesResponsePreFs(
            archivedFiles=[file_id for file_id, _ in _archived(call, pixels)],
            companionFiles=[file_id for file_id, name in attached if name != FILE_NAME],
            originalMetadataFiles=[file_id for file_id, name in attached if name == FILE_NAME],
        )
