"""Rows of original files, filesets and the jobs of an import (contract/model.md, section 9)."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..checksums import DEFAULT_ALGORITHM
from ..transaction import Transaction, now
from .repository import StoredFile

LOG_TYPE = "application/omero-log-file"
_MIME_TYPES = {
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".bmp": "image/bmp",
    ".gif": "image/gif",
}


@dataclass(frozen=True, slots=True)
class Upload:
    """What was copied for one import: the files, the log, and their folder below the repository's root."""

    prefix: str
    repo: str
    files: Sequence[StoredFile]
    log: StoredFile
    started: int


def client_path(path: Path) -> str:
    """A path on the importing machine as filesets keep it: forward slashes, no leading one."""
    return path.absolute().as_posix().lstrip("/")


def insert_fileset(transaction: Transaction, upload: Upload, group_name: str) -> int:
    """Insert a fileset with its files and finished jobs; returns its id."""
    fileset_id = transaction.insert("Fileset", {"templatePrefix": upload.prefix})
    hasher = transaction.enum_id("ChecksumAlgorithm", DEFAULT_ALGORITHM)
    for index, file in enumerate(upload.files):
        mimetype = _MIME_TYPES.get(Path(file.name).suffix.lower(), "application/octet-stream")
        file_id = _insert_file(transaction, upload, upload.prefix, file, hasher, mimetype)
        transaction.insert(
            "FilesetEntry",
            {
                "fileset": fileset_id,
                "fileset_index": index,
                "originalFile": file_id,
                "clientPath": client_path(file.source),
            },
        )
    upload_job = _insert_jobs(transaction, fileset_id, upload, group_name)
    folder = upload.prefix.rstrip("/").rpartition("/")[0] + "/"
    log_id = _insert_file(transaction, upload, folder, upload.log, hasher, LOG_TYPE)
    transaction.insert("JobOriginalFileLink", {"parent": upload_job, "child": log_id})
    return fileset_id


def _insert_file(
    transaction: Transaction, upload: Upload, folder: str, file: StoredFile, hasher: int, mimetype: str
) -> int:
    moment = now()
    return transaction.insert(
        "OriginalFile",
        {
            "repo": upload.repo,
            "path": folder,
            "name": file.name,
            "size": file.size,
            "hash": file.sha1,
            "hasher": hasher,
            "mimetype": mimetype,
            "atime": moment,
            "ctime": moment,
            "mtime": file.modified,
        },
    )


def _insert_jobs(transaction: Transaction, fileset_id: int, upload: Upload, group_name: str) -> int:
    """Insert the jobs of an import that is done; returns the id of the upload job."""
    finished = now()
    common = {
        "username": transaction.context.user_name,
        "groupname": group_name,
        "type": "Import",
        "message": "Finished",
        "status": transaction.enum_id("JobStatus", "Finished"),
        "submitted": upload.started,
        "scheduledFor": upload.started,
        "started": upload.started,
        "finished": finished,
    }
    version = [
        ("python.version", platform.python_version()),
        ("os.name", platform.system()),
        ("os.version", platform.release()),
        ("os.architecture", platform.machine()),
    ]
    jobs = [
        transaction.insert("UploadJob", {**common, "versionInfo": version}),
        transaction.insert("MetadataImportJob", {**common, "versionInfo": version}),
        transaction.insert("PixelDataJob", common),
    ]
    for index, job in enumerate(jobs):
        transaction.insert("FilesetJobLink", {"parent": fileset_id, "parent_index": index, "child": job})
    return jobs[0]
