"""Reading property values from Ice objects, and comparing them with stored rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .. import errors
from ..model.entities import Entity, Property
from .graph import Node


def scalar_of(ice: Any, prop: Property) -> Any:
    """Plain value of a scalar, quantity or map property, as `Transaction` takes it."""
    value = getattr(ice, prop.field)
    if prop.kind == "map":
        return [(pair.name, pair.value) for pair in value or () if pair is not None]
    if value is None:
        return None
    if prop.kind == "quantity":
        return value._value, value._unit.name
    if prop.type == "bytes":
        return bytes(value)
    if prop.type == "string_list":
        return list(value)
    try:
        return value.val
    except AttributeError:
        message = f"{prop.declared_by}.{prop.name} must be an RType, not {type(value).__name__}"
        raise errors.api_usage(message) from None


def plain_values(node: Node) -> dict[str, Any]:
    """Scalars, quantities and maps of an object."""
    return {
        prop.name: scalar_of(node.ice, prop)
        for prop in node.entity.properties.values()
        if prop.kind in ("scalar", "quantity", "map")
    }


def stored_value(row: Mapping[str, Any], prop: Property) -> Any:
    """Value of a property in a stored row, in the form of `scalar_of`; the id for a reference."""
    if prop.kind == "quantity":
        value, unit = (row[column] for column in prop.columns)
        return None if value is None else (value, unit)
    value = row[prop.column]
    if prop.type == "string_list" and value is not None:
        return json.loads(value)
    if prop.type == "bytes" and value is not None:
        return bytes(value)
    return value


def same(stored: Any, sent: Any) -> bool:
    """Both values are equal; NaN equals NaN, and null the empty list that Ice sends in its place."""
    if stored == sent or (stored != stored and sent != sent):
        return True
    return stored is None and sent in (b"", [])


def check_file_name(entity: Entity, values: Mapping[str, Any]) -> None:
    """Raise SecurityViolation when a file's path or name holds `.` or `..` as a component."""
    if entity.name != "OriginalFile":
        return
    for name in ("path", "name"):
        parts = str(values.get(name) or "").split("/")
        if "." in parts or ".." in parts:
            raise errors.security(f"OriginalFile.{name} may not contain the components '.' and '..'")
