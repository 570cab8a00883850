"""Tables that are attached to containers. Source: contract/webgateway.md, section 16.1."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import omero
from omero.rtypes import unwrap

from omeroweb.webgateway.queries.image_meta import full_name

BULK_NAMESPACE = "openmicroscopy.org/omero/bulk_annotations"
TABLE_MIMETYPE = "OMERO.tables"

_WORD = re.compile(r"[A-Za-z_]\w*\Z")
_REFUSED = (omero.ApiUsageException, omero.QueryException, omero.ValidationException)


@dataclass(frozen=True)
class CannotBeQueried(Exception):
    """A path that leads nowhere in the model. query: the HQL that it became."""

    path: tuple[str, ...]
    query: str


def of_object(conn: Any, path: str, object_id: int) -> list[dict[str, Any]]:
    """Tables of the objects from which `object_id` is reached by walking `path`, e.g. `Plate.wells`.

    Raises CannotBeQueried.
    """
    kind, *steps = path.split(".")
    names = (kind, *steps)
    if not all(_WORD.match(name) for name in names):
        raise CannotBeQueried(names, "")
    query = _links(kind, steps)
    params = omero.sys.ParametersI().addId(object_id)
    params.addString("ns", BULK_NAMESPACE).addString("mimetype", TABLE_MIMETYPE)
    context = conn.SERVICE_OPTS.copy()
    context.setOmeroGroup(-1)
    try:
        links = conn.getQueryService().findAllByQuery(query, params, context)
    except _REFUSED as error:
        raise CannotBeQueried(names, query) from error
    return [_described(kind, link) for link in {link.id.val: link for link in links}.values()]


def _links(kind: str, steps: list[str]) -> str:
    joins = "".join(f" join o{index}.{step} o{index + 1}" for index, step in enumerate(steps))
    return (
        f"select l from {kind}AnnotationLink l"
        " join fetch l.child ann join fetch ann.file file"
        " join fetch l.parent join fetch l.details.owner join fetch l.details.creationEvent"
        " join fetch ann.details.owner"
        f" where l.parent.id in (select o0.id from {kind} o0{joins} where o{len(steps)}.id = :id)"
        " and (ann.ns = :ns or file.mimetype = :mimetype) order by l.id"
    )


def _described(kind: str, link: Any) -> dict[str, Any]:
    annotation = link.child
    return {
        "id": annotation.id.val,
        "file": annotation.file.id.val,
        "name": unwrap(annotation.file.name),
        "ns": unwrap(annotation.ns),
        "parentType": kind,
        "parentId": link.parent.id.val,
        "owner": full_name(annotation.details.owner),
        "addedBy": full_name(link.details.owner),
        "addedOn": unwrap(link.details.creationEvent.time),
    }
