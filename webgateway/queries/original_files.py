"""Original files of images. Source: contract/webgateway.md, sections 17.2 and 17.3."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import omero
from omero.rtypes import rint, unwrap

_IMAGES = "select i from Image i left outer join fetch i.fileset where i.id in (:ids)"
_FILESETS = """
    select fs from Fileset fs
    join fetch fs.usedFiles entry
    join fetch entry.originalFile
    where fs.id in (:ids)
"""
_ARCHIVED = """
    select l.child.image.id, f from PixelsOriginalFileMap l join l.parent f
    where l.child.image.id in (:ids)
"""
_WELL_IMAGES = """
    select w.id, ws.image.id from Well w join w.wellSamples ws where w.id in (:ids) and index(ws) = :index
"""


@dataclass(frozen=True, slots=True)
class OriginalFile:
    """A file on the server. path: of its folder, ending in `/`. size in bytes. client_path: where it came from."""

    id: int
    path: str
    name: str
    size: int
    client_path: str = ""


@dataclass(frozen=True, slots=True)
class FileSet:
    """Files that belong together. fileset_id: None for files that were archived before there were filesets.

    prefix: folder on the server that they share.
    """

    fileset_id: int | None
    prefix: str
    files: tuple[OriginalFile, ...]

    def relative_name(self, file: OriginalFile) -> str:
        """Where a file lies below the prefix; just its name at the prefix itself or without one."""
        path = file.path.strip("/")
        prefix = self.prefix.strip("/")
        if not prefix or not (path + "/").startswith(prefix + "/"):
            return file.name
        return "/".join(part for part in (path[len(prefix) :].strip("/"), file.name) if part)


@dataclass(frozen=True, slots=True)
class ImageFiles:
    """An image's name and the set of files that it was read from. restricted: the user may not download it."""

    image_id: int
    name: str
    restricted: bool
    files: FileSet | None


def images_of_wells(conn: Any, well_ids: Sequence[int], index: int) -> list[int]:
    """Image at sample `index` of each well, in the wells' order."""
    params = omero.sys.ParametersI().addIds(list(well_ids)).add("index", rint(index))
    rows = conn.getQueryService().projection(_WELL_IMAGES, params, conn.SERVICE_OPTS)
    by_well = {row[0].val: unwrap(row[1]) for row in rows}
    return [by_well[well] for well in well_ids if by_well.get(well) is not None]


def of_images(conn: Any, image_ids: Iterable[int]) -> list[ImageFiles]:
    """The files of those images that the user sees, in the given order."""
    ids = list(dict.fromkeys(image_ids))
    if not ids:
        return []
    query, options = conn.getQueryService(), conn.SERVICE_OPTS
    params = omero.sys.ParametersI().addIds(ids)
    images = {image.id.val: image for image in query.findAllByQuery(_IMAGES, params, options)}
    filesets = _filesets(
        conn, {image.fileset.id.val for image in images.values() if image.fileset is not None}
    )
    archived: dict[int, list[OriginalFile]] = {}
    bare = [image_id for image_id, image in images.items() if image.fileset is None]
    if bare:
        bare_params = omero.sys.ParametersI().addIds(bare)
        for row in query.projection(_ARCHIVED, bare_params, options):
            archived.setdefault(row[0].val, []).append(_file(unwrap_object(row[1])))
    found = []
    for image_id in ids:
        image = images.get(image_id)
        if image is None:
            continue
        files = None if image.fileset is None else filesets.get(image.fileset.id.val)
        if files is None and image_id in archived:
            files = FileSet(None, "", tuple(archived[image_id]))
        restricted = image.details.permissions.isRestricted(omero.constants.permissions.BINARYACCESS)
        found.append(ImageFiles(image_id, unwrap(image.name) or "", restricted, files))
    return found


def unwrap_object(value: Any) -> Any:
    """The model object in a projection's column."""
    return value.val if hasattr(value, "val") else value


def chunks(conn: Any, file: OriginalFile, size: int) -> Iterator[bytes]:
    """Content of a file in pieces of at most `size` bytes. The connection must stay open meanwhile."""
    context = conn.SERVICE_OPTS.copy()
    context.setOmeroGroup(-1)
    store = conn.c.sf.createRawFileStore(context)
    try:
        store.setFileId(file.id, context)
        for start in range(0, file.size, size):
            yield bytes(store.read(start, min(size, file.size - start), context))
    finally:
        store.close(context)


def _filesets(conn: Any, ids: set[int]) -> dict[int, FileSet]:
    if not ids:
        return {}
    params = omero.sys.ParametersI().addIds(sorted(ids))
    found = conn.getQueryService().findAllByQuery(_FILESETS, params, conn.SERVICE_OPTS)
    return {
        fileset.id.val: FileSet(
            fileset.id.val,
            unwrap(fileset.templatePrefix) or "",
            tuple(
                _file(entry.originalFile, unwrap(entry.clientPath) or "")
                for entry in fileset.copyUsedFiles()
                if entry is not None
            ),
        )
        for fileset in found
    }


def _file(original: Any, client_path: str = "") -> OriginalFile:
    return OriginalFile(
        original.id.val,
        unwrap(original.path) or "",
        unwrap(original.name) or "",
        unwrap(original.size) or 0,
        client_path,
    )
