"""IRoi: regions of interest with their shapes (contract/server.md, section 2.19)."""

from __future__ import annotations

from typing import Any

import omero.api

from .base import Call, Service


class RoiService(Service):
    """Loads regions of interest."""

    def findByImage(self, call: Call, imageId: int, opts: Any) -> Any:
        """ROIs of an image that have shapes, ordered by id, with shapes and folders."""
        return self._find(call, "r.image.id = :id", imageId, opts)

    def findByRoi(self, call: Call, roiId: int, opts: Any) -> Any:
        """One ROI with its shapes."""
        return self._find(call, "r.id = :id", roiId, opts)

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
