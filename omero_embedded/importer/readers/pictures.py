"""Ordinary pictures: PNG, JPEG, BMP and GIF."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import imagecodecs
import numpy as np
from PIL import Image, UnidentifiedImageError

from ...pixels.buffer import Array
from ..metadata import ChannelMetadata, FileMetadata, ImageMetadata
from .reader import UnreadableFile

MAX_SAMPLES = 1 << 32
"""Samples of a picture that can be held in memory."""

_FORMATS = {"PNG": "APNG", "JPEG": "JPEG", "MPO": "JPEG", "BMP": "BMP", "GIF": "GIF"}
"""Value of the enumeration Format by Pillow's name."""
_TYPES = {"uint8": "uint8", "uint16": "uint16", "int32": "int32", "float32": "float"}


class PictureType:
    """Opens pictures with Pillow."""

    suffixes: Sequence[str] = (".png", ".jpg", ".jpeg", ".jpe", ".bmp", ".gif")

    def open(self, path: Path) -> PictureReader:
        """Open and decode a picture. Raises UnreadableFile when it is none, OSError when it is cut short."""
        return PictureReader(path)


class PictureReader:
    """A picture, decoded as a whole; frames of an animation are time points."""

    def __init__(self, path: Path) -> None:
        # The size is checked here against what fits, not against what a web page would show.
        Image.MAX_IMAGE_PIXELS = None
        try:
            opened = Image.open(path)
        except UnidentifiedImageError:
            raise UnreadableFile("the content is no PNG, JPEG, BMP or GIF picture") from None
        with opened as picture:
            if picture.format not in _FORMATS:
                raise UnreadableFile(f"the content is {picture.format}, which the name does not say")
            frames = getattr(picture, "n_frames", 1) if picture.format == "GIF" else 1
            if picture.width * picture.height * 4 * frames > MAX_SAMPLES:
                raise UnreadableFile(
                    f"{picture.width} × {picture.height} pixels are too many for this format"
                )
            self._frames = []
            for frame in range(frames):
                picture.seek(frame)
                self._frames.append(_samples(picture, path))
            format_ = _FORMATS[picture.format]
        if len({frame.shape for frame in self._frames}) > 1:
            self._frames = [_as_rgba(frame) for frame in self._frames]
        height, width, channels = self._frames[0].shape
        self.files: Sequence[Path] = (path,)
        self.metadata = FileMetadata(
            format_,
            (
                ImageMetadata(
                    name=None,
                    pixel_type=_TYPES[self._frames[0].dtype.name],
                    size_x=width,
                    size_y=height,
                    size_z=1,
                    size_c=channels,
                    size_t=len(self._frames),
                    channels=(ChannelMetadata(samples_per_pixel=channels),) * channels,
                    is_graphics=True,
                ),
            ),
        )

    def read_rows(self, image: int, z: int, c: int, t: int, y: int, height: int) -> Array:
        """Rows of one colour."""
        return self._frames[t][y : y + height, :, c]

    def close(self) -> None:
        """Forget the picture."""
        self._frames = []

    def __enter__(self) -> PictureReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _samples(picture: Image.Image, path: Path) -> Array:
    """The current frame: (y, x, channel)."""
    if picture.format == "PNG" and _png_depth(path) == 16 and picture.mode not in ("I;16", "I;16B", "I"):
        # Pillow has no colour pictures of 16 bits and would drop the lower ones.
        decoded: Array = imagecodecs.png_decode(path.read_bytes())
        return decoded
    if picture.mode == "P":
        picture = picture.convert("RGBA" if "transparency" in picture.info else "RGB")
    elif picture.mode in ("1", "PA", "La"):
        picture = picture.convert({"1": "L", "PA": "RGBA", "La": "RGBA"}[picture.mode])
    elif picture.mode == "LA":
        opaque = picture.getextrema()[1] == (255, 255)
        picture = picture.convert("L" if opaque else "RGBA")
    elif picture.mode not in ("L", "RGB", "RGBA", "I", "I;16", "I;16B", "F"):
        picture = picture.convert("RGB")
    samples = np.asarray(picture)
    if samples.dtype == np.int32 and path.suffix.lower() == ".png":
        samples = samples.astype(np.uint16)
    return samples[..., np.newaxis] if samples.ndim == 2 else samples


def _png_depth(path: Path) -> int:
    with path.open("rb") as file:
        return file.read(25)[24]


def _as_rgba(frame: Array) -> Array:
    """Frames of one animation may differ in their channels."""
    if frame.shape[2] == 1:
        frame = frame.repeat(3, axis=2)
    if frame.shape[2] == 4:
        return frame
    return np.concatenate([frame, np.full((*frame.shape[:2], 1), 255, frame.dtype)], axis=2)
