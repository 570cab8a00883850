"""The photo of a user: a file in the common space, linked to the own Experimenter (contract/server.md, section 2.8)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from ... import errors
from ...model.tables import table_of
from ...security.context import USER_GROUP
from ...transaction import Transaction, now
from ..base import Call, Service

PHOTO_NAMESPACE = "openmicroscopy.org/omero/experimenter/photo"
LARGEST = 10_000_000
"""Bytes that a photo may have."""


class Photos(Service):
    """Upload and look up the caller's photo."""

    def uploadMyUserPhoto(self, call: Call, filename: str, format: str, data: Any) -> int:
        """Store the photo; a second one replaces the content of the first. Returns the OriginalFile's id."""
        content = bytes(data)
        if not filename or "/" in filename or not format:
            raise errors.api_usage("filename, format: a file name and a MIME type are needed")
        if not content or len(content) > LARGEST:
            raise errors.api_usage(f"data: 1 to {LARGEST} bytes are accepted, not {len(content)}")
        if call.context.is_guest:
            raise errors.security("guest has no photo")
        with call.write() as transaction:
            values = {
                "name": filename,
                "mimetype": format,
                "size": len(content),
                "hash": hashlib.sha1(content, usedforsecurity=False).hexdigest(),
                "hasher": transaction.enum_id("ChecksumAlgorithm", "SHA1-160"),
                "mtime": now(),
            }
            present = _photos(transaction.connection, call.context.user_id)
            if present:
                file_id = present[0]
                transaction.update("OriginalFile", file_id, values)
            else:
                file_id = _insert(transaction, values, call.context.user_id)
            path = call.server.files.path(file_id, None, None, filename)
            partial = path.with_name(f"{path.name}.part")
            partial.write_bytes(content)

            def put_in_place() -> None:
                partial.replace(path)

            transaction.after_commit(put_in_place)
        return file_id

    def getMyUserPhotos(self, call: Call) -> list[Any]:
        """Files of the caller's photos."""
        ids = _photos(call.read, call.context.user_id)
        if not ids:
            return []
        return call.query("select f from OriginalFile f where f.id in (:ids) order by f.id", ids=ids)


def _insert(transaction: Transaction, values: dict[str, Any], user_id: int) -> int:
    file_id = transaction.insert("OriginalFile", {**values, "path": "/", "ctime": now()}, group=USER_GROUP)
    annotation = transaction.insert(
        "FileAnnotation", {"ns": PHOTO_NAMESPACE, "file": file_id}, group=USER_GROUP
    )
    transaction.insert(
        "ExperimenterAnnotationLink", {"parent": user_id, "child": annotation}, group=USER_GROUP
    )
    return file_id


def _photos(connection: Connection, user_id: int) -> Sequence[int]:
    link, annotation = table_of("ExperimenterAnnotationLink"), table_of("FileAnnotation")
    return connection.scalars(
        select(annotation.c.file)
        .join_from(link, annotation, link.c.child == annotation.c.id)
        .where(link.c.parent == user_id, annotation.c.ns == PHOTO_NAMESPACE, annotation.c.file.is_not(None))
        .order_by(annotation.c.id)
    ).all()
