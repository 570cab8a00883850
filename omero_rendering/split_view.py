"""The split-channel view: one panel per channel. Source: contract/rendering.md, section 5.6."""

from __future__ import annotations

import math
from dataclasses import dataclass

from omero_rendering.settings import Model

BORDER = 2
_LABEL_SIZES = ((512, 24), (384, 18), (298, 14), (256, 12), (213, 10), (96, 8))


@dataclass(frozen=True, slots=True)
class SplitLayout:
    """Canvas of the split-channel view, in pixels, and its grid of panels."""

    width: int
    height: int
    border: int
    columns: int
    rows: int


def split_layout(model: Model, size_c: int, size_x: int, size_y: int, border: int = BORDER) -> SplitLayout:
    """Canvas for every channel alone, and in colour for all together as well."""
    panels = size_c if model is Model.GREYSCALE else size_c + 1
    root = math.sqrt(panels)
    rows = round(root)
    columns = rows + 1 if root > rows else rows
    return SplitLayout(
        width=size_x * columns + border * (columns + 1),
        height=size_y * rows + border * (rows + 1),
        border=border,
        columns=columns,
        rows=rows,
    )


def label_size(size_x: int) -> int | None:
    """Font size of panel labels for panels `size_x` wide; None when they are too narrow for labels."""
    if size_x >= 640:
        return min(64, (size_x - 640) // 128 * 8 + 24)
    return next((points for width, points in _LABEL_SIZES if size_x >= width), None)
