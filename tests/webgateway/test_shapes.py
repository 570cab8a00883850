"""contract/webgateway.md, section 14."""

from __future__ import annotations

import pytest
from omero.model import AffineTransformI, EllipseI, LabelI, LengthI, LineI, PolygonI, PolylineI, RoiI
from omero.rtypes import rdouble, rint, rlong, rstring

from omeroweb.webgateway.shapes import (
    points_string_to_XY_list,
    rgb_int2css,
    rgb_int2rgba,
    roi,
    shapeMarshal,
    stringToSvg,
    xy_list_to_bbox,
)


@pytest.mark.parametrize(
    ("stored", "css"), [(-256, ("#ffffff", 0.0)), (0x112233FF, ("#112233", 1.0)), (-1, ("#ffffff", 1.0))]
)
def test_colours_are_rgba(stored: int, css: tuple[str, float]) -> None:
    assert rgb_int2css(stored) == css


def test_alpha_is_a_fraction() -> None:
    assert rgb_int2rgba(0x01020340) == (1, 2, 3, 64 / 255)


@pytest.mark.parametrize(
    ("stored", "svg"),
    [
        ("1.5,2 3,4", "M 1.5 2 L 3 4"),
        ("points[1,2, 3,4] points1[5,6] points2[7,8] mask[0,0]", "M 1 2 L 3 4"),
        ("-5,10 1e3,-2", "M -5 10 L 1e3 -2"),
        ("", ""),
        ("nothing", ""),
    ],
)
def test_points_become_a_path(stored: str, svg: str) -> None:
    assert stringToSvg(stored) == svg


def test_points_have_a_bounding_box() -> None:
    points = points_string_to_XY_list("1,2 5,-4, 3,3")
    assert points == [(1, 2), (5, -4), (3, 3)]
    assert xy_list_to_bbox(points) == (1, -4, 4, 7)


def test_no_points_are_an_error() -> None:
    with pytest.raises(ValueError, match="No points"):
        points_string_to_XY_list("")


def test_an_ellipse_has_centre_radii_and_style() -> None:
    shape = EllipseI()
    shape.id = rlong(900)
    shape.theT, shape.theZ = rint(0), rint(3)
    shape.x, shape.y, shape.radiusX, shape.radiusY = map(rdouble, (120, 80.5, 20, 12))
    shape.textValue = rstring("nucleus")
    shape.fontSize = LengthI(12.0, "POINT")
    shape.strokeColor = rint(-1)
    shape.strokeWidth = LengthI(1.0, "PIXEL")
    found = shapeMarshal(shape)
    assert {name: found[name] for name in ("id", "theT", "theZ", "type", "x", "radiusY")} == {
        "id": 900,
        "theT": 0,
        "theZ": 3,
        "type": "Ellipse",
        "x": 120.0,
        "radiusY": 12.0,
    }
    assert (found["textValue"], found["fontSize"], found["strokeWidth"]) == ("nucleus", 12.0, 1.0)
    assert "fillColor" not in found


def test_unset_values_are_left_out() -> None:
    shape = LabelI()
    shape.id = rlong(1)
    assert shapeMarshal(shape) == {"id": 1, "type": "Label"}


def test_the_font_belongs_to_the_text() -> None:
    shape = LabelI()
    shape.id = rlong(1)
    shape.fontFamily = rstring("serif")
    assert "fontFamily" not in shapeMarshal(shape)
    shape.textValue = rstring("")
    assert shapeMarshal(shape)["fontFamily"] == "serif"


def test_lines_have_markers() -> None:
    shape = LineI()
    shape.id = rlong(1)
    shape.markerEnd = rstring("Arrow")
    assert shapeMarshal(shape) == {"id": 1, "type": "Line", "markerEnd": "Arrow"}


def test_polygons_are_closed() -> None:
    shape = PolygonI()
    shape.id = rlong(1)
    shape.points = rstring("10,10 40,12")
    assert shapeMarshal(shape)["points"] == "M 10 10 L 40 12 z"
    shape.points = None
    assert shapeMarshal(shape)["points"] == " z"


def test_transforms_are_decimal() -> None:
    shape = PolylineI()
    shape.id = rlong(1)
    shape.transform = AffineTransformI()
    for name, value in zip(("a00", "a10", "a01", "a11", "a02", "a12"), (1, 1e-7, 0, 1, 10.5, 0), strict=True):
        setattr(shape.transform, name, rdouble(value))
    assert shapeMarshal(shape)["transform"] == "matrix(1.0 0.0000001 0.0 1.0 10.5 0.0)"


def test_shapes_of_all_planes_come_first() -> None:
    region = RoiI()
    region.id = rlong(5)
    for id_, z in ((1, 2), (2, None), (3, 0)):
        shape = LabelI()
        shape.id = rlong(id_)
        shape.theZ = None if z is None else rint(z)
        region.addShape(shape)
    assert [shape["id"] for shape in roi(region)["shapes"]] == [2, 3, 1]
