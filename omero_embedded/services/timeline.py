"""ITimeline: what was made or acquired when (contract/server.md, section 2.13)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import omero.model
from omero.rtypes import rlong, rstring, rtime

from .base import Call, Service
from .filters import LoadOptions

_TIMES = {
    "Project": "x.details.creationEvent.time",
    "Dataset": "x.details.creationEvent.time",
    "RenderingDef": "x.details.creationEvent.time",
    "Image": "x.acquisitionDate",
}
"""Types that have a place in time, and the time that counts."""

_DEFAULT_LIMIT = 50


def _chosen(call: Call, parameters: Any) -> LoadOptions:
    options = LoadOptions.of(parameters)
    if parameters is None or parameters.theFilter is None:
        return replace(options, offset=0, limit=_DEFAULT_LIMIT, owner_id=call.context.user_id)
    if options.owner_id is None and options.group_id is None:
        return replace(options, owner_id=call.context.user_id)
    return options


def _short(name: str) -> str:
    return name.rpartition(".")[2]


class TimelineService(Service):
    """Answers by creation and acquisition time."""

    def getByPeriod(
        self, call: Call, types: Sequence[str], start: Any, end: Any, p: Any, merge: bool
    ) -> dict[str, Any]:
        """Objects of each type within a period, newest first; null for types without a time."""
        options = _chosen(call, p)
        names = list(types) or list(_TIMES)
        found: dict[str, Any] = {
            name: self._objects(call, _short(name), start, end, options) for name in names
        }
        if merge and options.limit is not None:
            ranked = [
                (_update_id(obj), name, obj) for name, objects in found.items() for obj in objects or ()
            ]
            newest = sorted(ranked, key=lambda item: -item[0])[: options.limit]
            kept = {id(obj) for _, _, obj in newest}
            found = {
                name: None if objects is None else [obj for obj in objects if id(obj) in kept]
                for name, objects in found.items()
            }
        return found

    def getMostRecentObjects(self, call: Call, types: Sequence[str], p: Any, merge: bool) -> dict[str, Any]:
        """The newest objects of each type."""
        return self.getByPeriod(call, types, None, None, p, merge)

    def countByPeriod(self, call: Call, types: Sequence[str], start: Any, end: Any, p: Any) -> dict[str, int]:
        """Number of objects of each type within a period; -1 for types without a time."""
        options = _chosen(call, p)
        counts = {}
        for name in types:
            if _short(name) not in _TIMES:
                counts[name] = -1
                continue
            where, values = _period(_short(name), start, end, options)
            counts[name] = call.rows(f"select count(x.id) from {_short(name)} x {where}", **values)[0][0]
        return counts

    def getEventLogsByPeriod(self, call: Call, start: Any, end: Any, p: Any) -> list[Any]:
        """Logs of projects and datasets in a period, and one for each image acquired in it."""
        options = LoadOptions.of(p)
        conditions = [
            "l.entityType in ('ome.model.containers.Project', 'ome.model.containers.Dataset')",
            "l.action in ('INSERT', 'UPDATE', 'REINDEX')",
            "e.time >= :start",
            "e.time <= :end",
        ]
        values: dict[str, Any] = {"start": start, "end": end}
        if options.owner_id is not None:
            conditions.append("e.experimenter.id = :ownerId")
            values["ownerId"] = options.owner_id
        if options.group_id is not None:
            conditions.append("e.experimenterGroup.id = :groupId")
            values["groupId"] = options.group_id
        text = f"select l from EventLog l join fetch l.event e where {' and '.join(conditions)} order by l.id"
        logs = call.query(text, offset=options.offset, limit=options.limit, **values)
        where, values = _period("Image", start, end, options)
        for image_id, acquired in call.rows(f"select x.id, x.acquisitionDate from Image x {where}", **values):
            event = omero.model.EventI()
            event._time = rtime(acquired)
            log = omero.model.EventLogI()
            log._entityId, log._entityType, log._action = (
                rlong(image_id),
                rstring("ome.model.core.Image"),
                rstring("INSERT"),
            )
            log._event = event
            logs.append(log)
        return logs

    def _objects(self, call: Call, name: str, start: Any, end: Any, options: LoadOptions) -> list[Any] | None:
        if name not in _TIMES:
            return None
        where, values = _period(name, start, end, options)
        order = "x.acquisitionDate desc, x.id desc" if name == "Image" else "x.details.updateEvent.id desc"
        parts = (
            "left outer join fetch x.pixels p left outer join fetch p.image" if name == "RenderingDef" else ""
        )
        text = f"""select x from {name} x left outer join fetch x.details.creationEvent
            left outer join fetch x.details.owner left outer join fetch x.details.group {parts} {where} order by {order}"""
        return call.query(text, offset=options.offset, limit=options.limit, **values)


def _period(name: str, start: Any, end: Any, options: LoadOptions) -> tuple[str, dict[str, Any]]:
    conditions, values = options.conditions("x")
    for parameter, operator, bound in (("start", ">=", start), ("end", "<=", end)):
        if bound is not None:
            conditions.append(f"{_TIMES[name]} {operator} :{parameter}")
            values[parameter] = bound
    return (f"where {' and '.join(conditions)}" if conditions else ""), values


def _update_id(obj: Any) -> int:
    event = obj._details._updateEvent or obj._details._creationEvent
    return int(event._id.val)
