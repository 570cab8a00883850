"""The picture with one panel per channel. Source: contract/webgateway.md, section 7.1."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from omero_rendering import Model, label_size, split_layout
from omeroweb.webgateway import rendering
from omeroweb.webgateway.rendering import Picture

Array = np.ndarray[Any, np.dtype[Any]]

_LABEL_INSET = 2
_WHITE = (255, 255, 255)


def compose(conn: Any, picture: Picture) -> Array:
    """(y, x, 3) uint8: every active channel alone, then all of them together where the grid has room."""
    facts, settings = picture.facts, picture.settings
    layout = split_layout(settings.model, facts.size_c, facts.size_x, facts.size_y)
    canvas = Image.new("RGB", (layout.width, layout.height), _WHITE)
    points = label_size(facts.size_x)
    font = None if points is None else ImageFont.load_default(points)

    def paste(cell: int, panel: Picture, label: str) -> None:
        row, column = divmod(cell, layout.columns)
        image = Image.fromarray(np.ascontiguousarray(rendering.render(conn, panel)[..., :3]))
        if font is not None:
            ImageDraw.Draw(image).text((_LABEL_INSET, _LABEL_INSET), label, fill=_WHITE, font=font)
        left = layout.border + column * (facts.size_x + layout.border)
        top = layout.border + row * (facts.size_y + layout.border)
        canvas.paste(image, (left, top))

    for index, channel in enumerate(settings.channels):
        if not channel.active:
            continue
        alone = tuple(
            replace(other, active=position == index) for position, other in enumerate(settings.channels)
        )
        panel = replace(picture, settings=replace(settings, channels=alone))
        paste(index, panel, facts.channels[index].label(index))
    if facts.size_c < layout.columns * layout.rows:
        merged = replace(picture, settings=replace(settings, model=Model.RGB))
        paste(facts.size_c, merged, "merged")
    return np.asarray(canvas)
