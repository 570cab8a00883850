"""Regions of interest as JSON. Source: contract/webgateway.md, section 14."""

from __future__ import annotations

import re
from typing import Any

import omero.model as model
from omero.rtypes import unwrap

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_PAIR = re.compile(rf"({_NUMBER})\s*,\s*({_NUMBER})")
_LEGACY = re.compile(r"points\[([^\]]*)\]")

# Type names and the numbers that go with them, as attribute of the model object.
_NUMBERS: dict[type[Any], tuple[str, tuple[str, ...]]] = {
    model.RectangleI: ("Rectangle", ("x", "y", "width", "height")),
    model.MaskI: ("Mask", ("x", "y", "width", "height")),
    model.EllipseI: ("Ellipse", ("x", "y", "radiusX", "radiusY")),
    model.LineI: ("Line", ("x1", "x2", "y1", "y2")),
    model.PolylineI: ("PolyLine", ()),
    model.PolygonI: ("Polygon", ()),
    model.PointI: ("Point", ("x", "y")),
    model.LabelI: ("Label", ("x", "y")),
}


def rgb_int2rgba(rgb: int) -> tuple[int, int, int, float]:
    """Red, green, blue 0..255 and alpha 0..1 of a stored colour, a signed 32-bit number RRGGBBAA."""
    red, green, blue, alpha = (rgb % 2**32).to_bytes(4, "big")
    return red, green, blue, alpha / 255


def rgb_int2css(rgb: int) -> tuple[str, float]:
    """`#rrggbb` and alpha 0..1 of a stored colour."""
    red, green, blue, alpha = rgb_int2rgba(rgb)
    return f"#{red:02x}{green:02x}{blue:02x}", alpha


def point_texts(text: str) -> list[tuple[str, str]]:
    """Coordinates of a stored polyline as they are written there: OME form, or the content of `points[…]`."""
    legacy = _LEGACY.search(text)
    return _PAIR.findall(legacy.group(1) if legacy else text)


def stringToSvg(string: str) -> str:
    """SVG path `M x y L x y …` of a stored polyline; empty when there is none."""
    pairs = point_texts(string)
    return "M " + " L ".join(f"{x} {y}" for x, y in pairs) if pairs else ""


def points_string_to_XY_list(string: str) -> list[tuple[float, float]]:
    """Points of a stored polyline. Raises ValueError when there is none."""
    points = [(float(x), float(y)) for x, y in point_texts(string)]
    if not points:
        raise ValueError(f"No points in {string!r}")
    return points


def xy_list_to_bbox(xy_list: list[tuple[float, float]]) -> tuple[float, float, float, float]:
    """Smallest x and y, width and height of points."""
    xs, ys = zip(*xy_list, strict=True)
    return min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)


def shapeMarshal(shape: Any) -> dict[str, Any]:
    """One shape. Keys of unset values are left out."""
    found: dict[str, Any] = {"id": shape.id.val}
    for name in ("theT", "theZ"):
        _add(found, name, getattr(shape, name))
    kind, numbers = next(
        ((kind, numbers) for class_, (kind, numbers) in _NUMBERS.items() if isinstance(shape, class_)),
        (None, ()),
    )
    if kind is not None:
        found["type"] = kind
    for name in numbers:
        _add(found, name, getattr(shape, name))
    if kind == "PolyLine":
        found["points"] = stringToSvg(unwrap(shape.points) or "")
    elif kind == "Polygon":
        found["points"] = stringToSvg(unwrap(shape.points) or "") + " z"
    if kind in ("Line", "PolyLine"):
        _add(found, "markerStart", shape.markerStart)
        _add(found, "markerEnd", shape.markerEnd)
    _add_text(found, shape)
    if shape.transform is not None:
        matrix = (getattr(shape.transform, name).val for name in ("a00", "a10", "a01", "a11", "a02", "a12"))
        found["transform"] = f"matrix({' '.join(_decimal(value) for value in matrix)})"
    for name in ("fill", "stroke"):
        color = unwrap(getattr(shape, f"{name}Color"))
        if color is not None:
            found[f"{name}Color"], found[f"{name}Alpha"] = rgb_int2css(color)
    if shape.strokeWidth is not None:
        found["strokeWidth"] = shape.strokeWidth.getValue()
    return found


def roi(shapes_of: Any) -> dict[str, Any]:
    """A region of interest with its shapes by section and time point, those of all planes first."""
    shapes = sorted(
        (shapeMarshal(shape) for shape in shapes_of.copyShapes() if shape is not None),
        key=lambda shape: (shape.get("theZ", -1), shape.get("theT", -1)),
    )
    return {"id": shapes_of.id.val, "shapes": shapes}


def _add_text(found: dict[str, Any], shape: Any) -> None:
    text = unwrap(shape.textValue)
    if text is None:
        return
    found["textValue"] = text
    if shape.fontSize is not None:
        found["fontSize"] = shape.fontSize.getValue()
    _add(found, "fontStyle", shape.fontStyle)
    _add(found, "fontFamily", shape.fontFamily)


def _add(found: dict[str, Any], name: str, value: Any) -> None:
    value = unwrap(value)
    if value is not None:
        found[name] = value


def _decimal(value: float) -> str:
    """A number without exponent."""
    text = repr(float(value))
    return f"{value:.20f}".rstrip("0") if "e" in text else text
