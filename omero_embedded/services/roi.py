"""IRoi: regions of interest with their shapes (contract/server.md, section 2.19)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import omero.api

from .. import errors
from ..display.buffers import check_section, open_buffer
from ..display.images import ImagePixels, pixels_of_images
from ..shape_statistics import measure
from ..shapes import IDENTITY, Raster, outline
from .base import Call, Service
from .pyramid import readable_pixels


class RoiService(Service):
    """Loads regions of interest."""

    def findByImage(self, call: Call, imageId: int, opts: Any) -> Any:
        """ROIs of an image that have shapes, ordered by id, with shapes and folders."""
        return self._find(call, "r.image.id = :id", imageId, opts)

    def findByRoi(self, call: Call, roiId: int, opts: Any) -> Any:
        """One ROI with its shapes."""
        return self._find(call, "r.id = :id", roiId, opts)

    def getShapeStatsRestricted(
        self,
        call: Call,
        shapeIdList: Sequence[int],
        zForUnattached: int,
        tForUnattached: int,
        channels: Sequence[int],
    ) -> list[Any]:
        """Statistics of the samples in shapes, in the order of their ids; shapes without area have none.

        channels: positions, none for all. Raises ValidationException for absent shapes, ApiUsageException for places
        outside the image.
        """
        text = (
            "select s from Shape s join fetch s.roi r left outer join fetch s.transform where s.id in (:ids)"
        )
        shapes = (
            {found.id.val: found for found in call.query(text, ids=list(shapeIdList))} if shapeIdList else {}
        )
        missing = [shape_id for shape_id in shapeIdList if shape_id not in shapes]
        if missing:
            raise errors.validation(f"shapeIdList: Shape:{missing[0]} does not exist or cannot be read")
        images = {shape_id: _image_of(call, shape) for shape_id, shape in shapes.items()}
        return [
            _statistics(call, images[shape_id], shapes[shape_id], zForUnattached, tForUnattached, channels)
            for shape_id in shapeIdList
        ]

    def _find(self, call: Call, condition: str, object_id: int, opts: Any) -> Any:
        conditions, values = [condition], {"id": object_id}
        offset = limit = None
        if opts is not None:
            offset, limit = (None if value is None else value.val for value in (opts.offset, opts.limit))
            for field, path in (("userId", "owner"), ("groupId", "group")):
                value = getattr(opts, field)
                if value is not None:
                    conditions.append(f"r.details.{path}.id = :{field}")
                    values[field] = value.val
        text = f"""select distinct r from Roi r join fetch r.shapes
            left outer join fetch r.folderLinks links left outer join fetch links.parent
            where {" and ".join(conditions)} order by r.id"""
        rois = call.query(text, offset=offset, limit=limit, **values)
        return omero.api.RoiResult(opts=opts, rois=rois, byZ={}, byT={})


def _image_of(call: Call, shape: Any) -> ImagePixels:
    """Pixels of the image that a shape lies on."""
    image = shape.roi.image
    found = {} if image is None else pixels_of_images(call.read, call.context, [image.id.val])
    if not found:
        raise errors.validation(f"Shape:{shape.id.val} lies on no readable image")
    return readable_pixels(call, found[image.id.val])


def _statistics(
    call: Call, image: ImagePixels, shape: Any, default_z: int, default_t: int, channels: Sequence[int]
) -> Any:
    z = default_z if shape.theZ is None or shape.theZ.val < 0 else shape.theZ.val
    t = default_t if shape.theT is None or shape.theT.val < 0 else shape.theT.val
    check_section(image, z, t)
    chosen = list(channels or range(image.size_c))
    for c in chosen:
        if not 0 <= c < image.size_c:
            raise errors.api_usage(f"channels: must lie in 0..{image.size_c - 1}, not {c}")
    inside = outline(shape)
    if inside is None:
        return omero.api.ShapeStats(shape.id.val, [], [], [], [], [], [], [])
    raster = Raster(inside, _matrix(shape.transform), image.size_x, image.size_y)
    buffer = open_buffer(call, image)
    try:
        found = measure(buffer, raster, z, t, chosen)
    finally:
        buffer.close()
    return omero.api.ShapeStats(
        shapeId=shape.id.val,
        channelIds=chosen,
        pointsCount=[moments.count for moments in found],
        min=[moments.minimum if moments.count else 0.0 for moments in found],
        max=[moments.maximum if moments.count else 0.0 for moments in found],
        sum=[moments.total for moments in found],
        mean=[moments.mean for moments in found],
        stdDev=[moments.deviation for moments in found],
    )


def _matrix(transform: Any) -> tuple[float, ...]:
    if transform is None:
        return IDENTITY
    return tuple(getattr(transform, name).val for name in ("a00", "a10", "a01", "a11", "a02", "a12"))
