"""A plate as a grid of images. Source: contract/webgateway.md, section 10.2."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse
from omero.rtypes import unwrap

from omeroweb.webgateway.queries import listings, plates

LAYOUTS = ("expand", "shrink", "trim")
_EXPANDED_ROWS, _EXPANDED_COLUMNS = 8, 12


@dataclass(frozen=True, slots=True)
class Bounds:
    """Rows and columns of a grid, 0-based, ends exclusive."""

    first_row: int
    end_row: int
    first_column: int
    end_column: int


def bounds(layout: str, places: list[tuple[int, int]]) -> Bounds:
    """What part of the plate a layout shows. places: (row, column) of all wells."""
    end_row = max((row for row, _ in places), default=-1) + 1
    end_column = max((column for _, column in places), default=-1) + 1
    if layout == "shrink":
        return Bounds(
            min((row for row, _ in places), default=0),
            end_row,
            min((column for _, column in places), default=0),
            end_column,
        )
    if layout == "trim":
        return Bounds(0, end_row, 0, end_column)
    rows, columns = _EXPANDED_ROWS, _EXPANDED_COLUMNS
    while rows < end_row or columns < end_column:
        rows, columns = 2 * rows, 2 * columns
    return Bounds(0, rows, 0, columns)


def letters(index: int) -> str:
    """Spreadsheet name of a 0-based row: A … Z, AA …"""
    text = ""
    index += 1
    while index:
        index, digit = divmod(index - 1, 26)
        text = chr(ord("A") + digit) + text
    return text


class PlateGrid:
    """Images of one field of a plate, as rows of cells.

    thumbprefix: URL name of thumbnails, or a function from image id to address. acqid: count fields from the first
    one of this acquisition. `plate` is None when the user sees no such plate.
    """

    def __init__(
        self,
        conn: Any,
        pid: int,
        fid: int,
        thumbprefix: str | Callable[[int], str] = "webgateway_render_thumbnail",
        plate_layout: str = "expand",
        acqid: int | None = None,
    ) -> None:
        self._conn = conn
        self._plate_id = int(pid)
        self._field = int(fid or 0)
        self._acquisition_id = None if acqid is None else int(acqid)
        self._layout = plate_layout if plate_layout in LAYOUTS else settings.PLATE_LAYOUT
        self._thumbnail = (
            thumbprefix if callable(thumbprefix) else lambda image_id: reverse(thumbprefix, args=(image_id,))
        )
        self.plate = plates.plate(conn, self._plate_id)

    @property
    def metadata(self) -> dict[str, Any]:
        """The grid with its labels."""
        found = plates.fields(self._conn, self._plate_id, self._field, self._acquisition_id)
        images = plates.images(self._conn, (field.image_id for field in found))
        limits = bounds(self._layout, plates.used_places(self._conn, self._plate_id))
        grid: list[list[dict[str, Any] | None]] = [
            [None] * (limits.end_column - limits.first_column)
            for _ in range(limits.end_row - limits.first_row)
        ]
        sizes: list[Any] = []
        for field in found:
            image = images.get(field.image_id)
            if image is None:
                continue
            cell = listings.simple_image(image, self._thumbnail)
            cell["date"] = listings.image_date(image)
            cell.update(wellId=field.well_id, field=self._field)
            grid[field.row - limits.first_row][field.column - limits.first_column] = cell
            if not sizes and (size := plates.image_size(self._conn, field.image_id)) is not None:
                sizes.append({"x": size[0], "y": size[1], "image_id": field.image_id})
        return {
            "grid": grid,
            "rowlabels": self._labels("rowNamingConvention", "letter", limits.first_row, limits.end_row),
            "collabels": self._labels(
                "columnNamingConvention", "number", limits.first_column, limits.end_column
            ),
            "image_sizes": sizes,
        }

    def _labels(self, convention: str, usual: str, first: int, end: int) -> list[str | int]:
        chosen = unwrap(getattr(self.plate, convention)) or usual
        if chosen == "letter":
            return [letters(index) for index in range(first, end)]
        return [index + 1 for index in range(first, end)]
