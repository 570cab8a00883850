"""Building Ice objects from rows (contract/model.md, sections 1.1 to 1.3; contract/server.md, sections 2.7 and 5.3)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import omero.model
from omero.rtypes import rbool, rdouble, rint, rlong, rstring, rtime

from .entities import MODEL, Entity, Property, ice_class

RTYPES: dict[str, Callable[[Any], Any]] = {
    "string": rstring,
    "int": rint,
    "long": rlong,
    "double": rdouble,
    "float": rdouble,
    "bool": lambda value: rbool(bool(value)),
    "timestamp": rtime,
}
"""RType of a stored scalar that is not null."""


def _bytes(value: Any) -> bytes:
    return bytes(value)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How rows of one class become objects: the attributes to fill and where their values come from."""

    entity: Entity
    make: Any
    scalars: tuple[tuple[str, str, Callable[[Any], Any]], ...]
    quantities: tuple[tuple[str, str, str, Any, Any], ...]
    references: tuple[tuple[str, str, str], ...]
    maps: tuple[tuple[str, Property], ...]
    has_version: bool


@cache
def recipe(name: str) -> Recipe:
    """The recipe of a concrete class."""
    entity = MODEL[name]
    scalars, quantities, references, maps = [], [], [], []
    for prop in entity.properties.values():
        if prop.kind == "scalar":
            convert = RTYPES.get(str(prop.type)) or (json.loads if prop.type == "string_list" else _bytes)
            scalars.append((prop.field, prop.column, convert))
        elif prop.kind == "quantity":
            value, unit = prop.columns
            quantity = getattr(omero.model, f"{prop.unit_type}I")
            units = getattr(omero.model.enums, str(prop.unit_enum))
            quantities.append((prop.field, value, unit, quantity, units))
        elif prop.is_to_one:
            references.append((prop.field, prop.column, str(prop.target)))
        elif prop.kind == "map":
            maps.append((prop.field, prop))
    return Recipe(
        entity,
        ice_class(name),
        tuple(scalars),
        tuple(quantities),
        tuple(references),
        tuple(maps),
        has_version=not entity.immutable,
    )


def unloaded(name: str, row_id: int) -> Any:
    """An object of which only the id is known."""
    make, fields = _blank(name)
    made = make.__new__(make)
    made.__dict__.update(fields)
    made.__dict__["_id"] = rlong(row_id)
    return made


@cache
def _blank(name: str) -> tuple[Any, dict[str, Any]]:
    """A class and the fields of an unloaded object of it, none of them mutable.

    Copying them is five times as fast as the constructor, which checks every attribute's name.
    """
    make = ice_class(name)
    return make, dict(make(rlong(0), False).__dict__)


def fill(target: Any, how: Recipe, row: Mapping[str, Any], reference: Callable[[str, int], Any]) -> None:
    """Turn an unloaded object into a loaded one: scalars, quantities and references of its row, no collections."""
    # The generated classes look every attribute up by name on assignment; their fields are plain all the same.
    fields = target.__dict__
    fields["_loaded"] = True
    if how.has_version:
        fields["_version"] = rint(row["version"])
    for attribute, column, convert in how.scalars:
        value = row[column]
        if value is not None:
            fields[attribute] = convert(value)
    for attribute, value_column, unit_column, quantity, units in how.quantities:
        value = row[value_column]
        if value is not None:
            fields[attribute] = quantity(value, getattr(units, row[unit_column]))
    for attribute, column, entity_name in how.references:
        target_id = row[column]
        if target_id is not None:
            fields[attribute] = reference(entity_name, target_id)
