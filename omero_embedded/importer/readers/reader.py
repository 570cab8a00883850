"""What a reader of image files is: the protocol that this package and others implement."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol

from ...pixels.buffer import Array
from ..metadata import FileMetadata


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
