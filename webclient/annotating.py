"""Adding, changing and removing annotations. Source: contract/webclient.md, section 8."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timezone
from typing import Any, Protocol

import omero
import omero.clients
from omero.model import (
    AnnotationAnnotationLinkI,
    CommentAnnotationI,
    FileAnnotationI,
    MapAnnotationI,
    NamedValue,
    OriginalFileI,
    TagAnnotationI,
)
from omero.rtypes import rlong, rstring

from omeroweb.webclient.commands import delete_and_wait
from omeroweb.webclient.queries import annotations as annotation_queries
from omeroweb.webclient.queries import tags as tag_queries
from omeroweb.webclient.queries.projection import rows
from omeroweb.webclient.selection import Target, ids_by_entity

CLIENT_NAMESPACE = omero.constants.metadata.NSCLIENTMAPANNOTATION
BLOCK = 1024 * 1024


def link_all(conn: Any, targets: Iterable[Target], kind: str, annotation_ids: Iterable[int]) -> None:
    """Link annotations of one kind (`Tag`, `File`, …) to every object. The user's existing links stay as they are."""
    wanted = list(annotation_ids)
    links = []
    for entity, ids in ids_by_entity(list(targets)).items():
        existing = existing_links(conn, entity, ids, wanted)
        for object_id in ids:
            for annotation_id in wanted:
                if (object_id, annotation_id) in existing:
                    continue
                link = getattr(omero.model, f"{entity}AnnotationLinkI")()
                link.setParent(getattr(omero.model, f"{entity}I")(object_id, False))
                link.setChild(getattr(omero.model, f"{kind}AnnotationI")(annotation_id, False))
                links.append(link)
    if links:
        conn.getUpdateService().saveArray(links, conn.SERVICE_OPTS)


def existing_links(conn: Any, entity: str, ids: list[int], annotation_ids: list[int]) -> set[tuple[int, int]]:
    """(object id, annotation id) pairs that the current user has linked already."""
    if not ids or not annotation_ids:
        return set()
    params = omero.sys.ParametersI().addIds(ids)
    params.addLongs("annotations", annotation_ids)
    params.add("me", rlong(conn.getUserId()))
    hql = (
        f"select link.parent.id, link.child.id from {entity}AnnotationLink link"
        " where link.parent.id in (:ids) and link.child.id in (:annotations) and link.details.owner.id = :me"
    )
    return {(row[0], row[1]) for row in rows(conn, hql, params)}


def save(conn: Any, obj: Any) -> Any:
    return conn.getUpdateService().saveAndReturnObject(obj, conn.SERVICE_OPTS)


# -- tags ---------------------------------------------------------------------------------------------------------


def tags_by_me(conn: Any, targets: list[Target]) -> dict[int, set[tuple[str, int]]]:
    """Tag id → (entity, object id) pairs to which the current user has linked it."""
    tagged: dict[int, set[tuple[str, int]]] = {}
    for entity, ids in ids_by_entity(targets).items():
        for object_id, tag_id, _ in annotation_queries.linked_by_me(conn, entity, ids, "tag"):
            tagged.setdefault(tag_id, set()).add((entity, object_id))
    return tagged


def selected_tags(conn: Any, targets: list[Target]) -> list[int]:
    """Tags that the current user has put on all of the objects."""
    everything = {(target.entity, target.id) for target in targets}
    return sorted(tag_id for tag_id, tagged in tags_by_me(conn, targets).items() if tagged == everything)


def remove_tag_links(conn: Any, targets: list[Target], tag_ids: Iterable[int]) -> None:
    """Delete the current user's links to these tags."""
    removed = set(tag_ids)
    for entity, ids in ids_by_entity(targets).items():
        mine = annotation_queries.linked_by_me(conn, entity, ids, "tag")
        links = [link_id for _, tag_id, link_id in mine if tag_id in removed]
        if links:
            delete_and_wait(conn, f"{entity}AnnotationLink", links)


def create_tag(conn: Any, text: str, description: str | None, tagset_id: int | None) -> int:
    """A plain tag with this text and description: an existing one, else a new one. Returns its id."""
    existing = tag_queries.find_plain_tags(conn, text, description)
    if existing:
        return existing[0]
    tag = TagAnnotationI()
    tag.setTextValue(rstring(text))
    if description:
        tag.setDescription(rstring(description))
    tag_id = int(save(conn, tag).id.val)
    if tagset_id is not None:
        link = AnnotationAnnotationLinkI()
        link.setParent(TagAnnotationI(tagset_id, False))
        link.setChild(TagAnnotationI(tag_id, False))
        save(conn, link)
    return tag_id


# -- comments, files, key-value pairs -----------------------------------------------------------------------------


def add_comment(conn: Any, targets: list[Target], text: str) -> int:
    """One comment on all objects. Returns its id."""
    comment = CommentAnnotationI()
    comment.setTextValue(rstring(text))
    comment_id = int(save(conn, comment).id.val)
    link_all(conn, targets, "Comment", [comment_id])
    return comment_id


class Readable(Protocol):
    """Something that gives its bytes in blocks."""

    def read(self, size: int, /) -> bytes: ...


def upload_file(conn: Any, file: Readable, name: str, size: int, mimetype: str | None) -> int:
    """Store a file and return the id of a file annotation for it. The file is read in blocks, never as a whole."""
    digest = hashlib.sha1(usedforsecurity=False)
    original = OriginalFileI()
    original.setName(rstring(name))
    original.setPath(rstring(name))
    original.setSize(rlong(size))
    original.setMimetype(rstring(mimetype or "application/octet-stream"))
    hasher = omero.model.ChecksumAlgorithmI()
    hasher.setValue(rstring(omero.model.enums.ChecksumAlgorithmSHA1160))
    original.setHasher(hasher)
    original = save(conn, original)
    store = conn.createRawFileStore()
    try:
        store.setFileId(original.id.val, conn.SERVICE_OPTS)
        offset = 0
        while block := file.read(BLOCK):
            store.write(block, offset, len(block), conn.SERVICE_OPTS)
            digest.update(block)
            offset += len(block)
        stored = store.save(conn.SERVICE_OPTS) or original
    finally:
        store.close()
    if stored.hash is None or stored.hash.val != digest.hexdigest():
        stored = conn.getQueryService().get("OriginalFile", stored.id.val, conn.SERVICE_OPTS)
        stored.setHash(rstring(digest.hexdigest()))
        stored = save(conn, stored)
    annotation = FileAnnotationI()
    annotation.setFile(OriginalFileI(stored.id.val, False))
    return int(save(conn, annotation).id.val)


def create_map(
    conn: Any, targets: list[Target], pairs: Sequence[tuple[str, str]], ns: str, shared: bool
) -> list[int]:
    """Key-value pairs on the objects: one annotation for all of them when shared, else one each. Returns the ids."""
    groups = [targets] if shared else [[target] for target in targets]
    ids = []
    for members in groups:
        annotation = MapAnnotationI()
        annotation.setNs(rstring(ns))
        annotation.setMapValue([NamedValue(key, value) for key, value in pairs])
        annotation_id = int(save(conn, annotation).id.val)
        link_all(conn, members, "Map", [annotation_id])
        ids.append(annotation_id)
    return ids


def update_map(conn: Any, annotation_id: int, pairs: Sequence[tuple[str, str]]) -> bool:
    """Replace the pairs of an annotation; false when there is no such annotation."""
    annotation = conn.getQueryService().find("MapAnnotation", annotation_id, conn.SERVICE_OPTS)
    if annotation is None:
        return False
    annotation.setMapValue([NamedValue(key, value) for key, value in pairs])
    save(conn, annotation)
    return True


def delete_annotations(conn: Any, annotation_ids: list[int]) -> None:
    if annotation_ids:
        delete_and_wait(conn, "Annotation", annotation_ids)


def id_parameters(ids: Iterable[int]) -> omero.sys.ParametersI:
    return omero.sys.ParametersI().addIds(list(ids))


def link_date(link: Any) -> datetime:
    """When a link was made, as an aware time."""
    return datetime.fromtimestamp(link.details.creationEvent.time.val / 1000, timezone.utc)
