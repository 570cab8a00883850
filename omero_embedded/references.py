"""Which columns of the store refer to which entity: what stands in the way of a deletion.

Derived from the model; used to explain refused deletions and to plan graph operations.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

from sqlalchemy import Connection, select

from .model.entities import MODEL, Property
from .model.tables import TABLES


class Referrer(NamedTuple):
    """A to-one property and the hierarchy root whose table holds it."""

    root: str
    prop: Property


@cache
def referrers(root: str) -> tuple[Referrer, ...]:
    """All to-one properties whose target is in the hierarchy of `root`."""
    found = {}
    for entity in MODEL.values():
        for prop in entity.own_properties:
            if prop.is_to_one and MODEL[str(prop.target)].root == root:
                found[entity.root, prop.column] = Referrer(entity.root, prop)
    return tuple(found.values())


def users_of(connection: Connection, root: str, ids: Sequence[int]) -> Iterator[tuple[str, int, int]]:
    """(referring class, its id, id referred to) for rows that refer to one of `ids`; at most one a property."""
    for referrer in referrers(root):
        table = TABLES[referrer.root]
        column = table.c[referrer.prop.column]
        name = table.c.discriminator if "discriminator" in table.c else None
        statement = (
            select(table.c.id, column, *(() if name is None else (name,))).where(column.in_(ids)).limit(1)
        )
        row = connection.execute(statement).first()
        if row is not None:
            yield (referrer.root if name is None else row[2]), row[0], row[1]
