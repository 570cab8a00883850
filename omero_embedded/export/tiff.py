"""OME-TIFF files, written plane by plane."""

from __future__ import annotations

from typing import BinaryIO

import tifffile

from ..pixels.buffer import PixelBuffer

_CLASSIC_LIMIT = (1 << 32) - (1 << 25)
"""Bytes up to which offsets of 32 bits are enough, with some room for the directory."""
_PAGE_OVERHEAD = 512
"""Bytes that the directory entry of a page takes at most."""


def write(file: BinaryIO, xml: bytes, buffer: PixelBuffer) -> int:
    """Write all planes of a buffer, z fastest, then c, then t; BigTIFF where it must be. Returns the size in bytes."""
    pages = buffer.size_z * buffer.size_c * buffer.size_t
    plane_bytes = buffer.size_x * buffer.size_y * buffer.dtype.itemsize
    big = pages * (plane_bytes + _PAGE_OVERHEAD) + len(xml) > _CLASSIC_LIMIT
    description: bytes | None = xml
    # A nameless file has a number for a name, which tifffile cannot take.
    handle = tifffile.FileHandle(file, name="export.ome.tiff")
    with tifffile.TiffWriter(handle, bigtiff=big, byteorder="<", ome=False) as tiff:
        for t in range(buffer.size_t):
            for c in range(buffer.size_c):
                for z in range(buffer.size_z):
                    tiff.write(
                        buffer.read_plane(z, c, t),
                        description=description,
                        metadata=None,
                        photometric="minisblack",
                        contiguous=False,
                    )
                    description = None
    file.flush()
    return file.seek(0, 2)
