"""Exporter: an image as OME-TIFF or OME-XML (contract/server.md, section 2.18)."""

from __future__ import annotations

import tempfile
from typing import Any, BinaryIO

from .. import errors
from ..display.buffers import open_buffer, requires_pyramid
from ..display.images import ImagePixels, pixels_of_images
from ..export import tiff
from ..export.document import document
from .base import Call, StatefulService
from .pyramid import readable_pixels

MAX_READ = 1 << 20
"""Bytes that one call of `read` may ask for."""

_IMAGE = (
    "select i from Image i join fetch i.pixels p join fetch p.pixelsType left outer join fetch p.channels c "
    "left outer join fetch c.logicalChannel l left outer join fetch l.mode left outer join fetch l.illumination "
    "left outer join fetch l.contrastMethod where i.id = :id"
)
_PLANES = "select p from PlaneInfo p where p.pixels.id = :id order by p.theT, p.theC, p.theZ"


class ExporterService(StatefulService):
    """One image, then one file made from it, then reading of that file."""

    def __init__(self) -> None:
        self._image: int | None = None
        self._file: BinaryIO | None = None

    def addImage(self, call: Call, id: int) -> None:
        """Choose the image. Raises ApiUsageException after `generate…` and when there is one already."""
        if self._file is not None:
            raise errors.api_usage("addImage: the file is made already; use another exporter")
        if self._image is not None:
            raise errors.api_usage("addImage: only one image can be exported")
        if id not in pixels_of_images(call.read, call.context, [id]):
            raise errors.validation(f"Image:{id} does not exist, cannot be read or has no pixels")
        self._image = id

    def generateTiff(self, call: Call) -> int:
        """Make an OME-TIFF and return its size in bytes. Raises ApiUsageException for images that are too large."""
        image = self._chosen(call)
        if requires_pyramid(call.server.settings, image):
            raise errors.api_usage(
                f"Image:{image.image_id} of {image.size_x} x {image.size_y} is too large to be exported as OME-TIFF"
            )
        xml = self._describe(call, image, pages=image.size_z * image.size_c * image.size_t)
        call.end_reading()
        buffer = open_buffer(call, image)
        try:
            file = self._new_file(call)
            return tiff.write(file, xml, buffer)
        except BaseException:
            self._discard()
            raise
        finally:
            buffer.close()

    def generateXml(self, call: Call) -> int:
        """Make an OME-XML document without samples and return its size in bytes."""
        xml = self._describe(call, self._chosen(call), pages=None)
        self._new_file(call).write(xml)
        return len(xml)

    def read(self, call: Call, position: int, size: int) -> bytes:
        """Bytes of the file, fewer at its end. Raises ApiUsageException before `generate…` and for more than 1 MiB."""
        if self._file is None:
            raise errors.api_usage("read: generateTiff or generateXml must be called first")
        if position < 0:
            raise errors.api_usage(f"position: must not be negative: {position}")
        if not 0 <= size <= MAX_READ:
            raise errors.api_usage(f"size: must lie in 0..{MAX_READ}, not {size}")
        self._file.seek(position)
        return self._file.read(size)

    def close(self, call: Call) -> None:
        """Remove the file."""
        self._discard()

    def _chosen(self, call: Call) -> ImagePixels:
        if self._image is None:
            raise errors.api_usage("no image is chosen: call addImage first")
        found = pixels_of_images(call.read, call.context, [self._image])
        if self._image not in found:
            raise errors.validation(f"Image:{self._image} does not exist or cannot be read")
        return readable_pixels(call, found[self._image])

    def _describe(self, call: Call, image: ImagePixels, *, pages: int | None) -> bytes:
        loaded: Any = call.query(_IMAGE, id=image.image_id)[0]
        return document(loaded, call.query(_PLANES, id=image.id), pages=pages)

    def _new_file(self, call: Call) -> BinaryIO:
        """A nameless file beside the server's data: it vanishes with the service, and with the server as well."""
        self._discard()
        self._file = tempfile.TemporaryFile(dir=call.server.paths.root)  # noqa: SIM115  closed by `_discard`
        return self._file

    def _discard(self) -> None:
        if self._file is not None:
            file, self._file = self._file, None
            file.close()
