"""Readers of image files, behind a small protocol that other packages can implement.

A reader is found by the suffix of a file's name. Packages offer further ones as entry points of the group
`omero_embedded.readers`; each names a class of `ReaderType`. Those come before the readers of this package.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

from .reader import Reader, ReaderType, UnreadableFile

__all__ = ["Reader", "ReaderType", "UnreadableFile", "is_known", "reader_type", "reader_types"]

ENTRY_POINTS = "omero_embedded.readers"


def reader_types() -> list[ReaderType]:
    """All installed readers, in the order in which they are asked."""
    from .pictures import PictureType
    from .tiff import TiffType

    added: list[ReaderType] = [point.load()() for point in entry_points(group=ENTRY_POINTS)]
    return [*added, TiffType(), PictureType()]


def reader_type(path: Path) -> ReaderType:
    """The reader for a file name. Raises UnreadableFile naming the suffixes that are known."""
    name = path.name.lower()
    types = reader_types()
    for candidate in types:
        if name.endswith(tuple(candidate.suffixes)):
            return candidate
    known = sorted({suffix for candidate in types for suffix in candidate.suffixes})
    raise UnreadableFile(f"unknown format; known are {', '.join(known)}")


def is_known(path: Path) -> bool:
    """Some reader opens files of that name."""
    return any(path.name.lower().endswith(tuple(candidate.suffixes)) for candidate in reader_types())
