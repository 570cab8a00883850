"""What the reading process hands over to the importing one, and how it is framed."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from ..pixels.staging import ImageMeasures
from .metadata import FileMetadata

FRAME = struct.Struct(">Q")
"""Length of the pickled message that follows."""


@dataclass(frozen=True, slots=True)
class ConvertedImage:
    """One image whose samples lie, complete, in a folder of the pixel store."""

    folder: Path
    measures: ImageMeasures


@dataclass(frozen=True, slots=True)
class ConvertedFile:
    """All that the import needs of a file; `images` is parallel to `metadata.images`."""

    metadata: FileMetadata
    files: tuple[Path, ...]
    images: tuple[ConvertedImage, ...]
