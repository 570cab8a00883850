"""Pictures of single shapes. Source: contract/webgateway.md, section 6; contract/rendering.md, section 5.5."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import omero.model as model
from omero.rtypes import unwrap
from PIL import Image, ImageDraw, ImageFont

from omero_rendering import Region, RenderingSettings
from omeroweb.errors import NotFound
from omeroweb.webgateway import rendering
from omeroweb.webgateway.queries.limits import Limits
from omeroweb.webgateway.rendering import Picture
from omeroweb.webgateway.shapes import points_string_to_XY_list, rgb_int2rgba, xy_list_to_bbox

Array = np.ndarray[Any, np.dtype[Any]]

WIDTH = 250
_SMALLEST = (250, 166)
_OUTSIDE = (221, 221, 221)
_LINE_WIDTH = 2
_POINT_SIDE = 100
_POINT_RADIUS = 2
_COLORS = {
    "f00": (255, 0, 0),
    "0f0": (0, 255, 0),
    "00f": (0, 0, 255),
    "ff0": (255, 255, 0),
    "fff": (255, 255, 255),
    "000": (0, 0, 0),
}
_DEFAULT_FILL = (255, 255, 0, 255)

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Outline:
    """What is drawn of a shape, in full-resolution pixels.

    kind: rectangle, ellipse, line (open), polygon (closed), point or none. points: corners.
    """

    kind: str
    points: tuple[Point, ...]
    bounds: tuple[float, float, float, float]


def outline(shape: Any) -> Outline:
    """Bounding box (x, y, width, height) and outline of a shape. Raises NotFound for shapes without a place."""
    try:
        return _outline(shape)
    except (AttributeError, ValueError) as error:
        raise NotFound(f"Shape:{shape.id.val} has no place: {error}") from error


def _outline(shape: Any) -> Outline:
    if isinstance(shape, (model.RectangleI, model.MaskI)):
        x, y, width, height = (float(getattr(shape, name).val) for name in ("x", "y", "width", "height"))
        kind = "none" if isinstance(shape, model.MaskI) else "rectangle"
        return Outline(kind, ((x, y), (x + width, y + height)), (x, y, width, height))
    if isinstance(shape, model.EllipseI):
        x, y, radius_x, radius_y = (
            int(getattr(shape, name).val) for name in ("x", "y", "radiusX", "radiusY")
        )
        box = (x - radius_x, y - radius_y, 2 * radius_x, 2 * radius_y)
        return Outline("ellipse", ((box[0], box[1]), (x + radius_x, y + radius_y)), box)
    if isinstance(shape, model.LineI):
        x1, y1, x2, y2 = (int(getattr(shape, name).val) for name in ("x1", "y1", "x2", "y2"))
        return Outline("line", ((x1, y1), (x2, y2)), xy_list_to_bbox([(x1, y1), (x2, y2)]))
    if isinstance(shape, (model.PolylineI, model.PolygonI)):
        points = points_string_to_XY_list(unwrap(shape.points) or "")
        kind = "polygon" if isinstance(shape, model.PolygonI) else "line"
        return Outline(kind, tuple(points), xy_list_to_bbox(points))
    if isinstance(shape, (model.PointI, model.LabelI)):
        x, y = shape.x.val, shape.y.val
        kind = "point" if isinstance(shape, model.PointI) else "none"
        half = _POINT_SIDE / 2
        return Outline(kind, ((x, y),), (x - half, y - half, _POINT_SIDE, _POINT_SIDE))
    raise NotFound(f"Shapes of type {type(shape).__name__} have no picture")


def choose(shapes: list[Any], settings: RenderingSettings) -> Any | None:
    """The shape of a region that stands for it: one on the plane that opens first, if there is any."""
    if len(shapes) <= 1:
        return shapes[0] if shapes else None
    in_time = [shape for shape in shapes if unwrap(shape.theT) in (None, settings.default_t)]
    if len(in_time) == 1:
        return in_time[0]
    in_place = [shape for shape in in_time if unwrap(shape.theZ) in (None, settings.default_z)]
    return in_place[0] if in_place else shapes[0]


def window_around(bounds: tuple[float, float, float, float]) -> Region:
    """The part of the plane that is shown: 3:2, half as large again as the shape, not smaller than 250 x 166."""
    x, y, width, height = bounds
    wide = int(max(width, 3 * height // 2))
    high = 2 * wide // 3
    shown_width, shown_height = int(wide * 1.5), int(high * 1.5)
    if shown_width < _SMALLEST[0]:
        shown_width, shown_height = _SMALLEST
    return Region(
        int(x + width / 2 - shown_width / 2),
        int(y + height / 2 - shown_height / 2),
        shown_width,
        shown_height,
    )


def draw(conn: Any, base: Picture, shape: Any, color: str, limits: Limits) -> Array:
    """(y, x, 3) uint8, 250 wide: the shape's surroundings with its outline. base: settings and facts to render with."""
    found = outline(shape)
    window = window_around(found.bounds)
    if window.width > limits.max_plane_width or window.height > limits.max_plane_height:
        return _too_large()
    facts = base.facts
    canvas = Image.new("RGB", (window.width, window.height), _OUTSIDE)
    left, top = max(0, window.x), max(0, window.y)
    right = min(facts.size_x, window.x + window.width)
    bottom = min(facts.size_y, window.y + window.height)
    if right > left and bottom > top:
        part = replace(base, region=Region(left, top, right - left, bottom - top), level=0)
        pixels = np.ascontiguousarray(rendering.render(conn, part)[..., :3])
        canvas.paste(Image.fromarray(pixels), (left - window.x, top - window.y))
    scale = WIDTH / window.width
    canvas = canvas.resize((WIDTH, max(1, int(window.height * scale))))
    _draw_outline(ImageDraw.Draw(canvas), found, window, scale, _COLORS.get(color, _COLORS["f00"]))
    return np.asarray(canvas)


def _draw_outline(
    pen: ImageDraw.ImageDraw, found: Outline, window: Region, scale: float, color: tuple[int, int, int]
) -> None:
    points = [((x - window.x) * scale, (y - window.y) * scale) for x, y in found.points]
    if found.kind == "rectangle":
        pen.rectangle([points[0], points[1]], outline=color, width=_LINE_WIDTH)
    elif found.kind == "ellipse":
        pen.ellipse([points[0], points[1]], outline=color, width=_LINE_WIDTH)
    elif found.kind == "line":
        pen.line(points, fill=color, width=_LINE_WIDTH)
    elif found.kind == "polygon":
        pen.line([*points, points[0]], fill=color, width=_LINE_WIDTH)
    elif found.kind == "point":
        ((x, y),) = points
        box = (x - _POINT_RADIUS, y - _POINT_RADIUS, x + _POINT_RADIUS, y + _POINT_RADIUS)
        pen.ellipse(box, outline=color, width=_LINE_WIDTH)


def _too_large() -> Array:
    canvas = Image.new("RGB", _SMALLEST, _OUTSIDE)
    ImageDraw.Draw(canvas).multiline_text(
        (10, 60), "Shape too large to\ngenerate thumbnail", fill=(255, 0, 0), font=ImageFont.load_default(20)
    )
    return np.asarray(canvas)


def mask_picture(mask: Any) -> Array:
    """(y, x, 4) uint8: a mask's set bits in its fill colour, the others transparent. Raises NotFound without bits."""
    if not isinstance(mask, model.MaskI) or mask.bytes is None:
        raise NotFound(f"Shape:{mask.id.val} is not a mask")
    width, height = int(mask.width.val), int(mask.height.val)
    packed = mask.bytes.val if hasattr(mask.bytes, "val") else mask.bytes
    bits = np.unpackbits(np.frombuffer(bytes(packed), np.uint8))
    if width <= 0 or height <= 0 or bits.size < width * height:
        raise NotFound(f"Shape:{mask.id.val} has fewer bits than {width} x {height}")
    fill = unwrap(mask.fillColor)
    color = _DEFAULT_FILL
    if fill is not None:
        red, green, blue, alpha = rgb_int2rgba(fill)
        color = (red, green, blue, round(alpha * 255))
    picture = np.zeros((height, width, 4), np.uint8)
    picture[bits[: width * height].reshape(height, width).astype(bool)] = color
    return picture
