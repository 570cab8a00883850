"""The scripts of the package omero-scripts, as files of the script repository (contract/server.md, section 2.20).

They are copied, so that an administrator can change or delete them as his own. A list of what was copied tells changed
files, which stay as they are, from those that a new version of the package may replace; deleted ones do not come back.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import logging
import os
from pathlib import Path

log = logging.getLogger(__name__)

PACKAGE = "omero-scripts"
COPIED = ".omero-scripts.json"
"""File in the repository that holds the hash of each copied file by path."""


def copy_official(folder: Path) -> None:
    """Bring the script repository at `folder` up to the installed package."""
    listed = folder / COPIED
    copied: dict[str, str] = json.loads(listed.read_text(encoding="utf-8")) if listed.exists() else {}
    before = dict(copied)
    for name, source in _packaged().items():
        content = source.read_bytes()
        digest = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        target = folder / name
        if copied.get(name) == digest or not _may_replace(target, copied.get(name)):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        copied[name] = digest
    if copied != before:
        unfinished = listed.with_suffix(".new")
        unfinished.write_text(json.dumps(copied, indent=0, sort_keys=True), encoding="utf-8")
        os.replace(unfinished, listed)
        log.info("copied scripts of %s %s", PACKAGE, importlib.metadata.version(PACKAGE))


def _may_replace(target: Path, copied: str | None) -> bool:
    if not target.exists():
        return copied is None
    return hashlib.sha1(target.read_bytes(), usedforsecurity=False).hexdigest() == copied


def _packaged() -> dict[str, Path]:
    """Scripts of the installed package by path in the repository, such as `omero/export_scripts/Make_Movie.py`."""
    try:
        files = importlib.metadata.files(PACKAGE) or []
    except importlib.metadata.PackageNotFoundError:
        return {}
    found = {}
    for file in files:
        if file.suffix == ".py" and file.parts[0] == "omero" and file.name != "__init__.py":
            source = Path(str(file.locate()))
            if source.is_file():
                found[file.as_posix()] = source
    return found
