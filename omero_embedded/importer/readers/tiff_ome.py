"""Images of OME-TIFF files: which page holds which plane, as the OME-XML says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ...pixels.buffer import Array
from ..metadata import ImageMetadata
from .ome_xml import OmeImage
from .reader import UnreadableFile
from .tiff_pages import PageRows, page_type, pixel_type, samples_of

_ORDERS = ("XYZCT", "XYZTC", "XYCTZ", "XYCZT", "XYTCZ", "XYTZC")

OpenFile = Callable[[str | None], Any]
"""Gives the open TIFF of a file name in the document; None means the file itself."""


class OmePlanes:
    """Where the planes of one image are."""

    def __init__(self, image: OmeImage, open_file: OpenFile, first_page: int, rows: PageRows) -> None:
        self._rows = rows
        self._open_file = open_file
        metadata = image.metadata
        self._order = metadata.dimension_order if metadata.dimension_order in _ORDERS else "XYZCT"
        self._pages: dict[tuple[int, int, int], tuple[str | None, int]] = {}
        begin = self._begin(image, first_page)
        self.page = self._page(*begin)
        self.samples = samples_of(self.page)
        if metadata.size_c % self.samples:
            raise UnreadableFile(
                f"SizeC {metadata.size_c} of the OME-XML does not fit {self.samples} samples per pixel"
            )
        self._sizes = {
            "Z": metadata.size_z,
            "C": metadata.size_c // self.samples,
            "T": metadata.size_t,
        }
        self._locate(image, first_page)
        for axis, size, found in (
            ("X", metadata.size_x, self.page.imagewidth),
            ("Y", metadata.size_y, self.page.imagelength),
        ):
            if size != found:
                raise UnreadableFile(f"Size{axis} of the OME-XML is {size}, that of the page is {found}")
        dtype = page_type(self.page)
        self.metadata: ImageMetadata = replace(
            metadata, pixel_type=pixel_type(dtype), dimension_order=self._order
        )
        self._dtype = dtype

    @property
    def page_count(self) -> int:
        """Pages of the image when they follow each other."""
        return self._sizes["Z"] * self._sizes["C"] * self._sizes["T"]

    def _begin(self, image: OmeImage, first_page: int) -> tuple[str | None, int]:
        for data in image.tiff_data:
            return data.file, data.ifd or 0
        return None, first_page

    def _locate(self, image: OmeImage, first_page: int) -> None:
        """Fill the table of pages by (z, page's channel, t)."""
        if not image.tiff_data:
            for number in range(self.page_count):
                self._pages[self._plane(number)] = None, first_page + number
        for data in image.tiff_data:
            count = data.count
            if count is None:
                count = 1 if data.ifd is not None or len(image.tiff_data) > 1 else self.page_count
            start = self._number(data.first_z, data.first_c, data.first_t)
            for offset in range(min(count, self.page_count - start)):
                self._pages[self._plane(start + offset)] = data.file, (data.ifd or 0) + offset

    def _number(self, z: int, c: int, t: int) -> int:
        at = {"Z": z, "C": c, "T": t}
        number = 0
        for axis in reversed(self._order[2:]):
            number = number * self._sizes[axis] + at[axis]
        return number

    def _plane(self, number: int) -> tuple[int, int, int]:
        at = {}
        for axis in self._order[2:]:
            number, at[axis] = divmod(number, self._sizes[axis])
        return at["Z"], at["C"], at["T"]

    def _page(self, file: str | None, number: int) -> Any:
        tiff = self._open_file(file)
        try:
            page = tiff.pages[number]
        except IndexError:
            raise UnreadableFile(f"page {number + 1} that the OME-XML names is missing") from None
        return page.aspage() if page.is_frame else page

    def read_rows(self, z: int, c: int, t: int, y: int, height: int) -> Array:
        """Rows of one plane; zeros where the document names no page."""
        channel, sample = divmod(c, self.samples)
        place = self._pages.get((z, channel, t))
        if place is None:
            return np.zeros((height, self.metadata.size_x), self._dtype)
        page = self._page(*place)
        if (page.imagewidth, page.imagelength) != (self.metadata.size_x, self.metadata.size_y):
            raise UnreadableFile(f"page {place[1] + 1} has another size than the first one")
        return self._rows.read(page, sample, y, height)
