"""Loaded annotations to JSON. Source: contract/webclient.md, section 8.1."""

from __future__ import annotations

from typing import Any

from omero.rtypes import unwrap

from omeroweb.webclient.marshal import _marshal_date, _marshal_exp_obj, run_name, well_position

# Key of the value and the property that holds it, for annotations with one value
VALUES = ("textValue", "longValue", "doubleValue", "boolValue", "timeValue", "termValue")
RIGHTS = ("canDelete", "canAnnotate", "canLink", "canEdit")


def class_name(obj: Any) -> str:
    """`TagAnnotationI`, `ImageI`, …"""
    return type(obj).__name__


def _permissions(obj: Any) -> dict[str, bool]:
    permissions = obj.details.permissions
    return {right: bool(getattr(permissions, right)()) for right in RIGHTS}


def _created(obj: Any) -> str:
    event = obj.details.creationEvent
    return _marshal_date(unwrap(event.time))


def parent_name(parent: Any) -> str | None:
    """What the annotated object is called; None for things without a name."""
    if class_name(parent) == "WellI":
        plate = parent.plate
        loaded = plate is not None and plate.loaded
        naming = (
            (unwrap(plate.rowNamingConvention), unwrap(plate.columnNamingConvention))
            if loaded
            else (None, None)
        )
        return well_position(unwrap(parent.row), unwrap(parent.column), *naming)
    name = unwrap(getattr(parent, "name", None))
    if class_name(parent) == "PlateAcquisitionI":
        return run_name(unwrap(parent.id), name, None, None)
    return name


def _marshal_annotation(conn: Any, annotation: Any, link: Any = None) -> dict[str, Any]:
    """An annotation object with owner and creation event loaded; `link` adds how it hangs on its parent."""
    result: dict[str, Any] = {
        "id": unwrap(annotation.id),
        "ns": unwrap(annotation.ns),
        "name": unwrap(annotation.name),
        "description": unwrap(annotation.description),
        "owner": {"id": unwrap(annotation.details.owner.id)},
        "date": _created(annotation),
        "permissions": _permissions(annotation),
        "class": class_name(annotation),
    }
    if link is not None:
        result["link"] = _marshal_link(link)
    if result["class"] == "MapAnnotationI":
        result["values"] = [[pair.name, pair.value] for pair in annotation.getMapValue() or []]
    elif result["class"] == "FileAnnotationI":
        result["file"] = _marshal_file(annotation.file)
        result["permissions"]["canDownload"] = not annotation.details.permissions.isRestricted(
            "RestrictBinaryAccess"
        )
    else:
        for key in VALUES:
            if hasattr(annotation, key):
                result[key] = unwrap(getattr(annotation, key))
    return result


def _marshal_file(file: Any) -> dict[str, Any] | None:
    if file is None or not file.loaded:
        return None
    return {
        "id": unwrap(file.id),
        "name": unwrap(file.name),
        "size": unwrap(file.size),
        "path": unwrap(file.path),
        "mimetype": unwrap(file.mimetype),
    }


def _marshal_link(link: Any) -> dict[str, Any]:
    parent: dict[str, Any] = {"id": unwrap(link.parent.id), "class": class_name(link.parent)}
    name = parent_name(link.parent)
    if name is not None:
        parent["name"] = name
    return {
        "id": unwrap(link.id),
        "owner": {"id": unwrap(link.details.owner.id)},
        "parent": parent,
        "date": _created(link),
        "permissions": _permissions(link),
    }


def marshal_links(conn: Any, links: list[Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Annotations, one per link, and the distinct owners of annotations and links, by id."""
    people: dict[int, dict[str, Any]] = {}
    annotations = []
    for link in links:
        annotations.append(_marshal_annotation(conn, link.child, link))
        for owner in (link.details.owner, link.child.details.owner):
            people[owner.id.val] = _marshal_exp_obj(owner)
    return annotations, [people[person_id] for person_id in sorted(people)]
