"""TIFF files: OME-TIFF, ImageJ TIFF and plain ones."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any

import tifffile

from ...pixels.buffer import Array
from ..metadata import FileMetadata, ImageMetadata
from .ome_xml import parse
from .reader import UnreadableFile
from .tiff_ome import OmePlanes
from .tiff_pages import PageRows
from .tiff_series import SeriesPlanes, series_metadata

OME_TIFF = "OMETiff"
PLAIN_TIFF = "TiffDelegate"


_DAMAGE = re.compile(r"invalid page offset|corrupted|circular|TiffTag 270 .*invalid value offset")
"""What tifffile logs, and goes on, when pages or the description of the image are lost."""


class _Damage(logging.Handler):
    """Notes the first message of tifffile that means lost pages."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.found: str | None = None

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if self.found is None and _DAMAGE.search(text):
            self.found = re.sub(r"<[^>]*>\s*", "", text)


@contextmanager
def _undamaged() -> Iterator[None]:
    """Raise UnreadableFile at the end if tifffile met damage that it does not raise for."""
    damage, logger = _Damage(), logging.getLogger("tifffile")
    logger.addHandler(damage)
    try:
        yield
    finally:
        logger.removeHandler(damage)
    if damage.found is not None:
        raise UnreadableFile(f"the file is damaged: {damage.found}")


class TiffType:
    """Opens TIFF files with tifffile."""

    suffixes: Sequence[str] = (".tif", ".tiff", ".tf2", ".tf8", ".btf", ".svs", ".lsm", ".ndpi", ".scn")

    def open(self, path: Path) -> TiffReader:
        """Open a file. Raises UnreadableFile or tifffile.TiffFileError when it is no sound TIFF."""
        return TiffReader(path)


class TiffReader:
    """One TIFF file, and those that its OME-XML names."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows = PageRows()
        self._tiffs: dict[Path, Any] = {}
        self.files: list[Path] = [path]
        try:
            self._planes: list[OmePlanes | SeriesPlanes] = []
            with _undamaged():
                self._tiff = self._open(path)
                self.metadata = self._read_ome() if self._tiff.is_ome else self._read_series()
        except BaseException:
            self.close()
            raise

    def _open(self, path: Path) -> Any:
        if path not in self._tiffs:
            self._tiffs[path] = tifffile.TiffFile(path)
        return self._tiffs[path]

    def _read_ome(self) -> FileMetadata:
        document = parse(self._tiff.ome_metadata)
        if not document.images:
            raise UnreadableFile("the OME-XML names no image")
        named = {data.file for image in document.images for data in image.tiff_data}
        # A file that was renamed still names itself as it was called before.
        alone = len(named) == 1

        def open_file(name: str | None) -> Any:
            base = None if name is None else PurePosixPath(name.replace("\\", "/")).name
            if base is None or base == self._path.name or alone:
                return self._tiff
            path = self._path.parent / base
            if not path.is_file():
                raise UnreadableFile(f"the file {base}, which belongs to it, is missing")
            if path not in self.files:
                self.files.append(path)
            return self._open(path)

        first_page = 0
        images = []
        for image in document.images:
            planes = OmePlanes(image, open_file, first_page, self._rows)
            first_page += planes.page_count
            self._planes.append(planes)
            images.append(planes.metadata)
        for name in named:
            open_file(name)
        return FileMetadata(OME_TIFF, tuple(images), document.instruments, document.plates)

    def _read_series(self) -> FileMetadata:
        found = self._tiff.series
        if not found:
            raise UnreadableFile("it holds no image")
        images: list[ImageMetadata] = []
        for series in found:
            planes = SeriesPlanes(series, self._rows)
            self._planes.append(planes)
            images.append(series_metadata(self._tiff, series, planes, named=len(found) > 1))
        return FileMetadata(PLAIN_TIFF, tuple(images))

    def read_rows(self, image: int, z: int, c: int, t: int, y: int, height: int) -> Array:
        """Rows of one plane."""
        return self._planes[image].read_rows(z, c, t, y, height)

    def close(self) -> None:
        """Close all files."""
        self._rows.close()
        for tiff in self._tiffs.values():
            tiff.close()

    def __enter__(self) -> TiffReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
