"""Enumeration objects that rendering services hand out and take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from .. import errors
from ..model.tables import table_of

if TYPE_CHECKING:
    from ..services.base import Call


def entry(call: Call, entity: str, value: str) -> Any:
    """The loaded enumeration object with that value. Raises ValidationException when there is none."""
    found = call.query(f"select e from {entity} e where e.value = :value", value=value)
    if not found:
        raise errors.validation(f"{entity} has no entry {value!r}")
    return found[0]


def entries(call: Call, entity: str) -> list[Any]:
    """All objects of an enumeration, by id."""
    return call.query(f"select e from {entity} e order by e.id")


def value_of(call: Call, entity: str, given: Any, parameter: str) -> str:
    """The value of an enumeration object that a client sent, loaded or not.

    Raises ApiUsageException naming the parameter when it is null or unknown.
    """
    if given is not None:
        if given.isLoaded() and given.value is not None:
            return str(given.value.val)
        if given.id is not None:
            table = table_of(entity)
            value = call.read.scalar(select(table.c.value).where(table.c.id == given.id.val))
            if value is not None:
                return str(value)
    raise errors.api_usage(f"{parameter}: an existing {entity} is needed")
