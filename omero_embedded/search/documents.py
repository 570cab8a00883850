"""What is searched for: the texts of an object, by field (contract/server.md, section 2.18, table of indexed fields)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from ..model.entities import MODEL
from ..model.tables import map_table_of, table_of

SEARCHED = ("Project", "Dataset", "Image", "Screen", "Plate", "PlateAcquisition", "Well")
"""Types that can be searched for."""

Document = dict[str, list[str]]
"""Texts by field."""

_VALUES = ("textvalue", "longvalue", "doublevalue", "boolvalue", "timevalue", "termvalue")
_FILESET_ENTRIES = 10
_CHUNK = 500


def annotation_link(name: str) -> str:
    """The link class between a searched type and its annotations."""
    return f"{name}AnnotationLink"


def documents(connection: Connection, name: str, ids: Iterable[int]) -> Iterator[tuple[int, Document]]:
    """Documents of the objects that exist, a chunk of ids at a time."""
    several = sorted(set(ids))
    for start in range(0, len(several), _CHUNK):
        yield from _chunk(connection, name, several[start : start + _CHUNK])


def _chunk(connection: Connection, name: str, ids: Sequence[int]) -> Iterator[tuple[int, Document]]:
    table = table_of(name)
    texts = [column for column in ("name", "description", "externaldescription") if column in table.c]
    found: dict[int, Document] = {}
    for row in connection.execute(
        select(table.c.id, *(table.c[text] for text in texts)).where(table.c.id.in_(ids))
    ):
        document: Document = defaultdict(list)
        for text, value in zip(texts, row[1:], strict=True):
            if value:
                document["name" if text == "name" else "description"].append(value)
        found[row[0]] = document
    _add_annotations(connection, name, found)
    if name == "Image":
        _add_image_parts(connection, found)
    yield from found.items()


def _add_annotations(connection: Connection, name: str, found: Mapping[int, Document]) -> None:
    link, annotation = table_of(annotation_link(name)), table_of("Annotation")
    columns = [annotation.c[column] for column in _VALUES]
    statement = (
        select(
            link.c.parent, annotation.c.id, annotation.c.discriminator, annotation.c.ns, annotation.c.name,
            annotation.c.file, *columns,
        )
        .join_from(link, annotation, link.c.child == annotation.c.id)
        .where(link.c.parent.in_(list(found)))
    )  # fmt: skip
    holders: dict[int, list[int]] = defaultdict(list)
    files: dict[int, list[int]] = defaultdict(list)
    for parent, annotation_id, kind, ns, own_name, file_id, *values in connection.execute(statement):
        document = found[parent]
        holders[annotation_id].append(parent)
        document["annotation.type"].append(kind)
        for text in (str(value) for value in values if value is not None):
            document["annotation"].append(text)
            if kind == "TagAnnotation":
                document["tag"].append(text)
            elif kind == "TermAnnotation":
                document["term"].append(text)
        if ns:
            document["annotation.ns"].append(ns)
        if own_name:
            document["annotation.name"].append(own_name)
        if file_id is not None:
            files[file_id].append(parent)
    if holders:
        _add_map_values(connection, found, holders)
        _add_tag_sets(connection, found, holders)
    if files:
        _add_files(connection, found, files)


def _add_map_values(
    connection: Connection, found: Mapping[int, Document], holders: Mapping[int, list[int]]
) -> None:
    pairs = map_table_of(MODEL["MapAnnotation"].properties["mapValue"])
    statement = select(pairs.c.owner_id, pairs.c.name, pairs.c.value).where(
        pairs.c.owner_id.in_(list(holders))
    )
    for annotation_id, key, value in connection.execute(statement):
        for parent in holders[annotation_id]:
            document = found[parent]
            document["annotation"] += [text for text in (key, value) if text]
            if key:
                document["has_key"].append(key)
                document[key].append(value or "")


def _add_tag_sets(
    connection: Connection, found: Mapping[int, Document], holders: Mapping[int, list[int]]
) -> None:
    """Texts of the tag sets above a tag count for what the tag is on."""
    link, tag_set = table_of("AnnotationAnnotationLink"), table_of("Annotation")
    statement = (
        select(link.c.child, tag_set.c.textvalue)
        .join_from(link, tag_set, link.c.parent == tag_set.c.id)
        .where(link.c.child.in_(list(holders)), tag_set.c.discriminator == "TagAnnotation")
    )
    for child, text in connection.execute(statement):
        for parent in holders[child]:
            if text:
                found[parent]["annotation"].append(text)


def _add_files(connection: Connection, found: Mapping[int, Document], files: Mapping[int, list[int]]) -> None:
    file = table_of("OriginalFile")
    statement = select(file.c.id, file.c.name, file.c.path, file.c.mimetype, file.c.hash).where(
        file.c.id.in_(list(files))
    )
    for file_id, name, path, mimetype, digest in connection.execute(statement):
        for parent in files[file_id]:
            document = found[parent]
            for field, text in (
                ("file.name", name), ("file.path", path), ("file.mimetype", mimetype), ("file.format", mimetype),
                ("file.hash", digest),
            ):  # fmt: skip
                if text:
                    document[field].append(text)


def _add_image_parts(connection: Connection, found: Mapping[int, Document]) -> None:
    pixels, channel, logical = table_of("Pixels"), table_of("Channel"), table_of("LogicalChannel")
    mode = table_of("AcquisitionMode")
    statement = (
        select(pixels.c.image, logical.c.name, logical.c.fluor, mode.c.value)
        .join_from(pixels, channel, channel.c.pixels == pixels.c.id)
        .join(logical, logical.c.id == channel.c.logicalchannel)
        .outerjoin(mode, mode.c.id == logical.c.mode)
        .where(pixels.c.image.in_(list(found)))
    )
    _collect(connection, found, statement, ("channel.name", "channel.fluor", "channel.mode"))
    image, fileset, entry = table_of("Image"), table_of("Fileset"), table_of("FilesetEntry")
    file = table_of("OriginalFile")
    statement = (
        select(image.c.id, fileset.c.templateprefix)
        .join_from(image, fileset, image.c.fileset == fileset.c.id)
        .where(image.c.id.in_(list(found)))
    )
    _collect(connection, found, statement, ("fileset.templatePrefix",))
    statement = (
        select(image.c.id, file.c.name, entry.c.clientpath)
        .join_from(image, entry, entry.c.fileset == image.c.fileset)
        .join(file, file.c.id == entry.c.originalfile)
        .where(image.c.id.in_(list(found)), entry.c.fileset_index < _FILESET_ENTRIES)
    )
    _collect(connection, found, statement, ("fileset.entry.name", "fileset.entry.clientPath"))
    roi, link, folder = table_of("Roi"), table_of("FolderRoiLink"), table_of("Folder")
    statement = (
        select(roi.c.image, folder.c.name)
        .join_from(roi, link, link.c.child == roi.c.id)
        .join(folder, folder.c.id == link.c.parent)
        .where(roi.c.image.in_(list(found)))
    )
    _collect(connection, found, statement, ("roi.folder.name",))


def _collect(
    connection: Connection, found: Mapping[int, Document], statement: Any, fields: Sequence[str]
) -> None:
    for row in connection.execute(statement):
        for field, text in zip(fields, row[1:], strict=True):
            if text:
                found[row[0]][field].append(str(text))
