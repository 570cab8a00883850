"""Zip files for downloads. Source: contract/webgateway.md, sections 17.1 and 17.2."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Iterable, Iterator
from typing import IO

from omeroweb.webgateway.queries.original_files import FileSet, OriginalFile

_UNSAFE = str.maketrans({" ": "_", ",": ".", "\r": "_", "\n": "_", '"': "_"})


def header_name(name: str) -> str:
    """A file name for a header: one line, without the characters that end its value."""
    return name.translate(_UNSAFE)


def zip_name(wanted: str, members: Iterable[str]) -> str:
    """Name of a zip file; different from those of its members with `.zip` at the end."""
    name = header_name(wanted)
    if not name.endswith(".zip"):
        name += ".zip"
    if any(name == f"{os.path.basename(member)}.zip" for member in members):
        name = f"{name.removesuffix('.zip')}_folder.zip"
    return name


def layout(sets: Iterable[FileSet]) -> list[tuple[str, OriginalFile]]:
    """Names in the zip: each set once, below its prefix, in a numbered folder when it would meet another one."""
    found: list[tuple[str, OriginalFile]] = []
    seen: set[int] = set()
    taken: set[str] = set()
    folder = 0
    for files in sets:
        members = [(_safe(files.relative_name(file)), file) for file in files.files if file.id not in seen]
        if not members:
            continue
        seen.update(file.id for _, file in members)
        if any(name.split("/", 1)[0] in taken for name, _ in members):
            folder += 1
            while str(folder) in taken:
                folder += 1
            members = [(f"{folder}/{name}", file) for name, file in members]
        taken.update(name.split("/", 1)[0] for name, _ in members)
        found += members
    return found


def unique(names: Iterable[str]) -> Iterator[str]:
    """Names as they are, or numbered before the extension when they occurred already."""
    taken: set[str] = set()
    for name in names:
        root, extension = os.path.splitext(name)
        candidate, number = name, 0
        while candidate in taken:
            number += 1
            candidate = f"{root}_({number}){extension}"
        taken.add(candidate)
        yield candidate


def write(target: IO[bytes], members: Iterable[tuple[str, Callable[[], Iterable[bytes]]]]) -> None:
    """Write a compressed zip. members: name and a function that gives the content piece by piece."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
        for name, content in members:
            with archive.open(name, "w", force_zip64=True) as member:
                for piece in content():
                    member.write(piece)


def _safe(name: str) -> str:
    """A relative name that stays inside the folder into which a zip is unpacked."""
    return "/".join(part for part in name.replace("\\", "/").split("/") if part not in ("", ".", ".."))
