"""Files from pictures: JPEG with the quantisation tables that clients know, and PNG.

Source: contract/rendering.md, sections 5.7 and 6.
"""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO

import numpy as np
from PIL import Image

from omero_rendering.errors import RenderingError
from omero_rendering.pixel_types import Array

DEFAULT_QUALITY = 0.85
_JFIF_MINOR_VERSION_OFFSET = 12
_JPEG_MAX_SIDE = 65535

# ITU-T T.81, Annex K, tables K.1 and K.2, row by row.
_LUMINANCE = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)
_CHROMINANCE = (
    (17, 18, 24, 47, 99, 99, 99, 99),
    (18, 21, 26, 66, 99, 99, 99, 99),
    (24, 26, 56, 99, 99, 99, 99, 99),
    (47, 66, 99, 99, 99, 99, 99, 99),
    (99, 99, 99, 99, 99, 99, 99, 99),
    (99, 99, 99, 99, 99, 99, 99, 99),
    (99, 99, 99, 99, 99, 99, 99, 99),
    (99, 99, 99, 99, 99, 99, 99, 99),
)


@lru_cache(maxsize=128)
def quantization_tables(quality: float) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Luminance and chrominance tables, 64 entries each, row-major. quality is cut to 0.01..1.

    Raises RenderingError when quality is not a number.
    """
    if np.isnan(quality):
        raise RenderingError("quality must be a number")
    q = np.float32(0.01 if quality <= 0 else min(quality, 1.0))
    factor = np.float32(0.5) / q if q < 0.5 else np.float32(2) - np.float32(2) * q
    luminance, chrominance = (
        tuple(
            int(entry)
            for entry in np.clip(
                np.trunc(np.array(table, np.float32).ravel() * factor + np.float32(0.5)), 1, 255
            )
        )
        for table in (_LUMINANCE, _CHROMINANCE)
    )
    return luminance, chrominance


def encode_jpeg(picture: Array, quality: float = DEFAULT_QUALITY) -> bytes:
    """Baseline JPEG, 4:2:0, of a picture (y, x, 3) or (y, x, 4) uint8; a fourth byte is ignored.

    quality: 0..1; above 1 means 1, 0 and below 0.01. Raises RenderingError for other shapes and types, and for sides
    that JPEG cannot hold.
    """
    image = _image(picture)
    if max(image.size) > _JPEG_MAX_SIDE:
        raise RenderingError(f"a JPEG side can have {_JPEG_MAX_SIDE} pixels, not {max(image.size)}")
    luminance, chrominance = quantization_tables(float(quality))
    output = BytesIO()
    image.save(output, "JPEG", qtables=[list(luminance), list(chrominance)], subsampling=2)
    # Pillow writes JFIF 1.01; equal pictures should be equal files, also to those of other servers, which say 1.02.
    output.getbuffer()[_JFIF_MINOR_VERSION_OFFSET] = 2
    return output.getvalue()


def encode_png(picture: Array, compression: int = 6) -> bytes:
    """PNG, RGB, of a picture (y, x, 3) or (y, x, 4) uint8; a fourth byte is ignored. compression: 0..9."""
    output = BytesIO()
    image = _image(picture)
    image.convert("RGB").save(output, "PNG", compress_level=compression)
    return output.getvalue()


def _image(picture: Array) -> Image.Image:
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] not in (3, 4) or not picture.size:
        raise RenderingError(f"a picture must be (y, x, 3 or 4) uint8, not {picture.shape} {picture.dtype}")
    height, width, components = picture.shape
    mode = "RGB" if components == 3 else "RGBX"
    return Image.frombuffer(mode, (width, height), np.ascontiguousarray(picture), "raw", mode, 0, 1)
