"""Typed SQL expressions: what a part of a query is worth, and how a column of the result becomes a value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement

from ..model.entities import Entity, Property
from .tokens import SyntaxFault

if TYPE_CHECKING:
    from .scope import Alias

NUMBERS = ("int", "long", "double")


@dataclass(frozen=True, slots=True)
class Value:
    """A typed expression.

    `kind`: string, int, long, double, bool, timestamp, null, unit, symbol, bytes, strings (scalars); entity (`sql` is its
    id, `alias` where it was declared); quantity (`sql` and `second` are value and unit); class; permissions; collection;
    pair (one entry of a map). `position` is the offset in the text.
    """

    kind: str
    sql: ColumnElement[Any] | None = None
    second: ColumnElement[Any] | None = None
    entity: Entity | None = None
    alias: Alias | None = None
    prop: Property | None = None
    nullable: bool = True
    extra: tuple[Any, ...] = field(default=())
    position: int = 0

    @property
    def column(self) -> ColumnElement[Any]:
        """The SQL expression. Raises SyntaxFault for a collection, the only kind that has none."""
        if self.sql is None:
            raise SyntaxFault(f"a {self.kind} is no value", self.position)
        return self.sql
