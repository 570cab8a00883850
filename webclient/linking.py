"""Links between containers and their contents. Source: contract/webclient.md, sections 6 and 7.3."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import omero
import omero.clients
from django.http import Http404
from omero.rtypes import rlong

from omeroweb.webclient.commands import delete_and_wait
from omeroweb.webclient.parameters import InvalidParameter, parse_int
from omeroweb.webclient.queries.projection import rows
from omeroweb.webclient.wrappers import group_of


@dataclass(frozen=True, slots=True)
class LinkType:
    """Classes at both ends of a link and of the link itself."""

    parent: str
    child: str
    link: str


LINK_TYPES = {
    ("project", "dataset"): LinkType("Project", "Dataset", "ProjectDatasetLink"),
    ("dataset", "image"): LinkType("Dataset", "Image", "DatasetImageLink"),
    ("screen", "plate"): LinkType("Screen", "Plate", "ScreenPlateLink"),
    ("tagset", "tag"): LinkType("TagAnnotation", "TagAnnotation", "AnnotationAnnotationLink"),
}
# Parents in the tree that are no objects
PSEUDO_PARENTS = ("experimenter", "orphaned")
FREE_CHILDREN = ("dataset", "plate", "tag")

LinkRequest = list[tuple[str, int, str, list[int]]]


def parse_links(body: Any) -> LinkRequest:
    """`{parent_type: {parent_id: {child_type: [ids]}}}` as rows `parent type, parent id, child type, child ids`."""
    found: LinkRequest = []
    if not isinstance(body, dict):
        raise InvalidParameter("body", "expected an object of parent types")
    for parent_type, parents in body.items():
        if not isinstance(parents, dict):
            raise InvalidParameter(parent_type, "expected an object of parent ids")
        for parent_id, children in parents.items():
            if not isinstance(children, dict):
                raise InvalidParameter(parent_type, "expected an object of child types")
            for child_type, child_ids in children.items():
                if not isinstance(child_ids, list):
                    raise InvalidParameter(child_type, "expected a list of ids")
                ids = [parse_int(child_type, child_id) for child_id in child_ids]
                found.append((parent_type, parse_int(parent_type, parent_id), child_type, ids))
    return found


class ParentNotFound(Exception):
    """The container that shall take the children does not exist."""


def create_links(conn: Any, request: LinkRequest) -> bool:
    """Save the links, all in one call; if that fails each one alone. False when there was nothing to save.

    Raises ParentNotFound.
    """
    links: list[Any] = []
    for parent_type, parent_id, child_type, child_ids in request:
        kind = LINK_TYPES.get((parent_type, child_type))
        if kind is None or parent_type in PSEUDO_PARENTS:
            continue
        parent = conn.getObject(kind.parent, parent_id)
        if parent is None:
            name = kind.parent if kind.parent == "TagAnnotation" else parent_type.title()
            raise ParentNotFound(f"Object of type {name} and ID {parent_id} not found")
        conn.SERVICE_OPTS.setOmeroGroup(group_of(parent))
        owners = child_owners(conn, kind.child, child_ids)
        for child_id in child_ids:
            links.append(make_link(kind, parent_id, child_id, owners.get(child_id)))
    if not links:
        return False
    save_links(conn, links)
    return True


def child_owners(conn: Any, entity: str, ids: list[int]) -> dict[int, int]:
    """Owners of others' children, when the session may write in their name; else nothing."""
    if "WriteOwned" not in conn.getCurrentAdminPrivileges() or not ids:
        return {}
    hql = f"select obj.id, obj.details.owner.id from {entity} obj where obj.id in (:ids)"
    me = conn.getUserId()
    found = rows(conn, hql, omero.sys.ParametersI().addIds(ids), -1)
    return {row[0]: row[1] for row in found if row[1] != me}


def make_link(kind: LinkType, parent_id: int, child_id: int, owner_id: int | None = None) -> Any:
    link = getattr(omero.model, f"{kind.link}I")()
    link.setParent(getattr(omero.model, f"{kind.parent}I")(parent_id, False))
    link.setChild(getattr(omero.model, f"{kind.child}I")(child_id, False))
    if owner_id is not None:
        link.details.owner = omero.model.ExperimenterI(owner_id, False)
    return link


def save_links(conn: Any, links: list[Any]) -> None:
    """Save all at once, or, when one of them is refused (mostly as a duplicate), one by one."""
    update = conn.getUpdateService()
    try:
        update.saveArray(links, conn.SERVICE_OPTS)
    except (omero.ValidationException, omero.SecurityViolation, omero.ApiUsageException) as error:
        omero.gateway.logger.info("links are saved one by one: %s", error.message)
        for link in links:
            try:
                update.saveObject(link, conn.SERVICE_OPTS)
            except (omero.ValidationException, omero.SecurityViolation, omero.ApiUsageException) as refused:
                omero.gateway.logger.info("link not saved: %s", refused.message)


def find_links(conn: Any, kind: LinkType, parent_id: int, child_ids: Iterable[int]) -> list[int]:
    """Ids of the links between a container and some of its children."""
    params = omero.sys.ParametersI().addIds(list(child_ids))
    params.add("parent", rlong(parent_id))
    hql = f"select link.id from {kind.link} link where link.parent.id = :parent and link.child.id in (:ids)"
    return [row[0] for row in rows(conn, hql, params)]


def remove_links(conn: Any, request: LinkRequest) -> dict[str, dict[str, dict[str, list[int]]]]:
    """Delete the links, wait for it, and return the other parents that the children still have.

    Raises Http404 for pairs that cannot be linked and links that do not exist, omero.CmdError when refused.
    """
    children: dict[tuple[str, str], list[int]] = {}
    for parent_type, parent_id, child_type, child_ids in request:
        if parent_type == "orphaned" or (parent_type == "experimenter" and child_type in FREE_CHILDREN):
            continue
        kind = LINK_TYPES.get((parent_type, child_type))
        if kind is None:
            raise Http404("json data needs 'parent_type' and 'child_type'")
        link_ids = find_links(conn, kind, parent_id, child_ids)
        if not link_ids:
            raise Http404(f"No link found for {parent_type}-{parent_id} to {child_type}-{child_ids}")
        delete_and_wait(conn, kind.link, link_ids)
        children.setdefault((parent_type, child_type), []).extend(child_ids)
    remaining: dict[str, dict[str, dict[str, list[int]]]] = {}
    for (parent_type, child_type), child_ids in children.items():
        kind = LINK_TYPES[(parent_type, child_type)]
        hql = (
            f"select link.parent.id, link.child.id from {kind.link} link where link.child.id in (:ids)"
            " order by link.parent.id, link.child.id"
        )
        for parent_id, child_id in rows(conn, hql, omero.sys.ParametersI().addIds(child_ids)):
            below = remaining.setdefault(parent_type, {}).setdefault(str(parent_id), {})
            ids = below.setdefault(child_type, [])
            if child_id not in ids:
                ids.append(child_id)
    return remaining
