"""RawPixelsStore: samples as big-endian bytes (contract/server.md, section 2.16)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from omero_rendering import decode, encode_big_endian, histogram
from omero_rendering.geometry import Region, clip_region
from omero_rendering.histograms import MAX_SIDE

from .. import errors
from ..display.buffers import check_section
from ..display.images import ImagePixels
from ..model.entities import MODEL
from ..pixels.buffer import Array, PixelBuffer
from ..security.rights import rights
from .base import Call
from .pyramid import PyramidService, readable_pixels

_MESSAGE_LIMIT = 250_000 * 1024 - 4096
"""Bytes of samples that fit into one message of the size that clients accept."""


class RawPixelsStore(PyramidService):
    """Reads and writes the samples of one Pixels object."""

    def __init__(self) -> None:
        super().__init__()
        self.writing = False
        self.modified = False

    def setPixelsId(self, call: Call, pixelsId: int, bypassOriginalFile: bool) -> None:
        """Open the samples of a Pixels object, in place of those that were open."""
        self._finish(call)
        self.open(call, readable_pixels(call, pixelsId))
        self.writing = False

    def getPixelsId(self, call: Call) -> int:
        """Id of the Pixels object that is open."""
        return self.opened()[0].id

    def close(self, call: Call) -> None:
        """Save what was written and release the samples."""
        try:
            self._finish(call)
        finally:
            self.release()

    def getByteWidth(self, call: Call) -> int:
        """Bytes per sample."""
        return self.opened()[0].type.bytes_per_sample

    def isSigned(self, call: Call) -> bool:
        """Samples can be negative."""
        return self.opened()[0].type.signed

    def isFloat(self, call: Call) -> bool:
        """Samples are floating-point numbers."""
        return self.opened()[0].type.is_float

    def getRowSize(self, call: Call) -> int:
        """Bytes of one row at full size."""
        return self._size(1)

    def getPlaneSize(self, call: Call) -> int:
        """Bytes of one plane at full size."""
        return self._size(2)

    def getStackSize(self, call: Call) -> int:
        """Bytes of all sections of one channel and time point."""
        return self._size(3)

    def getTimepointSize(self, call: Call) -> int:
        """Bytes of all channels of one time point."""
        return self._size(4)

    def getTotalSize(self, call: Call) -> int:
        """Bytes of all samples."""
        return self._size(5)

    def getRowOffset(self, call: Call, y: int, z: int, c: int, t: int) -> int:
        """Position of a row in the order x, y, z, c, t, in bytes."""
        image, _ = self.opened()
        _inside("y", y, image.size_y)
        return self.getPlaneOffset(call, z, c, t) + y * self._size(1)

    def getPlaneOffset(self, call: Call, z: int, c: int, t: int) -> int:
        """Position of a plane in bytes."""
        image, _ = self.opened()
        _inside("z", z, image.size_z)
        return self.getStackOffset(call, c, t) + z * self._size(2)

    def getStackOffset(self, call: Call, c: int, t: int) -> int:
        """Position of a stack in bytes."""
        image, _ = self.opened()
        _inside("c", c, image.size_c)
        return self.getTimepointOffset(call, t) + c * self._size(3)

    def getTimepointOffset(self, call: Call, t: int) -> int:
        """Position of a time point in bytes."""
        image, _ = self.opened()
        _inside("t", t, image.size_t)
        return t * self._size(4)

    def getTile(self, call: Call, z: int, c: int, t: int, x: int, y: int, w: int, h: int) -> bytes:
        """A rectangle of the current resolution level."""
        image, buffer = self.opened()
        self._check_plane(z, c, t)
        width, height = buffer.level_sizes[self.level]
        if w <= 0 or h <= 0 or x < 0 or y < 0 or x + w > width or y + h > height:
            raise errors.api_usage(f"tile {x},{y},{w},{h} lies outside the plane of {width} x {height}")
        self._check_message(w * h)
        return encode_big_endian(buffer.read_tile(self.level, z, c, t, x, y, w, h), image.type)

    def getPlane(self, call: Call, z: int, c: int, t: int) -> bytes:
        """A whole plane of the current resolution level."""
        width, height = self.opened()[1].level_sizes[self.level]
        return self.getTile(call, z, c, t, 0, 0, width, height)

    def getRow(self, call: Call, y: int, z: int, c: int, t: int) -> bytes:
        """One row of the current resolution level."""
        width, _ = self.opened()[1].level_sizes[self.level]
        return self.getTile(call, z, c, t, 0, y, width, 1)

    def getCol(self, call: Call, x: int, z: int, c: int, t: int) -> bytes:
        """One column of the current resolution level."""
        _, height = self.opened()[1].level_sizes[self.level]
        return self.getTile(call, z, c, t, x, 0, 1, height)

    def getPlaneRegion(self, call: Call, z: int, c: int, t: int, size: int, offset: int) -> bytes:
        """`size` samples of a plane from sample `offset` on, row by row at full size."""
        image, buffer = self.opened()
        self._check_plane(z, c, t)
        if size < 0 or offset < 0 or offset + size > image.size_x * image.size_y:
            raise errors.api_usage(f"size {size} and offset {offset} do not lie inside the plane")
        self._check_message(size)
        samples = buffer.read_plane(z, c, t).reshape(-1)[offset : offset + size]
        return encode_big_endian(samples, image.type)

    def getStack(self, call: Call, c: int, t: int) -> bytes:
        """All sections of one channel and time point, at full size."""
        image, buffer = self.opened()
        self._check_plane(0, c, t)
        self._check_message(image.size_x * image.size_y * image.size_z)
        planes = (buffer.read_plane(z, c, t) for z in range(image.size_z))
        return b"".join(encode_big_endian(plane, image.type) for plane in planes)

    def getTimepoint(self, call: Call, t: int) -> bytes:
        """All channels of one time point, at full size."""
        image, _ = self.opened()
        self._check_plane(0, 0, t)
        self._check_message(image.size_x * image.size_y * image.size_z * image.size_c)
        return b"".join(self.getStack(call, c, t) for c in range(image.size_c))

    def getHypercube(
        self, call: Call, offset: Sequence[int], size: Sequence[int], step: Sequence[int]
    ) -> bytes:
        """A block of full-size samples, x fastest, then y, z, c, t; the three lists are ordered x, y, z, c, t."""
        image, buffer = self.opened()
        ranges = _ranges(image, offset, size, step)
        xs, ys = ranges[0], ranges[1]
        count = 1
        for axis in ranges:
            count *= len(axis)
        self._check_message(count)
        parts = []
        for t in ranges[4]:
            for c in ranges[3]:
                for z in ranges[2]:
                    tile = buffer.read_tile(
                        0, z, c, t, xs.start, ys.start, xs[-1] - xs.start + 1, ys[-1] - ys.start + 1
                    )
                    parts.append(encode_big_endian(tile[:: ys.step, :: xs.step], image.type))
        return b"".join(parts)

    def getRegion(self, call: Call, size: int, offset: int) -> bytes:
        """`size` bytes from byte `offset` on, of all planes in the order x, y, z, c, t."""
        self._check_region(size, offset)
        image, buffer = self.opened()
        self._check_message(size // image.type.bytes_per_sample)
        parts = []
        for z, c, t, start, stop in self._planes_of(size, offset):
            parts.append(encode_big_endian(buffer.read_plane(z, c, t), image.type)[start:stop])
        return b"".join(parts)

    def setRegion(self, call: Call, size: int, offset: int, buffer: bytes) -> None:
        """Store `size` bytes from byte `offset` on."""
        self._check_region(size, offset)
        if len(buffer) != size:
            raise errors.api_usage(f"buffer must hold {size} bytes, not {len(buffer)}")
        pixels = self._for_writing(call)
        image, taken = self.opened()[0], 0
        for z, c, t, start, stop in self._planes_of(size, offset):
            plane = bytearray(encode_big_endian(pixels.read_plane(z, c, t), image.type))
            plane[start:stop] = buffer[taken : taken + stop - start]
            taken += stop - start
            self.setPlane(call, bytes(plane), z, c, t)

    def _check_region(self, size: int, offset: int) -> None:
        total = self._size(5)
        if self.opened()[0].type.name == "bit":
            raise errors.api_usage("regions of images with one bit per sample cannot be addressed by bytes")
        if size < 0 or offset < 0 or offset + size > total:
            raise errors.api_usage(f"size {size} and offset {offset} do not lie inside {total} bytes")

    def _planes_of(self, size: int, offset: int) -> Iterator[tuple[int, int, int, int, int]]:
        """z, c, t, first byte and end of the part of each plane that a region covers."""
        image, plane = self.opened()[0], self._size(2)
        for number in range(offset // plane, -(-(offset + size) // plane)):
            rest, z = divmod(number, image.size_z)
            t, c = divmod(rest, image.size_c)
            first = number * plane
            yield z, c, t, max(offset - first, 0), min(offset + size - first, plane)

    def setTile(self, call: Call, buf: bytes, z: int, c: int, t: int, x: int, y: int, w: int, h: int) -> None:
        """Store a rectangle at full size."""
        buffer = self._for_writing(call)
        image, _ = self.opened()
        self._check_plane(z, c, t)
        if w <= 0 or h <= 0 or x < 0 or y < 0 or x + w > image.size_x or y + h > image.size_y:
            raise errors.api_usage(f"tile {x},{y},{w},{h} lies outside {image.size_x} x {image.size_y}")
        buffer.write_tile(z, c, t, x, y, self._samples(buf, w, h))
        self.modified = True

    def setPlane(self, call: Call, buf: bytes, z: int, c: int, t: int) -> None:
        """Store a whole plane."""
        image, _ = self.opened()
        self.setTile(call, buf, z, c, t, 0, 0, image.size_x, image.size_y)

    def setRow(self, call: Call, buf: bytes, y: int, z: int, c: int, t: int) -> None:
        """Store one row."""
        self.setTile(call, buf, z, c, t, 0, y, self.opened()[0].size_x, 1)

    def setStack(self, call: Call, buf: bytes, z: int, c: int, t: int) -> None:
        """Store all sections of one channel and time point; `z` has no meaning."""
        image, _ = self.opened()
        plane = self._size(2)
        if len(buf) != plane * image.size_z:
            raise errors.api_usage(f"buf must hold {plane * image.size_z} bytes, not {len(buf)}")
        for section in range(image.size_z):
            self.setPlane(call, bytes(buf[section * plane : (section + 1) * plane]), section, c, t)

    def setTimepoint(self, call: Call, buf: bytes, t: int) -> None:
        """Store all channels of one time point."""
        image, _ = self.opened()
        stack = self._size(3)
        if len(buf) != stack * image.size_c:
            raise errors.api_usage(f"buf must hold {stack * image.size_c} bytes, not {len(buf)}")
        for c in range(image.size_c):
            self.setStack(call, bytes(buf[c * stack : (c + 1) * stack]), 0, c, t)

    def save(self, call: Call) -> Any:
        """Make what was written durable, compute the digest, and return the Pixels object."""
        image, _ = self.opened()
        self._finish(call)
        found = call.query("select p from Pixels p join fetch p.pixelsType where p.id = :id", id=image.id)
        return found[0] if found else None

    def calculateMessageDigest(self, call: Call) -> bytes:
        """SHA-1 over all planes."""
        image, buffer = self.opened()
        return bytes(_digest(image, buffer).digest())

    def getHistogram(
        self, call: Call, channels: Sequence[int], binCount: int, globalRange: bool, plane: Any
    ) -> dict[int, list[int]]:
        """Counts per channel over one plane, or a region of it, on the largest level that is not too large."""
        image, buffer = self.opened()
        z, t = (plane.z, plane.t) if plane is not None else (0, 0)
        check_section(image, z, t)
        if binCount > 1 << 16:
            raise errors.api_usage(f"binCount must be at most {1 << 16}, not {binCount}")
        sizes = buffer.level_sizes
        level = next((i for i, size in enumerate(sizes) if max(size) <= MAX_SIDE), None)
        if level is None:
            raise errors.api_usage(f"no resolution level is at most {MAX_SIDE} pixels wide and high")
        region = Region(0, 0, *sizes[level])
        if plane is not None and plane.region is not None:
            asked = plane.region
            region = clip_region(Region(asked.x, asked.y, asked.width, asked.height), *sizes[level])
        counts = {}
        for c in channels:
            _inside("channel", c, image.size_c)
            samples = buffer.read_tile(level, z, c, t, region.x, region.y, region.width, region.height)
            statistics = image.channels[c].statistics if globalRange else None
            counts[c] = histogram(samples, binCount, statistics).counts.tolist()
        return counts

    def findMinMax(self, call: Call, channels: Sequence[int]) -> dict[int, list[float]]:
        """Smallest and largest sample of channels in the first plane of an image."""
        image, buffer = self.opened()
        found = {}
        for c in channels:
            _inside("channel", c, image.size_c)
            samples = buffer.read_plane(0, c, 0)
            found[c] = [float(np.fmin.reduce(samples, axis=None)), float(np.fmax.reduce(samples, axis=None))]
        return found

    def _size(self, dimensions: int) -> int:
        image, _ = self.opened()
        samples = 1
        for size in (image.size_x, image.size_y, image.size_z, image.size_c, image.size_t)[:dimensions]:
            samples *= size
        return samples * image.type.bytes_per_sample

    def _check_plane(self, z: int, c: int, t: int) -> None:
        image, _ = self.opened()
        check_section(image, z, t)
        _inside("c", c, image.size_c)

    def _check_message(self, samples: int) -> None:
        size = samples * self.opened()[0].type.bytes_per_sample
        if size > _MESSAGE_LIMIT:
            raise errors.api_usage(
                f"{size} bytes do not fit into one message of {_MESSAGE_LIMIT}; ask for tiles"
            )

    def _for_writing(self, call: Call) -> PixelBuffer:
        image, buffer = self.opened()
        if self.writing:
            return buffer
        if not rights(call.context, MODEL["Pixels"], image.owner_id, image.group_id).edit:
            raise errors.security(f"user {call.context.user_name} may not write Pixels:{image.id}")
        level = self.level
        buffer = self.open(call, image, writable=True)
        self.level = level
        self.writing = True
        return buffer

    def _samples(self, buf: bytes, width: int, height: int) -> Array:
        type_ = self.opened()[0].type
        raw = bytes(buf)
        expected = (
            (width * height + 7) // 8 if type_.name == "bit" else width * height * type_.bytes_per_sample
        )
        if len(raw) != expected:
            raise errors.api_usage(
                f"buf must hold {expected} bytes for {width} x {height} samples, not {len(raw)}"
            )
        return decode(raw, type_, "big", width * height).reshape(height, width)

    def _finish(self, call: Call) -> None:
        if not self.modified or self.buffer is None or self.image is None:
            return
        image, buffer = self.image, self.buffer
        buffer.flush()
        self.modified = False
        digest = _digest(image, buffer).hexdigest()
        with call.write() as transaction:
            transaction.update("Pixels", image.id, {"sha1": digest})


def _inside(name: str, value: int, size: int) -> None:
    if not 0 <= value < size:
        raise errors.api_usage(f"{name} must lie in 0..{size - 1}, not {value}")


def _ranges(
    image: ImagePixels, offset: Sequence[int], size: Sequence[int], step: Sequence[int]
) -> list[range]:
    limits = (image.size_x, image.size_y, image.size_z, image.size_c, image.size_t)
    for name, values in (("offset", offset), ("size", size), ("step", step)):
        if len(values) != len(limits):
            raise errors.api_usage(f"{name} must have five entries: x, y, z, c, t")
    ranges = []
    for axis, start, extent, stride, limit in zip("xyzct", offset, size, step, limits, strict=True):
        if start < 0 or extent < 1 or stride < 1 or start + extent > limit:
            raise errors.api_usage(
                f"{axis}: offset {start}, size {extent} and step {stride} do not fit into {limit}"
            )
        ranges.append(range(start, start + extent, stride))
    return ranges


def _planes(image: ImagePixels, buffer: PixelBuffer) -> Iterator[Array]:
    for t in range(image.size_t):
        for c in range(image.size_c):
            for z in range(image.size_z):
                yield buffer.read_plane(z, c, t)


def _digest(image: ImagePixels, buffer: PixelBuffer) -> Any:
    """SHA-1 over all planes as big-endian bytes: z fastest, then c, then t."""
    digest = hashlib.sha1(usedforsecurity=False)
    for plane in _planes(image, buffer):
        digest.update(encode_big_endian(plane, image.type))
    return digest
