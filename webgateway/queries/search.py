"""Full-text search. Source: contract/webgateway.md, section 11."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import omero

from omeroweb.webgateway.queries import plates

MOST_RESULTS = 1000
_CONTAINERS = "select o from {kind} o where o.id in (:ids)"
_PARENTS = {
    "Image": "select l.child.id, d from DatasetImageLink l join l.parent d where l.child.id in (:ids) order by d.id",
    "Dataset": (
        "select l.child.id, p from ProjectDatasetLink l join l.parent p where l.child.id in (:ids) order by p.id"
    ),
}
_PARENT_KINDS = {"Image": "Dataset", "Dataset": "Project"}


class CannotBeParsed(Exception):
    """The text is no query."""


def found_ids(conn: Any, kind: str, text: str) -> list[int]:
    """Ids of the objects of one kind that match, best first. Raises CannotBeParsed."""
    context = conn.SERVICE_OPTS.copy()
    service = conn.c.sf.createSearchService(context)
    try:
        service.setBatchSize(MOST_RESULTS, context)
        service.setAllowLeadingWildcard(True, context)
        service.setCaseSensitive(False, context)
        service.onlyType(kind, context)
        try:
            service.byFullText(text, context)
            if not service.hasNext(context):
                return []
            return [result.id.val for result in service.results(context)][:MOST_RESULTS]
        except omero.ApiUsageException as error:
            raise CannotBeParsed(error.message) from error
    finally:
        service.close(context)


def loaded(conn: Any, kind: str, ids: Sequence[int]) -> list[Any]:
    """The objects with these ids, in this order; images with owner and creation event."""
    if not ids:
        return []
    if kind == "Image":
        by_id = plates.images(conn, ids)
    else:
        params = omero.sys.ParametersI().addIds(list(ids))
        rows = conn.getQueryService().findAllByQuery(_CONTAINERS.format(kind=kind), params, conn.SERVICE_OPTS)
        by_id = {row.id.val: row for row in rows}
    return [by_id[found] for found in ids if found in by_id]


def parents(conn: Any, kind: str, ids: Sequence[int]) -> dict[int, list[tuple[str, Any]]]:
    """Containers of objects, the nearest first: id → (kind, object)."""
    found: dict[int, list[tuple[str, Any]]] = {one: [] for one in ids}
    query = _PARENTS.get(kind)
    if query is None or not ids:
        return found
    parent_kind = _PARENT_KINDS[kind]
    rows = conn.getQueryService().projection(
        query, omero.sys.ParametersI().addIds(list(ids)), conn.SERVICE_OPTS
    )
    for row in rows:
        found[row[0].val].append((parent_kind, row[1].val))
    nearest = sorted({parent.id.val for parents_ in found.values() for _, parent in parents_})
    above = parents(conn, parent_kind, nearest)
    for parents_ in found.values():
        further = [entry for _, parent in list(parents_) for entry in above[parent.id.val]]
        known: set[int] = set()
        for entry_kind, entry in further:
            if entry.id.val not in known:
                known.add(entry.id.val)
                parents_.append((entry_kind, entry))
    return found
