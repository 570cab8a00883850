"""IRoi.getShapeStatsRestricted and byte regions of RawPixelsStore (contract/server.md, sections 2.16 and 2.19)."""

from __future__ import annotations

from typing import Any

import numpy as np
import omero
import omero.model as model
import pytest
from omero.rtypes import rdouble, rint, rstring

SAMPLES = np.random.default_rng(7).integers(0, 60000, (2, 2, 3, 40, 60)).astype(np.uint16)
"""(t, c, z, y, x)"""


@pytest.fixture
def ann(make_user: Any, gateway: Any) -> Any:
    return gateway(make_user())


@pytest.fixture
def image(ann: Any) -> Any:
    planes = (SAMPLES[t, c, z] for z in range(3) for c in range(2) for t in range(2))
    return ann.createImageFromNumpySeq(planes, "noise", sizeZ=3, sizeC=2, sizeT=2)


def shape(kind: Any, z: int | None = None, t: int | None = None, **values: float) -> Any:
    made = kind()
    for name, value in values.items():
        setattr(made, name, rdouble(value))
    made.theZ, made.theT = (None if place is None else rint(place) for place in (z, t))
    return made


def stats(gateway: Any, image: Any, *shapes: Any, z: int = 0, t: int = 0, channels: Any = ()) -> list[Any]:
    roi = model.RoiI()
    roi.image = model.ImageI(image.id, False)
    for one in shapes:
        roi.addShape(one)
    saved = gateway.getUpdateService().saveAndReturnObject(roi)
    ids = [one.id.val for one in saved.copyShapes()]
    found = gateway.c.sf.getRoiService().getShapeStatsRestricted(ids, z, t, list(channels))
    assert [one.shapeId for one in found] == ids
    return found


def check(found: Any, expected: list[np.ndarray]) -> None:
    assert found.pointsCount == [part.size for part in expected]
    assert found.min == [part.min() for part in expected] and found.max == [part.max() for part in expected]
    assert np.allclose(found.sum, [part.sum() for part in expected])
    assert np.allclose(found.mean, [part.mean() for part in expected])
    assert np.allclose(found.stdDev, [part.std(ddof=1) for part in expected])


def test_rectangle_on_its_own_plane(ann: Any, image: Any) -> None:
    (found,) = stats(ann, image, shape(model.RectangleI, z=2, t=1, x=5, y=6, width=10, height=4), z=0, t=0)
    assert found.channelIds == [0, 1]
    check(found, [SAMPLES[1, c, 2, 6:10, 5:15] for c in range(2)])


def test_rectangle_without_plane_is_measured_where_asked_and_clipped(ann: Any, image: Any) -> None:
    (found,) = stats(
        ann, image, shape(model.RectangleI, x=50, y=-5, width=100, height=10), z=1, t=1, channels=[1]
    )
    assert found.channelIds == [1]
    check(found, [SAMPLES[1, 1, 1, 0:5, 50:60]])


def test_ellipse(ann: Any, image: Any) -> None:
    (found,) = stats(ann, image, shape(model.EllipseI, x=30, y=20, radiusX=12, radiusY=8), channels=[0])
    y, x = np.mgrid[0:40, 0:60] + 0.5
    check(found, [SAMPLES[0, 0, 0][((x - 30) / 12) ** 2 + ((y - 20) / 8) ** 2 <= 1]])


def test_polygon(ann: Any, image: Any) -> None:
    triangle = model.PolygonI()
    triangle.points = rstring("10,10 30,10 10,30")
    (found,) = stats(ann, image, triangle, channels=[0])
    y, x = np.mgrid[0:40, 0:60] + 0.5
    check(found, [SAMPLES[0, 0, 0][(x >= 10) & (y >= 10) & (x + y < 40)]])


def test_mask(ann: Any, image: Any) -> None:
    cells = np.random.default_rng(2).random((7, 9)) < 0.5
    mask = shape(model.MaskI, x=20, y=10, width=9, height=7)
    mask.bytes = np.packbits(cells).tobytes()
    (found,) = stats(ann, image, mask, channels=[0])
    check(found, [SAMPLES[0, 0, 0, 10:17, 20:29][cells]])


def test_transform_moves_and_scales(ann: Any, image: Any) -> None:
    moved = shape(model.RectangleI, x=1, y=2, width=5, height=3)
    moved.transform = shape_transform(a00=2, a10=0, a01=0, a11=2, a02=10, a12=4)
    (found,) = stats(ann, image, moved, channels=[0])
    check(found, [SAMPLES[0, 0, 0, 8:14, 12:22]])


def shape_transform(**values: float) -> Any:
    transform = model.AffineTransformI()
    for name, value in values.items():
        setattr(transform, name, rdouble(value))
    return transform


def test_shapes_without_area_or_outside_have_no_points(ann: Any, image: Any) -> None:
    line = shape(model.LineI, x1=0, y1=0, x2=5, y2=5)
    outside = shape(model.RectangleI, x=500, y=500, width=5, height=5)
    far = shape(model.RectangleI, x=1e308, y=0, width=1e308, height=5)
    first, second, third = stats(ann, image, line, outside, far, channels=[0])
    assert third.pointsCount == [0]
    assert first.pointsCount == [] and second.pointsCount == [0] and second.max == [0.0]


def test_bad_arguments_are_refused(ann: Any, image: Any) -> None:
    box = {"x": 0, "y": 0, "width": 5, "height": 5}
    for place in ({"z": 3}, {"t": -1}, {"channels": [2]}):
        with pytest.raises(omero.ApiUsageException):
            stats(ann, image, shape(model.RectangleI, **box), **place)
    with pytest.raises(omero.ValidationException):
        ann.c.sf.getRoiService().getShapeStatsRestricted([987654321], 0, 0, [])


def test_byte_regions_are_read_and_written(ann: Any, image: Any) -> None:
    everything = SAMPLES.astype(">u2").tobytes()
    store = ann.c.sf.createRawPixelsStore()
    store.setPixelsId(image.getPixelsId(), False)
    for size, offset in ((100, 0), (10_001, 4_799), (9_600, 9_600), (0, 5)):
        assert store.getRegion(size, offset) == everything[offset : offset + size]
    store.setRegion(6, 4_797, b"abcdef")
    assert store.getRegion(10, 4_795) == everything[4_795:4_797] + b"abcdef" + everything[4_803:4_805]
    for size, offset in ((1, len(everything)), (-1, 0), (1, -1)):
        with pytest.raises(omero.ApiUsageException):
            store.getRegion(size, offset)
    with pytest.raises(omero.ApiUsageException):
        store.setRegion(5, 0, b"abc")
    store.close()
