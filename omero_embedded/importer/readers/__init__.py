"""Readers of image files, behind a small protocol that other packages can implement.

A reader is found by the suffix of a file's name. Packages offer further ones as entry points of the group
`omero_embedded.readers`; each names a `ReaderType`. Those come before the readers of this package.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import entry_points
from pathlib import Path
from types import TracebackType
from typing import Protocol

from ...pixels.buffer import Array
from ..metadata import FileMetadata

ENTRY_POINTS = "omero_embedded.readers"


class UnreadableFile(Exception):
    """A file cannot be imported; the text says why, for the user."""


class Reader(Protocol):
    """One open file."""

    @property
    def metadata(self) -> FileMetadata:
        """Everything but the samples."""
        ...

    @property
    def files(self) -> Sequence[Path]:
        """All files that belong to the image data, the opened one first."""
        ...

    def read_rows(self, image: int, z: int, c: int, t: int, y: int, height: int) -> Array:
        """Samples (height, size_x) of rows y … y + height of one plane; any byte order."""
        ...

    def close(self) -> None:
        """Release the file."""
        ...

    def __enter__(self) -> Reader: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class ReaderType(Protocol):
    """Opens files of some formats."""

    @property
    def suffixes(self) -> Sequence[str]:
        """Endings of file names that it opens, in lower case, such as `.tif`."""
        ...

    def open(self, path: Path) -> Reader:
        """Open a file. Raises UnreadableFile, or whatever the library below raises, when it cannot."""
        ...


def reader_types() -> list[ReaderType]:
    """All installed readers, in the order in which they are asked."""
    from .pictures import PictureType
    from .tiff import TiffType

    added: list[ReaderType] = [point.load() for point in entry_points(group=ENTRY_POINTS)]
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
